//! The rules in force: the embedded ones, and the user's beside them.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::embedded;
use super::sieve::MOST_WORDS;
use super::tables::Index;
use crate::model::RuleInfo;
use crate::rule::{Matcher, Rule, coded};

/// Rules with the tables that find their keywords.
#[derive(Debug, Clone)]
pub struct RuleSet {
    rules: Cow<'static, [Rule]>,
    /// Laid down by the build script, or built at the first use, so that a set that is only a step to another costs
    /// nothing.
    index: OnceLock<Cow<'static, Index>>,
}

impl RuleSet {
    /// The embedded rules, as the build script laid them down. Costs nothing.
    pub fn embedded() -> RuleSet {
        RuleSet {
            rules: Cow::Borrowed(&embedded::RULES),
            index: OnceLock::from(Cow::Borrowed(&embedded::INDEX)),
        }
    }

    /// Only `rules`.
    pub fn new(rules: Vec<Rule>) -> RuleSet {
        RuleSet {
            rules: Cow::Owned(rules),
            index: OnceLock::new(),
        }
    }

    /// These rules and `more`; a rule with the id of an earlier one takes its place.
    pub fn with(self, more: Vec<Rule>) -> RuleSet {
        if more.is_empty() {
            return self;
        }
        let mut rules = self.rules.into_owned();
        for rule in more {
            match rules.iter_mut().find(|old| old.id == rule.id) {
                Some(old) => *old = rule,
                None => rules.push(rule),
            }
        }
        RuleSet::new(rules)
    }

    /// Only the rules for which `keep` holds.
    pub fn filtered(self, keep: impl Fn(&Rule) -> bool) -> RuleSet {
        if self.rules.iter().all(&keep) {
            return self;
        }
        RuleSet::new(
            self.rules
                .iter()
                .filter(|rule| keep(rule))
                .cloned()
                .collect(),
        )
    }

    /// The rules, by index.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is wrong with the rules together, if anything is: the tables hold so many keywords and no more, as they are
    /// and as they are encoded.
    pub fn excess(&self) -> Option<String> {
        // What stands in tables fits into them, and a start is to cost nothing.
        if self.index.get().is_some() {
            return None;
        }
        let keywords = |rule: &Rule| rule.keywords.len() + coded(rule).len();
        let keywords: usize = self.rules.iter().map(keywords).sum();
        (keywords > MOST_WORDS).then(|| {
            format!("the rules have {keywords} keywords together; expected at most {MOST_WORDS}")
        })
    }

    /// The rule of an id.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    pub(super) fn index(&self) -> &Index {
        self.index
            .get_or_init(|| Cow::Owned(Index::build(&self.rules, 1)))
    }

    /// The rules that read whole files known by their names, by index.
    pub(super) fn of_files(&self) -> Vec<u16> {
        let rules = self.rules.iter().enumerate();
        rules
            .filter(|(_, rule)| matches!(rule.matcher, Matcher::File(_)))
            .map(|(index, _)| index as u16)
            .collect()
    }
}

impl Rule {
    /// What reports say about it.
    pub fn info(&self) -> RuleInfo {
        let texts = |list: &[crate::rule::Str]| list.iter().map(ToString::to_string).collect();
        RuleInfo {
            id: self.id.to_string(),
            provider: self.provider.to_string(),
            description: self.description.to_string(),
            severity: self.severity,
            rotate: self.rotate.to_string(),
            replace: self.replace.to_string(),
            references: texts(&self.references),
            tags: texts(&self.tags),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Keyword, is_eligible};

    #[test]
    fn too_many_keywords_are_told() {
        let many = |mut rule: Rule, count: usize| {
            rule.id = "many".into();
            let word = |number| Keyword {
                text: format!("word{number}").into(),
                ignore_case: false,
            };
            rule.keywords = (0..count).map(word).collect();
            rule
        };
        let set = RuleSet::embedded();
        let of = |eligible| {
            set.rules()
                .iter()
                .find(|r| is_eligible(r) == eligible)
                .cloned()
        };
        let rule = many(of(false).expect("there are such"), MOST_WORDS);
        let encoded = many(of(true).expect("there are such"), MOST_WORDS / 2);
        assert!(RuleSet::new(vec![encoded]).excess().is_some());
        assert_eq!(RuleSet::new(vec![rule.clone()]).excess(), None);
        assert!(RuleSet::embedded().with(vec![rule]).excess().is_some());
    }
}
