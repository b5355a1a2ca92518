//! The page, and the project's README, show the code that runs.

/// The code from its imports on.
fn shown() -> &'static str {
    let code = include_str!("../src/lib.rs");
    code[code.find("use ").expect("the code begins with its imports")..].trim_end()
}

#[test]
fn page_shows_the_code_as_it_is() {
    let html = shown()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let page = include_str!("../index.html");
    assert!(
        page.contains(&format!("<code>{html}</code>")),
        "hello/index.html shows something else than hello/src/lib.rs:\n{html}"
    );
}

#[test]
fn readme_shows_the_code_as_it_is() {
    assert!(
        include_str!("../../../README.md").contains(shown()),
        "README.md shows something else than hello/src/lib.rs"
    );
}
