//! Joins the parts of a credential that has several: an id beside its secret becomes a part of the secret's finding.
//!
//! The parts have been judged alone, each by its own rule; whether something is a secret is never decided here. What is
//! joined depends on what was found and on nothing else, so the way in which input was read cannot matter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Entry, Key};
use crate::model::{Fingerprint, Origin, Part, mask};
use crate::rule::Rule;

/// How many bytes may lie between the beginnings of two parts.
pub const WITHIN: u64 = 512;

/// A place of a part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Piece<'a> {
    group: &'a str,
    /// Accepted places are joined with accepted ones: what nobody accepted stays a finding.
    key: &'a Key,
    name: &'a str,
    main: bool,
    fingerprint: Fingerprint,
}

impl Piece<'_> {
    fn start(&self) -> u64 {
        self.key.2
    }

    fn belongs_with(&self, other: &Piece<'_>) -> bool {
        let scope = |piece: &Piece<'_>| -> (bool, Origin) { (piece.key.0, piece.key.1.clone()) };
        self.group == other.group
            && scope(self) == scope(other)
            && self.start().abs_diff(other.start()) <= WITHIN
    }
}

/// A place of a credential.
type Place = (Fingerprint, Key);

/// Puts the parts around each main part into its place, and takes their own places out. What has no place left is gone.
pub fn assemble<'r>(
    findings: &mut HashMap<Fingerprint, Entry>,
    identifiers: &HashMap<Fingerprint, Entry>,
    rule: impl Fn(u16) -> &'r Rule,
) {
    let mut pieces = Vec::new();
    for (fingerprint, entry) in findings.iter().chain(identifiers) {
        // What has been handed out cannot change any more.
        let Some(part) = rule(entry.rule).part.as_ref().filter(|_| !entry.told) else {
            continue;
        };
        for group in part.groups.iter() {
            pieces.extend(entry.locations.keys().map(|key| Piece {
                group,
                key,
                name: &part.name,
                main: part.main,
                fingerprint: *fingerprint,
            }));
        }
    }
    pieces.sort();
    let place = |piece: &Piece<'_>| -> Place { (piece.fingerprint, piece.key.clone()) };
    let joined: Vec<(Place, Vec<Place>)> = join(&pieces)
        .into_iter()
        .map(|(main, others)| (place(main), others.into_iter().map(place).collect()))
        .collect();
    let mut taken = BTreeSet::new();
    for ((main, key), others) in joined {
        let mut parts: Vec<Part> = others
            .iter()
            .filter_map(|(other, at)| {
                let entry = findings.get(other).or_else(|| identifiers.get(other))?;
                Some(part(entry, rule(entry.rule), at))
            })
            .flatten()
            .collect();
        parts.sort_by(|a, b| (a.start, &a.rule).cmp(&(b.start, &b.rule)));
        if let Some(place) = findings
            .get_mut(&main)
            .and_then(|e| e.locations.get_mut(&key))
        {
            place.parts.extend(parts);
            taken.extend(others);
        }
    }
    for (fingerprint, key) in taken {
        take_out(findings, fingerprint, &key);
    }
}

fn part(entry: &Entry, rule: &Rule, key: &Key) -> Option<Part> {
    let (place, part) = (entry.locations.get(key)?, rule.part.as_ref()?);
    Some(Part {
        rule: rule.id.to_string(),
        name: part.name.to_string(),
        masked: mask(entry.secret.expose()),
        start: place.start,
        end: place.end,
    })
}

fn take_out(findings: &mut HashMap<Fingerprint, Entry>, fingerprint: Fingerprint, key: &Key) {
    let Some(entry) = findings.get_mut(&fingerprint) else {
        return;
    };
    // With places that are not listed, one is left to show for them.
    let all = entry.count == entry.locations.len() as u64;
    if !all && entry.locations.len() == 1 {
        return;
    }
    if entry.locations.remove(key).is_some() {
        entry.count -= 1;
        entry.accepted -= u64::from(key.0);
    }
    if entry.locations.is_empty() {
        findings.remove(&fingerprint);
    }
}

/// For each main piece that has any: the nearest piece of each other name. `pieces` are sorted.
fn join<'p, 'a>(pieces: &'p [Piece<'a>]) -> Vec<(&'p Piece<'a>, Vec<&'p Piece<'a>>)> {
    let mut joined = Vec::new();
    for (at, main) in pieces.iter().enumerate().filter(|(_, piece)| piece.main) {
        // By group, origin and offset they stand next to each other.
        let before = pieces[..at].iter().rev();
        let behind = pieces[at + 1..].iter();
        let near = before
            .take_while(|other| main.belongs_with(other))
            .chain(behind.take_while(|other| main.belongs_with(other)));
        let mut nearest: BTreeMap<&str, &Piece<'_>> = BTreeMap::new();
        for other in near.filter(|other| !other.main) {
            let distance =
                |piece: &Piece<'_>| (main.start().abs_diff(piece.start()), piece.start());
            let best = nearest.entry(other.name).or_insert(other);
            if (distance(other), other.fingerprint) < (distance(best), best.fingerprint) {
                *best = other;
            }
        }
        if !nearest.is_empty() {
            joined.push((main, nearest.into_values().collect()));
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Group, file, offset, name, main.
    type Spec = (u8, u8, u64, u8);

    fn keys(specs: &[Spec]) -> Vec<Key> {
        let file = |n: u8| Origin::File(format!("f{n}"));
        let key = |(_, origin, offset, _): &Spec| (false, file(*origin), *offset);
        specs.iter().map(key).collect()
    }

    fn pieces<'a>(specs: &[Spec], keys: &'a [Key]) -> Vec<Piece<'a>> {
        let piece = |((group, _, _, name), key): (&Spec, &'a Key)| Piece {
            group: ["g0", "g1"][usize::from(*group)],
            key,
            name: ["main", "id", "tenant"][usize::from(*name)],
            main: *name == 0,
            fingerprint: Fingerprint(u128::from(key.2)),
        };
        let mut pieces: Vec<Piece<'_>> = specs.iter().zip(keys).map(piece).collect();
        pieces.sort();
        pieces
    }

    /// What `join` must find, by looking at every pair.
    fn by_hand(pieces: &[Piece<'_>]) -> Vec<(String, Vec<String>)> {
        let mut all = Vec::new();
        for main in pieces.iter().filter(|piece| piece.main) {
            let mut others = Vec::new();
            for name in ["id", "tenant"] {
                let fits = pieces.iter().filter(|other| {
                    other.name == name
                        && other.group == main.group
                        && other.key.1 == main.key.1
                        && other.start().abs_diff(main.start()) <= WITHIN
                });
                let nearest =
                    fits.min_by_key(|other| (other.start().abs_diff(main.start()), other.start()));
                others.extend(nearest.map(|piece| format!("{piece:?}")));
            }
            if !others.is_empty() {
                all.push((format!("{main:?}"), others));
            }
        }
        all
    }

    proptest! {
        #[test]
        fn joins_the_nearest_of_each_name_and_nothing_else(
            specs in prop::collection::vec((0u8..2, 0u8..2, 0u64..3000, 0u8..3), 0..24)
        ) {
            let keys = keys(&specs);
            let pieces = pieces(&specs, &keys);
            let joined = join(&pieces);
            let printed = joined.iter().map(|(main, others)| {
                (format!("{main:?}"), others.iter().map(|o| format!("{o:?}")).collect::<Vec<_>>())
            });
            prop_assert_eq!(printed.collect::<Vec<_>>(), by_hand(&pieces));
        }

        #[test]
        fn what_is_far_away_changes_nothing(
            specs in prop::collection::vec((0u8..2, 0u8..2, 0u64..3000, 0u8..3), 0..16),
            far in prop::collection::vec((0u8..2, 0u8..2, 3000 + WITHIN..9000, 1u8..3), 0..8)
        ) {
            let few = keys(&specs);
            let more = [specs.clone(), far].concat();
            let many = keys(&more);
            let alone = format!("{:?}", join(&pieces(&specs, &few)));
            let beside = format!("{:?}", join(&pieces(&more, &many)));
            prop_assert_eq!(alone, beside);
        }
    }
}
