//! What stands in documentation: values that people make up for it look like those they use.

use std::borrow::Cow;

use crate::engine::{Evidence, Kept};
use crate::model::{Confidence, Origin};
use crate::rule::Rule;

/// Directories whose files are documentation whatever they are called.
const FOLDERS: [&str; 5] = ["docs", "doc", "documentation", "docs_src", "manual"];
/// Files, without their ending, that describe an interface and hold examples of what goes through it.
const INTERFACES: [&str; 2] = ["swagger", "openapi"];
/// How files with prose end.
const ENDS: [&str; 6] = [".md", ".mdx", ".markdown", ".rst", ".adoc", ".asciidoc"];

/// What is thought of a candidate, now that its place is known: one that only its surroundings call a secret is no more
/// than probable in documentation, and hardly one among translations.
pub fn judged<'k>(rule: &Rule, origin: &Origin, kept: &'k Kept) -> Cow<'k, Kept> {
    if kept.example || !rule.is_called_secret() {
        return Cow::Borrowed(kept);
    }
    let path = origin.path();
    let (most, why) = if is_translation(path) {
        (Confidence::Low, "it stands among translations")
    } else if is_prose(path) {
        (Confidence::Medium, "it stands in documentation")
    } else {
        return Cow::Borrowed(kept);
    };
    if kept.confidence <= most {
        return Cow::Borrowed(kept);
    }
    let mut kept = kept.clone();
    kept.confidence = most;
    kept.evidence.push(Evidence::Doubt(why.into()));
    Cow::Owned(kept)
}

/// Whether a file holds texts for people in a language: below a folder for such, or of a format for them.
fn is_translation(path: &str) -> bool {
    const FOLDERS: [&str; 9] = [
        "i18n",
        "l10n",
        "lang",
        "langs",
        "locale",
        "locales",
        "localization",
        "translation",
        "translations",
    ];
    const ENDS: [&str; 6] = [".po", ".pot", ".xlf", ".xliff", ".arb", ".strings"];
    let mut folders = path.rsplit(['/', '\\']);
    let file = folders.next().unwrap_or_default();
    ENDS.iter().any(|end| file.ends_with(end))
        || folders.any(|folder| {
            FOLDERS.contains(&folder) || folder.ends_with(".lproj") || is_android(folder)
        })
}

/// `values-pt-rBR`: the resources of an Android app in a language.
fn is_android(folder: &str) -> bool {
    let language = folder
        .strip_prefix("values-")
        .and_then(|rest| rest.split('-').next());
    language.is_some_and(|code| {
        (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase())
    })
}

fn is_prose(path: &str) -> bool {
    let mut folders = path.rsplit(['/', '\\']);
    let file = folders.next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    folders.any(|folder| FOLDERS.contains(&folder))
        || INTERFACES.contains(&stem)
        || ENDS.iter().any(|end| {
            let at = path.len().checked_sub(end.len());
            at.is_some_and(|at| path.as_bytes()[at..].eq_ignore_ascii_case(end.as_bytes()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_translations_by_their_path() {
        for (path, want) in [
            ("plugins/password/localization/eo.inc", true),
            ("src/locales/en-US.js", true),
            ("res/values-pt-rBR/strings.xml", true),
            ("po/de.po", true),
            ("app/de.lproj/Main.storyboard", true),
            ("res/values/strings.xml", false),
            ("locales.rs", false),
            ("values-prod/app.yml", false),
        ] {
            assert_eq!(is_translation(path), want, "{path}");
        }
    }

    #[test]
    fn knows_prose_by_its_path() {
        for (path, want) in [
            ("README.md", true),
            ("docs/guide.RST", true),
            ("md", false),
            ("docs/security.html", true),
            ("src/docs.py", false),
            ("api/openapi.yaml", true),
            ("docs_src/tutorial.py", true),
            ("openapi/main.py", false),
            ("a.md/b.yml", false),
        ] {
            assert_eq!(is_prose(path), want, "{path}");
        }
    }
}
