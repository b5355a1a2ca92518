//! What the benchmark's page posts: what each peer took in each round of each workload. [`Row`]s are made of it.

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::group::{FLOOR, IDEAL};
use super::row::{Row, Subject};
use super::shared;
use crate::browser::Browser;

#[derive(Deserialize)]
pub(super) struct Report {
    workloads: Vec<Workload>,
    pub(super) engine: String,
}

#[derive(Deserialize)]
struct Workload {
    name: String,
    unit: String,
    workers: u32,
    peers: Vec<Peer>,
}

/// Rounds are in the order of time, and those of all peers went on in turns. One that was thrown away is null.
#[derive(Deserialize)]
struct Peer {
    peer: String,
    fabric: String,
    rounds: Vec<Option<f64>>,
    reason: Option<String>,
}

impl Report {
    pub(super) fn rows(&self, browser: Browser) -> Result<Vec<Row>> {
        ensure!(!self.workloads.is_empty(), "the page reports no workload");
        let rows = self.workloads.iter().flat_map(|workload| {
            let base = workload.base();
            let row = move |peer: &Peer| {
                let subject = Subject {
                    browser: browser.name().into(),
                    fabric: peer.fabric.clone(),
                    workload: workload.name.clone(),
                    peer: peer.peer.clone(),
                    workers: workload.workers,
                    unit: workload.unit.clone(),
                };
                match &peer.reason {
                    Some(reason) => Row::not_available(subject, reason.as_str()),
                    None => Row::of(subject, &peer.rounds, base),
                }
            };
            workload.peers.iter().map(row)
        });
        Ok(rows.collect())
    }
}

impl Workload {
    /// The floor's rounds. Where nothing hand-written takes part, the ideal is what there is to be compared with; a workload of
    /// shared memory has a base of its own.
    fn base(&self) -> &[Option<f64>] {
        let of = |name: &str| self.peers.iter().find(|peer| peer.peer == name);
        let base = match shared::base(&self.name) {
            Some(base) => of(base),
            None => of(FLOOR).or_else(|| of(IDEAL)),
        };
        base.map_or(&[], |peer| &peer.rounds)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(peers: serde_json::Value) -> Vec<Row> {
        let report = json!({
            "engine": "", "isolated": true,
            "workloads": [{ "name": "trips", "unit": "µs", "workers": 2, "peers": peers }],
        });
        let report: Report = serde_json::from_value(report).unwrap();
        report.rows(Browser::Firefox).unwrap()
    }

    #[test]
    fn a_round_is_compared_with_the_floors() {
        let rows = rows(json!([
            { "peer": "floor", "fabric": "post", "rounds": [1.0, null, 4.0] },
            { "peer": "wasm-mt", "fabric": "post", "rounds": [3.0, null, 8.0] },
            { "peer": "workerpool", "fabric": "post", "rounds": [], "reason": "no npm here" },
        ]));
        let ratios: Vec<_> = rows.iter().map(|row| row.ratio_to_floor).collect();
        assert_eq!(ratios, [Some(1.0), Some(2.5), None]);
        assert_eq!((rows[1].runs, rows[1].discarded), (2, 1));
        assert_eq!(rows[2].reason.as_deref(), Some("no npm here"));
    }

    #[test]
    fn without_a_floor_the_ideal_is_what_it_is_compared_with() {
        let rows = rows(json!([
            { "peer": "wasm-mt", "fabric": "post", "rounds": [3.0] },
            { "peer": "ideal", "fabric": "post", "rounds": [2.0] },
        ]));
        assert_eq!(rows[0].ratio_to_floor, Some(1.5));
    }

    #[test]
    fn a_report_of_nothing_is_none() {
        let report: Report =
            serde_json::from_value(json!({ "engine": "", "workloads": [] })).unwrap();
        assert!(report.rows(Browser::Chromium).is_err());
    }
}
