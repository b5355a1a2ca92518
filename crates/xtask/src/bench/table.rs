//! The rows as tables, one a browser, for a terminal and a page alike: Markdown whose columns stand below each other.
//!
//! A workload is a group of lines, a peer a line. Names and reasons may hold anything, as reasons are what a browser said; they
//! become cells, and never end one.

use std::fmt::Write as _;

use super::goals;
use super::group::{FLOOR, Group, OURS, groups};
use super::row::{Comparison, Row, compare};

/// A reason longer than that is cut.
const LONGEST: usize = 100;

const COLUMNS: [&str; 9] = [
    "workload",
    "peer",
    "median",
    "low–high",
    "unit",
    "runs",
    "discarded",
    "of the floor",
    "wasm-mt is",
];
/// From where and to where columns are numbers, and so are set to the right.
const NUMBERS: [usize; 5] = [2, 3, 5, 6, 7];

/// The rows of one browser, and below them the goals that they miss.
pub(crate) fn render(rows: &[Row]) -> String {
    let groups = groups(rows);
    let mut lines = Vec::new();
    for group in &groups {
        for (at, row) in group.rows.iter().enumerate() {
            let title = if at == 0 {
                group.title()
            } else {
                String::new()
            };
            lines.push(line(group, title, row));
        }
    }
    let mut text = aligned(&lines);
    let missed: Vec<String> = groups.iter().flat_map(goals::missed).collect();
    if groups.iter().all(Group::is_of_shared_memory) {
        // What that is held to is a table of its own.
    } else if missed.is_empty() {
        text.push_str("\nNo goal is missed.\n");
    } else {
        text.push_str("\nGoals that are missed:\n\n");
        for goal in missed {
            let _ = writeln!(text, "- {goal}");
        }
    }
    text
}

type Line = [String; COLUMNS.len()];

fn line(group: &Group<'_>, title: String, row: &Row) -> Line {
    let of = &row.subject;
    let or_none = |figure: Option<f64>| figure.map_or(String::new(), self::figure);
    let range = match (row.low, row.high) {
        (Some(low), Some(high)) => format!("{}–{}", figure(low), figure(high)),
        _ => String::new(),
    };
    let ratio = row.ratio_to_floor.map(|ratio| match group.base() {
        FLOOR => format!("{ratio:.2}"),
        base => format!("{ratio:.2} of {base}"),
    });
    // All others get their jobs by messages.
    let shared = if of.fabric == "post" {
        String::new()
    } else {
        format!(" ({})", of.fabric)
    };
    [
        cell(&title),
        cell(&format!("{}{shared}", of.peer)),
        or_none(row.median),
        range,
        cell(&of.unit),
        row.runs.to_string(),
        row.discarded.to_string(),
        ratio.unwrap_or_default(),
        against(group, row),
    ]
}

/// How ours stands to this peer.
fn against(group: &Group<'_>, row: &Row) -> String {
    if row.median.is_none() {
        let reason = row.reason.as_deref().unwrap_or("no reason is given");
        return format!("n/a: {}", cell(reason));
    }
    let Some(ours) = group.peer(OURS) else {
        return String::new();
    };
    if row.subject.peer == OURS {
        return String::new();
    }
    match compare(ours, row) {
        Comparison::Ahead(by) => format!("ahead {}", factor(by)),
        Comparison::Behind(by) => format!("behind {}", factor(by)),
        Comparison::Equal => "equal".to_owned(),
        Comparison::TooFew => "too few runs to say".to_owned(),
        Comparison::NotAvailable => "n/a".to_owned(),
    }
}

fn aligned(lines: &[Line]) -> String {
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].as_str());
        let widths = cells
            .chain([COLUMNS[column]])
            .map(|cell| cell.chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(width);
    let mut text = String::new();
    let mut write = |cells: [&str; COLUMNS.len()]| {
        for (column, cell) in cells.into_iter().enumerate() {
            let width = widths[column];
            let _ = match column {
                _ if NUMBERS.contains(&column) => write!(text, "| {cell:>width$} "),
                // Where a reason stands nobody needs a border.
                _ if column + 1 == COLUMNS.len() => write!(text, "| {cell} "),
                _ => write!(text, "| {cell:width$} "),
            };
        }
        text.push_str("|\n");
    };
    write(COLUMNS);
    write(std::array::from_fn(|column| {
        if NUMBERS.contains(&column) {
            "---:"
        } else {
            "---"
        }
    }));
    for line in lines {
        write(std::array::from_fn(|column| line[column].as_str()));
    }
    text
}

/// Three digits, and all before the point.
pub(crate) fn figure(figure: f64) -> String {
    match figure {
        ..10.0 => format!("{figure:.2}"),
        ..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

pub(crate) fn factor(factor: f64) -> String {
    match factor {
        ..1.995 => format!("{factor:.2}×"),
        ..99.95 => format!("{factor:.1}×"),
        _ => format!("{factor:.0}×"),
    }
}

/// A text that neither a browser nor a table takes for something else, in one line.
pub(crate) fn cell(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > LONGEST {
        line = line.chars().take(LONGEST).chain(['…']).collect();
    }
    line.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::super::group::IDEAL;
    use super::super::group::tests::{row, without};
    use super::super::row::Subject;
    use super::*;

    fn rows() -> Vec<Row> {
        vec![
            row("chromium", "julia, by bands", OURS, 103.0),
            row("chromium", "julia, by bands", FLOOR, 100.0),
            row("chromium", "julia, by bands", "workerpool", 185.4),
            row("chromium", "trips", OURS, 200.0),
            row("chromium", "trips", FLOOR, 100.0),
            row("chromium", "trips", "wasmworker", 200.0),
            Row {
                subject: Subject {
                    fabric: "shared".into(),
                    ..row("chromium", "trips", "rayon", 1.0).subject
                },
                ..without("chromium", "trips", "rayon", "a | b\nit <blocks>")
            },
        ]
    }

    #[test]
    fn a_workload_is_a_group_and_a_peer_a_line() {
        let expected = "\
| workload                   | peer           | median | low–high | unit | runs | discarded | of the floor | wasm-mt is |
| ---                        | ---            |   ---: |     ---: | ---  | ---: |      ---: |         ---: | --- |
| julia, by bands, 2 workers | wasm-mt        |    103 |  101–105 | ms   |    6 |         0 |         1.03 |  |
|                            | floor          |    100 | 98.0–102 | ms   |    6 |         0 |         1.00 | equal |
|                            | workerpool     |    185 |  182–189 | ms   |    6 |         0 |         1.85 | ahead 1.80× |
| trips, 2 workers           | wasm-mt        |    200 |  196–204 | ms   |    6 |         0 |         2.00 |  |
|                            | floor          |    100 | 98.0–102 | ms   |    6 |         0 |         1.00 | behind 2.0× |
|                            | wasmworker     |    200 |  196–204 | ms   |    6 |         0 |         2.00 | equal |
|                            | rayon (shared) |        |          | ms   |    0 |         0 |              | n/a: a \\| b it &lt;blocks> |

Goals that are missed:

- trips, 2 workers: no more than equal to wasmworker
";
        assert_eq!(render(&rows()), expected);
    }

    #[test]
    fn a_table_without_a_missed_goal_says_so() {
        let text = render(&rows()[..3]);
        assert!(text.ends_with("|\n\nNo goal is missed.\n"), "{text}");
    }

    #[test]
    fn what_is_not_of_the_floor_says_of_what() {
        let rows = [
            row("chromium", "skewed: random", OURS, 103.0),
            row("chromium", "skewed: random", IDEAL, 100.0),
        ];
        let text = render(&rows);
        assert!(text.contains("| 1.03 of ideal |"), "{text}");
    }

    #[test]
    fn figures_have_the_digits_that_mean_something() {
        assert_eq!(
            [0.123, 9.87, 12.34, 1234.5].map(figure),
            ["0.12", "9.87", "12.3", "1234"]
        );
        assert_eq!(
            [1.05, 1.999, 63.04, 250.4].map(factor),
            ["1.05×", "2.0×", "63.0×", "250×"]
        );
    }

    #[test]
    fn a_long_reason_is_cut() {
        assert_eq!(cell(&"word ".repeat(50)).chars().count(), LONGEST + 1);
    }
}
