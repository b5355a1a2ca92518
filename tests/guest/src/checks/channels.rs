//! Channels: items come in order, before the result, and from jobs of jobs.

use wasm_mt::{Receiver, Sender, channel, job};
use wasm_mt_pool::ThreadPool;

use super::shared::{Check, this_pool};

pub(crate) const CHECKS: &[Check] = checks! {
    progress_comes_in_order_before_the_result
    a_sender_goes_on_to_a_grandchild
    a_job_receives_from_its_own_jobs
    many_jobs_send_to_one_receiver
    a_stream_ends_with_its_job_however_that_ends
    a_dropped_receiver_does_not_stop_the_job
};

async fn all(mut steps: Receiver<u32>) -> Vec<u32> {
    let mut seen = Vec::new();
    while let Some(step) = steps.recv().await {
        seen.push(step.expect("an item decodes"));
    }
    seen
}

fn count(steps: &Sender<u32>, to: u32) {
    for step in 0..to {
        steps.send(step).expect("a number travels");
    }
}

async fn progress_comes_in_order_before_the_result(pool: ThreadPool) {
    let (progress, steps) = channel();
    let handle = pool.spawn(job!(|progress| {
        count(&progress, 1000);
        "done".to_string()
    }));
    let result = handle.await.unwrap();
    // All is there: the stream ends without another wait.
    let seen = futures::FutureExt::now_or_never(all(steps)).expect("nothing is to come");
    assert!(seen.into_iter().eq(0..1000));
    assert_eq!(result, "done");
}

async fn a_sender_goes_on_to_a_grandchild(pool: ThreadPool) {
    let (progress, steps) = channel();
    let parent = job!(async |progress: Sender<u32>| {
        progress.send(0).expect("a number travels");
        let child = job!(async |progress: Sender<u32>| {
            progress.send(1).expect("a number travels");
            let grandchild = job!(|progress: Sender<u32>| progress.send(2).is_ok());
            this_pool().spawn(grandchild).await.expect("it ends well")
        });
        this_pool().spawn(child).await.expect("it ends well")
    });
    assert!(pool.spawn(parent).await.unwrap());
    assert_eq!(all(steps).await, [0, 1, 2]);
}

async fn a_job_receives_from_its_own_jobs(pool: ThreadPool) {
    let parent = job!(async || {
        let (progress, steps) = channel();
        let child = this_pool().spawn(job!(|progress| count(&progress, 100)));
        let seen = all(steps).await;
        child.await.expect("it ends well");
        seen
    });
    assert!(pool.spawn(parent).await.unwrap().into_iter().eq(0..100));
}

async fn many_jobs_send_to_one_receiver(pool: ThreadPool) {
    let (progress, steps) = channel();
    let items: Vec<_> = (0..50u32).map(|n| (n, progress.clone())).collect();
    drop(progress);
    let map = pool.map(items, |(n, progress)| progress.send(n).is_ok());
    let mut seen = all(steps).await;
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..50));
    assert!(map.await.unwrap().into_iter().all(|sent| sent));
}

async fn a_stream_ends_with_its_job_however_that_ends(pool: ThreadPool) {
    let (progress, steps) = channel();
    let failed = pool.spawn(job!(|progress| -> () {
        count(&progress, 3);
        panic!("behind three items");
    }));
    assert_eq!(all(steps).await, [0, 1, 2]);
    assert!(failed.await.unwrap_err().is_panic());
}

async fn a_dropped_receiver_does_not_stop_the_job(pool: ThreadPool) {
    let (progress, steps) = channel();
    drop(steps);
    let handle = pool.spawn(job!(|progress| {
        count(&progress, 3);
        7
    }));
    assert_eq!(handle.await.unwrap(), 7);
}
