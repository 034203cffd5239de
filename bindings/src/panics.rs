//! A panic becomes one JavaScript error that says so.

/// Makes every panic throw an `Error` whose message begins with `tidegate core panicked: `.
///
/// A wasm instance does not unwind: what the panicking call had borrowed stays borrowed, so the glue must not call the
/// limiter again.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        wasm_bindgen::throw_str(&format!("tidegate core panicked: {info}"));
    }));
}
