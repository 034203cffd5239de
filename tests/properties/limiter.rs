//! The limiter against a model that is too simple to be wrong: a list of who waits, who is in flight, and what the server
//! has let through.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use proptest::prelude::*;
use tidegate::cost::Cost;
use tidegate::limiter::{Limiter, NotNow, Output, Refusal, ScopeId, Submission, Ticket};
use tidegate::options::{Value, parse, record};
use tidegate::queue::{AgeingPolicy, Priority};
use tidegate::time::{Duration, Instant};

/// Everything that can happen to a limiter.
#[derive(Clone, Debug)]
enum Step {
    Submit {
        priority: usize,
        requests: u32,
        max_wait_ms: Option<u64>,
    },
    AcquireNow {
        priority: usize,
        requests: u32,
    },
    /// The n-th of those in flight ends and cost as much as it reserved.
    End {
        nth: usize,
        by_settling: bool,
    },
    /// The n-th of those that have not ended is given up.
    Cancel {
        nth: usize,
    },
    /// Time passes, whether something is due or not.
    Pass {
        ms: u64,
    },
    /// Time passes until something is due.
    Wake,
    /// The clock goes back.
    JumpBack {
        ms: u64,
    },
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..4_usize, 1..4_u32, prop::option::weighted(0.3, 0..3_000_u64))
            .prop_map(|(priority, requests, max_wait_ms)| Step::Submit { priority, requests, max_wait_ms }),
        4 => (0..4_usize, 1..4_u32).prop_map(|(priority, requests)| Step::AcquireNow { priority, requests }),
        6 => (0..20_usize, any::<bool>()).prop_map(|(nth, by_settling)| Step::End { nth, by_settling }),
        2 => (0..20_usize).prop_map(|nth| Step::Cancel { nth }),
        4 => (0..2_500_u64).prop_map(|ms| Step::Pass { ms }),
        6 => Just(Step::Wake),
        1 => (0..5_000_u64).prop_map(|ms| Step::JumpBack { ms }),
        1 => Just(Step::Close),
    ];
    prop::collection::vec(step, 1..120)
}

/// One limit on requests, written as options and as what a server does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Enforced {
    Bucket { amount: u64, burst: u64 },
    Sliding { amount: u64 },
    Fixed { amount: u64 },
    Concurrency { most: u64 },
}

const PERIOD: Duration = Duration::from_secs(2);

pub(super) fn enforced() -> impl Strategy<Value = Enforced> {
    prop_oneof![
        (1..20_u64, 3..10_u64).prop_map(|(amount, burst)| Enforced::Bucket { amount, burst }),
        (3..12_u64).prop_map(|amount| Enforced::Sliding { amount }),
        (3..12_u64).prop_map(|amount| Enforced::Fixed { amount }),
        (1..6_u64).prop_map(|most| Enforced::Concurrency { most }),
    ]
}

impl Enforced {
    pub(super) fn options(self) -> Value {
        let dimension = |name: &str, amount: u64| vec![("dimension", Value::from(name)), ("amount", amount.into())];
        let mut fields = match self {
            Self::Bucket { amount, burst } => [dimension("requests", amount), vec![("burst", burst.into())]].concat(),
            Self::Sliding { amount } => {
                [dimension("requests", amount), vec![("enforcement", "sliding-window".into())]].concat()
            }
            Self::Fixed { amount } => {
                [dimension("requests", amount), vec![("enforcement", "fixed-window".into())]].concat()
            }
            Self::Concurrency { most } => dimension("concurrency", most),
        };
        if !matches!(self, Self::Concurrency { .. }) {
            fields.push(("periodMs", PERIOD.as_millis_f64().into()));
        }
        let limit = Value::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        record([("limits", record([("default", record([("limits", Value::List(vec![limit]))]))]))])
    }

    /// Whether a server that enforces this has let through what `starts` says, all of it.
    pub(super) fn allows(self, starts: &[(Instant, u64)], in_flight: usize) -> bool {
        match self {
            Self::Concurrency { most } => in_flight as u64 <= most,
            Self::Sliding { amount } | Self::Fixed { amount } => starts.iter().all(|(end, _)| {
                let window = starts.iter().filter(|(at, _)| at <= end && end.since(*at) < PERIOD);
                window.map(|(_, requests)| requests).sum::<u64>() <= amount
            }),
            Self::Bucket { amount, burst } => {
                // The level in units of one request per nanosecond of the period: exact, without a remainder.
                let unit = u128::from(PERIOD.as_nanos());
                let full = u128::from(burst) * unit;
                let (mut level, mut last) = (full, Instant::ZERO);
                starts.iter().all(|(at, requests)| {
                    level = full.min(level + u128::from(at.since(last).as_nanos()) * u128::from(amount));
                    last = *at;
                    let need = u128::from(*requests) * unit;
                    let fits = need <= level;
                    level = level.saturating_sub(need);
                    fits
                })
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    priority: Priority,
    arrival: u64,
    since: Instant,
    requests: u32,
}

impl Waiting {
    /// Whether it goes before `other` if neither is overdue.
    fn is_before(&self, other: &Self) -> bool {
        (other.priority, self.arrival) < (self.priority, other.arrival)
    }

    /// Whether it has waited so long that it may go before `other`, whose priority is higher.
    fn is_overdue(&self, other: &Self, now: Instant) -> bool {
        now.since(self.since) >= AgeingPolicy::default().most(self.priority, other.priority)
    }
}

struct Model {
    limiter: Limiter,
    enforced: Enforced,
    /// What the limiter is told.
    now: Instant,
    /// The server's clock, which goes forward only.
    server_now: Instant,
    arrivals: u64,
    waiting: BTreeMap<Ticket, Waiting>,
    in_flight: BTreeMap<Ticket, u32>,
    starts: Vec<(Instant, u64)>,
    is_closed: bool,
}

impl Model {
    fn new(enforced: Enforced) -> Self {
        let policy = parse(&enforced.options()).unwrap();
        let now = Instant::ZERO + Duration::from_secs(100);
        Self {
            limiter: Limiter::new(&policy, 1),
            enforced,
            now,
            server_now: now,
            arrivals: 0,
            waiting: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            starts: Vec::new(),
            is_closed: false,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Submit { priority, requests, max_wait_ms } => {
                let priority = Priority::NAMED[priority];
                let cost = Cost { requests, ..Cost::REQUEST };
                let max_wait = max_wait_ms.map(Duration::from_millis);
                let submission = Submission { priority, max_wait, ..Submission::new(cost) };
                self.arrivals += 1;
                match self.limiter.submit(self.now, submission) {
                    Ok(ticket) => {
                        let entry = Waiting { priority, arrival: self.arrivals, since: self.now, requests };
                        assert!(self.waiting.insert(ticket, entry).is_none(), "a ticket is given out twice");
                    }
                    Err(Refusal::Closed) => assert!(self.is_closed),
                    Err(refusal) => {
                        let misses_deadline = max_wait.is_some() && matches!(refusal, Refusal::DeadlineExceeded { .. });
                        let is_too_large = matches!(refusal, Refusal::InsufficientCapacity { .. });
                        assert!(is_too_large || misses_deadline, "{refusal}");
                    }
                }
            }
            Step::AcquireNow { priority, requests } => {
                let priority = Priority::NAMED[priority];
                let cost = Cost { requests, ..Cost::REQUEST };
                match self.limiter.acquire_now(self.now, ScopeId::DEFAULT, cost, priority) {
                    Ok(ticket) => {
                        let passed = self.waiting.values().find(|waiting| waiting.priority >= priority);
                        assert!(passed.is_none(), "{passed:?} is passed over");
                        self.started(ticket, requests);
                    }
                    Err(NotNow::Refused(Refusal::Closed)) => assert!(self.is_closed),
                    Err(_) => {}
                }
            }
            Step::End { nth, by_settling } => {
                let Some((ticket, requests)) = self.in_flight.iter().nth(nth).map(|(ticket, cost)| (*ticket, *cost))
                else {
                    return;
                };
                self.in_flight.remove(&ticket);
                if by_settling {
                    self.limiter.settle(self.now, ticket, Cost { requests, ..Cost::REQUEST });
                } else if self.limiter.release(ticket) {
                    self.limiter.handle_timeout(self.now);
                }
            }
            Step::Cancel { nth } => {
                if let Some(ticket) = self.waiting.keys().nth(nth).copied() {
                    self.waiting.remove(&ticket);
                    self.limiter.cancel(self.now, ticket);
                }
            }
            Step::Pass { ms } => self.pass(Duration::from_millis(ms)),
            Step::Wake => {
                if let Some(wake_up) = self.limiter.poll_timeout() {
                    self.pass(wake_up.at.since(self.now));
                    let next = self.limiter.poll_timeout().filter(|next| next.at <= self.now);
                    assert!(
                        next.is_none_or(|next| next.at == Instant::ZERO),
                        "no progress at {:?}: {next:?}",
                        self.now
                    );
                }
            }
            Step::JumpBack { ms } => self.now = self.now.before(Duration::from_millis(ms)),
            Step::Close => {
                self.is_closed = true;
                self.limiter.close(self.now);
            }
        }
        self.drain();
        self.check();
    }

    fn pass(&mut self, duration: Duration) {
        self.now += duration;
        self.server_now += duration;
        self.limiter.handle_timeout(self.now);
    }

    fn drain(&mut self) {
        while let Some(output) = self.limiter.poll_output() {
            match output {
                Output::Start(ticket) => {
                    let started = self.waiting.remove(&ticket).expect("only who waits starts, and once");
                    // Of those before it, the first waits for quota of which a smaller one takes what is left over.
                    let before = self.waiting.values().filter(|other| other.is_before(&started));
                    let passed = before.clone().find(|other| !started.is_overdue(other, self.now));
                    let first = before.max_by_key(|other| (other.priority, Reverse(other.arrival)));
                    let is_beside = first.is_some_and(|first| started.requests < first.requests);
                    assert!(passed.is_none() || is_beside, "{passed:?} is passed over by {started:?}");
                    self.started(ticket, started.requests);
                }
                Output::Refuse(ticket, refusal) => {
                    self.waiting.remove(&ticket).expect("only who waits is refused, and once");
                    assert_eq!(self.is_closed, refusal == Refusal::Closed, "{refusal}");
                }
                Output::Event(_) => {}
            }
        }
    }

    fn started(&mut self, ticket: Ticket, requests: u32) {
        assert!(self.in_flight.insert(ticket, requests).is_none(), "a ticket starts twice");
        self.starts.push((self.server_now, u64::from(requests)));
    }

    fn check(&self) {
        assert!(self.enforced.allows(&self.starts, self.in_flight.len()), "{:?}: {:?}", self.enforced, self.starts);
        assert_eq!(self.limiter.waiting() as usize, self.waiting.len());
        let is_blocked = matches!(self.enforced, Enforced::Concurrency { .. }) && !self.in_flight.is_empty();
        let is_due = self.limiter.poll_timeout().is_some();
        assert!(is_due || self.waiting.is_empty() || is_blocked, "somebody waits and nothing is due");
    }

    /// Ends everything; nothing may be left.
    fn finish(mut self) {
        for round in 0.. {
            assert!(round < 10_000, "it does not end");
            while !self.in_flight.is_empty() {
                self.take(&Step::End { nth: 0, by_settling: round % 2 == 0 });
            }
            if self.waiting.is_empty() {
                break;
            }
            self.take(&Step::Wake);
        }
        let snapshot = format!("{:?}", self.limiter.snapshot(self.now));
        assert!(snapshot.contains(r#"("inFlight", Number(0.0))"#), "{snapshot}");
        assert_eq!(self.limiter.poll_timeout(), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_limit_is_passed_nobody_is_passed_over_and_everybody_ends_once(enforced in enforced(), steps in steps()) {
        let mut model = Model::new(enforced);
        for step in &steps {
            model.take(step);
        }
        model.finish();
    }
}
