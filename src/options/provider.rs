//! The option `provider`: a name, or a description of an API that nobody here knows.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::reader::{Field, OptionError, list};
use crate::headers::{CustomLimit, CustomProvider, Kind, MAX_LIMITS, Unit};
use crate::policy::Conventions;
use crate::provider::Provider;
use crate::quota::Quota;
use crate::time::Duration;

/// Reads `provider`.
pub(super) fn read(field: &Field<'_>) -> Result<Conventions, Box<OptionError>> {
    if field.is_record() {
        return described(field).map(|api| Conventions::Described(Arc::new(api)));
    }
    named(field, ", or an object that describes the API").map(Conventions::Named)
}

fn named(field: &Field<'_>, or: &str) -> Result<Provider, Box<OptionError>> {
    field.text().ok().and_then(Provider::from_name).ok_or_else(|| unknown(field, or))
}

#[cold]
fn unknown(field: &Field<'_>, or: &str) -> Box<OptionError> {
    field.error(&format!("Use {}{or}.", list(&Provider::ALL.map(Provider::name))))
}

fn described(field: &Field<'_>) -> Result<CustomProvider, Box<OptionError>> {
    field.expect_record(&["like", "limits", "retryAfter", "statuses"])?;
    let mut api = CustomProvider::default();
    if let Some(like) = field.given("like") {
        api.like = named(&like, "")?;
    }
    let limits = field.field("limits");
    let items = limits.items()?;
    if items.len() > MAX_LIMITS {
        return Err(limits.error(&format!("Describe at most {MAX_LIMITS} limits.")));
    }
    for (index, limit) in items.iter().enumerate() {
        api.limits.push(described_limit(&limits.item(index, limit))?);
    }
    if let Some(wait) = field.given("retryAfter") {
        wait.expect_record(&["header", "unit"])?;
        api.retry_after = Some((header(&wait.field("header"))?, unit(&wait)?));
    }
    let statuses = field.field("statuses");
    for (status, kind) in statuses.entries()? {
        let kind = statuses.member(status, kind);
        api.statuses.push((status_code(status, &kind)?, kind.choice(&Kind::ALL.map(|kind| (kind.name(), kind)))?));
    }
    if api.limits.is_empty() && api.retry_after.is_none() && api.statuses.is_empty() {
        return Err(field.error("Describe its limits, its retryAfter or its statuses, or give a name alone."));
    }
    Ok(api)
}

fn described_limit(limit: &Field<'_>) -> Result<CustomLimit, Box<OptionError>> {
    limit.expect_record(&["dimension", "limit", "remaining", "reset", "unit", "windowMs"])?;
    let name = |name| limit.given(name).map(|field| header(&field)).transpose();
    let described = CustomLimit {
        dimension: limit.field("dimension").text()?.into(),
        limit: name("limit")?,
        remaining: name("remaining")?,
        reset: name("reset")?,
        unit: unit(limit)?,
        window: match limit.given("windowMs") {
            Some(window) => Some(Duration::from_millis(window.whole(1, Quota::MAX_PERIOD.as_millis_ceil())?)),
            None => None,
        },
    };
    if described.limit.is_none() && described.remaining.is_none() {
        return Err(limit.error("Name the header field of its limit, of its remaining, or of both."));
    }
    Ok(described)
}

/// The name of a header field: a token of RFC 9110, §5.6.2.
fn header(field: &Field<'_>) -> Result<String, Box<OptionError>> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let name = field.text().ok().filter(|name| name.bytes().all(is_token));
    name.map(String::from).ok_or_else(|| field.error("Use the name of a header field."))
}

fn unit(field: &Field<'_>) -> Result<Unit, Box<OptionError>> {
    let units: Vec<(&str, Unit)> = Unit::ALL.into_iter().map(|unit| (unit.name(), unit)).collect();
    field.given("unit").map_or(Ok(Unit::default()), |unit| unit.choice(&units))
}

fn status_code(status: &str, field: &Field<'_>) -> Result<u16, Box<OptionError>> {
    let code = status.parse().ok().filter(|code| (100..=999).contains(code) && status.len() == 3);
    code.ok_or_else(|| field.error("Use a status of three digits as the key."))
}
