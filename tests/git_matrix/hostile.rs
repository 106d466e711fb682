//! Repositories that are made to harm: names in trees, objects that lie, configuration that would run something.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::case::{Case, Fault, Place, at, line, secret};
use super::support::Running;
use super::support::git::{Lab, Repo};

table!(is_found: names, duplicate_names, modes_that_lie, wide_and_deep, references, config_that_includes_a_pipe);
table!(is_named_and_stops: reference_out_of_the_repository, cut_tree, tree_with_nonsense, commit_without_a_tree);

/// A tree of entries as they come, whatever git thinks of them, under a commit on a branch.
fn commit_tree(repo: &Repo<'_>, branch: &str, entries: &[u8]) -> String {
    let tree = repo.object("tree", entries);
    let commit = format!(
        "tree {tree}\nauthor P <p@example.com> 1600000000 +0000\n\
         committer P <p@example.com> 1600000000 +0000\n\nA commit\n"
    );
    let id = repo.object("commit", commit);
    repo.git(&["update-ref", &format!("refs/heads/{branch}"), &id]);
    tree
}

fn entry(mode: &str, name: &[u8], id: &str) -> Vec<u8> {
    let id = (0..id.len() / 2).map(|i| u8::from_str_radix(&id[2 * i..][..2], 16));
    let id: Vec<u8> = id.map(|byte| byte.expect("an id")).collect();
    [mode.as_bytes(), b" ", name, b"\0", &id].concat()
}

/// A clean commit on the main branch.
fn plain(lab: &Lab) -> Repo<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("readme", "Nothing to see.\n");
    repo
}

/// A commit with a secret beside what is broken.
fn beside(repo: Repo<'_>) -> Case<'_> {
    repo.commit("b", line(&secret(50)));
    Case::new(repo, [super::case::path("b", &secret(50))])
}

fn names(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let long = vec![b'n'; 70_000];
    let names: [&[u8]; 14] = [
        b"..",
        b".",
        b".git",
        b".GIT",
        b"git~1",
        b"/etc/passwd",
        b"../../../tmp/x",
        b"a\\..\\b",
        b"C:\\x",
        b"\x1b[2Jx\n\x1b]0;t\x07",
        b"\xff\xfe",
        b"",
        b"\xe2\x80\xaegpj.exe",
        &long,
    ];
    let mut plants = Vec::new();
    for (number, name) in (1..).zip(names) {
        let id = repo.object("blob", line(&secret(number)));
        commit_tree(&repo, &format!("b{number}"), &entry("100644", name, &id));
        plants.push(at(Place::Blob, &secret(number)));
    }
    // And as folders.
    let id = repo.object("blob", line(&secret(40)));
    let inner = repo.object("tree", entry("100644", b"x", &id));
    commit_tree(&repo, "folder", &entry("40000", b"..", &inner));
    plants.push(at(Place::Blob, &secret(40)));
    Case::new(repo, plants)
}

fn duplicate_names(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let ids = [1, 2, 3].map(|n| repo.object("blob", line(&secret(n))));
    let folder = repo.object("tree", entry("100644", b"x", &ids[2]));
    let entries = [
        entry("100644", b"a", &ids[0]),
        entry("100644", b"a", &ids[1]),
        entry("40000", b"a", &folder),
    ];
    commit_tree(&repo, "twice", &entries.concat());
    let names = ["a", "a", "a/x"];
    let plants = (1..).zip(names);
    Case::new(
        repo,
        plants.map(|(n, name)| super::case::path(name, &secret(n))),
    )
}

/// A blob that a tree calls a folder, a folder that it calls a file, a commit that is a blob.
fn modes_that_lie(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let blob = repo.object("blob", line(&secret(1)));
    let inner = repo.object("blob", line(&secret(2)));
    let tree = repo.object("tree", entry("100644", b"x", &inner));
    let gitlink = repo.object("blob", line(&secret(3)));
    let entries = [
        entry("40000", b"a", &blob),
        entry("100644", b"b", &tree),
        entry("160000", b"c", &gitlink),
        entry("0", b"d", &blob),
    ];
    commit_tree(&repo, "lies", &entries.concat());
    Case::new(repo, [1, 2, 3].map(|n| at(Place::Blob, &secret(n))))
}

/// A tree whose every entry is the same tree, many levels deep: 16 to the power of 24 paths, 26 objects.
fn wide_and_deep(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let id = repo.object("blob", line(&secret(1)));
    let mut tree = repo.object("tree", entry("100644", b"secret", &id));
    for _ in 0..24 {
        let entries: Vec<Vec<u8>> = (b'a'..=b'p')
            .map(|name| entry("40000", &[name], &tree))
            .collect();
        tree = repo.object("tree", entries.concat());
    }
    commit_tree(&repo, "bomb", &entry("40000", b"top", &tree));
    Case::new(repo, [at(Place::Blob, &secret(1))])
}

/// References that lead nowhere or in a circle are git's to complain about; the objects are there.
fn references(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.file(".git/refs/heads/a", "ref: refs/heads/b\n");
    repo.file(".git/refs/heads/b", "ref: refs/heads/a\n");
    repo.file(".git/refs/heads/dangling", "ref: refs/heads/nothing\n");
    beside(repo)
}

/// What a reference means that no name can be is not known.
fn reference_out_of_the_repository(lab: &Lab) -> Fault<'_> {
    let repo = plain(lab);
    repo.file(".git/refs/heads/out", "ref: ../../../../etc/passwd\n");
    Fault::new(beside(repo), &["unreadable"]).words(["refs/heads/out"])
}

/// Whoever follows it waits for ever.
fn config_that_includes_a_pipe(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let pipe = lab.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("there is a mkfifo").success());
    let case = beside(repo);
    let include = format!("[include]\n\tpath = {}\n", pipe.display());
    append(&case.repo, &include);
    // Git would wait.
    case.kept_in([])
}

fn append(repo: &Repo<'_>, text: &str) {
    let path = repo.at(".git/config");
    let config = fs::read_to_string(&path).expect("there is one") + text;
    fs::write(path, config).expect("written");
}

fn cut_tree(lab: &Lab) -> Fault<'_> {
    let repo = plain(lab);
    let id = repo.object("blob", "x\n");
    let whole = entry("100644", b"a", &id);
    let tree = commit_tree(&repo, "cut", &whole[..whole.len() - 7]);
    Fault::new(beside(repo), &["corrupt-object"]).words([tree])
}

fn tree_with_nonsense(lab: &Lab) -> Fault<'_> {
    let repo = plain(lab);
    let tree = commit_tree(&repo, "nonsense", b"not a tree at all");
    Fault::new(beside(repo), &["corrupt-object"]).words([tree])
}

fn commit_without_a_tree(lab: &Lab) -> Fault<'_> {
    let repo = plain(lab);
    let id = repo.object("commit", "author nobody\n\nNothing\n");
    // Git does not let a branch point to it.
    repo.file(".git/refs/heads/broken", format!("{id}\n"));
    Fault::new(beside(repo), &["corrupt-object"]).words([id])
}

/// A program that leaves a mark if it is run.
fn trap(lab: &Lab) -> (PathBuf, PathBuf) {
    let mark = lab.path().join("it-ran");
    let script = lab.path().join("trap.sh");
    let text = format!("#!/bin/sh\ntouch '{}'\ncat\n", mark.display());
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("permitted");
    (script, mark)
}

/// Every setting by which git would run a program.
fn trapped(script: &Path) -> String {
    let script = script.display();
    let config = "
[core]
	fsmonitor = TRAP
	hooksPath = HOOKS
	pager = TRAP
	editor = TRAP
	askPass = TRAP
	sshCommand = TRAP
	gitProxy = TRAP
	alternateRefsCommand = TRAP
	attributesFile = ATTRIBUTES
[filter \"trap\"]
	clean = TRAP
	smudge = TRAP
	process = TRAP
	required = true
[diff]
	external = TRAP
[diff \"trap\"]
	textconv = TRAP
	command = TRAP
[merge \"trap\"]
	driver = TRAP
[credential]
	helper = TRAP
[gpg]
	program = TRAP
[alias]
	rev-parse = !TRAP
	ls-files = !TRAP
	cat-file = !TRAP
[pager]
	rev-parse = TRAP
	cat-file = TRAP
	git = TRAP
[sequence]
	editor = TRAP
[protocol \"ext\"]
	allow = always
[remote \"origin\"]
	url = ext::TRAP
	promisor = true
	partialclonefilter = blob:none
	uploadpack = TRAP
	receivepack = TRAP
[extensions]
	partialClone = origin
[uploadpack]
	packObjectsHook = TRAP
";
    config.replace("TRAP", &script.to_string())
}

/// Programs in the configuration, hooks, filters, drivers and a remote that would be asked for what is missing: none
/// runs, whatever keysieve is asked to do.
#[test]
fn nothing_in_the_repository_runs() {
    let lab = Lab::new();
    let repo = plain(&lab);
    let (script, mark) = trap(&lab);
    repo.commit("lost", "This one goes missing.\n");
    let lost = repo.git(&["rev-parse", "HEAD:lost"]);
    repo.commit(".gitattributes", "* filter=trap diff=trap merge=trap\n");
    repo.commit("b", line(&secret(1)));
    repo.file("c", line(&secret(2)));
    repo.git(&["add", "c"]);
    repo.file("c", "and changed since\n");
    let head = repo.git(&["rev-parse", "HEAD"]);
    fs::remove_file(repo.loose(&lost)).expect("it was loose");
    let hooks = repo.at(".git/hooks");
    for hook in [
        "pre-commit",
        "pre-push",
        "post-index-change",
        "post-checkout",
    ] {
        fs::copy(&script, hooks.join(hook)).expect("copied");
    }
    let config = trapped(&script).replace("HOOKS", &hooks.to_string_lossy());
    append(&repo, &config);

    let zero = "0".repeat(40);
    let lines = format!("refs/heads/main {head} refs/heads/main {zero}\n");
    let received = format!("{zero} {head} refs/heads/main\n");
    let modes: [(&[&str], &str); 6] = [
        (&[], ""),
        (&["--verify-objects"], ""),
        (&["--range", "HEAD~..HEAD"], ""),
        (&["--staged"], ""),
        (&["--pre-push", "origin", "ext::x"], &lines),
        (&["--pre-receive"], &received),
    ];
    for (args, input) in modes {
        let file = lab.tree.file("input", input);
        let mut command = lab.command(env!("CARGO_BIN_EXE_keysieve"), &repo.dir);
        let stdin = fs::File::open(file).expect("it was written");
        command.arg("git").args(args).stdin(stdin);
        let run = Running::start(&mut command).wait();
        assert!(!mark.exists(), "{args:?}: {run:?}");
        if args == ["--pre-receive"] {
            // A reference leads there already: nothing is new.
            continue;
        }
        assert!(matches!(run.code, 1 | 2), "{args:?}: {run:?}");
        assert!(run.stdout.contains("github-pat"), "{args:?}: {run:?}");
    }
    // The trap works: git falls into it.
    let _ = repo.command(&["status"]).output();
    assert!(mark.exists(), "git runs what is configured");
}
