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
    WEIGHTS.with_borrow_mut(|weights| Arc::make_mut(weights).add_tables(tables)).map_err(JsError::from)
}

/// The model tokens of a text, as `model` counts them; an unknown model as models do on average.
#[wasm_bindgen(js_name = estimateText)]
pub fn estimate_text(text: &str, model: &str) -> f64 {
    let weights = weights();
    let mut counter = weights.counter(Tokenizer::of_model(model));
    counter.text(text.as_bytes());
    counter.end();
    counter.groups().tokens() as f64
}

/// The model tokens of what a request's body asks a model to read. `body` is a string or a `Uint8Array`; without `model`,
/// the body says whose tokens they are.
#[wasm_bindgen(js_name = estimateBody)]
pub fn estimate_body(body: &JsValue, model: Option<String>) -> f64 {
    let estimate = |body: &[u8]| request::estimate_body(&weights(), body, model.as_deref()).tokens() as f64;
    match body.as_string() {
        Some(text) => estimate(text.as_bytes()),
        None => estimate(&Uint8Array::new(body).to_vec()),
    }
}
