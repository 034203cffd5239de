//! Runs of every kind from ever new seeds, for as long as is wanted.
//!
//! `TIDEGATE_SOAK_MINUTES=60 cargo test --release --test simulation soak -- --nocapture` tells the worst seeds of each kind;
//! without a time, it makes a few runs. It stops at the first run in which something does not hold that must, and names it. `TIDEGATE_SOAK_SEED` says
//! where the seeds begin.

use std::collections::BTreeMap;
use std::time::{Duration as StdDuration, Instant as RealInstant};

use crate::quota::{self, Knowledge};
use crate::scenario;
use crate::trial;

/// Of one kind of run and in one respect: the worst figure and its seed.
#[derive(Clone, Copy, Debug)]
struct Worst {
    figure: f64,
    seed: u64,
}

/// The worst of each kind and respect; larger is worse.
#[derive(Default)]
struct Found(BTreeMap<(String, &'static str), Worst>);

impl Found {
    fn note(&mut self, kind: &str, respect: &'static str, figure: f64, seed: u64) {
        let worst = self.0.entry((kind.to_owned(), respect)).or_insert(Worst { figure, seed });
        if figure > worst.figure {
            *worst = Worst { figure, seed };
        }
    }

    fn print(&self) {
        for ((kind, respect), Worst { figure, seed }) in &self.0 {
            eprintln!("{kind:<40} {respect:<22} {figure:>9.3} at seed {seed}");
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it may run is told in real time; no run knows of it")]
fn soak() {
    let minutes: f64 = std::env::var("TIDEGATE_SOAK_MINUTES").map_or(0.0, |text| text.parse().expect("a number"));
    let first: u64 = std::env::var("TIDEGATE_SOAK_SEED").map_or(1_000, |text| text.parse().expect("a number"));
    let until = RealInstant::now() + StdDuration::from_secs_f64(minutes * 60.0);
    let mut found = Found::default();
    let mut runs = 0_u64;
    let mut seed = first;
    for seed in first..first + A_FEW {
        note(
            &mut found,
            "drawn",
            trial::watched("soak", || trial::drawn(seed).check(&format!("drawn, seed {seed}"))),
            seed,
        );
    }
    while RealInstant::now() < until {
        // A table costs more than all of the others, so there are fewer of them.
        if seed.is_multiple_of(4) {
            runs += table(&mut found, seed);
        }
        for name in trial::NAMES {
            let label = format!("{name}, seed {seed}");
            note(&mut found, name, trial::watched(&label, || trial::named(name, seed).check(&label)), seed);
        }
        for seed in seed * 32..(seed + 1) * 32 {
            let label = format!("drawn, seed {seed}");
            note(&mut found, "drawn", trial::watched(&label, || trial::drawn(seed).check(&label)), seed);
        }
        trial::drawn(seed).check_that_it_repeats(&format!("drawn, seed {seed}"));
        runs += 34 + trial::NAMES.len() as u64;
        seed += 1;
    }
    found.print();
    eprintln!("{runs} runs, seeds {first} to {seed}");
}

fn note(found: &mut Found, kind: &str, figures: trial::Figures, seed: u64) {
    found.note(kind, "lost", 1.0 - figures.completed, seed);
    found.note(kind, "refusals a job", figures.refused, seed);
    found.note(kind, "minutes", figures.minutes, seed);
}

fn table(found: &mut Found, seed: u64) -> u64 {
    let scenarios = scenario::all(seed, 1);
    for scenario in &scenarios {
        for knowledge in [Knowledge::Told, Knowledge::Nothing] {
            let kind = format!("{}, {knowledge:?}", scenario.name);
            let row = trial::watched(&format!("{kind}, seed {seed}"), || quota::run(scenario, knowledge, seed));
            found.note(&kind, "not clean", 1.0 - row.clean, seed);
            found.note(&kind, "refusals", row.refused as f64, seed);
        }
    }
    scenarios.len() as u64 * 2
}

const A_FEW: u64 = 4;
