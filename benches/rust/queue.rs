//! A long queue: 100,000 that wait are let in, started, and given up. Figures are for each of them.

use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tidegate::limiter::{Limiter, Output, Submission, Ticket};
use tidegate::random::Random;
use tidegate::time::{Duration, Instant};
use tidegate_benches::{COST, ThreadTime, criterion, enqueue, used_up};

const WAITERS: u32 = 100_000;

fn queue(criterion: &mut Criterion<ThreadTime>) {
    let mut group = criterion.benchmark_group("100,000 waiters");
    group.sampling_mode(SamplingMode::Flat).sample_size(40).throughput(Throughput::Elements(u64::from(WAITERS)));
    group.bench_function(BenchmarkId::new("tidegate", "enqueue"), |bencher| {
        bencher.iter_batched_ref(|| used_up(WAITERS), |limiter| submit_all(limiter, None), BatchSize::PerIteration);
    });
    group.bench_function(BenchmarkId::new("tidegate", "enqueue, each with a deadline"), |bencher| {
        let deadline = Some(Duration::from_secs(300));
        bencher.iter_batched_ref(|| used_up(WAITERS), |limiter| submit_all(limiter, deadline), BatchSize::PerIteration);
    });
    group.bench_function(BenchmarkId::new("tidegate", "drain"), |bencher| {
        bencher.iter_batched_ref(|| waiting(None).0, start_all, BatchSize::PerIteration);
    });
    group.bench_function(BenchmarkId::new("tidegate", "cancel, in any order"), |bencher| {
        bencher.iter_batched_ref(|| waiting(None), cancel_all, BatchSize::PerIteration);
    });
    group.bench_function(BenchmarkId::new("tidegate", "cancel, each with a deadline"), |bencher| {
        bencher.iter_batched_ref(|| waiting(Some(Duration::from_secs(300))), cancel_all, BatchSize::PerIteration);
    });
    group.finish();
}

fn submit_all(limiter: &mut Limiter, max_wait: Option<Duration>) {
    let submission = Submission { max_wait, ..Submission::new(COST) };
    for _ in 0..WAITERS {
        limiter.submit(Instant::ZERO, submission).expect("the queue has room");
    }
}

/// All start when the minute is over. None ends: that would be another measurement.
fn start_all(limiter: &mut Limiter) {
    limiter.handle_timeout(Instant::ZERO + Duration::MINUTE);
    let mut started = 0;
    while let Some(output) = limiter.poll_output() {
        started += u32::from(matches!(output, Output::Start(_)));
    }
    assert_eq!((started, limiter.waiting()), (WAITERS, 0));
}

fn cancel_all((limiter, tickets): &mut (Limiter, Vec<Ticket>)) {
    for ticket in tickets.iter() {
        limiter.cancel(Instant::ZERO, *ticket);
    }
    assert_eq!(limiter.waiting(), 0);
}

/// A limiter in which all wait, and their tickets shuffled.
fn waiting(max_wait: Option<Duration>) -> (Limiter, Vec<Ticket>) {
    let mut limiter = used_up(WAITERS);
    let mut tickets = enqueue(&mut limiter, WAITERS, max_wait);
    let mut random = Random::new(7);
    for last in (1..tickets.len()).rev() {
        let other = usize::try_from(random.up_to(last as u64)).expect("an index");
        tickets.swap(last, other);
    }
    (limiter, tickets)
}

criterion_group!(name = benches; config = criterion(); targets = queue);
criterion_main!(benches);
