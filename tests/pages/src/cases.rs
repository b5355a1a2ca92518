//! The cases. One is an `async fn() -> Result<String, JsValue>` with its name in `cases!`; its error is what is printed
//! when it fails.

use std::time::Duration;

use futures::future::join_all;
use wasm_bindgen::prelude::*;
use wasm_mt::{StartError, Thread, job};

use crate::compat::*;
use crate::harness;
use crate::starts::*;

pub(crate) type Outcome = Result<String, JsValue>;

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];

        pub(crate) async fn run(name: &str) -> Outcome {
            match name {
                $(stringify!($name) => $name().await,)*
                _ => Err(format!("no case is called {name}").into()),
            }
        }
    };
}

cases! {
    a_thread_answers,
    four_threads_fetch_the_module_once,
    glue_that_is_gone_is_a_start_error,
    glue_that_never_comes_is_a_start_error,
    a_blocked_worker_is_a_start_error,
    a_job_starts_a_thread,
    a_module_that_cannot_be_cloned_goes_as_bytes,
    a_job_starts_a_thread_by_bytes,
    a_module_that_the_owner_cannot_fetch_goes_as_a_url,
    a_module_that_cannot_be_had_is_a_start_error,
    a_module_that_never_comes_holds_up_nothing,
    another_build_is_a_start_error,
    glue_of_another_program_is_a_start_error,
    a_script_that_is_none_is_a_start_error,
    a_script_of_another_version_is_a_start_error,
    a_script_that_may_not_compile_is_a_start_error,
    a_script_that_the_policy_forbids_is_a_start_error,
    trusted_types_without_our_policy_are_a_start_error,
    a_script_with_trusted_types_of_others_loads_no_classic_glue,
    the_601st_thread_is_a_start_error,
    only_javascript_text_needs_eval,
    glue_given_as_text_has_to_be_allowed,
    array_buffers_of_another_build_are_an_error,
}

/// Fails the case unless `condition`, with the text in its place.
macro_rules! check {
    ($condition:expr, $($text:tt)+) => {
        let holds: bool = $condition;
        if !holds {
            return Err(format!($($text)+).into());
        }
    };
}
pub(crate) use check;

/// The module loads, a thread starts and answers; under whatever headers and from whatever origin the table says.
pub(crate) async fn a_thread_answers() -> Outcome {
    let thread = harness::builder().start().await?;
    let (a, b) = (40, 2);
    let sum: i32 = thread.spawn(job!(|a, b| a + b)).await?;
    check!(sum == 42, "40 + 2 is {sum}");
    Ok(format!("40 + 2 is {sum}"))
}

/// Compiled once and posted: four workers ask for the glue, and none for the module.
async fn four_threads_fetch_the_module_once() -> Outcome {
    let threads: Vec<Thread> = join_all((0..4).map(|_| Thread::start()))
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    let answers = threads
        .iter()
        .zip(0u32..)
        .map(|(thread, n)| thread.spawn(job!(|n| n * n)));
    let answers: Vec<u32> = join_all(answers)
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    check!(answers == [0, 1, 4, 9], "the squares are {answers:?}");
    let module = harness::query("glue")?.replace(".js", "_bg.wasm");
    let requests = harness::requests(&module).await?;
    check!(requests == 1, "{module} was fetched {requests} times");
    Ok(format!("{answers:?}, and {module} fetched once"))
}

/// The glue fails as the query's `what` says once the page has it: no hang, an error soon, and no harm to the page.
async fn glue_that_is_gone_is_a_start_error() -> Outcome {
    let glue = harness::query("glue")?;
    harness::spoil(&glue, &harness::query("what")?).await?;
    let text = start_error().await?.to_string();
    check!(
        text.contains(&glue),
        "the error does not name the glue {glue}: {text}"
    );
    harness::spoil(&glue, "off").await?;
    a_thread_answers().await?;
    Ok(text)
}

/// The request for the glue stays open: the deadline ends the wait.
async fn glue_that_never_comes_is_a_start_error() -> Outcome {
    let glue = harness::query("glue")?;
    harness::spoil(&glue, "stalled").await?;
    let began = harness::now();
    let Err(error) = Thread::builder()
        .start_deadline(Duration::from_millis(500))
        .start()
        .await
    else {
        return Err("a thread started without its glue".into());
    };
    let took = harness::now() - began;
    check!(error.is_deadline(), "not a deadline: {error}");
    check!(
        (400.0..1500.0).contains(&took),
        "a deadline of 500 ms ended the wait after {took} ms"
    );
    harness::spoil(&glue, "off").await?;
    a_thread_answers().await?;
    Ok(error.to_string())
}

/// The page's content security policy forbids the worker.
async fn a_blocked_worker_is_a_start_error() -> Outcome {
    let error = start_error().await?;
    check_blocked(&error, &["worker-src blob:", "Builder::script_url"])
}

/// A policy is at fault, and the error says what it needs.
pub(crate) fn check_blocked(error: &StartError, hints: &[&str]) -> Outcome {
    let text = error.to_string();
    check!(error.is_blocked(), "not blocked: {text}");
    for hint in hints {
        check!(text.contains(hint), "no `{hint}` in: {text}");
    }
    Ok(text)
}

/// The error that the start fails with, soon.
pub(crate) async fn start_error() -> Result<StartError, JsValue> {
    let began = harness::now();
    let Err(error) = harness::builder().start().await else {
        return Err("a thread started all the same".into());
    };
    let took = harness::now() - began;
    check!(took < 1000.0, "it took {took} ms to fail: {error}");
    Ok(error)
}
