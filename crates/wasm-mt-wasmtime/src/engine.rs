//! What the module is compiled with, and what an instance may have: [`Preemption`], [`Allocation`], limits. Decided once, before the
//! module is compiled, and never changed.

use std::time::Duration;

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, Module, PoolingAllocationConfig, WasmFeatures,
};

use crate::error::{BuildError, BuildErrorKind};

/// How a job that goes on computing makes way for others. Whatever it is, a job makes way while it awaits something.
///
/// See `docs/wasmtime.md` for what each costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preemption {
    /// It does not, and it is stopped only where it calls `wasm_mt::checkpoint` or awaits. For guests that are trusted.
    Off,
    /// After so much time. The code looks at a clock of the engine's at each loop's turn and each call.
    Epoch {
        /// How long a job runs at a time.
        slice: Duration,
    },
    /// After so many units of fuel, about one an instruction. What it can run altogether is the same on each machine.
    Fuel {
        /// How many a job uses at a time.
        slice: u64,
        /// How many a job may use altogether.
        budget: u64,
    },
}

impl Default for Preemption {
    /// Slices of a millisecond.
    fn default() -> Self {
        Preemption::Epoch {
            slice: Duration::from_millis(1),
        }
    }
}

/// Where the memories of instances lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allocation {
    /// [`Pooling`](Self::Pooling) where the module fits and the system has the addresses, else [`OnDemand`](Self::OnDemand).
    #[default]
    Auto,
    /// In places that were set aside when the pool was built: an instance is made in microseconds.
    Pooling,
    /// Wherever the system puts them.
    OnDemand,
}

/// What an instance may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) memory: usize,
    pub(crate) stack: usize,
    pub(crate) stores: usize,
}

/// What host functions have of a fiber's stack, beside what wasm may use.
const HOST_STACK: usize = 1 << 20;

/// More memories and tables than these no module in a pool's places has. Compilers make one of each.
const MEMORIES: u32 = 1;
const TABLES: u32 = 4;

/// So many elements a table in a pool's place may have.
const ELEMENTS: usize = 20_000;

/// More places are not set aside: their addresses would not fit.
const PLACES: usize = 10_000;

/// So many bytes of a place stay resident for its next instance, which are zeroed rather than given back.
const RESIDENT: usize = 64 << 10;

/// The bytes are those of a core module, as far as their head tells.
pub(crate) fn check_kind(wasm: &[u8]) -> Result<(), BuildError> {
    match wasm.get(..8) {
        Some([b'\0', b'a', b's', b'm', 1, 0, 0, 0]) => Ok(()),
        Some([b'\0', b'a', b's', b'm', _, _, 1, 0]) => Err(BuildErrorKind::Component.into()),
        _ => Err(BuildErrorKind::NoWasm.into()),
    }
}

/// Compiles the module, and gives where its memories are to lie.
pub(crate) fn compile(
    wasm: &[u8],
    preemption: Preemption,
    allocation: Allocation,
    limits: Limits,
) -> Result<(Module, Allocation), BuildError> {
    check_kind(wasm)?;
    if allocation != Allocation::OnDemand {
        match compile_with(wasm, preemption, Some(limits), limits) {
            Ok(module) => return Ok((module, Allocation::Pooling)),
            Err(error) if allocation == Allocation::Pooling => {
                // What is wrong with the module itself is told as such.
                compile_with(wasm, preemption, None, limits)?;
                return Err(BuildErrorKind::Limit(format!("{error:#}")).into());
            }
            Err(_) => {}
        }
    }
    let module = compile_with(wasm, preemption, None, limits)?;
    Ok((module, Allocation::OnDemand))
}

fn compile_with(
    wasm: &[u8],
    preemption: Preemption,
    places: Option<Limits>,
    limits: Limits,
) -> Result<Module, BuildError> {
    let mut config = Config::new();
    match preemption {
        Preemption::Off => {}
        Preemption::Epoch { .. } => {
            config.epoch_interruption(true);
        }
        Preemption::Fuel { .. } => {
            config.consume_fuel(true);
        }
    }
    config.max_wasm_stack(limits.stack);
    config.async_stack_size(limits.stack.saturating_add(HOST_STACK));
    // A recursion without end has a hundred thousand frames; its first ones tell all.
    config.wasm_backtrace_max_frames(std::num::NonZeroUsize::new(16));
    // Not in WASI: a memory that others see would be no instance's own.
    config.wasm_features(WasmFeatures::THREADS, false);
    if let Some(limits) = places {
        if limits.stores > PLACES {
            let why = format!("{} stores are more than {PLACES}", limits.stores);
            return Err(BuildErrorKind::Limit(why).into());
        }
        let mut pooling = PoolingAllocationConfig::new();
        // One more for the instance that is asked for the names of jobs.
        let stores = limits.stores as u32 + 1;
        pooling
            .total_core_instances(stores)
            .total_memories(stores * MEMORIES)
            .total_tables(stores * TABLES)
            .total_stacks(stores)
            .max_memories_per_module(MEMORIES)
            .max_tables_per_module(TABLES)
            .table_elements(ELEMENTS)
            .max_memory_size(limits.memory.min(1 << 32))
            .max_unused_warm_slots(stores)
            .linear_memory_keep_resident(RESIDENT)
            .table_keep_resident(RESIDENT)
            .async_stack_keep_resident(RESIDENT);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling));
    }
    let engine =
        Engine::new(&config).map_err(|error| BuildErrorKind::Settings(format!("{error:#}")))?;
    Module::from_binary(&engine, wasm)
        .map_err(|error| BuildErrorKind::Invalid(format!("{error:#}")).into())
}
