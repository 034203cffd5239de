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
            output_characters: 25,
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
];
