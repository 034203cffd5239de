//! A linear relation that is learned from one observation after another.

use alloc::vec::Vec;

/// A Kalman filter whose state stands still: weights, and how uncertain each of them is together with each other. In other
/// words, recursive least squares with a belief to begin with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    weights: Vec<f64>,
    /// The covariance, of which each pair is kept once: row by row up to the diagonal.
    covariance: Vec<f64>,
}

impl Filter {
    /// Weights as they are believed before anything was seen, and `covariance(one, other)` of that belief.
    pub(super) fn new(weights: &[f64], covariance: &dyn Fn(usize, usize) -> f64) -> Self {
        let mut filter = Self { weights: weights.to_vec(), covariance: Vec::new() };
        filter.doubt(covariance);
        filter
    }

    /// Weights and covariance as [`weights`](Self::weights) and [`covariance`](Self::covariance) gave them; `None` if
    /// they are not those of one filter.
    pub(super) fn from_parts(weights: Vec<f64>, covariance: Vec<f64>) -> Option<Self> {
        let filter = Self { weights, covariance };
        (filter.weights.len() <= MOST_WEIGHTS
            && filter.covariance.len() == row(filter.weights.len())
            && filter.is_sound())
        .then_some(filter)
    }

    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    pub(super) fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// Forgets how certain the weights are, and how they depend on each other.
    pub(super) fn doubt(&mut self, covariance: &dyn Fn(usize, usize) -> f64) {
        self.covariance.clear();
        for one in 0..self.weights.len() {
            for other in 0..=one {
                self.covariance.push(covariance(one, other));
            }
        }
    }

    /// What `inputs` let expect, and the variance that comes of the weights' uncertainty.
    pub(super) fn expect(&self, inputs: &[f64]) -> (f64, f64) {
        let expected = self.weights.iter().zip(inputs).map(|(weight, input)| weight * input).sum();
        let gains = self.gains(inputs);
        let variance: f64 = gains.iter().zip(inputs).map(|(gain, input)| gain * input).sum();
        (expected, variance.max(0.0))
    }

    /// Learns that the truth lay `error` above what `inputs` let expect, where truths scatter with the variance `noise`.
    pub(super) fn correct(&mut self, inputs: &[f64], error: f64, noise: f64) {
        let gains = self.gains(inputs);
        let variance: f64 = gains.iter().zip(inputs).map(|(gain, input)| gain * input).sum();
        let total = variance.max(0.0) + noise;
        for (weight, gain) in self.weights.iter_mut().zip(&gains) {
            *weight += gain * error / total;
        }
        let mut pairs = self.covariance.iter_mut();
        for (index, gain) in gains.iter().enumerate() {
            for (other, pair) in gains.iter().take(index + 1).zip(pairs.by_ref()) {
                *pair -= gain * other / total;
            }
        }
    }

    /// Lets the weights drift: each becomes less certain by `factor`, in its deviation, unless its variance would exceed its
    /// ceiling, as those do about which nothing is observed.
    pub(super) fn drift(&mut self, factor: f64, ceiling: &dyn Fn(usize) -> f64) {
        let mut factors = [1.0; MOST_WEIGHTS];
        for (index, own) in factors.iter_mut().enumerate() {
            if self.pair(index, index) * factor * factor <= ceiling(index) {
                *own = factor;
            }
        }
        let mut pairs = self.covariance.iter_mut();
        for (index, factor) in factors.iter().enumerate().take(self.weights.len()) {
            for (other, pair) in factors.iter().take(index + 1).zip(pairs.by_ref()) {
                *pair *= factor * other;
            }
        }
    }

    /// Keeps every weight within its bounds.
    pub(super) fn bound(&mut self, bounds: &dyn Fn(usize) -> (f64, f64)) {
        for (index, weight) in self.weights.iter_mut().enumerate() {
            let (least, most) = bounds(index);
            *weight = within(*weight, least, most);
        }
    }

    /// Whether rounding, or whoever wrote the parts, left something that can be computed with.
    pub(super) fn is_sound(&self) -> bool {
        let is_covariance = |index: usize| {
            let own = self.pair(index, index);
            own >= 0.0
                && (0..index).all(|other| {
                    let pair = self.pair(index, other);
                    pair * pair <= own * self.pair(other, other) * (1.0 + ROUNDING) + ROUNDING
                })
        };
        let are_finite = self.weights.iter().chain(&self.covariance).all(|number| number.abs() <= MOST);
        are_finite && (0..self.weights.len()).all(is_covariance)
    }

    /// The covariance times `inputs`, for as many weights as there are.
    fn gains(&self, inputs: &[f64]) -> [f64; MOST_WEIGHTS] {
        let mut gains = [0.0; MOST_WEIGHTS];
        for (index, gain) in gains.iter_mut().enumerate().take(self.weights.len()) {
            *gain = inputs.iter().enumerate().map(|(other, input)| self.pair(index, other) * input).sum();
        }
        gains
    }

    /// The covariance of two weights.
    pub(super) fn pair(&self, one: usize, other: usize) -> f64 {
        self.covariance.get(row(one.max(other)) + one.min(other)).copied().unwrap_or(0.0)
    }
}

/// Where the row of a triangle begins.
const fn row(index: usize) -> usize {
    index * (index + 1) / 2
}

/// The square root by Newton's method; 0 of what has none. Halving the exponent gives a start that is off by 6 % at
/// most, and each step squares that: after four, the last bit is reached.
pub(super) fn square_root(number: f64) -> f64 {
    if !(number > 0.0 && number <= f64::MAX) {
        return 0.0;
    }
    let mut root = f64::from_bits((number.to_bits() >> 1) + (0x3ff << 51));
    for _ in 0..5 {
        root = (root + number / root) / 2.0;
    }
    root
}

/// What a filter has room for.
pub(super) const MOST_WEIGHTS: usize = crate::tokens::GROUPS + 2;

/// The number between two bounds that is next to `number`. `f64::clamp` does the same, but panics where the bounds are in
/// disorder, and the text of that panic brings the printing of fractions into the module, some 15 KB.
pub(super) const fn within(number: f64, least: f64, most: f64) -> f64 {
    if number >= most {
        most
    } else if number > least {
        number
    } else {
        least
    }
}

/// No token count and none of its squares comes near.
const MOST: f64 = 1e24;

/// A thousand times what the rounding of a few sums leaves.
const ROUNDING: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_points_without_noise_give_the_line_through_them() {
        let mut filter = Filter::new(&[1.0, 0.0], &|one, other| if one == other { 1e8 } else { 0.0 });
        for x in [100.0, 5_000.0] {
            let (expected, _) = filter.expect(&[x, 1.0]);
            filter.correct(&[x, 1.0], 1.4 * x + 600.0 - expected, 0.01);
        }
        let (expected, variance) = filter.expect(&[2_000.0, 1.0]);
        assert!((expected - 3_400.0).abs() < 0.1, "{expected}");
        assert!(variance < 0.1, "{variance}");
    }

    #[test]
    fn what_is_not_observed_does_not_change() {
        let mut filter = Filter::new(&[1.0, 2.0], &|one, other| if one == other { 0.25 } else { 0.0 });
        filter.correct(&[10.0, 0.0], 5.0, 1.0);
        assert_eq!(filter.weights().get(1), Some(&2.0));
        assert_eq!(filter.pair(1, 1), 0.25);
    }

    proptest! {
        #[test]
        fn the_square_root_squared_is_the_number(number in 1e-30..1e30_f64) {
            let root = square_root(number);
            prop_assert!((root * root - number).abs() <= number * 1e-15, "{} for {}", root, number);
        }

        #[test]
        fn it_stays_sound_whatever_it_is_told(
            steps in prop::collection::vec((prop::array::uniform3(0.0..1e6_f64), -1e9..1e9_f64, 1.0..1e6_f64), 0..80),
        ) {
            let mut filter = Filter::new(&[1.0, 1.0, 0.0], &|one, other| if one == other { 0.5 } else { 0.2 });
            for (inputs, error, noise) in steps {
                filter.correct(&inputs, error, noise);
                let (expected, variance) = filter.expect(&inputs);
                prop_assert!(expected.is_finite() && variance.is_finite() && variance >= 0.0);
            }
        }
    }

    #[test]
    fn the_root_of_what_has_none_is_zero() {
        for number in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(square_root(number), 0.0);
        }
    }
}
