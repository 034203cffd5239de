//! Bytes that the core holds for each of 100,000 requests that wait, counted by the allocator.

#![allow(clippy::print_stdout, reason = "a figure is a line of output")]

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tidegate::time::Duration;
use tidegate_benches::{enqueue, used_up};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    // As Criterion's benchmarks understand it: whoever does not ask for a measurement wants to see that it works.
    let quick = !std::env::args().any(|arg| arg == "--bench");
    let waiters = if quick { 1_000 } else { 100_000 };
    measure("waiter in the core", waiters, None);
    measure("waiter in the core, with a deadline", waiters, Some(Duration::from_secs(300)));
}

fn measure(bench: &str, waiters: u32, max_wait: Option<Duration>) {
    let region = Region::new(ALLOCATOR);
    let mut limiter = used_up(waiters);
    drop(enqueue(&mut limiter, waiters, max_wait));
    let change = region.change();
    let held = change.bytes_allocated.saturating_sub(change.bytes_deallocated) as f64 / f64::from(waiters);
    assert_eq!(limiter.waiting(), waiters, "all wait");
    println!(r#"{{"bench":"{bench}","subject":"tidegate","value":{held:.1},"unit":"bytes"}}"#);
}
