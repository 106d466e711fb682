//! JSON: strings are redacted as what they stand for, and the document stays one.

use std::ops::Range;

use serde::de::IgnoredAny;

use super::{Covered, Found, Redacted, Redactor};

/// How deep a string may hold a JSON document that holds a string, and so on.
const DEPTH: usize = 3;

/// Redacts a document; `None` where `text` is none.
pub fn redact(redactor: &Redactor<'_>, name: &str, text: &[u8]) -> Option<Redacted> {
    document(redactor, name, text, DEPTH)
}

fn document(redactor: &Redactor<'_>, name: &str, text: &[u8], depth: usize) -> Option<Redacted> {
    serde_json::from_slice::<IgnoredAny>(text).ok()?;
    // What a name or a neighbour says about a value is seen in the document as it stands.
    let outer = redactor.redact_file(name, text);
    let mut work = Work {
        redactor,
        depth,
        text,
        covered: &outer.covered,
        out: Redacted {
            found: outer.found.clone(),
            ..Redacted::default()
        },
    };
    let mut at = 0;
    for token in tokens(text) {
        work.out.text.extend_from_slice(&text[at..token.start]);
        at = token.end;
        work.token(token);
    }
    work.out.text.extend_from_slice(&text[at..]);
    work.out
        .found
        .sort_by_key(|found| (found.span.start, found.span.end));
    Some(work.out)
}

struct Work<'w> {
    redactor: &'w Redactor<'w>,
    depth: usize,
    text: &'w [u8],
    covered: &'w [Covered],
    out: Redacted,
}

impl Work<'_> {
    /// Writes one token: a string, a number or a word.
    fn token(&mut self, token: Range<usize>) {
        let raw = &self.text[token.clone()];
        // They do not overlap, so that they stand in the order of their ends, too.
        let first = self
            .covered
            .partition_point(|covered| covered.range.end <= token.start as u64);
        let touching = self.covered[first..].iter();
        let touching: Vec<Covered> = touching
            .take_while(|covered| covered.range.start < token.end as u64)
            .cloned()
            .collect();
        let changed = match raw.first() {
            Some(b'"') => self.string(raw, token.start, touching),
            // A number or word: a string takes its place whole.
            _ => touching.first().map(|covered| covered.placeholder.clone()),
        };
        match changed {
            None => self.out.text.extend_from_slice(raw),
            Some(text) => {
                let text = serde_json::Value::from(text.clone()).to_string();
                self.out.covered.push(Covered {
                    range: token.start as u64..token.end as u64,
                    placeholder: text.clone(),
                });
                self.out.text.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// The redacted content of a string that stands at `start`, if anything in it is covered.
    fn string(&mut self, raw: &[u8], start: usize, touching: Vec<Covered>) -> Option<String> {
        let text: String = serde_json::from_slice(raw).ok()?;
        let place = start as u64..(start + raw.len()) as u64;
        let nested = text.trim_start().starts_with(['{', '[']) && self.depth > 0;
        let inner = match nested {
            true => document(self.redactor, "", text.as_bytes(), self.depth - 1),
            false => None,
        };
        let inner = inner.unwrap_or_else(|| self.redactor.redact(text.as_bytes()));
        for found in inner.found {
            let same = |other: &Found| {
                other.fingerprint == found.fingerprint
                    || other.span.start < place.end && place.start < other.span.end
            };
            if !self.out.found.iter().any(same) {
                self.out.found.push(Found {
                    span: place.clone(),
                    ..found
                });
            }
        }
        let map = offsets(raw);
        let within = |at: u64| {
            let at = at.saturating_sub(start as u64) as usize;
            map.partition_point(|&from| from < at).min(map.len() - 1) as u64
        };
        let mut covered = inner.covered;
        covered.extend(touching.into_iter().map(|covered| Covered {
            range: within(covered.range.start)..within(covered.range.end),
            placeholder: covered.placeholder,
        }));
        covered.retain(|covered| covered.range.start < covered.range.end);
        (!covered.is_empty()).then(|| replace(&text, covered))
    }
}

/// The strings, numbers and words of a document.
fn tokens(text: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let marks = |b: &u8| b" \t\r\n{}[]:,".contains(b);
        at += text[at..].iter().take_while(|b| marks(b)).count();
        let start = at;
        match text.get(at)? {
            b'"' => {
                at += 1;
                while text.get(at).is_some_and(|&b| b != b'"') {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(text.len());
            }
            _ => at += text[at..].iter().take_while(|b| !marks(b)).count(),
        }
        Some(start..at)
    })
}

/// Where in a string as it is written each byte of its content begins, and where the closing quote stands.
fn offsets(raw: &[u8]) -> Vec<usize> {
    let mut map = Vec::with_capacity(raw.len());
    let hex = |at: usize| {
        let digits = raw
            .get(at + 2..at + 6)
            .and_then(|hex| std::str::from_utf8(hex).ok());
        digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .unwrap_or(0)
    };
    let mut at = 1;
    while at + 1 < raw.len() {
        let (length, bytes) = match (raw[at], raw[at + 1]) {
            (b'\\', b'u') => match hex(at) {
                0xd800..=0xdbff => (12, 4),
                unit => (6, char::from_u32(unit).map_or(3, char::len_utf8)),
            },
            (b'\\', _) => (2, 1),
            _ => (1, 1),
        };
        map.extend(std::iter::repeat_n(at, bytes));
        at += length;
    }
    map.push(raw.len() - 1);
    map
}

/// `text` with placeholders in place of what is covered, joined where it overlaps and widened to whole characters.
fn replace(text: &str, mut covered: Vec<Covered>) -> String {
    covered.sort_by_key(|covered| (covered.range.start, std::cmp::Reverse(covered.range.end)));
    let boundary = |mut at: usize, step: isize| {
        while !text.is_char_boundary(at) {
            at = at.saturating_add_signed(step);
        }
        at
    };
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut last = 0;
    for one in covered {
        let start = boundary((one.range.start as usize).min(text.len()), -1);
        let end = boundary((one.range.end as usize).min(text.len()), 1);
        if start >= last.max(at) {
            out.push_str(&text[at..start]);
            out.push_str(&one.placeholder);
        }
        last = last.max(end);
        at = at.max(end);
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_where_content_stands() {
        let raw = r#""a\"bé\u00e9\ud83d\ude00c""#.as_bytes();
        let text: String = serde_json::from_slice(raw).expect("a string");
        let map = offsets(raw);
        assert_eq!(map.len(), text.len() + 1);
        assert_eq!(map[text.find('c').expect("it is there")], raw.len() - 2);
        assert_eq!(map[1], 2);
    }

    #[test]
    fn splits_documents() {
        let text = br#" {"a\"b": [1.5e3, true,"x"], "": null}"#;
        let found: Vec<&str> = tokens(text)
            .map(|token| std::str::from_utf8(&text[token]).expect("it is text"))
            .collect();
        assert_eq!(
            found,
            [r#""a\"b""#, "1.5e3", "true", r#""x""#, r#""""#, "null"]
        );
    }
}
