use alloc::format;

use super::*;

fn read(format: Format, body: &str) -> Usage {
    let mut reader = UsageReader::new(format);
    reader.feed(body.as_bytes());
    reader.usage()
}

fn json(body: &str) -> Usage {
    read(Format::Json, body)
}

fn sse(body: &str) -> Usage {
    read(Format::Sse, body)
}

#[test]
fn the_content_type_decides_by_its_essence() {
    for (content_type, expected) in [
        ("application/json", Some(Format::Json)),
        ("Application/JSON;charset=UTF-8", Some(Format::Json)),
        (" application/problem+json ; x=y", Some(Format::Json)),
        ("TEXT/EVENT-STREAM", Some(Format::Sse)),
        ("text/plain", None),
        ("text/event-stream-ish", None),
        ("application/vnd.amazon.eventstream", Some(Format::Aws)),
        ("json", None),
        ("", None),
    ] {
        assert_eq!(Format::of(Some(content_type.as_bytes())), expected, "{content_type}");
    }
}

#[test]
fn anthropic_counts_stand_as_they_are_written() {
    let usage = json(
        r#"{"type":"message","content":[{"type":"text","text":"héllo"}],"usage":{"input_tokens":10,
           "cache_creation_input_tokens":20,"cache_read_input_tokens":30,"output_tokens":4,
           "cache_creation":{"ephemeral_5m_input_tokens":20},"output_tokens_details":{"thinking_tokens":1}}}"#,
    );
    assert_eq!(
        usage,
        Usage {
            input_tokens: Some(10),
            output_tokens: Some(4),
            cache_creation_input_tokens: Some(20),
            cache_read_input_tokens: Some(30),
            output_characters: 5,
            ..Usage::default()
        }
    );
}

#[test]
fn later_events_replace_earlier_counts() {
    let usage = sse(concat!(
        "event: message_start\n",
        r#"data: {"type":"message_start","message":{"usage":{"input_tokens":0,"output_tokens":1}}}"#,
        "\n\nevent: message_delta\n",
        r#"data: {"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":7}}"#,
        "\n\nevent: message_delta\n",
        r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":25,"output_tokens":9}}"#,
        "\n\n",
    ));
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(25), Some(9)));
}

#[test]
fn cached_tokens_are_taken_out_where_the_provider_counts_them_in() {
    for body in [
        r#"{"usage":{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"prompt_tokens_details":{"cached_tokens":64}}}"#,
        r#"{"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":64},"output_tokens":5,"total_tokens":105}}"#,
        r#"{"event_type":"interaction.complete","interaction":{"usage":{"total_input_tokens":100,"total_cached_tokens":64,"total_output_tokens":3,"total_thought_tokens":2,"total_tokens":105}}}"#,
        r#"{"usageMetadata":{"cachedContentTokenCount":64,"promptTokenCount":100,"candidatesTokenCount":3,"thoughtsTokenCount":2,"totalTokenCount":105}}"#,
    ] {
        let usage = json(body);
        assert_eq!(usage.input_tokens, Some(36), "{body}");
        assert_eq!(usage.cache_read_input_tokens, Some(64), "{body}");
        assert_eq!(usage.output_tokens, Some(5), "{body}");
        assert_eq!(usage.total_tokens, Some(105), "{body}");
    }
}

#[test]
fn tokens_written_to_a_cache_are_taken_out_where_the_provider_counts_them_in() {
    for body in [
        r#"{"usage":{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":64,"cache_write_tokens":30}}}"#,
        r#"{"usage":{"input_tokens":100,"input_tokens_details":{"cache_write_tokens":30,"cached_tokens":64},"output_tokens":5}}"#,
    ] {
        let usage = json(body);
        assert_eq!(usage.input_tokens, Some(6), "{body}");
        assert_eq!(usage.cache_creation_input_tokens, Some(30), "{body}");
        assert_eq!(usage.cache_read_input_tokens, Some(64), "{body}");
    }
}

#[test]
fn the_usage_of_a_part_of_the_work_is_not_that_of_the_whole() {
    let usage = json(
        r#"{"usage":{"iterations":[{"type":"compaction","input_tokens":180000,"output_tokens":3500},
           {"type":"message","input_tokens":23000,"output_tokens":1000}],"server_tool_use":{"web_search_requests":2},
           "input_tokens":23000,"output_tokens":1000,"output_tokens_details":{"thinking_tokens":700}}}"#,
    );
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(23_000), Some(1_000)));
}

#[test]
fn the_end_of_a_stream_of_groq_says_the_usage_in_a_place_of_its_own() {
    let usage = sse(concat!(
        r#"data: {"choices":[{"delta":{"content":"Tide"}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"queue_time":0.03,"prompt_tokens":18,"completion_tokens":2,"total_tokens":20}}}"#,
        "\n\ndata: [DONE]\n\n",
    ));
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (Some(18), Some(2), Some(20)));
}

#[test]
fn null_usage_says_nothing() {
    let usage = sse("data: {\"usage\":null,\"choices\":[{\"delta\":{\"content\":\"ab\"}}]}\n\ndata: [DONE]\n\n");
    assert_eq!(usage, Usage { output_characters: 2, ..Usage::default() });
}

#[test]
fn what_the_model_writes_is_not_usage() {
    for body in [
        r#"{"content":[{"type":"tool_use","input":{"usage":{"input_tokens":666},"error":{"type":"overloaded_error"}}}]}"#,
        r#"{"content":[{"type":"tool_use","usage":{"input_tokens":666}}]}"#,
        r#"{"content":[{"type":"text","text":"\"usage\":{\"input_tokens\":666}"}]}"#,
        r#"{"choices":[{"message":{"usage":{"prompt_tokens":666}},"usage":{"prompt_tokens":666}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"args":{"usageMetadata":{"promptTokenCount":666}}}}]}}]}"#,
        r#"{"metadata":{"usage":{"input_tokens":666}}}"#,
        r#"{"usage":{"server_tool_use":{"input_tokens":666}}}"#,
        r#"[[[[[[[[[{"usage":{"input_tokens":666}}]]]]]]]]]"#,
    ] {
        let usage = json(body);
        assert_eq!(usage.input_tokens, None, "{body}");
        assert_eq!(usage.error, None, "{body}");
    }
}

#[test]
fn an_error_inside_a_success_has_a_class() {
    for (body, expected) in [
        (r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, Kind::Overloaded),
        (
            r#"{"type":"error","error":{"type":"rate_limit_error","details":{"error_code":"enforced_spend_limit_reached"}}}"#,
            Kind::QuotaExhausted,
        ),
        (r#"{"error":{"code":429,"message":"Provider returned error"}}"#, Kind::RateLimit),
        (r#"[{"error":{"code":503,"status":"UNAVAILABLE"}}]"#, Kind::Overloaded),
        (r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}"#, Kind::QuotaExhausted),
        (r#"{"type":"error","code":"rate_limit_exceeded","message":"…"}"#, Kind::RateLimit),
        (r#"{"type":"response.failed","response":{"error":{"code":"server_error"}}}"#, Kind::ServerError),
        (r#"{"error":{"type":"invalid_request_error"}}"#, Kind::ClientError),
        (r#"{"type":"response.failed","response":{"error":{"code":"invalid_prompt"}}}"#, Kind::ClientError),
        (r#"{"event_type":"error","error":{"code":"quota_exceeded"}}"#, Kind::QuotaExhausted),
        (r#"{"error":{"message":"odd"}}"#, Kind::ServerError),
        (r#"{"error":"model is not loaded"}"#, Kind::ServerError),
    ] {
        assert_eq!(json(body).error, Some(expected), "{body}");
        assert_eq!(sse(&format!("data: {body}\n\n")).error, Some(expected), "{body}");
    }
    for body in [r#"{"error":null}"#, r#"{"error":{}}"#, r#"{"error":""}"#, r#"{"code":"rate_limit_exceeded"}"#] {
        assert_eq!(json(body).error, None, "{body}");
    }
}

#[test]
fn an_error_event_need_not_be_json() {
    assert_eq!(sse("event: error\ndata: upstream went away\n\n").error, Some(Kind::ServerError));
}

#[test]
fn an_event_that_is_not_json_does_not_spoil_the_next() {
    let usage = sse("data: {\"usage\":{\"type\":\"err\n\ndata: {\"usage\":{\"output_tokens\":3}}\n\n");
    assert_eq!(usage.output_tokens, Some(3));
    let usage = sse(&format!("{}data: {{\"usage\":{{\"output_tokens\":3}}}}\n\n", "data: {\"a\":[[\n\n".repeat(10)));
    assert_eq!(usage.output_tokens, Some(3));
}

#[test]
fn no_word_runs_from_one_event_into_the_next() {
    let usage = sse("data: {\"error\":{\"type\":\"overloaded\n\ndata: {\"error\":{\"type\":\"_error\"}}\n\n");
    assert_eq!(usage.error, Some(Kind::ServerError));
    let usage = sse("data: {\"type\":\"error\"}\n\ndata: {\"code\":\"rate_limit_exceeded\"}\n\n");
    assert_eq!(usage.error, Some(Kind::ServerError));
}

#[test]
fn every_dialect_of_text_is_counted_once() {
    for (event, expected) in [
        (r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"a\u00e9\ud83d\ude00"}}"#, 3),
        (r#"{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#, 5),
        (r#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}}"#, 2),
        (r#"{"type":"content_block_delta","delta":{"type":"signature_delta","signature":"EqQBCkYIARgC"}}"#, 0),
        (r#"{"choices":[{"delta":{"role":"assistant","content":"abc","reasoning_content":"de"}}]}"#, 5),
        (r#"{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]}"#, 2),
        (r#"[{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]}]"#, 2),
        (r#"{"choices":[{"text":"abc"}]}"#, 3),
        (r#"{"type":"response.output_text.delta","delta":"abcd"}"#, 4),
        (r#"{"type":"response.output_text.done","text":"abcd"}"#, 0),
        (r#"{"type":"response.completed","response":{"output":[{"content":[{"text":"abcd"}]}]}}"#, 0),
        (r#"{"candidates":[{"content":{"parts":[{"text":"ab"},{"text":"c"}],"role":"model"}}]}"#, 3),
        (r#"{"output":[{"type":"message","content":[{"type":"output_text","text":"abcd"}]}]}"#, 4),
        (r#"{"output":{"message":{"role":"assistant","content":[{"text":"abcd"}]}}}"#, 4),
        // Refusals, in the words of each API.
        (r#"{"choices":[{"delta":{"refusal":"No."}}]}"#, 3),
        (r#"{"type":"response.refusal.delta","delta":"No."}"#, 3),
        (r#"{"type":"response.refusal.done","refusal":"No."}"#, 0),
        (r#"{"output":[{"type":"message","content":[{"type":"refusal","refusal":"No."}]}]}"#, 3),
        // Thoughts.
        (r#"{"content":[{"type":"thinking","thinking":"hm","signature":"EqQBCkYIARgC"}]}"#, 2),
        (r#"{"content":[{"type":"redacted_thinking","data":"EqQBCkYIARgC"}]}"#, 0),
        (r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}}]}"#, 2),
        (r#"{"type":"response.reasoning_summary_text.delta","delta":"hm"}"#, 2),
        (
            r#"{"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAA"}]}"#,
            2,
        ),
        (r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true,"thoughtSignature":"CsYB"}]}}]}"#, 2),
        (
            r#"{"output":{"message":{"content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"AAAA"}}}]}}}"#,
            2,
        ),
        (r#"{"event_type":"step.delta","delta":{"type":"thought_summary","content":{"type":"text","text":"hm"}}}"#, 2),
        (r#"{"event_type":"step.delta","delta":{"type":"thought_signature","signature":"CsYB"}}"#, 0),
        // What tools are called with: as text where it comes as text, and every string where it comes as an object.
        (r#"{"content":[{"type":"tool_use","id":"toolu_1","name":"look","input":{"at":"tide","in":["sea",7]}}]}"#, 7),
        (r#"{"choices":[{"delta":{"function_call":{"name":"f","arguments":"{}"}}}]}"#, 2),
        (r#"{"choices":[{"message":{"tool_calls":[{"type":"custom","custom":{"name":"f","input":"look"}}]}}]}"#, 4),
        (r#"{"type":"response.function_call_arguments.delta","item_id":"fc_1","delta":"{\"a\":"}"#, 5),
        (r#"{"type":"response.function_call_arguments.done","arguments":"{}"}"#, 0),
        (r#"{"type":"response.custom_tool_call_input.delta","delta":"look"}"#, 4),
        (
            r#"{"output":[{"type":"function_call","name":"f","arguments":"{}"},{"type":"custom_tool_call","input":"look"}]}"#,
            6,
        ),
        (r#"{"output":[{"type":"code_interpreter_call","code":"1+1","outputs":[{"type":"logs","logs":"2"}]}]}"#, 3),
        (r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"at":"tide"}}}]}}]}"#, 4),
        (
            r#"{"candidates":[{"content":{"parts":[{"executableCode":{"language":"PYTHON","code":"1+1"}},{"codeExecutionResult":{"output":"2"}}]}}]}"#,
            3,
        ),
        (r#"{"output":{"message":{"content":[{"toolUse":{"toolUseId":"t","name":"f","input":{"at":"tide"}}}]}}}"#, 4),
        (r#"{"event_type":"step.delta","delta":{"type":"arguments_delta","arguments":"{}"}}"#, 2),
        (r#"{"type":"content_block_delta","delta":{"type":"compaction_delta","content":"In short."}}"#, 9),
        // What others wrote, and what is no text.
        (r#"{"type":"content_block_delta","delta":{"type":"citations_delta","citation":{"cited_text":"Tides."}}}"#, 0),
        (
            r#"{"content":[{"type":"web_search_tool_result","content":[{"title":"Tides","encrypted_content":"AAAA"}]}]}"#,
            0,
        ),
        (r#"{"type":"response.audio.delta","delta":"UklGRiQA"}"#, 0),
        (r#"{"type":"response.audio.transcript.delta","delta":"Tide"}"#, 4),
        (r#"{"choices":[{"message":{"audio":{"data":"UklGRiQA","transcript":"Tide"}}}]}"#, 4),
    ] {
        assert_eq!(json(event).output_characters, expected, "{event}");
    }
}

#[test]
fn absurd_counts_are_clamped_and_odd_ones_ignored() {
    let usage = json(r#"{"usage":{"input_tokens":1e9,"output_tokens":999999999999999999999999,"total_tokens":-5}}"#);
    assert_eq!(usage.input_tokens, None);
    assert_eq!(usage.output_tokens, Some(u64::from(u32::MAX)));
    assert_eq!(usage.total_tokens, None);
}

#[test]
fn a_number_that_is_cut_off_is_not_believed() {
    assert_eq!(json(r#"{"usage":{"output_tokens":12"#).output_tokens, None);
}

/// Messages of an event stream of AWS, each with its payload and headers.
fn aws(messages: &[(&[(&str, &str)], &str)]) -> Usage {
    let mut reader = UsageReader::new(Format::Aws);
    for (headers, payload) in messages {
        let mut head = alloc::vec::Vec::new();
        for (name, value) in *headers {
            head.push(name.len() as u8);
            head.extend_from_slice(name.as_bytes());
            head.push(7);
            head.extend_from_slice(&(value.len() as u16).to_be_bytes());
            head.extend_from_slice(value.as_bytes());
        }
        reader.feed(&((16 + head.len() + payload.len()) as u32).to_be_bytes());
        reader.feed(&(head.len() as u32).to_be_bytes());
        reader.feed(b"sum!");
        reader.feed(&head);
        reader.feed(payload.as_bytes());
        reader.feed(b"sum!");
    }
    reader.usage()
}

const EVENT: &[(&str, &str)] = &[(":event-type", "chunk"), (":message-type", "event")];

#[test]
fn a_stream_of_converse_is_text_and_ends_with_its_usage() {
    let usage = aws(&[
        (EVENT, r#"{"role":"assistant","p":"abcd"}"#),
        (EVENT, r#"{"contentBlockIndex":0,"delta":{"text":"Tide"},"p":"ab"}"#),
        (EVENT, r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"a\":"}}}"#),
        (EVENT, r#"{"contentBlockIndex":2,"delta":{"reasoningContent":{"text":"hm","signature":"AAAA"}}}"#),
        (EVENT, r#"{"stopReason":"end_turn"}"#),
        (
            EVENT,
            r#"{"metrics":{"latencyMs":7},"usage":{"inputTokens":10,"outputTokens":5,"totalTokens":15,"cacheReadInputTokens":30,"cacheWriteInputTokens":20}}"#,
        ),
    ]);
    assert_eq!(
        usage,
        Usage {
            input_tokens: Some(10),
            output_tokens: Some(5),
            cache_creation_input_tokens: Some(20),
            cache_read_input_tokens: Some(30),
            total_tokens: Some(15),
            output_characters: 11,
            error: None,
        }
    );
}

#[test]
fn a_stream_of_invoke_model_carries_its_events_in_base64() {
    // {"type":"content_block_delta","delta":{"type":"text_delta","text":"Tide"}}
    let delta = "eyJ0eXBlIjoiY29udGVudF9ibG9ja19kZWx0YSIsImRlbHRhIjp7InR5cGUiOiJ0ZXh0X2RlbHRhIiwidGV4dCI6IlRpZGUifX0=";
    // {"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":9,"outputTokenCount":4,"cacheReadInputTokenCount":2,"cacheWriteInputTokenCount":3}}
    let stop = "eyJ0eXBlIjoibWVzc2FnZV9zdG9wIiwiYW1hem9uLWJlZHJvY2staW52b2NhdGlvbk1ldHJpY3MiOnsiaW5wdXRUb2tlbkNvdW50Ijo5LCJvdXRwdXRUb2tlbkNvdW50Ijo0LCJjYWNoZVJlYWRJbnB1dFRva2VuQ291bnQiOjIsImNhY2hlV3JpdGVJbnB1dFRva2VuQ291bnQiOjN9fQ==";
    let usage = aws(&[
        (EVENT, &format!(r#"{{"bytes":"{delta}","p":"abcdef"}}"#)),
        (EVENT, &format!(r#"{{"p":"a","bytes":"{stop}"}}"#)),
    ]);
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.output_characters), (Some(9), Some(4), 4));
    assert_eq!((usage.cache_read_input_tokens, usage.cache_creation_input_tokens), (Some(2), Some(3)));
}

#[test]
fn what_stands_beside_or_below_what_is_carried_is_not_read() {
    // {"usage":{"input_tokens":7}}
    let carried = "eyJ1c2FnZSI6eyJpbnB1dF90b2tlbnMiOjd9fQ==";
    let beside = format!(r#"{{"bytes":"{carried}","usage":{{"input_tokens":666}},"bytes":"{carried}"}}"#);
    assert_eq!(aws(&[(EVENT, &beside)]).input_tokens, Some(7));
    let below = format!(r#"{{"delta":{{"bytes":"{carried}"}}}}"#);
    assert_eq!(aws(&[(EVENT, &below)]).input_tokens, None);
    let escaped = carried.replace('9', "\\u0039");
    assert_eq!(aws(&[(EVENT, &format!(r#"{{"bytes":"{escaped}"}}"#))]).input_tokens, Some(7));
}

#[test]
fn an_exception_in_a_stream_of_aws_has_a_class() {
    for (name, expected) in [
        ("throttlingException", Kind::RateLimit),
        ("serviceUnavailableException", Kind::Overloaded),
        ("validationException", Kind::ClientError),
        ("internalServerException", Kind::ServerError),
        ("modelStreamErrorException", Kind::ServerError),
        ("somethingNew", Kind::ServerError),
    ] {
        let headers =
            [(":exception-type", name), (":content-type", "application/json"), (":message-type", "exception")];
        let usage = aws(&[
            (EVENT, r#"{"delta":{"text":"ab"}}"#),
            (&headers, r#"{"message":"Too many tokens, please wait before trying again."}"#),
        ]);
        assert_eq!((usage.error, usage.output_characters), (Some(expected), 2), "{name}");
    }
}
