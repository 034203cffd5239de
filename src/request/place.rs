//! Where in a request's body a value stands, as far as that decides what it is.
//!
//! An array stands where its elements stand. What has no name here is text for the model, so that a member nobody has
//! heard of is counted rather than missed; what is known not to be read by the model is [`Place::Nowhere`].
//!
//! Sources, read 2026-11-26: npm:@anthropic-ai/sdk@1.12.0 and npm:openai@6.49.0 (`src/resources`);
//! <https://ai.google.dev/api/generate-content>;
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>;
//! <https://docs.cohere.com/reference/chat>. That citations are not charged when they are handed back:
//! <https://platform.claude.com/docs/en/build-with-claude/citations>.

use crate::names;

/// A place in a request's body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// What no model reads, and nothing below. The first, so that frames begin as zeroes.
    Nowhere,
    /// The body.
    Root,
    /// What stands on the server, so that nobody here knows how much it is.
    Hidden,

    AnthropicVersion,
    Copies,
    MaxTokens,
    Model,
    Speed,
    Stream,
    /// `generationConfig` (Gemini), `inferenceConfig` (Bedrock).
    Config,
    /// Whether and which tool must be used.
    ToolChoice,
    /// How much the model is to think, and the words and numbers that say it.
    Thinking,
    Effort,
    Budget,
    /// `output_config` (Anthropic), `text` (Responses API).
    Output,
    /// What form the output must have.
    Form,
    FormType,
    FormSchema,

    /// Where a prompt is to be kept, and for how long.
    CacheControl,
    Ttl,

    /// Definitions of tools.
    Tools,
    /// `toolConfig` (Bedrock, Gemini).
    ToolConfig,
    ToolName,
    ToolType,
    ToolText,
    /// Whether a tool is kept from the model for now.
    Deferred,
    /// A schema, and what in it is named as its author likes.
    Schema,
    Properties,
    SchemaText,
    SchemaRest,

    System,
    /// The conversation, and an element of it.
    Messages,
    /// What is said in it.
    Content,
    Role,
    Type,
    /// JSON that the model reads or wrote as such.
    Raw,
    /// Thoughts of earlier answers.
    Thoughts,
    /// Content that only the server can read.
    Seal,
    ToolResult,

    /// Something with pages.
    Document,
    Audio,
    /// An object that holds or names a file, or stands for one.
    Source,
    SourceType,
    Data,
    /// Where a file is to be fetched, or what it is called on the server.
    Address,
    ImageUrl,
    FileData,
    Detail,
}

impl Place {
    /// The place of the member `name` of an object that stands here.
    #[allow(clippy::wildcard_enum_match_arm, reason = "words and numbers have no members")]
    pub(super) fn member(self, name: &[u8]) -> Self {
        let (members, rest): (&[(&str, Self)], Self) = match self {
            Self::Root => (ROOT, Self::Content),
            Self::Config => (CONFIG, Self::Nowhere),
            Self::ToolConfig => (TOOL_CONFIG, Self::Nowhere),
            Self::Tools => (TOOLS, Self::ToolText),
            Self::Schema => (SCHEMA, Self::SchemaRest),
            Self::Properties => (&[], Self::Schema),
            Self::Thinking => (THINKING, Self::Nowhere),
            Self::Output => (OUTPUT, Self::Nowhere),
            Self::Form => (FORM, Self::Raw),
            Self::CacheControl => (&[("ttl", Self::Ttl)], Self::CacheControl),
            Self::System | Self::Messages | Self::Content | Self::ToolResult | Self::Document => {
                (CONTENT, Self::Content)
            }
            Self::Source | Self::ImageUrl | Self::FileData | Self::Audio => (SOURCE, Self::Content),
            Self::Thoughts => (THOUGHTS, Self::Thoughts),
            Self::Raw | Self::FormSchema => (&[], Self::Raw),
            Self::ToolText => (&[], Self::ToolText),
            Self::SchemaText | Self::SchemaRest => (&[], self),
            Self::ToolChoice => (&[], Self::ToolChoice),
            _ => (&[], Self::Nowhere),
        };
        names::find_word(members, name).unwrap_or(rest)
    }

    /// Whether all members of an object that stands here are alike, whatever they are called.
    pub(super) const fn has_free_names(self) -> bool {
        matches!(self, Self::Raw | Self::Properties | Self::ToolText | Self::SchemaText | Self::SchemaRest)
    }

    /// Whether a word or a number stands there; anything else is a mistake of the caller's.
    pub(super) const fn is_word(self) -> bool {
        matches!(
            self,
            Self::AnthropicVersion
                | Self::Copies
                | Self::MaxTokens
                | Self::Model
                | Self::Speed
                | Self::Stream
                | Self::Effort
                | Self::Budget
                | Self::FormType
                | Self::Ttl
                | Self::ToolName
                | Self::ToolType
                | Self::Deferred
                | Self::Role
                | Self::Type
                | Self::SourceType
                | Self::Data
                | Self::Detail
        )
    }

    /// Whether it belongs to the definition of a tool and is shown to the model.
    pub(super) const fn is_of_tool(self) -> bool {
        matches!(
            self,
            Self::Tools
                | Self::ToolName
                | Self::ToolText
                | Self::Schema
                | Self::Properties
                | Self::SchemaText
                | Self::SchemaRest
        )
    }
}

/// Names that mean the same stand together, in tables like all others here: see [`names::find_word`].
const ROOT: &[(&str, Place)] = &[
    ("model", Place::Model),
    ("messages input contents chat_history", Place::Messages),
    ("system systemInstruction system_instruction instructions", Place::System),
    ("tools functions", Place::Tools),
    ("toolConfig tool_config", Place::ToolConfig),
    ("tool_choice function_call", Place::ToolChoice),
    ("max_tokens max_completion_tokens max_output_tokens maxOutputTokens maxTokens", Place::MaxTokens),
    ("n best_of num_generations", Place::Copies),
    ("stream", Place::Stream),
    ("speed", Place::Speed),
    ("anthropic_version", Place::AnthropicVersion),
    ("generationConfig generation_config inferenceConfig", Place::Config),
    ("thinking reasoning", Place::Thinking),
    ("reasoning_effort", Place::Effort),
    ("output_config text", Place::Output),
    ("response_format output_format", Place::Form),
    ("cache_control", Place::CacheControl),
    (
        "previous_response_id previous_interaction_id conversation cachedContent cached_content \
         mcp_servers container web_search_options connectors",
        Place::Hidden,
    ),
    (
        "anthropic_beta metadata requestMetadata labels user user_profile_id workspace_id \
         safety_identifier service_tier inference_geo prompt_cache_key prompt_cache_retention \
         prompt_cache_options stop stop_sequences truncation encoding_format include modalities \
         audio verbosity personality logit_bias stream_options streamOptions context_management \
         diagnostics safetySettings safety_settings safety_mode citation_options guardrailConfig \
         performanceConfig additionalModelRequestFields additionalModelResponseFieldPaths",
        Place::Nowhere,
    ),
];

const CONFIG: &[(&str, Place)] = &[
    ("maxOutputTokens max_output_tokens maxTokens", Place::MaxTokens),
    ("candidateCount candidate_count", Place::Copies),
    ("thinkingConfig thinking_config", Place::Thinking),
    ("thinking_level", Place::Effort),
    ("responseSchema response_schema responseJsonSchema response_json_schema", Place::FormSchema),
];

const TOOL_CONFIG: &[(&str, Place)] =
    &[("tools", Place::Tools), ("toolChoice functionCallingConfig function_calling_config", Place::ToolChoice)];

/// Of a tool, of what it is wrapped in, and of the tools that Gemini has without a name.
const TOOLS: &[(&str, Place)] = &[
    ("name", Place::ToolName),
    ("type", Place::ToolType),
    ("input_schema inputSchema parameters parametersJsonSchema", Place::Schema),
    ("parameter_definitions", Place::Properties),
    ("function functionDeclarations function_declarations toolSpec", Place::Tools),
    ("cache_control cachePoint", Place::CacheControl),
    ("defer_loading", Place::Deferred),
    (
        "googleSearch google_search googleMaps codeExecution code_execution urlContext url_context \
         computerUse fileSearch systemTool",
        Place::Hidden,
    ),
    ("strict allowed_callers eager_input_streaming response behavior", Place::Nowhere),
];

const SCHEMA: &[(&str, Place)] = &[
    ("json items anyOf oneOf allOf", Place::Schema),
    ("properties $defs definitions", Place::Properties),
    ("description type enum const", Place::SchemaText),
];

const THINKING: &[(&str, Place)] = &[
    ("type effort thinkingLevel thinking_level", Place::Effort),
    ("budget_tokens thinkingBudget thinking_budget max_tokens", Place::Budget),
];

const OUTPUT: &[(&str, Place)] = &[("effort", Place::Effort), ("format", Place::Form)];

const FORM: &[(&str, Place)] = &[
    ("type", Place::FormType),
    ("json_schema", Place::Form),
    ("schema", Place::FormSchema),
    ("strict", Place::Nowhere),
];

/// What stands in nearly every message comes first.
const CONTENT: &[(&str, Place)] = &[
    ("text content parts", Place::Content),
    ("type", Place::Type),
    ("role", Place::Role),
    ("encrypted_content", Place::Seal),
    ("cache_control cachePoint", Place::CacheControl),
    ("thinking reasoning_content reasoningContent", Place::Thoughts),
    ("input arguments args response json", Place::Raw),
    ("toolResult", Place::ToolResult),
    ("document file", Place::Document),
    ("source", Place::Source),
    ("inlineData inline_data fileData file_data", Place::FileData),
    ("file_id file_url", Place::Address),
    ("image_url", Place::ImageUrl),
    ("input_audio", Place::Audio),
    ("detail", Place::Detail),
    (
        "id tool_use_id tool_call_id toolUseId call_id status phase citations annotations logprobs \
         metadata caller toolset_name transformations page_age filename format signature \
         thoughtSignature thought_signature encrypted_index",
        Place::Nowhere,
    ),
];

const SOURCE: &[(&str, Place)] = &[
    ("type media_type mimeType mime_type", Place::SourceType),
    ("format displayName display_name", Place::Nowhere),
    ("data", Place::Data),
    ("bytes", Place::FileData),
    ("url", Place::ImageUrl),
    ("uri file_id fileUri file_uri s3Location", Place::Address),
    ("detail", Place::Detail),
];

const THOUGHTS: &[(&str, Place)] = &[("signature", Place::Nowhere), ("redactedContent", Place::Seal)];

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Place {
        path.split('.').fold(Place::Root, |place, name| place.member(name.as_bytes()))
    }

    fn names(table: &'static [(&str, Place)]) -> impl Iterator<Item = &'static str> {
        table.iter().flat_map(|(names, _)| names.split(' '))
    }

    #[test]
    fn only_the_top_level_speaks_for_the_request() {
        for name in ["model", "max_tokens", "stream", "speed", "tools", "anthropic_version", "tool_choice"] {
            assert_ne!(place(name), Place::Content, "{name}");
            assert_eq!(place(&format!("other.{name}")), Place::Content, "{name}");
            assert_eq!(place(&format!("metadata.{name}")), Place::Nowhere, "{name}");
        }
    }

    #[test]
    fn nothing_comes_back_from_nowhere() {
        for name in [ROOT, CONTENT, TOOLS].into_iter().flat_map(names) {
            assert_eq!(Place::Nowhere.member(name.as_bytes()), Place::Nowhere);
            assert_eq!(Place::Raw.member(name.as_bytes()), Place::Raw);
            assert_eq!(Place::Properties.member(name.as_bytes()), Place::Schema);
        }
    }

    #[test]
    fn names_of_a_table_are_written_once() {
        for table in [ROOT, CONFIG, TOOL_CONFIG, TOOLS, SCHEMA, THINKING, OUTPUT, FORM, CONTENT, SOURCE, THOUGHTS] {
            for (index, name) in names(table).enumerate() {
                assert!(names(table).skip(index + 1).all(|other| other != name), "{name}");
            }
        }
    }

    use alloc::format;
}
