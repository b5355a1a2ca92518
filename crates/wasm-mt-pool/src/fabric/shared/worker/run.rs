//! How a worker runs what it has claimed, and tells of it.

use super::take::Found;
use super::*;

/// How many jobs of a frame begin between two looks at whether it is aborted.
const LOOK: u32 = 16;

/// For so long, in microseconds, the end of short jobs is not told while there are more: a message costs the worker some tens of them,
/// and its owner as much.
const PATIENCE: f64 = 1000.0;

/// How many checkpoints look whether the job is aborted, of which the last looks whether all is over, too. Each look costs as much as the
/// rest of a checkpoint.
const CHECKS: u32 = 16;

/// What a fork ends with whose value is too large for this worker's memory.
const NO_ROOM: &str = "the result of a forked job is too large: its worker's shared memory has no room for it; return less, or \
    spawn the job instead";

impl<W: SharedWords, S: Site> Worker<W, S> {
    /// Jobs run from now on, in microseconds of the site's clock.
    pub(super) fn begins(&self, now: f64) {
        self.pace.borrow_mut().begins(now);
        self.counted.set(now);
    }

    pub(super) fn run(&self, found: Found<W>) {
        match found {
            Found::Job(slot) => self.run_job(slot),
            Found::Fork(stolen, from) => {
                self.alone.set(true);
                self.run_fork(stolen, from);
                self.alone.set(false);
                // The owner does not reckon with what forks take; but the worker was busy.
                self.pace.borrow_mut().begins(self.site.now());
                self.count(0);
            }
        }
    }

    fn run_job(&self, slot: u32) {
        let Some(record) = self.lot.record(slot, self.own.number()) else {
            // The job was taken from this worker, so it is gone for its owner.
            return self.over.set(true);
        };
        let flags = self.lot.flags(slot);
        if flags & flags::NOTE != 0 {
            self.tell();
        }
        self.each.set(flags & flags::EACH != 0);
        let head = self.site.head(&record);
        self.pace.borrow_mut().enters(head.kind, || self.site.now());
        self.running.set(Some(head));
        let ran = self
            .site
            .run(&record, &mut |place| self.enters(place as u32));
        self.running.set(None);
        let Some(Ran { outcomes, posted }) = ran else {
            return self.over.set(true);
        };
        let took = self.pace.borrow_mut().ends(|| self.site.now());
        self.count(head.len);
        if posted || !self.own.report(slot, took, &outcomes) {
            // In order: what is posted of it is heard before it counts as ended.
            if !outcomes.is_empty() {
                self.site.post(outcomes);
            }
            self.own.report_elsewhere(slot, took);
            self.leaves();
            return self.tell();
        }
        self.leaves();
        if flags & flags::LATER == 0 {
            return self.tell();
        }
        let looked = self.pace.borrow().looked();
        let since = self.untold.get().unwrap_or(looked);
        self.untold.set(Some(since));
        if looked - since >= PATIENCE {
            self.tell();
        }
    }

    /// Tells of what has ended, unless what runs next may be told of with it.
    pub(super) fn tells_before(&self, found: Option<&Found<W>>) {
        if self.untold.get().is_none() {
            return;
        }
        let waits = |found: &Found<W>| match found {
            Found::Job(slot) => self.lot.flags(*slot) & flags::LATER != 0,
            Found::Fork(..) => false,
        };
        if !found.is_some_and(waits) {
            self.tell();
        }
    }

    /// What ran is reported. Should this worker die between its next claim and the first job of that, only its first counts as begun.
    fn leaves(&self) {
        if self.at.replace(0) != 0 {
            self.own.set_at(0);
        }
    }

    /// A job of a record begins. Gives whether it is to: those of a frame that is aborted are not, nor is one of a row that is.
    fn enters(&self, place: u32) -> bool {
        if self.at.replace(place) != place {
            self.own.set_at(place);
        }
        if self.passed.replace(false) {
            // Behind the word that says how far it is: the owner may have another to name.
            self.tell();
        }
        let looks = self.each.get() || place % LOOK == LOOK - 1;
        let is_aborted = looks && self.is_aborted();
        self.passed.set(is_aborted && self.each.get());
        !is_aborted
    }

    /// Whether the owner wants what runs now to end: one of a row that it names, or the whole frame of which it names one.
    fn is_aborted(&self) -> bool {
        let named = self.own.board().abort();
        let is_one = |head: Head| named == (head.first as u32).wrapping_add(self.at.get());
        let is = |head: Head| {
            if self.each.get() {
                is_one(head)
            } else {
                head.has(named)
            }
        };
        named != 0 && self.running.get().is_some_and(is)
    }

    /// Whether the job of that id, which runs, is to end at once: it is aborted, or all is over.
    pub(super) fn stops(&self, id: u64) -> bool {
        let is = if self.runs(id) {
            self.is_aborted()
        } else {
            // It may have been posted.
            let named = self.own.board().posted_abort();
            named != 0 && named == id as u32
        };
        // Async jobs beside it would end with it: then its grace decides.
        let is = is && !self.site.has_others(id);
        if is {
            return true;
        }
        self.checked.set(self.checked.get().wrapping_add(1));
        self.checked.get().is_multiple_of(CHECKS) && (self.is_over() || self.is_orphan())
    }

    /// What runs is a fork whose joiner is gone, and nothing but that ends with this instance.
    fn is_orphan(&self) -> bool {
        match &self.claimed.borrow()[..] {
            [(_, from)] => {
                self.alone.get()
                    && !self.site.is_suspended()
                    && from.orders() & orders::REVOKED != 0
            }
            _ => false,
        }
    }

    /// The job that waits in a join is aborted, and nobody else's runs on it.
    pub(super) fn gives_up(&self) -> bool {
        self.claimed.borrow().is_empty() && self.is_aborted()
    }

    /// Whether it is one of those of the queue. A fork of others is not, though it may run in the midst of one.
    fn runs(&self, id: u64) -> bool {
        let is = |head: Head| (head.first..head.first + u64::from(head.len)).contains(&id);
        self.running.get().is_some_and(is)
    }

    fn tell(&self) {
        self.untold.set(None);
        if self.lot.tell() {
            self.site.tell();
        }
    }

    /// Counts what was run, and the time up to the last look at the clock.
    fn count(&self, run: u32) {
        let looked = self.pace.borrow().looked();
        let busy = (looked - self.counted.replace(looked)).max(0.0) as u32;
        self.own.count(Counters {
            run,
            busy,
            pages: self.site.pages(),
            ..Counters::default()
        });
    }

    /// Runs a fork of another worker, and brings what came of it.
    pub(super) fn run_fork(&self, stolen: Stolen, from: Rc<Board<W>>) {
        let Some(record) = from.record(&stolen, self.own.number()) else {
            return self.over.set(true);
        };
        self.claimed.borrow_mut().push((stolen, from));
        let value = self.site.run_fork(&record);
        let claimed = self.claimed.borrow_mut().pop();
        let (Some(value), Some((stolen, from))) = (value, claimed) else {
            return self.over.set(true);
        };
        self.own.count(Counters {
            stolen: 1,
            pages: self.site.pages(),
            ..Counters::default()
        });
        if !self.own.finish(stolen, &from, &value) {
            let told = Failure {
                message: NO_ROOM.into(),
                place: None,
            };
            self.own.fail(stolen, &from, &told.to_bytes());
        }
    }

    /// The instance is about to end by a panic: the innermost fork, where one runs, is whose it is.
    pub(super) fn panics(&self, message: &str, place: Option<&str>) {
        let claimed = self.claimed.try_borrow();
        if let Ok(claimed) = claimed
            && let Some((stolen, from)) = claimed.last()
        {
            let told = Failure {
                message: message.into(),
                place: place.map(Into::into),
            };
            self.own.fail(*stolen, from, &told.to_bytes());
        }
    }
}
