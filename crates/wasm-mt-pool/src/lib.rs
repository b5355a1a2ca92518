//! The work-stealing pool.

mod fabric;
