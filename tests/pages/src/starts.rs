//! Cases of how a worker comes to its module and its script.

use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use js_sys::{Function, Uint8Array, WebAssembly};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_mt::utils::fetch_as_arraybuffer;
use wasm_mt::{StartError, Thread, WasmMt, job};

use crate::cases::{Outcome, a_thread_answers, check, check_blocked, start_error};
use crate::harness;

async fn answers(thread: &Thread, n: u32) -> Result<(), JsValue> {
    let square = thread.spawn(job!(|n: u32| n * n)).await?;
    check!(square == n * n, "the square of {n} is {square}");
    Ok(())
}

/// A worker's own worker, started under the page's conditions.
pub(crate) async fn a_job_starts_a_thread() -> Outcome {
    let thread = harness::builder().start().await?;
    let script = harness::query("script")
        .ok()
        .map(|path| absolute(&path))
        .transpose()?;
    let answer: Result<u32, String> = thread
        .spawn(job!(async |script: Option<String>| nested(script).await))
        .await?;
    check!(answer == Ok(49), "the nested thread says {answer:?}");
    Ok("a thread of a thread answers".into())
}

async fn nested(script: Option<String>) -> Result<u32, String> {
    let mut builder = Thread::builder();
    if let Some(url) = script {
        builder = builder.script_url(url);
    }
    let inner = builder.start().await.map_err(|error| error.to_string())?;
    let n = 7;
    let square = inner.spawn(job!(|n: u32| n * n)).await;
    square.map_err(|error| error.to_string())
}

fn absolute(path: &str) -> Result<String, JsValue> {
    let base = web_sys::window().ok_or("no window")?.location().href()?;
    Ok(web_sys::Url::new_with_base(path, &base)?.href())
}

/// The browser does not clone the module: its bytes are fetched once, for all.
pub(crate) async fn a_module_that_cannot_be_cloned_goes_as_bytes() -> Outcome {
    let threads = join_all((0..3).map(|_| harness::builder().start())).await;
    for (thread, n) in threads.into_iter().zip(5..) {
        answers(&thread?, n).await?;
    }
    answers(&harness::builder().start().await?, 9).await?;
    // A module that is given is refused as well, and is the program's own.
    let given: WebAssembly::Module = wasm_bindgen::module().unchecked_into();
    answers(&harness::builder().module(given).start().await?, 10).await?;
    let module = harness::module()?;
    let requests = harness::requests(&module).await?;
    check!(
        requests == 2,
        "{module} was fetched {requests} times: once is the page's"
    );
    Ok(format!("{module} fetched once more for five threads"))
}

/// The same in a worker that starts workers.
pub(crate) async fn a_job_starts_a_thread_by_bytes() -> Outcome {
    let thread = Thread::start().await?;
    thread
        .spawn(job!(|| {
            Function::new_no_args(
                "const { postMessage } = Worker.prototype;
                Worker.prototype.postMessage = function (message, ...rest) {
                    if (message.some((value) => value instanceof WebAssembly.Module)) {
                        throw new DOMException('no', 'DataCloneError');
                    }
                    return postMessage.call(this, message, ...rest);
                };",
            )
            .call0(&JsValue::NULL)
            .is_ok()
        }))
        .await?;
    let answer: Result<u32, String> = thread.spawn(job!(async || nested(None).await)).await?;
    check!(answer == Ok(49), "the nested thread says {answer:?}");
    let module = harness::module()?;
    let requests = harness::requests(&module).await?;
    check!(requests == 2, "{module} was fetched {requests} times");
    Ok("a thread of a thread has its bytes".into())
}

/// Nor can this page fetch it: the worker gets the URL.
pub(crate) async fn a_module_that_the_owner_cannot_fetch_goes_as_a_url() -> Outcome {
    answers(&Thread::start().await?, 5).await?;
    let module = harness::module()?;
    let requests = harness::requests(&module).await?;
    check!(requests == 2, "{module} was fetched {requests} times");
    Ok(format!("{module} fetched by the worker"))
}

/// Nothing works: the error says what was tried and what to do, and the next start tries again.
pub(crate) async fn a_module_that_cannot_be_had_is_a_start_error() -> Outcome {
    let module = harness::module()?;
    harness::spoil(&module, &harness::query("what")?).await?;
    let error = start_error().await?;
    let text = error.to_string();
    check!(error.is_module(), "not about the module: {text}");
    for part in ["clone", &module, "Builder::wasm_bytes"] {
        check!(text.contains(part), "no `{part}` in: {text}");
    }
    // Bytes that the program has at hand do not have to be had.
    let glue = fetch_as_arraybuffer(&harness::query("glue")?).await?;
    harness::spoil(&module, "off").await?;
    let bytes = fetch_as_arraybuffer(&module).await?;
    harness::spoil(&module, &harness::query("what")?).await?;
    let mt = WasmMt::new_with_arraybuffers(glue, bytes)
        .and_init()
        .await?;
    answers(&mt.thread().and_init().await?, 6).await?;
    harness::spoil(&module, "off").await?;
    a_thread_answers().await?;
    Ok(text)
}

/// A fetch that hangs ends with the starts that wait for it, and one that nobody waits for any more is begun anew.
pub(crate) async fn a_module_that_never_comes_holds_up_nothing() -> Outcome {
    let module = harness::module()?;
    harness::spoil(&module, "stalled").await?;
    let start = || {
        Thread::builder()
            .start_deadline(Duration::from_millis(500))
            .start()
    };
    let (one, two) = futures::future::join(start(), start()).await;
    for thread in [one, two] {
        let Err(error) = thread else {
            return Err("a thread started without its module".into());
        };
        check!(error.is_deadline(), "not a deadline: {error}");
    }
    harness::spoil(&module, "off").await?;
    // Dropped while the bytes are on their way: the next one, in the same turn, has to ask for them itself.
    drop(start().now_or_never());
    a_thread_answers().await
}

/// Bytes, a URL and a module of another build of this page: each is refused, and nothing of it runs.
pub(crate) async fn another_build_is_a_start_error() -> Outcome {
    let url = harness::module()?.replace("/pkg/", "/pkg-other/");
    let bytes = harness::bytes(&url).await?;
    check!(
        bytes != harness::bytes(&harness::module()?).await?,
        "{url} is the same build"
    );
    let module = JsFuture::from(WebAssembly::compile(&Uint8Array::from(&bytes[..]))).await?;
    for builder in [
        Thread::builder().wasm_bytes(&bytes),
        Thread::builder().wasm_url(&url),
        Thread::builder().module(module.unchecked_into()),
    ] {
        let Err(error) = builder.start().await else {
            return Err("a worker of another build started".into());
        };
        check!(error.is_other_build(), "not another build: {error}");
        check!(
            error.to_string().contains("reload the page"),
            "not what to do: {error}"
        );
    }
    // The right ones do start.
    let bytes = harness::bytes(&harness::module()?).await?;
    answers(&Thread::builder().wasm_bytes(&bytes).start().await?, 3).await?;
    let url = harness::module()?;
    answers(&Thread::builder().wasm_url(url).start().await?, 4).await?;
    Ok("three refused, two started".into())
}

/// The glue at the URL was replaced, and no longer fits the module that the page has.
pub(crate) async fn glue_of_another_program_is_a_start_error() -> Outcome {
    let builder = Thread::builder().glue_url("/hello/pkg/hello.js");
    let Err(error) = builder.start().await else {
        return Err("a worker started with another program's glue".into());
    };
    let text = error.to_string();
    check!(error.is_module(), "not about the module: {text}");
    check!(text.contains("of the same build"), "not what to do: {text}");
    Ok(text)
}

fn check_script(error: &StartError) -> Outcome {
    let text = error.to_string();
    check!(error.is_script(), "not about the script: {text}");
    for part in [&*harness::query("script")?, "wasm_mt::WORKER_SCRIPT"] {
        check!(text.contains(part), "no `{part}` in: {text}");
    }
    Ok(text)
}

/// The script file is gone, or something else is in its place.
pub(crate) async fn a_script_that_is_none_is_a_start_error() -> Outcome {
    let script = harness::query("script")?;
    harness::spoil(&script, &harness::query("what")?).await?;
    let text = check_script(&start_error().await?)?;
    harness::spoil(&script, "off").await?;
    a_thread_answers().await?;
    Ok(text)
}

/// The script file was not renewed with the program.
pub(crate) async fn a_script_of_another_version_is_a_start_error() -> Outcome {
    let text = check_script(&start_error().await?)?;
    check!(text.contains("0.0.0"), "not the version: {text}");
    Ok(text)
}

/// The script file comes with a policy that does not let it compile.
pub(crate) async fn a_script_that_may_not_compile_is_a_start_error() -> Outcome {
    let script = harness::query("script")?;
    harness::spoil(&script, "csp:script-src 'self'").await?;
    let bytes = harness::bytes(&harness::module()?).await?;
    let Err(error) = harness::builder().wasm_bytes(&bytes).start().await else {
        return Err("it compiled all the same".into());
    };
    check_blocked(&error, &["'wasm-unsafe-eval'"])
}

/// The page's policy allows no worker, and not the script file either.
pub(crate) async fn a_script_that_the_policy_forbids_is_a_start_error() -> Outcome {
    let text = check_script(&start_error().await?)?;
    check!(text.contains("worker-src"), "not what to do: {text}");
    Ok(text)
}

/// The script file comes with a policy that requires trusted types and does not list ours. A module needs none.
pub(crate) async fn a_script_with_trusted_types_of_others_loads_no_classic_glue() -> Outcome {
    let script = harness::query("script")?;
    let policy = "csp:script-src 'self' 'wasm-unsafe-eval'; require-trusted-types-for 'script'; trusted-types";
    harness::spoil(&script, policy).await?;
    if !harness::query("glue")?.contains("no-modules") {
        return a_thread_answers().await;
    }
    check_blocked(&start_error().await?, &["trusted-types wasm-mt"])
}

/// The page's policy requires trusted types and does not list ours.
pub(crate) async fn trusted_types_without_our_policy_are_a_start_error() -> Outcome {
    check_blocked(&start_error().await?, &["trusted-types wasm-mt"])
}

/// More threads than there may be: each start settles, and there is room again when they are gone.
pub(crate) async fn the_601st_thread_is_a_start_error() -> Outcome {
    let began = harness::now();
    let start = || {
        Thread::builder()
            .start_deadline(Duration::from_secs(50))
            .start()
    };
    let mut threads = Vec::new();
    let mut refused = 0;
    for thread in join_all((0..601).map(|_| start())).await {
        match thread {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                check!(
                    error.is_limit(),
                    "not the limit, after {} threads: {error}",
                    threads.len()
                );
                refused += 1;
            }
        }
    }
    let all = harness::now() - began;
    check!(refused > 0, "601 threads started");
    let squares = threads.iter().map(|thread| answers(thread, 12));
    for answer in join_all(squares).await {
        answer?;
    }
    let count = threads.len();
    drop(threads);
    a_thread_answers().await?;
    let took = harness::now() - began;
    Ok(format!(
        "{count} started and {refused} refused within {all} ms, over after {took} ms"
    ))
}
