//! Which commits a range or a push brings.

use std::collections::{BinaryHeap, HashMap, HashSet};

use gix::bstr::ByteSlice;
use gix::hash::ObjectId;
use gix::objs::{CommitRefIter, Kind, TagRefIter};

use super::repository::{Reader, Repository};

/// Something to be pushed, as Git tells its hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The reference's name, for people.
    pub name: String,
    /// What the other side has; nothing for a new reference.
    pub old: Option<ObjectId>,
    /// What it is to have; nothing for one that is taken away.
    pub new: Option<ObjectId>,
}

/// From where to where commits are scanned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tips {
    /// These, and all before them.
    pub new: Vec<ObjectId>,
    /// But not these, nor anything before them.
    pub known: Vec<ObjectId>,
}

/// What tips lead to.
#[derive(Debug, Default)]
pub struct Brought {
    /// Commits, oldest first.
    pub commits: Vec<ObjectId>,
    /// Annotated tags.
    pub tags: Vec<ObjectId>,
    /// Directories and files that a reference or tag names.
    pub others: Vec<(Kind, ObjectId)>,
    /// Objects that are not here.
    pub missing: Vec<ObjectId>,
}

/// The lines that Git's `pre-push` gets: `<local ref> <local id> <remote ref> <remote id>`.
///
/// # Errors
/// The line that is not one.
pub fn parse_pre_push(text: &[u8]) -> Result<Vec<Update>, String> {
    parse(text, |fields| match fields {
        [_, new, name, old] => Some((*name, *old, *new)),
        _ => None,
    })
}

/// The lines that Git's `pre-receive` gets: `<old id> <new id> <ref>`.
///
/// # Errors
/// The line that is not one.
pub fn parse_pre_receive(text: &[u8]) -> Result<Vec<Update>, String> {
    parse(text, |fields| match fields {
        [old, new, name] => Some((*name, *old, *new)),
        _ => None,
    })
}

type Fields<'l> = (&'l [u8], &'l [u8], &'l [u8]);

fn parse<'t>(
    text: &'t [u8],
    pick: impl Fn(&[&'t [u8]]) -> Option<Fields<'t>>,
) -> Result<Vec<Update>, String> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let read = |(number, line): (usize, &'t [u8])| {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
        let update = pick(&fields).and_then(|(name, old, new)| {
            let id = |hex: &[u8]| ObjectId::from_hex(hex).ok();
            let given = |id: ObjectId| (!id.is_null()).then_some(id);
            Some(Update {
                name: name.to_str_lossy().into_owned(),
                old: given(id(old)?),
                new: given(id(new)?),
            })
        });
        update.ok_or_else(|| {
            format!(
                "standard input, line {}: not what Git tells this hook",
                number + 1
            )
        })
    };
    lines.map(read).collect()
}

impl Repository {
    /// The tips of a range such as `origin/main..HEAD`.
    ///
    /// # Errors
    /// It does not exist, or is not here.
    pub fn range(&self, range: &str) -> Result<Tips, String> {
        use gix::revision::plumbing::Spec;

        let parsed = self.inner().rev_parse(range).map_err(|e| e.to_string())?;
        Ok(match parsed.detach() {
            Spec::Include(tip) => Tips {
                new: vec![tip],
                known: Vec::new(),
            },
            Spec::Exclude(tip) => Tips {
                new: self.head()?.into_iter().collect(),
                known: vec![tip],
            },
            Spec::Range { from, to } => Tips {
                new: vec![to],
                known: vec![from],
            },
            Spec::Merge { theirs, ours } => Tips {
                known: self
                    .inner()
                    .merge_bases_many(ours, &[theirs])
                    .map_err(|e| e.to_string())?
                    .into_iter()
                    .map(gix::Id::detach)
                    .collect(),
                new: vec![theirs, ours],
            },
            Spec::IncludeOnlyParents(tip) => Tips {
                new: self.parents(tip)?,
                known: Vec::new(),
            },
            Spec::ExcludeParents(tip) => Tips {
                known: self.parents(tip)?,
                new: vec![tip],
            },
        })
    }

    fn parents(&self, commit: ObjectId) -> Result<Vec<ObjectId>, String> {
        let commit = self
            .inner()
            .find_commit(commit)
            .map_err(|e| e.to_string())?;
        Ok(commit.parent_ids().map(gix::Id::detach).collect())
    }

    /// The tips of a push to a remote: what it is known to have is not new.
    pub fn push(&self, updates: &[Update], remote: Option<&str>) -> Tips {
        let tracked = remote.map(|remote| format!("refs/remotes/{remote}/"));
        let (references, _) = self.references();
        let known = references.into_iter().filter(|reference| {
            let tracked = tracked.as_deref();
            tracked.is_some_and(|tracked| reference.name.starts_with(tracked))
        });
        let known = known.map(|reference| reference.target);
        Tips {
            new: updates.iter().filter_map(|update| update.new).collect(),
            known: known
                .chain(updates.iter().filter_map(|update| update.old))
                .collect(),
        }
    }

    /// The tips of what a server is handed: all that a reference of it leads to is not new.
    pub fn receive(&self, updates: &[Update]) -> Tips {
        let (references, _) = self.references();
        Tips {
            new: updates.iter().filter_map(|update| update.new).collect(),
            known: references
                .into_iter()
                .map(|reference| reference.target)
                .collect(),
        }
    }

    /// What tips lead to.
    ///
    /// # Errors
    /// The history cannot be followed.
    pub fn brought(&self, tips: &Tips, reader: &Reader) -> Result<Brought, String> {
        let mut brought = Brought::default();
        let shallow: HashSet<ObjectId> = self.shallow()?.into_iter().collect();
        let mut new = Vec::new();
        for tip in &tips.new {
            new.extend(peel(tip, reader, Some(&mut brought))?);
        }
        let mut known = Vec::new();
        for tip in &tips.known {
            // The other side may have what is not here.
            known.extend(peel(tip, reader, None).ok().flatten());
        }
        let mut paint = Paint::new(reader, &shallow);
        known.iter().for_each(|id| paint.add(*id, KNOWN));
        new.iter().for_each(|id| paint.add(*id, NEW));
        let (commits, missing) = paint.run();
        brought.commits = commits;
        brought.missing.extend(missing);
        Ok(brought)
    }
}

/// The commit that an object leads to, through tags. What else there is on the way is added to `brought`.
fn peel(
    id: &ObjectId,
    reader: &Reader,
    mut brought: Option<&mut Brought>,
) -> Result<Option<ObjectId>, String> {
    let (mut id, mut buffer) = (*id, Vec::new());
    // Tags of tags end sooner.
    for _ in 0..16 {
        let kind = reader.read(&id, &mut buffer)?;
        let Some(brought) = brought.as_deref_mut() else {
            match kind {
                Some(Kind::Commit) => return Ok(Some(id)),
                Some(Kind::Tag) => {}
                _ => return Ok(None),
            }
            id = target(&buffer, reader)?;
            continue;
        };
        match kind {
            Some(Kind::Commit) => return Ok(Some(id)),
            Some(Kind::Tag) => brought.tags.push(id),
            Some(kind) => brought.others.push((kind, id)),
            None => brought.missing.push(id),
        }
        if kind != Some(Kind::Tag) {
            return Ok(None);
        }
        id = target(&buffer, reader)?;
    }
    Ok(None)
}

fn target(tag: &[u8], reader: &Reader) -> Result<ObjectId, String> {
    let target = TagRefIter::from_bytes(tag, reader.hash()).target_id();
    target.map_err(|_| "a tag does not read as one".to_owned())
}

/// A new tip leads to it.
const NEW: u8 = 1;
/// A known tip leads to it.
const KNOWN: u8 = 2;
/// Commits that are looked at when no new one is left, for the sake of clocks that were wrong.
const SLOP: usize = 64;

/// Tells the commits that only new tips lead to: from the newest to the oldest, as long as one of them may be new, so
/// that a push looks at little more than what it brings. Where clocks were wrong it may take a known commit for a new
/// one, and never a new one for a known one.
struct Paint<'r> {
    reader: &'r Reader,
    shallow: &'r HashSet<ObjectId>,
    commits: HashMap<ObjectId, Painted>,
    /// By time; some stand in it more than once.
    queue: BinaryHeap<(i64, ObjectId)>,
    /// Commits in the queue that are new as far as is known.
    open: HashSet<ObjectId>,
    missing: Vec<ObjectId>,
    buffer: Vec<u8>,
}

struct Painted {
    flags: u8,
    /// The flags that its parents have from it.
    passed_on: u8,
    time: i64,
    parents: Vec<ObjectId>,
}

impl<'r> Paint<'r> {
    fn new(reader: &'r Reader, shallow: &'r HashSet<ObjectId>) -> Self {
        Paint {
            reader,
            shallow,
            commits: HashMap::new(),
            queue: BinaryHeap::new(),
            open: HashSet::new(),
            missing: Vec::new(),
            buffer: Vec::new(),
        }
    }

    fn add(&mut self, id: ObjectId, flag: u8) {
        if !self.commits.contains_key(&id) {
            match self.read(&id) {
                Some(commit) => _ = self.commits.insert(id, commit),
                // The other side may have what is not here.
                None if flag == KNOWN => return,
                None => return self.missing.push(id),
            }
        }
        let commit = self
            .commits
            .get_mut(&id)
            .expect("because it has just been read");
        if commit.flags | flag != commit.flags {
            commit.flags |= flag;
            self.queue.push((commit.time, id));
            match commit.flags {
                NEW => _ = self.open.insert(id),
                _ => _ = self.open.remove(&id),
            }
        }
    }

    fn read(&mut self, id: &ObjectId) -> Option<Painted> {
        match self.reader.read(id, &mut self.buffer) {
            Ok(Some(Kind::Commit)) => {}
            _ => return None,
        }
        let commit = CommitRefIter::from_bytes(&self.buffer, self.reader.hash());
        let committer = commit.committer();
        Some(Painted {
            flags: 0,
            passed_on: 0,
            time: committer.map_or(0, |committer| committer.seconds()),
            parents: match self.shallow.contains(id) {
                true => Vec::new(),
                false => commit.parent_ids().collect(),
            },
        })
    }

    /// The new commits, oldest first, and what is not here.
    fn run(mut self) -> (Vec<ObjectId>, Vec<ObjectId>) {
        let mut slop = 0;
        while let Some((_, id)) = self.queue.pop() {
            self.open.remove(&id);
            let commit = self.commits.get_mut(&id).expect("because it was read");
            let flag = if commit.flags & KNOWN != 0 {
                KNOWN
            } else {
                NEW
            };
            if std::mem::replace(&mut commit.passed_on, flag) == flag {
                continue;
            }
            let parents = commit.parents.clone();
            parents
                .into_iter()
                .for_each(|parent| self.add(parent, flag));
            slop = if self.open.is_empty() { slop + 1 } else { 0 };
            if slop > SLOP {
                break;
            }
        }
        let new = self
            .commits
            .iter()
            .filter(|(_, commit)| commit.flags == NEW);
        let mut new: Vec<(i64, ObjectId)> = new.map(|(id, commit)| (commit.time, *id)).collect();
        new.sort();
        (new.into_iter().map(|(_, id)| id).collect(), self.missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_git_tells_its_hooks() {
        let (a, none) = ("a".repeat(40), "0".repeat(40));
        let push =
            format!("refs/heads/x {a} refs/heads/y {none}\n\n(delete) {none} refs/heads/z {a}\n");
        let got = parse_pre_push(push.as_bytes()).expect("the lines are right");
        let id = ObjectId::from_hex(a.as_bytes()).expect("it is an id");
        let update = |name: &str, old, new| Update {
            name: name.to_owned(),
            old,
            new,
        };
        assert_eq!(
            got,
            [
                update("refs/heads/y", None, Some(id)),
                update("refs/heads/z", Some(id), None)
            ]
        );
        let receive = format!("{none} {a} refs/heads/y");
        let got = parse_pre_receive(receive.as_bytes()).expect("the line is right");
        assert_eq!(got, [update("refs/heads/y", None, Some(id))]);
        for bad in ["x", "a b c d", &format!("{a} {a}")] {
            let told = parse_pre_push(bad.as_bytes()).expect_err("the line is wrong");
            assert!(told.contains("line 1"), "{told}");
        }
    }
}
