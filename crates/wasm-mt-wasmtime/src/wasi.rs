//! WASI preview 1 for guests: what each Store has of it, and the runtime that it needs. [`Wasi`] lives in its store.
//!
//! All stores have the same arguments, environment and directories, each opened for itself: what one opens, another does not
//! know. Standard output and error are the process's, by the line; standard input belongs to the main instance, and the others
//! are at its end from the start.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::Linker;
use wasmtime_wasi::p1::{WasiP1Ctx, add_to_linker_async};
use wasmtime_wasi::runtime::with_ambient_tokio_runtime;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use crate::builder::Builder;
use crate::context::Context;
use crate::error::BuildError;
use crate::handle::Handle;
use crate::pool::Pool;
use crate::stdio::{Input, Lines, Output};

/// What the program's owner adds to each store's context.
pub(crate) type Configure = Arc<dyn Fn(&mut WasiCtxBuilder) -> wasmtime::Result<()> + Send + Sync>;

/// Whose store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// That of the instance whose `_start` runs.
    Main,
    /// That of jobs.
    Sibling,
}

/// A store's part of WASI.
pub(crate) struct Wasi {
    context: WasiP1Ctx,
    lines: Lines,
}

impl Wasi {
    /// One more, for a new store.
    ///
    /// # Errors
    ///
    /// What the owner's function says, for example of a directory that is not there.
    pub(crate) fn new(configure: &Configure, role: Role) -> wasmtime::Result<Self> {
        let lines = Lines::new(Output::of_process());
        let mut builder = WasiCtx::builder();
        builder.stdout(lines.out()).stderr(lines.error());
        if role == Role::Main {
            builder.stdin(Input::new(&lines));
        }
        configure(&mut builder)?;
        Ok(Wasi {
            context: builder.build_p1(),
            lines,
        })
    }
}

impl Context {
    /// To be awaited at a job's end, before its outcome is told: what it has printed is written then, its last line too.
    pub(crate) fn printed(&self) -> impl Future<Output = ()> + Send + use<> {
        let lines = self.wasi.as_ref().map(|wasi| wasi.lines.clone());
        async {
            if let Some(lines) = lines {
                lines.finish().await;
            }
        }
    }
}

impl fmt::Debug for Wasi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wasi").finish_non_exhaustive()
    }
}

impl Drop for Wasi {
    fn drop(&mut self) {
        self.lines.put_partial();
    }
}

impl Builder {
    /// Gives guests WASI preview 1, as programs need it that are built for `wasm32-wasip1`. To be called once.
    ///
    /// Each store has a context of its own, which `configure` is called for: arguments, environment and directories are the same in all
    /// of them when it always does the same. Before it is called, standard output and error are the process's, by the line, and
    /// standard input is the process's in the instance of [`Pool::run_main`] and at its end in all others; it may replace each. There
    /// is no environment and no directory unless it adds them. An error of its is that of the job that the store was for, and
    /// [`is_host`](crate::JobError::is_host).
    ///
    /// A job that sleeps, reads or waits suspends, and its thread goes on with others.
    ///
    /// ```no_run
    /// use wasm_mt_wasmtime::Pool;
    /// use wasm_mt_wasmtime::wasmtime_wasi::FsPerms;
    ///
    /// let pool = Pool::from_file("app.wasm")
    ///     .wasi(|context| {
    ///         context.arg("app").env("LANG", "C");
    ///         context.preopened_dir("data", "/data", FsPerms::ReadOnly)?;
    ///         Ok(())
    ///     })
    ///     .build()?;
    /// let code = pool.run_main()?.wait()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wasi(
        mut self,
        configure: impl Fn(&mut WasiCtxBuilder) -> wasmtime::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let configure: Configure = Arc::new(configure);
        self.links.push(Box::new(|linker| {
            link(linker, |context: &mut Context| {
                let wasi = context.wasi.as_mut();
                wasi.expect("a store whose functions are linked was prepared")
            })
        }));
        self.prepare.push(Arc::new(move |context, is_main| {
            let role = if is_main { Role::Main } else { Role::Sibling };
            context.wasi = Some(Wasi::new(&configure, role)?);
            Ok(())
        }));
        self.runtime = Some(runtime());
        self
    }
}

impl Pool {
    /// Calls the program's `_start`, as a job in an instance of its own, whose handle gives the program's exit code.
    ///
    /// The program's jobs run in sibling instances, which do not run `_start`. Jobs that it leaves behind go on until the pool ends.
    ///
    /// # Errors
    /// A [`BuildError`] where the module is no program. The handle's error says how else `main` ended.
    pub fn run_main(&self) -> Result<Handle<i32>, BuildError> {
        self.spawn_main()
    }
}

/// Waits until all is written that guests have printed, for so long at most, and gives whether it is. A program that ends calls this
/// before: what its jobs print is written by a thread.
///
/// The outcome of a job is told after its output was written, so that this is only for jobs that have not ended.
pub fn flush_output(limit: Duration) -> bool {
    Output::of_process().drain(limit)
}

/// What WASI's functions find as theirs: the clocks and files of `wasmtime_wasi` are tokio's.
fn runtime() -> tokio::runtime::Handle {
    with_ambient_tokio_runtime(tokio::runtime::Handle::current)
}

/// Links all of preview 1. `part` gives a store's part of it.
fn link<T: Send + 'static>(
    linker: &mut Linker<T>,
    part: impl Fn(&mut T) -> &mut Wasi + Copy + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    add_to_linker_async(linker, move |data| &mut part(data).context)?;
    // The linker's own refuses codes above 125, which natively a program may exit with.
    linker.allow_shadowing(true);
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "proc_exit",
        |code: i32| -> wasmtime::Result<()> { Err(Exit(code).into()) },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The guest called `proc_exit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the guest called `exit({0})`")]
pub(crate) struct Exit(pub(crate) i32);

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use futures::executor::block_on;
    use futures::future::{Either, select};
    use wasmtime::{Config, Engine, Module, Store, TypedFunc};

    use super::*;

    const GUEST: &str = r#"(module
      (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      ;; So many nanoseconds of the monotonic clock.
      (func (export "sleep") (param i64) (result i32)
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (local.get 0))
        (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
      (func (export "exit") (param i64) (result i32)
        (call $exit (i32.wrap_i64 (local.get 0)))
        (i32.const 0))
      ;; How many bytes of standard input came, of 8.
      (func (export "read") (param i64) (result i32)
        (i32.store (i32.const 0) (i32.const 256))
        (i32.store (i32.const 4) (i32.const 8))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.load (i32.const 8))))"#;

    struct Guest {
        engine: Engine,
        module: Module,
    }

    impl Guest {
        fn new() -> Self {
            let engine = Engine::new(&Config::new()).unwrap();
            let module = Module::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
            Guest { engine, module }
        }

        /// Calls a function in a store of its own.
        async fn call(&self, name: &str, argument: i64) -> wasmtime::Result<i32> {
            let mut linker = Linker::new(&self.engine);
            link(&mut linker, |wasi: &mut Wasi| wasi)?;
            let configure: Configure = Arc::new(|_| Ok(()));
            let wasi = Wasi::new(&configure, Role::Sibling)?;
            let mut store = Store::new(&self.engine, wasi);
            let instance = linker.instantiate_async(&mut store, &self.module).await?;
            let function: TypedFunc<i64, i32> = instance.get_typed_func(&mut store, name)?;
            let mut call = pin!(function.call_async(&mut store, argument));
            let runtime = runtime();
            poll_fn(|cx| {
                let _entered = runtime.enter();
                call.as_mut().poll(cx)
            })
            .await
        }
    }

    #[test]
    fn a_sleep_suspends_only_its_own_job() {
        let guest = Guest::new();
        let long = pin!(guest.call("sleep", 60_000_000_000));
        let short = pin!(guest.call("sleep", 1_000_000));
        let Either::Right((ended, _)) = block_on(select(long, short)) else {
            panic!("the long sleep kept the thread");
        };
        assert_eq!(ended.unwrap(), 0);
    }

    #[test]
    fn each_code_of_exit_is_told() {
        let guest = Guest::new();
        for code in [0, 1, 125, 126, 255, -1] {
            let error = block_on(guest.call("exit", code)).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Exit(code as i32)));
        }
    }

    #[test]
    fn a_sibling_is_at_the_end_of_standard_input() {
        assert_eq!(block_on(Guest::new().call("read", 0)).unwrap(), 0);
    }
}
