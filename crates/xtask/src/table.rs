//! What a test run has counted, and what it should have counted.
//!
//! `tests/expected.toml` lists how many tests pass in each part, one number for all browsers or one for each. A browser that
//! quietly ran nothing, or a test that is no longer compiled, is a difference here, and a difference is a failure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::workspace;

/// The outcome of one part in one browser.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) part: String,
    /// Empty for what runs without one.
    pub(crate) browser: String,
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) seconds: f64,
}

/// The rows as a table, for people.
pub(crate) fn render(rows: &[Row]) -> String {
    let width = |of: fn(&Row) -> &str, title: &str| {
        rows.iter()
            .map(|row| of(row).chars().count())
            .chain([title.len()])
            .max()
            .unwrap_or(0)
    };
    let part = width(|row| &row.part, "part");
    let browser = width(|row| &row.browser, "browser");
    let mut text = format!(
        "{:part$}  {:browser$}  {:>6}  {:>6}  {:>7}\n",
        "part", "browser", "passed", "failed", "seconds"
    );
    for row in rows {
        let of = match row.browser.as_str() {
            "" => "-",
            browser => browser,
        };
        let _ = writeln!(
            text,
            "{:part$}  {of:browser$}  {:>6}  {:>6}  {:>7.1}",
            row.part, row.passed, row.failed, row.seconds
        );
    }
    text
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Count {
    Everywhere(usize),
    Each(BTreeMap<String, usize>),
}

/// The listed counts.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(transparent)]
pub(crate) struct Expected(BTreeMap<String, Count>);

impl Expected {
    fn path() -> PathBuf {
        workspace::root().join("tests/expected.toml")
    }

    pub(crate) fn read() -> Result<Expected> {
        let path = Self::path();
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not part = number", path.display()))
    }

    pub(crate) fn write(&self) -> Result<()> {
        Ok(fs::write(Self::path(), self.text())?)
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "# How many tests pass in each part: one number, or one for each browser. `cargo xtask test` fails on any other.\n\
             # Written by `cargo xtask test --bless`.\n\n",
        );
        for (part, count) in &self.0 {
            let part = toml::Value::from(part.as_str());
            let _ = match count {
                Count::Everywhere(number) => writeln!(text, "{part} = {number}"),
                Count::Each(numbers) => {
                    let numbers: Vec<String> = numbers
                        .iter()
                        .map(|(browser, number)| format!("{browser} = {number}"))
                        .collect();
                    writeln!(text, "{part} = {{ {} }}", numbers.join(", "))
                }
            };
        }
        text
    }

    /// The parts that are listed.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What is listed for a part in a browser.
    pub(crate) fn count(&self, part: &str, browser: &str) -> Option<usize> {
        match self.0.get(part)? {
            Count::Everywhere(number) => Some(*number),
            Count::Each(numbers) => numbers.get(browser).copied(),
        }
    }

    /// What is wrong with these rows, a sentence each. `planned` are the parts and browsers that must be among them.
    pub(crate) fn differences(&self, rows: &[Row], planned: &[(String, String)]) -> Vec<String> {
        let mut wrong = Vec::new();
        // What has failed is wrong already; its count would only say so twice.
        for row in rows.iter().filter(|row| row.failed == 0) {
            let what = named(&row.part, &row.browser);
            match self.count(&row.part, &row.browser) {
                _ if row.passed == 0 => wrong.push(format!("{what}: no test passed")),
                Some(number) if number == row.passed => {}
                Some(number) => wrong.push(format!(
                    "{what}: {} tests passed, tests/expected.toml lists {number}; if that is meant, `cargo xtask test --bless`",
                    row.passed
                )),
                None => wrong.push(format!(
                    "{what}: {} tests passed, tests/expected.toml lists none; `cargo xtask test --bless` adds them",
                    row.passed
                )),
            }
        }
        for (part, browser) in planned {
            if !rows
                .iter()
                .any(|row| row.part == *part && row.browser == *browser)
            {
                wrong.push(format!("{}: did not run", named(part, browser)));
            }
        }
        wrong
    }

    /// Takes these rows as what should be, and keeps what is listed of the others. Rows with a failure are never taken.
    pub(crate) fn bless(&mut self, rows: &[Row], browsers: &[&str]) {
        for row in rows.iter().filter(|row| row.failed == 0 && row.passed > 0) {
            if row.browser.is_empty() {
                self.0
                    .insert(row.part.clone(), Count::Everywhere(row.passed));
                continue;
            }
            let mut numbers = match self.0.remove(&row.part) {
                Some(Count::Each(numbers)) => numbers,
                Some(Count::Everywhere(number)) => browsers
                    .iter()
                    .map(|browser| (browser.to_string(), number))
                    .collect(),
                None => BTreeMap::new(),
            };
            numbers.insert(row.browser.clone(), row.passed);
            let all_equal = numbers.values().all(|number| *number == row.passed);
            let count = if all_equal {
                Count::Everywhere(row.passed)
            } else {
                Count::Each(numbers)
            };
            self.0.insert(row.part.clone(), count);
        }
    }
}

fn named(part: &str, browser: &str) -> String {
    match browser {
        "" => part.to_string(),
        browser => format!("{part} in {browser}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(part: &str, browser: &str, passed: usize) -> Row {
        Row {
            part: part.into(),
            browser: browser.into(),
            passed,
            failed: 0,
            seconds: 1.5,
        }
    }

    fn expected(text: &str) -> Expected {
        toml::from_str(text).unwrap()
    }

    const LISTED: &str = "native = 7\n'suite a' = 4\n'suite b' = { chromium = 5, firefox = 3 }\n";

    #[test]
    fn listed_counts_are_no_difference() {
        let rows = [
            row("native", "", 7),
            row("suite a", "webkit", 4),
            row("suite b", "firefox", 3),
        ];
        let planned = [("suite b".to_string(), "firefox".to_string())];
        assert_eq!(
            expected(LISTED).differences(&rows, &planned),
            Vec::<String>::new()
        );
    }

    #[test]
    fn zero_is_a_difference_even_if_listed() {
        let wrong = expected("native = 0").differences(&[row("native", "", 0)], &[]);
        assert_eq!(wrong, ["native: no test passed"]);
    }

    #[test]
    fn a_failed_row_is_not_reported_again() {
        let failed = Row {
            failed: 2,
            ..row("native", "", 5)
        };
        assert_eq!(
            expected(LISTED).differences(&[failed], &[]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn another_count_is_a_difference_that_says_how_to_bless() {
        let wrong = expected(LISTED).differences(&[row("suite a", "chromium", 5)], &[]);
        assert_eq!(wrong.len(), 1);
        assert!(
            wrong[0]
                .starts_with("suite a in chromium: 5 tests passed, tests/expected.toml lists 4")
        );
        assert!(wrong[0].contains("--bless"));
    }

    #[test]
    fn an_unlisted_row_is_a_difference() {
        assert_eq!(
            expected(LISTED)
                .differences(&[row("suite b", "webkit", 5)], &[])
                .len(),
            1
        );
        assert_eq!(
            expected(LISTED)
                .differences(&[row("new", "", 5)], &[])
                .len(),
            1
        );
    }

    #[test]
    fn a_missing_row_is_a_difference() {
        let planned = [("suite a".to_string(), "webkit".to_string())];
        let wrong = expected(LISTED).differences(&[row("suite a", "firefox", 4)], &planned);
        assert_eq!(wrong, ["suite a in webkit: did not run"]);
    }

    #[test]
    fn blessed_counts_are_written_shortly_and_read_back() {
        let mut expected = expected(LISTED);
        let failed = Row {
            failed: 1,
            ..row("native", "", 6)
        };
        let rows = [
            failed,
            row("suite a", "firefox", 9),
            row("suite b", "firefox", 5),
            row("suite b", "webkit", 5),
            row("new", "", 2),
        ];
        expected.bless(&rows, &["chromium", "firefox", "webkit"]);
        let text = expected.text();
        assert_eq!(toml::from_str::<Expected>(&text).unwrap(), expected);
        let lines: Vec<&str> = text.lines().skip(3).collect();
        assert_eq!(
            lines,
            [
                "\"native\" = 7",
                "\"new\" = 2",
                "\"suite a\" = { chromium = 4, firefox = 9, webkit = 4 }",
                "\"suite b\" = 5"
            ]
        );
    }

    #[test]
    fn table_has_a_line_a_row() {
        let text = render(&[row("native", "", 7), row("suite a", "webkit", 4)]);
        assert_eq!(text.lines().count(), 3);
        assert!(
            text.contains("suite a  webkit        4       0      1.5"),
            "{text}"
        );
    }
}
