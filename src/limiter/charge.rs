//! What a call is charged: before it is sent, and after its answer.

use super::ticket::Call;
use crate::cost::{Cost, Dimension};
use crate::forecast::clamp_to_u32;
use crate::provider::Provider;
use crate::request;
use crate::scope::Scope;
use crate::usage::Usage;

/// How a provider counts the model tokens that are still to be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Charging {
    /// As they appear; the maximum of a request plays no part.
    AsProduced,
    /// The maximum of a request at its admission.
    Reserved,
}

/// Sources, read 2026-11-23: <https://platform.claude.com/docs/en/api/rate-limits>,
/// <https://developers.openai.com/api/docs/guides/rate-limits>, the quota pages of Azure OpenAI, Amazon Bedrock and Cerebras.
const fn charging(provider: Provider) -> Charging {
    if matches!(provider, Provider::OpenAi | Provider::AzureOpenAi | Provider::Bedrock | Provider::Cerebras) {
        Charging::Reserved
    } else {
        Charging::AsProduced
    }
}

/// Whether model tokens that are read from the provider's cache do not count.
pub(super) const fn reads_are_free(call: &Call) -> bool {
    matches!(charging(call.provider), Charging::AsProduced)
}

/// What a call takes from its scope, as far as is known now. `readable` of its estimate will come from a cache.
pub(super) fn cost_of(call: &Call, cost: Cost, readable: u32, scope: &Scope) -> Cost {
    if !call.counts_tokens {
        return cost;
    }
    let most = call.max_tokens.map(u64::from);
    let estimate = u64::from(call.estimate);
    let (input_tokens, output_tokens) = match charging(call.provider) {
        Charging::Reserved => {
            // The larger of the maximum and the estimate from characters counts, as the sum of the two parts here.
            let output = most
                .map_or_else(|| u64::from(scope.forecast.output_tokens(None)), |most| most.saturating_sub(estimate));
            (call.estimate, clamp_to_u32(output))
        }
        Charging::AsProduced => {
            let fitted = |tokens: u32, dimension| {
                scope.ledger.burst(dimension).map_or(tokens, |burst| tokens.min(clamp_to_u32(burst)))
            };
            let input = fitted(
                scope.forecast.input_tokens(estimate.saturating_sub(u64::from(readable))),
                Dimension::InputTokens,
            );
            let input = fitted(input, Dimension::TotalTokens);
            let output = fitted(scope.forecast.output_tokens(most), Dimension::OutputTokens);
            let room = scope.ledger.burst(Dimension::TotalTokens).map_or(u32::MAX, clamp_to_u32) - input;
            (input, output.min(room))
        }
    };
    Cost { input_tokens, output_tokens, ..cost }
}

/// The part of `cost` that stands in the request itself. The forecasts of a scope are not certain, and refuse nothing.
pub(super) const fn certain(call: &Call, cost: Cost) -> Cost {
    match charging(call.provider) {
        Charging::Reserved => cost,
        Charging::AsProduced if call.counts_tokens => Cost { input_tokens: call.estimate, ..Cost::REQUEST },
        Charging::AsProduced => Cost::REQUEST,
    }
}

/// Model tokens that a request had the model read, wherever they came from: what its text let expect.
pub(super) fn whole_prompt(usage: &Usage) -> Option<u64> {
    let cached = [usage.cache_creation_input_tokens, usage.cache_read_input_tokens];
    let cached: u64 = cached.into_iter().flatten().sum();
    usage.input_tokens.map(|input| input.saturating_add(cached))
}

/// What a served request is charged.
pub(super) fn charged(call: &Call, reserved: Cost, usage: &Usage, complete: bool) -> Cost {
    if charging(call.provider) == Charging::Reserved {
        // What was reserved at admission is not refunded, as far as is documented.
        return reserved;
    }
    let input = usage.input_tokens.map(|input| {
        // Tokens read from a cache are free of the limit, tokens written to it are not.
        clamp_to_u32(input.saturating_add(usage.cache_creation_input_tokens.unwrap_or(0)))
    });
    // The usage of a cut stream may be an early one; what passed since is told by its characters.
    let seen = clamp_to_u32(usage.output_characters.div_ceil(request::CHARACTERS_PER_TOKEN));
    let output = match (usage.output_tokens.map(clamp_to_u32), complete) {
        (Some(output), true) => output,
        (None, true) => reserved.output_tokens,
        (stated, false) => stated.unwrap_or(0).max(seen),
    };
    Cost { input_tokens: input.unwrap_or(reserved.input_tokens), output_tokens: output, ..reserved }
}

/// What a running answer needs beyond what is `reserved` for it, with as much again as an eighth to come.
pub(super) fn overrun(call: &Call, reserved: Cost, output_characters: u64) -> Option<Cost> {
    let written = clamp_to_u32(output_characters / request::CHARACTERS_PER_TOKEN);
    let is_over = charging(call.provider) == Charging::AsProduced && written > reserved.output_tokens;
    let output_tokens = (written / 8).saturating_add(written.saturating_sub(reserved.output_tokens));
    is_over.then_some(Cost { output_tokens, ..Cost::default() })
}

/// A failed request counts as a request; its tokens were not used.
pub(super) const fn without_tokens(reserved: Cost) -> Cost {
    Cost { input_tokens: 0, output_tokens: 0, ..reserved }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;

    fn call(provider: Provider) -> Call {
        Call {
            provider,
            estimate: 100,
            max_tokens: Some(4_000),
            counts_tokens: true,
            idempotent: false,
            replayable: true,
            previous_delay: Duration::ZERO,
            follows: false,
            is_impatient: false,
            prompt: Call::NO_PROMPT,
        }
    }

    fn tokens(cost: Cost) -> (u32, u32) {
        (cost.input_tokens, cost.output_tokens)
    }

    #[test]
    fn the_maximum_counts_where_the_provider_counts_it() {
        let scope = Scope::default();
        assert_eq!(tokens(cost_of(&call(Provider::OpenAi), Cost::REQUEST, 0, &scope)), (100, 3_900));
        let claude = cost_of(&call(Provider::Anthropic), Cost::REQUEST, 0, &scope);
        assert!(claude.output_tokens < 4_000, "{claude:?}");
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
        assert_eq!(tokens(charged(&call(Provider::Anthropic), reserved, &usage, true)), (310, 7));
        assert_eq!(whole_prompt(&usage), Some(5_310));
    }

    #[test]
    fn a_cut_stream_is_charged_what_passed() {
        let usage = Usage { output_tokens: Some(1), output_characters: 80, ..Usage::default() };
        let reserved = Cost { input_tokens: 100, output_tokens: 50, ..Cost::REQUEST };
        assert_eq!(tokens(charged(&call(Provider::Anthropic), reserved, &usage, false)), (100, 20));
        assert_eq!(tokens(charged(&call(Provider::Anthropic), reserved, &Usage::default(), true)), (100, 50));
    }

    #[test]
    fn an_answer_that_outgrows_its_reservation_is_charged_as_it_grows() {
        let reserved = Cost { output_tokens: 50, ..Cost::REQUEST };
        assert_eq!(overrun(&call(Provider::Anthropic), reserved, 200), None);
        let more = overrun(&call(Provider::Anthropic), reserved, 320).expect("80 tokens");
        assert_eq!((more.requests, more.output_tokens), (0, 40));
        assert_eq!(overrun(&call(Provider::OpenAi), reserved, 4_000), None);
    }

    #[test]
    fn what_was_reserved_by_rule_is_not_refunded() {
        let usage = Usage { input_tokens: Some(1), output_tokens: Some(1), ..Usage::default() };
        let reserved = Cost { input_tokens: 100, output_tokens: 3_900, ..Cost::REQUEST };
        assert_eq!(charged(&call(Provider::OpenAi), reserved, &usage, true), reserved);
    }
}
