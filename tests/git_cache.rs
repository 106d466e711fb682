//! `keysieve git --cache`: the same report for less work, whatever becomes of the repository or of the cache.
#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use keysieve::engine::example::expand;
use serde_json::Value;
use support::git::{Lab, Repo};
use support::{Run, Running, token};

/// What is said of a run that need not look at all.
const BEFORE: &str = "objects were scanned before, and not again";
/// What is said of a cache that is not used.
const AGAIN: &str = "all is scanned again";

/// A line of configuration with a token; each number has another.
fn line(number: u64) -> String {
    format!("token = {}\n", token(number))
}

/// Scans `repo` with the cache in the folder `cache` of the lab.
fn cached(repo: &Repo<'_>, more: &[&str]) -> Run {
    let folder = folder(repo.lab);
    let folder = folder.to_str().expect("a plain path");
    scan(repo, &[&["--cache", folder], more].concat())
}

fn scan(repo: &Repo<'_>, more: &[&str]) -> Run {
    repo.keysieve(&[&["git", "--format", "json", "--all-locations"], more].concat())
}

fn folder(lab: &Lab) -> PathBuf {
    lab.path().join("cache")
}

/// The only file in the cache.
fn file(lab: &Lab) -> PathBuf {
    let files = files(&folder(lab));
    assert_eq!(files.len(), 1, "{files:?}");
    files.into_iter().next().expect("there is one")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("listed").path()).collect();
    files.sort();
    files
}

/// A report without what is about the run rather than about the repository.
fn told(run: &Run) -> Value {
    let mut report = run.report().0;
    let summary = report["summary"].as_object_mut().expect("a summary");
    for work in ["elapsed_seconds", "objects", "bytes", "notes"] {
        assert!(summary.remove(work).is_some(), "no {work}");
    }
    report
}

fn notes(run: &Run) -> Vec<String> {
    let notes = run.report().0["summary"]["notes"].clone();
    serde_json::from_value(notes).expect("a list of texts")
}

/// How many objects a run says that it need not look at.
fn spared(run: &Run) -> u64 {
    let notes = notes(run);
    let mut counts = notes.iter().filter_map(|note| note.strip_suffix(BEFORE));
    let count = counts.next().map_or(0, |count| {
        count.trim().parse().expect("it begins with a number")
    });
    assert_eq!(counts.next(), None, "once: {notes:?}");
    count
}

fn looked_at(run: &Run) -> u64 {
    run.report().0["summary"]["objects"]
        .as_u64()
        .expect("a number")
}

/// A run with the cache says what one without it says; returns it.
#[track_caller]
fn is_the_same(repo: &Repo<'_>, more: &[&str]) -> Run {
    let (plain, run) = (scan(repo, more), cached(repo, more));
    assert_eq!(run.code, plain.code, "{run:?}");
    assert_eq!(told(&run), told(&plain));
    run
}

/// Nothing was taken from the cache, and the run says why.
#[track_caller]
fn is_ignored(run: &Run, word: &str) {
    let notes = notes(run);
    let said = |note: &String| note.contains(word) && note.contains(AGAIN);
    assert!(notes.iter().any(said), "{word}: {notes:?}");
    assert_eq!(spared(run), 0);
}

/// A secret of every kind of place, and something to be told besides.
fn full(lab: &Lab) -> Repo<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("readme", "Nothing to see.\n");
    repo.commit("a", line(1));
    repo.commit("a", "removed\n");
    repo.commit_staged(&line(2));
    repo.git(&["tag", "-m", &line(3), "v1"]);
    let password = expand("<password:14>", 4);
    repo.commit("home/.pgpass", format!("db:5432:app:app:{password}\n"));
    repo.commit("large", "large\n".repeat(4000));
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12\n",
        "0a".repeat(32)
    );
    repo.commit("film.mp4", pointer);
    repo.object("blob", line(5));
    repo
}

const LIMIT: [&str; 2] = ["--max-object-size", "16KB"];

#[test]
fn a_second_run_reports_what_the_first_did() {
    let lab = Lab::new();
    let repo = full(&lab);
    let first = is_the_same(&repo, &LIMIT);
    assert_eq!((first.code, spared(&first)), (1, 0), "{first:?}");
    assert_eq!(first.report().findings().len(), 5);
    let kinds: Vec<String> = first
        .report()
        .skips()
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(kinds, ["lfs-pointer", "too-large"]);
    let second = is_the_same(&repo, &LIMIT);
    assert_eq!(spared(&second), looked_at(&first), "all but the large one");
    assert_eq!(looked_at(&second), 0);
    let text = repo.keysieve(&["git", "--cache", "../cache", "--max-object-size", "16KB"]);
    assert!(text.stdout.contains(BEFORE), "people are told: {text:?}");
    // Whoever wants each object held against its id wants each read.
    let verified = is_the_same(&repo, &[&LIMIT[..], &["--verify-objects"]].concat());
    assert_eq!(spared(&verified), 0);
}

/// What may become of a repository between two runs.
type Change = fn(&Repo<'_>);

const CHANGES: [(&str, Change); 8] = [
    ("new commits", |repo| {
        repo.commit("b", line(11));
        repo.commit("c", "clean\n");
        repo.commit_staged(&line(12));
    }),
    ("the same secret elsewhere", |repo| {
        repo.commit("again", line(1));
        repo.git(&["mv", "again", "moved"]);
        repo.commit_staged("Move");
    }),
    ("a new name for what was scanned", |repo| {
        let blob = repo.git(&["rev-parse", "HEAD:home/.pgpass"]);
        let entry = format!("100644,{blob},other/.pgpass");
        repo.git(&["update-index", "--add", "--cacheinfo", &entry]);
        repo.commit_staged("Copy");
    }),
    ("a name that a rule knows", |repo| {
        let password = expand("<password:14>", 13);
        repo.commit("notes", format!("db:5432:app:app:{password}\n"));
        let run = cached(repo, &[]);
        assert_eq!(run.code, 1);
        repo.git(&["mv", "notes", ".pgpass"]);
        repo.commit_staged("Move");
    }),
    ("packed", |repo| {
        repo.git(&["repack", "-a", "-d", "-q", "-k"]);
    }),
    ("collected after growing", |repo| {
        repo.commit("a", line(14));
        repo.git(&["gc", "--quiet", "--prune=now"]);
    }),
    ("another branch", |repo| {
        repo.git(&["switch", "--quiet", "--orphan", "lonely"]);
        repo.commit("d", line(15));
    }),
    ("history that nobody refers to", |repo| {
        repo.git(&["reset", "--quiet", "--hard", "HEAD~3"]);
        repo.git(&["tag", "-d", "v1"]);
    }),
];

#[test]
fn a_repository_that_has_changed_is_reported_as_without_a_cache() {
    for (name, change) in CHANGES {
        // The name of a case that fails.
        eprintln!("{name}");
        let lab = Lab::new();
        let repo = full(&lab);
        cached(&repo, &[]);
        change(&repo);
        is_the_same(&repo, &[]);
        // What was new then is remembered, too.
        let last = is_the_same(&repo, &[]);
        assert_eq!(looked_at(&last), 0, "{name}");
    }
}

#[test]
fn only_what_is_new_is_looked_at() {
    let lab = Lab::new();
    let repo = full(&lab);
    let first = cached(&repo, &[]);
    repo.git(&["gc", "--quiet", "--prune=never"]);
    repo.commit("b", line(11));
    let second = cached(&repo, &[]);
    assert_eq!(spared(&second), looked_at(&first));
    assert_eq!(looked_at(&second), 3, "a commit, a directory, a file");
}

#[test]
fn what_vanished_makes_it_scan_all_again() {
    let lab = Lab::new();
    let repo = full(&lab);
    cached(&repo, &[]);
    // The blob that nobody refers to goes.
    repo.git(&["prune", "--expire=now"]);
    is_ignored(&is_the_same(&repo, &[]), "objects are gone");
    assert!(spared(&is_the_same(&repo, &[])) > 0);
}

#[test]
fn what_was_made_otherwise_is_not_used() {
    let lab = Lab::new();
    let repo = full(&lab);
    let rule = ["--rule", "github-*"];
    let other: [(&str, &[&str]); 5] = [
        ("rules", &rule),
        ("fewer rules", &["--disable-rule", "github-*"]),
        ("confidence", &["--min-confidence", "high"]),
        ("lower confidence", &["--min-confidence", "low"]),
        ("limit", &LIMIT),
    ];
    for (name, args) in other {
        cached(&repo, &[]);
        is_ignored(&is_the_same(&repo, args), "other");
        assert!(spared(&is_the_same(&repo, args)) > 0, "{name}");
        is_ignored(&is_the_same(&repo, &[]), "other");
    }
}

/// What may become of a cache, and the word that tells of it.
type Spoil = fn(&Lab, &Path);

const SPOILED: [(&str, Spoil); 8] = [
    ("broken", |_, file| fs::write(file, "").expect("written")),
    ("broken", |_, file| {
        let bytes = fs::read(file).expect("read");
        fs::write(file, &bytes[..bytes.len() / 2]).expect("written");
    }),
    ("broken", |_, file| {
        let mut bytes = fs::read(file).expect("read");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        fs::write(file, bytes).expect("written");
    }),
    ("not a cache", |_, file| {
        fs::write(file, "Dear diary, ".repeat(1000)).expect("written");
    }),
    ("broken", |_, file| {
        let bytes = [&fs::read(file).expect("read")[..], b"more"].concat();
        fs::write(file, bytes).expect("written");
    }),
    // That of another repository under this one's name.
    ("objects are gone", |lab, file| {
        let other = lab.init("other", &[]);
        other.commit("x", line(21));
        cached(&other, &[]);
        let theirs = files(&folder(lab)).into_iter().find(|path| path != file);
        fs::rename(theirs.expect("it has its own"), file).expect("renamed");
    }),
    ("too large", |_, file| {
        let file = fs::File::create(file).expect("created");
        file.set_len(1 << 40).expect("a sparse file");
    }),
    ("", |_, file| {
        fs::remove_file(file).expect("removed");
        fs::create_dir(file).expect("a folder in its place");
    }),
];

#[test]
fn a_spoiled_cache_is_ignored_with_a_word() {
    for (word, spoil) in SPOILED {
        let lab = Lab::new();
        let repo = full(&lab);
        cached(&repo, &[]);
        let file = file(&lab);
        spoil(&lab, &file);
        let run = is_the_same(&repo, &[]);
        is_ignored(&run, word);
        assert!(
            run.peak.is_none_or(|peak| peak < 128 << 20),
            "{:?}",
            run.peak
        );
        if file.is_file() {
            assert!(
                spared(&cached(&repo, &[])) > 0,
                "{word}: it is written anew"
            );
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told_and_does_no_harm() {
    let lab = Lab::new();
    let repo = full(&lab);
    // A file where its folder is to be: nobody can write there, not even root.
    fs::write(folder(&lab), "a file").expect("written");
    for _ in 0..2 {
        let run = is_the_same(&repo, &[]);
        let notes = notes(&run);
        let said = |note: &String| note.contains("nothing is remembered");
        assert!(notes.iter().any(said), "{notes:?}");
        assert_eq!(spared(&run), 0);
    }
    assert_eq!(fs::read(folder(&lab)).expect("read"), b"a file");
}

#[test]
fn missing_and_broken_objects_are_told_each_time() {
    let lab = Lab::new();
    let repo = full(&lab);
    repo.commit("lost", "This one goes missing.\n");
    repo.commit("torn", "This one is torn.\n");
    fs::remove_file(repo.loose(&repo.git(&["rev-parse", "HEAD:lost"]))).expect("removed");
    tear(&repo, "HEAD:torn");
    for spares in [false, true, true] {
        let run = is_the_same(&repo, &[]);
        assert_eq!(run.code, 2, "{run:?}");
        let kinds: Vec<String> = run
            .report()
            .skips()
            .into_iter()
            .map(|(kind, _)| kind)
            .collect();
        assert_eq!(kinds, ["corrupt-object", "lfs-pointer", "missing-object"]);
        assert_eq!(spared(&run) > 0, spares);
    }
}

/// Cuts off the end of a loose object.
fn tear(repo: &Repo<'_>, rev: &str) {
    let file = repo.loose(&repo.git(&["rev-parse", rev]));
    let bytes = fs::read(&file).expect("read");
    fs::remove_file(&file).expect("removed");
    fs::write(&file, &bytes[..bytes.len() / 2]).expect("written");
}

/// A finding that cannot be shown any more is not passed over.
#[test]
fn an_object_with_a_finding_that_breaks_later_is_told() {
    let lab = Lab::new();
    let repo = full(&lab);
    cached(&repo, &[]);
    tear(&repo, "HEAD~5:a");
    let run = is_the_same(&repo, &[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(spared(&run) > 0);
}

/// The end of a shallow clone does not become the beginning of the history because it was scanned once.
#[test]
fn what_a_shallow_clone_lacks_is_missed_when_it_is_none_any_more() {
    let lab = Lab::new();
    let url = format!("file://{}", full(&lab).dir.display());
    lab.repo("r")
        .git(&["clone", "--quiet", "--depth=2", &url, "../clone"]);
    let clone = lab.repo("clone");
    is_the_same(&clone, &[]);
    is_the_same(&clone, &[]);
    fs::remove_file(clone.at(".git/shallow")).expect("removed");
    let run = is_the_same(&clone, &[]);
    let kinds: Vec<String> = run
        .report()
        .skips()
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert!(kinds.contains(&"missing-object".to_owned()), "{kinds:?}");
    clone.git(&["fetch", "--quiet", "--refetch"]);
    is_the_same(&clone, &[]);
}

#[test]
fn several_runs_at_once_do_no_harm() {
    let lab = Lab::new();
    let repo = full(&lab);
    for _ in 0..2 {
        let want = told(&scan(&repo, &[]));
        let runs: Vec<Running> = (0..6)
            .map(|_| {
                let mut command = lab.command(env!("CARGO_BIN_EXE_keysieve"), &repo.dir);
                let args = [
                    "git",
                    "--format",
                    "json",
                    "--all-locations",
                    "--cache",
                    "../cache",
                ];
                Running::start(command.args(args))
            })
            .collect();
        for run in runs {
            assert_eq!(told(&run.wait()), want);
        }
        repo.git(&["gc", "--quiet", "--prune=never"]);
    }
    // What is left is whole.
    assert!(spared(&cached(&repo, &[])) > 0);
    file(&lab);
}

#[test]
fn a_cache_holds_no_secret() {
    let lab = Lab::new();
    let repo = full(&lab);
    cached(&repo, &[]);
    let bytes = fs::read(file(&lab)).expect("read");
    assert!(!bytes.is_empty());
    for secret in [1, 2, 3, 5]
        .map(token)
        .into_iter()
        .chain([expand("<password:14>", 4)])
    {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let coded = (0..3).map(|skip| {
            let coded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&secret[skip..]);
            // The last characters depend on what follows.
            coded[..coded.len() - 2].to_owned()
        });
        // A part of one is too much, too.
        let part = secret[..8].to_owned();
        for form in coded.chain([part, secret.clone(), hex.to_uppercase(), hex.clone()]) {
            let found = memchr::memmem::find(&bytes, form.as_bytes());
            assert_eq!(found, None, "a secret is in the cache");
        }
    }
}

#[test]
fn submodules_have_caches_of_their_own() {
    let lab = Lab::new();
    let inner = lab.init("inner", &[]);
    inner.commit("x", line(31));
    let repo = full(&lab);
    let url = format!("file://{}", inner.dir.display());
    repo.git(&["submodule", "--quiet", "add", &url, "sub"]);
    repo.commit_staged("Add a submodule");
    let first = is_the_same(&repo, &[]);
    assert_eq!(first.report().findings().len(), 6);
    assert_eq!(files(&folder(&lab)).len(), 2);
    let second = cached(&repo, &[]);
    assert_eq!(told(&second), told(&first));
    assert_eq!(looked_at(&second), 0);
    lab.repo("r/sub").commit("y", line(32));
    let third = is_the_same(&repo, &[]);
    assert_eq!(third.report().findings().len(), 7);
}

#[test]
fn a_part_of_a_repository_has_no_cache() {
    let lab = Lab::new();
    let repo = full(&lab);
    for part in [
        &["--range", "HEAD~.."][..],
        &["--staged"],
        &["--pre-push"],
        &["--pre-receive"],
    ] {
        let run = cached(&repo, part);
        assert_eq!(run.code, 2, "{part:?}");
        assert!(run.stderr.contains("--cache"), "{run:?}");
    }
    assert!(!folder(&lab).exists());
}

#[test]
fn a_run_that_was_stopped_remembers_nothing() {
    let lab = Lab::new();
    let repo = full(&lab);
    // It is busy with this when it is stopped.
    let file = fs::File::create(repo.at(".git/COMMIT_EDITMSG")).expect("created");
    file.set_len(8 << 30).expect("a sparse file");
    let mut command: Command = lab.command(env!("CARGO_BIN_EXE_keysieve"), &repo.dir);
    let running = Running::start(command.args(["git", "--cache", "../cache"]));
    thread::sleep(Duration::from_millis(1000));
    running.signal("INT");
    let run = running.wait();
    assert_eq!(run.code, 130, "{run:?}");
    assert_eq!(files(&folder(&lab)), [] as [PathBuf; 0]);
}

#[test]
fn only_its_owner_can_read_a_cache() {
    let lab = Lab::new();
    cached(&full(&lab), &[]);
    let mode = fs::metadata(file(&lab))
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
