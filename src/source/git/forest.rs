//! Which packed objects are based on which.

/// No entry.
pub const NONE: u32 = u32::MAX;

/// The entries of a pack as trees: the children of an entry are the deltas against it.
#[derive(Debug)]
pub struct Forest {
    /// What each entry is based on, or [`NONE`].
    base: Vec<u32>,
    /// The children of entry `e` are `children[starts[e]..starts[e + 1]]`, those with the fewest descendants first.
    starts: Vec<u32>,
    children: Vec<u32>,
    /// How many entries each stands above, itself included; 0 for one that no root leads to.
    weights: Vec<u32>,
}

impl Forest {
    /// From what each entry is based on.
    pub fn new(base: Vec<u32>) -> Forest {
        let (starts, children) = children(&base);
        let mut forest = Forest {
            weights: vec![0; base.len()],
            base,
            starts,
            children,
        };
        forest.weigh();
        let Forest {
            starts,
            children,
            weights,
            ..
        } = &mut forest;
        for range in starts.windows(2) {
            // Whoever walks down keeps an entry until the last of its children: the heaviest comes last, so that at most
            // a logarithm of all are kept.
            children[range[0] as usize..range[1] as usize]
                .sort_by_key(|&child| weights[child as usize]);
        }
        forest
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.base.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.base.is_empty()
    }

    /// The entries that are based on none.
    pub fn roots(&self) -> impl Iterator<Item = u32> {
        (0..self.base.len() as u32).filter(|&entry| self.base[entry as usize] == NONE)
    }

    /// Entries that no root leads to: they are based on one another in a ring.
    pub fn rings(&self) -> impl Iterator<Item = u32> {
        (0..self.base.len() as u32).filter(|&entry| self.weights[entry as usize] == 0)
    }

    /// What is based on `entry`, those with the fewest descendants first.
    pub fn children(&self, entry: u32) -> &[u32] {
        let entry = entry as usize;
        &self.children[self.starts[entry] as usize..self.starts[entry + 1] as usize]
    }

    /// How many entries `entry` stands above, itself included.
    pub fn weight(&self, entry: u32) -> u32 {
        self.weights[entry as usize]
    }

    /// Adds to a set of entries all that they are based on.
    pub fn add_bases(&self, set: &mut [bool]) {
        for entry in 0..set.len() {
            if !set[entry] {
                continue;
            }
            let mut base = self.base[entry];
            while base != NONE && !set[base as usize] {
                set[base as usize] = true;
                base = self.base[base as usize];
            }
        }
    }

    fn weigh(&mut self) {
        let mut order: Vec<u32> = self.roots().collect();
        let mut next = 0;
        while next < order.len() {
            let entry = order[next];
            order.extend_from_slice(self.children(entry));
            next += 1;
        }
        for &entry in order.iter().rev() {
            self.weights[entry as usize] += 1;
            let base = self.base[entry as usize];
            if base != NONE {
                self.weights[base as usize] += self.weights[entry as usize];
            }
        }
    }
}

fn children(base: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; base.len() + 1];
    for &base in base.iter().filter(|&&base| base != NONE) {
        starts[base as usize + 1] += 1;
    }
    for entry in 0..base.len() {
        starts[entry + 1] += starts[entry];
    }
    let mut free = starts.clone();
    let mut children = vec![0; starts[base.len()] as usize];
    for (entry, &base) in base.iter().enumerate() {
        if base != NONE {
            children[free[base as usize] as usize] = entry as u32;
            free[base as usize] += 1;
        }
    }
    (starts, children)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_heavy_children_last_and_tells_rings() {
        // 0 <- 1 <- 2, 0 <- 3; 4 and 5 in a ring with 6 behind them.
        let forest = Forest::new(vec![NONE, 0, 1, 0, 5, 4, 5]);
        assert_eq!(forest.roots().collect::<Vec<_>>(), [0]);
        assert_eq!(forest.children(0), [3, 1]);
        assert_eq!(forest.weight(0), 4);
        assert_eq!(forest.rings().collect::<Vec<_>>(), [4, 5, 6]);
        let mut set = [false, false, true, false, false, false, true];
        forest.add_bases(&mut set);
        assert_eq!(set, [true, true, true, false, true, true, true]);
    }
}
