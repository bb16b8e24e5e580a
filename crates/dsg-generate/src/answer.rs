//! Answers: quoted pieces joined by fixed words, with the spans they came from.

use dsg_core::{Chunk, Citation, Span};

use crate::inline::has_leftovers;
use crate::reference::{may_open_an_answer, points_around};
use crate::regexes::regex;
use crate::render::Rendered;
use crate::sentence::Piece;

/// Shorter answers say too little.
const MIN_CHARS: usize = 20;

/// An answer under construction.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answer {
    text: String,
    spans: Vec<Span>,
}

impl Answer {
    /// Fixed words of our own, never facts.
    pub(crate) fn words(mut self, words: &str) -> Self {
        self.text.push_str(words);
        self
    }

    /// Quoted text, continuing the line.
    pub(crate) fn quote(mut self, text: &str, span: Span) -> Self {
        self.text.push_str(text);
        self.spans.push(span);
        self
    }

    /// Quoted sentences, continuing the line.
    pub(crate) fn sentences<'p>(mut self, pieces: impl IntoIterator<Item = &'p Piece>) -> Self {
        for (position, piece) in pieces.into_iter().enumerate() {
            if position > 0 {
                self.text.push(' ');
            }
            self = self.quote(&piece.text, piece.span);
        }
        self
    }

    /// Quoted blocks, each a paragraph of its own; the first continues the line when it is running text.
    pub(crate) fn blocks(mut self, blocks: &[Rendered]) -> Self {
        for (position, block) in blocks.iter().enumerate() {
            if !self.text.is_empty() && (position > 0 || !block.is_running_text()) {
                let trimmed = self.text.trim_end().len();
                self.text.truncate(trimmed);
                let listed = |text: &str| text.trim_start().starts_with("- ");
                let last_line = self.text.lines().last().unwrap_or_default();
                let continues = listed(last_line) && listed(&block.text);
                self.text.push_str(if continues { "\n" } else { "\n\n" });
            }
            self.text.push_str(&block.text);
            self.spans.extend(block.spans.iter().copied());
        }
        self
    }

    /// Text so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The finished answer with its receipts, unless it could not stand alone.
    pub(crate) fn finish(self, chunk: &Chunk) -> Option<(String, Vec<Citation>)> {
        let opened = without_connective(self.text.trim());
        let text = opened.as_str();
        let last = text.chars().last()?;
        let sound = text.len() >= MIN_CHARS
            && may_open_an_answer(text)
            && !has_leftovers(text)
            && !points_around(text)
            && !announces_more(text)
            && !breaks_off(text)
            // A list that begins anew lost its numbers.
            && text.lines().filter(|line| line.starts_with("1. ")).count() < 2
            // “[1]” without its reference.
            && !regex!(r"[a-z)\]] ?\[\d{1,2}\]").is_match(&regex!(r"(?s)```.*?```|`[^`]*`").replace_all(text, " "))
            && !matches!(last, ':' | ',' | ';' | '-' | '(' | '=')
            && !regex!(r"\bI (?:feel|think|guess|believe|wrote)\b").is_match(text)
            && balanced_fences(text);
        if !sound {
            return None;
        }
        let citations = citations(chunk, self.spans)?;
        Some((closed(text), citations))
    }
}

/// “For example, to load …” opens no answer.
fn without_connective(text: &str) -> String {
    regex!(r"(?i)^(?:for example|for instance|as an example)\b,?\s+(\S)")
        .captures(text)
        .map_or_else(
            || text.to_owned(),
            |found| {
                let first = found.get(1).map_or("", |first| first.as_str());
                let rest = text
                    .get(found.get(0).map_or(0, |all| all.end())..)
                    .unwrap_or_default();
                format!("{}{rest}", first.to_uppercase())
            },
        )
}

/// “Enter the following script.” and “It has three tasks. First, it waits.” end where what they announce would begin.
fn announces_more(text: &str) -> bool {
    let last_block = text.rsplit("\n\n").next().unwrap_or(text);
    let counted = regex!(r"(?i)\b(?:two|three|four|five|several) (?:\w+ )?\w+s[.:] First\b")
        .is_match(text)
        && !regex!(r"(?i)\b(?:second(?:ly)?|then|next|finally|lastly)\b").is_match(text);
    counted
        || !last_block.contains("```")
            && regex!(r"(?i)(?:\bfollowing (?:\w+ )?(?:scripts?|examples?|code|commands?|tables?|lists?|steps|options|lines?|content)\b[^:.`]*\.?|(?:^|[.!?] )(?:let'?s|let us)\b[^.]*\.|(?:^|[.!?] )(?:this|here|below) is an? example\b[^.]*\.|\b(?:two|three|four|several) (?:\w+ )?(?:decisions|options|ways|steps|methods|alternatives|things|reasons|cases)\b[^.]*\.)$")
                .is_match(last_block)
}

/// A bullet with an open bracket: “Installed software (more on request”.
fn breaks_off(text: &str) -> bool {
    regex!(r"(?s)```.*?```|`[^`]*`")
        .replace_all(text, "")
        .lines()
        .filter(|line| line.trim_start().starts_with("- "))
        .any(|line| line.matches('(').count() > line.matches(')').count())
}

fn balanced_fences(text: &str) -> bool {
    text.lines()
        .filter(|line| line.trim_start().starts_with("```"))
        .count()
        .is_multiple_of(2)
}

/// Ends running text with a full stop.
fn closed(text: &str) -> String {
    let last_line = text.lines().last().unwrap_or_default();
    let listed = last_line.trim_start().starts_with(['-', '|', '`'])
        || last_line
            .trim_start()
            .starts_with(|c: char| c.is_ascii_digit());
    let ends = text.ends_with(['.', '!', '?', '`', ')', '"', '”', '|', '>']);
    // A full stop behind an address would become part of it.
    let address = text
        .rsplit(char::is_whitespace)
        .next()
        .is_some_and(|last| last.contains("://"));
    if ends || listed || address {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// Receipts for `spans`: sorted, neighbours with nothing but white space between them joined, white space trimmed.
pub(crate) fn citations(chunk: &Chunk, mut spans: Vec<Span>) -> Option<Vec<Citation>> {
    spans.sort();
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        if let Some(last) = joined.last_mut() {
            let gap = Span::new(last.end(), span.start());
            let touching = gap.map_or(true, |gap| {
                chunk
                    .slice(gap)
                    .is_some_and(|between| between.trim().is_empty())
            });
            if touching {
                *last = Span::new(last.start(), last.end().max(span.end())).ok()?;
                continue;
            }
        }
        joined.push(span);
    }
    let receipts: Vec<Citation> = joined
        .into_iter()
        .filter_map(|span| {
            let raw = chunk.slice(span)?;
            let lead = raw.len() - raw.trim_start().len();
            let quote = raw.trim();
            (!quote.is_empty()).then(|| Citation {
                doc_id: chunk.doc_id.clone(),
                chunk_id: chunk.chunk_id.clone(),
                span: Span::of_len(span.start() + lead, quote.len()),
                quote: quote.to_owned(),
            })
        })
        .collect();
    (!receipts.is_empty()).then_some(receipts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, chunk_of};

    #[test]
    fn touching_quotes_become_one_receipt() {
        let text = "One here.  Two there. Three apart.";
        let chunk = chunk_of(text, Vec::new(), &["t"]);
        let receipts = citations(
            &chunk,
            vec![
                at(text, "Two there. "),
                at(text, "One here."),
                at(text, "apart."),
            ],
        )
        .unwrap();
        let quotes: Vec<&str> = receipts.iter().map(|r| r.quote.as_str()).collect();
        assert_eq!(quotes, ["One here.  Two there.", "apart."]);
        assert!(
            receipts
                .iter()
                .all(|r| chunk.slice(r.span) == Some(r.quote.as_str()))
        );
    }

    #[test]
    fn an_answer_that_leans_on_its_page_is_refused() {
        let text = "This option waits for the nodes.";
        let chunk = chunk_of(text, Vec::new(), &["t"]);
        assert_eq!(
            Answer::default().quote(text, chunk.span).finish(&chunk),
            None
        );
        let named = Answer::default()
            .words("`--wait`: ")
            .quote(text, chunk.span)
            .finish(&chunk);
        assert_eq!(
            named.unwrap().0,
            "`--wait`: This option waits for the nodes."
        );
    }
}
