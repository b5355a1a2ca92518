//! The protocol with real threads. Nothing here sleeps to order anything: whoever waits is woken by the protocol itself, or by a message.

mod deaths;
mod forks;
pub(super) mod heap;
mod queue;
mod spaces;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use heap::Heap;

use super::hands::{Hands, Work, hear};
use super::*;

/// Bytes of bulk memory at first, and at most.
const BULK: u32 = 4 << 10;
const MOST: u32 = 1 << 20;

/// What the owner hears.
enum Heard {
    Told,
    /// The worker in that seat is to be posted something.
    Rouse(u32),
    /// It is done for, in its own opinion.
    Died(u32),
}

/// What a worker in its event loop hears.
struct Post;

/// The owner, and its workers' event loops.
struct Desk {
    own: OwnLot<Heap>,
    boards: Vec<Board<Heap>>,
    posts: Vec<Sender<Post>>,
    heard: Receiver<Heard>,
    hears: Sender<Heard>,
    known: u16,
}

impl Desk {
    fn new() -> Self {
        let (hears, heard) = mpsc::channel();
        let lot = Heap::new(Lot::<Heap>::BYTES, Lot::<Heap>::BYTES);
        Desk {
            own: OwnLot::new(lot, Heap::new(64 << 10, 64 << 10)),
            boards: Vec::new(),
            posts: Vec::new(),
            heard,
            hears,
            known: 0,
        }
    }

    /// The hands of new workers, one a seat.
    fn workers(&mut self, workers: u32) -> Vec<(Hands<Heap>, Receiver<Post>)> {
        let first = self.boards.len() as u32;
        for seat in first..first + workers {
            self.known += 1;
            let words = Heap::new(Board::<Heap>::BYTES, Board::<Heap>::BYTES);
            let board = Board::new(self.known, words, Heap::new(BULK, MOST));
            self.own.lot().set_current(seat, self.known);
            self.boards.push(board);
        }
        let hands = |seat: u32| {
            let own = OwnBoard::new(self.boards[seat as usize].clone(), seat, MOST);
            own.set_known(self.known);
            let hears = self.hears.clone();
            Hands {
                own,
                lot: self.own.lot().clone(),
                boards: self.boards.clone(),
                rouse: Box::new(move |seat| {
                    let _ = hears.send(Heard::Rouse(seat));
                }),
            }
        };
        let mut made = Vec::new();
        for seat in first..first + workers {
            let (post, posted) = mpsc::channel();
            self.posts.push(post);
            made.push((hands(seat), posted));
        }
        made
    }

    fn wake(&self) {
        let seats = self.boards.len() as u32;
        let known = |number| self.boards.iter().find(|board| board.number() == number);
        if let Woken::Listens(seat) = self.own.lot().wake(Want::Job, seats, None, known) {
            let _ = self.posts[seat as usize].send(Post);
        }
    }

    /// What comes next, and what was reported then. A pool in which nothing comes is stuck.
    fn hear(&mut self) -> (Heard, Vec<Report>) {
        let heard = match self.heard.recv_timeout(Duration::from_secs(60)) {
            Ok(heard) => heard,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                panic!("nobody tells the owner anything")
            }
        };
        let mut reports = Vec::new();
        match heard {
            Heard::Told => {
                hear(&mut self.own, &self.boards, &mut reports);
            }
            Heard::Rouse(seat) => {
                let _ = self.posts[seat as usize].send(Post);
            }
            Heard::Died(_) => {}
        }
        (heard, reports)
    }

    fn shut(&self) {
        self.own.lot().shut();
        for (board, post) in self.boards.iter().zip(&self.posts) {
            board.rouse();
            let _ = post.send(Post);
        }
    }
}

/// How a worker runs until all is over. What it does with a job of the queue is `run`'s; a sleep is one in the event loop now and then.
fn work(
    hands: &Hands<Heap>,
    posted: &Receiver<Post>,
    hears: &Sender<Heard>,
    job: hands::Run<'_, Heap>,
    fork: hands::Run<'_, Heap>,
) {
    let mut sleeps = 0_u32;
    while !hands.lot.is_shut() {
        match hands.find() {
            Some(Work::Job(slot)) => {
                let record = hands.lot.record(slot, hands.own.number());
                let value = job(hands, record.expect("nobody takes it away"));
                if !hands.own.report(slot, 1, &value) {
                    hands.own.report_elsewhere(slot, 1);
                }
                if hands.lot.tell() {
                    let _ = hears.send(Heard::Told);
                }
                continue;
            }
            Some(Work::Fork(stolen)) => {
                hands.run(stolen, fork);
                continue;
            }
            None => {}
        }
        sleeps += 1;
        let look = || hands.has_work() || hands.lot.is_shut();
        if sleeps.is_multiple_of(3) {
            if hands.own.announce(&hands.lot, Kind::Listens, look) {
                posted
                    .recv_timeout(Duration::from_secs(60))
                    .expect("somebody posts");
                hands.own.wakes();
            }
        } else if hands.own.announce(&hands.lot, Kind::Waits, look) {
            hands.own.wait(Kind::Waits, f64::INFINITY);
        }
    }
}
