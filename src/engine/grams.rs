//! Grams, four bytes of a keyword: which of them the prefilter looks for.
//!
//! Any gram of a keyword will do. Where a gram stands and the keyword does not, time is lost: so rare ones are chosen, and
//! those that other keywords have chosen already.

use super::sieve::Word;

/// ASCII upper case becomes lower case. Some other bytes collapse too, which costs a comparison and loses nothing.
pub const fn fold(gram: u32) -> u32 {
    gram | 0x2020_2020
}

/// A gram's first three bytes.
pub const fn first_three(gram: u32) -> u32 {
    gram & 0x00FF_FFFF
}

/// The gram at an offset of a keyword, filled up with zeros behind its end.
pub fn at(text: &[u8], offset: usize) -> u32 {
    let rest = &text[offset..];
    let mut bytes = [0; 4];
    let count = rest.len().min(4);
    bytes[..count].copy_from_slice(&rest[..count]);
    fold(u32::from_le_bytes(bytes))
}

/// For each keyword of at least five bytes the offsets, none above `deepest`, of two grams: one at an even offset, one at
/// an odd one. None for shorter ones.
pub fn choose(words: &[Word], frequencies: &Frequencies, deepest: usize) -> Vec<Vec<usize>> {
    /// What it costs that a frequent gram is looked for at all, beside that one more keyword has it.
    const ALONE: u64 = 16;
    /// Choices are made again when those of all others are known.
    const ROUNDS: usize = 2;
    // Counted by a part of their hash: one that is counted with another now and then does no harm.
    let mut users = vec![0u16; 1 << 16];
    let slot = |gram: u32| (gram.wrapping_mul(0xC2B2_AE35) >> 16) as usize;
    let mut chosen: Vec<Vec<usize>> = vec![Vec::new(); words.len()];
    for _ in 0..ROUNDS {
        for (word, chosen) in words.iter().zip(&mut chosen) {
            let text = &word.text[..];
            if text.len() < 5 {
                continue;
            }
            for offset in chosen.drain(..) {
                let users = &mut users[slot(at(text, offset))];
                *users = users.saturating_sub(1);
            }
            for first in [0, 1] {
                let offsets = (first..=deepest.min(text.len() - 4)).step_by(2);
                let cost = |offset: usize| {
                    let gram = at(text, offset);
                    let is_new = users[slot(gram)] == 0;
                    let weight = Frequencies::weight(frequencies.of(gram));
                    weight * if is_new { ALONE + 1 } else { 1 }
                };
                let best = offsets.min_by_key(|&offset| cost(offset)).unwrap_or(first);
                let users = &mut users[slot(at(text, best))];
                *users = users.saturating_add(1);
                chosen.push(best);
            }
        }
    }
    chosen
}

/// How often three characters follow one another in source text, counted by `scripts/trigrams.py` over 50 MB of Go,
/// Rust, Python, JavaScript, C and what lies beside them; the script says how to read it. Only needed to build tables.
const TRIGRAMS: &str = include_str!("trigrams.txt");
/// What the table tells apart; one more column stands for everything else.
const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0_-./:=\" ";
const COLUMNS: usize = ALPHABET.len() + 1;

/// The table, read.
pub struct Frequencies {
    /// The column of each byte.
    column: [u8; 256],
    /// By first, second and third character.
    triple: Vec<u8>,
    /// By second and third character of a gram: the most frequent of those that go on from them.
    pair: Vec<u8>,
}

impl Frequencies {
    /// Reads the table.
    pub fn read() -> Frequencies {
        let mut column = [(COLUMNS - 1) as u8; 256];
        for (number, &byte) in ALPHABET.iter().enumerate() {
            column[usize::from(byte)] = number as u8;
            column[usize::from(byte.to_ascii_uppercase())] = number as u8;
        }
        for digit in b'0'..=b'9' {
            column[usize::from(digit)] = column[usize::from(b'0')];
        }
        let digits = TRIGRAMS
            .bytes()
            .filter_map(|digit| char::from(digit).to_digit(36));
        let triple: Vec<u8> = digits.map(|digit| digit as u8).collect();
        let pair = triple
            .chunks(COLUMNS)
            .map(|line| line.iter().copied().max().unwrap_or(0))
            .collect();
        Frequencies {
            column,
            triple,
            pair,
        }
    }

    /// How often a gram is to be expected in source text, as twice a binary logarithm: that its last three follow one
    /// another, given that its first three do.
    fn of(&self, gram: u32) -> u32 {
        let columns = gram
            .to_le_bytes()
            .map(|byte| usize::from(self.column[usize::from(byte)]));
        self.of_columns(columns)
    }

    fn of_columns(&self, [a, b, c, d]: [usize; 4]) -> u32 {
        let pair = b * COLUMNS + c;
        let (first, last) = ((a * COLUMNS + b) * COLUMNS + c, pair * COLUMNS + d);
        let sum = u32::from(self.triple[first]) + u32::from(self.triple[last]) + 40;
        sum.saturating_sub(u32::from(self.pair[pair]))
    }

    /// The weight of a gram: in proportion to how often it is to be expected.
    fn weight(twice_logarithm: u32) -> u64 {
        1 << (twice_logarithm / 2).min(50)
    }

    /// Frequent grams of letters, digits and some marks, folded, each with its weight.
    pub fn frequent(&self) -> Vec<(u32, u64)> {
        let known = 0..ALPHABET.len();
        let most = *self.triple.iter().max().unwrap_or(&0);
        // A triple that is less than a thousandth as frequent as the most frequent one has no frequent gram.
        let least = most.saturating_sub(20);
        let mut frequent = Vec::new();
        for (a, b) in known
            .clone()
            .flat_map(|a| known.clone().map(move |b| (a, b)))
        {
            for c in known.clone() {
                if self.triple[(a * COLUMNS + b) * COLUMNS + c] < least {
                    continue;
                }
                for d in known.clone() {
                    if self.triple[(b * COLUMNS + c) * COLUMNS + d] < least {
                        continue;
                    }
                    let gram = [a, b, c, d].map(|column| ALPHABET[column]);
                    let weight = Self::weight(self.of_columns([a, b, c, d]));
                    frequent.push((fold(u32::from_le_bytes(gram)), weight));
                }
            }
        }
        frequent
    }
}
