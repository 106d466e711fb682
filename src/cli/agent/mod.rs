//! `keysieve agent`.

mod hook;

use clap::Subcommand;

use keysieve::agent::event::Agent;

use super::{Exit, Failure};

/// What `keysieve agent` can do.
#[derive(Debug, Subcommand)]
pub enum AgentCommand {
    /// Answer one hook event: JSON on standard input, the answer on standard output, in the agent's own protocol.
    Hook(hook::HookArgs),
}

/// Runs one of them.
pub fn run(command: &AgentCommand) -> Result<Exit, Failure> {
    match command {
        AgentCommand::Hook(args) => hook::run(args),
    }
}

/// Reads an agent's name.
fn agent(name: &str) -> Result<Agent, Failure> {
    Agent::parse(name).ok_or_else(|| {
        let names = Agent::ALL.map(Agent::name).join(", ");
        Failure(format!("unknown agent `{name}`; expected one of {names}"))
    })
}
