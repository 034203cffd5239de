//! The normal form of what a response says: limits, wait, class.

use crate::cost::Dimension;
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
    /// The name in events.
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
}

/// One limit as the server states it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StatedLimit<'a> {
    /// What is counted, in the wire's own words with `_` for `-`: `requests`, `input_tokens`, `unified_5h`, …
    pub dimension: &'a str,
    /// The limit itself.
    pub limit: Option<u64>,
    /// What is left of it; never above `limit`.
    pub remaining: Option<u64>,
    /// When it is (fully) replenished.
    pub reset_at: Option<WallTime>,
    /// The span over which it counts.
    pub window: Option<Duration>,
    /// The server's own name for the limit.
    pub policy: Option<&'a str>,
}

impl StatedLimit<'_> {
    /// The dimension of the ledger that this limit bounds, if it bounds one.
    pub fn ledger_dimension(&self) -> Option<Dimension> {
        match self.dimension {
            "requests" => Some(Dimension::Requests),
            "input_tokens" => Some(Dimension::InputTokens),
            "output_tokens" => Some(Dimension::OutputTokens),
            "tokens" => Some(Dimension::TotalTokens),
            _ => None,
        }
    }
}

/// What a response says, in normal form.
#[derive(Clone, Debug, Default)]
pub struct Signal<'a> {
    /// The wait that the server orders before another attempt. At most 24 hours.
    pub retry_after: Option<Duration>,
    /// The class.
    pub kind: Kind,
    /// Whether another attempt of the same request can succeed.
    pub retryable: bool,
    limits: [Option<StatedLimit<'a>>; MAX_LIMITS],
}

impl<'a> Signal<'a> {
    /// The limits that the response states.
    pub fn limits(&self) -> impl Iterator<Item = &StatedLimit<'a>> {
        self.limits.iter().flatten()
    }
}

/// More limits than any known server states at once; a hostile response cannot state more.
const MAX_LIMITS: usize = 16;
