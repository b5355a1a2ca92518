//! [`Instance`]: an instance of the module in its store. Made on a thread, and never leaves it: `Store` itself could, but what a job has
//! begun is on this thread's stacks and in its counts.
//!
//! Never true: that an instance whose job trapped, was stopped or did not end by itself runs another.

use std::marker::PhantomData;
use std::sync::Arc;

use wasm_mt::__abi::{KIND_LEN, Kind, VERSION};
use wasmtime::{ModuleExport, Store, TypedFunc, UpdateDeadline};

use crate::context::{Context, Running, lie};
use crate::engine::Preemption;
use crate::error::{BuildError, BuildErrorKind, JobError};
use crate::host::Host;
use crate::run::why;
use crate::stores::Leave;

pub(crate) struct Instance {
    store: Store<Context>,
    run: TypedFunc<i32, ()>,
    runs: u64,
    /// Behind the store, which it outlives.
    leave: Leave,
    _stays: PhantomData<*const ()>,
}

/// It does not compile where an instance could leave its thread: then both of these would be meant.
const _: fn() = || {
    trait Leaves<Way> {
        fn it() {}
    }
    struct InSpite;
    impl<T> Leaves<()> for T {}
    impl<T: Send> Leaves<InSpite> for T {}
    <Instance as Leaves<_>>::it();
};

impl Instance {
    /// A new one for a worker, which has run its constructors.
    ///
    /// # Errors
    /// Where it does not come up: there is no room for it, its constructors trap, or it is stopped. The leave is to be dropped when
    /// whoever waits for the job has been told.
    pub(crate) async fn make(
        host: &Arc<Host>,
        worker: usize,
        mut leave: Leave,
        running: Running,
    ) -> Result<Self, (wasmtime::Error, Leave)> {
        running.ticket.mailbox.has_signal(leave.begins());
        match Self::up(host, worker, running).await {
            Ok((store, run)) => Ok(Instance {
                store,
                run,
                runs: 0,
                leave,
                _stays: PhantomData,
            }),
            Err(error) => Err((error, leave)),
        }
    }

    async fn up(
        host: &Arc<Host>,
        worker: usize,
        running: Running,
    ) -> wasmtime::Result<(Store<Context>, TypedFunc<i32, ()>)> {
        let mut store = store(host, worker, false)?;
        store.data_mut().running = Some(running);
        let instance = host.pre.instantiate_async(&mut store).await?;
        let memory = instance.get_module_export(&mut store, &host.exports.memory);
        store.data_mut().memory = memory.and_then(|memory| memory.into_memory());
        let abi: TypedFunc<(), i32> = typed(&mut store, instance, &host.exports.abi)?;
        abi.call_async(&mut store, ()).await?;
        let run = typed(&mut store, instance, &host.exports.run)?;
        Ok((store, run))
    }

    /// Another job is to run in it.
    ///
    /// # Errors
    /// Where the engine does not count fuel.
    pub(crate) fn reuse(&mut self, running: Running) -> wasmtime::Result<()> {
        running.ticket.mailbox.has_signal(self.leave.begins());
        self.store.data_mut().running = Some(running);
        let host = self.store.data().host.clone();
        host.refuel(&mut self.store)
    }

    /// Runs its job.
    ///
    /// # Errors
    /// Where it did not end by itself. The instance is not to be used any more.
    pub(crate) async fn run(&mut self) -> wasmtime::Result<()> {
        self.runs += 1;
        let length = self
            .store
            .data_mut()
            .running()
            .map(|running| running.record.len())?;
        let length = i32::try_from(length).map_err(|_| lie("a record is too long"))?;
        let ended = self.run.call_async(&mut self.store, length).await;
        #[cfg(feature = "wasi")]
        self.store.data().printed().await;
        ended
    }

    /// Its job has ended.
    pub(crate) fn take_running(&mut self) -> Option<Running> {
        self.store.data_mut().running.take()
    }

    /// It has no job for now. Gives whether it may be kept: else it is to be dropped, for whoever is in line for a store.
    pub(crate) fn idles(&mut self) -> bool {
        self.leave.idles()
    }

    /// How many jobs it has run.
    pub(crate) fn runs(&self) -> u64 {
        self.runs
    }
}

/// Calls the program's `_start` in an instance of its own, which is gone afterwards.
///
/// # Errors
/// Where it traps or calls `exit`, whatever the code.
pub(crate) async fn start(
    host: &Arc<Host>,
    worker: usize,
    mut leave: Leave,
    running: Running,
    panicked: &mut Option<JobError>,
) -> wasmtime::Result<()> {
    running.ticket.mailbox.has_signal(leave.begins());
    let mut store = store(host, worker, true)?;
    store.data_mut().running = Some(running);
    let instance = host.pre.instantiate_async(&mut store).await?;
    let memory = instance.get_module_export(&mut store, &host.exports.memory);
    store.data_mut().memory = memory.and_then(|memory| memory.into_memory());
    let Some(start) = &host.exports.start else {
        return Err(lie("it has no `_start`"));
    };
    let start: TypedFunc<(), ()> = typed(&mut store, instance, start)?;
    let ended = start.call_async(&mut store, ()).await;
    #[cfg(feature = "wasi")]
    store.data().printed().await;
    let running = store.data_mut().running.take();
    *panicked = running.and_then(|running| running.panicked);
    ended
}

fn store(host: &Arc<Host>, worker: usize, main: bool) -> wasmtime::Result<Store<Context>> {
    let mut context = Context::new(host.clone(), worker);
    for prepare in &host.prepare {
        prepare(&mut context, main)?;
    }
    let mut store = Store::new(host.pre.module().engine(), context);
    store.limiter(|context| context.usage());
    match host.preemption {
        Preemption::Off => {}
        Preemption::Epoch { .. } => {
            // It makes way in any case: then the future that runs it looks whether it is to stop.
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
        }
        Preemption::Fuel { slice, .. } => {
            store.set_fuel(u64::MAX)?;
            store.fuel_async_yield_interval(Some(slice))?;
        }
    }
    host.refuel(&mut store)?;
    Ok(store)
}

fn typed<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
    store: &mut Store<Context>,
    instance: wasmtime::Instance,
    export: &ModuleExport,
) -> wasmtime::Result<TypedFunc<P, R>> {
    let export = instance.get_module_export(&mut *store, export);
    let func = export
        .and_then(|export| export.into_func())
        .ok_or_else(|| lie("an export is gone"))?;
    func.typed(&*store)
}

/// Asks a throwaway instance for the version that it speaks and the kinds of the jobs that it names.
///
/// # Errors
/// Where it does not come up, or speaks another version.
pub(crate) async fn kinds(
    host: &Arc<Host>,
    names: impl Iterator<Item = String>,
) -> Result<Vec<(String, Kind)>, BuildError> {
    let broken = |error: wasmtime::Error| -> BuildError {
        BuildErrorKind::Instance(why(error, host, 0)).into()
    };
    let mut store = store(host, 0, false).map_err(broken)?;
    let instance = host.pre.instantiate_async(&mut store).await;
    let instance = instance.map_err(|error| match why(error, host, 0) {
        error if error.is_memory() || error.is_limit() => {
            BuildErrorKind::Limit(error.with_sources()).into()
        }
        error => BuildError::from(BuildErrorKind::Instance(error)),
    })?;
    let Some(memory) = instance.get_memory(&mut store, "memory") else {
        return Err(BuildErrorKind::Exports("memory".into()).into());
    };
    store.data_mut().memory = Some(memory);
    let abi: TypedFunc<(), i32> = typed(&mut store, instance, &host.exports.abi).map_err(broken)?;
    let guest = abi.call_async(&mut store, ()).await.map_err(broken)?;
    if guest != VERSION {
        return Err(BuildErrorKind::Version {
            guest,
            host: VERSION,
        }
        .into());
    }
    let mut kinds = Vec::new();
    for name in names {
        let export = format!("{}{name}", wasm_mt::__abi::JOB);
        let ask: TypedFunc<(), i32> =
            instance.get_typed_func(&mut store, &export).map_err(|_| {
                BuildErrorKind::Exports(format!(
                    "{export} as a function that gives where a kind lies"
                ))
            })?;
        let at = ask.call_async(&mut store, ()).await.map_err(broken)?;
        let bytes = memory
            .data(&store)
            .get(at as u32 as usize..)
            .and_then(|from| from.first_chunk::<KIND_LEN>());
        let Some(bytes) = bytes else {
            let what = format!("the kind of `{name}` is not in its memory");
            return Err(broken(lie(what)));
        };
        kinds.push((name, Kind::of_bytes(*bytes)));
    }
    Ok(kinds)
}
