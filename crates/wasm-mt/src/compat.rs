//! The surface of `wasm-mt` 0.1, for programs that were written for it: on the web only, with the feature `compat`, which is
//! on by default.
//!
//! A [`WasmMt`] gives threads that have to be initialized; [`exec!`](crate::exec) runs a closure in one and gives a
//! `Result<JsValue, JsValue>`. The threads are [`Thread`]s like all others, so what is new works on them beside it.
//!
//! ```no_run
//! use wasm_bindgen::JsValue;
//! use wasm_mt::prelude::*;
//!
//! # async fn example() -> Result<(), JsValue> {
//! let mt = WasmMt::new("./pkg/app.js").and_init().await?;
//! let th = mt.thread().and_init().await?;
//! let (a, b) = (3, 4);
//! let ans = exec!(th, move || Ok(JsValue::from(a * b))).await?;
//! assert_eq!(ans, JsValue::from(12));
//! # Ok(())
//! # }
//! ```
//!
//! The same today:
//!
//! ```no_run
//! use wasm_mt::{Thread, job};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let thread = Thread::start().await?;
//! let (a, b) = (3, 4);
//! assert_eq!(thread.spawn(job!(|a, b| a * b)).await?, 12);
//! # Ok(())
//! # }
//! ```

mod closure;
pub(crate) mod job;
mod macros;
pub(crate) mod sources;
mod thread;

use std::cell::{Cell, RefCell};
use std::fmt;

use js_sys::ArrayBuffer;
use wasm_bindgen::prelude::*;

pub use self::closure::{MtAsyncClosure, MtClosure};
use self::sources::Sources;
pub(crate) use self::thread::Labels;
use crate::thread::Thread;

#[wasm_bindgen]
extern "C" {
    /// What `console_ln!` writes with.
    #[doc(hidden)]
    #[wasm_bindgen(js_namespace = console, js_name = log)]
    pub fn console_log(message: &str);
}

fn error(message: &str) -> JsValue {
    JsError::new(message).into()
}

/// A maker of threads that know where the glue script is. It is initialized before the first one is made.
///
/// ```no_run
/// use wasm_bindgen::JsValue;
/// use wasm_mt::prelude::*;
///
/// # async fn example() -> Result<(), JsValue> {
/// // The path of the glue script that wasm-bindgen wrote.
/// let mt = WasmMt::new("./pkg/app.js").and_init().await?;
/// let th = mt.thread().and_init().await?;
/// # Ok(())
/// # }
/// ```
///
/// [`Thread::start`] finds the script by itself. Dropped, a `WasmMt` leaves its threads alone.
pub struct WasmMt {
    sources: RefCell<Sources>,
    initialized: Cell<bool>,
}

impl WasmMt {
    /// For threads that load the glue script of this URL: absolute, or on a page relative to it. Either kind of glue will
    /// do, that of `--target web` or of `--target no-modules`. They instantiate the module that the page has compiled.
    pub fn new(pkg_js_uri: &str) -> Self {
        Self::from_sources(Sources::url(pkg_js_uri))
    }

    /// For threads that load the glue script whose text `ab_js` holds, and instantiate the module whose bytes `ab_wasm`
    /// holds: those of this program. The module is compiled once.
    pub fn new_with_arraybuffers(ab_js: ArrayBuffer, ab_wasm: ArrayBuffer) -> Self {
        Self::from_sources(Sources::array_buffers(&ab_js, ab_wasm))
    }

    fn from_sources(sources: Sources) -> Self {
        WasmMt {
            sources: RefCell::new(sources),
            initialized: Cell::new(false),
        }
    }

    /// Has threads made from now on load glue of the program's own making: `ab` holds the body of a function, which gives a
    /// function, which gives what `no-modules` glue calls `wasm_bindgen`.
    ///
    /// The text becomes a function in a script of its own, a blob; nothing is evaluated.
    ///
    /// ```no_run
    /// use wasm_mt::WasmMt;
    /// use wasm_mt::utils::ab_from_text;
    ///
    /// # fn example(mt: &WasmMt, glue: &str) {
    /// mt.set_ab_init(ab_from_text(&format!(
    ///     "const document = undefined; return () => {{ {glue}\n return wasm_bindgen; }};"
    /// )));
    /// # }
    /// ```
    pub fn set_ab_init(&self, ab: ArrayBuffer) {
        self.sources.borrow_mut().set_ab_init(&ab);
    }

    /// Has threads made from now on instantiate the module whose bytes `ab` holds, which must be this program's. It is
    /// compiled by [`init`](Self::init), once for all threads; given later, in each.
    pub fn set_ab_wasm(&self, ab: ArrayBuffer) {
        self.sources.borrow_mut().set_ab_wasm(ab);
    }

    /// Makes ready what the threads need. Nothing is fetched: where a file is missing, [`Thread::init`] says so.
    ///
    /// # Errors
    /// Where it is initialized already, and where what was given cannot be used: buffers that were transferred away, bytes
    /// that are no module.
    pub async fn init(&self) -> Result<&Self, JsValue> {
        if self.initialized.replace(true) {
            return Err(error("the `WasmMt` is initialized already"));
        }
        let ready = self.ready().await;
        if ready.is_err() {
            self.initialized.set(false);
        }
        ready?;
        Ok(self)
    }

    async fn ready(&self) -> Result<(), JsValue> {
        let sources = self.sources.borrow().clone();
        let compiled = sources.compiled().await?;
        self.sources.borrow_mut().take_compiled(compiled);
        Ok(())
    }

    /// As [`init`](Self::init), for one that is at hand.
    ///
    /// # Errors
    /// As [`init`](Self::init).
    pub async fn and_init(self) -> Result<Self, JsValue> {
        self.init().await?;
        Ok(self)
    }

    /// A thread, which has to be [initialized](Thread::init). Without an initialized `WasmMt` it cannot be.
    pub fn thread(&self) -> Thread {
        if !self.initialized.get() {
            return Thread::faulty(
                "the `WasmMt` of the thread was not initialized; await its `init` first".into(),
            );
        }
        Thread::from_sources(self.sources.borrow().clone())
    }
}

impl fmt::Debug for WasmMt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmMt")
            .field("initialized", &self.initialized.get())
            .finish_non_exhaustive()
    }
}
