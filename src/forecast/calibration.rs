//! How the true input of requests relates to its estimate.

use super::filter::{Filter, MOST_WEIGHTS, square_root, within};
use super::variety;
use crate::request::InputEstimate;
use crate::tokens::{GROUPS, Tokenizer};

/// Learned from the usage in answers, for one model and one set of tools.
///
/// The truth is taken to be a weighted sum: of the text by kind of character, of what is not text, and of an intercept
/// for what no request shows, such as a prompt that a gateway adds. What is believed of the weights at first says what
/// they have in common (a tokenizer that makes more of everything) and what each has for itself (one that was made for
/// other languages); the more is known of the tokenizer, the firmer both are. Beside the weights stands how far truths
/// scatter around the sum, from which follows the margin for safety.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Calibration {
    filter: Filter,
    /// Mean square of what remained unexplained, as a part of the size.
    spread: f64,
    /// How many roots of the spread are the margin.
    certainty: f64,
    answers: u32,
    /// How far truths lay above or below what was expected of late, beyond what chance explains.
    drift: [f64; 2],
    /// The last requests and their truths, to learn from them anew.
    recent: [Option<Recent>; RECENT],
}

/// A request that was answered.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Recent {
    inputs: Inputs,
    truth: f64,
}

impl Calibration {
    /// What is believed of inputs such as `input` before the first answer, perhaps after `others` to the same model.
    pub(super) fn new(input: &InputEstimate, others: Option<&Self>) -> Self {
        let belief = Belief::of(input);
        let Some(others) = others else {
            let filter = Filter::new(&BELIEVED, &|one, other| belief.covariance(one, other));
            return Self::with(filter, belief.spread(), CERTAINTY, 0);
        };
        // The weights are the tokenizer's and stay. So may a prompt that is added to every request.
        let filter = Filter::new(others.filter.weights(), &|one, other| match (one, other) {
            (INTERCEPT, INTERCEPT) => others.filter.pair(one, other).max(belief.covariance(one, other)),
            (INTERCEPT, _) | (_, INTERCEPT) => 0.0,
            _ => others.filter.pair(one, other),
        });
        Self::with(filter, others.spread, others.certainty, 0)
    }

    /// One that was learned elsewhere; `None` if its parts do not belong together.
    pub(super) fn restored(filter: Filter, spread: f64, certainty: f64, answers: u32) -> Option<Self> {
        let is_whole = filter.weights().len() == MOST_WEIGHTS;
        let fits = (0.0..=MOST_SPREAD).contains(&spread) && (LEAST_CERTAINTY..=MOST_CERTAINTY).contains(&certainty);
        (is_whole && fits).then(|| Self::with(filter, spread, certainty, answers))
    }

    const fn with(filter: Filter, spread: f64, certainty: f64, answers: u32) -> Self {
        Self { filter, spread, certainty, answers, drift: [0.0; 2], recent: [None; RECENT] }
    }

    pub(super) const fn filter(&self) -> &Filter {
        &self.filter
    }

    pub(super) const fn spread(&self) -> f64 {
        self.spread
    }

    pub(super) const fn certainty(&self) -> f64 {
        self.certainty
    }

    pub(super) const fn answers(&self) -> u32 {
        self.answers
    }

    /// Model tokens that `input` probably has.
    pub(super) fn likely(&self, input: &InputEstimate) -> u32 {
        whole(self.probable(&Inputs::of(input)))
    }

    /// Model tokens that of a hundred inputs such as `input` one exceeds.
    pub(super) fn reserve(&self, input: &InputEstimate) -> u32 {
        whole(self.most(&Inputs::of(input)))
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
        self.recent.rotate_right(1);
        self.recent[0] = Some(Recent { inputs, truth });
        let is_exceeded = truth > self.most(&inputs);
        let step = if is_exceeded { CERTAINTY_STEP } else { -CERTAINTY_STEP * ONE_IN / (1.0 - ONE_IN) };
        self.certainty = within(self.certainty + step, LEAST_CERTAINTY, MOST_CERTAINTY);

        let (expected, doubt) = self.filter.expect(&inputs.values);
        let noise = inputs.scatter((self.spread / 2.0).max(LEAST_NOISE)) + stray(expected);
        let deviation = square_root(doubt + noise);
        // One odd answer counts as no more than a surprising one.
        let surprise = within((truth - expected) / deviation, -SURPRISING, SURPRISING);
        let [above, below] = self.drift;
        self.drift = [(above + surprise - CHANCE).max(0.0), (below - surprise - CHANCE).max(0.0)];
        let patience = if self.answers < SETTLED { FIRST_PATIENCE } else { PATIENCE };
        if self.drift.iter().any(|drift| *drift > patience) {
            self.begin_again(&Belief::of(input));
            return;
        }
        let error = surprise * deviation;
        let part = (error * error - doubt - STRAY).max(0.0) / inputs.scale();
        let gain = (1.0 / (f64::from(self.answers) + SPREAD_BELIEF)).max(LEAST_GAIN);
        self.spread = within(self.spread + gain * (part - self.spread), 0.0, MOST_SPREAD);
        self.correct(&inputs, error, noise, &Belief::of(input));
    }

    /// Not the answers are odd, but what was believed is wrong. With an open mind, the last answers tell what is right.
    fn begin_again(&mut self, belief: &Belief) {
        let filter = core::mem::replace(&mut self.filter, Filter::new(&[], &|_, _| 0.0));
        let recent = self.recent;
        // How far truths scatter is not forgotten: perhaps there is no rule.
        let spread = self.spread.max(belief.spread());
        *self = Self { recent, ..Self::with(filter, spread, self.certainty, 0) };
        self.filter.doubt(&|one, other| belief.opened(one, other));
        for Recent { inputs, truth } in recent.into_iter().rev().flatten() {
            let (expected, _) = self.filter.expect(&inputs.values);
            let noise = inputs.scatter((self.spread / 4.0).max(LEAST_NOISE)) + stray(truth);
            self.correct(&inputs, truth - expected, noise, belief);
        }
    }

    fn correct(&mut self, inputs: &Inputs, error: f64, noise: f64, belief: &Belief) {
        let opened = |one, other| belief.opened(one, other);
        self.filter.correct(&inputs.values, error, noise);
        self.filter.bound(&|index| {
            if index == INTERCEPT { (LEAST_INTERCEPT, MOST_INTERCEPT) } else { (1.0 / MOST_SCALE, MOST_SCALE) }
        });
        self.filter.drift(FORGETTING, &|index| opened(index, index));
        if !self.filter.is_sound() {
            self.filter.doubt(&opened);
        }
        self.answers = self.answers.saturating_add(1);
    }

    /// The probable truth.
    fn probable(&self, inputs: &Inputs) -> f64 {
        let (expected, _) = self.filter.expect(&inputs.values);
        let size = inputs.size();
        within(expected, size / MOST_SCALE, size * MOST_SCALE + MOST_INTERCEPT)
    }

    fn most(&self, inputs: &Inputs) -> f64 {
        let (_, doubt) = self.filter.expect(&inputs.values);
        let scatter = inputs.scatter(self.spread.max(LEAST_SPREAD));
        let variance = self.certainty * self.certainty * scatter + DOUBT * DOUBT * doubt;
        self.probable(inputs) + square_root(variance) + SMALL_CHANGE
    }
}

/// What a truth is a weighted sum of: the text by kind of character, what is not text, and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Inputs {
    values: [f64; MOST_WEIGHTS],
    roughness_of_rare: f64,
    has_unknown_parts: bool,
}

impl Inputs {
    fn of(input: &InputEstimate) -> Self {
        let mut values = [1.0; MOST_WEIGHTS];
        for (value, part) in values.iter_mut().zip(&input.text.0) {
            *value = f64::from(*part) / 16.0;
        }
        values[FIXED] = f64::from(input.fixed);
        let roughness_of_rare = Belief::of(input).roughness_of_rare;
        Self { values, roughness_of_rare, has_unknown_parts: input.has_unknown_parts }
    }

    fn size(&self) -> f64 {
        self.values.iter().take(INTERCEPT).sum()
    }

    /// The text, in which that counts more of which less is known.
    fn rough_text(&self) -> f64 {
        let rare = self.values[RARE] * self.roughness_of_rare;
        self.values.iter().zip(ROUGHNESS).map(|(part, roughness)| part * roughness).sum::<f64>() + rare
    }

    /// The square by which a spread is measured: a short input is off by a few tokens, which says nothing of long ones.
    fn scale(&self) -> f64 {
        let size = self.rough_text() + self.values[FIXED] + SHORT;
        size * size
    }

    /// The variance of truths around what is expected, where text scatters with `spread`.
    fn scatter(&self, spread: f64) -> f64 {
        let (text, fixed) = (self.rough_text(), self.values[FIXED]);
        let of_fixed = if self.has_unknown_parts { UNKNOWN_PARTS } else { KNOWN_PARTS };
        spread * text * text + of_fixed * of_fixed * fixed * fixed
    }
}

/// How firmly the weights of an estimate are believed: standard deviations of what they have in common and of each, of that
/// of rare scripts, of what is not text, and of the intercept. Of a tokenizer that nobody knows, the weights are believed
/// to differ as those of others do.
#[derive(Clone, Copy, Debug)]
struct Belief {
    knows_tokenizer: bool,
    common: f64,
    own: f64,
    rare: f64,
    fixed: f64,
    intercept: f64,
    /// What is reserved beyond the forecast of a long text at first, as a part of it, for how truths scatter.
    margin: f64,
    /// How much further than others rare scripts are off.
    roughness_of_rare: f64,
}

impl Belief {
    fn of(input: &InputEstimate) -> Self {
        let knows_tokenizer = input.tokenizer != Tokenizer::Unknown;
        let (common, own, rare, margin, roughness_of_rare) = match (knows_tokenizer, input.is_exact) {
            (false, _) => (0.0, 0.0, 0.0, 0.35, 3.0),
            (true, true) => (0.015, 0.02, 0.2, 0.06, 16.0),
            (true, false) => (0.02, 0.04, 0.3, 0.25, 8.0),
        };
        let intercept = match (input.has_unknown_parts, input.tools) {
            (false, 0) => NO_TOOLS,
            (false, _) if knows_tokenizer => KNOWN_TOOLS,
            _ => UNKNOWN_OVERHEAD,
        };
        let fixed = if input.has_unknown_parts { UNKNOWN_FIXED } else { KNOWN_FIXED };
        Self { knows_tokenizer, common, own, rare, fixed, intercept, margin, roughness_of_rare }
    }

    /// The mean square error of a text's estimate.
    const fn spread(&self) -> f64 {
        self.margin * self.margin / (CERTAINTY * CERTAINTY)
    }

    fn covariance(&self, one: usize, other: usize) -> f64 {
        let own = |deviation: f64| if one == other { deviation * deviation } else { 0.0 };
        match (one, other) {
            (INTERCEPT, _) | (_, INTERCEPT) => own(self.intercept),
            (FIXED, _) | (_, FIXED) => own(self.fixed),
            _ if !self.knows_tokenizer => self.common * self.common + variety::covariance(one, other),
            (RARE, RARE) => self.common * self.common + own(self.rare),
            _ => self.common * self.common + own(self.own),
        }
    }

    /// The same after it turned out to be wrong, with a mind that is open for everything but how much the kinds of
    /// characters differ: half of everything, and a system prompt of some thousand tokens.
    fn opened(&self, one: usize, other: usize) -> f64 {
        Self { common: 0.5, fixed: 0.5, intercept: 1_500.0, ..*self }.covariance(one, other)
    }
}

/// The variance of what nobody sees, which is not the same every time, and of what even the shortest texts are off by.
const fn stray(tokens: f64) -> f64 {
    STRAY + HIDDEN * HIDDEN * tokens * tokens
}

/// A number of tokens, rounded up.
fn whole(tokens: f64) -> u32 {
    let whole = tokens as u32;
    whole.saturating_add(u32::from(f64::from(whole) < tokens))
}

/// How much further than others the kinds of characters are off, in the order of [`Groups`](crate::tokens::Groups):
/// letters of alphabets that serve many languages twice as far, those of one region by half. Rare scripts are further off
/// the better all else is known: a tokenizer makes five times as much of one it has never met, and nobody's table tells.
const ROUGHNESS: [f64; GROUPS] = [1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.5, 1.5, 1.5, 0.0];

/// Which weight is which: the last of the text, and those after it.
const RARE: usize = GROUPS - 1;
const FIXED: usize = GROUPS;
const INTERCEPT: usize = GROUPS + 1;

/// The weights before the first answer: the estimate is right, and nothing is hidden.
const BELIEVED: [f64; MOST_WEIGHTS] = {
    let mut weights = [1.0; MOST_WEIGHTS];
    weights[INTERCEPT] = 0.0;
    weights
};

/// So many roots of the spread are the margin at first. A normal distribution needs 2.3 for 99 of 100, but texts are not
/// normal: most are off by a twentieth, and one in a hundred is in a language that the weights do not fit. Whatever the
/// distribution is, the number then follows: up where the reservation was exceeded, down where it was not, in balance
/// at one of a hundred.
const CERTAINTY: f64 = 5.0;
const LEAST_CERTAINTY: f64 = 2.0;
const MOST_CERTAINTY: f64 = 40.0;
const CERTAINTY_STEP: f64 = 0.5;
const ONE_IN: f64 = 0.01;

/// Beyond a part of its size, a text is off by so many tokens: of 60 bytes, by two.
const SMALL_CHANGE: f64 = 8.0;

/// What is not known of the weights is nearly normal.
const DOUBT: f64 = 2.0;

/// The exact tables of a known tokenizer are off by 2 % of a text, and calibrated by 1.0 to 1.6 %. A text teaches as if it
/// were off by 3 %: otherwise the first answers make the exact tables worse.
const LEAST_SPREAD: f64 = 0.012 * 0.012;
const LEAST_NOISE: f64 = 0.03 * 0.03;
const MOST_SPREAD: f64 = 1.0;

/// Six tokens, squared, and a part of the whole.
const STRAY: f64 = 36.0;
const HIDDEN: f64 = 0.01;

/// What is believed of the spread counts as so many answers; a later answer, as a twenty-fifth at least.
const SPREAD_BELIEF: f64 = 12.0;
const LEAST_GAIN: f64 = 0.04;

/// Tokens below which a relative error is mostly the frame's.
const SHORT: f64 = 100.0;

/// How far images and frames are off, and pages or bodies that were not read.
const KNOWN_PARTS: f64 = 0.02;
const UNKNOWN_PARTS: f64 = 0.25;
const KNOWN_FIXED: f64 = 0.1;
const UNKNOWN_FIXED: f64 = 0.5;

/// Frames are known within some tokens, tools within some more; with unknown overhead the intercept is open, and one
/// answer settles it.
const NO_TOOLS: f64 = 30.0;
const KNOWN_TOOLS: f64 = 150.0;
const UNKNOWN_OVERHEAD: f64 = 600.0;

/// An error of so many standard deviations is a surprise, and counts as no more than that.
const SURPRISING: f64 = 3.0;

/// Errors of one direction add up, less what chance explains (a cumulative sum test). Two surprises are enough to give up
/// what was believed before the first answers, three to give up what was learned from many.
const CHANCE: f64 = 0.75;
const FIRST_PATIENCE: f64 = 3.4;
const PATIENCE: f64 = 6.5;
const SETTLED: u32 = 10;

/// Requests that are kept, as numbers, to learn from them anew.
const RECENT: usize = 3;

/// A thousand answers ago counts an eighth.
const FORGETTING: f64 = 1.0 / 0.999;

/// No tokenizer makes more of a text, or less; no server adds more to a prompt.
const MOST_SCALE: f64 = 16.0;
const MOST_INTERCEPT: f64 = 200_000.0;
const LEAST_INTERCEPT: f64 = -2_000.0;

/// In a shorter text the overhead of a request outweighs the text.
const LEAST_SIZE: f64 = 50.0;
