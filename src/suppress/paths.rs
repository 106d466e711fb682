//! Paths by patterns, as people know them from `.gitignore`, and on every platform with `/` between the parts.

use std::borrow::Cow;
use std::fmt;
use std::path::{Component, Path};

use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// One pattern: `*.lock` and `vendor/` match at any depth; with a `/` before its end (`/a.txt`, `tests/**`) a pattern
/// starts at the top. What matches a folder matches all that is in it. `*` and `?` never match a `/`.
#[derive(Debug, Clone)]
pub struct PathPattern {
    text: String,
    globs: Vec<Glob>,
}

impl PathPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What was found and what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        check(text)?;
        let path = text.strip_prefix("./").unwrap_or(text);
        let (path, folder) = match path.strip_suffix('/') {
            Some(path) => (path, true),
            None => (path, false),
        };
        let path = match path.contains('/') {
            true => path.trim_start_matches('/').to_owned(),
            false => format!("**/{path}"),
        };
        let below = format!("{path}/**");
        let globs = match folder {
            true => vec![below],
            false => vec![path, below],
        };
        let globs: Result<Vec<Glob>, String> = globs.iter().map(|g| glob(text, g)).collect();
        Ok(PathPattern {
            text: text.to_owned(),
            globs: globs?,
        })
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Refuses what would silently match nothing.
fn check(text: &str) -> Result<(), String> {
    let escapes_name = |pair: &[u8]| pair[0] == b'\\' && pair[1].is_ascii_alphanumeric();
    if text.trim_matches('/').is_empty() {
        return Err(format!(
            "`{text}` is no path; expected a pattern such as `tests/**` or `*.lock`"
        ));
    }
    if text.starts_with('!') {
        return Err(format!(
            "`{text}` begins with `!`; expected what the entry names, exceptions are not possible"
        ));
    }
    if text.as_bytes().windows(2).any(escapes_name) {
        return Err(format!(
            "`{text}` has a `\\` between its parts; expected `/`, on every platform"
        ));
    }
    if text.split('/').any(|part| part == "..") {
        return Err(format!(
            "`{text}` leaves the folder by `..`; expected a path in it"
        ));
    }
    Ok(())
}

fn glob(text: &str, pattern: &str) -> Result<Glob, String> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|e| {
            format!(
                "`{text}` is no pattern: {}; expected one such as `tests/**`",
                e.kind()
            )
        })
}

/// Several patterns, searched as one.
#[derive(Debug, Default)]
pub struct PathPatterns {
    patterns: Vec<PathPattern>,
    set: GlobSet,
    /// For each glob of the set the pattern that it comes from.
    owners: Vec<usize>,
}

impl PathPatterns {
    /// Compiles `patterns`.
    ///
    /// # Errors
    /// Says so where they are too large together.
    pub fn new(patterns: Vec<PathPattern>) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        let mut owners = Vec::new();
        for (owner, pattern) in patterns.iter().enumerate() {
            for glob in &pattern.globs {
                set.add(glob.clone());
                owners.push(owner);
            }
        }
        let set = set.build().map_err(|e| e.to_string())?;
        Ok(PathPatterns {
            patterns,
            set,
            owners,
        })
    }

    /// The patterns in their order.
    pub fn patterns(&self) -> &[PathPattern] {
        &self.patterns
    }

    /// Whether one of them matches `path`.
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match_candidate(&Candidate::new(path))
    }

    /// The numbers of all that match `path`, in order.
    pub fn matching(&self, path: &str) -> Vec<usize> {
        let globs = self.set.matches_candidate(&Candidate::new(path));
        let mut owners: Vec<usize> = globs.into_iter().map(|glob| self.owners[glob]).collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }
}

/// How a path that is relative to the root of the scan becomes one that is relative to a configuration's folder.
///
/// A configuration is found upwards from the target, so that the same entry has to match `tests/a.txt` in a scan of
/// the repository and `a.txt` in a scan of its `tests`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base {
    add: String,
    strip: String,
}

impl Base {
    /// From `root`, to which reported paths are relative, to `folder`, where a configuration lies. Both absolute and
    /// resolved. Where neither lies in the other, paths are left as they are.
    pub fn between(root: &Path, folder: &Path) -> Self {
        let text = |path: &Path| {
            path.components()
                .filter_map(|part| match part {
                    Component::Normal(name) => Some(format!("{}/", name.to_string_lossy())),
                    _ => None,
                })
                .collect::<String>()
        };
        let below = |path: &Path, top: &Path| path.strip_prefix(top).map(text).unwrap_or_default();
        Base {
            add: below(root, folder),
            strip: below(folder, root),
        }
    }

    /// The path relative to the folder; `None` where it does not lie in it.
    pub fn apply<'p>(&self, path: &'p str) -> Option<Cow<'p, str>> {
        let drive = path.as_bytes().get(1..3) == Some(b":/");
        if path.starts_with('/') || drive {
            // Reported as absolute, since it lies outside of the root.
            return Some(Cow::Borrowed(path));
        }
        match self.add.is_empty() {
            true => path.strip_prefix(&self.strip).map(Cow::Borrowed),
            false => Some(Cow::Owned(format!("{}{path}", self.add))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> PathPatterns {
        let parsed = texts.iter().map(|t| PathPattern::parse(t).expect(t));
        PathPatterns::new(parsed.collect()).expect("because they are small")
    }

    #[test]
    fn matches_as_gitignore_does() {
        let cases = [
            ("*.lock", "Cargo.lock", true),
            ("*.lock", "a/b/Cargo.lock", true),
            ("*.lock", "a/b/Cargo.locked", false),
            ("vendor", "vendor/a/b.c", true),
            ("vendor", "a/vendor/b.c", true),
            ("vendor", "a/vendor", true),
            ("vendor", "vendors/b.c", false),
            ("vendor/", "a/vendor/b.c", true),
            ("vendor/", "a/vendor", false),
            ("/vendor", "vendor/b.c", true),
            ("/vendor", "a/vendor/b.c", false),
            ("./vendor/b.c", "vendor/b.c", true),
            ("tests/**", "tests/a/b.c", true),
            ("tests/**", "a/tests/b.c", false),
            ("**/tests/**", "a/tests/b.c", true),
            ("tests/*.c", "tests/b.c", true),
            ("tests/*.c", "tests/a/b.c", false),
            ("tests/?.c", "tests/b.c", true),
            ("tests/fixtures", "tests/fixtures/a/b.c", true),
            ("*.{pem,key}", "a/b.key", true),
            ("[ab].txt", "b.txt", true),
            (r"\*.txt", "*.txt", true),
            (r"\*.txt", "a.txt", false),
            ("A.txt", "a.txt", false),
            ("ü/**", "ü/a", true),
            ("*", "a/b.c", true),
            ("**", "a/b.c", true),
        ];
        for (pattern, path, want) in cases {
            assert_eq!(patterns(&[pattern]).matches(path), want, "{pattern} {path}");
        }
    }

    #[test]
    fn says_which_of_them_matched() {
        let all = patterns(&["*.lock", "vendor/", "vendor/a.lock"]);
        assert_eq!(all.matching("vendor/a.lock"), [0, 1, 2]);
        assert_eq!(all.matching("b.lock"), [0]);
        assert!(all.matching("b.c").is_empty());
        assert!(!patterns(&[]).matches("b.c"));
    }

    #[test]
    fn refuses_what_would_match_nothing() {
        let cases = [
            ("", "is no path"),
            ("/", "is no path"),
            ("!a", "begins with `!`"),
            (r"tests\fixtures", "expected `/`"),
            ("../a", "`..`"),
            ("a[", "is no pattern"),
            ("a{b", "is no pattern"),
        ];
        for (pattern, want) in cases {
            let error = PathPattern::parse(pattern).expect_err(pattern);
            assert!(error.contains(want), "{pattern}: {error}");
        }
    }

    #[test]
    fn a_path_is_seen_from_the_configuration() {
        let cases = [
            ("/r", "/r", "a.c", Some("a.c")),
            ("/r/tests/x", "/r", "a.c", Some("tests/x/a.c")),
            ("/r", "/r/sub", "sub/a.c", Some("a.c")),
            ("/r", "/r/sub", "other/a.c", None),
            ("/r/x", "/elsewhere", "a.c", Some("a.c")),
            ("/r/x", "/r", "/tmp/a.c", Some("/tmp/a.c")),
            ("/r/x", "/r", "C:/tmp/a.c", Some("C:/tmp/a.c")),
        ];
        for (root, folder, path, want) in cases {
            let base = Base::between(Path::new(root), Path::new(folder));
            assert_eq!(base.apply(path).as_deref(), want, "{root} {folder} {path}");
        }
    }
}
