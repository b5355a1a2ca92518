//! [`Priority`]: whose turn comes first among the jobs that wait.

/// Which of the jobs that wait are given to a worker first. See [`ThreadPool::with_priority`](crate::ThreadPool::with_priority).
///
/// It orders what waits, and nothing that a worker has been given: no job is interrupted for another.
///
/// None starves: of every 16 jobs, or pieces of a `map`, that are given out while what has less priority waits, the last is of
/// that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// Before all others that wait: somebody looks at an empty place on the screen.
    Urgent,
    /// As all jobs are that nobody says more of.
    #[default]
    Normal,
    /// When there is nothing else to do: work ahead of need.
    Background,
}

/// Of so many jobs that are given out, the last is of a lower priority.
#[cfg(not(target_os = "wasi"))]
pub(crate) const TURNS: u32 = 16;

impl Priority {
    /// As a job carries it.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Priority::Normal => 0,
            Priority::Urgent => 1,
            Priority::Background => 2,
        }
    }

    /// What a job carries. What nobody says is `Normal`.
    #[cfg(not(target_os = "wasi"))]
    pub(crate) fn of_rank(rank: u8) -> Self {
        match rank {
            1 => Priority::Urgent,
            2 => Priority::Background,
            _ => Priority::Normal,
        }
    }
}
