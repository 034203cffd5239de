//! What holds whatever goes wrong.

use crate::trial::{self, NAMES, Trial};

/// Of named trials that once showed something: name and seed.
const WORST: [(&str, u64); 0] = [];
/// Of drawn trials that once showed something.
const WORST_DRAWN: [u64; 0] = [];

fn seeds(default: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    match std::env::var("TIDEGATE_SEEDS") {
        Ok(list) => list.split(',').map(|seed| seed.trim().parse().expect("a number")).collect(),
        Err(_) => default.collect(),
    }
}

fn check(trial: &Trial, label: &str) {
    let figures = trial::watched(label, || trial.check(label));
    eprintln!("{label:<45} {figures}");
    trial.expect(figures, label);
}

#[test]
fn every_job_ends_once_and_no_limit_is_lost_whatever_goes_wrong() {
    for name in NAMES {
        for seed in seeds(1..=1) {
            check(&trial::named(name, seed), &format!("{name}, seed {seed}"));
        }
    }
    for (name, seed) in WORST {
        check(&trial::named(name, seed), &format!("{name}, seed {seed}"));
    }
}

#[test]
fn every_job_ends_once_when_everything_goes_wrong_at_once() {
    for seed in seeds(1..=40).into_iter().chain(WORST_DRAWN) {
        check(&trial::drawn(seed), &format!("drawn, seed {seed}"));
    }
}

#[test]
fn the_same_seed_leads_to_the_same_outcome() {
    for seed in seeds(41..=44) {
        trial::drawn(seed).check_that_it_repeats(&format!("drawn, seed {seed}"));
    }
    for name in ["processes die", "hung", "storms of overload"] {
        trial::named(name, 1).check_that_it_repeats(name);
    }
}
