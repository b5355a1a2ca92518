//! [`Parcel`]: what of a pool's jobs lies in one slot of shared memory, or waits for one: an entry, or a *row* of entries of one job each,
//! whose ids follow one another and which differ in nothing but their arguments. Lives with the owner, in its books.
//!
//! Never true: that in a row there are jobs that may begin twice, or that have a place in a bounded queue.

use std::collections::VecDeque;

use wasm_mt::__pool::{self, Came, Entry, Left, Record, Waits};
use wasm_mt::JoinError;

use crate::fabric::shared::{ROOM, Unit};
use crate::priority::Priority;

/// One entry at least.
pub(super) struct Parcel {
    first: Box<Entry>,
    /// The others of a row.
    rest: VecDeque<Box<Entry>>,
    /// It may be in a row.
    is_short: bool,
}

impl Parcel {
    /// # Errors
    /// What cannot lie in shared memory, as far as can be told without encoding it.
    pub(super) fn new(entry: Box<Entry>) -> Result<Self, Box<Entry>> {
        if !__pool::is_plain(&entry) {
            return Err(entry);
        }
        let is_short = __pool::is_short(&entry);
        Ok(Parcel::of(entry, is_short))
    }

    fn of(entry: Box<Entry>, is_short: bool) -> Self {
        Parcel {
            first: entry,
            rest: VecDeque::new(),
            is_short,
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        std::iter::once(&self.first)
            .chain(&self.rest)
            .map(|entry| &**entry)
    }

    /// What a worker needs of its first jobs, so many at most. `None` where they have to go by message. Runs foreign code: not under a
    /// lock.
    pub(super) fn write(&self, trace: bool, most: usize) -> Option<Record> {
        if self.is_row() {
            __pool::write_row(self.entries(), trace, ROOM)
        } else {
            __pool::write(&self.first, trace, ROOM, most)
        }
    }

    /// It has a place in a bounded queue.
    pub(super) fn waits(&self) -> bool {
        self.first.waits()
    }

    /// Ends its first job, and gives the others. Runs foreign code: not under a lock.
    pub(super) fn end_first(mut self, came: Came<'_>) -> Option<Self> {
        match self.rest.pop_front() {
            Some(next) => {
                std::mem::replace(&mut self.first, next).end_first(came);
                Some(self)
            }
            None => {
                let rest = self.first.end_first(came);
                rest.map(|rest| Parcel::of(rest, false))
            }
        }
    }

    /// Parts its first job, which has ended, from the others.
    pub(super) fn split_first(mut self) -> (Left, Option<Self>) {
        match self.rest.pop_front() {
            Some(next) => {
                let first = std::mem::replace(&mut self.first, next);
                (Left::Whole(first), Some(self))
            }
            None => {
                let (left, rest) = self.first.split_first();
                (left, rest.map(|rest| Parcel::of(rest, false)))
            }
        }
    }

    pub(super) fn into_entries(self) -> Vec<Box<Entry>> {
        std::iter::once(self.first).chain(self.rest).collect()
    }

    /// Ends all its jobs with an error. Runs foreign code: not under a lock.
    pub(super) fn fail(self, error: JoinError) {
        for entry in self.into_entries() {
            entry.fail(error.clone());
        }
    }

    /// Drops jobs that nobody waits for. Runs foreign code: not under a lock.
    pub(super) fn discard(self) {
        for entry in self.into_entries() {
            entry.discard();
        }
    }
}

impl Unit for Parcel {
    type Error = JoinError;
    type Place = Waits;

    fn kind(&self) -> u64 {
        self.first.kind()
    }

    fn first(&self) -> u64 {
        __pool::number(self.first.first())
    }

    fn len(&self) -> usize {
        self.first.len() + self.rest.len()
    }

    fn split_off(&mut self, at: usize) -> Self {
        if !self.is_row() {
            return Parcel::of(self.first.split_off(at), false);
        }
        let mut rest = self.rest.split_off(at - 1);
        Parcel {
            first: rest.pop_front().expect("it has more than `at`"),
            rest,
            is_short: true,
        }
    }

    fn is_short(&self) -> bool {
        self.is_short
    }

    fn follows(&self, before: &Self) -> bool {
        let last = before.rest.back().unwrap_or(&before.first);
        self.is_short && before.is_short && __pool::follows(&self.first, last)
    }

    fn append(&mut self, next: Self) {
        self.rest.push_back(next.first);
        if !next.rest.is_empty() {
            self.rest.extend(next.rest);
        }
    }

    fn is_row(&self) -> bool {
        !self.rest.is_empty()
    }

    fn queue(&self) -> usize {
        match Priority::of_rank(self.first.rank()) {
            Priority::Urgent => 0,
            Priority::Normal => 1,
            Priority::Background => 2,
        }
    }

    fn is_settled(&self) -> bool {
        self.entries().all(Entry::is_settled)
    }

    fn settled(&self, from: usize) -> Option<usize> {
        let entries = self.entries().enumerate().skip(from);
        let mut settled = entries.filter(|(_, entry)| entry.is_settled());
        settled.next().map(|(place, _)| place)
    }

    fn leave_queue(&mut self) -> Option<Waits> {
        self.first.take_waits()
    }

    fn begin_again(&mut self, why: &str) -> Result<(), JoinError> {
        for entry in &mut self.rest {
            entry.count_run();
        }
        self.first.count_run();
        self.first.begin_again(why.into())
    }
}
