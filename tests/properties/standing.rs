//! Pauses, drains and the end, in any order with everything else; where one stands, and when it starts.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tidegate::cost::Cost;
use tidegate::limiter::{Event, Limiter, NotNow, Output, Refusal, ScopeId, Submission, Ticket};
use tidegate::options::{parse, record};
use tidegate::queue::Priority;
use tidegate::time::{Duration, Instant};

/// Everything that can happen to a limiter as a whole, between what happens to single requests.
#[derive(Clone, Debug)]
enum Step {
    Submit {
        scope: usize,
        priority: usize,
        max_wait_ms: Option<u64>,
    },
    AcquireNow {
        scope: usize,
        priority: usize,
    },
    /// The n-th of those in flight ends.
    End {
        nth: usize,
        by_settling: bool,
    },
    Cancel {
        nth: usize,
    },
    Pass {
        ms: u64,
    },
    Wake,
    Pause,
    Resume,
    Drain,
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (0..3_usize, 0..4_usize, prop::option::weighted(0.2, 0..3_000_u64))
            .prop_map(|(scope, priority, max_wait_ms)| Step::Submit { scope, priority, max_wait_ms }),
        4 => (0..3_usize, 0..4_usize).prop_map(|(scope, priority)| Step::AcquireNow { scope, priority }),
        8 => (0..20_usize, any::<bool>()).prop_map(|(nth, by_settling)| Step::End { nth, by_settling }),
        2 => (0..20_usize).prop_map(|nth| Step::Cancel { nth }),
        3 => (0..2_500_u64).prop_map(|ms| Step::Pass { ms }),
        5 => Just(Step::Wake),
        2 => Just(Step::Pause),
        3 => Just(Step::Resume),
        1 => prop_oneof![3 => Just(Step::Drain), 1 => Just(Step::Close)],
    ];
    prop::collection::vec(step, 1..150)
}

const SCOPES: [&str; 3] = ["a", "b", "c"];

struct Model {
    limiter: Limiter,
    scopes: [ScopeId; 3],
    concurrency: Option<u64>,
    now: Instant,
    waiting: BTreeMap<Ticket, usize>,
    in_flight: BTreeMap<Ticket, usize>,
    is_paused: bool,
    is_draining: bool,
    is_closed: bool,
    drained: u32,
}

impl Model {
    fn new(rps: [u64; 2], permits: u64, concurrency: Option<u64>) -> Self {
        let limits = record([
            ("a", record([("rps", rps[0].into())])),
            ("b", record([("rps", rps[1].into())])),
            ("c", record([("concurrency", permits.into())])),
        ]);
        let queue = concurrency.map_or(record([]), |most| record([("concurrency", most.into())]));
        let policy = parse(&record([("limits", limits), ("queue", queue)])).unwrap();
        let mut limiter = Limiter::new(&policy, 1);
        let now = Instant::ZERO + Duration::from_secs(100);
        let scopes = SCOPES.map(|model| limiter.scope_of_model(model));
        Self {
            limiter,
            scopes,
            concurrency,
            now,
            waiting: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            is_paused: false,
            is_draining: false,
            is_closed: false,
            drained: 0,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Submit { scope, priority, max_wait_ms } => {
                let submission = Submission {
                    scope: self.scopes[scope],
                    priority: Priority::NAMED[priority],
                    max_wait: max_wait_ms.map(Duration::from_millis),
                    ..Submission::new(Cost::REQUEST)
                };
                match self.limiter.submit(self.now, submission) {
                    Ok(ticket) => {
                        assert!(!self.is_closed && !self.is_draining, "it accepts nothing");
                        assert!(self.waiting.insert(ticket, scope).is_none(), "a ticket is given out twice");
                    }
                    Err(refusal) => self.check_refusal(&refusal),
                }
            }
            Step::AcquireNow { scope, priority } => {
                let cost = Cost::REQUEST;
                match self.limiter.acquire_now(self.now, self.scopes[scope], cost, Priority::NAMED[priority]) {
                    Ok(ticket) => {
                        assert!(!self.is_closed && !self.is_draining, "it accepts nothing");
                        self.started(ticket, scope);
                    }
                    Err(NotNow::Refused(refusal)) => self.check_refusal(&refusal),
                    Err(NotNow::MustWait) => {}
                }
            }
            Step::End { nth, by_settling } => {
                let Some(ticket) = self.in_flight.keys().nth(nth).copied() else { return };
                self.in_flight.remove(&ticket);
                if by_settling {
                    self.limiter.settle(self.now, ticket, Cost::REQUEST);
                } else if self.limiter.release(ticket) {
                    let due = self.limiter.poll_timeout().expect("a release that matters is due at once");
                    assert!(due.at <= self.now);
                    self.limiter.handle_timeout(self.now);
                }
            }
            Step::Cancel { nth } => {
                let ticket = self.waiting.keys().chain(self.in_flight.keys()).nth(nth).copied();
                if let Some(ticket) = ticket {
                    self.waiting.remove(&ticket);
                    self.in_flight.remove(&ticket);
                    self.limiter.cancel(self.now, ticket);
                }
            }
            Step::Pass { ms } => self.pass(Duration::from_millis(ms)),
            Step::Wake => {
                if let Some(wake_up) = self.limiter.poll_timeout() {
                    self.pass(wake_up.at.since(self.now));
                    let next = self.limiter.poll_timeout().filter(|next| next.at <= self.now);
                    assert!(next.is_none_or(|next| next.at == Instant::ZERO), "no progress: {next:?}");
                }
            }
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

    fn check_refusal(&self, refusal: &Refusal) {
        match refusal {
            Refusal::Closed => assert!(self.is_closed),
            Refusal::Draining => assert!(self.is_draining && !self.is_closed),
            Refusal::DeadlineExceeded { expected, .. } => assert!(expected.is_none_or(|wait| !wait.is_zero())),
            _ => panic!("{refusal}"),
        }
    }

    fn pass(&mut self, duration: Duration) {
        self.now += duration;
        self.limiter.handle_timeout(self.now);
    }

    fn started(&mut self, ticket: Ticket, scope: usize) {
        assert!(!self.is_paused, "something starts in a pause");
        assert!(self.in_flight.insert(ticket, scope).is_none(), "a ticket starts twice");
    }

    fn hear(&mut self) {
        while let Some(output) = self.limiter.poll_output() {
            match output {
                Output::Start(ticket) => {
                    let scope = self.waiting.remove(&ticket).expect("only who waits starts, and once");
                    self.started(ticket, scope);
                }
                Output::Refuse(ticket, refusal) => {
                    self.waiting.remove(&ticket).expect("only who waits is refused, and once");
                    self.check_refusal(&refusal);
                }
                Output::Event(Event::Drained) => self.drained += 1,
                Output::Event(_) => {}
            }
        }
    }

    fn check(&mut self) {
        assert_eq!(self.limiter.waiting() as usize, self.waiting.len());
        assert_eq!(self.limiter.in_flight() as usize, self.in_flight.len());
        assert!(self.concurrency.is_none_or(|most| self.in_flight.len() as u64 <= most), "too many are in flight");
        let is_drained = self.is_draining && self.waiting.is_empty() && self.in_flight.is_empty();
        assert!(self.drained <= 1 && (self.drained == 1) >= is_drained, "a drain is told when it is over, and once");
        let is_due = self.limiter.poll_timeout().is_some();
        if !self.is_paused {
            let is_blocked = self.waiting.values().all(|scope| self.may_wait_for_an_end(*scope));
            assert!(is_due || is_blocked, "somebody can start, or will, and nothing is due");
        }
        for ticket in self.waiting.keys() {
            let outlook = self.limiter.outlook(self.now, *ticket).expect("it waits");
            assert!((outlook.position as usize) < self.waiting.len());
            assert!(!self.is_paused || outlook.expected.is_none(), "a pause has no end that is known");
        }
        for ticket in self.in_flight.keys() {
            assert_eq!(self.limiter.outlook(self.now, *ticket), None);
        }
        for (scope, is_held) in self.scopes.into_iter().zip([false, false, true]) {
            let estimate = self.limiter.estimate(self.now, scope, Cost::REQUEST, Priority::NORMAL, "");
            match estimate {
                Ok(None) => assert!(self.is_paused || is_held || self.concurrency.is_some(), "quota can be foreseen"),
                Ok(Some(wait)) => assert!(wait < Duration::from_secs(3_600)),
                Err(refusal) => self.check_refusal(&refusal),
            }
        }
    }

    /// Whether who waits in `scope` may have to wait until something in flight ends, and not for time to pass.
    fn may_wait_for_an_end(&self, scope: usize) -> bool {
        let is_full = self.concurrency.is_some_and(|most| self.in_flight.len() as u64 == most);
        is_full || (scope == 2 && self.in_flight.values().any(|other| *other == 2))
    }

    /// Ends everything; nothing may be left.
    fn finish(mut self) {
        self.take(&Step::Drain);
        self.take(&Step::Resume);
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
        assert_eq!((self.drained, self.limiter.poll_timeout()), (1, None));
    }
}

/// Requests that come at once to one bucket of tokens, and those of them that have to wait.
struct Line {
    limiter: Limiter,
    now: Instant,
    waiting: Vec<Ticket>,
}

impl Line {
    fn new(tpm: u64, requests: &[(usize, usize, u32)]) -> Self {
        let queue = record([("headroom", 0.0.into()), ("ageingMs", 86_400_000.0.into())]);
        let limits = record([("default", record([("tpm", tpm.into())]))]);
        let policy = parse(&record([("limits", limits), ("queue", queue)])).unwrap();
        let mut line =
            Self { limiter: Limiter::new(&policy, 1), now: Instant::from_nanos(7_000_000_000), waiting: Vec::new() };
        for (priority, tenant, tokens) in requests {
            let submission = Submission {
                priority: Priority::NAMED[*priority],
                tenant: ["", "x", "y", "z"][*tenant],
                ..Submission::new(Cost { input_tokens: *tokens, ..Cost::REQUEST })
            };
            line.waiting.push(line.limiter.submit(line.now, submission).unwrap());
        }
        line.starts();
        line
    }

    /// Who starts now, and waits no longer.
    fn starts(&mut self) -> Vec<Ticket> {
        let mut starts = Vec::new();
        while let Some(output) = self.limiter.poll_output() {
            if let Output::Start(ticket) = output {
                starts.push(ticket);
            }
        }
        self.waiting.retain(|ticket| !starts.contains(ticket));
        starts
    }

    fn next(&mut self) -> Vec<Ticket> {
        self.now = self.limiter.poll_timeout().expect("somebody waits").at;
        self.limiter.handle_timeout(self.now);
        self.starts()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn pauses_and_drains_lose_nobody_and_places_are_never_exceeded(
        rps in [1..8_u64, 1..8_u64],
        permits in 1..4_u64,
        concurrency in prop::option::of(1..5_u64),
        steps in steps(),
    ) {
        let mut model = Model::new(rps, permits, concurrency);
        for step in &steps {
            model.take(step);
        }
        model.finish();
    }

    #[test]
    fn without_newcomers_all_start_in_the_order_of_their_positions(
        requests in prop::collection::vec((0..4_usize, 0..4_usize), 1..60),
    ) {
        let requests: Vec<_> = requests.into_iter().map(|(priority, tenant)| (priority, tenant, 1_000)).collect();
        let mut line = Line::new(10_000, &requests);
        let mut expected: Vec<_> = line
            .waiting
            .clone()
            .into_iter()
            .map(|ticket| (line.limiter.outlook(line.now, ticket).unwrap().position, ticket))
            .collect();
        expected.sort_unstable();
        let mut order = Vec::new();
        while !line.waiting.is_empty() {
            order.extend(line.next());
        }
        let order: Vec<_> = (0..).zip(order).collect();
        prop_assert_eq!(order, expected);
    }

    #[test]
    fn one_line_for_a_bucket_starts_exactly_when_it_was_said(
        tpm in 600..2_000_000_u64,
        sizes in prop::collection::vec(1..600_u32, 1..60),
        late_ms in 0..500_u64,
    ) {
        let requests: Vec<_> = core::iter::once(u32::try_from(tpm).unwrap())
            .chain(sizes)
            .map(|tokens| (2, 0, tokens))
            .collect();
        let mut line = Line::new(tpm, &requests);
        line.now += Duration::from_millis(late_ms);
        line.limiter.handle_timeout(line.now);
        line.starts();
        let newcomer = Cost { input_tokens: 5, ..Cost::REQUEST };
        let estimate = line.limiter.estimate(line.now, ScopeId::DEFAULT, newcomer, Priority::NORMAL, "");
        let last = line.limiter.submit(line.now, Submission::new(newcomer)).unwrap();
        line.waiting.push(last);
        line.starts();
        if line.waiting.is_empty() {
            prop_assert_eq!(estimate, Ok(Some(Duration::ZERO)));
        } else {
            prop_assert_eq!(estimate, Ok(line.limiter.outlook(line.now, last).unwrap().expected));
        }
        let said: BTreeMap<Ticket, Instant> = line
            .waiting
            .clone()
            .into_iter()
            .map(|ticket| (ticket, line.now + line.limiter.outlook(line.now, ticket).unwrap().expected.unwrap()))
            .collect();
        while !line.waiting.is_empty() {
            for ticket in line.next() {
                let error = line.now.since(said[&ticket]).max(said[&ticket].since(line.now));
                prop_assert!(error < Duration::from_nanos(200), "{:?} and not {:?}", line.now, said[&ticket]);
            }
        }
    }

    #[test]
    fn who_is_refused_at_once_would_not_have_started_by_its_deadline(
        tpm in 600..6_000_u64,
        requests in prop::collection::vec((0..4_usize, 0..4_usize, 1..600_u32), 1..40),
        own in (0..4_usize, 0..4_usize, 1..600_u32),
        max_wait_ms in 0..120_000_u64,
    ) {
        let mut line = Line::new(tpm, &requests);
        let (priority, tenant, tokens) = own;
        let submission = Submission {
            priority: Priority::NAMED[priority],
            tenant: ["", "x", "y", "z"][tenant],
            ..Submission::new(Cost { input_tokens: tokens, ..Cost::REQUEST })
        };
        let max_wait = Duration::from_millis(max_wait_ms);
        let hasty = Submission { max_wait: Some(max_wait), ..submission };
        match line.limiter.submit(line.now, hasty) {
            Ok(ticket) => assert!(line.limiter.cancel(line.now, ticket)),
            Err(Refusal::DeadlineExceeded { position, expected, .. }) => {
                prop_assert!(expected.is_some_and(|wait| wait > max_wait), "{expected:?} is not honest");
                let deadline = line.now + max_wait;
                let ticket = line.limiter.submit(line.now, submission).unwrap();
                line.waiting.push(ticket);
                prop_assert!(line.starts().is_empty() || position > 0);
                while line.waiting.contains(&ticket) {
                    line.next();
                }
                prop_assert!(line.now > deadline, "it started at {:?}, before {deadline:?}", line.now);
            }
            Err(refusal) => panic!("{refusal}"),
        }
    }
}
