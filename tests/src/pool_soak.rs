//! Many jobs of all kinds and priorities, and workers that die, come and go among them: each handle settles, with what its
//! kind allows.

use std::collections::BTreeMap;
use std::future::pending;

use futures::StreamExt;
use wasm_mt::{Buffer, JoinError, JoinHandle, Receiver, Sender, channel, job};
use wasm_mt_pool::{Priority, ThreadPool, join};

use crate::common::{LONG, YieldOnce, all_go_on, built, busy_for, endless, runs_dry, this_pool};

const SEED: u64 = 5;

/// How many jobs there are: told when this is built, since nobody can be asked in a browser.
fn jobs() -> u32 {
    option_env!("WASM_MT_SOAK").map_or(20_000, |jobs| jobs.parse().expect("it is a number"))
}

/// Jobs that are spawned before any of them is awaited.
const CHUNK: u32 = 500;

/// Numbers that look random, the same in each run.
///
/// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014 (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Plain,
    Async,
    Buffer,
    /// Sends its number before it gives that.
    Tells,
    /// Awaits jobs of its own.
    Parent,
    Idempotent,
    /// Parts itself again and again.
    Joins,
    /// The same, and one of the parts panics.
    JoinPanics,
    Panics,
    PanicsLater,
    /// Closes its worker in a browser, and panics elsewhere.
    Closes,
    Aborted,
    /// Awaits something when it is aborted, or has not begun.
    AbortedAsync,
    /// Never ends when it is aborted, or has not begun.
    AbortedEndless,
}

impl Kind {
    /// A rare one in a thousand is worth a look: each of those takes a worker along.
    fn draw(random: &mut Random, endless: bool) -> Kind {
        match random.below(1000) {
            0..6 => Kind::Panics,
            6..8 => Kind::PanicsLater,
            8..12 => Kind::Closes,
            12 if endless => Kind::AbortedEndless,
            13..60 => Kind::Aborted,
            60..90 => Kind::AbortedAsync,
            90..120 => Kind::Parent,
            120..170 => Kind::Idempotent,
            170..220 => Kind::Buffer,
            220..270 => Kind::Tells,
            270..320 => Kind::Joins,
            320..323 => Kind::JoinPanics,
            323..420 => Kind::Async,
            _ => Kind::Plain,
        }
    }

    /// Whether the job may be lost in a browser with a worker that another one took along: it was begun there and had not
    /// ended, or what it was handed over is gone.
    fn may_be_lost(self) -> bool {
        matches!(
            self,
            Kind::Async
                | Kind::Parent
                | Kind::Idempotent
                | Kind::PanicsLater
                | Kind::AbortedAsync
                | Kind::Buffer
        ) || self.parts()
    }

    /// It waits for its parts, and runs those of others meanwhile, of which each may take its worker along.
    fn parts(self) -> bool {
        matches!(self, Kind::Joins | Kind::JoinPanics)
    }
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Value,
    Panic,
    Cancelled,
    Lost,
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn close_worker(_: u32) -> u32 {
    #[wasm_bindgen::prelude::wasm_bindgen]
    extern "C" {
        fn close();
    }
    close();
    0
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn close_worker(n: u32) -> u32 {
    panic!("soak {n}")
}

fn spawn(pool: &ThreadPool, kind: Kind, n: u32, tells: &Sender<u32>) -> JoinHandle<u32> {
    match kind {
        Kind::Plain | Kind::Aborted => pool.spawn(job!(|n| n)),
        Kind::Async => pool.spawn(job!(async |n| {
            YieldOnce::default().await;
            n
        })),
        Kind::Buffer => {
            let numbers = Buffer(vec![n; 100]);
            pool.spawn(job!(|numbers| numbers[99]))
        }
        Kind::Tells => {
            let tells = tells.clone();
            pool.spawn(job!(|n, tells| {
                tells.send(n).unwrap();
                n
            }))
        }
        Kind::Parent => pool.spawn(job!(async |n| {
            let halves = [n / 2, n - n / 2].map(|n| this_pool().spawn(job!(|n| n)));
            let more = this_pool().map(0..10u32, |_| 0).await.unwrap_or_default();
            let mut sum = more.into_iter().sum();
            for half in halves {
                sum += half.await.unwrap_or(1_000_000);
            }
            sum
        })),
        Kind::Idempotent => pool.spawn(
            job!(async |n| {
                YieldOnce::default().await;
                n
            })
            .idempotent(),
        ),
        Kind::Joins => pool.spawn(job!(|n| parted(n, 5, false))),
        Kind::JoinPanics => pool.spawn(job!(|n| parted(n, 5, true))),
        Kind::Panics => pool.spawn(job!(|n| -> u32 { panic!("soak {n}") })),
        Kind::PanicsLater => pool.spawn(job!(async |n: u32| -> u32 {
            YieldOnce::default().await;
            panic!("soak {n}")
        })),
        Kind::Closes => pool.spawn(job!(|n| close_worker(n))),
        Kind::AbortedAsync => pool.spawn(job!(async || pending::<u32>().await)),
        Kind::AbortedEndless => pool.spawn(job!(|| endless())),
    }
}

/// The number, by 32 parts that sum up to it, of which one may panic.
fn parted(n: u32, depth: u32, panics: bool) -> u32 {
    fn part(all: u32, n: u32, depth: u32, panics: bool) -> u32 {
        if depth == 0 {
            if panics {
                panic!("soak {all}");
            }
            return n;
        }
        let (depth, less) = (depth - 1, n / 3);
        let more = n - less;
        let (less, more) = join(
            || part(all, less, depth, false),
            job!(|all, more, depth, panics| part(all, more, depth, panics)),
        );
        less + more
    }
    part(n, n, depth, panics)
}

fn outcome_of(n: u32, kind: Kind, result: Result<u32, JoinError>) -> Outcome {
    match result {
        Ok(value) => {
            assert_eq!(value, n, "{kind:?}");
            Outcome::Value
        }
        // A part is lost with the worker that ran it, and its job fails by that.
        Err(error) if kind.parts() && lost_a_part(&error) => Outcome::Lost,
        Err(error) if error.is_panic() => {
            assert_eq!(
                error.panic_message(),
                Some(&*format!("soak {n}")),
                "{kind:?}"
            );
            Outcome::Panic
        }
        Err(error) if error.is_cancelled() => Outcome::Cancelled,
        Err(error) if error.is_lost() => {
            let source = std::error::Error::source(&error);
            assert!(error.may_have_run(), "{kind:?}: {error}: {source:?}");
            let is_own = error.to_string().contains("close()");
            assert!(kind != Kind::Closes || is_own, "{error}");
            Outcome::Lost
        }
        Err(error) => panic!("job {n}, {kind:?}: {error}"),
    }
}

fn lost_a_part(error: &JoinError) -> bool {
    let message = error.panic_message();
    message.is_some_and(|message| message.contains("half of a "))
}

/// Whether a job of the kind may end so. Among endless jobs, what is posted with one may be lost with it.
fn is_allowed(kind: Kind, outcome: Outcome, endless: bool) -> bool {
    let on_the_web = cfg!(all(target_family = "wasm", target_os = "unknown"));
    match (kind, outcome) {
        (Kind::Panics | Kind::PanicsLater | Kind::JoinPanics, Outcome::Panic) => true,
        (Kind::Closes, Outcome::Lost) => on_the_web,
        (Kind::Closes, Outcome::Panic) => !on_the_web,
        (Kind::Aborted | Kind::AbortedAsync | Kind::AbortedEndless, Outcome::Cancelled) => true,
        // It may have ended by then.
        (Kind::Aborted, Outcome::Value) => !on_the_web,
        (Kind::Panics | Kind::PanicsLater | Kind::JoinPanics, Outcome::Value) => false,
        (Kind::Closes, Outcome::Value) => false,
        (Kind::AbortedAsync | Kind::AbortedEndless, Outcome::Value) => false,
        (_, Outcome::Value) => true,
        (Kind::Aborted, Outcome::Lost) => false,
        (kind, Outcome::Lost) => endless || (on_the_web && kind.may_be_lost()),
        _ => false,
    }
}

/// What jobs have told, each its number once.
async fn told(told: Receiver<u32>) -> Vec<u32> {
    let mut told: Vec<u32> = told.map(Result::unwrap).collect().await;
    told.sort();
    told
}

fn say(text: &str) {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    wasm_mt::console_ln!("{}", text);
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    println!("{text}");
}

async fn pause(milliseconds: u32) {
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    std::thread::sleep(std::time::Duration::from_millis(milliseconds.into()));
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    wasm_mt::utils::sleep(milliseconds).await;
}

/// Each worker still takes what lies there for anybody, after a rest of any length: none is forgotten.
async fn all_are_woken(pool: &ThreadPool) {
    let runs = || -> BTreeMap<u64, u64> {
        let stats = pool.stats();
        stats.workers.iter().map(|it| (it.thread, it.run)).collect()
    };
    for rest in [0, 20, 400] {
        pause(rest).await;
        let before = runs();
        // How many it takes is the machine's affair.
        for _ in 0..100 {
            let jobs = (0..4 * before.len()).map(|_| pool.spawn(job!(|| busy_for(2.0))));
            for job in jobs.collect::<Vec<_>>() {
                job.timeout(LONG).await.unwrap();
            }
            if runs()
                .iter()
                .all(|(thread, run)| before.get(thread).is_none_or(|it| it < run))
            {
                break;
            }
        }
        for (thread, run) in runs() {
            let before = before.get(&thread).copied().unwrap_or(0);
            assert!(
                before < run,
                "thread {thread} is not woken any more, {rest} ms later"
            );
        }
    }
}

pub async fn every_handle_settles_whatever_dies() {
    let jobs = jobs();
    say(&format!("seed {SEED}, {jobs} jobs"));
    let pool = built(ThreadPool::builder().workers(2).recycle_jobs(1500)).await;
    let ranked =
        [Priority::Urgent, Priority::Background].map(|priority| pool.with_priority(priority));
    let mut random = Random(SEED);
    let mut drawn: BTreeMap<Kind, u32> = BTreeMap::new();
    let mut counts: BTreeMap<(Kind, Outcome), u32> = BTreeMap::new();
    for (chunk, first) in (0..jobs).step_by(CHUNK as usize).enumerate() {
        let endless = chunk % 8 == 7;
        if chunk % 5 == 4 {
            // Nobody waits for it: what is spawned meanwhile finds workers that come, or leave.
            drop(pool.resize(1 + random.below(4) as usize));
        }
        let (tells, tales) = channel::<u32>();
        let handles: Vec<_> = (first..jobs.min(first + CHUNK))
            .map(|n| {
                let kind = Kind::draw(&mut random, endless);
                // One that begins.
                let begins = endless && n == first;
                let kind = if begins { Kind::AbortedEndless } else { kind };
                let pool = ranked.get(random.below(8) as usize).unwrap_or(&pool);
                let handle = spawn(pool, kind, n, &tells).timeout(LONG);
                if kind == Kind::Aborted {
                    handle.abort();
                }
                (n, kind, handle)
            })
            .collect();
        drop(tells);
        if !endless {
            // Some have begun when this has ended.
            let _ = pool.spawn(job!(|| ())).await;
        }
        for (_, kind, handle) in &handles {
            if matches!(kind, Kind::AbortedAsync | Kind::AbortedEndless) {
                handle.abort();
            }
        }
        let mut sent = Vec::new();
        for (n, kind, handle) in handles {
            let result = handle.await;
            let text = format!("{result:?}");
            let outcome = outcome_of(n, kind, result);
            assert!(
                is_allowed(kind, outcome, endless),
                "job {n}, {kind:?}: {text}"
            );
            if (kind, outcome) == (Kind::Tells, Outcome::Value) {
                sent.push(n);
            }
            *drawn.entry(kind).or_default() += 1;
            *counts.entry((kind, outcome)).or_default() += 1;
        }
        let told = told(tales).await;
        // Whoever gave its value has told it, once.
        let mut once = told.clone();
        once.dedup();
        assert_eq!(told, once, "a job ran twice");
        assert!(sent.iter().all(|n| told.binary_search(n).is_ok()));
        assert!(endless || sent == told);
    }
    all_go_on(&pool).await;
    runs_dry(&pool).await;
    all_are_woken(&pool).await;
    assert_eq!(drawn.values().sum::<u32>(), jobs);
    assert_eq!(counts.values().sum::<u32>(), jobs);
    let only = |kind, outcome| counts.get(&(kind, outcome)) == drawn.get(&kind);
    assert!(only(Kind::Panics, Outcome::Panic), "{counts:?}");
    let closed = if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        Outcome::Lost
    } else {
        Outcome::Panic
    };
    assert!(only(Kind::Closes, closed), "{counts:?}");
    say(&format!("{counts:?}"));
}
