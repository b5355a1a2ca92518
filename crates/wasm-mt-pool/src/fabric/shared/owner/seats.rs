//! The seats: the board of the worker that is in each, what it was ordered, and what was counted there, by all workers that the
//! seat has had.

use super::{Owner, Unit};
use crate::fabric::shared::{Board, Phase, SEATS, SLOTS, SharedWords, Want, Woken, orders};

/// Bytes of a page of wasm's memory.
const PAGE: u64 = 64 << 10;

/// A worker's place.
pub(super) struct Seat<W> {
    pub(super) board: Option<Board<W>>,
    /// It takes nothing more, and has said so.
    quiet: bool,
    /// The slot whose job is to stop, and that job.
    pub(super) stops: Vec<(u32, u64)>,
    /// Of a row, by slot and place: the job that ran when it was last looked at, and is given up on.
    pub(super) overdue: Option<(u32, u32)>,
    pub(super) figures: Figures,
    /// What the present board's counters had said by then.
    seen: (u32, u32),
    /// How far its worker had come when it was last asked whether it has done anything.
    reached: (i32, u32),
}

/// What one seat's workers have done with what was laid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// Jobs that have ended, forks among them.
    pub(crate) run: u64,
    /// Jobs that were taken, in so many slots.
    pub(crate) posted: u64,
    pub(crate) frames: u64,
    /// Those that a job of another seat had spawned, and its forks.
    pub(crate) stolen: u64,
    /// In µs.
    pub(crate) busy: f64,
    pub(crate) queued: f64,
    /// Bytes, as far as the present worker has told.
    pub(crate) memory: u64,
}

impl<W: SharedWords> Seat<W> {
    fn new() -> Self {
        Seat {
            board: None,
            quiet: false,
            stops: Vec::new(),
            overdue: None,
            figures: Figures::default(),
            seen: (0, 0),
            reached: (0, 0),
        }
    }

    /// Takes in what its worker has counted since it was last asked.
    pub(super) fn count(&mut self) {
        let Some(board) = &self.board else {
            return;
        };
        let counted = board.counters();
        let (stolen, busy) = self.seen;
        let stolen = u64::from(counted.stolen.wrapping_sub(stolen));
        self.figures.run += stolen;
        self.figures.posted += stolen;
        self.figures.stolen += stolen;
        self.figures.busy += f64::from(counted.busy.wrapping_sub(busy));
        self.figures.memory = u64::from(counted.pages) * PAGE;
        self.seen = (counted.stolen, counted.busy);
    }
}

impl<W: SharedWords, U: Unit> Owner<W, U> {
    /// A worker is about to take a seat, with memories that are all zero. Gives its board, or `None` where there is no number left
    /// for one, or no word for the seat: then it is served by message alone.
    pub(crate) fn enter(&mut self, seat: usize, words: W, bulk: W) -> Option<Board<W>> {
        if seat >= SEATS as usize || self.last == u16::MAX {
            return None;
        }
        while self.seats.len() <= seat {
            self.seats.push(Seat::new());
        }
        self.last += 1;
        let board = Board::new(self.last, words, bulk);
        let taken = &mut self.seats[seat];
        taken.board = Some(board.clone());
        taken.quiet = false;
        taken.stops.clear();
        taken.overdue = None;
        (taken.seen, taken.reached) = ((0, 0), (0, 0));
        self.lot.lot().set_current(seat as u32, board.number());
        Some(board)
    }

    /// The board of the worker in a seat.
    pub(crate) fn board(&self, seat: usize) -> Option<&Board<W>> {
        self.seats.get(seat)?.board.as_ref()
    }

    /// The seat that the board of that number is in.
    pub(super) fn seat_of(&self, number: u16) -> Option<usize> {
        let is_it = |board: &Board<W>| board.number() == number;
        self.seats
            .iter()
            .position(|seat| seat.board.as_ref().is_some_and(is_it))
    }

    /// A message was posted to the worker in a seat.
    pub(crate) fn mailed(&self, seat: usize) {
        if let Some(board) = self.board(seat) {
            board.mailed_behind(self.lot.lot().laid());
        }
    }

    /// A job that was posted to the worker in a seat is to stop.
    pub(crate) fn abort_posted(&self, seat: usize, id: u64) {
        if let Some(board) = self.board(seat) {
            board.set_posted_abort(id as u32);
        }
    }

    /// The end of that job was heard.
    pub(crate) fn ended_posted(&self, seat: usize, id: u64) {
        if let Some(board) = self.board(seat)
            && board.posted_abort() == id as u32
        {
            board.set_posted_abort(0);
        }
    }

    /// Which of its jobs the worker in a seat is to stop, and has not told the end of.
    pub(crate) fn stops(&self, seat: usize) -> Vec<u64> {
        let stops = self.seats.get(seat).map(|seat| &seat.stops);
        stops.into_iter().flatten().map(|(_, id)| *id).collect()
    }

    /// The worker is about to be terminated: it is to claim nothing more.
    pub(crate) fn revoke(&self, seat: usize) {
        if let Some(board) = self.board(seat) {
            board.order(orders::REVOKED);
            board.rouse();
        }
    }

    /// All is over.
    pub(crate) fn shut(&self) {
        self.lot.lot().shut();
        self.seats
            .iter()
            .filter_map(|seat| seat.board.as_ref())
            .for_each(Board::rouse);
    }

    /// The worker is to take nothing more, and say when it has nothing. It is to be posted something, where it sleeps in its event
    /// loop.
    pub(crate) fn dismiss(&mut self, seat: usize) {
        if let Some(board) = self.board(seat) {
            board.order(orders::LEAVE);
            board.rouse();
        }
    }

    /// It is to stay. It is to be posted something, too: gives whether it had been dismissed.
    pub(crate) fn keep(&mut self, seat: usize) -> bool {
        let Some(Seat { board, quiet, .. }) = self.seats.get_mut(seat) else {
            return false;
        };
        *quiet = false;
        let dismissed = |board: &&mut Board<W>| board.orders() & orders::LEAVE != 0;
        let Some(board) = board.as_mut().filter(dismissed) else {
            return false;
        };
        board.recall(orders::LEAVE);
        board.rouse();
        true
    }

    /// The worker says that it has nothing, and takes nothing more.
    pub(crate) fn hears_quiet(&mut self, seat: usize) {
        if let Some(seat) = self.seats.get_mut(seat) {
            let dismissed = |board: &Board<W>| board.orders() & orders::LEAVE != 0;
            seat.quiet = seat.board.as_ref().is_some_and(dismissed);
        }
    }

    /// Whether the worker can be let go: it has nothing, and takes nothing more, or has no board. It may have said so before it was
    /// dismissed once more, so what it has is looked at.
    pub(crate) fn is_clear(&self, seat: usize) -> bool {
        match self.seats.get(seat) {
            Some(Seat {
                board: Some(board),
                quiet,
                ..
            }) => *quiet && !board.has_claims() && !self.runs(board.number()),
            _ => true,
        }
    }

    /// Whether the worker may be at work on what was laid: it does not sleep.
    pub(crate) fn is_awake(&self, seat: usize) -> bool {
        self.board(seat).is_some_and(|board| !board.sleeps())
    }

    /// Whether the worker runs what was laid.
    pub(crate) fn is_at_work(&self, seat: usize) -> bool {
        let runs = |board: &Board<W>| board.has_claims() || self.runs(board.number());
        self.board(seat).is_some_and(runs)
    }

    /// Whether the worker has ended a job or a fork since this was asked last.
    pub(crate) fn has_moved(&mut self, seat: usize) -> bool {
        let Some(Seat {
            board: Some(board),
            reached,
            ..
        }) = self.seats.get_mut(seat)
        else {
            return false;
        };
        let (_, told) = board.reported();
        let now = (told, board.counters().stolen);
        std::mem::replace(reached, now) != now
    }

    /// Whether something is laid that nobody has begun.
    pub(crate) fn has_unclaimed(&self) -> bool {
        self.out > 0
            && (0..SLOTS).zip(&self.laid).any(|(slot, laid)| {
                laid.is_some() && self.lot.lot().state(slot).phase() == Phase::Pending
            })
    }

    /// The seats of the workers that run forks of that board, and their own boards.
    pub(crate) fn thieves_of(&self, number: u16) -> Vec<(usize, u16)> {
        let seats = self.seats.iter().enumerate();
        let boards = seats.filter_map(|(at, seat)| Some((at, seat.board.as_ref()?)));
        let thieves = boards.filter(|(_, board)| board.claims().any(|of| of == number));
        thieves.map(|(at, board)| (at, board.number())).collect()
    }

    /// Whether the worker in a seat runs a fork of that board, and nothing else.
    pub(crate) fn runs_only_fork_of(&self, seat: usize, number: u16) -> bool {
        self.board(seat)
            .is_some_and(|board| board.claims().eq([number]) && !self.runs(board.number()))
    }

    fn runs(&self, number: u16) -> bool {
        self.out > 0
            && (0..SLOTS).zip(&self.laid).any(|(slot, laid)| {
                let state = || self.lot.lot().state(slot);
                laid.is_some() && state().phase() == Phase::Running && state().board() == number
            })
    }

    /// Wakes workers for so many jobs that were laid, and gives the seats of those that are to be posted something for that.
    pub(crate) fn wake(&self, jobs: usize) -> Vec<usize> {
        let mut listens = Vec::new();
        for _ in 0..jobs {
            let known = |number| {
                let boards = self.seats.iter().filter_map(|seat| seat.board.as_ref());
                boards.into_iter().find(|board| board.number() == number)
            };
            match self
                .lot
                .lot()
                .wake(Want::Job, self.seats.len() as u32, None, known)
            {
                Woken::Nobody => break,
                Woken::Notified => {}
                Woken::Listens(seat) => listens.push(seat as usize),
            }
        }
        listens
    }

    /// What was counted in a seat.
    pub(crate) fn figures(&mut self, seat: usize) -> Figures {
        let Some(seat) = self.seats.get_mut(seat) else {
            return Figures::default();
        };
        seat.count();
        seat.figures
    }
}
