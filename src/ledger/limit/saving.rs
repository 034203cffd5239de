//! What of a limit is saved, and how a new one takes over where an old one stopped.

use super::{Limit, Origin};
use crate::archive::Archive;
use crate::cost::Dimension;
use crate::ledger::kind::Kind;
use crate::quota::Quota;
use crate::time::Instant;

impl Limit {
    /// A limit that was saved.
    pub(in crate::ledger) fn restored(archive: &mut Archive<'_>) -> Self {
        let mut limit = Self::concurrency(1);
        limit.keep(archive);
        limit
    }

    pub(in crate::ledger) fn keep(&mut self, archive: &mut Archive<'_>) {
        let dimension = archive.byte(self.dimension as u8);
        self.dimension = Dimension::ALL.get(usize::from(dimension)).copied().unwrap_or(Dimension::Custom);
        self.quota.keep(archive);
        let origin = archive.byte(self.origin as u8);
        self.origin = Origin::ALL.get(usize::from(origin)).copied().unwrap_or(Origin::Learned);
        if archive.flag(self.chosen.is_some()) {
            self.chosen.get_or_insert(self.quota).keep(archive);
        } else {
            self.chosen = None;
        }
        if archive.is_restoring() {
            let Self { dimension, quota, origin, chosen, .. } = *self;
            *self = Self { chosen, ..Self::new(dimension, quota, origin) };
        }
        self.told_at = archive.past(self.told_at);
        self.reach.keep(archive);
        self.company.keep(archive);
        self.overdraft.keep(archive);
        self.kind.keep(archive);
        self.largest_burst = archive.whole(self.largest_burst).clamp(self.quota.burst(), Quota::MAX_AMOUNT);
        if archive.flag(self.before.is_some()) {
            let (quota, largest_burst) = self.before.get_or_insert((self.quota, self.largest_burst));
            quota.keep(archive);
            *largest_burst = archive.whole(*largest_burst).clamp(quota.burst(), Quota::MAX_AMOUNT);
        } else {
            self.before = None;
        }
        self.meter.keep(archive);
    }

    /// Whether it was chosen as `old` was.
    pub(in crate::ledger) fn is_like(&self, old: &Self) -> bool {
        self.dimension == old.dimension && self.chosen == old.chosen
    }

    /// Whether it counts the same over the same time as `old` was chosen to, be it more or less.
    pub(in crate::ledger) fn is_akin_to(&self, old: &Self) -> bool {
        let is_same = |own: Quota, old: Quota| own.period() == old.period();
        self.dimension == old.dimension && self.chosen.zip(old.chosen).is_some_and(|(own, old)| is_same(own, old))
    }

    /// Whether a server stated it that stated none of `others`, and none of those was chosen in its place.
    pub(in crate::ledger) fn is_news_to(&self, others: &[Self]) -> bool {
        let is_known = |other: &Self| {
            let chosen = other.chosen.map(|quota| quota.period());
            other.dimension == self.dimension && (chosen.unwrap_or(other.quota.period()) == self.quota.period())
        };
        self.chosen.is_none() && !others.iter().any(is_known)
    }

    /// Goes on where `old` stopped. What was used of another amount stays used, up to all of this one.
    pub(in crate::ledger) fn succeed(&mut self, mut old: Self, now: Instant) {
        let Self { quota, origin, chosen, largest_burst, .. } = *self;
        if self.is_like(&old) {
            let origin = if old.origin == Origin::Learned { old.origin } else { origin };
            *self = Self { origin, ..old };
            return;
        }
        let missing = i128::from(old.burst()) - i128::from(old.meter.level(now));
        if old.quota.enforcement() == quota.enforcement() {
            old.meter.retune(&quota, now);
            *self = Self { quota, origin, chosen, largest_burst, kind: Kind::default(), before: None, ..old };
            self.meter.raise_to(0, now);
        } else {
            let left = (i128::from(quota.burst()) - missing).max(0);
            self.meter.lower_to(i64::try_from(left).unwrap_or(i64::MAX), now);
        }
    }

    pub(in crate::ledger) fn hold_again(&mut self, sent_at: Instant) {
        self.meter.hold_again(sent_at);
    }
}
