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

/// Where hits may begin that no copied stretch brings along: in inserted bytes, and up to `across` bytes before every join.
/// In ascending order, none touching the next.
pub fn zones(edits: &[Edit], across: usize) -> impl Iterator<Item = Range<usize>> {
    let mut zones = Edit::placed(edits)
        .map(move |(to, edit)| {
            let start = to.start.saturating_sub(across);
            match edit {
                Edit::Copy(_) => start..to.start,
                Edit::Insert(_) => start..to.end,
            }
        })
        .peekable();
    std::iter::from_fn(move || {
        let mut zone = zones.next()?;
        while let Some(next) = zones.next_if(|next| next.start <= zone.end) {
            zone.end = next.end;
        }
        Some(zone)
    })
}
