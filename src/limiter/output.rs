//! What a limiter says to its driver.

use alloc::string::String;
use core::fmt;

use super::ticket::Ticket;
use crate::cost::Dimension;
use crate::headers::Kind;
use crate::ledger::Change;
use crate::time::{Duration, Instant};

/// One thing for the driver to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// The request may go now. It holds its reservation until it is settled, answered or cancelled.
    Start(Ticket),
    /// The request, which was waiting, will never go.
    Refuse(Ticket, Refusal),
    /// Something that an observer may want to know.
    Event(Event),
}

/// Why a request is not sent at all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// It is larger than a limit allows at once, so waiting would never end.
    InsufficientCapacity {
        /// The scope.
        scope: String,
        /// The limit's dimension.
        dimension: Dimension,
        /// The most that can go at once.
        limit: u64,
        /// What the request needs.
        cost: u64,
    },
    /// As many requests wait as may.
    QueueFull {
        /// The scope.
        scope: String,
        /// The most that may wait.
        limit: u32,
        /// How long it would have to wait from now; `None` where nobody can tell.
        expected: Option<Duration>,
    },
    /// It could not start in time.
    DeadlineExceeded {
        /// The scope.
        scope: String,
        /// How long it waited.
        waited: Duration,
        /// How many were still before it, counted up to 1,000.
        position: u32,
        /// How long it would have to wait from now; `None` where nobody can tell.
        expected: Option<Duration>,
    },
    /// The limiter finishes what it has, and accepts nothing.
    Draining,
    /// The limiter was closed.
    Closed,
}

impl Refusal {
    /// The code in errors.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InsufficientCapacity { .. } => "insufficient-capacity",
            Self::QueueFull { .. } => "queue-full",
            Self::DeadlineExceeded { .. } => "deadline-exceeded",
            Self::Draining => "draining",
            Self::Closed => "closed",
        }
    }
}

/// SDKs take an error whose text speaks of a time-out for a transport failure and send the request again, so these texts
/// do not.
impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InsufficientCapacity { scope, dimension, limit, cost } => write!(
                formatter,
                "This request needs {cost} of \"{}\", but scope \"{scope}\" never allows more than {limit} at once. Make \
                 the request smaller or raise the limit.",
                dimension.name()
            ),
            Self::QueueFull { scope, limit, expected } => write!(
                formatter,
                "{limit} requests are waiting already, as many as queue.maxDepth allows; none was added to scope \
                 \"{scope}\"{}. Send fewer at once or raise queue.maxDepth.",
                Expected(*expected)
            ),
            Self::DeadlineExceeded { scope, waited, position, expected } => write!(
                formatter,
                "This request waited {} ms in scope \"{scope}\" with {position} before it and does not start by its \
                 deadline{}. Give it more time or a higher priority.",
                waited.as_millis_ceil(),
                Expected(*expected)
            ),
            Self::Draining => {
                write!(formatter, "The limiter is draining; it finishes what it has and accepts no more.")
            }
            Self::Closed => write!(formatter, "The limiter is closed; it accepts and starts no more requests."),
        }
    }
}

/// The part of a text that says how long somebody would have to wait, if that is known.
struct Expected(Option<Duration>);

impl fmt::Display for Expected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |wait| write!(formatter, ", where it would wait {} ms from now", wait.as_millis_ceil()))
    }
}

impl core::error::Error for Refusal {}

/// Something that an observer may want to know. It holds no credential, no prompt and no URL query.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// No pattern claims this model, so it has the default scope, or one of its own. Told once a model.
    UnknownModel {
        /// The model.
        model: String,
        /// The scope that it has.
        scope: String,
    },
    /// A server stated a limit that was unknown or different.
    Limit {
        /// The scope.
        scope: String,
        /// What changed.
        change: Change,
    },
    /// A server did not serve an attempt.
    Refused {
        /// The scope.
        scope: String,
        /// HTTP status.
        status: u16,
        /// The class.
        kind: Kind,
        /// The wait that the server ordered.
        retry_after: Option<Duration>,
        /// Which attempt, the first being 1.
        attempt: u8,
    },
    /// Another attempt will be made.
    Retry {
        /// The scope.
        scope: String,
        /// Which attempt it will be, the first being 1.
        attempt: u8,
        /// The least wait before it.
        delay: Duration,
    },
    /// The number of requests in flight was limited, limited further, or is limited no longer.
    Overload {
        /// The scope.
        scope: String,
        /// The most in flight; `None` for no limit.
        limit: Option<u32>,
    },
    /// The limiter was to be drained, and nothing waits, pauses or is in flight any more. Told once.
    Drained,
    /// A storm of overloads opened the breaker, or the server serves again and it closed.
    Breaker {
        /// The scope.
        scope: String,
        /// For how long nothing starts; `None` if it closed.
        open_for: Option<Duration>,
    },
}

/// What to do with a response or a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is the caller's. The ticket is over.
    Deliver,
    /// It is the caller's; its body is to be passed to `handle_chunk` and its end to `finish`. The ticket lives on.
    Observe,
    /// Drop it; the same request will start again, or be refused.
    Retry,
    /// What it means stands in its body: read some of it and ask again.
    NeedBody,
}

/// When a limiter wants to be called, and why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WakeUp {
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: Reason,
}

/// Why a wake-up is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// To start the first of a queue, whose quota is replenished by then.
    Quota,
    /// To open a scope that a server shut, or let somebody go where few may since a refusal.
    Cooldown,
    /// To end the pause between two attempts.
    Backoff,
    /// To wait no longer for another request to write the beginning of a prompt to the server's cache.
    PromptCache,
    /// To refuse what could not start in time.
    Deadline,
    /// To say what is already decided.
    Output,
}

impl Reason {
    /// The name in snapshots.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Cooldown => "cooldown",
            Self::Backoff => "backoff",
            Self::PromptCache => "prompt-cache",
            Self::Deadline => "deadline",
            Self::Output => "output",
        }
    }
}
