//! How a thread is started: [`Builder`], and the settings that outlive the start because a replaced worker needs them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{JoinError, StartError};
use crate::handle::Unhandled;
use crate::sys;
use crate::thread::Thread;

/// The script of a worker, for `Builder::script_url` (web only): what a file has to hold that takes the place of the blob.
///
/// It is there on every target, so that a build script or a server can write it.
///
/// ```no_run
/// std::fs::write("dist/wasm-mt-worker.js", wasm_mt::WORKER_SCRIPT)?;
/// # Ok::<(), std::io::Error>(())
/// ```
// The file is a function of the version.
pub const WORKER_SCRIPT: &str = concat!(
    include_str!("sys/web/worker.js"),
    "(\"",
    env!("CARGO_PKG_VERSION"),
    "\");\n"
);

/// Settings of a [`Thread`], each with a default that does.
///
/// ```no_run
/// # async fn example() -> Result<(), wasm_mt::StartError> {
/// use std::time::Duration;
///
/// let thread = wasm_mt::Thread::builder()
///     .name("decoder")
///     .start_deadline(Duration::from_secs(3))
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `start`"]
pub struct Builder {
    pub(crate) config: Config,
}

/// What a thread keeps of its builder.
#[derive(Clone)]
pub struct Config {
    pub(crate) name: Option<String>,
    pub(crate) start_deadline: Duration,
    pub(crate) abort_grace: Option<Duration>,
    pub(crate) on_start: Option<fn()>,
    pub(crate) on_unhandled: Unhandled,
    pub(crate) check_payloads: bool,
    /// The browser's performance timeline shows the jobs, by this.
    pub(crate) trace: Option<sys::Tracer>,
    /// How many workers the pool has that the thread is of; 0 for none.
    #[cfg_attr(
        not(all(target_family = "wasm", target_os = "unknown")),
        allow(dead_code, reason = "elsewhere a pool knows its threads")
    )]
    pub(crate) pool: u32,
    #[cfg_attr(
        not(all(target_family = "wasm", target_os = "unknown")),
        expect(dead_code, reason = "elsewhere it is empty")
    )]
    pub(crate) sys: sys::Config,
}

impl Builder {
    /// The defaults.
    pub fn new() -> Self {
        Builder {
            config: Config {
                name: None,
                start_deadline: Duration::from_secs(10),
                abort_grace: Some(Duration::from_millis(200)),
                on_start: None,
                on_unhandled: print_unhandled(),
                check_payloads: cfg!(debug_assertions),
                trace: None,
                pool: 0,
                sys: sys::Config::default(),
            },
        }
    }

    /// The thread's name, which errors, debuggers and [`current`](crate::current) show. By default it has none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.config.name = Some(name.into());
        self
    }

    /// How long a start may take until it fails with an error that [`is_deadline`](StartError::is_deadline): 10 seconds
    /// by default. It holds for a worker that takes a dead one's place, too.
    pub fn start_deadline(mut self, limit: Duration) -> Self {
        self.config.start_deadline = limit;
        self
    }

    /// How long an aborted job may go on before its worker is taken from under it and replaced: 200 ms by default.
    /// `None` never does that; the thread is then busy until the job ends by itself, or, where a pool shares memory with its
    /// workers, calls [`checkpoint`](crate::checkpoint()).
    ///
    /// An async job that was aborted and goes on without an `await` keeps its worker while another async job, not aborted, is
    /// suspended beside it: which of the two is running cannot be told.
    ///
    /// In a browser a shorter time than 20 ms counts as 20 ms. What was posted to the worker and not opened runs elsewhere, once.
    ///
    /// Natively, where no thread can be killed, the old one is left to run to the job's end, or its next
    /// [`checkpoint`](crate::checkpoint()), while a new one takes over.
    pub fn abort_grace(mut self, grace: impl Into<Option<Duration>>) -> Self {
        self.config.abort_grace = grace.into();
        self
    }

    /// A function to run in each new worker before any job: the first, and each one that replaces a dead one.
    ///
    /// The program's own `start` function and `main` do not run in workers; what they set up that jobs need (a logger,
    /// a panic hook) goes here.
    pub fn on_start(mut self, f: fn()) -> Self {
        self.config.on_start = Some(f);
        self
    }

    /// What happens to the error of a job whose handle was dropped; by default it goes to `console.error`, natively to
    /// standard error. Cancelled jobs are not reported.
    pub fn on_unhandled(mut self, f: impl Fn(JoinError) + Send + Sync + 'static) -> Self {
        self.config.on_unhandled = Arc::new(f);
        self
    }

    /// Whether values are encoded and decoded on their way, so that what cannot travel in a browser fails natively, too. By
    /// default that is so in builds with debug assertions, such as those of `cargo test`; in others values move. It holds for
    /// what this thread's jobs are given, give, and send through [channels](crate::channel()).
    ///
    /// On the web it changes nothing: there they always are.
    pub fn check_payloads(mut self, check: bool) -> Self {
        self.config.check_payloads = check;
        self
    }

    /// Whether the browser's timeline shows the jobs: by default it does not.
    ///
    /// The worker then calls `performance.measure` for each job, on its own track of the profiler, with the job's
    /// [name](crate::Job::named), by default the place in the source where it was made: once for a sync job, once for each poll of an
    /// async one, and once for that from its beginning to its end. `detail` tells the thread's id and name, and the job's id.
    /// `performance.getEntriesByType("measure")` has them in the worker itself.
    ///
    /// It costs some microseconds a job, and the engine's memory for each measure: it is for looking, not for always. Natively it
    /// does nothing.
    pub fn trace(mut self, trace: bool) -> Self {
        self.config.trace = trace.then_some(sys::TRACER);
        self
    }

    /// Starts the thread, and is ready when the thread is.
    ///
    /// Several starts awaited together (`futures::future::join_all`) go on in parallel. On the web a worker comes up only
    /// while the thread that starts it is free to serve it. Dropping the future ends the start.
    ///
    /// # Errors
    /// A [`StartError`] that says why not, at the latest after [`start_deadline`](Self::start_deadline). On the web one page or
    /// worker can have 256 threads at a time, or as many as the browser has memory for; beyond that the error
    /// [`is_limit`](StartError::is_limit). In a WASI guest always one that [`is_unsupported`](StartError::is_unsupported).
    pub async fn start(self) -> Result<Thread, StartError> {
        Thread::start_with(self.config).await
    }
}

/// Where the worker's code comes from. On the web only.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
impl Builder {
    /// The URL of the glue script that `wasm-bindgen` generated, absolute, or on a page relative to it. By default it is found.
    pub fn glue_url(mut self, url: impl Into<String>) -> Self {
        self.config.sys.glue = Some(sys::GlueSource::url(url.into()));
        self
    }

    /// The URL of a file with the worker's script, [`WORKER_SCRIPT`], absolute, or on a page relative to it, and of its own origin.
    /// By default the script is a blob, which a content security policy may forbid.
    pub fn script_url(mut self, url: impl Into<String>) -> Self {
        self.config.sys.script_url = Some(url.into());
        self
    }

    /// The module that workers instantiate: the one that this program was instantiated from. By default it is found.
    ///
    /// It must be the same build as this program; jobs name functions by their place in it. A worker that finds another
    /// build does not start ([`StartError::is_other_build`]).
    pub fn module(mut self, module: js_sys::WebAssembly::Module) -> Self {
        self.config.sys.module = Some(sys::ModuleSource::Module(module, None));
        self
    }

    /// The bytes of the module that workers instantiate, compiled in each. See [`module`](Self::module).
    pub fn wasm_bytes(mut self, bytes: &[u8]) -> Self {
        self.config.sys.module = Some(sys::ModuleSource::Bytes(
            js_sys::Uint8Array::from(bytes).into(),
        ));
        self
    }

    /// The URL of the module that workers fetch and compile, each for itself, absolute, or on a page relative to it. See
    /// [`module`](Self::module).
    pub fn wasm_url(mut self, url: impl Into<String>) -> Self {
        self.config.sys.module = Some(sys::ModuleSource::Url(url.into()));
        self
    }

    /// How long a worker may give no sign of life while jobs are out until it counts as dead: 30 seconds by default.
    ///
    /// It matters only where there are no Web Locks, which is plain `http` other than localhost: elsewhere the end of a worker is
    /// noticed by its lock. A sync job cannot give one, and is not judged by it; an async job that works for longer than this
    /// between two of its `await`s is taken for dead.
    pub fn silence_limit(mut self, limit: Duration) -> Self {
        self.config.sys.silence = sys::SilenceLimit(limit);
        self
    }
}

/// Tells the developer of a detached job's error.
pub(crate) fn print_unhandled() -> Unhandled {
    Arc::new(|error: JoinError| {
        sys::print_error(&format!(
            "wasm-mt: a detached job failed: {}",
            error.with_sources()
        ));
    })
}

impl Default for Builder {
    fn default() -> Self {
        Builder::new()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.config.name)
            .field("start_deadline", &self.config.start_deadline)
            .field("abort_grace", &self.config.abort_grace)
            .finish_non_exhaustive()
    }
}
