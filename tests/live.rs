//! What a stream holds is shown while it goes on, for whoever watches a log.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use keysieve::engine::example::expand;

#[test]
fn a_finding_in_a_stream_is_shown_before_the_stream_ends() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_keysieve"))
        .args(["scan", "-", "--no-repo-config", "--format", "jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("it is piped");
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));

    let secret = expand("token=<crc32-base62:ghp_>\n", 1);
    let filler = "nothing to see in this line of the log\n".repeat(4_000);
    input.write_all(secret.as_bytes()).expect("it reads");
    input.write_all(filler.as_bytes()).expect("it reads");
    input.write_all(secret.as_bytes()).expect("it reads");
    // The input stays open: were the finding kept to its end, this would wait for ever.
    let mut line = String::new();
    output.read_line(&mut line).expect("a line of JSON");
    assert!(line.contains("\"github-pat\""), "{line}");

    drop(input);
    let rest: Vec<String> = output.lines().map(|line| line.expect("text")).collect();
    // The second place belongs to a credential that has been shown; the summary ends the run.
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert!(rest[0].contains("\"summary\""), "{rest:?}");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}
