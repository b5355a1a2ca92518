//! The page `worlds`: each of its programs is run, and must give the bytes that the native program gives.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::serve::Server;
use crate::webdriver::Session;
use crate::worlds::{self, Native};

/// The programs, and the arguments that the page has for them when it is opened.
const PROGRAMS: [(&str, &[&str]); 3] = [
    ("words", &["words"]),
    ("sort", &["sort", "100000", "7"]),
    ("julia", &["julia", "800", "500"]),
];

/// Posts what the page would save.
const POST_OUTPUT: &str = "
    const done = arguments[0];
    (async () => {
        const saved = await fetch(document.querySelector('#save').href);
        const body = await saved.arrayBuffer();
        done((await fetch('/outcome/worlds', { method: 'POST', body })).ok);
    })();
";

pub(super) async fn check(session: &Session, server: &Server, native: &Native) -> Result<String> {
    session.goto(&server.url("/worlds/")).await?;
    session.text("#status", "ready").await?;
    let text = session
        .run("return document.querySelector('#text').value")
        .await?;
    let text = text.as_str().context("there is no text")?;
    let mut bytes = 0;
    for (program, arguments) in PROGRAMS {
        session.select("#program", program).await?;
        session.click("#run").await?;
        let done = format!("done: {}, in", arguments.join(" "));
        session.text("#status", &done).await?;
        let posted = session.ask(POST_OUTPUT).await?;
        ensure!(posted == true, "the page could not post its output");
        // It has been posted by now.
        let output = server.posted("/outcome/worlds", Duration::ZERO).await?;
        worlds::ensure_equal(&output, &native.output(arguments, text)?)
            .with_context(|| format!("worlds {}", arguments.join(" ")))?;
        bytes += output.len();
    }
    Ok(format!("{bytes} bytes, the same as natively"))
}
