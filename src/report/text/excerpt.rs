//! The part of a line that shows a secret, cut to the terminal.

use std::ops::Range;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::{Location, MASK};
use crate::report::shown::harmless;

/// What stands where a line was cut.
const CUT: &str = "...";

/// A line fit for the terminal.
#[derive(Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The text, at most as wide as there was room.
    pub line: String,
    /// The columns of the masked secret, from 0, where it can be told.
    pub mark: Option<Range<usize>>,
}

/// The snippet of `location`, with the secret that was masked as `masked` in view, in `room` columns.
pub fn excerpt(location: &Location, masked: &str, room: usize) -> Excerpt {
    let line = harmless(location.snippet.trim_end());
    let mark = find(&line, masked, location.start.column).map(|bytes| {
        let start = line[..bytes.start].width();
        start..start + line[bytes].width()
    });
    cut(&line, mark, room)
}

/// Where the secret stands in a masked line, in bytes. Its true column holds as long as nothing before it was masked
/// or cut; otherwise only a single occurrence tells, since a caret in the wrong place is worse than none.
fn find(line: &str, masked: &str, column: u64) -> Option<Range<usize>> {
    // Overlapping secrets are masked as one, wholly.
    [masked, MASK].into_iter().find_map(|shown| {
        let nth = usize::try_from(column).ok()?.checked_sub(1)?;
        let at_column = line.char_indices().nth(nth).map(|(at, _)| at);
        let exact = at_column.filter(|at| line[*at..].starts_with(shown));
        let mut hits = line.match_indices(shown).map(|(at, _)| at);
        let at = exact.or_else(|| hits.next().filter(|_| hits.next().is_none()))?;
        Some(at..at + shown.len())
    })
}

fn cut(line: &str, mark: Option<Range<usize>>, room: usize) -> Excerpt {
    let total = line.width();
    if total <= room {
        return Excerpt {
            line: line.to_owned(),
            mark,
        };
    }
    let from = mark
        .as_ref()
        .map_or(0, |mark| first_column(mark, room, total));
    let head = if from > 0 { CUT } else { "" };
    let tail = if from + room < total { CUT } else { "" };
    let (keep_from, keep_to) = (from + head.len(), from + room - tail.len());

    let mut shown = head.to_owned();
    let (mut column, mut first) = (0, None);
    for c in line.chars() {
        let width = c.width().unwrap_or(0);
        if column >= keep_from && column + width <= keep_to {
            first.get_or_insert(column);
            shown.push(c);
        }
        column += width;
    }
    shown.push_str(tail);
    let shift =
        |column: usize| column.clamp(keep_from, keep_to) + head.len() - first.unwrap_or(keep_from);
    Excerpt {
        line: shown,
        mark: mark
            .map(|mark| shift(mark.start)..shift(mark.end))
            .filter(|mark| mark.start < mark.end),
    }
}

/// The column at which the cut line begins: what precedes a secret says more about it than what follows, so two
/// thirds of the room that it leaves go there.
fn first_column(mark: &Range<usize>, room: usize, total: usize) -> usize {
    if mark.end + CUT.len() <= room {
        return 0;
    }
    let lead = room.saturating_sub(mark.len()) * 2 / 3;
    mark.start.saturating_sub(lead).min(total - room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, Position};

    fn shown(snippet: &str, column: u64, masked: &str, room: usize) -> (String, String) {
        let start = Position {
            line: 1,
            column,
            offset: 0,
        };
        let location = Location {
            parts: Vec::new(),
            origin: Origin::Stdin,
            start,
            end: start,
            encoding: None,
            snippet: snippet.to_owned(),
            accepted: None,
        };
        let Excerpt { line, mark } = excerpt(&location, masked, room);
        let carets = mark.map_or(String::new(), |mark| {
            " ".repeat(mark.start) + &"^".repeat(mark.len())
        });
        (line, carets)
    }

    #[test]
    fn places_the_secret() {
        let cases = [
            // By its column, though the same text stands there twice.
            ("a=******** b=********", 3, MASK, "  ^^^^^^^^"),
            // Moved by an earlier mask, but the only one of its kind.
            (
                "a=******** b=ab********c",
                30,
                "ab********c",
                "             ^^^^^^^^^^^",
            ),
            // Moved by an earlier mask and not the only one.
            ("a=x******** b=********", 30, MASK, ""),
            // Masked as one with what overlaps it.
            ("key ********", 9, "ab********c", "    ^^^^^^^^"),
            // Two terminal columns a character.
            ("鍵=********\r", 3, MASK, "   ^^^^^^^^"),
            ("nothing here", 3, MASK, ""),
            ("", 0, MASK, ""),
        ];
        for (snippet, column, masked, want) in cases {
            let (line, carets) = shown(snippet, column, masked, 80);
            assert_eq!((line.as_str(), carets.as_str()), (snippet.trim_end(), want));
        }
    }

    #[test]
    fn cuts_long_lines_around_the_secret() {
        let (x, y) = ("x".repeat(50), "y".repeat(50));
        let cases = [
            (
                format!("k=********;{y}"),
                3,
                "k=********;yyyyyy...",
                "  ^^^^^^^^",
            ),
            (
                format!("{x}k=********;{y}"),
                53,
                "...xxxk=********;...",
                "        ^^^^^^^^",
            ),
            (
                format!("{x}k=********;"),
                53,
                "...xxxxxxk=********;",
                "           ^^^^^^^^",
            ),
            (x.clone(), 3, "xxxxxxxxxxxxxxxxx...", ""),
            (
                format!("{}********", "字".repeat(50)),
                51,
                "...字字字字********",
                "           ^^^^^^^^",
            ),
        ];
        for (snippet, column, line, carets) in cases {
            let want = (line.to_owned(), carets.to_owned());
            assert_eq!(shown(&snippet, column, MASK, 20), want);
        }
    }
}
