//! Grams, four bytes of a keyword: which of them the prefilter looks for.
//!
//! Any gram of a keyword will do, as long as one stands at an even and one at an odd offset. Where a gram stands and the
//! keyword does not, time is lost: so what all of them together cost is kept small. Frequent grams are given up one by one,
//! each that no keyword needs; of what is left, every keyword takes the one that adds least.

use super::lexicon::Lexicon;

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
pub fn choose(words: &Lexicon, frequencies: &Frequencies, deepest: usize) -> Vec<Vec<usize>> {
    let needs = Needs::new(words, frequencies, deepest);
    let mut chosen: Vec<Vec<usize>> = vec![Vec::new(); words.len()];
    for (need, place) in needs.needs.iter().zip(needs.settle(&needs.cover())) {
        chosen[need.word].push(needs.places[place].offset);
    }
    chosen
}

/// How many grams are told apart, by a part of their hash: one that counts as another now and then does no harm.
const SLOTS: usize = 1 << 18;

fn slot(gram: u32) -> usize {
    (gram.wrapping_mul(0xC2B2_AE35) >> 14) as usize
}

/// A gram that a keyword needs: one of some places.
struct Need {
    word: usize,
    places: std::ops::Range<usize>,
}

/// Where in a keyword a gram stands, and which.
#[derive(Clone, Copy)]
struct Place {
    offset: usize,
    slot: usize,
    weight: u64,
}

/// What all keywords need.
struct Needs {
    needs: Vec<Need>,
    places: Vec<Place>,
}

impl Needs {
    fn new(words: &Lexicon, frequencies: &Frequencies, deepest: usize) -> Needs {
        let (mut needs, mut places) = (Vec::new(), Vec::new());
        for (word, text) in words.iter().enumerate() {
            let text = text.stem();
            if text.len() < 5 {
                continue;
            }
            for first in [0, 1] {
                let start = places.len();
                let offsets = (first..=deepest.min(text.len() - 4)).step_by(2);
                places.extend(offsets.map(|offset| {
                    let gram = at(text, offset);
                    Place {
                        offset,
                        slot: slot(gram),
                        weight: frequencies.weight(gram),
                    }
                }));
                let places = start..places.len();
                needs.push(Need { word, places });
            }
        }
        Needs { needs, places }
    }

    /// A set of grams of which every need has one, without most of the frequent ones: by slot.
    fn cover(&self) -> Vec<bool> {
        let mut order: Vec<(u64, usize, usize)> = Vec::with_capacity(self.places.len());
        for (number, need) in self.needs.iter().enumerate() {
            let places = &self.places[need.places.clone()];
            order.extend(places.iter().map(|p| (u64::MAX - p.weight, p.slot, number)));
        }
        order.sort_unstable();
        // The same gram may stand at two places that one need could be met by.
        order.dedup();
        let mut left = vec![0u8; self.needs.len()];
        order.iter().for_each(|(_, _, need)| left[*need] += 1);
        let mut kept = vec![true; SLOTS];
        for group in order.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            if group.iter().all(|(_, _, need)| left[*need] > 1) {
                group.iter().for_each(|(_, _, need)| left[*need] -= 1);
                kept[group[0].1] = false;
            }
        }
        kept
    }

    /// A place for each need: first the rarest that is `kept`, then, with all others known, the one that adds least.
    fn settle(&self, kept: &[bool]) -> Vec<usize> {
        /// What it costs that a gram is looked for at all, beside that one more keyword has it.
        const ALONE: u64 = 8;
        const ROUNDS: usize = 3;
        let mut users = vec![0u16; SLOTS];
        let mut settled: Vec<usize> = Vec::with_capacity(self.needs.len());
        for need in &self.needs {
            let kept = need.places.clone().filter(|&p| kept[self.places[p].slot]);
            let rarest = kept.min_by_key(|&place| self.places[place].weight);
            let place = rarest.unwrap_or(need.places.start);
            users[self.places[place].slot] += 1;
            settled.push(place);
        }
        for _ in 0..ROUNDS {
            for (need, settled) in self.needs.iter().zip(&mut settled) {
                users[self.places[*settled].slot] -= 1;
                let cost = |place: usize| {
                    let Place { slot, weight, .. } = self.places[place];
                    weight * if users[slot] == 0 { ALONE + 1 } else { 1 }
                };
                let best = need.places.clone().min_by_key(|&place| cost(place));
                *settled = best.unwrap_or(*settled);
                users[self.places[*settled].slot] += 1;
            }
        }
        settled
    }
}

/// How often four characters follow one another in source text, counted by `scripts/grams.py` over 100 MB of C, Go, Java,
/// JavaScript, Rust and what lies beside them; the script says how to read it. Only needed to build tables.
const GRAMS: &str = include_str!("grams.txt");
/// The weight of a gram that is not among them.
const RARE: u64 = 4;

/// The table, read.
pub struct Frequencies {
    /// By slot.
    weights: Vec<u64>,
}

impl Frequencies {
    /// Reads the table.
    pub fn read() -> Frequencies {
        let mut weights = vec![RARE; SLOTS];
        for (gram, weight) in Frequencies::all() {
            let known = &mut weights[slot(gram)];
            *known = weight.max(*known);
        }
        Frequencies { weights }
    }

    /// Grams of the table, folded, with their weights, in proportion to how often each is to be expected.
    pub fn all() -> impl Iterator<Item = (u32, u64)> {
        GRAMS.lines().flat_map(|line| {
            let (head, tail) = line.as_bytes().split_at(3);
            tail.chunks_exact(2).map(|pair| {
                let gram = u32::from_le_bytes([head[0], head[1], head[2], pair[0]]);
                let digit = char::from(pair[1]).to_digit(36).unwrap_or(0);
                // Four times as many as there are in ten million, so that half a step is seen.
                let doubled = [4 << (digit / 2), (45 << (digit / 2)) / 8];
                (fold(gram), doubled[digit as usize % 2])
            })
        })
    }

    fn weight(&self, gram: u32) -> u64 {
        let digit = |byte: &u8| byte.is_ascii_digit();
        let bytes = gram.to_le_bytes();
        let digits = bytes.iter().filter(|byte| digit(byte)).count() as u32;
        let gram = bytes.map(|byte| if digit(&byte) { b'0' } else { byte });
        let weight = self.weights[slot(u32::from_le_bytes(gram))];
        (weight / 10u64.pow(digits)).max(RARE)
    }
}
