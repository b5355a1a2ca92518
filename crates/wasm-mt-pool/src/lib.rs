//! The work-stealing pool.

#![cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "the rule and the lines come before the pool that calls them"
    )
)]

mod fabric;
mod scheduler;
