//! Structured fields (RFC 9651): lists and dictionaries of items with parameters, without inner lists.
//!
//! No field read here may hold an inner list, so one makes the field malformed like any other error.

use super::number::{digits, saturating};

/// A list of items, known to be well-formed as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<'a>(&'a [u8]);

/// A dictionary of items, known to be well-formed as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dictionary<'a>(&'a [u8]);

/// The parameters of an item, known to be well-formed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<'a>(&'a [u8]);

/// An item without its parameters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bare<'a> {
    /// An Integer of at most fifteen digits.
    Integer(i64),
    /// A String: what stands between its quotes, escapes included.
    Text(&'a [u8]),
    /// A Byte Sequence.
    Bytes,
    /// Any other type. No field read here uses one, except in parameters that are ignored.
    Other,
}

impl<'a> List<'a> {
    /// Reads `text` whole, or nothing of it.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        Members(text).try_for_each(|member| item(member?).map(drop)).map(|()| Self(text))
    }

    /// The items in order.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Bare<'a>, Parameters<'a>)> {
        Members(self.0).filter_map(|member| item(member?))
    }
}

impl<'a> Dictionary<'a> {
    /// Reads `text` whole, or nothing of it.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        Members(text).try_for_each(|member| entry(member?).map(drop)).map(|()| Self(text))
    }

    /// The value of `name`; the last one if it came several times, as the specification says.
    pub(crate) fn value(self, name: &str) -> Option<Bare<'a>> {
        let entries = Members(self.0).filter_map(|member| entry(member?));
        entries.filter(|(key, _)| *key == name.as_bytes()).last().map(|(_, value)| value)
    }
}

impl<'a> Parameters<'a> {
    /// The value of `name`; the last one if it came several times, as the specification says.
    #[inline(never)]
    pub(crate) fn value(self, name: &str) -> Option<Bare<'a>> {
        let mut rest = self.0;
        let mut found = None;
        while let Some((key, value, after)) = parameter(rest) {
            if key == name.as_bytes() {
                found = Some(value);
            }
            rest = after;
        }
        found
    }
}

/// Cuts a list at its commas, of which those in strings are none. A list that ends in a comma yields `None` last.
struct Members<'a>(&'a [u8]);

impl<'a> Iterator for Members<'a> {
    type Item = Option<&'a [u8]>;

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0;
        if text.is_empty() {
            return None;
        }
        let (mut in_text, mut escapes, mut escaped) = (false, false, false);
        let mut before = b',';
        let comma = text.iter().position(|&byte| {
            let divides = byte == b',' && !in_text;
            if byte == b'"' && !escaped {
                in_text = !in_text;
                // In a Display String a backslash is one.
                escapes = before != b'%';
            }
            escaped = byte == b'\\' && in_text && escapes && !escaped;
            before = byte;
            divides
        });
        let (member, after) = comma.map_or((text, &[][..]), |comma| (&text[..comma], skip_blanks(&text[comma + 1..])));
        self.0 = after;
        // A comma promises another member; the malformed list ends at once.
        let broken = comma.is_some() && after.is_empty();
        Some((!broken).then(|| trim_end(member)))
    }
}

#[inline(never)]
fn item(text: &[u8]) -> Option<(Bare<'_>, Parameters<'_>)> {
    let (bare, parameters) = bare(text)?;
    all_parameters(parameters)?;
    Some((bare, Parameters(parameters)))
}

/// A key with its value; a key alone is the Boolean true.
fn entry(text: &[u8]) -> Option<(&[u8], Bare<'_>)> {
    let (name, rest) = key(text)?;
    let (value, parameters) = match rest {
        [b'=', rest @ ..] => bare(rest)?,
        _ => (Bare::Other, rest),
    };
    all_parameters(parameters)?;
    Some((name, value))
}

fn all_parameters(mut text: &[u8]) -> Option<()> {
    while !text.is_empty() {
        (_, _, text) = parameter(text)?;
    }
    Some(())
}

fn parameter(text: &[u8]) -> Option<(&[u8], Bare<'_>, &[u8])> {
    let [b';', rest @ ..] = text else { return None };
    let blanks = rest.iter().position(|&byte| byte != b' ')?;
    let (name, rest) = key(&rest[blanks..])?;
    match rest {
        [b'=', rest @ ..] => bare(rest).map(|(value, rest)| (name, value, rest)),
        _ => Some((name, Bare::Other, rest)),
    }
}

fn key(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let starts_well = matches!(text.first(), Some(b'a'..=b'z' | b'*'));
    let end = run(text, |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*'));
    starts_well.then(|| text.split_at(end))
}

#[inline(never)]
fn bare(text: &[u8]) -> Option<(Bare<'_>, &[u8])> {
    match text {
        [b'"', rest @ ..] => string(rest),
        [b':', rest @ ..] => {
            let end = run(rest, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
            rest[end..].strip_prefix(b":").map(|rest| (Bare::Bytes, rest))
        }
        [b'?', b'0' | b'1', rest @ ..] => Some((Bare::Other, rest)),
        [b'@', rest @ ..] => match number(rest)? {
            (Bare::Integer(_), rest) => Some((Bare::Other, rest)),
            _ => None,
        },
        [b'%', b'"', rest @ ..] => display_string(rest),
        [b'-' | b'0'..=b'9', ..] => number(text),
        [b'a'..=b'z' | b'A'..=b'Z' | b'*', ..] => {
            let end = run(text, |byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte));
            Some((Bare::Other, &text[end..]))
        }
        _ => None,
    }
}

/// The rest of a String after its opening quote.
fn string(text: &[u8]) -> Option<(Bare<'_>, &[u8])> {
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => return Some((Bare::Text(&text[..at]), &text[at + 1..])),
            b'\\' if matches!(text.get(at + 1), Some(b'"' | b'\\')) => at += 2,
            b' '..=b'[' | b']'..=b'~' => at += 1,
            _ => return None,
        }
    }
}

/// The rest of a Display String after its opening quote, where a byte may be written as `%` and two digits. That the
/// bytes are UTF-8 is not looked at: no field read here uses one.
fn display_string(mut text: &[u8]) -> Option<(Bare<'_>, &[u8])> {
    loop {
        text = match text {
            [b'"', rest @ ..] => return Some((Bare::Other, rest)),
            [b'%', high, low, rest @ ..] if is_hex(*high) && is_hex(*low) => rest,
            [b' '..=b'$' | b'&'..=b'~', rest @ ..] => rest,
            _ => return None,
        };
    }
}

fn is_hex(digit: u8) -> bool {
    matches!(digit, b'0'..=b'9' | b'a'..=b'f')
}
fn number(text: &[u8]) -> Option<(Bare<'_>, &[u8])> {
    let (negative, unsigned) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    let (whole, rest) = digits(unsigned);
    if let [b'.', rest @ ..] = rest {
        let (fraction, rest) = digits(rest);
        let fits = (1..=12).contains(&whole.len()) && (1..=3).contains(&fraction.len());
        return fits.then_some((Bare::Other, rest));
    }
    let value = i64::try_from(saturating(whole)).ok()?;
    (1..=15).contains(&whole.len()).then_some((Bare::Integer(if negative { -value } else { value }), rest))
}

fn run(text: &[u8], accept: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|&byte| !accept(byte)).unwrap_or(text.len())
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    &text[run(text, |byte| matches!(byte, b' ' | b'\t'))..]
}

fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn items(text: &str) -> Option<Vec<Bare<'_>>> {
        List::parse(text.as_bytes()).map(|list| list.iter().map(|(bare, _)| bare).collect())
    }

    #[test]
    fn lists_hold_items_of_every_type() {
        assert_eq!(items(""), Some(Vec::new()));
        assert_eq!(items("\"a\" ,\t12"), Some(Vec::from([Bare::Text(b"a"), Bare::Integer(12)])));
        assert_eq!(
            items("-5;a;b=?1;c=:YQ==:;d=tok/en;e=1.5;f=@7;g=%\"x%c3%a9\""),
            Some(Vec::from([Bare::Integer(-5)]))
        );
        assert_eq!(items(r#""a\"b, c\\""#), Some(Vec::from([Bare::Text(br#"a\"b, c\\"#)])));
        assert_eq!(items(r#"1;a=%"b\", 2"#), Some(Vec::from([Bare::Integer(1), Bare::Integer(2)])));
    }

    #[test]
    fn one_mistake_spoils_the_whole_list() {
        for text in [
            ",",
            "1,",
            "1, ",
            ",1",
            "1,,2",
            "1 2",
            "(1 2)",
            "\"a",
            "\"a\\n\"",
            "\"é\"",
            "1;",
            "1;A=1",
            "1;a=",
            "1 ;a=1",
            "1;a =1",
            "1;a= 1",
            "1234567890123456",
            "--1",
            "1.",
            ".5",
            "1.2345",
            ":a",
            "?2",
            "@1.5",
            "1;a=%\"%C3%A9\"",
            "1;a=%\"%c\"",
            "1;a=%\"x",
            "é",
        ] {
            assert_eq!(items(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_of_several_parameters_counts() {
        let list = List::parse(b"\"a\";r=1; t=2;r=3").unwrap();
        let (_, parameters) = list.iter().next().unwrap();
        assert_eq!(parameters.value("r"), Some(Bare::Integer(3)));
        assert_eq!(parameters.value("t"), Some(Bare::Integer(2)));
        assert_eq!(parameters.value("x"), None);
    }

    #[test]
    fn dictionaries_have_named_items() {
        let dictionary = Dictionary::parse(b"limit=100, remaining=50;x,flag, limit=10").unwrap();
        assert_eq!(dictionary.value("limit"), Some(Bare::Integer(10)));
        assert_eq!(dictionary.value("remaining"), Some(Bare::Integer(50)));
        assert_eq!(dictionary.value("flag"), Some(Bare::Other));
        assert!(Dictionary::parse(b"limit=100,").is_none());
        assert!(Dictionary::parse(b"Limit=100").is_none());
    }
}
