//! How tokenizers differ.

use crate::tokens::GROUPS;

/// The covariance of what two groups of characters have by a tokenizer that nobody knows, as factors of the estimate:
/// whoever makes more of Thai makes more of Arabic, and mostly less of digits.
pub(super) fn covariance(one: usize, other: usize) -> f64 {
    let (row, column) = (one.max(other), one.min(other));
    VARIETY.get(row * (row + 1) / 2 + column).map_or(0.0, |pair| f64::from(*pair) / 1_000.0)
}

/// In thousandths, row by row up to the diagonal, in the order of [`Groups`](crate::tokens::Groups).
///
/// That of the ten tokenizers whose counts were at hand on 2026-11-26, see `data/token-weights/README.md`, and 0.12² more
/// for each group by itself: the next tokenizer is none of those.
#[rustfmt::skip]
const VARIETY: [i16; GROUPS * (GROUPS + 1) / 2] = [
    41,
    -18, 99,
    24, -12, 49,
    12, -41, 8, 98,
    16, -36, 13, 55, 69,
    32, -60, 34, 86, 68, 129,
    11, -46, -2, 126, 68, 119, 240,
    31, -96, 33, 190, 129, 200, 258, 493,
    28, -84, 30, 132, 94, 151, 184, 313, 241,
    -4, -28, -24, 72, 50, 48, 119, 146, 97, 172,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::filter::Filter;

    #[test]
    fn it_is_the_covariance_of_something() {
        assert!(Filter::new(&[1.0; GROUPS], &covariance).is_sound());
        // What is left of each group's variance when those before it are known: all of it is positive, or it is none.
        let mut left = [[0.0; GROUPS]; GROUPS];
        for (one, row) in left.iter_mut().enumerate() {
            row.iter_mut().enumerate().for_each(|(other, pair)| *pair = covariance(one, other));
        }
        for known in 0..GROUPS {
            assert!(left[known][known] > 0.0, "{known}: {}", left[known][known]);
            let pivot = left[known];
            for row in left.iter_mut().skip(known + 1) {
                let factor = row[known] / pivot[known];
                row.iter_mut().zip(pivot).for_each(|(pair, known)| *pair -= factor * known);
            }
        }
    }

    #[test]
    fn scripts_go_together_and_digits_do_not_go_with_them() {
        assert!(covariance(7, 8) > 0.05 && covariance(8, 7) == covariance(7, 8));
        assert!(covariance(1, 7) < 0.0);
        assert_eq!(covariance(GROUPS, GROUPS), 0.0);
    }
}
