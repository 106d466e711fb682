//! `keysieve agent install`, `uninstall` and `doctor`.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use keysieve::agent::event::Agent;
use keysieve::agent::guard::Wrap;
use keysieve::agent::install::{self, Command, Hook, Mistake, Places, Removal, Scope, limits};
use keysieve::agent::secret_file::FilePolicy;
use keysieve::model::Confidence;

use super::super::audit::AuditArgs;
use super::super::output::Pending;
use super::super::{Exit, Failure};

/// Which agents, and where.
#[derive(Debug, Args)]
pub struct Selection {
    /// This agent: claude-code, codex, cursor, gemini, copilot, vscode, windsurf, opencode. Repeatable. Default: those
    /// that are there.
    #[arg(long, value_name = "AGENT")]
    pub agent: Vec<String>,
    /// In the user's settings, for every project. This is the default.
    #[arg(long, conflicts_with = "project")]
    pub user: bool,
    /// In this directory's settings, for everybody who works on it.
    #[arg(long)]
    pub project: bool,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

impl Selection {
    fn scope(&self) -> Scope {
        match self.project {
            true => Scope::Project,
            false => Scope::User,
        }
    }

    /// The agents that are named.
    pub fn named(&self) -> Result<Vec<Agent>, Failure> {
        self.agent.iter().map(|name| super::agent(name)).collect()
    }
}

#[derive(Debug, Args)]
pub struct InstallArgs {
    #[command(flatten)]
    pub selection: Selection,
    /// Print what a settings file of nothing but these hooks would hold, and change nothing: for settings that are
    /// managed elsewhere. For one agent.
    #[arg(long, requires = "agent", conflicts_with = "dry_run")]
    pub print: bool,
    /// The program that the hooks run. Default: this one, where it is now.
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
    /// What becomes of a read of a file that is nothing but secrets: deny, redact or ask.
    #[arg(long, value_name = "POLICY")]
    pub secret_files: Option<String>,
    /// Which shell commands run through `keysieve exec`: auto, always, never.
    #[arg(long, value_name = "WHEN")]
    pub wrap: Option<String>,
    /// Act on what is at least as sure: low, medium, high.
    #[arg(long, value_name = "LEVEL")]
    pub min_confidence: Option<String>,
    /// Also use the rules of this file or of the `.toml` files of this directory. Repeatable.
    #[arg(long, value_name = "FILE|DIR")]
    pub rules: Vec<PathBuf>,
    /// Let pass what cannot be judged, rather than withhold it.
    #[arg(long)]
    pub fail_open: bool,
    /// Raise an alarm for the canaries of this register.
    #[arg(long, value_name = "FILE")]
    pub canaries: Option<PathBuf>,
    #[command(flatten)]
    pub audit: AuditArgs,
}

impl InstallArgs {
    fn command(&self) -> Result<Command, Failure> {
        let program = match &self.program {
            Some(program) => fs::canonicalize(program)
                .map_err(|e| Failure::io(format!("--program {}", program.display()), &e))?,
            None => env::current_exe().map_err(|e| Failure::io("this program's own path", &e))?,
        };
        let mut args = Vec::new();
        if let Some(policy) = &self.secret_files {
            FilePolicy::parse(policy)
                .ok_or_else(|| unknown("--secret-files", policy, &FilePolicy::NAMES))?;
            args.extend(["--secret-files".to_owned(), policy.clone()]);
        }
        if let Some(wrap) = &self.wrap {
            Wrap::parse(wrap).ok_or_else(|| unknown("--wrap", wrap, &Wrap::NAMES))?;
            args.extend(["--wrap".to_owned(), wrap.clone()]);
        }
        if let Some(level) = &self.min_confidence {
            let names = ["low", "medium", "high"];
            Confidence::parse(level).ok_or_else(|| unknown("--min-confidence", level, &names))?;
            args.extend(["--min-confidence".to_owned(), level.clone()]);
        }
        // A hook with rules that do not compile would refuse everything.
        super::rules(&self.rules)?;
        for rules in &self.rules {
            args.extend(["--rules".to_owned(), canonical("--rules", rules)?]);
        }
        if let Some(register) = &self.canaries {
            super::super::canary::register(Some(register))?;
            args.extend(["--canaries".to_owned(), canonical("--canaries", register)?]);
        }
        args.extend(self.audit.tried_words()?);
        if self.fail_open {
            args.push("--fail-open".to_owned());
        }
        Ok(Command { program, args })
    }
}

/// A path that means the same wherever the hook runs.
fn canonical(flag: &str, path: &Path) -> Result<String, Failure> {
    let failed = |e| Failure::io(format!("{flag} {}", path.display()), &e);
    let path = fs::canonicalize(path).map_err(failed)?;
    let path = path.into_os_string().into_string();
    path.map_err(|_| Failure(format!("{flag}: the path is not UTF-8")))
}

fn unknown(flag: &str, value: &str, names: &[&str]) -> Failure {
    let names = names.join(", ");
    Failure(format!(
        "{flag}: unknown `{value}`; expected one of {names}"
    ))
}

/// The folders as this process's environment says.
pub fn places() -> Result<Places, Failure> {
    let project = env::current_dir().map_err(|e| Failure::io("the current directory", &e))?;
    Places::new(|name| env::var_os(name), project)
        .ok_or_else(|| Failure("there is no home directory: HOME is not set".to_owned()))
}

/// A configuration file's text; `None` where there is no file.
pub fn read(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Failure::io(path.display(), &e)),
    }
}

fn write(path: &Path, old: Option<&str>, new: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| Failure::io(folder.display(), &e))?;
    }
    let (file, pending) = Pending::open(path)?;
    // The agent itself writes its settings, too.
    if read(path)?.as_deref() != old {
        return Err(Failure(format!(
            "{}: it changed meanwhile; run this again",
            path.display()
        )));
    }
    pending.write(file, new.as_bytes())
}

fn in_file<T>(path: &Path, result: Result<T, Mistake>) -> Result<T, Failure> {
    result.map_err(|mistake| Failure(format!("{}: {mistake}; it was left alone", path.display())))
}

/// Does `each` for every agent; says what went wrong with some when all have had their turn.
fn for_all(
    agents: &[Agent],
    mut each: impl FnMut(Agent) -> Result<String, Failure>,
) -> Result<Exit, Failure> {
    let mut failed = Vec::new();
    for &agent in agents {
        match each(agent) {
            Ok(said) => say(&format!("{agent}: {said}"))?,
            Err(Failure(why)) => failed.push(format!("{agent}: {why}")),
        }
    }
    match failed.is_empty() {
        true => Ok(Exit::Clean),
        false => Err(Failure(failed.join("\n"))),
    }
}

/// Prints a line.
pub fn say(line: &str) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{line}") {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::io("standard output", &e)),
        _ => Ok(()),
    }
}

/// Installs hooks.
pub fn install(args: &InstallArgs) -> Result<Exit, Failure> {
    let places = places()?;
    let command = args.command()?;
    let selection = &args.selection;
    let mut agents = selection.named()?;
    if args.print {
        let [agent] = agents[..] else {
            return Err(Failure("--print: name one agent".to_owned()));
        };
        let text = install::install(agent, None, &command).map_err(|Mistake(why)| Failure(why))?;
        say(text.trim_end())?;
        return Ok(Exit::Clean);
    }
    if agents.is_empty() {
        agents.extend(
            Agent::ALL
                .into_iter()
                .filter(|&agent| install::is_present(agent, &places)),
        );
    }
    if agents.is_empty() {
        return Err(Failure(
            "no agent was found here; name one with --agent".to_owned(),
        ));
    }
    for_all(&agents, |agent| {
        let path = install::file(agent, selection.scope(), &places);
        let old = read(&path)?;
        let new = in_file(&path, install::install(agent, old.as_deref(), &command))?;
        let events = install::events(agent).join(", ");
        if old.as_deref() == Some(&new) {
            return Ok(format!("already in {}", path.display()));
        }
        if selection.dry_run {
            return Ok(format!(
                "would put hooks for {events} into {}",
                path.display()
            ));
        }
        write(&path, old.as_deref(), &new)?;
        let next = match agent {
            Agent::Codex => {
                "; Codex runs them once you have trusted them: start it, say /hooks, press t"
            }
            _ => "",
        };
        Ok(format!(
            "hooks for {events} are in {}{next}",
            path.display()
        ))
    })
}

/// Takes hooks out.
pub fn uninstall(selection: &Selection) -> Result<Exit, Failure> {
    let places = places()?;
    let mut agents = selection.named()?;
    if agents.is_empty() {
        agents.extend(Agent::ALL);
    }
    for_all(&agents, |agent| {
        let path = install::file(agent, selection.scope(), &places);
        let Some(old) = read(&path)? else {
            return Ok("nothing to take out".to_owned());
        };
        let removal = in_file(&path, install::uninstall(agent, &old))?;
        let said = format!("hooks taken out of {}", path.display());
        match removal {
            Removal::Nothing => return Ok("nothing to take out".to_owned()),
            _ if selection.dry_run => return Ok(format!("would have {said}")),
            Removal::File => fs::remove_file(&path).map_err(|e| Failure::io(path.display(), &e))?,
            Removal::Rest(rest) => write(&path, Some(&old), &rest)?,
        }
        Ok(said)
    })
}

/// The hooks of an agent that are installed, with the file each stands in.
pub fn installed(agent: Agent, places: &Places) -> Result<Vec<(PathBuf, Hook)>, Failure> {
    let mut all = Vec::new();
    let own = [Scope::User, Scope::Project].map(|scope| install::file(agent, scope, places));
    for path in own.into_iter().chain(install::others(agent, places)) {
        let text = read(&path)?.unwrap_or_default();
        for hook in in_file(&path, install::installed(agent, &path, &text))? {
            if !all.contains(&(path.clone(), hook.clone())) {
                all.push((path.clone(), hook));
            }
        }
    }
    Ok(all)
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Only this agent. Repeatable. Default: all.
    #[arg(long, value_name = "AGENT")]
    pub agent: Vec<String>,
}

/// Says what is guarded, what is not, and what cannot be.
pub fn doctor(args: &DoctorArgs) -> Result<Exit, Failure> {
    let places = places()?;
    let mut agents: Vec<Agent> = args
        .agent
        .iter()
        .map(|name| super::agent(name))
        .collect::<Result<_, _>>()?;
    let all = agents.is_empty();
    if all {
        agents.extend(Agent::ALL);
    }
    let mut well = true;
    for agent in agents {
        let hooks = installed(agent, &places)?;
        let present = install::is_present(agent, &places);
        if all && !present && hooks.is_empty() {
            say(&format!("{agent}: not here"))?;
            continue;
        }
        let wrong = troubles(agent, &hooks, &places);
        well &= wrong.is_empty();
        let state = match (hooks.is_empty(), wrong.is_empty()) {
            (true, _) => "not guarded".to_owned(),
            (false, true) => "guarded".to_owned(),
            (false, false) => "guarded in part".to_owned(),
        };
        say(&format!("{agent}: {state}"))?;
        let mut files: Vec<&PathBuf> = hooks.iter().map(|(file, _)| file).collect();
        files.dedup();
        for file in files {
            say(&format!("  hooks in {}", file.display()))?;
        }
        for line in wrong {
            say(&format!("  ! {line}"))?;
        }
        let limits = limits::of(agent);
        if !hooks.is_empty() {
            for line in limits.guards {
                say(&format!("  + {line}"))?;
            }
        }
        for line in limits.cannot {
            say(&format!("  - {line}"))?;
        }
    }
    Ok(if well { Exit::Clean } else { Exit::Findings })
}

/// Hooks that Codex skips, since nobody has trusted them. Those of whoever manages the machine need no trust.
fn untrusted(hooks: &[(PathBuf, Hook)], places: &Places) -> Vec<String> {
    let folders = [places.folder(Agent::Codex), places.project.join(".codex")];
    let text = |path: &Path| read(path).ok().flatten().unwrap_or_default();
    let config = folders[0].join("config.toml");
    let config = install::value_of(&config, &text(&config)).unwrap_or_default();
    let mut files: Vec<&PathBuf> = hooks.iter().map(|(file, _)| file).collect();
    files.dedup();
    files.retain(|file| folders.iter().any(|folder| file.starts_with(folder)));
    let skipped = files.into_iter().filter_map(|file| {
        let events = install::untrusted(file, &text(file), &config);
        (!events.is_empty()).then(|| {
            format!(
                "Codex does not run those for {} in {}, as nobody has trusted them: start it, say /hooks, press t",
                events.join(", "),
                file.display()
            )
        })
    });
    skipped.collect()
}

/// What keeps an agent from being guarded as it could be.
fn troubles(agent: Agent, hooks: &[(PathBuf, Hook)], places: &Places) -> Vec<String> {
    if hooks.is_empty() {
        return vec![format!(
            "no hook is installed: keysieve agent install --agent {agent}"
        )];
    }
    let mut wrong = Vec::new();
    for event in install::events(agent) {
        if !hooks.iter().any(|(_, hook)| hook.event == *event) {
            wrong.push(format!(
                "{event} is not guarded: run keysieve agent install again"
            ));
        }
    }
    let mut lines: Vec<&str> = hooks.iter().map(|(_, hook)| &hook.line[..]).collect();
    lines.sort_unstable();
    lines.dedup();
    for line in lines {
        let program = shlex::split(line).and_then(|words| words.into_iter().next());
        let there = program
            .as_ref()
            .is_some_and(|program| Path::new(program).is_file());
        if !there && env::consts::OS != "windows" {
            wrong.push(format!("its program is gone: {line}"));
        }
        if line.contains("--fail-open") {
            wrong.push("it lets pass what cannot be judged (--fail-open)".to_owned());
        }
    }
    if agent == Agent::Codex {
        wrong.extend(untrusted(hooks, places));
    }
    let off = install::switched_off(agent, places);
    wrong.extend(
        off.into_iter()
            .map(|what| format!("hooks are switched off by {what}")),
    );
    wrong
}
