//! Which language a document is written in.

use dsg_core::{Block, BlockKind};
use whatlang::{Info, Lang};

/// Prose shorter than this says too little, in bytes.
const MIN_PROSE: usize = 60;
/// More prose than this says nothing new, in bytes.
const MAX_PROSE: usize = 1024;
/// Below this the detector is guessing.
const MIN_CONFIDENCE: f64 = 0.8;

/// ISO 639-1 code of the prose in `text` (paragraphs outside code), or `und`.
pub(crate) fn detect(text: &str, blocks: &[Block]) -> &'static str {
    let mut prose = String::new();
    for block in blocks {
        if !matches!(block.kind, BlockKind::Paragraph) {
            continue;
        }
        let Some(paragraph) = block.span.slice(text) else {
            continue;
        };
        // Literals are in no language.
        for (nth, part) in paragraph.split('`').enumerate() {
            if nth % 2 == 0 {
                prose.push_str(part);
            }
        }
        prose.push(' ');
        if prose.len() >= MAX_PROSE {
            break;
        }
    }
    if prose.trim().len() < MIN_PROSE {
        return "und";
    }
    prose.truncate(prose.floor_char_boundary(MAX_PROSE.min(prose.len())));
    if is_plainly_english(&prose) {
        return "en";
    }
    whatlang::detect(&prose)
        .filter(|info: &Info| info.confidence() >= MIN_CONFIDENCE || info.is_reliable())
        .map_or("und", |info| iso_639_1(info.lang()))
}

/// Words that make up a third of running English; some are words of other languages too.
const ENGLISH: [&str; 24] = [
    "the", "a", "an", "and", "are", "as", "be", "by", "can", "for", "from", "if", "in", "is", "it",
    "not", "of", "on", "or", "that", "this", "to", "with", "you",
];
/// Those that no other language has often.
const ONLY_ENGLISH: [&str; 8] = ["the", "and", "by", "from", "that", "this", "with", "you"];

/// Whether the prose is English beyond doubt: most documentation is, and the detector compares with every language it knows.
fn is_plainly_english(prose: &str) -> bool {
    let (mut words, mut english, mut only_english) = (0_usize, 0, 0);
    for word in prose.split_ascii_whitespace() {
        words += 1;
        english += usize::from(ENGLISH.contains(&word));
        only_english += usize::from(ONLY_ENGLISH.contains(&word));
    }
    prose.is_ascii() && english * 5 >= words && only_english * 20 >= words && only_english >= 2
}

const fn iso_639_1(lang: Lang) -> &'static str {
    match lang {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        Lang::Cym => "cy",
    }
}
