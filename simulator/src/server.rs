//! The virtual server: requests in, planned answers out, and the truth on demand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::active::{Active, Answers, Outcome};
use crate::api::{Call, Endpoint, Family, Problem};
use crate::calendar::http_date;
use crate::exchange::{Ending, Exchange, Request};
use crate::fate::{Fate, happens};
use crate::foresight::Future;
use crate::limits::Dimension;
use crate::options::{HeaderOptions, Options};
use crate::organisation::{Obstacle, Organisation, Organisations};
use crate::plan::{Answer, header};
use crate::production::Production;
use crate::random::Random;
use crate::stats::Stats;
use crate::{bedrock, claude, gemini, openai};

/// A rate-limited server in virtual time.
///
/// Everything it does follows from its options and from the sequence of calls with their times. Times are those of the
/// caller's clock, counted from an origin of the caller's choice; one that goes back is treated as one that stands still.
///
/// ```
/// use std::time::Duration;
/// use tidegate_simulator::{Options, Request, Server};
///
/// let options = Options::from_json(r#"{ "limits": { "default": { "rpm": 1 } } }"#)?;
/// let mut server = Server::new(options);
/// let body = r#"{ "model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{ "role": "user", "content": "Hi" }] }"#;
/// let request = Request {
///     method: "POST".into(),
///     path: "/v1/messages".into(),
///     headers: vec![("x-api-key".into(), "key".into()), ("anthropic-version".into(), "2026-10-21".into())],
///     body: body.into(),
/// };
/// assert_eq!(server.handle(Duration::ZERO, &request).status(), 200);
/// let refusal = server.handle(Duration::from_secs(20), &request);
/// assert_eq!((refusal.status(), refusal.header("retry-after")), (429, Some("40")));
/// # Ok::<(), tidegate_simulator::OptionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    options: Options,
    organisations: Organisations,
    answers: Answers,
    now: Duration,
    exchanges: u64,
    /// What became of the jobs that requests named: of an organisation, by the number.
    traces: BTreeMap<(usize, usize), Trace>,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trace {
    /// How many requests for it have arrived.
    pub(crate) arrived: u32,
    /// Whether the last of them is answered to the end, and when that is.
    pub(crate) whole: bool,
    pub(crate) ends_at: Option<Duration>,
}

/// A request on its way through the server.
struct Arrival<'a> {
    id: u64,
    request_id: String,
    now: Duration,
    family: Family,
    request: &'a Request,
}

/// An answer that is an error, with headers of its own.
struct Declined {
    problem: Problem,
    headers: Vec<(String, String)>,
}

impl From<Problem> for Declined {
    fn from(problem: Problem) -> Self {
        Self { problem, headers: Vec::new() }
    }
}

impl Server {
    /// A server that nobody has used.
    pub fn new(options: Options) -> Self {
        let organisations = Organisations::new(&options);
        Self {
            options,
            organisations,
            answers: Answers::default(),
            now: Duration::ZERO,
            exchanges: 0,
            traces: BTreeMap::new(),
        }
    }

    /// A request arrives.
    pub fn handle(&mut self, now: Duration, request: &Request) -> Exchange {
        let now = self.advance(now);
        self.exchanges += 1;
        let id = self.exchanges;
        let request_id = format!("req_sim{id:012}");
        let arrival = Arrival { id, request_id, now, family: Family::of(request), request };
        let exchange = self.answer(&arrival).unwrap_or_else(|declined| self.decline(&arrival, declined));
        let job = request.header(JOB_HEADER).and_then(|job| job.trim().parse().ok());
        if let Some((job, key)) = job.zip(request.api_key()) {
            let trace = self.traces.entry((self.organisations.of(key), job)).or_default();
            trace.arrived += 1;
            trace.whole = exchange.status() == 200 && exchange.ending == Ending::Complete;
            trace.ends_at = exchange.ends_at();
        }
        exchange
    }

    /// The first instant, now or later, at which a request like this would be admitted, if none came before. `None`: never, or
    /// a neighbour keeps it out for an hour.
    ///
    /// What is being answered goes on until then, a neighbour takes its share, and limits change when they change. What
    /// goes wrong for other reasons than limits is not foreseen. Nothing is counted.
    pub fn admits_at(&mut self, now: Duration, request: &Request) -> Option<Duration> {
        let now = self.advance(now);
        let call = Call::read(request).ok()?;
        let index = self.organisations.of(request.api_key()?);
        let organisation = self.organisations.at(index);
        organisation.ledger(Family::of(request), &call.group, &self.options).advance(now, &self.options.neighbour);
        let organisation = organisation.only(&call.group);
        let answers = self
            .answers
            .only(|answer| answer.organisation == index && (*answer.group == *call.group || answer.cached.is_some()));
        Future::new(organisation, answers, &self.options, now).admits_at(&call)
    }

    /// The client went away: production stops, and what was produced stays charged.
    pub fn abort(&mut self, now: Duration, id: u64) {
        self.advance(now);
        if let Some(answer) = self.answers.remove(id) {
            let organisation = self.organisations.at(answer.organisation);
            if let Some(ledger) = organisation.ledgers.get_mut(&*answer.group) {
                ledger.charge(self.now, Dimension::Tokens, answer.settlement());
                ledger.counts_mut().aborted += 1;
                ledger.counts_mut().in_flight -= 1;
            }
        }
    }

    /// What has happened up to now.
    pub fn stats(&mut self, now: Duration) -> Stats {
        let now = self.advance(now);
        Stats::new(now, self.organisations.all())
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// What became of a job of the holder of a key, if a request named it.
    pub(crate) fn trace(&self, api_key: &str, job: usize) -> Option<Trace> {
        let organisation = self.organisations.find(api_key)?;
        self.traces.get(&(organisation, job)).copied()
    }

    /// The organisation of a key, by its position and with a ledger for a group, and all answers on their way.
    pub(crate) fn group(
        &mut self,
        now: Duration,
        api_key: &str,
        family: Family,
        group: &str,
    ) -> (usize, &Organisation, &Answers) {
        let index = self.organisations.of(api_key);
        let organisation = self.organisations.at(index);
        organisation.ledger(family, group, &self.options).advance(now, &self.options.neighbour);
        (index, organisation, &self.answers)
    }

    /// Lets everything happen that happens until `now`, in the order of time.
    pub(crate) fn advance(&mut self, now: Duration) -> Duration {
        self.now = self.now.max(now.min(LATEST));
        let neighbour = self.options.neighbour;
        while let Some(step) = self.answers.next_step(self.now) {
            self.organisations.at(step.organisation).note(&step, &neighbour);
        }
        for organisation in self.organisations.all_mut() {
            for ledger in organisation.ledgers.values_mut() {
                ledger.advance(self.now, &neighbour);
            }
        }
        self.now
    }

    fn answer(&mut self, arrival: &Arrival<'_>) -> Result<Exchange, Declined> {
        let Some(key) = arrival.request.api_key() else {
            return Err(arrival.family.unauthenticated().into());
        };
        let mut call = Call::read(arrival.request)?;
        let index = self.organisations.of(key);
        let organisation = self.organisations.at(index);
        if let Some(prefix) = &call.prefix {
            call.cache_use = organisation.cache.look(arrival.now, prefix);
        }
        let fate = Fate::draw(&self.options.faults, &mut organisation.random);
        let mut storms = self.options.storms.iter().filter(|storm| storm.is_on(arrival.now));
        let fate =
            if storms.any(|storm| happens(storm.share, &mut organisation.storms)) { Fate::Overloaded } else { fate };
        let ledger = organisation.ledger(arrival.family, &call.group, &self.options);
        ledger.advance(arrival.now, &self.options.neighbour);
        ledger.counts_mut().requests += 1;
        let is_full = |most| call.endpoint != Endpoint::CountTokens && ledger.counts().in_flight >= most;
        if fate == Fate::Overloaded || self.options.capacity.is_some_and(is_full) {
            ledger.counts_mut().overloaded += 1;
            if self.options.charge_overloads {
                for ask in call.asks() {
                    ledger.charge(arrival.now, ask.dimension, ask.charge as i64);
                }
            }
            return Err(arrival.family.overloaded().into());
        }
        if let Some(obstacle) = organisation.obstacle(arrival.now, &call, self.options.max_in_flight) {
            return Err(self.refuse(arrival, index, &call, obstacle));
        }
        let ledger = organisation.ledger(arrival.family, &call.group, &self.options);
        ledger.admit(arrival.now, &call.asks());
        if fate == Fate::Error {
            ledger.counts_mut().errors += 1;
            return Err(Declined {
                problem: arrival.family.internal(),
                headers: self.limit_headers(arrival, index, &call),
            });
        }
        Ok(match call.endpoint {
            Endpoint::CountTokens => {
                ledger.counts_mut().served += 1;
                let mut headers = self.headers(arrival, index, &call);
                headers.push(header("content-type", "application/json"));
                let at = arrival.now + Duration::from_millis(self.options.timing.refusal_ms);
                let body = match arrival.family {
                    Family::Gemini => gemini::count_body(&call),
                    Family::Bedrock => bedrock::count_body(&call),
                    Family::Claude | Family::OpenAi => claude::count_body(&call),
                };
                Exchange::whole(arrival.id, at, 200, headers, body)
            }
            Endpoint::Messages
            | Endpoint::ChatCompletions
            | Endpoint::GenerateContent
            | Endpoint::Converse
            | Endpoint::Invoke => self.produce(arrival, index, &call, fate),
        })
    }

    /// Begins the production of an answer, and plans what is sent of it.
    fn produce(&mut self, arrival: &Arrival<'_>, index: usize, call: &Call, fate: Fate) -> Exchange {
        let production = self.production(arrival.now, arrival.request, call, fate == Fate::Slow);

        let fate = if fate == Fate::StreamError && !call.stream { Fate::Answered } else { fate };
        let outcome = match fate {
            Fate::Answered | Fate::Slow | Fate::Overloaded | Fate::Error => Outcome::Served,
            Fate::StreamError => Outcome::Error,
            Fate::Dropped | Fate::Cut | Fate::Hung => Outcome::Lost,
        };
        let mut active = Active::new(index, Arc::from(&*call.group), production, outcome);
        match fate {
            Fate::Cut | Fate::StreamError => active.pieces /= 2,
            Fate::Dropped | Fate::Hung => active.pieces = 0,
            Fate::Answered | Fate::Overloaded | Fate::Error | Fate::Slow => {}
        }
        if call.endpoint == Endpoint::Messages {
            active.input_correction = call.input_correction();
            active.cache_use = call.cache_use;
            active.charges_output = true;
        }
        active.reservation = call.reservation();
        if let Some(prefix) = &call.prefix {
            self.organisations.at(index).cache.read(arrival.now, prefix, call.cache_use);
            // An answer that never begins leaves nothing in the cache.
            active.cached = (active.pieces > 0).then(|| prefix.clone());
        }
        let pieces = active.pieces;
        self.answers.insert(arrival.id, active);
        if let Some(ledger) = self.organisations.at(index).ledgers.get_mut(&call.group) {
            ledger.counts_mut().in_flight += 1;
        }

        let unanswered = |ending| Exchange { id: arrival.id, head: None, pieces: Vec::new(), ending };
        match fate {
            Fate::Dropped => unanswered(Ending::Lost(production.first_at())),
            Fate::Hung => unanswered(Ending::Never),
            Fate::Answered | Fate::Overloaded | Fate::Error | Fate::Cut | Fate::StreamError | Fate::Slow => {
                let headers = self.headers(arrival, index, call);
                let created = self.unix(arrival.now).as_secs();
                let request_id = &arrival.request_id;
                let production = &production;
                let began_at = arrival.now;
                Answer { id: arrival.id, request_id, call, production, pieces, fate, began_at, created, headers }.plan()
            }
        }
    }

    /// How the answer to a request that comes now will come into being.
    pub(crate) fn production(&self, now: Duration, request: &Request, call: &Call, slow: bool) -> Production {
        // Drawn from the request itself, so that a retry has the same true size and order does not matter.
        let mut random = Random::new(self.options.seed, &request.body);
        let drawn = random.log_normal(MEDIAN_OUTPUT_TOKENS);
        let wanted = request.header(OUTPUT_TOKENS_HEADER).and_then(|value| value.trim().parse().ok());
        let tokens = wanted.unwrap_or(drawn).clamp(1, call.max_tokens.min(LONGEST_OUTPUT_TOKENS));
        Production::new(now, tokens, &self.options.timing, slow, &mut random)
    }

    fn refuse(&mut self, arrival: &Arrival<'_>, index: usize, call: &Call, mut obstacle: Obstacle) -> Declined {
        let organisation = self.organisations.at(index);
        let bare = happens(self.options.faults.bare_refusals, &mut organisation.random);
        if let Some(ledger) = organisation.ledgers.get_mut(&call.group) {
            ledger.counts_mut().refused += 1;
            if self.options.charge_refusals.unwrap_or(arrival.family.charges_refusals()) {
                ledger.charge(arrival.now, Dimension::Requests, 1);
                // Having been refused makes the wait longer.
                if let Obstacle::Limit(refusal) = &mut obstacle {
                    *refusal = ledger.refusal(arrival.now, &call.asks()).unwrap_or(*refusal);
                }
            }
        }
        let again_at = match obstacle {
            // What can never fit is told to come back when the limit is whole again: nothing better is known.
            Obstacle::Limit(refusal) => refusal.fits_at.unwrap_or(refusal.reading.full_at),
            Obstacle::TooFast(until) => until,
            // When one of them will end is not known to a server.
            Obstacle::TooManyInFlight => arrival.now,
        };
        let wait_ms = again_at.saturating_sub(arrival.now).as_nanos().div_ceil(1_000_000) as u64;
        let problem = match &obstacle {
            Obstacle::Limit(refusal) => arrival.family.refused(&organisation.name, call, refusal, wait_ms),
            Obstacle::TooFast(_) => arrival.family.too_fast(),
            Obstacle::TooManyInFlight => arrival.family.too_many_in_flight(),
        };
        if bare {
            return Problem { details: None, ..problem }.into();
        }
        if !arrival.family.tells_in_headers() {
            return problem.into();
        }
        let mut headers = match obstacle {
            Obstacle::Limit(_) | Obstacle::TooFast(_) => self.limit_headers(arrival, index, call),
            Obstacle::TooManyInFlight => Vec::new(),
        };
        headers.push(header("retry-after", &wait_ms.div_ceil(1_000).max(1).to_string()));
        headers.push(header("x-should-retry", "true"));
        Declined { problem, headers }
    }

    fn decline(&self, arrival: &Arrival<'_>, declined: Declined) -> Exchange {
        let Declined { problem, headers } = declined;
        let mut all = self.common_headers(arrival);
        all.push(header("content-type", "application/json"));
        all.extend(headers);
        all.extend(arrival.family.error_headers(&problem));
        let body = arrival.family.error_body(&problem, &arrival.request_id);
        let at = arrival.now + Duration::from_millis(self.options.timing.refusal_ms);
        Exchange::whole(arrival.id, at, problem.status, all, body)
    }

    fn headers(&mut self, arrival: &Arrival<'_>, index: usize, call: &Call) -> Vec<(String, String)> {
        let mut headers = self.common_headers(arrival);
        headers.extend(self.limit_headers(arrival, index, call));
        headers
    }

    /// What is left as the request is admitted, itself included. Answers that take long tell it late.
    fn limit_headers(&mut self, arrival: &Arrival<'_>, index: usize, call: &Call) -> Vec<(String, String)> {
        let origin = self.unix(Duration::ZERO);
        let HeaderOptions { hide, factor, .. } = self.options.headers;
        let as_of = arrival.now.saturating_sub(self.options.headers.age());
        let organisation = self.organisations.at(index);
        let ledger = organisation.ledgers.get(&call.group).filter(|_| !hide);
        let mut readings = ledger.map(|ledger| ledger.readings(arrival.now)).unwrap_or_default();
        if let Some(factor) = factor {
            for reading in &mut readings {
                reading.remaining = ((reading.remaining as f64 * factor) as u64).min(reading.limit);
            }
        }
        match arrival.family {
            Family::Claude => {
                let mut headers = claude::limit_headers(&readings, origin);
                headers.push(header("anthropic-organization-id", &organisation.name));
                headers
            }
            Family::OpenAi => {
                let mut headers = openai::limit_headers(&readings, as_of);
                headers.push(header("openai-organization", &organisation.name));
                headers
            }
            Family::Gemini | Family::Bedrock => Vec::new(),
        }
    }

    fn common_headers(&self, arrival: &Arrival<'_>) -> Vec<(String, String)> {
        let id = arrival.family.request_id_header().map(|name| header(name, &arrival.request_id));
        std::iter::once(header("date", &http_date(self.unix(arrival.now)))).chain(id).collect()
    }

    /// The server's wall clock.
    fn unix(&self, now: Duration) -> Duration {
        let origin = self.options.wall_origin_ms.unwrap_or(WALL_ORIGIN_MS);
        Duration::from_millis(origin.saturating_add_signed(self.options.clock_skew_ms)) + now
    }
}

/// Request header that sets the true size of an answer, in tokens.
pub const OUTPUT_TOKENS_HEADER: &str = "x-simulate-output-tokens";
/// Request header that names the job which the request stands for, by its position in a list.
pub const JOB_HEADER: &str = "x-simulate-job";
/// Half of the answers are shorter, where the request does not say.
const MEDIAN_OUTPUT_TOKENS: u64 = 200;
/// Twice what the longest answer of any model is today; a header may not ask for endless work.
const LONGEST_OUTPUT_TOKENS: u64 = 256_000;
/// 584 years, beyond which no clock of nanoseconds counts.
const LATEST: Duration = Duration::from_nanos(u64::MAX);
/// 2026-11-23T12:00:00Z.
const WALL_ORIGIN_MS: u64 = 1_795_435_200_000;
