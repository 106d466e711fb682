//! From a keyword hit to judged candidates, one per rule behind the keyword.

use std::ops::Range;

use super::assignment::{self, Assigned};
use super::candidate::{Candidate, Coded, HEAD};
use super::check::{self, CONTEXT, Case, Reason, Verdict};
use super::coded::{self, Decoded, Place};
use super::matching::{ESCAPE, Found, Runner, ends_escape};
use super::sieve::WordHit;
use super::{Engine, Scratch};
use crate::rule::{Assignment, Block, Boundary, Coding, Matcher, Pattern, Rule, Run, is_eligible};

/// The text in hand.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The offset of the first in the whole input.
    pub start: u64,
    /// Whether the input ends where the bytes end.
    pub complete: bool,
}

/// Whether a hit has been decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Every rule has been decided.
    Done,
    /// A run or block goes on behind the text and is too short to be judged: come again with more.
    More,
}

/// How far around a match a check or a boundary looks, and a keyword's length.
pub const MARGIN: usize = CONTEXT + ESCAPE + 64;

/// How far to either side of a hit a rule looks, runs and blocks (which go on by themselves) apart; of a hit of its
/// keyword as it is encoded, where it is.
pub fn reach(rule: &Rule, coding: Option<Coding>) -> usize {
    if let Some(coding) = coding {
        return MARGIN + coded::ahead(rule, coding).max(coded::before(coding));
    }
    MARGIN
        + match &rule.matcher {
            Matcher::Pattern(pattern, _) => pattern.max_len as usize,
            Matcher::Assignment(_) => assignment::REACH,
            Matcher::Run(run) => run.head.max_len as usize,
            Matcher::Block(block) => (block.begin.max_len + block.end.max_len) as usize,
            Matcher::File(_) => 0,
        }
}

/// How far any hit of a rule looks, however its keyword is encoded.
pub fn widest(rule: &Rule) -> usize {
    let codings = match is_eligible(rule) {
        true => &[Some(Coding::Base64(0)), Some(Coding::Hex)][..],
        false => &[],
    };
    let codings = codings.iter().map(|coding| reach(rule, *coding));
    codings.fold(reach(rule, None), usize::max)
}

const FREE: Boundary = Boundary {
    left: false,
    right: false,
};

impl Engine {
    /// Confirms one hit in `text` and adds what it finds, kept or dropped.
    pub(super) fn confirm(
        &self,
        text: &Text<'_>,
        hit: WordHit,
        scratch: &mut Scratch,
        found: &mut Vec<Candidate>,
    ) -> Progress {
        let index = self.rules.index();
        let word = hit.word as usize;
        let span = hit.start..hit.start + index.sieve.words.word(word).text.len();
        let coding = index.coding(word);
        let mark = found.len();
        let mut reading = Reading {
            plain: None,
            gap: None,
        };
        for &rule in index.behind(word) {
            scratch.counters.confirmations += 1;
            let mut one = One {
                engine: self,
                text,
                rule,
                coding,
                hit: span.clone(),
                scratch: &mut *scratch,
            };
            match one.candidate(&mut reading) {
                Outcome::Nothing => {}
                Outcome::Found(candidate) => found.push(candidate),
                Outcome::More => {
                    found.truncate(mark);
                    return Progress::More;
                }
            }
            if self.stats {
                scratch.counters.by_rule[rule as usize][0] += 1;
            }
        }
        if self.stats {
            found[mark..]
                .iter()
                .for_each(|c| scratch.counters.by_rule[c.rule as usize][1] += 1);
        }
        Progress::Done
    }
}

impl Engine {
    /// Confirms the hit at `hit` for one rule alone, whose keyword may be encoded.
    pub(super) fn confirm_rule(
        &self,
        text: &Text<'_>,
        hit: Range<usize>,
        (rule, coding): (u16, Option<Coding>),
        scratch: &mut Scratch,
    ) -> Outcome {
        let mut one = One {
            engine: self,
            text,
            rule,
            coding,
            hit,
            scratch,
        };
        one.candidate(&mut Reading {
            plain: None,
            gap: None,
        })
    }

    /// Where the end marker ends that begins at `at`, if one does.
    pub(super) fn block_end(
        &self,
        block: &Block,
        rule: u16,
        bytes: &[u8],
        at: usize,
    ) -> Option<usize> {
        let lazy = &self.lazies[rule as usize][1];
        let mut runner = Runner {
            pattern: &block.end,
            lazy,
            memory: &mut None,
        };
        runner.at(bytes, at).map(|marker| marker.span.end)
    }
}

/// What one rule says about one hit.
pub enum Outcome {
    /// Nothing is there.
    Nothing,
    /// A candidate, judged.
    Found(Candidate),
    /// A run or block goes on behind the text and is too short to be judged: come again with more.
    More,
}

impl Outcome {
    fn open(mut self, open: bool) -> Outcome {
        if let Outcome::Found(candidate) = &mut self {
            candidate.open = open;
        }
        self
    }
}

/// What is assigned to the name around a hit: read once, whatever the number of rules.
struct Reading {
    plain: Option<Option<Assigned>>,
    gap: Option<Option<Assigned>>,
}

/// One rule at one hit.
struct One<'a, 's> {
    engine: &'a Engine,
    text: &'a Text<'a>,
    rule: u16,
    /// How the keyword is encoded, if it is.
    coding: Option<Coding>,
    hit: Range<usize>,
    scratch: &'s mut Scratch,
}

impl<'a> One<'a, '_> {
    fn rule(&self) -> &'a Rule {
        &self.engine.rules.rules()[self.rule as usize]
    }

    fn runner<'r>(&'r mut self, pattern: &'r Pattern, slot: usize) -> Runner<'r> {
        Runner {
            pattern,
            lazy: &self.engine.lazies[self.rule as usize][slot],
            memory: &mut self.scratch.memories[self.rule as usize * 2 + slot],
        }
    }

    fn candidate(&mut self, reading: &mut Reading) -> Outcome {
        if let Some(coding) = self.coding {
            return self.coded(coding);
        }
        match &self.rule().matcher {
            Matcher::Pattern(pattern, boundary) => self.pattern(pattern, *boundary),
            Matcher::Assignment(assignment) => self.assignment(assignment, reading),
            Matcher::Run(run) => self.run(run),
            Matcher::Block(block) => self.block(block),
            Matcher::File(_) => Outcome::Nothing,
        }
    }

    fn pattern(&mut self, pattern: &'a Pattern, boundary: Boundary) -> Outcome {
        let (bytes, hit) = (self.text.bytes, self.hit.clone());
        match self.runner(pattern, 0).around(bytes, hit, boundary) {
            Some(found) => self.judged(found, None),
            None => Outcome::Nothing,
        }
    }

    fn assignment(&mut self, assignment: &'a Assignment, reading: &mut Reading) -> Outcome {
        let (bytes, hit) = (self.text.bytes, self.hit.clone());
        let gap = assignment.value.is_some();
        let read = if gap {
            &mut reading.gap
        } else {
            &mut reading.plain
        };
        let read = read.get_or_insert_with(|| assignment::assigned(bytes, hit, gap));
        let Some(assigned) = read else {
            return Outcome::Nothing;
        };
        let span = assigned.name.start.min(assigned.value.start)..assigned.value.end;
        let mut secret = assigned.value.clone();
        if let Some(value) = &assignment.value {
            let Some(found) = self.runner(value, 0).whole(bytes, secret.clone()) else {
                return Outcome::Nothing;
            };
            secret = found.secret;
        }
        self.judged(Found { span, secret }, Some(assigned))
    }

    fn run(&mut self, run: &'a Run) -> Outcome {
        let (bytes, hit) = (self.text.bytes, self.hit.clone());
        let Some((found, closed)) = self.running(run, bytes, hit) else {
            return Outcome::Nothing;
        };
        let open = !closed && !self.text.complete;
        let length = found.secret.len();
        if open && length < HEAD {
            return Outcome::More;
        }
        let outcome = match fits(run, length) {
            true => self.judged(found, None),
            false => self.dropped(found, Reason::Length(length.min(HEAD))),
        };
        outcome.open(open)
    }

    /// The run around a hit, and whether it ends before the text does.
    ///
    /// Head and run begin together, and the byte before them is not of the alphabet: so a head inside a run is no
    /// second candidate, and what is found does not depend on anything further back.
    fn running(&mut self, run: &'a Run, bytes: &[u8], hit: Range<usize>) -> Option<(Found, bool)> {
        let head = self.runner(&run.head, 0).around(bytes, hit, FREE)?;
        let (at, secret) = (head.span.start, head.secret.start);
        // Where a name stands before it, the run begins behind that.
        let named = secret > at;
        if at > 0 && !named && run.alphabet.has(bytes[at - 1]) && !after_escape(run, bytes, at) {
            return None;
        }
        let rest = &bytes[head.span.end..];
        let tail = rest.iter().position(|&b| !run.alphabet.has(b));
        let end = head.span.end + tail.unwrap_or(rest.len());
        let found = Found {
            span: at..end,
            secret: secret..end,
        };
        Some((found, tail.is_some()))
    }

    /// The digits around the hit are decoded, and the rule is asked about what they stand for.
    fn coded(&mut self, coding: Coding) -> Outcome {
        let place = Place {
            bytes: self.text.bytes,
            hit: self.hit.start,
            coding,
            ahead: coded::ahead(self.rule(), coding),
        };
        let mut decoded = std::mem::take(&mut self.scratch.decoded);
        let mut read = |wrapped: bool| match decoded.read(&place, wrapped) {
            true => self.decoded(&decoded, coding),
            false => None,
        };
        let is_kept =
            |candidate: &Option<Candidate>| candidate.as_ref().is_some_and(Candidate::kept);
        let mut candidate = read(true);
        // What looks like a line that goes on may have been all of it.
        if !is_kept(&candidate) {
            let line = read(false);
            if candidate.is_none() || is_kept(&line) {
                candidate = line;
            }
        }
        self.scratch.decoded = decoded;
        candidate.map_or(Outcome::Nothing, Outcome::Found)
    }

    /// What the rule says of decoded text.
    fn decoded(&mut self, decoded: &Decoded, coding: Coding) -> Option<Candidate> {
        let (hay, hit) = (decoded.text(), decoded.keyword());
        let found = match &self.rule().matcher {
            Matcher::Pattern(pattern, boundary) => {
                self.runner(pattern, 0).around(hay, hit, *boundary)
            }
            Matcher::Run(run) => {
                let found = self.running(run, hay, hit).map(|(found, _)| found);
                found.filter(|found| fits(run, found.secret.len()))
            }
            Matcher::Assignment(_) | Matcher::Block(_) | Matcher::File(_) => None,
        }?;
        let case = Case {
            hay,
            span: found.span.clone(),
            secret: found.secret.clone(),
            assigned: None,
        };
        let verdict = check::judge(self.rule(), &case);
        let secret = hay[found.secret.clone()].into();
        let digits = Found {
            span: decoded.digits(&found.span),
            secret: decoded.digits(&found.secret),
        };
        let mut candidate = self.at(digits, verdict);
        candidate.coded = Some(Coded {
            encoding: coding.encoding(),
            secret,
        });
        Some(candidate)
    }

    /// The body ends at the end marker, at a byte that is not of the alphabet, or where another block of the rule
    /// begins; so each byte belongs to one block of a rule at most.
    fn block(&mut self, block: &'a Block) -> Outcome {
        let (bytes, hit) = (self.text.bytes, self.hit.clone());
        let Some(begin) = self.runner(&block.begin, 0).around(bytes, hit, FREE) else {
            return Outcome::Nothing;
        };
        let body = begin.span.end;
        let end = body_end(block, self.rule(), bytes, body);
        let longest = block.end.max_len as usize;
        let open = !self.text.complete && bytes.len() - end <= longest;
        if open && bytes.len() - begin.span.start < HEAD + longest {
            return Outcome::More;
        }
        let marker = if open {
            None
        } else {
            self.runner(&block.end, 1).at(bytes, end)
        };
        let span = begin.span.start..marker.map_or(end, |marker| marker.span.end);
        let found = Found {
            span: span.clone(),
            secret: span,
        };
        let outcome = match end - body >= block.min_len as usize {
            true => self.judged(found, None),
            false => self.dropped(found, Reason::Length((end - body).min(HEAD))),
        };
        outcome.open(open)
    }

    fn judged(&mut self, found: Found, assigned: Option<&Assigned>) -> Outcome {
        let head = |range: &Range<usize>| range.start..range.end.min(found.span.start + HEAD);
        let case = Case {
            hay: self.text.bytes,
            span: head(&found.span),
            secret: head(&found.secret),
            assigned,
        };
        let mut verdict = check::judge(self.rule(), &case);
        if matches!(verdict, Verdict::Keep(_)) {
            let name = assigned.map_or(self.hit.clone(), |assigned| assigned.name.clone());
            if (self.engine).is_covered(case.hay, [name, self.hit.clone()], case.secret) {
                verdict = Verdict::Drop(Reason::Placeholder("what redaction has covered"));
            }
        }
        Outcome::Found(self.at(found, verdict))
    }

    fn dropped(&mut self, found: Found, reason: Reason) -> Outcome {
        Outcome::Found(self.at(found, Verdict::Drop(reason)))
    }

    fn at(&self, found: Found, verdict: Verdict) -> Candidate {
        let absolute =
            |r: Range<usize>| self.text.start + r.start as u64..self.text.start + r.end as u64;
        Candidate {
            rule: self.rule,
            hit: self.text.start + self.hit.start as u64,
            span: absolute(found.span),
            secret: absolute(found.secret),
            verdict,
            decoded: None,
            coded: None,
            open: false,
        }
    }
}

/// Whether a run is as long as its rule wants it.
fn fits(run: &Run, length: usize) -> bool {
    length >= run.min_len as usize && run.max_len.is_none_or(|max| length <= max as usize)
}

/// Where the body of a block ends that begins at `from`; the text's end if it goes on there.
///
/// Looks piece by piece, so that a body that ends soon costs little however long its alphabet goes on.
pub fn body_end(block: &Block, rule: &Rule, bytes: &[u8], from: usize) -> usize {
    const PIECE: usize = 4096;
    let mut at = from;
    while at < bytes.len() {
        let piece = &bytes[at..bytes.len().min(at + PIECE)];
        let body = piece
            .iter()
            .position(|&b| !block.alphabet.has(b))
            .unwrap_or(piece.len());
        let mut end = at + body;
        // A marker may reach over the piece's end, or hold bytes that are not of the alphabet.
        let markers = rule
            .keywords
            .iter()
            .map(|keyword| &keyword.text)
            .chain([&block.end_literal]);
        for marker in markers {
            let window = &bytes[at..bytes.len().min(end + marker.len())];
            if let Some(found) = memchr::memmem::find(window, marker.as_bytes()) {
                end = end.min(at + found);
            }
        }
        if end < at + piece.len() {
            return end;
        }
        at = end;
    }
    at.min(bytes.len())
}

/// Whether what stands before a run's head is an escape such as `\n` or `%3D`, which only looks like part of the run.
fn after_escape(run: &Run, bytes: &[u8], at: usize) -> bool {
    let marks = run.alphabet.has(b'\\') || run.alphabet.has(b'%');
    !marks && ends_escape(&bytes[at.saturating_sub(ESCAPE)..at])
}
