//! What the browser's timeline shows of a pool's jobs.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_mt::job;
use wasm_mt_pool::ThreadPool;

use crate::common::{YieldOnce, built, pool, this_pool, this_thread};

/// The measures of this worker: their names, and the number of the worker that they tell.
fn measures() -> Vec<(String, u64)> {
    let all = Function::new_no_args("return performance.getEntriesByType('measure')");
    let all = all.call0(&JsValue::NULL).unwrap();
    let field = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).unwrap();
    let entries = all.unchecked_into::<Array>();
    entries
        .iter()
        .map(|entry| {
            let worker = field(&field(&entry, "detail"), "worker");
            (
                field(&entry, "name").as_string().unwrap(),
                worker.as_f64().unwrap() as u64,
            )
        })
        .collect()
}

/// Those of all workers, each with the number of the worker where it is.
async fn all(pool: &ThreadPool) -> Vec<(String, u64, u64)> {
    let each = pool
        .broadcast(|_| job!(|| (this_thread(), measures())))
        .await;
    let each = each.into_iter().map(Result::unwrap);
    each.flat_map(|(worker, measures)| {
        let measures = measures.into_iter();
        measures.map(move |(name, told)| (name, told, worker))
    })
    .collect()
}

pub async fn a_traced_pools_jobs_are_in_the_timeline_by_name_and_worker() {
    let pool = built(ThreadPool::builder().workers(2).trace(true)).await;
    pool.spawn(job!(|| ()).named("resize")).await.unwrap();
    let line = line!() + 1;
    pool.spawn(job!(|| ())).await.unwrap();
    let mapped = line!() + 1;
    pool.map(0..20, |n: u32| n).await.unwrap();
    let parent = job!(async || {
        YieldOnce::default().await;
        this_pool().spawn(job!(|| ()).named("child")).await.unwrap();
    });
    pool.spawn(parent.named("parent")).await.unwrap();
    let all = all(&pool).await;
    for (name, told, worker) in &all {
        assert_eq!(told, worker, "{name}");
    }
    let times = |name: &str| all.iter().filter(|(of, ..)| of == name).count();
    assert_eq!(times("resize"), 1, "{all:?}");
    assert_eq!(times(&format!("pool_trace.rs:{line}")), 1, "{all:?}");
    assert_eq!(times(&format!("pool_trace.rs:{mapped}")), 20, "{all:?}");
    assert_eq!(times("child"), 1, "{all:?}");
    assert_eq!(times("parent (async)"), 1, "{all:?}");
    assert!(times("parent") >= 3, "{all:?}");
}

pub async fn a_pool_that_is_not_traced_is_not_in_the_timeline() {
    let pool = pool(2).await;
    pool.spawn(job!(|| ()).named("quiet")).await.unwrap();
    assert!(all(&pool).await.is_empty());
}
