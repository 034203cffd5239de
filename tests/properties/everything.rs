//! Everything at once: HTTP requests with retries and shared prompts, bare acquisitions, tenants, priorities, deadlines, few
//! places, pauses, drains and the end, calls for tickets that are elsewhere, and a clock that goes back. Everybody ends once.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tidegate::cost::{Cost, Stated};
use tidegate::headers::HeaderBlock;
use tidegate::limiter::{
    Event, HttpRequest, HttpResponse, Limiter, NotNow, Output, Refusal, ScopeId, Submission, Ticket, Verdict,
};
use tidegate::options::{Value, parse, record};
use tidegate::queue::Priority;
use tidegate::request::Body;
use tidegate::time::{Duration, Instant, WallTime};

#[derive(Clone, Debug)]
enum Step {
    Submit {
        scope: usize,
        who: Who,
        cost: u32,
    },
    AcquireNow {
        scope: usize,
        who: Who,
        cost: u32,
    },
    Ask {
        book: usize,
        who: Who,
    },
    Answer {
        nth: usize,
        answer: usize,
    },
    Lose {
        nth: usize,
    },
    EndBody {
        nth: usize,
        is_complete: bool,
    },
    EndBare {
        nth: usize,
        how: usize,
    },
    Cancel {
        nth: usize,
        is_sent: bool,
    },
    /// Something that does not fit where the n-th request is.
    Stray {
        nth: usize,
        what: usize,
    },
    Pass {
        ms: u64,
    },
    Wake,
    JumpBack {
        ms: u64,
    },
    Pause,
    Resume,
    Drain,
    Close,
}

#[derive(Clone, Copy, Debug)]
struct Who {
    priority: i8,
    tenant: usize,
    max_wait_ms: Option<u64>,
}

fn who() -> impl Strategy<Value = Who> {
    let priority = prop_oneof![prop::sample::select(&[100_i8, 50, 0, -50][..]), -100..=100_i8];
    (priority, 0..TENANTS.len(), prop::option::weighted(0.2, 0..5_000_u64))
        .prop_map(|(priority, tenant, max_wait_ms)| Who { priority, tenant, max_wait_ms })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let nth = || 0..30_usize;
    let step = prop_oneof![
        10 => (0..SCOPES.len(), who(), 0..12_u32).prop_map(|(scope, who, cost)| Step::Submit { scope, who, cost }),
        3 => (0..SCOPES.len(), who(), 0..12_u32).prop_map(|(scope, who, cost)| Step::AcquireNow { scope, who, cost }),
        8 => (0..=BOOKS.len(), who()).prop_map(|(book, who)| Step::Ask { book, who }),
        6 => (nth(), 0..ANSWERS.len()).prop_map(|(nth, answer)| Step::Answer { nth, answer }),
        1 => nth().prop_map(|nth| Step::Lose { nth }),
        4 => (nth(), any::<bool>()).prop_map(|(nth, is_complete)| Step::EndBody { nth, is_complete }),
        7 => (nth(), 0..4_usize).prop_map(|(nth, how)| Step::EndBare { nth, how }),
        3 => (nth(), any::<bool>()).prop_map(|(nth, is_sent)| Step::Cancel { nth, is_sent }),
        2 => (nth(), 0..6_usize).prop_map(|(nth, what)| Step::Stray { nth, what }),
        3 => (0..3_000_u64).prop_map(|ms| Step::Pass { ms }),
        5 => Just(Step::Wake),
        1 => (0..3_000_u64).prop_map(|ms| Step::JumpBack { ms }),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        1 => prop_oneof![2 => Just(Step::Drain), 1 => Just(Step::Close)],
    ];
    // The eight bits that tell a slot's users apart last for 256 requests.
    prop::collection::vec(step, 1..200)
}

const SCOPES: [&str; 4] = ["claude-a", "bucket", "permits", "window"];

/// The places of the scope `permits`.
const PERMITS: usize = 2;

const TENANTS: [&str; 4] = ["", "x", "y", "vip"];

const BOOKS: [&str; 2] = ["tide", "gate"];

const ANSWERS: [(u16, &str); 9] = [
    (200, "content-type: text/event-stream"),
    (200, "content-type: text/event-stream"),
    (
        200,
        "content-type: application/json\nanthropic-ratelimit-requests-limit: 300\nanthropic-ratelimit-requests-remaining: 1",
    ),
    (400, ""),
    (429, ""),
    (429, "retry-after: 2"),
    (500, ""),
    (503, "retry-after: 1"),
    (529, ""),
];

#[derive(Clone, Copy, Debug)]
struct Rules {
    concurrency: Option<u32>,
    max_depth: Option<u32>,
    ageing_ms: u32,
    headroom: Option<u32>,
}

fn rules() -> impl Strategy<Value = Rules> {
    let few = |most| prop::option::of(1..most);
    (few(5_u32), prop::option::weighted(0.2, 0..6_u32), prop_oneof![50..500_u32, 5_000..60_000_u32], few(500_u32))
        .prop_map(|(concurrency, max_depth, ageing_ms, headroom)| Rules { concurrency, max_depth, ageing_ms, headroom })
}

impl Rules {
    fn options(self) -> Value {
        let number = |number: u32| Value::from(f64::from(number));
        let limit = |dimension: &str, amount: u32, enforcement: &str| {
            record([
                ("dimension", dimension.into()),
                ("amount", number(amount)),
                ("periodMs", number(4_000)),
                ("enforcement", enforcement.into()),
            ])
        };
        let limits = |limits: Vec<Value>| record([("limits", Value::List(limits))]);
        let mut queue =
            vec![("ageingMs".to_owned(), number(self.ageing_ms)), ("shares".to_owned(), record([("vip", number(3))]))];
        let headroom = self.headroom.map(|thousandths| f64::from(thousandths) / 1_000.0);
        queue.extend(self.concurrency.map(|most| ("concurrency".to_owned(), number(most))));
        queue.extend(self.max_depth.map(|most| ("maxDepth".to_owned(), number(most))));
        queue.extend(headroom.map(|share| ("headroom".to_owned(), share.into())));
        record([
            (
                "limits",
                record([
                    ("claude-*", record([("rpm", number(600)), ("concurrency", number(3))])),
                    (
                        "bucket",
                        limits(vec![limit("requests", 8, "token-bucket"), limit("input_tokens", 40, "token-bucket")]),
                    ),
                    ("permits", record([("concurrency", number(PERMITS as u32))])),
                    (
                        "window",
                        limits(vec![limit("input_tokens", 20, "fixed-window"), limit("requests", 6, "sliding-window")]),
                    ),
                ]),
            ),
            ("queue", Value::Record(queue)),
            ("retry", record([("attempts", number(3)), ("baseMs", number(100))])),
        ])
    }
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Phase {
    Waiting,
    /// In flight, and nothing was heard of it.
    Sent,
    /// Its body is passing.
    Answered,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    /// The scope of a bare acquisition; `None` for an HTTP request.
    bare: Option<usize>,
    cost: Cost,
    phase: Phase,
}

struct World {
    limiter: Limiter,
    rules: Rules,
    scopes: [ScopeId; SCOPES.len()],
    now: Instant,
    requests: BTreeMap<Ticket, Request>,
    ended: BTreeSet<Ticket>,
    is_paused: bool,
    is_draining: bool,
    is_closed: bool,
    drained: u32,
}

impl World {
    fn new(rules: Rules) -> Self {
        let mut limiter = Limiter::new(&parse(&rules.options()).unwrap(), 3);
        let scopes = SCOPES.map(|model| limiter.scope_of_model(model));
        Self {
            limiter,
            rules,
            scopes,
            now: Instant::ZERO + Duration::from_secs(100),
            requests: BTreeMap::new(),
            ended: BTreeSet::new(),
            is_paused: false,
            is_draining: false,
            is_closed: false,
            drained: 0,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Submit { scope, who, cost } => self.submit(scope, who, cost_of(cost)),
            Step::AcquireNow { scope, who, cost } => self.acquire_now(scope, who, cost_of(cost)),
            Step::Ask { book, who } => self.ask(book, who),
            Step::Answer { nth, answer } => {
                let Some(ticket) = self.nth(nth, Phase::Sent, false) else { return };
                self.answer(ticket, answer);
            }
            Step::Lose { nth } => {
                let Some(ticket) = self.nth(nth, Phase::Sent, false) else { return };
                let verdict = self.limiter.handle_failure(self.now, ticket);
                self.judged(ticket, verdict);
            }
            Step::EndBody { nth, is_complete } => {
                let Some(ticket) = self.nth(nth, Phase::Answered, false) else { return };
                self.limiter.handle_chunk(self.now, ticket, BODY);
                self.end(ticket);
                self.limiter.finish(self.now, ticket, is_complete);
            }
            Step::EndBare { nth, how } => {
                let Some(ticket) = self.nth(nth, Phase::Sent, true) else { return };
                self.end_bare(ticket, how);
            }
            Step::Cancel { nth, is_sent } => {
                let Some(ticket) = self.requests.keys().nth(nth).copied() else { return };
                self.end(ticket);
                let was_there = if is_sent {
                    self.limiter.cancel(self.now, ticket)
                } else {
                    self.limiter.cancel_unsent(self.now, ticket)
                };
                assert!(was_there, "it had not ended");
            }
            Step::Stray { nth, what } => self.stray(nth, what),
            Step::Pass { ms } => self.pass(Duration::from_millis(ms)),
            Step::Wake => self.wake(),
            Step::JumpBack { ms } => self.now = self.now.before(Duration::from_millis(ms)),
            Step::Pause => {
                self.limiter.pause();
                self.is_paused = true;
            }
            Step::Resume => {
                self.is_paused = false;
                self.limiter.resume(self.now);
            }
            Step::Drain => {
                self.is_draining = true;
                self.limiter.drain();
            }
            Step::Close => {
                self.is_closed = true;
                self.limiter.close(self.now);
            }
        }
        self.hear();
        self.check();
    }

    fn nth(&self, nth: usize, phase: Phase, is_bare: bool) -> Option<Ticket> {
        let those = self.requests.iter().filter(|(_, it)| it.phase == phase && it.bare.is_some() == is_bare);
        those.map(|(ticket, _)| *ticket).nth(nth)
    }

    fn submit(&mut self, scope: usize, who: Who, cost: Cost) {
        let submission = Submission {
            scope: self.scopes[scope],
            cost,
            priority: Priority::clamped(who.priority),
            tenant: TENANTS[who.tenant],
            max_wait: who.max_wait_ms.map(Duration::from_millis),
        };
        let submitted = self.limiter.submit(self.now, submission);
        self.entered(submitted, Some(scope), cost);
    }

    fn acquire_now(&mut self, scope: usize, who: Who, cost: Cost) {
        match self.limiter.acquire_now(self.now, self.scopes[scope], cost, Priority::clamped(who.priority)) {
            Ok(ticket) => {
                self.entered(Ok(ticket), Some(scope), cost);
                self.started(ticket);
            }
            Err(NotNow::Refused(refusal)) => self.check_refusal(&refusal),
            Err(NotNow::MustWait) => {}
        }
    }

    fn ask(&mut self, book: usize, who: Who) {
        let text = BOOKS.get(book).map(|word| {
            let text = format!("{word} ").repeat(1_500);
            format!(r#""system":[{{"type":"text","text":"{text}","cache_control":{{"type":"ephemeral"}}}}],"#)
        });
        let text = text.unwrap_or_default();
        let body =
            format!(r#"{{"model":"claude-b","max_tokens":9,{text}"messages":[{{"role":"user","content":"?"}}]}}"#);
        let request = HttpRequest {
            method: "POST",
            url: "https://api.example/v1/messages",
            headers: HeaderBlock::new(b"anthropic-version: 2023-06-01"),
            body: Body::Bytes(body.as_bytes()),
            replayable: true,
            priority: Priority::clamped(who.priority),
            tenant: TENANTS[who.tenant],
            max_wait: who.max_wait_ms.map(Duration::from_millis),
            stated: Stated::default(),
            count: None,
        };
        let submitted = self.limiter.submit_request(self.now, &request);
        self.entered(submitted, None, Cost::REQUEST);
    }

    fn entered(&mut self, submitted: Result<Ticket, Refusal>, bare: Option<usize>, cost: Cost) {
        match submitted {
            Ok(ticket) => {
                assert!(!self.is_closed && !self.is_draining, "it accepts nothing");
                self.ended.remove(&ticket);
                let request = Request { bare, cost, phase: Phase::Waiting };
                assert!(self.requests.insert(ticket, request).is_none(), "a ticket is given out twice");
            }
            Err(refusal) => self.check_refusal(&refusal),
        }
    }

    fn check_refusal(&self, refusal: &Refusal) {
        match refusal {
            Refusal::Closed => assert!(self.is_closed),
            Refusal::Draining => assert!(self.is_draining && !self.is_closed),
            Refusal::QueueFull { expected, .. } => {
                assert!(self.rules.max_depth.is_some() && expected.is_none_or(|wait| !wait.is_zero()));
            }
            Refusal::DeadlineExceeded { expected, .. } => assert!(expected.is_none_or(|wait| !wait.is_zero())),
            _ => panic!("{refusal}"),
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: usize) {
        let (status, headers) = ANSWERS[answer];
        let response = HttpResponse { status, headers: HeaderBlock::new(headers.as_bytes()), body: Some(b"{}") };
        let verdict = self.limiter.handle_response(self.now, WallTime::from_unix_millis(0), ticket, &response);
        self.judged(ticket, verdict);
    }

    fn judged(&mut self, ticket: Ticket, verdict: Verdict) {
        let phase = match verdict {
            Verdict::Deliver => return self.end(ticket),
            Verdict::Observe => Phase::Answered,
            Verdict::Retry => Phase::Waiting,
            Verdict::NeedBody => panic!("it was given"),
        };
        self.requests.get_mut(&ticket).expect("it is there").phase = phase;
    }

    fn end(&mut self, ticket: Ticket) {
        self.requests.remove(&ticket).expect("it has not ended");
        self.ended.insert(ticket);
    }

    fn end_bare(&mut self, ticket: Ticket, how: usize) {
        let cost = self.requests[&ticket].cost;
        self.end(ticket);
        match how {
            0 => self.limiter.settle(self.now, ticket, cost),
            1 => self.limiter.settle(self.now, ticket, Cost::default()),
            2 => self.limiter.settle(self.now, ticket, Cost { input_tokens: cost.input_tokens * 2, ..cost }),
            _ => {
                if self.limiter.release(ticket) {
                    let due = self.limiter.poll_timeout().expect("a release that matters is due at once");
                    assert!(due.at <= self.now, "{due:?}");
                    self.limiter.handle_timeout(self.now);
                }
            }
        }
    }

    /// Nothing of this may change anything.
    fn stray(&mut self, nth: usize, what: usize) {
        let not_in_flight = self.requests.iter().filter(|(_, it)| it.phase == Phase::Waiting).map(|(ticket, _)| ticket);
        let Some(ticket) = not_in_flight.chain(&self.ended).nth(nth).copied() else { return };
        match what {
            0 => self.limiter.settle(self.now, ticket, Cost::REQUEST),
            1 => assert!(!self.limiter.release(ticket)),
            2 => self.limiter.finish(self.now, ticket, true),
            3 => assert_eq!(self.limiter.handle_failure(self.now, ticket), Verdict::Deliver),
            4 => {
                let response = HttpResponse { status: 200, headers: HeaderBlock::new(b""), body: Some(b"{}") };
                let verdict = self.limiter.handle_response(self.now, WallTime::from_unix_millis(0), ticket, &response);
                assert_eq!(verdict, Verdict::Deliver);
            }
            _ => {
                if self.ended.contains(&ticket) {
                    assert!(!self.limiter.cancel(self.now, ticket));
                }
                self.limiter.handle_chunk(self.now, ticket, BODY);
            }
        }
    }

    fn wake(&mut self) {
        let Some(wake_up) = self.limiter.poll_timeout() else { return };
        self.pass(wake_up.at.since(self.now));
        let next = self.limiter.poll_timeout().filter(|next| next.at <= self.now);
        assert!(next.is_none_or(|next| next.at == Instant::ZERO), "no progress at {:?}: {next:?}", self.now);
    }

    fn pass(&mut self, duration: Duration) {
        self.now += duration;
        self.limiter.handle_timeout(self.now);
    }

    fn started(&mut self, ticket: Ticket) {
        assert!(!self.is_paused, "something starts in a pause");
        let request = self.requests.get_mut(&ticket).expect("only who has not ended starts");
        assert_eq!(std::mem::replace(&mut request.phase, Phase::Sent), Phase::Waiting, "it starts twice");
    }

    fn hear(&mut self) {
        while let Some(output) = self.limiter.poll_output() {
            match output {
                Output::Start(ticket) => self.started(ticket),
                Output::Refuse(ticket, refusal) => {
                    assert_eq!(self.requests[&ticket].phase, Phase::Waiting, "only who waits is refused");
                    self.end(ticket);
                    self.check_refusal(&refusal);
                }
                Output::Event(Event::Drained) => self.drained += 1,
                Output::Event(_) => {}
            }
        }
    }

    fn check(&mut self) {
        let waiting = self.requests.values().filter(|it| it.phase == Phase::Waiting).count();
        let in_flight = self.requests.len() - waiting;
        assert_eq!((self.limiter.waiting() as usize, self.limiter.in_flight() as usize), (waiting, in_flight));
        assert!(self.rules.concurrency.is_none_or(|most| in_flight <= most as usize), "too many are in flight");
        let permits = self.requests.values().filter(|it| it.phase != Phase::Waiting && it.bare == Some(2)).count();
        assert!(permits <= PERMITS, "too many have a permit");
        let is_drained = self.is_draining && self.requests.is_empty();
        assert!(self.drained <= 1 && (self.drained == 1) == is_drained, "a drain is told when it is over, and once");
        let is_due = self.limiter.poll_timeout().is_some();
        assert!(is_due || self.is_paused || waiting == 0 || in_flight > 0, "somebody waits and nothing is due");
        for (ticket, request) in &self.requests {
            let outlook = self.limiter.outlook(self.now, *ticket);
            assert_eq!(outlook.is_some(), request.phase == Phase::Waiting);
            assert!(outlook.is_none_or(|outlook| (outlook.position as usize) < waiting));
        }
    }

    /// Ends everything; nothing may be left.
    fn finish(mut self) {
        self.take(&Step::Drain);
        self.take(&Step::Resume);
        let begin = self.now;
        for round in 0.. {
            assert!(round < 1_000, "it does not end");
            while let Some(ticket) = self.nth(0, Phase::Sent, false) {
                self.answer(ticket, 0);
                self.hear();
            }
            while self.nth(0, Phase::Answered, false).is_some() {
                self.take(&Step::EndBody { nth: 0, is_complete: true });
            }
            while self.nth(0, Phase::Sent, true).is_some() {
                self.take(&Step::EndBare { nth: 0, how: round % 4 });
            }
            if self.requests.is_empty() {
                break;
            }
            self.take(&Step::Wake);
        }
        assert!(self.now.since(begin) < Duration::from_secs(600), "it takes {:?}", self.now.since(begin));
        assert_eq!((self.drained, self.limiter.poll_timeout()), (1, None));
        let snapshot = format!("{:?}", self.limiter.snapshot(self.now));
        let count = |text: &str| snapshot.matches(text).count();
        assert_eq!(count(r#"("inFlight", "#), count(r#"("inFlight", Number(0.0))"#), "{snapshot}");
        assert_eq!(count(r#"("waiting", "#), count(r#"("waiting", Number(0.0))"#), "{snapshot}");
    }
}

fn cost_of(units: u32) -> Cost {
    Cost { input_tokens: units, ..Cost::REQUEST }
}

const BODY: &[u8] = b"data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":7}}\n\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_happens_together_everybody_ends_once_and_nothing_is_left(rules in rules(), steps in steps()) {
        let mut world = World::new(rules);
        for step in &steps {
            world.take(step);
        }
        world.finish();
    }
}
