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

    /// Either page that is made of array buffers, a thread's or a pool's.
    pub(crate) async fn check_arraybuffers(&self, name: &str, pkg: &Path) -> Result<String> {
        let status = self.run_twice().await?;
        for (id, file) in [
            ("#js-bytes", format!("{name}.js")),
            ("#wasm-bytes", format!("{name}_bg.wasm")),
        ] {
            let bytes = fs::metadata(pkg.join(&file))?.len();
            let shown = self.text(id, "").await?;
            ensure!(
                shown.replace(',', "") == bytes.to_string(),
                "{file} has {bytes} bytes, and the page says {shown}"
            );
        }
        if name == "arraybuffers" {
            self.text("#thread-id", "from bytes").await?;
            self.text("#answer", "5050").await?;
            return Ok(status);
        }
        // The first twelve triangular numbers.
        self.text("#sum", "364").await?;
        self.text("#workers", "3").await?;
        let answers = "return document.querySelectorAll('#answers .thread li').length";
        let answers = self.count(answers).await?;
        ensure!(answers == 12, "{answers} of 12 closures answered");
        Ok(status)
    }

    pub(crate) async fn check_pool_exec(&self) -> Result<String> {
        let status = self.run_twice().await?;
        ensure!(status.contains("14 callbacks"), "{status}");
        for (id, wanted) in [
            ("waiting", "Ok: "),
            ("closures", "Ok: 111 "),
            ("closures", "Ok: 118 "),
            ("closures", "Ok: 178 "),
            ("closures", "Ok: 261 "),
            ("async-closures", "Ok: 120 "),
            ("js", "Ok: 5 "),
            ("async-js", "Ok: \"3 ticks\" "),
            ("panics", "index is 4"),
            ("panics", "pool_exec/src/lib.rs"),
            ("cancelled", "Err: ThreadPool: job["),
        ] {
            self.text(&format!("#{id} output"), wanted).await?;
        }
        let cancelled = "return document.querySelectorAll('#cancelled output div').length";
        let cancelled = self.count(cancelled).await?;
        ensure!(
            cancelled == 3,
            "{cancelled} of 3 callbacks heard of the end"
        );
        Ok(status)
    }

    /// Sends a rush of requests, then one of each kind, and closes the server while some are on their way.
    pub(crate) async fn check_http(&self) -> Result<String> {
        self.session.goto(&self.url).await?;
        self.text("#status", "open, with 2 workers").await?;
        self.session.click("#rush").await?;
        self.text("#status", "all 10 answered").await?;
        // The newest is first: when the slow one was answered, all quick ones had been.
        let behind = "const paths = [...document.querySelectorAll('#log th')].map((cell) => cell.textContent).reverse(); \
             return paths.slice(paths.indexOf('/primes')).filter((path) => ['/', '/lost'].includes(path)).length";
        let behind = self.count(behind).await?;
        ensure!(behind == 0, "{behind} quick requests waited for a slow one");
        for path in ["/crash", "/lost", "/"] {
            self.session
                .click(&format!("[data-paths='{path}']"))
                .await?;
        }
        let answered = self.text("#status", "all 13 answered").await?;
        for wanted in [
            "148933 primes below 2000000",
            "a page from the archive",
            "nobody is there",
            "there is no /lost",
            "hello",
        ] {
            self.text("#log", wanted).await?;
        }
        // At once, so that it is on its way.
        let close = "document.querySelector(\"[data-paths='/archive']\").click(); document.querySelector('#close').click();";
        self.session.run(close).await?;
        self.text("#status", "closed, with 1 on their way").await?;
        self.text("#log", "canceled").await?;
        self.text("#answered", "14").await?;
        Ok(answered)
    }
}
