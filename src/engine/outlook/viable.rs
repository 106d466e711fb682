//! Whether a match of a pattern may go on behind the text's end, and where the secret in it may begin.
//!
//! A plain sequence is walked through step by step. Any other pattern runs as a set of threads over its Thompson
//! automaton, each with the least place where its secret may begin. More may be called alive than the matcher would
//! take, never less: a thread that the matcher's preferences would leave aside is kept.

use std::ops::Range;

use regex_automata::nfa::thompson::{self, NFA, State, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, HirKind};

use crate::engine::matching::{ESCAPE, ends_escape};
use crate::rule::{Boundary, ByteSet, Pattern, Step};

/// What is needed beside a pattern to run it up to the end of a text.
#[derive(Debug)]
pub struct Viable {
    /// The automaton of a pattern that is no plain sequence.
    nfa: Option<NFA>,
    /// By state: whether a match may end from there on without the group that is its secret. Then it is one as a whole.
    bare: Vec<bool>,
    /// What a match begins with, and what its second byte may be.
    head: [ByteSet; 2],
    /// What a match consists of.
    alphabet: ByteSet,
}

/// The least start of a match whose group has not begun, and of a group that has; `usize::MAX` for none.
type Begun = (usize, usize);

/// Threads by state.
#[derive(Debug, Default)]
struct Threads {
    states: Vec<(StateID, Begun)>,
    /// Index in `states` by state, if it points back.
    index: Vec<u32>,
}

impl Viable {
    /// Prepares `pattern`.
    pub fn new(pattern: &Pattern) -> Viable {
        let nfa = match &pattern.steps {
            Some(_) => None,
            None => Some(automaton(pattern)),
        };
        let mut viable = Viable {
            nfa,
            bare: Vec::new(),
            head: [ByteSet::default(); 2],
            alphabet: ByteSet::default(),
        };
        match &pattern.steps {
            Some(steps) => viable.of_steps(steps),
            None => viable.of_states(),
        }
        viable
    }

    /// What a match consists of.
    pub fn alphabet(&self) -> &ByteSet {
        &self.alphabet
    }

    /// The least place where the secret of a match may begin that starts within `starts` and goes on, or may go on,
    /// behind the text; the text's end where the secret lies wholly behind it. `None` where there is no such match.
    pub fn floor(
        &self,
        hay: &[u8],
        starts: Range<usize>,
        (pattern, boundary): (&Pattern, Boundary),
    ) -> Option<usize> {
        let starts = starts.start..starts.end.min(hay.len());
        match (&pattern.steps, &self.nfa) {
            (Some(steps), _) => {
                let starts = starts.filter(|&start| self.may_start(hay, start, boundary));
                let secret_step = pattern.secret_steps.0;
                let walks: Vec<Walk> = starts
                    .map(|start| walk(steps, secret_step, hay, start, boundary))
                    .collect();
                // One that is over may be it, where nothing comes of those that are not.
                let alive = walks.iter().any(|walk| matches!(walk, Walk::Alive(_)));
                let all = walks.iter().filter_map(|walk| match walk {
                    Walk::Alive(secret) | Walk::Over(secret) => Some(*secret),
                    Walk::Dead => None,
                });
                alive.then(|| all.min())?
            }
            (None, Some(nfa)) => self.threads(nfa, hay, starts, boundary),
            (None, None) => None,
        }
    }

    fn may_start(&self, hay: &[u8], start: usize, boundary: Boundary) -> bool {
        self.head[0].has(hay[start])
            && hay.get(start + 1).is_none_or(|&b| self.head[1].has(b))
            && (!boundary.left
                || start == 0
                || !is_word(hay[start])
                || !is_word(hay[start - 1])
                || ends_escape(&hay[start.saturating_sub(ESCAPE)..start]))
    }

    fn threads(
        &self,
        nfa: &NFA,
        hay: &[u8],
        starts: Range<usize>,
        boundary: Boundary,
    ) -> Option<usize> {
        let mut over = usize::MAX;
        let (mut now, mut next) = (Threads::default(), Threads::default());
        let mut at = starts.start;
        while at < hay.len() {
            if starts.contains(&at) && self.may_start(hay, at, boundary) {
                now.add(nfa, nfa.start_anchored(), (at, usize::MAX), hay, at);
            }
            if now.states.is_empty() {
                if at >= starts.end {
                    return None;
                }
                at += 1;
                continue;
            }
            over = over.min(now.over(nfa));
            next.clear();
            for &(id, begun) in &now.states {
                if let Some(to) = step(nfa, id, hay[at]) {
                    next.add(nfa, to, begun, hay, at + 1);
                }
            }
            std::mem::swap(&mut now, &mut next);
            at += 1;
        }
        let waits = |id: StateID| boundary.right || !matches!(nfa.state(id), State::Match { .. });
        let alive = now.states.iter().filter(|(id, _)| waits(*id));
        // A match that is over may be it, where nothing comes of what is alive.
        let least = alive.map(|(id, (start, group))| match self.bare[id.as_usize()] {
            true => *start.min(group),
            false => hay.len().min(*group),
        });
        let least = least.min();
        least.map(|least| least.min(over).min(now.over(nfa)))
    }

    fn of_steps(&mut self, steps: &[Step]) {
        // Which bytes may stand at the first and second place, as far as the steps before let them.
        let mut places = vec![true, false, false];
        for step in steps {
            let before = places.clone();
            match step {
                Step::Literal(bytes) => {
                    bytes.iter().for_each(|&b| self.alphabet.add(b, b));
                    for (place, _) in before.iter().enumerate().filter(|(_, may)| **may) {
                        for (set, &byte) in self.head.iter_mut().skip(place).zip(bytes.iter()) {
                            set.add(byte, byte);
                        }
                    }
                    places = (0..3)
                        .map(|at| at >= bytes.len() && before[at - bytes.len()])
                        .collect();
                }
                Step::Class { set, min, max } => {
                    join(&mut self.alphabet, set);
                    let (min, max) = (*min as usize, *max as usize);
                    for (place, _) in before.iter().enumerate().filter(|(_, may)| **may) {
                        let reached = self.head.iter_mut().skip(place).take(max);
                        reached.for_each(|head| join(head, set));
                    }
                    places = (0..3)
                        .map(|at| {
                            (0..=at).any(|from| before[from] && (min..=max).contains(&(at - from)))
                        })
                        .collect();
                }
            }
        }
        // A match that ends before its second byte leaves it open.
        if places[0] || places[1] {
            self.head[1].add(0, u8::MAX);
        }
    }

    fn of_states(&mut self) {
        let Some(nfa) = &self.nfa else { return };
        self.bare = bare(nfa);
        self.alphabet = alphabet(nfa);
        let mut threads = Threads::default();
        threads.add(nfa, nfa.start_anchored(), (0, 0), &[], 0);
        for head in &mut self.head {
            let mut next = Threads::default();
            for &(id, _) in &threads.states {
                let set = bytes_of(nfa.state(id));
                join(head, &set);
                if matches!(nfa.state(id), State::Match { .. }) {
                    head.add(0, u8::MAX);
                }
                for byte in (0..=u8::MAX).filter(|&b| set.has(b)) {
                    if let Some(to) = step(nfa, id, byte) {
                        next.add(nfa, to, (0, 0), &[], 0);
                    }
                }
            }
            threads = next;
        }
    }
}

fn automaton(pattern: &Pattern) -> NFA {
    let captures = match pattern.has_group {
        true => WhichCaptures::All,
        false => WhichCaptures::None,
    };
    thompson::Compiler::new()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(thompson::Config::new().utf8(false).which_captures(captures))
        .build(&pattern.source)
        .expect("because the pattern was parsed when its rule was compiled")
}

/// What stands in matches. The automaton also has states that pass over what stands before one, and those take any byte.
fn alphabet(nfa: &NFA) -> ByteSet {
    let mut alphabet = ByteSet::default();
    let mut seen = vec![false; nfa.states().len()];
    let mut stack = vec![nfa.start_anchored()];
    while let Some(id) = stack.pop() {
        if !std::mem::replace(&mut seen[id.as_usize()], true) {
            let state = nfa.state(id);
            join(&mut alphabet, &bytes_of(state));
            each_next(state, &mut |next| stack.push(next));
        }
    }
    alphabet
}

/// Tells the states that a state leads to.
fn each_next(state: &State, leads_to: &mut dyn FnMut(StateID)) {
    match state {
        State::ByteRange { trans } => leads_to(trans.next),
        State::Sparse(sparse) => sparse.transitions.iter().for_each(|t| leads_to(t.next)),
        State::Dense(dense) => dense.transitions.iter().for_each(|next| leads_to(*next)),
        State::Look { next, .. } | State::Capture { next, .. } => leads_to(*next),
        State::Union { alternates } => alternates.iter().for_each(|next| leads_to(*next)),
        State::BinaryUnion { alt1, alt2 } => [alt1, alt2].into_iter().for_each(|n| leads_to(*n)),
        State::Match { .. } | State::Fail => {}
    }
}

/// By state, whether a match may end from there on without the group.
fn bare(nfa: &NFA) -> Vec<bool> {
    let mut before: Vec<Vec<StateID>> = vec![Vec::new(); nfa.states().len()];
    let mut stack = Vec::new();
    for (index, state) in nfa.states().iter().enumerate() {
        let id = StateID::must(index);
        match state {
            State::Capture { group_index, .. } if group_index.as_usize() == 1 => {}
            State::Match { .. } => stack.push(id),
            _ => each_next(state, &mut |next| before[next.as_usize()].push(id)),
        }
    }
    let mut bare = vec![false; nfa.states().len()];
    while let Some(id) = stack.pop() {
        if !std::mem::replace(&mut bare[id.as_usize()], true) {
            stack.extend(&before[id.as_usize()]);
        }
    }
    bare
}

impl Threads {
    fn clear(&mut self) {
        self.states.clear();
    }

    /// The least start of a secret in a match that ends here.
    fn over(&self, nfa: &NFA) -> usize {
        let matches = |id: StateID| matches!(nfa.state(id), State::Match { .. });
        let over = self.states.iter().filter(|(id, _)| matches(*id));
        over.map(|(_, (start, group))| *start.min(group))
            .min()
            .unwrap_or(usize::MAX)
    }

    fn place(&self, id: StateID) -> Option<usize> {
        let index = *self.index.get(id.as_usize())? as usize;
        (self.states.get(index)?.0 == id).then_some(index)
    }

    /// Adds a thread at `id` and all that it reaches without a byte. What looks at the text's end is let through.
    fn add(&mut self, nfa: &NFA, id: StateID, begun: Begun, hay: &[u8], at: usize) {
        let mut stack = vec![(id, begun)];
        while let Some((id, mut begun)) = stack.pop() {
            match self.place(id) {
                Some(index) => {
                    let old = self.states[index].1;
                    begun = (begun.0.min(old.0), begun.1.min(old.1));
                    if begun == old {
                        continue;
                    }
                    self.states[index].1 = begun;
                }
                None => {
                    if self.index.len() <= id.as_usize() {
                        self.index.resize(nfa.states().len(), 0);
                    }
                    self.index[id.as_usize()] = self.states.len() as u32;
                    self.states.push((id, begun));
                }
            }
            match nfa.state(id) {
                State::Look { look, next }
                    if at >= hay.len() || nfa.look_matcher().matches(*look, hay, at) =>
                {
                    stack.push((*next, begun));
                }
                State::Union { alternates } => {
                    stack.extend(alternates.iter().map(|&next| (next, begun)));
                }
                State::BinaryUnion { alt1, alt2 } => {
                    stack.extend([(*alt1, begun), (*alt2, begun)]);
                }
                State::Capture {
                    next, group_index, ..
                } => {
                    if group_index.as_usize() == 1 {
                        begun = (usize::MAX, begun.1.min(at));
                    }
                    stack.push((*next, begun));
                }
                _ => {}
            }
        }
    }
}

fn step(nfa: &NFA, id: StateID, byte: u8) -> Option<StateID> {
    match nfa.state(id) {
        State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        State::Sparse(sparse) => sparse.matches_byte(byte),
        State::Dense(dense) => dense.matches_byte(byte),
        _ => None,
    }
}

fn bytes_of(state: &State) -> ByteSet {
    let mut set = ByteSet::default();
    match state {
        State::ByteRange { trans } => set.add(trans.start, trans.end),
        State::Sparse(sparse) => {
            for trans in sparse.transitions.iter() {
                set.add(trans.start, trans.end);
            }
        }
        State::Dense(dense) => {
            let all = (0..=u8::MAX).filter(|&byte| dense.matches_byte(byte).is_some());
            all.for_each(|byte| set.add(byte, byte));
        }
        _ => {}
    }
    set
}

fn join(set: &mut ByteSet, other: &ByteSet) {
    set.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
}

/// What became of a sequence from one start on, with where its secret begins.
enum Walk {
    /// It does not stand here.
    Dead,
    /// It does, whatever follows.
    Over(usize),
    /// It may, or may be longer. The text's end stands for a secret that has not begun.
    Alive(usize),
}

fn walk(steps: &[Step], secret_step: u32, hay: &[u8], start: usize, boundary: Boundary) -> Walk {
    let (mut at, mut secret) = (start, hay.len());
    for (index, step) in steps.iter().enumerate() {
        if index == secret_step as usize {
            secret = at;
        }
        let rest = &hay[at..];
        match step {
            Step::Literal(bytes) if rest.len() < bytes.len() => {
                return match bytes.starts_with(rest) {
                    true => Walk::Alive(secret),
                    false => Walk::Dead,
                };
            }
            Step::Literal(bytes) => {
                if !rest.starts_with(bytes) {
                    return Walk::Dead;
                }
                at += bytes.len();
            }
            Step::Class { set, min, max } => {
                let most = &rest[..rest.len().min(*max as usize)];
                let length = most.iter().position(|&b| !set.has(b)).unwrap_or(most.len());
                if length == rest.len() && length < *max as usize {
                    return Walk::Alive(secret);
                }
                if length < *min as usize {
                    return Walk::Dead;
                }
                at += length;
            }
        }
    }
    // The byte behind may forbid it.
    match at == hay.len() && boundary.right {
        true => Walk::Alive(secret),
        false => Walk::Over(secret),
    }
}

/// How many bytes of a match stand before the group that is its secret, at least; `None` where a match may be one as a
/// whole.
pub fn before_secret(pattern: &Pattern) -> Option<usize> {
    if !pattern.has_group {
        return None;
    }
    let parsed = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(&pattern.source);
    match before_group(&parsed.ok()?) {
        Group::Always(before) => Some(before),
        Group::Never | Group::Sometimes => None,
    }
}

/// Whether the matches of a part of a pattern have the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Never,
    Sometimes,
    /// With so many bytes before it at least.
    Always(usize),
}

fn before_group(hir: &Hir) -> Group {
    match hir.kind() {
        HirKind::Capture(_) => Group::Always(0),
        HirKind::Repetition(repetition) => match before_group(&repetition.sub) {
            Group::Always(_) if repetition.min == 0 => Group::Sometimes,
            other => other,
        },
        HirKind::Alternation(parts) => {
            let parts = parts.iter().map(before_group);
            let join = |a, b| match (a, b) {
                (Group::Always(a), Group::Always(b)) => Group::Always(a.min(b)),
                (a, b) if a == b => a,
                _ => Group::Sometimes,
            };
            parts.reduce(join).unwrap_or(Group::Never)
        }
        HirKind::Concat(parts) => {
            let mut before = 0;
            for part in parts {
                match before_group(part) {
                    Group::Always(least) => return Group::Always(before + least),
                    Group::Sometimes => return Group::Sometimes,
                    Group::Never => before += part.properties().minimum_len().unwrap_or(0),
                }
            }
            Group::Never
        }
        _ => Group::Never,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_matches_consist_of() {
        let nfa = thompson::Compiler::new()
            .build("ab(?:-x|[0-3]{2})?")
            .expect("a right pattern");
        let alphabet = alphabet(&nfa);
        let bytes: Vec<u8> = (0..=u8::MAX).filter(|&byte| alphabet.has(byte)).collect();
        assert_eq!(bytes, b"-0123abx");
    }

    #[test]
    fn counts_what_stands_before_a_secret() {
        for (source, want) in [
            ("abc", Group::Never),
            ("(abc)", Group::Always(0)),
            ("a[bc]{2,3}(x)y", Group::Always(3)),
            ("(?:ab(y)|c(x))", Group::Always(1)),
            ("a(?:bc|d(x))", Group::Sometimes),
            ("(?:ab(x)){2}", Group::Always(2)),
            ("(?:ab(x))?c", Group::Sometimes),
        ] {
            let hir = regex_syntax::parse(source).expect("a right pattern");
            assert_eq!(before_group(&hir), want, "{source}");
        }
    }
}
