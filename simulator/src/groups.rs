//! Which models are counted together, and what the published tiers allow each group.
//!
//! Source: the Claude API's rate-limits page, read 2026-07 to 2026-10. The numbers changed three times in 2026; they
//! are here to make a simulation look real, and options override them.

use serde::Deserialize;

use crate::limits::Limits;

/// A published tier of the Claude API.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The first paid tier.
    #[default]
    Start,
    /// The second.
    Build,
    /// The third.
    Scale,
}

/// The model group of a Claude model name, or `None` if there is no such model.
///
/// Dated snapshots and `-latest` belong to the group of the model they name.
///
/// ```
/// use tidegate_simulator::groups::group_of;
/// assert_eq!(group_of("claude-sonnet-4-5-20250929"), Some("claude-sonnet-4.x"));
/// assert_eq!(group_of("claude-sonnet-4-6"), Some("claude-sonnet-4.x"));
/// assert_eq!(group_of("claude-sonnet-5"), Some("claude-sonnet-5"));
/// assert_eq!(group_of("claude-pelican-9"), None);
/// ```
pub fn group_of(model: &str) -> Option<&'static str> {
    let name = model_of(model);
    GROUPS.iter().find(|(_, models)| models.contains(&name)).map(|&(group, _)| group)
}

/// The model that a name means, without the date of a snapshot.
pub(crate) fn model_of(name: &str) -> &str {
    let name = name.strip_suffix("-latest").unwrap_or(name);
    match name.rsplit_once('-') {
        Some((name, date)) if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => name,
    }
}

/// The length of the shortest prompt that can be cached for a model, in tokens.
pub(crate) fn minimum_to_cache(model: &str) -> u64 {
    let model = model_of(model);
    MINIMA.iter().find(|(_, models)| models.contains(&model)).map_or(1_024, |&(minimum, _)| minimum)
}

/// Whether tokens that are read from the cache count toward the group's limit of the input: marked † on the page.
pub(crate) fn reads_count(group: &str) -> bool {
    group == "claude-haiku-3.5"
}

/// What a tier allows a group of Claude models.
pub fn published_limits(tier: Tier, group: &str) -> Limits {
    let (rpm, itpm, otpm) = match (group, tier) {
        ("claude-fable-5.x" | "claude-mythos-5.x", Tier::Start) => (1_000, 500_000, 100_000),
        ("claude-fable-5.x" | "claude-mythos-5.x", Tier::Build) => (2_000, 1_500_000, 300_000),
        ("claude-fable-5.x" | "claude-mythos-5.x", Tier::Scale) => (4_000, 4_000_000, 800_000),
        ("claude-haiku-3.5", Tier::Start) => (1_000, 100_000, 20_000),
        ("claude-haiku-3.5", Tier::Build) => (2_000, 200_000, 40_000),
        ("claude-haiku-3.5", Tier::Scale) => (4_000, 400_000, 80_000),
        (_, Tier::Start) => (1_000, 2_000_000, 400_000),
        (_, Tier::Build) => (5_000, 5_000_000, 1_000_000),
        (_, Tier::Scale) => (10_000, 10_000_000, 2_000_000),
    };
    Limits { rpm: Some(rpm), itpm: Some(itpm), otpm: Some(otpm), ..Limits::default() }
}

/// Requests a minute to count tokens, over all models.
pub fn published_count_tokens_rpm(tier: Tier) -> u64 {
    match tier {
        Tier::Start => 5_000,
        Tier::Build => 10_000,
        Tier::Scale => 20_000,
    }
}

/// The group under which counting tokens is limited.
pub const COUNT_TOKENS_GROUP: &str = "count-tokens";

const GROUPS: [(&str, &[&str]); 13] = [
    ("claude-fable-5.x", &["claude-fable-5", "claude-fable-5-1", "claude-fable-5-2"]),
    ("claude-mythos-5.x", &["claude-mythos-5", "claude-mythos-5-1", "claude-mythos-5-2"]),
    ("claude-mythos-preview", &["claude-mythos-preview"]),
    ("claude-opus-5.5", &["claude-opus-5-5"]),
    ("claude-opus-5", &["claude-opus-5"]),
    ("claude-opus-4.x", &["claude-opus-4-5", "claude-opus-4-6", "claude-opus-4-7", "claude-opus-4-8"]),
    ("claude-sonnet-5.5", &["claude-sonnet-5-5"]),
    ("claude-sonnet-5", &["claude-sonnet-5"]),
    ("claude-sonnet-4.x", &["claude-sonnet-4-5", "claude-sonnet-4-6"]),
    ("claude-haiku-5.5", &["claude-haiku-5-5"]),
    ("claude-haiku-4.5", &["claude-haiku-4-5"]),
    ("claude-haiku-3.5", &["claude-3-5-haiku", "claude-haiku-3-5"]),
    // A model for tests that want a name no published tier speaks of.
    ("claude-simulated", &["claude-simulated"]),
];

/// Source: the Claude API's page on prompt caching, captures of 2026-07-28 (the models up to Opus 5) and of 2026-10-08
/// (5.1 and 5.5). Fable 5.2 and Mythos 5.2 are later; that theirs is that of 5.1 is a guess. What is not here has 1,024.
const MINIMA: [(u64, &[&str]); 3] = [
    (
        512,
        &[
            "claude-fable-5",
            "claude-fable-5-1",
            "claude-fable-5-2",
            "claude-mythos-5",
            "claude-mythos-5-1",
            "claude-mythos-5-2",
            "claude-opus-5",
            "claude-opus-5-5",
            "claude-sonnet-5-5",
            "claude-haiku-5-5",
        ],
    ),
    (2_048, &["claude-mythos-preview", "claude-opus-4-7", "claude-3-5-haiku", "claude-haiku-3-5"]),
    (4_096, &["claude-opus-4-5", "claude-opus-4-6", "claude-haiku-4-5"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_share_a_limit_share_a_group() {
        assert_eq!(group_of("claude-opus-4-5"), group_of("claude-opus-4-8"));
        assert_ne!(group_of("claude-opus-5"), group_of("claude-opus-4-8"));
        assert_eq!(group_of("claude-3-5-haiku-latest"), Some("claude-haiku-3.5"));
    }

    #[test]
    fn every_model_has_the_published_least_length_of_what_is_cached() {
        for (model, tokens) in [
            ("claude-opus-5", 512),
            ("claude-haiku-5-5", 512),
            ("claude-sonnet-5", 1_024),
            ("claude-sonnet-4-5-20250929", 1_024),
            ("claude-opus-4-8", 1_024),
            ("claude-opus-4-7", 2_048),
            ("claude-3-5-haiku-latest", 2_048),
            ("claude-haiku-4-5-20251001", 4_096),
        ] {
            assert_eq!(minimum_to_cache(model), tokens, "{model}");
        }
        let mut named = MINIMA.iter().flat_map(|(_, models)| *models);
        assert!(named.all(|model| group_of(model).is_some()));
    }

    #[test]
    fn a_tier_allows_what_the_page_says() {
        let start = published_limits(Tier::Start, "claude-sonnet-4.x");
        assert_eq!((start.rpm, start.itpm, start.otpm), (Some(1_000), Some(2_000_000), Some(400_000)));
        assert_eq!(published_limits(Tier::Scale, "claude-fable-5.x").otpm, Some(800_000));
    }
}
