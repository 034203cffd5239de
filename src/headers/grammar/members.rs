//! What `fetch` joins: a field that came several times is one value with commas.

use super::calendar::is_weekday;
use crate::headers::block::{find, trim};

/// The members of a comma-joined value, trimmed. A comma after the name of a weekday belongs to an HTTP-date.
pub(crate) fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    Members(Some(value))
}

/// What is left to be read; `None` after the last member.
struct Members<'a>(Option<&'a [u8]>);

impl<'a> Iterator for Members<'a> {
    type Item = &'a [u8];

    #[inline(never)]
    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.0?;
        let end = comma_after(text, 0).and_then(|comma| {
            let first = trim(&text[..comma]);
            let opens_a_date = is_weekday(first, false) || is_weekday(first, true);
            if opens_a_date { comma_after(text, comma + 1) } else { Some(comma) }
        });
        self.0 = end.map(|end| &text[end + 1..]);
        Some(trim(&text[..end.unwrap_or(text.len())]))
    }
}

fn comma_after(text: &[u8], start: usize) -> Option<usize> {
    find(&text[start..], b',').map(|found| start + found)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn commas_divide_members_but_not_dates() {
        let read: Vec<_> = members(b"Fri, 31 Dec 1999 23:59:59 GMT, 120,Sunday, 06-Nov-94 08:49:37 GMT ,").collect();
        let expected: [&[u8]; 4] = [b"Fri, 31 Dec 1999 23:59:59 GMT", b"120", b"Sunday, 06-Nov-94 08:49:37 GMT", b""];
        assert_eq!(read, expected);
    }
}
