//! What crosses the boundary, in both directions: run as wasm in Node.
#![cfg(target_arch = "wasm32")]

use js_sys::{Array, Error, JSON, Object, Reflect};
use tidegate_bindings::{
    CoreLimiter, add_token_tables, body_peek_bytes, estimate_tokens, parse_rate_limit, request_headers,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

const MUST_WAIT: i32 = -1;
const DRAINED: i32 = -1;
const REFUSED: i32 = -2;
const EVENT: i32 = -3;
const COUNT_FIRST: i32 = -4;
const NORMAL: i8 = 0;
const FOR_EVER: f64 = f64::INFINITY;

/// The value of a JavaScript expression.
fn js(expression: &str) -> JsValue {
    js_sys::eval(&format!("({expression})")).expect("an expression")
}

fn text(value: &JsValue) -> String {
    JSON::stringify(value).expect("plain data").into()
}

fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("an object")
}

fn limiter(options: &str) -> CoreLimiter {
    CoreLimiter::new(&js(options), 0.0, Some(1.0)).expect("the options are right")
}

/// The error for wrong options: `option`, `value` and `fix`.
fn wrong(options: &str) -> [String; 3] {
    let thrown = CoreLimiter::new(&js(options), 0.0, None).err().expect("the options are wrong");
    let error: &Error = thrown.dyn_ref().expect("an Error");
    assert_eq!(error.name(), "OptionError");
    let parts = ["option", "value", "fix"].map(|name| field(&thrown, name).as_string().expect("text"));
    assert_eq!(String::from(error.message()), format!("Option {} is {}. {}", parts[0], parts[1], parts[2]));
    parts
}

fn acquire(limiter: &mut CoreLimiter, now: f64) -> i32 {
    limiter.acquire_now(now, 0, 1.0, 0.0, 0.0, 0.0, NORMAL)
}

fn submit(limiter: &mut CoreLimiter, now: f64) -> i32 {
    limiter.submit(now, 0, 1.0, 0.0, 0.0, 0.0, NORMAL, FOR_EVER, None)
}

fn submit_message(limiter: &mut CoreLimiter, body: &JsValue) -> i32 {
    submit_counted(limiter, body, f64::NAN, -1.0)
}

fn submit_counted(limiter: &mut CoreLimiter, body: &JsValue, asked_at: f64, counted: f64) -> i32 {
    let (url, headers) = ("https://h/v1/messages", "anthropic-version: x");
    let [requests, input, output, custom] = [-1.0; 4];
    limiter.submit_request(
        0.0, "POST", url, headers, body, true, NORMAL, FOR_EVER, requests, input, output, custom, asked_at, counted,
        None,
    )
}

#[wasm_bindgen_test]
fn a_wrong_option_is_an_error_that_names_it_its_value_and_the_fix() {
    for (options, option, value) in [
        ("{ limits: { 'claude-*': { rpm: -5 } } }", "limits[\"claude-*\"].rpm", "-5"),
        ("{ limits: { m: { models: ['a', 7], rpm: 1 } } }", "limits.m.models[1]", "7"),
        ("{ retry: { attempts: () => 3 } }", "retry.attempts", "a function"),
        ("{ queue: { maxDepth: 10n } }", "queue.maxDepth", "a bigint"),
        ("{ queue: Symbol.iterator }", "queue", "a symbol"),
        ("{ provider: { statuses: { 420: 'slow' } } }", "provider.statuses.420", "\"slow\""),
        ("[]", "(all)", "a list of 0"),
    ] {
        let error = wrong(options);
        assert_eq!([&*error[0], &*error[1]], [option, value]);
        assert!(error[2].ends_with('.'), "{}", error[2]);
    }
}

#[wasm_bindgen_test]
fn odd_objects_are_read_to_an_end() {
    assert_eq!(wrong("(() => { const o = {}; o.limits = o; return o; })()")[0], "limits.limits.limits");
    // A field that is computed is a field; one that fails to be is absent.
    assert_eq!(wrong("{ get retry() { return { attempts: 0 }; } }")[0], "retry.attempts");
    limiter("{ get retry() { throw new Error('no'); } }");
    limiter("Object.assign(Object.create({ rpm: 1 }), { retry: null, queue: undefined })");
}

#[wasm_bindgen_test]
fn an_acquisition_goes_from_its_ticket_to_its_settlement() {
    let mut limiter = limiter("{ limits: { default: { rpm: 2 } } }");
    let first = acquire(&mut limiter, 0.0);
    let second = acquire(&mut limiter, 0.0);
    assert!(first >= 0 && second >= 0 && first != second);
    assert_eq!(acquire(&mut limiter, 0.0), MUST_WAIT);

    let waiting = submit(&mut limiter, 0.0);
    let given_up = submit(&mut limiter, 0.0);
    assert!(waiting >= 0 && given_up >= 0);
    assert_eq!(limiter.poll(), DRAINED);
    let wait = limiter.timeout_ms(0.0);
    assert!(wait > 0.0 && wait.fract() == 0.0, "{wait}");
    assert!(limiter.cancel(0.0, given_up.cast_unsigned(), false));
    limiter.settle(0.0, first.cast_unsigned(), -1.0, -1.0, -1.0, -1.0);
    assert!(limiter.release(second.cast_unsigned()), "somebody waits");
    limiter.handle_timeout(wait);
    assert_eq!((limiter.poll(), limiter.poll()), (waiting, DRAINED));
    assert!(!limiter.release(waiting.cast_unsigned()));
    assert_eq!(limiter.timeout_ms(wait), -1.0);
}

#[wasm_bindgen_test]
fn a_refusal_is_plain_data() {
    let mut limiter = limiter("{ limits: { default: { rpm: 2 } }, queue: { maxDepth: 1 } }");
    assert_eq!(limiter.acquire_now(0.0, 0, 3.0, 0.0, 0.0, 0.0, NORMAL), REFUSED);
    let refusal = limiter.take_refusal();
    let parts = ["ticket", "code", "scope", "dimension", "limit", "cost"].map(|name| text(&field(&refusal, name)));
    assert_eq!(parts, ["-1", "\"insufficient-capacity\"", "\"default\"", "\"requests\"", "2", "3"]);
    assert!(limiter.take_refusal().is_undefined(), "it is taken once");

    for _ in 0..2 {
        acquire(&mut limiter, 0.0);
    }
    assert_eq!(limiter.submit(0.0, 0, 1.0, 0.0, 0.0, 0.0, NORMAL, 10.0, None), REFUSED);
    let refusal = limiter.take_refusal();
    let parts = ["ticket", "code", "waitedMs", "position", "expectedMs"].map(|name| text(&field(&refusal, name)));
    assert_eq!(parts, ["-1", "\"deadline-exceeded\"", "0", "0", "30000"], "it cannot start in time");
    assert!(submit(&mut limiter, 0.0) >= 0);
    assert_eq!(submit(&mut limiter, 0.0), REFUSED);
    let refusal = limiter.take_refusal();
    assert_eq!(
        ["code", "limit", "expectedMs"].map(|name| text(&field(&refusal, name))),
        ["\"queue-full\"", "1", "60000"]
    );
    limiter.close(10.0);
    assert_eq!(submit(&mut limiter, 10.0), REFUSED);
    assert_eq!(field(&limiter.take_refusal(), "code"), "closed");
}

#[wasm_bindgen_test]
fn who_waits_until_its_deadline_is_refused_by_its_ticket() {
    let mut limiter = limiter("{ limits: { default: { concurrency: 1 } } }");
    acquire(&mut limiter, 0.0);
    let late = limiter.submit(0.0, 0, 1.0, 0.0, 0.0, 0.0, NORMAL, 10.0, None);
    limiter.handle_timeout(10.0);
    assert_eq!((limiter.poll(), limiter.poll()), (REFUSED, DRAINED));
    let refusal = limiter.take_refusal();
    assert_eq!(field(&refusal, "ticket"), late);
    assert_eq!(field(&refusal, "code"), "deadline-exceeded");
    assert!(field(&refusal, "expectedMs").is_undefined(), "nobody can tell");
}

#[wasm_bindgen_test]
fn where_a_ticket_stands_and_what_a_newcomer_would_wait_are_numbers() {
    let mut limiter = limiter("{ limits: { default: { rpm: 60 }, held: { concurrency: 1 } } }");
    let held = limiter.scope("held");
    let estimate = |limiter: &mut CoreLimiter, scope, requests| {
        limiter.estimate(0.0, scope, requests, 0.0, 0.0, 0.0, NORMAL, None)
    };
    assert_eq!(estimate(&mut limiter, 0, 60.0), 0.0);
    assert_eq!(estimate(&mut limiter, 0, 61.0), f64::from(REFUSED));
    assert_eq!(field(&limiter.take_refusal(), "code"), "insufficient-capacity");
    let first = limiter.acquire_now(0.0, 0, 60.0, 0.0, 0.0, 0.0, NORMAL);
    let waiting: Vec<i32> = (0..3).map(|_| submit(&mut limiter, 0.0)).collect();
    assert_eq!(limiter.outlook(500.0, waiting[2].cast_unsigned()), 2_500.0);
    assert_eq!(limiter.position(), 2);
    assert_eq!(estimate(&mut limiter, 0, 1.0), 4_000.0);
    assert_eq!(limiter.outlook(500.0, first.cast_unsigned()), -2.0, "it does not wait");

    limiter.acquire_now(0.0, held, 1.0, 0.0, 0.0, 0.0, NORMAL);
    assert_eq!(estimate(&mut limiter, held, 1.0), -1.0, "nobody knows how long it is held");
    limiter.pause();
    assert_eq!((limiter.timeout_ms(0.0), limiter.outlook(500.0, waiting[0].cast_unsigned())), (-1.0, -1.0));
    limiter.resume(1_000.0);
    assert_eq!((limiter.poll(), limiter.poll()), (waiting[0], DRAINED));
}

#[wasm_bindgen_test]
fn a_drain_ends_with_an_event_and_refuses_newcomers() {
    let mut limiter = limiter("{ limits: { default: { rpm: 60 } }, queue: { concurrency: 1 } }");
    let last = acquire(&mut limiter, 0.0);
    assert_eq!(acquire(&mut limiter, 0.0), MUST_WAIT, "one is in flight, as many as may be");
    limiter.drain();
    assert_eq!(submit(&mut limiter, 0.0), REFUSED);
    assert_eq!(field(&limiter.take_refusal(), "code"), "draining");
    assert!(text(&limiter.snapshot(0.0)).contains(r#""paused":false,"draining":true"#));
    assert!(limiter.release(last.cast_unsigned()));
    assert_eq!(limiter.poll(), EVENT);
    assert_eq!(text(&limiter.take_event()), r#"{"type":"drained"}"#);
    assert_eq!((limiter.poll(), limiter.timeout_ms(0.0)), (DRAINED, -1.0));
}

#[wasm_bindgen_test]
fn a_large_request_is_counted_first_and_then_submitted_with_what_came_of_it() {
    let mut limiter = limiter("{ limits: { default: { itpm: 10000 } }, countTokens: { aboveTokens: 100 } }");
    let words = "and so on ".repeat(200);
    let body =
        JsValue::from(format!(r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":"{words}"}}]}}"#));
    assert_eq!(submit_message(&mut limiter, &body), COUNT_FIRST);
    let question = limiter.take_question();
    assert!(limiter.take_question().is_undefined(), "it is taken once");
    assert_eq!(field(&question, "url"), "https://h/v1/messages/count_tokens");
    assert_eq!(field(&question, "maxWaitMs"), 2_000.0);
    assert!(text(&field(&question, "body")).contains("and so on"));

    let url = "https://h/v1/messages/count_tokens";
    assert_eq!(limiter.handle_count(0.0, url, 200, b"{\"input_tokens\":610}"), 610.0);
    let ticket = submit_counted(&mut limiter, &body, 0.0, 610.0);
    assert!(ticket >= 0);
    let state = text(&limiter.snapshot(0.0));
    assert!(state.contains(r#""available":9382"#), "{state}");

    assert_eq!(limiter.handle_count(0.0, url, 0, b""), -1.0);
    assert!(submit_message(&mut limiter, &body) >= 0, "who does not answer is not asked");
}

#[wasm_bindgen_test]
fn an_answer_becomes_a_verdict_and_an_event() {
    let mut limiter = limiter("{ retry: { attempts: 2 } }");
    let body = js("JSON.stringify({ model: 'm', max_tokens: 9, messages: [] })");
    let ticket = submit_message(&mut limiter, &body);
    assert_eq!(limiter.poll(), ticket);
    let ticket = ticket.cast_unsigned();
    assert_eq!(limiter.handle_response(0.0, 0.0, ticket, 429, ""), 3, "the body tells more");
    let beginning = br#"{"type":"error","error":{"type":"rate_limit_error"}}"#;
    assert_eq!(limiter.handle_body(0.0, 0.0, ticket, 429, "retry-after: 2", beginning), 2, "again");
    let mut types = Vec::new();
    while limiter.poll() == EVENT {
        types.push(text(&field(&limiter.take_event(), "type")));
    }
    assert_eq!(types, ["\"refused\"", "\"retry\""]);
    assert!(limiter.take_event().is_undefined(), "it is taken once");
    let wait = limiter.timeout_ms(0.0);
    assert!((2_000.0..=3_000.0).contains(&wait), "{wait}");
    limiter.handle_timeout(wait);
    assert_eq!(limiter.poll().cast_unsigned(), ticket);
    assert_eq!(limiter.handle_response(wait, 0.0, ticket, 200, "content-type: application/json"), 1, "observe");
    limiter.chunk(wait, ticket, br#"{"usage":{"output_tokens":3}}"#);
    limiter.finish(wait, ticket, true);
    assert_eq!(limiter.handle_failure(wait, ticket), 0, "it is over");
}

#[wasm_bindgen_test]
fn a_body_is_read_in_every_form_that_can_be() {
    for body in ["'{\"model\":\"m\"}'", "new TextEncoder().encode('{\"model\":\"m\"}')", "null", "undefined"] {
        let mut limiter = limiter("{ limits: { default: { rpm: 1 }, m: { concurrency: 1 } } }");
        assert!(submit_message(&mut limiter, &js(body)) >= 0);
        let scopes: Array = field(&limiter.snapshot(0.0), "scopes").unchecked_into();
        let in_flight: Vec<_> = scopes.iter().map(|scope| field(&scope, "inFlight").as_f64()).collect();
        let expected = if body.contains("model") { [Some(0.0), Some(1.0)] } else { [Some(1.0), Some(0.0)] };
        assert_eq!(in_flight, expected, "{body}");
    }
}

#[wasm_bindgen_test]
fn a_snapshot_is_plain_data() {
    let mut limiter = limiter("{ limits: { default: { rpm: 60, concurrency: 2 } } }");
    acquire(&mut limiter, 0.0);
    let snapshot = limiter.snapshot(0.0);
    let prototype = Object::get_prototype_of(&snapshot);
    assert_eq!(JsValue::from(prototype), js("Object.prototype"));
    assert_eq!(
        text(&snapshot),
        concat!(
            r#"{"waiting":0,"inFlight":1,"paused":false,"draining":false,"wakeUp":null,"scopes":[{"name":"default","waiting":0,"priorities":[],"inFlight":1,"#,
            r#""shutForMs":0,"breaker":"closed","mostInFlight":null,"startsPerMinute":null,"limits":["#,
            r#"{"dimension":"requests","amount":60,"periodMs":60000,"burst":60,"available":59,"#,
            r#""enforcement":"token-bucket","source":"configured"},"#,
            r#"{"dimension":"concurrency","amount":2,"periodMs":null,"burst":2,"available":1,"#,
            r#""enforcement":"token-bucket","source":"configured"}]}],"#,
            r#""otherScopes":0,"learned":{"version":1,"models":[]}}"#,
        )
    );
}

#[wasm_bindgen_test]
fn tickets_are_never_negative_however_many_there_were() {
    let mut limiter = limiter("{ limits: { default: { concurrency: 100000 } } }");
    for _ in 0..70_000 {
        assert!(acquire(&mut limiter, 0.0) >= 0);
    }
    for _ in 0..1_000 {
        let ticket = acquire(&mut limiter, 0.0);
        assert!(ticket >= 0);
        limiter.release(ticket.cast_unsigned());
    }
    // Numbers that were never given out are nobody's.
    for stray in [u32::MAX, 1 << 31, 0] {
        limiter.settle(0.0, stray, 1.0, 1.0, 1.0, 1.0);
        limiter.cancel(0.0, stray, true);
    }
}

#[wasm_bindgen_test]
fn a_response_is_read_without_a_limiter() {
    let read = |provider: &str, body: &str| parse_rate_limit("retry-after: 2", &js(provider), 429, &js(body), 0.0);
    assert_eq!(
        read("undefined", "undefined").expect("read"),
        r#"{"retryAfterMs":2000,"limits":[],"retryable":true,"kind":"rate_limit"}"#
    );
    let spent = "'{\"error\":{\"code\":\"insufficient_quota\"}}'";
    for body in [spent.to_owned(), format!("new TextEncoder().encode({spent})")] {
        let json = read("'openai'", &body).expect("read");
        assert!(json.ends_with(r#""retryable":false,"kind":"quota_exhausted"}"#), "{json}");
    }
    let error = read("{ limits: [{}] }", "undefined").expect_err("a wrong description");
    assert_eq!(field(&error, "option"), "provider.limits[0].dimension");
}

#[wasm_bindgen_test]
fn tokens_are_estimated_without_a_limiter() {
    let body = r#"{"model":"claude-sonnet-5","messages":[{"role":"user","content":"When the water outside allows, everybody's gates are opening."}]}"#;
    let bytes: JsValue = js_sys::Uint8Array::from(body.as_bytes()).into();
    let estimate = |content: &JsValue, is_body: bool| estimate_tokens(content, is_body, None);
    assert_eq!(estimate(&body.into(), true), estimate(&bytes, true));
    assert!(estimate(&body.into(), false) > estimate(&body.into(), true));
    assert!(estimate_tokens(&body.into(), true, Some("claude-3-opus".into())) < estimate(&body.into(), true));
    assert_eq!(estimate(&JsValue::NULL, true), 0.0);
}

#[wasm_bindgen_test]
fn tables_are_refused_or_count_from_then_on() {
    let estimate = || estimate_tokens(&"qzx wvk jqz ".repeat(100).into(), false, Some("gpt-5".into()));
    let before = estimate();
    assert!(add_token_tables(b"tokens").is_err());
    assert_eq!(estimate(), before);
    assert!(add_token_tables(tidegate::tokens::EXACT_TABLES).is_ok());
    assert_ne!(estimate(), before);
}

#[wasm_bindgen_test]
fn no_credential_is_asked_for() {
    let names = request_headers();
    assert!(!names.is_empty());
    assert!(!names.iter().any(|name| ["authorization", "x-api-key", "api-key", "cookie"].contains(&&**name)));
    assert!(body_peek_bytes() >= 4_096);
}
