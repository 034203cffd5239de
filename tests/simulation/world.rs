//! A program, a network and a server under one clock.

use std::collections::BTreeMap;
use std::time::Duration as StdDuration;

use tidegate::headers::HeaderBlock;
use tidegate::limiter::{Event, HttpRequest, HttpResponse, Limiter, Output, Reason, Refusal, Ticket, Verdict};
use tidegate::queue::Priority;
use tidegate::random::Random;
use tidegate::request::Body;
use tidegate::time::{Duration, Instant, WallTime};
use tidegate_simulator::workload::{self, Job};
use tidegate_simulator::{Ending, Exchange, OUTPUT_TOKENS_HEADER, Options, Request, Server, Stats};

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
}

/// One limiter, one server, and the network between them.
pub struct World {
    pub limiter: Limiter,
    server: Server,
    network: Random,
    /// The longest way of a request to the server.
    pub slowest_way: Duration,
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
    End(Ticket, bool),
    WakeUp,
}

#[derive(Debug)]
struct Running {
    job: usize,
    started: bool,
    exchange: Option<u64>,
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
        };
        Self {
            limiter,
            server,
            network: Random::new(seed),
            slowest_way: Duration::from_millis(40),
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
            let body = serde_json::json!({
                "model": job.model, "max_tokens": job.max_tokens, "stream": job.stream,
                "messages": [{ "role": "user", "content": workload::prompt(job.input_tokens, index as u64) }],
            });
            self.bodies.push(body.to_string());
            self.jobs.push(job);
            self.outcome.answers.push(Vec::new());
            self.outcome.waits.push(Duration::ZERO);
            self.plan(at, Happening::Submit(index));
        }
        let mut steps = 0_u64;
        while let Some(((at, _), happening)) = self.agenda.pop_first() {
            self.now = self.now.max(at);
            self.happen(happening);
            self.drive();
            steps += 1;
            assert!(steps < 5_000_000, "the run does not end");
        }
        assert_eq!(self.limiter.waiting(), 0, "somebody waits and nothing will happen");
        assert!(self.running.is_empty(), "somebody runs and nothing will happen: {:?}", self.running);
        self.outcome.stats = self.server.stats(std_duration(self.now));
        self.outcome
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Submit(job) => self.submit(job),
            Happening::Arrive(ticket) => self.arrive(ticket),
            Happening::Answer(ticket, exchange) => self.answer(ticket, &exchange),
            Happening::Piece(ticket, text) => self.limiter.handle_chunk(self.now, ticket, text.as_bytes()),
            Happening::End(ticket, complete) => {
                self.limiter.finish(self.now, ticket, complete);
                self.over(ticket, 200);
            }
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
        };
        match self.limiter.submit_request(self.now, &request) {
            Ok(ticket) => {
                // Until it starts, the wait holds the instant of submission.
                self.outcome.waits[job] = self.now.since(Instant::ZERO);
                self.running.insert(ticket, Running { job, started: false, exchange: None });
            }
            Err(refusal) => self.outcome.refusals.push(refusal),
        }
    }

    fn start(&mut self, ticket: Ticket) {
        let running = self.running.get_mut(&ticket).expect("only what was submitted starts");
        if !running.started {
            running.started = true;
            let submitted = Instant::ZERO + self.outcome.waits[running.job];
            self.outcome.waits[running.job] = self.now.since(submitted);
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
            (None, _) => panic!("a server that never answers needs a client that gives up"),
        };
        self.plan(at, Happening::Answer(ticket, Box::new(exchange)));
    }

    fn answer(&mut self, ticket: Ticket, exchange: &Exchange) {
        let Some(head) = &exchange.head else {
            let verdict = self.limiter.handle_failure(self.now, ticket);
            *self.outcome.declined.entry(0).or_default() += 1;
            if verdict == Verdict::Deliver {
                self.over(ticket, 0);
            }
            return;
        };
        let headers: String = head.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let whole = exchange.body();
        let mut response =
            HttpResponse { status: head.status, headers: HeaderBlock::new(headers.as_bytes()), body: None };
        let wall = WallTime::from_unix_millis(WALL_ORIGIN_MS + self.now.as_nanos() / 1_000_000);
        let mut verdict = self.limiter.handle_response(self.now, wall, ticket, &response);
        if verdict == Verdict::NeedBody {
            response.body = Some(whole.as_bytes());
            verdict = self.limiter.handle_response(self.now, wall, ticket, &response);
        }
        if head.status >= 400 {
            *self.outcome.declined.entry(head.status).or_default() += 1;
        }
        match verdict {
            Verdict::Deliver => self.over(ticket, head.status),
            Verdict::Retry => {}
            Verdict::Observe => {
                let mut last = self.now;
                for piece in &exchange.pieces {
                    last = core_instant(piece.at).max(last);
                    self.plan(last, Happening::Piece(ticket, piece.text.clone()));
                }
                let end = exchange.ends_at().map_or(last, |end| core_instant(end).max(last));
                self.plan(end, Happening::End(ticket, exchange.ending == Ending::Complete));
            }
            Verdict::NeedBody => panic!("the body was given"),
        }
    }

    fn over(&mut self, ticket: Ticket, status: u16) {
        let running = self.running.remove(&ticket).expect("it ends once");
        self.outcome.answers[running.job].push(status);
        self.outcome.makespan = std_duration(self.now);
    }

    /// Does what the limiter says, as every driver does.
    fn drive(&mut self) {
        while let Some(output) = self.limiter.poll_output() {
            match output {
                Output::Start(ticket) => self.start(ticket),
                Output::Refuse(ticket, refusal) => {
                    self.running.remove(&ticket);
                    self.outcome.refusals.push(refusal);
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

fn std_duration(instant: Instant) -> StdDuration {
    StdDuration::from_nanos(instant.as_nanos())
}

fn core_instant(duration: StdDuration) -> Instant {
    Instant::from_nanos(u64::try_from(duration.as_nanos()).expect("584 years"))
}
