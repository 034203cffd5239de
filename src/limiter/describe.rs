//! Refusals and events as plain data.

use alloc::string::ToString;

use super::output::{Event, Refusal};
use crate::options::{Value, record};
use crate::time::Duration;

impl Refusal {
    /// The refusal as a record: `code`, `message` and what else it says.
    pub fn describe(&self) -> Value {
        let mut fields = alloc::vec![
            ("code".to_string(), Value::from(self.code())),
            ("message".to_string(), Value::Text(self.to_string())),
        ];
        let more = match self {
            Self::InsufficientCapacity { scope, dimension, limit, cost } => record([
                ("scope", scope.as_str().into()),
                ("dimension", dimension.name().into()),
                ("limit", (*limit).into()),
                ("cost", (*cost).into()),
            ]),
            Self::QueueFull { scope, limit, .. } => {
                record([("scope", scope.as_str().into()), ("limit", u64::from(*limit).into())])
            }
            Self::DeadlineExceeded { scope, waited, position, .. } => record([
                ("scope", scope.as_str().into()),
                ("waitedMs", waited.as_millis_f64().into()),
                ("position", u64::from(*position).into()),
            ]),
            Self::Draining | Self::Closed => record([]),
        };
        if let Value::Record(more) = more {
            fields.extend(more);
        }
        if let Self::QueueFull { expected: Some(expected), .. }
        | Self::DeadlineExceeded { expected: Some(expected), .. } = self
        {
            fields.push(("expectedMs".to_string(), millis(*expected)));
        }
        Value::Record(fields)
    }
}

impl Event {
    /// The event as a record, whose `type` says what it is.
    pub fn describe(&self) -> Value {
        match self {
            Self::UnknownModel { model, scope } => record([
                ("type", "unknown-model".into()),
                ("model", model.as_str().into()),
                ("scope", scope.as_str().into()),
            ]),
            Self::Limit { scope, change } => record([
                ("type", "limit".into()),
                ("scope", scope.as_str().into()),
                ("dimension", change.dimension.name().into()),
                ("amount", change.quota.amount().into()),
                ("periodMs", change.quota.period().as_millis_f64().into()),
                ("reason", if change.learned { "learned" } else { "changed" }.into()),
            ]),
            Self::Refused { scope, status, kind, retry_after, attempt } => record([
                ("type", "refused".into()),
                ("scope", scope.as_str().into()),
                ("status", u64::from(*status).into()),
                ("kind", kind.name().into()),
                ("retryAfterMs", retry_after.map_or(Value::Nothing, millis)),
                ("attempt", u64::from(*attempt).into()),
            ]),
            Self::Retry { scope, attempt, delay } => record([
                ("type", "retry".into()),
                ("scope", scope.as_str().into()),
                ("attempt", u64::from(*attempt).into()),
                ("delayMs", millis(*delay)),
            ]),
            Self::Overload { scope, limit } => record([
                ("type", "overload".into()),
                ("scope", scope.as_str().into()),
                ("limit", limit.map_or(Value::Nothing, |limit| u64::from(limit).into())),
            ]),
            Self::Drained => record([("type", "drained".into())]),
            Self::Breaker { scope, open_for } => record([
                ("type", "breaker".into()),
                ("scope", scope.as_str().into()),
                ("state", if open_for.is_some() { "open" } else { "closed" }.into()),
                ("openForMs", open_for.map_or(Value::Nothing, millis)),
            ]),
        }
    }
}

fn millis(duration: Duration) -> Value {
    duration.as_millis_f64().into()
}
