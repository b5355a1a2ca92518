//! `cargo xtask bench <workload>`: a page measures wasm-mt beside hand-written JavaScript, interleaved, in a browser that
//! was started by its own command line: a debugger protocol would be part of what is measured.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::browser::{self, Browser};
use crate::demo;
use crate::pages;
use crate::serve::{Options, Server};
use crate::setup;

/// A page that has said nothing by then has failed.
const DEADLINE: Duration = Duration::from_secs(180);

/// A goal of the project: so near to the floor.
const GOAL: f64 = 1.15;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What is measured
    workload: Workload,
    /// The browser to measure in; may be given more than once
    #[arg(long = "browser", value_name = "BROWSER", default_value = "chromium")]
    browsers: Vec<Browser>,
    /// Writes the rows there
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Workload {
    /// Four threads of a 1.8 MB module, from nothing to one answer each
    Start,
}

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let Workload::Start = args.workload;
    setup::wasm_target()?;
    setup::browsers(&args.browsers, false)?;
    let site = pages::build(&[pages::BENCH])?;
    let module = site.join(
        pages::BENCH
            .module(pages::Glue::Web)
            .trim_start_matches('/'),
    );
    let megabytes = fs::metadata(&module)?.len() as f64 / 1e6;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut rows = Vec::new();
    for &browser in &args.browsers {
        let report = runtime.block_on(measure(browser, site.clone()))?;
        let of_browser = start_rows(browser, &report)?;
        print_table(&of_browser, &report, megabytes);
        rows.extend(of_browser);
    }
    if let Some(file) = args.json {
        fs::write(&file, format!("{}\n", serde_json::to_string_pretty(&rows)?))
            .with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the page measures.
#[derive(Deserialize)]
struct Report {
    workers: u32,
    runs: Runs,
    engine: String,
}

/// Milliseconds, round by round.
#[derive(Deserialize)]
struct Runs {
    wasm_mt: Vec<f64>,
    at_hand: Vec<f64>,
    beside: Vec<f64>,
}

async fn measure(browser: Browser, site: PathBuf) -> Result<Report> {
    eprintln!("measuring in {browser} …");
    let server = Server::start(
        site,
        0,
        Options {
            no_store: true,
            ..Options::default()
        },
    )
    .await?;
    let url = server.url("/benches/?report=/outcome/start");
    let mut launched = browser::launch(browser, &url)?;
    demo::figures(&server, &mut launched, "/outcome/start", DEADLINE)
        .await
        .with_context(|| format!("measuring in {browser}"))
}

/// What one peer took for one workload.
#[derive(Serialize)]
struct Row {
    browser: &'static str,
    workload: &'static str,
    peer: &'static str,
    workers: u32,
    unit: &'static str,
    median: f64,
    min: f64,
    max: f64,
    runs: usize,
    ratio_to_floor: f64,
}

/// Two workloads, because there are two floors; wasm-mt's page has its Module at hand in both.
fn start_rows(browser: Browser, report: &Report) -> Result<Vec<Row>> {
    let runs = &report.runs;
    let workloads = [
        ("start: module at hand", &runs.at_hand),
        ("start: module compiled beside", &runs.beside),
    ];
    let mut rows = Vec::new();
    for (workload, floor) in workloads {
        for (peer, runs) in [("wasm-mt", &runs.wasm_mt), ("floor", floor)] {
            ensure!(!runs.is_empty(), "the page reports no run of {peer}");
            rows.push(Row {
                browser: browser.name(),
                workload,
                peer,
                workers: report.workers,
                unit: "ms",
                median: median(runs),
                min: runs.iter().copied().fold(f64::INFINITY, f64::min),
                max: runs.iter().copied().fold(0.0, f64::max),
                runs: runs.len(),
                ratio_to_floor: median(runs) / median(floor),
            });
        }
    }
    Ok(rows)
}

fn print_table(rows: &[Row], report: &Report, megabytes: f64) {
    println!(
        "{} threads of a module of {megabytes:.2} MB; {}",
        report.workers, report.engine
    );
    println!(
        "{:<10} {:<30} {:<8} {:>7} {:>7} {:>7} {:>5} {:>7}",
        "browser", "workload", "peer", "median", "min", "max", "runs", "ratio"
    );
    for row in rows {
        let far = row.peer == "wasm-mt" && row.ratio_to_floor > GOAL;
        let remark = if far {
            format!(" above the goal, {GOAL}")
        } else {
            String::new()
        };
        println!(
            "{:<10} {:<30} {:<8} {:>7.1} {:>7.1} {:>7.1} {:>5} {:>7.2}{remark}",
            row.browser,
            row.workload,
            row.peer,
            row.median,
            row.min,
            row.max,
            row.runs,
            row.ratio_to_floor
        );
    }
}

/// The middle value, or the mean of the two.
fn median(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[9.0, 1.0, 5.0]), 5.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
    }
}
