//! `keysieve audit`, and `--audit` of the commands that decide.

mod keep;
mod show;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use keysieve::audit::{self, Analysis, Ocsf, Proof, Verification};
use keysieve::{platform, source};

use super::output::Pending;
use super::{Exit, Failure};

pub use keep::{AuditArgs, masked, record, whole};

/// Shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  keysieve audit keygen audit-key       a key pair: audit-key, audit-key.pub
  keysieve scan --audit audit.jsonl --audit-key audit-key
  keysieve audit verify audit.jsonl --public-key audit-key.pub
  keysieve audit head audit.jsonl --key audit-key >> elsewhere/heads
  keysieve audit verify audit.jsonl --public-key audit-key.pub --head elsewhere/heads
  keysieve audit report audit.jsonl --since 7d
  keysieve audit export audit.jsonl --format ocsf --output events.jsonl

Exit codes:
  0    the record is intact; of a report: and nothing in it is unusual
  1    it was edited, cut or put in another order, or something in it is unusual
  2    it could not be read, or wrong usage";

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Tell whether a record was edited, cut, thinned out or put in another order, and where.
    Verify(VerifyArgs),
    /// Sum a record up by agent, rule and day, and show what is unusual in it.
    Report {
        /// The record.
        file: PathBuf,
        /// Count from this time on: 7d, 12h, 2026-11-01, 2026-11-01T08:00:00Z. What was before is only compared with.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Print JSON rather than tables.
        #[arg(long)]
        json: bool,
    },
    /// Write a record as events for a SIEM, one JSON object a line.
    Export {
        /// The record.
        file: PathBuf,
        /// The events' schema: ocsf.
        #[arg(long, value_name = "FORMAT", default_value = "ocsf")]
        format: String,
        /// Write them into this file, which appears whole or not at all, rather than to standard output.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print what the last record is, to be kept where the record's writer cannot reach.
    Head {
        /// The record.
        file: PathBuf,
        /// Sign it with this key.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Make an ed25519 key pair: FILE for whoever signs, FILE.pub for whoever verifies.
    Keygen {
        /// The secret key's file.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The record.
    file: PathBuf,
    /// The key that every head must be signed with.
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Heads that were kept elsewhere, one a line, besides FILE.head. Repeatable.
    #[arg(long, value_name = "FILE")]
    head: Vec<PathBuf>,
    /// Print JSON rather than text.
    #[arg(long)]
    json: bool,
}

/// Verifies, sums up or exports a record.
pub fn run(command: &AuditCommand) -> Result<Exit, Failure> {
    match command {
        AuditCommand::Verify(args) => verify(args),
        AuditCommand::Report { file, since, json } => report(file, since.as_deref(), *json),
        AuditCommand::Export {
            file,
            format,
            output,
        } => export(file, format, output.as_deref()),
        AuditCommand::Head { file, key } => head(file, key.as_deref()),
        AuditCommand::Keygen { file } => {
            let public = audit::generate_key(file)?;
            let (file, public) = (file.display(), public.display());
            say(&format!(
                "{file}: the secret key; {public}: the public key\n"
            ));
            Ok(Exit::Clean)
        }
    }
}

/// A reader that goes away early is no mistake.
fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

fn open(file: &Path) -> Result<BufReader<File>, Failure> {
    let log = platform::open(file, true).map_err(|e| Failure::io(file.display(), &e))?;
    Ok(BufReader::new(log))
}

/// Reads the whole log. The heads first, since writers write them last.
fn read(
    file: &Path,
    mut proof: Proof,
    each: &mut dyn FnMut(u64, &audit::Record),
) -> Result<Verification, Failure> {
    let beside = audit::head_beside(file);
    let name = source::shown(&beside);
    let heads = audit::heads(&beside)?;
    proof
        .heads
        .extend(heads.into_iter().map(|head| (name.clone(), head)));
    audit::verify(open(file)?, &proof, each).map_err(|e| Failure::io(file.display(), &e))
}

fn verify(args: &VerifyArgs) -> Result<Exit, Failure> {
    let mut proof = Proof {
        public_key: args
            .public_key
            .as_deref()
            .map(audit::public_key)
            .transpose()?,
        ..Proof::default()
    };
    for path in &args.head {
        let name = source::shown(path);
        let heads = audit::heads(path)?;
        if heads.is_empty() {
            return Err(Failure(format!("{name}: no head in it")));
        }
        proof
            .heads
            .extend(heads.into_iter().map(|head| (name.clone(), head)));
    }
    let found = read(&args.file, proof, &mut |_, _| {})?;
    let name = source::shown(&args.file);
    match args.json {
        true => say(&format!("{:#}\n", show::verification_json(&name, &found))),
        false => say(&show::printable(&show::verification_text(&name, &found))),
    }
    Ok(exit(found.is_intact()))
}

fn exit(clean: bool) -> Exit {
    match clean {
        true => Exit::Clean,
        false => Exit::Findings,
    }
}

fn report(file: &Path, since: Option<&str>, as_json: bool) -> Result<Exit, Failure> {
    let since = since.map(moment).transpose()?.unwrap_or(UNIX_EPOCH);
    let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut analysis = Analysis::new(since.as_secs());
    let found = read(file, Proof::default(), &mut |line, record| {
        analysis.take(line, record)
    })?;
    let summary = analysis.finish();
    let name = source::shown(file);
    match as_json {
        true => say(&format!(
            "{:#}\n",
            show::report_json(&name, &found, &summary)
        )),
        false => say(&show::printable(&show::report_text(
            &name, &found, &summary,
        ))),
    }
    Ok(exit(found.is_intact() && summary.unusual.is_empty()))
}

/// A time, a day, or how long ago.
fn moment(text: &str) -> Result<SystemTime, Failure> {
    let day = || humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).ok();
    let time = || humantime::parse_rfc3339_weak(text).ok();
    let ago = || {
        let ago: Duration = humantime::parse_duration(text).ok()?;
        SystemTime::now().checked_sub(ago)
    };
    time().or_else(day).or_else(ago).ok_or_else(|| {
        Failure(format!(
            "--since: found `{text}`; expected a time such as 7d, 2026-11-01 or 2026-11-01T08:00:00Z"
        ))
    })
}

fn export(file: &Path, format: &str, output: Option<&Path>) -> Result<Exit, Failure> {
    if format != "ocsf" {
        return Err(Failure(format!(
            "--format: found `{format}`; expected ocsf"
        )));
    }
    let (to, pending) = match output {
        Some(path) => {
            let (to, pending) = Pending::open(path)?;
            (Box::new(to) as Box<dyn Write>, Some(pending))
        }
        None => (Box::new(io::stdout()) as Box<dyn Write>, None),
    };
    let mut to = BufWriter::new(to);
    let mut written = Ok(());
    let mut ocsf = Ocsf::default();
    let found = read(file, Proof::default(), &mut |_, record| {
        if written.is_ok() {
            written = writeln!(to, "{}", ocsf.event(record));
        }
    })?;
    let written = written.and_then(|()| to.flush());
    drop(to);
    match (written, pending) {
        (Ok(()), Some(pending)) => pending.appear()?,
        (Ok(()), None) => {}
        // A reader that goes away early is no mistake.
        (Err(e), None) if e.kind() == io::ErrorKind::BrokenPipe => {}
        (Err(e), _) => return Err(Failure::io("the events cannot be written", &e)),
    }
    if !found.is_intact() {
        let name = source::shown(file);
        let _ = writeln!(
            io::stderr(),
            "keysieve: {name} is not intact, and only its intact records were written: see `keysieve audit verify`"
        );
    }
    Ok(exit(found.is_intact()))
}

/// The last record of a log that is intact: what is not must not be sworn to.
fn head(file: &Path, key: Option<&Path>) -> Result<Exit, Failure> {
    let mut time = String::new();
    let found = read(file, Proof::default(), &mut |_, record| {
        time.clone_from(&record.time)
    })?;
    let name = source::shown(file);
    if !found.is_intact() {
        let message = format!("{name} is not intact: see `keysieve audit verify`");
        return Err(Failure(message));
    }
    let (Some(last), Some(chain)) = (found.last, found.chain) else {
        return Err(Failure(format!("{name}: no record in it")));
    };
    let mut head = audit::Head {
        v: 1,
        chain,
        seq: last.seq,
        hash: last.hash,
        time,
        sig: None,
    };
    if let Some(key) = key {
        head = head.signed(&audit::signing_key(key)?);
    }
    keep(file)?;
    say(&format!("{}\n", head.line()));
    Ok(Exit::Clean)
}

/// Forces the log to the disk: what is kept elsewhere must not name a record that a loss of power can take back.
fn keep(file: &Path) -> Result<(), Failure> {
    match open(file)?.get_ref().sync_data() {
        // Windows lets only writers do it.
        Err(e) if e.kind() != io::ErrorKind::PermissionDenied => {
            Err(Failure::io(file.display(), &e))
        }
        _ => Ok(()),
    }
}
