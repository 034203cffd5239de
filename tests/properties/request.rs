//! Laws of the reader of requests.

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate::headers::HeaderBlock;
use tidegate::provider::Provider;
use tidegate::request::{self, Body, Facts};

fn read<'a>(url: &'a str, headers: &'a [u8], body: &'a [u8]) -> Facts<'a> {
    request::read("POST", url, HeaderBlock::new(headers), Body::Bytes(body))
}

/// A string in JSON, escaped in one of the many ways there are, and its characters.
fn text() -> impl Strategy<Value = (String, u64)> {
    vec((any::<char>(), 0..3_u8), 0..20).prop_map(|scalars| {
        let mut json = String::from("\"");
        for (scalar, way) in &scalars {
            let must = matches!(scalar, '"' | '\\') || *scalar < ' ';
            match (way, scalar) {
                (0, '\n') => json.push_str("\\n"),
                (0, '"' | '\\' | '/') => json.extend(['\\', *scalar]),
                (1 | 2, _) if !must => json.push(*scalar),
                _ => {
                    for unit in scalar.encode_utf16(&mut [0; 2]) {
                        json.push_str(&format!("\\u{unit:04x}"));
                    }
                }
            }
        }
        json.push('"');
        (json, scalars.len() as u64)
    })
}

/// A value in JSON whose names are of no interest, and the characters of its strings.
fn value() -> impl Strategy<Value = (String, u64)> {
    let leaf = prop_oneof![
        3 => text(),
        1 => any::<f64>().prop_map(|number| (format!("{number:?}"), 0)),
        1 => prop::sample::select(&["true", "false", "null", "0", "-1.5e+300"][..]).prop_map(|word| (word.into(), 0)),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(|items| {
                let parts: Vec<_> = items.iter().map(|(json, _)| json.as_str()).collect();
                (format!("[ {} ]", parts.join(" ,\n")), items.iter().map(|(_, count)| count).sum())
            }),
            vec(("[f-l]{1,9}", inner), 0..6).prop_map(|members| {
                let parts: Vec<_> = members.iter().map(|(name, (json, _))| format!("\"{name}\" : {json}")).collect();
                (format!("{{{}}}", parts.join(",")), members.iter().map(|(_, (_, count))| count).sum())
            }),
        ]
    })
}

/// Names that mean something, in one place or another.
const NAMES: &[&str] = &[
    "messages",
    "system",
    "tools",
    "tool_choice",
    "toolConfig",
    "input",
    "contents",
    "content",
    "text",
    "type",
    "role",
    "source",
    "data",
    "bytes",
    "image_url",
    "url",
    "file_data",
    "file_id",
    "inlineData",
    "document",
    "thinking",
    "signature",
    "cache_control",
    "cachePoint",
    "ttl",
    "name",
    "description",
    "input_schema",
    "properties",
    "function",
    "functionDeclarations",
    "defer_loading",
    "toolResult",
    "arguments",
    "response_format",
    "max_tokens",
    "n",
    "stream",
    "detail",
    "media_type",
    "generationConfig",
    "output_config",
    "s3Location",
    "x",
];

/// Words that mean something, and files.
const WORDS: &[&str] = &[
    "user",
    "assistant",
    "text",
    "base64",
    "url",
    "document",
    "tool_result",
    "thinking",
    "1h",
    "ephemeral",
    "any",
    "bash_20250124",
    "custom",
    "image/png",
    "application/pdf",
    "json_schema",
    "low",
    "iVBORw0KGgoAAAANSUhEUgAAB4AAAAQ4CAYAAADo08FDAAAA",
    "JVBERi0xLjQKPDwvVHlwZSAvUGFnZT4+Cg==",
    "/9j/4AAQ",
    "data:image/png;base64,iVBORw0KGgo",
    "https://h/x",
];

/// JSON that is made of what means something.
fn known() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => prop::sample::select(WORDS).prop_map(|word| format!("\"{word}\"")),
        1 => text().prop_map(|(json, _)| json),
        1 => prop::sample::select(&["true", "false", "null", "4096", "-1", "{}", "[]"][..]).prop_map(String::from),
    ];
    leaf.prop_recursive(7, 80, 5, |inner| {
        prop_oneof![
            2 => vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            3 => vec((prop::sample::select(NAMES), inner), 0..5).prop_map(|members| {
                let parts: Vec<_> = members.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
                format!("{{{}}}", parts.join(","))
            }),
        ]
    })
}

/// A request, in members that may stand in any order.
const MEMBERS: &[&str] = &[
    r#""model":"MODEL""#,
    r#""max_tokens":1024"#,
    r#""system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}]"#,
    r#""tools":[{"name":"f","description":"d","input_schema":{"type":"object"}},{"type":"bash_20250124","name":"bash"}]"#,
    r#""tool_choice":{"type":"any"}"#,
    r#""thinking":{"type":"enabled","budget_tokens":1024}"#,
    r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#,
    r#""messages":[{"role":"user","content":[{"type":"text","text":"Hello"},
        {"type":"image","source":{"type":"url","url":"https://h/x"}}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"Hm.","signature":"x"}]},
        {"role":"user","content":"Go on"}]"#,
];

proptest! {
    #[test]
    fn characters_are_those_of_the_strings(values in vec(value(), 0..5)) {
        let members: Vec<_> = values.iter().map(|(json, _)| format!("\"x\":{json}")).collect();
        let body = format!("{{{}}}", members.join(","));
        let characters: u64 = values.iter().map(|(_, count)| count).sum();
        prop_assert_eq!(u64::from(read("/", b"", body.as_bytes()).input.characters), characters, "{}", body);
    }

    #[test]
    fn what_looks_like_a_request_is_read_within_bounds(
        members in vec((prop::sample::select(NAMES), known()), 0..8),
        cut in any::<prop::sample::Index>(),
        model in prop::sample::select(&["claude-opus-4-8", "claude-3-haiku", "gpt-5", "gemini-2.5-pro", "llama"][..]),
    ) {
        let members: Vec<_> = members.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
        let body = format!("{{\"model\":\"{model}\",{}}}", members.join(","));
        for end in [body.len(), cut.index(body.len())] {
            let bytes = &body.as_bytes()[..end];
            for url in ["https://h/v1/messages", "https://h/v1/chat/completions", "https://h/model/m/converse"] {
                let facts = read(url, b"", bytes);
                prop_assert!(facts.input.tokens() <= u64::from(u32::MAX));
                prop_assert!(facts.input.characters as usize <= body.len());
                let points = facts.prefixes.as_slice();
                prop_assert!(points.len() <= request::MOST_PREFIXES && facts.prefixes.earlier().len() <= 20);
                prop_assert!(points.is_sorted_by_key(|point| point.tokens));
                prop_assert_eq!(facts, read(url, b"", bytes));
                // What it is counted by is a body again, of the same prompt.
                if let Some(counted) = request::count_body(facts.provider, url, bytes) {
                    prop_assert!(counted.len() <= bytes.len() + 64);
                }
            }
        }
    }

    #[test]
    fn the_order_of_members_is_of_no_account(
        parts in Just(MEMBERS.to_vec()).prop_shuffle(),
        model in prop::sample::select(&["claude-opus-4-8", "claude-3-haiku-20240307", "gpt-5", "gemini-2.5-pro", "llama"][..]),
    ) {
        let read = |parts: &[&str]| {
            let body = format!("{{{}}}", parts.join(",")).replace("MODEL", model);
            let facts = read("https://h/v1/messages", b"", body.as_bytes());
            (facts.input, facts.prefixes, facts.kind, facts.max_tokens)
        };
        prop_assert_eq!(read(&parts), read(MEMBERS));
    }

    #[test]
    fn whatever_is_answered_to_a_question_is_a_number_or_nothing(
        tokens in any::<u64>(),
        before in value(),
        answer in vec(any::<u8>(), 0..200),
        cut in 0..60_usize,
    ) {
        // Names and values of the dialects, among others; and anything at all.
        for name in ["input_tokens", "totalTokens", "inputTokens"] {
            let told = format!(r#"{{"before":{},"{name}":{tokens} }}"#, before.0);
            prop_assert_eq!(request::read_count(told.as_bytes()), Some(tokens));
            let end = told.len().saturating_sub(cut + 1);
            prop_assert_eq!(request::read_count(&told.as_bytes()[..end]).filter(|read| *read != tokens), None);
        }
        request::read_count(&answer);
    }

    #[test]
    fn what_is_copied_to_be_counted_counts_the_same(
        parts in Just(MEMBERS.to_vec()).prop_shuffle(),
        value in value(),
    ) {
        let url = "https://h/v1/messages";
        let body = format!("{{\"metadata\":{},{}}}", value.0, parts.join(" , ")).replace("MODEL", "claude-opus-4-8");
        let counted = request::count_body(Provider::Anthropic, url, body.as_bytes()).unwrap();
        serde_json::from_slice::<serde_json::Value>(&counted).unwrap();
        prop_assert_eq!(read(url, b"", &counted).input, read(url, b"", body.as_bytes()).input);
    }

    #[test]
    fn facts_do_not_depend_on_what_stands_around_them(
        before in value(),
        after in value(),
        model in "[!#-\\[\\]-~]{1,128}",
        max_tokens in any::<u32>(),
        stream in any::<bool>(),
    ) {
        let body = format!(
            r#"{{"x":{},"model":"{model}","max_tokens":{max_tokens},"stream":{stream},"y":{}}}"#, before.0, after.0
        );
        let facts = read("/v1/chat/completions", b"", body.as_bytes());
        prop_assert_eq!(facts.model, Some(model.as_str()));
        prop_assert_eq!(facts.max_tokens, Some(u64::from(max_tokens)));
        prop_assert_eq!(facts.stream, stream);
    }

    #[test]
    fn anything_is_read_without_panic_and_within_bounds(
        method in ".*",
        url in prop_oneof![".*", "https?://([a-z:@.\\\\]{0,9}@)?[a-z.]{0,9}(:[0-9]{1,5})?(/(v1|messages|models|[a-z:%]{0,9})){0,9}(\\?.*)?"],
        headers in vec(any::<u8>(), 0..80),
        body in vec(prop_oneof![any::<u8>(), prop::sample::select(&b"{}[]\",:\\u0d8 modelstrau1"[..])], 0..200),
        length in any::<Option<u64>>(),
    ) {
        let headers = HeaderBlock::new(&headers);
        for body in [Body::None, Body::Bytes(&body), Body::Opaque { length }] {
            let facts = request::read(&method, &url, headers, body);
            prop_assert!(facts.input.tokens() <= u64::from(u32::MAX));
            for name in [facts.model, facts.workspace].into_iter().flatten() {
                prop_assert!(!name.is_empty() && name.len() <= 128);
                prop_assert!(name.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            }
        }
    }

    #[test]
    fn the_origin_holds_nothing_but_scheme_host_and_port(
        user in "[a-z0-9]{1,8}(:[a-z0-9@:]{0,8})?",
        host in "[a-z]{1,8}\\.example(:[0-9]{1,5})?",
        rest in "(/[a-z@:/]{0,12})?(\\?[a-z@:/?=]{0,12})?(#[a-z@:/?#]{0,12})?",
    ) {
        let plain = format!("https://{host}{rest}");
        let origin = format!("https://{host}");
        prop_assert_eq!(read(&plain, b"", b"").origin, origin.as_str());
        let with_user = format!("https://{user}@{host}{rest}");
        prop_assert_eq!(read(&with_user, b"", b"").origin, host.as_str());
    }

    #[test]
    fn a_prefix_of_a_body_never_says_more_than_the_body(
        value in value(),
        cut in any::<prop::sample::Index>(),
    ) {
        let body = format!(r#"{{"x":{},"model":"abc"}}"#, value.0);
        let whole = read("/", b"", body.as_bytes());
        let part = read("/", b"", &body.as_bytes()[..cut.index(body.len())]);
        // Half a character that was escaped is another character, which may cost a little more.
        prop_assert!(part.input.tokens() <= whole.input.tokens() + 2, "{} and {}", part.input.tokens(), whole.input.tokens());
        prop_assert!(part.model.is_none_or(|model| model == "abc"));
    }
}
