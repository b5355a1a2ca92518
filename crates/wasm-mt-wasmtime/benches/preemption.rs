//! What preemption costs, in Wasmtime alone: `cargo bench -p wasm-mt-wasmtime --features cli --bench preemption`.
//!
//! The same loops run in three engines: without preemption, with epochs of a millisecond, and with fuel. All take their turns in
//! each round, so that what slows the machine slows all; a ratio is the median of the rounds' ratios, of the thread's CPU time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cpu_time::ThreadTime;
use futures::executor::block_on;
use wasmtime::{Config, Engine, Instance, Module, Store, TypedFunc};

const ROUNDS: usize = 31;

/// About what a first run of each loop takes; how often it turns follows from that.
const RUN: Duration = Duration::from_millis(20);

/// How much fuel a slice has: about a millisecond's.
const SLICE: u64 = 3_000_000;

/// Each is given how often to turn. `floats` has four numbers alive from turn to turn, `nine floats` nine. No register for floats
/// survives a call, so a loop that may call the host at each turn keeps them in memory. `unrolled` takes eight steps of `floats` at a
/// turn.
const LOOPS: &str = r#"(module
  (func (export "integers") (param $left i32) (result i32) (local $x i32)
    (local.set $x (i32.const 1))
    (loop $again
      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
      (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 15))))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $x))
  (func (export "floats") (param $left i32) (result i32)
    (local $re f64) (local $im f64) (local $next f64) (local $a f64) (local $b f64)
    (local.set $a (f64.const -0.8)) (local.set $b (f64.const 0.156))
    (loop $again
      STEP
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.trunc_sat_f64_s (f64.add (local.get $re) (local.get $im))))
  (func (export "unrolled") (param $left i32) (result i32)
    (local $re f64) (local $im f64) (local $next f64) (local $a f64) (local $b f64)
    (local.set $a (f64.const -0.8)) (local.set $b (f64.const 0.156))
    (loop $again
      EIGHT
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.trunc_sat_f64_s (f64.add (local.get $re) (local.get $im))))
  (func (export "nine floats") (param $left i32) (result i32)
    (local $a f64) (local $b f64) (local $c f64) (local $d f64)
    (local $e f64) (local $f f64) (local $g f64) (local $h f64) (local $by f64)
    (local.set $by (f64.const 0.999))
    (loop $again
      (local.set $a (f64.mul (local.get $by) (f64.add (local.get $a) (f64.const 1))))
      (local.set $b (f64.mul (local.get $by) (f64.add (local.get $b) (f64.const 2))))
      (local.set $c (f64.mul (local.get $by) (f64.add (local.get $c) (f64.const 3))))
      (local.set $d (f64.mul (local.get $by) (f64.add (local.get $d) (f64.const 4))))
      (local.set $e (f64.mul (local.get $by) (f64.add (local.get $e) (f64.const 5))))
      (local.set $f (f64.mul (local.get $by) (f64.add (local.get $f) (f64.const 6))))
      (local.set $g (f64.mul (local.get $by) (f64.add (local.get $g) (f64.const 7))))
      (local.set $h (f64.mul (local.get $by) (f64.add (local.get $h) (f64.const 8))))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.trunc_sat_f64_s (f64.add (f64.add (f64.add (local.get $a) (local.get $b)) (f64.add (local.get $c) (local.get $d)))
      (f64.add (f64.add (local.get $e) (local.get $f)) (f64.add (local.get $g) (local.get $h)))))))"#;

/// What stands for `STEP`, and eight times for `EIGHT`.
const STEP: &str = "
      (local.set $next (f64.add (local.get $a)
        (f64.sub (f64.mul (local.get $re) (local.get $re)) (f64.mul (local.get $im) (local.get $im)))))
      (local.set $im (f64.add (local.get $b)
        (f64.mul (f64.const 2) (f64.mul (local.get $re) (local.get $im)))))
      (local.set $re (local.get $next))";

const NAMES: [&str; 4] = ["integers", "floats", "unrolled", "nine floats"];

#[derive(Clone, Copy)]
enum Preemption {
    Off,
    Epochs,
    Fuel,
}

const MODES: [Preemption; 3] = [Preemption::Off, Preemption::Epochs, Preemption::Fuel];

/// One engine, with one instance.
struct Side {
    engine: Engine,
    store: Store<()>,
    instance: Instance,
    mode: Preemption,
}

impl Side {
    fn new(mode: Preemption) -> Self {
        let mut config = Config::new();
        config.epoch_interruption(matches!(mode, Preemption::Epochs));
        config.consume_fuel(matches!(mode, Preemption::Fuel));
        let engine = Engine::new(&config).expect("the engine's settings are allowed");
        let text = LOOPS
            .replace("STEP", STEP)
            .replace("EIGHT", &STEP.repeat(8));
        let module = wat::parse_str(text).expect("the loops are a module");
        let module = Module::new(&engine, module).expect("the loops compile");
        let mut store = Store::new(&engine, ());
        if matches!(mode, Preemption::Fuel) {
            store.set_fuel(u64::MAX).expect("fuel is counted");
        }
        let instance = block_on(Instance::new_async(&mut store, &module, &[]));
        let instance = instance.expect("the loops need nothing");
        Side {
            engine,
            store,
            instance,
            mode,
        }
    }

    /// The CPU time of one run.
    fn run(&mut self, name: &str, turns: i32) -> Duration {
        let store = &mut self.store;
        match self.mode {
            Preemption::Off => {}
            Preemption::Epochs => {
                store.set_epoch_deadline(1);
                store.epoch_deadline_async_yield_and_update(1);
            }
            Preemption::Fuel => {
                store.set_fuel(u64::MAX).expect("fuel is counted");
                store
                    .fuel_async_yield_interval(Some(SLICE))
                    .expect("fuel is counted");
            }
        }
        let function: TypedFunc<i32, i32> = self
            .instance
            .get_typed_func(&mut *store, name)
            .expect("the loop is exported");
        let began = ThreadTime::now();
        block_on(function.call_async(store, turns)).expect("a loop ends");
        began.elapsed()
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// How often it turns in about [`RUN`].
fn turns(side: &mut Side, name: &str) -> i32 {
    let mut turns = 1 << 16;
    loop {
        let took = side.run(name, turns);
        if took >= RUN || turns >= 1 << 29 {
            return turns;
        }
        turns *= 2;
    }
}

fn main() {
    // `cargo test --benches` asks that it runs, not how long it takes.
    let rounds = if std::env::args().any(|arg| arg == "--bench") {
        ROUNDS
    } else {
        1
    };
    let mut sides = MODES.map(Side::new);
    let ended = Arc::new(AtomicBool::new(false));
    let ticker = {
        let (ended, engine) = (ended.clone(), sides[1].engine.clone());
        std::thread::spawn(move || {
            // ORDERING: Relaxed; nothing hangs on when it is seen.
            while !ended.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
                engine.increment_epoch();
            }
        })
    };
    println!("medians of {rounds} rounds, in turns; CPU time");
    for name in NAMES {
        let turns = turns(&mut sides[0], name);
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for round in 0..rounds {
            for at in 0..sides.len() {
                let at = (at + round) % sides.len();
                times[at].push(sides[at].run(name, turns).as_secs_f64() * 1e9 / f64::from(turns));
            }
        }
        let ratio = |at: usize| {
            let both = times[at].iter().zip(&times[0]);
            median(both.map(|(one, off)| one / off).collect())
        };
        println!(
            "{name:<12} off {:>6.3} ns a turn   epochs/off {:>5.2}   fuel/off {:>5.2}",
            median(times[0].clone()),
            ratio(1),
            ratio(2)
        );
    }
    // ORDERING: Relaxed, as above.
    ended.store(true, Ordering::Relaxed);
    ticker.join().expect("the ticker does not panic");
}
