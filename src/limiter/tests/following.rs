//! Requests with the same new prompt.

use alloc::format;
use alloc::string::String;

use super::*;

/// A question about a book of some ten thousand model tokens that is to be kept.
fn about(book: &str, question: &str) -> String {
    let book = format!("{book} ").repeat(8_000);
    format!(
        r#"{{"model":"claude-sonnet-5","max_tokens":100,"system":[{{"type":"text","text":"{book}","cache_control":{{"type":"ephemeral"}}}}],"messages":[{{"role":"user","content":"{question}"}}]}}"#
    )
}

fn ask(world: &mut World, book: &str, question: &str) -> Ticket {
    world.send(&about(book, question)).expect("admitted")
}

fn reserved_input(world: &World, ticket: Ticket) -> u32 {
    world.limiter.reserved(ticket).expect("in flight").input_tokens
}

const ANSWER: &str = "content-type: text/event-stream";

#[test]
fn one_writes_the_common_prompt_and_the_others_follow_in_their_order() {
    let mut world = World::new(default_limits([("itpm", 10_000_000.0)]));
    let tickets: Vec<Ticket> = (0..4).map(|number| ask(&mut world, "tide", &format!("{number}?"))).collect();
    assert_eq!(world.starts(), tickets[..1]);
    assert_eq!(world.limiter.waiting(), 3);
    assert_eq!(world.answer(tickets[0], 200, ANSWER), Verdict::Observe);
    assert_eq!(world.starts(), tickets[1..]);
    let (first, second) = (reserved_input(&world, tickets[0]), reserved_input(&world, tickets[1]));
    assert!(first > 5_000 && second < 100, "{first} and {second}");
}

#[test]
fn requests_with_another_prompt_or_none_do_not_wait_for_it() {
    let mut world = World::new(default_limits([("itpm", 10_000_000.0)]));
    let first = ask(&mut world, "tide", "1?");
    let follower = ask(&mut world, "tide", "2?");
    let other = ask(&mut world, "gate", "1?");
    let bare = world.send(SMALL).expect("admitted");
    assert_eq!(world.starts(), [first, other, bare]);
    assert_eq!(world.limiter.tickets.get(follower).map(|entry| entry.phase), Some(Phase::Pausing));
}

#[test]
fn when_the_writer_is_not_served_another_goes_first() {
    for fail in [
        |world: &mut World, ticket| assert_eq!(world.answer(ticket, 400, ""), Verdict::Deliver),
        |world: &mut World, ticket| assert!(world.limiter.cancel(world.now, ticket)),
        |world: &mut World, ticket| assert_eq!(world.limiter.handle_failure(world.now, ticket), Verdict::Retry),
        |world: &mut World, ticket| assert_eq!(world.answer(ticket, 529, ""), Verdict::Retry),
    ] {
        let mut world = World::new(default_limits([("itpm", 10_000_000.0)]));
        let tickets: Vec<Ticket> = (0..3).map(|number| ask(&mut world, "tide", &format!("{number}?"))).collect();
        assert_eq!(world.starts(), tickets[..1]);
        fail(&mut world, tickets[0]);
        assert_eq!(world.starts(), tickets[1..2]);
        assert_eq!(world.answer(tickets[1], 200, ANSWER), Verdict::Observe);
        assert_eq!(world.starts(), tickets[2..]);
    }
}

#[test]
fn a_writer_that_hangs_is_followed_for_a_minute_and_then_another() {
    let mut world = World::new(default_limits([("itpm", 10_000_000.0)]));
    let tickets: Vec<Ticket> = (0..3).map(|number| ask(&mut world, "tide", &format!("{number}?"))).collect();
    assert_eq!(world.starts(), tickets[..1]);
    assert_eq!(world.wake(), (Duration::MINUTE, Reason::PromptCache));
    assert_eq!(world.starts(), tickets[1..2]);
    assert_eq!(world.wake(), (Duration::MINUTE, Reason::PromptCache));
    assert_eq!(world.starts(), tickets[2..]);
    assert_eq!(world.limiter.poll_timeout(), None);
}

#[test]
fn whoever_answers_first_lets_all_go_that_wait_for_the_same_prompt() {
    let mut world = World::new(default_limits([("itpm", 10_000_000.0)]));
    let tickets: Vec<Ticket> = (0..4).map(|number| ask(&mut world, "tide", &format!("{number}?"))).collect();
    assert_eq!(world.starts(), tickets[..1]);
    world.wake();
    assert_eq!(world.starts(), tickets[1..2]);
    // The first was slow, and did not hang.
    assert_eq!(world.answer(tickets[0], 200, ANSWER), Verdict::Observe);
    assert_eq!(world.starts(), tickets[2..]);
}

#[test]
fn who_follows_still_has_its_deadline() {
    let mut world = World::with_options(record([
        ("limits", default_limits([("itpm", 10_000_000.0), ("concurrency", 1.0)])),
        ("queue", record([("maxWaitMs", 2_000.0.into())])),
    ]));
    let first = ask(&mut world, "tide", "1?");
    let follower = ask(&mut world, "tide", "2?");
    assert_eq!(world.starts(), [first]);
    world.wake();
    let (starts, refusals) = world.drain();
    assert_eq!(starts, []);
    assert!(matches!(refusals[..], [(ticket, Refusal::DeadlineExceeded { .. })] if ticket == follower), "{refusals:?}");
    assert_eq!((world.limiter.waiting(), world.limiter.poll_timeout()), (0, None));
}

#[test]
fn who_gives_up_while_it_follows_leaves_nothing_behind() {
    let mut world = World::new(default_limits([("itpm", 10_000_000.0)]));
    let first = ask(&mut world, "tide", "0?");
    for number in 1..1_000 {
        let follower = ask(&mut world, "tide", &format!("{number}?"));
        world.limiter.cancel(world.now, follower);
    }
    assert_eq!((world.limiter.waiting(), world.limiter.poll_timeout().is_some()), (0, true));
    assert!(world.limiter.followers.iter().all(|(_, followers)| followers.len() < 8));
    world.starts();
    assert_eq!(world.answer(first, 200, ANSWER), Verdict::Observe);
    assert!(world.limiter.followers.is_empty());
    world.limiter.finish(world.now, first, false);
    assert_eq!((world.starts(), world.limiter.poll_timeout()), (Vec::new(), None));
}

#[test]
fn a_server_that_keeps_no_prompts_is_not_waited_for_twice() {
    let mut world = World::new(default_limits([("itpm", 10_000_000.0)]));
    let first = ask(&mut world, "tide", "0?");
    world.starts();
    assert_eq!(world.answer(first, 200, "content-type: application/json"), Verdict::Observe);
    world.limiter.handle_chunk(world.now, first, br#"{"usage":{"input_tokens":9000,"output_tokens":5}}"#);
    world.limiter.finish(world.now, first, true);
    let (second, third) = (ask(&mut world, "tide", "1?"), ask(&mut world, "tide", "2?"));
    assert_eq!(world.starts(), [second, third]);
    assert!(reserved_input(&world, third) > 5_000);
}

#[test]
fn a_closed_limiter_refuses_those_who_follow() {
    let mut world = World::new(default_limits([("itpm", 10_000_000.0)]));
    let (first, follower) = (ask(&mut world, "tide", "1?"), ask(&mut world, "tide", "2?"));
    world.starts();
    world.limiter.close(world.now);
    assert_eq!(world.drain().1, [(follower, Refusal::Closed)]);
    assert_eq!(world.answer(first, 200, ANSWER), Verdict::Observe);
    assert_eq!(world.starts(), []);
}

#[test]
fn who_would_have_to_follow_counts_as_waiting() {
    let mut world = World::with_options(record([
        ("limits", default_limits([("itpm", 10_000_000.0)])),
        ("queue", record([("maxDepth", 1.0.into())])),
    ]));
    let (first, follower) = (ask(&mut world, "tide", "1?"), ask(&mut world, "tide", "2?"));
    assert_eq!(
        world.send(&about("tide", "3?")),
        Err(Refusal::QueueFull { scope: "default".into(), limit: 1, expected: None })
    );
    assert_eq!(world.limiter.waiting(), 1);
    assert_eq!(world.starts(), [first]);
    assert_eq!(world.answer(first, 200, ANSWER), Verdict::Observe);
    assert_eq!(world.starts(), [follower]);
}
