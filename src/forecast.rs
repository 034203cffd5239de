//! What a request will cost, from what requests like it have cost.

/// Learned per scope: how the estimate of the input relates to the truth, and how much is usually written.
#[derive(Clone, Debug, Default)]
pub struct Forecast {
    /// True input ÷ estimated input, in 1/1,024.
    input_ratio: Quantile,
    output_tokens: Quantile,
    /// What is reserved beyond the forecast, in 1/65,536: servers admit by estimates of their own.
    margin: u64,
}

impl Forecast {
    /// Model tokens that a request reads, given the estimate from its text.
    pub fn input_tokens(&self, estimate: u64) -> u32 {
        let ratio = self.input_ratio.value().map_or(UNKNOWN_RATIO, |ratio| ratio + ratio / self.input_ratio.caution());
        self.with_margin(estimate.saturating_mul(ratio).div_ceil(RATIO_ONE))
    }

    /// Model tokens that a request writes, given the most that it may.
    pub fn output_tokens(&self, max_tokens: Option<u64>) -> u32 {
        // The first answers to end are the shortest, so the default gives way to them only little by little.
        let seen = u64::from(self.output_tokens.observations.min(ENOUGH));
        let default = UNKNOWN_OUTPUT * (u64::from(ENOUGH) - seen) / u64::from(ENOUGH);
        let usual = self.output_tokens.value().unwrap_or(0).max(default);
        let usual = u64::from(self.with_margin(usual));
        clamp_to_u32(max_tokens.map_or(usual, |most| most.min(usual)))
    }

    /// Learns from a refusal: what was reserved was not enough. The margin widens with each and narrows as requests are
    /// served; as what was reserved too much comes back, it costs no quota.
    pub fn observe_refusal(&mut self) {
        self.margin = (self.margin + MARGIN_STEP).min(MOST_MARGIN);
    }

    fn with_margin(&self, tokens: u64) -> u32 {
        clamp_to_u32(tokens.saturating_add(((u128::from(tokens) * u128::from(self.margin)) >> 16) as u64))
    }

    /// Learns from a finished request: what its text let expect, and what the server counted.
    pub fn observe(&mut self, estimate: u64, input_tokens: Option<u64>, output_tokens: Option<u64>) {
        self.margin -= self.margin.div_ceil(MARGIN_LIFE).min(self.margin);
        if let Some(truth) = input_tokens
            && estimate >= LEAST_ESTIMATE
        {
            let ratio = truth.min(u64::from(u32::MAX)).saturating_mul(RATIO_ONE) / estimate;
            self.input_ratio.observe(ratio.clamp(RATIO_ONE / MOST_RATIO, RATIO_ONE * MOST_RATIO));
        }
        if let Some(truth) = output_tokens {
            self.output_tokens.observe(truth.min(u64::from(u32::MAX)));
        }
    }
}

/// A number that nine of ten observations do not exceed, followed by small steps: up by nine parts where it was
/// exceeded, down by one where it was not.
#[derive(Clone, Debug, Default)]
struct Quantile {
    value: u64,
    observations: u32,
}

impl Quantile {
    const fn value(&self) -> Option<u64> {
        if self.observations == 0 { None } else { Some(self.value) }
    }

    /// The part by which few observations may mislead: a fifth after the first, a hundredth after a hundred.
    const fn caution(&self) -> u64 {
        4 + self.observations as u64
    }

    fn observe(&mut self, observed: u64) {
        if self.observations == 0 {
            self.value = observed;
        } else {
            // Large steps while little is known, then a twentieth.
            let part = u64::from(self.observations.min(20));
            let step = self.value / part + 1;
            self.value = if observed > self.value {
                (self.value + (step * 9).div_ceil(10)).min(observed)
            } else {
                self.value.saturating_sub(step.div_ceil(10)).max(observed)
            };
        }
        self.observations = self.observations.saturating_add(1);
    }
}

/// A count as a cost holds it; more than 4 billion tokens are 4 billion.
pub fn clamp_to_u32(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

const RATIO_ONE: u64 = 1_024;

/// Assumed before the first answer. Claude's tokenizers make half as many tokens again as there are four characters in
/// ordinary text (`docs/algorithms.md`); what was reserved too much comes back with the first answer.
const UNKNOWN_RATIO: u64 = RATIO_ONE * 3 / 2;

/// A ratio further off is a broken usage figure, not a tokenizer.
const MOST_RATIO: u64 = 16;

/// Each refusal adds a sixteenth, up to a quarter; some 350 answers take half of it away.
const MARGIN_STEP: u64 = 65_536 / 16;
const MOST_MARGIN: u64 = 65_536 / 4;
const MARGIN_LIFE: u64 = 512;

/// In a shorter text the fixed overhead of a request outweighs the text, and the ratio means nothing.
const LEAST_ESTIMATE: u64 = 50;

/// Reserved before the first answer is known and where the request sets no maximum. Nine of ten chat answers of the
/// Azure LLM trace of 2023 were shorter than 424 tokens; tool calls and long texts run longer.
const UNKNOWN_OUTPUT: u64 = 1_024;

/// After so many answers the shortest are no longer the only ones.
const ENOUGH: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn nine_of_ten_answers_fit_into_the_forecast() {
        let mut random = Random::new(5);
        let mut forecast = Forecast::default();
        let mut fitted = 0;
        for round in 0..5_000 {
            let truth = 100 + random.up_to(900);
            if round >= 1_000 && u64::from(forecast.output_tokens(None)) >= truth {
                fitted += 1;
            }
            forecast.observe(0, None, Some(truth));
        }
        assert!((3_400..=3_800).contains(&fitted), "{fitted} of 4000");
    }

    #[test]
    fn the_first_answer_already_corrects_the_estimate() {
        let mut forecast = Forecast::default();
        assert_eq!(forecast.input_tokens(1_000), 1_500);
        forecast.observe(1_000, Some(1_000), None);
        assert_eq!(forecast.input_tokens(1_000), 1_200);
        (0..500).for_each(|_| forecast.observe(1_000, Some(1_000), None));
        assert_eq!(forecast.input_tokens(1_000), 1_002);
    }

    #[test]
    fn a_request_never_reserves_more_output_than_it_may_write() {
        let mut forecast = Forecast::default();
        forecast.observe(0, None, Some(5_000));
        assert_eq!(forecast.output_tokens(Some(300)), 300);
        assert_eq!(forecast.output_tokens(Some(64_000)), 5_000);
    }

    #[test]
    fn refusals_widen_the_margin_and_answers_narrow_it() {
        let mut forecast = Forecast::default();
        (0..200).for_each(|_| forecast.observe(1_000, Some(1_000), Some(100)));
        let before = forecast.input_tokens(1_000);
        (0..100).for_each(|_| forecast.observe_refusal());
        assert!((before * 5 / 4 - 2..=before * 5 / 4).contains(&forecast.input_tokens(1_000)));
        (0..2_000).for_each(|_| forecast.observe(1_000, Some(1_000), Some(100)));
        assert!(forecast.input_tokens(1_000) <= before + 10);
    }

    #[test]
    fn absurd_figures_move_the_forecast_within_bounds() {
        let mut forecast = Forecast::default();
        forecast.observe(u64::MAX, Some(u64::MAX), Some(u64::MAX));
        forecast.observe(100, Some(u64::MAX), Some(0));
        assert!(forecast.input_tokens(100) <= 1_920);
    }
}
