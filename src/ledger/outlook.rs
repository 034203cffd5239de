//! When there will be room, as far as can be told, for somebody before whom others go.

use super::{Ended, Ledger, Tally, Wish};
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
        Self {
            members,
            average: self.average.part(members, whole),
            // No more than that, to be sure.
            waited_for: self
                .waited_for
                .map(|(dimension, units)| (dimension, (units as f64 * members as f64 / whole.max(1) as f64) as i64)),
        }
    }

    /// Whether `cost` is less of what is waited for than theirs on average.
    pub(crate) fn are_larger_than(&self, cost: Cost) -> bool {
        self.waited_for.is_none_or(|(dimension, units)| {
            u64::try_from(units).unwrap_or(0) > cost.of(dimension).saturating_mul(self.members)
        })
    }
}

/// When a request could go, with what goes before it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sight {
    /// When time has made room in every limit, if all before it go as soon as they can.
    pub(crate) replenished_at: Instant,
    /// When as many permits have come back as it needs.
    pub(crate) permitted_at: Instant,
}

/// Who asks when it could go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    /// What it takes and leaves.
    pub(crate) wish: Wish,
    /// Whether output is part of that which nobody knows before answers have come.
    pub(crate) is_guessed: bool,
}

impl Ledger {
    /// When there will be room for what `asker` takes and leaves, after all that goes `before` it. Nothing inside where nobody
    /// can tell, and `None` if never.
    ///
    /// What is before it is taken for what it reserves, less the part that came back of what the latest requests reserved.
    pub(crate) fn outlook(&mut self, asker: &Asker, before: &Before, now: Instant) -> Option<Option<Sight>> {
        let Asker { wish: Wish { cost, ref leave, sent }, is_guessed } = *asker;
        let leave = leave.as_ref();
        let (ended, lately) = (self.ended(), self.lately());
        let mut sight = Sight { replenished_at: now, permitted_at: now };
        for index in 0..self.limits.len() {
            let dimension = self.limits[index].dimension();
            if dimension == Dimension::Concurrency {
                match self.limits[index].permitted_at(cost, leave, before.members, now)? {
                    Some(at) => sight.permitted_at = sight.permitted_at.max(at),
                    None => return Some(None),
                }
                continue;
            }
            let units = lately.likely(before.of(dimension), dimension);
            let reserved = self.in_flight.of(dimension);
            let promised = u64::try_from(reserved).unwrap_or(0);
            let limit = &mut self.limits[index];
            // What is in flight gives back what it does not use; but whoever goes before then holds as much too much.
            let is_late = sent == Some(true) && dimension == Dimension::OutputTokens;
            let promised = promised.saturating_add(cost.of(dimension));
            let back = if is_late { limit.overdraft(promised, self.permits + 1) } else { 0 };
            let at = match sent {
                Some(_) => limit.replenished_to_send(cost, leave, back, units, now)?,
                None => limit.replenished_at(cost, leave, back, units, now)?,
            };
            if at > now && is_guessed && dimension.is_charged_late() && ended.are_few(self.permits) {
                return Some(None);
            }
            sight.replenished_at = sight.replenished_at.max(at);
        }
        Some(Some(sight))
    }

    /// How much longer one second's work takes of the limit that is waited for: of permits as long as calls do, because each
    /// counts for a second; of others as much less as the latest requests took less than they reserved.
    pub(crate) fn time_of_work(&mut self) -> Duration {
        let Some(limit) = self.waits_for.and_then(|index| self.limits.get(index)) else { return Duration::SECOND };
        let (hold, dimension) = (limit.hold(), limit.dimension());
        hold.unwrap_or_else(|| Duration::from_nanos(self.lately().likely(1_000_000_000, dimension)))
    }

    /// Before when `cost` surely has no room, if no limit is raised: what goes before it stays and costs as much as earlier
    /// requests did, and what is in flight gives back at once what it will. `is_sent` says that it goes to a server, which
    /// may charge for output later than the ledger does. Permits may come back at any time.
    pub(crate) fn soonest(&mut self, cost: Cost, is_sent: bool, before: &Before, now: Instant) -> Instant {
        let ended = self.ended();
        let mut soonest = now;
        for index in 0..self.limits.len() {
            let dimension = self.limits[index].dimension();
            if dimension == Dimension::Concurrency || is_sent && dimension.is_charged_late() {
                continue;
            }
            let units = ended.likely(before.of(dimension), dimension);
            let reserved = self.in_flight.of(dimension);
            let back = u64::try_from(reserved).unwrap_or(0).saturating_sub(ended.likely(reserved, dimension));
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

    /// What has ended in all, and what was reserved for it.
    const fn ended(&self) -> Ended {
        Ended { expected: self.sums.reserved.less(&self.in_flight), settled: self.sums.settled }
    }

    /// What has ended lately, and what was expected of it when it came.
    const fn lately(&mut self) -> Ended {
        let Ended { expected, settled } = self.ended();
        self.lately.of(Ended { expected: expected.less(&self.raised), settled })
    }
}
