//! What a call is charged: before it is sent, and after its answer.

use super::charging::{CacheReads, Charging, Output, charging};
use super::ticket::Call;
use crate::cost::{Cost, Dimension};
use crate::forecast::{Forecasts, clamp_to_u32};
use crate::ledger::Ledger;
use crate::provider::Provider;
use crate::request::CHARACTERS_PER_TOKEN;
use crate::usage::Usage;

/// What a call takes from its scope, as far as is known now.
pub(super) fn cost_of(call: &Call, cost: Cost, forecasts: &Forecasts, ledger: &Ledger) -> Cost {
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
    let (input_tokens, output_tokens) = match output {
        Output::LargerOfMaximumAndInput => {
            // The rule, and not the truth: the larger of the two counts, as the sum of the two parts here.
            let input = by_characters(call);
            (input, call.max_tokens.map_or_else(|| forecast().min(beside(input)), |most| most.saturating_sub(input)))
        }
        Output::Maximum => {
            let input = fits_in_all(if settles { forecasts.input_tokens(&call.subject) } else { estimate(call) });
            (input, call.max_tokens.unwrap_or_else(|| forecast().min(beside(input))))
        }
        Output::Nothing if ledger.burst(Dimension::OutputTokens).is_none() => {
            (fits_in_all(forecasts.input_tokens(&call.subject)), 0)
        }
        Output::AsProduced | Output::Nothing => {
            let input = fits_in_all(forecasts.input_tokens(&call.subject));
            (input, forecast().min(beside(input)))
        }
    };
    Cost { input_tokens, output_tokens, ..cost }
}

/// The part of a call's cost that stands in the request itself. Forecasts are not certain, and refuse nothing.
pub(super) fn certain(call: &Call) -> Cost {
    if !call.counts_tokens {
        return Cost::REQUEST;
    }
    let most = call.max_tokens.unwrap_or(0);
    let (input_tokens, output_tokens) = match charging(call.provider).output {
        Output::LargerOfMaximumAndInput => (by_characters(call), most.saturating_sub(by_characters(call))),
        Output::Maximum => (estimate(call), most),
        Output::AsProduced | Output::Nothing => (estimate(call), 0),
    };
    Cost { input_tokens, output_tokens, ..Cost::REQUEST }
}

/// Model tokens that the request's own text lets expect.
fn estimate(call: &Call) -> u32 {
    clamp_to_u32(call.subject.input.tokens())
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

#[cfg(test)]
mod tests {
    use super::super::charging::ModelTerms;
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
            terms: ModelTerms::of("claude-sonnet-5"),
            max_tokens: Some(4_000),
            counts_tokens: true,
            idempotent: false,
            replayable: true,
            previous_delay: Duration::ZERO,
        }
    }

    fn reserved_by(call: &Call) -> Cost {
        cost_of(call, Cost::REQUEST, &Forecasts::default(), &Ledger::default())
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
        let limited = cost_of(&call(Provider::Gemini), Cost::REQUEST, &Forecasts::default(), &own);
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
            assert_eq!(tokens(certain(&call)), (100, 0), "{}", provider.name());
            let quota = Quota::new(500, Duration::MINUTE);
            let limits = [Dimension::InputTokens, Dimension::OutputTokens, Dimension::TotalTokens];
            let ledger = Ledger::new(limits.map(|dimension| Limit::new(dimension, quota, Origin::Configured)));
            let cost = cost_of(&call, Cost::REQUEST, &Forecasts::default(), &ledger);
            assert_eq!(ledger.impossible(cost), None, "{}: {cost:?}", provider.name());
        }
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
