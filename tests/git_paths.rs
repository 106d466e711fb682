//! Paths that somebody decided not to scan, and names that mean something to a rule.
#![cfg(unix)]

mod support;

use support::git::{Lab, Repo};
use support::token;

fn skips(repo: &Repo<'_>, args: &[&str]) -> (i32, Vec<(String, String)>, usize) {
    let run = repo.keysieve(&[&["git", "--format", "json"], args].concat());
    let report = run.report();
    (run.code, report.skips(), report.findings().len())
}

/// What is left out is named, in the history as in what is staged.
#[test]
fn excluded_paths_are_named() {
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    repo.commit("vendor/deep/a.env", format!("token = {}\n", token(1)));
    repo.commit("b", "nothing\n");
    let check = |args: &[&str], path: &str| {
        let (code, skips, found) = skips(&repo, args);
        assert_eq!((code, found), (0, 0), "{args:?}");
        let want = ("excluded".to_owned(), path.to_owned());
        assert!(skips.contains(&want), "{args:?}: {skips:?}");
    };
    check(&["--exclude", "vendor"], "vendor/deep/a.env");
    check(
        &["--exclude", "*.env", "--range", "HEAD"],
        "vendor/deep/a.env",
    );
    repo.file("vendor/c.env", format!("token = {}\n", token(2)));
    repo.git(&["add", "vendor/c.env"]);
    check(&["--exclude", "vendor", "--staged"], "vendor/c.env");
}

/// The same bytes under a name that a rule reads are something new.
#[test]
fn a_file_moved_to_a_telling_name_is_scanned() {
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    let password = &token(3)[10..26];
    repo.commit(
        "notes",
        format!("db.example.net:5432:app:owner:{password}\n"),
    );
    repo.git(&["mv", "notes", ".pgpass"]);
    let (code, _, found) = skips(&repo, &["--staged"]);
    assert_eq!((code, found), (1, 1));
    repo.commit_staged("moved");
    let (code, _, found) = skips(&repo, &["--range", "HEAD~..HEAD"]);
    assert_eq!((code, found), (1, 1));
    repo.git(&["mv", ".pgpass", "other"]);
    let (code, _, found) = skips(&repo, &["--staged"]);
    assert_eq!((code, found), (0, 0), "what only moved is not new");
}
