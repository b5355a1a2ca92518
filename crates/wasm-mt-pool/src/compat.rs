//! The surface of `wasm-mt-pool` 0.1, for programs that were written for it: on the web only, with the feature `compat`, which
//! is on by default.
//!
//! A pool that [`ThreadPool::new`] gives has to be initialized; [`pool_exec!`](crate::pool_exec) hands it a closure, and what
//! that gives goes to a callback, if there is one. It is a [`ThreadPool`] like all others, so what is new works on it beside it.
//!
//! ```no_run
//! use wasm_bindgen::JsValue;
//! use wasm_mt_pool::prelude::*;
//!
//! # async fn example() -> Result<(), JsValue> {
//! let pool = ThreadPool::new(2, "./pkg/app.js").and_init().await?;
//! for n in 0..4 {
//!     pool_exec!(pool, move || Ok(JsValue::from(n * n)), |square| {
//!         wasm_mt::console_ln!("{square:?}");
//!     });
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The same today:
//!
//! ```no_run
//! use wasm_mt_pool::ThreadPool;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = ThreadPool::builder().workers(2).build().await?;
//! assert_eq!(pool.map(0..4, |n| n * n).await?, [0, 1, 4, 9]);
//! # Ok(())
//! # }
//! ```

mod exec;
mod late;
mod macros;
mod waiting;

use std::sync::Arc;

use js_sys::ArrayBuffer;
use wasm_bindgen::{JsError, JsValue};
use wasm_mt::__pool::Sources;

pub use self::exec::PoolCallback;
use self::late::Late;
use self::waiting::Waiting;
use crate::pool::ThreadPool;

/// What a pool's handle has for its methods of 0.1 alone.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    /// The pool, where it has to be initialized.
    late: Option<Arc<Late>>,
    /// How many jobs wait. In a job's own handle nobody counts.
    waiting: Option<Waiting>,
}

impl Kept {
    /// Of a handle whose jobs are counted.
    pub(crate) fn counting() -> Self {
        Kept {
            late: None,
            waiting: Some(Waiting::default()),
        }
    }
}

fn error(message: &str) -> JsValue {
    JsError::new(message).into()
}

/// The surface of 0.1: see [`compat`](crate::compat). On the web only.
impl ThreadPool {
    /// A pool of so many workers, which load the glue script of this URL: absolute, or on a page relative to it. Either kind of
    /// glue will do, that of `--target web` or of `--target no-modules`. It has to be [initialized](Self::init).
    ///
    /// ```no_run
    /// use wasm_bindgen::JsValue;
    /// use wasm_mt_pool::prelude::*;
    ///
    /// # async fn example() -> Result<(), JsValue> {
    /// let pool = ThreadPool::new(4, "./pkg/app.js").and_init().await?;
    /// assert_eq!(pool.workers(), 4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`start`](Self::start) finds the script by itself. Dropping the last handle ends the workers; each callback that waits is
    /// called with an error.
    pub fn new(size: usize, pkg_js_uri: &str) -> Self {
        Self::not_started(size, Sources::url(pkg_js_uri))
    }

    /// A pool of so many workers, which load the glue script whose text `ab_js` holds, and instantiate the module whose bytes
    /// `ab_wasm` holds: those of this program. [`init`](Self::init) compiles the module, once.
    pub fn new_with_arraybuffers(size: usize, ab_js: ArrayBuffer, ab_wasm: ArrayBuffer) -> Self {
        Self::not_started(size, Sources::array_buffers(&ab_js, ab_wasm))
    }

    fn not_started(size: usize, sources: Sources) -> Self {
        let late = Late::new(size, sources);
        let mut pool = ThreadPool::owning(late.clone(), None);
        pool.compat.late = Some(late);
        pool
    }

    /// Has the workers load glue of the program's own making, which is set before [`init`](Self::init): `ab` holds the body of a
    /// function, which gives a function, which gives what `no-modules` glue calls `wasm_bindgen`.
    ///
    /// The text becomes a function in a script of its own, a blob; nothing is evaluated.
    ///
    /// ```no_run
    /// use wasm_mt_pool::ThreadPool;
    /// use wasm_mt_pool::wasm_mt::utils::ab_from_text;
    ///
    /// # fn example(pool: &ThreadPool, glue: &str) {
    /// pool.set_ab_init(ab_from_text(&format!(
    ///     "const document = undefined; return () => {{ {glue}\n return wasm_bindgen; }};"
    /// )));
    /// # }
    /// ```
    pub fn set_ab_init(&self, ab: ArrayBuffer) {
        if let Some(late) = &self.compat.late {
            late.set_ab_init(&ab);
        }
    }

    /// Starts the workers of a pool that [`new`](Self::new) gave, and is ready when all are up. Jobs that it is given meanwhile
    /// wait for them. Dropping the future does not end a start that has begun.
    ///
    /// # Errors
    /// What a [`StartError`](wasm_mt::StartError) says, as a JavaScript `Error`: also that the pool was to have no workers. After
    /// that it may be tried again; what was waiting has ended with the same error. Also where the pool is initialized already or
    /// meanwhile, as those of [`start`](Self::start) are, and where it has ended.
    pub async fn init(&self) -> Result<&Self, JsValue> {
        let Some(late) = &self.compat.late else {
            return Err(error("the pool is initialized already"));
        };
        late.init().await?;
        Ok(self)
    }

    /// As [`init`](Self::init), for a pool that is at hand.
    ///
    /// # Errors
    /// As [`init`](Self::init).
    pub async fn and_init(self) -> Result<Self, JsValue> {
        self.init().await?;
        Ok(self)
    }

    /// How many of the jobs that `exec` and its kin were given wait for a worker, through this handle or its clones. One that
    /// runs does not.
    ///
    /// In a job it is 0: there it is not known.
    pub fn count_pending_jobs(&self) -> usize {
        self.compat.waiting.as_ref().map_or(0, Waiting::count)
    }
}
