//! `.keysieveignore`: patterns of paths, and fingerprints.

use std::fs;
use std::path::{Path, PathBuf};

use keysieve::model::{Fingerprint, UnusedSuppression};
use keysieve::source::Exclude;
use keysieve::suppress::{FingerprintFile, load};

use super::Failure;

/// Its name.
const NAME: &str = ".keysieveignore";

/// The patterns of an ignore file.
pub struct IgnoreFile {
    /// What they leave out.
    pub exclude: Exclude,
    name: String,
}

impl IgnoreFile {
    /// Reads the file nearest to `start`, in its folder or above it, no higher than the top of its repository.
    pub fn find(
        start: &Path,
        current: &Path,
    ) -> Result<Option<(IgnoreFile, FingerprintFile)>, Failure> {
        let Some(path) = nearest(start) else {
            return Ok(None);
        };
        let below = current.canonicalize().ok();
        let below = below.and_then(|current| path.strip_prefix(current).ok());
        let name = keysieve::source::shown(below.unwrap_or(&path));
        // Read for its fingerprints first, which proves that it is text and of bounded size.
        let fingerprints = load::ignore_file(&path, &name)?;
        let Some(fingerprints) = fingerprints else {
            return Ok(None);
        };
        let text = fs::read_to_string(&path).map_err(|e| Failure::io(&name, &e))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let folder = path.parent().expect("because a file lies in a folder");
        let exclude = Exclude::new(folder, text.lines(), is_fingerprint)
            .map_err(|(line, e)| Failure(format!("{name}:{line}: {e}")))?;
        Ok(Some((IgnoreFile { exclude, name }, fingerprints)))
    }

    /// What it took out, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let patterns = self.exclude.patterns().iter();
        let used = patterns.filter(|pattern| pattern.uses() > 0 && !pattern.text.starts_with('!'));
        used.map(|pattern| {
            let paths = match pattern.uses() {
                1 => "1 path".to_owned(),
                many => format!("{many} paths"),
            };
            let (name, text) = (&self.name, &pattern.text);
            format!("{name} excluded {paths} by `{text}` (--no-repo-config ignores it)")
        })
        .collect()
    }

    /// The patterns that matched nothing.
    pub fn unused(&self) -> impl Iterator<Item = UnusedSuppression> {
        let patterns = self.exclude.patterns().iter();
        let unused = patterns.filter(|pattern| pattern.uses() == 0);
        unused.map(|pattern| UnusedSuppression {
            place: format!("{}:{}", self.name, pattern.line),
            entry: pattern.text.clone(),
        })
    }
}

/// A line whose first word is a fingerprint is no pattern.
fn is_fingerprint(line: &str) -> bool {
    let word = line.split(|c: char| c.is_whitespace() || c == '#').next();
    word.and_then(Fingerprint::parse).is_some()
}

fn nearest(start: &Path) -> Option<PathBuf> {
    let start = start.canonicalize().ok()?;
    for folder in start.ancestors() {
        let file = folder.join(NAME);
        if file.is_file() {
            return Some(file);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}
