//! `keysieve exec` and `keysieve redact` around real programs: exit codes, signals, terminals, and what is still held back
//! when the end comes. Unix only: the programs are.
#![cfg(unix)]

mod support;

use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use support::{LIMIT, Run, Running, Tree, token};

fn exec(tree: &Tree, script: &str) -> Run {
    tree.run(["exec", "--", "sh", "-c", script])
}

/// Invariant 11: the exit code is the command's.
#[test]
fn the_exit_code_is_the_commands() {
    let tree = Tree::new();
    for (script, code) in [
        ("exit 0", 0),
        ("exit 1", 1),
        ("exit 2", 2),
        ("exit 255", 255),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
        ("kill -INT $$", 130),
    ] {
        assert_eq!(exec(&tree, script).code, code, "{script}");
    }
    assert_eq!(tree.run(["exec", "--", "no-such-program"]).code, 127);
    let file = tree.file("not-a-program", "text");
    assert_eq!(
        tree.run([&"exec".into(), &"--".into(), &file.into_os_string()])
            .code,
        126
    );
    assert_eq!(tree.run(["exec"]).code, 2);
}

#[test]
fn both_outputs_are_redacted_each_by_itself() {
    let tree = Tree::new();
    let script = format!("echo a {}; echo b {} >&2; printf end", token(1), token(2));
    let run = exec(&tree, &script);
    assert_eq!(run.stdout, "a [REDACTED:github-pat]\nend");
    assert_eq!(run.stderr, "b [REDACTED:github-pat]\n");
}

/// A secret that is written byte by byte, with pauses, is one secret.
#[test]
fn slow_secrets_are_secrets() {
    let tree = Tree::new();
    let (head, tail) = (&token(1)[..9], &token(1)[9..]);
    let run = exec(
        &tree,
        &format!("printf 'x {head}'; sleep 0.2; printf '{tail}'; sleep 0.1; echo; echo y"),
    );
    assert_eq!(run.stdout, "x [REDACTED:github-pat]\ny\n");
}

#[test]
fn the_environment_tells_known_values() {
    let tree = Tree::new();
    let script = r#"printf '%s\n' "$MY_SECRET" "$PLAIN"; printf %s "$MY_SECRET" | base64"#;
    let mut command = tree.keysieve(["exec", "--known-from-env", "--", "sh", "-c", script]);
    command
        .env("MY_SECRET", "correct horse")
        .env("PLAIN", "battery staple");
    let run = Running::start(&mut command).wait();
    let shown = "[REDACTED:known-value]\nbattery staple\n[REDACTED:known-value]";
    assert!(run.stdout.starts_with(shown), "{}", run.stdout);
}

#[test]
fn large_outputs_pass_in_little_memory() {
    let tree = Tree::new();
    let run = tree.run(["exec", "--", "seq", "1", "3000000"]);
    assert!(run.stdout.ends_with("2999999\n3000000\n"));
    assert_eq!(run.stdout.lines().count(), 3_000_000);
    if let Some(peak) = run.peak {
        assert!(peak < 64 << 20, "{peak} bytes");
    }
}

/// The command gets the signal and answers it; its exit code comes back.
#[test]
fn signals_are_sent_on() {
    let tree = Tree::new();
    for (name, code) in [("TERM", 41), ("HUP", 41), ("INT", 41), ("USR1", 41)] {
        let script =
            format!("trap 'echo caught; exit 41' {name}; echo ready; while :; do sleep 0.05; done");
        let mut command = tree.keysieve(["exec", "--", "sh", "-c", &script]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
        let mut out = child.stdout.take().expect("a pipe");
        let mut text = [0; 6];
        out.read_exact(&mut text).expect("it is ready");
        support::send(name, child.id());
        let mut rest = String::new();
        out.read_to_string(&mut rest).expect("its output");
        assert_eq!(rest, "caught\n", "{name}");
        assert_eq!(child.wait().expect("it ends").code(), Some(code), "{name}");
    }
}

/// A reader that goes away ends the command as in any pipeline.
#[test]
fn a_closed_pipe_reaches_the_command() {
    let tree = Tree::new();
    let mut command = tree.keysieve(["exec", "--", "yes"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
    let mut out = child.stdout.take().expect("a pipe");
    let mut text = [0; 2];
    out.read_exact(&mut text).expect("its output");
    drop(out);
    assert_eq!(child.wait().expect("it ends").code(), Some(141));
}

/// Invariant 6: the end of the input, and a signal in the middle of a secret, let go redacted text only.
#[test]
fn the_end_lets_go_redacted_text_only() {
    let tree = Tree::new();
    let text = format!("a\npassword = '{}' b {}", "h7Gk2!pQx9", token(1));
    let want = "a\npassword = '[REDACTED:generic-password]' b [REDACTED:github-pat]";
    for signal in [None, Some("TERM"), Some("INT"), Some("HUP")] {
        let mut command = tree.keysieve(["redact"]);
        command.stdin(Stdio::piped());
        let mut running = Running::start(&mut command);
        let mut input = running.child.stdin.take().expect("a pipe");
        input.write_all(text.as_bytes()).expect("written");
        match signal {
            None => drop(input),
            Some(signal) => {
                // It has read what it is to lose.
                thread::sleep(Duration::from_millis(300));
                running.signal(signal);
                let run = running.wait();
                assert_eq!((run.stdout.as_str(), run.code), (want, 130), "{signal}");
                continue;
            }
        }
        let run = running.wait();
        assert_eq!((run.stdout.as_str(), run.code), (want, 0));
    }
}

/// A session in a terminal, typed into by hand as it were.
struct Session {
    pty: Arc<pty_process::blocking::Pty>,
    output: Receiver<Vec<u8>>,
    child: std::process::Child,
    seen: String,
}

impl Session {
    fn start(tree: &Tree, args: &[&str]) -> Session {
        let (pty, end) = pty_process::blocking::open().expect("a terminal");
        pty.resize(pty_process::Size::new(31, 97)).expect("a size");
        let child = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_keysieve"))
            .args(args)
            .current_dir(tree.path())
            .env("MY_SECRET", "correct horse")
            .env("PS1", "$ ")
            .env("ENV", "")
            .spawn(end)
            .expect("it runs");
        // Read by a thread, so that a screen that stays silent is a failure and no hang.
        let pty = Arc::new(pty);
        let (tell, output) = channel();
        let from = Arc::clone(&pty);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = (&*from).read(&mut buffer) {
                let _ = tell.send(buffer[..count].to_vec());
            }
        });
        Session {
            pty,
            output,
            child,
            seen: String::new(),
        }
    }

    fn send(&mut self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("typed");
    }

    /// Waits until the screen shows `text` behind what was waited for before.
    fn expect(&mut self, text: &str) {
        while !self.seen.contains(text) {
            match self.output.recv_timeout(LIMIT) {
                Ok(bytes) => self.seen += &String::from_utf8_lossy(&bytes),
                Err(_) => panic!("no {text:?} in {:?}", self.seen),
            }
        }
        let end = self.seen.find(text).expect("it is there") + text.len();
        self.seen.drain(..end);
    }

    fn end(mut self) -> Option<i32> {
        while self.output.recv().is_ok() {}
        self.child.wait().expect("it ends").code()
    }
}

/// A shell in a terminal of its own: it believes in it, has the outer one's size, gets every key, and its exit code
/// comes back.
#[test]
fn a_shell_has_a_terminal_of_its_own() {
    let tree = Tree::new();
    let mut session = Session::start(&tree, &["exec", "--known-from-env", "--", "sh", "-i"]);
    session.expect("$ ");
    session.send("test -t 0 && test -t 1 && test -t 2 && echo yes it is\r");
    session.expect("\nyes it is\r\n$ ");
    session.send("stty size\r");
    session.expect("31 97\r\n$ ");
    session
        .pty
        .resize(pty_process::Size::new(20, 60))
        .expect("a size");
    session.send("sleep 0.3; stty size\r");
    session.expect("20 60\r\n$ ");
    session.send("printf 'Name? '; read name; echo \"hello $name\"\r");
    session.expect("\nName? ");
    session.send("bob\r");
    session.expect("hello bob\r\n$ ");
    session.send("echo \"<$MY_SECRET>\"\r");
    session.expect("\n<[REDACTED:known-value]>\r\n$ ");
    session.send("sleep 60\r");
    session.expect("sleep 60\r\n");
    session.send("\x03");
    session.expect("$ ");
    session.send("exit 5\r");
    assert_eq!(session.end(), Some(5));
}

/// Whoever changes a terminal from the background is stopped: there a command gets none of its own.
#[test]
fn a_command_in_the_background_goes_on() {
    let tree = Tree::new();
    let mut session = Session::start(&tree, &["exec", "--", "sh", "-i"]);
    session.expect("$ ");
    let binary = env!("CARGO_BIN_EXE_keysieve");
    let script = "echo \"a $MY_SECRET\"; exit 6";
    session.send(&format!(
        "{binary} exec --known-from-env -- sh -c '{script}' & wait $!; echo code $?\r"
    ));
    session.expect("\na [REDACTED:known-value]\r\n");
    session.expect("code 6\r\n");
    session.send("exit\r");
    assert_eq!(session.end(), Some(0));
}

/// What is typed is echoed at once, though the word may become a secret; a secret that is pasted is not.
#[test]
fn typing_is_echoed() {
    let tree = Tree::new();
    let mut session = Session::start(&tree, &["exec", "--", "sh", "-i"]);
    session.expect("$ ");
    session.send("e");
    session.expect("e");
    session.send("c");
    session.expect("c");
    session.send("ho");
    session.expect("ho");
    session.send(&format!(" {} end\r", token(1)));
    session.expect("[REDACTED:github-pat] end");
    session.expect("[REDACTED:github-pat] end");
    session.send("exit\r");
    assert_eq!(session.end(), Some(0));
}

/// The outer terminal is as it was when the command has ended, however it did.
#[test]
fn the_terminal_is_restored() {
    let tree = Tree::new();
    let binary = env!("CARGO_BIN_EXE_keysieve");
    for inner in ["true", "sh -c 'stty raw; exit 3'", "sh -c 'kill -KILL $$'"] {
        let (pty, end) = pty_process::blocking::open().expect("a terminal");
        let script = format!(
            "before=$(stty -g); {binary} exec -- {inner}; test \"$before\" = \"$(stty -g)\""
        );
        let mut child = pty_process::blocking::Command::new("sh")
            .args(["-c", &script])
            .current_dir(tree.path())
            .spawn(end)
            .expect("it runs");
        let mut rest = Vec::new();
        let _ = (&pty).read_to_end(&mut rest);
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{inner}");
    }
}
