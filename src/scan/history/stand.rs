//! Where findings stand: commits, paths, branches.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use gix::hash::ObjectId;
use gix::objs::{CommitRefIter, Kind};
use rayon::prelude::*;

use super::Audit;
use super::brought::told;
use super::objects::{kind, title};
use super::trace::Traced;
use crate::model::{Fingerprint, GitCommit, GitHistory, GitPlace, Origin};
use crate::scan::masked;
use crate::source::git::{Reader, Reference, Store};

/// Branches that are named.
const NAMED: usize = 5;

/// All that is known about where things stand.
pub struct Stand<'s> {
    /// What is audited.
    audit: &'s Audit<'s>,
    /// All objects.
    store: &'s Store,
    /// Who holds what, under which names.
    traced: &'s Traced,
    /// The paths of each object, as the numbers of their parts.
    paths: HashMap<u32, Vec<Vec<u32>>>,
    /// The commit that brought each file, by position in the graph's commits.
    introductions: HashMap<u32, usize>,
    reachable: Reachable,
}

/// Which commits a reference leads to.
struct Reachable {
    /// By position in the graph's commits.
    commits: Vec<bool>,
    /// Those that the checked-out commit leads to.
    head: Vec<bool>,
    /// The checked-out commit.
    tip: Option<u32>,
    /// Short names of branches and tags and the commits they name.
    tips: Vec<(String, u32)>,
}

impl<'s> Stand<'s> {
    /// From what was traced. What does not need one another is found out at the same time.
    pub fn new(
        audit: &'s Audit<'s>,
        (store, references): (&'s Store, &[Reference]),
        traced: &'s Traced,
        pool: &rayon::ThreadPool,
    ) -> Stand<'s> {
        let graph = &traced.graph;
        let mut paths = HashMap::new();
        let (reachable, introductions) = pool.in_place_scope(|scope| {
            scope.spawn(|_| paths = graph.paths());
            let reachable = Reachable::new(audit, (store, references), traced);
            let introductions = graph.introductions(&reachable.commits);
            (reachable, introductions)
        });
        Stand {
            audit,
            store,
            traced,
            paths,
            introductions,
            reachable,
        }
    }
}

impl Reachable {
    fn new(
        audit: &Audit<'_>,
        (store, references): (&Store, &[Reference]),
        traced: &Traced,
    ) -> Reachable {
        let reader = audit.reader().ok();
        let commit = |id: &ObjectId| commit_of(id, (store, traced), reader.as_ref()?);
        let mut tips: Vec<(String, u32)> = references
            .iter()
            .filter_map(|reference| {
                let name = reference
                    .name
                    .strip_prefix("refs/")
                    .unwrap_or(&reference.name);
                let short = ["heads/", "remotes/", "tags/"]
                    .iter()
                    .find_map(|kind| name.strip_prefix(kind));
                Some((short.unwrap_or(name).to_owned(), commit(&reference.target)?))
            })
            .collect();
        tips.sort();
        let head = audit.repository.head().ok().flatten();
        let tip = head.and_then(|head| store.number(&head));
        let all = tips.iter().map(|(_, tip)| *tip).chain(tip);
        Reachable {
            commits: traced.graph.reachable(all),
            head: traced.graph.reachable(tip),
            tip,
            tips,
        }
    }
}

impl Stand<'_> {
    /// The places of each object with findings.
    pub fn places(&self, hits: &[u32], pool: &rayon::ThreadPool) -> HashMap<u32, Vec<Origin>> {
        let own = |&hit: &u32| self.traced.graph.commit(hit).map(|(at, _)| at);
        let named: BTreeSet<usize> = self
            .introductions
            .values()
            .copied()
            .chain(hits.iter().filter_map(own))
            .collect();
        let commits = self.tell(&named.into_iter().collect::<Vec<_>>(), pool);
        let places = hits.iter().map(|&hit| {
            let at = self.introductions.get(&hit).copied();
            let places = match self.kind(hit) {
                Kind::Blob | Kind::Tree => {
                    let commit = at.map(|at| commits[&at].clone());
                    let first = at.and_then(|at| {
                        self.traced
                            .graph
                            .path(self.traced.graph.commits[at].tree, hit)
                    });
                    let others = self.paths.get(&hit).into_iter().flatten().cloned();
                    let mut all: Vec<Vec<u32>> = first.into_iter().collect();
                    others.for_each(|path| {
                        if !all.contains(&path) {
                            all.push(path);
                        }
                    });
                    self.blob(hit, commit.as_ref(), &all)
                }
                Kind::Commit => {
                    let commit = own(&hit).map(|at| commits[&at].clone());
                    vec![self.bare(Kind::Commit, hit, commit)]
                }
                Kind::Tag => vec![self.bare(Kind::Tag, hit, None)],
            };
            (hit, places)
        });
        places.collect()
    }

    /// What reports say of commits, by their positions. Of one that cannot be read it is no more than its id.
    fn tell(&self, commits: &[usize], pool: &rayon::ThreadPool) -> HashMap<usize, GitCommit> {
        /// As many as are read with one cache of their bases.
        const PART: usize = 128;
        let (engine, store, graph) = (self.audit.scan.engine, self.store, &self.traced.graph);
        let sources = self.audit.sources();
        let reachable = &self.reachable;
        let part = |part: &[usize]| -> Vec<(usize, GitCommit)> {
            let (reader, mut buffer) = (sources.reader().ok(), Vec::new());
            let told = part.iter().map(|&at| {
                let id = store.id(graph.commits[at].number);
                let read = reader.as_ref().map(|reader| reader.read(&id, &mut buffer));
                let bytes = match read {
                    Some(Ok(Some(_))) => &buffer[..],
                    _ => &[],
                };
                let commit = CommitRefIter::from_bytes(bytes, store.hash());
                (at, told(engine, &id, commit, !reachable.commits[at]))
            });
            told.collect()
        };
        pool.install(|| commits.par_chunks(PART).flat_map_iter(part).collect())
    }

    /// What an object is, directories apart: those stand where a file stands.
    fn kind(&self, number: u32) -> Kind {
        if self.traced.graph.commit(number).is_some() {
            Kind::Commit
        } else if self.traced.tags.contains(&number) {
            Kind::Tag
        } else {
            Kind::Blob
        }
    }

    fn blob(&self, hit: u32, commit: Option<&GitCommit>, paths: &[Vec<u32>]) -> Vec<Origin> {
        if paths.is_empty() {
            return vec![self.bare(Kind::Blob, hit, commit.cloned())];
        }
        let object = self.store.id(hit).to_string();
        let place = |path: &Vec<u32>| {
            Origin::Git(Arc::new(GitPlace {
                commit: commit.cloned(),
                path: format!("{}{}", self.audit.prefix, self.traced.names.path(path)),
                is_file: true,
                object: object.clone(),
                kind: kind(Kind::Blob),
                staged: false,
            }))
        };
        let places = paths.iter().map(place);
        places
            .filter(|origin| !self.audit.is_excluded(origin.as_str()))
            .collect()
    }

    /// What has no path.
    fn bare(&self, of: Kind, hit: u32, commit: Option<GitCommit>) -> Origin {
        let id = self.store.id(hit);
        Origin::Git(Arc::new(GitPlace {
            commit,
            path: format!("{}{}", self.audit.prefix, title(of, &id)),
            is_file: false,
            object: id.to_string(),
            kind: kind(of),
            staged: false,
        }))
    }

    /// How each credential stands in the history, from the objects that hold it.
    pub fn histories(&self, found: Vec<(Fingerprint, u32)>) -> HashMap<Fingerprint, GitHistory> {
        let reachable = &self.reachable;
        let mut holders = Holders::new(self.store.len(), found);
        let mut histories: Vec<GitHistory> = holders
            .objects
            .iter()
            .map(|objects| {
                let all = objects.iter().filter_map(|object| self.paths.get(object));
                let different: HashSet<&Vec<u32>> = all.flatten().collect();
                GitHistory {
                    paths: different.len() as u64,
                    ..GitHistory::default()
                }
            })
            .collect();
        // Many commits have the same files: each set of them is looked at once.
        for (set, held) in self.held().iter().enumerate() {
            holders.each_in(self.traced.graph.members(set as u32), |credential| {
                let history = &mut histories[credential];
                history.commits += held.commits;
                history.reachable |= held.reachable;
                history.in_head |= held.in_head;
            });
        }
        for (at, commit) in self.traced.graph.commits.iter().enumerate() {
            for &credential in holders.of(commit.number) {
                let history = &mut histories[credential as usize];
                let mut files = self.traced.graph.files(commit.tree).iter();
                if !files.any(|&file| holders.of(file).contains(&credential)) {
                    history.commits += 1;
                    history.reachable |= reachable.commits[at];
                }
                // A message stays in the history of what follows it.
                history.in_head |= reachable.head[at];
            }
        }
        self.add_tips(&mut histories, &mut holders);
        holders.fingerprints.into_iter().zip(histories).collect()
    }

    /// Which commits hold the files of each set, and none else.
    fn held(&self) -> Vec<Held> {
        let reachable = &self.reachable;
        let mut held = vec![Held::default(); self.traced.graph.set_count()];
        for (at, commit) in self.traced.graph.commits.iter().enumerate() {
            if let Some(set) = self.traced.graph.held(at) {
                let held = &mut held[set as usize];
                held.commits += 1;
                held.reachable |= reachable.commits[at];
                held.in_head |= reachable.tip == Some(commit.number);
            }
        }
        held
    }

    fn add_tips(&self, histories: &mut [GitHistory], holders: &mut Holders) {
        for (name, tip) in &self.reachable.tips {
            let Some((_, commit)) = self.traced.graph.commit(*tip) else {
                continue;
            };
            let mut shown: Option<String> = None;
            holders.each_in(self.traced.graph.files(commit.tree), |credential| {
                let history = &mut histories[credential];
                history.branch_count += 1;
                if history.branches.len() < NAMED {
                    let shown = shown.get_or_insert_with(|| masked(self.audit.scan.engine, name));
                    history.branches.push(shown.clone());
                }
            });
        }
    }
}

/// The commit that a reference leads to, through tags.
fn commit_of(id: &ObjectId, (store, traced): (&Store, &Traced), reader: &Reader) -> Option<u32> {
    let mut id = *id;
    let mut buffer = Vec::new();
    // Tags of tags end sooner.
    for _ in 0..16 {
        let number = store.number(&id)?;
        if traced.graph.commit(number).is_some() {
            return Some(number);
        }
        if reader.read(&id, &mut buffer).ok()?? != Kind::Tag {
            return None;
        }
        id = gix::objs::TagRefIter::from_bytes(&buffer, store.hash())
            .target_id()
            .ok()?;
    }
    None
}

/// Which objects hold which credentials, each by a number.
struct Holders {
    fingerprints: Vec<Fingerprint>,
    /// The objects that hold a credential, each once.
    objects: Vec<Vec<u32>>,
    /// The place of an object in `credentials`; none for one that holds none.
    places: Vec<u32>,
    /// The credentials in an object; none in the first.
    credentials: Vec<Vec<u32>>,
    /// In which turn a credential was met last.
    met: Vec<u32>,
    turn: u32,
}

impl Holders {
    fn new(count: usize, found: Vec<(Fingerprint, u32)>) -> Holders {
        let mut holders = Holders {
            fingerprints: Vec::new(),
            objects: Vec::new(),
            places: vec![0; count],
            credentials: vec![Vec::new()],
            met: Vec::new(),
            turn: 0,
        };
        let mut numbers: HashMap<Fingerprint, u32> = HashMap::new();
        for (fingerprint, object) in found {
            let next = holders.fingerprints.len() as u32;
            let credential = *numbers.entry(fingerprint).or_insert(next);
            if credential == next {
                holders.fingerprints.push(fingerprint);
                holders.objects.push(Vec::new());
            }
            let place = &mut holders.places[object as usize];
            if *place == 0 {
                *place = holders.credentials.len() as u32;
                holders.credentials.push(Vec::new());
            }
            let inside = &mut holders.credentials[*place as usize];
            if !inside.contains(&credential) {
                inside.push(credential);
                holders.objects[credential as usize].push(object);
            }
        }
        holders.met = vec![0; holders.fingerprints.len()];
        holders
    }

    /// The credentials in an object.
    fn of(&self, object: u32) -> &[u32] {
        &self.credentials[self.places[object as usize] as usize]
    }

    /// Calls `each` for every credential that one of `files` holds, once.
    fn each_in(&mut self, files: &[u32], mut each: impl FnMut(usize)) {
        self.turn += 1;
        for &file in files {
            for &credential in &self.credentials[self.places[file as usize] as usize] {
                let met = &mut self.met[credential as usize];
                if std::mem::replace(met, self.turn) != self.turn {
                    each(credential as usize);
                }
            }
        }
    }
}

/// What is common to commits that hold the same.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    commits: u64,
    reachable: bool,
    in_head: bool,
}
