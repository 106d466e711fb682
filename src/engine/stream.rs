//! The engine over a stream of chunks: the same candidates as over the whole, in bounded memory.
//!
//! The buffer holds what may still be looked at: behind, what a candidate or its context can reach back to; ahead,
//! what is needed to decide the next keyword hit. A hit is confirmed once its whole neighbourhood is in the buffer, so
//! the way the input is cut cannot matter. A run or block longer than 16 KiB is judged by its head and then only
//! followed to its end.

use std::ops::Range;

use super::candidate::{Candidate, RANKS, resolve};
use super::confirm::{Progress, Text, body_end};
use super::emit::{self, AROUND, Emission, Neighbours, Window};
use super::position::Walker;
use super::utf16::{Reader, Runs};
use super::{Engine, Scratch};
use crate::model::Position;
use crate::rule::{MAX_PATTERN_LEN, Matcher};

/// A buffer is shortened only by pieces of this size, so that small chunks do not move it about.
const SPARE: usize = 64 * 1024;
/// Longest keyword.
pub const KEYWORD: usize = 64;
/// Longest end marker, or keyword, that may have begun before what of a block has been seen.
pub const MARKER: u64 = MAX_PATTERN_LEN as u64;
/// While a run or block goes on and cannot be judged yet, it is looked at again only after so many more bytes.
const PATIENCE: u64 = 1024;

/// The state of one stream.
#[derive(Debug)]
pub struct Stream<'e> {
    engine: &'e Engine,
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte.
    start: u64,
    /// Stands at `start`.
    walker: Walker,
    /// Hits that begin before this offset are decided.
    decided: u64,
    /// No look before the buffer reaches this offset.
    wait: u64,
    pending: Vec<Candidate>,
    /// Candidates that end before this offset have been handed out.
    released: u64,
    /// Those of them that may still matter to their neighbours.
    emitted: Vec<Candidate>,
    open: Vec<Open>,
    utf16: Option<Box<Utf16<'e>>>,
    /// Characters of a view stand two bytes apart, the first at this offset.
    view: Option<u64>,
}

/// A run or block that goes on behind the buffer.
#[derive(Debug)]
struct Open {
    candidate: Candidate,
    head: Vec<u8>,
    start: Position,
    around: Vec<u8>,
    at: usize,
    /// Everything before this offset belongs to it.
    seen: u64,
}

#[derive(Debug)]
struct Utf16<'e> {
    reader: Reader,
    child: Option<Stream<'e>>,
}

impl<'e> Stream<'e> {
    /// A stream at its start.
    pub fn new(engine: &'e Engine) -> Stream<'e> {
        let mut stream = Stream::view(engine, Walker::default(), None);
        stream.utf16 = Some(Box::new(Utf16 {
            reader: Reader::default(),
            child: None,
        }));
        stream
    }

    fn view(engine: &'e Engine, walker: Walker, view: Option<u64>) -> Stream<'e> {
        Stream {
            engine,
            buffer: Vec::new(),
            start: 0,
            walker,
            decided: 0,
            wait: 0,
            pending: Vec::new(),
            released: 0,
            emitted: Vec::new(),
            open: Vec::new(),
            utf16: None,
            view,
        }
    }

    /// Takes the next chunk and hands out every candidate that is decided by now.
    pub fn feed(&mut self, chunk: &[u8], scratch: &mut Scratch, out: &mut dyn FnMut(Emission<'_>)) {
        self.buffer.extend_from_slice(chunk);
        self.views(chunk, false, scratch, out);
        self.advance(false, scratch, out);
    }

    /// The stream has ended: hands out the rest.
    pub fn finish(mut self, scratch: &mut Scratch, out: &mut dyn FnMut(Emission<'_>)) {
        self.views(&[], true, scratch, out);
        self.advance(true, scratch, out);
    }

    /// How many bytes are in the buffer.
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    fn end(&self) -> u64 {
        self.start + self.buffer.len() as u64
    }

    fn advance(&mut self, finish: bool, scratch: &mut Scratch, out: &mut dyn FnMut(Emission<'_>)) {
        self.follow(finish, out);
        if finish || self.end() >= self.wait {
            self.decide(finish, scratch);
        }
        self.release(finish, out);
        if !finish {
            self.shorten();
        }
    }

    /// Confirms the hits whose neighbourhood is in the buffer.
    fn decide(&mut self, finish: bool, scratch: &mut Scratch) {
        let ahead = if finish {
            0
        } else {
            (self.engine.reach + KEYWORD) as u64
        };
        let limit = self.end().saturating_sub(ahead);
        if limit <= self.decided {
            return;
        }
        let range = (self.decided - self.start) as usize..(limit - self.start) as usize;
        self.engine.hits(&self.buffer, range, scratch);
        let mut hits = std::mem::take(&mut scratch.hits);
        hits.sort_unstable();
        let text = Text {
            bytes: &self.buffer,
            start: self.start,
            complete: finish,
        };
        self.decided = limit;
        let mut found = Vec::new();
        for (index, hit) in hits.iter().enumerate() {
            let progress = self.engine.confirm(&text, *hit, scratch, &mut found);
            if progress == Progress::More {
                // All hits of this place are looked at again, so what they gave is taken back.
                let at = self.start + hit.start as u64;
                found.retain(|candidate| candidate.hit < at);
                scratch.counters.hits -= (hits.len() - index) as u64;
                self.decided = at;
                self.wait = self.end() + PATIENCE;
                break;
            }
        }
        scratch.hits = hits;
        let (open, closed): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|candidate| candidate.open);
        self.pending.extend(closed);
        for candidate in open {
            self.open(candidate);
        }
    }

    /// Begins to follow a candidate that goes on behind the buffer.
    fn open(&mut self, candidate: Candidate) {
        let same = |o: &Open| {
            o.candidate.rule == candidate.rule && o.candidate.span.start == candidate.span.start
        };
        if self.open.iter().any(same) {
            return;
        }
        let window = Window {
            bytes: &self.buffer,
            start: self.start,
        };
        let mut walker = self.walker;
        let all = Neighbours::new([&candidate]);
        let mut open = None;
        emit::emit(&window, &mut walker, &candidate, &all, &mut |emission| {
            open = Some(Open {
                candidate: candidate.clone(),
                head: emission.secret.to_vec(),
                start: emission.start,
                around: emission.around[..emission.at.end].to_vec(),
                at: emission.at.start,
                seen: candidate.span.end - MARKER.min(candidate.span.end - candidate.span.start),
            });
        });
        self.open.extend(open);
    }

    /// Moves on the ends of open candidates, and hands out those that have ended.
    fn follow(&mut self, finish: bool, out: &mut dyn FnMut(Emission<'_>)) {
        let mut index = 0;
        while index < self.open.len() {
            match self.ended(index, finish) {
                false => index += 1,
                true => {
                    let open = self.open.swap_remove(index);
                    let end =
                        { self.walker }.to(&self.buffer, self.start, open.candidate.secret.end);
                    if open.candidate.kept() || self.engine.explain {
                        self.hand_out_open(&open, end, out);
                    }
                    // Marked, so that it is not handed out again.
                    self.emitted.push(Candidate {
                        open: true,
                        ..open.candidate
                    });
                }
            }
        }
    }

    fn ended(&mut self, index: usize, finish: bool) -> bool {
        let engine = self.engine;
        let (start, end) = (self.start, self.end());
        let open = &mut self.open[index];
        let from = (open.seen - start) as usize;
        let followed = engine.follow(open.candidate.rule, &self.buffer, from, finish);
        let last = start + followed.end as u64;
        open.seen = last.min(end).saturating_sub(followed.back).max(open.seen);
        if followed.done {
            (open.candidate.span.end, open.candidate.secret.end) = (last, last);
            open.candidate.open = false;
        }
        followed.done
    }

    fn hand_out_open(&self, open: &Open, end: Position, out: &mut dyn FnMut(Emission<'_>)) {
        let at = open.at..open.around.len();
        let emission = Emission {
            candidate: &open.candidate,
            secret: &open.head,
            start: open.start,
            end,
            around: &open.around,
            secrets: vec![at.clone()],
            at,
        };
        self.pass_on(emission, out);
    }

    /// Hands out the candidates that nothing to come can change.
    fn release(&mut self, finish: bool, out: &mut dyn FnMut(Emission<'_>)) {
        let reach = (self.engine.reach * RANKS + AROUND * 2) as u64;
        let safe = if finish {
            u64::MAX
        } else {
            self.decided.saturating_sub(reach)
        };
        if !self.pending.iter().any(|c| c.span.end <= safe) {
            return;
        }
        let mut all: Vec<Candidate> = self.pending.clone();
        all.extend(self.emitted.iter().cloned());
        // An open one covers everything from its start on.
        all.extend(self.open.iter().map(|open| {
            let mut candidate = open.candidate.clone();
            (candidate.span.end, candidate.secret.end) = (u64::MAX, u64::MAX);
            candidate
        }));
        resolve(&mut all, self.engine.rules.rules());
        // Whatever ends before the last release's limit has been handed out then: a new candidate covers a new hit.
        let wanted = |c: &&Candidate| c.kept() || self.engine.explain;
        let fresh = |c: &&Candidate| !c.open && c.span.end > self.released && c.span.end <= safe;
        let mut order: Vec<&Candidate> = all.iter().filter(fresh).filter(wanted).collect();
        order.sort_by_key(|c| c.secret.start);
        let neighbours = Neighbours::new(&all);
        let window = Window {
            bytes: &self.buffer,
            start: self.start,
        };
        let mut walker = self.walker;
        for candidate in order {
            emit::emit(
                &window,
                &mut walker,
                candidate,
                &neighbours,
                &mut |emission| {
                    self.pass_on(emission, out);
                },
            );
        }
        self.released = safe;
        let (done, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|c| c.span.end <= safe);
        self.pending = rest;
        self.emitted.extend(done);
        // What was handed out still covers and masks what stands beside it.
        let old = self.decided.saturating_sub(2 * reach);
        self.emitted.retain(|c| c.span.end >= old);
    }

    /// Drops what nothing looks at any more.
    fn shorten(&mut self) {
        let back = (self.engine.reach * (RANKS + 1) + AROUND * 3 + KEYWORD) as u64;
        let mut keep = self.decided.saturating_sub(back).max(self.start);
        for candidate in &self.pending {
            keep = keep.min(candidate.span.start.saturating_sub(2 * AROUND as u64));
        }
        for open in &self.open {
            keep = keep.min(open.seen.saturating_sub(1));
        }
        let mut length = keep.saturating_sub(self.start) as usize;
        if length < SPARE {
            return;
        }
        // Not inside of a character.
        while length > 0 && self.buffer[length] & 0xC0 == 0x80 && length > SPARE - 4 {
            length -= 1;
        }
        self.walker.pass(&self.buffer[..length]);
        self.buffer.drain(..length);
        self.start += length as u64;
    }

    fn views(
        &mut self,
        chunk: &[u8],
        finish: bool,
        scratch: &mut Scratch,
        out: &mut dyn FnMut(Emission<'_>),
    ) {
        let Some(mut utf16) = self.utf16.take() else {
            return;
        };
        let Utf16 { reader, child } = &mut *utf16;
        let mut runs = Views {
            parent: self,
            child,
            text: Vec::new(),
            scratch,
            out,
        };
        reader.feed(chunk, &mut runs);
        if finish {
            reader.finish(&mut runs);
        }
        runs.flush();
        self.utf16 = Some(utf16);
    }

    /// Hands an emission on, in offsets of the input where this stream is a view of it.
    fn pass_on(&self, emission: Emission<'_>, out: &mut dyn FnMut(Emission<'_>)) {
        match self.view {
            Some(from) => map_view(from, emission, out),
            None => out(emission),
        }
    }
}

/// How far a run or block that goes on has been followed.
pub struct Followed {
    /// Where it ends, or has not ended yet.
    pub end: usize,
    /// Whether it ends there.
    pub done: bool,
    /// How many of the bytes before are to be looked at again.
    pub back: u64,
}

impl Engine {
    /// Follows the run or block of a rule over `bytes`, of which all before `from` belongs to it.
    pub(super) fn follow(&self, rule: u16, bytes: &[u8], from: usize, finish: bool) -> Followed {
        let matcher = &self.rules.rules()[rule as usize].matcher;
        let (mut end, over) = match matcher {
            Matcher::Run(run) => {
                let rest = bytes[from..].iter().position(|&b| !run.alphabet.has(b));
                (
                    rest.map_or(bytes.len(), |length| from + length),
                    rest.is_some(),
                )
            }
            Matcher::Block(block) => {
                let at = body_end(block, &self.rules.rules()[rule as usize], bytes, from);
                (at, bytes.len() - at > block.end.max_len as usize)
            }
            _ => (from, true),
        };
        let done = over || finish;
        let Matcher::Block(block) = matcher else {
            return Followed { end, done, back: 0 };
        };
        if done {
            end = self.block_end(block, rule, bytes, end).unwrap_or(end);
        }
        // A marker may have begun before the buffer's end: those bytes are looked at again.
        let back = if done { 0 } else { MARKER };
        Followed { end, done, back }
    }
}

/// Hands on what was found in a view whose characters stand two bytes apart from `from` on, in offsets of the input.
pub fn map_view(from: u64, emission: Emission<'_>, out: &mut dyn FnMut(Emission<'_>)) {
    let range = |r: &Range<u64>| from + 2 * r.start..from + 2 * r.end - 1;
    let position = |p: Position| Position {
        offset: from + 2 * p.offset,
        ..p
    };
    let candidate = Candidate {
        span: range(&emission.candidate.span),
        secret: range(&emission.candidate.secret),
        hit: from + 2 * emission.candidate.hit,
        decoded: Some(emission.secret.into()),
        ..emission.candidate.clone()
    };
    let (start, end) = (position(emission.start), position(emission.end));
    out(Emission {
        candidate: &candidate,
        start,
        end,
        ..emission
    });
}

/// Feeds the characters of each run to a stream of its own.
struct Views<'a, 'e> {
    parent: &'a Stream<'e>,
    child: &'a mut Option<Stream<'e>>,
    text: Vec<u8>,
    scratch: &'a mut Scratch,
    out: &'a mut dyn FnMut(Emission<'_>),
}

impl Views<'_, '_> {
    fn flush(&mut self) {
        if let Some(child) = self.child {
            child.feed(&self.text, self.scratch, self.out);
        }
        self.text.clear();
    }
}

impl Runs for Views<'_, '_> {
    fn begin(&mut self, start: u64, text: &[u8]) {
        let parent = self.parent;
        let walker = Walker::of_view(parent.walker, &parent.buffer, parent.start, start);
        *self.child = Some(Stream::view(parent.engine, walker, Some(start)));
        self.text.extend_from_slice(text);
    }

    fn next(&mut self, character: u8) {
        self.text.push(character);
        if self.text.len() >= SPARE {
            self.flush();
        }
    }

    fn end(&mut self) {
        self.flush();
        if let Some(child) = self.child.take() {
            child.finish(self.scratch, self.out);
        }
    }
}
