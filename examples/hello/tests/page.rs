//! The page, and the project's README, show the code that runs.

#[test]
fn page_shows_the_code_as_it_is() {
    let code = include_str!("../src/lib.rs");
    let shown = &code[code.find("use ").expect("the code begins with its imports")..];
    let html = shown
        .trim_end()
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
    let code = include_str!("../src/lib.rs");
    let shown = &code[code.find("use ").expect("the code begins with its imports")..];
    assert!(
        include_str!("../../../README.md").contains(shown.trim_end()),
        "README.md shows something else than hello/src/lib.rs"
    );
}
