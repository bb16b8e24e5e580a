//! Colours, and whether to use them.

use std::fmt::Display;
use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};

use serde_json::Value;

use crate::args::ColorWhen;

/// Paints text, or leaves it alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    pub(crate) fn for_stream(when: ColorWhen, stream: &impl IsTerminal) -> Self {
        let on = match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                stream.is_terminal() && !set("NO_COLOR") && !dumb
            }
        };
        Self { on }
    }

    #[cfg(test)]
    pub(crate) const fn plain() -> Self {
        Self { on: false }
    }

    pub(crate) const fn is_on(self) -> bool {
        self.on
    }

    fn apply(self, style: Style, text: impl Display) -> String {
        if self.on {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }

    fn color(self, color: AnsiColor, text: impl Display) -> String {
        self.apply(Style::new().fg_color(Some(color.into())), text)
    }

    pub(crate) fn strong(self, text: impl Display) -> String {
        self.apply(Style::new().bold(), text)
    }

    pub(crate) fn faint(self, text: impl Display) -> String {
        self.apply(Style::new().dimmed(), text)
    }

    pub(crate) fn good(self, text: impl Display) -> String {
        self.color(AnsiColor::Green, text)
    }

    pub(crate) fn warn(self, text: impl Display) -> String {
        self.color(AnsiColor::Yellow, text)
    }

    pub(crate) fn bad(self, text: impl Display) -> String {
        self.apply(
            Style::new().bold().fg_color(Some(AnsiColor::Red.into())),
            text,
        )
    }

    pub(crate) fn name(self, text: impl Display) -> String {
        self.color(AnsiColor::Cyan, text)
    }

    /// What a search matched, or what a receipt quotes.
    pub(crate) fn mark(self, text: impl Display) -> String {
        self.apply(
            Style::new().bold().fg_color(Some(AnsiColor::Yellow.into())),
            text,
        )
    }
}

/// Text from a document, made safe for a terminal: control characters could move the cursor or change colours.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && !matches!(c, '\n' | '\t') {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// The first line of `text`, shortened to `width` characters.
pub(crate) fn one_line(text: &str, width: usize) -> String {
    let flat = printable(text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if flat.chars().count() <= width {
        return flat;
    }
    let mut short: String = flat.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// A configuration value as a person would write it: a 32-bit fraction without the digits that its 64-bit form drags along.
pub(crate) fn value_text(value: &Value) -> String {
    match value.as_f64() {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the narrower form is what is wanted"
        )]
        Some(wide) if value.is_f64() && f64::from(wide as f32).to_bits() == wide.to_bits() => {
            format!("{:?}", wide as f32)
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_cannot_write_escape_sequences() {
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\n");
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(one_line("äöü  \n äöü", 5), "äöü …");
    }
}
