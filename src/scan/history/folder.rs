//! What a repository's own folder holds besides objects: configuration, reflogs, messages.

use std::fs;
use std::path::{Path, PathBuf};

use super::Audit;
use crate::model::{Origin, Skip, SkipKind};
use crate::scan::worker::{State, Worker};
use crate::source::{Entry, Visit, reason, shown};

/// Folders of a repository that are no text, or a repository of their own.
const OTHERS: [&str; 4] = ["objects", "modules", "lfs", "rr-cache"];
/// How deep branches are nested at most.
const DEEPEST: usize = 64;

impl Audit<'_> {
    /// Scans the files of the repository's folder: a remote's address may hold a password, and a reflog quotes messages.
    pub(super) fn folder(&self) {
        let mut worker = Worker {
            scan: self.scan,
            collector: self.collector,
            state: std::sync::Arc::new(std::sync::Mutex::new(State::new(self.scan.engine))),
        };
        let mut open = vec![(self.repository.common_dir().to_owned(), 0)];
        while let Some((folder, depth)) = open.pop() {
            for (path, is_dir) in self.listed(&folder) {
                let name = path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .unwrap_or("");
                match is_dir {
                    true if depth == 0 && OTHERS.contains(&name) => {}
                    true if depth < DEEPEST => open.push((path, depth + 1)),
                    true => {}
                    // Object ids and times; what Git itself brings along.
                    false if name == "index" || name.ends_with(".sample") => {}
                    false => {
                        if !worker.visit(Entry::File(&self.relative(&path), false)) {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// What lies in a folder, sorted. Symbolic links lead to what others scan.
    fn listed(&self, folder: &Path) -> Vec<(PathBuf, bool)> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(e) => {
                self.collector.skip(Skip {
                    origin: Origin::File(shown(folder)),
                    kind: SkipKind::Unreadable,
                    detail: reason(&e),
                });
                return Vec::new();
            }
        };
        let entries = entries.filter_map(|entry| {
            let entry = entry.ok()?;
            let kind = entry.file_type().ok()?;
            (!kind.is_symlink()).then(|| (entry.path(), kind.is_dir()))
        });
        let mut entries: Vec<(PathBuf, bool)> = entries.collect();
        entries.sort();
        entries
    }

    /// As seen from the current directory, where it lies below it.
    fn relative(&self, path: &Path) -> PathBuf {
        let current = std::env::current_dir().ok();
        let current = current.and_then(|current| current.canonicalize().ok());
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let below = current.and_then(|current| Some(real.strip_prefix(current).ok()?.to_owned()));
        below.unwrap_or_else(|| path.to_owned())
    }
}
