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
