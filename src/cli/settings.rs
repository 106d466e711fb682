//! Arguments and configuration files become settings, once, before anything is scanned.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keysieve::canary::Register;
use keysieve::config::{self, Request, Settings};
use keysieve::engine::RuleSet;
use keysieve::model::{Confidence, Severity, SkipKind};
use keysieve::rule::{Rule, Str, compile_file};
use keysieve::scan::{GitInput, Options, Root};
use keysieve::source::{Exclude, Excluded, Walk, reason};
use keysieve::suppress::{Baseline, FingerprintFile, Parts, Policy, RulePattern};

use super::canary;
use super::ignore_file::IgnoreFile;

use super::Failure;
use super::args::{CommonArgs, InputArgs};

/// All that a scan needs, valid.
pub struct Prepared {
    /// The rules in force.
    pub rules: RuleSet,
    /// What is accepted.
    pub policy: Policy,
    /// Where reported paths start.
    pub root: Root,
    /// What the scan is told.
    pub options: Options,
    /// What the configuration says.
    pub settings: Arc<Settings>,
    /// The ignore file, if there is one.
    pub ignore_file: Option<Arc<IgnoreFile>>,
    /// The walk, if there is one.
    pub walk: Option<Walk>,
    /// Whether standard input is scanned.
    pub stdin: bool,
    /// The repository, if there is one.
    pub git: Option<GitInput>,
    /// The canaries that raise an alarm where they are met.
    pub canaries: Option<Register>,
}

/// Reads everything that `input` names and puts it together.
pub fn prepare(input: &InputArgs, baseline: Option<Baseline>) -> Result<Prepared, Failure> {
    let current = current_dir()?;
    let (targets, stdin) = targets(input)?;
    let start = targets.first().map_or(current.as_path(), PathBuf::as_path);
    let mut foundation = Foundation::read(&input.common, start, &current)?;
    if let Some(size) = &input.max_file_size {
        let size =
            config::parse_size(size).map_err(|e| Failure(format!("--max-file-size: {e}")))?;
        let limit = &mut foundation.settings.max_file_size;
        limit.set_option(Some(Some(size)));
    }
    let (mut prepared, excluded) = foundation.prepare(&input.common, baseline)?;
    prepared.options.max_file_size = prepared.settings.max_file_size.value;
    prepared.options.report_unused = !stdin && covers_repository(&targets, &current);
    prepared.stdin = stdin;
    prepared.walk = (!targets.is_empty()).then(|| Walk {
        roots: targets,
        threads: threads(&input.common),
        ignore_files: !input.no_ignore,
        excluded,
        exclude_named: input.force_exclude,
    });
    Ok(prepared)
}

/// The current directory.
pub fn current_dir() -> Result<PathBuf, Failure> {
    env::current_dir().map_err(|e| Failure::io("the current directory", &e))
}

/// What configuration and ignore file say, before anything is scanned.
pub struct Foundation {
    settings: Settings,
    ignore_file: Option<IgnoreFile>,
    fingerprints: Option<FingerprintFile>,
    current: PathBuf,
}

impl Foundation {
    /// Reads what applies to `start`; `current` is the folder that paths are shown from.
    pub fn read(common: &CommonArgs, start: &Path, current: &Path) -> Result<Foundation, Failure> {
        let mut settings = configuration(common, start, current)?;
        let min_confidence = named(
            common.min_confidence.as_deref(),
            Confidence::parse,
            "--min-confidence",
            "low, medium, high",
        )?;
        settings.min_confidence.set_option(min_confidence);
        let (ignore_file, fingerprints) = match common.no_repo_config {
            true => (None, None),
            false => IgnoreFile::find(start, current)?.unzip(),
        };
        Ok(Foundation {
            settings,
            ignore_file,
            fingerprints,
            current: current.to_owned(),
        })
    }

    /// All but what is scanned, and the paths that are not.
    pub fn prepare(
        self,
        common: &CommonArgs,
        baseline: Option<Baseline>,
    ) -> Result<(Prepared, Excluded), Failure> {
        let Foundation {
            mut settings,
            ignore_file,
            fingerprints,
            current,
        } = self;
        let rules = rules(common, &settings)?;
        let excluded = Exclude::new(&current, common.exclude.iter().map(String::as_str), |_| {
            false
        })
        .map_err(|(_, e)| Failure(format!("--exclude: {e}")))?
        .everywhere();
        let ignore_file = ignore_file.map(Arc::new);
        let allow = std::mem::take(&mut settings.allow);
        let policy = Policy::new(Parts {
            inline: !common.no_inline_allow,
            fingerprints: fingerprints.into_iter().collect(),
            baseline,
            allow,
        });
        let options = Options {
            min_confidence: settings.min_confidence.value,
            max_findings: common.max_findings,
            ..Options::default()
        };
        let settings = Arc::new(settings);
        let excluded = excluded_by(
            excluded,
            ignore_file.clone(),
            Arc::clone(&settings),
            &current,
        );
        let root = Root {
            folder: current.clone(),
            current,
        };
        let prepared = Prepared {
            rules,
            policy,
            root,
            options,
            settings,
            ignore_file,
            walk: None,
            stdin: false,
            git: None,
            canaries: canary::register(common.canaries.as_deref())?,
        };
        Ok((prepared, excluded))
    }
}

/// The paths to scan, all of which exist, and whether standard input is among them.
fn targets(input: &InputArgs) -> Result<(Vec<PathBuf>, bool), Failure> {
    let is_stdin = |path: &&PathBuf| path.as_os_str() == "-";
    let stdin = input.paths.iter().any(|path| is_stdin(&path));
    let mut targets: Vec<PathBuf> = input
        .paths
        .iter()
        .filter(|path| !is_stdin(path))
        .cloned()
        .collect();
    if targets.is_empty() && !stdin {
        targets.push(PathBuf::from("."));
    }
    let missing: Vec<String> = targets
        .iter()
        .filter_map(|path| {
            let e = fs::symlink_metadata(path)
                .and_then(|_| fs::metadata(path))
                .err()?;
            // What is there and may not be looked at is reported by the scan, like anything below it.
            let gone = matches!(
                e.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            );
            gone.then(|| format!("{}: {}", path.display(), reason(&e)))
        })
        .collect();
    match missing.is_empty() {
        true => Ok((targets, stdin)),
        false => Err(Failure(format!(
            "nothing was scanned\n{}",
            missing.join("\n")
        ))),
    }
}

fn configuration(input: &CommonArgs, start: &Path, current: &Path) -> Result<Settings, Failure> {
    let request = Request {
        target: start,
        root: current,
        explicit: input.config.as_deref(),
        repository: !input.no_repo_config,
    };
    let layers = config::load(&request, |name| env::var_os(name))?;
    Ok(Settings::merge(layers))
}

/// The embedded rules and the user's, less those that somebody switched off.
fn rules(input: &CommonArgs, settings: &Settings) -> Result<RuleSet, Failure> {
    let files: Vec<PathBuf> = settings
        .rule_files
        .iter()
        .chain(&input.rules)
        .cloned()
        .collect();
    let rules = with_embedded(read_rules(&files)?)?;
    let wanted = patterns(&input.rule)?;
    let unwanted = patterns(&input.disable_rule)?;
    for pattern in wanted.iter().chain(&unwanted) {
        if !rules.rules().iter().any(|rule| pattern.matches(&rule.id)) {
            return Err(Failure(format!(
                "no rule matches `{pattern}`; `keysieve rules list` shows them"
            )));
        }
    }
    let any =
        |patterns: &[RulePattern], id: &str| patterns.iter().any(|pattern| pattern.matches(id));
    // Each is asked about once, since the configuration counts what it disables.
    let out: HashSet<Str> = rules
        .rules()
        .iter()
        .filter(|rule| {
            !wanted.is_empty() && !any(&wanted, &rule.id)
                || any(&unwanted, &rule.id)
                || settings.disables(&rule.id)
        })
        .map(|rule| rule.id.clone())
        .collect();
    Ok(rules.filtered(|rule| !out.contains(&rule.id)))
}

fn patterns(texts: &[String]) -> Result<Vec<RulePattern>, Failure> {
    let parse =
        |text: &String| RulePattern::parse(text).map_err(|e| Failure(format!("`{text}`: {e}")));
    texts.iter().map(parse).collect()
}

/// The embedded rules and these.
pub fn with_embedded(rules: Vec<Rule>) -> Result<RuleSet, Failure> {
    let rules = RuleSet::embedded().with(rules);
    match rules.excess() {
        Some(message) => Err(Failure::from(message)),
        None => Ok(rules),
    }
}

/// Compiles the rules of files, and of the `.toml` files of directories.
pub fn read_rules(paths: &[PathBuf]) -> Result<Vec<Rule>, Failure> {
    let mut rules = Vec::new();
    let mut errors = Vec::new();
    for file in rule_files(paths)? {
        let name = keysieve::source::shown(&file);
        let source = fs::read_to_string(&file).map_err(|e| Failure::io(&name, &e))?;
        match compile_file(&name, &source) {
            Ok(found) => rules.extend(found),
            Err(found) => errors.extend(found),
        }
    }
    match errors.is_empty() {
        true => Ok(rules),
        false => Err(errors.into()),
    }
}

fn rule_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let failed = |e: io::Error| Failure::io(path.display(), &e);
        if !fs::metadata(path).map_err(failed)?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let file = entry.map_err(failed)?.path();
            if file
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                found.push(file);
            }
        }
        if found.is_empty() {
            return Err(Failure(format!(
                "{}: no rule files (`*.toml`) in it",
                path.display()
            )));
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}

/// Tells of a path whether anybody wants it left out. All are asked, so that none is taken for useless because another
/// one says the same.
fn excluded_by(
    given: Exclude,
    ignore_file: Option<Arc<IgnoreFile>>,
    settings: Arc<Settings>,
    current: &Path,
) -> Excluded {
    let current = current.to_owned();
    let configured = settings.excludes_any();
    let by_configuration = move |path: &Path, is_dir| {
        let mut shown = keysieve::source::shown(path);
        if is_dir {
            shown.push('/');
        }
        settings.excludes(&shown)
    };
    Box::new(move |path, is_dir| {
        let file = ignore_file.as_ref();
        [
            given.matches(&current, path, is_dir),
            file.is_some_and(|file| file.exclude.matches(&current, path, is_dir)),
            configured && by_configuration(path, is_dir),
        ]
        .contains(&true)
    })
}

/// How many threads a scan has.
pub fn threads(input: &CommonArgs) -> usize {
    /// Each of them has buffers of its own.
    const MOST: usize = 256;
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    input.threads.map_or_else(all, usize::from).min(MOST)
}

/// Whether all is scanned that suppressions of the repository may be meant for: only then is one that matched nothing
/// of no use.
fn covers_repository(targets: &[PathBuf], current: &Path) -> bool {
    let top = current
        .ancestors()
        .find(|folder| folder.join(".git").exists() || folder.join("keysieve.toml").exists());
    let top = top.unwrap_or(current);
    targets.iter().any(|target| {
        let target = target.canonicalize();
        top.canonicalize()
            .is_ok_and(|top| target.is_ok_and(|target| top.starts_with(target)))
    })
}

/// The value that an option names.
pub fn named<T>(
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    option: &str,
    expected: &str,
) -> Result<Option<T>, Failure> {
    let Some(text) = text else { return Ok(None) };
    match parse(text) {
        Some(value) => Ok(Some(value)),
        None => Err(Failure(format!(
            "{option}: found `{text}`; expected one of {expected}"
        ))),
    }
}

/// The severity that `--fail-on` and the configuration ask for.
pub fn fail_on(settings: &Settings, option: Option<&str>) -> Result<Severity, Failure> {
    let given = named(
        option,
        Severity::parse,
        "--fail-on",
        "info, low, medium, high, critical",
    )?;
    Ok(given.unwrap_or(settings.fail_on.value))
}

/// The kinds of incompleteness that `--allow-incomplete` accepts.
pub fn allowed(kinds: &[String]) -> Result<Vec<SkipKind>, Failure> {
    let known = SkipKind::ALL.into_iter().filter(|kind| !kind.is_policy());
    let expected = known.map(SkipKind::name).collect::<Vec<_>>().join(", ");
    let parse = |name: &str| {
        SkipKind::ALL
            .into_iter()
            .find(|kind| kind.name() == name && !kind.is_policy())
    };
    kinds
        .iter()
        .filter_map(|kind| named(Some(kind), parse, "--allow-incomplete", &expected).transpose())
        .collect()
}
