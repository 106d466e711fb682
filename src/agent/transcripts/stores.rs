//! Where the stores lie.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use ignore::WalkBuilder;

use crate::agent::install::Places;

/// How a store is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// JSON, one value a line.
    Lines,
    /// One JSON value.
    Json,
    /// A SQLite database whose texts may be JSON.
    Sqlite,
    /// Markdown or other text.
    Text,
}

impl Format {
    /// By a file's name.
    pub fn of(path: &Path) -> Format {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.unwrap_or_default() {
            "jsonl" | "ndjson" => Format::Lines,
            "json" => Format::Json,
            "db" | "vscdb" | "sqlite" | "sqlite3" => Format::Sqlite,
            // A copy that VS Code and its kin keep beside the original.
            "backup" if path.to_string_lossy().contains(".vscdb.") => Format::Sqlite,
            _ => Format::Text,
        }
    }
}

/// A store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Store {
    /// Whose it is.
    pub agent: &'static str,
    /// Its file.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
}

/// A store that is named rather than found.
pub fn named(path: PathBuf) -> Store {
    let format = Format::of(&path);
    Store {
        agent: "named",
        path,
        format,
    }
}

/// Agents with the folder of their stores and patterns below it.
fn table(places: &Places) -> Vec<(&'static str, PathBuf, &'static [&'static str])> {
    use crate::agent::event::Agent;
    let home = |path: &str| places.home.join(path);
    let mut all: Vec<(&'static str, PathBuf, &'static [&'static str])> = vec![
        (
            "claude-code",
            places.folder(Agent::ClaudeCode),
            &[
                "projects/**/*.jsonl",
                "projects/**/*.meta.json",
                "projects/**/tool-results/*",
                "history.jsonl",
            ],
        ),
        (
            "codex",
            places.folder(Agent::Codex),
            &[
                "sessions/**/rollout-*.jsonl",
                "archived_sessions/*.jsonl",
                "history.jsonl",
                "*.sqlite",
            ],
        ),
        (
            "cursor",
            home(".cursor"),
            &["projects/*/agent-transcripts/**"],
        ),
        (
            "copilot",
            places.folder(Agent::Copilot),
            &[
                "session-state/*/events.jsonl",
                "session-state/*/workspace.yaml",
                "session-state/*.jsonl",
                "session-store.db",
            ],
        ),
        (
            "gemini",
            home(".gemini"),
            &[
                "tmp/*/chats/**",
                "tmp/*/checkpoint*.json",
                "tmp/*/checkpoints/*",
                "tmp/*/shell_history",
                "tmp/*/logs.json",
                "tmp/*/tool-outputs/**",
                "tmp/background-processes/*.log",
            ],
        ),
        (
            "aider",
            places.home.clone(),
            &[".aider.chat.history.md", ".aider.input.history"],
        ),
        (
            "aider",
            places.project.clone(),
            &[".aider.chat.history.md", ".aider.input.history"],
        ),
        ("continue", home(".continue"), &["sessions/*.json"]),
        (
            "opencode",
            places.data.join("opencode"),
            &[
                "opencode.db",
                "storage/**/*.json",
                "tool-output/*",
                "log/*.log",
            ],
        ),
        (
            "goose",
            places.data.join("goose"),
            &["sessions/sessions.db", "sessions/*.jsonl"],
        ),
        ("kiro", home(".kiro"), &["sessions/*/sess_*/messages.jsonl"]),
        ("windsurf", home(".codeium/windsurf"), &["memories/*.md"]),
    ];
    for (agent, program) in [
        ("cursor", "Cursor"),
        ("vscode", "Code"),
        ("vscode", "Code - Insiders"),
        ("windsurf", "Windsurf"),
        ("kiro", "Kiro"),
    ] {
        all.push((
            agent,
            places.programs.join(program).join("User"),
            &[
                "globalStorage/state.vscdb",
                "globalStorage/state.vscdb.backup",
                "workspaceStorage/*/state.vscdb",
                "workspaceStorage/*/state.vscdb.backup",
                "workspaceStorage/*/chatSessions/*.{json,jsonl}",
                "workspaceStorage/*/GitHub.copilot-chat/transcripts/*.jsonl",
                "globalStorage/emptyWindowChatSessions/*.{json,jsonl}",
                "globalStorage/{saoudrizwan.claude-dev,rooveterinaryinc.roo-cline,kilocode.kilo-code}/tasks/*/*.json",
            ],
        ));
    }
    all
}

/// All stores there are, those of `agents` or of everyone where none is named; sorted. Links are not followed.
pub fn find(places: &Places, agents: &[String]) -> Vec<Store> {
    let mut stores = Vec::new();
    for (agent, root, patterns) in table(places) {
        if !agents.is_empty() && !agents.iter().any(|name| name == agent) {
            continue;
        }
        for pattern in patterns {
            stores.extend(below(&root, pattern).into_iter().map(|path| Store {
                agent,
                format: Format::of(&path),
                path,
            }));
        }
    }
    stores.sort_by(|a, b| a.path.cmp(&b.path));
    stores.dedup_by(|b, a| a.path == b.path);
    stores
}

/// The names of all agents whose stores are known.
pub fn agents() -> Vec<&'static str> {
    let places = Places::new(|name| (name == "HOME").then(|| "/".into()), PathBuf::new());
    let mut names: Vec<_> = places
        .map(|p| table(&p))
        .unwrap_or_default()
        .into_iter()
        .map(|(name, ..)| name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Files below `root` whose path from there matches.
fn below(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    let Ok(glob) = glob.map(|glob| glob.compile_matcher()) else {
        return Vec::new();
    };
    // Only as deep as the pattern's fixed beginning is there to be walked, and no deeper than it reaches.
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|part| {
            !part
                .as_os_str()
                .to_string_lossy()
                .contains(['*', '{', '?', '['])
        })
        .collect();
    let start = root.join(&fixed);
    if start.is_file() {
        return vec![start];
    }
    if !start.is_dir() {
        return Vec::new();
    }
    let depth = match pattern.contains("**") {
        true => None,
        false => Some(Path::new(pattern).components().count() - fixed.components().count()),
    };
    let walk = WalkBuilder::new(&start)
        .standard_filters(false)
        .follow_links(false)
        .max_depth(depth)
        .build();
    let files = walk.filter_map(Result::ok).filter(|entry| {
        entry.file_type().is_some_and(|kind| kind.is_file()) && matches(&glob, root, entry.path())
    });
    files.map(ignore::DirEntry::into_path).collect()
}

fn matches(glob: &GlobMatcher, root: &Path, path: &Path) -> bool {
    path.strip_prefix(root)
        .is_ok_and(|below| glob.is_match(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_stores_of_every_agent() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path();
        let files = [
            (".claude/projects/-a/1.jsonl", "claude-code", Format::Lines),
            (
                ".claude/projects/-a/1/subagents/agent-2.jsonl",
                "claude-code",
                Format::Lines,
            ),
            (
                ".claude/projects/-a/1/subagents/agent-2.meta.json",
                "claude-code",
                Format::Json,
            ),
            (
                ".claude/projects/-a/1/tool-results/b1.txt",
                "claude-code",
                Format::Text,
            ),
            (".codex/thread_history_1.sqlite", "codex", Format::Sqlite),
            (
                ".copilot/session-state/1/workspace.yaml",
                "copilot",
                Format::Text,
            ),
            (".copilot/session-store.db", "copilot", Format::Sqlite),
            (
                ".gemini/tmp/h/tool-outputs/session-1/run_shell_command_1.txt",
                "gemini",
                Format::Text,
            ),
            (
                ".gemini/tmp/background-processes/background-7.log",
                "gemini",
                Format::Text,
            ),
            (
                ".local/share/opencode/tool-output/tool_1",
                "opencode",
                Format::Text,
            ),
            (
                ".local/share/opencode/log/opencode.log",
                "opencode",
                Format::Text,
            ),
            (
                ".codex/sessions/2026/11/20/rollout-1.jsonl",
                "codex",
                Format::Lines,
            ),
            (
                ".cursor/projects/p/agent-transcripts/1.jsonl",
                "cursor",
                Format::Lines,
            ),
            (
                ".config/Cursor/User/globalStorage/state.vscdb",
                "cursor",
                Format::Sqlite,
            ),
            (
                ".copilot/session-state/1/events.jsonl",
                "copilot",
                Format::Lines,
            ),
            (
                ".config/Code/User/workspaceStorage/1/chatSessions/a.jsonl",
                "vscode",
                Format::Lines,
            ),
            (
                ".config/Code/User/workspaceStorage/1/GitHub.copilot-chat/transcripts/a.jsonl",
                "vscode",
                Format::Lines,
            ),
            (
                ".config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1/api_conversation_history.json",
                "vscode",
                Format::Json,
            ),
            (".gemini/tmp/h/chats/session-1.json", "gemini", Format::Json),
            (".gemini/tmp/h/shell_history", "gemini", Format::Text),
            ("work/.aider.chat.history.md", "aider", Format::Text),
            (".continue/sessions/1.json", "continue", Format::Json),
            (
                ".local/share/opencode/opencode.db",
                "opencode",
                Format::Sqlite,
            ),
            (
                ".local/share/opencode/storage/part/a/b.json",
                "opencode",
                Format::Json,
            ),
            (
                ".local/share/goose/sessions/sessions.db",
                "goose",
                Format::Sqlite,
            ),
            (
                ".kiro/sessions/w/sess_1/messages.jsonl",
                "kiro",
                Format::Lines,
            ),
            (
                ".codeium/windsurf/memories/global_rules.md",
                "windsurf",
                Format::Text,
            ),
        ];
        let others = [
            ".claude/settings.json",
            ".codex/config.toml",
            "work/notes.jsonl",
        ];
        for path in files.iter().map(|(path, ..)| path).chain(&others) {
            let path = home.join(path);
            std::fs::create_dir_all(path.parent().expect("it has one")).expect("folders");
            std::fs::write(path, "").expect("written");
        }
        let places = Places::new(
            |name| (name == "HOME").then(|| home.into()),
            home.join("work"),
        );
        let places = places.expect("there is a home");
        if std::env::consts::OS != "linux" {
            return;
        }
        let mut want: Vec<Store> = files
            .iter()
            .map(|&(path, agent, format)| Store {
                agent,
                path: home.join(path),
                format,
            })
            .collect();
        want.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(find(&places, &[]), want);
        let one = find(&places, &["goose".to_owned()]);
        assert_eq!(one.len(), 1);
        assert!(agents().contains(&"aider"));
    }
}
