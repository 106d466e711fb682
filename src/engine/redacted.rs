//! Placeholders that stand where a secret has been covered. What one says is no text: no keyword, no name and no secret.

use std::ops::Range;

use super::Engine;
use super::check::CONTEXT;

/// What every placeholder begins with.
pub const HEAD: &[u8] = b"[REDACTED:";
/// How many digits its tag has, if it has one.
pub const TAG: usize = 4;
/// What stands for a rule where a known value was covered.
pub const KNOWN: &str = "known-value";

/// How long the placeholder is that `text` begins with; `is_id` says what one may name.
pub fn length(text: &[u8], is_id: impl Fn(&[u8]) -> bool) -> Option<usize> {
    let rest = text.strip_prefix(HEAD)?;
    let id = rest.iter().position(|b| matches!(b, b':' | b']'))?;
    if !is_id(&rest[..id]) {
        return None;
    }
    let whole = HEAD.len() + id + 1;
    if rest[id] == b']' {
        return Some(whole);
    }
    let tag = text.get(whole..whole + TAG)?;
    let is_tag = tag.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (is_tag && text.get(whole + TAG) == Some(&b']')).then_some(whole + TAG + 1)
}

impl Engine {
    /// Whether a placeholder has a part of any of `words`, or all of `secret`, which they stand close to.
    pub(super) fn is_covered(
        &self,
        hay: &[u8],
        words: [Range<usize>; 2],
        secret: Range<usize>,
    ) -> bool {
        let [name, hit] = words;
        let first = secret.start.min(name.start).min(hit.start);
        let last = secret.end.max(name.end).max(hit.end);
        let from = first.saturating_sub(CONTEXT);
        // As far as any check looks.
        let seen = &hay[..hay.len().min(last + CONTEXT)];
        memchr::memmem::find_iter(&seen[from..last], HEAD).any(|at| {
            let at = from + at;
            let end = at + length(&seen[at..], |id| self.is_id(id)).unwrap_or(0);
            let reaches = |word: &Range<usize>| at < word.end && word.start < end;
            reaches(&name) || reaches(&hit) || at <= secret.start && secret.end <= end
        })
    }

    fn is_id(&self, id: &[u8]) -> bool {
        let mut rules = self.rules.rules().iter();
        id == KNOWN.as_bytes() || rules.any(|rule| rule.id.as_bytes() == id)
    }
}
