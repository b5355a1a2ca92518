//! One figure of the browser benchmark: what a peer took for a workload in a browser, and how sure that is.
//!
//! `cargo xtask bench` makes rows of the rounds that the page posts, and writes them as JSON; `cargo xtask performance` reads
//! them back. All figures are times, so that less is better, but for
//! `ceiling`, which is a factor. A row without figures has a reason, and one with figures none.
//!
//! The interval of a median is free of any assumption of how times are distributed, which they never are normally: it lies
//! between two of the sorted runs, as binomial ranks say (H. A. David and H. N. Nagaraja, *Order Statistics*, 3rd edition,
//! 7.1, "Distribution-free confidence intervals for quantiles").

use serde::{Deserialize, Serialize};

/// An interval holds the median of all runs there could be with this probability at the least, where there are runs enough.
const CONFIDENCE: f64 = 0.95;

/// The median of fewer runs is outside of their whole range with a probability of more than a twentieth: 2 · 2⁻⁵ is 6 %.
const FEWEST: usize = 6;

/// What a figure is a figure of.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Subject {
    pub(crate) browser: String,
    /// How the peer's jobs travel: `post` or `shared`.
    pub(crate) fabric: String,
    pub(crate) workload: String,
    pub(crate) peer: String,
    pub(crate) workers: u32,
    pub(crate) unit: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Row {
    #[serde(flatten)]
    pub(crate) subject: Subject,
    pub(crate) median: Option<f64>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    /// With `high`, the interval of the median.
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
    pub(crate) runs: usize,
    /// Rounds that were thrown away.
    pub(crate) discarded: usize,
    pub(crate) ratio_to_floor: Option<f64>,
    /// Why there are no figures.
    pub(crate) reason: Option<String>,
}

impl Row {
    /// What came of the rounds, which are in the order of time; one that was thrown away is `None`. The floor's are those
    /// that went on in turns with them: where both have as many, the ratio is that of the rounds, so that whatever slowed a
    /// round slowed both.
    pub(crate) fn of(subject: Subject, rounds: &[Option<f64>], floor: &[Option<f64>]) -> Row {
        let runs = sorted(rounds.iter().flatten().copied());
        let discarded = rounds.len() - runs.len();
        let (Some(&min), Some(&max)) = (runs.first(), runs.last()) else {
            let reason = match discarded {
                0 => "no round was measured".to_owned(),
                rounds => format!("all rounds were disturbed, {rounds} of them"),
            };
            return Row {
                discarded,
                ..Row::not_available(subject, reason)
            };
        };
        let (low, high) = interval(&runs);
        Row {
            subject,
            median: Some(median(&runs)),
            min: Some(min),
            max: Some(max),
            low: Some(low),
            high: Some(high),
            runs: runs.len(),
            discarded,
            ratio_to_floor: ratio(rounds, floor),
            reason: None,
        }
    }

    pub(crate) fn not_available(subject: Subject, reason: impl Into<String>) -> Row {
        Row {
            subject,
            median: None,
            min: None,
            max: None,
            low: None,
            high: None,
            runs: 0,
            discarded: 0,
            ratio_to_floor: None,
            reason: Some(reason.into()),
        }
    }
}

/// How ours stands to a peer, by the factor between the medians, which is above 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Comparison {
    Ahead(f64),
    Behind(f64),
    /// The intervals overlap, so that more runs might turn the medians round.
    Equal,
    /// So few runs have no interval that could part them.
    TooFew,
    NotAvailable,
}

pub(crate) fn compare(ours: &Row, peer: &Row) -> Comparison {
    let figures = |row: &Row| Some((row.low?, row.median?, row.high?));
    let (Some((low, median, high)), Some((peers_low, peers_median, peers_high))) =
        (figures(ours), figures(peer))
    else {
        return Comparison::NotAvailable;
    };
    if ours.runs.min(peer.runs) < FEWEST {
        return Comparison::TooFew;
    }
    if high < peers_low {
        Comparison::Ahead(peers_median / median)
    } else if peers_high < low {
        Comparison::Behind(median / peers_median)
    } else {
        Comparison::Equal
    }
}

/// None where there is nothing to divide by: a clock may tick so coarsely that the floor takes no time.
fn ratio(rounds: &[Option<f64>], floor: &[Option<f64>]) -> Option<f64> {
    let mut ratios = Vec::new();
    if rounds.len() == floor.len() {
        let both = rounds.iter().zip(floor);
        ratios.extend(both.filter_map(|(run, floor)| Some((*run)? / (*floor)?)));
    }
    let ratio = if ratios.is_empty() {
        let floor = sorted(floor.iter().flatten().copied());
        let runs = sorted(rounds.iter().flatten().copied());
        if floor.is_empty() || runs.is_empty() {
            return None;
        }
        median(&runs) / median(&floor)
    } else {
        median(&sorted(ratios))
    };
    ratio.is_finite().then_some(ratio)
}

pub(super) fn sorted(runs: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut runs: Vec<f64> = runs.into_iter().collect();
    runs.sort_by(f64::total_cmp);
    runs
}

/// The middle value, or the mean of the two. `sorted` has one at the least.
pub(super) fn median(sorted: &[f64]) -> f64 {
    f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
}

/// The interval of the median. `sorted` has one value at the least.
fn interval(sorted: &[f64]) -> (f64, f64) {
    let rank = rank(sorted.len());
    (sorted[rank - 1], sorted[sorted.len() - rank])
}

/// The largest k for which the median lies between the k-th run from below and the k-th from above, confidently; 1 where even
/// the whole range is not wide enough, as with five runs or fewer.
///
/// Each run is below the median as a coin falls. The median is outside where fewer than k of them fall on one side.
fn rank(runs: usize) -> usize {
    let n = runs as f64;
    // In logarithms, since 2^-n is nothing to a float from n = 1075 on.
    let mut logarithm = -n * std::f64::consts::LN_2;
    let mut outside = 0.0;
    let mut rank = 1;
    for fewer in 0..runs / 2 {
        outside += 2.0 * logarithm.exp();
        if 1.0 - outside < CONFIDENCE {
            break;
        }
        rank = fewer + 1;
        let fewer = fewer as f64;
        logarithm += ((n - fewer) / (fewer + 1.0)).ln();
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(peer: &str) -> Subject {
        Subject {
            browser: "chromium".into(),
            fabric: "post".into(),
            workload: "julia".into(),
            peer: peer.into(),
            workers: 2,
            unit: "ms".into(),
        }
    }

    fn row(peer: &str, runs: &[f64]) -> Row {
        let rounds: Vec<Option<f64>> = runs.iter().copied().map(Some).collect();
        Row::of(subject(peer), &rounds, &rounds)
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&sorted([9.0, 1.0, 5.0])), 5.0);
        assert_eq!(median(&sorted([4.0, 1.0, 2.0, 9.0])), 3.0);
    }

    /// By tables of the binomial distribution, as in J.-Y. Le Boudec, *Performance Evaluation of Computer and Communication
    /// Systems*, appendix A.
    #[test]
    fn ranks_are_those_of_the_tables() {
        for (runs, expected) in [
            (1, 1),
            (5, 1),
            (6, 1),
            (8, 1),
            (9, 2),
            (11, 2),
            (12, 3),
            (15, 4),
            (20, 6),
            (30, 10),
            (70, 27),
            (100, 40),
        ] {
            assert_eq!(rank(runs), expected, "{runs} runs");
        }
        // The normal approximation, n/2 - 0.98 √n, which such a number of runs allows.
        assert_eq!(rank(10_000), 4902);
    }

    #[test]
    fn an_interval_lies_between_two_of_the_runs() {
        let runs: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(interval(&runs), (6.0, 15.0));
        assert_eq!(interval(&[1.0, 2.0, 9.0]), (1.0, 9.0));
        assert_eq!(interval(&[4.0]), (4.0, 4.0));
    }

    #[test]
    fn rounds_in_turns_are_compared_with_each_other() {
        let ours = [Some(3.0), Some(8.0), Some(1.0)];
        let row = Row::of(subject("ours"), &ours, &[Some(1.0), Some(4.0), Some(2.0)]);
        assert_eq!(row.ratio_to_floor, Some(2.0));
        let row = Row::of(subject("ours"), &ours, &[Some(1.0), None, Some(2.0)]);
        assert_eq!(row.ratio_to_floor, Some(1.75));
    }

    #[test]
    fn without_turns_medians_are_compared() {
        let ours = [Some(3.0), Some(8.0), Some(1.0)];
        let row = Row::of(subject("ours"), &ours, &[Some(2.0)]);
        assert_eq!(row.ratio_to_floor, Some(1.5));
        assert_eq!(
            Row::of(subject("ours"), &ours, &[]).ratio_to_floor,
            None,
            "there is no floor"
        );
        assert_eq!(
            Row::of(subject("ours"), &ours, &[Some(0.0)]).ratio_to_floor,
            None,
            "the floor takes no time"
        );
    }

    #[test]
    fn what_was_thrown_away_is_counted_and_nothing_else() {
        let row = Row::of(subject("ours"), &[None, Some(2.0), None, Some(4.0)], &[]);
        assert_eq!((row.runs, row.discarded), (2, 2));
        assert_eq!(
            (row.median, row.min, row.max),
            (Some(3.0), Some(2.0), Some(4.0))
        );
        assert_eq!(row.reason, None);
    }

    #[test]
    fn a_row_without_a_run_says_why() {
        let row = Row::of(subject("ours"), &[None, None], &[]);
        assert_eq!((row.median, row.discarded), (None, 2));
        assert_eq!(
            row.reason.as_deref(),
            Some("all rounds were disturbed, 2 of them")
        );
        let row = Row::of(subject("ours"), &[], &[]);
        assert_eq!(row.reason.as_deref(), Some("no round was measured"));
    }

    #[test]
    fn one_is_ahead_only_where_the_intervals_are_apart() {
        let ours = row("ours", &[2.0, 2.0, 2.0, 2.0, 2.0, 3.0]);
        let slower = row("peer", &[4.0, 5.0, 5.0, 5.0, 5.0, 6.0]);
        assert_eq!(compare(&ours, &slower), Comparison::Ahead(2.5));
        assert_eq!(compare(&slower, &ours), Comparison::Behind(2.5));
        let near = row("peer", &[3.0, 5.0, 5.0, 5.0, 5.0, 6.0]);
        assert_eq!(compare(&ours, &near), Comparison::Equal);
        let few = row("peer", &[5.0; 5]);
        assert_eq!(compare(&ours, &few), Comparison::TooFew);
        assert_eq!(compare(&few, &ours), Comparison::TooFew);
        let without = Row::not_available(subject("peer"), "it has no pool");
        assert_eq!(compare(&ours, &without), Comparison::NotAvailable);
        assert_eq!(compare(&without, &ours), Comparison::NotAvailable);
    }

    #[test]
    fn rows_are_read_back_as_they_were_written() {
        let rows = [
            row("ours", &[1.0, 2.5]),
            Row::not_available(subject("peer"), "it has no pool"),
        ];
        let text = serde_json::to_string(&rows).unwrap();
        assert!(text.starts_with(r#"[{"browser":"chromium","fabric":"post","workload":"#));
        assert_eq!(serde_json::from_str::<Vec<Row>>(&text).unwrap(), rows);
    }
}
