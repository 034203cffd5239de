//! What the user wants: a value that cannot be wrong, because only [`crate::options`] or Rust's types make it.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::backoff::Backoff;
use crate::forecast::Forecasts;
use crate::headers::CustomProvider;
use crate::ledger::Limit;
use crate::pattern::Pattern;
use crate::provider::Provider;
use crate::queue::{AgeingPolicy, Share};
pub use crate::retry_budget::BudgetPolicy;
use crate::time::Duration;

/// Everything that a limiter is told at its making.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Scopes with their limits.
    pub scopes: Vec<ScopePolicy>,
    /// One scope for every model and API that none of `scopes` claims. Without it each of those has a scope of its own,
    /// with the limits that its server states.
    pub default: Option<Vec<Limit>>,
    /// Another attempt after a refusal or failure.
    pub retry: RetryPolicy,
    /// The waiting line.
    pub queue: QueuePolicy,
    /// The shares of tenants whose names match; of several patterns the most specific counts, and who matches none has an
    /// ordinary share.
    pub shares: Vec<(Pattern, Share)>,
    /// Whose conventions every request follows; `None` to tell by the request.
    pub provider: Option<Conventions>,
    /// Which requests are counted by the provider before they are sent; `None` for none.
    pub count_tokens: Option<CountPolicy>,
    /// What an earlier limiter learned of the models' costs.
    pub learned: Forecasts,
}

/// What is known of the API that is talked to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Conventions {
    /// It is one of those that are known here.
    Named(Provider),
    /// Its user describes it. Shared, because it is looked at while a limiter changes.
    Described(Arc<CustomProvider>),
}

impl Conventions {
    /// The provider that it is, or is like.
    pub fn provider(&self) -> Provider {
        match self {
            Self::Named(provider) => *provider,
            Self::Described(api) => api.like,
        }
    }
}

/// The models that share one set of limits.
#[derive(Clone, Debug)]
pub struct ScopePolicy {
    /// The name in snapshots, events and errors.
    pub name: String,
    /// The models.
    pub models: Vec<Pattern>,
    /// The limits.
    pub limits: Vec<Limit>,
}

/// When a request is tried again.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Attempts in all, the first included: 1 to 100. Some attempts are excused and do not count; with them there are at
    /// most [`Self::most_attempts`].
    pub attempts: u8,
    /// The wait where the server does not say.
    pub backoff: Backoff,
    /// How many retries there may be beside other requests; `None` for as many as there are.
    pub budget: Option<BudgetPolicy>,
}

impl RetryPolicy {
    /// One attempt and no more.
    pub const NONE: Self = Self {
        attempts: 1,
        backoff: Backoff::new(Duration::ZERO, 100, Duration::ZERO, crate::backoff::Jitter::None),
        budget: None,
    };

    /// Attempts in all with those that are excused: for each after the first, 32. A request that its server refuses
    /// for ever has an end.
    pub const fn most_attempts(&self) -> u8 {
        self.attempts.saturating_sub(1).saturating_mul(32).saturating_add(1)
    }
}

impl Default for RetryPolicy {
    /// Four attempts, with the default backoff and budget.
    fn default() -> Self {
        Self { attempts: 4, backoff: Backoff::default(), budget: Some(BudgetPolicy::default()) }
    }
}

/// When the provider is asked how many model tokens a request has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CountPolicy {
    /// The least estimate that is worth the question, in model tokens.
    pub above_tokens: u64,
    /// The longest wait for the answer.
    pub max_wait: Duration,
}

impl Default for CountPolicy {
    /// From 20,000 model tokens on, for two seconds at most.
    ///
    /// A question takes some hundred milliseconds. Of a smaller request the margin that a count spares is a few thousand
    /// tokens at first, some hundred once the model is known, and comes back when the answer begins. Two seconds are ten
    /// times what the question should take.
    fn default() -> Self {
        Self { above_tokens: 20_000, max_wait: Duration::from_secs(2) }
    }
}

/// How much may wait and how long.
#[derive(Clone, Copy, Debug)]
pub struct QueuePolicy {
    /// The most requests that wait at once.
    pub max_depth: u32,
    /// The longest wait of a request that names no deadline of its own; `None` for as long as it takes.
    pub max_wait: Option<Duration>,
    /// What lower priorities leave for higher ones.
    pub headroom: HeadroomPolicy,
    /// How long lower priorities may be passed over by higher ones.
    pub ageing: AgeingPolicy,
    /// The most requests in flight at once over all scopes; `None` for as many as their limits allow.
    pub concurrency: Option<NonZeroU32>,
}

/// How much of each limit low priorities, and normal ones beside critical and high ones, leave for those above them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum HeadroomPolicy {
    /// As much as those above took in any second of the last one or two minutes, a fifth of the limit's burst at most.
    #[default]
    Auto,
    /// So many thousandths of each limit's burst, also of the calls in flight.
    Share(u16),
}

impl QueuePolicy {
    /// A million waiting requests hold about 100 MB; more is a runaway loop.
    pub const DEFAULT_MAX_DEPTH: u32 = 1_000_000;
}

impl Default for QueuePolicy {
    fn default() -> Self {
        Self {
            max_depth: Self::DEFAULT_MAX_DEPTH,
            max_wait: None,
            headroom: HeadroomPolicy::Auto,
            ageing: AgeingPolicy::default(),
            concurrency: None,
        }
    }
}
