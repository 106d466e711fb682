//! Bad and hostile input: each test runs the real binary, which must neither hang, nor fill the memory, nor keep silent.

mod support;

use std::io::{self, Write};
use std::process::Stdio;

use support::{Running, Tree, token};

/// What a run may need, whatever it reads.
const MEMORY: u64 = 64 << 20;

fn bounded(peak: Option<u64>) {
    // Where the system does not tell, there is nothing to be proved.
    if let Some(peak) = peak {
        assert!(peak < MEMORY, "{} MiB", peak >> 20);
    }
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    mark.into_iter()
        .chain(text.encode_utf16())
        .flat_map(bytes)
        .collect()
}

#[test]
fn encodings_give_the_same_places() {
    let tree = Tree::new();
    let text = format!("# é𝄞\r\nname = x\r\n  token = \"{}\"\r\n", token(1));
    tree.file("plain", &text);
    tree.file("mark", format!("\u{feff}{text}"));
    tree.file("le", utf16(&text, u16::to_le_bytes, false));
    tree.file("le-mark", utf16(&text, u16::to_le_bytes, true));
    tree.file("be", utf16(&text, u16::to_be_bytes, false));
    tree.file("be-mark", utf16(&text, u16::to_be_bytes, true));
    // On the first line a byte-order mark could shift the column.
    let first = format!("t='{}'", token(1));
    tree.file("first-mark", format!("\u{feff}{first}"));
    tree.file("first-le-mark", utf16(&first, u16::to_le_bytes, true));
    let (code, report) = tree.json(["."]);
    assert_eq!(code, 1);
    assert_eq!(report.findings().len(), 1, "one credential");
    let want = [
        "be:3:12-52",
        "be-mark:3:12-52",
        "first-le-mark:1:4-44",
        "first-mark:1:4-44",
        "le:3:12-52",
        "le-mark:3:12-52",
        "mark:3:12-52",
        "plain:3:12-52",
    ];
    assert_eq!(report.spots(), want);
}

/// A path is told with every finding in its file, so it is masked wherever it is printed.
#[test]
fn secrets_in_names_are_found_and_masked() {
    let tree = Tree::new();
    let secrets = [token(1), token(2), token(3)];
    let [file, folder, inside] = &secrets;
    tree.file(format!("a/{file}.txt"), format!("token = {inside}\n"));
    tree.file(format!("{folder}/one"), "none\n");
    tree.file(format!("{folder}/two"), "none\n");
    let (code, report) = tree.json(["."]);
    assert_eq!(code, 1);
    let length = file.len();
    let masked = |secret: &String| keysieve::model::mask(secret.as_bytes());
    let mut want = [
        format!("a/{}.txt:1:9-{}", masked(file), 9 + length),
        format!("name of a directory: {}:1:1-{}", masked(folder), 1 + length),
        format!("name of a file: a/{}.txt:1:3-{}", masked(file), 3 + length),
    ];
    want.sort();
    assert_eq!(report.spots(), want);
    for format in ["text", "brief", "json", "jsonl", "sarif", "csv", "junit"] {
        let run = tree.run(["scan", "--format", format, "."]);
        let said = format!("{}{}", run.stdout, run.stderr);
        for secret in &secrets {
            assert!(!said.contains(secret), "{format} shows {secret}");
        }
    }
    // What is not scanned is told by its path, too.
    let run = tree.run(["scan", "--format", "text", "--max-file-size", "1", "."]);
    assert!(
        !secrets
            .iter()
            .any(|secret| run.stderr.contains(secret) || run.stdout.contains(secret)),
        "{run:?}"
    );
}

#[test]
fn line_ends_change_neither_place_nor_fingerprint() {
    use keysieve::engine::example::expand;

    let tree = Tree::new();
    let key = expand("<private-key:RSA PRIVATE KEY>", 1);
    let text = format!(
        "a = 1\nt = {}\npassword = \"<password:14>\"\n{key}\n",
        token(1)
    );
    let text = expand(&text, 1);
    tree.file("lf", &text);
    tree.file("crlf", text.replace('\n', "\r\n"));
    let (_, report) = tree.json(["."]);
    let spots = |name: &str| {
        let spots = report.spots().into_iter();
        let mine = spots.filter_map(|spot| Some(spot.strip_prefix(name)?.to_owned()));
        mine.collect::<Vec<_>>()
    };
    assert_eq!(spots("lf:"), spots("crlf:"));
    assert_eq!(spots("lf:").len(), 3, "{report:?}");
    assert_eq!(report.findings().len(), 3, "the same credentials in both");
    let shown = tree.run(["scan", "--show-secrets", "--format", "jsonl", "crlf"]);
    assert!(!shown.stdout.contains("\\r"), "{}", shown.stdout);
}

#[test]
fn broken_utf8_and_binary_content_are_scanned() {
    let tree = Tree::new();
    let mut broken = b"\xff\xfe\xc3 key: ".to_vec();
    broken.extend(token(1).bytes());
    broken.extend(b"\x80\n");
    tree.file("broken", broken);
    let mut binary = vec![0x7f, b'E', b'L', b'F', 0, 0, 1, 2];
    binary.extend((0..5000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()));
    binary.push(0);
    let at = binary.len() as u64;
    binary.extend(token(2).bytes());
    binary.extend([0, 1, 2, 3, 0xff]);
    tree.file("a.out", binary);
    let (code, report) = tree.json(["."]);
    assert_eq!(
        (code, report.paths()),
        (1, vec!["a.out".into(), "broken".into()])
    );
    assert!(
        report.spots().contains(&"broken:1:10-50".to_owned()),
        "{report:?}"
    );
    assert_eq!(report.findings()[0]["locations"][0]["offset"], at);
}

#[test]
fn a_panic_or_mistake_of_one_file_leaves_the_rest() {
    let tree = Tree::new();
    tree.file("a", token(1));
    tree.file("empty", "");
    tree.file("nul", [0; 3]);
    tree.file("z", token(2));
    let (code, report) = tree.json(["."]);
    assert_eq!((code, report.paths()), (1, vec!["a".into(), "z".into()]));
}

#[test]
fn paths_named_twice_are_scanned_once() {
    let tree = Tree::new();
    tree.file("sub/a", token(1));
    for args in [
        &[".", "sub/a"][..],
        &["sub", "."],
        &["sub/a", "./sub/a"],
        &["sub", "sub/"],
    ] {
        let (_, report) = tree.json(args.iter());
        assert_eq!(report.findings()[0]["location_count"], 1, "{args:?}");
        assert_eq!(report.0["summary"]["files"], 1, "{args:?}");
    }
}

#[test]
fn findings_beyond_the_limit_are_said() {
    let tree = Tree::new();
    let lines: Vec<String> = (0..30).map(token).collect();
    tree.file("many", lines.join("\n"));
    let run = tree.run(["scan", "--max-findings", "10", "--format", "json"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.report().findings().len(), 10);
    assert!(
        run.stderr
            .contains("not complete: the list of findings is cut"),
        "{}",
        run.stderr
    );
    assert!(
        run.stdout.contains("20 places of others are not listed"),
        "{}",
        run.stdout
    );
    let run = tree.run([
        "scan",
        "--max-findings",
        "10",
        "--allow-incomplete",
        "too-many-findings",
    ]);
    assert_eq!(run.code, 1);
}

#[test]
fn every_place_is_listed_when_asked_for() {
    let tree = Tree::new();
    tree.file("many", vec![token(1); 150].join("\n"));
    let count = |args: &[&str]| tree.json(args).1.spots().len();
    assert_eq!(count(&["."]), 100);
    assert_eq!(count(&["--all-locations"]), 150);
}

#[test]
fn ten_thousand_files() {
    let tree = Tree::new();
    for n in 0..10_000 {
        tree.file(format!("{}/{n}.txt", n % 100), format!("nothing in {n}\n"));
    }
    tree.file("50/secret.txt", token(1));
    let (code, report) = tree.json(["."]);
    assert_eq!((code, report.paths()), (1, vec!["50/secret.txt".into()]));
    assert_eq!(report.0["summary"]["files"], 10_001);
}

#[test]
fn a_line_of_500_megabytes_in_bounded_memory() {
    let tree = Tree::new();
    let mut command = tree.keysieve(["scan", "--format", "json", "-"]);
    let mut running = Running::start(command.stdin(Stdio::piped()));
    let mut to = running.child.stdin.take().expect("it is a pipe");
    let piece = [b'x'; 1 << 20];
    for _ in 0..500 {
        to.write_all(&piece).expect("it reads");
    }
    write!(to, " {}", token(1)).expect("it reads");
    drop(to);
    let run = running.wait();
    let column = (500 << 20) + 2;
    assert_eq!(
        run.report().spots(),
        [format!("<stdin>:1:{column}-{}", column + 40)]
    );
    assert!(run.stdout.len() < 20_000, "the line is cut in reports");
    bounded(run.peak);
}

fn sparse(length: u64) -> io::Result<()> {
    use std::io::{Seek, SeekFrom};

    let tree = Tree::new();
    let path = tree.file("sparse", "");
    let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(length - 100))?;
    write!(file, "\n{}\n", token(1))?;
    let run = tree.run(["scan", "--format", "json", "sparse"]);
    assert_eq!(run.report().spots(), ["sparse:2:1-41"], "{}", run.stderr);
    bounded(run.peak);
    Ok(())
}

#[test]
fn a_large_sparse_file_in_bounded_memory() {
    sparse(200 << 20).expect("a sparse file");
}

#[test]
#[ignore = "takes a minute in a development build"]
fn a_sparse_file_of_2_gigabytes_in_bounded_memory() {
    sparse(2 << 30).expect("a sparse file");
}

/// All formats over secrets of every rule: none of the outputs holds one of them in clear.
#[test]
fn no_secret_in_any_output() {
    use keysieve::engine::RuleSet;
    use keysieve::engine::example::expand;

    let tree = Tree::new();
    for rule in RuleSet::embedded().rules() {
        let name = match &rule.matcher {
            keysieve::rule::Matcher::File(file) => &file.files[0][..],
            _ => "example.txt",
        };
        let examples: Vec<String> = rule.examples.iter().map(|e| expand(e, 5)).collect();
        tree.file(format!("{}/{name}", rule.id), examples.join("\n"));
    }
    let scan = |format: &str, more: &[&str]| {
        let args = ["scan", ".", "--min-confidence", "low", "--format", format];
        tree.run(args.iter().chain(more))
    };
    let shown = scan("json", &["--show-secrets"]);
    assert_eq!(shown.code, 1, "{}", shown.stderr);
    let secrets = secrets(&shown.report());
    assert!(secrets.len() > 500, "{} secrets", secrets.len());
    let search = aho_corasick::AhoCorasick::new(&secrets).expect("they fit");
    for format in ["text", "json", "jsonl", "sarif", "csv", "junit"] {
        for more in [
            &[][..],
            &["--explain", "--stats", "--show-accepted", "--all-locations"],
        ] {
            let run = scan(format, more);
            assert_eq!(run.code, 1, "{}", run.stderr);
            for output in [&run.stdout, &run.stderr] {
                let leak = search.find(output).map(|leak| &secrets[leak.pattern()]);
                assert_eq!(leak, None, "{format} {more:?}");
            }
        }
    }
}

/// Secrets long enough not to be a word of the report itself; of those with several lines, each line.
fn secrets(report: &support::Report) -> Vec<String> {
    let findings = report.findings().iter();
    let secrets = findings.map(|finding| finding["secret"].as_str().expect("asked for"));
    let lines = secrets.flat_map(|secret| secret.lines());
    let mut lines: Vec<String> = lines
        .filter(|line| line.len() >= 10 && !line.starts_with("-----"))
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines.dedup();
    lines
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::fs;
    use std::io::{BufRead, BufReader, Read};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::path::Path;
    use std::process::Command;
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn fifo(path: &Path) {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.expect("there is `mkfifo`").success());
    }

    fn skip(kind: &str, path: &str) -> (String, String) {
        (kind.to_owned(), path.to_owned())
    }

    #[test]
    fn what_is_no_file_is_never_opened() {
        let tree = Tree::new();
        tree.file("a", token(1));
        fifo(&tree.path().join("fifo"));
        let _socket = UnixListener::bind(tree.path().join("socket")).expect("a socket");
        let (code, report) = tree.json(["."]);
        assert_eq!((code, report.paths()), (1, vec!["a".into()]));
        let skips = [skip("not-regular", "fifo"), skip("not-regular", "socket")];
        assert_eq!(report.skips(), skips);
        // What the user names and does not get makes the run incomplete.
        for name in ["fifo", "socket", "/dev/zero"] {
            let (code, report) = tree.json(["a", name]);
            assert_eq!((code, report.paths()), (2, vec!["a".into()]), "{name}");
            assert_eq!(report.skips(), [skip("unreadable", name)]);
        }
    }

    #[test]
    fn ignore_files_that_are_none_are_never_opened() {
        for name in [".gitignore", ".ignore"] {
            for folder in ["", "sub"] {
                let tree = Tree::new();
                tree.file("a", token(1));
                tree.file("sub/b", token(2));
                let trap = Path::new(folder).join(name);
                fifo(&tree.path().join(&trap));
                let (code, report) = tree.json(["."]);
                assert_eq!(code, 2, "{trap:?}");
                let skipped = report.skips().into_iter();
                let unreadable: Vec<_> = skipped.filter(|(kind, _)| kind == "unreadable").collect();
                assert_eq!(unreadable.len(), 1);
                assert!(
                    unreadable[0]
                        .1
                        .ends_with(trap.to_str().expect("a plain name"))
                );
                assert!(report.paths().contains(&"a".to_owned()));
            }
        }
        let tree = Tree::new();
        tree.file("sub/b", token(2));
        symlink("/dev/zero", tree.path().join("sub/.gitignore")).expect("a link");
        assert_eq!(tree.json(["."]).0, 2);
        assert_eq!(tree.json([".", "--no-ignore"]).1.paths(), ["sub/b"]);
        let tree = Tree::new();
        tree.file("a", token(1));
        fifo(&tree.path().join("keysieve.toml"));
        let run = tree.run(["scan"]);
        assert_eq!(run.code, 2);
        assert_eq!(
            run.stderr,
            "keysieve: keysieve.toml: is not a regular file\n"
        );
    }

    #[test]
    fn links_are_neither_followed_out_of_the_tree_nor_in_circles() {
        let outside = Tree::new();
        outside.file("secret", token(9));
        let tree = Tree::new();
        tree.file("sub/a", token(1));
        let link = |to: &Path, name: &str| symlink(to, tree.path().join(name)).expect("a link");
        link(Path::new("."), "loop");
        link(Path::new(".."), "sub/up");
        link(Path::new("gone"), "broken");
        link(Path::new("self"), "self");
        link(outside.path(), "out");
        link(&outside.path().join("secret"), "out-file");
        let (code, report) = tree.json(["."]);
        assert_eq!((code, report.paths()), (1, vec!["sub/a".into()]));
        let names = ["broken", "loop", "out", "out-file", "self", "sub/up"];
        assert_eq!(report.skips(), names.map(|name| skip("symlink", name)));
        // What the user names is followed.
        assert_eq!(tree.json(["out-file"]).1.spots(), ["out-file:1:1-41"]);
        assert_eq!(tree.json(["out"]).1.paths(), ["out/secret"]);
        assert_eq!(tree.json(["self"]).1.skips(), [skip("unreadable", "self")]);
        let broken = tree.run(["scan", "sub", "broken"]);
        assert_eq!((broken.code, &broken.stdout[..]), (2, ""));
        assert!(
            broken.stderr.contains("nothing was scanned\nbroken: "),
            "{}",
            broken.stderr
        );
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let tree = Tree::new();
        tree.file("a", token(1));
        if cfg!(target_os = "linux") {
            // It can be opened, and even root cannot read its first byte.
            let run = tree.run(["scan", "a", "/proc/self/mem", "--format", "json"]);
            assert_eq!((run.code, run.report().paths()), (2, vec!["a".into()]));
            assert_eq!(run.report().skips(), [skip("unreadable", "/proc/self/mem")]);
            assert!(
                run.stderr
                    .contains("not complete: 1 input could not be read"),
                "{}",
                run.stderr
            );
            let args = ["a", "/proc/self/mem", "--allow-incomplete", "unreadable"];
            assert_eq!(tree.json(args).0, 1);
        }
        let closed = tree.file("closed", token(2));
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("it is ours");
        if fs::File::open(&closed).is_ok() {
            eprintln!("not tried: this user can read every file");
            return;
        }
        let (code, report) = tree.json(["."]);
        assert_eq!((code, report.paths()), (2, vec!["a".into()]));
        assert_eq!(report.skips(), [skip("unreadable", "closed")]);
    }

    #[test]
    fn a_standard_input_that_cannot_be_read_is_said() {
        let tree = Tree::new();
        let folder = fs::File::open(tree.path()).expect("a folder opens");
        let mut command = tree.keysieve(["scan", "-", "--format", "json"]);
        let run = Running::start(command.stdin(folder)).wait();
        assert_eq!(run.code, 2);
        assert_eq!(run.report().skips(), [skip("unreadable", "<stdin>")]);
        let run = tree.run(["scan", "gone\u{1b}[31m"]);
        assert_eq!(run.code, 2);
        assert!(!run.stderr.contains('\x1b'), "{}", run.stderr);
    }

    #[test]
    fn folders_deeper_than_a_path_can_say() {
        let tree = Tree::new();
        let deep = ["deep"; 500].join("/");
        tree.file(format!("{deep}/a"), token(1));
        assert_eq!(tree.json(["."]).1.paths(), [format!("{deep}/a")]);
        let script = "i=0; while [ $i -lt 1000 ]; do mkdir deeper && cd -P deeper || exit 1; i=$((i+1)); done";
        let made = Command::new("sh")
            .args(["-c", script])
            .current_dir(tree.path())
            .status();
        assert!(made.expect("there is `sh`").success());
        let (code, report) = tree.json(["."]);
        assert_eq!((code, report.paths().len()), (2, 1));
        assert_eq!(report.skips().len(), 1, "the folder whose name is too long");
    }

    #[test]
    fn names_cannot_break_a_report() {
        let tree = Tree::new();
        let names: [&[u8]; 5] = [
            b"new\nline: x",
            b"esc\x1b[31mred",
            b"]]><x a='\"&",
            b"broken\xff\xfe",
            "right\u{202e}left, \"quoted\"".as_bytes(),
        ];
        for (seed, name) in (0..).zip(names) {
            // Some file systems take no name that is not UTF-8.
            let path = tree.path().join(OsStr::from_bytes(name));
            if fs::write(path, token(seed)).is_err() {
                eprintln!("not tried: {}", name.escape_ascii());
            }
        }
        let found = fs::read_dir(tree.path()).expect("it is there").count();
        assert!(found >= 4);
        assert_eq!(tree.json(["."]).1.findings().len(), found);
        let run = |format| {
            tree.run(["scan", "--format", format, "--color", "never"])
                .stdout
        };
        for format in ["text", "json", "jsonl", "sarif", "junit"] {
            let output = run(format);
            assert!(!output.contains('\x1b'), "{format} {output}");
            if format != "json" && format != "jsonl" && format != "sarif" {
                assert!(!output.contains('\u{202e}'), "{format} {output}");
            }
        }
        assert!(run("text").lines().all(|line| !line.starts_with("line: x")));
        for line in run("jsonl").lines() {
            serde_json::from_str::<serde_json::Value>(line).expect("a line is an object");
        }
        serde_json::from_str::<serde_json::Value>(&run("sarif")).expect("it is JSON");
        let xml = run("junit");
        let mut reader = quick_xml::Reader::from_str(&xml);
        while reader.read_event().expect("it is XML") != quick_xml::events::Event::Eof {}
        let csv = run("csv");
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let rows: Result<Vec<_>, _> = reader.records().collect();
        assert_eq!(rows.expect("it is CSV").len(), found);
    }

    /// A pipe that never ends, written by a thread until nobody reads it.
    fn endless(running: &mut Running) -> thread::JoinHandle<()> {
        let mut to = running.child.stdin.take().expect("it is a pipe");
        thread::spawn(move || {
            let line = format!(
                "{}\nkey = {}\n",
                "nothing to see here ".repeat(200),
                token(1)
            );
            while to.write_all(line.as_bytes()).is_ok() {}
        })
    }

    #[test]
    fn an_endless_pipe_is_scanned_in_constant_memory_until_interrupted() {
        let tree = Tree::new();
        let mut command = tree.keysieve(["scan", "-", "--format", "json"]);
        let mut running = Running::start(command.stdin(Stdio::piped()));
        let writer = endless(&mut running);
        thread::sleep(Duration::from_millis(1500));
        let early = running.peak();
        thread::sleep(Duration::from_millis(2500));
        let late = running.peak();
        running.signal("INT");
        let run = running.wait();
        writer.join().expect("it ends when nobody reads");
        assert_eq!(run.code, 130);
        let report = run.report();
        assert_eq!(report.findings().len(), 1);
        assert_eq!(report.0["summary"]["interrupted"], true);
        assert!(report.spots().len() <= 100, "places are bounded");
        assert!(run.stderr.contains("interrupted: "), "{}", run.stderr);
        if let (Some(early), Some(late)) = (early, late) {
            assert!(late < early + (16 << 20), "{early} became {late}");
        }
    }

    #[test]
    fn a_silent_pipe_can_be_interrupted() {
        let tree = Tree::new();
        let mut command = tree.keysieve(["scan", "-"]);
        let mut running = Running::start(command.stdin(Stdio::piped()));
        let mut to = running.child.stdin.take().expect("it is a pipe");
        to.write_all(token(1).as_bytes()).expect("it reads");
        thread::sleep(Duration::from_millis(1000));
        running.signal("INT");
        let run = running.wait();
        drop(to);
        assert_eq!(run.code, 130, "{}", run.stderr);
        assert!(run.stdout.contains("<stdin>:1:1"), "{}", run.stdout);
        assert!(run.stdout.contains("interrupted: "), "{}", run.stdout);
    }

    #[test]
    fn an_interrupted_file_is_not_said_to_have_changed() {
        let tree = Tree::new();
        let file = fs::File::create(tree.path().join("sparse")).expect("a file");
        file.set_len(8 << 30).expect("a sparse file");
        let mut command = tree.keysieve(["scan", "--format", "json"]);
        let running = Running::start(&mut command);
        thread::sleep(Duration::from_millis(1000));
        running.signal("INT");
        let run = running.wait();
        assert_eq!(run.code, 130, "{}", run.stderr);
        assert_eq!(run.report().skips(), []);
    }

    #[test]
    fn a_reader_that_goes_away_is_no_mistake() {
        let tree = Tree::new();
        let lines: Vec<String> = (0..400).map(token).collect();
        tree.file("many", lines.join("\n"));
        for format in ["text", "json", "jsonl", "csv", "sarif", "junit"] {
            let mut command = tree.keysieve(["scan", "--quiet", "--format", format]);
            let mut child = command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the binary runs");
            let mut line = String::new();
            let mut reader = BufReader::with_capacity(16, child.stdout.take().expect("a pipe"));
            reader.read_line(&mut line).expect("it prints");
            drop(reader);
            let mut stderr = String::new();
            let mut from = child.stderr.take().expect("a pipe");
            from.read_to_string(&mut stderr).expect("text");
            let code = child.wait().expect("it ends").code();
            assert_eq!((code, &stderr[..]), (Some(1), ""), "{format}");
        }
    }

    #[test]
    fn a_killed_run_leaves_no_report() {
        let tree = Tree::new();
        tree.file("old.json", "an older report");
        let args = ["scan", "-", "--output", "new.json", "--output", "old.json"];
        let mut command = tree.keysieve(args);
        let mut running = Running::start(command.stdin(Stdio::piped()));
        let writer = endless(&mut running);
        thread::sleep(Duration::from_millis(1000));
        running.signal("KILL");
        assert_eq!(running.wait().code, -1);
        writer.join().expect("it ends when nobody reads");
        assert!(!tree.path().join("new.json").exists());
        let old = fs::read_to_string(tree.path().join("old.json"));
        assert_eq!(old.expect("it is there"), "an older report");
        // What it leaves is not taken for input.
        let partial = fs::read_dir(tree.path()).expect("it is there").count() - 1;
        assert_eq!(partial, 2);
        assert_eq!(tree.json(["."]).1.0["summary"]["files"], 1);
    }

    #[test]
    fn output_keeps_links_and_permissions() {
        let tree = Tree::new();
        tree.file("a", token(1));
        let old = tree.file("real/old.json", "");
        fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).expect("it is ours");
        let link = |to: &str, name: &str| symlink(to, tree.path().join(name)).expect("a link");
        link("real/old.json", "old.json");
        link("real/new.json", "new.json");
        for name in ["old.json", "new.json"] {
            let run = tree.run(["scan", "a", "--quiet", "--output", name]);
            assert_eq!((run.code, &run.stderr[..]), (1, ""));
            let kept = fs::symlink_metadata(tree.path().join(name)).expect("it is there");
            assert!(kept.is_symlink(), "{name}");
            let report = fs::read_to_string(tree.path().join("real").join(name));
            serde_json::from_str::<serde_json::Value>(&report.expect("a file")).expect("JSON");
        }
        let mode = fs::metadata(&old)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
        let left = fs::read_dir(tree.path().join("real"))
            .expect("it is there")
            .count();
        assert_eq!(left, 2, "nothing partial is left");
    }

    #[test]
    fn an_output_that_cannot_be_written_costs_no_scan() {
        let tree = Tree::new();
        tree.file("a", token(1));
        tree.file("file", "");
        tree.file("folder/x", "");
        for (output, why) in [
            ("none/o.json", "no such file or directory"),
            ("file/o.json", "not a directory"),
            ("folder", "it is a directory"),
        ] {
            let said = format!("keysieve: {output} cannot be written: {why}\n");
            for args in [
                // Standard input that never ends: it would hang if it were scanned.
                &["scan", "-", "--format", "json", "--output", output][..],
                &["baseline", "create", "-", "--output", output],
            ] {
                let mut command = tree.keysieve(args.iter());
                let mut running = Running::start(command.stdin(Stdio::piped()));
                let _open = running.child.stdin.take();
                let run = running.wait();
                assert_eq!((run.code, &run.stdout[..]), (2, ""), "{args:?}");
                if args[0] == "scan" || output != "folder" {
                    assert_eq!(run.stderr, said, "{args:?}");
                }
            }
        }
        if Path::new("/dev/full").exists() {
            let run = tree.run(["scan", "a", "--format", "json", "--output", "/dev/full"]);
            assert_eq!(run.code, 2);
            assert!(
                run.stderr
                    .contains("/dev/full cannot be written: no space left"),
                "{}",
                run.stderr
            );
        }
    }
}

/// What stands around a finding is shown too, and must not show a secret: neither in the name that a value is assigned
/// to, nor where a value is repeated in a place that is no finding.
#[test]
fn what_stands_around_a_secret_shows_none() {
    let password = ["x9Kq2Lm", "!Z7pTw4V"].concat();
    for (content, secret) in [
        (format!("x.{}.token = \"{password}\"\n", token(1)), token(1)),
        (format!("{}-password = '{password}'\n", token(2)), token(2)),
        (
            format!("password = \"{password}\" # was {password} before\n"),
            password.clone(),
        ),
        (
            format!("use {password}; password = \"{password}\"\n"),
            password.clone(),
        ),
    ] {
        let tree = Tree::new();
        tree.file("a.txt", &content);
        for format in ["text", "json", "jsonl", "sarif", "csv", "junit"] {
            let run = tree.run(["scan", "--explain", "--format", format]);
            assert_eq!(run.code, 1, "{run:?}");
            let printed = run.stdout + &run.stderr;
            assert!(
                !printed.contains(&secret),
                "{format} of {content}: {printed}"
            );
        }
    }
}
