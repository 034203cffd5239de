//! The request that asks a provider how many model tokens another request has, before that is sent.
//!
//! Members of a body are copied as they stand, those that the counting endpoint knows; it refuses others.

use alloc::string::String;
use alloc::vec::Vec;

use super::family::Family;
use super::hash::Hash;
use super::route::Route;
use super::url::Url;
use crate::headers::HeaderBlock;
use crate::json::Members;
use crate::names;
use crate::provider::Provider;

/// Where to ask how many model tokens a request to `url` has; query and whatever a gateway puts before the path are
/// kept. `None` where the API has no such endpoint, and where nothing is to be counted.
pub fn count_url(provider: Provider, url: &str) -> Option<String> {
    let (path, rest) = split_path(url);
    let dialect = Dialect::of(provider, url)?;
    let (known, counting) = dialect.ends();
    let stem = known.iter().find_map(|end| path.strip_suffix(end))?;
    let query = if dialect == Dialect::Gemini || dialect == Dialect::Vertex { without_sse(rest) } else { rest.into() };
    Some([stem, counting, &query].concat())
}

/// The body to ask with for the request `body` to `url`, where [`count_url`] says where.
pub fn count_body(provider: Provider, url: &str, body: &[u8]) -> Option<Vec<u8>> {
    let dialect = Dialect::of(provider, url)?;
    let mut counted = dialect.before(url)?;
    counted.reserve(body.len());
    let mut is_empty = true;
    let mut has_prompt = false;
    for member in Members::of(body).filter(|member| dialect.members().iter().any(|name| name.as_bytes() == member.name))
    {
        has_prompt |= member.name == dialect.prompt().as_bytes();
        if !is_empty || dialect.opens_with_member() {
            counted.push(b',');
        }
        counted.extend_from_slice(member.whole);
        is_empty = false;
    }
    counted.extend_from_slice(dialect.after());
    has_prompt.then_some(counted)
}

/// The model tokens that the answer `body` to such a request states; `None` for anything else.
///
/// ```
/// use tidegate::request::read_count;
///
/// assert_eq!(read_count(br#"{"object":"response.input_tokens","input_tokens":2095}"#), Some(2_095));
/// assert_eq!(read_count(br#"{"error":{"input_tokens":1}}"#), None);
/// ```
pub fn read_count(body: &[u8]) -> Option<u64> {
    let known = |name: &[u8]| COUNTS.iter().any(|count| count.as_bytes() == name);
    let member = Members::of(body).find(|member| known(member.name))?;
    let is_whole = !member.value.is_empty() && member.value.iter().all(u8::is_ascii_digit);
    let digits = core::str::from_utf8(member.value).ok().filter(|_| is_whole)?;
    digits.parse().ok()
}

/// Tells the endpoints apart that requests to `url` are counted by.
pub(crate) fn counter_of(url: &str) -> u64 {
    let mut hash = Hash::NEW;
    hash.push(split_path(url).0.as_bytes());
    hash.value()
}

/// How an API asks to count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Dialect {
    Anthropic,
    Responses,
    Gemini,
    Vertex,
    Converse,
}

impl Dialect {
    fn of(provider: Provider, url: &str) -> Option<Self> {
        let parts = Url::parse(url);
        let route = Route::find("POST", &parts, HeaderBlock::default());
        if route.family != Family::Messages {
            return None;
        }
        let fits = |dialect: Self| match dialect {
            Self::Anthropic => true,
            Self::Responses => parts.path.ends_with("/responses"),
            Self::Gemini => route.model.is_some(),
            // Claude on Vertex is counted by a model of its own name, which wants the real one in the body.
            Self::Vertex => parts.path.ends_with("enerateContent"),
            Self::Converse => names::contains(parts.path.as_bytes(), "/converse"),
        };
        let (_, dialect) = DIALECTS.iter().find(|(known, _)| *known == provider)?;
        Some(*dialect).filter(|dialect| fits(*dialect))
    }

    /// The ends of paths that ask for an answer, and the one that asks for a count.
    const fn ends(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Anthropic => (&["/messages"], "/messages/count_tokens"),
            Self::Responses => (&["/responses"], "/responses/input_tokens"),
            Self::Gemini | Self::Vertex => (&[":generateContent", ":streamGenerateContent"], ":countTokens"),
            Self::Converse => (&["/converse", "/converse-stream"], "/count-tokens"),
        }
    }

    /// Members that the endpoint takes.
    const fn members(self) -> &'static [&'static str] {
        match self {
            Self::Anthropic => ANTHROPIC,
            Self::Responses => RESPONSES,
            Self::Gemini => GEMINI,
            Self::Vertex => VERTEX,
            Self::Converse => CONVERSE,
        }
    }

    /// The member without which there is nothing to count.
    const fn prompt(self) -> &'static str {
        match self {
            Self::Anthropic | Self::Converse => "messages",
            Self::Responses => "input",
            Self::Gemini | Self::Vertex => "contents",
        }
    }

    /// What stands before the members.
    fn before(self, url: &str) -> Option<Vec<u8>> {
        let mut before = Vec::new();
        match self {
            Self::Gemini => {
                // All but the contents is counted in here alone, and the model must be named again.
                let parts = Url::parse(url);
                let model = Route::find("POST", &parts, HeaderBlock::default()).model?;
                if !model.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) {
                    return None;
                }
                before.extend_from_slice(br#"{"generateContentRequest":{"model":"models/"#);
                before.extend_from_slice(model.as_bytes());
                before.push(b'"');
            }
            Self::Converse => before.extend_from_slice(br#"{"input":{"converse":{"#),
            Self::Anthropic | Self::Responses | Self::Vertex => before.push(b'{'),
        }
        Some(before)
    }

    const fn opens_with_member(self) -> bool {
        matches!(self, Self::Gemini)
    }

    const fn after(self) -> &'static [u8] {
        match self {
            Self::Gemini => b"}}",
            Self::Converse => b"}}}",
            Self::Anthropic | Self::Responses | Self::Vertex => b"}",
        }
    }
}

const DIALECTS: &[(Provider, Dialect)] = &[
    (Provider::Anthropic, Dialect::Anthropic),
    (Provider::OpenAi, Dialect::Responses),
    (Provider::Gemini, Dialect::Gemini),
    (Provider::Vertex, Dialect::Vertex),
    (Provider::Bedrock, Dialect::Converse),
];

/// What answers call the number: Anthropic and OpenAI, Google, Amazon.
const COUNTS: [&str; 3] = ["input_tokens", "totalTokens", "inputTokens"];

/// `url` up to the query or fragment, and the rest.
fn split_path(url: &str) -> (&str, &str) {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (path, rest) = url.split_at_checked(end).unwrap_or((url, ""));
    (path.strip_suffix('/').unwrap_or(path), rest)
}

/// The query `rest` without `alt=sse`, by which a stream asks for its form.
fn without_sse(rest: &str) -> String {
    let mut kept = String::new();
    for pair in rest.strip_prefix('?').unwrap_or(rest).split('&').filter(|pair| !pair.is_empty() && *pair != "alt=sse")
    {
        kept.push(if kept.is_empty() { '?' } else { '&' });
        kept.push_str(pair);
    }
    kept
}

/// npm:@anthropic-ai/sdk@1.12.0, `MessageCountTokensParams` with those of the beta (read 2026-11-26).
const ANTHROPIC: &[&str] = &[
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "cache_control",
    "output_config",
    "output_format",
    "speed",
    "context_management",
    "compaction",
    "mcp_servers",
    "user_profile_id",
    "workspace_id",
];

/// npm:openai@6.49.0, `InputTokenCountParams` (read 2026-11-26).
const RESPONSES: &[&str] = &[
    "conversation",
    "input",
    "instructions",
    "model",
    "parallel_tool_calls",
    "personality",
    "previous_response_id",
    "reasoning",
    "text",
    "tool_choice",
    "tools",
    "truncation",
];

/// <https://ai.google.dev/api/tokens>: all that `generateContent` takes (read 2026-11-26).
const GEMINI: &[&str] = &[
    "contents",
    "tools",
    "toolConfig",
    "tool_config",
    "safetySettings",
    "safety_settings",
    "systemInstruction",
    "system_instruction",
    "generationConfig",
    "generation_config",
    "cachedContent",
    "cached_content",
];

/// <https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/projects.locations.publishers.models/countTokens>
/// (read 2026-11-26).
const VERTEX: &[&str] =
    &["contents", "tools", "systemInstruction", "system_instruction", "generationConfig", "generation_config"];

/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseTokensRequest.html> (read 2026-11-26).
const CONVERSE: &[&str] = &["messages", "system", "toolConfig", "additionalModelRequestFields"];

#[cfg(test)]
mod tests {
    use super::*;

    const GOOGLE: &str = "https://h/v1beta/models/gemini-2.5-pro:generateContent";

    fn url(provider: Provider, url: &str) -> Option<String> {
        count_url(provider, url)
    }

    fn body(provider: Provider, url: &str, body: &str) -> Option<String> {
        count_body(provider, url, body.as_bytes()).map(|body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn the_address_keeps_what_a_gateway_adds() {
        for (provider, from, to) in [
            (Provider::Anthropic, "https://h/v1/messages", "https://h/v1/messages/count_tokens"),
            (
                Provider::Anthropic,
                "https://g/claude/v1/messages?beta=true",
                "https://g/claude/v1/messages/count_tokens?beta=true",
            ),
            (Provider::Anthropic, "/v1/messages/", "/v1/messages/count_tokens"),
            (Provider::OpenAi, "https://h/v1/responses?a=b#c", "https://h/v1/responses/input_tokens?a=b#c"),
            (Provider::Gemini, GOOGLE, "https://h/v1beta/models/gemini-2.5-pro:countTokens"),
            (
                Provider::Gemini,
                "https://h/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse&x=1",
                "https://h/v1beta/models/gemini-2.5-pro:countTokens?x=1",
            ),
            (
                Provider::Vertex,
                "https://h/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent?alt=sse",
                "https://h/v1/projects/p/locations/l/publishers/google/models/m:countTokens",
            ),
            (
                Provider::Bedrock,
                "https://h/model/a.b-v1%3A0/converse-stream",
                "https://h/model/a.b-v1%3A0/count-tokens",
            ),
        ] {
            assert_eq!(url(provider, from).as_deref(), Some(to));
        }
    }

    #[test]
    fn what_has_no_count_has_no_address() {
        for (provider, from) in [
            (Provider::Anthropic, "https://h/v1/messages/count_tokens"),
            (Provider::Anthropic, "https://h/v1/messages/batches"),
            (Provider::Anthropic, "https://h/v1/complete"),
            (Provider::OpenAi, "https://h/v1/chat/completions"),
            (Provider::Gemini, "https://h/v1beta/models/m:embedContent"),
            (Provider::Vertex, "https://h/publishers/anthropic/models/claude:rawPredict"),
            (Provider::Bedrock, "https://h/model/m/invoke"),
            (Provider::Generic, "https://h/v1/messages"),
            (Provider::Groq, "https://h/v1/responses"),
        ] {
            assert_eq!(url(provider, from), None, "{from}");
        }
    }

    #[test]
    fn members_are_copied_as_they_stand() {
        let asked = r#" { "model" : "m","max_tokens":5, "messages": [ {"role":"user"} ],"stream":true,"tools":[]}"#;
        assert_eq!(
            body(Provider::Anthropic, "https://h/v1/messages", asked).as_deref(),
            Some(r#"{"model" : "m","messages": [ {"role":"user"} ],"tools":[]}"#)
        );
        let asked = r#"{"max_output_tokens":5,"input":"a\"b","store":false,"model":"m"}"#;
        assert_eq!(
            body(Provider::OpenAi, "https://h/v1/responses", asked).as_deref(),
            Some(r#"{"input":"a\"b","model":"m"}"#)
        );
        let asked = r#"{"contents":[1],"systemInstruction":{},"labels":{}}"#;
        assert_eq!(
            body(Provider::Gemini, GOOGLE, asked).as_deref(),
            Some(
                r#"{"generateContentRequest":{"model":"models/gemini-2.5-pro","contents":[1],"systemInstruction":{}}}"#
            )
        );
        let asked = r#"{"inferenceConfig":{},"system":[],"messages":[2]}"#;
        assert_eq!(
            body(Provider::Bedrock, "https://h/model/m/converse", asked).as_deref(),
            Some(r#"{"input":{"converse":{"system":[],"messages":[2]}}}"#)
        );
    }

    #[test]
    fn an_answer_states_one_whole_number() {
        for (answer, expected) in [
            (r#"{ "input_tokens" : 2095 }"#, Some(2_095)),
            (r#"{"totalTokens":31,"totalBillableCharacters":96}"#, Some(31)),
            (r#"{"inputTokens":15}"#, Some(15)),
            (r#"{"promptTokensDetails":[{"totalTokens":7}],"totalTokens":9}"#, Some(9)),
            (r#"{"input_tokens":-1}"#, None),
            (r#"{"input_tokens":1.5}"#, None),
            (r#"{"input_tokens":1e9}"#, None),
            (r#"{"input_tokens":"12"}"#, None),
            (r#"{"input_tokens":99999999999999999999999}"#, None),
            (r#"{"input_tokens":12"#, None),
            (r#"{"input_tokens":}"#, None),
            (r#"[{"input_tokens":12}]"#, None),
            ("<html>input_tokens</html>", None),
            ("", None),
        ] {
            assert_eq!(read_count(answer.as_bytes()), expected, "{answer}");
        }
    }

    #[test]
    fn a_body_without_a_prompt_is_not_asked_about() {
        for asked in ["", "[]", "not json", r#"{"model":"m"}"#, r#"{"messages":[1"#] {
            assert_eq!(body(Provider::Anthropic, "https://h/v1/messages", asked), None, "{asked}");
        }
        assert_eq!(body(Provider::OpenAi, "https://h/v1/chat/completions", r#"{"messages":[],"input":""}"#), None);
    }
}
