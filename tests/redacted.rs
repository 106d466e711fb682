//! A scan of text that has been redacted before: placeholders are no findings, and hide none.

use std::sync::LazyLock;

use keysieve::engine::example::expand;
use keysieve::engine::{Engine, RuleSet};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(RuleSet::embedded()));

/// The rules that keep something in `text`, with what they keep.
fn kept(text: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let candidates = ENGINE.scan("", text, &mut ENGINE.scratch());
    let kept = candidates.into_iter().filter(|candidate| candidate.kept());
    let mut kept: Vec<(&'static str, Vec<u8>)> = kept
        .map(|candidate| {
            let secret = candidate.secret.start as usize..candidate.secret.end as usize;
            let id = &*ENGINE.rules().rules()[candidate.rule as usize].id;
            (id, text[secret].to_vec())
        })
        .collect();
    kept.sort();
    kept
}

/// The ids that placeholders may name, each also with a tag.
fn placeholders() -> impl Iterator<Item = String> {
    let ids = ENGINE.rules().rules().iter().map(|rule| &*rule.id);
    ids.chain(["known-value"])
        .flat_map(|id| [format!("[REDACTED:{id}]"), format!("[REDACTED:{id}:7f3a]")])
}

#[test]
fn what_a_placeholder_says_names_nothing() {
    let values = [
        "h7Gk2!pQx9".to_owned(),
        expand("<hex:32>", 1),
        expand("<b62:40>", 2),
    ];
    for value in &values {
        // As a name it would.
        let named = |name: &str| kept(format!("{name}: {value}\n").as_bytes());
        assert!(!named("generic-password").is_empty(), "{value}");
        assert!(!named("[REDACTED:some-password]").is_empty(), "{value}");
        for placeholder in placeholders() {
            for between in [": ", "=", " = ", ":", " "] {
                let text = format!("the log says\n{placeholder}{between}{value}\nand so on\n");
                assert_eq!(kept(text.as_bytes()), [], "{text}");
            }
        }
    }
}

/// What touches a placeholder is found as it is beside any word in brackets, but its place may have more in it.
#[test]
fn nothing_beside_a_placeholder_is_hidden() {
    for rule in ENGINE.rules().rules().iter().filter(|rule| rule.alone) {
        for (number, example) in rule.examples.iter().enumerate() {
            let example = expand(example, number as u64);
            for between in ["\n", " ", ""] {
                let beside = |placeholder: &str| {
                    let text = [placeholder, between, &example, between, placeholder].concat();
                    kept(text.as_bytes())
                };
                let rules = |kept: &[(&'static str, Vec<u8>)]| -> Vec<&'static str> {
                    kept.iter().map(|(rule, _)| *rule).collect()
                };
                let (found, want) = (beside("[REDACTED:known-value:7f3a]"), beside("[REDACTED]"));
                assert_eq!(rules(&found), rules(&want), "{example}");
                assert!(found == want || between.is_empty(), "{example}");
            }
        }
    }
}
