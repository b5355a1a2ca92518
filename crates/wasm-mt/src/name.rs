//! [`Name`]: what a job is called where a trace shows it. Lives with its task, and costs nothing until somebody asks.

use std::borrow::Cow;
use std::panic::Location;
use std::sync::Arc;

/// What a job is called.
#[derive(Clone)]
pub(crate) enum Name {
    Given(Arc<str>),
    /// The place in the source where it was made.
    Place(&'static Location<'static>),
}

impl Name {
    /// The place of whoever calls.
    #[track_caller]
    pub(crate) fn of_caller() -> Self {
        Name::Place(Location::caller())
    }

    /// Whether both are the same name, as far as that can be told at once.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn is(&self, other: &Name) -> bool {
        match (self, other) {
            (Name::Given(one), Name::Given(other)) => Arc::ptr_eq(one, other),
            (Name::Place(one), Name::Place(other)) => std::ptr::eq(*one, *other),
            _ => false,
        }
    }

    /// The name that was given, or `file.rs:7`.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Name::Given(name) => Cow::Borrowed(name),
            Name::Place(place) => {
                let path = place.file();
                let folder = path.bytes().rposition(|byte| matches!(byte, b'/' | b'\\'));
                // A slice that may fail is 4 KB of a small program, which says where.
                let file = folder.and_then(|at| path.get(at + 1..)).unwrap_or(path);
                Cow::Owned(format!("{file}:{}", place.line()))
            }
        }
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use crate::job::{IntoJob, Job};

    fn name<T>(job: &Job<T>) -> String {
        job.task.name.text().into_owned()
    }

    #[test]
    fn a_job_is_called_by_the_place_where_it_was_made() {
        let (line, job) = (line!(), crate::job!(|| 7u32));
        assert_eq!(name(&job), format!("name.rs:{line}"));
        let (line, job) = (line!(), Job::new_async((), |()| async { 7u32 }));
        assert_eq!(name(&job.idempotent()), format!("name.rs:{line}"));
    }

    #[cfg(feature = "serde_closure")]
    #[test]
    fn a_closure_is_called_by_the_place_where_it_is_spawned() {
        #[track_caller]
        fn spawn<T, M>(job: impl IntoJob<T, M>) -> String {
            name(&job.into_job())
        }
        let closure = serde_closure::FnOnce!(|| 7u32);
        let (line, name) = (line!(), spawn(closure));
        assert_eq!(name, format!("name.rs:{line}"));
    }

    #[test]
    fn a_given_name_is_a_jobs_name() {
        let job = Job::new((), |()| 7u32).named("seven");
        assert_eq!(name(&job), "seven");
        assert!(format!("{job:?}").contains("seven"));
    }
}
