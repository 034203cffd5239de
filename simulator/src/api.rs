//! The shapes of API that are simulated, and what they have in common.

use serde_json::Value;

use crate::cache::{CacheUse, Prefix};
use crate::exchange::Request;
use crate::groups::reads_count;
use crate::ledger::{Ask, Refusal};
use crate::limits::Dimension;
use crate::route::Route;
use crate::{bedrock, claude, gemini, openai, tokenizer};

/// Whose conventions an endpoint follows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Family {
    /// The Claude API, and everything that is no endpoint.
    #[default]
    Claude,
    /// OpenAI's, and those that are shaped like it.
    OpenAi,
    /// Gemini's.
    Gemini,
    /// Amazon Bedrock.
    Bedrock,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Endpoint {
    /// A message in the shape of the Claude API.
    #[default]
    Messages,
    /// The size of a prompt, in the shape of any family.
    CountTokens,
    /// OpenAI's chat completion.
    ChatCompletions,
    /// Gemini's content.
    GenerateContent,
    /// Bedrock's Converse.
    Converse,
    /// A message of Claude on Bedrock, by InvokeModel.
    Invoke,
}

/// A request that was understood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) family: Family,
    pub(crate) endpoint: Endpoint,
    pub(crate) model: String,
    /// What is limited together.
    pub(crate) group: String,
    /// The true size of the prompt.
    pub(crate) input_tokens: u64,
    /// Its characters, from which the server estimates it when the request arrives.
    pub(crate) input_characters: u64,
    /// What of it can be cached.
    pub(crate) prefix: Option<Prefix>,
    /// What of it the cache has, and will have.
    pub(crate) cache_use: CacheUse,
    pub(crate) max_tokens: u64,
    pub(crate) stream: bool,
    /// Whether a stream of OpenAI's shape ends with its usage.
    pub(crate) include_usage: bool,
}

/// What was taken of the sum of tokens for an answer that nobody knew yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Reservation {
    pub(crate) reserved: u64,
    /// What a token that is written costs in the end.
    pub(crate) burndown: u64,
}

/// An answer that is an error.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    /// OpenAI's `code`, or the `error_code` in the details of the Claude API's errors.
    pub(crate) code: Option<&'static str>,
    /// Google's `details`.
    pub(crate) details: Option<Box<Value>>,
    pub(crate) message: String,
}

impl Family {
    pub(crate) fn of(request: &Request) -> Self {
        Route::of(request).map_or(Self::Claude, |route| route.family)
    }

    /// The body of an error.
    pub(crate) fn error_body(self, problem: &Problem, request_id: &str) -> String {
        match self {
            Self::Claude => claude::error_body(problem, request_id),
            Self::OpenAi => openai::error_body(problem),
            Self::Gemini => gemini::error_body(problem),
            Self::Bedrock => bedrock::error_body(problem),
        }
    }

    /// What the headers say of an error that is no matter of limits.
    pub(crate) fn error_headers(self, problem: &Problem) -> Vec<(String, String)> {
        match self {
            Self::Claude | Self::OpenAi | Self::Gemini => Vec::new(),
            Self::Bedrock => bedrock::error_headers(problem),
        }
    }

    /// The name of the header that identifies the exchange.
    pub(crate) fn request_id_header(self) -> Option<&'static str> {
        match self {
            Self::Claude => Some("request-id"),
            Self::OpenAi => Some("x-request-id"),
            Self::Gemini => None,
            Self::Bedrock => Some("x-amzn-requestid"),
        }
    }

    /// Whether headers tell of limits, and when to come back.
    pub(crate) fn tells_in_headers(self) -> bool {
        match self {
            Self::Claude | Self::OpenAi => true,
            Self::Gemini | Self::Bedrock => false,
        }
    }

    /// The refusal of whoever does not say who he is.
    pub(crate) fn unauthenticated(self) -> Problem {
        match self {
            Self::Claude | Self::OpenAi => Problem {
                status: 401,
                kind: "authentication_error",
                code: None,
                details: None,
                message: "An API key is required: x-api-key, or a bearer token.".into(),
            },
            Self::Gemini => gemini::unauthenticated(),
            Self::Bedrock => bedrock::unauthenticated(),
        }
    }

    /// The refusal of a service under load.
    pub(crate) fn overloaded(self) -> Problem {
        match self {
            Self::Claude => Problem {
                status: 529,
                kind: "overloaded_error",
                code: None,
                details: None,
                message: "Overloaded".into(),
            },
            Self::OpenAi => Problem {
                status: 503,
                kind: "service_unavailable_error",
                code: Some("server_is_overloaded"),
                details: None,
                message: "The server is overloaded.".into(),
            },
            Self::Gemini => gemini::overloaded(),
            Self::Bedrock => bedrock::overloaded(),
        }
    }

    /// A failure of the service.
    pub(crate) fn internal(self) -> Problem {
        let message = "Internal server error".into();
        match self {
            Self::Claude => Problem { status: 500, kind: "api_error", code: None, details: None, message },
            Self::OpenAi => Problem { status: 500, kind: "server_error", code: None, details: None, message },
            Self::Gemini => gemini::internal(),
            Self::Bedrock => bedrock::internal(),
        }
    }

    /// The refusal of a request over a limit.
    pub(crate) fn refused(self, organisation: &str, call: &Call, refusal: &Refusal, wait_ms: u64) -> Problem {
        match self {
            Self::Claude => claude::refused(organisation, call, refusal),
            Self::OpenAi => openai::refused(organisation, call, refusal, wait_ms),
            Self::Gemini => gemini::refused(call, refusal, wait_ms),
            Self::Bedrock => bedrock::refused(refusal),
        }
    }

    /// The refusal of a request that would make traffic grow too fast.
    pub(crate) fn too_fast(self) -> Problem {
        match self {
            Self::Claude => Problem {
                status: 429,
                kind: "rate_limit_error",
                code: Some("ramp_limit_exceeded"),
                details: None,
                message: "Usage has grown too fast. Please ramp up gradually.".into(),
            },
            Self::OpenAi => Problem {
                status: 429,
                kind: "rate_limit_error",
                code: Some("slow_down"),
                details: None,
                message: "Your rate of requests has grown too fast. Please slow down.".into(),
            },
            Self::Gemini => gemini::exhausted(),
            Self::Bedrock => bedrock::throttled("Too many requests, please wait before trying again."),
        }
    }

    /// The refusal of a request while too many others are being answered.
    pub(crate) fn too_many_in_flight(self) -> Problem {
        let message = "Too many requests are being answered at a time.".into();
        match self {
            Self::Claude => Problem { status: 429, kind: "rate_limit_error", code: None, details: None, message },
            Self::OpenAi => {
                Problem { status: 429, kind: "requests", code: Some("rate_limit_exceeded"), details: None, message }
            }
            Self::Gemini => gemini::exhausted(),
            Self::Bedrock => bedrock::throttled("Too many requests, please wait before trying again."),
        }
    }

    /// Whether the documents say that refused requests count.
    pub(crate) fn charges_refusals(self) -> bool {
        match self {
            Self::Claude | Self::Gemini | Self::Bedrock => false,
            // "Failed requests count too": OpenAI's rate-limits guide.
            Self::OpenAi => true,
        }
    }
}

impl Call {
    /// Reads a request.
    pub(crate) fn read(request: &Request) -> Result<Self, Problem> {
        let Some(route) = Route::of(request).filter(|_| request.method == "POST") else {
            let path = request.path.split('?').next().unwrap_or_default();
            return Err(Problem {
                status: 404,
                kind: "not_found_error",
                code: None,
                details: None,
                message: format!("There is nothing at {} {path}.", request.method),
            });
        };
        match route.family {
            Family::Claude => claude::read(request, route.endpoint),
            Family::OpenAi => openai::read(request),
            Family::Gemini => gemini::read(request, &route),
            Family::Bedrock => bedrock::read(request, &route),
        }
    }

    /// What is taken for the answer beside the input, and given back for the most part when the answer is there.
    pub(crate) fn reservation(&self) -> Option<Reservation> {
        let reserves = matches!(self.endpoint, Endpoint::Converse | Endpoint::Invoke);
        let burndown = bedrock::burndown(&self.model);
        reserves.then_some(Reservation { reserved: self.max_tokens, burndown })
    }

    /// What the estimate of the input is short of; negative if it is too much.
    pub(crate) fn input_correction(&self) -> i64 {
        self.charged_input() as i64 - self.input_estimate() as i64
    }

    /// The tokens that count toward the limit of the input.
    pub(crate) fn charged_input(&self) -> u64 {
        if reads_count(&self.group) { self.input_tokens } else { self.input_tokens - self.cache_use.read_tokens }
    }

    /// What the server takes these for when the request arrives. What is in the cache it knows.
    pub(crate) fn input_estimate(&self) -> u64 {
        let read = if reads_count(&self.group) { 0 } else { self.cache_use.read_characters };
        tokenizer::estimate(self.input_characters - read)
    }

    /// The tokens of the prompt that the cache has nothing to do with.
    pub(crate) fn uncached_input(&self) -> u64 {
        self.input_tokens - self.cache_use.read_tokens - self.cache_use.written()
    }

    /// What must fit, and what is charged, on admission.
    pub(crate) fn asks(&self) -> Vec<Ask> {
        let request = Ask { dimension: Dimension::Requests, fits: 1, charge: 1 };
        match self.endpoint {
            Endpoint::CountTokens => vec![request],
            // The input alone is limited: <https://ai.google.dev/gemini-api/docs/rate-limits>.
            Endpoint::GenerateContent => {
                let tokens = self.input_tokens;
                vec![request, Ask { dimension: Dimension::InputTokens, fits: tokens, charge: tokens }]
            }
            Endpoint::Converse | Endpoint::Invoke => {
                let tokens = self.input_tokens + self.max_tokens;
                vec![request, Ask { dimension: Dimension::Tokens, fits: tokens, charge: tokens }]
            }
            Endpoint::Messages => {
                let input = self.input_estimate();
                vec![
                    request,
                    Ask { dimension: Dimension::InputTokens, fits: input, charge: input },
                    // Output is charged as it appears, so that the level need only be above zero; max_tokens is free.
                    Ask { dimension: Dimension::OutputTokens, fits: 1, charge: 0 },
                ]
            }
            Endpoint::ChatCompletions => {
                // The larger of the two, not their sum, and never given back: OpenAI's rate-limits guide.
                let tokens = self.max_tokens.max(self.input_estimate());
                vec![request, Ask { dimension: Dimension::Tokens, fits: tokens, charge: tokens }]
            }
        }
    }
}
