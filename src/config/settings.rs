//! All layers together.

use std::path::PathBuf;

use super::{Layer, LayerKind};
use crate::model::{Confidence, Severity, UnusedSuppression};
use crate::suppress::{Allow, Base, PathPattern, PathPatterns, RulePattern, Uses, counted};

/// What a note says at its end.
const ESCAPE: &str = "--no-repo-config ignores it";

/// A value, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value in force.
    pub value: T,
    /// The layer it comes from.
    pub from: LayerKind,
    /// The file it comes from, empty where it is none.
    pub file: String,
    /// What would be in force without the scanned repository's own file.
    pub without_repository: T,
}

impl<T: Clone> Setting<T> {
    fn built_in(value: T) -> Self {
        Setting {
            without_repository: value.clone(),
            value,
            from: LayerKind::BuiltIn,
            file: String::new(),
        }
    }

    /// Sets it from a later layer, where that layer says anything.
    pub fn set(&mut self, value: Option<T>, from: LayerKind, file: &str) {
        let Some(value) = value else { return };
        if from != LayerKind::Repository {
            self.without_repository = value.clone();
        }
        self.value = value;
        self.from = from;
        self.file = file.to_owned();
    }

    /// Sets it by an option of the command line, which wins over every file.
    pub fn set_option(&mut self, value: Option<T>) {
        self.set(value, LayerKind::Explicit, "");
    }

    /// A note, where the repository's value lets less through by `narrower`.
    fn note(
        &self,
        narrower: impl Fn(&T, &T) -> bool,
        say: impl Fn(&T, &T) -> String,
    ) -> Option<String> {
        let narrows = narrower(&self.value, &self.without_repository);
        (self.from == LayerKind::Repository && narrows).then(|| {
            let said = say(&self.value, &self.without_repository);
            format!("{} {said} ({ESCAPE})", self.file)
        })
    }
}

/// What is in force in a run.
#[derive(Debug)]
pub struct Settings {
    /// The least confidence that is reported; medium unless set.
    pub min_confidence: Setting<Confidence>,
    /// The least severity that changes the exit code; info, so every finding does, unless set.
    pub fail_on: Setting<Severity>,
    /// Larger files are skipped; no limit unless set.
    pub max_file_size: Setting<Option<u64>>,
    /// Rule files of the user, resolved.
    pub rule_files: Vec<PathBuf>,
    /// Allowlist entries, for [`Parts::allow`](crate::suppress::Parts).
    pub allow: Vec<Allow>,
    excludes: Vec<Excludes>,
    disabled: Vec<Disabled>,
}

/// Where an entry that takes something out of the scan stands, and how often it did so.
#[derive(Debug)]
struct Origin {
    file: String,
    line: usize,
    repository: bool,
    uses: Uses,
}

impl Origin {
    fn new(file: &str, line: usize, repository: bool) -> Self {
        Origin {
            file: file.to_owned(),
            line,
            repository,
            uses: Uses::default(),
        }
    }
}

/// One of `disable_rules`.
#[derive(Debug)]
struct Disabled {
    rule: RulePattern,
    origin: Origin,
}

/// The `exclude` of one layer.
#[derive(Debug)]
struct Excludes {
    patterns: PathPatterns,
    base: Base,
    /// One for each pattern.
    origins: Vec<Origin>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            min_confidence: Setting::built_in(Confidence::Medium),
            fail_on: Setting::built_in(Severity::Info),
            max_file_size: Setting::built_in(None),
            rule_files: Vec::new(),
            allow: Vec::new(),
            excludes: Vec::new(),
            disabled: Vec::new(),
        }
    }
}

impl Settings {
    /// Puts `layers` over the built-in values, in the order of their kinds.
    pub fn merge(mut layers: Vec<Layer>) -> Self {
        layers.sort_by_key(|layer| layer.kind);
        let mut settings = Settings::default();
        layers.into_iter().for_each(|layer| settings.add(layer));
        settings
    }

    fn add(&mut self, layer: Layer) {
        let Layer {
            kind,
            file,
            folder,
            base,
            config,
        } = layer;
        let repository = kind == LayerKind::Repository;
        self.min_confidence.set(config.min_confidence, kind, &file);
        self.fail_on.set(config.fail_on, kind, &file);
        let size = config.max_file_size.map(Some);
        self.max_file_size.set(size, kind, &file);
        if !repository {
            let files = config.rules.iter().map(|rules| folder.join(rules));
            self.rule_files.extend(files);
        }
        let allow = config.allow.into_iter();
        self.allow
            .extend(allow.map(|entry| entry.from_file(base.clone(), repository)));
        let disabled = config.disable_rules.into_iter();
        self.disabled.extend(disabled.map(|rule| Disabled {
            rule: rule.item,
            origin: Origin::new(&file, rule.line, repository),
        }));
        let origin = |line: &usize| Origin::new(&file, *line, repository);
        self.excludes.push(Excludes {
            origins: config.exclude_lines.iter().map(origin).collect(),
            patterns: config.exclude,
            base,
        });
    }

    /// Whether there is anything that keeps paths from being scanned.
    pub fn excludes_any(&self) -> bool {
        self.excludes.iter().any(|layer| !layer.origins.is_empty())
    }

    /// Whether a path is not to be scanned at all; counts the use. As reports name it, a folder with a `/` at its end.
    pub fn excludes(&self, path: &str) -> bool {
        let mut excluded = false;
        for layer in self.excludes.iter().filter(|l| !l.origins.is_empty()) {
            let Some(path) = layer.base.apply(path) else {
                continue;
            };
            for number in layer.patterns.matching(&path) {
                layer.origins[number].uses.mark();
                excluded = true;
            }
        }
        excluded
    }

    /// Whether a rule is switched off; counts the use. To be asked once for each rule.
    pub fn disables(&self, rule: &str) -> bool {
        let matching = self.disabled.iter().filter(|d| d.rule.matches(rule));
        matching.inspect(|d| d.origin.uses.mark()).count() > 0
    }

    /// What the scanned repository's own file took out, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let scalars = self.scalar_notes();
        let entries = self.entries().into_iter().filter_map(|(origin, entry)| {
            let count = origin.uses.count();
            let said = match entry {
                Entry::Rule(rule) => {
                    format!("disabled {} by `{rule}`", counted(count, "rule", "rules"))
                }
                Entry::Path(path) => {
                    format!("excluded {} by `{path}`", counted(count, "path", "paths"))
                }
            };
            let shown = origin.repository && count > 0;
            shown.then(|| format!("{} {said} ({ESCAPE})", origin.file))
        });
        scalars.into_iter().chain(entries).collect()
    }

    fn scalar_notes(&self) -> Vec<String> {
        let bytes = |size: &Option<u64>| size.map_or("no limit".into(), |s| format!("{s} bytes"));
        let notes = [
            self.min_confidence.note(
                |new, old| new > old,
                |new, old| format!("raised min_confidence from {old} to {new}"),
            ),
            self.fail_on.note(
                |new, old| new > old,
                |new, old| format!("raised fail_on from {old} to {new}"),
            ),
            self.max_file_size.note(
                |new, old| new.unwrap_or(u64::MAX) < old.unwrap_or(u64::MAX),
                |new, old| {
                    format!(
                        "lowered max_file_size from {} to {}",
                        bytes(old),
                        bytes(new)
                    )
                },
            ),
        ];
        notes.into_iter().flatten().collect()
    }

    /// Entries of `disable_rules` and `exclude` that matched nothing so far. Only a scan of everything says that they
    /// can go.
    pub fn unused(&self) -> Vec<UnusedSuppression> {
        let entries = self.entries().into_iter();
        let unused = entries.filter(|(origin, _)| origin.uses.count() == 0);
        unused
            .map(|(origin, entry)| UnusedSuppression {
                place: format!("{}:{}", origin.file, origin.line),
                entry: match entry {
                    Entry::Rule(rule) => format!("disable_rules `{rule}`"),
                    Entry::Path(path) => format!("exclude `{path}`"),
                },
            })
            .collect()
    }

    fn entries(&self) -> Vec<(&Origin, Entry<'_>)> {
        let rules = self.disabled.iter();
        let rules = rules.map(|d| (&d.origin, Entry::Rule(&d.rule)));
        let paths = self.excludes.iter().flat_map(|layer| {
            let patterns = layer.patterns.patterns().iter().map(Entry::Path);
            layer.origins.iter().zip(patterns)
        });
        rules.chain(paths).collect()
    }
}

/// What takes something out of the scan.
enum Entry<'e> {
    Rule(&'e RulePattern),
    Path(&'e PathPattern),
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    fn layer(kind: LayerKind, file: &str, text: &str) -> Layer {
        Layer {
            kind,
            file: file.to_owned(),
            folder: Path::new("/r").to_owned(),
            base: Base::default(),
            config: parse(file, text, kind).unwrap_or_else(|errors| panic!("{}", errors[0])),
        }
    }

    fn repository(text: &str) -> Layer {
        layer(LayerKind::Repository, "keysieve.toml", text)
    }

    #[test]
    fn nothing_is_narrowed_by_default() {
        let settings = Settings::merge(Vec::new());
        assert_eq!(settings.min_confidence.value, Confidence::Medium);
        assert_eq!(settings.fail_on.value, Severity::Info);
        assert_eq!(settings.max_file_size.value, None);
        assert!(!settings.excludes("a") && !settings.disables("github-pat"));
        assert!(settings.notes().is_empty() && settings.unused().is_empty());
    }

    #[test]
    fn the_later_layer_wins_and_lists_add_up() {
        let settings = Settings::merge(vec![
            layer(
                LayerKind::Explicit,
                "x.toml",
                "fail_on = 'high'\nexclude = ['c/']",
            ),
            repository("fail_on = 'low'\nmin_confidence = 'high'\nexclude = ['b/']"),
            layer(
                LayerKind::User,
                "u.toml",
                "fail_on = 'medium'\nexclude = ['a/']\nrules = ['r.toml']",
            ),
        ]);
        assert_eq!(settings.fail_on.value, Severity::High);
        assert_eq!(settings.fail_on.from, LayerKind::Explicit);
        assert_eq!(settings.min_confidence.value, Confidence::High);
        assert_eq!(settings.rule_files, [Path::new("/r/r.toml")]);
        for (path, want) in [
            ("a/x", true),
            ("b/x", true),
            ("b/", true),
            ("c/x", true),
            ("d/x", false),
        ] {
            assert_eq!(settings.excludes(path), want, "{path}");
        }
    }

    #[test]
    fn a_repository_s_narrowing_is_shown() {
        let text = "min_confidence = 'high'\nfail_on = 'critical'\nmax_file_size = '1 MB'\n\
                    exclude = [\n'vendor/**',\n'*.lock']\ndisable_rules = ['generic-*', 'none-*']";
        let user = layer(
            LayerKind::User,
            "u.toml",
            "exclude = ['*.bin']\ndisable_rules = ['aws-*']",
        );
        let settings = Settings::merge(vec![repository(text), user]);
        for path in ["vendor/a", "vendor/b", "c.bin"] {
            assert!(settings.excludes(path));
        }
        for rule in ["generic-password", "aws-key"] {
            assert!(settings.disables(rule));
        }
        assert!(!settings.disables("github-pat"));
        let shown = [
            "keysieve.toml raised min_confidence from medium to high (--no-repo-config ignores it)",
            "keysieve.toml raised fail_on from info to critical (--no-repo-config ignores it)",
            "keysieve.toml lowered max_file_size from no limit to 1000000 bytes (--no-repo-config ignores it)",
            "keysieve.toml disabled 1 rule by `generic-*` (--no-repo-config ignores it)",
            "keysieve.toml excluded 2 paths by `vendor/**` (--no-repo-config ignores it)",
        ];
        assert_eq!(settings.notes(), shown);
        let unused: Vec<String> = settings
            .unused()
            .into_iter()
            .map(|u| format!("{} {}", u.place, u.entry))
            .collect();
        let want = [
            "keysieve.toml:7 disable_rules `none-*`",
            "keysieve.toml:6 exclude `*.lock`",
        ];
        assert_eq!(unused, want);
    }

    #[test]
    fn what_narrows_nothing_is_not_shown() {
        let strict = "min_confidence = 'low'\nfail_on = 'info'\nmax_file_size = '1 GB'";
        let user = "max_file_size = '1 MB'\nmin_confidence = 'high'";
        let layers = || vec![layer(LayerKind::User, "u.toml", user), repository(strict)];
        assert!(Settings::merge(layers()).notes().is_empty());
        // An option of the command line takes the repository's word away.
        let mut settings = Settings::merge(vec![repository("min_confidence = 'high'")]);
        assert_eq!(settings.notes().len(), 1);
        settings.min_confidence.set_option(None);
        assert_eq!(settings.notes().len(), 1);
        settings.min_confidence.set_option(Some(Confidence::High));
        assert!(settings.notes().is_empty());
    }
}
