//! What is to become of an event: one judgement for all agents.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::event::{Event, Kind, Phase, Verdict};
use super::secret_file::{FilePolicy, covered_value, is_secret};
use super::shell::{self, What};
use super::text::{Found, Scanner};
use crate::canary::Register;
use crate::engine::Engine;
use crate::model::{Confidence, Fingerprint};
use crate::redact::Redactor;

/// Files that a tool is about to read or send are looked at up to this size; a longer one by its head.
const LOOK: u64 = 1024 * 1024;
/// So many of them.
const FILES: usize = 16;
/// Keys under which tools take a patch.
const PATCHES: [&str; 5] = ["input", "patch", "command", "patchText", "diff"];
/// Keys under which tools say what an edit takes out.
const OLD: [&str; 5] = ["old_string", "oldString", "old_str", "old_text", "oldText"];
/// Places that a reason lists.
const LISTED: usize = 3;

/// Which shell commands run through `keysieve exec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wrap {
    /// Those whose output the agent does not let anybody replace.
    #[default]
    Auto,
    /// All that the agent lets a hook change: then the output of a command that fails is redacted, too.
    Always,
    /// None.
    Never,
}

impl Wrap {
    /// The names used on the command line.
    pub const NAMES: [&'static str; 3] = ["auto", "always", "never"];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Wrap> {
        match name {
            "auto" => Some(Wrap::Auto),
            "always" => Some(Wrap::Always),
            "never" => Some(Wrap::Never),
            _ => None,
        }
    }
}

/// What the user wants.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What becomes of a read of a file that is nothing but secrets.
    pub secret_files: FilePolicy,
    /// Which shell commands are wrapped.
    pub wrap: Wrap,
    /// The program that wraps them: this one, by its absolute path; none where it is not known.
    pub program: Option<PathBuf>,
    /// Options for the `exec` that wraps them: the rules, the canaries, the record.
    pub exec: Vec<String>,
    /// What is less sure is no secret.
    pub min_confidence: Confidence,
    /// The agent's environment, by name: what of it is secret is taken out of what tools say, whatever it looks like.
    pub variables: Vec<(String, Vec<u8>)>,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            secret_files: FilePolicy::default(),
            wrap: Wrap::default(),
            program: None,
            exec: Vec::new(),
            min_confidence: Confidence::Medium,
            variables: Vec::new(),
        }
    }
}

/// A judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What is to become of it.
    pub verdict: Verdict,
    /// Why, for people and for the model; holds no secret. Empty where it passes.
    pub reason: String,
    /// What was found.
    pub found: Vec<Found>,
}

impl Decision {
    fn pass() -> Decision {
        Decision {
            verdict: Verdict::Pass,
            reason: String::new(),
            found: Vec::new(),
        }
    }
}

/// Judges events.
pub struct Guard<'a> {
    scanner: Scanner<'a>,
    policy: &'a Policy,
    known: Option<&'a Redactor<'a>>,
}

impl<'a> Guard<'a> {
    /// A guard with these rules.
    pub fn new(engine: &'a Engine, policy: &'a Policy) -> Guard<'a> {
        Guard {
            scanner: Scanner::new(engine, policy.min_confidence),
            policy,
            known: None,
        }
    }

    /// Takes what `known` covers out of what tools say, too. It stops no tool: a password can be a word that a command
    /// is free to use, and one that no model has seen cannot be in its command.
    pub fn with_known(mut self, known: Option<&'a Redactor<'a>>) -> Guard<'a> {
        self.known = known;
        self
    }

    /// Raises the alarm for these canaries.
    pub fn with_canaries(mut self, canaries: Option<&'a Register>) -> Guard<'a> {
        self.scanner = self.scanner.with_canaries(canaries);
        self
    }

    /// Judges one event.
    pub fn judge(&mut self, event: &Event) -> Decision {
        self.scanner.found.clear();
        let said = matches!(event.phase, Phase::AfterTool | Phase::ToolFailed);
        self.scanner
            .set_known(self.known.filter(|_| said && event.known));
        let mut decision = match event.phase {
            _ if !event.known => self.unknown(event),
            Phase::BeforeTool => self.before_tool(event),
            Phase::AfterTool => self.after_tool(event),
            _ => self.words(event),
        };
        // A reason names paths and keys, which may be anything.
        if let Some(clean) = self.clean(&decision.reason) {
            decision.reason = clean;
        }
        decision
    }

    /// `text` with its secrets covered, where it has any.
    pub fn clean(&mut self, text: &str) -> Option<String> {
        let before = self.scanner.found.len();
        let clean = self.scanner.text("", "", text);
        self.scanner.found.truncate(before);
        clean
    }

    /// A verdict on what has been found, with the reason that `what` begins.
    fn found(&mut self, verdict: Verdict, what: &str, advice: &str) -> Decision {
        let found = std::mem::take(&mut self.scanner.found);
        Decision {
            verdict,
            reason: format!("keysieve {what}: {}. {advice}", list(&found)),
            found,
        }
    }

    fn unknown(&mut self, event: &Event) -> Decision {
        let name = if event.name.is_empty() {
            "an event".to_owned()
        } else {
            format!("the event {}", event.name)
        };
        match self.scanner.value("", &event.body) {
            None => Decision {
                reason: format!(
                    "keysieve does not know the shape of {name}; scanned as a whole, it holds no secret"
                ),
                ..Decision::pass()
            },
            Some(_) => self.found(
                Verdict::Deny,
                &format!("does not know the shape of {name}; scanned as a whole, it holds"),
                "",
            ),
        }
    }

    fn before_tool(&mut self, event: &Event) -> Decision {
        let tool = event.tool.as_deref().unwrap_or("the tool");
        if self.brings_in(event) {
            return self.found(
                Verdict::Deny,
                &format!("stopped {tool}, whose input holds"),
                "Refer to it instead: an environment variable, a secret store.",
            );
        }
        self.puts_back(event, tool)
            .or_else(|| self.named_files(event, tool))
            .or_else(|| self.wrapped(event))
            .unwrap_or_else(Decision::pass)
    }

    /// Whether a tool's input holds a secret that it would put or send somewhere. What an edit takes out is known
    /// already, and its removal is to be welcomed; what it takes out and puts back has not become worse.
    fn brings_in(&mut self, event: &Event) -> bool {
        let name = event.path().map_or("", file_name);
        if event.kind != Kind::Edit {
            return self.scanner.value(name, &event.input).is_some();
        }
        let mut rest = event.input.clone();
        let mut old: Vec<Fingerprint> = Vec::new();
        for key in PATCHES {
            let Some(Value::String(text)) = rest.get_mut(key) else {
                continue;
            };
            if text.contains("*** Begin Patch") || text.starts_with("--- ") {
                let text = std::mem::take(text);
                self.patch(key, &text, &mut old);
            }
        }
        self.scanner.value(name, &rest);
        let is_old = |found: &Found| {
            let key = found.path.rsplit('.').next().unwrap_or_default();
            OLD.contains(&key)
        };
        let found = &mut self.scanner.found;
        old.extend(
            found
                .iter()
                .filter(|one| is_old(one))
                .map(|one| one.fingerprint),
        );
        found.retain(|one| !is_old(one) && !old.contains(&one.fingerprint));
        !found.is_empty()
    }

    /// What a patch brings in; `old` gets what it takes out.
    fn patch(&mut self, key: &str, patch: &str, old: &mut Vec<Fingerprint>) {
        for hit in self.scanner.hits("", patch) {
            let start = patch[..hit.span.start].rfind('\n').map_or(0, |at| at + 1);
            match patch[start..].starts_with('-') {
                true => old.push(hit.found.fingerprint),
                false => self.scanner.found.push(Found {
                    path: key.to_owned(),
                    ..hit.found
                }),
            }
        }
    }

    /// A write that would put a placeholder, which the model was shown, in the place of what it stands for.
    fn puts_back(&mut self, event: &Event, tool: &str) -> Option<Decision> {
        let path = event
            .path()
            .filter(|_| matches!(event.kind, Kind::Write | Kind::Edit))?;
        if !holds_placeholder(&without_old(&event.input).to_string()) {
            return None;
        }
        let old = self.head_of(event, path)?;
        if holds_placeholder(&old) {
            return None;
        }
        Some(Decision {
            verdict: Verdict::Deny,
            reason: format!(
                "keysieve stopped {tool}: it would write a placeholder into {path} in place of the secret that \
                 stands there. Edit the other lines alone."
            ),
            found: Vec::new(),
        })
    }

    /// Files that a tool reads or sends: those that are nothing but secrets, those that are about to be sent, and those
    /// that nobody can redact once they have been read.
    fn named_files(&mut self, event: &Event, tool: &str) -> Option<Decision> {
        let mut named: Vec<(String, What)> = Vec::new();
        if event.reads() {
            let paths = event.paths().into_iter();
            named.extend(paths.map(|path| (path.to_owned(), What::Reads)));
        }
        if let (Kind::Shell, Some((_, line))) = (event.kind, event.command()) {
            let words = shell::named(&line).into_iter();
            named.extend(words.map(|named| (named.path, named.what)));
        }
        named.truncate(FILES);
        for (path, what) in named {
            if is_secret(&path) {
                match self.secret_file(event, tool, &path, what) {
                    None => continue,
                    decision => return decision,
                }
            }
            let look = what == What::Sends || event.kind == Kind::Read && !event.can.replace_read;
            if look && self.look_at(event, &path) {
                let verb = if what == What::Sends { "send" } else { "read" };
                return Some(self.found(
                    Verdict::Deny,
                    &format!("stopped {tool}, which would {verb} a file that holds"),
                    "Take it out of the file, or have a person do this.",
                ));
            }
        }
        None
    }

    fn secret_file(&self, event: &Event, tool: &str, path: &str, what: What) -> Option<Decision> {
        // What goes from one command to another is sent without being said.
        let sent = event.command().is_some_and(|(_, line)| shell::sends(&line));
        let replaceable = match event.kind {
            Kind::Shell => event.can.replace_shell && !sent,
            _ => event.can.replace_read,
        };
        let verdict = match (self.policy.secret_files, what) {
            (FilePolicy::Redact, What::Reads) if replaceable => return None,
            (FilePolicy::Ask, _) if event.can.ask => Verdict::Ask,
            _ => Verdict::Deny,
        };
        let verb = if what == What::Sends { "send" } else { "read" };
        Some(Decision {
            verdict,
            reason: format!(
                "keysieve: {tool} would {verb} {path}, which holds secrets and nothing else. \
                 Ask for the names it defines, or have the program read it by itself."
            ),
            found: Vec::new(),
        })
    }

    /// Whether a file that is there holds a secret in its head.
    fn look_at(&mut self, event: &Event, path: &str) -> bool {
        let text = self.head_of(event, path);
        text.is_some_and(|text| self.scanner.text(path, file_name(path), &text).is_some())
    }

    /// The first bytes of a file, where it is one.
    fn head_of(&self, event: &Event, path: &str) -> Option<String> {
        let full = match &event.cwd {
            Some(cwd) => Path::new(cwd).join(path),
            None => PathBuf::from(path),
        };
        let file = crate::platform::open(&full, true).ok()?;
        let mut bytes = Vec::new();
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        file.take(LOOK).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn wrapped(&mut self, event: &Event) -> Option<Decision> {
        let wanted = match self.policy.wrap {
            // Agents there run commands in PowerShell, whose lines are quoted otherwise.
            _ if std::env::consts::OS == "windows" => false,
            Wrap::Never => false,
            Wrap::Auto => !event.can.replace_shell,
            Wrap::Always => true,
        };
        if !wanted || event.kind != Kind::Shell || !event.can.rewrite {
            return None;
        }
        let program = self.policy.program.as_deref()?;
        let (key, line) = event.command()?;
        let line = shell::wrapped(program, &self.exec_options(event), &line)?;
        let mut input = event.input.clone();
        let slot = input.get_mut(key).filter(|value| value.is_string())?;
        *slot = Value::String(line);
        Some(Decision {
            verdict: Verdict::Rewrite(input),
            reason: String::new(),
            found: Vec::new(),
        })
    }

    /// The options for the `exec` that wraps an event's command: where it keeps a record, it says there whose command it
    /// is.
    fn exec_options(&self, event: &Event) -> Vec<String> {
        let mut options = self.policy.exec.clone();
        if !options.iter().any(|option| option == "--audit") {
            return options;
        }
        let agent = event.agent.map(|agent| agent.name().to_owned());
        let names = [
            ("--agent", agent),
            ("--session", event.session.clone()),
            ("--tool", event.tool.clone()),
            ("--call", event.call.clone()),
        ];
        for (flag, name) in names {
            // Behind an equals sign, whatever it begins with.
            options.extend(name.map(|name| format!("{flag}={name}")));
        }
        options
    }

    fn after_tool(&mut self, event: &Event) -> Decision {
        let tool = event.tool.as_deref().unwrap_or("the tool");
        let path = event.path();
        let name = path.map_or("", file_name);
        let new = self.scanner.value(name, &event.body);
        let secret = match event.kind {
            // A person has said that it may be seen.
            _ if self.policy.secret_files == FilePolicy::Ask => false,
            _ if event.reads() => event.paths().into_iter().any(is_secret),
            Kind::Shell => event.command().is_some_and(|(_, line)| {
                shell::named(&line)
                    .iter()
                    .any(|named| named.what == What::Reads && is_secret(&named.path))
            }),
            _ => false,
        };
        let new = match new {
            new if secret => {
                let base = new.as_ref().unwrap_or(&event.body);
                let covered = covered_value(base, path);
                (covered != event.body).then_some(covered)
            }
            new => new,
        };
        let Some(new) = new else {
            return Decision::pass();
        };
        if event.can.replace {
            let what = format!("redacted what {tool} said");
            return match self.scanner.found.is_empty() {
                true => Decision {
                    verdict: Verdict::Replace(new),
                    reason: format!(
                        "keysieve {what}: it read a file that holds secrets and nothing else"
                    ),
                    found: Vec::new(),
                },
                false => self.found(Verdict::Replace(new), &what, ""),
            };
        }
        self.found(
            Verdict::Warn,
            &format!("could not redact what {tool} said"),
            "Do not repeat it; have it revoked.",
        )
    }

    /// Files that a prompt names with `@`: agents read them without another event.
    fn mentioned(&mut self, event: &Event) -> Option<Decision> {
        let prompt = match &event.body {
            Value::String(text) => text,
            body => body.get("prompt")?.as_str()?,
        };
        let ends = |c: char| matches!(c, ',' | ';' | ')' | '"' | '\'' | '?' | '!');
        let words = prompt.split_whitespace().filter_map(|word| {
            let word = word.trim_start_matches(['(', '"', '\'']);
            word.strip_prefix('@')
                .map(|path| path.trim_end_matches(ends))
        });
        for path in words.take(FILES) {
            let secret = is_secret(path);
            if secret && self.policy.secret_files == FilePolicy::Ask {
                continue;
            }
            if !secret && !self.look_at(event, path) {
                continue;
            }
            let what = match secret {
                true => "secrets and nothing else",
                false => "a secret",
            };
            return Some(Decision {
                verdict: Verdict::Deny,
                reason: format!(
                    "keysieve did not send the prompt: the agent would read {path}, which holds {what}"
                ),
                found: std::mem::take(&mut self.scanner.found),
            });
        }
        None
    }

    /// A prompt, a reply, an error: text of a person or of the model.
    fn words(&mut self, event: &Event) -> Decision {
        if event.phase == Phase::Prompt
            && event.can.block
            && !event.can.replace
            && let Some(decision) = self.mentioned(event)
        {
            return decision;
        }
        let Some(new) = self.scanner.value("", &event.body) else {
            return Decision::pass();
        };
        let what = match event.phase {
            Phase::Prompt => "prompt",
            Phase::Reply => "reply",
            Phase::ToolFailed => "tool's error",
            _ => "event",
        };
        if event.can.replace {
            return self.found(Verdict::Replace(new), &format!("redacted the {what}"), "");
        }
        if event.can.block && event.phase == Phase::Prompt {
            return self.found(
                Verdict::Deny,
                "did not send the prompt, which holds",
                "Take it out and send it again; say where the value is instead.",
            );
        }
        self.found(
            Verdict::Warn,
            &format!("saw a secret in the {what}"),
            "Do not repeat it; have it revoked.",
        )
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Whether a text holds what redaction leaves, of a rule or of a file.
fn holds_placeholder(text: &str) -> bool {
    text.match_indices("[REDACTED:").any(|(at, mark)| {
        let name = text[at + mark.len()..]
            .split(']')
            .next()
            .unwrap_or_default();
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b':';
        (1..=64).contains(&name.len()) && name.bytes().all(fits)
    })
}

/// What and where, canaries first, for people; never the value.
fn list(found: &[Found]) -> String {
    let mut all: Vec<&Found> = found.iter().collect();
    all.sort_by_key(|found| found.canary.is_none());
    let mut said: Vec<String> = all
        .iter()
        .take(LISTED)
        .map(|found| {
            let alarm = found.canary.as_ref();
            let alarm = alarm.map(|canary| format!(", which {canary}"));
            format!(
                "{} ({}) at {}{}",
                found.description,
                found.rule,
                found.place(),
                alarm.unwrap_or_default()
            )
        })
        .collect();
    if found.len() > LISTED {
        said.push(format!("{} more", found.len() - LISTED));
    }
    said.join("; ")
}

/// An edit's input without what it takes out.
fn without_old(input: &Value) -> Value {
    match input {
        Value::Array(items) => Value::Array(items.iter().map(without_old).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .filter(|(key, _)| !OLD.contains(&&key[..]))
                .map(|(key, value)| (key.clone(), without_old(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}
