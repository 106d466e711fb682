//! What could not be looked at, as the report says it.

use std::collections::HashSet;

use gix::hash::ObjectId;

use crate::model::{Origin, Skip, SkipKind};
use crate::source::git::Lost;
use crate::source::git::Unreadable;

/// An object that could not be had.
pub fn skip(lost: &Lost) -> Skip {
    let kind = match lost.too_large {
        true => SkipKind::TooLarge,
        false => SkipKind::CorruptObject,
    };
    Skip {
        origin: Origin::File(format!("object {}", lost.id)),
        kind,
        detail: lost.detail.clone(),
    }
}

/// A part of the object store that cannot be read.
pub fn unreadable(unreadable: Unreadable) -> Skip {
    Skip {
        origin: Origin::File(crate::source::shown(&unreadable.path)),
        kind: SkipKind::UnreadablePack,
        detail: unreadable.detail,
    }
}

/// Objects that others refer to and that are not here.
pub fn missing(repository: &str, missing: &HashSet<ObjectId>, partial: bool) -> Vec<Skip> {
    if missing.is_empty() {
        return Vec::new();
    }
    if partial {
        let count = missing.len();
        let objects = if count == 1 { "object is" } else { "objects are" };
        return vec![Skip {
            origin: Origin::File(repository.to_owned()),
            kind: SkipKind::PartialClone,
            detail: format!("a partial clone: {count} {objects} not here and not scanned"),
        }];
    }
    let of = |id: &ObjectId| Skip {
        origin: Origin::File(format!("object {id}")),
        kind: SkipKind::MissingObject,
        detail: "others refer to it, and it is not here".to_owned(),
    };
    missing.iter().map(of).collect()
}
