//! What pools meet in a browser only.

use std::cell::{Cell, RefCell};
use std::future::pending;

use futures::StreamExt;
use futures::channel::mpsc;
use js_sys::{Function, Reflect};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_mt::utils::fetch_as_text;
use wasm_mt::{JoinError, JoinHandle, Js, Sender, StartError, Thread, Transfer, channel, job};
use wasm_mt_pool::{Broadcast, Builder, Join, Map, MapStream, Stats, ThreadPool};

use crate::common::{LONG, all_go_on, built, busy_for, count, counted, overflow, pool, this_pool};
use crate::compat::glue_url;
use crate::deaths::{freed, hold, some_lock};
use crate::js_values::{MessageChannel, MessagePort};
use crate::web::blob_url;

#[wasm_bindgen]
extern "C" {
    /// What ends a worker from within.
    fn close();
    #[wasm_bindgen(js_namespace = URL, js_name = revokeObjectURL)]
    fn revoke(url: &str);
}

pub async fn pools_and_what_they_give_are_send_and_sync() {
    fn is<T: Send + Sync>() {}
    is::<ThreadPool>();
    is::<Builder>();
    is::<Map<Vec<u8>>>();
    is::<MapStream<Vec<u8>>>();
    is::<Join<u8, String>>();
    is::<Broadcast<String>>();
    is::<Stats>();
    is::<JoinHandle<Cell<u8>>>();
    is::<StartError>();
}

pub async fn a_pool_whose_glue_is_missing_is_a_start_error() {
    let threads = Thread::builder().glue_url("/no/such/glue.js");
    let start = ThreadPool::builder().workers(3).threads(threads).build();
    let error = start.await.unwrap_err();
    assert!(error.is_glue(), "{error}");
    assert!(error.to_string().contains("/no/such/glue.js"), "{error}");
}

pub async fn a_trap_in_a_pool_is_its_jobs_error() {
    let pool = pool(2).await;
    let traps = pool.spawn(job!(|| -> u32 { core::arch::wasm32::unreachable() }));
    let overflows = pool.spawn(job!(|| overflow(0)));
    let beside: Vec<_> = (0..50u32).map(|n| pool.spawn(job!(|n| n + 1))).collect();
    for error in [
        traps.await.unwrap_err(),
        overflows.await.map(|_| 0).unwrap_err(),
    ] {
        assert!(error.is_trap(), "{error}");
    }
    for (n, handle) in (0..).zip(beside) {
        assert_eq!(handle.await.unwrap(), n + 1);
    }
    let traps = pool.map(0..100u32, |n| {
        if n == 60 {
            core::arch::wasm32::unreachable()
        } else {
            n
        }
    });
    let items: Vec<_> = traps.stream().collect().await;
    assert_eq!(items.len(), 100);
    for (place, outcome) in items {
        match outcome {
            Ok(n) => assert_eq!(n as usize, place),
            Err(error) => assert!(error.is_trap() && place == 60, "{place}: {error}"),
        }
    }
    all_go_on(&pool).await;
}

pub async fn a_trap_spares_the_async_jobs_of_other_workers() {
    let pool = pool(2).await;
    let (tells, mut told) = channel::<usize>();
    let wait = pool.broadcast(|worker| {
        let tells = tells.clone();
        job!(async |worker, tells| {
            tells.send(worker).unwrap();
            crate::common::Gate.await;
            worker
        })
    });
    for _ in 0..2 {
        told.next().await;
    }
    let traps = pool.broadcast(|worker| {
        job!(|worker: usize| if worker == 0 {
            core::arch::wasm32::unreachable()
        })
    });
    assert!(traps.await[0].as_ref().unwrap_err().is_trap());
    let opens = pool.broadcast(|_| job!(|| crate::common::open_gate()));
    assert!(opens.await.iter().all(Result::is_ok));
    let wait = wait.await;
    assert!(wait[0].as_ref().unwrap_err().is_lost());
    assert_eq!(*wait[1].as_ref().unwrap(), 1);
}

fn assert_closed(error: &JoinError) {
    assert!(error.is_lost() && error.may_have_run(), "{error}");
    assert!(error.to_string().contains("close()"), "{error}");
}

/// Tells that it runs, and may close its worker.
fn tell_or_close(n: u32, at: u32, tells: &Sender<u32>) -> u32 {
    tells.send(n).unwrap();
    if n == at {
        close();
    }
    n
}

pub async fn jobs_behind_one_that_closes_its_worker_run_once() {
    let pool = pool(1).await;
    for at in [500, 20, 0, 99] {
        let (tells, told) = channel::<u32>();
        let handles: Vec<_> = (0..100)
            .map(|n| {
                let tells = tells.clone();
                // A sender keeps a job from others' messages, so it is not the only kind.
                if n % 10 == 5 || n == at {
                    pool.spawn(job!(|n, at, tells| tell_or_close(n, at, &tells)))
                } else {
                    pool.spawn(job!(|n| {
                        count();
                        n
                    }))
                }
            })
            .collect();
        drop(tells);
        for (n, handle) in (0..).zip(handles) {
            match handle.await {
                Ok(value) => assert!(value == n && n != at, "{n}"),
                Err(error) => {
                    assert_eq!(n, at, "{error}");
                    assert_closed(&error);
                }
            }
        }
        let mut told: Vec<u32> = told.map(Result::unwrap).collect().await;
        told.sort();
        let mut once = told.clone();
        once.dedup();
        assert_eq!(told, once);
    }
    all_go_on(&pool).await;
}

thread_local! {
    static PORT: RefCell<Option<MessagePort>> = const { RefCell::new(None) };
}

pub async fn items_behind_one_that_closes_its_worker_run_once() {
    let pool = pool(1).await;
    let run = |(n, at): (u32, u32)| {
        // What another worker runs is not told.
        PORT.with_borrow(|port| {
            port.as_ref()
                .map(|port| port.post_message(&JsValue::from(n)))
        });
        if n == at {
            close();
        }
        n
    };
    // Their cost is known from the first time on, so many go in one frame.
    assert_eq!(
        pool.map((0..100).map(|n| (n, 100)), run)
            .await
            .unwrap()
            .len(),
        100
    );
    let (lock, channel) = (some_lock(), MessageChannel::new());
    let (tells, mut told) = mpsc::unbounded();
    let hears = Closure::<dyn Fn(JsValue)>::new(move |event: JsValue| {
        let data = Reflect::get(&event, &"data".into()).unwrap();
        tells.unbounded_send(data.as_f64()).unwrap();
    });
    let port = channel.port1();
    port.set_onmessage(hears.as_ref().unchecked_ref());
    let (name, port) = (lock.clone(), Transfer(channel.port2()));
    pool.spawn(job!(async |name, port| {
        hold(name).await;
        PORT.set(Some(port.0));
    }))
    .await
    .unwrap();
    let items: Vec<_> = pool
        .map((0..100).map(|n| (n, 50)), run)
        .stream()
        .collect()
        .await;
    assert_eq!(items.len(), 100);
    for (place, outcome) in items {
        match outcome {
            Ok(n) => assert!(n as usize == place && place != 50),
            Err(error) => {
                assert_eq!(place, 50, "{error}");
                assert_closed(&error);
            }
        }
    }
    // The old worker has told all that it ever will.
    freed(&lock).await;
    all_go_on(&pool).await;
    drop(hears);
    let mut ran = 0;
    while let Some(n) = told.next().await {
        assert!(n.is_some_and(|n| n <= 50.0), "{n:?} ran in both");
        ran += 1;
    }
    assert!(ran <= 51);
}

pub async fn an_idempotent_job_of_a_pool_begins_again_in_the_next_worker() {
    let pool = pool(1).await;
    let (tells, mut told) = channel::<u32>();
    let again = pool.spawn(
        job!(async |tells| {
            tells.send(counted()).unwrap();
            if counted() == 0 {
                pending::<()>().await;
            }
            7
        })
        .idempotent(),
    );
    let (begins, mut begun) = channel::<()>();
    let once = pool.spawn(job!(async |begins| {
        begins.send(()).unwrap();
        pending::<u8>().await
    }));
    assert_eq!(told.next().await.unwrap().unwrap(), 0);
    // What shares memory may come before what waits for a message.
    begun.next().await.unwrap().unwrap();
    assert!(
        pool.spawn(job!(|| -> u8 { panic!("takes them along") }))
            .await
            .unwrap_err()
            .is_panic()
    );
    let lost = once.await.unwrap_err();
    assert!(lost.is_lost() && lost.may_have_run(), "{lost}");
    assert_eq!(told.next().await.unwrap().unwrap(), 0);
    again.abort();
    assert!(again.await.unwrap_err().is_cancelled());
    all_go_on(&pool).await;
}

pub async fn a_parent_that_is_killed_leaves_its_children_running() {
    let pool = pool(1).await;
    let parent = pool.spawn(job!(async || {
        for _ in 0..3 {
            drop(this_pool().spawn(job!(|| count())));
        }
        crate::common::YieldOnce::default().await;
        close();
        pending::<()>().await;
    }));
    assert_closed(&parent.await.unwrap_err());
    // They lie on the deque of its worker's place, so before this.
    assert_eq!(pool.spawn(job!(|| counted())).await.unwrap(), 3);
    all_go_on(&pool).await;
}

pub async fn what_waits_for_a_worker_that_cannot_be_replaced_ends() {
    let glue = fetch_as_text(&glue_url()).await.unwrap();
    for steal in [true, false] {
        let url = blob_url(&glue, "text/javascript");
        let threads = Thread::builder().glue_url(url.clone());
        let pool = built(
            ThreadPool::builder()
                .workers(2)
                .steal(steal)
                .threads(threads),
        )
        .await;
        revoke(&url);
        let each = pool.broadcast(|worker| {
            job!(async |worker| {
                if worker == 0 {
                    // On its own deque.
                    drop(this_pool().spawn(job!(|| busy_for(1.0))));
                    crate::common::YieldOnce::default().await;
                    close();
                }
            })
        });
        let behind = pool.broadcast(|worker| job!(|worker| worker)).await;
        let each = each.await;
        assert!(each[0].as_ref().unwrap_err().is_lost());
        assert!(each[1].is_ok());
        if let Err(error) = &behind[0] {
            assert!(error.is_lost(), "{error}");
            let source = std::error::Error::source(error).expect("why there is no worker");
            assert!(source.to_string().contains("glue"), "{source}");
        }
        assert_eq!(*behind[1].as_ref().unwrap(), 1);
        // The other worker does the rest.
        for n in 0..10u32 {
            assert_eq!(pool.spawn(job!(|n| n)).timeout(LONG).await.unwrap(), n);
        }
        let again = pool.broadcast(|worker| job!(|worker| worker)).await;
        assert!(again[0].as_ref().unwrap_err().is_lost());
        assert_eq!(*again[1].as_ref().unwrap(), 1);
    }
}

pub async fn what_cannot_be_cloned_fails_by_itself() {
    let pool = pool(1).await;
    // After a while, when many jobs go together.
    for _ in 0..3 {
        let handles: Vec<_> = (0..30u32)
            .map(|n| {
                let value = if n % 10 == 3 {
                    Function::new_no_args("").into()
                } else {
                    JsValue::from(n)
                };
                let value = Js(value);
                pool.spawn(job!(|value: Js<JsValue>| value.as_f64()))
            })
            .collect();
        for (n, handle) in (0..30u32).zip(handles) {
            let outcome = handle.await;
            assert_eq!(outcome.is_err(), n % 10 == 3, "{n}: {outcome:?}");
            match outcome {
                Ok(value) => assert_eq!(value, Some(f64::from(n))),
                Err(error) => assert!(error.is_encode() && !error.may_have_run(), "{error}"),
            }
        }
    }
    all_go_on(&pool).await;
}

#[derive(Serialize, Deserialize)]
struct Beside(u32, Js<JsValue>);

pub async fn js_values_are_items_and_results_of_a_map() {
    let pool = pool(2).await;
    for _ in 0..2 {
        let items = (0..60u32).map(|n| Beside(n, Js(JsValue::from(format!("value {n}")))));
        let map = pool.map(items, |Beside(n, value)| {
            // Some of the results cannot be cloned.
            if n % 10 == 3 {
                Beside(n, Js(Function::new_no_args("").into()))
            } else {
                Beside(n, value)
            }
        });
        let items: Vec<_> = map.stream().collect().await;
        assert_eq!(items.len(), 60);
        for (place, outcome) in items {
            assert_eq!(outcome.is_err(), place % 10 == 3, "{place}");
            match outcome {
                Ok(Beside(n, value)) => {
                    assert_eq!(n as usize, place);
                    assert_eq!(value.as_string(), Some(format!("value {n}")));
                }
                Err(error) => assert!(error.is_encode() && error.may_have_run(), "{error}"),
            }
        }
    }
}

/// Counts when it is dropped.
#[derive(Serialize, Deserialize)]
struct Tracked(u32);

impl Drop for Tracked {
    fn drop(&mut self) {
        count();
    }
}

pub async fn a_workers_context_is_dropped_with_its_map() {
    let pool = pool(1).await;
    let before = counted();
    for round in 1..=3 {
        let sum = pool.map_with(Tracked(1), 0..10u32, |context, n| context.0 + n);
        assert_eq!(sum.await.unwrap().into_iter().sum::<u32>(), 55);
        // By message, and so behind the one that drops it.
        assert_eq!(pool.spawn(job!(async || counted())).await.unwrap(), round);
    }
    assert_eq!(counted(), before + 3);
}

pub async fn a_context_that_can_only_be_handed_over_is_an_error() {
    let pool = pool(1).await;
    let port = Transfer(MessageChannel::new().port2());
    let map = pool.map_with(port, 0..5u32, |_, n| n).stream();
    let items: Vec<_> = map.collect().await;
    assert_eq!(items.len(), 5);
    for (_, outcome) in items {
        let error = outcome.unwrap_err();
        assert!(error.is_encode(), "{error}");
    }
    all_go_on(&pool).await;
}
