//! A walk over every object of a store, each once: packs from each base to what is based on it, with the base's bytes
//! at hand, across threads; then what lies loose.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use gix::hash::ObjectId;
use gix::objs::Kind;
use libdeflater::Decompressor;

use super::edits;
use super::pack::{Pack, Window};
use super::store::Store;
use crate::model::Edit;

/// Descendants from which on a part of a tree is offered to other threads.
const SPLIT: u32 = 64;
/// Bytes of bases in memory up to which parts are offered: what is offered keeps its base.
const OFFERED: usize = 128 << 20;
/// Bytes of bases in memory beyond which nothing more is made, however large a single object may be.
const HELD: usize = 1 << 30;
/// Buffers kept for reuse by each thread.
const SPARE: usize = 8;

/// An object on its way.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a> {
    /// Its number in the store.
    pub number: u32,
    /// Its id.
    pub id: ObjectId,
    /// What it is.
    pub kind: Kind,
    /// Its content.
    pub bytes: &'a [u8],
    /// Whether nothing that is based on it follows.
    pub is_last: bool,
}

/// An object that could not be had.
#[derive(Debug, Clone)]
pub struct Lost {
    /// Its id.
    pub id: ObjectId,
    /// Whether it is larger than the limit, and not broken.
    pub too_large: bool,
    /// What is wrong with it, for people.
    pub detail: String,
}

/// What is done with the objects of a walk.
pub trait Visit: Sync {
    /// What each thread needs.
    type Memory: Send;
    /// What is kept of an object for those that are based on it.
    type State: Send + Sync;

    /// Memory for one thread.
    fn memory(&self) -> Self::Memory;

    /// Takes an object. Where it is based on another, `from` has what was kept of that and the edits between them.
    /// An object that is not `wanted` is only on the way to one that is.
    fn object(
        &self,
        object: Object<'_>,
        from: Option<(&Self::State, &[Edit])>,
        wanted: bool,
        memory: &mut Self::Memory,
    ) -> Self::State;

    /// Takes an object that is wanted and could not be had.
    fn lost(&self, lost: Lost);

    /// Whether to go on.
    fn goes_on(&self) -> bool;
}

/// What is walked.
pub struct Walk<'s> {
    /// The objects.
    pub store: &'s Store,
    /// Only these kinds.
    pub kinds: &'s [Kind],
    /// Only these objects, by number; all where there is none.
    pub only: Option<&'s [bool]>,
    /// Objects of more bytes are not read.
    pub limit: usize,
}

/// An object that others are based on.
struct Base<'a, S> {
    bytes: Vec<u8>,
    kind: Kind,
    state: S,
    held: &'a AtomicUsize,
    length: usize,
}

impl<S> Drop for Base<'_, S> {
    fn drop(&mut self) {
        self.held.fetch_sub(self.length, Ordering::Relaxed);
    }
}

/// A part of a tree that is still to be walked: an entry and what it is based on.
type Branch<'a, S> = (u32, Option<Arc<Base<'a, S>>>);

/// One pack with what of it is to be read.
struct Part<'s> {
    pack: &'s Pack,
    /// The store's number of its first object.
    first: u32,
    /// Whether an entry is wanted.
    wanted: Vec<bool>,
    /// Whether it, or anything that is based on it, is wanted.
    needed: Vec<bool>,
}

/// What a thread reuses.
struct Thread<M> {
    memory: M,
    inflate: Decompressor,
    window: Window,
    delta: Vec<u8>,
    edits: Vec<Edit>,
    spare: Vec<Vec<u8>>,
}

impl Walk<'_> {
    /// Walks on all threads of `pool`, and hands back what they had in memory.
    pub fn run<V: Visit>(&self, pool: &rayon::ThreadPool, visit: &V) -> Vec<V::Memory> {
        let threads: Vec<Mutex<Thread<V::Memory>>> = (0..pool.current_num_threads())
            .map(|_| Mutex::new(Thread::new(visit.memory())))
            .collect();
        for (pack, first) in self.store.packs() {
            let part = self.part(pack, first);
            let held = AtomicUsize::new(0);
            for thread in &threads {
                let thread = thread.lock();
                let mut thread = thread.unwrap_or_else(std::sync::PoisonError::into_inner);
                thread.window.clear();
            }
            let run = Run {
                walk: self,
                part: &part,
                visit,
                threads: &threads,
                held: &held,
            };
            pool.in_place_scope(|scope| run.start(scope));
        }
        pool.in_place_scope(|scope| self.loose(visit, &threads, scope));
        let done = threads.into_iter().map(|thread| {
            let thread = thread.into_inner();
            thread
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .memory
        });
        done.collect()
    }

    fn part<'s>(&self, pack: &'s Pack, first: u32) -> Part<'s> {
        let entries = 0..pack.forest().len() as u32;
        let wanted: Vec<bool> = entries
            .map(|entry| {
                let number = first + pack.number(entry);
                self.only.is_none_or(|only| only[number as usize])
                    // What an earlier pack holds too has been seen there.
                    && (first == 0 || self.store.number(&pack.id(entry)) == Some(number))
            })
            .collect();
        let mut needed = wanted.clone();
        pack.forest().add_bases(&mut needed);
        Part {
            pack,
            first,
            wanted,
            needed,
        }
    }

    /// Loose objects, some at a time.
    fn loose<'a, V: Visit>(
        &'a self,
        visit: &'a V,
        threads: &'a [Mutex<Thread<V::Memory>>],
        scope: &rayon::Scope<'a>,
    ) {
        let (first, loose) = self.store.loose();
        for (part, ids) in loose.chunks(256).enumerate() {
            scope.spawn(move |_| {
                let mut thread = lock(threads);
                let mut buffer = Vec::new();
                for (at, id) in ids.iter().enumerate() {
                    let number = first + (part * 256 + at) as u32;
                    if !visit.goes_on() || self.only.is_some_and(|only| !only[number as usize]) {
                        continue;
                    }
                    let asked = (self.kinds, self.limit);
                    match self.store.read_loose(id, asked, &mut buffer) {
                        Ok(kind) if !self.kinds.contains(&kind) => {}
                        Ok(kind) => {
                            let object = Object {
                                number,
                                id: *id,
                                kind,
                                bytes: &buffer,
                                is_last: true,
                            };
                            visit.object(object, None, true, &mut thread.memory);
                        }
                        Err(lost) => visit.lost(lost),
                    }
                }
            });
        }
    }
}

impl<M> Thread<M> {
    fn new(memory: M) -> Self {
        Thread {
            memory,
            inflate: Decompressor::new(),
            window: Window::default(),
            delta: Vec::new(),
            edits: Vec::new(),
            spare: Vec::new(),
        }
    }

    fn give_back(&mut self, bytes: Vec<u8>) {
        if self.spare.len() < SPARE {
            self.spare.push(bytes);
        }
    }
}

/// This thread's own. Nobody else asks for it.
fn lock<M>(threads: &[Mutex<Thread<M>>]) -> std::sync::MutexGuard<'_, Thread<M>> {
    let number = rayon::current_thread_index().expect("because it runs on the pool");
    threads[number]
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A walk through one pack.
struct Run<'a, 's, V: Visit> {
    walk: &'a Walk<'s>,
    part: &'a Part<'a>,
    visit: &'a V,
    threads: &'a [Mutex<Thread<V::Memory>>],
    /// Bytes of all bases in memory.
    held: &'a AtomicUsize,
}

// Derived, it would ask that the visitor can be copied.
impl<V: Visit> Clone for Run<'_, '_, V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<V: Visit> Copy for Run<'_, '_, V> {}

impl<'a, V: Visit> Run<'a, '_, V> {
    /// Trees of many entries are begun first, so that none of them is left to one thread at the end; the others follow
    /// in the pack's order.
    fn start(self, scope: &rayon::Scope<'a>)
    where
        Self: 'a,
    {
        const TOGETHER: u32 = 256;
        let forest = self.part.pack.forest();
        let roots = forest.roots().filter(|&root| self.is_needed(root));
        let (mut heavy, light): (Vec<u32>, Vec<u32>) =
            roots.partition(|&root| forest.weight(root) >= TOGETHER);
        heavy.sort_by_key(|&root| std::cmp::Reverse(forest.weight(root)));
        for root in heavy {
            scope.spawn(move |scope| self.branches(vec![(root, None)], scope));
        }
        let (mut together, mut weight) = (Vec::new(), 0);
        for root in light {
            together.push((root, None));
            weight += forest.weight(root);
            if weight >= TOGETHER {
                let mut some = std::mem::take(&mut together);
                some.reverse();
                weight = 0;
                scope.spawn(move |scope| self.branches(some, scope));
            }
        }
        scope.spawn(move |scope| self.branches(together, scope));
        for entry in forest.rings().filter(|&entry| self.is_wanted(entry)) {
            self.lose(entry, false, "it is based on itself".to_owned());
        }
    }

    fn is_wanted(&self, entry: u32) -> bool {
        self.part.wanted[entry as usize]
    }

    /// Whether to come by at all. What has no kind is a delta without a base, or broken.
    fn is_needed(&self, entry: u32) -> bool {
        let kind = self.part.pack.kind(entry);
        self.part.needed[entry as usize] && kind.is_none_or(|kind| self.walk.kinds.contains(&kind))
    }

    /// What is based on an entry and wanted, or on the way to what is wanted.
    fn children(&self, entry: u32) -> impl DoubleEndedIterator<Item = u32> {
        let children = self.part.pack.forest().children(entry).iter().copied();
        let needed = &self.part.needed;
        children.filter(move |&child| needed[child as usize])
    }

    /// Walks down from some entries, the last one first.
    fn branches(self, mut stack: Vec<Branch<'a, V::State>>, scope: &rayon::Scope<'a>)
    where
        Self: 'a,
    {
        let mut guard = lock(self.threads);
        let thread = &mut *guard;
        while let Some((entry, base)) = stack.pop() {
            if !self.visit.goes_on() {
                return;
            }
            let base = match self.one(entry, base, thread) {
                Ok(Some(base)) => Arc::new(base),
                Ok(None) => continue,
                Err((too_large, detail)) => {
                    self.lose_all(entry, too_large, &detail);
                    continue;
                }
            };
            let forest = self.part.pack.forest();
            for child in self.children(entry).rev() {
                let branch = (child, Some(Arc::clone(&base)));
                let offered = self.threads.len() > 1
                    && forest.weight(child) >= SPLIT
                    && !stack.is_empty()
                    && self.held.load(Ordering::Relaxed) < OFFERED;
                if offered {
                    scope.spawn(move |scope| self.branches(vec![branch], scope));
                } else {
                    stack.push(branch);
                }
            }
        }
    }

    /// Makes one object and hands it out. What is kept of it is nothing where nothing is based on it.
    fn one(
        &self,
        entry: u32,
        base: Option<Arc<Base<'a, V::State>>>,
        thread: &mut Thread<V::Memory>,
    ) -> Result<Option<Base<'a, V::State>>, (bool, String)> {
        let mut bytes = thread.spare.pop().unwrap_or_default();
        let kind = self.content(entry, base.as_deref(), thread, &mut bytes)?;
        let object = Object {
            number: self.part.first + self.part.pack.number(entry),
            id: self.part.pack.id(entry),
            kind,
            bytes: &bytes,
            is_last: self.children(entry).next().is_none(),
        };
        let from = base.as_ref().map(|base| (&base.state, &thread.edits[..]));
        let wanted = self.is_wanted(entry);
        let state = self.visit.object(object, from, wanted, &mut thread.memory);
        if let Some(mut base) = base.and_then(Arc::into_inner) {
            thread.give_back(std::mem::take(&mut base.bytes));
        }
        if object.is_last {
            thread.give_back(bytes);
            return Ok(None);
        }
        let length = bytes.len();
        if self.held.fetch_add(length, Ordering::Relaxed) + length > HELD.max(4 * self.walk.limit) {
            self.held.fetch_sub(length, Ordering::Relaxed);
            self.lose_descendants(
                entry,
                true,
                "too many large objects are based on one another",
            );
            return Ok(None);
        }
        Ok(Some(Base {
            bytes,
            kind,
            state,
            held: self.held,
            length,
        }))
    }

    fn content(
        &self,
        entry: u32,
        base: Option<&Base<'_, V::State>>,
        thread: &mut Thread<V::Memory>,
        bytes: &mut Vec<u8>,
    ) -> Result<Kind, (bool, String)> {
        let limit = self.walk.limit;
        let too_large = |length: u64| (true, super::store::too_large(length, limit));
        let broken = |what: String| (false, what);
        let pack = self.part.pack;
        let packed = pack
            .read(entry, limit, &mut thread.window)
            .map_err(broken)?;
        if packed.length > limit as u64 {
            return Err(too_large(packed.length));
        }
        let Some(base) = base else {
            let kind = pack
                .kind(entry)
                .ok_or_else(|| broken("what it is based on is not in the pack".to_owned()))?;
            inflate(&mut thread.inflate, &packed, bytes).map_err(broken)?;
            return Ok(kind);
        };
        inflate(&mut thread.inflate, &packed, &mut thread.delta).map_err(broken)?;
        let made = (&mut *bytes, &mut thread.edits);
        match edits::apply(&base.bytes, &thread.delta, limit, made) {
            Ok(()) => Ok(base.kind),
            Err(edits::TOO_LARGE) => Err(too_large(edits::result_length(&thread.delta))),
            Err(what) => Err(broken(what.to_owned())),
        }
    }

    /// An object that cannot be had, and all that are based on it.
    fn lose_all(&self, entry: u32, too_large: bool, detail: &str) {
        if self.is_wanted(entry) {
            self.lose(entry, too_large, detail.to_owned());
        }
        let because = match too_large {
            true => "based on an object larger than the limit",
            false => "based on a broken object",
        };
        self.lose_descendants(entry, too_large, because);
    }

    fn lose_descendants(&self, entry: u32, too_large: bool, because: &str) {
        let forest = self.part.pack.forest();
        let mut stack = forest.children(entry).to_vec();
        while let Some(entry) = stack.pop() {
            if self.is_wanted(entry) {
                self.lose(entry, too_large, because.to_owned());
            }
            stack.extend_from_slice(forest.children(entry));
        }
    }

    fn lose(&self, entry: u32, too_large: bool, detail: String) {
        let pack = self.part.pack.path().file_name().unwrap_or_default();
        self.visit.lost(Lost {
            id: self.part.pack.id(entry),
            too_large,
            detail: match too_large {
                true => detail,
                false => format!("{detail}, in {}", pack.display()),
            },
        });
    }
}

/// Zlib's own checksum is checked on the way.
fn inflate(
    inflate: &mut Decompressor,
    packed: &super::pack::Packed<'_>,
    bytes: &mut Vec<u8>,
) -> Result<(), String> {
    let length = packed.length as usize;
    bytes.resize(length, 0);
    match inflate.zlib_decompress(packed.data, bytes) {
        Ok(made) if made == length => Ok(()),
        Ok(_) => Err("it is shorter than it says".to_owned()),
        Err(_) => Err("its compressed data is broken".to_owned()),
    }
}
