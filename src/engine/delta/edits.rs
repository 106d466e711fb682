//! What edits copied, and where they made something new.

use std::ops::Range;

use crate::model::Edit;

/// A copied stretch, in offsets of the new bytes.
pub struct Copied {
    /// Where it stands in the new bytes.
    pub to: Range<usize>,
    /// Where it begins in the base.
    pub from: usize,
}

impl Copied {
    /// Those of `edits`.
    pub fn of(edits: &[Edit]) -> impl Iterator<Item = Copied> {
        Edit::copies(edits).map(|(to, from)| Copied { to, from })
    }

    /// Where `offset` of the new bytes lies in the base.
    pub fn base(&self, offset: usize) -> usize {
        offset - self.to.start + self.from
    }

    /// Where `offset` of the base lies in the new bytes.
    pub fn moved(&self, offset: usize) -> usize {
        offset - self.from + self.to.start
    }

    /// Whether all of `range`, in offsets of the base, was copied, and `reach` bytes around it too.
    pub fn holds(&self, range: Range<usize>, reach: usize) -> bool {
        let from = self.from..self.from + self.to.len();
        range.start >= from.start + reach && range.end + reach <= from.end
    }

    /// The part, in offsets of the base, around which `margin` bytes were copied too.
    pub fn inner(&self, margin: usize) -> Option<Range<usize>> {
        let inner = self.from + margin..(self.from + self.to.len()).checked_sub(margin)?;
        (!inner.is_empty()).then_some(inner)
    }
}

/// Where hits may begin that no copied stretch brings along: in inserted bytes, and shortly before every join. In
/// ascending order, none touching the next.
pub struct Zones<'e> {
    edits: &'e [Edit],
    /// How far before a join.
    across: usize,
    at: usize,
}

impl<'e> Zones<'e> {
    /// Those of `edits`.
    pub fn new(edits: &'e [Edit], across: usize) -> Self {
        Zones {
            edits,
            across,
            at: 0,
        }
    }
}

impl Iterator for Zones<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let mut zone: Option<Range<usize>> = None;
        while let Some((edit, rest)) = self.edits.split_first() {
            let (start, end) = match edit {
                Edit::Copy(_) => (self.at.saturating_sub(self.across), self.at),
                Edit::Insert(length) => (self.at.saturating_sub(self.across), self.at + length),
            };
            match &mut zone {
                Some(zone) if start <= zone.end => zone.end = end,
                Some(_) => return zone,
                None => zone = Some(start..end),
            }
            self.at += edit.length();
            self.edits = rest;
        }
        zone
    }
}
