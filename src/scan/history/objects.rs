//! Objects that are named in a report without a place in a commit.

use gix::hash::ObjectId;
use gix::objs::Kind;

use crate::model::{GitKind, Origin, Skip, SkipKind};
use crate::source::git::Object;

/// What the model calls an object's kind.
pub fn kind(kind: Kind) -> GitKind {
    match kind {
        Kind::Blob => GitKind::Blob,
        Kind::Tree => GitKind::Tree,
        Kind::Commit => GitKind::Commit,
        Kind::Tag => GitKind::Tag,
    }
}

/// What an object is called that has no path: `blob 1a2b3c4d5e6f`.
pub fn title(of: Kind, id: &ObjectId) -> String {
    format!("{} {}", kind(of).name(), id.to_hex_with_len(12))
}

/// An object that something is wrong with: `blob 1a2b…`, with all of its id.
pub fn object_origin(of: Kind, id: &ObjectId) -> Origin {
    Origin::File(format!("{} {id}", kind(of).name()))
}

/// What is said of an object that the engine stumbled over.
pub fn panicked(object: &Object<'_>) -> Skip {
    Skip {
        origin: object_origin(object.kind, &object.id),
        kind: SkipKind::Panicked,
        detail: "keysieve failed on this object; please report it".to_owned(),
    }
}
