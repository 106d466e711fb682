//! From a keyword hit to the candidate's bytes.
//!
//! For a rule and a hit, the match is the one that covers the hit with the smallest start, no further back than the
//! pattern's greatest length. A start whose match does not cover the hit, or touches a word character where the rule
//! forbids it, is passed over and the search goes on one byte further: so what is found depends on the bytes around
//! the hit alone and never on where a search began.

use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::meta::{Cache, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use crate::rule::{Boundary, Pattern, Step};

/// How far back a boundary is looked for: the longest escape, a terminal's colour code such as `\u001b[01;38;5;196m`.
pub const ESCAPE: usize = 24;

/// Where a pattern matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The whole match.
    pub span: Range<usize>,
    /// The secret in it.
    pub secret: Range<usize>,
}

/// A pattern's regular expression, compiled at its first use. One for all threads.
#[derive(Debug, Default)]
pub struct Lazy(OnceLock<Regex>);

impl Lazy {
    fn regex(&self, pattern: &Pattern, end: End) -> &Regex {
        self.0.get_or_init(|| {
            let tail = match end {
                End::Free => "",
                // Neither side of the end may be a word character's other half.
                End::Word => r"(?:\b{end-half}|\b{start-half})",
                End::Whole => r"\z",
            };
            Regex::builder()
                .syntax(syntax::Config::new().unicode(false).utf8(false))
                .configure(
                    Regex::config()
                        .utf8_empty(false)
                        .hybrid_cache_capacity(256 << 10),
                )
                .build(&format!("(?:{}){tail}", pattern.source))
                .expect("because the pattern was parsed when its rule was compiled")
        })
    }
}

/// Where a match must end. Part of the expression, so that an alternative that ends there is preferred to one that
/// does not. One pattern is always asked for with the same one.
#[derive(Debug, Clone, Copy)]
enum End {
    /// Anywhere.
    Free,
    /// Not within a word.
    Word,
    /// At the end of the text.
    Whole,
}

/// A thread's memory for one pattern.
#[derive(Debug)]
pub struct Memory {
    cache: Cache,
    captures: Captures,
}

/// A pattern with what its matching needs at run time.
pub struct Runner<'a> {
    /// The pattern.
    pub pattern: &'a Pattern,
    /// Its regular expression.
    pub lazy: &'a Lazy,
    /// This thread's memory for it.
    pub memory: &'a mut Option<Box<Memory>>,
}

/// What a search is bounded by: the last start that may be, and where its matches end.
#[derive(Clone, Copy)]
struct Last {
    start: usize,
    end: End,
}

impl Runner<'_> {
    /// The match that covers `hit` with the smallest start, among those that have the keyword where the pattern has it.
    pub fn around(&mut self, hay: &[u8], hit: Range<usize>, boundary: Boundary) -> Option<Found> {
        let max = self.pattern.max_len as usize;
        let (least, most) = self.pattern.lead;
        let first = hit
            .end
            .saturating_sub(max)
            .max(hit.start.saturating_sub(most as usize));
        let last = hit.start.checked_sub(least as usize)?;
        let fits =
            |found: &Found| found.span.end >= hit.end && at_boundary(hay, &found.span, boundary);
        let Some(steps) = &self.pattern.steps else {
            let end = if boundary.right { End::Word } else { End::Free };
            return self.search(
                hay,
                first..(last + max).min(hay.len()),
                Last { start: last, end },
                fits,
            );
        };
        (first..=last)
            .filter_map(|start| self.sequence(steps, hay, start))
            .find(fits)
    }

    /// The match that begins at `start`.
    pub fn at(&mut self, hay: &[u8], start: usize) -> Option<Found> {
        match &self.pattern.steps {
            Some(steps) => self.sequence(steps, hay, start),
            None => {
                let last = (start + self.pattern.max_len as usize).min(hay.len());
                self.regex_at(
                    &Input::new(hay).range(start..last).anchored(Anchored::Yes),
                    End::Free,
                )
            }
        }
    }

    /// The match that is all of `hay[span]`.
    pub fn whole(&mut self, hay: &[u8], span: Range<usize>) -> Option<Found> {
        let text = &hay[..span.end];
        let found = match &self.pattern.steps {
            Some(steps) => self.sequence(steps, text, span.start),
            None => {
                let input = Input::new(text).range(span.start..).anchored(Anchored::Yes);
                self.regex_at(&input, End::Whole)
            }
        };
        found.filter(|found| found.span.end == span.end)
    }

    fn search(
        &mut self,
        hay: &[u8],
        window: Range<usize>,
        last: Last,
        fits: impl Fn(&Found) -> bool,
    ) -> Option<Found> {
        let mut from = window.start;
        loop {
            let found = self.regex_at(&Input::new(hay).range(from..window.end), last.end)?;
            if found.span.start > last.start {
                return None;
            }
            if fits(&found) {
                return Some(found);
            }
            from = found.span.start + 1;
        }
    }

    fn regex_at(&mut self, input: &Input<'_>, end: End) -> Option<Found> {
        let regex = self.lazy.regex(self.pattern, end);
        let memory = self.memory.get_or_insert_with(|| {
            Box::new(Memory {
                cache: regex.create_cache(),
                captures: regex.create_captures(),
            })
        });
        if !self.pattern.has_group {
            let span = regex.search_with(&mut memory.cache, input)?.range();
            return Some(Found {
                secret: span.clone(),
                span,
            });
        }
        regex.search_captures_with(&mut memory.cache, input, &mut memory.captures);
        let span = memory.captures.get_match()?.range();
        let secret = memory
            .captures
            .get_group(1)
            .map_or(span.clone(), |group| group.range());
        Some(Found { span, secret })
    }

    fn sequence(&self, steps: &[Step], hay: &[u8], start: usize) -> Option<Found> {
        let (from, to) = self.pattern.secret_steps;
        let (mut at, mut secret) = (start, start..start);
        for (index, step) in steps.iter().enumerate() {
            if index == from as usize {
                secret.start = at;
            }
            at = step_at(step, hay, at)?;
            if index + 1 == to as usize {
                secret.end = at;
            }
        }
        Some(Found {
            span: start..at,
            secret,
        })
    }
}

/// Where `step` ends that begins at `at`.
fn step_at(step: &Step, hay: &[u8], at: usize) -> Option<usize> {
    match step {
        Step::Literal(bytes) => hay[at..].starts_with(bytes).then(|| at + bytes.len()),
        Step::Class { set, min, max } => {
            let rest = &hay[at..];
            let rest = &rest[..rest.len().min(*max as usize)];
            let length = rest.iter().position(|&b| !set.has(b)).unwrap_or(rest.len());
            (length >= *min as usize).then_some(at + length)
        }
    }
}

/// Whether `span` keeps the distance from other word characters that its rule asks for.
pub fn at_boundary(hay: &[u8], span: &Range<usize>, boundary: Boundary) -> bool {
    let left = !boundary.left
        || !is_word(hay[span.start])
        || span.start == 0
        || !is_word(hay[span.start - 1])
        || ends_escape(&hay[span.start.saturating_sub(ESCAPE)..span.start]);
    let right = !boundary.right
        || !is_word(hay[span.end - 1])
        || hay.get(span.end).is_none_or(|&next| !is_word(next));
    left && right
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether `before` ends in an escape whose last character only looks like part of a word: `\n`, `\033`, `%20`, `%253D`,
/// `\u003d`, `\x1b`, `=3D` of quoted-printable text, and the end of a terminal's control sequence, as it is or escaped.
pub fn ends_escape(before: &[u8]) -> bool {
    match before {
        [
            ..,
            b'\\',
            b'n' | b't' | b'r' | b'b' | b'f' | b'v' | b'a' | b'e' | b'0',
        ] => true,
        [.., b'\\', b'0'..=b'3', b'0'..=b'7', b'0'..=b'7'] => true,
        [.., b'=', b'0' | b'2' | b'3', b'0'..=b'9' | b'A'..=b'F'] => true,
        [.., b'A'..=b'Z' | b'a'..=b'z'] if ends_control(before) => true,
        _ => {
            let two = [&b"%"[..], b"%25", b"\\x"];
            let four = [&b"\\u"[..], b"%u"];
            two.iter().any(|marker| ends_with_marker(before, marker, 2))
                || four
                    .iter()
                    .any(|marker| ends_with_marker(before, marker, 4))
        }
    }
}

/// Whether `before` ends in a terminal's control sequence, such as the one of a colour.
fn ends_control(before: &[u8]) -> bool {
    const ESCAPES: [&[u8]; 8] = [
        b"\x1b", b"\\x1b", b"\\x1B", b"\\u001b", b"\\u001B", b"\\033", b"\\e", b"^[",
    ];
    let before = &before[..before.len() - 1];
    let parameters = before.iter().rev();
    let parameters = parameters.take_while(|b| matches!(b, b'0'..=b'9' | b';' | b'?'));
    let before = &before[..before.len() - parameters.count()];
    let begins = |before: &[u8]| ESCAPES.iter().any(|escape| before.ends_with(escape));
    match before {
        [before @ .., b'[' | b'('] => begins(before),
        _ => false,
    }
}

/// Whether `before` ends in `marker` and so many hexadecimal digits.
fn ends_with_marker(before: &[u8], marker: &[u8], digits: usize) -> bool {
    before.len().checked_sub(digits).is_some_and(|at| {
        before[..at].ends_with(marker) && before[at..].iter().all(u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_escapes() {
        for text in [
            "\\n",
            "a\\t",
            "\\b",
            "\\0",
            "\\033",
            "\\075",
            "%20",
            "%3d",
            "%253D",
            "%u003D",
            "\\x3d",
            "\\u003d",
            "=3D",
            "=0A",
            "\x1b[0m",
            "\x1b[K",
            "\x1b[01;38;5;196m",
            "\\u001b[31m",
            "\\x1b[0;32m",
            "\\033[1m",
            "\\e[0m",
            "^[[31m",
            "\x1b[?25h",
            "\x1b(B",
        ] {
            assert!(
                text.len() <= ESCAPE && ends_escape(text.as_bytes()),
                "{text:?}"
            );
        }
        for text in [
            "", "n", "\\", "\\q", "20", "%2", "%g0", "x3d", "u003d", "=4D", "[0m", "m", "\\93",
            "]31m",
        ] {
            assert!(!ends_escape(text.as_bytes()), "{text:?}");
        }
    }
}
