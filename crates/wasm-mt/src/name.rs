//! [`Name`]: what a job is called where a trace shows it. Lives with its task, and costs nothing until somebody asks.

use std::borrow::Cow;
use std::panic::Location;

/// What a job is called.
#[derive(Clone)]
pub(crate) enum Name {
    Given(Cow<'static, str>),
    /// The place in the source where it was made.
    Place(&'static Location<'static>),
}

impl Name {
    /// The place of whoever calls.
    #[track_caller]
    pub(crate) fn of_caller() -> Self {
        Name::Place(Location::caller())
    }

    /// The name that was given, or `file.rs:7`.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Name::Given(name) => Cow::Borrowed(name),
            Name::Place(place) => {
                let path = place.file();
                let folder = path.bytes().rposition(|byte| matches!(byte, b'/' | b'\\'));
                let file = folder.map_or(path, |at| &path[at + 1..]);
                Cow::Owned(format!("{file}:{}", place.line()))
            }
        }
    }
}
