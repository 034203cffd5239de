//! What a response says of limits, for those who want to know and need no limiter.

use js_sys::Uint8Array;
use tidegate::headers::{HeaderBlock, Response, Signal, read, read_custom};
use tidegate::options::Value;
use tidegate::policy::Conventions;
use tidegate::provider::Provider;
use tidegate::time::{Duration, WallTime};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::plain;

/// Reads what a response says. `headers` holds `name: value` lines; `provider` is a name, a description or `undefined`;
/// `body` is a string, a `Uint8Array` or `undefined`; `wall_now` is in milliseconds since 1970. What it says comes as JSON.
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
) -> Result<String, JsValue> {
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
    Ok(describe(&signal))
}

fn conventions(provider: &JsValue) -> Result<Option<Conventions>, JsValue> {
    match plain::from_js(provider) {
        Value::Nothing => Ok(None),
        Value::Text(name) => Ok(Some(Conventions::Named(Provider::from_name(&name).unwrap_or_default()))),
        other => tidegate::options::parse_provider(&other).map(Some).map_err(|error| plain::option_error(&error)),
    }
}

/// The normal form as JSON. One text crosses faster than an object of thirty values, which all have to be made one by one.
fn describe(signal: &Signal<'_>) -> String {
    let mut json = String::with_capacity(64 + 144 * signal.limits().count());
    json.push('{');
    number(&mut json, "retryAfterMs", signal.retry_after.map(Duration::as_millis_ceil));
    json.push_str(",\"limits\":[");
    for (index, limit) in signal.limits().enumerate() {
        json.push_str(if index == 0 { "{" } else { ",{" });
        text(&mut json, "dimension", Some(&limit.dimension));
        json.push(',');
        number(&mut json, "limit", limit.limit);
        json.push(',');
        number(&mut json, "remaining", limit.remaining);
        json.push(',');
        number(&mut json, "resetAtMs", limit.reset_at.map(WallTime::as_unix_millis));
        json.push(',');
        number(&mut json, "windowMs", limit.window.map(Duration::as_millis_ceil));
        json.push(',');
        text(&mut json, "policy", limit.policy.as_deref());
        json.push('}');
    }
    json.push_str(if signal.retryable { "],\"retryable\":true," } else { "],\"retryable\":false," });
    text(&mut json, "kind", Some(signal.kind.name()));
    json.push('}');
    json
}

fn number(json: &mut String, name: &str, value: Option<u64>) {
    key(json, name);
    json.push_str(&value.map_or("null".to_owned(), |number| number.to_string()));
}

fn text(json: &mut String, name: &str, value: Option<&str>) {
    key(json, name);
    let Some(value) = value else { return json.push_str("null") };
    json.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\0'..' ' => {
                json.push_str("\\u00");
                json.extend(
                    [4, 0].into_iter().filter_map(|shift| char::from_digit((character as u32 >> shift) & 15, 16)),
                );
            }
            _ => json.push(character),
        }
    }
    json.push('"');
}

fn key(json: &mut String, name: &str) {
    json.push('"');
    json.push_str(name);
    json.push_str("\":");
}
