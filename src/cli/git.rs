//! `keysieve git`.

use std::env;
use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;

use clap::Args;
use keysieve::config::parse_size;
use keysieve::scan::{AuditOptions, GitInput, What};
use keysieve::source::git::{Place, Repository, Update, parse_pre_push, parse_pre_receive};

use super::args::{CommonArgs, ReportArgs, VerdictArgs};
use super::output::Output;
use super::scan::{Request, read_baseline};
use super::settings::{Foundation, current_dir, threads};
use super::{Exit, Failure};

pub const EXAMPLES: &str = "\
Examples:
  keysieve git                      everything that this repository holds: branches, tags, stashes,
                                    notes, reflogs, lost objects, messages, submodules on disk
  keysieve git ../repo --range origin/main..HEAD
                                    what these commits bring
  keysieve git --staged             exactly what is staged; `keysieve install-hooks` does so before
                                    each commit
  keysieve git --pre-push origin < lines
                                    what a push brings, from the lines that Git hands its hook
  keysieve git --cache remembered   all of it, and the next time only what is new
  keysieve git --format sarif --output history.sarif

Nothing of the repository is run, and nothing in it changes what is read: no hook, filter, monitor
or attribute.

Exit codes:
  0    complete, and nothing found that counts
  1    findings
  2    something that was asked for was not done: a shallow or partial clone, a missing or broken
       object, an unknown revision; what was found is reported all the same, and --allow-incomplete
       accepts it by its kind
  130  stopped by Ctrl-C; what was found until then is reported";

/// The most bytes of lines that are read from standard input.
const LINES: u64 = 64 << 20;

#[derive(Debug, Args)]
pub struct GitArgs {
    /// The repository, or a directory in it. Default: the one this directory is in.
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// Scan what these commits bring, as `git log` names them: main..HEAD, HEAD~3.., v1.2.
    #[arg(long, value_name = "RANGE", group = "what")]
    pub range: Option<String>,
    /// Scan exactly what is staged.
    #[arg(long, group = "what")]
    pub staged: bool,
    /// Scan what a push brings, from the lines on standard input that Git hands its pre-push hook. The remote's name
    /// tells what it has already.
    #[arg(long, value_names = ["REMOTE", "URL"], num_args = 0..=2, group = "what")]
    pub pre_push: Option<Vec<String>>,
    /// Scan what a server is handed, from the lines on standard input that Git hands its pre-receive hook.
    #[arg(long, group = "what")]
    pub pre_receive: bool,
    /// Name objects larger than this, and do not read them: 10MB, 512KiB, a number of bytes.
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "256MiB",
        help_heading = "Input"
    )]
    pub max_object_size: String,
    /// Remember in this folder what was scanned, and do not scan it again: object ids, and which hold findings.
    #[arg(
        long,
        value_name = "DIR",
        help_heading = "Input",
        conflicts_with = "what"
    )]
    pub cache: Option<PathBuf>,
    /// Hold each object against its id.
    #[arg(long, help_heading = "Input")]
    pub verify_objects: bool,
    #[command(flatten)]
    pub common: CommonArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    #[command(flatten)]
    pub verdict: VerdictArgs,
    #[command(flatten)]
    pub audit: super::audit::AuditArgs,
}

/// Scans a repository and reports.
pub fn run(args: &GitArgs, outputs: &[Output]) -> Result<Exit, Failure> {
    let baseline = read_baseline(&args.verdict)?;
    let max_object_size = parse_size(&args.max_object_size)
        .map_err(|e| Failure(format!("--max-object-size: {e}")))?;
    let current = current_dir()?;
    let place = Place {
        path: args.path.clone().unwrap_or_else(|| PathBuf::from(".")),
        // A repository that is named is meant, whatever a hook's environment says.
        environment: args.path.is_none(),
    };
    let repository = Repository::open(&place)
        .map_err(|why| Failure(format!("{}: {why}", place.path.display())))?;
    let what = what(args)?;
    let top = current.join(repository.top());
    let top = top.canonicalize().unwrap_or(top);
    let foundation = Foundation::read(&args.common, &top, &top)?;
    let (mut prepared, excluded) = foundation.prepare(&args.common, baseline)?;
    prepared.options.report_unused = what == What::Everything;
    prepared.git = Some(GitInput {
        repository,
        what,
        options: AuditOptions {
            max_object_size: usize::try_from(max_object_size).unwrap_or(usize::MAX),
            verify: args.verify_objects,
            threads: threads(&args.common),
            cache: args.cache.clone(),
        },
        excluded,
    });
    Request {
        common: &args.common,
        report: &args.report,
        verdict: &args.verdict,
        audit: &args.audit,
        explain: false,
    }
    .run(prepared, outputs)
}

fn what(args: &GitArgs) -> Result<What, Failure> {
    if let Some(range) = &args.range {
        return Ok(What::Range(range.clone()));
    }
    if args.staged {
        return Ok(What::Staged);
    }
    if args.pre_receive {
        return Ok(What::Receive(parse_pre_receive(&lines()?)?));
    }
    let Some(words) = &args.pre_push else {
        return Ok(What::Everything);
    };
    let updates = parse_pre_push(&lines()?)?;
    match updates.is_empty() {
        false => Ok(What::Push(updates, words.first().cloned())),
        true => Ok(pushed_by_pre_commit().unwrap_or(What::Push(Vec::new(), None))),
    }
}

/// What Git hands its hook; nothing from a terminal, where nobody means to type it.
fn lines() -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    if !io::stdin().is_terminal() {
        let read = io::stdin().take(LINES).read_to_end(&mut text);
        read.map_err(|e| Failure::io("standard input", &e))?;
    }
    Ok(text)
}

/// What pre-commit says in its environment rather than on standard input: two revisions, or, at a remote's first push,
/// the branch. <https://pre-commit.com/#pre-push>
fn pushed_by_pre_commit() -> Option<What> {
    let text = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let remote = text("PRE_COMMIT_REMOTE_NAME");
    let id = |name: &str| gix::ObjectId::from_hex(text(name)?.as_bytes()).ok();
    if let Some(new) = id("PRE_COMMIT_TO_REF") {
        let update = Update {
            name: text("PRE_COMMIT_REMOTE_BRANCH").unwrap_or_default(),
            old: id("PRE_COMMIT_FROM_REF").filter(|old| !old.is_null()),
            new: Some(new).filter(|new| !new.is_null()),
        };
        return Some(What::Push(vec![update], remote));
    }
    remote.as_ref()?;
    Some(What::Branch(text("PRE_COMMIT_LOCAL_BRANCH")?, remote))
}
