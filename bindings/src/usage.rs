//! What a body says it used, for those who read it elsewhere than where its call is limited.

use tidegate::usage::{Format, Usage, UsageReader};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::plain;

/// Reads usage from one body that passes.
#[wasm_bindgen]
pub struct CoreUsage {
    reader: Option<UsageReader>,
}

#[wasm_bindgen]
impl CoreUsage {
    /// A reader for a body of this `content-type`; empty for none.
    #[wasm_bindgen(constructor)]
    pub fn new(content_type: &str) -> Self {
        Self { reader: Format::of(Some(content_type.as_bytes())).map(UsageReader::new) }
    }

    /// Whether such a body may say anything.
    #[wasm_bindgen(js_name = isReadable)]
    pub fn is_readable(&self) -> bool {
        self.reader.is_some()
    }

    /// A piece of the body passed.
    pub fn chunk(&mut self, bytes: &[u8]) {
        if let Some(reader) = &mut self.reader {
            reader.feed(bytes);
        }
    }

    /// What it said so far: a few numbers, `null` for what it did not say, and the class of an error in it. `null` for a body
    /// that cannot be read.
    pub fn usage(&self) -> JsValue {
        self.reader.as_ref().map_or(JsValue::NULL, |reader| plain::to_js(&reader.usage().describe()))
    }
}

/// The usage that `described` says, if it says any.
pub fn of_js(described: &JsValue) -> Result<Option<Usage>, JsValue> {
    Usage::parse(&plain::from_js(described)).map_err(|error| plain::option_error(&error))
}
