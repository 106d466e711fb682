//! UTF-16 text in a watched stream: each run of it is watched as the text it stands for.

use super::{Lookahead, Sighting, Watch};
use crate::engine::Scratch;
use crate::engine::candidate::Candidate;
use crate::engine::utf16::{Reader, Runs};

/// A run is told once its first twelve characters have come; the two bytes before it are looked at then.
const BACK: usize = 32;

/// The runs of a stream.
#[derive(Debug, Default)]
pub struct Views<'l> {
    reader: Reader,
    child: Option<Child<'l>>,
    /// The last bytes, the last one at the end.
    last: [u8; BACK],
    end: u64,
}

/// The run that goes on.
#[derive(Debug)]
struct Child<'l> {
    watch: Watch<'l>,
    start: u64,
    text: Vec<u8>,
    /// Whether what stands before its first character says that this is UTF-16.
    told: bool,
}

impl<'l> Views<'l> {
    /// Takes the next bytes of the stream.
    pub fn take(
        &mut self,
        ahead: &'l Lookahead<'l>,
        chunk: &[u8],
        finish: bool,
        scratch: &mut Scratch,
        out: &mut dyn FnMut(Sighting<'_>),
    ) {
        let Views { reader, child, .. } = self;
        let mut runs = Feed {
            ahead,
            child,
            before: (self.end, self.last),
            chunk,
            scratch,
            out,
        };
        reader.feed(chunk, &mut runs);
        if finish {
            reader.finish(&mut runs);
        }
        runs.flush(false);
        let tail = &chunk[chunk.len().saturating_sub(BACK)..];
        self.last.rotate_left(tail.len());
        self.last[BACK - tail.len()..].copy_from_slice(tail);
        self.end += chunk.len() as u64;
    }

    /// Up to where no secret in a run begins that has not been handed out.
    pub fn safe(&self) -> u64 {
        let [.., first, second, character] = self.last;
        let told = tells([first, second]) && character != 0;
        let first = if told {
            self.end.saturating_sub(1)
        } else {
            self.end
        };
        let begun = self.reader.begun().unwrap_or(first);
        let child = self
            .child
            .as_ref()
            .map(|child| child.start + 2 * child.watch.safe());
        child.unwrap_or(begun).min(begun).min(first)
    }

    /// How many bytes are in the buffer of the run that goes on.
    pub fn held(&self) -> usize {
        self.child.as_ref().map_or(0, |child| child.watch.held())
    }
}

/// Whether the two bytes before a character say that it is one of UTF-16: a byte-order mark, or the first half of it.
fn tells(before: [u8; 2]) -> bool {
    before == [0xff, 0xfe] || before[1] == 0
}

struct Feed<'a, 'l> {
    ahead: &'l Lookahead<'l>,
    child: &'a mut Option<Child<'l>>,
    /// The chunk's offset, and the bytes before it.
    before: (u64, [u8; BACK]),
    chunk: &'a [u8],
    scratch: &'a mut Scratch,
    out: &'a mut dyn FnMut(Sighting<'_>),
}

impl Feed<'_, '_> {
    /// The byte at an offset of the stream, if it stands in the chunk or shortly before.
    fn byte(&self, at: u64) -> Option<u8> {
        let (start, last) = self.before;
        match at.checked_sub(start) {
            Some(index) => self.chunk.get(index as usize).copied(),
            None => last
                .get((at + BACK as u64).checked_sub(start)? as usize)
                .copied(),
        }
    }

    fn flush(&mut self, finish: bool) {
        let Some(child) = self.child.as_mut() else {
            return;
        };
        let (start, told) = (child.start, child.told);
        let text = std::mem::take(&mut child.text);
        let out = &mut *self.out;
        let mut mapped = |sighting: Sighting<'_>| {
            let range = &sighting.candidate.secret;
            let last = match sighting.candidate.open {
                true => u64::MAX,
                false => start + 2 * range.end - 1,
            };
            let secret = start + 2 * range.start..last;
            let untold = u64::from(range.start == 0 && !told);
            let candidate = Candidate {
                span: secret.clone(),
                secret: secret.clone(),
                decoded: Some(sighting.secret.into()),
                ..sighting.candidate.clone()
            };
            out(Sighting {
                candidate: &candidate,
                cover: secret.start + untold..secret.end,
                secret: sighting.secret,
            });
        };
        child.watch.take(&text, finish, self.scratch, &mut mapped);
    }
}

impl Runs for Feed<'_, '_> {
    fn begin(&mut self, start: u64, text: &[u8]) {
        let byte = |back: u64| start.checked_sub(back).and_then(|at| self.byte(at));
        let told = match (byte(2), byte(1)) {
            (before, Some(last)) => tells([before.unwrap_or(1), last]),
            _ => false,
        };
        *self.child = Some(Child {
            watch: Watch::of_view(self.ahead),
            start,
            text: text.to_vec(),
            told,
        });
    }

    fn next(&mut self, character: u8) {
        if let Some(child) = self.child {
            child.text.push(character);
        }
    }

    fn end(&mut self) {
        self.flush(true);
        *self.child = None;
    }
}
