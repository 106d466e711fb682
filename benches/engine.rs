//! How fast the engine is on its own: whole blobs, streams and edits, and what a start costs.
//!
//! `cargo bench` measures on this package's own sources and rules, repeated up to 16 MB; name another tree with
//! `KEYSIEVE_BENCH_TREE`. The rules are dense with keywords: code is faster.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use keysieve::engine::{Edit, Engine, RuleSet, Stream, Version};

/// How much text is scanned in one turn.
const SIZE: usize = 16 << 20;

fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && entry.file_name() != ".git" => files(&entry.path(), all),
            Ok(kind) if kind.is_file() => all.push(entry.path()),
            _ => {}
        }
    }
}

/// The text of a tree, as often as it takes to fill [`SIZE`].
fn text(folder: &Path) -> Vec<u8> {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    paths.sort();
    let mut text = Vec::with_capacity(SIZE);
    for path in paths.iter().cycle().take(paths.len() * 1000) {
        text.extend_from_slice(&fs::read(path).unwrap_or_default());
        if text.len() >= SIZE {
            break;
        }
    }
    assert!(
        text.len() >= SIZE,
        "{} holds too little text",
        folder.display()
    );
    text.truncate(SIZE);
    text
}

fn inputs() -> Vec<(String, Vec<u8>)> {
    match std::env::var_os("KEYSIEVE_BENCH_TREE") {
        Some(tree) => vec![("tree".to_owned(), text(Path::new(&tree)))],
        None => {
            let package = Path::new(env!("CARGO_MANIFEST_DIR"));
            ["src", "rules"]
                .map(|folder| (folder.to_owned(), text(&package.join(folder))))
                .into()
        }
    }
}

fn scanning(c: &mut Criterion) {
    let engine = Engine::new(RuleSet::embedded());
    let mut scratch = engine.scratch();
    for (name, text) in inputs() {
        let mut group = c.benchmark_group(&name);
        group
            .throughput(Throughput::Bytes(text.len() as u64))
            .sample_size(20);
        group.bench_function("whole", |b| {
            b.iter(|| {
                engine.examine("", black_box(&text), &mut scratch, &mut |emission| {
                    black_box(emission.start);
                })
            });
        });
        for chunk in [4 << 10, 128 << 10] {
            group.bench_function(format!("stream/{}KiB", chunk >> 10), |b| {
                b.iter(|| {
                    let mut stream = Stream::new(&engine);
                    let mut out =
                        |emission: keysieve::engine::Emission<'_>| _ = black_box(emission.start);
                    for piece in text.chunks(chunk) {
                        stream.feed(piece, &mut scratch, &mut out);
                    }
                    stream.finish(&mut scratch, &mut out);
                });
            });
        }
        // Twenty lines changed in 16 MB: what an edit costs beside a scan of everything.
        let whole = Version {
            bytes: &text,
            from: None,
            is_last: false,
        };
        let base = engine.scan_version(&whole, &mut scratch);
        let part = text.len() / 20;
        let edits: Vec<Edit> = (0..20)
            .flat_map(|n| [Edit::Copy(n * part..(n + 1) * part - 80), Edit::Insert(80)])
            .collect();
        group.bench_function("edit", |b| {
            b.iter(|| {
                let version = Version {
                    bytes: black_box(&text[..part * 20]),
                    from: Some((&base, &edits)),
                    is_last: false,
                };
                black_box(engine.scan_version(&version, &mut scratch))
            });
        });
        group.finish();
    }
}

fn start(c: &mut Criterion) {
    c.bench_function("start", |b| {
        b.iter_batched(
            || (),
            |()| {
                let engine = Engine::new(RuleSet::embedded());
                black_box(engine.scratch());
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, scanning, start);
criterion_main!(benches);
