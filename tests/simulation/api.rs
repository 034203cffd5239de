//! The two APIs that jobs are sent to.

use serde_json::{Value, json};
use tidegate_simulator::workload::{self, Job};

use crate::books::Amounts;

/// Whose API a job is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Api {
    Claude,
    OpenAi,
}

impl Api {
    pub fn of(job: &Job) -> Self {
        if job.model.starts_with("gpt-") { Self::OpenAi } else { Self::Claude }
    }

    pub fn path(self) -> &'static str {
        match self {
            Self::Claude => "/v1/messages",
            Self::OpenAi => "/v1/chat/completions",
        }
    }

    pub fn url(self) -> &'static str {
        match self {
            Self::Claude => "http://127.0.0.1/v1/messages",
            Self::OpenAi => "http://127.0.0.1/v1/chat/completions",
        }
    }

    /// The headers that a limiter is shown.
    pub fn headers(self) -> &'static [u8] {
        match self {
            Self::Claude => b"anthropic-version: 2023-06-01",
            Self::OpenAi => b"",
        }
    }

    /// The body of a job's request. `variant` chooses among texts of the same size.
    pub fn body(self, job: &Job, variant: u64) -> String {
        match self {
            Self::Claude => workload::body(job, variant),
            Self::OpenAi => {
                let messages = json!([{ "role": "user", "content": workload::prompt(job.input_tokens, variant) }]);
                let mut body = json!({ "model": job.model, "max_tokens": job.max_tokens, "messages": messages });
                if job.stream {
                    body["stream"] = true.into();
                    body["stream_options"] = json!({ "include_usage": true });
                }
                body.to_string()
            }
        }
    }

    /// What a whole answer says that it is charged, by a reader of its own.
    pub fn stated(self, body: &str) -> Amounts {
        let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
        let last = match self {
            Self::Claude => data.filter(|data| data.contains("message_delta")).last(),
            Self::OpenAi => data.filter(|data| data.contains("prompt_tokens")).last(),
        };
        let answer: Value = serde_json::from_str(last.unwrap_or(body)).expect("a whole answer");
        let count = |name: &str| answer["usage"][name].as_i64().expect("a count");
        match self {
            Self::Claude => [1, count("input_tokens") + count("cache_creation_input_tokens"), count("output_tokens")],
            Self::OpenAi => [1, count("prompt_tokens"), count("completion_tokens")],
        }
    }
}
