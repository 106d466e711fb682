//! What is staged, and what a range or a push brings: files that are new, and the texts of commits and tags.

use std::collections::HashSet;
use std::sync::Arc;

use gix::bstr::ByteSlice;
use gix::date::time::format::ISO8601_STRICT;
use gix::hash::ObjectId;
use gix::objs::{CommitRefIter, Kind};
use rayon::prelude::*;

use super::Audit;
use super::objects::{kind, title};
use super::pieces::{Piece, Pieces};
use crate::engine::{Counters, Engine};
use crate::model::{GitCommit, GitPlace, Origin};
use crate::scan::masked;
use crate::source::git::{Change, Changes, Gap, Reader, Tips, staged, tree_of};

/// Fewer objects are scanned on one thread: others would not be there in time.
const ALONE: usize = 64;

impl Audit<'_> {
    /// Scans exactly what is staged.
    pub(super) fn staged(&self) -> Result<Counters, String> {
        let reader = self.reader()?;
        let (changes, gaps) = staged(self.repository, &reader, &|name| {
            self.scan.engine.reads_whole(name)
        })?;
        self.say_gaps(gaps);
        let pieces = changes.into_iter().filter_map(|change| {
            let path = self.prefixed(&change);
            (!self.is_excluded(&path)).then(|| Piece {
                id: change.blob,
                origin: Origin::Git(Arc::new(GitPlace {
                    commit: None,
                    path,
                    is_file: true,
                    object: change.blob.to_string(),
                    kind: kind(Kind::Blob),
                    staged: true,
                })),
            })
        });
        self.scan_pieces(pieces.collect(), &reader)
    }

    /// Scans what `tips` bring.
    pub(super) fn brought(&self, tips: &Tips) -> Result<Counters, String> {
        let reader = self.reader()?;
        let brought = self.repository.brought(tips, &reader)?;
        self.say_gaps(brought.missing.iter().map(|id| Gap {
            id: *id,
            detail: None,
        }));
        let mut pieces = Vec::new();
        let mut seen = HashSet::new();
        for id in &brought.commits {
            if self.scan.progress.stopped() {
                break;
            }
            let Some((commit, tree, parents)) = self.commit(id, &reader) else {
                self.say_gaps([Gap {
                    id: *id,
                    detail: None,
                }]);
                continue;
            };
            pieces.push(Piece {
                id: *id,
                origin: self.place(Kind::Commit, *id, Some(commit.clone()), None),
            });
            let parents: Vec<ObjectId> = parents
                .iter()
                .filter_map(|parent| tree_of(&reader, parent))
                .collect();
            let mut changes = Changes::new(&reader);
            changes.add(tree, &parents);
            let (changes, gaps) = changes.finish(&|name| self.scan.engine.reads_whole(name));
            self.say_gaps(gaps);
            for change in changes {
                let path = self.prefixed(&change);
                if !self.is_excluded(&path) && seen.insert((change.blob, path.clone())) {
                    let commit = Some(commit.clone());
                    let origin = self.place(Kind::Blob, change.blob, commit, Some(path));
                    pieces.push(Piece {
                        id: change.blob,
                        origin,
                    });
                }
            }
        }
        let others = brought.tags.iter().map(|id| (Kind::Tag, *id));
        for (of, id) in others.chain(brought.others) {
            self.other(of, id, &reader, &mut pieces);
        }
        self.scan_pieces(pieces, &reader)
    }

    /// A tag, or a directory or file that a reference names.
    fn other(&self, of: Kind, id: ObjectId, reader: &Reader, pieces: &mut Vec<Piece>) {
        if of != Kind::Tree {
            let origin = self.place(of, id, None, None);
            return pieces.push(Piece { id, origin });
        }
        let mut changes = Changes::new(reader);
        changes.add(id, &[]);
        let (changes, gaps) = changes.finish(&|name| self.scan.engine.reads_whole(name));
        self.say_gaps(gaps);
        pieces.extend(changes.into_iter().map(|change| Piece {
            id: change.blob,
            origin: self.place(Kind::Blob, change.blob, None, Some(self.prefixed(&change))),
        }));
    }

    /// What reports say of a commit, its directory and its parents.
    fn commit(
        &self,
        id: &ObjectId,
        reader: &Reader,
    ) -> Option<(GitCommit, ObjectId, Vec<ObjectId>)> {
        let mut buffer = Vec::new();
        reader.read(id, &mut buffer).ok()??;
        let mut commit = CommitRefIter::from_bytes(&buffer, reader.hash());
        let tree = commit.tree_id().ok()?;
        let parents = commit.parent_ids().collect();
        Some((told(self.scan.engine, id, commit, false), tree, parents))
    }

    fn prefixed(&self, change: &Change) -> String {
        format!("{}{}", self.prefix, change.path.to_str_lossy())
    }

    fn place(
        &self,
        of: Kind,
        id: ObjectId,
        commit: Option<GitCommit>,
        path: Option<String>,
    ) -> Origin {
        Origin::Git(Arc::new(GitPlace {
            commit,
            is_file: path.is_some(),
            path: path.unwrap_or_else(|| format!("{}{}", self.prefix, title(of, &id))),
            object: id.to_string(),
            kind: kind(of),
            staged: false,
        }))
    }

    fn pieces(&self) -> Pieces<'_> {
        Pieces {
            scan: self.scan,
            collector: self.collector,
            options: self.options,
            partial: self.repository.is_partial(),
        }
    }

    fn say_gaps(&self, gaps: impl IntoIterator<Item = Gap>) {
        self.pieces().say_gaps(gaps);
    }

    fn scan_pieces(&self, pieces: Vec<Piece>, reader: &Reader) -> Result<Counters, String> {
        let scanner = self.pieces();
        if pieces.len() <= ALONE || self.options.threads == 1 {
            return Ok(scanner.scan(&pieces, reader));
        }
        let sources = self.sources();
        let part = pieces.len().div_ceil(self.options.threads * 8);
        let scanned: Result<Vec<Counters>, String> = self.pool()?.install(|| {
            let parts = pieces.par_chunks(part);
            let scanned = parts.map(|part| Ok(scanner.scan(part, &sources.reader()?)));
            scanned.collect()
        });
        let mut counters = Counters::default();
        scanned?.iter().for_each(|more| counters.add(more));
        Ok(counters)
    }
}

/// What reports say of a commit.
pub fn told(
    engine: &Engine,
    id: &ObjectId,
    commit: CommitRefIter<'_>,
    unreachable: bool,
) -> GitCommit {
    let author = commit.author().ok();
    let author = author.map(|author| {
        let text = [author.name.trim(), b" <", author.email.trim(), b">"].concat();
        masked(engine, &text.to_str_lossy())
    });
    let committer = commit.committer().ok();
    let time = committer.and_then(|committer| committer.time().ok());
    GitCommit {
        unreachable,
        time: time.map_or(0, |time| time.seconds),
        id: id.to_string(),
        author: author.unwrap_or_default(),
        date: time.map_or_else(String::new, |time| time.format_or_unix(ISO8601_STRICT)),
    }
}
