//! The trained score: boosted trees over whole numbers, laid down as one table.

use super::features::{COUNT, Vector};
use super::weights::{BASE, HIGH, LOW, MEDIUM, NODES, ROOTS};
use crate::model::Confidence;

/// A node of a tree. Values are in points: hundredths of the natural logarithm of the odds.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    /// Index of the feature that is asked for; [`LEAF`] where the tree ends.
    pub feature: u8,
    /// Up to this value the next node is it, above it is the one at `above`.
    pub threshold: i16,
    /// Where to go on, counted from this node.
    pub above: u8,
    /// What is expected of the candidates that come here.
    pub value: i16,
}

/// Marks a leaf.
pub const LEAF: u8 = u8::MAX;

/// A score and how it came about.
#[derive(Debug, Clone)]
pub struct Score {
    /// The score in points.
    pub points: i32,
    /// What each feature added to it.
    shares: [i32; COUNT],
}

/// Scores a candidate.
pub fn score(vector: &Vector) -> Score {
    let mut score = Score {
        points: BASE,
        shares: [0; COUNT],
    };
    for &root in &ROOTS {
        let mut at = usize::from(root);
        let mut node = &NODES[at];
        score.points += i32::from(node.value);
        while node.feature != LEAF {
            let feature = usize::from(node.feature);
            at += if vector[feature] <= node.threshold {
                1
            } else {
                usize::from(node.above)
            };
            let step = i32::from(NODES[at].value) - i32::from(node.value);
            score.points += step;
            score.shares[feature] += step;
            node = &NODES[at];
        }
    }
    score
}

impl Score {
    /// How sure the score is, if it is a finding at all.
    pub fn confidence(&self) -> Option<Confidence> {
        match self.points {
            points if points >= HIGH => Some(Confidence::High),
            points if points >= MEDIUM => Some(Confidence::Medium),
            points if points >= LOW => Some(Confidence::Low),
            _ => None,
        }
    }

    /// The feature that spoke most against it.
    pub fn against(&self) -> u8 {
        let least = (0..COUNT).min_by_key(|&at| self.shares[at]);
        least.unwrap_or(0) as u8
    }

    /// The features that decided, the three strongest for it and the strongest against it, with their points.
    pub fn strongest(&self) -> impl Iterator<Item = (usize, i32)> + use<> {
        let mut order: [usize; COUNT] = std::array::from_fn(|at| at);
        order.sort_by_key(|&at| -self.shares[at]);
        let picked = [order[0], order[1], order[2], order[COUNT - 1]];
        let shares = picked.map(|at| (at, self.shares[at]));
        shares.into_iter().filter(|(_, points)| *points != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every walk ends: what stands below a node comes behind it, and features and roots exist.
    #[test]
    fn the_table_is_sound() {
        let sorted = ROOTS.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(sorted && usize::from(ROOTS[ROOTS.len() - 1]) < NODES.len());
        for (at, node) in NODES.iter().enumerate() {
            if node.feature != LEAF {
                assert!(usize::from(node.feature) < COUNT, "node {at}");
                assert!(
                    node.above > 1 && at + usize::from(node.above) < NODES.len(),
                    "node {at}"
                );
            }
        }
        const { assert!(LOW < MEDIUM && MEDIUM < HIGH) };
    }

    /// What the features added sums up to the score.
    #[test]
    fn shares_explain_the_whole_score() {
        let vector = std::array::from_fn(|at| at as i16);
        let score = score(&vector);
        let roots: i32 = ROOTS
            .iter()
            .map(|&at| i32::from(NODES[usize::from(at)].value))
            .sum();
        assert_eq!(
            score.points,
            BASE + roots + score.shares.iter().sum::<i32>()
        );
    }
}
