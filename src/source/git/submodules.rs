//! Submodules that are on disk: repositories of their own.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use gix::index::entry::Mode;

use super::repository::Repository;
use crate::source::shown;

/// How deep the names of submodules are nested.
const DEEPEST: usize = 16;

/// A submodule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submodule {
    /// Its path in the repository, or its name where it is not checked out.
    pub path: String,
    /// Where it is opened.
    pub folder: PathBuf,
}

impl Repository {
    /// The submodules on disk: those that the index names and that are checked out, and those that are only kept in the
    /// repository's folder. Nobody is asked to fetch one.
    pub fn submodules(&self) -> Vec<Submodule> {
        let mut known = HashSet::new();
        let mut found = Vec::new();
        for (path, folder) in self.checked_out() {
            // Its own folder, or a file that says where that is.
            let Ok(repository) = gix::discover::is_git(&folder.join(".git"))
                .map(|_| &folder)
                .or_else(|_| gix::discover::is_git(&folder).map(|_| &folder))
            else {
                continue;
            };
            known.extend(own_folder(repository));
            found.push(Submodule { path, folder });
        }
        let modules = self.common_dir().join("modules");
        let mut open = vec![(modules.clone(), 0)];
        while let Some((folder, depth)) = open.pop() {
            if folder.join("HEAD").is_file() && folder.join("objects").is_dir() {
                if !folder
                    .canonicalize()
                    .is_ok_and(|real| known.contains(&real))
                {
                    found.push(Submodule {
                        path: shown(folder.strip_prefix(&modules).unwrap_or(&folder)),
                        folder,
                    });
                }
            } else if depth < DEEPEST {
                open.extend(folders(&folder).map(|folder| (folder, depth + 1)));
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }

    fn checked_out(&self) -> Vec<(String, PathBuf)> {
        let (Some(top), Ok(Some(index))) = (self.inner().workdir(), self.inner().try_index())
        else {
            return Vec::new();
        };
        let links = index
            .entries()
            .iter()
            .filter(|entry| entry.mode == Mode::COMMIT);
        let paths = links.filter_map(|entry| {
            let path = entry.path(&index).to_str().ok()?;
            let plain = Path::new(path)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)));
            let folder = top.join(path);
            // Nobody is led out of the repository by a link.
            let inside = fs::symlink_metadata(&folder).is_ok_and(|data| data.is_dir());
            (plain && inside).then(|| (path.to_owned(), folder))
        });
        paths.collect()
    }
}

/// Where the repository of a checkout really lies.
fn own_folder(checkout: &Path) -> Option<PathBuf> {
    let git = checkout.join(".git");
    let folder = match git.is_file() {
        true => {
            let text = fs::read_to_string(&git).ok()?;
            checkout.join(text.strip_prefix("gitdir:")?.trim())
        }
        false => git,
    };
    folder.canonicalize().ok()
}

fn folders(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| {
        let entry = entry.ok()?;
        entry.file_type().ok()?.is_dir().then(|| entry.path())
    })
}
