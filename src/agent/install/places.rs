//! The folders that agents keep their things in.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::agent::event::Agent;

/// For whom hooks are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// For the user, in every project.
    User,
    /// For a project, and everybody who works in it.
    Project,
}

/// The folders that matter.
#[derive(Debug, Clone)]
pub struct Places {
    /// The user's home.
    pub home: PathBuf,
    /// `XDG_CONFIG_HOME`, or what stands for it.
    pub config: PathBuf,
    /// `XDG_DATA_HOME`, or what stands for it.
    pub data: PathBuf,
    /// Where desktop programs keep a user's data: `Application Support`, `AppData/Roaming`, or `config`.
    pub programs: PathBuf,
    /// The project.
    pub project: PathBuf,
    claude: PathBuf,
    codex: PathBuf,
    copilot: PathBuf,
}

impl Places {
    /// The folders as the environment says; `None` where there is no home.
    pub fn new(get: impl Fn(&str) -> Option<OsString>, project: PathBuf) -> Option<Places> {
        let folder = |name: &str| {
            get(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let home = folder("HOME").or_else(|| folder("USERPROFILE"))?;
        let config = folder("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
        let programs = match std::env::consts::OS {
            "macos" => home.join("Library/Application Support"),
            "windows" => folder("APPDATA").unwrap_or_else(|| home.join("AppData/Roaming")),
            _ => config.clone(),
        };
        Some(Places {
            data: folder("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")),
            programs,
            project,
            claude: folder("CLAUDE_CONFIG_DIR").unwrap_or_else(|| home.join(".claude")),
            codex: folder("CODEX_HOME").unwrap_or_else(|| home.join(".codex")),
            copilot: folder("COPILOT_HOME").unwrap_or_else(|| home.join(".copilot")),
            config,
            home,
        })
    }

    /// An agent's own folder.
    pub fn folder(&self, agent: Agent) -> PathBuf {
        match agent {
            Agent::ClaudeCode => self.claude.clone(),
            Agent::Codex => self.codex.clone(),
            Agent::Cursor => self.home.join(".cursor"),
            Agent::Gemini => self.home.join(".gemini"),
            Agent::Copilot => self.copilot.clone(),
            Agent::VsCode => self.programs.join("Code"),
            Agent::Windsurf => self.home.join(".codeium/windsurf"),
            Agent::OpenCode => self.config.join("opencode"),
        }
    }

    /// Where user hooks of the Copilot family lie: VS Code reads them there, too.
    pub fn copilot_hooks(&self) -> PathBuf {
        self.copilot.join("hooks")
    }
}
