//! What a hook can keep from each agent's model, and what it cannot.

use crate::agent::event::Agent;

/// What is guarded, and what cannot be, one sentence each.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// What is kept from the model, or from going out.
    pub guards: &'static [&'static str],
    /// What is not.
    pub cannot: &'static [&'static str],
}

/// What is known of an agent.
pub fn of(agent: Agent) -> Limits {
    match agent {
        Agent::ClaudeCode => Limits {
            guards: &[
                "tool calls that carry a secret are denied",
                "tool output is replaced in its own shape",
                "prompts that hold a secret are not sent",
            ],
            cannot: &[
                "the output of a command that fails cannot be replaced, unless commands are wrapped (--wrap always)",
                "your own rules do not see through a wrapped command: one that forbids it does not",
                "the Monitor tool's output comes without an event",
                "an event that is no JSON, or longer than 64 MiB, cannot be withheld after a tool",
            ],
        },
        Agent::Codex => Limits {
            guards: &[
                "tool calls that carry a secret are denied",
                "tool output is replaced",
                "prompts that hold a secret are not sent",
            ],
            cannot: &[
                "a hook runs only once you have trusted it: say /hooks in Codex after each change, and press t",
                "what a command has said while it still runs comes without an event, unless commands are wrapped (--wrap always)",
                "your own rules do not see through a wrapped command: one that forbids it does not",
            ],
        },
        Agent::Cursor => Limits {
            guards: &[
                "tool calls that carry a secret are denied",
                "shell commands run through `keysieve exec`, which redacts what they say",
                "files that hold a secret are not read",
                "the output of MCP tools is replaced",
                "prompts that hold a secret are not sent",
            ],
            cannot: &[
                "the output of Shell, Read and other built-in tools cannot be replaced once it is there",
                "a wrapped command runs in a shell of its own: `cd` and `export` do not outlive it",
                "your own rules do not see through a wrapped command: one that forbids it does not",
                "older versions run only beforeShellExecution: there a command is checked, not wrapped",
            ],
        },
        Agent::Gemini => Limits {
            guards: &[
                "tool calls that carry a secret are denied",
                "tool output is replaced",
                "prompts that hold a secret are discarded",
            ],
            cannot: &[
                "what the model itself writes comes in chunks: a secret cut by two of them passes (AfterModel is not installed)",
            ],
        },
        Agent::Copilot => Limits {
            guards: &[
                "tool calls that carry a secret are denied",
                "tool output is replaced",
                "what the model is given of a prompt is redacted (versions with userPromptTransformed)",
            ],
            cannot: &[
                "a prompt cannot be blocked",
                "a hook that takes longer than its time lets pass: ours gives up after 10 s and denies",
                "an error of a tool cannot be replaced",
            ],
        },
        Agent::VsCode => Limits {
            guards: &[
                "tool calls that carry a secret are denied",
                "prompts that hold a secret stop the request",
            ],
            cannot: &[
                "that a tool's output is replaced is not documented: the answer asks for it, and blocks as well",
                "hooks are a preview; an organisation can switch them off",
            ],
        },
        Agent::Windsurf => Limits {
            guards: &[
                "commands, writes and MCP calls that carry a secret are blocked",
                "files that hold a secret are not read",
                "prompts that hold a secret are blocked",
            ],
            cannot: &[
                "nothing can be replaced and no command changed: what a command or an MCP tool says reaches the model",
            ],
        },
        Agent::OpenCode => Limits {
            guards: &[
                "tool calls that carry a secret are denied",
                "tool output is replaced, its metadata too",
                "prompts are redacted",
            ],
            cannot: &[
                "a plugin of another's that runs before ours sees what ours takes out",
                "some versions are reported never to call tool.execute.after (anomalyco/opencode#25918)",
            ],
        },
    }
}
