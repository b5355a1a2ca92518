//! What the host costs, beside Wasmtime alone: `cargo bench -p wasm-mt-wasmtime --features cli --bench hosted`.
//!
//! What is compared takes its turns in each round, so that what slows the machine slows all; a ratio is the median of the rounds' ratios,
//! of the process's CPU time. Waits are by the clock.

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use futures::executor::block_on;
use wasm_mt_wasmtime::{Allocation, HostJob, Pool, Preemption};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, InstancePre, Linker, Module,
    PoolingAllocationConfig, Store, TypedFunc,
};

const ROUNDS: usize = 31;

/// Children that a job spawns before it awaits them, and how often it does.
const CHILDREN: u8 = 100;
const TIMES: u8 = 10;

/// So many they are, and calls beside them.
const MANY: u16 = CHILDREN as u16 * TIMES as u16;

const SLICE: Duration = Duration::from_millis(1);

/// A guest's kinds.
const EMPTY: u8 = 0;
const SILENT: u8 = 1;
const TRAP: u8 = 2;

/// Wasmtime alone, set as the pool's is.
struct Bare {
    pre: InstancePre<()>,
}

impl Bare {
    fn new(guest: &[u8]) -> Self {
        let mut config = Config::new();
        config.epoch_interruption(true);
        config.max_wasm_stack(512 << 10);
        config.async_stack_size(1536 << 10);
        let mut pooling = PoolingAllocationConfig::new();
        pooling
            .linear_memory_keep_resident(64 << 10)
            .table_keep_resident(64 << 10)
            .async_stack_keep_resident(64 << 10);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling));
        let engine = Engine::new(&config).expect("the engine's settings are allowed");
        let module = Module::new(&engine, guest).expect("the guest compiles");
        let mut linker = Linker::new(&engine);
        linker
            .define_unknown_imports_as_traps(&module)
            .expect("the guest's imports are functions");
        let pre = linker.instantiate_pre(&module);
        Bare {
            pre: pre.expect("the guest's imports are there"),
        }
    }

    fn store(&self) -> Store<()> {
        let mut store = Store::new(self.pre.module().engine(), ());
        store.set_epoch_deadline(1 << 40);
        store
    }

    /// Calls an empty export again and again.
    fn call(&self) -> Duration {
        let mut store = self.store();
        let instance = self.pre.instantiate(&mut store).expect("it is made");
        let nothing: TypedFunc<(), ()> = instance
            .get_typed_func(&mut store, "nothing")
            .expect("it is exported");
        block_on(nothing.call_async(&mut store, ())).expect("it returns");
        cpu(|| {
            for _ in 0..MANY {
                block_on(nothing.call_async(&mut store, ())).expect("it returns");
            }
        })
    }

    /// Makes an instance and drops it, again and again.
    fn instantiate(&self) -> Duration {
        cpu(|| {
            for _ in 0..MANY {
                let mut store = self.store();
                self.pre.instantiate(&mut store).expect("it is made");
            }
        })
    }
}

fn cpu(f: impl FnOnce()) -> Duration {
    let began = ProcessTime::now();
    f();
    began.elapsed()
}

fn pool(guest: &[u8]) -> Pool {
    Pool::builder(guest)
        .threads(1)
        .preemption(Preemption::Epoch { slice: SLICE })
        .allocation(Allocation::Pooling)
        .on_unhandled(|_| {})
        .build()
        .expect("the guest is one")
}

/// A job whose children are of a kind.
fn children(many: &HostJob<(u8, u8, u8), ()>, kind: u8) -> Duration {
    cpu(|| {
        let ended = many.spawn((kind, CHILDREN, TIMES)).wait();
        ended.expect("it ends");
    })
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn nanoseconds(times: &[Duration]) -> f64 {
    let each = times
        .iter()
        .map(|time| time.as_secs_f64() * 1e9 / f64::from(MANY));
    median(each.collect())
}

fn ratio(of: &[f64], to: &[Duration]) -> f64 {
    let each = of.iter().zip(to);
    median(each.map(|(of, to)| of / to.as_secs_f64()).collect())
}

/// So many rounds, in each of which all have their turn.
fn in_turns<const N: usize>(rounds: usize, run: impl Fn(usize) -> Duration) -> [Vec<Duration>; N] {
    let mut times = [const { Vec::new() }; N];
    for round in 0..rounds {
        for at in 0..N {
            let at = (at + round) % N;
            times[at].push(run(at));
        }
    }
    times
}

/// What a job costs.
fn jobs(bare: &Bare, many: &HostJob<(u8, u8, u8), ()>, rounds: usize) {
    let [call, empty] = in_turns(rounds, |at| match at {
        0 => bare.call(),
        _ => children(many, EMPTY),
    });
    let seconds: Vec<_> = empty.iter().map(Duration::as_secs_f64).collect();
    let (of_call, of_empty) = (nanoseconds(&call), nanoseconds(&empty));
    println!("bare call_async of an empty export     {of_call:>8.0} ns");
    println!(
        "empty job of a guest's                 {of_empty:>8.0} ns  {:.2} of it, goal 3.00",
        ratio(&seconds, &call)
    );
}

/// What an instance costs that takes another's place: so much more than an empty job's one does that leaves none.
fn instances(bare: &Bare, many: &HostJob<(u8, u8, u8), ()>, rounds: usize) {
    let [instantiate, empty, silent, trap] = in_turns(rounds, |at| match at {
        0 => bare.instantiate(),
        1 => children(many, EMPTY),
        2 => children(many, SILENT),
        _ => children(many, TRAP),
    });
    let beside_empty = |times: &[Duration]| {
        let both = times.iter().zip(&empty);
        both.map(|(one, empty)| one.as_secs_f64() - empty.as_secs_f64())
            .collect::<Vec<_>>()
    };
    let of_instantiate = nanoseconds(&instantiate);
    println!("bare instantiate and drop              {of_instantiate:>8.0} ns");
    println!(
        "empty job that leaves no instance      {:>8.0} ns  rebuild {:.2} of it, goal 1.30",
        nanoseconds(&silent),
        ratio(&beside_empty(&silent), &instantiate)
    );
    println!(
        "empty job that traps                   {:>8.0} ns  trap and rebuild {:.2} of it",
        nanoseconds(&trap),
        ratio(&beside_empty(&trap), &instantiate)
    );
}

/// Milliseconds from a call of `f` to its end: the median, and the longest.
fn waits(rounds: usize, mut f: impl FnMut() -> Duration) -> (f64, f64) {
    let mut all: Vec<f64> = (0..rounds).map(|_| f().as_secs_f64() * 1e3).collect();
    all.sort_by(f64::total_cmp);
    (all[all.len() / 2], all[all.len() - 1])
}

/// Waits until so many jobs have begun and compute.
fn until_awake(pool: &Pool, jobs: u64) {
    while pool.stats().workers.iter().map(|of| of.awake).sum::<u64>() != jobs {
        std::thread::yield_now();
    }
}

/// How long it takes until the thread of a job that spins is another's.
fn cancels(guest: &[u8], rounds: usize) {
    let pool = Pool::builder(guest)
        .threads(1)
        .max_in_flight(1)
        .build()
        .expect("the guest is one");
    let spin = pool.job::<(), ()>("spin").expect("it is named");
    let empty = pool.job::<(), ()>("empty").expect("it is named");
    let (median, longest) = waits(rounds, || {
        let spins = spin.spawn(());
        until_awake(&pool, 1);
        let next = empty.spawn(());
        let began = Instant::now();
        spins.cancel();
        next.wait().expect("it ends");
        began.elapsed()
    });
    println!(
        "cancel of a spinning job to the next   {median:>8.3} ms  at most {longest:.3}, goal 1"
    );
}

/// How long a short job takes behind four that never end.
fn behind_four(guest: &[u8], rounds: usize) {
    let pool = pool(guest);
    let spin = pool.job::<(), ()>("spin").expect("it is named");
    let empty = pool.job::<(), ()>("empty").expect("it is named");
    let endless: Vec<_> = (0..4).map(|_| spin.spawn(())).collect();
    until_awake(&pool, 4);
    let (median, longest) = waits(rounds, || {
        let began = Instant::now();
        empty.spawn(()).wait().expect("it ends");
        began.elapsed()
    });
    println!(
        "short job behind four endless ones     {median:>8.3} ms  at most {longest:.3}, goal 10"
    );
    endless.iter().for_each(|job| job.cancel());
}

fn main() {
    // `cargo test --benches` asks that it runs, not how long it takes.
    let rounds = match std::env::args().any(|arg| arg == "--bench") {
        true => ROUNDS,
        false => 1,
    };
    let guest = wat::parse_str(include_str!("hosted.wat")).expect("the guest is a module");
    println!("medians of {rounds} rounds, in turns");
    let (bare, pool) = (Bare::new(&guest), pool(&guest));
    let many = pool.job("many").expect("it is named");
    jobs(&bare, &many, rounds);
    instances(&bare, &many, rounds);
    pool.shutdown();
    cancels(&guest, rounds * 4);
    behind_four(&guest, rounds * 4);
}
