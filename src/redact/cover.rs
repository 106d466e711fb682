//! What is covered: everything found, joined where it overlaps.

use std::cmp::Reverse;
use std::iter::Peekable;
use std::ops::Range;
use std::vec::IntoIter;

use crate::engine::{Candidate, Engine, HEAD, rank};
use crate::model::{Secret, Severity};

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

/// Covers that overlap.
#[derive(Debug)]
pub struct Cluster {
    /// All that they cover.
    pub range: Range<u64>,
    /// By their start.
    pub covers: Vec<Cover>,
}

impl Cluster {
    /// Whether it is longer than what is judged of a secret. Its placeholder is chosen before its end is seen.
    pub fn is_long(&self) -> bool {
        self.range.end - self.range.start >= HEAD as u64
    }

    /// What the placeholder names: the rule that wins among those found here, and otherwise the first known value. In a
    /// long one it is what begins first, so that the choice does not depend on what stands further on.
    pub fn named(&self, engine: &Engine) -> &What {
        let order = |cover: &&Cover| match &cover.what {
            What::Rule(candidate, _) => {
                let rule = &engine.rules().rules()[candidate.rule as usize];
                let place = (candidate.secret.start, candidate.rule);
                (rank(rule), Reverse(rule.severity), place)
            }
            What::Known(_) => (u8::MAX, Reverse(Severity::Info), (u64::MAX, 0)),
        };
        let covers = self.covers.iter();
        let chosen = match self.is_long() {
            true => covers.min_by_key(|cover| (cover.range.start, order(cover))),
            false => {
                let candidates = covers.clone().filter_map(Cover::candidate).cloned();
                let winners = engine.winners(candidates.collect());
                let won = |candidate: &Candidate| {
                    let same =
                        |w: &Candidate| w.rule == candidate.rule && w.secret == candidate.secret;
                    winners.iter().any(same)
                };
                let won = covers.filter(|cover| cover.candidate().is_some_and(won));
                won.min_by_key(order)
            }
        };
        &chosen.unwrap_or(&self.covers[0]).what
    }

    /// Takes out what lies in a run or block that goes on, and ends before `safe`: there may be any number of it.
    pub fn forget_hidden(&mut self, engine: &Engine, safe: u64) {
        let open = self
            .covers
            .iter()
            .filter(|cover| cover.range.end == u64::MAX);
        let Some(first) = open.map(|cover| cover.range.start).min() else {
            return;
        };
        self.covers.retain(|cover| {
            cover.range.start <= first || cover.range.end > safe || is_followed(engine, cover)
        });
    }

    /// The same without what lies in a run or block, which has it. What a rule found where one begins stays: a run behind a
    /// name gives way to it.
    pub fn without_hidden(mut self, engine: &Engine) -> Cluster {
        let followed = self
            .covers
            .iter()
            .filter(|cover| is_followed(engine, cover));
        let ranges: Vec<Range<u64>> = followed.map(|cover| cover.range.clone()).collect();
        let hides = |range: &Range<u64>, cover: &Cover| {
            let begins = match cover.what {
                What::Rule(..) => range.start < cover.range.start,
                What::Known(_) => range.start <= cover.range.start,
            };
            begins && cover.range.end <= range.end
        };
        self.covers.retain(|cover| {
            is_followed(engine, cover) || !ranges.iter().any(|range| hides(range, cover))
        });
        self
    }
}

/// Whether something is of the kind that may be followed without end: a run or block, which gives way to nothing that
/// begins behind its own beginning.
fn is_followed(engine: &Engine, cover: &Cover) -> bool {
    let rule = |candidate: &Candidate| &engine.rules().rules()[candidate.rule as usize];
    cover
        .candidate()
        .is_some_and(|candidate| rank(rule(candidate)) == 0)
}

impl Cover {
    fn candidate(&self) -> Option<&Candidate> {
        match &self.what {
            What::Rule(candidate, _) => Some(candidate),
            What::Known(_) => None,
        }
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
