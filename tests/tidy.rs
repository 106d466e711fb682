//! The house's rules that a compiler does not check: which room may see which, and what no library code does.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Each room with the rooms that it may see. `scan` joins sources and engine; nobody sees `cli`.
const ROOMS: [(&str, &[&str]); 14] = [
    ("model", &[]),
    ("platform", &[]),
    ("rule", &["model"]),
    ("engine", &["model", "rule"]),
    ("source", &["model", "platform"]),
    ("suppress", &["model"]),
    ("config", &["model", "suppress"]),
    ("hooks", &["platform"]),
    ("report", &["model", "rule"]),
    ("canary", &["model", "engine", "suppress", "platform"]),
    ("audit", &["model", "platform"]),
    (
        "scan",
        &["model", "rule", "engine", "source", "suppress", "canary"],
    ),
    ("redact", &["model", "platform", "rule", "engine"]),
    (
        "agent",
        &["model", "rule", "engine", "platform", "redact", "canary"],
    ),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the package has its sources") {
        let path = entry.expect("its entries can be listed").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The sources of the library with the room each belongs to, and their text without comments and tests.
fn library() -> Vec<(PathBuf, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    for file in sources(&root) {
        let below = file.strip_prefix(&root).expect("it lies below").to_owned();
        let first = below
            .components()
            .next()
            .expect("it has a name")
            .as_os_str()
            .to_string_lossy();
        let room = first.trim_end_matches(".rs").to_owned();
        if matches!(&room[..], "cli" | "main" | "lib") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("sources are text");
        let text = text
            .split("\n#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default();
        let code: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        all.push((below, room, code.join("\n")));
    }
    all
}

#[test]
fn rooms_see_only_what_they_may() {
    let import = Regex::new(r"\bcrate::(\{[^;]*\}|[a-z_]+)").expect("a right pattern");
    let name = Regex::new(r"[a-z_]+").expect("a right pattern");
    let known: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    let mut wrong = Vec::new();
    for (file, room, code) in library() {
        let Some((_, may)) = ROOMS.iter().find(|(known, _)| *known == room) else {
            wrong.push(format!(
                "{}: no such room; add it to the table with what it may see",
                file.display()
            ));
            continue;
        };
        for found in import.captures_iter(&code) {
            for seen in name.find_iter(&found[1]).map(|name| name.as_str()) {
                if known.contains(seen) && seen != room && !may.contains(&seen) {
                    wrong.push(format!("{}: `{room}` sees `{seen}`", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_library_neither_prints_nor_knows_the_terminal() {
    let forbidden = Regex::new(
        r"\b(?:clap|indicatif|anyhow)::|\b(?:e?print(?:ln)?|dbg|todo|unimplemented)!|std::process::exit|\.unwrap\(\)",
    )
    .expect("a right pattern");
    let mut wrong = Vec::new();
    for (file, _, code) in library() {
        for (number, line) in code.lines().enumerate() {
            if forbidden.is_match(line) {
                wrong.push(format!(
                    "{} (about line {}): {}",
                    file.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A file is read in one sitting.
#[test]
fn files_are_of_readable_length() {
    let long: Vec<String> = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .iter()
        .map(|file| {
            (
                file,
                fs::read_to_string(file)
                    .expect("sources are text")
                    .lines()
                    .count(),
            )
        })
        .filter(|(_, lines)| *lines > 600)
        .map(|(file, lines)| format!("{}: {lines} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// Only one place makes calls that not every system has.
#[test]
fn system_calls_stand_in_one_place() {
    let forbidden = Regex::new(r"std::os::(?:unix|windows)|\blibc::|cfg\((?:unix|windows)\)")
        .expect("a right pattern");
    let wrong: Vec<String> = library()
        .into_iter()
        .filter(|(_, room, code)| room != "platform" && forbidden.is_match(code))
        .map(|(file, ..)| file.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
