//! The engine: prefilter, matching, checks, verdict. It knows no file system and no report.
//!
//! Whether bytes are a candidate depends on a bounded stretch around them and nothing else. From this follow the
//! three ways in, which yield the same candidates: a whole blob ([`Engine::scan`]), a stream in chunks
//! ([`Stream`]), and the changed parts of a blob that was scanned before ([`Engine::scan_version`]).

mod assignment;
mod candidate;
mod check;
mod coded;
mod confirm;
mod delta;
mod embedded;
mod emit;
pub mod example;
mod file;
mod grams;
mod lexicon;
mod matching;
mod outlook;
mod position;
pub mod redacted;
mod ruleset;
mod sieve;
mod stream;
mod tables;
pub mod training;
mod utf16;

pub use crate::model::Edit;
pub use candidate::{Candidate, HEAD, rank};
pub use check::{
    CANARY_LENGTH, CANARY_PREFIX, CONTEXT, Evidence, Kept, Reason, Verdict, aws_account, base62,
    canary_word, placeholder,
};
pub use delta::{Scanned, Version};
pub use emit::{AROUND, Emission};
pub use outlook::{Lookahead, Sighting, Watch};
pub use position::Walker;
pub use ruleset::RuleSet;
pub use stream::Stream;

use std::sync::OnceLock;

use crate::rule::Matcher;
use matching::{Lazy, Memory};

/// Counters of one thread.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    /// Positions that the first stage let through.
    pub grams: u64,
    /// Keyword hits.
    pub hits: u64,
    /// Matchers run.
    pub confirmations: u64,
    /// Hits, candidates and kept candidates, by rule; empty unless asked for.
    pub by_rule: Vec<[u64; 3]>,
}

impl Counters {
    /// Adds another thread's.
    pub fn add(&mut self, other: &Counters) {
        self.grams += other.grams;
        self.hits += other.hits;
        self.confirmations += other.confirmations;
        self.by_rule
            .resize(self.by_rule.len().max(other.by_rule.len()), [0; 3]);
        for (mine, theirs) in self.by_rule.iter_mut().zip(&other.by_rule) {
            mine.iter_mut().zip(theirs).for_each(|(m, t)| *m += t);
        }
    }
}

/// A thread's memory, reused from blob to blob.
#[derive(Debug, Default)]
pub struct Scratch {
    memories: Vec<Option<Box<Memory>>>,
    hits: Vec<sieve::WordHit>,
    /// Hits near edits, while they are gathered.
    edge: Vec<sieve::WordHit>,
    /// Candidates of one place, until they are put where they belong.
    found: Vec<Candidate>,
    decoded: coded::Decoded,
    /// What was counted so far.
    pub counters: Counters,
}

/// Finds credentials in bytes. One for all threads; each brings its own [`Scratch`].
#[derive(Debug)]
pub struct Engine {
    rules: RuleSet,
    lazies: Vec<[Lazy; 2]>,
    file_rules: Vec<u16>,
    reach: usize,
    /// How far the rules of each keyword look; only what scans edits asks for it.
    reaches: OnceLock<delta::Reaches>,
    stats: bool,
    explain: bool,
    examples: bool,
}

impl Engine {
    /// An engine for `rules`. Compiles nothing: patterns are compiled at their first use.
    pub fn new(rules: RuleSet) -> Engine {
        let mut lazies = Vec::new();
        lazies.resize_with(rules.rules().len(), Default::default);
        let reach = rules.rules().iter().map(confirm::widest).max().unwrap_or(0);
        let file_rules = rules.of_files();
        Engine {
            rules,
            lazies,
            file_rules,
            reach,
            reaches: OnceLock::new(),
            stats: false,
            explain: false,
            examples: false,
        }
    }

    /// Counts hits by rule as well.
    pub fn with_stats(mut self) -> Engine {
        self.stats = true;
        self
    }

    /// Hands out the dropped candidates too.
    pub fn with_dropped(mut self) -> Engine {
        self.explain = true;
        self
    }

    /// Lets examples that providers publish count as findings.
    pub fn with_examples(mut self) -> Engine {
        self.examples = true;
        self
    }

    /// Whether examples that providers publish are findings. They are candidates in any case.
    pub fn shows_examples(&self) -> bool {
        self.examples
    }

    /// The rules in force.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Whether a rule of kind `file` reads files of this name, which means something else under another name.
    pub fn reads_whole(&self, name: &[u8]) -> bool {
        self.file_rules
            .iter()
            .any(|&rule| match &self.rules.rules()[rule as usize].matcher {
                Matcher::File(file) => file.files.iter().any(|known| known.as_bytes() == name),
                _ => false,
            })
    }

    /// Memory for one thread.
    pub fn scratch(&self) -> Scratch {
        let mut scratch = Scratch::default();
        scratch
            .memories
            .resize_with(self.lazies.len() * 2, Default::default);
        if self.stats {
            scratch.counters.by_rule.resize(self.lazies.len(), [0; 3]);
        }
        scratch
    }

    /// All candidates of a whole blob, in the order of their position, the dropped ones with the reason.
    ///
    /// `name` is the file's name, by which rules of kind `file` know what they read; empty for none.
    pub fn scan(&self, name: &str, bytes: &[u8], scratch: &mut Scratch) -> Vec<Candidate> {
        let mut found = Vec::new();
        self.examine(name, bytes, scratch, &mut |emission| {
            found.push(emission.candidate.clone())
        });
        found
    }

    /// Hands out all candidates of a whole blob with their position and the text around them. Those of a view, such as
    /// UTF-16 text, come after the others.
    pub fn examine(
        &self,
        name: &str,
        bytes: &[u8],
        scratch: &mut Scratch,
        out: &mut dyn FnMut(Emission<'_>),
    ) {
        let mut found = Vec::new();
        self.collect(bytes, scratch, &mut found);
        found.extend(file::candidates(self, name, bytes));
        self.hand_out(bytes, found, Walker::default(), scratch, out);
        self.examine_views(bytes, scratch, out);
    }

    fn hand_out(
        &self,
        bytes: &[u8],
        mut found: Vec<Candidate>,
        mut walker: Walker,
        scratch: &mut Scratch,
        out: &mut dyn FnMut(Emission<'_>),
    ) {
        if found.is_empty() {
            return;
        }
        candidate::resolve(&mut found, self.rules.rules());
        self.count_kept(&found, scratch);
        let window = emit::Window { bytes, start: 0 };
        found.sort_by_key(|candidate| candidate.secret.start);
        let neighbours = emit::Neighbours::new(&found);
        for candidate in &found {
            if candidate.kept() || self.explain {
                emit::emit(&window, &mut walker, candidate, &neighbours, out);
            }
        }
    }

    /// Candidates of `bytes` as they stand, unresolved, without views.
    fn collect(&self, bytes: &[u8], scratch: &mut Scratch, found: &mut Vec<Candidate>) {
        self.hits(bytes, 0..bytes.len(), scratch);
        let hits = std::mem::take(&mut scratch.hits);
        let text = confirm::Text {
            bytes,
            start: 0,
            complete: true,
        };
        for hit in &hits {
            self.confirm(&text, *hit, scratch, found);
        }
        scratch.hits = hits;
    }

    /// Fills `scratch.hits` with the keyword hits that begin in `range`.
    fn hits(&self, bytes: &[u8], range: std::ops::Range<usize>, scratch: &mut Scratch) {
        self.stems(bytes, range, scratch);
        let words = &self.rules.index().sieve.words;
        let whole = |hit: &sieve::WordHit| words.word(hit.word as usize).is_whole(bytes, hit.start);
        scratch.hits.retain(whole);
    }

    /// Fills `scratch.hits` with the places in `range` where a keyword may begin, for its stem stands there.
    fn stems(&self, bytes: &[u8], range: std::ops::Range<usize>, scratch: &mut Scratch) {
        scratch.hits.clear();
        let hits = &mut scratch.hits;
        let passed = self
            .rules
            .index()
            .sieve
            .find(bytes, range, |hit| hits.push(hit));
        scratch.counters.grams += passed;
        scratch.counters.hits += scratch.hits.len() as u64;
    }

    fn count_kept(&self, found: &[Candidate], scratch: &mut Scratch) {
        if self.stats {
            for candidate in found.iter().filter(|c| c.kept()) {
                scratch.counters.by_rule[candidate.rule as usize][2] += 1;
            }
        }
    }
}
