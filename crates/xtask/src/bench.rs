//! `cargo xtask bench <workload>`: a page measures wasm-mt beside hand-written JavaScript, interleaved, or a pool beside the
//! main thread (`images`), in a browser that was started by its own command line: a debugger protocol would be part of what
//! is measured.

pub(crate) mod charts;
mod goals;
pub(crate) mod group;
mod images;
pub(crate) mod overhead;
pub(crate) mod row;
pub(crate) mod table;

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
use row::{Comparison, Row, Subject};

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
}

impl Workload {
    /// The page's name for it.
    fn name(self) -> &'static str {
        match self {
            Workload::Start => "start",
            Workload::Buffer => "buffer",
            Workload::Pool => "pool",
            Workload::Images => "images",
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
                rows.extend(of_browser.into_iter().map(|(row, _)| row));
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
    wasm_mt: Vec<f64>,
    floor: Vec<f64>,
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

/// The rows, each with what is to be said of it.
fn rows_of(browser: Browser, report: &Report) -> Result<Vec<(Row, Option<String>)>> {
    let mut rows = Vec::new();
    for workload in &report.workloads {
        let of = |peer: &str, runs: &[f64]| {
            let subject = Subject {
                browser: browser.name().into(),
                fabric: "post".into(),
                workload: workload.name.clone(),
                peer: peer.into(),
                workers: report.workers,
                unit: workload.unit.clone(),
            };
            if runs.is_empty() {
                return Row::not_available(subject, "the page reports no run");
            }
            let rounds: Vec<Option<f64>> = runs.iter().copied().map(Some).collect();
            let floor: Vec<Option<f64>> = workload.floor.iter().copied().map(Some).collect();
            Row::of(subject, &rounds, &floor)
        };
        let ours = of("wasm-mt", &workload.wasm_mt);
        let floor = of("floor", &workload.floor);
        let missed = ours
            .ratio_to_floor
            .and_then(|ratio| workload.goal.missed_by(ratio));
        let apart = match (row::compare(&ours, &floor), workload.goal) {
            (Comparison::Ahead(by), Goal::AtMost(_))
            | (Comparison::Behind(by), Goal::AtLeast(_)) => Some(format!("ahead {by:.2}×")),
            (Comparison::Behind(by), Goal::AtMost(_))
            | (Comparison::Ahead(by), Goal::AtLeast(_)) => Some(format!("behind {by:.2}×")),
            (Comparison::Equal | Comparison::NotAvailable, _) => None,
        };
        rows.push((ours, missed.or(apart)));
        rows.push((floor, None));
    }
    ensure!(!rows.is_empty(), "the page reports no workload");
    Ok(rows)
}

fn print_table(rows: &[(Row, Option<String>)]) {
    println!(
        "{:<10} {:<36} {:<8} {:>8} {:>8} {:>8} {:<10} {:>5} {:>7}",
        "browser", "workload", "peer", "median", "low", "high", "unit", "runs", "ratio"
    );
    for (row, remark) in rows {
        let of = &row.subject;
        let remark = row.reason.as_ref().or(remark.as_ref());
        println!(
            "{:<10} {:<36} {:<8} {:>8.1} {:>8.1} {:>8.1} {:<10} {:>5} {:>7.2}  {}",
            of.browser,
            of.workload,
            of.peer,
            row.median.unwrap_or(f64::NAN),
            row.low.unwrap_or(f64::NAN),
            row.high.unwrap_or(f64::NAN),
            of.unit,
            row.runs,
            row.ratio_to_floor.unwrap_or(f64::NAN),
            remark.map_or("", String::as_str)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
