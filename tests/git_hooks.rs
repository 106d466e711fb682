//! Commits and pushes through the hooks that `keysieve install-hooks` writes, with real git on both sides.
#![cfg(unix)]

mod support;

use std::fs;
use std::process::Output;

use keysieve::engine::example::expand;
use support::git::{Lab, Repo, with_input};
use support::token;

/// A line of configuration with a token; each number has another.
fn line(number: u64) -> String {
    format!("token = {}\n", token(number))
}

/// All that a run of git printed.
fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// What becomes of an attempt.
enum Want {
    /// Git does it, and keysieve says nothing.
    Passes,
    /// It is stopped, and this is named: a path, or a kind of object.
    Stops(&'static str),
}
use Want::{Passes, Stops};

impl Want {
    fn holds(&self, case: &str, output: &Output, around: &str) {
        let said = said(output);
        match self {
            Passes => {
                assert!(output.status.success(), "{case}: {said}");
                assert!(!said.contains("keysieve"), "{case}: nobody notices: {said}");
            }
            Stops(named) => {
                assert!(!output.status.success(), "{case} was not stopped: {said}");
                for word in [named, "is stopped", around] {
                    assert!(said.contains(word), "{case}: {word:?}: {said}");
                }
                // The last is what a password file holds.
                for secret in (1..10).map(token).chain([password()]) {
                    assert!(!said.contains(&secret), "{case}: in clear: {said}");
                }
            }
        }
    }
}

fn password() -> String {
    expand("<password:14>", 1)
}

fn pgpass() -> String {
    format!("db.internal:5432:app:app:{}\n", password())
}

fn run(repo: &Repo<'_>, args: &[&str]) -> Output {
    repo.command(args).output().expect("there is a git")
}

fn install(repo: &Repo<'_>, hook: &str) {
    let run = repo.keysieve(&["install-hooks", hook]);
    assert_eq!(run.code, 0, "{run:?}");
}

/// Prepares something and says how it is committed.
type Prepare = for<'l> fn(&Repo<'l>) -> &'static [&'static str];

const COMMIT: &[&str] = &["commit", "--quiet", "-m", "m"];

fn stage(repo: &Repo<'_>, path: &str, content: &str) {
    repo.file(path, content);
    repo.git(&["add", "--force", "--", path]);
}

#[test]
fn a_commit_is_judged_by_what_is_staged() {
    let cases: [(&str, Prepare, Want); 20] = [
        (
            "nothing wrong",
            |repo| {
                stage(repo, "a", "a = 1\n");
                COMMIT
            },
            Passes,
        ),
        (
            "a secret",
            |repo| {
                stage(repo, "conf/a.env", &line(1));
                COMMIT
            },
            Stops("conf/a.env"),
        ),
        (
            "clean in the work tree since",
            |repo| {
                stage(repo, "a.env", &line(1));
                repo.file("a.env", "a = 1\n");
                COMMIT
            },
            Stops("a.env"),
        ),
        (
            "only in the work tree",
            |repo| {
                stage(repo, "a", "a = 1\n");
                repo.file("a", line(1));
                repo.file("untracked", line(2));
                COMMIT
            },
            Passes,
        ),
        (
            "all that is tracked",
            |repo| {
                repo.file("readme", line(1));
                &["commit", "--quiet", "-a", "-m", "m"]
            },
            Stops("readme"),
        ),
        (
            "some paths, and another is staged",
            |repo| {
                stage(repo, "a.env", &line(1));
                repo.file("readme", "More.\n");
                &["commit", "--quiet", "-m", "m", "--", "readme"]
            },
            Passes,
        ),
        (
            "some paths, one of them bad",
            |repo| {
                repo.file("readme", line(1));
                stage(repo, "a", "a\n");
                &["commit", "--quiet", "-m", "m", "--", "readme"]
            },
            Stops("readme"),
        ),
        (
            "a secret goes",
            |repo| {
                repo.git(&["rm", "--quiet", "old.env"]);
                COMMIT
            },
            Passes,
        ),
        (
            "a file with a secret moves",
            |repo| {
                repo.git(&["mv", "old.env", "moved.env"]);
                COMMIT
            },
            Passes,
        ),
        (
            "only the message of the last commit",
            |repo| {
                stage(repo, "a", &line(1));
                repo.git(&["commit", "--quiet", "--no-verify", "-m", "m"]);
                &["commit", "--quiet", "--amend", "-m", "n"]
            },
            Passes,
        ),
        (
            "known by its name",
            |repo| {
                stage(repo, "home/.pgpass", &pgpass());
                COMMIT
            },
            Stops("home/.pgpass"),
        ),
        (
            "announced, not added",
            |repo| {
                repo.file("later.env", line(1));
                repo.git(&["add", "--intent-to-add", "later.env"]);
                stage(repo, "a", "a\n");
                COMMIT
            },
            Passes,
        ),
        (
            "a filter takes it out before it is staged",
            |repo| {
                repo.git(&["config", "filter.out.clean", "sed s/ghp_.*/gone/"]);
                stage(repo, ".gitattributes", "*.env filter=out\n");
                stage(repo, "a.env", &line(1));
                COMMIT
            },
            Passes,
        ),
        (
            "a link's target",
            |repo| {
                let target = format!("https://{}@example.com", token(1));
                std::os::unix::fs::symlink(target, repo.at("link")).expect("a link");
                repo.git(&["add", "link"]);
                COMMIT
            },
            Stops("link"),
        ),
        (
            "a name with a space and a line break",
            |repo| {
                stage(repo, "a b\nc.env", &line(1));
                COMMIT
            },
            Stops("a b"),
        ),
        (
            "ten files, one of them bad",
            |repo| {
                (0..9).for_each(|n| stage(repo, &format!("f{n}"), "f\n"));
                stage(repo, "dir/f9", &line(1));
                COMMIT
            },
            Stops("dir/f9"),
        ),
        (
            "what a merge adds",
            |repo| {
                repo.git(&["switch", "--quiet", "-c", "side", "HEAD~"]);
                repo.git(&["commit", "-qm", "side", "--allow-empty", "--no-verify"]);
                repo.git(&["switch", "--quiet", "main"]);
                repo.git(&["merge", "--no-ff", "--no-commit", "side"]);
                stage(repo, "merged.env", &line(1));
                COMMIT
            },
            Stops("merged.env"),
        ),
        (
            "accepted on its line",
            |repo| {
                stage(
                    repo,
                    "a",
                    &format!("token = {} # keysieve:allow\n", token(1)),
                );
                COMMIT
            },
            Passes,
        ),
        (
            "an executable file",
            |repo| {
                repo.file("run", format!("#!/bin/sh\n{}", line(1)));
                repo.git(&["add", "--chmod=+x", "run"]);
                COMMIT
            },
            Stops("run:2:"),
        ),
        (
            "nothing at all",
            |_| &["commit", "--quiet", "--allow-empty", "-m", "m"],
            Passes,
        ),
    ];
    for (case, prepare, want) in cases {
        let lab = Lab::new();
        let repo = lab.init("r", &[]);
        repo.commit("old.env", line(100));
        repo.commit("readme", "Nothing to see.\n");
        install(&repo, "--pre-commit");
        let args = prepare(&repo);
        let before = repo.git(&["rev-parse", "HEAD"]);
        let output = run(&repo, args);
        want.holds(case, &output, "git commit --no-verify");
        let made = repo.git(&["rev-parse", "HEAD"]) != before;
        assert_eq!(made, matches!(want, Passes), "{case}");
    }
}

#[test]
fn a_commit_is_judged_wherever_it_is_made() {
    // The first of all.
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    install(&repo, "--pre-commit");
    stage(&repo, "a.env", &line(1));
    Stops("a.env").holds("first", &run(&repo, COMMIT), "--no-verify");
    stage(&repo, "a.env", "none\n");
    Passes.holds("first", &run(&repo, COMMIT), "");
    // In a subfolder.
    stage(&repo, "sub/a.env", &line(2));
    let subfolder = lab.repo("r/sub");
    Stops("sub/a.env").holds("subfolder", &run(&subfolder, COMMIT), "--no-verify");
    repo.git(&["reset", "--quiet", "--hard"]);
    // In a linked worktree.
    repo.git(&["worktree", "add", "--quiet", "--detach", "../w"]);
    let linked = lab.repo("w");
    stage(&linked, "b.env", &line(3));
    Stops("b.env").holds("worktree", &run(&linked, COMMIT), "--no-verify");
    stage(&linked, "b.env", "none\n");
    Passes.holds("worktree", &run(&linked, COMMIT), "");
}

/// What, where, and what to do.
#[test]
fn a_rejected_commit_says_it_in_five_lines() {
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    install(&repo, "--pre-commit");
    stage(&repo, "conf/a.env", &format!("# first\n{}", line(1)));
    let said = said(&run(&repo, COMMIT));
    for word in ["github-pat", "conf/a.env:2:9", "git commit --no-verify"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let lines = said.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 5, "{lines} lines: {said}");
}

/// A repository whose remote holds its first commits, which have an old secret.
fn pair(lab: &Lab) -> (Repo<'_>, Repo<'_>) {
    let server = lab.init("server", &["--bare"]);
    let repo = lab.init("r", &[]);
    repo.git(&["remote", "add", "origin", "../server"]);
    repo.commit("old.env", line(100));
    repo.commit("readme", "Nothing to see.\n");
    repo.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
    (repo, server)
}

const PUSH: &[&str] = &["push", "--quiet", "origin", "main"];

/// What is pushed, and whether a hook on either side lets it pass.
const PUSHES: [(&str, Prepare, Want); 15] = [
    (
        "nothing wrong",
        |repo| {
            repo.commit("a", "a\n");
            PUSH
        },
        Passes,
    ),
    (
        "a secret",
        |repo| {
            repo.commit("conf/a.env", line(1));
            PUSH
        },
        Stops("conf/a.env"),
    ),
    (
        "a secret that a later commit takes out",
        |repo| {
            repo.commit("a.env", line(1));
            repo.commit("a.env", "none\n");
            PUSH
        },
        Stops("a.env"),
    ),
    (
        "a message",
        |repo| {
            repo.commit_staged(&line(1));
            PUSH
        },
        Stops("github-pat"),
    ),
    (
        "a new branch",
        |repo| {
            repo.commit("a", "a\n");
            &["push", "--quiet", "origin", "HEAD:refs/heads/side"]
        },
        Passes,
    ),
    (
        "a new branch with a secret",
        |repo| {
            repo.commit("a.env", line(1));
            &["push", "--quiet", "origin", "HEAD:refs/heads/side"]
        },
        Stops("a.env"),
    ),
    (
        "the second of two",
        |repo| {
            repo.commit("a", "a\n");
            repo.git(&["branch", "good"]);
            repo.commit("b.env", line(1));
            &["push", "--quiet", "origin", "good", "main"]
        },
        Stops("b.env"),
    ),
    (
        "a tag of what is known",
        |repo| {
            repo.git(&["tag", "-a", "v1", "-m", "One"]);
            &["push", "--quiet", "origin", "v1"]
        },
        Passes,
    ),
    (
        "a tag's message",
        |repo| {
            repo.git(&["tag", "-a", "v1", "-m", &line(1)]);
            &["push", "--quiet", "origin", "v1"]
        },
        Stops("github-pat"),
    ),
    (
        "a merge that brings something itself",
        |repo| {
            repo.git(&["switch", "--quiet", "-c", "side"]);
            repo.commit("side", "side\n");
            repo.git(&["switch", "--quiet", "main"]);
            repo.git(&["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
            stage(repo, "merged.env", &line(1));
            repo.commit_staged("Merge side");
            PUSH
        },
        Stops("merged.env"),
    ),
    (
        "a history that is written anew",
        |repo| {
            repo.git(&["commit", "--quiet", "--amend", "-m", "Better"]);
            &["push", "--quiet", "--force", "origin", "main"]
        },
        Passes,
    ),
    (
        "an end",
        |repo| {
            repo.git(&[
                "push",
                "--quiet",
                "--no-verify",
                "origin",
                "main:refs/heads/side",
            ]);
            &["push", "--quiet", "origin", ":refs/heads/side"]
        },
        Passes,
    ),
    (
        "known by its name",
        |repo| {
            repo.commit("home/.pgpass", pgpass());
            PUSH
        },
        Stops("home/.pgpass"),
    ),
    (
        "a small change of a large file",
        |repo| {
            let text: String = (0..3000).map(|n| format!("line {n} of many\n")).collect();
            repo.commit("large", &text);
            repo.git(&["push", "--quiet", "--no-verify", "origin", "main"]);
            repo.commit("large", text + &line(1));
            PUSH
        },
        Stops("large:3001:"),
    ),
    ("nothing at all", |_| PUSH, Passes),
];

#[test]
fn a_push_is_judged_by_what_the_remote_lacks() {
    for (case, prepare, want) in PUSHES {
        let lab = Lab::new();
        let (repo, server) = pair(&lab);
        install(&repo, "--pre-push");
        let args = prepare(&repo);
        let before = server.git(&["for-each-ref"]);
        let output = run(&repo, args);
        want.holds(case, &output, "git push --no-verify");
        if matches!(want, Stops(_)) {
            assert_eq!(server.git(&["for-each-ref"]), before, "{case}");
        }
    }
}

#[test]
fn a_push_knows_its_remote() {
    // Somebody else has pushed what is not known here.
    let lab = Lab::new();
    let (repo, server) = pair(&lab);
    server.git(&["clone", "--quiet", ".", "../other"]);
    let other = lab.repo("other");
    other.commit("b", "b\n");
    other.git(&["push", "--quiet", "origin", "main"]);
    install(&repo, "--pre-push");
    repo.commit("a", "a\n");
    let force = ["push", "--quiet", "--force", "origin", "main"];
    Passes.holds("unknown there", &run(&repo, &force), "");
    // By its address rather than its name.
    repo.commit("c", "c\n");
    let address = ["push", "--quiet", "../server", "main"];
    Passes.holds("address", &run(&repo, &address), "");
    repo.commit("c.env", line(1));
    Stops("c.env").holds("address", &run(&repo, &address), "--no-verify");
    // To one that has nothing yet: what the other has is new there.
    lab.init("empty", &["--bare"]);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~"]);
    repo.git(&["remote", "add", "empty", "../empty"]);
    let fresh = ["push", "--quiet", "empty", "main"];
    Stops("old.env").holds("empty", &run(&repo, &fresh), "--no-verify");
}

#[test]
fn a_server_accepts_only_what_is_clean() {
    // Received objects are loose, or stay in a pack.
    for limit in ["1", "100"] {
        for (case, prepare, want) in PUSHES {
            let lab = Lab::new();
            let (repo, server) = pair(&lab);
            server.git(&["config", "receive.unpackLimit", limit]);
            let args = prepare(&repo);
            install(&server, "--pre-receive");
            let before = server.git(&["for-each-ref"]);
            let output = run(&repo, args);
            want.holds(case, &output, "remote: keysieve: this push is stopped");
            if matches!(want, Stops(_)) {
                assert_eq!(server.git(&["for-each-ref"]), before, "{case}");
            }
        }
    }
}

/// A clone that lacks history, one that lacks blobs, one with longer ids: what is asked about is there.
#[test]
fn any_clone_can_commit_and_push() {
    let cases: [(&str, &[&str], &[&str]); 4] = [
        ("shallow", &[], &["--depth=1"]),
        ("partial", &[], &["--filter=blob:none"]),
        ("without trees", &[], &["--filter=tree:0"]),
        ("SHA-256", &["--object-format=sha256"], &[]),
    ];
    for (case, format, options) in cases {
        let lab = Lab::new();
        let server = lab.init("server", &[&["--bare"], format].concat());
        server.git(&["config", "uploadpack.allowFilter", "true"]);
        let first = lab.init("first", format);
        first.commit("dir/old.env", line(100));
        first.commit("dir/old.env", "none\n");
        first.commit("readme", "Nothing to see.\n");
        first.git(&["push", "--quiet", "../server", "main"]);
        let url = format!("file://{}", server.dir.display());
        first.git(&[&["clone", "--quiet"], options, &[&url, "../r"]].concat());
        let repo = lab.repo("r");
        install(&repo, "--pre-commit");
        install(&repo, "--pre-push");
        install(&server, "--pre-receive");

        stage(&repo, "dir/a", "a\n");
        Passes.holds(case, &run(&repo, COMMIT), "");
        Passes.holds(case, &run(&repo, PUSH), "");
        stage(&repo, "dir/a.env", &line(1));
        Stops("dir/a.env").holds(case, &run(&repo, COMMIT), "git commit --no-verify");
        repo.git(&["commit", "--quiet", "--no-verify", "-m", "m"]);
        Stops("dir/a.env").holds(case, &run(&repo, PUSH), "git push --no-verify");
        let forced = ["push", "--quiet", "--no-verify", "origin", "main"];
        Stops("dir/a.env").holds(case, &run(&repo, &forced), "remote: keysieve");
    }
}

/// pre-commit passes on two revisions rather than git's lines, and none where the remote has nothing yet.
#[test]
fn a_push_through_pre_commit_is_judged_by_its_variables() {
    let lab = Lab::new();
    let (repo, _) = pair(&lab);
    let from = repo.git(&["rev-parse", "HEAD"]);
    repo.commit("a.env", line(1));
    let to = repo.git(&["rev-parse", "HEAD"]);
    let keysieve = |variables: &[(&str, &str)]| {
        let mut command = lab.command(env!("CARGO_BIN_EXE_keysieve"), &repo.dir);
        command.args(["git", "--pre-push", "--quiet"]);
        command.envs(variables.iter().copied());
        let output = with_input(&mut command, b"");
        (output.status.code(), said(&output))
    };
    let remote = [
        ("PRE_COMMIT", "1"),
        ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main"),
        ("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/main"),
        ("PRE_COMMIT_REMOTE_NAME", "origin"),
        ("PRE_COMMIT_REMOTE_URL", "../server"),
    ];
    let revisions = [
        ("PRE_COMMIT_FROM_REF", &from[..]),
        ("PRE_COMMIT_TO_REF", &to[..]),
    ];
    let (code, said) = keysieve(&[&remote[..], &revisions].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("a.env") && !said.contains("old.env"),
        "{said}"
    );
    let same = [
        ("PRE_COMMIT_FROM_REF", &to[..]),
        ("PRE_COMMIT_TO_REF", &to[..]),
    ];
    let (code, said) = keysieve(&[&remote[..], &same].concat());
    assert_eq!((code, &said[..]), (Some(0), ""));
    // Without revisions: all that the remote lacks, and one that nobody fetched from lacks all.
    let (code, said) = keysieve(&remote);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("a.env") && !said.contains("old.env"),
        "{said}"
    );
    let mut fresh = remote;
    fresh[3].1 = "fresh";
    let (code, said) = keysieve(&fresh);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("a.env") && said.contains("old.env"), "{said}");
    // Nothing to push, by git's own hook.
    assert_eq!(keysieve(&[]), (Some(0), String::new()));
}

/// The hook and its former one together.
#[test]
fn a_former_hook_still_does_its_work() {
    use std::os::unix::fs::PermissionsExt;

    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    let hook = repo.file(
        ".git/hooks/pre-commit",
        "#!/bin/sh\necho \"version = 2\" >version\ngit add version\n",
    );
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("permitted");
    install(&repo, "--pre-commit");
    stage(&repo, "a", "a\n");
    Passes.holds("clean", &run(&repo, COMMIT), "");
    assert_eq!(repo.git(&["show", "HEAD:version"]), "version = 2");
    // What it stages is looked at, too.
    let text = format!(
        "#!/bin/sh\necho '{}' >made.env\ngit add made.env\n",
        line(1)
    );
    repo.file(".git/hooks/pre-commit.before-keysieve", text);
    stage(&repo, "b", "b\n");
    Stops("made.env").holds("made", &run(&repo, COMMIT), "--no-verify");
}
