//! How much more may be promised than is there, of what a server charges as it is produced.
//!
//! When a call is sent, a number of output tokens is reserved for it that nine of ten answers do not exceed. Of many calls
//! together, far less is written than is reserved for them; and while they write, the limit fills. So a call may go if what
//! all calls in flight are likely to write, less what comes back meanwhile, is there, and the server then never finds less
//! than nothing left:
//!
//! ```text
//! likely    = reserved × min(1, mean + 3/2 deviation ÷ √calls)     of written ÷ reserved, over the last answers
//! come      = min(rate × half of how long calls last,  mean × reserved ÷ 4)
//! overdraft = (reserved − likely + come) × answers ÷ (answers + calls)
//! ```
//!
//! The second part of `come` is half of what those in flight have still to write, as a rule: without it there would be
//! nothing left when the next call arrives. The last factor is there because the first answers to end are the shortest.

use crate::archive::Archive;
use crate::time::Duration;

/// What calls in flight came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overdraft {
    /// Written ÷ reserved, on average, in units of 2⁻¹⁶.
    mean: i64,
    /// How far it is off on average.
    deviation: i64,
    /// How long calls last.
    lasts: Duration,
    answers: u32,
}

impl Default for Overdraft {
    fn default() -> Self {
        Self { mean: WHOLE, deviation: 0, lasts: Duration::ZERO, answers: 0 }
    }
}

impl Overdraft {
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        let most = WHOLE * LARGEST.cast_signed();
        self.mean = archive.signed(self.mean).clamp(0, most);
        self.deviation = archive.signed(self.deviation).clamp(0, most);
        self.lasts = archive.duration(self.lasts).min(Duration::MINUTE);
        self.answers = archive.small(self.answers);
    }

    /// A call for which `reserved` was reserved was charged `actual` after it `lasted`.
    pub(super) fn settled(&mut self, reserved: u64, actual: u64, lasted: Duration) {
        if reserved == 0 {
            return;
        }
        let ratio = (u128::from(actual.min(reserved.saturating_mul(LARGEST))) << 16) / u128::from(reserved);
        let ratio = i64::try_from(ratio).unwrap_or(WHOLE);
        let lasted = i64::try_from(lasted.min(Duration::MINUTE).as_nanos()).unwrap_or(0);
        self.answers = self.answers.saturating_add(1);
        // The mean of the first ones, then one that fades.
        let weight = i64::from(self.answers.min(MEMORY));
        self.deviation += ((ratio - self.mean).abs() - self.deviation) / weight;
        self.mean += (ratio - self.mean) / weight;
        let lasts = i64::try_from(self.lasts.as_nanos()).unwrap_or(0);
        self.lasts = Duration::from_nanos((lasts + (lasted - lasts) / weight).unsigned_abs());
    }

    /// How much more than is there may be promised if `reserved` is promised to `calls` in all, where `rate` is what comes
    /// back in a second.
    pub(super) fn allowed(&self, reserved: u64, calls: u64, rate: u64) -> u64 {
        if self.answers < FEWEST {
            return 0;
        }
        let root = i64::try_from((calls.min(1 << 20) << 16).isqrt()).unwrap_or(256).max(1);
        let likely = (self.mean + ((self.deviation * 3 / 2) << 8) / root).clamp(0, WHOLE);
        let reserved = i128::from(reserved);
        let unused = (reserved * i128::from(WHOLE - likely)) >> 16;
        let lasts = i128::from(self.lasts.as_nanos());
        let come = i128::from(rate) * lasts / 2 / i128::from(Duration::SECOND.as_nanos());
        let to_write = ((reserved * i128::from(self.mean.min(WHOLE))) >> 16) / 4;
        // The first answers to end are the shortest.
        let (answers, calls) = (i128::from(self.answers), i128::from(calls));
        u64::try_from((unused + come.min(to_write)) * answers / (answers + calls)).unwrap_or(0)
    }
}

const WHOLE: i64 = 1 << 16;
/// An answer that outgrows its reservation by more says nothing of others.
const LARGEST: u64 = 16;
/// Before so many answers nothing is known.
const FEWEST: u32 = 8;
const MEMORY: u32 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn after(ratios: &[u64], lasts: Duration) -> Overdraft {
        let mut overdraft = Overdraft::default();
        for ratio in ratios.iter().cycle().take(640) {
            overdraft.settled(1_000, *ratio, lasts);
        }
        overdraft
    }

    #[test]
    fn nothing_is_promised_twice_before_answers_have_come() {
        let mut overdraft = Overdraft::default();
        for _ in 0..7 {
            overdraft.settled(1_000, 100, Duration::SECOND);
        }
        assert_eq!(overdraft.allowed(10_000, 10, 1_000), 0);
        overdraft.settled(1_000, 100, Duration::SECOND);
        assert!(overdraft.allowed(10_000, 10, 1_000) > 0);
    }

    #[test]
    fn what_is_always_used_in_full_allows_only_what_comes_back_meanwhile() {
        let overdraft = after(&[1_000], Duration::from_secs(2));
        assert_eq!(overdraft.allowed(10_000, 10, 1_000), 1_000 * 640 / 650);
        // A quarter of what is promised, as half of it is still to be written.
        assert_eq!(overdraft.allowed(1_000, 1, 1_000), 250 * 640 / 641);
        assert_eq!(overdraft.allowed(10_000, 10, 0), 0);
    }

    #[test]
    fn of_many_calls_less_is_kept_for_the_unlikely_case() {
        let overdraft = after(&[100, 700], Duration::ZERO);
        let unused = |calls: u64| overdraft.allowed(1_000 * calls, calls, 0) * (640 + calls) / 640 / calls;
        // Four tenths are written on average, give or take three tenths.
        assert!((100..200).contains(&unused(1)), "{}", unused(1));
        assert!((340..410).contains(&unused(4)), "{}", unused(4));
        assert!((520..600).contains(&unused(100)), "{}", unused(100));
    }

    #[test]
    fn the_first_answers_are_not_taken_for_all() {
        let mut overdraft = Overdraft::default();
        for _ in 0..10 {
            overdraft.settled(1_000, 100, Duration::ZERO);
        }
        // Ten of a hundred have ended, and wrote little.
        assert!(overdraft.allowed(90_000, 90, 0) < 9_000);
    }

    #[test]
    fn an_absurd_answer_is_one_answer() {
        let mut overdraft = after(&[100], Duration::ZERO);
        overdraft.settled(1_000, u64::MAX, Duration::MAX);
        overdraft.settled(0, 5, Duration::ZERO);
        let allowed = overdraft.allowed(100_000, 100, 0);
        assert!((20_000..90_000).contains(&allowed), "{allowed}");
    }
}
