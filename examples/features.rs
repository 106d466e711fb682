//! Writes out what the generic score sees of every candidate in the files below some folders, as tab-separated lines for
//! `scripts/train_generic.py`: file, line, value as JSON, features. The first line names the features.
//!
//! usage: cargo run --release --example features -- FOLDER... > features.tsv

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::{env, fs};

use keysieve::engine::{Engine, RuleSet, training};

fn main() -> io::Result<()> {
    let engine = Engine::new(RuleSet::embedded());
    let mut scratch = engine.scratch();
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "file\tline\tvalue\t{}", training::FEATURES.join("\t"))?;
    for folder in env::args_os().skip(1) {
        let root = Path::new(&folder);
        for entry in ignore::Walk::new(root).flatten() {
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            let Some(bytes) = is_file.then(|| fs::read(entry.path()).ok()).flatten() else {
                continue;
            };
            let name = entry.path().strip_prefix(root).unwrap_or(entry.path());
            for sample in engine.samples(&bytes, &mut scratch) {
                let line = memchr::memchr_iter(b'\n', &bytes[..sample.value.start]).count() + 1;
                let value = String::from_utf8_lossy(&bytes[sample.value]);
                let value = serde_json::to_string(&value).map_err(io::Error::other)?;
                write!(out, "{}\t{line}\t{value}", name.display())?;
                for feature in sample.features {
                    write!(out, "\t{feature}")?;
                }
                writeln!(out)?;
            }
        }
    }
    out.flush()
}
