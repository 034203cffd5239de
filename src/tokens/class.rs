//! Classes of characters: what a tokenizer treats alike.

/// A class of characters, by number: the weights are stored by it.
pub(super) mod class {
    pub(crate) const VOWEL: u8 = 0;
    pub(crate) const CONSONANT: u8 = 1;
    pub(crate) const CAPITAL: u8 = 2;
    pub(crate) const DIGIT: u8 = 3;
    pub(crate) const SPACE: u8 = 4;
    pub(crate) const NEWLINE: u8 = 5;
    pub(crate) const TAB: u8 = 6;
    pub(crate) const QUOTE: u8 = 7;
    pub(crate) const APOSTROPHE: u8 = 8;
    pub(crate) const STOP: u8 = 9;
    pub(crate) const BRACKET: u8 = 10;
    pub(crate) const UNDERSCORE: u8 = 11;
    pub(crate) const RULE: u8 = 12;
    pub(crate) const OTHER_MARK: u8 = 13;
    pub(crate) const CONTROL: u8 = 14;
    /// Latin letters outside of ASCII, and marks that combine with letters.
    pub(crate) const ACCENTED: u8 = 15;
    pub(crate) const CYRILLIC: u8 = 16;
    pub(crate) const GREEK: u8 = 17;
    pub(crate) const ARABIC: u8 = 18;
    /// Scripts of India but Devanagari.
    pub(crate) const INDIC: u8 = 19;
    pub(crate) const THAI: u8 = 20;
    pub(crate) const HAN: u8 = 21;
    pub(crate) const KANA: u8 = 22;
    pub(crate) const HANGUL: u8 = 23;
    /// Chinese and Japanese punctuation, and wide forms.
    pub(crate) const WIDE_MARK: u8 = 24;
    /// Dashes, typographic quotes and the like.
    pub(crate) const TYPOGRAPHIC: u8 = 25;
    /// Arrows, boxes, mathematical and other symbols.
    pub(crate) const SYMBOL: u8 = 26;
    pub(crate) const EMOJI: u8 = 27;
    /// What else UTF-8 writes in three bytes.
    pub(crate) const RARE: u8 = 28;
    /// What else UTF-8 writes in four.
    pub(crate) const RAREST: u8 = 29;
    pub(crate) const HEBREW: u8 = 30;
    pub(crate) const DEVANAGARI: u8 = 31;

    /// How many there are.
    pub(crate) const COUNT: usize = 32;
}

/// The class of a character. What is no Unicode scalar has one all the same.
pub(super) fn of(character: u32) -> u8 {
    if let Some(class) = usize::try_from(character).ok().and_then(|index| OF_ASCII.get(index)) {
        return *class;
    }
    match u16::try_from(character) {
        Ok(ZERO_WIDTH_JOINER) => class::EMOJI,
        Ok(character) => {
            let after = STARTS.partition_point(|&(start, _)| start <= character);
            after.checked_sub(1).and_then(|index| STARTS.get(index)).map_or(class::RARE, |&(_, class)| class)
        }
        Err(_) => match character {
            0x1_F000..0x2_0000 => class::EMOJI,
            0x2_0000..0x4_0000 => class::HAN,
            _ => class::RAREST,
        },
    }
}

/// The classes of ASCII.
pub(super) const OF_ASCII: [u8; 128] = {
    let mut classes = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        classes[byte as usize] = of_ascii(byte);
        byte += 1;
    }
    classes
};

const fn of_ascii(byte: u8) -> u8 {
    match byte {
        b'a' | b'e' | b'i' | b'o' | b'u' => class::VOWEL,
        b'a'..=b'z' => class::CONSONANT,
        b'A'..=b'Z' => class::CAPITAL,
        b'0'..=b'9' => class::DIGIT,
        b' ' => class::SPACE,
        b'\n' | b'\r' => class::NEWLINE,
        b'\t' => class::TAB,
        b'"' => class::QUOTE,
        b'\'' => class::APOSTROPHE,
        b'.' | b',' | b';' | b':' | b'!' | b'?' => class::STOP,
        b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' => class::BRACKET,
        b'_' => class::UNDERSCORE,
        b'-' | b'=' | b'*' | b'#' | b'~' => class::RULE,
        0..b' ' | 0x7F.. => class::CONTROL,
        _ => class::OTHER_MARK,
    }
}

/// It holds the parts of an emoji together, among characters that hold texts together.
const ZERO_WIDTH_JOINER: u16 = 0x200D;

/// Where classes begin among the characters of at most three bytes. By Unicode 16's blocks, coarsely: what is rare or
/// has no letters goes with its neighbours.
const STARTS: &[(u16, u8)] = &[
    (0x0080, class::CONTROL),
    (0x00A0, class::TYPOGRAPHIC),
    (0x00C0, class::ACCENTED),
    (0x0370, class::GREEK),
    (0x0400, class::CYRILLIC),
    (0x0530, class::RARE),
    (0x0590, class::HEBREW),
    (0x0600, class::ARABIC),
    (0x0780, class::RARE),
    (0x08A0, class::ARABIC),
    (0x0900, class::DEVANAGARI),
    (0x0980, class::INDIC),
    (0x0E00, class::THAI),
    (0x0E80, class::RARE),
    (0x1100, class::HANGUL),
    (0x1200, class::RARE),
    (0x1C80, class::CYRILLIC),
    (0x1C90, class::RARE),
    (0x1E00, class::ACCENTED),
    (0x1F00, class::GREEK),
    (0x2000, class::TYPOGRAPHIC),
    (0x2070, class::SYMBOL),
    (0x2C00, class::RARE),
    (0x2DE0, class::CYRILLIC),
    (0x2E00, class::RARE),
    (0x2E80, class::HAN),
    (0x3000, class::WIDE_MARK),
    (0x3040, class::KANA),
    (0x3100, class::RARE),
    (0x3130, class::HANGUL),
    (0x3190, class::RARE),
    (0x31F0, class::KANA),
    (0x3200, class::RARE),
    (0x3400, class::HAN),
    (0x4DC0, class::RARE),
    (0x4E00, class::HAN),
    (0xA000, class::RARE),
    (0xA640, class::CYRILLIC),
    (0xA6A0, class::RARE),
    (0xAC00, class::HANGUL),
    (0xD7B0, class::RARE),
    (0xF900, class::HAN),
    (0xFB00, class::RARE),
    (0xFB50, class::ARABIC),
    (0xFE00, class::EMOJI),
    (0xFE10, class::RARE),
    (0xFE30, class::WIDE_MARK),
    (0xFE50, class::RARE),
    (0xFE70, class::ARABIC),
    (0xFEFF, class::RARE),
    (0xFF00, class::WIDE_MARK),
    (0xFF66, class::KANA),
    (0xFFA0, class::RARE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_told_apart_by_script() {
        for (character, expected) in [
            ('e', class::VOWEL),
            ('x', class::CONSONANT),
            ('E', class::CAPITAL),
            ('\r', class::NEWLINE),
            ('\\', class::OTHER_MARK),
            ('\u{7F}', class::CONTROL),
            ('\u{80}', class::CONTROL),
            ('é', class::ACCENTED),
            ('Σ', class::GREEK),
            ('ж', class::CYRILLIC),
            ('ש', class::HEBREW),
            ('ع', class::ARABIC),
            ('न', class::DEVANAGARI),
            ('ந', class::INDIC),
            ('ท', class::THAI),
            ('漢', class::HAN),
            ('か', class::KANA),
            ('한', class::HANGUL),
            ('。', class::WIDE_MARK),
            ('—', class::TYPOGRAPHIC),
            ('→', class::SYMBOL),
            ('😀', class::EMOJI),
            ('\u{200D}', class::EMOJI),
            ('\u{FE0F}', class::EMOJI),
            ('ⴰ', class::RARE),
            ('𝔸', class::RAREST),
            ('𠀀', class::HAN),
            ('\u{10FFFF}', class::RAREST),
        ] {
            assert_eq!(of(character.into()), expected, "{character}");
        }
        assert_eq!(of(u32::MAX), class::RAREST);
    }

    #[test]
    fn classes_begin_in_order() {
        assert!(STARTS.is_sorted_by_key(|&(start, _)| start));
        assert_eq!(STARTS.first().map(|&(start, _)| start), Some(0x80));
    }
}
