//! [`Host`]: what a thread that runs jobs is to them: who hears of them, who polls what they await, and what the thread is
//! called. A [`Link`](super::Link)'s thread has one, and so has a thread of the pool.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Once};

use super::stop::{self, Stops};
use crate::channel::Outlet;
use crate::handle::JobId;
use crate::panic::{self, Panic};
use crate::thread::Current;
use crate::worker::{Outcome, Report};

/// Who hears what becomes of a thread's jobs. Called on that thread, by [`worker`](crate::worker).
pub(crate) trait Reports {
    /// The job begins; told where that was asked for.
    fn begun(&self, id: JobId);
    /// The job awaits something: the thread can begin another.
    fn suspended(&self, id: JobId);
    /// The job has ended.
    fn finished(&self, id: JobId, outcome: Outcome);
    /// A channel's end is with the job from now on, to be closed when the job ends.
    fn bind(&self, id: JobId, end: Arc<dyn Outlet>);
    /// Polls the future on this thread until it ends.
    fn spawn_local(&self, future: Pin<Box<dyn Future<Output = ()>>>);
}

/// What a thread's jobs find there.
pub(crate) struct Host {
    pub(crate) reports: Rc<dyn Reports>,
    pub(crate) current: Current,
    pub(crate) check_payloads: bool,
    pub(crate) stops: Arc<Stops>,
}

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

impl Host {
    /// Makes the calling thread one that runs jobs. For once in a thread.
    pub(crate) fn settle_in(self) {
        static HOOK: Once = Once::new();
        HOOK.call_once(panic::install_hook);
        stop::listen(self.stops.clone());
        HOST.set(Some(self));
    }
}

/// Not held while it is called: what it calls may run jobs' code, which asks for the host again.
fn reports() -> Option<Rc<dyn Reports>> {
    HOST.with_borrow(|host| host.as_ref().map(|host| host.reports.clone()))
}

/// Tells the owner.
pub(crate) fn report(report: Report) {
    let Some(reports) = reports() else {
        return;
    };
    match report {
        Report::Begun(id) => reports.begun(id),
        Report::Suspended(id) => reports.suspended(id),
        Report::Finished(id, outcome) => {
            // Also where whoever hears of it unwinds.
            let _ended = Ended(id);
            reports.finished(id, outcome);
        }
    }
}

/// Takes the job's stop away, when its owner knows that it has ended.
struct Ended(JobId);

impl Drop for Ended {
    fn drop(&mut self) {
        stop::ended(self.0);
    }
}

/// Whether what travels on this thread is encoded and decoded on the way.
pub(super) fn checks_payloads() -> bool {
    HOST.with_borrow(|host| host.as_ref().map(|host| host.check_payloads))
        .unwrap_or(cfg!(debug_assertions))
}

/// Makes a channel's end the running job's, where one runs.
pub(super) fn bind(id: JobId, end: Arc<dyn Outlet>) {
    if let Some(reports) = reports() {
        reports.bind(id, end);
    }
}

/// Nothing to do here: the panic unwinds, and whoever catches it reports it.
pub(crate) fn announce_panic(_: JobId, _: &Panic) {}

/// Runs the future on this thread's executor. Elsewhere than on a thread that runs jobs it is dropped.
pub fn spawn_local(future: impl Future<Output = ()> + 'static) {
    if let Some(reports) = reports() {
        reports.spawn_local(Box::pin(future));
    }
}

/// The thread that runs this code.
pub(crate) fn current() -> Option<Current> {
    HOST.with_borrow(|host| host.as_ref().map(|host| host.current.clone()))
}
