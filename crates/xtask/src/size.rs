//! `cargo xtask size`: what the smallest program with a thread weighs, as a browser loads it.
//!
//! The program is `examples/hello`, which is the code that README shows: one export and one thread in it. README states the sum
//! between two comments, and `cargo xtask test` holds it to that.

use std::fs;
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::pages;
use crate::setup;
use crate::workspace;

/// The profile of the workspace that README tells users to build with.
pub(crate) const PROFILE: &str = "size";

/// What wasm-bindgen is told beside the target. `strip = true` in the profile would take too much away: wasm-bindgen reads
/// one of those sections.
pub(crate) const STRIP: [&str; 2] = ["--remove-name-section", "--remove-producers-section"];

/// The level that zlib, and so most servers, take when none is asked for.
const GZIP_LEVEL: u32 = 6;

/// README's figure stands between these.
const BEFORE: &str = "<!-- cargo xtask size --bless -->";
const AFTER: &str = "<!-- end of size -->";

/// So much above README's figure is too much.
const TOLERANCE: f64 = 1.10;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Writes the figures there
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes the sum into README.md
    #[arg(long)]
    bless: bool,
}

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    setup::wasm_target()?;
    let sizes = measure()?;
    println!(
        "{:<6} {:>8} {:>8}   bytes; gzip level {GZIP_LEVEL}, no wasm-opt",
        "", "raw", "gzipped"
    );
    for (what, of) in [
        ("wasm", sizes.wasm),
        ("glue", sizes.glue),
        ("sum", sizes.sum),
    ] {
        println!("{what:<6} {:>8} {:>8}", of.raw, of.gzipped);
    }
    println!("{}", said(sizes.sum.gzipped));
    if let Some(file) = args.json {
        fs::write(
            &file,
            format!("{}\n", serde_json::to_string_pretty(&sizes)?),
        )
        .with_context(|| format!("writing {}", file.display()))?;
    }
    if args.bless {
        let readme = fs::read_to_string(readme())?;
        fs::write(self::readme(), blessed(&readme, sizes.sum.gzipped)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails when the program weighs more than README states, and some; else says both.
pub(crate) fn check() -> Result<String> {
    compare(&fs::read_to_string(readme())?, measure()?.sum.gzipped)
}

/// In bytes.
#[derive(Clone, Copy, Debug, Serialize)]
struct Size {
    raw: usize,
    gzipped: usize,
}

#[derive(Debug, Serialize)]
struct Sizes {
    wasm: Size,
    glue: Size,
    sum: Size,
}

fn measure() -> Result<Sizes> {
    let page = pages::HELLO;
    let wasm = &pages::compile(&[page], PROFILE)?[page.package];
    // Not `size`: what cargo builds in that profile for this machine lies there.
    let folder = workspace::target_dir().join("smallest");
    pages::link(wasm, &folder, "hello", "web", &STRIP)?;
    let wasm = size(&folder.join("hello_bg.wasm"))?;
    let glue = size(&folder.join("hello.js"))?;
    let sum = Size {
        raw: wasm.raw + glue.raw,
        gzipped: wasm.gzipped + glue.gzipped,
    };
    Ok(Sizes { wasm, glue, sum })
}

fn size(file: &Path) -> Result<Size> {
    let contents = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
    gzip.write_all(&contents)?;
    Ok(Size {
        raw: contents.len(),
        gzipped: gzip.finish()?.len(),
    })
}

fn readme() -> PathBuf {
    workspace::root().join("README.md")
}

/// As README says it.
fn said(bytes: usize) -> String {
    format!("{:.1} kB", bytes as f64 / 1e3)
}

/// Where README's figure stands.
fn place(readme: &str) -> Result<Range<usize>> {
    let mut parts = readme.match_indices(BEFORE);
    let (Some((at, _)), None) = (parts.next(), parts.next()) else {
        anyhow::bail!("README.md must hold `{BEFORE}` once");
    };
    let start = at + BEFORE.len();
    let length = readme[start..]
        .find(AFTER)
        .with_context(|| format!("README.md has no `{AFTER}` after `{BEFORE}`"))?;
    Ok(start..start + length)
}

fn blessed(readme: &str, bytes: usize) -> Result<String> {
    let mut readme = readme.to_owned();
    readme.replace_range(place(&readme)?, &said(bytes));
    Ok(readme)
}

fn compare(readme: &str, bytes: usize) -> Result<String> {
    let stated = &readme[place(readme)?];
    let number: f64 = stated
        .strip_suffix(" kB")
        .and_then(|number| number.parse().ok())
        .with_context(|| format!("README.md states the size as `{stated}`, and not as `1.5 kB`"))?;
    let is = said(bytes);
    ensure!(
        bytes as f64 <= number * 1e3 * TOLERANCE,
        "the smallest program with a thread is {is}, README.md states {stated}; if that is meant, `cargo xtask size --bless`"
    );
    Ok(format!("{is}, README.md states {stated}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_percent_more_than_stated_is_allowed_and_no_more() {
        let readme = format!("Only {BEFORE}40.0 kB{AFTER} gzipped");
        assert!(compare(&readme, 44_000).is_ok());
        assert!(compare(&readme, 12_000).is_ok());
        let error = compare(&readme, 44_100).unwrap_err().to_string();
        assert!(
            error.contains("44.1 kB") && error.contains("--bless"),
            "{error}"
        );
    }

    #[test]
    fn a_figure_that_cannot_be_found_or_read_is_an_error() {
        for readme in [
            "no figure".to_owned(),
            format!("{BEFORE}40.0 kB, and nothing ends it"),
            format!("{BEFORE}small{AFTER}"),
            format!("{BEFORE}1.0 kB{AFTER} or {BEFORE}2.0 kB{AFTER}"),
        ] {
            assert!(compare(&readme, 0).is_err(), "{readme}");
        }
    }

    #[test]
    fn what_is_blessed_is_what_is_compared() {
        let readme = blessed(&format!("a {BEFORE}?{AFTER} b"), 34_567).unwrap();
        assert_eq!(readme, format!("a {BEFORE}34.6 kB{AFTER} b"));
        assert!(compare(&readme, 34_567).is_ok());
    }
}
