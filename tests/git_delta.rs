//! A history read as differences gives what every version read whole gives.
//!
//! Random edits of several files make a history, real git packs it as differences from differences, and `keysieve git` must
//! report exactly what `keysieve scan` finds in the blobs that `git cat-file` prints. `KEYSIEVE_SEEDS=100` tries more.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use keysieve::engine::example::expand;
use serde_json::Value;
use support::Report;
use support::git::{Lab, Repo};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Text that holds keywords now and then, and no secret.
fn prose(random: &mut Random, length: usize) -> Vec<u8> {
    let words = [
        "river ",
        "stone ",
        "walks\n",
        "under ",
        "key = ",
        "light\n",
        "token ",
        "birds;\n",
        "password: ",
        "early, ",
        "caf\u{e9}\r\n",
        "0x1f ",
        "\n\n",
        "(house) ",
    ];
    let mut text = Vec::new();
    while text.len() < length {
        text.extend(random.pick(&words).bytes());
    }
    text
}

/// What can be found, of every kind that detection treats in a way of its own.
const SECRETS: [&str; 10] = [
    "<crc32-base62:ghp_>",
    "\ntoken = <crc32-base62:ghp_>\n",
    "\nDB_PASSWORD = \"<password:14>\"\n",
    "\napi_secret: '<b62:40>'\n",
    "https://app:<b62:20>@db.example.com/x",
    "\naws_access_key_id = <aws-key-id:AKIA>\naws_secret_access_key = <b64:40>\n",
    " <jwt> ",
    "\n<private-key:RSA PRIVATE KEY>\n",
    " SecurityToken=CAIS<b64:600>\n",
    "\n\"client_secret\":\"<b62:32>\",\n",
];

/// Several files and what became of them.
struct History {
    random: Random,
    names: Vec<String>,
    files: Vec<Vec<u8>>,
    /// Every version there was, by file.
    versions: Vec<Vec<Vec<u8>>>,
    /// Secrets that were written somewhere.
    secrets: Vec<Vec<u8>>,
    /// Texts that keep two halves of a secret apart, by file.
    apart: Vec<(usize, Vec<u8>)>,
}

impl History {
    fn new(seed: u64) -> History {
        let mut random = Random(seed);
        let names: Vec<String> = (0..3).map(|n| format!("src/part{n}.txt")).collect();
        let files: Vec<Vec<u8>> = names
            .iter()
            .map(|_| {
                let length = 500 + random.below(12_000);
                prose(&mut random, length)
            })
            .collect();
        History {
            versions: files.iter().map(|file| vec![file.clone()]).collect(),
            random,
            names,
            files,
            secrets: Vec::new(),
            apart: Vec::new(),
        }
    }

    fn secret(&mut self) -> Vec<u8> {
        let template = *self.random.pick(&SECRETS);
        let secret = expand(template, self.random.next());
        let secret = match self.random.below(8) {
            0 => secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            _ => secret.into_bytes(),
        };
        self.secrets.push(secret.clone());
        secret
    }

    fn place(&mut self, file: usize) -> usize {
        self.random.below(self.files[file].len() + 1)
    }

    fn insert(&mut self, file: usize, text: &[u8]) {
        let at = self.place(file);
        self.files[file].splice(at..at, text.iter().copied());
    }

    /// A stretch of a file, at most `most` bytes long.
    fn stretch(&mut self, file: usize, most: usize) -> std::ops::Range<usize> {
        let start = self.place(file);
        let length = self.random.below(most);
        start..(start + length).min(self.files[file].len())
    }

    /// Where a secret that was written once still stands.
    fn standing(&mut self, file: usize) -> Option<std::ops::Range<usize>> {
        let all: Vec<_> = self
            .secrets
            .iter()
            .filter_map(|secret| {
                let at = memchr::memmem::find(&self.files[file], secret)?;
                Some(at..at + secret.len())
            })
            .collect();
        (!all.is_empty()).then(|| self.random.pick(&all).clone())
    }

    fn edit(&mut self, file: usize) {
        match self.random.below(12) {
            0 | 1 => {
                let length = self.random.below(400);
                let text = prose(&mut self.random, length);
                self.insert(file, &text);
            }
            2 => {
                let gone = self.stretch(file, 600);
                self.files[file].drain(gone);
            }
            3 => {
                let moved = self.stretch(file, 3000);
                let block: Vec<u8> = self.files[file].drain(moved).collect();
                self.insert(file, &block);
            }
            4 => {
                let from = self.random.below(self.files.len());
                let copied = self.stretch(from, 3000);
                let block = self.files[from][copied].to_vec();
                self.insert(file, &block);
            }
            5..=7 => {
                let secret = self.secret();
                self.insert(file, &secret);
            }
            8 => {
                if let Some(secret) = self.standing(file) {
                    let at = secret.start + self.random.below(secret.len());
                    match self.random.below(3) {
                        0 => _ = self.files[file].drain(at..secret.end),
                        1 => self.files[file].insert(at, b'x'),
                        _ => _ = self.files[file].splice(at..at, *b"\nand so on\n"),
                    }
                }
            }
            9 => {
                let secret = self.secret();
                let (left, right) = secret.split_at(self.random.below(secret.len()));
                let length = 20 + self.random.below(3000);
                let between = prose(&mut self.random, length);
                let text = [left, &between, right].concat();
                self.insert(file, &text);
                self.apart.push((file, between));
            }
            10 => {
                // What stands between the halves of a secret goes, and two copies meet.
                let at = self.apart.iter().position(|(of, _)| *of == file);
                if let Some((_, between)) = at.map(|at| self.apart.swap_remove(at))
                    && let Some(start) = memchr::memmem::find(&self.files[file], &between)
                {
                    self.files[file].drain(start..start + between.len());
                }
            }
            _ => self.files[file] = self.random.pick(&self.versions[file]).clone(),
        }
    }

    /// The history as a stream for `git fast-import`.
    fn stream(&mut self, commits: usize) -> Vec<u8> {
        let mut stream = Vec::new();
        for number in 0..commits {
            let time = 1_600_000_000 + number;
            let head = format!(
                "commit refs/heads/main\ncommitter P <p@example.com> {time} +0000\ndata 5\nedit\n\n"
            );
            stream.extend(head.bytes());
            let all = 0..self.files.len();
            let changed = match number {
                0 => all.collect(),
                _ => vec![self.random.below(all.len())],
            };
            for file in changed {
                if number > 0 {
                    (0..=self.random.below(3)).for_each(|_| self.edit(file));
                }
                let content = &self.files[file];
                let head = format!(
                    "M 100644 inline {}\ndata {}\n",
                    self.names[file],
                    content.len()
                );
                stream.extend(head.bytes());
                stream.extend(content);
                stream.push(b'\n');
                self.versions[file].push(content.clone());
            }
        }
        stream
    }
}

/// Every blob as a file of its own, under the name it has in the history.
fn write_out(repo: &Repo<'_>) -> BTreeMap<String, String> {
    let listed = repo.git(&["rev-list", "--objects", "--all"]);
    let mut paths = BTreeMap::new();
    for line in listed.lines() {
        if let Some((id, path)) = line.split_once(' ')
            && path.ends_with(".txt")
        {
            let args = ["cat-file", "blob", id];
            let output = repo.command(&args).output().expect("there is a git");
            let copy = format!("blobs/{id}/{path}");
            repo.lab.tree.file(&copy, output.stdout);
            paths.insert(copy, id.to_owned());
        }
    }
    paths
}

/// Rule, fingerprint and masked form of all findings.
fn credentials(report: &Report) -> BTreeSet<[String; 3]> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let fields = |finding: &Value| ["rule", "fingerprint", "masked"].map(|f| text(&finding[f]));
    report.findings().iter().map(fields).collect()
}

/// Fingerprint, object and byte offset of all places; `object` knows the object of a location.
fn places(
    report: &Report,
    object: impl Fn(&Value) -> Option<String>,
) -> BTreeSet<(String, String, u64)> {
    let mut places = BTreeSet::new();
    for finding in report.findings() {
        let fingerprint = finding["fingerprint"].as_str().expect("a text");
        for location in finding["locations"].as_array().expect("places") {
            let object = object(location).expect("it is in an object");
            let offset = location["offset"].as_u64().expect("a number");
            places.insert((fingerprint.to_owned(), object, offset));
        }
    }
    places
}

fn differences(repo: &Repo<'_>) -> usize {
    let check = [
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objecttype) %(deltabase)",
    ];
    let listed = repo.git(&check);
    let zeros = |line: &str| line.ends_with(&"0".repeat(40));
    let blobs = listed.lines().filter(|line| line.starts_with("blob"));
    blobs.filter(|line| !zeros(line)).count()
}

fn check(seed: u64) {
    let lab = Lab::new();
    let repo = lab.init("r", &["--bare"]);
    let mut history = History::new(seed);
    let stream = history.stream(60);
    repo.git_with(stream, &["fast-import", "--quiet"]);
    let depth = format!("--depth={}", 1 + history.random.below(60));
    let window = format!("--window={}", 2 + history.random.below(60));
    repo.git(&["repack", "-a", "-d", "-f", "-q", &depth, &window]);
    assert!(differences(&repo) > 10, "seed {seed}: git stores it whole");

    let paths = write_out(&repo);
    let scanned = lab
        .tree
        .run(["scan", "--format", "json", "--all-locations", "blobs"]);
    let whole = scanned.report();
    assert!(
        credentials(&whole).len() > 5,
        "seed {seed}: hardly a secret"
    );
    let read = repo.keysieve(&["git", "--format", "json", "--all-locations"]);
    assert_eq!(read.code, 1, "seed {seed}: {}", read.stderr);
    let history = read.report();
    let (got, want) = (credentials(&history), credentials(&whole));
    let lost: Vec<_> = want.difference(&got).collect();
    let made_up: Vec<_> = got.difference(&want).collect();
    assert!(
        lost.is_empty() && made_up.is_empty(),
        "seed {seed}: lost {lost:#?}, made up {made_up:#?}"
    );

    let text = |value: &Value| value.as_str().map(str::to_owned);
    let want = places(&whole, |location| {
        paths.get(&text(&location["path"])?).cloned()
    });
    let got = places(&history, |location| text(&location["git"]["object"]));
    let lost: Vec<_> = want.difference(&got).collect();
    let made_up: Vec<_> = got.difference(&want).collect();
    assert!(
        lost.is_empty() && made_up.is_empty(),
        "seed {seed}: places lost {lost:#?}, made up {made_up:#?}"
    );
}

#[test]
fn a_history_of_differences_gives_what_its_versions_give() {
    let seeds = std::env::var("KEYSIEVE_SEEDS").ok();
    let seeds = seeds.and_then(|seeds| seeds.parse().ok()).unwrap_or(4);
    (0..seeds).for_each(check);
}
