//! [`Entry`]: jobs on their way to a worker, and who waits for them: one that was spawned, or several of a `map` in a row,
//! which can be parted. Lives with the owner, in one place at a time.
//!
//! Never true: that an entry is without a job. It is dropped with its last.

use std::fmt;
use std::sync::Arc;

use crate::channel::Outlet;
use crate::error::{JoinError, JoinErrorKind, StartError};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use crate::handle::Came;
use crate::handle::{JobId, Packet, Waits};
use crate::sys;
use crate::worker::Outcome;

/// Jobs on their way, whose task is kept until they end. Boxed: it goes through many hands, and copies of it in each are
/// code.
pub struct Entry {
    packet: Arc<dyn Packet>,
    first: JobId,
    len: usize,
    pub(crate) task: sys::Task,
    /// The ends of channels that are with its jobs: whose, and their places among the arguments.
    outlets: Vec<Held>,
    /// How often it has begun, or may have.
    runs: u32,
    /// It is for one worker of a pool alone.
    pinned: bool,
    /// How a pool ranks it; 0 where it does not.
    rank: u8,
    /// Its place in a bounded queue.
    waits: Option<Waits>,
}

/// The near end of a channel, with the job that holds the other.
pub(crate) type Held = (JobId, u32, Arc<dyn Outlet>);

/// How often an idempotent job may begin: what took its workers along may be the job itself.
const RUNS: u32 = 3;

impl Entry {
    /// One job, with who waits for it.
    pub fn new(id: JobId, packet: Arc<dyn Packet>, mut task: sys::Task) -> Box<Self> {
        // Few jobs have any, and to collect nothing is not free.
        let outlets = match task.take_outlets() {
            outlets if outlets.is_empty() => Vec::new(),
            outlets => {
                let held = outlets.into_iter().map(|(at, outlet)| (id, at, outlet));
                held.collect()
            }
        };
        Box::new(Entry {
            packet,
            first: id,
            len: 1,
            task,
            outlets,
            runs: 0,
            pinned: false,
            rank: 0,
            waits: None,
        })
    }

    /// The jobs of a `map` from `first` on.
    pub(crate) fn many(
        first: JobId,
        len: usize,
        packet: Arc<dyn Packet>,
        mut task: sys::Task,
    ) -> Box<Self> {
        task.begins_with(first);
        Box::new(Entry {
            packet,
            first,
            len,
            task,
            outlets: Vec::new(),
            runs: 0,
            pinned: false,
            rank: 0,
            waits: None,
        })
    }

    /// The id of its first job. Those of the others follow.
    pub fn first(&self) -> JobId {
        self.first
    }

    /// How many jobs it holds.
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn has(&self, id: JobId) -> bool {
        (self.first.0..self.first.0 + self.len as u64).contains(&id.0)
    }

    /// Leaves its first `at` jobs and gives the others: some, but not all.
    pub fn split_off(&mut self, at: usize) -> Box<Self> {
        let first = JobId(self.first.0 + at as u64);
        let outlets = self
            .outlets
            .extract_if(.., |(id, ..)| *id >= first)
            .collect();
        let rest = Entry {
            packet: self.packet.clone(),
            first,
            len: self.len - at,
            task: self.task.another(),
            outlets,
            runs: self.runs,
            pinned: self.pinned,
            rank: self.rank,
            waits: None,
        };
        self.len = at;
        Box::new(rest)
    }

    /// Nobody waits for any of its jobs any more.
    pub fn is_settled(&self) -> bool {
        self.packet.is_settled()
    }

    /// What its jobs have in common with those that call the same function.
    pub fn kind(&self) -> u64 {
        self.task.kind()
    }

    /// It hands something over that is then gone from here.
    pub fn goes_alone(&self) -> bool {
        self.task.hands_over()
    }

    /// Makes it one worker's alone.
    pub fn pin(&mut self) {
        self.pinned = true;
    }

    /// It is one worker's alone.
    pub fn is_pinned(&self) -> bool {
        self.pinned
    }

    /// Ranks it among what waits in a pool, by the pool's own numbers.
    pub fn set_rank(&mut self, rank: u8) {
        self.rank = rank;
    }

    /// How it was ranked; 0 where it was not.
    pub fn rank(&self) -> u8 {
        self.rank
    }

    /// It has a place in a bounded queue until it begins or nobody waits for it.
    pub(crate) fn wait_with(&mut self, waits: Option<Waits>) {
        self.waits = waits;
    }

    /// It waits no more. Wakes who waits for its place: not under a lock.
    pub fn begins(&mut self) {
        self.waits = None;
    }

    /// Ends of channels are with its jobs, to be closed when those end.
    pub fn holds_outlets(&self) -> bool {
        !self.outlets.is_empty()
    }

    /// It may await something, for all that is known here.
    pub fn may_suspend(&self) -> bool {
        self.task.may_suspend()
    }

    /// Its body may run more than once.
    pub fn is_idempotent(&self) -> bool {
        self.task.is_idempotent()
    }

    #[cfg(not(target_os = "wasi"))]
    pub(crate) fn hold(&mut self, id: JobId, outlet: (u32, Arc<dyn Outlet>)) {
        self.outlets.push((id, outlet.0, outlet.1));
    }

    /// The channel's end of the job that stood at `index` of its arguments.
    #[cfg(target_family = "wasm")]
    pub(crate) fn outlet(&self, id: JobId, index: u32) -> Option<&Arc<dyn Outlet>> {
        self.outlets
            .iter()
            .find(|(of, at, _)| *of == id && *at == index)
            .map(|(.., outlet)| outlet)
    }

    /// Takes that end out.
    #[cfg(target_family = "wasm")]
    pub(crate) fn take_outlet(&mut self, id: JobId, index: u32) -> Option<Arc<dyn Outlet>> {
        let at = self
            .outlets
            .iter()
            .position(|(of, at, _)| *of == id && *at == index)?;
        Some(self.outlets.swap_remove(at).2)
    }

    /// Takes the ends of all its channels out.
    pub(crate) fn take_outlets(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.outlets)
    }

    /// Parts its first job, which has ended, from the others.
    pub fn split_first(mut self: Box<Self>) -> (Left, Option<Box<Self>>) {
        match self.len {
            1 => (Left::Whole(self), None),
            _ => (Left::One(self.take_first()), Some(self)),
        }
    }

    /// Ends its first job, and gives the others. Runs foreign code: not under a lock.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn end_first(mut self: Box<Self>, came: Came<'_>) -> Option<Box<Self>> {
        let id = self.first;
        if self.len > 1 {
            if self.holds_outlets() {
                close(self.take_first().outlets);
            } else {
                self.first = id.next_to();
                self.len -= 1;
            }
            came.settle(&*self.packet, id);
            return Some(self);
        }
        let Entry {
            packet,
            task,
            outlets,
            ..
        } = *self;
        drop(task);
        close(outlets);
        came.settle(&*packet, id);
        None
    }

    /// Takes the first of several jobs out, which has ended.
    pub(crate) fn take_first(&mut self) -> One {
        let id = self.first;
        let outlets = self.outlets.extract_if(.., |(of, ..)| *of == id).collect();
        self.first = JobId(id.0 + 1);
        self.len -= 1;
        One {
            packet: self.packet.clone(),
            id,
            outlets,
        }
    }

    /// Who waits for its jobs: the packet, the first id, how many they are, and the near ends of their channels.
    #[cfg(target_os = "wasi")]
    pub(crate) fn into_parts(self) -> (Arc<dyn Packet>, JobId, usize, Vec<Held>) {
        (self.packet, self.first, self.len, self.outlets)
    }

    /// It has a place in a bounded queue.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn waits(&self) -> bool {
        self.waits.is_some()
    }

    /// Takes its place in a bounded queue, which is given back when that is dropped: not under a lock.
    #[cfg(target_family = "wasm")]
    pub fn take_waits(&mut self) -> Option<Waits> {
        self.waits.take()
    }

    /// Who waits for it, where its task has gone elsewhere.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn into_child(self) -> (JobId, Child) {
        let child = Child {
            packet: self.packet,
            len: self.len,
            left: self.len,
            ended: Vec::new(),
            outlets: self.outlets,
        };
        (self.first, child)
    }

    /// Counts that it has begun, or may have.
    pub fn count_run(&mut self) {
        self.runs += 1;
    }

    /// Makes it ready to be posted anew, where its worker was lost.
    ///
    /// # Errors
    /// What its jobs end with where it is not: the reason.
    pub fn begin_again(&mut self, why: String) -> Result<(), JoinError> {
        if !self.task.is_idempotent() || self.is_settled() {
            return Err(JoinError::lost(why));
        }
        if self.runs >= RUNS {
            let times = format!("{why}; the job has begun {RUNS} times");
            return Err(JoinError::lost(times));
        }
        self.task
            .again()
            .map_err(|reason| JoinError::lost(format!("{why}; it cannot begin again: {reason}")))
    }

    /// What its jobs end with where no worker can be had for them.
    pub fn not_replaced(&self, error: StartError) -> JoinError {
        JoinError::new(JoinErrorKind::NotReplaced {
            error,
            may_have_run: self.runs > 0,
        })
    }

    /// Ends its one job, or each of its several. Runs foreign code: not under a lock.
    pub(crate) fn end(self, outcome: Outcome) {
        let Entry {
            packet,
            first,
            len,
            task,
            outlets,
            ..
        } = self;
        drop(task);
        close(outlets);
        match outcome {
            Err(error) if len > 1 => {
                for id in (first.0..).take(len) {
                    packet.settle(JobId(id), Err(error.clone()));
                }
            }
            outcome => packet.settle(first, outcome),
        }
    }

    /// Ends all its jobs with an error. Runs foreign code: not under a lock.
    #[expect(clippy::boxed_local, reason = "an entry moves about as a pointer")]
    pub fn fail(self: Box<Self>, error: JoinError) {
        self.end(Err(error));
    }
}

impl Entry {
    /// Drops jobs that nobody waits for, and closes their channels. Runs foreign code: not under a lock.
    pub fn discard(mut self: Box<Self>) {
        let outlets = self.take_outlets();
        drop(self);
        close(outlets);
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("first", &self.first)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

/// Who waits for jobs that are elsewhere.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) struct Child {
    pub(crate) packet: Arc<dyn Packet>,
    pub(crate) len: usize,
    /// How many have not ended.
    pub(crate) left: usize,
    /// Which of several have.
    ended: Vec<bool>,
    pub(crate) outlets: Vec<Held>,
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
impl Child {
    /// Notes the end of the job at a place, and gives whether it was noted before.
    pub(crate) fn has_ended(&mut self, place: usize) -> bool {
        if self.len > 1 {
            self.ended.resize(self.len, false);
            let Some(ended) = self.ended.get_mut(place) else {
                return true;
            };
            if std::mem::replace(ended, true) {
                return true;
            }
        }
        self.left -= 1;
        false
    }
}

/// A job that has ended, on its way out.
#[derive(Debug)]
pub enum Left {
    /// All of an entry.
    Whole(Box<Entry>),
    /// One of several.
    One(One),
}

impl Left {
    /// Tells who waits for it. Runs foreign code: not under a lock.
    pub fn end(self, outcome: Outcome) {
        match self {
            Left::Whole(entry) => entry.end(outcome),
            Left::One(one) => one.end(outcome),
        }
    }
}

/// One job of several, which has ended.
pub struct One {
    packet: Arc<dyn Packet>,
    id: JobId,
    outlets: Vec<Held>,
}

impl One {
    /// Runs foreign code: not under a lock.
    pub(crate) fn end(self, outcome: Outcome) {
        close(self.outlets);
        self.packet.settle(self.id, outcome);
    }
}

impl fmt::Debug for One {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("One").field(&self.id).finish()
    }
}

/// The jobs have ended for their owner, so their channels have. Runs foreign code: not under a lock.
pub(crate) fn close(outlets: Vec<Held>) {
    for (.., outlet) in outlets {
        outlet.close();
    }
}
