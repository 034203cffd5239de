//! The scheduler that knows everything is never refused, and reaches what can be reached.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use std::time::Duration;

use client::server;
use serde_json::{Value, json};
use tidegate_simulator::bound::lower_bound;
use tidegate_simulator::omniscient::{Next, Scheduler};
use tidegate_simulator::workload::{self, Job, generate};
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

#[test]
fn probe() {
    let kinds: Vec<(&str, Value)> = vec![
        (
            "bucket of 10 s",
            json!({ "limits": { "default": { "rpm": 600, "itpm": 200_000, "otpm": 60_000, "tpm": 300_000, "burstMs": 10_000 } } }),
        ),
        (
            "bucket of 60 s",
            json!({ "limits": { "default": { "rpm": 200, "itpm": 60_000, "otpm": 20_000, "tpm": 100_000 } } }),
        ),
        (
            "hidden burst",
            json!({ "limits": { "default": { "rpm": 600, "itpm": 800_000, "otpm": 240_000, "tpm": 600_000, "burstMs": 1_000, "hideBurst": true } } }),
        ),
        (
            "fixed window",
            json!({ "limits": { "default": { "rpm": 600, "itpm": 200_000, "otpm": 60_000, "tpm": 300_000, "burstMs": 10_000, "enforcement": "fixed-window" } } }),
        ),
        (
            "sliding window",
            json!({ "limits": { "default": { "rpm": 600, "itpm": 200_000, "otpm": 60_000, "tpm": 300_000, "burstMs": 10_000, "enforcement": "sliding-window" } } }),
        ),
        (
            "neighbour",
            json!({ "limits": { "default": { "rpm": 600, "itpm": 200_000, "otpm": 60_000, "tpm": 300_000, "burstMs": 10_000 } }, "neighbour": { "share": 0.4 } }),
        ),
        (
            "neighbour comes and goes",
            json!({ "limits": { "default": { "rpm": 600, "itpm": 200_000, "otpm": 60_000, "tpm": 300_000, "burstMs": 10_000 } }, "neighbour": { "share": 0.6, "fromMs": 2_000, "everyMs": 15_000, "forMs": 5_000 } }),
        ),
        (
            "changes",
            json!({ "limits": { "default": { "rpm": 600, "itpm": 200_000, "otpm": 60_000, "tpm": 300_000, "burstMs": 10_000 } },
            "changes": [{ "atMs": 8_000, "limits": { "default": { "rpm": 300, "itpm": 100_000, "otpm": 30_000, "tpm": 150_000, "burstMs": 10_000 } } },
                        { "atMs": 25_000, "limits": { "default": { "rpm": 900, "itpm": 300_000, "otpm": 90_000, "tpm": 400_000, "burstMs": 10_000 } } }] }),
        ),
        (
            "ramp",
            json!({ "limits": { "default": { "rpm": 600, "itpm": 200_000, "otpm": 60_000, "tpm": 300_000, "burstMs": 10_000 } }, "ramp": { "perMinute": 120, "growthPercent": 50, "everyMs": 5_000 } }),
        ),
        (
            "crowd",
            json!({ "limits": { "default": { "rpm": 600, "itpm": 200_000, "otpm": 60_000, "tpm": 300_000, "burstMs": 10_000 } }, "maxInFlight": 8 }),
        ),
    ];
    for (kind, options) in kinds {
        let mut options = options;
        options["timing"] = json!({ "firstTokenMs": 250, "tokensPerSecond": 400 });
        for name in workload::NAMES {
            let jobs = generate(name, 300, 3).unwrap();
            let bound = lower_bound(&jobs, &Options::from_json(&options.to_string()).unwrap(), Duration::ZERO);
            let started = std::time::Instant::now();
            let outcome = run(&jobs, &[], &options);
            let took = started.elapsed();
            let ratio = outcome.makespan.as_secs_f64() * 1e3 / bound.ms;
            println!(
                "{} {kind} / {name}: bound {:.0} ({}) makespan {:.0} ratio {ratio:.3} declined {:?} asked {} took {took:?} unsent {}",
                if ratio < 1.0 || ratio > 1.03 || !outcome.declined.is_empty() { "!!" } else { "  " },
                bound.ms,
                bound.binding,
                outcome.makespan.as_millis(),
                outcome.declined.len(),
                outcome.asked,
                outcome.sent.iter().filter(|at| **at == Duration::MAX).count()
            );
        }
    }
}
