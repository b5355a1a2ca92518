//! A program in the form of 0.1, of edition 2018: it works on the words of a text, by threads that take turns, by threads
//! side by side, by threads of threads, and by a pool. What it finds stands on its page, a line each.

#![cfg(target_arch = "wasm32")]

mod pool;
mod text;

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::oneshot;
use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use wasm_mt::prelude::*;
use wasm_mt::utils::{console_ln, debug_ln, run_js, sleep, Counter};
use wasm_mt::Thread;

use text::{Chapter, CHAPTERS};

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
            show(&format!("error: {:?}", error));
        }
        done();
    });
}

async fn run(pkg_js: &str) -> Result<(), JsValue> {
    let mt = WasmMt::new(pkg_js).and_init().await.unwrap();
    let mut threads: Vec<Thread> = vec![];
    for i in 0..3 {
        let th = mt.thread().and_init().await?;
        th.set_id(&format!("thread {}", i));
        threads.push(th);
    }

    show(&format!("serial: {}", serial(&threads).await?));
    show(&format!("busy: {}", busy(&threads).await?));
    show(&format!("waits: {}", waits(&threads[0]).await?));
    show(&format!("javascript: {}", javascript(&threads[1]).await?));
    show(&format!("refused: {}", refused(&threads[2]).await));
    show(&format!("parallel: {}", parallel(threads).await?));

    let words = CHAPTERS[0].split_whitespace().map(String::from).collect();
    show(&format!(
        "sorted: {}",
        sort(words, 2, pkg_js.to_string()).await?.join(" ")
    ));

    let th = mt.thread().and_init().await?;
    th.terminate();
    let error = exec!(th, move || Ok(JsValue::NULL)).await.unwrap_err();
    show(&format!(
        "terminated {}: {}",
        th.is_terminated(),
        error.as_string().unwrap()
    ));
    pool::run(pkg_js).await?;
    console_ln!("all done");
    Ok(())
}

/// One thread after the other, each with a chapter: how many words it has.
async fn serial(threads: &[Thread]) -> Result<String, JsValue> {
    let mut found = vec![];
    for (th, text) in threads.iter().zip(CHAPTERS.iter()) {
        let chapter = Chapter::new(text);
        debug_ln!("{:?} gets {}", th.get_id(), chapter.title);
        let ans = exec!(th, move || {
            console_ln!("counting {}", chapter.title);
            let n = chapter.words().len() as u32;

            Ok(JsValue::from(n))
        })
        .await?;
        found.push(format!("{}: {:?}", th.get_id().unwrap(), ans));
    }
    Ok(found.join(", "))
}

/// Whichever thread is free takes the next chapter; the last one is never asked.
async fn busy(threads: &[Thread]) -> Result<String, JsValue> {
    threads[2].set_busy(true);
    let mut found = vec![];
    for (i, text) in CHAPTERS.iter().enumerate() {
        let free = threads
            .iter()
            .filter(|th| !th.get_busy())
            .nth(i % 2)
            .unwrap();
        free.set_busy(true);
        let text = String::from(*text);
        let longest = free
            .exec(FnOnce!(move || {
                let words = text.split_whitespace();
                let longest = words.max_by_key(|word| word.len()).unwrap_or("");
                Ok(JsValue::from(longest))
            }))
            .await?;
        free.set_busy(false);
        found.push(format!(
            "{} by {}",
            longest.as_string().unwrap(),
            free.get_id().unwrap()
        ));
    }
    threads[2].set_busy(false);
    Ok(found.join(", "))
}

/// An async closure, which has its own things to wait for.
async fn waits(th: &Thread) -> Result<String, JsValue> {
    async fn slow_len(text: &str) -> usize {
        sleep(10).await;
        text.len()
    }

    let chapters: Vec<Chapter> = CHAPTERS.iter().map(|text| Chapter::new(text)).collect();
    let skip: Option<usize> = Some(1);
    let ans = exec!(th, async move || -> ResultJJ {
        let mut sum = 0;
        for chapter in chapters.iter().skip(skip.unwrap_or(0)) {
            sum += slow_len(&chapter.title).await;
        }
        Ok(JsValue::from(sum as u32))
    })
    .await?;
    Ok(format!("{:?}", ans))
}

/// JavaScript text, in the thread and here.
async fn javascript(th: &Thread) -> Result<String, JsValue> {
    let longest = exec_js!(
        th,
        "
        let longest = 0;
        for (const word of ['ab', 'cde']) longest = Math.max(longest, word.length);
        return longest;
    "
    )
    .await?;
    assert_eq!(longest, JsValue::from(3));
    let later = exec_js_async!(
        th,
        "
        const halves = await Promise.all([4, 2].map(async (whole) => {
            await new Promise((resolve) => setTimeout(resolve, 10));
            return whole / 2;
        }));
        return halves[1] - halves[0];
    "
    )
    .await?;
    assert_eq!(later, JsValue::from(-1));
    let here = run_js("return [1, 2, 3].reverse().join('');")?;
    Ok(format!(
        "{:?}, {:?}, {}",
        longest,
        later,
        here.as_string().unwrap()
    ))
}

/// An error of the closure's own.
async fn refused(th: &Thread) -> String {
    let limit = 5;
    let error = exec!(th, move || {
        let words = CHAPTERS[1].split_whitespace().count();
        if words > limit {
            return Err(JsValue::from(format!(
                "{} words are more than {}",
                words, limit
            )));
        }
        Ok(JsValue::from(words as u32))
    })
    .await
    .unwrap_err();
    error.as_string().unwrap()
}

/// All threads at once, a chapter each: its most frequent letter. The last one to finish tells.
async fn parallel(threads: Vec<Thread>) -> Result<String, JsValue> {
    let total = threads.len();
    let finished = Rc::new(Counter::new());
    let found = Rc::new(RefCell::new(vec![String::new(); total]));
    let (tx, rx) = oneshot::channel::<()>();
    let tx = Rc::new(RefCell::new(Some(tx)));
    for (i, th) in threads.into_iter().enumerate() {
        let (finished, found, tx) = (finished.clone(), found.clone(), tx.clone());
        spawn_local(async move {
            let chapter = Chapter::new(CHAPTERS[i]);
            let ans = exec!(th, move || {
                let (letter, times) = chapter.most_frequent_letter();
                Ok(Array::of2(&JsValue::from(letter), &JsValue::from(times)).into())
            })
            .await
            .unwrap();
            let ans = Array::from(&ans);
            found.borrow_mut()[i] =
                format!("{} {:?} times", ans.get(0).as_string().unwrap(), ans.get(1));
            if finished.inc() == total {
                tx.borrow_mut().take().unwrap().send(()).unwrap();
            }
        });
    }
    rx.await.unwrap();
    assert_eq!(finished.num(), total);
    let found = found.borrow().join(", ");
    Ok(found)
}

/// Sorts, a half by a thread of its own, which does the same: `depth` times.
async fn sort(mut words: Vec<String>, depth: u32, pkg_js: String) -> Result<Vec<String>, JsValue> {
    if depth == 0 {
        words.sort();
        return Ok(words);
    }
    let mt = WasmMt::new(&pkg_js).and_init().await?;
    let right = words.split_off(words.len() / 2);
    let mut halves = vec![];
    for half in [words, right] {
        let th = mt.thread().and_init().await?;
        let pkg_js = pkg_js.clone();
        let sorted = exec!(th, async move || -> ResultJJ {
            let (tx, rx) = oneshot::channel();
            spawn_local(async move {
                tx.send(sort(half, depth - 1, pkg_js).await).unwrap();
            });
            let sorted = rx.await.unwrap()?;
            Ok(sorted
                .into_iter()
                .map(JsValue::from)
                .collect::<Array>()
                .into())
        })
        .await?;
        halves.push(
            Array::from(&sorted)
                .iter()
                .map(|word| word.as_string().unwrap())
                .collect(),
        );
    }
    let right: Vec<String> = halves.pop().unwrap();
    Ok(text::merge(halves.pop().unwrap(), right))
}
