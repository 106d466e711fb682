//! The string literals of a JSON text, where they stand: so that one can be changed and nothing beside it.

use std::ops::Range;

use serde::de::IgnoredAny;

/// A step on the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into an object, under this key.
    Key(String),
    /// Into a list, at this place.
    At(usize),
}

/// A string literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Its bytes, quotes included.
    pub span: Range<usize>,
    /// What it says.
    pub text: String,
    /// The way to it; to its object where it is a key.
    pub path: Vec<Step>,
    /// Whether it is a key.
    pub is_key: bool,
}

impl Literal {
    /// The key that it stands under.
    pub fn key(&self) -> Option<&str> {
        match self.path.last() {
            Some(Step::Key(key)) if !self.is_key => Some(key),
            _ => None,
        }
    }

    /// The way to it, for people.
    pub fn shown_path(&self) -> String {
        let steps = self.path.iter().map(|step| match step {
            Step::Key(key) if key.chars().count() <= 40 => key.clone(),
            Step::Key(_) => "...".to_owned(),
            Step::At(at) => at.to_string(),
        });
        steps.collect::<Vec<_>>().join(".")
    }
}

/// The string literals of `json`, in their order; `None` where it is no JSON value.
pub fn literals(json: &str) -> Option<Vec<Literal>> {
    // From here on it is known to be well formed.
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    let bytes = json.as_bytes();
    let mut all = Vec::new();
    let mut path: Vec<Step> = Vec::new();
    // Whether the next string in an object is a key.
    let mut key_next = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => {
                path.push(Step::Key(String::new()));
                key_next = true;
            }
            b'[' => path.push(Step::At(0)),
            b'}' | b']' => {
                path.pop();
                key_next = false;
            }
            b',' => match path.last_mut() {
                Some(Step::At(index)) => *index += 1,
                _ => key_next = true,
            },
            b'"' => {
                let end = at + literal_length(&bytes[at..]);
                let text: String = serde_json::from_str(&json[at..end]).ok()?;
                let is_key = key_next && matches!(path.last(), Some(Step::Key(_)));
                let mut way = path.clone();
                if is_key {
                    way.pop();
                    *path.last_mut()? = Step::Key(text.clone());
                    key_next = false;
                }
                all.push(Literal {
                    span: at..end,
                    text,
                    path: way,
                    is_key,
                });
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    Some(all)
}

/// How long the literal is that `bytes` begin with.
fn literal_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(next) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        at += next;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at = (at + 2).min(bytes.len());
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn shown(json: &str) -> Vec<(String, String, bool)> {
        let all = literals(json).expect("JSON");
        all.into_iter()
            .map(|l| (l.shown_path(), l.text, l.is_key))
            .collect()
    }

    #[test]
    fn knows_the_way_to_each() {
        let got = shown(r#" {"a":["x",{"b\"":"\u0079"}],"c":{},"d":[],"e":"z"} "#);
        let want = [
            ("", "a", true),
            ("a.0", "x", false),
            ("a.1", "b\"", true),
            ("a.1.b\"", "y", false),
            ("", "c", true),
            ("", "d", true),
            ("", "e", true),
            ("e", "z", false),
        ];
        let want: Vec<_> = want
            .iter()
            .map(|(p, t, k)| ((*p).to_owned(), (*t).to_owned(), *k))
            .collect();
        assert_eq!(got, want);
        assert_eq!(shown(r#""x""#), [(String::new(), "x".to_owned(), false)]);
        for bad in ["", "{", "x", "{\"a\":\"b}", "[1,]", "{} {}"] {
            assert_eq!(literals(bad), None, "{bad}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
            "[\"\\\\\\n\u{0}{}\\[\\],:]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("\\PC{0,4}", inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    /// All strings in the order of the text.
    fn strings(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::String(text) => all.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| strings(item, all)),
            Value::Object(fields) => fields.iter().for_each(|(key, value)| {
                all.push(key.clone());
                strings(value, all);
            }),
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn finds_every_string(value in value(), pretty: bool) {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            let mut want = Vec::new();
            strings(&value, &mut want);
            let all = literals(&text).expect("JSON");
            let got: Vec<String> = all.iter().map(|literal| literal.text.clone()).collect();
            prop_assert_eq!(got, want);
            for literal in all {
                let back: String = serde_json::from_str(&text[literal.span.clone()]).expect("a literal");
                prop_assert_eq!(&back, &literal.text);
                if !literal.is_key {
                    let at = literal.path.iter().try_fold(&value, |value, step| match step {
                        Step::Key(key) => value.get(key),
                        Step::At(at) => value.get(at),
                    });
                    prop_assert_eq!(at, Some(&json!(literal.text)));
                }
            }
        }
    }
}
