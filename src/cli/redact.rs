//! `keysieve redact`.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use clap::{Args, ValueEnum};
use keysieve::audit::{Action, Decision};
use keysieve::engine::{Engine, RuleSet};
use keysieve::redact::known::{KnownValues, of_dotenv, of_list, of_variables};
use keysieve::redact::{Key, Placeholders, Redacted, Redactor, together};
use keysieve::source::{chunks, shown};

use super::in_place;
use super::settings::{read_rules, with_embedded};
use super::tally::{Tally, TallyArgs};
use super::{Exit, Failure};

/// How often a silent input is left to see whether somebody wants it to stop.
const POLL: Duration = Duration::from_millis(50);

pub const EXAMPLES: &str = "\
Examples:
  agent | keysieve redact > log         what may be a secret waits until it is clear, everything else comes at once
  keysieve redact --known-from-env --known .env < in > out
                                        also the values of variables, in base64, hex, URL, JSON, shell and XML forms
  keysieve redact --placeholder stable  [REDACTED:github-pat:7f3a]: tells two secrets apart, and nothing else
  keysieve redact --in-place notes.md session.jsonl
                                        replaces the files; JSON and JSON Lines stay what they are

Neither comments in the text nor a configuration file lets anything through. What of the output is held back, and
for how long, is in docs/redaction.md.

Exit codes:
  0    done, whether or not there was something to redact
  1    something was redacted, with --fail-on-found
  2    not done, or not wholly; what could not be redacted is withheld, and what has no record is redacted all the same
  130  stopped by Ctrl-C; what had come until then is redacted";

#[derive(Debug, Args)]
pub struct RedactArgs {
    /// Files to redact, one after the other, onto standard output; `-` is standard input, as is no file at all.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Replace the files by their redacted form, each whole or not at all.
    #[arg(long)]
    pub in_place: bool,
    #[command(flatten)]
    pub what: WhatArgs,
    #[command(flatten)]
    pub tally: TallyArgs,
    /// Exit with 1 where something was redacted.
    #[arg(long)]
    pub fail_on_found: bool,
    /// Say on standard error what was redacted: how many secrets of which rule.
    #[arg(long)]
    pub summary: bool,
}

/// What is redacted, and what stands in its place.
#[derive(Debug, Args)]
pub struct WhatArgs {
    /// Also redact the values of environment variables whose names say that they are secret.
    #[arg(long, help_heading = "Known values")]
    pub known_from_env: bool,
    /// Also redact the value of this environment variable. Repeatable.
    #[arg(long, value_name = "NAME", help_heading = "Known values")]
    pub known_env: Vec<String>,
    /// Also redact the secret values of this `.env` file. Repeatable.
    #[arg(long, value_name = "FILE", help_heading = "Known values")]
    pub known: Vec<PathBuf>,
    /// Also redact each line of this file. Repeatable.
    #[arg(long, value_name = "FILE", help_heading = "Known values")]
    pub known_list: Vec<PathBuf>,
    /// Also redact each line of what can be read from this file descriptor.
    #[arg(long, value_name = "NUMBER", help_heading = "Known values")]
    pub known_fd: Option<u32>,
    /// What stands in a secret's place: its rule, or its rule and a tag that is the same wherever it stands.
    #[arg(
        long,
        value_name = "KIND",
        default_value = "typed",
        help_heading = "Placeholders"
    )]
    pub placeholder: Kind,
    /// Keep the key of stable placeholders in this file, so that a secret has the same tag in every run. It is made
    /// where there is none. Default: a new key for each run.
    #[arg(long, value_name = "FILE", help_heading = "Placeholders")]
    pub placeholder_key: Option<PathBuf>,
    /// Also use the rules of this file or of the `.toml` files of this directory. Repeatable.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Rules")]
    pub rules: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Typed,
    Stable,
}

/// Redacts.
pub fn run(args: &RedactArgs) -> Result<Exit, Failure> {
    super::scan::keep_content_out_of_panics();
    if args.in_place && (args.files.is_empty() || args.files.iter().any(|file| is_stdin(file))) {
        return Err(Failure(
            "--in-place: no file; name those to be replaced".to_owned(),
        ));
    }
    let engine = args.what.engine()?;
    let redactor = args.what.redactor(&engine)?;
    let common = Decision {
        action: Action::Redact,
        context: Some(names(&args.files)),
        ..Decision::default()
    };
    let mut tally = Tally::new(&args.tally, common)?;
    let done = match args.in_place {
        true => in_place::replace_all(&redactor, &args.files, &mut tally),
        false => to_stdout(&redactor, &args.files, &mut tally),
    };
    if args.summary {
        tally.say();
    }
    let kept = tally.finish(match &done {
        Ok(Exit::Clean) => "done",
        Ok(_) => "stopped",
        Err(_) => "not done, or not wholly",
    });
    let exit = done?;
    kept?;
    Ok(match exit {
        Exit::Clean if args.fail_on_found && tally.total() > 0 => Exit::Findings,
        exit => exit,
    })
}

/// What is redacted, for the record.
fn names(files: &[PathBuf]) -> String {
    let names: Vec<String> = files.iter().map(|file| name(file)).collect();
    match names.is_empty() {
        true => name(Path::new("-")),
        false => names.join(" "),
    }
}

fn name(file: &Path) -> String {
    match is_stdin(file) {
        true => "standard input".to_owned(),
        false => shown(file),
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

impl WhatArgs {
    /// The rules in force: no configuration has a say.
    pub fn engine(&self) -> Result<Engine, Failure> {
        let rules: RuleSet = with_embedded(read_rules(&self.rules)?)?;
        Ok(Engine::new(rules))
    }

    /// What redacts by these arguments.
    pub fn redactor<'e>(&self, engine: &'e Engine) -> Result<Redactor<'e>, Failure> {
        let placeholders = match (self.placeholder, &self.placeholder_key) {
            (Kind::Typed, None) => Placeholders::typed(),
            (Kind::Typed, Some(_)) => {
                return Err(Failure(
                    "--placeholder-key: only stable placeholders have a key; add --placeholder stable".to_owned(),
                ));
            }
            (Kind::Stable, None) => {
                let key = Key::random().map_err(|e| Failure::io("a key for placeholders", &e))?;
                Placeholders::stable(key)
            }
            (Kind::Stable, Some(file)) => Placeholders::stable(kept_key(file)?),
        };
        let known = self.known_values(engine)?;
        Ok(Redactor::new(engine)
            .with_known(known)
            .with_placeholders(placeholders))
    }

    fn known_values(&self, engine: &Engine) -> Result<KnownValues, Failure> {
        let mut all = Vec::new();
        if self.known_from_env {
            let variables: Vec<(String, Vec<u8>)> = env::vars_os()
                .map(|(name, value)| {
                    (
                        name.to_string_lossy().into_owned(),
                        value.into_encoded_bytes(),
                    )
                })
                .collect();
            let pairs = variables
                .iter()
                .map(|(name, value)| (&name[..], &value[..]));
            all.extend(of_variables(engine, pairs, &|name| {
                format!("environment variable {name}")
            }));
        }
        for name in &self.known_env {
            let value = env::var_os(name).ok_or_else(|| {
                Failure(format!(
                    "--known-env: there is no environment variable `{name}`"
                ))
            })?;
            all.push((
                Arc::from(format!("environment variable {name}")),
                keysieve::model::Secret::new(&value.into_encoded_bytes()),
            ));
        }
        for file in &self.known {
            all.extend(of_dotenv(engine, &shown(file), &read(file)?));
        }
        let lists = self.known_list.iter().cloned();
        let descriptor = self
            .known_fd
            .map(|number| PathBuf::from(format!("/dev/fd/{number}")));
        for file in lists.chain(descriptor) {
            all.extend(of_list(&shown(&file), &read(&file)?));
        }
        KnownValues::new(all).map_err(|e| Failure(e.to_string()))
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|e| Failure::io(shown(file), &e))
}

/// The key in a file of 64 hexadecimal digits; a new one where there is no file.
fn kept_key(path: &Path) -> Result<Key, Failure> {
    let failed = |e: &io::Error| Failure::io(format!("--placeholder-key {}", shown(path)), e);
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let key = Key::random().map_err(|e| failed(&e))?;
            let mut hex: String = key
                .bytes()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            hex.push('\n');
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            // A temporary file is its owner's alone, and stays so.
            let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
                .map_err(|e| failed(&e))?;
            file.write_all(hex.as_bytes()).map_err(|e| failed(&e))?;
            match file.persist_noclobber(path) {
                Ok(_) => return Ok(key),
                // Another run was faster: its key counts.
                Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => {
                    fs::read(path).map_err(|e| failed(&e))?
                }
                Err(e) => return Err(failed(&e.error)),
            }
        }
        Err(e) => return Err(failed(&e)),
    };
    let digits = text.trim_ascii();
    let mut key = [0; 32];
    let fits = digits.len() == 64
        && key.iter_mut().zip(digits.chunks(2)).all(|(byte, pair)| {
            let pair = std::str::from_utf8(pair).ok();
            let value = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
            *byte = value.unwrap_or_default();
            value.is_some()
        });
    match fits {
        true => Ok(Key::new(key)),
        false => Err(Failure(format!(
            "--placeholder-key {}: expected 64 hexadecimal digits and nothing else",
            shown(path)
        ))),
    }
}

/// Redacts what comes, and writes it as soon as it may go.
fn to_stdout(
    redactor: &Redactor<'_>,
    files: &[PathBuf],
    tally: &mut Tally,
) -> Result<Exit, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    // Without a handler a signal ends the process at once, with what is held back unsaid.
    let _ = ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    let stdin = [PathBuf::from("-")];
    let files = if files.is_empty() { &stdin } else { files };
    for file in files {
        let input: Box<dyn Read + Send> = match is_stdin(file) {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(file).map_err(|e| Failure::io(shown(file), &e))?),
        };
        let exit = stream(redactor, &chunks(input), &name(file), &stop, tally)?;
        if exit != Exit::Clean {
            return Ok(exit);
        }
    }
    Ok(Exit::Clean)
}

fn stream(
    redactor: &Redactor<'_>,
    input: &Receiver<io::Result<Vec<u8>>>,
    name: &str,
    stop: &AtomicBool,
    tally: &mut Tally,
) -> Result<Exit, Failure> {
    let mut stream = redactor.stream();
    let mut out = Redacted::default();
    let mut failure = None;
    let exit = loop {
        match input.recv_timeout(POLL) {
            Ok(Ok(mut chunk)) => {
                let broken = together(&mut chunk, || input.try_recv().ok());
                withheld(name, || stream.feed(&chunk, &mut out))?;
                if !pass_on(&mut out, tally)? {
                    return Ok(Exit::Clean);
                }
                if let Some(e) = broken {
                    failure = Some(Failure::io(name, &e));
                    break Exit::Incomplete;
                }
            }
            Ok(Err(e)) => {
                failure = Some(Failure::io(name, &e));
                break Exit::Incomplete;
            }
            Err(RecvTimeoutError::Disconnected) => break Exit::Clean,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if stop.load(Ordering::Relaxed) {
            break Exit::Interrupted;
        }
    };
    // What was held back goes, redacted as if the input ended here.
    withheld(name, || stream.finish(&mut out))?;
    pass_on(&mut out, tally)?;
    failure.map_or(Ok(exit), Err)
}

/// Writes what may go. False where nobody reads it any more.
fn pass_on(out: &mut Redacted, tally: &mut Tally) -> Result<bool, Failure> {
    tally.count(&out.found);
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(&out.text).and_then(|()| stdout.flush());
    out.clear();
    match written {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(e) => Err(Failure::io("standard output", &e)),
        Ok(()) => Ok(true),
    }
}

/// Runs one step. A defect in it ends the run with what it had in hand unsaid.
pub fn withheld<T>(name: &str, step: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(step))
        .map_err(|_| Failure(format!("{name}: an internal error; the rest is withheld")))
}
