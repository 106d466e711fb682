//! Files that are nothing but secrets, known by their paths.

use serde_json::{Map, Value};

use super::text::placeholder;

/// What becomes of a read of such a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FilePolicy {
    /// It does not happen.
    #[default]
    Deny,
    /// It happens, and every value in it is covered, whether a rule knows it or not. Where the agent cannot replace
    /// what is read it is denied.
    Redact,
    /// A person decides. Where the agent cannot ask it is denied.
    Ask,
}

impl FilePolicy {
    /// The names used on the command line.
    pub const NAMES: [&'static str; 3] = ["deny", "redact", "ask"];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<FilePolicy> {
        match name {
            "deny" => Some(FilePolicy::Deny),
            "redact" => Some(FilePolicy::Redact),
            "ask" => Some(FilePolicy::Ask),
            _ => None,
        }
    }
}

/// Files with these names.
const NAMES: [&str; 24] = [
    ".env",
    ".envrc",
    ".netrc",
    "_netrc",
    ".pgpass",
    "pgpass.conf",
    ".my.cnf",
    ".pypirc",
    ".git-credentials",
    ".htpasswd",
    ".vault-token",
    ".dockercfg",
    "credentials.tfrc.json",
    "application_default_credentials.json",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_ecdsa_sk",
    "id_ed25519_sk",
    "master.key",
    "shadow",
    "secring.gpg",
    "kubeconfig",
];

/// Files with these extensions: private keys and stores of keys.
const EXTENSIONS: [&str; 8] = ["key", "p12", "pfx", "jks", "keystore", "kdbx", "ppk", "p8"];

/// Files whose paths end so.
const ENDS: [&str; 8] = [
    ".aws/credentials",
    ".docker/config.json",
    ".kube/config",
    ".config/gh/hosts.yml",
    ".azure/accessTokens.json",
    ".codex/auth.json",
    ".claude/.credentials.json",
    ".gem/credentials",
];

/// Endings of names that are made to be shared: `.env.example`.
const SHARED: [&str; 8] = [
    "example", "sample", "template", "dist", "tmpl", "tpl", "defaults", "schema",
];

/// Whether a path is that of a file that holds nothing but secrets.
pub fn is_secret(path: &str) -> bool {
    let path = path.replace('\\', "/");
    let name = path.rsplit('/').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let extension = lower
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension);
    if SHARED.contains(&extension) || lower.ends_with(".pub") {
        return false;
    }
    // `shadow` is a fine name for a style sheet; the system's file has its place.
    if lower == "shadow" {
        return path == "/etc/shadow";
    }
    let environment = path.starts_with("/proc/") && lower == "environ";
    NAMES.contains(&&lower[..])
        || lower.starts_with(".env.")
        || EXTENSIONS.contains(&extension)
            && lower != "public.key"
            && lower.len() > extension.len() + 1
        || lower.ends_with("-key.pem")
        || lower.ends_with("_key.pem")
        || matches!(&lower[..], "privkey.pem" | "private.pem" | "key.pem")
        || ENDS.iter().any(|end| {
            path.strip_suffix(end)
                .is_some_and(|head| head.is_empty() || head.ends_with('/'))
        })
        || environment
}

/// The content of such a file with every value covered: of lines `NAME=value` and `NAME: value` the names stay, of
/// anything else nothing.
pub fn covered(content: &str) -> String {
    let cover = placeholder("secret-file");
    let mut out = String::with_capacity(content.len());
    let mut whole = false;
    for line in content.split_inclusive('\n') {
        let text = line.trim_end_matches(['\n', '\r']);
        let end = &line[text.len()..];
        match shown(text) {
            Some(head) => {
                out.push_str(head);
                if head.len() < text.len() {
                    out.push_str(&cover);
                }
                out.push_str(end);
                whole = false;
            }
            // One placeholder for the lines of a key, however many.
            None if !whole => {
                out.push_str(&cover);
                out.push_str(end);
                whole = true;
            }
            None => {}
        }
    }
    out
}

/// How much of a line says nothing secret; `None` where all of it may.
fn shown(line: &str) -> Option<&str> {
    let text = line.trim_start();
    if text.is_empty() || text.starts_with(placeholder("secret-file").as_str()) {
        return Some(line);
    }
    // A line number that the agent's tool puts before a line: `    12→NAME=value` or `12\tNAME`.
    let body = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let body = match body.strip_prefix(['\u{2192}', '\t', ':']) {
        Some(rest) if body.len() < text.len() => rest,
        _ => text,
    };
    let body = body.strip_prefix("export ").unwrap_or(body);
    let length = body
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ':')))
        .unwrap_or(body.len());
    let name = &body[..length];
    // `key:` of YAML and netrc's words are no `NAME=`; only an equals sign is sure to end a name.
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && name.len() <= 64;
    let assigned = body[length..].starts_with('=');
    (is_name && assigned).then(|| &line[..line.len() - body.len() + length + 1])
}

/// Covers every text in a tool's output that may be the file's content.
pub fn covered_value(value: &Value, path: Option<&str>) -> Value {
    texts(value, &mut |text| match Some(text) == path {
        true => text.to_owned(),
        false => covered(text),
    })
}

/// Puts `change`'s answer in the place of every text in a tool's output, except for short ones under keys that say what
/// shape it is: an agent drops a replacement that has not the shape of the original, and shows the original.
pub fn texts(value: &Value, change: &mut dyn FnMut(&str) -> String) -> Value {
    const SHAPE: [&str; 12] = [
        "type",
        "resultType",
        "result_type",
        "role",
        "mode",
        "encoding",
        "filePath",
        "file_path",
        "path",
        "uri",
        "title",
        "mimeType",
    ];
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| texts(item, change)).collect()),
        Value::Object(fields) => {
            let mut new = Map::new();
            for (key, value) in fields {
                let shape = SHAPE.contains(&&key[..])
                    && value.as_str().is_some_and(|text| text.len() <= 256);
                let value = match shape {
                    true => value.clone(),
                    false => texts(value, change),
                };
                new.insert(key.clone(), value);
            }
            Value::Object(new)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_secret_files() {
        let cases = [
            (".env", true),
            ("/app/.env.production", true),
            (".env.example", false),
            (".env.local.sample", false),
            ("src/env.rs", false),
            ("C:\\Users\\me\\.ssh\\id_ed25519", true),
            ("/home/me/.ssh/id_ed25519.pub", false),
            ("/home/me/.aws/credentials", true),
            ("docs/aws/credentials", false),
            ("/etc/shadow", true),
            ("css/shadow", false),
            ("/proc/self/environ", true),
            ("tls/server.key", true),
            ("tls/server-key.pem", true),
            ("tls/ca.pem", false),
            ("~/.kube/config", true),
            (".git/config", false),
            ("i18n/en.key.ts", false),
        ];
        for (path, want) in cases {
            assert_eq!(is_secret(path), want, "{path}");
        }
    }

    #[test]
    fn keeps_names_and_nothing_else() {
        let cases = [
            ("A=1\n", "A=[REDACTED:secret-file]\n"),
            (
                "export A_B='x y'\r\n\nC=",
                "export A_B=[REDACTED:secret-file]\r\n\nC=",
            ),
            (
                "     3\u{2192}A=1",
                "     3\u{2192}A=[REDACTED:secret-file]",
            ),
            ("machine h password x\n", "[REDACTED:secret-file]\n"),
            (
                "first\nsecond\nA=b\nthird",
                "[REDACTED:secret-file]\nA=[REDACTED:secret-file]\n[REDACTED:secret-file]",
            ),
            ("# old: hunter2\n", "[REDACTED:secret-file]\n"),
        ];
        for (content, want) in cases {
            assert_eq!(covered(content), want);
            assert_eq!(covered(want), want, "covering twice changes nothing more");
        }
    }
}
