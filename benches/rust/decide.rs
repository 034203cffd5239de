//! One decision with three limits: taken, refused, given back.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use tidegate::cost::{Cost, Dimension};
use tidegate::ledger::{Ledger, Limit, Origin};
use tidegate::limiter::ScopeId;
use tidegate::queue::Priority;
use tidegate::quota::Quota;
use tidegate::time::{Duration, Instant};
use tidegate_benches::{COST, PLENTY, ThreadTime, criterion, three_limits, used_up};

fn decide(criterion: &mut Criterion<ThreadTime>) {
    let mut group = criterion.benchmark_group("decision");
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(BenchmarkId::new("tidegate", "ledger reserve + settle"), |bencher| {
        let amounts = [(Dimension::Requests, 1), (Dimension::InputTokens, 1_000), (Dimension::OutputTokens, 200)];
        let limit = |(dimension, tokens)| {
            Limit::new(dimension, Quota::new(u64::from(PLENTY) * tokens, Duration::MINUTE), Origin::Configured)
        };
        let mut ledger = Ledger::new(amounts.map(limit));
        let mut clock = Clock::default();
        bencher.iter(|| {
            let now = clock.tick();
            let reservation = ledger.reserve(black_box(COST), now, now).expect("there is plenty");
            ledger.settle(reservation, black_box(COST), now);
        });
    });
    group.bench_function(BenchmarkId::new("tidegate", "acquire_now + release"), |bencher| {
        let mut limiter = three_limits(PLENTY);
        let mut clock = Clock::default();
        bencher.iter(|| {
            let now = clock.tick();
            let ticket = limiter.acquire_now(now, ScopeId::DEFAULT, black_box(COST), Priority::NORMAL);
            limiter.release(ticket.expect("there is plenty"))
        });
    });
    group.bench_function(BenchmarkId::new("tidegate", "acquire_now + settle for less"), |bencher| {
        let mut limiter = three_limits(PLENTY);
        let mut clock = Clock::default();
        let actual = Cost { output_tokens: 50, ..COST };
        bencher.iter(|| {
            let now = clock.tick();
            let ticket = limiter.acquire_now(now, ScopeId::DEFAULT, black_box(COST), Priority::NORMAL);
            limiter.settle(now, ticket.expect("there is plenty"), black_box(actual));
        });
    });
    group.bench_function(BenchmarkId::new("tidegate", "acquire_now, must wait"), |bencher| {
        let mut limiter = used_up(1);
        bencher.iter(|| limiter.acquire_now(Instant::ZERO, ScopeId::DEFAULT, black_box(COST), Priority::NORMAL));
    });
    group.finish();
}

/// A microsecond lies between one decision and the next.
#[derive(Default)]
struct Clock(Instant);

impl Clock {
    fn tick(&mut self) -> Instant {
        self.0 += Duration::from_nanos(1_000);
        self.0
    }
}

criterion_group!(name = benches; config = criterion(); targets = decide);
criterion_main!(benches);
