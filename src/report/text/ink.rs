//! Colour, or none of it.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};

use crate::model::Severity;

/// Hands out styles: real ones where output is coloured, empty ones where it is not.
#[derive(Debug, Clone, Copy)]
pub struct Ink(pub bool);

/// A style to paint with.
#[derive(Debug, Clone, Copy)]
pub struct Brush(Style);

/// A text between a style's escapes.
pub struct Painted<T>(Style, T);

impl Ink {
    fn brush(self, style: Style) -> Brush {
        Brush(if self.0 { style } else { Style::new() })
    }

    /// The colour of a severity.
    pub fn severity(self, severity: Severity) -> Brush {
        self.brush(match severity {
            Severity::Critical | Severity::High => AnsiColor::Red.on_default().bold(),
            Severity::Medium => AnsiColor::Yellow.on_default().bold(),
            Severity::Low => AnsiColor::Cyan.on_default().bold(),
            Severity::Info => AnsiColor::Blue.on_default().bold(),
        })
    }

    /// Arrows, bars and line numbers.
    pub fn frame(self) -> Brush {
        self.brush(AnsiColor::BrightBlue.on_default().bold())
    }

    /// What is read first.
    pub fn strong(self) -> Brush {
        self.brush(Style::new().bold())
    }

    /// What can be passed over.
    pub fn faint(self) -> Brush {
        self.brush(Style::new().dimmed())
    }

    /// All is well.
    pub fn good(self) -> Brush {
        self.brush(AnsiColor::Green.on_default().bold())
    }
}

impl Brush {
    /// `text` in this style.
    pub fn paint<T: Display>(self, text: T) -> Painted<T> {
        Painted(self.0, text)
    }
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:#}", self.0, self.1, self.0)
    }
}
