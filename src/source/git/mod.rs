//! Git repositories: their objects, and a walk over all of them that uses how packs are made.
//!
//! Repositories, references and indices are read through `gix`; the walk over packs is our own, because scanning what a
//! delta changed is what it is for.

mod edits;
mod forest;
mod pack;
mod store;
mod walk;

pub use store::{Store, Unreadable};
pub use walk::{Lost, Object, Visit, Walk};
