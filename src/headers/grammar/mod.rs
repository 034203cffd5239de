//! One grammar a file. Each reads the whole of its input or nothing: text that is nearly right says nothing.

pub(crate) mod calendar;
pub(crate) mod go_duration;
pub(crate) mod http_date;
pub(crate) mod members;
pub(crate) mod number;
pub(crate) mod rfc3339;
pub(crate) mod structured;
