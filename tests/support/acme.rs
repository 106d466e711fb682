//! Rules with short windows, so that small inputs are larger than all of them, and what such inputs are made of.

use keysieve::engine::example::expand;
use keysieve::rule::Rule;
use proptest::sample::Index;

/// A provider's rules, one of most kinds.
const RULES: &str = r#"
[provider]
id = "acme"
name = "Acme"
rotate = "Turn it."
replace = "Something that ends by itself."
references = ["https://acme.example/docs"]

[[rule]]
id = "acme-plain"
description = "a plain sequence"
severity = "high"
keywords = ["ak_"]
pattern = 'ak_[a-z0-9]{8,12}'
randomness = 0
placeholders = false
examples = ["ak_<lower:9>", "x=ak_<lower:12>"]
counter_examples = ["ak_", "ak_1"]

[[rule]]
id = "acme-regex"
description = "a pattern that needs the regular-expression engine, its keyword in the middle"
severity = "critical"
keywords = ["-k-"]
pattern = '(?:[a-z]{2}|[0-9]{3,5})-k-(?:[a-f]{4}|[a-z0-9]{6,9})'
randomness = 0
placeholders = false
examples = ["ab-k-abcdef", "123-k-abcdefgh"]
counter_examples = ["-k-", "a-k-b"]

[[rule]]
id = "acme-group"
description = "a secret that is a part of the match, in any case"
severity = "low"
keywords = ["pin"]
ignore_case = true
pattern = '(?i)pin[:=] ?([a-z0-9]{4,6})'
randomness = 0
placeholders = false
examples = ["pin=12ab", "PIN: abcd"]
counter_examples = ["pin", "pin="]

[[rule]]
id = "acme-assigned"
description = "a value assigned to the provider's name"
severity = "medium"
kind = "assignment"
keywords = ["acme_key"]
value = '[a-z0-9]{6,20}'
randomness = 0
placeholders = false
examples = ["acme_key = 'abc123'", "ACME_KEY=abcdef12"]
counter_examples = ["acme_key", "acme_key = f()"]

[[rule]]
id = "acme-run"
description = "a head and the run behind it"
severity = "high"
kind = "run"
keywords = ["rn."]
pattern = 'rn\.[a-z]{2}'
alphabet = 'a-z0-9.'
min_len = 10
randomness = 0
placeholders = false
examples = ["rn.abcdefghij", "x rn.ab12345678"]
counter_examples = ["rn.a", "rn.ab"]
"#;

/// Whole credentials, their parts, and what may follow or precede them.
const PIECES: &[&str] = &[
    "zq!",
    "ak_",
    "ak_abc12345",
    "ak_0123456789ab",
    "_",
    "-k-",
    "ab",
    "12345",
    "abcdef",
    "pin",
    "PIN: ",
    "=",
    "pin=1a2b",
    "acme_key",
    " = ",
    "\"",
    "'q1w2e3r4'",
    "rn.",
    "rn.ab",
    "rn.abcdefghijklmnopqrst.uv",
    ".",
    "<</K>>",
    "<</",
    "\n",
    "\r\n",
    " ",
    "\0",
    "é",
    "\u{feff}",
    "\\n",
    "%3D",
    "\u{1b}[0m",
];

/// The rules, and `more` of the same provider.
pub fn with(more: &str) -> String {
    [RULES, more].concat()
}

/// One of the pieces, or of `more`.
pub fn pick(at: Index, more: &[&'static str]) -> &'static str {
    let at = at.index(PIECES.len() + more.len());
    match at.checked_sub(PIECES.len()) {
        None => PIECES[at],
        Some(at) => more[at],
    }
}

/// A rule, one of its examples, and the seed of what is random in that.
pub type Choice = (Index, Index, u64);

/// An example or counter-example of one of `rules`.
pub fn example(rules: &[Rule], (rule, example, seed): Choice) -> Vec<u8> {
    let rule = &rules[rule.index(rules.len())];
    let all: Vec<_> = rule
        .examples
        .iter()
        .chain(rule.counter_examples.iter())
        .collect();
    expand(all[example.index(all.len())], seed).into_bytes()
}
