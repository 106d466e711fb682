//! Every embedded rule reports in its examples and is silent in its counter-examples, whatever is generated in them.

use keysieve::engine::example::expand;
use keysieve::engine::{Engine, RuleSet, Verdict};
use keysieve::rule::{Matcher, Rule};

const SEEDS: u64 = 12;

fn file_name(rule: &Rule) -> &str {
    match &rule.matcher {
        Matcher::File(file) => &file.files[0],
        _ => "",
    }
}

/// What became of the rule's candidates in `text`, for the message.
fn outcome(engine: &Engine, rule: &Rule, text: &str) -> (bool, String) {
    let found = engine.scan(file_name(rule), text.as_bytes(), &mut engine.scratch());
    let mine = found
        .iter()
        .filter(|c| engine.rules().rules()[c.rule as usize].id == rule.id);
    let kept = mine.clone().any(|c| c.kept());
    let said: Vec<String> = found
        .iter()
        .map(|c| {
            let rule = &engine.rules().rules()[c.rule as usize];
            match &c.verdict {
                Verdict::Keep(_) => format!("{} kept", rule.id),
                Verdict::Drop(reason) => format!("{} dropped, {reason}", rule.id),
            }
        })
        .collect();
    (kept, said.join("; "))
}

#[test]
fn examples_fire_and_counter_examples_do_not() {
    let engine = Engine::new(RuleSet::embedded()).with_dropped();
    let mut failures = Vec::new();
    for rule in engine.rules().rules() {
        for (texts, want) in [(&rule.examples, true), (&rule.counter_examples, false)] {
            for template in texts.iter() {
                let failed: Vec<u64> = (0..SEEDS)
                    .filter(|&seed| outcome(&engine, rule, &expand(template, seed)).0 != want)
                    .collect();
                // A random body can hold a placeholder's letters once in a great while, never twice in a dozen.
                if failed.len() > usize::from(want) {
                    let said = outcome(&engine, rule, &expand(template, failed[0])).1;
                    let side = if want {
                        "silent on example"
                    } else {
                        "fires on counter-example"
                    };
                    failures.push(format!(
                        "{} {side} {template:?} ({} of {SEEDS}): {said}",
                        rule.id,
                        failed.len()
                    ));
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn the_set_is_as_large_as_promised() {
    let rules = RuleSet::embedded();
    let providers: std::collections::BTreeSet<&str> = rules
        .rules()
        .iter()
        .map(|rule| &rule.provider_id[..])
        .collect();
    let provider_rules = rules
        .rules()
        .iter()
        .filter(|rule| !rule.is_generic())
        .count();
    assert!(provider_rules >= 60, "{provider_rules} provider rules");
    assert!(providers.len() >= 30, "{} providers", providers.len());
}
