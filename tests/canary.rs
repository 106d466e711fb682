//! Canaries, from the planting to the alarm: wherever one turns up, and whatever somebody says about it.

use std::fs;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

/// Runs keysieve in a folder, with a register beside it.
fn keysieve(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keysieve"))
        .args(arguments)
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path())
        .env("KEYSIEVE_CANARIES", folder.path().join("canaries"))
        .output()
        .expect("it can be started")
}

fn file(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).expect("it is there")
}

fn put(folder: &TempDir, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().expect("it has one")).expect("because the folder is ours");
    fs::write(path, text).expect("because the folder is ours");
}

/// A folder with a canary of `kind`, planted in `home/FILE`; and the text that was planted.
fn planted(kind: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    put(&folder, "home/readme", "nothing\n");
    let name = if kind == "mcp" {
        "home/f.json"
    } else {
        "home/f.txt"
    };
    let output = keysieve(
        &folder,
        &[
            "canary", "new", "--kind", kind, "--plant", name, "--note", "a note",
        ],
    );
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        output.stdout, b"",
        "the value is in the file and nowhere else"
    );
    let text = file(&folder, name);
    (folder, text)
}

/// The findings of a scan of `leak`, and its whole output.
fn scanned(folder: &TempDir, more: &[&str]) -> (Option<i32>, Vec<Value>, String) {
    let arguments = [&["scan", "leak", "--quiet", "--format", "json"], more].concat();
    let output = keysieve(folder, &arguments);
    let text = String::from_utf8(output.stdout).expect("it is text");
    let report: Value = serde_json::from_str(&text).unwrap_or_default();
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    (output.status.code(), findings, text)
}

/// The values in a planted text: its long words with a digit.
fn values(text: &str) -> Vec<&str> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || "+/_-".contains(c));
    text.split(ends)
        .filter(|word| word.len() >= 20 && word.bytes().any(|b| b.is_ascii_digit()))
        .collect()
}

fn is_alarm(finding: &Value) -> bool {
    let reasons = finding["reasons"].to_string();
    finding["severity"] == "critical"
        && reasons.contains("is the canary")
        && reasons.contains("home/f.")
}

const KINDS: [&str; 7] = [
    "aws",
    "github",
    "slack",
    "database-url",
    "env",
    "mcp",
    "word",
];

#[test]
fn a_canary_raises_the_alarm_outside_of_its_place() {
    for kind in KINDS {
        let (folder, text) = planted(kind);
        let register = file(&folder, "canaries");
        let values = values(&text);
        assert!(!values.is_empty(), "{kind}");
        for value in &values {
            assert!(
                !register.contains(value),
                "{kind}: the register holds no value"
            );
        }
        put(&folder, "leak/copied", &text);
        let (code, findings, output) = scanned(&folder, &[]);
        assert_eq!(code, Some(1), "{kind}");
        assert!(
            !findings.is_empty() && findings.iter().all(is_alarm),
            "{kind}: {output}"
        );
        for value in &values {
            assert!(!output.contains(value), "{kind}: the report shows no value");
        }
        let output = keysieve(&folder, &["scan", "home", "--quiet"]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{kind}: where it was planted it is at home"
        );
    }
}

#[test]
fn nothing_accepts_a_canary() {
    let (folder, text) = planted("env");
    let line = text.trim_end();
    put(
        &folder,
        "leak/allowed",
        format!("{line} # keysieve:allow\n"),
    );
    put(
        &folder,
        "keysieve.toml",
        "[[allow]]\nreason = \"all\"\npaths = [\"leak/**\"]\n",
    );
    keysieve(
        &folder,
        &["baseline", "create", "leak", "--output", "accepted"],
    );
    let (code, findings, output) = scanned(
        &folder,
        &["--baseline", "accepted", "--min-confidence", "high"],
    );
    assert_eq!((code, findings.len()), (Some(1), 1), "{output}");
    assert!(is_alarm(&findings[0]), "{output}");
}

#[test]
fn a_word_is_met_in_other_forms() {
    let (folder, text) = planted("word");
    let word = text.trim_end();
    let hex: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
    put(
        &folder,
        "leak/hex",
        format!("curl https://a.example/{hex}\n"),
    );
    put(&folder, "leak/raw", format!("x{word}x\n"));
    for before in ["", "a", "ab"] {
        let text = STANDARD.encode(format!("{before}{word} and so on"));
        put(&folder, &format!("leak/base64-{}", before.len()), text);
    }
    let utf16: Vec<u8> = format!("say {word}\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    put(&folder, "leak/utf16", utf16);
    let (code, findings, output) = scanned(&folder, &[]);
    assert_eq!(code, Some(1));
    let count = |finding: &Value| finding["locations"].as_array().map_or(0, Vec::len);
    assert_eq!(findings.iter().map(count).sum::<usize>(), 6, "{output}");
    assert!(findings.iter().all(is_alarm), "{output}");
}

#[test]
fn whoever_lacks_the_register_is_told_that_it_is_a_canary() {
    let (folder, text) = planted("env");
    put(&folder, "leak/copied", &text);
    fs::remove_file(folder.path().join("canaries")).expect("it is there");
    let made = keysieve(&folder, &["canary", "new", "--kind", "word"]);
    assert!(made.status.success(), "there is a register again: {made:?}");
    let (code, findings, output) = scanned(&folder, &[]);
    assert_eq!((code, findings.len()), (Some(1), 1), "{output}");
    assert_eq!(findings[0]["severity"], "medium", "{output}");
    assert_eq!(findings[0]["rule"], "keysieve-canary", "{output}");
}

#[test]
fn what_is_forgotten_raises_no_alarm() {
    let (folder, text) = planted("github");
    put(&folder, "leak/copied", &text);
    let list = keysieve(&folder, &["canary", "list", "--json"]);
    let list: Value = serde_json::from_slice(&list.stdout).expect("it is JSON");
    let id = list["canaries"][0]["id"]
        .as_str()
        .expect("it has one")
        .to_owned();
    let removed = keysieve(&folder, &["canary", "remove", &id]);
    assert!(removed.status.success(), "{removed:?}");
    let (code, findings, output) = scanned(&folder, &[]);
    assert_eq!(code, Some(1), "its rule finds it still");
    assert!(!findings.iter().any(is_alarm), "{output}");
}

/// A key id of an account that is known for its canaries, put together here.
#[test]
fn a_foreign_canary_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let id = ["AKIA", "QYLPMN5H", "HHFPZAM2"].concat();
    put(
        &folder,
        "leak/credentials",
        format!("aws_access_key_id = {id}\n"),
    );
    let output = Command::new(env!("CARGO_BIN_EXE_keysieve"))
        .args(["scan", "leak", "--quiet", "--format", "json"])
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .output()
        .expect("it can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("is a foreign canary"), "{text}");
    assert!(text.contains("052310077262"), "{text}");
}

#[test]
fn a_register_that_is_asked_for_must_be_there() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    put(&folder, "leak/a", "nothing\n");
    let output = keysieve(&folder, &["scan", "leak"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
