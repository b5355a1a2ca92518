//! The rows of one workload in one browser, which are measured in turns, and so are compared with each other.

use super::row::Row;
use super::shared;

/// How this library's peer is called. What it can do in another way is called `wasm-mt` and that way.
pub(crate) const OURS: &str = "wasm-mt";
/// How the hand-written peer is called.
pub(crate) const FLOOR: &str = "floor";
/// What no peer can be better than, by what the jobs took themselves.
pub(crate) const IDEAL: &str = "ideal";

pub(crate) struct Group<'a> {
    pub(crate) browser: &'a str,
    pub(crate) workload: &'a str,
    pub(crate) workers: u32,
    pub(crate) rows: Vec<&'a Row>,
}

impl Group<'_> {
    pub(crate) fn peer(&self, name: &str) -> Option<&Row> {
        let mut rows = self.rows.iter().copied();
        rows.find(|row| row.subject.peer == name)
    }

    /// With whom the others' ratios are: where nothing hand-written takes part, it is the ideal. A workload of shared memory has
    /// a base of its own.
    pub(crate) fn base(&self) -> &'static str {
        if let Some(base) = shared::base(self.workload) {
            base
        } else if self.peer(FLOOR).is_none() && self.peer(IDEAL).is_some() {
            IDEAL
        } else {
            FLOOR
        }
    }

    /// It is about shared memory, and not about how one library stands to others.
    pub(crate) fn is_of_shared_memory(&self) -> bool {
        shared::base(self.workload).is_some()
    }

    pub(crate) fn title(&self) -> String {
        format!("{}, {}", self.workload, self.at())
    }

    /// How many workers each peer has.
    pub(crate) fn at(&self) -> String {
        let s = if self.workers == 1 { "" } else { "s" };
        format!("{} worker{s}", self.workers)
    }
}

/// The groups, in the order in which each first appears.
pub(crate) fn groups(rows: &[Row]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in rows {
        let of = &row.subject;
        let group = groups.iter_mut().find(|group| {
            group.browser == of.browser
                && group.workload == of.workload
                && group.workers == of.workers
        });
        match group {
            Some(group) => group.rows.push(row),
            None => groups.push(Group {
                browser: &of.browser,
                workload: &of.workload,
                workers: of.workers,
                rows: vec![row],
            }),
        }
    }
    groups
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::row::Subject;
    use super::*;

    /// A row of six runs near this many milliseconds, beside a floor that takes 100.
    pub(crate) fn row(browser: &str, workload: &str, peer: &str, median: f64) -> Row {
        let rounds = |median: f64| [0.98, 0.99, 1.0, 1.0, 1.01, 1.02].map(|by| Some(median * by));
        Row::of(
            subject(browser, workload, peer),
            &rounds(median),
            &rounds(100.0),
        )
    }

    pub(crate) fn without(browser: &str, workload: &str, peer: &str, reason: &str) -> Row {
        Row::not_available(subject(browser, workload, peer), reason)
    }

    fn subject(browser: &str, workload: &str, peer: &str) -> Subject {
        Subject {
            browser: browser.into(),
            fabric: "post".into(),
            workload: workload.into(),
            peer: peer.into(),
            workers: 2,
            unit: "ms".into(),
        }
    }

    #[test]
    fn rows_of_one_workload_in_one_browser_are_together() {
        let rows = [
            row("chromium", "julia", OURS, 101.0),
            row("firefox", "julia", OURS, 102.0),
            row("chromium", "trips", OURS, 103.0),
            row("chromium", "julia", FLOOR, 100.0),
        ];
        let groups = groups(&rows);
        let sizes: Vec<usize> = groups.iter().map(|group| group.rows.len()).collect();
        assert_eq!(sizes, [2, 1, 1]);
        assert_eq!(groups[0].peer(FLOOR), Some(&rows[3]));
        assert_eq!(groups[0].peer(IDEAL), None);
        assert_eq!(groups[0].title(), "julia, 2 workers");
    }
}
