//! Reading plain data field by field, with errors that name the field and the fix.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::value::Value;

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

/// A value and the path that leads to it.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Field<'a> {
    pub(super) const fn root(value: &'a Value) -> Self {
        Self { path: String::new(), value }
    }

    pub(super) const fn is_absent(&self) -> bool {
        matches!(self.value, Value::Nothing)
    }

    pub(super) const fn is_false(&self) -> bool {
        matches!(self.value, Value::Bool(false))
    }

    pub(super) fn error(&self, fix: impl Into<String>) -> OptionError {
        let option = if self.path.is_empty() { "(all)".to_string() } else { self.path.clone() };
        OptionError { option, value: self.value.shown(), fix: fix.into() }
    }

    /// The fields of a record. Any key that is not in `known` is an error.
    pub(super) fn record(&self, known: &[&str]) -> Result<Record<'a>, OptionError> {
        let entries = self.entries()?;
        for entry in &entries {
            if !known.contains(&entry.0) {
                let error =
                    self.child(entry.0, entry.1).error(format!("There is no such option; use {}.", list(known)));
                return Err(error);
            }
        }
        Ok(Record { path: self.path.clone(), entries })
    }

    /// The entries of a record whose keys are the user's own.
    pub(super) fn entries(&self) -> Result<Vec<(&'a str, &'a Value)>, OptionError> {
        match self.value {
            Value::Nothing => Ok(Vec::new()),
            Value::Record(fields) => Ok(fields.iter().map(|(name, value)| (name.as_str(), value)).collect()),
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) | Value::Other(_) => {
                Err(self.error("Use an object."))
            }
        }
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, OptionError> {
        match self.value {
            Value::Nothing => Ok(Vec::new()),
            Value::List(items) => Ok((0..)
                .zip(items)
                .map(|(index, value): (usize, _)| Self { path: format!("{}[{index}]", self.path), value })
                .collect()),
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Record(_) | Value::Other(_) => {
                Err(self.error("Use a list."))
            }
        }
    }

    pub(super) fn text(&self) -> Result<&'a str, OptionError> {
        match self.value {
            Value::Text(text) if !text.is_empty() => Ok(text),
            _ => Err(self.error("Use a text that is not empty.")),
        }
    }

    /// One of `choices`, by name.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, OptionError> {
        let chosen = match self.value {
            Value::Text(text) => choices.iter().find(|(name, _)| name == text).map(|(_, choice)| *choice),
            _ => None,
        };
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        chosen.ok_or_else(|| self.error(format!("Use {}.", list(&names))))
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole(&self, least: u64, most: u64) -> Result<u64, OptionError> {
        match self.value {
            Value::Number(number) if *number >= least as f64 && *number <= most as f64 => {
                let whole = *number as u64;
                if whole as f64 == *number {
                    return Ok(whole);
                }
            }
            _ => {}
        }
        Err(self.error(format!("Use a whole number from {} to {}.", grouped(least), grouped(most))))
    }

    /// A number from `least` to `most`.
    pub(super) fn number(&self, least: u32, most: u32) -> Result<f64, OptionError> {
        match self.value {
            Value::Number(number) if *number >= f64::from(least) && *number <= f64::from(most) => Ok(*number),
            _ => Err(self.error(format!("Use a number from {least} to {most}."))),
        }
    }

    pub(super) fn child(&self, name: &str, value: &'a Value) -> Self {
        Self { path: joined(&self.path, name), value }
    }
}

/// A record whose keys are all known.
#[derive(Debug)]
pub(super) struct Record<'a> {
    path: String,
    entries: Vec<(&'a str, &'a Value)>,
}

impl<'a> Record<'a> {
    /// The field called `name`, which may be absent.
    pub(super) fn field(&self, name: &str) -> Field<'a> {
        let value = self.entries.iter().find(|(key, _)| *key == name).map_or(&NOTHING, |(_, value)| *value);
        Field { path: joined(&self.path, name), value }
    }

    /// The field called `name`, unless it is absent.
    pub(super) fn given(&self, name: &str) -> Option<Field<'a>> {
        Some(self.field(name)).filter(|field| !field.is_absent())
    }
}

static NOTHING: Value = Value::Nothing;

fn joined(path: &str, name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match (plain && !name.is_empty(), path.is_empty()) {
        (true, true) => name.to_string(),
        (true, false) => format!("{path}.{name}"),
        (false, _) => format!("{path}[{name:?}]"),
    }
}

fn list(names: &[&str]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        let separator = match index {
            0 => "",
            _ if index + 1 == names.len() => " or ",
            _ => ", ",
        };
        text.push_str(separator);
        text.push_str(name);
    }
    text
}

/// Digits in groups of three: `1,000,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

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
