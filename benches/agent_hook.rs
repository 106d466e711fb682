//! How long an agent waits for one hook call: the process is started, reads an event, judges it with all rules, answers.

use std::io::Write;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};

/// Runs one hook call and gives back what it said.
fn call(event: &str) -> Vec<u8> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_keysieve"))
        .args(["agent", "hook"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary has been built");
    let mut stdin = child.stdin.take().expect("it is a pipe");
    stdin.write_all(event.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "the event was not judged");
    output.stdout
}

fn agent_hook(c: &mut Criterion) {
    let token = keysieve::engine::example::expand("<crc32-base62:ghp_>", 1);
    let log =
        "2026-11-20T10:00:00Z INFO request done status=200 path=/v1/items ms=12\n".repeat(500);
    let event = |output: String| {
        serde_json::json!({
            "session_id": "s", "transcript_path": "/t", "cwd": "/", "hook_event_name": "PostToolUse",
            "tool_name": "Bash", "tool_input": {"command": "env"}, "tool_use_id": "t",
            "tool_response": {"stdout": output, "stderr": "", "interrupted": false, "isImage": false},
        })
        .to_string()
    };
    let clean = event(log.clone());
    let secret = event(format!("{log}GITHUB_TOKEN={token}\n{log}"));
    assert!(call(&clean).is_empty());
    assert!(!call(&secret).is_empty());
    let mut group = c.benchmark_group("agent_hook");
    group.sample_size(100);
    group.bench_function("clean output, 35 KB", |b| b.iter(|| call(&clean)));
    group.bench_function("secret in output, 70 KB", |b| b.iter(|| call(&secret)));
    group.finish();
    // Criterion shows the mean; who waits feels the slow ones.
    let mut times: Vec<_> = (0..300)
        .map(|_| {
            let began = std::time::Instant::now();
            call(&secret);
            began.elapsed()
        })
        .collect();
    times.sort();
    println!("agent_hook: p50 {:?}, p99 {:?}", times[150], times[297]);
}

criterion_group!(benches, agent_hook);
criterion_main!(benches);
