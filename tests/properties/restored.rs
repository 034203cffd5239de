//! A limiter that was restored beside the one that was saved and goes on: whatever happens from then on, both say the same
//! at the same instants, each by its own clock. Who waited at the saving is given up in both, because that is not kept;
//! and both draw the same chance from then on.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tidegate::cost::{Cost, Stated};
use tidegate::headers::HeaderBlock;
use tidegate::limiter::{Event, HttpRequest, HttpResponse, Limiter, NotNow, Output, ScopeId, Submission, Ticket};
use tidegate::limiter::{Reason, Refusal, Verdict};
use tidegate::options::{Value, parse, record};
use tidegate::queue::Priority;
use tidegate::request::Body;
use tidegate::time::{Duration, Instant, WallTime};
use tidegate::usage::Usage;

#[derive(Clone, Debug)]
enum Step {
    AcquireNow { scope: usize, priority: i8, cost: u32 },
    Submit { scope: usize, priority: i8, cost: u32 },
    Ask { model: usize, words: usize },
    Answer { nth: usize, answer: usize },
    Lose { nth: usize },
    EndBody { nth: usize, is_complete: bool, output: Option<u64> },
    EndBare { nth: usize, how: usize },
    Pass { ms: u64 },
    Wake,
}

fn step() -> impl Strategy<Value = Step> {
    let nth = || 0..12_usize;
    let priority = || prop::sample::select(&[0_i8, 0, 50, -50][..]);
    prop_oneof![
        4 => (0..SCOPES.len(), priority(), 1..5_u32)
            .prop_map(|(scope, priority, cost)| Step::AcquireNow { scope, priority, cost }),
        4 => (0..SCOPES.len(), priority(), 1..5_u32)
            .prop_map(|(scope, priority, cost)| Step::Submit { scope, priority, cost }),
        7 => (0..MODELS.len(), 0..400_usize).prop_map(|(model, words)| Step::Ask { model, words }),
        7 => (nth(), 0..ANSWERS.len()).prop_map(|(nth, answer)| Step::Answer { nth, answer }),
        1 => nth().prop_map(|nth| Step::Lose { nth }),
        4 => (nth(), any::<bool>(), prop::option::of(0..3_000_u64))
            .prop_map(|(nth, is_complete, output)| Step::EndBody { nth, is_complete, output }),
        4 => (nth(), 0..3_usize).prop_map(|(nth, how)| Step::EndBare { nth, how }),
        4 => (0..2_500_u64).prop_map(|ms| Step::Pass { ms }),
        5 => Just(Step::Wake),
    ]
}

const SCOPES: [&str; 4] = ["bucket", "window", "fixed", "permits"];

/// The first has limits of its own, the last none but those that its server states.
const MODELS: [&str; 3] = ["claude-a", "claude-b", "gpt-5.6"];

const ANSWERS: [(u16, &str); 10] = [
    (200, "content-type: text/event-stream"),
    (200, "content-type: application/json"),
    (200, STATED),
    // By it a late answer is told from a new one.
    (200, "anthropic-ratelimit-requests-limit: 300\nanthropic-ratelimit-requests-remaining: 40"),
    (200, "content-type: text/event-stream\nx-ratelimit-limit: 30\nx-ratelimit-remaining: 11\nx-ratelimit-reset: 7"),
    (400, ""),
    (429, "retry-after: 2"),
    (429, ""),
    (529, ""),
    (500, ""),
];

const STATED: &str = "content-type: application/json
anthropic-ratelimit-requests-limit: 300
anthropic-ratelimit-requests-remaining: 120
anthropic-ratelimit-requests-reset: 2026-11-23T12:00:40Z
anthropic-ratelimit-input-tokens-limit: 40000
anthropic-ratelimit-input-tokens-remaining: 21000
anthropic-ratelimit-input-tokens-reset: 2026-11-23T12:01:00Z";

fn options() -> Value {
    let number = |number: u32| Value::from(f64::from(number));
    let limit = |dimension: &str, amount: u32, enforcement: &str| {
        let [dimension, enforcement] = [dimension, enforcement].map(Value::from);
        record([
            ("dimension", dimension),
            ("amount", number(amount)),
            ("periodMs", number(4_000)),
            ("enforcement", enforcement),
        ])
    };
    let one = |limit: Value| record([("limits", Value::List(vec![limit]))]);
    record([(
        "limits",
        record([
            ("claude-a", record([("rpm", number(90)), ("itpm", number(9_000)), ("otpm", number(6_000))])),
            (
                "claude-b",
                record([("rpm", number(300)), ("published", "2026-11-23".into()), ("concurrency", number(3))]),
            ),
            ("bucket", one(limit("requests", 8, "token-bucket"))),
            ("window", one(limit("requests", 9, "sliding-window"))),
            ("fixed", one(limit("requests", 9, "fixed-window"))),
            ("permits", record([("concurrency", number(5))])),
        ]),
    )])
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Waiting,
    Sent,
    Answered,
}

#[derive(Clone, Debug)]
struct Request {
    /// Its number in each life.
    tickets: Vec<Ticket>,
    is_bare: bool,
    phase: Phase,
}

/// What a limiter says, without the numbers of its tickets.
#[derive(Debug, PartialEq)]
enum Said {
    Start(usize),
    Refuse(usize, Refusal),
    Event(Event),
}

/// A limiter and its clock, which is `ahead` of the first one's.
struct Life {
    limiter: Limiter,
    ahead: Duration,
    /// Which request has which number.
    numbers: BTreeMap<Ticket, usize>,
}

struct Lives {
    lives: Vec<Life>,
    now: Instant,
    requests: BTreeMap<usize, Request>,
    asked: usize,
}

impl Lives {
    fn new() -> Self {
        let limiter = Limiter::new(&parse(&options()).unwrap(), 3);
        let first = Life { limiter, ahead: Duration::ZERO, numbers: BTreeMap::new() };
        Self { lives: vec![first], now: Instant::ZERO + BEFORE, requests: BTreeMap::new(), asked: 0 }
    }

    fn wall(&self) -> WallTime {
        WallTime::from_unix_millis(WALL + self.now.since(Instant::ZERO + BEFORE).as_millis_ceil())
    }

    /// What every life says to `call`, which is the same.
    fn tell<T: std::fmt::Debug + PartialEq>(&mut self, mut call: impl FnMut(usize, &mut Limiter, Instant) -> T) -> T {
        let now = self.now;
        let lives = self.lives.iter_mut().enumerate();
        let mut said = lives.map(|(index, life)| call(index, &mut life.limiter, now + life.ahead));
        let first = said.next().unwrap();
        for other in said {
            assert!(other == first, "{}", difference(&format!("{first:?}"), &format!("{other:?}")));
        }
        first
    }

    /// The same for a call that gives out tickets.
    fn enter<E: std::fmt::Debug + PartialEq>(
        &mut self,
        is_bare: bool,
        phase: Phase,
        mut call: impl FnMut(&mut Limiter, Instant) -> Result<Ticket, E>,
    ) {
        let mut tickets = Vec::new();
        let entered = self.tell(|_, limiter, now| call(limiter, now).map(|ticket| tickets.push(ticket)));
        if entered.is_ok() {
            for (life, ticket) in self.lives.iter_mut().zip(&tickets) {
                life.numbers.insert(*ticket, self.asked);
            }
            self.requests.insert(self.asked, Request { tickets, is_bare, phase });
            self.asked += 1;
        }
    }

    fn nth(&self, nth: usize, is_bare: bool, phase: Phase) -> Option<(usize, Vec<Ticket>)> {
        let fits = |request: &Request| request.is_bare == is_bare && request.phase == phase;
        let mut those = self.requests.iter().filter(|(_, request)| fits(request));
        those.nth(nth).map(|(number, request)| (*number, request.tickets.clone()))
    }

    fn take(&mut self, step: &Step) {
        let wall = self.wall();
        match *step {
            Step::AcquireNow { scope, priority, cost } => {
                let (cost, priority) = (Cost { requests: cost, ..Cost::REQUEST }, Priority::clamped(priority));
                self.enter(true, Phase::Sent, |limiter, now| {
                    let scope = limiter.scope_of_model(SCOPES[scope]);
                    limiter.acquire_now(now, scope, cost, priority).map_err(|not_now| not_now == NotNow::MustWait)
                });
            }
            Step::Submit { scope, priority, cost } => {
                let (cost, priority) = (Cost { requests: cost, ..Cost::REQUEST }, Priority::clamped(priority));
                self.enter(true, Phase::Waiting, |limiter, now| {
                    let scope: ScopeId = limiter.scope_of_model(SCOPES[scope]);
                    limiter.submit(now, Submission { scope, priority, ..Submission::new(cost) })
                });
            }
            Step::Ask { model, words } => {
                let text = "word ".repeat(words);
                let body = format!(
                    r#"{{"model":"{}","max_tokens":800,"messages":[{{"role":"user","content":"{text}"}}]}}"#,
                    MODELS[model]
                );
                self.enter(false, Phase::Waiting, |limiter, now| limiter.submit_request(now, &request(&body)));
            }
            Step::Answer { nth, answer } => {
                let Some((number, tickets)) = self.nth(nth, false, Phase::Sent) else { return };
                let (status, headers) = ANSWERS[answer];
                let response =
                    HttpResponse { status, headers: HeaderBlock::new(headers.as_bytes()), body: Some(b"{}") };
                let verdict =
                    self.tell(|life, limiter, now| limiter.handle_response(now, wall, tickets[life], &response));
                self.judged(number, verdict);
            }
            Step::Lose { nth } => {
                let Some((number, tickets)) = self.nth(nth, false, Phase::Sent) else { return };
                let verdict = self.tell(|life, limiter, now| limiter.handle_failure(now, tickets[life]));
                self.judged(number, verdict);
            }
            Step::EndBody { nth, is_complete, output } => {
                let Some((number, tickets)) = self.nth(nth, false, Phase::Answered) else { return };
                let characters = output.unwrap_or(40) * 4;
                // What was learned of inputs is kept, but not the last requests from which it is corrected.
                let input_tokens = Some(700).filter(|_| self.lives.len() == 1);
                let usage = Usage { input_tokens, output_tokens: output, ..Usage::default() };
                let usage = Usage { output_characters: characters, ..usage };
                self.tell(|life, limiter, now| {
                    limiter.extend_by(now, tickets[life], &usage);
                    limiter.finish_with(now, tickets[life], is_complete, Some(usage));
                });
                self.requests.remove(&number);
            }
            Step::EndBare { nth, how } => {
                let Some((number, tickets)) = self.nth(nth, true, Phase::Sent) else { return };
                self.tell(|life, limiter, now| match how {
                    0 => limiter.settle(now, tickets[life], Cost { requests: 3, ..Cost::REQUEST }),
                    1 => assert!(limiter.cancel(now, tickets[life])),
                    _ => drop(limiter.release(tickets[life])),
                });
                self.requests.remove(&number);
            }
            Step::Pass { ms } => self.pass(Duration::from_millis(ms)),
            Step::Wake => {
                let now = self.now;
                let wait = self.wake_up().map_or(Duration::ZERO, |(wait, _)| wait);
                // Whole milliseconds, as the wall clock has them.
                self.pass(Duration::from_millis(wait.as_millis_ceil().min(60_000)));
                assert!(self.now >= now);
            }
        }
        self.hear();
        self.tell(|_, limiter, now| limiter.snapshot(now));
        self.wake_up();
    }

    fn judged(&mut self, number: usize, verdict: Verdict) {
        match verdict {
            Verdict::Deliver => drop(self.requests.remove(&number)),
            Verdict::Observe | Verdict::Retry => {
                let phase = if verdict == Verdict::Retry { Phase::Waiting } else { Phase::Answered };
                self.requests.get_mut(&number).unwrap().phase = phase;
            }
            Verdict::NeedBody => panic!("it has the body"),
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.tell(|_, limiter, now| limiter.handle_timeout(now));
    }

    fn wake_up(&mut self) -> Option<(Duration, Reason)> {
        self.tell(|_, limiter, now| limiter.poll_timeout().map(|wake_up| (wake_up.at.since(now), wake_up.reason)))
    }

    fn hear(&mut self) {
        let mut all = Vec::new();
        for life in &mut self.lives {
            let mut said = Vec::new();
            while let Some(output) = life.limiter.poll_output() {
                match output {
                    Output::Start(ticket) => said.push(Said::Start(life.numbers[&ticket])),
                    Output::Refuse(ticket, refusal) => said.push(Said::Refuse(life.numbers[&ticket], refusal)),
                    // The other life has told of it.
                    Output::Event(Event::UnknownModel { .. }) => {}
                    Output::Event(event) => said.push(Said::Event(event)),
                }
            }
            all.push(said);
        }
        assert!(all.iter().all(|said| *said == all[0]), "they say {all:?}");
        for said in &all[0] {
            match said {
                Said::Start(number) => self.requests.get_mut(number).unwrap().phase = Phase::Sent,
                Said::Refuse(number, _) => drop(self.requests.remove(number)),
                Said::Event(_) => {}
            }
        }
    }

    /// Begins a second life `gap` after the first one is saved, by a clock that shows `ahead` more.
    fn begin_another(&mut self, ahead: Duration, gap: u64) {
        let waiting: Vec<usize> =
            self.requests.iter().filter(|(_, it)| it.phase == Phase::Waiting).map(|(number, _)| *number).collect();
        for number in waiting {
            let request = self.requests.remove(&number).unwrap();
            self.lives[0].limiter.cancel(self.now, request.tickets[0]);
            self.hear();
        }
        let wall = self.wall();
        let saved = self.lives[0].limiter.save(self.now, wall);
        let saved = super::saved::through_json(&saved);
        let mut limiter = Limiter::new(&parse(&options()).unwrap(), 4);
        // Of wall time a millisecond is left to the two clocks; where none has passed, there is none to leave.
        let wall = WallTime::from_unix_millis(wall.as_unix_millis() + gap + u64::from(gap > 0));
        self.now += Duration::from_millis(gap);
        limiter.restore(self.now + ahead, wall, &saved, true).unwrap();
        let in_flight: Vec<Ticket> = self.requests.values().map(|request| request.tickets[0]).collect();
        assert!(limiter.in_flight_tickets().all(|ticket| in_flight.contains(&ticket)));
        assert_eq!(limiter.in_flight() as usize, in_flight.len());
        let numbers = self.requests.iter().map(|(number, request)| (request.tickets[0], *number)).collect();
        for request in self.requests.values_mut() {
            request.tickets = vec![request.tickets[0]; 2];
        }
        self.lives.push(Life { limiter, ahead, numbers });
        self.tell(|_, limiter, now| {
            limiter.reseed(5);
            limiter.handle_timeout(now);
            limiter.snapshot(now)
        });
    }
}

/// Lets pass the steps that take no time, and the first eleven that do: of what was sent at how many instants before the
/// saving, the last dozen are kept exactly, and of older ones less is certain afterwards.
fn at_few_instants() -> impl FnMut(&&Step) -> bool {
    let mut instants = 1;
    move |step| {
        instants += usize::from(matches!(step, Step::Pass { .. } | Step::Wake));
        instants <= 12 || !matches!(step, Step::Pass { .. } | Step::Wake)
    }
}

/// Where two texts differ first.
fn difference(one: &str, other: &str) -> String {
    let at = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count().saturating_sub(120);
    let part = |text: &str| text.chars().skip(at).take(240).collect::<String>();
    format!("one says   … {}\nanother says {}", part(one), part(other))
}

fn request(body: &str) -> HttpRequest<'_> {
    HttpRequest {
        method: "POST",
        url: "https://api.example/v1/messages",
        headers: HeaderBlock::new(b"anthropic-version: 2023-06-01"),
        body: Body::Bytes(body.as_bytes()),
        replayable: true,
        priority: Priority::NORMAL,
        tenant: "",
        max_wait: None,
        stated: Stated::default(),
        count: None,
    }
}

/// Room for what happened in the last month before the saving.
const BEFORE: Duration = Duration::from_secs(60 * 86_400);

/// 2026-11-23T12:00:00Z.
const WALL: u64 = 1_795_435_200_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_restored_limiter_goes_on_as_if_nothing_had_happened(
        before in prop::collection::vec(step(), 0..60),
        after in prop::collection::vec(step(), 1..60),
        // Whole half seconds, in which others are counted.
        ahead in prop::sample::select(&[0_u64, 1, 86_400 * 400][..]),
        gap in prop_oneof![Just(0), 1..3_000_u64, 0..200_000_u64],
    ) {
        let mut lives = Lives::new();
        for step in before.iter().filter(at_few_instants()) {
            lives.take(step);
        }
        lives.begin_another(Duration::from_secs(ahead), gap);
        for step in &after {
            lives.take(step);
        }
    }
}
