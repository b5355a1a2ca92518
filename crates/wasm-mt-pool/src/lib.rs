//! The work-stealing pool.
