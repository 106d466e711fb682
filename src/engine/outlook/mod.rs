//! The engine for redaction: what is a secret, as early as that is certain, and from where on the text may still turn
//! out to be one.
//!
//! [`Stream`](super::Stream) hands a candidate out once its whole neighbourhood has passed, which is right for a report
//! and too late for somebody who waits for a prompt. A [`Watch`] decides a hit as soon as nothing that may follow can
//! change the answer, and tells with [`Watch::safe`] up to where the text can be let go: no secret that it has not
//! handed out begins before. Whether an answer can still change is asked of each kind of rule: of a pattern, whether a
//! match is alive at the text's end ([`viable`]); of an assignment, where its value may begin and whether its reading
//! is over; of a generic value, whether the words that may follow within reach of its score would change the verdict.
//!
//! What is handed out is what every other way in keeps, before one candidate gives way to another, because redaction
//! covers all of it; [`Engine::winners`] says which are findings.

mod tail;
mod viable;
mod views;

use std::ops::Range;
use std::sync::OnceLock;

use super::candidate::{Candidate, HEAD, resolve};
use super::check::{self, CONTEXT, Case};
use super::coded;
use super::confirm::{Outcome, Progress, Text, body_end, reach};
use super::matching::Runner;
use super::stream::KEYWORD;
use super::{Engine, Scratch, assignment, file};
use crate::rule::{Assignment, Block, Boundary, Coding, Matcher, Pattern, Structure};
use tail::{Quiet, Tail};
use viable::Viable;
use views::Views;

/// The buffer is shortened only by pieces of this size.
const SPARE: usize = 64 * 1024;
/// What a hit looks back on beyond its rule's reach: a name, an escape, a character cut at the edge.
const MARGIN: usize = 256;

const FREE: Boundary = Boundary {
    left: false,
    right: false,
};

/// What watching needs beside the engine, put together at the first need. One for all streams.
#[derive(Debug)]
pub struct Lookahead<'e> {
    engine: &'e Engine,
    /// By rule: of its pattern, and of a block's end.
    viable: Vec<[OnceLock<Viable>; 2]>,
    tail: OnceLock<Tail>,
}

impl<'e> Lookahead<'e> {
    /// For the rules of `engine`. Compiles nothing yet.
    pub fn new(engine: &'e Engine) -> Lookahead<'e> {
        let mut viable = Vec::new();
        viable.resize_with(engine.rules.rules().len(), Default::default);
        Lookahead {
            engine,
            viable,
            tail: OnceLock::new(),
        }
    }

    /// The engine.
    pub fn engine(&self) -> &'e Engine {
        self.engine
    }

    /// How far to either side of a secret anything can matter to it, runs and blocks apart, which go on by themselves.
    pub fn reach(&self) -> usize {
        self.engine.reach + KEYWORD + MARGIN
    }

    fn viable(&self, rule: u16, pattern: &Pattern) -> &Viable {
        self.viable[rule as usize][0].get_or_init(|| Viable::new(pattern))
    }

    fn tail(&self) -> &Tail {
        self.tail
            .get_or_init(|| Tail::new(self.engine.rules.rules(), self.engine.rules.index()))
    }
}

/// A secret as soon as it is certain.
#[derive(Debug)]
pub struct Sighting<'a> {
    /// The candidate, kept. One that is `open` goes on behind the text: it is handed out again when it ends.
    pub candidate: &'a Candidate,
    /// What is to be covered: the secret, less the first byte of UTF-16 text that nothing announced, for that cannot be
    /// told from the last byte of any text. Without end while the candidate is open.
    pub cover: Range<u64>,
    /// Its first [`HEAD`] bytes, decoded where it stands in a view.
    pub secret: &'a [u8],
}

/// Watches one stream.
#[derive(Debug)]
pub struct Watch<'l> {
    ahead: &'l Lookahead<'l>,
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte.
    start: u64,
    /// Hits that end before or at this offset are known.
    searched: u64,
    /// Hits that are not decided yet, each for one rule.
    waiting: Vec<Waiting>,
    /// Runs and blocks that go on behind the buffer.
    open: Vec<Open>,
    /// Nothing unknown begins before this offset.
    safe: u64,
    quiet: Quiet,
    views: Option<Box<Views<'l>>>,
}

#[derive(Debug, Clone)]
struct Waiting {
    hit: Range<u64>,
    rule: u16,
    coding: Option<Coding>,
    floor: u64,
}

#[derive(Debug)]
struct Open {
    candidate: Candidate,
    /// Everything before this offset belongs to it.
    seen: u64,
}

/// What is known of one hit of one rule.
enum Known {
    /// The answer, whatever follows.
    Decided(Option<Candidate>),
    /// A secret that begins here or later may still come of it.
    From(usize),
}

impl<'l> Watch<'l> {
    /// At the start of a stream.
    pub fn new(ahead: &'l Lookahead<'l>) -> Watch<'l> {
        let mut watch = Watch::of_view(ahead);
        watch.views = Some(Box::default());
        watch
    }

    /// In the middle of a stream, behind `before`: what its keywords tell has been told elsewhere.
    pub fn behind(ahead: &'l Lookahead<'l>, before: &[u8], scratch: &mut Scratch) -> Watch<'l> {
        let mut watch = Watch::of_view(ahead);
        watch.buffer.extend_from_slice(before);
        watch.searched = watch.end();
        let mut views = Views::default();
        views.take(ahead, before, false, scratch, &mut |_| {});
        watch.views = Some(Box::new(views));
        watch
    }

    fn of_view(ahead: &'l Lookahead<'l>) -> Watch<'l> {
        Watch {
            ahead,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            waiting: Vec::new(),
            open: Vec::new(),
            safe: 0,
            quiet: Quiet::default(),
            views: None,
        }
    }

    /// Takes the next chunk and hands out every secret that is certain by now.
    pub fn feed(&mut self, chunk: &[u8], scratch: &mut Scratch, out: &mut dyn FnMut(Sighting<'_>)) {
        self.take(chunk, false, scratch, out);
    }

    /// Takes the last chunk and hands out the rest.
    pub fn finish(
        &mut self,
        chunk: &[u8],
        scratch: &mut Scratch,
        out: &mut dyn FnMut(Sighting<'_>),
    ) {
        self.take(chunk, true, scratch, out);
    }

    /// Up to where the text can be let go: no secret that has not been handed out begins before. An open one goes on
    /// until it has been handed out again.
    pub fn safe(&self) -> u64 {
        self.safe
    }

    /// How many bytes are in the buffer.
    pub fn held(&self) -> usize {
        self.buffer.len() + self.views.as_ref().map_or(0, |views| views.held())
    }

    fn end(&self) -> u64 {
        self.start + self.buffer.len() as u64
    }

    fn take(
        &mut self,
        chunk: &[u8],
        finish: bool,
        scratch: &mut Scratch,
        out: &mut dyn FnMut(Sighting<'_>),
    ) {
        self.buffer.extend_from_slice(chunk);
        self.follow(finish, out);
        let mut found = Vec::new();
        self.decide(finish, scratch, &mut found);
        self.hand_out(found, out);
        let mut safe = self.end();
        if !finish {
            for waiting in &self.waiting {
                safe = safe.min(waiting.floor);
            }
            // Its end may lie before the text's.
            for open in &self.open {
                safe = safe.min(open.seen);
            }
            let tail = self.ahead.tail();
            let tail = tail.floor(&self.buffer, self.start, self.ahead, &mut self.quiet);
            safe = safe.min(self.start + tail as u64);
        }
        if let Some(mut views) = self.views.take() {
            views.take(self.ahead, chunk, finish, scratch, out);
            if !finish {
                safe = safe.min(views.safe());
            }
            self.views = Some(views);
        }
        self.safe = safe.max(self.safe);
        if !finish {
            self.shorten();
        }
    }

    /// Decides what can be decided of the hits that wait, and of those that the new bytes complete.
    fn decide(&mut self, finish: bool, scratch: &mut Scratch, found: &mut Vec<Candidate>) {
        let engine = self.ahead.engine;
        let text = Text {
            bytes: &self.buffer,
            start: self.start,
            complete: finish,
        };
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain_mut(|one| {
            let hit = (one.hit.start - text.start) as usize..(one.hit.end - text.start) as usize;
            match (self.ahead).known(&text, hit, (one.rule, one.coding), scratch) {
                Known::Decided(candidate) => {
                    found.extend(candidate);
                    false
                }
                Known::From(floor) => {
                    one.floor = text.start + floor as u64;
                    true
                }
            }
        });
        // A keyword may have begun before the last chunk's end.
        let from = (self.searched - self.start) as usize;
        engine.hits(
            &self.buffer,
            from.saturating_sub(KEYWORD)..self.buffer.len(),
            scratch,
        );
        let mut hits = std::mem::take(&mut scratch.hits);
        hits.sort_unstable();
        let index = engine.rules.index();
        let passed = self.buffer.len().saturating_sub(engine.reach + KEYWORD);
        for hit in &hits {
            let word = hit.word as usize;
            let span = hit.start..hit.start + index.sieve.words.word(word).text.len();
            if span.end <= from {
                continue;
            }
            let all = hit.start < passed || finish;
            if all && engine.confirm(&text, *hit, scratch, found) == Progress::Done {
                continue;
            }
            let coding = index.coding(word);
            for &rule in index.behind(word) {
                match (self.ahead).known(&text, span.clone(), (rule, coding), scratch) {
                    Known::Decided(candidate) => found.extend(candidate),
                    Known::From(floor) => waiting.push(Waiting {
                        hit: text.start + span.start as u64..text.start + span.end as u64,
                        rule,
                        coding,
                        floor: text.start + floor as u64,
                    }),
                }
            }
        }
        scratch.hits = hits;
        self.searched = self.end();
        self.waiting = waiting;
    }

    fn hand_out(&mut self, found: Vec<Candidate>, out: &mut dyn FnMut(Sighting<'_>)) {
        let rules = self.ahead.engine.rules.rules();
        // An identifier says nothing without its other part, which is covered by itself.
        let secret = |c: &Candidate| c.kept() && rules[c.rule as usize].alone;
        for mut candidate in found.into_iter().filter(secret) {
            let same = |o: &Open| {
                o.candidate.rule == candidate.rule && o.candidate.span.start == candidate.span.start
            };
            if candidate.open && self.open.iter().any(same) {
                continue;
            }
            let from = (candidate.secret.start - self.start) as usize;
            let to = (candidate.secret.end - self.start) as usize;
            let stands = &self.buffer[from..to.min(from + HEAD)];
            let coded = candidate.coded.as_ref().map(|coded| coded.secret.clone());
            let secret = coded.as_deref().unwrap_or(stands);
            if candidate.open {
                let length = candidate.span.end - candidate.span.start;
                let seen = candidate.span.end - super::stream::MARKER.min(length);
                self.open.push(Open {
                    candidate: candidate.clone(),
                    seen,
                });
                (candidate.span.end, candidate.secret.end) = (u64::MAX, u64::MAX);
            }
            out(Sighting {
                candidate: &candidate,
                cover: candidate.secret.clone(),
                secret,
            });
        }
    }

    /// Moves on the ends of open candidates, and hands out again those that have ended.
    fn follow(&mut self, finish: bool, out: &mut dyn FnMut(Sighting<'_>)) {
        let (buffer, start, engine) = (&self.buffer, self.start, self.ahead.engine);
        let end = start + buffer.len() as u64;
        self.open.retain_mut(|open| {
            let from = (open.seen - start) as usize;
            let followed = engine.follow(open.candidate.rule, buffer, from, finish);
            let last = start + followed.end as u64;
            open.seen = last.min(end).saturating_sub(followed.back).max(open.seen);
            if followed.done {
                let candidate = &mut open.candidate;
                (candidate.span.end, candidate.secret.end) = (last, last);
                candidate.open = false;
                out(Sighting {
                    candidate,
                    cover: candidate.secret.clone(),
                    secret: &[],
                });
            }
            !followed.done
        });
    }

    /// Drops what nothing looks at any more.
    fn shorten(&mut self) {
        let back = (self.ahead.engine.reach + KEYWORD + MARGIN) as u64;
        let waiting = self.waiting.iter().map(|one| one.hit.start);
        let first = waiting.min().unwrap_or(u64::MAX).min(self.end());
        let mut keep = first.saturating_sub(back);
        for open in &self.open {
            keep = keep.min(open.seen.saturating_sub(1));
        }
        let length = keep.saturating_sub(self.start) as usize;
        if length >= SPARE {
            self.buffer.drain(..length);
            self.start += length as u64;
        }
    }
}

impl Lookahead<'_> {
    /// What is known of the hit at `hit` for one rule.
    fn known(
        &self,
        text: &Text<'_>,
        hit: Range<usize>,
        (rule, coding): (u16, Option<Coding>),
        scratch: &mut Scratch,
    ) -> Known {
        if let Some(coding) = coding {
            return self.coded(text, hit, (rule, coding), scratch);
        }
        let matcher = &self.engine.rules.rules()[rule as usize].matcher;
        let rest = text.bytes.len() - hit.start;
        let passed = rest > reach(&self.engine.rules.rules()[rule as usize], None) + KEYWORD;
        let all = passed || text.complete;
        let may = match matcher {
            _ if all => None,
            Matcher::Pattern(pattern, boundary) => {
                self.pattern(text, &hit, rule, (pattern, *boundary))
            }
            Matcher::Run(run) => self.pattern(text, &hit, rule, (&run.head, FREE)),
            Matcher::Block(block) => self.pattern(text, &hit, rule, (&block.begin, FREE)),
            Matcher::Assignment(assignment) => value(text, &hit, assignment),
            Matcher::File(_) => None,
        };
        if let Some(floor) = may {
            return Known::From(floor);
        }
        match (self.engine).confirm_rule(text, hit.clone(), (rule, None), scratch) {
            Outcome::Nothing => Known::Decided(None),
            Outcome::More => {
                if let Matcher::Block(block) = matcher
                    && self.is_over(text, &hit, rule, block)
                {
                    let whole = Text {
                        complete: true,
                        ..*text
                    };
                    return match (self.engine).confirm_rule(&whole, hit, (rule, None), scratch) {
                        Outcome::Found(candidate) => Known::Decided(Some(candidate)),
                        _ => Known::Decided(None),
                    };
                }
                let head = self.head(text.bytes, &hit, rule);
                Known::From(head.map_or(hit.start, |head| head.start))
            }
            Outcome::Found(candidate) if !all && !self.settled(text, rule, &candidate) => {
                Known::From((candidate.secret.start - text.start) as usize)
            }
            Outcome::Found(candidate) => Known::Decided(Some(candidate)),
        }
    }

    /// What a run or block begins with.
    fn head(&self, bytes: &[u8], hit: &Range<usize>, rule: u16) -> Option<Range<usize>> {
        let pattern = match &self.engine.rules.rules()[rule as usize].matcher {
            Matcher::Run(run) => &run.head,
            Matcher::Block(block) => &block.begin,
            _ => return None,
        };
        let mut runner = Runner {
            pattern,
            lazy: &self.engine.lazies[rule as usize][0],
            memory: &mut None,
        };
        let head = runner.around(bytes, hit.clone(), FREE);
        head.map(|head| head.span)
    }

    /// The same for a hit of a keyword as it is encoded: nothing more is to be known once the digits around it are over.
    fn coded(
        &self,
        text: &Text<'_>,
        hit: Range<usize>,
        (rule, coding): (u16, Coding),
        scratch: &mut Scratch,
    ) -> Known {
        let place = coded::Place {
            bytes: text.bytes,
            hit: hit.start,
            coding,
            ahead: coded::ahead(&self.engine.rules.rules()[rule as usize], coding),
        };
        if !text.complete && coded::is_open(&place) {
            return Known::From(hit.start.saturating_sub(coding.shared()));
        }
        match (self.engine).confirm_rule(text, hit, (rule, Some(coding)), scratch) {
            Outcome::Found(candidate) => Known::Decided(Some(candidate)),
            Outcome::Nothing | Outcome::More => Known::Decided(None),
        }
    }

    /// Where a secret may begin in a match that is alive at the text's end.
    fn pattern(
        &self,
        text: &Text<'_>,
        hit: &Range<usize>,
        rule: u16,
        (pattern, boundary): (&Pattern, Boundary),
    ) -> Option<usize> {
        let (least, most) = pattern.lead;
        let first = hit
            .end
            .saturating_sub(pattern.max_len as usize)
            .max(hit.start.saturating_sub(most as usize));
        let last = hit.start.checked_sub(least as usize)?;
        self.viable(rule, pattern)
            .floor(text.bytes, first..last + 1, (pattern, boundary))
    }

    /// Whether a block has ended, and its end marker too, whatever follows.
    fn is_over(&self, text: &Text<'_>, hit: &Range<usize>, rule: u16, block: &Block) -> bool {
        let bytes = text.bytes;
        let Some(head) = self.head(bytes, hit, rule) else {
            return true;
        };
        let index = rule as usize;
        let rule = &self.engine.rules.rules()[index];
        let end = body_end(block, rule, bytes, head.end);
        // A marker that began before may end the body earlier.
        let markers = rule.keywords.iter().map(|keyword| &keyword.text);
        let begun = markers.chain([&block.end_literal]).any(|marker| {
            let first = bytes.len().saturating_sub(marker.len()).max(head.end);
            (first..end).any(|at| marker.as_bytes().starts_with(&bytes[at..]))
        });
        let viable = self.viable[index][1].get_or_init(|| Viable::new(&block.end));
        end < bytes.len()
            && !begun
            && viable
                .floor(bytes, end..end + 1, (&block.end, FREE))
                .is_none()
    }

    /// Whether the verdict on a candidate of a provider's rule stands: a check of URLs looks at the host behind.
    fn settled(&self, text: &Text<'_>, rule: u16, candidate: &Candidate) -> bool {
        if self.engine.rules.rules()[rule as usize].structure != Some(Structure::Url) {
            return true;
        }
        let end = (candidate.secret.end - text.start) as usize;
        let after = &text.bytes[end..];
        let host = after.strip_prefix(b"@").unwrap_or(after);
        after.len() >= CONTEXT * 2 || !host.is_empty() && host.iter().any(check::ends_host)
    }
}

/// Where the value may begin whose reading is not over, or whose verdict depends on what follows.
fn value(text: &Text<'_>, hit: &Range<usize>, assignment: &Assignment) -> Option<usize> {
    let gap = assignment.value.is_some();
    if let Some(floor) = assignment::floor(text.bytes, hit.clone(), gap) {
        return Some(floor);
    }
    if gap {
        return None;
    }
    let assigned = assignment::assigned(text.bytes, hit.clone(), gap)?;
    let case = Case {
        hay: text.bytes,
        span: assigned.name.start.min(assigned.value.start)..assigned.value.end,
        secret: assigned.value.clone(),
        assigned: Some(&assigned),
    };
    (!check::is_settled(&case, &assigned)).then_some(assigned.value.start)
}

impl Engine {
    /// The kept candidates of a file that is known by its name, for rules of kind `file`.
    pub fn of_file(&self, name: &str, bytes: &[u8]) -> Vec<Candidate> {
        let mut found = file::candidates(self, name, bytes);
        found.retain(Candidate::kept);
        found
    }

    /// Which of `candidates`, all that overlap one another, are findings: the others give way to them.
    pub fn winners(&self, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        resolve(&mut candidates, self.rules.rules());
        candidates.retain(Candidate::kept);
        candidates
    }
}
