//! Hooks in repositories that real git makes: where they are put, what they pass on, and that they leave no trace.
//!
//! What the hooks call is a stand-in here that writes down how it was called; `git_hooks.rs` commits and pushes through
//! the real one. Both are shell scripts, as hooks are.
#![cfg(unix)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Output;

use keysieve::hooks::{Folder, Hook, Plan};
use support::git::{Lab, Repo, with_input};

/// Where a repository's hooks are looked for.
fn folder(repo: &Repo<'_>, hook: Hook) -> Folder {
    Folder::find(&repo.dir, hook).expect("git answers")
}

/// A script that appends `name`, its arguments and its input to the lab's log, and ends with a code.
fn recorder(lab: &Lab, path: &Path, name: &str, code: i32) {
    let log = lab.path().join("log");
    let script = format!(
        "#!/bin/sh\n{{ echo \"{name}: $*\"; cat; }} >>'{}'\nexit {code}\n",
        log.display()
    );
    fs::create_dir_all(path.parent().expect("it lies below")).expect("folders");
    fs::write(path, script).expect("written");
    fs::set_permissions(path, Permissions::from_mode(0o755)).expect("permitted");
}

/// What was recorded since the last call.
fn log(lab: &Lab) -> String {
    let path = lab.path().join("log");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(path);
    text
}

/// Installs a hook that calls a stand-in, and returns the stand-in's path.
fn install(repo: &Repo<'_>, hook: Hook) -> PathBuf {
    let stand_in = repo.lab.path().join("it's a $(bin)/keysieve");
    recorder(repo.lab, &stand_in, "keysieve", 0);
    let plan = Plan::install(&folder(repo, hook), hook, &stand_in).expect("nothing in the way");
    plan.perform().expect("it can be written");
    stand_in
}

/// Name, mode and content, or a link's target, of all that is in a folder.
fn picture(folder: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into();
            let mode = path.symlink_metadata().expect("it is there").permissions();
            let content = match fs::read_link(&path) {
                Ok(target) => target.into_os_string().into_encoded_bytes(),
                Err(_) => fs::read(&path).expect("a file"),
            };
            (name, mode.mode(), content)
        })
        .collect();
    all.sort();
    all
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn hooks_are_where_git_looks_for_them() {
    type Build = fn(&Lab) -> Repo<'_>;
    let cases: [(&str, Build, &str); 8] = [
        ("plain", |lab| lab.init("r", &[]), "r/.git/hooks"),
        (
            "subfolder",
            |lab| {
                lab.init("r", &[]).file("a/b/c", "");
                lab.repo("r/a/b")
            },
            "r/.git/hooks",
        ),
        ("bare", |lab| lab.init("r", &["--bare"]), "r/hooks"),
        (
            "linked worktree",
            |lab| {
                let main = lab.init("r", &[]);
                main.commit("a", "a");
                main.git(&["worktree", "add", "--quiet", "--detach", "../w"]);
                lab.repo("w")
            },
            "r/.git/hooks",
        ),
        (
            "submodule",
            |lab| {
                lab.init("s", &[]).commit("a", "a");
                let outer = lab.init("r", &[]);
                outer.git(&["submodule", "--quiet", "add", "../s", "sub"]);
                lab.repo("r/sub")
            },
            "r/.git/modules/sub/hooks",
        ),
        (
            "relative path, from a subfolder",
            |lab| {
                let repo = lab.init("r", &[]);
                repo.git(&["config", "core.hooksPath", ".githooks"]);
                repo.file("a/b", "");
                lab.repo("r/a")
            },
            "r/.githooks",
        ),
        (
            "a folder with a line break",
            |lab| lab.init("r\nr\n", &[]),
            "r\nr\n/.git/hooks",
        ),
        (
            "not there yet",
            |lab| lab.init("r", &["--template="]),
            "r/.git/hooks",
        ),
    ];
    for (case, build, want) in cases {
        let lab = Lab::new();
        let repo = build(&lab);
        let found = folder(&repo, Hook::PreCommit);
        assert_eq!(found.path, lab.path().join(want), "{case}");
        assert!(!found.shared, "{case}");
        assert_eq!(found.in_work_tree, want.ends_with(".githooks"), "{case}");
        install(&repo, Hook::PreCommit);
        let is = fs::metadata(found.path.join("pre-commit")).expect("it is there");
        assert_ne!(is.permissions().mode() & 0o111, 0, "{case}: it may be run");
    }
}

#[test]
fn a_relative_path_starts_elsewhere_where_something_is_received() {
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    repo.git(&["config", "core.hooksPath", "own"]);
    let found = |hook| folder(&repo, hook).path;
    assert_eq!(found(Hook::PrePush), repo.at("own"));
    assert_eq!(found(Hook::PreReceive), repo.at(".git/own"));
}

#[test]
fn the_repository_is_the_one_that_is_named() {
    let lab = Lab::new();
    let [here, there] = ["here", "there"].map(|name| lab.init(name, &[]));
    let mut command = lab.command(env!("CARGO_BIN_EXE_keysieve"), &here.dir);
    // As it is where git runs a program.
    command
        .args(["install-hooks", "--repo", "../there"])
        .env("GIT_DIR", here.at(".git"))
        .env("GIT_WORK_TREE", &here.dir);
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    assert!(!here.at(".git/hooks/pre-commit").exists());
    assert!(there.at(".git/hooks/pre-commit").is_file());
}

#[test]
fn a_path_does_not_act_on_a_terminal() {
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    for path in [".h\u{1b}[2J", "../out\u{1b}[2J"] {
        repo.git(&["config", "core.hooksPath", path]);
        let run = repo.keysieve(&["install-hooks"]);
        let said = run.stdout + &run.stderr;
        assert!(said.contains("[2J") && !said.contains('\u{1b}'), "{said:?}");
    }
}

#[test]
fn a_shared_folder_needs_a_word() {
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    fs::create_dir(lab.path().join("all")).expect("a folder");
    symlink(lab.path().join("all"), repo.at("link")).expect("a link");
    for shared in ["../all", "link", "link/deeper"] {
        repo.git(&["config", "core.hooksPath", shared]);
        let refused = repo.keysieve(&["install-hooks"]);
        assert_eq!(refused.code, 2, "{refused:?}");
        let named = shared.trim_start_matches("../");
        assert!(refused.stderr.contains(named), "{refused:?}");
        assert!(refused.stderr.contains("--force"), "{refused:?}");
        assert_eq!(picture(&repo.at(shared)), [], "{shared}");
        let forced = repo.keysieve(&["install-hooks", "--force"]);
        assert_eq!(forced.code, 0, "{forced:?}");
        assert!(repo.at(shared).join("pre-commit").is_file());
        let refused = repo.keysieve(&["install-hooks", "--uninstall"]);
        assert_eq!(refused.code, 2, "{refused:?}");
        let gone = repo.keysieve(&["install-hooks", "--uninstall", "--force"]);
        assert_eq!(gone.code, 0, "{gone:?}");
        assert_eq!(picture(&repo.at(shared)), [], "{shared}");
    }
}

#[test]
fn undoing_leaves_what_was_there() {
    type Former = fn(&Repo<'_>, &Path);
    let formers: [(&str, Former); 6] = [
        ("none", |_, _| ()),
        ("script", |repo, hook| recorder(repo.lab, hook, "mine", 0)),
        ("private script with odd content", |_, hook| {
            fs::write(hook, b"#!/bin/sh\r\n\xff\0exit 0").expect("written");
            fs::set_permissions(hook, Permissions::from_mode(0o700)).expect("permitted");
        }),
        ("not to be run", |_, hook| {
            fs::write(hook, "#!/bin/sh\nexit 1\n").expect("written");
            fs::set_permissions(hook, Permissions::from_mode(0o644)).expect("permitted");
        }),
        ("link", |repo, hook| {
            recorder(repo.lab, &repo.at("scripts/check"), "mine", 0);
            symlink("../../scripts/check", hook).expect("a link");
        }),
        ("dangling link", |_, hook| {
            symlink("../../nothing", hook).expect("a link");
        }),
    ];
    for (case, former) in formers {
        let lab = Lab::new();
        let repo = lab.init("r", &[]);
        let hooks = repo.at(".git/hooks");
        former(&repo, &hooks.join("pre-commit"));
        let before = picture(&hooks);

        let planned = repo.keysieve(&["install-hooks", "--dry-run"]);
        assert_eq!(planned.code, 0, "{case}: {planned:?}");
        assert!(planned.stdout.contains("would write"), "{planned:?}");
        assert_eq!(picture(&hooks), before, "{case}: nothing was to be done");

        let installed = repo.keysieve(&["install-hooks"]);
        assert_eq!(installed.code, 0, "{case}: {installed:?}");
        let after = picture(&hooks);
        assert_ne!(after, before, "{case}");
        let again = repo.keysieve(&["install-hooks"]);
        assert!(again.stdout.contains("is in place"), "{case}: {again:?}");
        assert_eq!(picture(&hooks), after, "{case}: once is enough");

        let planned = repo.keysieve(&["install-hooks", "--uninstall", "--dry-run"]);
        assert_eq!((planned.code, picture(&hooks)), (0, after), "{case}");
        let undone = repo.keysieve(&["install-hooks", "--uninstall"]);
        assert_eq!(undone.code, 0, "{case}: {undone:?}");
        assert_eq!(picture(&hooks), before, "{case}");
        let again = repo.keysieve(&["install-hooks", "--uninstall"]);
        assert_eq!((again.code, picture(&hooks)), (0, before), "{case}");
    }
}

#[test]
fn another_version_of_the_hook_is_replaced_and_others_stay() {
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    let hooks = repo.at(".git/hooks");
    recorder(&lab, &hooks.join("pre-push"), "mine", 0);
    install(&repo, Hook::PreCommit);
    let old = fs::read_to_string(hooks.join("pre-commit")).expect("a script");
    fs::write(hooks.join("pre-commit"), old.replace('\n', "\r\n")).expect("written");
    let run = repo.keysieve(&["install-hooks", "--pre-commit", "--pre-push"]);
    assert_eq!(run.code, 0, "{run:?}");
    let text = fs::read_to_string(hooks.join("pre-commit")).expect("a script");
    assert!(text.contains(env!("CARGO_BIN_EXE_keysieve")), "{text}");
    assert!(!text.contains('\r'), "{text:?}");
    assert!(!hooks.join("pre-commit.before-keysieve").exists());
    // One of the two goes.
    let run = repo.keysieve(&["install-hooks", "--uninstall", "--pre-commit"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!hooks.join("pre-commit").exists());
    assert!(hooks.join("pre-push.before-keysieve").exists());
}

#[test]
fn what_is_in_the_way_is_named_and_stays() {
    type Build = fn(&Repo<'_>);
    let cases: [(&str, Build, &[&str]); 6] = [
        (
            "two former hooks",
            |repo| {
                recorder(repo.lab, &repo.at(".git/hooks/pre-commit"), "a", 0);
                recorder(
                    repo.lab,
                    &repo.at(".git/hooks/pre-commit.before-keysieve"),
                    "b",
                    0,
                );
            },
            &["hooks/pre-commit ", "pre-commit.before-keysieve"],
        ),
        (
            "a folder",
            |repo| fs::create_dir_all(repo.at(".git/hooks/pre-commit")).expect("a folder"),
            &["hooks/pre-commit is not a file"],
        ),
        (
            "hooks turned off",
            |repo| _ = repo.git(&["config", "core.hooksPath", "/dev/null"]),
            &["/dev/null is not a folder", "core.hooksPath"],
        ),
        (
            "husky",
            |repo| _ = repo.git(&["config", "core.hooksPath", ".husky/_"]),
            &["husky", ".husky/pre-commit instead"],
        ),
        (
            "no repository",
            |repo| fs::remove_dir_all(repo.at(".git")).expect("removed"),
            &["not a git repository"],
        ),
        (
            "broken configuration",
            |repo| fs::write(repo.at(".git/config"), "[core\n").expect("written"),
            &["config"],
        ),
    ];
    for (case, build, wants) in cases {
        let lab = Lab::new();
        let repo = lab.init("r", &[]);
        build(&repo);
        // A mistake with one hook leaves the others alone, too.
        let run = repo.keysieve(&["install-hooks", "--pre-push", "--pre-commit"]);
        assert_eq!((run.code, &run.stdout[..]), (2, ""), "{case}: {run:?}");
        for want in wants {
            assert!(run.stderr.contains(want), "{case}: {want}: {run:?}");
        }
        assert!(!repo.at(".git/hooks/pre-push").exists(), "{case}");
    }
    let lab = Lab::new();
    let run = lab
        .init("r", &[])
        .keysieve(&["install-hooks", "--repo", "../nowhere"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("../nowhere"), "{run:?}");
}

#[test]
fn a_hook_that_asks_for_its_name_is_mentioned() {
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    repo.file(
        ".git/hooks/pre-commit",
        "#!/bin/sh\nexec run \"$(basename \"$0\")\"\n",
    );
    let run = repo.keysieve(&["install-hooks"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("by its own name"), "{run:?}");
}

#[test]
fn a_commit_asks_the_former_hook_and_then_keysieve() {
    // Exit codes of the former hook and of keysieve, and what is called; the commit is made if both are content.
    let cases: [(Option<i32>, i32, &str); 5] = [
        (None, 0, "keysieve: git --staged --format brief\n"),
        (None, 1, "keysieve: git --staged --format brief\n"),
        (
            Some(0),
            0,
            "mine: \nkeysieve: git --staged --format brief\n",
        ),
        (Some(3), 0, "mine: \n"),
        (
            Some(0),
            2,
            "mine: \nkeysieve: git --staged --format brief\n",
        ),
    ];
    for (former, code, calls) in cases {
        let lab = Lab::new();
        let repo = lab.init("r", &[]);
        if let Some(code) = former {
            recorder(&lab, &repo.at(".git/hooks/pre-commit"), "mine", code);
        }
        let stand_in = install(&repo, Hook::PreCommit);
        recorder(&lab, &stand_in, "keysieve", code);
        repo.file("a", "a");
        repo.git(&["add", "a"]);
        let commit = ["commit", "--quiet", "-m", "m"];
        let output = repo.command(&commit).output().expect("there is a git");
        let content = former.unwrap_or(0) == 0 && code == 0;
        assert_eq!(output.status.success(), content, "{former:?} {code}");
        assert_eq!(log(&lab), calls, "{former:?} {code}");
        let said = said(&output);
        match code {
            0 => assert_eq!(said, "", "nobody notices"),
            _ => {
                assert!(said.contains("this commit is stopped"), "{said}");
                assert!(said.contains("git commit --no-verify"), "{said}");
            }
        }
    }
}

#[test]
fn a_former_hook_that_git_would_not_run_is_not_run() {
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    let hook = repo.at(".git/hooks/pre-commit");
    recorder(&lab, &hook, "mine", 1);
    fs::set_permissions(&hook, Permissions::from_mode(0o644)).expect("permitted");
    install(&repo, Hook::PreCommit);
    repo.commit("a", "a");
    assert_eq!(log(&lab), "keysieve: git --staged --format brief\n");
}

/// A repository and the bare one it pushes to.
fn pair(lab: &Lab) -> (Repo<'_>, Repo<'_>) {
    let server = lab.init("server", &["--bare"]);
    let repo = lab.init("r", &[]);
    repo.git(&["remote", "add", "origin", "../server"]);
    (repo, server)
}

#[test]
fn a_push_passes_on_arguments_and_lines() {
    for former in [None, Some(0), Some(1)] {
        let lab = Lab::new();
        let (repo, server) = pair(&lab);
        if let Some(code) = former {
            recorder(&lab, &repo.at(".git/hooks/pre-push"), "mine", code);
        }
        install(&repo, Hook::PrePush);
        let id = repo.commit("a", "a");
        let zero = "0".repeat(40);
        let lines =
            format!("refs/heads/main {id} refs/heads/main {zero}\nHEAD {id} refs/heads/x {zero}\n");
        let push = ["push", "--quiet", "origin", "main", "HEAD:refs/heads/x"];
        let output = repo.command(&push).output().expect("there is a git");
        let mine = former.map_or(String::new(), |_| {
            format!("mine: origin ../server\n{lines}")
        });
        let stopped = former == Some(1);
        let keysieve = match stopped {
            true => String::new(),
            false => format!("keysieve: git --format brief --pre-push origin ../server\n{lines}"),
        };
        assert_eq!(log(&lab), mine + &keysieve, "{former:?}");
        assert_eq!(output.status.success(), !stopped, "{former:?}");
        assert_eq!(server.git(&["branch", "--list"]).is_empty(), stopped);
        // Nothing to push: no line, and not an empty one either.
        if !stopped {
            repo.git(&["push", "--quiet", "origin", "main"]);
            let mine = former.map_or("", |_| "mine: origin ../server\n");
            let keysieve = "keysieve: git --format brief --pre-push origin ../server\n";
            assert_eq!(log(&lab), format!("{mine}{keysieve}"), "{former:?}");
        }
    }
}

#[test]
fn a_server_refuses_what_its_hook_refuses() {
    for (former, code) in [
        (None, 0),
        (None, 1),
        (Some(0), 0),
        (Some(0), 1),
        (Some(1), 0),
    ] {
        let lab = Lab::new();
        let (repo, server) = pair(&lab);
        if let Some(code) = former {
            recorder(&lab, &server.at("hooks/pre-receive"), "mine", code);
        }
        let stand_in = install(&server, Hook::PreReceive);
        recorder(&lab, &stand_in, "keysieve", code);
        let id = repo.commit("a", "a");
        let line = format!("{} {id} refs/heads/main\n", "0".repeat(40));
        let push = ["push", "--quiet", "origin", "main"];
        let output = repo.command(&push).output().expect("there is a git");
        let refused = former == Some(1) || code == 1;
        assert_eq!(output.status.success(), !refused, "{former:?} {code}");
        assert_eq!(server.git(&["branch", "--list"]).is_empty(), refused);
        let mine = former.map_or(String::new(), |_| format!("mine: \n{line}"));
        let keysieve = match former {
            Some(1) => String::new(),
            _ => format!("keysieve: git --format brief --pre-receive\n{line}"),
        };
        assert_eq!(log(&lab), mine + &keysieve, "{former:?} {code}");
        if code == 1 {
            let said = said(&output);
            assert!(
                said.contains("remote: keysieve: this push is stopped"),
                "{said}"
            );
        }
    }
}

#[test]
fn a_former_hook_need_not_read_its_lines() {
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    let hook = repo.at(".git/hooks/pre-push");
    fs::write(&hook, "#!/bin/sh\nexit 0\n").expect("written");
    fs::set_permissions(&hook, Permissions::from_mode(0o755)).expect("permitted");
    install(&repo, Hook::PrePush);
    // More than a pipe holds.
    let lines = "refs/heads/a 1 refs/heads/a 0\n".repeat(20_000);
    let mut command = lab.command(&hook, &repo.dir);
    let output = with_input(command.args(["origin", "url"]), lines.as_bytes());
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(said(&output), "");
    let want = format!("keysieve: git --format brief --pre-push origin url\n{lines}");
    assert!(log(&lab) == want, "all lines, once");
}

#[test]
fn without_the_program_nothing_passes() {
    for hook in Hook::ALL {
        let lab = Lab::new();
        let repo = lab.init("r", &[]);
        let stand_in = install(&repo, hook);
        fs::remove_file(stand_in).expect("it was there");
        let script = repo.at(".git/hooks").join(hook.name());
        let run = |path: &str| {
            let mut command = lab.command(&script, &repo.dir);
            command.env("PATH", path).output().expect("it runs")
        };
        let usual = "/usr/bin:/bin";
        let output = run(usual);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{hook:?}: {said}");
        assert!(said.contains("is gone"), "{hook:?}: {said}");
        let install = format!("keysieve install-hooks --{}", hook.name());
        assert!(said.contains(&install), "{hook:?}: {said}");
        let around = match hook {
            Hook::PreCommit => "git commit --no-verify",
            Hook::PrePush => "git push --no-verify",
            Hook::PreReceive => "pre-receive hook away",
        };
        assert!(said.contains(around), "{hook:?}: {said}");
        assert!(said.lines().count() <= 5, "{said}");
        // One that is on the search path does, but none that the repository brings along.
        recorder(&lab, &repo.at("keysieve"), "evil", 0);
        let output = run(&format!(".:{usual}"));
        assert_eq!((output.status.code(), &log(&lab)[..]), (Some(1), ""));
        recorder(&lab, &lab.path().join("elsewhere/keysieve"), "found", 0);
        let elsewhere = lab.path().join("elsewhere");
        let output = run(&format!("{}:{usual}", elsewhere.display()));
        assert_eq!(output.status.code(), Some(0), "{hook:?}");
        assert!(log(&lab).starts_with("found: git "), "{hook:?}");
    }
    // And the way out that the message names is one.
    let lab = Lab::new();
    let repo = lab.init("r", &[]);
    fs::remove_file(install(&repo, Hook::PreCommit)).expect("it was there");
    repo.git_fails(&["commit", "--allow-empty", "-m", "m"]);
    repo.git(&[
        "commit",
        "--quiet",
        "--no-verify",
        "--allow-empty",
        "-m",
        "m",
    ]);
}
