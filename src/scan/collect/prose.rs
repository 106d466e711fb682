//! What stands in documentation: values that people make up for it look like those they use.

use std::borrow::Cow;

use crate::engine::{Evidence, Kept};
use crate::model::{Confidence, Origin};
use crate::rule::Rule;

/// Directories whose files are documentation whatever they are called.
const FOLDERS: [&str; 2] = ["docs", "doc"];
/// How files with prose end.
const ENDS: [&str; 6] = [".md", ".mdx", ".markdown", ".rst", ".adoc", ".asciidoc"];

/// What is thought of a candidate, now that its place is known: one that only its surroundings call a secret is no more
/// than probable in documentation.
pub fn judged<'k>(rule: &Rule, origin: &Origin, kept: &'k Kept) -> Cow<'k, Kept> {
    let sure = kept.confidence == Confidence::High && !kept.example;
    if !sure || !rule.is_called_secret() || !is_prose(origin.path()) {
        return Cow::Borrowed(kept);
    }
    let mut kept = kept.clone();
    kept.confidence = Confidence::Medium;
    kept.evidence
        .push(Evidence::Doubt("it stands in documentation".into()));
    Cow::Owned(kept)
}

fn is_prose(path: &str) -> bool {
    let mut folders = path.rsplit(['/', '\\']).skip(1);
    folders.any(|folder| FOLDERS.contains(&folder))
        || ENDS.iter().any(|end| {
            let at = path.len().checked_sub(end.len());
            at.is_some_and(|at| path.as_bytes()[at..].eq_ignore_ascii_case(end.as_bytes()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_prose_by_its_path() {
        for (path, want) in [
            ("README.md", true),
            ("docs/guide.RST", true),
            ("md", false),
            ("docs/security.html", true),
            ("src/docs.py", false),
            ("a.md/b.yml", false),
        ] {
            assert_eq!(is_prose(path), want, "{path}");
        }
    }
}
