//! Where placeholders stand in a text that has been redacted before.

use super::Redactor;
use crate::engine::redacted::{HEAD, KNOWN, TAG, length};

/// The ids that placeholders may name, sorted.
#[derive(Debug)]
pub struct Ids(Vec<Box<str>>);

/// What stands at a place in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Here {
    /// A placeholder of this length.
    Placeholder(usize),
    /// What may become one.
    Begun,
    /// Anything else.
    Text,
}

impl Ids {
    /// Those of `rules`, and that of known values.
    pub fn new<'i>(rules: impl Iterator<Item = &'i str>) -> Ids {
        let mut all: Vec<Box<str>> = rules.chain([KNOWN]).map(Box::from).collect();
        all.sort();
        all.dedup();
        Ids(all)
    }

    /// How long a placeholder is at most.
    pub fn longest(&self) -> usize {
        let longest = self.0.iter().map(|id| id.len()).max().unwrap_or(0);
        HEAD.len() + longest + TAG + 2
    }

    /// What `text`, which begins with a bracket, begins with.
    fn here(&self, text: &[u8]) -> Here {
        let is_id = |id: &[u8]| {
            let found = self.0.binary_search_by(|known| known.as_bytes().cmp(id));
            found.is_ok()
        };
        if let Some(length) = length(text, is_id) {
            return Here::Placeholder(length);
        }
        let begun = match text.strip_prefix(HEAD) {
            None => HEAD.starts_with(text),
            Some(rest) => match rest.iter().position(|b| matches!(b, b':' | b']')) {
                None => {
                    let from = self.0.partition_point(|id| id.as_bytes() < rest);
                    let mut behind = self.0[from..].iter();
                    behind
                        .next()
                        .is_some_and(|id| id.as_bytes().starts_with(rest))
                }
                Some(id) => {
                    let tag = &rest[id + 1..];
                    let hex = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
                    rest[id] == b':'
                        && is_id(&rest[..id])
                        && tag.len() <= TAG
                        && tag.iter().all(hex)
                }
            },
        };
        if begun { Here::Begun } else { Here::Text }
    }
}

/// A stretch of the input.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'t> {
    /// Text.
    Text(&'t [u8]),
    /// A placeholder of ours.
    Placeholder(&'t [u8]),
}

/// Takes a stream apart, whatever the chunks.
#[derive(Debug)]
pub struct Parts<'r> {
    ids: &'r Ids,
    /// What may be the beginning of a placeholder.
    begun: Vec<u8>,
}

impl<'r> Parts<'r> {
    /// At the start of a stream.
    pub fn new(redactor: &'r Redactor<'_>) -> Parts<'r> {
        Parts {
            ids: &redactor.ids,
            begun: Vec::new(),
        }
    }

    /// Hands out the parts of the next chunk. What may begin a placeholder waits for the next bytes; with `finish`, none
    /// will come.
    pub fn take(&mut self, chunk: &[u8], finish: bool, out: &mut dyn FnMut(Part<'_>)) {
        if self.begun.is_empty() {
            let rest = self.parts(chunk, finish, out);
            self.begun.extend_from_slice(&chunk[rest..]);
            return;
        }
        let mut text = std::mem::take(&mut self.begun);
        text.extend_from_slice(chunk);
        let rest = self.parts(&text, finish, out);
        text.drain(..rest);
        self.begun = text;
    }

    /// Hands out the parts of `text`, and says where what waits begins.
    fn parts(&self, text: &[u8], finish: bool, out: &mut dyn FnMut(Part<'_>)) -> usize {
        let tell = |text: &[u8], out: &mut dyn FnMut(Part<'_>)| {
            if !text.is_empty() {
                out(Part::Text(text));
            }
        };
        let (mut told, mut from) = (0, 0);
        while let Some(at) = memchr::memchr(HEAD[0], &text[from..]).map(|at| from + at) {
            match self.ids.here(&text[at..]) {
                Here::Placeholder(length) => {
                    tell(&text[told..at], out);
                    out(Part::Placeholder(&text[at..at + length]));
                    (from, told) = (at + length, at + length);
                }
                Here::Begun if !finish => {
                    tell(&text[told..at], out);
                    return at;
                }
                _ => from = at + 1,
            }
        }
        tell(&text[told..], out);
        text.len()
    }

    /// What may be the beginning of a placeholder.
    pub fn begun(&self) -> &[u8] {
        &self.begun
    }

    /// Takes it out: it is text.
    pub fn give_up(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.begun)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(ids: &Ids, chunks: &[&[u8]]) -> Vec<(bool, Vec<u8>)> {
        let mut parts = Parts {
            ids,
            begun: Vec::new(),
        };
        let mut all: Vec<(bool, Vec<u8>)> = Vec::new();
        let mut tell = |part: Part<'_>| match (part, all.last_mut()) {
            (Part::Text(text), Some((false, last))) => last.extend_from_slice(text),
            (Part::Text(text), _) => all.push((false, text.to_vec())),
            (Part::Placeholder(text), _) => all.push((true, text.to_vec())),
        };
        for chunk in chunks {
            parts.take(chunk, false, &mut tell);
        }
        parts.take(&[], true, &mut tell);
        all
    }

    #[test]
    fn knows_its_own_placeholders() {
        let ids = Ids::new(["acme-key", "acme-key-two"].into_iter());
        for (text, want) in [
            ("[REDACTED:acme-key]", true),
            ("[REDACTED:acme-key-two]", true),
            ("[REDACTED:known-value]", true),
            ("[REDACTED:acme-key:7f3a]", true),
            ("[REDACTED:acme-key:7f3]", false),
            ("[REDACTED:acme-key:7f3a0]", false),
            ("[REDACTED:acme-key:7F3A]", false),
            ("[REDACTED:acme]", false),
            ("[REDACTED:]", false),
            ("[redacted:acme-key]", false),
            ("[REDACTED:acme-key", false),
        ] {
            let all = parts(&ids, &[text.as_bytes()]);
            assert_eq!(all, [(want, text.as_bytes().to_vec())], "{text}");
        }
        let text = b"a[[REDACTED:[REDACTED:acme-key][b";
        let want = [
            (false, b"a[[REDACTED:".to_vec()),
            (true, b"[REDACTED:acme-key]".to_vec()),
            (false, b"[b".to_vec()),
        ];
        assert_eq!(parts(&ids, &[text]), want);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Wherever it is cut.
        #[test]
        fn cuts_do_not_matter(text in "(\\[|REDACTED:|\\[REDACTED:|ab|abc|-|]|:|7f3a|x){0,12}", size in 1usize..9) {
            let ids = Ids::new(["ab", "abc-ab"].into_iter());
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            prop_assert_eq!(parts(&ids, &chunks), parts(&ids, &[text.as_bytes()]));
        }
    }
}
