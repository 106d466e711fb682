//! Secrets that may begin at the text's end although no keyword of theirs stands there yet.

use super::Lookahead;
use super::viable::before_secret;
use crate::engine::coded::shared_digits;
use crate::engine::stream::KEYWORD;
use crate::engine::tables::Index;
use crate::rule::{Boundary, ByteSet, Coding, Matcher, Pattern, Rule, is_eligible};

/// What may begin before its keyword is complete.
#[derive(Debug)]
pub struct Tail {
    /// Keywords that matches begin with and secrets begin in.
    exact: Words,
    /// Those in any case, in lower case.
    folded: Words,
    /// Keywords as they are encoded.
    encoded: Encoded,
    /// Rules whose secret may begin before the keyword.
    leads: Vec<u16>,
}

/// Words, sorted, each with how many of its bytes stand before the secret at least.
#[derive(Debug, Default)]
struct Words {
    words: Vec<(Vec<u8>, usize)>,
    pairs: Pairs,
}

/// Keywords as they are encoded, which the index keeps in their order.
#[derive(Debug, Default)]
struct Encoded {
    /// Which two bytes any of them begins with.
    pairs: Pairs,
    /// Which bytes may be the digit before one, that it shares with what stands before.
    shared: ByteSet,
}

/// Which two bytes words begin with, a bit for each pair.
#[derive(Debug)]
struct Pairs(Vec<u64>);

/// By rule whose secret may begin before its keyword: no match that began before this offset is alive.
#[derive(Debug, Default)]
pub struct Quiet(Vec<u64>);

/// The pattern by which a rule finds where its match begins.
pub fn head(rule: &Rule) -> Option<(&Pattern, Boundary)> {
    match &rule.matcher {
        Matcher::Pattern(pattern, boundary) => Some((pattern, *boundary)),
        Matcher::Run(run) => Some((&run.head, super::FREE)),
        Matcher::Block(block) => Some((&block.begin, super::FREE)),
        Matcher::Assignment(_) | Matcher::File(_) => None,
    }
}

impl Tail {
    /// For all `rules`, with the index of their keywords.
    pub fn new(rules: &[Rule], index: &Index) -> Tail {
        let (mut exact, mut folded, mut leads) = (Vec::new(), Vec::new(), Vec::new());
        for (index, rule) in rules.iter().enumerate() {
            let Some((pattern, _)) = head(rule) else {
                continue;
            };
            let before = before_secret(pattern);
            if pattern.lead.1 > 0 || pattern.has_group && before.is_none() {
                leads.push(index as u16);
            } else {
                let before = before.unwrap_or(0);
                for keyword in rule.keywords.iter().filter(|k| before < k.text.len()) {
                    let list = match keyword.ignore_case {
                        true => &mut folded,
                        false => &mut exact,
                    };
                    list.push((keyword.text.as_bytes().to_vec(), before));
                }
            }
        }
        Tail {
            exact: Words::new(exact),
            folded: Words::new(folded),
            encoded: Encoded::new(rules, index),
            leads,
        }
    }

    /// From where on the text may turn out to be a secret once its keyword is complete; its length if nowhere. The text
    /// begins at offset `start` of the stream, to which `quiet` belongs.
    pub fn floor(&self, hay: &[u8], start: u64, ahead: &Lookahead<'_>, quiet: &mut Quiet) -> usize {
        let end = &hay[hay.len().saturating_sub(KEYWORD)..];
        let mut folded = end.to_vec();
        folded.make_ascii_lowercase();
        let begun = |at: usize| {
            let exact = self.exact.begins(&end[at..]).into_iter();
            let before = exact.chain(self.folded.begins(&folded[at..])).min()?;
            Some(at + before)
        };
        let first = (0..end.len()).filter_map(begun).min();
        let encoded = self.encoded.floor(end, &folded, ahead.engine.rules.index());
        let first = first.into_iter().chain(encoded).min();
        let mut floor = first.map_or(hay.len(), |at| hay.len().min(hay.len() - end.len() + at));
        let rules = ahead.engine.rules.rules();
        quiet.0.resize(self.leads.len(), 0);
        for (&index, quiet) in self.leads.iter().zip(&mut quiet.0) {
            let Some((pattern, boundary)) = head(&rules[index as usize]) else {
                continue;
            };
            let viable = ahead.viable(index, pattern);
            // Every byte of a match is of its alphabet, and what came to nothing has come to nothing.
            let most = hay.len().saturating_sub(pattern.lead.1 as usize + KEYWORD);
            let window = &hay[most.max(quiet.saturating_sub(start) as usize)..];
            let run = window
                .iter()
                .rev()
                .take_while(|b| viable.alphabet().has(**b));
            let first = hay.len() - run.count();
            if first >= floor {
                continue;
            }
            match viable.floor(hay, first..hay.len(), (pattern, boundary)) {
                Some(found) => floor = floor.min(found),
                None => *quiet = start + hay.len() as u64,
            }
        }
        floor
    }
}

impl Words {
    fn new(mut words: Vec<(Vec<u8>, usize)>) -> Words {
        words.sort();
        words.dedup();
        let mut pairs = Pairs::default();
        words.iter().for_each(|(word, _)| pairs.add(word));
        Words { words, pairs }
    }

    /// Whether any of them begins with `text` and is longer; the least number that any such word has.
    fn begins(&self, text: &[u8]) -> Option<usize> {
        if !self.pairs.may_begin(text) {
            return None;
        }
        let at = self.words.partition_point(|(word, _)| &word[..] <= text);
        let fits = self.words[at..].iter();
        let fits = fits.take_while(|(word, _)| word.starts_with(text));
        fits.map(|(_, before)| *before).min()
    }
}

impl Default for Pairs {
    fn default() -> Pairs {
        Pairs(vec![0; (1 << 16) / 64])
    }
}

impl Pairs {
    fn add(&mut self, word: &[u8]) {
        let pair = usize::from(word[0]) << 8 | usize::from(word[1]);
        self.0[pair / 64] |= 1u64 << (pair % 64);
    }

    /// False where no word begins with `text`.
    fn may_begin(&self, text: &[u8]) -> bool {
        let [first, second, ..] = text else {
            return true;
        };
        let pair = usize::from(*first) << 8 | usize::from(*second);
        self.0[pair / 64] >> (pair % 64) & 1 == 1
    }
}

impl Encoded {
    fn new(rules: &[Rule], index: &Index) -> Encoded {
        let mut encoded = Encoded::default();
        for word in index.sieve.words.from(index.plain()) {
            encoded.pairs.add(word.text);
        }
        let eligible = rules.iter().filter(|rule| is_eligible(rule));
        let keywords = eligible.flat_map(|rule| rule.keywords.iter());
        let mut firsts = ByteSet::default();
        keywords
            .for_each(|keyword| firsts.add(keyword.text.as_bytes()[0], keyword.text.as_bytes()[0]));
        for first in (0..=u8::MAX).filter(|&byte| firsts.has(byte)) {
            shared_digits(first, &mut encoded.shared);
        }
        encoded
    }

    /// From where on the end of a text may turn out to be a secret that is encoded, once its keyword is complete.
    fn floor(&self, end: &[u8], folded: &[u8], index: &Index) -> Option<usize> {
        let shares = |at: usize| at > 0 && self.shared.has(end[at - 1]);
        let begun = |at: usize| {
            let exact = || self.begins(&end[at..], index, |coding| coding != Coding::Hex);
            let hex = || self.begins(&folded[at..], index, |coding| coding == Coding::Hex);
            (exact() || hex()).then(|| at - usize::from(shares(at)))
        };
        let before = shares(end.len()).then(|| end.len() - 1);
        (0..end.len()).find_map(begun).or(before)
    }

    /// Whether any keyword begins with `text` and is longer.
    fn begins(&self, text: &[u8], index: &Index, is_of: impl Fn(Coding) -> bool) -> bool {
        if !self.pairs.may_begin(text) {
            return false;
        }
        let words = &index.sieve.words;
        let at = words.behind(index.plain(), text);
        let codings = &index.codings[at - index.plain()..];
        let fits = words.from(at).zip(codings);
        let mut fits = fits.take_while(|(word, _)| word.text.starts_with(text));
        fits.any(|(_, coding)| is_of(*coding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_has_begun() {
        let words = [("gho_", 0), ("ghp_", 1), ("sk-", 0), ("sk-ant-", 3)];
        let words = words.map(|(word, before)| (word.into(), before));
        let words = Words::new(words.into());
        for (text, want) in [
            ("g", Some(0)),
            ("gh", Some(0)),
            ("ghp", Some(1)),
            ("ghp_", None),
            ("sk-", Some(3)),
            ("sk-a", Some(3)),
            ("sk-x", None),
            ("s", Some(0)),
            ("x", None),
            ("z", None),
        ] {
            assert_eq!(words.begins(text.as_bytes()), want, "{text}");
        }
    }
}
