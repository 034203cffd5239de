//! Reading plain data field by field, with errors that name the field and the fix.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::value::{Value, quoted};
use crate::names;

/// A wrong option: which, what was given, and what to write instead.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OptionError {
    /// The path of the option, as one would write it in code: `limits["claude-*"].rpm`.
    pub option: String,
    /// What was given.
    pub value: String,
    /// What to write instead.
    pub fix: String,
}

impl fmt::Display for OptionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Option {} is {}. {}", self.option, self.value, self.fix)
    }
}

impl core::error::Error for OptionError {}

/// A value and where it stands. Its path is put together only when it is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    place: Place<'a>,
    value: &'a Value,
}

#[derive(Clone, Copy, Debug)]
enum Place<'a> {
    Root,
    Member(&'a Field<'a>, &'a str),
    Item(&'a Field<'a>, usize),
}

impl<'a> Field<'a> {
    pub(crate) const fn root(value: &'a Value) -> Self {
        Self { place: Place::Root, value }
    }

    /// The member called `name`, whose value is `value`.
    pub(crate) const fn member(&'a self, name: &'a str, value: &'a Value) -> Self {
        Self { place: Place::Member(self, name), value }
    }

    /// The item at `index`, whose value is `value`.
    pub(crate) const fn item(&'a self, index: usize, value: &'a Value) -> Self {
        Self { place: Place::Item(self, index), value }
    }

    /// The member called `name`, which may be absent.
    pub(crate) fn field(&'a self, name: &'a str) -> Self {
        let found = self.value.fields().iter().find(|(key, _)| key == name);
        self.member(name, found.map_or(&Value::Nothing, |(_, value)| value))
    }

    /// The member called `name`, unless it is absent.
    pub(crate) fn given(&'a self, name: &'a str) -> Option<Self> {
        Some(self.field(name)).filter(|field| !matches!(field.value, Value::Nothing))
    }

    pub(super) const fn is_record(&self) -> bool {
        matches!(self.value, Value::Record(_))
    }

    pub(super) fn is_false(&self) -> bool {
        matches!(self.value, Value::Bool(false))
    }

    /// The path, as one would write it in code.
    pub(super) fn path(&self) -> String {
        match self.place {
            Place::Root => String::new(),
            Place::Member(record, name) => joined(&record.path(), name),
            Place::Item(list, index) => format!("{}[{index}]", list.path()),
        }
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn error(&self, fix: &str) -> Box<OptionError> {
        let path = self.path();
        let option = if path.is_empty() { "(all)".to_string() } else { path };
        Box::new(OptionError { option, value: self.value.shown(), fix: fix.to_string() })
    }

    /// Makes sure that this is a record, if anything, without a key that is not in `known`.
    pub(super) fn expect_record(&self, known: &[&str]) -> Result<(), Box<OptionError>> {
        match self.entries()?.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, value)) => {
                Err(self.member(name, value).error(&format!("There is no such option; use {}.", list(known))))
            }
            None => Ok(()),
        }
    }

    /// The entries of a record whose keys are the user's own.
    pub(crate) fn entries(&self) -> Result<&'a [(String, Value)], Box<OptionError>> {
        match self.value {
            Value::Nothing | Value::Record(_) => Ok(self.value.fields()),
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) | Value::Other(_) => {
                Err(self.error("Use an object."))
            }
        }
    }

    pub(crate) fn items(&self) -> Result<&'a [Value], Box<OptionError>> {
        match self.value {
            Value::Nothing => Ok(&[]),
            Value::List(items) => Ok(items),
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Record(_) | Value::Other(_) => {
                Err(self.error("Use a list."))
            }
        }
    }

    pub(crate) fn text(&self) -> Result<&'a str, Box<OptionError>> {
        if let Value::Text(text) = self.value
            && !text.is_empty()
        {
            return Ok(text);
        }
        Err(self.error("Use a text that is not empty."))
    }

    /// A text that may be empty.
    pub(crate) fn possible_text(&self) -> Result<&'a str, Box<OptionError>> {
        if let Value::Text(text) = self.value { Ok(text) } else { Err(self.error("Use a text.")) }
    }

    pub(crate) fn truth(&self) -> Result<bool, Box<OptionError>> {
        if let Value::Bool(truth) = self.value { Ok(*truth) } else { Err(self.error("Use true or false.")) }
    }

    /// Any number that is finite.
    pub(crate) fn real(&self) -> Result<f64, Box<OptionError>> {
        if let Value::Number(number) = *self.value
            && number.is_finite()
        {
            return Ok(number);
        }
        Err(self.error("Use a number."))
    }

    /// One of `choices`, by name.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, Box<OptionError>> {
        let Value::Text(text) = self.value else { return Err(self.no_choice(choices)) };
        names::find(choices, text.as_bytes()).ok_or_else(|| self.no_choice(choices))
    }

    #[cold]
    fn no_choice<T>(&self, choices: &[(&str, T)]) -> Box<OptionError> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        self.error(&format!("Use {}.", list(&names)))
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn whole(&self, least: u64, most: u64) -> Result<u64, Box<OptionError>> {
        if let Value::Number(number) = *self.value
            && (least as f64..=most as f64).contains(&number)
            && (number as u64) as f64 == number
        {
            return Ok(number as u64);
        }
        Err(self.error(&format!("Use a whole number from {} to {}.", grouped(least), grouped(most))))
    }

    /// A part of a whole, or `"auto"`.
    pub(super) fn share(&self) -> Result<f64, Box<OptionError>> {
        if let Value::Number(number) = *self.value
            && (0.0..=MOST_SHARE).contains(&number)
        {
            return Ok(number);
        }
        Err(self.error("Use \"auto\" or a number from 0 to 0.9."))
    }

    /// A number from `least` to `most`.
    pub(super) fn number(&self, least: u32, most: u32) -> Result<f64, Box<OptionError>> {
        if let Value::Number(number) = *self.value
            && (f64::from(least)..=f64::from(most)).contains(&number)
        {
            return Ok(number);
        }
        Err(self.error(&format!("Use a number from {least} to {most}.")))
    }
}

impl Field<'_> {
    /// A factor, in thousandths.
    pub(super) fn factor(&self) -> Result<u32, Box<OptionError>> {
        if let Value::Number(number) = *self.value
            && (0.001..=1_000_000.0).contains(&number)
        {
            return Ok((number * 1_000.0 + 0.5) as u32);
        }
        Err(self.error("Use a number from 0.001 to 1,000,000."))
    }
}

fn joined(path: &str, name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match (plain && !name.is_empty(), path.is_empty()) {
        (true, true) => name.to_string(),
        (true, false) => format!("{path}.{name}"),
        (false, _) => format!("{path}[{}]", quoted(name)),
    }
}

/// `a, b or c`.
pub(super) fn list(names: &[&str]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        text.push_str(match index {
            0 => "",
            _ if index + 1 == names.len() => " or ",
            _ => ", ",
        });
        text.push_str(name);
    }
    text
}

/// Digits in groups of three: `1,000,000`.
fn grouped(number: u64) -> String {
    match number / 1_000 {
        0 => number.to_string(),
        thousands => format!("{},{:03}", grouped(thousands), number % 1_000),
    }
}

/// Whoever leaves everything never starts.
const MOST_SHARE: f64 = 0.9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_one_would_write_them() {
        assert_eq!(joined("", "limits"), "limits");
        assert_eq!(joined("limits", "claude-*"), "limits[\"claude-*\"]");
        assert_eq!(joined("limits[\"claude-*\"]", "rpm"), "limits[\"claude-*\"].rpm");
    }

    #[test]
    fn numbers_are_grouped_for_reading() {
        assert_eq!([grouped(7), grouped(1_000), grouped(1_234_567)], ["7", "1,000", "1,234,567"]);
    }
}
