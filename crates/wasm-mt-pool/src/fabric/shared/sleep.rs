//! How a worker sleeps, and who is woken for a job. `README.md` argues why no wake-up is lost.
//!
//! 1. **Announce, look again, sleep.** A worker says on its board how it sleeps, sets its bit in the lot, looks for everything once
//!    more, and only then sleeps.
//! 2. **Publish, look, wake.** Who has something for anybody publishes it before it looks at the bits.
//! 3. A bit is set by its worker and cleared by whoever claims it; a worker that wakes by itself leaves it. Who claims one in vain
//!    tries the next.

use super::board::Board;
use super::layout::{self, SEATS_A_WORD, board as words};
use super::lot::Lot;
use super::own_board::OwnBoard;
use super::sync::{Step, taken};
use super::words::SharedWords;

/// How a worker sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It blocks, and takes anything.
    Waits,
    /// It is in its event loop, where only a message wakes it, and takes anything.
    Listens,
    /// It blocks in a join, and takes forks only.
    Helps,
}

impl Kind {
    pub(super) const AWAKE: i32 = 0;
    const HELPS: i32 = 3;

    pub(super) const fn park(self) -> i32 {
        match self {
            Kind::Waits => 1,
            Kind::Listens => 2,
            Kind::Helps => Kind::HELPS,
        }
    }

    fn of(park: i32) -> Option<Self> {
        match park {
            1 => Some(Kind::Waits),
            2 => Some(Kind::Listens),
            Kind::HELPS => Some(Kind::Helps),
            _ => None,
        }
    }
}

/// What somebody is woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// A job of the queue.
    Job,
    /// A fork, which one that waits for another takes, too.
    Fork,
}

/// Whom a wake has found.
#[must_use = "one that listens is not woken before it is posted something"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Nobody sleeps who would take it.
    Nobody,
    Notified,
    /// The owner is to post something to the worker in that seat, and to say so by [`Board::mailed`].
    Listens(u32),
}

impl<W: SharedWords> Lot<W> {
    /// By anybody who has published a job: wakes one worker that would take it, of so many seats. By a worker for its forks, who gives
    /// its own seat as `me`.
    ///
    /// `known` gives the caller's view of the board with that number; where it has none, nobody is woken.
    pub(crate) fn wake<'a>(
        &self,
        want: Want,
        seats: u32,
        me: Option<u32>,
        known: impl Fn(u16) -> Option<&'a Board<W>>,
    ) -> Woken
    where
        W: 'a,
    {
        for first in (0..seats).step_by(SEATS_A_WORD as usize) {
            let word = layout::lot::SLEEP + first / SEATS_A_WORD;
            let bits = self.words.load(word) as u32;
            let mut left = match want {
                Want::Job => bits & 0xffff,
                Want::Fork => (bits | bits >> 16) & 0xffff,
            };
            if let Some(me) = me
                && me / SEATS_A_WORD == first / SEATS_A_WORD
            {
                left &= !(1 << (me % SEATS_A_WORD));
            }
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                let seat = first + bit;
                let Some(board) = known(self.current(seat)) else {
                    continue;
                };
                // Both halves: it is awake afterwards, however it slept.
                let both: i32 = 1 << bit | 1 << (bit + SEATS_A_WORD);
                if self.words.and(word, !both) & both == 0 {
                    continue;
                }
                match board.claim_sleeper(want) {
                    Some(Kind::Listens) => return Woken::Listens(seat),
                    Some(_) => return Woken::Notified,
                    None => {}
                }
                // The bit may have been of the worker that has the seat since, whose board nobody may know yet but the owner. Others
                // do not see that it sleeps until it is posted something.
                if self.current(seat) != board.number() && taken(Step::PostSuccessor) {
                    return Woken::Listens(seat);
                }
            }
        }
        Woken::Nobody
    }
}

impl<W: SharedWords> Board<W> {
    /// Wakes its worker if it sleeps, and says how it slept, unless it is none that takes such a job.
    fn claim_sleeper(&self, want: Want) -> Option<Kind> {
        let kind = Kind::of(self.words.exchange(words::PARK, Kind::AWAKE))?;
        if kind != Kind::Listens {
            self.words.notify(words::PARK);
        }
        let takes = want == Want::Fork || kind != Kind::Helps || !taken(Step::PassHelperBy);
        takes.then_some(kind)
    }

    /// Wakes its worker where it waits for a fork, also where somebody was about to, and died.
    pub(super) fn rouse_joiner(&self) {
        let found = self.words.swap(words::PARK, Kind::HELPS, Kind::AWAKE);
        if found || taken(Step::NotifyAlways) {
            self.words.notify(words::PARK);
        }
    }

    /// Wakes its worker where it waits for a fork. It may wait for another one by now, and looks then.
    pub(super) fn wake_joiner(&self) {
        if self.words.swap(words::PARK, Kind::HELPS, Kind::AWAKE) {
            self.words.notify(words::PARK);
        }
    }
}

impl<W: SharedWords> OwnBoard<W> {
    /// The worker will sleep, in this way. `look` looks for everything that it can be woken for: jobs and forks that it would take, mail,
    /// orders, shutdown, and in a join whether that has ended. True where there is nothing: it may sleep, by [`OwnBoard::wait`] or in its
    /// event loop. Else it is awake.
    #[must_use = "where it is false, there is something to do"]
    pub(crate) fn announce(&self, lot: &Lot<W>, kind: Kind, look: impl FnOnce() -> bool) -> bool {
        let half = if kind == Kind::Helps { SEATS_A_WORD } else { 0 };
        let bit = 1 << (self.seat % SEATS_A_WORD + half);
        let word = layout::lot::SLEEP + self.seat / SEATS_A_WORD;
        let park = &self.board().words;
        if taken(Step::ParkBeforeBit) {
            park.store(words::PARK, kind.park());
        }
        lot.words.or(word, bit);
        if !taken(Step::ParkBeforeBit) {
            park.store(words::PARK, kind.park());
        }
        if taken(Step::SecondLook) && look() {
            self.wakes();
            return false;
        }
        true
    }

    /// Blocks as announced, until woken or for so long; then it is awake. `kind` is not [`Kind::Listens`].
    pub(crate) fn wait(&self, kind: Kind, milliseconds: f64) {
        self.board()
            .words
            .wait(words::PARK, kind.park(), milliseconds);
        self.wakes();
    }

    /// It is awake, as whoever comes from the event loop is. To be said before it looks for anything.
    pub(crate) fn wakes(&self) {
        self.board().words.exchange(words::PARK, Kind::AWAKE);
    }
}
