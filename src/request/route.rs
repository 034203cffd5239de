//! Whose API a request addresses, as its path and headers say.
//!
//! Only the end of a path is looked at, so that gateways, proxies and servers on the local machine may put anything
//! before it. The host says nothing: it may be anybody's.
//!
//! Sources, read 2026-11-23: npm:@anthropic-ai/sdk@1.12.0 and npm:openai@7.57.0;
//! <https://learn.microsoft.com/azure/ai-services/openai/reference>; <https://ai.google.dev/api>;
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/overview>;
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>.

use super::family::Family;
use super::url::Url;
use crate::headers::HeaderBlock;
use crate::names;
use crate::provider::Provider;

/// What path and headers say.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Route<'a> {
    pub(super) provider: Provider,
    pub(super) family: Family,
    /// The model, where the path names it. Not decoded.
    pub(super) model: Option<&'a str>,
    /// Whether the path asks for a stream.
    pub(super) stream: bool,
    /// Whether the body must name a model for this to hold: many APIs have a path that ends in `/responses`.
    pub(super) needs_model: bool,
}

impl<'a> Route<'a> {
    pub(super) fn find(method: &str, url: &Url<'a>, headers: HeaderBlock<'_>) -> Self {
        // From the end: what identifies an API comes last, what a gateway adds comes first.
        let mut segments = [""; SEGMENTS];
        let mut length = 0;
        for (slot, segment) in segments.iter_mut().zip(url.path.rsplit('/').filter(|segment| !segment.is_empty())) {
            *slot = segment;
            length += 1;
        }
        let segments = segments.get(..length).unwrap_or_default();

        let signs = Signs::find(url, headers);
        let mut route = by_model_in_path(segments)
            .or_else(|| anthropic(segments, signs))
            .or_else(|| openai(segments, signs))
            .or_else(|| interactions(segments))
            .unwrap_or_else(|| unknown(segments, signs));
        // Only a POST makes a model write or read; other methods on the same path list and fetch.
        let works = matches!(route.family, Family::Messages | Family::CountTokens | Family::Embeddings);
        if works && !method.eq_ignore_ascii_case("POST") {
            route.family = Family::Other;
        }
        route
    }
}

/// What headers and query say, whatever the path.
#[derive(Clone, Copy, Debug)]
struct Signs {
    anthropic: bool,
    openai: bool,
    azure: bool,
}

impl Signs {
    fn find(url: &Url<'_>, headers: HeaderBlock<'_>) -> Self {
        let has = |name| headers.value(name).is_some();
        Self {
            anthropic: has("anthropic-version") || has("anthropic-beta"),
            openai: has("openai-organization") || has("openai-project"),
            azure: url.has_parameter("api-version"),
        }
    }
}

/// APIs that name the model, or the deployment, in the path.
fn by_model_in_path<'a>(segments: &[&'a str]) -> Option<Route<'a>> {
    match segments {
        // Bedrock: /model/{id}/{operation}
        [operation, id, "model", ..] => {
            let (family, stream) = names::find(BEDROCK_OPERATIONS, operation.as_bytes())?;
            Some(Route { provider: Provider::Bedrock, family, model: Some(*id), stream, needs_model: false })
        }
        // Vertex: …/publishers/{publisher}/models/{model}:{verb} and …/endpoints/{id}:{verb}
        [last, "models", _, "publishers", ..] | [last, "endpoints", ..] => google(Provider::Vertex, last),
        // Gemini: …/models/{model}:{verb}
        [last, "models" | "tunedModels", ..] => google(Provider::Gemini, last),
        _ => azure_deployment(segments),
    }
}

fn google(provider: Provider, last: &str) -> Option<Route<'_>> {
    let (model, verb) = last.rsplit_once([':', '%'])?;
    // Clients that escape a whole segment escape the colon too.
    let verb = verb.strip_prefix("3A").or_else(|| verb.strip_prefix("3a")).unwrap_or(verb);
    let (family, stream) = match (model, verb) {
        // Vertex counts tokens for Claude by asking a model of that name; the body names the real one.
        ("count-tokens", "rawPredict") => (Family::CountTokens, false),
        // A fine-tuned model of OpenAI has colons in its name, and no verb.
        _ => names::find(GOOGLE_VERBS, verb.as_bytes())?,
    };
    let model = Some(model).filter(|&model| model != "count-tokens");
    Some(Route { provider, family, model, stream, needs_model: false })
}

/// Azure: …/openai/deployments/{name}/{operation}, where the deployment is what has limits.
fn azure_deployment<'a>(segments: &[&'a str]) -> Option<Route<'a>> {
    let place = segments.windows(2).position(|pair| pair == ["deployments", "openai"])?;
    let (name, operation) = segments.get(..place)?.split_last()?;
    let family = by_end(operation, OPENAI_ENDS).map_or(Family::Other, |((family, _), _)| family);
    Some(Route { provider: Provider::AzureOpenAi, family, model: Some(*name), stream: false, needs_model: false })
}

fn anthropic<'a>(segments: &[&'a str], signs: Signs) -> Option<Route<'a>> {
    // A request id or an action may follow; the API's own version comes before, unless a gateway has its own.
    let (family, before) = by_end(segments, ANTHROPIC_ENDS)?;
    let versioned = before.first() == Some(&"v1");
    // Batches and counts below `messages` are Anthropic's alone; other APIs have messages too.
    let certain = signs.anthropic || matches!(family, Family::Batches | Family::CountTokens);
    (versioned || signs.anthropic).then_some(Route {
        provider: Provider::Anthropic,
        family,
        needs_model: !certain,
        ..Route::default()
    })
}

fn openai<'a>(segments: &[&'a str], signs: Signs) -> Option<Route<'a>> {
    if signs.anthropic {
        return None;
    }
    let ((family, certain), _) = by_end(segments, OPENAI_ENDS)?;
    let provider = if signs.azure { Provider::AzureOpenAi } else { Provider::OpenAi };
    Some(Route { provider, family, needs_model: !(certain || signs.openai), ..Route::default() })
}

/// Gemini: /v1beta/interactions, where the body names the model.
fn interactions<'a>(segments: &[&'a str]) -> Option<Route<'a>> {
    let ["interactions", "v1" | "v1beta", ..] = segments else { return None };
    Some(Route { provider: Provider::Gemini, family: Family::Messages, needs_model: true, ..Route::default() })
}

/// A path that nobody claims. What it does may still be clear, and a header may say whose it is.
fn unknown<'a>(segments: &[&'a str], signs: Signs) -> Route<'a> {
    let family = by_end(segments, COMMON_ENDS).map_or(Family::Other, |(family, _)| family);
    let provider = match (segments, signs) {
        (_, Signs { anthropic: true, .. }) => Provider::Anthropic,
        (_, Signs { openai: true, .. }) => Provider::OpenAi,
        (["models", "v1beta", ..] | [_, "models", "v1beta", ..], _) => Provider::Gemini,
        _ => Provider::Generic,
    };
    Route { provider, family, ..Route::default() }
}

/// What the end of a path means by `table`, and the segments before that end.
fn by_end<'s, 'a, T: Copy>(segments: &'s [&'a str], table: &[(&str, T)]) -> Option<(T, &'s [&'a str])> {
    table.iter().find_map(|(end, meaning)| Some((*meaning, before(segments, end)?)))
}

/// The segments before `end`, if the path ends so; a star is any segment.
fn before<'s, 'a>(mut segments: &'s [&'a str], end: &str) -> Option<&'s [&'a str]> {
    for expected in end.rsplit('/') {
        let (last, before) = segments.split_first()?;
        if expected != "*" && *last != expected {
            return None;
        }
        segments = before;
    }
    Some(segments)
}

/// Whether a model writes or its prompt is counted, and whether the answer is a stream.
const BEDROCK_OPERATIONS: &[(&str, (Family, bool))] = &[
    ("invoke", (Family::Messages, false)),
    ("invoke-with-response-stream", (Family::Messages, true)),
    ("converse", (Family::Messages, false)),
    ("converse-stream", (Family::Messages, true)),
    ("count-tokens", (Family::CountTokens, false)),
];

/// The same for Gemini and Vertex.
const GOOGLE_VERBS: &[(&str, (Family, bool))] = &[
    ("generateContent", (Family::Messages, false)),
    ("rawPredict", (Family::Messages, false)),
    ("predict", (Family::Messages, false)),
    ("streamGenerateContent", (Family::Messages, true)),
    ("streamRawPredict", (Family::Messages, true)),
    ("serverStreamingPredict", (Family::Messages, true)),
    ("countTokens", (Family::CountTokens, false)),
    ("embedContent", (Family::Embeddings, false)),
    ("batchEmbedContents", (Family::Embeddings, false)),
    ("batchGenerateContent", (Family::Batches, false)),
    ("asyncBatchEmbedContent", (Family::Batches, false)),
];

const ANTHROPIC_ENDS: &[(&str, Family)] = &[
    ("messages", Family::Messages),
    ("messages/count_tokens", Family::CountTokens),
    ("messages/batches", Family::Batches),
    ("messages/batches/*", Family::Batches),
    ("messages/batches/*/results", Family::Batches),
    ("messages/batches/*/cancel", Family::Batches),
    ("complete", Family::Messages),
];

/// The family, and whether the path alone is proof of it.
const OPENAI_ENDS: &[(&str, (Family, bool))] = &[
    ("chat/completions", (Family::Messages, true)),
    ("completions", (Family::Messages, false)),
    ("responses", (Family::Messages, false)),
    ("responses/input_tokens", (Family::CountTokens, true)),
    ("embeddings", (Family::Embeddings, false)),
    ("moderations", (Family::Embeddings, false)),
    ("images/generations", (Family::Images, true)),
    ("images/edits", (Family::Images, true)),
    ("images/variations", (Family::Images, true)),
    ("audio/speech", (Family::Audio, true)),
    ("audio/transcriptions", (Family::Audio, true)),
    ("audio/translations", (Family::Audio, true)),
    ("v1/models", (Family::Models, true)),
    ("v1/models/*", (Family::Models, true)),
    ("v1/batches", (Family::Batches, true)),
    ("v1/batches/*", (Family::Batches, true)),
    ("v1/batches/*/cancel", (Family::Batches, true)),
];

const COMMON_ENDS: &[(&str, Family)] = &[
    ("models", Family::Models),
    ("models/*", Family::Models),
    ("files", Family::Files),
    ("files/*", Family::Files),
    ("files/*/content", Family::Files),
];

/// The longest known end of a path: `…/openai/deployments/{name}/chat/completions` has five segments, and
/// `…/v1/messages/batches/{id}/results` as many.
const SEGMENTS: usize = 6;

#[cfg(test)]
mod tests;
