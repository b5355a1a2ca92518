//! `cargo xtask performance FILE…`: what comes of the benchmark's rows. Writes the tables into `docs/performance.md`, between two
//! comments, a drawing for each browser beside it, and the rows themselves as `docs/performance.json`, of which all of that can
//! be written again. Without a file it does so.
//!
//! Nothing of these is written by hand, and `the_page_is_what_its_rows_give` holds them together.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;

use crate::bench::row::Row;
use crate::bench::{charts, overhead, shared, table};
use crate::browser::Browser;
use crate::workspace;

/// Tables and drawings stand between these.
const BEFORE: &str = "<!-- Written by cargo xtask performance. -->\n";
const AFTER: &str = "<!-- End of figures. -->\n";

/// Above the last table.
const OVERHEAD: &str = "### One job at a time

How much of a job is overhead when it is awaited before the next is spawned, by how long its work takes; of `trips` above.";

const PAGE: &str = "performance.md";
const ROWS: &str = "performance.json";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rows that `cargo xtask bench --json` has written: one file, or one for each browser
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let docs = docs();
    let files = match args.files {
        files if files.is_empty() => vec![docs.join(ROWS)],
        files => files,
    };
    let mut rows = Vec::new();
    for file in &files {
        rows.extend(read(file)?);
    }
    let browsers = parted(&rows)?;
    for (browser, rows) in &browsers {
        println!("{}\n\n{}", title(*browser), tables(rows));
    }
    let page = fs::read_to_string(docs.join(PAGE))?;
    let mut written = BTreeMap::from([
        (PAGE.to_owned(), filled(&page, &browsers)?),
        (
            ROWS.to_owned(),
            format!("{}\n", serde_json::to_string_pretty(&rows)?),
        ),
    ]);
    written.extend(drawings(&browsers));
    for old in drawn(&docs)? {
        if !written.contains_key(&old) {
            fs::remove_file(docs.join(old))?;
        }
    }
    for (name, text) in written {
        let file = docs.join(name);
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn docs() -> PathBuf {
    workspace::root().join("docs")
}

fn read(file: &Path) -> Result<Vec<Row>> {
    let text = fs::read_to_string(file).with_context(|| {
        format!(
            "cannot read {}; `cargo xtask bench --json FILE` writes such",
            file.display()
        )
    })?;
    let rows: Vec<Row> = serde_json::from_str(&text).with_context(|| {
        format!(
            "{} is no list of rows, as `cargo xtask bench --json FILE` writes",
            file.display()
        )
    })?;
    ensure!(!rows.is_empty(), "{} has no row", file.display());
    Ok(rows)
}

/// The rows of each browser. A browser that nobody knows is no name for a file.
fn parted(rows: &[Row]) -> Result<Vec<(Browser, Vec<Row>)>> {
    let mut browsers: BTreeMap<Browser, Vec<Row>> = BTreeMap::new();
    for row in rows {
        let name = &row.subject.browser;
        match Browser::from_str(name, false) {
            Ok(browser) => browsers.entry(browser).or_default().push(row.clone()),
            Err(_) => bail!("a row is of `{name}`, which is none of the browsers"),
        }
    }
    Ok(browsers.into_iter().collect())
}

/// All figures of a browser, and of shared memory what it is to bring.
fn tables(rows: &[Row]) -> String {
    let mut text = table::render(rows);
    if let Some(goals) = shared::render(rows) {
        text.push('\n');
        text.push_str(&goals);
    }
    text
}

/// As a page names it.
fn title(browser: Browser) -> &'static str {
    match browser {
        Browser::Chromium => "Chromium",
        Browser::Firefox => "Firefox",
        Browser::Webkit => "WebKitGTK",
    }
}

/// The drawings, by the name of their file.
fn drawings(browsers: &[(Browser, Vec<Row>)]) -> BTreeMap<String, String> {
    let drawings = browsers.iter().filter_map(|(browser, rows)| {
        Some((drawing(*browser), charts::draw(title(*browser), rows)?))
    });
    drawings.collect()
}

fn drawing(browser: Browser) -> String {
    format!("performance-{browser}.svg")
}

/// The drawings that are there.
fn drawn(docs: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(docs)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("performance-") && name.ends_with(".svg") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The page with these figures in the place of those that it has.
fn filled(page: &str, browsers: &[(Browser, Vec<Row>)]) -> Result<String> {
    let parts = page.split_once(BEFORE).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(AFTER)?;
        Some((before, after))
    });
    let Some((before, after)) = parts else {
        bail!(
            "docs/{PAGE} must hold `{}`, and then `{}`",
            BEFORE.trim(),
            AFTER.trim()
        );
    };
    let drawings = drawings(browsers);
    let mut figures = String::new();
    for (browser, rows) in browsers {
        let (title, file) = (title(*browser), drawing(*browser));
        figures.push_str(&format!("\n### {title}\n\n"));
        if drawings.contains_key(&file) {
            figures.push_str(&format!(
                "<img src=\"{file}\" alt=\"How many times as long as the hand-written floor each peer takes in {title}; the figures are in the table below\" width=\"680\">\n\n"
            ));
        }
        figures.push_str(&tables(rows));
    }
    let titled: Vec<(&str, &[Row])> = browsers
        .iter()
        .map(|(browser, rows)| (title(*browser), rows.as_slice()))
        .collect();
    if let Some(table) = overhead::render(&titled) {
        figures.push_str(&format!("\n{OVERHEAD}\n\n{table}"));
    }
    if !figures.is_empty() {
        figures.push('\n');
    }
    Ok(format!("{before}{BEFORE}{figures}{AFTER}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::group::tests::row;
    use crate::bench::group::{FLOOR, OURS};

    fn rows() -> Vec<Row> {
        vec![
            row("webkit", "julia", OURS, 101.0),
            row("webkit", "julia", FLOOR, 100.0),
            row("chromium", "julia", OURS, 101.0),
            row("chromium", "julia", FLOOR, 100.0),
        ]
    }

    /// Also where there are no figures, and so no rows and no drawings.
    #[test]
    fn the_page_is_what_its_rows_give() {
        let docs = docs();
        let rows = match docs.join(ROWS) {
            file if file.exists() => read(&file).unwrap(),
            _ => Vec::new(),
        };
        let browsers = parted(&rows).unwrap();
        let page = fs::read_to_string(docs.join(PAGE)).unwrap();
        let again = "`cargo xtask performance` writes it again";
        assert!(filled(&page, &browsers).unwrap() == page, "{PAGE}: {again}");
        let drawings = drawings(&browsers);
        let there: Vec<String> = drawings.keys().cloned().collect();
        assert_eq!(drawn(&docs).unwrap(), there);
        for (name, text) in drawings {
            let is = fs::read_to_string(docs.join(&name)).unwrap();
            assert!(is == text, "{name}: {again}");
        }
    }

    #[test]
    fn figures_take_the_place_of_figures() {
        let page = format!("before\n{BEFORE}old\n{AFTER}after\n");
        let rows = rows();
        let page = filled(&page, &parted(&rows).unwrap()).unwrap();
        assert!(page.starts_with(&format!(
            "before\n{BEFORE}\n### Chromium\n\n<img src=\"performance-chromium.svg\" "
        )));
        assert!(page.ends_with(&format!("No goal is missed.\n\n{AFTER}after\n")));
        assert!(!page.contains("old"));
        let (chromium, webkit) = (page.find("### Chromium"), page.find("### WebKitGTK"));
        assert!(chromium.is_some() && chromium < webkit);
        assert_eq!(filled(&page, &parted(&rows).unwrap()).unwrap(), page);
        let none = filled(&page, &[]).unwrap();
        assert_eq!(none, format!("before\n{BEFORE}{AFTER}after\n"));
    }

    #[test]
    fn a_page_without_its_comments_is_not_written() {
        let error = filled("before\n", &[]).unwrap_err().to_string();
        assert!(
            error.starts_with("docs/performance.md must hold"),
            "{error}"
        );
    }

    #[test]
    fn a_browser_that_nobody_knows_is_an_error() {
        let rows = [row("../x", "julia", OURS, 101.0)];
        assert!(parted(&rows).is_err());
    }
}
