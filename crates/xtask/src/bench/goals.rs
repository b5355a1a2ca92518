//! What the project wants of its figures, and which of that they miss. A goal is of one workload in one browser; how ours is in
//! another never makes up for it.
//!
//! 1. Ours is ahead of `wasmworker`.
//! 2. Where the floor is ahead of a pool of JavaScript, ours is, too; elsewhere it is within a tenth of the floor.
//! 3. The Julia set is within a twentieth of the floor.

use super::group::{FLOOR, Group, OURS};
use super::row::{Comparison, Row, compare};
use super::table;

const CRATE: &str = "wasmworker";
const POOLS: [&str; 2] = ["workerpool", "poolifier"];
const TENTH: f64 = 1.1;
const JULIA: (&str, f64) = ("julia", 1.05);

/// The goals that a workload misses, a sentence each.
pub(crate) fn missed(group: &Group<'_>) -> Vec<String> {
    let Some(ours) = group.peer(OURS) else {
        // A workload that is about the machine, and not about the library.
        return Vec::new();
    };
    let title = group.title();
    if let Some(reason) = &ours.reason {
        return vec![format!(
            "{title}: no figure of {OURS}, {}",
            table::cell(reason)
        )];
    }
    let floor = group.peer(FLOOR);
    let mut missed = Vec::new();
    let mut near = None;
    for peer in &group.rows {
        let name = peer.subject.peer.as_str();
        if name.starts_with(CRATE) {
            missed.extend(not_ahead(ours, peer));
        } else if POOLS.iter().any(|pool| name.starts_with(pool)) {
            match floor.map(|floor| compare(floor, peer)) {
                Some(Comparison::Ahead(_)) => missed.extend(not_ahead(ours, peer)),
                Some(Comparison::Behind(_) | Comparison::Equal) => near = Some(TENTH),
                Some(Comparison::TooFew | Comparison::NotAvailable) | None => {}
            }
        }
    }
    if group.workload.starts_with(JULIA.0) {
        near = Some(JULIA.1);
    }
    if let (Some(goal), Some(ratio)) = (near, ours.ratio_to_floor)
        && ratio > goal
    {
        missed.push(format!("{ratio:.2} times the floor, above {goal}"));
    }
    missed
        .iter()
        .map(|what| format!("{title}: {what}"))
        .collect()
}

fn not_ahead(ours: &Row, peer: &Row) -> Option<String> {
    let name = &peer.subject.peer;
    match compare(ours, peer) {
        Comparison::Ahead(_) | Comparison::TooFew | Comparison::NotAvailable => None,
        Comparison::Equal => Some(format!("no more than equal to {name}")),
        Comparison::Behind(by) => Some(format!("behind {name} {}", table::factor(by))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::group::groups;
    use super::super::group::tests::{row, without};
    use super::*;

    fn missed_by(workload: &str, peers: &[(&str, f64)]) -> Vec<String> {
        let rows: Vec<Row> = peers
            .iter()
            .map(|(peer, median)| row("chromium", workload, peer, *median))
            .collect();
        missed(&groups(&rows)[0])
    }

    #[test]
    fn the_other_crate_is_behind_everywhere() {
        let of = |ours| missed_by("trips", &[(OURS, ours), (FLOOR, 100.0), (CRATE, 150.0)]);
        assert!(of(120.0).is_empty());
        assert_eq!(
            of(150.0),
            ["trips, 2 workers: no more than equal to wasmworker"]
        );
        assert_eq!(of(300.0), ["trips, 2 workers: behind wasmworker 2.0×"]);
    }

    #[test]
    fn a_pool_that_the_floor_is_ahead_of_is_behind() {
        let of = |ours| {
            let peers = [(OURS, ours), (FLOOR, 100.0), ("workerpool", 150.0)];
            missed_by("trips", &peers)
        };
        assert!(of(120.0).is_empty(), "the tenth is for elsewhere");
        assert_eq!(of(180.0), ["trips, 2 workers: behind workerpool 1.20×"]);
    }

    #[test]
    fn elsewhere_ours_is_near_the_floor() {
        let of = |ours| {
            let peers = [
                (OURS, ours),
                (FLOOR, 100.0),
                ("poolifier-web-worker", 100.0),
            ];
            missed_by("trips", &peers)
        };
        assert!(of(109.0).is_empty());
        assert_eq!(
            of(120.0),
            ["trips, 2 workers: 1.20 times the floor, above 1.1"]
        );
    }

    #[test]
    fn the_julia_set_is_nearer_still() {
        let of = |ours| missed_by("julia", &[(OURS, ours), (FLOOR, 100.0)]);
        assert!(of(104.0).is_empty());
        assert_eq!(
            of(107.0),
            ["julia, 2 workers: 1.07 times the floor, above 1.05"]
        );
    }

    #[test]
    fn what_is_not_available_misses_nothing_but_for_ours() {
        let rows = [
            row("chromium", "trips", OURS, 100.0),
            without("chromium", "trips", CRATE, "it has no pool"),
        ];
        assert!(missed(&groups(&rows)[0]).is_empty());
        let rows = [without("chromium", "trips", OURS, "it threw")];
        assert_eq!(
            missed(&groups(&rows)[0]),
            ["trips, 2 workers: no figure of wasm-mt, it threw"]
        );
        let rows = [row("chromium", "ceiling", FLOOR, 100.0)];
        assert!(missed(&groups(&rows)[0]).is_empty());
    }
}
