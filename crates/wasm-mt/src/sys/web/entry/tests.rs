//! Calls by right numbers and by wrong ones: by each place of the function table, in the trampoline's stead and the
//! function's.

use std::cell::Cell;

use js_sys::{Function, WebAssembly};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::__abi::Kind;
use crate::error::JoinErrorKind;
use crate::job::Job;
use crate::payload::{self, Travels};
use crate::sys::call::{fingerprint, invoke};
use crate::sys::{Task, decode};
use crate::thread::Thread;
use crate::worker::{Outcome, Run};

thread_local! {
    /// How often a function of [`double`]'s type was called that is not `double`.
    static OTHERS: Cell<u32> = const { Cell::new(0) };
}

fn double((n,): (u32,)) -> u32 {
    n * 2
}

fn triple((n,): (u32,)) -> u32 {
    OTHERS.set(OTHERS.get() + 1);
    n * 3
}

fn outcome(kind: Kind) -> Outcome {
    let payload = payload::encode(&(21u32,), Travels::Out).unwrap();
    match invoke(kind, &payload.bytes, Vec::new(), 0) {
        Run::Done(outcome) => outcome,
        Run::Async(_) => panic!("it is not async"),
    }
}

fn is_other_build(outcome: Outcome) -> bool {
    outcome.is_err_and(|error| matches!(error.kind(), JoinErrorKind::OtherBuild))
}

fn good() -> Kind {
    Task::new((21u32,), double).kind
}

/// How long the function table is.
fn places() -> u32 {
    let table: WebAssembly::Table = wasm_bindgen::function_table().unchecked_into();
    table.length()
}

#[wasm_bindgen_test]
fn the_end_of_a_frame_tells_how_much_memory_its_instance_has() {
    let mut writer = Writer::default();
    outcome::write_end(&mut writer, 7, 1.5, 2.5, pages());
    let mut reader = letter::reader(&writer.bytes, &JsValue::UNDEFINED);
    let ended = outcome::read_all(&mut reader).end.unwrap().ended;
    let memory: WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    assert_eq!(ended.memory, u64::from(buffer.byte_length()));
}

#[wasm_bindgen_test]
fn a_script_is_told_of_what_reads_without_values_wherever_it_lies() {
    let noted = || MARKS.with(|marks| marks.reports.get());
    let place = |writer: &Writer| writer.bytes.as_ptr() as u32;
    let mut writer = Writer::default();
    outcome::write_suspended(&mut writer, JobId(2));
    note(&writer);
    assert_eq!(noted(), [place(&writer), 12]);
    let bulk = payload::encode(&vec![1u8; 99 << 10], Travels::Back);
    outcome::write(&mut writer, JobId(3), &bulk);
    // As it does where it grows.
    writer.bytes = writer.bytes.iter().copied().chain([0; 99]).collect();
    note(&writer);
    assert_eq!(noted(), [place(&writer), 12]);
    writer.clear();
    note(&writer);
    assert_eq!(noted(), [place(&writer), 0]);
}

#[wasm_bindgen_test]
fn a_trampoline_calls_its_function() {
    assert_eq!(decode::<u32>(outcome(good()).unwrap()).unwrap(), 42);
}

#[wasm_bindgen_test]
fn a_trampoline_of_other_types_refuses() {
    let others = [
        Task::new(1.5f64, |x: f64| x).kind,
        Task::new_async((21u32,), |(n,): (u32,)| async move { n }).kind,
    ];
    for other in others {
        let trampoline = other.trampoline;
        assert!(is_other_build(outcome(Kind {
            trampoline,
            ..good()
        })));
    }
    let fingerprint = good().fingerprint ^ 1;
    assert!(is_other_build(outcome(Kind {
        fingerprint,
        ..good()
    })));
}

#[wasm_bindgen_test]
fn a_null_function_is_refused() {
    for (trampoline, function) in [(0, 1), (1, 0), (0, 0)] {
        let kind = Kind {
            trampoline,
            function,
            ..good()
        };
        assert!(is_other_build(outcome(kind)));
    }
}

#[wasm_bindgen_test]
fn in_a_functions_place_no_other_is_called() {
    let triple = Task::new((21u32,), triple).kind;
    assert_eq!(triple.trampoline, good().trampoline);
    let mut refused = 0;
    for function in 0..places() + 10 {
        if function != good().function {
            assert!(is_other_build(outcome(Kind { function, ..good() })));
            refused += 1;
        }
    }
    assert!(refused > triple.function && OTHERS.get() == 0);
    let function = u32::MAX;
    assert!(is_other_build(outcome(Kind { function, ..good() })));
}

/// What came of calls by places in a row.
#[derive(Clone, Copy, Default, Debug, serde::Serialize, serde::Deserialize)]
struct Swept {
    next: u32,
    ran: u32,
    refused: u32,
    trapped: u32,
}

/// So much of the stack may be used up: what traps leaves its part of it behind. There is 1 MiB.
const STACK: usize = 600 << 10;

/// Calls by each place from `first` on in the trampoline's stead, for as long as the stack lasts.
fn sweep((first,): (u32,)) -> Swept {
    let call = Closure::<dyn Fn(u32) -> u32>::new(|trampoline| {
        let kind = Kind {
            trampoline,
            ..good()
        };
        match outcome(kind) {
            Ok(value) => u32::from(decode::<u32>(value).is_ok_and(|value| value == 42)),
            outcome => 2 + u32::from(!is_other_build(outcome)),
        }
    });
    let attempt = Function::new_with_args(
        "call, place",
        "try { return call(place) } catch (error) { return error instanceof WebAssembly.RuntimeError ? 4 : 5 }",
    );
    let mut swept = Swept {
        next: first,
        ..Swept::default()
    };
    let top = stack();
    while swept.next < places() + 10 && top - stack() < STACK {
        let place = swept.next.into();
        let came = attempt.call2(&JsValue::NULL, call.as_ref(), &place);
        match came.unwrap().as_f64() {
            Some(1.0) => swept.ran += 1,
            Some(2.0) => swept.refused += 1,
            Some(4.0) => swept.trapped += 1,
            other => panic!("{other:?} at place {}", swept.next),
        }
        swept.next += 1;
    }
    assert_eq!(OTHERS.get(), 0);
    swept
}

/// About where the stack has come to.
#[inline(never)]
fn stack() -> usize {
    let here = 0u8;
    std::hint::black_box(&raw const here) as usize
}

#[wasm_bindgen_test]
async fn in_a_trampolines_place_nothing_else_is_called() {
    let mut all = Swept::default();
    while all.next < places() {
        let thread = Thread::start().await.unwrap();
        let swept = thread.spawn(Job::new((all.next,), sweep)).await.unwrap();
        assert!(swept.next > all.next, "{swept:?}");
        all = Swept {
            next: swept.next,
            ran: all.ran + swept.ran,
            refused: all.refused + swept.refused,
            trapped: all.trapped + swept.trapped,
        };
    }
    // Only the right one, and of the others none but trampolines were entered: each of this test's jobs has one.
    assert_eq!(all.ran, 1, "{all:?}");
    assert!(all.refused > 2 && all.trapped > all.refused, "{all:?}");
    assert_eq!(all.ran + all.refused + all.trapped, all.next);
    let thread = Thread::start().await.unwrap();
    let job = Job::new((21u32,), double);
    assert_eq!(thread.spawn(job).await.unwrap(), 42);
}

#[wasm_bindgen_test]
async fn what_is_no_trampoline_is_a_clean_trap() {
    let thread = Thread::start().await.unwrap();
    // As if the fingerprint were of that function: the engine's own check is left.
    let of_function = |function: u32| Kind {
        function,
        fingerprint: fingerprint::<fn((u32,)) -> u32>(function as usize),
        ..good()
    };
    for kind in [
        Kind {
            trampoline: good().function,
            ..good()
        },
        Kind {
            trampoline: u32::MAX,
            ..good()
        },
        of_function(good().trampoline),
        of_function(u32::MAX),
    ] {
        let task = Task::one(kind, payload::encode(&(21u32,), Travels::Out));
        let job = Job {
            task,
            decode: decode::<u32>,
        };
        let error = thread.spawn(job).await.unwrap_err();
        assert!(error.is_trap(), "{error}");
    }
    let job = Job::new((21u32,), double);
    assert_eq!(thread.spawn(job).await.unwrap(), 42);
}
