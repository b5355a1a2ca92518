//! The chaos soak: a page that gives the library random jobs, faults and sizes for a while, and then looks what is left of them.
//! What it does and how it is judged is in `tests/chaos`; here it is opened in each browser, with a seed that is printed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use tokio::task::LocalSet;

use crate::browser::{Browser, Driver};
use crate::cases::Tally;
use crate::pages;
use crate::serve::{Options, Server};
use crate::setup;
use crate::table::Row;
use crate::test::chosen;
use crate::webdriver::Session;

pub(crate) const PART: &str = "chaos";

/// Seconds that all browsers soak at the same time, without and with `--deep`.
pub(crate) const SHORT: u64 = 20;
pub(crate) const DEEP: u64 = 600;

/// What the page may take beside the soak: its warm-up, the last round, and the end of the workers. It tells itself of a handle
/// that does not settle, within a shorter time.
const BESIDE: Duration = Duration::from_secs(300);

const OUTCOME: &str = "/outcome/chaos";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only in this browser; may be given more than once
    #[arg(long)]
    browser: Vec<Browser>,
    /// What is drawn, as a run before has printed it; by default something else each time
    #[arg(long)]
    seed: Option<u64>,
    /// How long, in each browser
    #[arg(long, default_value_t = SHORT)]
    seconds: u64,
}

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    setup::wasm_target()?;
    let browsers = chosen(&args.browser, &Browser::ALL);
    setup::browsers(&browsers, true)?;
    let seed = args.seed.unwrap_or_else(any_seed);
    let rows = soak(&browsers, seed, args.seconds)?;
    let all_passed = rows.iter().all(|row| row.failed == 0);
    Ok(if all_passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Another one each time.
pub(crate) fn any_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    // Microseconds: a number that can be typed.
    now.map_or(0, |now| now.as_micros() as u64 % 1_000_000_000)
}

/// Soaks in all browsers at the same time: a row for each, in their order.
pub(crate) fn soak(browsers: &[Browser], seed: u64, seconds: u64) -> Result<Vec<Row>> {
    ensure!(!browsers.is_empty(), "no browser to soak in");
    let site = pages::build(&[pages::CHAOS])?;
    let runtime = tokio::runtime::Runtime::new()?;
    // A driver stays on its thread; the servers have the runtime's.
    let here = LocalSet::new();
    let soaks: Vec<_> = browsers
        .iter()
        .map(|&browser| {
            // Not in the soak: its start blocks.
            let driver = Driver::start_showing_heap(browser);
            here.spawn_local(judged(browser, driver, site.clone(), seed, seconds))
        })
        .collect();
    here.block_on(&runtime, async {
        let mut rows = Vec::new();
        for soak in soaks {
            rows.push(soak.await?);
        }
        Ok(rows)
    })
}

/// Soaks in one browser, and says at its end what came of it.
async fn judged(
    browser: Browser,
    driver: Result<Driver>,
    site: PathBuf,
    seed: u64,
    seconds: u64,
) -> Row {
    let mut tally = Tally::new(PART, browser);
    let outcome = match driver {
        Ok(driver) => soak_in(browser, &driver, &site, seed, seconds).await,
        Err(error) => Err(error),
    }
    .with_context(|| {
        format!("`cargo xtask chaos --seed {seed} --seconds {seconds} --browser {browser}` draws the same again")
    });
    tally.count(&format!("seed {seed}, {seconds} s"), &outcome);
    tally.row()
}

/// What the page posts.
#[derive(Deserialize)]
struct Outcome {
    ok: bool,
    text: String,
}

async fn soak_in(
    browser: Browser,
    driver: &Driver,
    site: &Path,
    seed: u64,
    seconds: u64,
) -> Result<String> {
    let options = Options {
        isolated: true,
        no_store: true,
        ..Options::default()
    };
    let server = Server::start(site.to_owned(), 0, options).await?;
    let session = Session::open(driver).await?;
    let mut query = format!("seed={seed}&seconds={seconds}&outcome={OUTCOME}");
    if browser == Browser::Webkit {
        // It never ends a loop that does not call out.
        query.push_str("&checkpoint=1");
    }
    let url = server.url(&format!("/{}/?{query}", pages::CHAOS.route));
    session.goto(&url).await?;
    let limit = Duration::from_secs(seconds) + BESIDE;
    let posted = match server.posted(OUTCOME, limit).await {
        Ok(posted) => posted,
        Err(error) => return Err(error.context(session.body().await)),
    };
    let Outcome { ok, text } =
        serde_json::from_slice(&posted).context("reading the page's outcome")?;
    // A browser that hangs at its end has posted all that was asked of it.
    let _ = session.close().await;
    if !ok {
        bail!(text);
    }
    Ok(text)
}
