//! What was scanned before, so that it is not scanned again: object ids, and which of them hold findings. Never a secret,
//! nor anything made of one.
//!
//! A cache is good for one repository, one state of the code that decides, one set of rules, one confidence and one limit
//! of size. Where an object that was there is gone, all is scanned again: it may have been pruned, and it may have been
//! lost.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use gix::hash::{Kind, ObjectId};
use sha2::{Digest, Sha256};

use super::find::Found;
use crate::engine::Engine;
use crate::model::Confidence;
use crate::source::git::Store;
use crate::source::reason;

/// How a cache begins: what it is, and the version of its form.
const MAGIC: &[u8; 16] = b"keysieve cache 1";
/// The most bytes of a cache that are read: two hundred million objects.
const LARGEST: u64 = 4 << 30;

/// Where a repository's cache lies, and what it must have been made with.
#[derive(Debug, Clone)]
pub struct Cache {
    file: PathBuf,
    key: [u8; 32],
    hash: Kind,
}

/// The code that decides what is found, as a hash of its sources: what an older one has passed over, a newer one may find.
pub const CODE: &str = env!("KEYSIEVE_CODE");

/// What a cache must have been made with to be of use.
#[derive(Clone, Copy)]
pub struct Made<'e> {
    /// The code: [`CODE`].
    pub code: &'e str,
    /// The rules.
    pub engine: &'e Engine,
    /// The confidence from which on a candidate counts.
    pub least: Confidence,
    /// The most bytes of an object.
    pub limit: usize,
    /// The kind of object ids.
    pub hash: Kind,
}

/// What a cache remembers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// Objects that were scanned, sorted.
    pub scanned: Vec<ObjectId>,
    /// Those of them that hold a finding.
    pub hits: Vec<ObjectId>,
    /// Files that rules know by name.
    pub named: Vec<(ObjectId, String)>,
    /// Objects that others referred to and that were not there.
    pub missing: Vec<ObjectId>,
    /// Pointers to files that Git LFS keeps elsewhere.
    pub pointers: Vec<ObjectId>,
}

impl Cache {
    /// The cache in `folder` of the repository at `repository`.
    pub fn new(folder: &Path, repository: &Path, made: Made<'_>) -> Cache {
        let real = repository
            .canonicalize()
            .unwrap_or_else(|_| repository.to_owned());
        let name = Sha256::digest(real.as_os_str().as_encoded_bytes());
        let name: String = name[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut key = Sha256::new();
        key.update(made.code);
        key.update(made.least.name());
        key.update((made.limit as u64).to_le_bytes());
        for rule in made.engine.rules().rules() {
            key.update(format!("{rule:?}"));
        }
        Cache {
            file: folder.join(name),
            key: key.finalize().into(),
            hash: made.hash,
        }
    }

    /// What it remembers of `store`. An error is no failure: it says, for people, why all is scanned again.
    pub fn load(&self, store: &Store) -> Result<Option<Remembered>, String> {
        let shown = crate::source::shown(&self.file);
        let again = |why: &str| format!("{shown}: {why}; all is scanned again");
        let length = match fs::metadata(&self.file) {
            Ok(data) => data.len(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(again(&reason(&e))),
        };
        if length > LARGEST {
            return Err(again("the cache is too large to be one"));
        }
        let bytes = fs::read(&self.file).map_err(|e| again(&reason(&e)))?;
        let remembered = self.parse(&bytes).map_err(again)?;
        let is_here = |id: &ObjectId| store.number(id).is_some();
        match remembered.scanned.iter().all(is_here) {
            true => Ok(Some(remembered)),
            false => Err(again("objects are gone since the cache was written")),
        }
    }

    /// Writes what is to be remembered. The file appears whole or not at all, so that runs at once do no harm.
    pub fn store(&self, remembered: &Remembered) -> Result<(), String> {
        let write = || -> io::Result<()> {
            let folder = self.file.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&self.render(remembered))?;
            file.persist(&self.file).map_err(|e| e.error)?;
            Ok(())
        };
        let shown = crate::source::shown(&self.file);
        write().map_err(|e| format!("{shown}: {}; nothing is remembered", reason(&e)))
    }

    fn render(&self, remembered: &Remembered) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.key);
        bytes.push(self.hash.len_in_bytes() as u8);
        let Remembered {
            scanned,
            hits,
            named,
            missing,
            pointers,
        } = remembered;
        for ids in [scanned, hits, missing, pointers] {
            bytes.extend((ids.len() as u64).to_le_bytes());
            ids.iter().for_each(|id| bytes.extend(id.as_bytes()));
        }
        bytes.extend((named.len() as u64).to_le_bytes());
        for (id, name) in named {
            bytes.extend(id.as_bytes());
            bytes.extend((name.len() as u64).to_le_bytes());
            bytes.extend(name.as_bytes());
        }
        let sum = Sha256::digest(&bytes);
        bytes.extend(sum);
        bytes
    }

    fn parse(&self, bytes: &[u8]) -> Result<Remembered, &'static str> {
        const BROKEN: &str = "the cache is broken";
        let (body, sum) = bytes.split_last_chunk::<32>().ok_or(BROKEN)?;
        let rest = body
            .strip_prefix(MAGIC)
            .ok_or("not a cache of this version")?;
        if Sha256::digest(body)[..] != sum[..] {
            return Err(BROKEN);
        }
        let rest = rest
            .strip_prefix(&self.key)
            .and_then(|rest| rest.strip_prefix(&[self.hash.len_in_bytes() as u8]))
            .ok_or("the cache was made by another keysieve, or with other rules or limits")?;
        let mut reader = Fields {
            rest,
            hash: self.hash,
        };
        let read = |reader: &mut Fields<'_>| {
            Some(Remembered {
                scanned: reader.ids()?,
                hits: reader.ids()?,
                missing: reader.ids()?,
                pointers: reader.ids()?,
                named: reader.named()?,
            })
        };
        let remembered = read(&mut reader).filter(|_| reader.rest.is_empty());
        remembered.ok_or(BROKEN)
    }
}

struct Fields<'b> {
    rest: &'b [u8],
    hash: Kind,
}

impl<'b> Fields<'b> {
    fn bytes(&mut self, count: usize) -> Option<&'b [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<usize> {
        let bytes: [u8; 8] = self.bytes(8)?.try_into().ok()?;
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    }

    fn ids(&mut self) -> Option<Vec<ObjectId>> {
        let length = self.hash.len_in_bytes();
        let bytes = self.number()?.checked_mul(length)?;
        let ids = self.bytes(bytes)?.chunks_exact(length);
        ids.map(|id| ObjectId::try_from(id).ok()).collect()
    }

    fn named(&mut self) -> Option<Vec<(ObjectId, String)>> {
        let length = self.hash.len_in_bytes();
        let count = self.number()?;
        let mut named = Vec::new();
        for _ in 0..count {
            let id = ObjectId::try_from(self.bytes(length)?).ok()?;
            let name = self.number()?;
            named.push((id, String::from_utf8(self.bytes(name)?.to_vec()).ok()?));
        }
        Some(named)
    }
}

impl Remembered {
    /// Adds to what was found now what was found before.
    pub fn add_to(self, found: &mut Found, store: &Store) {
        found
            .hits
            .extend(self.hits.iter().filter_map(|id| store.number(id)));
        found.named.extend(self.named);
        found.pointers.extend(self.pointers);
        let still = self.missing.into_iter();
        found
            .missing
            .extend(still.filter(|id| store.number(id).is_none()));
    }

    /// What is to be remembered of a run that looked at all of `store`, but for what `shallow` commits lack.
    pub fn new(found: &Found, store: &Store, shallow: Vec<ObjectId>) -> Remembered {
        let lost = found.lost.iter().map(|lost| lost.id);
        let broken = found.broken.iter().copied();
        let amiss: HashSet<ObjectId> = lost.chain(broken).chain(shallow).collect();
        let all = (0..store.len() as u32).map(|number| store.id(number));
        // What something is wrong with is told each time.
        let mut scanned: Vec<ObjectId> = all.filter(|id| !amiss.contains(id)).collect();
        scanned.sort_unstable();
        scanned.dedup();
        Remembered {
            scanned,
            hits: found.hits.iter().map(|&hit| store.id(hit)).collect(),
            named: found.named.clone(),
            missing: found.missing.iter().copied().collect(),
            pointers: found.pointers.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::RuleSet;

    fn cache(code: &str, (least, limit, hash): (Confidence, usize, Kind)) -> Cache {
        let made = Made {
            code,
            engine: &Engine::new(RuleSet::embedded()),
            least,
            limit,
            hash,
        };
        let folder = Path::new("x");
        Cache::new(folder, folder, made)
    }

    fn remembered() -> Remembered {
        let id = |byte: u8| ObjectId::from_bytes_or_panic(&[byte; 20]);
        Remembered {
            scanned: vec![id(1), id(2)],
            hits: vec![id(2)],
            named: vec![(id(2), ".pgpass".to_owned())],
            missing: vec![id(3)],
            pointers: Vec::new(),
        }
    }

    #[test]
    fn reads_what_it_wrote_and_nothing_else() {
        let made = (Confidence::Medium, 1000, Kind::Sha1);
        let medium = cache("a", made);
        let bytes = medium.render(&remembered());
        assert_eq!(medium.parse(&bytes), Ok(remembered()));
        let others = [
            cache("b", made),
            cache("a", (Confidence::High, 1000, Kind::Sha1)),
            cache("a", (Confidence::Medium, 1001, Kind::Sha1)),
            cache("a", (Confidence::Medium, 1000, Kind::Sha256)),
        ];
        for other in others {
            let why = "the cache was made by another keysieve, or with other rules or limits";
            assert_eq!(other.parse(&bytes), Err(why));
        }
        for cut in 0..bytes.len() {
            assert!(medium.parse(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            assert!(medium.parse(&wrong).is_err(), "changed at {at}");
        }
    }
}
