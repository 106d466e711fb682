//! Everything that a repository holds.
//!
//! What is staged or pushed is looked at object by object. For all of it there are two walks: the first finds the
//! objects with findings, and is all that a clean repository costs. Which commits and paths hold those is then found out
//! from what that walk saw of directories; the second walk reports them.

mod brought;
mod cache;
mod find;
mod folder;
mod graph;
mod listing;
mod lost;
mod objects;
mod pieces;
mod record;
mod show;
mod stand;
mod trace;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::hash::ObjectId;
use gix::objs::Kind;

use super::Scan;
use super::collect::Collector;
use crate::engine::{Counters, Scanned};
use crate::model::{Named, Origin, Skip, SkipKind};
use crate::source::Excluded;
use crate::source::git::{
    Place, Reader, Reference, Repository, Sources, Store, Tips, Unreadable, Update, Walk,
};

use cache::{Cache, Made, Remembered};
use find::{Find, Found};
use record::Record;
use show::Show;
use stand::Stand;

/// What is said of a pointer to a file that Git LFS keeps elsewhere.
const POINTER: &str = "Git LFS keeps the file elsewhere; `git lfs fetch --all`, then scan .git/lfs";

/// A repository to be scanned.
pub struct GitInput {
    /// The repository.
    pub repository: Repository,
    /// What of it.
    pub what: What,
    /// How.
    pub options: AuditOptions,
    /// Paths that somebody decided not to scan, from the repository's top.
    pub excluded: Excluded,
}

/// What of a repository is scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// All that it holds, its submodules included.
    Everything,
    /// What is staged.
    Staged,
    /// What a range brings, as Git writes it.
    Range(String),
    /// What a push brings to a remote of this name, if it has one.
    Push(Vec<Update>, Option<String>),
    /// What the push of a local reference brings to a remote of this name.
    Branch(String, Option<String>),
    /// What a server is handed.
    Receive(Vec<Update>),
}

/// How a repository is audited.
#[derive(Debug, Clone)]
pub struct AuditOptions {
    /// Larger objects are not read.
    pub max_object_size: usize,
    /// Whether each object is held against its id.
    pub verify: bool,
    /// How many threads.
    pub threads: usize,
    /// The folder that remembers what was scanned before.
    pub cache: Option<PathBuf>,
}

/// What the first walk saw beside findings, where it saw all of it.
struct Seen {
    /// Directories and commits.
    records: Option<Vec<Record>>,
    /// The candidates of each object with a finding, by number.
    saved: Option<HashMap<u32, Scanned>>,
}

/// The scan of one repository.
struct Audit<'s> {
    scan: &'s Scan<'s>,
    /// Where findings go.
    collector: &'s Collector<'s>,
    repository: &'s Repository,
    /// What its paths are put behind: a submodule's own path and a slash, or nothing.
    prefix: &'s str,
    options: &'s AuditOptions,
    excluded: &'s Excluded,
    /// Excluded paths that were told of.
    told: &'s RefCell<HashSet<String>>,
}

/// Scans a repository.
pub fn run(scan: &Scan<'_>, collector: &Collector<'_>, input: &GitInput) -> Counters {
    let audit = Audit {
        scan,
        collector,
        repository: &input.repository,
        prefix: "",
        options: &input.options,
        excluded: &input.excluded,
        told: &RefCell::default(),
    };
    if audit.repository.is_foreign() {
        let top = crate::source::shown(audit.repository.top());
        let detail = format!(
            "it belongs to another user; all of it is read nevertheless; trust it with \
             `git config --global --add safe.directory {top}`"
        );
        audit.skip(SkipKind::ForeignOwner, detail);
    }
    let done = match &input.what {
        What::Everything => audit.everything_and_submodules(),
        What::Staged => audit.staged(),
        What::Range(range) => match audit.repository.range(range) {
            Ok(tips) => audit.brought(&tips),
            Err(detail) => {
                audit.skip(SkipKind::UnknownRevision, format!("{range}: {detail}"));
                Ok(Counters::default())
            }
        },
        What::Push(updates, remote) => {
            audit.brought(&audit.repository.push(updates, remote.as_deref()))
        }
        What::Branch(name, remote) => match audit.repository.range(name) {
            Ok(tips) => {
                let known = audit.repository.push(&[], remote.as_deref()).known;
                audit.brought(&Tips { known, ..tips })
            }
            Err(detail) => {
                audit.skip(SkipKind::UnknownRevision, format!("{name}: {detail}"));
                Ok(Counters::default())
            }
        },
        What::Receive(updates) => audit.brought(&audit.repository.receive(updates)),
    };
    done.unwrap_or_else(|detail| {
        audit.skip(SkipKind::Unreadable, detail);
        Counters::default()
    })
}

impl Audit<'_> {
    fn everything_and_submodules(&self) -> Result<Counters, String> {
        let mut counters = self.everything()?;
        for submodule in self.repository.submodules() {
            let prefix = format!("{}{}/", self.prefix, submodule.path);
            let opened = Repository::open(&Place {
                path: submodule.folder,
                environment: false,
            });
            match opened {
                Ok(repository) => {
                    let audit = Audit {
                        repository: &repository,
                        prefix: &prefix,
                        ..*self
                    };
                    counters.add(&audit.everything_and_submodules()?);
                }
                Err(detail) => self.skip(SkipKind::Unreadable, format!("{prefix}: {detail}")),
            }
        }
        Ok(counters)
    }

    /// Scans all objects and the repository's own files.
    fn everything(&self) -> Result<Counters, String> {
        let (store, unreadable) = self.repository.store();
        for part in unreadable {
            self.collector.skip(lost::unreadable(part));
        }
        self.say_what_it_is();
        if self.options.verify {
            for (pack, _) in store.packs() {
                if let Err(detail) = pack.verify() {
                    let path = pack.path().to_owned();
                    self.collector
                        .skip(lost::unreadable(Unreadable { path, detail }));
                }
            }
        }
        let progress = self.scan.progress;
        progress
            .expected
            .fetch_add(store.len() as u64, Ordering::Relaxed);
        self.folder();
        let pool = self.pool()?;
        let cache = self.cache();
        let remembered = cache
            .as_ref()
            .and_then(|cache| self.remembered(cache, &store));
        let (mut found, seen, counters) = self.find(&store, &pool, remembered.as_ref())?;
        if let Some(remembered) = remembered {
            remembered.add_to(&mut found, &store);
        }
        // What a stopped run has not seen is not known.
        if let Some(cache) = cache.filter(|_| !progress.stopped()) {
            let shallow = self.repository.shallow()?;
            let stored = cache.store(&Remembered::new(&found, &store, shallow));
            stored.unwrap_or_else(|why| self.collector.note(why));
        }
        let references = self.references(&store, &mut found);
        self.names(&references);
        self.say_what_is_missing(&found);
        self.show((&store, &references), (found, seen), &pool);
        Ok(counters)
    }

    fn cache(&self) -> Option<Cache> {
        let folder = self.options.cache.as_ref()?;
        let made = Made {
            code: cache::CODE,
            engine: self.scan.engine,
            least: self.scan.least(),
            limit: self.options.max_object_size,
            hash: self.repository.inner().object_hash(),
        };
        Some(Cache::new(folder, self.repository.common_dir(), made))
    }

    fn remembered(&self, cache: &Cache, store: &Store) -> Option<Remembered> {
        // Whoever wants every object held against its id wants every object read.
        if self.options.verify {
            return None;
        }
        match cache.load(store) {
            Ok(remembered) => {
                let count = remembered.as_ref().map_or(0, |known| known.scanned.len());
                if count > 0 {
                    let note = format!("{count} objects were scanned before, and not again");
                    self.collector.note(note);
                }
                remembered
            }
            Err(why) => {
                self.collector.note(why);
                None
            }
        }
    }

    fn reader(&self) -> Result<Reader, String> {
        self.repository.reader(self.options.max_object_size)
    }

    fn sources(&self) -> Sources {
        self.repository.sources(self.options.max_object_size)
    }

    fn pool(&self) -> Result<rayon::ThreadPool, String> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.options.threads)
            .build()
            .map_err(|e| e.to_string())
    }

    /// Whether somebody decided not to scan a path, or a folder above it. The first time it is told.
    fn is_excluded(&self, path: &str) -> bool {
        let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        let excluded = folders.any(|folder| (self.excluded)(folder.as_ref(), true))
            || (self.excluded)(path.as_ref(), false);
        if excluded && self.told.borrow_mut().insert(path.to_owned()) {
            self.collector.skip(Skip {
                origin: Origin::File(path.to_owned()),
                kind: SkipKind::Excluded,
                detail: "excluded by a pattern".to_owned(),
            });
        }
        excluded
    }

    fn find(
        &self,
        store: &Store,
        pool: &rayon::ThreadPool,
        remembered: Option<&Remembered>,
    ) -> Result<(Found, Seen, Counters), String> {
        let shallow: HashSet<ObjectId> = self.repository.shallow()?.into_iter().collect();
        let find = Find {
            scan: self.scan,
            collector: self.collector,
            store,
            shallow: &shallow,
            verify: self.options.verify,
            lost: Mutex::default(),
            saved: AtomicUsize::new(0),
        };
        let only = remembered.map(|known| {
            let mut only = vec![true; store.len()];
            let known = known.scanned.iter().filter_map(|id| store.number(id));
            known.for_each(|number| only[number as usize] = false);
            only
        });
        let walk = Walk {
            store,
            kinds: &[Kind::Blob, Kind::Commit, Kind::Tag, Kind::Tree],
            only: only.as_deref(),
            limit: self.options.max_object_size,
        };
        let (mut found, mut counters) = (Found::default(), Counters::default());
        let (mut records, mut saved, mut used) = (Vec::new(), HashMap::new(), Vec::new());
        for memory in walk.run(pool, &find) {
            found.add(memory.found);
            counters.add(&memory.scratch.counters);
            records.push(memory.record);
            saved.extend(memory.saved);
            used.push(memory.scratch);
        }
        // What the engine has compiled takes a while to go. Nobody needs to wait for it.
        pool.spawn(move || drop(used));
        let lost = find.lost.into_inner();
        found.lost = lost.unwrap_or_else(std::sync::PoisonError::into_inner);
        // Where this walk left something out, it is looked for when it is asked for.
        let all = remembered.is_none();
        let trees = all && self.options.max_object_size >= trace::LARGEST;
        let seen = Seen {
            records: trees.then_some(records),
            saved: (all && saved.len() == found.hits.len()).then_some(saved),
        };
        Ok((found, seen, counters))
    }

    /// All references. What they lead to must be here.
    fn references(&self, store: &Store, found: &mut Found) -> Vec<Reference> {
        let (references, wrong) = self.repository.references();
        for reference in &references {
            if store.number(&reference.target).is_none() {
                found.missing.insert(reference.target);
            }
        }
        for detail in wrong {
            self.skip(SkipKind::Unreadable, detail);
        }
        references
    }

    /// Looks at the names of references.
    fn names(&self, references: &[Reference]) {
        let mut scratch = self.scan.engine.scratch();
        for reference in references {
            let name = reference.name.strip_prefix("refs/");
            let name = name.unwrap_or(&reference.name);
            let (what, name) = match name.split_once('/') {
                Some(("heads" | "remotes", name)) => (Named::Branch, name),
                Some(("tags", name)) => (Named::Tag, name),
                _ => (Named::Reference, name),
            };
            self.collector.name(what, name, &mut scratch);
        }
    }

    /// Reports what was found, now that all of it is known.
    fn show(
        &self,
        (store, references): (&Store, &[Reference]),
        (found, seen): (Found, Seen),
        pool: &rayon::ThreadPool,
    ) {
        let named = found.named.iter().filter_map(|(id, _)| store.number(id));
        let hits: BTreeSet<u32> = found.hits.iter().copied().chain(named).collect();
        let told = lost::told(&found, store);
        let files: BTreeSet<u32> = told.iter().map(|(at, _)| *at).chain(hits.clone()).collect();
        if files.is_empty() {
            return;
        }
        let files: Vec<u32> = files.into_iter().collect();
        // A scan that was stopped is not held up by a search for who did it.
        let goes_on = || !self.scan.progress.stopped();
        let records = seen
            .records
            .unwrap_or_else(|| trace::read_all(store, pool, &goes_on));
        let traced = trace::trace(store, &files, records, pool);
        let stand = Stand::new(self, (store, references), &traced, pool);
        let places: HashMap<u32, Vec<Origin>> = stand.places(&files, pool);
        for (at, skip) in told {
            self.collector.skip(lost::placed(skip, places.get(&at)));
        }
        let lost: HashSet<ObjectId> = found.lost.iter().map(|lost| lost.id).collect();
        let show = Show {
            scan: self.scan,
            collector: self.collector,
            places: &places,
            lost: &lost,
            saved: seen.saved.as_ref(),
        };
        let mut only = vec![false; store.len()];
        hits.iter().for_each(|&hit| only[hit as usize] = true);
        let walk = Walk {
            store,
            kinds: &[Kind::Blob, Kind::Commit, Kind::Tag],
            only: Some(&only),
            limit: self.options.max_object_size,
        };
        let (mut found, mut used) = (Vec::new(), Vec::new());
        for memory in walk.run(pool, &show) {
            found.extend(memory.found);
            used.push(memory.scratch);
        }
        self.collector.add_histories(stand.histories(found));
        drop(stand);
        pool.spawn(move || drop((used, traced, seen.saved)));
    }

    fn say_what_it_is(&self) {
        match self.repository.shallow() {
            Ok(commits) if commits.is_empty() => {}
            Ok(commits) => {
                let count = commits.len();
                let ends = if count == 1 { "commit" } else { "commits" };
                let detail = format!(
                    "a shallow clone: what came before {count} {ends} is not here; \
                     `git fetch --unshallow` brings it (in GitHub Actions `fetch-depth: 0`)"
                );
                self.skip(SkipKind::Shallow, detail);
            }
            Err(detail) => self.skip(SkipKind::Unreadable, detail),
        }
        match self.repository.head() {
            Ok(Some(_)) => {}
            Ok(None) => {
                let branch = self.repository.branch().unwrap_or_default();
                let branch = super::masked(self.scan.engine, &branch);
                self.skip(
                    SkipKind::Unborn,
                    format!("branch {branch} has no commit yet"),
                );
            }
            Err(detail) => self.skip(SkipKind::MissingObject, format!("HEAD: {detail}")),
        }
    }

    fn say_what_is_missing(&self, found: &Found) {
        let partial = self.repository.is_partial();
        for skip in lost::missing(&self.name(), &found.missing, partial) {
            self.collector.skip(skip);
        }
        let broken = found.lost.iter().filter(|lost| !lost.too_large);
        broken.for_each(|lost| self.collector.skip(lost::skip(lost)));
    }

    fn skip(&self, kind: SkipKind, detail: String) {
        self.collector.skip(Skip {
            origin: Origin::File(self.name()),
            kind,
            detail,
        });
    }

    /// What the repository is called in reports.
    fn name(&self) -> String {
        crate::source::shown(self.repository.top())
    }
}
