//! Opening a repository and saying what it is, without letting anything in it steer us.
//!
//! `gix` reads configuration, but runs nothing: no hook, filter, monitor or helper. Configuration of a repository that
//! belongs to somebody else is not even trusted for what it says.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use gix::hash::ObjectId;
use gix::objs::Kind;
use gix::sec::{Permission, Trust};

use super::store::{Store, Unreadable};

/// A repository.
pub struct Repository {
    inner: gix::Repository,
    /// Where its objects lie, the borrowed ones last.
    folders: Vec<PathBuf>,
    /// Object folders that are named and cannot be used.
    unreadable: Vec<Unreadable>,
}

/// Where a repository is looked for.
#[derive(Debug, Clone)]
pub struct Place {
    /// In this directory and above it.
    pub path: PathBuf,
    /// What the environment says (`GIT_DIR`, `GIT_INDEX_FILE`, `GIT_OBJECT_DIRECTORY`, …) comes first, as in a hook.
    pub environment: bool,
}

/// A reference and what it leads to.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Its full name.
    pub name: String,
    /// The object it names.
    pub target: ObjectId,
}

impl Repository {
    /// Finds and opens the repository. Errors say why there is none, for people.
    pub fn open(place: &Place) -> Result<Repository, String> {
        let options = || gix::open::Options::default().permissions(permissions(place.environment));
        let map = gix::sec::trust::Mapping {
            full: options(),
            reduced: options(),
        };
        let is_one = gix::discover::is_git(&place.path).is_ok();
        let found = match place.environment {
            true => gix::ThreadSafeRepository::discover_with_environment_overrides_opts(
                &place.path,
                gix::discover::upwards::Options {
                    match_ceiling_dir_or_error: false,
                    ..Default::default()
                },
                map,
            ),
            false if is_one => gix::ThreadSafeRepository::open_opts(&place.path, options()),
            false => gix::ThreadSafeRepository::discover_opts(&place.path, Default::default(), map),
        };
        let mut inner = found
            .map_err(|e| {
                let why = chain(&e);
                format!("no Git repository here or above, or one that cannot be opened: {why}")
            })?
            .to_thread_local();
        // Whoever asks for an object gets that object, and not what replaces it.
        inner.objects.ignore_replacements = true;
        let own = inner.objects.store_ref().path().to_owned();
        let mut repository = Repository {
            inner,
            folders: Vec::new(),
            unreadable: Vec::new(),
        };
        for folder in object_folders(own, place.environment) {
            repository.add_folder(folder);
        }
        Ok(repository)
    }

    /// A folder of objects and those that it borrows from.
    fn add_folder(&mut self, folder: PathBuf) {
        let current = self.inner.current_dir().to_owned();
        let borrowed = gix::odb::alternate::resolve(folder.clone(), &current);
        let mut add = |folder: PathBuf| {
            let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
            if !real.is_dir() {
                self.unreadable.push(Unreadable {
                    path: folder,
                    detail: "a folder to borrow objects from is not here".to_owned(),
                });
            } else if !self.folders.contains(&real) {
                self.folders.push(real);
            }
        };
        add(folder.clone());
        match borrowed {
            Ok(folders) => folders.into_iter().for_each(add),
            Err(e) => self.unreadable.push(Unreadable {
                path: folder,
                detail: format!("its list of folders to borrow from: {e}"),
            }),
        }
    }

    /// What `gix` makes of it.
    pub fn inner(&self) -> &gix::Repository {
        &self.inner
    }

    /// All its objects, and the parts of the store that cannot be read.
    pub fn store(&self) -> (Store, Vec<Unreadable>) {
        let (store, mut unreadable) = Store::open(self.folders.clone(), self.inner.object_hash());
        unreadable.extend_from_slice(&self.unreadable);
        (store, unreadable)
    }

    /// The folders its objects lie in.
    pub fn object_folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The checkout's folder, or the repository's own where it is bare: where its files' paths start.
    pub fn top(&self) -> &Path {
        self.inner.workdir().unwrap_or(self.inner.git_dir())
    }

    /// Its own folder, shared by all worktrees.
    pub fn common_dir(&self) -> &Path {
        self.inner.common_dir()
    }

    /// Whether it belongs to somebody else, and nobody said that this is fine.
    pub fn is_foreign(&self) -> bool {
        self.inner.git_dir_trust() == Trust::Reduced
    }

    /// Commits whose parents are left out on purpose: those at the end of a shallow clone.
    pub fn shallow(&self) -> Result<Vec<ObjectId>, String> {
        let commits = self.inner.shallow_commits().map_err(|e| e.to_string())?;
        Ok(commits
            .map(|commits| commits.iter().copied().collect())
            .unwrap_or_default())
    }

    /// Whether objects may be left out on purpose: a partial clone.
    pub fn is_partial(&self) -> bool {
        let config = self.inner.config_snapshot();
        let promised = config
            .plumbing()
            .sections_by_name("remote")
            .is_some_and(|mut remotes| {
                remotes.any(|remote| {
                    let is_true = |value: &[u8]| !matches!(value, b"false" | b"no" | b"off" | b"0");
                    let promisor = remote.value("promisor");
                    promisor.is_some_and(|value| is_true(value.as_bytes()))
                })
            });
        promised
            || config.string("extensions.partialClone").is_some()
            || self.folders.iter().any(|folder| holds_promises(folder))
    }

    /// Every reference with what it leads to, and what is wrong with others.
    pub fn references(&self) -> (Vec<Reference>, Vec<String>) {
        let (mut references, mut wrong) = (Vec::new(), Vec::new());
        let platform = match self.inner.references() {
            Ok(platform) => platform,
            Err(e) => return (references, vec![e.to_string()]),
        };
        let all = match platform.all() {
            Ok(all) => all,
            Err(e) => return (references, vec![e.to_string()]),
        };
        for reference in all {
            match reference {
                Ok(reference) => {
                    let name = reference.name().as_bstr().to_str_lossy().into_owned();
                    // A symbolic one leads to another of the list.
                    if let Some(target) = reference.target().try_id() {
                        references.push(Reference {
                            name,
                            target: target.to_owned(),
                        });
                    }
                }
                Err(e) => wrong.push(e.to_string()),
            }
        }
        (references, wrong)
    }

    /// The commit that is checked out; none on a branch without one.
    pub fn head(&self) -> Result<Option<ObjectId>, String> {
        let mut head = self.inner.head().map_err(|e| e.to_string())?;
        let id = head.try_peel_to_id().map_err(|e| e.to_string())?;
        Ok(id.map(gix::Id::detach))
    }

    /// The name of the branch that is checked out.
    pub fn branch(&self) -> Option<String> {
        let name = self.inner.head_name().ok()??;
        Some(name.shorten().to_str_lossy().into_owned())
    }

    /// For reading single objects, files of at most `limit` bytes among them.
    pub fn reader(&self, limit: usize) -> Result<Reader, String> {
        self.sources(limit).reader()
    }

    /// Where objects lie, for other threads.
    pub fn sources(&self, limit: usize) -> Sources {
        Sources {
            folders: self.folders.clone(),
            hash: self.inner.object_hash(),
            memory: limit.saturating_mul(4).max(LEAST),
        }
    }
}

/// Where objects lie.
#[derive(Debug, Clone)]
pub struct Sources {
    folders: Vec<PathBuf>,
    hash: gix::hash::Kind,
    /// The most bytes for one object and all that it is based on.
    memory: usize,
}

/// Directories and commits are read whatever the limit for files is.
const LEAST: usize = 64 << 20;

impl Sources {
    /// For reading single objects.
    pub fn reader(&self) -> Result<Reader, String> {
        let options = gix::odb::store::init::Options {
            alloc_limit_bytes: Some(self.memory),
            ..Default::default()
        };
        let open = |folder: &PathBuf| {
            let opened = gix::odb::at_opts(folder, self.hash, None, options.clone());
            opened.map_err(|e| e.to_string())
        };
        let databases: Result<Vec<_>, String> = self.folders.iter().map(open).collect();
        Ok(Reader {
            databases: databases?,
            hash: self.hash,
        })
    }
}

/// Reads single objects, wherever they lie.
pub struct Reader {
    databases: Vec<gix::odb::Handle>,
    hash: gix::hash::Kind,
}

impl Reader {
    /// The kind of its object ids.
    pub fn hash(&self) -> gix::hash::Kind {
        self.hash
    }

    /// Reads an object into `buffer`; nothing if it is not here.
    pub fn read(&self, id: &gix::oid, buffer: &mut Vec<u8>) -> Result<Option<Kind>, String> {
        use gix::objs::Find as _;

        let found = self.try_find(id, buffer).map_err(|e| e.to_string())?;
        Ok(found.map(|data| data.kind))
    }

    /// What an object is, without reading it; nothing if it is not here.
    pub fn kind(&self, id: &gix::oid) -> Option<Kind> {
        use gix::odb::Header as _;

        let mut databases = self.databases.iter();
        databases.find_map(|odb| Some(odb.try_header(id).ok()??.kind()))
    }

    /// An object's length, without reading it; nothing if it is not here.
    pub fn length(&self, id: &gix::oid) -> Option<u64> {
        use gix::odb::Header as _;

        let mut databases = self.databases.iter();
        databases.find_map(|odb| Some(odb.try_header(id).ok()??.size()))
    }
}

impl gix::objs::Find for Reader {
    fn try_find<'b>(
        &self,
        id: &gix::oid,
        buffer: &'b mut Vec<u8>,
    ) -> gix::Result<Option<gix::objs::Data<'b>>> {
        let mut kind = None;
        for odb in &self.databases {
            if let Some(data) = odb.try_find(id, buffer)? {
                kind = Some(data.kind);
                break;
            }
        }
        Ok(kind.map(|kind| gix::objs::Data::new(buffer, kind, self.hash)))
    }
}

/// Whether a pack came from a remote that promised to have the rest: Git marks it with a file beside it.
fn holds_promises(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder.join("pack")).into_iter().flatten();
    entries.flatten().any(|entry| {
        let path = entry.path();
        path.extension().is_some_and(|ending| ending == "promisor")
    })
}

/// An error with all that led to it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += ": ";
        text += &cause.to_string();
        source = cause.source();
    }
    text
}

/// What of the environment and of the machine's configuration may be read. None of it runs anything.
fn permissions(environment: bool) -> gix::open::Permissions {
    let repository = match environment {
        true => Permission::Allow,
        false => Permission::Deny,
    };
    let mut permissions = gix::open::Permissions::isolated();
    // `safe.directory` stands in the user's and the system's configuration.
    permissions.config.system = true;
    permissions.config.git = true;
    permissions.config.user = true;
    permissions.env.home = Permission::Allow;
    permissions.env.xdg_config_home = Permission::Allow;
    permissions.env.git_prefix = repository;
    permissions.env.objects = repository;
    permissions
}

/// Git hands a hook its object folders in the environment: those of a push that is not yet accepted lie apart.
fn object_folders(own: PathBuf, environment: bool) -> Vec<PathBuf> {
    let named =
        |name: &str| std::env::var_os(name).filter(|value| environment && !value.is_empty());
    let first: Option<OsString> = named("GIT_OBJECT_DIRECTORY");
    let mut folders = vec![first.map_or(own, PathBuf::from)];
    if let Some(more) = named("GIT_ALTERNATE_OBJECT_DIRECTORIES") {
        folders.extend(std::env::split_paths(&more));
    }
    folders
}
