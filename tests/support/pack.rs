//! Packs that git would never write.

use std::fs;
use std::path::Path;

use gix::hash::{Kind as Hash, ObjectId};
use gix::objs::Kind;
use libdeflater::{CompressionLvl, Compressor};

/// The type of a blob, as an entry's head has it.
pub const BLOB: u8 = 3;
/// That of a delta with its base's id.
pub const REF_DELTA: u8 = 7;

/// A pack and its index, without a look at whether they make sense.
pub struct Pack {
    bytes: Vec<u8>,
    entries: Vec<(ObjectId, u32, u32)>,
}

impl Pack {
    pub fn new() -> Pack {
        Pack {
            // The count is filled in at the end.
            bytes: b"PACK\0\0\0\x02\0\0\0\0".to_vec(),
            entries: Vec::new(),
        }
    }

    /// Adds an entry: its id, what its head says, and what follows that.
    pub fn raw(&mut self, id: ObjectId, of: u8, says: u64, data: &[u8]) {
        let offset = self.bytes.len();
        self.bytes.extend(head(of, says));
        self.bytes.extend(data);
        let check = crc32fast::hash(&self.bytes[offset..]);
        self.entries.push((id, check, offset as u32));
    }

    /// Adds a blob under its real id.
    pub fn blob(&mut self, content: &[u8]) -> ObjectId {
        let id = gix::objs::compute_hash(Hash::Sha1, Kind::Blob, content).expect("hashed");
        self.raw(id, BLOB, content.len() as u64, &deflated(content));
        id
    }

    /// Adds a delta.
    pub fn delta(&mut self, id: ObjectId, base: ObjectId, delta: &[u8]) {
        let data = [base.as_bytes(), &deflated(delta)].concat();
        self.raw(id, REF_DELTA, delta.len() as u64, &data);
    }

    /// Writes the pack and its index into a repository's folder.
    pub fn write(mut self, git_dir: &Path) {
        let count = self.entries.len() as u32;
        self.bytes[8..12].copy_from_slice(&count.to_be_bytes());
        let sum = sha1(&self.bytes);
        self.bytes.extend(sum.as_bytes());

        self.entries.sort();
        let mut index = b"\xfftOc\0\0\0\x02".to_vec();
        for first in 0..=255u8 {
            let up_to = self
                .entries
                .partition_point(|(id, ..)| id.as_bytes()[0] <= first);
            index.extend((up_to as u32).to_be_bytes());
        }
        self.entries
            .iter()
            .for_each(|(id, ..)| index.extend(id.as_bytes()));
        let checks = self.entries.iter().map(|(_, check, _)| *check);
        let offsets = self.entries.iter().map(|(.., offset)| *offset);
        checks
            .chain(offsets)
            .for_each(|number| index.extend(number.to_be_bytes()));
        index.extend(sum.as_bytes());
        index.extend(sha1(&index).as_bytes());

        let path = git_dir.join(format!("objects/pack/pack-{sum}.pack"));
        fs::write(path.with_extension("idx"), index).expect("written");
        fs::write(path, self.bytes).expect("written");
    }
}

/// An id that is none of anything's.
pub fn made_up(number: u32) -> ObjectId {
    let mut bytes = [0xee; 20];
    bytes[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_be_bytes());
    ObjectId::from_bytes_or_panic(&bytes)
}

/// A delta that copies the whole base, at most 16 MiB long, so many times over.
pub fn repeated(base: usize, times: usize) -> Vec<u8> {
    let length = u32::try_from(base).expect("a small base").to_le_bytes();
    assert_eq!(length[3], 0, "more than an instruction can copy");
    let copy = [0xf0, length[0], length[1], length[2]];
    [
        sizes(base as u64, (base * times) as u64),
        copy.repeat(times),
    ]
    .concat()
}

/// How a delta begins: the lengths of its base and of what it makes.
pub fn sizes(base: u64, result: u64) -> Vec<u8> {
    [base, result].into_iter().flat_map(varint).collect()
}

pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut packed = vec![0; compressor.zlib_compress_bound(bytes.len())];
    let length = compressor
        .zlib_compress(bytes, &mut packed)
        .expect("it fits");
    packed.truncate(length);
    packed
}

/// An entry's head: its type, and seven bits a byte of its length behind the first four.
fn head(of: u8, says: u64) -> Vec<u8> {
    let first = of << 4 | (says & 0xf) as u8;
    match says >> 4 {
        0 => vec![first],
        rest => [vec![first | 0x80], varint(rest)].concat(),
    }
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn sha1(bytes: &[u8]) -> ObjectId {
    let mut hasher = gix::hash::hasher(Hash::Sha1);
    hasher.update(bytes);
    hasher.try_finalize().expect("no collision")
}
