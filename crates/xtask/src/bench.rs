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
    /// Bytes to a thread and back: 64 MiB at once, and 1 MiB a hundred times
    Buffer,
}

impl Workload {
    /// The page's name for it.
    fn name(self) -> &'static str {
        match self {
            Workload::Start => "start",
            Workload::Buffer => "buffer",
        }
    }

    /// The project's goal: so near to the floor.
    fn goal(self) -> f64 {
        match self {
            Workload::Start => 1.15,
            Workload::Buffer => 1.2,
        }
    }
}

pub(crate) fn run(args: Args) -> Result<ExitCode> {
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
        let report = runtime.block_on(measure(browser, args.workload, site.clone()))?;
        let of_browser = rows_of(browser, &report)?;
        println!(
            "{} thread(s) of a module of {megabytes:.2} MB; {}",
            report.workers, report.engine
        );
        print_table(&of_browser, args.workload.goal());
        rows.extend(of_browser);
    }
    if let Some(file) = args.json {
        fs::write(&file, format!("{}\n", serde_json::to_string_pretty(&rows)?))
            .with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the page posts.
#[derive(Deserialize)]
struct Report {
    workers: u32,
    workloads: Vec<Runs>,
    engine: String,
}

/// What one workload took, round by round, in milliseconds.
#[derive(Deserialize)]
struct Runs {
    name: String,
    wasm_mt: Vec<f64>,
    floor: Vec<f64>,
}

async fn measure(browser: Browser, workload: Workload, site: PathBuf) -> Result<Report> {
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
    let name = workload.name();
    let url = server.url(&format!("/benches/?bench={name}&report=/outcome/bench"));
    let mut launched = browser::launch(browser, &url)?;
    demo::figures(&server, &mut launched, "/outcome/bench", DEADLINE)
        .await
        .with_context(|| format!("measuring in {browser}"))
}

/// What one peer took for one workload.
#[derive(Serialize)]
struct Row {
    browser: &'static str,
    workload: String,
    peer: &'static str,
    workers: u32,
    unit: &'static str,
    median: f64,
    min: f64,
    max: f64,
    runs: usize,
    ratio_to_floor: f64,
}

fn rows_of(browser: Browser, report: &Report) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for Runs {
        name,
        wasm_mt,
        floor,
    } in &report.workloads
    {
        for (peer, runs) in [("wasm-mt", wasm_mt), ("floor", floor)] {
            ensure!(
                !runs.is_empty(),
                "the page reports no run of {peer} of {name}"
            );
            rows.push(Row {
                browser: browser.name(),
                workload: name.clone(),
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
    ensure!(!rows.is_empty(), "the page reports no workload");
    Ok(rows)
}

fn print_table(rows: &[Row], goal: f64) {
    println!(
        "{:<10} {:<36} {:<8} {:>7} {:>7} {:>7} {:>5} {:>7}",
        "browser", "workload", "peer", "median", "min", "max", "runs", "ratio"
    );
    for row in rows {
        let far = row.peer == "wasm-mt" && row.ratio_to_floor > goal;
        let remark = if far {
            format!(" above the goal, {goal}")
        } else {
            String::new()
        };
        println!(
            "{:<10} {:<36} {:<8} {:>7.1} {:>7.1} {:>7.1} {:>5} {:>7.2}{remark}",
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
