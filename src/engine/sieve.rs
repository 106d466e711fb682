//! The prefilter: every place where a keyword begins, overlapping ones included. Of long keywords only the beginning is
//! looked for, so that what stands far from an edit does not have to be searched for what the edit may have made.
//!
//! Four stages, each cheaper than the next. At every second byte the four bytes there are hashed into a bitmap that
//! says whether a keyword may stand here: one look-up for two bytes. Keywords of five bytes and more are entered with a
//! gram at an even and one at an odd offset, so that one of them meets the stride; shorter ones with every byte that may
//! stand before or behind them. Most of what passes is a gram of many keywords, or none at all: a smaller table says which
//! bytes stand beside the gram in some keyword, and turns most places away. What passes that is looked up in a hash table
//! of exact grams, each with up to four bytes to either side, and then compared with the keywords. The tables of the
//! embedded rules are laid down by the build script; the tests hold them against the `aho-corasick` crate.

use std::borrow::Cow;
use std::ops::Range;

use super::grams::{self, Frequencies, first_three, fold};
use super::lexicon::{Lexicon, STEM};

/// The first factor that is tried for the bitmap, and how far on the next one lies: an even number, so that all are odd.
const FACTOR: u32 = 0x2C1B_3C6D;
const FACTOR_STEP: u32 = 0x9E37_79B8;
/// What grams are multiplied with behind the first stage.
const MIX: u32 = 0xC2B2_AE35;
const MAP_BITS: u32 = 20;
/// Words of the first stage's bitmap.
pub const MAP_SIZE: usize = 1 << (MAP_BITS - 5);
/// Bytes that one turn of the first stage moves on by.
const STEP: usize = 32;
/// Bytes that one turn looks at.
const VIEW: usize = STEP + 2;
/// Entries of the second stage's table for grams of four bytes.
pub const SIGN_COUNT: usize = 1 << SIGN_BITS;
const SIGN_BITS: u32 = 15;
/// Entries of the second stage's table for grams of three bytes.
pub const THREE_COUNT: usize = 1 << THREE_BITS;
const THREE_BITS: u32 = 12;
/// What that table says of a gram that is a keyword, whatever follows.
const COMPLETE: u32 = 1 << 16;
/// The greatest offset of a gram in its keyword: how far behind a keyword's start must be looked to find it.
const DEEPEST: usize = STEM - 4;

/// The most keywords that the tables can count.
pub const MOST_WORDS: usize = 32_000;

/// A place of a keyword where one of its grams stands.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The gram, folded.
    pub gram: u32,
    /// Index of the keyword.
    pub word: u16,
    /// Offset of the gram in it.
    pub offset: u8,
    /// How many bytes of `after` count.
    pub follow: u8,
    /// What stands before the gram in the keyword, folded, the last of it in the highest byte: as many bytes as there
    /// are, and at most four. Most places where only the gram stands end here.
    pub before: u32,
    /// What follows the gram in the keyword, folded.
    pub after: u32,
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
    pub words: Lexicon,
    /// The first stage: a bit for the hash of each gram, [`MAP_SIZE`] words.
    pub map: Cow<'static, [u32]>,
    /// The second stage for grams of four bytes, [`SIGN_COUNT`] of them by hash: what may stand before such a gram, a bit
    /// for each of sixteen kinds of bytes, and above them what may follow.
    pub signs: Cow<'static, [u32]>,
    /// The second stage for grams of three bytes, [`THREE_COUNT`] of them by hash: what may follow such a gram, a bit for
    /// each of sixteen kinds of bytes, and whether it is a keyword by itself.
    pub threes: Cow<'static, [u32]>,
    /// Grams of four bytes: of keywords of at least as many.
    pub wide: Buckets,
    /// Grams of three bytes: what keywords of three and four bytes begin with.
    pub short: Buckets,
    /// What grams are multiplied with for their place in the bitmap.
    pub factor: u32,
    /// The length of the longest stem.
    pub longest: usize,
}

/// A place where a keyword's stem stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WordHit {
    /// Its first byte.
    pub start: usize,
    /// Index of the keyword.
    pub word: u16,
}

/// The gram's place in the bitmap: a word and a bit of it.
const fn place(gram: u32, factor: u32) -> (usize, u32) {
    let hash = gram.wrapping_mul(factor);
    let (word, bit) = (hash >> (32 - MAP_BITS + 5), hash >> (32 - MAP_BITS));
    (word as usize, bit & 31)
}

/// The place of a gram of four bytes in the second stage's table, the bit for the byte before it, and that for the one
/// behind it.
const fn sign(gram: u32, before: u32, after: u32) -> (usize, u32, u32) {
    // Another mix than the bitmap's, so that what collided there parts here.
    let hash = gram.wrapping_mul(MIX);
    let kind = hash >> (28 - SIGN_BITS);
    let (ahead, behind) = (kind ^ before >> 24, kind ^ after);
    (
        (hash >> (32 - SIGN_BITS)) as usize,
        ahead & 15,
        16 + (behind & 15),
    )
}

/// The place of a gram of three bytes in the second stage's table, and the bit for the byte behind it.
const fn three(gram: u32, after: u32) -> (usize, u32) {
    let hash = gram.wrapping_mul(MIX);
    let kind = hash >> (28 - THREE_BITS) ^ after;
    ((hash >> (32 - THREE_BITS)) as usize, kind & 15)
}

/// A gram of the text and what stands around it, folded.
#[derive(Debug, Clone, Copy)]
struct Spot {
    before: u32,
    gram: u32,
    after: u32,
}

impl Spot {
    /// At a place of a text, filled up with zeros where it ends. None behind its end.
    fn at(hay: &[u8], place: usize) -> Option<Spot> {
        let mut bytes = [0; 12];
        match place
            .checked_sub(4)
            .and_then(|start| hay.get(start..start + 12))
        {
            Some(twelve) => bytes.copy_from_slice(twelve),
            None => {
                let rest = hay.get(place..)?;
                let (left, right) = (place.min(4), rest.len().min(8));
                bytes[4 - left..4].copy_from_slice(&hay[place - left..place]);
                bytes[4..4 + right].copy_from_slice(&rest[..right]);
            }
        }
        let [before, gram, after] = [0, 4, 8].map(|at| {
            let four = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            fold(u32::from_le_bytes(four))
        });
        Some(Spot {
            before,
            gram,
            after,
        })
    }
}

impl Sieve {
    /// Builds the tables for `words`, of at least three bytes each and at most [`MOST_WORDS`] in number. Of so many
    /// bitmaps as `tries` says, the one that frequent text passes least.
    pub fn build(words: Lexicon, tries: usize) -> Sieve {
        assert!(
            words.len() <= MOST_WORDS,
            "because whoever adds rules counts their keywords"
        );
        let frequencies = Frequencies::read();
        let (mut wide, mut short, mut grams) = (Vec::new(), Vec::new(), Vec::new());
        for (word, offsets) in grams::choose(&words, &frequencies, DEEPEST)
            .iter()
            .enumerate()
        {
            wide.extend(offsets.iter().map(|&at| Entry::new(&words, word, (at, 4))));
        }
        for (index, word) in words
            .iter()
            .enumerate()
            .filter(|(_, word)| word.text.len() < 5)
        {
            let three = first_three(grams::at(word.text, 0));
            for other in 0..=u32::from(u8::MAX) {
                grams.push(fold(three << 8 | other));
                if word.text.len() == 3 {
                    grams.push(fold(three | other << 24));
                }
            }
            if word.text.len() == 4 {
                wide.push(Entry::new(&words, index, (0, 4)));
            }
            short.push(Entry::new(&words, index, (0, 3)));
        }
        grams.extend(wide.iter().map(|entry| entry.gram));
        let (factor, map) = bitmap(&grams, tries);
        Sieve {
            longest: words
                .iter()
                .map(|word| word.stem().len())
                .max()
                .unwrap_or(0),
            words,
            map: Cow::Owned(map),
            factor,
            signs: Cow::Owned(signs(&wide)),
            threes: Cow::Owned(threes(&short)),
            wide: Buckets::build(wide),
            short: Buckets::build(short),
        }
    }

    /// Calls `hit` for each place of a keyword's stem that begins within `range` and ends within `hay`, each once, in no
    /// set order. Returns how many positions the first stage let through.
    pub fn find(&self, hay: &[u8], range: Range<usize>, mut hit: impl FnMut(WordHit)) -> u64 {
        let map: &[u32; MAP_SIZE] = self.map[..]
            .try_into()
            .expect("because it is built with this size");
        let mut passed = 0;
        let mut at = range.start;
        let end = (range.end + DEEPEST).min(hay.len());
        while at < end {
            let rest = &hay[at..];
            let (mut mask, step) = match rest.first_chunk() {
                Some(view) if end - at > STEP => (self.sift_twice(map, view), 2 * STEP),
                _ => (self.sift_once(map, rest), STEP),
            };
            while mask != 0 {
                passed += 1;
                let slot = mask.trailing_zeros() as usize;
                mask &= mask - 1;
                self.look(hay, &range, at + 2 * slot, &mut hit);
            }
            at += step;
        }
        passed
    }

    /// The first stage over one view, filled up with zeros where the text ends.
    #[inline(always)]
    fn sift_once(&self, map: &[u32; MAP_SIZE], rest: &[u8]) -> u32 {
        match rest.first_chunk() {
            Some(view) => sift(map, self.factor, view),
            None => {
                let mut padded = [0; VIEW];
                padded[..rest.len()].copy_from_slice(rest);
                sift(map, self.factor, &padded)
            }
        }
    }

    /// The first stage over two views, one behind the other: what passes is looked at in fewer turns.
    #[inline(always)]
    fn sift_twice(&self, map: &[u32; MAP_SIZE], view: &[u8; STEP + VIEW]) -> u32 {
        let (first, second) = (view.first_chunk(), view.last_chunk());
        let halves = first.zip(second).expect("because they are shorter");
        sift(map, self.factor, halves.0) | sift(map, self.factor, halves.1) << (STEP / 2)
    }

    /// What comes after the first stage, at one place.
    #[inline]
    fn look(&self, hay: &[u8], range: &Range<usize>, place: usize, hit: &mut impl FnMut(WordHit)) {
        // The last view is filled up with zeros, and those may look like a gram.
        let Some(spot) = Spot::at(hay, place) else {
            return;
        };
        let (slot, ahead, behind) = sign(spot.gram, spot.before, spot.after);
        let sign = self.signs[slot];
        if (sign >> ahead & sign >> behind) & 1 != 0 {
            for entry in self.wide.of(spot.gram) {
                if entry.fits(&spot) {
                    self.compare(hay, range, place, entry, hit);
                }
            }
        }
        let first = first_three(spot.gram);
        let (slot, _) = three(first, 0);
        if self.threes[slot] & COMPLETE != 0 {
            // One of four bytes has just been found by all of them.
            let three = self.short.of(first).filter(|entry| entry.follow == 0);
            three.for_each(|entry| self.compare(hay, range, place, entry, hit));
        }
        let second = spot.gram >> 8;
        let (slot, behind) = three(second, spot.after);
        if self.threes[slot] >> behind & 1 != 0 {
            let fits = self.short.of(second).filter(|entry| entry.fits(&spot));
            fits.for_each(|entry| self.compare(hay, range, place + 1, entry, hit));
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
        let word = self.words.word(entry.word as usize);
        let Some(start) = place.checked_sub(entry.offset as usize) else {
            return;
        };
        if word.begins(hay, start) && range.contains(&start) {
            hit(WordHit {
                start,
                word: entry.word,
            });
        }
    }
}

/// The first stage over one view: bit `n` says that a keyword's gram may stand at `2 * n`.
#[inline(always)]
fn sift(map: &[u32; MAP_SIZE], factor: u32, view: &[u8; VIEW]) -> u32 {
    let one = |n: usize| {
        let p = 2 * n;
        let gram = [view[p], view[p + 1], view[p + 2], view[p + 3]];
        let (word, bit) = place(fold(u32::from_le_bytes(gram)), factor);
        map[word] >> bit & 1
    };
    // Written out, because a loop would be kept as one.
    let two = |n: usize| one(n) | one(n + 1) << 1;
    let four = |n: usize| two(n) | two(n + 2) << 2;
    let eight = |n: usize| four(n) | four(n + 4) << 4;
    const { assert!(STEP / 2 == 16) };
    eight(0) | eight(8) << 8
}

impl Entry {
    /// A gram of `length` bytes at an offset of a keyword.
    fn new(words: &Lexicon, word: usize, (offset, length): (usize, usize)) -> Entry {
        let text = words.word(word).stem();
        let (left, rest) = (offset.min(4), &text[offset + length..]);
        let mut before = [0; 4];
        before[4 - left..].copy_from_slice(&text[offset - left..offset]);
        Entry {
            gram: match length {
                3 => first_three(grams::at(text, offset)),
                _ => grams::at(text, offset),
            },
            word: word as u16,
            offset: offset as u8,
            follow: rest.len().min(4) as u8,
            before: fold(u32::from_le_bytes(before)),
            after: grams::at(rest, 0),
        }
    }

    /// Whether the keyword may stand where its gram does, by what stands around that.
    #[inline]
    fn fits(&self, spot: &Spot) -> bool {
        let before = u64::from(self.before ^ spot.before) >> (32 - 8 * self.offset.min(4));
        let after = u64::from(self.after ^ spot.after) << (32 - 8 * self.follow);
        (before | after as u32 as u64) == 0
    }
}

/// The second stage's table for grams of four bytes.
fn signs(wide: &[Entry]) -> Vec<u32> {
    let mut signs = vec![0; SIGN_COUNT];
    for entry in wide {
        let (slot, ahead, behind) = sign(entry.gram, entry.before, entry.after);
        // Anything may stand where the keyword ends.
        signs[slot] |= match entry.offset {
            0 => 0x0000_FFFF,
            _ => 1 << ahead,
        };
        signs[slot] |= match entry.follow {
            0 => 0xFFFF_0000,
            _ => 1 << behind,
        };
    }
    signs
}

/// The second stage's table for grams of three bytes.
fn threes(short: &[Entry]) -> Vec<u32> {
    let mut threes = vec![0; THREE_COUNT];
    for entry in short {
        let (slot, behind) = three(entry.gram, entry.after);
        threes[slot] |= match entry.follow {
            0 => COMPLETE | 0xFFFF,
            _ => 1 << behind,
        };
    }
    threes
}

/// The bitmap of `grams` that frequent text passes least, of so many as `tries` says, and its factor.
fn bitmap(grams: &[u32], tries: usize) -> (u32, Vec<u32>) {
    let filled = |factor: u32| {
        let mut map = vec![0u32; MAP_SIZE];
        for &gram in grams {
            let (word, bit) = place(gram, factor);
            map[word] |= 1 << bit;
        }
        map
    };
    let frequent: Vec<(u32, u64)> = match tries {
        0 | 1 => Vec::new(),
        _ => Frequencies::all().collect(),
    };
    let factors =
        (0..tries.max(1) as u32).map(|n| FACTOR.wrapping_add(n.wrapping_mul(FACTOR_STEP)));
    let cost = |factor: u32| {
        let map = filled(factor);
        let passes = frequent.iter().filter(|(gram, _)| {
            let (word, bit) = place(*gram, factor);
            map[word] >> bit & 1 != 0
        });
        passes.map(|(_, weight)| weight).sum::<u64>()
    };
    let best = factors.min_by_key(|&factor| if tries > 1 { cost(factor) } else { 0 });
    let factor = best.unwrap_or(FACTOR);
    (factor, filled(factor))
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

    fn mix(gram: u32) -> usize {
        (gram.wrapping_mul(MIX) >> 12) as usize
    }

    #[inline]
    fn of(&self, gram: u32) -> impl Iterator<Item = &Entry> {
        let bucket = Buckets::mix(gram) & (self.starts.len() - 2);
        let entries = &self.entries[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        entries.iter().filter(move |entry| entry.gram == gram)
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexicon::Word;
    use super::*;
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    fn all(sieve: &Sieve, hay: &[u8], range: Range<usize>) -> Vec<(usize, u16)> {
        let mut hits = Vec::new();
        sieve.find(hay, range, |hit| hits.push((hit.start, hit.word)));
        hits.sort_unstable();
        hits
    }

    fn word(text: &str, fold: bool) -> Word<'_> {
        let text = text.as_bytes();
        Word { text, fold }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        /// The same hits as the reference implementation, wherever the range is cut.
        #[test]
        fn agrees_with_aho_corasick(
            words in proptest::collection::btree_set("[abA_ -]{3,20}", 1..12),
            hay in "[abAB_ -]{0,120}",
            (place, cut) in (0usize..120, 0usize..120),
            ignore_case: bool,
        ) {
            let texts: Vec<String> = words
                .iter()
                .map(|w| if ignore_case { w.to_lowercase() } else { w.clone() })
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect();
            // A long word does not come about by itself.
            let hay = [&hay[..place.min(hay.len())], &texts[place % texts.len()], &hay[place.min(hay.len())..]].concat();
            let hay = hay.as_bytes();
            let sieve = Sieve::build(texts.iter().map(|w| word(w, ignore_case)).collect(), 1);
            let reference = |words: Vec<&[u8]>| {
                let found = AhoCorasick::builder().ascii_case_insensitive(ignore_case).build(&words).unwrap();
                let found = found.find_overlapping_iter(hay);
                let mut found: Vec<(usize, u16)> = found.map(|m| (m.start(), m.pattern().as_u32() as u16)).collect();
                found.sort_unstable();
                found
            };
            let want = reference(sieve.words.iter().map(|word| word.stem()).collect());
            let found = all(&sieve, hay, 0..hay.len());
            prop_assert_eq!(&found, &want);
            let cut = cut.min(hay.len());
            let mut parts = all(&sieve, hay, 0..cut);
            parts.extend(all(&sieve, hay, cut..hay.len()));
            prop_assert_eq!(parts, want);
            let is_whole = |(start, word): &(usize, u16)| sieve.words.word(*word as usize).is_whole(hay, *start);
            let whole: Vec<(usize, u16)> = found.into_iter().filter(is_whole).collect();
            prop_assert_eq!(whole, reference(sieve.words.iter().map(|word| word.text).collect()));
        }
    }

    /// The last view is filled up with zeros, which fold to blanks.
    #[test]
    fn what_lies_behind_the_end_is_no_gram() {
        let sieve = Sieve::build([word("    k", false)].into_iter().collect(), 1);
        for length in 0..100 {
            assert_eq!(all(&sieve, &vec![b'y'; length], 0..length), []);
        }
    }
}
