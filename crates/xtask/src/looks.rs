//! The pages that people see, and those laid out as others lay them out: each is opened, judged by what it shows, and leaves
//! its picture in `target/screens`.

mod images;
mod julia;
mod worlds;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;

use crate::browser::{Browser, Driver};
use crate::cases::{self, Tally};
use crate::classic::Classic;
use crate::demo;
use crate::layouts;
use crate::pages;
use crate::programs;
use crate::serve::{Options, Server};
use crate::table::Row;
use crate::webdriver::Session;
use crate::workspace;
use crate::worlds::Native;

/// A canvas that has not been posted by then is not coming.
const DEADLINE: Duration = Duration::from_secs(60);

/// All that a page with a thread can do without, beside its `worker-src`: everything starts forbidden.
const STRICTEST: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; \
    require-trusted-types-for 'script'; trusted-types wasm-mt";

/// Opens each page, checks what it shows, and takes its picture.
pub(crate) async fn check(
    browser: Browser,
    driver: &Driver,
    site: &Path,
    native: &Native,
    filter: Option<&str>,
) -> Row {
    let mut tally = Tally::new("pages", browser);
    if let Err(error) = check_each(browser, driver, site, native, filter, &mut tally).await {
        tally.count("what comes behind", &Err(error));
    }
    tally.row()
}

/// # Errors
/// The browser is not at our command any more: the rest was not checked.
async fn check_each(
    browser: Browser,
    driver: &Driver,
    site: &Path,
    native: &Native,
    filter: Option<&str>,
    tally: &mut Tally,
) -> Result<()> {
    let server = Server::start(site.to_owned(), 0, Options::default()).await?;
    let session = Session::open(driver).await?;
    let picture = |page: &str| -> PathBuf {
        workspace::target_dir().join(format!("screens/{browser}-{page}.png"))
    };
    macro_rules! check {
        ($page:expr, $outcome:expr) => {{
            let page: &str = $page;
            if cases::is_chosen(page, filter) {
                let outcome = async {
                    let text = $outcome.await?;
                    session.screenshot(&picture(page)).await?;
                    anyhow::Ok(text)
                };
                tally.count(page, &outcome.await);
                ensure!(!session.hangs(), "the driver answers no more");
            }
        }};
    }
    check!("gallery", check_gallery(&session, &server));
    check!("hello", check_hello(&session, &server));
    for by in ["worker", "page"] {
        check!(
            &format!("images-{by}"),
            images::check(&session, &server, browser, by)
        );
    }
    julia::lay_out(site)?;
    check!(
        "julia-explorer",
        julia::check_explorer(&session, &server, browser)
    );
    check!(
        "julia-benchmark",
        julia::check_benchmark(&session, &server, browser)
    );
    check!(
        "julia-blocked",
        julia::check_blocked(&session, &server, browser)
    );
    check!(
        "julia-narrow",
        julia::check_narrow(&session, &server, browser)
    );
    check!("worlds", worlds::check(&session, &server, native));
    for (kind, query) in [("", ""), ("-no-modules", "?glue=no-modules")] {
        for by in ["job", "exec"] {
            check!(
                &format!("parallel-{by}{kind}"),
                check_parallel(&session, &server, query, by)
            );
        }
        let page = |name| Classic::new(&session, server.url(&format!("/{name}/{query}")));
        check!(&format!("exec{kind}"), page("exec").check_exec());
        check!(&format!("fib{kind}"), page("fib").check_fib());
        check!(
            &format!("executors{kind}"),
            page("executors").check_executors()
        );
        for name in ["arraybuffers", "pool_arraybuffers"] {
            let pkg = site.join(format!("{name}/pkg{kind}"));
            check!(
                &format!("{name}{kind}"),
                page(name).check_arraybuffers(name, &pkg)
            );
        }
        check!(
            &format!("pool_exec{kind}"),
            page("pool_exec").check_pool_exec()
        );
        check!(&format!("http{kind}"), page("http").check_http());
    }
    let bin_page = pages::BIN_PAGE.route;
    check!("bin-page", check_bin_page(&session, &server, bin_page));
    check!(
        "bin-page-no-modules",
        check_bin_page(&session, &server, &format!("{bin_page}/no-modules.html"))
    );
    check!(
        "trunk",
        check_bin_page(&session, &server, layouts::TRUNK_ROUTE)
    );
    check!(
        "strict-file",
        check_strict(&session, site, "index.html", "'self'")
    );
    check!(
        "strict-blob",
        check_strict(&session, site, "blob.html", "blob:")
    );
    for (name, path, lines) in programs::all() {
        check!(&name, programs::check(&session, &server, &path, lines));
    }
    session.close().await
}

async fn check_gallery(session: &Session, server: &Server) -> Result<String> {
    session.goto(&server.url("/")).await?;
    let links = session
        .run("return [...document.links].map((link) => link.href).join(' ')")
        .await?;
    let links = links.as_str().unwrap_or_default();
    for page in pages::EXAMPLES {
        let address = server.url(&format!("/{}/", page.route));
        ensure!(
            links
                .split(' ')
                .any(|link| link.trim_end_matches("index.html") == address),
            "no link to {address} among: {links}"
        );
    }
    Ok(format!("links to {} examples", pages::EXAMPLES.len()))
}

async fn check_hello(session: &Session, server: &Server) -> Result<String> {
    session.goto(&server.url("/hello/")).await?;
    session.text("#answer", "832040").await
}

/// Runs the page with threads that are given work `by` either form.
async fn check_parallel(
    session: &Session,
    server: &Server,
    query: &str,
    by: &str,
) -> Result<String> {
    session
        .goto(&server.url(&format!("/parallel/{query}")))
        .await?;
    session.text("#status", "ready").await?;
    session.click(&format!("#by [value={by}]")).await?;
    session.click("#run").await?;
    let status = session.text("#status", "done").await?;
    ensure!(status.contains(&format!("by {by}!")), "{status}");
    session.post_canvas("/canvas/parallel").await?;
    demo::compare(&server.posted("/canvas/parallel", DEADLINE).await?)?;
    Ok(status)
}

async fn check_bin_page(session: &Session, server: &Server, path: &str) -> Result<String> {
    session.goto(&server.url(&format!("/{path}"))).await?;
    // The sum of the squares below n.
    let n = 2_000_000_u64;
    let sum = ((n - 1) * n / 2 * (2 * n - 1) / 3).to_string();
    session.text("#answer", &sum).await?;
    let runs = session.run("return document.body.dataset.mainRuns").await?;
    ensure!(runs == "1", "main ran {runs} times");
    Ok(format!("{sum}, and main ran once"))
}

/// Opens a page under the strictest policy that allows a thread, whose worker's script comes from `worker_src`.
async fn check_strict(
    session: &Session,
    site: &Path,
    page: &str,
    worker_src: &str,
) -> Result<String> {
    let policy = format!("{STRICTEST}; worker-src {worker_src}");
    let server = Server::start(
        site.to_owned(),
        0,
        Options {
            headers: vec![(CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy)?)],
            ..Options::default()
        },
    )
    .await?;
    let url = server.url(&format!("/{}/{page}", pages::STRICT_PAGE.route));
    session.goto(&url).await?;
    session.text("#answer", "832040").await?;
    // The page's own last try.
    let last = "style-src-attr inline";
    let refused = session.text("#refused", last).await?;
    ensure!(
        refused == last,
        "the policy refused more than the page's style: {refused}"
    );
    Ok(format!("832040, under {policy}"))
}
