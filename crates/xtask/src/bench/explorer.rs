//! `cargo xtask bench explorer`: how long after an input the page `julia` shows a first picture of what was asked for. The page
//! makes the inputs itself, some while it rests and some while it is still at work on the last one.

use std::path::PathBuf;
use std::thread;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::row::{median, sorted};
use super::{DEADLINE, Visit, measured};
use crate::browser::Browser;

/// What a hand feels as at once.
const GOAL_MS: f64 = 100.0;

/// What the page posts.
#[derive(Deserialize)]
struct Report {
    engine: String,
    workers: u32,
    inputs: Vec<Input>,
}

/// All inputs of one kind: from each to the frame that shows its coarse picture, in milliseconds.
#[derive(Deserialize)]
struct Input {
    input: String,
    first_frame_ms: Vec<f64>,
}

/// A line of the table.
#[derive(Serialize)]
pub(super) struct Row {
    browser: &'static str,
    input: String,
    workers: u32,
    runs: usize,
    median_ms: f64,
    max_ms: f64,
    within_goal: bool,
}

/// Runs the page in a browser, prints its figures, and gives them.
pub(super) async fn measure(browser: Browser, site: PathBuf) -> Result<Vec<Row>> {
    // As many workers as there are cores: WebKitGTK tells its pages another number.
    let workers = thread::available_parallelism()?;
    let path = format!("/julia/?workers={workers}");
    let visit = Visit::of_gallery(path, "/outcome/explorer", DEADLINE);
    let report: Report = measured(browser, site, visit).await?;
    let rows = rows_of(browser, &report)?;
    println!(
        "from an input to the first picture of it; {} workers; {}",
        report.workers, report.engine
    );
    print(&rows);
    Ok(rows)
}

fn rows_of(browser: Browser, report: &Report) -> Result<Vec<Row>> {
    ensure!(!report.inputs.is_empty(), "the page reports no input");
    let rows = report.inputs.iter().map(|input| {
        let times = &input.first_frame_ms;
        ensure!(
            !times.is_empty(),
            "the page reports no {} of its own",
            input.input
        );
        let times = sorted(times.iter().copied());
        let max_ms = times[times.len() - 1];
        Ok(Row {
            browser: browser.name(),
            input: input.input.clone(),
            workers: report.workers,
            runs: times.len(),
            median_ms: median(&times),
            max_ms,
            within_goal: max_ms <= GOAL_MS,
        })
    });
    rows.collect()
}

fn print(rows: &[Row]) {
    println!(
        "{:<10} {:<12} {:>5} {:>10} {:>8}",
        "browser", "input", "runs", "median ms", "max ms"
    );
    for row in rows {
        println!(
            "{:<10} {:<12} {:>5} {:>10.1} {:>8.1}{}",
            row.browser,
            row.input,
            row.runs,
            row.median_ms,
            row.max_ms,
            if row.within_goal {
                String::new()
            } else {
                format!("  above the goal, {GOAL_MS} ms")
            }
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(times: &[f64]) -> Report {
        serde_json::from_value(json!({
            "engine": "", "workers": 2, "inputs": [{ "input": "drag", "first_frame_ms": times }],
        }))
        .unwrap()
    }

    #[test]
    fn the_slowest_input_misses_the_goal() {
        let rows = rows_of(Browser::Chromium, &report(&[20.0, 130.0, 30.0])).unwrap();
        assert_eq!((rows[0].median_ms, rows[0].max_ms), (30.0, 130.0));
        assert!(!rows[0].within_goal);
        assert!(rows_of(Browser::Chromium, &report(&[100.0])).unwrap()[0].within_goal);
    }

    #[test]
    fn a_kind_of_input_without_a_time_is_refused() {
        assert!(rows_of(Browser::Chromium, &report(&[])).is_err());
    }
}
