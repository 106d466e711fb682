//! Edits of JSON with comments that leave everything else in its place.

use std::path::Path;

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};
use serde_json::Value;

use super::{Hook, Mistake, Removal, is_ours};

/// The keys under which a command line stands.
const LINES: [&str; 6] = ["command", "bash", "powershell", "windows", "linux", "osx"];

/// Adds an entry to the list of each event under `hooks`, in place of ours if there is one.
pub fn add(old: &str, version: bool, hooks: &[(&str, Value)]) -> Result<String, Mistake> {
    if old.trim().is_empty() {
        return Ok(fresh(version, hooks));
    }
    let root = parse(old)?;
    let top = root
        .object_value()
        .ok_or_else(|| wrong("the file", "an object"))?;
    if version && top.get("version").is_none() {
        top.insert(0, "version", CstInputValue::Number("1".to_owned()));
    }
    let all = top
        .object_value_or_create("hooks")
        .ok_or_else(|| wrong("`hooks`", "an object"))?;
    for (event, entry) in hooks {
        let list = all
            .array_value_or_create(event)
            .ok_or_else(|| wrong(&format!("`hooks.{event}`"), "a list"))?;
        if list
            .elements()
            .iter()
            .any(|node| node.to_serde_value().as_ref() == Some(entry))
        {
            continue;
        }
        take_out(&list);
        list.append(input(entry));
    }
    Ok(root.to_string())
}

/// A file of nothing but our hooks.
fn fresh(version: bool, hooks: &[(&str, Value)]) -> String {
    let mut top = serde_json::Map::new();
    if version {
        top.insert("version".to_owned(), Value::from(1));
    }
    let lists = hooks
        .iter()
        .map(|(event, entry)| ((*event).to_owned(), Value::Array(vec![entry.clone()])));
    top.insert("hooks".to_owned(), Value::Object(lists.collect()));
    let mut text = format!("{:#}", Value::Object(top));
    text.push('\n');
    text
}

/// Takes our entries out, and what they leave empty.
pub fn remove(old: &str) -> Result<Removal, Mistake> {
    if old.trim().is_empty() {
        return Ok(Removal::Nothing);
    }
    let root = parse(old)?;
    let Some(top) = root.object_value() else {
        return Ok(Removal::Nothing);
    };
    let Some(hooks) = top.object_value("hooks") else {
        return Ok(Removal::Nothing);
    };
    let mut any = false;
    for event in hooks.properties() {
        let Some(list) = event.array_value() else {
            continue;
        };
        if take_out(&list) {
            any = true;
            if list.elements().is_empty() {
                event.remove();
            }
        }
    }
    if !any {
        return Ok(Removal::Nothing);
    }
    if hooks.properties().is_empty()
        && let Some(property) = top.get("hooks")
    {
        property.remove();
    }
    let left = top.properties();
    let bare = left
        .iter()
        .all(|property| property.decoded_name().as_deref() == Some("version"));
    let text = root.to_string();
    Ok(match bare && !text.contains("//") && !text.contains("/*") {
        true => Removal::File,
        false => Removal::Rest(text),
    })
}

/// Takes our entries out of an event's list, and those of groups that have others as well. Whether there were any.
fn take_out(list: &CstArray) -> bool {
    let mut any = false;
    for node in list.elements() {
        let Some(entry) = node.as_object() else {
            continue;
        };
        let Some(group) = entry.array_value("hooks") else {
            if runs_us(&entry) {
                any = true;
                node.remove();
            }
            continue;
        };
        let inner: Vec<CstNode> = group
            .elements()
            .into_iter()
            .filter(|node| node.as_object().is_some_and(|hook| runs_us(&hook)))
            .collect();
        any |= !inner.is_empty();
        if !inner.is_empty() && inner.len() == group.elements().len() {
            node.remove();
        } else {
            inner.into_iter().for_each(CstNode::remove);
        }
    }
    any
}

fn runs_us(entry: &CstObject) -> bool {
    line(entry).is_some_and(|line| is_ours(&line))
}

fn line(entry: &CstObject) -> Option<String> {
    let value = |key: &&str| {
        entry
            .get(key)?
            .value()?
            .as_string_lit()?
            .decoded_value()
            .ok()
    };
    LINES.iter().find_map(value)
}

/// Our hooks in the text of a settings file.
pub fn ours(file: &Path, text: &str) -> Result<Vec<Hook>, Mistake> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let whole = match is_toml(file) {
        true => value_of(file, text).ok_or_else(|| Mistake("it is not TOML".to_owned()))?,
        false => parse(text)?.to_serde_value().unwrap_or_default(),
    };
    let hooks = entries(&whole).map(|entry| Hook {
        event: entry.event.to_owned(),
        line: entry.line.to_owned(),
    });
    Ok(hooks.collect())
}

/// Where our hooks stand: their event, the number of their group, their own number in it.
pub fn places(whole: &Value) -> impl Iterator<Item = (&str, usize, usize)> {
    entries(whole).map(|entry| (entry.event, entry.group, entry.at))
}

/// A hook of ours.
struct Entry<'v> {
    event: &'v str,
    group: usize,
    at: usize,
    line: &'v str,
}

fn entries(whole: &Value) -> impl Iterator<Item = Entry<'_>> {
    let events = whole.get("hooks").and_then(Value::as_object);
    events.into_iter().flatten().flat_map(|(event, list)| {
        let groups = list.as_array().into_iter().flatten().enumerate();
        groups.flat_map(move |(group, entry)| {
            // An entry is a hook, or a group of them.
            let inner = match entry.get("hooks").and_then(Value::as_array) {
                Some(inner) => inner.as_slice(),
                None => std::slice::from_ref(entry),
            };
            inner.iter().enumerate().filter_map(move |(at, hook)| {
                let line = LINES.iter().find_map(|key| hook.get(*key)?.as_str());
                let line = line.filter(|line| is_ours(line))?;
                Some(Entry {
                    event,
                    group,
                    at,
                    line,
                })
            })
        })
    })
}

/// What a text of JSON with comments says.
pub fn value(text: &str) -> Option<Value> {
    parse(text).ok()?.to_serde_value()
}

/// What a settings file says: TOML by its name, else JSON with comments.
pub fn value_of(file: &Path, text: &str) -> Option<Value> {
    match is_toml(file) {
        true => serde_json::to_value(toml::from_str::<toml::Table>(text).ok()?).ok(),
        false => value(text),
    }
}

fn is_toml(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension == "toml")
}

/// A setting that is true or false.
pub fn setting(file: &Path, text: &str, keys: &[&str]) -> Option<bool> {
    let whole = value_of(file, text)?;
    keys.iter()
        .try_fold(&whole, |value, key| value.get(key))?
        .as_bool()
}

fn parse(text: &str) -> Result<CstRootNode, Mistake> {
    CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| {
        let (line, column) = (error.line_display(), error.column_display());
        Mistake(format!("it is not JSON (line {line}, column {column})"))
    })
}

fn wrong(what: &str, wanted: &str) -> Mistake {
    Mistake(format!("{what} is not {wanted}"))
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(flag) => CstInputValue::Bool(*flag),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| (key.clone(), input(value)));
            CstInputValue::Object(fields.collect())
        }
    }
}
