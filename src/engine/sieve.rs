//! The prefilter: every occurrence of every keyword, overlapping ones included.
//!
//! Three stages, each cheaper than the next. A bitmap of hashed grams is looked up at every second byte: grams of four
//! bytes for keywords of five and more, entered at one even and one odd offset so that one of them meets the stride,
//! and grams of three bytes at both phases for the short ones. What passes is looked up in a hash table of exact
//! grams, and what passes that is compared with the keywords. The tables of the embedded rules are laid down by the
//! build script; the tests hold them against the `aho-corasick` crate.

use std::borrow::Cow;
use std::ops::Range;

const WIDE_BITS: u32 = 17;
const SHORT_BITS: u32 = 15;
/// Words in the bitmap of four-byte grams.
pub const WIDE_WORDS: usize = 1 << (WIDE_BITS - 6);
/// Words in the bitmap of three-byte grams.
pub const SHORT_WORDS: usize = 1 << (SHORT_BITS - 6);
/// Bytes that one turn of the first stage moves on by.
const STEP: usize = 16;
/// Bytes that one turn looks at.
const VIEW: usize = STEP + 2;

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
    /// Bitmap of hashed four-byte grams.
    pub wide: Cow<'static, [u64; WIDE_WORDS]>,
    /// Bitmap of hashed three-byte grams.
    pub short: Cow<'static, [u64; SHORT_WORDS]>,
    /// Four-byte grams.
    pub wide_buckets: Buckets,
    /// Three-byte grams.
    pub short_buckets: Buckets,
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

const fn wide_hash(gram: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> (32 - WIDE_BITS)) as usize
}

const fn short_hash(gram: u32) -> usize {
    (gram.wrapping_mul(0x85EB_CA6B) >> (32 - SHORT_BITS)) as usize
}

const fn short_gram(gram: u32) -> u32 {
    gram & 0x00FF_FFFF
}

fn bit(map: &[u64], hash: usize) -> u32 {
    // The mask tells the compiler what the hash's width already guarantees, and spares the bounds check.
    (map[(hash >> 6) & (map.len() - 1)] >> (hash & 63) & 1) as u32
}

impl Sieve {
    /// Builds the tables for `words`, of at least three bytes each and fewer than 65,536 in number.
    pub fn build(words: Vec<Word>) -> Sieve {
        let mut wide = Box::new([0; WIDE_WORDS]);
        let mut short = Box::new([0; SHORT_WORDS]);
        let (mut wide_entries, mut short_entries) = (Vec::new(), Vec::new());
        for (index, word) in words.iter().enumerate() {
            let text = &word.text[..];
            let width = if text.len() >= 5 { 4 } else { 3 };
            let rarest = |offsets: &mut dyn Iterator<Item = usize>| {
                offsets
                    .min_by_key(|&at| commonness(&text[at..at + width]))
                    .unwrap_or(0)
            };
            let last = text.len() - width;
            let entry = |at: usize| Entry {
                gram: gram_at(text, at, width),
                word: index as u16,
                offset: at as u8,
            };
            if width == 4 {
                wide_entries.push(entry(rarest(&mut (0..=last).step_by(2))));
                wide_entries.push(entry(rarest(&mut (1..=last).step_by(2))));
            } else {
                short_entries.push(entry(rarest(&mut (0..=last))));
            }
        }
        for entry in &wide_entries {
            let hash = wide_hash(entry.gram);
            wide[hash >> 6] |= 1 << (hash & 63);
        }
        for entry in &short_entries {
            let hash = short_hash(entry.gram);
            short[hash >> 6] |= 1 << (hash & 63);
        }
        Sieve {
            words: Cow::Owned(words),
            wide: Cow::Owned(*wide),
            short: Cow::Owned(*short),
            wide_buckets: Buckets::build(wide_entries),
            short_buckets: Buckets::build(short_entries),
        }
    }

    /// Calls `hit` for each occurrence of a keyword that begins within `range` and ends within `hay`, each once, in no
    /// set order. Returns how many positions the first stage let through.
    pub fn find(&self, hay: &[u8], range: Range<usize>, mut hit: impl FnMut(WordHit)) -> u64 {
        let mut passed = 0;
        let mut at = range.start;
        // A gram lies at most this far behind its keyword's start.
        let end = (range.end + 64).min(hay.len());
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
            let mut mask = self.sift(view);
            passed += u64::from(mask.count_ones());
            while mask != 0 {
                let slot = mask.trailing_zeros() as usize;
                mask &= mask - 1;
                self.look(hay, &range, at, slot, &mut hit);
            }
            at += STEP;
        }
        passed
    }

    /// The first stage over one view: bit `3 * n` says that the four bytes at `2 * n` may be a gram of a keyword, the
    /// next two bits say so of the three bytes there and of the three bytes one further on.
    #[inline(always)]
    fn sift(&self, view: &[u8; VIEW]) -> u32 {
        let mut mask = 0;
        for n in 0..STEP / 2 {
            let p = 2 * n;
            let bytes = [view[p], view[p + 1], view[p + 2], view[p + 3]];
            let gram = fold(u32::from_le_bytes(bytes));
            let found = bit(&self.wide[..], wide_hash(gram))
                | bit(&self.short[..], short_hash(short_gram(gram))) << 1
                | bit(&self.short[..], short_hash(gram >> 8)) << 2;
            mask |= found << (3 * n);
        }
        mask
    }

    fn look(
        &self,
        hay: &[u8],
        range: &Range<usize>,
        at: usize,
        slot: usize,
        hit: &mut impl FnMut(WordHit),
    ) {
        let (place, kind) = (at + 2 * (slot / 3), slot % 3);
        let (place, width) = match kind {
            0 => (place, 4),
            1 => (place, 3),
            _ => (place + 1, 3),
        };
        let Some(bytes) = hay.get(place..place + width) else {
            return;
        };
        let gram = gram_at(bytes, 0, width);
        let entries = match width {
            4 => self.wide_buckets.of(gram),
            _ => self.short_buckets.of(gram),
        };
        for entry in entries.iter().filter(|entry| entry.gram == gram) {
            let word = &self.words[entry.word as usize];
            let Some(start) = place.checked_sub(entry.offset as usize) else {
                continue;
            };
            let Some(found) = hay.get(start..start + word.text.len()) else {
                continue;
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

    fn of(&self, gram: u32) -> &[Entry] {
        let bucket = Buckets::mix(gram) & (self.starts.len() - 2);
        &self.entries[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
    }
}

fn gram_at(text: &[u8], at: usize, width: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes[..width].copy_from_slice(&text[at..at + width]);
    let gram = fold(u32::from_le_bytes(bytes));
    if width == 3 { short_gram(gram) } else { gram }
}

/// How often a gram is to be expected in source text, roughly: the sum of its bytes' ranks.
fn commonness(gram: &[u8]) -> u32 {
    gram.iter()
        .map(|b| match b.to_ascii_lowercase() {
            b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b' ' => 8,
            b'l' | b'd' | b'c' | b'u' | b'm' | b'p' | b'f' => 6,
            b'g' | b'h' | b'y' | b'b' | b'w' | b'v' | b'_' | b'.' | b'-' | b'=' | b'"' => 4,
            b'k' | b'x' | b'0'..=b'9' => 3,
            _ => 2,
        })
        .sum()
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
            words in proptest::collection::btree_set("[abA_-]{3,12}", 1..12),
            hay in "[abAB_-]{0,120}",
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
}
