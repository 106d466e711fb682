//! From keywords to rules: the prefilter's tables and which rules each keyword stands for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::sieve::{Sieve, Word};
use crate::rule::{List, Rule};

/// The prefilter and the rules behind its keywords.
#[derive(Debug, Clone)]
pub struct Index {
    /// The rules of keyword `w` are `rules[rule_starts[w]..rule_starts[w + 1]]`.
    pub rule_starts: List<u16>,
    /// Indices of rules, by keyword.
    pub rules: List<u16>,
    /// The prefilter.
    pub sieve: Sieve,
}

impl Index {
    /// Lays the tables down for `rules`; `tries` as for [`Sieve::build`].
    pub fn build(rules: &[Rule], tries: usize) -> Index {
        let mut by_word: BTreeMap<(&str, bool), Vec<u16>> = BTreeMap::new();
        for (index, rule) in rules.iter().enumerate() {
            for keyword in rule.keywords.iter() {
                by_word
                    .entry((&keyword.text, keyword.ignore_case))
                    .or_default()
                    .push(index as u16);
            }
        }
        let mut starts = vec![0];
        let mut behind = Vec::new();
        for rules in by_word.values() {
            behind.extend_from_slice(rules);
            starts.push(behind.len() as u16);
        }
        let words = by_word
            .keys()
            .map(|(text, fold)| Word {
                text: Cow::Owned(text.as_bytes().to_vec()),
                fold: *fold,
            })
            .collect();
        Index {
            rule_starts: Cow::Owned(starts),
            rules: Cow::Owned(behind),
            sieve: Sieve::build(words, tries),
        }
    }
}
