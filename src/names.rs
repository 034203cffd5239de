//! Tables of names and what they mean.
//!
//! A `match` over texts becomes a chain of comparisons with every name spelt out in code; a table and one loop take a
//! fraction of that in the module.

/// What `name` means by `table`, if it stands there.
pub(crate) fn find<T: Copy>(table: &[(&str, T)], name: &[u8]) -> Option<T> {
    table.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, meaning)| *meaning)
}
