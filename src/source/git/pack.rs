//! One pack: its index, where each entry lies, and which is based on which.
//!
//! Entries are read with positioned reads rather than through a memory map: what the kernel keeps of a pack is then not
//! counted as ours, and a pack that shrinks under our hands is an error and no signal.

use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use gix::hash::{Kind as Hash, ObjectId, oid};
use gix::objs::Kind;
use gix::odb::pack;
use gix::odb::pack::data::entry::Header;
use rayon::prelude::*;

use super::forest::{Forest, NONE};
use crate::platform;
use crate::source::reason;

/// A pack and its index, ready to be walked.
pub struct Pack {
    path: PathBuf,
    index: pack::index::File<gix::odb::pack::MMap>,
    file: File,
    hash: Hash,
    /// Where the last entry ends: the pack's own hash follows.
    end: u64,
    /// How many ids in the index come before each number that an id's first bits may be.
    fan: Vec<u32>,
    /// By offset.
    entries: Vec<Entry>,
    forest: Forest,
}

/// What is known of a packed object without its content.
#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: u64,
    /// Its number in the index.
    number: u32,
    /// The kind of what is no delta.
    kind: Option<Kind>,
}

/// The bytes of an entry as they lie in the pack.
pub struct Packed<'b> {
    /// Compressed; other bytes may follow.
    pub data: &'b [u8],
    /// The length of what it makes: the object, or the delta.
    pub length: u64,
}

/// A stretch of a pack in memory. What is walked in a row lies close together, most of it, and shares what was read.
#[derive(Debug, Default)]
pub struct Window {
    bytes: Vec<u8>,
    /// Which of the pack.
    held: Range<u64>,
}

impl Window {
    /// Forgets what it holds, as another pack follows.
    pub fn clear(&mut self) {
        self.held = 0..0;
    }

    fn fill(&mut self, file: &File, range: Range<u64>) -> io::Result<()> {
        self.clear();
        let length = (range.end - range.start) as usize;
        if self.bytes.len() < length {
            self.bytes.resize(length, 0);
        }
        platform::read_at(file, &mut self.bytes[..length], range.start)?;
        self.held = range;
        Ok(())
    }
}

/// How much is read at a time, at least.
const PIECE: u64 = 8 * 1024;
/// The longest head of an entry: type and size, and the base's id or distance.
const HEAD: u64 = 64;

impl Pack {
    /// Opens the pack of the index at `path`. Errors say what cannot be read or is not a pack.
    pub fn open(path: &Path, hash: Hash) -> Result<Pack, String> {
        let index = pack::index::File::at(path, hash).map_err(|e| e.to_string())?;
        let path = path.with_extension("pack");
        let file = platform::open(&path, true).map_err(|e| reason(&e))?;
        let length = file.metadata().map_err(|e| reason(&e))?.len();
        let mut head = [0; 12];
        platform::read_at(&file, &mut head, 0).map_err(|e| reason(&e))?;
        if &head[..4] != b"PACK" || !matches!(head[7], 2 | 3) {
            return Err("not a pack of version 2 or 3".to_owned());
        }
        let mut entries: Vec<Entry> = (0..index.num_objects())
            .map(|number| Entry {
                offset: index.pack_offset_at_index(number),
                number,
                kind: None,
            })
            .collect();
        entries.par_sort_unstable_by_key(|entry| entry.offset);
        let mut pack = Pack {
            path,
            fan: fan(&index),
            index,
            file,
            hash,
            end: length.saturating_sub(hash.len_in_bytes() as u64),
            entries,
            forest: Forest::new(Vec::new()),
        };
        pack.read_heads();
        Ok(pack)
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Holds the whole file against the checksum at its end. Errors say what is wrong.
    pub fn verify(&self) -> Result<(), String> {
        let data = pack::data::File::at(&self.path, self.hash).map_err(|e| e.to_string())?;
        let never = std::sync::atomic::AtomicBool::new(false);
        let verified = data.verify_checksum(&mut gix::progress::Discard, &never);
        match verified {
            Ok(checksum) if checksum == self.index.pack_checksum() => Ok(()),
            Ok(_) => Err("its index is of another pack".to_owned()),
            Err(_) => Err("it is not what the checksum at its end says".to_owned()),
        }
    }

    /// How many objects it has.
    pub fn len(&self) -> u32 {
        self.index.num_objects()
    }

    /// The id of the object of a number in the index.
    pub fn id_at(&self, number: u32) -> ObjectId {
        self.index.oid_at_index(number).to_owned()
    }

    /// The number of an object in the index. That has a table of its own for the first byte of an id; with more bits
    /// there are one or two to be compared.
    pub fn lookup(&self, id: &oid) -> Option<u32> {
        let slot = first_bits(id, self.fan.len());
        let (mut start, mut end) = (self.fan[slot], self.fan[slot + 1]);
        while start < end {
            let middle = start + (end - start) / 2;
            match self.index.oid_at_index(middle).cmp(id) {
                Ordering::Less => start = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => end = middle,
            }
        }
        None
    }

    /// Which entry is based on which.
    pub fn forest(&self) -> &Forest {
        &self.forest
    }

    /// The number of an entry in the index.
    pub fn number(&self, entry: u32) -> u32 {
        self.entries[entry as usize].number
    }

    /// An entry's object id.
    pub fn id(&self, entry: u32) -> ObjectId {
        self.id_at(self.number(entry))
    }

    /// The kind of an entry that is based on none; none for one whose head cannot be read.
    pub fn kind(&self, entry: u32) -> Option<Kind> {
        self.entries[entry as usize].kind
    }

    /// Reads an entry, as far as an object of at most `limit` bytes goes.
    pub fn read<'w>(
        &self,
        entry: u32,
        limit: usize,
        window: &'w mut Window,
    ) -> Result<Packed<'w>, String> {
        let offset = self.entries[entry as usize].offset;
        // What does not compress grows by less than that.
        let most = limit.saturating_add(limit / 100 + 4096) as u64;
        let length = self.next_offset(entry).saturating_sub(offset).min(most);
        let data = self
            .bytes(offset..offset + length, window)
            .map_err(|e| reason(&e))?;
        let head = pack::data::Entry::from_bytes(data, offset, self.hash)
            .map_err(|_| "its head cannot be read".to_owned())?;
        let data = &data[head.header_size()..];
        // Deflate makes at most 1032 bytes of one.
        if head.decompressed_size / 1032 > data.len() as u64 {
            return Err("it is shorter than it says".to_owned());
        }
        Ok(Packed {
            data,
            length: head.decompressed_size,
        })
    }

    fn next_offset(&self, entry: u32) -> u64 {
        let next = self.entries.get(entry as usize + 1);
        next.map_or(self.end, |next| next.offset.min(self.end))
    }

    /// Reads the head of every entry.
    fn read_heads(&mut self) {
        let part = self.entries.len().div_ceil(64).max(1024);
        let starts = (0..self.entries.len()).step_by(part);
        let parts: Vec<Range<usize>> = starts
            .map(|start| start..self.entries.len().min(start + part))
            .collect();
        let heads: Vec<Vec<(Option<Kind>, u32)>> =
            parts.into_par_iter().map(|part| self.heads(part)).collect();
        let heads = heads.into_iter().flatten();
        let mut bases = Vec::with_capacity(self.entries.len());
        for (entry, (kind, base)) in self.entries.iter_mut().zip(heads) {
            entry.kind = kind;
            bases.push(base);
        }
        self.forest = Forest::new(bases);
    }

    fn heads(&self, part: Range<usize>) -> Vec<(Option<Kind>, u32)> {
        let mut window = Window::default();
        let heads = part.map(|entry| {
            let offset = self.entries[entry].offset;
            let wanted = offset..self.end.min(offset.saturating_add(HEAD)).max(offset);
            match self.bytes(wanted, &mut window) {
                Ok(bytes) => self.head(entry as u32, bytes),
                Err(_) => (None, NONE),
            }
        });
        heads.collect()
    }

    /// Bytes of the file, from the window if they are in it. Otherwise more are read than are asked for.
    fn bytes<'w>(&self, wanted: Range<u64>, window: &'w mut Window) -> io::Result<&'w [u8]> {
        let held = &window.held;
        if wanted.start < held.start || wanted.end > held.end {
            let more = wanted.start
                ..self
                    .end
                    .min(wanted.start.saturating_add(PIECE))
                    .max(wanted.end);
            // Of a pack that is cut off, what is there can be read.
            if window.fill(&self.file, more).is_err() {
                window.fill(&self.file, wanted.clone())?;
            }
        }
        let at = (wanted.start - window.held.start) as usize;
        Ok(&window.bytes[at..at + (wanted.end - wanted.start) as usize])
    }

    /// Kind and base. What cannot be read is a root without a kind, and fails when it is walked.
    fn head(&self, entry: u32, bytes: &[u8]) -> (Option<Kind>, u32) {
        let offset = self.entries[entry as usize].offset;
        let Ok(head) = pack::data::Entry::from_bytes(bytes, offset, self.hash) else {
            return (None, NONE);
        };
        let base = match &head.header {
            Header::OfsDelta { base_distance } => offset
                .checked_sub(*base_distance)
                .and_then(|base| self.at_offset(base)),
            Header::RefDelta { base_id } => self
                .lookup(base_id)
                .and_then(|number| self.at_offset(self.index.pack_offset_at_index(number))),
            header => return (header.as_kind(), NONE),
        };
        // No entry is its own base: that is a ring, and told as such.
        (None, base.unwrap_or(NONE))
    }

    fn at_offset(&self, offset: u64) -> Option<u32> {
        let found = self
            .entries
            .binary_search_by_key(&offset, |entry| entry.offset);
        found.ok().map(|entry| entry as u32)
    }
}

/// An index's table of how many ids come before each number that an id's first bits may be.
fn fan(index: &pack::index::File<gix::odb::pack::MMap>) -> Vec<u32> {
    let bits = index.num_objects().max(2).ilog2().min(20);
    let mut fan = vec![0; (1 << bits) + 1];
    for number in 0..index.num_objects() {
        let slot = first_bits(index.oid_at_index(number), fan.len());
        fan[slot + 1] += 1;
    }
    for slot in 1..fan.len() {
        fan[slot] += fan[slot - 1];
    }
    fan
}

/// As many of an id's first bits as number the slots of a table, which has one more than a power of two.
fn first_bits(id: &oid, slots: usize) -> usize {
    let bytes = id.as_bytes();
    let first = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    (u64::from(first) >> (32 - (slots - 1).ilog2())) as usize
}
