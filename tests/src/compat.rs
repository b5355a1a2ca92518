//! The surface of 0.1: `WasmMt`, its threads, and in which order they take what `exec` gives them.

use std::rc::Rc;

use futures::FutureExt;
use futures::future::{join, join_all, try_join_all};
use js_sys::Reflect;
use js_sys::futures::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_mt::prelude::*;
use wasm_mt::{Thread, job};

use crate::common::{count, counted, goes_on};

/// What 0.1's closures give.
pub(crate) type ResultJJ = Result<JsValue, JsValue>;

/// The program's own glue script, as 0.1's tests found it: by where the page is.
pub(crate) fn glue_url() -> String {
    let location = Reflect::get(&js_sys::global(), &"location".into()).unwrap();
    let origin = Reflect::get(&location, &"origin".into()).unwrap();
    format!("{}/wasm-bindgen-test", origin.as_string().unwrap())
}

/// A builder of threads that has been initialized.
pub(crate) async fn mt() -> WasmMt {
    WasmMt::new(&glue_url()).and_init().await.unwrap()
}

/// A thread that has been initialized.
pub(crate) async fn old_thread() -> Thread {
    mt().await.thread().and_init().await.unwrap()
}

/// An error with a message of ours.
pub(crate) fn message(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => panic!("not an Error: {error:?}"),
    }
}

pub async fn exec_gives_what_its_closure_gives() {
    let th = old_thread().await;
    let (width, height) = (6, 7);
    let area = exec!(th, move || {
        let area: i32 = width * height;
        Ok(JsValue::from(area))
    })
    .await;
    assert_eq!(area, Ok(JsValue::from(42)));
    let text = exec!(th, move || Ok(JsValue::from("text"))).await.unwrap();
    assert_eq!(text, "text");
    let null = exec!(th, move || Ok(JsValue::NULL)).await.unwrap();
    assert!(null.is_null());
    let none = exec!(th, move || Ok(JsValue::UNDEFINED)).await.unwrap();
    assert!(none.is_undefined());
    let array = exec!(th, move || Ok(
        js_sys::Array::of2(&1.into(), &"b".into()).into()
    ))
    .await;
    let array: js_sys::Array = array.unwrap().dyn_into().unwrap();
    assert_eq!((array.get(0).as_f64(), array.length()), (Some(1.0), 2));
}

pub async fn exec_awaits_an_async_closure() {
    async fn longest(texts: &[String]) -> usize {
        wasm_mt::utils::sleep(1).await;
        texts.iter().map(String::len).max().unwrap_or(0)
    }
    let th = old_thread().await;
    let texts = ["one", "three", "five"].map(String::from).to_vec();
    let most = texts.clone();
    let length = exec!(th, async move || {
        let length = longest(&texts).await;
        Ok(JsValue::from(length as u32))
    })
    .await;
    assert_eq!(length, Ok(JsValue::from(5)));
    let length = exec!(th, async move || -> ResultJJ {
        Ok(JsValue::from(longest(&most[..1]).await as u32))
    })
    .await;
    assert_eq!(length, Ok(JsValue::from(3)));
}

pub async fn the_methods_of_exec_take_serde_closures() {
    let th = old_thread().await;
    let n = 42;
    let ans = th.exec(FnOnce!(move || Ok(JsValue::from(n)))).await;
    assert_eq!(ans, Ok(JsValue::from(42)));
    let ans = th
        .exec_async(FnOnce!(async move || Ok(JsValue::from(n))))
        .await;
    assert_eq!(ans, Ok(JsValue::from(42)));
    let ans = th
        .exec_async(FnOnce!(move || async move { Ok(JsValue::from(n)) }))
        .await;
    assert_eq!(ans, Ok(JsValue::from(42)));
}

pub async fn init_borrows_and_and_init_moves() {
    let mt = WasmMt::new(&glue_url());
    let same: &WasmMt = mt.init().await.unwrap();
    let th = same.thread();
    let same: &Thread = th.init().await.unwrap();
    goes_on(same).await;
    let relative = WasmMt::new("./wasm-bindgen-test");
    let moved: WasmMt = relative.and_init().await.unwrap();
    let moved: Thread = moved.thread().and_init().await.unwrap();
    goes_on(&moved).await;
}

pub async fn exec_takes_whatever_is_a_thread() {
    let one = mt().await;
    let v: Vec<Thread> = vec![one.thread().and_init().await.unwrap()];
    let shared = Rc::new(one.thread().and_init().await.unwrap());
    assert_eq!(exec!(v[0], move || Ok(1.into())).await, Ok(1.into()));
    for th in &v {
        assert_eq!(exec!(th, move || Ok(2.into())).await, Ok(2.into()));
    }
    assert_eq!(exec!(shared, move || Ok(3.into())).await, Ok(3.into()));
    assert_eq!(exec_js!(shared.clone(), "return 4;").await, Ok(4.into()));
}

pub async fn exec_and_spawn_share_a_thread() {
    let th = old_thread().await;
    let spawned = th.spawn(job!(|| count()));
    assert_eq!(exec!(th, move || Ok(count().into())).await, Ok(2.into()));
    assert_eq!(spawned.await.unwrap(), 1);
    assert_eq!(th.spawn(job!(|| count())).await.unwrap(), 3);
    // A thread that was started in the new way takes the old calls.
    let th = crate::common::thread().await;
    assert_eq!(exec!(th, move || Ok(count().into())).await, Ok(1.into()));
    assert_eq!(exec_js!(th, "return 2;").await, Ok(2.into()));
    assert!(th.get_id().is_none());
}

pub async fn nothing_is_sent_before_it_is_awaited() {
    let th = old_thread().await;
    let first = exec!(th, move || Ok(count().into()));
    let second = exec!(th, async move || Ok(count().into()));
    let dropped = exec!(th, move || Ok(count().into()));
    drop(dropped);
    assert_eq!(second.await, Ok(1.into()));
    assert_eq!(first.await, Ok(2.into()));
}

pub async fn what_is_awaited_together_comes_back_each_with_its_own() {
    let th = old_thread().await;
    let values = join_all((0..10).map(|n| exec!(th, move || Ok(JsValue::from(n * n))))).await;
    for (n, value) in values.into_iter().enumerate() {
        assert_eq!(value.unwrap(), (n * n) as f64);
    }
    // The second is done before the first, which waits for it.
    let text =
        "globalThis.waits ??= []; await new Promise((done) => waits.push(done)); return 'first';";
    let (first, second) = join(
        exec_js_async!(th, text),
        exec_js!(th, "waits[0](); return 'second';"),
    )
    .await;
    assert_eq!(first, Ok("first".into()));
    assert_eq!(second, Ok("second".into()));
}

pub async fn a_dropped_exec_leaves_its_closure_running() {
    let th = old_thread().await;
    assert!(
        exec!(th, move || Ok(count().into()))
            .now_or_never()
            .is_none()
    );
    assert_eq!(exec!(th, move || Ok(counted().into())).await, Ok(1.into()));
}

pub async fn get_id_gives_what_set_id_set() {
    let th = mt().await.thread();
    assert!(th.get_id().is_none());
    let same: &Thread = th.set_id("foo");
    assert_eq!(same.get_id(), Some(Rc::new(String::from("foo"))));
    th.set_id("bar").init().await.unwrap();
    assert_eq!(th.get_id().unwrap().to_string(), "bar");
    th.terminate();
    assert_eq!(**th.get_id().unwrap(), *"bar");
}

pub async fn get_busy_gives_what_set_busy_set() {
    let th = old_thread().await;
    assert!(!th.get_busy());
    assert!(th.set_busy(true).get_busy());
    // It is the program's own mark: nothing else sets it.
    assert_eq!(exec!(th, move || Ok(1.into())).await, Ok(1.into()));
    assert!(th.get_busy());
    assert!(!th.set_busy(false).get_busy());
}

pub async fn executors_are_made_of_threads() {
    let mt = mt().await;
    let number = |th: &Thread| th.get_id().unwrap().parse::<u32>().unwrap();
    let starting = (0..3).map(|n: u32| {
        let th = mt.thread();
        th.set_id(&n.to_string());
        th.and_init()
    });
    let threads: Vec<Thread> = try_join_all(starting).await.unwrap();
    let mut serial = vec![];
    for th in &threads {
        let n = number(th);
        let ans = exec!(th, move || Ok(JsValue::from(n * 10))).await.unwrap();
        serial.push(ans.as_f64().unwrap());
    }
    assert_eq!(serial, [0.0, 10.0, 20.0]);
    let (sender, receiver) = futures::channel::mpsc::unbounded();
    for th in threads {
        let (sender, n) = (sender.clone(), number(&th));
        spawn_local(async move {
            let times = exec!(th, move || Ok(JsValue::from(n * 100))).await;
            sender.unbounded_send(times.unwrap().as_f64()).unwrap();
        });
    }
    drop(sender);
    let mut parallel: Vec<Option<f64>> = futures::StreamExt::collect(receiver).await;
    parallel.sort_by_key(|times| times.map(|times| times as u32));
    assert_eq!(parallel, [Some(0.0), Some(100.0), Some(200.0)]);
}

pub async fn a_closure_has_threads_of_its_own() {
    let th = old_thread().await;
    let url = glue_url();
    let ans = exec!(th, async move || -> ResultJJ {
        let mt = WasmMt::new(&url).and_init().await?;
        let inner = mt.thread().and_init().await?;
        let deeper = inner.set_id("inner").get_id().unwrap().to_string();
        let twice = exec!(inner, async move || -> ResultJJ {
            // Relative to the glue; the worker's own URL is a blob's.
            let innermost = WasmMt::new("./wasm-bindgen-test")
                .and_init()
                .await?
                .thread();
            innermost.init().await?;
            exec!(innermost, move || Ok(JsValue::from(deeper + "most"))).await
        });
        twice.await
    });
    assert_eq!(ans.await, Ok("innermost".into()));
}
