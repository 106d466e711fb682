//! What could not be looked at, as the report says it.

use std::collections::HashSet;

use gix::hash::ObjectId;
use gix::objs::Kind;

use super::find::Found;
use super::objects::object_origin;
use crate::model::{Origin, Skip, SkipKind};
use crate::source::git::{Lost, Store, Unreadable};

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

/// Objects that are named by their paths, by number: those larger than the limit, and pointers to files that Git LFS
/// keeps elsewhere.
pub fn told(found: &Found, store: &Store) -> Vec<(u32, Skip)> {
    let large = found.lost.iter().filter(|lost| lost.too_large);
    let pointers = found.pointers.iter().map(|id| {
        let skip = Skip {
            origin: object_origin(Kind::Blob, id),
            kind: SkipKind::LfsPointer,
            detail: super::POINTER.to_owned(),
        };
        (*id, skip)
    });
    let all = large.map(|lost| (lost.id, skip(lost))).chain(pointers);
    all.filter_map(|(id, skip)| Some((store.number(&id)?, skip)))
        .collect()
}

/// What is told of an object, at its first place.
pub fn placed(skip: Skip, places: Option<&Vec<Origin>>) -> Skip {
    let place = places.and_then(|places| places.first());
    match place.and_then(|place| place.git()) {
        Some(place) if place.is_file => Skip {
            origin: Origin::File(place.path.clone()),
            ..skip
        },
        _ => skip,
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
        let objects = if count == 1 {
            "object is"
        } else {
            "objects are"
        };
        return vec![Skip {
            origin: Origin::File(repository.to_owned()),
            kind: SkipKind::PartialClone,
            detail: format!(
                "a partial clone: {count} {objects} not here and not scanned; \
                 `git fetch --refetch --no-filter` brings them"
            ),
        }];
    }
    let of = |id: &ObjectId| Skip {
        origin: Origin::File(format!("object {id}")),
        kind: SkipKind::MissingObject,
        detail: "others refer to it, and it is not here".to_owned(),
    };
    missing.iter().map(of).collect()
}
