//! Where a repository's parts can be: work trees, submodules, objects that another one keeps.

use std::fs;

use super::case::{Case, Fault, Place, at, line, path, secret};
use super::support::git::{Lab, Repo};

table!(is_found:
    bare, bare_from_outside, subfolder, separate_directory, work_tree_elsewhere,
    worktree_from_main, worktree_from_inside, worktree_from_its_subfolder, worktree_that_is_gone,
    submodule, submodule_with_its_own_directory, submodule_in_a_submodule, submodule_not_checked_out,
    submodule_not_here,
    alternates, alternates_of_alternates,
    sha256, sha256_packed,
);
table!(is_refused: alternates_in_a_circle);

fn with_secret<'l>(lab: &'l Lab, name: &str, number: u64) -> Repo<'l> {
    let repo = lab.init(name, &[]);
    repo.commit("a", line(&secret(number)));
    repo
}

fn bare(lab: &Lab) -> Case<'_> {
    with_secret(lab, "r", 1).git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    Case::new(lab.repo("bare.git"), [path("a", &secret(1))])
}

fn bare_from_outside(lab: &Lab) -> Case<'_> {
    with_secret(lab, "r", 1).git(&["clone", "--quiet", "--bare", ".", "../x/bare.git"]);
    fs::create_dir(lab.path().join("here")).expect("a folder");
    Case::new(lab.repo("here"), [path("a", &secret(1))])
        .args(["../x/bare.git"])
        .kept_in([lab.repo("x/bare.git")])
}

fn subfolder(lab: &Lab) -> Case<'_> {
    let repo = with_secret(lab, "r", 1);
    repo.commit("deep/er/b", line(&secret(2)));
    let plants = [path("a", &secret(1)), path("deep/er/b", &secret(2))];
    Case::new(lab.repo("r/deep/er"), plants)
}

fn separate_directory(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &["--separate-git-dir", "../elsewhere"]);
    repo.commit("a", line(&secret(1)));
    Case::new(repo, [path("a", &secret(1))])
}

fn work_tree_elsewhere(lab: &Lab) -> Case<'_> {
    let repo = with_secret(lab, "r", 1);
    let other = lab.path().join("other");
    fs::create_dir(&other).expect("a folder");
    repo.git(&["config", "core.worktree", &other.to_string_lossy()]);
    Case::new(repo, [path("a", &secret(1))])
}

/// A worktree whose HEAD alone holds a commit, and one file that is only staged there.
fn worktree(lab: &Lab) -> [Repo<'_>; 2] {
    let main = with_secret(lab, "r", 1);
    main.git(&["worktree", "add", "--quiet", "--detach", "../w"]);
    let linked = lab.repo("w");
    linked.commit("deep/b", line(&secret(2)));
    linked.file("c", line(&secret(3)));
    linked.git(&["add", "c"]);
    [main, linked]
}

fn worktree_case(repo: Repo<'_>) -> Case<'_> {
    let staged = at(Place::Blob, &secret(3));
    let plants = [path("a", &secret(1)), path("deep/b", &secret(2)), staged];
    Case::new(repo, plants)
}

fn worktree_from_main(lab: &Lab) -> Case<'_> {
    let [main, _] = worktree(lab);
    worktree_case(main)
}

fn worktree_from_inside(lab: &Lab) -> Case<'_> {
    let [_, linked] = worktree(lab);
    worktree_case(linked)
}

fn worktree_from_its_subfolder(lab: &Lab) -> Case<'_> {
    worktree(lab);
    worktree_case(lab.repo("w/deep"))
}

/// What is left of it in the repository is not cleaned up yet.
fn worktree_that_is_gone(lab: &Lab) -> Case<'_> {
    let [main, linked] = worktree(lab);
    fs::remove_dir_all(&linked.dir).expect("it was there");
    worktree_case(main)
}

/// A repository with its own secret and a submodule `sub` with another.
fn outer(lab: &Lab) -> Repo<'_> {
    with_secret(lab, "s", 2);
    let outer = with_secret(lab, "r", 1);
    outer.git(&["submodule", "--quiet", "add", "../s", "sub"]);
    outer.commit_staged("Add sub");
    outer
}

fn submodule_case<'l>(lab: &'l Lab, outer: Repo<'l>, inner: &str) -> Case<'l> {
    Case::new(outer, [path("a", &secret(1)), path("sub/a", &secret(2))]).inner(lab.repo(inner))
}

fn submodule(lab: &Lab) -> Case<'_> {
    let outer = outer(lab);
    assert!(outer.at(".git/modules/sub/objects").is_dir());
    submodule_case(lab, outer, "r/sub")
}

fn submodule_with_its_own_directory(lab: &Lab) -> Case<'_> {
    with_secret(lab, "s", 2);
    let outer = with_secret(lab, "r", 1);
    outer.git(&["clone", "--quiet", "../s", "sub"]);
    outer.git(&["submodule", "--quiet", "add", "../s", "sub"]);
    outer.commit_staged("Add sub");
    assert!(outer.at("sub/.git").is_dir());
    submodule_case(lab, outer, "r/sub")
}

fn submodule_in_a_submodule(lab: &Lab) -> Case<'_> {
    with_secret(lab, "t", 3);
    let inner = with_secret(lab, "s", 2);
    inner.git(&["submodule", "--quiet", "add", "../t", "deep"]);
    inner.commit_staged("Add deep");
    let outer = with_secret(lab, "r", 1);
    outer.git(&["submodule", "--quiet", "add", "../s", "sub"]);
    outer.commit_staged("Add sub");
    let update = ["submodule", "--quiet", "update", "--init", "--recursive"];
    outer.git(&update);
    submodule_case(lab, outer, "r/sub")
        .inner(lab.repo("r/sub/deep"))
        .planted(path("sub/deep/a", &secret(3)))
}

/// Its objects are still there, its files are not.
fn submodule_not_checked_out(lab: &Lab) -> Case<'_> {
    let outer = outer(lab);
    outer.git(&["submodule", "--quiet", "deinit", "--all", "--force"]);
    submodule_case(lab, outer, "r/.git/modules/sub")
}

/// A commit that another repository has is not amiss in this one.
fn submodule_not_here(lab: &Lab) -> Case<'_> {
    outer(lab).git(&["clone", "--quiet", ".", "../clone"]);
    Case::new(lab.repo("clone"), [path("a", &secret(1))])
}

fn alternates(lab: &Lab) -> Case<'_> {
    with_secret(lab, "r", 1).git(&["clone", "--quiet", "--shared", ".", "../shared"]);
    let shared = lab.repo("shared");
    shared.commit("b", line(&secret(2)));
    Case::new(shared, [path("a", &secret(1)), path("b", &secret(2))])
}

fn alternates_of_alternates(lab: &Lab) -> Case<'_> {
    let shared = alternates(lab).repo;
    shared.git(&["clone", "--quiet", "--shared", ".", "../again"]);
    let again = lab.repo("again");
    Case::new(again, [path("a", &secret(1)), path("b", &secret(2))])
}

/// Git itself gives up at some depth.
fn alternates_in_a_circle(lab: &Lab) -> Fault<'_> {
    let case = alternates(lab);
    let back = lab.path().join("shared/.git/objects");
    let info = lab.path().join("r/.git/objects/info");
    fs::create_dir_all(&info).expect("a folder");
    fs::write(info.join("alternates"), format!("{}\n", back.display())).expect("written");
    Fault::new(case, &[]).words(["cycle"])
}

fn sha256(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &["--object-format=sha256"]);
    repo.commit("a", line(&secret(1)));
    repo.git(&["tag", "-a", "v1", "-m", &line(&secret(2))]);
    assert_eq!(repo.git(&["rev-parse", "HEAD"]).len(), 64);
    Case::new(repo, [path("a", &secret(1)), at(Place::Tag, &secret(2))])
}

fn sha256_packed(lab: &Lab) -> Case<'_> {
    let case = sha256(lab);
    case.repo.git(&["gc", "--quiet", "--prune=now"]);
    case.repo.pack();
    case
}
