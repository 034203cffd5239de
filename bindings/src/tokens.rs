//! How many model tokens a text or a request has, for those who want to know and need no limiter.

use std::cell::RefCell;
use std::sync::Arc;

use js_sys::Uint8Array;
use tidegate::request;
use tidegate::tokens::{Tokenizer, Weights};
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

thread_local! {
    /// The weights of all limiters of this module: tables that are added serve those that are there already.
    static WEIGHTS: RefCell<Arc<Weights>> = RefCell::default();
}

/// The weights by which texts are counted now.
pub(crate) fn weights() -> Arc<Weights> {
    WEIGHTS.with_borrow(Arc::clone)
}

/// Adds exact tables, for every limiter and every estimate from now on.
///
/// # Errors
///
/// An `Error` if these are no tables of this version.
#[wasm_bindgen(js_name = addTokenTables)]
pub fn add_token_tables(tables: &[u8]) -> Result<(), JsError> {
    let mut weights = Weights::new();
    weights.add_tables(tables).map_err(|error| JsError::new(&error.to_string()))?;
    WEIGHTS.set(Arc::new(weights));
    Ok(())
}

/// The model tokens of a text, or of what a request's body asks a model to read. `content` is a string, or of a body a
/// `Uint8Array`. Without `model`, a body says whose tokens they are, and a text is counted as models do on average.
#[wasm_bindgen(js_name = estimateTokens)]
pub fn estimate_tokens(content: &JsValue, is_body: bool, model: Option<String>) -> f64 {
    let bytes = content.as_string().map_or_else(|| Uint8Array::new(content).to_vec(), String::into_bytes);
    let weights = weights();
    if is_body {
        return request::estimate_body(&weights, &bytes, model.as_deref()).tokens() as f64;
    }
    let mut counter = weights.counter(model.as_deref().map_or(Tokenizer::Unknown, Tokenizer::of_model));
    counter.text(&bytes);
    counter.end();
    counter.groups().tokens() as f64
}
