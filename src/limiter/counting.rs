//! Large requests, whose provider is asked how many model tokens they have before they wait for their turn.
//!
//! The question is a request of its own, that the driver sends through the limiter like any other: the endpoint has
//! limits too. Whatever goes wrong with it, the request goes on by its estimate.

use alloc::string::String;
use alloc::vec::Vec;

use super::{HttpRequest, Limiter, Refusal, Ticket, charge};
use crate::policy::CountPolicy;
use crate::request::{self, Body, Facts, Family, counter_of};
use crate::time::{Duration, Instant};

/// What became of a request that was to be submitted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Submitted {
    /// It waits for its turn.
    Waits(Ticket),
    /// It is to be counted first, and then submitted with what came of that.
    CountFirst(CountRequest),
}

/// A `POST` that asks a provider for the size of a request, with the headers of that request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CountRequest {
    /// Where to ask.
    pub url: String,
    /// What to send.
    pub body: String,
    /// The longest wait for the answer, the time in the queue included.
    pub max_wait: Duration,
}

/// What came of asking.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Count {
    /// When it was to be submitted, which is when its wait began.
    pub asked_at: Instant,
    /// What [`Limiter::handle_count`] said.
    pub tokens: Option<u64>,
}

/// Who is asked, and who had better not be.
#[derive(Debug, Default)]
pub(super) struct Counting {
    policy: Option<CountPolicy>,
    /// Endpoints that are not asked before an instant.
    silent: Vec<(u64, Instant)>,
}

impl Limiter {
    /// Submits a request as [`submit_request`](Self::submit_request) does, unless its provider is to be asked for its size
    /// before: then the driver does that, and submits it again with a [`Count`].
    ///
    /// # Errors
    ///
    /// The reason why it can never start.
    pub fn submit_or_count(&mut self, now: Instant, http: &HttpRequest<'_>) -> Result<Submitted, Refusal> {
        let facts = request::read_by(&self.weights, http.method, http.url, http.headers, http.body);
        match self.count_first(now, http, &facts) {
            Some(question) => Ok(Submitted::CountFirst(question)),
            None => self.admit(now, http, &facts).map(Submitted::Waits),
        }
    }

    /// The answer to the question that went to `url`: its `status`, `None` if none came, and the beginning of its body.
    /// Says the number in it. An endpoint that cannot answer is not asked again for a while.
    pub fn handle_count(&mut self, now: Instant, url: &str, status: Option<u16>, body: &[u8]) -> Option<u64> {
        let pause = match status {
            Some(200..=299) => match request::read_count(body) {
                Some(tokens) => return Some(tokens),
                None => NO_COUNTER,
            },
            // Its limits tell when it can be asked again.
            Some(429) => return None,
            Some(400..=499) => NO_COUNTER,
            _ => OUT_OF_ORDER,
        };
        self.counting.silence(counter_of(url), now, pause);
        None
    }

    /// The question to ask before the request is submitted, if one is worth its wait.
    fn count_first(&mut self, now: Instant, http: &HttpRequest<'_>, facts: &Facts<'_>) -> Option<CountRequest> {
        let policy = self.counting.policy?;
        let Body::Bytes(body) = http.body else { return None };
        let is_settled = http.count.is_some() || http.stated.input_tokens.is_some() || !self.running.accepts();
        let is_countable = facts.input.tokens() >= policy.above_tokens && !facts.input.has_remote_parts;
        if is_settled || !is_countable || !charge::depends_on_prompt(self.provider_of(facts)) {
            return None;
        }
        // Half of the request's own time is left for its turn.
        let own = http
            .max_wait
            .or(self.queue.max_wait)
            .map_or(policy.max_wait, |own| Duration::from_nanos(own.as_nanos() / 2));
        let max_wait = policy.max_wait.min(own);
        let url = request::count_url(facts.provider, http.url)?;
        if max_wait.is_zero() || self.counting.is_silent(counter_of(&url), now) {
            return None;
        }
        let place = self.scopes.of_request(&Facts { family: Family::CountTokens, ..*facts });
        if self.scopes.get_mut(place.scope).opens_at(now) > now + max_wait {
            return None;
        }
        let body = String::from_utf8(request::count_body(facts.provider, http.url, body)?).ok()?;
        Some(CountRequest { url, body, max_wait })
    }

    /// The size that the provider counted, if it did and if that can be.
    pub(super) fn counted(&mut self, now: Instant, http: &HttpRequest<'_>, facts: &Facts<'_>) -> Option<u32> {
        let tokens = http.count?.tokens?;
        let estimate = facts.input.tokens();
        let most = estimate.saturating_mul(MOST_SCALE).saturating_add(MOST_OVERHEAD);
        if (estimate.div_ceil(MOST_SCALE)..=most).contains(&tokens) {
            return u32::try_from(tokens).ok();
        }
        if let Some(url) = request::count_url(facts.provider, http.url) {
            self.counting.silence(counter_of(&url), now, NO_COUNTER);
        }
        None
    }
}

impl Counting {
    pub(super) const fn new(policy: Option<CountPolicy>) -> Self {
        Self { policy, silent: Vec::new() }
    }

    /// How many endpoints are not asked now, or were not a while ago.
    #[cfg(test)]
    pub(super) const fn remembered(&self) -> usize {
        self.silent.len()
    }

    fn is_silent(&self, counter: u64, now: Instant) -> bool {
        self.silent.iter().any(|(known, until)| *known == counter && *until > now)
    }

    fn silence(&mut self, counter: u64, now: Instant, pause: Duration) {
        self.silent.retain(|(known, until)| *known != counter && *until > now);
        if self.silent.len() >= MOST_SILENT {
            // Who is asked too early says so again.
            self.silent.swap_remove(0);
        }
        self.silent.push((counter, now + pause));
    }
}

/// An endpoint that does not exist will not exist in a minute either; a single wrong request may have been refused.
const NO_COUNTER: Duration = Duration::from_secs(600);

/// So that not every request waits for a server that does not answer.
const OUT_OF_ORDER: Duration = Duration::from_secs(30);

/// Endpoints that are remembered, 16 bytes each: of Google and Amazon, every model has its own.
const MOST_SILENT: usize = 64;

/// A count further off is a broken one: those are the bounds that calibration has.
const MOST_SCALE: u64 = 16;
const MOST_OVERHEAD: u64 = 200_000;
