//! Who goes next: each promise of the queue, in virtual time and with exact costs.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate::cost::Cost;
use tidegate::limiter::{Limiter, Output, Submission, Ticket};
use tidegate::options::{Value, parse, record};
use tidegate::queue::{AgeingPolicy, MOST_PASSES, Priority};
use tidegate::time::{Duration, Instant};

/// A limiter and the clock that it is told.
struct World {
    limiter: Limiter,
    now: Instant,
    /// Who started when.
    starts: Vec<(Ticket, Instant)>,
}

impl World {
    fn new(limits: Vec<Value>, queue: Value) -> Self {
        let limits = record([("default", record([("limits", Value::List(limits))]))]);
        let policy = parse(&record([("limits", limits), ("queue", queue)])).expect("the options are right");
        Self { limiter: Limiter::new(&policy, 1), now: Instant::from_nanos(1_000_000_000), starts: Vec::new() }
    }

    /// One whose only limit is used up: a token comes back each millisecond, and there are never more than `burst`.
    fn used_up(burst: u32, queue: Value) -> Self {
        let mut world = Self::new(vec![bucket("input_tokens", 60_000, burst)], queue);
        world.submit(Priority::CRITICAL, "", burst);
        world.drain();
        world.starts.clear();
        world
    }

    fn submit(&mut self, priority: Priority, tenant: &str, input_tokens: u32) -> Ticket {
        let cost = Cost { input_tokens, ..Cost::REQUEST };
        let submission = Submission { priority, tenant, ..Submission::new(cost) };
        let ticket = self.limiter.submit(self.now, submission).expect("admitted");
        self.drain();
        ticket
    }

    fn drain(&mut self) {
        while let Some(output) = self.limiter.poll_output() {
            match output {
                Output::Start(ticket) => self.starts.push((ticket, self.now)),
                other => panic!("nobody is refused: {other:?}"),
            }
        }
    }

    /// Goes on to the next instant at which something is due, `until` at most.
    fn wake(&mut self, until: Instant) {
        let due = self.limiter.poll_timeout().map_or(until, |wake_up| wake_up.at);
        self.now = self.now.max(due.min(until));
        self.limiter.handle_timeout(self.now);
        self.drain();
    }

    fn pass(&mut self, duration: Duration) {
        let until = self.now + duration;
        while self.now < until {
            self.wake(until);
        }
    }

    /// The order in which all that wait start.
    fn finish(&mut self) -> Vec<Ticket> {
        while self.limiter.waiting() > 0 {
            assert!(self.limiter.poll_timeout().is_some(), "somebody waits and nothing is due");
            self.wake(Instant::from_nanos(u64::MAX));
        }
        self.starts.iter().map(|(ticket, _)| *ticket).collect()
    }
}

fn bucket(dimension: &str, amount: u32, burst: u32) -> Value {
    record([
        ("dimension", dimension.into()),
        ("amount", f64::from(amount).into()),
        ("burst", f64::from(burst).into()),
        ("periodMs", 60_000.0.into()),
    ])
}

fn window(dimension: &str, amount: u32, enforcement: &str) -> Value {
    record([
        ("dimension", dimension.into()),
        ("amount", f64::from(amount).into()),
        ("enforcement", enforcement.into()),
        ("periodMs", 60_000.0.into()),
    ])
}

/// Nobody grows old within a test.
fn ageless() -> Value {
    record([("ageingMs", 86_400_000.0.into()), ("headroom", 0.0.into())])
}

fn priority() -> impl Strategy<Value = Priority> {
    prop_oneof![prop::sample::select(Priority::NAMED.to_vec()), (-100_i8..=100).prop_map(Priority::clamped),]
}

fn name(tenant: usize) -> String {
    format!("tenant {tenant}")
}

/// What each of two tenants that both waited got, divided by their shares, differs by one largest request of each.
fn assert_even(served: &[f64], largest: &[f64], pair: (usize, usize)) {
    let (one, other) = pair;
    let apart = (served[one] - served[other]).abs();
    assert!(apart <= largest[one] + largest[other] + 1e-6, "{one} has {}, {other} has {}", served[one], served[other]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn higher_priorities_go_first_and_equals_in_order_of_arrival(submitted in vec(priority(), 1..60)) {
        let mut world = World::used_up(10, ageless());
        let mut expected: Vec<(Priority, Ticket)> =
            submitted.iter().map(|priority| (*priority, world.submit(*priority, "", 10))).collect();
        expected.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
        let expected: Vec<Ticket> = expected.into_iter().map(|(_, ticket)| ticket).collect();
        prop_assert_eq!(world.finish(), expected);
    }

    /// Whoever is first among its equals and has waited for (q − p) ÷ 50 of `ageingMs` is passed over by seven of priority q
    /// or less, and by eight more for each other priority that is overdue too.
    #[test]
    fn nothing_is_passed_over_for_longer_than_is_stated(
        ageing_ms in 100_u64..5_000,
        lower in vec((-100_i8..50, 1_usize..4), 1..4),
        higher in vec(prop::sample::select(vec![60_i8, 100]), 300),
        interval in 5_u64..15,
    ) {
        let queue = record([("ageingMs", (ageing_ms as f64).into()), ("headroom", 0.0.into())]);
        let ageing = AgeingPolicy::new(Duration::from_millis(ageing_ms));
        let mut world = World::used_up(10, queue);
        let mut entered: BTreeMap<Ticket, (Priority, Instant)> = BTreeMap::new();
        for (number, count) in &lower {
            for _ in 0..*count {
                let priority = Priority::clamped(*number);
                entered.insert(world.submit(priority, "", 10), (priority, world.now));
            }
        }
        // More than all of the quota is wanted by what is urgent.
        for number in &higher {
            let priority = Priority::clamped(*number);
            entered.insert(world.submit(priority, "", 10), (priority, world.now));
            world.pass(Duration::from_millis(interval));
        }
        world.finish();
        let mut lines: Vec<Priority> = lower.iter().map(|(number, _)| Priority::clamped(*number)).collect();
        lines.sort();
        lines.dedup();
        // One of the higher ones may be overdue against the other.
        let most = (lines.len() + 1) * (usize::from(MOST_PASSES) + 1) - 1;
        for line in lines {
            // From the latest to the earliest, so that it is known who of the line is first at any time.
            let mut first: Option<Instant> = None;
            let mut passes = 0;
            for (ticket, at) in world.starts.iter().rev() {
                let (priority, arrived) = entered[ticket];
                if priority == line {
                    (first, passes) = (Some(arrived), 0);
                } else if let Some(arrived) = first {
                    let is_overdue = at.since(arrived) > ageing.most(line, Priority::CRITICAL);
                    passes += usize::from(is_overdue && priority > line);
                    prop_assert!(passes <= most, "{line:?} is passed over {passes} times");
                }
            }
        }
    }

    #[test]
    fn tenants_that_wait_get_as_much_as_each_other_by_cost_and_share(
        tenants in vec((1_u32..40, vec(1_u32..100, 1..40)), 2..8),
    ) {
        let shares: Vec<f64> = tenants.iter().map(|(tenths, _)| f64::from(*tenths) / 10.0).collect();
        let named = (0..).zip(&shares).map(|(tenant, share)| (name(tenant), (*share).into())).collect();
        let Value::Record(mut queue) = ageless() else { unreachable!() };
        queue.push(("shares".to_owned(), Value::Record(named)));
        let mut world = World::used_up(100, Value::Record(queue));
        let mut entered: BTreeMap<Ticket, (usize, u32)> = BTreeMap::new();
        let mut left: Vec<usize> = tenants.iter().map(|(_, costs)| costs.len()).collect();
        let largest: Vec<f64> = tenants.iter().zip(&shares)
            .map(|((_, costs), share)| f64::from(*costs.iter().max().expect("some")) / share).collect();
        // In turns, so that no order of arrival helps anybody.
        for nth in 0..40 {
            for (tenant, (_, costs)) in tenants.iter().enumerate() {
                if let Some(cost) = costs.get(nth) {
                    entered.insert(world.submit(Priority::NORMAL, &name(tenant), *cost), (tenant, *cost));
                }
            }
        }
        let mut served = vec![0.0; tenants.len()];
        for ticket in world.finish() {
            let (tenant, cost) = entered[&ticket];
            served[tenant] += f64::from(cost) / shares[tenant];
            left[tenant] -= 1;
            for one in 0..tenants.len() {
                for other in 0..one {
                    if left[one] > 0 && left[other] > 0 {
                        assert_even(&served, &largest, (one, other));
                    }
                }
            }
        }
    }

    /// One tenant always has something to do, the others come and go as they like.
    #[test]
    fn who_comes_back_has_gained_nothing(
        steady in vec(1_u32..100, 200),
        visits in vec((0_usize..5, 1_u32..100, 0_u64..200), 1..60),
    ) {
        let mut world = World::used_up(100, ageless());
        let mut entered: BTreeMap<Ticket, (usize, u32)> = BTreeMap::new();
        for cost in &steady {
            entered.insert(world.submit(Priority::NORMAL, "steady", *cost), (5, *cost));
        }
        for (tenant, cost, pause) in &visits {
            entered.insert(world.submit(Priority::NORMAL, &name(*tenant), *cost), (*tenant, *cost));
            world.pass(Duration::from_millis(*pause));
        }
        let mut served = [0_u32; 6];
        let mut left = steady.len();
        for ticket in world.finish() {
            let (tenant, cost) = entered[&ticket];
            served[tenant] += cost;
            left -= usize::from(tenant == 5);
            let most = served.iter().take(5).max().copied().unwrap_or_default();
            prop_assert!(left == 0 || most <= served[5] + 200, "{served:?}");
        }
    }

    /// Whatever stands behind it, the first starts as early as it would alone.
    #[test]
    fn what_goes_beside_the_first_never_delays_it(
        limits in vec((0_usize..3, 0_usize..3, 2_u32..200), 1..4),
        most in prop::option::of(1_u32..6),
        before in vec((0_u32..60, 0_u32..60, 0_u64..20_000), 0..6),
        large in (2_u32..200, 0_u32..200),
        behind in vec((0_u32..50, 0_u32..50, priority(), 0_u64..3_000), 1..20),
        is_sent_late in any::<bool>(),
    ) {
        let dimensions = ["requests", "input_tokens", "output_tokens"];
        let mut list: Vec<Value> = limits.iter().map(|(dimension, kind, amount)| match kind {
            0 => bucket(dimensions[*dimension], *amount, (*amount).div_ceil(2)),
            1 => window(dimensions[*dimension], *amount, "fixed-window"),
            _ => window(dimensions[*dimension], *amount, "sliding-window"),
        }).collect();
        if let Some(most) = most {
            list.push(record([("dimension", "concurrency".into()), ("amount", f64::from(most).into())]));
        }
        let queue = record([("headroom", if is_sent_late { 0.0 } else { 0.1 }.into())]);
        let cost = |(input_tokens, output_tokens)| Cost { requests: 1, input_tokens, output_tokens, custom: 0 };
        let start_of_first = |behind: &[(u32, u32, Priority, u64)]| {
            let mut world = World::new(list.clone(), queue.clone());
            for (input, output, pause) in &before {
                if let Ok(ticket) = world.limiter.acquire_now(
                    world.now, tidegate::limiter::ScopeId::DEFAULT, cost((*input, *output)), Priority::NORMAL,
                ) {
                    world.limiter.release(ticket);
                }
                world.pass(Duration::from_millis(*pause));
            }
            let submission = Submission { priority: Priority::CRITICAL, ..Submission::new(cost(large)) };
            let Ok(first) = world.limiter.submit(world.now, submission) else { return None };
            world.drain();
            for (input, output, priority, pause) in behind {
                let priority = (*priority).min(Priority::clamped(99));
                let submission = Submission { priority, ..Submission::new(cost((*input, *output))) };
                let _ = world.limiter.submit(world.now, submission);
                world.drain();
                world.pass(Duration::from_millis(*pause));
            }
            for _ in 0..100 {
                if let Some((_, at)) = world.starts.iter().find(|(ticket, _)| *ticket == first) {
                    return Some(*at);
                }
                world.wake(world.now + Duration::MINUTE);
            }
            None
        };
        prop_assert_eq!(start_of_first(&behind), start_of_first(&[]));
    }

    #[test]
    fn who_gives_up_changes_nothing_for_the_others(
        submitted in vec((priority(), any::<bool>()), 1..50),
    ) {
        let mut world = World::used_up(10, ageless());
        let tickets: Vec<Ticket> =
            submitted.iter().map(|(priority, _)| world.submit(*priority, "", 10)).collect();
        let gives_up: BTreeMap<Ticket, bool> =
            tickets.iter().copied().zip(submitted.iter().map(|(_, gives_up)| *gives_up)).collect();
        let mut whole = World::used_up(10, ageless());
        submitted.iter().for_each(|(priority, _)| { whole.submit(*priority, "", 10); });
        for ticket in tickets.iter().filter(|ticket| gives_up[*ticket]) {
            world.limiter.cancel(world.now, *ticket);
        }
        let expected: Vec<Ticket> = whole.finish().into_iter().filter(|ticket| !gives_up[ticket]).collect();
        prop_assert_eq!(world.finish(), expected);
    }

    /// Of many tenants and priorities, through joining, giving up and starting in any order.
    #[test]
    fn everybody_starts_or_gives_up_once_and_a_tenants_equals_in_order(
        steps in vec((priority(), 0_usize..6, 1_u32..50, 0_u8..4), 1..120),
    ) {
        let mut world = World::used_up(50, ageless());
        let mut entered: Vec<(Ticket, Priority, usize, u32)> = Vec::new();
        let mut gone: Vec<Ticket> = Vec::new();
        for (nth, (priority, tenant, cost, action)) in steps.iter().enumerate() {
            match action {
                0 => {
                    if let Some((ticket, ..)) = entered.get(nth / 2) {
                        let has_started = world.starts.iter().any(|(started, _)| started == ticket);
                        if !has_started && !gone.contains(ticket) {
                            world.limiter.cancel(world.now, *ticket);
                            gone.push(*ticket);
                            world.drain();
                        }
                    }
                }
                1 => world.pass(Duration::from_millis(u64::from(*cost))),
                _ => entered.push((world.submit(*priority, &name(*tenant), *cost), *priority, *tenant, *cost)),
            }
        }
        let order = world.finish();
        prop_assert_eq!(order.len() + gone.len(), entered.len());
        for (ticket, priority, tenant, cost) in &entered {
            let times = order.iter().filter(|started| *started == ticket).count();
            prop_assert_eq!(times, usize::from(!gone.contains(ticket)));
            let earlier = entered.iter().take_while(|(other, ..)| other != ticket);
            let alike = earlier.filter(|(_, one, other, size)| (one, other) == (priority, tenant) && size <= cost);
            for (other, ..) in alike.filter(|(other, ..)| !gone.contains(other) && !gone.contains(ticket)) {
                let place = |wanted: &Ticket| order.iter().position(|started| started == wanted);
                prop_assert!(place(other) < place(ticket));
            }
        }
    }
}
