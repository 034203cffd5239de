use alloc::format;

use super::*;

fn post<'a>(url: &'a str, body: &'a str) -> Facts<'a> {
    read("POST", url, HeaderBlock::default(), Body::Bytes(body.as_bytes()))
}

#[test]
fn an_unknown_api_is_generic_and_its_model_is_the_bodys() {
    let facts = post("https://h/v2/chat", r#"{"model":"command-a","message":"hi"}"#);
    assert_eq!((facts.provider, facts.family, facts.model), (Provider::Generic, Family::Other, Some("command-a")));
    let facts = post("https://h/upload", "not json");
    assert_eq!((facts.provider, facts.model, facts.input.tokens()), (Provider::Generic, None, 0));
}

#[test]
fn a_body_without_a_model_contradicts_an_ambiguous_path() {
    let message = r#"{"channel":"sms","to":"447700900000","text":"hi"}"#;
    assert_eq!(post("https://h/v1/messages", message).provider, Provider::Generic);
    assert_eq!(post("https://h/v1/messages", r#"{"model":"m"}"#).provider, Provider::Anthropic);
    assert_eq!(post("https://h/forms/1/responses", r#"{"answers":[]}"#).family, Family::Other);
    let opaque = Body::Opaque { length: Some(4_000) };
    let facts = read("POST", "https://h/v1/messages", HeaderBlock::default(), opaque);
    assert_eq!((facts.provider, facts.input.tokens()), (Provider::Anthropic, 1_000));
}

#[test]
fn the_path_names_the_model_before_the_body_does() {
    let body = r#"{"model":"gpt-5","max_tokens":5}"#;
    let facts = post("https://h/openai/deployments/mine/chat/completions?api-version=1", body);
    assert_eq!((facts.model, facts.max_tokens), (Some("mine"), Some(5)));
    let facts = post("https://h/publishers/anthropic/models/count-tokens:rawPredict", r#"{"model":"claude"}"#);
    assert_eq!((facts.model, facts.family), (Some("claude"), Family::CountTokens));
}

#[test]
fn a_body_may_say_whose_it_is() {
    let facts = post("https://h/api/llm", r#"{"anthropic_version":"bedrock-2023-05-31","messages":[]}"#);
    assert_eq!((facts.provider, facts.family), (Provider::Anthropic, Family::Messages));
    let facts = post("https://h/model/m/invoke", r#"{"anthropic_version":"bedrock-2023-05-31"}"#);
    assert_eq!(facts.provider, Provider::Bedrock);
}

#[test]
fn streams_are_asked_for_by_path_or_body() {
    assert!(post("https://h/v1/messages", r#"{"model":"m","stream":true}"#).stream);
    assert!(post("https://h/v1beta/models/m:streamGenerateContent", "{}").stream);
    assert!(!post("https://h/v1/messages", r#"{"model":"m","stream":false}"#).stream);
}

#[test]
fn names_are_bounded_and_printable() {
    let long = "m".repeat(300);
    assert_eq!(post("/", &format!(r#"{{"model":"{long}"}}"#)).model, Some(&long[..128]));
    for model in ["", "a\u{7f}", "a\tb", "modèle"] {
        assert_eq!(post("/", &format!(r#"{{"model":"{model}"}}"#)).model, None, "{model:?}");
    }
    assert_eq!(post("https://h/model/caf\u{e9}/invoke", "{}").model, None);
}

#[test]
fn the_workspace_comes_from_a_header() {
    let read =
        |headers: &'static str| read("GET", "/v1/models", HeaderBlock::new(headers.as_bytes()), Body::None).workspace;
    assert_eq!(read("Anthropic-Workspace-Id: wrkspc_1"), Some("wrkspc_1"));
    assert_eq!(read("openai-project: proj_1"), Some("proj_1"));
    assert_eq!(read("x: y"), None);
}

#[test]
fn no_header_of_interest_is_a_credential() {
    for name in HEADERS_OF_INTEREST {
        assert_eq!(*name, name.to_ascii_lowercase());
        for secret in ["key", "auth", "token", "cookie", "secret"] {
            assert!(!name.contains(secret), "{name}");
        }
    }
}

#[test]
fn published_counts_are_met() {
    // The examples of https://platform.claude.com/docs/en/build-with-claude/token-counting, which name Opus 4.1 and Sonnet
    // 4.5 in the copies that had these counts, and of
    // https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken for GPT-4o; read 2026-11-26.
    let scientist = r#"{"model":"claude-sonnet-4-5","system":"You are a scientist","messages":[{"role":"user","content":"Hello, Claude"}]}"#;
    let weather = r#"{"model":"claude-opus-4-1","tools":[{"name":"get_weather","description":"Get the current weather in a given location","input_schema":{"type":"object","properties":{"location":{"type":"string","description":"The city and state, e.g. San Francisco, CA"}},"required":["location"]}}],"messages":[{"role":"user","content":"What's the weather like in San Francisco?"}]}"#;
    let jargon = r#"{"model":"gpt-4o","messages":[{"role":"system","content":"You are a helpful, pattern-following assistant that translates corporate jargon into plain English."},{"role":"system","name":"example_user","content":"New synergies will help drive top-line growth."},{"role":"system","name":"example_assistant","content":"Things working well together will increase revenue."},{"role":"system","name":"example_user","content":"Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."},{"role":"system","name":"example_assistant","content":"Let's talk later when we're less busy about how to do better."},{"role":"user","content":"This late pivot means we don't have time to boil the ocean for the client deliverable."}]}"#;
    let functions = r#"{"model":"gpt-4o","messages":[{"role":"system","content":"You are a helpful assistant that can answer to questions about the weather."},{"role":"user","content":"What's the weather like in San Francisco?"}],"tools":[{"type":"function","function":{"name":"get_current_weather","description":"Get the current weather in a given location","parameters":{"type":"object","properties":{"location":{"type":"string","description":"The city and state, e.g. San Francisco, CA"},"unit":{"type":"string","description":"The unit of temperature to return","enum":["celsius","fahrenheit"]}},"required":["location"]}}}]}"#;
    for (url, body, published) in [
        ("https://h/v1/messages", scientist, 14),
        ("https://h/v1/messages", weather, 403),
        ("https://h/v1/chat/completions", jargon, 124),
        ("https://h/v1/chat/completions", functions, 101),
    ] {
        let tokens = post(url, body).input.tokens();
        assert!(tokens.abs_diff(published) <= 2, "{tokens} for {published}");
    }
}
