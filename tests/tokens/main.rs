//! How far estimates are from the true counts of documents, by class of text, beside four characters a token.
//!
//! The documents of the repository are a part of those that the weights were tried on. Where all of them are at hand,
//! in `../shared/data/tokens-dev.jsonl` or where `TIDEGATE_TOKEN_DOCUMENTS` says, the same is shown for all.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tidegate::tokens::{EXACT_TABLES, Tokenizer, Weights};

/// The mean error that users are told of, in percent, for every tokenizer that has exact tables: of the small form and
/// of the exact form.
const MOST_SMALL: f64 = 8.0;
const MOST_EXACT: f64 = 3.0;

#[test]
fn estimates_are_as_near_as_they_are_said_to_be() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = documents(&folder.join("tests/data/tokens/documents.jsonl")).expect("the repository has documents");
    let others = std::env::var_os("TIDEGATE_TOKEN_DOCUMENTS")
        .map_or(folder.join("../shared/data/tokens-dev.jsonl"), PathBuf::from);
    assert_near("the documents of the repository", &own);
    match documents(&others) {
        Some(all) => assert_near("all documents", &all),
        None => println!("skipped: all documents, which are not at {}", others.display()),
    }
}

#[test]
fn an_unknown_tokenizer_is_estimated_by_a_mean_of_the_known_ones() {
    let documents =
        documents(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tokens/documents.jsonl")).unwrap();
    for tables in [false, true] {
        let weights = weights(tables);
        for tokenizer in [Tokenizer::Qwen3, Tokenizer::Deepseek3, Tokenizer::Llama3, Tokenizer::Tekken] {
            let errors = documents.iter().map(|document| {
                let counted = document.tokens[tokenizer.name()];
                estimate(&weights, Tokenizer::Unknown, &document.text) / counted - 1.0
            });
            let error = Error::of(errors);
            assert!(error.mean < 25.0, "{} by a mean: {error:?}", tokenizer.name());
        }
    }
}

/// Prints the errors by class, and asserts the mean over all documents.
fn assert_near(name: &str, documents: &[Document]) {
    let (small, exact) = (weights(false), weights(true));
    for tokenizer in Tokenizer::ALL.into_iter().filter(|tokenizer| *tokenizer != Tokenizer::Unknown) {
        let known: Vec<_> =
            documents.iter().filter(|document| document.tokens.contains_key(tokenizer.name())).collect();
        if known.is_empty() {
            continue;
        }
        println!(
            "\n{} of {name}: mean error (bias), in %\n{:14}{:>4}{:>16}{:>16}{:>16}",
            tokenizer.name(),
            "class",
            "n",
            "chars/4",
            "small",
            "exact"
        );
        let classes: BTreeMap<&str, ()> = known.iter().map(|document| (&*document.class, ())).collect();
        for class in classes.into_keys().map(Some).chain([None]) {
            let of_class = || known.iter().filter(|document| class.is_none_or(|class| document.class == class));
            let error = |estimate: &dyn Fn(&str) -> f64| {
                Error::of(of_class().map(|document| estimate(&document.text) / document.tokens[tokenizer.name()] - 1.0))
            };
            let quarters = error(&|text| text.chars().count() as f64 / 4.0);
            let by_small = error(&|text| estimate(&small, tokenizer, text));
            let by_exact = exact.is_exact(tokenizer).then(|| error(&|text| estimate(&exact, tokenizer, text)));
            let row = format!(
                "{:14}{:>4}{:>16}{:>16}",
                class.unwrap_or("all"),
                of_class().count(),
                quarters.text(),
                by_small.text()
            );
            println!("{row}{:>16}", by_exact.as_ref().map_or("—".into(), Error::text));
            if class.is_none() {
                assert!(by_small.mean < MOST_SMALL, "{}, small: {by_small:?}", tokenizer.name());
                assert!(by_small.mean < quarters.mean / 3.0, "{}: {quarters:?}", tokenizer.name());
                if let Some(by_exact) = by_exact {
                    assert!(by_exact.mean < MOST_EXACT, "{}, exact: {by_exact:?}", tokenizer.name());
                }
            }
        }
    }
}

/// Relative errors, in percent.
#[derive(Debug)]
struct Error {
    mean: f64,
    bias: f64,
}

impl Error {
    fn of(errors: impl Iterator<Item = f64>) -> Self {
        let errors: Vec<_> = errors.map(|error| error * 100.0).collect();
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / errors.len() as f64;
        Self { mean: mean(&mut errors.iter().map(|error| error.abs())), bias: mean(&mut errors.iter().copied()) }
    }

    fn text(&self) -> String {
        format!("{:.1} ({:+.1})", self.mean, self.bias)
    }
}

fn weights(exact: bool) -> Weights {
    let mut weights = Weights::new();
    if exact {
        weights.add_tables(EXACT_TABLES).unwrap();
    }
    weights
}

fn estimate(weights: &Weights, tokenizer: Tokenizer, text: &str) -> f64 {
    let mut counter = weights.counter(tokenizer);
    counter.text(text.as_bytes());
    counter.groups().tokens() as f64
}

struct Document {
    class: String,
    text: String,
    tokens: BTreeMap<String, f64>,
}

fn documents(path: &Path) -> Option<Vec<Document>> {
    let lines = fs::read_to_string(path).ok()?;
    let document = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let tokens = line["tokens"].as_object().unwrap().iter();
        Document {
            class: line["class"].as_str().unwrap().to_owned(),
            text: line["text"].as_str().unwrap().to_owned(),
            tokens: tokens.map(|(name, count)| (name.clone(), count.as_f64().unwrap())).collect(),
        }
    };
    Some(lines.lines().map(document).collect())
}
