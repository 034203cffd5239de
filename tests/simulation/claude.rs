//! Claude's limits: three at once, a token bucket each, output charged as it is produced.

use std::time::Duration as StdDuration;

use tidegate::limiter::{Event, Limiter};
use tidegate::options::{Value, parse, record};
use tidegate::time::{Duration, Instant};
use tidegate_simulator::Options;
use tidegate_simulator::bound::lower_bound;
use tidegate_simulator::workload::{self, Job};

use crate::api::CLAUDE;
use crate::outcome::Outcome;
use crate::world::World;

/// The limits of one model group and how much time's worth of them may go at once.
#[derive(Clone, Copy)]
struct Limits {
    rpm: u64,
    itpm: u64,
    otpm: u64,
    burst_ms: u64,
}

const LIMITS: Limits = Limits { rpm: 300, itpm: 100_000, otpm: 20_000, burst_ms: 60_000 };

impl Limits {
    fn of_server(self, seed: u64, faults: &str) -> String {
        let Self { rpm, itpm, otpm, burst_ms } = self;
        format!(
            r#"{{ "seed": {seed}, "faults": {{ {faults} }}, "limits": {{ "default": {{ "rpm": {rpm}, "itpm": {itpm},
            "otpm": {otpm}, "burstMs": {burst_ms} }} }} }}"#
        )
    }

    fn told(self) -> Value {
        let limit = |dimension: &str, amount: u64| {
            let burst = (amount * self.burst_ms / 60_000).max(1);
            record([
                ("dimension", dimension.into()),
                ("amount", amount.into()),
                ("periodMs", 60_000.0.into()),
                ("burst", burst.into()),
            ])
        };
        let limits = Value::List(vec![
            limit("requests", self.rpm),
            limit("input_tokens", self.itpm),
            limit("output_tokens", self.otpm),
        ]);
        record([("limits", record([("claude-*", record([("limits", limits)]))]))])
    }
}

fn seeds() -> Vec<u64> {
    match std::env::var("TIDEGATE_SEEDS") {
        Ok(list) => list.split(',').map(|seed| seed.parse().expect("a number")).collect(),
        Err(_) => vec![1, 2],
    }
}

/// More of them, where a law holds of most.
fn many_seeds() -> Vec<u64> {
    if std::env::var_os("TIDEGATE_SEEDS").is_some() { seeds() } else { (1..=8).collect() }
}

fn limiter(options: &Value, seed: u64) -> Limiter {
    Limiter::new(&parse(options).expect("the limiter's options are right"), seed)
}

fn all_at_once(jobs: Vec<Job>) -> Vec<(Instant, Job)> {
    jobs.into_iter().map(|job| (Instant::ZERO, job)).collect()
}

fn assert_all_done_once(outcome: &Outcome, label: &str) {
    assert!(outcome.refusals.is_empty(), "{label}: {:?}", outcome.refusals);
    let wrong: Vec<_> = outcome.answers.iter().filter(|statuses| *statuses != &[200]).collect();
    assert!(wrong.is_empty(), "{label}: {wrong:?}");
}

/// Runs every workload from every seed under `limits`, and looks at what came of it.
fn try_all(limits: Limits, options: &Value, faults: &str, look: impl Fn(&Outcome, f64, &str)) {
    for name in CLAUDE.into_iter().filter(|name| *name != "cached-prefix") {
        for seed in seeds() {
            let label = format!("{name}, seed {seed}, burst {} ms", limits.burst_ms);
            let jobs = workload::generate(name, 400, seed).expect("a known workload");
            let server = limits.of_server(seed, faults);
            let bound = lower_bound(&jobs, &Options::from_json(&server).expect("right"), StdDuration::ZERO);
            let outcome = World::new(limiter(options, seed), &server, seed).run(all_at_once(jobs));
            let ratio = outcome.makespan.as_secs_f64() * 1_000.0 / bound.ms;
            eprintln!("{label}: {ratio:.3} of the bound by {}, declined {:?}", bound.binding, outcome.declined);
            look(&outcome, ratio, &label);
        }
    }
}

/// Attempts that the server refused for want of quota, in a hundred.
fn refused_percent(outcome: &Outcome) -> f64 {
    let refused = outcome.declined.get(&429).copied().unwrap_or(0);
    f64::from(refused) * 100.0 / f64::from(outcome.attempts)
}

#[test]
fn told_its_limits_it_is_hardly_ever_refused_and_wastes_no_time() {
    for burst_ms in [60_000, 15_000] {
        let limits = Limits { burst_ms, ..LIMITS };
        try_all(limits, &limits.told(), "", |outcome, ratio, label| {
            assert_all_done_once(outcome, label);
            assert!(ratio < 1.12, "{label}: {ratio}");
            // What an answer will be is a guess; what a prompt is was learned from the first answers.
            let most = match label.split(',').next() {
                Some("input-bound") => 0.3,
                // More is promised of the output than is there.
                Some("output-bound") => 3.5,
                _ => 2.0,
            };
            assert!(refused_percent(outcome) < most, "{label}: {:?}", outcome.declined);
        });
    }
}

#[test]
fn a_prompt_that_many_share_is_written_by_one_and_read_by_the_others() {
    for seed in seeds() {
        let jobs = workload::generate("cached-prefix", 400, seed).expect("a known workload");
        let server = LIMITS.of_server(seed, "");
        let bound = lower_bound(&jobs, &Options::from_json(&server).expect("right"), StdDuration::ZERO);
        let outcome = World::new(limiter(&LIMITS.told(), seed), &server, seed).run(all_at_once(jobs));
        let ratio = outcome.makespan.as_secs_f64() * 1_000.0 / bound.ms;
        let cache = outcome.stats.organisations[0].groups[0].cache;
        eprintln!("seed {seed}: {ratio:.3} of the bound by {}, {cache:?}", bound.binding);
        assert_all_done_once(&outcome, &format!("seed {seed}"));
        assert_eq!((cache.reads, outcome.declined.len()), (399, 0), "seed {seed}: {:?}", outcome.declined);
        // The turns of a conversation come one after the other, of which the bound knows nothing.
        assert!(ratio < 1.4, "seed {seed}: {ratio}");
    }
}

#[test]
fn where_every_cost_is_known_it_is_never_refused() {
    let limits = Limits { itpm: 10_000_000, otpm: 10_000_000, ..LIMITS };
    for seed in seeds() {
        let jobs = workload::generate("requests-bound", 1_000, seed).expect("a known workload");
        let outcome =
            World::new(limiter(&limits.told(), seed), &limits.of_server(seed, ""), seed).run(all_at_once(jobs));
        let label = format!("seed {seed}");
        assert_all_done_once(&outcome, &label);
        assert_eq!(outcome.declined.len(), 0, "{label}: {:?}", outcome.declined);
    }
}

#[test]
fn told_nothing_it_learns_the_limits_from_the_first_answers() {
    try_all(LIMITS, &Value::Nothing, "", |outcome, ratio, label| {
        assert_all_done_once(outcome, label);
        assert!(ratio < 1.12, "{label}: {ratio}");
        let learned =
            outcome.events.iter().filter(|(_, event)| matches!(event, Event::Limit { change, .. } if change.learned));
        assert_eq!(learned.count(), 3, "{label}");
    });
}

#[test]
fn under_faults_every_call_is_answered_once() {
    let faults = r#""overloaded": 0.03, "error": 0.02, "drop": 0.02, "bareRefusals": 0.5"#;
    try_all(LIMITS, &LIMITS.told(), faults, |outcome, ratio, label| {
        assert!(outcome.refusals.is_empty(), "{label}: {:?}", outcome.refusals);
        assert!(outcome.answers.iter().all(|statuses| statuses.len() == 1), "{label}");
        let done = outcome.answers.iter().filter(|statuses| statuses == &&[200]).count();
        assert!(done >= 395, "{label}: {done} of 400");
        assert!(ratio < 1.6, "{label}: {ratio}");
    });
}

#[test]
fn interactive_calls_do_not_wait_for_the_batch_and_cost_it_nothing() {
    for burst_ms in [60_000, 15_000] {
        let limits = Limits { burst_ms, ..LIMITS };
        let (mut late, mut ratios) = ([0, 0], [0.0, 0.0]);
        for seed in many_seeds() {
            let [kept, not_kept] = ["auto".into(), Value::from(0.0)].map(|headroom| {
                let Value::Record(mut options) = limits.told() else { unreachable!("options are a record") };
                options.push(("queue".to_owned(), record([("headroom", headroom)])));
                beside_a_batch(limits, &Value::Record(options), seed)
            });
            let label = format!("seed {seed}, burst {burst_ms} ms");
            eprintln!("{label}: {kept:?}, without headroom {not_kept:?}");
            ratios[0] += kept.ratio;
            ratios[1] += not_kept.ratio;
            assert!(kept.median_ms <= 100, "{label}");
            assert!(kept.p95_ms * 10 < kept.batch_p95_ms, "{label}");
            late[0] += u32::from(kept.p95_ms > 100);
            late[1] += u32::from(not_kept.p95_ms > 100);
        }
        // What a first answer will be is a guess that small bursts do not forgive.
        assert!(burst_ms < 60_000 || late[0] * 8 <= many_seeds().len() as u32, "{late:?}");
        assert!(late[0] <= late[1], "{late:?}");
        assert!(ratios[0] < ratios[1] * 1.05, "{ratios:?}");
    }
}

/// What urgent calls waited beside a batch that was there from the beginning, and how long all of it took.
#[derive(Debug)]
struct Beside {
    median_ms: u64,
    p95_ms: u64,
    batch_p95_ms: u64,
    /// The end of everything, in parts of the least possible.
    ratio: f64,
}

fn beside_a_batch(limits: Limits, options: &Value, seed: u64) -> Beside {
    let jobs = workload::generate("interactive-and-batch", 400, seed).expect("a known workload");
    let urgent: Vec<bool> = jobs
        .iter()
        .map(|job| matches!(job.priority, workload::Priority::Critical | workload::Priority::High))
        .collect();
    let server = limits.of_server(seed, "");
    let bound = lower_bound(&jobs, &Options::from_json(&server).expect("right"), StdDuration::ZERO);
    // The urgent calls come one by one.
    let mut next = Instant::ZERO;
    let jobs = jobs.into_iter().zip(&urgent).map(|(job, urgent)| {
        next += Duration::from_millis(if *urgent { 500 } else { 0 });
        (if *urgent { next } else { Instant::ZERO }, job)
    });
    let outcome = World::new(limiter(options, seed), &server, seed).run(jobs.collect());
    assert_all_done_once(&outcome, &format!("seed {seed}"));
    let waits = |of: bool| {
        let mut waits: Vec<u64> = outcome
            .lives
            .iter()
            .zip(&urgent)
            .filter(|(_, is)| **is == of)
            .map(|(life, _)| life.wait().as_millis_ceil())
            .collect();
        waits.sort_unstable();
        waits
    };
    let (interactive, batch) = (waits(true), waits(false));
    let at = |waits: &[u64], percent: usize| waits[waits.len() * percent / 100];
    Beside {
        median_ms: at(&interactive, 50),
        p95_ms: at(&interactive, 95),
        batch_p95_ms: at(&batch, 95),
        ratio: outcome.makespan.as_secs_f64() * 1_000.0 / bound.ms,
    }
}
