//! `keysieve redact --in-place`: whole or not at all, and nothing else about the file changes.

mod support;

use std::fs;

use support::{Tree, token};

fn names(tree: &Tree) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(tree.path())
        .expect("it is a folder")
        .map(|entry| {
            entry
                .expect("it can be listed")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_replaced_and_nothing_else_is_left() {
    let tree = Tree::new();
    let file = tree.file("a.log", format!("x {}\r\n\u{e9}\0", token(1)));
    let run = tree.run(["redact", "--in-place", "a.log"]);
    assert_eq!(
        (run.code, run.stdout.as_str(), run.stderr.as_str()),
        (0, "", "")
    );
    let text = fs::read_to_string(&file).expect("it is there");
    assert_eq!(text, "x [REDACTED:github-pat]\r\n\u{e9}\0");
    assert_eq!(names(&tree), ["a.log"]);
}

#[test]
fn a_clean_file_is_not_touched() {
    let tree = Tree::new();
    let file = tree.file("a.log", "nothing in here\n");
    let old = fs::metadata(&file)
        .expect("it is there")
        .modified()
        .expect("a time");
    assert_eq!(tree.run(["redact", "--in-place", "a.log"]).code, 0);
    assert_eq!(
        fs::metadata(&file)
            .expect("it is there")
            .modified()
            .expect("a time"),
        old
    );
}

#[test]
fn files_known_by_their_names_are_read_as_such() {
    let tree = Tree::new();
    let file = tree.file(".pgpass", "db.internal:5432:app:me:h7Gk2-pQx9\n");
    assert_eq!(tree.run(["redact", "--in-place", ".pgpass"]).code, 0);
    let text = fs::read_to_string(&file).expect("it is there");
    assert!(
        text.starts_with("db.internal:5432:app:me:[REDACTED:"),
        "{text}"
    );
}

#[test]
fn one_that_cannot_be_redacted_does_not_keep_the_others() {
    let tree = Tree::new();
    let file = tree.file("b.log", token(1));
    fs::create_dir(tree.path().join("a.log")).expect("a folder");
    let run = tree.run(["redact", "--in-place", "a.log", "b.log"]);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        "keysieve: a.log: not a regular file; only those can be replaced\n"
    );
    assert_eq!(
        fs::read(&file).expect("it is there"),
        b"[REDACTED:github-pat]"
    );
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let tree = Tree::new();
    let file = tree.file("real/a.log", token(1));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
    symlink("real/a.log", tree.path().join("link.log")).expect("a link");
    assert_eq!(tree.run(["redact", "--in-place", "link.log"]).code, 0);
    assert_eq!(
        fs::read(&file).expect("it is there"),
        b"[REDACTED:github-pat]"
    );
    let mode = fs::metadata(&file)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    let link = fs::symlink_metadata(tree.path().join("link.log")).expect("it is there");
    assert!(link.is_symlink());
}

/// The key of placeholders is made where there is none, for its owner alone, and gives the same tags from then on.
#[test]
fn a_kept_key_gives_the_same_tags() {
    let tree = Tree::new();
    tree.file("a.log", token(1));
    let args = [
        "redact",
        "--placeholder",
        "stable",
        "--placeholder-key",
        "key",
        "a.log",
    ];
    let first = tree.run(args);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert_eq!(first.stdout.len(), "[REDACTED:github-pat:7f3a]".len());
    assert_eq!(tree.run(args).stdout, first.stdout);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let key = fs::metadata(tree.path().join("key")).expect("it is there");
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }
    fs::remove_file(tree.path().join("key")).expect("gone");
    assert_ne!(tree.run(args).stdout, first.stdout);
}

/// A list that comes over a file descriptor is in no file, no argument and no variable.
#[cfg(unix)]
#[test]
fn a_list_can_come_over_a_file_descriptor() {
    let tree = Tree::new();
    tree.file("list", "correct horse\n");
    tree.file("in", "a correct horse b\n");
    let script = format!(
        "{} redact --known-fd 7 in 7< list",
        env!("CARGO_BIN_EXE_keysieve")
    );
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).current_dir(tree.path());
    let run = support::Running::start(&mut shell).wait();
    assert_eq!(run.stdout, "a [REDACTED:known-value] b\n", "{}", run.stderr);
    assert_eq!(tree.run(["redact", "--known-fd", "99", "in"]).code, 2);
}
