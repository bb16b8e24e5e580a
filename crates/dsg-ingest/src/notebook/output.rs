//! What a cell printed, as text of bounded size.

use super::file::Output;
use crate::lines::head;

/// More of one output is left out, in bytes.
pub(super) const MAX_OUTPUT: usize = 4096;

/// What becomes of an output.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Text, and whether some of it was cut off.
    Text(String, bool),
    /// Markdown that code displayed.
    Markdown(String),
    /// Nothing, and why.
    LeftOut(&'static str),
    /// Nothing at all.
    Empty,
}

/// The text that `output` shows.
pub(super) fn shown(output: &Output<'_>) -> Shown {
    let source = match output.kind.as_ref() {
        "error" | "pyerr" if output.traceback.is_empty() => format!(
            "{}: {}",
            output.ename.as_deref().unwrap_or_default(),
            output.evalue.as_deref().unwrap_or_default()
        ),
        "error" | "pyerr" => output.traceback.lines(),
        "stream" => output.text.joined(),
        _ if !output.data.markdown.is_empty() => {
            return Shown::Markdown(output.data.markdown.joined());
        }
        _ if output.data.plain.is_empty() => output.text.joined(),
        _ => output.data.plain.joined(),
    };
    let media = media(output);
    let text = as_printed(&source);
    let text = text.trim_end().trim_start_matches('\n');
    // `<Figure size 640x480 with 1 Axes>` stands for what is left out.
    let stands_in = media.is_some() && text.trim_start().starts_with('<') && text.ends_with('>');
    if text.trim().is_empty() || stands_in || media == Some("image output") {
        return media.map_or(Shown::Empty, Shown::LeftOut);
    }
    if text.len() <= MAX_OUTPUT {
        return Shown::Text(text.to_owned(), false);
    }
    let near = head(text, text.floor_char_boundary(MAX_OUTPUT));
    let whole_lines = near.rfind('\n').map_or(near, |end| head(near, end));
    Shown::Text(whole_lines.to_owned(), true)
}

/// What the output shows beside text.
fn media(output: &Output<'_>) -> Option<&'static str> {
    let named = |name: &str| output.data.others.iter().any(|other| other.contains(name));
    if named("image/") || output.png.is_some() || output.jpeg.is_some() || output.svg.is_some() {
        Some("image output")
    } else if named("widget") {
        Some("widget output")
    } else if named("text/html") || output.html.is_some() {
        Some("html output")
    } else if !output.data.others.is_empty() {
        Some("other output")
    } else {
        None
    }
}

/// `source` as a terminal shows it: without colours, and with the last state of a line that was written over.
fn as_printed(source: &str) -> String {
    let mut out = String::with_capacity(source.len().min(2 * MAX_OUTPUT));
    let mut chars = source.chars().peekable();
    let mut line = 0;
    while let Some(c) = chars.next() {
        // What comes after is cut off anyway.
        if out.len() > 2 * MAX_OUTPUT {
            break;
        }
        match c {
            '\u{1b}' => {
                if chars.next_if_eq(&'[').is_some() {
                    while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
                }
            }
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => out.truncate(line),
            '\u{8}' => {
                if out.len() > line {
                    out.pop();
                }
            }
            '\n' => {
                out.push('\n');
                line = out.len();
            }
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
