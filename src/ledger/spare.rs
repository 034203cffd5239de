//! What somebody who waits for a limit leaves over, and how much of a limit somebody takes.

use super::{Earliest, Leave, Ledger, Reservation};
use crate::cost::{Cost, Dimension};
use crate::time::Instant;

/// A request that would be taken for.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// What it takes.
    pub cost: Cost,
    /// What it leaves.
    pub leave: Option<Leave>,
    /// Whether it goes to a server, and then whether its output is charged as it is produced.
    pub sent: Option<bool>,
}

impl Wish {
    /// One for nothing.
    pub const NOTHING: Self =
        Self { cost: Cost { requests: 0, input_tokens: 0, output_tokens: 0, custom: 0 }, leave: None, sent: None };
}

impl Ledger {
    /// Takes what `wish` says, or says when that will be possible and takes nothing.
    #[inline]
    pub fn grant(&mut self, wish: &Wish, now: Instant) -> Result<Reservation, Earliest> {
        match (wish.sent, &wish.leave) {
            (Some(is_charged_late), leave) => self.reserve_to_send(wish.cost, leave.as_ref(), is_charged_late, now),
            (None, Some(leave)) => self.reserve_leaving(wish.cost, leave, now, now),
            (None, None) => self.reserve(wish.cost, now, now),
        }
    }

    /// What `cost` takes of the limit that is waited for, as nanoseconds in which so much is replenished. Where nobody has
    /// waited yet, of the one of which it takes the most.
    #[inline]
    pub fn work(&self, cost: Cost) -> u64 {
        let limit = self.waits_for.and_then(|index| self.limits.get(index));
        limit.map_or_else(|| self.most_work(cost), |limit| limit.work(cost))
    }

    fn most_work(&self, cost: Cost) -> u64 {
        self.limits.iter().map(|limit| limit.work(cost)).max().unwrap_or(UNLIMITED)
    }

    /// What the limit counts that is waited for, if somebody has waited.
    pub fn waits_for(&self) -> Option<Dimension> {
        self.waits_for.and_then(|index| self.limits.get(index)).map(super::Limit::dimension)
    }

    /// When `wish` could be granted, if nothing else is.
    pub fn earliest_for(&mut self, wish: &Wish, now: Instant) -> Earliest {
        match (wish.sent, &wish.leave) {
            (Some(is_charged_late), leave) => self.earliest_to_send(wish.cost, leave.as_ref(), is_charged_late, now),
            (None, Some(leave)) => self.earliest_leaving(wish.cost, leave, now),
            (None, None) => self.earliest(wish.cost, now),
        }
    }

    /// Whether `other` may be taken at `now` and `wish`, which waits until `until`, be granted then all the same, exactly as
    /// early as without.
    pub fn spares(&mut self, other: &Wish, wish: &Wish, until: Instant, now: Instant) -> bool {
        let has_room = self.limits.iter_mut().all(|limit| limit.has_room(other.cost, now));
        if other.sent.is_none() && !has_room {
            return false;
        }
        // What there is room for now, and what will be left, each meter knows best itself.
        let mut after = self.clone();
        after.grant(other, now).is_ok() && matches!(after.earliest_for(wish, now), Earliest::At(at) if at <= until)
    }
}

/// Where no limit is known, all requests are alike.
const UNLIMITED: u64 = 1_000_000;
