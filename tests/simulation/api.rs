//! The two APIs that jobs are sent to, as a limiter meets them.

use serde_json::Value;
use tidegate_simulator::Api;

use crate::books::Amounts;

/// Where requests go: with a password and a query, which nobody is to hear of.
pub fn url(api: Api) -> &'static str {
    match api {
        Api::Claude => "http://user:hush@127.0.0.1/v1/messages?beta=hush",
        Api::OpenAi => "http://user:hush@127.0.0.1/v1/chat/completions?beta=hush",
    }
}

/// The headers of a request that a limiter is shown.
pub fn headers(api: Api) -> &'static [u8] {
    match api {
        Api::Claude => b"anthropic-version: 2023-06-01",
        Api::OpenAi => b"",
    }
}

/// What a whole answer says that it is charged, by a reader of its own.
pub fn stated(api: Api, body: &str) -> Amounts {
    let mark = match api {
        Api::Claude => "message_delta",
        Api::OpenAi => "prompt_tokens",
    };
    let last = body.lines().filter_map(|line| line.strip_prefix("data: ")).rfind(|data| data.contains(mark));
    let Ok(answer) = serde_json::from_str::<Value>(last.unwrap_or(body)) else { return [1, 0, 0] };
    // A stream of OpenAI's says it only if it is asked to.
    let count = |name: &str| answer["usage"][name].as_i64().unwrap_or(0);
    match api {
        Api::Claude => [1, count("input_tokens") + count("cache_creation_input_tokens"), count("output_tokens")],
        Api::OpenAi => [1, count("prompt_tokens"), count("completion_tokens")],
    }
}

/// The workloads of one model of Claude's.
pub const CLAUDE: [&str; 6] =
    ["mixed", "input-bound", "output-bound", "requests-bound", "interactive-and-batch", "cached-prefix"];
