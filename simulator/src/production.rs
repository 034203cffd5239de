//! How an answer comes into being over time.

use std::time::Duration;

use crate::options::Timing;
use crate::random::Random;

/// When each token of an answer is produced.
///
/// The tokens come in pieces of some [`PIECE`] of production each, every one at the instant its last token is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Production {
    first_at: Duration,
    tokens: u64,
    per_token: Duration,
    per_piece: u64,
}

impl Production {
    /// The production of `tokens` tokens for a request that came at `now`, faster or slower as is drawn.
    pub fn new(now: Duration, tokens: u64, timing: &Timing, slow: bool, random: &mut Random) -> Self {
        let slowness = if slow { SLOWNESS } else { 1 };
        let (least, most) = timing.factors_permille();
        let wait_us = timing.first_token_ms * random.between(least, most);
        let per_token_ns = 1_000_000 * random.between(least, most) / timing.tokens_per_second.max(1) * slowness;
        let per_token = Duration::from_nanos(per_token_ns.max(1));
        let per_piece = (PIECE.as_nanos() / per_token.as_nanos()).max(1) as u64;
        Self { first_at: now + Duration::from_micros(wait_us), tokens, per_token, per_piece }
    }

    /// When the first token is there, or would be.
    pub fn first_at(&self) -> Duration {
        self.first_at
    }

    /// The same production, by so much later.
    pub(crate) fn later(self, by: Duration) -> Self {
        Self { first_at: self.first_at + by, ..self }
    }

    /// All tokens.
    pub(crate) fn tokens(&self) -> u64 {
        self.tokens
    }

    /// How many pieces there are.
    pub fn pieces(&self) -> u64 {
        self.tokens.div_ceil(self.per_piece)
    }

    /// The tokens of a piece, counted from 0, and when they are there.
    pub fn piece(&self, index: u64) -> (Duration, u64) {
        let produced = ((index + 1) * self.per_piece).min(self.tokens);
        let tokens = produced - (index * self.per_piece).min(self.tokens);
        let waited = u128::from(produced.saturating_sub(1)) * self.per_token.as_nanos();
        (self.first_at + Duration::from_nanos(waited.min(u64::MAX.into()) as u64), tokens)
    }

    /// When the first `pieces` pieces are there.
    pub fn ends_at(&self, pieces: u64) -> Duration {
        if pieces == 0 { self.first_at } else { self.piece(pieces - 1).0 }
    }
}

/// About as long as people see text arrive at once; and few enough events for long answers.
const PIECE: Duration = Duration::from_millis(50);
const SLOWNESS: u64 = 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_token_is_produced_once_and_in_order(
            tokens in 0_u64..5_000,
            tokens_per_second in 1_u64..100_000,
            seed in any::<u64>(),
        ) {
            let timing = Timing { tokens_per_second, ..Timing::default() };
            let start = Duration::from_secs(5);
            let production = Production::new(start, tokens, &timing, false, &mut Random::new(seed, b""));
            let pieces: Vec<_> = (0..production.pieces()).map(|index| production.piece(index)).collect();
            prop_assert_eq!(pieces.iter().map(|(_, tokens)| tokens).sum::<u64>(), tokens);
            prop_assert!(pieces.iter().all(|&(at, tokens)| tokens > 0 && at >= production.first_at()));
            prop_assert!(pieces.is_sorted());
        }
    }

    #[test]
    fn speed_and_first_wait_lie_within_the_variation_that_is_set() {
        let timing = Timing { first_token_ms: 400, tokens_per_second: 100, refusal_ms: 0, variation: 0.25 };
        for seed in 0..50 {
            let production = Production::new(Duration::ZERO, 1_001, &timing, false, &mut Random::new(seed, b""));
            assert!((300..=500).contains(&production.first_at().as_millis()));
            let took = production.ends_at(production.pieces()) - production.first_at();
            assert!((7_500..=12_500).contains(&took.as_millis()), "{took:?}");
        }
    }
}
