//! Where bytes come from: files found by a walk, and what is read from them. Sources know the model and nothing else;
//! `scan` drives them.

mod exclude;
mod file;
pub mod git;
mod stdin;
mod walk;

pub use exclude::{Exclude, Pattern};
pub use file::{Source, reason, shown};
pub use stdin::chunks;
pub use walk::{Entry, Excluded, PARTIAL_PREFIX, PARTIAL_SUFFIX, Visit, Walk};
