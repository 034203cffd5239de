//! Streams of requests of texts whose true sizes are known: how far off the forecast is after no, one, three, ten and
//! thirty answers.

use tidegate::forecast::{Forecasts, Subject};
use tidegate::random::Random;
use tidegate::tokens::Tokenizer;

use crate::documents::{Document, Form, Sample, counted, request};

/// What the forecasts after so many answers were worth.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worth {
    samples: f64,
    error: f64,
    bias: f64,
    exceeded: f64,
    reserved: f64,
}

impl Worth {
    fn add(&mut self, forecasts: &Forecasts, subject: &Subject, truth: u64) {
        let truth = truth as f64;
        let off = f64::from(forecasts.likely_input_tokens(subject)) / truth - 1.0;
        let reserved = f64::from(forecasts.input_tokens(subject));
        self.samples += 1.0;
        self.error += off.abs();
        self.bias += off;
        self.exceeded += f64::from(u8::from(truth > reserved));
        self.reserved += reserved / truth;
    }

    /// Mean error of the forecasts, in percent of the truth.
    pub fn error(&self) -> f64 {
        100.0 * self.error / self.samples
    }

    /// The same with its sign.
    pub fn bias(&self) -> f64 {
        100.0 * self.bias / self.samples
    }

    /// How many of a hundred requests had more model tokens than were reserved.
    pub fn exceeded(&self) -> f64 {
        100.0 * self.exceeded / self.samples
    }

    /// What was reserved, in parts of the truth.
    pub fn reserved(&self) -> f64 {
        self.reserved / self.samples
    }
}

/// By whose weights requests are estimated, who says the truth, and what a server makes of it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub label: &'static str,
    pub tokenizer: Tokenizer,
    pub truth: &'static str,
    /// The server counts so many times the truth, and so many model tokens more.
    pub scale: f64,
    pub hidden: u64,
}

/// A server that counts as `truth` does what is estimated as if by `tokenizer`.
pub const fn case(label: &'static str, tokenizer: Tokenizer, truth: &'static str) -> Case {
    Case { label, tokenizer, truth, scale: 1.0, hidden: 0 }
}

/// The worth of forecasts after each of [`STAGES`] answers, for requests of one to `most` of `documents`.
pub fn run<'a>(
    case: &Case,
    form: Form,
    documents: impl Iterator<Item = &'a Document>,
    most: u64,
) -> [Worth; STAGES.len()] {
    let documents = counted(documents, form, case.tokenizer, case.truth);
    let true_size = |sample: &Sample| (sample.truth as f64 * case.scale) as u64 + case.hidden;
    let mut worths = [Worth::default(); STAGES.len()];
    for seed in 1..=SEEDS {
        let mut random = Random::new(seed);
        let mut forecasts = Forecasts::default();
        let model = forecasts.note("model");
        let subject = |sample: &Sample| Subject { model, input: sample.input, kind: 0 };
        let mut answers = 0;
        for (stage, worth) in STAGES.iter().zip(&mut worths) {
            while answers < *stage {
                let sample = request(&documents, most, &mut random);
                forecasts.observe(&subject(&sample), Some(true_size(&sample)), None, 0);
                answers += 1;
            }
            for _ in 0..REQUESTS {
                let sample = request(&documents, most, &mut random);
                worth.add(&forecasts, &subject(&sample), true_size(&sample));
            }
        }
    }
    worths
}

/// Numbers of answers.
pub const STAGES: [u32; 5] = [0, 1, 3, 10, 30];

/// With these, a share of one in a hundred is known within 0.2.
const SEEDS: u64 = 300;
const REQUESTS: u32 = 12;

/// Tokenizers that are known.
pub const KNOWN: [Case; 5] = [
    case("claude3", Tokenizer::Claude3, "claude3"),
    case("claude47", Tokenizer::Claude47, "claude47"),
    case("o200k", Tokenizer::O200k, "o200k"),
    case("cl100k", Tokenizer::Cl100k, "cl100k"),
    case("gemma3", Tokenizer::Gemma3, "gemma3"),
];

/// Tokenizers that are known, as if they were not.
pub const UNKNOWN: [Case; 5] = [
    case("claude2, unknown", Tokenizer::Unknown, "claude2"),
    case("llama3, unknown", Tokenizer::Unknown, "llama3"),
    case("qwen3, unknown", Tokenizer::Unknown, "qwen3"),
    case("deepseek3, unknown", Tokenizer::Unknown, "deepseek3"),
    case("tekken, unknown", Tokenizer::Unknown, "tekken"),
];

/// Servers that count otherwise than their models' names say.
pub const OTHERWISE: [Case; 4] = [
    Case { hidden: 600, ..case("claude47 + 600", Tokenizer::Claude47, "claude47") },
    Case { hidden: 2_000, ..case("claude47 + 2,000", Tokenizer::Claude47, "claude47") },
    Case { scale: 1.4, ..case("claude47 × 1.4", Tokenizer::Claude47, "claude47") },
    Case { scale: 0.7, ..case("claude47 × 0.7", Tokenizer::Claude47, "claude47") },
];
