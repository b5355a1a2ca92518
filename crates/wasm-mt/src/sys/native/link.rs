//! An OS thread as a worker: it takes orders from a channel and runs async jobs on an executor of its own.
//!
//! No OS thread can be killed. A dropped link closes the channel; the thread ends when its present job lets it, at its
//! next checkpoint or at its end, and what it still reports is not heard, being of an older generation.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::task::Poll;

use futures::StreamExt;
use futures::channel::mpsc;
use futures::executor::{LocalPool, LocalSpawner};
use futures::task::LocalSpawnExt;

use super::host::{Host, Reports};
use super::stop::Stops;
use super::task::{Letter, Task};
use crate::builder;
use crate::channel::Outlet;
use crate::entry::Entry;
use crate::error::{JoinError, JoinErrorKind, StartError, StartErrorKind};
use crate::handle::JobId;
use crate::lane::{Cause, Death, Lane, LastWords, Told};
use crate::panic::{self, Unwound};
use crate::thread::Current;
use crate::worker::{self, Outcome};

/// Settings of this backend: none.
#[derive(Clone, Default)]
pub(crate) struct Config {}

/// A worker, seen from its owner.
pub(crate) struct Link {
    orders: mpsc::UnboundedSender<Order>,
    stops: Arc<Stops>,
}

enum Order {
    Run {
        id: JobId,
        task: Task,
        announce: bool,
    },
    Abort(JobId),
}

/// How a worker's jobs reach its lane.
struct Worker {
    lane: Weak<Lane>,
    generation: u32,
    spawner: LocalSpawner,
}

impl Reports for Worker {
    fn begun(&self, id: JobId) {
        if let Some(lane) = self.lane.upgrade() {
            lane.begun(self.generation, id);
        }
    }

    fn suspended(&self, id: JobId) {
        if let Some(lane) = self.lane.upgrade() {
            lane.reported(self.generation, vec![(id, Told::Suspended)], None);
        }
    }

    fn finished(&self, id: JobId, outcome: Outcome) {
        if let Some(lane) = self.lane.upgrade() {
            lane.reported(self.generation, vec![(id, Told::Finished(outcome))], None);
        }
    }

    fn bind(&self, id: JobId, end: Arc<dyn Outlet>) {
        if let Some(lane) = self.lane.upgrade() {
            lane.bind(self.generation, id, end);
        }
    }

    fn spawn_local(&self, future: Pin<Box<dyn Future<Output = ()>>>) {
        // The only error is that the executor is gone, and with it the thread.
        let _ = self.spawner.spawn_local(future);
    }
}

impl Link {
    pub(crate) fn start(
        lane: Weak<Lane>,
        generation: u32,
        current: Current,
        config: &builder::Config,
    ) -> Result<Link, StartError> {
        let (orders, inbox) = mpsc::unbounded();
        let on_start = config.on_start;
        let check_payloads = config.check_payloads;
        let stops = Arc::new(Stops::default());
        let heard = stops.clone();
        let mut thread = std::thread::Builder::new();
        if let Some(name) = &config.name {
            // The standard library refuses a name with a NUL.
            thread = thread.name(name.replace('\0', ""));
        }
        thread
            .spawn(move || {
                let mut pool = LocalPool::new();
                let worker = Worker {
                    lane: lane.clone(),
                    generation,
                    spawner: pool.spawner(),
                };
                Host {
                    reports: Rc::new(worker),
                    current,
                    check_payloads,
                    stops: heard,
                }
                .settle_in();
                work(&lane, generation, on_start, &mut pool, inbox);
            })
            .map_err(|error| StartError::new(StartErrorKind::Unsupported(error.to_string())))?;
        Ok(Link { orders, stops })
    }

    /// Hands the jobs over. What cannot be is given back, out of the letter.
    pub(crate) fn post(&self, letter: &mut Letter, announce: bool) -> Vec<(Box<Entry>, JoinError)> {
        let post = |entry: &mut Box<Entry>| {
            let order = Order::Run {
                id: entry.first(),
                task: entry.task.another(),
                announce,
            };
            self.orders.unbounded_send(order).is_err()
        };
        letter
            .entries()
            .extract_if(.., post)
            .map(|entry| {
                let reason = "its thread has ended".into();
                (entry, JoinError::new(JoinErrorKind::Post(reason)))
            })
            .collect()
    }

    /// No OS thread ends without a word.
    pub(crate) fn is_unsure(&self) -> bool {
        false
    }

    pub(crate) fn abort(&self, id: JobId, _: bool) {
        self.stops.stop(id);
        // A thread that has ended has nothing to abort.
        let _ = self.orders.unbounded_send(Order::Abort(id));
    }
}

impl Link {
    /// Nothing waits for it.
    pub(crate) fn go(&self, _: JobId) {}
}

impl Drop for Link {
    fn drop(&mut self) {
        self.stops.stop_all();
    }
}

fn work(
    lane: &Weak<Lane>,
    generation: u32,
    on_start: Option<fn()>,
    pool: &mut LocalPool,
    mut inbox: mpsc::UnboundedReceiver<Order>,
) {
    if let Some(on_start) = on_start
        && let Err(unwound) = panic::catch(JobId::ON_START, on_start)
    {
        if let Unwound::Panicked(panic) = unwound
            && let Some(lane) = lane.upgrade()
        {
            let death = Death {
                at: Some(JobId::ON_START),
                cause: Cause::Panic(panic),
                last_words: LastWords::Heard,
                entered: None,
            };
            lane.died(generation, death);
        }
        return;
    }
    if let Some(lane) = lane.upgrade() {
        lane.started(generation);
    }
    let ended = catch_unwind(AssertUnwindSafe(|| take_orders(pool, &mut inbox)));
    if ended.is_err()
        && let Some(lane) = lane.upgrade()
    {
        lane.died(
            generation,
            Death {
                at: None,
                cause: Cause::Gone(
                    "a waker, a drop or `on_unhandled` panicked on its thread".into(),
                ),
                last_words: LastWords::Heard,
                entered: None,
            },
        );
    }
}

/// Runs until the link is dropped. A job is called outside the executor, so that it may have one of its own.
fn take_orders(pool: &mut LocalPool, inbox: &mut mpsc::UnboundedReceiver<Order>) {
    while let Some(order) = pool.run_until(inbox.next()) {
        match order {
            Order::Run { id, task, announce } => {
                if let Some(call) = task.call() {
                    worker::run(id, announce, call);
                }
            }
            Order::Abort(id) => {
                worker::abort(id);
            }
        }
        // Between two orders the async jobs have a turn, as a browser's microtasks have, however many orders wait.
        let mut had = false;
        pool.run_until(poll_fn(|cx| {
            if std::mem::replace(&mut had, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
    }
}
