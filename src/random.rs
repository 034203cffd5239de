//! A small seeded generator: the same seed gives the same jitter on every machine.

/// SplitMix64 (Steele, Lea and Flood, 2014): one word of state, full period, good enough to spread retries.
/// It is not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that starts at `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `max`, both included, each as likely as the other.
    ///
    /// ```
    /// use tidegate::random::Random;
    /// let mut random = Random::new(7);
    /// assert!((0..1_000).all(|_| random.up_to(5) <= 5));
    /// assert_eq!(random.up_to(0), 0);
    /// ```
    pub const fn up_to(&mut self, max: u64) -> u64 {
        // Lemire's multiplication: the bias of at most max / 2^64 is far below what a test could see.
        ((self.bits() as u128 * (max as u128 + 1)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_that_of_the_published_algorithm() {
        // First outputs for seed 1234567, as published with the reference implementation.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn up_to_reaches_both_ends() {
        let mut random = Random::new(1);
        let drawn: alloc::vec::Vec<u64> = (0..200).map(|_| random.up_to(3)).collect();
        assert!((0..=3).all(|value| drawn.contains(&value)));
        assert!((0..200).any(|_| random.up_to(u64::MAX) > u64::MAX / 2));
    }
}
