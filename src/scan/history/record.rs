//! What directories hold, as they were read: of a directory that a delta makes only what is not its base's.
//!
//! Who holds a finding is asked when all findings are known. To read all directories a second time for it would take
//! as long as the first.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use gix::bstr::ByteSlice;
use gix::hash::ObjectId;
use gix::objs::CommitRefIter;
use rayon::prelude::*;

use super::graph::{Commit, Edge, NONE};
use super::listing::{Listing, Part};
use crate::model::Edit;
use crate::source::git::{Forest, Object, Store};

/// What one thread saw.
#[derive(Debug, Default)]
pub struct Record {
    trees: Vec<Tree>,
    pieces: Vec<Piece>,
    names: Names,
    commits: Vec<Commit>,
    tags: Vec<u32>,
    numbers: Numbers,
}

/// A directory.
#[derive(Debug, Clone, Copy)]
struct Tree {
    number: u32,
    /// What its old pieces are of, or [`NONE`].
    base: u32,
    /// The first of its pieces; the last one is before the next directory's first.
    pieces: usize,
    /// Whether its number is the one that its object goes by.
    wanted: bool,
}

/// Entries of a directory, which follow one another.
#[derive(Debug, Clone, Copy)]
enum Piece {
    /// The base's entries from a number on.
    Old { first: u32, count: u32 },
    /// An entry of its own.
    New(Entry),
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The object's number, or [`NONE`] if it is not here.
    child: u32,
    /// Its name's number, shifted left by one; the last bit says that it is a directory.
    name: u32,
}

impl Record {
    /// Reads a directory. For each entry that its base has not `new` gets the entry and its number, if it is here.
    pub fn tree<'o>(
        &mut self,
        object: &Object<'o>,
        from: Option<(&Listing, &[Edit])>,
        (store, wanted): (&Store, bool),
        mut new: impl FnMut(&gix::objs::tree::EntryRef<'o>, Option<u32>),
    ) -> Option<Listing> {
        let pieces = self.pieces.len();
        let listing = Listing::read(object, from, |part| {
            self.pieces.push(match part {
                Part::Old(old) => Piece::Old {
                    first: old.start as u32,
                    count: old.len() as u32,
                },
                Part::New(entry) => {
                    // A submodule's commit lies in another repository.
                    let is_here = !entry.mode.is_commit();
                    let number = is_here.then(|| self.numbers.of(store, entry.oid)).flatten();
                    new(&entry, number);
                    let name = self.names.number(entry.filename);
                    Piece::New(Entry {
                        child: number.unwrap_or(NONE),
                        name: name << 1 | u32::from(entry.mode.is_tree()),
                    })
                }
            });
        });
        match listing {
            Some(_) => self.trees.push(Tree {
                number: object.number,
                base: from.map_or(NONE, |(base, _)| base.number),
                pieces,
                wanted,
            }),
            None => self.pieces.truncate(pieces),
        }
        listing
    }

    /// Takes an annotated tag.
    pub fn tag(&mut self, number: u32) {
        self.tags.push(number);
    }

    /// Reads a commit. `refers` gets the ids of its directory and its parents, and their numbers if they are here. Whether
    /// it reads as a commit.
    pub fn commit(
        &mut self,
        object: &Object<'_>,
        store: &Store,
        mut refers: impl FnMut(To, &ObjectId, Option<u32>),
    ) -> bool {
        let mut commit = CommitRefIter::from_bytes(object.bytes, store.hash());
        let tree = commit.tree_id().ok();
        let mut number = |to: To, id: &ObjectId| {
            let number = self.numbers.of(store, id);
            refers(to, id, number);
            number
        };
        let known = tree.and_then(|id| number(To::Tree, &id));
        let parents = commit
            .parent_ids()
            .filter_map(|id| number(To::Parent, &id))
            .collect();
        let committer = commit.committer().ok();
        self.commits.push(Commit {
            number: object.number,
            tree: known.unwrap_or(NONE),
            parents,
            // The beginning of time where it does not say so.
            time: committer.map_or(0, |signature| signature.seconds()),
        });
        tree.is_some()
    }
}

/// What a commit refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// Its directory.
    Tree,
    /// A commit before it.
    Parent,
}

/// What all threads saw.
#[derive(Debug, Default)]
pub struct Records {
    trees: Vec<Tree>,
    pieces: Vec<Piece>,
    /// All names.
    pub names: Names,
    /// All commits.
    pub commits: Vec<Commit>,
    /// All annotated tags.
    pub tags: HashSet<u32>,
}

impl Records {
    /// Joins what several threads saw.
    pub fn join(all: impl IntoIterator<Item = Record>) -> Records {
        let mut records = Records::default();
        for record in all {
            records.add(record);
        }
        records
    }

    fn add(&mut self, record: Record) {
        let texts = record.names.texts.iter();
        let names: Vec<u32> = texts.map(|text| self.names.number(text)).collect();
        let first = self.pieces.len();
        self.pieces
            .extend(record.pieces.into_iter().map(|piece| match piece {
                Piece::New(Entry { child, name }) => Piece::New(Entry {
                    child,
                    name: names[(name >> 1) as usize] << 1 | name & 1,
                }),
                old @ Piece::Old { .. } => old,
            }));
        self.trees.extend(record.trees.into_iter().map(|tree| Tree {
            pieces: first + tree.pieces,
            ..tree
        }));
        self.commits.extend(record.commits);
        self.tags.extend(record.tags);
    }

    /// The entries of all directories that are directories, or one of `files`.
    pub fn edges(&self, store: &Store, files: &[bool], pool: &rayon::ThreadPool) -> Vec<Edge> {
        let mut places = vec![NONE; store.len()];
        for (at, tree) in self.trees.iter().enumerate() {
            places[tree.number as usize] = at as u32;
        }
        let base = |tree: &Tree| match tree.base {
            NONE => NONE,
            base => places[base as usize],
        };
        let forest = Forest::new(self.trees.iter().map(base).collect());
        let roots: Vec<u32> = forest.roots().collect();
        let below = |mut edges: Vec<Edge>, &root: &u32| {
            self.below(root, &forest, files, &mut edges);
            edges
        };
        let parts = || roots.par_iter().fold(Vec::new, below);
        pool.install(|| parts().collect::<Vec<_>>()).concat()
    }

    /// Adds the entries of a directory and of all that are based on it.
    fn below(&self, root: u32, forest: &Forest, files: &[bool], edges: &mut Vec<Edge>) {
        let mut stack: Vec<(u32, Option<Rc<Vec<Entry>>>)> = vec![(root, None)];
        while let Some((at, base)) = stack.pop() {
            let entries = self.entries(at as usize, base.as_ref().map_or(&[], |base| &base[..]));
            let tree = self.trees[at as usize];
            let leads = |entry: &&Entry| {
                entry.child != NONE && (entry.name & 1 != 0 || files[entry.child as usize])
            };
            if tree.wanted {
                edges.extend(entries.iter().filter(leads).map(|entry| Edge {
                    tree: tree.number,
                    child: entry.child,
                    name: entry.name >> 1,
                }));
            }
            let entries = Rc::new(entries);
            let children = forest.children(at).iter().rev();
            stack.extend(children.map(|&child| (child, Some(Rc::clone(&entries)))));
        }
    }

    fn entries(&self, at: usize, base: &[Entry]) -> Vec<Entry> {
        let end = self
            .trees
            .get(at + 1)
            .map_or(self.pieces.len(), |next| next.pieces);
        let mut entries = Vec::with_capacity(base.len() + 4);
        for piece in &self.pieces[self.trees[at].pieces..end] {
            match *piece {
                Piece::New(entry) => entries.push(entry),
                Piece::Old { first, count } => {
                    let range = first as usize..(first + count) as usize;
                    entries.extend_from_slice(&base[range]);
                }
            }
        }
        entries
    }
}

/// The numbers of objects that were asked for lately: directories hold the same directories in commit after commit.
#[derive(Debug, Default)]
struct Numbers(Vec<Option<(ObjectId, Option<u32>)>>);

impl Numbers {
    /// How many are kept.
    const KEPT: usize = 1 << 12;

    fn of(&mut self, store: &Store, id: &gix::oid) -> Option<u32> {
        if self.0.is_empty() {
            self.0.resize(Self::KEPT, None);
        }
        let first = id.as_bytes();
        let slot = usize::from(first[0]) << 8 | usize::from(first[1]);
        let slot = &mut self.0[slot % Self::KEPT];
        if let Some((known, number)) = slot
            && known.as_ref() == id
        {
            return *number;
        }
        let number = store.number(id);
        *slot = Some((id.to_owned(), number));
        number
    }
}

/// Names by numbers.
#[derive(Debug, Default)]
pub struct Names {
    numbers: HashMap<Box<[u8]>, u32>,
    texts: Vec<Box<[u8]>>,
}

impl Names {
    fn number(&mut self, text: &[u8]) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.texts.len() as u32;
        self.numbers.insert(text.into(), number);
        self.texts.push(text.into());
        number
    }

    /// A path of names.
    pub fn path(&self, parts: &[u32]) -> String {
        let parts = parts
            .iter()
            .map(|&part| self.texts[part as usize].to_str_lossy());
        parts.collect::<Vec<_>>().join("/")
    }
}
