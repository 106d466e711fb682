//! Objects that are scanned one by one, each as a whole.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use gix::hash::ObjectId;

use super::AuditOptions;
use crate::engine::{Counters, Scratch};
use crate::model::{Named, Origin, Skip, SkipKind};
use crate::scan::Scan;
use crate::scan::collect::Collector;
use crate::source::git::{Gap, Reader, too_large};

/// An object to be scanned and where it stands.
pub struct Piece {
    /// The object.
    pub id: ObjectId,
    /// Its place.
    pub origin: Origin,
}

/// Scans pieces.
pub struct Pieces<'s> {
    /// The scan.
    pub scan: &'s Scan<'s>,
    /// Where findings go.
    pub collector: &'s Collector<'s>,
    /// How.
    pub options: &'s AuditOptions,
    /// Whether objects may be left out on purpose.
    pub partial: bool,
}

impl Pieces<'_> {
    /// Scans some on this thread.
    pub fn scan(&self, pieces: &[Piece], reader: &Reader) -> Counters {
        let expected = &self.scan.progress.expected;
        expected.fetch_add(pieces.len() as u64, Ordering::Relaxed);
        let (mut scratch, mut buffer) = (self.scan.engine.scratch(), Vec::new());
        for piece in pieces {
            if self.scan.progress.stopped() {
                break;
            }
            if let Err((kind, detail)) = self.piece(piece, reader, &mut scratch, &mut buffer) {
                self.collector.skip(Skip {
                    origin: piece.origin.clone(),
                    kind,
                    detail,
                });
            }
        }
        scratch.counters
    }

    fn piece(
        &self,
        piece: &Piece,
        reader: &Reader,
        scratch: &mut Scratch,
        buffer: &mut Vec<u8>,
    ) -> Result<(), (SkipKind, String)> {
        let limit = self.options.max_object_size;
        match reader.length(&piece.id) {
            Some(length) if length > limit as u64 => {
                return Err((SkipKind::TooLarge, too_large(length, limit)));
            }
            Some(_) => {}
            None => return Err(self.gap(None)),
        }
        let read = reader.read(&piece.id, buffer);
        read.map_err(|detail| self.gap(Some(detail)))?;
        let progress = self.scan.progress;
        progress.objects.fetch_add(1, Ordering::Relaxed);
        let length = buffer.len() as u64;
        progress.bytes.fetch_add(length, Ordering::Relaxed);
        let name = match &piece.origin {
            Origin::Git(place) if !place.is_file => "",
            origin => origin.file_name(),
        };
        let scanned = catch_unwind(AssertUnwindSafe(|| {
            let engine = self.scan.engine;
            if piece.origin.git().is_some_and(|place| place.is_file) {
                let path = piece.origin.path();
                self.collector.name(Named::File, path, scratch);
            }
            engine.examine(name, buffer, scratch, &mut |emission| {
                _ = self.collector.take(&piece.origin, &emission);
            });
        }));
        if scanned.is_err() {
            *scratch = self.scan.engine.scratch();
            let detail = "keysieve failed on it; please report it";
            return Err((SkipKind::Panicked, detail.to_owned()));
        }
        match super::find::is_pointer(buffer) {
            true => Err((SkipKind::LfsPointer, super::POINTER.to_owned())),
            false => Ok(()),
        }
    }

    /// Tells what is not here, in a partial clone as what it is.
    pub fn say_gaps(&self, gaps: impl IntoIterator<Item = Gap>) {
        for gap in gaps {
            let (kind, detail) = self.gap(gap.detail);
            self.collector.skip(Skip {
                origin: Origin::File(format!("object {}", gap.id)),
                kind,
                detail,
            });
        }
    }

    fn gap(&self, detail: Option<String>) -> (SkipKind, String) {
        match detail {
            Some(detail) => (SkipKind::CorruptObject, detail),
            None if self.partial => (SkipKind::PartialClone, "it is not here".to_owned()),
            None => (SkipKind::MissingObject, "it is not here".to_owned()),
        }
    }
}
