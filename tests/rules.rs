//! The embedded rules: what they promise of themselves, and what they cost.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use keysieve::engine::example::failures;
use keysieve::engine::{Engine, RuleSet};
use rayon::prelude::*;

#[test]
fn examples_fire_and_counter_examples_do_not() {
    let engine = Engine::new(RuleSet::embedded()).with_dropped();
    let wrong: Vec<String> = engine
        .rules()
        .rules()
        .par_iter()
        .flat_map_iter(|rule| {
            failures(&engine, rule)
                .into_iter()
                .map(|said| format!("{} {said}", rule.id))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} failures\n{}",
        wrong.len(),
        wrong.join("\n")
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
    assert!(provider_rules >= 600, "{provider_rules} provider rules");
    assert!(providers.len() >= 400, "{} providers", providers.len());
}

/// Parts that nothing joins would be hidden for nothing.
#[test]
fn every_group_of_parts_has_a_main_part_and_another_one() {
    let rules = RuleSet::embedded();
    let mut groups: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for part in rules.rules().iter().filter_map(|rule| rule.part.as_ref()) {
        for group in part.groups.iter() {
            groups.entry(group).or_default()[usize::from(part.main)] += 1;
        }
    }
    assert!(groups.len() >= 5, "{groups:?}");
    assert!(
        groups.values().flatten().all(|count| *count > 0),
        "{groups:?}"
    );
}

/// Frequent keywords decide the speed: on source code (this package's own, which speaks of credentials more than most)
/// no rule has more hits than the budget that it declares.
#[test]
fn no_rule_costs_more_than_its_budget() {
    let engine = Engine::new(RuleSet::embedded()).with_stats();
    let mut scratch = engine.scratch();
    let mut bytes = 0;
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the package has its sources") {
            let path = entry.expect("its entries can be listed").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read(path).expect("sources can be read");
            bytes += text.len();
            engine.examine("", &text, &mut scratch, &mut |_| {});
        }
    }
    let megabytes = bytes as f64 / 1e6;
    let dear: Vec<String> = engine
        .rules()
        .rules()
        .iter()
        .zip(&scratch.counters.by_rule)
        .map(|(rule, counts)| (rule, counts[0] as f64 / megabytes))
        .filter(|(rule, hits)| *hits > f64::from(rule.budget))
        .map(|(rule, hits)| format!("{}: {hits:.0} hits per MB, budget {}", rule.id, rule.budget))
        .collect();
    assert!(dear.is_empty(), "{}", dear.join("\n"));
}
