//! What cannot be seen, or not wholly. Each repository also holds a secret that can.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::chown;
use std::path::Path;

use super::case::{Case, Fault, Place, at, is_named_and_stops, line, path, prose, secret};
use super::support::git::{Lab, Repo};

table!(is_named_and_stops:
    shallow, shallow_worktree, partial, partial_without_trees,
    missing_blob, missing_tree, missing_commit, missing_target_of_a_tag, missing_alternate,
    flipped_byte, cut_short, empty_object, wrong_head, wrong_size, wrong_content,
    flipped_byte_in_a_pack, flipped_base_in_a_pack, cut_pack, pack_without_index, pack_without_head, damaged_index,
    empty_pack, flipped_byte_in_a_pack_that_verifies,
    cut_reference, staged_object_missing,
);
table!(is_named_only: unborn, lfs_pointer, lfs_pointer_beside_a_secret, too_large, too_large_beside_a_secret);
table!(is_found: unborn_with_another_branch, almost_an_lfs_pointer, wrong_content_unverified);
table!(is_refused: not_a_repository, no_such_folder, unknown_object_format, cut_index);

/// A repository with an innocent file `a` and a secret in `b`, both loose.
fn two(lab: &Lab) -> Repo<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("a", prose(1, 400));
    repo.commit("b", line(&secret(1)));
    repo
}

fn beside(repo: Repo<'_>) -> Case<'_> {
    Case::new(repo, [path("b", &secret(1))])
}

/// Changes a file that git made read-only.
fn spoil(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).expect("it is there");
    change(&mut bytes);
    fs::remove_file(file).expect("it can be removed");
    fs::write(file, bytes).expect("written");
}

fn id(repo: &Repo<'_>, rev: &str) -> String {
    repo.git(&["rev-parse", rev])
}

fn url(repo: &Repo<'_>) -> String {
    format!("file://{}", repo.dir.display())
}

fn shallow(lab: &Lab) -> Fault<'_> {
    let server = two(lab);
    server.git(&["clone", "--quiet", "--depth=1", &url(&server), "../clone"]);
    Fault::new(beside(lab.repo("clone")), &["shallow"]).words(["fetch-depth: 0", "--unshallow"])
}

fn shallow_worktree(lab: &Lab) -> Fault<'_> {
    let clone = shallow(lab).case.repo;
    clone.git(&["worktree", "add", "--quiet", "--detach", "../w"]);
    Fault::new(beside(lab.repo("w")), &["shallow"]).words(["fetch-depth: 0"])
}

/// A clone that leaves out what `filter` says, and what git finds amiss in it without asking for it.
fn filtered<'l>(lab: &'l Lab, filter: &str) -> Repo<'l> {
    let server = two(lab);
    server.git(&["config", "uploadpack.allowFilter", "true"]);
    server.commit("a", prose(2, 400));
    let filter = format!("--filter={filter}");
    server.git(&["clone", "--quiet", &filter, &url(&server), "../clone"]);
    let clone = lab.repo("clone");
    assert!(amiss(&clone) > 0);
    // Whoever asks for what is missing finds nobody.
    fs::rename(&server.dir, lab.path().join("moved")).expect("moved");
    clone
}

fn amiss(repo: &Repo<'_>) -> usize {
    let list = ["rev-list", "--objects", "--all", "--missing=print"];
    let listed = repo.git(&list);
    listed.lines().filter(|line| line.starts_with('?')).count()
}

fn partial(lab: &Lab) -> Fault<'_> {
    let clone = filtered(lab, "blob:none");
    Fault::new(beside(clone), &["partial-clone"]).words(["--refetch"])
}

fn partial_without_trees(lab: &Lab) -> Fault<'_> {
    let clone = filtered(lab, "tree:0");
    Fault::new(beside(clone), &["partial-clone"]).words(["--refetch"])
}

fn missing<'l>(repo: Repo<'l>, rev: &str) -> Fault<'l> {
    let id = id(&repo, rev);
    fs::remove_file(repo.loose(&id)).expect("it was loose");
    Fault::new(beside(repo), &["missing-object"]).words([id])
}

fn missing_blob(lab: &Lab) -> Fault<'_> {
    missing(two(lab), "HEAD:a")
}

fn missing_tree(lab: &Lab) -> Fault<'_> {
    missing(two(lab), "HEAD~^{tree}")
}

fn missing_commit(lab: &Lab) -> Fault<'_> {
    missing(two(lab), "HEAD~")
}

fn missing_target_of_a_tag(lab: &Lab) -> Fault<'_> {
    let repo = two(lab);
    let target = repo.object("blob", "a key\n");
    repo.git(&["tag", "-a", "key", &target, "-m", "A key"]);
    missing(repo, "key^{}")
}

/// The repository that kept the objects has gone.
fn missing_alternate(lab: &Lab) -> Fault<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("a", prose(1, 10));
    repo.git(&["clone", "--quiet", "--shared", ".", "../shared"]);
    let shared = lab.repo("shared");
    shared.commit("b", line(&secret(1)));
    fs::remove_dir_all(repo.at(".git")).expect("it was there");
    let kinds = ["missing-object", "unreadable-pack"];
    Fault::new(beside(shared), &kinds).words(["r/.git/objects"])
}

/// Does something to the loose object of `a`.
fn spoiled(lab: &Lab, change: impl FnOnce(&mut Vec<u8>)) -> Fault<'_> {
    let repo = two(lab);
    let id = id(&repo, "HEAD:a");
    spoil(&repo.loose(&id), change);
    Fault::new(beside(repo), &["corrupt-object"]).words([id])
}

fn flipped_byte(lab: &Lab) -> Fault<'_> {
    spoiled(lab, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
    })
}

fn cut_short(lab: &Lab) -> Fault<'_> {
    spoiled(lab, |bytes| bytes.truncate(bytes.len() / 2))
}

/// What a power failure leaves.
fn empty_object(lab: &Lab) -> Fault<'_> {
    spoiled(lab, Vec::clear)
}

/// What the file of another object holds takes the place of `a`'s.
fn swapped<'l>(lab: &'l Lab, kind: &str, content: &str) -> (Repo<'l>, String) {
    let repo = two(lab);
    let id = id(&repo, "HEAD:a");
    let other = repo.object(kind, content);
    let bytes = fs::read(repo.loose(&other)).expect("it is loose");
    fs::remove_file(repo.loose(&other)).expect("it is there");
    spoil(&repo.loose(&id), |of| *of = bytes);
    (repo, id)
}

fn wrong_head(lab: &Lab) -> Fault<'_> {
    let (repo, id) = swapped(lab, "nonsense", "nonsense");
    Fault::new(beside(repo), &["corrupt-object"]).words([id])
}

/// A head that promises more than there is: zlib's stored block, by hand.
fn wrong_size(lab: &Lab) -> Fault<'_> {
    spoiled(lab, |bytes| {
        let content = b"blob 999\0short";
        let adler = content.iter().fold((1u32, 0u32), |(a, b), &byte| {
            let a = (a + u32::from(byte)) % 65_521;
            (a, (b + a) % 65_521)
        });
        let length = content.len() as u16;
        *bytes = [0x78, 0x01, 0x01].to_vec();
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(content);
        bytes.extend((adler.1 << 16 | adler.0).to_be_bytes());
    })
}

/// Whole, but not what its name says. Only who computes the name again can know; its content is looked at all the same.
fn wrong_content(lab: &Lab) -> Fault<'_> {
    let (repo, id) = swapped(lab, "blob", &line(&secret(2)));
    let case = beside(repo).planted(at(Place::Blob, &secret(2)));
    Fault::new(case.args(["--verify-objects"]), &["corrupt-object"]).words([id])
}

fn wrong_content_unverified(lab: &Lab) -> Case<'_> {
    let (repo, _) = swapped(lab, "blob", &line(&secret(2)));
    let case = beside(repo).planted(at(Place::Blob, &secret(2)));
    // Git itself refuses to read it.
    case.kept_in([])
}

/// `a` and its next version in a pack, the one a difference from the other, and the secret loose beside it.
fn packed(lab: &Lab) -> Repo<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("a", prose(1, 400));
    repo.commit("a", prose(1, 400) + &prose(2, 10));
    repo.git(&["repack", "-a", "-d", "-f", "-q"]);
    repo.commit("b", line(&secret(1)));
    repo
}

/// Where an object's entry begins in the pack, and how long it is.
fn entry(repo: &Repo<'_>, id: &str) -> (usize, usize) {
    let pack = repo.pack();
    let verified = repo.git(&["verify-pack", "-v", &pack.to_string_lossy()]);
    let mut lines = verified.lines();
    let mine = lines.find(|line| line.starts_with(id)).expect("it is in");
    let words: Vec<usize> = mine
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    (words[2], words[1])
}

fn flip(repo: &Repo<'_>, rev: &str) -> String {
    let id = id(repo, rev);
    let (start, length) = entry(repo, &id);
    spoil(&repo.pack(), |bytes| bytes[start + length / 2] ^= 0x55);
    id
}

fn flipped_byte_in_a_pack(lab: &Lab) -> Fault<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("a", prose(1, 400));
    repo.commit("b", line(&secret(1)));
    repo.git(&["repack", "-a", "-d", "-q"]);
    let id = flip(&repo, "HEAD:a");
    Fault::new(beside(repo), &["corrupt-object"]).words([id])
}

/// With it goes what is stored as a difference from it; both are named.
fn flipped_base_in_a_pack(lab: &Lab) -> Fault<'_> {
    let repo = packed(lab);
    let lost = [id(&repo, "HEAD~:a"), id(&repo, "HEAD~2:a")];
    flip(&repo, "HEAD~:a");
    Fault::new(beside(repo), &["corrupt-object"]).words(lost)
}

/// A byte that is copied as it stands: what comes out is whole, and wrong. Git's own checksum of the pack tells.
fn flipped_byte_in_a_pack_that_verifies(lab: &Lab) -> Fault<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("a", prose(1, 400));
    repo.commit("b", line(&secret(1)));
    repo.git(&["repack", "-a", "-d", "-q"]);
    spoil(&repo.pack(), |bytes| {
        let end = bytes.len() - 1;
        bytes[end] ^= 0x55;
    });
    let pack = repo.pack();
    let name = pack.file_name().expect("a name").to_string_lossy();
    let kinds = ["unreadable-pack", "corrupt-object"];
    Fault::new(beside(repo).args(["--verify-objects"]), &kinds).words([name])
}

/// Does something to the pack of a repository, which is named thereafter.
fn spoiled_pack(lab: &Lab, change: impl FnOnce(&Path)) -> Fault<'_> {
    let repo = packed(lab);
    let pack = repo.pack();
    change(&pack);
    let stem = pack.file_stem().expect("a name").to_string_lossy();
    let kinds = ["unreadable-pack", "corrupt-object"];
    Fault::new(beside(repo), &kinds).words([stem])
}

fn cut_pack(lab: &Lab) -> Fault<'_> {
    spoiled_pack(lab, |pack| {
        spoil(pack, |bytes| bytes.truncate(bytes.len() / 2));
    })
}

fn empty_pack(lab: &Lab) -> Fault<'_> {
    spoiled_pack(lab, |pack| spoil(pack, Vec::clear))
}

fn pack_without_index(lab: &Lab) -> Fault<'_> {
    spoiled_pack(lab, |pack| {
        fs::remove_file(pack.with_extension("idx")).expect("it was there");
    })
}

fn pack_without_head(lab: &Lab) -> Fault<'_> {
    spoiled_pack(lab, |pack| {
        spoil(pack, |bytes| bytes[..8].copy_from_slice(b"JUNKJUNK"));
    })
}

/// Its table of counts goes down.
fn damaged_index(lab: &Lab) -> Fault<'_> {
    spoiled_pack(lab, |pack| {
        spoil(&pack.with_extension("idx"), |bytes| {
            bytes[8..12].copy_from_slice(&[0xff; 4]);
        });
    })
}

/// A reference that holds no id.
fn cut_reference(lab: &Lab) -> Fault<'_> {
    let repo = two(lab);
    repo.file(".git/refs/heads/half", "0123456789\n");
    let kinds = ["unreadable", "unknown-revision", "corrupt-object"];
    Fault::new(beside(repo), &kinds).words(["refs/heads/half"])
}

/// What is to be committed is not there; what else is staged, is.
fn staged_object_missing(lab: &Lab) -> Fault<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("readme", "Nothing to see.\n");
    repo.file("b", line(&secret(1)));
    repo.file("gone", "x\n");
    repo.git(&["add", "b", "gone"]);
    let id = id(&repo, ":gone");
    fs::remove_file(repo.loose(&id)).expect("it was loose");
    Fault::new(beside(repo).args(["--staged"]), &["missing-object"]).words(["gone"])
}

/// It belongs to somebody else. Only root can give a repository away: for others there is no such case to make.
#[test]
fn foreign_owner() {
    let tried = Lab::new();
    let error = chown(tried.tree.file("x", ""), Some(54_321), None).err();
    if error.is_some_and(|e| e.kind() == ErrorKind::PermissionDenied) {
        eprintln!("not tried: only root can give a repository away");
        return;
    }
    is_named_and_stops(|lab| {
        let repo = two(lab);
        for folder in [repo.dir.clone(), repo.at(".git")] {
            chown(folder, Some(54_321), None).expect("root can");
        }
        Fault::new(beside(repo), &["foreign-owner"]).words(["safe.directory"])
    });
}

fn unborn(lab: &Lab) -> Fault<'_> {
    let repo = lab.init("r", &[]);
    Fault::new(Case::new(repo, []), &["unborn"]).words(["main"])
}

fn unborn_with_another_branch(lab: &Lab) -> Case<'_> {
    let repo = two(lab);
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/new"]);
    beside(repo)
}

fn pointer() -> String {
    format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n",
        "0123456789abcdef".repeat(4)
    )
}

fn lfs_pointer(lab: &Lab) -> Fault<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("data/model.bin", pointer());
    Fault::new(Case::new(repo, []), &["lfs-pointer"]).words(["data/model.bin"])
}

fn lfs_pointer_beside_a_secret(lab: &Lab) -> Fault<'_> {
    let repo = two(lab);
    repo.commit("data/model.bin", pointer());
    Fault::new(beside(repo), &["lfs-pointer"]).words(["data/model.bin"])
}

/// Whoever writes a pointer's first line above a secret hides nothing.
fn almost_an_lfs_pointer(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("b", format!("{}{}", pointer(), line(&secret(1))));
    beside(repo)
}

fn too_large(lab: &Lab) -> Fault<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("big.txt", prose(1, 400) + &line(&secret(2)));
    let case = Case::new(repo, []).args(["--max-object-size", "4KiB"]);
    Fault::new(case, &["too-large"]).words(["big.txt", "--max-object-size"])
}

fn too_large_beside_a_secret(lab: &Lab) -> Fault<'_> {
    let repo = two(lab);
    repo.git(&["repack", "-a", "-d", "-q"]);
    let case = beside(repo).args(["--max-object-size", "4KiB"]);
    Fault::new(case, &["too-large"])
}

fn not_a_repository(lab: &Lab) -> Fault<'_> {
    fs::create_dir(lab.path().join("r")).expect("a folder");
    Fault::new(Case::new(lab.repo("r"), []), &[]).words(["repository"])
}

fn no_such_folder(lab: &Lab) -> Fault<'_> {
    let case = Case::new(two(lab), []).args(["../nowhere"]);
    Fault::new(case, &[]).words(["../nowhere"])
}

fn cut_index(lab: &Lab) -> Fault<'_> {
    let repo = two(lab);
    spoil(&repo.at(".git/index"), |bytes| {
        bytes.truncate(bytes.len() / 2)
    });
    Fault::new(Case::new(repo, []).args(["--staged"]), &[]).words(["index"])
}

/// A repository of a later version of git.
fn unknown_object_format(lab: &Lab) -> Fault<'_> {
    let repo = two(lab);
    let config = "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tobjectFormat = sha999\n";
    repo.file(".git/config", config);
    Fault::new(Case::new(repo, []), &[]).words(["sha999"])
}
