//! Passes over a text. The first looks at all of it. Each further one looks at what the one before has left, between its
//! placeholders: there a token no longer touches another word, and other words stand near a value.
//!
//! A placeholder parts the text. All placeholders look the same to what stands beside them, nothing that reaches into one is
//! anything, and nothing looks beyond it. Detection is local, so that a further pass sees something new only close to a
//! placeholder that the pass before has put: it looks there and nowhere else.

use std::borrow::Cow;
use std::ops::Range;

use super::cover::{Cover, What};
use super::held::{Held, Report};
use super::known::Watcher;
use super::{Redacted, Redactor};
use crate::engine::{Candidate, Scratch, Sighting, Watch};
use crate::model::Secret;

/// What the rules see where a placeholder stands, whichever it is.
const STAND_IN: &[u8] = b"[REDACTED]";

/// What follows a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// More of it.
    More,
    /// A placeholder.
    Placeholder,
    /// Nothing at all.
    Nothing,
}

/// Where all that a pass lets go goes: through the passes behind it, and out.
pub struct Onward<'a, 'r> {
    /// The passes behind.
    pub again: &'a mut [Again<'r>],
    /// Memory of theirs.
    pub scratch: &'a mut Scratch,
    /// Whether the pass before may put a placeholder behind what it lets go.
    pub open: bool,
    /// What comes out.
    pub out: &'a mut Redacted,
}

impl<'r> Onward<'_, 'r> {
    fn next(&mut self) -> Option<(&mut Again<'r>, Onward<'_, 'r>)> {
        let (first, again) = self.again.split_first_mut()?;
        let rest = Onward {
            again,
            scratch: self.scratch,
            open: false,
            out: self.out,
        };
        Some((first, rest))
    }

    /// More text.
    pub fn text(&mut self, text: &[u8]) {
        let open = self.open;
        match self.next() {
            Some((next, mut rest)) => next.text(text, open, &mut rest),
            None => self.out.text.extend_from_slice(text),
        }
    }

    /// The text ends here: a placeholder stands in place of what follows. Is it of the pass before?
    pub fn cover(&mut self, placeholder: &[u8], fresh: bool) {
        match self.next() {
            Some((next, mut rest)) => {
                next.end(Then::Placeholder, fresh, &mut rest);
                rest.cover(placeholder, false);
            }
            None => self.out.text.extend_from_slice(placeholder),
        }
    }

    /// What is covered is over: the text goes on at this offset. With a report where it was covered just now.
    pub fn over(&mut self, at: u64, report: Option<Report>) {
        self.begin(at, report.is_some());
        if let Some(Report { covered, mut found }) = report {
            self.out.covered.push(covered);
            self.out.found.append(&mut found);
        }
    }

    fn begin(&mut self, at: u64, fresh: bool) {
        if let Some((next, mut rest)) = self.next() {
            next.begin(at, fresh);
            rest.begin(at, false);
        }
    }

    /// No more text comes for now.
    pub fn settle(&mut self) {
        let open = self.open;
        if let Some((next, mut rest)) = self.next() {
            next.settle(open, &mut rest);
            rest.settle();
        }
    }

    /// No more text comes.
    pub fn finish(&mut self) {
        if let Some((next, mut rest)) = self.next() {
            next.end(Then::Nothing, false, &mut rest);
            rest.finish();
        }
    }
}

/// The rules and the known values, looking at a text that begins at some offset of the stream.
#[derive(Debug)]
struct Eyes<'r> {
    watch: Watch<'r>,
    known: Option<Watcher<'r>>,
    start: u64,
    end: u64,
    /// Where in the stream the first byte stands that `watch` sees: before its start, where a placeholder precedes it.
    base: u64,
    /// Whether it has not seen that placeholder yet.
    begins: bool,
}

impl<'r> Eyes<'r> {
    /// At the start of the stream, or somewhere in it.
    fn new(by: &'r Redactor<'_>, start: u64) -> Eyes<'r> {
        Eyes {
            watch: Watch::new(&by.ahead),
            known: by.known.watcher(),
            start,
            end: start,
            base: start,
            begins: false,
        }
    }

    /// Behind a placeholder.
    fn behind(by: &'r Redactor<'_>, start: u64) -> Eyes<'r> {
        Eyes {
            // A short secret may stand closer to the stream's start than this.
            base: start.wrapping_sub(STAND_IN.len() as u64),
            begins: true,
            ..Eyes::new(by, start)
        }
    }

    /// At `start`, with `before` before it, in which what begins is known, as are known values.
    fn amid(by: &'r Redactor<'_>, start: u64, before: &[u8], scratch: &mut Scratch) -> Eyes<'r> {
        Eyes {
            watch: Watch::behind(&by.ahead, before, scratch),
            known: None,
            start,
            end: start,
            base: start - before.len() as u64,
            begins: false,
        }
    }

    /// Takes more of the text, and says up to where nothing unknown begins. What begins elsewhere than within `zone` is
    /// left out.
    fn take(&mut self, text: &[u8], then: Then, zone: &Range<u64>, see: See<'_>) -> u64 {
        let See { scratch, covers } = see;
        self.end += text.len() as u64;
        let (base, start, end) = (self.base, self.start, self.end);
        // Nothing of a placeholder before or behind it.
        let zone = zone.start.max(start)..zone.end.min(end);
        let mut sight = |sighting: Sighting<'_>| {
            Seen::new(&sighting, base).put(covers, &zone, end);
        };
        let stand_in = |stands: bool| if stands { STAND_IN } else { b"" };
        let before = stand_in(std::mem::take(&mut self.begins));
        let behind = stand_in(then == Then::Placeholder);
        let seen = match before.len() + behind.len() {
            0 => Cow::Borrowed(text),
            _ => Cow::Owned([before, text, behind].concat()),
        };
        match then {
            Then::More => self.watch.feed(&seen, scratch, &mut sight),
            _ => self.watch.finish(&seen, scratch, &mut sight),
        }
        // What precedes the text is no part of it, whatever may come of it.
        let safe = self.watch.safe().max(start.wrapping_sub(base));
        let mut safe = base.wrapping_add(safe).min(end);
        if let Some(known) = &mut self.known {
            known.feed(text, &mut |range, value| {
                if zone.contains(&(start + range.start)) {
                    covers.push(Cover {
                        range: start + range.start..start + range.end,
                        what: What::Known(value),
                    });
                }
            });
            if then == Then::More {
                safe = safe.min(start + known.safe());
            }
        }
        safe
    }
}

/// Where what is seen is put down.
struct See<'s> {
    scratch: &'s mut Scratch,
    covers: &'s mut Vec<Cover>,
}

/// What the engine has seen, at its place in the stream.
struct Seen {
    candidate: Candidate,
    cover: Range<u64>,
    secret: Secret,
}

impl Seen {
    fn new(sighting: &Sighting<'_>, base: u64) -> Seen {
        let shift = |range: &Range<u64>| {
            let end = match range.end {
                u64::MAX => u64::MAX,
                end => end.wrapping_add(base),
            };
            range.start.wrapping_add(base)..end
        };
        let seen = sighting.candidate;
        Seen {
            candidate: Candidate {
                hit: seen.hit.wrapping_add(base),
                span: shift(&seen.span),
                secret: shift(&seen.secret),
                ..seen.clone()
            },
            cover: shift(&sighting.cover),
            secret: Secret::new(sighting.secret),
        }
    }

    /// Takes it down if it begins within `zone` and does not reach into a placeholder behind the text's `end`; the end of
    /// what went on takes its beginning's place.
    fn put(self, covers: &mut Vec<Cover>, zone: &Range<u64>, end: u64) {
        let Seen {
            mut candidate,
            cover,
            secret,
        } = self;
        let within = zone.contains(&candidate.span.start);
        let reaches = !candidate.open && candidate.span.end > end;
        let begun = covers.iter_mut().find_map(|cover| match &mut cover.what {
            What::Rule(open, _) if open.open && open.rule == candidate.rule => {
                (open.secret.start == candidate.secret.start).then_some((&mut cover.range, open))
            }
            _ => None,
        });
        match begun {
            Some((range, open)) if !candidate.open => {
                range.end = cover.end.min(end);
                candidate.span.end = candidate.span.end.min(end);
                candidate.secret.end = candidate.secret.end.min(end);
                let decoded = open.decoded.take();
                *open = Candidate {
                    decoded,
                    ..candidate
                };
            }
            None if within && !reaches => {
                covers.push(Cover {
                    range: cover,
                    what: What::Rule(candidate, secret),
                });
            }
            _ => {}
        }
    }
}

/// The pass over all of the text.
#[derive(Debug)]
pub struct First<'r> {
    by: &'r Redactor<'r>,
    eyes: Eyes<'r>,
    /// What it holds back.
    pub held: Held,
}

impl<'r> First<'r> {
    /// At the start of a stream.
    pub fn new(by: &'r Redactor<'_>) -> First<'r> {
        First {
            by,
            eyes: Eyes::new(by, 0),
            held: Held::default(),
        }
    }

    /// Takes more text.
    pub fn text(&mut self, text: &[u8], onward: &mut Onward<'_, '_>) {
        self.take(text, Then::More, onward);
    }

    /// The text has ended.
    pub fn finish(&mut self, onward: &mut Onward<'_, '_>) {
        self.take(&[], Then::Nothing, onward);
    }

    fn take(&mut self, text: &[u8], then: Then, onward: &mut Onward<'_, '_>) {
        self.held.extend(text);
        let see = See {
            scratch: onward.scratch,
            covers: &mut self.held.covers,
        };
        let safe = self.eyes.take(text, then, &(0..u64::MAX), see);
        self.held.let_go(self.by, safe, onward);
    }

    /// Passes over a placeholder that stands in the text.
    pub fn placeholder(&mut self, placeholder: &[u8], onward: &mut Onward<'_, '_>) {
        self.take(&[], Then::Placeholder, onward);
        let at = self.eyes.end + placeholder.len() as u64;
        onward.cover(placeholder, false);
        onward.over(at, None);
        self.eyes = Eyes::behind(self.by, at);
        self.held.resume(at);
    }
}

/// A further pass over what the one before it has left.
#[derive(Debug)]
pub struct Again<'r> {
    by: &'r Redactor<'r>,
    /// Looks at the text behind a placeholder of the pass before, until that lies far back.
    head: Option<Eyes<'r>>,
    /// Where the text began, and whether behind a placeholder.
    start: u64,
    behind: bool,
    /// The last bytes of it.
    recent: Vec<u8>,
    end: u64,
    /// How many of the last bytes `head` has not seen.
    unseen: usize,
    /// What it holds back.
    pub held: Held,
}

impl<'r> Again<'r> {
    /// At the start of a stream.
    pub fn new(by: &'r Redactor<'_>) -> Again<'r> {
        Again {
            by,
            head: None,
            start: 0,
            behind: false,
            recent: Vec::new(),
            end: 0,
            unseen: 0,
            held: Held::default(),
        }
    }

    /// How far anything matters to anything, in UTF-16.
    fn reach(&self) -> usize {
        2 * self.by.ahead.reach()
    }

    /// How much of the text's end is looked at: what its end matters to, and what matters to that.
    fn window(&self) -> usize {
        2 * self.reach()
    }

    fn text(&mut self, text: &[u8], open: bool, onward: &mut Onward<'_, '_>) {
        let idle = self.head.is_none() && self.held.bytes().is_empty();
        let settled = match (idle, open) {
            (false, _) => 0,
            (true, false) => text.len(),
            // A placeholder behind it matters to no more than its end.
            (true, true) => text.len().saturating_sub(self.window()),
        };
        let (settled, rest) = text.split_at(settled);
        if !settled.is_empty() {
            onward.open = !rest.is_empty();
            self.pass(settled, onward);
        }
        self.end += rest.len() as u64;
        self.recent.extend_from_slice(rest);
        self.unseen += rest.len();
        self.held.extend(rest);
    }

    /// Hands on what nothing that follows can change.
    fn pass(&mut self, text: &[u8], onward: &mut Onward<'_, '_>) {
        let window = self.window();
        self.end += text.len() as u64;
        let old = window.saturating_sub(text.len());
        self.recent.drain(..self.recent.len().saturating_sub(old));
        let new = text.len().saturating_sub(window);
        self.recent.extend_from_slice(&text[new..]);
        self.held.resume(self.end);
        onward.text(text);
    }

    /// Lets go what can be let go. A placeholder that the pass before may put next, where it is `open`, may make a secret
    /// of what stands before it.
    fn settle(&mut self, open: bool, onward: &mut Onward<'_, '_>) {
        let mut safe = self.look(Then::More, onward).unwrap_or(self.end);
        if open && self.window_is_needed() {
            safe = safe.min(self.look_at_end(Then::More, onward));
        }
        self.held.let_go(self.by, safe, onward);
        let extent = self.end - self.start;
        if safe == self.end && extent > (self.reach() + self.window()) as u64 {
            self.head = None;
        }
        let old = self.recent.len().saturating_sub(self.window());
        self.recent.drain(..old);
    }

    /// The text ends, at a placeholder that is `fresh` where the pass before has put it.
    fn end(&mut self, then: Then, fresh: bool, onward: &mut Onward<'_, '_>) {
        self.look(then, onward);
        if fresh && self.window_is_needed() {
            self.look_at_end(then, onward);
        }
        self.head = None;
        self.held.let_go(self.by, self.end, onward);
    }

    fn begin(&mut self, at: u64, fresh: bool) {
        self.head = fresh.then(|| Eyes::behind(self.by, at));
        (self.start, self.end, self.unseen) = (at, at, 0);
        self.behind = true;
        self.recent.clear();
        self.held.resume(at);
    }

    /// Shows `head` what it has not seen, and says up to where it knows everything.
    fn look(&mut self, then: Then, onward: &mut Onward<'_, '_>) -> Option<u64> {
        let whole = !self.window_is_needed();
        let reach = self.reach() as u64;
        let unseen = std::mem::take(&mut self.unseen);
        let head = self.head.as_mut()?;
        let text = &self.recent[self.recent.len() - unseen..];
        let zone = match whole {
            true => self.start..u64::MAX,
            false => self.start..self.start + reach,
        };
        let see = See {
            scratch: onward.scratch,
            covers: &mut self.held.covers,
        };
        Some(head.take(text, then, &zone, see))
    }

    /// Whether `head` has not seen the text's end with all that matters to it.
    fn window_is_needed(&self) -> bool {
        self.head.is_none() || self.end - self.start > self.window() as u64
    }

    /// Looks at the end of the text alone, and says up to where nothing unknown begins there.
    fn look_at_end(&mut self, then: Then, onward: &mut Onward<'_, '_>) -> u64 {
        let window = &self.recent[self.recent.len().saturating_sub(self.window())..];
        let start = self.end - window.len() as u64;
        // What stands before the window matters to what begins early in it.
        let (mut eyes, window) = match start == self.start {
            true if self.behind => (Eyes::behind(self.by, start), window),
            true => (Eyes::new(self.by, start), window),
            false => {
                let (early, late) = window.split_at(self.reach());
                let at = start + early.len() as u64;
                (Eyes::amid(self.by, at, early, onward.scratch), late)
            }
        };
        // Where a known value ends does not hang on what follows.
        eyes.known = None;
        let mut elsewhere = Vec::new();
        let covers = match then {
            Then::More => &mut elsewhere,
            _ => &mut self.held.covers,
        };
        let see = See {
            scratch: onward.scratch,
            covers,
        };
        eyes.take(window, then, &(0..u64::MAX), see)
    }
}
