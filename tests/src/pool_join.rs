//! Jobs that part themselves by the function `join`: the same in every world, whoever runs the halves.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use js_sys::{Date, JSON, Object, Reflect};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_mt::Js;
use wasm_mt::{Buffer, Sender, channel, checkpoint, job};
use wasm_mt_pool::join;

#[cfg(not(target_os = "wasi"))]
use crate::common::thread;
use crate::common::{LONG, Picky, YieldOnce, all_go_on, endless, pool, runs_dry, this_pool};

fn fib(n: u32) -> u64 {
    if n < 2 {
        return n.into();
    }
    let (a, b) = join(|| fib(n - 1), job!(|n| fib(n - 2)));
    a + b
}

pub async fn a_job_parts_itself_into_a_tree_of_halves() {
    for workers in [1, 2, 3] {
        let pool = pool(workers).await;
        let (n, m) = (12, 5);
        let tree = pool.spawn(job!(|n| fib(n))).timeout(LONG);
        let beside = pool.spawn(job!(|m| fib(m)));
        assert_eq!(tree.await.unwrap(), 144);
        assert_eq!(beside.await.unwrap(), 5);
        all_go_on(&pool).await;
        runs_dry(&pool).await;
    }
}

pub async fn many_jobs_part_themselves_at_once() {
    let pool = pool(2).await;
    let trees: Vec<_> = (0..100u32)
        .map(|n| {
            let n = n % 10;
            pool.spawn(job!(|n| fib(n))).timeout(LONG)
        })
        .collect();
    for (n, tree) in trees.into_iter().enumerate() {
        let expected = [0, 1, 1, 2, 3, 5, 8, 13, 21, 34][n % 10];
        assert_eq!(tree.await.unwrap(), expected);
    }
    all_go_on(&pool).await;
}

pub async fn items_of_a_map_part_themselves() {
    let pool = pool(2).await;
    let sums = pool.map(0..200u32, |n| fib(n % 8)).await.unwrap();
    for (n, sum) in sums.into_iter().enumerate() {
        assert_eq!(sum, [0, 1, 1, 2, 3, 5, 8, 13][n % 8]);
    }
}

fn sorted(mut numbers: Vec<u32>) -> Vec<u32> {
    if numbers.len() <= 100 {
        numbers.sort();
        return numbers;
    }
    let high = numbers.split_off(numbers.len() / 2);
    let (mut low, high) = join(|| sorted(numbers), job!(|high| sorted(high)));
    low.extend(high);
    // Two runs that are in order, which this one merges.
    low.sort();
    low
}

pub async fn halves_sort_what_their_job_was_given() {
    let pool = pool(2).await;
    let numbers: Vec<u32> = (0..5000)
        .map(|n: u32| n.wrapping_mul(2_654_435_761))
        .collect();
    let mut expected = numbers.clone();
    expected.sort();
    let found = pool.spawn(job!(|numbers| sorted(numbers))).await.unwrap();
    assert_eq!(found, expected);
}

pub async fn what_a_half_takes_and_gives_may_be_short_or_long() {
    let pool = pool(2).await;
    // About what lies in a record itself, about what lies beside it, and more than all that.
    let sizes = (0..4).chain(80..130).chain(65_400..65_560).step_by(3);
    for size in sizes.chain([1 << 20]) {
        let turned = pool.spawn(job!(|size: usize| {
            let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            let sent = bytes.clone();
            let (own, back) = join(
                || bytes.len(),
                job!(|sent: Vec<u8>| {
                    let mut sent = sent;
                    sent.reverse();
                    sent
                }),
            );
            own == size && back.iter().rev().eq(&bytes)
        }));
        assert!(turned.await.unwrap(), "{size}");
    }
}

pub async fn a_buffer_goes_to_a_half_and_back() {
    let pool = pool(2).await;
    for size in [0, 10, 5000, 300_000] {
        let twice = pool.spawn(job!(|size: u32| {
            let numbers = Buffer((0..size).collect::<Vec<u32>>());
            let (sum, twice) = join(
                || (0..u64::from(size)).sum::<u64>(),
                job!(|numbers: Buffer<u32>| Buffer(
                    numbers.iter().map(|n| n * 2).collect::<Vec<u32>>()
                )),
            );
            twice.iter().map(|n| u64::from(*n)).sum::<u64>() == 2 * sum
        }));
        assert!(twice.await.unwrap(), "{size}");
    }
}

pub async fn three_hundred_halves_lie_in_one_another() {
    fn deep(n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        let (below, own) = join(|| deep(n - 1), job!(|| 1));
        below + own
    }
    let pool = pool(2).await;
    let deep = pool.spawn(job!(|| deep(300))).timeout(LONG);
    assert_eq!(deep.await.unwrap(), 300);
    all_go_on(&pool).await;
}

pub async fn a_panic_of_either_half_is_its_jobs() {
    let pool = pool(2).await;
    for _ in 0..5 {
        let (line, first) = (
            line!(),
            job!(|| join(|| -> u32 { panic!("the first") }, job!(|| fib(5))).1),
        );
        let error = pool.spawn(first).await.unwrap_err();
        assert_eq!(error.panic_message(), Some("the first"), "{error}");
        let place = format!("pool_join.rs:{}:", line + 1);
        assert!(error.panic_location().unwrap().contains(&place), "{error}");

        let (line, second) = (
            line!(),
            job!(|| join(|| fib(5), job!(|| -> u32 { panic!("the second") })).1),
        );
        let error = pool.spawn(second).await.unwrap_err();
        assert_eq!(error.panic_message(), Some("the second"), "{error}");
        let place = format!("pool_join.rs:{}:", line + 1);
        assert!(error.panic_location().unwrap().contains(&place), "{error}");
    }
    all_go_on(&pool).await;
}

pub async fn a_panic_deep_in_a_tree_is_its_jobs() {
    fn falls(n: u32) -> u32 {
        assert!(n != 3, "it is three");
        if n == 0 {
            return 0;
        }
        let (a, b) = join(|| falls(n - 1), job!(|n| falls(n / 2)));
        a + b
    }
    let pool = pool(2).await;
    for _ in 0..5 {
        let beside = pool.spawn(job!(|| fib(10)));
        let error = pool.spawn(job!(|| falls(8))).await.unwrap_err();
        assert_eq!(error.panic_message(), Some("it is three"), "{error}");
        // A half of it may have been what the panic took along.
        match beside.await {
            Ok(sum) => assert_eq!(sum, 55),
            Err(error) => assert!(error.is_panic() || error.is_lost(), "{error}"),
        }
    }
    all_go_on(&pool).await;
}

pub async fn async_and_broadcast_jobs_part_themselves() {
    let pool = pool(2).await;
    let awaits = pool.spawn(job!(async || {
        let before = fib(8);
        YieldOnce::default().await;
        before + fib(9)
    }));
    assert_eq!(awaits.await.unwrap(), 21 + 34);
    for sum in pool.broadcast(|_| job!(|| fib(10))).await {
        assert_eq!(sum.unwrap(), 55);
    }
}

pub async fn a_half_spawns_onto_its_pool() {
    let pool = pool(2).await;
    let (tells, mut told) = channel::<u32>();
    let spawns = pool.spawn(job!(|tells: Sender<u32>| {
        let (_, spawned) = join(
            || (),
            job!(|| {
                drop(this_pool().spawn(job!(|| fib(5))));
                7
            }),
        );
        tells.send(spawned).is_ok()
    }));
    assert!(spawns.await.unwrap());
    assert_eq!(told.recv().await.unwrap().unwrap(), 7);
    runs_dry(&pool).await;
}

pub async fn a_sender_goes_to_a_half() {
    let pool = pool(2).await;
    let (tells, mut told) = channel::<u32>();
    let both = pool.spawn(job!(|tells: Sender<u32>| {
        let other = tells.clone();
        let own = || tells.send(1).is_ok();
        join(own, job!(|other: Sender<u32>| other.send(2).is_ok()))
    }));
    assert_eq!(both.await.unwrap(), (true, true));
    let mut all = vec![
        told.recv().await.unwrap().unwrap(),
        told.recv().await.unwrap().unwrap(),
    ];
    all.sort();
    assert_eq!(all, [1, 2]);
}

pub async fn an_aborted_job_ends_with_both_its_halves() {
    fn spins() -> u32 {
        // It ends where its worker cannot be ended.
        for _ in 0..u32::MAX {
            checkpoint();
        }
        0
    }
    let pool = pool(2).await;
    let (tells, mut told) = channel::<u8>();
    let both = pool.spawn(job!(|tells: Sender<u8>| {
        let _ = tells.send(1);
        join(spins, job!(|| spins()))
    }));
    told.recv().await.unwrap().unwrap();
    both.abort();
    assert!(both.await.unwrap_err().is_cancelled());
    let stuck = pool.spawn(job!(|| join(|| fib(5), job!(|| endless())).1));
    let stuck = stuck.timeout(std::time::Duration::from_millis(50));
    assert!(stuck.await.unwrap_err().is_deadline());
    all_go_on(&pool).await;
}

pub async fn an_async_half_is_refused() {
    let pool = pool(2).await;
    let both = pool.spawn(job!(|| join(|| (), job!(async || ())).1));
    let error = both.await.unwrap_err();
    let message = error.panic_message().expect("the job panicked");
    assert!(message.contains("`join` takes a sync job"), "{error}");
    all_go_on(&pool).await;
}

pub async fn elsewhere_the_halves_follow_one_another() {
    let text = String::from("ab");
    let sent = text.clone();
    let both = join(|| text.len(), job!(|sent: String| sent.repeat(2)));
    assert_eq!(both, (2, "abab".into()));
    assert_eq!(fib(10), 55);
    #[cfg(not(target_os = "wasi"))]
    assert_eq!(thread().await.spawn(job!(|| fib(10))).await.unwrap(), 55);
}

pub async fn a_half_that_cannot_travel_fails_its_job() {
    let pool = pool(2).await;
    let there = job!(|| {
        let large = Picky(101);
        join(|| (), job!(|large: Picky| large.0)).1
    });
    let back = job!(|| join(|| (), job!(|| Picky(102))).1.0);
    let odd = job!(|| {
        let odd = Picky(3);
        join(|| (), job!(|odd: Picky| odd.0)).1
    });
    for half in [there, back, odd] {
        let error = pool.spawn(half).await.unwrap_err();
        assert!(error.is_panic(), "{error}");
        let place = error.panic_location().unwrap_or_default();
        assert!(place.contains("pool_join.rs"), "{error}");
        assert!(error.to_string().contains("half of a `join`"), "{error}");
        assert!(error.to_string().contains("Picky"), "{error}");
    }
    all_go_on(&pool).await;
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub async fn a_half_has_what_a_worker_has() {
    let pool = pool(2).await;
    let both = pool.spawn(job!(|| {
        let (now, text) = join(
            Date::now,
            job!(|| {
                let object = Object::new();
                let _ = Reflect::set(&object, &"n".into(), &7.into());
                JSON::stringify(&object)
                    .ok()
                    .and_then(|text| text.as_string())
            }),
        );
        (now > 0.0, text)
    }));
    assert_eq!(both.await.unwrap(), (true, Some(r#"{"n":7}"#.into())));
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub async fn a_js_value_goes_to_a_half_in_place() {
    let pool = pool(2).await;
    let both = pool.spawn(job!(|| {
        let object = Object::new();
        let _ = Reflect::set(&object, &"n".into(), &7.into());
        let object = Js(object);
        let (_, n) = join(
            || (),
            job!(|object: Js<Object>| Reflect::get(&object.0, &"n".into())
                .ok()
                .and_then(|n| n.as_f64())),
        );
        n
    }));
    assert_eq!(both.await.unwrap(), Some(7.0));
    let gives = pool.spawn(job!(|| {
        let _ = join(|| (), job!(|| Js(Object::new())));
    }));
    let error = gives.await.unwrap_err();
    assert!(error.to_string().contains("cannot be joined"), "{error}");
    all_go_on(&pool).await;
}
