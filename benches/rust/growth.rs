//! How the cost of one waiting request grows with how many there are: time to join, to give up and to start, and memory;
//! of one tenant, of up to 100,000 tenants, and in up to 10,000 scopes. Of each the exponent is shown: 0 is a cost that does
//! not depend on how many there are, 1 one that is proportional to it.

#![allow(clippy::print_stdout, reason = "a figure is a line of output")]

use std::alloc::System;
use std::time::Duration as Elapsed;

use cpu_time::ThreadTime;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tidegate::cost::{Cost, Dimension};
use tidegate::ledger::{Limit, Origin};
use tidegate::limiter::{Limiter, Output, ScopeId, Submission, Ticket};
use tidegate::policy::{Policy, ScopePolicy};
use tidegate::queue::Priority;
use tidegate::quota::Quota;
use tidegate::random::Random;
use tidegate::time::{Duration, Instant};
use tidegate_benches::COST;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How the waiters are spread.
#[derive(Clone, Copy, Debug)]
struct Spread {
    name: &'static str,
    most_tenants: u32,
    most_scopes: u32,
}

const SPREADS: [Spread; 3] = [
    Spread { name: "one tenant", most_tenants: 1, most_scopes: 1 },
    Spread { name: "100,000 tenants", most_tenants: 100_000, most_scopes: 1 },
    Spread { name: "10,000 scopes", most_tenants: 1, most_scopes: 10_000 },
];

/// What is measured of each waiter, in nanoseconds and bytes.
const MEASURES: [(&str, &str); 4] = [("enqueue", "ns"), ("cancel", "ns"), ("drain", "ns"), ("memory", "bytes")];

fn main() {
    // As Criterion's benchmarks understand it: whoever does not ask for a measurement wants to see that it works.
    let quick = !std::env::args().any(|arg| arg == "--bench");
    let sizes: &[u32] = if quick { &[100, 1_000] } else { &[1_000, 10_000, 100_000, 1_000_000] };
    for spread in SPREADS {
        let figures: Vec<[f64; 4]> = sizes.iter().map(|waiters| measure(spread, *waiters)).collect();
        for (nth, (name, unit)) in MEASURES.iter().enumerate() {
            for (waiters, figures) in sizes.iter().zip(&figures) {
                print(&format!("{name}, {waiters} waiters, {}", spread.name), figures[nth], unit);
            }
            let points = sizes.iter().zip(&figures).map(|(waiters, figures)| (f64::from(*waiters), figures[nth]));
            print(&format!("{name}, {}", spread.name), exponent(points), "exponent");
        }
    }
}

fn print(bench: &str, value: f64, unit: &str) {
    println!(r#"{{"bench":"{bench}","subject":"tidegate","value":{value:.3},"unit":"{unit}"}}"#);
}

/// The slope of the line through `points` where both axes are logarithms.
fn exponent(points: impl Iterator<Item = (f64, f64)>) -> f64 {
    let logs: Vec<(f64, f64)> = points.map(|(x, y)| (x.ln(), y.max(f64::MIN_POSITIVE).ln())).collect();
    let count = logs.len() as f64;
    let mean_x = logs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = logs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let covariance: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    covariance / logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum::<f64>()
}

/// Of few waiters several rounds are taken, so that a clock can tell them.
fn measure(spread: Spread, waiters: u32) -> [f64; 4] {
    let rounds = (100_000 / waiters).max(1);
    let mut spent = [Elapsed::ZERO; 3];
    let mut bytes = 0;
    let names: Vec<String> = (0..spread.most_tenants.min(waiters)).map(|tenant| format!("tenant {tenant}")).collect();
    for round in 0..rounds {
        let mut limiter = used_up(spread, waiters);
        let region = Region::new(ALLOCATOR);
        let start = ThreadTime::now();
        let mut tickets = submit(&mut limiter, spread, waiters, &names);
        spent[0] += start.elapsed();
        let change = region.change();
        bytes = change.bytes_allocated.saturating_sub(change.bytes_deallocated) - size_of_val(tickets.as_slice());
        shuffle(&mut tickets, u64::from(round));
        let start = ThreadTime::now();
        for ticket in &tickets {
            limiter.cancel(Instant::ZERO, *ticket);
        }
        spent[1] += start.elapsed();
        assert_eq!(limiter.waiting(), 0, "all have given up");

        let mut limiter = used_up(spread, waiters);
        submit(&mut limiter, spread, waiters, &names);
        let start = ThreadTime::now();
        limiter.handle_timeout(Instant::ZERO + Duration::MINUTE);
        let mut started = 0;
        while let Some(output) = limiter.poll_output() {
            started += u32::from(matches!(output, Output::Start(_)));
        }
        spent[2] += start.elapsed();
        assert_eq!(started, waiters, "all start when the quota is back");
    }
    let each = |spent: Elapsed| spent.as_nanos() as f64 / f64::from(waiters) / f64::from(rounds);
    [each(spent[0]), each(spent[1]), each(spent[2]), bytes as f64 / f64::from(waiters)]
}

fn submit(limiter: &mut Limiter, spread: Spread, waiters: u32, names: &[String]) -> Vec<Ticket> {
    let scopes = spread.most_scopes.min(waiters);
    let mut tickets = Vec::with_capacity(waiters as usize);
    for nth in 0..waiters {
        let tenant = if names.len() == 1 { "" } else { names[nth as usize % names.len()].as_str() };
        let scope = ScopeId::from_bits(1 + nth % scopes);
        let submission = Submission { scope, tenant, ..Submission::new(COST) };
        tickets.push(limiter.submit(Instant::ZERO, submission).expect("the queue has room"));
    }
    tickets
}

fn shuffle(tickets: &mut [Ticket], seed: u64) {
    let mut random = Random::new(seed);
    for last in (1..tickets.len()).rev() {
        let other = usize::try_from(random.up_to(last as u64)).expect("an index");
        tickets.swap(last, other);
    }
}

/// A limiter with three limits in each scope, all of them used up at the epoch and whole again a minute later.
fn used_up(spread: Spread, waiters: u32) -> Limiter {
    let scopes = spread.most_scopes.min(waiters);
    let each = waiters.div_ceil(scopes);
    let limit = |dimension, tokens: u32| {
        let quota = Quota::new(u64::from(each) * u64::from(tokens), Duration::MINUTE);
        Limit::new(dimension, quota, Origin::Configured)
    };
    let scope = |nth: u32| ScopePolicy {
        name: format!("scope {nth}"),
        models: Vec::new(),
        limits: vec![
            limit(Dimension::Requests, 1),
            limit(Dimension::InputTokens, COST.input_tokens),
            limit(Dimension::OutputTokens, COST.output_tokens),
        ],
    };
    let mut policy = Policy { scopes: (0..scopes).map(scope).collect(), ..Policy::default() };
    policy.queue.max_depth = 8_000_000;
    let mut limiter = Limiter::new(&policy, 42);
    let [input_tokens, output_tokens] = [COST.input_tokens, COST.output_tokens].map(|tokens| tokens * each);
    let all = Cost { requests: each, input_tokens, output_tokens, custom: 0 };
    for scope in 1..=scopes {
        let ticket = limiter.acquire_now(Instant::ZERO, ScopeId::from_bits(scope), all, Priority::NORMAL);
        limiter.release(ticket.expect("the whole burst is there"));
    }
    limiter
}
