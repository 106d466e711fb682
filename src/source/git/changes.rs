//! What a commit, or the index, brings that nothing before it had.

use std::collections::{BTreeMap, HashSet};

use gix::bstr::{BString, ByteSlice};
use gix::hash::ObjectId;
use gix::objs::tree::EntryMode;
use gix::objs::{Kind, TreeRefIter};

use super::repository::Reader;

/// How deep directories are followed. Git itself gives up sooner.
const DEEPEST: usize = 2048;

/// A file that is new, or has new content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path in the repository.
    pub path: BString,
    /// Its content.
    pub blob: ObjectId,
}

/// What could not be read on the way: the object and what is wrong with it, or nothing if it is not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The object.
    pub id: ObjectId,
    /// What is wrong.
    pub detail: Option<String>,
}

/// Compares directories.
pub struct Changes<'r> {
    reader: &'r Reader,
    /// Files that are new at their paths.
    new: Vec<Change>,
    /// Blobs that stood elsewhere before: what was moved is not new.
    gone: HashSet<ObjectId>,
    /// What could not be read.
    gaps: Vec<Gap>,
}

type Entries = BTreeMap<BString, (EntryMode, ObjectId)>;

impl<'r> Changes<'r> {
    /// Nothing compared yet.
    pub fn new(reader: &'r Reader) -> Self {
        Changes {
            reader,
            new: Vec::new(),
            gone: HashSet::new(),
            gaps: Vec::new(),
        }
    }

    /// Adds what `tree` holds that none of `parents` holds at the same path.
    pub fn add(&mut self, tree: ObjectId, parents: &[ObjectId]) {
        let mut open = vec![(BString::default(), 0, tree, parents.to_vec())];
        while let Some((path, depth, tree, parents)) = open.pop() {
            if parents.contains(&tree) || depth > DEEPEST {
                continue;
            }
            let new = self.entries(&tree);
            let old: Vec<Entries> = parents.iter().map(|parent| self.entries(parent)).collect();
            for (name, (mode, id)) in &new {
                let before: Vec<_> = old.iter().filter_map(|entries| entries.get(name)).collect();
                if mode.is_commit() || before.iter().any(|(_, before)| before == id) {
                    continue;
                }
                let below = joined(&path, name);
                if mode.is_tree() {
                    let trees = before.iter().filter(|(mode, _)| mode.is_tree());
                    let parents = trees.map(|(_, id)| *id).collect();
                    open.push((below, depth + 1, *id, parents));
                } else {
                    self.new.push(Change {
                        path: below,
                        blob: *id,
                    });
                }
            }
            for (name, (mode, id)) in old.iter().flatten() {
                let kept = new.get(name).is_some_and(|(_, new)| new == id);
                if !kept {
                    self.add_gone(*mode, *id, new.get(name).map(|(mode, _)| *mode));
                }
            }
        }
    }

    /// Adds a file of the index that is not what a commit has at its path.
    pub fn add_file(&mut self, path: BString, blob: ObjectId) {
        self.new.push(Change { path, blob });
    }

    /// Adds a file that a commit has, and the index has not.
    pub fn add_gone(&mut self, mode: EntryMode, id: ObjectId, now: Option<EntryMode>) {
        if mode.is_tree() {
            // A directory that is still one is compared by itself.
            if !now.is_some_and(|now| now.is_tree()) {
                self.add_gone_directory(id);
            }
        } else if !mode.is_commit() {
            self.gone.insert(id);
        }
    }

    /// Adds a blob that stood somewhere before.
    pub fn add_gone_file(&mut self, id: ObjectId) {
        self.gone.insert(id);
    }

    fn add_gone_directory(&mut self, tree: ObjectId) {
        let mut open = vec![(tree, 0)];
        while let Some((tree, depth)) = open.pop() {
            for (mode, id) in self.entries(&tree).into_values() {
                match mode {
                    _ if mode.is_tree() && depth < DEEPEST => open.push((id, depth + 1)),
                    _ if mode.is_commit() || mode.is_tree() => {}
                    _ => _ = self.gone.insert(id),
                }
            }
        }
    }

    /// A directory's entries. Of several with one name the last counts: Git makes none such.
    pub fn entries(&mut self, tree: &ObjectId) -> Entries {
        let mut buffer = Vec::new();
        match self.reader.read(tree, &mut buffer) {
            Ok(Some(Kind::Tree)) => {}
            Ok(None) => {
                self.gap(tree, None);
                return Entries::new();
            }
            Ok(Some(_)) => {
                self.gap(tree, Some("it is no directory".to_owned()));
                return Entries::new();
            }
            Err(detail) => {
                self.gap(tree, Some(detail));
                return Entries::new();
            }
        }
        let mut entries = Entries::new();
        for entry in TreeRefIter::from_bytes(&buffer, self.reader.hash()) {
            match entry {
                Ok(entry) => {
                    entries.insert(
                        entry.filename.to_owned(),
                        (entry.mode, entry.oid.to_owned()),
                    );
                }
                Err(_) => {
                    self.gap(tree, Some("it does not read as a directory".to_owned()));
                    break;
                }
            }
        }
        entries
    }

    fn gap(&mut self, id: &ObjectId, detail: Option<String>) {
        self.gaps.push(Gap { id: *id, detail });
    }

    /// The files that are new, by path, and what could not be read. One that was only moved is none of them, unless its
    /// new name means something to `is_known`.
    pub fn finish(self, is_known: &dyn Fn(&[u8]) -> bool) -> (Vec<Change>, Vec<Gap>) {
        let Changes {
            mut new,
            gone,
            gaps,
            ..
        } = self;
        let name = |change: &Change| {
            change
                .path
                .rsplit_once_str("/")
                .map(|(_, name)| is_known(name))
        };
        let known = |change: &Change| name(change).unwrap_or_else(|| is_known(&change.path));
        new.retain(|change| !gone.contains(&change.blob) || known(change));
        new.sort_by(|a, b| a.path.cmp(&b.path));
        (new, gaps)
    }
}

/// A path and a name below it.
pub fn joined(path: &[u8], name: &[u8]) -> BString {
    match path.is_empty() {
        true => name.as_bstr().to_owned(),
        false => [path, b"/", name].concat().into(),
    }
}
