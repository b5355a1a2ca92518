//! Forks that run in the instance that made them, as elsewhere.

use js_sys::{ArrayBuffer, Date};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::thread::Thread;
use crate::{Buffer, Js, Transfer, job};

/// Runs it as another worker would.
fn runs<T>(job: Job<T>) -> Result<T, JoinError> {
    let fork = fork_bytes(&job, Vec::new()).unwrap();
    fork_outcome(job, &run_fork(&fork))
}

fn here<T>(job: Job<T>) -> Result<T, JoinError> {
    let Job { task, decode } = job;
    run_here(task).and_then(decode)
}

#[wasm_bindgen_test]
fn a_fork_is_bytes_with_all_bulk_in_them() {
    let samples = Buffer(vec![1.5f32; 20_000]);
    let (text, more) = (String::from("ab"), Buffer(vec![7u16]));
    let forked = || {
        let (samples, text, more) = (samples.clone(), text.clone(), more.clone());
        job!(|samples: Buffer<f32>, text: String, more: Buffer<u16>| (
            more,
            text.repeat(2),
            samples
        ))
    };
    let given = (more.clone(), String::from("abab"), samples.clone());
    assert_eq!(runs(forked()).unwrap(), given);
    assert_eq!(here(forked()).unwrap(), given);
}

#[wasm_bindgen_test]
fn what_cannot_be_bytes_is_no_fork() {
    let (date, file) = (Js(Date::new_0()), Transfer(ArrayBuffer::new(3)));
    let (sender, _receiver) = crate::channel::<u8>();
    assert!(fork_bytes(&job!(|date: Js<Date>| date.get_full_year()), Vec::new()).is_none());
    assert!(
        fork_bytes(
            &job!(|sender: crate::Sender<u8>| sender.send(1).unwrap()),
            Vec::new()
        )
        .is_none()
    );
    assert!(fork_bytes(&job!(async || 3), Vec::new()).is_none());
    // An array buffer is bulk, whoever made it.
    assert_eq!(
        runs(job!(|file: Transfer<ArrayBuffer>| file.byte_length())).unwrap(),
        3
    );
}

#[wasm_bindgen_test]
fn a_value_of_javascripts_is_not_joined_wherever_it_was_made() {
    let made = || job!(|| Js(Date::new_0()));
    for error in [runs(made()).unwrap_err(), here(made()).unwrap_err()] {
        assert!(error.is_encode() && error.may_have_run(), "{error}");
        assert!(error.to_string().contains("JavaScript"), "{error}");
    }
}

#[wasm_bindgen_test]
fn an_async_job_is_not_run_in_place() {
    let error = here(job!(async || 3)).unwrap_err();
    assert!(
        error.is_encode() && error.to_string().contains("await"),
        "{error}"
    );
}

#[wasm_bindgen_test]
async fn in_place_a_sender_is_the_one_that_was_given() {
    let (sender, mut receiver) = crate::channel::<u8>();
    here(job!(|sender: crate::Sender<u8>| sender.send(7).unwrap())).unwrap();
    assert_eq!(receiver.recv().await.unwrap().unwrap(), 7);
    assert!(receiver.recv().await.is_none());
    // In a worker, too, with an end that came to it.
    let (sender, mut receiver) = crate::channel::<u8>();
    let thread = Thread::start().await.unwrap();
    let nested = job!(|sender: crate::Sender<u8>| {
        sender.send(1).unwrap();
        here(job!(|sender: crate::Sender<u8>| sender.send(2).unwrap())).unwrap();
    });
    thread.spawn(nested).await.unwrap();
    assert_eq!(receiver.recv().await.unwrap().unwrap(), 1);
    assert_eq!(receiver.recv().await.unwrap().unwrap(), 2);
    assert!(receiver.recv().await.is_none());
}
