//! Whether a verdict on a generic value can still change with what follows the value.

use super::features::{NEAR, near};
use super::{CONTEXT, Case, generic, trees};
use crate::engine::assignment::{Assigned, Quote};

/// Whether the verdict on `case`, a value whose reading is over, stands whatever follows the text.
///
/// Two bytes behind the value tell what it is delimited by. Beyond them only words within [`CONTEXT`] bytes count, in
/// three features; where none of the values that these can still take changes the verdict, it stands.
pub fn is_settled(case: &Case<'_>, assigned: &Assigned) -> bool {
    let (hay, end) = (case.hay, assigned.value.end);
    let Some(next) = hay.get(end) else {
        return false;
    };
    let single = assigned.quote == Quote::None && matches!(next, b'\n' | b'\r');
    if !single && hay.len() < end + 2 {
        return false;
    }
    let behind = end.max(assigned.name.end);
    if hay.len() >= behind + CONTEXT {
        return true;
    }
    let Ok(vector) = generic::vector(case, assigned) else {
        return true;
    };
    let seen = near(&hay[behind..]);
    let kept = |future: usize| {
        let mut vector = vector;
        for (feature, seen) in seen.iter().enumerate() {
            let comes = future >> feature & 1 == 1;
            vector[NEAR + feature] += i16::from(comes && *seen == 0);
        }
        trees::score(&vector).confidence().is_some()
    };
    let now = kept(0);
    (1..8).all(|future| kept(future) == now)
}

#[cfg(test)]
mod tests {
    use super::super::features::NAMES;
    use super::*;

    #[test]
    fn the_features_are_those_of_words_nearby() {
        for name in &NAMES[NEAR..NEAR + 3] {
            assert!(name.ends_with("nearby"), "{name}");
        }
    }
}
