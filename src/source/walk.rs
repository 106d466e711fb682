//! The parallel walk over directories.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

use super::file::{reason, shown};
use crate::model::{Origin, Skip, SkipKind};

/// How the name of a report begins that is being written.
pub const PARTIAL_PREFIX: &str = ".keysieve-";
/// How it ends.
pub const PARTIAL_SUFFIX: &str = ".partial";

/// Paths that are not scanned because somebody decided so: patterns in the syntax of `.gitignore`.
#[derive(Debug, Clone)]
pub struct Exclude {
    patterns: Gitignore,
    root: PathBuf,
}

impl Exclude {
    /// Patterns that apply below `root`, an absolute path, each with the name of the file it stands in.
    ///
    /// # Errors
    /// The pattern that is not one, and why.
    pub fn new<'p>(
        root: &Path,
        patterns: impl IntoIterator<Item = &'p str>,
    ) -> Result<Exclude, String> {
        let mut builder = GitignoreBuilder::new(root);
        for pattern in patterns {
            builder.add_line(None, pattern).map_err(|e| e.to_string())?;
        }
        let patterns = builder.build().map_err(|e| e.to_string())?;
        Ok(Exclude {
            patterns,
            root: root.to_owned(),
        })
    }

    /// Whether nothing is excluded.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether `path` is excluded, itself or by a directory it lies in. Relative paths start at `current`.
    pub fn matches(&self, current: &Path, path: &Path, is_dir: bool) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let absolute = current.join(path.strip_prefix("./").unwrap_or(path));
        let Ok(below) = absolute.strip_prefix(&self.root) else {
            return false;
        };
        !below.as_os_str().is_empty()
            && self
                .patterns
                .matched_path_or_any_parents(below, is_dir)
                .is_ignore()
    }
}

/// What a walk comes across.
#[derive(Debug)]
pub enum Entry<'a> {
    /// A file to scan, and whether the user named it.
    File(&'a Path, bool),
    /// Something that is not scanned, and why.
    Skip(Skip),
}

/// One thread's end of the walk.
pub trait Visit: Send {
    /// Takes an entry; `false` ends the walk.
    fn visit(&mut self, entry: Entry<'_>) -> bool;
}

/// Tells of a path, and whether it is a directory, if it is to be left out.
pub type Excluded = Box<dyn Fn(&Path, bool) -> bool + Send + Sync>;

/// A walk over files and directories.
pub struct Walk {
    /// Where it begins. A file among them is named by the user: no ignore rule applies to it.
    pub roots: Vec<PathBuf>,
    /// How many threads walk.
    pub threads: usize,
    /// Whether `.gitignore` and its kin are honoured.
    pub ignore_files: bool,
    /// What is left out besides.
    pub excluded: Excluded,
    /// Whether that applies to named files too.
    pub exclude_named: bool,
}

impl Walk {
    /// Walks, with one visitor a thread, until all is seen or a visitor ends it. Symbolic links are not followed,
    /// except where the user named one.
    pub fn run<V: Visit>(&self, new: impl Fn() -> V) {
        let Some((first, rest)) = self.roots.split_first() else {
            return;
        };
        let mut builder = WalkBuilder::new(first);
        for root in rest {
            builder.add(root);
        }
        builder
            .hidden(false)
            .parents(self.ignore_files)
            .ignore(self.ignore_files)
            .git_ignore(self.ignore_files)
            .git_global(self.ignore_files)
            .git_exclude(self.ignore_files)
            .require_git(false)
            .follow_links(false)
            .threads(self.threads)
            .filter_entry(|entry| entry.depth() == 0 || is_scanned(entry.file_name()));
        builder
            .build_parallel()
            .visit(&mut Builder { walk: self, new });
    }

    fn entry(&self, entry: Result<DirEntry, ignore::Error>, visitor: &mut impl Visit) -> WalkState {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return go_on(visitor.visit(Entry::Skip(skipped(&error)))),
        };
        let (path, named) = (entry.path(), entry.depth() == 0);
        let kind = entry.file_type();
        let is_dir = kind.is_some_and(|kind| kind.is_dir());
        if (!named || self.exclude_named) && (self.excluded)(path, is_dir) {
            let seen = visitor.visit(Entry::Skip(skip(
                path,
                SkipKind::Excluded,
                "excluded by the configuration",
            )));
            return if seen && is_dir {
                WalkState::Skip
            } else {
                go_on(seen)
            };
        }
        let what = match kind {
            _ if is_dir => return WalkState::Continue,
            Some(kind) if kind.is_file() => Entry::File(path, named),
            // A link that the user named is followed; the walk has done so for a directory.
            Some(kind) if kind.is_symlink() && named => Entry::File(path, named),
            Some(kind) if kind.is_symlink() => Entry::Skip(skip(
                path,
                SkipKind::Symlink,
                "a symbolic link is not followed",
            )),
            _ if named => Entry::Skip(skip(
                path,
                SkipKind::Unreadable,
                "a FIFO, socket or device is never opened; pipe its content into `keysieve scan -`",
            )),
            _ => Entry::Skip(skip(
                path,
                SkipKind::NotRegular,
                "a FIFO, socket or device is never opened",
            )),
        };
        go_on(visitor.visit(what))
    }
}

/// Everything but Git's own folder (`keysieve git` reads that) and reports that are being written.
fn is_scanned(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    let partial =
        bytes.starts_with(PARTIAL_PREFIX.as_bytes()) && bytes.ends_with(PARTIAL_SUFFIX.as_bytes());
    name != ".git" && !partial
}

fn go_on(more: bool) -> WalkState {
    if more {
        WalkState::Continue
    } else {
        WalkState::Quit
    }
}

fn skip(path: &Path, kind: SkipKind, detail: &str) -> Skip {
    Skip {
        origin: Origin::File(shown(path)),
        kind,
        detail: detail.to_owned(),
    }
}

/// What the walk could not do, as a skip.
fn skipped(error: &ignore::Error) -> Skip {
    let io = error.io_error();
    let kind = match io.map(io::Error::kind) {
        Some(io::ErrorKind::NotFound) => SkipKind::Vanished,
        _ => SkipKind::Unreadable,
    };
    let detail = io.map_or_else(|| error.to_string(), reason);
    let path = path_of(error).map_or_else(|| "?".to_owned(), shown);
    Skip {
        origin: Origin::File(path),
        kind,
        detail,
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        ignore::Error::Loop { child, .. } => Some(child),
        ignore::Error::Partial(errors) => errors.iter().find_map(path_of),
        _ => None,
    }
}

struct Builder<'a, F> {
    walk: &'a Walk,
    new: F,
}

impl<'a, V: Visit + 'a, F: Fn() -> V> ParallelVisitorBuilder<'a> for Builder<'a, F> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 'a> {
        Box::new(Visitor {
            walk: self.walk,
            visitor: (self.new)(),
        })
    }
}

struct Visitor<'a, V> {
    walk: &'a Walk,
    visitor: V,
}

impl<V: Visit> ParallelVisitor for Visitor<'_, V> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        self.walk.entry(entry, &mut self.visitor)
    }
}
