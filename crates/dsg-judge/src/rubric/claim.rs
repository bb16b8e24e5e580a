//! An answer as the claims it makes: sentences, list entries, table rows, lines of code.

use std::collections::BTreeSet;

use crate::evidence::{plain, words};
use crate::segment::{Kind, Segments, fence_marker, lines};

/// A sentence with fewer words may stand in a quote by chance: `60 minutes`.
const VERBATIM_WORDS: usize = 4;

/// Something that an answer says, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    text: String,
    code: bool,
}

impl Claim {
    /// The claim as a text: its pieces on lines of their own.
    pub(crate) fn text(&self) -> String {
        self.0
            .iter()
            .map(|piece| piece.text.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Whether every piece stands in the quotes as a piece, so that nobody has to be asked.
    pub(crate) fn is_verbatim(&self, said: &Said) -> bool {
        self.0.iter().all(|piece| {
            (piece.code || words(&piece.text).count() >= VERBATIM_WORDS)
                && said.0.contains(&comparable(&piece.text))
        })
    }
}

/// What quotes say, piece by piece.
#[derive(Debug)]
pub(crate) struct Said(BTreeSet<String>);

impl Said {
    pub(crate) fn new<'a>(quotes: impl IntoIterator<Item = &'a str>) -> Self {
        Self(
            quotes
                .into_iter()
                .flat_map(pieces)
                .map(|piece| comparable(&piece.text))
                .collect(),
        )
    }
}

/// The claims of an answer, in order, at most `max`: beyond that, neighbours are joined, so that nothing goes unjudged. A
/// line that leads in what follows (`Use one of:`) is part of the next claim. Never empty.
pub(crate) fn claims(answer: &str, max: usize) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    let mut lead: Vec<Piece> = Vec::new();
    for piece in pieces(answer) {
        let leads_in = !piece.code && piece.text.ends_with(':');
        lead.push(piece);
        if !leads_in {
            claims.push(Claim(std::mem::take(&mut lead)));
        }
    }
    if !lead.is_empty() {
        claims.push(Claim(lead));
    }
    if claims.is_empty() {
        claims.push(Claim(vec![Piece {
            text: answer.to_owned(),
            code: false,
        }]));
    }
    let size = claims.len().div_ceil(max.max(1));
    if size < 2 {
        return claims;
    }
    claims
        .chunks(size)
        .map(|group| Claim(group.iter().flat_map(|claim| claim.0.clone()).collect()))
        .collect()
}

/// Sentences, list entries, table rows and lines of code; what has no letter or digit is none.
/// Sentences and entries of a text, without its code.
pub(crate) fn prose_pieces(text: &str) -> Vec<String> {
    let all = pieces(text).into_iter();
    all.filter(|piece| !piece.code)
        .map(|piece| piece.text)
        .collect()
}

fn pieces(text: &str) -> Vec<Piece> {
    let segments = Segments::new(text);
    let fenced: Vec<_> = segments
        .of(&[Kind::Fenced])
        .map(|segment| segment.start..segment.start + segment.text.len())
        .collect();
    let mut pieces = Vec::new();
    let mut paragraph = String::new();
    for range in lines(text) {
        let line = text.get(range.clone()).unwrap_or_default().trim();
        if fenced.iter().any(|fence| fence.contains(&range.start)) {
            push(&mut pieces, line, true);
            continue;
        }
        let entry = entry(line);
        let row = line.starts_with('|') || line.starts_with('#');
        if line.is_empty() || fence_marker(line).is_some() || entry.is_some() || row {
            sentences(&mut pieces, &std::mem::take(&mut paragraph));
        }
        if fence_marker(line).is_some() {
            continue;
        }
        if row {
            push(&mut pieces, line, false);
            continue;
        }
        if !paragraph.is_empty() {
            paragraph.push(' ');
        }
        paragraph.push_str(entry.unwrap_or(line));
    }
    sentences(&mut pieces, &paragraph);
    pieces
}

fn push(pieces: &mut Vec<Piece>, text: &str, code: bool) {
    let text = text.trim();
    if text.chars().any(char::is_alphanumeric) {
        pieces.push(Piece {
            text: text.to_owned(),
            code,
        });
    }
}

/// What a list entry says, without its marker.
fn entry(line: &str) -> Option<&str> {
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = if number.len() < line.len() && line.len() - number.len() <= 3 {
        number.strip_prefix(['.', ')'])
    } else {
        line.strip_prefix(['-', '*', '+', '•', '>'])
    };
    rest.filter(|rest| rest.starts_with([' ', '\t']))
        .map(str::trim_start)
}

/// Cuts a paragraph behind full stops that end a sentence. In doubt it is not cut: one claim too long is judged as well.
fn sentences(pieces: &mut Vec<Piece>, paragraph: &str) {
    let mut done = 0;
    for segment in Segments::new(paragraph).of(&[Kind::Prose]) {
        for (at, c) in segment.text.char_indices() {
            if !matches!(c, '.' | '!' | '?') {
                continue;
            }
            let end = segment.start + at + c.len_utf8();
            let before = paragraph.get(done..end).unwrap_or_default();
            let after = paragraph.get(end..).unwrap_or_default();
            let behind = after.trim_start_matches(['"', '\'', '”', '’', ')', '*']);
            let next = behind.trim_start().chars().next();
            let ends = behind.starts_with(' ')
                && next.is_some_and(|next| !next.is_lowercase())
                && !(c == '.' && is_abbreviation(before));
            if ends {
                let end = end + (after.len() - behind.len());
                push(pieces, paragraph.get(done..end).unwrap_or_default(), false);
                done = end;
            }
        }
    }
    push(pieces, paragraph.get(done..).unwrap_or_default(), false);
}

/// Whether a text that ends with a full stop ends with an abbreviation.
fn is_abbreviation(text: &str) -> bool {
    let word = text
        .rsplit([' ', '('])
        .next()
        .unwrap_or_default()
        .to_lowercase();
    matches!(
        word.as_str(),
        "e.g." | "i.e." | "etc." | "vs." | "cf." | "approx." | "no." | "fig." | "ca." | "resp."
    )
}

/// Equal for texts that differ in markup, white space and the full stop only.
fn comparable(text: &str) -> String {
    let plain = plain(text);
    plain.trim().trim_end_matches(['.', ':']).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(answer: &str) -> Vec<String> {
        claims(answer, 99).iter().map(Claim::text).collect()
    }

    #[test]
    fn sentences_entries_rows_and_code_lines_are_claims() {
        let answer = "Set a limit, e.g. `--time=1. Now`, in slurm.conf. The default is 60 minutes (see below.) It holds.\n\n\
                      1. Write it:\n\n```bash\n#SBATCH --time=1\n\nsrun ./x\n```\n* Submit it.\n  Then wait.\n\n| a | 5 |\n|---|---|";
        assert_eq!(
            texts(answer),
            [
                "Set a limit, e.g. `--time=1. Now`, in slurm.conf.",
                "The default is 60 minutes (see below.)",
                "It holds.",
                "Write it:\n#SBATCH --time=1",
                "srun ./x",
                "Submit it.",
                "Then wait.",
                "| a | 5 |",
            ]
        );
    }

    #[test]
    fn too_many_claims_are_joined_and_none_is_lost() {
        let facts: Vec<String> = (0..10).map(|n| format!("Fact {n} holds.")).collect();
        let joined = claims(&facts.join(" "), 4);
        assert_eq!(joined.len(), 4);
        let all = joined.iter().map(Claim::text).collect::<Vec<_>>().join(" ");
        assert!(facts.iter().all(|fact| all.contains(fact)));
    }

    #[test]
    fn an_answer_always_makes_a_claim() {
        assert_eq!(texts("…"), ["…"]);
        assert_eq!(texts("As follows:"), ["As follows:"]);
    }

    #[test]
    fn only_whole_pieces_of_a_quote_are_verbatim() {
        let said = Said::new([
            "It is not true that the default is 60 minutes. The **limit** is\n1440 minutes per job.",
            "```\nsrun ./x\n```",
        ]);
        let verbatim = |answer: &str| {
            claims(answer, 99)
                .iter()
                .map(|claim| claim.is_verbatim(&said))
                .collect::<Vec<_>>()
        };
        assert_eq!(verbatim("The limit is 1440 minutes per job."), [true]);
        assert_eq!(verbatim("The default is 60 minutes."), [false]);
        assert_eq!(verbatim("```\nsrun ./x\nsrun ./y\n```"), [true, false]);
        assert_eq!(verbatim("Run this: `srun ./x`"), [false]);
    }
}
