//! Laws of the reader of response bodies.

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate::usage::{Format, Usage, UsageReader};

use crate::samples::{SAMPLES, Sample};

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
    prop_oneof![Just(Format::Json), Just(Format::Sse), Just(Format::Aws)]
}

/// A message of an event stream of AWS, with sums that nobody looks at.
fn message(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let all = 16 + headers.len() as u32 + payload.len() as u32;
    let lengths = [all.to_be_bytes(), (headers.len() as u32).to_be_bytes(), *b"sum!"].concat();
    [&lengths, headers, payload, b"sum!"].concat()
}

fn header(name: &str, value: &str) -> Vec<u8> {
    let length = (value.len() as u16).to_be_bytes();
    [&[name.len() as u8], name.as_bytes(), &[7], &length, value.as_bytes()].concat()
}

/// The payload of a stream of InvokeModel.
fn carried(json: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = br#"{"bytes":""#.to_vec();
    for chunk in json.as_bytes().chunks(3) {
        let group = (0..3).fold(0_u32, |group, place| group << 8 | u32::from(*chunk.get(place).unwrap_or(&0)));
        let digits = (0..=chunk.len()).map(|place| ALPHABET[(group >> (18 - 6 * place) & 63) as usize]);
        text.extend(digits.chain(std::iter::repeat(b'=')).take(4));
    }
    text.extend_from_slice(br#"","p":"abc"}"#);
    text
}

/// The JSON texts of a sample, as the messages of a stream of AWS.
fn as_messages(sample: &Sample, wrapped: bool) -> Vec<u8> {
    let event = header(":event-type", "chunk");
    let texts: Vec<&str> = match sample.format {
        Format::Sse => sample.body.lines().filter_map(|line| line.strip_prefix("data: ")).collect(),
        Format::Json | Format::Aws => vec![sample.body],
    };
    let payload = |text: &&str| if wrapped { carried(text) } else { text.as_bytes().to_vec() };
    texts.iter().flat_map(|text| message(&event, &payload(text))).collect()
}

/// Whether each event of the sample is one JSON text: then it says the same as messages of AWS.
fn is_plain(sample: &Sample) -> bool {
    let body = sample.body.replace("\r\n", "\n");
    let is_one_text = |event: &str| {
        let texts = event.lines().filter(|line| line.starts_with("data: ")).count();
        let others = event.lines().filter(|line| !line.starts_with("data: ") && !line.starts_with("event: "));
        texts == 1 && others.count() == 0 && !event.contains("event: error")
    };
    let mut events = body.split_terminator("\n\n");
    sample.format == Format::Json || (body.ends_with("\n\n") && !body.contains('\r') && events.all(is_one_text))
}

#[test]
fn every_sample_says_its_usage_also_in_messages_of_aws_bare_and_wrapped() {
    let plain: Vec<_> = SAMPLES.iter().filter(|sample| is_plain(sample)).collect();
    assert!(plain.len() > SAMPLES.len() / 2);
    for sample in plain {
        for wrapped in [false, true] {
            let body = as_messages(sample, wrapped);
            assert_eq!(read(Format::Aws, &body, &[body.len()]), sample.usage, "{}, wrapped: {wrapped}", sample.name);
        }
    }
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
    fn messages_of_aws_say_the_same_in_pieces_of_any_size_whole_or_damaged(
        sample in 0..SAMPLES.len(),
        wrapped in any::<bool>(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cuts in vec(1..20_usize, 1..30),
    ) {
        let mut body = as_messages(&SAMPLES[sample], wrapped);
        for (place, byte) in damage {
            let place = place.index(body.len());
            body[place] = byte;
        }
        prop_assert_eq!(read(Format::Aws, &body, &cuts), read(Format::Aws, &body, &[body.len()]));
    }

    #[test]
    fn headers_of_any_bytes_are_read_without_panic_and_the_messages_around_them_are_whole(
        headers in vec(prop_oneof![0..12_u8, any::<u8>(), prop::sample::select(&b":exception-typ\x07\x00"[..])], 0..60),
        cuts in vec(1..9_usize, 1..10),
    ) {
        let usage = |count: u32| format!(r#"{{"usage":{{"outputTokens":{count}}}}}"#).into_bytes();
        let body = [message(b"", &usage(1)), message(&headers, b"{}"), message(b"", &usage(2))].concat();
        let whole = read(Format::Aws, &body, &[body.len()]);
        prop_assert_eq!(whole.output_tokens, Some(2));
        prop_assert_eq!(read(Format::Aws, &body, &cuts), whole);
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
