//! How tokenizers differ.

use crate::tokens::GROUPS;

/// The covariance of what two groups of characters have by a tokenizer that nobody knows, as factors of the estimate:
/// whoever makes more of Thai makes more of Arabic, and mostly less of digits.
pub(super) fn covariance(one: usize, other: usize) -> f64 {
    let (row, column) = (one.max(other), one.min(other));
    VARIETY.get(row * (row + 1) / 2 + column).map_or(0.0, |pair| f64::from(*pair) / 256.0)
}

/// In 1/256, row by row up to the diagonal, in the order of [`Groups`](crate::tokens::Groups).
///
/// That of the ten tokenizers whose counts were at hand on 2026-11-26, see `data/token-weights/README.md`, and 0.12² more
/// for each group by itself: the next tokenizer is none of those.
#[rustfmt::skip]
const VARIETY: [i8; GROUPS * (GROUPS + 1) / 2] = [
    10,
    -5, 25,
    6, -3, 13,
    3, -11, 2, 26,
    4, -9, 3, 14, 18,
    8, -15, 9, 22, 17, 33,
    3, -12, 0, 33, 17, 30, 61,
    8, -25, 8, 49, 33, 51, 66, 126,
    7, -21, 8, 34, 24, 39, 47, 80, 62,
    -1, -7, -6, 19, 13, 12, 30, 37, 25, 44,
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
