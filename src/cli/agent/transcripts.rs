//! `keysieve agent transcripts`.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use keysieve::agent::text::Scanner;
use keysieve::agent::transcripts::{self, Care, Sighting, Store, Trouble};
use keysieve::engine::Engine;
use keysieve::model::{
    Confidence, Event, Finding, Fingerprint, Location, Origin, Position, Secret, Severity, Skip,
    SkipKind, Summary,
};
use keysieve::report::{Format, Options};
use rayon::prelude::*;

use super::super::output::{Output, Reports};
use super::super::scan::keep_content_out_of_panics;
use super::super::{Exit, Failure};
use super::install::{places, say};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct TranscriptsArgs {
    #[command(subcommand)]
    pub command: Option<TranscriptsCommand>,
    #[command(flatten)]
    pub scan: ScanArgs,
}

const EXAMPLES: &str = "\
Examples:
  keysieve agent transcripts                      scan the transcripts of every agent
  keysieve agent transcripts scan --agent codex --format json
  keysieve agent transcripts scrub --dry-run      say what would be covered
  keysieve agent transcripts scrub                cover it, in place";

#[derive(Debug, Subcommand)]
pub enum TranscriptsCommand {
    /// Find secrets in transcripts. This is what is done without a command.
    Scan(ScanArgs),
    /// Cover the secrets in transcripts, in place. There is no copy of what was there before; a store in use is left
    /// alone.
    Scrub(ScrubArgs),
}

/// Which stores.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// These files rather than the stores of agents: .jsonl, .json, .db, .vscdb, .sqlite, or text.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Only the stores of this agent. Repeatable.
    #[arg(long, value_name = "AGENT", conflicts_with = "files")]
    pub agent: Vec<String>,
    /// Also use the rules of this file or of the `.toml` files of this directory. Repeatable.
    #[arg(long, value_name = "FILE|DIR")]
    pub rules: Vec<PathBuf>,
    /// Find what is at least as sure: low, medium, high.
    #[arg(long, value_name = "LEVEL", default_value = "medium")]
    pub min_confidence: String,
}

#[derive(Debug, Args)]
pub struct ScanArgs {
    #[command(flatten)]
    pub stores: StoreArgs,
    /// Print the report in this format: text, json, jsonl, sarif, csv, junit.
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    pub format: String,
    /// Write the report into this file.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ScrubArgs {
    #[command(flatten)]
    pub stores: StoreArgs,
    /// Say what would be covered, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// A store that was changed less than so many seconds ago is in use.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub idle: u64,
}

/// Scans or scrubs.
pub fn run(args: &TranscriptsArgs) -> Result<Exit, Failure> {
    keep_content_out_of_panics();
    match &args.command {
        None => scan(&args.scan),
        Some(TranscriptsCommand::Scan(args)) => scan(args),
        Some(TranscriptsCommand::Scrub(args)) => scrub(args),
    }
}

impl StoreArgs {
    fn stores(&self) -> Result<Vec<Store>, Failure> {
        if !self.files.is_empty() {
            return Ok(self.files.iter().cloned().map(transcripts::named).collect());
        }
        let known = transcripts::agents();
        if let Some(name) = self.agent.iter().find(|name| !known.contains(&&name[..])) {
            let known = known.join(", ");
            return Err(Failure(format!(
                "unknown agent `{name}`; expected one of {known}"
            )));
        }
        Ok(transcripts::find(&places()?, &self.agent))
    }

    fn min_confidence(&self) -> Result<Confidence, Failure> {
        let name = &self.min_confidence;
        Confidence::parse(name).ok_or_else(|| {
            Failure(format!(
                "--min-confidence: unknown `{name}`; expected one of low, medium, high"
            ))
        })
    }
}

/// A panic in one store is a report about that store.
fn guarded<T>(run: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    caught.unwrap_or_else(|_| {
        Err(Trouble::Malformed(
            "reading it panicked: a defect".to_owned(),
        ))
    })
}

fn scan(args: &ScanArgs) -> Result<Exit, Failure> {
    let began = Instant::now();
    let stores = args.stores.stores()?;
    let min_confidence = args.stores.min_confidence()?;
    let format = Format::parse(&args.format).ok_or_else(|| {
        let names = Format::ALL.map(Format::name).join(", ");
        Failure(format!(
            "unknown format `{}`; expected one of {names}",
            args.format
        ))
    })?;
    let output = Output {
        format,
        file: args.output.clone(),
    };
    let options = Options {
        width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        ..Options::default()
    };
    let mut reports = Reports::open(&[output], &options)?;
    let engine = Engine::new(super::rules(&args.stores.rules)?);
    let mut found = Findings::new(&engine);
    let mut summary = Summary {
        rules: engine.rules().rules().len(),
        ..Summary::default()
    };
    let mut skips = Vec::new();
    let scanned: Vec<(Vec<Sighting>, Result<(), Trouble>)> = stores
        .par_iter()
        .map(|store| {
            let mut sightings = Vec::new();
            let mut scanner = Scanner::new(&engine, min_confidence);
            let done =
                guarded(|| transcripts::scan(store, &mut scanner, &mut |s| sightings.push(s)));
            (sightings, done)
        })
        .collect();
    for (store, (sightings, done)) in stores.iter().zip(scanned) {
        sightings
            .into_iter()
            .for_each(|sighting| found.add(sighting));
        summary.files += 1;
        summary.bytes += std::fs::metadata(&store.path).map_or(0, |data| data.len());
        if let Err(trouble) = done {
            skips.push(Skip {
                origin: Origin::File(keysieve::source::shown(&store.path)),
                kind: SkipKind::Unreadable,
                detail: trouble.to_string(),
            });
        }
    }
    if !skips.is_empty() {
        summary
            .skipped
            .push((SkipKind::Unreadable, skips.len() as u64));
        let stores = super::count(skips.len(), "store", "stores");
        summary
            .incomplete
            .push(format!("{stores} could not be read, or not wholly"));
    }
    let findings = found.sorted();
    for severity in Severity::ALL.into_iter().rev() {
        let count = findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count();
        if count > 0 {
            summary.findings.push((severity, count as u64));
        }
    }
    let exit = match (skips.is_empty(), findings.is_empty()) {
        (false, _) => Exit::Incomplete,
        (true, false) => Exit::Findings,
        (true, true) => Exit::Clean,
    };
    for event in findings
        .into_iter()
        .map(Event::Found)
        .chain(skips.into_iter().map(Event::Skipped))
    {
        reports.event(&event)?;
    }
    summary.elapsed = began.elapsed();
    reports.finish(&summary)?;
    Ok(exit)
}

/// One finding a credential, with its places.
struct Findings<'e> {
    engine: &'e Engine,
    all: HashMap<Fingerprint, Finding>,
}

/// Places of one credential that are listed.
const LISTED: usize = 100;

impl<'e> Findings<'e> {
    fn new(engine: &'e Engine) -> Findings<'e> {
        Findings {
            engine,
            all: HashMap::new(),
        }
    }

    fn add(&mut self, sighting: Sighting) {
        let found = sighting.found;
        let Some(rule) = self.engine.rules().get(&found.rule) else {
            return;
        };
        let start = Position {
            line: sighting.line,
            column: sighting.column,
            offset: sighting.offset,
        };
        let finding = self
            .all
            .entry(found.fingerprint)
            .or_insert_with(|| Finding {
                example: false,
                history: None,
                rule: Arc::new(rule.info()),
                severity: found.severity,
                confidence: found.confidence,
                fingerprint: found.fingerprint,
                // There is no flag that shows it, so that it is not kept.
                secret: Secret::new(&[]),
                masked: found.masked.clone(),
                reasons: Vec::new(),
                locations: Vec::new(),
                location_count: 0,
                accepted_count: 0,
            });
        finding.location_count += 1;
        if finding.locations.len() < LISTED {
            finding.locations.push(Location {
                parts: Vec::new(),
                origin: Origin::File(sighting.origin),
                start,
                end: start,
                encoding: None,
                snippet: sighting.snippet,
                accepted: None,
            });
        }
    }

    fn sorted(self) -> Vec<Finding> {
        let mut all: Vec<Finding> = self.all.into_values().collect();
        all.sort_by(|a, b| {
            let key = |f: &Finding| (f.primary().origin.clone(), f.primary().start);
            (key(a), &a.rule.id).cmp(&(key(b), &b.rule.id))
        });
        all
    }
}

fn scrub(args: &ScrubArgs) -> Result<Exit, Failure> {
    let stores = args.stores.stores()?;
    let min_confidence = args.stores.min_confidence()?;
    let care = Care {
        idle: Duration::from_secs(args.idle),
        dry_run: args.dry_run,
    };
    let engine = Engine::new(super::rules(&args.stores.rules)?);
    let (mut secrets, mut changed, mut left) = (0, 0, 0);
    for store in &stores {
        let mut scanner = Scanner::new(&engine, min_confidence);
        let path = store.path.display();
        match guarded(|| transcripts::scrub(store, &mut scanner, care, &mut |_| {})) {
            Ok(done) if done.secrets == 0 => {}
            Ok(done) => {
                (secrets, changed) = (secrets + done.secrets, changed + 1);
                let verb = if args.dry_run { "to cover" } else { "covered" };
                say(&format!("{path}: {} {verb}", done.secrets))?;
            }
            Err(trouble) => {
                left += 1;
                // Nobody may read it.
                let _ = writeln!(io::stderr(), "keysieve: {path}: {trouble}");
            }
        }
    }
    let verb = if args.dry_run {
        "would be covered"
    } else {
        "covered"
    };
    let stores = super::count(stores.len(), "store", "stores");
    let covered = super::count(secrets as usize, "secret", "secrets");
    say(&format!(
        "{stores}, {covered} {verb} in {changed} of them, {left} left alone"
    ))?;
    Ok(match (left, args.dry_run && secrets > 0) {
        (0, false) => Exit::Clean,
        (0, true) => Exit::Findings,
        _ => Exit::Incomplete,
    })
}
