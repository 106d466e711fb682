//! Patterns of paths that somebody decided not to scan.

use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Paths that are not scanned because somebody decided so: patterns in the syntax of `.gitignore`. Counts what each
/// of them matched.
#[derive(Debug)]
pub struct Exclude {
    patterns: Gitignore,
    root: PathBuf,
    everywhere: bool,
    uses: Vec<Pattern>,
}

/// One pattern.
#[derive(Debug)]
pub struct Pattern {
    /// Its line, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
    uses: AtomicU64,
}

impl Pattern {
    /// How many paths it decided about.
    pub fn uses(&self) -> u64 {
        self.uses.load(Ordering::Relaxed)
    }
}

impl Exclude {
    /// Patterns that apply below `root`, an absolute path: the lines of an ignore file, in which `skipped` tells those
    /// that are no patterns.
    ///
    /// # Errors
    /// The line of the pattern that is not one, and why.
    pub fn new<'p>(
        root: &Path,
        lines: impl IntoIterator<Item = &'p str>,
        skipped: impl Fn(&str) -> bool,
    ) -> Result<Exclude, (usize, String)> {
        let mut builder = GitignoreBuilder::new(root);
        let mut uses = Vec::new();
        for (line, text) in (1..).zip(lines) {
            let text = text.trim_end();
            if text.is_empty() || text.starts_with('#') || skipped(text) {
                continue;
            }
            builder
                .add_line(None, text)
                .map_err(|e| (line, e.to_string()))?;
            uses.push(Pattern {
                line,
                text: text.to_owned(),
                uses: AtomicU64::new(0),
            });
        }
        let patterns = builder.build().map_err(|e| (1, e.to_string()))?;
        Ok(Exclude {
            patterns,
            root: root.to_owned(),
            everywhere: false,
            uses,
        })
    }

    /// Applies the patterns to paths outside the root as well, which no anchored pattern matches.
    pub fn everywhere(self) -> Exclude {
        Exclude {
            everywhere: true,
            ..self
        }
    }

    /// Whether `path` is excluded, itself or by a directory it lies in; counts the use. Relative paths start at
    /// `current`.
    pub fn matches(&self, current: &Path, path: &Path, is_dir: bool) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let Some(below) = self.below(current, path) else {
            return false;
        };
        if below.as_os_str().is_empty() {
            return false;
        }
        match self.patterns.matched_path_or_any_parents(&below, is_dir) {
            Match::None => false,
            Match::Ignore(glob) => {
                self.mark(glob.original());
                true
            }
            Match::Whitelist(glob) => {
                self.mark(glob.original());
                false
            }
        }
    }

    /// The patterns in their order.
    pub fn patterns(&self) -> &[Pattern] {
        &self.uses
    }

    /// The path as seen from the root; through the file system where its own parts do not tell.
    fn below(&self, current: &Path, path: &Path) -> Option<PathBuf> {
        let absolute = current.join(path.strip_prefix("./").unwrap_or(path));
        let seen = |path: &Path| path.strip_prefix(&self.root).ok().map(Path::to_owned);
        let plain = !path.components().any(|part| part == Component::ParentDir);
        let resolved = || {
            let folder = absolute.parent()?.canonicalize().ok()?;
            seen(&folder.join(absolute.file_name()?))
        };
        let named = || {
            let parts = path.components();
            let names = parts.filter(|part| matches!(part, Component::Normal(_)));
            self.everywhere.then(|| names.collect())
        };
        let by_name = plain.then(|| seen(&absolute)).flatten();
        by_name.or_else(resolved).or_else(named)
    }

    fn mark(&self, text: &str) {
        let same = self.uses.iter().filter(|pattern| pattern.text == text);
        same.for_each(|pattern| _ = pattern.uses.fetch_add(1, Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_each_pattern_decided() {
        let lines = ["# a comment", "*.log", "!keep.log", "", "none/", "word  "];
        let exclude = Exclude::new(Path::new("/r"), lines, |line| line == "word")
            .expect("because all are patterns");
        let excluded = |path: &str| exclude.matches(Path::new("/r/sub"), Path::new(path), false);
        assert!(excluded("a.log") && excluded("./b.log"));
        assert!(!excluded("keep.log") && !excluded("a.rs") && !excluded("/elsewhere/a.log"));
        let said: Vec<_> = exclude
            .patterns()
            .iter()
            .map(|pattern| (pattern.line, &pattern.text[..], pattern.uses()))
            .collect();
        assert_eq!(
            said,
            [(2, "*.log", 2), (3, "!keep.log", 1), (5, "none/", 0)]
        );
    }

    #[test]
    fn paths_are_seen_from_the_root_however_they_are_named() {
        let top = tempfile::tempdir().expect("a temporary folder");
        let top = top.path().canonicalize().expect("it is there");
        let [root, other] = ["root", "other"].map(|name| top.join(name));
        for folder in [&root.join("sub"), &other] {
            std::fs::create_dir_all(folder).expect("it is ours");
        }
        let new = || Exclude::new(&root, ["/sub/a", "b"], |_| false).expect("patterns");
        let (own, given) = (new(), new().everywhere());
        let cases = [
            ("../root/sub/a", true, true),
            ("../other/sub/a", false, false),
            ("sub/b", false, true),
            ("b", false, true),
        ];
        for (path, want, want_given) in cases {
            let excluded = |exclude: &Exclude| exclude.matches(&other, Path::new(path), false);
            assert_eq!(
                (excluded(&own), excluded(&given)),
                (want, want_given),
                "{path}"
            );
        }
    }

    #[test]
    fn names_the_line_that_is_no_pattern() {
        let error = Exclude::new(Path::new("/r"), ["a", "{b"], |_| false);
        assert_eq!(error.map(|_| ()).map_err(|(line, _)| line), Err(2));
    }
}
