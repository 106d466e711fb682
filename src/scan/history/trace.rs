//! Second, where the objects with findings stand: a walk over directories and commits.

use std::collections::HashMap;

use gix::bstr::ByteSlice;
use gix::hash::ObjectId;
use gix::objs::{CommitRefIter, Kind, TreeRefIter};

use super::graph::{Commit, Edge, Graph, NONE};
use crate::model::Edit;
use crate::source::git::{Lost, Object, Store, Visit, Walk};

/// Directories and commits of more bytes are not followed: no repository needs them, and a forged one would fill memory.
const LARGEST: usize = 256 << 20;

/// Walks over directories and commits.
struct Trace<'s> {
    store: &'s Store,
    /// Whether an object is a file with findings, by number.
    files: &'s [bool],
    /// Whether any of those has an id that begins with these two bytes.
    marks: &'s [bool],
    goes_on: &'s (dyn Fn() -> bool + Sync),
}

/// What one thread saw.
#[derive(Default)]
struct Seen {
    edges: Vec<Edge>,
    names: Names,
    commits: Vec<Commit>,
    numbers: Numbers,
}

/// The numbers of objects that were asked for lately: directories hold the same directories in commit after commit.
#[derive(Default)]
struct Numbers(Vec<Option<(ObjectId, Option<u32>)>>);

impl Numbers {
    /// How many are kept.
    const KEPT: usize = 1 << 12;

    fn of(&mut self, store: &Store, id: &gix::oid) -> Option<u32> {
        if self.0.is_empty() {
            self.0.resize(Self::KEPT, None);
        }
        let slot = &mut self.0[mark(id) % Self::KEPT];
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

impl Visit for Trace<'_> {
    type Memory = Seen;
    type State = ();

    fn memory(&self) -> Seen {
        Seen::default()
    }

    fn object(&self, object: Object<'_>, _: Option<(&(), &[Edit])>, wanted: bool, seen: &mut Seen) {
        match object.kind {
            Kind::Tree if wanted => self.tree(&object, seen),
            Kind::Commit if wanted => self.commit(&object, seen),
            _ => {}
        }
    }

    /// The first walk has told of it.
    fn lost(&self, _: Lost) {}

    fn goes_on(&self) -> bool {
        (self.goes_on)()
    }
}

impl Trace<'_> {
    fn tree(&self, object: &Object<'_>, seen: &mut Seen) {
        let entries = TreeRefIter::from_bytes(object.bytes, self.store.hash());
        for entry in entries.filter_map(Result::ok) {
            if entry.mode.is_commit() {
                continue;
            }
            // Most entries are files without findings: they cost one look.
            if !entry.mode.is_tree() && !self.marks[mark(entry.oid)] {
                continue;
            }
            let Some(child) = seen.numbers.of(self.store, entry.oid) else {
                continue;
            };
            if entry.mode.is_tree() || self.files[child as usize] {
                seen.edges.push(Edge {
                    tree: object.number,
                    child,
                    name: seen.names.number(entry.filename),
                });
            }
        }
    }

    fn commit(&self, object: &Object<'_>, seen: &mut Seen) {
        let mut commit = CommitRefIter::from_bytes(object.bytes, self.store.hash());
        let number = |id: &ObjectId| self.store.number(id);
        let tree = commit.tree_id().ok().and_then(|tree| number(&tree));
        let parents = commit.parent_ids();
        seen.commits.push(Commit {
            number: object.number,
            tree: tree.unwrap_or(NONE),
            parents: parents.filter_map(|parent| number(&parent)).collect(),
            time: time(commit),
        });
    }
}

/// The first two bytes of an id.
fn mark(id: &gix::oid) -> usize {
    usize::from(id.as_bytes()[0]) << 8 | usize::from(id.as_bytes()[1])
}

/// When it was committed; the beginning of time where it does not say so.
fn time(commit: CommitRefIter<'_>) -> i64 {
    let committer = commit.committer().ok();
    committer.map_or(0, |signature| signature.seconds())
}

/// What stands above `files`, which are numbers of objects, sorted.
pub fn trace(
    store: &Store,
    files: &[u32],
    pool: &rayon::ThreadPool,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> (Graph, Names) {
    let mut set = vec![false; store.len()];
    files.iter().for_each(|&file| set[file as usize] = true);
    let mut marks = vec![false; 1 << 16];
    files
        .iter()
        .for_each(|&file| marks[mark(&store.id(file))] = true);
    let visit = Trace {
        store,
        files: &set,
        marks: &marks,
        goes_on,
    };
    let walk = Walk {
        store,
        kinds: &[Kind::Tree, Kind::Commit],
        only: None,
        limit: LARGEST,
    };
    let mut all = Seen::default();
    for seen in walk.run(pool, &visit) {
        let numbers: Vec<u32> = seen
            .names
            .texts
            .iter()
            .map(|text| all.names.number(text))
            .collect();
        all.edges.extend(seen.edges.into_iter().map(|edge| Edge {
            name: numbers[edge.name as usize],
            ..edge
        }));
        all.commits.extend(seen.commits);
    }
    (Graph::new(&all.edges, files, all.commits), all.names)
}
