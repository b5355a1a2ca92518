//! Many jobs of one function.

use std::cell::Cell;

use futures::{FutureExt, Stream, StreamExt};
use serde::{Deserialize, Deserializer, Serialize};
use wasm_mt::{Buffer, JoinError, Sender, channel, job};

use crate::common::{Picky, all_go_on, busy_for, endless, pool, runs_dry, this_thread};

pub async fn map_gives_its_results_in_the_order_of_the_items() {
    let pool = pool(2).await;
    let squares = pool.map(0..1000u64, |n| n * n).await.unwrap();
    assert!(squares.into_iter().eq((0..1000).map(|n| n * n)));
    // Where the first takes the longest.
    let late = pool.map((0..20u32).rev(), |n| {
        busy_for(f64::from(n));
        n
    });
    assert!(late.await.unwrap().into_iter().eq((0..20).rev()));
}

pub async fn a_maps_stream_gives_each_result_with_its_place() {
    let pool = pool(2).await;
    let words = ["a", "bcd", "", "ef"].map(String::from);
    let mut lengths = pool.map(words, |word| word.len()).stream();
    assert_eq!(lengths.size_hint(), (4, Some(4)));
    let mut found = [None; 4];
    while let Some((place, length)) = lengths.next().await {
        assert_eq!(found[place].replace(length.unwrap()), None);
    }
    assert_eq!(found, [Some(1), Some(3), Some(0), Some(2)]);
    assert!(lengths.next().await.is_none());
}

pub async fn a_map_over_nothing_is_there_at_once() {
    let pool = pool(1).await;
    let nothing = pool.map([0u8; 0], |n| n).now_or_never();
    assert_eq!(nothing.expect("it is there").unwrap(), [0u8; 0]);
    let mut nothing = pool.map_with(1u8, [0u8; 0], |_, n| n).stream();
    assert!(
        nothing
            .next()
            .now_or_never()
            .expect("it is there")
            .is_none()
    );
    all_go_on(&pool).await;
}

pub async fn a_map_over_a_million_items_gives_a_million_results() {
    let pool = pool(2).await;
    let flipped = pool.map(0..1_000_000u32, |n| n ^ 0b10).await.unwrap();
    assert_eq!(flipped.len(), 1_000_000);
    assert!((0..).zip(flipped).all(|(n, flipped)| flipped == n ^ 0b10));
    assert_eq!(pool.stats().run(), 1_000_000);
}

pub async fn maps_and_jobs_of_one_pool_are_not_mixed() {
    let pool = pool(2).await;
    let tens = pool.map(0..300u32, |n| n * 10);
    let handles: Vec<_> = (0..100u32).map(|n| pool.spawn(job!(|n| n * 7))).collect();
    let hundreds = pool.map(0..300u32, |n| n * 100);
    assert!(
        hundreds
            .await
            .unwrap()
            .into_iter()
            .eq((0..300).map(|n| n * 100))
    );
    assert!(tens.await.unwrap().into_iter().eq((0..300).map(|n| n * 10)));
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.await.unwrap(), n * 7);
    }
}

fn not_37(n: u32) -> u32 {
    assert!(n != 37, "it is 37");
    n + 1
}

/// The items of a stream in their order.
async fn all<R>(map: wasm_mt_pool::Map<R>) -> Vec<Result<R, JoinError>>
where
    R: Serialize + serde::de::DeserializeOwned + Send + 'static,
{
    let mut items: Vec<_> = map.stream().collect().await;
    items.sort_by_key(|(place, _)| *place);
    assert!(items.iter().map(|(place, _)| *place).eq(0..items.len()));
    items.into_iter().map(|(_, outcome)| outcome).collect()
}

pub async fn a_panic_in_a_mapped_function_fails_its_own_item() {
    let pool = pool(2).await;
    let items = all(pool.map(0..200, not_37)).await;
    assert_eq!(items.len(), 200);
    for (n, outcome) in (0..).zip(items) {
        match outcome {
            Ok(value) => assert_eq!((value, n != 37), (n + 1, true)),
            Err(error) => {
                assert_eq!(n, 37, "{error}");
                assert_eq!(error.panic_message(), Some("it is 37"), "{error}");
                assert!(
                    error
                        .panic_location()
                        .is_some_and(|at| at.contains("pool_maps.rs"))
                );
            }
        }
    }
    all_go_on(&pool).await;
}

pub async fn a_panic_in_a_mapped_function_is_the_futures_error() {
    let pool = pool(2).await;
    let error = pool.map(0..100_000, not_37).await.unwrap_err();
    assert_eq!(error.panic_message(), Some("it is 37"), "{error}");
    all_go_on(&pool).await;
    assert!(pool.stats().run() < 100_000, "the others were aborted");
}

pub async fn a_dropped_map_aborts_what_is_left_of_it() {
    let pool = pool(1).await;
    let (tells, mut told) = channel::<u32>();
    let items: Vec<_> = (0..100).map(|n| (n, tells.clone())).collect();
    drop(tells);
    let map = pool.map(items, |(n, tells): (u32, Sender<u32>)| {
        tells.send(n).unwrap();
        if n == 2 { endless() } else { n }
    });
    for n in 0..3 {
        assert_eq!(told.recv().await.unwrap().unwrap(), n);
    }
    drop(map);
    assert!(told.recv().await.is_none());
    all_go_on(&pool).await;
}

pub async fn a_dropped_stream_aborts_what_is_left_of_its_map() {
    let pool = pool(2).await;
    let mut results = pool
        .map(0..10_000u32, |n| {
            busy_for(0.2);
            if n == 100 { endless() } else { n }
        })
        .stream();
    for _ in 0..50 {
        assert!(results.next().await.unwrap().1.is_ok());
    }
    drop(results);
    all_go_on(&pool).await;
    runs_dry(&pool).await;
    assert!(pool.stats().run() < 10_000);
}

thread_local! {
    static DECODED: Cell<u32> = const { Cell::new(0) };
}

/// Counts where it is decoded.
#[derive(Serialize)]
struct Counted(u32);

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Counted(u32);
        DECODED.set(DECODED.get() + 1);
        Counted::deserialize(deserializer).map(|it| self::Counted(it.0))
    }
}

pub async fn a_maps_context_comes_to_each_worker_once() {
    let pool = pool(2).await;
    for round in 1..=2 {
        let found = pool.map_with(Counted(round * 1000), 0..200u32, |context, n| {
            busy_for(0.1);
            (this_thread(), DECODED.get(), context.0 + n)
        });
        let found = found.await.unwrap();
        for (n, (_, decoded, sum)) in (0..).zip(&found) {
            assert_eq!(*sum, round * 1000 + n);
            // Where values need not be encoded, they may not be.
            assert!(*decoded <= round, "{decoded}");
            #[cfg(target_family = "wasm")]
            assert!(*decoded > 0);
        }
    }
}

pub async fn a_buffer_in_a_maps_context_comes_to_each_worker() {
    let pool = pool(2).await;
    let table = Buffer((0..100_000u32).rev().collect::<Vec<_>>());
    let found = pool.map_with(
        (table, String::from("!")),
        0..200usize,
        |(table, mark), at| {
            busy_for(0.1);
            format!("{}{mark}", table[at])
        },
    );
    let found = found.await.unwrap();
    assert!(
        found
            .into_iter()
            .eq((0..200).map(|at| format!("{}!", 99_999 - at)))
    );
}

pub async fn each_worker_has_the_context_of_its_map() {
    let pool = pool(2).await;
    let maps: Vec<_> = (0..5u32)
        .map(|context| pool.map_with(context, 0..100u32, |context, n| context * 1000 + n))
        .collect();
    for (context, map) in (0..).zip(maps) {
        assert!(
            map.await
                .unwrap()
                .into_iter()
                .eq((0..100).map(|n| context * 1000 + n))
        );
    }
}

pub async fn a_worker_that_takes_a_dead_ones_place_gets_the_context() {
    let pool = pool(1).await;
    let found = all(
        pool.map_with(String::from("context"), 0..50u32, |context, n| {
            assert!(n % 10 != 7, "a seven");
            format!("{context} {n}")
        }),
    );
    for (n, outcome) in (0..).zip(found.await) {
        match outcome {
            Ok(text) => assert_eq!(text, format!("context {n}")),
            Err(error) => assert!(n % 10 == 7 && error.is_panic(), "{n}: {error}"),
        }
    }
}

pub async fn buffers_are_items_and_results_of_a_map() {
    let pool = pool(2).await;
    let items = (0..50u32).map(|n| Buffer(vec![n; 1000]));
    let sums = pool.map(items, |mut item| {
        item.iter_mut().for_each(|n| *n *= 2);
        item
    });
    for (n, sums) in (0..).zip(sums.await.unwrap()) {
        assert_eq!(*sums, [n * 2; 1000]);
    }
}

pub async fn a_maps_results_may_have_buffers_or_not() {
    let pool = pool(2).await;
    let map = || pool.map(0..100u32, |n| (n % 3 == 1).then(|| Buffer(vec![n])));
    // The second time, many go in one frame.
    for _ in 0..2 {
        for (n, found) in (0..).zip(map().await.unwrap()) {
            assert_eq!(found.map(|it| it[0]), (n % 3 == 1).then_some(n));
        }
    }
    // The same of the items.
    let items = (0..100u32).map(|n| (n % 3 == 1).then(|| Buffer(vec![n])));
    let lengths = pool.map(items, |item| item.map_or(0, |it| it.len())).await;
    for (n, length) in (0..).zip(lengths.unwrap()) {
        assert_eq!(length, usize::from(n % 3 == 1));
    }
}

pub async fn items_and_results_of_a_map_may_be_long_or_short() {
    let pool = pool(2).await;
    let text = |n: u32| "ab".repeat(if n % 3 == 1 { 10_000 + n as usize } else { 5 });
    // The second time, many go in one frame.
    for _ in 0..2 {
        let texts = pool.map((0..100).map(text), |text| text).await.unwrap();
        assert!(texts.into_iter().eq((0..100).map(text)));
    }
}

pub async fn senders_travel_in_the_items_of_a_map() {
    let pool = pool(2).await;
    let (tells, told) = channel::<u32>();
    let items: Vec<_> = (0..100u32).map(|n| (n, tells.clone())).collect();
    drop(tells);
    let map = pool.map(items, |(n, tells): (u32, Sender<u32>)| {
        tells.send(n * 2).is_ok()
    });
    assert_eq!(map.await.unwrap(), [true; 100]);
    let mut told: Vec<u32> = told.map(Result::unwrap).collect().await;
    told.sort();
    assert!(told.into_iter().eq((0..100).map(|n| n * 2)));
}

fn assert_names_picky(error: &JoinError) {
    assert!(error.to_string().contains("Picky"), "{error}");
}

pub async fn an_item_of_a_map_that_cannot_travel_fails_by_itself() {
    let pool = pool(2).await;
    // What is odd does not decode, what is above 100 does not encode.
    let items = all(pool.map((90..110).map(Picky), |picky| picky.0)).await;
    for (n, outcome) in (90..).zip(items) {
        match outcome {
            Ok(value) => assert!(value == n && n % 2 == 0 && n <= 100, "{n}"),
            Err(error) => {
                assert_names_picky(&error);
                assert_eq!(error.is_encode(), n > 100, "{n}: {error}");
                assert_eq!(error.is_decode(), n <= 100 && n % 2 == 1, "{n}: {error}");
                assert_eq!(error.may_have_run(), n <= 100, "{n}: {error}");
            }
        }
    }
    let error = pool.map([2, 300].map(Picky), |it| it.0).await.unwrap_err();
    assert!(error.is_encode(), "{error}");
    all_go_on(&pool).await;
}

pub async fn a_result_of_a_map_that_cannot_travel_fails_by_itself() {
    let pool = pool(2).await;
    let items = all(pool.map(90..110, Picky)).await;
    for (n, outcome) in (90..).zip(items) {
        match outcome {
            Ok(value) => assert!(value == Picky(n) && n % 2 == 0 && n <= 100, "{n}"),
            Err(error) => {
                assert_names_picky(&error);
                assert_eq!(error.is_encode(), n > 100, "{n}: {error}");
                assert_eq!(error.is_decode(), n <= 100 && n % 2 == 1, "{n}: {error}");
                assert!(error.may_have_run());
            }
        }
    }
    all_go_on(&pool).await;
}

pub async fn a_context_that_cannot_travel_fails_each_item() {
    let pool = pool(2).await;
    let encodes = |error: &JoinError| error.is_encode() && !error.may_have_run();
    for error in all(pool.map_with(Picky(101), 0..50u32, |_, n| n)).await {
        let error = error.unwrap_err();
        assert!(encodes(&error), "{error}");
        assert_names_picky(&error);
    }
    for error in all(pool.map_with(Picky(3), 0..50u32, |_, n| n)).await {
        let error = error.unwrap_err();
        assert!(error.is_decode(), "{error}");
        assert_names_picky(&error);
    }
    let (tells, mut told) = channel::<u32>();
    for error in all(pool.map_with(tells, 0..50u32, |_, n| n)).await {
        let error = error.unwrap_err();
        assert!(encodes(&error), "{error}");
        assert!(error.to_string().contains("Sender"), "{error}");
    }
    assert!(told.recv().await.is_none());
    all_go_on(&pool).await;
}

pub async fn a_context_that_cannot_travel_spares_the_jobs_beside_it() {
    let pool = pool(1).await;
    // Once their costs are known, jobs of several kinds go in one frame.
    let beside = |n: u32| pool.spawn(job!(|n| n + 1));
    let bad = || all(pool.map_with(Picky(101), 0..10u32, |_, n| n));
    for n in 0..20 {
        assert_eq!(beside(n).await.unwrap(), n + 1);
        bad().await;
    }
    let before: Vec<_> = (0..20).map(beside).collect();
    let between = bad();
    let behind: Vec<_> = (0..20).map(beside).collect();
    for outcome in between.await {
        assert!(outcome.unwrap_err().is_encode());
    }
    for (n, handle) in (0..20).chain(0..20).zip(before.into_iter().chain(behind)) {
        assert_eq!(handle.await.unwrap(), n + 1);
    }
}

pub async fn a_map_of_an_ended_pool_is_an_error() {
    let pool = pool(1).await;
    let runs = pool.map(0..1000u32, |n| if n == 10 { endless() } else { n });
    pool.shutdown().await;
    assert!(runs.await.unwrap_err().is_cancelled());
    for outcome in all(pool.map(0..10u32, |n| n)).await {
        assert!(outcome.unwrap_err().is_closed());
    }
    assert_eq!(pool.map([0u8; 0], |n| n).await.unwrap(), [0u8; 0]);
}
