//! The register's file: read as a whole, replaced as a whole, one writer at a time.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Planted, Register};
use crate::model::Secret;
use crate::platform;
use crate::suppress::load::{LoadError, exists, read_text};

/// Where the register is unless somebody says otherwise: `canaries.jsonl` in the user's data folder, which is
/// `%APPDATA%\keysieve` on Windows, and elsewhere `$XDG_DATA_HOME/keysieve`, with `~/.local/share` where that is not set
/// to an absolute path.
pub fn default_file(env: impl Fn(&str) -> Option<OsString>, windows: bool) -> Option<PathBuf> {
    let folder = |name: &str| env(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let data = match windows {
        true => folder("APPDATA"),
        false => folder("XDG_DATA_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| Some(folder("HOME")?.join(".local").join("share"))),
    };
    Some(data?.join("keysieve").join("canaries.jsonl"))
}

/// Reads a register, called `name` in messages.
///
/// # Errors
/// It cannot be read, or is none.
pub fn load(path: &Path, name: &str) -> Result<Register, LoadError> {
    let text = read_text(path, name)?;
    Register::parse(name, &text).map_err(LoadError::Malformed)
}

/// Reads the register that lies where it usually does; `None` where there is none. `env` looks up a variable of the
/// environment. Where there is no register, that is all it costs.
///
/// # Errors
/// It is there and cannot be read, or is none.
pub fn load_usual(
    env: impl Fn(&str) -> Option<OsString>,
    windows: bool,
) -> Result<Option<Register>, LoadError> {
    let path = default_file(env, windows).filter(|path| exists(path));
    path.map(|path| load(&path, &path.display().to_string()))
        .transpose()
}

/// Takes a canary into the register, which is created where there is none.
///
/// # Errors
/// The file cannot be read or written, or is no register.
pub fn add(path: &Path, planted: Planted, secrets: &[Secret]) -> Result<(), LoadError> {
    let name = path.display().to_string();
    let failed = |reason| LoadError::Unreadable {
        file: name.clone(),
        reason,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let _lock = lock(path).map_err(failed)?;
    let mut register = match path.symlink_metadata() {
        Ok(_) => load(path, &name)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let mut key = [0; super::register::KEY_BYTES];
            getrandom::fill(&mut key).map_err(|e| failed(io::Error::other(e)))?;
            Register::new(key)
        }
        Err(e) => return Err(failed(e)),
    };
    register
        .add(planted, secrets)
        .map_err(|message| failed(io::Error::other(message)))?;
    replace(path, &register).map_err(failed)
}

/// Takes canaries out of the register by their ids and returns those that were there.
///
/// # Errors
/// The file cannot be read or written, or is no register.
pub fn remove(path: &Path, ids: &[String]) -> Result<Vec<Planted>, LoadError> {
    let name = path.display().to_string();
    let failed = |reason| LoadError::Unreadable {
        file: name.clone(),
        reason,
    };
    let _lock = lock(path).map_err(failed)?;
    let mut register = load(path, &name)?;
    let removed: Vec<Planted> = ids.iter().filter_map(|id| register.remove(id)).collect();
    if !removed.is_empty() {
        replace(path, &register).map_err(failed)?;
    }
    Ok(removed)
}

/// Waits until nobody else writes. A file of its own, since the register itself is replaced.
fn lock(path: &Path) -> io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = platform::private(File::options().create(true).append(true)).open(name)?;
    platform::lock(&file)?;
    Ok(file)
}

/// A temporary file is its owner's alone to read, and so is what it becomes.
fn replace(path: &Path, register: &Register) -> io::Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(register.render().as_bytes())?;
    file.as_file().sync_all()?;
    // Behind a link stands the register that somebody shares.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    file.persist(target).map(|_| ()).map_err(|e| e.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(id: &str) -> Planted {
        Planted {
            id: id.to_owned(),
            kind: "word".to_owned(),
            place: None,
            note: None,
            planted: "2026-11-27T00:10:00Z".to_owned(),
            hashes: Vec::new(),
        }
    }

    #[test]
    fn many_writers_lose_nothing() {
        let folder = tempfile::tempdir().expect("because there is room for one");
        let path = folder.path().join("below/canaries.jsonl");
        std::thread::scope(|scope| {
            for writer in 0..8u8 {
                let path = &path;
                scope.spawn(move || {
                    for turn in 0..4u8 {
                        let secret = Secret::new(&[writer, turn]);
                        let id = format!("{writer}-{turn}");
                        add(path, planted(&id), &[secret]).expect("it is new");
                    }
                });
            }
        });
        let register = load(&path, "r").expect("it is one");
        assert_eq!(register.planted().len(), 32);
        let removed = remove(&path, &["3-1".to_owned(), "9-9".to_owned()]).expect("it is one");
        assert_eq!(removed.len(), 1);
        let register = load(&path, "r").expect("it is one");
        assert!(register.matches(&[3, 1]).is_none());
        assert!(register.matches(&[3, 2]).is_some());
    }

    #[test]
    fn the_register_is_in_the_user_s_data_folder() {
        type Env<'a> = &'a [(&'a str, &'a str)];
        let absolute = if cfg!(windows) { r"C:\d" } else { "/d" };
        let cases: [(Env<'_>, bool, Option<PathBuf>); 5] = [
            (
                &[("XDG_DATA_HOME", absolute), ("HOME", "/h")],
                false,
                Some(absolute.into()),
            ),
            (
                &[("XDG_DATA_HOME", "d"), ("HOME", "/h")],
                false,
                Some("/h/.local/share".into()),
            ),
            (&[("HOME", "")], false, None),
            (&[], false, None),
            (
                &[("APPDATA", "/a"), ("HOME", "/h")],
                true,
                Some("/a".into()),
            ),
        ];
        for (variables, windows, folder) in cases {
            let env = |name: &str| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| OsString::from(value))
            };
            let want = folder.map(|folder| folder.join("keysieve").join("canaries.jsonl"));
            assert_eq!(default_file(env, windows), want, "{variables:?}");
        }
    }
}
