//! The table of the fault matrix in `docs/faults.md`: read, filled by a run, compared, and written where that is asked for.
//!
//! A row is a fault, a column a browser, and there a thread, a pool by messages or one through shared memory. It has outcomes only: times differ from run to run.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::browser::Browser;
use crate::workspace;

const BEGIN: &str = "<!-- The matrix: `cargo xtask test --part faults --bless` writes it. -->\n";
const END: &str = "<!-- The end of the matrix. -->\n";

/// So many faults at most may be such that an engine cannot cause them.
const NOT_HERE: &str = "not causable here";
const MOST_NOT_HERE: usize = 5;

/// What a fault happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum On {
    Thread,
    Pool,
    /// A pool whose jobs lie in shared memory.
    Shared,
}

impl On {
    pub(crate) const ALL: [On; 3] = [On::Thread, On::Pool, On::Shared];
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            On::Thread => "thread",
            On::Pool => "pool",
            On::Shared => "shared",
        })
    }
}

type Column = (Browser, On);

fn columns() -> impl Iterator<Item = Column> {
    let of = |browser| On::ALL.map(|on| (browser, on));
    Browser::ALL.into_iter().flat_map(of)
}

/// The table, and what a run has found of it.
#[derive(Debug, Default)]
pub(crate) struct Matrix {
    /// By fault: what the page says.
    cells: BTreeMap<String, BTreeMap<Column, String>>,
    /// The faults that there are, in their order.
    listed: Vec<String>,
}

impl Matrix {
    pub(crate) fn read() -> Result<Self> {
        let page = fs::read_to_string(file()).context("reading docs/faults.md")?;
        Self::of(&page)
    }

    fn of(page: &str) -> Result<Self> {
        let (_, table, _) = split(page)?;
        let mut matrix = Matrix::default();
        for line in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let Some((fault, outcomes)) = cells.split_first() else {
                continue;
            };
            let outcomes = columns().zip(outcomes).filter(|(_, text)| !text.is_empty());
            let outcomes = outcomes.map(|(column, text)| (column, text.replace('`', "")));
            matrix.cells.insert((*fault).to_owned(), outcomes.collect());
        }
        Ok(matrix)
    }

    /// The faults that there are.
    pub(crate) fn lists<'a>(&mut self, faults: impl Iterator<Item = &'a str>) {
        self.listed = faults.map(str::to_owned).collect();
    }

    /// What came of a cell.
    ///
    /// # Errors
    /// Where the table has it otherwise, unless it `fills` that.
    pub(crate) fn fill(
        &mut self,
        fault: &str,
        browser: Browser,
        on: On,
        outcome: &str,
        fills: bool,
    ) -> Result<()> {
        let row = self.cells.entry(fault.to_owned()).or_default();
        if fills {
            row.insert((browser, on), outcome.to_owned());
            return Ok(());
        }
        match row.get(&(browser, on)) {
            Some(before) if before == outcome => Ok(()),
            Some(before) => bail!("{outcome}, where docs/faults.md has {before}"),
            None => bail!("{outcome}, of which docs/faults.md has nothing; `--bless` writes it"),
        }
    }

    /// What is wrong with the table as such.
    pub(crate) fn differences(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for fault in self.cells.keys() {
            if !self.listed.contains(fault) {
                wrong.push(format!(
                    "docs/faults.md has a fault that is not there: {fault}"
                ));
            }
        }
        let not_here = self.cells.values().filter(|row| {
            let mut outcomes = row.values();
            outcomes.any(|outcome| outcome.starts_with(NOT_HERE))
        });
        let not_here = not_here.count();
        if not_here > MOST_NOT_HERE {
            wrong.push(format!(
                "{not_here} faults cannot be caused somewhere, and {MOST_NOT_HERE} may be so"
            ));
        }
        wrong
    }

    /// Writes it into the page.
    pub(crate) fn write(&self) -> Result<()> {
        let page = fs::read_to_string(file())?;
        let (before, _, after) = split(&page)?;
        fs::write(file(), format!("{before}{}{after}", self.table()))?;
        Ok(())
    }

    fn table(&self) -> String {
        let mut table = String::from("\n| fault |");
        for (browser, on) in columns() {
            table.push_str(&format!(" {browser}, {on} |"));
        }
        table.push_str("\n|---|");
        table.push_str(&"---|".repeat(columns().count()));
        for fault in &self.listed {
            let row = self.cells.get(fault);
            table.push_str(&format!("\n| {fault} |"));
            for column in columns() {
                let outcome = row
                    .and_then(|row| row.get(&column))
                    .map_or("", String::as_str);
                table.push_str(&format!(" {} |", marked(outcome)));
            }
        }
        table.push_str("\n\n");
        table
    }
}

/// The predicate as code.
fn marked(outcome: &str) -> String {
    match outcome.find("is_") {
        Some(at) => format!("{}`{}`", &outcome[..at], &outcome[at..]),
        None => outcome.to_owned(),
    }
}

fn split(page: &str) -> Result<(&str, &str, &str)> {
    let places = page.find(BEGIN).zip(page.find(END));
    let Some((begin, end)) = places.filter(|(begin, end)| begin < end) else {
        bail!(
            "docs/faults.md has no place for the matrix: `{}`",
            BEGIN.trim()
        );
    };
    let begin = begin + BEGIN.len();
    Ok((&page[..begin], &page[begin..end], &page[end..]))
}

fn file() -> PathBuf {
    workspace::root().join("docs/faults.md")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(table: &str) -> String {
        format!("# Faults\n{BEGIN}{table}{END}more\n")
    }

    fn filled() -> Matrix {
        let mut matrix = Matrix::default();
        matrix.lists(["a panic", "a hidden page"].into_iter());
        for (browser, on) in columns() {
            matrix
                .fill("a panic", browser, on, "is_panic", true)
                .unwrap();
            let outcome = match browser {
                Browser::Webkit => "not causable here: it cannot be hidden",
                _ => "start is_glue",
            };
            matrix
                .fill("a hidden page", browser, on, outcome, true)
                .unwrap();
        }
        matrix
    }

    #[test]
    fn what_is_written_is_read() {
        let table = filled().table();
        assert!(table.contains("| start `is_glue` |"), "{table}");
        let mut read = Matrix::of(&page(&table)).unwrap();
        for (browser, on) in columns() {
            read.fill("a panic", browser, on, "is_panic", false)
                .unwrap();
        }
        assert_eq!(read.cells, filled().cells);
        let error = read.fill("a panic", Browser::Firefox, On::Pool, "is_lost", false);
        assert!(error.unwrap_err().to_string().contains("has is_panic"));
        let error = read.fill("news", Browser::Firefox, On::Pool, "is_lost", false);
        assert!(error.unwrap_err().to_string().contains("has nothing"));
    }

    #[test]
    fn a_fault_that_is_gone_is_a_difference() {
        let mut matrix = filled();
        assert_eq!(matrix.differences(), Vec::<String>::new());
        matrix.lists(["a panic"].into_iter());
        assert_eq!(matrix.differences().len(), 1);
    }

    #[test]
    fn too_much_that_cannot_be_caused_is_a_difference() {
        let mut matrix = Matrix::default();
        let faults: Vec<String> = (0..6).map(|n| format!("fault {n}")).collect();
        matrix.lists(faults.iter().map(String::as_str));
        for fault in &faults {
            matrix
                .fill(
                    fault,
                    Browser::Webkit,
                    On::Pool,
                    "not causable here: no",
                    true,
                )
                .unwrap();
        }
        assert_eq!(matrix.differences().len(), 1);
    }

    #[test]
    fn a_page_without_the_place_is_an_error() {
        assert!(Matrix::of("# Faults").is_err());
        assert!(Matrix::of(&format!("{END}{BEGIN}")).is_err());
    }
}
