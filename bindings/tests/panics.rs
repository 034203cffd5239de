//! A panic, as JavaScript sees it. Alone in its file: what a panic leaves behind does not unwind.
#![cfg(target_arch = "wasm32")]

use js_sys::{Error, Function};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn a_panic_is_one_error_that_says_whose_fault_it_is() {
    // The harness has a hook of its own; the module installs this one when it is loaded.
    tidegate_bindings::install_panic_hook();
    let panics = Closure::<dyn FnMut()>::new(|| panic!("a broken invariant"));
    let thrown = panics.as_ref().unchecked_ref::<Function>().call0(&JsValue::UNDEFINED).expect_err("it throws");
    let message = String::from(thrown.unchecked_into::<Error>().message());
    assert!(message.starts_with("tidegate core panicked: "), "{message}");
    assert!(message.contains("a broken invariant"), "{message}");
}
