//! The benchmark: run to its end, stopped in the middle, and run again; what it shows, and what it saves.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{DEADLINE, Opened, compare};
use crate::browser::Browser;
use crate::serve::Server;
use crate::webdriver::Session;

/// The workers of the runs here: one that computes alone, and two that can steal.
const WORKERS: u32 = 2;

const SIDE: u32 = 200;
const TILE: u32 = 32;

/// A run can be begun.
pub(super) const CAN_RUN: &str = "() => !document.querySelector('#run').disabled";

/// How long after Stop the page may take until it can be used again.
const STOPPED_WITHIN: Duration = Duration::from_secs(2);

/// Notes what the bar and the status say from now on; and when a run begins, what becomes of a key for the explorer, since a run
/// may be over when the driver's next command comes.
const NOTE: &str = "
    window.noted = { progress: [], states: [], held: [] };
    const view = document.querySelector('#view');
    const key = () => {
        const before = view.dataset.generation;
        view.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true, cancelable: true }));
        noted.held.push(before === view.dataset.generation, document.querySelector('#view-status').textContent);
    };
    const note = (selector, list, read) => {
        const element = document.querySelector(selector);
        const look = () => {
            const now = read(element);
            if (now !== list.at(-1)) list.push(now);
            if (now === 'busy' && noted.held.length === 0) key();
        };
        new MutationObserver(look).observe(element, { attributes: true, childList: true, subtree: true });
    };
    note('#progress', noted.progress, (bar) => bar.value / bar.max);
    note('#status', noted.states, (status) => status.dataset.state);
";

/// Clicks Stop as soon as the bar and the picture's caption say what is asked for, and gives how long the page took then, in
/// milliseconds.
const STOP: &str = "
    const done = arguments[0];
    const bar = document.querySelector('#progress');
    const status = document.querySelector('#status');
    const run = document.querySelector('#run');
    const by = document.querySelector('#now');
    let clicked = 0;
    const look = () => {
        if (status.dataset.state === 'failed' || status.dataset.state === 'done') {
            observer.disconnect();
            done(status.textContent);
        } else if (!clicked) {
            const now = by.textContent;
            if (!(WANTED)) return;
            clicked = performance.now();
            document.querySelector('#stop').click();
        } else if (status.dataset.state === 'stopped' && !run.disabled) {
            observer.disconnect();
            done(performance.now() - clicked);
        }
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    look();
";

/// Uses the benchmark as a person would.
pub(in crate::looks) async fn check(
    session: &Session,
    server: &Server,
    browser: Browser,
) -> Result<String> {
    let page = Opened {
        session,
        server,
        browser,
    };
    page.open("").await?;
    session.text("#status", "ready").await?;
    session.select("#workers", &WORKERS.to_string()).await?;
    session
        .text("#status", &format!("ready: {WORKERS} workers"))
        .await?;
    session.until("Run", CAN_RUN).await?;
    for (select, value) in [("#size", SIDE), ("#runs", 3), ("#tile", TILE)] {
        session.select(select, &value.to_string()).await?;
    }
    let benchmark = Benchmark { page };
    let first = benchmark.run().await.context("the first run")?;
    benchmark.saves().await?;
    for (when, wanted) in [
        ("in the one thread's run", "now.startsWith('one thread')"),
        (
            "while workers steal",
            "bar.value > 0 && now === 'work stealing, 2 workers'",
        ),
    ] {
        benchmark
            .stops(wanted)
            .await
            .with_context(|| format!("stopped {when}"))?;
    }
    benchmark.run().await.context("run again")?;
    benchmark.page.has_not_complained().await?;
    Ok(first)
}

struct Benchmark<'a> {
    page: Opened<'a>,
}

/// A row of the table, as it is read.
type Cells = Vec<String>;

impl Benchmark<'_> {
    /// Runs to the end, and holds what is shown then against what must be.
    async fn run(&self) -> Result<String> {
        let session = self.page.session;
        session.run(NOTE).await?;
        session.click("#run").await?;
        let ended =
            "() => ['done', 'failed'].includes(document.querySelector('#status').dataset.state)";
        // It was done before, too: what is waited for comes after it was busy.
        session
            .until(
                "the run's end",
                &format!("() => noted.states.includes('busy') && ({ended})()"),
            )
            .await?;
        let status = session.run("return document.querySelector('#status').textContent");
        let status = status.await?.as_str().unwrap_or_default().to_owned();
        ensure!(status.starts_with("done"), "{status}");
        let view = self.page.picture("#bench-view").await?;
        ensure!((view.width, view.height) == (SIDE, SIDE), "{view:?}");
        self.stood_still().await?;
        self.has_risen().await?;
        self.tabulates().await?;
        self.draws().await?;
        Ok(status)
    }

    /// The explorer took no input meanwhile, and said so; and the status is told to whoever does not see it.
    async fn stood_still(&self) -> Result<()> {
        let script = "
            const status = document.querySelector('#status');
            return [...noted.held, status.getAttribute('role'), status.getAttribute('aria-live')];
        ";
        let told = self.page.session.run(script).await?;
        let (stood, said, role, live): (bool, String, String, String) =
            serde_json::from_value(told).context("what was noted when the run began")?;
        ensure!(
            stood && said.contains("stands still"),
            "the explorer took a key: {}; it said: {said}",
            !stood
        );
        ensure!(
            (role.as_str(), live.as_str()) == ("status", "polite"),
            "the status is a {role}, told {live}"
        );
        Ok(())
    }

    /// The bar rose, and never fell.
    async fn has_risen(&self) -> Result<()> {
        let seen = self.page.session.run("return noted.progress").await?;
        let seen: Vec<f64> = serde_json::from_value(seen).context("the progress")?;
        // The first may be the bar's return to the start.
        let rising = match seen.split_first() {
            Some((first, rest)) if rest.first().is_some_and(|second| second < first) => rest,
            _ => &seen,
        };
        ensure!(
            rising.len() > 3 && rising.is_sorted() && rising.last() == Some(&1.0),
            "the progress went {seen:?}"
        );
        Ok(())
    }

    async fn rows(&self) -> Result<Vec<Cells>> {
        let script = "return [...document.querySelectorAll('#results tbody tr')]
            .map((row) => [...row.cells].map((cell) => cell.innerText.trim()))";
        let rows = self.page.session.run(script).await?;
        serde_json::from_value(rows).context("reading the table")
    }

    /// The table has a row for the page alone, and for each number of workers one of each kind.
    async fn tabulates(&self) -> Result<()> {
        let rows = self.rows().await?;
        let mut wanted = vec![("One thread".to_owned(), "–".to_owned())];
        for workers in 1..=WORKERS {
            for way in ["Static split", "Work stealing"] {
                wanted.push((way.to_owned(), workers.to_string()));
            }
        }
        let named = rows.iter().map(|row| match row.as_slice() {
            [way, workers, ..] => (way.clone(), workers.clone()),
            _ => Default::default(),
        });
        ensure!(
            named.eq(wanted),
            "other rows than one thread, and both ways for each number of workers: {rows:?}"
        );
        Ok(())
    }

    /// The chart and the timeline have their marks.
    async fn draws(&self) -> Result<()> {
        let tiles = SIDE.div_ceil(TILE).pow(2) as usize;
        let script = "
            const chart = document.querySelector('#chart');
            const lanes = [...document.querySelectorAll('#timeline svg')].map((lane) =>
                [...lane.querySelectorAll('path')].map((path) => path.getAttribute('d')).join('').split('M').length - 1);
            return [chart.getAttribute('aria-label'), chart.querySelectorAll('rect').length, chart.querySelectorAll('circle').length, lanes];
        ";
        let drawn = self.page.session.run(script).await?;
        let (says, squares, circles, lanes): (String, usize, usize, Vec<usize>) =
            serde_json::from_value(drawn).context("chart and timeline")?;
        let workers = WORKERS as usize;
        ensure!(
            squares == workers && circles == workers && says.contains(char::is_numeric),
            "the chart has {squares} and {circles} points, and is called {says}"
        );
        ensure!(
            lanes.len() == workers && lanes.iter().sum::<usize>() == tiles,
            "the lanes have {lanes:?} blocks, of {tiles} tiles"
        );
        Ok(())
    }

    /// What is saved is what is shown.
    async fn saves(&self) -> Result<()> {
        let session = self.page.session;
        let json = "const done = arguments[0];
            fetch(document.querySelector('#save-json').href).then((file) => file.text()).then(done);";
        let json = session.ask(json).await?;
        let json: Value = serde_json::from_str(json.as_str().unwrap_or_default())
            .context("reading what #save-json saves")?;
        let saved = json["rows"].as_array().context("it has no rows")?;
        let shown = self.rows().await?;
        ensure!(saved.len() == shown.len(), "{saved:?} and {shown:?}");
        for (saved, shown) in saved.iter().zip(&shown) {
            for (column, name) in [(2, "median"), (4, "speed_up")] {
                let cell = shown.get(column).map_or("", String::as_str);
                let figure = saved[name].as_f64().unwrap_or(f64::NAN);
                ensure!(
                    says(cell, figure),
                    "{figure} is saved as {name}, and {cell} shown: {shown:?}"
                );
            }
        }

        let png = "const done = arguments[0];
            fetch(document.querySelector('#save-png').href).then((file) => file.blob())
                .then((png) => fetch('/canvas/saved', { method: 'POST', body: png }))
                .then(() => done(document.querySelector('#bench-view').dataset.view));";
        let view = session.ask(png).await?;
        let png = self.page.server.posted("/canvas/saved", DEADLINE).await?;
        let view = view.as_str().context("#bench-view has no data-view")?;
        compare(&png, view).context("what #save-png saves")
    }

    /// Stops a long run when the page says what is `wanted`, and goes on with the explorer.
    async fn stops(&self, wanted: &str) -> Result<()> {
        let session = self.page.session;
        session.select("#size", "800").await?;
        session.click("#run").await?;
        let took = session.ask(&STOP.replace("WANTED", wanted)).await?;
        let took = took
            .as_f64()
            .with_context(|| format!("the run was not stopped, but ended: {took}"))?;
        ensure!(
            took <= STOPPED_WITHIN.as_secs_f64() * 1000.0,
            "usable again only after {took:.0} ms"
        );
        let before = self.page.at_rest(-1).await?;
        session.click("#zoom-in").await?;
        let after = self.page.at_rest(before.generation as i64).await?;
        ensure!(after.view.step < before.view.step, "the explorer stands");
        session.click("#reset").await?;
        self.page.at_rest(after.generation as i64).await?;
        session.select("#size", &SIDE.to_string()).await
    }
}

/// A cell begins with the figure, rounded to as many digits as it shows.
fn says(cell: &str, figure: f64) -> bool {
    let number = cell.split(' ').next().unwrap_or_default();
    let digits = number.split_once('.').map_or(0, |(_, behind)| behind.len());
    let half = 0.5 * 0.1_f64.powi(digits as i32);
    number
        .parse()
        .is_ok_and(|shown: f64| (shown - figure).abs() <= half + 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_says_a_figure_as_far_as_it_shows_digits() {
        assert!(says("12.3 ms", 12.34));
        assert!(!says("12.3 ms", 12.36));
        assert!(says("123 ms", 122.6));
        assert!(says("1.50 ×", 1.4951));
        assert!(!says("–", 1.0));
        assert!(!says("1.5 ×", f64::NAN));
    }
}
