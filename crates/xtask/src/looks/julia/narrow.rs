//! The page as wide as a telephone and as wide as a desk: nothing hangs over, nothing lies on another thing, everything that can
//! be used has a role and a name, and the Tab key comes to each and leaves it again. Its pictures go to `target/screens`.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use super::Opened;
use super::benchmark::CAN_RUN;
use crate::browser::Browser;
use crate::pages;
use crate::serve::Server;
use crate::webdriver::Session;
use crate::webdriver::input;
use crate::workspace;

/// Widths in CSS pixels.
const WIDTHS: [u32; 2] = [390, 1280];

/// What can be used, in the order of the document: a function that gives elements, and one that says which one it is.
const USABLE: &str = "
    const usable = () => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
        .filter((element) => element.tabIndex >= 0 && !element.disabled && element.checkVisibility());
    const label = (element) => {
        const of = `${element.localName}${element.id && '#'}${element.id}`;
        return element.href ? `${of} ${element.getAttribute('href')}` : of;
    };
";

/// What hangs over or lies on another thing.
const LAID_OUT: &str = "
    const found = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} wide in ${clientWidth}`);
    const boxes = usable().map((element) => [element, element.getBoundingClientRect()]);
    for (const [i, [a, of_a]] of boxes.entries()) {
        for (const [b, of_b] of boxes.slice(i + 1)) {
            // The buttons of a map lie on it.
            if (a.contains(b) || (a.id === 'view' && b.closest('.view'))) continue;
            const across = Math.min(of_a.right, of_b.right) - Math.max(of_a.left, of_b.left);
            const down = Math.min(of_a.bottom, of_b.bottom) - Math.max(of_a.top, of_b.top);
            if (across > 1 && down > 1) found.push(`${label(a)} and ${label(b)} overlap`);
        }
    }
    return found;
";

/// Holds the page's layout, names and order of focus against what must be, in a frame of each width.
pub(in crate::looks) async fn check(
    session: &Session,
    server: &Server,
    browser: Browser,
) -> Result<String> {
    let mut checked = 0;
    for width in WIDTHS {
        let page = Narrow {
            page: Opened {
                session,
                server,
                browser,
            },
            width,
        };
        let outcome = page.check().await;
        // Also after a failure: the pages that follow want their usual window.
        session.resize(1280, 960).await?;
        checked = outcome.with_context(|| format!("{width} pixels wide"))?;
    }
    Ok(format!(
        "{checked} controls with role, name and focus, at {WIDTHS:?}"
    ))
}

struct Narrow<'a> {
    page: Opened<'a>,
    width: u32,
}

impl Narrow<'_> {
    async fn check(&self) -> Result<usize> {
        let session = self.page.session;
        let route = pages::JULIA.route;
        let path = format!("/{route}/frame.html?width={}", self.width);
        session.goto(&self.page.server.url(&path)).await?;
        session.enter_frame("iframe").await?;
        session.text("#status", "ready").await?;
        self.page.at_rest(-1).await?;
        self.unroll().await?;
        self.is_laid_out("at the start").await?;
        self.picture("start").await?;
        let named = self.is_named().await?;
        self.is_reached().await?;

        session.select("#workers", "2").await?;
        session.text("#status", "ready: 2 workers").await?;
        session.until("Run", CAN_RUN).await?;
        for (select, value) in [("#size", "400"), ("#runs", "1")] {
            session.select(select, value).await?;
        }
        session.click("#run").await?;
        session
            .until(
                "progress",
                "() => document.querySelector('#progress').value > 0",
            )
            .await?;
        self.picture("running").await?;
        session.text("#status", "done").await?;
        self.unroll().await?;
        self.is_laid_out("at the end").await?;
        self.picture("finished").await?;
        session.click("#block").await?;
        session.text("#block-status", "done").await?;
        self.unroll().await?;
        self.is_laid_out("when it was blocked").await?;
        self.picture("blocked").await?;
        self.page.has_not_complained().await?;
        Ok(named)
    }

    async fn is_laid_out(&self, when: &str) -> Result<()> {
        let found = self
            .page
            .session
            .run(&format!("{USABLE}{LAID_OUT}"))
            .await?;
        let found: Vec<String> = serde_json::from_value(found)?;
        ensure!(found.is_empty(), "{when}: {}", found.join("; "));
        Ok(())
    }

    /// Each control has a role and a name; gives how many there are.
    async fn is_named(&self) -> Result<usize> {
        let script = format!("{USABLE} return usable();");
        let told = self.page.session.roles_and_names(&script).await?;
        let labels = self.labels().await?;
        let bare: Vec<_> = told
            .iter()
            .zip(&labels)
            .filter(|((role, name), _)| {
                ["", "generic", "none", "presentation"].contains(&role.as_str())
                    || name.trim().is_empty()
            })
            .map(|((role, name), label)| format!("{label}: role `{role}`, name `{name}`"))
            .collect();
        ensure!(bare.is_empty(), "no role or no name: {}", bare.join("; "));
        Ok(told.len())
    }

    async fn labels(&self) -> Result<Vec<String>> {
        let script = format!("{USABLE} return usable().map(label);");
        let labels = self.page.session.run(&script).await?;
        Ok(serde_json::from_value(labels)?)
    }

    /// The Tab key goes through all of them in the order of the document.
    async fn is_reached(&self) -> Result<()> {
        let session = self.page.session;
        let wanted = self.labels().await?;
        let mut reached: Vec<String> = Vec::new();
        // A script's focus without a hand's: Tab goes on from the first of them.
        session
            .run(&format!("{USABLE} usable()[0].focus();"))
            .await?;
        let focused = format!("{USABLE} return label(document.activeElement);");
        for _ in &wanted {
            let label = session.run(&focused).await?;
            reached.push(label.as_str().unwrap_or_default().to_owned());
            session.press(&[input::TAB]).await?;
        }
        let missed: BTreeSet<&String> = wanted.iter().collect();
        let missed: Vec<_> = missed
            .difference(&reached.iter().collect())
            .copied()
            .collect();
        ensure!(
            reached == wanted,
            "the Tab key misses {missed:?}; it comes to {reached:?}"
        );
        Ok(())
    }

    /// Makes the window as high as the page, so that all of it is seen, and nothing is scrolled when it is clicked on.
    async fn unroll(&self) -> Result<()> {
        let session = self.page.session;
        let height = session
            .run("return document.documentElement.scrollHeight")
            .await?;
        let height = height.as_u64().context("the page has no height")?;
        // The window's own bars come on top.
        session.resize(1280, height as u32 + 160).await?;
        self.page.at_rest(-1).await.map(drop)
    }

    /// Leaves a picture of the page.
    async fn picture(&self, when: &str) -> Result<()> {
        let name = format!("{}-julia-{}-{when}.png", self.page.browser, self.width);
        let file = workspace::target_dir().join("screens").join(name);
        self.page.session.screenshot(&file).await
    }
}
