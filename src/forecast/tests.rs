use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::options::{Value, parse, record};
use crate::random::Random;
use crate::tokens::{Groups, Tokenizer};

fn input(tokenizer: Tokenizer, tokens: u32) -> InputEstimate {
    let mut text = Groups::default();
    text.0[0] = 16 * tokens;
    InputEstimate { tokenizer, text, ..InputEstimate::default() }
}

fn exact(tokens: u32) -> InputEstimate {
    InputEstimate { is_exact: true, ..input(Tokenizer::Claude47, tokens) }
}

/// Requests of 100 to 6,000 tokens to one model, whose true size follows from the estimate by a rule.
struct Stream {
    forecasts: Forecasts,
    random: Random,
    tools: u64,
    has_unknown_parts: bool,
}

impl Stream {
    fn new(seed: u64) -> Self {
        Self { forecasts: Forecasts::default(), random: Random::new(seed), tools: 0, has_unknown_parts: false }
    }

    fn next(&mut self) -> Subject {
        let input = exact(100 + self.random.up_to(5_900) as u32);
        let input = InputEstimate { tools: self.tools, has_unknown_parts: self.has_unknown_parts, ..input };
        Subject { model: self.forecasts.note("claude-next"), input, kind: 1 }
    }

    fn learn(&mut self, answers: u32, truth: impl Fn(f64) -> f64) {
        for _ in 0..answers {
            let subject = self.next();
            let scatter = 1.0 + (self.random.up_to(60) as f64 - 30.0) / 1_000.0;
            let truth = truth(subject.input.tokens() as f64) * scatter;
            self.forecasts.observe(&subject, Some(truth as u64), None, 0);
        }
    }

    /// Mean error of the next forecasts, in a hundred.
    fn error(&mut self, truth: impl Fn(f64) -> f64) -> f64 {
        let errors = (0..100).map(|_| {
            let subject = self.next();
            let truth = truth(subject.input.tokens() as f64);
            (f64::from(self.forecasts.likely_input_tokens(&subject)) / truth - 1.0).abs()
        });
        errors.collect::<Vec<_>>().iter().sum()
    }
}

#[test]
fn a_prompt_that_nobody_sees_is_learned_from_a_few_answers() {
    for (hidden, answers) in [(600.0, 10), (2_000.0, 5)] {
        for seed in 1..20 {
            let mut stream = Stream::new(seed);
            let truth = |size: f64| size + hidden;
            stream.learn(answers, truth);
            let error = stream.error(truth);
            assert!(error < 6.0, "{hidden} hidden, seed {seed}: {error} %");
        }
    }
}

#[test]
fn unknown_overhead_is_learned_from_the_first_answer() {
    for seed in 1..20 {
        let mut stream = Stream::new(seed);
        (stream.tools, stream.has_unknown_parts) = (7, true);
        let truth = |size: f64| size + 600.0;
        let before = stream.error(truth);
        stream.learn(1, truth);
        let after = stream.error(truth);
        assert!(after < before / 2.0 && after < 12.0, "seed {seed}: {before} and {after} %");
    }
}

#[test]
fn a_server_that_counts_otherwise_than_its_models_name_says_is_learned_from_five_answers() {
    for scale in [1.4, 0.7, 1.15] {
        for seed in 1..20 {
            let mut stream = Stream::new(seed);
            let truth = |size: f64| size * scale + 12.0;
            stream.learn(5, truth);
            let error = stream.error(truth);
            assert!(error < 7.0, "× {scale}, seed {seed}: {error} %");
        }
    }
}

#[test]
fn a_server_that_begins_to_count_otherwise_is_followed_after_hundreds_of_answers() {
    let mut stream = Stream::new(3);
    stream.learn(300, |size| size);
    stream.learn(8, |size| size * 1.3);
    let error = stream.error(|size| size * 1.3);
    assert!(error < 5.0, "{error} %");
}

#[test]
fn one_absurd_figure_does_not_spoil_what_was_learned() {
    for absurd in [0, 1, 1_000_000, u64::MAX] {
        for answers in [0, 3, 50] {
            let mut stream = Stream::new(7);
            stream.learn(answers, |size| size);
            let subject = stream.next();
            stream.forecasts.observe(&subject, Some(absurd), None, 0);
            let error = stream.error(|size| size);
            assert!(error < 10.0, "{absurd} after {answers}: {error} %");
        }
    }
}

#[test]
fn one_answer_in_eight_that_is_absurd_is_no_new_rule() {
    let mut stream = Stream::new(9);
    for _ in 0..20 {
        stream.learn(7, |size| size);
        stream.learn(1, |size| size * 5.0);
    }
    let error = stream.error(|size| size);
    assert!(error < 8.0, "{error} %");
}

#[test]
fn every_kind_of_character_of_an_unknown_tokenizer_is_learned_for_itself() {
    let mut random = Random::new(4);
    let mut forecasts = Forecasts::default();
    let scales = [1.2, 0.8, 1.0, 1.0, 0.7, 1.6, 1.0, 0.8, 1.2, 1.4];
    let mut last = Vec::new();
    for _ in 0..60 {
        let mut text = Groups::default();
        text.0.iter_mut().for_each(|part| *part = 16 * random.up_to(800) as u32);
        let truth: f64 = text.0.iter().zip(scales).map(|(part, scale)| f64::from(*part) / 16.0 * scale).sum();
        let subject = Subject {
            model: forecasts.note("their-own"),
            input: InputEstimate { text, ..InputEstimate::default() },
            kind: 0,
        };
        last.push((f64::from(forecasts.likely_input_tokens(&subject)) / truth - 1.0).abs());
        forecasts.observe(&subject, Some(truth as u64), None, 0);
    }
    let mean = |errors: &[f64]| errors.iter().sum::<f64>() / errors.len() as f64;
    assert!(mean(&last[10..]) < 0.05, "{}", mean(&last[10..]));
    assert!(mean(&last[40..]) < 0.02, "{}", mean(&last[40..]));
}

#[test]
fn of_a_hundred_requests_one_exceeds_what_is_reserved() {
    // Errors with heavier tails than those of any text that was measured: one of ten is fifteen times as large.
    let mut random = Random::new(11);
    let mut forecasts = Forecasts::default();
    let mut exceeded = 0;
    for round in 0..4_000 {
        let subject = Subject {
            model: forecasts.note("claude-next"),
            input: input(Tokenizer::Claude47, 500 + random.up_to(4_000) as u32),
            kind: 0,
        };
        let unit = (0..4).map(|_| random.up_to(1_000)).sum::<u64>() as f64 / 1_000.0 - 2.0;
        let wide = if random.up_to(9) == 0 { 0.6 } else { 0.04 };
        let truth = (subject.input.tokens() as f64 * (1.0 + wide * unit)) as u64;
        exceeded += u32::from(round >= 500 && truth > u64::from(forecasts.input_tokens(&subject)));
        forecasts.observe(&subject, Some(truth), None, 0);
    }
    assert!((15..=63).contains(&exceeded), "{exceeded} of 3500");
}

#[test]
fn before_the_first_answer_the_margin_is_as_wide_as_the_estimate_is_coarse() {
    let mut forecasts = Forecasts::default();
    let model = forecasts.note("m");
    let reserved = |input| forecasts.input_tokens(&Subject { model, input, kind: 0 });
    let tables = reserved(exact(10_000));
    let weights = reserved(input(Tokenizer::Claude47, 10_000));
    let nobodys = reserved(input(Tokenizer::Unknown, 10_000));
    assert!((10_600..10_900).contains(&tables), "{tables}");
    assert!((12_600..12_800).contains(&weights), "{weights}");
    assert!((15_000..16_500).contains(&nobodys), "{nobodys}");
}

#[test]
fn new_tools_begin_with_what_the_model_taught() {
    let mut stream = Stream::new(2);
    stream.learn(10, |size| size * 1.4);
    stream.tools = 99;
    let error = stream.error(|size| size * 1.4);
    assert!(error < 3.0, "{error} %");
    stream.learn(3, |size| size * 1.4 + 500.0);
    assert!(stream.error(|size| size * 1.4 + 500.0) < 9.0);
    stream.tools = 0;
    assert!(stream.error(|size| size * 1.4) < 3.0);
}

#[test]
fn each_kind_of_request_has_an_output_of_its_own() {
    let mut forecasts = Forecasts::default();
    let model = forecasts.note("m");
    let of_kind = |kind| Subject { model, kind, ..Subject::default() };
    assert_eq!(forecasts.output_tokens(&of_kind(1), None), 1_024);
    for _ in 0..30 {
        forecasts.observe(&of_kind(1), None, Some(40), 160);
        forecasts.observe(&of_kind(2), None, Some(4_000), 16_000);
    }
    assert_eq!(forecasts.output_tokens(&of_kind(1), None), 40);
    assert!((4_000..4_400).contains(&forecasts.output_tokens(&of_kind(2), None)));
    assert_eq!(forecasts.output_tokens(&of_kind(2), Some(300)), 300);
    // What is asked for the first time may be of either kind.
    assert!(forecasts.output_tokens(&of_kind(3), None) >= 4_000);
}

#[test]
fn refusals_widen_the_margin_and_answers_narrow_it() {
    let mut stream = Stream::new(1);
    stream.learn(200, |size| size);
    let subject = stream.next();
    let before = stream.forecasts.input_tokens(&subject);
    (0..100).for_each(|_| stream.forecasts.observe_refusal(subject.model));
    let after = stream.forecasts.input_tokens(&subject);
    assert!((before * 5 / 4 - 2..=before * 5 / 4).contains(&after), "{before} and {after}");
    stream.learn(2_000, |size| size);
    assert!(stream.forecasts.input_tokens(&subject) <= before + before / 20);
}

#[test]
fn the_characters_of_an_answer_tell_its_tokens() {
    let mut forecasts = Forecasts::default();
    let subject = Subject { model: forecasts.note("m"), ..Subject::default() };
    assert_eq!(forecasts.tokens_of(subject.model, 400), 100);
    (0..60).for_each(|_| forecasts.observe(&subject, None, Some(500), 1_000));
    assert!((195..=200).contains(&forecasts.tokens_of(subject.model, 400)));
    assert_eq!(forecasts.tokens_of(ModelId::default(), u64::MAX), u32::MAX);
}

#[test]
fn what_is_remembered_is_bounded_and_what_is_in_use_stays() {
    let mut forecasts = Forecasts::default();
    let used = Subject { model: forecasts.note("used"), input: exact(1_000), kind: 3 };
    for round in 0..5_000_u32 {
        forecasts.note("used");
        forecasts.observe(&used, Some(1_400), Some(9), 36);
        let other = forecasts.note(&format!("other {round}"));
        let input = InputEstimate { tools: u64::from(round), ..exact(1_000) };
        forecasts.observe(&Subject { model: other, input, kind: round as u16 }, Some(1_000), Some(50), 200);
    }
    assert!(forecasts.table.models().count() <= table::MOST);
    assert!((1_350..1_450).contains(&forecasts.likely_input_tokens(&used)));
    assert_eq!(forecasts.output_tokens(&used, None), 9);
}

#[test]
fn nothing_is_learned_of_a_model_that_was_forgotten() {
    let mut forecasts = Forecasts::default();
    let gone = Subject { model: forecasts.note("gone"), input: exact(1_000), kind: 0 };
    (0..table::MOST).for_each(|round| {
        forecasts.note(&format!("other {round}"));
    });
    forecasts.observe(&gone, Some(1_400), Some(9), 36);
    assert!(forecasts.table.input(gone.model, &gone.input).is_none());
}

fn restored(forecasts: &Forecasts) -> Forecasts {
    parse(&record([("learned", forecasts.describe())])).expect("what was described can be read").learned
}

#[test]
fn what_was_learned_gives_the_same_answers_in_the_next_process() {
    let mut stream = Stream::new(5);
    stream.learn(40, |size| size * 1.2 + 70.0);
    stream.tools = 0xfedc_ba98_7654_3210;
    stream.learn(7, |size| size * 1.2 + 900.0);
    let subjects: Vec<Subject> = (0..20).map(|_| stream.next()).collect();
    subjects.iter().for_each(|subject| stream.forecasts.observe(subject, None, Some(77), 300));
    stream.forecasts.observe_refusal(subjects[0].model);
    let again = restored(&stream.forecasts);
    for subject in &subjects {
        assert_eq!(again.input_tokens(subject), stream.forecasts.input_tokens(subject));
        assert_eq!(again.output_tokens(subject, None), stream.forecasts.output_tokens(subject, None));
    }
    assert_eq!(again.tokens_of(subjects[0].model, 1_000), stream.forecasts.tokens_of(subjects[0].model, 1_000));
    assert_eq!(again.describe(), stream.forecasts.describe());
}

#[test]
fn what_another_version_learned_is_ignored_and_what_nobody_learned_is_an_error() {
    let read = |learned: Value| parse(&record([("learned", learned)]));
    let other = record([("version", 2.0.into()), ("models", "in another form".into())]);
    assert_eq!(read(other).expect("out of date, not wrong").learned.table.models().count(), 0);
    let error = |learned: Value| read(learned).expect_err("wrong").to_string();
    assert_eq!(error("yes".into()), r#"Option learned is "yes". Use what snapshot().learned was."#);
    assert_eq!(error(record([])), "Option learned is an object. Use what snapshot().learned was.");

    let mut stream = Stream::new(5);
    stream.learn(3, |size| size);
    let Value::Record(mut fields) = stream.forecasts.describe() else { panic!("a record") };
    let weights = path(&mut fields[1].1, &[None, Some("inputs"), None, Some("weights"), None]);
    *weights = f64::NAN.into();
    assert_eq!(
        error(Value::Record(fields.clone())),
        "Option learned.models[0].inputs[0].weights[0] is NaN. Use a number."
    );
    *path(&mut fields[1].1, &[None, Some("inputs"), None, Some("weights")]) = Value::List(Vec::new());
    assert_eq!(
        error(Value::Record(fields)),
        "Option learned.models[0].inputs[0] is an object. Its numbers do not belong together: give what a snapshot had, as it was."
    );
}

/// The value at a path of names, or the first of a list.
fn path<'a>(value: &'a mut Value, steps: &[Option<&str>]) -> &'a mut Value {
    steps.iter().fold(value, |value, step| match (value, step) {
        (Value::Record(fields), Some(name)) => {
            fields.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value).expect("a field")
        }
        (Value::List(items), None) => items.first_mut().expect("an item"),
        (value, _) => panic!("{} has no such part", value.shown()),
    })
}

/// Anything that a request and its answer may be.
fn observation() -> impl Strategy<Value = (Subject, Option<u64>, Option<u64>, u64)> {
    let count = prop_oneof![0..20_000_u32, Just(u32::MAX), Just(0)];
    let text = prop::array::uniform10(count.clone());
    let counted = prop::option::of(prop_oneof![0..50_000_u64, Just(u64::MAX), Just(0)]);
    let said = (counted.clone(), counted, prop_oneof![0..100_000_u64, Just(u64::MAX)]);
    (text, count, 0..3_u64, any::<[bool; 3]>(), 0..3_u16, said).prop_map(
        |(text, fixed, tools, [is_known, is_exact, has_unknown_parts], kind, (input, output, characters))| {
            let tokenizer = if is_known { Tokenizer::Claude3 } else { Tokenizer::Unknown };
            let estimate = InputEstimate {
                tokenizer,
                is_exact,
                text: Groups(text),
                fixed,
                characters: 0,
                tools,
                has_unknown_parts,
                has_remote_parts: false,
            };
            (Subject { model: ModelId::of("m"), input: estimate, kind }, input, output, characters)
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_observed_forecasts_stay_within_bounds(
        observations in prop::collection::vec(observation(), 1..60),
    ) {
        let mut forecasts = Forecasts::default();
        forecasts.note("m");
        for (subject, input, output, characters) in &observations {
            forecasts.observe(subject, *input, *output, *characters);
        }
        for (subject, ..) in &observations {
            let (size, likely) = (subject.input.tokens(), u64::from(forecasts.likely_input_tokens(subject)));
            prop_assert!(likely + 1 >= size / 16, "{} of {}", likely, size);
            // All groups may have more tokens together than a count holds.
            let most = (subject.input.text.tokens() + u64::from(subject.input.fixed)) * 16 + 200_001;
            prop_assert!(likely <= most, "{} of {}", likely, size);
            prop_assert!(u64::from(forecasts.input_tokens(subject)) >= likely);
            prop_assert!(forecasts.output_tokens(subject, Some(50)) <= 50);
            prop_assert!(forecasts.tokens_of(subject.model, 1_000) <= 4_000);
        }
        // Nothing in it is anything but a number, or it could not be read again.
        prop_assert_eq!(restored(&forecasts).describe(), forecasts.describe());
    }
}
