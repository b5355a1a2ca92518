//! The page shows the code that it runs.

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
