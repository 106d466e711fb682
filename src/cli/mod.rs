//! The binary: arguments -> settings -> one function per command -> exit code.

mod agent;
mod args;
mod audit;
mod baseline;
mod canary;
mod exec;
mod git;
mod ignore_file;
mod in_place;
mod install_hooks;
mod output;
mod progress;
mod redact;
mod rules;
mod scan;
mod settings;
mod tally;

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{CommandFactory, FromArgMatches};

use keysieve::audit::LogError;
use keysieve::engine::{Engine, RuleSet};
use keysieve::model::mask_line;
use keysieve::suppress::load::LoadError;

use args::{Cli, Command};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Complete, and nothing that counts was found.
    Clean,
    /// Findings.
    Findings,
    /// Something asked for was not done, or wrong usage.
    Incomplete,
    /// Stopped by Ctrl-C.
    Interrupted,
    /// The command that was run ended with this code, or an agent's protocol asks for it.
    Command(i32),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Incomplete => 2,
            Exit::Interrupted => 130,
            // The system keeps no more of it.
            Exit::Command(code) => code as u8,
        })
    }
}

/// Why a command could not be done: for people, with what to do next.
#[derive(Debug)]
struct Failure(String);

impl Failure {
    /// What was to be done with which file, and the system's answer.
    fn io(what: impl fmt::Display, error: &io::Error) -> Failure {
        Failure(format!("{what}: {}", keysieve::source::reason(error)))
    }
}

/// Several mistakes, one a line.
impl<E: fmt::Display> From<Vec<E>> for Failure {
    fn from(errors: Vec<E>) -> Failure {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure(lines.join("\n"))
    }
}

/// A file that governs the run: what the system says of it, or its mistakes.
impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        match error {
            LoadError::Unreadable { file, reason } => Failure::io(file, &reason),
            LoadError::Malformed(errors) => errors.into(),
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Failure {
        match error {
            LogError::Io { file, reason } => Failure::io(file, &reason),
            other => Failure(other.to_string()),
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure(message)
    }
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(e) => {
            // A closed pipe behind `--help` is nobody's mistake.
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(e) => e.exit(),
    };
    let done = match &cli.command {
        Command::Scan(args) => {
            let matches = matches
                .subcommand_matches("scan")
                .expect("because the command is scan");
            output::pairs(matches).and_then(|outputs| scan::run(args, &outputs))
        }
        Command::Git(args) => {
            let matches = matches
                .subcommand_matches("git")
                .expect("because the command is git");
            output::pairs(matches).and_then(|outputs| git::run(args, &outputs))
        }
        Command::Rules(command) => rules::run(command),
        Command::Baseline(command) => baseline::run(command),
        Command::InstallHooks(args) => install_hooks::run(args),
        Command::Canary(command) => canary::run(command),
        Command::Audit(command) => audit::run(command),
        Command::Redact(args) => redact::run(args),
        Command::Exec(args) => exec::run(args),
        Command::Agent(command) => agent::run(command),
        Command::Completions { shell } => Ok(completions(*shell)),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(Failure(message)) => {
            complain(&message);
            Exit::Incomplete.into()
        }
    }
}

/// An engine with the rules that everybody has, for what is printed or written down besides reports.
fn engine() -> &'static Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(RuleSet::embedded()));
    &ENGINE
}

fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "keysieve: {}", masked(message));
}

/// A message quotes the line of a mistake, and what was taken for a configuration may be a file of credentials.
fn masked(message: &str) -> String {
    let engine = engine();
    let mut scratch = engine.scratch();
    let mut mask = |line: &str| {
        let found = engine.scan("", line.as_bytes(), &mut scratch);
        let kept = found.iter().filter(|candidate| candidate.kept());
        let spans: Vec<_> = kept
            .map(|candidate| candidate.secret.start as usize..candidate.secret.end as usize)
            .collect();
        mask_line(line.as_bytes(), &spans)
    };
    let lines: Vec<String> = message.lines().map(&mut mask).collect();
    lines.join("\n")
}

fn completions(shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "keysieve", &mut script);
    let _ = io::stdout().write_all(&script);
    Exit::Clean
}
