//! Starts that fail. Each is followed by one that does not, once what was wrong is mended.

use std::time::Duration;

use futures::future::join_all;
use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_mt::{Builder, StartError, Thread};
use wasm_mt_pool::Fabric;

use super::ground::{self, Ground, On};
use super::outcome::Caused;
use crate::harness;

type Outcome = Result<(Caused, Ground), JsValue>;

/// The worker's script as a file.
pub(crate) const SCRIPT: &str = "/tests/pages/wasm-mt-worker.js";

/// The module of another build.
const OTHER: &str = "/tests/pages/pkg-other/pages_bg.wasm";

/// One fails, and the next one has these settings.
async fn fails(on: On, bad: Builder, good: Builder) -> Outcome {
    let caused = Caused::start(on.start(bad)).await;
    Ok((caused, on.start(good).await?))
}

/// The file fails so while one starts.
async fn spoiled(on: On, path: &str, what: &str, threads: Builder) -> Outcome {
    harness::spoil(path, what).await?;
    let caused = Caused::start(on.start(threads)).await;
    harness::spoil(path, "off").await?;
    Ok((caused, on.start(harness::builder()).await?))
}

async fn glue(on: On, what: &str) -> Outcome {
    spoiled(on, &harness::query("glue")?, what, Thread::builder()).await
}

pub(crate) async fn a_panic_in_on_start(on: On) -> Outcome {
    let bad = Thread::builder().on_start(|| panic!("not today"));
    fails(on, bad, Thread::builder()).await
}

pub(crate) async fn glue_that_is_gone(on: On) -> Outcome {
    glue(on, "status:404").await
}

pub(crate) async fn html_for_javascript(on: On) -> Outcome {
    glue(on, "html").await
}

/// Its first half does not parse.
pub(crate) async fn a_syntax_error(on: On) -> Outcome {
    glue(on, "truncated").await
}

pub(crate) async fn a_redirect_to_another_origin(on: On) -> Outcome {
    let path = harness::query("glue")?;
    let other = harness::query("other")?;
    glue(on, &format!("redirect:{other}{path}")).await
}

pub(crate) async fn a_module_that_is_gone(on: On) -> Outcome {
    let module = harness::module()?;
    let threads = Thread::builder().wasm_url(&module);
    spoiled(on, &module, "status:404", threads).await
}

pub(crate) async fn html_for_the_module(on: On) -> Outcome {
    let module = harness::module()?;
    let threads = Thread::builder().wasm_url(&module);
    spoiled(on, &module, "html", threads).await
}

pub(crate) async fn another_build(on: On) -> Outcome {
    fails(on, Thread::builder().wasm_url(OTHER), Thread::builder()).await
}

/// The page allows no blob; a file it does allow.
pub(crate) async fn a_policy_without_blob(on: On) -> Outcome {
    let file = Thread::builder().script_url(SCRIPT);
    fails(on, Thread::builder(), file).await
}

/// The worker's script comes with a policy of its own, and it is the worker that compiles.
pub(crate) async fn a_policy_without_wasm(on: On) -> Outcome {
    let bytes = harness::bytes(&harness::module()?).await?;
    let file = Thread::builder().script_url(SCRIPT).wasm_bytes(&bytes);
    spoiled(on, SCRIPT, "csp:script-src 'self'", file).await
}

/// The page mends it by a policy called `default`, which passes what has none.
pub(crate) async fn trusted_types(on: On) -> Outcome {
    let caused = Caused::start(on.start(Thread::builder())).await;
    pass_all_script_urls();
    Ok((caused, on.start(Thread::builder()).await?))
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = passAllScriptUrls)]
    fn pass_all_script_urls();
}

/// What had started goes on; what starts meanwhile does not.
pub(crate) async fn a_server_that_is_stopped(on: On) -> Outcome {
    let before = on.start(Thread::builder()).await?;
    harness::ask("stop").await?;
    let caused = Caused::start(on.start(Thread::builder())).await;
    before.goes_on().await?;
    harness::ask("restart").await?;
    Ok((caused, on.start(Thread::builder()).await?))
}

pub(crate) async fn a_deadline(on: On) -> Outcome {
    let limit = Duration::from_millis(300);
    let path = harness::query("glue")?;
    spoiled(
        on,
        &path,
        "stalled",
        Thread::builder().start_deadline(limit),
    )
    .await
}

/// So many as were asked for.
const MANY: usize = 600;

async fn many(on: On, threads: Builder) -> Result<(), StartError> {
    match on {
        On::Pool => drop(ground::pool(MANY, threads, Fabric::Post).await?),
        On::Shared => drop(ground::pool(MANY, threads, Fabric::Shared).await?),
        On::Thread => {
            let starts = (0..MANY).map(|_| threads.clone().start());
            // All of them settle.
            for start in join_all(starts).await {
                start?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn too_many_workers(on: On) -> Outcome {
    let threads = Thread::builder().start_deadline(Duration::from_secs(50));
    let caused = Caused::start(many(on, threads)).await;
    Ok((caused, on.start(Thread::builder()).await?))
}

/// `Worker` is not there while one starts.
pub(crate) async fn no_workers_in_this_scope(on: On) -> Outcome {
    let restore: Function = take_workers_away();
    let caused = Caused::start(on.start(Thread::builder())).await;
    restore.call0(&JsValue::UNDEFINED)?;
    Ok((caused, on.start(Thread::builder()).await?))
}

#[wasm_bindgen]
extern "C" {
    /// Gives what brings them back.
    #[wasm_bindgen(js_name = takeWorkersAway)]
    fn take_workers_away() -> Function;
}
