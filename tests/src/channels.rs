//! Progress and partial results.

use futures::{FutureExt, StreamExt};
use wasm_mt::{Buffer, Receiver, SendError, Sender, Thread, channel, job};

use crate::common::{Gate, LONG, Picky, endless, goes_on, open_gate, started, thread};

/// All that comes until the stream ends.
async fn all<T: Send + 'static>(receiver: Receiver<T>) -> Vec<T> {
    receiver.map(|item| item.unwrap()).collect().await
}

pub async fn progress_of_a_job_that_never_yields_arrives_while_it_runs() {
    let thread = thread().await;
    let (progress, mut steps) = channel::<u32>();
    let handle = thread
        .spawn(job!(|progress| {
            for step in 0..1000 {
                progress.send(step).unwrap();
            }
            endless()
        }))
        .timeout(LONG);
    // The job does not end, so all that comes, comes while it runs.
    for step in 0..1000 {
        assert_eq!(steps.recv().await.unwrap().unwrap(), step);
    }
    assert!(!handle.is_finished());
    handle.abort();
    assert!(steps.recv().await.is_none());
    goes_on(&thread).await;
}

pub async fn what_a_job_sends_is_there_before_its_result() {
    let thread = thread().await;
    let (progress, mut steps) = channel::<String>();
    let sum: u32 = thread
        .spawn(job!(|progress| {
            (1..=5).for_each(|n| progress.send(format!("step {n}")).unwrap());
            5
        }))
        .await
        .unwrap();
    assert_eq!(sum, 5);
    for n in 1..=5 {
        let step = steps.recv().now_or_never().expect("it is there already");
        assert_eq!(step.unwrap().unwrap(), format!("step {n}"));
    }
    assert!(steps.recv().await.is_none());
}

pub async fn an_async_job_sends_between_its_awaits() {
    let thread = thread().await;
    let (progress, mut steps) = channel::<u8>();
    let handle = thread.spawn(job!(async |progress| {
        progress.send(1)?;
        Gate.await;
        progress.send(2)?;
        Ok::<u8, SendError>(3)
    }));
    assert_eq!(steps.recv().await.unwrap().unwrap(), 1);
    thread.spawn(job!(|| open_gate())).await.unwrap();
    assert_eq!(steps.recv().await.unwrap().unwrap(), 2);
    assert_eq!(handle.await.unwrap(), Ok(3));
    assert!(steps.recv().await.is_none());
}

#[cfg(not(target_os = "wasi"))]
pub async fn a_stream_ends_with_its_job_however_that_ends() {
    let thread = thread().await;
    // A panic.
    let (progress, steps) = channel::<u8>();
    let handle = thread.spawn(job!(|progress| {
        progress.send(1).unwrap();
        if progress.send(2).is_ok() {
            panic!("after two");
        }
    }));
    assert_eq!(all(steps).await, [1, 2]);
    assert!(handle.await.unwrap_err().is_panic());
    // An abort while it waits for its turn.
    let busy = thread.spawn(job!(async || Gate.await));
    let (progress, steps) = channel::<u8>();
    let behind = thread.spawn(job!(async |progress| {
        Gate.await;
        progress.send(1).unwrap();
    }));
    behind.abort();
    assert_eq!(all(steps).await, [0; 0]);
    // The end of its thread.
    let (progress, steps) = channel::<u8>();
    let waits = thread.spawn(job!(async |progress| {
        Gate.await;
        progress.send(1).unwrap();
    }));
    thread.terminate();
    assert_eq!(all(steps).await, [0; 0]);
    assert!(waits.await.unwrap_err().is_cancelled());
    assert!(busy.await.unwrap_err().is_cancelled());
    // A thread that takes no jobs any more.
    let (progress, steps) = channel::<u8>();
    let refused = thread.spawn(job!(|progress| progress.send(1).is_ok()));
    assert_eq!(all(steps).await, [0; 0]);
    assert!(refused.await.unwrap_err().is_closed());
    // A job that is never spawned.
    let (progress, steps) = channel::<u8>();
    drop(job!(|progress| progress.send(1).is_ok()));
    assert_eq!(all(steps).await, [0; 0]);
}

pub async fn a_sender_that_its_job_drops_ends_the_stream() {
    let thread = thread().await;
    let (progress, steps) = channel::<u8>();
    let handle = thread.spawn(job!(async |progress| {
        progress.send(1).unwrap();
        drop(progress);
        Gate.await;
    }));
    assert_eq!(all(steps).await, [1]);
    assert!(!handle.is_finished());
    thread.spawn(job!(|| open_gate())).await.unwrap();
    handle.await.unwrap();
}

pub async fn jobs_of_several_threads_send_to_one_receiver() {
    let threads = [thread().await, thread().await];
    let (results, found) = channel::<(usize, u32)>();
    let handles: Vec<_> = threads
        .iter()
        .enumerate()
        .map(|(at, thread)| {
            let results = results.clone();
            thread.spawn(job!(|at, results| {
                for n in 0..50 {
                    results.send((at, n)).unwrap();
                }
            }))
        })
        .collect();
    drop(results);
    let found = all(found).await;
    for at in 0..threads.len() {
        let of_one: Vec<u32> = found
            .iter()
            .filter(|one| one.0 == at)
            .map(|one| one.1)
            .collect();
        assert_eq!(of_one, (0..50).collect::<Vec<_>>());
    }
    for handle in handles {
        handle.await.unwrap();
    }
}

pub async fn a_sender_goes_on_to_a_job_of_a_job() {
    let thread = thread().await;
    let (progress, steps) = channel::<Buffer<u16>>();
    let handle = thread.spawn(job!(async |progress| {
        let inner = crate::common::thread().await;
        progress.send(Buffer(vec![1])).unwrap();
        let own = progress.clone();
        let n = 2;
        inner
            .spawn(job!(|progress, n| {
                progress.send(Buffer(vec![n; 3])).unwrap();
                progress.send(Buffer(vec![n; 4])).unwrap();
            }))
            .await
            .unwrap();
        own.send(Buffer(vec![5])).unwrap();
    }));
    let steps: Vec<Vec<u16>> = all(steps).await.into_iter().map(Vec::from).collect();
    assert_eq!(steps, [vec![1], vec![2; 3], vec![2; 4], vec![5]]);
    handle.await.unwrap();
}

pub async fn a_sender_works_where_it_was_made() {
    let (sender, mut receiver) = channel::<Vec<u8>>();
    let other = sender.clone();
    sender.send(vec![1]).unwrap();
    drop(sender);
    other.send(vec![2]).unwrap();
    assert_eq!(receiver.next().await.unwrap().unwrap(), [1]);
    assert_eq!(receiver.next().await.unwrap().unwrap(), [2]);
    assert!(receiver.next().now_or_never().is_none());
    drop(other);
    assert!(receiver.next().await.is_none());
}

pub async fn a_dropped_receiver_does_not_stop_the_job() {
    let thread = thread().await;
    let (progress, steps) = channel::<u32>();
    drop(steps);
    let sent: usize = thread
        .spawn(job!(|progress| (0..100)
            .filter(|n| progress.send(*n).is_ok())
            .count()))
        .await
        .unwrap();
    assert_eq!(sent, 100);
}

pub async fn a_job_that_was_given_up_on_adds_nothing() {
    let thread = started(Thread::builder().abort_grace(None)).await;
    let (progress, mut steps) = channel::<u8>();
    let handle = thread.spawn(job!(async |progress| {
        progress.send(1).unwrap();
        Gate.await;
        progress.send(2).unwrap();
    }));
    assert_eq!(steps.recv().await.unwrap().unwrap(), 1);
    // In a browser no worker is heard before this one has aborted. Natively the thread waits for that.
    #[cfg(not(target_family = "wasm"))]
    static ABORTED: std::sync::Barrier = std::sync::Barrier::new(2);
    let opens = thread.spawn(job!(|| {
        #[cfg(not(target_family = "wasm"))]
        ABORTED.wait();
        open_gate();
    }));
    handle.abort();
    #[cfg(not(target_family = "wasm"))]
    ABORTED.wait();
    assert!(steps.recv().await.is_none());
    opens.await.unwrap();
    goes_on(&thread).await;
    assert!(steps.recv().await.is_none());
}

pub async fn an_item_that_does_not_encode_is_an_error_of_its_send() {
    let thread = thread().await;
    let (progress, steps) = channel::<Picky>();
    let error = thread
        .spawn(job!(|progress| {
            progress.send(Picky(2))?;
            let refused = progress.send(Picky(200));
            progress.send(Picky(4))?;
            refused
        }))
        .await
        .unwrap()
        .unwrap_err();
    assert!(error.to_string().contains("Picky"), "{error}");
    assert_eq!(all(steps).await, [Picky(2), Picky(4)]);
}

pub async fn an_item_that_does_not_decode_is_an_error_in_the_stream() {
    let thread = thread().await;
    let (progress, mut steps) = channel::<Picky>();
    let handle = thread.spawn(job!(|progress| {
        (2..5).all(|n| progress.send(Picky(n)).is_ok())
    }));
    assert_eq!(steps.recv().await.unwrap().unwrap(), Picky(2));
    let error = steps.recv().await.unwrap().unwrap_err();
    assert!(error.is_decode(), "{error}");
    assert!(error.to_string().contains("Picky"), "{error}");
    assert_eq!(steps.recv().await.unwrap().unwrap(), Picky(4));
    assert!(steps.recv().await.is_none());
    assert!(handle.await.unwrap());
}

pub async fn a_sender_in_a_result_is_an_error() {
    let thread = thread().await;
    let (progress, steps) = channel::<u8>();
    let error = thread.spawn(job!(|progress| progress)).await.unwrap_err();
    assert!(error.is_encode(), "{error}");
    assert!(error.to_string().contains("arguments only"), "{error}");
    assert_eq!(all(steps).await, [0; 0]);
    goes_on(&thread).await;
}

pub async fn a_sender_through_a_channel_is_an_error() {
    let thread = thread().await;
    let (outer, senders) = channel::<Sender<u8>>();
    let (inner, steps) = channel::<u8>();
    let error: SendError = thread
        .spawn(job!(|outer, inner| outer.send(inner).unwrap_err()))
        .await
        .unwrap();
    assert!(error.to_string().contains("arguments only"), "{error}");
    assert!(all(senders).await.is_empty());
    assert_eq!(all(steps).await, [0; 0]);
}
