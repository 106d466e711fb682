//! `keysieve agent install`, `test`, `transcripts` and `config` as a person runs them, in a home of their own.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use serde_json::{Value, json};
use support::{Run, Running, Tree, token};

/// Runs `keysieve agent` with this tree as the home.
fn agent(tree: &Tree, args: &[&str]) -> Run {
    let mut command = tree.keysieve(["agent"].iter().chain(args));
    command
        .env("HOME", tree.path())
        .env("CLAUDE_CONFIG_DIR", tree.path().join(".claude"))
        .env_remove("CODEX_HOME")
        .env_remove("COPILOT_HOME")
        .env_remove("XDG_DATA_HOME");
    Running::start(&mut command).wait()
}

/// Every file below the tree with what is in it.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it can be listed").path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => {
                let text = fs::read_to_string(&path).expect("settings are text");
                all.push((path, text));
            }
        }
    }
    all.sort();
    all
}

const SETTINGS: &str =
    "{\n  // mine\n  \"model\": \"opus\",\n  \"permissions\": { \"allow\": [\"Bash(ls:*)\"] }\n}\n";

#[test]
fn installs_tries_and_takes_out_again() {
    let tree = Tree::new();
    for file in [".claude/settings.json", ".gemini/settings.json"] {
        tree.file(file, SETTINGS);
    }
    for folder in [
        ".codex",
        ".cursor",
        ".copilot",
        ".config/Code",
        ".codeium/windsurf",
        ".config/opencode",
    ] {
        fs::create_dir_all(tree.path().join(folder)).expect("a folder");
    }
    let before = files(tree.path());
    let doctor = agent(&tree, &["doctor"]);
    assert_eq!(doctor.code, 1, "{doctor:?}");
    assert_eq!(
        doctor.stdout.matches(": not guarded").count(),
        8,
        "{}",
        doctor.stdout
    );
    let dry = agent(&tree, &["install", "--dry-run"]);
    assert_eq!(
        (dry.code, dry.stdout.matches("would put").count()),
        (0, 8),
        "{dry:?}"
    );
    assert_eq!(files(tree.path()), before, "--dry-run does nothing");

    let install = agent(&tree, &["install"]);
    assert_eq!(install.code, 0, "{install:?}");
    let installed = files(tree.path());
    assert_eq!(installed.len(), 8);
    let again = agent(&tree, &["install"]);
    assert_eq!(
        (again.code, again.stdout.matches("already in").count()),
        (0, 8),
        "{again:?}"
    );
    assert_eq!(
        files(tree.path()),
        installed,
        "installing twice changes nothing"
    );
    let doctor = agent(&tree, &["doctor"]);
    assert_eq!(
        (doctor.code, doctor.stdout.matches(": guarded\n").count()),
        (1, 7),
        "Codex has not been told to trust them: {doctor:?}"
    );
    let config = trusted(
        &tree,
        &["pre_tool_use", "post_tool_use", "user_prompt_submit"],
    );
    let doctor = agent(&tree, &["doctor"]);
    assert_eq!(
        (doctor.code, doctor.stdout.matches(": guarded\n").count()),
        (0, 8),
        "{doctor:?}"
    );
    fs::remove_file(config).expect("it is there");

    // The wrapped command needs `keysieve exec`; all others are tried here.
    for name in [
        "claude-code",
        "codex",
        "gemini",
        "copilot",
        "vscode",
        "windsurf",
        "opencode",
    ] {
        let test = agent(&tree, &["test", "--agent", name]);
        assert_eq!(test.code, 0, "{test:?}");
        assert!(test.stdout.contains(" 0 failed"), "{}", test.stdout);
    }

    let uninstall = agent(&tree, &["uninstall"]);
    assert_eq!(uninstall.code, 0, "{uninstall:?}");
    assert_eq!(
        files(tree.path()),
        before,
        "what was there is there again, byte by byte"
    );
}

#[test]
fn a_hook_that_lets_the_canary_through_fails_the_test() {
    let tree = Tree::new();
    fs::create_dir_all(tree.path().join(".claude")).expect("a folder");
    assert_eq!(agent(&tree, &["install"]).code, 0);
    let file = tree.path().join(".claude/settings.json");
    let good = fs::read_to_string(&file).expect("it was written");
    let program = env!("CARGO_BIN_EXE_keysieve");
    // One that echoes what it is given, and one that says nothing, as a program would that is not there any more.
    let folder = tree.path().join("bin");
    fs::create_dir_all(&folder).expect("a folder");
    for (script, why) in [
        ("#!/bin/sh\ncat\n", "comes through"),
        ("#!/bin/sh\nexit 0\n", "rather than"),
    ] {
        let fake = tree.file("bin/keysieve", script);
        make_executable(&fake);
        let bad = good.replace(program, fake.to_str().expect("a plain path"));
        assert_ne!(bad, good);
        fs::write(&file, bad).expect("written");
        let test = agent(&tree, &["test"]);
        assert_eq!(test.code, 1, "{test:?}");
        assert!(
            test.stdout.contains("FAILED") && test.stdout.contains(why),
            "{}",
            test.stdout
        );
        assert!(!test.stdout.contains("ghp_"), "the canary is not printed");
    }
    fs::remove_file(folder.join("keysieve")).expect("it is there");
    let doctor = agent(&tree, &["doctor"]);
    assert!(
        doctor.code == 1 && doctor.stdout.contains("its program is gone"),
        "{doctor:?}"
    );
}

/// What Codex writes down where somebody trusts our hooks for `events`.
fn trusted(tree: &Tree, events: &[&str]) -> PathBuf {
    let hooks = tree.path().join(".codex/hooks.json");
    let entries = events.iter().map(|event| {
        let hooks = hooks.display();
        format!("[hooks.state.'{hooks}:{event}:0:0']\ntrusted_hash = \"sha256:0\"\n")
    });
    tree.file(".codex/config.toml", entries.collect::<String>())
}

fn make_executable(path: &Path) {
    let status = std::process::Command::new("chmod")
        .arg("+x")
        .arg(path)
        .status();
    assert!(status.expect("there is a `chmod`").success());
}

#[test]
fn prints_what_is_to_be_put_elsewhere() {
    let tree = Tree::new();
    tree.file(".codex/hooks.json", SETTINGS);
    let before = files(tree.path());
    let run = agent(
        &tree,
        &["install", "--print", "--agent", "codex", "--wrap", "always"],
    );
    assert_eq!(run.code, 0, "{run:?}");
    let printed: Value = serde_json::from_str(&run.stdout).expect("JSON, and nothing else");
    let line = printed["hooks"]["PreToolUse"][0]["hooks"][0]["command"].as_str();
    assert!(
        line.is_some_and(|line| line.ends_with(" agent hook --wrap always")),
        "{printed}"
    );
    assert_eq!(files(tree.path()), before);
    for args in [
        &["install", "--print"][..],
        &[
            "install", "--print", "--agent", "codex", "--agent", "gemini",
        ],
    ] {
        let run = agent(&tree, args);
        assert_eq!((run.code, &run.stdout[..]), (2, ""), "{args:?}");
    }
}

#[test]
fn settings_that_are_not_understood_are_left_alone() {
    let tree = Tree::new();
    let secret = token(21);
    tree.file(
        ".claude/settings.json",
        format!("{{\"env\": {{\"T\": \"{secret}\"}}, \"hooks\": [}}"),
    );
    tree.file(".gemini/settings.json", "{\"hooks\": 1}");
    let before = files(tree.path());
    let run = agent(&tree, &["install"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("it was left alone"), "{}", run.stderr);
    assert!(!run.stderr.contains(&secret));
    assert_eq!(files(tree.path()), before);
    let tree = Tree::new();
    let run = agent(&tree, &["install"]);
    assert!(
        run.code == 2 && run.stderr.contains("no agent was found"),
        "{run:?}"
    );
}

/// The plugin in a JavaScript engine, with the calls that OpenCode makes.
#[test]
#[ignore = "needs node"]
fn the_plugin_for_opencode_does_what_the_answers_say() {
    let tree = Tree::new();
    let secret = token(27);
    fs::create_dir_all(tree.path().join(".config/opencode")).expect("a folder");
    assert_eq!(agent(&tree, &["install"]).code, 0);
    fs::copy(
        tree.path().join(".config/opencode/plugins/keysieve.js"),
        tree.path().join("plugin.mjs"),
    )
    .expect("copied");
    tree.file(
        "run.mjs",
        r#"
import { Keysieve } from "./plugin.mjs";
const secret = process.env.PLANTED;
const hooks = await Keysieve({ directory: "/tmp" });
const call = { tool: "bash", sessionID: "s", callID: "c" };
const said = {};
try {
  await hooks["tool.execute.before"](call, { args: { command: `echo ${secret}` } });
} catch (error) { said.denied = error.message; }
await hooks["tool.execute.before"](call, { args: { command: "ls" } });
const after = { title: "t", output: `T=${secret}`, metadata: { output: secret, exit: 0 } };
await hooks["tool.execute.after"]({ ...call, args: { command: "env" } }, after);
const clean = { title: "t", output: "ok", metadata: {} };
await hooks["tool.execute.after"]({ ...call, args: {} }, clean);
const remote = { content: [{ type: "text", text: secret }], structuredContent: { a: secret }, isError: false };
await hooks["tool.execute.after"]({ ...call, tool: "x_y", args: {} }, remote);
const message = { message: {}, parts: [{ type: "text", text: `use ${secret}` }] };
await hooks["chat.message"]({ sessionID: "s" }, message);
console.log(JSON.stringify({ ...said, after, clean, remote, parts: message.parts }));
"#,
    );
    let node = |plugin: &str| {
        let mut command = std::process::Command::new("node");
        command
            .arg("run.mjs")
            .current_dir(tree.path())
            .env("PLANTED", &secret);
        fs::write(tree.path().join("plugin.mjs"), plugin).expect("written");
        Running::start(&mut command).wait()
    };
    let plugin = fs::read_to_string(tree.path().join("plugin.mjs")).expect("it is there");
    let run = node(&plugin);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.stdout.contains(&secret));
    let said: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert!(
        said["denied"]
            .as_str()
            .is_some_and(|why| why.starts_with("keysieve stopped")),
        "{said}"
    );
    let mark = "[REDACTED:github-pat]";
    assert_eq!(
        said["after"],
        json!({"title": "t", "output": format!("T={mark}"), "metadata": {"output": mark, "exit": 0}})
    );
    assert_eq!(
        said["clean"],
        json!({"title": "t", "output": "ok", "metadata": {}})
    );
    assert_eq!(
        said["remote"],
        json!({"content": [{"type": "text", "text": mark}], "structuredContent": {"a": mark}, "isError": false}),
        "what an MCP server's tool says is of another form"
    );
    assert_eq!(said["parts"][0]["text"], format!("use {mark}"));
    // Without its program nothing passes.
    let run = node(&plugin.replace(env!("CARGO_BIN_EXE_keysieve"), "/nowhere/keysieve"));
    assert_ne!(run.code, 0, "the harmless call is refused, too: {run:?}");
    assert!(!run.stdout.contains(&secret));
}

/// A file that nobody has touched for an hour.
fn old(tree: &Tree, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = tree.file(name, content);
    age(&path);
    path
}

fn age(path: &Path) {
    let file = fs::File::options()
        .append(true)
        .open(path)
        .expect("it is there");
    file.set_modified(SystemTime::now() - Duration::from_secs(3600))
        .expect("its time can be set");
}

fn claude_lines(secret: &str) -> String {
    let lines = [
        json!({"type": "user", "sessionId": "s-1", "uuid": "u-1", "timestamp": "2026-11-20T10:00:00Z",
            "message": {"role": "user", "content": "hello \u{1f600}"}}),
        json!({"type": "assistant", "sessionId": "s-1", "uuid": "u-2", "timestamp": "2026-11-20T10:00:01Z",
            "message": {"content": [{"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "env"}}]}}),
        json!({"type": "user", "sessionId": "s-1", "uuid": "u-3", "timestamp": "2026-11-20T10:00:02Z",
            "message": {"content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": format!("A=1\nT={secret}")}]},
            "toolUseResult": {"stdout": format!("A=1\nT={secret}"), "n": 1.50}}),
    ];
    let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // As long as the agent writes, the last line may be cut.
    text.push_str(&format!("{{\"type\":\"user\",\"cut\":\"T={secret}"));
    text
}

#[test]
fn finds_secrets_in_transcripts_and_says_where() {
    let tree = Tree::new();
    let secret = token(22);
    let path = old(
        &tree,
        ".claude/projects/-p/s-1.jsonl",
        claude_lines(&secret),
    );
    let (code, report) = {
        let run = agent(&tree, &["transcripts", "scan", "--format", "json"]);
        assert!(!run.stdout.contains(&secret) && !run.stderr.contains(&secret));
        (run.code, run.report())
    };
    assert_eq!(code, 1);
    let finding = &report.findings()[0];
    assert_eq!(finding["rule"], "github-pat");
    let places: Vec<(String, u64)> = report
        .places()
        .into_iter()
        .map(|place| (place.path, place.line))
        .collect();
    let file = path.to_str().expect("a plain path");
    let context = "session=s-1,turn=u-3,tool=Bash,time=2026-11-20T10:00:02Z";
    let plain = "session=s-1,turn=u-3,time=2026-11-20T10:00:02Z";
    let cut = "session=s-1,turn=4";
    let mut want = vec![
        (format!("{file}#{context}"), 3),
        (format!("{file}#{plain}"), 3),
        (format!("{file}#{cut}"), 4),
    ];
    want.sort();
    assert_eq!(places, want);
    for format in ["text", "jsonl", "sarif", "csv", "junit"] {
        let run = agent(&tree, &["transcripts", "--format", format]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(
            run.stdout.contains("github-pat") && !run.stdout.contains(&secret),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn scrubs_and_leaves_every_other_byte() {
    let tree = Tree::new();
    let secret = token(23);
    let escaped: String = secret
        .chars()
        .map(|c| format!("\\u{:04x}", c as u32))
        .collect();
    let json = format!(
        "{{\r\n  \"a\" : [ 1.50, 1e3, \"{escaped}\" ],\n\t\"b\":\"caf\\u00e9\", \"c\": \"{secret}\"}}\n"
    );
    let cases = [
        (".claude/projects/-p/s.jsonl", claude_lines(&secret)),
        (".continue/sessions/1.json", json),
        (
            ".aider.chat.history.md",
            format!("# chat\n\n> T={secret}\n\nend"),
        ),
    ];
    let paths: Vec<(PathBuf, String)> = cases
        .iter()
        .map(|(name, content)| (old(&tree, name, content), content.clone()))
        .collect();
    let clean = old(&tree, ".continue/sessions/2.json", "{\"a\": \"b\"}");
    let times = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .modified()
            .expect("it has a time")
    };
    let before: Vec<SystemTime> = paths.iter().map(|(path, _)| times(path)).collect();
    let dry = agent(&tree, &["transcripts", "scrub", "--dry-run"]);
    assert_eq!(dry.code, 1, "{dry:?}");
    assert_eq!(
        fs::read_to_string(&paths[0].0).expect("it is there"),
        paths[0].1
    );
    let run = agent(&tree, &["transcripts", "scrub"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.stdout.contains(&secret));
    for ((path, content), before) in paths.iter().zip(before) {
        let text = fs::read_to_string(path).expect("it is there");
        let want = content
            .replace(&secret, "[REDACTED:github-pat]")
            .replace(&escaped, "[REDACTED:github-pat]");
        assert_eq!(text, want, "{}", path.display());
        assert_eq!(times(path), before, "its time stays");
    }
    assert_eq!(
        fs::read_to_string(clean).expect("it is there"),
        "{\"a\": \"b\"}"
    );
    let lines = fs::read_to_string(&paths[0].0).expect("it is there");
    for line in lines.lines().take(3) {
        serde_json::from_str::<Value>(line).expect("every whole line is JSON still");
    }
    assert_eq!(agent(&tree, &["transcripts"]).code, 0, "nothing is left");
    let left = fs::read_dir(tree.path().join(".continue/sessions"))
        .expect("it is there")
        .count();
    assert_eq!(left, 2, "no temporary file is left");
}

#[test]
fn a_key_of_many_lines_is_one_secret() {
    let tree = Tree::new();
    let key = keysieve::engine::example::expand("<private-key:RSA PRIVATE KEY>", 3);
    assert!(key.lines().count() > 3, "a key of many lines");
    let path = old(
        &tree,
        ".aider.chat.history.md",
        format!("# chat\n\n> cat key\n\n{key}\n\nend\n"),
    );
    let report = agent(&tree, &["transcripts", "scan", "--format", "json"]).report();
    let places = report.places();
    assert_eq!(
        (places.len(), places[0].line, places[0].column),
        (1, 5, 1),
        "{places:?}"
    );
    assert_eq!(agent(&tree, &["transcripts", "scrub"]).code, 0);
    let text = fs::read_to_string(path).expect("it is there");
    assert!(
        text.starts_with("# chat\n\n> cat key\n\n[REDACTED:") && text.ends_with("]\n\nend\n"),
        "{text}"
    );
}

#[test]
fn leaves_a_store_alone_that_is_in_use() {
    let tree = Tree::new();
    let secret = token(24);
    let fresh = tree.file(".claude/projects/-p/fresh.jsonl", claude_lines(&secret));
    let open = old(
        &tree,
        ".claude/projects/-p/open.jsonl",
        claude_lines(&secret),
    );
    let bytes = old(
        &tree,
        ".claude/projects/-p/bytes.jsonl",
        [&b"\xff "[..], secret.as_bytes()].concat(),
    );
    let handle = fs::File::open(&open).expect("it is there");
    let run = agent(&tree, &["transcripts", "scrub"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.stderr.contains("changed a moment ago"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("line 1 is not UTF-8"), "{}", run.stderr);
    assert_eq!(
        fs::read_to_string(&fresh).expect("it is there"),
        claude_lines(&secret)
    );
    assert!(fs::read(&bytes).expect("it is there").starts_with(b"\xff "));
    if std::env::consts::OS == "linux" {
        assert!(
            run.stderr.contains("another program has it open"),
            "{}",
            run.stderr
        );
        assert_eq!(
            fs::read_to_string(&open).expect("it is there"),
            claude_lines(&secret)
        );
    }
    drop(handle);
    let run = agent(
        &tree,
        &[
            "transcripts",
            "scrub",
            "--idle",
            "0",
            fresh.to_str().expect("a plain path"),
        ],
    );
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        !fs::read_to_string(&fresh)
            .expect("it is there")
            .contains(&secret)
    );
}

#[test]
fn scrubs_databases_to_the_last_page() {
    let tree = Tree::new();
    let secret = token(25);
    let path = tree.file(".config/Cursor/User/globalStorage/state.vscdb", "");
    fs::remove_file(&path).expect("it is there");
    let value = |text: &str| {
        json!({"composerId": "c-1", "text": text, "createdAt": 1763632800000_u64}).to_string()
    };
    let db = Connection::open(&path).expect("a database");
    db.execute_batch(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE cursorDiskKV (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);
         CREATE TABLE other (n INTEGER, t TEXT);",
    )
    .expect("tables");
    let long = "x".repeat(9000);
    for (key, text) in [
        ("bubbleId:c-1:b-1", format!("T={secret} {long}")),
        ("bubbleId:c-1:b-2", "clean".to_owned()),
    ] {
        let row = (key, value(&text).into_bytes());
        db.execute("INSERT INTO cursorDiskKV VALUES (?1, ?2)", row)
            .expect("inserted");
    }
    db.execute(
        "INSERT INTO other VALUES (1, ?1)",
        [format!("plain {secret}")],
    )
    .expect("inserted");
    // A row that is gone, and still stands in a free page.
    db.execute(
        "INSERT INTO other VALUES (2, ?1)",
        [format!("{secret} {long}")],
    )
    .expect("inserted");
    db.execute("DELETE FROM other WHERE n = 2", [])
        .expect("deleted");

    let run = agent(&tree, &["transcripts", "--format", "json"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(!run.stdout.contains(&secret));
    let paths = run.report().paths();
    assert!(
        paths.iter().any(|p| p.ends_with(
            "state.vscdb#table=cursorDiskKV,row=bubbleId:c-1:b-1#session=c-1,time=1763632800000"
        )),
        "{paths:?}"
    );
    // Somebody writes to it.
    db.execute_batch("BEGIN IMMEDIATE").expect("begun");
    let busy = agent(&tree, &["transcripts", "scrub", "--idle", "0"]);
    assert!(busy.code == 2 && busy.stderr.contains("in use"), "{busy:?}");
    db.execute_batch("COMMIT").expect("ended");
    drop(db);
    age(&path);
    let run = agent(&tree, &["transcripts", "scrub"]);
    assert_eq!(run.code, 0, "{run:?}");
    for file in fs::read_dir(path.parent().expect("it has one")).expect("it is there") {
        let bytes = fs::read(file.expect("it can be listed").path()).expect("it can be read");
        let found = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "no page, no log holds it");
    }
    let db = Connection::open(&path).expect("a database still");
    let get = |sql: &str| -> Vec<u8> { db.query_row(sql, [], |row| row.get(0)).expect("a row") };
    let text: Value =
        serde_json::from_slice(&get("SELECT value FROM cursorDiskKV WHERE key LIKE '%b-1'"))
            .expect("JSON");
    assert_eq!(text["text"], format!("T=[REDACTED:github-pat] {long}"));
    assert_eq!(
        get("SELECT value FROM cursorDiskKV WHERE key LIKE '%b-2'"),
        value("clean").into_bytes()
    );
    let broken = old(
        &tree,
        ".local/share/goose/sessions/sessions.db",
        "no database at all, but long enough",
    );
    let run = agent(
        &tree,
        &[
            "transcripts",
            "scan",
            broken.to_str().expect("a plain path"),
        ],
    );
    assert!(
        run.code == 2 && run.stdout.contains("no SQLite database"),
        "{run:?}"
    );
}

#[test]
fn lists_static_credentials() {
    let tree = Tree::new();
    let secret = token(26);
    tree.file(
        ".cursor/mcp.json",
        format!("{{\"mcpServers\": {{\"a\": {{\"env\": {{\"GITHUB_TOKEN\": \"{secret}\"}}}}}}}}"),
    );
    tree.file(
        ".codex/config.toml",
        format!("[mcp_servers.b.env]\nTOKEN = \"{secret}\"\n"),
    );
    let run = agent(&tree, &["config"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(!run.stdout.contains(&secret));
    for part in [
        "mcpServers.a.env.GITHUB_TOKEN",
        "mcp_servers.b.env.TOKEN",
        "instead: ",
        "2 static credentials",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    let lines = agent(&tree, &["config", "--json"]).stdout;
    let first: Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["rule"], "github-pat");
    tree.file(".cursor/mcp.json", format!("{{ \"{secret}\": "));
    let run = agent(&tree, &["config"]);
    assert!(
        run.code == 2 && run.stderr.contains("neither JSON nor TOML"),
        "{run:?}"
    );
    assert!(!run.stderr.contains(&secret));
}
