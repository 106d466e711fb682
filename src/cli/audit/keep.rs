//! `--audit` of the commands that decide.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use keysieve::audit::{self, Log, Options};
use keysieve::model::Finding;

use super::super::{Failure, engine};

/// How a command that decides keeps its record.
#[derive(Debug, Default, Args)]
pub struct AuditArgs {
    /// Add a record of each decision to this file; see `keysieve audit`.
    #[arg(long, value_name = "FILE", help_heading = "Record")]
    audit: Option<PathBuf>,
    /// Sign the record's head with this key, made by `keysieve audit keygen`. Default: KEYSIEVE_AUDIT_KEY.
    #[arg(long, value_name = "FILE", requires = "audit", help_heading = "Record")]
    audit_key: Option<PathBuf>,
    /// On whose behalf it is done. Default: Git's user, or the system's.
    #[arg(long, value_name = "NAME", requires = "audit", help_heading = "Record")]
    authorizer: Option<String>,
}

impl AuditArgs {
    /// Opens the record, if one is wanted: the one that is named, or else `usual`. Every text that goes into it passes
    /// `mask`.
    pub fn open<'m>(
        &self,
        usual: Option<&Path>,
        mask: &'m dyn Fn(&str) -> String,
    ) -> Result<Option<Log<'m>>, Failure> {
        let Some(path) = self.audit.as_deref().or(usual) else {
            return Ok(None);
        };
        let named = || env::var_os("KEYSIEVE_AUDIT_KEY").filter(|value| !value.is_empty());
        let key = self
            .audit_key
            .clone()
            .or_else(|| named().map(PathBuf::from));
        let options = Options {
            authorizer: self.authorizer.clone().or_else(authorizer),
            signing_key: key.as_deref().map(audit::signing_key).transpose()?,
            ..Options::new(mask)
        };
        Ok(Some(Log::open(path, options)?))
    }
}

/// A text as it may be written down.
pub fn masked(text: &str) -> String {
    keysieve::scan::masked(engine(), text)
}

/// Git's user here, or the system's.
fn authorizer() -> Option<String> {
    let asked = Command::new("git")
        .args(["config", "--get-regexp", r"^user\.(name|email)$"])
        .output();
    let text = asked.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    // The last one of a name wins, as it does for Git.
    let value = |name: &str| text.lines().rev().find_map(|line| line.strip_prefix(name));
    match (value("user.name "), value("user.email ")) {
        (Some(name), Some(email)) => Some(format!("{name} <{email}>")),
        (Some(name), None) => Some(name.to_owned()),
        (None, Some(email)) => Some(format!("<{email}>")),
        (None, None) => ["USER", "USERNAME"]
            .iter()
            .find_map(|name| env::var(name).ok()),
    }
}

/// Records that a scan reported `finding`.
pub fn record(log: &mut Log<'_>, finding: &Finding) -> Result<(), Failure> {
    if finding.is_accepted() {
        return Ok(());
    }
    let place = finding.primary();
    let context = format!("{}:{}: {}", place.origin, place.start.line, place.snippet);
    let rule = &finding.rule.id;
    let decision = audit::Decision {
        action: audit::Action::Scan,
        context: Some(context),
        rule: Some(rule.clone()),
        credential: Some(log.fingerprint(rule, finding.secret.expose())),
        verdict: audit::Verdict::Report,
        severity: Some(finding.severity),
        result: format!("reported, places: {}", finding.location_count),
        ..audit::Decision::default()
    };
    log.append(&decision)?;
    Ok(())
}
