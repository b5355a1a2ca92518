//! The page shows the code that it runs.

#[test]
fn page_shows_the_parallel_executor_as_it_is() {
    let code = include_str!("../src/executor.rs");
    let start = code
        .find("/// Renders all pictures on `threads`")
        .expect("the executor says what it does");
    let end = code
        .find("/// The bands of all")
        .expect("after it come the bands");
    let html = code[start..end]
        .trim_end()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let page = include_str!("../index.html");
    assert!(
        page.contains(&format!("<code>{html}</code>")),
        "parallel/index.html shows something else than parallel/src/executor.rs:\n{html}"
    );
}
