//! `cargo xtask bench <workload>`: a page measures wasm-mt beside hand-written JavaScript, interleaved, or a pool beside the
//! main thread (`images`), or how soon an input shows (`explorer`), in a browser that was started by its own command line: a
//! debugger protocol would be part of what is measured.

mod explorer;
mod images;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::browser::{self, Browser};
use crate::demo;
use crate::pages;
use crate::serve::{Options, Server};
use crate::setup;

/// A page that has said nothing by then has failed.
const DEADLINE: Duration = Duration::from_secs(300);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What is measured
    workload: Workload,
    /// The browser to measure in; may be given more than once
    #[arg(long = "browser", value_name = "BROWSER", default_value = "chromium")]
    browsers: Vec<Browser>,
    /// How many pictures `images` takes
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pictures: u32,
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
    /// A pool of two workers: empty jobs, one at a time, jobs of unequal lengths, and a picture
    Pool,
    /// Pictures of four megapixels by the page `images`: by its pool, and by its main thread
    Images,
    /// Inputs to the page `julia`: from each to the first picture of it
    Explorer,
}

impl Workload {
    /// The page's name for it.
    fn name(self) -> &'static str {
        match self {
            Workload::Start => "start",
            Workload::Buffer => "buffer",
            Workload::Pool => "pool",
            Workload::Images => "images",
            Workload::Explorer => "explorer",
        }
    }
}

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    setup::wasm_target()?;
    setup::browsers(&args.browsers, false)?;
    let runtime = tokio::runtime::Runtime::new()?;
    match args.workload {
        Workload::Images => {
            let site = pages::build(&[pages::IMAGES])?;
            let mut rows = Vec::new();
            for &browser in &args.browsers {
                let measuring = images::measure(browser, args.pictures, site.clone());
                rows.extend(runtime.block_on(measuring)?);
            }
            write(args.json, &rows)?;
        }
        Workload::Explorer => {
            let site = pages::build(&[pages::JULIA])?;
            let mut rows = Vec::new();
            for &browser in &args.browsers {
                rows.extend(runtime.block_on(explorer::measure(browser, site.clone()))?);
            }
            write(args.json, &rows)?;
        }
        workload => {
            let site = pages::build(&[pages::BENCH])?;
            let module = site.join(
                pages::BENCH
                    .module(pages::Glue::Web)
                    .trim_start_matches('/'),
            );
            let megabytes = fs::metadata(&module)?.len() as f64 / 1e6;
            let mut rows = Vec::new();
            for &browser in &args.browsers {
                let report = runtime.block_on(measure(browser, workload, site.clone()))?;
                let of_browser = rows_of(browser, &report)?;
                println!(
                    "{} thread(s) of a module of {megabytes:.2} MB; {}",
                    report.workers, report.engine
                );
                print_table(&of_browser);
                rows.extend(of_browser);
            }
            write(args.json, &rows)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the rows where they were asked for.
fn write(file: Option<PathBuf>, rows: &[impl Serialize]) -> Result<()> {
    if let Some(file) = file {
        fs::write(&file, format!("{}\n", serde_json::to_string_pretty(rows)?))
            .with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

/// What the page posts.
#[derive(Deserialize)]
struct Report {
    workers: u32,
    workloads: Vec<Runs>,
    engine: String,
}

/// The figures of one workload, round by round.
#[derive(Deserialize)]
struct Runs {
    name: String,
    unit: String,
    goal: Goal,
    /// A round's two figures belong together.
    #[serde(default)]
    paired: bool,
    wasm_mt: Vec<f64>,
    floor: Vec<f64>,
}

impl Runs {
    fn ratio_to_floor(&self) -> f64 {
        if self.paired {
            let ratios: Vec<f64> = self
                .wasm_mt
                .iter()
                .zip(&self.floor)
                .map(|(wasm_mt, floor)| wasm_mt / floor)
                .collect();
            median(&ratios)
        } else {
            median(&self.wasm_mt) / median(&self.floor)
        }
    }
}

/// The project's goal for the ratio to the floor.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Goal {
    /// Of what is better when it is less, as a time.
    AtMost(f64),
    /// Of what is better when it is more, as a rate.
    AtLeast(f64),
}

impl Goal {
    /// What is to be said of a ratio that misses it.
    fn missed_by(self, ratio: f64) -> Option<String> {
        match self {
            Goal::AtMost(goal) if ratio > goal => Some(format!("above the goal, {goal}")),
            Goal::AtLeast(goal) if ratio < goal => Some(format!("below the goal, {goal}")),
            _ => None,
        }
    }
}

async fn measure(browser: Browser, workload: Workload, site: PathBuf) -> Result<Report> {
    let path = format!("/benches/?bench={}", workload.name());
    measured(browser, &path, "bench", Duration::ZERO, site).await
}

/// What the page at `path`, which ends in a query, posts when it has measured. It gets `more` time than is usual.
async fn measured<T: DeserializeOwned>(
    browser: Browser,
    path: &str,
    name: &str,
    more: Duration,
    site: PathBuf,
) -> Result<T> {
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
    let outcome = format!("/outcome/{name}");
    let url = server.url(&format!("{path}&report={outcome}"));
    let mut launched = browser::launch(browser, &url)?;
    demo::figures(&server, &mut launched, &outcome, DEADLINE + more)
        .await
        .with_context(|| format!("measuring in {browser}"))
}

/// The figures of one peer in one workload.
#[derive(Serialize)]
struct Row {
    browser: &'static str,
    workload: String,
    peer: &'static str,
    workers: u32,
    unit: String,
    median: f64,
    min: f64,
    max: f64,
    runs: usize,
    ratio_to_floor: f64,
    #[serde(skip)]
    remark: Option<String>,
}

fn rows_of(browser: Browser, report: &Report) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for workload in &report.workloads {
        let peers = [("wasm-mt", &workload.wasm_mt), ("floor", &workload.floor)];
        for (peer, runs) in peers {
            ensure!(
                !runs.is_empty(),
                "the page reports no run of {peer} of {}",
                workload.name
            );
        }
        let ratio = workload.ratio_to_floor();
        let ratios = [(ratio, workload.goal.missed_by(ratio)), (1.0, None)];
        for ((peer, runs), (ratio_to_floor, remark)) in peers.into_iter().zip(ratios) {
            rows.push(Row {
                browser: browser.name(),
                workload: workload.name.clone(),
                peer,
                workers: report.workers,
                unit: workload.unit.clone(),
                median: median(runs),
                min: runs.iter().copied().fold(f64::INFINITY, f64::min),
                max: runs.iter().copied().fold(0.0, f64::max),
                runs: runs.len(),
                ratio_to_floor,
                remark,
            });
        }
    }
    ensure!(!rows.is_empty(), "the page reports no workload");
    Ok(rows)
}

fn print_table(rows: &[Row]) {
    println!(
        "{:<10} {:<36} {:<8} {:>8} {:>8} {:>8} {:<10} {:>5} {:>7}",
        "browser", "workload", "peer", "median", "min", "max", "unit", "runs", "ratio"
    );
    for row in rows {
        let remark = row.remark.as_ref().map(|remark| format!("  {remark}"));
        println!(
            "{:<10} {:<36} {:<8} {:>8.1} {:>8.1} {:>8.1} {:<10} {:>5} {:>7.2}{}",
            row.browser,
            row.workload,
            row.peer,
            row.median,
            row.min,
            row.max,
            row.unit,
            row.runs,
            row.ratio_to_floor,
            remark.unwrap_or_default()
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

    #[test]
    fn a_missed_goal_is_said_in_its_direction() {
        assert_eq!(Goal::AtMost(1.2).missed_by(1.2), None);
        assert_eq!(
            Goal::AtMost(1.2).missed_by(1.3).as_deref(),
            Some("above the goal, 1.2")
        );
        assert_eq!(Goal::AtLeast(15.0).missed_by(15.0), None);
        assert_eq!(
            Goal::AtLeast(15.0).missed_by(9.0).as_deref(),
            Some("below the goal, 15")
        );
    }

    #[test]
    fn rounds_that_belong_together_are_compared_with_each_other() {
        let mut runs = Runs {
            name: String::new(),
            unit: String::new(),
            goal: Goal::AtMost(1.0),
            paired: true,
            wasm_mt: vec![3.0, 8.0, 1.0],
            floor: vec![1.0, 4.0, 2.0],
        };
        assert_eq!(runs.ratio_to_floor(), 2.0);
        runs.paired = false;
        assert_eq!(runs.ratio_to_floor(), 1.5);
    }
}
