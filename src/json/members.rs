//! The members of an object as they stand, without a look inside.

use super::scan;

/// A member of an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Member<'a> {
    /// Its name, between the quotes and as it is written.
    pub(crate) name: &'a [u8],
    /// Its value, as it stands.
    pub(crate) value: &'a [u8],
    /// All of it: name, colon and value.
    pub(crate) whole: &'a [u8],
}

/// Goes through the members of the object that `text` begins with. Values are passed over by their quotes and brackets
/// alone, which is several times as fast as reading them; it ends where the text is no object any more.
#[derive(Clone, Debug)]
pub(crate) struct Members<'a> {
    rest: &'a [u8],
}

impl<'a> Members<'a> {
    pub(crate) fn of(text: &'a [u8]) -> Self {
        let text = text.strip_prefix(BOM).unwrap_or(text).trim_ascii_start();
        Self { rest: text.strip_prefix(b"{").unwrap_or_default() }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let whole = core::mem::take(&mut self.rest).trim_ascii_start();
        let (name, rest) = whole.split_at_checked(end_of_text(whole)?)?;
        let value = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let (value, rest) = value.split_at_checked(end_of_value(value)?)?;
        let value = value.trim_ascii_end();
        self.rest = rest.strip_prefix(b",").unwrap_or_default();
        let before_value = whole.len() - rest.len();
        let whole = whole.get(..before_value)?.trim_ascii_end();
        Some(Member { name: name.get(1..name.len() - 1)?, value, whole })
    }
}

/// The length of the string that `text` begins with, quotes included.
fn end_of_text(text: &[u8]) -> Option<usize> {
    let mut place = 1;
    text.first().filter(|&&byte| byte == b'"')?;
    loop {
        place += scan::string_end(text.get(place..)?);
        match text.get(place)? {
            b'"' => return Some(place + 1),
            // Whatever follows a backslash does not end the string.
            _ => place += 2,
        }
    }
}

/// The length of the value that `text` begins with, with the blanks behind it.
fn end_of_value(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut place = 0;
    loop {
        match text.get(place)? {
            b'"' => {
                place += end_of_text(text.get(place..)?)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return Some(place),
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return Some(place),
            _ => {}
        }
        place += 1;
    }
}

const BOM: &[u8] = "\u{FEFF}".as_bytes();

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    fn members(text: &str) -> Vec<(String, String, String)> {
        let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Members::of(text.as_bytes())
            .map(|member| (text_of(member.name), text_of(member.value), text_of(member.whole)))
            .collect()
    }

    fn own(name: &str, value: &str, whole: &str) -> (String, String, String) {
        (name.into(), value.into(), whole.into())
    }

    #[test]
    fn members_come_as_they_stand() {
        assert_eq!(
            members(r#" {"a" : [1, {"b":"]}"}] , "c\"":"x\\","d":-1.5e3 }"#),
            [
                own("a", r#"[1, {"b":"]}"}]"#, r#""a" : [1, {"b":"]}"}]"#),
                own(r#"c\""#, r#""x\\""#, r#""c\"":"x\\""#),
                own("d", "-1.5e3", r#""d":-1.5e3"#),
            ]
        );
        assert_eq!(members("\u{FEFF}{\"a\":1}"), [own("a", "1", "\"a\":1")]);
    }

    #[test]
    fn what_breaks_off_has_no_further_members() {
        assert_eq!(members(r#"{"a":1,"b":[2"#), [own("a", "1", r#""a":1"#)]);
        for text in ["", "{", "[]", "{}", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":\"\\", "x", "{a:1}"] {
            assert_eq!(members(text), [], "{text}");
        }
    }
}
