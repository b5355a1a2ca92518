//! Faults in a job's own code.

use std::fmt;
use std::future::pending;

use js_sys::{Function, Object, Promise, Reflect, Uint8Array, WebAssembly};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_mt::{Job, job};
use wasm_mt_tests::common::{PanicsInDrop, YieldOnce, overflow};

use super::ground::Ground;
use super::outcome::Caused;
use crate::harness;

type Outcome = Result<Caused, JsValue>;

/// What the job ends with.
async fn ends<T: Send + 'static>(ground: &Ground, job: Job<T>) -> Outcome {
    Ok(Caused::by(harness::now(), ground.spawn(job)).await)
}

#[wasm_bindgen]
extern "C" {
    /// Without `catch` an exception goes right through.
    #[wasm_bindgen(js_name = decodeURIComponent)]
    fn decode_uri(text: &str) -> String;
    /// What ends a worker from within.
    fn close();
}

pub(crate) async fn a_panic(ground: &Ground) -> Outcome {
    ends(ground, job!(|| -> u32 { panic!("out of luck") })).await
}

pub(crate) async fn a_panic_before_the_first_await(ground: &Ground) -> Outcome {
    ends(
        ground,
        job!(async || -> u32 {
            let none: Option<u32> = std::hint::black_box(None);
            none.expect("nothing here")
        }),
    )
    .await
}

pub(crate) async fn a_panic_after_the_first_await(ground: &Ground) -> Outcome {
    ends(
        ground,
        job!(async || -> u32 {
            YieldOnce::default().await;
            panic!("after all")
        }),
    )
    .await
}

pub(crate) async fn a_panic_in_a_drop(ground: &Ground) -> Outcome {
    ends(
        ground,
        job!(|| {
            let _bomb = PanicsInDrop;
        }),
    )
    .await
}

struct PanicsInDisplay;

impl fmt::Display for PanicsInDisplay {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("it does not say")
    }
}

pub(crate) async fn a_panic_in_a_panics_formatting(ground: &Ground) -> Outcome {
    ends(ground, job!(|| -> u32 { panic!("{PanicsInDisplay}") })).await
}

pub(crate) async fn unreachable_code(ground: &Ground) -> Outcome {
    ends(
        ground,
        job!(|| -> u32 { core::arch::wasm32::unreachable() }),
    )
    .await
}

pub(crate) async fn memory_out_of_bounds(ground: &Ground) -> Outcome {
    ends(
        ground,
        job!(|| {
            let far = std::hint::black_box(u32::MAX - 3) as *const u32;
            // SAFETY: not sound, and meant not to be: no wasm memory reaches that far, so the engine traps.
            unsafe { far.read_volatile() }
        }),
    )
    .await
}

pub(crate) async fn a_stack_overflow(ground: &Ground) -> Outcome {
    ends(ground, job!(|| overflow(0))).await
}

pub(crate) async fn a_division_by_zero(ground: &Ground) -> Outcome {
    ends(ground, job!(|| 7 / std::hint::black_box(0))).await
}

/// `(func (export "div") (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s)`, which asks nothing first.
const DIV: &[u8] = b"\0asm\x01\0\0\0\x01\x07\x01\x60\x02\x7f\x7f\x01\x7f\x03\x02\x01\0\
    \x07\x07\x01\x03div\0\0\x0a\x09\x01\x07\0\x20\0\x20\x01\x6d\x0b";

/// What it throws goes through the job, as from an import that is not declared with `catch`.
fn divide(a: i32, b: i32) -> Result<JsValue, JsValue> {
    let module = WebAssembly::Module::new(&Uint8Array::from(DIV).into())?;
    let instance = WebAssembly::Instance::new(&module, &Object::new())?;
    let div: Function = Reflect::get(&instance.exports(), &"div".into())?.dyn_into()?;
    div.call2(&JsValue::NULL, &a.into(), &b.into())
}

pub(crate) async fn a_division_that_traps(ground: &Ground) -> Outcome {
    ends(
        ground,
        job!(|| match divide(7, 0) {
            Ok(_) => 0,
            Err(error) => wasm_bindgen::throw_val(error),
        }),
    )
    .await
}

pub(crate) async fn an_allocation_that_fails(ground: &Ground) -> Outcome {
    ends(
        ground,
        job!(|| -> u32 {
            loop {
                // In few steps: WebKit copies a memory that grows, once it has too many to reserve addresses for each.
                std::mem::forget(std::hint::black_box(Vec::<u8>::with_capacity(1 << 30)));
            }
        }),
    )
    .await
}

pub(crate) async fn memory_that_does_not_grow(ground: &Ground) -> Outcome {
    ends(
        ground,
        job!(|| {
            let before = core::arch::wasm32::memory_grow::<0>(65_536);
            assert_eq!(before, usize::MAX, "there is room for 4 GiB more");
        }),
    )
    .await
}

pub(crate) async fn javascript_that_throws(ground: &Ground) -> Outcome {
    ends(ground, job!(|| decode_uri("%"))).await
}

pub(crate) async fn a_promise_that_rejects(ground: &Ground) -> Outcome {
    ends(
        ground,
        job!(async || {
            let promise = Promise::reject(&js_sys::Error::new("not kept"));
            JsFuture::from(promise).await.unwrap().is_undefined()
        }),
    )
    .await
}

pub(crate) async fn a_rejection_that_nobody_handles(ground: &Ground) -> Outcome {
    ends(
        ground,
        job!(async || {
            drop(Promise::reject(&js_sys::Error::new("nobody's affair")));
            YieldOnce::default().await;
            5
        }),
    )
    .await
}

pub(crate) async fn a_close(ground: &Ground) -> Outcome {
    ends(ground, job!(|| close())).await
}

pub(crate) async fn an_exception_beside_a_job(ground: &Ground) -> Outcome {
    ends(
        ground,
        job!(async || {
            // Something that the job started, whose end it would wait for in vain.
            wasm_bindgen_futures::spawn_local(async {
                YieldOnce::default().await;
                decode_uri("%");
            });
            pending::<()>().await;
        }),
    )
    .await
}
