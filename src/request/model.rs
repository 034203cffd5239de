//! What a model's name says of how its input is charged.

use crate::names;
use crate::provider::Provider;

/// Whose model it is, whoever serves it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Maker {
    Anthropic,
    OpenAi,
    Google,
    #[default]
    Unknown,
}

/// A model, as far as its name is understood.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Model<'a> {
    pub(super) name: &'a str,
    pub(super) maker: Maker,
    /// Of a Claude.
    pub(super) class: Class,
    /// Of a Claude: 45 is 4.5. 0 if the name has none.
    pub(super) version: u16,
}

/// A class of Claude models.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Class {
    Haiku,
    Sonnet,
    Opus,
    /// One of the newer classes.
    #[default]
    Other,
}

/// What holds for models of a class from a version on.
pub(super) struct Row<T> {
    /// `None` for all classes.
    pub(super) class: Option<Class>,
    pub(super) from: u16,
    pub(super) value: T,
}

impl<'a> Model<'a> {
    /// The model of that name, or one of whoever usually serves the API.
    pub(super) fn of(name: Option<&'a str>, provider: Provider) -> Self {
        let name = name.unwrap_or_default();
        let is_numbered = O_SERIES.iter().any(|start| name.rsplit('/').next().unwrap_or_default().starts_with(start));
        let named = MAKERS.iter().find(|(part, _)| names::contains(name.as_bytes(), part)).map(|(_, maker)| *maker);
        let served = || APIS.iter().find(|(api, _)| *api == provider).map(|(_, maker)| *maker);
        let maker = named.or(is_numbered.then_some(Maker::OpenAi)).or_else(served).unwrap_or_default();
        let mut model = Self { name, maker, ..Self::default() };
        if let Some(start) = names::position(name.as_bytes(), CLAUDE) {
            model.read_claude(name.get(start + CLAUDE.len()..).unwrap_or_default());
        }
        model
    }

    /// `-opus-4-5-20251101`, `-3-5-haiku-latest`, `-sonnet-4.5`: a class, and a version of at most two numbers.
    fn read_claude(&mut self, name: &str) {
        let mut numbers = 0;
        for word in name.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            match (word, word.parse::<u16>()) {
                ("haiku", _) => self.class = Class::Haiku,
                ("sonnet", _) => self.class = Class::Sonnet,
                ("opus", _) => self.class = Class::Opus,
                (_, Ok(major @ 1..100)) if numbers == 0 => {
                    self.version = major * 10;
                    numbers = 1;
                }
                (_, Ok(minor @ 0..10)) if numbers == 1 => {
                    self.version += minor;
                    numbers = 2;
                }
                // A date, or a version of something else.
                (_, Ok(_)) => numbers = 2,
                _ => {}
            }
        }
    }

    /// What `rows` say of this Claude: the first that fits. A name without a version is taken for a new model's.
    pub(super) fn find<T: Copy>(&self, rows: &[Row<T>]) -> Option<T> {
        if self.maker != Maker::Anthropic {
            return None;
        }
        let version = if self.version == 0 { u16::MAX } else { self.version };
        let fits = |row: &&Row<T>| row.class.is_none_or(|class| class == self.class) && version >= row.from;
        rows.iter().find(fits).map(|row| row.value)
    }
}

/// What every name of Anthropic's models has.
const CLAUDE: &str = "claude";

/// Parts of names that no other maker's have. What comes first wins: `openai/gpt-oss` is served by anybody, and is
/// charged like a model of OpenAI.
const MAKERS: &[(&str, Maker)] = &[
    (CLAUDE, Maker::Anthropic),
    ("gemini", Maker::Google),
    ("gemma", Maker::Google),
    ("gpt", Maker::OpenAi),
    ("davinci", Maker::OpenAi),
    ("text-embedding-", Maker::OpenAi),
    ("codex", Maker::OpenAi),
];

/// Whose models an API serves. Many speak OpenAI's dialect whose models are their own.
const APIS: &[(Provider, Maker)] = &[
    (Provider::Anthropic, Maker::Anthropic),
    (Provider::AzureOpenAi, Maker::OpenAi),
    (Provider::Gemini, Maker::Google),
];

/// Models of OpenAI whose names are too short to be looked for within others.
const O_SERIES: &[&str] = &["o1", "o3", "o4"];

#[cfg(test)]
mod tests {
    use super::*;

    fn claude(name: &str) -> (Class, u16) {
        let model = Model::of(Some(name), Provider::Generic);
        assert_eq!(model.maker, Maker::Anthropic, "{name}");
        (model.class, model.version)
    }

    #[test]
    fn names_of_claude_are_read_as_every_gateway_writes_them() {
        for (name, expected) in [
            ("claude-opus-4-8", (Class::Opus, 48)),
            ("claude-opus-4-5-20251101", (Class::Opus, 45)),
            ("claude-sonnet-4-20250514", (Class::Sonnet, 40)),
            ("claude-3-5-haiku-20241022", (Class::Haiku, 35)),
            ("claude-3-opus-latest", (Class::Opus, 30)),
            ("anthropic/claude-sonnet-4.5:thinking", (Class::Sonnet, 45)),
            ("us.anthropic.claude-haiku-4-5-20251001-v1%3A0", (Class::Haiku, 45)),
            ("claude-sonnet-5@20260601", (Class::Sonnet, 50)),
            ("claude-fable-5-1", (Class::Other, 51)),
            ("claude-2.1", (Class::Other, 21)),
            ("claude", (Class::Other, 0)),
        ] {
            assert_eq!(claude(name), expected, "{name}");
        }
    }

    #[test]
    fn the_name_says_whose_model_it_is_and_else_the_api_does() {
        let maker = |name, provider| Model::of(name, provider).maker;
        assert_eq!(maker(Some("openai/gpt-oss-120b"), Provider::Generic), Maker::OpenAi);
        assert_eq!(maker(Some("o3-mini"), Provider::OpenAi), Maker::OpenAi);
        assert_eq!(maker(Some("llama-4"), Provider::OpenAi), Maker::Unknown);
        assert_eq!(maker(Some("mine"), Provider::AzureOpenAi), Maker::OpenAi);
        assert_eq!(maker(Some("claude-opus-4-8"), Provider::Bedrock), Maker::Anthropic);
        assert_eq!(maker(None, Provider::Gemini), Maker::Google);
    }

    #[test]
    fn the_first_row_that_fits_holds_and_new_names_are_new() {
        let rows = [Row { class: Some(Class::Opus), from: 47, value: 1 }, Row { class: None, from: 40, value: 2 }];
        let found = |name| Model::of(Some(name), Provider::Anthropic).find(&rows);
        assert_eq!(found("claude-opus-4-8"), Some(1));
        assert_eq!(found("claude-opus-4-6"), Some(2));
        assert_eq!(found("claude-opus-latest"), Some(1));
        assert_eq!(found("claude-3-opus"), None);
        assert_eq!(Model::of(Some("gpt-5"), Provider::OpenAi).find(&rows), None);
    }
}
