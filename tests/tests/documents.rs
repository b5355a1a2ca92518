//! Holds pages against the code: `docs/migration.md` has a row for each name of the surface of 0.1, `docs/security.md` one for
//! each dependency, and each test that they or `docs/faults.md` name is there, and is run.
#![cfg(not(target_family = "wasm"))]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The cells of the rows of those tables whose last column names tests.
fn rows(page: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut names_tests = false;
    let mut inside = false;
    for line in page.lines() {
        if !line.starts_with('|') {
            inside = false;
            continue;
        }
        // A bar of a closure is written `\|`.
        let cells: Vec<String> = line
            .replace("\\|", "\u{1}")
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().replace('\u{1}', "|"))
            .collect();
        let last = cells.last().map_or("", String::as_str);
        if !inside {
            names_tests = last == "test";
        } else if names_tests && last != "---" {
            rows.push(cells);
        }
        inside = true;
    }
    rows
}

/// All source of a folder and those in it, with the names of its files.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&format!("// {}\n", path.display()));
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

fn every_row_names_tests_that_are_there(page: &str, at_least: usize) {
    let rows = rows(&read(page));
    assert!(rows.len() >= at_least, "only {} rows in {page}", rows.len());
    let mut text = String::new();
    sources(&root().join("tests"), &mut text);
    sources(&root().join("crates"), &mut text);
    for cells in &rows {
        let tests = cells.last().unwrap();
        assert_ne!(quoted(tests).count(), 0, "{page}: no test for {}", cells[0]);
        for test in quoted(tests) {
            let there =
                text.contains(&format!("fn {test}(")) || text.contains(&format!("/{test}.rs\n"));
            assert!(
                there,
                "{page}: {test}, which shows {}, is not there",
                cells[0]
            );
        }
    }
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The names that a file of the library makes public.
fn public_names(file: &str) -> Vec<String> {
    let source = read(file);
    let mut names = Vec::new();
    for line in source.lines().map(str::trim_start) {
        let Some(rest) = [
            "pub fn ",
            "pub async fn ",
            "pub struct ",
            "pub trait ",
            "macro_rules! ",
        ]
        .iter()
        .find_map(|start| line.strip_prefix(start)) else {
            continue;
        };
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        names.push(rest[..end].to_owned());
    }
    names
}

/// A body that no list names would be run nowhere, and nobody would be told.
#[test]
fn every_body_is_listed() {
    let lists = read("tests/src/lib.rs");
    let listed: Vec<&str> = lists.split_whitespace().collect();
    let mut bodies = 0;
    for entry in fs::read_dir(root().join("tests/src")).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("lib.rs") || path.ends_with("common.rs") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for line in source.lines() {
            let body = ["pub async fn ", "pub fn "];
            let Some(rest) = body.iter().find_map(|start| line.strip_prefix(start)) else {
                continue;
            };
            let (name, _) = rest.split_once('(').unwrap();
            assert!(listed.contains(&name), "{}: {name}", path.display());
            bodies += 1;
        }
    }
    assert!(bodies > 0, "no bodies");
}

#[test]
fn every_public_name_of_the_surface_has_a_row() {
    let page = read("docs/migration.md");
    let rows = rows(&page);
    let named: Vec<&str> = rows.iter().flat_map(|cells| quoted(&cells[0])).collect();
    let mut missing = Vec::new();
    for file in [
        "wasm-mt/src/compat.rs",
        "wasm-mt/src/compat/thread.rs",
        "wasm-mt/src/compat/closure.rs",
        "wasm-mt/src/compat/macros.rs",
        "wasm-mt/src/utils.rs",
        "wasm-mt-pool/src/compat.rs",
        "wasm-mt-pool/src/compat/exec.rs",
        "wasm-mt-pool/src/compat/macros.rs",
    ] {
        let names = public_names(&format!("crates/{file}"));
        assert!(!names.is_empty(), "{file} makes nothing public");
        // What `console_ln!` writes with is hidden.
        missing.extend(names.into_iter().filter(|name| {
            name != "console_log"
                && !named.iter().any(|quoted| {
                    quoted
                        .split(|c: char| !c.is_alphanumeric() && c != '_')
                        .any(|word| word == name)
                })
        }));
    }
    assert!(missing.is_empty(), "no row for {missing:?}");
}

#[test]
fn every_row_of_the_migration_names_its_tests() {
    every_row_names_tests_that_are_there("docs/migration.md", 25);
}

#[test]
fn every_row_of_the_faults_names_its_tests() {
    every_row_names_tests_that_are_there("docs/faults.md", 50);
}

#[test]
fn every_row_of_the_security_names_its_tests() {
    every_row_names_tests_that_are_there("docs/security.md", 25);
}

#[test]
fn every_dependency_of_what_is_published_has_a_row() {
    let page = read("docs/security.md");
    let mut missing = Vec::new();
    for name in ["wasm-mt", "wasm-mt-pool"] {
        let manifest = read(&format!("crates/{name}/Cargo.toml"));
        let mut counts = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                counts = line.ends_with("dependencies]") && !line.contains("dev-dependencies");
            } else if counts && line.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let dependency = line.split([' ', '.', '=']).next().unwrap_or_default();
                let row = format!("\n| `{dependency}` |");
                if dependency != "wasm-mt" && !page.contains(&row) {
                    missing.push(dependency.to_owned());
                }
            }
        }
    }
    assert!(missing.is_empty(), "no row for {missing:?}");
}
