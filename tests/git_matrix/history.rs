//! What refers to an object, or does not any more.

use super::case::{Case, Place, at, line, path, secret};
use super::support::git::{Lab, Repo};

table!(is_found:
    commit_on_a_branch, removed_later, another_branch, second_root, detached_head, packed_refs, odd_refs,
    branch_name, packed_branch_name, tag_name,
    lightweight_tag, tag_message, tag_of_a_tag, tagged_blob, tagged_tree,
    commit_message, author, committer, headers,
    stash, stash_of_two, notes, notes_elsewhere,
    amended, reset, reflog_message, deleted_branch, dangling_blob, dangling_commit, dangling_tag, staged, conflict,
    evil_merge, second_parent, octopus,
    replaced, replacement, grafted,
);

fn plain(lab: &Lab) -> Repo<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("readme", "Nothing to see.\n");
    repo
}

/// Forgets what a reference once was.
fn forget(repo: &Repo<'_>) {
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
}

fn commit_on_a_branch(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.commit("config/app.env", line(&secret(1)));
    Case::new(repo, [path("config/app.env", &secret(1))])
}

fn removed_later(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.commit("a", line(&secret(1)));
    repo.commit("a", "token = from the environment\n");
    repo.commit("b", line(&secret(2)));
    repo.git(&["rm", "--quiet", "b"]);
    repo.commit_staged("Remove b");
    Case::new(repo, [path("a", &secret(1)), path("b", &secret(2))])
}

fn another_branch(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["switch", "--quiet", "-c", "side"]);
    repo.commit("a", line(&secret(1)));
    repo.git(&["switch", "--quiet", "main"]);
    Case::new(repo, [path("a", &secret(1))])
}

fn second_root(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["switch", "--quiet", "--orphan", "pages"]);
    repo.commit("index.html", line(&secret(1)));
    repo.git(&["switch", "--quiet", "main"]);
    Case::new(repo, [path("index.html", &secret(1))])
}

fn branch_name(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["branch", &format!("fix/{}", secret(1))]);
    Case::new(repo, [at(Place::Name("branch"), &secret(1))])
}

fn packed_branch_name(lab: &Lab) -> Case<'_> {
    let case = branch_name(lab);
    case.repo.git(&["pack-refs", "--all", "--prune"]);
    case
}

fn tag_name(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["tag", &secret(1)]);
    Case::new(repo, [at(Place::Name("tag"), &secret(1))])
}

fn detached_head(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["switch", "--quiet", "--detach"]);
    repo.commit("a", line(&secret(1)));
    Case::new(repo, [path("a", &secret(1))])
}

fn packed_refs(lab: &Lab) -> Case<'_> {
    let case = another_branch(lab);
    case.repo.git(&["pack-refs", "--all", "--prune"]);
    case
}

fn odd_refs(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let names = ["refs/pull/1/head", "refs/original/x", "refs/heads/\u{e9}"];
    let mut plants = Vec::new();
    for (number, name) in (1..).zip(names) {
        let id = repo.commit("a", line(&secret(number)));
        repo.git(&["update-ref", name, &id]);
        repo.git(&["reset", "--quiet", "--hard", "HEAD~"]);
        plants.push(path("a", &secret(number)));
    }
    forget(&repo);
    Case::new(repo, plants)
}

fn lightweight_tag(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.commit("a", line(&secret(1)));
    repo.git(&["tag", "old"]);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~"]);
    forget(&repo);
    Case::new(repo, [path("a", &secret(1))])
}

fn tag_message(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["tag", "-a", "v1", "-m", &line(&secret(1))]);
    Case::new(repo, [at(Place::Tag, &secret(1))])
}

fn tag_of_a_tag(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["tag", "-a", "inner", "-m", &line(&secret(1))]);
    repo.git(&["tag", "-a", "outer", "inner", "-m", &line(&secret(2))]);
    repo.git(&["tag", "-d", "inner"]);
    Case::new(
        repo,
        [at(Place::Tag, &secret(1)), at(Place::Tag, &secret(2))],
    )
}

fn tagged_blob(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let id = repo.object("blob", line(&secret(1)));
    repo.git(&["tag", "key", &id]);
    Case::new(repo, [at(Place::Blob, &secret(1))])
}

fn tagged_tree(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let id = repo.object("blob", line(&secret(1)));
    let tree = repo.git_with(format!("100644 blob {id}\tdeep.env\n"), &["mktree"]);
    repo.git(&["tag", "-a", "tree", &tree, "-m", "A tree"]);
    Case::new(repo, [at(Place::Blob, &secret(1))])
}

fn commit_message(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.commit_staged(&format!("Log in\n\n{}", line(&secret(1))));
    Case::new(repo, [at(Place::Commit, &secret(1))])
}

fn author(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let author = format!("{} <a@example.com>", secret(1));
    repo.git(&["commit", "-qm", "m", "--allow-empty", "--author", &author]);
    Case::new(repo, [at(Place::Commit, &secret(1))])
}

fn committer(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let email = format!("user.email={}@example.com", secret(1));
    repo.git(&["-c", &email, "commit", "-qm", "m", "--allow-empty"]);
    Case::new(repo, [at(Place::Commit, &secret(1))])
}

fn headers(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let commit = repo.git(&["cat-file", "commit", "HEAD"]);
    let (head, message) = commit.split_once("\n\n").expect("a message");
    let commit = format!("{head}\nsource {}\n\n{message}\n", secret(1));
    let id = repo.object("commit", commit);
    repo.git(&["update-ref", "refs/heads/imported", &id]);
    Case::new(repo, [at(Place::Commit, &secret(1))])
}

/// What was staged, what was in the work tree, and what was not tracked: three commits.
fn stash(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.commit("a", "a\n");
    repo.file("a", line(&secret(1)));
    repo.git(&["add", "a"]);
    repo.file("a", line(&secret(2)));
    repo.file("untracked", line(&secret(3)));
    repo.git(&["stash", "push", "--quiet", "--include-untracked"]);
    let plants = [("a", 1), ("a", 2), ("untracked", 3)];
    Case::new(repo, plants.map(|(at, n)| path(at, &secret(n))))
}

/// The one below the top is held by the reflog alone.
fn stash_of_two(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    for number in [1, 2] {
        repo.file("readme", line(&secret(number)));
        repo.git(&["stash", "push", "--quiet"]);
    }
    Case::new(repo, [1, 2].map(|n| path("readme", &secret(n))))
}

fn notes(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["notes", "add", "-m", &line(&secret(1))]);
    Case::new(repo, [at(Place::Blob, &secret(1))])
}

fn notes_elsewhere(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["notes", "--ref=ci", "add", "-m", &line(&secret(1))]);
    repo.git(&["notes", "--ref=ci", "remove"]);
    Case::new(repo, [at(Place::Blob, &secret(1))])
}

fn amended(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.commit("a", line(&secret(1)));
    repo.file("a", "none\n");
    repo.git(&["commit", "--quiet", "--all", "--amend", "-m", "Better"]);
    Case::new(repo, [path("a", &secret(1))])
}

fn reset(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.commit("a", line(&secret(1)));
    repo.git(&["reset", "--quiet", "--hard", "HEAD~"]);
    Case::new(repo, [path("a", &secret(1))])
}

fn reflog_message(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["branch", "side"]);
    let id = repo.commit_staged("Next");
    let why = format!("fetch {}", secret(1));
    repo.git(&["update-ref", "-m", &why, "refs/heads/side", &id]);
    let why = format!("rebase {}", secret(2));
    repo.git(&["update-ref", "-m", &why, "HEAD", &id, &id]);
    let side = at(Place::File("logs/refs/heads/side"), &secret(1));
    Case::new(repo, [side, at(Place::File("logs/HEAD"), &secret(2))])
}

fn deleted_branch(lab: &Lab) -> Case<'_> {
    let case = another_branch(lab);
    case.repo.git(&["branch", "-D", "side"]);
    forget(&case.repo);
    Case::new(case.repo, [at(Place::Blob, &secret(1))])
}

fn dangling_blob(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.object("blob", line(&secret(1)));
    Case::new(repo, [at(Place::Blob, &secret(1))])
}

fn dangling_commit(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let message = line(&secret(1));
    repo.git(&["commit-tree", "HEAD^{tree}", "-m", &message]);
    Case::new(repo, [at(Place::Commit, &secret(1))])
}

fn dangling_tag(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["tag", "-a", "gone", "-m", &line(&secret(1))]);
    repo.git(&["tag", "-d", "gone"]);
    Case::new(repo, [at(Place::Tag, &secret(1))])
}

/// Added and never committed; the second is what stands in the index, the first was there before.
fn staged(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    for number in [1, 2] {
        repo.file("a", line(&secret(number)));
        repo.git(&["add", "a"]);
    }
    Case::new(repo, [1, 2].map(|n| at(Place::Blob, &secret(n))))
}

/// A merge that stopped: the index has three versions of the file.
fn conflict(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["branch", "side"]);
    repo.commit("a", line(&secret(1)));
    repo.git(&["switch", "--quiet", "side"]);
    repo.commit("a", line(&secret(2)));
    repo.git_fails(&["merge", "main"]);
    Case::new(repo, [1, 2].map(|n| path("a", &secret(n))))
}

/// What neither parent has.
fn evil_merge(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["switch", "--quiet", "-c", "side"]);
    repo.commit("side", "side\n");
    repo.git(&["switch", "--quiet", "main"]);
    repo.commit("main", "main\n");
    repo.git(&["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
    repo.file("merged", line(&secret(1)));
    repo.git(&["add", "merged"]);
    repo.commit_staged("Merge side");
    repo.git(&["rm", "--quiet", "merged"]);
    repo.commit_staged("Remove");
    Case::new(repo, [path("merged", &secret(1))])
}

/// What the merge did not take over.
fn second_parent(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.git(&["switch", "--quiet", "-c", "side"]);
    repo.commit("a", line(&secret(1)));
    repo.git(&["switch", "--quiet", "main"]);
    repo.commit("main", "main\n");
    repo.git(&["merge", "--quiet", "-s", "ours", "-m", "Merge side", "side"]);
    repo.git(&["branch", "-D", "side"]);
    Case::new(repo, [path("a", &secret(1))])
}

fn octopus(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    for (branch, number) in [("one", 1), ("two", 2), ("three", 3)] {
        repo.git(&["switch", "--quiet", "-c", branch, "main"]);
        repo.commit(branch, line(&secret(number)));
    }
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "-m", "Merge", "one", "two", "three"]);
    let plants = [("one", 1), ("two", 2), ("three", 3)];
    Case::new(repo, plants.map(|(at, n)| path(at, &secret(n))))
}

/// A commit that `git replace` hides.
fn replaced(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let clean = repo.git(&["rev-parse", "HEAD"]);
    let hidden = repo.commit("a", line(&secret(1)));
    repo.git(&["replace", &hidden, &clean]);
    assert!(!repo.git(&["ls-tree", "HEAD"]).contains("\ta"));
    Case::new(repo, [path("a", &secret(1))])
}

/// A blob that stands in for another.
fn replacement(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    let new = repo.object("blob", line(&secret(1)));
    repo.git(&["replace", "HEAD:readme", &new]);
    Case::new(repo, [at(Place::Blob, &secret(1))])
}

/// A parent that a graft cuts off.
fn grafted(lab: &Lab) -> Case<'_> {
    let repo = plain(lab);
    repo.commit("a", line(&secret(1)));
    let top = repo.commit("a", "none\n");
    repo.file(".git/info/grafts", format!("{top}\n"));
    Case::new(repo, [path("a", &secret(1))])
}
