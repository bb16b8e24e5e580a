//! The language of prose, where there is enough of it to tell.

use crate::finding::Finding;
use crate::reason::JudgeReason;
use crate::segment::Segments;

/// Below this many letters of prose a guess is worth nothing.
const ENOUGH_LETTERS: usize = 120;

/// Checks that `texts` are written in `language` (ISO 639-1), as far as can be told.
pub(crate) fn check(language: Option<&str>, texts: &[&str]) -> Finding {
    let detail = language.and_then(|wanted| {
        texts.iter().find_map(|text| {
            let found = detect(text)?;
            (found != wanted).then(|| format!("written in `{found}`, not in `{wanted}`"))
        })
    });
    Finding::from_detail("language", JudgeReason::Language, detail)
}

/// The language of a text's prose, `None` when unsure.
fn detect(text: &str) -> Option<&'static str> {
    let prose: String = Segments::new(text)
        .prose()
        .split_whitespace()
        // Options, paths and identifiers are of no language.
        .filter(|word| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            !word.is_empty()
                && word
                    .chars()
                    .all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'))
        })
        .collect::<Vec<_>>()
        .join(" ");
    if prose.chars().filter(|c| c.is_alphabetic()).count() < ENOUGH_LETTERS {
        return None;
    }
    let info = whatlang::detect(&prose)?;
    if !info.is_reliable() {
        return None;
    }
    two_letters(info.lang())
}

/// Whether the name is a code that can be told.
pub(crate) fn is_known(code: &str) -> bool {
    whatlang::Lang::all()
        .iter()
        .any(|lang| two_letters(*lang) == Some(code))
}

/// The ISO 639-1 code; `None` for languages that have none.
fn two_letters(lang: whatlang::Lang) -> Option<&'static str> {
    use whatlang::Lang;
    Some(match lang {
        Lang::Eng => "en",
        Lang::Deu => "de",
        Lang::Fra => "fr",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Nld => "nl",
        Lang::Fin => "fi",
        Lang::Swe => "sv",
        Lang::Dan => "da",
        Lang::Nob => "no",
        Lang::Est => "et",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Pol => "pl",
        Lang::Ces => "cs",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Hun => "hu",
        Lang::Ron => "ro",
        Lang::Bul => "bg",
        Lang::Ell => "el",
        Lang::Tur => "tr",
        Lang::Rus => "ru",
        Lang::Ukr => "uk",
        Lang::Bel => "be",
        Lang::Cat => "ca",
        Lang::Cmn => "zh",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Vie => "vi",
        Lang::Tha => "th",
        Lang::Ind => "id",
        Lang::Ara => "ar",
        Lang::Heb => "he",
        Lang::Pes => "fa",
        Lang::Hin => "hi",
        Lang::Lat => "la",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINNISH: &str = "Työt jätetään jonoon eräajojärjestelmän avulla, ja ne käynnistyvät heti kun resursseja on \
        vapaana. Käyttäjä voi seurata töiden tilaa komennolla, joka näyttää jonossa olevat ja käynnissä olevat työt.";

    #[test]
    fn another_language_is_told_and_short_or_technical_text_passes() {
        assert!(check(Some("en"), &[FINNISH]).failure.is_some());
        assert!(check(Some("fi"), &[FINNISH]).failure.is_none());
        assert!(check(None, &[FINNISH]).failure.is_none());
        assert!(
            check(Some("en"), &["Kyllä.", "--mem-per-cpu=4G /scratch/foo"])
                .failure
                .is_none()
        );
    }

    #[test]
    fn codes_are_known_or_not() {
        assert!(is_known("en") && is_known("fi") && !is_known("xx") && !is_known("english"));
    }
}
