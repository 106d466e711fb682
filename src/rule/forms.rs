//! Keywords as they stand in encoded text.
//!
//! Nothing is decoded on suspicion. A literal that a match begins with has a few texts of its own in base64, one for
//! each place of its first byte in a group of three, and one in hexadecimal. Those are keywords too: where one stands,
//! the digits around it are decoded, and the rule's own pattern is tried there.

use std::collections::BTreeSet;

use super::types::{Keyword, Matcher, Rule};

/// How a keyword's text stands in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coding {
    /// Base64, of either alphabet: which digit of a group of four the keyword's text begins with.
    Base64(u8),
    /// Hexadecimal digits, in any case.
    Hex,
}

/// So much of a literal is enough to know it by: more would only make the tables larger.
const MOST: usize = 12;
const MOST_HEX: usize = 8;
/// Shorter texts in base64 stand in ordinary text too often.
const LEAST: usize = 5;
/// What follows a short literal: a token's own characters.
const TOKEN: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/// The digits of both alphabets, by what they are worth; where the two differ, the other one.
const DIGITS: [&[u8; 64]; 2] = [
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
];

impl Coding {
    /// The byte of a group of three in base64, or the only one in hexadecimal, that the keyword begins with.
    pub fn phase(self) -> usize {
        match self {
            Coding::Base64(0) | Coding::Hex => 0,
            Coding::Base64(1 | 2) => 1,
            Coding::Base64(_) => 2,
        }
    }

    /// Which digit of a group the keyword's text begins with.
    pub fn first_digit(self) -> usize {
        match self {
            Coding::Base64(first) => usize::from(first),
            Coding::Hex => 0,
        }
    }

    /// How many digits before the keyword's text hold bits of the keyword, and of what stands before it as well.
    pub fn shared(self) -> usize {
        match self {
            Coding::Base64(2 | 3) => 1,
            Coding::Base64(_) | Coding::Hex => 0,
        }
    }
}

/// Whether matches of `rule` are looked for in encoded text: they begin with a keyword whose case is known, so that
/// nothing of a secret stands before it.
pub fn is_eligible(rule: &Rule) -> bool {
    let begins = match &rule.matcher {
        Matcher::Pattern(pattern, _) => pattern.lead == (0, 0),
        Matcher::Run(run) => run.head.lead == (0, 0),
        Matcher::Assignment(_) | Matcher::Block(_) | Matcher::File(_) => false,
    };
    begins && rule.keywords.iter().all(is_eligible_keyword)
}

/// A literal of three characters is one of a token if it ends in a sign, as in `hf_` or `SG.`.
fn is_eligible_keyword(keyword: &Keyword) -> bool {
    let text = keyword.text.as_bytes();
    let ends = text
        .last()
        .is_some_and(|last| !last.is_ascii_alphanumeric());
    !keyword.ignore_case && (text.len() > 3 || text.len() == 3 && ends)
}

/// The texts by which `rule` is found where it is encoded.
pub fn coded(rule: &Rule) -> BTreeSet<(Vec<u8>, Coding)> {
    let mut words = BTreeSet::new();
    if is_eligible(rule) {
        for keyword in rule.keywords.iter() {
            let text = keyword.text.as_bytes();
            let text = &text[..text.len().min(MOST)];
            for phase in 0..3 {
                words.extend(base64(text, phase));
            }
            words.insert((hex(&text[..text.len().min(MOST_HEX)]), Coding::Hex));
        }
    }
    words
}

fn hex(text: &[u8]) -> Vec<u8> {
    let digit = |value: u8| b"0123456789abcdef"[usize::from(value & 15)];
    let pairs = text
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)]);
    pairs.collect()
}

/// The digits that stand for `text` and for nothing beside it, where its first byte is the one of number `phase` in a
/// group of three; where those are too few, with what follows and what stands before, in every form that it can have.
fn base64(text: &[u8], phase: usize) -> BTreeSet<(Vec<u8>, Coding)> {
    let first = (8 * phase).div_ceil(6);
    let inner = digits(text, phase);
    let mut variants = BTreeSet::new();
    if inner.len() >= LEAST {
        variants.insert((first, inner));
    } else {
        for next in TOKEN {
            let mut longer = digits(&[text, &[*next]].concat(), phase);
            longer.truncate(LEAST);
            if longer.len() == LEAST {
                variants.insert((first, longer));
                continue;
            }
            // Its first four bits stand in a digit whose other two are of the byte before.
            let shared = (0..4).map(|before| before << 4 | usize::from(text[0] >> 4));
            let longer = shared.map(|digit| (first - 1, [&[digit], &longer[..]].concat()));
            variants.extend(longer);
        }
    }
    let spell = |values: &[usize], digits: &[u8; 64]| values.iter().map(|&v| digits[v]).collect();
    let spelled = variants.iter().flat_map(|(first, values)| {
        DIGITS.map(|digits| (spell(values, digits), Coding::Base64(*first as u8)))
    });
    spelled.collect()
}

/// What the digits are worth that hold bits of `text` alone.
fn digits(text: &[u8], phase: usize) -> Vec<usize> {
    let (begin, end) = (8 * phase, 8 * (phase + text.len()));
    let bit = |at: usize| usize::from(text[(at - begin) / 8] >> (7 - at % 8) & 1);
    let digit =
        |number: usize| (6 * number..6 * number + 6).fold(0, |value, at| value << 1 | bit(at));
    (begin.div_ceil(6)..end / 6).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

    use super::*;

    /// Each text stands in what a well-kept encoder makes, at the digit that it names, whatever is around it.
    #[test]
    fn stands_where_an_encoder_puts_it() {
        for keyword in [
            "hf_",
            "SG.",
            "ghp_",
            "glpat-",
            "~>?~~>",
            "a-long-keyword-indeed",
        ] {
            for phase in 0..3 {
                let text = &keyword.as_bytes()[..keyword.len().min(MOST)];
                let words = base64(text, phase);
                for (before, behind) in [
                    ("aaaaaa", "z9"),
                    ("\u{ff}?~\u{ff}", "A~~"),
                    ("000000", "0~"),
                ] {
                    let before = &before.as_bytes()[..3 + phase];
                    let plain = [before, keyword.as_bytes(), behind.as_bytes()].concat();
                    let coded = [
                        STANDARD_NO_PAD.encode(&plain),
                        URL_SAFE_NO_PAD.encode(&plain),
                    ];
                    for coded in &coded {
                        let stands = |(word, coding): &(Vec<u8>, Coding)| {
                            let at = 4 + coding.first_digit();
                            coding.phase() == phase && coded.as_bytes()[at..].starts_with(word)
                        };
                        assert!(words.iter().any(stands), "{plain:?} {coded} {words:?}");
                    }
                }
            }
        }
        assert_eq!(hex(b"ghp_"), b"6768705f");
    }

    #[test]
    fn no_text_is_short() {
        for keyword in ["hf_", "ghp_", "glpat-"] {
            for phase in 0..3 {
                for (word, _) in base64(keyword.as_bytes(), phase) {
                    assert!(word.len() >= LEAST, "{keyword} {phase}");
                }
            }
        }
    }
}
