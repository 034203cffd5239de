//! The seeded generator that every draw of the simulation comes from.

/// A generator of 64-bit values: `SplitMix64`, which is small and the same on every machine.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that depends on the seed and on what it is for.
    ///
    /// Two purposes give two streams, so that a draw for one never shifts the draws of the other.
    pub fn new(seed: u64, purpose: &[u8]) -> Self {
        // FNV-1a, 64 bits.
        let hash = purpose.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut random = Self(seed);
        Self(random.next() ^ hash)
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below `bound`, or 0 if that is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A whole number in `low..=high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// Roughly log-normal about `median` (sigma 1): many small, a few sixteen times as large.
    ///
    /// Integers only, so that every machine draws the same: the distribution's quantiles are joined by straight lines.
    pub fn log_normal(&mut self, median: u64) -> u64 {
        let position = self.below(LOG_NORMAL_QUANTILES_PERMILLE.len() as u64 - 1) as usize;
        let (low, high) = (LOG_NORMAL_QUANTILES_PERMILLE[position], LOG_NORMAL_QUANTILES_PERMILLE[position + 1]);
        median.saturating_mul(self.between(low, high)) / 1_000
    }
}

/// exp(z) at the normal quantiles z of 0/16, 1/16 … 16/16, in thousandths; the ends are cut at z = ±2.8.
const LOG_NORMAL_QUANTILES_PERMILLE: [u64; 17] =
    [61, 216, 317, 412, 510, 613, 727, 855, 1_000, 1_170, 1_376, 1_631, 1_962, 2_428, 3_158, 4_637, 16_445];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_draw_the_same() {
        let draw = |seed, purpose: &[u8]| Random::new(seed, purpose).next();
        assert_eq!(draw(1, b"faults"), draw(1, b"faults"));
        assert_ne!(draw(1, b"faults"), draw(2, b"faults"));
        assert_ne!(draw(1, b"faults"), draw(1, b"sizes"));
    }

    #[test]
    fn half_of_the_log_normal_draws_lie_below_the_median() {
        let mut random = Random::new(7, b"sizes");
        let below = (0..10_000).filter(|_| random.log_normal(200) < 200).count();
        assert!((4_800..5_200).contains(&below), "{below}");
    }

    #[test]
    fn between_reaches_both_ends_and_nothing_beyond() {
        let mut random = Random::new(7, b"ends");
        let drawn: Vec<u64> = (0..200).map(|_| random.between(3, 5)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&3), Some(&5)));
        assert_eq!(random.between(4, 4), 4);
    }
}
