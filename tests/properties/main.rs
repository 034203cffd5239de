//! Laws that hold for every input, tried on many.

mod request;
mod samples;
mod usage;
