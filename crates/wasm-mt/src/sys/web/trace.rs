//! What the browser's performance timeline shows of a worker's jobs: a measure for each sync part and each poll, by the worker's
//! clock. Lives in the worker, for jobs that came with a name, which they do where the thread traces.
//!
//! Never true: that a job fails because of it. An engine that does not take such a measure shows less.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use wasm_bindgen::prelude::*;

use super::{dom, entry};
use crate::handle::JobId;
use crate::worker::Run;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = performance)]
    fn measure(name: &str, options: &JsValue) -> Result<JsValue, JsValue>;
}

/// Runs a job by its name and id.
pub(crate) type Tracer = fn(&str, JobId, &mut dyn FnMut() -> Run) -> Run;

/// What measures.
pub(crate) const TRACER: Tracer = traced;

/// Measures the call of a job, and the polls of its future.
fn traced(name: &str, id: JobId, call: &mut dyn FnMut() -> Run) -> Run {
    let began = dom::now();
    let run = call();
    show(name, id, began, "sync");
    let Run::Async(mut inner) = run else {
        return run;
    };
    let name: Rc<str> = name.into();
    Run::Async(Box::pin(poll_fn(move |cx| {
        let start = dom::now();
        let polled = inner.as_mut().poll(cx);
        show(&name, id, start, "poll");
        if matches!(polled, Poll::Ready(_)) {
            show(&format!("{name} (async)"), id, began, "async");
        }
        polled
    })))
}

/// Shows what began then and ends now.
fn show(name: &str, id: JobId, start: f64, part: &str) {
    let end = dom::now();
    let current = entry::current();
    let (worker, thread) = current.map_or((0, None), |current| (current.id, current.name));
    let detail = dom::objects(&[
        ("wasmMt", true.into()),
        ("worker", (worker as f64).into()),
        ("thread", thread.map_or(JsValue::NULL, Into::into)),
        ("job", entry::number(id)),
        ("part", part.into()),
    ]);
    let options = [
        ("start", start.into()),
        ("end", end.into()),
        ("detail", detail.into()),
    ];
    if measure(name, &dom::objects(&options)).is_err() {
        // Without the last.
        let _ = measure(name, &dom::objects(&options[..2]));
    }
}

#[cfg(test)]
mod tests {
    use js_sys::{Array, Function, JSON, Reflect};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::job;
    use crate::thread::Thread;

    /// Names of the measures that a worker has, each with its detail.
    fn measures() -> Vec<(String, String)> {
        let all = "return performance.getEntriesByType('measure')";
        let all = Function::new_no_args(all)
            .call0(&JsValue::NULL)
            .unwrap_or_default();
        let text = |value| JSON::stringify(&value).map_or(String::new(), String::from);
        all.unchecked_into::<Array>()
            .iter()
            .map(|one| {
                let field = |name: &str| Reflect::get(&one, &name.into()).unwrap_or_default();
                (
                    field("name").as_string().unwrap_or_default(),
                    text(field("detail")),
                )
            })
            .collect()
    }

    async fn measured(trace: bool) -> (u64, Vec<(String, String)>, String) {
        let mut builder = Thread::builder().name("smith");
        builder = builder.trace(trace);
        let thread = builder.start().await.unwrap();
        thread.spawn(job!(|| ()).named("given")).await.unwrap();
        let (line, job) = (line!(), job!(async || ()));
        thread.spawn(job).await.unwrap();
        let all = thread.spawn(job!(|| measures())).await.unwrap();
        (thread.id(), all, format!("trace.rs:{line}"))
    }

    #[wasm_bindgen_test]
    async fn a_traced_threads_jobs_are_measured() {
        let (worker, all, place) = measured(true).await;
        let parts = |name: &str| -> Vec<&str> {
            let detail = format!(r#"{{"wasmMt":true,"worker":{worker},"thread":"smith","job":"#);
            let of_name = all.iter().filter(|(of, _)| of == name);
            let parts = of_name.filter_map(|(_, text)| text.strip_prefix(&detail));
            parts.filter_map(|text| text.split('"').nth(3)).collect()
        };
        assert_eq!(parts("given"), ["sync"], "{all:?}");
        assert_eq!(parts(&place), ["sync", "poll"], "{all:?}");
        assert_eq!(parts(&format!("{place} (async)")), ["async"], "{all:?}");
    }

    #[wasm_bindgen_test]
    async fn a_thread_that_does_not_trace_measures_nothing() {
        let (_, all, _) = measured(false).await;
        assert!(all.is_empty(), "{all:?}");
    }
}
