//! Where agents are configured, and what is written there.
//!
//! Everything that is there stays: order, form, comments. What is ours is known by its command line, so that installing
//! twice changes nothing and taking out leaves what was there before.

mod edit;
mod layout;
pub mod limits;
mod places;
mod trust;

use std::fmt;
use std::path::{Path, PathBuf};

use super::event::Agent;

pub use edit::value_of;
pub use places::{Places, Scope};
pub use trust::untrusted;

/// Why a configuration cannot be edited. Holds nothing of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake(pub String);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The command line that agents are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program, by its absolute path.
    pub program: PathBuf,
    /// What stands behind `agent hook`.
    pub args: Vec<String>,
}

impl Command {
    /// For the shell that agents run hooks in; `None` where the path cannot be written in it.
    pub fn line(&self) -> Option<String> {
        // On Windows hooks run in whatever shell the agent takes: double quotes are understood by all but PowerShell.
        let windows = std::env::consts::OS == "windows";
        let quoted = |word: &str| match windows {
            true if is_plain(word) => Some(word.to_owned()),
            true => Some(format!("\"{word}\"")),
            false => shlex::try_quote(word).ok().map(Into::into),
        };
        let program = quoted(self.program.to_str()?)?;
        let args: Option<Vec<String>> = self.args.iter().map(|arg| quoted(arg)).collect();
        Some(
            [vec![program, "agent hook".to_owned()], args?]
                .concat()
                .join(" "),
        )
    }

    /// For PowerShell.
    fn powershell(&self) -> Option<String> {
        let quoted = |word: &str| match is_plain(word) {
            true => word.to_owned(),
            false => format!("'{}'", word.replace('\'', "''")),
        };
        let program = self.program.to_str()?.replace('\'', "''");
        let args = self.args.iter().map(|arg| format!(" {}", quoted(arg)));
        Some(format!(
            "& '{program}' agent hook{}",
            args.collect::<String>()
        ))
    }
}

fn is_plain(word: &str) -> bool {
    word.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_./:\\".contains(&b))
}

/// Whether a command line is one of ours, whichever version and place of the program.
pub fn is_ours(line: &str) -> bool {
    let Some((program, rest)) = line.split_once(" agent hook") else {
        return false;
    };
    let program = program.trim_end_matches(['"', '\'']);
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    matches!(name, "keysieve" | "keysieve.exe") && (rest.is_empty() || rest.starts_with(' '))
}

/// A hook of ours in an agent's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The event, as the configuration names it.
    pub event: String,
    /// The command line.
    pub line: String,
}

/// The file that an agent's hooks stand in.
pub fn file(agent: Agent, scope: Scope, places: &Places) -> PathBuf {
    layout::file(agent, scope, places)
}

/// More files that an agent's hooks may stand in: they are read, never written.
pub fn others(agent: Agent, places: &Places) -> Vec<PathBuf> {
    layout::others(agent, places)
}

/// The events that are guarded.
pub fn events(agent: Agent) -> &'static [&'static str] {
    layout::events(agent)
}

/// The text of `agent`'s configuration with our hooks in it; `old` is what is there, if anything.
pub fn install(agent: Agent, old: Option<&str>, command: &Command) -> Result<String, Mistake> {
    let unwritable = || Mistake("the program's path cannot be written in a command line".into());
    let line = command.line().ok_or_else(unwritable)?;
    let powershell = command.powershell().ok_or_else(unwritable)?;
    if agent == Agent::OpenCode {
        return layout::plugin(command).ok_or_else(unwritable);
    }
    let hooks: Vec<(&str, serde_json::Value)> = events(agent)
        .iter()
        .map(|event| (*event, layout::entry(agent, &line, &powershell)))
        .collect();
    edit::add(
        old.unwrap_or_default(),
        layout::needs_version(agent),
        &hooks,
    )
}

/// What taking our hooks out of a configuration comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// There are none.
    Nothing,
    /// This is left.
    Rest(String),
    /// Nothing is left: the file can go.
    File,
}

/// Takes our hooks out of the text of `agent`'s configuration.
pub fn uninstall(agent: Agent, old: &str) -> Result<Removal, Mistake> {
    if agent == Agent::OpenCode {
        return Ok(match layout::plugin_command(old) {
            Some(_) => Removal::File,
            None => Removal::Nothing,
        });
    }
    edit::remove(old)
}

/// Our hooks in the text of a file of `agent`'s configuration.
pub fn installed(agent: Agent, file: &Path, text: &str) -> Result<Vec<Hook>, Mistake> {
    if agent == Agent::OpenCode {
        let line = layout::plugin_command(text);
        return Ok(line
            .map(|line| {
                let hook = |event: &&str| Hook {
                    event: (*event).to_owned(),
                    line: line.clone(),
                };
                events(agent).iter().map(hook).collect()
            })
            .unwrap_or_default());
    }
    edit::ours(file, text)
}

/// Whether an agent seems to be there: its own folder is.
pub fn is_present(agent: Agent, places: &Places) -> bool {
    places.folder(agent).is_dir()
}

/// What switches an agent's hooks off, where its settings do.
pub fn switched_off(agent: Agent, places: &Places) -> Vec<String> {
    layout::switches(agent, places)
        .into_iter()
        .filter_map(|(file, keys, off)| {
            let text = std::fs::read_to_string(&file).ok()?;
            (edit::setting(&file, &text, keys)? == off)
                .then(|| format!("`{} = {off}` in {}", keys.join("."), shown(&file)))
        })
        .collect()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        Command {
            program: "/opt/my tools/keysieve".into(),
            args: ["--wrap", "always", "--rules", "/my rules"]
                .map(Into::into)
                .to_vec(),
        }
    }

    const WITH_HOOKS: &[Agent] = &[
        Agent::ClaudeCode,
        Agent::Codex,
        Agent::Cursor,
        Agent::Gemini,
        Agent::Copilot,
        Agent::VsCode,
        Agent::Windsurf,
    ];

    #[test]
    fn knows_its_own_lines() {
        let line = command().line().expect("it can be written");
        assert_eq!(
            line,
            "'/opt/my tools/keysieve' agent hook --wrap always --rules '/my rules'"
        );
        for ours in [
            &line[..],
            "keysieve agent hook",
            "\"C:\\x\\keysieve.exe\" agent hook",
            "& '/a/keysieve' agent hook",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in [
            "monkeysieve agent hook",
            "keysieve agent hooks",
            "/a/other agent hook",
            "keysieve scan",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn leaves_what_is_there_and_can_be_taken_out_again() {
        let texts = [
            "{}",
            "{}\n",
            "{\n  \"model\": \"x\"\n}\n",
            "{\n\t// mine\n\t\"a\": [1, 2], /* and */ \"b\": {\"c\": 1.50},\n}\n",
            "{\"a\":1,\"b\":{\"hooks\":[]}}",
            "{\n    \"hooks\": {\n        \"PreToolUse\": [\n            {\n                \"matcher\": \"Bash\",\n                \"hooks\": [\n                    { \"type\": \"command\", \"command\": \"mine\" }\n                ]\n            }\n        ],\n        \"Stop\": []\n    },\n    \"z\": null\n}\n",
            "{\r\n  \"version\": 1,\r\n  \"hooks\": {\r\n    \"preToolUse\": [\r\n      { \"command\": \"mine\" }\r\n    ]\r\n  }\r\n}\r\n",
        ];
        for &agent in WITH_HOOKS {
            for old in texts {
                let new = install(agent, Some(old), &command()).expect("it can be edited");
                let hooks =
                    installed(agent, Path::new("hooks.json"), &new).expect("it can be read");
                let named: Vec<&str> = hooks.iter().map(|hook| &hook.event[..]).collect();
                let mut sorted = (named.clone(), events(agent).to_vec());
                sorted.0.sort_unstable();
                sorted.1.sort_unstable();
                assert_eq!(sorted.0, sorted.1, "{agent}: {new}");
                let again = install(agent, Some(&new), &command()).expect("it can be edited");
                assert_eq!(again, new, "{agent}: installing twice changes nothing");
                for kept in ["// mine", "/* and */", "1.50", "\"mine\""] {
                    assert_eq!(new.contains(kept), old.contains(kept), "{agent}: {new}");
                }
                let gone = uninstall(agent, &new).expect("it can be edited");
                let empty = matches!(old.trim(), "{}");
                match gone {
                    Removal::File => assert!(empty, "{agent}: {old}"),
                    Removal::Rest(rest) => {
                        let rest = rest.replace("\"version\": 1,\n", "");
                        let mut rest_value = edit::value(&rest).expect("JSON");
                        let old_value = edit::value(old).expect("JSON");
                        if let Some(fields) = rest_value.as_object_mut()
                            && old_value.get("version").is_none()
                        {
                            fields.shift_remove("version");
                        }
                        assert_eq!(rest_value, old_value, "{agent}");
                    }
                    Removal::Nothing => panic!("{agent}: nothing was taken out of {new}"),
                }
            }
        }
    }

    #[test]
    fn gives_a_file_back_byte_by_byte() {
        for old in [
            "{\n  \"model\": \"x\"\n}\n",
            "{\n\t// mine\n\t\"a\": [1, 2],\n\t\"b\": {}\n}\n",
            "{\n  \"hooks\": {\n    \"PreToolUse\": [\n      {\n        \"hooks\": [\n          { \"type\": \"command\", \"command\": \"mine\" }\n        ]\n      }\n    ]\n  }\n}\n",
        ] {
            let new = install(Agent::ClaudeCode, Some(old), &command()).expect("it can be edited");
            assert_eq!(
                uninstall(Agent::ClaudeCode, &new),
                Ok(Removal::Rest(old.to_owned()))
            );
        }
    }

    #[test]
    fn a_moved_program_is_put_in_place_of_the_old() {
        let moved = Command {
            program: "/usr/bin/keysieve".into(),
            args: Vec::new(),
        };
        for &agent in WITH_HOOKS {
            let old = install(agent, None, &command()).expect("a new file");
            let new = install(agent, Some(&old), &moved).expect("it can be edited");
            let hooks = installed(agent, Path::new("hooks.json"), &new).expect("it can be read");
            assert_eq!(hooks.len(), events(agent).len(), "{agent}: {new}");
            assert!(!new.contains("my tools"), "{agent}: {new}");
        }
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        for text in [
            "[]",
            "{",
            "\"x\"",
            "{\"hooks\": []}",
            "{\"hooks\": {\"PreToolUse\": {}}}",
        ] {
            let refused = install(Agent::ClaudeCode, Some(text), &command());
            assert!(refused.is_err(), "{text}: {refused:?}");
        }
    }

    #[test]
    fn sees_hooks_in_toml_too() {
        let text = "[[hooks.PreToolUse]]\nmatcher = \"*\"\n\n[[hooks.PreToolUse.hooks]]\ntype = \"command\"\n\
                    command = \"/a/keysieve agent hook\"\n\n[[hooks.Stop]]\n\n[[hooks.Stop.hooks]]\n\
                    type = \"command\"\ncommand = \"mine\"\n";
        let file = Path::new("config.toml");
        let hooks = installed(Agent::Codex, file, text).expect("it can be read");
        let want = Hook {
            event: "PreToolUse".to_owned(),
            line: "/a/keysieve agent hook".to_owned(),
        };
        assert_eq!(hooks, [want]);
        assert_eq!(installed(Agent::Codex, file, "a = 1"), Ok(Vec::new()));
        assert!(installed(Agent::Codex, file, "{").is_err());
    }

    #[test]
    fn the_plugin_is_known_by_its_command() {
        let text = install(Agent::OpenCode, None, &command()).expect("it can be written");
        let hooks =
            installed(Agent::OpenCode, Path::new("keysieve.js"), &text).expect("it can be read");
        assert_eq!(hooks.len(), events(Agent::OpenCode).len());
        assert!(is_ours(&hooks[0].line), "{}", hooks[0].line);
        assert_eq!(uninstall(Agent::OpenCode, &text), Ok(Removal::File));
        assert_eq!(
            uninstall(Agent::OpenCode, "export {}"),
            Ok(Removal::Nothing)
        );
    }
}
