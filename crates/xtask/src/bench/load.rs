//! What else runs on the machine while a round is measured, by Linux's `/proc`. Lives with the benchmark's server, outside of what
//! is timed.
//!
//! All processor time that was spent, less what we and whatever we have started have spent, the browser among it, is others'. Where
//! they had more than a tenth of a core, the round is disturbed. Without `/proc` no round is.

use std::collections::HashMap;
use std::fs;
use std::process;
use std::time::{Duration, Instant};

use crate::processes::{self, Process};

/// What others may have of one core.
const ALLOWED: f64 = 0.1;

/// Time is counted in ticks, and here and there one is counted for the wrong side.
const SLACK: u64 = 2;

/// Of a second, for `/proc`: `USER_HZ`, which is the same on all machines that browsers run on.
const TICKS: f64 = 100.0;

/// How much processor time was spent up to some moment, in ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    at: Instant,
    spent: Spent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spent {
    by_all: u64,
    by_us: u64,
}

impl Load {
    /// As it is now; `None` where that cannot be known.
    pub(super) fn now() -> Option<Load> {
        // Our own first: what we spend in between then counts as others', and not as less than nothing.
        let by_us = by_tree(&processes::all()?, process::id());
        let by_all = by_all(&fs::read_to_string("/proc/stat").ok()?)?;
        Some(Load {
            at: Instant::now(),
            spent: Spent { by_all, by_us },
        })
    }

    /// Others had too much since then.
    pub(super) fn is_disturbed_since(&self, begin: &Load) -> bool {
        is_disturbed(begin.spent, self.spent, self.at - begin.at)
    }
}

fn is_disturbed(begin: Spent, end: Spent, took: Duration) -> bool {
    let all = end.by_all.saturating_sub(begin.by_all);
    // Less than before where a process of ours has ended and nobody has waited for it.
    let us = end.by_us.saturating_sub(begin.by_us);
    let others = all.saturating_sub(us).saturating_sub(SLACK);
    others as f64 / TICKS > ALLOWED * took.as_secs_f64()
}

/// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; guests are counted in the first two.
fn by_all(stat: &str) -> Option<u64> {
    let fields: Vec<u64> = stat
        .lines()
        .next()?
        .strip_prefix("cpu ")?
        .split_whitespace()
        .map_while(|field| field.parse().ok())
        .collect();
    let busy = [0, 1, 2, 5, 6, 7].map(|at| fields.get(at).copied());
    busy.into_iter().sum()
}

/// What a process and all below it have spent.
fn by_tree(processes: &HashMap<u32, Process>, root: u32) -> u64 {
    let tree = processes::below(processes, root).into_iter().chain([root]);
    let known = tree.filter_map(|pid| processes.get(&pid));
    known.map(|process| process.spent).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_time_is_what_no_core_idled() {
        let stat = "cpu  10 20 30 4000 500 6 7 8 9 10\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(by_all(stat), Some(81));
        assert_eq!(by_all("cpu  10 20 30\n"), None);
        assert_eq!(by_all("intr 5\n"), None);
        assert_eq!(by_all(""), None);
    }

    #[test]
    fn what_lies_below_is_counted_and_what_lies_beside_is_not() {
        let process = |parent, spent| Process { parent, spent };
        let processes = HashMap::from([
            (1, process(0, 1000)),
            (5, process(1, 1)),
            (6, process(5, 10)),
            (7, process(6, 100)),
            (8, process(1, 5000)),
            // Read at two moments, two can seem to be each other's parents.
            (20, process(21, 7)),
            (21, process(20, 7)),
        ]);
        assert_eq!(by_tree(&processes, 5), 111);
        assert_eq!(by_tree(&processes, 8), 5000);
    }

    #[test]
    fn a_tenth_of_a_core_is_allowed() {
        let spent = |by_all, by_us| Spent { by_all, by_us };
        let begin = spent(1000, 500);
        let second = Duration::from_secs(1);
        // Of 200 ticks in a second on two cores, we had 180.
        assert!(!is_disturbed(begin, spent(1192, 680), second));
        assert!(is_disturbed(begin, spent(1193, 680), second));
        // A short round has its slack.
        assert!(!is_disturbed(
            begin,
            spent(1012, 510),
            Duration::from_millis(50)
        ));
        assert!(is_disturbed(
            begin,
            spent(1013, 510),
            Duration::from_millis(50)
        ));
    }

    #[test]
    fn what_goes_backwards_disturbs_nobody() {
        let spent = |by_all, by_us| Spent { by_all, by_us };
        let second = Duration::from_secs(1);
        assert!(!is_disturbed(spent(10, 20), spent(5, 90), second));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_seen_at_work() {
        let begin = Load::now().unwrap();
        let mut state = 1_u64;
        while begin.at.elapsed() < Duration::from_millis(200) {
            state = std::hint::black_box(state.rotate_left(7) ^ 5);
        }
        let end = Load::now().unwrap();
        assert!(end.spent.by_us > begin.spent.by_us);
        assert!(end.spent.by_all >= begin.spent.by_all);
    }
}
