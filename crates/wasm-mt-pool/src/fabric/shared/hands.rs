//! [`Hands`]: the least that a worker does with the protocol, for tests and models: it claims, steals, joins and sleeps; and how the
//! owner hears of it.

use super::{
    Board, Ended, Kind, Lot, OwnBoard, OwnLot, RANKS, Report, SharedWords, Stolen, Want, Woken,
};

/// A worker, with its views of all boards.
pub(super) struct Hands<W> {
    pub(super) own: OwnBoard<W>,
    pub(super) lot: Lot<W>,
    pub(super) boards: Vec<Board<W>>,
    /// Has the owner post something to the worker in that seat.
    pub(super) rouse: Box<dyn Fn(u32) + Send>,
}

/// What runs a fork's record, and makes its value.
pub(super) type Run<'a, W> = &'a dyn Fn(&Hands<W>, Vec<u8>) -> Vec<u8>;

/// A job that was claimed.
pub(super) enum Work {
    Job(u32),
    Fork(Stolen),
}

impl<W: SharedWords> Hands<W> {
    /// The first job of the queue, else a fork.
    pub(super) fn find(&self) -> Option<Work> {
        let me = self.own.number();
        (0..RANKS)
            .find_map(|rank| self.lot.claim(rank, me))
            .map(Work::Job)
            .or_else(|| self.find_fork().map(Work::Fork))
    }

    pub(super) fn find_fork(&self) -> Option<Stolen> {
        self.peers().find_map(|peer| self.own.steal(peer))
    }

    pub(super) fn has_work(&self) -> bool {
        self.lot.has_jobs() || self.has_fork()
    }

    fn has_fork(&self) -> bool {
        self.peers().any(|peer| peer.has_fork(self.own.number()))
    }

    fn peers(&self) -> impl Iterator<Item = &Board<W>> {
        let me = self.own.number();
        self.boards.iter().filter(move |board| board.number() != me)
    }

    pub(super) fn board(&self, number: u16) -> Option<&Board<W>> {
        self.boards.iter().find(|board| board.number() == number)
    }

    /// Runs a fork that was stolen.
    pub(super) fn run(&self, stolen: Stolen, run: Run<'_, W>) {
        let joiner = self.board(stolen.from).expect("it was stolen of one");
        let Some(record) = joiner.record(&stolen, self.own.number()) else {
            return;
        };
        let value = run(self, record);
        if !self.own.finish(stolen, joiner, &value) {
            self.own.fail(stolen, joiner, b"no room");
        }
    }

    /// Runs `a`, and has the fork run, by whomever.
    pub(super) fn join(&self, fork: &[u8], a: impl FnOnce(), run: Run<'_, W>) -> Ended {
        let Some(laid) = self.own.push(fork) else {
            a();
            return Ended::Done(run(self, fork.to_vec()));
        };
        let seats = self.boards.len() as u32;
        let me = Some(self.own.seat);
        if let Woken::Listens(seat) =
            (self.lot).wake(Want::Fork, seats, me, |number| self.board(number))
        {
            (self.rouse)(seat);
        }
        a();
        if self.own.pop(laid) {
            return Ended::Done(run(self, fork.to_vec()));
        }
        while !self.own.has_ended(laid) {
            if let Some(stolen) = self.find_fork() {
                self.run(stolen, run);
                continue;
            }
            if !self.own.waits_for(laid) {
                break;
            }
            let look = || self.own.has_ended(laid) || self.has_fork();
            if self.own.announce(&self.lot, Kind::Helps, look) {
                self.own.wait(Kind::Helps, f64::INFINITY);
            }
        }
        self.own.take(laid, |number| self.board(number))
    }
}

/// What the owner does when it is told.
pub(super) fn hear<W: SharedWords>(
    lot: &mut OwnLot<W>,
    boards: &[Board<W>],
    into: &mut Vec<Report>,
) {
    lot.lot().listen();
    for board in boards {
        lot.drain(board, into);
    }
}
