//! From keywords to rules: the prefilter's tables and which rules each keyword stands for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::lexicon::Word;
use super::sieve::Sieve;
use crate::rule::{Coding, List, Rule, coded};

/// The prefilter and the rules behind its keywords.
#[derive(Debug, Clone)]
pub struct Index {
    /// The rules of keyword `w` are `rules[rule_starts[w]..rule_starts[w + 1]]`.
    pub rule_starts: List<u16>,
    /// Indices of rules, by keyword.
    pub rules: List<u16>,
    /// How the last keywords are encoded, each one. They are sorted by their text; those before stand as they are.
    pub codings: List<Coding>,
    /// The prefilter.
    pub sieve: Sieve,
}

impl Index {
    /// Lays the tables down for `rules`; `tries` as for [`Sieve::build`].
    pub fn build(rules: &[Rule], tries: usize) -> Index {
        let mut plain: BTreeMap<(&str, bool), Vec<u16>> = BTreeMap::new();
        let mut encoded: BTreeMap<(Vec<u8>, Coding), Vec<u16>> = BTreeMap::new();
        for (index, rule) in rules.iter().enumerate() {
            for keyword in rule.keywords.iter() {
                let behind = plain.entry((&keyword.text, keyword.ignore_case));
                behind.or_default().push(index as u16);
            }
            for word in coded(rule) {
                encoded.entry(word).or_default().push(index as u16);
            }
        }
        let mut starts = vec![0];
        let mut behind = Vec::new();
        for rules in plain.values().chain(encoded.values()) {
            behind.extend_from_slice(rules);
            starts.push(behind.len() as u16);
        }
        let codings = encoded.keys().map(|(_, coding)| *coding).collect();
        let plain = plain.keys().map(|&(text, fold)| Word {
            text: text.as_bytes(),
            fold,
        });
        let encoded = encoded.keys().map(|(text, coding)| Word {
            text,
            fold: *coding == Coding::Hex,
        });
        Index {
            rule_starts: Cow::Owned(starts),
            rules: Cow::Owned(behind),
            codings: Cow::Owned(codings),
            sieve: Sieve::build(plain.chain(encoded).collect(), tries),
        }
    }

    /// How many keywords stand in the input as they are.
    #[allow(dead_code, reason = "the build script has no use for it")]
    pub fn plain(&self) -> usize {
        self.sieve.words.len() - self.codings.len()
    }

    /// How keyword `word` is encoded, if it is.
    #[inline]
    #[allow(dead_code, reason = "the build script has no use for it")]
    pub fn coding(&self, word: usize) -> Option<Coding> {
        Some(self.codings[word.checked_sub(self.plain())?])
    }

    /// The rules of keyword `word`.
    #[allow(dead_code, reason = "the build script has no use for it")]
    pub fn behind(&self, word: usize) -> &[u16] {
        &self.rules[self.rule_starts[word] as usize..self.rule_starts[word + 1] as usize]
    }
}
