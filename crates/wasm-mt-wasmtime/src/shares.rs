//! [`Shares`]: bytes that jobs refer to by an id, such as the context of a `map`. A job that waits keeps what its record names, so that
//! it is there when the job begins, whatever became of who shared it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_mt::__pool as door;

use crate::backlog::{Backlog, Held, SHARE};

/// Bytes that are shared.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) id: u64,
    pub(crate) bytes: Vec<u8>,
    _held: Held,
}

#[derive(Debug, Default)]
pub(crate) struct Shares(Mutex<HashMap<u64, Arc<Share>>>);

impl Shares {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Share>>> {
        // A panic under this lock could only be the allocator's.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives their id, and `None` where the host holds as much as it may.
    pub(crate) fn add(&self, bytes: &[u8], backlog: &Arc<Backlog>) -> Option<u64> {
        let held = backlog.hold(SHARE.saturating_add(bytes.len()))?;
        let id = door::number(door::ids(1));
        let share = Share {
            id,
            bytes: bytes.to_vec(),
            _held: held,
        };
        self.lock().insert(id, Arc::new(share));
        Some(id)
    }

    pub(crate) fn get(&self, id: u64) -> Option<Arc<Share>> {
        self.lock().get(&id).cloned()
    }

    pub(crate) fn remove(&self, id: u64) {
        let share = self.lock().remove(&id);
        drop(share);
    }
}
