//! Hooks of git that call keysieve: where git looks for them, what they say, and how to put them in place and take them
//! away again without losing what was there before.

mod folder;
mod plan;
mod script;

use std::path::PathBuf;

use thiserror::Error;

pub use folder::Folder;
pub use plan::{Plan, Step};

/// A hook that keysieve can stand in. `githooks(5)` describes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    /// Before a commit is made: what is staged.
    PreCommit,
    /// Before a push: the commits that the remote does not have.
    PrePush,
    /// On the server, before references change: the objects that were received.
    PreReceive,
}

impl Hook {
    /// All of them.
    pub const ALL: [Hook; 3] = [Hook::PreCommit, Hook::PrePush, Hook::PreReceive];

    /// The name of its file.
    pub fn name(self) -> &'static str {
        match self {
            Hook::PreCommit => "pre-commit",
            Hook::PrePush => "pre-push",
            Hook::PreReceive => "pre-receive",
        }
    }

    /// The name under which a hook that was there before is kept, beside it.
    pub fn former_name(self) -> String {
        format!("{}.before-keysieve", self.name())
    }
}

/// Why hooks could not be put in place or taken away.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HookError {
    /// Git is not there.
    #[error("git cannot be run ({reason}); it is asked where its hooks are")]
    NoGit {
        /// The system's words.
        reason: String,
    },
    /// Git answered with an error, or with a path that is none here.
    #[error("git does not say where its hooks are: {said}")]
    Git {
        /// Its own words.
        said: String,
    },
    /// There is something in the hook's place that is neither a file nor a link.
    #[error("{} is not a file; move it away first", .path.display())]
    NotAFile {
        /// The place.
        path: PathBuf,
    },
    /// The place of the hooks is no folder: `core.hooksPath = /dev/null` turns all hooks off.
    #[error("{} is not a folder, so git runs no hooks from it; `git config core.hooksPath` says where it comes from", .path.display())]
    NotAFolder {
        /// The place.
        path: PathBuf,
    },
    /// A hook, and one that was kept before: both cannot be kept.
    #[error("{} is not keysieve's, and {} is there, too; join the two or move one of them away", .hook.display(), .former.display())]
    TwoFormer {
        /// The hook.
        hook: PathBuf,
        /// The one that was kept.
        former: PathBuf,
    },
    /// The folder is written anew by another program.
    #[error("{} is written by husky and would be overwritten; put `keysieve git --staged --quiet` into {} instead", .path.display(), .instead.display())]
    Generated {
        /// The folder.
        path: PathBuf,
        /// The file that its owner reads.
        instead: PathBuf,
    },
    /// A file could not be read, moved or written.
    #[error("{}: {reason}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: std::io::Error,
    },
}
