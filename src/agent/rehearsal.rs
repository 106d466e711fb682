//! Recorded events with the whole answer to each, for `keysieve agent test` and for the tests: `fixtures/agent/`.
//!
//! In an event `{{SECRET}}` stands for the secret. In an answer `{{PLACEHOLDER}}` stands for what redaction leaves of it,
//! `{{REASON}}` for any text of keysieve's that does not hold it, `{{EXEC:line}}` for a command that runs `line` through
//! `keysieve exec`.

use std::path::Path;

use serde_json::Value;

use super::event::{Agent, Answer};
use super::protocol;
use super::text::placeholder;

/// A recorded event and what has to come of it.
#[derive(Debug)]
pub struct Scene {
    /// What it is about.
    pub name: String,
    /// The event, with the mark.
    pub event: Value,
    /// The answer where there is a secret.
    pub secret: Value,
}

macro_rules! scenes {
    ($($folder:literal: $($name:literal),+;)+) => {
        &[$($((
            $folder,
            $name,
            include_str!(concat!("../../fixtures/agent/", $folder, "/", $name, ".json")),
        )),+),+]
    };
}

const SCENES: &[(&str, &str, &str)] = scenes! {
    "claude-code": "pre-bash", "pre-write", "pre-edit", "pre-mcp", "post-bash", "post-read", "post-mcp", "post-failure",
        "prompt";
    "codex": "pre-shell", "pre-apply-patch", "post-shell", "post-mcp", "prompt";
    "cursor": "pre-shell", "pre-write", "before-shell", "before-mcp", "before-read", "before-tab-read", "post-mcp",
        "prompt";
    "gemini": "before-shell", "before-write", "after-shell", "before-agent";
    "copilot": "pre-bash", "pre-create", "post-bash", "prompt-transformed";
    "vscode": "pre-terminal", "pre-edit", "post-terminal", "prompt";
    "windsurf": "pre-run", "pre-read-env", "pre-write", "pre-mcp", "prompt";
    "opencode": "before-bash", "before-edit", "after-bash", "message";
};

/// The scenes of an agent.
pub fn scenes(agent: Agent) -> Vec<Scene> {
    let mine = SCENES.iter().filter(|(folder, ..)| *folder == agent.name());
    mine.filter_map(|(_, name, text)| scene(name, text))
        .collect()
}

/// Reads a scene.
pub fn scene(name: &str, text: &str) -> Option<Scene> {
    let mut whole: Value = serde_json::from_str(text).ok()?;
    Some(Scene {
        name: name.to_owned(),
        event: whole.get_mut("event")?.take(),
        secret: whole.get_mut("secret")?.take(),
    })
}

impl Scene {
    /// The event's name, as the agent's configuration has it.
    pub fn event_name(&self, agent: Agent) -> String {
        protocol::read(&self.event, Some(agent)).name
    }

    /// The event with `secret` in it.
    pub fn with(&self, secret: &str) -> String {
        self.event.to_string().replace("{{SECRET}}", secret)
    }
}

/// Where an answer is not what a scene asks for; `rule` is the rule that finds `secret`.
pub fn mismatch(want: &Value, got: &Answer, secret: &str, rule: &str) -> Option<String> {
    let stderr = want
        .get("stderr")
        .cloned()
        .unwrap_or_else(|| Value::from(""));
    if want["code"] != got.code {
        return Some(format!(
            "exit code {} rather than {}",
            got.code, want["code"]
        ));
    }
    if let Some(difference) = differs(&stderr, &Value::from(&got.stderr[..]), secret, rule) {
        return Some(format!("standard error: {difference}"));
    }
    match (want.get("stdout"), &got.stdout) {
        (None, None) => None,
        (Some(want), Some(got)) => differs(want, got, secret, rule),
        (Some(want), None) => Some(format!("nothing rather than {want}")),
        (None, Some(got)) => Some(format!("{} rather than nothing", hidden(got, secret))),
    }
}

/// Where `got` is not what `want` describes. Does not repeat the secret.
pub fn differs(want: &Value, got: &Value, secret: &str, rule: &str) -> Option<String> {
    let wrong = || Some(format!("{} rather than {want}", hidden(got, secret)));
    match (want, got) {
        (Value::String(want), Value::String(got)) => {
            let exec = want
                .strip_prefix("{{EXEC:")
                .and_then(|rest| rest.strip_suffix("}}"));
            let fits = match exec {
                _ if want == "{{REASON}}" => got.starts_with("keysieve") && !got.contains(secret),
                Some(line) => wraps(got, line),
                None => *got == want.replace("{{PLACEHOLDER}}", &placeholder(rule)),
            };
            if fits { None } else { wrong() }
        }
        (Value::Array(want), Value::Array(got)) if want.len() == got.len() => {
            let mut pairs = want.iter().zip(got);
            pairs.find_map(|(want, got)| differs(want, got, secret, rule))
        }
        (Value::Object(want), Value::Object(got)) if want.keys().eq(got.keys()) => {
            let mut pairs = want.values().zip(got.values());
            pairs.find_map(|(want, got)| differs(want, got, secret, rule))
        }
        _ if want == got => None,
        _ => wrong(),
    }
}

fn hidden(value: &Value, secret: &str) -> String {
    value.to_string().replace(secret, "(the secret)")
}

/// Whether `command` runs `line` in a shell below `keysieve exec`.
pub fn wraps(command: &str, line: &str) -> bool {
    let words = shlex::split(command).unwrap_or_default();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let [program, "exec", "--known-from-env", .., "--", _, "-c", last] = words[..] else {
        return false;
    };
    Path::new(program).is_absolute() && last == line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_guarded_event_has_a_scene() {
        for agent in Agent::ALL {
            let scenes = scenes(agent);
            for event in crate::agent::install::events(agent) {
                let any = scenes.iter().any(|scene| scene.event_name(agent) == *event);
                assert!(any, "{agent}: nothing tries {event}");
            }
        }
    }

    #[test]
    fn sees_what_is_not_as_it_should_be() {
        let answer = |stdout| Answer {
            stdout,
            ..Answer::default()
        };
        let want = json!({"stdout": {"a": "{{PLACEHOLDER}}", "b": "{{REASON}}"}, "code": 0});
        let good = json!({"a": "[REDACTED:r]", "b": "keysieve x"});
        assert_eq!(mismatch(&want, &answer(Some(good)), "s3", "r"), None);
        for bad in [
            None,
            Some(json!({"a": "s3", "b": "keysieve x"})),
            Some(json!({"a": "[REDACTED:r]", "b": "keysieve s3"})),
            Some(json!({"a": "[REDACTED:r]"})),
            Some(json!({"a": "[REDACTED:r]", "b": "keysieve x", "c": 1})),
        ] {
            let said = mismatch(&want, &answer(bad.clone()), "s3", "r");
            let said = said.unwrap_or_else(|| panic!("{bad:?} passes"));
            assert!(!said.contains("s3"), "{said}");
        }
    }
}
