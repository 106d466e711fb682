//! Finds every form of every known value at once, however they overlap: an Aho-Corasick automaton that can also tell
//! how much of a form the text's end may be the beginning of.
//!
//! Text that is none of them is read in the first few states, which have a table; there may be millions of others, and
//! those are small.

use std::collections::VecDeque;

/// What bytes do not stand in any form has this class; the next one is that of line ends.
const OTHER: u8 = 0;
const WRAP: u8 = 1;
/// So many bytes in a row may be passed over, so that what is held back is bounded; behind more, nothing goes on.
pub const PATIENCE: u32 = 256;
/// Says of a state that a form ends there.
const ENDS: u32 = 1 << 31;
/// No form ends here.
const NONE: u32 = u32::MAX;
/// The table has at most so many cells.
const CELLS: usize = 1 << 20;

/// The automaton. Its states are numbered by their depth, the children of each in a row.
#[derive(Debug, Default)]
pub struct Automaton {
    classes: Vec<u8>,
    width: usize,
    /// The next state of each of the first states, by state and class, with [`ENDS`] where a form ends there.
    next: Vec<u32>,
    /// So many states are in the table.
    laid: u32,
    /// All states, and one behind the last.
    states: Vec<State>,
    /// How long each form is.
    lengths: Vec<u32>,
    longest: usize,
}

/// Where reading has come to: behind the longest beginning of a form that the text ends with.
#[derive(Debug, Clone, Copy)]
struct State {
    /// The class of the byte that leads here.
    class: u8,
    /// The first of the states that go on; behind them begin those of the next state.
    children: u32,
    /// The state of the next shorter beginning.
    fail: u32,
    /// How many bytes of a form have been seen that is not over.
    open: u32,
    /// The form that ends here.
    form: u32,
    /// The next shorter state at which a form ends; 0 for none.
    shorter: u32,
}

/// A place in a text that is read through the automaton.
#[derive(Debug, Clone, Default)]
pub struct Place {
    state: u32,
    /// How many bytes have been read, less those passed over.
    read: u64,
    /// After so many bytes read, so many had been passed over.
    gaps: VecDeque<(u64, u64)>,
    /// How many bytes have been passed over in a row.
    passing: u32,
    escapes: Escapes,
}

/// What is passed over in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Escapes {
    /// Line ends.
    #[default]
    Read,
    /// Terminal escapes, too; none has begun.
    Text,
    /// `ESC` has been seen.
    Begun,
    /// `ESC [` has been seen.
    Parameters,
    /// `ESC (` has been seen.
    Charset,
}

impl Automaton {
    /// For `forms`, which are sorted, each once; none is empty or holds a line end.
    pub fn new(forms: &[Vec<u8>]) -> Automaton {
        Automaton::with_table(forms, CELLS)
    }

    /// With a table of so many cells, and at least the row of the first state.
    fn with_table(forms: &[Vec<u8>], cells: usize) -> Automaton {
        let mut classes = vec![OTHER; 256];
        (classes[usize::from(b'\r')], classes[usize::from(b'\n')]) = (WRAP, WRAP);
        let mut width = 2;
        for &byte in forms.iter().flatten() {
            let class = &mut classes[usize::from(byte)];
            if *class == OTHER {
                *class = u8::try_from(width).expect("because 254 bytes are not line ends");
                width += 1;
            }
        }
        let mut built = Automaton {
            classes,
            width,
            lengths: forms.iter().map(|form| form.len() as u32).collect(),
            longest: forms.iter().map(Vec::len).max().unwrap_or(0),
            ..Automaton::default()
        };
        built.enter(forms, cells);
        built.mark();
        built
    }

    /// Makes the states, from the shallow ones to the deep ones.
    fn enter(&mut self, forms: &[Vec<u8>], cells: usize) {
        self.states.push(State::new(OTHER, 0));
        // Of each state, the forms that begin with what leads there, and how long that is.
        let mut queue = VecDeque::from([(0..forms.len(), 0)]);
        let mut at = 0;
        while let Some((mut range, depth)) = queue.pop_front() {
            if forms
                .get(range.start)
                .is_some_and(|form| form.len() == depth)
            {
                self.states[at].form = range.start as u32;
                range.start += 1;
            }
            self.states[at].children = self.states.len() as u32;
            while let Some(form) = forms[range.clone()].first() {
                let byte = form[depth];
                let same = forms[range.clone()].partition_point(|form| form[depth] == byte);
                let behind = range.start + same;
                let class = self.classes[usize::from(byte)];
                let fail = match at {
                    0 => 0,
                    _ => self.step(self.states[at].fail, class) & !ENDS,
                };
                self.states.push(State::new(class, fail));
                queue.push_back((range.start..behind, depth + 1));
                range.start = behind;
            }
            self.link(at, depth as u32);
            if at == 0 || self.next.len() + self.width <= cells {
                self.lay(at);
            }
            at += 1;
        }
        let behind = State {
            children: self.states.len() as u32,
            ..State::new(OTHER, 0)
        };
        self.states.push(behind);
    }

    /// Puts down what is known of a state once it has its children.
    fn link(&mut self, at: usize, depth: u32) {
        let State { fail, children, .. } = self.states[at];
        let shorter = self.states[fail as usize];
        let goes_on = (children as usize) < self.states.len();
        let state = &mut self.states[at];
        state.open = if goes_on { depth } else { shorter.open };
        state.shorter = match shorter.form {
            NONE => shorter.shorter,
            _ => fail,
        };
    }

    /// Lays the newest state, whose children are the last ones, into the table, which has all before it.
    fn lay(&mut self, at: usize) {
        let State { fail, children, .. } = self.states[at];
        let (row, back) = (self.next.len(), fail as usize * self.width);
        match at {
            0 => self.next.resize(self.width, 0),
            _ => self.next.extend_from_within(back..back + self.width),
        }
        for child in children as usize..self.states.len() {
            self.next[row + usize::from(self.states[child].class)] = child as u32;
        }
        self.laid = at as u32 + 1;
    }

    fn mark(&mut self) {
        for cell in &mut self.next {
            *cell = self.states[*cell as usize].marked(*cell);
        }
    }

    /// Where a byte of this class leads to, with [`ENDS`] where a form ends there.
    fn step(&self, mut state: u32, class: u8) -> u32 {
        while state >= self.laid {
            let at = state as usize;
            let first = self.states[at].children;
            let children = &self.states[first as usize..self.states[at + 1].children as usize];
            if let Some(child) = children.iter().position(|child| child.class == class) {
                return children[child].marked(first + child as u32);
            }
            state = self.states[at].fail;
        }
        self.next[state as usize * self.width + usize::from(class)]
    }

    /// Reads `bytes` on from `place`, and tells each form that ends: its number and where it stands.
    pub fn read(&self, place: &mut Place, bytes: &[u8], found: &mut dyn FnMut(u32, u64, u64)) {
        let escapes = place.escapes != Escapes::Read;
        let mut rest = bytes;
        while let Some((&byte, behind)) = rest.split_first() {
            let class = self.classes[usize::from(byte)];
            if class == WRAP || escapes && place.is_escape(byte) {
                place.pass_over(self.longest);
                rest = behind;
                continue;
            }
            // All up to where a form ends or something is passed over, in one go.
            let mut state = place.state;
            let mut count = 0;
            for &byte in rest {
                let class = self.classes[usize::from(byte)];
                if class == WRAP || escapes && byte == 0x1b {
                    break;
                }
                count += 1;
                state = self.step(state & !ENDS, class);
                if state & ENDS != 0 {
                    break;
                }
            }
            place.state = state & !ENDS;
            place.passing = 0;
            place.read += count as u64;
            rest = &rest[count..];
            if state & ENDS != 0 {
                self.tell(place, found);
            }
        }
    }

    /// Tells the forms that end at `place`.
    fn tell(&self, place: &Place, found: &mut dyn FnMut(u32, u64, u64)) {
        let mut state = &self.states[place.state as usize];
        if state.form == NONE {
            state = &self.states[state.shorter as usize];
        }
        while state.form != NONE {
            let length = self.lengths[state.form as usize];
            let start = place.offset(place.read - u64::from(length));
            found(state.form, start, place.offset(place.read - 1) + 1);
            state = &self.states[state.shorter as usize];
        }
    }

    /// How long the longest form is.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Where the text's end begins that may be the beginning of a form.
    pub fn open(&self, place: &Place) -> u64 {
        match self.states[place.state as usize].open {
            0 => u64::MAX,
            length => place.offset(place.read - u64::from(length)),
        }
    }
}

impl State {
    fn new(class: u8, fail: u32) -> State {
        State {
            class,
            children: 0,
            fail,
            open: 0,
            form: NONE,
            shorter: 0,
        }
    }

    /// The number of this state with [`ENDS`] where a form ends there.
    fn marked(&self, number: u32) -> u32 {
        match self.form == NONE && self.shorter == 0 {
            true => number,
            false => number | ENDS,
        }
    }
}

impl Place {
    /// The same place, from where on terminal escapes are passed over.
    pub fn over_escapes(&self) -> Place {
        Place {
            escapes: Escapes::Text,
            ..self.clone()
        }
    }

    /// The offset in the text of a byte that was read.
    fn offset(&self, read: u64) -> u64 {
        let after = self.gaps.partition_point(|(at, _)| *at <= read);
        let passed = after.checked_sub(1).map_or(0, |gap| self.gaps[gap].1);
        read + passed
    }

    fn pass_over(&mut self, longest: usize) {
        self.passing += 1;
        if self.passing > PATIENCE {
            (self.state, self.passing) = (0, 0);
        }
        match self.gaps.back_mut() {
            Some((at, passed)) if *at == self.read => *passed += 1,
            last => {
                let passed = last.map_or(0, |(_, passed)| *passed);
                self.gaps.push_back((self.read, passed + 1));
                // Those before the longest form's beginning matter no more, but for the last of them.
                let old = self.read.saturating_sub(longest as u64);
                while self.gaps.get(1).is_some_and(|(at, _)| *at <= old) {
                    self.gaps.pop_front();
                }
            }
        }
    }

    /// Whether `byte` belongs to a terminal escape: a control sequence, the choice of a character set, or an `ESC`
    /// alone, for what follows it may be text.
    fn is_escape(&mut self, byte: u8) -> bool {
        use Escapes::*;
        self.escapes = match (self.escapes, byte) {
            (_, 0x1b) => Begun,
            (Begun, b'[') => Parameters,
            (Begun, b'(' | b')') => Charset,
            (Parameters, b' '..=b'?') => Parameters,
            (Parameters, b'@'..=b'~') | (Charset, b'0'..=b'Z') => {
                self.escapes = Text;
                return true;
            }
            _ => Text,
        };
        self.escapes != Text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(forms: &[&str], text: &str, escapes: bool) -> (Vec<String>, u64) {
        let mut forms: Vec<Vec<u8>> = forms.iter().map(|form| form.as_bytes().to_vec()).collect();
        forms.sort();
        let automaton = Automaton::new(&forms);
        let told = told(&automaton, text, escapes);
        // Where the table ends does not matter.
        for cells in [0, 20] {
            let automaton = Automaton::with_table(&forms, cells);
            assert_eq!(self::told(&automaton, text, escapes), told, "{text:?}");
        }
        told
    }

    fn told(automaton: &Automaton, text: &str, escapes: bool) -> (Vec<String>, u64) {
        let mut place = Place::default();
        if escapes {
            place = place.over_escapes();
        }
        let mut found = Vec::new();
        automaton.read(&mut place, text.as_bytes(), &mut |_, from, to| {
            found.push(text[from as usize..to as usize].to_owned());
        });
        found.sort();
        (found, automaton.open(&place))
    }

    #[test]
    fn finds_forms_that_overlap_and_hold_each_other() {
        let cases: [(&[&str], &str, &[&str], u64); 7] = [
            (&["abcab"], "abcabcab", &["abcab", "abcab"], 6),
            (&["aaab"], "aaaab", &["aaab"], u64::MAX),
            (&["abcd", "bc"], "xabcd", &["abcd", "bc"], u64::MAX),
            (&["abcd", "bc"], "xabce", &["bc"], u64::MAX),
            (&["abcd"], "xabc", &[], 1),
            (&["abcd"], "a\r\nbc\nd", &["a\r\nbc\nd"], u64::MAX),
            (&["abcd", "dxyz"], "abcd", &["abcd"], 3),
        ];
        for (forms, text, want, open) in cases {
            assert_eq!(
                all(forms, text, false),
                (want.iter().map(|s| s.to_string()).collect(), open),
                "{text}"
            );
        }
    }

    #[test]
    fn passes_over_escapes() {
        for (text, want) in [
            ("a\x1b[1;31mbcd", "a\x1b[1;31mbcd"),
            ("x\x1b[0mabcd", "abcd"),
            ("ab\x1b(B\x1b[mc\nd", "ab\x1b(B\x1b[mc\nd"),
            ("\x1babcd", "abcd"),
        ] {
            assert_eq!(all(&["abcd"], text, true).0, [want], "{text:?}");
        }
        // What a control sequence would eat is found by reading it as text.
        assert_eq!(all(&["abcd"], "\x1b[abcd", true).0, [""; 0]);
        assert_eq!(all(&["abcd"], "\x1b[abcd", false).0, ["abcd"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// All forms, wherever they stand, and the longest end of the text that is a beginning of one, whatever is in
        /// the table.
        #[test]
        fn finds_what_searching_one_by_one_finds(
            forms in proptest::collection::btree_set("[ab]{1,6}|[abc]{4,9}", 1..12),
            text in "[abc]{0,40}",
        ) {
            let forms: Vec<&str> = forms.iter().map(|form| &form[..]).collect();
            let mut want: Vec<String> = Vec::new();
            for form in &forms {
                let starts = (0..text.len()).filter(|&at| text[at..].starts_with(form));
                want.extend(starts.map(|_| form.to_string()));
            }
            want.sort();
            let begun = |at: &usize| {
                let end = &text[*at..];
                forms.iter().any(|form| form.len() > end.len() && form.starts_with(end))
            };
            let open = (0..text.len()).find(begun).map_or(u64::MAX, |at| at as u64);
            prop_assert_eq!(all(&forms, &text, false), (want, open));
        }
    }
}
