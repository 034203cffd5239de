//! Classes of characters: what a tokenizer treats alike.

/// Classes of characters, by number: the weights are stored by it.
pub(super) mod kinds {
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
    /// With Armenian and Georgian, and letters of Cyrillic that Russian has not.
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
    /// Scripts of which tokenizers know the bytes and hardly more, and what else UTF-8 writes in four.
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
        Ok(ZERO_WIDTH_JOINER) => kinds::EMOJI,
        Ok(character) => {
            let after = STARTS.partition_point(|&(start, _)| start <= character);
            after.checked_sub(1).and_then(|index| STARTS.get(index)).map_or(kinds::RARE, |&(_, class)| class)
        }
        Err(_) => match character {
            0x1_F000..0x2_0000 => kinds::EMOJI,
            0x2_0000..0x4_0000 => kinds::HAN,
            _ => kinds::RAREST,
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
        b'a' | b'e' | b'i' | b'o' | b'u' => kinds::VOWEL,
        b'a'..=b'z' => kinds::CONSONANT,
        b'A'..=b'Z' => kinds::CAPITAL,
        b'0'..=b'9' => kinds::DIGIT,
        b' ' => kinds::SPACE,
        b'\n' | b'\r' => kinds::NEWLINE,
        b'\t' => kinds::TAB,
        b'"' => kinds::QUOTE,
        b'\'' => kinds::APOSTROPHE,
        b'.' | b',' | b';' | b':' | b'!' | b'?' => kinds::STOP,
        b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' => kinds::BRACKET,
        b'_' => kinds::UNDERSCORE,
        b'-' | b'=' | b'*' | b'#' | b'~' => kinds::RULE,
        0..b' ' | 0x7F.. => kinds::CONTROL,
        _ => kinds::OTHER_MARK,
    }
}

/// It holds the parts of an emoji together, among characters that hold texts together.
const ZERO_WIDTH_JOINER: u16 = 0x200D;

/// Where classes begin among the characters of at most three bytes. By Unicode 16's blocks, coarsely: what is rare or
/// has no letters goes with its neighbours.
const STARTS: &[(u16, u8)] = &[
    (0x0080, kinds::CONTROL),
    (0x00A0, kinds::TYPOGRAPHIC),
    (0x00C0, kinds::ACCENTED),
    (0x0370, kinds::GREEK),
    (0x0410, kinds::CYRILLIC),
    (0x0450, kinds::GREEK),
    (0x0590, kinds::HEBREW),
    (0x0600, kinds::ARABIC),
    (0x0700, kinds::RARE),
    (0x0750, kinds::ARABIC),
    (0x0780, kinds::RARE),
    (0x08A0, kinds::ARABIC),
    (0x0900, kinds::DEVANAGARI),
    (0x0980, kinds::INDIC),
    (0x0D80, kinds::RARE),
    (0x0E00, kinds::THAI),
    (0x0E80, kinds::RARE),
    (0x10A0, kinds::GREEK),
    (0x1100, kinds::HANGUL),
    (0x1200, kinds::RARE),
    (0x13A0, kinds::RAREST),
    (0x1780, kinds::RARE),
    (0x1800, kinds::RAREST),
    (0x1C80, kinds::CYRILLIC),
    (0x1C90, kinds::RARE),
    (0x1E00, kinds::ACCENTED),
    (0x1F00, kinds::GREEK),
    (0x2000, kinds::TYPOGRAPHIC),
    (0x2070, kinds::SYMBOL),
    (0x2C00, kinds::RARE),
    (0x2D00, kinds::GREEK),
    (0x2D30, kinds::RAREST),
    (0x2D80, kinds::RARE),
    (0x2DE0, kinds::CYRILLIC),
    (0x2E00, kinds::RARE),
    (0x2E80, kinds::HAN),
    (0x3000, kinds::WIDE_MARK),
    (0x3040, kinds::KANA),
    (0x3100, kinds::RARE),
    (0x3130, kinds::HANGUL),
    (0x3190, kinds::RARE),
    (0x31F0, kinds::KANA),
    (0x3200, kinds::RARE),
    (0x3400, kinds::HAN),
    (0x4DC0, kinds::RARE),
    (0x4E00, kinds::HAN),
    (0xA000, kinds::RARE),
    (0xA640, kinds::CYRILLIC),
    (0xA6A0, kinds::RARE),
    (0xA980, kinds::RAREST),
    (0xAC00, kinds::HANGUL),
    (0xD7B0, kinds::RARE),
    (0xF900, kinds::HAN),
    (0xFB00, kinds::RARE),
    (0xFB50, kinds::ARABIC),
    (0xFE00, kinds::EMOJI),
    (0xFE10, kinds::RARE),
    (0xFE30, kinds::WIDE_MARK),
    (0xFE50, kinds::RARE),
    (0xFE70, kinds::ARABIC),
    (0xFEFF, kinds::RARE),
    (0xFF00, kinds::WIDE_MARK),
    (0xFF66, kinds::KANA),
    (0xFFA0, kinds::RARE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_told_apart_by_script() {
        for (character, expected) in [
            ('e', kinds::VOWEL),
            ('x', kinds::CONSONANT),
            ('E', kinds::CAPITAL),
            ('\r', kinds::NEWLINE),
            ('\\', kinds::OTHER_MARK),
            ('\u{7F}', kinds::CONTROL),
            ('\u{80}', kinds::CONTROL),
            ('é', kinds::ACCENTED),
            ('Σ', kinds::GREEK),
            ('ж', kinds::CYRILLIC),
            ('ש', kinds::HEBREW),
            ('ع', kinds::ARABIC),
            ('न', kinds::DEVANAGARI),
            ('ந', kinds::INDIC),
            ('ท', kinds::THAI),
            ('漢', kinds::HAN),
            ('か', kinds::KANA),
            ('한', kinds::HANGUL),
            ('。', kinds::WIDE_MARK),
            ('—', kinds::TYPOGRAPHIC),
            ('→', kinds::SYMBOL),
            ('😀', kinds::EMOJI),
            ('\u{200D}', kinds::EMOJI),
            ('\u{FE0F}', kinds::EMOJI),
            ('ა', kinds::GREEK),
            ('Հ', kinds::GREEK),
            ('ܐ', kinds::RARE),
            ('ݐ', kinds::ARABIC),
            ('ම', kinds::RARE),
            ('ក', kinds::RARE),
            ('ⴰ', kinds::RAREST),
            ('Ꭰ', kinds::RAREST),
            ('ᐃ', kinds::RAREST),
            ('ᠠ', kinds::RAREST),
            ('ꦲ', kinds::RAREST),
            ('𝔸', kinds::RAREST),
            ('𠀀', kinds::HAN),
            ('\u{10FFFF}', kinds::RAREST),
        ] {
            assert_eq!(of(character.into()), expected, "{character}");
        }
        assert_eq!(of(u32::MAX), kinds::RAREST);
    }

    #[test]
    fn classes_begin_in_order() {
        assert!(STARTS.is_sorted_by_key(|&(start, _)| start));
        assert_eq!(STARTS.first().map(|&(start, _)| start), Some(0x80));
    }
}
