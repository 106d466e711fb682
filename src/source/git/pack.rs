//! One pack: its index, where each entry lies, and which is based on which.
//!
//! Entries are read with positioned reads rather than through a memory map: what the kernel keeps of a pack is then not
//! counted as ours, and a pack that shrinks under our hands is an error and no signal.

use std::fs::File;
use std::path::{Path, PathBuf};

use gix::hash::{Kind as Hash, ObjectId};
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
    /// Its own length, or the delta's.
    length: u64,
}

/// The bytes of an entry as they lie in the pack.
pub struct Packed<'b> {
    /// Compressed; other bytes may follow.
    pub data: &'b [u8],
    /// The length of what it makes: the object, or the delta.
    pub length: u64,
}

/// How much is read at a time where entries' heads are looked at.
const PIECE: usize = 16 * 1024;
/// The longest head of an entry: type and size, and the base's id or distance.
const HEAD: usize = 64;

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
                length: 0,
            })
            .collect();
        entries.par_sort_unstable_by_key(|entry| entry.offset);
        let mut pack = Pack {
            path,
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

    /// Its index: objects by id.
    pub fn index(&self) -> &pack::index::File<gix::odb::pack::MMap> {
        &self.index
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
        self.index.oid_at_index(self.number(entry)).to_owned()
    }

    /// The kind of an entry that is based on none; none for one whose head cannot be read.
    pub fn kind(&self, entry: u32) -> Option<Kind> {
        self.entries[entry as usize].kind
    }

    /// Its own length where it is based on none.
    pub fn length(&self, entry: u32) -> u64 {
        self.entries[entry as usize].length
    }

    /// Reads an entry into `buffer`, as far as an object of at most `limit` bytes goes.
    pub fn read<'b>(
        &self,
        entry: u32,
        limit: usize,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Packed<'b>, String> {
        let offset = self.entries[entry as usize].offset;
        // What does not compress grows by less than that.
        let most = limit.saturating_add(limit / 100 + 4096) as u64;
        let length = self.next_offset(entry).saturating_sub(offset).min(most) as usize;
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        let data = &mut buffer[..length];
        platform::read_at(&self.file, data, offset).map_err(|e| reason(&e))?;
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
        let parts: Vec<std::ops::Range<usize>> = starts
            .map(|start| start..self.entries.len().min(start + part))
            .collect();
        let heads: Vec<Vec<(Option<Kind>, u64, u32)>> =
            parts.into_par_iter().map(|part| self.heads(part)).collect();
        let heads = heads.into_iter().flatten();
        let mut bases = Vec::with_capacity(self.entries.len());
        for (entry, (kind, length, base)) in self.entries.iter_mut().zip(heads) {
            (entry.kind, entry.length) = (kind, length);
            bases.push(base);
        }
        self.forest = Forest::new(bases);
    }

    fn heads(&self, part: std::ops::Range<usize>) -> Vec<(Option<Kind>, u64, u32)> {
        let mut buffer = vec![0; PIECE];
        // What of the pack is in the buffer.
        let mut held = 0..0;
        let heads = part.map(|entry| {
            let offset = self.entries[entry].offset;
            let wanted = offset..self.end.min(offset + HEAD as u64);
            if wanted.start < held.start || wanted.end > held.end {
                let length = self.end.saturating_sub(offset).min(PIECE as u64) as usize;
                held = match platform::read_at(&self.file, &mut buffer[..length], offset) {
                    Ok(()) => offset..offset + length as u64,
                    Err(_) => 0..0,
                };
            }
            if !held.contains(&offset) {
                return (None, 0, NONE);
            }
            let at = (offset - held.start) as usize;
            let end = (held.end - held.start) as usize;
            self.head(entry as u32, &buffer[at..end.min(at + HEAD)])
        });
        heads.collect()
    }

    /// Kind, length and base. What cannot be read is a root without a kind, and fails when it is walked.
    fn head(&self, entry: u32, bytes: &[u8]) -> (Option<Kind>, u64, u32) {
        let offset = self.entries[entry as usize].offset;
        let Ok(head) = pack::data::Entry::from_bytes(bytes, offset, self.hash) else {
            return (None, 0, NONE);
        };
        let base = match &head.header {
            Header::OfsDelta { base_distance } => offset
                .checked_sub(*base_distance)
                .and_then(|base| self.at_offset(base)),
            Header::RefDelta { base_id } => self
                .index
                .lookup(base_id)
                .and_then(|number| self.at_offset(self.index.pack_offset_at_index(number))),
            header => return (header.as_kind(), head.decompressed_size, NONE),
        };
        // No entry is its own base: that is a ring, and told as such.
        (None, head.decompressed_size, base.unwrap_or(NONE))
    }

    fn at_offset(&self, offset: u64) -> Option<u32> {
        let found = self
            .entries
            .binary_search_by_key(&offset, |entry| entry.offset);
        found.ok().map(|entry| entry as u32)
    }
}
