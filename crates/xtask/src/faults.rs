//! The fault matrix: each fault of `tests/pages/src/faults/rows.rs`, on a thread and in a pool, in each browser; and one pool
//! that suffers them all. What came of each cell is held against the table in `docs/faults.md` (see `matrix`).
//!
//! A cell that posts nothing hangs, one that gives a value where there was a fault is silent, one after which nothing runs
//! any more has lost something: each is a failure, with the cell's name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use example_parallel::julia;
use serde::{Deserialize, Serialize};

use crate::browser::{Browser, Driver};
use crate::cases::{self, Tally};
use crate::matrix::{Matrix, On};
use crate::pages::{self, Glue};
use crate::serve::{Apart, Ask, Options, Server};
use crate::table::Row;
use crate::webdriver::Session;
use crate::workspace;

/// Its rows in the table: always, and with `--deep`.
pub(crate) const PART: &str = "faults";
const DEEP: &str = "faults: no-modules";

/// The rows of a run, and the glue of each.
fn kinds(deep: bool) -> &'static [(&'static str, Glue)] {
    match deep {
        true => &[(PART, Glue::Web), (DEEP, Glue::NoModules)],
        false => &[(PART, Glue::Web)],
    }
}

pub(crate) fn parts(deep: bool) -> impl Iterator<Item = &'static str> {
    kinds(deep).iter().map(|(part, _)| *part)
}

/// How long a page may take beside what its fault may: to load, to start what the fault happens to, and to go on.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the pool may take that suffers all faults.
const ALL: Duration = Duration::from_secs(120);

/// A row, as the page tells it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fault {
    id: String,
    text: String,
    /// In milliseconds.
    limit: f64,
    csp: Option<String>,
    stops: bool,
    of_modules: bool,
    leaves_loop: bool,
    only_shared: bool,
}

/// What came of a cell, as the page tells it.
#[derive(Deserialize)]
struct Cell {
    outcome: String,
    text: String,
    took: f64,
}

/// A line of `target/faults.json`.
#[derive(Serialize)]
struct Timed {
    browser: &'static str,
    fault: String,
    on: On,
    outcome: String,
    text: String,
    /// In milliseconds.
    took: f64,
}

/// What a run has found.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<Row>,
    pub(crate) faults: Vec<String>,
    /// Cells by outcome.
    pub(crate) outcomes: BTreeMap<String, usize>,
}

/// Causes all faults in each browser, or those with `filter` in their labels. With `bless` the table is written, and then it is not
/// compared, as it is not where some are left out.
pub(crate) fn run(
    browsers: &[Browser],
    deep: bool,
    bless: bool,
    filter: Option<&str>,
) -> Result<Found> {
    let site = site()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut matrix = Matrix::read()?;
    let mut found = Found::default();
    let mut timed = Vec::new();
    for &browser in browsers {
        // Isolated, because WebKitGTK shows its isolated pages no shared memory otherwise.
        let driver = Driver::start_isolated(browser)?;
        for &(part, glue) in kinds(deep) {
            let mut tally = Tally::new(part, browser);
            let one = Place {
                browser,
                driver: &driver,
                site: &site,
                glue,
            };
            let ran = runtime.block_on(one.run(&mut tally, &mut matrix, bless, filter));
            let cells = ran.with_context(|| format!("{browser} wrote:\n{}", driver.log()))?;
            timed.extend(cells);
            found.rows.push(tally.row());
        }
    }
    for cell in &timed {
        let outcome = cell.outcome.split(':').next().unwrap_or_default();
        *found.outcomes.entry(outcome.to_owned()).or_default() += 1;
    }
    found.faults = if bless {
        matrix.write()?;
        Vec::new()
    } else if filter.is_some() {
        Vec::new()
    } else {
        matrix.differences()
    };
    let file = workspace::target_dir().join("faults.json");
    fs::write(&file, serde_json::to_vec_pretty(&timed)?)
        .with_context(|| format!("writing {}", file.display()))?;
    Ok(found)
}

fn site() -> Result<PathBuf> {
    let site = pages::build(&[pages::CASES])?;
    cases::lay_out(&site)?;
    Ok(site)
}

/// Where a matrix's columns are filled.
struct Place<'a> {
    browser: Browser,
    driver: &'a Driver,
    site: &'a Path,
    glue: Glue,
}

impl Place<'_> {
    async fn run(
        &self,
        tally: &mut Tally,
        matrix: &mut Matrix,
        bless: bool,
        filter: Option<&str>,
    ) -> Result<Vec<Timed>> {
        let mut session = Session::open(self.driver).await?;
        // One origin for as many cells as it can be: WebKit takes another process for each that is isolated, and on a busy machine
        // its driver loses the page now and then on the way there.
        let mut server = self.server(None).await?;
        let list = [("fault", "list".to_owned()), ("glue", self.script())];
        let list = cases::open_case(&session, &server, self.glue, &list, PATIENCE).await?;
        let faults: Vec<Fault> = serde_json::from_str(&list).context("reading the list")?;
        matrix.lists(faults.iter().map(|fault| &*fault.text));
        let mut cells = Vec::new();
        let caused = |fault: &&Fault| self.glue == Glue::Web || !fault.of_modules;
        for fault in faults.iter().filter(caused) {
            for on in On::ALL {
                let label = format!("{}, {on} ({:?})", fault.text, self.glue);
                if !self.has(fault, on) || !cases::is_chosen(&label, filter) {
                    continue;
                }
                let own = match &fault.csp {
                    Some(csp) => Some(self.server(Some(csp)).await?),
                    None => None,
                };
                let origin = own.as_ref().unwrap_or(&server);
                let outcome = self.cause(&session, origin, fault, on).await;
                let report = match &outcome {
                    Ok(cell) => {
                        let Cell {
                            outcome,
                            text,
                            took,
                        } = cell;
                        // Another kind of glue gives what the table has of the first, or it is seen.
                        let fills = bless && self.glue == Glue::Web;
                        let same = matrix.fill(&fault.text, self.browser, on, outcome, fills);
                        cells.push(Timed {
                            browser: self.browser.name(),
                            fault: fault.text.clone(),
                            on,
                            outcome: outcome.clone(),
                            text: text.clone(),
                            took: *took,
                        });
                        same.map(|()| format!("{outcome} after {took:.0} ms: {text}"))
                    }
                    Err(error) => Err(anyhow::anyhow!("{error:#}")),
                };
                tally.count(&label, &report);
                let spins = fault.leaves_loop && self.browser == Browser::Webkit;
                if outcome.is_err() || spins {
                    // WebKit ends a worker's bare loop only with the whole browser. And a session that hangs may refuse
                    // to close; the next one opens, or that is the error.
                    let _ = session.close().await;
                    session = Session::open(self.driver).await?;
                }
                if outcome.is_err() {
                    // It may have left its files spoiled, or post late.
                    server = self.server(None).await?;
                }
            }
        }
        for on in [On::Pool, On::Shared] {
            let label = format!("one pool suffers them all, {on} ({:?})", self.glue);
            if (self.is_shared() || on != On::Shared) && cases::is_chosen(&label, filter) {
                let all = self.cause_all(&session, &server, on).await;
                tally.count(&label, &all);
            }
        }
        // Where it hangs, its driver ends it.
        let _ = session.close().await;
        Ok(cells)
    }

    /// Whether the fault is to be caused there.
    fn has(&self, fault: &Fault, on: On) -> bool {
        match on {
            On::Shared => self.is_shared(),
            // Nothing forks on a thread.
            On::Thread | On::Pool => !fault.only_shared,
        }
    }

    /// Its pages are isolated.
    fn is_shared(&self) -> bool {
        self.glue == Glue::Web
    }

    fn script(&self) -> String {
        pages::CASES.script(self.glue)
    }

    fn options(&self) -> Options {
        Options {
            // A page of each kind: of the two that differ most.
            isolated: self.is_shared(),
            no_store: true,
            ..Options::default()
        }
    }

    async fn server(&self, csp: Option<&str>) -> Result<Server> {
        let mut options = self.options();
        if let Some(csp) = csp {
            let policy = HeaderValue::from_str(csp)?;
            options.headers.push((CONTENT_SECURITY_POLICY, policy));
        }
        Server::start(self.site.to_owned(), 0, options).await
    }

    /// Another origin, which can be stopped, and lets pages of others read it where they come from it.
    async fn other(&self, port: u16, cors: bool) -> Result<Apart> {
        let options = Options {
            cors,
            ..self.options()
        };
        Apart::start(self.site.to_owned(), port, options).await
    }

    async fn cause(
        &self,
        session: &Session,
        server: &Server,
        fault: &Fault,
        on: On,
    ) -> Result<Cell> {
        let mut other = Some(self.other(0, fault.stops).await?);
        let port = other.as_ref().map_or(0, Apart::port);
        let origin = format!("http://127.0.0.1:{port}");
        let glue = match fault.stops {
            true => format!("{origin}{}", self.script()),
            false => self.script(),
        };
        let query = [
            ("fault", fault.id.clone()),
            ("on", on.to_string()),
            ("glue", glue),
            ("other", origin),
        ];
        let limit = PATIENCE + Duration::from_secs_f64(fault.limit / 1000.0);
        let page = cases::open_case(session, server, self.glue, &query, limit);
        let serving = async {
            loop {
                let ask = server.asked().await;
                self.answer(ask, session, &mut other, port).await;
            }
        };
        let text = tokio::select! {
            text = page => text?,
            never = serving => never,
        };
        serde_json::from_str(&text).with_context(|| format!("reading what came of it: {text}"))
    }

    /// Does what the page asks for.
    async fn answer(&self, ask: Ask, session: &Session, other: &mut Option<Apart>, port: u16) {
        let done = match &*ask.what {
            "hide" => session.hide().await,
            "show" => session.show().await,
            "stop" => {
                drop(other.take());
                Ok(())
            }
            "restart" => self
                .other(port, true)
                .await
                .map(|again| *other = Some(again)),
            what => Err(anyhow::anyhow!("nobody can {what}")),
        };
        ask.answer(done);
    }

    /// A pool that suffers all faults that leave it its page, and then draws a picture.
    async fn cause_all(&self, session: &Session, server: &Server, on: On) -> Result<String> {
        let query = [
            ("fault", "all".to_owned()),
            ("on", on.to_string()),
            ("glue", self.script()),
        ];
        let text = cases::open_case(session, server, self.glue, &query, ALL).await?;
        let drawn = server.posted("/canvas/julia", PATIENCE).await?;
        let [picture, ..] = julia::pictures();
        let native = julia::render(&picture);
        if drawn.len() != native.len() {
            bail!(
                "the picture has {} bytes, not {}",
                drawn.len(),
                native.len()
            );
        }
        let wrong = drawn.iter().zip(&native).filter(|(a, b)| a != b).count();
        ensure!(wrong == 0, "{wrong} bytes of the picture are wrong");
        Ok(format!("{text}, and the picture is right"))
    }
}
