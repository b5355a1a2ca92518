//! A round: some jobs, what happens to them, and the judgement of each.

use std::collections::BTreeMap;

use futures::{FutureExt, StreamExt};
use wasm_bindgen_futures::JsFuture;
use wasm_mt::{JoinError, Receiver, Sender, Thread, channel};
use wasm_mt_pool::{Priority, ThreadPool};

use crate::beside;
use crate::model::{DEADLY, ENDLESS, HARMLESS, Kind, Outcome, Weather, outcome_of, runs, told};
use crate::page::{self, Deadline};
use crate::random::Random;
use crate::running::Running;
use crate::work::{self, MOST_BULK, MOST_TEXT, Target};

/// Jobs of a round at most, and those of them that have a buffer.
const MOST_JOBS: u32 = 120;
const MOST_BULKS: u32 = 16;

/// A job's own thread takes as long to start as any.
const MOST_OWN_THREADS: u32 = 3;

/// What a round holds at most: each buffer and each text is there as it goes and as it comes; all else is small.
pub(crate) const MOST_BYTES: usize =
    (2 * MOST_BULKS * MOST_BULK + 4 * MOST_JOBS * MOST_TEXT) as usize + (1 << 20);

/// What is drawn for a round.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Jobs take their workers along.
    pub(crate) deaths: bool,
    /// The pool's queue has bounds.
    pub(crate) bounded: bool,
    /// With jobs on their way the pool is ended, and the threads are.
    pub(crate) ends_pool: bool,
    pub(crate) ends_threads: bool,
    /// Jobs are endless.
    pub(crate) endless: bool,
    /// Workers are killed.
    pub(crate) kills: bool,
    /// One job of each kind is among them.
    pub(crate) all_kinds: bool,
}

/// How often each kind ended how.
pub(crate) type Counts = BTreeMap<(Kind, Outcome), u32>;

/// What goes on from round to round.
pub(crate) struct Books {
    pub(crate) random: Random,
    /// Only a checkpoint lets an endless job be ended.
    pub(crate) checkpoint: bool,
    /// The number of the next job.
    pub(crate) next: u32,
    pub(crate) counts: Counts,
    /// How often a job has begun after its worker was lost.
    pub(crate) again: u32,
}

/// What a round works on.
pub(crate) struct Round<'a> {
    pool: &'a ThreadPool,
    threads: &'a [Thread],
    plan: Plan,
    books: &'a mut Books,
    running: Vec<Running>,
    bulks: u32,
    own_threads: u32,
    deadline: Deadline,
}

impl<'a> Round<'a> {
    pub(crate) fn new(
        pool: &'a ThreadPool,
        threads: &'a [Thread],
        plan: Plan,
        books: &'a mut Books,
    ) -> Self {
        Round {
            pool,
            threads,
            plan,
            books,
            running: Vec::new(),
            bulks: 0,
            own_threads: 0,
            deadline: Deadline::long(),
        }
    }

    /// Spawns, disturbs, ends what is to be ended, and judges.
    pub(crate) async fn run(mut self) -> Result<(), String> {
        let (tells, tales) = channel::<u32>();
        let mut beside = Vec::new();
        let mut kills: Vec<JsFuture> = Vec::new();
        if self.plan.all_kinds {
            self.spawn_all_kinds(&tells);
        }
        for _ in 0..=self.books.random.below(3) {
            for _ in 0..=self.books.random.below(MOST_JOBS / 3) {
                let kind = self.draw();
                self.spawn(kind, &tells);
            }
            beside.extend(beside::draw(self.pool, &self.plan, &mut self.books.random));
            if self.plan.kills && self.books.random.one_in(2) {
                // At once a worker is killed before it has a job, later in one.
                if !self.books.random.one_in(3) {
                    page::pause(self.books.random.below(12)).await;
                }
                kills.push(page::kill(self.books.random.below(16)));
            }
            if self.books.random.one_in(2) {
                page::pause(self.books.random.below(12)).await;
            }
            self.abort_some()?;
        }
        drop(tells);
        if self.plan.ends_threads {
            self.threads.iter().for_each(Thread::terminate);
        }
        if self.plan.ends_pool {
            // In a browser there is nothing to wait for.
            let _ = self.pool.shutdown().now_or_never();
        }
        self.abort_all()?;
        self.judge(tales).await?;
        for one in beside {
            self.deadline
                .within(one, || "what goes on beside the jobs".into())
                .await??;
        }
        for kill in kills {
            // It is never rejected. A killed worker that nobody notices is a failure as any other.
            let _ = self
                .deadline
                .within(kill, || "the end of a killed worker".into())
                .await?;
        }
        Ok(())
    }

    fn draw(&mut self) -> Kind {
        let random = &mut self.books.random;
        let kind = match random.below(100) {
            0..3 if self.plan.deaths => random.of(&DEADLY),
            3..5 if self.plan.endless => random.of(&ENDLESS),
            5..9 if self.plan.kills => Kind::IdempotentBusy,
            5..50 => random.of(&HARMLESS),
            _ => Kind::Plain,
        };
        match kind {
            Kind::Bulk if self.bulks == MOST_BULKS => Kind::Plain,
            Kind::OwnThread if self.own_threads == MOST_OWN_THREADS => Kind::Plain,
            kind => kind,
        }
    }

    fn spawn_all_kinds(&mut self, tells: &Sender<u32>) {
        let deadly: &[Kind] = if self.plan.deaths { &DEADLY } else { &[] };
        let endless: &[Kind] = if self.plan.endless { &ENDLESS } else { &[] };
        for &kind in HARMLESS.iter().chain(deadly).chain(endless) {
            self.spawn(kind, tells);
        }
    }

    fn spawn(&mut self, kind: Kind, tells: &Sender<u32>) {
        let n = self.books.next;
        self.books.next += 1;
        self.bulks += u32::from(kind == Kind::Bulk);
        self.own_threads += u32::from(kind == Kind::OwnThread);
        let single = self.books.random.below(8) as usize;
        let thread = self.threads.get(single).filter(|_| kind != Kind::Parent);
        let ranked;
        let to = match thread {
            Some(thread) => Target::Thread(thread),
            None => {
                let ranks = [
                    Priority::Normal,
                    Priority::Normal,
                    Priority::Urgent,
                    Priority::Background,
                ];
                ranked = self.pool.with_priority(self.books.random.of(&ranks));
                Target::Pool(&ranked)
            }
        };
        let is_detached = matches!(kind, Kind::Detached | Kind::PanicsDetached);
        let cannot_tell = matches!(kind, Kind::Bulk | Kind::Text | Kind::StrangeArgument);
        // Of a job without a handle its channel alone tells that it has ended, and how often it ran.
        let must_tell = is_detached || matches!(kind, Kind::DroppedAsync | Kind::IdempotentBusy);
        let does_tell = must_tell || !cannot_tell && self.books.random.one_in(2);
        let sender = does_tell.then(|| tells.clone());
        let handle = work::spawn(
            to,
            kind,
            n,
            sender,
            &mut self.books.random,
            self.books.checkpoint,
            self.plan.kills,
        );
        if kind == Kind::Aborted {
            handle.abort.abort();
        }
        self.running.push(Running {
            n,
            kind,
            tells: does_tell,
            on_thread: thread.is_some(),
            handle: (!is_detached).then_some(handle),
        });
    }

    fn abort_some(&mut self) -> Result<(), String> {
        for one in &mut self.running {
            if one.is_aborted() && self.books.random.one_in(3) {
                one.abort()?;
            }
        }
        Ok(())
    }

    fn abort_all(&mut self) -> Result<(), String> {
        let those = self.running.iter_mut().filter(|one| one.is_aborted());
        for one in those {
            one.abort()?;
        }
        Ok(())
    }

    async fn judge(&mut self, tales: Receiver<u32>) -> Result<(), String> {
        let mut expected: Vec<(u32, Kind, u32, u32)> = Vec::new();
        for one in std::mem::take(&mut self.running) {
            let Running { n, kind, .. } = one;
            let name = || format!("job {n}, {kind:?},");
            let Some(handle) = one.handle else {
                let may_be_lost = self
                    .weather(one.on_thread)
                    .allows(Kind::Plain, Outcome::Lost);
                let may_not_begin = self.weather(one.on_thread).may_not_begin();
                let must_run = kind != Kind::DroppedAsync && !may_be_lost && !may_not_begin;
                let least = u32::from(must_run);
                expected.push((n, kind, least, 1));
                continue;
            };
            let result = self.deadline.within(handle.outcome, name).await?;
            self.check(n, kind, one.on_thread, &result)?;
            if one.tells {
                let (least, most) = runs(kind, &result);
                expected.push((n, kind, least, most));
            }
        }
        // The stream ends when the last job has that tells.
        let tales: Vec<_> = self
            .deadline
            .within(tales.collect(), || "the stream of what jobs tell".into())
            .await?;
        let mut times: BTreeMap<u32, u32> = BTreeMap::new();
        for tale in tales {
            *times
                .entry(tale.map_err(|error| format!("a tale: {error}"))?)
                .or_default() += 1;
        }
        for (n, kind, least, most) in expected {
            let ran = times.remove(&n).unwrap_or_default();
            if ran < least || ran > most {
                return Err(format!(
                    "job {n}, {kind:?}, ran {ran} times, not {least} to {most}"
                ));
            }
            self.books.again += ran.saturating_sub(1);
        }
        match times.pop_first() {
            None => Ok(()),
            Some((n, _)) => Err(format!("job {n}, which has nothing to tell with, told")),
        }
    }

    /// What happens beside the jobs of the threads, or of the pool.
    fn weather(&self, on_thread: bool) -> Weather {
        let plan = &self.plan;
        Weather {
            deaths: plan.deaths,
            outside: plan.endless || plan.kills,
            bounded: plan.bounded && !on_thread,
            ended: if on_thread {
                plan.ends_threads
            } else {
                plan.ends_pool
            },
        }
    }

    fn check(
        &mut self,
        n: u32,
        kind: Kind,
        on_thread: bool,
        result: &Result<u32, JoinError>,
    ) -> Result<(), String> {
        let weather = self.weather(on_thread);
        let said = || match result {
            Ok(value) => format!("the value {value}"),
            Err(error) => told(error),
        };
        let place = if on_thread { "a thread" } else { "the pool" };
        let outcome = outcome_of(n, kind, result)
            .map_err(|what| format!("job {n}, {kind:?}, of {place}: {what}"))?;
        if !weather.allows(kind, outcome) {
            return Err(format!(
                "job {n}, {kind:?}, of {place} may not give {outcome:?} in {weather:?}: {}",
                said()
            ));
        }
        *self.books.counts.entry((kind, outcome)).or_default() += 1;
        Ok(())
    }
}
