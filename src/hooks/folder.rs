//! Where git looks for a repository's hooks. Git is asked itself: it knows about `core.hooksPath` in all its configuration
//! files, about worktrees and bare repositories, and whether a repository's owner may be trusted.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Hook, HookError};
use crate::platform;

/// A repository's folder of hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The folder, absolute; it need not be there.
    pub path: PathBuf,
    /// Whether it lies outside of the repository, so that other repositories may use it, too.
    pub shared: bool,
    /// Whether it lies in the work tree, so that what is written there may be committed.
    pub in_work_tree: bool,
}

impl Folder {
    /// The folder in which git looks for `hook`, in the repository that the folder `repository` is in. A relative `core.hooksPath` starts at the top of the work tree, but for
    /// hooks that run where something is received: those run in the repository's own directory (`githooks(5)`).
    pub fn find(repository: &Path, hook: Hook) -> Result<Folder, HookError> {
        let git_dir = ask(repository, &["--absolute-git-dir"])?;
        let bare = ask(repository, &["--is-bare-repository"])? == Path::new("true");
        let top = match bare {
            true => None,
            false => Some(ask(repository, &["--show-toplevel"])?),
        };
        let base = match (&top, hook) {
            (Some(top), Hook::PreCommit | Hook::PrePush) => top,
            _ => &git_dir,
        };
        let path = base.join(ask(base, &["--git-path", "hooks"])?);
        let common = base.join(ask(base, &["--git-common-dir"])?);
        let below = |folder: &Path| real(&path).starts_with(real(folder));
        let in_repository = below(&common) || below(&git_dir);
        let in_work_tree = !in_repository && top.as_deref().is_some_and(below);
        let folder = Folder {
            shared: !in_repository && !in_work_tree,
            in_work_tree,
            path,
        };
        folder.usable(hook)?;
        Ok(folder)
    }

    fn usable(&self, hook: Hook) -> Result<(), HookError> {
        let path = self.path.clone();
        if path.exists() && !path.is_dir() {
            return Err(HookError::NotAFolder { path });
        }
        // Husky's `_` holds one generated file a hook, each of which goes by its own name.
        let husky = path.parent().filter(|parent| {
            path.file_name() == Some(OsStr::new("_"))
                && parent.file_name() == Some(OsStr::new(".husky"))
        });
        match husky {
            Some(husky) => Err(HookError::Generated {
                instead: husky.join(hook.name()),
                path: path.clone(),
            }),
            None => Ok(()),
        }
    }
}

/// Variables by which git, where it runs a program, leads other calls of git to its own repository.
const ELSEWHERE: [&str; 3] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR"];

/// Asks `git rev-parse`, which reads configuration and runs nothing of the repository: no hook, filter, monitor or alias,
/// and a pager only where it writes to a terminal.
fn ask(folder: &Path, question: &[&str]) -> Result<PathBuf, HookError> {
    let mut git = Command::new("git");
    ELSEWHERE.iter().for_each(|name| _ = git.env_remove(name));
    let answer = git
        .args(["--no-pager", "-c", "core.fsmonitor=false", "rev-parse"])
        .args(question)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| match folder.is_dir() {
            true => HookError::NoGit {
                reason: e.to_string(),
            },
            false => HookError::Io {
                path: folder.to_owned(),
                reason: e,
            },
        })?;
    if !answer.status.success() {
        let said = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
        return Err(HookError::Git { said });
    }
    let mut path = answer.stdout;
    // A path may end in a line break of its own.
    if path.last() == Some(&b'\n') {
        path.pop();
    }
    platform::path(path).ok_or_else(|| HookError::Git {
        said: "its answer is not a path here".to_owned(),
    })
}

/// The path without symbolic links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let mut missing = Vec::new();
    for known in path.ancestors() {
        if let Ok(known) = known.canonicalize() {
            return missing
                .iter()
                .rev()
                .fold(known, |path, part| path.join(part));
        }
        missing.extend(known.file_name());
    }
    path.to_owned()
}
