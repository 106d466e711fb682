//! First, which objects hold a finding: every object once, of a packed one only what its delta changed.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::bstr::ByteSlice;
use gix::hash::ObjectId;
use gix::objs::{Kind, TagRefIter};

use super::listing::Listing;
use super::objects::{object_origin, panicked};
use super::record::{Record, To};
use crate::engine::{Scanned, Scratch, Version};
use crate::model::{Edit, Skip, SkipKind};
use crate::scan::Scan;
use crate::scan::collect::Collector;
use crate::source::git::{Lost, Object, Store, Visit};

/// The most bytes of a pointer of Git LFS. Its specification sets the bound.
const POINTER: usize = 1024;
/// Bytes of candidates that are kept until it is known where they stand. Where there are more, they are sought again.
const SAVED: usize = 64 << 20;
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
    /// Bytes of candidates that are kept for later, about.
    pub saved: AtomicUsize,
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
    /// Directories and commits that it saw.
    pub record: Record,
    /// Candidates of objects that hold a finding, by the object's number.
    pub saved: Vec<(u32, Scanned)>,
}

/// What is kept of an object for those that are based on it.
pub enum State {
    /// What a scan leaves behind.
    Scanned(Scanned),
    /// The entries of a directory.
    Listing(Listing),
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
            record: Record::default(),
            saved: Vec::new(),
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
            let from = from.and_then(|(base, edits)| match base {
                State::Listing(base) => Some((base, edits)),
                _ => None,
            });
            let listing = self.tree(&object, from, wanted, memory);
            return listing.map_or(State::Nothing, State::Listing);
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
        let scratch = &mut memory.scratch;
        let version = Version {
            bytes: object.bytes,
            from: from.and_then(|(base, edits)| match base {
                State::Scanned(base) => Some((base, edits)),
                _ => None,
            }),
            is_last: object.is_last,
        };
        let scanned = engine.scan_version(&version, scratch);
        if wanted {
            if engine.may_keep(&scanned, object.bytes, self.scan.least(), scratch) {
                memory.found.hits.push(object.number);
                if self.saved.fetch_add(scanned.size(), Ordering::Relaxed) < SAVED {
                    memory.saved.push((object.number, scanned.candidates()));
                }
            }
            self.look(object, memory);
        }
        State::Scanned(scanned)
    }

    /// What else an object says.
    fn look(&self, object: &Object<'_>, memory: &mut Memory) {
        let Memory { found, record, .. } = memory;
        match object.kind {
            Kind::Blob => {
                if is_pointer(object.bytes) {
                    found.pointers.push(object.id);
                }
            }
            Kind::Commit => {
                let is_shallow = self.shallow.contains(&object.id);
                let reads = record.commit(object, self.store, |to, id, number| {
                    if number.is_none() && !(is_shallow && to == To::Parent) {
                        found.missing.insert(*id);
                    }
                });
                if !reads {
                    self.broken(object, "it does not read as a commit".to_owned(), found);
                }
            }
            Kind::Tag => {
                record.tag(object.number);
                if let Ok(target) =
                    TagRefIter::from_bytes(object.bytes, self.store.hash()).target_id()
                    && self.store.number(&target).is_none()
                {
                    found.missing.insert(target);
                }
            }
            Kind::Tree => {}
        }
    }

    /// The entries of a tree that its base did not have: whether they are here, and whether a rule knows their name.
    fn tree(
        &self,
        object: &Object<'_>,
        from: Option<(&Listing, &[Edit])>,
        wanted: bool,
        memory: &mut Memory,
    ) -> Option<Listing> {
        let Memory { found, record, .. } = memory;
        let listing = record.tree(object, from, (self.store, wanted), |entry, number| {
            // A submodule's commit lies in another repository.
            if !wanted || entry.mode.is_commit() {
                return;
            }
            if number.is_none() {
                found.missing.insert(entry.oid.to_owned());
            }
            if !entry.mode.is_tree() && self.scan.engine.reads_whole(entry.filename) {
                let name = entry.filename.to_str_lossy().into_owned();
                found.named.push((entry.oid.to_owned(), name));
            }
        });
        if listing.is_none() && wanted {
            self.broken(object, "it does not read as a directory".to_owned(), found);
        }
        listing
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
