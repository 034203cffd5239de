//! Programs, a network and a server under one clock.

mod questions;
mod wire;

use std::collections::BTreeMap;
use std::time::Duration as StdDuration;

use tidegate::cost::Stated;
use tidegate::headers::HeaderBlock;
use tidegate::limiter::{HttpRequest, Limiter, Output, Reason, Refusal, Ticket};
use tidegate::queue::Priority;
use tidegate::request::Body;
use tidegate::time::{Duration, Instant};
use tidegate_simulator::workload::{self, Job};
use tidegate_simulator::{Exchange, Options, Request, Server};

use crate::api;
use crate::books::{self, Amounts, Books, End};
use crate::outcome::{Life, Outcome};
use crate::process::Process;

/// A job, when it is handed in, and to which process.
#[derive(Clone, Debug)]
pub struct Task {
    pub at: Instant,
    pub process: usize,
    pub job: Job,
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

/// Processes that know nothing of each other, one server, and the network between them.
pub struct World {
    pub processes: Vec<Process>,
    server: Server,
    /// Whether answers come without what they say of the limits.
    pub hides_limits: bool,
    /// Who gives what job up, by the job's position.
    pub patience: BTreeMap<usize, Patience>,
    /// Whether callers who gave up an attempt that was not answered hand the job in again, a few times.
    pub is_persistent: bool,
    /// Whether callers say beforehand what their jobs cost.
    pub states_costs: bool,
    /// Whether everybody who waits is asked each second for how long yet.
    pub asks: bool,
    /// Kept if there, and checked after every step.
    pub books: Option<Books>,
    now: Instant,
    agenda: BTreeMap<(Instant, u64), Happening>,
    happenings: u64,
    numbers: u64,
    steps: u64,
    tasks: Vec<Task>,
    requests: Vec<Request>,
    /// The jobs that wait for the answer to another, by that.
    following: BTreeMap<usize, Vec<usize>>,
    running: BTreeMap<(usize, Ticket), Running>,
    outcome: Outcome,
}

#[derive(Debug)]
enum Happening {
    Submit(usize),
    Arrive(Call),
    Answer(Call, Box<Exchange>, Duration),
    Piece(Call, Vec<u8>),
    End(Call, End, Amounts),
    GiveUp(Call),
    Ask(Call),
    WakeUp(usize),
    Die(usize),
}

/// A job at a limiter, or one attempt of it.
#[derive(Clone, Copy, Debug)]
struct Call {
    process: usize,
    ticket: Ticket,
    /// Tells it from others that had the same ticket, and an attempt from earlier ones.
    number: u64,
}

impl Happening {
    /// Whose it is.
    fn call(&self) -> Option<Call> {
        match self {
            Self::Arrive(call)
            | Self::Answer(call, ..)
            | Self::Piece(call, _)
            | Self::End(call, ..)
            | Self::GiveUp(call)
            | Self::Ask(call) => Some(*call),
            Self::Submit(_) | Self::WakeUp(_) | Self::Die(_) => None,
        }
    }
}

#[derive(Debug)]
struct Running {
    job: usize,
    /// The number that it has at this limiter, over all attempts.
    number: u64,
    /// The number of its attempt.
    attempt: u64,
    exchange: Option<u64>,
    stage: Stage,
    /// Whether a stream or an answer of it has begun, after which nothing may be sent again.
    has_begun: bool,
}

/// How far an attempt is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Waiting,
    Sent,
    Answered,
}

impl World {
    /// A world of one process.
    pub fn new(limiter: Limiter, options: &str, seed: u64) -> Self {
        Self::of(vec![Process::new(limiter, seed)], options)
    }

    /// A world of these processes, all of them clients of one server.
    pub fn of(processes: Vec<Process>, options: &str) -> Self {
        let server = Server::new(Options::from_json(options).expect("the simulator's options are right"));
        let outcome = Outcome::new(server.clone().stats(StdDuration::ZERO));
        Self {
            processes,
            server,
            hides_limits: false,
            patience: BTreeMap::new(),
            is_persistent: false,
            states_costs: false,
            asks: false,
            books: None,
            now: Instant::ZERO,
            agenda: BTreeMap::new(),
            happenings: 0,
            numbers: 0,
            steps: 0,
            tasks: Vec::new(),
            requests: Vec::new(),
            following: BTreeMap::new(),
            running: BTreeMap::new(),
            outcome,
        }
    }

    /// Hands in `jobs` to the first process at their instants and runs until nothing more happens.
    pub fn run(self, jobs: Vec<(Instant, Job)>) -> Outcome {
        self.run_tasks(jobs.into_iter().map(|(at, job)| Task { at, process: 0, job }).collect())
    }

    /// Hands in `tasks` and runs until nothing more happens.
    pub fn run_tasks(mut self, tasks: Vec<Task>) -> Outcome {
        for (index, Task { at, process, job }) in tasks.iter().enumerate() {
            self.requests.push(workload::request(job, index, API_KEY));
            match job.after {
                None => self.plan(*at, Happening::Submit(index)),
                Some(earlier) => self.following.entry(earlier).or_default().push(index),
            }
            self.outcome.answers.push(Vec::new());
            self.outcome.said.push(Vec::new());
            self.outcome.lives.push(Life { process: *process, ..Life::default() });
        }
        self.tasks = tasks;
        for process in 0..self.processes.len() {
            if let Some(death) = self.processes[process].death {
                self.plan(death.at, Happening::Die(process));
            }
        }
        while let Some(((at, _), happening)) = self.agenda.pop_first() {
            if happening.call().is_some_and(|call| !self.is_current(call)) {
                continue;
            }
            self.now = self.now.max(at);
            let is_piece = matches!(happening, Happening::Piece(..));
            let process = self.happen(happening);
            self.drive(process);
            if !is_piece {
                // Pieces are many, and what they book is looked at after the next step that is none.
                self.check(process);
            }
            self.steps += 1;
            assert!(self.steps < MOST_STEPS, "the run does not end");
        }
        self.finish()
    }

    fn finish(mut self) -> Outcome {
        assert!(self.running.is_empty(), "somebody runs and nothing will happen: {:?}", self.running);
        self.outcome.stats = self.server.stats(self.outcome.makespan);
        let rested = self.now + IDLE;
        for process in self.processes.iter_mut().filter(|process| !process.is_dead) {
            assert_eq!(process.limiter.waiting(), 0, "somebody waits and nothing will happen");
            let rested = process.time(rested);
            let in_flight = books::in_flight(&mut process.limiter, rested);
            assert_eq!(in_flight, 0, "somebody is in flight and nothing will happen");
            self.outcome.size_of_snapshots += assert_tells_no_secret(&process.limiter.snapshot(rested));
            self.outcome.not_full.extend(books::not_full(&mut process.limiter, rested));
        }
        self.outcome.books = self.books;
        self.outcome
    }

    /// Whether what happens to the call still concerns anybody.
    fn is_current(&self, call: Call) -> bool {
        let running = self.running.get(&(call.process, call.ticket));
        running.is_some_and(|running| running.number == call.number || running.attempt == call.number)
    }

    /// What must be true after every step of a process.
    fn check(&mut self, process: usize) {
        if let Some(charged) = self.books.as_ref().map(|books| books.total().charged) {
            let mut settled = [0; 3];
            for process in 0..self.processes.len() {
                books::add(&mut settled, self.settled(process));
            }
            assert_eq!(settled, charged, "something was booked for nobody, or reserved and not settled");
        }
        let is_audit = self.steps.is_multiple_of(STEPS_PER_AUDIT);
        let now = self.now;
        let program = &mut self.processes[process];
        if program.is_dead {
            return;
        }
        let waiting = program.limiter.waiting();
        assert_eq!(waiting, program.open - program.in_flight, "the limiter lost somebody who waits, or invented one");
        assert!(
            waiting == 0 || program.in_flight > 0 || program.limiter.poll_timeout().is_some(),
            "{waiting} wait, nothing is in flight, and the limiter wants nothing"
        );
        if is_audit {
            let now = program.time(now);
            let counted = books::in_flight(&mut program.limiter, now);
            assert_eq!(counted, u64::from(program.in_flight), "what is in flight holds a reservation, once");
            for (&(_, ticket), running) in self.running.range(tickets_of(process)) {
                let is_reserved = program.limiter.reserved(ticket).is_some();
                assert_eq!(is_reserved, running.stage != Stage::Waiting, "{running:?}");
            }
        }
    }

    /// Lets it happen, and says to which process.
    fn happen(&mut self, happening: Happening) -> usize {
        let call = happening.call();
        match happening {
            Happening::Submit(job) => return self.submit(job),
            Happening::Arrive(call) => self.arrive(call),
            Happening::Answer(call, exchange, way) => self.answer(call, &exchange, way),
            Happening::Piece(call, bytes) => {
                let now = self.time(call.process);
                self.limiter(call.process).handle_chunk(now, call.ticket, &bytes);
            }
            Happening::End(call, end, stated) => {
                self.land(call, end, stated, |limiter, now| limiter.finish(now, call.ticket, end != End::Cut));
                let job = self.over(call, 200);
                self.outcome.lives[job].is_complete = end == End::Complete;
            }
            Happening::GiveUp(call) => self.give_up(call),
            Happening::Ask(call) => self.ask(call),
            Happening::WakeUp(process) => {
                let now = self.time(process);
                let program = &mut self.processes[process];
                program.wake_up = None;
                program.limiter.handle_timeout(now);
                let outputs_aside = program.limiter.poll_timeout().filter(|wake_up| wake_up.reason != Reason::Output);
                assert!(outputs_aside.is_none_or(|next| next.at > now), "{outputs_aside:?} was not acted upon");
                return process;
            }
            Happening::Die(process) => {
                self.die(process);
                return process;
            }
        }
        call.expect("everything else is a call's").process
    }

    fn submit(&mut self, job: usize) -> usize {
        let process = match self.heir(self.tasks[job].process) {
            Ok(process) => process,
            Err(dead) => {
                self.end_job(job, DIED);
                return dead;
            }
        };
        let Task { job: task, .. } = &self.tasks[job];
        let stated = if self.states_costs {
            Stated {
                input_tokens: Some(known(task.input_tokens)),
                output_tokens: Some(known(task.output_tokens)),
                ..Stated::default()
            }
        } else {
            Stated::default()
        };
        let request = HttpRequest {
            method: "POST",
            url: api::url(task.api),
            headers: HeaderBlock::new(api::headers(task.api)),
            body: Body::Bytes(&self.requests[job].body),
            replayable: true,
            priority: match task.priority {
                workload::Priority::Critical => Priority::CRITICAL,
                workload::Priority::High => Priority::HIGH,
                workload::Priority::Normal => Priority::NORMAL,
                workload::Priority::Low => Priority::LOW,
            },
            tenant: "",
            max_wait: None,
            stated,
            count: None,
        };
        let program = &mut self.processes[process];
        let submitted = program.limiter.submit_request(program.time(self.now), &request);
        let life = &mut self.outcome.lives[job];
        life.handed_in_at.get_or_insert(self.now);
        life.process = process;
        match submitted {
            Ok(ticket) => {
                program.open += 1;
                self.numbers += 1;
                let number = self.numbers;
                let stage = Stage::Waiting;
                let running = Running { job, number, attempt: number, exchange: None, stage, has_begun: false };
                let before = self.running.insert((process, ticket), running);
                assert!(before.is_none(), "a ticket was given out twice: {before:?}");
                if self.asks {
                    self.ask(Call { process, ticket, number });
                }
                if let Some(Patience::Queue(patience)) = self.patience.get(&job) {
                    self.plan(self.now + *patience, Happening::GiveUp(Call { process, ticket, number }));
                }
            }
            Err(refusal) => {
                self.refuse(job, refusal);
            }
        }
        process
    }

    /// The process to which the callers of a process turn, or the one where they are lost.
    fn heir(&self, mut process: usize) -> Result<usize, usize> {
        while self.processes[process].is_dead {
            process = self.processes[process].death.and_then(|death| death.heir).ok_or(process)?;
        }
        Ok(process)
    }

    /// The process is no more, and nobody settles anything.
    fn die(&mut self, process: usize) {
        let death = self.processes[process].death.expect("it is mortal");
        self.processes[process].is_dead = true;
        let tickets: Vec<_> = self.running.range(tickets_of(process)).map(|(&key, _)| key).collect();
        for key in tickets {
            let Running { job, exchange, stage, .. } = self.running.remove(&key).expect("it was there");
            if stage == Stage::Waiting && death.heir.is_some() {
                self.outcome.handed_again += 1;
                self.plan(self.now, Happening::Submit(job));
                continue;
            }
            if let Some(exchange) = exchange.filter(|_| stage != Stage::Waiting && death.is_noticed) {
                self.server.abort(std_duration(self.now), exchange);
            }
            self.end_job(job, DIED);
        }
        if let Some(wake_up) = self.processes[process].wake_up.take() {
            self.agenda.remove(&wake_up);
        }
    }

    /// The caller no longer wants the answer, if it is where its patience ends.
    fn give_up(&mut self, call: Call) {
        let Running { job, exchange, stage, number, attempt, .. } = self.running[&(call.process, call.ticket)];
        let ticket = call.ticket;
        match (self.patience[&job], stage) {
            // It has not started, so that both are the number that it got when it was handed in.
            (Patience::Queue(_), Stage::Waiting) if number == attempt => {
                self.land(call, End::LeftQueue, [0; 3], |limiter, now| limiter.cancel(now, ticket));
            }
            (Patience::Flight(_), Stage::Sent) => {
                self.land(call, End::LeftFlight, [0; 3], |limiter, now| limiter.cancel(now, ticket));
            }
            (Patience::Answer(_), Stage::Answered) => {
                self.land(call, End::LeftAnswer, [0; 3], |limiter, now| limiter.finish(now, ticket, false));
            }
            _ => return,
        }
        if let Some(exchange) = exchange.filter(|_| stage != Stage::Waiting) {
            self.server.abort(std_duration(self.now), exchange);
        }
        let life = &mut self.outcome.lives[job];
        if self.is_persistent && stage == Stage::Sent && life.handed_in_again < MOST_TIMES_AGAIN {
            life.handed_in_again += 1;
            self.leave(call);
            self.outcome.handed_again += 1;
            self.plan(self.now, Happening::Submit(job));
        } else {
            self.over(call, GIVEN_UP);
        }
    }

    /// Does what ends an attempt, and books what the limiter made of it.
    fn land<T>(
        &mut self,
        call: Call,
        end: End,
        stated: Amounts,
        command: impl FnOnce(&mut Limiter, Instant) -> T,
    ) -> T {
        let now = self.time(call.process);
        if self.books.is_none() {
            return command(self.limiter(call.process), now);
        }
        let reserved = self.limiter(call.process).reserved(call.ticket).unwrap_or_default();
        let before = self.settled(call.process);
        let result = command(self.limiter(call.process), now);
        let after = self.settled(call.process);
        let charged = [0, 1, 2].map(|place| after[place] - before[place]);
        self.books.as_mut().expect("they are kept").note(end, reserved, charged, stated);
        result
    }

    /// What a limiter has booked for good: all but what is reserved for those in flight.
    fn settled(&mut self, process: usize) -> Amounts {
        let now = self.time(process);
        let limiter = &mut self.processes[process].limiter;
        let mut settled = books::booked(limiter, now);
        let tickets = self.running.range(tickets_of(process)).map(|(&(_, ticket), _)| ticket);
        for reserved in tickets.filter_map(|ticket| limiter.reserved(ticket)) {
            books::add(&mut settled, books::amounts(reserved).map(|amount| -amount));
        }
        settled
    }

    fn start(&mut self, process: usize, ticket: Ticket) {
        self.numbers += 1;
        let number = self.numbers;
        let running = self.running.get_mut(&(process, ticket)).expect("only what was submitted starts");
        assert_eq!(running.stage, Stage::Waiting, "it was started twice");
        assert!(!running.has_begun, "it is sent again although its answer had begun");
        running.attempt = number;
        running.stage = Stage::Sent;
        running.exchange = None;
        let job = running.job;
        self.outcome.lives[job].started_at.get_or_insert(self.now);
        self.outcome.attempts += 1;
        let call = Call { process, ticket, number };
        if let Some(Patience::Flight(patience)) = self.patience.get(&job) {
            self.plan(self.now + *patience, Happening::GiveUp(call));
        }
        self.processes[process].in_flight += 1;
        let at = self.processes[process].arrival(self.now);
        self.plan(at, Happening::Arrive(call));
    }

    /// The call is over for its caller, who saw this.
    fn over(&mut self, call: Call, status: u16) -> usize {
        let job = self.leave(call);
        self.end_job(job, status);
        job
    }

    /// Takes the call away from its process.
    fn leave(&mut self, call: Call) -> usize {
        let running = self.running.remove(&(call.process, call.ticket)).expect("it ends once");
        let program = &mut self.processes[call.process];
        program.open -= 1;
        if running.stage != Stage::Waiting {
            program.in_flight -= 1;
        }
        running.job
    }

    fn refuse(&mut self, job: usize, refusal: Refusal) {
        assert_tells_no_secret(&refusal);
        self.outcome.refusals.push(refusal);
        self.outcome.lives[job].is_refused = true;
        self.submit_what_follows(job);
    }

    fn end_job(&mut self, job: usize, status: u16) {
        self.outcome.answers[job].push(status);
        self.outcome.lives[job].ended_at = Some(self.now);
        self.outcome.makespan = std_duration(self.now);
        self.submit_what_follows(job);
    }

    fn wait_again(&mut self, call: Call) {
        let running = self.running.get_mut(&(call.process, call.ticket)).expect("it is answered once");
        running.stage = Stage::Waiting;
        self.processes[call.process].in_flight -= 1;
    }

    fn submit_what_follows(&mut self, job: usize) {
        for other in self.following.remove(&job).unwrap_or_default() {
            self.plan(self.now, Happening::Submit(other));
        }
    }

    /// Does what the limiter says, as every driver does.
    fn drive(&mut self, process: usize) {
        if self.processes[process].is_dead {
            return;
        }
        while let Some(output) = self.limiter(process).poll_output() {
            match output {
                Output::Start(ticket) => self.start(process, ticket),
                Output::Refuse(ticket, refusal) => {
                    let job = self.leave(Call { process, ticket, number: 0 });
                    self.refuse(job, refusal);
                }
                Output::Event(event) => {
                    assert_tells_no_secret(&event);
                    self.outcome.events.push((process, event));
                }
            }
        }
        if let Some(wake_up) = self.processes[process].wake_up.take() {
            self.agenda.remove(&wake_up);
        }
        if let Some(wake_up) = self.limiter(process).poll_timeout() {
            // Timers of JavaScript fire at whole milliseconds.
            let millis = wake_up.at.since(self.time(process)).as_millis_ceil();
            let at = self.now + Duration::from_millis(millis);
            self.plan(at, Happening::WakeUp(process));
            self.processes[process].wake_up = Some((at, self.happenings));
        }
    }

    fn plan(&mut self, at: Instant, happening: Happening) {
        self.happenings += 1;
        self.agenda.insert((at, self.happenings), happening);
    }

    fn limiter(&mut self, process: usize) -> &mut Limiter {
        &mut self.processes[process].limiter
    }

    /// What the clock of a process shows.
    fn time(&self, process: usize) -> Instant {
        self.processes[process].time(self.now)
    }
}

/// Every ticket of a process.
fn tickets_of(process: usize) -> std::ops::RangeInclusive<(usize, Ticket)> {
    (process, Ticket::from_bits(0))..=(process, Ticket::from_bits(u32::MAX))
}

/// Neither key nor password nor query, which all have the word in them. Says how long the text is.
fn assert_tells_no_secret(told: &impl std::fmt::Debug) -> usize {
    let told = format!("{told:?}");
    assert!(!told.contains(SECRET), "{told}");
    told.len()
}

fn known(tokens: u64) -> u32 {
    u32::try_from(tokens).expect("an ordinary size")
}

pub fn std_duration(instant: Instant) -> StdDuration {
    StdDuration::from_nanos(instant.as_nanos())
}

pub fn core_instant(duration: StdDuration) -> Instant {
    Instant::from_nanos(u64::try_from(duration.as_nanos()).expect("584 years"))
}

/// The status that a caller sees who gave up.
pub const GIVEN_UP: u16 = 499;
/// The status of a call that ended with its process.
pub const DIED: u16 = 598;
/// The key of all calls. It is no secret, and must be treated as one.
const API_KEY: &str = "sk-ant-hush-of-the-simulation";
const SECRET: &str = "hush";
/// A period of the limits, and as much again for a debt.
const IDLE: Duration = Duration::from_secs(120);
/// What all limits hold is looked at this often; other things are looked at after each step.
const STEPS_PER_AUDIT: u64 = 64;
/// Nobody tries for ever.
const MOST_TIMES_AGAIN: u32 = 5;
const MOST_STEPS: u64 = 2_000_000;
