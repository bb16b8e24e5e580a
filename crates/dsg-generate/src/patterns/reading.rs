//! “More information”: where to read on about what the page names.

use dsg_core::{BlockKind, QuestionType, Span};

use crate::answer::Answer;
use crate::draft::{Draft, Scope};
use crate::inline::clean;
use crate::outline::Node;
use crate::regexes::regex;
use crate::wording::Wording;

/// More are a directory, not an answer.
const MAX_LINKS: usize = 12;

const READING: Wording = Wording {
    name: "reading/links",
    version: 1,
    texts: &[
        "Where can I find more information about {name}?",
        "Where can I read more about {name}?",
        "Which web pages tell more about {name}?",
    ],
};

pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    let section = scope.section;
    let direct = section.opened && section.path.len() == 2;
    let titled = regex!(
        r"(?i)^(?:(?:more|further|additional) (?:information|reading|documentation)|further reading|see also|documentation|(?:external |useful )?links|home ?page)$"
    )
    .is_match(section.title());
    if !direct || !titled || section.goes_on || scope.place.tool.is_some() {
        return;
    }
    let Some(name) = scope.place.page_name() else {
        return;
    };
    let links = links(scope);
    if links.is_empty() || links.len() > MAX_LINKS {
        return;
    }
    let mut answer = Answer::default();
    for (position, link) in links.iter().enumerate() {
        let break_before = if position > 0 { "\n" } else { "" };
        answer = answer
            .words(break_before)
            .words(if links.len() > 1 { "- " } else { "" })
            .quote(&link.label, link.span)
            .words(": ")
            .quote(&link.address, link.span);
    }
    drafts.extend(scope.worded(
        QuestionType::Factual,
        &READING,
        section.title(),
        &[("name", &name)],
        answer,
    ));
}

/// A Markdown link to another site.
struct Link {
    label: String,
    address: String,
    span: Span,
}

/// The section's links that lead out of the corpus and say where to; links within it mean nothing away from the page.
/// None where something is listed that is no link.
fn links(scope: &Scope<'_, '_>) -> Vec<Link> {
    let mut found: Vec<Link> = Vec::new();
    for node in &scope.section.nodes {
        let items: Vec<&Node<'_>> = match node.kind() {
            BlockKind::List { .. } => node.children.iter().collect(),
            _ => vec![node],
        };
        for item in items {
            let Some(text) = scope.chunk.slice(item.span()) else {
                continue;
            };
            if !text.contains("](") {
                return Vec::new();
            }
            let several = text.matches("](").count() > 1;
            for link in regex!(r"\[([^\[\]]+)\]\(\s*(https?://[^\s()]+)\s*\)").captures_iter(text) {
                let (Some(whole), Some(label), Some(address)) =
                    (link.get(0), link.get(1), link.get(2))
                else {
                    continue;
                };
                // In a list an item is the label; in a sentence it is the link's text.
                let listed = matches!(node.kind(), BlockKind::List { .. }) && !several;
                let said = if listed { text } else { label.as_str() };
                let label = clean(
                    said.trim_start_matches(['-', '*', '+', ' ', '\t']),
                    scope.chunk.markup,
                );
                let label = label.trim_end_matches(['.', ':', ' ']).to_owned();
                let says_where = label.chars().filter(|c| c.is_alphabetic()).count() >= 3
                    && label.len() <= 150
                    && !label.contains("://")
                    && !regex!(r"(?i)^(?:here|links?|this(?: \w+)?|page)$|\burn:").is_match(&label);
                let address = address.as_str().to_owned();
                if says_where && found.iter().all(|known| known.address != address) {
                    let span = if listed {
                        item.span()
                    } else {
                        Span::of_len(item.span().start() + whole.start(), whole.len())
                    };
                    found.push(Link {
                        label,
                        address,
                        span,
                    });
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::Lexicon;
    use crate::outline::sections;
    use crate::place::Place;
    use crate::testing::{at, chunk_of};
    use dsg_core::{Block, Seed};

    fn drafts(body: &str) -> Vec<Draft> {
        let text = format!("More information\n\n{body}");
        let heading = Block::new(
            BlockKind::Heading { level: 2 },
            at(&text, "More information"),
        )
        .with_label(at(&text, "More information"));
        let blocks = vec![heading, Block::new(BlockKind::Paragraph, at(&text, body))];
        let mut chunk = chunk_of(&text, blocks, &["Kraken", "More information"]);
        chunk.markup = dsg_core::Markup::Markdown;
        let mut found = Vec::new();
        for section in sections(&chunk) {
            let place = Place::new(&chunk, &section.path, None, &Lexicon::default());
            let scope = Scope {
                chunk: &chunk,
                section: &section,
                place: &place,
                seed: Seed(1),
            };
            write(&scope, &mut found);
        }
        found
    }

    #[test]
    fn links_are_told_with_their_addresses() {
        let found = drafts(
            "* [Kraken manual](https://kraken.example/manual)\n* [Wiki](http://kraken.example/wiki )\n* [Jobs](../jobs.md)",
        );
        let [draft] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert!(
            draft.question.ends_with("about Kraken?"),
            "{}",
            draft.question
        );
        assert_eq!(
            draft.answer,
            "- Kraken manual: https://kraken.example/manual\n- Wiki: http://kraken.example/wiki"
        );
        assert_eq!(draft.citations.len(), 2);
    }

    #[test]
    fn a_link_that_says_nothing_gives_nothing() {
        assert_eq!(drafts("Look [here](https://kraken.example)."), []);
        assert_eq!(drafts("Look at [our jobs page](../jobs.md)."), []);
    }
}
