//! JavaScript text of 0.1's form, in a thread and in place.

use std::pin::pin;

use futures::future::{Either, join, join3, select};
use js_sys::{Array, Error, Promise, Reflect, SyntaxError, TypeError};
use wasm_bindgen::prelude::*;
use wasm_mt::prelude::*;
use wasm_mt::utils::{run_js, run_js_async, sleep};

use crate::common::goes_on;
use crate::compat::{ResultJJ, message, old_thread};

pub async fn exec_js_gives_what_its_text_returns() {
    let th = old_thread().await;
    let text = "let longest = 0; for (const word of ['ab', 'cde']) longest = Math.max(longest, word.length); return longest;";
    assert_eq!(exec_js!(th, text).await, Ok(3.into()));
    assert_eq!(th.exec_js(text).await, Ok(3.into()));
    let text = String::from("return [1, { b: 'two' }];");
    let array = Array::from(&exec_js!(th, &text).await.unwrap());
    let b = Reflect::get(&array.get(1), &"b".into());
    assert_eq!((array.get(0).as_f64(), b), (Some(1.0), Ok("two".into())));
    assert!(exec_js!(th, "1 + 2").await.unwrap().is_undefined());
    assert!(exec_js!(th, "").await.unwrap().is_undefined());
}

pub async fn exec_js_async_awaits_its_text() {
    let th = old_thread().await;
    let text = "
        const halves = await Promise.all([10, 7].map(async (whole) => {
            await new Promise((resolve) => setTimeout(resolve, 1));
            return whole / 2;
        }));
        return halves[1] - halves[0];
    ";
    assert_eq!(exec_js_async!(th, text).await, Ok((-1.5).into()));
    assert_eq!(th.exec_js_async(text).await, Ok((-1.5).into()));
    let comment = "return 3; // three";
    assert_eq!(exec_js_async!(th, comment).await, Ok(3.into()));
    assert_eq!(exec_js!(th, comment).await, Ok(3.into()));
    let returned = "return new Promise((resolve) => setTimeout(() => resolve(4), 1));";
    assert_eq!(exec_js_async!(th, returned).await, Ok(4.into()));
    assert_eq!(exec_js_async!(th, "return 5;").await, Ok(5.into()));
    assert!(exec_js_async!(th, "").await.unwrap().is_undefined());
}

pub async fn texts_of_a_thread_share_its_globals() {
    let (one, other) = join(old_thread(), old_thread()).await;
    assert!(exec_js!(one, "globalThis.kept = 1;").await.is_ok());
    assert_eq!(exec_js!(one, "return ++kept;").await, Ok(2.into()));
    assert_eq!(exec_js_async!(one, "return kept;").await, Ok(2.into()));
    assert_eq!(
        exec_js!(other, "return typeof kept;").await,
        Ok("undefined".into())
    );
    let kept = exec!(one, move || Reflect::get(&js_sys::global(), &"kept".into())).await;
    assert_eq!(kept, Ok(2.into()));
}

pub async fn what_a_text_throws_comes_back_as_it_is() {
    let th = old_thread().await;
    assert_eq!(
        exec_js!(th, "throw 'a reason';").await,
        Err("a reason".into())
    );
    assert_eq!(exec_js!(th, "throw 7;").await, Err(7.into()));
    assert!(
        exec_js!(th, "throw undefined;")
            .await
            .unwrap_err()
            .is_undefined()
    );
    let error = exec_js!(th, "throw new TypeError('wrong');")
        .await
        .unwrap_err();
    assert_eq!(error.dyn_into::<TypeError>().unwrap().message(), "wrong");
    let error = exec_js!(th, "return noSuchName;").await.unwrap_err();
    assert_eq!(error.dyn_into::<Error>().unwrap().name(), "ReferenceError");
    goes_on(&th).await;
}

pub async fn what_an_async_text_rejects_with_comes_back_as_it_is() {
    let th = old_thread().await;
    let rejects = "await Promise.resolve(); throw 'a reason';";
    assert_eq!(exec_js_async!(th, rejects).await, Err("a reason".into()));
    assert_eq!(
        exec_js_async!(th, "return Promise.reject(7);").await,
        Err(7.into())
    );
    let error = exec_js_async!(th, "await Promise.reject(new TypeError('wrong'));").await;
    let error: TypeError = error.unwrap_err().dyn_into().unwrap();
    assert_eq!(error.message(), "wrong");
    goes_on(&th).await;
}

pub async fn a_text_that_does_not_parse_is_an_error() {
    let th = old_thread().await;
    for text in ["return (;", "}", "const a = 1; const a = 2;"] {
        let error = exec_js!(th, text).await.unwrap_err();
        assert!(error.is_instance_of::<SyntaxError>(), "{text}: {error:?}");
        let error = exec_js_async!(th, text).await.unwrap_err();
        assert!(error.is_instance_of::<SyntaxError>(), "{text}: {error:?}");
        assert!(run_js(text).unwrap_err().is_instance_of::<SyntaxError>());
        let error = run_js_async(text).await.unwrap_err();
        assert!(error.is_instance_of::<SyntaxError>(), "{text}: {error:?}");
    }
    // `await` is for async texts.
    let text = "await Promise.resolve();";
    assert!(
        exec_js!(th, text)
            .await
            .unwrap_err()
            .is_instance_of::<SyntaxError>()
    );
    assert!(exec_js_async!(th, text).await.unwrap().is_undefined());
}

pub async fn a_texts_value_that_cannot_be_cloned_is_an_error() {
    let th = old_thread().await;
    for text in [
        "return () => 1;",
        "return Promise.resolve(1);",
        "return self;",
        "return [Symbol('a')];",
        "throw () => 1;",
        "throw { f() {} };",
    ] {
        let error = exec_js!(th, text).await.unwrap_err();
        assert!(
            message(&error).contains("cannot be cloned"),
            "{text}: {error:?}"
        );
    }
    for text in ["return () => 1;", "return Promise.reject(Symbol('a'));"] {
        let error = exec_js_async!(th, text).await.unwrap_err();
        assert!(
            message(&error).contains("cannot be cloned"),
            "{text}: {error:?}"
        );
    }
    goes_on(&th).await;
}

pub async fn texts_and_closures_run_in_the_order_of_their_awaiting() {
    let th = old_thread().await;
    assert!(exec_js!(th, "globalThis.seen = [];").await.is_ok());
    let see = |n: u32| format!("seen.push({n});");
    let (one, three) = (see(1), see(3));
    let (one, two, three) = join3(
        exec_js!(th, &one),
        exec!(th, move || run_js("seen.push(2);")),
        exec_js_async!(th, &three),
    )
    .await;
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let seen = exec_js!(th, "return seen.join();").await;
    assert_eq!(seen, Ok("1,2,3".into()));
}

pub async fn run_js_runs_where_it_is_called() {
    assert_eq!(run_js("return 1 + 2;"), Ok(3.into()));
    assert!(run_js("1 + 2").unwrap().is_undefined());
    assert_eq!(run_js("throw 'a reason';"), Err("a reason".into()));
    assert!(
        run_js("return Promise.resolve(1);")
            .unwrap()
            .is_instance_of::<Promise>()
    );
    let th = old_thread().await;
    let own = exec!(th, move || run_js("return self.constructor.name;"));
    assert_eq!(own.await, Ok("DedicatedWorkerGlobalScope".into()));
}

pub async fn run_js_async_awaits_where_it_is_called() {
    assert_eq!(run_js_async("return 3;").await, Ok(3.into()));
    let text = "return await new Promise((resolve) => setTimeout(() => resolve(4), 1));";
    assert_eq!(run_js_async(text).await, Ok(4.into()));
    assert_eq!(
        run_js_async("throw 'a reason';").await,
        Err("a reason".into())
    );
    assert_eq!(
        run_js_async("await Promise.reject(7);").await,
        Err(7.into())
    );
    let th = old_thread().await;
    let own = exec!(th, async move || -> ResultJJ {
        run_js_async("return await self.constructor.name;").await
    });
    assert_eq!(own.await, Ok("DedicatedWorkerGlobalScope".into()));
}

pub async fn sleep_takes_its_milliseconds() {
    let began = js_sys::Date::now();
    sleep(20).await;
    // A timer may be rounded down, and a clock up.
    assert!(js_sys::Date::now() - began >= 18.0);
    sleep(0).await;
    // Longer than a timer of the browser can wait for, which makes it none at all.
    let shorter = pin!(sleep(20));
    assert!(matches!(
        select(pin!(sleep(u32::MAX)), shorter).await,
        Either::Right(_)
    ));
    let th = old_thread().await;
    let slept = exec!(th, async move || -> ResultJJ {
        let began = js_sys::Date::now();
        sleep(20).await;
        Ok((js_sys::Date::now() - began).into())
    });
    assert!(slept.await.unwrap().as_f64().unwrap() >= 18.0);
}
