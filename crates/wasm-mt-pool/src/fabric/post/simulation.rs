//! The pool's owner and its workers in virtual time: [`Dispatch`](super::dispatch::Dispatch) decides, everything else is
//! acted. What a message, a job and a tick of the clock cost are inputs, and so are deaths, aborts and an owner that is
//! busy; the same inputs give the same run.
//!
//! A run is checked against laws while it goes on, and gives figures at its end.

pub(super) mod acted;
mod books;
mod figures;
mod laws;
mod load;
mod measure;
mod mutations;
mod random;
mod rule;
mod worker;
mod world;
