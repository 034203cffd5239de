//! Laws of the reader of response bodies.

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate::usage::{Format, Usage, UsageReader};

use crate::samples::SAMPLES;

/// Reads `body` cut into pieces whose lengths are `cuts`, over and over.
fn read(format: Format, body: &[u8], cuts: &[usize]) -> Usage {
    let mut reader = UsageReader::new(format);
    let mut rest = body;
    for &cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, tail) = rest.split_at(cut.min(rest.len()));
        reader.feed(piece);
        rest = tail;
    }
    reader.usage()
}

fn format() -> impl Strategy<Value = Format> {
    prop_oneof![Just(Format::Json), Just(Format::Sse)]
}

#[test]
fn every_sample_says_its_usage() {
    for sample in SAMPLES {
        let body = sample.body.as_bytes();
        assert_eq!(read(sample.format, body, &[body.len()]), sample.usage, "{}", sample.name);
    }
}

#[test]
fn every_sample_says_the_same_cut_in_two_anywhere() {
    for sample in SAMPLES {
        let body = sample.body.as_bytes();
        for cut in 1..body.len() {
            let usage = read(sample.format, body, &[cut, body.len()]);
            assert_eq!(usage, sample.usage, "{} cut at {cut}", sample.name);
        }
    }
}

proptest! {
    #[test]
    fn every_sample_says_the_same_in_pieces_of_any_size(
        sample in 0..SAMPLES.len(),
        cuts in vec(1..20_usize, 1..30),
    ) {
        let sample = &SAMPLES[sample];
        prop_assert_eq!(read(sample.format, sample.body.as_bytes(), &cuts), sample.usage, "{}", sample.name);
    }

    #[test]
    fn a_damaged_sample_says_the_same_in_pieces_of_any_size(
        sample in 0..SAMPLES.len(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        format in format(),
        cuts in vec(1..9_usize, 1..10),
    ) {
        let mut body = SAMPLES[sample].body.as_bytes().to_vec();
        for (place, byte) in damage {
            let place = place.index(body.len());
            body[place] = byte;
        }
        prop_assert_eq!(read(format, &body, &cuts), read(format, &body, &[body.len()]));
    }

    #[test]
    fn any_bytes_are_read_without_panic_and_alike_in_pieces(
        format in format(),
        body in vec(prop_oneof![any::<u8>(), prop::sample::select(&b"{}[]\",:\\u0d8\r\ndat usge1"[..])], 0..200),
        cuts in vec(1..9_usize, 1..10),
    ) {
        prop_assert_eq!(read(format, &body, &cuts), read(format, &body, &[body.len().max(1)]));
    }

    #[test]
    fn usage_that_a_model_writes_is_never_believed(
        keys in vec("usage|message|response|usageMetadata|input_tokens|prompt_tokens|delta|error|[a-z]{1,4}", 1..8),
        number in 0..1_000_u32,
    ) {
        // A tool input of any shape, in a body that also states its usage.
        let mut input = number.to_string();
        for key in keys.iter().rev() {
            input = format!("{{\"{key}\":{input}}}");
        }
        let body = format!(r#"{{"usage":{{"input_tokens":5000}},"content":[{{"type":"tool_use","input":{input}}}]}}"#);
        let usage = read(Format::Json, body.as_bytes(), &[body.len()]);
        prop_assert_eq!(usage, Usage { input_tokens: Some(5_000), ..Usage::default() });
    }
}
