//! What was learned as plain data, to be kept for the next process.

use alloc::boxed::Box;
use alloc::format;

use alloc::vec::Vec;

use super::calibration::Calibration;
use super::filter::{Filter, within};
use super::quantile::Quantile;
use super::table::{Memory, Topic};
use super::{Forecasts, LEAST_TOKENS_PER_CHARACTER, MOST_MARGIN, MOST_TOKENS_PER_CHARACTER, Model, ModelId};
use crate::options::{Field, OptionError, Value, record};

impl Forecasts {
    /// Everything that was learned, as [`options`](crate::options) reads it under the name `learned`.
    pub fn describe(&self) -> Value {
        let models = self.table.models().map(|(id, model)| self.describe_model(id, model)).collect();
        record([("version", VERSION.into()), ("models", Value::List(models))])
    }

    fn describe_model(&self, id: ModelId, model: &Model) -> Value {
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for (topic, memory) in self.table.topics(id) {
            match (topic, memory) {
                (Topic::Input { tools, has_unknown_parts }, Memory::Input(calibration)) => inputs.push(record([
                    ("tools", Value::Text(format!("{tools:016x}"))),
                    ("hasUnknownParts", Value::Bool(has_unknown_parts)),
                    ("answers", u64::from(calibration.answers()).into()),
                    ("spread", calibration.spread().into()),
                    ("certainty", calibration.certainty().into()),
                    ("weights", numbers(calibration.filter().weights())),
                    ("covariance", numbers(calibration.filter().covariance())),
                ])),
                (Topic::Output { kind }, Memory::Output(quantile)) => outputs.push(record([
                    ("kind", u64::from(kind).into()),
                    ("answers", u64::from(quantile.answers()).into()),
                    ("tokens", quantile.exact().into()),
                ])),
                _ => {}
            }
        }
        record([
            ("model", model.name.as_str().into()),
            ("margin", u64::from(model.margin).into()),
            ("tokensPerCharacter", model.tokens_per_character.into()),
            ("answers", u64::from(model.output.answers()).into()),
            ("outputTokens", model.output.exact().into()),
            ("inputs", Value::List(inputs)),
            ("outputs", Value::List(outputs)),
        ])
    }

    /// Reads what [`describe`](Self::describe) wrote. Of another version nothing is taken, because what was learned can be
    /// learned anew; what is not such a description at all is an error, because then the user meant something else.
    pub(crate) fn read(field: &Field<'_>) -> Result<Self, Box<OptionError>> {
        let mut forecasts = Self::default();
        match field.field("version").whole(1, u64::from(u32::MAX)) {
            Ok(VERSION) => {}
            Ok(_) => return Ok(forecasts),
            Err(_) => return Err(field.error("Use what snapshot().learned was.")),
        }
        let models = field.field("models");
        for (index, model) in models.items()?.iter().enumerate() {
            forecasts.read_model(&models.item(index, model))?;
        }
        Ok(forecasts)
    }

    fn read_model(&mut self, field: &Field<'_>) -> Result<(), Box<OptionError>> {
        let name = field.field("model").possible_text()?;
        if name.len() > NAME_BYTES {
            return Err(field.field("model").error("Use a model's name of at most 128 bytes."));
        }
        let id = self.note(name);
        let mut model = Model::new(name);
        model.margin = small(&field.field("margin"))?.min(MOST_MARGIN);
        let each = field.field("tokensPerCharacter").real()?;
        model.tokens_per_character = within(each, LEAST_TOKENS_PER_CHARACTER, MOST_TOKENS_PER_CHARACTER);
        model.output = quantile(field, "outputTokens")?;
        let inputs = field.field("inputs");
        for (index, input) in inputs.items()?.iter().enumerate() {
            let input = inputs.item(index, input);
            let (topic, calibration) = calibration(&input)?;
            self.table.insert(id, topic, Memory::Input(Box::new(calibration)));
        }
        let outputs = field.field("outputs");
        for (index, output) in outputs.items()?.iter().enumerate() {
            let output = outputs.item(index, output);
            let kind = u16::try_from(output.field("kind").whole(0, u64::from(u16::MAX))?).unwrap_or_default();
            self.table.insert(id, Topic::Output { kind }, Memory::Output(quantile(&output, "tokens")?));
        }
        self.table.insert(id, Topic::Model, Memory::Model(model));
        Ok(())
    }
}

fn calibration(field: &Field<'_>) -> Result<(Topic, Calibration), Box<OptionError>> {
    let tools = field.field("tools");
    let hash = u64::from_str_radix(tools.text()?, 16)
        .map_err(|_| tools.error("Use the text of sixteen hexadecimal digits that a snapshot has here."))?;
    let topic = Topic::Input { tools: hash, has_unknown_parts: field.field("hasUnknownParts").truth()? };
    let filter = Filter::from_parts(reals(&field.field("weights"))?, reals(&field.field("covariance"))?);
    let spread = field.field("spread").real()?;
    let certainty = field.field("certainty").real()?;
    let answers = small(&field.field("answers"))?;
    match filter.and_then(|filter| Calibration::restored(filter, spread, certainty, answers)) {
        Some(calibration) => Ok((topic, calibration)),
        None => Err(field.error("Its numbers do not belong together: give what a snapshot had, as it was.")),
    }
}

fn quantile(field: &Field<'_>, tokens: &str) -> Result<Quantile, Box<OptionError>> {
    Ok(Quantile::restored(field.field(tokens).real()?, small(&field.field("answers"))?))
}

fn small(field: &Field<'_>) -> Result<u32, Box<OptionError>> {
    Ok(u32::try_from(field.whole(0, u64::from(u32::MAX))?).unwrap_or(u32::MAX))
}

fn reals(field: &Field<'_>) -> Result<Vec<f64>, Box<OptionError>> {
    let items = field.items()?;
    if items.len() > MOST_NUMBERS {
        return Err(field.error("Give what a snapshot had, as it was."));
    }
    items.iter().enumerate().map(|(index, item)| field.item(index, item).real()).collect()
}

fn numbers(numbers: &[f64]) -> Value {
    Value::List(numbers.iter().map(|number| Value::Number(*number)).collect())
}

/// Raised whenever the numbers mean something else than before: their order, or what they are multiplied with.
const VERSION: u64 = 1;

/// More than the covariance of any filter has.
const MOST_NUMBERS: usize = 128;

/// As [`request`](crate::request) cuts them.
const NAME_BYTES: usize = 128;
