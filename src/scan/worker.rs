//! One thread of a scan of files.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use super::Scan;
use super::collect::Collector;
use crate::engine::{Emission, Engine, Scratch, Stream};
use crate::model::{Named, Origin, Skip, SkipKind};
use crate::source::{Entry, Source, Visit, shown};

/// Files up to this size are scanned in one piece, larger ones as a stream.
const WHOLE: usize = 1024 * 1024;
/// How much of a stream is read at a time.
const CHUNK: usize = 128 * 1024;

/// A thread's memory, kept from file to file.
#[derive(Debug)]
pub struct State {
    /// The engine's.
    pub scratch: Scratch,
    buffer: Vec<u8>,
}

impl State {
    /// Memory for one thread.
    pub fn new(engine: &Engine) -> State {
        State {
            scratch: engine.scratch(),
            buffer: vec![0; WHOLE + 1],
        }
    }
}

/// One thread.
pub struct Worker<'s> {
    /// The scan.
    pub scan: &'s Scan<'s>,
    /// Where its findings go.
    pub collector: &'s Collector<'s>,
    /// Its memory. Shared only to be read when all is done.
    pub state: Arc<Mutex<State>>,
}

impl Visit for Worker<'_> {
    fn visit(&mut self, entry: Entry<'_>) -> bool {
        if self.scan.progress.stopped() {
            return false;
        }
        match entry {
            Entry::Skip(skip) => self.collector.skip(skip),
            Entry::File(path, named) => self.file(path, named),
        }
        !self.scan.progress.stopped()
    }
}

impl Worker<'_> {
    fn file(&mut self, path: &Path, named: bool) {
        let mut state = self
            .state
            .lock()
            .expect("because panics are caught while it is held");
        let result = guarded(path, || self.scan(&mut state, path, named));
        if let Err(skip) = result {
            if skip.kind == SkipKind::Panicked {
                // Whatever the panic left behind in it is not to be trusted.
                let counters = std::mem::take(&mut state.scratch.counters);
                state.scratch = self.scan.engine.scratch();
                state.scratch.counters.add(&counters);
            }
            self.collector.skip(skip);
        }
    }

    fn scan(&self, state: &mut State, path: &Path, named: bool) -> Result<(), Skip> {
        let mut source = Source::open(path, named)?;
        let length = source.length();
        if let Some(limit) = self
            .scan
            .options
            .max_file_size
            .filter(|&limit| length > limit)
        {
            let detail = format!("{length} bytes, more than the limit of {limit}");
            return Err(Skip {
                origin: source.origin().clone(),
                kind: SkipKind::TooLarge,
                detail,
            });
        }
        let origin = source.origin().clone();
        let mut out = |emission: Emission<'_>| _ = self.collector.take(&origin, &emission);
        let State { scratch, buffer } = state;
        self.collector.name(Named::File, origin.path(), scratch);
        let filled = source.fill(buffer)?;
        if filled <= WHOLE {
            self.scan
                .engine
                .examine(origin.file_name(), &buffer[..filled], scratch, &mut out);
            self.count(filled);
        } else {
            self.stream(&mut source, state, filled, &mut out)?;
        }
        self.scan.progress.files.fetch_add(1, Ordering::Relaxed);
        // A scan that was stopped did not come to the file's end.
        let shrunk = source.shrunk().filter(|_| !self.scan.progress.stopped());
        shrunk.map_or(Ok(()), Err)
    }

    /// Scans on in pieces what is too large for one; the buffer holds its beginning.
    fn stream(
        &self,
        source: &mut Source,
        state: &mut State,
        filled: usize,
        out: &mut dyn FnMut(Emission<'_>),
    ) -> Result<(), Skip> {
        let State { scratch, buffer } = state;
        let mut stream = Stream::new(self.scan.engine);
        let mut result = Ok(filled);
        for piece in buffer[..filled].chunks(CHUNK) {
            stream.feed(piece, scratch, out);
        }
        while let Ok(count) = result {
            self.count(count);
            if count == 0 || self.scan.progress.stopped() {
                break;
            }
            result = source.fill(&mut buffer[..CHUNK]);
            stream.feed(&buffer[..*result.as_ref().unwrap_or(&0)], scratch, out);
        }
        // After an error too: what was read is scanned to its end.
        stream.finish(scratch, out);
        result.map(|_| ())
    }

    fn count(&self, bytes: usize) {
        self.scan
            .progress
            .bytes
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Turns a panic into a report about the file that caused it.
fn guarded(path: &Path, work: impl FnOnce() -> Result<(), Skip>) -> Result<(), Skip> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Skip {
            origin: Origin::File(shown(path)),
            kind: SkipKind::Panicked,
            detail: "keysieve failed on this file; please report it".to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_reported_of_the_file() {
        let skip = guarded(Path::new("./a/b"), || panic!("on purpose")).expect_err("it panicked");
        assert_eq!(
            (skip.kind, skip.origin.as_str()),
            (SkipKind::Panicked, "a/b")
        );
        assert!(guarded(Path::new("a"), || Ok(())).is_ok());
    }
}
