//! What one decision costs, when nobody waits and the limits have room.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tidegate::cost::Cost;
use tidegate::limiter::{Limiter, ScopeId};
use tidegate::options::{Value, parse, record};
use tidegate::queue::Priority;
use tidegate::time::{Duration, Instant};

criterion_group!(benches, decide);
criterion_main!(benches);

/// A call is let through and given back, as time passes.
fn decide(criterion: &mut Criterion) {
    let all = [("rpm", AMPLE), ("itpm", AMPLE), ("otpm", AMPLE)];
    for count in [1, 3] {
        let mut limiter = limiter(&all[..count]);
        let cost = Cost { requests: 1, input_tokens: 900, output_tokens: 300, ..Cost::default() };
        let mut now = Instant::ZERO;
        criterion.bench_function(&format!("acquire and release, limits: {count}"), |bencher| {
            bencher.iter(|| {
                now += Duration::from_nanos(500);
                let ticket = limiter.acquire_now(now, ScopeId::DEFAULT, black_box(cost), Priority::Normal);
                ticket.map(|ticket| limiter.release(ticket))
            });
        });
    }
}

/// So much a minute that no measurement uses it up: refusals cost something else.
const AMPLE: f64 = 1e12;

fn limiter(limits: &[(&str, f64)]) -> Limiter {
    let scope = limits.iter().map(|(name, amount)| ((*name).into(), Value::from(*amount))).collect();
    let options = record([("limits", record([("default", Value::Record(scope))]))]);
    Limiter::new(&parse(&options).unwrap_or_else(|error| panic!("{error:?}")), 1)
}
