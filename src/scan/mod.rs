//! Joins sources and the engine: threads, deduplication, order, limits, progress.

mod alarm;
mod collect;
mod history;
mod veil;
mod worker;

use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::canary::Register;
use crate::engine::{Counters, Engine, Stream};
use crate::model::{Confidence, Event, Origin, RuleStats, Skip, SkipKind, Stats, Summary};
use crate::source::{self, Walk};
use crate::suppress::Policy;

pub use history::{AuditOptions, GitInput, What};
pub use veil::masked;

use collect::Collector;
use worker::{State, Worker};

/// What a scan can be told.
#[derive(Debug, Clone)]
pub struct Options {
    /// Findings below it are counted, not reported.
    pub min_confidence: Confidence,
    /// Files larger than this many bytes are skipped.
    pub max_file_size: Option<u64>,
    /// Different credentials that are listed; those beyond are counted.
    pub max_findings: usize,
    /// Places of one credential that are listed; those beyond are counted.
    pub max_locations: usize,
    /// Kinds of incompleteness that do not make the run incomplete.
    pub allow_incomplete: Vec<SkipKind>,
    /// Whether suppressions that matched nothing are reported: only where all is scanned that they may be meant for.
    pub report_unused: bool,
    /// Whether the engine's counters are reported.
    pub stats: bool,
    /// Hand out what a stream holds as soon as it is found, for whoever waits for it; places that are found later are
    /// only counted.
    pub live: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            min_confidence: Confidence::Medium,
            max_file_size: None,
            max_findings: 10_000,
            max_locations: 100,
            allow_incomplete: Vec::new(),
            report_unused: true,
            stats: false,
            live: false,
        }
    }
}

/// How far a scan has come, and the way to stop it. Shared with whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    files: AtomicU64,
    bytes: AtomicU64,
    found: AtomicU64,
    objects: AtomicU64,
    expected: AtomicU64,
    stop: AtomicBool,
}

impl Progress {
    /// Files scanned so far.
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// Bytes scanned so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Objects of repositories scanned so far.
    pub fn objects(&self) -> u64 {
        self.objects.load(Ordering::Relaxed)
    }

    /// Objects of repositories that are to be scanned, as far as is known.
    pub fn expected(&self) -> u64 {
        self.expected.load(Ordering::Relaxed)
    }

    /// Places found so far that are not accepted.
    pub fn found(&self) -> u64 {
        self.found.load(Ordering::Relaxed)
    }

    /// Ends the scan as soon as may be; what was found is still reported.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked for its end.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Where the paths of suppressions start: the folder they were found in.
#[derive(Debug, Clone)]
pub struct Root {
    /// The folder, absolute.
    pub folder: PathBuf,
    /// The current directory, absolute.
    pub current: PathBuf,
}

impl Root {
    /// A path as shown in reports, seen from the folder; the absolute path where it lies outside.
    fn path(&self, shown: &str) -> String {
        let mut absolute = PathBuf::new();
        for part in self.current.join(shown).components() {
            match part {
                std::path::Component::ParentDir => _ = absolute.pop(),
                std::path::Component::CurDir => {}
                other => absolute.push(other),
            }
        }
        source::shown(absolute.strip_prefix(&self.folder).unwrap_or(&absolute))
    }
}

/// A scan: what does not change while it runs.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    /// Finds candidates.
    pub engine: &'a Engine,
    /// Accepts places.
    pub policy: &'a Policy,
    /// Where the policy's paths start.
    pub root: &'a Root,
    /// What it was told.
    pub options: &'a Options,
    /// How far it has come.
    pub progress: &'a Progress,
    /// The canaries that raise an alarm where they are met.
    pub canaries: Option<&'a Register>,
}

/// What is scanned.
pub struct Input {
    /// Files and directories.
    pub walk: Option<Walk>,
    /// A stream.
    pub stdin: Option<Box<dyn Read + Send>>,
    /// A repository.
    pub git: Option<GitInput>,
}

impl Scan<'_> {
    /// The confidence from which on a candidate is reported. A canary is reported with any.
    fn least(&self) -> Confidence {
        match self.canaries {
            Some(_) => Confidence::Low,
            None => self.options.min_confidence,
        }
    }

    /// Scans `input` and hands out what was found, sorted: dropped candidates, findings, skips.
    pub fn run(&self, input: Input, sink: &mut dyn FnMut(Event)) -> Summary {
        let began = Instant::now();
        let collector = Collector::new(self);
        let states: Mutex<Vec<Arc<Mutex<State>>>> = Mutex::new(Vec::new());
        let state = || {
            let state = Arc::new(Mutex::new(State::new(self.engine)));
            states
                .lock()
                .expect("because no thread panics with it")
                .push(Arc::clone(&state));
            state
        };
        if let Some(stdin) = input.stdin {
            self.stream(stdin, &collector, &state(), sink);
        }
        if let Some(walk) = input.walk {
            walk.run(|| Worker {
                scan: self,
                collector: &collector,
                state: state(),
            });
        }
        let mut counters = Counters::default();
        if let Some(git) = &input.git {
            counters.add(&history::run(self, &collector, git));
        }
        for state in states
            .into_inner()
            .expect("because no thread panics with it")
        {
            counters.add(
                &state
                    .lock()
                    .expect("because panics are caught")
                    .scratch
                    .counters,
            );
        }
        let mut summary = collector.finish(sink);
        summary.files = self.progress.files();
        summary.objects = self.progress.objects();
        summary.bytes = self.progress.bytes();
        summary.rules = self.engine.rules().rules().len();
        summary.notes.extend(self.policy.notes());
        summary.interrupted = self.progress.stopped();
        if self.options.report_unused && !summary.interrupted {
            summary.unused = self.policy.unused();
        }
        summary.stats = self.options.stats.then(|| self.stats(&counters));
        summary.elapsed = began.elapsed();
        summary
    }

    /// Scans a stream as its bytes come.
    fn stream(
        &self,
        input: Box<dyn Read + Send>,
        collector: &Collector<'_>,
        state: &Mutex<State>,
        sink: &mut dyn FnMut(Event),
    ) {
        const TURN: Duration = Duration::from_millis(50);
        let chunks = source::chunks(input);
        let mut state = state.lock().expect("because this thread alone has it");
        let mut stream = Stream::new(self.engine);
        self.progress.files.fetch_add(1, Ordering::Relaxed);
        let mut out =
            |emission: crate::engine::Emission<'_>| _ = collector.take(&Origin::Stdin, &emission);
        while !self.progress.stopped() {
            match chunks.recv_timeout(TURN) {
                Ok(Ok(chunk)) => {
                    stream.feed(&chunk, &mut state.scratch, &mut out);
                    if self.options.live {
                        collector.hand_out_new(sink);
                    }
                    self.progress
                        .bytes
                        .fetch_add(chunk.len() as u64, Ordering::Relaxed);
                }
                Ok(Err(e)) => {
                    let detail = source::reason(&e);
                    collector.skip(Skip {
                        origin: Origin::Stdin,
                        kind: SkipKind::Unreadable,
                        detail,
                    });
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        stream.finish(&mut state.scratch, &mut out);
    }

    fn stats(&self, counters: &Counters) -> Stats {
        let rules = self.engine.rules().rules();
        let mut by_rule: Vec<RuleStats> = rules
            .iter()
            .zip(&counters.by_rule)
            .filter(|(_, counts)| counts[0] > 0)
            .map(|(rule, &[hits, candidates, kept])| RuleStats {
                id: rule.id.to_string(),
                hits,
                candidates,
                kept,
                budget: rule.budget,
            })
            .collect();
        by_rule.sort_by(|a, b| (b.hits, &a.id).cmp(&(a.hits, &b.id)));
        Stats {
            grams: counters.grams,
            hits: counters.hits,
            confirmations: counters.confirmations,
            candidates: by_rule.iter().map(|rule| rule.candidates).sum(),
            rules: by_rule,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_paths_from_the_suppressions_folder() {
        let root = |folder: &str| Root {
            folder: folder.into(),
            current: "/r/src".into(),
        };
        let cases = [
            ("/r", "a.rs", "src/a.rs"),
            ("/r", "../b.rs", "b.rs"),
            ("/r", "/r/x/c.rs", "x/c.rs"),
            ("/r/src", "d/e.rs", "d/e.rs"),
            ("/r/src", "../b.rs", "/r/b.rs"),
        ];
        for (folder, shown, want) in cases {
            assert_eq!(root(folder).path(shown), want);
        }
    }
}
