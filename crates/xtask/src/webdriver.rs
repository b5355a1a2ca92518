//! A WebDriver session with the few commands that the harness needs. No command waits forever: a page whose main thread is
//! busy blocks every one of them, and a driver may hang.

use std::fs;
use std::future::Future;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fantoccini::error::CmdError;
use fantoccini::wd::TimeoutConfiguration;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::browser::Driver;

/// Starting a browser is the slowest of all commands.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long a script may wait for something to appear; below the deadline, so that the script's own error is seen.
const SCRIPT_DEADLINE: Duration = Duration::from_secs(30);

/// Waits, without polling, until an element's text contains something.
const WAIT_FOR_TEXT: &str = "
    const [selector, wanted, done] = arguments;
    let observer;
    const look = () => {
        const text = document.querySelector(selector)?.textContent;
        if (!text?.includes(wanted)) return false;
        observer?.disconnect();
        done(text);
        return true;
    };
    if (!look()) {
        observer = new MutationObserver(look);
        observer.observe(document, { subtree: true, childList: true, characterData: true });
    }
";

/// A browser under our command. It ends with `close`, or with its driver.
pub(crate) struct Session {
    client: Client,
}

impl Session {
    /// Opens a window 1280 pixels wide.
    pub(crate) async fn open(driver: &Driver) -> Result<Self> {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(driver.capabilities());
        let client = tokio::time::timeout(DEADLINE, builder.connect(&driver.url()))
            .await
            .context("the driver opened no session in time")?
            .context("the driver opened no session")?;
        let session = Self { client };
        let timeouts = TimeoutConfiguration::new(Some(SCRIPT_DEADLINE), Some(DEADLINE), None);
        session
            .command(
                "setting time-outs",
                session.client.update_timeouts(timeouts),
            )
            .await?;
        session
            .command(
                "sizing the window",
                session.client.set_window_size(1280, 960),
            )
            .await?;
        Ok(session)
    }

    /// Opens a page and waits until it has loaded.
    pub(crate) async fn goto(&self, url: &str) -> Result<()> {
        self.command(url, self.client.goto(url)).await
    }

    /// Waits until the text of the element contains `wanted`, and gives it.
    pub(crate) async fn text(&self, selector: &str, wanted: &str) -> Result<String> {
        let waiting = self
            .client
            .execute_async(WAIT_FOR_TEXT, vec![json!(selector), json!(wanted)]);
        let what = format!("waiting for `{wanted}` in {selector}");
        let text = match self.command(&what, waiting).await {
            Ok(text) => text,
            Err(error) => return Err(error.context(self.body().await)),
        };
        text.as_str()
            .map(str::to_owned)
            .with_context(|| format!("{selector} has no text"))
    }

    /// All text of the page, for the report of what went wrong.
    pub(crate) async fn body(&self) -> String {
        match self.run("return document.body.innerText").await {
            Ok(text) => format!("the page says: {}", text.as_str().unwrap_or_default()),
            Err(error) => format!("the page does not answer: {error:#}"),
        }
    }

    /// Clicks the element.
    pub(crate) async fn click(&self, selector: &str) -> Result<()> {
        let element = self
            .command(selector, self.client.find(Locator::Css(selector)))
            .await?;
        self.command(selector, element.click()).await
    }

    /// What a script of the page returns.
    pub(crate) async fn run(&self, script: &str) -> Result<Value> {
        self.command(script, self.client.execute(script, Vec::new()))
            .await
    }

    /// What a script of the page gives to the function that is its argument.
    pub(crate) async fn ask(&self, script: &str) -> Result<Value> {
        self.command(script, self.client.execute_async(script, Vec::new()))
            .await
    }

    /// Has the page post its canvas as PNG.
    pub(crate) async fn post_canvas(&self, path: &str) -> Result<()> {
        let script = "
            const [path, done] = arguments;
            document.querySelector('canvas').toBlob(async (png) => {
                done((await fetch(path, { method: 'POST', body: png })).ok);
            });
        ";
        let posted = self.client.execute_async(script, vec![json!(path)]);
        let posted = self.command("posting the canvas", posted).await?;
        ensure!(posted == json!(true), "the page could not post its canvas");
        Ok(())
    }

    /// Writes a picture of the window.
    pub(crate) async fn screenshot(&self, file: &Path) -> Result<()> {
        let png = self
            .command("taking a screenshot", self.client.screenshot())
            .await?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, png).with_context(|| format!("writing {}", file.display()))
    }

    /// Hides the page, as behind another window.
    pub(crate) async fn hide(&self) -> Result<()> {
        self.command("minimizing the window", self.client.minimize_window())
            .await
    }

    /// Shows it again.
    pub(crate) async fn show(&self) -> Result<()> {
        self.command("sizing the window", self.client.set_window_size(1280, 960))
            .await
    }

    /// Ends the browser.
    pub(crate) async fn close(self) -> Result<()> {
        let closing = self.client.clone().close();
        self.command("closing the session", closing).await
    }

    async fn command<T>(
        &self,
        what: &str,
        answer: impl Future<Output = Result<T, CmdError>>,
    ) -> Result<T> {
        tokio::time::timeout(DEADLINE, answer)
            .await
            .with_context(|| format!("{what}: the driver did not answer"))?
            .with_context(|| what.to_owned())
    }
}
