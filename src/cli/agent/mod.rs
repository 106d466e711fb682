//! `keysieve agent`.

mod config;
mod hook;
mod install;
mod keep;
mod rehearse;
mod transcripts;

use std::path::PathBuf;

use clap::Subcommand;

use keysieve::agent::event::Agent;
use keysieve::engine::RuleSet;

use super::settings::{read_rules, with_embedded};
use super::{Exit, Failure};

/// What `keysieve agent` can do.
#[derive(Debug, Subcommand)]
pub enum AgentCommand {
    /// Answer one hook event: JSON on standard input, the answer on standard output, in the agent's own protocol.
    Hook(hook::HookArgs),
    /// Put hooks into the agents' settings, and leave everything else there as it is.
    #[command(after_help = EXAMPLES)]
    Install(install::InstallArgs),
    /// Take our hooks out of the agents' settings again.
    Uninstall(install::Selection),
    /// Say what is guarded, what is not, and what cannot be. Exits with 1 where an agent that is here is not guarded.
    Doctor(install::DoctorArgs),
    /// Plant a canary, drive each installed hook with recorded events, and see that it does not come through.
    Test(rehearse::TestArgs),
    /// Find secrets in what agents keep of their conversations, and cover them.
    Transcripts(transcripts::TranscriptsArgs),
    /// List static credentials in the settings of agents and MCP servers, with what to use instead.
    Config(config::ConfigArgs),
}

const EXAMPLES: &str = "\
Examples:
  keysieve agent install                          every agent that is here, for this user
  keysieve agent install --agent cursor --project
                                                  Cursor, for everybody who works in this directory
  keysieve agent install --secret-files redact    let agents read .env, with every value covered
  keysieve agent install --dry-run                only say what would be done";

/// Runs one of them.
pub fn run(command: &AgentCommand) -> Result<Exit, Failure> {
    match command {
        AgentCommand::Hook(args) => hook::run(args),
        AgentCommand::Install(args) => install::install(args),
        AgentCommand::Uninstall(selection) => install::uninstall(selection),
        AgentCommand::Doctor(args) => install::doctor(args),
        AgentCommand::Test(args) => rehearse::run(args),
        AgentCommand::Transcripts(args) => transcripts::run(args),
        AgentCommand::Config(args) => config::run(args),
    }
}

/// The rules in force: ours, and those of files that are named.
fn rules(files: &[PathBuf]) -> Result<RuleSet, Failure> {
    match files.is_empty() {
        true => Ok(RuleSet::embedded()),
        false => with_embedded(read_rules(files)?),
    }
}

/// `1 store`, `2 stores`.
fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Reads an agent's name.
fn agent(name: &str) -> Result<Agent, Failure> {
    Agent::parse(name).ok_or_else(|| {
        let names = Agent::ALL.map(Agent::name).join(", ");
        Failure(format!("unknown agent `{name}`; expected one of {names}"))
    })
}
