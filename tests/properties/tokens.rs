//! Laws of counting model tokens.

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate::tokens::{Counter, EXACT_TABLES, Groups, Tokenizer, Weights};

fn weights(exact: bool) -> Weights {
    let mut weights = Weights::new();
    if exact {
        weights.add_tables(EXACT_TABLES).expect("tables that come with the crate");
    }
    weights
}

fn count(counter: &Counter<'_>, text: &[u8]) -> Groups {
    let mut counter = *counter;
    counter.text(text);
    counter.end();
    counter.groups()
}

/// Text of all scripts, in runs as texts have them, with what is between words.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z]{1,20}",
        "[0-9]{1,12}",
        "[ \t\r\n]{1,6}",
        "[\"'.,:;(){}<>_=*#~/\\\\-]{1,6}",
        "(---|===|\\.\\.\\.\\.|\"\"|\u{0}\u{0})",
        "[а-яё]{1,9}",
        "[ぁ-ん一-龥。、]{1,9}",
        "[é-ü]{1,3}[a-z]{1,3}",
        "[가-힣אבגअआइกขค]{1,5}",
        "(😀|👩‍💻|→|—|\u{FE0F}|𝔸|ჱ)",
        ".{1,8}",
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn tokenizer() -> impl Strategy<Value = Tokenizer> {
    (0..Tokenizer::ALL.len()).prop_map(|index| Tokenizer::ALL[index])
}

proptest! {
    #[test]
    fn it_does_not_matter_where_a_text_is_cut(
        text in text(), tokenizer in tokenizer(), exact: bool, cuts in vec(any::<prop::sample::Index>(), 0..8)
    ) {
        let (weights, bytes) = (weights(exact), text.as_bytes());
        let counter = weights.counter(tokenizer);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let (mut pieces, mut begin) = (counter, 0);
        for cut in cuts.into_iter().chain([bytes.len()]) {
            pieces.text(&bytes[begin..cut]);
            begin = cut;
        }
        prop_assert_eq!(pieces.groups(), count(&counter, bytes));
    }

    #[test]
    fn it_does_not_matter_where_bytes_that_are_no_text_are_cut(
        bytes in vec(prop_oneof![any::<u8>(), 0xC0..=0xFF_u8, 0x80..=0xBF_u8], 0..60), exact: bool
    ) {
        let weights = weights(exact);
        let counter = weights.counter(Tokenizer::Claude47);
        let mut pieces = counter;
        for byte in &bytes {
            pieces.text(&[*byte]);
        }
        pieces.end();
        prop_assert_eq!(pieces.groups(), count(&counter, &bytes));
    }

    #[test]
    fn characters_count_as_their_bytes_do(text in text(), tokenizer in tokenizer(), exact: bool) {
        let weights = weights(exact);
        let counter = weights.counter(tokenizer);
        let mut by_character = counter;
        for (index, character) in text.chars().enumerate() {
            if index % 3 == 0 {
                by_character.text(character.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                by_character.scalar(character);
            }
        }
        prop_assert_eq!(by_character.groups(), count(&counter, text.as_bytes()));
    }

    #[test]
    fn by_the_small_form_more_text_never_has_fewer_tokens(text in text(), more in text(), tokenizer in tokenizer()) {
        let weights = weights(false);
        let counter = weights.counter(tokenizer);
        let less = count(&counter, text.as_bytes());
        let all = count(&counter, (text + &more).as_bytes());
        for (less, all) in less.0.into_iter().zip(all.0) {
            prop_assert!(less <= all);
        }
    }

    #[test]
    fn a_text_never_has_many_more_tokens_than_bytes(text in text(), tokenizer in tokenizer(), exact: bool) {
        let weights = weights(exact);
        let tokens = count(&weights.counter(tokenizer), text.as_bytes()).tokens();
        prop_assert!(tokens <= 2 + 2 * text.len() as u64, "{tokens} for {} bytes", text.len());
    }

    #[test]
    fn texts_that_are_ended_count_each_for_itself(one in text(), other in text(), tokenizer in tokenizer(), exact: bool) {
        let weights = weights(exact);
        let counter = weights.counter(tokenizer);
        let mut both = counter;
        for text in [&one, &other] {
            both.text(text.as_bytes());
            both.end();
        }
        let apart = count(&counter, one.as_bytes()).tokens() + count(&counter, other.as_bytes()).tokens();
        // Each is rounded up, and by the exact form no group is less than nothing.
        let rounding = if exact { 4 } else { 2 };
        prop_assert!(both.groups().tokens().abs_diff(apart) <= rounding);
    }

    #[test]
    fn no_name_of_a_model_and_no_table_panics(model in ".{0,140}", bytes in vec(any::<u8>(), 0..40), count in 0..4_u8) {
        Tokenizer::of_model(&model);
        Tokenizer::of_model(&format!("CLAUDE{model}"));
        let mut tables = b"tokens\x01".to_vec();
        tables.push(count);
        tables.extend(bytes);
        let mut weights = Weights::new();
        prop_assert!(weights.add_tables(&tables).is_err());
        prop_assert!(!weights.is_exact(Tokenizer::Claude3));
    }
}
