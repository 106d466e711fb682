//! The objects of a repository: packs and loose objects, those of borrowed folders included, each with a number.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gix::hash::{Kind as Hash, ObjectId, oid};
use gix::objs::Kind;
use gix::odb::loose;

use super::pack::Pack;
use super::walk::Lost;

/// Every object that can be had without a network.
pub struct Store {
    hash: Hash,
    /// Each with the number of its first object.
    packs: Vec<(Pack, u32)>,
    /// Sorted, each with the folder it lies in; without those that a pack holds.
    loose: Vec<ObjectId>,
    folders: Vec<PathBuf>,
}

/// A part of the object store that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong, for people.
    pub detail: String,
}

impl Store {
    /// Opens all packs of `folders` and lists the loose objects. What cannot be read is told and left out.
    pub fn open(folders: Vec<PathBuf>, hash: Hash) -> (Store, Vec<Unreadable>) {
        let mut unreadable = Vec::new();
        let mut store = Store {
            hash,
            packs: Vec::new(),
            loose: Vec::new(),
            folders,
        };
        for folder in store.folders.clone() {
            store.add_packs(&folder.join("pack"), &mut unreadable);
        }
        let mut loose = BTreeSet::new();
        for folder in &store.folders {
            for id in loose::Store::at(folder, hash).iter() {
                match id {
                    Ok(id) => _ = loose.insert(id),
                    Err(e) => unreadable.push(Unreadable {
                        path: folder.clone(),
                        detail: e.to_string(),
                    }),
                }
            }
        }
        let packed = |id: &ObjectId| store.number_in_packs(id).is_some();
        store.loose = loose.into_iter().filter(|id| !packed(id)).collect();
        (store, unreadable)
    }

    fn add_packs(&mut self, folder: &Path, unreadable: &mut Vec<Unreadable>) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            // A repository without packs.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return,
            Err(e) => {
                return unreadable.push(Unreadable {
                    path: folder.to_owned(),
                    detail: crate::source::reason(&e),
                });
            }
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut packs: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|ext| ext == "pack"))
            .collect();
        packs.sort();
        for path in packs {
            let index = path.with_extension("idx");
            let opened = match index.exists() {
                true => Pack::open(&index, self.hash),
                false => Err("its index is missing; `git index-pack` makes a new one".to_owned()),
            };
            match opened {
                Ok(pack) => {
                    let first = self.packed();
                    self.packs.push((pack, first));
                }
                Err(detail) => unreadable.push(Unreadable { path, detail }),
            }
        }
    }

    /// The kind of its object ids.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The packs, each with the number of its first object.
    pub fn packs(&self) -> impl Iterator<Item = (&Pack, u32)> {
        self.packs.iter().map(|(pack, first)| (pack, *first))
    }

    /// The loose objects, and the number of the first.
    pub fn loose(&self) -> (u32, &[ObjectId]) {
        (self.packed(), &self.loose)
    }

    fn packed(&self) -> u32 {
        self.packs
            .last()
            .map_or(0, |(pack, first)| first + pack.len())
    }

    /// How many numbers there are. An object that several packs hold has several, of which the lowest counts.
    pub fn len(&self) -> usize {
        self.packed() as usize + self.loose.len()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of an object.
    pub fn number(&self, id: &oid) -> Option<u32> {
        self.number_in_packs(id).or_else(|| {
            let found = self.loose.binary_search_by(|loose| loose.as_ref().cmp(id));
            found.ok().map(|at| self.packed() + at as u32)
        })
    }

    fn number_in_packs(&self, id: &oid) -> Option<u32> {
        self.packs
            .iter()
            .find_map(|(pack, first)| Some(first + pack.lookup(id)?))
    }

    /// The id of an object.
    pub fn id(&self, number: u32) -> ObjectId {
        let behind = self.packs.partition_point(|(_, first)| *first <= number);
        match behind.checked_sub(1).map(|at| &self.packs[at]) {
            Some((pack, first)) if number - first < pack.len() => pack.id_at(number - first),
            _ => self.loose[(number - self.packed()) as usize],
        }
    }

    /// Reads a loose object of at most `limit` bytes into `buffer`. One that is none of `kinds` is not read.
    pub fn read_loose(
        &self,
        id: &ObjectId,
        (kinds, limit): (&[Kind], usize),
        buffer: &mut Vec<u8>,
    ) -> Result<Kind, Lost> {
        let lost = |too_large: bool, detail: String| Lost {
            id: *id,
            too_large,
            detail,
        };
        let mut wrong = None;
        for folder in &self.folders {
            let store = loose::Store::at(folder, self.hash);
            match store.try_header(id) {
                Ok(None) => continue,
                Ok(Some((_, kind))) if !kinds.contains(&kind) => return Ok(kind),
                Ok(Some((length, _))) if length > limit as u64 => {
                    return Err(lost(true, too_large(length, limit)));
                }
                // What it says when it is read is clearer.
                Ok(Some(_)) | Err(_) => {}
            }
            match store.try_find(id, buffer) {
                Ok(Some(data)) => return Ok(data.kind),
                Ok(None) => {}
                Err(_) => wrong = Some("its compressed data is broken"),
            }
        }
        let detail = wrong.unwrap_or("it vanished");
        Err(lost(false, detail.to_owned()))
    }
}

/// What is said of an object beyond the limit.
pub fn too_large(length: u64, limit: usize) -> String {
    format!("{length} bytes, more than the limit of {limit} (--max-object-size)")
}
