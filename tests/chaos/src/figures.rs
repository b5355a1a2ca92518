//! What the page's instance holds: each closure, job, entry and timer is an allocation in it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::round;

/// The standard library's allocator, which counts what is live.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: what it gives is `System`'s, under the caller's own promises; the counters are not part of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's layout, handed on.
        let given = unsafe { System.alloc(layout) };
        if !given.is_null() {
            // ORDERING: Relaxed; an instance has one thread.
            LIVE.fetch_add(1, Ordering::Relaxed);
            BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        }
        given
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // ORDERING: Relaxed; an instance has one thread.
        LIVE.fetch_sub(1, Ordering::Relaxed);
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: what the caller gives back came from `alloc`, that is from `System`, with this layout.
        unsafe { System.dealloc(at, layout) }
    }
}

/// Live allocations, their bytes, references to JavaScript's values, and pages of memory.
pub(crate) fn live() -> Vec<f64> {
    // ORDERING: Relaxed; an instance has one thread.
    let live = LIVE.load(Ordering::Relaxed);
    let bytes = BYTES.load(Ordering::Relaxed);
    let references = wasm_bindgen::externref_heap_live_count();
    let pages = core::arch::wasm32::memory_size::<0>();
    vec![
        live as f64,
        bytes as f64,
        f64::from(references),
        pages as f64,
    ]
}

/// Has the memory grow to twice what is ever in flight. Memory never shrinks, so it must not grow any more after this; the
/// other half is for the gaps between what is allocated.
pub(crate) fn reserve() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(
        2 * round::MOST_BYTES,
    )));
}
