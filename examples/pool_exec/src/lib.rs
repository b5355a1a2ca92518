//! Closures and JavaScript text, executed in a pool, in the form of wasm-mt-pool 0.1.
#![cfg(target_family = "wasm")] // natively there is no page to show anything

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_mt_pool::PoolCallback;
use wasm_mt_pool::prelude::*;
use wasm_mt_pool::wasm_mt::utils::sleep;

/// Has a pool execute what the functions below hand over,
/// and shows what their callbacks hear.
#[wasm_bindgen]
pub async fn app(pkg_js: String, show: Function) -> Result<(), JsValue> {
    let pool = ThreadPool::new(2, &pkg_js).and_init().await?;
    tell(&show, |page| {
        closures(&pool, page);
        let waiting = pool.count_pending_jobs();
        page.shows("waiting")(Ok(JsValue::from(waiting)));
        async_closures(&pool, page);
        text(&pool, page);
        async_text(&pool, page);
    })
    .await?;
    tell(&show, |page| panics(&pool, page)).await?;
    tell(&show, |page| cancelled(pool, page)).await
}

type Told = Result<(), JsValue>;

/// Shows what all callbacks hear.
async fn tell(show: &Function, hand_over: impl FnOnce(&Page)) -> Told {
    let (sender, mut heard) = unbounded();
    hand_over(&Page(sender));
    // Ends with the last of them.
    while let Some((name, result)) = heard.next().await {
        let ok = result.is_ok();
        let value = result.unwrap_or_else(|error| error);
        show.call3(&JsValue::NULL, &name.into(), &ok.into(), &value)?;
    }
    Ok(())
}

fn closures(pool: &ThreadPool, page: &Page) {
    for n in [27, 97, 871, 6171] {
        let cb = page.shows("closures");
        pool_exec!(pool, move || Ok(JsValue::from(steps_to_one(n))), cb);
    }
}

/// Halves what is even, and triples what is odd and adds one.
fn steps_to_one(mut n: u32) -> u32 {
    let mut steps = 0;
    while n != 1 {
        n = if n.is_multiple_of(2) {
            n / 2
        } else {
            3 * n + 1
        };
        steps += 1;
    }
    steps
}

fn async_closures(pool: &ThreadPool, page: &Page) {
    for ms in [120, 40, 80] {
        let cb = page.shows("async-closures");
        pool_exec!(
            pool,
            async move || {
                sleep(ms).await;
                Ok(JsValue::from(ms))
            },
            cb
        );
    }
}

fn text(pool: &ThreadPool, page: &Page) {
    let distinct_letters = "return new Set('abracadabra').size;";
    pool_exec_js!(pool, distinct_letters, page.shows("js"));
    // What has no callback is executed all the same.
    pool_exec_js!(pool, "console.log('executed in the pool');");
}

fn async_text(pool: &ThreadPool, page: &Page) {
    let ticking = "
        const pause = () => new Promise((go) => setTimeout(go, 30));
        let ticks = 0;
        while (ticks < 3) {
            await pause();
            ticks += 1;
        }
        return `${ticks} ticks`;
    ";
    pool_exec_js_async!(pool, ticking, page.shows("async-js"));
}

fn panics(pool: &ThreadPool, page: &Page) {
    let days = vec![31, 28, 31];
    let month = 4;
    let cb = page.shows("panics");
    pool_exec!(pool, move || Ok(JsValue::from(days[month])), cb);
}

/// The pool ends with its last handle, and no callback is forgotten.
fn cancelled(pool: ThreadPool, page: &Page) {
    for _ in 0..3 {
        let never = "await new Promise(() => {});";
        pool_exec_js_async!(pool, never, page.shows("cancelled"));
    }
    drop(pool);
}

/// The page as the callbacks know it.
struct Page(UnboundedSender<(&'static str, Result<JsValue, JsValue>)>);

impl Page {
    /// A callback that has a result shown in the part of this name.
    fn shows(&self, name: &'static str) -> impl PoolCallback {
        let sender = self.0.clone();
        move |result| {
            // The page listens until all have been called.
            let _ = sender.unbounded_send((name, result));
        }
    }
}
