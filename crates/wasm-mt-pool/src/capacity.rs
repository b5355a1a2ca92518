//! [`Capacity`]: how many jobs may wait, and who waits for room among them. Lives with whoever built the pool; jobs of its jobs
//! know nothing of it.
//!
//! 1. A place is free, a job's, or granted to one who has waited for it.
//! 2. Nobody overtakes who waits for room.
//! 3. Wakers are called, and dropped, without the lock.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use wasm_mt::__pool::Permit;

pub(crate) struct Capacity {
    state: Mutex<State>,
}

struct State {
    free: usize,
    /// Counts who has waited.
    next: u64,
    /// Who waits, by number.
    line: VecDeque<(u64, Waker)>,
    /// Whose turn it is, and who has not been polled since.
    granted: Vec<u64>,
}

impl State {
    /// Takes a free place. While somebody waits, there is none (invariant 2).
    fn take_free(&mut self) -> bool {
        let free = self.free.checked_sub(1);
        self.free = free.unwrap_or(0);
        free.is_some()
    }

    /// Takes the place that was granted to this one.
    fn take_granted(&mut self, number: u64) -> bool {
        let at = self.granted.iter().position(|one| *one == number);
        if let Some(at) = at {
            self.granted.swap_remove(at);
        }
        at.is_some()
    }
}

impl Capacity {
    /// Room for so many, at least one.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Capacity {
            state: Mutex::new(State {
                free: most.max(1),
                next: 0,
                line: VecDeque::new(),
                granted: Vec::new(),
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under this lock could only be the allocator's.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place, where one is free.
    pub(crate) fn try_acquire(self: &Arc<Self>) -> Option<Arc<dyn Permit>> {
        let is_free = self.lock().take_free();
        is_free.then(|| Place::of(self.clone()))
    }

    fn release(&self) {
        let mut state = self.lock();
        let Some((number, waker)) = state.line.pop_front() else {
            state.free += 1;
            return;
        };
        state.granted.push(number);
        drop(state);
        waker.wake();
    }
}

/// One who waits for room. Dropped, it waits no more.
pub(crate) struct Turn {
    capacity: Arc<Capacity>,
    /// Its number, once it waits.
    number: Option<u64>,
}

impl Turn {
    pub(crate) fn new(capacity: Arc<Capacity>) -> Self {
        Turn {
            capacity,
            number: None,
        }
    }

    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Arc<dyn Permit>> {
        let waker = cx.waker().clone();
        let mut state = self.capacity.lock();
        let Some(number) = self.number else {
            if state.take_free() {
                drop(state);
                return Poll::Ready(Place::of(self.capacity.clone()));
            }
            let number = state.next;
            state.next += 1;
            state.line.push_back((number, waker));
            self.number = Some(number);
            return Poll::Pending;
        };
        if state.take_granted(number) {
            drop(state);
            self.number = None;
            return Poll::Ready(Place::of(self.capacity.clone()));
        }
        let before = state.line.iter_mut().find(|(one, _)| *one == number);
        let before = before.map(|(_, present)| std::mem::replace(present, waker));
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(number) = self.number else {
            return;
        };
        let mut state = self.capacity.lock();
        if state.take_granted(number) {
            drop(state);
            return self.capacity.release();
        }
        let at = state.line.iter().position(|(one, _)| *one == number);
        let gone = at.and_then(|at| state.line.remove(at));
        drop(state);
        drop(gone);
    }
}

/// A job's place.
struct Place {
    capacity: Arc<Capacity>,
    released: AtomicBool,
}

impl Place {
    fn of(capacity: Arc<Capacity>) -> Arc<dyn Permit> {
        Arc::new(Place {
            capacity,
            released: AtomicBool::new(false),
        })
    }
}

impl Permit for Place {
    fn release(&self) {
        // ORDERING: Relaxed; only who was first matters. The count is behind a lock.
        if !self.released.swap(true, Ordering::Relaxed) {
            self.capacity.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn one() -> (Arc<Woken>, Waker) {
        let woken = Arc::new(Woken::default());
        (woken.clone(), woken.into())
    }

    #[test]
    fn there_is_room_for_one_at_least() {
        let capacity = Capacity::new(0);
        assert!(capacity.try_acquire().is_some());
        assert!(capacity.try_acquire().is_none());
    }

    #[test]
    fn a_place_is_given_back_once() {
        let capacity = Capacity::new(1);
        let place = capacity.try_acquire().unwrap();
        place.release();
        place.release();
        let _one = capacity.try_acquire().unwrap();
        assert!(capacity.try_acquire().is_none());
    }

    #[test]
    fn who_waits_is_served_in_order_and_is_not_overtaken() {
        let capacity = Capacity::new(1);
        let place = capacity.try_acquire().unwrap();
        let (first_woken, first_waker) = one();
        let (second_woken, second_waker) = one();
        let (mut first, mut second) = (Turn::new(capacity.clone()), Turn::new(capacity.clone()));
        assert!(first.poll(&Context::from_waker(&first_waker)).is_pending());
        assert!(
            second
                .poll(&Context::from_waker(&second_waker))
                .is_pending()
        );
        place.release();
        assert_eq!(first_woken.0.load(Ordering::SeqCst), 1);
        assert_eq!(second_woken.0.load(Ordering::SeqCst), 0);
        assert!(capacity.try_acquire().is_none());
        assert!(
            second
                .poll(&Context::from_waker(&second_waker))
                .is_pending()
        );
        let Poll::Ready(place) = first.poll(&Context::from_waker(&first_waker)) else {
            panic!("it was granted a place");
        };
        place.release();
        assert!(second.poll(&Context::from_waker(&second_waker)).is_ready());
    }

    #[test]
    fn who_gives_up_leaves_its_turn_to_the_next() {
        let capacity = Capacity::new(1);
        let place = capacity.try_acquire().unwrap();
        let (_, waker) = one();
        let (woken, last_waker) = one();
        let mut turns: Vec<_> = (0..3).map(|_| Turn::new(capacity.clone())).collect();
        for turn in &mut turns[..2] {
            assert!(turn.poll(&Context::from_waker(&waker)).is_pending());
        }
        assert!(
            turns[2]
                .poll(&Context::from_waker(&last_waker))
                .is_pending()
        );
        // One that waits, then one that was granted a place.
        drop(turns.remove(1));
        place.release();
        drop(turns.remove(0));
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert!(turns[0].poll(&Context::from_waker(&last_waker)).is_ready());
    }
}
