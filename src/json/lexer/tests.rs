use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use super::*;

/// Writes down what it is told.
#[derive(Default)]
struct Log(String);

impl<'t> Sink<'t> for Log {
    fn open(&mut self, bracket: u8) {
        self.0.push(bracket.into());
    }

    fn close(&mut self, bracket: u8) {
        self.0.push(bracket.into());
    }

    fn comma(&mut self) {
        self.0.push(',');
    }

    fn key(&mut self, name: &[u8]) {
        write!(self.0, "{}:", String::from_utf8_lossy(name)).unwrap();
    }

    fn text(&mut self, role: Role, part: &'t [u8]) {
        if role == Role::Value {
            write!(self.0, "{}", String::from_utf8_lossy(part)).unwrap();
        }
    }

    fn scalar(&mut self, role: Role, scalar: char) {
        if role == Role::Value {
            self.0.push(scalar);
        }
    }

    fn end_text(&mut self) {
        self.0.push(';');
    }

    fn raw(&mut self, part: &'t [u8]) {
        write!(self.0, "{}", String::from_utf8_lossy(part)).unwrap();
    }

    fn plain(&mut self, value: Plain) {
        write!(self.0, "={value:?}").unwrap();
    }
}

fn log(text: &str) -> String {
    let mut log = Log::default();
    let rest = Lexer::new().feed(text.as_bytes(), &mut log);
    if !rest.is_empty() {
        write!(log.0, "!{}", String::from_utf8_lossy(rest)).unwrap();
    }
    log.0
}

#[test]
fn objects_arrays_and_values_are_told_in_order() {
    assert_eq!(
        log(r#" {"a": [1, true , "x"], "b":{}, "c":null} "#),
        "{a:[1=Integer(1),true=True,x;],b:{},c:null=Null}"
    );
}

#[test]
fn escapes_are_undone_in_values_and_names() {
    assert_eq!(log(r#"{"m\u006fdel":"a\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00z"}"#), "{model:a\"\\/\u{8}\u{c}\n\r\té😀z;}");
}

#[test]
fn half_a_surrogate_pair_is_one_replacement_character() {
    assert_eq!(log(r#"["\uD83D"]"#), "[\u{FFFD};]");
    assert_eq!(log(r#"["\uD83Dx"]"#), "[\u{FFFD}x;]");
    assert_eq!(log(r#"["\uD83D\n"]"#), "[\u{FFFD}\n;]");
    assert_eq!(log(r#"["\uD83D\uD83D\uDE00"]"#), "[\u{FFFD}😀;]");
    assert_eq!(log(r#"["\uDE00"]"#), "[\u{FFFD};]");
    assert_eq!(log(r#"{"\uD83D":1}"#), "{\u{FFFD}:1=Integer(1)}");
}

#[test]
fn an_error_ends_the_reading_where_it_is() {
    assert_eq!(log(r#"["a\x41"]"#), "[a!x41\"]");
    assert_eq!(log(r#"["\u12G4"]"#), "[!G4\"]");
    assert_eq!(log(r#"{"a":1]"#), "{a:1=Integer(1)!]");
    assert_eq!(log("[1}"), "[1=Integer(1)!}");
    assert_eq!(log(r#"{"a" 1}"#), "{a:!1}");
    assert_eq!(log("{1:2}"), "{!1:2}");
    assert_eq!(log("]"), "!]");
    assert_eq!(log("{} {}"), "{}!{}");
}

#[test]
fn a_byte_order_mark_before_the_text_is_ignored() {
    assert_eq!(log("\u{FEFF}[1]"), "[1=Integer(1)]");
    assert!(log("[\u{FEFF}1]").starts_with("[!"));
}

#[test]
fn a_name_longer_than_any_known_one_is_nobody() {
    let long = "k".repeat(KEY_BYTES + 1);
    assert_eq!(log(&format!("{{\"{long}\":1}}")), "{:1=Integer(1)}");
    assert_eq!(log(&format!("{{\"\\u006b{long}\":1}}")), "{:1=Integer(1)}");
    let just = "k".repeat(KEY_BYTES);
    assert_eq!(log(&format!("{{\"{just}\":1}}")), format!("{{{just}:1=Integer(1)}}"));
}

#[test]
fn below_the_cap_names_are_values_and_above_it_all_is_well_again() {
    let cap = DEPTH_CAP as usize;
    let open = "[".repeat(cap - 1);
    let close = "]".repeat(cap - 1);
    let expected = |inner: &str| format!("{}{inner}{}", "[".repeat(cap - 1), "]".repeat(cap - 1));
    // Exactly at the cap everything is known; one deeper, the name counts as a value.
    assert_eq!(log(&format!("{open}{{\"a\":1}}{close}")), expected("{a:1=Integer(1)}"));
    assert_eq!(
        log(&format!("{open}{{\"a\":{{\"b\":[2]}},\"c\":3}}{close}")),
        expected("{a:{b;,[2=Integer(2)]},c:3=Integer(3)}")
    );
}

#[test]
fn a_mountain_of_brackets_is_climbed_and_left() {
    let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut lexer = Lexer::new();
    assert!(lexer.feed(text.as_bytes(), &mut Log::default()).is_empty());
    assert_eq!(lexer.state, State::End);
}

#[test]
fn one_byte_at_a_time_says_the_same() {
    let text = r#"{"m\u006fdel": ["\uD83D\uDE00","\uD83D","é\\"], "n":12.5, "o":{"p":false}}"#;
    let mut lexer = Lexer::new();
    let mut pieces = Log::default();
    // Invalid UTF-8 in the parts is what the cut makes of é: compare without it.
    let text = text.replace('é', "e");
    text.as_bytes().chunks(1).for_each(|byte| {
        lexer.feed(byte, &mut pieces);
    });
    assert_eq!(pieces.0, log(&text));
}
