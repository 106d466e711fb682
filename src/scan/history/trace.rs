//! Where the objects with findings stand.

use std::collections::HashSet;

use gix::objs::Kind;

use super::graph::Graph;
use super::listing::Listing;
use super::record::{Names, Record, Records};
use crate::model::Edit;
use crate::source::git::{Lost, Object, Store, Visit, Walk};

/// Directories and commits of more bytes are not followed: no repository needs them, and a forged one would fill memory.
pub const LARGEST: usize = 256 << 20;

/// A walk over directories and commits alone, where the first walk did not see all of them.
struct Trace<'s> {
    store: &'s Store,
    goes_on: &'s (dyn Fn() -> bool + Sync),
}

impl Visit for Trace<'_> {
    type Memory = Record;
    type State = Option<Listing>;

    fn memory(&self) -> Record {
        Record::default()
    }

    fn object(
        &self,
        object: Object<'_>,
        from: Option<(&Option<Listing>, &[Edit])>,
        wanted: bool,
        record: &mut Record,
    ) -> Option<Listing> {
        match object.kind {
            Kind::Tree => {
                let from = from.and_then(|(base, edits)| Some((base.as_ref()?, edits)));
                record.tree(&object, from, (self.store, wanted), |_, _| {})
            }
            Kind::Commit if wanted => {
                record.commit(&object, self.store, |_, _, _| {});
                None
            }
            Kind::Tag if wanted => {
                record.tag(object.number);
                None
            }
            _ => None,
        }
    }

    /// The first walk has told of it.
    fn lost(&self, _: Lost) {}

    fn goes_on(&self) -> bool {
        (self.goes_on)()
    }
}

/// Reads all directories and commits.
pub fn read_all(
    store: &Store,
    pool: &rayon::ThreadPool,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Vec<Record> {
    let walk = Walk {
        store,
        kinds: &[Kind::Tree, Kind::Commit, Kind::Tag],
        only: None,
        limit: LARGEST,
    };
    walk.run(pool, &Trace { store, goes_on })
}

/// What is known of where things stand.
pub struct Traced {
    /// Who holds what.
    pub graph: Graph,
    /// The names in paths.
    pub names: Names,
    /// The annotated tags.
    pub tags: HashSet<u32>,
}

/// What stands above `files`, which are numbers of objects, sorted.
pub fn trace(
    store: &Store,
    files: &[u32],
    records: Vec<Record>,
    pool: &rayon::ThreadPool,
) -> Traced {
    let mut set = vec![false; store.len()];
    files.iter().for_each(|&file| set[file as usize] = true);
    let mut records = Records::join(records);
    let edges = records.edges(store, &set, pool);
    let commits = std::mem::take(&mut records.commits);
    let names = std::mem::take(&mut records.names);
    let tags = std::mem::take(&mut records.tags);
    // It takes a while to go, and nobody needs to wait for it.
    pool.spawn(move || drop(records));
    Traced {
        graph: pool.install(|| Graph::new(&edges, files, commits)),
        names,
        tags,
    }
}
