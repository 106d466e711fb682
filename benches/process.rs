//! How long the command takes as a person waits for it: one small file, and a tree.
//!
//! Set `KEYSIEVE_BENCH_TREE` to measure on another tree than this package.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};

fn keysieve(path: &PathBuf) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keysieve"));
    command
        .args(["scan", "--no-repo-config", "--quiet", "--format", "json"])
        .arg(path);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn process(c: &mut Criterion) {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let tree =
        std::env::var_os("KEYSIEVE_BENCH_TREE").map_or_else(|| package.join("src"), PathBuf::from);
    let file = package.join("Cargo.toml");
    let mut group = c.benchmark_group("process");
    group.sample_size(30);
    for (name, path) in [("one file", file), ("tree", tree)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let status = keysieve(&path).status().expect("the binary has been built");
                assert!(
                    status.code().is_some_and(|code| code < 2),
                    "the scan was not complete"
                );
            });
        });
    }
    group.finish();
}

criterion_group!(benches, process);
criterion_main!(benches);
