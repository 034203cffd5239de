//! Model tokens that stand in no text: frames of messages, the prompt that makes a model use tools.
//!
//! Claude: <https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview> for the prompt for tools; frames
//! of a message from recorded answers of `count_tokens`, by npm:ctok@1.3.0; further messages and constants of OpenAI
//! as measured for npm:ai-tokenizer@1.0.6 and in
//! <https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken>. All read 2026-11-23.

use super::model::{Class, Maker, Model, Row};

/// What a request has that costs more than its text.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Tally {
    pub(super) messages: u32,
    /// Tools of the caller's own, which come with a schema.
    pub(super) tools: u32,
    /// Properties of their schemas.
    pub(super) properties: u32,
    /// Model tokens of tools that the provider defines.
    pub(super) predefined: u32,
    /// Whether there is a tool, whoever defined it.
    pub(super) has_tools: bool,
    pub(super) is_forced: bool,
}

/// What [`Tally`] costs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Overhead {
    /// Of tools, which stand before everything else.
    pub(super) tools: u32,
    /// Of messages.
    pub(super) messages: u32,
    /// Whether it is a guess.
    pub(super) is_unknown: bool,
}

impl Tally {
    pub(super) fn overhead(&self, model: &Model<'_>) -> Overhead {
        let constants = Constants::of(model);
        let further = self.messages.saturating_sub(1);
        let messages = match self.messages {
            0 => 0,
            _ => constants.first_message.saturating_add(constants.message.saturating_mul(further)),
        };
        let mut tools = 0;
        let mut is_unknown = false;
        if self.has_tools {
            let prompt = match model.maker {
                Maker::Anthropic => {
                    model.find(TOOL_PROMPTS).map(|(free, forced)| if self.is_forced { forced } else { free })
                }
                Maker::OpenAi => Some(TOOLS_ONCE),
                Maker::Google => Some(0),
                Maker::Unknown => None,
            };
            is_unknown = prompt.is_none();
            tools = prompt
                .unwrap_or(0)
                .saturating_add(constants.tool.saturating_mul(self.tools))
                .saturating_add(constants.property.saturating_mul(self.properties))
                .saturating_add(self.predefined);
        }
        Overhead { tools, messages, is_unknown }
    }
}

#[derive(Clone, Copy)]
struct Constants {
    first_message: u32,
    /// Each further message.
    message: u32,
    tool: u32,
    property: u32,
}

impl Constants {
    fn of(model: &Model<'_>) -> Self {
        match model.maker {
            // Schemas are counted as the JSON they are; what is left of a tool is what surrounds it: the example of the
            // page on counting tokens has 403, of which 313 are the prompt.
            Maker::Anthropic => {
                Self { first_message: model.find(FRAMES).unwrap_or(7), message: 2, tool: 12, property: 0 }
            }
            // Names, types and descriptions are counted; punctuation is another than JSON's.
            Maker::OpenAi => Self { first_message: 7, message: 4, tool: 7, property: 3 },
            Maker::Google => Self { first_message: 0, message: 0, tool: 0, property: 0 },
            // Chat templates mark a message's beginning, role and end.
            Maker::Unknown => Self { first_message: 7, message: 4, tool: 0, property: 0 },
        }
    }
}

/// Model tokens of a tool that Claude's API defines, by the beginning of its type; third-party copies of the pages on
/// each, read 2026-11-23. Of others it is unknown what they add.
pub(super) fn predefined(kind: &[u8]) -> Option<u32> {
    PREDEFINED.iter().find(|(start, _)| kind.starts_with(start.as_bytes())).map(|(_, tokens)| *tokens)
}

const PREDEFINED: &[(&str, u32)] = &[("bash_", 245), ("text_editor_", 700), ("computer_", 735)];

/// One message of the user: what stands around its text.
const FRAMES: &[Row<u32>] = &[
    Row { class: None, from: 48, value: 6 },
    Row { class: None, from: 47, value: 11 },
    Row { class: None, from: 0, value: 7 },
];

/// The prompt where the model is free to use tools (`auto`, `none`) and where it must (`any`, `tool`). Models that are
/// not on the page are taken for their next of kin.
const TOOL_PROMPTS: &[Row<(u32, u32)>] = &[
    Row { class: Some(Class::Opus), from: 48, value: (290, 410) },
    Row { class: Some(Class::Opus), from: 47, value: (675, 804) },
    Row { class: Some(Class::Sonnet), from: 50, value: (354, 474) },
    Row { class: Some(Class::Haiku), from: 50, value: (354, 474) },
    Row { class: Some(Class::Other), from: 50, value: (290, 410) },
    Row { class: None, from: 46, value: (497, 589) },
    Row { class: None, from: 45, value: (496, 588) },
    Row { class: None, from: 40, value: (313, 315) },
    Row { class: Some(Class::Sonnet), from: 37, value: (313, 315) },
    Row { class: Some(Class::Sonnet), from: 35, value: (294, 261) },
    Row { class: Some(Class::Haiku), from: 35, value: (264, 355) },
    Row { class: Some(Class::Haiku), from: 30, value: (264, 340) },
    Row { class: Some(Class::Opus), from: 30, value: (530, 281) },
    Row { class: Some(Class::Sonnet), from: 30, value: (159, 235) },
];

/// What OpenAI adds once for all functions (the cookbook: 12; measured: 16 to 24).
const TOOLS_ONCE: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Provider;

    fn overhead(model: &str, tally: Tally) -> Overhead {
        tally.overhead(&Model::of(Some(model), Provider::Generic))
    }

    #[test]
    fn a_message_has_a_frame() {
        let one = Tally { messages: 1, ..Tally::default() };
        for (model, expected) in [
            ("claude-3-haiku-20240307", 7),
            ("claude-sonnet-4-6", 7),
            ("claude-opus-4-7", 11),
            ("claude-opus-4-8", 6),
            ("claude-fable-5-1", 6),
            ("gpt-4o", 7),
            ("gemini-2.5-pro", 0),
            ("llama", 7),
        ] {
            assert_eq!(overhead(model, one).messages, expected, "{model}");
        }
        assert_eq!(overhead("gpt-4o", Tally { messages: 3, ..one }).messages, 15);
        assert_eq!(overhead("gpt-4o", Tally::default()), Overhead::default());
    }

    #[test]
    fn tools_have_a_prompt_that_depends_on_the_choice() {
        let free = Tally { has_tools: true, ..Tally::default() };
        let forced = Tally { is_forced: true, ..free };
        for (model, expected) in [
            ("claude-opus-4-8", (290, 410)),
            ("claude-sonnet-5", (354, 474)),
            ("claude-opus-4-7", (675, 804)),
            ("claude-opus-4-6", (497, 589)),
            ("claude-sonnet-4-6", (497, 589)),
            ("claude-haiku-4-5-20251001", (496, 588)),
            ("claude-opus-4-1", (313, 315)),
            ("claude-sonnet-4-20250514", (313, 315)),
            ("claude-3-5-haiku-latest", (264, 355)),
            ("claude-3-opus-20240229", (530, 281)),
            ("gpt-5", (16, 16)),
        ] {
            let tools = (overhead(model, free).tools, overhead(model, forced).tools);
            assert_eq!(tools, expected, "{model}");
            assert!(!overhead(model, free).is_unknown);
        }
        assert!(overhead("llama", free).is_unknown);
        assert!(overhead("claude-2.1", free).is_unknown);
    }

    #[test]
    fn predefined_tools_have_a_price() {
        assert_eq!(predefined(b"bash_20250124"), Some(245));
        assert_eq!(predefined(b"computer_20251124"), Some(735));
        assert_eq!(predefined(b"web_search_20250305"), None);
    }

    #[test]
    fn sums_saturate() {
        let most = Tally {
            messages: u32::MAX,
            tools: u32::MAX,
            properties: u32::MAX,
            predefined: u32::MAX,
            has_tools: true,
            is_forced: true,
        };
        assert_eq!(overhead("claude-opus-4-8", most).tools, u32::MAX);
        assert_eq!(overhead("gpt-4o", most).messages, u32::MAX);
    }
}
