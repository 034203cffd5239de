//! Texts with their true sizes by several tokenizers.

use std::path::Path;

use tidegate::random::Random;
use tidegate::request::InputEstimate;
use tidegate::tokens::{Counter, Groups, Tokenizer};

/// A text and how many model tokens it has.
pub struct Document {
    text: String,
    tokens: serde_json::Value,
}

/// One request: what its text lets expect, and what is true.
#[derive(Clone, Copy)]
pub struct Sample {
    pub input: InputEstimate,
    pub truth: u64,
}

/// All documents, or `None` where the data is not on this machine.
pub fn documents() -> Option<Vec<Document>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = PLACES.iter().find_map(|place| std::fs::read_to_string(root.join(place)).ok())?;
    let document = |line: &str| {
        let fields: serde_json::Value = serde_json::from_str(line).unwrap();
        Document { text: fields["text"].as_str().unwrap().to_owned(), tokens: fields["tokens"].clone() }
    };
    Some(text.lines().map(document).collect())
}

/// A request of one to six documents in any order, as `tokenizer` counts them and as `truth` does.
pub fn request(documents: &[Document], tokenizer: Tokenizer, truth: &str, random: &mut Random) -> Sample {
    let mut counter = Counter::new(tokenizer);
    let (mut characters, mut tokens) = (0, 0);
    for _ in 0..=random.up_to(5) {
        let document = &documents[random.up_to(documents.len() as u64 - 1) as usize];
        counter.text(document.text.as_bytes());
        counter.end();
        characters += document.text.chars().count() as u32;
        tokens += document.tokens[truth].as_u64().unwrap();
    }
    let text: Groups = counter.groups();
    Sample { input: InputEstimate { tokenizer, text, characters, ..InputEstimate::default() }, truth: tokens }
}

/// Where the texts are, in a checkout and beside one.
const PLACES: [&str; 3] =
    ["tests/data/tokens.jsonl", "../shared/data/tokens-dev.jsonl", "../../shared/data/tokens-dev.jsonl"];
