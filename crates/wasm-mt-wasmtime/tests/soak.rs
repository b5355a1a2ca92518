//! Many jobs with faults among them, from several threads of the host at once: each handle settles once, with what its kind
//! allows, and afterwards nothing is left. Each in a process of its own, whose memory is looked at.
//!
//! `WASM_MT_SOAK=deep` asks for ten times as many, and `WASM_MT_SEED` for other numbers than the last run's.

#[path = "faults/child.rs"]
mod child;
#[expect(dead_code, reason = "the rows of `faults.rs` use more of it")]
#[path = "faults/ground.rs"]
mod ground;
#[expect(dead_code, reason = "a module that lacks something is a fault")]
#[path = "faults/guest.rs"]
mod guest;
#[path = "soak/kind.rs"]
mod kind;
#[path = "soak/random.rs"]
mod random;
#[path = "faults/resident.rs"]
mod resident;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasm_mt_wasmtime::{Allocation, Builder, Handle, Preemption};

use ground::{Ground, builder};
use kind::{Fate, Kind, Outcome};
use random::Random;
use resident::resident;

/// Threads of the host that spawn and wait.
const CALLERS: u64 = 3;
/// Handles that each of them has at most.
const WINDOW: usize = 40;

/// How many ended so. Nobody sees how a job ended whose handle was dropped.
type Counts = BTreeMap<(Kind, Fate, Option<Outcome>), u64>;

fn jobs() -> u64 {
    match std::env::var("WASM_MT_SOAK").as_deref() {
        Ok("deep") => 100_000,
        _ => 10_000,
    }
}

fn seed() -> u64 {
    let told = std::env::var("WASM_MT_SEED").ok();
    told.map_or(9, |seed| seed.parse().expect("WASM_MT_SEED is a number"))
}

const EPOCH: Preemption = Preemption::Epoch {
    slice: Duration::from_millis(1),
};
const FUEL: Preemption = Preemption::Fuel {
    slice: 100_000,
    budget: u64::MAX,
};

macro_rules! soaks {
    ($($name:ident: $threads:literal, $preemption:expr, $stores:literal;)*) => {
        $(
            #[test]
            fn $name() {
                child::run(stringify!($name), || soak($threads, $preemption, $stores));
            }
        )*
    };
}

// With fewer stores than jobs wait at times, made on demand, and with more than ever are, in places set aside.
soaks! {
    one_thread: 1, Preemption::Off, 1000;
    one_thread_by_epochs: 1, EPOCH, 12;
    one_thread_by_fuel: 1, FUEL, 1000;
    two_threads: 2, Preemption::Off, 12;
    two_threads_by_epochs: 2, EPOCH, 1000;
    two_threads_by_fuel: 2, FUEL, 12;
    four_threads: 4, Preemption::Off, 1000;
    four_threads_by_epochs: 4, EPOCH, 1000;
    four_threads_by_fuel: 4, FUEL, 1000;
}

fn soak(threads: usize, preemption: Preemption, stores: usize) {
    let (jobs, seed) = (jobs(), seed());
    println!("seed {seed}, {jobs} jobs");
    let few = stores < 1000;
    let unheard = Arc::new(AtomicU64::new(0));
    let told = unheard.clone();
    let ground = Ground::from(
        builder(&kind::guest())
            .threads(threads)
            .max_stores(stores)
            .allocation(if few {
                Allocation::OnDemand
            } else {
                Allocation::Auto
            })
            .preemption(preemption)
            .abort_grace(Duration::from_millis(5))
            .on_unhandled(move |_| {
                // ORDERING: Relaxed; it is read when all is settled.
                told.fetch_add(1, Ordering::Relaxed);
            }),
    );
    let soak = Soak {
        ground,
        few,
        preempts: preemption != Preemption::Off,
    };
    let mut sizes = Vec::new();
    let mut counts = Counts::new();
    for half in 0..2 {
        std::thread::scope(|scope| {
            let callers: Vec<_> = (0..CALLERS)
                .map(|caller| {
                    let random = Random::new(seed + 1000 * half + caller);
                    let share = jobs / 2 / CALLERS + u64::from(caller == 0) * (jobs / 2 % CALLERS);
                    let soak = &soak;
                    scope.spawn(move || soak.call(random, share))
                })
                .collect();
            for caller in callers {
                for (key, count) in caller.join().unwrap() {
                    *counts.entry(key).or_default() += count;
                }
            }
        });
        soak.ground.holds();
        sizes.push(resident());
    }
    assert_eq!(counts.values().sum::<u64>(), jobs);
    println!("{counts:?}\nresident: {sizes:?}");
    // What an allocator keeps is its own affair, but it does not grow with each job.
    assert!(sizes[1] < sizes[0] + (64 << 20), "{sizes:?}");
    let of = |is: fn(&(Kind, Fate, Option<Outcome>)) -> bool| -> u64 {
        counts
            .iter()
            .filter(|(key, _)| is(key))
            .map(|(_, count)| count)
            .sum()
    };
    // Each that failed and had no handle was told, once.
    let silent = of(|(kind, fate, _)| *fate == Fate::Dropped && kind.fails());
    let unheard = unheard.load(Ordering::Relaxed);
    // And so was a child whose parent was stopped while it waited.
    let stopped =
        of(|(kind, _, outcome)| *kind == Kind::Parent && *outcome != Some(Outcome::Value));
    let most = if soak.few { jobs } else { silent + stopped };
    assert!(
        (silent..=most).contains(&unheard),
        "{unheard} errors were told, of {silent} to {most}"
    );
}

struct Soak {
    ground: Ground,
    few: bool,
    preempts: bool,
}

/// A handle with what is known of its job.
struct Going {
    kind: Kind,
    arg: u8,
    fate: Fate,
    handle: Handle<u8>,
}

impl Soak {
    /// So many jobs, by one caller.
    fn call(&self, mut random: Random, jobs: u64) -> Counts {
        let mut counts = Counts::new();
        let mut going = VecDeque::new();
        for _ in 0..jobs {
            let (kind, fate, handle, arg) = self.spawn(&mut random);
            if fate == Fate::Dropped {
                *counts.entry((kind, fate, None)).or_default() += 1;
                drop(handle);
                continue;
            }
            going.push_back(Going {
                kind,
                arg,
                fate,
                handle,
            });
            // At random, so that what is cancelled is at any point of its way.
            if random.below(8) == 0 {
                let one = random.below(going.len() as u64) as usize;
                let one: &Going = &going[one];
                if one.fate == Fate::Cancelled {
                    one.handle.cancel();
                }
            }
            while going.len() > random.below(WINDOW as u64) as usize {
                stop_endless(&going);
                if let Some(one) = going.pop_front() {
                    self.settles(one, &mut counts);
                }
                if random.below(4) != 0 {
                    break;
                }
            }
        }
        stop_endless(&going);
        for one in going {
            self.settles(one, &mut counts);
        }
        counts
    }

    fn spawn(&self, random: &mut Random) -> (Kind, Fate, Handle<u8>, u8) {
        let mut kind = Kind::draw(random);
        if kind == Kind::Spins && !self.preempts {
            kind = Kind::Checks;
        }
        let fate = match random.below(20) {
            0..2 => Fate::Cancelled,
            2..4 => Fate::Timed,
            4..6 if !kind.is_endless() => Fate::Dropped,
            _ if kind.is_endless() => Fate::Cancelled,
            _ => Fate::Awaited,
        };
        let arg = kind.arg(random);
        let handle = self.ground.spawn(kind.name(), arg);
        let handle = if fate == Fate::Timed {
            handle.timeout(Duration::from_micros(random.below(3000)))
        } else {
            handle
        };
        (kind, fate, handle, arg)
    }

    fn settles(&self, one: Going, counts: &mut Counts) {
        if one.fate == Fate::Cancelled {
            one.handle.cancel();
        }
        let result = one.handle.wait();
        let outcome = one.kind.judge(one.arg, one.fate, self.few, &result);
        *counts
            .entry((one.kind, one.fate, Some(outcome)))
            .or_default() += 1;
    }
}

/// Before anything is waited for: it might wait for a place, or a store, that one of these has.
fn stop_endless(going: &VecDeque<Going>) {
    let endless = going.iter().filter(|one| one.kind.is_endless());
    for one in endless.filter(|one| one.fate == Fate::Cancelled) {
        one.handle.cancel();
    }
}

fn on_few_threads(body: fn(Builder)) {
    for threads in [1, 2] {
        for preemption in [Preemption::Off, EPOCH, FUEL] {
            let guest = kind::guest().job(
                "brood",
                "(local $n i32)
                 (local.set $n (i32.mul (call $arg) (i32.const 100)))
                 (loop $next
                   (drop (call $child (i32.const 0) (i32.const 1) (i32.const 0)))
                   (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                   (br_if $next (local.get $n)))
                 (call $await (i32.mul (call $arg) (i32.const 100)))
                 (call $answer (call $arg))",
            );
            body(builder(&guest).threads(threads).preemption(preemption));
        }
    }
}

#[test]
fn fifty_nested_joins() {
    child::run("fifty_nested_joins", || {
        on_few_threads(|builder| {
            let ground = Ground::from(builder.max_stores(51));
            for _ in 0..20 {
                assert_eq!(ground.run("chain", 50).unwrap(), 50);
            }
            ground.holds();
        });
    });
}

#[test]
fn ten_thousand_children() {
    child::run("ten_thousand_children", || {
        on_few_threads(|builder| {
            let ground = Ground::from(builder.max_stores(4));
            assert_eq!(ground.run("brood", 100).unwrap(), 100);
            ground.holds();
        });
    });
}
