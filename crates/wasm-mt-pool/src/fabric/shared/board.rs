//! [`Board`]: a worker's memory, as others see it: its owner, who posts and gives orders, and its peers, who take its forks and bring it
//! results. Its worker's side is [`OwnBoard`](super::own_board::OwnBoard).
//!
//! Each worker that is started has a new one, with a number of its own, and it is not used again: a worker that was terminated may
//! write to it for a while.

use super::layout::{self, CLAIMS, EXTRA, KEY, SLOTS, board as words};
use super::lot::Lot;
use super::record::{self, Content};
use super::sleep::Kind;
use super::state::State;
use super::sync::{Step, taken};
use super::words::SharedWords;

/// What the owner orders a worker by. A number is a set of bits.
pub(crate) mod orders {
    /// It is to be no more: nothing is to be claimed, and its instance is to end.
    pub(crate) const REVOKED: i32 = 1;
    /// It is to claim nothing more, and will be asked to end by message.
    pub(crate) const LEAVE: i32 = 2;
}

/// A worker's memory. A clone is another view.
#[derive(Clone)]
pub(crate) struct Board<W> {
    number: u16,
    pub(super) words: W,
    pub(super) bulk: W,
}

/// What a worker has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// Jobs.
    pub(crate) run: u32,
    /// Forks of others.
    pub(crate) stolen: u32,
    /// Microseconds that it ran jobs; it wraps.
    pub(crate) busy: u32,
    /// Of its instance's memory.
    pub(crate) pages: u32,
}

impl<W: SharedWords> Board<W> {
    /// Bytes that its control words need. They MUST be zero at first.
    pub(crate) const BYTES: u32 = layout::board::WORDS * 4;

    /// `number` is of no other board of the pool, and not 0.
    pub(crate) fn new(number: u16, words: W, bulk: W) -> Self {
        Board {
            number,
            words,
            bulk,
        }
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// By the owner, behind a message that it has posted: the worker is to see to its messages, of which this is one more.
    ///
    /// Unless it sleeps in its event loop, where the message itself wakes it, this wakes it.
    pub(crate) fn mailed(&self) {
        if taken(Step::MailBeforeWake) {
            self.words.add(words::MAIL, 1);
        }
        self.rouse();
        if !taken(Step::MailBeforeWake) {
            self.words.add(words::MAIL, 1);
        }
    }

    /// The same, and says what was laid before it, as [`Lot::laid`] has it.
    pub(crate) fn mailed_behind(&self, laid: i32) {
        let number = self.mail().wrapping_add(1);
        self.words.store(layout::board::before(number), laid);
        self.mailed();
    }

    /// By its worker, to which others are on their way when it has handled so many messages: whether a job waits that was laid before
    /// the next of them. Of more than some messages it is not known.
    pub(crate) fn is_laid_before(&self, handled: u32, lot: &Lot<W>) -> bool {
        let next = handled.wrapping_add(1);
        let laid = self.words.load(layout::board::before(next));
        self.mail().wrapping_sub(handled) <= words::BEFORES && lot.is_ahead(laid)
    }

    /// By the owner: wakes the worker where it blocks, so that it looks at its orders. One that sleeps in its event loop is to be posted
    /// something, and sleeps until then for all that others see: where that was handled before this, it may sleep again.
    pub(crate) fn rouse(&self) {
        let blocks = [Kind::Waits, Kind::Helps];
        let wakes = |kind: Kind| self.words.swap(words::PARK, kind.park(), Kind::AWAKE);
        let found = if taken(Step::LeaveListener) {
            blocks.into_iter().any(wakes)
        } else {
            self.words.exchange(words::PARK, Kind::AWAKE) != Kind::AWAKE
        };
        // Whoever has found how it sleeps before may have died since, and not have woken it.
        if found || taken(Step::NotifyAlways) {
            self.words.notify(words::PARK);
        }
    }

    /// By anybody: how many messages were posted, modulo 2³².
    pub(crate) fn mail(&self) -> u32 {
        self.words.load(words::MAIL) as u32
    }

    /// By its worker, which has handled so many messages: whether others are on their way. One that was handled before its owner has
    /// counted it is no other.
    pub(crate) fn has_mail(&self, handled: u32) -> bool {
        self.mail().wrapping_sub(handled) as i32 > 0
    }

    /// By the owner: gives one of the [`orders`]. To be followed by [`Board::rouse`], and a message where it may be in its event loop.
    ///
    /// The worker may have been woken for a job that it will not claim then. One that lives wakes another for it; where it is gone, the
    /// owner does.
    pub(crate) fn order(&self, order: i32) {
        self.words.or(words::ORDERS, order);
    }

    /// By the owner: takes an order back. The worker is to be woken as for one.
    pub(crate) fn recall(&self, order: i32) {
        self.words.and(words::ORDERS, !order);
    }

    /// By the owner: whether the worker sleeps, or may be about to.
    pub(crate) fn sleeps(&self) -> bool {
        self.words.load(words::PARK) != Kind::AWAKE
    }

    /// By the owner: whether it runs others' forks.
    pub(crate) fn has_claims(&self) -> bool {
        self.words.load(words::DEPTH) != 0
    }

    /// By the owner: whose forks it runs, by their boards, the innermost last.
    pub(crate) fn claims(&self) -> impl Iterator<Item = u16> {
        let depth = (self.words.load(words::DEPTH) as u32).min(CLAIMS);
        (0..depth).map(|claim| (self.words.load(words::STACK + claim) >> 16) as u16)
    }

    /// By anybody: the [`orders`] that were given.
    pub(crate) fn orders(&self) -> i32 {
        self.words.load(words::ORDERS)
    }

    /// By the owner: the low half of the id of the job that is to stop; 0 for none.
    pub(crate) fn set_abort(&self, id: u32) {
        self.words.store(words::ABORT, id as i32);
    }

    /// By anybody: what [`Board::set_abort`] said last.
    pub(crate) fn abort(&self) -> u32 {
        self.words.load(words::ABORT) as u32
    }

    /// By the owner: the low half of the id of the posted job that was aborted last; 0 once its end was heard.
    pub(crate) fn set_posted_abort(&self, id: u32) {
        self.words.store(words::POSTED_ABORT, id as i32);
    }

    /// By anybody: what [`Board::set_posted_abort`] said last; 0 for none.
    pub(crate) fn posted_abort(&self) -> u32 {
        self.words.load(words::POSTED_ABORT) as u32
    }

    /// By anybody: the highest number of the boards that its worker has views of.
    pub(crate) fn known(&self) -> u16 {
        self.words.load(words::KNOWN) as u16
    }

    /// By the owner: what its worker has counted. It may be a little late.
    pub(crate) fn counters(&self) -> Counters {
        let word = |at| self.words.get(at) as u32;
        Counters {
            run: word(words::RUN),
            stolen: word(words::STOLEN),
            busy: word(words::BUSY),
            pages: word(words::PAGES),
        }
    }

    /// By the owner, of a worker that is gone: which item of its frame ran, as [`OwnBoard::set_at`](super::own_board::OwnBoard::set_at)
    /// said.
    pub(crate) fn at(&self) -> u32 {
        self.words.load(words::AT) as u32
    }

    /// From which record to which the ring is to be drained: never more than it has.
    pub(super) fn reported(&self) -> (i32, i32) {
        let head = self.words.load(words::HEAD);
        let tail = self.words.load(words::TAIL);
        let some = (tail.wrapping_sub(head) as u32).min(SLOTS);
        (head, head.wrapping_add(some as i32))
    }

    /// Slot, time and content.
    pub(super) fn report(&self, at: i32) -> (u32, u32, Option<Content>) {
        let at = layout::board::ring(at);
        (
            self.words.get(at + KEY) as u32,
            self.words.get(at + EXTRA) as u32,
            record::content(&self.words, at, &self.bulk),
        )
    }

    pub(super) fn set_head(&self, at: i32) {
        self.words.store(words::HEAD, at);
    }

    /// By anybody: how the fork stands.
    pub(super) fn fork(&self, fork: u32) -> State {
        State(self.words.load(layout::board::fork(fork) + KEY))
    }
}
