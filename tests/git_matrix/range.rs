//! Only what some commits bring.

use super::case::{Case, Fault, Place, at, line, path, secret};
use super::support::git::{Lab, Repo};

table!(is_found:
    new_in_a_range, brought_and_removed, messages_and_people, merge_of_a_range, open_end, moved_only, empty_range,
    one_revision, names_in_a_range, known_by_name_in_a_range,
);
table!(is_refused: unknown_start, unknown_end, not_a_revision, option_as_a_range);

/// A commit with a secret that no range below covers, tagged `base`.
fn based(lab: &Lab) -> Repo<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("old", line(&secret(100)));
    repo.git(&["tag", "base"]);
    repo
}

fn ranged<'l>(
    repo: Repo<'l>,
    range: &str,
    plants: impl IntoIterator<Item = super::case::Plant>,
) -> Case<'l> {
    Case::new(repo, plants).args(["--range", range])
}

fn new_in_a_range(lab: &Lab) -> Case<'_> {
    let repo = based(lab);
    repo.commit("a", line(&secret(1)));
    repo.commit("old", line(&secret(100)) + &line(&secret(2)));
    repo.git(&["tag", "end"]);
    repo.commit("b", line(&secret(3)));
    // The changed file is looked at whole: what was in it is in what the range brings.
    let old = path("old", &secret(100));
    ranged(
        repo,
        "base..end",
        [path("a", &secret(1)), path("old", &secret(2)), old],
    )
}

/// A secret in the name of a file or of a directory, which no path shows in clear.
fn names_in_a_range(lab: &Lab) -> Case<'_> {
    let repo = based(lab);
    repo.commit(&format!("keys/{}", secret(1)), line(&secret(2)));
    repo.commit(&format!("{}/a", secret(3)), "none\n");
    let named = |what, n| at(Place::Name(what), &secret(n));
    let plants = [
        named("file", 1),
        at(Place::Blob, &secret(2)),
        named("directory", 3),
    ];
    ranged(repo, "base..HEAD", plants)
}

fn brought_and_removed(lab: &Lab) -> Case<'_> {
    let repo = based(lab);
    repo.commit("a", line(&secret(1)));
    repo.commit("a", "none\n");
    ranged(repo, "base..HEAD", [path("a", &secret(1))])
}

fn messages_and_people(lab: &Lab) -> Case<'_> {
    let repo = based(lab);
    repo.commit_staged(&line(&secret(1)));
    let author = format!("{} <a@example.com>", secret(2));
    repo.git(&["commit", "-qm", "m", "--allow-empty", "--author", &author]);
    let plants = [1, 2].map(|n| at(Place::Commit, &secret(n)));
    ranged(repo, "base..HEAD", plants)
}

/// What the merge itself brings, and what comes from the other side.
fn merge_of_a_range(lab: &Lab) -> Case<'_> {
    let repo = based(lab);
    repo.git(&["switch", "--quiet", "-c", "side"]);
    repo.commit("side", line(&secret(1)));
    repo.git(&["switch", "--quiet", "main"]);
    repo.commit("main", "main\n");
    repo.git(&["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
    repo.file("merged", line(&secret(2)));
    repo.git(&["add", "merged"]);
    repo.commit_staged("Merge side");
    let plants = [path("side", &secret(1)), path("merged", &secret(2))];
    ranged(repo, "base..HEAD", plants)
}

fn open_end(lab: &Lab) -> Case<'_> {
    let repo = based(lab);
    repo.commit("a", line(&secret(1)));
    ranged(repo, "base..", [path("a", &secret(1))])
}

/// The same blob at another path brings nothing new.
fn moved_only(lab: &Lab) -> Case<'_> {
    let repo = based(lab);
    repo.git(&["mv", "old", "moved"]);
    repo.commit_staged("Move");
    ranged(repo, "base..HEAD", [])
}

fn empty_range(lab: &Lab) -> Case<'_> {
    ranged(based(lab), "base..HEAD", [])
}

/// A revision alone is all that leads to it, as `git rev-list` has it.
fn one_revision(lab: &Lab) -> Case<'_> {
    let repo = based(lab);
    repo.commit("a", line(&secret(1)));
    ranged(repo, "base", [path("old", &secret(100))])
}

fn known_by_name_in_a_range(lab: &Lab) -> Case<'_> {
    let repo = based(lab);
    let (text, plant) = super::case::pgpass(1, "x/.pgpass");
    repo.commit("x/.pgpass", text);
    ranged(repo, "base..HEAD", [plant])
}

fn refused<'l>(lab: &'l Lab, range: &str, word: &str) -> Fault<'l> {
    let case = Case::new(based(lab), []).args([format!("--range={range}")]);
    Fault::new(case, &[]).words([word])
}

fn unknown_start(lab: &Lab) -> Fault<'_> {
    refused(lab, "nosuch..HEAD", "nosuch")
}

fn unknown_end(lab: &Lab) -> Fault<'_> {
    refused(lab, "HEAD..nosuch", "nosuch")
}

fn not_a_revision(lab: &Lab) -> Fault<'_> {
    refused(lab, "HEAD^{nonsense}..", "nonsense")
}

fn option_as_a_range(lab: &Lab) -> Fault<'_> {
    refused(lab, "--all", "--all")
}
