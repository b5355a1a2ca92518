//! What the project wants of shared memory, and what of that was reached: the group `shared` of the workloads, whose peers went on
//! in turns in one run, each beside what it is held against.

use std::fmt::Write as _;

use super::group::{FLOOR, Group, IDEAL, groups};
use super::row::Row;
use super::table;

/// What all these workloads are called before a colon.
const GROUP: &str = "shared: ";

const OURS: &str = "wasm-mt shared";
const RAYON: &str = "wasm-bindgen-rayon";

/// A line of the table.
struct Measure {
    /// As a person calls it.
    says: &'static str,
    workload: &'static str,
    /// What ours is held against.
    beside: &'static str,
    goal: Goal,
}

/// Of the times: ours by that of what it is held against, or the other way round.
#[derive(Clone, Copy)]
enum Goal {
    AtMost(f64),
    Faster(f64),
    /// One in WebKitGTK, which posts messages more quickly than the others, and another elsewhere.
    AtMostBy {
        webkit: f64,
        others: f64,
    },
}

const MEASURES: [Measure; 11] = [
    Measure {
        says: "empty jobs, `spawn` one by one, beside one message a job",
        workload: "empty by spawn",
        beside: FLOOR,
        goal: Goal::Faster(15.0),
    },
    Measure {
        says: "empty jobs, `map`, beside one message a job",
        workload: "empty by map",
        beside: FLOOR,
        goal: Goal::Faster(60.0),
    },
    Measure {
        says: "round trip, p50, beside bare `postMessage`",
        workload: "round trip",
        beside: FLOOR,
        goal: Goal::AtMostBy {
            webkit: 0.8,
            others: 0.5,
        },
    },
    Measure {
        says: "unstolen `join`, beside 25 calls of `Atomics`",
        workload: "join, not stolen",
        beside: "25 Atomics calls",
        goal: Goal::AtMost(1.0),
    },
    Measure {
        says: "fork-join of 50 ms of work, beside one worker",
        workload: "fork-join",
        beside: "one worker",
        goal: Goal::Faster(1.8),
    },
    Measure {
        says: "owner asleep for 50 of 51 ms, beside awake",
        workload: "owner asleep",
        beside: "owner awake",
        goal: Goal::AtMost(1.1),
    },
    Measure {
        says: "skewed, jobs of 0.8 ms, beside half of the sum",
        workload: "skewed, 0.8 ms",
        beside: IDEAL,
        goal: Goal::AtMost(1.03),
    },
    Measure {
        says: "skewed, jobs of 0.09 ms, beside half of the sum",
        workload: "skewed, 0.09 ms",
        beside: IDEAL,
        goal: Goal::AtMost(1.08),
    },
    Measure {
        says: "Julia set in 40 bands, beside two fixed halves",
        workload: "julia",
        beside: "two halves",
        goal: Goal::AtMost(1.05),
    },
    Measure {
        says: "Julia set, beside wasm-bindgen-rayon",
        workload: "julia",
        beside: RAYON,
        goal: Goal::AtMost(1.03),
    },
    Measure {
        says: "skewed, jobs of 0.8 ms, beside wasm-bindgen-rayon",
        workload: "skewed, 0.8 ms",
        beside: RAYON,
        goal: Goal::AtMost(1.03),
    },
];

/// What the rows of one of these workloads are compared with; `None` where it is none of these.
pub(super) fn base(workload: &str) -> Option<&'static str> {
    let workload = workload.strip_prefix(GROUP)?;
    let mut measures = MEASURES.iter();
    let measure = measures.find(|measure| measure.workload == workload)?;
    Some(measure.beside)
}

/// The table of goals and what was reached, of the rows of one browser. `None` where no workload of the group was measured.
pub(crate) fn render(rows: &[Row]) -> Option<String> {
    let groups = groups(rows);
    let of_group = |measure: &Measure| {
        groups
            .iter()
            .find(|group| group.workload.strip_prefix(GROUP) == Some(measure.workload))
    };
    let lines: Vec<String> = MEASURES
        .iter()
        .filter_map(|measure| Some(measure.line(of_group(measure)?)))
        .collect();
    if lines.is_empty() {
        return None;
    }
    let mut text = String::from("| shared memory | to be | is | |\n| --- | ---: | ---: | --- |\n");
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    Some(text)
}

impl Measure {
    fn line(&self, group: &Group<'_>) -> String {
        let goal = self.goal.in_browser(group.browser);
        let (is, word) = match self.ratio(group) {
            Ok(ratio) if goal.is_met(ratio) => (goal.shown(ratio), String::new()),
            Ok(ratio) => (goal.shown(ratio), "missed".to_owned()),
            Err(reason) => (String::new(), format!("n/a: {}", table::cell(&reason))),
        };
        format!("| {} | {} | {is} | {word} |", self.says, goal.says())
    }

    /// Ours by what it is held against: of the same rounds where that is what the workload's rows are compared with.
    fn ratio(&self, group: &Group<'_>) -> Result<f64, String> {
        let of = |name: &str| {
            let row = group
                .peer(name)
                .ok_or_else(|| format!("{name} was not measured"))?;
            match (row.median, &row.reason) {
                (Some(median), _) => Ok((row, median)),
                (None, Some(reason)) => Err(format!("{name}: {reason}")),
                (None, None) => Err(format!("{name} has no figure")),
            }
        };
        let ((ours, our_median), (_, median)) = (of(OURS)?, of(self.beside)?);
        let paired = ours.ratio_to_floor.filter(|_| group.base() == self.beside);
        Ok(paired.unwrap_or(our_median / median))
    }
}

impl Goal {
    fn in_browser(self, browser: &str) -> Goal {
        match self {
            Goal::AtMostBy { webkit, .. } if browser == "webkit" => Goal::AtMost(webkit),
            Goal::AtMostBy { others, .. } => Goal::AtMost(others),
            other => other,
        }
    }

    fn is_met(self, ratio: f64) -> bool {
        match self {
            Goal::AtMost(most) => ratio <= most,
            Goal::Faster(least) => 1.0 / ratio >= least,
            Goal::AtMostBy { webkit, others } => ratio <= webkit.min(others),
        }
    }

    fn says(self) -> String {
        match self {
            Goal::AtMost(most) => format!("≤ {most:.2}×"),
            Goal::Faster(least) => format!("{least}× as fast"),
            Goal::AtMostBy { webkit, others } => format!("≤ {others:.2}× or {webkit:.2}×"),
        }
    }

    fn shown(self, ratio: f64) -> String {
        match self {
            Goal::AtMost(_) | Goal::AtMostBy { .. } => format!("{ratio:.2}×"),
            Goal::Faster(_) => table::factor(1.0 / ratio),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::group::tests::{row, without};
    use super::*;

    fn rows(browser: &str) -> Vec<Row> {
        vec![
            row(browser, "shared: empty by map", FLOOR, 100.0),
            row(browser, "shared: empty by map", OURS, 2.0),
            row(browser, "shared: round trip", FLOOR, 100.0),
            row(browser, "shared: round trip", OURS, 70.0),
            row(browser, "shared: julia", OURS, 104.0),
            row(browser, "shared: julia", "two halves", 100.0),
            without(browser, "shared: julia", RAYON, "no nightly"),
        ]
    }

    #[test]
    fn a_goal_stands_beside_what_was_reached() {
        let expected = "\
| shared memory | to be | is | |
| --- | ---: | ---: | --- |
| empty jobs, `map`, beside one message a job | 60× as fast | 50.0× | missed |
| round trip, p50, beside bare `postMessage` | ≤ 0.50× | 0.70× | missed |
| Julia set in 40 bands, beside two fixed halves | ≤ 1.05× | 1.04× |  |
| Julia set, beside wasm-bindgen-rayon | ≤ 1.03× |  | n/a: wasm-bindgen-rayon: no nightly |
";
        assert_eq!(render(&rows("chromium")).as_deref(), Some(expected));
        let webkit = render(&rows("webkit")).unwrap();
        assert!(webkit.contains("| ≤ 0.80× | 0.70× |  |"), "{webkit}");
        assert_eq!(render(&[row("chromium", "julia", OURS, 1.0)]), None);
    }

    #[test]
    fn each_measure_is_of_a_workload_with_one_base() {
        for measure in &MEASURES {
            let base = base(&format!("{GROUP}{}", measure.workload));
            assert!(base == Some(measure.beside) || measure.beside == RAYON);
        }
        assert_eq!(base("julia"), None);
    }
}
