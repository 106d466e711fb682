//! `--audit` of the commands that decide.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use keysieve::audit::{self, Log, Options};
use keysieve::canary;
use keysieve::model::Finding;

use super::super::{Failure, engine};

/// On whose behalf, where nobody says it.
const AUTHORIZER: &str = "KEYSIEVE_AUTHORIZER";

/// How a command that decides keeps its record.
#[derive(Debug, Clone, Default, Args)]
pub struct AuditArgs {
    /// Add a record of each decision to this file; see `keysieve audit`.
    #[arg(long, value_name = "FILE", help_heading = "Record")]
    audit: Option<PathBuf>,
    /// Sign the record's head with this key, made by `keysieve audit keygen`. Default: KEYSIEVE_AUDIT_KEY.
    #[arg(long, value_name = "FILE", requires = "audit", help_heading = "Record")]
    audit_key: Option<PathBuf>,
    /// On whose behalf it is done. Default: KEYSIEVE_AUTHORIZER, or Git's user (not in a hook), or the system's.
    #[arg(long, value_name = "NAME", requires = "audit", help_heading = "Record")]
    authorizer: Option<String>,
    /// Force each record to the disk before going on, so that it outlives a loss of power.
    #[arg(long, requires = "audit", help_heading = "Record")]
    audit_sync: bool,
}

impl AuditArgs {
    /// Whether a record is wanted.
    pub fn is_wanted(&self) -> bool {
        self.audit.is_some()
    }

    /// Opens the record, if one is wanted. Every text that goes into it passes `mask`.
    pub fn open<'m>(
        &self,
        mask: &'m (dyn Fn(&str) -> String + Sync),
    ) -> Result<Option<Log<'m>>, Failure> {
        self.open_for(mask, || git_user().or_else(system_user))
    }

    /// The same, without a process that asks Git: every tool call of an agent waits for this.
    pub fn open_quickly<'m>(
        &self,
        mask: &'m (dyn Fn(&str) -> String + Sync),
    ) -> Result<Option<Log<'m>>, Failure> {
        self.open_for(mask, system_user)
    }

    fn open_for<'m>(
        &self,
        mask: &'m (dyn Fn(&str) -> String + Sync),
        user: impl FnOnce() -> Option<String>,
    ) -> Result<Option<Log<'m>>, Failure> {
        let Some(path) = &self.audit else {
            return Ok(None);
        };
        let given = || env::var(AUTHORIZER).ok().filter(|name| !name.is_empty());
        let named = || env::var_os("KEYSIEVE_AUDIT_KEY").filter(|value| !value.is_empty());
        let key = self
            .audit_key
            .clone()
            .or_else(|| named().map(PathBuf::from));
        let options = Options {
            authorizer: self.authorizer.clone().or_else(given).or_else(user),
            signing_key: key.as_deref().map(audit::signing_key).transpose()?,
            sync: self.audit_sync,
            ..Options::new(mask)
        };
        Ok(Some(Log::open(path, options)?))
    }

    /// The same as words of a command line that is run elsewhere.
    pub fn words(&self) -> Result<Vec<String>, Failure> {
        let mut words = Vec::new();
        for (flag, file) in [("--audit", &self.audit), ("--audit-key", &self.audit_key)] {
            if let Some(file) = file {
                words.extend([flag.to_owned(), whole(flag, file)?]);
            }
        }
        if let Some(name) = &self.authorizer {
            words.push(format!("--authorizer={name}"));
        }
        if self.audit_sync {
            words.push("--audit-sync".to_owned());
        }
        Ok(words)
    }

    /// The same, once the record was opened, so that what would make every run fail is said now.
    pub fn tried_words(&self) -> Result<Vec<String>, Failure> {
        self.open_quickly(&masked)?;
        self.words()
    }
}

/// A path that means the same in any folder.
pub fn whole(flag: &str, file: &Path) -> Result<String, Failure> {
    let path = std::path::absolute(file).map_err(|e| Failure::io(file.display(), &e))?;
    let path = path.into_os_string().into_string();
    path.map_err(|_| Failure(format!("{flag}: the path is not UTF-8")))
}

/// A text as it may be written down.
pub fn masked(text: &str) -> String {
    keysieve::scan::masked(engine(), text)
}

fn system_user() -> Option<String> {
    ["USER", "USERNAME"]
        .iter()
        .find_map(|name| env::var(name).ok())
}

/// Git's user here.
fn git_user() -> Option<String> {
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
        (None, None) => None,
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
    let alarm = finding
        .reasons
        .iter()
        .find(|reason| canary::is_alarm(reason));
    let alarm = alarm.map(|canary| format!("alarm: {canary}; "));
    let decision = audit::Decision {
        action: audit::Action::Scan,
        context: Some(context),
        rule: Some(rule.clone()),
        credential: Some(log.fingerprint(rule, finding.secret.expose())),
        verdict: audit::Verdict::Report,
        severity: Some(finding.severity),
        result: format!(
            "{}reported, places: {}",
            alarm.unwrap_or_default(),
            finding.location_count
        ),
        ..audit::Decision::default()
    };
    log.append(&decision)?;
    Ok(())
}
