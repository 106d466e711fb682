//! What tests of the real binary share: trees of files with generated secrets, and runs with a time limit.
#![allow(dead_code)] // Each test file uses a part of it.

pub mod git;
#[cfg(unix)]
pub mod pack;

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use keysieve::engine::example::expand;
use serde_json::Value;
use tempfile::TempDir;

/// No run takes longer, unless it hangs.
pub const LIMIT: Duration = Duration::from_secs(120);

/// A token that every version of the rules finds, with a right checksum; another one for each seed.
pub fn token(seed: u64) -> String {
    expand("<crc32-base62:ghp_>", seed)
}

/// A folder that is gone at the end of the test.
pub struct Tree(TempDir);

impl Tree {
    pub fn new() -> Tree {
        Tree(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file with all folders above it.
    pub fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("it lies below")).expect("folders");
        fs::write(&path, content).expect("written");
        path
    }

    /// The binary, to be run in this folder, deaf to the configuration of whoever runs the tests.
    pub fn keysieve<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keysieve"));
        command
            .args(args)
            .current_dir(self.path())
            .env("HOME", self.path().join("nobody"))
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        Running::start(&mut self.keysieve(args)).wait()
    }

    /// Scans and reads the JSON report.
    pub fn json<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> (i32, Report) {
        let head = ["scan", "--format", "json"].map(|arg| arg.as_ref() as &OsStr);
        let args: Vec<_> = args.into_iter().collect();
        let run = self.run(head.into_iter().chain(args.iter().map(AsRef::as_ref)));
        (run.code, run.report())
    }
}

/// What a run left behind.
#[derive(Debug)]
pub struct Run {
    /// The exit code; -1 where a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// The most memory it had at a time, in bytes, where the system tells.
    pub peak: Option<u64>,
}

impl Run {
    pub fn report(&self) -> Report {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => Report(value),
            Err(e) => panic!("no report: {e}\n{self:?}"),
        }
    }
}

/// A run that has begun.
pub struct Running {
    pub child: Child,
    outputs: Vec<thread::JoinHandle<String>>,
    peak: Option<u64>,
}

impl Running {
    pub fn start(command: &mut Command) -> Running {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let stdout = child.stdout.take().expect("it is a pipe");
        let stderr = child.stderr.take().expect("it is a pipe");
        Running {
            child,
            outputs: vec![collect(stdout), collect(stderr)],
            peak: None,
        }
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        send(name, self.child.id());
    }

    /// The most memory it has had so far, in bytes.
    pub fn peak(&mut self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok();
        let now = status.and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kibibytes: u64 = line?.trim().strip_suffix(" kB")?.parse().ok()?;
            Some(kibibytes * 1024)
        });
        self.peak = self.peak.max(now);
        self.peak
    }

    /// Waits for its end; one that hangs is a failure.
    pub fn wait(mut self) -> Run {
        let began = Instant::now();
        let status = loop {
            self.peak();
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            if began.elapsed() > LIMIT {
                let _ = self.child.kill();
                panic!("still running after {LIMIT:?}");
            }
            thread::sleep(Duration::from_millis(5));
        };
        let mut outputs = self
            .outputs
            .drain(..)
            .map(|output| output.join().expect("it was read"));
        Run {
            code: status.code().unwrap_or(-1),
            stdout: outputs.next().unwrap_or_default(),
            stderr: outputs.next().unwrap_or_default(),
            peak: self.peak,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After a failed test: one that has ended cannot be killed, which is as well.
        let _ = self.child.kill();
    }
}

/// Sends a signal by its name to a process.
pub fn send(signal: &str, id: u32) {
    let sent = Command::new("kill")
        .args([format!("-{signal}"), id.to_string()])
        .status();
    assert!(sent.expect("there is a `kill`").success());
}

fn collect(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A JSON report.
#[derive(Debug, Clone)]
pub struct Report(pub Value);

/// A place in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub path: String,
    pub line: u64,
    pub column: u64,
    pub end_column: u64,
    pub rule: String,
}

impl Report {
    pub fn findings(&self) -> &[Value] {
        self.0["findings"].as_array().expect("a list of findings")
    }

    /// All places of all findings, sorted.
    pub fn places(&self) -> Vec<Place> {
        let mut places: Vec<Place> = self
            .findings()
            .iter()
            .flat_map(|finding| {
                let locations = finding["locations"].as_array().expect("a list of places");
                locations.iter().map(|location| Place {
                    path: text(&location["path"]),
                    line: number(&location["line"]),
                    column: number(&location["column"]),
                    end_column: number(&location["end_column"]),
                    rule: text(&finding["rule"]),
                })
            })
            .collect();
        places.sort();
        places
    }

    /// `path:line:column-end` of all places.
    pub fn spots(&self) -> Vec<String> {
        let spot = |place: &Place| {
            let Place {
                path,
                line,
                column,
                end_column,
                ..
            } = place;
            format!("{path}:{line}:{column}-{end_column}")
        };
        self.places().iter().map(spot).collect()
    }

    pub fn paths(&self) -> Vec<String> {
        self.places().into_iter().map(|place| place.path).collect()
    }

    /// Kind and path of what was skipped, sorted.
    pub fn skips(&self) -> Vec<(String, String)> {
        let skipped = self.0["skipped"].as_array().expect("a list of skips");
        let mut skips: Vec<_> = skipped
            .iter()
            .map(|skip| (text(&skip["kind"]), text(&skip["path"])))
            .collect();
        skips.sort();
        skips
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}
