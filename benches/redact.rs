//! How fast redaction is: a clean build log in large chunks, and how long one line waits.
//!
//! `cargo bench --bench redact`. The log is made here: compiler calls, warnings, progress and test results, without a
//! secret in it. The latency is that of whole lines fed one by one; its distribution is printed before the benches.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use keysieve::engine::{Engine, RuleSet};
use keysieve::model::Secret;
use keysieve::redact::known::KnownValues;
use keysieve::redact::{Redacted, Redactor};

/// How much log is redacted in one turn.
const SIZE: usize = 32 << 20;
/// What a reader hands over at a time.
const CHUNK: usize = 256 * 1024;

/// A build log.
fn log() -> String {
    const WORDS: [&str; 16] = [
        "parser", "render", "network", "index", "cache", "window", "buffer", "queue", "thread",
        "module", "output", "shader", "matrix", "socket", "filter", "layout",
    ];
    let mut text = String::with_capacity(SIZE + 400);
    let mut number = 1u64;
    let mut next = |most: u64| {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (number >> 33) % most
    };
    let mut line = 0;
    while text.len() < SIZE {
        line += 1;
        let mut word = || WORDS[next(16) as usize];
        let (a, b, c) = (word(), word(), word());
        let _ = match line % 7 {
            0 => writeln!(
                text,
                "[{:>3}%] Building CXX object src/{a}/CMakeFiles/{a}.dir/{b}_{c}.cpp.o",
                line % 100
            ),
            1 => writeln!(
                text,
                "/usr/bin/c++ -DNDEBUG -Iinclude -I../third_party/{a}/include -O2 -g -fPIC -std=c++20 -o {b}.o -c ../src/{a}/{b}.cpp"
            ),
            2 => writeln!(
                text,
                "../src/{a}/{b}.cpp:{line}:17: warning: unused variable '{c}' [-Wunused-variable]"
            ),
            3 => writeln!(text, "test {a}::{b}::tests::{c}_is_stable_{line} ... ok"),
            4 => writeln!(
                text,
                "2026-11-26T10:00:{:02}.{:03}Z INFO {a}: {b} took {} ms, {c} at {} MB",
                line % 60,
                line % 1000,
                line % 977,
                line % 4099
            ),
            5 => writeln!(
                text,
                "   Compiling {a}-{b} v0.{}.{} (/home/me/{c})",
                line % 31,
                line % 17
            ),
            _ => writeln!(
                text,
                "added 1 package, and audited {line} packages in {}s",
                line % 60
            ),
        };
    }
    text.truncate(SIZE);
    text
}

fn known() -> KnownValues {
    let value = |n: u64| {
        format!(
            "{:016x}{:08x}-Secret",
            n.wrapping_mul(0x9E37_79B9_7F4A_7C15),
            n * 77_777
        )
    };
    let values = (1..=20).map(|n| (Arc::from("a bench"), Secret::new(value(n).as_bytes())));
    KnownValues::new(values).expect("twenty values are few")
}

fn pass(redactor: &Redactor<'_>, text: &[u8], chunk: usize) -> usize {
    let mut stream = redactor.stream();
    let mut out = Redacted::default();
    let mut length = 0;
    for chunk in text.chunks(chunk) {
        stream.feed(chunk, &mut out);
        length += out.text.len();
        out.clear();
    }
    stream.finish(&mut out);
    length + out.text.len()
}

/// How long each line takes from being fed to the return, sorted.
fn latencies(redactor: &Redactor<'_>, text: &str) -> Vec<Duration> {
    let mut stream = redactor.stream();
    let mut out = Redacted::default();
    let mut times: Vec<Duration> = text
        .split_inclusive('\n')
        .map(|line| {
            let began = Instant::now();
            stream.feed(line.as_bytes(), &mut out);
            let took = began.elapsed();
            out.clear();
            took
        })
        .collect();
    times.sort_unstable();
    times
}

fn redact(c: &mut Criterion) {
    let engine = Engine::new(RuleSet::embedded());
    let plain = Redactor::new(&engine);
    let with_known = Redactor::new(&engine).with_known(known());
    let log = log();
    assert!(
        plain.redact(log.as_bytes()).found.is_empty(),
        "the log is clean"
    );
    let few = &log[..4 << 20];
    let times = latencies(&plain, &few[..few.rfind('\n').map_or(0, |at| at + 1)]);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "latency of {} lines: p50 {:?}, p99 {:?}, p99.9 {:?}, most {:?}",
        times.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
    let mut group = c.benchmark_group("redact");
    group
        .sample_size(10)
        .throughput(Throughput::Bytes(log.len() as u64));
    group.bench_function("clean build log", |b| {
        b.iter(|| black_box(pass(&plain, log.as_bytes(), CHUNK)));
    });
    group.bench_function("clean build log, twenty known values", |b| {
        b.iter(|| black_box(pass(&with_known, log.as_bytes(), CHUNK)));
    });
    group.throughput(Throughput::Bytes(few.len() as u64));
    group.bench_function("line by line", |b| {
        b.iter(|| {
            let mut stream = plain.stream();
            let mut out = Redacted::default();
            for line in few.split_inclusive('\n') {
                stream.feed(line.as_bytes(), &mut out);
                out.clear();
            }
            black_box(stream.held())
        });
    });
    group.finish();
}

criterion_group!(benches, redact);
criterion_main!(benches);
