//! A pool that suffers a fault, and what holds of it afterwards.

use std::error::Error;
use std::time::{Duration, Instant};

use wasm_mt_wasmtime::{Builder, Handle, JobError, Pool, WorkerStats};

use super::guest::{Guest, NEXT};

/// Jobs that a worker has at a time, and idle stores that it keeps at most.
const IN_FLIGHT: u32 = 4;

/// Every store has at most so much memory, in bytes: the guests here have 1 MiB.
const MEMORY: usize = 8 << 20;

/// What the rows ask for, where they do not say otherwise.
pub(crate) fn builder(guest: &Guest) -> Builder {
    of_wasm(&guest.wasm())
}

/// The same, for a module with imports more.
pub(crate) fn of_wasm(wasm: &[u8]) -> Builder {
    Pool::builder(wasm)
        .threads(2)
        .max_in_flight(IN_FLIGHT)
        .memory_limit(MEMORY)
        .max_stores(50)
}

/// A pool whose jobs take and give one byte.
pub(crate) struct Ground {
    pub(crate) pool: Pool,
}

impl Ground {
    pub(crate) fn from(builder: Builder) -> Self {
        Ground {
            pool: builder.build().unwrap(),
        }
    }

    pub(crate) fn of(guest: &Guest) -> Self {
        Self::from(builder(guest))
    }

    pub(crate) fn with(guest: &Guest, more: impl FnOnce(Builder) -> Builder) -> Self {
        Self::from(more(builder(guest)))
    }

    pub(crate) fn spawn(&self, name: &str, arg: u8) -> Handle<u8> {
        self.pool.job::<u8, u8>(name).unwrap().spawn(arg)
    }

    pub(crate) fn run(&self, name: &str, arg: u8) -> Result<u8, JobError> {
        self.spawn(name, arg).wait()
    }

    pub(crate) fn fails(&self, name: &str) -> JobError {
        match self.run(name, 0) {
            Ok(number) => panic!("{name} gave {number}"),
            Err(error) => error,
        }
    }

    /// Ordinary jobs run, as many at once as there are threads and more, and then nothing is left of any.
    pub(crate) fn holds(&self) {
        self.holds_within(Duration::from_secs(20));
    }

    /// The same; what was given up on may go on for so long.
    pub(crate) fn holds_within(&self, limit: Duration) {
        let handles: Vec<_> = (0..20).map(|n| self.spawn(NEXT, n)).collect();
        for (n, handle) in handles.into_iter().enumerate() {
            assert_eq!(handle.wait().unwrap(), n as u8 + 1);
        }
        let start = Instant::now();
        while let Err(left) = self.at_rest() {
            assert!(start.elapsed() < limit, "{left}");
            std::thread::yield_now();
        }
    }

    /// No job runs or waits, no store is kept but idle ones, and those have no more memory than at their start.
    fn at_rest(&self) -> Result<(), String> {
        let stats = self.pool.stats();
        let idle = self.pool.threads() as u64 * u64::from(IN_FLIGHT);
        let is_idle = |worker: &WorkerStats| worker.awake == 0 && worker.waiting == 0;
        let rests = stats.waiting == 0 && stats.workers.iter().all(is_idle);
        if rests && stats.stores() <= idle && stats.memory() == stats.stores() << 20 {
            return Ok(());
        }
        Err(format!("it does not come to rest: {stats:?}"))
    }
}

/// Of this kind, and of no other.
#[track_caller]
pub(crate) fn ended_by(error: &JobError, is: fn(&JobError) -> bool) {
    assert!(is(error), "{}: {error:?}", text_of(error));
    let kinds = [
        JobError::is_panic,
        JobError::is_trap,
        JobError::is_cancelled,
        JobError::is_deadline,
        JobError::is_fuel,
        JobError::is_memory,
        JobError::is_stack,
        JobError::is_result,
        JobError::is_limit,
        JobError::is_lost,
        JobError::is_closed,
        JobError::is_full,
        JobError::is_encode,
        JobError::is_decode,
        JobError::is_pointer,
        JobError::is_host,
    ];
    let count = kinds.iter().filter(|is| is(error)).count();
    assert_eq!(count, 1, "{error:?} is of {count} kinds");
}

/// All that it says.
pub(crate) fn text_of(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += ": ";
        text += &error.to_string();
        source = error.source();
    }
    text
}
