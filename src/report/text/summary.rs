//! The end of a run, for people: what matters most stands last, where the prompt is.

use std::io::{self, Write};
use std::time::Duration;

use super::ink::Ink;
use crate::model::{RuleStats, Severity, SkipKind, Stats, Summary};
use crate::report::shown::{advice, count, grouped, harmless, size};

/// How many rules the table of `--stats` lists.
const RULES: usize = 10;

/// Prints the summary for people; on standard error it accompanies a machine format on standard output.
pub fn summary(to: &mut dyn Write, summary: &Summary, color: bool) -> io::Result<()> {
    let ink = Ink(color);
    if let Some(table) = &summary.stats {
        stats(to, ink, table, summary.bytes)?;
    }
    for note in &summary.notes {
        writeln!(to, "{} {}", ink.strong().paint("note:"), harmless(note))?;
    }
    for unused in &summary.unused {
        let (place, entry) = (harmless(&unused.place), harmless(&unused.entry));
        let label = ink.severity(Severity::Medium).paint("warning:");
        writeln!(to, "{label} unused suppression: {place}: {entry}")?;
    }
    for (kind, n) in &summary.skipped {
        writeln!(to, "{}", skipped(*kind, *n, !summary.incomplete.is_empty()))?;
    }
    writeln!(to, "{}", scanned(summary))?;
    verdict(to, ink, summary)?;
    let bad = ink.severity(Severity::High);
    if summary.interrupted {
        let what = "this is what was found until then";
        writeln!(to, "{} {what}", bad.paint("interrupted:"))?;
    }
    for why in &summary.incomplete {
        writeln!(to, "{} {}", bad.paint("not complete:"), harmless(why))?;
    }
    Ok(())
}

fn skipped(kind: SkipKind, n: u64, incomplete: bool) -> String {
    let (one, many) = things(kind);
    let line = format!("Skipped {}", count(n, one, many));
    match advice(kind).filter(|_| incomplete) {
        Some(advice) => {
            format!(
                "{line}; {advice}, or accept it with --allow-incomplete {}",
                kind.name()
            )
        }
        None => line,
    }
}

/// What a kind of skip is called, one and several.
fn things(kind: SkipKind) -> (&'static str, &'static str) {
    match kind {
        SkipKind::Unreadable => (
            "input that could not be opened or read",
            "inputs that could not be opened or read",
        ),
        SkipKind::Vanished => (
            "file that was gone when it was to be opened",
            "files that were gone when they were to be opened",
        ),
        SkipKind::Changed => (
            "file that shrank while it was read",
            "files that shrank while they were read",
        ),
        SkipKind::Panicked => (
            "file that keysieve failed on",
            "files that keysieve failed on",
        ),
        SkipKind::TooManyFindings => (
            "set of findings beyond the limit",
            "sets of findings beyond the limit",
        ),
        SkipKind::Shallow => (
            "boundary of a shallow clone, behind which older commits are not here",
            "boundaries of a shallow clone, behind which older commits are not here",
        ),
        SkipKind::PartialClone => (
            "repository of which objects are not here: a partial clone",
            "repositories of which objects are not here: partial clones",
        ),
        SkipKind::MissingObject => (
            "object that others refer to and that is not here",
            "objects that others refer to and that are not here",
        ),
        SkipKind::CorruptObject => ("broken object", "broken objects"),
        SkipKind::UnreadablePack => (
            "pack or object folder that could not be read",
            "packs or object folders that could not be read",
        ),
        SkipKind::UnknownRevision => (
            "revision that does not exist",
            "revisions that do not exist",
        ),
        SkipKind::ForeignOwner => (
            "repository that belongs to another user",
            "repositories that belong to another user",
        ),
        SkipKind::LfsPointer => (
            "file that Git LFS keeps elsewhere",
            "files that Git LFS keeps elsewhere",
        ),
        SkipKind::Unborn => (
            "branch without a commit yet",
            "branches without a commit yet",
        ),
        SkipKind::Excluded => (
            "path excluded by --exclude, the configuration or .keysieveignore",
            "paths excluded by --exclude, the configuration or .keysieveignore",
        ),
        SkipKind::TooLarge => (
            "file larger than the size limit",
            "files larger than the size limit",
        ),
        SkipKind::NotRegular => (
            "FIFO, socket or device, which is never opened",
            "FIFOs, sockets and devices, which are never opened",
        ),
        SkipKind::Symlink => (
            "symbolic link, which is not followed",
            "symbolic links, which are not followed",
        ),
    }
}

fn scanned(summary: &Summary) -> String {
    let objects = count(summary.objects, "object", "objects");
    let files = count(summary.files, "file", "files");
    let what = match (summary.objects, summary.files) {
        (0, _) => files,
        (_, 0) => objects,
        _ => format!("{objects} and {files}"),
    };
    let mut line = format!(
        "Scanned {what}, {} in {} with {}",
        size(summary.bytes),
        time(summary.elapsed),
        count(summary.rules as u64, "rule", "rules"),
    );
    let seconds = summary.elapsed.as_secs_f64();
    let (things, of) = match summary.objects {
        0 => (summary.files, "files"),
        objects => (objects, "objects"),
    };
    if seconds > 0.0 && things > 0 {
        let rate = |n: u64| (n as f64 / seconds) as u64;
        let (bytes, things) = (size(rate(summary.bytes)), grouped(rate(things)));
        line += &format!(" ({bytes}/s, {things} {of}/s)");
    }
    line
}

fn time(elapsed: Duration) -> String {
    match elapsed.as_secs_f64() {
        s if s < 0.0095 => format!("{:.1} ms", s * 1e3),
        s if s < 9.95 => format!("{s:.2} s"),
        s if s < 59.95 => format!("{s:.1} s"),
        s => format!("{} min {:02} s", s as u64 / 60, s as u64 % 60),
    }
}

fn verdict(to: &mut dyn Write, ink: Ink, summary: &Summary) -> io::Result<()> {
    let kinds: Vec<_> = summary.findings.iter().filter(|(_, n)| *n > 0).collect();
    let worst = kinds.iter().map(|(severity, _)| *severity).max();
    let total: u64 = kinds.iter().map(|(_, n)| n).sum();
    let complete = summary.incomplete.is_empty() && !summary.interrupted;
    match worst {
        Some(worst) => {
            let total = count(total, "finding", "findings");
            let kinds = kinds
                .iter()
                .map(|(severity, n)| format!("{} {severity}", grouped(*n)));
            let kinds = kinds.collect::<Vec<_>>().join(", ");
            write!(
                to,
                "{} {kinds}",
                ink.severity(worst).paint(format_args!("{total}:"))
            )?;
        }
        None if complete => write!(to, "{}", ink.good().paint("No findings"))?,
        None => write!(to, "No findings in what was scanned")?,
    }
    let aside = [
        (summary.accepted, "accepted"),
        (summary.below_confidence, "below the asked-for confidence"),
    ];
    let aside = aside.into_iter().filter(|(n, _)| *n > 0);
    let aside: Vec<_> = aside
        .map(|(n, what)| format!("{} {what}", grouped(n)))
        .collect();
    match aside.is_empty() {
        true => writeln!(to),
        false => writeln!(to, " ({})", aside.join(", ")),
    }
}

fn stats(to: &mut dyn Write, ink: Ink, stats: &Stats, bytes: u64) -> io::Result<()> {
    let megabytes = bytes as f64 / 1e6;
    let per = |n: u64| {
        if bytes == 0 {
            0.0
        } else {
            n as f64 / megabytes
        }
    };
    writeln!(
        to,
        "{} {:.0} grams, {:.0} hits, {:.0} confirmations, {:.1} candidates",
        ink.strong().paint("per MB:"),
        per(stats.grams),
        per(stats.hits),
        per(stats.confirmations),
        per(stats.candidates),
    )?;
    let shown: Vec<&RuleStats> = stats
        .rules
        .iter()
        .filter(|r| r.hits > 0)
        .take(RULES)
        .collect();
    let Some(widest) = shown.iter().map(|rule| rule.id.chars().count()).max() else {
        return Ok(());
    };
    let widest = widest.max("rule".len());
    let heads = ["hits/MB", "budget", "hits", "candidates", "kept"];
    write!(to, "{:widest$}", "rule")?;
    for head in heads {
        write!(to, "  {head:>10}")?;
    }
    writeln!(to)?;
    for rule in shown {
        let rate = per(rule.hits);
        write!(to, "{:widest$}  {rate:>10.1}  {:>10}", rule.id, rule.budget)?;
        write!(
            to,
            "  {:>10}  {:>10}  {:>10}",
            rule.hits, rule.candidates, rule.kept
        )?;
        // A few hits in a small file are no rate.
        match bytes >= 1_000_000 && rate > f64::from(rule.budget) {
            true => writeln!(
                to,
                "  {}",
                ink.severity(Severity::Medium).paint("over budget")
            )?,
            false => writeln!(to)?,
        }
    }
    Ok(())
}
