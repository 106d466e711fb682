//! From byte offsets to lines and columns.

use crate::model::Position;

/// Walks forward through a text and tells positions. Offsets count from the start of the whole input, of which the
/// text in hand may be a later part.
#[derive(Debug, Clone, Copy)]
pub struct Walker {
    at: u64,
    line: u64,
    /// Columns of the current line before `at`.
    columns: u64,
}

impl Default for Walker {
    fn default() -> Self {
        Walker {
            at: 0,
            line: 1,
            columns: 0,
        }
    }
}

impl Walker {
    /// A walker over the decoded text of a view that begins at `offset` of the text in hand.
    pub fn of_view(mut walker: Walker, hay: &[u8], start: u64, offset: u64) -> Walker {
        // What stands before is a byte-order mark, which no column counts.
        if offset > 3 {
            walker.to(hay, start, offset);
        } else {
            walker = Walker::default();
        }
        Walker { at: 0, ..walker }
    }

    /// Moves on over `bytes`, which stand where the walker stands.
    pub fn pass(&mut self, bytes: &[u8]) {
        if self.at == 0 && self.columns == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
            return self.pass(&bytes[3..]);
        }
        self.at += bytes.len() as u64;
        match memchr::memrchr(b'\n', bytes) {
            Some(last) => {
                self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
                self.columns = columns(&bytes[last + 1..]);
            }
            None => self.columns += columns(bytes),
        }
    }

    /// Where the walker stands.
    pub fn position(&self) -> Position {
        Position {
            line: self.line,
            column: self.columns + 1,
            offset: self.at,
        }
    }

    /// Moves on to `offset` and tells where that is. `hay` is the text in hand and `start` the offset it begins at;
    /// `offset` must not lie behind the walker.
    pub fn to(&mut self, hay: &[u8], start: u64, offset: u64) -> Position {
        let from = (self.at - start) as usize;
        let to = ((offset - start) as usize).min(hay.len()).max(from);
        self.pass(&hay[from..to]);
        self.position()
    }
}

/// Unicode code points; each byte that is not valid UTF-8 counts as one.
fn columns(bytes: &[u8]) -> u64 {
    if bytes.is_ascii() {
        return bytes.len() as u64;
    }
    bytes
        .utf8_chunks()
        .map(|chunk| (chunk.valid().chars().count() + chunk.invalid().len()) as u64)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_code_points() {
        let cases: [(&[u8], (u64, u64)); 6] = [
            (b"", (1, 1)),
            (b"ab", (1, 3)),
            (b"ab\n", (2, 1)),
            (b"a\r\nb", (2, 2)),
            ("a\nä€😀".as_bytes(), (2, 4)),
            (b"\xff\xfea", (1, 4)),
        ];
        for (text, want) in cases {
            let got = Walker::default().to(text, 0, text.len() as u64);
            assert_eq!((got.line, got.column), want, "{text:?}");
        }
    }
}
