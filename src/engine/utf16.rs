//! UTF-16 text, known by its NUL-interleaved runs rather than by a byte-order mark: the ASCII characters of a run stand
//! at every second byte with a NUL between them, in little-endian and big-endian text alike.

/// Shorter runs are left alone: they hold no credential, and binary files are full of them.
const LEAST: u64 = 12;

/// What the reader says about the bytes it is fed.
pub trait Runs {
    /// A run began at this offset; `text` are its first [`LEAST`] characters.
    fn begin(&mut self, start: u64, text: &[u8]);
    /// The run's next character.
    fn next(&mut self, character: u8);
    /// The run ended.
    fn end(&mut self);
}

/// Reads bytes one after the other and tells the runs, whatever the chunks.
#[derive(Debug, Default)]
pub struct Reader {
    at: u64,
    state: State,
    head: Vec<u8>,
    start: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Outside of a run; the last byte.
    #[default]
    Start,
    Outside(u8),
    /// In a run, after a character.
    Nul,
    /// In a run, after a NUL.
    Character,
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')
}

impl Reader {
    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8], runs: &mut impl Runs) {
        let mut index = 0;
        while index < bytes.len() {
            if matches!(self.state, State::Start | State::Outside(_)) {
                // Nothing begins before the next NUL.
                let skip = memchr::memchr(0, &bytes[index..]).unwrap_or(bytes.len() - index);
                if skip > 0 {
                    index += skip;
                    self.state = State::Outside(bytes[index - 1]);
                    continue;
                }
                // Nor among NULs that no text precedes: sparse files are full of them.
                if !matches!(self.state, State::Outside(last) if is_text(last)) {
                    index += bytes[index..].iter().take_while(|&&byte| byte == 0).count();
                    self.state = State::Outside(0);
                    continue;
                }
            }
            self.byte(bytes[index], self.at + index as u64, runs);
            index += 1;
        }
        self.at += bytes.len() as u64;
    }

    /// The input has ended.
    pub fn finish(&mut self, runs: &mut impl Runs) {
        self.end(runs);
    }

    /// Where the run began that is too short yet to be told.
    pub fn begun(&self) -> Option<u64> {
        let inside = matches!(self.state, State::Nul | State::Character);
        (inside && (self.head.len() as u64) < LEAST).then_some(self.start)
    }

    fn byte(&mut self, byte: u8, at: u64, runs: &mut impl Runs) {
        self.state = match (self.state, byte) {
            (State::Outside(last), 0) if is_text(last) => {
                self.start = at - 1;
                self.head.clear();
                self.head.push(last);
                State::Character
            }
            (State::Nul, 0) => State::Character,
            (State::Character, byte) if is_text(byte) => {
                self.character(byte, runs);
                State::Nul
            }
            (State::Nul | State::Character, byte) => {
                self.end(runs);
                State::Outside(byte)
            }
            (_, byte) => State::Outside(byte),
        };
    }

    fn character(&mut self, byte: u8, runs: &mut impl Runs) {
        match (self.head.len() as u64).cmp(&LEAST) {
            std::cmp::Ordering::Less => {
                self.head.push(byte);
                if self.head.len() as u64 == LEAST {
                    runs.begin(self.start, &self.head);
                }
            }
            _ => runs.next(byte),
        }
    }

    fn end(&mut self, runs: &mut impl Runs) {
        if matches!(self.state, State::Nul | State::Character) && self.head.len() as u64 == LEAST {
            runs.end();
        }
        self.state = State::Start;
    }
}

/// The runs of a whole blob, decoded, each with the offset it begins at.
pub fn decoded(bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    struct Collect(Vec<(u64, Vec<u8>)>);
    impl Runs for Collect {
        fn begin(&mut self, start: u64, text: &[u8]) {
            self.0.push((start, text.to_vec()));
        }
        fn next(&mut self, character: u8) {
            if let Some((_, text)) = self.0.last_mut() {
                text.push(character);
            }
        }
        fn end(&mut self) {}
    }
    let mut all = Collect(Vec::new());
    if memchr::memchr(0, bytes).is_some() {
        let mut reader = Reader::default();
        reader.feed(bytes, &mut all);
        reader.finish(&mut all);
    }
    all.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_runs_of_both_byte_orders() {
        let text = "hello, world!";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let cases = [
            (le.clone(), Some(0)),
            (be, Some(1)),
            ([&b"\xff\xfe"[..], &le].concat(), Some(2)),
            ([&b"x\0"[..], &[0; 9], &le, b"\x80\0"].concat(), Some(11)),
            (b"a\0b\0c\0".to_vec(), None),
            (vec![0; 40], None),
            (b"no nul in here".to_vec(), None),
        ];
        for (bytes, start) in cases {
            let want: Vec<_> = start
                .map(|start| (start, text.as_bytes().to_vec()))
                .into_iter()
                .collect();
            assert_eq!(decoded(&bytes), want, "{bytes:?}");
        }
    }
}
