//! Plain data, as JavaScript objects and JSON hold it: the one form in which options come in and snapshots go out.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A value of plain data.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Absent, `undefined` or `null`.
    Nothing,
    /// `true` or `false`.
    Bool(bool),
    /// Any number, also NaN and the infinities.
    Number(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A record, in the order in which it was written.
    Record(Vec<(String, Value)>),
    /// Something that is not data; the text says what.
    Other(String),
}

impl Value {
    /// The value as an error message shows it, shortened where it is long.
    pub fn shown(&self) -> String {
        match self {
            Self::Nothing => "nothing".to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => shown_number(*value),
            Self::Text(text) => quoted(&shortened(text)),
            Self::List(items) => format!("a list of {}", items.len()),
            Self::Record(_) => "an object".to_string(),
            Self::Other(what) => shortened(what),
        }
    }

    /// The fields of a record; none if it is anything else.
    pub(super) fn fields(&self) -> &[(String, Self)] {
        if let Self::Record(fields) = self { fields } else { &[] }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number as f64)
    }
}

/// A record of `fields`.
pub fn record<const N: usize>(mut fields: [(&str, Value); N]) -> Value {
    take(&mut fields)
}

/// One function for records of every size.
#[inline(never)]
fn take(fields: &mut [(&str, Value)]) -> Value {
    let taken = |(name, value): &mut (&str, Value)| (name.to_string(), core::mem::replace(value, Value::Nothing));
    Value::Record(fields.iter_mut().map(taken).collect())
}

/// Three decimals are enough to recognise one's own number, and spare the module the 15 KB of exact printing.
fn shown_number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_string();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    if size > 1e15 {
        return if size.is_infinite() { format!("{sign}Infinity") } else { format!("{sign}more than 10^15") };
    }
    let thousandths = (size * 1_000.0) as u64;
    match (thousandths / 1_000, thousandths % 1_000) {
        (0, 0) if size > 0.0 => format!("{sign}less than 0.001"),
        (whole, 0) => format!("{sign}{whole}"),
        (whole, part) => format!("{sign}{whole}.{part:03}"),
    }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST).and_then(|(end, _)| text.get(..end)) {
        Some(start) => format!("{start}…"),
        None => text.to_string(),
    }
}

/// `text` in quotes. Rust's own `{:?}` would bring its tables of Unicode into the module.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_they_were_written() {
        for (number, shown) in [
            (-5.0, "-5"),
            (0.0, "0"),
            (2.5, "2.500"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (1e-9, "less than 0.001"),
            (1e300, "more than 10^15"),
        ] {
            assert_eq!(shown_number(number), shown);
        }
    }

    #[test]
    fn long_text_is_shortened_at_a_character() {
        let long = "ä".repeat(60);
        assert_eq!(shortened(&long).chars().count(), 41);
    }
}
