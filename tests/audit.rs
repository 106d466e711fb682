//! The record: whatever is changed in it afterwards is told, with its line; writers may be many and may die; no secret
//! gets into it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use keysieve::audit::{
    self, Action, Decision, FindingKind, Head, Log, Options, Proof, Verdict, Verification, verify,
};
use keysieve::engine::example::expand;
use keysieve::engine::{Engine, RuleSet};
use keysieve::model::Severity;
use proptest::prelude::*;
use serde_json::Value;
use sha2::Digest;
use tempfile::TempDir;

/// Records of the log that is changed.
const RECORDS: usize = 9;

fn unmasked(text: &str) -> String {
    text.to_owned()
}

fn decision(number: usize) -> Decision {
    Decision {
        agent: Some("claude-code".to_owned()),
        context: Some(format!("curl https://host-{number}.example/")),
        verdict: Verdict::Deny,
        result: "blocked".to_owned(),
        ..Decision::default()
    }
}

/// A log with `records` records in a folder of its own, with its signing key.
fn written(records: usize) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("audit.jsonl");
    let key = folder.path().join("key");
    audit::generate_key(&key).expect("because the folder is ours");
    append(&path, 0..records);
    (folder, path)
}

fn append(path: &Path, numbers: std::ops::Range<usize>) {
    let key = path.with_file_name("key");
    let mut options = Options::new(&unmasked);
    options.signing_key = Some(audit::signing_key(&key).expect("it was made"));
    let mut log = Log::open(path, options).expect("it can be opened");
    for number in numbers {
        log.append(&decision(number)).expect("it can be written");
    }
}

fn proof(path: &Path) -> Proof {
    let heads = audit::heads(&audit::head_beside(path)).expect("it has one");
    let public = path.with_file_name("key.pub");
    Proof {
        heads: heads
            .into_iter()
            .map(|head| ("head".to_owned(), head))
            .collect(),
        public_key: Some(audit::public_key(&public).expect("it was made")),
    }
}

fn verified(bytes: &[u8], proof: &Proof) -> Verification {
    verify(bytes, proof, &mut |_, _| {}).expect("memory can be read")
}

/// What is found in the log at `path` as it is.
fn checked(path: &Path) -> Verification {
    verified(&fs::read(path).expect("it is there"), &proof(path))
}

/// The line and the kind of the first finding.
fn first(found: &Verification) -> Option<(u64, FindingKind)> {
    found
        .findings
        .first()
        .map(|finding| (finding.line, finding.kind))
}

/// A log's lines, with their ends, and what it is held against.
static LOG: LazyLock<(Vec<Vec<u8>>, Proof)> = LazyLock::new(|| {
    let (_folder, path) = written(RECORDS);
    let text = fs::read_to_string(&path).expect("it was written");
    let lines = text
        .split_inclusive('\n')
        .map(|line| line.as_bytes().to_vec());
    (lines.collect(), proof(&path))
});

fn with(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Verification {
    let (lines, proof) = &*LOG;
    let mut lines = lines.clone();
    change(&mut lines);
    verified(&lines.concat(), proof)
}

/// Lines that are longer than any record are read past, and counted as the one line that they are.
#[test]
fn a_line_of_any_length_is_one_line() {
    for length in [64 * 1024, 64 * 1024 + 1, 64 * 1024 + 2, 300_000] {
        let found = with(|lines| lines.insert(3, [vec![b'x'; length], vec![b'\n']].concat()));
        assert_eq!(first(&found), Some((4, FindingKind::Damaged)), "{length}");
        assert_eq!(found.findings.len(), 1, "{length}");
        let found = with(|lines| lines.push(vec![b'x'; length]));
        assert_eq!(
            first(&found),
            Some((RECORDS as u64 + 1, FindingKind::Damaged)),
            "{length}"
        );
    }
}

#[test]
fn what_was_not_changed_is_intact() {
    let found = with(|_| {});
    assert_eq!(found.findings, []);
    assert_eq!(found.notes, []);
    assert_eq!(
        (found.records, found.heads, found.signed),
        (RECORDS as u64, 1, true)
    );
}

proptest! {
    #[test]
    fn any_edit_is_found_in_its_line(line in 0..RECORDS, at in any::<prop::sample::Index>(), byte: u8) {
        let found = with(|lines| {
            let at = at.index(lines[line].len());
            let old = lines[line][at];
            lines[line][at] = if old == byte { byte ^ 1 } else { byte };
        });
        prop_assert_eq!(first(&found).map(|(line, _)| line), Some(line as u64 + 1));
    }

    #[test]
    fn any_deletion_is_found_where_it_was(from in 0..RECORDS, count in 1..RECORDS) {
        let found = with(|lines| _ = lines.drain(from..RECORDS.min(from + count)));
        prop_assert_eq!(first(&found), Some((from as u64 + 1, FindingKind::Missing)));
    }

    #[test]
    fn any_other_order_is_found_where_it_begins(a in 0..RECORDS, b in 0..RECORDS) {
        prop_assume!(a != b);
        let found = with(|lines| lines.swap(a, b));
        prop_assert_eq!(first(&found).map(|(line, _)| line), Some(a.min(b) as u64 + 1));
    }

    #[test]
    fn any_move_is_found_where_it_begins(from in 0..RECORDS, to in 0..RECORDS) {
        prop_assume!(from != to);
        let found = with(|lines| {
            let line = lines.remove(from);
            lines.insert(to, line);
        });
        prop_assert_eq!(first(&found).map(|(line, _)| line), Some(from.min(to) as u64 + 1));
    }

    #[test]
    fn any_repetition_is_found(line in 0..RECORDS, to in 0..=RECORDS) {
        let found = with(|lines| {
            let line = lines[line].clone();
            lines.insert(to, line);
        });
        // Before or behind itself it is the same: the second one is one too many.
        let want = if to == line { line + 1 } else { to };
        prop_assert_eq!(first(&found).map(|(line, _)| line), Some(want as u64 + 1));
    }

    #[test]
    fn any_cut_is_found_where_it_is(at in any::<prop::sample::Index>()) {
        let (lines, proof) = &*LOG;
        let bytes = lines.concat();
        let cut = &bytes[..at.index(bytes.len() + 1)];
        // A record without its line end is whole.
        let mut whole = 0;
        let mut end = 0;
        for line in lines {
            end += line.len();
            whole += u64::from(cut.len() >= end - 1);
        }
        let found = verified(cut, proof);
        let want = (whole < RECORDS as u64).then_some((whole + 1, FindingKind::Missing));
        prop_assert_eq!(first(&found), want);
    }

    /// Whatever bytes there are: an answer, and never that all is well.
    #[test]
    fn anything_else_is_no_log(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (_, proof) = &*LOG;
        prop_assert!(!verified(&bytes, proof).is_intact());
    }

    /// A writer that dies leaves the beginning of its record. The next one ends it, and says so.
    #[test]
    fn a_torn_record_is_accounted_for(cut in any::<prop::sample::Index>(), twice: bool) {
        let (_folder, path) = written(2);
        let before = fs::read(&path).expect("it is there");
        let read = |path: &Path| fs::read(path).expect("it is there");
        let torn = |path: &Path, number: usize| {
            let (before, head) = (read(path), read(&audit::head_beside(path)));
            append(path, number..number + 1);
            let after = read(path);
            let length = before.len() + 1 + cut.index(after.len() - before.len() - 2);
            fs::write(path, &after[..length]).expect("because the folder is ours");
            fs::write(audit::head_beside(path), head).expect("because the folder is ours");
        };
        torn(&path, 2);
        if twice {
            torn(&path, 3);
        }
        let length = fs::read(&path).expect("it is there").len();
        let found = checked(&path);
        prop_assert_eq!(&found.findings, &[]);
        prop_assert!(found.notes.len() <= 1);
        append(&path, 4..6);
        let after = fs::read(&path).expect("it is there");
        prop_assert!(after.len() > length && after.starts_with(&before), "nothing is lost");
        let found = checked(&path);
        prop_assert_eq!(&found.findings, &[]);
        prop_assert_eq!(found.signed, true);
        prop_assert!(found.records >= 4);
        // Nobody can do away with what the next writer found.
        let text = String::from_utf8(after).expect("it is text");
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        if let Some(note) = found.notes.first() {
            lines.remove(note.line as usize - 1);
            let found = verified(lines.concat().as_bytes(), &proof(&path));
            prop_assert_eq!(first(&found).map(|(line, _)| line), Some(note.line));
        }
    }
}

/// A writer may be killed when its record is written and its head is not.
#[test]
fn a_record_without_its_head_is_no_finding() {
    for records in 0..3 {
        let (_folder, path) = written(records);
        let head = audit::head_beside(&path);
        let before = fs::read(&head);
        append(&path, records..records + 1);
        let before = before.unwrap_or_else(|_| {
            // What the first writer puts there before its record.
            let first = audit::heads(&head).expect("it is one")[0].clone();
            let (seq, hash) = (0, "0".repeat(64));
            let key = audit::signing_key(&path.with_file_name("key")).expect("it was made");
            Head { seq, hash, ..first }.signed(&key).line().into_bytes()
        });
        fs::write(&head, before).expect("because the folder is ours");
        assert_eq!(checked(&path).findings, [], "after {records} records");
        append(&path, records + 1..records + 3);
        let found = checked(&path);
        assert_eq!(found.findings, [], "after {records} records");
        assert_eq!((found.records, found.heads), (records as u64 + 3, 1));
    }
}

#[test]
fn a_cut_end_stays_known_when_others_write_on() {
    let (_folder, path) = written(5);
    let text = fs::read_to_string(&path).expect("it is there");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    fs::write(&path, lines[..3].concat()).expect("because the folder is ours");
    assert_eq!(first(&checked(&path)), Some((4, FindingKind::Missing)));
    append(&path, 5..9);
    let found = checked(&path);
    assert_eq!(first(&found), Some((4, FindingKind::Missing)));
    assert_eq!(found.findings.len(), 1, "{:?}", found.findings);

    let (_folder, path) = written(3);
    fs::remove_file(audit::head_beside(&path)).expect("it is there");
    append(&path, 3..4);
    assert_eq!(first(&checked(&path)), Some((4, FindingKind::Headless)));

    let (_folder, path) = written(3);
    fs::write(&path, "").expect("because the folder is ours");
    append(&path, 3..4);
    assert_eq!(first(&checked(&path)), Some((1, FindingKind::Missing)));
}

/// A line with other words and with the hash that belongs to it, as its documentation says.
fn forged(line: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(line.to_vec()).expect("it is text");
    let (sealed, _) = text.rsplit_once(",\"hash\"").expect("it has a hash");
    let sealed = sealed.replace("\"deny\"", "\"allow\"");
    let digest = sha2::Sha256::digest(format!("{sealed}}}"));
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{sealed},\"hash\":\"{hash}\"}}\n").into_bytes()
}

/// A record that is put in the place of another is right in itself: the one behind it, or the head, is not.
#[test]
fn a_replaced_record_is_told_by_the_next_one() {
    for line in 0..RECORDS {
        let found = with(|lines| lines[line] = forged(&lines[line]));
        let want = match line + 1 < RECORDS {
            true => (line as u64 + 2, FindingKind::Unlinked),
            false => (RECORDS as u64, FindingKind::Rewritten),
        };
        assert_eq!(first(&found), Some(want));
        assert_eq!(found.findings.len(), 1, "{:?}", found.findings);
    }
    // A record of another log, right in itself and in its number.
    let (_folder, path) = written(5);
    let text = fs::read_to_string(&path).expect("it is there");
    let line = text
        .split_inclusive('\n')
        .nth(4)
        .expect("it has five")
        .as_bytes()
        .to_vec();
    let found = with(|lines| lines.insert(4, line));
    assert_eq!(first(&found), Some((5, FindingKind::Unlinked)));
    assert_eq!(found.findings.len(), 1, "{:?}", found.findings);
}

/// Whoever can write the log can write all of it anew. Without the key they cannot sign it.
#[test]
fn a_log_written_anew_does_not_agree_with_heads_kept_elsewhere() {
    let (_folder, path) = written(4);
    let kept = proof(&path);
    append(&path, 4..6);
    // Another chain of the same length, with heads by another key.
    let (_other, forged) = written(6);
    let bytes = fs::read(&forged).expect("it is there");
    let mut evidence = kept.clone();
    assert!(
        !verified(&bytes, &evidence).is_intact(),
        "the kept head is of another log"
    );
    evidence.heads.extend(proof(&forged).heads);
    let found = verified(&bytes, &evidence);
    let unsigned = found
        .findings
        .iter()
        .any(|finding| finding.kind == FindingKind::Unsigned);
    assert!(unsigned, "{:?}", found.findings);

    // The same chain from its third record on, written anew with right hashes.
    let text = fs::read_to_string(&path).expect("it is there");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    fs::write(&path, lines[..2].concat()).expect("because the folder is ours");
    fs::remove_file(audit::head_beside(&path)).expect("it is there");
    append(&path, 7..11);
    let found = verified(&fs::read(&path).expect("it is there"), &kept);
    let rewritten = found
        .findings
        .iter()
        .find(|f| f.kind == FindingKind::Rewritten);
    assert_eq!(rewritten.map(|finding| finding.line), Some(4));
}

#[test]
fn nothing_is_added_to_another_file() {
    let cases = [
        ("notes\n", false),
        ("{\"v\":2}\n", false),
        ("\n", false),
        ("", true),
        // What a writer left that died.
        ("{\"v\":1,\"se", true),
        ("{\"v\":1,\"seq\":1,\"time", true),
    ];
    for (text, is_log) in cases {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("notes");
        fs::write(&path, text).expect("because the folder is ours");
        let log = Log::open(&path, Options::new(&unmasked));
        assert_eq!(log.is_ok(), is_log, "{text}");
        if let Ok(mut log) = log {
            log.append(&decision(0)).expect("it can be written");
        }
        let after = fs::read_to_string(&path).expect("it is there");
        assert!(
            after.starts_with(text) && (after != text) == is_log,
            "{after}"
        );
        let files = fs::read_dir(folder.path()).expect("it is there").count();
        assert_eq!(files, if is_log { 3 } else { 1 }, "{text}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(Log::open(folder.path(), Options::new(&unmasked)).is_err());
    assert!(Log::open(&folder.path().join("no/where"), Options::new(&unmasked)).is_err());
}

#[test]
fn a_number_beyond_all_is_no_panic() {
    let (_folder, path) = written(1);
    let line = fs::read_to_string(&path).expect("it is there");
    let line = line.replace("\"seq\":1,", &format!("\"seq\":{},", u64::MAX));
    fs::write(&path, forged(line.as_bytes())).expect("because the folder is ours");
    append(&path, 0..1);
    assert!(!checked(&path).is_intact());
}

/// The end of a long log is found without reading it: a line of the greatest length is no hindrance.
#[test]
fn long_texts_are_cut_and_long_logs_go_on() {
    let (_folder, path) = written(0);
    let long = Decision {
        context: Some(["\u{1}".repeat(3000), " ".into()].concat().repeat(30)),
        session: Some("é".repeat(5_000)),
        result: "\"".repeat(5_000),
        ..decision(0)
    };
    let mut log = Log::open(&path, Options::new(&unmasked)).expect("it can be opened");
    for _ in 0..40 {
        log.append(&long).expect("it can be written");
    }
    let text = fs::read_to_string(&path).expect("it is there");
    assert!(text.lines().all(|line| line.len() < 64 * 1024));
    assert!(text.len() > 300_000, "longer than what is read of its end");
    let found = verified(text.as_bytes(), &Proof::default());
    assert_eq!((first(&found), found.records), (None, 40));
}

/// What the command line masks with.
fn masked(text: &str) -> String {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(RuleSet::embedded()));
    keysieve::scan::masked(&ENGINE, text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Wherever a secret stands in whatever a caller passes, also where a text is cut: no record holds it.
    #[test]
    fn no_record_holds_a_secret(
        seed: u64,
        before in prop_oneof!["[a-z =:\n]{0,40}".boxed(), Just("word ".repeat(400 - 4)).boxed(), Just("word ".repeat(13_100)).boxed()],
        shift in 0..50usize,
    ) {
        let secret = expand("<crc32-base62:ghp_>", seed);
        let text = format!("{before}{}{secret} https://{secret}@{secret}.a.example/ {secret}", " ".repeat(shift));
        let all = || Some(text.clone());
        let decision = Decision {
            agent: all(), session: all(), tool: all(), call: all(), context: all(), rule: all(),
            result: text.clone(),
            ..Decision::default()
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("audit.jsonl");
        let options = Options { authorizer: all(), ..Options::new(&masked) };
        let mut log = Log::open(&path, options).expect("it can be opened");
        log.append(&Decision { credential: Some(log.fingerprint("r", secret.as_bytes())), ..decision })
            .expect("it can be written");
        let written = fs::read_to_string(&path).expect("it is there").to_lowercase();
        // Not even half of it, and in no case: hosts are in lower case.
        for from in [4, 14, 24] {
            let part = secret[from..from + 16].to_lowercase();
            prop_assert!(!written.contains(&part), "{written}");
        }
    }
}

/// Whatever is recorded is as `schemas/keysieve-audit.schema.json` says, which names nothing that is not.
#[test]
fn records_are_as_the_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../schemas/keysieve-audit.schema.json"))
        .expect("it is JSON");
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("it is a schema");
    let (_folder, path) = written(0);
    let options = Options {
        authorizer: Some("jane".to_owned()),
        ..Options::new(&unmasked)
    };
    let mut log = Log::open(&path, options).expect("it can be opened");
    let some = || Some("x".to_owned());
    for action in Action::ALL {
        for verdict in Verdict::ALL {
            let decision = Decision {
                session: some(),
                tool: some(),
                call: some(),
                rule: some(),
                severity: Some(Severity::High),
                credential: Some(log.fingerprint("r", b"s")),
                action,
                verdict,
                ..decision(1)
            };
            log.append(&decision).expect("it can be written");
        }
    }
    // One that found all that can be found: a torn line, a head ahead of the log, and none.
    let text = fs::read_to_string(&path).expect("it is there");
    fs::write(&path, &text[..text.len() - 40]).expect("because the folder is ours");
    append(&path, 0..1);
    fs::remove_file(audit::head_beside(&path)).expect("it is there");
    append(&path, 0..1);
    let text = fs::read_to_string(&path).expect("it is there");
    let records = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let records: Vec<Value> = records.collect();
    let pairs = Action::ALL.len() * Verdict::ALL.len();
    assert_eq!(records.len(), pairs + 2 - 1, "one is torn");
    let mut seen = std::collections::BTreeSet::new();
    for record in &records {
        let errors: Vec<String> = validator
            .iter_errors(record)
            .map(|e| e.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{record}");
        seen.extend(record.as_object().expect("it is one").keys().cloned());
        seen.extend(
            record["found"]
                .as_object()
                .into_iter()
                .flat_map(|found| found.keys().cloned()),
        );
    }
    let properties = |value: &Value| {
        value["properties"]
            .as_object()
            .expect("it has them")
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let known = [
        properties(&schema),
        properties(&schema["properties"]["found"]),
    ]
    .concat();
    assert_eq!(seen, known.into_iter().collect());
}

/// A log may hold whatever somebody wrote into it.
#[test]
fn nothing_in_a_log_acts_on_a_terminal() {
    let (folder, path) = written(0);
    let hostile = || Some("\u{1b}[2J\u{202e}".to_owned());
    let decision = Decision {
        agent: hostile(),
        rule: hostile(),
        ..decision(0)
    };
    let mut log = Log::open(&path, Options::new(&unmasked)).expect("it can be opened");
    log.append(&decision).expect("it can be written");
    let head = audit::heads(&audit::head_beside(&path))
        .expect("it is one")
        .remove(0);
    let forged = Head {
        hash: "0".repeat(64),
        time: "\u{1b}[2J".to_owned(),
        ..head
    };
    fs::write(audit::head_beside(&path), forged.line()).expect("because the folder is ours");
    for what in ["verify", "report"] {
        let output = Command::new(env!("CARGO_BIN_EXE_keysieve"))
            .args(["audit", what])
            .arg(&path)
            .current_dir(folder.path())
            .output()
            .expect("it can be started");
        let text = String::from_utf8(output.stdout).expect("it is text");
        assert_eq!(output.status.code(), Some(1), "{text:?}");
        assert!(text.contains("\u{fffd}[2J"), "{text:?}");
        let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!text.contains(acts), "{text:?}");
    }
}

#[test]
fn a_fingerprint_is_of_one_log_and_the_same_in_it() {
    let (_a, a) = written(0);
    let (_b, b) = written(0);
    let open = |path: &Path| Log::open(path, Options::new(&unmasked)).expect("it can be opened");
    let of = |log: &Log<'_>| log.fingerprint("r", b"secret");
    assert_eq!(of(&open(&a)), of(&open(&a)));
    assert_ne!(
        of(&open(&a)),
        of(&open(&b)),
        "who has one log cannot look for it in another"
    );
}

/// A file of findings, and a process that scans it into a log.
struct Scanner {
    folder: TempDir,
    log: PathBuf,
}

/// Findings of one scan.
const FINDINGS: usize = 150;

impl Scanner {
    fn new() -> Scanner {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let lines: Vec<String> = (0..FINDINGS as u64)
            .map(|seed| format!("token = {}\n", expand("<crc32-base62:ghp_>", seed)))
            .collect();
        fs::write(folder.path().join("leaks"), lines.concat()).expect("because the folder is ours");
        let log = folder.path().join("audit.jsonl");
        Scanner { folder, log }
    }

    fn start(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_keysieve"))
            .args([
                "scan",
                "leaks",
                "--quiet",
                "--authorizer",
                "jane",
                "--audit",
            ])
            .arg(&self.log)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("it can be started")
    }

    fn found(&self) -> Verification {
        let heads: Vec<Head> = audit::heads(&audit::head_beside(&self.log)).expect("it is one");
        let proof = Proof {
            heads: heads
                .into_iter()
                .map(|head| ("head".to_owned(), head))
                .collect(),
            public_key: None,
        };
        verified(&fs::read(&self.log).expect("it is there"), &proof)
    }
}

#[test]
fn many_processes_write_one_chain() {
    let scanner = Scanner::new();
    let processes: Vec<Child> = (0..6).map(|_| scanner.start()).collect();
    for mut process in processes {
        let status = process.wait().expect("it ends");
        assert_eq!(
            status.code(),
            Some(1),
            "it has findings, and wrote them all down"
        );
    }
    let found = scanner.found();
    assert_eq!(found.findings, []);
    assert_eq!(found.notes, []);
    assert_eq!(found.records, 6 * FINDINGS as u64);
    assert_eq!(found.heads, 1);
}

#[test]
fn a_process_may_be_killed_at_any_time() {
    let scanner = Scanner::new();
    let mut before = 0;
    for round in 0..12u64 {
        let mut processes = [scanner.start(), scanner.start()];
        // Killed as soon as the log has grown by some bytes, a few more each time.
        let length = || fs::metadata(&scanner.log).map_or(0, |metadata| metadata.len());
        let wanted = length() + 1 + round * 700;
        while length() < wanted
            && processes
                .iter_mut()
                .any(|p| p.try_wait().expect("it runs").is_none())
        {
            std::thread::yield_now();
        }
        for process in &mut processes {
            process.kill().expect("it was started");
            process.wait().expect("it ends");
        }
        let found = scanner.found();
        assert_eq!(found.findings, [], "after round {round}");
        assert!(
            found.records > before,
            "nothing is lost and something was added"
        );
        before = found.records;
    }
    let status = scanner.start().wait().expect("it ends");
    assert_eq!(status.code(), Some(1));
    let found = scanner.found();
    assert_eq!(found.findings, []);
    assert_eq!(found.records, before + FINDINGS as u64);
}
