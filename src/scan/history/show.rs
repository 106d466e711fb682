//! Third, what was found: the objects with findings once more, now that it is known where they stand.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use gix::hash::ObjectId;

use super::lost;
use super::objects::panicked;
use crate::engine::{Emission, Engine, Scanned, Scratch, Version};
use crate::model::{Edit, Fingerprint, Origin};
use crate::scan::Scan;
use crate::scan::collect::Collector;
use crate::source::git::{Lost, Object, Visit};

/// Hands the findings of some objects to the collector.
pub struct Show<'s> {
    /// The scan.
    pub scan: &'s Scan<'s>,
    /// Where findings go.
    pub collector: &'s Collector<'s>,
    /// Where each object stands, by number.
    pub places: &'s HashMap<u32, Vec<Origin>>,
    /// What the first walk has told of as lost.
    pub lost: &'s HashSet<ObjectId>,
    /// What was found in each object, by number; if not in all, they are scanned once more.
    pub saved: Option<&'s HashMap<u32, Scanned>>,
}

/// What one thread needs.
pub struct Memory {
    /// The engine's.
    pub scratch: Scratch,
    /// Which credential stands in which object.
    pub found: Vec<(Fingerprint, u32)>,
}

impl Visit for Show<'_> {
    type Memory = Memory;
    type State = Option<Scanned>;

    fn memory(&self) -> Memory {
        Memory {
            scratch: self.scan.engine.scratch(),
            found: Vec::new(),
        }
    }

    fn object(
        &self,
        object: Object<'_>,
        from: Option<(&Option<Scanned>, &[Edit])>,
        wanted: bool,
        memory: &mut Memory,
    ) -> Option<Scanned> {
        let shown = catch_unwind(AssertUnwindSafe(|| {
            if let Some(saved) = self.saved.and_then(|saved| saved.get(&object.number)) {
                self.show(&object, saved, memory);
                return None;
            }
            if self.saved.is_some() && !wanted {
                return None;
            }
            let engine = self.scan.engine;
            let scratch = &mut memory.scratch;
            let from = from.and_then(|(base, edits)| Some((base.as_ref()?, edits)));
            let version = Version {
                bytes: object.bytes,
                from,
                is_last: object.is_last,
            };
            let scanned = engine.scan_version(&version, scratch);
            if wanted {
                self.show(&object, &scanned, memory);
            }
            Some(scanned)
        }));
        if shown.is_err() {
            self.collector.skip(panicked(&object));
            memory.scratch = self.scan.engine.scratch();
        }
        shown.ok().flatten()
    }

    /// What was remembered as scanned may have broken since.
    fn lost(&self, lost: Lost) {
        if !self.lost.contains(&lost.id) {
            self.collector.skip(lost::skip(&lost));
        }
    }

    /// Whoever stops the scan wants to see what was found.
    fn goes_on(&self) -> bool {
        true
    }
}

impl Show<'_> {
    fn show(&self, object: &Object<'_>, scanned: &Scanned, memory: &mut Memory) {
        let engine: &Engine = self.scan.engine;
        let places = self.places.get(&object.number);
        for origin in places.into_iter().flatten() {
            let found = &mut memory.found;
            let mut out = |emission: Emission<'_>| {
                if let Some(fingerprint) = self.collector.take(origin, &emission) {
                    found.push((fingerprint, object.number));
                }
            };
            // Whoever knows a file by its name knows it under each of its names.
            let name = origin.file_name();
            engine.examine_scanned(scanned, (name, object.bytes), &mut memory.scratch, &mut out);
        }
    }
}
