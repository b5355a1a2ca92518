//! The text, and what there is to find out about it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub const CHAPTERS: [&str; 3] = [
    "the tide leaves shells and takes sand",
    "a lamp on the far pier answers another across the bay",
    "gulls argue over nothing",
];

#[derive(Serialize, Deserialize)]
pub struct Chapter {
    pub title: String,
    text: Vec<String>,
}

impl Chapter {
    /// Its first two words are its title.
    pub fn new(text: &str) -> Self {
        let text: Vec<String> = text.split_whitespace().map(String::from).collect();
        Chapter {
            title: text[..2].join(" "),
            text,
        }
    }

    pub fn words(&self) -> &[String] {
        &self.text
    }

    /// The first one in the alphabet, where there are several.
    pub fn most_frequent_letter(&self) -> (String, u32) {
        let mut letters = BTreeMap::new();
        for letter in self.text.iter().flat_map(|word| word.chars()) {
            *letters.entry(letter).or_insert(0) += 1;
        }
        let most = letters.values().copied().max().unwrap_or(0);
        let letter = letters.iter().find(|(_, &times)| times == most);
        (
            letter.map_or(String::new(), |(letter, _)| letter.to_string()),
            most,
        )
    }
}

/// Two sorted lists become one.
pub fn merge(left: Vec<String>, right: Vec<String>) -> Vec<String> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let mut right = right.into_iter().peekable();
    for word in left {
        while let Some(other) = right.next_if(|other| *other < word) {
            merged.push(other);
        }
        merged.push(word);
    }
    merged.extend(right);
    merged
}
