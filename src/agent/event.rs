//! What the agents' events have in common, whatever their protocol.

use std::fmt;

use serde_json::Value;

/// The agents whose hooks are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agent {
    /// Claude Code.
    ClaudeCode,
    /// Codex CLI.
    Codex,
    /// Cursor, the editor and its command line.
    Cursor,
    /// Gemini CLI.
    Gemini,
    /// GitHub Copilot CLI.
    Copilot,
    /// Visual Studio Code.
    VsCode,
    /// Windsurf's Cascade.
    Windsurf,
    /// OpenCode, through the plugin that `keysieve agent install` writes.
    OpenCode,
}

impl Agent {
    /// All of them, in the order in which lists show them.
    pub const ALL: [Agent; 8] = [
        Agent::ClaudeCode,
        Agent::Codex,
        Agent::Cursor,
        Agent::Gemini,
        Agent::Copilot,
        Agent::VsCode,
        Agent::Windsurf,
        Agent::OpenCode,
    ];

    /// The name used on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Agent::ClaudeCode => "claude-code",
            Agent::Codex => "codex",
            Agent::Cursor => "cursor",
            Agent::Gemini => "gemini",
            Agent::Copilot => "copilot",
            Agent::VsCode => "vscode",
            Agent::Windsurf => "windsurf",
            Agent::OpenCode => "opencode",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Agent> {
        Agent::ALL.into_iter().find(|agent| agent.name() == name)
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// When in an agent's work an event comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// A tool is about to run.
    BeforeTool,
    /// A tool has run, and the model is about to see what it said.
    AfterTool,
    /// A tool has failed, and the model is about to see its error.
    ToolFailed,
    /// A person's prompt is about to be sent.
    Prompt,
    /// The model has said something.
    Reply,
    /// Anything else: the start of a session, a notification.
    Other,
}

impl Phase {
    /// Whether something is held up until the hook has answered, so that a failure must withhold it.
    pub fn is_blocking(self) -> bool {
        matches!(self, Phase::BeforeTool | Phase::AfterTool | Phase::Prompt)
    }
}

/// What a tool does, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Runs a command.
    Shell,
    /// Reads a file, or looks for something in it.
    Read,
    /// Writes a file as a whole.
    Write,
    /// Changes parts of a file.
    Edit,
    /// A tool of an MCP server.
    Mcp,
    /// Anything else.
    Other,
}

impl Kind {
    /// The kind of the tool that an agent calls `name`.
    pub fn of(name: &str) -> Kind {
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("mcp__") || lower.starts_with("mcp:") {
            return Kind::Mcp;
        }
        match &lower[..] {
            "bash" | "powershell" | "shell" | "local_shell" | "shell_command" | "exec_command"
            | "unified_exec" | "run_shell_command" | "run_in_terminal" | "runinterminal"
            | "runcommands" | "execute_command" | "terminal" => Kind::Shell,
            "read"
            | "read_file"
            | "readfile"
            | "view"
            | "notebookread"
            | "read_many_files"
            | "copilot_readfile"
            | "grep"
            | "grep_search"
            | "search_file_content"
            | "rg" => Kind::Read,
            "write" | "write_file" | "create" | "create_file" | "createfile" => Kind::Write,
            "edit"
            | "multiedit"
            | "notebookedit"
            | "replace"
            | "str_replace_editor"
            | "apply_patch"
            | "patch"
            | "strreplace"
            | "editfiles"
            | "insert_edit_into_file"
            | "replace_string_in_file"
            | "multi_replace_string_in_file" => Kind::Edit,
            _ => Kind::Other,
        }
    }
}

/// What the agent lets a hook do about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Abilities {
    /// Keep it from happening.
    pub block: bool,
    /// Have a person decide.
    pub ask: bool,
    /// Put something else in place of what the model sees.
    pub replace: bool,
    /// Change a tool's input before it runs.
    pub rewrite: bool,
    /// Put something else in place of what a shell command says once it has run. Where not, the command has to be
    /// wrapped before.
    pub replace_shell: bool,
    /// Put something else in place of what a read yields. Where not, the file is looked at before.
    pub replace_read: bool,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Whose it is; `None` where no protocol fits.
    pub agent: Option<Agent>,
    /// When it comes.
    pub phase: Phase,
    /// What the agent calls it.
    pub name: String,
    /// The session, as the agent counts.
    pub session: Option<String>,
    /// The tool call, as the agent counts.
    pub call: Option<String>,
    /// The directory the agent works in.
    pub cwd: Option<String>,
    /// The tool, as the agent calls it.
    pub tool: Option<String>,
    /// What the tool does.
    pub kind: Kind,
    /// What the tool was or will be given; null where there is no tool.
    pub input: Value,
    /// What is guarded: the tool's input before it runs, its output afterwards, the prompt; the whole event where its
    /// shape is not known.
    pub body: Value,
    /// Whether the shape is known.
    pub known: bool,
    /// What can be done about it.
    pub can: Abilities,
}

impl Event {
    /// An event of no known shape: all of it is looked at.
    pub fn unknown(agent: Option<Agent>, name: String, whole: Value) -> Event {
        Event {
            agent,
            phase: Phase::Other,
            name,
            session: text(&whole, &["session_id", "sessionId", "conversation_id"]),
            call: None,
            cwd: None,
            tool: None,
            kind: Kind::Other,
            input: Value::Null,
            body: whole,
            known: false,
            can: Abilities {
                block: true,
                ..Abilities::default()
            },
        }
    }

    /// The paths that a tool's input names.
    pub fn paths(&self) -> Vec<&str> {
        const KEYS: [&str; 13] = [
            "file_path",
            "filePath",
            "path",
            "absolute_path",
            "notebook_path",
            "target_file",
            "filename",
            "uri",
            "dir_path",
            "paths",
            "file_paths",
            "files",
            "include",
        ];
        let Some(input) = self.input.as_object() else {
            return Vec::new();
        };
        let values = KEYS.iter().filter_map(|key| input.get(*key));
        let texts = values.flat_map(|value| match value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect::<Vec<_>>(),
        });
        texts
            .map(|path| path.strip_prefix("file://").unwrap_or(path))
            .collect()
    }

    /// The first of them.
    pub fn path(&self) -> Option<&str> {
        self.paths().first().copied()
    }

    /// Whether the tool shows what is in a file that its input names.
    pub fn reads(&self) -> bool {
        const WORDS: [&str; 7] = ["read", "get", "open", "fetch", "view", "cat", "load"];
        match self.kind {
            Kind::Read => true,
            Kind::Mcp | Kind::Other => {
                let tool = self
                    .tool
                    .as_deref()
                    .unwrap_or_default()
                    .to_ascii_lowercase();
                let name = tool.rsplit("__").next().unwrap_or_default();
                WORDS.iter().any(|word| name.contains(word))
            }
            _ => false,
        }
    }

    /// The command line that a tool's input holds, and the key it stands under; a list of words becomes one line.
    pub fn command(&self) -> Option<(&'static str, String)> {
        const KEYS: [&str; 6] = [
            "command",
            "cmd",
            "command_line",
            "commandLine",
            "script",
            "code",
        ];
        let input = self.input.as_object()?;
        KEYS.iter().find_map(|key| {
            let line = match input.get(*key)? {
                Value::String(line) => line.clone(),
                Value::Array(words) => {
                    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                    words.join(" ")
                }
                _ => return None,
            };
            Some((*key, line))
        })
    }
}

/// The text under the first of `keys` that has one.
pub fn text(value: &Value, keys: &[&str]) -> Option<String> {
    let found = keys.iter().find_map(|key| value.get(*key)?.as_str());
    found.map(str::to_owned)
}

/// What is to become of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing was found: the agent goes on as it would without the hook.
    Pass,
    /// It must not happen.
    Deny,
    /// A person decides.
    Ask,
    /// The model sees this in place of the event's body.
    Replace(Value),
    /// The tool runs with this input.
    Rewrite(Value),
    /// A secret was seen where nothing can be done about it: people and the model are told.
    Warn,
}

impl Verdict {
    /// The name used in records.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Pass => "allow",
            Verdict::Deny => "deny",
            Verdict::Ask => "ask",
            Verdict::Replace(_) => "redact",
            Verdict::Rewrite(_) => "wrap",
            Verdict::Warn => "warn",
        }
    }
}

/// What a hook says: one JSON value on standard output, a sentence on standard error, an exit code.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Nothing at all where the agent takes silence for consent.
    pub stdout: Option<Value>,
    /// For people, and for the model where the exit code says so. Without a line's end.
    pub stderr: String,
    /// What the protocol asks for.
    pub code: u8,
}

impl Answer {
    /// A JSON value, and success.
    pub fn json(value: Value) -> Answer {
        Answer {
            stdout: Some(value),
            ..Answer::default()
        }
    }

    /// Exit code 2 with a reason: every agent here takes it for a refusal where it can refuse at all.
    pub fn refusal(reason: &str) -> Answer {
        Answer {
            stdout: None,
            stderr: reason.to_owned(),
            code: 2,
        }
    }

    /// Says one more line on standard error.
    pub fn add_line(&mut self, line: &str) {
        if !self.stderr.is_empty() {
            self.stderr.push('\n');
        }
        self.stderr.push_str(line);
    }

    /// Success, and a sentence for people.
    pub fn note(reason: &str) -> Answer {
        Answer {
            stderr: reason.to_owned(),
            ..Answer::default()
        }
    }
}
