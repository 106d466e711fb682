//! The arguments as they are typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

macro_rules! exit_codes {
    () => {
        "\
Exit codes:
  0    complete, and nothing found that counts
  1    findings
  2    something that was asked for was not done, or wrong usage; what was found is reported all the same
  130  stopped by Ctrl-C; what was found until then is reported"
    };
}

const EXIT_CODES: &str = exit_codes!();

const SCAN_EXAMPLES: &str = concat!(
    "\
Examples:
  keysieve scan                         this directory, honouring .gitignore
  keysieve scan src config.yml          only these; what is named is scanned even if it is ignored
  cat build.log | keysieve scan -       standard input, in constant memory
  keysieve scan --format text --format sarif --output findings.sarif
                                        for people, and into a file for machines
  keysieve scan --explain config.yml    every candidate: kept or dropped, and by which check
  keysieve scan --baseline .keysieve-baseline
                                        only what is not accepted yet

",
    exit_codes!()
);

const BASELINE_EXAMPLES: &str = "\
Examples:
  keysieve baseline create              accept what is found here today
  keysieve baseline update              take out what is gone, add what is new
  keysieve scan --baseline .keysieve-baseline

The file holds keyed hashes only. It is sorted and has no paths, lines or times, so that two branches merge; let Git
join them with this line in .gitattributes:
  .keysieve-baseline merge=union";

/// Finds leaked credentials in files and streams, and says what to do about them.
#[derive(Debug, Parser)]
#[command(name = "keysieve", version, after_help = EXIT_CODES, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan files, directories or standard input.
    #[command(after_help = SCAN_EXAMPLES)]
    Scan(Box<ScanArgs>),
    /// Scan a Git repository: all of its history, a range, what is staged, what is pushed.
    #[command(after_help = super::git::EXAMPLES)]
    Git(Box<super::git::GitArgs>),
    /// Put placeholders in place of secrets, in a stream or in files.
    #[command(after_help = super::redact::EXAMPLES)]
    Redact(Box<super::redact::RedactArgs>),
    /// Run a command with its outputs redacted.
    #[command(after_help = super::exec::EXAMPLES)]
    Exec(Box<super::exec::ExecArgs>),
    /// List, show and test rules.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Accept what is there today, so that only what is new is reported.
    #[command(subcommand, after_help = BASELINE_EXAMPLES)]
    Baseline(Box<BaselineCommand>),
    /// Let git call keysieve before each commit or push.
    #[command(after_help = super::install_hooks::EXAMPLES)]
    InstallHooks(super::install_hooks::InstallHooksArgs),
    /// Plant credentials that open nothing, to notice where they turn up.
    #[command(subcommand, after_help = super::canary::EXAMPLES)]
    Canary(super::canary::CanaryCommand),
    /// Verify, sum up and export the record that `--audit` keeps.
    #[command(subcommand, after_help = super::audit::EXAMPLES)]
    Audit(super::audit::AuditCommand),
    /// Guard agents: hooks, their installation, transcripts and settings.
    #[command(subcommand)]
    Agent(super::agent::AgentCommand),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub struct ScanArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    #[command(flatten)]
    pub audit: super::audit::AuditArgs,
    /// Print every candidate: kept or dropped, and by which check.
    #[arg(long)]
    pub explain: bool,
    /// Print what the engine did: keyword hits and confirmations per MB, and the rules that cost most.
    #[arg(long)]
    pub stats: bool,
    #[command(flatten)]
    pub verdict: VerdictArgs,
}

/// What is scanned, and by what.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// Files and directories; `-` is standard input. Without any: this directory.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub common: CommonArgs,
    /// Scan what .gitignore and its kin leave out, too.
    #[arg(long, help_heading = "Input")]
    pub no_ignore: bool,
    /// Apply exclusions to paths that are named, too: for hooks that are handed every file.
    #[arg(long, help_heading = "Input")]
    pub force_exclude: bool,
    /// Skip files larger than this: 10MB, 512KiB, a number of bytes.
    #[arg(long, value_name = "SIZE", help_heading = "Input")]
    pub max_file_size: Option<String>,
}

/// What every scan can be told.
#[derive(Debug, Args)]
pub struct CommonArgs {
    /// Also use the rules of this file or of the `.toml` files of this directory. Repeatable.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Rules")]
    pub rules: Vec<PathBuf>,
    /// Use only these rules, by id; a trailing `*` matches the rest. Repeatable.
    #[arg(long, value_name = "ID", help_heading = "Rules")]
    pub rule: Vec<String>,
    /// Leave out these rules, by id; a trailing `*` matches the rest. Repeatable.
    #[arg(long, value_name = "ID", help_heading = "Rules")]
    pub disable_rule: Vec<String>,
    /// Report findings of this confidence and above: low, medium, high. Default: medium.
    #[arg(long, value_name = "LEVEL", help_heading = "Rules")]
    pub min_confidence: Option<String>,
    /// Use this configuration file, over those of the user and the repository.
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    pub config: Option<PathBuf>,
    /// Use neither the repository's keysieve.toml nor its .keysieveignore.
    #[arg(long, help_heading = "Configuration")]
    pub no_repo_config: bool,
    /// Raise an alarm for the canaries of this register. Default: KEYSIEVE_CANARIES, or that of `keysieve canary`.
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    pub canaries: Option<PathBuf>,
    /// Do not let comments such as `keysieve:allow` accept findings.
    #[arg(long, help_heading = "Configuration")]
    pub no_inline_allow: bool,
    /// Leave out paths that match, in the syntax of .gitignore. Repeatable.
    #[arg(long, value_name = "PATTERN", help_heading = "Input")]
    pub exclude: Vec<String>,
    /// Scan with this many threads, at most 256. Default: one a processor.
    #[arg(long, short = 'j', value_name = "N", help_heading = "Input")]
    pub threads: Option<std::num::NonZeroUsize>,
    /// List at most this many different credentials; those beyond are counted.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10_000,
        hide_default_value = false,
        help_heading = "Output"
    )]
    pub max_findings: usize,
    /// No progress and no summary, except for what went wrong.
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,
    /// Colour: auto, always or never.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub color: When,
}

/// What makes a run succeed or fail.
#[derive(Debug, Args)]
pub struct VerdictArgs {
    /// Accept the findings of this file, made by `keysieve baseline create`.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Exit with 1 only for findings of this severity and above: info, low, medium, high, critical.
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<String>,
    /// Exit with 0 where it would be 1.
    #[arg(long)]
    pub exit_zero: bool,
    /// Accept that something was not scanned, by the kind that the report names: unreadable, shallow, … Repeatable.
    #[arg(long, value_name = "KIND")]
    pub allow_incomplete: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Print the report in this format: text, brief, json, jsonl, sarif, csv, junit. Repeatable; each may be
    /// followed by its `--output`. Default: text, or what the output's name says.
    #[arg(long, short, value_name = "FORMAT", help_heading = "Output")]
    pub format: Vec<String>,
    /// Write the report into this file, which appears whole or not at all. Belongs to the `--format` before it.
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Vec<PathBuf>,
    /// Print secrets in clear. Whoever reads the report can use them.
    #[arg(long, help_heading = "Output")]
    pub show_secrets: bool,
    /// Also print what comments, the baseline or the configuration accept. Formats for machines mark it in any case.
    #[arg(long, help_heading = "Output")]
    pub show_accepted: bool,
    /// Also report examples that providers publish in their documentation, with low severity.
    #[arg(long, help_heading = "Output")]
    pub show_examples: bool,
    /// Print every place of a credential rather than the first few.
    #[arg(long, help_heading = "Output")]
    pub all_locations: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List all rules.
    List {
        /// Also list the rules of this file or directory. Repeatable.
        #[arg(long, value_name = "FILE|DIR")]
        rules: Vec<PathBuf>,
        /// Print JSON rather than a table.
        #[arg(long)]
        json: bool,
    },
    /// Show all of one rule.
    Show {
        /// Its id, as in findings.
        id: String,
        /// Also look in the rules of this file or directory. Repeatable.
        #[arg(long, value_name = "FILE|DIR")]
        rules: Vec<PathBuf>,
    },
    /// Validate rule files, and run their examples and counter-examples.
    Test {
        /// Rule files, or directories of them.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Write a new baseline of what is found now.
    Create(BaselineArgs),
    /// Bring a baseline up to date: take out what is gone, add what is new.
    Update(BaselineArgs),
}

#[derive(Debug, Args)]
pub struct BaselineArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// The baseline.
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = ".keysieve-baseline",
        help_heading = "Output"
    )]
    pub output: PathBuf,
}
