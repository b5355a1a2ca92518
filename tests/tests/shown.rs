//! The pages of the gallery, and the project's README, show the code that runs. A page says which file it shows:
//! `<code data-source="src/lib.rs">`.
#![cfg(not(target_family = "wasm"))]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pieces of code that a page shows, each with the name of its file.
fn shown(page: &str) -> Vec<(&str, String)> {
    let pieces = page.split("<code data-source=\"").skip(1).map(|piece| {
        let (file, piece) = piece.split_once("\">").expect("the attribute ends");
        let (html, _) = piece.split_once("</code>").expect("the element ends");
        let code = html.replace("&lt;", "<").replace("&gt;", ">");
        (file, code.replace("&amp;", "&"))
    });
    pieces.collect()
}

#[test]
fn every_page_shows_its_code_as_it_is() {
    let folders = fs::read_dir(root().join("examples")).expect("the examples are there");
    let folders = folders.map(|entry| entry.expect("an entry is readable").path());
    let mut pages = 0;
    for folder in folders.filter(|folder| folder.is_dir()) {
        let page = read(&folder.join("index.html"));
        let shown = shown(&page);
        assert!(!shown.is_empty(), "{} shows no code", folder.display());
        assert_eq!(
            page.matches("<pre").count(),
            shown.len(),
            "{} shows code without its `data-source`",
            folder.display()
        );
        for (file, code) in shown {
            // Whole lines of it.
            let source = format!("\n{}", read(&folder.join(file)));
            assert!(
                source.contains(&format!("\n{code}\n")),
                "{} shows something else than {file}:\n{code}",
                folder.display()
            );
        }
        pages += 1;
    }
    assert!(pages > 0, "no pages");
}

#[test]
fn readme_shows_hello_as_it_is() {
    let hello = read(&root().join("examples/hello/index.html"));
    let [(file, code)] = &shown(&hello)[..] else {
        panic!("hello shows one piece of code");
    };
    let source = read(&root().join("examples/hello").join(file));
    let from_its_imports = source
        .find("use ")
        .map(|imports| source[imports..].trim_end());
    assert_eq!(
        from_its_imports,
        Some(&code[..]),
        "hello shows all of its code"
    );
    assert!(
        read(&root().join("README.md")).contains(code),
        "README.md shows something else than hello:\n{code}"
    );
}
