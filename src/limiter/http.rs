//! HTTP requests and what their answers mean.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::charge;
use super::charging::ModelTerms;
use super::counting::Count;
use super::ticket::{Call, Flight, Known, NewTicket, Phase, Ticket};
use super::{Event, Limiter, Refusal, Verdict};
use crate::cost::{Cost, Dimension, Stated};
use crate::forecast::{ModelId, Subject, clamp_to_u32};
use crate::headers::{self, HeaderBlock, Kind, Response, Signal, StatedLimit};
use crate::ledger::Statement;
use crate::policy::Conventions;
use crate::provider::Provider;
use crate::queue::Priority;
use crate::quota::Enforcement;
use crate::request::{self, Body, Facts, Family, Prefixes};
use crate::time::{Duration, Instant, WallTime};
use crate::tokens::Weights;
use crate::usage::{Format, UsageReader};

/// An HTTP request to be let through.
#[derive(Clone, Copy, Debug)]
pub struct HttpRequest<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its whole URL.
    pub url: &'a str,
    /// Those of its headers that [`request::HEADERS_OF_INTEREST`] names.
    pub headers: HeaderBlock<'a>,
    /// Its body, as far as it can be read without consuming it.
    pub body: Body<'a>,
    /// Whether the body can be sent again.
    pub replayable: bool,
    /// Who goes first.
    pub priority: Priority,
    /// The longest wait for its start; `None` for the policy's.
    pub max_wait: Option<Duration>,
    /// What the caller states of its cost. What an answer says it used is charged in the end all the same.
    pub stated: Stated,
    /// What came of asking the provider for its size; `None` if nobody asked.
    pub count: Option<Count>,
}

/// The head of an HTTP response, and of its body what was read.
#[derive(Clone, Copy, Debug)]
pub struct HttpResponse<'a> {
    /// Status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderBlock<'a>,
    /// The beginning of the body, where [`Verdict::NeedBody`] asked for it.
    pub body: Option<&'a [u8]>,
}

impl Limiter {
    /// Lets an HTTP request wait for its turn, as [`submit`](Self::submit) does.
    ///
    /// # Errors
    ///
    /// The reason why it can never start.
    pub fn submit_request(&mut self, now: Instant, http: &HttpRequest<'_>) -> Result<Ticket, Refusal> {
        let facts = request::read_by(&self.weights, http.method, http.url, http.headers, http.body);
        self.admit(now, http, &facts)
    }

    /// The same for a request about which `facts` are known.
    pub(super) fn admit(&mut self, now: Instant, http: &HttpRequest<'_>, facts: &Facts<'_>) -> Result<Ticket, Refusal> {
        let place = self.scopes.of_request(facts, now);
        self.tell_of_news(&place, facts.model.unwrap_or_default());
        let model = facts.model.unwrap_or_default();
        let counts_tokens = matches!(facts.family, Family::Messages | Family::Embeddings);
        // What is counted apart from what models generate teaches nothing of them.
        let id = if counts_tokens { self.forecasts.note(model) } else { ModelId::default() };
        let counted = self.counted(now, http, facts);
        let call = Call {
            provider: self.provider_of(facts),
            subject: Subject { model: id, input: facts.input, kind: facts.kind },
            known: Known { input: http.stated.input_tokens, output: http.stated.output_tokens, counted },
            terms: ModelTerms::of(model),
            // A text that is turned into a vector has no output.
            max_tokens: if facts.family == Family::Embeddings { Some(0) } else { facts.max_tokens.map(clamp_to_u32) },
            counts_tokens,
            idempotent: IDEMPOTENT_METHODS.iter().any(|method| method.eq_ignore_ascii_case(http.method)),
            replayable: http.replayable,
            previous_delay: Duration::ZERO,
            follows: None,
            patience: Call::PATIENCE,
            prompt: Call::NO_PROMPT,
        };
        if let Some(truth) = counted {
            self.forecasts.observe_input(&call.subject, u64::from(truth));
        }
        let stated = http.stated.cost();
        let scope = self.scopes.get_mut(place.scope);
        let prefixes = if charge::reads_are_free(&call) { facts.prefixes } else { Prefixes::default() };
        let readable = scope.prompts.find(&prefixes, now).readable;
        let cost = charge::cost_of(&call, stated, readable, &self.forecasts, &scope.ledger);
        if let Some(refusal) = self.never(place.scope, charge::certain(&call, stated, readable)) {
            return Err(refusal);
        }
        let submitted_at = http.count.map_or(now, |count| count.asked_at.min(now));
        let deadline = self.deadline(submitted_at, http.max_wait);
        let new = NewTicket { scope: place.scope, cost, priority: http.priority, submitted_at, deadline };
        self.enqueue(now, new, Some(call), &prefixes)
    }

    /// Whose conventions a request about which `facts` are known follows.
    pub(super) fn provider_of(&self, facts: &Facts<'_>) -> Provider {
        self.provider.as_ref().map_or(facts.provider, Conventions::provider)
    }

    /// Counts the texts of requests by `weights` from now on: by exact tables, where those have some.
    pub fn set_weights(&mut self, weights: Arc<Weights>) {
        self.weights = weights;
    }

    /// The answer to an attempt has begun. `wall` is the wall time at `now`, to read the dates in the headers by.
    pub fn handle_response(
        &mut self,
        now: Instant,
        wall: WallTime,
        ticket: Ticket,
        response: &HttpResponse<'_>,
    ) -> Verdict {
        let Some(entry) = self.tickets.get(ticket).copied() else { return Verdict::Deliver };
        let (Phase::InFlight(_), Some(call)) = (entry.phase, self.tickets.call(&entry).copied()) else {
            return Verdict::Deliver;
        };
        let HttpResponse { status, headers, body } = *response;
        let provider = Some(call.provider).filter(|provider| *provider != Provider::Generic);
        if body.is_none() && headers::needs_body(provider, status, headers) {
            return Verdict::NeedBody;
        }
        let response = Response { provider, status, headers, body };
        let conventions = self.provider.clone();
        let signal = match &conventions {
            Some(Conventions::Described(api)) => headers::read_custom(&response, api, wall),
            Some(Conventions::Named(_)) | None => headers::read(&response, wall),
        };
        let call = self.answered_by(ticket, call, signal.provider);
        self.scopes.get_mut(entry.scope).has_answered = true;
        self.sync(now, wall, ticket, &signal);
        if signal.kind == Kind::Ok {
            return self.accept(now, ticket, &call, headers);
        }
        self.tell(Event::Refused {
            scope: self.scopes.name(entry.scope),
            status,
            kind: signal.kind,
            retry_after: signal.retry_after,
            attempt: entry.attempt,
        });
        self.decline(now, ticket, &call, &signal)
    }

    /// An attempt ended without an answer: the connection failed. Says whether it will be made again.
    pub fn handle_failure(&mut self, now: Instant, ticket: Ticket) -> Verdict {
        let Some(call) = self.tickets.get(ticket).and_then(|entry| self.tickets.call(entry)).copied() else {
            return Verdict::Deliver;
        };
        // Whether the server saw the request is unknown. Nothing was written that the caller could have read.
        self.end_flight(now, ticket, |reserved| Cost { output_tokens: 0, ..reserved });
        let may_repeat = call.idempotent || call.counts_tokens;
        let delay = Some(self.backoff(ticket)).filter(|_| may_repeat);
        self.try_again_or_deliver(now, ticket, &call, delay)
    }

    /// A piece of an observed body passed. What a model wrote beyond its reservation is charged as it appears, because
    /// that is how the server charges it.
    pub fn handle_chunk(&mut self, now: Instant, ticket: Ticket, bytes: &[u8]) {
        let Some(entry) = self.tickets.get(ticket).copied() else { return };
        let Some(call) = self.tickets.call(&entry).copied() else { return };
        let Some(Flight { reservation, reader: Some(reader) }) = self.tickets.flight_mut(ticket) else { return };
        reader.feed(bytes);
        let written = self.forecasts.tokens_of(call.subject.model, reader.usage().output_characters);
        if let Some(more) = charge::overrun(&call, reservation.cost(), written) {
            self.scopes.get_mut(entry.scope).ledger.extend(reservation, more, now);
        }
    }

    /// An observed body ended: it is `complete`, or it was cut. The request settles by what the body said, and is over.
    pub fn finish(&mut self, now: Instant, ticket: Ticket, complete: bool) {
        let Some(entry) = self.tickets.get(ticket).copied() else { return };
        let Some(call) = self.tickets.call(&entry).copied() else { return };
        let Some(Flight { reservation, reader }) = self.tickets.land(ticket, Phase::Pausing) else { return };
        self.stop_writing(ticket);
        let reserved = reservation.cost();
        let mut actual = reserved;
        if let Some(reader) = reader {
            let usage = reader.usage();
            // An answer that turned into an error is one that was cut.
            let complete = complete && usage.error.is_none();
            let (model, characters) = (call.subject.model, usage.output_characters);
            let cut_after = (!complete).then(|| self.forecasts.tokens_of(model, characters));
            actual = charge::charged(&call, reserved, &usage, cut_after);
            if complete && call.counts_tokens {
                // What was counted before taught as much already.
                let prompt = charge::whole_prompt(&usage).filter(|_| call.known.counted.is_none());
                self.forecasts.observe(&call.subject, prompt, usage.output_tokens, characters);
                self.learn_of_cache(now, ticket, &usage);
            }
        }
        let scope = self.scopes.get_mut(entry.scope);
        scope.ledger.settle(reservation, actual, now);
        self.advance(now, entry.scope);
        self.tickets.remove(ticket);
    }

    /// The call, charged from here on as whoever answered charges, where that is known.
    fn answered_by(&mut self, ticket: Ticket, call: Call, provider: Provider) -> Call {
        if provider == Provider::Generic || provider == call.provider {
            return call;
        }
        let call = Call { provider, ..call };
        let known = self.tickets.get(ticket).copied().and_then(|entry| self.tickets.call_mut(&entry));
        if let Some(known) = known {
            *known = call;
        }
        call
    }

    /// Takes over what a response states of the limits.
    fn sync(&mut self, now: Instant, wall: WallTime, ticket: Ticket, signal: &Signal<'_>) {
        let Some(index) = self.tickets.get(ticket).map(|entry| entry.scope) else { return };
        let provider = match &self.provider {
            // Limits that a user described are nobody's but that API's.
            Some(Conventions::Described(api)) if !api.limits.is_empty() => Provider::Generic,
            _ => signal.provider,
        };
        let was_refused = matches!(signal.kind, Kind::RateLimit | Kind::Overloaded);
        for stated in signal.limits() {
            let Some(flight) = self.tickets.flight_mut(ticket) else { return };
            let scope = self.scopes.get_mut(index);
            let Some(statement) = statement(provider, stated, now, wall) else { continue };
            // An overloaded server's wait is about its load, and says nothing of the quota.
            let retry_after = signal.retry_after.filter(|_| signal.kind == Kind::RateLimit);
            let statement = Statement { retry_after, ..statement };
            let change = scope.ledger.sync(&flight.reservation, was_refused, &statement, now);
            if let Some(change) = change {
                let scope = scope.name.clone();
                self.tell(Event::Limit { scope, change });
            } else if statement.window.is_none() && statement.remaining == Some(0) {
                // A window of unknown length is used up: all that is known is when it ends.
                let longest = now + LONGEST_SHUT;
                let until = statement.reset_at.map_or(now, |reset_at| reset_at.min(longest));
                scope.shut_until = scope.shut_until.max(until);
            }
        }
    }

    /// The request was served.
    fn accept(&mut self, now: Instant, ticket: Ticket, call: &Call, headers: HeaderBlock<'_>) -> Verdict {
        self.end_writing(now, ticket);
        let format = Format::of(headers.value("content-type")).filter(|_| call.settles_by_usage());
        let Some(entry) = self.tickets.get(ticket).copied() else { return Verdict::Deliver };
        let holds_permit = self.scopes.get_mut(entry.scope).ledger.burst(Dimension::Concurrency).is_some();
        if format.is_some() || holds_permit {
            if let Some(flight) = self.tickets.flight_mut(ticket) {
                flight.reader = format.map(|format| Box::new(UsageReader::new(format)));
            }
            // The headers may have made room for others.
            self.advance(now, entry.scope);
            return Verdict::Observe;
        }
        self.end_flight(now, ticket, |reserved| reserved);
        self.advance(now, entry.scope);
        self.tickets.remove(ticket);
        Verdict::Deliver
    }

    /// The request was not served. What it takes, who waits because of it, and whether it is tried again follow from why.
    fn decline(&mut self, now: Instant, ticket: Ticket, call: &Call, signal: &Signal<'_>) -> Verdict {
        let Some(scope) = self.tickets.get(ticket).map(|entry| entry.scope) else { return Verdict::Deliver };
        let delay = match signal.retry_after {
            Some(ordered) => ordered + self.spread(ordered),
            None => self.backoff(ticket),
        };
        match signal.kind {
            Kind::RateLimit => {
                self.end_flight(now, ticket, |_| charge::refused(call));
                let scope = self.scopes.get_mut(scope);
                // Nobody who shares the scope starts before.
                scope.shut_until = scope.shut_until.max(now + delay);
                if call.counts_tokens {
                    self.forecasts.observe_refusal(call.subject.model);
                }
                let delay = Some(delay).filter(|_| signal.retryable);
                self.try_again_or_deliver(now, ticket, call, delay)
            }
            Kind::Overloaded => {
                self.end_flight(now, ticket, |_| Cost::default());
                // Refused before any work was done, so that nothing happens twice.
                let delay = Some(delay).filter(|_| signal.retryable);
                self.try_again_or_deliver(now, ticket, call, delay)
            }
            Kind::ServerError => {
                self.end_flight(now, ticket, |reserved| charge::failed(call, reserved));
                let may_repeat = signal.retryable && (call.idempotent || call.counts_tokens);
                self.try_again_or_deliver(now, ticket, call, Some(delay).filter(|_| may_repeat))
            }
            Kind::Ok | Kind::QuotaExhausted | Kind::ClientError => {
                self.end_flight(now, ticket, charge::without_tokens);
                self.try_again_or_deliver(now, ticket, call, None)
            }
        }
    }

    /// The ticket, which has landed, starts again after `delay`, if it may; else it is over.
    fn try_again_or_deliver(&mut self, now: Instant, ticket: Ticket, call: &Call, delay: Option<Duration>) -> Verdict {
        let Some(entry) = self.tickets.get_mut(ticket) else { return Verdict::Deliver };
        let in_time = |delay: &Duration| now + *delay <= entry.deadline;
        let allowed = !self.is_closed && call.replayable && entry.attempt < self.retry.attempts;
        let Some(delay) = delay.filter(in_time).filter(|_| allowed) else {
            self.advance_scope_of(now, ticket);
            self.tickets.remove(ticket);
            return Verdict::Deliver;
        };
        entry.attempt += 1;
        let (scope, attempt, entry) = (entry.scope, entry.attempt, *entry);
        if let Some(call) = self.tickets.call_mut(&entry) {
            call.previous_delay = delay;
        }
        self.tell(Event::Retry { scope: self.scopes.name(scope), attempt, delay });
        if self.scopes.get_mut(scope).shut_until >= now + delay {
            // The whole scope waits as long: its queue is the right place.
            self.rejoin(ticket);
        } else {
            self.pause(now, ticket, delay);
        }
        self.advance(now, scope);
        Verdict::Retry
    }

    /// The pause before the ticket's next attempt where the server does not say.
    fn backoff(&mut self, ticket: Ticket) -> Duration {
        let Some(entry) = self.tickets.get(ticket) else { return Duration::ZERO };
        let previous = self.tickets.call(entry).map_or(Duration::ZERO, |call| call.previous_delay);
        self.retry.backoff.delay(u32::from(entry.attempt), previous, &mut self.random)
    }

    /// A small random addition to an ordered wait: many who were told the same do not come back together.
    fn spread(&mut self, ordered: Duration) -> Duration {
        let most = Duration::from_nanos(ordered.as_nanos() / 10).min(Duration::SECOND);
        Duration::from_nanos(self.random.up_to(most.as_nanos()))
    }
}

/// A stated limit in the ledger's terms, if the ledger keeps such limits.
fn statement(provider: Provider, stated: &StatedLimit<'_>, now: Instant, wall: WallTime) -> Option<Statement> {
    let dimension = stated.ledger_dimension()?;
    let is_bucket = KEEPERS_OF_BUCKETS.contains(&provider);
    let is_rounded = provider == Provider::Anthropic && dimension != Dimension::Requests;
    Some(Statement {
        dimension,
        limit: stated.limit,
        remaining: stated.remaining,
        rounding: if is_rounded { ANTHROPIC_ROUNDING } else { 0 },
        window: stated.window.or(is_bucket.then_some(Duration::MINUTE)),
        // A bucket's reset is the instant at which it is full, no boundary of a window.
        retry_after: None,
        reset_at: stated.reset_at.filter(|_| !is_bucket).map(|reset| now + reset.since(wall)),
        enforcement: if is_bucket { Enforcement::TokenBucket } else { Enforcement::FixedWindow },
    })
}

/// RFC 9110 §9.2.2.
const IDEMPOTENT_METHODS: [&str; 6] = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/// Those who document their limits as buckets that fill by the minute, or by the time they state.
const KEEPERS_OF_BUCKETS: [Provider; 4] =
    [Provider::Anthropic, Provider::OpenAi, Provider::AzureOpenAi, Provider::Groq];

/// Claude's API rounds the tokens that remain to the nearest thousand
/// (<https://platform.claude.com/docs/en/api/rate-limits>, read 2026-11-23).
const ANTHROPIC_ROUNDING: u64 = 500;

/// One header shuts a scope for a day at most, like one `Retry-After`.
const LONGEST_SHUT: Duration = Duration::DAY;
