//! The fabric that is always there in a browser: jobs travel by message, and what waits lies with the pool's owner, on a deque
//! for each worker. `docs/scheduler.md` states the rule of what is
//! posted when.

mod dispatch;
#[cfg(target_family = "wasm")]
mod guest;
mod lines;
#[cfg(target_family = "wasm")]
mod owner;
#[cfg(test)]
mod simulation;
mod unit;

#[cfg(target_family = "wasm")]
pub(crate) use guest::current;
#[cfg(target_family = "wasm")]
pub(crate) use owner::start;
