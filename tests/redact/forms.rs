//! Known values: every form, however it is broken up.

use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use keysieve::model::Secret;
use keysieve::redact::Redactor;
use keysieve::redact::known::KnownValues;
use proptest::prelude::*;

use super::make::{Cuts, cuts, small};
use super::{check_covers, config, streamed};

pub fn redactor<'v>(values: impl IntoIterator<Item = &'v str>) -> Redactor<'static> {
    let named = values
        .into_iter()
        .map(|value| (Arc::from("a test"), Secret::new(value.as_bytes())));
    let known = KnownValues::new(named).expect("few values");
    Redactor::new(small()).with_known(known)
}

/// All places of all values, joined where they overlap.
fn places(values: &[String], text: &str) -> Vec<Range<u64>> {
    // Two that touch without overlapping are two.
    let mut ranges: Vec<Range<u64>> = Vec::new();
    let mut all: Vec<Range<u64>> = Vec::new();
    for value in values {
        let starts = (0..text.len()).filter(|&at| text[at..].starts_with(value.as_str()));
        all.extend(starts.map(|at| at as u64..(at + value.len()) as u64));
    }
    all.sort_by_key(|range| (range.start, range.end));
    for range in all {
        match ranges.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => ranges.push(range),
        }
    }
    ranges
}

proptest! {
    #![proptest_config(config(256))]

    /// Invariant 8: values that begin like themselves and each other, of two letters, so that every way to go wrong
    /// at a mismatch is met.
    #[test]
    fn values_that_overlap_are_wholly_covered(
        values in proptest::collection::vec("[ab]{6,9}", 1..4),
        text in "[ab]{0,60}",
        cuts in cuts(),
    ) {
        let redactor = redactor(values.iter().map(String::as_str));
        let (out, _) = streamed(&redactor, &cuts.of(text.as_bytes()));
        check_covers(text.as_bytes(), &out.text, &places(&values, &text));
    }

    /// Invariant 9: no form of a value comes through, wherever lines and escapes break it.
    #[test]
    fn every_form_is_covered(
        value in "[ -~]{8,40}",
        around in "[a-z]{0,4}",
        form in 0usize..FORMS.len(),
        breaks in proptest::collection::vec((any::<proptest::sample::Index>(), 0usize..BREAKS.len()), 0..4),
        cuts in cuts(),
    ) {
        let (name, write) = FORMS[form];
        let written = write(&value, &around);
        let mut text = written.clone();
        // Not before its first byte, which would be what `before` says.
        for (at, which) in breaks {
            let at = 1 + at.index(text.len().max(2) - 1);
            if text.is_char_boundary(at.min(text.len())) && !is_in_escape(&text, at) {
                text.insert_str(at.min(text.len()), BREAKS[which]);
            }
        }
        let redactor = redactor([value.as_str()]);
        let (out, _) = streamed(&redactor, &cuts.of(text.as_bytes()));
        let shown = String::from_utf8(out.text).expect("placeholders are text");
        prop_assert!(shown.contains("[REDACTED:"), "{name}: {written:?} {text:?} {shown:?}");
        let left: usize = shown.replace("[REDACTED:known-value]", "").len();
        // What is left is what stood around it, or digits of base64 that also hold bits of that.
        let most = text.len() - written.len() + allowance(name, &around);
        prop_assert!(left <= most, "{name}: {left} of {most} in {shown:?}");
    }
}

fn is_in_escape(text: &str, at: usize) -> bool {
    // An escape within an escape is not what anybody writes.
    text.as_bytes()[..at.min(text.len())]
        .iter()
        .rev()
        .take(12)
        .any(|&b| b == 0x1b)
}

/// How much may be left of a form besides what was put in to break it.
fn allowance(name: &str, around: &str) -> usize {
    match name {
        "base64" | "base64url" => around.len().div_ceil(3) * 8 + 8,
        // As many bits, the digits that hold bits of the value as well, and what fills up the last group.
        "base32" | "BASE32" => (2 * around.len() * 8).div_ceil(5) + 2 + 6,
        "utf-16-le" | "utf-16-be" => 4 * around.len() + 1,
        _ => 2 * around.len(),
    }
}

/// What may break a value up: line ends, and what terminals are told.
const BREAKS: [&str; 6] = ["\n", "\r\n", "\r", "\x1b[0m", "\x1b[1;31m", "\x1b(B\x1b[m"];

type Write = fn(&str, &str) -> String;

/// Ways to write a value with something around it.
const FORMS: [(&str, Write); 13] = [
    ("plain", |value, around| format!("{around}{value}{around}")),
    ("base64", |value, around| {
        STANDARD.encode(format!("{around}{value}{around}"))
    }),
    ("base64url", |value, around| {
        URL_SAFE.encode(format!("{around}{value}{around}"))
    }),
    ("base32", |value, around| {
        base32(&format!("{around}{value}{around}")).to_ascii_lowercase()
    }),
    ("BASE32", |value, around| {
        base32(&format!("{around}{value}{around}"))
    }),
    ("utf-16-le", |value, around| {
        let text = format!("{around}{value}{around}");
        text.chars().flat_map(|c| [c, '\0']).collect()
    }),
    ("utf-16-be", |value, around| {
        let text = format!("{around}{value}{around}");
        text.chars().flat_map(|c| ['\0', c]).collect()
    }),
    ("hex", |value, around| {
        format!("{around}{}{around}", hex(value, "", false))
    }),
    ("HEX", |value, around| {
        format!("{around}{}{around}", hex(value, "", true))
    }),
    ("percent", |value, around| {
        format!("{around}{}{around}", hex(value, "%", true))
    }),
    ("json", |value, around| {
        let written = serde_json::to_string(value).expect("a string");
        format!("{around}{}{around}", &written[1..written.len() - 1])
    }),
    ("shell", |value, around| {
        format!("{around}{}{around}", value.replace('\'', "'\\''"))
    }),
    ("xml", |value, around| {
        let escaped = value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;");
        format!("{around}{escaped}{around}")
    }),
];

fn base32(text: &str) -> String {
    let mut bits: String = text.bytes().map(|byte| format!("{byte:08b}")).collect();
    while !bits.len().is_multiple_of(5) {
        bits.push('0');
    }
    let digits: Vec<char> = ('A'..='Z').chain('2'..='7').collect();
    let digit = |at: usize| usize::from_str_radix(&bits[at..at + 5], 2).expect("five bits");
    let mut out: String = (0..bits.len())
        .step_by(5)
        .map(|at| digits[digit(at)])
        .collect();
    while !out.len().is_multiple_of(8) {
        out.push('=');
    }
    out
}

fn hex(value: &str, before: &str, upper: bool) -> String {
    let digits = |byte: u8| match upper {
        true => format!("{before}{byte:02X}"),
        false => format!("{before}{byte:02x}"),
    };
    value.bytes().map(digits).collect()
}

/// What a control sequence would swallow is read as text, too.
#[test]
fn an_escape_cannot_hide_a_value() {
    let redactor = redactor(["m0re-secret"]);
    for text in [
        "\x1b[m0re-secret",
        "\x1bm0re-secret",
        "\x1b[31m0re-secret",
        "\x1b]0;m0re-secret\x07",
        "\x1b(m0re-secret",
        "m0re-\x1b[31m\x1b[1msecret",
    ] {
        for size in [1, 3, 100] {
            let (out, _) = streamed(&redactor, &Cuts::Every(size).of(text.as_bytes()));
            let shown = String::from_utf8(out.text).expect("it is text");
            assert!(
                shown.ends_with("[REDACTED:known-value]") || shown.ends_with("]\x07"),
                "{text:?} {shown:?}"
            );
        }
    }
}

/// A value of several lines is found line by line, as when it is indented.
#[test]
fn the_lines_of_a_value_count_each() {
    let lines = ["first-line-of-a-key+0", "second-line-of-a-key/1"];
    let redactor = redactor([lines.join("\n").as_str()]);
    for text in [
        lines.join("\n"),
        lines.join("\n    "),
        lines.join("\\n"),
        lines[1].to_owned(),
    ] {
        let shown = String::from_utf8(redactor.redact(text.as_bytes()).text).expect("it is text");
        assert!(!shown.contains("line"), "{shown}");
    }
}

/// Endless line ends between two bytes of a value are held back no longer than a bound.
#[test]
fn what_is_passed_over_is_bounded() {
    let redactor = redactor(["some-secret"]);
    let mut stream = redactor.stream();
    let mut out = keysieve::redact::Redacted::default();
    stream.feed(b"some-", &mut out);
    for _ in 0..2000 {
        stream.feed(b"\n", &mut out);
        assert!(stream.held() <= 5 + 257);
    }
    assert_eq!(out.text.len() + stream.held(), 2005);
}
