//! The same readings, by a pool that is made of array buffers.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{ArrayBuffer, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_mt::utils::{ab_from_text, text_from_ab};
use wasm_mt::{MtAsyncClosure, MtClosure};
use wasm_mt_pool::prelude::*;
use wasm_mt_pool::PoolCallback;

use crate::rain::{self, Reading};
use crate::{show, ResultJJ};

pub async fn run(
    ab_js: ArrayBuffer,
    ab_wasm: ArrayBuffer,
    readings: &[Reading],
) -> Result<(), JsValue> {
    let early = ThreadPool::new_with_arraybuffers(2, ab_js.clone(), ab_wasm.clone());
    let error: js_sys::Error = Pool(&early)
        .sums(readings, 1)
        .await
        .unwrap_err()
        .dyn_into()?;
    assert!(String::from(error.message()).contains("init"), "{error:?}");
    // Only a classic script can be put into a function.
    let glue = text_from_ab(&ab_js).unwrap();
    if !glue.contains("export ") {
        early.set_ab_init(ab_from_text(&format!(
            "return () => {{ {glue} return wasm_bindgen; }};"
        )));
    }
    let pool = early.and_init().await?;
    let mut sums = vec![];
    for day in 1..=3 {
        sums.push(Pool(&pool).sums(readings, day).await?.as_string().unwrap());
    }
    show(&format!("pool sums: {}", sums.join("; ")));
    show(&format!(
        "pool together: {}",
        together(&pool, readings).await?
    ));
    assert_eq!(pool.count_pending_jobs(), 0);
    Ok(())
}

/// A program's own way to hand over closures: their results are awaited.
struct Pool<'a>(&'a ThreadPool);

impl Pool<'_> {
    async fn wait(&self, hand_over: impl FnOnce(Box<dyn FnOnce(ResultJJ)>)) -> ResultJJ {
        let mut hand_over = Some(hand_over);
        let promise = Promise::new(&mut |resolve, reject| {
            let cb = move |result: ResultJJ| {
                let (function, value) = match result {
                    Ok(value) => (resolve, value),
                    Err(error) => (reject, error),
                };
                function.call1(&JsValue::NULL, &value).unwrap();
            };
            hand_over.take().unwrap()(Box::new(cb));
        });
        JsFuture::from(promise).await
    }

    async fn exec<F: MtClosure>(&self, clos: F) -> ResultJJ {
        self.wait(|cb| self.0.exec_with_cb(clos, cb)).await
    }

    async fn exec_async<F: MtAsyncClosure<T>, T>(&self, aclos: F) -> ResultJJ {
        self.wait(|cb| self.0.exec_async_with_cb(aclos, cb)).await
    }

    async fn sums(&self, readings: &[Reading], day: u32) -> ResultJJ {
        let readings = readings.to_vec();
        self.exec(FnOnce!(move || {
            let sums = rain::sums(&readings, Some(day));
            let sums: Vec<String> = sums
                .iter()
                .map(|(station, mm)| format!("{station} {mm}"))
                .collect();
            Ok(JsValue::from(sums.join(", ")))
        }))
        .await
    }
}

/// A callback of each of several jobs; the last one resolves the promise.
fn counts(
    left: &Rc<RefCell<usize>>,
    sum: &Rc<RefCell<f64>>,
    resolve: &js_sys::Function,
) -> impl PoolCallback {
    let (left, sum, resolve) = (left.clone(), sum.clone(), resolve.clone());
    move |result| {
        *sum.borrow_mut() += result.unwrap().as_f64().unwrap();
        *left.borrow_mut() -= 1;
        if *left.borrow() == 0 {
            resolve
                .call1(&JsValue::NULL, &JsValue::from(*sum.borrow()))
                .unwrap();
        }
    }
}

/// In Rust and in JavaScript, awaiting or not, all on their way at once.
async fn together(pool: &ThreadPool, readings: &[Reading]) -> Result<String, JsValue> {
    let values: Vec<f64> = readings.iter().map(|reading| reading.mm).collect();
    let js = format!("return Math.max(...{values:?});");
    let js_async = format!("await null; {js}");
    let promise = Promise::new(&mut |resolve, _| {
        let (left, sum) = (Rc::new(RefCell::new(4)), Rc::new(RefCell::new(0.0)));
        let cb = || counts(&left, &sum, &resolve);
        let max = values.clone();
        pool_exec!(
            pool,
            move || Ok(max.iter().copied().fold(0.0, f64::max).into()),
            cb()
        );
        let max = values.clone();
        pool_exec!(
            pool,
            async move || -> ResultJJ {
                wasm_mt::utils::sleep(1).await;
                Ok(max.iter().copied().fold(0.0, f64::max).into())
            },
            cb()
        );
        pool_exec_js!(pool, &js, cb());
        pool_exec_js_async!(pool, &js_async, cb());
    });
    let sum = JsFuture::from(promise).await?;
    let day: Option<u32> = None;
    let pool = Pool(pool);
    let stations = pool.exec_async(FnOnce!(async move || -> ResultJJ {
        Ok(day.is_none().into())
    }));
    Ok(format!("{:?} {:?}", sum, stations.await?))
}
