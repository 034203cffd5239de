//! The boundary between the core and JavaScript: types in and out, nothing decided here.
