use alloc::format;
use alloc::string::String;

use super::*;
use crate::tokens::{Tokenizer, Weights};

fn said(body: &str) -> Said<'_> {
    read(body.as_bytes(), Weights::new().counter(Tokenizer::Unknown)).unwrap()
}

/// The characters of text in `body`.
fn characters(body: &str) -> u32 {
    said(&body.replacen('~', "", 1)).input.characters
}

#[test]
fn characters_are_counted_as_unescaped_without_names_and_punctuation() {
    for (body, expected) in [
        (r#"{"a":"~"}"#, 0),
        (r#"{"a":"~abc"}"#, 3),
        (r#"{"a":"~a\"\\\n"}"#, 4),
        (r#"{"a":"~日本\u8a9e"}"#, 3),
        (r#"{"a":"~\ud83d\ude00😀"}"#, 2),
        (r#"{"a":"~","b":[1,2,true,null,{"c":"xy"}],"d":{}}"#, 2),
        (r#"{"a":"~","model":"not counted"}"#, 0),
        (r#"{"a":"~","b":{"model":"counted"}}"#, 7),
        (r#"{"a":"~","messages":[{"role":"user","content":[{"type":"text","text":"hello"}]}]}"#, 13),
    ] {
        assert_eq!(characters(body), expected, "{body}");
    }
}

#[test]
fn tools_count_with_names_and_punctuation() {
    let tools = r#"[{"name":"f","input_schema":{"type":"object","required":["a"],"n":[1.5,true]}}]"#;
    assert_eq!(characters(&format!(r#"{{"a":"~","tools":{tools}}}"#)), tools.len() as u32);
    let spaced = tools.replace(',', " , ");
    assert_eq!(characters(&format!(r#"{{"a":"~","tools":{spaced},"b":{{"c":"d"}}}}"#)), tools.len() as u32 + 1);
    // A member of that name elsewhere is no definition.
    assert_eq!(characters(r#"{"a":"~","b":{"tools":[{"name":"f"}]}}"#), 1);
}

#[test]
fn encoded_files_are_not_text() {
    let data = "A".repeat(4_000);
    for (block, expected) in [
        (format!(r#"{{"source":{{"type":"base64","media_type":"image/png","data":"{data}"}}}}"#), 1_568),
        (format!(r#"{{"source":{{"data":"{data}","type":"base64","media_type":"image/png"}}}}"#), 1_568),
        (format!(r#"{{"source":{{"type":"base64","media_type":"application/pdf","data":"{data}"}}}}"#), 3_068),
        (format!(r#"{{"type":"document","source":{{"type":"url","url":"{data}"}}}}"#), 3_068),
        (format!(r#"{{"source":{{"type":"url","url":"{data}"}}}}"#), 1_568),
        (r#"{"source":{"type":"file","file_id":"file_1"}}"#.into(), 1_568),
        (format!(r#"{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{data}"}}}}"#), 1_568),
        (format!(r#"{{"type":"input_image","image_url":"data:image/png;base64,{data}"}}"#), 1_568),
        (format!(r#"{{"type":"input_file","file_data":"data:application/pdf;base64,{data}"}}"#), 3_068),
        (format!(r#"{{"inlineData":{{"mimeType":"image/png","data":"{data}"}}}}"#), 1_568),
        (format!(r#"{{"inline_data":{{"data":"{data}","mime_type":"application/pdf"}}}}"#), 3_068),
        (format!(r#"{{"document":{{"format":"pdf","source":{{"bytes":"{data}"}}}}}}"#), 3_068),
        (format!(r#"{{"image":{{"format":"png","source":{{"bytes":"{data}"}}}}}}"#), 1_568),
        (format!(r#"{{"thinking":"","signature":"{data}"}}"#), 0),
    ] {
        let input = said(&format!(r#"{{"messages":[{{"content":[{block}]}}]}}"#)).input;
        assert_eq!(input.fixed, expected, "{}", &block[..60.min(block.len())]);
        assert!(input.characters < 64, "{}", &block[..60.min(block.len())]);
    }
}

#[test]
fn a_file_that_begins_with_an_escape_is_no_text_either() {
    let input = said(r#"{"a":"","source":{"data":"\/9j\/","type":"base64"}}"#).input;
    assert_eq!((input.fixed, input.characters), (1_568, 0));
}

#[test]
fn an_image_after_a_document_is_an_image() {
    let source = r#""source":{"type":"url","url":"https://h/x"}"#;
    let body = format!(r#"{{"m":[{{"type":"document",{source}}},{{"kind":"",{source}}}]}}"#);
    assert_eq!(said(&body).input.fixed, 3_068 + 1_568);
}

#[test]
fn elements_of_an_array_are_not_what_its_members_are() {
    assert_eq!(characters(r#"{"a":"~","signature":["abc"]}"#), 3);
    assert_eq!(characters(r#"{"a":"~","b":[{"signature":"abc"},"de"]}"#), 2);
}

#[test]
fn plain_text_documents_are_text_wherever_their_type_stands() {
    let text = "words ".repeat(1_000);
    for source in [
        format!(r#"{{"type":"text","media_type":"text/plain","data":"{text}"}}"#),
        format!(r#"{{"data":"{text}","media_type":"text/plain","type":"text"}}"#),
        format!(r#"{{"type":"content","content":[{{"type":"text","text":"{text}"}}]}}"#),
    ] {
        let input = said(&format!(r#"{{"messages":[{{"type":"document","source":{source}}}]}}"#)).input;
        assert!((6_000..6_080).contains(&input.characters), "{}", input.characters);
        assert_eq!(input.fixed, 0);
    }
}

#[test]
fn an_object_that_is_merely_called_source_is_no_file() {
    assert_eq!(characters(r#"{"a":"~","source":{"note":"xy"}}"#), 2);
    assert_eq!(characters(r#"{"a":"~","source":["xy"]}"#), 2);
    assert_eq!(characters(r#"{"a":"~","input":{"source":{"type":"s3","data":"xy","url":"z"}}}"#), 5);
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
    assert!(body.stream && body.fast);
    let body = said(r#"{"b":{"model":"c","stream":true,"speed":"fast","anthropic_version":"x"},"stream":"true"}"#);
    assert_eq!(body.model, None);
    assert!(!body.stream && !body.fast && !body.anthropic_version);
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
        assert!(read(body.as_bytes(), Weights::new().counter(Tokenizer::Unknown)).is_none(), "{body}");
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
