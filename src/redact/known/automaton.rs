//! Finds every form of every known value at once, however they overlap: an Aho-Corasick automaton that can also tell
//! how much of a form the text's end may be the beginning of.

use std::collections::VecDeque;

/// What bytes do not stand in any form has this class; the next one is that of line ends.
const OTHER: u8 = 0;
const WRAP: u8 = 1;
/// So many bytes in a row may be passed over, so that what is held back is bounded; behind more, nothing goes on.
pub const PATIENCE: u32 = 256;
/// Says in the table that a form ends at the next state.
const ENDS: u32 = 1 << 31;
/// More than this is no list of secrets.
const MOST_CELLS: usize = 64 << 20;

/// The automaton.
#[derive(Debug, Default)]
pub struct Automaton {
    classes: Vec<u8>,
    width: usize,
    /// The next state by state and class, with [`ENDS`] where a form ends there.
    next: Vec<u32>,
    /// How many bytes of a form have been seen that is not over.
    open: Vec<u32>,
    /// The form that ends here, and the next shorter state at which one ends.
    ends: Vec<Option<(u32, u32)>>,
    shorter: Vec<u32>,
    longest: usize,
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
    /// For `forms`, none of which is empty or holds a line end. `None` where they are too many.
    pub fn new(forms: &[Vec<u8>]) -> Option<Automaton> {
        let mut classes = vec![OTHER; 256];
        (classes[usize::from(b'\r')], classes[usize::from(b'\n')]) = (WRAP, WRAP);
        let mut width = 2;
        for &byte in forms.iter().flatten() {
            let class = &mut classes[usize::from(byte)];
            if *class == OTHER {
                // 254 bytes are not line ends, and no form holds all of them: no value is binary.
                *class = u8::try_from(width).ok()?;
                width += 1;
            }
        }
        let mut built = Automaton {
            classes,
            width,
            longest: forms.iter().map(Vec::len).max().unwrap_or(0),
            ..Automaton::default()
        };
        built.state();
        for (number, form) in forms.iter().enumerate() {
            built.enter(number, form)?;
        }
        built.link();
        built.mark();
        Some(built)
    }

    fn state(&mut self) -> usize {
        self.next.resize(self.next.len() + self.width, 0);
        self.open.push(0);
        self.ends.push(None);
        self.shorter.push(0);
        self.ends.len() - 1
    }

    fn enter(&mut self, number: usize, form: &[u8]) -> Option<()> {
        let mut state = 0;
        for &byte in form {
            let cell = state * self.width + usize::from(self.classes[usize::from(byte)]);
            if self.next[cell] == 0 {
                if self.next.len() > MOST_CELLS {
                    return None;
                }
                self.next[cell] = self.state() as u32;
            }
            state = self.next[cell] as usize;
        }
        self.ends[state] = Some((number as u32, form.len() as u32));
        Some(())
    }

    /// Lays the failure function into the table, from the shallow states to the deep ones.
    fn link(&mut self) {
        let mut queue = VecDeque::from([(0usize, 0usize, 0u32)]);
        while let Some((state, fail, depth)) = queue.pop_front() {
            let mut goes_on = false;
            for class in 0..self.width {
                let cell = state * self.width + class;
                let child = self.next[cell] as usize;
                let back = match state {
                    0 => 0,
                    _ => self.next[fail * self.width + class],
                };
                match child {
                    0 => self.next[cell] = back,
                    _ => {
                        goes_on = true;
                        queue.push_back((child, back as usize, depth + 1));
                    }
                }
            }
            self.open[state] = if goes_on { depth } else { self.open[fail] };
            self.shorter[state] = match self.ends[fail] {
                Some(_) => fail as u32,
                None => self.shorter[fail],
            };
        }
    }

    fn mark(&mut self) {
        let Automaton {
            next,
            ends,
            shorter,
            ..
        } = self;
        for cell in next {
            let state = *cell as usize;
            if ends[state].is_some() || shorter[state] != 0 {
                *cell |= ENDS;
            }
        }
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
                state = self.next[(state & !ENDS) as usize * self.width + usize::from(class)];
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
        let mut state = place.state as usize;
        if self.ends[state].is_none() {
            state = self.shorter[state] as usize;
        }
        while let Some((number, length)) = self.ends[state] {
            let start = place.offset(place.read - u64::from(length));
            found(number, start, place.offset(place.read - 1) + 1);
            state = self.shorter[state] as usize;
        }
    }

    /// How long the longest form is.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Where the text's end begins that may be the beginning of a form.
    pub fn open(&self, place: &Place) -> u64 {
        match self.open[place.state as usize] {
            0 => u64::MAX,
            length => place.offset(place.read - u64::from(length)),
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
    use super::*;

    fn all(forms: &[&str], text: &str, escapes: bool) -> (Vec<String>, u64) {
        let forms: Vec<Vec<u8>> = forms.iter().map(|form| form.as_bytes().to_vec()).collect();
        let automaton = Automaton::new(&forms).expect("few forms");
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
}
