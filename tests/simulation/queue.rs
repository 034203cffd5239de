//! What the queue promises, measured: who waits how long beside whom.
//!
//! `cargo test --release --test simulation queue -- --nocapture` prints the figures.

use std::collections::BTreeMap;

use tidegate::cost::Cost;
use tidegate::limiter::{Limiter, Output, Submission, Ticket};
use tidegate::options::{Value, parse, record};
use tidegate::queue::{MOST_PASSES, Priority};
use tidegate::random::Random;
use tidegate::time::{Duration, Instant};

/// A call that is handed in.
#[derive(Clone, Debug)]
struct Call {
    at: Instant,
    priority: Priority,
    tenant: String,
    tokens: u32,
    /// How long its answer takes.
    service: Duration,
}

/// A call that started.
#[derive(Clone, Debug)]
struct Life {
    call: Call,
    started_at: Instant,
}

impl Life {
    fn wait_ms(&self) -> u64 {
        self.started_at.since(self.call.at).as_millis_ceil()
    }
}

/// Hands in all calls at their instants, ends each when its answer has come, and tells of all that started by `end`.
fn play(limits: Value, queue: Value, mut calls: Vec<Call>, end: Instant) -> Vec<Life> {
    let options = record([("limits", record([("default", record([("limits", limits)]))])), ("queue", queue)]);
    let mut limiter = Limiter::new(&parse(&options).expect("the options are right"), 1);
    calls.sort_by_key(|call| call.at);
    let mut calls = calls.into_iter().peekable();
    let mut waiting: BTreeMap<Ticket, Call> = BTreeMap::new();
    let mut endings: BTreeMap<(Instant, Ticket), Cost> = BTreeMap::new();
    let mut lives = Vec::new();
    let mut now = Instant::ZERO;
    while now < end {
        while let Some(call) = calls.next_if(|call| call.at <= now) {
            let cost = Cost { input_tokens: call.tokens, ..Cost::REQUEST };
            let submission = Submission { priority: call.priority, tenant: &call.tenant, ..Submission::new(cost) };
            let ticket = limiter.submit(now, submission).expect("it fits");
            waiting.insert(ticket, call);
        }
        while let Some(entry) = endings.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, ticket), cost) = entry.remove_entry();
            limiter.settle(now, ticket, cost);
        }
        limiter.handle_timeout(now);
        while let Some(output) = limiter.poll_output() {
            let Output::Start(ticket) = output else { panic!("{output:?}") };
            let call = waiting.remove(&ticket).expect("who waits starts, and once");
            endings.insert((now + call.service, ticket), limiter.reserved(ticket).expect("it is in flight"));
            lives.push(Life { call, started_at: now });
        }
        let due = limiter.poll_timeout().map(|wake_up| wake_up.at);
        let next = [due, calls.peek().map(|call| call.at), endings.first_key_value().map(|((at, _), _)| *at)];
        let Some(next) = next.into_iter().flatten().min() else { break };
        assert!(next > now, "it does not go on at {now:?}");
        now = next;
    }
    lives
}

/// The one who hands in `each` after `each`, as many as there are until `end`, from a random instant in the first on.
fn every(
    each: Duration,
    end: Instant,
    random: &mut Random,
    mut call: impl FnMut(Instant, &mut Random) -> Call,
) -> Vec<Call> {
    let mut at = Instant::ZERO + Duration::from_nanos(random.up_to(each.as_nanos()));
    let mut calls = Vec::new();
    while at < end {
        calls.push(call(at, random));
        at += each;
    }
    calls
}

fn tokens_a_minute(amount: u64, burst: u64) -> Value {
    Value::List(vec![record([
        ("dimension", Value::from("input_tokens")),
        ("amount", amount.into()),
        ("periodMs", 60_000_u64.into()),
        ("burst", burst.into()),
    ])])
}

fn in_flight(most: u64) -> Value {
    Value::List(vec![record([("dimension", Value::from("concurrency")), ("amount", most.into())])])
}

fn after(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

/// (Σx)² ÷ n Σx²: 1 if all are alike, 1/n if one has everything.
fn jain(of: &[f64]) -> f64 {
    let (sum, squares) = of.iter().fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
    sum * sum / (of.len() as f64 * squares)
}

fn percentile(mut of: Vec<u64>, percent: usize) -> u64 {
    of.sort_unstable();
    of[(of.len() * percent / 100).min(of.len() - 1)]
}

#[test]
fn a_hundred_tenants_whose_calls_and_demand_differ_get_the_same_by_cost() {
    let mut worst: f64 = 1.0;
    for seed in 1..=5 {
        let mut random = Random::new(seed);
        let end = after(600);
        let mut calls = Vec::new();
        // 10,000 tokens a second for 100 tenants: a hundred each. They want from 120 to 2,000, in calls of 25 to 3,000.
        for tenant in 0..100_u32 {
            let size = 50 + tenant * 20;
            let wanted = 120 + random.up_to(1_880);
            let each = Duration::from_millis(u64::from(size) * 1_000 / wanted);
            calls.extend(every(each, end, &mut random, |at, random| Call {
                at,
                priority: Priority::NORMAL,
                tenant: format!("tenant {tenant}"),
                tokens: size / 2 + random.up_to(u64::from(size)) as u32,
                service: Duration::from_secs(1),
            }));
        }
        let lives = play(tokens_a_minute(600_000, 5_000), Value::Nothing, calls, end);
        let mut served: BTreeMap<&str, f64> = BTreeMap::new();
        for life in &lives {
            *served.entry(&life.call.tenant).or_default() += f64::from(life.call.tokens);
        }
        let served: Vec<f64> = served.into_values().collect();
        assert_eq!(served.len(), 100);
        let used = served.iter().sum::<f64>() / 6_005_000.0;
        let index = jain(&served);
        eprintln!("100 tenants, seed {seed}: Jain's index {index:.4}, {used:.3} of the quota used");
        assert!(used > 0.99, "seed {seed}: {used}");
        worst = worst.min(index);
    }
    assert!(worst >= 0.99, "{worst}");
}

#[test]
fn nothing_is_passed_over_for_longer_than_is_stated() {
    for (below, above) in
        [(Priority::LOW, Priority::HIGH), (Priority::NORMAL, Priority::CRITICAL), (Priority::LOW, Priority::CRITICAL)]
    {
        let mut random = Random::new(7);
        let end = after(3_600);
        // Twice as much as there is quota for, all of it above.
        let mut calls = every(Duration::from_millis(500), end, &mut random, |at, _| Call {
            at,
            priority: above,
            tenant: String::new(),
            tokens: 100,
            service: Duration::from_secs(1),
        });
        calls.extend(every(Duration::from_secs(180), end, &mut random, |at, _| Call {
            at,
            priority: below,
            tenant: String::new(),
            tokens: 100,
            service: Duration::from_secs(1),
        }));
        let lives = play(tokens_a_minute(6_000, 100), Value::Nothing, calls, end);
        let low: Vec<u64> = lives.iter().filter(|life| life.call.priority == below).map(Life::wait_ms).collect();
        // One call a second is let through; so many more may start once it is overdue, and one was about to.
        let steps = u64::from(above.above(below)) * 30 / u64::from(Priority::STEP);
        let bound = steps * 1_000 + (u64::from(MOST_PASSES) + 2) * 1_000;
        let longest = low.iter().copied().max().unwrap_or_default();
        eprintln!("{below:?} below {above:?}: {} calls, the longest wait {longest} ms, stated {bound} ms", low.len());
        assert!(low.len() >= 18, "{}", low.len());
        assert!(longest <= bound, "{longest} > {bound}");
        assert!(longest >= steps * 1_000, "what is urgent goes first until then: {longest}");
    }
}

/// How long interactive calls take to their answer, in p95, alone and beside a batch that wants more than there is.
fn interactive(limits: &Value, service: Duration, seed: u64) -> [u64; 2] {
    [false, true].map(|is_beside| {
        let mut random = Random::new(seed);
        let end = after(600);
        let mut calls = every(Duration::from_secs(2), end, &mut random, |at, random| Call {
            at: at + Duration::from_millis(random.up_to(1_900)),
            priority: Priority::HIGH,
            tenant: String::new(),
            tokens: 200 + random.up_to(600) as u32,
            service,
        });
        if is_beside {
            calls.extend(every(Duration::from_millis(50), end, &mut random, |at, random| Call {
                at,
                priority: Priority::LOW,
                tenant: String::new(),
                tokens: 200 + random.up_to(2_000) as u32,
                service,
            }));
        }
        let lives = play(limits.clone(), Value::Nothing, calls, end);
        // Not those of the first minute, in which nobody knew that they come.
        let taken = lives.iter().filter(|life| life.call.priority == Priority::HIGH && life.call.at > after(60));
        percentile(taken.map(|life| life.wait_ms() + service.as_millis_ceil()).collect(), 95)
    })
}

#[test]
fn interactive_calls_take_hardly_longer_beside_a_saturating_batch() {
    let service = Duration::from_secs(2);
    let kinds = [
        ("tokens a minute", tokens_a_minute(600_000, 50_000), 0),
        // With every place taken, the next one to end makes room: a service slot.
        ("ten in flight", in_flight(10), 2_000),
    ];
    for (name, limits, slot) in kinds {
        for seed in 1..=4 {
            let [alone, beside] = interactive(&limits, service, seed);
            eprintln!("{name}, seed {seed}: p95 {beside} ms beside a batch, {alone} ms alone");
            assert!(beside * 10 <= alone * 11 + slot * 10, "{name}, seed {seed}: {beside} > 1.1 x {alone} + {slot}");
        }
    }
}
