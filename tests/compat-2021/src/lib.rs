//! A program in the form of 0.1, of edition 2021: threads made of array buffers fetch a file, read it, and reckon with it in
//! Rust and in JavaScript text. What it finds stands on its page, a line each.

#![cfg(target_arch = "wasm32")]

mod pool;
mod rain;

use std::future::Future;
use std::time::UNIX_EPOCH;

use js_sys::{ArrayBuffer, Float64Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{spawn_local, JsFuture};
use wasm_mt::prelude::*;
use wasm_mt::utils::{
    ab_dup, ab_from_text, debug_ln, fetch_and_response, fetch_as_arraybuffer, fetch_as_text,
    perf_to_system, run_js, run_js_async, text_from_ab, u8arr_from_vec,
};
use wasm_mt::{exec_js_async, MtAsyncClosure, MtClosure, Thread};

use rain::Reading;

type ResultJJ = Result<JsValue, JsValue>;

#[wasm_bindgen]
extern "C" {
    fn show(line: &str);
    fn done();
}

/// Does everything, with threads that load the glue script of this URL.
#[wasm_bindgen]
pub fn app(pkg_js: String) {
    spawn_local(async move {
        if let Err(error) = run(&pkg_js).await {
            show(&format!("error: {error:?}"));
        }
        done();
    });
}

async fn run(pkg_js: &str) -> Result<(), JsValue> {
    let ab_js = fetch_as_arraybuffer(pkg_js).await?;
    let ab_wasm = fetch_as_arraybuffer(&pkg_js.replace(".js", "_bg.wasm")).await?;
    let mt = WasmMt::new_with_arraybuffers(ab_dup(&ab_js), ab_dup(&ab_wasm))
        .and_init()
        .await?;
    let th = mt.thread().and_init().await?;
    th.set_id("reader");
    debug_ln!("{:?} is there", th.get_id());

    let text = read(&th).await?;
    let readings = Reading::all(&text);
    show(&format!(
        "read: {} readings of {} bytes",
        readings.len(),
        text.len()
    ));
    show(&format!(
        "wettest: {}",
        wettest(&th, readings.clone()).await?
    ));
    show(&format!("sums: {}", sums(&th, readings.clone()).await?));
    show(&format!("median: {}", median(&th, &readings).await?));
    show(&format!("bytes: {}", bytes(&th).await?));
    show(&format!("executor: {}", executor(&mt, &readings).await?));
    show(&format!("faults: {}", faults(&th).await?));
    pool::run(ab_js.clone(), ab_wasm.clone(), &readings).await?;
    show(&format!(
        "glue: {}",
        own_glue(pkg_js, ab_js, ab_wasm).await?
    ));
    show(&format!(
        "cancelled: {}",
        cancelled(mt.thread().and_init().await?).await?
    ));
    Ok(())
}

/// Fetches in the thread, which has to be told the whole address.
async fn read(th: &Thread) -> Result<String, JsValue> {
    let page = run_js("return location.href;")?.as_string().unwrap();
    let (folder, _) = page.rsplit_once('/').unwrap();
    let url = format!("{folder}/readings.csv");
    let text = exec!(th, async move || {
        let text = fetch_as_text(&url).await?;
        Ok(JsValue::from(text))
    })
    .await?;
    Ok(text.as_string().unwrap())
}

/// Takes a `Vec` of structs along.
async fn wettest(th: &Thread, readings: Vec<Reading>) -> Result<String, JsValue> {
    let wettest = exec!(th, move || {
        let wettest = readings.iter().max_by(|a, b| a.mm.total_cmp(&b.mm));
        match wettest {
            Some(reading) => Ok(JsValue::from(format!(
                "{}, day {}",
                reading.station, reading.day
            ))),
            None => Err(JsValue::from("there are no readings")),
        }
    })
    .await?;
    let none: Vec<Reading> = vec![];
    let error = exec!(th, move || none
        .first()
        .map(|_| JsValue::NULL)
        .ok_or_else(|| "none".into()));
    assert_eq!(error.await, Err(JsValue::from("none")));
    Ok(wettest.as_string().unwrap())
}

/// Gives an object back.
async fn sums(th: &Thread, readings: Vec<Reading>) -> Result<String, JsValue> {
    let day: Option<u32> = Some(3);
    let sums = exec!(th, move || {
        let sums = js_sys::Map::new();
        for (station, mm) in rain::sums(&readings, day) {
            sums.set(&station.into(), &mm.into());
        }
        Ok(sums.into())
    })
    .await?;
    let mut lines = vec![];
    sums.dyn_into::<js_sys::Map>()?
        .for_each(&mut |mm, station| {
            lines.push(format!(
                "{} {}",
                station.as_string().unwrap(),
                mm.as_f64().unwrap()
            ));
        });
    Ok(lines.join(", "))
}

/// The same in Rust, in JavaScript there, and in JavaScript here.
async fn median(th: &Thread, readings: &[Reading]) -> Result<String, JsValue> {
    let values: Vec<f64> = readings.iter().map(|reading| reading.mm).collect();
    let js = format!(
        "const sorted = {values:?}.sort((a, b) => a - b);
        return sorted[sorted.length >> 1];"
    );
    let there = exec_js!(th, &js).await?;
    let later = format!("await new Promise(resolve => setTimeout(resolve, 5)); {js}");
    assert_eq!(exec_js_async!(th, &later).await?, there);
    assert_eq!(run_js(&js)?, there);
    assert_eq!(run_js_async(&later).await?, there);
    let rust = exec!(th, move || {
        let mut values = values;
        values.sort_by(f64::total_cmp);
        Ok(JsValue::from(values[values.len() / 2]))
    });
    assert_eq!(rust.await?, there);
    Ok(format!("{there:?}"))
}

/// Bulk: a typed array comes back.
async fn bytes(th: &Thread) -> Result<String, JsValue> {
    let array = exec!(th, move || {
        let squares: Vec<f64> = (0..1000).map(|n| f64::from(n * n)).collect();
        Ok(Float64Array::from(&squares[..]).into())
    });
    let squares = array.await?.dyn_into::<Float64Array>()?.to_vec();
    let bytes = u8arr_from_vec("ab".as_bytes()).buffer();
    Ok(format!(
        "{}, {}",
        squares[999],
        text_from_ab(&bytes).unwrap()
    ))
}

/// Closures of any kind, handed to whichever thread it is.
struct Executor(Vec<Thread>);

impl Executor {
    async fn on_each<F>(&self, clos: F) -> Result<Vec<JsValue>, JsValue>
    where
        F: MtClosure + Clone,
    {
        let mut answers = vec![];
        for th in &self.0 {
            answers.push(th.exec(clos.clone()).await?);
        }
        Ok(answers)
    }

    async fn on_last<F, T>(&self, aclos: F) -> ResultJJ
    where
        F: MtAsyncClosure<T>,
        T: Future<Output = ResultJJ> + 'static,
    {
        self.0[self.0.len() - 1].exec_async(aclos).await
    }
}

async fn executor(mt: &WasmMt, readings: &[Reading]) -> Result<String, JsValue> {
    let mut threads = vec![];
    for _ in 0..2 {
        let th = mt.thread();
        th.init().await?;
        threads.push(th);
    }
    let executor = Executor(threads);
    let dry = readings.iter().filter(|reading| reading.mm == 0.0).count() as u32;
    let answers = executor
        .on_each(FnOnce!(move || Ok(JsValue::from(dry * 10))))
        .await?;
    let last = executor.on_last(FnOnce!(async move || {
        wasm_mt::utils::sleep(1).await;
        Ok(JsValue::from(dry + 1))
    }));
    Ok(format!("{:?} {:?}", answers, last.await?))
}

/// What goes wrong there is an error here, and the thread goes on.
async fn faults(th: &Thread) -> Result<String, JsValue> {
    let thrown = exec_js!(th, "throw new RangeError('too much rain');")
        .await
        .unwrap_err();
    let thrown: js_sys::Error = thrown.dyn_into()?;
    let index = 10;
    let panicked = exec!(th, move || {
        let months = [31, 28, 31];
        Ok(JsValue::from(months[index]))
    });
    let panicked: js_sys::Error = panicked.await.unwrap_err().dyn_into()?;
    assert!(
        String::from(panicked.message()).contains("index is 10"),
        "{panicked:?}"
    );
    let rejected = exec_js_async!(th, "return Promise.reject('no umbrella');").await;
    let missing = fetch_and_response("./no-such-readings.csv").await?;
    Ok(format!(
        "{} {}, {}, {}",
        thrown.name(),
        thrown.message(),
        rejected.unwrap_err().as_string().unwrap(),
        missing.status()
    ))
}

/// Glue in a form of the program's own. Only a classic script can be put into a function.
async fn own_glue(
    pkg_js: &str,
    ab_js: ArrayBuffer,
    ab_wasm: ArrayBuffer,
) -> Result<String, JsValue> {
    let mt = WasmMt::new(pkg_js).and_init().await?;
    mt.set_ab_wasm(ab_wasm);
    let glue = text_from_ab(&ab_js).unwrap();
    if !glue.contains("export ") {
        mt.set_ab_init(ab_from_text(&format!(
            "return () => {{ {glue} return wasm_bindgen; }};"
        )));
    }
    let th = mt.thread().and_init().await?;
    let ans = exec!(th, move || Ok(JsValue::from(6 * 7))).await?;
    let epoch = perf_to_system(2000.0).duration_since(UNIX_EPOCH).unwrap();
    Ok(format!("{:?} after {} s", ans, epoch.as_secs()))
}

/// What waits when its thread is terminated.
async fn cancelled(th: Thread) -> Result<String, JsValue> {
    let th = std::rc::Rc::new(th);
    let waits = th.clone();
    let pending = js_sys::Promise::new(&mut |resolve, _| {
        let waits = waits.clone();
        spawn_local(async move {
            let error = exec_js_async!(waits, "await new Promise(() => {});").await;
            resolve.call1(&JsValue::NULL, &error.unwrap_err()).unwrap();
        });
    });
    let ends = th.clone();
    spawn_local(async move { ends.terminate() });
    let text = JsFuture::from(pending).await?.as_string().unwrap();
    assert!(
        text.starts_with("Thread: req[") && text.ends_with("] canceled"),
        "{text}"
    );
    Ok(exec_js!(th, "return 1;")
        .await
        .unwrap_err()
        .as_string()
        .unwrap())
}
