//! `keysieve baseline`.

use std::io::{self, Write};

use keysieve::model::Event;
use keysieve::suppress::{Baseline, load};

use super::args::{BaselineArgs, BaselineCommand};
use super::output::Pending;
use super::scan::{What, scan};
use super::settings::prepare;
use super::{Exit, Failure};

/// Creates or updates a baseline.
pub fn run(command: &BaselineCommand) -> Result<Exit, Failure> {
    let (args, mut baseline) = match command {
        BaselineCommand::Create(args) => (args, create(args)?),
        BaselineCommand::Update(args) => {
            let name = args.output.display().to_string();
            (args, load::baseline(&args.output, &name)?)
        }
    };
    let prepared = prepare(&args.input, None)?;
    // Opened before the scan, so that a mistake costs none.
    let (file, pending) = Pending::open(&args.output)?;
    let mut findings = Vec::new();
    let what = What {
        explain: false,
        examples: false,
        quiet: args.input.common.quiet,
    };
    let summary = scan(prepared, what, &mut |event| {
        if let Event::Found(finding) = event
            && !finding.is_accepted()
        {
            findings.push(finding);
        }
    });
    if summary.interrupted {
        let _ = writeln!(
            io::stderr(),
            "keysieve: interrupted; {} was not written",
            args.output.display()
        );
        return Ok(Exit::Interrupted);
    }
    // A baseline of a part would forget the rest.
    if !summary.incomplete.is_empty() {
        let why = summary.incomplete.join("; ");
        return Err(Failure(format!(
            "{} was not written, as not all was scanned: {why}",
            args.output.display()
        )));
    }
    let change = baseline.update(
        findings
            .iter()
            .map(|f| (f.rule.id.as_str(), f.secret.expose())),
    );
    pending.write(file, baseline.render().as_bytes())?;
    if !args.input.common.quiet {
        let _ = writeln!(
            io::stderr(),
            "{}: {} accepted ({} added, {} removed)",
            args.output.display(),
            baseline.len(),
            change.added,
            change.removed
        );
    }
    Ok(Exit::Clean)
}

fn create(args: &BaselineArgs) -> Result<Baseline, Failure> {
    if args.output.exists() {
        let name = args.output.display();
        return Err(Failure(format!(
            "{name} is there already; `keysieve baseline update` brings it up to date"
        )));
    }
    let salt = load::new_salt().map_err(|e| Failure::io("a salt for the baseline", &e))?;
    Ok(Baseline::new(salt))
}
