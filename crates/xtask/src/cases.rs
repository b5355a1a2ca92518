//! The second harness: a page that runs a named case under chosen conditions, and, in `looks`, the pages that people see.
//!
//! wasm-bindgen's own test runner serves what it likes; here the server is ours, so files can be missing or wrong, headers
//! set, and glue served from elsewhere. The bodies of the cases are in `tests/pages/src/cases.rs`, their conditions in
//! `conditions.rs`. Each case has a server of its own, so no fault and no cached file reaches the next.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use serde::Deserialize;

use crate::browser::{Browser, Driver};
use crate::conditions::{CASES, Case, Elsewhere};
use crate::layouts;
use crate::looks;
use crate::pages::{self, Glue};
use crate::programs;
use crate::serve::{Options, Server};
use crate::table::Row;
use crate::webdriver::Session;
use crate::worlds::Native;

/// A case that has posted nothing by then hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs all cases and page checks in each browser, or those with `filter` in their names: a row for the cases and one for the pages.
pub(crate) fn run(browsers: &[Browser], filter: Option<&str>) -> Result<Vec<Row>> {
    let mut all = pages::EXAMPLES.to_vec();
    all.extend([pages::CASES, pages::BIN_PAGE, pages::STRICT_PAGE]);
    all.extend(programs::PAGES);
    let site = pages::build(&all)?;
    layouts::trunk(&site)?;
    lay_out(&site)?;
    layouts::worker_script(&site, pages::STRICT_PAGE)?;
    let native = Native::build()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut rows = Vec::new();
    for &browser in browsers {
        // Isolated, because WebKitGTK shows its isolated pages no shared memory otherwise.
        let driver = Driver::start_isolated(browser)?;
        runtime.block_on(async {
            rows.push(run_cases(browser, &driver, &site, filter).await);
            rows.push(looks::check(browser, &driver, &site, &native, filter).await);
        });
        if rows.iter().rev().take(2).any(|row| row.failed > 0) {
            eprintln!("{browser} wrote:\n{}", driver.log());
        }
    }
    Ok(rows)
}

/// Puts beside the cases' page what it asks for.
pub(crate) fn lay_out(site: &Path) -> Result<()> {
    pages::build_for_cases(site)?;
    layouts::worker_script(site, pages::CASES)
}

/// The sum of what passed and failed, and how long it took.
pub(crate) struct Tally {
    part: &'static str,
    browser: Browser,
    began: Instant,
    passed: usize,
    failed: usize,
}

impl Tally {
    pub(crate) fn new(part: &'static str, browser: Browser) -> Self {
        Self {
            part,
            browser,
            began: Instant::now(),
            passed: 0,
            failed: 0,
        }
    }

    /// Prints what failed, and counts.
    pub(crate) fn count(&mut self, label: &str, outcome: &Result<String>) {
        match outcome {
            Ok(text) => {
                self.passed += 1;
                eprintln!("{} {}: {label}: {text}", self.browser, self.part);
            }
            Err(error) => {
                self.failed += 1;
                eprintln!("{} {}: {label} FAILED: {error:#}", self.browser, self.part);
            }
        }
    }

    pub(crate) fn row(self) -> Row {
        Row {
            part: self.part.to_owned(),
            browser: self.browser.name().to_owned(),
            passed: self.passed,
            failed: self.failed,
            seconds: self.began.elapsed().as_secs_f64(),
        }
    }
}

async fn run_cases(browser: Browser, driver: &Driver, site: &Path, filter: Option<&str>) -> Row {
    let mut tally = Tally::new("cases", browser);
    if let Err(error) = run_each_case(driver, site, filter, &mut tally).await {
        tally.count("what comes behind", &Err(error));
    }
    tally.row()
}

/// # Errors
/// The browser is not at our command any more: the rest did not run.
async fn run_each_case(
    driver: &Driver,
    site: &Path,
    filter: Option<&str>,
    tally: &mut Tally,
) -> Result<()> {
    let mut session = Session::open(driver).await?;
    tally.count(
        "every case is listed",
        &all_are_listed(&session, site).await,
    );
    for case in CASES {
        for &glue in case.glue {
            if !is_chosen(&case.label(glue), filter) {
                continue;
            }
            let outcome = run_case(&session, site, case, glue).await;
            tally.count(&case.label(glue), &outcome);
            if outcome.is_err() {
                // What failed may leave workers that spin, which in WebKit only the end of the browser stops.
                // A session that hangs may refuse to close; the next one opens, or that is the error.
                let _ = session.close().await;
                session = Session::open(driver).await?;
            }
        }
    }
    session.close().await
}

/// Whether what has this name was asked for, or all was.
pub(crate) fn is_chosen(name: &str, filter: Option<&str>) -> bool {
    filter.is_none_or(|part| name.contains(part))
}

/// What the page of a case posts.
#[derive(Deserialize)]
struct Outcome {
    ok: bool,
    text: String,
}

async fn run_case(session: &Session, site: &Path, case: &Case, glue: Glue) -> Result<String> {
    let mut options = Options {
        isolated: case.isolated,
        no_store: true,
        ..Options::default()
    };
    if let Some(csp) = case.csp {
        options
            .headers
            .push((CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp)));
    }
    let server = Server::start(site.to_owned(), 0, options).await?;
    let other = match case.elsewhere {
        Elsewhere::No => None,
        Elsewhere::WithCors | Elsewhere::WithoutCors => {
            let cors = case.elsewhere == Elsewhere::WithCors;
            let options = Options {
                cors,
                no_store: true,
                ..Options::default()
            };
            Some(Server::start(site.to_owned(), 0, options).await?)
        }
    };
    let script = pages::CASES.script(glue);
    let module = pages::CASES.module(glue);
    if let Some((what, from)) = case.module {
        server.plant(&module, what.parse()?, from);
    }
    let mut query: Vec<(&str, String)> = vec![("case", case.name.to_owned())];
    query.push((
        "glue",
        other
            .as_ref()
            .map_or(script.clone(), |other| other.url(&script)),
    ));
    if case.elsewhere == Elsewhere::WithoutCors {
        query.push(("wasm", module));
    }
    query.extend(
        case.query
            .iter()
            .map(|&(key, value)| (key, value.to_owned())),
    );
    open_case(session, &server, glue, &query, DEADLINE).await
}

/// The table here and the bodies there name the same cases.
async fn all_are_listed(session: &Session, site: &Path) -> Result<String> {
    let server = Server::start(site.to_owned(), 0, Options::default()).await?;
    let query = [("glue", pages::CASES.script(Glue::Web))];
    let names = open_case(session, &server, Glue::Web, &query, DEADLINE).await?;
    let there: BTreeSet<&str> = names.split(' ').collect();
    let here: BTreeSet<&str> = CASES.iter().map(|case| case.name).collect();
    let differ: Vec<_> = there.symmetric_difference(&here).collect();
    ensure!(
        differ.is_empty(),
        "listed only here or only there: {differ:?}"
    );
    Ok(format!("{} cases", here.len()))
}

/// Opens the page with a query, and gives what it posts.
pub(crate) async fn open_case(
    session: &Session,
    server: &Server,
    glue: Glue,
    query: &[(&str, String)],
    deadline: Duration,
) -> Result<String> {
    let page = match glue {
        Glue::Web => "index.html",
        Glue::NoModules => "no-modules.html",
    };
    let mut url = server.url(&format!(
        "/{}/{page}?outcome=/outcome/case",
        pages::CASES.route
    ));
    for (key, value) in query {
        url.push_str(&format!("&{key}={value}"));
    }
    session.goto(&url).await?;
    let posted = match server.posted("/outcome/case", deadline).await {
        Ok(posted) => posted,
        Err(error) => return Err(error.context(session.body().await)),
    };
    let outcome: Outcome = serde_json::from_slice(&posted).context("reading the page's outcome")?;
    if !outcome.ok {
        bail!(outcome.text);
    }
    Ok(outcome.text)
}
