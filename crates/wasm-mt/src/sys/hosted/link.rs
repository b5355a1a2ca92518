//! A guest has no threads of its own to give jobs to: [`Link`] never is.

use std::sync::Weak;

use crate::builder;
use crate::entry::Entry;
use crate::error::{JoinError, StartError, StartErrorKind};
use crate::handle::JobId;
use crate::lane::Lane;
use crate::thread::Current;

/// Settings of this backend: none.
#[derive(Clone, Default)]
pub(crate) struct Config {}

/// A worker of one thread's.
pub(crate) enum Link {}

impl Link {
    pub(crate) fn start(
        _: Weak<Lane>,
        _: u32,
        _: Current,
        _: &builder::Config,
    ) -> Result<Link, StartError> {
        Err(StartError::new(StartErrorKind::Unsupported(
            "a WASI guest has no threads of its own; give its jobs to the host's, by `wasm_mt_pool::ThreadPool`".into(),
        )))
    }

    pub(crate) fn post(&self, _: &mut Letter, _: bool) -> Vec<(Box<Entry>, JoinError)> {
        match *self {}
    }

    pub(crate) fn is_unsure(&self) -> bool {
        match *self {}
    }

    pub(crate) fn abort(&self, _: JobId, _: bool) {
        match *self {}
    }

    pub(crate) fn go(&self, _: JobId) {
        match *self {}
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        match *self {}
    }
}

/// Jobs for one.
pub(crate) struct Letter(Entries);

type Entries = Vec<Box<Entry>>;

impl Letter {
    pub(crate) fn of(entry: Box<Entry>, _: bool) -> Self {
        Letter(vec![entry])
    }

    pub(crate) fn write(entries: Entries, _: bool) -> Self {
        Letter(entries)
    }

    pub(crate) fn into_entries(self) -> Entries {
        self.0
    }
}
