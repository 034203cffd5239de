//! Scenarios, driven in virtual time: no test waits.

mod answering;
mod backfill;
mod counting;
mod following;
mod outlook;
mod overload;
mod presence;
mod running;
mod scopes;
mod waiting;

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::cost::Stated;
use crate::headers::{HeaderBlock, Kind};
use crate::options::{Value, parse, record};
use crate::request::Body;
use crate::time::WallTime;

/// A limiter and the clock that it is told.
struct World {
    limiter: Limiter,
    now: Instant,
    events: Vec<Event>,
}

const WALL: WallTime = WallTime::from_unix_millis(1_795_435_200_000);

impl World {
    fn new(limits: Value) -> Self {
        Self::with_options(record([("limits", limits)]))
    }

    fn with_options(options: Value) -> Self {
        let policy = parse(&options).expect("the options are right");
        Self { limiter: Limiter::new(&policy, 9), now: Instant::from_nanos(1_000_000_000), events: Vec::new() }
    }

    fn submit(&mut self, priority: Priority) -> Ticket {
        let submission = Submission { priority, ..Submission::new(Cost::REQUEST) };
        self.limiter.submit(self.now, submission).expect("admitted")
    }

    fn submit_within(&mut self, max_wait: Duration) -> Result<Ticket, Refusal> {
        let submission = Submission { max_wait: Some(max_wait), ..Submission::new(Cost::REQUEST) };
        self.limiter.submit(self.now, submission)
    }

    fn send(&mut self, body: &str) -> Result<Ticket, Refusal> {
        self.send_as("POST", "https://api.example/v1/messages", body)
    }

    fn send_as(&mut self, method: &str, url: &str, body: &str) -> Result<Ticket, Refusal> {
        self.limiter.submit_request(self.now, &request(method, url, body))
    }

    fn answer(&mut self, ticket: Ticket, status: u16, headers: &str) -> Verdict {
        let headers = HeaderBlock::new(headers.as_bytes());
        let response = HttpResponse { status, headers, body: Some(b"{}") };
        let verdict = self.limiter.handle_response(self.now, WALL, ticket, &response);
        self.take_events();
        verdict
    }

    fn starts(&mut self) -> Vec<Ticket> {
        let (starts, refusals) = self.drain();
        assert_eq!(refusals, []);
        starts
    }

    fn drain(&mut self) -> (Vec<Ticket>, Vec<(Ticket, Refusal)>) {
        let (mut starts, mut refusals) = (Vec::new(), Vec::new());
        while let Some(output) = self.limiter.poll_output() {
            match output {
                Output::Start(ticket) => starts.push(ticket),
                Output::Refuse(ticket, refusal) => refusals.push((ticket, refusal)),
                Output::Event(event) => self.events.push(event),
            }
        }
        (starts, refusals)
    }

    /// Hears what is told, and leaves the rest for later.
    fn take_events(&mut self) {
        let outputs = core::mem::take(&mut self.limiter.outputs);
        for output in outputs {
            match output {
                Output::Event(event) => self.events.push(event),
                Output::Start(_) | Output::Refuse(..) => self.limiter.outputs.push_back(output),
            }
        }
    }

    fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.limiter.handle_timeout(self.now);
    }

    /// Lets time pass until `count` requests have started: a burst opens bit by bit.
    fn starts_of(&mut self, count: usize) -> Vec<Ticket> {
        let mut starts = self.starts();
        while starts.len() < count {
            self.wake();
            starts.extend(self.starts());
        }
        assert_eq!(starts.len(), count);
        starts
    }

    /// Lets time pass to the next wake-up; says how long that was and why.
    fn wake(&mut self) -> (Duration, Reason) {
        let wake_up = self.limiter.poll_timeout().expect("something is due");
        let waited = wake_up.at.since(self.now);
        self.wait(waited);
        (waited, wake_up.reason)
    }
}

/// A request as programs send it.
fn request<'a>(method: &'a str, url: &'a str, body: &'a str) -> HttpRequest<'a> {
    let headers: &[u8] = if url.ends_with("/messages") { b"anthropic-version: 2023-06-01" } else { b"" };
    HttpRequest {
        method,
        url,
        headers: HeaderBlock::new(headers),
        body: Body::Bytes(body.as_bytes()),
        replayable: true,
        priority: Priority::NORMAL,
        tenant: "",
        max_wait: None,
        stated: Stated::default(),
        count: None,
    }
}

fn default_limits<const N: usize>(fields: [(&str, f64); N]) -> Value {
    record([("default", record(fields.map(|(name, number)| (name, Value::from(number)))))])
}

const SMALL: &str = r#"{"model":"claude-sonnet-5","max_tokens":100,"messages":[{"role":"user","content":"Hello"}]}"#;
