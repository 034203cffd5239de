use alloc::vec::Vec;

use super::*;
use crate::random::Random;
use crate::time::Instant;

/// Six hundred a minute, ten a second.
const AMOUNT: u64 = 600;

fn at(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

/// What an answer says that comes at once.
fn prompt(millis: u64, left: u64, whole_at: u64) -> Seen {
    late(millis, millis, left, whole_at)
}

fn late(millis: u64, come_at: u64, left: u64, whole_at: u64) -> Seen {
    Seen { at: at(millis), come_at: at(come_at), left, rounding: 0, whole_at: at(whole_at) }
}

/// What was found last, and how, by answers that come at once to requests that were sent at the first of each three numbers,
/// with what is left and the instant at which it is whole, which is rounded up to whole seconds.
fn found(answers: impl IntoIterator<Item = (u64, u64, u64)>) -> (Option<Found>, Kind) {
    let answers = answers.into_iter();
    see(AMOUNT, answers.map(|(millis, left, whole_at)| prompt(millis, left, whole_at.div_ceil(1_000) * 1_000)))
}

fn see(amount: u64, answers: impl IntoIterator<Item = Seen>) -> (Option<Found>, Kind) {
    let mut kind = Kind::default();
    let found = answers.into_iter().filter_map(|seen| kind.see(seen, amount, Duration::MINUTE)).last();
    (found, kind)
}

const fn window(enforcement: Enforcement) -> Option<Found> {
    Some(Found::Window { enforcement, period: Duration::from_secs(10) })
}

#[test]
fn a_bucket_is_a_bucket_whatever_it_holds() {
    for burst in [600, 150] {
        // Two hundred milliseconds apart, four taken each time, and two come back.
        let answers = (0..60).map(|step| {
            let left = burst - (2 * step).min(burst);
            (200 * step, left, 200 * step + (burst - left) * 100)
        });
        let (found, kind) = found(answers);
        assert_eq!(found, Some(Found::Bucket), "{burst}: {kind:?}");
        assert!(kind.is_like_a_bucket(AMOUNT), "{burst}: {kind:?}");
        let capacity = kind.capacity().expect("it was told");
        assert!((burst..=burst + 21).contains(&capacity), "{burst}: {capacity}");
    }
}

#[test]
fn answers_of_a_bucket_that_come_whole_after_seconds_tell_of_no_window() {
    // A bucket of ten seconds. The server's `Date` is that of the arrival, so that its resets are read as late as the answers.
    let seen = [
        (12_011, 19_853, 47_000, 23_853),
        (24_089, 24_138, 0, 35_001),
        (38_366, 47_108, 28_000, 54_108),
        (42_943, 54_382, 51_000, 58_382),
    ];
    let seen = seen.map(|(sent, come, left, whole)| Seen { rounding: 500, ..late(sent, come, left, whole) });
    let (found, kind) = see(400_000, seen);
    assert_eq!((found, kind.windows), (None, 0), "{kind:?}");
}

#[test]
fn a_bucket_in_debt_that_fills_undisturbed_tells_of_no_window() {
    // Five seconds deep in debt, and half full ten seconds later: it is whole at the same instant as before.
    let (found, kind) = found([(0, 0, 15_000), (10_000, 50, 15_000)]);
    assert_eq!((found, kind.windows), (None, 0), "{kind:?}");
}

/// How the end of a bucket's filling is read.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// By the caller's clock: what has passed is now.
    OwnClock,
    /// By a `Date` that the server wrote when it counted the request.
    EarlyDate,
    /// From a time that the server states from then on.
    FromThen,
}

/// What a bucket of so many seconds says, drawn from the seed: requests are sent for three minutes and counted at any moment
/// until their answers come, which take up to `slowest` milliseconds.
fn bucket_answers(secs: u64, slowest: u64, reading: Reading, random: &mut Random) -> Vec<Seen> {
    let (full, mut level, mut counted_last) = (secs.cast_signed() * 1_000, secs.cast_signed() * 1_000, 0_u64);
    let mut sent = 0;
    let answers = (0..200).map(|_| {
        sent += random.up_to(1_800);
        let come = sent + random.up_to(slowest);
        let counted = counted_last.max(sent + random.up_to(come - sent)).min(come.max(counted_last));
        level = (level + (counted - counted_last).cast_signed()).min(full);
        counted_last = counted;
        // It may go into debt, of a third of what it holds.
        if level > 0 {
            level -= random.up_to(2_400.min(secs * 400)).cast_signed();
        }
        let whole = counted + (full - level).unsigned_abs();
        let whole_at = match reading {
            Reading::OwnClock => (whole.div_ceil(1_000) * 1_000).max(come),
            Reading::EarlyDate => come.max(counted) + whole.div_ceil(1_000) * 1_000 - counted / 1_000 * 1_000,
            Reading::FromThen => come.max(counted) + whole - counted,
        };
        late(sent, come.max(counted), u64::try_from(level).unwrap_or(0) / 100, whole_at)
    });
    answers.collect()
}

#[test]
fn no_bucket_is_ever_a_window_however_late_its_answers_come() {
    for seed in 0..200 {
        for reading in [Reading::OwnClock, Reading::EarlyDate, Reading::FromThen] {
            let mut random = Random::new(seed);
            let (secs, slowest) = (1 + random.up_to(59), 1 + random.up_to(20_000));
            let (_, kind) = see(AMOUNT, bucket_answers(secs, slowest, reading, &mut random));
            assert_eq!(kind.windows, 0, "seed {seed}, {reading:?}, {secs} s, {slowest} ms: {kind:?}");
        }
    }
}

#[test]
fn a_fixed_window_is_found_before_its_second_end() {
    let answers = (0..40).map(|step| (400 * step, 99 - (4 * (step % 25)).min(99), (400 * step / 10_000 + 1) * 10_000));
    let (found, kind) = found(answers);
    assert_eq!(found, window(Enforcement::FixedWindow), "{kind:?}");
    assert!(!kind.is_like_a_bucket(AMOUNT));
}

#[test]
fn a_fixed_window_is_found_by_answers_that_take_a_while() {
    let answers = (0..40).map(|step| {
        let sent = 400 * step;
        let end = (sent / 10_000 + 1) * 10_000;
        late(sent, sent + 1_500, 99 - (4 * (step % 25)).min(99), end.max(sent + 1_500))
    });
    let (found, kind) = see(AMOUNT, answers);
    // With so much doubt it may slide as well, which is the safe kind.
    assert_eq!(found, window(Enforcement::SlidingWindow), "{kind:?}");
}

#[test]
fn a_sliding_window_is_whole_a_period_after_the_last_request() {
    let answers = (0..40).map(|step| (400 * step, 99 - (4 * step).min(99), 400 * step + 10_000));
    let (found, kind) = found(answers);
    assert_eq!(found, window(Enforcement::SlidingWindow), "{kind:?}");
}

#[test]
fn a_burst_at_one_instant_is_taken_for_the_safe_kind() {
    let answers = (0..90).map(|step| (0, 99 - step, 10_000));
    assert_eq!(found(answers).0, window(Enforcement::SlidingWindow));
}

#[test]
fn what_was_taken_for_a_window_and_is_a_bucket_is_found_to_be_one() {
    let windows = (0..90).map(|step| (0, 99 - step, 10_000));
    // One a second taken from what fills with ten a second, and then twenty.
    let bucket = (0..60).map(|step| {
        let left = 150 - (2 * step).min(150);
        (20_000 + 200 * step, left, 20_000 + 200 * step + (150 - left) * 100)
    });
    let (found, kind) = found(windows.chain(bucket));
    assert_eq!(found, Some(Found::Bucket), "{kind:?}");
    assert!(kind.is_like_a_bucket(AMOUNT));
}

#[test]
fn what_a_server_says_of_another_amount_is_not_compared() {
    let mut kind = Kind::default();
    for (amount, left) in [(600, 99), (1_200, 40), (600, 10), (1_200, 90), (600, 60)] {
        kind.see(prompt(0, left, 10_000), amount, Duration::MINUTE);
    }
    assert_eq!((kind.windows, kind.buckets), (0, 0), "{kind:?}");
}

#[test]
fn nonsense_finds_no_window_and_ends() {
    let answers = [(0, u64::MAX, 0), (5, 0, u64::MAX / 2_000_000), (4, 7, 3), (u64::MAX / 2_000_000, u64::MAX, 9)];
    let (found, kind) = found(answers);
    assert!(!matches!(found, Some(Found::Window { .. })), "{kind:?}");
}
