//! Values that are known to be secret whatever they look like: from the environment, from `.env` files and from lists.

mod automaton;
mod forms;
mod pick;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::model::Secret;
use automaton::{Automaton, Place};
pub use pick::{of_dotenv, of_list, of_variables};

/// Values shorter than this, in bytes, are not covered: they would stand in any text.
pub const LEAST: usize = 6;
/// Values longer than this, in bytes, are refused.
pub const MOST: usize = 64 * 1024;
/// More bytes than this in all forms together are no list of secrets.
const MOST_TOGETHER: usize = 12 << 20;
/// Of a value of several lines, each line of so many bytes counts as well, for it may come along indented.
const LINE: usize = 16;

/// Known values in all their forms.
#[derive(Debug, Default)]
pub struct KnownValues {
    values: Vec<(Arc<str>, Secret)>,
    /// The value of each form.
    of_form: Vec<u32>,
    automaton: Option<Automaton>,
}

/// Why values cannot be covered.
#[derive(Debug, thiserror::Error)]
pub enum KnownError {
    /// One is too long.
    #[error("the value of {origin} is longer than {MOST} bytes; a known value may not be")]
    TooLong {
        /// Where it came from.
        origin: Arc<str>,
    },
    /// They are too many.
    #[error(
        "the known values are too many or too long together: their forms have more than {} MiB",
        MOST_TOGETHER >> 20
    )]
    TooMany,
}

impl KnownValues {
    /// Takes values, each with where it came from, which may be shown. Those shorter than [`LEAST`] are left out.
    ///
    /// # Errors
    /// Where one is longer than [`MOST`], or all are too many.
    pub fn new(
        values: impl IntoIterator<Item = (Arc<str>, Secret)>,
    ) -> Result<KnownValues, KnownError> {
        let mut known = KnownValues::default();
        // The value of each form: the first that has it.
        let mut forms: HashMap<Vec<u8>, u32> = HashMap::new();
        let mut together = 0;
        for (origin, secret) in values {
            let value = secret.expose();
            if value.len() > MOST {
                return Err(KnownError::TooLong { origin });
            }
            if value.len() < LEAST {
                continue;
            }
            let number = known.values.len() as u32;
            let lines = value.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
            let parts = std::iter::once(value).chain(lines.filter(|line| line.len() >= LINE));
            for form in parts.flat_map(forms::forms) {
                let length = form.len();
                forms.entry(form).or_insert_with(|| {
                    together += length;
                    number
                });
                if together > MOST_TOGETHER {
                    return Err(KnownError::TooMany);
                }
            }
            known.values.push((origin, secret));
        }
        let mut forms: Vec<(Vec<u8>, u32)> = forms.into_iter().collect();
        forms.sort_unstable();
        let (forms, of_form): (Vec<Vec<u8>>, Vec<u32>) = forms.into_iter().unzip();
        known.of_form = of_form;
        if !forms.is_empty() {
            known.automaton = Some(Automaton::new(&forms));
        }
        Ok(known)
    }

    /// Values with a defect: where this one is found, there is none.
    #[cfg(test)]
    pub(super) fn broken(value: &str) -> KnownValues {
        let named = (Arc::from("a test"), Secret::new(value.as_bytes()));
        let mut known = KnownValues::new([named]).expect("one value");
        known.of_form.clear();
        known
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Where a value came from, and the value.
    pub(super) fn value(&self, number: usize) -> (&Arc<str>, &Secret) {
        let (origin, secret) = &self.values[number];
        (origin, secret)
    }

    /// The most bytes that a stream holds back because they may be a known value: that of its longest form, and what may
    /// stand between its bytes.
    pub(super) fn most_held(&self) -> usize {
        let longest = self.automaton.as_ref().map_or(0, Automaton::longest);
        longest * (automaton::PATIENCE as usize + 1)
    }

    /// Watches a stream for them.
    pub(super) fn watcher(&self) -> Option<Watcher<'_>> {
        self.automaton.as_ref().map(|automaton| Watcher {
            automaton,
            of_form: &self.of_form,
            plain: Place::default(),
            colored: None,
            end: 0,
        })
    }
}

/// Watches one stream for known values.
#[derive(Debug)]
pub struct Watcher<'k> {
    automaton: &'k Automaton,
    of_form: &'k [u32],
    plain: Place,
    /// The same with terminal escapes passed over, from the first one on.
    colored: Option<Place>,
    end: u64,
}

impl Watcher<'_> {
    /// Reads the next bytes, and tells where a value stands: its place and its number.
    pub fn feed(&mut self, bytes: &[u8], found: &mut dyn FnMut(Range<u64>, usize)) {
        let mut tell = |form: u32, from: u64, to: u64| {
            found(from..to, self.of_form[form as usize] as usize);
        };
        if self.colored.is_none()
            && let Some(at) = memchr::memchr(0x1b, bytes)
        {
            let mut before = self.plain.clone();
            self.automaton
                .read(&mut before, &bytes[..at], &mut |_, _, _| {});
            let mut colored = before.over_escapes();
            self.automaton.read(&mut colored, &bytes[at..], &mut tell);
            self.colored = Some(colored);
        } else if let Some(colored) = &mut self.colored {
            self.automaton.read(colored, bytes, &mut tell);
        }
        self.automaton.read(&mut self.plain, bytes, &mut tell);
        self.end += bytes.len() as u64;
    }

    /// Up to where no value begins that has not been told.
    pub fn safe(&self) -> u64 {
        let colored = self.colored.as_ref();
        let colored = colored.map_or(u64::MAX, |place| self.automaton.open(place));
        self.automaton.open(&self.plain).min(colored).min(self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(values: &[String]) -> impl Iterator<Item = (Arc<str>, Secret)> {
        let secrets = values.iter().map(|value| Secret::new(value.as_bytes()));
        secrets.map(|secret| (Arc::from("a test"), secret))
    }

    /// What looks random and needs every kind of escape.
    fn random(length: usize) -> String {
        let mut number = 1u64;
        let mut next = || {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            b"ab/+<&\"\\$' Z7"[(number >> 33) as usize % 13] as char
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn takes_the_longest_value_that_it_may() {
        let value = random(MOST - 1) + "x";
        let known =
            KnownValues::new(named(std::slice::from_ref(&value))).expect("it is short enough");
        let mut watcher = known.watcher().expect("there is a value");
        let mut found = Vec::new();
        let text = [&b"x"[..], value.as_bytes(), b"y"].concat();
        watcher.feed(&text, &mut |range, number| found.push((range, number)));
        assert_eq!(found, [(1..MOST as u64 + 1, 0)]);
    }

    #[test]
    fn refuses_a_longer_one_and_too_many() {
        let long = KnownValues::new(named(&[random(MOST + 1)]));
        assert!(matches!(long, Err(KnownError::TooLong { .. })));
        let values: Vec<String> = (0..1000)
            .map(|at| random(1000)[at % 500..].to_owned() + &at.to_string())
            .collect();
        assert!(matches!(
            KnownValues::new(named(&values)),
            Err(KnownError::TooMany)
        ));
        assert!(KnownValues::new(named(&values[..2])).is_ok());
    }
}
