//! Programs in the form of 0.1, each with a manifest and an edition of its own: they are built, opened with both kinds of
//! glue, and must show what 0.1 documented.

use anyhow::{Result, ensure};

use crate::pages::{Glue, Page, with_both};
use crate::serve::Server;
use crate::webdriver::Session;

/// A program of edition 2018.
const OF_2018: Page = with_both(
    "wasm-mt-test-compat-2018",
    "tests/compat-2018",
    "tests/compat-2018",
);

/// A program of edition 2021.
const OF_2021: Page = with_both(
    "wasm-mt-test-compat-2021",
    "tests/compat-2021",
    "tests/compat-2021",
);

pub(crate) const PAGES: [Page; 2] = [OF_2018, OF_2021];

/// What each shows.
const LINES: [(Page, &[&str]); 2] = [
    (
        OF_2018,
        &[
            "serial: thread 0: JsValue(7), thread 1: JsValue(11), thread 2: JsValue(4)",
            "busy: shells by thread 0, another by thread 1, nothing by thread 0",
            "waits: JsValue(17)",
            "javascript: JsValue(3), JsValue(-1), 321",
            "refused: 11 words are more than 5",
            "parallel: e JsValue(6) times, a JsValue(7) times, g JsValue(3) times",
            "sorted: and leaves sand shells takes the tide",
            "terminated true: worker already terminated",
            "pool: [JsValue(7), JsValue(11), JsValue(4)]",
            "pool waits: JsValue(37) JsValue(53) JsValue(24)",
            "pool javascript: JsValue(42) JsValue(38)",
            "pool faults: JsValue(\"refused\") JsValue(3)",
            "pool dropped: canceled",
        ],
    ),
    (
        OF_2021,
        &[
            "read: 8 readings of 125 bytes",
            "wettest: ridge, day 3",
            "sums: harbour 12.25, orchard 8, ridge 30",
            "median: JsValue(8)",
            "bytes: 998001, ab",
            "executor: [JsValue(10), JsValue(10)] JsValue(2)",
            "faults: RangeError too much rain, no umbrella, 404",
            "pool sums: harbour 4.5, orchard 3, ridge 9; harbour 0, ridge 0.5; harbour 12.25, orchard 8, ridge 30",
            "pool together: JsValue(120) JsValue(true)",
            "glue: JsValue(42) after 2 s",
            "cancelled: worker already terminated",
        ],
    ),
];

/// The programs' pages: what to call one, where it is, and what it shows.
pub(crate) fn all() -> impl Iterator<Item = (String, String, &'static [&'static str])> {
    LINES.into_iter().flat_map(|(page, lines)| {
        page.glue.iter().map(move |glue| {
            let (name, html) = match glue {
                Glue::Web => ("", "index.html"),
                Glue::NoModules => ("-no-modules", "no-modules.html"),
            };
            let name = format!("{}{name}", page.out_name());
            (name, format!("/{}/{html}", page.route), lines)
        })
    })
}

/// Opens one, and compares what it shows.
pub(crate) async fn check(
    session: &Session,
    server: &Server,
    path: &str,
    lines: &[&str],
) -> Result<String> {
    session.goto(&server.url(path)).await?;
    session.text("#status", "done").await?;
    let shown = session
        .run("return [...document.querySelectorAll('#lines li')].map((line) => line.textContent).join('\\n')")
        .await?;
    let shown = shown.as_str().unwrap_or_default();
    ensure!(
        shown.lines().eq(lines.iter().copied()),
        "it shows other lines than it should:\n{shown}"
    );
    Ok(format!("{} lines as they should be", lines.len()))
}
