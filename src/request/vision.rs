//! What a picture costs, by its size.

use super::image::Size;
use super::model::{Maker, Model, Row};
use crate::names;

/// How closely a request asks for a picture to be looked at (`detail`, OpenAI).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Detail {
    Low,
    /// Whatever is the default.
    #[default]
    High,
}

/// How a model turns pixels into tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Rule {
    /// A token for each square of 28 pixels, of a picture that is first made to fit.
    Squares { longest: u32, most: u32 },
    /// A token and some for each square of 32 pixels, up to a budget. `percent` is what a square costs.
    Patches { longest: u32, budget: u32, percent: u32 },
    /// So much for the picture, and for each tile of 512 pixels.
    Tiles { base: u32, tile: u32 },
    /// So much for each tile of 768 pixels.
    Crops { tile: u32 },
    /// So much for any picture.
    Flat(u32),
}

/// Model tokens of a picture of `size`; one whose size cannot be known costs as much as [`UNKNOWN`].
pub(super) fn tokens(model: &Model<'_>, detail: Detail, size: Option<Size>) -> u32 {
    let Size { width, height } = size.unwrap_or(UNKNOWN);
    // No API takes a larger one (Claude's: 8,000 pixels), and arithmetic stays far from its bounds.
    let size = Size { width: width.clamp(1, MOST_PIXELS), height: height.clamp(1, MOST_PIXELS) };
    match (rule(model), detail) {
        (Rule::Squares { longest, most }, _) => squares(size, longest, most),
        (Rule::Patches { percent, .. }, Detail::Low) => {
            patches(fit(size, LOW_PIXELS), u32::MAX).saturating_mul(percent).div_ceil(100)
        }
        (Rule::Patches { longest, budget, percent }, Detail::High) => {
            patches(fit(size, longest), budget).saturating_mul(percent).div_ceil(100)
        }
        (Rule::Tiles { base, .. }, Detail::Low) => base,
        (Rule::Tiles { base, tile }, Detail::High) => {
            let size = fit(size, TILED_LONGEST);
            let size = fit_short(size, TILED_SHORTEST);
            base + tile * size.width.div_ceil(512) * size.height.div_ceil(512)
        }
        (Rule::Crops { tile }, _) if size.width <= 384 && size.height <= 384 => tile,
        (Rule::Crops { tile }, _) => tile * size.width.div_ceil(768) * size.height.div_ceil(768),
        (Rule::Flat(tokens), _) => tokens,
    }
}

fn rule(model: &Model<'_>) -> Rule {
    let is_named = |part: &str| names::contains(model.name.as_bytes(), part);
    let named = |rows: &[(&str, Rule)]| rows.iter().find(|(part, _)| is_named(part)).map(|(_, rule)| *rule);
    match model.maker {
        Maker::Anthropic => model.find(CLAUDE).unwrap_or(STANDARD),
        Maker::OpenAi => named(OPENAI).unwrap_or(Rule::Tiles { base: 85, tile: 170 }),
        Maker::Google => named(GEMINI).unwrap_or(Rule::Flat(1_120)),
        Maker::Unknown => STANDARD,
    }
}

/// Squares of 28 pixels of a picture that is made as little smaller as it must be.
///
/// The search is the one on the page on coordinates: whole pixels of the long edge, the short one rounded.
fn squares(size: Size, longest: u32, most: u32) -> u32 {
    let count = |size: Size| size.width.div_ceil(28) * size.height.div_ceil(28);
    let fits = |size: Size| {
        size.width.div_ceil(28) * 28 <= longest && size.height.div_ceil(28) * 28 <= longest && count(size) <= most
    };
    if fits(size) {
        return count(size);
    }
    let long = size.width.max(size.height);
    let (mut fitting, mut too_long) = (1, long);
    while too_long - fitting > 1 {
        let middle = fitting + (too_long - fitting) / 2;
        if fits(scaled(size, middle, long)) {
            fitting = middle;
        } else {
            too_long = middle;
        }
    }
    count(scaled(size, fitting, long))
}

/// `size` when an edge of `from` pixels becomes one of `to`; edges are rounded and never nothing.
fn scaled(size: Size, to: u32, from: u32) -> Size {
    let edge = |edge: u32| {
        let twice = 2 * u64::from(edge) * u64::from(to) + u64::from(from);
        u32::try_from(twice / (2 * u64::from(from))).unwrap_or(u32::MAX).max(1)
    };
    Size { width: edge(size.width), height: edge(size.height) }
}

/// `size` with no edge longer than `longest`.
fn fit(size: Size, longest: u32) -> Size {
    let long = size.width.max(size.height);
    if long > longest { scaled(size, longest, long) } else { size }
}

/// `size` with a short edge of at most `shortest`.
fn fit_short(size: Size, shortest: u32) -> Size {
    let short = size.width.min(size.height);
    if short > shortest { scaled(size, shortest, short) } else { size }
}

/// Squares of 32 pixels, of a picture that is made smaller until there are no more than `budget`, and then so that one
/// edge is whole squares.
fn patches(Size { width, height }: Size, budget: u32) -> u32 {
    let whole = width.div_ceil(32) * height.div_ceil(32);
    if whole <= budget {
        return whole;
    }
    let (width, height, budget) = (u64::from(width), u64::from(height), u64::from(budget));
    let across = root(budget * width / height).max(1);
    let down = root(budget * height / width).max(1);
    // The edge that loses more to whole squares says how much smaller the other becomes.
    let count = if across * height <= down * width {
        across * (across * height).div_ceil(width)
    } else {
        down * (down * width).div_ceil(height)
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The whole part of the square root, bit by bit: the standard library's table is faster and weighs 1 KB.
fn root(square: u64) -> u64 {
    let add = |root: u64, bit: u32| {
        let next = root | 1 << bit;
        if next * next <= square { next } else { root }
    };
    (0..u32::BITS).rev().fold(0, add)
}

/// <https://platform.claude.com/docs/en/build-with-claude/vision> and the page on coordinates, read 2026-11-23.
const CLAUDE: &[Row<Rule>] = &[Row { class: None, from: 47, value: Rule::Squares { longest: 2_576, most: 4_784 } }];
const STANDARD: Rule = Rule::Squares { longest: 1_568, most: 1_568 };

/// <https://developers.openai.com/api/docs/guides/images-vision>, read 2026-11-23. Longer names come first.
const OPENAI: &[(&str, Rule)] = &[
    ("gpt-5.6", Rule::Patches { longest: MOST_PIXELS, budget: 30_000, percent: 120 }),
    ("gpt-5.5", Rule::Patches { longest: 2_048, budget: 2_500, percent: 120 }),
    ("gpt-5.4", Rule::Patches { longest: 2_048, budget: 2_500, percent: 120 }),
    ("gpt-5.2", Rule::Patches { longest: 2_048, budget: 1_536, percent: 120 }),
    ("gpt-5-mini", Rule::Patches { longest: 2_048, budget: 1_536, percent: 120 }),
    ("gpt-5-nano", Rule::Patches { longest: 2_048, budget: 1_536, percent: 150 }),
    ("gpt-4.1-mini", Rule::Patches { longest: 2_048, budget: 1_536, percent: 162 }),
    ("gpt-4.1-nano", Rule::Patches { longest: 2_048, budget: 1_536, percent: 246 }),
    ("o4-mini", Rule::Patches { longest: 2_048, budget: 1_536, percent: 172 }),
    ("gpt-5", Rule::Tiles { base: 70, tile: 140 }),
    ("gpt-4o-mini", Rule::Tiles { base: 2_833, tile: 5_667 }),
    ("o1", Rule::Tiles { base: 75, tile: 150 }),
    ("o3", Rule::Tiles { base: 75, tile: 150 }),
];
const TILED_LONGEST: u32 = 2_048;
const TILED_SHORTEST: u32 = 768;
const LOW_PIXELS: u32 = 512;

/// <https://ai.google.dev/gemini-api/docs/tokens> and `/media-resolution`, read 2026-11-23. The older generations
/// have numbers; what is newer is like Gemini 3.
const GEMINI: &[(&str, Rule)] =
    &[("gemini-1", Rule::Crops { tile: 258 }), ("gemini-2", Rule::Crops { tile: 258 }), ("gemma", Rule::Flat(258))];

/// A picture that stands elsewhere, or is of no known format, is taken for one of a megapixel and some: 1,521 tokens
/// of a Claude, near the most of the standard tier.
const UNKNOWN: Size = Size { width: 1_092, height: 1_092 };

const MOST_PIXELS: u32 = 16_384;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Provider;

    fn cost(model: &str, width: u32, height: u32) -> u32 {
        let model = Model::of(Some(model), Provider::Generic);
        tokens(&model, Detail::High, Some(Size { width, height }))
    }

    #[test]
    fn claude_counts_squares_as_published() {
        for (model, width, height, expected) in [
            ("claude-sonnet-4-6", 1_000, 1_000, 1_296),
            ("claude-opus-4-8", 1_000, 1_000, 1_296),
            ("claude-opus-4-8", 3_840, 2_160, 4_784),
            ("claude-sonnet-4-6", 3_840, 2_160, 1_560),
            ("claude-opus-4-8", 1_920, 1_080, 2_691),
            ("claude-sonnet-4-6", 1, 1, 1),
        ] {
            assert_eq!(cost(model, width, height), expected, "{model} {width} × {height}");
        }
    }

    #[test]
    fn the_most_of_a_tier_is_never_passed() {
        for (model, most) in [("claude-sonnet-4-6", 1_568), ("claude-opus-5", 4_784)] {
            for (width, height) in [(1, u32::MAX), (u32::MAX, u32::MAX), (8_000, 7_999), (1_569, 28), (3_000, 2)] {
                let tokens = cost(model, width, height);
                assert!((1..=most).contains(&tokens), "{model} {width} × {height}: {tokens}");
            }
        }
    }

    #[test]
    fn openai_counts_patches_as_published() {
        assert_eq!(cost("gpt-5.4", 2_048, 2_048), 3_000);
        // The worked examples of the guide, 1,024 and 1,452 patches of a model that takes 1,536.
        assert_eq!(patches(Size { width: 1_024, height: 1_024 }, 1_536), 1_024);
        assert_eq!(patches(Size { width: 1_800, height: 2_400 }, 1_536), 1_452);
        assert_eq!(cost("gpt-4.1-mini-2025-04-14", 1_024, 1_024), 1_659);
        let low = tokens(&Model::of(Some("gpt-5.4"), Provider::OpenAi), Detail::Low, Some(UNKNOWN));
        assert_eq!(low, 308);
    }

    #[test]
    fn openai_counts_tiles_as_published() {
        // The worked examples of the guide for GPT-4o.
        assert_eq!(cost("gpt-4o", 1_024, 1_024), 765);
        assert_eq!(cost("gpt-4o-2024-11-20", 2_048, 4_096), 1_105);
        assert_eq!(cost("gpt-5.1", 512, 512), 210);
        let model = Model::of(Some("gpt-4o"), Provider::OpenAi);
        assert_eq!(tokens(&model, Detail::Low, Some(Size { width: 4_096, height: 8_192 })), 85);
    }

    #[test]
    fn gemini_counts_crops_and_its_third_generation_pictures() {
        assert_eq!(cost("gemini-2.5-pro", 384, 384), 258);
        assert_eq!(cost("gemini-2.5-pro", 385, 384), 258);
        assert_eq!(cost("gemini-2.5-flash", 1_536, 769), 1_032);
        assert_eq!(cost("gemini-3-pro", 64, 64), 1_120);
    }

    #[test]
    fn a_picture_elsewhere_has_a_price() {
        assert_eq!(tokens(&Model::of(Some("claude-sonnet-4-6"), Provider::Generic), Detail::High, None), 1_521);
        assert_eq!(tokens(&Model::of(Some("llama"), Provider::Generic), Detail::High, None), 1_521);
    }
}
