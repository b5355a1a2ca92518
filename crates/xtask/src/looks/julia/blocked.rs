//! The page's thread, blocked in the middle of a picture: what the page says of that on either fabric, how it says which it runs
//! on, and how one gets from one to the other.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::benchmark::CAN_RUN;
use super::{DEADLINE, Opened};
use crate::browser::Browser;
use crate::serve::Server;
use crate::webdriver::Session;

/// Milliseconds of the page.
const BLOCKED: f64 = 2000.0;

/// A worker that has rendered nothing for so many milliseconds is not at work.
const AT_WORK: f64 = 500.0;

/// What the page has of the run behind its text.
#[derive(Debug, Deserialize)]
struct Report {
    fabric: String,
    blocked: [f64; 2],
    /// When the last tile was rendered of those that were meanwhile.
    last: f64,
    /// Rendered before it was blocked, meanwhile, and afterwards.
    tiles: [u32; 3],
}

/// Blocks the page on either fabric.
pub(in crate::looks) async fn check(
    session: &Session,
    server: &Server,
    browser: Browser,
) -> Result<String> {
    let blocked = Blocked {
        page: Opened {
            session,
            server,
            browser,
        },
    };
    blocked.page.open("").await?;
    blocked.runs_on("by messages", "post").await?;
    let why = session.text("#fabric-why", "cross-origin isolated").await?;
    ensure!(why.contains("How a page becomes isolated"), "{why}");
    let first = blocked.stands_still().await.context("not isolated")?;

    // As a person would: what the page offers leads to itself, isolated.
    session
        .until(
            "the offer",
            "() => !document.querySelector('#isolate').hidden",
        )
        .await?;
    session.click("#isolate a").await?;
    blocked.is_anew("isolated").await?;
    blocked.runs_on("through shared memory", "shared").await?;
    let second = blocked.goes_on().await.context("isolated")?;

    session.select("#fabric", "post").await?;
    blocked.is_anew("fabric=post").await?;
    blocked.runs_on("by messages", "post").await?;
    blocked.stands_still().await.context("by messages")?;
    session.select("#fabric", "shared").await?;
    blocked.is_anew("fabric=shared").await?;
    blocked.runs_on("through shared memory", "shared").await?;
    blocked.goes_on().await.context("as it was asked for")?;
    blocked.page.has_not_complained().await?;
    Ok(format!("{first}; {second}"))
}

struct Blocked<'a> {
    page: Opened<'a>,
}

impl Blocked<'_> {
    /// Waits until the page was opened with this in its query.
    ///
    /// The page itself says so: a driver that is asked meanwhile asks the page that was left, and WebKit's then waits without end for a
    /// process that answers no more.
    async fn is_anew(&self, query: &str) -> Result<()> {
        let server = self.page.server;
        loop {
            let loaded = server.posted("/outcome/loaded", DEADLINE).await;
            let loaded = loaded.with_context(|| format!("waiting for the page with {query}"))?;
            if String::from_utf8_lossy(&loaded).contains(query) {
                break;
            }
        }
        self.page.at_rest(-1).await.map(drop)
    }

    /// The page says how its jobs travel.
    async fn runs_on(&self, words: &str, fabric: &str) -> Result<()> {
        self.page.session.text("#fabric-now", words).await?;
        let said = "return document.querySelector('#fabric-now').dataset.fabric";
        let said = self.page.session.run(said).await?;
        ensure!(said == fabric, "the workers are on {said}");
        Ok(())
    }

    /// Blocks the page, and holds the picture against the native one. All of it may have come before that where the page hears late of
    /// what workers have done, and then says so.
    async fn block(&self) -> Result<(Report, String)> {
        let session = self.page.session;
        session.until("the button", CAN_RUN).await?;
        session.click("#block").await?;
        let ended = "() => {
            const { state } = document.querySelector('#block-status').dataset;
            return (state === 'done' || state === 'failed') && !document.querySelector('#block').disabled && state;
        }";
        session.until("the end of the picture", ended).await?;
        let said = "return document.querySelector('#block-status').textContent";
        let said = session
            .run(said)
            .await?
            .as_str()
            .unwrap_or_default()
            .to_owned();
        ensure!(said.starts_with("done"), "{said}");
        self.page.picture("#block-view").await?;
        let report = "return document.querySelector('#block-lanes').dataset.report";
        let report = session.run(report).await?;
        let report: Report = serde_json::from_str(report.as_str().unwrap_or_default())
            .context("reading the report")?;
        let [begin, end] = report.blocked;
        ensure!(end - begin >= BLOCKED, "blocked too shortly: {report:?}");
        let [before, ..] = report.tiles;
        ensure!(before > 0, "blocked before the picture began: {report:?}");
        Ok((report, said))
    }

    /// By messages some of the picture comes when the page is free again, and the page says why.
    async fn stands_still(&self) -> Result<String> {
        let (report, said) = self.block().await?;
        let [_, during, after] = report.tiles;
        if during + after == 0 {
            return Ok(said);
        }
        ensure!(
            report.fabric == "post" && after > 0 && said.contains("by messages"),
            "{report:?}: {said}"
        );
        Ok(said)
    }

    /// Through shared memory the picture is finished meanwhile; or, where the machine is too busy for that, was still worked at.
    async fn goes_on(&self) -> Result<String> {
        let (report, said) = self.block().await?;
        let [_, during, after] = report.tiles;
        if during + after == 0 {
            return Ok(said);
        }
        ensure!(
            report.fabric == "shared"
                && during > 0
                && (after == 0 || report.blocked[1] - report.last < AT_WORK),
            "{report:?}: {said}"
        );
        Ok(said)
    }
}
