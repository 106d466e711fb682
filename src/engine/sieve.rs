//! The prefilter: every occurrence of every keyword, overlapping ones included.
//!
//! Three stages, each cheaper than the next. At every second byte the four bytes there are hashed into a bitmap that
//! says whether a keyword may stand here: one look-up for two bytes. Keywords of five bytes and more are entered with a
//! gram at an even and one at an odd offset, so that one of them meets the stride; shorter ones with every byte that may
//! stand before or behind them. What passes is looked up in a hash table of exact grams, and what passes that is
//! compared with the keywords. The tables of the embedded rules are laid down by the build script; the tests hold them
//! against the `aho-corasick` crate.

use std::borrow::Cow;
use std::ops::Range;

const MAP_BITS: u32 = 21;
/// Bytes of the first stage's bitmap.
pub const MAP_SIZE: usize = 1 << (MAP_BITS - 3);
/// Bytes that one turn of the first stage moves on by.
const STEP: usize = 32;
/// Bytes that one turn looks at.
const VIEW: usize = STEP + 2;
/// The greatest offset of a gram in its keyword: how far behind a keyword's start must be looked to find it.
const DEEPEST: usize = 16;

/// The most keywords that the tables can count.
pub const MOST_WORDS: usize = 32_000;

/// A keyword as the sieve sees it.
#[derive(Debug, Clone)]
pub struct Word {
    /// Its bytes; lower case if `fold`.
    pub text: Cow<'static, [u8]>,
    /// Whether ASCII case is ignored.
    pub fold: bool,
}

/// A place of a keyword where one of its grams stands.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The gram, folded.
    pub gram: u32,
    /// Index of the keyword.
    pub word: u16,
    /// Offset of the gram in it.
    pub offset: u8,
}

/// Exact grams, in buckets by hash: the entries of bucket `b` are `entries[starts[b]..starts[b + 1]]`.
#[derive(Debug, Clone)]
pub struct Buckets {
    /// One more than there are buckets, a power of two.
    pub starts: Cow<'static, [u16]>,
    /// All entries, by bucket.
    pub entries: Cow<'static, [Entry]>,
}

/// The tables.
#[derive(Debug, Clone)]
pub struct Sieve {
    /// The keywords.
    pub words: Cow<'static, [Word]>,
    /// The first stage: a bit for the hash of each gram, [`MAP_SIZE`] bytes.
    pub map: Cow<'static, [u8]>,
    /// Grams of four bytes: of keywords of at least as many.
    pub wide: Buckets,
    /// Grams of three bytes: what keywords of three and four bytes begin with.
    pub short: Buckets,
    /// The length of the longest keyword.
    pub longest: usize,
}

/// An occurrence of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WordHit {
    /// Its first byte.
    pub start: usize,
    /// Index of the keyword.
    pub word: u16,
}

/// ASCII upper case becomes lower case. Some other bytes collapse too, which costs a comparison and loses nothing.
const fn fold(gram: u32) -> u32 {
    gram | 0x2020_2020
}

/// The gram's place in the bitmap: a byte and a bit of it.
const fn place(gram: u32) -> (usize, u32) {
    let hash = gram.wrapping_mul(0x2C1B_3C6D) >> (32 - MAP_BITS);
    ((hash >> 3) as usize, hash & 7)
}

const fn first_three(gram: u32) -> u32 {
    gram & 0x00FF_FFFF
}

impl Sieve {
    /// Builds the tables for `words`, of at least three bytes each and at most [`MOST_WORDS`] in number.
    pub fn build(words: Vec<Word>) -> Sieve {
        assert!(
            words.len() <= MOST_WORDS,
            "because whoever adds rules counts their keywords"
        );
        let mut map = vec![0u8; MAP_SIZE];
        let mut enter = |gram: u32| {
            let (byte, bit) = place(fold(gram));
            map[byte] |= 1 << bit;
        };
        let (mut wide, mut short) = (Vec::new(), Vec::new());
        let (sharing, frequencies) = (Sharing::count(&words), Frequencies::read());
        for (index, word) in words.iter().enumerate() {
            let text = &word.text[..];
            let entry = |at: usize, width: usize| Entry {
                gram: gram_at(text, at, width),
                word: index as u16,
                offset: at as u8,
            };
            if text.len() >= 5 {
                let rarest = |first: usize| {
                    let offsets = (first..=DEEPEST.min(text.len() - 4)).step_by(2);
                    let cost = |at: usize| {
                        let shared = sharing.of(gram_at(text, at, 4)).max(1).ilog2();
                        frequencies.of(&text[at..at + 4]) + shared
                    };
                    offsets.min_by_key(|&at| cost(at)).unwrap_or(first)
                };
                wide.extend([entry(rarest(0), 4), entry(rarest(1), 4)]);
                continue;
            }
            let three = entry(0, 3);
            for other in 0..=u32::from(u8::MAX) {
                enter(three.gram << 8 | other);
                if text.len() == 3 {
                    enter(three.gram | other << 24);
                }
            }
            if text.len() == 4 {
                wide.push(entry(0, 4));
            }
            short.push(three);
        }
        wide.iter().for_each(|entry| enter(entry.gram));
        Sieve {
            longest: words.iter().map(|word| word.text.len()).max().unwrap_or(0),
            words: Cow::Owned(words),
            map: Cow::Owned(map),
            wide: Buckets::build(wide),
            short: Buckets::build(short),
        }
    }

    /// Calls `hit` for each occurrence of a keyword that begins within `range` and ends within `hay`, each once, in no
    /// set order. Returns how many positions the first stage let through.
    pub fn find(&self, hay: &[u8], range: Range<usize>, mut hit: impl FnMut(WordHit)) -> u64 {
        let map: &[u8; MAP_SIZE] = self.map[..]
            .try_into()
            .expect("because it is built with this size");
        let mut passed = 0;
        let mut at = range.start;
        let end = (range.end + DEEPEST).min(hay.len());
        while at < end {
            let mut padded = [0; VIEW];
            let view: &[u8; VIEW] = match hay.get(at..at + VIEW).and_then(|v| v.try_into().ok()) {
                Some(view) => view,
                None => {
                    let rest = &hay[at..];
                    padded[..rest.len()].copy_from_slice(rest);
                    &padded
                }
            };
            let mut mask = sift(map, view);
            passed += u64::from(mask.count_ones());
            while mask != 0 {
                let slot = mask.trailing_zeros() as usize;
                mask &= mask - 1;
                self.look(hay, &range, at + 2 * slot, &mut hit);
            }
            at += STEP;
        }
        passed
    }

    /// The second and third stage at one place.
    fn look(&self, hay: &[u8], range: &Range<usize>, place: usize, hit: &mut impl FnMut(WordHit)) {
        let mut bytes = [0; 4];
        // The last view is filled up with zeros, and those may look like a gram.
        let Some(rest) = hay.get(place..hay.len().min(place + 4)) else {
            return;
        };
        bytes[..rest.len()].copy_from_slice(rest);
        let gram = fold(u32::from_le_bytes(bytes));
        for entry in self.wide.of(gram) {
            self.compare(hay, range, place, entry, hit);
        }
        for entry in self.short.of(first_three(gram)) {
            // One of four bytes has just been found by all of them.
            if self.words[entry.word as usize].text.len() == 3 {
                self.compare(hay, range, place, entry, hit);
            }
        }
        for entry in self.short.of(gram >> 8) {
            self.compare(hay, range, place + 1, entry, hit);
        }
    }

    fn compare(
        &self,
        hay: &[u8],
        range: &Range<usize>,
        place: usize,
        entry: &Entry,
        hit: &mut impl FnMut(WordHit),
    ) {
        let word = &self.words[entry.word as usize];
        let Some(start) = place.checked_sub(entry.offset as usize) else {
            return;
        };
        let Some(found) = hay.get(start..start + word.text.len()) else {
            return;
        };
        let same = match word.fold {
            true => found.eq_ignore_ascii_case(&word.text),
            false => *found == *word.text,
        };
        if same && range.contains(&start) {
            hit(WordHit {
                start,
                word: entry.word,
            });
        }
    }
}

/// The first stage over one view: bit `n` says that a keyword's gram may stand at `2 * n`.
#[inline(always)]
fn sift(map: &[u8; MAP_SIZE], view: &[u8; VIEW]) -> u32 {
    let mut mask = 0;
    for n in 0..STEP / 2 {
        let p = 2 * n;
        let gram = fold(u32::from_le_bytes([
            view[p],
            view[p + 1],
            view[p + 2],
            view[p + 3],
        ]));
        let (byte, bit) = place(gram);
        mask |= (u32::from(map[byte]) >> bit & 1) << n;
    }
    mask
}

/// How many times grams of four bytes stand in the keywords, by a part of their hash: one that many share makes many
/// comparisons, and to be counted with another now and then does no harm.
struct Sharing(Vec<u16>);

impl Sharing {
    fn count(words: &[Word]) -> Sharing {
        let mut counts = Sharing(vec![0; 1 << 16]);
        for word in words {
            for at in 0..(word.text.len() + 1).saturating_sub(4) {
                let count = &mut counts.0[Sharing::slot(gram_at(&word.text, at, 4))];
                *count = count.saturating_add(1);
            }
        }
        counts
    }

    fn of(&self, gram: u32) -> u16 {
        self.0[Sharing::slot(gram)]
    }

    fn slot(gram: u32) -> usize {
        Buckets::mix(gram) & 0xffff
    }
}

impl Buckets {
    fn build(mut entries: Vec<Entry>) -> Buckets {
        let count = entries.len().next_power_of_two().max(16);
        let bucket = |entry: &Entry| Buckets::mix(entry.gram) & (count - 1);
        entries.sort_by_key(|entry| (bucket(entry), entry.gram, entry.word, entry.offset));
        let mut starts = vec![0u16; count + 1];
        for entry in &entries {
            starts[bucket(entry) + 1] += 1;
        }
        for b in 0..count {
            starts[b + 1] += starts[b];
        }
        Buckets {
            starts: Cow::Owned(starts),
            entries: Cow::Owned(entries),
        }
    }

    /// Another mix than the bitmap's, so that what collided there parts here.
    fn mix(gram: u32) -> usize {
        (gram.wrapping_mul(0xC2B2_AE35) >> 12) as usize
    }

    #[inline]
    fn of(&self, gram: u32) -> impl Iterator<Item = &Entry> {
        let bucket = Buckets::mix(gram) & (self.starts.len() - 2);
        let entries = &self.entries[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        entries.iter().filter(move |entry| entry.gram == gram)
    }
}

fn gram_at(text: &[u8], at: usize, width: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes[..width].copy_from_slice(&text[at..at + width]);
    let gram = fold(u32::from_le_bytes(bytes));
    if width == 3 { first_three(gram) } else { gram }
}

/// How often three characters follow one another in source text, counted by `scripts/trigrams.py` over 50 MB of Go,
/// Rust, Python, JavaScript, C and what lies beside them; the script says how to read it. Only needed to build tables.
const TRIGRAMS: &str = include_str!("trigrams.txt");
/// What the table tells apart; one more column stands for everything else.
const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0_-./:=\" ";
const COLUMNS: usize = ALPHABET.len() + 1;

/// The table, read.
struct Frequencies {
    /// The column of each byte.
    column: [u8; 256],
    /// By first, second and third character.
    triple: Vec<u8>,
    /// By second and third character of a gram: the most frequent of those that go on from them.
    pair: Vec<u8>,
}

impl Frequencies {
    fn read() -> Frequencies {
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

    /// How often a gram of four bytes is to be expected in source text, on a logarithmic scale: that its last three
    /// follow one another, given that its first three do.
    fn of(&self, gram: &[u8]) -> u32 {
        let [a, b, c, d] = [gram[0], gram[1], gram[2], gram[3]]
            .map(|byte| usize::from(self.column[usize::from(byte)]));
        let pair = b * COLUMNS + c;
        let (first, last) = ((a * COLUMNS + b) * COLUMNS + c, pair * COLUMNS + d);
        let sum = u32::from(self.triple[first]) + u32::from(self.triple[last]) + 40;
        sum.saturating_sub(u32::from(self.pair[pair]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    fn all(sieve: &Sieve, hay: &[u8], range: Range<usize>) -> Vec<(usize, u16)> {
        let mut hits = Vec::new();
        sieve.find(hay, range, |hit| hits.push((hit.start, hit.word)));
        hits.sort_unstable();
        hits
    }

    fn word(text: &str, fold: bool) -> Word {
        Word {
            text: Cow::Owned(text.as_bytes().to_vec()),
            fold,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        /// The same hits as the reference implementation, wherever the range is cut.
        #[test]
        fn agrees_with_aho_corasick(
            words in proptest::collection::btree_set("[abA_ -]{3,12}", 1..12),
            hay in "[abAB_ -]{0,120}",
            cut in 0usize..120,
            ignore_case: bool,
        ) {
            let texts: Vec<String> = words
                .iter()
                .map(|w| if ignore_case { w.to_lowercase() } else { w.clone() })
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect();
            let sieve = Sieve::build(texts.iter().map(|w| word(w, ignore_case)).collect());
            let reference = AhoCorasick::builder().ascii_case_insensitive(ignore_case).build(&texts).unwrap();
            let mut want: Vec<(usize, u16)> = reference
                .find_overlapping_iter(&hay)
                .map(|m| (m.start(), m.pattern().as_u32() as u16))
                .collect();
            want.sort_unstable();
            prop_assert_eq!(&all(&sieve, hay.as_bytes(), 0..hay.len()), &want);
            let cut = cut.min(hay.len());
            let mut parts = all(&sieve, hay.as_bytes(), 0..cut);
            parts.extend(all(&sieve, hay.as_bytes(), cut..hay.len()));
            prop_assert_eq!(parts, want);
        }
    }

    /// The last view is filled up with zeros, which fold to blanks.
    #[test]
    fn what_lies_behind_the_end_is_no_gram() {
        let sieve = Sieve::build(vec![word("    k", false)]);
        for length in 0..100 {
            assert_eq!(all(&sieve, &vec![b'y'; length], 0..length), []);
        }
    }
}
