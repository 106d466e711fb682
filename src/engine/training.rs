//! What the generic score sees, for training it: a way out of the engine for `examples/features.rs` alone.

use std::collections::BTreeSet;
use std::ops::Range;

use super::check::{self, features};
use super::{Engine, Scratch, assignment};
use crate::rule::Matcher;

/// A candidate of the generic assignment rules that nothing rules out before the score.
#[derive(Debug)]
pub struct Sample {
    /// Where the value stands.
    pub value: Range<usize>,
    /// Its features.
    pub features: features::Vector,
}

/// What the features are called, in their order.
pub const FEATURES: [&str; features::COUNT] = features::NAMES;

impl Engine {
    /// All samples in `bytes`, in the order of their position.
    pub fn samples(&self, bytes: &[u8], scratch: &mut Scratch) -> Vec<Sample> {
        self.hits(bytes, 0..bytes.len(), scratch);
        let index = self.rules.index();
        let generic = |rule: &u16| match &self.rules.rules()[*rule as usize].matcher {
            Matcher::Assignment(assignment) => assignment.value.is_none(),
            _ => false,
        };
        let mut hits = scratch.hits.clone();
        hits.retain(|hit| {
            let word = hit.word as usize;
            index.coding(word).is_none() && index.behind(word).iter().any(generic)
        });
        hits.sort_unstable();
        let mut seen = BTreeSet::new();
        let mut samples = Vec::new();
        for hit in hits {
            let end = hit.start + index.sieve.words.word(hit.word as usize).text.len();
            let Some(assigned) = assignment::assigned(bytes, hit.start..end, false) else {
                continue;
            };
            let value = assigned.value.clone();
            if !seen.insert((value.start, value.end)) {
                continue;
            }
            if let Some(features) = check::generic_features(bytes, &assigned) {
                samples.push(Sample { value, features });
            }
        }
        samples
    }
}
