//! Validates `rules/*.toml` and lays the compiled rules and the prefilter's tables down as statics, so that a start
//! parses and compiles nothing. A mistake in a rule file fails the build with the file and line.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, process};

#[allow(dead_code, reason = "the script uses a part of it")]
#[path = "src/model/level.rs"]
mod level;
#[path = "src/model/source_error.rs"]
mod source_error;
mod model {
    pub use super::level::{Confidence, Severity};
    pub use super::source_error::SourceError;
}
#[path = "src/engine/grams.rs"]
mod grams;
#[allow(
    dead_code,
    reason = "the script builds the tables, the program searches with them"
)]
#[path = "src/engine/lexicon.rs"]
mod lexicon;
#[allow(
    dead_code,
    unused_imports,
    reason = "the script uses the half that compiles, the program the half that runs"
)]
#[path = "src/rule/mod.rs"]
mod rule;
#[allow(
    dead_code,
    reason = "the script builds the tables, the program searches with them"
)]
#[path = "src/engine/sieve.rs"]
mod sieve;
#[path = "src/engine/tables.rs"]
mod tables;

use rule::{List, Matcher, Pattern, Rule, Step, Str};

/// The code that decides what is found. Whoever remembers what was found asks whether the same code found it.
const DECIDES: [&str; 5] = [
    "src/engine",
    "src/model",
    "src/rule",
    "src/scan",
    "src/source",
];
/// Bitmaps of which the best is laid down.
const TRIES: usize = 64;

fn main() {
    println!("cargo:rerun-if-changed=rules");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("because cargo sets it"));
    let rules = load(&root.join("rules"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("because cargo sets it"));
    fs::write(out.join("rules.rs"), render(&rules)).expect("because cargo made OUT_DIR for this");
    let mut hasher = DefaultHasher::new();
    for folder in DECIDES {
        println!("cargo:rerun-if-changed={folder}");
        hash(&root.join(folder), &mut hasher);
    }
    println!("cargo:rustc-env=KEYSIEVE_CODE={:016x}", hasher.finish());
}

/// Adds the names and contents of all files in a folder and below it.
fn hash(folder: &Path, hasher: &mut DefaultHasher) {
    let entries = fs::read_dir(folder).expect("because the package holds it");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("because it can be listed").path())
        .collect();
    paths.sort();
    for path in paths {
        path.file_name().hash(hasher);
        match path.is_dir() {
            true => hash(&path, hasher),
            false => fs::read(&path)
                .expect("because the package holds it")
                .hash(hasher),
        }
    }
}

fn load(folder: &Path) -> Vec<Rule> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("because the package holds rules/")
        .map(|entry| entry.expect("because rules/ can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    let mut rules: Vec<Rule> = Vec::new();
    let mut failed = false;
    for path in &files {
        let name = format!(
            "rules/{}",
            path.file_name().unwrap_or_default().to_string_lossy()
        );
        let source = fs::read_to_string(path).unwrap_or_else(|e| fail(&format!("{name}: {e}")));
        match rule::compile_file(&name, &source) {
            Ok(found) => rules.extend(found),
            Err(errors) => {
                failed = true;
                errors.iter().for_each(|e| eprintln!("{e}"));
            }
        }
    }
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    for pair in rules.windows(2).filter(|pair| pair[0].id == pair[1].id) {
        failed = true;
        eprintln!(
            "{}: rule `{}` stands in {} too",
            pair[1].source, pair[1].id, pair[0].source
        );
    }
    if failed {
        fail("rules/ holds mistakes");
    }
    rules
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    process::exit(1)
}

fn render(rules: &[Rule]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "pub static RULES: [Rule; {}] = [", rules.len());
    for rule in rules {
        render_rule(&mut out, rule);
    }
    out.push_str("];\n");
    let index = tables::Index::build(rules, TRIES);
    let _ = writeln!(
        out,
        "pub static INDEX: Index = Index {{ rule_starts: {}, rules: {}, codings: {}, sieve: {} }};",
        list(&index.rule_starts, |n| n.to_string()),
        list(&index.rules, |n| n.to_string()),
        list(&index.codings, |coding| format!("Coding::{coding:?}")),
        render_sieve(&index.sieve),
    );
    out
}

fn render_rule(out: &mut String, rule: &Rule) {
    let _ = writeln!(
        out,
        "Rule {{ id: {}, provider_id: {}, provider: {}, description: {}, severity: Severity::{:?}, \
         confidence: Confidence::{:?}, rotate: {}, replace: {}, references: {}, tags: {}, keywords: {}, \
         matcher: {}, randomness: {:?}, placeholders: {}, structure: {}, budget: {}, part: {}, alone: {}, \
         examples: {}, counter_examples: {}, source: {} }},",
        text(&rule.id),
        text(&rule.provider_id),
        text(&rule.provider),
        text(&rule.description),
        rule.severity,
        rule.confidence,
        text(&rule.rotate),
        text(&rule.replace),
        list(&rule.references, text),
        list(&rule.tags, text),
        list(&rule.keywords, |k| format!(
            "Keyword {{ text: {}, ignore_case: {} }}",
            text(&k.text),
            k.ignore_case
        )),
        matcher(&rule.matcher),
        rule.randomness,
        rule.placeholders,
        rule.structure
            .map_or("None".to_owned(), |s| format!("Some(Structure::{s:?})")),
        rule.budget,
        rule.part.as_ref().map_or("None".to_owned(), |part| format!(
            "Some(Part {{ groups: {}, name: {}, main: {} }})",
            list(&part.groups, text),
            text(&part.name),
            part.main
        )),
        rule.alone,
        list(&rule.examples, text),
        list(&rule.counter_examples, text),
        text(&rule.source),
    );
}

fn text(text: &Str) -> String {
    format!("Cow::Borrowed({:?})", &text[..])
}

fn list<T: Clone>(items: &List<T>, mut one: impl FnMut(&T) -> String) -> String {
    let items: Vec<String> = items.iter().map(&mut one).collect();
    format!("Cow::Borrowed(&[{}])", items.join(", "))
}

fn matcher(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Pattern(p, b) => format!(
            "Matcher::Pattern({}, Boundary {{ left: {}, right: {} }})",
            pattern(p),
            b.left,
            b.right
        ),
        Matcher::Assignment(a) => format!(
            "Matcher::Assignment(Assignment {{ value: {} }})",
            a.value
                .as_ref()
                .map_or("None".to_owned(), |v| format!("Some({})", pattern(v)))
        ),
        Matcher::Run(r) => format!(
            "Matcher::Run(Run {{ head: {}, alphabet: ByteSet({:?}), min_len: {}, max_len: {:?} }})",
            pattern(&r.head),
            r.alphabet.0,
            r.min_len,
            r.max_len
        ),
        Matcher::Block(b) => format!(
            "Matcher::Block(Block {{ begin: {}, alphabet: ByteSet({:?}), end_literal: {}, end: {}, min_len: {} }})",
            pattern(&b.begin),
            b.alphabet.0,
            text(&b.end_literal),
            pattern(&b.end),
            b.min_len
        ),
        Matcher::File(f) => format!(
            "Matcher::File(FileRule {{ files: {}, parser: Parser::{:?} }})",
            list(&f.files, text),
            f.parser
        ),
    }
}

fn pattern(p: &Pattern) -> String {
    let step = |step: &Step| match step {
        Step::Literal(bytes) => format!("Step::Literal({})", list(bytes, |b| b.to_string())),
        Step::Class { set, min, max } => {
            format!(
                "Step::Class {{ set: ByteSet({:?}), min: {min}, max: {max} }}",
                set.0
            )
        }
    };
    format!(
        "Pattern {{ source: {}, min_len: {}, max_len: {}, lead: {:?}, secret_prefix: {}, steps: {}, \
         secret_steps: {:?}, has_group: {} }}",
        text(&p.source),
        p.min_len,
        p.max_len,
        p.lead,
        p.secret_prefix,
        p.steps
            .as_ref()
            .map_or("None".to_owned(), |s| format!("Some({})", list(s, step))),
        p.secret_steps,
        p.has_group
    )
}

fn render_sieve(sieve: &sieve::Sieve) -> String {
    let buckets = |b: &sieve::Buckets| {
        format!(
            "Buckets {{ starts: {}, entries: {} }}",
            list(&b.starts, |n| n.to_string()),
            list(&b.entries, |e| format!(
                "Entry {{ gram: {}, word: {}, offset: {}, follow: {}, before: {}, after: {} }}",
                e.gram, e.word, e.offset, e.follow, e.before, e.after
            ))
        )
    };
    format!(
        "Sieve {{ words: Lexicon {{ text: Cow::Borrowed(&{:?}), bounds: Cow::Borrowed(&{:?}) }}, map: Cow::Borrowed(&{:?}), signs: Cow::Borrowed(&{:?}), threes: Cow::Borrowed(&{:?}), \
         wide: {}, short: {}, factor: {}, longest: {} }}",
        sieve.words.text,
        sieve.words.bounds,
        sieve.map,
        sieve.signs,
        sieve.threes,
        buckets(&sieve.wide),
        buckets(&sieve.short),
        sieve.factor,
        sieve.longest
    )
}
