//! What is kept of a version for the next.

use std::ops::Range;
use std::sync::Arc;

use super::edits::Copied;
use crate::engine::candidate::Candidate;
use crate::engine::sieve::WordHit;

/// Keyword hits by position. A long history copies them from version to version: so they are small, and lie apart.
#[derive(Debug, Clone, Default)]
pub struct Hits {
    starts: Vec<u32>,
    words: Vec<u16>,
}

impl Hits {
    /// None, with room for `count`.
    pub fn with_capacity(count: usize) -> Hits {
        Hits {
            starts: Vec::with_capacity(count),
            words: Vec::with_capacity(count),
        }
    }

    /// Adds one behind all others.
    pub fn push(&mut self, hit: &WordHit) {
        self.starts.push(hit.start as u32);
        self.words.push(hit.word);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// How many begin before `offset`: looked for from the number `near` on, because whoever asks goes through a text,
    /// and what comes next lies close by.
    pub fn before(&self, offset: usize, near: usize) -> usize {
        let begins = |&start: &u32| (start as usize) < offset;
        let (below, above) = self.starts.split_at(near.min(self.starts.len()));
        let mut step = 1;
        if above.first().is_some_and(begins) {
            while above.get(step).is_some_and(begins) {
                step *= 2;
            }
            let rest = &above[step / 2..above.len().min(step)];
            return below.len() + step / 2 + rest.partition_point(begins);
        }
        while step <= below.len() && !begins(&below[below.len() - step]) {
            step *= 2;
        }
        let first = below.len().saturating_sub(step);
        let rest = &below[first..below.len() - step / 2];
        first + rest.partition_point(begins)
    }

    /// Those of some numbers, as if they began at other offsets.
    pub fn shifted(&self, range: Range<usize>, copy: &Copied) -> impl Iterator<Item = WordHit> {
        let starts = self.starts[range.clone()].iter();
        starts
            .zip(&self.words[range])
            .map(|(&start, &word)| WordHit {
                start: copy.moved(start as usize),
                word,
            })
    }

    /// Adds those of `base` of some numbers, with other offsets.
    pub fn extend(&mut self, base: &Hits, range: Range<usize>, copy: &Copied) {
        let starts = base.starts[range.clone()].iter();
        self.starts
            .extend(starts.map(|&start| copy.moved(start as usize) as u32));
        self.words.extend_from_slice(&base.words[range]);
    }
}

/// A candidate where it stands in one version. What it is, all versions share that copied it.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Offset of the keyword that led to it.
    pub hit: u64,
    /// The whole match.
    pub span: Range<u64>,
    secret: Range<u64>,
    /// As it was found, wherever that was.
    pub found: Arc<Candidate>,
}

impl Placed {
    /// One that was found here.
    pub fn new(candidate: Candidate) -> Placed {
        Placed {
            hit: candidate.hit,
            span: candidate.span.clone(),
            secret: candidate.secret.clone(),
            found: Arc::new(candidate),
        }
    }

    /// As it stands where it was copied to.
    pub fn moved(&self, copy: &Copied) -> Placed {
        let shift = |offset: u64| copy.moved(offset as usize) as u64;
        Placed {
            hit: shift(self.hit),
            span: shift(self.span.start)..shift(self.span.end),
            secret: shift(self.secret.start)..shift(self.secret.end),
            found: Arc::clone(&self.found),
        }
    }

    /// The candidate with the offsets of this version.
    pub fn candidate(&self) -> Candidate {
        Candidate {
            hit: self.hit,
            span: self.span.clone(),
            secret: self.secret.clone(),
            ..(*self.found).clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_anywhere() {
        let starts = [3, 3, 4, 9, 20, 21, 22, 23, 24, 30, 31, 31, 31, 40];
        let mut hits = Hits::with_capacity(starts.len());
        starts
            .iter()
            .for_each(|&start| hits.push(&WordHit { start, word: 0 }));
        for offset in 0..45 {
            let want = starts.iter().filter(|&&start| start < offset).count();
            for near in 0..20 {
                assert_eq!(hits.before(offset, near), want, "{offset} from {near}");
            }
            assert_eq!(Hits::default().before(offset, 3), 0);
        }
    }
}
