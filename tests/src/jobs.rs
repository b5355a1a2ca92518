//! What a job is and what travels with it.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_closure::FnOnce;
use wasm_mt::{Job, job};

use crate::common::{Gate, YieldOnce, open_gate, thread};

fn fib(n: u64) -> u64 {
    if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
}

fn add(a: i32, b: i32) -> i32 {
    a + b
}

pub async fn a_job_gives_its_value() {
    let thread = thread().await;
    assert_eq!(thread.spawn(job!(|| 42)).await.unwrap(), 42);
}

pub async fn named_locals_travel_with_their_job() {
    let thread = thread().await;
    let n = 20;
    let fib_of_n: u64 = thread.spawn(job!(|n| fib(n))).await.unwrap();
    assert_eq!(fib_of_n, 6765);
    let (a, text) = (7, String::from("seven"));
    let job = Job::new((a, text), |(a, text)| format!("{text}: {a}"));
    assert_eq!(thread.spawn(job).await.unwrap(), "seven: 7");
}

pub async fn job_takes_mut_types_values_and_a_result_type() {
    let thread = thread().await;
    let (mut sum, values) = (0.5, vec![1.0, 2.0]);
    let job = job!(|mut sum, values: Vec<f64>| -> f64 {
        for value in values {
            sum += value;
        }
        sum
    });
    sum += 100.0;
    assert_eq!(thread.spawn(job).await.unwrap(), 3.5);
    assert_eq!(sum, 100.5);
    let point = (3, 4);
    let job = job!(move |x: i32 = point.0, mut y = point.1 * 2| {
        y += 1;
        x * y
    });
    assert_eq!(thread.spawn(job).await.unwrap(), 27);
    let text = String::from("12");
    let job = job!(async move |text| -> Result<i32, String> {
        let n: i32 = text.parse().map_err(|_| String::from("not a number"))?;
        Ok(n + 1)
    });
    assert_eq!(thread.spawn(job).await.unwrap(), Ok(13));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle { radius: f64 },
    Polygon(Vec<(f64, f64)>),
}

pub async fn a_struct_travels_both_ways() {
    let thread = thread().await;
    for shape in [
        Shape::Point,
        Shape::Circle { radius: 1.5 },
        Shape::Polygon(vec![(0.0, 0.0), (1.0, -1.0)]),
    ] {
        let text = format!("{shape:?}");
        let back: (Shape, String) = thread
            .spawn(job!(|shape: Shape| {
                let text = format!("{shape:?}");
                (shape, text)
            }))
            .await
            .unwrap();
        assert_eq!(format!("{:?}", back.0), text);
        assert_eq!(back.1, text);
    }
}

pub async fn a_serde_closure_is_a_job() {
    let thread = thread().await;
    let (a, b) = (20, 22);
    let sum = thread.spawn(FnOnce!(move || add(a, b))).await.unwrap();
    assert_eq!(sum, 42);
}

pub async fn an_async_serde_closure_is_a_job() {
    let thread = thread().await;
    let text = String::from("ab");
    let twice = thread
        .spawn(FnOnce!(move || async move {
            YieldOnce::default().await;
            text.repeat(2)
        }))
        .await
        .unwrap();
    assert_eq!(twice, "abab");
}

pub async fn an_async_job_gives_its_value() {
    let thread = thread().await;
    let n = 6;
    let job = job!(async |n| {
        YieldOnce::default().await;
        let half = n / 2;
        YieldOnce::default().await;
        half
    });
    assert_eq!(thread.spawn(job).await.unwrap(), 3);
    assert_eq!(thread.spawn(job!(async || 1)).await.unwrap(), 1);
}

pub async fn an_async_job_may_hold_what_is_not_send() {
    let thread = thread().await;
    let job = job!(async || {
        let shared = Rc::new(5);
        let other = Rc::clone(&shared);
        YieldOnce::default().await;
        *shared + *other
    });
    assert_eq!(thread.spawn(job).await.unwrap(), 10);
}

pub async fn async_jobs_of_one_thread_overlap() {
    let thread = thread().await;
    let waits = thread.spawn(job!(async || {
        Gate.await;
        "through".to_string()
    }));
    let opens = thread.spawn(job!(|| open_gate()));
    opens.await.unwrap();
    assert_eq!(waits.await.unwrap(), "through");
}

pub async fn jobs_run_in_the_order_of_their_spawning() {
    let thread = thread().await;
    let handles: Vec<_> = (0..20)
        .map(|_| thread.spawn(job!(|| crate::common::count())))
        .collect();
    for (at, handle) in handles.into_iter().enumerate() {
        assert_eq!(handle.await.unwrap() as usize, at + 1);
    }
}

pub async fn a_job_may_give_a_result_of_its_own() {
    let thread = thread().await;
    let text = String::from("twelve");
    let parsed: Result<i32, String> = thread
        .spawn(job!(|text| text
            .parse::<i32>()
            .map_err(|error| error.to_string())))
        .await
        .unwrap();
    assert_eq!(parsed.unwrap_err(), "invalid digit found in string");
}

pub async fn large_values_travel() {
    let thread = thread().await;
    let numbers: Vec<u32> = (0..200_000).collect();
    let reversed: Vec<u32> = thread
        .spawn(job!(|mut numbers: Vec<u32>| {
            numbers.reverse();
            numbers
        }))
        .await
        .unwrap();
    assert_eq!(reversed.len(), 200_000);
    assert!(reversed.iter().rev().copied().eq(0..200_000));
}
