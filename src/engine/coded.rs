//! Credentials in encoded text: from the hit of an encoded keyword to the decoded text around it, and back.
//!
//! The hit tells which digit stands for what, so that digits are read from it outwards, no further than its rule can
//! look. What is read, and so what is found, depends on a bounded stretch around the hit and on nothing else.

use std::ops::Range;

use super::check::CONTEXT;
use super::matching::{ESCAPE, ends_escape};
use crate::model::Encoding;
use crate::rule::{ByteSet, Coding, Matcher, Rule};

/// How many bytes of decoded text before a match are looked at: an escape and the byte that it follows.
const BEFORE: usize = ESCAPE + 2;
/// How much of a run of unbounded length is looked at.
const RUN: usize = 4096;
/// So many digits stand in a line, at least, that goes on in the next one: encoders break lines after 60, 64 or 76.
const LINE: usize = 60;
/// The most blanks at the beginning of such a line.
const INDENT: usize = 32;

/// What a byte is worth as a digit.
const NONE: u8 = u8::MAX;
const BASE64: [u8; 256] = digits(&[
    (b'A', 26, 0),
    (b'a', 26, 26),
    (b'0', 10, 52),
    (b'+', 1, 62),
    (b'-', 1, 62),
    (b'/', 1, 63),
    (b'_', 1, 63),
]);
const HEX: [u8; 256] = digits(&[(b'0', 10, 0), (b'a', 6, 10), (b'A', 6, 10)]);

/// From stretches of bytes: the first, how many, and what the first is worth.
const fn digits(stretches: &[(u8, u8, u8)]) -> [u8; 256] {
    let mut table = [NONE; 256];
    let mut index = 0;
    while index < stretches.len() {
        let (first, count, value) = stretches[index];
        let mut at = 0;
        while at < count {
            table[(first + at) as usize] = value + at;
            at += 1;
        }
        index += 1;
    }
    table
}

impl Coding {
    /// What reports call it.
    pub fn encoding(self) -> Encoding {
        match self {
            Coding::Base64(_) => Encoding::Base64,
            Coding::Hex => Encoding::Hex,
        }
    }

    fn table(self) -> &'static [u8; 256] {
        match self {
            Coding::Base64(_) => &BASE64,
            Coding::Hex => &HEX,
        }
    }

    fn bits(self) -> usize {
        match self {
            Coding::Base64(_) => 6,
            Coding::Hex => 4,
        }
    }

    /// Digits in a group, which begins anew every so many.
    fn group(self) -> usize {
        match self {
            Coding::Base64(_) => 4,
            Coding::Hex => 2,
        }
    }

    /// What `bytes` of text need at most, with line ends.
    fn length(self, bytes: usize) -> usize {
        let digits = (bytes * 8).div_ceil(self.bits()) + 2 * self.group();
        digits + digits / LINE * (INDENT / 4) + INDENT
    }
}

/// Adds to `set` the digits of base64 that may hold bits of a text's first byte and of what stands before it.
pub fn shared_digits(first: u8, set: &mut ByteSet) {
    let is_shared = |value: u8| value & 15 == first >> 4 || value & 3 == first >> 6;
    for byte in 0..=u8::MAX {
        let value = BASE64[usize::from(byte)];
        if value != NONE && is_shared(value) {
            set.add(byte, byte);
        }
    }
}

/// How many bytes of the input before a hit are looked at.
pub fn before(coding: Coding) -> usize {
    (BEFORE * 8).div_ceil(coding.bits()) + coding.group()
}

/// How far from a hit's start a rule looks whose keyword is encoded.
pub fn ahead(rule: &Rule, coding: Coding) -> usize {
    let longest = match &rule.matcher {
        Matcher::Pattern(pattern, _) => pattern.max_len as usize,
        Matcher::Run(run) => RUN.max(run.head.max_len as usize),
        Matcher::Assignment(_) | Matcher::Block(_) | Matcher::File(_) => 0,
    };
    coding.length(longest + CONTEXT + 1)
}

/// What is read of the input around a hit.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The text in hand.
    pub bytes: &'a [u8],
    /// Where the hit begins in it.
    pub hit: usize,
    /// How the keyword is encoded.
    pub coding: Coding,
    /// How far from there may be read.
    pub ahead: usize,
}

/// Decoded text and where its bytes come from. Reused, so that a hit allocates nothing.
#[derive(Debug, Default)]
pub struct Decoded {
    text: Vec<u8>,
    /// The first bytes of it that are not wholly there.
    cut: usize,
    /// Where the keyword begins in what is.
    keyword: usize,
    /// By line: the number of its first digit, and where that stands.
    lines: Vec<(usize, usize)>,
    bits: usize,
}

impl Decoded {
    /// The text.
    pub fn text(&self) -> &[u8] {
        &self.text[self.cut..]
    }

    /// Where the keyword stands in it: its first byte.
    pub fn keyword(&self) -> Range<usize> {
        self.keyword..self.keyword + 1
    }

    /// The digits that hold a bit of `range`.
    pub fn digits(&self, range: &Range<usize>) -> Range<usize> {
        let first = (range.start + self.cut) * 8 / self.bits;
        let last = ((range.end + self.cut) * 8).div_ceil(self.bits);
        self.place(first)..self.place(last.max(first + 1) - 1) + 1
    }

    fn place(&self, digit: usize) -> usize {
        let line = self.lines.partition_point(|(first, _)| *first <= digit);
        let (first, at) = self.lines[line.max(1) - 1];
        at + digit.saturating_sub(first)
    }

    /// Decodes the digits around a hit, up to the end of their line or wherever lines that go on end. False where the
    /// keyword's first byte is not wholly there.
    pub fn read(&mut self, place: &Place<'_>, wrapped: bool) -> bool {
        let coding = place.coding;
        let (group, bits) = (coding.group(), coding.bits());
        let start = first_digit(place);
        // Digits that a group lacks at its beginning count as zeros.
        let back = place.hit - start;
        let lacking = (coding.first_digit() + group * back - back) % group;
        let number = lacking + back;
        self.bits = bits;
        self.cut = (lacking * bits).div_ceil(8);
        self.lines.clear();
        self.lines.push((lacking, start));
        self.text.clear();
        let bytes_of_group = group * bits / 8;
        let first = (number - coding.first_digit()) / group * bytes_of_group + coding.phase();
        let Some(keyword) = first.checked_sub(self.cut) else {
            return false;
        };
        self.keyword = keyword;
        let (mut sum, mut held) = (0_u32, lacking * bits);
        self.text.resize(held / 8, 0);
        held %= 8;
        let mut count = lacking;
        let mut lines = Lines::from(place, start);
        while let Some(line) = lines.next() {
            if count > lacking {
                self.lines.push((count, line.start));
            }
            for &byte in &place.bytes[line.clone()] {
                sum = sum << bits | u32::from(coding.table()[usize::from(byte)]);
                held += bits;
                if held >= 8 {
                    held -= 8;
                    self.text.push((sum >> held) as u8);
                }
            }
            count += line.len();
            if !wrapped {
                break;
            }
        }
        self.text.len() > self.cut + keyword
    }
}

/// Whether the digits around a hit may go on behind the text in hand.
pub fn is_open(place: &Place<'_>) -> bool {
    let mut lines = Lines::from(place, place.hit);
    // Whether a line belongs to it may be open although its digits are over.
    let mut open = false;
    while lines.next().is_some() {
        open |= lines.open;
    }
    open | lines.open
}

/// The first digit before a hit that belongs to it.
fn first_digit(place: &Place<'_>) -> usize {
    let Place {
        bytes, hit, coding, ..
    } = *place;
    // A text that begins with the keyword may stand right behind what only looks like digits: a sign between words, or
    // the end of an escape.
    let sign = |byte: u8| matches!(byte, b'+' | b'-' | b'/' | b'_');
    let apart = |at: usize| {
        bytes[..at].last().is_some_and(|&byte| sign(byte))
            || ends_escape(&bytes[at.saturating_sub(ESCAPE)..at])
    };
    if coding.first_digit() == 0 && apart(hit) {
        return hit;
    }
    let table = coding.table();
    let digits = bytes[hit.saturating_sub(before(coding))..hit].iter().rev();
    hit - digits
        .take_while(|&&b| table[usize::from(b)] != NONE)
        .count()
}

/// The lines of digits from a place on.
struct Lines<'a> {
    bytes: &'a [u8],
    table: &'static [u8; 256],
    at: usize,
    /// Not to be looked beyond.
    limit: usize,
    begun: bool,
    /// Whether the text in hand ended before they did.
    open: bool,
}

impl<'a> Lines<'a> {
    fn from(place: &Place<'a>, start: usize) -> Lines<'a> {
        Lines {
            bytes: place.bytes,
            table: place.coding.table(),
            at: start,
            limit: place.hit + place.ahead,
            begun: false,
            open: false,
        }
    }

    fn is_digit(&self, byte: u8) -> bool {
        self.table[usize::from(byte)] != NONE
    }

    /// The next line's digits.
    fn next(&mut self) -> Option<Range<usize>> {
        self.open = false;
        let from = match self.begun {
            false => self.at,
            true => self.next_line()?,
        };
        self.begun = true;
        let rest = &self.bytes[from..self.limit.min(self.bytes.len())];
        let length = rest
            .iter()
            .position(|&b| !self.is_digit(b))
            .unwrap_or(rest.len());
        self.at = from + length;
        self.open |= self.at == self.bytes.len() && self.at < self.limit;
        (length > 0).then_some(from..self.at)
    }

    /// Where the line after this one begins, if this one is as long as those that encoders break.
    fn next_line(&mut self) -> Option<usize> {
        let end = self.at;
        self.open = end == self.bytes.len() && end < self.limit;
        let line = &self.bytes[end.saturating_sub(LINE)..end];
        if line.len() < LINE || !line.iter().all(|&b| self.is_digit(b)) {
            return None;
        }
        let mut at = end;
        let mut skip = |wanted: &[u8]| {
            let rest = &self.bytes[at.min(self.bytes.len())..];
            self.open |= rest.len() < wanted.len() && wanted.starts_with(rest);
            let found = rest.starts_with(wanted);
            at += if found { wanted.len() } else { 0 };
            found
        };
        let escaped = skip(b"\\r") | skip(b"\\n");
        let broken = escaped || skip(b"\r") | skip(b"\n");
        if !broken {
            return None;
        }
        let rest = &self.bytes[at..];
        let blank = |b: &&u8| matches!(b, b' ' | b'\t');
        let at = at + rest.iter().take(INDENT).take_while(blank).count();
        self.open |= at >= self.bytes.len() && at < self.limit;
        (at < self.limit && at < self.bytes.len() && self.is_line(at)).then_some(at)
    }

    /// Whether nothing but digits stands from here to the end of a line, or of what the text is quoted in.
    fn is_line(&mut self, at: usize) -> bool {
        let rest = &self.bytes[at..self.limit.min(self.bytes.len())];
        let digits = rest.iter().take_while(|&&b| self.is_digit(b)).count();
        let padding = rest[digits..].iter().take(2).take_while(|&&b| b == b'=');
        let end = digits + padding.count();
        self.open |= end == rest.len() && at + end < self.limit;
        digits > 0
            && rest
                .get(end)
                .is_none_or(|b| matches!(b, b'\r' | b'\n' | b'"' | b'\'' | b'`' | b'\\' | b'<'))
    }
}
