//! The extractive writer: one chunk in, drafts out.

use dsg_core::{Chunk, Seed};

use crate::draft::{Draft, Scope};
use crate::lexicon::Lexicon;
use crate::outline::sections;
use crate::patterns;
use crate::place::Place;
use crate::regexes::regex;

/// Writes question–answer drafts from a chunk's structure, with no model.
///
/// Pure: the same chunk, subject and seed give the same drafts. Answers are made of quoted spans and fixed words; a
/// passage whose structure supports no good question gives none.
///
/// # Difficulty
/// One point each for an answer of more than 350 characters, of more than 900, with two conditions (“if”, “unless”,
/// “must”, …), with five, with five code tokens or a list; for an administrator's page; for an analytical question.
/// None or one is basic, two or three intermediate, more advanced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtractiveWriter {
    subject: Option<String>,
    lexicon: Lexicon,
    seed: Seed,
}

impl ExtractiveWriter {
    /// A writer that names `subject` (`Slurm`, `at CSC`) where a question would otherwise be too general, and chooses
    /// wordings by `seed`.
    pub fn new(subject: Option<String>, seed: Seed) -> Self {
        Self {
            subject,
            lexicon: Lexicon::default(),
            seed,
        }
    }

    /// Names the products that `lexicon` knows for a page's folder rather than the subject of the whole corpus.
    #[must_use]
    pub fn with_lexicon(mut self, lexicon: Lexicon) -> Self {
        self.lexicon = lexicon;
        self
    }

    /// The drafts of one chunk, in order of their place in it.
    pub fn write(&self, chunk: &Chunk) -> Vec<Draft> {
        let mut drafts = Vec::new();
        let mut found = sections(chunk);
        if let Some(last) = found.last_mut() {
            let under = self.lexicon.goes_on(&chunk.chunk_id);
            last.divided |= self.lexicon.is_divided(&chunk.chunk_id);
            last.goes_on = under.is_some();
            last.goes_on_under = under.map(str::to_owned);
        }
        for section in found {
            if is_dated(&section.path) {
                continue;
            }
            let place = Place::new(chunk, &section.path, self.subject.as_deref(), &self.lexicon);
            let scope = Scope {
                chunk,
                section: &section,
                place: &place,
                seed: self.seed,
            };
            patterns::write(&scope, &mut drafts);
        }
        drafts
    }
}

/// News, change logs and the like: true when written, no knowledge to keep.
fn is_dated(path: &[String]) -> bool {
    path.iter().any(|heading| {
        regex!(r"(?i)\b\d{1,2}\.\d{1,2}\.(?:19|20)\d\d\b|\b(?:19|20)\d\d-\d\d-\d\d\b|^what'?s new\b|\bchange ?log\b|\brelease notes\b|\bnews\b|^deprecated\b")
            .is_match(heading)
    })
}
