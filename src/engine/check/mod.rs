//! Checks that judge a candidate, cheapest first: length, alphabet, placeholders, entropy, structure, context.
//!
//! Every verdict has a reason. A check sees the candidate's bytes and at most [`CONTEXT`] bytes to either side.

mod about;
mod canary;
mod code;
mod coded;
mod doubt;
mod entropy;
pub mod features;
mod follows;
mod future;
mod generic;
mod label;
mod name;
mod password;
mod placeholder;
mod published;
mod shape;
mod structure;
mod trees;
mod vocabulary;
mod weights;
mod words;

use std::fmt;
use std::ops::Range;

use crate::model::{Confidence, Severity};
use crate::rule::{Matcher, Rule, Structure};

pub use canary::{LENGTH as CANARY_LENGTH, PREFIX as CANARY_PREFIX, canary_word};
pub use coded::crc16;
pub use entropy::randomness;
pub use future::is_settled;
pub use password::ends_host;
pub use placeholder::find as placeholder;
pub use structure::{Outcome, aws_account, base36, base62, marvin32};

use super::assignment::Assigned;

/// How far to either side of a candidate a check may look.
pub const CONTEXT: usize = 64;

/// What became of a candidate.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// A finding.
    Keep(Kept),
    /// Not one, and why.
    Drop(Reason),
}

/// Why a candidate is believed.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// How sure we are.
    pub confidence: Confidence,
    /// The severity, at most the rule's.
    pub severity: Severity,
    /// Whether it is one that a provider's documentation publishes.
    pub example: bool,
    /// What spoke for it, in the order in which it was checked.
    pub evidence: Vec<Evidence>,
}

/// Something that speaks for a candidate, or at least does not rule it out.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// The format has a prefix or shape of its own.
    Shape,
    /// It is assigned to a name that fits.
    Name(String),
    /// Share of the entropy that random text of its alphabet and length has.
    Random(f32),
    /// A structural check passed: what it found.
    Structure(String),
    /// Published as an example; by whom.
    Example(&'static str),
    /// A structural check failed that is not certain enough to reject: what it found.
    Doubt(String),
    /// The generic score, in hundredths of the logarithm of the odds.
    Score(i32),
    /// A feature of the generic score and what it added.
    Feature(&'static str, i32),
    /// It is a canary: whose, and where it was planted.
    Canary(String),
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Evidence::Shape => f.write_str("has the provider's own format"),
            Evidence::Name(name) => write!(f, "is assigned to `{name}`"),
            Evidence::Random(share) => {
                write!(
                    f,
                    "is as random as a generated value ({:.0} %)",
                    share.min(1.0) * 100.0
                )
            }
            Evidence::Structure(what) | Evidence::Canary(what) => f.write_str(what),
            Evidence::Example(whose) => write!(f, "is an example that {whose} publishes"),
            Evidence::Doubt(what) => write!(f, "though {what}"),
            Evidence::Score(score) => write!(f, "scores {score:+}"),
            Evidence::Feature(what, points) => write!(f, "{points:+} for {what}"),
        }
    }
}

/// Why a candidate was dropped.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Shorter or longer than the format.
    Length(usize),
    /// A placeholder, an example or a stop word.
    Placeholder(&'static str),
    /// Not random enough.
    Entropy(f32),
    /// The value is not of the rule's form.
    Value,
    /// A structural check rejects it.
    Structure(String),
    /// A more specific rule has it.
    Covered(u16),
    /// The generic check rejects it outright.
    Generic(&'static str),
    /// The generic score is below the threshold; which feature spoke most against it.
    Score(i32, u8),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Length(length) => write!(f, "length: {length} bytes"),
            Reason::Placeholder(what) => write!(f, "placeholder: {what}"),
            Reason::Entropy(share) => write!(f, "entropy: {:.0} % of random text", share * 100.0),
            Reason::Value => f.write_str("value: not of the rule's form"),
            Reason::Structure(what) => write!(f, "structure: {what}"),
            Reason::Covered(_) => f.write_str("precedence: a more specific rule has it"),
            Reason::Generic(what) => write!(f, "context: {what}"),
            Reason::Score(score, against) => {
                let against = features::NAMES.get(usize::from(*against));
                let against = against.copied().unwrap_or_default();
                write!(f, "score: {score:+}, most against it: {against}")
            }
        }
    }
}

/// What is to be judged.
pub struct Case<'a> {
    /// The text in hand.
    pub hay: &'a [u8],
    /// The whole match, cut at the greatest length that is judged.
    pub span: Range<usize>,
    /// The secret in it, likewise cut.
    pub secret: Range<usize>,
    /// What it is assigned to, for rules of kind `assignment`.
    pub assigned: Option<&'a Assigned>,
}

impl<'a> Case<'a> {
    fn secret(&self) -> &'a [u8] {
        &self.hay[self.secret.clone()]
    }

    /// What stands before the secret in the match, and behind it as far as checks may see.
    fn beside(&self) -> Beside<'a> {
        Beside {
            before: &self.hay[self.span.start..self.secret.start],
            after: &self.hay[self.secret.end..self.hay.len().min(self.span.end + CONTEXT)],
        }
    }
}

/// The text around a secret that a structural check may see.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// The match up to the secret.
    pub before: &'a [u8],
    /// What follows the secret, in the match and behind it.
    pub after: &'a [u8],
}

/// The features of a generic candidate, where nothing rules it out before the score.
pub fn generic_features(hay: &[u8], assigned: &Assigned) -> Option<features::Vector> {
    let span = assigned.name.start.min(assigned.value.start)..assigned.value.end;
    let case = Case {
        hay,
        span,
        secret: assigned.value.clone(),
        assigned: Some(assigned),
    };
    generic::vector(&case, assigned).ok()
}

/// Judges a candidate of `rule`.
pub fn judge(rule: &Rule, case: &Case<'_>) -> Verdict {
    let mut verdict = judge_alone(rule, case);
    if let Verdict::Keep(kept) = &mut verdict
        && kept.confidence == Confidence::High
        && !kept.example
        && rule.is_called_secret()
        && let Some(why) = doubt::doubt(case)
    {
        kept.confidence = Confidence::Medium;
        kept.evidence.push(Evidence::Doubt(why.into()));
    }
    verdict
}

/// Judges a candidate by itself and its rule.
fn judge_alone(rule: &Rule, case: &Case<'_>) -> Verdict {
    let secret = case.secret();
    if let Some(whose) = published::publisher(secret) {
        return Verdict::Keep(Kept {
            confidence: Confidence::High,
            severity: rule.severity.min(Severity::Low),
            example: true,
            evidence: vec![Evidence::Example(whose)],
        });
    }
    if let (Matcher::Assignment(assignment), Some(assigned)) = (&rule.matcher, case.assigned)
        && assignment.value.is_none()
    {
        return generic::judge(rule, case, assigned);
    }
    if rule.placeholders
        && let Some(what) = placeholder::find(secret)
    {
        return Verdict::Drop(Reason::Placeholder(what));
    }
    let share =
        (rule.randomness > 0.0).then(|| randomness(&secret[prefix_len(rule).min(secret.len())..]));
    if let Some(share) = share.filter(|share| *share < rule.randomness) {
        return Verdict::Drop(Reason::Entropy(share));
    }
    // Nothing is put together before what is cheap has spoken.
    let mut kept = Kept {
        confidence: rule.confidence,
        severity: rule.severity,
        example: false,
        evidence: Vec::new(),
    };
    kept.evidence.push(match case.assigned {
        Some(assigned) => Evidence::Name(printable(&case.hay[assigned.name.clone()])),
        None => Evidence::Shape,
    });
    kept.evidence.extend(share.map(Evidence::Random));
    match rule.structure {
        Some(check) => structured(check, secret, case, kept),
        None => Verdict::Keep(kept),
    }
}

fn structured(check: Structure, secret: &[u8], case: &Case<'_>, mut kept: Kept) -> Verdict {
    match structure::check(check, secret, case.beside()) {
        Outcome::Proved(what) => kept.evidence.push(Evidence::Structure(what)),
        Outcome::Rejected(what) => return Verdict::Drop(Reason::Structure(what)),
        Outcome::Doubtful(what) => {
            kept.confidence = kept.confidence.lowered();
            kept.evidence.push(Evidence::Doubt(what));
        }
        Outcome::Harmless(what) => {
            kept.severity = kept.severity.min(Severity::Low);
            kept.evidence.push(Evidence::Structure(what));
        }
        Outcome::Unknown => {}
    }
    Verdict::Keep(kept)
}

fn prefix_len(rule: &Rule) -> usize {
    let pattern = match &rule.matcher {
        Matcher::Pattern(pattern, _) => Some(pattern),
        Matcher::Assignment(assignment) => assignment.value.as_ref(),
        Matcher::Run(run) => Some(&run.head),
        Matcher::Block(_) | Matcher::File(_) => None,
    };
    pattern.map_or(0, |pattern| pattern.secret_prefix as usize)
}

fn printable(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
