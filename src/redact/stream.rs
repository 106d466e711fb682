//! Redaction of a stream, chunk by chunk.

use super::cover::{Cover, What};
use super::held::Held;
use super::parts::{Part, Parts};
use super::pass::{Again, First, Onward};
use super::{PASSES, Redacted, Redactor};
use crate::engine::Scratch;
use crate::model::Secret;

/// The most bytes of an echo that are shown although they may begin a secret.
const ECHO: usize = 8;

/// A stream that is being redacted.
///
/// What is fed comes out as soon as it can no longer be a secret. One that is dropped without [`RedactStream::finish`]
/// keeps what it holds back to itself.
#[derive(Debug)]
pub struct RedactStream<'r> {
    redactor: &'r Redactor<'r>,
    scratch: Scratch,
    parts: Parts<'r>,
    first: First<'r>,
    again: Vec<Again<'r>>,
}

impl<'r> RedactStream<'r> {
    pub(super) fn new(redactor: &'r Redactor<'_>) -> RedactStream<'r> {
        RedactStream {
            redactor,
            scratch: redactor.ahead.engine().scratch(),
            parts: Parts::new(redactor),
            first: First::new(redactor),
            again: (1..PASSES).map(|_| Again::new(redactor)).collect(),
        }
    }

    /// Takes the next chunk, and appends to `out` what can be let go.
    pub fn feed(&mut self, chunk: &[u8], out: &mut Redacted) {
        self.take(chunk, false, out);
    }

    /// The stream has ended: appends the rest to `out`.
    pub fn finish(mut self, out: &mut Redacted) {
        self.take(&[], true, out);
    }

    /// Lets go what is held back if it is short and a piece of `typed`, what was typed at a terminal of late: whoever
    /// typed it waits for its echo, and knows it. What it turns out to be the beginning of is covered from there on.
    pub fn echo(&mut self, typed: &[u8], out: &mut Redacted) {
        let passes = self.passes();
        let swallowing = passes.iter().any(|held| held.is_swallowing());
        let mut held = Vec::new();
        if swallowing || self.held() == 0 || self.held() > ECHO {
            return;
        }
        // What is furthest on has come first.
        passes
            .iter()
            .rev()
            .for_each(|pass| held.extend_from_slice(pass.bytes()));
        held.extend_from_slice(self.parts.begun());
        if memchr::memmem::find(typed, &held).is_none() {
            return;
        }
        let begun = self.parts.give_up();
        let mut onward = Onward {
            again: &mut self.again,
            scratch: &mut self.scratch,
            open: true,
            out,
        };
        self.first.text(&begun, &mut onward);
        self.first.held.show(&mut onward);
        for at in 0..self.again.len() {
            let (before, behind) = self.again.split_at_mut(at + 1);
            let mut onward = Onward {
                again: behind,
                scratch: &mut self.scratch,
                open: true,
                out,
            };
            before[at].held.show(&mut onward);
        }
    }

    /// How many bytes have come and not gone.
    pub fn held(&self) -> usize {
        let passes = self.passes();
        let held = passes.iter().map(|held| held.bytes().len());
        held.sum::<usize>() + self.parts.begun().len()
    }

    fn passes(&self) -> Vec<&Held> {
        let again = self.again.iter().map(|again| &again.held);
        std::iter::once(&self.first.held).chain(again).collect()
    }

    /// The last chunk of the stream.
    pub(super) fn last(mut self, chunk: &[u8], out: &mut Redacted) {
        self.take(chunk, true, out);
    }

    /// What rules that know a file by its name find in it, between placeholders.
    pub(super) fn expect(&mut self, name: &str, text: &[u8]) {
        let mut candidates = self.redactor.ahead.engine().of_file(name, text);
        let mut at = 0;
        Parts::new(self.redactor).take(text, true, &mut |part| match part {
            Part::Text(part) => at += part.len() as u64,
            Part::Placeholder(part) => {
                let end = at + part.len() as u64;
                candidates.retain(|c| c.secret.end <= at || end <= c.secret.start);
                at = end;
            }
        });
        for candidate in candidates {
            let range = candidate.secret.start as usize..candidate.secret.end as usize;
            let secret = Secret::new(&text[range]);
            self.first.held.covers.push(Cover {
                range: candidate.secret.clone(),
                what: What::Rule(candidate, secret),
            });
        }
    }

    fn take(&mut self, chunk: &[u8], finish: bool, out: &mut Redacted) {
        let mut onward = Onward {
            again: &mut self.again,
            scratch: &mut self.scratch,
            open: false,
            out,
        };
        let first = &mut self.first;
        self.parts.take(chunk, finish, &mut |part| match part {
            Part::Text(text) => first.text(text, &mut onward),
            Part::Placeholder(placeholder) => first.placeholder(placeholder, &mut onward),
        });
        onward.open = !self.first.held.bytes().is_empty();
        match finish {
            false => onward.settle(),
            true => {
                self.first.finish(&mut onward);
                onward.finish();
            }
        }
    }
}
