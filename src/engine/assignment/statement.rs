//! Statements that set a name to a word without any operator: `ENV k v`, `#define k v`, `set :k, v`.

use std::ops::Range;

use super::{COMMAND, VALUE, is_name};

/// Whether a symbol is set by Ruby's `set :name, value`.
pub fn is_symbol_set(hay: &[u8], name: &Range<usize>) -> bool {
    hay[..name.start].ends_with(b"set :")
}

/// Whether a statement sets the name to the word that `rest` begins with: `ENV k v1`, `#define k v1`, or a line of just
/// the two, or with a word or two before them that say whose it is. The word ends the line and holds a letter and a
/// digit, which sets it apart from most prose; behind other words it is as long as generated ones are.
pub fn is_set(hay: &[u8], name: &Range<usize>, rest: &[u8]) -> bool {
    let value = rest.iter().take(VALUE);
    let length = value.take_while(|b| b.is_ascii_graphic()).count();
    let value = &rest[..length];
    let ends = matches!(rest.get(length), None | Some(b'\n' | b'\r'));
    let mixed = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
    let long = length >= 20 && value.iter().all(|&b| is_name(b) || b"+/=".contains(&b));
    ends && mixed
        && match setter(hay, name) {
            Some(Setter::Command) => true,
            Some(Setter::Owner) => long,
            None => false,
        }
}

/// What a line begins with before a name that it may set.
enum Setter {
    /// Nothing, or a word that sets names.
    Command,
    /// A word or two that say whose what follows is: `todoist SECRET ...`.
    Owner,
}

/// Whether a line begins with the name, or with a word that may set it.
pub fn may_be_set(hay: &[u8], name: &Range<usize>) -> bool {
    setter(hay, name).is_some()
}

fn setter(hay: &[u8], name: &Range<usize>) -> Option<Setter> {
    const COMMANDS: [&[u8]; 8] = [
        b"", b"ENV", b"ARG", b"setenv", b"setx", b"set", b"#define", b"export",
    ];
    let before = &hay[name.start.saturating_sub(COMMAND)..name.start];
    let line = match memchr::memrchr(b'\n', before) {
        Some(at) => &before[at + 1..],
        None if before.len() == name.start => before,
        None => return None,
    };
    let line = line.trim_ascii();
    if COMMANDS.contains(&line) {
        return Some(Setter::Command);
    }
    let mut words = line.split(|&b| b == b' ');
    let word = |word: &[u8]| {
        word.first().is_some_and(u8::is_ascii_alphabetic) && word.iter().all(|&b| is_name(b))
    };
    (words.clone().count() <= 2 && words.all(word)).then_some(Setter::Owner)
}
