//! The work-stealing pool.

mod fabric;
mod scheduler;
