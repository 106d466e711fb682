//! Which commits hold what, and under which paths: from the objects with findings upwards, through the directories
//! that hold them to the commits.
//!
//! A repository without findings pays nothing for it. All objects are known by their numbers in the store.

use std::collections::HashMap;

/// No object.
pub const NONE: u32 = u32::MAX;
/// Paths of one directory that are followed.
const PREFIXES: usize = 16;

/// A directory's entry that leads to a finding, or may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The directory.
    pub tree: u32,
    /// What it holds: a directory, or a file with findings.
    pub child: u32,
    /// Its name, as a number.
    pub name: u32,
}

/// A commit.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its number.
    pub number: u32,
    /// Its directory.
    pub tree: u32,
    /// Those of its parents that are here.
    pub parents: Vec<u32>,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
}

/// Directories and commits above some files.
#[derive(Debug)]
pub struct Graph {
    /// The edges of the directories that lead to a finding, by directory.
    edges: Vec<Edge>,
    /// The files below each directory that leads to one, as a number of a set.
    sets: HashMap<u32, u32>,
    /// Files by their own numbers, sorted.
    members: Vec<Vec<u32>>,
    /// Commits, oldest first.
    pub commits: Vec<Commit>,
    by_number: HashMap<u32, usize>,
}

impl Graph {
    /// From all entries that hold one of `files` (sorted) or a directory.
    pub fn new(mut edges: Vec<Edge>, files: &[u32], mut commits: Vec<Commit>) -> Graph {
        keep_leading(&mut edges, files);
        edges.sort_by_key(|edge| (edge.tree, edge.name));
        commits.sort_by_key(|commit| (commit.time, commit.number));
        let by_number = commits
            .iter()
            .enumerate()
            .map(|(at, commit)| (commit.number, at))
            .collect();
        let mut graph = Graph {
            edges,
            sets: HashMap::new(),
            members: Vec::new(),
            commits,
            by_number,
        };
        graph.find_sets(files);
        graph
    }

    /// The files in a directory and below it, by number; nothing where it leads to none.
    pub fn files(&self, tree: u32) -> &[u32] {
        self.set(tree)
            .map_or(&[], |set| &self.members[set as usize])
    }

    /// The number of the set of [`Graph::files`], the same for the same files.
    pub fn set(&self, tree: u32) -> Option<u32> {
        self.sets.get(&tree).copied()
    }

    /// How many different sets there are.
    pub fn set_count(&self) -> usize {
        self.members.len()
    }

    /// The files of a set.
    pub fn members(&self, set: u32) -> &[u32] {
        &self.members[set as usize]
    }

    /// A commit by its number in the store.
    pub fn commit(&self, number: u32) -> Option<(usize, &Commit)> {
        let at = *self.by_number.get(&number)?;
        Some((at, &self.commits[at]))
    }

    /// Whether each commit, in the order of [`Graph::commits`], is one of `tips` or before one.
    pub fn reachable(&self, tips: impl IntoIterator<Item = u32>) -> Vec<bool> {
        let mut reached = vec![false; self.commits.len()];
        let mut open: Vec<u32> = tips.into_iter().collect();
        while let Some(number) = open.pop() {
            let Some((at, commit)) = self.commit(number) else {
                continue;
            };
            if !std::mem::replace(&mut reached[at], true) {
                open.extend_from_slice(&commit.parents);
            }
        }
        reached
    }

    /// For each file the commit that brought it, as a position in [`Graph::commits`]: the first, among those that a
    /// reference leads to if there is one, of which no parent has it.
    pub fn introductions(&self, reachable: &[bool]) -> HashMap<u32, usize> {
        let mut found = HashMap::new();
        for wanted in [true, false] {
            for (at, commit) in self.commits.iter().enumerate() {
                let Some(set) = self.set(commit.tree).filter(|_| reachable[at] == wanted) else {
                    continue;
                };
                let parents: Vec<u32> = commit
                    .parents
                    .iter()
                    .filter_map(|parent| self.set(self.commit(*parent)?.1.tree))
                    .collect();
                if parents.contains(&set) {
                    continue;
                }
                for &file in self.members(set) {
                    let had = |set: &u32| self.members(*set).binary_search(&file).is_ok();
                    if !parents.iter().any(had) {
                        found.entry(file).or_insert(at);
                    }
                }
            }
        }
        found
    }

    /// One path of a file below a directory, as the numbers of its parts.
    pub fn path(&self, tree: u32, file: u32) -> Option<Vec<u32>> {
        let mut path = Vec::new();
        let mut tree = tree;
        // Directories do not hold themselves, unless somebody forged them.
        while path.len() < 4096 {
            let edges = self.edges_of(tree);
            if let Some(edge) = edges.iter().find(|edge| edge.child == file) {
                path.push(edge.name);
                return Some(path);
            }
            let holds = |edge: &&Edge| self.files(edge.child).binary_search(&file).is_ok();
            let edge = edges.iter().find(holds)?;
            path.push(edge.name);
            tree = edge.child;
        }
        None
    }

    /// The paths of each file, at most [`PREFIXES`] for each directory that holds it: each as numbers of its parts.
    pub fn paths(&self) -> HashMap<u32, Vec<Vec<u32>>> {
        let mut prefixes: HashMap<u32, Vec<Vec<u32>>> = HashMap::new();
        let roots = self.commits.iter().map(|commit| commit.tree);
        for root in roots.filter(|tree| self.sets.contains_key(tree)) {
            let known = prefixes.entry(root).or_default();
            if !known.iter().any(Vec::is_empty) {
                known.push(Vec::new());
            }
        }
        let mut files: HashMap<u32, Vec<Vec<u32>>> = HashMap::new();
        for tree in self.order().into_iter().rev() {
            // One that no commit leads to stands for itself.
            let mine = prefixes.remove(&tree).unwrap_or_else(|| vec![Vec::new()]);
            for edge in self.edges_of(tree) {
                let known = match self.sets.contains_key(&edge.child) {
                    true => prefixes.entry(edge.child).or_default(),
                    false => files.entry(edge.child).or_default(),
                };
                for prefix in &mine {
                    let path = [&prefix[..], &[edge.name]].concat();
                    if known.len() < PREFIXES && !known.contains(&path) {
                        known.push(path);
                    }
                }
            }
        }
        files
    }

    fn edges_of(&self, tree: u32) -> &[Edge] {
        let first = self.edges.partition_point(|edge| edge.tree < tree);
        let count = self.edges[first..].partition_point(|edge| edge.tree == tree);
        &self.edges[first..first + count]
    }

    /// Directories, each behind all that it holds.
    fn order(&self) -> Vec<u32> {
        let mut order = Vec::new();
        let mut seen: HashMap<u32, ()> = HashMap::new();
        let mut stack = Vec::new();
        for chunk in self.edges.chunk_by(|a, b| a.tree == b.tree) {
            stack.push((chunk[0].tree, false));
            while let Some((tree, done)) = stack.pop() {
                if done {
                    order.push(tree);
                    continue;
                }
                if seen.insert(tree, ()).is_some() {
                    continue;
                }
                stack.push((tree, true));
                let edges = self.edges_of(tree).iter();
                stack.extend(edges.map(|edge| (edge.child, false)).filter(|(child, _)| {
                    !seen.contains_key(child) && !self.edges_of(*child).is_empty()
                }));
            }
        }
        order
    }

    fn find_sets(&mut self, files: &[u32]) {
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        for tree in self.order() {
            let mut set: Vec<u32> = Vec::new();
            for edge in self.edges_of(tree) {
                match files.binary_search(&edge.child) {
                    Ok(_) => set.push(edge.child),
                    Err(_) => set.extend_from_slice(self.files(edge.child)),
                }
            }
            set.sort_unstable();
            set.dedup();
            let next = self.members.len() as u32;
            let number = *known.entry(set).or_insert_with_key(|set| {
                self.members.push(set.clone());
                next
            });
            self.sets.insert(tree, number);
        }
    }
}

/// Keeps the edges that lead to one of `files`.
fn keep_leading(edges: &mut Vec<Edge>, files: &[u32]) {
    edges.sort_unstable_by_key(|edge| edge.child);
    let above = |child: u32| {
        let first = edges.partition_point(|edge| edge.child < child);
        let count = edges[first..].partition_point(|edge| edge.child == child);
        &edges[first..first + count]
    };
    let mut leading = std::collections::HashSet::new();
    let mut open: Vec<u32> = files.to_vec();
    while let Some(child) = open.pop() {
        for edge in above(child) {
            if leading.insert(edge.tree) {
                open.push(edge.tree);
            }
        }
    }
    edges.retain(|edge| leading.contains(&edge.child) || files.binary_search(&edge.child).is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(tree: u32, child: u32, name: u32) -> Edge {
        Edge { tree, child, name }
    }

    fn commit(number: u32, tree: u32, parents: &[u32]) -> Commit {
        Commit {
            number,
            tree,
            parents: parents.to_vec(),
            time: i64::from(number),
        }
    }

    /// File 1 in directories 11 (as `a`) and, below it, 21 (as `d/a`); file 2 beside it; 12 leads nowhere.
    fn graph() -> Graph {
        let edges = vec![
            edge(11, 1, 100),
            edge(21, 11, 200),
            edge(21, 12, 201),
            edge(22, 11, 200),
            edge(22, 2, 102),
            edge(23, 12, 201),
        ];
        let commits = vec![
            commit(54, 23, &[53]),
            commit(51, 23, &[]),
            commit(52, 21, &[51]),
            commit(53, 22, &[52]),
            commit(55, 11, &[]),
        ];
        Graph::new(edges, &[1, 2], commits)
    }

    #[test]
    fn tells_who_holds_what() {
        let graph = graph();
        assert_eq!(graph.files(21), [1]);
        assert_eq!(graph.files(22), [1, 2]);
        assert_eq!(graph.set(23), None);
        assert_eq!(graph.set(21), graph.set(11));
        assert_eq!(graph.path(22, 1), Some(vec![200, 100]));
        assert_eq!(graph.path(22, 2), Some(vec![102]));
        assert_eq!(graph.path(23, 1), None);
        let paths = graph.paths();
        // Commit 55 has as its own directory what others have below.
        assert_eq!(paths[&1], [vec![100], vec![200, 100]]);
        assert_eq!(paths[&2], [vec![102]]);
    }

    #[test]
    fn tells_who_brought_what() {
        let graph = graph();
        let reachable = graph.reachable([54]);
        assert_eq!(reachable, [true, true, true, true, false]);
        let number = |file| graph.commits[graph.introductions(&reachable)[&file]].number;
        assert_eq!((number(1), number(2)), (52, 53));
        let lost = graph.reachable([51]);
        let number = |file| graph.commits[graph.introductions(&lost)[&file]].number;
        assert_eq!((number(1), number(2)), (52, 53));
    }

    #[test]
    fn forged_rings_end() {
        let graph = Graph::new(
            vec![edge(1, 2, 0), edge(2, 1, 0), edge(2, 9, 1)],
            &[9],
            vec![commit(5, 1, &[])],
        );
        assert_eq!(graph.path(1, 9), Some(vec![0, 1]));
        assert!(graph.paths().contains_key(&9));
    }
}
