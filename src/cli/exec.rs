//! `keysieve exec`.

use std::ffi::OsString;
use std::io;
use std::sync::{Mutex, PoisonError};

use clap::Args;
use keysieve::audit::{Action, Decision};
use keysieve::platform::child::Terminal;
use keysieve::redact::Redactor;
use keysieve::redact::wrapped::{self, Ended};

use super::redact::WhatArgs;
use super::tally::{Tally, TallyArgs};
use super::{Exit, Failure};

pub const EXAMPLES: &str = "\
Examples:
  keysieve exec -- npm run deploy             both outputs redacted, each by itself
  keysieve exec --known-from-env -- env       also the values of variables, whatever they look like
  keysieve exec -- sh                         in a terminal, the command has one of its own

Exit codes:
  that of the command; 128 and the number of the signal that ended it
  126  the command cannot be run
  127  there is no such command
  2    wrong usage, a defect that kept a part of the output back, or a record that could not be kept";

#[derive(Debug, Args)]
pub struct ExecArgs {
    #[command(flatten)]
    pub what: WhatArgs,
    #[command(flatten)]
    pub tally: TallyArgs,
    #[command(flatten)]
    pub caller: CallerArgs,
    /// The command and its arguments.
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub command: Vec<OsString>,
}

/// For whom the command runs: a hook that wraps an agent's command says it.
#[derive(Debug, Args)]
pub struct CallerArgs {
    /// The agent whose command it is, for the record.
    #[arg(long, value_name = "NAME", requires = "audit", help_heading = "Record")]
    pub agent: Option<String>,
    /// The agent's session, for the record.
    #[arg(long, value_name = "ID", requires = "audit", help_heading = "Record")]
    pub session: Option<String>,
    /// The agent's tool, for the record.
    #[arg(long, value_name = "NAME", requires = "audit", help_heading = "Record")]
    pub tool: Option<String>,
    /// The agent's tool call, for the record.
    #[arg(long, value_name = "ID", requires = "audit", help_heading = "Record")]
    pub call: Option<String>,
}

impl CallerArgs {
    /// What each record of the run has in common.
    fn decision(&self, context: String) -> Decision {
        Decision {
            agent: self.agent.clone(),
            session: self.session.clone(),
            tool: self.tool.clone(),
            call: self.call.clone(),
            action: Action::Exec,
            context: Some(context),
            ..Decision::default()
        }
    }
}

/// Runs a command with its outputs redacted.
pub fn run(args: &ExecArgs) -> Result<Exit, Failure> {
    super::scan::keep_content_out_of_panics();
    let engine = args.what.engine()?;
    let redactor = args.what.redactor(&engine)?;
    let (program, rest) = args.command.split_first().expect("because one is required");
    let common = args.caller.decision(line(&redactor, &args.command));
    let tally = Tally::new(&args.tally, common)?;
    let tally = Mutex::new(tally.quiet_until_end(Terminal::is_outside()));
    let ended = wrapped::run(&redactor, program, rest, &|found| {
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.count(found);
    });
    let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    tally.finish(&match &ended {
        Ok(Ended { withheld: true, .. }) => "a part of the output was withheld".to_owned(),
        Ok(Ended { code, .. }) => format!("exit code {code}"),
        Err(_) => "it could not be run".to_owned(),
    })?;
    match ended {
        Ok(Ended { withheld: true, .. }) => Err(Failure(
            "an internal error; a part of the output was withheld".to_owned(),
        )),
        Ok(Ended { code, .. }) => Ok(Exit::Command(code)),
        Err(e) => {
            let Failure(message) = Failure::io(program.to_string_lossy(), &e);
            super::complain(&message);
            Ok(Exit::Command(match e.kind() {
                io::ErrorKind::NotFound => 127,
                _ => 126,
            }))
        }
    }
}

/// The command line for the record, redacted like the outputs.
fn line(redactor: &Redactor<'_>, command: &[OsString]) -> String {
    let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
    let line = redactor.redact(words.join(" ").as_bytes());
    String::from_utf8_lossy(&line.text).into_owned()
}
