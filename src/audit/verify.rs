//! Reading a log back: whether it is what was written, and where it is not.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};

use super::record::{Place, Record, Torn};
use super::{Head, chain};

/// Findings that are listed; those beyond are counted.
const LISTED: usize = 1000;

/// What is held against a log besides its own chain.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// Heads of the log, each with the name of where it was found.
    pub heads: Vec<(String, Head)>,
    /// The key that every head must be signed with.
    pub public_key: Option<VerifyingKey>,
}

/// What is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// A line is no record and nobody accounted for it.
    Damaged,
    /// A record is not what was written.
    Edited,
    /// Records are missing, before the line or behind the last one.
    Missing,
    /// A record stands behind one that was written after it, or a second time.
    Misplaced,
    /// A record does not follow from the one before it: one of them was put in the place of another.
    Unlinked,
    /// A head names another record than the one that stands there: the log was written anew.
    Rewritten,
    /// A head is not signed with the key.
    Unsigned,
    /// There is no head to tell whether the end is there.
    Headless,
}

impl FindingKind {
    /// The name in reports for machines.
    pub fn name(self) -> &'static str {
        match self {
            FindingKind::Damaged => "damaged",
            FindingKind::Edited => "edited",
            FindingKind::Missing => "missing",
            FindingKind::Misplaced => "misplaced",
            FindingKind::Unlinked => "unlinked",
            FindingKind::Rewritten => "rewritten",
            FindingKind::Unsigned => "unsigned",
            FindingKind::Headless => "headless",
        }
    }
}

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1; for missing records the line that the first of them should be.
    pub line: u64,
    /// What is wrong.
    pub kind: FindingKind,
    /// What was found, for people. Quotes nothing of the log but numbers.
    pub detail: String,
}

/// Something that is no sign of tampering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line, from 1.
    pub line: u64,
    /// What was found.
    pub detail: String,
}

/// What a log was found to be.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    /// Records whose own hash is right.
    pub records: u64,
    /// The last of them.
    pub last: Option<Place>,
    /// The chain's identity.
    pub chain: Option<String>,
    /// What is wrong, by line.
    pub findings: Vec<Finding>,
    /// Findings beyond those.
    pub unlisted: u64,
    /// What is no sign of tampering; the first of it.
    pub notes: Vec<Note>,
    /// Heads that the log agrees with.
    pub heads: u64,
    /// Whether they are signed with the key that was asked for.
    pub signed: bool,
}

impl Verification {
    /// Whether nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty() && self.unlisted == 0
    }
}

/// Reads a log to its end in constant memory. Every record with a right hash is handed to `each`, with its line.
///
/// # Errors
/// The log cannot be read.
pub fn verify(
    log: impl BufRead,
    proof: &Proof,
    each: &mut dyn FnMut(u64, &Record),
) -> io::Result<Verification> {
    let mut heads: BTreeMap<u64, Vec<&Head>> = BTreeMap::new();
    for (_, head) in &proof.heads {
        heads.entry(head.seq).or_default().push(head);
    }
    let mut reader = Reader {
        found: Verification::default(),
        last: None,
        gap: Gap::default(),
        line: 0,
        heads,
    };
    reader.read(log, each)?;
    reader.end(proof);
    let mut found = reader.found;
    found
        .findings
        .sort_by_key(|finding| (finding.line, finding.kind));
    Ok(found)
}

struct Reader<'p> {
    found: Verification,
    /// The last record that stands in its place.
    last: Option<Place>,
    gap: Gap,
    line: u64,
    /// The heads that have not been met.
    heads: BTreeMap<u64, Vec<&'p Head>>,
}

/// Lines since the last record that are none.
#[derive(Default)]
struct Gap {
    /// The first of them.
    line: u64,
    count: u64,
    bytes: u64,
    hash: Sha256,
    /// Those that have the form of a record, each with its line and its number: no torn line has it.
    edited: Vec<(u64, u64)>,
    /// How many of those there are, listed or not.
    edits: u64,
    /// How many of them a writer may have left that died: the beginning of a record, whole or not.
    beginnings: u64,
}

impl Reader<'_> {
    fn read(
        &mut self,
        mut log: impl BufRead,
        each: &mut dyn FnMut(u64, &Record),
    ) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            // What is longer than any record is read in pieces, none of which is one.
            let limit = chain::MAX_LINE as u64 + 2;
            let count = log.by_ref().take(limit).read_until(b'\n', &mut line)?;
            if count == 0 {
                return Ok(());
            }
            self.line += 1;
            let ended = line.last() == Some(&b'\n');
            let text = &line[..count - usize::from(ended)];
            match chain::read(text) {
                Some(sealed) if sealed.intact => {
                    self.found.records += 1;
                    self.record(&sealed.record);
                    each(self.line, &sealed.record);
                }
                sealed => {
                    self.gap(&line, text, sealed.map(|sealed| sealed.record));
                    self.skip_rest_of_line(&mut log, ended || count < limit as usize)?;
                }
            }
        }
    }

    fn skip_rest_of_line(&mut self, log: &mut impl BufRead, done: bool) -> io::Result<()> {
        let mut done = done;
        while !done {
            let available = log.fill_buf()?;
            let end = memchr::memchr(b'\n', available);
            let count = end.map_or(available.len(), |at| at + 1);
            self.gap.hash.update(&available[..count]);
            self.gap.bytes += count as u64;
            done = end.is_some() || count == 0;
            log.consume(count);
        }
        Ok(())
    }

    fn gap(&mut self, line: &[u8], text: &[u8], edited: Option<Record>) {
        if self.gap.count == 0 {
            self.gap.line = self.line;
        }
        self.gap.count += 1;
        self.gap.bytes += line.len() as u64;
        self.gap.hash.update(line);
        let beginning = chain::BEGINNING.as_bytes();
        let is_one = text.starts_with(beginning) || beginning.starts_with(text);
        self.gap.beginnings += u64::from(is_one);
        if let Some(record) = edited {
            self.gap.edits += 1;
            if self.gap.edited.len() < LISTED {
                self.gap.edited.push((self.line, record.seq));
            }
        }
    }

    fn record(&mut self, record: &Record) {
        let explained = self.close_gap(record.found.as_ref().and_then(|found| found.torn.as_ref()));
        if let Some(missing) = record
            .found
            .as_ref()
            .and_then(|found| found.missing.as_ref())
        {
            let detail = format!(
                "when it was written, the log's end up to record {} had been cut off or changed",
                missing.seq
            );
            self.finding(self.line, FindingKind::Missing, detail);
        }
        if record.found.as_ref().is_some_and(|found| found.headless) {
            let detail = "when it was written, the head was gone: whether the end had been cut off \
                          before cannot be told";
            self.finding(self.line, FindingKind::Headless, detail.to_owned());
        }
        self.follow(record, explained);
        for head in self.heads.remove(&record.seq).unwrap_or_default() {
            match head.hash == record.hash && head.chain == record.chain {
                true => self.found.heads += 1,
                false => {
                    let detail =
                        format!("a head of {} names another record {}", head.time, head.seq);
                    self.finding(self.line, FindingKind::Rewritten, detail);
                }
            }
        }
    }

    /// Accounts for the lines since the last record. Returns how many records they may have been.
    fn close_gap(&mut self, torn: Option<&Torn>) -> u64 {
        let mut gap = std::mem::take(&mut self.gap);
        let hash = chain::hex(&gap.hash.finalize_reset());
        let covered = torn.is_some_and(|torn| torn.bytes == gap.bytes && torn.sha256 == hash);
        if !covered && torn.is_some() {
            let detail = "the torn line that its writer found before it is gone or changed";
            self.finding(self.line, FindingKind::Missing, detail.to_owned());
        }
        let torn_lines = gap.count - gap.edits;
        if !covered {
            self.damaged(&gap);
            return gap.count;
        }
        self.edited(&gap);
        if torn_lines > 0 {
            let detail = format!(
                "{} bytes of a writer that died, accounted for in line {}",
                gap.bytes, self.line
            );
            self.note(gap.line, detail);
        }
        0
    }

    fn edited(&mut self, gap: &Gap) {
        for (line, seq) in &gap.edited {
            let detail = format!("record {seq} is not what was written");
            self.finding(*line, FindingKind::Edited, detail);
        }
        self.found.unlisted += gap.edits - gap.edited.len() as u64;
    }

    /// Reports the lines that are no records and that nobody accounts for.
    fn damaged(&mut self, gap: &Gap) {
        self.edited(gap);
        let lines = gap.count - gap.edits;
        if lines > 0 {
            let detail = match lines {
                1 => "no record".to_owned(),
                _ => format!(
                    "no record, and {} more lines from here that are none",
                    lines - 1
                ),
            };
            self.finding(gap.line, FindingKind::Damaged, detail);
        }
    }

    /// Holds a record against the one before it, between which as many as `damaged` records were lost to damage that
    /// is reported already.
    fn follow(&mut self, record: &Record, damaged: u64) {
        let (seq, hash) = match &self.last {
            Some(last) => (last.seq, &last.hash[..]),
            None => (0, chain::NOTHING),
        };
        let next = seq.saturating_add(1);
        let chain = self.found.chain.get_or_insert_with(|| record.chain.clone());
        let foreign = *chain != record.chain;
        if foreign || record.seq == next && record.prev != hash {
            let detail = match foreign {
                true => format!("record {} is of another log", record.seq),
                false => format!(
                    "record {} does not follow from the one before it: one of the two was replaced",
                    record.seq
                ),
            };
            self.finding(self.line, FindingKind::Unlinked, detail);
            if foreign {
                return;
            }
        } else if record.seq < next {
            let detail = format!("record {} stands behind record {seq}", record.seq);
            self.finding(self.line, FindingKind::Misplaced, detail);
            // The chain is looked for where it left off.
            return;
        } else if record.seq - next > damaged {
            let detail = missing(next, record.seq - 1);
            self.finding(self.line, FindingKind::Missing, detail);
        }
        let place = Place {
            seq: record.seq,
            hash: record.hash.clone(),
        };
        self.found.last = Some(place.clone());
        self.last = Some(place);
    }

    /// What can be told only at the end.
    fn end(&mut self, proof: &Proof) {
        let gap = std::mem::take(&mut self.gap);
        let torn = gap.count > 0 && gap.count == gap.beginnings && gap.edits == 0;
        if torn {
            let detail = format!(
                "{} bytes of a writer that died or is at work; the next one accounts for them",
                gap.bytes
            );
            self.note(gap.line, detail);
        } else {
            self.damaged(&gap);
        }
        let chain = self.found.chain.clone();
        let ours = |head: &&Head| chain.as_ref().is_none_or(|chain| *chain == head.chain);
        let heads = proof.heads.iter().map(|(_, head)| head);
        let newest = heads.filter(ours).map(|head| head.seq).max().unwrap_or(0);
        let end = self.last.as_ref().map_or(0, |last| last.seq);
        // Damaged lines at the end may be what is left of the records that the head names.
        if newest > end && (torn || newest - end > gap.count) {
            let line = if torn { gap.line } else { self.line + 1 };
            self.finding(line, FindingKind::Missing, missing(end + 1, newest));
        }
        for (name, head) in &proof.heads {
            if !ours(&head) {
                let detail = format!("the head in {name} is of another log");
                self.finding(self.line, FindingKind::Rewritten, detail);
            }
        }
        if proof.heads.is_empty() && proof.public_key.is_none() && end > 0 {
            let detail =
                "there is no head: whether records behind the last one are missing cannot be told";
            self.note(self.line, detail.to_owned());
        }
        self.keys(proof);
    }

    fn keys(&mut self, proof: &Proof) {
        let Some(key) = &proof.public_key else {
            return;
        };
        if proof.heads.is_empty() {
            let detail = "there is no signed head: whether records behind the last one are missing \
                          cannot be told";
            self.finding(self.line, FindingKind::Headless, detail.to_owned());
        }
        self.found.signed = !proof.heads.is_empty();
        for (name, head) in &proof.heads {
            if !head.is_signed_by(key) {
                self.found.signed = false;
                let detail = format!(
                    "the head for record {} in {name} is not signed with the key",
                    head.seq
                );
                self.finding(self.line, FindingKind::Unsigned, detail);
            }
        }
    }

    fn note(&mut self, line: u64, detail: String) {
        if self.found.notes.len() < LISTED {
            self.found.notes.push(Note { line, detail });
        }
    }

    fn finding(&mut self, line: u64, kind: FindingKind, detail: String) {
        if self.found.findings.len() == LISTED {
            self.found.unlisted += 1;
            return;
        }
        self.found.findings.push(Finding { line, kind, detail });
    }
}

fn missing(first: u64, last: u64) -> String {
    match first == last {
        true => format!("record {first} is missing"),
        false => format!("records {first} to {last} are missing"),
    }
}
