//! Calls to the simulated server, whose costs nobody knows beforehand.

use tidegate::limiter::Limiter;
use tidegate::options::{Value, parse};
use tidegate::time::{Duration, Instant};
use tidegate_simulator::workload::Priority;

use super::{Errors, Wait, measure};
use crate::process::Process;
use crate::scenario::{self, Scenario};
use crate::world::World;

/// How the calls of a workload come.
#[derive(Clone, Copy, Debug)]
enum Coming {
    /// Those of a batch all at once, and the others each half a second.
    AtOnce,
    /// Over three quarters of the time that they need at least.
    Spread,
}

fn run(scenario: &Scenario, coming: Coming, is_told: bool, seed: u64) -> Vec<Wait> {
    let options = if is_told { scenario.told.clone() } else { Value::Nothing };
    let limiter = Limiter::new(&parse(&options).expect("the limiter's options are right"), seed);
    let mut world = World::of(vec![Process::new(limiter, seed)], &scenario.server);
    world.asks = true;
    let mut tasks = scenario.tasks.clone();
    if matches!(coming, Coming::Spread) {
        let each = Duration::from_millis_f64(scenario.bound_ms * 0.75 / tasks.len() as f64);
        for (nth, task) in (0..).zip(&mut tasks).filter(|(_, task)| task.job.priority != Priority::High) {
            task.at = Instant::ZERO + each.times(nth);
        }
    }
    let outcome = world.run_tasks(tasks);
    let waits = outcome.lives.iter().zip(outcome.said).filter_map(|(life, said)| {
        Some(Wait { submitted_at: life.handed_in_at?, started_at: life.started_at?, said })
    });
    waits.collect()
}

/// A workload, how it comes, and the largest errors that are put up with, told the limits and not: at submission, then
/// half-way, each the median and the 95th percentile.
type Case = (&'static str, Coming, [f64; 4]);

const CASES: [Case; 11] = [
    ("requests", Coming::AtOnce, [999.9; 4]),
    ("input 1:100", Coming::AtOnce, [999.9; 4]),
    ("input 1:100", Coming::Spread, [999.9; 4]),
    ("output, max ×10", Coming::AtOnce, [999.9; 4]),
    ("output, max ×10", Coming::Spread, [999.9; 4]),
    ("mixed", Coming::AtOnce, [999.9; 4]),
    ("mixed", Coming::Spread, [999.9; 4]),
    ("interactive+batch", Coming::AtOnce, [999.9; 4]),
    ("openai max_tokens", Coming::AtOnce, [999.9; 4]),
    ("neighbour 40 %", Coming::AtOnce, [999.9; 4]),
    ("fixed 10 s", Coming::AtOnce, [999.9; 4]),
];

#[test]
fn what_is_said_of_calls_to_a_server_is_near_what_they_come_to() {
    Errors::head();
    let only = std::env::var("ONLY").unwrap_or_default();
    for (name, coming, most) in CASES.into_iter().filter(|(name, ..)| name.contains(&only)) {
        for is_told in [true, false] {
            let label = format!("{name}, {coming:?}, {}", if is_told { "told" } else { "learned" });
            let errors = measure(&label, |seed| {
                run(&scenario::named(name, seed), coming, is_told, seed)
            });
            let figures = errors.figures();
            assert!(errors.waited > 50, "{} had to wait", errors.waited);
            assert!(figures.iter().zip(most).all(|(figure, most)| !(*figure > most)), "{label}: {figures:?}");
        }
    }
}
