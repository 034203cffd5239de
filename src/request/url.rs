//! The parts of a URL that tell whose API it is.

use alloc::borrow::Cow;
use alloc::string::String;

/// A URL in parts, as it was written: nothing is decoded or normalised. A caller that has passed it through
/// `new URL()` gets one origin for one server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Url<'a> {
    /// Scheme, host and port, without a slash at the end. Empty for a relative URL. Where the URL carries a user name
    /// or a password, host and port alone: `fetch` refuses such URLs, and a secret may never be part of a name.
    pub(super) origin: &'a str,
    /// From the first slash to the query.
    pub(super) path: &'a str,
    /// After the question mark, without the fragment.
    pub(super) query: &'a str,
}

impl<'a> Url<'a> {
    pub(super) fn parse(url: &'a str) -> Self {
        let url = url.split('#').next().unwrap_or_default();
        let (before_query, query) = url.split_once('?').unwrap_or((url, ""));
        let (scheme, rest) = before_query.split_once(':').unwrap_or_default();
        let Some(rest) = rest.strip_prefix("//").filter(|_| is_scheme(scheme)) else {
            return Self { origin: "", path: before_query, query };
        };
        // The URL standard reads a backslash as a slash.
        let authority = rest.split(['/', '\\']).next().unwrap_or_default();
        let end = scheme.len() + "://".len() + authority.len();
        let (origin, path) = before_query.split_at_checked(end).unwrap_or_default();
        let origin = authority.rsplit_once('@').map_or(origin, |(_, host)| host);
        Self { origin, path, query }
    }

    /// Whether the query has a parameter called `name`.
    pub(super) fn has_parameter(&self, name: &str) -> bool {
        self.query.split('&').any(|pair| pair.split('=').next() == Some(name))
    }
}

/// A name that stood in a path, with the characters for which escapes of printable ASCII stand. Others stay as they are.
pub(crate) fn decoded(name: &str) -> Cow<'_, str> {
    let mut decoded = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('%') {
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let byte = byte.filter(|byte| (b' '..=b'~').contains(byte));
        decoded.push_str(before);
        decoded.push(char::from(byte.unwrap_or(b'%')));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    if decoded.is_empty() {
        return Cow::Borrowed(name);
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// RFC 3986 §3.1, without the rule for the first letter.
fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> (&str, &str, &str) {
        let url = Url::parse(url);
        (url.origin, url.path, url.query)
    }

    #[test]
    fn escapes_of_what_can_be_printed_are_decoded_and_others_are_not() {
        for (name, expected) in [
            ("claude-sonnet-5", "claude-sonnet-5"),
            ("amazon.nova-pro-v1%3A0", "amazon.nova-pro-v1:0"),
            ("%3a%2F", ":/"),
            ("arn%3Aaws%2Fx%20y", "arn:aws/x y"),
            ("%00%0A%7F%C3%A9", "%00%0A%7F%C3%A9"),
            ("100%", "100%"),
            ("%3", "%3"),
            ("%+3%zz%é", "%+3%zz%é"),
            ("%253A", "%3A"),
        ] {
            assert_eq!(decoded(name), expected, "{name}");
        }
    }

    #[test]
    fn a_url_falls_into_origin_path_and_query() {
        assert_eq!(parts("https://api.example.com/v1/x?a=1&b#f"), ("https://api.example.com", "/v1/x", "a=1&b"));
        assert_eq!(parts("http://[::1]:8080"), ("http://[::1]:8080", "", ""));
        assert_eq!(parts("https://h?q"), ("https://h", "", "q"));
        assert_eq!(parts("https://h#/v1/messages?x"), ("https://h", "", ""));
    }

    #[test]
    fn a_relative_url_has_no_origin() {
        assert_eq!(parts("/v1/x?to=https://elsewhere/y"), ("", "/v1/x", "to=https://elsewhere/y"));
        assert_eq!(parts("/proxy/https://api.example.com/v1"), ("", "/proxy/https://api.example.com/v1", ""));
        assert_eq!(parts(""), ("", "", ""));
    }

    #[test]
    fn user_names_and_passwords_never_show() {
        assert_eq!(parts("https://user:pass@h:1/x"), ("h:1", "/x", ""));
        assert_eq!(parts("https://a@b:c@h/x@y"), ("h", "/x@y", ""));
        assert_eq!(parts("https://user:p\\ass@h/x").0, "https://user:p");
    }

    #[test]
    fn parameters_are_known_by_their_whole_name() {
        let url = Url::parse("https://h/x?my-api-version=1&api-version=2&flag");
        assert!(url.has_parameter("api-version"));
        assert!(url.has_parameter("flag"));
        assert!(!url.has_parameter("version"));
    }
}
