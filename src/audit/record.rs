//! What is recorded: one decision, and the line it becomes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Fingerprint, Severity};

/// What was about to happen, or was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Action {
    /// A scan met a credential.
    #[default]
    Scan,
    /// A stream or a file was redacted.
    Redact,
    /// A wrapped command printed a credential.
    Exec,
    /// A prompt was about to be sent.
    Prompt,
    /// A tool was about to be used.
    ToolBefore,
    /// A tool's output was about to be read.
    ToolAfter,
    /// An agent has said something.
    Reply,
    /// Anything else that an agent tells of: a session's start, an event of no known shape.
    Event,
    /// A transcript was scrubbed.
    Transcript,
    /// A credential was tried out against its provider.
    Verify,
    /// A credential was revoked.
    Revoke,
}

impl Action {
    /// Every one.
    pub const ALL: [Action; 11] = [
        Action::Scan,
        Action::Redact,
        Action::Exec,
        Action::Prompt,
        Action::ToolBefore,
        Action::ToolAfter,
        Action::Reply,
        Action::Event,
        Action::Transcript,
        Action::Verify,
        Action::Revoke,
    ];

    /// The name in the record.
    pub fn name(self) -> &'static str {
        match self {
            Action::Scan => "scan",
            Action::Redact => "redact",
            Action::Exec => "exec",
            Action::Prompt => "prompt",
            Action::ToolBefore => "tool.before",
            Action::ToolAfter => "tool.after",
            Action::Reply => "reply",
            Action::Event => "event",
            Action::Transcript => "transcript",
            Action::Verify => "verify",
            Action::Revoke => "revoke",
        }
    }
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Verdict {
    /// Reported, and nothing else.
    #[default]
    Report,
    /// Let through as it was.
    Allow,
    /// Let through with the credential taken out.
    Redact,
    /// Not let through.
    Deny,
    /// Left to a person.
    Ask,
}

impl Verdict {
    /// Every one.
    pub const ALL: [Verdict; 5] = [
        Verdict::Report,
        Verdict::Allow,
        Verdict::Redact,
        Verdict::Deny,
        Verdict::Ask,
    ];

    /// The name in the record.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Report => "report",
            Verdict::Allow => "allow",
            Verdict::Redact => "redact",
            Verdict::Deny => "deny",
            Verdict::Ask => "ask",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One decision, as whoever took it knows it. Texts may hold secrets here: [`super::Log::append`] masks them, and cuts
/// what is longer than a record has room for.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// The agent, `claude-code`; none where no agent is involved.
    pub agent: Option<String>,
    /// The agent's session or conversation.
    pub session: Option<String>,
    /// What was about to happen.
    pub action: Action,
    /// The tool, `Bash`.
    pub tool: Option<String>,
    /// The tool call's identity in the session.
    pub call: Option<String>,
    /// What it was about: a command, a place, a masked line.
    pub context: Option<String>,
    /// The rule that found a credential.
    pub rule: Option<String>,
    /// How much harm the credential does.
    pub severity: Option<Severity>,
    /// The credential, by its keyed fingerprint: see [`super::Log::fingerprint`].
    pub credential: Option<Fingerprint>,
    /// What was decided.
    pub verdict: Verdict,
    /// What came of it, in a few words: `blocked`, `revoked`, `failed: timeout`.
    pub result: String,
}

/// A record as it is read back. Names with `gen_ai` are OpenTelemetry's semantic conventions for generative AI.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the format.
    pub v: u32,
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// When it was written: RFC 3339, UTC, milliseconds.
    pub time: String,
    /// The chain's identity: 32 random hexadecimal digits.
    pub chain: String,
    /// The agent.
    #[serde(rename = "gen_ai.agent.name", skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The session.
    #[serde(
        rename = "gen_ai.conversation.id",
        skip_serializing_if = "Option::is_none"
    )]
    pub session: Option<String>,
    /// The person on whose behalf it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer: Option<String>,
    /// What was about to happen.
    pub action: String,
    /// The tool.
    #[serde(rename = "gen_ai.tool.name", skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The tool call.
    #[serde(
        rename = "gen_ai.tool.call.id",
        skip_serializing_if = "Option::is_none"
    )]
    pub call: Option<String>,
    /// What it was about, masked and cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The hosts that the context names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// The rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The credential's severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The credential's keyed fingerprint, 32 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// What was decided.
    pub decision: String,
    /// What came of it.
    pub result: String,
    /// What its writer found wrong with the file before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// The hash of the record before it; zeros for the first.
    pub prev: String,
    /// Its own hash, which seals all of the above.
    #[serde(default, skip_serializing)]
    pub hash: String,
}

/// What a writer found wrong with the file and wrote down, so that it is neither lost nor hidden.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Bytes behind the last record that are none: of a writer that died.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torn: Option<Torn>,
    /// The head named a later record than the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Place>,
    /// There was no head, though there were records.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub headless: bool,
}

/// Bytes that are no record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Torn {
    /// How many, with their line end.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: String,
}

/// A place in a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The record's number.
    pub seq: u64,
    /// The record's hash.
    pub hash: String,
}
