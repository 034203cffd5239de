//! Runs in which things go wrong, and what holds of every one of them.

mod drawn;
mod named;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde_json::json;
use tidegate::limiter::Limiter;
use tidegate::options::{Value, parse, record};
use tidegate::time::Duration;

pub use self::drawn::drawn;
pub use self::named::{NAMES, named};
use crate::outcome::{Life, Outcome};
use crate::process::{Clock, Death, Network, Process};
use crate::world::{DIED, GIVEN_UP, Patience, Task, World};

/// A run, before it is made.
#[derive(Clone, Debug)]
pub struct Trial {
    pub seed: u64,
    /// The server's options.
    pub server: serde_json::Value,
    /// The limiters' options.
    pub told: Value,
    pub programs: Vec<Program>,
    pub tasks: Vec<Task>,
    pub patience: BTreeMap<usize, Patience>,
    pub is_persistent: bool,
    pub states_costs: bool,
    /// What of the jobs must be completed at the least, as a share.
    pub least_completed: f64,
    /// How many refusals by the server there may be for each job.
    pub most_refused: f64,
    /// Whether the limits are enforced as stated and every cost is known, so that nothing may ever exceed them.
    pub is_exact: bool,
}

/// A process of a run.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    pub clock: Clock,
    pub network: Network,
    pub death: Option<Death>,
}

/// What a run came to, in figures.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    pub completed: f64,
    /// Refusals by the server for each job.
    pub refused: f64,
    pub minutes: f64,
}

impl Trial {
    /// A run without any trouble: one process that is told nothing has everything to do at once.
    fn of(seed: u64, tasks: Vec<Task>, limits: serde_json::Value) -> Self {
        Self {
            seed,
            server: json!({ "seed": seed, "timing": timing(), "limits": { "default": limits } }),
            told: Value::Nothing,
            programs: vec![Program::default()],
            tasks,
            patience: BTreeMap::new(),
            is_persistent: false,
            states_costs: false,
            least_completed: 0.0,
            most_refused: f64::INFINITY,
            is_exact: false,
        }
    }

    pub fn run(&self) -> Outcome {
        let policy = parse(&self.told).expect("the limiter's options are right");
        let processes = self.programs.iter().zip(0..).map(|(program, number)| {
            let seed = self.seed.wrapping_mul(1_000).wrapping_add(number);
            let Program { clock, network, death } = *program;
            Process { clock, network, death, ..Process::new(Limiter::new(&policy, seed), seed) }
        });
        let mut world = World::of(processes.collect(), &self.server.to_string());
        world.patience = self.patience.clone();
        world.is_persistent = self.is_persistent;
        world.states_costs = self.states_costs;
        world.run_tasks(self.tasks.clone())
    }

    /// Runs it and asserts what holds of every run; much of it the world has asserted on the way.
    pub fn check(&self, label: &str) -> Figures {
        let outcome = self.run();
        for (job, (answers, life)) in outcome.answers.iter().zip(&outcome.lives).enumerate() {
            let ends = answers.len() + usize::from(life.is_refused);
            assert_eq!(ends, 1, "{label}: job {job} must end once: {answers:?}, {life:?}");
            self.check_end(answers, life, &format!("{label}: job {job}"));
        }
        if self.is_exact {
            let groups = outcome.stats.organisations.iter().flat_map(|organisation| &organisation.groups);
            for group in groups {
                assert_eq!(group.counts.refused, 0, "{label}: {group:?}");
                for limit in &group.limits {
                    assert!(limit.peak <= limit.allowed as i64, "{label}: {limit:?}");
                }
            }
        }
        let figures = self.figures(&outcome);
        assert!(figures.minutes < LONGEST_MINUTES, "{label}: {figures:?}");
        figures
    }

    /// Asserts what is expected of this run beyond that.
    pub fn expect(&self, figures: Figures, label: &str) {
        assert!(figures.completed >= self.least_completed, "{label}: {figures:?}");
        assert!(figures.refused <= self.most_refused, "{label}: {figures:?}");
    }

    /// Runs it twice and asserts that the outcomes are the same.
    pub fn check_that_it_repeats(&self, label: &str) {
        let [one, other] = [self.run(), self.run()].map(|outcome| {
            let mut text = String::new();
            write!(text, "{outcome:?}").expect("a string takes everything");
            text
        });
        assert!(one == other, "{label}: the same seed led to another outcome");
    }

    fn figures(&self, outcome: &Outcome) -> Figures {
        let groups = outcome.stats.organisations.iter().flat_map(|organisation| &organisation.groups);
        let refused: u64 = groups.map(|group| group.counts.refused).sum();
        let jobs = self.tasks.len() as f64;
        Figures {
            completed: outcome.completed() as f64 / jobs,
            refused: refused as f64 / jobs,
            minutes: outcome.makespan.as_secs_f64() / 60.0,
        }
    }

    /// What a caller saw must have a reason.
    fn check_end(&self, answers: &[u16], life: &Life, label: &str) {
        let Some(&status) = answers.first() else { return };
        assert!(status != 200 || life.begun_at.is_some(), "{label}: {life:?}");
        assert!(status != DIED || self.programs.iter().any(|program| program.death.is_some()), "{label}");
        assert!(status != GIVEN_UP || !self.patience.is_empty(), "{label}");
        assert!(!life.is_complete || life.started_at <= life.begun_at, "{label}: {life:?}");
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { completed, refused, minutes } = self;
        write!(formatter, "{completed:>6.3} completed, {refused:>6.3} refused a job, {minutes:>7.2} min")
    }
}

/// Says which run it was, should it come to an end too early.
pub fn watched<T>(label: &str, run: impl FnOnce() -> T) -> T {
    struct Watch<'a>(&'a str);
    impl Drop for Watch<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("it was {}", self.0);
            }
        }
    }
    if std::env::var_os("TIDEGATE_VERBOSE").is_some() {
        eprintln!("{label}");
    }
    let _watch = Watch(label);
    run()
}

impl Default for Program {
    fn default() -> Self {
        Self { clock: Clock::True, network: NETWORK, death: None }
    }
}

/// Limits by the minute, as a limiter is told of them: requests, input and output tokens.
fn told(amounts: [u64; 3]) -> Value {
    told_as(amounts, 60_000, "token-bucket", 60_000)
}

/// Limits by the minute of which `burst_ms` may go at once, enforced in this way.
fn told_as(amounts: [u64; 3], period_ms: u64, enforcement: &str, burst_ms: u64) -> Value {
    let dimensions = ["requests", "input_tokens", "output_tokens"];
    let limit = |(dimension, amount): (&str, u64)| {
        let mut members = vec![
            ("dimension".to_owned(), dimension.into()),
            ("amount".to_owned(), (amount * period_ms / 60_000).max(1).into()),
            ("periodMs".to_owned(), period_ms.into()),
            ("enforcement".to_owned(), enforcement.into()),
        ];
        if enforcement == "token-bucket" {
            members.push(("burst".to_owned(), (amount * burst_ms / 60_000).max(1).into()));
        }
        Value::Record(members)
    };
    let limits: Vec<Value> = dimensions.into_iter().zip(amounts).map(limit).collect();
    record([("limits", record([("claude-*", record([("limits", Value::List(limits))]))]))])
}

/// Answers that come fast, so that runs are short.
fn timing() -> serde_json::Value {
    json!({ "firstTokenMs": 300, "tokensPerSecond": 400 })
}

const NETWORK: Network = Network {
    slowest_there: Duration::from_millis(40),
    slowest_back: Duration::from_millis(20),
    connecting: Duration::ZERO,
};

/// Nothing that is asked for here is worth half a day.
const LONGEST_MINUTES: f64 = 720.0;
