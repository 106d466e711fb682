//! What is covered: everything found, joined where it overlaps.

use std::cmp::Reverse;
use std::iter::Peekable;
use std::ops::Range;
use std::vec::IntoIter;

use crate::engine::{Candidate, Engine, HEAD, rank};
use crate::model::Secret;
use crate::rule::Rule;

/// A stretch of the input that is to be covered.
#[derive(Debug, Clone)]
pub struct Cover {
    /// Where it stands; without end while it goes on behind what has come.
    pub range: Range<u64>,
    /// What is there.
    pub what: What,
}

/// What is to be covered.
#[derive(Debug, Clone)]
pub enum What {
    /// What a rule found, and the first [`HEAD`] bytes of it.
    Rule(Candidate, Secret),
    /// A known value, by its number.
    Known(usize),
}

impl Cover {
    fn is_open(&self) -> bool {
        self.range.end == u64::MAX
    }

    /// Whether it is of the kind that may be followed without end: its placeholder must be chosen before that is seen.
    fn is_long(&self) -> bool {
        self.range.end - self.range.start >= HEAD as u64 && matches!(self.what, What::Rule(..))
    }
}

/// Covers that overlap.
#[derive(Debug)]
pub struct Cluster {
    /// All that they cover.
    pub range: Range<u64>,
    /// By their start.
    pub covers: Vec<Cover>,
}

impl Cluster {
    /// Whether it goes on behind what has come.
    pub fn is_open(&self) -> bool {
        self.range.end == u64::MAX
    }

    /// The start of the first cover that goes on.
    pub fn opened(&self) -> u64 {
        let open = self.covers.iter().find(|cover| cover.is_open());
        open.map_or(u64::MAX, |cover| cover.range.start)
    }

    /// What the placeholder names: the rule that wins among those found here, and otherwise the first known value.
    ///
    /// Where something is longer than [`HEAD`], it is that, so that the choice does not depend on what stands further
    /// on in it.
    pub fn named(&self, engine: &Engine) -> &What {
        let rules = engine.rules().rules();
        let rule = |candidate: &Candidate| -> &Rule { &rules[candidate.rule as usize] };
        let by_rule = |cover: &&Cover| matches!(cover.what, What::Rule(..));
        let order = |cover: &&Cover| match &cover.what {
            What::Rule(candidate, _) => {
                let severity = Reverse(rule(candidate).severity);
                (
                    rank(rule(candidate)),
                    severity,
                    candidate.secret.start,
                    candidate.rule,
                )
            }
            What::Known(_) => (u8::MAX, Reverse(crate::model::Severity::Info), u64::MAX, 0),
        };
        let long = self.covers.iter().filter(|cover| cover.is_long());
        let first = long.min_by_key(|cover| (cover.range.start, order(cover)));
        let won = || {
            let all = self.covers.iter().filter(by_rule);
            let candidates = all.filter_map(|cover| match &cover.what {
                What::Rule(candidate, _) => Some(candidate.clone()),
                What::Known(_) => None,
            });
            let winners = engine.winners(candidates.collect());
            let is_winner = |cover: &&Cover| match &cover.what {
                What::Rule(candidate, _) => winners
                    .iter()
                    .any(|w| w.rule == candidate.rule && w.secret == candidate.secret),
                What::Known(_) => false,
            };
            self.covers.iter().filter(is_winner).min_by_key(order)
        };
        let chosen = first.or_else(won).unwrap_or(&self.covers[0]);
        &chosen.what
    }
}

/// Takes the first cluster from `covers`, which come by their start.
pub fn take_first(covers: &mut Peekable<IntoIter<Cover>>) -> Option<Cluster> {
    let first = covers.next()?;
    let mut range = first.range.clone();
    let mut all = vec![first];
    while let Some(cover) = covers.next_if(|cover| cover.range.start < range.end) {
        range.end = range.end.max(cover.range.end);
        all.push(cover);
    }
    Some(Cluster { range, covers: all })
}
