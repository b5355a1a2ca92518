//! [`Crew`]: the pool that one writes by hand, of some threads and a channel. What a pool with deques, handles and errors costs
//! beyond that is what it is measured for.

use std::thread;

use crossbeam_channel::{Sender, unbounded};
use wasm_mt_pool::ThreadPool;

use crate::side::THREADS;

type Job = Box<dyn FnOnce() + Send>;

/// Its threads end with the last clone, when the channel is empty.
#[derive(Clone)]
pub(crate) struct Crew(Sender<Job>);

impl Crew {
    pub(crate) fn start() -> Crew {
        let (sender, receiver) = unbounded::<Job>();
        for _ in 0..THREADS {
            let receiver = receiver.clone();
            thread::spawn(move || receiver.into_iter().for_each(|job| job()));
        }
        Crew(sender)
    }

    pub(crate) fn send(&self, job: impl FnOnce() + Send + 'static) {
        self.0
            .send(Box::new(job))
            .expect("its threads wait for jobs");
    }
}

/// The pools that are compared.
pub(crate) struct Pools {
    pub(crate) ours: ThreadPool,
    pub(crate) rayon: rayon::ThreadPool,
    pub(crate) crew: Crew,
}

impl Pools {
    pub(crate) fn start() -> Pools {
        let rayon = rayon::ThreadPoolBuilder::new().num_threads(THREADS);
        Pools {
            ours: crate::side::ours(false),
            rayon: rayon.build().expect("rayon's pool starts"),
            crew: Crew::start(),
        }
    }
}
