//! A repository with what is to be found in it, and how a report says so.

use std::collections::{BTreeMap, BTreeSet};

use keysieve::engine::example::expand;
use keysieve::model::{Fingerprint, Salt};
use serde_json::Value;

use crate::support::git::{Lab, Repo};
use crate::support::{Report, Run, token};

/// Makes a test of each builder: `table!(is_found: one, another)`.
macro_rules! table {
    ($check:ident: $($name:ident),* $(,)?) => {
        $(mod $name {
            #[test]
            fn $check() {
                crate::case::$check(super::$name);
            }
        })*
    };
}

/// Where a secret stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A blob, by a path that a tree has for it.
    Path(String),
    /// A blob, by whatever path or none.
    Blob,
    /// A commit: its message, its people, its headers.
    Commit,
    /// An annotated tag.
    Tag,
    /// A file of the repository that is no object, by its path in the repository's directory.
    File(&'static str),
    /// The name of a branch, a tag, a file or a directory.
    Name(&'static str),
}

/// What has a name.
const NAMED: [&str; 4] = ["branch", "tag", "file", "directory"];

/// The place of a location in a JSON report.
fn places(location: &Value) -> BTreeSet<Place> {
    let path = location["path"].as_str().unwrap_or_default().to_owned();
    match location["git"]["kind"].as_str() {
        Some("blob") => BTreeSet::from([Place::Blob, Place::Path(path)]),
        Some("commit") => BTreeSet::from([Place::Commit]),
        Some("tag") => BTreeSet::from([Place::Tag]),
        _ if path.starts_with("name of a ") => {
            let of = |what: &&&str| path.starts_with(&format!("name of a {what}: "));
            let what = NAMED.iter().find(of);
            what.into_iter().map(|what| Place::Name(what)).collect()
        }
        _ => ["config", "logs/HEAD", "logs/refs/heads/side"]
            .into_iter()
            .filter(|file| path == *file || path.ends_with(&format!("/{file}")))
            .map(Place::File)
            .collect(),
    }
}

/// What was not scanned: kind, and all that is said about it.
fn skips(report: &Report) -> Vec<(String, bool, String)> {
    let skipped = report.0["skipped"].as_array().expect("a list of skips");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    skipped
        .iter()
        .map(|skip| {
            let said = format!("{} {}", text(&skip["path"]), text(&skip["detail"]));
            (text(&skip["kind"]), skip["policy"] == true, said)
        })
        .collect()
}

/// A planted secret.
#[derive(Debug, Clone)]
pub struct Plant {
    rule: &'static str,
    pub secret: String,
    place: Place,
}

impl Plant {
    fn fingerprint(&self) -> String {
        Fingerprint::new(&Salt::default(), self.rule, self.secret.as_bytes()).to_string()
    }
}

/// A token to be planted; its rule is the same for all.
pub fn at(place: Place, secret: &str) -> Plant {
    Plant {
        rule: "github-pat",
        secret: secret.to_owned(),
        place,
    }
}

/// The same at a path.
pub fn path(path: &str, secret: &str) -> Plant {
    at(Place::Path(path.to_owned()), secret)
}

/// A line of a password file that is known by its name only, and what is to be found in it.
pub fn pgpass(seed: u64, path: &str) -> (String, Plant) {
    let secret = expand("<password:14>", seed);
    let line = format!("db.internal:5432:app:app:{secret}\n");
    let plant = Plant {
        rule: "pgpass-password",
        secret,
        place: Place::Path(path.to_owned()),
    };
    (line, plant)
}

/// A repository that a case is about.
pub struct Case<'l> {
    /// Where keysieve runs.
    pub repo: Repo<'l>,
    /// What it is told besides.
    pub args: Vec<String>,
    /// All that is to be found.
    pub plants: Vec<Plant>,
    /// The repositories that hold it.
    stores: Vec<Repo<'l>>,
}

impl<'l> Case<'l> {
    pub fn new(repo: Repo<'l>, plants: impl IntoIterator<Item = Plant>) -> Case<'l> {
        Case {
            args: Vec::new(),
            plants: plants.into_iter().collect(),
            stores: vec![repo.clone()],
            repo,
        }
    }

    pub fn args<S: ToString>(mut self, args: impl IntoIterator<Item = S>) -> Case<'l> {
        self.args = args.into_iter().map(|arg| arg.to_string()).collect();
        self
    }

    /// One more secret.
    pub fn planted(mut self, plant: Plant) -> Case<'l> {
        self.plants.push(plant);
        self
    }

    /// A repository below this one that holds some of it.
    pub fn inner(mut self, inner: Repo<'l>) -> Case<'l> {
        self.stores.push(inner);
        self
    }

    /// These repositories hold it, and where keysieve runs is none. Without any, git cannot be asked.
    pub fn kept_in(mut self, stores: impl IntoIterator<Item = Repo<'l>>) -> Case<'l> {
        self.stores = stores.into_iter().collect();
        self
    }

    fn run(&self, more: &[&str]) -> Run {
        let mut args = vec!["git", "--format", "json"];
        args.extend(self.args.iter().map(String::as_str));
        args.extend(more);
        let run = self.repo.keysieve(&args);
        for plant in &self.plants {
            let said = format!("{}{}", run.stdout, run.stderr);
            assert!(!said.contains(&plant.secret), "in clear: {run:?}");
        }
        run
    }

    /// Git itself sees each secret in an object of the right kind, or in the right file.
    fn is_planted(&self) {
        if self.stores.is_empty() {
            return;
        }
        let objects: Vec<_> = self.stores.iter().flat_map(all_objects).collect();
        for plant in &self.plants {
            let kind = match plant.place {
                Place::Path(_) | Place::Blob => "blob",
                Place::Commit => "commit",
                Place::Tag => "tag",
                Place::Name(what) => {
                    let names = match what {
                        "branch" | "tag" => self.repo.git(&["for-each-ref"]),
                        _ => self.repo.git(&["log", "--all", "--name-only", "--format="]),
                    };
                    assert!(names.contains(&plant.secret), "{plant:?} is in no name");
                    continue;
                }
                Place::File(file) => {
                    let path = self.repo.git(&["rev-parse", "--git-path", file]);
                    let text = std::fs::read_to_string(self.repo.at(path)).expect("a file");
                    assert!(text.contains(&plant.secret), "{plant:?} is not in {file}");
                    continue;
                }
            };
            let holds = |(is, content): &(String, Vec<u8>)| {
                // Without its zeros UTF-16 is plain text.
                let plain: Vec<u8> = content.iter().copied().filter(|&byte| byte != 0).collect();
                is == kind && memchr::memmem::find(&plain, plant.secret.as_bytes()).is_some()
            };
            assert!(objects.iter().any(holds), "{plant:?} is in no {kind}");
        }
    }

    /// All secrets are reported, each in its place, and nothing else is.
    fn has_found(&self, report: &Report) {
        let mut found: BTreeMap<String, BTreeSet<Place>> = BTreeMap::new();
        for finding in report.findings() {
            let fingerprint = finding["fingerprint"].as_str().expect("a text").to_owned();
            let locations = finding["locations"].as_array().expect("a list of places");
            let all = locations.iter().flat_map(places).collect();
            let before = found.insert(fingerprint, all);
            assert!(before.is_none(), "twice: {finding}");
        }
        for plant in &self.plants {
            match found.get(&plant.fingerprint()) {
                None => panic!("not found: {plant:?}\n{report:#?}"),
                Some(places) => assert!(places.contains(&plant.place), "{plant:?}: {places:?}"),
            }
        }
        for plant in &self.plants {
            found.remove(&plant.fingerprint());
        }
        assert!(found.is_empty(), "not planted: {found:?}\n{report:#?}");
    }

    fn code(&self) -> i32 {
        i32::from(!self.plants.is_empty())
    }
}

/// Kind and content of all objects that a repository has, as they are stored.
fn all_objects(repo: &Repo<'_>) -> Vec<(String, Vec<u8>)> {
    let output = repo
        .command(&[
            "--no-replace-objects",
            "cat-file",
            "--batch-all-objects",
            "--unordered",
            "--batch",
        ])
        .output()
        .expect("there is a git");
    assert!(output.status.success(), "{output:?}");
    let mut rest = &output.stdout[..];
    let mut objects = Vec::new();
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).expect("a head ends");
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        let words: Vec<&str> = head.split(' ').collect();
        let size: usize = words[2].parse().expect("a size");
        objects.push((words[1].to_owned(), rest[end + 1..][..size].to_vec()));
        rest = &rest[end + 1 + size + 1..];
    }
    objects
}

/// Makes a case in a folder.
pub type Build = for<'l> fn(&'l Lab) -> Case<'l>;

/// The repository is whole, and all that is in it is found.
pub fn is_found(build: Build) {
    let lab = Lab::new();
    let case = build(&lab);
    case.is_planted();
    let run = case.run(&[]);
    assert_eq!(run.code, case.code(), "{run:?}");
    let report = run.report();
    assert_eq!(report.0["summary"]["complete"], true, "{report:?}");
    let missed: Vec<_> = skips(&report)
        .into_iter()
        .filter(|(_, policy, _)| !policy)
        .collect();
    assert_eq!(missed, [], "nothing is amiss");
    case.has_found(&report);
}

/// A case, and what must be said of it.
pub struct Fault<'l> {
    pub case: Case<'l>,
    /// Any of these kinds will do.
    pub kinds: Vec<&'static str>,
    /// What names it, and what to do about it.
    pub words: Vec<String>,
}

impl<'l> Fault<'l> {
    pub fn new(case: Case<'l>, kinds: &[&'static str]) -> Fault<'l> {
        Fault {
            case,
            kinds: kinds.to_vec(),
            words: Vec::new(),
        }
    }

    pub fn words<S: ToString>(mut self, words: impl IntoIterator<Item = S>) -> Fault<'l> {
        self.words = words.into_iter().map(|word| word.to_string()).collect();
        self
    }

    /// It is named with a kind, by a skip that policy makes or does not.
    fn is_named(&self, report: &Report, policy: bool) {
        let skips = skips(report);
        let mine: Vec<&str> = skips
            .iter()
            .filter(|(kind, of, _)| self.kinds.contains(&&kind[..]) && *of == policy)
            .map(|(.., said)| &said[..])
            .collect();
        assert!(!mine.is_empty(), "{:?}: {skips:#?}", self.kinds);
        for word in &self.words {
            assert!(
                mine.iter().any(|said| said.contains(word)),
                "{word}: {skips:#?}"
            );
        }
    }
}

/// Makes a faulty case in a folder.
pub type BuildFault = for<'l> fn(&'l Lab) -> Fault<'l>;

/// Something cannot be seen: it is named, the run is incomplete, and the rest is found. Whoever accepts it is not told
/// again by the exit code.
pub fn is_named_and_stops(build: BuildFault) {
    let lab = Lab::new();
    let fault = build(&lab);
    let run = fault.case.run(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    let report = run.report();
    assert_eq!(report.0["summary"]["complete"], false, "{report:?}");
    fault.is_named(&report, false);
    fault.case.has_found(&report);
    let kinds: BTreeSet<String> = skips(&report)
        .into_iter()
        .filter(|(_, policy, _)| !policy)
        .map(|(kind, ..)| kind)
        .collect();
    let accept: Vec<&str> = kinds
        .iter()
        .flat_map(|kind| ["--allow-incomplete", kind])
        .collect();
    let run = fault.case.run(&accept);
    assert_eq!(run.code, fault.case.code(), "accepted: {run:?}");
}

/// Policy leaves something out: it is named, and changes nothing.
pub fn is_named_only(build: BuildFault) {
    let lab = Lab::new();
    let fault = build(&lab);
    let run = fault.case.run(&[]);
    assert_eq!(run.code, fault.case.code(), "{run:?}");
    let report = run.report();
    assert_eq!(report.0["summary"]["complete"], true, "{report:?}");
    fault.is_named(&report, true);
    fault.case.has_found(&report);
}

/// Nothing at all can be done, and that is said.
pub fn is_refused(build: BuildFault) {
    let lab = Lab::new();
    let fault = build(&lab);
    let run = fault.case.run(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    let said = format!("{}{}", run.stderr, run.stdout);
    for word in &fault.words {
        assert!(said.contains(word), "{word}: {run:?}");
    }
}

/// A text of `lines` different lines, the same for the same seed, in which nothing is to be found.
pub fn prose(seed: u64, lines: usize) -> String {
    let words = [
        "river", "stone", "walks", "under", "green", "light", "seven", "birds", "house", "early",
    ];
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    for line in 0..lines {
        text.push_str(&format!("{line:05}"));
        for _ in 0..8 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push(' ');
            text.push_str(words[(state % 10) as usize]);
        }
        text.push('\n');
    }
    text
}

/// A line with a token, as configuration has it.
pub fn line(secret: &str) -> String {
    format!("token = {secret}\n")
}

/// The first token of a case; each number has another.
pub fn secret(number: u64) -> String {
    token(number)
}
