//! Texts with their true sizes by several tokenizers.

use std::path::{Path, PathBuf};

use tidegate::random::Random;
use tidegate::request::InputEstimate;
use tidegate::tokens::{EXACT_TABLES, Tokenizer, Weights};

/// A text and how many model tokens it has.
pub struct Document {
    /// What kind of text it is.
    pub class: String,
    text: String,
    tokens: serde_json::Value,
}

/// One text or request: what its text lets expect, and what is true.
#[derive(Clone, Copy)]
pub struct Sample {
    pub input: InputEstimate,
    pub truth: u64,
}

/// Who estimates a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// The weights that everybody has.
    Small,
    /// Exact tables.
    Exact,
    /// A quarter of its characters, whatever they are.
    Quarter,
}

/// All documents, or where those are not at hand the part that is in the repository, which begins at `root`.
pub fn documents(root: &Path) -> Vec<Document> {
    let named = std::env::var_os("TIDEGATE_TOKEN_DOCUMENTS").map(PathBuf::from);
    let mut places = named.into_iter().chain(PLACES.map(|place| root.join(place)));
    let text = places.find_map(|place| std::fs::read_to_string(place).ok()).expect("documents");
    let document = |line: &str| {
        let fields: serde_json::Value = serde_json::from_str(line).expect("JSON in each line");
        let text = |name: &str| fields[name].as_str().expect("a text").to_owned();
        Document { class: text("class"), text: text("text"), tokens: fields["tokens"].clone() }
    };
    text.lines().map(document).collect()
}

/// Every document as `form` estimates it for `tokenizer`, and as `truth` counts it.
pub fn counted<'a>(
    documents: impl Iterator<Item = &'a Document>,
    form: Form,
    tokenizer: Tokenizer,
    truth: &str,
) -> Vec<Sample> {
    let mut weights = Weights::new();
    if form == Form::Exact {
        weights.add_tables(EXACT_TABLES).expect("tables that come with the crate");
    }
    let count = |document: &Document| {
        let mut counter = weights.counter(tokenizer);
        counter.text(document.text.as_bytes());
        let characters = document.text.chars().count() as u32;
        let mut text = counter.groups();
        if form == Form::Quarter {
            text.0.fill(0);
            text.0[0] = 4 * characters;
        }
        let is_exact = counter.is_exact();
        let input = InputEstimate { tokenizer, is_exact, text, characters, ..InputEstimate::default() };
        Sample { input, truth: document.tokens[truth].as_u64().expect("a count") }
    };
    documents.map(count).collect()
}

/// A request of one to `most` of `documents`, whichever.
pub fn request(documents: &[Sample], most: u64, random: &mut Random) -> Sample {
    let draw = |random: &mut Random| documents[random.up_to(documents.len() as u64 - 1) as usize];
    let mut request = draw(random);
    for _ in 0..random.up_to(most - 1) {
        let document = draw(random);
        request.input.text.0.iter_mut().zip(document.input.text.0).for_each(|(sum, part)| *sum += part);
        request.input.characters += document.input.characters;
        request.truth += document.truth;
    }
    request
}

/// Where the texts are, beside a checkout and in one.
const PLACES: [&str; 3] =
    ["../shared/data/tokens-dev.jsonl", "../../shared/data/tokens-dev.jsonl", "tests/data/tokens/documents.jsonl"];
