//! Response bodies after the documented shapes, with the usage that each one states. The values are invented.

use tidegate::headers::Kind;
use tidegate::usage::{Format, Usage};

pub struct Sample {
    pub name: &'static str,
    pub format: Format,
    pub body: &'static str,
    pub usage: Usage,
}

const NOTHING: Usage = Usage {
    input_tokens: None,
    output_tokens: None,
    cache_creation_input_tokens: None,
    cache_read_input_tokens: None,
    total_tokens: None,
    output_characters: 0,
    error: None,
};

pub const SAMPLES: &[Sample] = &[
    Sample {
        name: "Anthropic message with a tool input that looks like usage",
        format: Format::Json,
        body: r#"{"model":"claude-sonnet-5","id":"msg_01","type":"message","role":"assistant","content":[
            {"type":"text","text":"Let me look: \u201cna\u00efve\u201d \ud83c\udf0a 日本"},
            {"type":"tool_use","id":"toolu_01","name":"log","input":{"usage":{"input_tokens":9999,"output_tokens":9999},
             "error":{"type":"overloaded_error"},"message":{"usage":{"input_tokens":1}},"nested":[[[{"usage":{"output_tokens":7}}]]]}}],
            "stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":2095,"cache_creation_input_tokens":1024,
            "cache_read_input_tokens":51200,"cache_creation":{"ephemeral_5m_input_tokens":1024,"ephemeral_1h_input_tokens":0},
            "output_tokens":503,"output_tokens_details":{"thinking_tokens":100},"service_tier":"standard","speed":"standard"}}"#,
        usage: Usage {
            input_tokens: Some(2_095),
            output_tokens: Some(503),
            cache_creation_input_tokens: Some(1_024),
            cache_read_input_tokens: Some(51_200),
            output_characters: 41,
            ..NOTHING
        },
    },
    Sample {
        name: "Anthropic stream",
        format: Format::Sse,
        body: concat!(
            "event: message_start\r\n",
            r#"data: {"type":"message_start","message":{"id":"msg_02","type":"message","role":"assistant","content":[],"model":"claude-opus-5","usage":{"input_tokens":25,"cache_creation_input_tokens":0,"cache_read_input_tokens":300,"output_tokens":1}}}"#,
            "\r\n\r\nevent: content_block_start\r\n",
            r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            "\r\n\r\nevent: ping\r\ndata: {\"type\": \"ping\"}\r\n\r\nevent: content_block_delta\r\n",
            r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello \"usage\": 日本"}}"#,
            "\r\n\r\nevent: content_block_delta\r\n",
            r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"usage\":{\"input_tokens\":1}}"}}"#,
            "\r\n\r\nevent: message_delta\r\n",
            r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}"#,
            "\r\n\r\nevent: message_delta\r\n",
            r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":30,"output_tokens":42}}"#,
            "\r\n\r\nevent: message_stop\r\ndata: {\"type\":\"message_stop\"}\r\n\r\n",
        ),
        usage: Usage {
            input_tokens: Some(30),
            output_tokens: Some(42),
            cache_creation_input_tokens: Some(0),
            cache_read_input_tokens: Some(300),
            output_characters: 45,
            ..NOTHING
        },
    },
    Sample {
        name: "Anthropic stream that ends in an error",
        format: Format::Sse,
        body: concat!(
            "\u{FEFF}: a comment\n\nevent: message_start\n",
            r#"data: {"type":"message_start","message":{"usage":{"input_tokens":8,"output_tokens":2}}}"#,
            "\n\nevent: content_block_delta\n",
            r#"data: {"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm…"}}"#,
            "\n\nevent: error\n",
            r#"data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#,
            "\n\n",
        ),
        usage: Usage {
            input_tokens: Some(8),
            output_tokens: Some(2),
            output_characters: 3,
            error: Some(Kind::Overloaded),
            ..NOTHING
        },
    },
    Sample {
        name: "OpenAI chat completion",
        format: Format::Json,
        body: r#"{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-5","choices":[{"index":0,"message":
            {"role":"assistant","content":"Four","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":
            1117,"completion_tokens":46,"total_tokens":1163,"prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":0},
            "completion_tokens_details":{"reasoning_tokens":40}}}"#,
        usage: Usage {
            input_tokens: Some(93),
            output_tokens: Some(46),
            cache_read_input_tokens: Some(1_024),
            total_tokens: Some(1_163),
            output_characters: 4,
            ..NOTHING
        },
    },
    Sample {
        name: "OpenAI chat stream with usage",
        format: Format::Sse,
        body: concat!(
            r#"data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null}"#,
            "\n\n",
            r#"data: {"id":"c","choices":[{"index":0,"delta":{"content":"a\nb\ud83d\ude00"}}],"usage":null}"#,
            "\n\n",
            r#"data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"usage\":1}"}}]}}],"usage":null}"#,
            "\n\n",
            r#"data: {"id":"c","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":7,"total_tokens":19}}"#,
            "\n\ndata: [DONE]\n\n",
        ),
        usage: Usage {
            input_tokens: Some(12),
            output_tokens: Some(7),
            total_tokens: Some(19),
            output_characters: 15,
            ..NOTHING
        },
    },
    Sample {
        name: "OpenAI chat stream without usage, CR line ends and data on several lines",
        format: Format::Sse,
        body: "data: {\"choices\":[{\"delta\":\rdata: {\"content\":\rdata:\"abc\"}}]}\r\rdata: [DONE]\r\r",
        usage: Usage { output_characters: 3, ..NOTHING },
    },
    Sample {
        name: "OpenAI response stream",
        format: Format::Sse,
        body: concat!(
            "event: response.created\n",
            r#"data: {"type":"response.created","response":{"id":"resp_1","status":"in_progress","error":null,"usage":null,"output":[]}}"#,
            "\n\nevent: response.output_text.delta\n",
            r#"data: {"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hi there"}"#,
            "\n\nevent: response.output_text.done\n",
            r#"data: {"type":"response.output_text.done","text":"Hi there"}"#,
            "\n\nevent: response.completed\n",
            r#"data: {"type":"response.completed","response":{"id":"resp_1","status":"completed","error":null,"output":[{"type":"message","content":[{"type":"output_text","text":"Hi there","usage":{"input_tokens":5}}]}],"usage":{"input_tokens":37,"input_tokens_details":{"cached_tokens":32},"output_tokens":11,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":48}}}"#,
            "\n\n",
        ),
        usage: Usage {
            input_tokens: Some(5),
            output_tokens: Some(11),
            cache_read_input_tokens: Some(32),
            total_tokens: Some(48),
            output_characters: 8,
            ..NOTHING
        },
    },
    Sample {
        name: "Gemini stream wrapped in an array",
        format: Format::Json,
        body: r#"[{"candidates":[{"content":{"parts":[{"text":"Hal"}],"role":"model"}}],"usageMetadata":{"promptTokenCount":40,"totalTokenCount":40}}
,
{"candidates":[{"content":{"parts":[{"text":"lo"},{"functionCall":{"name":"f","args":{"usageMetadata":{"promptTokenCount":1}}}}],"role":"model"},
"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":40,"candidatesTokenCount":6,"thoughtsTokenCount":20,"toolUsePromptTokenCount":3,
"cachedContentTokenCount":10,"totalTokenCount":69,"promptTokensDetails":[{"modality":"TEXT","tokenCount":40}]},"modelVersion":"gemini-3-pro"}
]"#,
        usage: Usage {
            input_tokens: Some(33),
            output_tokens: Some(26),
            cache_read_input_tokens: Some(10),
            total_tokens: Some(69),
            output_characters: 5,
            ..NOTHING
        },
    },
    Sample {
        name: "Bedrock Converse",
        format: Format::Json,
        body: r#"{"metrics":{"latencyMs":800},"output":{"message":{"content":[{"text":"Hallo"}],"role":"assistant"}},"stopReason":"end_turn",
            "usage":{"inputTokens":30,"outputTokens":5,"totalTokens":45,"cacheReadInputTokens":10,"cacheWriteInputTokens":0}}"#,
        usage: Usage {
            input_tokens: Some(30),
            output_tokens: Some(5),
            cache_creation_input_tokens: Some(0),
            cache_read_input_tokens: Some(10),
            total_tokens: Some(45),
            output_characters: 5,
            ..NOTHING
        },
    },
    Sample {
        name: "a gateway's refusal inside a stream",
        format: Format::Sse,
        body: concat!(
            ": OPENROUTER PROCESSING\n\n",
            r#"data: {"id":"g","error":{"code":429,"message":"Rate limited","metadata":{"headers":{}}},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
            "\n\n",
        ),
        usage: Usage { error: Some(Kind::RateLimit), ..NOTHING },
    },
    Sample {
        name: "Anthropic stream of thoughts, a search by the server and a tool call",
        format: Format::Sse,
        body: concat!(
            "event: message_start\n",
            r#"data: {"type":"message_start","message":{"id":"msg_03","type":"message","role":"assistant","model":"claude-sonnet-5","content":[],"stop_reason":null,"usage":{"input_tokens":2679,"cache_creation_input_tokens":1800,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":1800,"ephemeral_1h_input_tokens":0},"output_tokens":3,"service_tier":"standard"}}}"#,
            "\n\nevent: content_block_delta\n",
            r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Tides?"}}"#,
            "\n\nevent: content_block_delta\n",
            r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3h"}}"#,
            "\n\nevent: content_block_start\n",
            r#"data: {"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}"#,
            "\n\nevent: content_block_delta\n",
            r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"query\":\"tide\"}"}}"#,
            "\n\nevent: content_block_start\n",
            r#"data: {"type":"content_block_start","index":2,"content_block":{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","title":"Tides","url":"https://tide.example","encrypted_content":"EqgfCioIARgB","usage":{"input_tokens":1}}]}}"#,
            "\n\nevent: content_block_delta\n",
            r#"data: {"type":"content_block_delta","index":3,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","cited_text":"High water is at six.","title":"Tides"}}}"#,
            "\n\nevent: content_block_delta\n",
            r#"data: {"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"At six."}}"#,
            "\n\nevent: message_delta\n",
            r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":10682,"cache_creation_input_tokens":1800,"cache_read_input_tokens":0,"output_tokens":510,"output_tokens_details":{"thinking_tokens":44},"server_tool_use":{"web_search_requests":1}}}"#,
            "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ),
        usage: Usage {
            input_tokens: Some(10_682),
            output_tokens: Some(510),
            cache_creation_input_tokens: Some(1_800),
            cache_read_input_tokens: Some(0),
            output_characters: 29,
            ..NOTHING
        },
    },
    Sample {
        name: "Anthropic message by way of Vertex or Bedrock, with thoughts",
        format: Format::Json,
        body: r#"{"id":"msg_vrtx_01","type":"message","role":"assistant","model":"claude-opus-5","content":[
            {"type":"thinking","thinking":"Hm.","signature":"EqQBCgIYAhIM"},{"type":"redacted_thinking","data":"EmwKAhgBEgy3"},
            {"type":"text","text":"Six."}],"stop_reason":"end_turn","stop_sequence":null,
            "usage":{"input_tokens":14,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":61}}"#,
        usage: Usage {
            input_tokens: Some(14),
            output_tokens: Some(61),
            cache_creation_input_tokens: Some(0),
            cache_read_input_tokens: Some(0),
            output_characters: 7,
            ..NOTHING
        },
    },
    Sample {
        name: "OpenAI chat stream of a refusal and a call of an old function, with usage",
        format: Format::Sse,
        body: concat!(
            r#"data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":null,"refusal":"I can't."},"finish_reason":null}],"usage":null}"#,
            "\n\n",
            r#"data: {"id":"c","choices":[{"index":0,"delta":{"function_call":{"name":"look","arguments":"{}"}},"finish_reason":null}],"usage":null}"#,
            "\n\n",
            r#"data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
            "\n\n",
            r#"data: {"id":"c","choices":[],"usage":{"prompt_tokens":2006,"completion_tokens":300,"total_tokens":2306,"prompt_tokens_details":{"cached_tokens":1920,"cache_write_tokens":64,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":256,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}"#,
            "\n\ndata: [DONE]\n\n",
        ),
        usage: Usage {
            input_tokens: Some(22),
            output_tokens: Some(300),
            cache_creation_input_tokens: Some(64),
            cache_read_input_tokens: Some(1_920),
            total_tokens: Some(2_306),
            output_characters: 10,
            ..NOTHING
        },
    },
    Sample {
        name: "OpenAI response stream of a function call that is cut by its maximum",
        format: Format::Sse,
        body: concat!(
            "event: response.in_progress\n",
            r#"data: {"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_2","status":"in_progress","error":null,"incomplete_details":null,"max_output_tokens":60,"output":[],"usage":null,"metadata":{"usage":"1"}}}"#,
            "\n\nevent: response.reasoning_summary_text.delta\n",
            r#"data: {"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":0,"delta":"Hm"}"#,
            "\n\nevent: response.output_item.added\n",
            r#"data: {"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","id":"fc_1","call_id":"call_1","name":"look","arguments":""}}"#,
            "\n\nevent: response.function_call_arguments.delta\n",
            r#"data: {"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":1,"delta":"{\"at\":"}"#,
            "\n\nevent: response.function_call_arguments.delta\n",
            r#"data: {"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":1,"delta":"\"six\"}"}"#,
            "\n\nevent: response.function_call_arguments.done\n",
            r#"data: {"type":"response.function_call_arguments.done","item_id":"fc_1","output_index":1,"arguments":"{\"at\":\"six\"}"}"#,
            "\n\nevent: response.incomplete\n",
            r#"data: {"type":"response.incomplete","response":{"id":"resp_2","status":"incomplete","error":null,"incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"function_call","arguments":"{\"at\":\"six\"}"}],"usage":{"input_tokens":81,"input_tokens_details":{"cached_tokens":0},"output_tokens":60,"output_tokens_details":{"reasoning_tokens":48},"total_tokens":141}}}"#,
            "\n\n",
        ),
        usage: Usage {
            input_tokens: Some(81),
            output_tokens: Some(60),
            cache_read_input_tokens: Some(0),
            total_tokens: Some(141),
            output_characters: 14,
            ..NOTHING
        },
    },
    Sample {
        name: "OpenAI response stream that fails",
        format: Format::Sse,
        body: concat!(
            "event: response.output_text.delta\n",
            r#"data: {"type":"response.output_text.delta","delta":"Hi"}"#,
            "\n\nevent: response.failed\n",
            r#"data: {"type":"response.failed","response":{"id":"resp_3","status":"failed","error":{"code":"rate_limit_exceeded","message":"Rate limit reached"},"output":[],"usage":null}}"#,
            "\n\n",
        ),
        usage: Usage { output_characters: 2, error: Some(Kind::RateLimit), ..NOTHING },
    },
    Sample {
        name: "OpenAI response stream that ends in an error event",
        format: Format::Sse,
        body: concat!(
            "event: error\n",
            r#"data: {"type":"error","code":"server_error","message":"An error occurred","param":null,"sequence_number":4}"#,
            "\n\n",
        ),
        usage: Usage { error: Some(Kind::ServerError), ..NOTHING },
    },
    Sample {
        name: "Gemini stream of events with thoughts and code",
        format: Format::Sse,
        body: concat!(
            r#"data: {"candidates":[{"content":{"parts":[{"text":"Hm","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9,"totalTokenCount":31,"thoughtsTokenCount":22,"promptTokensDetails":[{"modality":"TEXT","tokenCount":9}]},"modelVersion":"gemini-3-pro","responseId":"r"}"#,
            "\r\n\r\n",
            r#"data: {"candidates":[{"content":{"parts":[{"executableCode":{"language":"PYTHON","code":"6*1"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"6"}},{"text":"Six","thoughtSignature":"CiQB"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":5,"totalTokenCount":51,"thoughtsTokenCount":30,"toolUsePromptTokenCount":7,"toolUsePromptTokensDetails":[{"modality":"TEXT","tokenCount":7}]},"modelVersion":"gemini-3-pro","responseId":"r"}"#,
            "\r\n\r\n",
        ),
        usage: Usage {
            input_tokens: Some(16),
            output_tokens: Some(35),
            total_tokens: Some(51),
            output_characters: 8,
            ..NOTHING
        },
    },
    Sample {
        name: "Gemini stream wrapped in an array that ends in an error",
        format: Format::Json,
        body: r#"[{"candidates":[{"content":{"parts":[{"text":"Six"}],"role":"model"}}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":1,"totalTokenCount":10}},
            {"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}]"#,
        usage: Usage {
            input_tokens: Some(9),
            output_tokens: Some(1),
            total_tokens: Some(10),
            output_characters: 3,
            error: Some(Kind::Overloaded),
            ..NOTHING
        },
    },
    Sample {
        name: "Gemini interaction stream",
        format: Format::Sse,
        body: concat!(
            "event: step.delta\n",
            r#"data: {"event_type":"step.delta","index":0,"delta":{"type":"thought_summary","content":{"type":"text","text":"Hm"}}}"#,
            "\n\nevent: step.delta\n",
            r#"data: {"event_type":"step.delta","index":1,"delta":{"type":"text","text":"Six"}}"#,
            "\n\nevent: interaction.completed\n",
            r#"data: {"event_type":"interaction.completed","interaction":{"id":"int_1","status":"completed","usage":{"total_input_tokens":9,"total_cached_tokens":4,"total_output_tokens":5,"total_thought_tokens":30,"total_tool_use_tokens":7,"total_tokens":51,"input_tokens_by_modality":[{"modality":"text","tokens":9}]}}}"#,
            "\n\nevent: done\ndata: [DONE]\n\n",
        ),
        usage: Usage {
            input_tokens: Some(12),
            output_tokens: Some(35),
            cache_read_input_tokens: Some(4),
            total_tokens: Some(51),
            output_characters: 5,
            ..NOTHING
        },
    },
    Sample {
        name: "Bedrock Converse with a thought, a tool call and a cache",
        format: Format::Json,
        body: r#"{"metrics":{"latencyMs":1200},"output":{"message":{"content":[{"reasoningContent":{"reasoningText":{"text":"Hm","signature":"EqQB"}}},
            {"text":"Look:"},{"toolUse":{"toolUseId":"tooluse_1","name":"look","input":{"at":"six","usage":{"inputTokens":"1"}}}}],"role":"assistant"}},
            "stopReason":"tool_use","usage":{"inputTokens":21,"outputTokens":70,"totalTokens":4187,"cacheReadInputTokens":0,"cacheReadInputTokenCount":0,
            "cacheWriteInputTokens":4096,"cacheWriteInputTokenCount":4096,"cacheDetails":[{"ttl":"5m","inputTokens":4096}]}}"#,
        usage: Usage {
            input_tokens: Some(21),
            output_tokens: Some(70),
            cache_creation_input_tokens: Some(4_096),
            cache_read_input_tokens: Some(0),
            total_tokens: Some(4_187),
            output_characters: 11,
            ..NOTHING
        },
    },
];
