//! What a blob can be: encodings, names, kinds of entries.

use super::case::{Case, Place, at, line, path, pgpass, secret};
use super::support::git::Lab;

table!(is_found:
    utf16_le, utf16_be, latin_1, crlf, binary, not_text,
    attributes, ignored, odd_names, link, executable, two_names,
    known_by_name, known_by_name_later, known_by_name_and_removed, known_by_name_in_a_tag,
    remote_url,
);

fn one<'l>(lab: &'l Lab, name: &str, content: &[u8]) -> Case<'l> {
    let repo = lab.init("r", &[]);
    repo.commit(name, content);
    Case::new(repo, [path(name, &secret(1))])
}

fn utf16(bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = format!("\u{feff}# caf\u{e9}\r\n{}", line(&secret(1)));
    text.encode_utf16().flat_map(bytes).collect()
}

fn utf16_le(lab: &Lab) -> Case<'_> {
    one(lab, "a.ini", &utf16(u16::to_le_bytes))
}

fn utf16_be(lab: &Lab) -> Case<'_> {
    one(lab, "a.ini", &utf16(u16::to_be_bytes))
}

fn latin_1(lab: &Lab) -> Case<'_> {
    let secret = line(&secret(1));
    one(
        lab,
        "a.ini",
        &[b"# gr\xfc\xdfe\n", secret.as_bytes()].concat(),
    )
}

fn crlf(lab: &Lab) -> Case<'_> {
    let text = format!("a = 1\n{}b = 2\n", line(&secret(1)));
    one(lab, "a.ini", text.replace('\n', "\r\n").as_bytes())
}

fn binary(lab: &Lab) -> Case<'_> {
    let secret = secret(1);
    let content: [&[u8]; 3] = [b"\x7fELF\0\0\x01", secret.as_bytes(), b"\0\0\xff"];
    one(lab, "a.out", &content.concat())
}

/// Broken UTF-8 around it.
fn not_text(lab: &Lab) -> Case<'_> {
    let secret = secret(1);
    let content: [&[u8]; 3] = [b"\xc3\x28 ", secret.as_bytes(), b" \xf0\x9f\n"];
    one(lab, "a.txt", &content.concat())
}

/// What the repository says of its files is for git, not for us.
fn attributes(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    let text = "* -diff -text binary export-ignore linguist-generated filter=none\n";
    repo.commit(".gitattributes", text);
    repo.commit("a", line(&secret(1)));
    Case::new(repo, [path("a", &secret(1))])
}

fn ignored(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    repo.commit(".gitignore", "*\n");
    repo.commit("build/a.env", line(&secret(1)));
    Case::new(repo, [path("build/a.env", &secret(1))])
}

fn odd_names(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    let names = ["a b", "-x", "\u{e9}/\u{1f511}", "a\"b", "c:d", "*"];
    let mut plants = Vec::new();
    for (number, name) in (1..).zip(names) {
        repo.commit(name, line(&secret(number)));
        plants.push(path(name, &secret(number)));
    }
    // A line break must not break the report, and what it makes of it is its own affair.
    repo.commit("a\nb", line(&secret(99)));
    plants.push(at(Place::Blob, &secret(99)));
    Case::new(repo, plants)
}

/// A link's target is its content.
fn link(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    let id = repo.object("blob", format!("https://{}@example.com", secret(1)));
    let entry = format!("120000,{id},current");
    repo.git(&["update-index", "--add", "--cacheinfo", &entry]);
    repo.commit_staged("A link");
    Case::new(repo, [path("current", &secret(1))])
}

fn executable(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    repo.file("run", format!("#!/bin/sh\n{}", line(&secret(1))));
    repo.git(&["add", "--chmod=+x", "run"]);
    repo.commit_staged("A script");
    Case::new(repo, [path("run", &secret(1))])
}

fn two_names(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("a/x", line(&secret(1)));
    repo.commit("b/y", line(&secret(1)));
    Case::new(repo, [path("a/x", &secret(1)), path("b/y", &secret(1))])
}

fn known_by_name(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    let (text, plant) = pgpass(1, "home/app/.pgpass");
    repo.commit("home/app/.pgpass", text);
    Case::new(repo, [plant])
}

/// The same blob had another name first.
fn known_by_name_later(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    let (text, plant) = pgpass(1, "home/.pgpass");
    repo.commit("template", &text);
    repo.commit("home/.pgpass", text);
    repo.git(&["rm", "--quiet", "template"]);
    repo.commit_staged("Remove");
    Case::new(repo, [plant])
}

fn known_by_name_and_removed(lab: &Lab) -> Case<'_> {
    let case = known_by_name(lab);
    let repo = &case.repo;
    repo.git(&["rm", "--quiet", "home/app/.pgpass"]);
    repo.commit_staged("Remove");
    repo.git(&["gc", "--quiet", "--prune=now"]);
    case
}

fn known_by_name_in_a_tag(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("a", "a\n");
    let (text, plant) = pgpass(1, "x/.pgpass");
    repo.commit("x/.pgpass", text);
    repo.git(&["tag", "-a", "old", "-m", "Old"]);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    Case::new(repo, [plant])
}

fn remote_url(lab: &Lab) -> Case<'_> {
    let repo = lab.init("r", &[]);
    repo.commit("a", "a\n");
    let url = format!("https://x-access-token:{}@example.com/r.git", secret(1));
    repo.git(&["remote", "add", "origin", &url]);
    Case::new(repo, [at(Place::File("config"), &secret(1))])
}
