//! Which commits hold what, and under which paths: from the objects with findings upwards, through the directories
//! that hold them to the commits.
//!
//! A repository without findings pays nothing for it. All objects are known by their numbers in the store.

use std::collections::HashMap;

use rayon::prelude::*;

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
    /// Those of its parents that are here: by number, and in a [`Graph`] by position.
    pub parents: Vec<u32>,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
}

/// Directories and commits above some files.
#[derive(Debug)]
pub struct Graph {
    /// The directories that lead to a finding, ascending.
    trees: Vec<u32>,
    /// The position of an object in `trees`, or [`NONE`].
    places: Vec<u32>,
    /// What the directory at a position holds that leads on: `entries[starts[at]..starts[at + 1]]`, by name.
    starts: Vec<usize>,
    entries: Vec<Edge>,
    /// The files below the directory at a position, as a number of a set.
    sets: Vec<u32>,
    /// Files by their own numbers, sorted.
    members: Vec<Vec<u32>>,
    /// The positions of directories, each behind all that it holds.
    order: Vec<u32>,
    /// Commits, oldest first.
    pub commits: Vec<Commit>,
    /// The set of the files that the commit at a position holds, or [`NONE`].
    held: Vec<u32>,
    /// The position of an object in `commits`, or [`NONE`].
    by_number: Vec<u32>,
}

impl Graph {
    /// From all entries that hold one of `files` (sorted) or a directory.
    pub fn new(edges: &[Edge], files: &[u32], mut commits: Vec<Commit>) -> Graph {
        commits.par_sort_unstable_by_key(|commit| (commit.time, commit.number));
        let most = commits.iter().map(|commit| commit.number).max();
        let mut by_number = vec![NONE; most.map_or(0, |most| most as usize + 1)];
        for (at, commit) in commits.iter().enumerate() {
            by_number[commit.number as usize] = at as u32;
        }
        for commit in &mut commits {
            let known = |parent: &u32| by_number.get(*parent as usize).copied();
            let parents = commit.parents.iter().filter_map(known);
            commit.parents = parents.filter(|&at| at != NONE).collect();
        }
        let numbers = edges.iter().map(|edge| edge.tree.max(edge.child));
        let count = numbers.max().map_or(0, |most| most as usize + 1);
        let leading = leading(edges, files, count);
        let trees: Vec<u32> = (0..count as u32)
            .filter(|&number| leading[number as usize])
            .collect();
        let mut places = vec![NONE; count];
        for (at, &tree) in trees.iter().enumerate() {
            places[tree as usize] = at as u32;
        }
        let leads =
            |edge: &&Edge| leading[edge.child as usize] || files.binary_search(&edge.child).is_ok();
        let mut entries: Vec<Edge> = edges.iter().filter(leads).copied().collect();
        entries.par_sort_unstable_by_key(|edge| (edge.tree, edge.name, edge.child));
        let starts = trees
            .iter()
            .map(|&tree| entries.partition_point(|edge| edge.tree < tree))
            .chain([entries.len()])
            .collect();
        let mut graph = Graph {
            sets: vec![NONE; trees.len()],
            trees,
            places,
            starts,
            entries,
            members: Vec::new(),
            order: Vec::new(),
            commits,
            held: Vec::new(),
            by_number,
        };
        graph.order = graph.order();
        graph.find_sets();
        let held = |commit: &Commit| graph.set(commit.tree).unwrap_or(NONE);
        graph.held = graph.commits.iter().map(held).collect();
        graph
    }

    /// Where a directory stands among those that lead to a finding.
    fn place(&self, tree: u32) -> Option<usize> {
        let place = self.places.get(tree as usize).copied();
        place.filter(|&place| place != NONE).map(|at| at as usize)
    }

    fn entries_at(&self, at: usize) -> &[Edge] {
        &self.entries[self.starts[at]..self.starts[at + 1]]
    }

    /// The files in a directory and below it, by number; nothing where it leads to none.
    pub fn files(&self, tree: u32) -> &[u32] {
        self.set(tree)
            .map_or(&[], |set| &self.members[set as usize])
    }

    /// The number of the set of [`Graph::files`], the same for the same files.
    pub fn set(&self, tree: u32) -> Option<u32> {
        let set = self.sets[self.place(tree)?];
        (set != NONE).then_some(set)
    }

    /// The set of the files that the commit at a position holds.
    pub fn held(&self, at: usize) -> Option<u32> {
        Some(self.held[at]).filter(|&set| set != NONE)
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
        let at = *self.by_number.get(number as usize)?;
        (at != NONE).then(|| (at as usize, &self.commits[at as usize]))
    }

    /// Whether each commit, in the order of [`Graph::commits`], is one of `tips` or before one.
    pub fn reachable(&self, tips: impl IntoIterator<Item = u32>) -> Vec<bool> {
        let mut reached = vec![false; self.commits.len()];
        let tips = tips.into_iter().filter_map(|tip| self.commit(tip));
        let mut open: Vec<u32> = tips.map(|(at, _)| at as u32).collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut reached[at as usize], true) {
                open.extend_from_slice(&self.commits[at as usize].parents);
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
                let Some(set) = self.held(at).filter(|_| reachable[at] == wanted) else {
                    continue;
                };
                let parents = commit.parents.iter();
                let parents = parents.filter_map(|&parent| self.held(parent as usize));
                if parents.clone().any(|parent| parent == set) {
                    continue;
                }
                for &file in self.members(set) {
                    let had = |set: u32| self.members(set).binary_search(&file).is_ok();
                    if !parents.clone().any(had) {
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
            let entries = self.entries_at(self.place(tree)?);
            if let Some(entry) = entries.iter().find(|entry| entry.child == file) {
                path.push(entry.name);
                return Some(path);
            }
            let holds = |entry: &&Edge| self.files(entry.child).binary_search(&file).is_ok();
            let entry = entries.iter().find(holds)?;
            path.push(entry.name);
            tree = entry.child;
        }
        None
    }

    /// The paths of each file, at most [`PREFIXES`] for each directory that holds it: each as numbers of its parts.
    pub fn paths(&self) -> HashMap<u32, Vec<Vec<u32>>> {
        let mut all = Paths::default();
        let mut prefixes: Vec<Vec<u32>> = vec![Vec::new(); self.trees.len()];
        for at in self
            .commits
            .iter()
            .filter_map(|commit| self.place(commit.tree))
        {
            if prefixes[at].is_empty() {
                prefixes[at].push(Paths::TOP);
            }
        }
        let mut files: HashMap<u32, Vec<u32>> = HashMap::new();
        for &at in self.order.iter().rev() {
            let mut mine = std::mem::take(&mut prefixes[at as usize]);
            if mine.is_empty() {
                // One that no commit leads to stands for itself.
                mine.push(Paths::TOP);
            }
            for entry in self.entries_at(at as usize) {
                let known = match self.place(entry.child) {
                    Some(child) => &mut prefixes[child],
                    None => files.entry(entry.child).or_default(),
                };
                for &prefix in &mine {
                    if known.len() == PREFIXES {
                        break;
                    }
                    let path = all.below(prefix, entry.name);
                    if !known.contains(&path) {
                        known.push(path);
                    }
                }
            }
        }
        let parts = |paths: Vec<u32>| paths.into_iter().map(|path| all.parts(path)).collect();
        files
            .into_iter()
            .map(|(file, paths)| (file, parts(paths)))
            .collect()
    }

    fn order(&self) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.trees.len());
        let mut seen = vec![false; self.trees.len()];
        let mut stack = Vec::new();
        for at in 0..self.trees.len() {
            stack.push((at, false));
            while let Some((at, done)) = stack.pop() {
                if done {
                    order.push(at as u32);
                    continue;
                }
                if std::mem::replace(&mut seen[at], true) {
                    continue;
                }
                stack.push((at, true));
                let children = self.entries_at(at).iter();
                let children = children.filter_map(|entry| self.place(entry.child));
                stack.extend(
                    children
                        .filter(|&child| !seen[child])
                        .map(|child| (child, false)),
                );
            }
        }
        order
    }

    fn find_sets(&mut self) {
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        // Most directories are made of what others are made of, too: files, and sets of files below them.
        let mut made: HashMap<(Vec<u32>, Vec<u32>), u32> = HashMap::new();
        for place in 0..self.order.len() {
            let at = self.order[place] as usize;
            let (mut below, mut set) = (Vec::new(), Vec::new());
            for entry in self.entries_at(at) {
                match self.place(entry.child) {
                    // A directory within itself has no set yet.
                    Some(child) if self.sets[child] == NONE => {}
                    Some(child) => below.push(self.sets[child]),
                    None => set.push(entry.child),
                }
            }
            below.sort_unstable();
            below.dedup();
            set.sort_unstable();
            let parts = (below, set);
            if let Some(&number) = made.get(&parts) {
                self.sets[at] = number;
                continue;
            }
            let mut set = parts.1.clone();
            for &below in &parts.0 {
                set.extend_from_slice(&self.members[below as usize]);
            }
            set.sort_unstable();
            set.dedup();
            let next = self.members.len() as u32;
            let number = *known.entry(set).or_insert_with_key(|set| {
                self.members.push(set.clone());
                next
            });
            made.insert(parts, number);
            self.sets[at] = number;
        }
    }
}

/// Paths by numbers: each is one name below another path. The same path has the same number.
#[derive(Default)]
struct Paths {
    /// The path above and the name, by number less one.
    all: Vec<(u32, u32)>,
    numbers: HashMap<(u32, u32), u32>,
}

impl Paths {
    /// The path of no names.
    const TOP: u32 = 0;

    /// The path of a name below a path.
    fn below(&mut self, prefix: u32, name: u32) -> u32 {
        *self.numbers.entry((prefix, name)).or_insert_with(|| {
            self.all.push((prefix, name));
            self.all.len() as u32
        })
    }

    /// The names of a path, from the top.
    fn parts(&self, mut path: u32) -> Vec<u32> {
        let mut parts = Vec::new();
        while let Some(last) = path.checked_sub(1) {
            let (prefix, name) = self.all[last as usize];
            parts.push(name);
            path = prefix;
        }
        parts.reverse();
        parts
    }
}

/// Which of `count` objects are directories that lead to one of `files`.
fn leading(edges: &[Edge], files: &[u32], count: usize) -> Vec<bool> {
    // The directories that hold an object, by object.
    let mut starts = vec![0usize; count + 1];
    edges
        .iter()
        .for_each(|edge| starts[edge.child as usize + 1] += 1);
    for number in 0..count {
        starts[number + 1] += starts[number];
    }
    let mut free = starts.clone();
    let mut above = vec![0; edges.len()];
    for edge in edges {
        let at = &mut free[edge.child as usize];
        above[*at] = edge.tree;
        *at += 1;
    }
    let mut leading = vec![false; count];
    let mut open: Vec<u32> = files.to_vec();
    while let Some(child) = open.pop() {
        // An object that nothing holds may lie behind all that are held.
        let Some(end) = starts.get(child as usize + 1) else {
            continue;
        };
        for &tree in &above[starts[child as usize]..*end] {
            if !std::mem::replace(&mut leading[tree as usize], true) {
                open.push(tree);
            }
        }
    }
    leading
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
        Graph::new(&edges, &[1, 2], commits)
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
            &[edge(1, 2, 0), edge(2, 1, 0), edge(2, 9, 1)],
            &[9],
            vec![commit(5, 1, &[])],
        );
        assert_eq!(graph.path(1, 9), Some(vec![0, 1]));
        assert!(graph.paths().contains_key(&9));
    }
}
