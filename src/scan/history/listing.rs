//! The entries of a directory. Those that a delta copied were read with its base.

use std::iter::Peekable;
use std::ops::Range;

use gix::objs::TreeRefIter;
use gix::objs::tree::EntryRef;

use crate::model::Edit;
use crate::source::git::Object;

/// Where the entries of a directory end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The directory's number in the store.
    pub number: u32,
    ends: Vec<u32>,
}

/// Entries of a directory, which follow one another.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'o> {
    /// The base's entries of these numbers.
    Old(Range<usize>),
    /// One that the base has not, or has not in the same place.
    New(EntryRef<'o>),
}

impl Listing {
    /// Reads a directory and hands out its entries. None if it does not read as one, or has bytes that 32 bits cannot
    /// count.
    pub fn read<'o>(
        object: &Object<'o>,
        from: Option<(&Listing, &[Edit])>,
        mut each: impl FnMut(Part<'o>),
    ) -> Option<Listing> {
        let bytes = object.bytes;
        u32::try_from(bytes.len()).ok()?;
        let mut ends = Vec::with_capacity(from.map_or(8, |(base, _)| base.ends.len() + 2));
        let mut copied = from.map(|(base, edits)| Copied {
            ends: &base.ends,
            copies: Edit::copies(edits).peekable(),
        });
        let mut at = 0;
        while at < bytes.len() {
            if let Some((old, base)) = copied.as_mut().and_then(|copied| copied.entries(at)) {
                // Offsets grow or shrink: modulo 2^32 both are an addition.
                let shift = (at as u32).wrapping_sub(base);
                let old_ends = &from.expect("because it was copied").0.ends[old.clone()];
                ends.extend(old_ends.iter().map(|end| end.wrapping_add(shift)));
                at = ends[ends.len() - 1] as usize;
                each(Part::Old(old));
                continue;
            }
            let entry = TreeRefIter::from_bytes(&bytes[at..], object.id.kind()).next()?;
            let entry = entry.ok()?;
            // An entry ends with its name, a NUL and its id.
            let name = entry.filename.as_ptr() as usize - bytes.as_ptr() as usize;
            at = name + entry.filename.len() + 1 + entry.oid.as_bytes().len();
            ends.push(at as u32);
            each(Part::New(entry));
        }
        Some(Listing {
            number: object.number,
            ends,
        })
    }
}

/// Asks, in ascending order, what was copied.
struct Copied<'b, C: Iterator> {
    ends: &'b [u32],
    copies: Peekable<C>,
}

impl<C: Iterator<Item = (Range<usize>, usize)>> Copied<'_, C> {
    /// The entries of the base that were copied whole to `at` and behind it, and where the first begins in the base.
    fn entries(&mut self, at: usize) -> Option<(Range<usize>, u32)> {
        while self.copies.next_if(|(to, _)| to.end <= at).is_some() {}
        let (to, from) = self.copies.peek().filter(|(to, _)| to.start <= at)?;
        let base = (at - to.start + from) as u32;
        let first = match base {
            0 => 0,
            base => self.ends.binary_search(&base).ok()? + 1,
        };
        let end = from + to.len();
        let count = self.ends[first..].partition_point(|&entry| entry as usize <= end);
        (count > 0).then_some((first..first + count, base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gix::hash::{Kind as Hash, ObjectId};
    use gix::objs::Kind;
    use proptest::prelude::*;

    fn object(bytes: &[u8]) -> Object<'_> {
        Object {
            number: 1,
            id: ObjectId::null(Hash::Sha1),
            kind: Kind::Tree,
            bytes,
            is_last: false,
        }
    }

    /// A directory of files with one-letter names and ids of that letter.
    fn directory(names: &[u8]) -> Vec<u8> {
        let entry = |&name: &u8| [b"100644 ", &[name, 0][..], &[name; 20]].concat();
        names.iter().flat_map(entry).collect()
    }

    fn whole(bytes: &[u8]) -> (Option<Listing>, Vec<u8>) {
        let mut names = Vec::new();
        let listing = Listing::read(&object(bytes), None, |part| match part {
            Part::New(entry) => names.push(entry.filename[0]),
            Part::Old(_) => panic!("there is no base"),
        });
        (listing, names)
    }

    proptest! {
        /// Whatever was copied from wherever, the entries are those of the bytes.
        #[test]
        fn reads_the_same_after_edits(
            base in proptest::collection::vec(b'a'..=b'z', 0..8),
            cuts in proptest::collection::vec((any::<bool>(), 0usize..240, 1usize..90), 0..6),
            cleanly: bool,
        ) {
            let base = directory(&base);
            let (mut edits, mut bytes) = (Vec::new(), Vec::new());
            for (copy, from, length) in cuts {
                // An entry has 29 bytes.
                let (from, length) = match cleanly {
                    true => (from / 29 * 29, length.div_ceil(29) * 29),
                    false => (from, length),
                };
                let range = from.min(base.len())..(from + length).min(base.len());
                if copy && !range.is_empty() {
                    bytes.extend_from_slice(&base[range.clone()]);
                    edits.push(Edit::Copy(range));
                } else {
                    let new = directory(&b"ABCD"[..length.div_ceil(29)]);
                    let length = if cleanly { new.len() } else { length.min(new.len()) };
                    bytes.extend_from_slice(&new[..length]);
                    edits.push(Edit::Insert(length));
                }
            }
            let (listing, names) = whole(&base);
            let listing = listing.expect("the base is a directory");
            let mut got = Vec::new();
            let read = Listing::read(&object(&bytes), Some((&listing, &edits)), |part| match part {
                Part::New(entry) => got.push(entry.filename[0]),
                Part::Old(old) => got.extend_from_slice(&names[old]),
            });
            prop_assert_eq!((read, got), whole(&bytes));
        }
    }

    #[test]
    fn takes_over_what_was_copied() {
        let base = directory(b"abcd");
        let (listing, _) = whole(&base);
        let edits = [Edit::Copy(0..60), Edit::Insert(27), Edit::Copy(87..116)];
        let bytes = [&base[..60], &directory(b"X")[2..], &base[87..]].concat();
        let mut parts = Vec::new();
        let read = Listing::read(&object(&bytes), Some((&listing.unwrap(), &edits)), |part| {
            parts.push(match part {
                Part::Old(old) => (old, None),
                Part::New(entry) => (0..0, Some(entry.filename[0])),
            });
        });
        assert!(read.is_some());
        assert_eq!(parts, [(0..2, None), (0..0, Some(b'X')), (3..4, None)]);
    }
}
