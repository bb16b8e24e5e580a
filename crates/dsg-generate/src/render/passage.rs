//! Sections and blocks as the passages of an answer: what is shown, what is left out.

use dsg_core::{BlockKind, Chunk, Span};

use super::block::block;
use crate::outline::Node;
use crate::reference::{asides_removed, is_pointer, leans_back, points_around};
use crate::regexes::regex;
use crate::sentence::{Piece, sentences};

/// What one block shows, and which spans it takes that from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    pub(crate) spans: Vec<Span>,
    pub(super) kind: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Running,
    Code,
    Other,
}

impl Rendered {
    /// Ends in a colon and so needs what follows.
    pub(crate) fn is_lead_in(&self) -> bool {
        self.kind == Shape::Running && self.text.ends_with(':')
    }

    pub(crate) fn is_running_text(&self) -> bool {
        self.kind == Shape::Running
    }

    pub(crate) fn is_code(&self) -> bool {
        self.kind == Shape::Code
    }
}

/// Blocks in order, and whether all of them are there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Passage {
    pub(crate) blocks: Vec<Rendered>,
    /// Nothing was left out for length or because it cannot be shown.
    pub(crate) complete: bool,
    /// A sentence was left out because it refers to the page around it; later ones may build on it.
    pub(crate) thinned: bool,
}

impl Passage {
    pub(crate) fn chars(&self) -> usize {
        self.blocks.iter().map(|block| block.text.len()).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}

/// A stretch of a block: text of its own or a nested block.
pub(crate) enum Segment<'n, 'c> {
    Text(Span),
    Node(&'n Node<'c>),
}

/// The content of `body` in order: nested blocks, and the text between them.
pub(crate) fn segments<'n, 'c>(
    chunk: &Chunk,
    body: Span,
    children: &'n [Node<'c>],
) -> Vec<Segment<'n, 'c>> {
    let mut found = Vec::new();
    let mut position = body.start();
    let text = |from: usize, to: usize, found: &mut Vec<Segment<'n, 'c>>| {
        let Ok(span) = Span::new(from, to) else {
            return;
        };
        let meaningful = chunk
            .slice(span)
            .is_some_and(|text| text.chars().any(char::is_alphanumeric));
        if meaningful {
            found.push(Segment::Text(span));
        }
    };
    for child in children.iter().filter(|child| body.overlaps(child.span())) {
        text(position, child.span().start(), &mut found);
        found.push(Segment::Node(child));
        position = child.span().end().max(position);
    }
    text(position, body.end(), &mut found);
    found
}

/// The content of a block as a passage of at most about `budget` characters, cut at block boundaries (within the
/// first paragraph at sentences).
pub(crate) fn passage(chunk: &Chunk, segments: &[Segment<'_, '_>], budget: usize) -> Passage {
    let mut out = Passage {
        blocks: Vec::new(),
        complete: true,
        thinned: segments
            .iter()
            .any(|segment| text_span(segment).is_some_and(|span| refers_around(chunk, span))),
    };
    let mut used = 0;
    let mut skip_next = false;
    for (position, segment) in segments.iter().enumerate() {
        if matches!(segment, Segment::Node(node) if is_list_of_links(chunk, node)) {
            continue;
        }
        if std::mem::take(&mut skip_next) {
            continue;
        }
        let introduces = segments.get(position + 1).is_some_and(|next| {
            // A paragraph that is nothing but code is announced like a block.
            matches!(next, Segment::Node(node) if !matches!(node.kind(), BlockKind::Paragraph | BlockKind::Heading { .. })
                || matches!(node.kind(), BlockKind::Paragraph)
                    && (announces(chunk, segment)
                        || chunk.slice(node.body()).is_some_and(is_code_alone)))
        });
        let shown = segments.get(position + 1).is_some_and(
            |next| matches!(next, Segment::Node(node) if matches!(node.kind(), BlockKind::Code { .. })),
        );
        skip_next = introduces
            && text_span(segment).is_some_and(|span| leads_elsewhere(chunk, span, shown));
        let introduces = match (introduces && !skip_next, shown) {
            (false, _) => Introduces::Nothing,
            (true, false) => Introduces::Block,
            (true, true) => Introduces::Code,
        };
        // Lines that the page breaks on purpose are a table of sorts.
        if text_span(segment)
            .and_then(|span| chunk.slice(span))
            .is_some_and(|text| regex!(r"\S(?: {2,}|\\)\n").find_iter(text).count() >= 2)
        {
            out.complete = false;
            break;
        }
        let rendered = match segment {
            Segment::Text(span) => paragraph(chunk, *span, introduces, budget.saturating_sub(used)),
            Segment::Node(node) if matches!(node.kind(), BlockKind::Paragraph) => {
                paragraph(chunk, node.body(), introduces, budget.saturating_sub(used))
            }
            Segment::Node(node) => block(chunk, node).map(|rendered| (rendered, true)),
        };
        // A list whose announcement was left out says who knows what.
        let unannounced = introduces != Introduces::Nothing
            && text_span(segment).is_some_and(|span| {
                sentences(chunk, span).last().is_some_and(|last| {
                    last.text.ends_with(':')
                        && rendered
                            .as_ref()
                            .is_none_or(|(shown, _)| !shown.spans.contains(&last.span))
                })
            });
        if unannounced {
            skip_next = true;
            out.thinned = true;
        }
        let Some((rendered, whole)) = rendered else {
            // A dropped pointer paragraph is no loss; anything else is.
            let droppable = match segment {
                Segment::Text(_) => true,
                Segment::Node(node) => matches!(
                    node.kind(),
                    BlockKind::Paragraph | BlockKind::Caption | BlockKind::Heading { .. }
                ),
            };
            if !droppable {
                out.complete = false;
                break;
            }
            // What the sentence before it announced is not shown.
            if out.blocks.last().is_some_and(Rendered::is_lead_in) {
                out.blocks.pop();
                out.thinned = true;
            }
            continue;
        };
        if used > 0 && used + rendered.text.len() > budget {
            out.complete = false;
            break;
        }
        // Only the first paragraph may be cut inside.
        if !whole && !out.blocks.is_empty() {
            out.complete = false;
            break;
        }
        used += rendered.text.len();
        out.blocks.push(rendered);
        if !whole {
            out.complete = false;
            break;
        }
    }
    drop_trailing_lead_in(&mut out);
    out
}

/// Whether a paragraph ends in a colon.
fn announces(chunk: &Chunk, segment: &Segment<'_, '_>) -> bool {
    text_span(segment)
        .and_then(|span| chunk.slice(span))
        .is_some_and(|text| text.trim_end().trim_end_matches(['*', '_']).ends_with(':'))
}

/// “`pip install x`.” on a line of its own.
fn is_code_alone(text: &str) -> bool {
    regex!(r"^\s*`[^`\n]+`[.,;]?\s*$").is_match(text)
}

/// A list whose items are nothing but links.
fn is_list_of_links(chunk: &Chunk, node: &Node<'_>) -> bool {
    matches!(node.kind(), BlockKind::List { .. })
        && !node.children.is_empty()
        && node.children.iter().all(|item| {
            chunk.slice(item.body()).is_some_and(|text| {
                regex!(
                    r"(?s)^\W*\[[^\]]*\]\([^)]*\)(?:\{[^}]*\})?[\s.,;*_]*(?:\([^)]{0,30}\))?[\s.]*$"
                )
                .is_match(text.trim())
            })
        })
}

/// The span of running text, if the segment is that.
fn text_span(segment: &Segment<'_, '_>) -> Option<Span> {
    match segment {
        Segment::Text(span) => Some(*span),
        Segment::Node(node) => matches!(node.kind(), BlockKind::Paragraph).then(|| node.body()),
    }
}

/// A paragraph whose last sentence only introduces links; `shown`: code follows it.
fn leads_elsewhere(chunk: &Chunk, span: Span, shown: bool) -> bool {
    sentences(chunk, span).last().is_some_and(|last| {
        last.text.ends_with(':')
            && is_pointer(&last.text)
            && !(shown && shows_an_example(&last.text))
    })
}

/// “Here are a few examples” before code means that code.
fn shows_an_example(text: &str) -> bool {
    regex!(r"(?i)^(?:here|below) (?:is|are)\b.*\b(?:examples?|scripts?|commands?)\b").is_match(text)
}

/// What follows a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Introduces {
    /// Nothing that it announces.
    Nothing,
    /// A block, so that a colon or “the following table” is no loose end.
    Block,
    /// Code, so that “here is an example” is none either.
    Code,
}

/// Whether a sentence other than a closing lead-in or a mere pointer refers to the page around it.
fn refers_around(chunk: &Chunk, span: Span) -> bool {
    sentences(chunk, span).iter().any(|piece| {
        !piece.text.ends_with(':')
            && !is_pointer(&piece.text)
            && points_around(&asides_removed(&piece.text))
    })
}

/// A lead-in whose list or code was cut off promises what is not there.
fn drop_trailing_lead_in(passage: &mut Passage) {
    let loose = |block: &Rendered, complete: bool| {
        // What was cut off behind a sentence without an end was announced by it.
        block.is_lead_in()
            || !complete
                && block.is_running_text()
                && !block.text.ends_with(['.', '!', '?', '`', ')', '"'])
    };
    while passage
        .blocks
        .last()
        .is_some_and(|block| loose(block, passage.complete))
    {
        passage.blocks.pop();
        passage.complete = false;
    }
}

/// A paragraph without the sentences that a reader of the answer could not use; and whether it fits whole.
pub(super) fn paragraph(
    chunk: &Chunk,
    span: Span,
    introduces: Introduces,
    budget: usize,
) -> Option<(Rendered, bool)> {
    // What follows an image in its paragraph is its caption.
    let pictured = chunk
        .slice(span)
        .is_some_and(|text| text.trim_start().starts_with("!["));
    if pictured {
        return None;
    }
    let pieces = sentences(chunk, span);
    let kept = usable(&pieces, introduces);
    let mut text = String::new();
    let mut spans = Vec::new();
    let mut whole = true;
    for piece in &kept {
        if !text.is_empty() && text.len() + piece.text.len() > budget.max(200) {
            whole = false;
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&piece.text);
        spans.push(piece.span);
    }
    (!text.is_empty()).then_some((
        Rendered {
            text,
            spans,
            kind: Shape::Running,
        },
        whole,
    ))
}

/// The sentences of a paragraph that stand without their page.
pub(crate) fn usable(pieces: &[Piece], introduces: Introduces) -> Vec<Piece> {
    let mut kept: Vec<Piece> = Vec::new();
    let mut gap = false;
    for (position, piece) in pieces.iter().enumerate() {
        let text = asides_removed(&piece.text).into_owned();
        // What an aside left behind it: “(See there for more.)” becomes a full stop.
        if !text.chars().any(char::is_alphanumeric) {
            continue;
        }
        let last = position + 1 == pieces.len();
        let lead_in = text.ends_with(':');
        let loose = if introduces == Introduces::Code && shows_an_example(&text) {
            false
        } else if last && introduces != Introduces::Nothing {
            is_pointer(&text)
        } else {
            lead_in || piece.points_by_link || is_pointer(&text) || points_around(&text)
        };
        if loose || (gap && (leans_back(&text) || goes_on(&text))) {
            gap = true;
            continue;
        }
        gap = false;
        kept.push(Piece {
            text,
            ..piece.clone()
        });
    }
    kept
}

/// “It is often also helpful”: besides what was said before.
fn goes_on(text: &str) -> bool {
    regex!(r"(?i)^(?:\S+ ){0,6}(?:also|then|too|this|these|those|such|there|same)\b|^the (?:first|second)\b").is_match(text)
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::chunk_of;

    #[test]
    fn sentences_that_point_around_go_with_what_leans_on_them() {
        let text = "Use it. See the guide. This explains more. Done at once.";
        let chunk = chunk_of(text, Vec::new(), &["t"]);
        let kept = usable(&sentences(&chunk, chunk.span), Introduces::Nothing);
        let kept: Vec<&str> = kept.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(kept, ["Use it.", "Done at once."]);
    }
}
