//! A look into a small JSON body without building it in memory.
//!
//! It finds members by name and walks over everything else. A body that was cut short is read as far as it goes.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// A JSON value that begins somewhere in a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Json<'a> {
    /// What follows the opening brace, to the end of the text.
    Object(&'a [u8]),
    /// What follows the opening bracket, to the end of the text.
    Array(&'a [u8]),
    /// What stands between the quotes, escapes included.
    Text(&'a [u8]),
    /// The characters of a number.
    Number(&'a [u8]),
    /// `true` or `false`.
    Boolean(bool),
    /// `null`.
    Null,
}

impl<'a> Json<'a> {
    /// The value at the start of `text`, after blanks.
    #[inline(never)]
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let text = blanks(text);
        match text.first()? {
            b'{' => Some(Self::Object(&text[1..])),
            b'[' => Some(Self::Array(&text[1..])),
            b'"' => text_end(text).map(|end| Self::Text(&text[1..end - 1])),
            b't' => text.starts_with(b"true").then_some(Self::Boolean(true)),
            b'f' => text.starts_with(b"false").then_some(Self::Boolean(false)),
            b'n' => text.starts_with(b"null").then_some(Self::Null),
            b'-' | b'0'..=b'9' => {
                let part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
                let end = text.iter().position(|byte| !part(byte)).unwrap_or(text.len());
                Some(Self::Number(&text[..end]))
            }
            _ => None,
        }
    }

    /// The first member called `name`, if this is an object that has one.
    #[inline(never)]
    pub(crate) fn member(self, name: &str) -> Option<Self> {
        self.member_where(&|key| key == name.as_bytes())
    }

    /// The same, for names whose case does not matter.
    pub(crate) fn member_in_any_case(self, name: &str) -> Option<Self> {
        self.member_where(&|key| key.eq_ignore_ascii_case(name.as_bytes()))
    }

    #[inline(never)]
    fn member_where(self, is_it: &dyn Fn(&[u8]) -> bool) -> Option<Self> {
        let Self::Object(mut rest) = self else { return None };
        loop {
            rest = blanks(rest);
            let end = text_end(rest)?;
            let key = &rest[1..end - 1];
            let value = blanks(&rest[end..]).strip_prefix(b":")?;
            if is_it(key) {
                return Self::parse(value);
            }
            rest = blanks(after_value(value)?).strip_prefix(b",")?;
        }
    }

    /// The member that is reached by `names` one after the other.
    #[inline(never)]
    pub(crate) fn path(self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(self, |value, name| value.member(name))
    }

    /// The items, if this is an array.
    pub(crate) fn items(self) -> Items<'a> {
        Items(if let Self::Array(rest) = self { Some(rest) } else { None })
    }

    /// The text as it is written, escapes included, or the characters of a number.
    pub(crate) fn raw_text(self) -> Option<&'a [u8]> {
        match self {
            Self::Text(raw) | Self::Number(raw) => Some(raw),
            Self::Object(_) | Self::Array(_) | Self::Boolean(_) | Self::Null => None,
        }
    }

    /// The text, if this is one and its escapes are right.
    #[inline(never)]
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        let Self::Text(raw) = self else { return None };
        if raw.contains(&b'\\') {
            unescaped(raw).map(Cow::Owned)
        } else {
            core::str::from_utf8(raw).ok().map(Cow::Borrowed)
        }
    }

    /// Whether this is the text `expected`.
    #[inline(never)]
    pub(crate) fn is(self, expected: &str) -> bool {
        self.text().is_some_and(|text| text == expected)
    }
}

/// The items of an array that are still to be read.
pub(crate) struct Items<'a>(Option<&'a [u8]>);

impl<'a> Iterator for Items<'a> {
    type Item = Json<'a>;

    #[inline(never)]
    fn next(&mut self) -> Option<Json<'a>> {
        let text = self.0?;
        self.0 = after_value(text).and_then(|rest| blanks(rest).strip_prefix(b","));
        Json::parse(text)
    }
}

#[inline(never)]
fn blanks(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let start = text.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    &text[start.unwrap_or(text.len())..]
}

/// One past the closing quote of the string that begins `text`.
#[inline(never)]
fn text_end(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    text.first().filter(|&&byte| byte == b'"')?;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// What follows the value that begins `text`. Nesting is counted, not followed, so that depth costs nothing.
fn after_value(text: &[u8]) -> Option<&[u8]> {
    let mut text = blanks(text);
    let mut depth = 0usize;
    loop {
        match text.first()? {
            b'"' => text = &text[text_end(text)?..],
            b'{' | b'[' => (depth, text) = (depth + 1, &text[1..]),
            b'}' | b']' => (depth, text) = (depth.checked_sub(1)?, &text[1..]),
            b',' | b':' if depth == 0 => return None,
            b',' | b':' => text = &text[1..],
            _ => {
                let ends = |byte: &u8| matches!(byte, b',' | b':' | b'}' | b']' | b'{' | b'[' | b'"');
                text = &text[text.iter().position(ends)?..];
            }
        }
        if depth == 0 {
            return Some(text);
        }
        text = blanks(text);
    }
}

fn unescaped(raw: &[u8]) -> Option<String> {
    let mut text = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            text.push(*byte);
            continue;
        }
        let (escape, after) = rest.split_first()?;
        if *escape == b'u' {
            let (character, length) = unicode(rest)?;
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            rest = rest.get(length..)?;
            continue;
        }
        text.push(match escape {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 0x08,
            b'f' => 0x0c,
            b'"' | b'\\' | b'/' => *escape,
            _ => return None,
        });
        rest = after;
    }
    String::from_utf8(text).ok()
}

/// The character of `uXXXX`, or of `uXXXX\uXXXX` where two surrogates make one, and how many bytes it took.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let hex = |value, byte: &u8| Some(value * 16 + char::from(*byte).to_digit(16)?);
    let unit = |at: usize| text.get(at..at + 4)?.iter().try_fold(0, hex);
    let first = unit(1)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 5));
    }
    let second = text.get(5..7).filter(|escape| escape == b"\\u").and_then(|_| unit(7))?;
    let pair = (0xd800..0xdc00).contains(&first) && (0xdc00..0xe000).contains(&second);
    let character = pair.then(|| 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).and_then(char::from_u32)?;
    Some((character, 11))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Option<Json<'_>> {
        Json::parse(text.as_bytes())
    }

    #[test]
    fn members_are_found_past_everything_else() {
        let body = r#" {"a":{"b":[1,{"c":"}"}],"x":"\"]"}, "n" : -1.5e3 ,"t":true,"z":null,"b":"found"}"#;
        let root = json(body).unwrap();
        assert!(root.member("b").unwrap().is("found"));
        assert_eq!(root.member("n"), Some(Json::Number(b"-1.5e3")));
        assert_eq!(root.member("t"), Some(Json::Boolean(true)));
        assert_eq!(root.member("z"), Some(Json::Null));
        assert_eq!(root.path(&["a", "b"]).unwrap().items().count(), 2);
        assert!(root.path(&["a", "b"]).unwrap().items().nth(1).unwrap().member("c").unwrap().is("}"));
        assert_eq!(root.member("missing"), None);
        assert_eq!(root.path(&["n", "x"]), None);
    }

    #[test]
    fn items_end_where_the_array_ends() {
        let items: Vec<_> = json("[1, [2,3] ,\"4\"] , 5").unwrap().items().collect();
        assert_eq!(items.len(), 3);
        assert_eq!(json("[]").unwrap().items().count(), 0);
        assert_eq!(json("{}").unwrap().items().count(), 0);
    }

    #[test]
    fn a_body_that_was_cut_is_read_as_far_as_it_goes() {
        let root = json(r#"{"error":{"code":"a","message":"b"#).unwrap();
        assert!(root.path(&["error", "code"]).unwrap().is("a"));
        assert_eq!(root.path(&["error", "message"]), None);
        for broken in
            ["", "{", "{\"", "{\"a\"", "{\"a\":", "{\"a\",", "{a:1}", "{\"b\":}", "{\"b\":1 \"a\":2}", "<html>"]
        {
            assert_eq!(json(broken).and_then(|root| root.member("a")), None, "{broken}");
        }
    }

    #[test]
    fn escapes_are_undone() {
        assert!(json(r#""a\u0062\n\/\ud83d\ude00""#).unwrap().is("ab\n/😀"));
        for broken in [r#""\x""#, r#""\ud83d""#, r#""\ud83dx""#, r#""\u12""#, r#""\u+123""#] {
            assert_eq!(json(broken).unwrap().text(), None, "{broken}");
        }
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let deep = ["{\"x\":", &"[".repeat(100_000), &"]".repeat(100_000), ",\"a\":1}"].concat();
        assert_eq!(json(&deep).unwrap().member("a"), Some(Json::Number(b"1")));
    }
}
