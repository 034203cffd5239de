//! How a server enforces a limit is found out from its answers: a bucket is never taken for a window, and a window is found.

use std::time::Duration as StdDuration;

use tidegate::ledger::Change;
use tidegate::limiter::{Event, Limiter};
use tidegate::options::{Value, parse, record};
use tidegate::quota::Enforcement;
use tidegate::random::Random;
use tidegate::time::{Duration, Instant};
use tidegate_simulator::Options;
use tidegate_simulator::bound::lower_bound;
use tidegate_simulator::workload::{Job, Priority};

use crate::outcome::Outcome;
use crate::process::{Network, Process};
use crate::world::World;

/// Requests that come at once, and whose answers come whole.
#[derive(Clone, Copy, Debug)]
struct Load {
    requests: u64,
    input_tokens: u64,
    output_tokens: u64,
    /// Of a hundred, how many somebody waits for.
    urgent: u64,
}

/// A server of Claude's.
#[derive(Clone, Copy, Debug)]
struct Limits {
    rpm: u64,
    itpm: u64,
    otpm: u64,
    /// How many seconds' worth may go at once, or how long a window is.
    secs: u64,
    enforcement: &'static str,
}

const LOAD: Load = Load { requests: 2_000, input_tokens: 400, output_tokens: 350, urgent: 20 };
const LIMITS: Limits = Limits { rpm: 1_000, itpm: 2_000_000, otpm: 400_000, secs: 10, enforcement: "token-bucket" };

impl Load {
    fn jobs(self, seed: u64) -> Vec<(Instant, Job)> {
        let mut random = Random::new(seed);
        let jobs = (0..self.requests).map(|number| {
            let priority = if random.up_to(99) < self.urgent { Priority::High } else { Priority::Normal };
            let mut about = |mean: u64| mean / 2 + random.up_to(mean);
            let (input_tokens, output_tokens) = (about(self.input_tokens).max(20), about(self.output_tokens).max(1));
            let max_tokens = (2 * output_tokens).max(1_024);
            let model = "claude-sonnet-5".to_owned();
            let job = Job { model, input_tokens, output_tokens, max_tokens, priority, ..Job::default() };
            (Instant::ZERO + Duration::from_millis(number / 10), job)
        });
        jobs.collect()
    }
}

impl Limits {
    fn of_server(self, seed: u64) -> String {
        let Self { rpm, itpm, otpm, secs, enforcement } = self;
        format!(
            r#"{{ "seed": {seed}, "limits": {{ "default": {{ "rpm": {rpm}, "itpm": {itpm}, "otpm": {otpm},
            "burstMs": {secs}000, "enforcement": "{enforcement}" }} }} }}"#
        )
    }

    /// The limits by the minute as buckets, with their bursts.
    fn told(self) -> Value {
        let limit = |dimension: &str, amount: u64| {
            let burst = (amount * self.secs / 60).max(1);
            record([
                ("dimension", dimension.into()),
                ("amount", amount.into()),
                ("periodMs", 60_000.0.into()),
                ("burst", burst.into()),
            ])
        };
        let limits = [("requests", self.rpm), ("input_tokens", self.itpm), ("output_tokens", self.otpm)];
        let limits = limits.map(|(dimension, amount)| limit(dimension, amount)).to_vec();
        record([("limits", record([("claude-*", record([("limits", Value::List(limits))]))]))])
    }

    fn run(self, load: Load, options: &Value, seed: u64) -> (Outcome, f64) {
        let jobs = load.jobs(seed);
        let server = self.of_server(seed);
        let all: Vec<Job> = jobs.iter().map(|(_, job)| job.clone()).collect();
        let bound = lower_bound(&all, &Options::from_json(&server).expect("right"), StdDuration::ZERO);
        let limiter = Limiter::new(&parse(options).expect("the limiter's options are right"), seed);
        let process = Process { network: NEARBY, ..Process::new(limiter, seed) };
        let outcome = World::of(vec![process], &server).run(jobs);
        let ratio = outcome.makespan.as_secs_f64() * 1_000.0 / bound.ms;
        (outcome, ratio)
    }
}

/// The limits that were found to be windows, in the order in which they were.
fn windows(outcome: &Outcome) -> Vec<String> {
    let windows = changes(outcome).filter(|change| change.quota.enforcement() != Enforcement::TokenBucket);
    windows.map(|change| format!("{:?} {:?}", change.dimension, change.quota)).collect()
}

/// What was told of limits, one thing after the other.
fn changes(outcome: &Outcome) -> impl Iterator<Item = &Change> {
    outcome
        .events
        .iter()
        .filter_map(|(_, event)| if let Event::Limit { change, .. } = event { Some(change) } else { None })
}

fn seeds(most: u64) -> Vec<u64> {
    match std::env::var("TIDEGATE_SEEDS") {
        Ok(list) => list.split(',').map(|seed| seed.parse().expect("a number")).collect(),
        Err(_) => (1..=most).collect(),
    }
}

#[test]
fn a_token_bucket_is_never_taken_for_a_window() {
    let writing = Load { output_tokens: 1_500, requests: 400, ..LOAD };
    let reading = Load { input_tokens: 4_000, output_tokens: 50, requests: 400, ..LOAD };
    for secs in [2, 10, 15, 30, 60] {
        for load in [writing, Load { urgent: 0, ..writing }, reading] {
            let limits = Limits { secs, ..LIMITS };
            for seed in seeds(2) {
                for options in [limits.told(), Value::Nothing] {
                    let (outcome, _) = limits.run(load, &options, seed);
                    assert_eq!(windows(&outcome), [""; 0], "seed {seed}, {secs} s, {load:?}");
                }
            }
        }
    }
}

#[test]
fn two_thousand_requests_at_once_take_hardly_longer_than_they_must() {
    for seed in seeds(3) {
        for (urgent, most) in [(0, 1.07), (20, 1.09)] {
            let load = Load { urgent, ..LOAD };
            let (outcome, ratio) = LIMITS.run(load, &LIMITS.told(), seed);
            assert_eq!(windows(&outcome), [""; 0], "seed {seed}");
            assert!(ratio < most, "seed {seed}, {urgent} % urgent: {ratio}");
        }
    }
}

#[test]
fn a_window_that_nobody_told_is_found_and_told_of_a_few_times_at_most() {
    let load = Load { input_tokens: 4_000, output_tokens: 50, requests: 1_000, ..LOAD };
    for enforcement in ["fixed-window", "sliding-window"] {
        let limits = Limits { enforcement, ..LIMITS };
        for seed in seeds(3) {
            let (outcome, _) = limits.run(load, &Value::Nothing, seed);
            let label = format!("seed {seed}, {enforcement}");
            assert!(windows(&outcome).iter().any(|found| found.contains("10000000000")), "{label}");
            let changes = changes(&outcome).count();
            assert!(changes <= MOST_CHANGES, "{label}: {changes}");
        }
    }
}

/// A server that is on the same machine, as a simulated one in a page is.
const NEARBY: Network =
    Network { slowest_there: Duration::ZERO, slowest_back: Duration::ZERO, connecting: Duration::ZERO };
/// Each of three limits is learned, found to be a window, and may change for a while between one that slides and one that
/// does not.
const MOST_CHANGES: usize = 20;
