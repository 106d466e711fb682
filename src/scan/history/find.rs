//! First, which objects hold a finding: every object once, of a packed one only what its delta changed.

use std::collections::HashSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use gix::bstr::ByteSlice;
use gix::hash::ObjectId;
use gix::objs::{CommitRefIter, Kind, TagRefIter, TreeRefIter};

use super::objects::{object_origin, panicked};
use crate::engine::{Scanned, Scratch};
use crate::model::{Edit, Skip, SkipKind};
use crate::scan::Scan;
use crate::scan::collect::Collector;
use crate::source::git::{Lost, Object, Store, Visit};

/// The most bytes of a pointer of Git LFS. Its specification sets the bound.
const POINTER: usize = 1024;
/// How a pointer of Git LFS begins.
const POINTER_HEAD: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// Looks at every object.
pub struct Find<'s> {
    /// The scan.
    pub scan: &'s Scan<'s>,
    /// Where what cannot be scanned goes.
    pub collector: &'s Collector<'s>,
    /// All objects.
    pub store: &'s Store,
    /// Commits whose parents are left out on purpose.
    pub shallow: &'s HashSet<ObjectId>,
    /// Whether each object is held against its id.
    pub verify: bool,
    /// Objects that could not be had.
    pub lost: Mutex<Vec<Lost>>,
}

/// What was found.
#[derive(Debug, Default, Clone)]
pub struct Found {
    /// Objects that hold a finding, by number.
    pub hits: Vec<u32>,
    /// Files that rules know by name: the blob and the name.
    pub named: Vec<(ObjectId, String)>,
    /// Objects that others refer to and that are not here.
    pub missing: HashSet<ObjectId>,
    /// Pointers to files that Git LFS keeps elsewhere.
    pub pointers: Vec<ObjectId>,
    /// Objects that could not be had.
    pub lost: Vec<Lost>,
    /// Objects that something is wrong with, though they could be had.
    pub broken: Vec<ObjectId>,
}

impl Found {
    /// Adds what another thread found.
    pub fn add(&mut self, other: Found) {
        self.hits.extend(other.hits);
        self.named.extend(other.named);
        self.missing.extend(other.missing);
        self.pointers.extend(other.pointers);
        self.lost.extend(other.lost);
        self.broken.extend(other.broken);
    }
}

/// What one thread needs.
pub struct Memory {
    /// The engine's.
    pub scratch: Scratch,
    /// What it found.
    pub found: Found,
}

/// What is kept of an object for those that are based on it.
pub enum State {
    /// What a scan leaves behind.
    Scanned(Scanned),
    /// Nothing: what is based on it is looked at as a whole.
    Nothing,
}

impl Visit for Find<'_> {
    type Memory = Memory;
    type State = State;

    fn memory(&self) -> Memory {
        Memory {
            scratch: self.scan.engine.scratch(),
            found: Found::default(),
        }
    }

    fn object(
        &self,
        object: Object<'_>,
        from: Option<(&State, &[Edit])>,
        wanted: bool,
        memory: &mut Memory,
    ) -> State {
        if wanted {
            self.count(&object);
            if self.verify {
                self.verify(&object, &mut memory.found);
            }
        }
        if object.kind == Kind::Tree {
            if wanted {
                let edits = from.map_or(&[][..], |(_, edits)| edits);
                self.tree(&object, edits, &mut memory.found);
            }
            return State::Nothing;
        }
        let looked = catch_unwind(AssertUnwindSafe(|| {
            self.text(&object, from, wanted, memory)
        }));
        looked.unwrap_or_else(|_| {
            self.collector.skip(panicked(&object));
            memory.found.broken.push(object.id);
            memory.scratch = self.scan.engine.scratch();
            State::Nothing
        })
    }

    fn lost(&self, lost: Lost) {
        let all = self.lost.lock();
        all.unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(lost);
    }

    fn goes_on(&self) -> bool {
        !self.scan.progress.stopped()
    }
}

impl Find<'_> {
    fn count(&self, object: &Object<'_>) {
        let progress = self.scan.progress;
        progress.objects.fetch_add(1, Ordering::Relaxed);
        progress
            .bytes
            .fetch_add(object.bytes.len() as u64, Ordering::Relaxed);
    }

    fn text(
        &self,
        object: &Object<'_>,
        from: Option<(&State, &[Edit])>,
        wanted: bool,
        memory: &mut Memory,
    ) -> State {
        let engine = self.scan.engine;
        let Memory { scratch, found } = memory;
        let scanned = match from {
            Some((State::Scanned(base), edits)) => {
                engine.rescan(base, object.bytes, edits, scratch)
            }
            _ => engine.scan_base(object.bytes, scratch),
        };
        if wanted {
            if engine.may_keep(&scanned, object.bytes, self.scan.least(), scratch) {
                found.hits.push(object.number);
            }
            self.look(object, found);
        }
        State::Scanned(scanned)
    }

    /// What else an object says.
    fn look(&self, object: &Object<'_>, found: &mut Found) {
        let hash = self.store.hash();
        match object.kind {
            Kind::Blob => {
                if is_pointer(object.bytes) {
                    found.pointers.push(object.id);
                }
            }
            Kind::Commit => {
                let mut commit = CommitRefIter::from_bytes(object.bytes, hash);
                match commit.tree_id() {
                    Ok(tree) => self.refer(&tree, found),
                    Err(_) => self.broken(object, "it does not read as a commit".to_owned(), found),
                }
                if !self.shallow.contains(&object.id) {
                    commit
                        .parent_ids()
                        .for_each(|parent| self.refer(&parent, found));
                }
            }
            Kind::Tag => {
                if let Ok(target) = TagRefIter::from_bytes(object.bytes, hash).target_id() {
                    self.refer(&target, found);
                }
            }
            Kind::Tree => {}
        }
    }

    /// The entries of a tree that its base did not have: whether they are here, and whether a rule knows their name.
    fn tree(&self, object: &Object<'_>, edits: &[Edit], found: &mut Found) {
        let mut old = Old::new(edits);
        let mut at = 0;
        for entry in TreeRefIter::from_bytes(object.bytes, self.store.hash()) {
            let Ok(entry) = entry else {
                let what = "it does not read as a directory";
                return self.broken(object, what.to_owned(), found);
            };
            // An entry ends with its name, a NUL and its id.
            let name = entry.filename.as_ptr() as usize - object.bytes.as_ptr() as usize;
            let place = at..name + entry.filename.len() + 1 + entry.oid.as_bytes().len();
            at = place.end;
            // A submodule's commit lies in another repository.
            if old.holds(&place) || entry.mode.is_commit() {
                continue;
            }
            self.refer(entry.oid, found);
            if !entry.mode.is_tree() && self.scan.engine.reads_whole(entry.filename) {
                let name = entry.filename.to_str_lossy().into_owned();
                found.named.push((entry.oid.to_owned(), name));
            }
        }
    }

    fn refer(&self, id: &gix::oid, found: &mut Found) {
        if self.store.number(id).is_none() {
            found.missing.insert(id.to_owned());
        }
    }

    fn verify(&self, object: &Object<'_>, found: &mut Found) {
        let real = gix::objs::compute_hash(self.store.hash(), object.kind, object.bytes);
        match real {
            Ok(real) if real == object.id => {}
            Ok(real) => self.broken(object, format!("its content is that of {real}"), found),
            Err(e) => self.broken(object, e.to_string(), found),
        }
    }

    fn broken(&self, object: &Object<'_>, detail: String, found: &mut Found) {
        found.broken.push(object.id);
        self.collector.skip(Skip {
            origin: object_origin(object.kind, &object.id),
            kind: SkipKind::CorruptObject,
            detail,
        });
    }
}

/// Whether a file is a pointer to one that Git LFS keeps elsewhere.
pub fn is_pointer(bytes: &[u8]) -> bool {
    bytes.len() <= POINTER && bytes.starts_with(POINTER_HEAD)
}

/// Which ranges were copied from a base, to be asked in ascending order.
struct Old<'e> {
    edits: &'e [Edit],
    at: usize,
}

impl<'e> Old<'e> {
    fn new(edits: &'e [Edit]) -> Self {
        Old { edits, at: 0 }
    }

    fn holds(&mut self, range: &Range<usize>) -> bool {
        while let Some((first, rest)) = self.edits.split_first() {
            let (length, copied) = match first {
                Edit::Copy(from) => (from.len(), true),
                Edit::Insert(length) => (*length, false),
            };
            if range.start < self.at + length {
                return copied && range.end <= self.at + length;
            }
            self.at += length;
            self.edits = rest;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_was_copied() {
        let edits = [Edit::Copy(5..15), Edit::Insert(4), Edit::Copy(0..6)];
        let asked = [
            (0..10, true),
            (2..11, false),
            (10..12, false),
            (13..16, false),
            (14..20, true),
            (20..21, false),
        ];
        let mut old = Old::new(&edits);
        for (range, want) in asked {
            assert_eq!(old.holds(&range), want, "{range:?}");
        }
        assert!(!Old::new(&[]).holds(&(0..1)));
    }
}
