//! `cargo xtask bench [workload]`: a page measures wasm-mt beside what would be used in its place, in turns; or a pool beside the
//! main thread (`images`); or how soon an input shows (`explorer`). The browser was started by its own command line: a debugger
//! protocol would be part of what is measured.
//!
//! The page posts what each round took (`report.rs`), and asks around each round how much else ran on the machine (`load.rs`).

pub(crate) mod charts;
mod explorer;
mod goals;
pub(crate) mod group;
mod images;
mod load;
pub(crate) mod overhead;
mod peers;
mod report;
pub(crate) mod row;
pub(crate) mod shared;
pub(crate) mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use clap::ValueEnum;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::browser::{self, Browser};
use crate::demo;
use crate::pages;
use crate::serve::{Ask, Options, Server};
use crate::setup;
use load::Load;
use report::Report;

/// A page that has said nothing by then has failed.
const DEADLINE: Duration = Duration::from_secs(300);

/// So much more time has one that measures side by side: all workloads, on a machine where every round is disturbed.
const MORE: Duration = Duration::from_secs(1800);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What is measured; without it, all but `images` and `explorer`
    workload: Option<Workload>,
    /// The browser to measure in; may be given more than once
    #[arg(long = "browser", value_name = "BROWSER", default_value = "chromium")]
    browsers: Vec<Browser>,
    /// Takes three rounds of each, for a first look
    #[arg(long)]
    quick: bool,
    /// Takes rounds as they come, also those in which something else ran on the machine
    #[arg(long)]
    keep_disturbed: bool,
    /// How many pictures `images` takes
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pictures: u32,
    /// Writes the rows there
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Workload {
    /// From nothing to a first answer of each of two workers, and of four
    Start,
    /// One empty job at a time
    Trips,
    /// Ten thousand empty jobs at once
    Empty,
    /// The Julia set in 40 bands
    Julia,
    /// Four photographs sharpened and made small
    Pictures,
    /// 200 jobs, 20 of them 20 times as long
    Skewed,
    /// Bytes to a worker and back: 64 MiB at once, and 1 MiB a hundred times
    Bytes,
    /// How much quicker two plain workers are than one
    Ceiling,
    /// What shared memory brings, each beside what it is held against
    Shared,
    /// Pictures of four megapixels by the page `images`: by its pool, and by its main thread
    Images,
    /// Inputs to the page `julia`: from each to the first picture of it
    Explorer,
}

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    setup::wasm_target()?;
    setup::browsers(&args.browsers, false)?;
    let runtime = tokio::runtime::Runtime::new()?;
    if let Some(Workload::Explorer) = args.workload {
        let site = pages::build(&[pages::JULIA])?;
        let mut rows = Vec::new();
        for &browser in &args.browsers {
            rows.extend(runtime.block_on(explorer::measure(browser, site.clone()))?);
        }
        write(args.json.as_deref(), &rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(Workload::Images) = args.workload {
        let site = pages::build(&[pages::IMAGES])?;
        let mut rows = Vec::new();
        for &browser in &args.browsers {
            let measuring = images::measure(browser, args.pictures, site.clone());
            rows.extend(runtime.block_on(measuring)?);
        }
        write(args.json.as_deref(), &rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let site = pages::build_bench()?;
    let absent = peers::provide(&site.join(pages::BENCH.route))?;
    for (peer, reason) in &absent {
        eprintln!("warning: {peer} is not measured: {reason}");
    }
    let module = pages::BENCH.module(pages::Glue::Web);
    let module = site.join(module.trim_start_matches('/'));
    println!(
        "{}; a module of {:.2} MB",
        peers::versions()?,
        fs::metadata(&module)?.len() as f64 / 1e6
    );
    let mut rows = Vec::new();
    for &browser in &args.browsers {
        let report = runtime.block_on(compared(browser, &args, site.clone()))?;
        println!("{}", report.engine);
        let of_browser = report.rows(browser)?;
        println!("{}", table::render(&of_browser));
        if let Some(goals) = shared::render(&of_browser) {
            println!("{goals}");
        }
        if args.keep_disturbed {
            println!("disturbed rounds are among these");
        } else if Load::now().is_none() {
            println!("what else ran on this machine was not watched: it has no /proc");
        }
        rows.extend(of_browser);
        // Browser by browser: what was measured is not lost with the next one.
        write(args.json.as_deref(), &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the rows where they were asked for.
fn write(file: Option<&Path>, rows: &[impl Serialize]) -> Result<()> {
    if let Some(file) = file {
        fs::write(file, format!("{}\n", serde_json::to_string_pretty(rows)?))
            .with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

/// Has the page measure in a browser. It is cross-origin isolated, for all peers alike: so rayon can be among them, and clocks are
/// finer. Files may be cached, as by any server of pages.
async fn compared(browser: Browser, args: &Args, site: PathBuf) -> Result<Report> {
    let (least, most, seconds) = if args.quick { (3, 3, 10) } else { (9, 40, 30) };
    let workload = args.workload.and_then(|it| it.to_possible_value());
    let path = format!(
        "/benches/?workload={}&least={least}&most={most}&seconds={seconds}",
        workload.as_ref().map_or("", |it| it.get_name())
    );
    let options = Options {
        isolated: true,
        headers: vec![(CACHE_CONTROL, HeaderValue::from_static("max-age=600"))],
        ..Options::default()
    };
    let visit = Visit {
        path,
        outcome: "/outcome/bench",
        deadline: DEADLINE + MORE,
        options,
        keep_disturbed: args.keep_disturbed,
    };
    measured(browser, site, visit).await
}

/// A page that measures.
struct Visit {
    /// Where it is. It ends in a query.
    path: String,
    /// Where it posts to.
    outcome: &'static str,
    deadline: Duration,
    options: Options,
    keep_disturbed: bool,
}

impl Visit {
    /// A page of the gallery, which measures itself and asks nothing.
    fn of_gallery(path: String, outcome: &'static str, deadline: Duration) -> Self {
        Self {
            path,
            outcome,
            deadline,
            options: Options {
                no_store: true,
                ..Options::default()
            },
            keep_disturbed: true,
        }
    }
}

/// What the page posts when it has measured.
async fn measured<T: DeserializeOwned>(browser: Browser, site: PathBuf, visit: Visit) -> Result<T> {
    eprintln!("measuring in {browser} …");
    let isolated = visit.options.isolated;
    let server = Server::start(site, 0, visit.options).await?;
    let url = server.url(&format!("{}&report={}", visit.path, visit.outcome));
    let mut launched = match isolated {
        true => browser::launch_isolated(browser, &url)?,
        false => browser::launch(browser, &url)?,
    };
    let watching = async {
        let mut begin = None;
        loop {
            answer(server.asked().await, &mut begin, visit.keep_disturbed);
        }
    };
    tokio::select! {
        figures = demo::figures(&server, &mut launched, visit.outcome, visit.deadline) => {
            figures.with_context(|| format!("measuring in {browser}"))
        }
        never = watching => never,
    }
}

/// Says at the end of a round whether it was disturbed, and to whoever waits what comes next.
fn answer(ask: Ask, begin: &mut Option<Load>, keep_disturbed: bool) {
    let said = match &*ask.what {
        "load/begin" => {
            *begin = Load::now();
            Ok("")
        }
        "load/end" => match (begin.take(), Load::now()) {
            (Some(begin), Some(end)) if end.is_disturbed_since(&begin) && !keep_disturbed => {
                Ok("disturbed")
            }
            _ => Ok(""),
        },
        what => match what.strip_prefix("next/") {
            Some(workload) => {
                eprintln!("{workload} …");
                Ok("")
            }
            None => Err(anyhow!("nobody can {what}")),
        },
    };
    ask.say(said);
}
