//! How the true input of requests relates to its estimate.

use super::filter::{Filter, MOST_WEIGHTS, square_root};
use crate::request::InputEstimate;
use crate::tokens::{GROUPS, Tokenizer};

/// Learned from the usage in answers, for one model and one set of tools.
///
/// Where the weights of the tokenizer are known, the truth is a scale times the text, another times what is not text,
/// and an intercept for what no request shows: a prompt that a gateway or the server adds. Where they are not, every
/// kind of character has a scale of its own. Beside it the spread of the truths around that line is kept, from which
/// the margin for safety follows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Calibration {
    filter: Filter,
    /// Mean square of what remained unexplained, as a part of the size.
    spread: f64,
    answers: u32,
    /// Whether the truths that were last surprising lay above (positive) or below (negative), and how many there were.
    surprises: i8,
    /// The last of them, to learn from it after all if another follows.
    held: Option<(Inputs, f64)>,
}

impl Calibration {
    /// What is believed of inputs such as `input` before the first answer, perhaps after `others` to the same model.
    pub(super) fn new(input: &InputEstimate, others: Option<&Self>) -> Self {
        let inputs = Inputs::of(input);
        let beliefs = inputs.beliefs(input);
        let mut filter = Filter::new(inputs.cut(&beliefs));
        let mut spread = Form::of(input).spread();
        if let Some(others) = others {
            // The scale is the tokenizer's and stays; a prompt that is added to every request may, too.
            let known = others.filter.weights().iter().enumerate();
            let inherited = known.zip(&beliefs).map(|((index, weight), (_, deviation))| {
                let own = square_root(others.filter.variance(index));
                (*weight, if inputs.is_intercept(index) { own.max(*deviation) } else { own.min(*deviation) })
            });
            let mut all = [(0.0, 0.0); MOST_WEIGHTS];
            all.iter_mut().zip(inherited).for_each(|(slot, belief)| *slot = belief);
            filter = Filter::new(inputs.cut(&all));
            spread = others.spread;
        }
        Self { filter, spread, answers: 0, surprises: 0, held: None }
    }

    /// One that was learned elsewhere; `None` if its parts do not belong together.
    pub(super) fn restored(filter: Filter, spread: f64, answers: u32) -> Option<Self> {
        let weights = filter.weights().len();
        let is_known = weights == KNOWN_WEIGHTS || weights == UNKNOWN_WEIGHTS;
        (is_known && (0.0..=MOST_SPREAD).contains(&spread)).then_some(Self {
            filter,
            spread,
            answers,
            surprises: 0,
            held: None,
        })
    }

    pub(super) const fn filter(&self) -> &Filter {
        &self.filter
    }

    pub(super) const fn spread(&self) -> f64 {
        self.spread
    }

    pub(super) const fn answers(&self) -> u32 {
        self.answers
    }

    /// Whether it was learned from estimates by the same weights as `input`.
    pub(super) fn fits(&self, input: &InputEstimate) -> bool {
        self.filter.weights().len() == Inputs::of(input).length
    }

    /// Model tokens that `input` probably has.
    pub(super) fn likely(&self, input: &InputEstimate) -> u32 {
        let inputs = Inputs::of(input);
        whole(self.expect(&inputs).0)
    }

    /// Model tokens that of a hundred inputs such as `input` at most one exceeds.
    pub(super) fn reserve(&self, input: &InputEstimate) -> u32 {
        let inputs = Inputs::of(input);
        let (expected, doubt) = self.expect(&inputs);
        let spread = self.spread.max(LEAST_SPREAD);
        let scatter = inputs.scatter(spread);
        whole(expected + square_root(CERTAINTY * CERTAINTY * scatter + doubt) + SMALL_CHANGE)
    }

    /// Learns that `input` had `truth` model tokens.
    pub(super) fn observe(&mut self, input: &InputEstimate, truth: u64) {
        let inputs = Inputs::of(input);
        let size = inputs.size();
        // A figure further off is a broken one, not a tokenizer.
        let truth = (truth.min(u64::from(u32::MAX)) as f64).min(size * MOST_SCALE + MOST_INTERCEPT);
        if size > LEAST_SIZE && truth < size / MOST_SCALE {
            return;
        }
        let (expected, doubt) = self.expect(&inputs);
        let noise = inputs.scatter(self.spread.max(LEAST_NOISE)) + STRAY;
        let error = truth - expected;
        let most = SURPRISING * square_root(doubt + noise);
        if error.abs() <= most {
            self.surprises = 0;
            self.held = None;
            self.learn(&inputs, error, noise, doubt);
        } else if self.is_one_too_many(error > 0.0) {
            // Not the answers are odd, but what was believed is wrong: begin again, with both of them.
            let before = self.held.take();
            self.surprises = 0;
            self.answers = 0;
            self.spread = Form::of(input).spread();
            let weights = self.filter.weights().len();
            self.filter.doubt((0..weights).map(|index| inputs.open_mind(index)));
            for (inputs, truth) in before.into_iter().chain([(inputs, truth)]) {
                let noise = inputs.scatter(LEAST_NOISE) + STRAY;
                self.learn_anew(&inputs, truth, noise);
            }
        } else {
            self.held = Some((inputs, truth));
            let bounded = if error > 0.0 { most } else { -most };
            self.learn(&inputs, bounded, noise, doubt);
        }
    }

    /// Notes a surprise. Says whether there were too many of the same direction in a row to be accidents.
    fn is_one_too_many(&mut self, above: bool) -> bool {
        let same = (self.surprises > 0) == above && self.surprises != 0;
        let before = if same { self.surprises.saturating_abs() } else { 0 };
        let now = before.saturating_add(1);
        self.surprises = if above { now } else { -now };
        now >= if self.answers < SETTLED { 2 } else { 3 }
    }

    fn learn(&mut self, inputs: &Inputs, error: f64, noise: f64, doubt: f64) {
        let part = (error * error - doubt - STRAY).max(0.0) / inputs.scale();
        let gain = (1.0 / (f64::from(self.answers) + SPREAD_BELIEF)).max(LEAST_GAIN);
        self.spread = (self.spread + gain * (part - self.spread)).clamp(0.0, MOST_SPREAD);
        self.correct(inputs, error, noise);
    }

    fn learn_anew(&mut self, inputs: &Inputs, truth: f64, noise: f64) {
        let (expected, _) = self.expect(inputs);
        self.correct(inputs, truth - expected, noise);
    }

    fn correct(&mut self, inputs: &Inputs, error: f64, noise: f64) {
        self.filter.correct(inputs.values(), error, noise);
        self.filter.bound((0..inputs.length).map(|index| inputs.bounds(index)));
        self.filter.drift(DRIFT, (0..inputs.length).map(|index| inputs.open_mind(index)));
        if !self.filter.is_sound() {
            self.filter.doubt((0..inputs.length).map(|index| inputs.open_mind(index)));
        }
        self.answers = self.answers.saturating_add(1);
    }

    /// The probable truth, and the variance that comes of how little is known.
    fn expect(&self, inputs: &Inputs) -> (f64, f64) {
        let (expected, doubt) = self.filter.expect(inputs.values());
        let size = inputs.size();
        (expected.clamp(size / MOST_SCALE, size * MOST_SCALE + MOST_INTERCEPT), doubt)
    }
}

/// What a truth is a weighted sum of: the text, or its parts by kind of character; what is not text; and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Inputs {
    values: [f64; MOST_WEIGHTS],
    length: usize,
    has_unknown_parts: bool,
}

impl Inputs {
    fn of(input: &InputEstimate) -> Self {
        let mut values = [0.0; MOST_WEIGHTS];
        let texts = if input.tokenizer == Tokenizer::Unknown { GROUPS } else { 1 };
        for (index, part) in input.text.0.iter().enumerate() {
            if let Some(value) = values.get_mut(index.min(texts - 1)) {
                *value += f64::from(*part) / 16.0;
            }
        }
        for (value, rest) in values.iter_mut().skip(texts).zip([f64::from(input.fixed), 1.0]) {
            *value = rest;
        }
        Self { values, length: texts + 2, has_unknown_parts: input.has_unknown_parts }
    }

    fn values(&self) -> &[f64] {
        self.cut(&self.values)
    }

    /// As many of `all` as there are weights.
    fn cut<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        all.get(..self.length).unwrap_or(all)
    }

    const fn is_intercept(&self, index: usize) -> bool {
        index + 1 == self.length
    }

    const fn is_fixed(&self, index: usize) -> bool {
        index + 2 == self.length
    }

    fn text(&self) -> f64 {
        self.values.iter().take(self.length - 2).sum()
    }

    fn fixed(&self) -> f64 {
        self.values.get(self.length - 2).copied().unwrap_or(0.0)
    }

    fn size(&self) -> f64 {
        self.text() + self.fixed()
    }

    /// The square by which a spread is measured: a short input is off by a few tokens, which says nothing of long ones.
    fn scale(&self) -> f64 {
        let size = self.size() + SHORT;
        size * size
    }

    /// The variance of truths around what is expected, where text scatters with `spread`.
    fn scatter(&self, spread: f64) -> f64 {
        let (text, fixed) = (self.text(), self.fixed());
        let of_fixed = if self.has_unknown_parts { UNKNOWN_PARTS } else { KNOWN_PARTS };
        spread * text * text + of_fixed * of_fixed * fixed * fixed
    }

    /// Weights before the first answer, and their standard deviations.
    fn beliefs(&self, input: &InputEstimate) -> [(f64, f64); MOST_WEIGHTS] {
        let mut beliefs = [(0.0, 0.0); MOST_WEIGHTS];
        let is_unknown = input.tokenizer == Tokenizer::Unknown;
        let intercept = match (input.tools != 0, is_unknown || self.has_unknown_parts) {
            (false, _) if !self.has_unknown_parts => NO_TOOLS,
            (true, false) => KNOWN_TOOLS,
            _ => UNKNOWN_OVERHEAD,
        };
        for (index, belief) in beliefs.iter_mut().enumerate() {
            *belief = if self.is_intercept(index) {
                (0.0, intercept)
            } else if self.is_fixed(index) {
                (1.0, if self.has_unknown_parts { UNKNOWN_FIXED } else { KNOWN_FIXED })
            } else {
                (1.0, if is_unknown { UNKNOWN_SCALE } else { KNOWN_SCALE })
            };
        }
        beliefs
    }

    /// The standard deviation of a weight of which nothing is believed any more.
    const fn open_mind(&self, index: usize) -> f64 {
        if self.is_intercept(index) { OPEN_INTERCEPT } else { OPEN_SCALE }
    }

    const fn bounds(&self, index: usize) -> (f64, f64) {
        if self.is_intercept(index) { (-LEAST_INTERCEPT, MOST_INTERCEPT) } else { (1.0 / MOST_SCALE, MOST_SCALE) }
    }
}

/// How the text of an estimate was counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    /// By the tables of its tokenizer.
    Tables,
    /// By two dozen weights of its tokenizer.
    Weights,
    /// By weights that are nobody's in particular.
    Mean,
}

impl Form {
    const fn of(input: &InputEstimate) -> Self {
        match (input.tokenizer, input.is_exact) {
            (Tokenizer::Unknown, _) => Self::Mean,
            (_, true) => Self::Tables,
            (_, false) => Self::Weights,
        }
    }

    /// The mean square error of a text's estimate, of which [`CERTAINTY`] roots are the margin at first: measured, 99 % of
    /// single documents of 2 to 20 KB have at most 1.07 times what tables say, 1.3 times what weights say, and 1.5 times
    /// what nobody's weights say.
    const fn spread(self) -> f64 {
        match self {
            Self::Tables => 0.02 * 0.02,
            Self::Weights => 0.1 * 0.1,
            Self::Mean => 0.14 * 0.14,
        }
    }
}

/// A number of tokens, rounded up.
fn whole(tokens: f64) -> u32 {
    let whole = tokens as u32;
    whole.saturating_add(u32::from(f64::from(whole) < tokens))
}

const KNOWN_WEIGHTS: usize = 3;
const UNKNOWN_WEIGHTS: usize = GROUPS + 2;

/// So many roots of the mean square cover 99 of 100 truths. A normal distribution needs 2.3; measured were 1.9 to 3.0.
const CERTAINTY: f64 = 3.0;

/// Beyond a part of its size, a text is off by so many tokens: of 60 bytes, by two.
const SMALL_CHANGE: f64 = 8.0;

/// The exact tables of a known tokenizer are off by 2 % of a text, and calibrated by 1.0 to 1.6 %.
const LEAST_SPREAD: f64 = 0.015 * 0.015;
const LEAST_NOISE: f64 = 0.02 * 0.02;
const MOST_SPREAD: f64 = 1.0;

/// Six tokens, squared: what even the shortest texts are off by.
const STRAY: f64 = 36.0;

/// A first response counts as one of so many, a later one as a twenty-fifth at least.
const SPREAD_BELIEF: f64 = 5.0;
const LEAST_GAIN: f64 = 0.04;

/// Tokens below which a relative error is mostly the frame's.
const SHORT: f64 = 100.0;

/// How far images and frames are off, and pages or bodies that were not read.
const KNOWN_PARTS: f64 = 0.02;
const UNKNOWN_PARTS: f64 = 0.25;

/// The beliefs at first. With known weights the scale is right within 3 %, and the frames are known within some tokens;
/// with unknown overhead the intercept is open, and one answer settles it.
const KNOWN_SCALE: f64 = 0.03;
const UNKNOWN_SCALE: f64 = 0.25;
const KNOWN_FIXED: f64 = 0.1;
const UNKNOWN_FIXED: f64 = 0.5;
const NO_TOOLS: f64 = 30.0;
const KNOWN_TOOLS: f64 = 150.0;
const UNKNOWN_OVERHEAD: f64 = 600.0;

/// The beliefs after they turned out to be wrong: half of everything, and a system prompt of some thousand tokens.
const OPEN_SCALE: f64 = 0.5;
const OPEN_INTERCEPT: f64 = 1_500.0;

/// An error of so many standard deviations is a surprise, and counts as no more than that.
const SURPRISING: f64 = 3.0;

/// After so many answers three surprises in a row are needed to give up what was learned, instead of two.
const SETTLED: u32 = 10;

/// A thousand answers ago counts an eighth.
const DRIFT: f64 = 1.0 / 0.998;

/// No tokenizer makes more of a text, or less; no server adds more to a prompt.
const MOST_SCALE: f64 = 16.0;
const MOST_INTERCEPT: f64 = 200_000.0;
const LEAST_INTERCEPT: f64 = 2_000.0;

/// In a shorter text the overhead of a request outweighs the text.
const LEAST_SIZE: f64 = 50.0;
