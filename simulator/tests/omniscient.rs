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
    for name in workload::NAMES {
        let jobs = generate(name, 300, 3).unwrap();
        let options = json!({
            "limits": { "default": { "rpm": 600, "itpm": 200_000, "otpm": 60_000, "tpm": 300_000, "burstMs": 10_000 } },
            "timing": { "firstTokenMs": 250, "tokensPerSecond": 400 },
        });
        let bound = lower_bound(&jobs, &Options::from_json(&options.to_string()).unwrap(), Duration::ZERO);
        let started = std::time::Instant::now();
        let outcome = run(&jobs, &[], &options);
        let took = started.elapsed();
        println!(
            "{name}: bound {:.0} ({}) makespan {:.0} ratio {:.3} declined {:?} asked {} took {took:?} sent {}",
            bound.ms,
            bound.binding,
            outcome.makespan.as_millis(),
            outcome.makespan.as_secs_f64() * 1e3 / bound.ms,
            outcome.declined.len(),
            outcome.asked,
            outcome.sent.iter().filter(|at| **at != Duration::MAX).count()
        );
    }
}
