//! `keysieve install-hooks`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use keysieve::hooks::{Folder, Hook, HookError, Plan, Step};
use keysieve::model::mask_line;
use keysieve::source;

use super::{Exit, Failure};

pub const EXAMPLES: &str = "\
Examples:
  keysieve install-hooks                before each commit: what is staged
  keysieve install-hooks --pre-push     before each push: what the remote does not have yet
  keysieve install-hooks --pre-receive --repo /srv/git/app.git
                                        on a server, before anything is accepted
  keysieve install-hooks --dry-run      what would be done
  keysieve install-hooks --uninstall    as it was before

core.hooksPath is honoured. A hook that is there already is kept beside the new one and runs
first; where it fails, nothing else runs. Where keysieve is gone or cannot check all, the hook
stops what it guards; git commit --no-verify goes without it.

Exit codes:
  0    done, or nothing to do
  2    not done";

#[derive(Debug, Args)]
pub struct InstallHooksArgs {
    /// Before a commit is made. This one, unless another is named.
    #[arg(long)]
    pub pre_commit: bool,
    /// Before a push.
    #[arg(long)]
    pub pre_push: bool,
    /// On a server, before what was pushed is accepted.
    #[arg(long)]
    pub pre_receive: bool,
    /// The repository. Default: the one this directory is in.
    #[arg(long, value_name = "DIR")]
    pub repo: Option<PathBuf>,
    /// Take keysieve's hooks away, all unless some are named, and put back what was there before.
    #[arg(long)]
    pub uninstall: bool,
    /// Also where core.hooksPath leads out of the repository, to a folder that others may use, too.
    #[arg(long)]
    pub force: bool,
    /// Print what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

impl From<HookError> for Failure {
    fn from(error: HookError) -> Failure {
        match error {
            HookError::Io { path, reason } => Failure::io(source::shown(&path), &reason),
            other => Failure(other.to_string()),
        }
    }
}

/// Puts hooks in place or takes them away.
pub fn run(args: &InstallHooksArgs) -> Result<Exit, Failure> {
    let repository = args.repo.as_deref().unwrap_or(Path::new("."));
    let binary = std::env::current_exe().map_err(|e| Failure::io("keysieve's own path", &e))?;
    // All is planned before anything is done.
    let mut all = Vec::new();
    for hook in args.hooks() {
        let folder = Folder::find(repository, hook)?;
        let plan = match args.uninstall {
            true => Plan::uninstall(&folder, hook)?,
            false => Plan::install(&folder, hook, &binary)?,
        };
        if folder.shared && plan.changes() && !args.force {
            return Err(Failure(format!(
                "hooks are in {}, outside of this repository (core.hooksPath), and others may use them, too; \
                 --force goes on",
                source::shown(&folder.path)
            )));
        }
        all.push((folder, plan));
    }
    let mut out = io::stdout().lock();
    for (folder, plan) in &all {
        if !args.dry_run {
            plan.perform()?;
        }
        for line in said(folder, plan, args.dry_run) {
            // It is done, whether anybody reads it or not.
            let _ = writeln!(out, "{}", mask_line(line.as_bytes(), &[]));
        }
    }
    Ok(Exit::Clean)
}

impl InstallHooksArgs {
    fn hooks(&self) -> Vec<Hook> {
        let asked = [self.pre_commit, self.pre_push, self.pre_receive];
        if asked.contains(&true) {
            let named = Hook::ALL.into_iter().zip(asked);
            return named
                .filter_map(|(hook, asked)| asked.then_some(hook))
                .collect();
        }
        match self.uninstall {
            true => Hook::ALL.to_vec(),
            false => vec![Hook::PreCommit],
        }
    }
}

/// What was done, or would be, one sentence a line.
fn said(folder: &Folder, plan: &Plan, dry: bool) -> Vec<String> {
    let here = std::env::current_dir()
        .and_then(|current| current.canonicalize())
        .unwrap_or_default();
    let shown = |path: &Path| source::shown(path.strip_prefix(&here).unwrap_or(path));
    let did = |past: &str, plain: &str| match dry {
        true => format!("would {plain}"),
        false => past.to_owned(),
    };
    let mut lines: Vec<String> = plan
        .steps
        .iter()
        .map(|step| match step {
            Step::Keep { from, to } => format!(
                "{} {} as {}, which runs first",
                did("kept", "keep"),
                shown(from),
                shown(to)
            ),
            Step::Write { path, .. } => format!("{} {}", did("wrote", "write"), shown(path)),
            Step::Restore { from, to } => format!(
                "{} {} from {}",
                did("restored", "restore"),
                shown(to),
                shown(from)
            ),
            Step::Remove { path } => format!("{} {}", did("removed", "remove"), shown(path)),
            Step::InPlace { path } => format!("{} is in place", shown(path)),
            Step::Absent { path } => format!("{}: no hook of keysieve's", shown(path)),
        })
        .collect();
    if let Some(former) = &plan.goes_by_its_name {
        lines.push(format!(
            "note: {} seems to find out what to do by its own name, which is another one now: try it",
            shown(former)
        ));
    }
    let writes = plan
        .steps
        .iter()
        .any(|step| matches!(step, Step::Write { .. }));
    if writes && folder.in_work_tree {
        lines.push(format!(
            "note: {} is part of the work tree, and what is in the hook holds for this machine: do not commit it",
            shown(&folder.path)
        ));
    }
    lines
}
