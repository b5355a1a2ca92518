//! What a closure of 0.1's form may take along, and how a program's own functions pass closures on.

use std::marker::PhantomData;

use futures::StreamExt;
use js_sys::{Array, ArrayBuffer, Map, Uint8Array};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::future::Future;
use wasm_bindgen::prelude::*;
use wasm_mt::prelude::*;
use wasm_mt::{Buffer, Js, MtAsyncClosure, MtClosure, Sender, Thread, Transfer, channel};

use crate::common::YieldOnce;
use crate::compat::{ResultJJ, old_thread};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tile {
    name: String,
    size: (u32, u32),
    pixels: Vec<u8>,
    next: Option<Box<Tile>>,
}

fn tile(name: &str) -> Tile {
    Tile {
        name: name.to_owned(),
        size: (2, 1),
        pixels: vec![7, 8],
        next: None,
    }
}

pub async fn a_closure_takes_structs_strings_vecs_and_options_along() {
    let th = old_thread().await;
    let mut first = tile("first");
    first.next = Some(Box::new(tile("second")));
    let (names, none, title) = (
        vec!["a".to_owned(), "b".to_owned()],
        None::<f64>,
        String::from("t"),
    );
    let kept = first.clone();
    let text = exec!(th, move || {
        let second = first.next.as_ref().map_or("", |tile| &tile.name);
        let sum: u32 = first.pixels.iter().map(|&pixel| u32::from(pixel)).sum();
        let none = none.is_none();
        Ok(JsValue::from(format!(
            "{} {} {} {} {} {}",
            title,
            second,
            sum,
            first.size.0,
            names.join("+"),
            none
        )))
    })
    .await;
    assert_eq!(text, Ok("t second 15 2 a+b true".into()));
    // The captured one was moved, as in any `move` closure; a clone stays.
    assert_eq!(kept.name, "first");
    let tiles = vec![kept.clone(), tile("third")];
    let names = exec!(th, async move || -> ResultJJ {
        YieldOnce::default().await;
        Ok(tiles
            .iter()
            .map(|tile| JsValue::from(&*tile.name))
            .collect::<Array>()
            .into())
    });
    assert_eq!(Array::from(&names.await.unwrap()).join(" "), "first third");
}

pub async fn a_closure_takes_buffers_js_values_and_senders_along() {
    let th = old_thread().await;
    let map = Map::new();
    map.set(&"n".into(), &41.into());
    let (buffer, map) = (Buffer(vec![1u16, 2, 3]), Js(map));
    let sum = exec!(th, move || {
        let n = map.get(&"n".into()).as_f64().unwrap_or(0.0);
        Ok(JsValue::from(n + f64::from(buffer.iter().sum::<u16>())))
    });
    assert_eq!(sum.await, Ok(47.into()));

    let bytes = ArrayBuffer::new(4);
    let handed = Transfer(bytes.clone());
    let (sender, receiver) = channel::<u32>();
    let done = exec!(th, async move || -> ResultJJ {
        let sender: Sender<u32> = sender;
        for n in 0..3 {
            sender
                .send(n)
                .map_err(|error| JsValue::from(error.to_string()))?;
            YieldOnce::default().await;
        }
        Ok(handed.byte_length().into())
    });
    assert_eq!(done.await, Ok(4.into()));
    assert_eq!(bytes.byte_length(), 0);
    let items: Vec<u32> = receiver.map(|item| item.unwrap()).collect().await;
    assert_eq!(items, [0, 1, 2]);
}

/// What serde knows and no other thread may have.
#[derive(Serialize, Deserialize)]
struct NotSend {
    n: u32,
    #[serde(skip)]
    local: PhantomData<*const ()>,
}

pub async fn a_closure_takes_what_is_not_send_along() {
    let th = old_thread().await;
    let value = NotSend {
        n: 5,
        local: PhantomData,
    };
    let ans = exec!(th, move || Ok(JsValue::from(value.n))).await;
    assert_eq!(ans, Ok(5.into()));
    let value = NotSend {
        n: 6,
        local: PhantomData,
    };
    let ans = exec!(th, async move || -> ResultJJ {
        let shared = std::rc::Rc::new(value);
        YieldOnce::default().await;
        Ok(shared.n.into())
    });
    assert_eq!(ans.await, Ok(6.into()));
}

pub async fn a_generic_function_runs_closures_over_its_types() {
    async fn show<T>(th: &Thread, value: T) -> ResultJJ
    where
        T: std::fmt::Debug + Serialize + DeserializeOwned + 'static,
    {
        let sync = exec!(th, move || Ok(JsValue::from(format!("{:?}", value)))).await?;
        let text = sync.as_string().unwrap_or_default();
        exec!(th, async move || -> ResultJJ {
            Ok(JsValue::from(text + "!"))
        })
        .await
    }
    let th = old_thread().await;
    assert_eq!(show(&th, 1u8).await, Ok("1!".into()));
    assert_eq!(
        show(&th, Some("a".to_owned())).await,
        Ok("Some(\"a\")!".into())
    );
}

/// A program's own executor: takes turns, and any closure.
struct Turns {
    threads: Vec<Thread>,
    next: std::cell::Cell<usize>,
}

impl Turns {
    fn next(&self) -> &Thread {
        let at = self.next.get();
        self.next.set((at + 1) % self.threads.len());
        &self.threads[at]
    }

    async fn run<F: MtClosure>(&self, closure: F) -> ResultJJ {
        self.next().exec(closure).await
    }

    async fn run_async<F, T>(&self, closure: F) -> ResultJJ
    where
        F: MtAsyncClosure<T>,
        T: Future<Output = ResultJJ> + 'static,
    {
        self.next().exec_async(closure).await
    }
}

pub async fn mt_closures_are_bounds_of_a_programs_own() {
    let turns = Turns {
        threads: vec![old_thread().await, old_thread().await],
        next: 0.into(),
    };
    let n = 3;
    for count in [1, 1, 2, 2] {
        let counted = turns
            .run(FnOnce!(move || Ok(crate::common::count().into())))
            .await;
        assert_eq!(counted, Ok(count.into()));
    }
    let ans = turns.run_async(FnOnce!(move || async move { Ok(JsValue::from(n * 2)) }));
    assert_eq!(ans.await, Ok(6.into()));
}

pub async fn bytes_come_back_as_a_typed_array() {
    let th = old_thread().await;
    let n: u8 = 100;
    let bytes = exec!(th, move || {
        let bytes: Vec<u8> = (0..n).collect();
        Ok(Uint8Array::from(&bytes[..]).into())
    });
    let bytes: Uint8Array = bytes.await.unwrap().dyn_into().unwrap();
    assert!(bytes.to_vec().into_iter().eq(0..100));
}
