//! A WebDriver session with the few commands that the harness needs. No command waits forever: a page whose main thread is
//! busy blocks every one of them, and a driver may hang. What hands and a keyboard do is in `webdriver/input.rs`.

pub(crate) mod input;

use std::fs;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use axum::http::Method;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::{TimeoutConfiguration, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

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

/// Waits, without polling, until a function gives something else than nothing or `false`, and gives that. It is asked again
/// at each change of the document.
const WAIT_UNTIL: &str = "
    const done = arguments[arguments.length - 1];
    const wanted = (CONDITION);
    let observer;
    const look = () => {
        const found = wanted();
        if (found === undefined || found === null || found === false) return false;
        observer?.disconnect();
        done(found);
        return true;
    };
    if (!look()) {
        observer = new MutationObserver(look);
        observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    }
";

/// A browser under our command. It ends with `close`, or with its driver.
///
/// A command that was not answered in time stands in the way of all others: from then on each fails at once.
pub(crate) struct Session {
    client: Client,
    hangs: AtomicBool,
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
        let session = Self {
            client,
            hangs: AtomicBool::new(false),
        };
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

    /// Waits until `condition`, a function of JavaScript, gives something, and gives that. `what` names it in an error.
    pub(crate) async fn until(&self, what: &str, condition: &str) -> Result<Value> {
        let script = WAIT_UNTIL.replace("CONDITION", condition);
        let waiting = self.client.execute_async(&script, Vec::new());
        match self.command(&format!("waiting for {what}"), waiting).await {
            Ok(found) => Ok(found),
            Err(error) => Err(error.context(self.body().await)),
        }
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
        let element = self.element(selector).await?;
        self.show_element(selector).await?;
        self.command(selector, element.click()).await
    }

    /// Chooses the option of a `select` by its value.
    pub(crate) async fn select(&self, selector: &str, value: &str) -> Result<()> {
        let script = "
            const [selector, value] = arguments;
            return [...document.querySelector(selector).options].find((option) => option.value === value);
        ";
        let what = format!("choosing {value} in {selector}");
        self.show_element(selector).await?;
        let finding = self
            .client
            .execute(script, vec![json!(selector), json!(value)]);
        let option = self.command(&what, finding).await?;
        let id = id_of(&option).with_context(|| what.clone())?.to_owned();
        let option = Element::from_element_id(self.client.clone(), id.into());
        self.command(&what, option.click()).await
    }

    /// Lets the commands that follow count inside the frame, until a page is opened.
    pub(crate) async fn enter_frame(&self, selector: &str) -> Result<()> {
        let frame = self.element(selector).await?;
        self.command(selector, frame.enter_frame()).await
    }

    /// Brings an element into view at once: a driver may not wait until a page that scrolls smoothly is there.
    async fn show_element(&self, selector: &str) -> Result<()> {
        let script = "
            const [selector] = arguments;
            document.querySelector(selector).scrollIntoView({ block: 'nearest', behavior: 'instant' });
        ";
        let showing = self.client.execute(script, vec![json!(selector)]);
        self.command(selector, showing).await.map(drop)
    }

    async fn element(&self, selector: &str) -> Result<Element> {
        self.command(selector, self.client.find(Locator::Css(selector)))
            .await
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

    /// The role and the name that assistive technology is told of each element that a script returns as an array.
    ///
    /// fantoccini has no method for either: https://www.w3.org/TR/webdriver2/#get-computed-role.
    pub(crate) async fn roles_and_names(&self, script: &str) -> Result<Vec<(String, String)>> {
        let elements = self.run(script).await?;
        let mut told = Vec::new();
        for element in elements.as_array().context("no elements")? {
            let id = id_of(element)?;
            let role = self.plain(Method::GET, format!("element/{id}/computedrole"));
            let role = role.await?.as_str().unwrap_or_default().to_owned();
            let name = self.plain(Method::GET, format!("element/{id}/computedlabel"));
            let name = name.await?.as_str().unwrap_or_default().to_owned();
            told.push((role, name));
        }
        Ok(told)
    }

    /// What Chromium has complained of since it was last asked. No other driver tells its browser's log.
    pub(crate) async fn log_of_chromium(&self) -> Result<Vec<String>> {
        let log = self.plain(Method::POST, "se/log".to_owned()).await?;
        let lines = log.as_array().context("the log is no array")?;
        let severe = lines.iter().filter(|line| line["level"] == "SEVERE");
        Ok(severe.map(|line| line["message"].to_string()).collect())
    }

    async fn plain(&self, method: Method, path: String) -> Result<Value> {
        let what = path.clone();
        let command = Plain { method, path };
        self.command(&what, self.client.issue_cmd(command)).await
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
        self.resize(1280, 960).await
    }

    /// Gives the window another size. Chromium makes it as narrow as asked for, Firefox no narrower than 500 pixels, and
    /// WebKitGTK's browser no narrower than 447.
    pub(crate) async fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.command(
            "sizing the window",
            self.client.set_window_size(width, height),
        )
        .await
    }

    /// Whether a command was not answered. Nothing but the end of the driver helps then.
    pub(crate) fn hangs(&self) -> bool {
        self.hangs.load(Ordering::Relaxed)
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
        ensure!(
            !self.hangs(),
            "{what}: the driver still has an earlier command to answer"
        );
        let Ok(answer) = tokio::time::timeout(DEADLINE, answer).await else {
            self.hangs.store(true, Ordering::Relaxed);
            bail!(
                "{what}: the driver did not answer within {} s",
                DEADLINE.as_secs()
            );
        };
        answer.with_context(|| what.to_owned())
    }
}

/// A command that fantoccini has no method for.
#[derive(Debug)]
struct Plain {
    method: Method,
    /// Below the session.
    path: String,
}

impl WebDriverCompatibleCommand for Plain {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = (self.method == Method::POST).then(|| json!({ "type": "browser" }).to_string());
        (self.method.clone(), body)
    }
}

/// The driver's id of an element that a script has returned.
fn id_of(element: &Value) -> Result<&str> {
    element
        .as_object()
        .and_then(|reference| reference.values().next()?.as_str())
        .with_context(|| format!("{element} is no element"))
}
