//! The page itself. What it did stands in the document: `data-main-runs` on the body, the answer in `#answer`, an error in
//! `#error`.

use futures::future::try_join;
use wasm_bindgen::prelude::*;
use wasm_mt::{Thread, job};
use web_sys::{Document, Element};

const RUNS: &str = "data-main-runs";

pub(crate) fn run() {
    let document = web_sys::window()
        .and_then(|window| window.document())
        .expect("main runs in a page");
    let body = document.body().expect("the script stands in the body");
    document.set_title("main ran");
    let runs: u32 = body
        .get_attribute(RUNS)
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(0);
    show(&document, "main", "main ran here").expect("the document takes an element");
    body.set_attribute(RUNS, &(runs + 1).to_string())
        .expect("the name is a valid one");

    wasm_bindgen_futures::spawn_local(async move {
        let shown = match sum_by_two_threads().await {
            Ok(sum) => show(&document, "answer", &sum.to_string()),
            Err(error) => show(&document, "error", &format!("{error:?}")),
        };
        shown.expect("the document takes an element");
    });
}

/// The sum of the squares below 2,000,000, modulo 2^64, a half by each thread.
async fn sum_by_two_threads() -> Result<u64, JsValue> {
    let (first, second) = try_join(Thread::start(), Thread::start()).await?;
    let (start, middle, end) = (0u64, 1_000_000u64, 2_000_000u64);
    let (low, high) = try_join(
        first.spawn(job!(|start, middle| sum_of_squares(start, middle))),
        second.spawn(job!(|middle, end| sum_of_squares(middle, end))),
    )
    .await?;
    Ok(low.wrapping_add(high))
}

fn sum_of_squares(start: u64, end: u64) -> u64 {
    (start..end)
        .map(|n| n.wrapping_mul(n))
        .fold(0, u64::wrapping_add)
}

fn show(document: &Document, id: &str, text: &str) -> Result<Element, JsValue> {
    let element = document.create_element("p")?;
    element.set_id(id);
    element.set_text_content(Some(text));
    document.body().ok_or("no body")?.append_child(&element)?;
    Ok(element)
}
