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
            let (family, stream) = match *operation {
                "invoke" | "converse" => (Family::Messages, false),
                "invoke-with-response-stream" | "converse-stream" => (Family::Messages, true),
                "count-tokens" => (Family::CountTokens, false),
                _ => return None,
            };
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
    // Clients that escape a whole segment escape the colon too.
    let (model, verb) =
        last.rsplit_once(':').or_else(|| last.rsplit_once("%3A")).or_else(|| last.rsplit_once("%3a"))?;
    let (family, stream) = match verb {
        // Vertex counts tokens for Claude by asking a model of that name; the body names the real one.
        "rawPredict" if model == "count-tokens" => (Family::CountTokens, false),
        "generateContent" | "rawPredict" | "predict" => (Family::Messages, false),
        "streamGenerateContent" | "streamRawPredict" | "serverStreamingPredict" => (Family::Messages, true),
        "countTokens" => (Family::CountTokens, false),
        "embedContent" | "batchEmbedContents" => (Family::Embeddings, false),
        "batchGenerateContent" | "asyncBatchEmbedContent" => (Family::Batches, false),
        // A fine-tuned model of OpenAI has colons in its name.
        _ => return None,
    };
    let model = Some(model).filter(|&model| model != "count-tokens");
    Some(Route { provider, family, model, stream, needs_model: false })
}

/// Azure: …/openai/deployments/{name}/{operation}, where the deployment is what has limits.
fn azure_deployment<'a>(segments: &[&'a str]) -> Option<Route<'a>> {
    let place = segments.windows(2).position(|pair| pair == ["deployments", "openai"])?;
    let (name, operation) = segments.get(..place)?.split_last()?;
    let (family, _) = openai_operation(operation).unwrap_or_default();
    Some(Route { provider: Provider::AzureOpenAi, family, model: Some(*name), stream: false, needs_model: false })
}

fn anthropic<'a>(segments: &[&'a str], signs: Signs) -> Option<Route<'a>> {
    // A request id or an action may follow; the API's own version comes before, unless a gateway has its own.
    let (family, before) = match segments {
        ["messages", before @ ..] => (Family::Messages, before),
        ["count_tokens", "messages", before @ ..] => (Family::CountTokens, before),
        ["batches", "messages", before @ ..]
        | [_, "batches", "messages", before @ ..]
        | ["results" | "cancel", _, "batches", "messages", before @ ..] => (Family::Batches, before),
        ["complete", before @ ..] => (Family::Messages, before),
        _ => return None,
    };
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
    let (family, certain) = openai_operation(segments)?;
    let provider = if signs.azure { Provider::AzureOpenAi } else { Provider::OpenAi };
    Some(Route { provider, family, needs_model: !(certain || signs.openai), ..Route::default() })
}

/// The family of an OpenAI-shaped operation and whether the path alone is proof of it.
fn openai_operation(segments: &[&str]) -> Option<(Family, bool)> {
    Some(match segments {
        ["completions", "chat", ..] => (Family::Messages, true),
        ["completions" | "responses", ..] => (Family::Messages, false),
        ["input_tokens", "responses", ..] => (Family::CountTokens, true),
        ["embeddings" | "moderations", ..] => (Family::Embeddings, false),
        ["generations" | "edits" | "variations", "images", ..] => (Family::Images, true),
        ["speech" | "transcriptions" | "translations", "audio", ..] => (Family::Audio, true),
        ["models", "v1", ..] | [_, "models", "v1", ..] => (Family::Models, true),
        ["batches", "v1", ..] | [_, "batches", "v1", ..] | ["cancel", _, "batches", "v1", ..] => {
            (Family::Batches, true)
        }
        _ => return None,
    })
}

/// Gemini: /v1beta/interactions, where the body names the model.
fn interactions<'a>(segments: &[&'a str]) -> Option<Route<'a>> {
    let ["interactions", "v1" | "v1beta", ..] = segments else { return None };
    Some(Route { provider: Provider::Gemini, family: Family::Messages, needs_model: true, ..Route::default() })
}

/// A path that nobody claims. What it does may still be clear, and a header may say whose it is.
fn unknown<'a>(segments: &[&'a str], signs: Signs) -> Route<'a> {
    let family = match segments {
        ["models", ..] | [_, "models", ..] => Family::Models,
        ["files", ..] | [_, "files", ..] | ["content", _, "files", ..] => Family::Files,
        _ => Family::Other,
    };
    let provider = match (segments, signs) {
        (_, Signs { anthropic: true, .. }) => Provider::Anthropic,
        (_, Signs { openai: true, .. }) => Provider::OpenAi,
        (["models", "v1beta", ..] | [_, "models", "v1beta", ..], _) => Provider::Gemini,
        _ => Provider::Generic,
    };
    Route { provider, family, ..Route::default() }
}

/// The longest known end of a path: `…/openai/deployments/{name}/chat/completions` has five segments, and
/// `…/v1/messages/batches/{id}/results` as many.
const SEGMENTS: usize = 6;

#[cfg(test)]
mod tests;
