//! Scanning only what an edit changed.
//!
//! Keywords are searched for in inserted bytes and across joins; all other hits come from the base. A hit whose whole
//! neighbourhood was copied brings its candidates along; every other one is confirmed on the new bytes.

use std::ops::Range;

use super::candidate::Candidate;
use super::check::Verdict;
use super::confirm::{self, Text};
use super::position::Walker;
use super::sieve::WordHit;
use super::{Emission, Engine, Scratch, stream, utf16};
use crate::model::{Confidence, Edit};

/// What a scan leaves behind for the scan of the next version.
#[derive(Debug, Clone, Default)]
pub struct Scanned {
    /// Keyword hits, by position.
    hits: Vec<WordHit>,
    /// Candidates before any gave way, by the position of their hit. Dropped ones only where a verdict may depend on
    /// more than the hit's neighbourhood, or where somebody asked for them.
    raw: Vec<Candidate>,
    /// Whether there is a NUL, without which there is no UTF-16 text.
    nul: bool,
}

/// A copied stretch, in offsets of the new bytes.
struct Copied {
    to: Range<usize>,
    from: usize,
}

impl Copied {
    /// Where `offset` of the new bytes lies in the base.
    fn base(&self, offset: usize) -> usize {
        offset - self.to.start + self.from
    }

    /// Whether all of `range`, in offsets of the base, was copied, and `reach` bytes around it too.
    fn holds(&self, range: Range<usize>, reach: usize) -> bool {
        let from = self.from..self.from + self.to.len();
        range.start >= from.start + reach && range.end + reach <= from.end
    }
}

impl Engine {
    /// Scans a whole blob and keeps what [`Engine::rescan`] needs.
    pub fn scan_base(&self, bytes: &[u8], scratch: &mut Scratch) -> Scanned {
        self.hits(bytes, 0..bytes.len(), scratch);
        let mut scanned = Scanned {
            hits: scratch.hits.clone(),
            raw: Vec::new(),
            nul: memchr::memchr(0, bytes).is_some(),
        };
        scanned.hits.sort_unstable();
        let mut at = 0;
        while at < scanned.hits.len() {
            let group = same_start(&scanned.hits[at..]);
            self.confirm_group(bytes, group, scratch, &mut scanned.raw);
            at += group.len();
        }
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
        let mut raw = Vec::new();
        let (mut at, mut ahead) = (0, &copies[..]);
        while at < hits.len() {
            let group = same_start(&hits[at..]);
            let start = group[0].start;
            while ahead.first().is_some_and(|copy| copy.to.end <= start) {
                ahead = &ahead[1..];
            }
            let copy = ahead.first().filter(|copy| copy.to.start <= start);
            let inherited = copy.is_some_and(|copy| self.inherit(scanned, copy, group, &mut raw));
            if !inherited {
                self.confirm_group(bytes, group, scratch, &mut raw);
            }
            at += group.len();
        }
        let nul = match scanned.nul {
            // It may have been cut out.
            true => memchr::memchr(0, bytes).is_some(),
            false => inserted(edits).any(|range| memchr::memchr(0, &bytes[range]).is_some()),
        };
        Scanned { hits, raw, nul }
    }

    /// Whether [`Engine::examine_scanned`] may hand out a candidate that is kept with at least this confidence, rules of
    /// kind `file` apart. Where one gives way to another of less confidence it says so although it does not.
    pub fn may_keep(
        &self,
        scanned: &Scanned,
        bytes: &[u8],
        least: Confidence,
        scratch: &mut Scratch,
    ) -> bool {
        let keeps = |candidate: &Candidate| match &candidate.verdict {
            // What says something only beside another part is reported with that.
            Verdict::Keep(kept) => {
                kept.confidence >= least
                    && (self.examples || !kept.example)
                    && self.rules.rules()[candidate.rule as usize].alone
            }
            Verdict::Drop(_) => false,
        };
        if scanned.raw.iter().any(keeps) {
            return true;
        }
        let views = scanned.nul.then(|| utf16::decoded(bytes));
        views.into_iter().flatten().any(|(_, text)| {
            let mut found = Vec::new();
            self.collect(&text, scratch, &mut found);
            found.iter().any(keeps)
        })
    }

    /// Hands out what [`Engine::examine`] hands out for the same bytes.
    pub fn examine_scanned(
        &self,
        scanned: &Scanned,
        blob: (&str, &[u8]),
        scratch: &mut Scratch,
        out: &mut dyn FnMut(Emission<'_>),
    ) {
        let (name, bytes) = blob;
        let mut found = scanned.raw.clone();
        found.extend(super::file::candidates(self, name, bytes));
        self.hand_out(bytes, found, Walker::default(), scratch, out);
        if scanned.nul {
            self.examine_views(bytes, scratch, out);
        }
    }

    /// Hands out the candidates of the UTF-16 text in `bytes`.
    pub(super) fn examine_views(
        &self,
        bytes: &[u8],
        scratch: &mut Scratch,
        out: &mut dyn FnMut(Emission<'_>),
    ) {
        for (start, text) in utf16::decoded(bytes) {
            let walker = Walker::of_view(Walker::default(), bytes, 0, start);
            let mut found = Vec::new();
            self.collect(&text, scratch, &mut found);
            self.hand_out(&text, found, walker, scratch, &mut |emission| {
                stream::map_view(start, emission, out);
            });
        }
    }

    /// Confirms hits that begin at the same place.
    fn confirm_group(
        &self,
        bytes: &[u8],
        group: &[WordHit],
        scratch: &mut Scratch,
        raw: &mut Vec<Candidate>,
    ) {
        let text = Text {
            bytes,
            start: 0,
            complete: true,
        };
        let mark = raw.len();
        for hit in group {
            self.confirm(&text, *hit, scratch, raw);
        }
        if !self.explain && raw.len() > mark {
            let near = (self.group_reach(group) - confirm::MARGIN) as u64;
            let far = |c: &Candidate| c.span.end - c.span.start > near;
            let mut index = 0;
            raw.retain(|candidate| {
                index += 1;
                index <= mark || candidate.kept() || far(candidate)
            });
        }
    }

    /// How far the rules behind the keywords of `group` look to either side of the hit's start.
    fn group_reach(&self, group: &[WordHit]) -> usize {
        let reach = self.word_reach.get_or_init(|| self.reaches());
        let widest = group.iter().map(|hit| reach[hit.word as usize]).max();
        widest.unwrap_or(0) as usize
    }

    fn reaches(&self) -> Vec<u32> {
        let (index, rules) = (self.rules.index(), self.rules.rules());
        let words = index.sieve.words.iter().enumerate();
        let reaches = words.map(|(word, text)| {
            let reach = |rule: &u16| confirm::reach(&rules[*rule as usize], index.coding(word));
            let rules = index.behind(word).iter().map(reach);
            (rules.max().unwrap_or(0) + text.text.len()) as u32
        });
        reaches.collect()
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
        let mut hits = Vec::with_capacity(scanned.hits.len() + 8);
        // How far before a join a hit across it may begin.
        let across = self.rules.index().sieve.longest.saturating_sub(1);
        let mut zones = zones(edits, across).into_iter().peekable();
        let mut search = |before: usize, hits: &mut Vec<WordHit>| {
            while let Some(zone) = zones.next_if(|zone| zone.start < before) {
                self.hits(bytes, zone, scratch);
                hits.extend_from_slice(&scratch.hits);
            }
        };
        for copy in copies {
            let from = copy.from..copy.from + copy.to.len();
            search(copy.to.start, &mut hits);
            let first = scanned.hits.partition_point(|hit| hit.start < from.start);
            let inside = scanned.hits[first..]
                .iter()
                .take_while(|hit| hit.start < from.end)
                .filter(|hit| hit.start + length(hit) <= from.end);
            hits.extend(inside.map(|hit| WordHit {
                start: hit.start - copy.from + copy.to.start,
                ..*hit
            }));
        }
        search(usize::MAX, &mut hits);
        hits.sort();
        hits.dedup();
        hits
    }

    /// Adds the base's candidates of the hits of `group`, if all that they depend on was copied.
    fn inherit(
        &self,
        scanned: &Scanned,
        copy: &Copied,
        group: &[WordHit],
        raw: &mut Vec<Candidate>,
    ) -> bool {
        let base = copy.base(group[0].start);
        let reach = self.group_reach(group);
        if !copy.holds(base..base + 1, reach) {
            return false;
        }
        let first = scanned
            .raw
            .partition_point(|candidate| candidate.hit < base as u64);
        let candidates = scanned.raw[first..]
            .iter()
            .take_while(|candidate| candidate.hit == base as u64);
        let whole = |c: &Candidate| copy.holds(c.span.start as usize..c.span.end as usize, reach);
        if !candidates.clone().all(whole) {
            return false;
        }
        let (from, to) = (copy.from as u64, copy.to.start as u64);
        let shift = |offset: u64| offset - from + to;
        raw.extend(candidates.map(|candidate| Candidate {
            hit: shift(candidate.hit),
            span: shift(candidate.span.start)..shift(candidate.span.end),
            secret: shift(candidate.secret.start)..shift(candidate.secret.end),
            ..candidate.clone()
        }));
        true
    }
}

/// The first hits of `hits` that begin at the same place.
fn same_start(hits: &[WordHit]) -> &[WordHit] {
    let count = hits
        .iter()
        .take_while(|hit| hit.start == hits[0].start)
        .count();
    &hits[..count]
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

/// The inserted stretches, in offsets of the new bytes.
fn inserted(edits: &[Edit]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    edits.iter().filter_map(move |edit| match edit {
        Edit::Copy(from) => {
            at += from.len();
            None
        }
        Edit::Insert(length) => {
            at += length;
            Some(at - length..at)
        }
    })
}

/// Where hits may begin that no copied stretch brings along: in inserted bytes, and shortly before every join.
fn zones(edits: &[Edit], across: usize) -> Vec<Range<usize>> {
    let mut zones: Vec<Range<usize>> = Vec::new();
    let mut at = 0usize;
    for edit in edits {
        let zone = match edit {
            Edit::Copy(from) => {
                let zone = at.saturating_sub(across)..at;
                at += from.len();
                zone
            }
            Edit::Insert(length) => {
                let zone = at.saturating_sub(across)..at + length;
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
