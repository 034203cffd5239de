//! Large requests are counted first, and callers may state what they know.

use alloc::format;
use alloc::string::String;

use super::*;

const MESSAGES: &str = "https://api.example/v1/messages";
const COUNTER: &str = "https://api.example/v1/messages/count_tokens";

/// A world that counts from 1,000 model tokens on.
fn counting(limits: Value) -> World {
    World::with_options(record([("limits", limits), ("countTokens", record([("aboveTokens", 1_000.0.into())]))]))
}

/// Some 2,500 model tokens.
fn large() -> String {
    let text = "The tide turns twice a day, and so does the traffic. ".repeat(200);
    format!(r#"{{"model":"claude-sonnet-5","max_tokens":100,"messages":[{{"role":"user","content":"{text}"}}]}}"#)
}

fn submit(world: &mut World, http: &HttpRequest<'_>) -> Submitted {
    world.limiter.submit_or_count(world.now, http).expect("admitted")
}

fn question(world: &mut World, http: &HttpRequest<'_>) -> Option<CountRequest> {
    match submit(world, http) {
        Submitted::CountFirst(question) => Some(question),
        Submitted::Waits(ticket) => {
            world.limiter.cancel(world.now, ticket);
            None
        }
    }
}

/// What the request reserves when the provider has said `tokens`.
fn reserved_when_counted(world: &mut World, body: &str, tokens: Option<u64>) -> u32 {
    let count = Some(Count { asked_at: world.now, tokens });
    let Submitted::Waits(ticket) = submit(world, &HttpRequest { count, ..request("POST", MESSAGES, body) }) else {
        panic!("it was counted already");
    };
    assert_eq!(world.starts(), [ticket]);
    let reserved = world.limiter.reserved(ticket).expect("in flight").input_tokens;
    world.limiter.cancel(world.now, ticket);
    reserved
}

#[test]
fn what_is_large_is_counted_first_and_what_is_small_is_not() {
    let mut world = counting(default_limits([("rpm", 100.0)]));
    let body = large();
    let question = question(&mut world, &request("POST", MESSAGES, &body)).expect("large enough");
    assert_eq!(question.url, COUNTER);
    assert_eq!(question.max_wait, Duration::from_secs(2));
    let asked = question.body;
    assert!(asked.starts_with(r#"{"model":"claude-sonnet-5","messages":["#) && !asked.contains("max_tokens"));
    assert!(matches!(submit(&mut world, &request("POST", MESSAGES, SMALL)), Submitted::Waits(_)));
}

#[test]
fn nothing_is_counted_that_nobody_wants_or_can_count() {
    let body = large();
    let http = request("POST", MESSAGES, &body);
    assert_eq!(question(&mut World::new(default_limits([("rpm", 100.0)])), &http), None, "it is off");
    let mut world = counting(default_limits([("rpm", 100.0)]));
    let remote = body.replace(
        r#""messages":["#,
        r#""messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://h/i.png"}}]},"#,
    );
    let openai = body.replace(r#""messages""#, r#""input""#);
    let stated = Stated { input_tokens: Some(5), ..Stated::default() };
    for (why, http) in [
        ("a part stands elsewhere", request("POST", MESSAGES, &remote)),
        ("it is a stream", HttpRequest { body: Body::Opaque { length: Some(1_000_000) }, ..http }),
        ("the caller knows", HttpRequest { stated, ..http }),
        ("it goes now or never", HttpRequest { max_wait: Some(Duration::ZERO), ..http }),
        ("it was asked about", HttpRequest { count: Some(Count { asked_at: world.now, tokens: None }), ..http }),
        ("it is a question itself", request("POST", COUNTER, &body)),
        ("OpenAI counts characters", request("POST", "https://h/v1/responses", &openai)),
        ("there is no counter", request("POST", "https://h/v1/chat/completions", &body)),
    ] {
        assert_eq!(question(&mut world, &http), None, "{why}");
    }
    assert!(question(&mut world, &http).is_some());
}

#[test]
fn a_server_that_speaks_as_openai_and_charges_otherwise_is_asked() {
    let count = record([("aboveTokens", 1_000.0.into())]);
    let mut world = World::with_options(record([("provider", "generic".into()), ("countTokens", count)]));
    let body = large().replace(r#""messages""#, r#""input""#);
    let question = question(&mut world, &request("POST", "https://h/v1/responses", &body)).expect("worth it");
    assert_eq!(question.url, "https://h/v1/responses/input_tokens");
}

#[test]
fn half_of_a_requests_own_time_is_spent_on_asking_and_none_of_it_is_given_back() {
    let mut world = counting(default_limits([("concurrency", 1.0)]));
    let body = large();
    let http = HttpRequest { max_wait: Some(Duration::from_secs(1)), ..request("POST", MESSAGES, &body) };
    let question = question(&mut world, &http).expect("in time");
    assert_eq!(question.max_wait, Duration::from_millis(500));
    world.send(SMALL).expect("admitted");
    world.starts();
    let count = Some(Count { asked_at: world.now, tokens: Some(2_400) });
    world.wait(Duration::from_millis(400));
    let Submitted::Waits(ticket) = submit(&mut world, &HttpRequest { count, ..http }) else {
        panic!("counted already")
    };
    assert_eq!(world.wake(), (Duration::from_millis(600), Reason::Deadline));
    let (_, refused) = world.drain();
    let [(late, Refusal::DeadlineExceeded { waited, .. })] = refused.as_slice() else { panic!("{refused:?}") };
    assert_eq!((*late, *waited), (ticket, Duration::from_secs(1)));
}

#[test]
fn a_count_is_reserved_as_it_is_and_an_impossible_one_is_not() {
    let mut world = counting(default_limits([("rpm", 100.0)]));
    let body = large();
    let estimated = reserved_when_counted(&mut world, &body, None);
    assert!(estimated > 2_500, "{estimated}");
    for absurd in [0, 1, 10_000_000, u64::MAX] {
        assert!(question(&mut world, &request("POST", MESSAGES, &body)).is_some());
        assert_eq!(reserved_when_counted(&mut world, &body, Some(absurd)), estimated, "{absurd}");
        // Who says such a thing is not asked for a while.
        assert_eq!(question(&mut world, &request("POST", MESSAGES, &body)), None);
        world.wait(Duration::from_secs(601));
    }
    assert_eq!(reserved_when_counted(&mut world, &body, Some(2_345)), 2_353);
}

#[test]
fn a_count_that_fits_no_limit_is_refused_at_once() {
    let mut world = counting(default_limits([("itpm", 2_000.0)]));
    let body = large();
    let count = Some(Count { asked_at: world.now, tokens: Some(2_001) });
    let refused = world.limiter.submit_or_count(world.now, &HttpRequest { count, ..request("POST", MESSAGES, &body) });
    assert!(matches!(refused, Err(Refusal::InsufficientCapacity { cost: 2_001, .. })), "{refused:?}");
}

#[test]
fn a_count_teaches_as_an_answer_does_and_the_answer_then_teaches_no_more() {
    let teach = |count: Option<u64>, answers: &[u64]| {
        let mut world = counting(default_limits([("rpm", 1_000.0)]));
        let body = large();
        for answer in answers {
            let count = Some(Count { asked_at: world.now, tokens: count });
            let http = HttpRequest { count, ..request("POST", MESSAGES, &body) };
            let Submitted::Waits(ticket) = submit(&mut world, &http) else { panic!("counted already") };
            world.starts();
            assert_eq!(world.answer(ticket, 200, "content-type: application/json"), Verdict::Observe);
            let usage = format!(r#"{{"usage":{{"input_tokens":{answer},"output_tokens":9}}}}"#);
            world.limiter.handle_chunk(world.now, ticket, usage.as_bytes());
            world.limiter.finish(world.now, ticket, true);
        }
        reserved_when_counted(&mut world, &body, None)
    };
    let by_answers = teach(None, &[2_400; 3]);
    assert_eq!(teach(Some(2_400), &[2_400; 3]), by_answers);
    assert_eq!(teach(Some(2_400), &[3_100; 3]), by_answers);
    assert_ne!(teach(None, &[]), by_answers);
}

#[test]
fn who_cannot_count_is_not_asked_for_a_while_and_others_are() {
    let body = large();
    let http = request("POST", MESSAGES, &body);
    let other = request("POST", "https://other.example/v1/messages", &body);
    for (status, answer, seconds) in [
        (Some(404), "", 600),
        (Some(400), r#"{"type":"error"}"#, 600),
        (Some(200), "<html>", 600),
        (Some(200), r#"{"input_tokens":-4}"#, 600),
        (Some(503), "", 30),
        (None, "", 30),
    ] {
        let mut world = counting(default_limits([("rpm", 100.0)]));
        assert_eq!(world.limiter.handle_count(world.now, COUNTER, status, answer.as_bytes()), None);
        assert_eq!(question(&mut world, &http), None, "{status:?}");
        assert!(question(&mut world, &other).is_some(), "{status:?}");
        world.wait(Duration::from_secs(seconds));
        assert!(question(&mut world, &http).is_some(), "{status:?}");
    }
    let mut world = counting(default_limits([("rpm", 100.0)]));
    assert_eq!(world.limiter.handle_count(world.now, COUNTER, Some(429), b""), None);
    assert_eq!(world.limiter.handle_count(world.now, COUNTER, Some(200), br#"{"input_tokens":7}"#), Some(7));
    assert!(question(&mut world, &http).is_some(), "its limits say when it can be asked again");
}

#[test]
fn a_counter_that_is_shut_for_longer_than_one_would_wait_is_not_asked() {
    let mut world = counting(default_limits([("rpm", 100.0)]));
    let body = large();
    let asking = world.send_as("POST", COUNTER, &body).expect("admitted");
    world.starts();
    assert_eq!(world.answer(asking, 429, "retry-after: 20"), Verdict::Retry);
    assert_eq!(question(&mut world, &request("POST", MESSAGES, &body)), None);
    world.limiter.cancel(world.now, asking);
    world.wait(Duration::from_secs(19));
    assert!(question(&mut world, &request("POST", MESSAGES, &body)).is_some());
}

#[test]
fn who_says_again_and_again_that_it_cannot_count_fills_no_memory() {
    let mut world = counting(default_limits([("rpm", 100.0)]));
    for number in 0..1_000 {
        let url = format!("https://h{number}.example/v1/messages/count_tokens");
        world.limiter.handle_count(world.now, &url, Some(404), b"");
    }
    assert_eq!(world.limiter.counting.remembered(), 64);
    let last = request("POST", "https://h999.example/v1/messages", "");
    let body = large();
    assert_eq!(question(&mut world, &HttpRequest { body: Body::Bytes(body.as_bytes()), ..last }), None);
}

#[test]
fn what_is_stated_of_a_body_that_cannot_be_read_is_taken_and_settled_by_the_answer() {
    let mut world = World::new(default_limits([("itpm", 10_000.0), ("otpm", 10_000.0)]));
    let stated = Stated { input_tokens: Some(6_000), output_tokens: Some(500), ..Stated::default() };
    let upload = HttpRequest {
        body: Body::Opaque { length: None },
        stated,
        ..request("POST", "https://api.example/v1/render", "")
    };
    let ticket = world.limiter.submit_request(world.now, &upload).expect("admitted");
    assert_eq!(world.starts(), [ticket]);
    let reserved = world.limiter.reserved(ticket).expect("in flight");
    assert_eq!((reserved.input_tokens, reserved.output_tokens), (6_000, 500));
    assert_eq!(world.answer(ticket, 200, "content-type: application/json"), Verdict::Observe);
    world.limiter.handle_chunk(world.now, ticket, br#"{"usage":{"input_tokens":1000,"output_tokens":9500}}"#);
    world.limiter.finish(world.now, ticket, true);
    let next = Stated { input_tokens: Some(9_000), output_tokens: Some(500), ..Stated::default() };
    let next = world.limiter.submit_request(world.now, &HttpRequest { stated: next, ..upload }).expect("admitted");
    assert_eq!(world.starts_of(1), [next], "what was not read came back, and what was written was taken");
    let more = Stated { output_tokens: Some(500), ..Stated::default() };
    world.limiter.submit_request(world.now, &HttpRequest { stated: more, ..upload }).expect("admitted");
    assert_eq!(world.starts(), []);
}

#[test]
fn a_unit_of_ones_own_is_stated_with_the_request() {
    let custom = record([("dimension", "custom".into()), ("amount", 100.0.into()), ("periodMs", 60_000.0.into())]);
    let mut world = World::new(record([("default", record([("limits", Value::List([custom].into()))]))]));
    let points = |custom| HttpRequest {
        stated: Stated { custom: Some(custom), ..Stated::default() },
        ..request("POST", "https://shop.example/graphql", "{}")
    };
    let first = world.limiter.submit_request(world.now, &points(70)).expect("admitted");
    let second = world.limiter.submit_request(world.now, &points(40)).expect("admitted");
    assert_eq!(world.starts(), [first]);
    assert!(world.wake().0 >= Duration::from_secs(6));
    assert_eq!(world.starts(), [second]);
    let never = world.limiter.submit_request(world.now, &points(101));
    assert!(matches!(never, Err(Refusal::InsufficientCapacity { cost: 101, limit: 100, .. })), "{never:?}");
}
