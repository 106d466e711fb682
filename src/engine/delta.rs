//! Scanning only what an edit changed.
//!
//! Keywords are searched for in inserted bytes and across joins; all other hits come from the base. A hit whose whole
//! neighbourhood was copied brings its candidates along; every other one is confirmed on the new bytes.

use std::ops::Range;

use super::candidate::{Candidate, resolve};
use super::confirm::Text;
use super::sieve::WordHit;
use super::utf16;
use super::{Engine, Scratch};

/// How new bytes come from a base: edits follow one another and cover the new bytes wholly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// These bytes of the base.
    Copy(Range<usize>),
    /// So many bytes that are not of the base.
    Insert(usize),
}

/// What a scan leaves behind for the scan of the next version.
#[derive(Debug, Clone, Default)]
pub struct Scanned {
    /// Keyword hits, by position.
    hits: Vec<WordHit>,
    /// Candidates before any gave way, by the position of their hit.
    raw: Vec<Candidate>,
}

/// Longest keyword, less one: how far before a join a hit across it may begin.
const ACROSS: usize = 63;

/// A copied stretch, in offsets of the new bytes.
struct Copied {
    to: Range<usize>,
    from: usize,
}

impl Engine {
    /// Scans a whole blob and keeps what [`Engine::rescan`] needs.
    pub fn scan_base(&self, bytes: &[u8], scratch: &mut Scratch) -> Scanned {
        let mut scanned = Scanned::default();
        self.hits(bytes, 0..bytes.len(), scratch);
        scanned.hits.clone_from(&scratch.hits);
        scanned.hits.sort_unstable();
        let text = Text {
            bytes,
            start: 0,
            complete: true,
        };
        for hit in &scanned.hits {
            self.confirm(&text, *hit, scratch, &mut scanned.raw);
        }
        scanned.raw.sort_by_key(|candidate| candidate.hit);
        scanned
    }

    /// Scans `bytes`, which `edits` make from the base that `scanned` was left by.
    pub fn rescan(
        &self,
        scanned: &Scanned,
        bytes: &[u8],
        edits: &[Edit],
        scratch: &mut Scratch,
    ) -> Scanned {
        let copies = copies(edits);
        let hits = self.rescan_hits(scanned, bytes, edits, &copies, scratch);
        let text = Text {
            bytes,
            start: 0,
            complete: true,
        };
        let mut raw = Vec::new();
        let mut index = 0;
        while index < hits.len() {
            let start = hits[index].start;
            let group = hits[index..]
                .iter()
                .take_while(|hit| hit.start == start)
                .count();
            let inherited = copies
                .iter()
                .find(|copy| copy.to.contains(&start))
                .and_then(|copy| self.inherit(scanned, copy, start));
            match inherited {
                Some(candidates) => raw.extend(candidates),
                None => {
                    for hit in &hits[index..index + group] {
                        self.confirm(&text, *hit, scratch, &mut raw);
                    }
                }
            }
            index += group;
        }
        Scanned { hits, raw }
    }

    /// The candidates that a scan of the same bytes yields. `name` is the file's name, as in [`Engine::scan`].
    pub fn candidates(
        &self,
        scanned: &Scanned,
        name: &str,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> Vec<Candidate> {
        let mut found = Vec::new();
        let mut all = scanned.raw.clone();
        all.extend(super::file::candidates(self, name, bytes));
        resolve(&mut all, self.rules.rules());
        found.extend(
            all.into_iter()
                .filter(|candidate| candidate.kept() || self.explain),
        );
        found.sort_by_key(|candidate| candidate.secret.start);
        for (start, text) in utf16::decoded(bytes) {
            let mut raw = Vec::new();
            self.collect(&text, scratch, &mut raw);
            self.hand_out(
                &text,
                raw,
                super::Walker::default(),
                scratch,
                &mut |emission| {
                    super::stream::map_view(start, emission, &mut |e| {
                        found.push(e.candidate.clone())
                    });
                },
            );
        }
        found
    }

    fn rescan_hits(
        &self,
        scanned: &Scanned,
        bytes: &[u8],
        edits: &[Edit],
        copies: &[Copied],
        scratch: &mut Scratch,
    ) -> Vec<WordHit> {
        let words = &self.rules.index().sieve.words;
        let length = |hit: &WordHit| words[hit.word as usize].text.len();
        let mut hits = Vec::new();
        for copy in copies {
            let from = copy.from..copy.from + copy.to.len();
            let first = scanned.hits.partition_point(|hit| hit.start < from.start);
            let inside = scanned.hits[first..]
                .iter()
                .take_while(|hit| hit.start < from.end);
            hits.extend(
                inside
                    .filter(|hit| hit.start + length(hit) <= from.end)
                    .map(|hit| WordHit {
                        start: hit.start - copy.from + copy.to.start,
                        ..*hit
                    }),
            );
        }
        for zone in zones(edits) {
            self.hits(bytes, zone, scratch);
            hits.extend_from_slice(&scratch.hits);
        }
        hits.sort_unstable();
        hits.dedup();
        hits
    }

    /// The base's candidates of the hits at `start`, if all that they depend on lies in the copied stretch.
    fn inherit<'a>(
        &self,
        scanned: &'a Scanned,
        copy: &'a Copied,
        start: usize,
    ) -> Option<impl Iterator<Item = Candidate> + use<'a>> {
        let within = |range: Range<usize>| {
            range.start >= self.reach && {
                let from = copy.from..copy.from + copy.to.len();
                range.start - self.reach >= from.start && range.end + self.reach <= from.end
            }
        };
        let base = start - copy.to.start + copy.from;
        if !within(base..base + ACROSS + 1) {
            return None;
        }
        let first = scanned
            .raw
            .partition_point(|candidate| candidate.hit < base as u64);
        let count = scanned.raw[first..]
            .iter()
            .take_while(|candidate| candidate.hit == base as u64)
            .count();
        let candidates = &scanned.raw[first..first + count];
        let whole = |c: &Candidate| within(c.span.start as usize..c.span.end as usize);
        let (from, to) = (copy.from as u64, copy.to.start as u64);
        candidates.iter().all(whole).then(|| {
            candidates.iter().map(move |candidate| {
                let shift = |offset: u64| offset - from + to;
                Candidate {
                    hit: shift(candidate.hit),
                    span: shift(candidate.span.start)..shift(candidate.span.end),
                    secret: shift(candidate.secret.start)..shift(candidate.secret.end),
                    ..candidate.clone()
                }
            })
        })
    }
}

fn copies(edits: &[Edit]) -> Vec<Copied> {
    let mut at = 0;
    let mut copies = Vec::new();
    for edit in edits {
        match edit {
            Edit::Copy(from) => {
                copies.push(Copied {
                    to: at..at + from.len(),
                    from: from.start,
                });
                at += from.len();
            }
            Edit::Insert(length) => at += length,
        }
    }
    copies
}

/// Where hits may begin that no copied stretch brings along: in inserted bytes, and shortly before every join.
fn zones(edits: &[Edit]) -> Vec<Range<usize>> {
    let mut zones: Vec<Range<usize>> = Vec::new();
    let mut at = 0usize;
    for edit in edits {
        let zone = match edit {
            Edit::Copy(from) => {
                let zone = at.saturating_sub(ACROSS)..at;
                at += from.len();
                zone
            }
            Edit::Insert(length) => {
                let zone = at.saturating_sub(ACROSS)..at + length;
                at += length;
                zone
            }
        };
        match zones.last_mut().filter(|last| last.end >= zone.start) {
            Some(last) => last.end = last.end.max(zone.end),
            None => zones.push(zone),
        }
    }
    zones
}
