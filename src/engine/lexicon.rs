//! The keywords, one behind the other. They are many, and a start must not cost what a pointer to each would: every one
//! would have to be put right by the loader, in pages of its own.

use std::borrow::Cow;

/// How many bytes of a keyword are looked for.
pub const STEM: usize = 16;

/// Keywords by number.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    /// The text of all of them.
    pub text: Cow<'static, [u8]>,
    /// Where each begins in it, doubled, and one more where ASCII case is ignored; at last, where the last one ends.
    pub bounds: Cow<'static, [u32]>,
}

/// A keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'l> {
    /// Its bytes; lower case if `fold`.
    pub text: &'l [u8],
    /// Whether ASCII case is ignored.
    pub fold: bool,
}

impl<'w> FromIterator<Word<'w>> for Lexicon {
    fn from_iter<W: IntoIterator<Item = Word<'w>>>(words: W) -> Lexicon {
        let (mut text, mut bounds) = (Vec::new(), Vec::new());
        for word in words {
            bounds.push((text.len() as u32) << 1 | u32::from(word.fold));
            text.extend_from_slice(word.text);
        }
        bounds.push((text.len() as u32) << 1);
        Lexicon {
            text: Cow::Owned(text),
            bounds: Cow::Owned(bounds),
        }
    }
}

impl Lexicon {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    /// The keyword of a number.
    #[inline]
    pub fn word(&self, number: usize) -> Word<'_> {
        let (start, end) = (self.bounds[number], self.bounds[number + 1]);
        Word {
            text: &self.text[(start >> 1) as usize..(end >> 1) as usize],
            fold: start & 1 != 0,
        }
    }

    /// Those from number `first` on.
    pub fn from(&self, first: usize) -> impl Iterator<Item = Word<'_>> {
        (first..self.len()).map(|number| self.word(number))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Word<'_>> {
        self.from(0)
    }

    /// The first number from `first` on, behind which all are greater than `text` if those are sorted.
    #[allow(dead_code, reason = "the build script has no use for it")]
    pub fn behind(&self, first: usize, text: &[u8]) -> usize {
        let (mut low, mut high) = (first, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.word(middle).text <= text {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }
}

impl<'l> Word<'l> {
    /// What is looked for of it.
    #[inline]
    pub fn stem(&self) -> &'l [u8] {
        &self.text[..self.text.len().min(STEM)]
    }

    /// Whether all of it stands in `hay` where its stem does.
    #[inline]
    #[allow(dead_code, reason = "the build script has no use for it")]
    pub fn is_whole(&self, hay: &[u8], start: usize) -> bool {
        self.text.len() <= STEM || self.is(hay, start)
    }

    /// Whether it stands in `hay` at a place.
    #[inline]
    fn is(&self, hay: &[u8], start: usize) -> bool {
        match hay.get(start..start + self.text.len()) {
            Some(found) if self.fold => found.eq_ignore_ascii_case(self.text),
            Some(found) => found == self.text,
            None => false,
        }
    }

    /// Whether its stem stands in `hay` at a place.
    #[inline]
    pub fn begins(&self, hay: &[u8], start: usize) -> bool {
        let stem = Word {
            text: self.stem(),
            fold: self.fold,
        };
        stem.is(hay, start)
    }
}
