//! Scanning only what an edit changed.
//!
//! Keywords are searched for in inserted bytes and across joins; all other hits come from the base. A hit whose whole
//! neighbourhood was copied brings its candidates along; every other one is confirmed on the new bytes. A hit here is a
//! place where a keyword's stem stands: whether the rest of it does is asked when it is confirmed, so that no search has to
//! begin further before a join than a stem is long.

mod edits;
mod kept;

use std::iter::Peekable;
use std::ops::Range;

use edits::{Copied, zones};
use kept::{Hits, Placed};

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
    /// Where the stems of keywords stand; nothing where no version is to follow.
    hits: Option<Hits>,
    /// Candidates before any gave way, by the position of their hit. Dropped ones only where a verdict may depend on
    /// more than the hit's neighbourhood, or where somebody asked for them.
    raw: Vec<Placed>,
    /// Whether there is a NUL, without which there is no UTF-16 text.
    nul: bool,
}

/// How far to either side of a keyword the rules behind it look, runs and blocks apart.
#[derive(Debug)]
pub(super) struct Reaches {
    by_word: Vec<u32>,
    widest: usize,
}

/// One version of a blob, to be scanned.
#[derive(Debug, Clone, Copy)]
pub struct Version<'v> {
    /// Its bytes.
    pub bytes: &'v [u8],
    /// What the scan of the version before it left behind, and the edits that lead from that to this one.
    pub from: Option<(&'v Scanned, &'v [Edit])>,
    /// Whether no version follows from this one. Otherwise what is needed for the next is kept.
    pub is_last: bool,
}

/// A version that follows another, while it is scanned.
struct Following<'v> {
    bytes: &'v [u8],
    base: &'v Scanned,
    base_hits: &'v Hits,
    /// Hits, if they are kept.
    hits: Option<Hits>,
    raw: Vec<Placed>,
    /// Hits that are not far within a copied stretch, gathered until their turn comes.
    edge: Vec<WordHit>,
}

impl Engine {
    /// Scans a version: a first one as a whole, a following one where it was edited. Both give the same.
    pub fn scan_version(&self, version: &Version<'_>, scratch: &mut Scratch) -> Scanned {
        let from = version.from;
        match from.and_then(|(base, edits)| Some((base, base.hits.as_ref()?, edits))) {
            Some((base, hits, edits)) => self.rescan(version, (base, hits), edits, scratch),
            None => self.scan_whole(version, scratch),
        }
    }

    fn scan_whole(&self, version: &Version<'_>, scratch: &mut Scratch) -> Scanned {
        let bytes = version.bytes;
        self.stems(bytes, 0..bytes.len(), scratch);
        let mut found = std::mem::take(&mut scratch.hits);
        found.sort_unstable();
        let mut raw = Vec::new();
        found
            .chunk_by(same_start)
            .for_each(|group| self.confirm_group(bytes, group, scratch, &mut raw));
        let hits = keeps_hits(version).then(|| {
            let mut hits = Hits::with_capacity(found.len());
            found.iter().for_each(|hit| hits.push(hit));
            hits
        });
        scratch.hits = found;
        Scanned {
            hits,
            raw,
            nul: memchr::memchr(0, bytes).is_some(),
        }
    }

    fn rescan(
        &self,
        version: &Version<'_>,
        (base, base_hits): (&Scanned, &Hits),
        edits: &[Edit],
        scratch: &mut Scratch,
    ) -> Scanned {
        let bytes = version.bytes;
        let mut following = Following {
            bytes,
            base,
            base_hits,
            hits: keeps_hits(version).then(|| Hits::with_capacity(base_hits.len() + 8)),
            raw: Vec::with_capacity(base.raw.len()),
            edge: std::mem::take(&mut scratch.edge),
        };
        self.scan_edits(&mut following, edits, scratch);
        let Following {
            hits, raw, edge, ..
        } = following;
        scratch.edge = edge;
        let nul = match base.nul {
            // It may have been cut out.
            true => memchr::memchr(0, bytes).is_some(),
            false => Edit::inserted(edits).any(|range| memchr::memchr(0, &bytes[range]).is_some()),
        };
        Scanned { hits, raw, nul }
    }

    /// Goes through the copied stretches. What lies far within one is taken over as it is; what lies at their edges, and
    /// what is found between them, is looked at hit by hit.
    fn scan_edits(&self, following: &mut Following<'_>, edits: &[Edit], scratch: &mut Scratch) {
        let sieve = &self.rules.index().sieve;
        let (bytes, base_hits) = (following.bytes, following.base_hits);
        // How far before a join a hit across it may begin.
        let mut zones = zones(edits, sieve.longest.saturating_sub(1)).peekable();
        let margin = self.reaches().widest;
        // The copied stretches that the hits at the edges lie in.
        let mut ahead = Copied::of(edits).peekable();
        let mut near = 0;
        for copy in Copied::of(edits) {
            let inner = copy.inner(margin);
            let start = base_hits.before(copy.from, near);
            let (inner_start, inner_end) = match &inner {
                Some(inner) => {
                    let first = base_hits.before(inner.start, start);
                    (first, base_hits.before(inner.end, first))
                }
                None => (start, start),
            };
            if let Some(inner) = inner {
                let before = copy.moved(inner.start);
                while let Some(zone) = zones.next_if(|zone| zone.start < before) {
                    self.stems(bytes, zone, scratch);
                    following.edge.extend_from_slice(&scratch.hits);
                }
                let left = base_hits.shifted(start..inner_start, &copy);
                following.edge.extend(left);
                self.settle_edge(following, &mut ahead, scratch);
                self.take_over(following, &copy, &inner, scratch);
                if let Some(hits) = &mut following.hits {
                    hits.extend(base_hits, inner_start..inner_end, &copy);
                }
            }
            let end = base_hits.before(copy.from + copy.to.len(), inner_end);
            near = end;
            let right = base_hits.shifted(inner_end..end, &copy);
            let length = |hit: &WordHit| sieve.words.word(hit.word as usize).stem().len();
            let inside = right.filter(|hit| hit.start + length(hit) <= copy.to.end);
            following.edge.extend(inside);
        }
        for zone in zones {
            self.stems(bytes, zone, scratch);
            following.edge.extend_from_slice(&scratch.hits);
        }
        self.settle_edge(following, &mut ahead, scratch);
    }

    /// Takes over the candidates of the hits in `inner`, a part of the base whose neighbourhood was copied.
    fn take_over(
        &self,
        following: &mut Following<'_>,
        copy: &Copied,
        inner: &Range<usize>,
        scratch: &mut Scratch,
    ) {
        let raw = &following.base.raw;
        let first = raw.partition_point(|candidate| candidate.hit < inner.start as u64);
        let rest = &raw[first..];
        let count = rest.partition_point(|candidate| candidate.hit < inner.end as u64);
        let mut near = 0;
        for candidates in rest[..count].chunk_by(|a, b| a.hit == b.hit) {
            let at = candidates[0].hit as usize;
            let hits = following.base_hits;
            let same = hits.before(at, near);
            near = hits.before(at + 1, same);
            let same = same..near;
            let start = following.edge.len();
            following.edge.extend(hits.shifted(same, copy));
            let group = &following.edge[start..];
            let taken = self.inherit(candidates, copy, group, &mut following.raw);
            if !taken {
                self.confirm_group(following.bytes, group, scratch, &mut following.raw);
            }
            following.edge.truncate(start);
        }
    }

    /// Looks at the hits that were gathered, each with all others that begin at the same place.
    fn settle_edge(
        &self,
        following: &mut Following<'_>,
        ahead: &mut Peekable<impl Iterator<Item = Copied>>,
        scratch: &mut Scratch,
    ) {
        let mut edge = std::mem::take(&mut following.edge);
        edge.sort_unstable();
        edge.dedup();
        for group in edge.chunk_by(same_start) {
            let start = group[0].start;
            while ahead.next_if(|copy| copy.to.end <= start).is_some() {}
            let copy = ahead.peek().filter(|copy| copy.to.start <= start);
            let inherited = copy.is_some_and(|copy| {
                let candidates = following.base.of(copy.base(start));
                self.inherit(candidates, copy, group, &mut following.raw)
            });
            if !inherited {
                self.confirm_group(following.bytes, group, scratch, &mut following.raw);
            }
        }
        if let Some(hits) = &mut following.hits {
            edge.iter().for_each(|hit| hits.push(hit));
        }
        edge.clear();
        following.edge = edge;
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
        if scanned.raw.iter().any(|placed| keeps(&placed.found)) {
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
        let raw = scanned.raw.iter();
        let mut found: Vec<Candidate> = raw.map(Placed::candidate).collect();
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
        raw: &mut Vec<Placed>,
    ) {
        let text = Text {
            bytes,
            start: 0,
            complete: true,
        };
        let mut found = std::mem::take(&mut scratch.found);
        let words = &self.rules.index().sieve.words;
        let is_whole = |hit: &&WordHit| words.word(hit.word as usize).is_whole(bytes, hit.start);
        for hit in group.iter().filter(is_whole) {
            self.confirm(&text, *hit, scratch, &mut found);
        }
        if !self.explain && !found.is_empty() {
            let near = (self.group_reach(group) - confirm::MARGIN) as u64;
            let far = |c: &Candidate| c.span.end - c.span.start > near;
            found.retain(|candidate| candidate.kept() || far(candidate));
        }
        raw.extend(found.drain(..).map(Placed::new));
        scratch.found = found;
    }

    /// How far the rules behind the keywords of `group` look to either side of the hit's start.
    fn group_reach(&self, group: &[WordHit]) -> usize {
        let reaches = &self.reaches().by_word;
        let widest = group.iter().map(|hit| reaches[hit.word as usize]).max();
        widest.unwrap_or(0) as usize
    }

    fn reaches(&self) -> &Reaches {
        self.reaches.get_or_init(|| self.measure_reaches())
    }

    fn measure_reaches(&self) -> Reaches {
        let (index, rules) = (self.rules.index(), self.rules.rules());
        let words = index.sieve.words.iter().enumerate();
        let reaches = words.map(|(word, text)| {
            let reach = |rule: &u16| confirm::reach(&rules[*rule as usize], index.coding(word));
            let rules = index.behind(word).iter().map(reach);
            (rules.max().unwrap_or(0) + text.text.len()) as u32
        });
        let by_word: Vec<u32> = reaches.collect();
        Reaches {
            widest: by_word.iter().copied().max().unwrap_or(0) as usize,
            by_word,
        }
    }

    /// Adds `candidates`, which are those of the hits of `group` in the base, if all that they depend on was copied.
    fn inherit(
        &self,
        candidates: &[Placed],
        copy: &Copied,
        group: &[WordHit],
        raw: &mut Vec<Placed>,
    ) -> bool {
        let base = copy.base(group[0].start);
        let reach = self.group_reach(group);
        let whole = |c: &Placed| copy.holds(c.span.start as usize..c.span.end as usize, reach);
        if !copy.holds(base..base + 1, reach) || !candidates.iter().all(whole) {
            return false;
        }
        raw.extend(candidates.iter().map(|candidate| candidate.moved(copy)));
        true
    }
}

impl Scanned {
    /// The candidates alone, to be handed out later. No version follows from it.
    pub fn candidates(&self) -> Scanned {
        Scanned {
            hits: None,
            raw: self.raw.clone(),
            nul: self.nul,
        }
    }

    /// Bytes that its candidates take, about.
    pub fn size(&self) -> usize {
        self.raw.len() * size_of::<Placed>()
    }

    /// The candidates of a hit at `offset`.
    fn of(&self, offset: usize) -> &[Placed] {
        let offset = offset as u64;
        let first = self.raw.partition_point(|candidate| candidate.hit < offset);
        let rest = &self.raw[first..];
        &rest[..rest.partition_point(|candidate| candidate.hit == offset)]
    }
}

/// Whether a version's hits are kept. Offsets of larger blobs do not fit, and each of their versions is scanned whole.
fn keeps_hits(version: &Version<'_>) -> bool {
    !version.is_last && u32::try_from(version.bytes.len()).is_ok()
}

fn same_start(a: &WordHit, b: &WordHit) -> bool {
    a.start == b.start
}
