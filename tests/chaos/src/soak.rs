//! The soak: epochs, each of a pool and some threads, which are built as is drawn, run some rounds and end in some way.

use std::time::Duration;

use futures::{FutureExt, future};
use wasm_bindgen::JsValue;
use wasm_mt::{Builder, Thread, job};
use wasm_mt_pool::{Fabric, ThreadPool};

use crate::page::{self, Deadline, LONG};
use crate::random::Random;
use crate::round::{Books, Counts, Plan, Round};

/// How long an aborted job may go on: shorter than a machine may pause by itself, where endless jobs are meant to be stopped,
/// and much longer where none is, so that no worker is ended that was only slow.
const IMPATIENT: Duration = Duration::from_millis(50);
const PATIENT: Duration = Duration::from_secs(10);

pub(crate) struct Soak {
    books: Books,
    rounds: u32,
    epochs: u32,
}

impl Soak {
    pub(crate) fn new(seed: u64, checkpoint: bool) -> Self {
        Soak {
            books: Books {
                random: Random::new(seed),
                checkpoint,
                next: 1,
                counts: Counts::new(),
                again: 0,
            },
            rounds: 0,
            epochs: 0,
        }
    }

    /// What came of it.
    pub(crate) fn told(&self) -> String {
        let mut counts = String::new();
        let mut last = None;
        for ((kind, outcome), count) in &self.books.counts {
            let kind = Some(*kind);
            if last != kind {
                counts += &kind.map_or_else(String::new, |kind| format!("; {kind:?}:"));
                last = kind;
            }
            counts += &format!(" {count} {outcome:?}");
        }
        format!(
            "{} jobs in {} rounds of {} pools, {} begun again{counts}",
            self.books.next - 1,
            self.rounds,
            self.epochs,
            self.books.again,
        )
    }

    /// Has a pool and some threads run some rounds, and ends them. `all_kinds`: none is left out.
    pub(crate) async fn epoch(&mut self, all_kinds: bool) -> Result<(), JsValue> {
        self.epochs += 1;
        let epoch = self.epochs;
        self.try_epoch(all_kinds)
            .await
            .map_err(|what| format!("epoch {epoch}, round {}: {what}", self.rounds).into())
    }

    async fn try_epoch(&mut self, all_kinds: bool) -> Result<(), String> {
        let impatient = self.books.random.one_in(3);
        let bounded = self.books.random.one_in(5);
        let mut limit = Deadline::long();
        if all_kinds || self.books.random.one_in(3) {
            limit
                .within(self.starts_fail(), || "a start that fails".into())
                .await??;
        }
        let pool = self.pool(impatient, bounded);
        let pool = limit
            .within(pool.build(), || "a pool's start".into())
            .await?
            .map_err(|error| format!("a pool did not start: {error}"))?;
        drop(limit);
        let mut threads: Vec<Thread> = Vec::new();
        let rounds = 1 + self.books.random.below(8);
        for round in 1..=rounds {
            self.rounds += 1;
            if threads.len() > self.books.random.below(4) as usize {
                threads.swap_remove(self.books.random.below(threads.len() as u32) as usize);
            } else if threads.len() < 3 {
                let start = thread(impatient).start();
                let started = Deadline::long()
                    .within(start, || "a thread's start".into())
                    .await?;
                threads.push(started.map_err(|error| format!("a thread did not start: {error}"))?);
            }
            let ends = if round == rounds {
                self.books.random.below(6)
            } else {
                0
            };
            let plan = Plan {
                deaths: all_kinds || self.books.random.one_in(2),
                bounded,
                ends_pool: matches!(ends, 1 | 2),
                ends_threads: matches!(ends, 2 | 3),
                endless: impatient,
                kills: self.books.random.one_in(5),
                all_kinds,
            };
            page::say(&format!(
                "epoch {}, round {}, job {}: {plan:?}",
                self.epochs, self.rounds, self.books.next
            ));
            Round::new(&pool, &threads, plan, &mut self.books)
                .run()
                .await?;
        }
        Ok(())
    }

    fn pool(&mut self, impatient: bool, bounded: bool) -> wasm_mt_pool::Builder {
        let random = &mut self.books.random;
        let mut pool = ThreadPool::builder()
            .workers(1 + random.below(3) as usize)
            .steal(!random.one_in(4))
            .fabric(if random.one_in(3) {
                Fabric::Post
            } else {
                // Shared memory, where the browser has it.
                Fabric::Auto
            })
            .threads(thread(impatient));
        if random.one_in(3) {
            pool = pool.recycle_jobs(u64::from(1 + random.below(300)));
        }
        if random.one_in(4) {
            // An instance begins with more than a megabyte.
            pool = pool.recycle_bytes(u64::from((1 << 20) + random.below(1 << 20)));
        }
        if random.one_in(3) {
            pool = pool
                .idle_timeout(Duration::from_millis(random.below(30).into()))
                .min_workers(random.below(2) as usize);
        }
        if bounded {
            pool = pool.capacity(1 + random.below(60) as usize);
        }
        pool
    }

    /// Starts that fail or are given up.
    async fn starts_fail(&mut self) -> Result<(), String> {
        let start = Thread::builder().glue_url("no-such-glue.js").start();
        match start.await {
            Err(error) if error.is_glue() => {}
            other => return Err(format!("without its glue a thread's start gave {other:?}")),
        }
        match ThreadPool::builder().workers(0).build().await {
            Err(error) if error.is_no_workers() => {}
            other => return Err(format!("without workers a pool's start gave {other:?}")),
        }
        match thread(false).on_start(|| panic!("on start")).start().await {
            Err(error) if error.is_on_start() => {}
            other => return Err(format!("a start whose function panics gave {other:?}")),
        }
        // One that is dropped when it has begun, and one that has no time to.
        let mut dropped = Box::pin(thread(false).start());
        let _ = future::poll_immediate(&mut dropped).await;
        page::pause(self.books.random.below(30)).await;
        drop(dropped);
        let _ = ThreadPool::builder().workers(2).build().now_or_never();
        // A thread that is ended takes nothing more.
        let thread = thread(false)
            .start()
            .await
            .map_err(|error| error.to_string())?;
        thread.terminate();
        match thread.spawn(job!(|| ())).await {
            Err(error) if error.is_closed() && !error.may_have_run() => Ok(()),
            other => Err(format!("a thread that was terminated gave {other:?}")),
        }
    }
}

fn thread(impatient: bool) -> Builder {
    Thread::builder()
        .abort_grace(if impatient { IMPATIENT } else { PATIENT })
        .start_deadline(Duration::from_millis(LONG.into()))
        // What became of detached jobs is told by their channel, not on the console.
        .on_unhandled(|_| ())
}
