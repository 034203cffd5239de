//! HTTP requests and what their answers mean.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::charge;
use super::charging::ModelTerms;
use super::counting::Count;
use super::ticket::{Call, Flight, Known, NewCall, NewTicket, Phase, Ticket};
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
use crate::throttle::{Attempt, Cause, Overloaded};
use crate::time::{Duration, Instant, WallTime};
use crate::tokens::Weights;
use crate::usage::{Format, Usage, UsageReader};

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
    /// Whose it is, as in [`Submission`](super::Submission).
    pub tenant: &'a str,
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
        let model = facts.model.map(request::decoded);
        let facts = &Facts { model: model.as_deref(), ..*facts };
        let place = self.scopes.of_request(facts);
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
            excused: 0,
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
        let certain = charge::certain(&call, stated, readable);
        if let Some(refusal) = self.never(place.scope, certain) {
            return Err(refusal);
        }
        let submitted_at = http.count.map_or(now, |count| count.asked_at.min(now));
        let deadline = self.deadline(submitted_at, http.max_wait);
        let new = NewTicket {
            scope: place.scope,
            cost,
            priority: http.priority,
            tenant: http.tenant,
            submitted_at,
            deadline,
        };
        self.enqueue(now, &new, certain, Some(NewCall { call: &call, prefixes: &prefixes }))
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
        let sent_at = self.tickets.flight(ticket).map_or(now, |flight| flight.reservation.sent_at());
        self.scopes.get_mut(entry.scope).note_answer();
        self.sync(now, wall, ticket, &signal);
        if matches!(signal.kind, Kind::Ok | Kind::ClientError | Kind::QuotaExhausted) {
            self.note_service(now, entry.scope, sent_at);
        }
        if signal.kind == Kind::Ok {
            self.scopes.get_mut(entry.scope).has_served = true;
            return self.accept(now, ticket, &call, headers);
        }
        self.tell(Event::Refused {
            scope: self.scopes.name(entry.scope),
            status,
            kind: signal.kind,
            retry_after: signal.retry_after,
            attempt: entry.attempt,
        });
        self.decline(now, ticket, &call, &signal, sent_at)
    }

    /// The server served a request, or found fault with it: it is not overloaded.
    fn note_service(&mut self, now: Instant, scope: u32, sent_at: Instant) {
        let served = self.scopes.get_mut(scope).served(now, sent_at);
        if served.has_closed {
            self.tell(Event::Breaker { scope: self.scopes.name(scope), open_for: None });
        }
        if served.is_lifted {
            self.tell(Event::Overload { scope: self.scopes.name(scope), limit: None });
        }
    }

    /// An attempt ended without an answer: the connection failed. Says whether it will be made again.
    pub fn handle_failure(&mut self, now: Instant, ticket: Ticket) -> Verdict {
        let attempt = self.tickets.get(ticket).filter(|entry| matches!(entry.phase, Phase::InFlight(_)));
        let Some(call) = attempt.and_then(|entry| self.tickets.call(entry)).copied() else {
            return Verdict::Deliver;
        };
        // Whether the server saw the request is unknown. Nothing was written that the caller could have read.
        self.end_flight(now, ticket, |reserved| Cost { output_tokens: 0, ..reserved });
        let may_repeat = call.idempotent || call.counts_tokens;
        let again = may_repeat.then(|| Again::after(self.backoff(ticket)));
        self.try_again_or_deliver(now, ticket, &call, again)
    }

    /// A piece of an observed body passed. What a model wrote beyond its reservation is charged as it appears, because
    /// that is how the server charges it.
    pub fn handle_chunk(&mut self, now: Instant, ticket: Ticket, bytes: &[u8]) {
        let Some(Flight { reader: Some(reader), .. }) = self.tickets.flight_mut(ticket) else { return };
        reader.feed(bytes);
        let usage = reader.usage();
        self.extend_by(now, ticket, &usage);
    }

    /// The same for a body of which somebody else has read `usage` so far.
    pub fn extend_by(&mut self, now: Instant, ticket: Ticket, usage: &Usage) {
        let Some(entry) = self.tickets.get(ticket).copied() else { return };
        let Some(call) = self.tickets.call(&entry).copied().filter(Call::settles_by_usage) else { return };
        let Some(Flight { reservation, .. }) = self.tickets.flight_mut(ticket) else { return };
        let written = self.forecasts.tokens_of(call.subject.model, usage.output_characters);
        if let Some(more) = charge::overrun(&call, reservation.cost(), written) {
            self.scopes.get_mut(entry.scope).ledger.extend(reservation, more, now);
        }
    }

    /// An observed body ended: it is `complete`, or it was cut. The request settles by what the body said, and is over.
    pub fn finish(&mut self, now: Instant, ticket: Ticket, complete: bool) {
        let reader = self.tickets.flight(ticket).and_then(|flight| flight.reader.as_ref());
        let usage = reader.map(|reader| reader.usage());
        self.conclude(now, ticket, complete, usage);
    }

    /// The same for a body of which somebody else has read `usage`; `None` if it could not be read.
    pub fn finish_with(&mut self, now: Instant, ticket: Ticket, complete: bool, usage: Option<Usage>) {
        self.conclude(now, ticket, complete, usage);
    }

    fn conclude(&mut self, now: Instant, ticket: Ticket, complete: bool, usage: Option<Usage>) {
        let Some(entry) = self.tickets.get(ticket).copied() else { return };
        let Some(call) = self.tickets.call(&entry).copied() else { return };
        let Some(Flight { reservation, .. }) = self.tickets.land(ticket, Phase::Pausing) else { return };
        self.stop_writing(ticket);
        let (reserved, sent_at) = (reservation.cost(), reservation.sent_at());
        self.note_hold(now, sent_at);
        let mut actual = reserved;
        let mut is_overloaded = false;
        if let Some(usage) = usage.filter(|_| call.settles_by_usage()) {
            // An answer that turned into an error is one that was cut.
            let complete = complete && usage.error.is_none();
            is_overloaded = usage.error == Some(Kind::Overloaded);
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
        if is_overloaded {
            self.note_overload(now, entry.scope, sent_at, None);
        }
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
        let (mut is_stated, mut is_explained) = (false, false);
        for stated in signal.limits() {
            let Some(flight) = self.tickets.flight_mut(ticket) else { return };
            let scope = self.scopes.get_mut(index);
            let Some(statement) = statement(provider, stated, now, wall) else { continue };
            // An overloaded server's wait is about its load, one for growth about growth; they say nothing of the quota.
            let is_of_quota = signal.kind == Kind::RateLimit && !signal.grows_too_fast;
            let retry_after = signal.retry_after.filter(|_| is_of_quota);
            let statement = Statement { retry_after, ..statement };
            is_stated = true;
            is_explained |= statement.explains(flight.reservation.cost());
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
        let Some(flight) = self.tickets.flight_mut(ticket) else { return };
        let ledger = &mut self.scopes.get_mut(index).ledger;
        ledger.answered(&flight.reservation, now);
        if signal.kind == Kind::Ok {
            ledger.served(&flight.reservation, now);
        } else if signal.kind == Kind::RateLimit && is_stated && !is_explained && !signal.grows_too_fast {
            ledger.refused_unexplained(&flight.reservation, now);
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

    /// The request, which was sent at `sent_at`, was not served. What it takes, who waits because of it, and whether it is
    /// tried again follow from why.
    fn decline(&mut self, now: Instant, ticket: Ticket, call: &Call, signal: &Signal<'_>, sent_at: Instant) -> Verdict {
        let again = match signal.kind {
            Kind::RateLimit => {
                self.end_flight(now, ticket, |_| charge::refused(call));
                Some(self.slow_down(now, ticket, call, signal, sent_at))
            }
            Kind::Overloaded => {
                // Refused before any work was done, so that nothing happens twice.
                self.end_flight(now, ticket, |_| Cost::default());
                Some(self.make_way(now, ticket, signal, sent_at))
            }
            Kind::ServerError => {
                self.end_flight(now, ticket, |reserved| charge::failed(call, reserved));
                let ordered = signal.retry_after.map(|ordered| ordered + self.spread(ordered));
                let delay = ordered.unwrap_or_else(|| self.backoff(ticket));
                Some(Again::after(delay)).filter(|_| call.idempotent || call.counts_tokens)
            }
            Kind::Ok | Kind::QuotaExhausted | Kind::ClientError => {
                self.end_flight(now, ticket, charge::without_tokens);
                None
            }
        };
        self.try_again_or_deliver(now, ticket, call, again.filter(|_| signal.retryable))
    }

    /// The server refused an attempt for its rate, and nobody who shares the scope starts for a while.
    fn slow_down(&mut self, now: Instant, ticket: Ticket, call: &Call, signal: &Signal<'_>, sent_at: Instant) -> Again {
        let Some(index) = self.tickets.get(ticket).map(|entry| entry.scope) else {
            return Again::after(Duration::ZERO);
        };
        let scope = self.scopes.get_mut(index);
        let cause = if signal.grows_too_fast {
            scope.traffic.take_back();
            Cause::Growth(scope.traffic.recent(now))
        } else if signal.limits().next().is_none() {
            Cause::Unstated
        } else {
            Cause::Quota
        };
        let attempt = Attempt { sent_at, ordered: signal.retry_after, others: scope.ledger.in_flight() };
        let throttle = scope.throttle.get_or_insert_default();
        let shut_until = scope.shut_until;
        let refused = throttle.refused(now, &attempt, cause, shut_until, &self.retry.backoff, &mut self.random);
        scope.shut_until = refused.until;
        if refused.is_lowered {
            self.tell_of_limit(index);
        } else if call.counts_tokens && !signal.grows_too_fast {
            self.forecasts.observe_refusal(call.subject.model);
        }
        Again { delay: refused.until.since(now), is_excused: refused.is_excused, is_budgeted: false }
    }

    /// The server said that it is overloaded. If that is more than bad luck, fewer requests are under way from now on.
    fn make_way(&mut self, now: Instant, ticket: Ticket, signal: &Signal<'_>, sent_at: Instant) -> Again {
        let ordered = signal.retry_after.map(|ordered| ordered + self.spread(ordered));
        let delay = ordered.unwrap_or_else(|| self.backoff(ticket));
        let Some(index) = self.tickets.get(ticket).map(|entry| entry.scope) else { return Again::after(delay) };
        let told = self.note_overload(now, index, sent_at, ordered);
        let mut again = Again { is_excused: told.is_excused, ..Again::after(delay) };
        if let Some(until) = told.opened_until {
            // Somebody else tries the server next: it may be this very request that overloads it.
            again.delay = again.delay.max(until.since(now) + STEP_ASIDE);
        }
        again
    }

    /// The server said of a request that was sent at `sent_at`, and has landed, that it is overloaded.
    fn note_overload(&mut self, now: Instant, index: u32, sent_at: Instant, ordered: Option<Duration>) -> Overloaded {
        let scope = self.scopes.get_mut(index);
        let attempt = Attempt { sent_at, ordered, others: scope.ledger.in_flight() };
        let told = scope.throttle.get_or_insert_default().overloaded(now, &attempt, &mut self.random);
        if told.is_lowered || told.opened_until.is_some() {
            self.tell_of_limit(index);
        }
        if let Some(until) = told.opened_until {
            let open_for = Some(until.since(now));
            self.tell(Event::Breaker { scope: self.scopes.name(index), open_for });
        }
        told
    }

    fn tell_of_limit(&mut self, scope: u32) {
        let throttle = self.scopes.get_mut(scope).throttle.as_ref();
        let limit = throttle.and_then(|throttle| throttle.most_in_flight());
        self.tell(Event::Overload { scope: self.scopes.name(scope), limit });
    }

    /// The ticket, which has landed, starts again, if it may; else it is over.
    fn try_again_or_deliver(&mut self, now: Instant, ticket: Ticket, call: &Call, again: Option<Again>) -> Verdict {
        let again = again.filter(|_| !self.running.is_closed() && call.replayable);
        let Some((excused, delay)) = again.and_then(|again| self.next_attempt(now, ticket, call, again)) else {
            self.advance_scope_of(now, ticket);
            self.tickets.remove(ticket);
            return Verdict::Deliver;
        };
        let Some(entry) = self.tickets.get_mut(ticket) else { return Verdict::Deliver };
        entry.attempt = entry.attempt.saturating_add(1);
        let (scope, attempt, entry) = (entry.scope, entry.attempt, *entry);
        if let Some(call) = self.tickets.call_mut(&entry) {
            call.previous_delay = delay;
            call.excused = excused;
        }
        self.tell(Event::Retry { scope: self.scopes.name(scope), attempt, delay });
        if self.scopes.get_mut(scope).shut_until >= now + delay {
            // The whole scope waits as long: its queue is the right place.
            self.rejoin(ticket);
        } else {
            self.set_aside(now, ticket, delay);
        }
        self.advance(now, scope);
        Verdict::Retry
    }

    /// Whether `again` may be: how many of the ticket's attempts are excused then, and after which delay the next comes.
    fn next_attempt(&mut self, now: Instant, ticket: Ticket, call: &Call, again: Again) -> Option<(u8, Duration)> {
        let entry = self.tickets.get(ticket)?;
        // Of a server that has never served anybody, nothing says that it will.
        let is_excused = again.is_excused && self.scopes.get_mut(entry.scope).has_served;
        let excused = call.excused.saturating_add(u8::from(is_excused));
        let counted = entry.attempt.saturating_sub(excused);
        if counted >= self.retry.attempts || entry.attempt >= self.retry.most_attempts() {
            return None;
        }
        let mut delay = again.delay;
        if let Some(budget) = self.retry.budget.as_ref().filter(|_| again.is_budgeted) {
            let scope = self.scopes.get_mut(entry.scope);
            let starts = scope.traffic.recent(now);
            delay = delay.max(scope.retries.withdraw(now, budget, starts, self.retry.backoff.cap())?);
        }
        (now + delay <= entry.deadline).then_some((excused, delay))
    }

    /// The pause before the ticket's next attempt where the server does not say.
    fn backoff(&mut self, ticket: Ticket) -> Duration {
        let Some(entry) = self.tickets.get(ticket) else { return Duration::ZERO };
        let call = self.tickets.call(entry);
        let (previous, excused) = call.map_or((Duration::ZERO, 0), |call| (call.previous_delay, call.excused));
        let counted = entry.attempt.saturating_sub(excused);
        self.retry.backoff.delay(u32::from(counted), previous, &mut self.random)
    }

    /// A small random addition to an ordered wait: many who were told the same do not come back together.
    fn spread(&mut self, ordered: Duration) -> Duration {
        let most = Duration::from_nanos(ordered.as_nanos() / 10).min(Duration::SECOND);
        Duration::from_nanos(self.random.up_to(most.as_nanos()))
    }
}

/// Another attempt, if it may be.
#[derive(Clone, Copy, Debug)]
struct Again {
    /// Not before.
    delay: Duration,
    /// Whether the attempt before says nothing against the request, and does not count.
    is_excused: bool,
    /// Whether it takes from the budget of retries.
    is_budgeted: bool,
}

impl Again {
    /// One that counts.
    const fn after(delay: Duration) -> Self {
        Self { delay, is_excused: false, is_budgeted: true }
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
        retry_after: None,
        // A bucket's reset is the instant at which it is full, no boundary of a window: buckets are not aligned to it.
        reset_at: stated.reset_at.map(|reset| now + reset.since(wall)),
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

/// Long enough for whoever is next in the queue, and no time otherwise.
const STEP_ASIDE: Duration = Duration::from_millis(1);
