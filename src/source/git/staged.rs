//! The index beside the commit that is checked out.

use std::collections::HashSet;

use gix::bstr::{BStr, BString, ByteSlice};
use gix::hash::ObjectId;
use gix::index::entry::{Flags, Mode};
use gix::index::extension::Tree as Cached;
use gix::index::{Entry, File};

use super::changes::{Change, Changes, Gap, joined};
use super::repository::{Reader, Repository};

/// The files of the index that differ from the commit that is checked out, and, while a merge is under way, from those
/// that are merged. What could not be read stands beside them. `is_known` as in [`Changes::finish`].
///
/// # Errors
/// The index cannot be read.
pub fn staged(
    repository: &Repository,
    reader: &Reader,
    is_known: &dyn Fn(&[u8]) -> bool,
) -> Result<(Vec<Change>, Vec<Gap>), String> {
    let index = match repository.inner().try_index() {
        Ok(Some(index)) => index,
        // Nothing was ever added.
        Ok(None) => return Ok((Vec::new(), Vec::new())),
        Err(e) => return Err(format!("the index cannot be read: {e}")),
    };
    let mut parents = Vec::new();
    parents.extend(repository.head()?);
    parents.extend(merged(repository));
    let trees: Vec<ObjectId> = parents
        .iter()
        .filter_map(|commit| tree_of(reader, commit))
        .collect();
    let mut staged = Staged {
        index: &index,
        changes: Changes::new(reader),
    };
    staged.compare(index.entries(), &BString::default(), &trees, index.tree());
    Ok(staged.changes.finish(is_known))
}

/// The commits that a merge under way brings in.
fn merged(repository: &Repository) -> Vec<ObjectId> {
    let file = repository.inner().git_dir().join("MERGE_HEAD");
    let text = std::fs::read(file).unwrap_or_default();
    text.lines()
        .filter_map(|line| ObjectId::from_hex(line.trim()).ok())
        .collect()
}

/// The directory of a commit.
pub fn tree_of(reader: &Reader, commit: &ObjectId) -> Option<ObjectId> {
    let mut buffer = Vec::new();
    reader.read(commit, &mut buffer).ok()??;
    gix::objs::CommitRefIter::from_bytes(&buffer, reader.hash())
        .tree_id()
        .ok()
}

struct Staged<'i, 'r> {
    index: &'i File,
    changes: Changes<'r>,
}

impl Staged<'_, '_> {
    /// Compares entries below `path` with the directories that commits have there. `cached` is what the index remembers
    /// of the directory that its entries make: where it is one of a commit's, nothing below it differs.
    fn compare(
        &mut self,
        entries: &[Entry],
        path: &BString,
        trees: &[ObjectId],
        cached: Option<&Cached>,
    ) {
        let valid = cached.filter(|cached| cached.num_entries == Some(entries.len() as u32));
        if valid.is_some_and(|cached| trees.contains(&cached.id)) {
            return;
        }
        let old: Vec<_> = trees
            .iter()
            .map(|tree| self.changes.entries(tree))
            .collect();
        let skip = if path.is_empty() { 0 } else { path.len() + 1 };
        let mut here: HashSet<BString> = HashSet::new();
        let mut rest = entries;
        while let Some(first) = rest.first() {
            let name = first_part(&first.path(self.index)[skip..]);
            let below = joined(path, name);
            let same = |entry: &Entry| {
                let path = &entry.path(self.index)[skip..];
                first_part(path) == name && path.len() > name.len()
            };
            let before = old.iter().filter_map(|entries| entries.get(name));
            let count = rest.iter().take_while(|entry| same(entry)).count();
            if count > 0 {
                let trees: Vec<ObjectId> = before
                    .filter(|(mode, _)| mode.is_tree())
                    .map(|(_, id)| *id)
                    .collect();
                let children = cached.map_or(&[][..], |cached| &cached.children);
                let cached = children.iter().find(|child| child.name[..] == **name);
                self.compare(&rest[..count], &below, &trees, cached);
                rest = &rest[count..];
            } else {
                let ids: Vec<ObjectId> = before.map(|(_, id)| *id).collect();
                self.file(first, below, &ids);
                rest = &rest[1..];
            }
            here.insert(name.to_owned());
        }
        for (name, (mode, id)) in old.into_iter().flatten() {
            if !here.contains(&name) {
                self.changes.add_gone(mode, id, None);
            }
        }
    }

    fn file(&mut self, entry: &Entry, path: BString, before: &[ObjectId]) {
        // Submodules lie elsewhere, and what is only meant to be added has no content yet.
        let none = entry.mode == Mode::COMMIT || entry.flags.contains(Flags::INTENT_TO_ADD);
        if none || before.contains(&entry.id) {
            return;
        }
        if entry.mode == Mode::DIR {
            // A sparse index keeps whole directories that nobody touches.
            return self.changes.add(entry.id, before);
        }
        self.changes.add_file(path, entry.id);
        before.iter().for_each(|id| self.changes.add_gone_file(*id));
    }
}

fn first_part(path: &[u8]) -> &BStr {
    path.split_once_str("/")
        .map_or(path, |(first, _)| first)
        .as_bstr()
}
