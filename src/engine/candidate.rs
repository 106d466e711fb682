//! Candidates and which of them give way to others.

use std::fmt;
use std::ops::Range;

use super::check::{Reason, Verdict};
use crate::model::Encoding;
use crate::rule::{Matcher, Rule};

/// The most bytes of a secret that are looked at and kept. What is longer is judged by this head and its length.
pub const HEAD: usize = 16 * 1024;

/// A match of a rule, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Index of the rule.
    pub rule: u16,
    /// Offset of the keyword that led to it.
    pub hit: u64,
    /// The whole match, in bytes of the input.
    pub span: Range<u64>,
    /// The secret in it.
    pub secret: Range<u64>,
    /// What became of it.
    pub verdict: Verdict,
    /// The secret as decoded, where it does not stand in the input as it is; at most [`HEAD`] bytes.
    pub decoded: Option<Box<[u8]>>,
    /// What the secret stands for where it is encoded.
    pub coded: Option<Coded>,
    /// Whether it goes on behind the text in hand: only within a stream, and never in what a stream emits.
    pub open: bool,
}

/// What an encoded secret stands for.
#[derive(Clone, PartialEq, Eq)]
pub struct Coded {
    /// How it is encoded.
    pub encoding: Encoding,
    /// The secret itself.
    pub secret: Box<[u8]>,
}

impl fmt::Debug for Coded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Coded({}, ..)", self.encoding.name())
    }
}

impl Candidate {
    /// Whether it is a finding.
    pub fn kept(&self) -> bool {
        matches!(self.verdict, Verdict::Keep(_))
    }
}

/// The order in which candidates give way: one yields to an overlapping one of a lower rank that is kept.
///
/// Runs and blocks come first: their length is unbounded, and what yields must be decided within a bounded stretch. Only
/// a run behind a name yields, to what begins where it does (`yield_to_formats`). Then the provider's own formats, then values assigned to a provider's name, then generic patterns,
/// then generic assignments.
pub fn rank(rule: &Rule) -> u8 {
    match (&rule.matcher, rule.is_generic()) {
        (Matcher::Run(_) | Matcher::Block(_) | Matcher::File(_), _) => 0,
        (Matcher::Pattern(..), false) => 1,
        (Matcher::Assignment(_), false) => 2,
        (Matcher::Pattern(..), true) => 3,
        (Matcher::Assignment(_), true) => 4,
    }
}

/// How many ranks a verdict may depend on, one after the other.
pub const RANKS: usize = 5;

/// Puts candidates in order, takes out those that several keywords led to, and lets the less specific ones yield.
pub fn resolve(candidates: &mut Vec<Candidate>, rules: &[Rule]) {
    let key = |c: &Candidate| (c.span.start, c.span.end, c.rule, c.secret.start, c.hit);
    candidates.sort_by_key(key);
    candidates.dedup_by(|b, a| a.rule == b.rule && a.span == b.span && a.secret == b.secret);
    let mut kept: Vec<usize> = (0..candidates.len())
        .filter(|&i| candidates[i].kept())
        .collect();
    if kept.len() < 2 {
        return;
    }
    yield_to_formats(candidates, &mut kept, rules);
    // In the order of precedence; among equals the one whose keyword begins earlier in the name (`acme_secret_key` is
    // Acme's before it is a `secret_key`), then the more severe, then the longer, then the rule's name decides, so that
    // one secret is one finding.
    kept.sort_by_key(|&i| {
        let (c, rule) = (&candidates[i], &rules[candidates[i].rule as usize]);
        let length = c.secret.end - c.secret.start;
        let named = matches!(rule.matcher, Matcher::Assignment(_)) && !rule.is_generic();
        (
            rank(rule),
            if named { c.hit } else { 0 },
            std::cmp::Reverse(rule.severity),
            std::cmp::Reverse(length),
            c.secret.start,
            c.rule,
        )
    });
    let mut winners: Vec<usize> = Vec::with_capacity(kept.len());
    let mut index = Intervals::default();
    for &i in &kept {
        let candidate = &candidates[i];
        let mine = rank(&rules[candidate.rule as usize]);
        let over = index.find(&candidate.secret, |w| {
            let winner = &candidates[winners[w]];
            let theirs = rank(&rules[winner.rule as usize]);
            theirs < mine || winner.secret == candidate.secret
        });
        match over {
            Some(w) => {
                let rule = candidates[winners[w]].rule;
                candidates[i].verdict = Verdict::Drop(Reason::Covered(rule));
            }
            None => {
                index.add(&candidate.secret, winners.len());
                winners.push(i);
            }
        }
    }
}

/// Farther before its secret no candidate begins that one at the secret's start may yield to.
const NAME: u64 = 1024;

/// Lets a run behind a name yield to what has a format of its own and begins at the same place.
fn yield_to_formats(candidates: &mut [Candidate], kept: &mut Vec<usize>, rules: &[Rule]) {
    let called = |c: &Candidate| {
        let is_run = matches!(rules[c.rule as usize].matcher, Matcher::Run(_));
        is_run && c.secret.start > c.span.start
    };
    kept.retain(|&i| {
        if !called(&candidates[i]) {
            return true;
        }
        let start = candidates[i].secret.start;
        let formed = |c: &&Candidate| {
            let rule = &rules[c.rule as usize];
            let own = rank(rule) == 0 || !rule.is_generic();
            c.secret.start == start && c.kept() && !called(c) && own
        };
        let behind = candidates.partition_point(|c| c.span.start <= start);
        let near = candidates[..behind].iter().rev();
        let mut near = near.take_while(|c| c.span.start + NAME >= start);
        let other = near.find(formed);
        let Some(rule) = other.map(|other| other.rule) else {
            return true;
        };
        candidates[i].verdict = Verdict::Drop(Reason::Covered(rule));
        false
    });
}

/// Intervals longer than this are kept apart.
const LONG: u64 = 8192;

/// Intervals by the blocks of 64 bytes they touch; long ones apart.
#[derive(Default)]
struct Intervals {
    blocks: std::collections::HashMap<u64, Vec<(Range<u64>, usize)>>,
    long: Vec<(Range<u64>, usize)>,
}

impl Intervals {
    fn add(&mut self, range: &Range<u64>, id: usize) {
        if range.end - range.start > LONG {
            self.long.push((range.clone(), id));
            return;
        }
        for block in range.start / 64..=range.end.saturating_sub(1) / 64 {
            self.blocks
                .entry(block)
                .or_default()
                .push((range.clone(), id));
        }
    }

    /// The first one that overlaps `range` and for which `wins` holds.
    fn find(&self, range: &Range<u64>, wins: impl Fn(usize) -> bool) -> Option<usize> {
        let fits = |(other, id): &&(Range<u64>, usize)| {
            other.start < range.end && range.start < other.end && wins(*id)
        };
        let long = self.long.iter().find(fits);
        let found = long.or_else(|| match range.end - range.start > LONG {
            true => self.blocks.values().flatten().find(fits),
            false => {
                let blocks = range.start / 64..=range.end.saturating_sub(1) / 64;
                blocks
                    .filter_map(|block| self.blocks.get(&block))
                    .flatten()
                    .find(fits)
            }
        });
        found.map(|(_, id)| *id)
    }
}
