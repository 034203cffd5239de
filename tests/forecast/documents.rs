//! Texts with their true sizes by several tokenizers.

use std::path::Path;

use tidegate::random::Random;
use tidegate::request::InputEstimate;
use tidegate::tokens::{Tokenizer, Weights};

/// A text and how many model tokens it has.
pub struct Document {
    text: String,
    tokens: serde_json::Value,
}

/// One text or request: what its text lets expect, and what is true.
#[derive(Clone, Copy)]
pub struct Sample {
    pub input: InputEstimate,
    pub truth: u64,
}

/// All documents, or where those are not at hand the part that is in the repository.
pub fn documents() -> Vec<Document> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = PLACES.iter().find_map(|place| std::fs::read_to_string(root.join(place)).ok()).expect("documents");
    let document = |line: &str| {
        let fields: serde_json::Value = serde_json::from_str(line).unwrap();
        Document { text: fields["text"].as_str().unwrap().to_owned(), tokens: fields["tokens"].clone() }
    };
    text.lines().map(document).collect()
}

/// Every document as `weights` count it for `tokenizer`, and as `truth` does.
pub fn counted(documents: &[Document], weights: &Weights, tokenizer: Tokenizer, truth: &str) -> Vec<Sample> {
    let count = |document: &Document| {
        let mut counter = weights.counter(tokenizer);
        counter.text(document.text.as_bytes());
        let input = InputEstimate {
            tokenizer,
            is_exact: counter.is_exact(),
            text: counter.groups(),
            characters: document.text.chars().count() as u32,
            ..InputEstimate::default()
        };
        Sample { input, truth: document.tokens[truth].as_u64().unwrap() }
    };
    documents.iter().map(count).collect()
}

/// A request of one to six of `documents`, whichever.
pub fn request(documents: &[Sample], random: &mut Random) -> Sample {
    let draw = |random: &mut Random| documents[random.up_to(documents.len() as u64 - 1) as usize];
    let mut request = draw(random);
    for _ in 0..random.up_to(5) {
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
