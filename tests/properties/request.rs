//! Laws of the reader of requests.

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate::headers::HeaderBlock;
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

proptest! {
    #[test]
    fn the_characters_of_all_strings_are_counted(values in vec(value(), 0..5)) {
        let members: Vec<_> = values.iter().map(|(json, _)| format!("\"x\":{json}")).collect();
        let body = format!("{{{}}}", members.join(","));
        let characters: u64 = values.iter().map(|(_, count)| count).sum();
        prop_assert_eq!(u64::from(read("/", b"", body.as_bytes()).input.characters), characters, "{}", body);
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
        prop_assert!(part.input.tokens() <= whole.input.tokens());
        prop_assert!(part.model.is_none_or(|model| model == "abc"));
    }
}
