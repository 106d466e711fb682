//! The command line, as data: `tests/cli/*.trycmd` are sessions, `tests/cli/*.toml` single commands with input.
//!
//! A case runs in the folder `NAME.in`, which is written out into a temporary place first: `<b62:24>` and the like
//! become generated values, so that no token stands in the repository (but for rule files, which have templates
//! themselves), and a name that begins with `dot_` begins
//! with `.`, so that a case's `.gitignore` is none of ours. Every case has the user's configuration of
//! `home.in`, which adds the rules of a provider that does not exist; expected output then changes only
//! when the program does. `TRYCMD=overwrite cargo test --test cli` writes the expected output anew.

use std::fs;
use std::path::Path;

use keysieve::engine::example::expand;
use regex::Regex;

/// Writes a folder out.
fn write_out(from: &Path, to: &Path, expanded: bool) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the cases are there") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().expect("it has one").to_string_lossy();
        let to = to.join(match name.strip_prefix("dot_") {
            Some(rest) => format!(".{rest}"),
            None => name.clone().into_owned(),
        });
        let inside = expanded || name.ends_with(".in");
        let template = inside && !name.ends_with(".toml") || name.ends_with(".stdin");
        if path.is_dir() {
            write_out(&path, &to, inside);
        } else if template {
            let text = fs::read_to_string(&path).expect("input is text");
            fs::write(to, expand(&text, 1)).expect("written");
        } else {
            fs::copy(&path, to).expect("copied");
        }
    }
}

/// Takes expected output that was written anew back into the sources.
fn take_back(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the cases are there") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_name().expect("it has one");
        if path.is_file() && !name.to_string_lossy().ends_with(".stdin") {
            let text = fs::read_to_string(&path).expect("cases are text");
            fs::write(to.join(name), without_what_changes(text)).expect("written");
        }
    }
}

/// Puts `[..]`, which stands for anything, for what differs from run to run or from day to day.
fn without_what_changes(text: String) -> String {
    [
        r"(Scanned [^\n]*?) in [0-9.]+ m?s with [0-9,]+ rules?(?: \([^)]*\))?()",
        r#"("elapsed_seconds":)[0-9.e-]+()"#,
        r#"("rules":)[0-9]+()"#,
        r#"( time=")[0-9.]+(")"#,
        &format!("(){}()", regex::escape(env!("CARGO_PKG_VERSION"))),
        // Canaries and heads of records.
        r"(?m)^()[0-9a-f]{8}(: planted|  [a-z-]+ +)",
        r"(?m)^(\[\.\.\]  [a-z-]+ +)[0-9T:-]{19}Z()",
        r#"("id": ")[0-9a-f]{8}(")"#,
        r#"("planted": ")[^"]*(")"#,
        r#"(\{"v":1,"chain":")[^}]*(")"#,
    ]
    .iter()
    .fold(text, |text, pattern| {
        let pattern = Regex::new(pattern).expect("a right pattern");
        pattern.replace_all(&text, "${1}[..]${2}").into_owned()
    })
}

#[test]
fn sessions() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let here = folder.path();
    write_out(&cases, here, false);
    let tests = trycmd::TestCases::new();
    tests
        .case(here.join("*.trycmd"))
        .case(here.join("*.toml"))
        .env("XDG_CONFIG_HOME", here.join("home.in").to_string_lossy())
        .env("HOME", here.join("nobody").to_string_lossy())
        .env("COLUMNS", "100");
    // It panics where a case fails.
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tests.run()));
    if std::env::var_os("TRYCMD").is_some_and(|mode| mode == "overwrite") {
        take_back(here, &cases);
    }
    if let Err(failed) = result {
        std::panic::resume_unwind(failed);
    }
}
