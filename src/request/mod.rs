//! What a request is about: whose API, which model, how large.
//!
//! One pass over the body, no allocation, no recursion; whatever is sent, [`read`] answers and never panics.
//!
//! ```
//! use tidegate::headers::HeaderBlock;
//! use tidegate::provider::Provider;
//! use tidegate::request::{self, Body, Family};
//!
//! let body = br#"{"model":"claude-sonnet-5","max_tokens":1024,"messages":[{"role":"user","content":"Hello, world"}]}"#;
//! let headers = HeaderBlock::new(b"anthropic-version: 2023-06-01");
//! let facts = request::read("POST", "https://gateway.example/anthropic/v1/messages", headers, Body::Bytes(body));
//! assert_eq!(facts.provider, Provider::Anthropic);
//! assert_eq!(facts.family, Family::Messages);
//! assert_eq!(facts.model, Some("claude-sonnet-5"));
//! assert_eq!(facts.origin, "https://gateway.example");
//! assert_eq!(facts.max_tokens, Some(1_024));
//! // Twelve characters of text, and what the API puts around one message.
//! assert_eq!((facts.input.characters, facts.input.fixed), (12, 6));
//! ```

mod attachment;
mod base64;
mod count;
mod estimate;
mod family;
mod hash;
mod image;
mod kind;
mod model;
mod overhead;
mod pdf;
mod place;
mod prefix;
mod route;
mod url;
mod vision;
mod walk;

pub(crate) use base64::Base64;
pub(crate) use count::counter_of;
pub use count::{count_body, count_url, read_count};
pub(crate) use estimate::CHARACTERS_PER_TOKEN;
pub use estimate::InputEstimate;
pub use family::Family;
pub use prefix::{MOST_PREFIXES, Prefix, Prefixes};
pub(crate) use url::decoded;

use crate::headers::HeaderBlock;
use crate::json::Members;
use crate::provider::Provider;
use crate::tokens::{Tokenizer, Weights};
use kind::Kind;
use model::Model;
use route::Route;
use url::Url;
use walk::Said;

/// The request headers that [`read`] looks at, in lower case. None is a credential; no other needs to be handed over.
pub const HEADERS_OF_INTEREST: &[&str] =
    &["anthropic-version", "anthropic-beta", ANTHROPIC_WORKSPACE, "openai-organization", OPENAI_PROJECT];

/// A request's body, as far as it may be looked at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Body<'a> {
    /// There is none.
    #[default]
    None,
    /// All of it.
    Bytes(&'a [u8]),
    /// One that may not be read: a stream, a form, a file.
    Opaque {
        /// Its length in bytes, where that is known.
        length: Option<u64>,
    },
}

/// What a request is about.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Facts<'a> {
    /// Whose conventions the API follows. Told by path, headers and body; never by the host, which may be a gateway.
    pub provider: Provider,
    /// The part of the API that is addressed.
    pub family: Family,
    /// The model, or the deployment where that is what has limits. Printable ASCII, at most 128 bytes, from the path
    /// as written there (Bedrock's is often percent-encoded, `%3A` for a colon, which a limiter decodes) or else from
    /// the body.
    pub model: Option<&'a str>,
    /// Scheme, host and port; never a user name, a password, a path or a query. Empty for a relative URL.
    pub origin: &'a str,
    /// The workspace or project that the request names, by which servers count too. Printable ASCII.
    pub workspace: Option<&'a str>,
    /// An estimate of the model tokens to be read.
    pub input: InputEstimate,
    /// Up to where the prompt may be read from a cache the next time.
    pub prefixes: Prefixes,
    /// Tells apart requests whose answers have other lengths: by tools, thinking, form and maximum of the output.
    pub kind: u16,
    /// The most model tokens that may be written, at most 2^32 − 1.
    pub max_tokens: Option<u64>,
    /// Whether the answer is to come as a stream.
    pub stream: bool,
    /// Whether fast mode is asked for, which has limits of its own.
    pub fast: bool,
}

/// Reads what a request is about. `url` is absolute, as `new URL()` writes it, or relative to the page.
///
/// A body that is not JSON says nothing; one that is JSON only up to a point says what stands before that point.
///
/// Its text is counted by the small form of the weights: see [`read_by`].
pub fn read<'a>(method: &str, url: &'a str, headers: HeaderBlock<'a>, body: Body<'a>) -> Facts<'a> {
    read_by(&Weights::new(), method, url, headers, body)
}

/// Reads what a request is about, as [`read`] does, and counts its text by `weights`.
pub fn read_by<'a>(
    weights: &Weights,
    method: &str,
    url: &'a str,
    headers: HeaderBlock<'a>,
    body: Body<'a>,
) -> Facts<'a> {
    let url = Url::parse(url);
    let route = Route::find(method, &url, headers);
    let said = match body {
        Body::Bytes(bytes) => said(weights, bytes, &route),
        Body::None | Body::Opaque { .. } => Said::default(),
    };
    let route = settle(route, &said, body);
    let input = match body {
        Body::Opaque { length: Some(length) } => estimate::of_unread(length, route.family),
        Body::None | Body::Bytes(_) | Body::Opaque { length: None } => said.input,
    };
    let workspace = headers.value(ANTHROPIC_WORKSPACE).or_else(|| headers.value(OPENAI_PROJECT));
    Facts {
        provider: route.provider,
        family: route.family,
        model: route.model.map(str::as_bytes).or(said.model).and_then(name),
        origin: url.origin,
        workspace: workspace.and_then(name),
        input,
        prefixes: said.prefixes,
        kind: Kind { is_stream: route.stream || said.kind.is_stream, ..said.kind }.number(),
        max_tokens: said.max_tokens,
        stream: route.stream || said.kind.is_stream,
        fast: said.fast,
    }
}

/// How many model tokens the input has that `body` asks a model to read. `model` is whose tokenizer cuts it; without one,
/// that of the model which the body names.
///
/// ```
/// use tidegate::request::estimate_body;
/// use tidegate::tokens::{Tokenizer, Weights};
///
/// let body = br#"{"model":"claude-sonnet-5","messages":[{"role":"user","content":"Hello, world"}]}"#;
/// let estimate = estimate_body(&Weights::new(), body, None);
/// assert_eq!((estimate.tokenizer, estimate.characters, estimate.fixed), (Tokenizer::Claude47, 12, 6));
/// ```
pub fn estimate_body(weights: &Weights, body: &[u8], model: Option<&str>) -> InputEstimate {
    said(weights, body, &Route { model, ..Route::default() }).input
}

/// What a body says. Whose weights count its text is the model's matter, and its name may stand last.
fn said<'a>(weights: &Weights, body: &'a [u8], route: &Route<'_>) -> Said<'a> {
    let named = route.model.map(str::as_bytes).or_else(|| model_in(body)).and_then(name);
    let model = Model::of(named, route.provider);
    let counter = weights.counter(Tokenizer::of_model(model.name));
    walk::read(body, counter, &model, route.family != Family::Embeddings).unwrap_or_default()
}

/// The model that `body` names, found by a look at its members alone, which ends at the first.
fn model_in(body: &[u8]) -> Option<&[u8]> {
    let member = Members::of(body).find(|member| member.name == b"model")?;
    let name = member.value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    Some(name).filter(|name| !name.contains(&b'\\'))
}

/// What the body confirms, contradicts or adds.
fn settle<'a>(route: Route<'a>, said: &Said<'_>, body: Body<'_>) -> Route<'a> {
    // A body that may not be read contradicts nothing.
    let contradicted = route.needs_model && said.model.is_none() && !matches!(body, Body::Opaque { .. });
    let route = if contradicted { Route { stream: route.stream, ..Route::default() } } else { route };
    if route.provider == Provider::Generic && said.anthropic_version {
        return Route { provider: Provider::Anthropic, family: Family::Messages, ..route };
    }
    route
}

/// A name that somebody else chose: of its beginning, what is fit to be printed, or nothing.
fn name(bytes: &[u8]) -> Option<&str> {
    let bytes = bytes.get(..NAME_BYTES).unwrap_or(bytes);
    let printable = !bytes.is_empty() && bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
    core::str::from_utf8(bytes).ok().filter(|_| printable)
}

const ANTHROPIC_WORKSPACE: &str = "anthropic-workspace-id";
const OPENAI_PROJECT: &str = "openai-project";

/// Names become keys that are kept: a bound on each bounds what a hostile caller can make us keep. The longest known
/// ones, ARNs of inference profiles, have about 100 bytes.
const NAME_BYTES: usize = 128;

#[cfg(test)]
mod tests;
