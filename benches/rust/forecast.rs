//! What forecasts of input are worth before the first answer and after each number of answers, beside four characters a
//! token that learn alike: mean error, how many of a hundred requests exceed what is reserved, and what is reserved.

#![allow(clippy::print_stdout, reason = "a figure is a line of output")]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/forecast/documents.rs"]
mod documents;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/forecast/streams.rs"]
mod streams;

use std::path::Path;

use tidegate::tokens::Tokenizer;

use crate::documents::{Form, documents};
use crate::streams::{Case, KNOWN, STAGES, UNKNOWN, Worth, run};

fn main() {
    // As Criterion's benchmarks understand it: whoever does not ask for a measurement wants to see that it works.
    let quick = !std::env::args().any(|arg| arg == "--bench");
    let documents = documents(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let cases = KNOWN.iter().chain(&UNKNOWN).take(if quick { 1 } else { usize::MAX });
    for known in cases {
        let quarter = Case { tokenizer: Tokenizer::Unknown, ..*known };
        let mut subjects = vec![("tidegate", Form::Small, *known), ("chars/4", Form::Quarter, quarter)];
        if EXACT.contains(&known.tokenizer) {
            subjects.insert(1, ("tidegate, exact", Form::Exact, *known));
        }
        for (subject, form, case) in subjects {
            let worths = run(&case, form, documents.iter(), 6);
            for (answers, worth) in STAGES.iter().zip(&worths) {
                show(known.label, *answers, subject, worth);
            }
        }
    }
}

fn show(label: &str, answers: u32, subject: &str, worth: &Worth) {
    let reserved = 100.0 * worth.reserved();
    for (what, value) in [("error", worth.error()), ("exceeded", worth.exceeded()), ("reserved", reserved)] {
        println!(
            r#"{{"bench":"{what}, {label}, {answers} answers","subject":"{subject}","value":{value:.3},"unit":"%"}}"#
        );
    }
}

/// Those that have exact tables.
const EXACT: [Tokenizer; 4] = [Tokenizer::Claude3, Tokenizer::Claude47, Tokenizer::O200k, Tokenizer::Gemma3];
