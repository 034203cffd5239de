//! Which endpoint a path leads to. What a gateway puts before it says nothing.

use std::borrow::Cow;

use crate::api::{Endpoint, Family};
use crate::exchange::Request;
use crate::{claude, openai};

/// Where a request goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Route<'a> {
    pub(crate) family: Family,
    pub(crate) endpoint: Endpoint,
    /// The model, where the path names it.
    pub(crate) model: Cow<'a, str>,
    /// Whether the path asks for a stream.
    pub(crate) stream: bool,
}

impl<'a> Route<'a> {
    /// The endpoint that the path of the request names, if there is one.
    pub(crate) fn of(request: &'a Request) -> Option<Self> {
        let path = request.path.split('?').next().unwrap_or_default();
        let by_body = |family, endpoint| Self { family, endpoint, model: Cow::Borrowed(""), stream: false };
        if path.ends_with(claude::MESSAGES) {
            return Some(by_body(Family::Claude, Endpoint::Messages));
        }
        if path.ends_with(claude::COUNT_TOKENS) {
            return Some(by_body(Family::Claude, Endpoint::CountTokens));
        }
        if path.ends_with(openai::CHAT_COMPLETIONS) {
            return Some(by_body(Family::OpenAi, Endpoint::ChatCompletions));
        }
        Self::of_gemini(path).or_else(|| Self::of_bedrock(path))
    }

    /// `/v1beta/models/{model}:{verb}`, and the same under `/v1`.
    fn of_gemini(path: &'a str) -> Option<Self> {
        let (before, name) = path.rsplit_once("/models/")?;
        let (model, verb) = name.rsplit_once(':')?;
        let (endpoint, stream) = match verb {
            "generateContent" => (Endpoint::GenerateContent, false),
            "streamGenerateContent" => (Endpoint::GenerateContent, true),
            "countTokens" => (Endpoint::CountTokens, false),
            _ => return None,
        };
        let versioned = before.ends_with("/v1beta") || before.ends_with("/v1");
        versioned.then(|| Self { family: Family::Gemini, endpoint, model: decoded(model), stream })
    }

    /// `/model/{id}/{operation}`, where the id may be an ARN with escaped slashes.
    fn of_bedrock(path: &'a str) -> Option<Self> {
        let (before, operation) = path.rsplit_once('/')?;
        let (_, model) = before.rsplit_once("/model/").filter(|(_, model)| !model.contains('/'))?;
        let (endpoint, stream) = match operation {
            "invoke" => (Endpoint::Invoke, false),
            "invoke-with-response-stream" => (Endpoint::Invoke, true),
            "converse" => (Endpoint::Converse, false),
            "converse-stream" => (Endpoint::Converse, true),
            "count-tokens" => (Endpoint::CountTokens, false),
            _ => return None,
        };
        Some(Self { family: Family::Bedrock, endpoint, model: decoded(model), stream })
    }
}

/// A segment of a path without its escapes. One that is not an escape stands for itself.
fn decoded(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [byte, tail @ ..] = rest {
        let escaped = if *byte == b'%' { tail.first_chunk().and_then(|digits| hexadecimal(*digits)) } else { None };
        bytes.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn hexadecimal(digits: [u8; 2]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    Some((value(digits[0])? * 16 + value(digits[1])?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Option<(Family, Endpoint, String, bool)> {
        let request = Request { path: path.into(), ..Request::default() };
        Route::of(&request).map(|route| (route.family, route.endpoint, route.model.into_owned(), route.stream))
    }

    #[test]
    fn whatever_stands_before_an_endpoint_the_path_leads_there() {
        for prefix in ["", "/api", "/openai", "/some/gateway"] {
            for (path, family, endpoint) in [
                ("/v1/messages?beta=true", Family::Claude, Endpoint::Messages),
                ("/v1/messages/count_tokens", Family::Claude, Endpoint::CountTokens),
                ("/v1/chat/completions", Family::OpenAi, Endpoint::ChatCompletions),
            ] {
                assert_eq!(route(&format!("{prefix}{path}")), Some((family, endpoint, String::new(), false)), "{path}");
            }
        }
        assert_eq!(route("/v1/models"), None);
    }

    #[test]
    fn gemini_names_the_model_before_the_verb() {
        let gemini = |endpoint, stream| Some((Family::Gemini, endpoint, "gemini-3-pro".to_owned(), stream));
        for version in ["v1", "v1beta"] {
            let path = format!("/{version}/models/gemini-3-pro");
            assert_eq!(route(&format!("{path}:generateContent")), gemini(Endpoint::GenerateContent, false));
            assert_eq!(
                route(&format!("{path}:streamGenerateContent?alt=sse")),
                gemini(Endpoint::GenerateContent, true)
            );
            assert_eq!(route(&format!("{path}:countTokens")), gemini(Endpoint::CountTokens, false));
        }
        assert_eq!(route("/v1beta/models/gemini-3-pro:embedContent"), None);
        assert_eq!(route("/v2/models/gemini-3-pro:generateContent"), None);
    }

    #[test]
    fn bedrock_names_the_model_before_the_operation() {
        let nova = "us.amazon.nova-pro-v1:0";
        let bedrock = |endpoint, stream| Some((Family::Bedrock, endpoint, nova.to_owned(), stream));
        for (operation, endpoint, stream) in [
            ("invoke", Endpoint::Invoke, false),
            ("invoke-with-response-stream", Endpoint::Invoke, true),
            ("converse", Endpoint::Converse, false),
            ("converse-stream", Endpoint::Converse, true),
            ("count-tokens", Endpoint::CountTokens, false),
        ] {
            assert_eq!(route(&format!("/model/us.amazon.nova-pro-v1%3A0/{operation}")), bedrock(endpoint, stream));
        }
        let arn = route("/model/arn%3Aaws%3Abedrock%3Ax%3A1%3Ainference-profile%2Fus.a.b/converse").unwrap();
        assert_eq!(arn.2, "arn:aws:bedrock:x:1:inference-profile/us.a.b");
        assert_eq!(route("/model/a/b/converse"), None);
    }

    #[test]
    fn what_looks_like_an_escape_and_is_none_stands_for_itself() {
        assert_eq!(decoded("a%3ab%zz%4"), "a:b%zz%4");
    }
}
