//! When there will be room, as far as can be told, for somebody before whom others go.

use super::{Leave, Ledger, Tally};
use crate::cost::{Cost, Dimension};
use crate::time::{Duration, Instant};

/// What goes before somebody.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    /// How many requests.
    pub(crate) members: u64,
    /// What so many take on average.
    pub(crate) average: Tally,
    /// What they take in the dimension that is waited for.
    pub(crate) waited_for: Option<(Dimension, i64)>,
}

impl Before {
    fn of(&self, dimension: Dimension) -> i64 {
        let waited_for = self.waited_for.filter(|(counted, _)| *counted == dimension);
        waited_for.map_or_else(|| self.average.of(dimension), |(_, units)| units)
    }

    /// The same without `fewer` of them.
    pub(crate) fn without(self, fewer: u64) -> Self {
        let (members, whole) = (self.members.saturating_sub(fewer), self.members);
        let part = |units| i64::try_from(i128::from(units) * i128::from(members) / i128::from(whole.max(1)));
        Self {
            members,
            average: self.average.part(members, whole),
            waited_for: self.waited_for.map(|(dimension, units)| (dimension, part(units).unwrap_or(i64::MAX))),
        }
    }

    /// Whether `cost` is less of what is waited for than theirs on average.
    pub(crate) fn are_larger_than(&self, cost: Cost) -> bool {
        self.waited_for.is_none_or(|(dimension, units)| {
            i128::from(units) > i128::from(cost.of(dimension)) * i128::from(self.members)
        })
    }
}

/// When a request could go, with what goes before it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sight {
    /// When time has made room in every limit, if all before it go as soon as they can.
    pub(crate) replenished_at: Instant,
    /// When as many permits have come back as it needs; `None` where nobody can tell.
    pub(crate) permitted_at: Option<Instant>,
}

impl Ledger {
    /// When there will be room for `cost` and what it leaves, after all that goes `before` it. `None` if never.
    ///
    /// What is before it is taken for what it reserves, less the part that came back of what earlier requests reserved.
    pub(crate) fn outlook(
        &mut self,
        cost: Cost,
        leave: Option<&Leave>,
        before: &Before,
        now: Instant,
    ) -> Option<Sight> {
        let mut sight = Sight { replenished_at: now, permitted_at: Some(now) };
        for index in 0..self.limits.len() {
            let dimension = self.limits[index].dimension();
            let units = self.likely(before.of(dimension), dimension);
            // What is in flight gives back what it does not use, some of it in time.
            let back = self.coming_back(dimension) / 2;
            let limit = &mut self.limits[index];
            if dimension == Dimension::Concurrency {
                let released = limit.permitted_at(cost, leave, before.members, now)?;
                sight.permitted_at = sight.permitted_at.and_then(|at| Some(at.max(released?)));
            } else {
                sight.replenished_at = sight.replenished_at.max(limit.replenished_at(cost, leave, back, units, now)?);
            }
        }
        Some(sight)
    }

    /// How much longer one second's work takes of the limit that is waited for: of permits as long as calls do, because each
    /// counts for a second.
    pub(crate) fn time_of_work(&self) -> Duration {
        let waited_for = self.waits_for.and_then(|index| self.limits.get(index));
        waited_for.and_then(super::Limit::hold).unwrap_or(Duration::SECOND)
    }

    /// Before when `cost` surely has no room, if no limit is raised: what goes before it stays and costs as much as earlier
    /// requests did, and what is in flight gives back at once what it will. `is_sent` says that it goes to a server, which
    /// may charge for output later than the ledger does. Permits may come back at any time.
    pub(crate) fn soonest(&mut self, cost: Cost, is_sent: bool, before: &Before, now: Instant) -> Instant {
        let mut soonest = now;
        for index in 0..self.limits.len() {
            let dimension = self.limits[index].dimension();
            if dimension == Dimension::Concurrency || is_sent && dimension.is_charged_late() {
                continue;
            }
            let units = self.likely(before.of(dimension), dimension);
            let back = self.coming_back(dimension);
            let limit = self.limits[index].replenished_at(cost, None, back, units, now);
            soonest = limit.map_or(soonest, |at| at.max(soonest));
        }
        soonest
    }

    /// Requests were in flight for `duration` that nobody was told the end of.
    pub(crate) fn note_hold(&mut self, duration: Duration) {
        for limit in &mut self.limits {
            limit.note_hold(duration);
        }
    }

    /// What of what is in flight is likely not to be used.
    fn coming_back(&self, dimension: Dimension) -> u64 {
        let reserved = self.in_flight.of(dimension);
        u64::try_from(reserved).unwrap_or(0).saturating_sub(self.likely(reserved, dimension))
    }

    /// What is charged in the end of `reserved` in `dimension`, by what was of all that has ended.
    fn likely(&self, reserved: i64, dimension: Dimension) -> u64 {
        let reserved = u64::try_from(reserved).unwrap_or(0);
        let ended = self.sums.reserved.of(dimension) - self.in_flight.of(dimension);
        let settled = self.sums.settled.of(dimension);
        if ended <= 0 || settled == ended {
            return reserved;
        }
        let (ended, settled) = (ended.unsigned_abs(), u64::try_from(settled).unwrap_or(0));
        u64::try_from(u128::from(reserved) * u128::from(settled) / u128::from(ended)).unwrap_or(u64::MAX)
    }
}
