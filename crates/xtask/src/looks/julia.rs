//! The page `julia`: its explorer, its benchmark, and how it is laid out and named, each with the input of a person. Whatever
//! a canvas shows when the page says that it is done must be, byte by byte, what the same code draws natively.
//!
//! What is opened is the page as it is built, with one script more, before all others, that keeps what the page complains of, and
//! tells when it has loaded; and that in a frame, since no engine but Chromium makes a window as narrow as a telephone.

mod benchmark;
mod blocked;
mod explorer;
mod narrow;
mod view;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

pub(super) use self::benchmark::check as check_benchmark;
pub(super) use self::blocked::check as check_blocked;
pub(super) use self::explorer::check as check_explorer;
pub(super) use self::narrow::check as check_narrow;
use self::view::{Rect, View};
use crate::browser::Browser;
use crate::demo;
use crate::pages;
use crate::serve::Server;
use crate::webdriver::Session;

/// A canvas that has not been posted by then is not coming.
const DEADLINE: Duration = Duration::from_secs(30);

/// Where a page's first script goes: there is nothing before it that could complain.
const FIRST: &str = "<html lang=\"en\">";

const WATCH: &str = "
<script>
  window.complaints = [];
  const error = console.error;
  console.error = (...what) => {
    complaints.push(`console.error: ${what.join(' ')}`);
    error.apply(console, what);
  };
  addEventListener('error', (event) => {
    const { target } = event;
    complaints.push(`error: ${event.message ?? target.src ?? target.href} ${event.filename ?? ''}`);
  }, true);
  addEventListener('unhandledrejection', (event) => complaints.push(`not handled: ${event.reason}`));
  addEventListener('load', () => fetch('/outcome/loaded', { method: 'POST', body: location.search }));
</script>
";

/// Its frame is as wide as the address says.
const FRAME: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>julia in a frame</title>
<link rel=\"icon\" href=\"data:,\">
<style>body { margin: 0; } iframe { display: block; height: 100vh; border: 0; }</style>
<iframe title=\"julia\"></iframe>
<script>
  const frame = document.querySelector('iframe');
  frame.style.width = `${new URLSearchParams(location.search).get('width')}px`;
  frame.src = 'watched.html';
</script>
</html>
";

/// Lays both out beside the page.
pub(super) fn lay_out(site: &Path) -> Result<()> {
    let folder = site.join(pages::JULIA.route);
    let html = fs::read_to_string(folder.join("index.html")).context("reading the page julia")?;
    ensure!(html.contains(FIRST), "the page julia has no {FIRST}");
    let watched = html.replacen(FIRST, &format!("{FIRST}{WATCH}"), 1);
    fs::write(folder.join("watched.html"), watched)?;
    fs::write(folder.join("frame.html"), FRAME)?;
    Ok(())
}

/// The canvas `#view` at rest.
#[derive(Clone, Debug)]
struct Seen {
    view: View,
    generation: u64,
}

/// The page, opened.
struct Opened<'a> {
    session: &'a Session,
    server: &'a Server,
    browser: Browser,
}

impl Opened<'_> {
    /// Opens the page anew, with a query and a fragment, and waits for its first picture.
    async fn open(&self, rest: &str) -> Result<Seen> {
        // Another fragment alone would load nothing.
        self.session.goto("about:blank").await?;
        let route = pages::JULIA.route;
        let url = self.server.url(&format!("/{route}/watched.html{rest}"));
        self.session.goto(&url).await?;
        self.at_rest(-1).await
    }

    /// Waits until the explorer is done with an input later than a generation, and holds the picture against the native one.
    async fn at_rest(&self, after: i64) -> Result<Seen> {
        let condition = format!(
            "() => {{
                const canvas = document.querySelector('#view');
                const {{ state, generation }} = canvas.dataset;
                if (state === 'failed') return 'failed';
                // When its place has another size, another picture is to come.
                const fits = Math.abs(canvas.width - canvas.clientWidth) <= 1;
                return state === 'done' && fits && Number(generation) > {after} && generation;
            }}"
        );
        let what = format!("the picture after generation {after}");
        let generation = self.session.until(&what, &condition).await?;
        let generation = generation.as_str().unwrap_or_default().to_owned();
        let generation = generation
            .parse()
            .with_context(|| format!("the explorer says {generation}"))?;
        let view = self.picture("#view").await?;
        Ok(Seen { view, generation })
    }

    /// Holds the canvas against the native picture of what it says it shows, and gives that.
    async fn picture(&self, selector: &str) -> Result<View> {
        // The canvas is copied in the turn in which its view is read.
        let script = format!(
            "const done = arguments[0];
            const canvas = document.querySelector('{selector}');
            const {{ view }} = canvas.dataset;
            canvas.toBlob(async (png) => {{
                done((await fetch('/canvas/julia', {{ method: 'POST', body: png }})).ok && view);
            }});"
        );
        let view = self.session.ask(&script).await?;
        let json = view
            .as_str()
            .with_context(|| format!("{selector} could not be posted, or has no data-view"))?;
        let png = self.server.posted("/canvas/julia", DEADLINE).await?;
        compare(&png, json).with_context(|| format!("{selector} as {json}"))?;
        serde_json::from_str(json).with_context(|| format!("reading {json}"))
    }

    /// Where an element's content is, after it was brought into view.
    async fn rect(&self, selector: &str) -> Result<Rect> {
        let script = format!(
            "const element = document.querySelector('{selector}');
            element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
            const {{ left, top, width, height }} = element.getBoundingClientRect();
            const {{ clientLeft, clientTop, clientWidth, clientHeight, offsetWidth, offsetHeight }} = element;
            // The lengths with Client and Offset in their names are rounded, borders mostly whole.
            return [left + clientLeft, top + clientTop, width - offsetWidth + clientWidth, height - offsetHeight + clientHeight];"
        );
        let rect = self.session.run(&script).await?;
        let [left, top, width, height] = serde_json::from_value(rect)?;
        Ok(Rect {
            left,
            top,
            width,
            height,
        })
    }

    /// Fails where the page, or Chromium for it, has complained of anything.
    async fn has_not_complained(&self) -> Result<()> {
        let complaints = self.session.run("return window.complaints").await?;
        ensure!(
            complaints.as_array().is_some_and(Vec::is_empty),
            "the page complains: {complaints}"
        );
        if self.browser == Browser::Chromium {
            let log = self.session.log_of_chromium().await?;
            ensure!(log.is_empty(), "Chromium complains: {log:?}");
        }
        Ok(())
    }
}

/// Fails when a PNG is not the picture of the view as this machine draws it natively.
fn compare(png: &[u8], json: &str) -> Result<()> {
    let (width, height, drawn) = demo::decode(png)?;
    let (native_width, native_height, native) =
        example_julia::render_view(json).with_context(|| format!("drawing {json}"))?;
    ensure!(
        (width, height) == (native_width, native_height),
        "the picture is {width}×{height} and not {native_width}×{native_height}"
    );
    demo::compare_pixels(&drawn, &native)
}
