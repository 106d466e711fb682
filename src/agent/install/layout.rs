//! What each agent's configuration looks like.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Command, Places, Scope, is_ours};
use crate::agent::event::Agent;

/// How long an agent waits for a hook, in seconds. The hook gives up sooner by itself, and withholds.
const WAIT: u64 = 30;

/// The file that an agent's hooks stand in.
pub fn file(agent: Agent, scope: Scope, places: &Places) -> PathBuf {
    let project = &places.project;
    match (agent, scope) {
        (Agent::ClaudeCode, Scope::Project) => project.join(".claude/settings.json"),
        (Agent::ClaudeCode, Scope::User) => places.folder(agent).join("settings.json"),
        (Agent::Codex, Scope::Project) => project.join(".codex/hooks.json"),
        (Agent::Codex, Scope::User) => places.folder(agent).join("hooks.json"),
        (Agent::Cursor, Scope::Project) => project.join(".cursor/hooks.json"),
        (Agent::Cursor, Scope::User) => places.folder(agent).join("hooks.json"),
        (Agent::Gemini, Scope::Project) => project.join(".gemini/settings.json"),
        (Agent::Gemini, Scope::User) => places.folder(agent).join("settings.json"),
        (Agent::Copilot, Scope::Project) => project.join(".github/hooks/keysieve.json"),
        (Agent::Copilot, Scope::User) => places.copilot_hooks().join("keysieve.json"),
        (Agent::VsCode, Scope::Project) => project.join(".github/hooks/keysieve-vscode.json"),
        (Agent::VsCode, Scope::User) => places.copilot_hooks().join("keysieve-vscode.json"),
        (Agent::Windsurf, Scope::Project) => project.join(".windsurf/hooks.json"),
        (Agent::Windsurf, Scope::User) => places.folder(agent).join("hooks.json"),
        (Agent::OpenCode, Scope::Project) => project.join(".opencode/plugins/keysieve.js"),
        (Agent::OpenCode, Scope::User) => places.folder(agent).join("plugins/keysieve.js"),
    }
}

/// Files that an agent reads hooks from besides those that we write: settings of another form, and those of whoever
/// manages the machine.
pub fn others(agent: Agent, places: &Places) -> Vec<PathBuf> {
    let (project, folder) = (&places.project, places.folder(agent));
    let managed = |linux: &str, macos: &str, windows: &str| match std::env::consts::OS {
        "macos" => PathBuf::from("/Library/Application Support").join(macos),
        "windows" => PathBuf::from("C:\\").join(windows),
        _ => PathBuf::from("/etc").join(linux),
    };
    match agent {
        Agent::ClaudeCode => vec![
            project.join(".claude/settings.local.json"),
            managed(
                "claude-code/managed-settings.json",
                "ClaudeCode/managed-settings.json",
                "Program Files/ClaudeCode/managed-settings.json",
            ),
        ],
        Agent::Codex => vec![
            folder.join("config.toml"),
            project.join(".codex/config.toml"),
            PathBuf::from("/etc/codex/config.toml"),
            PathBuf::from("/etc/codex/requirements.toml"),
        ],
        Agent::Gemini => vec![managed(
            "gemini-cli/settings.json",
            "GeminiCli/settings.json",
            "ProgramData/gemini-cli/settings.json",
        )],
        Agent::Cursor => vec![managed(
            "cursor/hooks.json",
            "Cursor/hooks.json",
            "ProgramData/Cursor/hooks.json",
        )],
        Agent::Windsurf => vec![managed(
            "windsurf/hooks.json",
            "Windsurf/hooks.json",
            "ProgramData/Windsurf/hooks.json",
        )],
        Agent::Copilot | Agent::VsCode | Agent::OpenCode => Vec::new(),
    }
}

/// The events that are guarded. Cursor refuses a whole file for one event that it does not know.
pub fn events(agent: Agent) -> &'static [&'static str] {
    match agent {
        Agent::ClaudeCode => &[
            "PreToolUse",
            "PostToolUse",
            "PostToolUseFailure",
            "UserPromptSubmit",
        ],
        Agent::Codex | Agent::VsCode => &["PreToolUse", "PostToolUse", "UserPromptSubmit"],
        Agent::Cursor => &[
            "preToolUse",
            "beforeShellExecution",
            "beforeMCPExecution",
            "beforeReadFile",
            "beforeTabFileRead",
            "beforeSubmitPrompt",
            "postToolUse",
        ],
        Agent::Gemini => &["BeforeTool", "AfterTool", "BeforeAgent"],
        Agent::Copilot => &["preToolUse", "postToolUse", "userPromptTransformed"],
        Agent::Windsurf => &[
            "pre_read_code",
            "pre_write_code",
            "pre_run_command",
            "pre_mcp_tool_use",
            "pre_user_prompt",
        ],
        Agent::OpenCode => &["tool.execute.before", "tool.execute.after", "chat.message"],
    }
}

/// Whether a configuration says which version of its form it has.
pub fn needs_version(agent: Agent) -> bool {
    matches!(agent, Agent::Cursor | Agent::Copilot)
}

/// What stands in the list of an event.
pub fn entry(agent: Agent, line: &str, powershell: &str) -> Value {
    match agent {
        Agent::ClaudeCode | Agent::Codex => json!({
            "hooks": [{ "type": "command", "command": line, "timeout": WAIT }],
        }),
        // Milliseconds.
        Agent::Gemini => json!({
            "hooks": [{ "name": "keysieve", "type": "command", "command": line, "timeout": WAIT * 1000 }],
        }),
        Agent::Cursor => json!({ "command": line, "timeout": WAIT, "failClosed": true }),
        Agent::Copilot => json!({
            "type": "command",
            "bash": line,
            "powershell": powershell,
            "timeoutSec": WAIT,
        }),
        Agent::VsCode => json!({
            "type": "command",
            "command": line,
            "windows": powershell,
            "timeout": WAIT,
        }),
        Agent::Windsurf => json!({ "command": line, "show_output": true }),
        Agent::OpenCode => Value::Null,
    }
}

/// Settings that switch hooks off: the file, the keys that lead there, the value that does.
pub fn switches(agent: Agent, places: &Places) -> Vec<(PathBuf, &'static [&'static str], bool)> {
    let folder = places.folder(agent);
    match agent {
        Agent::ClaudeCode => vec![
            (folder.join("settings.json"), &["disableAllHooks"], true),
            (
                places.project.join(".claude/settings.json"),
                &["disableAllHooks"],
                true,
            ),
            (
                places.project.join(".claude/settings.local.json"),
                &["disableAllHooks"],
                true,
            ),
        ],
        Agent::Codex => vec![
            (folder.join("config.toml"), &["features", "hooks"], false),
            (
                folder.join("config.toml"),
                &["features", "codex_hooks"],
                false,
            ),
        ],
        Agent::Gemini => vec![
            (
                folder.join("settings.json"),
                &["hooksConfig", "enabled"],
                false,
            ),
            (
                places.project.join(".gemini/settings.json"),
                &["hooksConfig", "enabled"],
                false,
            ),
        ],
        Agent::Copilot => vec![(folder.join("settings.json"), &["disableAllHooks"], true)],
        _ => Vec::new(),
    }
}

/// The head of the line in the plugin that holds our command.
const PLUGIN_COMMAND: &str = "const command = ";

/// The plugin for OpenCode: it hands each event to `keysieve agent hook`, does what the answer says, and lets nothing
/// pass where there is none.
pub fn plugin(command: &Command) -> Option<String> {
    let mut words = vec![command.program.to_str()?, "agent", "hook"];
    words.extend(command.args.iter().map(String::as_str));
    let words = json!(words).to_string();
    Some(format!(
        "// Written by `keysieve agent install`; `keysieve agent uninstall` removes it.\n\
         {PLUGIN_COMMAND}{words};\n{PLUGIN}"
    ))
}

const PLUGIN: &str = include_str!("opencode.js");

/// Our command line in the plugin's text.
pub fn plugin_command(text: &str) -> Option<String> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(PLUGIN_COMMAND))?;
    let words: Vec<String> = serde_json::from_str(line.trim_end_matches(';')).ok()?;
    let quoted = shlex::try_join(words.iter().map(String::as_str)).ok()?;
    is_ours(&quoted).then_some(quoted)
}
