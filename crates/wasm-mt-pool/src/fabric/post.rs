//! Jobs go to workers by message, and what waits lies with the pool's owner.

mod dispatch;
mod lines;
#[cfg(test)]
mod simulation;
mod unit;
