//! `keysieve exec`.

use std::ffi::OsString;
use std::io;

use clap::Args;
use keysieve::redact::wrapped::{self, Ended};

use super::redact::WhatArgs;
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
  2    wrong usage, or a defect that kept a part of the output back";

#[derive(Debug, Args)]
pub struct ExecArgs {
    #[command(flatten)]
    pub what: WhatArgs,
    /// The command and its arguments.
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub command: Vec<OsString>,
}

/// Runs a command with its outputs redacted.
pub fn run(args: &ExecArgs) -> Result<Exit, Failure> {
    super::scan::keep_content_out_of_panics();
    let engine = args.what.engine()?;
    let redactor = args.what.redactor(&engine)?;
    let (program, rest) = args.command.split_first().expect("because one is required");
    match wrapped::run(&redactor, program, rest) {
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
