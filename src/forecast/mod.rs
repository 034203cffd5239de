//! What a request will cost, from what requests like it have cost.
//!
//! A [`Forecasts`] belongs to a limiter and learns for each model by itself, because a scope may hold several models and
//! a model may be met in several scopes. Of every answer it keeps numbers, and of every request the model's name and a
//! hash of its tools; never a word of a prompt.
//!
//! ```
//! use tidegate::forecast::{Forecasts, Subject};
//! use tidegate::request::InputEstimate;
//! use tidegate::tokens::Groups;
//!
//! let mut forecasts = Forecasts::default();
//! let mut text = Groups::default();
//! text.0[0] = 16 * 1_000;
//! let input = InputEstimate { text, ..InputEstimate::default() };
//! let subject = Subject { model: forecasts.note("somebody's model"), input, kind: 0 };
//!
//! // Nothing is known of its tokenizer, so half as much again is set aside, and a little for what may be hidden …
//! assert!((1_500..1_700).contains(&forecasts.input_tokens(&subject)));
//! // … until a few answers have told how it counts.
//! (0..20).for_each(|_| forecasts.observe(&subject, Some(1_180), Some(90), 400));
//! assert!((1_175..1_185).contains(&forecasts.likely_input_tokens(&subject)));
//! assert!((1_180..1_500).contains(&forecasts.input_tokens(&subject)));
//! assert_eq!(forecasts.output_tokens(&subject, None), 90);
//! ```
//!
//! # The same everywhere
//!
//! The filters need fractions, so these are the one place of the core with floating-point state. Only `+`, `−`, `×`, `÷`
//! and comparisons of 64-bit numbers are used, each of which IEEE 754 defines to the last bit and WebAssembly and
//! every supported processor compute alike, and never contracted: Rust does not fuse them. Square roots are Newton's, of
//! the same operations.

mod calibration;
mod filter;
mod learned;
mod quantile;
mod table;
mod variety;

#[cfg(test)]
mod tests;

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;

use self::calibration::Calibration;
use self::filter::within;
use self::quantile::Quantile;
use self::table::{Memory, Table, Topic};
use crate::archive::Archive;
use crate::request::InputEstimate;

/// A model, as [`Forecasts::note`] numbers it: a hash of its name.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct ModelId(u64);

/// What is to be forecast.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Subject {
    /// Whose answer it will be.
    pub model: ModelId,
    /// What its text lets expect.
    pub input: InputEstimate,
    /// Tells apart requests whose answers have other lengths.
    pub kind: u16,
}

/// What was learned of every model, and what it lets expect.
#[derive(Clone, Debug, Default)]
pub struct Forecasts {
    table: Table,
}

/// What is known of a model whatever it is asked.
#[derive(Clone, Debug)]
struct Model {
    name: String,
    /// Model tokens written, over all kinds of requests.
    output: Quantile,
    /// Model tokens of an answer for each of its characters.
    tokens_per_character: f64,
    /// What is reserved beyond the forecast, in 1/65,536: servers admit by estimates of their own.
    margin: u32,
}

impl Forecasts {
    /// Whether no model is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.models().next().is_none()
    }

    /// Makes sure that something can be learned of the model called `name`.
    pub fn note(&mut self, name: &str) -> ModelId {
        let id = ModelId::of(name);
        if self.table.get_mut(id, Topic::Model).is_none() {
            self.table.insert(id, Topic::Model, Memory::Model(Model::new(name)));
        }
        id
    }

    /// Model tokens to reserve for what a request reads: of a hundred requests, at most one should read more.
    pub fn input_tokens(&self, subject: &Subject) -> u32 {
        let most = match self.table.input(subject.model, &subject.input) {
            Some(own) => own.reserve(&subject.input),
            None => self.first(subject).reserve(&subject.input),
        };
        self.with_margin(subject.model, most)
    }

    /// Model tokens that a request probably reads, without the margin for safety.
    pub fn likely_input_tokens(&self, subject: &Subject) -> u32 {
        match self.table.input(subject.model, &subject.input) {
            Some(own) => own.likely(&subject.input),
            None => self.first(subject).likely(&subject.input),
        }
    }

    /// Model tokens to reserve for what a request writes, given the most that it may: of ten answers to requests like
    /// it, at most one should be longer.
    pub fn output_tokens(&self, subject: &Subject, max_tokens: Option<u64>) -> u32 {
        let model = self.table.model(subject.model);
        let seen = model.map_or(0, |model| model.output.answers()).min(ENOUGH);
        // The first answers to end are the shortest, so the default gives way to them only little by little.
        let default = UNKNOWN_OUTPUT * (ENOUGH - seen) / ENOUGH;
        let of_kind = self.table.output(subject.model, subject.kind).filter(|kind| kind.answers() >= ENOUGH_OF_A_KIND);
        let usual = of_kind.or(model.map(|model| &model.output)).map_or(0, Quantile::value);
        let usual = self.with_margin(subject.model, usual.max(default));
        max_tokens.map_or(usual, |most| clamp_to_u32(most).min(usual))
    }

    /// Model tokens that so many characters of an answer are.
    pub fn tokens_of(&self, model: ModelId, characters: u64) -> u32 {
        let each = self.table.model(model).map_or(UNKNOWN_TOKENS_PER_CHARACTER, |model| model.tokens_per_character);
        (characters as f64 * each) as u32
    }

    /// Learns from a refusal: what was reserved was not enough. The margin widens with each and narrows as requests are
    /// served; as what was reserved too much comes back, it costs no quota.
    pub fn observe_refusal(&mut self, model: ModelId) {
        if let Some(Memory::Model(model)) = self.table.get_mut(model, Topic::Model) {
            model.margin = (model.margin + MARGIN_STEP).min(MOST_MARGIN);
        }
    }

    /// Learns from an answer that came to its end: what was expected, and what the server counted. `input_tokens` is the
    /// whole prompt, wherever it was read from; `characters` are those of the answer.
    pub fn observe(
        &mut self,
        subject: &Subject,
        input_tokens: Option<u64>,
        output_tokens: Option<u64>,
        characters: u64,
    ) {
        let id = subject.model;
        if let Some(truth) = input_tokens {
            self.observe_input(subject, truth);
        }
        if let Some(truth) = output_tokens {
            let topic = Topic::Output { kind: subject.kind };
            if self.table.get_mut(id, topic).is_none() {
                self.table.insert(id, topic, Memory::Output(Quantile::default()));
            }
            if let Some(Memory::Output(quantile)) = self.table.get_mut(id, topic) {
                quantile.observe(truth);
            }
        }
        // Last, so that a model is forgotten after everything that is known of it.
        if let Some(Memory::Model(model)) = self.table.get_mut(id, Topic::Model) {
            model.margin -= model.margin.div_ceil(MARGIN_LIFE);
            if let Some(truth) = output_tokens {
                model.output.observe(truth);
                model.observe_length(truth, characters);
            }
        }
    }

    /// Learns what the server counted of an input, whether or not it was answered.
    pub fn observe_input(&mut self, subject: &Subject, truth: u64) {
        let (id, topic) = (subject.model, Topic::input(&subject.input));
        if self.table.input(id, &subject.input).is_none() {
            let first = self.first(subject);
            self.table.insert(id, topic, Memory::Input(Box::new(first)));
        }
        if let Some(Memory::Input(calibration)) = self.table.get_mut(id, topic) {
            calibration.observe(&subject.input, truth);
        }
    }

    /// How the input of `subject` relates to its estimate before anything was learned of such requests: as it was
    /// learned last for others to the same model, else as its tokenizer is known to.
    fn first(&self, subject: &Subject) -> Calibration {
        Calibration::new(&subject.input, self.table.latest_input(subject.model))
    }

    fn with_margin(&self, model: ModelId, tokens: u32) -> u32 {
        let margin = self.table.model(model).map_or(0, |model| model.margin);
        tokens.saturating_add(((u64::from(tokens) * u64::from(margin)) >> 16) as u32)
    }
}

impl Subject {
    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.model = ModelId(archive.bits(self.model.0));
        self.kind = u16::try_from(archive.small(self.kind.into())).unwrap_or_default();
        self.input.keep(archive);
    }
}

impl ModelId {
    /// FNV-1a. Whoever makes two names collide makes two of his own models share what is learned, and nothing else.
    fn of(name: &str) -> Self {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(name.bytes().fold(0xcbf2_9ce4_8422_2325, hash))
    }
}

impl Model {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            output: Quantile::default(),
            tokens_per_character: UNKNOWN_TOKENS_PER_CHARACTER,
            margin: 0,
        }
    }

    fn observe_length(&mut self, tokens: u64, characters: u64) {
        if characters >= LEAST_CHARACTERS {
            let each = tokens as f64 / characters as f64;
            let each = within(each, LEAST_TOKENS_PER_CHARACTER, MOST_TOKENS_PER_CHARACTER);
            self.tokens_per_character += (each - self.tokens_per_character) / 8.0;
        }
    }
}

/// A count as a cost holds it; more than 4 billion tokens are 4 billion.
pub fn clamp_to_u32(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Each refusal adds a sixteenth, up to a quarter; some 350 answers take half of it away.
const MARGIN_STEP: u32 = 65_536 / 16;
const MOST_MARGIN: u32 = 65_536 / 4;
const MARGIN_LIFE: u32 = 512;

/// Reserved before the first answer is known and where the request sets no maximum. Nine of ten chat answers of the
/// Azure LLM trace of 2023 were shorter than 424 tokens; tool calls and long texts run longer.
const UNKNOWN_OUTPUT: u32 = 1_024;

/// After so many answers the shortest are no longer the only ones.
const ENOUGH: u32 = 20;

/// With fewer, the answers of one kind say less of the next than those of all kinds together.
const ENOUGH_OF_A_KIND: u32 = 5;

/// "A token is equivalent to about 4 characters", <https://ai.google.dev/gemini-api/docs/tokens> (read 2026-11-23).
const UNKNOWN_TOKENS_PER_CHARACTER: f64 = 0.25;

/// In every script that the tokenizers were measured on a character is a sixteenth of a token to two. More comes of
/// thoughts that are counted and not shown; those are charged up to twice that.
const LEAST_TOKENS_PER_CHARACTER: f64 = 1.0 / 16.0;
const MOST_TOKENS_PER_CHARACTER: f64 = 4.0;

/// A shorter answer is mostly frame.
const LEAST_CHARACTERS: u64 = 40;
