use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;
use crate::headers::HeaderBlock;
use crate::request::{self, Body};

const MARK: &str = r#","cache_control":{"type":"ephemeral"}"#;
const LONG_MARK: &str = r#","cache_control":{"ttl":"1h","type":"ephemeral"}"#;

/// A text of some thousands of tokens by any tokenizer.
fn long(seed: &str) -> String {
    format!("{seed} and much more of it. ").repeat(1_000)
}

fn text(text: &str, mark: &str) -> String {
    format!(r#"{{"type":"text","text":"{text}"{mark}}}"#)
}

fn message(role: &str, blocks: &str) -> String {
    format!(r#"{{"role":"{role}","content":[{blocks}]}}"#)
}

fn tool(name: &str, mark: &str) -> String {
    format!(r#"{{"name":"{name}","description":"{}","input_schema":{{"type":"object"}}{mark}}}"#, long(name))
}

fn body(tools: &str, system: &str, messages: &str) -> String {
    format!(r#""tools":[{tools}],"system":[{system}],"messages":[{messages}]"#)
}

fn prefixes(body: &str) -> Prefixes {
    prefixes_of("claude-sonnet-5", body)
}

fn prefixes_of(model: &str, body: &str) -> Prefixes {
    let body = format!(r#"{{"model":"{model}",{body}}}"#);
    request::read("POST", "https://h/v1/messages", HeaderBlock::default(), Body::Bytes(body.as_bytes())).prefixes
}

fn hashes(prefixes: &[Prefix]) -> Vec<u64> {
    prefixes.iter().map(|prefix| prefix.hash).collect()
}

/// A request with a point at the end of each section.
fn everywhere() -> (String, String, String) {
    (tool("f", MARK), text(&long("system"), LONG_MARK), message("user", &text(&long("hello"), MARK)))
}

#[test]
fn without_a_mark_nothing_is_kept() {
    let (tools, system, messages) = everywhere();
    let body = body(&tools, &system, &messages).replace(MARK, "").replace(LONG_MARK, "");
    assert_eq!(prefixes(&body).as_slice(), []);
    assert_eq!(prefixes(&format!(r#"{body},"cache_control":null"#)).as_slice(), []);
}

#[test]
fn points_come_in_the_order_of_the_prompt_whatever_that_of_the_body() {
    let (tools, system, messages) = everywhere();
    let in_order = prefixes(&body(&tools, &system, &messages));
    assert_eq!(in_order.as_slice().len(), 3);
    assert!(in_order.as_slice().windows(2).all(|pair| pair[0].tokens < pair[1].tokens));
    let lives: Vec<_> = in_order.as_slice().iter().map(|point| point.is_long_lived).collect();
    assert_eq!(lives, [false, true, false]);
    let turned = format!(r#""messages":[{messages}],"tools":[{tools}],"system":[{system}]"#);
    assert_eq!(prefixes(&turned), in_order);
}

#[test]
fn a_point_has_the_tokens_of_all_that_stands_before_it() {
    let (tools, system, messages) = everywhere();
    let points = |tools: &str, system: &str, messages: &str| {
        prefixes(&body(tools, system, messages)).as_slice().last().unwrap().tokens
    };
    let whole = points(&tools, &system, &messages);
    let without_messages = points(&tools, &system, "");
    let without_tools = points("", &system, &messages);
    let tools_alone = points(&tools, "", "");
    assert!(whole > without_messages && without_messages > tools_alone);
    // Of the three, each is rounded up by itself.
    assert!(whole.abs_diff(without_tools + tools_alone) <= 2, "{whole} {without_tools} {tools_alone}");
    // What stands behind the last point is not part of it.
    let more = format!("{messages},{}", message("assistant", &text("more", "")));
    assert_eq!(points(&tools, &system, &more), whole);
}

#[test]
fn each_part_invalidates_what_stands_behind_it_and_nothing_before() {
    let (tools, system, messages) = everywhere();
    let before = hashes(prefixes(&body(&tools, &system, &messages)).as_slice());
    let kept = |body: &str| {
        let after = hashes(prefixes(body).as_slice());
        before.iter().zip(&after).filter(|(before, after)| before == after).count()
    };
    assert_eq!(kept(&body(&tool("g", MARK), &system, &messages)), 0);
    assert_eq!(kept(&body(&tools, &text(&long("other"), LONG_MARK), &messages)), 1);
    assert_eq!(kept(&body(&tools, &system, &message("user", &text(&long("other"), MARK)))), 2);
    let same = body(&tools, &system, &messages);
    for (setting, expected) in [
        (r#""max_tokens":7,"stream":true,"metadata":{"user_id":"u"},"temperature":1"#, 3),
        (r#""tool_choice":{"type":"any"}"#, 2),
        (r#""thinking":{"type":"adaptive"}"#, 2),
        (r#""output_config":{"effort":"low"}"#, 2),
        (r#""speed":"fast""#, 1),
    ] {
        assert_eq!(kept(&format!("{same},{setting}")), expected, "{setting}");
        assert_eq!(kept(&format!("{setting},{same}")), expected, "{setting}");
    }
    // Two of them in any order, and neither hides the other.
    let (choice, thinking) = (r#""tool_choice":{"type":"any"}"#, r#""thinking":{"type":"adaptive"}"#);
    let last = |settings: &str| prefixes(&format!("{same},{settings}")).as_slice()[2].hash;
    assert_eq!(last(&format!("{choice},{thinking}")), last(&format!("{thinking},{choice}")));
    assert_ne!(last(&format!("{choice},{thinking}")), last(thinking));
    assert_ne!(last(&format!("{choice},{thinking}")), last(choice));
    let other_model = prefixes_of("claude-sonnet-5-1", &same);
    assert!(hashes(other_model.as_slice()).iter().all(|hash| !before.contains(hash)));
    let picture = message("user", r#"{"type":"image","source":{"type":"url","url":"u"}}"#);
    assert_eq!(kept(&body(&tools, &system, &format!("{messages},{picture}"))), 2);
}

#[test]
fn marks_may_move_without_changing_the_prompt() {
    let block = |mark: &str| message("user", &text(&long("hello"), mark));
    let first = prefixes(&body("", "", &block(MARK)));
    let both = prefixes(&body("", "", &format!("{},{}", block(LONG_MARK), block(MARK))));
    assert_eq!(first.as_slice()[0].hash, both.as_slice()[0].hash);
    assert_ne!(both.as_slice()[0].hash, both.as_slice()[1].hash);
}

#[test]
fn automatic_caching_keeps_up_to_the_last_block() {
    let (tools, system, messages) = everywhere();
    let marked = body(&tools, &system, &messages);
    let unmarked = marked.replace(MARK, "").replace(LONG_MARK, "");
    let automatic = prefixes(&format!(r#""cache_control":{{"type":"ephemeral","ttl":"1h"}},{unmarked}"#));
    let expected = prefixes(&marked).as_slice()[2];
    assert_eq!(automatic.as_slice(), [Prefix { is_long_lived: true, ..expected }]);
    // Where the content is one text.
    let whole = format!(r#"{{"role":"user","content":"{}"}}"#, long("hello"));
    assert_eq!(prefixes(&format!(r#""messages":[{whole}]{MARK}"#)).as_slice().len(), 1);
    assert_eq!(prefixes(&format!(r#""system":"{}","messages":[]{MARK}"#, long("s"))).as_slice().len(), 1);
}

#[test]
fn the_next_turn_of_a_conversation_finds_what_the_one_before_it_kept() {
    let question = |words: &str| message("user", &text(words, ""));
    let answer = |words: &str| message("assistant", &text(words, ""));
    let ask = |messages: &[String]| prefixes(&format!(r#""messages":[{}]{MARK}"#, messages.join(",")));
    let first = [question(&long("first"))];
    let second = [question(&long("first")), answer("yes"), question("and?")];
    let (first, second) = (ask(&first), ask(&second));
    assert_eq!(first.as_slice().len(), 1);
    assert!(second.earlier().contains(&first.as_slice()[0]));
    assert_eq!(second.earlier().len(), 2);
    // The server looks back no further than twenty blocks.
    let far: Vec<_> = (0..30).map(|turn| question(&long(&turn.to_string()))).collect();
    let far = ask(&far);
    assert_eq!(far.earlier().len(), 19);
    assert!(far.earlier().windows(2).all(|pair| pair[0].tokens < pair[1].tokens));
}

#[test]
fn cache_points_of_bedrock_are_marks_too() {
    let hello = format!(r#"{{"text":"{}"}}"#, long("hello"));
    let point = r#"{"cachePoint":{"type":"default"}}"#;
    let read = |content: &str| {
        let body = format!(r#"{{"messages":[{{"role":"user","content":[{content}]}}]}}"#);
        let url = "https://h/model/anthropic.claude-sonnet-4-5/converse";
        request::read("POST", url, HeaderBlock::default(), Body::Bytes(body.as_bytes())).prefixes
    };
    let one = read(&format!("{hello},{point}"));
    assert_eq!(one.as_slice().len(), 1);
    let moved = read(&format!("{hello},{point},{hello},{point}"));
    assert_eq!(moved.as_slice()[0].hash, one.as_slice()[0].hash);
    let later = read(&format!("{hello},{hello},{point}"));
    assert_eq!(later.as_slice()[0].hash, moved.as_slice()[1].hash);
    assert!(later.earlier().iter().any(|earlier| earlier.hash == one.as_slice()[0].hash));
}

#[test]
fn prompts_too_short_for_the_model_are_not_kept() {
    // By any counting between 1,024 and 2,048 tokens, and between 512 and 1,024.
    let words = |count: usize| message("user", &text(&"word ".repeat(count), MARK));
    let kept = |model: &str, count: usize| prefixes_of(model, &body("", "", &words(count))).as_slice().len();
    for (model, short, enough) in [
        ("claude-opus-5", 300, 800),
        ("claude-fable-5-1", 300, 800),
        ("claude-sonnet-5", 600, 1_600),
        ("claude-opus-4-8", 600, 1_600),
        ("claude-sonnet-4-6", 600, 1_600),
        ("claude-opus-4-7", 1_200, 3_200),
        ("claude-opus-4-5", 2_400, 6_400),
        ("claude-haiku-4-5", 2_400, 6_400),
        ("claude-3-5-haiku-20241022", 1_200, 3_200),
    ] {
        assert_eq!((kept(model, short), kept(model, enough)), (0, 1), "{model}");
    }
}

#[test]
fn of_too_many_points_the_first_four_hold() {
    let block = |index: usize| text(&long(&index.to_string()), MARK);
    let blocks: Vec<_> = (0..6).map(block).collect();
    let points = prefixes(&body("", "", &message("user", &blocks.join(","))));
    assert_eq!(points.as_slice().len(), MOST_PREFIXES);
}
