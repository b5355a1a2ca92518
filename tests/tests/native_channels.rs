//! Channels of jobs that are given up on, natively, where such a job goes on and keeps its ends.
#![cfg(not(target_family = "wasm"))]

use std::sync::{Mutex, mpsc};

use futures::executor::block_on;
use futures::{FutureExt, StreamExt};
use serde::{Deserialize, Serialize, Serializer};
use wasm_mt::{Receiver, Thread, channel, job};
use wasm_mt_tests::common::within_a_minute;

/// A thread that keeps its aborted jobs, and knows of their channels by their arguments.
fn thread() -> Thread {
    let builder = Thread::builder().abort_grace(None).check_payloads(true);
    block_on(builder.start()).unwrap()
}

/// All that comes until the stream ends.
fn all<T: Send + 'static>(receiver: Receiver<T>) -> Vec<T> {
    within_a_minute(|| block_on(receiver.map(|item| item.unwrap()).collect()))
}

/// Panics where it is encoded.
#[derive(Deserialize)]
struct Panics;

impl Serialize for Panics {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("in Serialize")
    }
}

#[test]
fn a_panic_while_arguments_are_encoded_ends_their_streams() {
    let thread = thread();
    let (progress, steps) = channel::<u8>();
    let panics = Panics;
    let handle = thread.spawn(job!(|progress, panics: Panics| {
        let Panics = panics;
        progress.send(1).is_ok()
    }));
    assert!(block_on(handle).unwrap_err().is_panic());
    assert_eq!(all(steps), [0; 0]);
    // Nor does what is coded next take itself for a part of it.
    let refuses = job!(|| serde_json::to_string(&wasm_mt::Buffer(vec![1u8])).is_err());
    assert!(block_on(thread.spawn(refuses)).unwrap());
}

static BEGINS: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
static GOES_ON: Mutex<Option<mpsc::Receiver<()>>> = Mutex::new(None);
static HAS_CLONED: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);

#[test]
fn a_clone_that_a_given_up_job_keeps_does_not_keep_the_stream() {
    let thread = thread();
    let (begins, begun) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel();
    let (has_cloned, cloned) = mpsc::channel();
    *BEGINS.lock().unwrap() = Some(begins);
    *GOES_ON.lock().unwrap() = Some(goes_on);
    *HAS_CLONED.lock().unwrap() = Some(has_cloned);
    let (progress, mut steps) = channel::<u8>();
    let handle = thread.spawn(job!(|progress| {
        let before = progress.clone();
        BEGINS.lock().unwrap().take().unwrap().send(()).unwrap();
        let goes_on = GOES_ON.lock().unwrap().take().unwrap();
        goes_on.recv().unwrap();
        let after = before.clone();
        HAS_CLONED.lock().unwrap().take().unwrap().send(()).unwrap();
        // To the end of the test.
        let _ = goes_on.recv();
        after.send(1).unwrap();
    }));
    begun.recv().unwrap();
    handle.abort();
    assert!(block_on(handle).unwrap_err().is_cancelled());
    assert!(steps.next().now_or_never().expect("it has ended").is_none());
    go_on.send(()).unwrap();
    cloned.recv().unwrap();
    assert!(steps.next().now_or_never().expect("it has ended").is_none());
    drop(go_on);
    block_on(thread.spawn(job!(|| ()))).unwrap();
    assert!(steps.next().now_or_never().expect("it has ended").is_none());
}

#[test]
fn an_abandoned_job_keeps_no_channel_open() {
    within_a_minute(|| {
        let thread = block_on(Thread::builder().check_payloads(false).start()).unwrap();
        let (sender, mut receiver) = channel::<u8>();
        let (release, wait) = mpsc::channel::<()>();
        *LET_GO.lock().unwrap() = Some(wait);
        let handle = thread.spawn(job!(|sender| {
            sender.send(1).unwrap();
            let wait = LET_GO.lock().unwrap().take().unwrap();
            // Until the test lets go, long after it has given up on the job.
            assert!(wait.recv().is_err());
            sender.send(2).is_ok()
        }));
        assert_eq!(block_on(receiver.recv()).unwrap().unwrap(), 1);
        handle.abort();
        assert!(block_on(receiver.recv()).is_none());
        drop(release);
        assert!(block_on(receiver.recv()).is_none());
    });
}

static LET_GO: Mutex<Option<mpsc::Receiver<()>>> = Mutex::new(None);
