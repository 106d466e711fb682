//! Rules, texts and ways to cut them.

#[path = "../support/acme.rs"]
mod acme;

use std::sync::LazyLock;

use keysieve::engine::{Engine, RuleSet};
use keysieve::rule::compile_file;

use super::encode::encoded;
use proptest::prelude::*;
use proptest::sample::Index;

/// Further rules, so that there are some of every kind. Matches begin before and behind their keywords, overlap each other,
/// and hold blanks and line ends.
const RULES: &str = r#"
[[rule]]
id = "acme-lead"
description = "a plain sequence that begins before its keyword"
severity = "high"
keywords = [":AA"]
pattern = '[0-9]{4,6}:AA[a-z]{4}'
randomness = 0
placeholders = false
examples = ["1234:AAabcd", "123456:AAabcd"]
counter_examples = [":AA", "1:AAabcd"]

[[rule]]
id = "acme-tail"
description = "a long match with its keyword at the end"
severity = "low"
keywords = ["zq!"]
pattern = '[A-Z][a-z0-9_ =.:-]{3,120}zq!'
boundary = "none"
randomness = 0
placeholders = false
examples = ["Abc zq!", "Xa.b.czq!"]
counter_examples = ["zq!", "azq"]

[[rule]]
id = "acme-before"
description = "a secret lines before its keyword"
severity = "low"
keywords = ["kind"]
pattern = '(?m)^data ([a-z0-9]{4,8})\n(?:[a-z ]{0,20}\n){0,3}kind'
randomness = 0
placeholders = false
examples = ["data abcd\nkind", "data abcd1\nx\ny\nkind"]
counter_examples = ["kind", "data a\nkind"]

[[rule]]
id = "acme-url"
description = "a check that looks behind the match"
severity = "low"
keywords = ["://"]
pattern = '[a-z]{2,9}://[a-z]{0,9}:([a-z0-9]{4,12})@[a-z]'
structure = "url"
randomness = 0
examples = ["db://me:s3cr3t@db.internal/", "db://me:ab12cd@h7.internal "]
counter_examples = ["://", "db://a:b@c"]

[[rule]]
id = "acme-block"
description = "what stands between two markers"
severity = "critical"
kind = "block"
keywords = ["KEY>>"]
begin = '<<(?:A |B )?KEY>>'
end = '<</K>>'
alphabet = 'a-zA-Z0-9\n +/=.-'
min_len = 8
randomness = 0
placeholders = false
examples = ["<<KEY>>abcdefghij<</K>>", "<<A KEY>>abcdefghij"]
counter_examples = ["<<KEY>>a<</K>>", "<<KEY>>"]
"#;

/// The generic rules as they are, so that words around a value decide.
const GENERIC: &str = include_str!("../../rules/generic.toml");

/// What the inputs are made of: whole credentials, their parts, and what may follow or precede them.
const PIECES: &[&str] = &[
    "1234:AA",
    "1234:AAabcd",
    "acme_key is set: abc123",
    "'",
    "\\\"",
    "<<KEY>>",
    "<<",
    "A ",
    "KEY",
    "<<B KEY>>abcd efgh\nijkl+/=<</K>>",
    "K zq!",
    "data abcd\n",
    "kind",
    "data abc123\nx y\nkind",
    "db://me:s3cr3t@",
    "db://me:ab12cd@db",
    "localhost",
    "/",
    "password = 'h7Gk2!pQx9'",
    "password=h7Gk2pQx9\n",
    "password: ",
    "PASSWORD",
    "token",
    "secret_key",
    ": ",
    "\"password\": \"h7Gk2pQx9\"",
    "h7Gk2!pQx9",
    "Xk39sLq02mZp",
    ",",
    "value",
    "\"value\": \"",
    "name: ",
    "- ",
    "<password>",
    "</password>",
    "<value>",
    "|\n  ",
    "new Key(\"",
    ")",
    "(",
    "--password ",
    "Authorization: ",
    "Bearer ",
    "is \"",
    "f(\"",
    "=>",
    ":=",
    "str = ",
    "test",
    "user",
    "sha",
    "example",
    "login",
    "\u{1b}[1;31m",
    "$ ",
    "[REDACTED:acme-plain]",
    "[REDACTED:known-value:7f3a]",
    "[REDACTED:",
    "[",
    "]",
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
];

/// The small rules beside the generic ones.
pub fn small() -> &'static Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
        let mut rules =
            compile_file("acme.toml", &acme::with(RULES)).expect("the test's own rules");
        rules.extend(compile_file("generic.toml", GENERIC).expect("the rules compile"));
        Engine::new(RuleSet::new(rules)).with_dropped()
    });
    &ENGINE
}

/// All embedded rules.
pub fn full() -> &'static Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
        // Identifiers are left where they are: a test of their own says so.
        let rules = RuleSet::embedded().filtered(|rule| rule.alone);
        Engine::new(rules).with_dropped()
    });
    &ENGINE
}

/// Bytes that a failure shows as text.
#[derive(Clone, PartialEq)]
pub struct Text(pub Vec<u8>);

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let bytes = |unit: u16| {
        if big {
            unit.to_be_bytes()
        } else {
            unit.to_le_bytes()
        }
    };
    text.encode_utf16().flat_map(bytes).collect()
}

/// Text of pieces, with long stretches between some of them.
pub fn pieces(most: usize) -> impl Strategy<Value = Text> {
    let any_piece = || any::<Index>().prop_map(|i| acme::pick(i, PIECES));
    let piece = prop_oneof![
        24 => any_piece().prop_map(|piece| piece.as_bytes().to_vec()),
        2 => (any::<u8>(), 1usize..200).prop_map(|(b, n)| vec![b' ' + b % 90; n]),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
        2 => encoded(proptest::collection::vec(any_piece(), 0..8).prop_map(|all| all.concat().into_bytes())),
        2 => encoded(any_piece().prop_map(|piece| format!("{piece} ak_0123456789ab{piece}").into_bytes())),
        1 => (any_piece(), any_piece(), any::<bool>()).prop_map(|(a, b, big)| {
            utf16(&format!("{a}{b} and ak_abc12345"), big)
        }),
    ];
    proptest::collection::vec(piece, 0..most).prop_map(|pieces| Text(pieces.concat()))
}

/// An example or counter-example of an embedded rule.
fn example(choice: acme::Choice) -> Vec<u8> {
    acme::example(full().rules().rules(), choice)
}

/// Examples and counter-examples of the embedded rules between stretches of text.
pub fn examples(most: usize) -> impl Strategy<Value = Text> {
    let piece = prop_oneof![
        4 => (any::<Index>(), any::<Index>(), any::<u64>()).prop_map(example),
        1 => encoded((any::<Index>(), any::<Index>(), any::<u64>()).prop_map(example)),
        2 => any::<Index>().prop_map(|i| acme::pick(i, PIECES).as_bytes().to_vec()),
        1 => (1usize..40).prop_map(|n| "let total = total + item.price * 2;\n".repeat(n).into_bytes()),
        2 => Just(b"\n".to_vec()),
    ];
    proptest::collection::vec(piece, 1..most).prop_map(|pieces| Text(pieces.concat()))
}

/// The same, each on a line of its own.
pub fn example_lines(most: usize) -> impl Strategy<Value = Text> {
    proptest::collection::vec(examples(2), 1..most).prop_map(|lines| {
        let lines: Vec<Vec<u8>> = lines.into_iter().map(|line| line.0).collect();
        Text(lines.join(&b"\nlet total = total + item.price * 2;\n"[..]))
    })
}

/// Where to cut: at few places, at many, or at every byte.
pub fn cuts() -> impl Strategy<Value = Cuts> {
    prop_oneof![
        3 => proptest::collection::vec(any::<Index>(), 0..6).prop_map(Cuts::Few),
        1 => (1usize..40).prop_map(Cuts::Every),
    ]
}

/// A way to cut a text.
#[derive(Debug, Clone)]
pub enum Cuts {
    Few(Vec<Index>),
    Every(usize),
}

impl Cuts {
    /// The chunks of `text`.
    pub fn of<'t>(&self, text: &'t [u8]) -> Vec<&'t [u8]> {
        match self {
            Cuts::Every(size) => text.chunks(*size).collect(),
            Cuts::Few(at) => {
                let mut at: Vec<usize> = at.iter().map(|i| i.index(text.len() + 1)).collect();
                at.sort_unstable();
                at.push(text.len());
                let mut from = 0;
                let mut chunks = Vec::new();
                for to in at {
                    chunks.push(&text[from..to]);
                    from = to;
                }
                chunks
            }
        }
    }
}
