//! Git repositories: their objects, and a walk over all of them that uses how packs are made.
//!
//! Repositories, references and indices are read through `gix`; the walk over packs is our own, because scanning what a
//! delta changed is what it is for.

mod changes;
mod edits;
mod forest;
mod pack;
mod pushed;
mod repository;
mod staged;
mod store;
mod submodules;
mod walk;

pub use changes::{Change, Changes, Gap};
pub use forest::Forest;
pub use pushed::{Brought, Tips, Update, parse_pre_push, parse_pre_receive};
pub use repository::{Place, Reader, Reference, Repository, Sources};
pub use staged::{staged, tree_of};
pub use store::{Store, Unreadable, too_large};
pub use submodules::Submodule;
pub use walk::{Lost, Object, Visit, Walk};
