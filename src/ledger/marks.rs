//! What the running sums were at earlier instants.
//!
//! Requests overtake each other on their way to the server, so what was sent within the network's spread of another may
//! be counted before or after it. To know what was sent safely before or after, the ledger notes its sums now and then.

use alloc::vec::Vec;

use super::tally::Tally;
use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// The sums as they were when everything sent before `at` was in them, and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    at: Instant,
    pub(super) sums: Sums,
}

/// Running sums of a ledger.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// Everything ever reserved.
    pub(super) reserved: Tally,
    /// Everything ever reserved, less what came back of it. What a call took beyond its reservation is not in it: when the
    /// server charged that is unknown.
    pub(super) charged: Tally,
    /// What calls that are over really cost.
    pub(super) settled: Tally,
}

/// Marks, the oldest first: close together in the recent past, further and further apart before.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks(Vec<Mark>);

impl Sums {
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        for sum in [&mut self.reserved, &mut self.charged, &mut self.settled] {
            sum.keep(archive);
        }
    }
}

impl Marks {
    /// Only some are saved, closer together the newer they are. Between two that are further apart, less is certain.
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        let all = self.0.len();
        let saved = |place: &usize| SAVED_MARKS.contains(&(all - place)) || *place == 0;
        let mut places: Vec<usize> = (0..all).filter(saved).collect();
        let count = archive.count(places.len(), SAVED_MARKS.len() + 1);
        if archive.is_restoring() {
            places = (0..count).collect();
            self.0.resize(count, Mark::default());
        }
        let mut last = Instant::ZERO;
        for place in places {
            let Some(mark) = self.0.get_mut(place) else { continue };
            mark.at = archive.past(mark.at).max(last);
            mark.sums.keep(archive);
            last = mark.at;
        }
    }

    /// Notes the sums as they are before something is sent at `now`.
    pub(super) fn note(&mut self, now: Instant, sums: &Sums) {
        if self.0.last().is_some_and(|last| now.since(last.at) < GRAIN) {
            return;
        }
        if self.0.len() >= MOST_MARKS {
            let mut keep = false;
            self.0.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.0.push(Mark { at: now, sums: *sums });
    }

    /// The sums at `instant` or before: what came since is at least what was sent since.
    pub(super) fn until(&self, instant: Instant) -> Mark {
        let later = self.0.partition_point(|mark| mark.at <= instant);
        later.checked_sub(1).and_then(|index| self.0.get(index)).copied().unwrap_or_default()
    }

    /// The sums after `instant`: what came since is at most what was sent since. `None` if nothing was.
    pub(super) fn after(&self, instant: Instant) -> Option<Mark> {
        self.0.get(self.0.partition_point(|mark| mark.at <= instant)).copied()
    }
}

/// Finer than the spread of any network, coarse enough that a second of traffic takes few marks.
const GRAIN: Duration = Duration::from_millis(25);

/// Those that are saved, counted from the newest, and the oldest of all. The last dozen are as exact as they were, which is
/// what answers that are under way at the saving mostly ask for.
const SAVED_MARKS: [usize; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 32, 64, 96];

/// 128 marks of 104 bytes reach over minutes, because the old ones thin out.
const MOST_MARKS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::{Cost, Dimension};

    /// One request a millisecond, as many as there are milliseconds before `until`.
    fn marks(until: u64) -> Marks {
        let (mut marks, mut sums) = (Marks::default(), Sums::default());
        for milli in 0..until {
            marks.note(at(milli), &sums);
            sums.reserved.add(Cost::REQUEST);
        }
        marks
    }

    fn at(milli: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(milli)
    }

    #[test]
    fn the_sums_bracket_every_instant() {
        let marks = marks(60_000);
        assert!(marks.0.len() <= MOST_MARKS);
        for milli in (0..60_000).step_by(7) {
            let sent = i64::try_from(milli).expect("small");
            assert!(marks.until(at(milli)).sums.reserved.of(Dimension::Requests) <= sent);
            assert!(marks.after(at(milli)).is_none_or(|mark| mark.sums.reserved.of(Dimension::Requests) >= sent));
        }
    }

    #[test]
    fn the_recent_past_is_known_to_a_grain() {
        let mark = marks(60_000).until(at(59_900));
        assert!(mark.sums.reserved.of(Dimension::Requests) >= 59_900 - 25);
    }
}
