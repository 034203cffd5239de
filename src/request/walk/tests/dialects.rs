//! What is read by the model and what is not, in each dialect.

use super::*;

/// Asserts that of `body` the model reads `texts`, each by itself, and nothing else.
fn assert_reads(model: &str, body: &str, texts: &[&str]) {
    let input = said_of(model, body).input;
    // Members of the body are rounded each by itself.
    assert!(input.text.tokens().abs_diff(counted(model, texts)) <= 1, "{body}");
    let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
    assert_eq!(input.characters as usize, characters, "{body}");
}

#[test]
fn messages_of_anthropic() {
    assert_reads(
        "claude-opus-4-8",
        r#"{
            "model": "claude-opus-4-8", "max_tokens": 9, "metadata": {"user_id": "u"}, "service_tier": "auto",
            "stop_sequences": ["END"], "inference_geo": "us", "thinking": {"type": "adaptive"},
            "cache_control": {"type": "ephemeral"}, "context_management": {"edits": [{"type": "clear_thinking"}]},
            "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
            "messages": [
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "c2VhbA=="},
                    {"type": "text", "text": "Cited", "citations": [{"type": "char_location", "cited_text": "no", "document_title": "no"}]},
                    {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"key": ["v", 1], "n": null}}
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": false, "content": [{"type": "text", "text": "Found"}]},
                    {"type": "document", "title": "Title", "context": "Context", "citations": {"enabled": true},
                        "source": {"type": "text", "media_type": "text/plain", "data": "Plain"}},
                    {"type": "search_result", "title": "T", "source": "https://h", "content": [{"type": "text", "text": "R"}]}
                ]}
            ]
        }"#,
        &[
            "Be brief.",
            "Hello",
            "Hm.",
            "Cited",
            "look_up",
            r#"{"key":["v",1],"n":null}"#,
            "Found",
            "Title",
            "Context",
            "Plain",
            "T",
            "https://h",
            "R",
        ],
    );
}

#[test]
fn chat_completions_of_openai() {
    assert_reads(
        "gpt-5",
        r#"{
            "model": "gpt-5", "user": "u", "metadata": {"a": "b"}, "store": true, "stop": ["x"], "service_tier": "flex",
            "prompt_cache_key": "k", "safety_identifier": "s", "stream_options": {"include_usage": true},
            "logit_bias": {"1": 1}, "modalities": ["text"], "reasoning_effort": "low", "verbosity": "low",
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "name": "Ann", "content": [{"type": "text", "text": "Hello"}]},
                {"role": "assistant", "content": null, "refusal": "No",
                    "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
                {"role": "tool", "tool_call_id": "call_1", "content": "Found"}
            ]
        }"#,
        &["Be brief.", "Ann", "Hello", "No", "f", r#"{"a":1}"#, "Found"],
    );
}

#[test]
fn responses_of_openai() {
    assert_reads(
        "gpt-5.4",
        r#"{
            "model": "gpt-5.4", "instructions": "Be brief.", "include": ["reasoning.encrypted_content"],
            "reasoning": {"effort": "low", "summary": "auto"}, "truncation": "auto", "text": {"verbosity": "low"},
            "input": [
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
                {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
                    "content": [{"type": "output_text", "text": "Hi", "annotations": [{"type": "url_citation", "url": "u"}]}]},
                {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "call_1", "output": "Found"}
            ]
        }"#,
        &["Be brief.", "Hello", "Hi", "f", "{}", "Found"],
    );
    assert_reads("gpt-5.4", r#"{"model":"gpt-5.4","input":"Hello"}"#, &["Hello"]);
}

#[test]
fn contents_of_gemini() {
    assert_reads(
        "gemini-2.5-pro",
        r#"{
            "systemInstruction": {"parts": [{"text": "Be brief."}]}, "labels": {"a": "b"},
            "safetySettings": [{"category": "HARM", "threshold": "NONE"}],
            "generationConfig": {"stopSequences": ["x"], "responseMimeType": "text/plain", "temperature": 1},
            "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
            "tools": [{"functionDeclarations": [{"name": "f", "description": "D", "parameters": {"type": "OBJECT"}}]}],
            "contents": [
                {"role": "user", "parts": [{"text": "Hello"}]},
                {"role": "model", "parts": [{"thoughtSignature": "c2VhbA==", "functionCall": {"id": "1", "name": "f", "args": {"a": "b"}}}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"c": [true, "d"]}}}]}
            ]
        }"#,
        &["Be brief.", r#"{"functionDeclarations":[{"name":"f","description":"D","parameters":{"type":"OBJECT"}}]}"#
            .strip_prefix(r#"{"functionDeclarations":["#).unwrap().strip_suffix("]}").unwrap(),
            "{}", r#""functionDeclarations":"#, "Hello", "f", r#"{"a":"b"}"#, "f", r#"{"c":[true,"d"]}"#],
    );
}

#[test]
fn converse_of_bedrock() {
    assert_reads(
        "anthropic.claude-opus-4-8",
        r#"{
            "system": [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
            "inferenceConfig": {"maxTokens": 9, "stopSequences": ["x"]},
            "guardrailConfig": {"guardrailIdentifier": "g"}, "additionalModelRequestFields": {"thinking": {"type": "x"}},
            "messages": [
                {"role": "user", "content": [{"text": "Hello"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]},
                {"role": "assistant", "content": [
                    {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2VhbA=="}}},
                    {"toolUse": {"toolUseId": "1", "name": "f", "input": {"a": 1}}}
                ]},
                {"role": "user", "content": [{"toolResult": {"toolUseId": "1", "status": "success", "content": [{"json": {"b": 2}}, {"text": "Found"}]}}]}
            ]
        }"#,
        &["Be brief.", "Hello", "Hm.", "f", r#"{"a":1}"#, r#"{"b":2}"#, "Found"],
    );
}

#[test]
fn chats_of_others() {
    assert_reads(
        "command-a",
        r#"{
            "model": "command-a", "preamble": "Be brief.", "message": "Hello", "safety_mode": "NONE",
            "citation_options": {"mode": "fast"},
            "chat_history": [{"role": "USER", "message": "Hi"}],
            "documents": [{"id": "1", "data": {"title": "T", "snippet": "S"}}]
        }"#,
        &["Be brief.", "Hello", "Hi", "T", "S"],
    );
    assert_reads(
        "davinci-002",
        r#"{"model":"davinci-002","prompt":["Hello","Hi"],"suffix":"Bye"}"#,
        &["Hello", "Hi", "Bye"],
    );
}

#[test]
fn the_order_of_members_makes_no_difference() {
    let parts = [
        r#""system":[{"type":"text","text":"Be brief."}]"#,
        r#""tools":[{"name":"f","input_schema":{"type":"object"}}]"#,
        r#""messages":[{"role":"user","content":[{"type":"text","text":"Hello, world"}]}]"#,
        r#""tool_choice":{"type":"any"}"#,
        r#""max_tokens":100"#,
    ];
    let body = |turn: usize| {
        let mut turned = parts;
        turned.rotate_left(turn);
        format!("{{{}}}", turned.join(","))
    };
    let first = body(0);
    for turn in 1..parts.len() {
        let other = body(turn);
        assert_eq!(said_of("claude-opus-4-8", &other).input, said_of("claude-opus-4-8", &first).input);
        assert_eq!(said_of("claude-opus-4-8", &other).kind, said_of("claude-opus-4-8", &first).kind);
    }
}
