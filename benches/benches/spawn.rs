//! What a job costs that is spawned from outside and awaited, beside rayon and a crew: `cargo bench -p wasm-mt-benches --bench
//! spawn`.

mod crew;
mod side;

use crew::{Crew, Pools};
use futures::channel::oneshot;
use futures::executor::block_on;
use side::{Side, Workload};
use wasm_mt_pool::ThreadPool;
use wasm_mt_pool::wasm_mt::{JoinHandle, job};

/// Jobs spawned before the first is awaited.
const AT_ONCE: usize = 1000;

fn spawned(pool: &ThreadPool) -> JoinHandle<()> {
    pool.spawn(job!(|| ()))
}

/// What `rayon::spawn` gives nothing of: a future of the job's end.
fn spawned_by_rayon(pool: &rayon::ThreadPool) -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    pool.spawn(move || {
        let _ = sender.send(());
    });
    receiver
}

fn spawned_by_crew(crew: &Crew) -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    crew.send(move || {
        let _ = sender.send(());
    });
    receiver
}

/// So many are spawned, and then awaited.
fn at_once<H: Future>(mut spawn: impl FnMut() -> H) {
    let handles: Vec<H> = (0..AT_ONCE).map(|_| spawn()).collect();
    block_on(async {
        for handle in handles {
            handle.await;
        }
    });
}

fn main() {
    // In a browser it is `cargo xtask bench` that measures.
    if cfg!(target_family = "wasm") {
        return;
    }
    let Pools { ours, rayon, crew } = &Pools::start();
    side::measure(&[
        Workload {
            name: "empty job, one at a time".into(),
            goal: Some(1.2),
            sides: vec![
                Side::new("wasm-mt", || {
                    block_on(spawned(ours)).expect("an empty job ends")
                }),
                Side::new("rayon", || {
                    block_on(spawned_by_rayon(rayon)).expect("an empty job ends")
                }),
                Side::new("crew", || {
                    block_on(spawned_by_crew(crew)).expect("an empty job ends")
                }),
            ],
        },
        Workload {
            name: "empty jobs, 1,000 at once".into(),
            goal: Some(1.2),
            sides: vec![
                Side::new("wasm-mt", || at_once(|| spawned(ours))),
                Side::new("rayon", || at_once(|| spawned_by_rayon(rayon))),
                Side::new("crew", || at_once(|| spawned_by_crew(crew))),
            ],
        },
        Workload {
            name: "two empty jobs joined".into(),
            goal: Some(1.2),
            sides: vec![
                Side::new("wasm-mt", || {
                    let both = ours.join(job!(|| ()), job!(|| ()));
                    block_on(both).expect("empty jobs end");
                }),
                Side::new("rayon", || rayon.join(|| (), || ())),
                Side::new("crew", || {
                    let both = (spawned_by_crew(crew), spawned_by_crew(crew));
                    block_on(async { (both.0.await, both.1.await) })
                        .0
                        .expect("an empty job ends");
                }),
            ],
        },
        // What a page that shows them asks for in each frame.
        Workload {
            name: "stats".into(),
            goal: None,
            sides: vec![Side::new("wasm-mt", || ours.stats())],
        },
    ]);
}
