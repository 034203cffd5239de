//! Servers that say that they are overloaded, where fewer requests in flight are a remedy, and where they are none.
//!
//! `cargo test --release --test simulation remedy -- --nocapture` prints the figures.

use std::time::Duration as StdDuration;

use tidegate::limiter::Limiter;
use tidegate::options::{Value, parse, record};
use tidegate::random::Random;
use tidegate::time::{Duration, Instant};
use tidegate_simulator::Options;
use tidegate_simulator::bound::lower_bound_with_arrivals;
use tidegate_simulator::workload::Job;

use crate::outcome::Outcome;
use crate::process::Process;
use crate::world::World;

/// What a run came to.
struct Run {
    outcome: Outcome,
    /// The makespan as a multiple of the least time in which anybody could be done without faults.
    ratio: f64,
}

impl Run {
    fn overloads(&self) -> u32 {
        self.outcome.declined.get(&529).copied().unwrap_or(0)
    }
}

/// 2,000 requests, 800 of them at once and the others 1,100 a minute, of which the limits need some 80 in flight.
fn jobs(seed: u64) -> Vec<(Instant, Job)> {
    let mut random = Random::new(seed);
    let mut about = |mean: u64| mean / 2 + random.up_to(mean);
    let job = |number: u64| {
        let at = Duration::from_nanos(number.saturating_sub(AT_ONCE) * 60_000_000_000 / PER_MINUTE);
        let (input_tokens, output_tokens) = (about(600), about(350));
        let model = "claude-sonnet-5".to_owned();
        (Instant::ZERO + at, Job { model, input_tokens, output_tokens, max_tokens: 1_024, ..Job::default() })
    };
    (0..JOBS).map(job).collect()
}

/// Runs them against a server with `trouble`, whose limits the limiter is told.
fn run(trouble: &str, seed: u64) -> Run {
    let limits = format!(r#""default": {{ "rpm": {RPM}, "itpm": {ITPM}, "otpm": {OTPM}, "burstMs": {BURST_MS} }}"#);
    let server = format!(r#"{{ "seed": {seed}, "limits": {{ {limits} }}, {trouble} }}"#);
    let tasks = jobs(seed);
    let (arrivals, jobs): (Vec<_>, Vec<_>) =
        tasks.iter().map(|(at, job)| (StdDuration::from_nanos(at.as_nanos()), job.clone())).unzip();
    let options = Options::from_json(&server).expect("the simulator's options are right");
    let bound = lower_bound_with_arrivals(&jobs, &arrivals, &options, StdDuration::ZERO);
    let limiter = Limiter::new(&parse(&told()).expect("the limiter's options are right"), seed);
    let outcome = World::of(vec![Process::new(limiter, seed)], &server).run(tasks);
    assert_eq!(outcome.completed(), jobs.len(), "{trouble}, seed {seed}: something was lost");
    let run = Run { ratio: outcome.makespan.as_secs_f64() * 1_000.0 / bound.ms, outcome };
    eprintln!(
        "{trouble}, seed {seed}: {:.3} of the bound by {}, {} overloads",
        run.ratio,
        bound.binding,
        run.overloads()
    );
    run
}

fn told() -> Value {
    let limit = |dimension: &str, amount: u64| {
        record([
            ("dimension", dimension.into()),
            ("amount", amount.into()),
            ("periodMs", 60_000.0.into()),
            ("burst", (amount * BURST_MS / 60_000).into()),
        ])
    };
    let limits = vec![limit("requests", RPM), limit("input_tokens", ITPM), limit("output_tokens", OTPM)];
    record([("limits", record([("claude-*", record([("limits", Value::List(limits))]))]))])
}

/// What runs of several seeds came to: the means of their ratios and of their overloads.
fn runs(trouble: &str) -> (f64, f64) {
    let seeds: Vec<u64> = match std::env::var("TIDEGATE_SEEDS") {
        Ok(list) => list.split(',').map(|seed| seed.trim().parse().expect("a number")).collect(),
        Err(_) => vec![1, 2, 3],
    };
    let runs: Vec<Run> = seeds.into_iter().map(|seed| run(trouble, seed)).collect();
    let mean = |look: fn(&Run) -> f64| runs.iter().map(look).sum::<f64>() / runs.len() as f64;
    let (ratio, overloads) = (mean(|run| run.ratio), mean(|run| run.overloads().into()));
    eprintln!("{trouble}: {ratio:.3} of the bound, {overloads:.0} overloads");
    (ratio, overloads)
}

#[test]
fn where_requests_are_turned_away_at_random_hardly_any_time_is_lost() {
    let (quiet, _) = runs(r#""faults": {}"#);
    for (share, most) in [(0.005, 1.01), (0.01, 1.01), (0.02, 1.02), (0.05, 1.06), (0.1, 1.4)] {
        let (ratio, _) = runs(&format!(r#""faults": {{ "overloaded": {share} }}"#));
        assert!(ratio < quiet * most, "{share}: {ratio} of the bound, {quiet} without");
    }
}

#[test]
fn a_server_with_a_capacity_is_kept_near_it_and_turns_hardly_anybody_away() {
    for capacity in [8, 20, 40, 60] {
        let (ratio, overloads) = runs(&format!(r#""capacity": {capacity}"#));
        assert!(ratio < 1.45, "{capacity}: {ratio} of the bound");
        assert!(overloads < 40.0, "{capacity}: {overloads}");
    }
}

#[test]
fn a_capacity_is_found_among_overloads_at_random() {
    let (ratio, overloads) = runs(r#""capacity": 40, "faults": { "overloaded": 0.02 }"#);
    assert!(ratio < 1.45, "{ratio} of the bound");
    // Of which forty are those at random.
    assert!(overloads < 90.0, "{overloads}");
}

#[test]
fn a_storm_meets_few_and_is_soon_forgotten() {
    for share in [1.0, 0.5] {
        let storm = format!(r#""storms": [{{ "fromMs": 20000, "untilMs": 40000, "share": {share} }}]"#);
        let (ratio, overloads) = runs(&storm);
        assert!(overloads < 25.0, "{share}: {overloads}");
        assert!(ratio < 1.65, "{share}: {ratio} of the bound");
    }
}

const JOBS: u64 = 2_000;
const AT_ONCE: u64 = 800;
const PER_MINUTE: u64 = 1_100;
const RPM: u64 = 1_000;
const ITPM: u64 = 2_000_000;
const OTPM: u64 = 400_000;
const BURST_MS: u64 = 10_000;
