//! The limiter as a JavaScript class.

use js_sys::{Object, Uint8Array};
use tidegate::cost::{Cost, Stated};
use tidegate::headers::HeaderBlock;
use tidegate::limiter::{
    Count, CountRequest, Event, HttpRequest, HttpResponse, Limiter, NotNow, Output, Refusal, ScopeId, Submission,
    Submitted, Ticket, Told, Verdict,
};
use tidegate::options::{Value, record};
use tidegate::queue::Priority;
use tidegate::request::Body;
use tidegate::time::{Duration, Instant, WallTime};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::{plain, tokens, usage};

/// One limiter. Every `now` is in milliseconds of the caller's monotonic clock; what counts waits and charges is a number.
///
/// Where a ticket is returned, a negative number says that there is none: `MUST_WAIT` (−1), `REFUSED` (−2).
#[wasm_bindgen]
pub struct CoreLimiter {
    limiter: Limiter,
    /// Randomness may be forbidden where the limiter is made (the module scope of a Worker), so it is asked for when the
    /// first jitter is near.
    is_seeded: bool,
    now: Instant,
    refusal: Option<(Option<Ticket>, Refusal)>,
    event: Option<Event>,
    question: Option<CountRequest>,
    position: u32,
}

#[wasm_bindgen]
impl CoreLimiter {
    /// A limiter with `options`; `seed` makes its jitter repeatable.
    ///
    /// # Errors
    ///
    /// An `Error` called `OptionError` with `option`, `value` and `fix`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, now: f64, seed: Option<f64>) -> Result<CoreLimiter, JsValue> {
        let policy = tidegate::options::parse(&plain::from_js(options)).map_err(|error| plain::option_error(&error))?;
        let limiter = Limiter::new(&policy, seed.map_or(0, f64::to_bits));
        Ok(Self {
            limiter,
            is_seeded: seed.is_some(),
            now: instant(now),
            refusal: None,
            event: None,
            question: None,
            position: 0,
        })
    }

    /// The number of the scope in which requests for `model` count.
    pub fn scope(&mut self, model: &str) -> u32 {
        self.limiter.scope_of_model(model).bits()
    }

    /// Lets a cost go at once, or not at all.
    #[wasm_bindgen(js_name = acquireNow)]
    #[allow(clippy::too_many_arguments, reason = "numbers cross the boundary cheaply, objects do not")]
    pub fn acquire_now(
        &mut self,
        now: f64,
        scope: u32,
        requests: f64,
        input_tokens: f64,
        output_tokens: f64,
        custom: f64,
        priority: i8,
    ) -> i32 {
        let cost = cost(requests, input_tokens, output_tokens, custom);
        let priority = Priority::clamped(priority);
        let now = self.at(now);
        match self.limiter.acquire_now(now, ScopeId::from_bits(scope), cost, priority) {
            Ok(ticket) => number(ticket),
            Err(NotNow::MustWait) => MUST_WAIT,
            Err(NotNow::Refused(refusal)) => self.refused(refusal),
        }
    }

    /// Lets a cost wait for its turn. The highest `priority` goes first, from −100 to 100; without a `tenant` it is of the one of
    /// all that name none.
    #[allow(clippy::too_many_arguments, reason = "numbers cross the boundary cheaply, objects do not")]
    pub fn submit(
        &mut self,
        now: f64,
        scope: u32,
        requests: f64,
        input_tokens: f64,
        output_tokens: f64,
        custom: f64,
        priority: i8,
        deadline_ms: f64,
        tenant: Option<String>,
    ) -> i32 {
        let submission = Submission {
            scope: ScopeId::from_bits(scope),
            cost: cost(requests, input_tokens, output_tokens, custom),
            priority: Priority::clamped(priority),
            tenant: tenant.as_deref().unwrap_or_default(),
            max_wait: wait(deadline_ms),
        };
        let now = self.at(now);
        match self.limiter.submit(now, submission) {
            Ok(ticket) => number(ticket),
            Err(refusal) => self.refused(refusal),
        }
    }

    /// Lets an HTTP request wait for its turn. `body` is a string, a `Uint8Array`, `null` for none, or `undefined` where
    /// it cannot be read. Of its cost, a negative number is not stated. It may answer `COUNT_FIRST` (−4, see
    /// `takeQuestion`): then it is to be submitted again with the `now` of the first time as `asked_at`, which is NaN at
    /// that first time, and what `handleCount` said, or a negative number, as `counted`.
    #[wasm_bindgen(js_name = submitRequest)]
    #[allow(clippy::too_many_arguments, reason = "an object would have to be taken apart again")]
    pub fn submit_request(
        &mut self,
        now: f64,
        method: &str,
        url: &str,
        headers: &str,
        body: &JsValue,
        replayable: bool,
        priority: i8,
        deadline_ms: f64,
        requests: f64,
        input_tokens: f64,
        output_tokens: f64,
        custom: f64,
        asked_at: f64,
        counted: f64,
        tenant: Option<String>,
    ) -> i32 {
        let text = body.as_string();
        let bytes = if text.is_none() && body.is_object() { Uint8Array::new(body).to_vec() } else { Vec::new() };
        let body = match &text {
            Some(text) => Body::Bytes(text.as_bytes()),
            None if body.is_null() => Body::None,
            None if body.is_undefined() => Body::Opaque { length: None },
            None => Body::Bytes(&bytes),
        };
        let request = HttpRequest {
            method,
            url,
            headers: HeaderBlock::new(headers.as_bytes()),
            body,
            replayable,
            priority: Priority::clamped(priority),
            tenant: tenant.as_deref().unwrap_or_default(),
            max_wait: wait(deadline_ms),
            stated: Stated {
                requests: stated(requests),
                input_tokens: stated(input_tokens),
                output_tokens: stated(output_tokens),
                custom: stated(custom),
            },
            count: (!asked_at.is_nan())
                .then(|| Count { asked_at: instant(asked_at), tokens: (counted >= 0.0).then_some(counted as u64) }),
        };
        let now = self.at(now);
        self.limiter.set_weights(tokens::weights());
        match self.limiter.submit_or_count(now, &request) {
            Ok(Submitted::Waits(ticket)) => number(ticket),
            Ok(Submitted::CountFirst(question)) => {
                self.question = Some(question);
                COUNT_FIRST
            }
            Err(refusal) => self.refused(refusal),
        }
    }

    /// What to ask, `url`, `body` and `maxWaitMs`, where `submitRequest` said `COUNT_FIRST`.
    #[wasm_bindgen(js_name = takeQuestion)]
    pub fn take_question(&mut self) -> JsValue {
        let Some(CountRequest { url, body, max_wait }) = self.question.take() else { return JsValue::UNDEFINED };
        plain::to_js(&record([
            ("url", Value::Text(url)),
            ("body", Value::Text(body)),
            ("maxWaitMs", max_wait.as_millis_ceil().into()),
        ]))
    }

    /// The answer to the question that went to `url`: its status, 0 where none came, and the beginning of its body. The
    /// number in it, or −1.
    #[wasm_bindgen(js_name = handleCount)]
    pub fn handle_count(&mut self, now: f64, url: &str, status: u16, body: &[u8]) -> f64 {
        let now = self.at(now);
        let status = Some(status).filter(|status| *status != 0);
        self.limiter.handle_count(now, url, status, body).map_or(-1.0, |tokens| tokens as f64)
    }

    /// The next output: a ticket that starts, or `DRAINED` (−1), `REFUSED` (−2, see `takeRefusal`), `EVENT` (−3, see `takeEvent`).
    pub fn poll(&mut self) -> i32 {
        match self.limiter.poll_output() {
            None => DRAINED,
            Some(Output::Start(ticket)) => number(ticket),
            Some(Output::Refuse(ticket, refusal)) => {
                self.refusal = Some((Some(ticket), refusal));
                REFUSED
            }
            Some(Output::Event(event)) => {
                self.event = Some(event);
                EVENT
            }
        }
    }

    /// The refusal that was just announced: `ticket` (−1 for a request that got none), `code`, `message` and more.
    #[wasm_bindgen(js_name = takeRefusal)]
    pub fn take_refusal(&mut self) -> JsValue {
        let Some((ticket, refusal)) = self.refusal.take() else { return JsValue::UNDEFINED };
        let described = plain::to_js(&refusal.describe());
        plain::set(&Object::from(described.clone()), "ticket", &ticket.map_or(-1, number).into());
        described
    }

    /// The event that was just announced.
    #[wasm_bindgen(js_name = takeEvent)]
    pub fn take_event(&mut self) -> JsValue {
        self.event.take().map_or(JsValue::UNDEFINED, |event| plain::to_js(&event.describe()))
    }

    /// Whole milliseconds until `handleTimeout` is due, rounded up; −1 for never.
    #[wasm_bindgen(js_name = timeoutMs)]
    pub fn timeout_ms(&self, now: f64) -> f64 {
        let now = instant(now);
        self.limiter.poll_timeout().map_or(-1.0, |wake_up| wake_up.at.since(now).as_millis_ceil() as f64)
    }

    /// Time has passed.
    #[wasm_bindgen(js_name = handleTimeout)]
    pub fn handle_timeout(&mut self, now: f64) {
        let now = self.at(now);
        self.limiter.handle_timeout(now);
    }

    /// The caller of `ticket`, which may vanish without a word, is there; `is_told` says whether it can be told at once that
    /// it starts. Whole milliseconds, rounded up, after which it is to look again, or `OVER` (−1).
    pub fn look(&mut self, now: f64, ticket: u32, is_told: bool) -> f64 {
        let now = self.at(now);
        let told = if is_told { Told::AtOnce } else { Told::WhenItLooks };
        self.limiter.look(now, Ticket::from_bits(ticket), told).map_or(OVER, |wait| wait.as_millis_ceil() as f64)
    }

    /// The caller gave up; `is_sent` says whether anything was sent since the ticket last started. Says whether the
    /// ticket had not ended before.
    pub fn cancel(&mut self, now: f64, ticket: u32, is_sent: bool) -> bool {
        let (now, ticket) = (self.at(now), Ticket::from_bits(ticket));
        if is_sent { self.limiter.cancel(now, ticket) } else { self.limiter.cancel_unsent(now, ticket) }
    }

    /// The answer to an attempt has begun.
    #[wasm_bindgen(js_name = handleResponse)]
    pub fn handle_response(&mut self, now: f64, wall_now: f64, ticket: u32, status: u16, headers: &str) -> u8 {
        self.answer(
            now,
            wall_now,
            ticket,
            &HttpResponse { status, headers: HeaderBlock::new(headers.as_bytes()), body: None },
        )
    }

    /// The same answer, with the beginning of its body.
    #[wasm_bindgen(js_name = handleBody)]
    pub fn handle_body(&mut self, now: f64, wall_now: f64, ticket: u32, status: u16, headers: &str, body: &[u8]) -> u8 {
        self.answer(
            now,
            wall_now,
            ticket,
            &HttpResponse { status, headers: HeaderBlock::new(headers.as_bytes()), body: Some(body) },
        )
    }

    /// An attempt ended without an answer.
    #[wasm_bindgen(js_name = handleFailure)]
    pub fn handle_failure(&mut self, now: f64, ticket: u32) -> u8 {
        self.seed();
        let now = self.at(now);
        verdict(self.limiter.handle_failure(now, Ticket::from_bits(ticket)))
    }

    /// A piece of an observed body passed.
    pub fn chunk(&mut self, now: f64, ticket: u32, bytes: &[u8]) {
        let now = self.at(now);
        self.limiter.handle_chunk(now, Ticket::from_bits(ticket), bytes);
    }

    /// An observed body ended, or was cut.
    pub fn finish(&mut self, now: f64, ticket: u32, complete: bool) {
        let now = self.at(now);
        self.limiter.finish(now, Ticket::from_bits(ticket), complete);
    }

    /// Of an observed body somebody else has read `usage` so far, as [`CoreUsage::usage`](crate::CoreUsage::usage) has it.
    ///
    /// # Errors
    ///
    /// An `Error` called `OptionError` where `usage` is none.
    #[wasm_bindgen(js_name = extendBy)]
    pub fn extend_by(&mut self, now: f64, ticket: u32, usage: &JsValue) -> Result<(), JsValue> {
        let (now, usage) = (self.at(now), usage::of_js(usage)?);
        self.limiter.extend_by(now, Ticket::from_bits(ticket), &usage.unwrap_or_default());
        Ok(())
    }

    /// An observed body ended, or was cut, and somebody else has read `usage` from it.
    ///
    /// # Errors
    ///
    /// An `Error` called `OptionError` where `usage` is none; then the ticket is not over.
    #[wasm_bindgen(js_name = finishWith)]
    pub fn finish_with(&mut self, now: f64, ticket: u32, complete: bool, usage: &JsValue) -> Result<(), JsValue> {
        let (now, usage) = (self.at(now), usage::of_js(usage)?);
        self.limiter.finish_with(now, Ticket::from_bits(ticket), complete, usage);
        Ok(())
    }

    /// What an acquisition really cost; a negative number means as reserved.
    pub fn settle(&mut self, now: f64, ticket: u32, requests: f64, input_tokens: f64, output_tokens: f64, custom: f64) {
        let now = self.at(now);
        let ticket = Ticket::from_bits(ticket);
        let Some(reserved) = self.limiter.reserved(ticket) else { return };
        let or = |stated: f64, reserved: u32| if stated < 0.0 { reserved } else { stated as u32 };
        let actual = Cost {
            requests: or(requests, reserved.requests),
            input_tokens: or(input_tokens, reserved.input_tokens),
            output_tokens: or(output_tokens, reserved.output_tokens),
            custom: or(custom, reserved.custom),
        };
        self.limiter.settle(now, ticket, actual);
    }

    /// An acquisition cost what it reserved. Says whether somebody may start because of that.
    pub fn release(&mut self, ticket: u32) -> bool {
        self.limiter.release(Ticket::from_bits(ticket))
    }

    /// How many milliseconds a cost that was submitted now would be likely to wait: 0 if it could start at once, `UNKNOWN`
    /// (−1) where nobody can tell, `REFUSED` (−2, see `takeRefusal`) if it could never start.
    #[allow(clippy::too_many_arguments, reason = "numbers cross the boundary cheaply, objects do not")]
    pub fn estimate(
        &mut self,
        now: f64,
        scope: u32,
        requests: f64,
        input_tokens: f64,
        output_tokens: f64,
        custom: f64,
        priority: i8,
        tenant: Option<String>,
    ) -> f64 {
        let cost = cost(requests, input_tokens, output_tokens, custom);
        let (priority, tenant) = (Priority::clamped(priority), tenant.as_deref().unwrap_or_default());
        let now = self.at(now);
        match self.limiter.estimate(now, ScopeId::from_bits(scope), cost, priority, tenant) {
            Ok(expected) => milliseconds(expected),
            Err(refusal) => f64::from(self.refused(refusal)),
        }
    }

    /// How many milliseconds a ticket is likely to wait from now, `UNKNOWN` (−1) where nobody can tell, or −2 if it does not
    /// wait. Then `position` says how many go before it.
    pub fn outlook(&mut self, now: f64, ticket: u32) -> f64 {
        let now = self.at(now);
        let Some(outlook) = self.limiter.outlook(now, Ticket::from_bits(ticket)) else { return f64::from(REFUSED) };
        self.position = outlook.position;
        milliseconds(outlook.expected)
    }

    /// How many go before the ticket that `outlook` was asked of last, counted up to 1,000.
    pub fn position(&self) -> u32 {
        self.position
    }

    /// From now on nothing starts, until `resume`. What is in flight goes on.
    pub fn pause(&mut self) {
        self.limiter.pause();
    }

    /// What waits may start again.
    pub fn resume(&mut self, now: f64) {
        let now = self.at(now);
        self.limiter.resume(now);
    }

    /// Finishes what was accepted, and refuses everything from now on. The event `drained` tells when the last has ended.
    pub fn drain(&mut self) {
        self.limiter.drain();
    }

    /// The state as plain data.
    pub fn snapshot(&mut self, now: f64) -> JsValue {
        let now = self.at(now);
        plain::to_js(&self.limiter.snapshot(now))
    }

    /// The state for a limiter that comes after this one: plain data. `wall_now` is in milliseconds since 1970.
    pub fn save(&mut self, now: f64, wall_now: f64) -> JsValue {
        let now = self.at(now);
        plain::to_js(&self.limiter.save(now, wall(wall_now)))
    }

    /// Goes on where the limiter stopped that said `saved`. What was in flight there still is, or cost what it reserved, as
    /// `keeps_in_flight` says. Before anything else is asked.
    ///
    /// # Errors
    ///
    /// An `Error` called `OptionError`; then nothing is taken over.
    pub fn restore(&mut self, now: f64, wall_now: f64, saved: &JsValue, keeps_in_flight: bool) -> Result<(), JsValue> {
        let now = self.at(now);
        let restored = self.limiter.restore(now, wall(wall_now), &plain::from_js(saved), keeps_in_flight);
        restored.map_err(|error| plain::option_error(&error))
    }

    /// The tickets of all that has started and not ended.
    #[wasm_bindgen(js_name = inFlightTickets)]
    pub fn in_flight_tickets(&self) -> Vec<u32> {
        self.limiter.in_flight_tickets().map(Ticket::bits).collect()
    }

    /// Refuses what waits, and everything from now on.
    pub fn close(&mut self, now: f64) {
        let now = self.at(now);
        self.limiter.close(now);
    }
}

impl CoreLimiter {
    fn at(&mut self, now: f64) -> Instant {
        self.now = instant(now);
        self.now
    }

    fn answer(&mut self, now: f64, wall_now: f64, ticket: u32, response: &HttpResponse<'_>) -> u8 {
        self.seed();
        let now = self.at(now);
        verdict(self.limiter.handle_response(now, wall(wall_now), Ticket::from_bits(ticket), response))
    }

    fn refused(&mut self, refusal: Refusal) -> i32 {
        self.refusal = Some((None, refusal));
        REFUSED
    }

    /// A seed that could not be had is asked for again the next time, never replaced by a constant.
    fn seed(&mut self) {
        if !self.is_seeded
            && let Ok(seed) = getrandom::u64()
        {
            self.limiter.reseed(seed);
            self.is_seeded = true;
        }
    }
}

/// The instant `now` milliseconds after the clock's zero, which lies so long after the core's that what happened before the
/// clock began can be told apart.
fn instant(now: f64) -> Instant {
    Instant::from_millis_f64(now) + BEFORE_THE_CLOCK
}

fn wall(now: f64) -> WallTime {
    WallTime::from_unix_millis(now as u64)
}

fn cost(requests: f64, input_tokens: f64, output_tokens: f64, custom: f64) -> Cost {
    Cost {
        requests: requests as u32,
        input_tokens: input_tokens as u32,
        output_tokens: output_tokens as u32,
        custom: custom as u32,
    }
}

/// A dimension of a cost that may not be stated.
fn stated(amount: f64) -> Option<u32> {
    (amount >= 0.0).then_some(amount as u32)
}

fn wait(milliseconds: f64) -> Option<Duration> {
    milliseconds.is_finite().then(|| Duration::from_millis_f64(milliseconds))
}

fn milliseconds(wait: Option<Duration>) -> f64 {
    wait.map_or(UNKNOWN, Duration::as_millis_f64)
}

/// Tickets have 31 bits, so they are never negative here.
fn number(ticket: Ticket) -> i32 {
    ticket.bits().cast_signed()
}

const fn verdict(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Deliver => 0,
        Verdict::Observe => 1,
        Verdict::Retry => 2,
        Verdict::NeedBody => 3,
    }
}

/// Twice the longest period of a limit.
const BEFORE_THE_CLOCK: Duration = Duration::from_secs(62 * 86_400);

/// Nobody can tell.
const UNKNOWN: f64 = -1.0;

/// `look`: the ticket is over.
const OVER: f64 = -1.0;

/// There is nothing more to poll.
const DRAINED: i32 = -1;

/// Quota is missing, or somebody waits already.
const MUST_WAIT: i32 = -1;

/// See `takeRefusal`.
const REFUSED: i32 = -2;

/// See `takeEvent`.
const EVENT: i32 = -3;

/// See `takeQuestion`.
const COUNT_FIRST: i32 = -4;
