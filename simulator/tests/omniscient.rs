//! The scheduler that knows everything is never refused, and reaches what can be reached.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use std::time::Duration;

use client::server;
use serde_json::{Value, json};
use tidegate_simulator::bound::lower_bound;
use tidegate_simulator::omniscient::{Next, Scheduler};
use tidegate_simulator::workload::{self, Job, Priority, generate};
use tidegate_simulator::{Options, Server};

/// What a run came to.
#[derive(Debug)]
struct Outcome {
    /// Statuses other than 200.
    declined: Vec<u16>,
    /// When each job was sent.
    sent: Vec<Duration>,
    /// When all answers have ended and all debts are paid.
    makespan: Duration,
    asked: usize,
}

fn run(jobs: &[Job], arrivals: &[Duration], options: &Value) -> Outcome {
    let mut server: Server = server(options.clone());
    let mut scheduler = Scheduler::new(&server, jobs, arrivals, "key");
    let mut now = Duration::ZERO;
    let mut outcome =
        Outcome { declined: Vec::new(), sent: vec![Duration::MAX; jobs.len()], makespan: Duration::ZERO, asked: 0 };
    loop {
        outcome.asked += 1;
        assert!(outcome.asked < 100 * jobs.len(), "it is asked without end");
        match scheduler.next(now, &mut server) {
            Next::Start(job) => {
                let exchange = server.handle(now, &workload::request(&jobs[job], job, "key"));
                outcome.sent[job] = now;
                if exchange.status() != 200 {
                    outcome.declined.push(exchange.status());
                }
                outcome.makespan = outcome.makespan.max(exchange.ends_at().unwrap());
            }
            Next::WaitUntil(instant) => {
                assert!(instant > now);
                now = instant;
            }
            Next::Done => break,
        }
    }
    let stats = server.stats(outcome.makespan);
    let groups = stats.organisations.iter().flat_map(|organisation| &organisation.groups);
    let paid = groups.flat_map(|group| &group.limits).map(|limit| limit.paid_at_ms).fold(0.0, f64::max);
    outcome.makespan = outcome.makespan.max(Duration::from_secs_f64(paid / 1_000.0));
    outcome
}

/// A server with limits that an answer of any workload fits into, and more of its options.
fn kind(burst_ms: u64, factor: u64, further: &Value) -> Value {
    let mut options = json!({
        "limits": { "default": limits(burst_ms, factor) },
        "timing": { "firstTokenMs": 250, "tokensPerSecond": 400 },
    });
    options.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    options
}

fn limits(burst_ms: u64, factor: u64) -> Value {
    json!({
        "rpm": 6 * factor, "itpm": 2_000 * factor, "otpm": 600 * factor, "tpm": 3_000 * factor, "burstMs": burst_ms,
    })
}

/// It is never refused, and needs at least as long as the bound says and at most so much longer.
fn judge(name: &str, options: &Value, most: f64) {
    let jobs = generate(name, 120, 3).unwrap();
    let bound = lower_bound(&jobs, &Options::from_json(&options.to_string()).unwrap(), Duration::ZERO).ms;
    let outcome = run(&jobs, &[], options);
    assert_eq!(outcome.declined, Vec::<u16>::new(), "{name}: {options}");
    assert!(outcome.sent.iter().all(|&at| at != Duration::MAX), "{name}: {options}");
    let reached = outcome.makespan.as_secs_f64() * 1_000.0;
    // A hundredth of a millisecond of rounding.
    assert!(reached + 0.01 >= bound, "{name}: {reached} beats {bound}: {options}");
    assert!(reached <= bound * most + 300.0, "{name}: {reached} against {bound}: {options}");
}

#[test]
fn it_reaches_the_bound_of_buckets_whoever_shares_them_and_however_they_change() {
    let changes = json!([
        { "atMs": 3_000, "limits": { "default": limits(10_000, 50) } },
        { "atMs": 12_000, "limits": { "default": limits(10_000, 150) } },
    ]);
    for further in [
        json!({}),
        json!({ "neighbour": { "share": 0.4 } }),
        json!({ "neighbour": { "share": 0.6, "fromMs": 2_000, "everyMs": 15_000, "forMs": 5_000 } }),
        json!({ "changes": changes }),
        json!({ "maxInFlight": 8 }),
    ] {
        for name in ["mixed", "input-bound", "output-bound", "requests-bound", "two-models", "openai-max-tokens"] {
            // What a raised limit lets go at once still has to be answered.
            let most = if further.get("changes").is_some() {
                1.12
            } else if further.get("maxInFlight").is_some() {
                // The bound counts the shortest time in which a request can be answered, a quarter below the usual.
                1.34
            } else {
                1.02
            };
            judge(name, &kind(10_000, 100, &further), most);
        }
    }
}

#[test]
fn it_is_never_refused_by_any_kind_of_server() {
    let window = |enforcement: &str| {
        let mut window = limits(10_000, 100);
        window["enforcement"] = json!(enforcement);
        json!({ "limits": { "default": window } })
    };
    let mut hidden = limits(1_000, 400);
    hidden["hideBurst"] = json!(true);
    for further in [
        window("fixed-window"),
        window("sliding-window"),
        json!({ "limits": { "default": hidden } }),
        json!({ "ramp": { "perMinute": 120, "growthPercent": 50, "everyMs": 5_000 } }),
        json!({ "chargeRefusals": true, "headers": { "hide": true }, "neighbour": { "share": 0.2, "fromMs": 1_050 } }),
    ] {
        for name in workload::NAMES {
            judge(name, &kind(10_000, 100, &further), f64::INFINITY);
        }
    }
}

#[test]
fn a_cached_prefix_is_written_once_and_turns_wait_for_the_answer_before() {
    let options = kind(10_000, 100, &json!({}));
    judge("cached-prefix", &options, 1.03);
    let jobs = generate("cached-prefix", 120, 3).unwrap();
    let outcome = run(&jobs, &[], &options);
    assert_eq!(outcome.sent.iter().filter(|at| at.is_zero()).count(), 1, "the first is sent alone");
    for (index, job) in jobs.iter().enumerate() {
        assert!(job.after.is_none_or(|before| outcome.sent[before] < outcome.sent[index]));
    }
}

#[test]
fn no_interactive_job_waits_for_the_batch_beside_it() {
    let jobs = generate("interactive-and-batch", 200, 3).unwrap();
    let is_interactive = |job: &Job| job.priority == Priority::High;
    let mut next = Duration::ZERO;
    let arrivals: Vec<Duration> = jobs
        .iter()
        .map(|job| {
            next += Duration::from_millis(if is_interactive(job) { 1_500 } else { 0 });
            if is_interactive(job) { next } else { Duration::ZERO }
        })
        .collect();
    let options = kind(10_000, 100, &json!({ "neighbour": { "share": 0.2 } }));
    let bound = lower_bound(&jobs, &Options::from_json(&options.to_string()).unwrap(), Duration::ZERO).ms;
    let outcome = run(&jobs, &arrivals, &options);
    assert_eq!(outcome.declined, Vec::<u16>::new());
    for (index, job) in jobs.iter().enumerate().filter(|(_, job)| is_interactive(job)) {
        assert_eq!(outcome.sent[index], arrivals[index], "{job:?}");
    }
    assert!(outcome.makespan.as_secs_f64() * 1_000.0 <= bound * 1.03, "{:?} against {bound}", outcome.makespan);
}

#[test]
fn a_failed_job_is_sent_again_when_it_is_said() {
    let jobs = generate("requests-bound", 3, 3).unwrap();
    let mut server = server(json!({}));
    let mut scheduler = Scheduler::new(&server, &jobs, &[], "key");
    while scheduler.next(Duration::ZERO, &mut server) != Next::Done {}
    scheduler.again(1);
    assert_eq!(scheduler.next(Duration::ZERO, &mut server), Next::Start(1));
    assert_eq!(scheduler.next(Duration::ZERO, &mut server), Next::Done);
}

#[test]
fn what_has_not_arrived_counts_as_sent() {
    let jobs = generate("requests-bound", 20, 3).unwrap();
    let mut server = server(json!({ "limits": { "default": { "rpm": 600, "burstMs": 1_000 } } }));
    let mut scheduler = Scheduler::new(&server, &jobs, &[], "key");
    for _ in 0..10 {
        assert!(matches!(scheduler.next(Duration::ZERO, &mut server), Next::Start(_)));
    }
    assert_eq!(scheduler.next(Duration::ZERO, &mut server), Next::WaitUntil(Duration::from_millis(100)));
}
