//! The worker's script as a program carries it: without comments and indentation, which are a third of the file.
//!
//! The compiler does that, so there is no build step and `worker.js` stays for reading. It looks at the beginnings of
//! lines only: nothing in the script may go over more than one line where the blanks count.

use crate::builder::WORKER_SCRIPT;

/// The text without blanks at the beginnings of lines, without lines that are comments and without empty lines; and how
/// many bytes of the array it takes.
const fn stripped<const N: usize>(text: &[u8]) -> ([u8; N], usize) {
    let mut kept = [0; N];
    let mut length = 0;
    let mut at = 0;
    while at < text.len() {
        while at < text.len() && text[at] == b' ' {
            at += 1;
        }
        let comment = at + 1 < text.len() && text[at] == b'/' && text[at + 1] == b'/';
        let from = length;
        while at < text.len() && text[at] != b'\n' {
            if !comment {
                kept[length] = text[at];
                length += 1;
            }
            at += 1;
        }
        if length > from {
            kept[length] = b'\n';
            length += 1;
        }
        at += 1;
    }
    (kept, length)
}

/// The script that a worker's blob holds: [`WORKER_SCRIPT`], stripped.
pub(super) static SCRIPT: &str = {
    const ALL: ([u8; WORKER_SCRIPT.len()], usize) = stripped(WORKER_SCRIPT.as_bytes());
    // Of its own length, or else the program would hold the rest of the array, too.
    const EXACT: [u8; ALL.1] = match ALL.0.first_chunk() {
        Some(exact) => *exact,
        None => panic!("nothing gets longer by being stripped"),
    };
    match str::from_utf8(&EXACT) {
        Ok(script) => script,
        Err(_) => panic!("lines were cut where they are only ASCII"),
    }
};

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn comments_blanks_and_empty_lines_go() {
        let text = "// a\nf();\n\n  // b\n    g(\"// c\"); // d\n  \n//\n  h(1 / 2);\n";
        let (kept, length) = stripped::<100>(text.as_bytes());
        assert_eq!(
            str::from_utf8(&kept[..length]).unwrap(),
            "f();\ng(\"// c\"); // d\nh(1 / 2);\n"
        );
    }

    #[wasm_bindgen_test]
    fn nothing_in_the_script_goes_over_lines() {
        for line in WORKER_SCRIPT.lines() {
            assert_eq!(line.matches('`').count() % 2, 0, "{line}");
            assert!(!line.contains("/*") && !line.ends_with('\\'), "{line}");
        }
        assert!(SCRIPT.len() < WORKER_SCRIPT.len());
    }
}
