//! Tables of names and what they mean, and parts of names.
//!
//! A `match` over texts becomes a chain of comparisons with every name spelt out in code; a table and one loop take a
//! fraction of that in the module.

/// What `name` means by `table`, if it stands there.
pub(crate) fn find<T: Copy>(table: &[(&str, T)], name: &[u8]) -> Option<T> {
    table.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, meaning)| *meaning)
}

/// What `name` means by `table`, in which names with one meaning stand in one text with spaces between them: each name of its
/// own would weigh twelve bytes more.
pub(crate) fn find_word<T: Copy>(table: &[(&str, T)], name: &[u8]) -> Option<T> {
    let is_among = |names: &str| names.as_bytes().split(|byte| *byte == b' ').any(|known| known == name);
    table.iter().find(|(names, _)| is_among(names)).map(|(_, meaning)| *meaning)
}

/// Whether `part` stands somewhere in `text`.
pub(crate) fn contains(text: &[u8], part: &str) -> bool {
    position(text, part).is_some()
}

/// Where `part` first stands in `text`. The standard library's search of texts brings 8 KB into the module: it is made for
/// long ones, and what it says of its bugs prints any character.
#[inline(never)]
pub(crate) fn position(text: &[u8], part: &str) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part.as_bytes())
}
