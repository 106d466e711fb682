//! Packs and objects of a few kilobytes that would be gigabytes: each is named, memory stays bounded, and what lies
//! beside is found.
#![cfg(unix)]

mod support;

use std::fs;

use support::git::{Lab, Repo};
use support::pack::{BLOB, Pack, REF_DELTA, deflated, made_up, repeated, sizes};
use support::{Run, token};

/// More memory than that is never needed here: what a thread may hold of objects of at most [`LIMIT`], twice, and the
/// program itself.
const MEMORY: u64 = 96 << 20;
/// The most bytes of an object.
const LIMIT: &str = "4MiB";
const MIB: usize = 1 << 20;

/// A repository with one secret.
fn repo(lab: &Lab) -> Repo<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("config", format!("token = {}\n", token(1)));
    repo
}

/// Scans, and finds the one secret in bounded memory. What is amiss is named by this many skips of this kind.
#[track_caller]
fn is_survived(repo: &Repo<'_>, args: &[&str], code: i32, named: &[(&str, u64)]) -> Run {
    let fixed = ["git", "--format", "json", "--max-object-size", LIMIT];
    let run = repo.keysieve(&[&fixed[..], args].concat());
    assert_eq!(run.code, code, "{run:?}");
    let report = run.report();
    assert_eq!(report.findings().len(), 1, "{report:#?}");
    let skipped = report.0["summary"]["skipped"].as_object().expect("counts");
    let mut skipped: Vec<(&str, u64)> = skipped
        .iter()
        .map(|(kind, count)| (&kind[..], count.as_u64().expect("a number")))
        .collect();
    skipped.sort();
    assert_eq!(skipped, named, "{report:#?}");
    if let Some(peak) = run.peak {
        assert!(peak < MEMORY, "{} MiB", peak >> 20);
    }
    run
}

/// A text of this length in which nothing is to be found.
fn text(length: usize) -> Vec<u8> {
    b"river stone walks under green light, "
        .iter()
        .copied()
        .cycle()
        .take(length)
        .collect()
}

/// Each would make a gigabyte.
#[test]
fn small_deltas_that_make_too_much() {
    let lab = Lab::new();
    let repo = repo(&lab);
    let mut pack = Pack::new();
    let base = pack.blob(&text(64 << 10));
    let bomb = repeated(64 << 10, 16 << 10);
    for number in 0..200 {
        pack.delta(made_up(number), base, &bomb);
    }
    pack.write(&repo.at(".git"));
    is_survived(&repo, &[], 1, &[("too-large", 200)]);
}

/// Each makes as much as is allowed, one upon another and side by side: what is not needed any more is let go.
#[test]
fn small_deltas_that_make_just_not_too_much() {
    let lab = Lab::new();
    let repo = repo(&lab);
    let mut pack = Pack::new();
    let base = pack.blob(&text(MIB));
    let mut below = made_up(0);
    pack.delta(below, base, &repeated(MIB, 4));
    for number in 0..60 {
        let (next, aside) = (made_up(2 * number + 1), made_up(2 * number + 2));
        pack.delta(next, below, &repeated(4 * MIB, 1));
        pack.delta(aside, below, &repeated(4 * MIB, 1));
        below = next;
    }
    pack.write(&repo.at(".git"));
    let run = is_survived(&repo, &["--threads", "2"], 1, &[]);
    let bytes = run.report().0["summary"]["bytes"]
        .as_u64()
        .expect("a number");
    assert!(bytes > 121 * 4 * MIB as u64, "all were made: {bytes}");
}

/// Eight times as large with each step; what is based on too large an object cannot be made, and is named.
#[test]
fn deltas_that_grow() {
    let lab = Lab::new();
    let repo = repo(&lab);
    let mut pack = Pack::new();
    let mut below = pack.blob(&text(1 << 10));
    for step in 0..12 {
        let next = made_up(step);
        let length = (1usize << 10) << (3 * step.min(4));
        pack.delta(next, below, &repeated(length, 8));
        below = next;
    }
    pack.write(&repo.at(".git"));
    // 8, 64, 512 KiB and 4 MiB are made.
    is_survived(&repo, &[], 1, &[("too-large", 8)]);
}

/// Heads that promise what does not follow.
#[test]
fn entries_that_say_they_are_gigabytes() {
    let lab = Lab::new();
    let repo = repo(&lab);
    let mut pack = Pack::new();
    let base = pack.blob(b"base\n");
    let says = [4 << 30, 1 << 40, u64::MAX >> 4];
    for (number, says) in (0..).zip(says) {
        pack.raw(made_up(number), BLOB, says, &deflated(b"little\n"));
        let delta = [base.as_bytes(), &deflated(b"little")].concat();
        pack.raw(made_up(10 + number), REF_DELTA, says, &delta);
        // The delta is small, and what it makes is not.
        pack.delta(
            made_up(20 + number),
            base,
            &[&sizes(5, says)[..], &[0x90, 5]].concat(),
        );
    }
    // A length that never ends.
    pack.raw(made_up(30), BLOB, 1, &[0xff; 64]);
    pack.write(&repo.at(".git"));
    is_survived(&repo, &[], 2, &[("corrupt-object", 7), ("too-large", 3)]);
}

/// Compressed data that makes more than its head says, or as much as it says and too much.
#[test]
fn data_that_inflates() {
    let lab = Lab::new();
    let repo = repo(&lab);
    let bomb = deflated(&vec![0; 64 * MIB]);
    let mut pack = Pack::new();
    pack.raw(made_up(0), BLOB, 10, &bomb);
    pack.raw(made_up(1), BLOB, 64 * MIB as u64, &bomb);
    let base = pack.blob(b"base\n");
    let delta = [base.as_bytes(), &bomb].concat();
    pack.raw(made_up(2), REF_DELTA, 10, &delta);
    pack.raw(made_up(3), REF_DELTA, 64 * MIB as u64, &delta);
    pack.write(&repo.at(".git"));
    is_survived(&repo, &[], 2, &[("corrupt-object", 2), ("too-large", 2)]);
}

/// The same for objects that lie loose.
#[test]
fn loose_objects_that_inflate() {
    let lab = Lab::new();
    let repo = repo(&lab);
    let says = [
        "10",
        "67108864",
        "4294967296",
        "18446744073709551615",
        "99999999999999999999",
    ];
    for (number, says) in (0..).zip(says) {
        let content = [format!("blob {says}\0").into_bytes(), vec![0; 64 * MIB]].concat();
        let id = made_up(number).to_string();
        repo.file(
            &format!(".git/objects/{}/{}", &id[..2], &id[2..]),
            deflated(&content),
        );
    }
    is_survived(&repo, &[], 2, &[("corrupt-object", 2), ("too-large", 3)]);
}

#[test]
fn deltas_in_a_ring() {
    let lab = Lab::new();
    let repo = repo(&lab);
    let mut pack = Pack::new();
    let delta = repeated(5, 1);
    for (of, base) in [(1, 2), (2, 3), (3, 1), (4, 4), (5, 4)] {
        pack.delta(made_up(of), made_up(base), &delta);
    }
    pack.write(&repo.at(".git"));
    let run = is_survived(&repo, &[], 2, &[("corrupt-object", 5)]);
    assert!(run.stdout.contains("based on itself"), "{run:?}");
}

/// A small file that is a delta of one of a gigabyte: what a push or a commit brings is read one by one.
#[test]
fn a_small_file_upon_a_bomb() {
    let lab = Lab::new();
    let repo = repo(&lab);
    let mut pack = Pack::new();
    let base = pack.blob(&text(64 << 10));
    pack.delta(made_up(1), base, &repeated(64 << 10, 16 << 10));
    pack.delta(
        made_up(2),
        made_up(1),
        &[&sizes(1 << 30, 5)[..], &[0x90, 5]].concat(),
    );
    pack.write(&repo.at(".git"));
    let id = made_up(2).to_string();
    repo.git(&[
        "update-index",
        "--add",
        "--info-only",
        "--cacheinfo",
        &format!("100644,{id},bomb"),
    ]);
    let head = repo.git(&["rev-parse", "HEAD"]);
    is_survived(&repo, &[], 1, &[("too-large", 2)]);
    repo.file("new", format!("token = {}\n", token(1)));
    repo.git(&["add", "new"]);
    is_survived(&repo, &["--staged"], 2, &[("corrupt-object", 1)]);
    let tree = repo.git(&["write-tree", "--missing-ok"]);
    let commit = repo.git(&["commit-tree", &tree, "-p", &head, "-m", "Bomb"]);
    let range = format!("{head}..{commit}");
    is_survived(&repo, &["--range", &range], 2, &[("corrupt-object", 1)]);
    assert!(
        fs::read_dir(repo.at(".git/objects/pack"))
            .expect("there")
            .count()
            == 2
    );
}
