//! What of a job is overhead, by its length, where each is awaited before the next is spawned: the table that tells whether work
//! is worth a thread. Of the rows of `trips`, which is such a job with nothing in it.

use std::fmt::Write as _;

use super::group::{OURS, groups};
use super::row::Row;

const WORKLOAD: &str = "trips";
/// Lengths of jobs, in milliseconds.
const LENGTHS: [f64; 5] = [0.01, 0.1, 1.0, 10.0, 100.0];

/// The table, with a column for each browser of these titles. `None` where no row tells.
pub(crate) fn render(browsers: &[(&str, &[Row])]) -> Option<String> {
    let trips: Vec<(&str, f64)> = browsers
        .iter()
        .filter_map(|(title, rows)| Some((*title, trip(rows)?)))
        .collect();
    if trips.is_empty() {
        return None;
    }
    let mut text = String::from("| a job of |");
    for (title, _) in &trips {
        let _ = write!(text, " {title} |");
    }
    text.push_str("\n| ---: |");
    text.push_str(&" ---: |".repeat(trips.len()));
    text.push('\n');
    for length in LENGTHS {
        let _ = write!(text, "| {length} ms |");
        for (_, trip) in &trips {
            let _ = write!(text, " {} |", percent(trip / (trip + length)));
        }
        text.push('\n');
    }
    Some(text)
}

/// What an empty job takes, in milliseconds.
fn trip(rows: &[Row]) -> Option<f64> {
    let groups = groups(rows);
    let group = groups.iter().find(|group| group.workload == WORKLOAD)?;
    let ours = group.peer(OURS)?;
    let by = match ours.subject.unit.as_str() {
        "µs" => 1e-3,
        "ms" => 1.0,
        _ => return None,
    };
    Some(ours.median? * by)
}

fn percent(part: f64) -> String {
    let percent = 100.0 * part;
    match percent {
        ..0.095 => format!("{percent:.2} %"),
        ..9.95 => format!("{percent:.1} %"),
        _ => format!("{percent:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::group::tests::row;
    use super::*;

    #[test]
    fn the_shorter_a_job_the_more_of_it_is_overhead() {
        let mut trips = row("chromium", WORKLOAD, OURS, 100.0);
        trips.subject.unit = "µs".into();
        let expected = "\
| a job of | Chromium |
| ---: | ---: |
| 0.01 ms | 91 % |
| 0.1 ms | 50 % |
| 1 ms | 9.1 % |
| 10 ms | 1.0 % |
| 100 ms | 0.1 % |
";
        let browsers: [(&str, &[Row]); 2] = [("Chromium", &[trips]), ("Firefox", &[])];
        assert_eq!(render(&browsers).as_deref(), Some(expected));
        assert_eq!(render(&browsers[1..]), None);
    }
}
