//! Plain data across the boundary.
//!
//! The core reads options and writes snapshots as its own [`Value`], so that one parser, tested natively, names a wrong
//! option by its path and value. All that is left for the boundary is this walk over JavaScript values. It takes the
//! place of serde-wasm-bindgen, which would be three quarters of the module.

use js_sys::{Array, Object, Reflect};
use tidegate::options::{OptionError, Value};
use wasm_bindgen::{JsCast, JsValue};

/// What `value` holds. Deeper than any option lies, it is cut: objects may contain themselves.
pub fn from_js(value: &JsValue) -> Value {
    read(value, DEEPEST)
}

fn read(value: &JsValue, depth: u32) -> Value {
    if value.is_undefined() || value.is_null() {
        return Value::Nothing;
    }
    if let Some(truth) = value.as_bool() {
        return Value::Bool(truth);
    }
    if let Some(number) = value.as_f64() {
        return Value::Number(number);
    }
    if let Some(text) = value.as_string() {
        return Value::Text(text);
    }
    if value.is_function() {
        return Value::Other("a function".to_owned());
    }
    if depth == 0 {
        return Value::Other("an object in an object, too deep".to_owned());
    }
    if let Some(list) = value.dyn_ref::<Array>() {
        return Value::List(list.iter().map(|item| read(&item, depth - 1)).collect());
    }
    let Some(object) = value.dyn_ref::<Object>() else {
        let kind = value.js_typeof().as_string().unwrap_or_default();
        return Value::Other(format!("a {kind}"));
    };
    let names = Object::keys(object);
    let entries = names.iter().filter_map(|key| {
        let name = key.as_string()?;
        // A getter that throws reads as absent.
        let field = Reflect::get(object, &key).unwrap_or(JsValue::UNDEFINED);
        Some((name, read(&field, depth - 1)))
    });
    Value::Record(entries.collect())
}

/// `value` for JavaScript; nothing becomes `null`.
pub fn to_js(value: &Value) -> JsValue {
    match value {
        Value::Nothing => JsValue::NULL,
        Value::Bool(truth) => JsValue::from_bool(*truth),
        Value::Number(number) => JsValue::from_f64(*number),
        Value::Text(text) | Value::Other(text) => JsValue::from_str(text),
        Value::List(items) => items.iter().map(to_js).collect::<Array>().into(),
        Value::Record(fields) => {
            let object = Object::new();
            for (name, field) in fields {
                set(&object, name, &to_js(field));
            }
            object.into()
        }
    }
}

/// The error that the glue throws for a wrong option: an `Error` called `OptionError`, with its parts as fields.
pub fn option_error(error: &OptionError) -> JsValue {
    let thrown = js_sys::Error::new(&error.to_string());
    thrown.set_name("OptionError");
    for (name, text) in [("option", &error.option), ("value", &error.value), ("fix", &error.fix)] {
        set(&thrown, name, &JsValue::from_str(text));
    }
    thrown.into()
}

/// Sets a field of an object that was just made, which cannot fail.
pub fn set(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

/// `limits → scope → limits → entry → field` is five deep.
const DEEPEST: u32 = 8;
