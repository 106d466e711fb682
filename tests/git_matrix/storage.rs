//! How objects are stored: loose, in packs, as differences from others.

use std::fs;
use std::path::PathBuf;

use super::case::{Case, Place, at, line, path, prose, secret};
use super::support::git::{Lab, Repo};

table!(is_found:
    loose, packed, several_packs, in_two_packs, kept_pack, cruft_pack, multi_pack_index, bitmap_and_commit_graph, old_index,
    pack_of_an_alternate, leftovers, uncompressed, stored_whole,
    delta_base, delta_insertion, delta_join, delta_copied, delta_cut_in_two, delta_by_id, delta_chain, deep_chain,
);

/// Two commits with a secret each.
fn two(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("a", line(&secret(1)));
    repo.commit_staged(&line(&secret(2)));
    Case::new(repo, [path("a", &secret(1)), at(Place::Commit, &secret(2))])
}

fn packs(repo: &Repo<'_>, extension: &str) -> Vec<PathBuf> {
    fs::read_dir(repo.at(".git/objects/pack"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == extension))
        .collect()
}

fn counted(repo: &Repo<'_>, what: &str) -> u64 {
    let counts = repo.git(&["count-objects", "-v"]);
    let line = counts.lines().find_map(|line| line.strip_prefix(what));
    let count = line.and_then(|rest| rest.strip_prefix(": "));
    count.expect("it is counted").parse().expect("a number")
}

fn loose(lab: &Lab) -> Case<'_> {
    let case = two(lab);
    assert_eq!(counted(&case.repo, "in-pack"), 0);
    case
}

fn packed(lab: &Lab) -> Case<'_> {
    let case = two(lab);
    case.repo
        .git(&["gc", "--quiet", "--aggressive", "--prune=now"]);
    assert_eq!(counted(&case.repo, "count"), 0);
    case
}

fn several_packs(lab: &Lab) -> Case<'_> {
    let mut case = two(lab);
    for number in 3..6 {
        case.repo.git(&["repack", "-d", "--quiet"]);
        let name = format!("b{number}");
        case.repo.commit(&name, line(&secret(number)));
        case = case.planted(path(&name, &secret(number)));
    }
    assert_eq!(packs(&case.repo, "pack").len(), 3);
    case
}

/// The same objects twice, and loose besides: found once.
fn in_two_packs(lab: &Lab) -> Case<'_> {
    let case = two(lab);
    case.repo.git(&["repack", "-q"]);
    case.repo.commit("c", "c\n");
    case.repo.git(&["repack", "-a", "-q"]);
    assert_eq!(packs(&case.repo, "pack").len(), 2);
    assert!(counted(&case.repo, "prune-packable") > 0);
    case
}

fn kept_pack(lab: &Lab) -> Case<'_> {
    let case = packed(lab);
    fs::write(case.repo.pack().with_extension("keep"), "").expect("written");
    case
}

/// Where git keeps what nothing refers to.
fn cruft_pack(lab: &Lab) -> Case<'_> {
    let case = two(lab);
    case.repo.object("blob", line(&secret(3)));
    case.repo
        .git(&["gc", "--quiet", "--cruft", "--prune=2.weeks.ago"]);
    assert_eq!(packs(&case.repo, "mtimes").len(), 1);
    assert_eq!(counted(&case.repo, "count"), 0);
    case.planted(at(Place::Blob, &secret(3)))
}

fn multi_pack_index(lab: &Lab) -> Case<'_> {
    let case = several_packs(lab);
    case.repo.git(&["repack", "-d", "--quiet"]);
    case.repo.git(&["multi-pack-index", "write"]);
    assert!(case.repo.at(".git/objects/pack/multi-pack-index").is_file());
    // Behind its back.
    case.repo.commit("late", line(&secret(9)));
    case.repo.git(&["repack", "-d", "--quiet"]);
    case.planted(path("late", &secret(9)))
}

fn bitmap_and_commit_graph(lab: &Lab) -> Case<'_> {
    let case = two(lab);
    let repo = &case.repo;
    repo.git(&["repack", "-a", "-d", "-q", "--write-bitmap-index"]);
    assert_eq!(packs(repo, "bitmap").len(), 1);
    repo.git(&["commit-graph", "write", "--reachable"]);
    assert!(repo.at(".git/objects/info/commit-graph").is_file());
    case
}

fn old_index(lab: &Lab) -> Case<'_> {
    let case = two(lab);
    case.repo.git(&["config", "pack.indexVersion", "1"]);
    case.repo.git(&["repack", "-a", "-d", "-q"]);
    let index = fs::read(case.repo.pack().with_extension("idx")).expect("an index");
    assert_ne!(&index[..4], b"\xfftOc", "version 1 has no such head");
    case
}

fn pack_of_an_alternate(lab: &Lab) -> Case<'_> {
    let case = packed(lab);
    case.repo
        .git(&["clone", "--quiet", "--shared", ".", "../shared"]);
    Case::new(lab.repo("shared"), case.plants)
}

/// What git left when it was stopped is none of its objects.
fn leftovers(lab: &Lab) -> Case<'_> {
    let case = two(lab);
    case.repo.file(".git/objects/ab/tmp_obj_x1Y2z3", "half");
    case.repo.file(".git/objects/pack/tmp_pack_x1Y2z3", "half");
    case.repo.file(".git/objects/pack/tmp_idx_x1Y2z3", "half");
    case.repo.file(".git/objects/notes.txt", "mine");
    case
}

fn uncompressed(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    repo.git(&["config", "core.compression", "0"]);
    repo.commit("a", line(&secret(1)));
    repo.git(&["repack", "-a", "-d", "-q"]);
    repo.commit("b", line(&secret(2)));
    Case::new(repo, [path("a", &secret(1)), path("b", &secret(2))])
}

/// Beyond `core.bigFileThreshold` nothing becomes a difference; the secret stands at the end of one and the start of the
/// other.
fn stored_whole(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    repo.git(&["config", "core.bigFileThreshold", "1m"]);
    let text = prose(1, 40_000);
    repo.commit("a", format!("{text}{}", line(&secret(1))));
    repo.commit("a", format!("{}{text}", line(&secret(2))));
    repo.git(&["repack", "-a", "-d", "-q"]);
    for rev in ["HEAD:a", "HEAD~:a"] {
        assert!(base_of(&repo, rev).is_none());
    }
    Case::new(repo, [1, 2].map(|n| path("a", &secret(n))))
}

/// The object from which another one is stored as a difference.
fn base_of(repo: &Repo<'_>, rev: &str) -> Option<String> {
    let check = ["cat-file", "--batch-check=%(deltabase)"];
    let base = repo.git_with(format!("{rev}\n"), &check);
    (!base.bytes().all(|byte| byte == b'0')).then_some(base)
}

/// How many bytes an object takes in its pack.
fn stored(repo: &Repo<'_>, rev: &str) -> u64 {
    let check = ["cat-file", "--batch-check=%(objectsize:disk)"];
    let size = repo.git_with(format!("{rev}\n"), &check);
    size.parse().expect("a number")
}

/// Versions of a file, oldest first, packed so that each but one is a difference from another.
fn versions<'l>(lab: &'l Lab, texts: &[String]) -> Repo<'l> {
    let repo = lab.init("r", &[]);
    for text in texts {
        repo.commit("a", text);
    }
    repack(&repo, texts.len() - 1);
    repo
}

fn repack(repo: &Repo<'_>, deltas: usize) {
    repo.git(&[
        "repack",
        "-a",
        "-d",
        "-f",
        "-q",
        "--depth=50",
        "--window=50",
    ]);
    let is: Vec<bool> = (0..=deltas)
        .map(|back| base_of(repo, &format!("HEAD~{back}:a")).is_some())
        .collect();
    assert_eq!(is.iter().filter(|&&delta| delta).count(), deltas, "{is:?}");
}

/// The text with something in its middle.
fn around(middle: &str) -> String {
    format!("{}{middle}{}", prose(1, 150), prose(2, 150))
}

/// The whole version has it, the difference cuts it out.
fn delta_base(lab: &Lab) -> Case<'_> {
    let repo = versions(lab, &[around(""), around(&line(&secret(1)))]);
    let base = repo.git(&["rev-parse", "HEAD:a"]);
    assert_eq!(base_of(&repo, "HEAD~:a"), Some(base));
    Case::new(repo, [path("a", &secret(1))])
}

/// Removed in the newest version, which is stored whole: the older one inserts it.
fn delta_insertion(lab: &Lab) -> Case<'_> {
    // Git prefers the larger as the base.
    let newest = around(&prose(3, 40));
    let repo = versions(lab, &[around(&line(&secret(1))), newest]);
    assert!(base_of(&repo, "HEAD~:a").is_some());
    Case::new(repo, [path("a", &secret(1))])
}

/// Two halves far from each other in the one version, side by side in the other, which copies both.
fn delta_join(lab: &Lab) -> Case<'_> {
    let secret = secret(1);
    let (left, right) = secret.split_at(20);
    let apart = around(&format!(
        "see {left}\n{}x {right}\nand so on\n",
        prose(3, 40)
    ));
    let joined = around(&format!("see {left}{right}\nand so on\n"));
    let repo = versions(lab, &[joined, apart]);
    assert!(base_of(&repo, "HEAD~:a").is_some());
    let size = stored(&repo, "HEAD~:a");
    assert!(size < 64, "it is put together from copies: {size} bytes");
    Case::new(repo, [path("a", &secret)])
}

/// The difference is elsewhere: each version has it.
fn delta_copied(lab: &Lab) -> Case<'_> {
    let text = around(&line(&secret(1)));
    let repo = versions(lab, &[text.clone(), format!("{text}{}", prose(3, 5))]);
    Case::new(repo, [path("a", &secret(1))])
}

/// The base has it whole, and what the other version copies is halves: nothing is inherited that is not there.
fn delta_cut_in_two(lab: &Lab) -> Case<'_> {
    let secret = secret(1);
    let (left, right) = secret.split_at(20);
    let whole = around(&format!("see {secret}\n{}", prose(3, 10)));
    let cut = around(&format!("see {left}\n--{right}\n"));
    let repo = lab.init("r", &[]);
    repo.commit("a", cut);
    repo.commit("a", whole);
    repack(&repo, 1);
    assert!(base_of(&repo, "HEAD~:a").is_some());
    Case::new(repo, [path("a", &secret)])
}

/// Bases named by their ids rather than by their distance, as old versions of git write them.
fn delta_by_id(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    repo.git(&["config", "repack.useDeltaBaseOffset", "false"]);
    repo.commit("a", around(&line(&secret(1))));
    repo.commit("a", around(&prose(3, 40)));
    repo.commit("a", around(&(line(&secret(2)) + &prose(4, 60))));
    repack(&repo, 2);
    Case::new(repo, [1, 2].map(|n| path("a", &secret(n))))
}

/// Each version is a difference from the next; secrets come, stay and go.
fn delta_chain(lab: &Lab) -> Case<'_> {
    let text = |version: u64| {
        let mut middle = String::new();
        for number in 1..=8 {
            if (number..number + 4).contains(&version) {
                middle.push_str(&line(&secret(number)));
            }
            middle.push_str(&prose(number + 10, 12 + version as usize));
        }
        around(&middle)
    };
    let texts: Vec<String> = (1..=12).map(text).collect();
    let repo = versions(lab, &texts);
    Case::new(repo, (1..=8).map(|n| path("a", &secret(n))))
}

/// Thousands of differences, one upon another; git's own limit is 4,095.
fn deep_chain(lab: &Lab) -> Case<'_> {
    const DEPTH: usize = 4000;
    let repo = lab.init("r", &[]);
    let body = prose(1, 20);
    let mut stream = String::new();
    for version in 0..DEPTH {
        let extra = match version {
            // At the bottom, in the middle and on top.
            0 => line(&secret(1)),
            2000 => line(&secret(2)),
            3999 => line(&secret(3)),
            _ => String::new(),
        };
        let text = format!("{body}version {version}\n{extra}");
        stream.push_str(&format!(
            "commit refs/heads/main\ncommitter P <p@example.com> {} +0000\ndata 1\nm\n\
             M 100644 inline a\ndata {}\n{text}\n",
            1_600_000_000 + version,
            text.len()
        ));
    }
    repo.git_with(stream, &["fast-import", "--quiet", "--depth=4095"]);
    let verified = repo.git(&["verify-pack", "-v", &repo.pack().to_string_lossy()]);
    let depth = verified.lines().filter_map(|line| {
        let depth = line.split_whitespace().nth(5)?;
        depth.parse::<usize>().ok()
    });
    let deepest = depth.max().unwrap_or(0);
    assert!(deepest > 3900, "{deepest}");
    Case::new(repo, (1..=3).map(|n| path("a", &secret(n))))
}
