//! However it ends, redacted text alone comes out, and the exit code tells how: `keysieve redact` and `keysieve exec` around
//! real pipes, signals and programs, with random texts that are cut anywhere. Unix only: the programs are.
#![cfg(unix)]

mod support;

use std::io::{Read, Write};
use std::process::{ChildStdout, Stdio};
use std::sync::LazyLock;
use std::thread;

use keysieve::engine::example::expand;
use keysieve::engine::{Engine, RuleSet};
use keysieve::redact::Redactor;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use support::{Running, Tree, token};

/// What comes at once, so that whoever reads it knows that the rest has been read, too.
const START: &str = "start\n";
/// The most that a pipe hands on in one piece.
const PIECE: usize = 4096;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        // Each takes a run of the program.
        max_shrink_iters: 40,
        ..ProptestConfig::default()
    }
}

/// Lines with secrets of several kinds in them, some of which end with the line, the quote, or not at all.
fn text() -> impl Strategy<Value = String> {
    let secret = any::<u64>().prop_map(token);
    let password = any::<u64>().prop_map(|seed| expand("password = '<password:16>'", seed));
    let url =
        any::<u64>().prop_map(|seed| expand("postgres://app:<password:12>@db.internal/x", seed));
    let key = any::<u64>().prop_map(|seed| {
        let begin = format!("-----BEGIN {} KEY-----", "PRIVATE");
        expand(&format!("{begin}\n<b64:64>\n<b64:64>\n"), seed)
    });
    let words = "[a-z =:.,]{0,30}";
    let piece = prop_oneof![
        3 => words,
        2 => secret,
        2 => password,
        1 => url,
        1 => key,
        2 => select(vec!["\n", " ", "\t", "\"", "é", "token: ", "ghp_", "[REDACTED:"]).prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| format!("{START}{}", pieces.concat()))
}

/// The text up to any byte of it, as long as it starts and fits into one piece.
fn cut(text: &str, at: Index) -> &[u8] {
    let end = START.len() + at.index(text.len() - START.len() + 1);
    &text.as_bytes()[..end.min(PIECE)]
}

fn redacted(text: &[u8]) -> String {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(RuleSet::embedded()));
    let text = Redactor::new(&ENGINE).redact(text).text;
    String::from_utf8_lossy(&text).into_owned()
}

/// Everything that comes, and what is done once it starts.
fn read_all(mut from: ChildStdout, started: impl FnOnce()) -> String {
    let mut text = vec![0; START.len()];
    from.read_exact(&mut text).expect("it starts");
    started();
    from.read_to_end(&mut text).expect("it ends");
    String::from_utf8_lossy(&text).into_owned()
}

proptest! {
    #![proptest_config(config(16))]

    /// Invariant 6: the end of the input, and a signal at any place of it.
    #[test]
    fn the_end_and_signals_let_go_redacted_text(
        text in text(),
        at in any::<Index>(),
        signal in select(vec![None, Some("TERM"), Some("INT"), Some("HUP")]),
    ) {
        let tree = Tree::new();
        let mut command = tree.keysieve(["redact"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        let (input, out) = (child.stdin.take(), child.stdout.take().expect("a pipe"));
        let mut input = input.expect("a pipe");
        let text = cut(&text, at);
        input.write_all(text).expect("written");
        let shown = match signal {
            None => {
                drop(input);
                read_all(out, || {})
            }
            Some(signal) => {
                let id = child.id();
                // The input stays open meanwhile.
                let shown = read_all(out, || support::send(signal, id));
                drop(input);
                shown
            }
        };
        let code = child.wait().expect("it ends").code();
        prop_assert_eq!(shown, redacted(text));
        prop_assert_eq!(code, Some(if signal.is_some() { 130 } else { 0 }));
    }

    /// Invariant 6: a reader that goes away at any place has read redacted text, and nothing is said to be wrong.
    #[test]
    fn a_reader_that_goes_away_has_read_redacted_text(text in text(), at in any::<Index>()) {
        let tree = Tree::new();
        let mut command = tree.keysieve(["redact"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        let mut input = child.stdin.take().expect("a pipe");
        let out = child.stdout.take().expect("a pipe");
        // More than all pipes on the way hold.
        let text = text.repeat((1 << 19) / text.len());
        let want = redacted(text.as_bytes());
        let writer = thread::spawn(move || input.write_all(text.as_bytes()));
        let mut shown = Vec::new();
        let most = at.index(want.len().min(100_000));
        out.take(most as u64).read_to_end(&mut shown).expect("it comes");
        let mut errors = String::new();
        let code = child.wait().expect("it ends").code();
        child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("it ends");
        // The pipe is closed to whoever writes into it.
        let _ = writer.join();
        prop_assert!(want.as_bytes().starts_with(&shown));
        prop_assert_eq!((code, errors.as_str()), (Some(0), ""));
    }

    /// Invariants 6 and 11: both outputs of a command are redacted to their ends, whatever it ends with, and that is
    /// what we end with.
    #[test]
    fn a_command_keeps_its_end(
        out in text(),
        err in text(),
        end in prop_oneof![
            (0i32..256).prop_map(|code| (format!("exit {code}"), code)),
            select(vec![
                ("HUP", 1), ("INT", 2), ("QUIT", 3), ("ABRT", 6), ("KILL", 9), ("USR1", 10), ("SEGV", 11),
                ("USR2", 12), ("PIPE", 13), ("ALRM", 14), ("TERM", 15),
            ])
            .prop_map(|(name, number)| (format!("kill -{name} $$"), 128 + number)),
        ],
    ) {
        let tree = Tree::new();
        tree.file("out", &out);
        tree.file("err", &err);
        let (end, code) = end;
        let script = format!("ulimit -c 0; cat out; cat err >&2; {end}");
        let run = tree.run(["exec", "--", "sh", "-c", &script]);
        prop_assert_eq!(run.stdout, redacted(out.as_bytes()));
        prop_assert_eq!(run.stderr, redacted(err.as_bytes()));
        prop_assert_eq!(run.code, code, "{}", script);
    }

    /// Invariants 6 and 11: a signal that is sent to us while the command has written up to any place reaches it, and
    /// what it has written comes out redacted.
    #[test]
    fn a_signal_ends_the_command_and_lets_go_redacted_text(
        text in text(),
        at in any::<Index>(),
        signal in select(vec![("TERM", 15), ("HUP", 1), ("USR1", 10)]),
    ) {
        let tree = Tree::new();
        let text = cut(&text, at);
        tree.file("out", text);
        let mut command = tree.keysieve(["exec", "--", "sh", "-c", "cat out; exec sleep 30"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
        let out = child.stdout.take().expect("a pipe");
        let id = child.id();
        let (name, number) = signal;
        let shown = read_all(out, || support::send(name, id));
        let code = child.wait().expect("it ends").code();
        prop_assert_eq!(shown, redacted(text));
        prop_assert_eq!(code, Some(128 + number));
    }

    /// Invariant 12: an input that cannot be read on ends with 2, and nothing of it comes out but what is redacted.
    #[test]
    fn an_input_that_fails_is_an_error(text in text()) {
        let tree = Tree::new();
        tree.file("a.log", &text);
        std::fs::create_dir(tree.path().join("folder")).expect("a folder");
        let run = Running::start(&mut tree.keysieve(["redact", "a.log", "folder", "a.log"])).wait();
        prop_assert_eq!(run.stdout, redacted(text.as_bytes()));
        prop_assert_eq!(run.code, 2);
        prop_assert!(run.stderr.starts_with("keysieve: folder: "), "{}", run.stderr);
    }
}

/// The longest value that may be known is covered, a longer one and too many are refused before anything comes out.
#[test]
fn known_values_are_covered_or_refused() {
    let tree = Tree::new();
    let long = expand(&"<b64:4096>".repeat(16), 1);
    tree.file("long", &long);
    tree.file("longer", long.clone() + "x");
    let many: String = (0..20_000).map(|seed| token(seed) + "\n").collect();
    tree.file("many", many);
    tree.file("text", format!("it is {long}."));
    let redact = |list: &str| {
        Running::start(&mut tree.keysieve(["redact", "--known-list", list, "text"])).wait()
    };
    let run = redact("long");
    assert_eq!(run.stdout, "it is [REDACTED:known-value].");
    for (list, why) in [("longer", "longer than 65536 bytes"), ("many", "too many")] {
        let run = redact(list);
        assert_eq!((run.code, &run.stdout[..]), (2, ""));
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
}
