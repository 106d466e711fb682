//! Static credentials in the settings of agents and of their MCP servers.
//!
//! A value counts where a rule knows it, or where its name says that it is one and it is neither a reference to something
//! else nor a placeholder.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::event::Agent;
use super::install::{Places, value_of};
use super::text::Scanner;
use crate::engine::placeholder as placeholder_in;
use crate::model::{Fingerprint, Salt, mask};

/// A static credential in an agent's settings. Holds nothing of it but its masked form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Static {
    /// The file.
    pub file: PathBuf,
    /// The keys that lead there, with dots between.
    pub path: String,
    /// Masked; safe to print.
    pub masked: String,
    /// The rule that knows it; none where only its name tells.
    pub rule: Option<String>,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// What to use instead.
    pub instead: String,
}

/// The settings files of all agents that may hold credentials, those that are there.
pub fn files(places: &Places) -> Vec<PathBuf> {
    let home = |path: &str| places.home.join(path);
    let project = |path: &str| places.project.join(path);
    let mut all = vec![
        project(".mcp.json"),
        home(".claude.json"),
        places.folder(Agent::ClaudeCode).join("settings.json"),
        project(".claude/settings.json"),
        project(".claude/settings.local.json"),
        places.programs.join("Claude/claude_desktop_config.json"),
        home(".cursor/mcp.json"),
        project(".cursor/mcp.json"),
        places.folder(Agent::Codex).join("config.toml"),
        project(".codex/config.toml"),
        project(".vscode/mcp.json"),
        places.programs.join("Code/User/mcp.json"),
        places.programs.join("Code/User/settings.json"),
        places.folder(Agent::Copilot).join("mcp-config.json"),
        home(".gemini/settings.json"),
        project(".gemini/settings.json"),
        home(".kiro/settings/mcp.json"),
        project(".kiro/settings/mcp.json"),
        home(".junie/mcp/mcp.json"),
        project(".junie/mcp/mcp.json"),
        home(".codeium/windsurf/mcp_config.json"),
        places.config.join("opencode/opencode.json"),
        places.config.join("opencode/opencode.jsonc"),
        project("opencode.json"),
        home(".continue/config.json"),
    ];
    for task in [
        "saoudrizwan.claude-dev",
        "rooveterinaryinc.roo-cline",
        "kilocode.kilo-code",
    ] {
        let folder = places.programs.join("Code/User/globalStorage").join(task);
        all.push(folder.join("settings/cline_mcp_settings.json"));
        all.push(folder.join("settings/mcp_settings.json"));
    }
    all.retain(|path| path.is_file());
    all.sort();
    all.dedup();
    all
}

/// The static credentials in the text of a settings file; `None` where it can be read neither as JSON nor as TOML.
pub fn find(file: &Path, text: &str, scanner: &mut Scanner<'_>) -> Option<Vec<Static>> {
    let whole = value_of(file, text)?;
    let mut search = Search {
        file,
        scanner,
        found: Vec::new(),
    };
    search.walk(&mut Vec::new(), &whole, false);
    Some(search.found)
}

struct Search<'a, 'e> {
    file: &'a Path,
    scanner: &'a mut Scanner<'e>,
    found: Vec<Static>,
}

impl Search<'_, '_> {
    /// `named` says whether values here have names that tell what they are: variables, headers.
    fn walk(&mut self, path: &mut Vec<String>, value: &Value, named: bool) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    path.push(key.clone());
                    let here = named
                        || matches!(&key[..], "env" | "headers" | "http_headers" | "environment");
                    self.walk(path, value, here);
                    path.pop();
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    path.push(at.to_string());
                    let flag = at.checked_sub(1).and_then(|before| items[before].as_str());
                    match (item, flag.filter(|flag| flag.starts_with('-'))) {
                        (Value::String(text), Some(flag)) => self.text(path, Some(flag), text),
                        _ => self.walk(path, item, named),
                    }
                    path.pop();
                }
            }
            Value::String(text) => {
                let key = path.last().filter(|key| named || is_telling(key)).cloned();
                self.text(path, key.as_deref(), text);
            }
            _ => {}
        }
    }

    fn text(&mut self, path: &[String], name: Option<&str>, text: &str) {
        if is_reference(text) {
            return;
        }
        let own = path.last().map(String::as_str);
        let _ = self.scanner.member("", name.or(own), text);
        let known: Vec<_> = self.scanner.found.drain(..).collect();
        for found in &known {
            let instead = instead(path, Some(&found.rule));
            self.push(
                path,
                found.masked.clone(),
                Some(found.rule.clone()),
                found.fingerprint,
                instead,
            );
        }
        if !known.is_empty() {
            return;
        }
        // `--api-key=value`, `Bearer value`, `https://…?token=value`.
        let (name, value) = match (name, text.split_once('=')) {
            (None, Some((flag, value))) if flag.starts_with('-') => (Some(flag), value),
            _ => (name, text),
        };
        let bearer = ["Bearer ", "bearer ", "Basic ", "token "];
        let value = bearer
            .iter()
            .find_map(|word| value.strip_prefix(word))
            .unwrap_or(value);
        let telling = name.is_some_and(is_telling);
        if telling && is_credential(value) && !is_reference(value) {
            let fingerprint = Fingerprint::new(&Salt::default(), "agent-setting", value.as_bytes());
            self.push(
                path,
                mask(value.as_bytes()),
                None,
                fingerprint,
                instead(path, None),
            );
        }
    }

    fn push(
        &mut self,
        path: &[String],
        masked: String,
        rule: Option<String>,
        fingerprint: Fingerprint,
        instead: String,
    ) {
        // A key may itself be anything.
        let path = path.join(".");
        let path = self.scanner.text("", "", &path).unwrap_or(path);
        self.scanner.found.clear();
        self.found.push(Static {
            file: self.file.to_owned(),
            path,
            masked,
            rule,
            fingerprint,
            instead,
        });
    }
}

/// Whether a name says that its value is a credential.
fn is_telling(name: &str) -> bool {
    const WORDS: [&str; 10] = [
        "token",
        "secret",
        "password",
        "passwd",
        "apikey",
        "authorization",
        "credential",
        "credentials",
        "bearer",
        "pat",
    ];
    const BEFORE_KEY: [&str; 7] = [
        "api", "access", "private", "auth", "secret", "account", "client",
    ];
    let words = words(name);
    let known = words.iter().any(|word| WORDS.contains(&&word[..]));
    let key = words
        .windows(2)
        .any(|pair| pair[1] == "key" && BEFORE_KEY.contains(&&pair[0][..]));
    known || key
}

/// The words of `someName`, `SOME_NAME` or `--some-name`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins =
            !c.is_ascii_alphanumeric() || c.is_ascii_uppercase() && before.is_ascii_lowercase();
        if begins {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric() {
            words
                .last_mut()
                .expect("because there is one")
                .push(c.to_ascii_lowercase());
        }
        before = c;
    }
    words
}

/// Whether a value points to a credential rather than being one: a variable, an input, a secret store, a file.
fn is_reference(text: &str) -> bool {
    let text = text.trim();
    let text = ["Bearer ", "Basic ", "token "]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text);
    const HEADS: [&str; 9] = [
        "${",
        "$",
        "{env:",
        "{file:",
        "op://",
        "env:",
        "vault:",
        "keychain:",
        "{{",
    ];
    HEADS.iter().any(|head| text.starts_with(head))
}

fn is_credential(value: &str) -> bool {
    let long = value.len() >= 8 && !value.contains(char::is_whitespace);
    let path = value.starts_with(['/', '~', '.']) || value.contains("://");
    long && !path && placeholder_in(value.as_bytes()).is_none()
}

/// The short-lived credential, or the place to keep it, that fits where it was found.
fn instead(path: &[String], rule: Option<&str>) -> String {
    let below = |name: &str| path.iter().any(|step| step == name);
    let place = if below("headers") || below("http_headers") || below("url") {
        "sign in by OAuth, which remote MCP servers offer: the agent then holds a token that expires"
    } else if below("env") || below("environment") {
        "refer to a variable (${NAME}) that a secret store sets for this one process"
    } else if below("args") {
        "hand it over by a variable that a secret store sets: arguments are seen in the list of processes"
    } else {
        "keep it in the agent's own credential store, or in a secret store that hands out short-lived ones"
    };
    match rule {
        Some(rule) => format!("{place} (`keysieve rules show {rule}` names the short-lived kind)"),
        None => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::example::expand;
    use crate::engine::{Engine, RuleSet};
    use crate::model::Confidence;

    fn paths(file: &str, text: &str) -> Vec<String> {
        let engine = Engine::new(RuleSet::embedded());
        let mut scanner = Scanner::new(&engine, Confidence::Medium);
        let found = find(Path::new(file), text, &mut scanner).expect("it can be read");
        found.into_iter().map(|found| found.path).collect()
    }

    #[test]
    fn finds_what_is_static_and_nothing_else() {
        let (token, random) = (expand("<crc32-base62:ghp_>", 5), expand("<b62:32>", 6));
        let text = format!(
            r#"{{
  // mine
  "mcpServers": {{
    "a": {{ "command": "npx", "env": {{ "GITHUB_TOKEN": "{token}", "LANG": "C", "REF": "${{TOKEN}}" }} }},
    "b": {{ "url": "https://h.example/mcp", "headers": {{ "Authorization": "Bearer {random}" }} }},
    "c": {{ "command": "x", "args": ["--api-key", "{random}", "--verbose", "yes", "--token={random}", "{token}"] }},
    "d": {{ "headers": {{ "Authorization": "Bearer ${{env:TOKEN}}", "X-Api-Key": "<your-key-here>" }} }},
  }},
  "projects": {{ "/p": {{ "mcpServers": {{ "e": {{ "env": {{ "DB_PASSWORD": "{random}" }} }} }} }} }},
  "apiKeyHelper": "/usr/bin/helper", "maxTokens": 5, "tokenizer": "o200k_base"
}}"#
        );
        let want = [
            "mcpServers.a.env.GITHUB_TOKEN",
            "mcpServers.b.headers.Authorization",
            "mcpServers.c.args.1",
            "mcpServers.c.args.4",
            "mcpServers.c.args.5",
            "projects./p.mcpServers.e.env.DB_PASSWORD",
        ];
        assert_eq!(paths("mcp.json", &text), want);
        let toml =
            format!("[mcp_servers.x]\ncommand = \"y\"\nenv = {{ API_TOKEN = \"{random}\" }}\n");
        assert_eq!(paths("config.toml", &toml), ["mcp_servers.x.env.API_TOKEN"]);
    }
}
