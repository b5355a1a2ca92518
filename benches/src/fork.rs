//! What a fork in a job costs and gains, by a [`Pool`] of either fabric.

use std::hint::black_box;

use js_sys::{Int32Array, SharedArrayBuffer};
use wasm_bindgen::prelude::*;
use wasm_mt_pool::join;
use wasm_mt_pool::wasm_mt::job;

use crate::jobs;
use crate::pool::{Pool, now};

/// `Atomics` calls that a join is measured beside.
const CALLS: u32 = 25;

/// Joins and calls take turns so often in a job, for what slows one to slow the other.
const TURNS: u32 = 20;

/// Joins in a turn.
const JOINS: u32 = 500;

/// A branch of the tree of so many turns of work, or fewer, is a leaf.
const LEAF: u32 = 50_000;

/// What a join costs, and calls of `Atomics` beside it.
#[wasm_bindgen]
pub struct JoinCost {
    /// A join of which nothing was stolen: nanoseconds.
    pub join: f64,
    /// The calls that it is measured beside, all of them: nanoseconds.
    pub calls: f64,
}

#[wasm_bindgen]
impl Pool {
    /// What a join costs that nobody steals from, since the other worker has work of its own for so many turns.
    ///
    /// # Errors
    ///
    /// That a job failed.
    #[wasm_bindgen(js_name = joinCost)]
    pub async fn join_cost(&self, turns: u32) -> Result<JoinCost, JsValue> {
        let busy = self.pool.spawn(job!(|turns| jobs::spin(turns)));
        let (join, calls) = self.pool.spawn(job!(|| join_cost())).await?;
        busy.await?;
        Ok(JoinCost { join, calls })
    }

    /// A skewed tree of so many turns of work, by `join` or by one worker alone. Gives the sum of its leaves.
    ///
    /// # Errors
    ///
    /// That the job failed.
    pub async fn tree(&self, turns: u32, joined: bool) -> Result<f64, JsValue> {
        let job = if joined {
            self.pool.spawn(job!(|turns| forked(turns)))
        } else {
            self.pool.spawn(job!(|turns| alone(turns)))
        };
        Ok(f64::from(job.await?))
    }
}

/// Nanoseconds for a join, and for the calls beside it.
fn join_cost() -> (f64, f64) {
    let buffer = SharedArrayBuffer::new(4096);
    let words = Int32Array::new(&buffer);
    let (mut joins, mut calls) = (0.0, 0.0);
    for turn in 0..TURNS {
        let began = now();
        for n in 0..JOINS {
            black_box(join(|| black_box(n), job!(|n| jobs::empty(n))));
        }
        let between = now();
        for n in 0..JOINS * CALLS {
            black_box(load(&words, n % 64));
        }
        // The first turn is for engines to compile.
        if turn > 0 {
            joins += between - began;
            calls += now() - between;
        }
    }
    let each = 1e6 / f64::from((TURNS - 1) * JOINS);
    (joins * each, calls * each)
}

fn forked(turns: u32) -> u32 {
    let Some((less, more)) = parted(turns) else {
        return jobs::spin(turns);
    };
    let (one, other) = join(|| forked(less), job!(|more| forked(more)));
    one.wrapping_add(other)
}

fn alone(turns: u32) -> u32 {
    match parted(turns) {
        Some((less, more)) => alone(less).wrapping_add(alone(more)),
        None => jobs::spin(turns),
    }
}

/// A branch's two, of which one is twice the other.
fn parted(turns: u32) -> Option<(u32, u32)> {
    let less = turns / 3;
    (turns > LEAF).then_some((less, turns - less))
}

#[wasm_bindgen]
extern "C" {
    /// Imported as the library imports what it calls itself: nothing is caught.
    #[wasm_bindgen(js_namespace = Atomics)]
    fn load(words: &Int32Array, at: u32) -> i32;
}
