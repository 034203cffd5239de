//! What a call is charged: before it is sent, and after its answer.

use super::charging::{CacheReads, Charging, Output, charging};
use super::ticket::Call;
use crate::cost::{Cost, Dimension};
use crate::forecast::{Forecasts, clamp_to_u32};
use crate::ledger::Ledger;
use crate::provider::Provider;
use crate::request::CHARACTERS_PER_TOKEN;
use crate::tokens::Tokenizer;
use crate::usage::Usage;

/// Whether model tokens that are read from the provider's cache do not count, neither at admission nor later.
pub(super) const fn reads_are_free(call: &Call) -> bool {
    let Charging { output, cache_reads, .. } = charging(call.provider);
    let are_free = match cache_reads {
        CacheReads::Count => false,
        CacheReads::AreFree => true,
        CacheReads::AreFreeForMost => !call.terms.counts_cache_reads,
    };
    // Where the maximum is reserved, what may be read from a cache is reserved too.
    are_free && matches!(output, Output::AsProduced | Output::Nothing)
}

/// Whether the output of a call is charged as it is produced.
pub(super) const fn is_charged_late(call: &Call) -> bool {
    matches!(charging(call.provider).output, Output::AsProduced)
}

/// What a call takes from its scope, as far as is known now. `readable` model tokens of its estimate will come from a cache
/// whose reads are free.
pub(super) fn cost_of(call: &Call, cost: Cost, readable: u32, forecasts: &Forecasts, ledger: &Ledger) -> Cost {
    if !call.counts_tokens {
        return cost;
    }
    let Charging { output, settles, .. } = charging(call.provider);
    let most = call.max_tokens.map(u64::from);
    let fitted =
        |tokens: u32, dimension| ledger.burst(dimension).map_or(tokens, |burst| tokens.min(clamp_to_u32(burst)));
    let fits_in_all = |tokens: u32| fitted(fitted(tokens, Dimension::InputTokens), Dimension::TotalTokens);
    // What is left of a limit on both together. A forecast refuses nothing, so what exceeds a limit is cut.
    let beside = |input: u32| ledger.burst(Dimension::TotalTokens).map_or(u32::MAX, clamp_to_u32).saturating_sub(input);
    let forecast = || fitted(forecasts.output_tokens(&call.subject, most), Dimension::OutputTokens);
    let expected = || match call.known.counted {
        Some(counted) => counted.saturating_add(UNCOUNTED),
        None => forecasts.input_tokens(&call.subject),
    };
    let input_tokens = call.known.input.unwrap_or_else(|| match output {
        // The rule, and not the truth: the larger of the two counts, as the sum of the two parts here.
        Output::LargerOfMaximumAndInput => by_characters(call),
        Output::Maximum if !settles && call.known.counted.is_none() => fits_in_all(estimate(call)),
        Output::Maximum => fits_in_all(expected()),
        Output::AsProduced | Output::Nothing => fits_in_all(unread(call, expected(), readable)),
    });
    let likely = || forecast().min(beside(input_tokens));
    let output_tokens = call.known.output.unwrap_or_else(|| match (output, call.max_tokens) {
        (Output::LargerOfMaximumAndInput, Some(most)) => most.saturating_sub(input_tokens),
        (Output::Maximum, Some(most)) => most,
        (Output::Nothing, _) if ledger.burst(Dimension::OutputTokens).is_none() => 0,
        _ => likely(),
    });
    Cost { input_tokens, output_tokens, ..cost }
}

/// What is left of `input` tokens when `readable` of the call's estimate are not counted.
fn unread(call: &Call, input: u32, readable: u32) -> u32 {
    let estimate = u64::from(estimate(call)).max(1);
    let rest = estimate.saturating_sub(u64::from(readable));
    clamp_to_u32((u64::from(input) * rest).div_ceil(estimate))
}

/// The part of a call's cost that stands in the request itself, or was stated or counted. Forecasts are not certain, and
/// refuse nothing.
pub(super) fn certain(call: &Call, cost: Cost, readable: u32) -> Cost {
    if !call.counts_tokens {
        return cost;
    }
    let output = charging(call.provider).output;
    let prompt = || call.known.counted.unwrap_or_else(|| at_least(call));
    let input_tokens = call.known.input.unwrap_or_else(|| match output {
        Output::LargerOfMaximumAndInput => by_characters(call),
        Output::Maximum => prompt(),
        Output::AsProduced | Output::Nothing => unread(call, prompt(), readable),
    });
    let most = call.max_tokens.unwrap_or(0);
    let output_tokens = call.known.output.unwrap_or(match output {
        Output::LargerOfMaximumAndInput => most.saturating_sub(input_tokens),
        Output::Maximum => most,
        Output::AsProduced | Output::Nothing => 0,
    });
    Cost { input_tokens, output_tokens, ..cost }
}

/// Whether what `provider` takes at admission depends on how many model tokens the prompt has, and not on its characters.
pub(super) const fn depends_on_prompt(provider: Provider) -> bool {
    !matches!(charging(provider).output, Output::LargerOfMaximumAndInput)
}

/// Model tokens that the request's own text lets expect.
fn estimate(call: &Call) -> u32 {
    clamp_to_u32(call.subject.input.tokens())
}

/// Model tokens that the request has even if the estimate is too high: a request that may fit is not refused for an
/// estimate, and its server has the last word. Single texts in rare scripts are off by as much.
fn at_least(call: &Call) -> u32 {
    let input = &call.subject.input;
    let text = input.text.tokens();
    let doubt = if input.tokenizer == Tokenizer::Unknown { text / 2 } else { text / 6 };
    let fixed = if input.has_unknown_parts { 0 } else { u64::from(input.fixed) };
    clamp_to_u32(text - doubt + fixed)
}

/// Model tokens as OpenAI estimates them at admission: by the characters alone. Of a body that was not read, its length
/// says how many there are.
fn by_characters(call: &Call) -> u32 {
    let input = &call.subject.input;
    let text = clamp_to_u32(u64::from(input.characters).div_ceil(CHARACTERS_PER_TOKEN));
    if input.characters == 0 { estimate(call) } else { text }
}

/// Model tokens that a request had the model read, wherever they came from: what its text let expect.
pub(super) fn whole_prompt(usage: &Usage) -> Option<u64> {
    let cached = [usage.cache_creation_input_tokens, usage.cache_read_input_tokens];
    let cached: u64 = cached.into_iter().flatten().sum();
    usage.input_tokens.map(|input| input.saturating_add(cached))
}

/// What a served request is charged. An answer that was cut is so `cut_after` as many tokens as the characters that passed
/// let expect.
pub(super) fn charged(call: &Call, reserved: Cost, usage: &Usage, cut_after: Option<u32>) -> Cost {
    let Charging { output, settles, cache_reads, .. } = charging(call.provider);
    if !settles {
        return reserved;
    }
    let reads_count = match cache_reads {
        CacheReads::Count => true,
        CacheReads::AreFree => false,
        CacheReads::AreFreeForMost => call.terms.counts_cache_reads,
    };
    let input = usage.input_tokens.map(|input| {
        let written = usage.cache_creation_input_tokens.unwrap_or(0);
        let read = usage.cache_read_input_tokens.filter(|_| reads_count).unwrap_or(0);
        clamp_to_u32(input.saturating_add(written).saturating_add(read))
    });
    let stated = usage.output_tokens.map(clamp_to_u32);
    // The usage of a cut stream may be an early one; what passed since is told by its characters.
    let produced = cut_after.map(|seen| stated.unwrap_or(0).max(seen)).or(stated);
    let each = if call.provider == Provider::Bedrock { u32::from(call.terms.burndown) } else { 1 };
    // Where output is free, nothing was reserved for it, unless the user limits it himself.
    let is_free = output == Output::Nothing && reserved.output_tokens == 0;
    let output_tokens = produced.map_or(reserved.output_tokens, |produced| produced.saturating_mul(each));
    Cost {
        input_tokens: input.unwrap_or(reserved.input_tokens),
        output_tokens: if is_free { 0 } else { output_tokens },
        ..reserved
    }
}

/// What a running answer of `written` tokens needs beyond what is `reserved` for it, with an eighth to come.
pub(super) const fn overrun(call: &Call, reserved: Cost, written: u32) -> Option<Cost> {
    if !matches!(charging(call.provider).output, Output::AsProduced) || written <= reserved.output_tokens {
        return None;
    }
    let output_tokens = (written / 8).saturating_add(written - reserved.output_tokens);
    Some(Cost { requests: 0, input_tokens: 0, output_tokens, custom: 0 })
}

/// What a request that was refused for its rate is charged.
pub(super) fn refused(call: &Call) -> Cost {
    if call.counts_tokens && charging(call.provider).failures_count { Cost::REQUEST } else { Cost::default() }
}

/// What a request is charged that failed on the server. Its tokens were not used, and come back where anything does.
pub(super) const fn failed(call: &Call, reserved: Cost) -> Cost {
    if call.counts_tokens && charging(call.provider).failures_count { reserved } else { without_tokens(reserved) }
}

/// A failed request counts as a request; its tokens were not used.
pub(super) const fn without_tokens(reserved: Cost) -> Cost {
    Cost { input_tokens: 0, output_tokens: 0, ..reserved }
}

/// A provider's own count is off by a few tokens: "The token count should be considered an estimate. In some cases, the
/// actual number of input tokens used when creating a message may differ by a small amount",
/// <https://platform.claude.com/docs/en/build-with-claude/token-counting> (read 2026-11-26).
const UNCOUNTED: u32 = 8;

#[cfg(test)]
mod tests {
    use super::super::charging::ModelTerms;
    use super::super::ticket::Known;
    use super::*;
    use crate::forecast::Subject;
    use crate::ledger::{Limit, Origin};
    use crate::quota::Quota;
    use crate::request::InputEstimate;
    use crate::time::Duration;
    use crate::tokens::Groups;

    fn call(provider: Provider) -> Call {
        let mut text = Groups::default();
        text.0[0] = 16 * 100;
        let input = InputEstimate { text, characters: 400, ..InputEstimate::default() };
        Call {
            provider,
            subject: Subject { input, ..Subject::default() },
            known: Known::default(),
            terms: ModelTerms::of("claude-sonnet-5"),
            max_tokens: Some(4_000),
            counts_tokens: true,
            idempotent: false,
            replayable: true,
            previous_delay: Duration::ZERO,
            excused: 0,
            follows: None,
            patience: Call::PATIENCE,
            prompt: Call::NO_PROMPT,
        }
    }

    fn reserved_by(call: &Call) -> Cost {
        cost_of(call, Cost::REQUEST, 0, &Forecasts::default(), &Ledger::default())
    }

    fn tokens(cost: Cost) -> (u32, u32) {
        (cost.input_tokens, cost.output_tokens)
    }

    #[test]
    fn the_maximum_counts_where_the_provider_counts_it() {
        assert_eq!(tokens(reserved_by(&call(Provider::OpenAi))), (100, 3_900));
        assert_eq!(tokens(reserved_by(&call(Provider::AzureOpenAi))), (100, 4_000));
        let (input, output) = tokens(reserved_by(&call(Provider::Bedrock)));
        assert!((101..200).contains(&input) && output == 4_000, "{input} and {output}");
        let claude = reserved_by(&call(Provider::Anthropic));
        assert!(claude.output_tokens < 4_000, "{claude:?}");
        assert_eq!(reserved_by(&call(Provider::Gemini)).output_tokens, 0);
    }

    #[test]
    fn tokens_from_a_cache_are_free_and_tokens_into_it_are_not() {
        let usage = Usage {
            input_tokens: Some(10),
            cache_creation_input_tokens: Some(300),
            cache_read_input_tokens: Some(5_000),
            output_tokens: Some(7),
            ..Usage::default()
        };
        let reserved = Cost { input_tokens: 100, output_tokens: 50, ..Cost::REQUEST };
        assert_eq!(tokens(charged(&call(Provider::Anthropic), reserved, &usage, None)), (310, 7));
        assert_eq!(whole_prompt(&usage), Some(5_310));
    }

    #[test]
    fn cached_prompts_are_left_out_only_where_they_never_count() {
        let oldest = Call { terms: ModelTerms::of("claude-3-5-haiku-20241022"), ..call(Provider::Anthropic) };
        assert!(reads_are_free(&call(Provider::Anthropic)) && !reads_are_free(&oldest));
        assert!(reads_are_free(&call(Provider::Groq)));
        // Bedrock and Cerebras reserve them all the same, and give them back later.
        for provider in [Provider::OpenAi, Provider::XAi, Provider::Bedrock, Provider::Cerebras] {
            assert!(!reads_are_free(&call(provider)), "{}", provider.name());
        }
    }

    #[test]
    fn what_is_guessed_makes_no_call_impossible() {
        let mut call = call(Provider::Anthropic);
        (call.subject.input.tokenizer, call.subject.input.fixed) = (Tokenizer::Claude47, 1_000);
        assert_eq!(certain(&call, Cost::REQUEST, 0).input_tokens, 84 + 1_000);
        call.subject.input.has_unknown_parts = true;
        assert_eq!(certain(&call, Cost::REQUEST, 0).input_tokens, 84);
    }

    #[test]
    fn a_cut_stream_is_charged_what_passed() {
        let usage = Usage { output_tokens: Some(1), ..Usage::default() };
        let reserved = Cost { input_tokens: 100, output_tokens: 50, ..Cost::REQUEST };
        assert_eq!(tokens(charged(&call(Provider::Anthropic), reserved, &usage, Some(20))), (100, 20));
        assert_eq!(tokens(charged(&call(Provider::Anthropic), reserved, &Usage::default(), None)), (100, 50));
    }

    #[test]
    fn an_answer_that_outgrows_its_reservation_is_charged_as_it_grows() {
        let reserved = Cost { output_tokens: 50, ..Cost::REQUEST };
        assert_eq!(overrun(&call(Provider::Anthropic), reserved, 50), None);
        let more = overrun(&call(Provider::Anthropic), reserved, 80).expect("30 more, and 10 to come");
        assert_eq!((more.requests, more.output_tokens), (0, 40));
        assert_eq!(overrun(&call(Provider::OpenAi), reserved, 1_000), None);
    }

    #[test]
    fn what_was_reserved_by_rule_is_not_refunded() {
        let usage = Usage { input_tokens: Some(1), output_tokens: Some(1), ..Usage::default() };
        let reserved = Cost { input_tokens: 100, output_tokens: 3_900, ..Cost::REQUEST };
        assert_eq!(charged(&call(Provider::OpenAi), reserved, &usage, None), reserved);
    }

    fn named(provider: Provider, model: &str) -> Call {
        Call { terms: ModelTerms::of(model), ..call(provider) }
    }

    const CACHED: Usage = Usage {
        input_tokens: Some(10),
        cache_creation_input_tokens: Some(300),
        cache_read_input_tokens: Some(5_000),
        output_tokens: Some(7),
        total_tokens: None,
        output_characters: 0,
        error: None,
    };

    #[test]
    fn what_is_charged_in_the_end_is_what_the_provider_says() {
        let reserved = Cost { input_tokens: 100, output_tokens: 50, ..Cost::REQUEST };
        for (provider, model, expected) in [
            (Provider::Anthropic, "claude-haiku-4-5", (310, 7)),
            (Provider::Anthropic, "claude-3-5-haiku-20241022", (5_310, 7)),
            (Provider::Vertex, "claude-sonnet-5", (310, 7)),
            (Provider::Groq, "gpt-oss", (310, 7)),
            (Provider::XAi, "grok-5", (5_310, 7)),
            (Provider::Bedrock, "us.anthropic.claude-sonnet-5-v1:0", (310, 70)),
            (Provider::Bedrock, "anthropic.claude-opus-4-8-v1:0", (310, 105)),
            (Provider::Bedrock, "amazon.nova-pro-v1:0", (310, 7)),
            (Provider::Anthropic, "claude-opus-4-8", (310, 7)),
            (Provider::Cerebras, "gpt-oss", (310, 7)),
            (Provider::AzureOpenAi, "gpt-5.6", (100, 50)),
            (Provider::OpenAi, "gpt-5.6", (100, 50)),
        ] {
            let charged = charged(&named(provider, model), reserved, &CACHED, None);
            assert_eq!(tokens(charged), expected, "{model} of {}", provider.name());
        }
    }

    #[test]
    fn output_that_is_free_is_taken_only_from_a_limit_of_the_users_own() {
        let free = Cost { input_tokens: 100, ..Cost::REQUEST };
        assert_eq!(tokens(charged(&call(Provider::Gemini), free, &CACHED, None)), (5_310, 0));
        let quota = Quota::new(10_000, Duration::MINUTE);
        let own = Ledger::new([Limit::new(Dimension::OutputTokens, quota, Origin::Configured)]);
        let limited = cost_of(&call(Provider::Gemini), Cost::REQUEST, 0, &Forecasts::default(), &own);
        assert!(limited.output_tokens > 0);
        assert_eq!(tokens(charged(&call(Provider::Gemini), limited, &CACHED, None)), (5_310, 7));
    }

    #[test]
    fn openai_is_reserved_what_it_counts_by_characters_and_not_what_is_true() {
        let mut openai = call(Provider::OpenAi);
        openai.subject.input.text.0[0] = 16 * 900;
        assert_eq!(tokens(reserved_by(&openai)), (100, 3_900));
        openai.max_tokens = Some(20);
        assert_eq!(tokens(reserved_by(&openai)), (100, 0));
        openai.subject.input.characters = 0;
        assert_eq!(tokens(reserved_by(&openai)), (900, 0));
    }

    #[test]
    fn a_forecast_is_never_what_makes_a_call_impossible() {
        for provider in Provider::ALL {
            let call = Call { max_tokens: None, ..call(provider) };
            // By whose weights the text was counted is unknown; its characters are not.
            let least = if provider == Provider::OpenAi { 100 } else { 50 };
            assert_eq!(tokens(certain(&call, Cost::REQUEST, 0)), (least, 0), "{}", provider.name());
            let quota = Quota::new(500, Duration::MINUTE);
            let limits = [Dimension::InputTokens, Dimension::OutputTokens, Dimension::TotalTokens];
            let ledger = Ledger::new(limits.map(|dimension| Limit::new(dimension, quota, Origin::Configured)));
            let cost = cost_of(&call, Cost::REQUEST, 0, &Forecasts::default(), &ledger);
            assert_eq!(ledger.impossible(cost), None, "{}: {cost:?}", provider.name());
        }
    }

    #[test]
    fn what_the_provider_counted_is_reserved_without_a_margin() {
        let known = Known { counted: Some(1_000), ..Known::default() };
        for provider in [Provider::Anthropic, Provider::Gemini, Provider::Bedrock, Provider::AzureOpenAi] {
            let call = Call { known, ..call(provider) };
            let exactly = cost_of(&call, Cost::REQUEST, 0, &Forecasts::default(), &Ledger::default());
            assert_eq!(exactly.input_tokens, 1_008, "{}", provider.name());
            assert_eq!(certain(&call, Cost::REQUEST, 0).input_tokens, 1_000, "{}", provider.name());
        }
        // A quarter of the estimate will be read from the cache, and so will a quarter of what was counted.
        let call = Call { known, ..call(Provider::Anthropic) };
        let cost = cost_of(&call, Cost::REQUEST, 25, &Forecasts::default(), &Ledger::default());
        assert_eq!((cost.input_tokens, certain(&call, Cost::REQUEST, 25).input_tokens), (756, 750));
    }

    #[test]
    fn what_is_stated_takes_the_place_of_what_is_expected_and_is_settled_like_it() {
        let known = Known { input: Some(7_000), output: Some(60), counted: None };
        let usage = Usage { input_tokens: Some(6_000), output_tokens: Some(70), ..Usage::default() };
        for provider in Provider::ALL {
            let call = Call { known, ..call(provider) };
            let cost =
                cost_of(&call, Cost { custom: 3, ..Cost::REQUEST }, 10, &Forecasts::default(), &Ledger::default());
            assert_eq!((tokens(cost), cost.custom), ((7_000, 60), 3), "{}", provider.name());
            assert_eq!(tokens(certain(&call, Cost::REQUEST, 10)), (7_000, 60), "{}", provider.name());
        }
        let call = Call { known, ..call(Provider::Anthropic) };
        let reserved =
            cost_of(&call, Cost { custom: 3, ..Cost::REQUEST }, 0, &Forecasts::default(), &Ledger::default());
        let charged = charged(&call, reserved, &usage, None);
        assert_eq!((tokens(charged), charged.custom), ((6_000, 70), 3));
    }

    #[test]
    fn failures_are_charged_where_they_count() {
        let reserved = Cost { input_tokens: 100, output_tokens: 3_900, ..Cost::REQUEST };
        assert_eq!(failed(&call(Provider::OpenAi), reserved), reserved);
        assert_eq!(refused(&call(Provider::OpenAi)), Cost::REQUEST);
        assert_eq!(failed(&call(Provider::Anthropic), reserved), Cost::REQUEST);
        assert_eq!(refused(&call(Provider::Anthropic)), Cost::default());
    }
}
