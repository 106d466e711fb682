//! The parallel walk over directories.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::io;
use std::path::{self, Path, PathBuf};
use std::sync::{Arc, Mutex};

use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

use super::file::{reason, shown};
use crate::model::{Origin, Skip, SkipKind};

/// How the name of a report begins that is being written.
pub const PARTIAL_PREFIX: &str = ".keysieve-";
/// How it ends.
pub const PARTIAL_SUFFIX: &str = ".partial";

/// Files that say what to ignore, and that are read on the way.
const IGNORE_FILES: [&str; 3] = [".gitignore", ".ignore", ".git/info/exclude"];
/// None of them is larger than this, unless somebody wants to fill the memory.
const IGNORE_LIMIT: u64 = 16 << 20;

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
    /// except where the user named one. What lies below two of the roots is seen once.
    pub fn run<V: Visit>(&self, new: impl Fn() -> V) {
        let mut named = HashSet::new();
        let roots: Vec<&PathBuf> = self
            .roots
            .iter()
            .filter(|root| named.insert(absolute(root)))
            .collect();
        let Some((first, rest)) = roots.split_first() else {
            return;
        };
        let traps = Traps::default();
        let ignore_files = self.ignore_files && !traps.set_around(&roots);
        let mut builder = WalkBuilder::new(first);
        for root in rest {
            builder.add(root);
        }
        let found = traps.clone();
        builder
            .hidden(false)
            .parents(ignore_files)
            .ignore(ignore_files)
            .git_ignore(ignore_files)
            .git_global(ignore_files)
            .git_exclude(ignore_files)
            .require_git(false)
            .follow_links(false)
            .threads(self.threads)
            .filter_entry(move |entry| {
                let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
                let root = entry.depth() == 0;
                root || is_scanned(entry.file_name())
                    && !(ignore_files && is_dir && found.set_in(entry.path()))
            });
        let mut visitors = Builder {
            walk: self,
            // With one root there is nothing that could be met twice.
            named: if rest.is_empty() {
                HashSet::new()
            } else {
                named
            },
            new,
        };
        builder.build_parallel().visit(&mut visitors);
        traps.report(visitors.new);
    }

    fn entry(
        &self,
        entry: Result<DirEntry, ignore::Error>,
        roots: &HashSet<PathBuf>,
        visitor: &mut impl Visit,
    ) -> WalkState {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return go_on(visitor.visit(Entry::Skip(skipped(&error)))),
        };
        let (path, named) = (entry.path(), entry.depth() == 0);
        if !named && !roots.is_empty() && roots.contains(&absolute(path)) {
            return WalkState::Skip;
        }
        let kind = entry.file_type();
        let is_dir = kind.is_some_and(|kind| kind.is_dir());
        if (!named || self.exclude_named) && (self.excluded)(path, is_dir) {
            let seen = visitor.visit(Entry::Skip(skip(
                path,
                SkipKind::Excluded,
                "excluded by a pattern",
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

/// The path from the top, so that two names of the same place are one.
fn absolute(path: &Path) -> PathBuf {
    path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Ignore files that must not be opened. The walk opens whatever has the name, so a FIFO would make it wait for ever,
/// and a device fill the memory.
#[derive(Clone, Default)]
struct Traps(Arc<Mutex<Vec<Skip>>>);

impl Traps {
    /// Whether one is set in `folder`, which then must not be entered with ignore files on.
    fn set_in(&self, folder: &Path) -> bool {
        self.set(
            folder,
            "neither a regular file nor of usual size, so its directory is not scanned",
        )
    }

    /// Whether one is set in a root or above it, where ignore files are read before the walk begins.
    fn set_around(&self, roots: &[&PathBuf]) -> bool {
        let detail = "neither a regular file nor of usual size, so no ignore rules were applied";
        let folders = around(roots);
        let set = folders.iter().filter(|folder| self.set(folder, detail));
        set.count() > 0
    }

    fn set(&self, folder: &Path, detail: &str) -> bool {
        let trap = IGNORE_FILES.iter().map(|name| folder.join(name)).find(|f| {
            f.metadata()
                .is_ok_and(|data| !data.is_file() && !data.is_dir() || data.len() > IGNORE_LIMIT)
        });
        if let Some(trap) = &trap {
            self.list().push(skip(trap, SkipKind::Unreadable, detail));
        }
        trap.is_some()
    }

    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Skip>> {
        self.0.lock().expect("because no thread panics with it")
    }

    fn report<V: Visit>(self, new: impl Fn() -> V) {
        let skips = std::mem::take(&mut *self.list());
        if !skips.is_empty() {
            let mut visitor = new();
            skips
                .into_iter()
                .for_each(|skip| _ = visitor.visit(Entry::Skip(skip)));
        }
    }
}

/// The folders of `roots` and all above them, each once however many files of a folder are named.
fn around(roots: &[&PathBuf]) -> BTreeSet<PathBuf> {
    let (mut seen, mut folders) = (HashSet::new(), BTreeSet::new());
    for root in roots {
        let folder = match root.is_dir() {
            true => root.as_path(),
            false => root.parent().unwrap_or(Path::new("")),
        };
        if !seen.insert(folder) {
            continue;
        }
        // The folder of a bare name is the current one.
        let resolved = Path::new(".").join(folder).canonicalize();
        for above in resolved.iter().flat_map(|folder| folder.ancestors()) {
            if !folders.insert(above.to_owned()) {
                break;
            }
        }
    }
    folders
}

struct Builder<'a, F> {
    walk: &'a Walk,
    named: HashSet<PathBuf>,
    new: F,
}

impl<'a, V: Visit + 'a, F: Fn() -> V> ParallelVisitorBuilder<'a> for Builder<'a, F> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 'a> {
        Box::new(Visitor {
            walk: self.walk,
            named: self.named.clone(),
            visitor: (self.new)(),
        })
    }
}

struct Visitor<'a, V> {
    walk: &'a Walk,
    named: HashSet<PathBuf>,
    visitor: V,
}

impl<V: Visit> ParallelVisitor for Visitor<'_, V> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        self.walk.entry(entry, &self.named, &mut self.visitor)
    }
}
