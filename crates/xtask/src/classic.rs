//! The pages in the form of 0.1: each is opened, run as a person would, and judged by what it shows.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::webdriver::Session;

/// A page in the form of 0.1: it runs once by itself, and again at a click.
pub(crate) struct Classic<'a> {
    session: &'a Session,
    url: String,
}

impl<'a> Classic<'a> {
    pub(crate) fn new(session: &'a Session, url: String) -> Self {
        Self { session, url }
    }

    /// Opens the page, waits until it has run, and runs it once more. What it says then.
    async fn run_twice(&self) -> Result<String> {
        self.session.goto(&self.url).await?;
        self.text("#status", "done").await?;
        self.run().await
    }

    async fn run(&self) -> Result<String> {
        // What is waited for is not what the last run said.
        let forget = "document.querySelector('#status').textContent = ''";
        self.session.run(forget).await?;
        self.session.click("#run").await?;
        self.text("#status", "done").await
    }

    async fn text(&self, selector: &str, wanted: &str) -> Result<String> {
        self.session.text(selector, wanted).await
    }

    /// What a script of the page returns, a number.
    async fn count(&self, script: &str) -> Result<u64> {
        let count = self.session.run(script).await?;
        count
            .as_u64()
            .with_context(|| format!("{script} gave {count}"))
    }

    pub(crate) async fn check_exec(&self) -> Result<String> {
        let status = self.run_twice().await?;
        for (id, wanted) in [
            ("thread", "Ok: \"started\" "),
            ("closure", "Ok: 21 "),
            ("async-closure", "Ok: \"stressed\" "),
            ("js", "Ok: 4 "),
            ("async-js", "Ok: \"5 ticks\" "),
            ("panics", "ParseIntError"),
            ("panics", "exec/src/lib.rs"),
            ("throws", "Err: RangeError: too far "),
        ] {
            self.text(&format!("#{id} output"), wanted).await?;
        }
        Ok(status)
    }

    pub(crate) async fn check_fib(&self) -> Result<String> {
        let status = self.run_twice().await?;
        ensure!(status.contains("fib(5) = 5, by 7 threads"), "{status}");
        self.session.click("#n option:last-child").await?;
        let status = self.run().await?;
        ensure!(status.contains("fib(7) = 13, by 20 threads"), "{status}");
        let named = "return new Set([...document.querySelectorAll('#tree small')].map((name) => name.textContent)).size";
        let threads = self.count(named).await?;
        ensure!(threads == 20, "{threads} threads computed");
        let ones = "return [...document.querySelectorAll('#tree span')].filter((call) => call.textContent === 'fib(1) = 1').length";
        let ones = self.count(ones).await?;
        ensure!(ones == 13, "13 is the sum of {ones} ones");
        Ok(status)
    }

    pub(crate) async fn check_executors(&self) -> Result<String> {
        let status = self.run_twice().await?;
        let primes = self.text("#primes", "216,816").await?;
        // Of each executor: how many of its jobs began before the one before them had ended.
        let overlaps = |from: u32| {
            format!(
                "const bars = [...document.querySelectorAll('.bar')].slice({from}, {from} + 4).map((bar) => bar.getBoundingClientRect()); \
                 return bars.length === 4 ? bars.filter((bar, i) => i > 0 && bar.left < bars[i - 1].right - 1).length : null"
            )
        };
        let (serial, parallel) = (
            self.count(&overlaps(0)).await?,
            self.count(&overlaps(4)).await?,
        );
        ensure!(serial == 0, "{serial} serial jobs overlapped");
        ensure!(parallel > 0, "no parallel jobs overlapped");
        Ok(format!("{primes} primes; {status}"))
    }

    pub(crate) async fn check_arraybuffers(&self, pkg: &Path) -> Result<String> {
        let status = self.run_twice().await?;
        for (id, file) in [
            ("#js-bytes", "arraybuffers.js"),
            ("#wasm-bytes", "arraybuffers_bg.wasm"),
        ] {
            let bytes = fs::metadata(pkg.join(file))?.len();
            let shown = self.text(id, "").await?;
            ensure!(
                shown.replace(',', "") == bytes.to_string(),
                "{file} has {bytes} bytes, and the page says {shown}"
            );
        }
        self.text("#thread-id", "from bytes").await?;
        self.text("#answer", "5050").await?;
        Ok(status)
    }
}
