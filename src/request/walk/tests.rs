use alloc::format;
use alloc::string::String;

use super::super::kind::Thinking;
use super::*;
use crate::provider::Provider;
use crate::tokens::{Tokenizer, Weights};

mod dialects;
mod files;

fn said(body: &str) -> Said<'_> {
    said_of("", body)
}

/// What a body for the model of that name says.
fn said_of<'a>(model: &str, body: &'a str) -> Said<'a> {
    let weights = Weights::new();
    let counter = weights.counter(Tokenizer::of_model(model));
    read(body.as_bytes(), counter, &Model::of(Some(model), Provider::Generic), true).unwrap()
}

fn characters(body: &str) -> u32 {
    said(body).input.characters
}

/// What the counter says of `texts`, each by itself.
fn counted(model: &str, texts: &[&str]) -> u64 {
    let weights = Weights::new();
    let mut counter = weights.counter(Tokenizer::of_model(model));
    for text in texts {
        counter.text(text.as_bytes());
        counter.end();
    }
    counter.groups().tokens()
}

#[test]
fn characters_are_counted_as_unescaped_without_names_and_punctuation() {
    for (body, expected) in [
        (r#"{"a":""}"#, 0),
        (r#"{"a":"abc"}"#, 3),
        (r#"{"a":"a\"\\\n"}"#, 4),
        (r#"{"a":"日本\u8a9e"}"#, 3),
        (r#"{"a":"\ud83d\ude00😀"}"#, 2),
        (r#"{"b":[1,2,true,null,{"c":"xy"}],"d":{}}"#, 2),
        (r#"{"model":"not counted"}"#, 0),
        (r#"{"b":{"model":"counted"}}"#, 7),
        (r#"{"messages":[{"role":"user","content":[{"type":"text","text":"hello"}]}]}"#, 5),
    ] {
        assert_eq!(characters(body), expected, "{body}");
    }
}

#[test]
fn tools_count_with_names_and_punctuation() {
    let tool = r#"{"name":"f","input_schema":{"type":"object","required":["a"],"n":[1.5,true]}}"#;
    let length = tool.len() as u32;
    assert_eq!(characters(&format!(r#"{{"tools":[{tool}]}}"#)), length);
    assert_eq!(characters(&format!(r#"{{"tools":[{tool} , {tool}]}}"#)), 2 * length);
    let spaced = tool.replace(',', " , ").replace(':', " : ");
    assert_eq!(characters(&format!(r#"{{"tools":[{spaced}],"b":{{"c":"d"}}}}"#)), length + 1);
    // A member of that name elsewhere is no definition.
    assert_eq!(characters(r#"{"b":{"tools":[{"name":"f"}]}}"#), 1);
}

#[test]
fn tools_are_counted_as_the_json_that_they_are() {
    let tool = r#"{"name":"get_weather","description":"Says \"it rains\"","input_schema":{"type":"object","properties":{"a_name_that_is_longer_than_any_that_the_reader_of_names_would_ever_keep":{"type":"string"}}}}"#;
    let model = "claude-sonnet-4-6";
    let body = format!(r#"{{"tools":[{tool}]}}"#);
    let shown = tool.replace("\\\"", "\"");
    assert_eq!(said_of(model, &body).input.text.tokens(), counted(model, &[&shown]));
    // What says how a tool is handled is not read by the model.
    let kept = tool.replacen('{', r#"{"cache_control":{"type":"ephemeral","ttl":"1h"},"#, 1);
    assert_eq!(said_of(model, &format!(r#"{{"tools":[{kept}]}}"#)).input, said_of(model, &body).input);
    let handled = tool.replacen('{', r#"{"strict":true,"type":"custom","#, 1);
    assert_eq!(said_of(model, &format!(r#"{{"tools":[{handled}]}}"#)).input.text, said_of(model, &body).input.text);
}

#[test]
fn openai_shows_tools_in_other_words_than_json() {
    let body = r#"{"tools":[{"type":"function","function":{"name":"get_weather","description":"Weather","strict":true,
        "parameters":{"type":"object","additionalProperties":false,"required":["place"],"properties":{
            "place":{"type":"string","description":"Town"},"unit":{"type":"string","enum":["C","F"]}}}}}]}"#;
    let words = ["get_weather", "Weather", "object", "place", "string", "Town", "unit", "string", "C", "F"];
    let input = said_of("gpt-5", body).input;
    assert_eq!(input.text.tokens(), counted("gpt-5", &words));
    // Once, for the tool, and for each property.
    assert_eq!(input.fixed, 16 + 7 + 2 * 3);
}

#[test]
fn tools_that_are_not_shown_are_not_counted() {
    let tool = r#"{"name":"f","description":"something","input_schema":{}}"#;
    let model = "claude-opus-4-8";
    let shown = said_of(model, &format!(r#"{{"tools":[{tool}]}}"#)).input;
    let hidden = tool.replacen('{', r#"{"defer_loading":true,"#, 1);
    let both = said_of(model, &format!(r#"{{"tools":[{hidden},{tool}]}}"#)).input;
    assert_eq!(both.text, shown.text);
    // The provider's own have a price of their own.
    let bash = said_of(model, r#"{"tools":[{"type":"bash_20250124","name":"bash"}]}"#).input;
    assert_eq!((bash.text.tokens(), bash.has_unknown_parts), (0, false));
    assert_eq!(bash.fixed, 290 + 12 + 245);
    let search = said_of(model, r#"{"tools":[{"name":"web_search","type":"web_search_20250305"}]}"#).input;
    assert!(search.has_unknown_parts);
}

#[test]
fn a_forced_tool_has_another_prompt_and_another_kind() {
    let model = "claude-opus-4-8";
    let with = |choice: &str| said_of_choice(model, choice);
    for choice in [r#"{"type":"auto"}"#, r#"{"type":"none"}"#, r#"{"disable_parallel_tool_use":true,"type":"auto"}"#] {
        assert_eq!(with(choice), (302, false), "{choice}");
    }
    for choice in [r#"{"type":"any"}"#, r#"{"type":"tool","name":"f"}"#, r#""required""#, r#"{"any":{}}"#] {
        assert_eq!(with(choice), (422, true), "{choice}");
    }
    assert_eq!(said_of(model, r#"{"tools":[],"tool_choice":{"type":"auto"}}"#).input.fixed, 0);
}

fn said_of_choice(model: &str, choice: &str) -> (u32, bool) {
    let body = format!(r#"{{"tool_choice":{choice},"tools":[{{"name":"f","input_schema":{{}}}}]}}"#);
    let said = said_of(model, &body);
    (said.input.fixed, said.kind.is_forced)
}

#[test]
fn sets_of_tools_are_told_apart() {
    let tools = |tools: &str, choice: &str| {
        let body = format!(r#"{{"tools":{tools}{choice}}}"#);
        let turned = format!(r#"{{"x":1{choice},"tools":{tools}}}"#);
        let hash = said(&body).input.tools;
        assert_eq!(said(&turned).input.tools, hash, "order of members");
        hash
    };
    let (f, g) = (r#"{"name":"f","input_schema":{}}"#, r#"{"name":"g","input_schema":{}}"#);
    let hashes = [
        tools(&format!("[{f}]"), ""),
        tools(&format!("[{g}]"), ""),
        tools(&format!("[{f},{g}]"), ""),
        tools(&format!("[{f}]"), r#","tool_choice":{"type":"any"}"#),
        tools(&format!("[{f}]"), r#","tool_choice":{"type":"auto"}"#),
    ];
    for (index, hash) in hashes.iter().enumerate() {
        assert_ne!(*hash, 0);
        assert!(hashes.iter().skip(index + 1).all(|other| other != hash), "{index}");
    }
    assert_eq!(tools("[]", ""), 0);
    assert_eq!(said(r#"{"tool_choice":"auto"}"#).input.tools, 0);
}

#[test]
fn thoughts_count_where_the_model_is_shown_them_again() {
    let thought = r#"{"type":"thinking","thinking":"deep thought","signature":"c2VhbA=="}"#;
    let answer = r#"{"type":"tool_use","id":"toolu_1","name":"f","input":{}}"#;
    let result = r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"ok"}]}"#;
    let question = r#"{"role":"user","content":"And?"}"#;
    let thinks =
        |then: &str| format!(r#"{{"messages":[{{"role":"assistant","content":[{thought},{answer}]}},{then}]}}"#);
    let silent = |then: &str| format!(r#"{{"messages":[{{"role":"assistant","content":[{answer}]}},{then}]}}"#);
    let cost = |model: &str, then: &str| {
        said_of(model, &thinks(then)).input.text.tokens() - said_of(model, &silent(then)).input.text.tokens()
    };
    // A loop of tools goes on: the thought stays. A question follows: older models forget it.
    for model in ["claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-1"] {
        assert!(cost(model, result) > 0, "{model}");
        assert_eq!(cost(model, question), 0, "{model}");
        let turned = question.replace(r#""role":"user","content":"And?""#, r#""content":"And?","role":"user""#);
        assert_eq!(cost(model, &turned), 0, "{model}");
    }
    for model in ["claude-opus-4-5", "claude-sonnet-4-6", "claude-fable-5-1"] {
        assert!(cost(model, question) > 0, "{model}");
    }
}

#[test]
fn frames_of_messages_are_added_where_a_model_answers() {
    let body = r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}]}"#;
    assert_eq!(said_of("claude-opus-4-8", body).input.fixed, 6 + 2 * 2);
    assert_eq!(said_of("gpt-4o", body).input.fixed, 7 + 2 * 4);
    let embedded = read(
        br#"{"input":["a","b"]}"#,
        Weights::new().counter(Tokenizer::Unknown),
        &Model::of(Some("gpt"), Provider::OpenAi),
        false,
    )
    .unwrap();
    assert_eq!(embedded.input.fixed, 0);
    assert_eq!(said_of("gpt-5", r#"{"input":"a","instructions":"b"}"#).input.fixed, 7 + 4);
}

#[test]
fn the_kind_says_what_is_asked_of_the_answer() {
    let kind = |body: &str| said(body).kind;
    assert_eq!(kind("{}"), Kind::default());
    assert!(kind(r#"{"tools":[{"name":"f"}]}"#).has_tools);
    for body in [
        r#"{"thinking":{"type":"adaptive"}}"#,
        r#"{"reasoning":{"effort":"high"}}"#,
        r#"{"reasoning_effort":"high"}"#,
        r#"{"generationConfig":{"thinkingConfig":{"thinkingBudget":-1}}}"#,
        r#"{"output_config":{"effort":"max"}}"#,
    ] {
        assert_eq!(kind(body).thinking, Thinking::Free, "{body}");
    }
    assert_eq!(kind(r#"{"thinking":{"type":"enabled","budget_tokens":1024}}"#).thinking, Thinking::Little);
    assert_eq!(kind(r#"{"thinking":{"budget_tokens":16000,"type":"enabled"}}"#).thinking, Thinking::More);
    assert_eq!(kind(r#"{"thinking":{"type":"disabled"}}"#).thinking, Thinking::Off);
    for body in [
        r#"{"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}}"#,
        r#"{"text":{"format":{"type":"json_object"}}}"#,
        r#"{"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}}"#,
        r#"{"generationConfig":{"responseSchema":{"type":"OBJECT"}}}"#,
    ] {
        assert!(kind(body).is_structured, "{body}");
    }
    assert!(!kind(r#"{"response_format":{"type":"text"},"text":{"format":{"type":"text"}}}"#).is_structured);
}

#[test]
fn what_stands_on_the_server_is_unknown() {
    for body in [
        r#"{"previous_response_id":"resp_1"}"#,
        r#"{"conversation":{"id":"conv_1"}}"#,
        r#"{"cachedContent":"cachedContents/1"}"#,
        r#"{"tools":[{"googleSearch":{}}]}"#,
        r#"{"mcp_servers":[{"type":"url","url":"https://h"}]}"#,
        r#"{"messages":[{"content":[{"type":"redacted_thinking","data":"x"}]}]}"#,
        r#"{"input":[{"type":"reasoning","encrypted_content":"x"}]}"#,
    ] {
        let input = said_of("gemini-2.5-pro", body).input;
        assert!(input.has_unknown_parts, "{body}");
        // What is sealed is sent all the same.
        assert_eq!(input.has_remote_parts, !body.contains("redacted") && !body.contains("encrypted"), "{body}");
    }
    for body in [r#"{"mcp_servers":[],"previous_response_id":null,"messages":[{"content":"hi"}]}"#, "{}"] {
        assert!(!said(body).input.has_unknown_parts, "{body}");
    }
}

#[test]
fn several_answers_may_write_several_times_as_much() {
    assert_eq!(said(r#"{"n":3,"max_tokens":100}"#).max_tokens, Some(300));
    assert_eq!(said(r#"{"max_tokens":100,"n":1,"best_of":4}"#).max_tokens, Some(400));
    assert_eq!(said(r#"{"generationConfig":{"candidateCount":2,"maxOutputTokens":7}}"#).max_tokens, Some(14));
    assert_eq!(said(r#"{"n":0,"max_tokens":100}"#).max_tokens, Some(100));
    assert_eq!(said(r#"{"n":4}"#).max_tokens, None);
    assert_eq!(said(r#"{"n":99999999999,"max_tokens":4000000000}"#).max_tokens, Some(u64::from(u32::MAX)));
    // Of one answer's length alone depends what kind of request it is.
    assert_eq!(said(r#"{"n":3,"max_tokens":100}"#).kind.max_tokens, Some(100));
}

#[test]
fn the_most_that_may_be_written_has_many_names() {
    for body in [
        r#"{"max_tokens":77}"#,
        r#"{"max_completion_tokens":77.0}"#,
        r#"{"max_output_tokens":77}"#,
        r#"{"generationConfig":{"maxOutputTokens":77}}"#,
        r#"{"inferenceConfig":{"maxTokens":77}}"#,
        r#"{"max_tokens":5,"max_completion_tokens":77}"#,
        r#"{"max_tokens":77,"max_completion_tokens":5}"#,
    ] {
        assert_eq!(said(body).max_tokens, Some(77), "{body}");
    }
    for body in [
        r#"{"metadata":{"max_tokens":77}}"#,
        r#"{"max_tokens":"77"}"#,
        r#"{"max_tokens":-77}"#,
        r#"{"max_tokens":null}"#,
        r#"[{"max_tokens":77}]"#,
        r#"{"tools":[{"max_tokens":77}]}"#,
    ] {
        assert_eq!(said(body).max_tokens, None, "{body}");
    }
    assert_eq!(said(r#"{"max_tokens":1e99,"max_output_tokens":9e9}"#).max_tokens, None);
    assert_eq!(said(r#"{"max_tokens":99999999999999999999999999}"#).max_tokens, Some(u64::from(u32::MAX)));
}

#[test]
fn only_the_top_level_speaks_for_the_request() {
    let body = said(r#"{"model":"a","stream":true,"speed":"fast","b":{"model":"c","stream":false,"speed":"slow"}}"#);
    assert_eq!(body.model, Some(&b"a"[..]));
    assert!(body.kind.is_stream && body.fast);
    let body = said(r#"{"b":{"model":"c","stream":true,"speed":"fast","anthropic_version":"x"},"stream":"true"}"#);
    assert_eq!(body.model, None);
    assert!(!body.kind.is_stream && !body.fast && !body.anthropic_version);
    assert!(said(r#"{"anthropic_version":"vertex-2023-10-16"}"#).anthropic_version);
}

#[test]
fn names_may_be_escaped_and_a_model_may_not() {
    assert_eq!(said(r#"{"m\u006fdel":"a"}"#).model, Some(&b"a"[..]));
    assert_eq!(said(r#"{"model":"a\u002db"}"#).model, None);
    assert_eq!(said(r#"{"model":"\u0061b"}"#).model, None);
    assert_eq!(said(r#"{"model":["a"]}"#).model, None);
    // A second model replaces the first, as it does in most parsers.
    assert_eq!(said(r#"{"model":"a","model":"b"}"#).model, Some(&b"b"[..]));
}

#[test]
fn a_body_that_breaks_off_says_what_stands_before() {
    assert_eq!(said(r#"{"model":"a","max_tokens":9,"x":"#).max_tokens, Some(9));
    assert_eq!(said(r#"{"model":"claude-son"#).model, None);
    let broken = format!(r#"{{"model":"a","x":"\q{}"#, "y".repeat(40));
    assert_eq!(said(&broken).model, Some(&b"a"[..]));
    assert_eq!(said(&broken).input.characters, 41);
}

#[test]
fn what_does_not_begin_like_json_is_not_read() {
    for body in ["", "   ", "model=a", "\"model\"", "--boundary\r\n"] {
        assert!(
            read(body.as_bytes(), Weights::new().counter(Tokenizer::Unknown), &Model::default(), true).is_none(),
            "{body}"
        );
    }
    assert_eq!(said("\u{FEFF} {\"model\":\"a\"}").model, Some(&b"a"[..]));
}

#[test]
fn text_at_any_depth_counts() {
    for depth in [5, 127, 128, 129, 1_000] {
        let body = format!("{}\"{}\"{}", "[".repeat(depth), "x".repeat(40), "]".repeat(depth));
        assert_eq!(said(&body).input.characters, 40, "depth {depth}");
    }
    let deep: String = "{\"source\":".repeat(10_000);
    assert_eq!(said(&deep).max_tokens, None);
}
