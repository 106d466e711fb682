//! Writing: any number of processes, each of which may die at any time.
//!
//! A writer waits for the lock of the file, reads its end, and writes its record as one piece. A process that is killed
//! leaves at worst a torn line; the next writer ends it, and its own record says how many bytes it found there and what
//! their hash was. Records are forced to the disk where that is asked for ([`Options::sync`]); otherwise a machine that
//! loses power may lose the last ones, which `verify` then reports as missing if the head was kept.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ed25519_dalek::SigningKey;

use super::record::{Found, Place, Torn};
use super::{Decision, Head, LogError, Record, chain, head, host};
use crate::model::{Fingerprint, Salt};
use crate::platform;

/// Names, sessions, results: longer ones are cut.
const SHORT: usize = 200;
/// Contexts.
const LONG: usize = 2000;
/// How much of a text is masked; what lies behind is not looked at. More than is recorded, so that a secret that the
/// cut goes through is seen whole.
const MASKED: usize = 64 * 1024;
/// How much of the end of a log is searched for its last record.
const TAIL: u64 = 4 * chain::MAX_LINE as u64;
/// The length of the key under which credentials are fingerprinted.
const KEY_BYTES: usize = 32;

/// What a log is written with.
pub struct Options<'a> {
    /// Takes the secrets out of a text.
    pub mask: &'a (dyn Fn(&str) -> String + Sync),
    /// The person on whose behalf decisions are taken.
    pub authorizer: Option<String>,
    /// Signs every head.
    pub signing_key: Option<SigningKey>,
    /// Whether a record and its head are on the disk before [`Log::append`] returns.
    pub sync: bool,
    /// What time it is.
    pub now: fn() -> SystemTime,
}

impl<'a> Options<'a> {
    /// With a mask, and nothing else.
    pub fn new(mask: &'a (dyn Fn(&str) -> String + Sync)) -> Options<'a> {
        Options {
            mask,
            authorizer: None,
            signing_key: None,
            sync: false,
            now: SystemTime::now,
        }
    }
}

/// An open log. It is locked only while a record is written.
pub struct Log<'a> {
    path: PathBuf,
    /// The file of its head.
    head: PathBuf,
    file: File,
    salt: Salt,
    options: Options<'a>,
}

/// Gives the lock back, whatever happens.
struct Lock<'f>(&'f File);

impl<'f> Lock<'f> {
    fn new(file: &'f File) -> io::Result<Lock<'f>> {
        platform::lock(file)?;
        Ok(Lock(file))
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        platform::unlock(self.0);
    }
}

/// The end of a log.
struct Tail {
    /// The last record.
    last: Option<Record>,
    /// What follows it and is none.
    torn: Option<Torn>,
    /// Whether the file ends within a line.
    open: bool,
    /// The length of the file.
    length: u64,
}

impl<'a> Log<'a> {
    /// Opens the log, and creates it where there is none, with the key of its fingerprints in `FILE.key` beside it: both
    /// are their owner's alone to read.
    ///
    /// # Errors
    /// One of the files cannot be read or written, or holds something else.
    pub fn open(path: &Path, options: Options<'a>) -> Result<Log<'a>, LogError> {
        let failed = |e| LogError::io(path, e);
        let file = platform::private(File::options().create(true).read(true).append(true))
            .open(path)
            .map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("is not a regular file")));
        }
        // A log has one head and one key, whatever links lead to it.
        let place = fs::canonicalize(path).map_err(failed)?;
        let mut log = Log {
            path: path.to_owned(),
            head: head::with_suffix(&place, ".head"),
            file,
            salt: Salt(Vec::new()),
            options,
        };
        let lock = Lock::new(&log.file).map_err(failed)?;
        // What is something else is left alone from the beginning.
        log.tail()?;
        let key = head::with_suffix(&place, ".key");
        let salt = fingerprint_key(&key).map_err(|e| LogError::io(&key, e))?;
        drop(lock);
        log.salt = salt;
        Ok(log)
    }

    /// The fingerprint of a credential under this log's own key: the same credential has the same one in every record,
    /// and nobody without the key can try out what it is of.
    pub fn fingerprint(&self, rule: &str, secret: &[u8]) -> Fingerprint {
        Fingerprint::new(&self.salt, rule, secret)
    }

    /// Writes a decision down and returns the number of its record. Whether or not it could be written, the log holds
    /// no part of a record that counts.
    ///
    /// # Errors
    /// The log cannot be read or written, or is none.
    pub fn append(&mut self, decision: &Decision) -> Result<u64, LogError> {
        let failed = |e| LogError::io(&self.path, e);
        let mut record = self.record(decision);
        let _lock = Lock::new(&self.file).map_err(failed)?;
        let tail = self.tail()?;
        // An unreadable head is as good as none.
        let old = head::read(&self.head)
            .ok()
            .and_then(|heads| heads.into_iter().next_back());
        self.link(&mut record, &tail, old.as_ref())?;
        if tail.last.is_none() && old.is_none() {
            // Whoever dies before the first record has its head leaves one all the same.
            self.write_head(&record, 0, chain::NOTHING.to_owned())?;
        }
        let (line, hash) = chain::seal(&record);
        let line = [if tail.open { "\n" } else { "" }, &line, "\n"].concat();
        let written =
            (&self.file)
                .write_all(line.as_bytes())
                .and_then(|()| match self.options.sync {
                    true => self.file.sync_data(),
                    false => Ok(()),
                });
        if let Err(e) = written {
            // A full disk: what was written of it goes again. If it stays, the next writer finds it.
            let _ = self.file.set_len(tail.length);
            return Err(failed(e));
        }
        self.write_head(&record, record.seq, hash)?;
        Ok(record.seq)
    }

    /// Names the last record, of the chain and the time of `record`.
    fn write_head(&self, record: &Record, seq: u64, hash: String) -> Result<(), LogError> {
        let mut head = Head {
            v: chain::VERSION,
            chain: record.chain.clone(),
            seq,
            hash,
            time: record.time.clone(),
            sig: None,
        };
        if let Some(key) = &self.options.signing_key {
            head = head.signed(key);
        }
        let sync = self.options.sync;
        head::write(&self.head, &head, sync).map_err(|e| LogError::io(&self.head, e))
    }

    /// All of the record that does not depend on those before it.
    fn record(&self, decision: &Decision) -> Record {
        let short = |text: &Option<String>| text.as_ref().map(|text| self.masked(text, SHORT));
        // Of the masked text: a secret may stand in the name of a host.
        let context = decision
            .context
            .as_deref()
            .map(|text| self.masked_whole(text));
        let hosts = context.as_deref().map(host::hosts).unwrap_or_default();
        let time = (self.options.now)();
        Record {
            v: chain::VERSION,
            time: humantime::format_rfc3339_millis(time).to_string(),
            agent: short(&decision.agent),
            session: short(&decision.session),
            authorizer: short(&self.options.authorizer),
            action: decision.action.name().to_owned(),
            tool: short(&decision.tool),
            call: short(&decision.call),
            context: context.map(|text| shortened(text, LONG)),
            hosts,
            rule: short(&decision.rule),
            severity: decision.severity.map(|severity| severity.name().to_owned()),
            credential: decision
                .credential
                .map(|fingerprint| fingerprint.to_string()),
            decision: decision.verdict.name().to_owned(),
            result: self.masked(&decision.result, SHORT),
            ..Record::default()
        }
    }

    /// Masked first and cut then, since half a secret is not recognised.
    fn masked(&self, text: &str, limit: usize) -> String {
        shortened(self.masked_whole(text), limit)
    }

    /// Where a text is too long to be masked as a whole, the word that is cut is left out.
    fn masked_whole(&self, text: &str) -> String {
        let head = cut(text, MASKED);
        if head.len() == text.len() {
            return (self.options.mask)(text);
        }
        let words = head.rsplit_once(char::is_whitespace);
        (self.options.mask)(words.map_or("", |(words, _)| words)) + "…"
    }

    /// Puts the record in its place behind the others.
    fn link(&self, record: &mut Record, tail: &Tail, head: Option<&Head>) -> Result<(), LogError> {
        let last = tail.last.as_ref().map(|last| Place {
            seq: last.seq,
            hash: last.hash.clone(),
        });
        let missing = head.filter(|head| match &last {
            Some(last) => head.seq > last.seq || head.seq == last.seq && head.hash != last.hash,
            None => head.seq > 0,
        });
        let found = Found {
            torn: tail.torn.clone(),
            missing: missing.map(Head::place),
            headless: head.is_none() && last.is_some(),
        };
        record.found = (found != Found::default()).then_some(found);
        record.chain = match (&tail.last, head) {
            (Some(last), _) => last.chain.clone(),
            (None, Some(head)) => head.chain.clone(),
            (None, None) => {
                let mut id = [0; 16];
                getrandom::fill(&mut id)
                    .map_err(|e| LogError::io(&self.path, io::Error::other(e)))?;
                chain::hex(&id)
            }
        };
        record.seq = last.as_ref().map_or(0, |last| last.seq).saturating_add(1);
        record.prev = last.map_or_else(|| chain::NOTHING.to_owned(), |last| last.hash);
        Ok(())
    }

    /// Finds the last record from the end of the file, however long it is.
    fn tail(&self) -> Result<Tail, LogError> {
        let failed = |e| LogError::io(&self.path, e);
        let mut file = &self.file;
        let length = file.seek(SeekFrom::End(0)).map_err(failed)?;
        let from = length.saturating_sub(TAIL);
        file.seek(SeekFrom::Start(from)).map_err(failed)?;
        let mut bytes = Vec::with_capacity((length - from) as usize);
        file.take(TAIL).read_to_end(&mut bytes).map_err(failed)?;
        // Where the reading began in the midst of a line, that line is not looked at.
        let first = match from {
            0 => 0,
            _ => memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1),
        };
        let mut end = bytes.len();
        let mut last = None;
        while end > first && last.is_none() {
            let line_end = end - usize::from(bytes[end - 1] == b'\n');
            let start =
                memchr::memrchr(b'\n', &bytes[first..line_end]).map_or(first, |at| first + at + 1);
            let sealed = chain::read(&bytes[start..line_end]);
            match sealed.filter(|sealed| sealed.intact) {
                Some(sealed) => last = Some(sealed.record),
                None => end = start,
            }
        }
        let rest = &bytes[if last.is_some() { end } else { first }..];
        let beginning = chain::BEGINNING.as_bytes();
        let ours = rest.starts_with(beginning) || beginning.starts_with(rest);
        if last.is_none() && (from > 0 || !ours) {
            return Err(LogError::Foreign(self.path.display().to_string()));
        }
        let open = bytes.last().is_some_and(|&byte| byte != b'\n');
        let torn = (!rest.is_empty()).then(|| {
            let whole = [rest, if open { b"\n" } else { b"" }].concat();
            Torn {
                bytes: whole.len() as u64,
                sha256: chain::sha256(&whole),
            }
        });
        Ok(Tail {
            last,
            torn,
            open,
            length,
        })
    }
}

/// The text, or its beginning and a sign that there was more.
fn shortened(text: String, limit: usize) -> String {
    match cut(&text, limit) {
        whole if whole.len() == text.len() => text,
        part => format!("{part}…"),
    }
}

/// The first `limit` bytes at most, whole characters only.
fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The key of a log's fingerprints, which is made where there is none. Called with the log's lock.
fn fingerprint_key(path: &Path) -> io::Result<Salt> {
    let mut text = String::new();
    match platform::open(path, true) {
        Ok(file) => {
            file.take(4096).read_to_string(&mut text)?;
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    let text = text.trim();
    if !text.is_empty() {
        let fits = text.len() == 2 * KEY_BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
        return match fits {
            true => Ok(Salt(text.as_bytes().to_vec())),
            false => Err(io::Error::other("holds no key of an audit log")),
        };
    }
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let digits = chain::hex(&key);
    let mut file = platform::private(File::options().create(true).append(true)).open(path)?;
    file.write_all(format!("{digits}\n").as_bytes())?;
    Ok(Salt(digits.into_bytes()))
}
