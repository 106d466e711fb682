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
    /// The secret, decoded; at most its first [`HEAD`] bytes.
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

/// Where secrets stand, to be asked which of them lie around a place.
#[derive(Debug, Default)]
pub struct Neighbours {
    /// By their start.
    ranges: Vec<Range<u64>>,
    /// The furthest end of the ranges up to and with each one.
    ends: Vec<u64>,
}

impl Neighbours {
    /// The secrets of those of `all` that were kept.
    pub fn new<'c>(all: impl IntoIterator<Item = &'c Candidate>) -> Neighbours {
        let kept = all.into_iter().filter(|candidate| candidate.kept());
        let mut ranges: Vec<Range<u64>> = kept.map(|candidate| candidate.secret.clone()).collect();
        ranges.sort_by_key(|range| range.start);
        let mut furthest = 0;
        let ends = ranges
            .iter()
            .map(|range| {
                furthest = furthest.max(range.end);
                furthest
            })
            .collect();
        Neighbours { ranges, ends }
    }

    /// Those that overlap `place`.
    fn around(&self, place: Range<u64>) -> impl Iterator<Item = &Range<u64>> {
        let last = self.ranges.partition_point(|range| range.start < place.end);
        let first = self.ends[..last].partition_point(|end| *end <= place.start);
        self.ranges[first..last]
            .iter()
            .filter(move |range| range.end > place.start)
    }
}

/// Hands out a candidate. The walker must stand before it; `neighbours` are the secrets known around it.
pub fn emit(
    window: &Window<'_>,
    walker: &mut Walker,
    candidate: &Candidate,
    neighbours: &Neighbours,
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
    let place = window.start + from as u64..window.start + to as u64;
    let secrets = neighbours
        .around(place)
        .map(|range| inside(window.cut(range)))
        .collect();
    let stands = &window.bytes[secret.start..secret.end.min(secret.start + HEAD)];
    out(Emission {
        candidate,
        secret: candidate
            .coded
            .as_ref()
            .map_or(stands, |coded| &coded.secret),
        start,
        end,
        around: &window.bytes[from..to],
        at: inside(secret),
        secrets,
    });
}
