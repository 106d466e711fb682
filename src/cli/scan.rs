//! `keysieve scan`.

use std::io::{self, Write};
use std::panic;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};
use keysieve::engine::Engine;
use keysieve::model::{Event, Summary};
use keysieve::report;
use keysieve::scan::{Input, Progress, Scan};
use keysieve::suppress::{Baseline, load};

use super::args::{CommonArgs, ReportArgs, ScanArgs, VerdictArgs, When};
use super::audit::{self, AuditArgs};
use super::ignore_file::IgnoreFile;
use super::output::{Output, Reports};
use super::progress::Display;
use super::settings::{self, Prepared};
use super::{Exit, Failure};

/// Scans and reports.
pub fn run(args: &ScanArgs, outputs: &[Output]) -> Result<Exit, Failure> {
    let baseline = read_baseline(&args.verdict)?;
    let mut prepared = settings::prepare(&args.input, baseline)?;
    prepared.options.stats = args.stats;
    prepared.options.live = prepared.stdin && Reports::shows_at_once(outputs);
    Request {
        common: &args.input.common,
        report: &args.report,
        verdict: &args.verdict,
        audit: &args.audit,
        explain: args.explain,
    }
    .run(prepared, outputs)
}

/// The baseline that is named, if one is.
pub fn read_baseline(verdict: &VerdictArgs) -> Result<Option<Baseline>, Failure> {
    let read = |path: &PathBuf| {
        let name = keysieve::source::shown(path);
        load::baseline(path, &name)
    };
    Ok(verdict.baseline.as_ref().map(read).transpose()?)
}

/// How a scan is reported.
pub struct Request<'a> {
    /// What every scan can be told.
    pub common: &'a CommonArgs,
    /// The form of the report.
    pub report: &'a ReportArgs,
    /// What makes the run fail.
    pub verdict: &'a VerdictArgs,
    /// The record that is kept, if one is.
    pub audit: &'a AuditArgs,
    /// Whether dropped candidates are shown.
    pub explain: bool,
}

impl Request<'_> {
    /// Scans and reports.
    pub fn run(&self, mut prepared: Prepared, outputs: &[Output]) -> Result<Exit, Failure> {
        prepared.options.allow_incomplete = settings::allowed(&self.verdict.allow_incomplete)?;
        if self.report.all_locations {
            prepared.options.max_locations = usize::MAX;
        }
        let fail_on = settings::fail_on(&prepared.settings, self.verdict.fail_on.as_deref())?;
        let mut log = self.audit.open(&audit::masked)?;
        let mut reports = Reports::open(outputs, &self.report_options())?;

        let mut counted = 0u64;
        let mut failure = None;
        let what = What {
            explain: self.explain,
            examples: self.report.show_examples,
            quiet: self.common.quiet,
        };
        let summary = scan(prepared, what, &mut |event| {
            if let Event::Found(finding) = &event {
                counted += u64::from(!finding.is_accepted() && finding.severity >= fail_on);
                if let (Some(log), None) = (&mut log, &failure) {
                    failure = audit::record(log, finding).err();
                }
            }
            if failure.is_none() {
                failure = reports.event(&event).err();
            }
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        reports.finish(&summary)?;
        if !Reports::shows_summary(outputs) {
            say_summary(&summary, self.common.quiet, self.common.color);
        }
        Ok(exit(&summary, counted > 0 && !self.verdict.exit_zero))
    }

    fn report_options(&self) -> report::Options {
        let args = self.report;
        report::Options {
            color: colored(&io::stdout(), self.common.color),
            quiet: self.common.quiet,
            show_secrets: args.show_secrets,
            show_accepted: args.show_accepted,
            all_locations: args.all_locations,
            width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
            root: std::env::current_dir()
                .ok()
                .map(|current| keysieve::source::shown(&current)),
        }
    }
}

fn exit(summary: &Summary, findings: bool) -> Exit {
    match findings {
        _ if summary.interrupted => Exit::Interrupted,
        _ if !summary.incomplete.is_empty() => Exit::Incomplete,
        true => Exit::Findings,
        false => Exit::Clean,
    }
}

/// What a scan shows besides its report.
#[derive(Debug, Clone, Copy)]
pub struct What {
    /// Hand out dropped candidates.
    pub explain: bool,
    /// Report examples that providers publish.
    pub examples: bool,
    /// No progress.
    pub quiet: bool,
}

/// Runs a scan with progress, and with Ctrl-C as a polite request to stop.
pub fn scan(prepared: Prepared, what: What, sink: &mut dyn FnMut(Event)) -> Summary {
    let Prepared {
        rules,
        policy,
        root,
        options,
        settings,
        ignore_file,
        walk,
        stdin,
        git,
        canaries,
    } = prepared;
    let mut engine = Engine::new(rules);
    if options.stats {
        engine = engine.with_stats();
    }
    if what.explain {
        engine = engine.with_dropped();
    }
    if what.examples {
        engine = engine.with_examples();
    }
    let progress = Arc::new(Progress::default());
    stop_on_interrupt(&progress);
    keep_content_out_of_panics();
    let live = options.live;
    let display = Display::new(&progress, what.quiet || live);
    let scan = Scan {
        engine: &engine,
        policy: &policy,
        root: &root,
        options: &options,
        progress: &progress,
        canaries: canaries.as_ref(),
    };
    let stdin = stdin.then(|| Box::new(io::stdin()) as Box<dyn io::Read + Send>);
    let mut events = Vec::new();
    // Kept until the progress is gone from the terminal, except where somebody waits for each.
    let mut summary = scan.run(Input { walk, stdin, git }, &mut |event| match live {
        true => sink(event),
        false => events.push(event),
    });
    drop(display);
    summary.notes.extend(settings.notes());
    let ignore_file = ignore_file.as_deref();
    summary
        .notes
        .extend(ignore_file.map(IgnoreFile::notes).into_iter().flatten());
    if options.report_unused && !summary.interrupted {
        summary.unused.extend(settings.unused());
        summary
            .unused
            .extend(ignore_file.map(IgnoreFile::unused).into_iter().flatten());
        summary.unused.sort();
    }
    events.into_iter().for_each(sink);
    summary
}

/// The first Ctrl-C ends the scan, and what was found is reported; the second one ends the process.
fn stop_on_interrupt(progress: &Arc<Progress>) {
    let progress = Arc::clone(progress);
    let asked = AtomicBool::new(false);
    // Without a handler Ctrl-C ends the process at once, as it does anywhere.
    let _ = ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        progress.stop();
    });
}

/// A panic's message may quote the text it stumbled over: only its place is printed.
pub fn keep_content_out_of_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(io::stderr(), "keysieve: a defect at {place}");
    }));
}

fn colored(stream: &impl anstream::stream::RawStream, when: When) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => AutoStream::choice(stream) != ColorChoice::Never,
    }
}

/// Where the report goes elsewhere, people are told on standard error how it went.
fn say_summary(summary: &Summary, quiet: bool, color: When) {
    if quiet && summary.went_well() {
        return;
    }
    let color = colored(&io::stderr(), color);
    let mut to = AutoStream::new(
        io::stderr().lock(),
        if color {
            ColorChoice::Always
        } else {
            ColorChoice::Never
        },
    );
    // Nobody reads it if it cannot be written.
    let _ = report::summary(&mut to, summary, color);
}
