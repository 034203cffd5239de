//! What of a ledger is saved, and how a new one takes over where an old one stopped.

use alloc::vec::Vec;

use super::limit::Limit;
use super::{Ledger, Reservation};
use crate::archive::Archive;
use crate::cost::Cost;
use crate::time::Instant;

impl Ledger {
    /// What is in flight is not kept here: whoever has a reservation says that it is [held again](Self::hold_again) or
    /// [forfeited](Self::forfeit).
    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        let count = archive.count(self.limits.len(), MOST_LIMITS);
        if archive.is_restoring() {
            self.limits = (0..count).map(|_| Limit::restored(archive)).collect();
        } else {
            self.limits.iter_mut().take(count).for_each(|limit| limit.keep(archive));
        }
        self.sums.keep(archive);
        self.marks.keep(archive);
        self.synced_to = archive.past(self.synced_to);
        self.way.keep(archive);
        self.waits_for = archive.maybe(self.waits_for.map(|index| index as u32)).map(|index| index as usize);
        self.lately.keep(archive);
        self.raised.keep(archive);
    }

    /// Goes on where `saved` stopped. Limits that were chosen for this ledger stay what they are, and those that were chosen
    /// for the other one and not for this are no more.
    pub(crate) fn succeed(&mut self, saved: Self, now: Instant) {
        let mut left = saved.limits;
        let mut limits = core::mem::take(&mut self.limits);
        for limit in &mut limits {
            let exactly = left.iter().position(|old| limit.is_like(old));
            if let Some(place) = exactly.or_else(|| left.iter().position(|old| limit.is_akin_to(old))) {
                limit.succeed(left.remove(place), now);
            }
        }
        let learned: Vec<Limit> = left.into_iter().filter(|old| old.is_news_to(&limits)).collect();
        limits.extend(learned);
        *self = Self { limits, ..saved };
    }

    /// `reservation` is in flight, as before it was saved.
    pub(crate) fn hold_again(&mut self, reservation: &Reservation) {
        self.permits += 1;
        self.in_flight.add(reservation.cost);
        for limit in &mut self.limits {
            limit.hold_again(reservation.sent_at);
        }
    }

    /// `reservation` was in flight when it was saved, and nobody will tell what comes of it: it cost what was reserved.
    pub(crate) fn forfeit(&mut self, reservation: &Reservation) {
        self.sums.settled.add(reservation.cost);
    }
}

impl Reservation {
    /// One of nothing.
    pub(crate) const NOTHING: Self = Self {
        cost: Cost { requests: 0, input_tokens: 0, output_tokens: 0, custom: 0 },
        expected: Cost { requests: 0, input_tokens: 0, output_tokens: 0, custom: 0 },
        sent_at: Instant::ZERO,
        counted_at: Instant::ZERO,
    };

    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.cost.keep(archive);
        self.expected.keep(archive);
        self.sent_at = archive.past(self.sent_at);
        self.counted_at = archive.instant_within(self.counted_at, crate::time::Duration::SECOND).max(self.sent_at);
    }
}

/// Of one answer at most 16 limits are read, and servers state the same ones again and again.
const MOST_LIMITS: usize = 64;
