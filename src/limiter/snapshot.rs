//! The limiter's state as plain data.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::Limiter;
use crate::cost::Dimension;
use crate::ledger::LimitState;
use crate::options::{Value, record};
use crate::queue::Priority;
use crate::throttle::Throttle;
use crate::time::Instant;

impl Limiter {
    /// Everything that may be looked at, as it stands at `now`. Of scopes that were not configured, the 1,024 that were used
    /// last are listed, and the others counted.
    pub fn snapshot(&mut self, now: Instant) -> Value {
        let wake_up = self.poll_timeout().map_or(Value::Nothing, |wake_up| {
            record([("inMs", wake_up.at.since(now).as_millis_f64().into()), ("reason", wake_up.reason.name().into())])
        });
        let (shown, others) = self.scopes.shown_mut();
        let scopes: Vec<Value> = shown
            .map(|scope| {
                let limits: Vec<Value> = scope.ledger.states(now).map(|state| limit(&state)).collect();
                let throttle = scope.throttle.as_deref();
                record([
                    ("name", Value::Text(scope.name.to_string())),
                    ("waiting", u64::from(scope.queue.len() + scope.pausing).into()),
                    ("priorities", Value::List(scope.queue.waiting().map(priority).collect())),
                    ("inFlight", scope.ledger.in_flight().into()),
                    ("shutForMs", scope.shut_until.since(now).as_millis_f64().into()),
                    ("breaker", throttle.map_or("closed", |throttle| throttle.breaker(now)).into()),
                    ("mostInFlight", amount(throttle.and_then(Throttle::most_in_flight).map(u64::from))),
                    ("startsPerMinute", amount(throttle.and_then(Throttle::starts_per_minute))),
                    ("limits", Value::List(limits)),
                ])
            })
            .collect();
        record([
            ("waiting", u64::from(self.waiting).into()),
            ("inFlight", u64::from(self.in_flight()).into()),
            ("paused", Value::Bool(self.is_paused())),
            ("draining", Value::Bool(self.is_draining())),
            ("wakeUp", wake_up),
            ("scopes", Value::List(scopes)),
            ("otherScopes", (others as u64).into()),
            ("learned", self.forecasts.describe()),
        ])
    }
}

fn priority((priority, waiting): (Priority, u32)) -> Value {
    record([("priority", f64::from(priority.number()).into()), ("waiting", u64::from(waiting).into())])
}

fn amount(amount: Option<u64>) -> Value {
    amount.map_or(Value::Nothing, Value::from)
}

fn limit(state: &LimitState) -> Value {
    let is_rate = state.dimension != Dimension::Concurrency;
    let period = if is_rate { state.quota.period().as_millis_f64().into() } else { Value::Nothing };
    record([
        ("dimension", state.dimension.name().into()),
        ("amount", state.quota.amount().into()),
        ("periodMs", period),
        ("burst", state.quota.burst().into()),
        ("available", (state.level as f64).into()),
        ("enforcement", state.quota.enforcement().name().into()),
        ("source", state.origin.name().into()),
    ])
}
