//! The command line of keysieve: arguments become settings, one function a command, and a result an exit code.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
