use std::fmt;
use std::sync::Arc;

use super::GitPlace;

/// Where bytes came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// A place in a Git repository. Reports begin with these: they say most.
    Git(Arc<GitPlace>),
    /// A file, by its path as shown to people: relative to the scan's root where it lies below it, with `/` as the
    /// separator on every platform.
    File(String),
    /// The name of something, rather than what it holds: `name of a file: a/b`.
    Name(String),
    /// Standard input.
    Stdin,
}

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A file, by its path.
    File,
    /// A directory, by its path.
    Directory,
    /// A branch.
    Branch,
    /// A tag.
    Tag,
    /// Another reference.
    Reference,
}

impl Origin {
    /// How the text of a name's origin begins.
    const NAME: &str = "name of a ";

    /// The name of something.
    pub fn name_of(what: Named, name: &str) -> Origin {
        let what = match what {
            Named::File => "file",
            Named::Directory => "directory",
            Named::Branch => "branch",
            Named::Tag => "tag",
            Named::Reference => "reference",
        };
        Origin::Name(format!("{}{what}: {name}", Self::NAME))
    }

    /// The path or name alone, without what it is the name of.
    pub fn path(&self) -> &str {
        match self {
            Origin::Name(text) => text.split_once(": ").map_or("", |(_, name)| name),
            _ => self.as_str(),
        }
    }

    /// The same place, with another path or name.
    pub fn with_path(&self, path: String) -> Origin {
        match self {
            Origin::File(_) => Origin::File(path),
            Origin::Stdin => Origin::Stdin,
            Origin::Name(text) => {
                let what = &text[..text.len() - self.path().len()];
                Origin::Name(format!("{what}{path}"))
            }
            Origin::Git(place) => Origin::Git(Arc::new(GitPlace {
                path,
                ..GitPlace::clone(place)
            })),
        }
    }

    /// The path or name that reports show.
    pub fn as_str(&self) -> &str {
        match self {
            Origin::File(path) | Origin::Name(path) => path,
            Origin::Stdin => "<stdin>",
            Origin::Git(place) => &place.path,
        }
    }

    /// The place, if it is one of a Git repository.
    pub fn git(&self) -> Option<&GitPlace> {
        match self {
            Origin::Git(place) => Some(place),
            _ => None,
        }
    }

    /// The last part of the path, by which rules of kind `file` know their files.
    pub fn file_name(&self) -> &str {
        let path = self.as_str();
        path.rsplit('/').next().unwrap_or(path)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why input was not scanned, or not wholly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SkipKind {
    /// It could not be opened or read.
    Unreadable,
    /// It was listed, and gone when it was to be opened.
    Vanished,
    /// It shrank while it was read; what was read has been scanned.
    Changed,
    /// Scanning it panicked: a defect of keysieve, confined to this input.
    Panicked,
    /// More findings than the limit: those beyond it are counted, not listed.
    TooManyFindings,
    /// A shallow clone: older commits are not here.
    Shallow,
    /// A partial clone: objects are not here.
    PartialClone,
    /// An object that others refer to is not here.
    MissingObject,
    /// An object that cannot be read, or is not what its id says.
    CorruptObject,
    /// A pack, or another part of an object store, that cannot be read.
    UnreadablePack,
    /// A revision that does not exist.
    UnknownRevision,
    /// A repository that belongs to another user.
    ForeignOwner,
    /// Excluded by the configuration or `.keysieveignore`. Policy.
    Excluded,
    /// Larger than the limit that the user set. Policy: does not change the exit code.
    TooLarge,
    /// A FIFO, socket or device, which is never opened. Policy.
    NotRegular,
    /// A symbolic link, which is not followed. Policy.
    Symlink,
    /// A pointer to a file that Git LFS keeps elsewhere. Policy.
    LfsPointer,
    /// A branch without a commit yet. Policy.
    Unborn,
}

impl SkipKind {
    /// Every kind, in the order in which summaries list them.
    pub const ALL: [SkipKind; 18] = [
        SkipKind::Unreadable,
        SkipKind::Vanished,
        SkipKind::Changed,
        SkipKind::Panicked,
        SkipKind::TooManyFindings,
        SkipKind::Shallow,
        SkipKind::PartialClone,
        SkipKind::MissingObject,
        SkipKind::CorruptObject,
        SkipKind::UnreadablePack,
        SkipKind::UnknownRevision,
        SkipKind::ForeignOwner,
        SkipKind::Excluded,
        SkipKind::TooLarge,
        SkipKind::NotRegular,
        SkipKind::Symlink,
        SkipKind::LfsPointer,
        SkipKind::Unborn,
    ];

    /// The name used on the command line (`--allow-incomplete`) and in reports.
    pub fn name(self) -> &'static str {
        match self {
            SkipKind::Unreadable => "unreadable",
            SkipKind::Vanished => "vanished",
            SkipKind::Changed => "changed",
            SkipKind::Panicked => "panicked",
            SkipKind::TooManyFindings => "too-many-findings",
            SkipKind::Shallow => "shallow",
            SkipKind::PartialClone => "partial-clone",
            SkipKind::MissingObject => "missing-object",
            SkipKind::CorruptObject => "corrupt-object",
            SkipKind::UnreadablePack => "unreadable-pack",
            SkipKind::UnknownRevision => "unknown-revision",
            SkipKind::ForeignOwner => "foreign-owner",
            SkipKind::Excluded => "excluded",
            SkipKind::TooLarge => "too-large",
            SkipKind::NotRegular => "not-regular",
            SkipKind::Symlink => "symlink",
            SkipKind::LfsPointer => "lfs-pointer",
            SkipKind::Unborn => "unborn",
        }
    }

    /// True where policy excludes the input: the scan is complete without it and the exit code does not change.
    pub fn is_policy(self) -> bool {
        matches!(
            self,
            SkipKind::Excluded
                | SkipKind::TooLarge
                | SkipKind::NotRegular
                | SkipKind::Symlink
                | SkipKind::LfsPointer
                | SkipKind::Unborn
        )
    }
}

/// One piece of input that was not scanned, or not wholly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// The input.
    pub origin: Origin,
    /// The reason, as a closed set.
    pub kind: SkipKind,
    /// What happened, for people: the system's own words where there are any. Never holds content.
    pub detail: String,
}
