use std::ops::Range;

/// How new bytes come from a base: edits follow one another and cover the new bytes wholly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// These bytes of the base.
    Copy(Range<usize>),
    /// So many bytes that are not of the base.
    Insert(usize),
}
