//! Bytes to text: byte-order marks, UTF-8, UTF-16, UTF-32, else what `chardetng` takes the bytes for; line ends as LF.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

use crate::lines::tail;
use crate::warning::Warning;

/// A file as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// The text, without byte-order mark, lines ended by LF.
    pub text: String,
    /// The encoding's name, lower case, when it was not UTF-8.
    pub encoding: Option<String>,
    /// What was replaced or removed, and what may deceive a reader.
    pub warnings: Vec<Warning>,
}

/// Text with more control characters than this is binary data.
const MAX_CONTROLS: f64 = 0.02;
/// Text with more replaced bytes than this is in an encoding that nobody could name.
const MAX_REPLACED: f64 = 0.2;
/// In UTF-16 and UTF-32 damage is rare: this much means that the mark lies.
const MAX_REPLACED_WIDE: f64 = 0.02;
/// So few bytes beyond ASCII say nothing about their encoding.
const FEW_BYTES: usize = 8;
/// So few odd characters never decide.
const FEW: usize = 2;

/// Decodes `bytes`; `None` when they are binary data. `declared` is what the file itself says, as in `<meta charset>`.
pub(crate) fn decode(bytes: &[u8], declared: Option<&str>) -> Option<Decoded> {
    let (text, name, replaced) = characters(bytes, declared)?;
    let wide = name
        .as_ref()
        .is_some_and(|name| name.starts_with("utf-") && name != "utf-8");
    let most = if wide {
        MAX_REPLACED_WIDE
    } else {
        MAX_REPLACED
    };
    if share(replaced, &text) > most && replaced > FEW {
        return None;
    }
    let controls = binary(&text);
    if share(controls, &text) > MAX_CONTROLS && controls > FEW {
        return None;
    }
    let text = without_terminal_codes(with_lf(text));
    // Nothing above adds any.
    let removed = if controls > 0 { binary(&text) } else { 0 };
    let text = if removed > 0 {
        text.replace(|c: char| u8::try_from(c).is_ok_and(is_binary), "")
    } else {
        text
    };
    let mut warnings = Vec::new();
    if replaced > 0 {
        warnings.push(Warning::ReplacedBytes { count: replaced });
    }
    if removed > 0 {
        warnings.push(Warning::RemovedControls { count: removed });
    }
    warnings.extend(deceptive(&text));
    Some(Decoded {
        text,
        encoding: name.filter(|name| name != "utf-8"),
        warnings,
    })
}

/// The encoding that an HTML page names near its top, in `<meta charset>`, a content type or an XML declaration.
pub(crate) fn declared(bytes: &[u8]) -> Option<&str> {
    let top = bytes.get(..1024).unwrap_or(bytes);
    let top = top.utf8_chunks().next()?.valid();
    let after = ["charset=", "encoding="]
        .iter()
        .find_map(|key| top.get(top.to_ascii_lowercase().find(key)? + key.len()..))?;
    let after = after.trim_start_matches(['"', '\'', ' ']);
    let end = after
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | ':' | '.'))
        .unwrap_or(after.len());
    after.get(..end).filter(|label| !label.is_empty())
}

/// The characters of `bytes`, the encoding's name, and how many sequences had to be replaced.
fn characters(bytes: &[u8], declared: Option<&str>) -> Option<(String, Option<String>, usize)> {
    if let Some((order, rest)) = utf32_mark(bytes).or_else(|| Some((utf32_shape(bytes)?, bytes))) {
        let (text, replaced) = from_utf32(rest, order);
        return Some((text, Some(order.name().to_owned()), replaced));
    }
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => {
            let rest = bytes.get(length..).unwrap_or_default();
            return Some(with(encoding, rest));
        }
        None => guess(bytes, declared)?,
    };
    Some(with(encoding, bytes))
}

fn with(encoding: &'static Encoding, bytes: &[u8]) -> (String, Option<String>, usize) {
    let name = Some(encoding.name().to_ascii_lowercase());
    if encoding == UTF_8 {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return (text.to_owned(), name, 0);
        }
        let text = String::from_utf8_lossy(bytes).into_owned();
        let replaced = bytes
            .utf8_chunks()
            .filter(|chunk| !chunk.invalid().is_empty())
            .count();
        return (text, name, replaced);
    }
    let (text, malformed) = encoding.decode_without_bom_handling(bytes);
    let replaced = if malformed {
        text.chars().filter(|c| *c == '\u{fffd}').count()
    } else {
        0
    };
    (text.into_owned(), name, replaced)
}

/// The encoding of bytes without a byte-order mark; `None` for binary data.
fn guess(bytes: &[u8], declared: Option<&str>) -> Option<&'static Encoding> {
    let sample = bytes.get(..8192).unwrap_or(bytes);
    let nuls = zeros(sample, 0, 1);
    if nuls > 0 {
        if let Some(encoding) = utf16_shape(sample) {
            return Some(encoding);
        }
        // A stray one is removed from the text later.
        if nuls > 1 + sample.len() / 1000 {
            return None;
        }
    }
    if is_nearly_utf8(bytes) {
        return Some(UTF_8);
    }
    let declared = declared
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        .filter(|encoding| {
            *encoding != UTF_8 && *encoding != X_USER_DEFINED && encoding.is_ascii_compatible()
        });
    let fits = |encoding: &'static Encoding| {
        let (text, malformed) = encoding.decode_without_bom_handling(bytes);
        // Positions that an encoding leaves open come out as C1 controls, which no page uses.
        !malformed && !text.contains(|c: char| matches!(c, '\u{80}'..='\u{9f}'))
    };
    if let Some(encoding) = declared.filter(|encoding| fits(encoding)) {
        return Some(encoding);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let detected = detector.guess(None, Utf8Detection::Deny);
    // On a handful of bytes the detector is throwing dice; the commonest encoding is the better guess.
    let beyond_ascii = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let mut guesses = if beyond_ascii < FEW_BYTES {
        [WINDOWS_1252, detected]
    } else {
        [detected, UTF_8]
    }
    .into_iter();
    Some(guesses.find(|encoding| fits(encoding)).unwrap_or(UTF_8))
}

/// Valid UTF-8, or UTF-8 with damage: cut off inside the last character, or with more sound characters beyond ASCII than
/// broken ones.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    if std::str::from_utf8(bytes).is_ok() {
        return true;
    }
    let (mut sound, mut broken, mut open_end) = (0_usize, 0_usize, false);
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        at += chunk.valid().len() + chunk.invalid().len();
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        if !chunk.invalid().is_empty() {
            broken += 1;
            // `from_utf8` knows an end that could still become a character from one that could not.
            open_end = at == bytes.len()
                && std::str::from_utf8(chunk.invalid())
                    .is_err_and(|error| error.error_len().is_none());
        }
    }
    broken == 0 || sound > broken || (broken == 1 && open_end)
}

/// UTF-16 by where its zero bytes lie.
fn utf16_shape(sample: &[u8]) -> Option<&'static Encoding> {
    let (even, odd) = (zeros(sample, 0, 2), zeros(sample, 1, 2));
    let many = sample.len() / 5;
    match () {
        () if odd > many && even * 20 < odd => Some(UTF_16LE),
        () if even > many && odd * 20 < even => Some(UTF_16BE),
        () => None,
    }
}

fn zeros(sample: &[u8], from: usize, step: usize) -> usize {
    let units = sample.chunks(step);
    units.filter(|unit| unit.get(from) == Some(&0)).count()
}

/// The byte order of UTF-32, which `encoding_rs` leaves out since browsers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Utf32 {
    Little,
    Big,
}

impl Utf32 {
    const fn name(self) -> &'static str {
        match self {
            Self::Little => "utf-32le",
            Self::Big => "utf-32be",
        }
    }
}

fn utf32_mark(bytes: &[u8]) -> Option<(Utf32, &[u8])> {
    let little = bytes.strip_prefix(b"\xff\xfe\0\0");
    let big = || bytes.strip_prefix(b"\0\0\xfe\xff");
    little
        .map(|rest| (Utf32::Little, rest))
        .or_else(|| Some((Utf32::Big, big()?)))
}

/// UTF-32 by its zero bytes: two of four are zero in every character that people write.
fn utf32_shape(bytes: &[u8]) -> Option<Utf32> {
    let sample = bytes.get(..8192).unwrap_or(bytes);
    if sample.len() < 8 || !bytes.len().is_multiple_of(4) {
        return None;
    }
    let all = sample.len() / 4;
    let zero = |at| zeros(sample, at, 4);
    match () {
        () if zero(3) == all && zero(2) * 10 >= all * 9 && zero(0) == 0 => Some(Utf32::Little),
        () if zero(0) == all && zero(1) * 10 >= all * 9 && zero(3) == 0 => Some(Utf32::Big),
        () => None,
    }
}

fn from_utf32(bytes: &[u8], order: Utf32) -> (String, usize) {
    let mut replaced = 0;
    let units = bytes.chunks(4).map(|unit| {
        let value = <[u8; 4]>::try_from(unit).ok().map(|unit| match order {
            Utf32::Little => u32::from_le_bytes(unit),
            Utf32::Big => u32::from_be_bytes(unit),
        });
        value.and_then(char::from_u32).unwrap_or_else(|| {
            replaced += 1;
            '\u{fffd}'
        })
    });
    let text = units.collect();
    (text, replaced)
}

/// Controls that text does not use; those of terminals and printers are dealt with by name.
const fn is_binary(byte: u8) -> bool {
    matches!(byte, ..0x20 | 0x7f) && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x0c | 0x08 | 0x1b)
}

/// How many there are; in blocks whose count fits a byte, which compilers make wide instructions of.
fn binary(text: &str) -> usize {
    let blocks = text.as_bytes().chunks(128);
    blocks
        .map(|block| {
            usize::from(
                block
                    .iter()
                    .map(|byte| u8::from(is_binary(*byte)))
                    .sum::<u8>(),
            )
        })
        .sum()
}

fn share(hits: usize, text: &str) -> f64 {
    if hits == 0 {
        return 0.0;
    }
    hits as f64 / text.chars().count() as f64
}

/// Characters that make a reader see something else than a machine reads. They are kept: the text is the file's.
fn deceptive(text: &str) -> Vec<Warning> {
    if text.is_ascii() {
        return Vec::new();
    }
    let (mut bidi, mut unseen, mut at) = (0_usize, 0_usize, 0);
    let bytes = text.as_bytes();
    while let Some(found) = tail(text, at).bytes().position(|byte| !byte.is_ascii()) {
        at += found;
        let previous = at.checked_sub(1).and_then(|before| bytes.get(before));
        let Some(c) = tail(text, at).chars().next() else {
            break;
        };
        match c {
            // Embeddings, overrides and isolates: <https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings>.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => bidi += 1,
            // Soft hyphens, zero-width spaces and joiners, word joiners, a mark inside the text, and tags, which spell
            // hidden words.
            '\u{ad}'
            | '\u{200b}'
            | '\u{180e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}' => unseen += 1,
            // Joiners are spelling in Persian and in emoji, and nothing between Latin letters.
            '\u{200c}' | '\u{200d}' if previous.is_some_and(u8::is_ascii_alphanumeric) => {
                unseen += 1;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    let mut warnings = Vec::new();
    if bidi > 0 {
        warnings.push(Warning::BidiControls { count: bidi });
    }
    if unseen > 0 {
        warnings.push(Warning::InvisibleCharacters { count: unseen });
    }
    warnings
}

/// `text` without colour codes (`ESC [ … m`) and overstrike (`_ BS x`), as terminals and printed man pages have them.
fn without_terminal_codes(text: String) -> String {
    if !text.contains(['\u{1b}', '\u{8}']) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{8}' => {
                if !out.ends_with('\n') {
                    out.pop();
                }
            }
            '\u{1b}' => {
                if chars.next_if_eq(&'[').is_some() {
                    while chars
                        .next_if(|c| !c.is_ascii_alphabetic() && *c != '\n')
                        .is_some()
                    {}
                    chars.next_if(char::is_ascii_alphabetic);
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// `text` with CRLF and CR as LF.
fn with_lf(text: String) -> String {
    if !text.contains('\r') {
        return text;
    }
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Option<(String, Option<String>)> {
        decode(bytes, None).map(|decoded| (decoded.text, decoded.encoding))
    }

    fn warnings(bytes: &[u8]) -> Vec<Warning> {
        decode(bytes, None).unwrap().warnings
    }

    #[allow(
        clippy::unnecessary_wraps,
        reason = "compared with what may be nothing"
    )]
    fn named(text: &str, encoding: &str) -> Option<(String, Option<String>)> {
        Some((text.into(), Some(encoding.into())))
    }

    #[test]
    fn marks_are_obeyed_and_removed() {
        assert_eq!(
            text(b"\xef\xbb\xbfa\r\nb\rc\n"),
            Some(("a\nb\nc\n".into(), None))
        );
        assert_eq!(text(b"\xff\xfea\0b\0"), named("ab", "utf-16le"));
        assert_eq!(text(b"\xfe\xff\0a\0b"), named("ab", "utf-16be"));
        assert_eq!(
            text(b"\xff\xfe\0\0a\0\0\0\x01\xf6\x01\0"),
            named("a\u{1f601}", "utf-32le")
        );
        assert_eq!(
            text(b"\0\0\xfe\xff\0\0\0a\0\x01\xf6\x01"),
            named("a\u{1f601}", "utf-32be")
        );
    }

    #[test]
    fn what_is_not_utf8_is_named_unless_it_is_binary() {
        assert_eq!(
            text(b"na\xefve caf\xe9 \x93quoted\x94 words"),
            named("naïve café “quoted” words", "windows-1252")
        );
        assert_eq!(text(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), None);
        let noise: Vec<u8> = (0..4096_u32)
            .map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2])
            .collect();
        assert_eq!(text(&noise), None);
    }

    #[test]
    fn a_page_in_an_east_asian_encoding_is_read() {
        let japanese = "ジョブをキューに入れるには sbatch を使います。";
        let (bytes, ..) = encoding_rs::SHIFT_JIS.encode(japanese);
        assert_eq!(text(&bytes), named(japanese, "shift_jis"));
    }

    #[test]
    fn what_the_page_declares_comes_before_a_guess_unless_it_is_wrong() {
        let declared = |bytes: &[u8], label| decode(bytes, Some(label)).unwrap().encoding;
        // One byte that is a letter in many encodings.
        assert_eq!(
            declared(b"\xe3 word", "windows-1251").as_deref(),
            Some("windows-1251")
        );
        assert_eq!(
            declared(b"caf\xe9 and more", "utf-8").as_deref(),
            Some("windows-1252")
        );
    }

    #[test]
    fn damage_is_replaced_and_counted() {
        assert_eq!(
            warnings("naïve café \u{fffd} ".as_bytes()),
            [],
            "a replacement character of the file itself"
        );
        let mut bytes = "naïve café ".as_bytes().to_vec();
        bytes.extend_from_slice(b"\xff and more");
        assert_eq!(warnings(&bytes), [Warning::ReplacedBytes { count: 1 }]);
        assert_eq!(
            text(b"cut inside a character \xc3"),
            Some(("cut inside a character \u{fffd}".into(), None))
        );
    }

    #[test]
    fn a_stray_nul_is_removed_and_counted() {
        let decoded = decode(b"before\0after, and some more words", None).unwrap();
        assert_eq!(decoded.text, "beforeafter, and some more words");
        assert_eq!(decoded.warnings, [Warning::RemovedControls { count: 1 }]);
    }

    #[test]
    fn what_deceives_is_kept_and_flagged() {
        let text = "rm \u{202e}txt.exe\u{202c} s\u{200b}batch \u{feff}x";
        let decoded = decode(text.as_bytes(), None).unwrap();
        assert_eq!(decoded.text, text);
        assert_eq!(
            decoded.warnings,
            [
                Warning::BidiControls { count: 2 },
                Warning::InvisibleCharacters { count: 2 }
            ]
        );
        let spelling = "می\u{200c}خواهم 👩\u{200d}💻";
        assert_eq!(warnings(spelling.as_bytes()), []);
    }

    #[test]
    fn terminal_codes_and_overstrike_are_gone() {
        let printed = "N\u{8}NA\u{8}A _\u{8}x \u{1b}[1;31mred\u{1b}[0m";
        assert_eq!(text(printed.as_bytes()), Some(("NA x red".into(), None)));
    }

    #[test]
    fn wide_text_without_a_mark_is_seen_by_its_zeros() {
        let words = "plain words";
        let le: Vec<u8> = words.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&le), named(words, "utf-16le"));
        let be: Vec<u8> = words
            .chars()
            .flat_map(|c| u32::from(c).to_be_bytes())
            .collect();
        assert_eq!(text(&be), named(words, "utf-32be"));
    }
}
