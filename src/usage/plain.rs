//! Usage as plain data, for whoever reads a body elsewhere.

use alloc::boxed::Box;

use super::Usage;
use crate::headers::Kind;
use crate::options::{Field, OptionError, Value, record};

impl Usage {
    /// Everything that was read.
    pub fn describe(&self) -> Value {
        let count = |count: Option<u64>| count.map_or(Value::Nothing, Value::from);
        record([
            ("inputTokens", count(self.input_tokens)),
            ("outputTokens", count(self.output_tokens)),
            ("cacheCreationInputTokens", count(self.cache_creation_input_tokens)),
            ("cacheReadInputTokens", count(self.cache_read_input_tokens)),
            ("totalTokens", count(self.total_tokens)),
            ("outputCharacters", self.output_characters.into()),
            ("error", self.error.map_or(Value::Nothing, |kind| kind.name().into())),
        ])
    }

    /// Reads what [`describe`](Self::describe) wrote; `None` of nothing, which is what a body says that cannot be read.
    ///
    /// # Errors
    ///
    /// The first field that is no such thing.
    pub fn parse(described: &Value) -> Result<Option<Self>, OptionError> {
        if *described == Value::Nothing {
            return Ok(None);
        }
        let root = Value::Nothing;
        let root = Field::root(&root);
        read(&root.member("usage", described)).map(Some).map_err(|error| *error)
    }
}

fn read(usage: &Field<'_>) -> Result<Usage, Box<OptionError>> {
    usage.entries()?;
    let count = |name: &str| usage.given(name).map(|count| count.whole(0, MOST)).transpose();
    let error = usage.given("error").map(|error| {
        Kind::from_name(error.text()?).ok_or_else(|| error.error("Use the class of an error, or leave it out."))
    });
    Ok(Usage {
        input_tokens: count("inputTokens")?,
        output_tokens: count("outputTokens")?,
        cache_creation_input_tokens: count("cacheCreationInputTokens")?,
        cache_read_input_tokens: count("cacheReadInputTokens")?,
        total_tokens: count("totalTokens")?,
        output_characters: count("outputCharacters")?.unwrap_or(0),
        error: error.transpose()?,
    })
}

/// Sums of a few counts, each of which has 32 bits; every one is exact in JavaScript.
const MOST: u64 = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn what_is_described_is_read_as_it_was() {
        let usage = Usage {
            input_tokens: Some(12),
            output_tokens: Some(3),
            cache_creation_input_tokens: None,
            cache_read_input_tokens: Some(0),
            total_tokens: Some(15),
            output_characters: 5,
            error: Some(Kind::Overloaded),
        };
        assert_eq!(Usage::parse(&usage.describe()), Ok(Some(usage)));
        assert_eq!(Usage::parse(&Usage::default().describe()), Ok(Some(Usage::default())));
        assert_eq!(Usage::parse(&Value::Nothing), Ok(None));
    }

    #[test]
    fn what_is_no_usage_is_named() {
        for (usage, expected) in [
            (Value::from(7.0), "Option usage is 7. Use an object."),
            (
                record([("inputTokens", Value::from(-1.0))]),
                "Option usage.inputTokens is -1. Use a whole number from 0 to 9,007,199,254,740,991.",
            ),
            (
                record([("error", "odd".into())]),
                "Option usage.error is \"odd\". Use the class of an error, or leave it out.",
            ),
        ] {
            assert_eq!(Usage::parse(&usage).expect_err("it is wrong").to_string(), expected);
        }
    }
}
