//! Finding and reading the files of a configuration.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::{Config, FILE_NAME, LayerKind, parse};
use crate::suppress::Base;
use crate::suppress::load::{LoadError, exists, read_text};

/// One file of the configuration.
#[derive(Debug)]
pub struct Layer {
    /// Where it comes from.
    pub kind: LayerKind,
    /// Its name in messages.
    pub file: String,
    /// The folder it lies in.
    pub folder: PathBuf,
    /// How its patterns of paths relate to the paths of the scan.
    pub base: Base,
    /// What it says.
    pub config: Config,
}

/// What a run asks of its configuration.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The target of the scan, from which the repository's file is searched upwards.
    pub target: &'a Path,
    /// The folder to which reported paths are relative.
    pub root: &'a Path,
    /// `--config FILE`.
    pub explicit: Option<&'a Path>,
    /// Whether the repository's file counts (`--no-repo-config`).
    pub repository: bool,
}

/// Reads the files of all layers, in their order. `env` looks up a variable of the environment.
///
/// # Errors
/// A file that is there cannot be read or holds a mistake, or the one that was asked for is not there.
pub fn load(
    request: &Request<'_>,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<Layer>, LoadError> {
    let mut layers = Vec::new();
    if let Some(path) = user_file(env, cfg!(windows)).filter(|path| exists(path)) {
        layers.push(read(&path, LayerKind::User, Base::default())?);
    }
    let nearest = find_upwards(request.target);
    // A repository's file that the user names is the user's choice: no longer the repository's own.
    let named = match (request.explicit, &nearest) {
        (Some(explicit), Some(nearest)) => same(explicit, nearest),
        _ => false,
    };
    let base = base_of(nearest.as_deref(), request.root);
    if let (Some(path), true) = (nearest, request.repository && !named) {
        layers.push(read(&path, LayerKind::Repository, base.clone())?);
    }
    if let Some(path) = request.explicit {
        // Any other file stands for no folder: its patterns are those of the scan.
        let base = if named { base } else { Base::default() };
        layers.push(read(path, LayerKind::Explicit, base)?);
    }
    Ok(layers)
}

/// The user's own file, there or not: `%APPDATA%\keysieve\config.toml` on Windows, and elsewhere
/// `$XDG_CONFIG_HOME/keysieve/config.toml`, with `~/.config` where that is not set to an absolute path.
pub fn user_file(env: impl Fn(&str) -> Option<OsString>, windows: bool) -> Option<PathBuf> {
    let folder = |name: &str| env(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let config = match windows {
        true => folder("APPDATA"),
        false => folder("XDG_CONFIG_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| Some(folder("HOME")?.join(".config"))),
    };
    Some(config?.join("keysieve").join("config.toml"))
}

/// The `keysieve.toml` nearest to `start`, in its folder or above it, no higher than the top of its repository.
///
/// Whatever has the name is found, so that one that cannot be read is an error and not an absence.
pub fn find_upwards(start: &Path) -> Option<PathBuf> {
    // Resolved, since the parts of `a/../b` and of a symbolic link are not those above it. What does not exist has
    // no configuration; that it does not exist is for others to say.
    let start = start.canonicalize().ok()?;
    let folder = match start.is_dir() {
        true => Some(start.as_path()),
        false => start.parent(),
    };
    for folder in folder?.ancestors() {
        let file = folder.join(FILE_NAME);
        if exists(&file) {
            return Some(file);
        }
        if exists(&folder.join(".git")) {
            return None;
        }
    }
    None
}

fn same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn base_of(file: Option<&Path>, root: &Path) -> Base {
    match (root.canonicalize(), file.and_then(Path::parent)) {
        (Ok(root), Some(folder)) => Base::between(&root, folder),
        _ => Base::default(),
    }
}

fn read(path: &Path, kind: LayerKind, base: Base) -> Result<Layer, LoadError> {
    let file = shown(path);
    let text = read_text(path, &file)?;
    let config = parse(&file, &text, kind).map_err(LoadError::Malformed)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    Ok(Layer {
        kind,
        file,
        folder,
        base,
        config,
    })
}

/// The path for people: short where it lies below the working folder, and with `/` everywhere.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here: PathBuf| here.canonicalize());
    let below = |here: io::Result<PathBuf>| path.strip_prefix(here.ok()?).ok().map(Path::to_owned);
    let path = below(here).unwrap_or_else(|| path.to_owned());
    let text = path.to_string_lossy();
    match cfg!(windows) {
        true => text.trim_start_matches(r"\\?\").replace('\\', "/"),
        false => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::config::Settings;
    use crate::model::Confidence;

    /// A folder of files, each with its text; a name that ends with `/` is a folder.
    fn tree(files: &[(&str, &str)]) -> TempDir {
        let top = tempfile::tempdir().expect("because there is room for one");
        for (name, text) in files {
            let path = top.path().join(name);
            let folder = if name.ends_with('/') {
                &path
            } else {
                path.parent().expect("below the top")
            };
            fs::create_dir_all(folder).expect("because the top is ours");
            if !name.ends_with('/') {
                fs::write(&path, text).expect("because the top is ours");
            }
        }
        top
    }

    fn no_env(_: &str) -> Option<OsString> {
        None
    }

    /// The layers of a scan of `target` below `top`, with paths relative to the target.
    fn layers(top: &Path, target: &str, explicit: Option<&Path>) -> Result<Vec<Layer>, LoadError> {
        let target = &top.join(target);
        let request = Request {
            target,
            root: target,
            explicit,
            repository: true,
        };
        load(&request, no_env)
    }

    #[test]
    fn the_user_s_file_is_where_the_platform_has_it() {
        let absolute = if cfg!(windows) { r"C:\c" } else { "/c" };
        type Env<'a> = &'a [(&'a str, &'a str)];
        let cases: [(Env<'_>, bool, Option<PathBuf>); 8] = [
            (
                &[("XDG_CONFIG_HOME", absolute), ("HOME", "/h")],
                false,
                Some(absolute.into()),
            ),
            (
                &[("XDG_CONFIG_HOME", "c"), ("HOME", "/h")],
                false,
                Some("/h/.config".into()),
            ),
            (
                &[("XDG_CONFIG_HOME", ""), ("HOME", "/h")],
                false,
                Some("/h/.config".into()),
            ),
            (
                &[("HOME", "/h"), ("APPDATA", "/a")],
                false,
                Some("/h/.config".into()),
            ),
            (&[("HOME", "")], false, None),
            (&[], false, None),
            (
                &[("APPDATA", "/a"), ("HOME", "/h")],
                true,
                Some("/a".into()),
            ),
            (&[("HOME", "/h")], true, None),
        ];
        for (env, windows, want) in cases {
            let look = |name: &str| {
                let found = env.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| OsString::from(value))
            };
            let want = want.map(|folder| folder.join("keysieve").join("config.toml"));
            assert_eq!(user_file(look, windows), want, "{env:?}");
        }
    }

    #[test]
    fn the_nearest_file_is_found_no_higher_than_the_repository() {
        let top = tree(&[
            ("keysieve.toml", ""),
            ("plain/a/b.txt", ""),
            ("repo/.git/", ""),
            ("repo/a/b.txt", ""),
            ("worktree/.git", "gitdir: x"),
            ("own/.git/", ""),
            ("own/keysieve.toml", ""),
            ("own/a/b/c.txt", ""),
            ("own/near/keysieve.toml", ""),
        ]);
        let cases = [
            ("plain/a/b.txt", Some("keysieve.toml")),
            ("plain/a", Some("keysieve.toml")),
            ("repo/a/b.txt", None),
            ("repo", None),
            ("worktree", None),
            ("own", Some("own/keysieve.toml")),
            ("own/a/b/c.txt", Some("own/keysieve.toml")),
            ("own/a/../near", Some("own/near/keysieve.toml")),
            ("own/not-there", None),
        ];
        let resolved = top.path().canonicalize().expect("because it is there");
        for (start, want) in cases {
            let found = find_upwards(&top.path().join(start));
            assert_eq!(found, want.map(|want| resolved.join(want)), "{start}");
        }
    }

    #[test]
    fn every_layer_is_read_and_the_later_one_wins() {
        let top = tree(&[
            (
                "home/keysieve/config.toml",
                "min_confidence = 'low'\nrules = ['my.toml']",
            ),
            ("repo/.git/", ""),
            ("repo/keysieve.toml", "min_confidence = 'high'"),
            ("other.toml", "min_confidence = 'medium'"),
        ]);
        let home = top.path().join("home");
        let env = |name: &str| {
            let folder = if cfg!(windows) {
                "APPDATA"
            } else {
                "XDG_CONFIG_HOME"
            };
            (name == folder).then(|| home.clone().into_os_string())
        };
        let other = top.path().join("other.toml");
        let target = top.path().join("repo");
        let cases = [
            (true, Some(&other), Confidence::Medium, LayerKind::Explicit),
            (true, None, Confidence::High, LayerKind::Repository),
            (false, None, Confidence::Low, LayerKind::User),
        ];
        for (repository, explicit, value, from) in cases {
            let explicit = explicit.map(PathBuf::as_path);
            let request = Request {
                target: &target,
                root: &target,
                explicit,
                repository,
            };
            let settings = Settings::merge(load(&request, env).expect("because all are fine"));
            let confidence = &settings.min_confidence;
            assert_eq!((confidence.value, confidence.from), (value, from));
            assert_eq!(settings.rule_files, [home.join("keysieve/my.toml")]);
        }
    }

    #[test]
    fn a_file_that_cannot_be_used_is_an_error_that_names_it() {
        let top = tree(&[
            ("a/keysieve.toml/", ""),
            ("b/keysieve.toml", "min_confidence = 'hgih'"),
            ("c/.git/", ""),
        ]);
        let said = |target: &str, explicit: Option<&Path>| {
            let result = layers(top.path(), target, explicit);
            result.expect_err("because it cannot be used").to_string()
        };
        let directory = said("a", None);
        assert!(
            directory.contains("keysieve.toml: is not a regular file"),
            "{directory}"
        );
        let malformed = said("b", None);
        assert!(
            malformed.contains("b/keysieve.toml:1:18: `hgih`; expected low"),
            "{malformed}"
        );
        let missing = said("c", Some(&top.path().join("none.toml")));
        assert!(missing.contains("none.toml: "), "{missing}");
    }

    #[test]
    fn rules_come_with_a_file_that_the_user_names_and_not_with_the_repository_s_own() {
        let top = tree(&[
            ("keysieve.toml", "rules = ['extra.toml']"),
            ("sub/.git/", ""),
        ]);
        let own = top.path().join("keysieve.toml");
        let error = layers(top.path(), ".", None).expect_err("because it brings rules");
        assert!(error.to_string().contains("`--config`"), "{error}");
        for target in [".", "sub"] {
            let layers = layers(top.path(), target, Some(&own)).expect("because the user named it");
            assert_eq!(layers.len(), 1);
            assert_eq!(layers[0].kind, LayerKind::Explicit);
            let settings = Settings::merge(layers);
            assert_eq!(settings.rule_files, [top.path().join("extra.toml")]);
        }
    }

    #[test]
    fn patterns_are_relative_to_the_repository_s_file_whatever_is_scanned() {
        let top = tree(&[
            ("keysieve.toml", "exclude = ['tests/data/**']"),
            ("tests/data/", ""),
        ]);
        let cases = [
            (".", "tests/data/a", true),
            ("tests", "data/a", true),
            ("tests/data", "a", true),
            ("tests", "a", false),
            (".", "data/a", false),
        ];
        for explicit in [None, Some(top.path().join("keysieve.toml"))] {
            for (target, path, want) in cases {
                let layers = layers(top.path(), target, explicit.as_deref());
                let settings = Settings::merge(layers.expect("because it is fine"));
                assert_eq!(settings.excludes(path), want, "{target} {path}");
            }
        }
    }
}
