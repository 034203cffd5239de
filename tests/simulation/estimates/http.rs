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
    let waits =
        outcome.lives.iter().zip(outcome.said).filter_map(|(life, said)| {
            Some(Wait { submitted_at: life.handed_in_at?, started_at: life.started_at?, said })
        });
    waits.collect()
}

/// A workload, how it comes, the largest errors that are put up with (at submission, then half-way, each the median and the
/// 95th percentile), and of how many nobody may be able to tell half-way.
type Case = (&'static str, Coming, [f64; 4], f64);

const CASES: [Case; 11] = [
    ("requests", Coming::AtOnce, [0.6, 0.8, 0.2, 0.4], 0.2),
    ("input 1:100", Coming::AtOnce, [1.5, 4.0, 0.3, 0.9], 0.2),
    ("input 1:100", Coming::Spread, [0.1, 0.3, 0.1, 0.3], 0.1),
    ("output, max ×10", Coming::AtOnce, [0.8, 1.0, 0.4, 1.0], 0.9),
    ("output, max ×10", Coming::Spread, [0.5, 1.8, 0.5, 2.0], 0.1),
    ("mixed", Coming::AtOnce, [0.9, 1.4, 0.5, 2.2], 0.2),
    ("mixed", Coming::Spread, [0.2, 1.6, 0.2, 2.4], 0.1),
    ("interactive+batch", Coming::AtOnce, [0.8, 4.5, 0.3, 3.0], 0.1),
    ("openai max_tokens", Coming::AtOnce, [1.5, 1.5, 0.2, 0.7], 0.2),
    ("neighbour 40 %", Coming::AtOnce, [0.9, 1.4, 0.6, 2.5], 0.2),
    ("fixed 10 s", Coming::AtOnce, [0.9, 1.2, 0.8, 5.0], 0.4),
];

#[test]
fn what_is_said_of_calls_to_a_server_is_near_what_they_come_to() {
    Errors::head();
    for (name, coming, most, unknown) in CASES {
        for is_told in [true, false] {
            let label = format!("{name}, {coming:?}, {}", if is_told { "told" } else { "learned" });
            let errors = measure(&label, |seed| run(&scenario::named(name, seed), coming, is_told, seed));
            errors.check(&label, most, unknown);
        }
    }
}
