//! The pool that [`ThreadPool::global`] gives: started once, by whoever asks first, and never dropped.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use wasm_mt::StartError;

use crate::pool::ThreadPool;

enum State {
    Absent,
    /// Somebody starts it; who else asks waits for that.
    Starting(Vec<Waker>),
    There(ThreadPool),
}

static GLOBAL: Mutex<State> = Mutex::new(State::Absent);

fn lock() -> MutexGuard<'static, State> {
    GLOBAL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What has become of the start; also where that was dropped halfway.
struct Starting(State);

impl Drop for Starting {
    fn drop(&mut self) {
        let state = std::mem::replace(&mut self.0, State::Absent);
        let before = std::mem::replace(&mut *lock(), state);
        if let State::Starting(wakers) = before {
            for waker in wakers {
                waker.wake();
            }
        }
    }
}

/// The pool, or `None` where the caller is to start it.
async fn there() -> Option<ThreadPool> {
    poll_fn(|cx| {
        // A waker is foreign code, in its clone too.
        let waker = cx.waker().clone();
        let mut state = lock();
        Poll::Ready(match &mut *state {
            State::There(pool) => Some(pool.clone()),
            State::Starting(wakers) => {
                wakers.push(waker);
                return Poll::Pending;
            }
            State::Absent => {
                *state = State::Starting(Vec::new());
                None
            }
        })
    })
    .await
}

pub(crate) async fn pool() -> Result<ThreadPool, StartError> {
    if let Some(pool) = there().await {
        return Ok(pool);
    }
    let mut starting = Starting(State::Absent);
    let pool = ThreadPool::start().await?;
    starting.0 = State::There(pool.clone());
    Ok(pool)
}
