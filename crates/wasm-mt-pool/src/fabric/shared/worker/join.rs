//! Forks and joins: a worker lays the second half of a join on its board, runs the first, and takes the second back, unless a peer has
//! it. Then it helps others until that has ended, or sleeps.
//!
//! A worker that waits takes forks alone, never a job of the queue: what it takes ends before its own join goes on, and a fork is a
//! part of something that somebody waits for. So deep it helps and no deeper: a stolen fork never depends on its joiner, so the wait
//! ends without its help.
//!
//! Source: Blumofe and Leiserson, "Scheduling Multithreaded Computations by Work Stealing" (1999); the joiner that helps is rayon's.

use super::*;

/// So many forks of others may run on one stack above one another.
const HELPS: usize = 16;

/// How often a joiner looks before it sleeps: for about a microsecond.
#[cfg(not(loom))]
const LOOKS: u32 = 8;
#[cfg(loom)]
const LOOKS: u32 = 1;

/// A joiner that sleeps looks again after so many milliseconds, also where nobody has woken it.
const LONGEST: f64 = 1000.0;

/// What became of the half that was laid.
#[derive(Debug, PartialEq)]
pub(super) enum Half {
    /// Nobody has it: it is to run here.
    Here,
    /// A peer has run it, and gives this.
    There(Vec<u8>),
    /// It panicked there.
    Failed(Failure),
    /// The peer is gone.
    Lost,
    /// A peer has it, and the job was aborted meanwhile.
    Stopped,
}

impl<W: SharedWords, S: Site> Worker<W, S> {
    /// Whether a join of the running job forks.
    pub(super) fn may_fork(&self) -> bool {
        self.forks && !self.peers.borrow().is_empty()
    }

    /// Runs `a` here, while a peer may run what is in these bytes.
    pub(super) fn fork<A>(&self, bytes: Vec<u8>, a: impl FnOnce() -> A) -> (A, Half) {
        let fork = self.own.push(&bytes);
        // The next one is `a`'s.
        self.spare.set(bytes);
        let Some(fork) = fork else {
            return (a(), Half::Here);
        };
        self.wake(Want::Fork);
        let a = a();
        let half = if self.own.pop(fork) {
            Half::Here
        } else {
            self.wait_for(fork)
        };
        (a, half)
    }

    /// Until the fork has ended that a peer has.
    fn wait_for(&self, fork: u32) -> Half {
        while !self.own.has_ended(fork) {
            if self.gives_up() {
                return Half::Stopped;
            }
            if self.may_help()
                && let Some((stolen, from)) = self.steal()
            {
                self.run_fork(stolen, from);
                continue;
            }
            if (0..LOOKS).any(|_| self.may_go_on(fork)) {
                continue;
            }
            if !self.own.waits_for(fork) {
                break;
            }
            if self
                .own
                .announce(&self.lot, Kind::Helps, || self.may_go_on(fork))
            {
                self.own.wait(Kind::Helps, LONGEST);
            }
        }
        let thief = self.own.board().fork(fork).board();
        let thief = self.peer(thief);
        match self.own.take(fork, |_| thief.as_deref()) {
            Ended::Done(value) => Half::There(value),
            Ended::Panicked(told) => Half::Failed(Failure::of_bytes(&told)),
            Ended::Lost => Half::Lost,
        }
    }

    /// Whether a joiner that waits may take another's fork.
    fn may_help(&self) -> bool {
        self.claimed.borrow().len() < HELPS && !self.is_over()
    }

    fn may_go_on(&self, fork: u32) -> bool {
        self.own.has_ended(fork) || self.gives_up() || (self.may_help() && self.has_forks())
    }
}

/// What a thief tells of a panic.
#[derive(Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) message: String,
    /// `file:line:column`
    pub(super) place: Option<String>,
}

impl Failure {
    /// The message last: of what is too long for its room the end is cut off.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let place = self.place.as_deref().unwrap_or_default().as_bytes();
        // Its end has line and column.
        let place = &place[place.len().saturating_sub(usize::from(u8::MAX))..];
        [&[place.len() as u8], place, self.message.as_bytes()].concat()
    }

    /// Of what another wrote, which may be cut off anywhere.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        let (len, rest) = bytes.split_first().unwrap_or((&0, &[]));
        let (place, message) = rest.split_at(rest.len().min(usize::from(*len)));
        Failure {
            message: String::from_utf8_lossy(message).into_owned(),
            place: (*len > 0).then(|| String::from_utf8_lossy(place).into_owned()),
        }
    }
}
