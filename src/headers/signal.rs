//! The normal form of what a response says: limits, wait, class.

use alloc::borrow::Cow;

use crate::cost::Dimension;
use crate::provider::Provider;
use crate::time::{Duration, WallTime};

/// How a response is classed. A class says what to do next; the status alone does not.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Kind {
    /// The request was served.
    #[default]
    Ok,
    /// The quota was not there at that moment; it comes back.
    RateLimit,
    /// The server is short of capacity, whatever the caller's quota.
    Overloaded,
    /// A spend cap, a balance or a daily allowance is used up: waiting a little does not help.
    QuotaExhausted,
    /// The server failed.
    ServerError,
    /// The request is wrong, or can never fit.
    ClientError,
}

impl Kind {
    /// Every class.
    pub const ALL: [Self; 6] =
        [Self::Ok, Self::RateLimit, Self::Overloaded, Self::QuotaExhausted, Self::ServerError, Self::ClientError];

    /// The name in events and in the parser's normal form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::RateLimit => "rate_limit",
            Self::Overloaded => "overloaded",
            Self::QuotaExhausted => "quota_exhausted",
            Self::ServerError => "server_error",
            Self::ClientError => "client_error",
        }
    }

    /// The class called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One limit as the server states it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatedLimit<'a> {
    /// What is counted, in the wire's own words with `_` for `-`: `requests`, `input_tokens`, `unified_5h`, …
    pub dimension: Cow<'a, str>,
    /// The limit itself. At most 2⁵³ − 1.
    pub limit: Option<u64>,
    /// What is left of it; never above `limit`.
    pub remaining: Option<u64>,
    /// When it is (fully) replenished: not before the response arrived, and at most 366 days after.
    pub reset_at: Option<WallTime>,
    /// The span over which it counts.
    pub window: Option<Duration>,
    /// The server's own name for the limit.
    pub policy: Option<Cow<'a, str>>,
    /// Whether it only restates other limits, as Anthropic's `tokens` does: nothing is charged to it.
    pub restates_others: bool,
}

impl<'a> StatedLimit<'a> {
    /// A limit of which nothing but the dimension is known.
    pub(crate) const fn of(dimension: Cow<'a, str>) -> Self {
        Self {
            dimension,
            limit: None,
            remaining: None,
            reset_at: None,
            window: None,
            policy: None,
            restates_others: false,
        }
    }

    /// The dimension of the ledger that this limit bounds, if it bounds one.
    pub fn ledger_dimension(&self) -> Option<Dimension> {
        let name = if self.dimension == "concurrent_requests" { "concurrency" } else { &self.dimension };
        Dimension::ALL.into_iter().find(|dimension| dimension.name() == name && !self.restates_others)
    }
}

/// What a response says, in normal form.
#[derive(Clone, Debug, Default)]
pub struct Signal<'a> {
    /// Whose conventions it was read by, as the caller named them or as the headers tell.
    pub provider: Provider,
    /// The wait that the server orders before another attempt. At most 24 hours.
    pub retry_after: Option<Duration>,
    /// The class.
    pub kind: Kind,
    /// Whether another attempt of the same request can succeed.
    pub retryable: bool,
    /// Whether the refusal is about how fast the use grows, and not about how much it is.
    pub grows_too_fast: bool,
    limits: [Option<StatedLimit<'a>>; MAX_LIMITS],
}

impl<'a> Signal<'a> {
    /// The limits that the response states.
    pub fn limits(&self) -> impl Iterator<Item = &StatedLimit<'a>> {
        self.limits.iter().flatten()
    }

    /// Adds a limit if it says anything and there is room.
    #[inline(never)]
    pub(crate) fn state(&mut self, mut limit: StatedLimit<'a>) {
        // Rounded figures can exceed the limit that they are rounded from.
        limit.remaining = match limit.limit {
            Some(most) => limit.remaining.map(|left| left.min(most)),
            None => limit.remaining,
        };
        // A window of centuries is a mistake, and its length no more than the longest duration that there is.
        limit.window = limit.window.filter(|window| *window < Duration::MAX);
        if let Some(place) = self.limits.iter_mut().find(|place| place.is_none()) {
            *place = Some(limit);
        }
    }
}

/// More limits than any known server states at once; a hostile response cannot state more.
pub(crate) const MAX_LIMITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_bound_the_ledger_by_what_they_count() {
        for dimension in Dimension::ALL {
            assert_eq!(StatedLimit::of(dimension.name().into()).ledger_dimension(), Some(dimension));
        }
        assert_eq!(StatedLimit::of("concurrent_requests".into()).ledger_dimension(), Some(Dimension::Concurrency));
        for other in ["unified_5h", "fast_input_tokens", "content_bytes", "project_tokens"] {
            assert_eq!(StatedLimit::of(other.into()).ledger_dimension(), None, "{other}");
        }
    }

    #[test]
    fn a_limit_that_restates_others_bounds_nothing() {
        let restated = StatedLimit { restates_others: true, ..StatedLimit::of("tokens".into()) };
        assert_eq!(restated.ledger_dimension(), None);
    }

    #[test]
    fn more_limits_than_there_is_room_for_are_dropped() {
        let mut signal = Signal::default();
        for number in 0..100 {
            signal.state(StatedLimit { limit: Some(number), ..StatedLimit::of("requests".into()) });
        }
        assert!(signal.limits().map(|limit| limit.limit).eq((0..16).map(Some)));
    }

    #[test]
    fn a_window_that_no_duration_holds_is_unknown() {
        let mut signal = Signal::default();
        for window in [Duration::from_secs(999_999_999_999_999), Duration::from_secs(31_536_000)] {
            signal.state(StatedLimit { window: Some(window), ..StatedLimit::of("requests".into()) });
        }
        assert!(signal.limits().map(|limit| limit.window).eq([None, Some(Duration::DAY.times(365))]));
    }

    #[test]
    fn every_class_has_a_name_that_leads_back_to_it() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(Kind::from_name("fine"), None);
    }
}
