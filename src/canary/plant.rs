//! Planting: into a file, without disturbing what is in it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstRootNode};
use zeroize::Zeroizing;

use super::{Kind, Minted};
use crate::platform;

/// Larger files are no place for a canary.
const LIMIT: u64 = 64 << 20;

/// Why a canary could not be planted.
#[derive(Debug, thiserror::Error)]
pub enum Unplanted {
    /// The system's own words.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is no place for this kind.
    #[error("{0}")]
    Place(String),
}

/// Plants a canary in the file, which is created, readable by its owner only, where there is none: an MCP server among
/// the `mcpServers` (or `servers`) of a JSON file, whose form and comments stay; anything else as lines at the end.
///
/// # Errors
/// The file cannot be read or written, is of a form that the lines or the entry would break, or has something of that
/// name already, which the canary would take the place of.
pub fn plant(path: &Path, minted: &Minted) -> Result<(), Unplanted> {
    let is_json = path
        .extension()
        .is_some_and(|e| e == "json" || e == "jsonc");
    if is_json != (minted.kind == Kind::Mcp) {
        let (kind, form) = (minted.kind, if is_json { "no" } else { "a" });
        let message = format!("a canary of the kind {kind} goes into {form} JSON file");
        return Err(Unplanted::Place(message));
    }
    let before = read(path)?;
    match (&before, minted.kind) {
        (Some(before), Kind::Mcp) => replace(path, &with_server(before, minted)?)?,
        (before, _) => {
            let before = before.as_deref().map(String::as_str);
            if before.is_some_and(|before| has(before, &minted.name)) {
                return Err(taken(&minted.name));
            }
            append(path, before, &minted.text)?;
        }
    }
    Ok(())
}

fn taken(name: &str) -> Unplanted {
    Unplanted::Place(format!("it has `{name}` already; choose another --name"))
}

/// Whether a text has a variable or a section of that name. Of two variables the last one counts, and two sections of a
/// name are a mistake: neither may come from a canary.
fn has(text: &str, name: &str) -> bool {
    let section = |line: &str| {
        let inside = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        inside.is_some_and(|inside| inside.trim().trim_start_matches("profile ").trim() == name)
    };
    let variable = |line: &str| {
        let line = line.trim_start_matches("export ").trim_start();
        line.strip_prefix(name)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let mut lines = text.lines().map(str::trim);
    !name.is_empty() && lines.any(|line| section(line) || variable(line))
}

fn read(path: &Path) -> Result<Option<Zeroizing<String>>, Unplanted> {
    let metadata = match path.metadata() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    if !metadata.is_file() || metadata.len() > LIMIT {
        return Err(Unplanted::Place(
            "a canary goes into a regular file of at most 64 MiB".to_owned(),
        ));
    }
    let mut text = Zeroizing::new(String::new());
    match File::open(path)?.take(LIMIT).read_to_string(&mut text) {
        Err(e) if e.kind() == io::ErrorKind::InvalidData => Err(Unplanted::Place(
            "a canary goes into a text file in UTF-8".to_owned(),
        )),
        other => other.map(|_| Some(text)).map_err(Unplanted::Io),
    }
}

/// One write, so that nobody sees half a canary.
fn append(path: &Path, before: Option<&str>, text: &str) -> io::Result<()> {
    let mut whole = Zeroizing::new(String::with_capacity(text.len() + 1));
    if before.is_some_and(|before| !before.is_empty() && !before.ends_with('\n')) {
        whole.push('\n');
    }
    whole.push_str(text);
    let mut file = platform::private(File::options().create(true).append(true)).open(path)?;
    file.write_all(whole.as_bytes())
}

/// The text with the canary's server among its own.
fn with_server(before: &str, minted: &Minted) -> Result<Zeroizing<String>, Unplanted> {
    let broken = || Unplanted::Place("it is no JSON object with `mcpServers`".to_owned());
    if before.trim().is_empty() {
        return Ok(minted.text.clone());
    }
    let root = CstRootNode::parse(before, &ParseOptions::default()).map_err(|_| broken())?;
    let object = root.object_value().ok_or_else(broken)?;
    // VS Code's list has another name.
    let list = match object.get("servers").is_some() && object.get("mcpServers").is_none() {
        true => "servers",
        false => "mcpServers",
    };
    let servers = object.object_value_or_create(list).ok_or_else(broken)?;
    if servers.get(&minted.name).is_some() {
        return Err(taken(&minted.name));
    }
    let planted: serde_json::Value =
        serde_json::from_str(&minted.text).expect("because it was written as JSON");
    servers.append(&minted.name, input(&planted["mcpServers"][&minted.name]));
    servers.ensure_multiline();
    Ok(Zeroizing::new(root.to_string()))
}

fn input(value: &serde_json::Value) -> CstInputValue {
    match value {
        serde_json::Value::Object(map) => CstInputValue::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), input(value)))
                .collect(),
        ),
        other => CstInputValue::String(other.as_str().unwrap_or_default().to_owned()),
    }
}

/// Written beside its place and moved there, with the permissions that the old one had.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let target = fs::canonicalize(path)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file()
        .set_permissions(fs::metadata(&target)?.permissions())?;
    file.as_file().sync_all()?;
    file.persist(target).map(|_| ()).map_err(|e| e.error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canary::mint;
    use crate::engine::{Engine, RuleSet};

    fn minted(kind: Kind) -> Minted {
        let engine = Engine::new(RuleSet::embedded());
        let mut random = |bytes: &mut [u8]| getrandom::fill(bytes).map_err(io::Error::other);
        mint(kind, None, &engine, &mut random).expect("it can be made")
    }

    #[test]
    fn lines_go_to_the_end() {
        let folder = tempfile::tempdir().expect("because there is room for one");
        let env = minted(Kind::Env);
        for (before, between) in [
            (None, ""),
            (Some(""), ""),
            (Some("A=1\n"), ""),
            (Some("A=1"), "\n"),
        ] {
            let path = folder.path().join("env");
            let _ = fs::remove_file(&path);
            if let Some(before) = before {
                fs::write(&path, before).expect("because the folder is ours");
            }
            plant(&path, &env).expect("it is a place");
            let after = fs::read_to_string(&path).expect("because it was written");
            assert_eq!(after, [before.unwrap_or(""), between, &env.text].concat());
        }
    }

    #[test]
    fn a_server_joins_the_others() {
        let folder = tempfile::tempdir().expect("because there is room for one");
        let path = folder.path().join(".mcp.json");
        let mcp = minted(Kind::Mcp);
        let read = || fs::read_to_string(&path).expect("because it was written");
        plant(&path, &mcp).expect("it is a place");
        assert_eq!(read(), *mcp.text);
        let cases = [
            ("{}", ""),
            (
                "// mine\n{\n    \"theme\": \"dark\", // so\n    \"mcpServers\": {\n        \"a\": {\"command\": \"x\"}\n    }\n}\n",
                "// so",
            ),
            ("{\"z\":1,\"mcpServers\":{}}", "\"z\":1"),
            (
                "{\"servers\": {\"a\": {}}, \"inputs\": []}",
                "\"inputs\": []",
            ),
            ("", ""),
        ];
        for (before, stays) in cases {
            fs::write(&path, before).expect("because the folder is ours");
            plant(&path, &mcp).expect("it is a place");
            let after = read();
            assert!(after.contains(stays), "{after}");
            let value: serde_json::Value =
                jsonc_parser::parse_to_serde_value(&after, &ParseOptions::default())
                    .expect("it is still JSON");
            let list = match before.contains("\"servers\"") {
                true => "servers",
                false => "mcpServers",
            };
            let token = &value[list]["internal-admin"]["headers"]["Authorization"];
            let secret = String::from_utf8_lossy(mcp.secrets[0].expose()).into_owned();
            assert_eq!(
                token.as_str(),
                Some(&format!("Bearer {secret}")[..]),
                "{after}"
            );
            assert!(
                matches!(plant(&path, &mcp), Err(Unplanted::Place(_))),
                "it is there already"
            );
        }
    }

    #[test]
    fn nothing_is_taken_the_place_of() {
        let cases = [
            ("INTERNAL_API_KEY=1", true),
            ("A=1\n export  INTERNAL_API_KEY = 1\n", true),
            ("INTERNAL_API_KEY_2=1\nX=INTERNAL_API_KEY=\n", false),
            ("# INTERNAL_API_KEY=1\n", false),
            ("[a]\n[ INTERNAL_API_KEY ]\n", true),
            ("[profile INTERNAL_API_KEY]\n", true),
            ("[INTERNAL_API_KEY.b]\n", false),
            ("", false),
        ];
        for (text, want) in cases {
            assert_eq!(has(text, "INTERNAL_API_KEY"), want, "{text}");
        }
        assert!(!has("=1\n[]\n", ""), "a word has no name");
    }

    #[test]
    fn what_would_break_is_left_alone() {
        let folder = tempfile::tempdir().expect("because there is room for one");
        let cases = [
            ("a.json", Kind::Env, "{}"),
            ("a.env", Kind::Mcp, ""),
            ("a.json", Kind::Mcp, "[]"),
            ("a.json", Kind::Mcp, "{\"mcpServers\": 1}"),
            ("a.json", Kind::Mcp, "{"),
            ("a.env", Kind::Env, "INTERNAL_API_KEY=mine\n"),
            ("credentials", Kind::Aws, "[backup]\nregion = x\n"),
        ];
        for (name, kind, before) in cases {
            let path = folder.path().join(name);
            fs::write(&path, before).expect("because the folder is ours");
            let planted = plant(&path, &minted(kind));
            assert!(
                matches!(planted, Err(Unplanted::Place(_))),
                "{name} {before}"
            );
            assert_eq!(fs::read_to_string(&path).expect("it is there"), before);
        }
        let binary = folder.path().join("b");
        fs::write(&binary, b"\xff\xfe").expect("because the folder is ours");
        assert!(plant(&binary, &minted(Kind::Word)).is_err());
        assert!(plant(folder.path(), &minted(Kind::Word)).is_err());
    }
}
