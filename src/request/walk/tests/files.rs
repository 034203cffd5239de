//! Pictures, documents and recordings in bodies.

use super::*;

/// 1,920 × 1,080.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAB4AAAAQ4CAYAAADo08FDAAAA";

/// Two pages.
const PDF: &str = "JVBERi0xLjQKPDwvVHlwZSAvUGFnZXM+Pgo8PC9UeXBlIC9QYWdlPj4KPDwvVHlwZS9QYWdlL1JvdGF0ZSAwPj4K";

const PAGE: u32 = 3_021;

/// What `block` costs a Claude beside the frame of its message, what of it is text, and whether that is a guess.
fn block(block: &str) -> (u32, u32, bool) {
    block_of("claude-sonnet-4-6", block)
}

fn block_of(model: &str, block: &str) -> (u32, u32, bool) {
    let body = format!(r#"{{"messages":[{{"role":"user","content":[{block}]}}]}}"#);
    let input = said_of(model, &body).input;
    let empty = said_of(model, r#"{"messages":[{"role":"user","content":[]}]}"#).input;
    (input.fixed - empty.fixed, input.characters, input.has_unknown_parts)
}

#[test]
fn pictures_cost_what_their_size_says_in_every_dialect() {
    // Reduced to 1,560 squares.
    for (model, picture, expected) in [
        (
            "claude-sonnet-4-6",
            r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"~"}}"#,
            1_560,
        ),
        (
            "claude-sonnet-4-6",
            r#"{"source":{"data":"~","media_type":"image/png","type":"base64"},"type":"image"}"#,
            1_560,
        ),
        (
            "claude-opus-4-8",
            r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"~"}}"#,
            2_691,
        ),
        ("claude-opus-4-8", r#"{"image":{"format":"png","source":{"bytes":"~"}}}"#, 2_691),
        ("gpt-4o", r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,~"}}"#, 1_105),
        ("gpt-4o", r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,~","detail":"low"}}"#, 85),
        ("gpt-4o", r#"{"type":"input_image","image_url":"data:image/png;base64,~","detail":"high"}"#, 1_105),
        ("gpt-4o", r#"{"detail":"low","image_url":"data:image/png;base64,~","type":"input_image"}"#, 85),
        ("gpt-4o", r#"{"image_url":"data:image\/png;base64,~","detail":"low","type":"input_image"}"#, 85),
        ("gemini-2.5-pro", r#"{"inlineData":{"mimeType":"image/png","data":"~"}}"#, 1_548),
        ("gemini-2.5-pro", r#"{"inline_data":{"data":"~","mime_type":"image/png"}}"#, 1_548),
    ] {
        assert_eq!(block_of(model, &picture.replace('~', PNG)), (expected, 0, false), "{picture}");
    }
}

#[test]
fn pages_cost_what_their_number_says() {
    for document in [
        r#"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"~"}}"#,
        r#"{"source":{"data":"~","type":"base64","media_type":"application/pdf"},"type":"document"}"#,
        r#"{"document":{"format":"pdf","name":"","source":{"bytes":"~"}}}"#,
        r#"{"type":"file","file":{"filename":"x.pdf","file_data":"data:application/pdf;base64,~"}}"#,
        r#"{"type":"input_file","filename":"x.pdf","file_data":"data:application/pdf;base64,~"}"#,
        r#"{"inlineData":{"mimeType":"application/pdf","data":"~"}}"#,
    ] {
        assert_eq!(block(&document.replace('~', PDF)), (2 * PAGE, 0, false), "{document}");
    }
}

#[test]
fn files_that_stand_elsewhere_have_a_stated_price() {
    for (file, expected) in [
        (r#"{"type":"image","source":{"type":"url","url":"https://h/x.png"}}"#, 1_521),
        (r#"{"type":"image","source":{"type":"file","file_id":"file_1"}}"#, 1_521),
        (r#"{"type":"image_url","image_url":{"url":"https://h/x.png"}}"#, 1_521),
        (r#"{"type":"input_image","file_id":"file_1"}"#, 1_521),
        (r#"{"type":"document","source":{"type":"url","url":"https://h/x.pdf"}}"#, PAGE),
        (r#"{"source":{"url":"https://h/x.pdf","type":"url"},"type":"document"}"#, PAGE),
        (r#"{"type":"input_file","file_id":"file_1"}"#, PAGE),
        (r#"{"type":"input_file","file_url":"https://h/x.pdf"}"#, PAGE),
        (r#"{"fileData":{"mimeType":"application/pdf","fileUri":"gs://b/x"}}"#, PAGE),
        (r#"{"document":{"format":"pdf","source":{"s3Location":{"uri":"s3://b/x"}}}}"#, PAGE),
    ] {
        assert_eq!(block(file), (expected, 0, true), "{file}");
    }
}

#[test]
fn files_that_stand_elsewhere_are_told_from_those_that_cannot_be_read() {
    let is_remote = |block: &str| {
        let body = format!(r#"{{"messages":[{{"role":"user","content":[{block}]}}]}}"#);
        let input = said(&body).input;
        assert!(input.has_unknown_parts);
        input.has_remote_parts
    };
    assert!(is_remote(r#"{"type":"image","source":{"type":"url","url":"https://h/x.png"}}"#));
    assert!(is_remote(r#"{"type":"document","source":{"type":"file","file_id":"file_1"}}"#));
    assert!(!is_remote(r#"{"type":"document","source":{"type":"base64","data":"JVBERi0xLjcKAAAA"}}"#));
}

#[test]
fn recordings_are_a_guess_by_their_length() {
    let data = "A".repeat(4_000);
    let audio = format!(r#"{{"type":"input_audio","input_audio":{{"data":"{data}","format":"wav"}}}}"#);
    assert_eq!(block(&audio), (3, 0, true));
    let audio = format!(r#"{{"inlineData":{{"mimeType":"audio/mp3","data":"{data}"}}}}"#);
    assert_eq!(block(&audio), (3, 0, true));
}

#[test]
fn plain_text_documents_are_text_wherever_their_type_stands() {
    let text = "words ".repeat(1_000);
    for source in [
        format!(r#"{{"type":"text","media_type":"text/plain","data":"{text}"}}"#),
        format!(r#"{{"data":"{text}","media_type":"text/plain","type":"text"}}"#),
        format!(r#"{{"type":"content","content":[{{"type":"text","text":"{text}"}}]}}"#),
        format!(r#"{{"type":"content","content":"{text}"}}"#),
    ] {
        let input = said(&format!(r#"{{"messages":[{{"type":"document","source":{source}}}]}}"#)).input;
        assert_eq!((input.characters, input.text.tokens()), (6_000, counted("", &[&text])));
        assert!(!input.has_unknown_parts);
    }
}

#[test]
fn encoded_files_are_not_text_wherever_their_type_stands() {
    let data = "A".repeat(4_000);
    for source in [
        format!(r#"{{"type":"base64","media_type":"image/heic","data":"{data}"}}"#),
        format!(r#"{{"data":"{data}","type":"base64","media_type":"image/heic"}}"#),
    ] {
        assert_eq!(block(&format!(r#"{{"source":{source}}}"#)), (1_521, 0, true));
    }
    assert_eq!(block(r#"{"source":{"data":"\/9j\/","type":"base64"}}"#), (1_521, 0, true));
}

#[test]
fn a_document_of_blocks_may_hold_pictures() {
    let picture = format!(r#"{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{PNG}"}}}}"#);
    let document = format!(
        r#"{{"type":"document","source":{{"type":"content","content":[{picture},{{"type":"text","text":"abc"}}]}}}}"#
    );
    assert_eq!(block(&document), (1_560, 3, false));
    let result = format!(r#"{{"type":"tool_result","tool_use_id":"1","content":[{picture},{picture}]}}"#);
    assert_eq!(block(&result), (3_120, 0, false));
}

#[test]
fn an_object_that_is_merely_called_source_is_no_file() {
    assert_eq!(characters(r#"{"source":{"note":"xy"}}"#), 2);
    assert_eq!(characters(r#"{"source":["xy"]}"#), 2);
    assert_eq!(characters(r#"{"source":{"data":"xy"}}"#), 2);
    assert_eq!(said(r#"{"source":{"note":"xy","type":"base64"}}"#).input.tokens(), counted("", &["xy"]));
}

#[test]
fn a_body_that_breaks_off_within_a_file_has_it() {
    let body = format!(r#"{{"messages":[{{"role":"user","content":[{{"image_url":"data:image/png;base64,{PNG}""#);
    assert_eq!(said_of("claude-sonnet-4-6", &body).input.fixed, 7 + 1_560);
}
