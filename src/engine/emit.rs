//! What the engine hands out: a candidate with its bytes, its position and the text around it.

use std::ops::Range;

use super::candidate::{Candidate, HEAD};
use super::position::Walker;
use crate::model::Position;

/// How much of the text to either side of a secret is handed out with it.
pub const AROUND: usize = 400;

/// A candidate on its way out.
#[derive(Debug)]
pub struct Emission<'a> {
    /// The candidate.
    pub candidate: &'a Candidate,
    /// The secret; at most its first [`HEAD`] bytes.
    pub secret: &'a [u8],
    /// Where it begins.
    pub start: Position,
    /// Where it ends, exclusive.
    pub end: Position,
    /// The text around it: up to [`AROUND`] bytes before the secret, its beginning, and up to as many behind it.
    pub around: &'a [u8],
    /// Where in `around` the secret stands, cut at its end.
    pub at: Range<usize>,
    /// Where in `around` any secret stands, this one included, in no set order.
    pub secrets: Vec<Range<usize>>,
}

impl Emission<'_> {
    /// The line that the secret begins in, as far as it is in hand, as a range of `around`.
    pub fn line(&self) -> Range<usize> {
        let start = memchr::memrchr(b'\n', &self.around[..self.at.start]).map_or(0, |at| at + 1);
        let rest = &self.around[self.at.start..];
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let end = self.at.start + length;
        let end = if end > start && self.around[end - 1] == b'\r' {
            end - 1
        } else {
            end
        };
        start..end.max(start)
    }

    /// The line before that one, as far as it is in hand.
    pub fn previous_line(&self) -> &[u8] {
        let before = &self.around[..self.line().start];
        let before = before.strip_suffix(b"\n").unwrap_or(before);
        &before[memchr::memrchr(b'\n', before).map_or(0, |at| at + 1)..]
    }
}

/// A text in hand and where it stands in the whole input.
pub struct Window<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// The offset of the first of them.
    pub start: u64,
}

impl Window<'_> {
    fn cut(&self, range: &Range<u64>) -> Range<usize> {
        let clamp =
            |offset: u64| (offset.saturating_sub(self.start) as usize).min(self.bytes.len());
        clamp(range.start)..clamp(range.end)
    }
}

/// Hands out one of `all`. The walker must stand before it; `all` are the candidates known around it.
pub fn emit(
    window: &Window<'_>,
    walker: &mut Walker,
    candidate: &Candidate,
    all: &[Candidate],
    out: &mut dyn FnMut(Emission<'_>),
) {
    let secret = window.cut(&candidate.secret);
    let start = walker.to(window.bytes, window.start, candidate.secret.start);
    // The end may lie beyond other candidates' starts: a copy walks there.
    let end = { *walker }.to(window.bytes, window.start, candidate.secret.end);
    let from = secret.start.saturating_sub(AROUND);
    let to = window
        .bytes
        .len()
        .min(secret.end.min(secret.start + AROUND) + AROUND);
    let inside =
        |range: Range<usize>| range.start.clamp(from, to) - from..range.end.clamp(from, to) - from;
    let secrets = all
        .iter()
        .filter(|other| other.kept())
        .map(|other| inside(window.cut(&other.secret)))
        .filter(|range| !range.is_empty())
        .collect();
    out(Emission {
        candidate,
        secret: &window.bytes[secret.start..secret.end.min(secret.start + HEAD)],
        start,
        end,
        around: &window.bytes[from..to],
        at: inside(secret),
        secrets,
    });
}
