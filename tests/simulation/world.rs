//! A program, a network and a server under one clock.

use std::collections::BTreeMap;
use std::time::Duration as StdDuration;

use tidegate::cost::Stated;
use tidegate::headers::HeaderBlock;
use tidegate::limiter::{Event, HttpRequest, HttpResponse, Limiter, Output, Reason, Refusal, Ticket, Verdict};
use tidegate::queue::Priority;
use tidegate::random::Random;
use tidegate::request::Body;
use tidegate::time::{Duration, Instant, WallTime};
use tidegate_simulator::workload::{self, Job};
use tidegate_simulator::{Ending, Exchange, OUTPUT_TOKENS_HEADER, Options, Request, Server, Stats};

use crate::books::{self, Amounts, Books, End};

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// For each job, the statuses that its caller saw in the end: exactly one, 0 for a lost connection.
    pub answers: Vec<Vec<u16>>,
    /// Jobs that the limiter refused.
    pub refusals: Vec<Refusal>,
    /// Attempts that the server did not serve, by status.
    pub declined: BTreeMap<u16, u32>,
    /// Attempts in all.
    pub attempts: u32,
    /// When the last answer ended.
    pub makespan: StdDuration,
    /// How long each job waited for its first attempt.
    pub waits: Vec<Duration>,
    /// What the server says of it all.
    pub stats: Stats,
    /// What the limiter told.
    pub events: Vec<Event>,
    /// The limiter's books, if the world kept them.
    pub books: Option<Books>,
    /// The limits that were not full after an idle time.
    pub not_full: Vec<String>,
}

/// When a caller gives a job up.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// So long after it was handed in, if it has not started.
    Queue(Duration),
    /// So long after an attempt of it started, if no answer has begun.
    Flight(Duration),
    /// So long after its answer began.
    Answer(Duration),
}

/// One limiter, one server, and the network between them.
pub struct World {
    pub limiter: Limiter,
    server: Server,
    network: Random,
    /// The longest way of a request to the server.
    pub slowest_way: Duration,
    /// Whether answers come without what they say of the limits.
    pub hides_limits: bool,
    /// Who gives what job up, by the job's position.
    pub patience: BTreeMap<usize, Patience>,
    /// Kept if there, and checked after every step.
    pub books: Option<Books>,
    now: Instant,
    agenda: BTreeMap<(Instant, u64), Happening>,
    happenings: u64,
    jobs: Vec<Job>,
    bodies: Vec<String>,
    running: BTreeMap<Ticket, Running>,
    outcome: Outcome,
}

#[derive(Debug)]
enum Happening {
    Submit(usize),
    Arrive(Ticket),
    Answer(Ticket, Box<Exchange>),
    Piece(Ticket, String),
    End(Ticket, End, Amounts),
    GiveUp(Ticket),
    WakeUp,
}

impl Happening {
    /// Whose it is.
    fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Arrive(ticket)
            | Self::Answer(ticket, _)
            | Self::Piece(ticket, _)
            | Self::End(ticket, ..)
            | Self::GiveUp(ticket) => Some(*ticket),
            Self::Submit(_) | Self::WakeUp => None,
        }
    }
}

#[derive(Debug)]
struct Running {
    job: usize,
    started: bool,
    exchange: Option<u64>,
    stage: Stage,
}

/// How far an attempt is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Waiting,
    Sent,
    Answered,
}

const WALL_ORIGIN_MS: u64 = 1_795_435_200_000;

impl World {
    pub fn new(limiter: Limiter, options: &str, seed: u64) -> Self {
        let server = Server::new(Options::from_json(options).expect("the simulator's options are right"));
        let outcome = Outcome {
            answers: Vec::new(),
            refusals: Vec::new(),
            declined: BTreeMap::new(),
            attempts: 0,
            makespan: StdDuration::ZERO,
            waits: Vec::new(),
            stats: server.clone().stats(StdDuration::ZERO),
            events: Vec::new(),
            books: None,
            not_full: Vec::new(),
        };
        Self {
            limiter,
            server,
            network: Random::new(seed),
            slowest_way: Duration::from_millis(40),
            hides_limits: false,
            patience: BTreeMap::new(),
            books: None,
            now: Instant::ZERO,
            agenda: BTreeMap::new(),
            happenings: 0,
            jobs: Vec::new(),
            bodies: Vec::new(),
            running: BTreeMap::new(),
            outcome,
        }
    }

    /// Hands in `jobs` at their instants and runs until nothing more happens.
    pub fn run(mut self, jobs: Vec<(Instant, Job)>) -> Outcome {
        for (index, (at, job)) in jobs.into_iter().enumerate() {
            self.bodies.push(workload::body(&job, index as u64));
            if job.after.is_none() {
                self.plan(at, Happening::Submit(index));
            }
            self.jobs.push(job);
            self.outcome.answers.push(Vec::new());
            self.outcome.waits.push(Duration::ZERO);
        }
        let mut steps = 0_u64;
        while let Some(((at, _), happening)) = self.agenda.pop_first() {
            self.now = self.now.max(at);
            let is_piece = matches!(happening, Happening::Piece(..));
            self.happen(happening);
            self.drive();
            // Pieces are many, and what they book is looked at after the next step that is none.
            if let Some(charged) = self.books.as_ref().filter(|_| !is_piece).map(|books| books.total().charged) {
                assert_eq!(self.settled(), charged, "something was booked for nobody, or reserved and not settled");
            }
            steps += 1;
            assert!(steps < 5_000_000, "the run does not end");
        }
        assert_eq!(self.limiter.waiting(), 0, "somebody waits and nothing will happen");
        assert!(self.running.is_empty(), "somebody runs and nothing will happen: {:?}", self.running);
        self.outcome.stats = self.server.stats(std_duration(self.now));
        let rested = self.now + IDLE;
        assert_eq!(books::in_flight(&mut self.limiter, rested), 0, "somebody is in flight and nothing will happen");
        self.outcome.not_full = books::not_full(&mut self.limiter, rested);
        self.outcome.books = self.books;
        self.outcome
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Submit(job) => self.submit(job),
            Happening::Arrive(ticket) => self.arrive(ticket),
            Happening::Answer(ticket, exchange) => self.answer(ticket, &exchange),
            Happening::Piece(ticket, text) => self.limiter.handle_chunk(self.now, ticket, text.as_bytes()),
            Happening::End(ticket, end, stated) => {
                let now = self.now;
                self.land(ticket, end, stated, |limiter| limiter.finish(now, ticket, end != End::Cut));
                self.over(ticket, 200);
            }
            Happening::GiveUp(ticket) => self.give_up(ticket),
            Happening::WakeUp => {
                self.limiter.handle_timeout(self.now);
                let outputs_aside = self.limiter.poll_timeout().filter(|wake_up| wake_up.reason != Reason::Output);
                assert!(outputs_aside.is_none_or(|next| next.at > self.now), "{outputs_aside:?} was not acted upon");
            }
        }
    }

    fn submit(&mut self, job: usize) {
        let request = HttpRequest {
            method: "POST",
            url: "http://127.0.0.1/v1/messages",
            headers: HeaderBlock::new(b"anthropic-version: 2023-06-01"),
            body: Body::Bytes(self.bodies[job].as_bytes()),
            replayable: true,
            priority: match self.jobs[job].priority {
                workload::Priority::Critical => Priority::Critical,
                workload::Priority::High => Priority::High,
                workload::Priority::Normal => Priority::Normal,
                workload::Priority::Low => Priority::Low,
            },
            max_wait: None,
            stated: Stated::default(),
            count: None,
        };
        match self.limiter.submit_request(self.now, &request) {
            Ok(ticket) => {
                // Until it starts, the wait holds the instant of submission.
                self.outcome.waits[job] = self.now.since(Instant::ZERO);
                self.running.insert(ticket, Running { job, started: false, exchange: None, stage: Stage::Waiting });
                if let Some(Patience::Queue(patience)) = self.patience.get(&job) {
                    self.plan(self.now + *patience, Happening::GiveUp(ticket));
                }
            }
            Err(refusal) => {
                self.outcome.refusals.push(refusal);
                self.submit_what_follows(job);
            }
        }
    }

    /// The caller no longer wants the answer, if it is where its patience ends.
    fn give_up(&mut self, ticket: Ticket) {
        let Running { job, exchange, stage, started, .. } = self.running[&ticket];
        let now = self.now;
        match (self.patience[&job], stage) {
            (Patience::Queue(_), Stage::Waiting) if !started => {
                self.land(ticket, End::LeftQueue, [0; 3], |limiter| limiter.cancel(now, ticket));
            }
            (Patience::Flight(_), Stage::Sent) => {
                self.land(ticket, End::LeftFlight, [0; 3], |limiter| limiter.cancel(now, ticket));
            }
            (Patience::Answer(_), Stage::Answered) => {
                self.land(ticket, End::LeftAnswer, [0; 3], |limiter| limiter.finish(now, ticket, false));
            }
            _ => return,
        }
        if let Some(exchange) = exchange.filter(|_| stage != Stage::Waiting) {
            self.server.abort(std_duration(now), exchange);
        }
        self.over(ticket, GIVEN_UP);
    }

    /// Does what ends an attempt, and books what the limiter made of it.
    fn land<T>(&mut self, ticket: Ticket, end: End, stated: Amounts, command: impl FnOnce(&mut Limiter) -> T) -> T {
        if self.books.is_none() {
            return command(&mut self.limiter);
        }
        let reserved = self.limiter.reserved(ticket).unwrap_or_default();
        let before = self.settled();
        let result = command(&mut self.limiter);
        let after = self.settled();
        let charged = [0, 1, 2].map(|place| after[place] - before[place]);
        self.books.as_mut().expect("they are kept").note(end, reserved, charged, stated);
        result
    }

    /// What the limiter has booked for good: all but what is reserved for those in flight.
    fn settled(&mut self) -> Amounts {
        let mut settled = books::booked(&mut self.limiter, self.now);
        for reserved in self.running.keys().filter_map(|ticket| self.limiter.reserved(*ticket)) {
            books::add(&mut settled, books::amounts(reserved).map(|amount| -amount));
        }
        settled
    }

    fn start(&mut self, ticket: Ticket) {
        let running = self.running.get_mut(&ticket).expect("only what was submitted starts");
        if !running.started {
            running.started = true;
            let submitted = Instant::ZERO + self.outcome.waits[running.job];
            self.outcome.waits[running.job] = self.now.since(submitted);
        }
        running.stage = Stage::Sent;
        running.exchange = None;
        if let Some(Patience::Flight(patience)) = self.patience.get(&running.job) {
            self.plan(self.now + *patience, Happening::GiveUp(ticket));
        }
        self.outcome.attempts += 1;
        let way = Duration::from_nanos(self.network.up_to(self.slowest_way.as_nanos()));
        self.plan(self.now + way, Happening::Arrive(ticket));
    }

    fn arrive(&mut self, ticket: Ticket) {
        let running = self.running.get_mut(&ticket).expect("it is on its way");
        let request = Request {
            method: "POST".into(),
            path: "/v1/messages".into(),
            headers: vec![
                ("x-api-key".into(), "key".into()),
                ("anthropic-version".into(), "2023-06-01".into()),
                (OUTPUT_TOKENS_HEADER.into(), self.jobs[running.job].output_tokens.to_string()),
            ],
            body: self.bodies[running.job].clone().into(),
        };
        let exchange = self.server.handle(std_duration(self.now), &request);
        running.exchange = Some(exchange.id);
        let at = match (&exchange.head, exchange.ending) {
            (Some(head), _) => core_instant(head.at),
            (None, Ending::Lost(at)) => core_instant(at),
            (None, _) => {
                assert!(
                    matches!(self.patience.get(&running.job), Some(Patience::Flight(_))),
                    "a server that never answers needs a client that gives up"
                );
                return;
            }
        };
        self.plan(at, Happening::Answer(ticket, Box::new(exchange)));
    }

    fn answer(&mut self, ticket: Ticket, exchange: &Exchange) {
        let Some(head) = &exchange.head else {
            let now = self.now;
            let verdict = self.land(ticket, End::Lost, [0; 3], |limiter| limiter.handle_failure(now, ticket));
            self.wait_again(ticket);
            *self.outcome.declined.entry(0).or_default() += 1;
            if verdict == Verdict::Deliver {
                self.over(ticket, 0);
            }
            return;
        };
        let headers = head.headers.iter().filter(|(name, _)| !self.hides_limits || !name.contains("ratelimit"));
        let headers: String = headers.map(|(name, value)| format!("{name}: {value}\n")).collect();
        let whole = exchange.body();
        let mut response =
            HttpResponse { status: head.status, headers: HeaderBlock::new(headers.as_bytes()), body: None };
        let wall = WallTime::from_unix_millis(WALL_ORIGIN_MS + self.now.as_nanos() / 1_000_000);
        let now = self.now;
        let respond = |limiter: &mut Limiter| match limiter.handle_response(now, wall, ticket, &response) {
            Verdict::NeedBody => {
                response.body = Some(whole.as_bytes());
                limiter.handle_response(now, wall, ticket, &response)
            }
            verdict @ (Verdict::Deliver | Verdict::Observe | Verdict::Retry) => verdict,
        };
        let verdict = if head.status >= 400 {
            *self.outcome.declined.entry(head.status).or_default() += 1;
            let verdict = self.land(ticket, End::Declined(head.status), [0; 3], respond);
            self.wait_again(ticket);
            verdict
        } else {
            let mut respond = respond;
            respond(&mut self.limiter)
        };
        match verdict {
            Verdict::Deliver => self.over(ticket, head.status),
            Verdict::Retry => {}
            Verdict::Observe => {
                let mut last = self.now;
                for piece in &exchange.pieces {
                    last = core_instant(piece.at).max(last);
                    self.plan(last, Happening::Piece(ticket, piece.text.clone()));
                }
                let ends_at = exchange.ends_at().map_or(last, |end| core_instant(end).max(last));
                let end = match exchange.ending {
                    Ending::Complete if whole.contains("event: error") => End::Error,
                    Ending::Complete => End::Complete,
                    Ending::Lost(_) | Ending::Never => End::Cut,
                };
                let stated = if end == End::Complete { stated(&whole) } else { [0; 3] };
                self.plan(ends_at, Happening::End(ticket, end, stated));
                let running = self.running.get_mut(&ticket).expect("it is being answered");
                running.stage = Stage::Answered;
                if let Some(Patience::Answer(patience)) = self.patience.get(&running.job) {
                    self.plan(self.now + *patience, Happening::GiveUp(ticket));
                }
            }
            Verdict::NeedBody => panic!("the body was given"),
        }
    }

    fn over(&mut self, ticket: Ticket, status: u16) {
        let running = self.running.remove(&ticket).expect("it ends once");
        self.outcome.answers[running.job].push(status);
        self.outcome.makespan = std_duration(self.now);
        if !self.patience.is_empty() {
            // What was to come of an answer that nobody waits for, and the end of a patience that was not needed.
            self.agenda.retain(|_, happening| happening.ticket() != Some(ticket));
        }
        self.submit_what_follows(running.job);
    }

    fn wait_again(&mut self, ticket: Ticket) {
        self.running.get_mut(&ticket).expect("it is answered once").stage = Stage::Waiting;
    }

    fn submit_what_follows(&mut self, job: usize) {
        let following = (0..self.jobs.len()).filter(|&other| self.jobs[other].after == Some(job)).collect::<Vec<_>>();
        for other in following {
            self.plan(self.now, Happening::Submit(other));
        }
    }

    /// Does what the limiter says, as every driver does.
    fn drive(&mut self) {
        while let Some(output) = self.limiter.poll_output() {
            match output {
                Output::Start(ticket) => self.start(ticket),
                Output::Refuse(ticket, refusal) => {
                    let running = self.running.remove(&ticket).expect("it is refused once");
                    self.outcome.refusals.push(refusal);
                    self.submit_what_follows(running.job);
                }
                Output::Event(event) => self.outcome.events.push(event),
            }
        }
        self.agenda.retain(|_, happening| !matches!(happening, Happening::WakeUp));
        if let Some(wake_up) = self.limiter.poll_timeout() {
            // Timers of JavaScript fire at whole milliseconds.
            let millis = wake_up.at.since(self.now).as_millis_ceil();
            self.plan(self.now + Duration::from_millis(millis), Happening::WakeUp);
        }
    }

    fn plan(&mut self, at: Instant, happening: Happening) {
        self.happenings += 1;
        self.agenda.insert((at, self.happenings), happening);
    }
}

/// What a whole answer says that it is charged, by a reader of its own.
fn stated(body: &str) -> Amounts {
    let last = body.lines().filter_map(|line| line.strip_prefix("data: ")).rfind(|data| data.contains("message_delta"));
    let answer: serde_json::Value = serde_json::from_str(last.unwrap_or(body)).expect("a whole answer");
    let count = |name: &str| answer["usage"][name].as_i64().expect("a count");
    [1, count("input_tokens") + count("cache_creation_input_tokens"), count("output_tokens")]
}

fn std_duration(instant: Instant) -> StdDuration {
    StdDuration::from_nanos(instant.as_nanos())
}

fn core_instant(duration: StdDuration) -> Instant {
    Instant::from_nanos(u64::try_from(duration.as_nanos()).expect("584 years"))
}

/// The status that a caller sees who gave up.
pub const GIVEN_UP: u16 = 499;
/// A period of the limits, and as much again for a debt.
const IDLE: Duration = Duration::from_secs(120);
