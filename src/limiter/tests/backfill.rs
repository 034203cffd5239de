//! Small requests that go while a large one waits.

use super::*;

fn tokens(input_tokens: u32) -> Cost {
    Cost { input_tokens, ..Cost::REQUEST }
}

fn submit(world: &mut World, priority: Priority, cost: Cost) -> Ticket {
    let submission = Submission { priority, ..Submission::new(cost) };
    world.limiter.submit(world.now, submission).expect("admitted")
}

fn limits() -> Value {
    default_limits([("rpm", 60.0), ("itpm", 6_000.0)])
}

#[test]
fn what_a_large_one_leaves_over_goes_to_a_small_one_behind_it() {
    let mut world = World::new(limits());
    submit(&mut world, Priority::NORMAL, tokens(6_000));
    world.starts();
    // 4,000 tokens come in 40 seconds. What takes no tokens delays none.
    let large = submit(&mut world, Priority::NORMAL, tokens(4_000));
    let free = submit(&mut world, Priority::NORMAL, tokens(0));
    assert_eq!(world.starts(), [free]);
    // One token more would be one too many.
    world.wait(Duration::from_secs(10));
    let small = submit(&mut world, Priority::NORMAL, tokens(1));
    assert_eq!(world.starts(), []);
    assert_eq!(world.wake(), (Duration::from_secs(30), Reason::Quota));
    assert_eq!(world.starts(), [large]);
    world.wake();
    assert_eq!(world.starts(), [small]);
}

#[test]
fn where_another_limit_is_scarce_nothing_of_it_is_taken() {
    let mut world = World::new(default_limits([("rpm", 1.0), ("itpm", 6_000.0)]));
    submit(&mut world, Priority::NORMAL, Cost { requests: 0, ..tokens(3_000) });
    world.starts();
    let large = submit(&mut world, Priority::NORMAL, tokens(6_000));
    let small = submit(&mut world, Priority::NORMAL, tokens(0));
    assert_eq!(world.starts(), [], "the only request is for the first");
    assert_eq!(world.wake(), (Duration::from_secs(30), Reason::Quota));
    assert_eq!(world.starts(), [large]);
    world.wake();
    assert_eq!(world.starts(), [small]);
}

#[test]
fn what_fills_up_before_the_first_can_start_is_spare() {
    // The tokens of a day are scarce, those of a minute are whole again long before.
    let limit = |dimension: &str, amount: f64, period: Duration| {
        record([
            ("dimension", dimension.into()),
            ("amount", amount.into()),
            ("periodMs", period.as_millis_f64().into()),
        ])
    };
    let list = Value::List(vec![
        limit("output_tokens", 1_000.0, Duration::DAY),
        limit("input_tokens", 6_000.0, Duration::MINUTE),
    ]);
    let mut world = World::new(record([("default", record([("limits", list)]))]));
    submit(&mut world, Priority::NORMAL, Cost { output_tokens: 1_000, ..Cost::REQUEST });
    world.starts();
    let large = submit(&mut world, Priority::NORMAL, Cost { output_tokens: 500, ..tokens(6_000) });
    let small: Vec<Ticket> = (0..3).map(|_| submit(&mut world, Priority::NORMAL, tokens(2_000))).collect();
    assert_eq!(world.starts(), small);
    assert_eq!(world.wake(), (Duration::from_secs(43_200), Reason::Quota));
    assert_eq!(world.starts(), [large]);
}

#[test]
fn a_small_one_of_low_priority_leaves_its_headroom() {
    let queue = ("queue", record([("headroom", 0.5.into())]));
    let mut world =
        World::with_options(record([("limits", default_limits([("rpm", 60.0), ("itpm", 6_000.0)])), queue]));
    submit(&mut world, Priority::HIGH, Cost { requests: 30, ..tokens(6_000) });
    world.starts();
    let large = submit(&mut world, Priority::HIGH, tokens(3_000));
    submit(&mut world, Priority::LOW, tokens(0));
    let small = submit(&mut world, Priority::HIGH, tokens(0));
    assert_eq!(world.starts(), [small]);
    world.wake();
    assert_eq!(world.starts()[0], large);
}

#[test]
fn beside_one_that_waits_so_many_go_and_no_more() {
    let mut world = World::new(default_limits([("itpm", 60.0)]));
    submit(&mut world, Priority::NORMAL, tokens(60));
    submit(&mut world, Priority::NORMAL, tokens(30));
    world.starts();
    let starts: usize = (0..300)
        .map(|_| {
            submit(&mut world, Priority::NORMAL, tokens(0));
            world.starts().len()
        })
        .sum();
    assert_eq!(starts, usize::from(crate::queue::MOST_BESIDE));
}
