use std::ops::Range;

/// How new bytes come from a base: edits follow one another and cover the new bytes wholly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// These bytes of the base.
    Copy(Range<usize>),
    /// So many bytes that are not of the base.
    Insert(usize),
}

impl Edit {
    /// How many bytes it makes.
    pub fn length(&self) -> usize {
        match self {
            Edit::Copy(from) => from.len(),
            Edit::Insert(length) => *length,
        }
    }

    /// The copied stretches: where each stands in the new bytes, and where it begins in the base.
    pub fn copies(edits: &[Edit]) -> impl Iterator<Item = (Range<usize>, usize)> {
        Edit::placed(edits).filter_map(|(to, edit)| match edit {
            Edit::Copy(from) => Some((to, from.start)),
            Edit::Insert(_) => None,
        })
    }

    /// The inserted stretches of the new bytes.
    pub fn inserted(edits: &[Edit]) -> impl Iterator<Item = Range<usize>> {
        Edit::placed(edits).filter_map(|(to, edit)| match edit {
            Edit::Copy(_) => None,
            Edit::Insert(_) => Some(to),
        })
    }

    /// The edits, each behind where in the new bytes stands what it makes.
    pub fn placed(edits: &[Edit]) -> impl Iterator<Item = (Range<usize>, &Edit)> {
        let mut at = 0;
        edits.iter().map(move |edit| {
            let start = at;
            at += edit.length();
            (start..at, edit)
        })
    }
}
