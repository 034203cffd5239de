//! What a response says of limits, for those who want to know and need no limiter.

use js_sys::Uint8Array;
use tidegate::headers::{HeaderBlock, Response, Signal, StatedLimit, read, read_custom};
use tidegate::options::{Value, record};
use tidegate::policy::Conventions;
use tidegate::provider::Provider;
use tidegate::time::{Duration, WallTime};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::plain;

/// Reads what a response says. `headers` holds `name: value` lines; `provider` is a name, a description or `undefined`;
/// `body` is a string, a `Uint8Array` or `undefined`; `wall_now` is in milliseconds since 1970.
///
/// # Errors
///
/// An `Error` called `OptionError` for a wrong description. A name that is not known is read as any HTTP API.
#[wasm_bindgen(js_name = parseRateLimit)]
pub fn parse_rate_limit(
    headers: &str,
    provider: &JsValue,
    status: u16,
    body: &JsValue,
    wall_now: f64,
) -> Result<JsValue, JsValue> {
    let text = body.as_string();
    let bytes = if text.is_none() && body.is_object() { Uint8Array::new(body).to_vec() } else { Vec::new() };
    let body = match &text {
        Some(text) => Some(text.as_bytes()),
        None => body.is_object().then_some(&*bytes),
    };
    let conventions = conventions(provider)?;
    let named = conventions.as_ref().map(Conventions::provider);
    let response = Response { provider: named, status, headers: HeaderBlock::new(headers.as_bytes()), body };
    let now = WallTime::from_unix_millis(wall_now as u64);
    let signal = match &conventions {
        Some(Conventions::Described(api)) => read_custom(&response, api, now),
        Some(Conventions::Named(_)) | None => read(&response, now),
    };
    Ok(plain::to_js(&describe(&signal)))
}

fn conventions(provider: &JsValue) -> Result<Option<Conventions>, JsValue> {
    match plain::from_js(provider) {
        Value::Nothing => Ok(None),
        Value::Text(name) => Ok(Some(Conventions::Named(Provider::from_name(&name).unwrap_or_default()))),
        other => tidegate::options::parse_provider(&other).map(Some).map_err(|error| plain::option_error(&error)),
    }
}

fn describe(signal: &Signal<'_>) -> Value {
    record([
        ("retryAfterMs", or_nothing(signal.retry_after.map(Duration::as_millis_ceil))),
        ("limits", Value::List(signal.limits().map(describe_limit).collect())),
        ("retryable", Value::Bool(signal.retryable)),
        ("kind", signal.kind.name().into()),
    ])
}

fn describe_limit(limit: &StatedLimit<'_>) -> Value {
    record([
        ("dimension", (&*limit.dimension).into()),
        ("limit", or_nothing(limit.limit)),
        ("remaining", or_nothing(limit.remaining)),
        ("resetAtMs", or_nothing(limit.reset_at.map(WallTime::as_unix_millis))),
        ("windowMs", or_nothing(limit.window.map(Duration::as_millis_ceil))),
        ("policy", or_nothing(limit.policy.as_deref())),
    ])
}

fn or_nothing<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::Nothing, Into::into)
}
