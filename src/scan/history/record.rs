//! What directories hold, as they were read: of a directory that a delta makes only what is not its base's.
//!
//! Who holds a finding is asked when all findings are known. To read all directories a second time for it would take
//! as long as the first.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
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

/// An entry of a directory, or several that are its base's: there are many, so both are kept in two numbers.
#[derive(Debug, Clone, Copy)]
struct Piece(u32, u32);

impl Piece {
    /// Says that a piece is of the base.
    const OLD: u32 = 1 << 31;

    /// The base's entries of some numbers.
    fn old(range: Range<usize>) -> Piece {
        Piece(range.start as u32, range.len() as u32 | Self::OLD)
    }

    fn is_old(self) -> Option<Range<usize>> {
        let range = self.0 as usize..self.0 as usize + (self.1 & !Self::OLD) as usize;
        (self.1 & Self::OLD != 0).then_some(range)
    }

    /// Whether it is one of `files` or a directory, and no entry of the base.
    fn leads(self, files: &[bool]) -> bool {
        self.1 & Self::OLD == 0 && self.0 != NONE && (self.1 & 1 != 0 || files[self.0 as usize])
    }
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
                Part::Old(old) => Piece::old(old),
                Part::New(entry) => {
                    // A submodule's commit lies in another repository.
                    let is_here = !entry.mode.is_commit();
                    let number = is_here.then(|| self.numbers.of(store, entry.oid)).flatten();
                    new(&entry, number);
                    let name = self.names.number(entry.filename);
                    let is_tree = u32::from(entry.mode.is_tree());
                    Piece(number.unwrap_or(NONE), name << 1 | is_tree)
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

/// All directories: whose they are and where there, and which is based on which.
struct All {
    trees: Vec<(u32, u32)>,
    forest: Forest,
}

/// What all threads saw.
#[derive(Debug, Default)]
pub struct Records {
    /// What each saw, and the numbers that its names have among all.
    parts: Vec<(Record, Vec<u32>)>,
    /// All names.
    pub names: Names,
    /// All commits.
    pub commits: Vec<Commit>,
    /// All annotated tags.
    pub tags: HashSet<u32>,
}

impl Records {
    /// Puts together what several threads saw.
    pub fn join(all: impl IntoIterator<Item = Record>) -> Records {
        let mut records = Records::default();
        for mut record in all {
            let texts = std::mem::take(&mut record.names).texts;
            let names = texts.iter().map(|text| records.names.number(text));
            let names = names.collect();
            records.commits.append(&mut record.commits);
            records.tags.extend(record.tags.drain(..));
            records.parts.push((record, names));
        }
        records
    }

    /// The entries of all directories that are one of `files`, or a directory that may lead to one.
    pub fn edges(&self, store: &Store, files: &[bool], pool: &rayon::ThreadPool) -> Vec<Edge> {
        let trees: Vec<(u32, u32)> = (0u32..)
            .zip(&self.parts)
            .flat_map(|(part, (record, _))| {
                (0..record.trees.len() as u32).map(move |at| (part, at))
            })
            .collect();
        let mut places = vec![NONE; store.len()];
        for (place, &tree) in trees.iter().enumerate() {
            places[self.tree(tree).number as usize] = place as u32;
        }
        let base = |&tree: &(u32, u32)| match self.tree(tree).base {
            NONE => NONE,
            base => places[base as usize],
        };
        let forest = Forest::new(trees.iter().map(base).collect());
        let all = All { trees, forest };
        let may_lead = self.may_lead(&all, files);
        let mut needed: Vec<bool> = vec![false; all.trees.len()];
        for (needed, &tree) in needed.iter_mut().zip(&all.trees) {
            *needed = may_lead[self.tree(tree).number as usize];
        }
        all.forest.add_bases(&mut needed);
        let roots = all.forest.roots().filter(|&root| needed[root as usize]);
        let roots: Vec<u32> = roots.collect();
        let below = |mut edges: Vec<Edge>, &root: &u32| {
            self.below(root, &all, (&needed, &may_lead), &mut edges);
            edges
        };
        let parts = || roots.par_iter().fold(Vec::new, below);
        pool.install(|| parts().collect::<Vec<_>>()).concat()
    }

    /// Which objects are one of `files`, or a directory with an entry that leads to one. Directories that are based on
    /// such a one count, too: they may have copied the entry. Most directories lead to no finding, and to tell so takes no
    /// more than what was recorded of each.
    fn may_lead(&self, all: &All, files: &[bool]) -> Vec<bool> {
        // The directories that have an object as a new entry, by object.
        let leads = |piece: &&Piece| piece.leads(files);
        let pieces = |&tree: &(u32, u32)| self.pieces(tree).iter().filter(leads);
        let mut starts = vec![0u32; files.len() + 1];
        for piece in all.trees.iter().flat_map(pieces) {
            starts[piece.0 as usize + 1] += 1;
        }
        for number in 0..files.len() {
            starts[number + 1] += starts[number];
        }
        let mut free = starts.clone();
        let mut above = vec![0u32; starts[files.len()] as usize];
        for (place, tree) in (0u32..).zip(&all.trees) {
            for piece in pieces(tree) {
                let at = &mut free[piece.0 as usize];
                above[*at as usize] = place;
                *at += 1;
            }
        }
        let mut found = files.to_vec();
        let mut met = vec![false; all.trees.len()];
        let mut open: Vec<u32> = (0..files.len() as u32)
            .filter(|&file| files[file as usize])
            .collect();
        let mut based = Vec::new();
        while let Some(object) = open.pop() {
            let object = object as usize;
            based.extend_from_slice(&above[starts[object] as usize..starts[object + 1] as usize]);
            while let Some(place) = based.pop() {
                if std::mem::replace(&mut met[place as usize], true) {
                    continue;
                }
                let number = self.tree(all.trees[place as usize]).number;
                if !std::mem::replace(&mut found[number as usize], true) {
                    open.push(number);
                }
                based.extend_from_slice(all.forest.children(place));
            }
        }
        found
    }

    fn tree(&self, (part, at): (u32, u32)) -> &Tree {
        &self.parts[part as usize].0.trees[at as usize]
    }

    /// Adds the entries of a directory and of all that are based on it, as far as they are needed, that may lead on.
    fn below(
        &self,
        root: u32,
        all: &All,
        (needed, may_lead): (&[bool], &[bool]),
        edges: &mut Vec<Edge>,
    ) {
        let mut stack: Vec<(u32, Option<Rc<Vec<Entry>>>)> = vec![(root, None)];
        while let Some((at, base)) = stack.pop() {
            let place = all.trees[at as usize];
            let entries = self.entries(place, base.as_ref().map_or(&[], |base| &base[..]));
            let tree = self.tree(place);
            let leads = |entry: &&Entry| entry.child != NONE && may_lead[entry.child as usize];
            if tree.wanted {
                edges.extend(entries.iter().filter(leads).map(|entry| Edge {
                    tree: tree.number,
                    child: entry.child,
                    name: entry.name >> 1,
                }));
            }
            let entries = Rc::new(entries);
            let children = all.forest.children(at).iter().rev();
            let children = children.filter(|&&child| needed[child as usize]);
            stack.extend(children.map(|&child| (child, Some(Rc::clone(&entries)))));
        }
    }

    /// What was recorded of a directory.
    fn pieces(&self, (part, at): (u32, u32)) -> &[Piece] {
        let record = &self.parts[part as usize].0;
        let at = at as usize;
        let next = record.trees.get(at + 1);
        let end = next.map_or(record.pieces.len(), |next| next.pieces);
        &record.pieces[record.trees[at].pieces..end]
    }

    fn entries(&self, tree: (u32, u32), base: &[Entry]) -> Vec<Entry> {
        let names = &self.parts[tree.0 as usize].1;
        let mut entries = Vec::with_capacity(base.len() + 4);
        for piece in self.pieces(tree) {
            match piece.is_old() {
                Some(range) => entries.extend_from_slice(&base[range]),
                None => entries.push(Entry {
                    child: piece.0,
                    name: names[(piece.1 >> 1) as usize] << 1 | piece.1 & 1,
                }),
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
