//! The second program: how often each word stands in a text, a job for each piece of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use wasm_mt::JoinError;
use wasm_mt_pool::ThreadPool;

/// How many bytes a piece has, but for the rest of its last word.
const PIECE: usize = 16 << 10;

/// A line for each word: how often it stands there, and the word in lower case; the most frequent first.
///
/// # Errors
/// When a piece cannot be counted.
pub async fn words(pool: &ThreadPool, text: &str) -> Result<String, JoinError> {
    let counts = pool.map(pieces(text), count).await?;

    let mut sums = BTreeMap::new();
    for (word, count) in counts.into_iter().flatten() {
        *sums.entry(word).or_insert(0) += count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    // The words are in order, and those that are as frequent stay so.
    sums.sort_by_key(|&(_, count)| Reverse(count));
    let line = |(word, count)| format!("{count:7} {word}\n");
    Ok(sums.into_iter().map(line).collect())
}

fn count(piece: String) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for word in piece.split(is_between).filter(|word| !word.is_empty()) {
        *counts.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    counts
}

/// The text in pieces that end between two words.
fn pieces(mut text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    while !text.is_empty() {
        let at_least = text.ceil_char_boundary(PIECE);
        let rest_of_word = text[at_least..].find(is_between);
        let (piece, rest) = match rest_of_word {
            Some(length) => text.split_at(at_least + length),
            None => (text, ""),
        };
        pieces.push(piece.to_owned());
        text = rest;
    }
    pieces
}

fn is_between(letter: char) -> bool {
    !letter.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn pieces_put_together_are_the_text_and_cut_no_word() {
        let text = "Übermäßig viele Wörter, ".repeat(3000);
        let pieces = pieces(&text);
        assert!(pieces.len() > 3);
        assert_eq!(pieces.concat(), text);
        let whole: usize = pieces
            .iter()
            .map(|piece| piece.matches("Übermäßig").count())
            .sum();
        assert_eq!(whole, 3000);
    }

    #[test]
    fn a_text_without_an_end_of_a_word_is_one_piece() {
        assert_eq!(pieces(&"ß".repeat(PIECE)).len(), 1);
        assert!(pieces("").is_empty());
    }

    #[test]
    fn the_most_frequent_word_comes_first_and_then_they_are_in_order() {
        block_on(async {
            let pool = ThreadPool::start().await.unwrap();
            let lines = words(&pool, "One and two AND one: and zero").await.unwrap();
            let lines: Vec<_> = lines.lines().map(str::trim).collect();
            assert_eq!(lines, ["3 and", "2 one", "1 two", "1 zero"]);
        });
    }
}
