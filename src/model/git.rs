use std::fmt;

/// A place in a Git repository. Places are ordered by when they came into it, those of no commit last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitPlace {
    /// The commit that brought it.
    pub commit: Option<GitCommit>,
    /// Its path in the repository, with `/` as the separator; what it is called where it has none.
    pub path: String,
    /// Whether `path` is one.
    pub is_file: bool,
    /// The object that holds it, in hexadecimal.
    pub object: String,
    /// What that is.
    pub kind: GitKind,
    /// Whether it is staged, and in no commit yet.
    pub staged: bool,
}

/// What of a repository holds a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GitKind {
    /// A file's content.
    Blob,
    /// A directory.
    Tree,
    /// A commit: its message, author, committer or another header.
    Commit,
    /// An annotated tag.
    Tag,
}

impl GitKind {
    /// Git's own name for it.
    pub fn name(self) -> &'static str {
        match self {
            GitKind::Blob => "blob",
            GitKind::Tree => "tree",
            GitKind::Commit => "commit",
            GitKind::Tag => "tag",
        }
    }
}

/// What reports say of a commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitCommit {
    /// Whether no reference leads to it: such commits come after all others.
    pub unreachable: bool,
    /// When it was committed, in seconds since 1970 UTC.
    pub time: i64,
    /// Its id, in hexadecimal.
    pub id: String,
    /// Who wrote it: name and address, with every secret in them masked.
    pub author: String,
    /// When it was committed, as ISO 8601 with the committer's zone.
    pub date: String,
}

impl GitCommit {
    /// The first characters of its id, as people quote it.
    pub fn short(&self) -> &str {
        &self.id[..self.id.len().min(12)]
    }
}

impl fmt::Display for GitCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

/// How a credential stands in a repository's history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitHistory {
    /// How many commits hold it.
    pub commits: u64,
    /// How many different paths hold it, as far as they were counted.
    pub paths: u64,
    /// Whether the commit that is checked out holds it.
    pub in_head: bool,
    /// The branches and tags whose newest commit holds it, by their short names, at most a few.
    pub branches: Vec<String>,
    /// How many there are of those.
    pub branch_count: u64,
    /// Whether any reference leads to a commit that holds it.
    pub reachable: bool,
}
