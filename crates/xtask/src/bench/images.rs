//! `cargo xtask bench images`: many pictures by the page `images`, on its pool and then on its main thread. What is measured is
//! the example's own code; the pictures are made beforehand.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::{DEADLINE, Visit, measured};
use crate::browser::Browser;

/// What a page gets for each picture, made once and developed twice, beside the time that any page gets.
const EACH: Duration = Duration::from_secs(10);

/// What the page posts.
#[derive(Deserialize)]
pub(super) struct Report {
    engine: String,
    pictures: u32,
    bytes: f64,
    workers: u32,
    workers_draw: bool,
    runs: Vec<Run>,
}

/// One way through all pictures. Times in milliseconds, memory in bytes.
#[derive(Deserialize)]
struct Run {
    by: By,
    ms: f64,
    longest: f64,
    p99: f64,
    frames: u32,
    /// What ticked: `requestAnimationFrame`, unless this browser paints no frames.
    ticks: String,
    done: u32,
    page_memory: f64,
    /// The most that all workers had at one time, and that one of them had. None where none were at work.
    workers_memory: Option<f64>,
    worker_memory: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum By {
    Pool,
    Page,
}

/// A line of the table.
#[derive(Serialize)]
pub(super) struct Row {
    browser: &'static str,
    by: String,
    pictures: u32,
    total_ms: f64,
    longest_gap_ms: f64,
    p99_gap_ms: f64,
    frames: u32,
    page_memory: f64,
    workers_memory: Option<f64>,
    worker_memory: Option<f64>,
}

/// Runs the page in a browser, prints its figures, and gives them.
pub(super) async fn measure(browser: Browser, pictures: u32, site: PathBuf) -> Result<Vec<Row>> {
    // As many workers as there are cores: WebKitGTK tells its pages another number.
    let workers = thread::available_parallelism()?;
    let path = format!("/images/?pictures={pictures}&workers={workers}");
    let visit = Visit::of_gallery(path, "/outcome/images", DEADLINE + EACH * pictures);
    let report: Report = measured(browser, site, visit).await?;
    let rows = rows_of(browser, &report)?;
    print(&report, &rows);
    Ok(rows)
}

fn rows_of(browser: Browser, report: &Report) -> Result<Vec<Row>> {
    ensure!(
        report
            .runs
            .iter()
            .map(|run| run.by)
            .eq([By::Pool, By::Page]),
        "the page reports other runs than one by its pool and one by itself"
    );
    let rows = report.runs.iter().map(|run| {
        ensure!(
            run.done == report.pictures,
            "of {} pictures only {} were developed",
            report.pictures,
            run.done
        );
        ensure!(run.frames > 0, "no tick of the page was seen");
        Ok(Row {
            browser: browser.name(),
            by: match run.by {
                By::Pool => format!("{} workers", report.workers),
                By::Page => "main thread".to_owned(),
            },
            pictures: report.pictures,
            total_ms: run.ms,
            longest_gap_ms: run.longest,
            p99_gap_ms: run.p99,
            frames: run.frames,
            page_memory: run.page_memory,
            workers_memory: run.workers_memory,
            worker_memory: run.worker_memory,
        })
    });
    rows.collect()
}

fn print(report: &Report, rows: &[Row]) {
    let drawn = if report.workers_draw {
        "workers"
    } else {
        "page"
    };
    let ticks = report.runs.first().map_or("", |run| &run.ticks);
    println!(
        "{} pictures of 4 megapixels, {:.0} MB in files; thumbnails drawn by the {drawn}; frames by {ticks}; {}",
        report.pictures,
        report.bytes / 1e6,
        report.engine
    );
    println!(
        "{:<10} {:<12} {:>8} {:>11} {:>8} {:>7} {:>8} {:>11} {:>10}",
        "browser",
        "by",
        "total s",
        "longest ms",
        "99 % ms",
        "frames",
        "page MB",
        "workers MB",
        "largest MB"
    );
    let megabytes =
        |bytes: Option<f64>| bytes.map_or("-".to_owned(), |bytes| format!("{:.1}", bytes / 1e6));
    for row in rows {
        println!(
            "{:<10} {:<12} {:>8.2} {:>11.0} {:>8.0} {:>7} {:>8.1} {:>11} {:>10}",
            row.browser,
            row.by,
            row.total_ms / 1000.0,
            row.longest_gap_ms,
            row.p99_gap_ms,
            row.frames,
            row.page_memory / 1e6,
            megabytes(row.workers_memory),
            megabytes(row.worker_memory)
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(by: [&str; 2], done: u32) -> Report {
        let run = |by| {
            json!({
                "by": by, "ms": 900.0, "longest": 21.0, "p99": 17.0, "frames": 50,
                "ticks": "requestAnimationFrame", "done": done, "page_memory": 2e6, "workers_memory": 6e7, "worker_memory": 3e7,
            })
        };
        serde_json::from_value(json!({
            "engine": "", "pictures": 3, "bytes": 3e6, "workers": 2, "workers_draw": true,
            "runs": by.map(run),
        }))
        .unwrap()
    }

    #[test]
    fn a_row_for_each_way() {
        let rows = rows_of(Browser::Firefox, &report(["pool", "page"], 3)).unwrap();
        let by: Vec<_> = rows.iter().map(|row| &row.by[..]).collect();
        assert_eq!(by, ["2 workers", "main thread"]);
    }

    #[test]
    fn a_run_that_lacks_pictures_is_no_figure() {
        assert!(rows_of(Browser::Firefox, &report(["pool", "page"], 2)).is_err());
        assert!(rows_of(Browser::Firefox, &report(["pool", "pool"], 3)).is_err());
    }
}
