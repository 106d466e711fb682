//! Plain data that every room shares: no I/O, no threads, no global state.

mod edit;
mod finding;
mod git;
mod level;
mod mask;
mod origin;
mod secret;
mod source_error;
mod summary;

pub use edit::Edit;
pub use finding::{
    Acceptance, Dropped, Encoding, Finding, Fingerprint, Location, Part, Position, RuleInfo, Salt,
};
pub use git::{GitCommit, GitHistory, GitKind, GitPlace};
pub use level::{Confidence, Severity};
pub use mask::{MASK, mask, mask_line};
pub use origin::{Named, Origin, Skip, SkipKind};
pub use secret::{Secret, identity};
pub use source_error::SourceError;
pub use summary::{RuleStats, Stats, Summary, UnusedSuppression};

/// What a scan tells its sink, in order: first everything skipped or found, then the [`Summary`].
#[derive(Debug)]
pub enum Event {
    /// A credential, with all the places it stands in.
    Found(Finding),
    /// A candidate that is no finding, when asked to explain.
    Dropped(Dropped),
    /// Input that was not scanned, or not wholly. Nothing is skipped without one of these.
    Skipped(Skip),
}
