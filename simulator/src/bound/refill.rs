//! When a limit can have been charged so much: how long it takes to come back.

use std::time::Duration;

use crate::limits::Limit;
use crate::meter::Enforcement;
use crate::options::{NEIGHBOUR_STEP_MS, Neighbour};

/// The earliest time after `start` at which `total` can have been charged.
pub(super) fn charged_at(course: &[(Duration, Limit)], neighbour: &Neighbour, total: u64, start: Duration) -> Duration {
    let enforcement = course[0].1.enforcement;
    if course.iter().any(|(_, limit)| limit.enforcement != enforcement) {
        // One algorithm begins where another ended: of that nothing is said.
        return Duration::ZERO;
    }
    let largest = course.iter().map(|(_, limit)| limit).max_by_key(|limit| limit.at_once).unwrap_or(&course[0].1);
    let shortest = course.iter().map(|(_, limit)| limit.window).min().unwrap_or_default();
    let further_windows = (total.div_ceil(largest.at_once).max(1) - 1).min(u32::MAX.into()) as u32;
    match enforcement {
        Enforcement::TokenBucket => bucket_charged_at(course, neighbour, total, start),
        Enforcement::SlidingWindow => shortest.saturating_mul(further_windows),
        Enforcement::FixedWindow if further_windows == 0 => Duration::ZERO,
        Enforcement::FixedWindow => {
            let into = Duration::from_nanos((start.as_nanos() % largest.window.as_nanos()) as u64);
            shortest.saturating_mul(further_windows).saturating_sub(into)
        }
    }
}

/// The same for a bucket that is full at `start`: it has gained, by then, what is missing, but for what others took.
fn bucket_charged_at(course: &[(Duration, Limit)], neighbour: &Neighbour, total: u64, start: Duration) -> Duration {
    let mut later = course.iter().skip_while(|(at, _)| *at <= start);
    let mut limit = course.iter().rev().find(|(at, _)| *at <= start).map_or(course[0].1, |(_, limit)| *limit);
    let mut change = later.next();
    // In parts of a unit of which a nanosecond gains one for each unit a minute.
    let unit = MINUTE.as_nanos() as i128;
    let mut missing = (i128::from(total) - i128::from(limit.at_once)) * unit;
    let mut now = start;
    let step = Duration::from_millis(NEIGHBOUR_STEP_MS);
    let from = Duration::from_millis(neighbour.from_ms);
    while missing > 0 && now < start + LONGEST {
        let steps = now.saturating_sub(from).as_nanos() / step.as_nanos();
        let next_step = if neighbour.share > 0.0 { from + step * (steps as u32 + 1) } else { Duration::MAX };
        let mut next = next_step.min(change.map_or(Duration::MAX, |(at, _)| *at));
        let gained_in = Duration::from_nanos((missing / i128::from(limit.per_minute)).min(u64::MAX.into()) as u64);
        let reached = now.saturating_add(gained_in);
        if reached <= next {
            return reached - start;
        }
        if next == next_step {
            // What others take only puts it off, so the steps before it would be reached without them are one.
            let end = reached.min(change.map_or(Duration::MAX, |(at, _)| *at)).min(start + LONGEST);
            let further = end.saturating_sub(next).as_nanos().saturating_sub(1) / step.as_nanos();
            next += step * further as u32;
            let taken = |at: Duration| neighbour.taken(limit.per_minute, at.as_millis() as u64) as i128;
            missing += (taken(next) - taken(next_step - step)) * unit;
        }
        missing -= (next - now).as_nanos() as i128 * i128::from(limit.per_minute);
        if let Some((_, changed)) = change.filter(|(at, _)| *at == next) {
            missing -= (i128::from(changed.at_once) - i128::from(limit.at_once)) * unit;
            limit = *changed;
            change = later.next();
        }
        now = next;
    }
    now - start
}

const MINUTE: Duration = Duration::from_secs(60);
/// A day, after which nothing more is looked for: somebody takes all there is.
const LONGEST: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit(per_minute: u64, at_once: u64) -> Limit {
        let window = Duration::from_secs(60);
        Limit { per_minute, at_once, window, hide_burst: false, enforcement: Enforcement::TokenBucket }
    }

    /// The same as the code above, by looking at every step of the neighbour.
    fn step_by_step(course: &[(Duration, Limit)], neighbour: &Neighbour, total: u64, start: Duration) -> Duration {
        let unit = MINUTE.as_nanos() as i128;
        let mut limit = course.iter().rev().find(|(at, _)| *at <= start).unwrap().1;
        let mut missing = (i128::from(total) - i128::from(limit.at_once)) * unit;
        let mut now = start;
        while missing > 0 && now < start + LONGEST {
            let step_ms = NEIGHBOUR_STEP_MS;
            let steps = (now.as_millis() as u64).saturating_sub(neighbour.from_ms) / step_ms;
            let step = Duration::from_millis(neighbour.from_ms + step_ms * (steps + 1));
            let change = course.iter().find(|(at, _)| *at > now);
            let next = change.map_or(step, |(at, _)| step.min(*at));
            let reached = now + Duration::from_nanos((missing / i128::from(limit.per_minute)) as u64);
            if reached <= next {
                return reached - start;
            }
            missing -= (next - now).as_nanos() as i128 * i128::from(limit.per_minute);
            if next == step {
                let taken = |at: Duration| neighbour.taken(limit.per_minute, at.as_millis() as u64) as i128;
                missing += (taken(next) - taken(next - Duration::from_millis(step_ms))) * unit;
            }
            if let Some((_, changed)) = change.filter(|(at, _)| *at == next) {
                missing -= (i128::from(changed.at_once) - i128::from(limit.at_once)) * unit;
                limit = *changed;
            }
            now = next;
        }
        now - start
    }

    prop_compose! {
        fn neighbours()(
            share in 0.01..0.9,
            from_ms in 0_u64..20_000,
            stays in prop::option::of((1_000_u64..30_000, 0.1..1.0)),
            until in prop::option::of(0_u64..60_000),
        ) -> Neighbour {
            let every_ms = stays.map(|(every, _)| every);
            let for_ms = stays.map(|(every, part)| (every as f64 * part) as u64);
            Neighbour { share, from_ms, until_ms: until.map(|after| from_ms + after), every_ms, for_ms }
        }
    }

    proptest! {
        #[test]
        fn leaping_over_steps_comes_to_the_same_as_taking_them(
            neighbour in neighbours(),
            (first, second) in ((1_u64..100_000, 1_u64..10_000), (1_u64..100_000, 1_u64..10_000)),
            change_ms in prop::option::of(1_u64..60_000),
            periods in 0.0..5.0,
            start_ms in 0_u64..30_000,
        ) {
            let mut course = vec![(Duration::ZERO, limit(first.0, first.1))];
            course.extend(change_ms.map(|at| (Duration::from_millis(at), limit(second.0, second.1))));
            let total = first.1 + (first.0 as f64 * periods) as u64;
            let start = Duration::from_millis(start_ms);
            let leaping = bucket_charged_at(&course, &neighbour, total, start);
            prop_assert_eq!(leaping, step_by_step(&course, &neighbour, total, start));
        }
    }

    #[test]
    fn a_day_of_a_limit_of_one_a_minute_is_soon_looked_through() {
        let neighbour = Neighbour { share: 0.8, ..Neighbour::default() };
        let course = [(Duration::ZERO, limit(1, 1))];
        // Of one a minute a fifth is left; when the hundredth has come, the neighbour has not yet taken its 396th.
        let hundred = bucket_charged_at(&course, &neighbour, 101, Duration::ZERO);
        assert_eq!(hundred, Duration::from_secs(495 * 60));
        assert!(bucket_charged_at(&course, &neighbour, 1_000, Duration::ZERO) >= LONGEST);
    }
}
