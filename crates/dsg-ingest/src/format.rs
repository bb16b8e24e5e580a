//! Which format a file is in: by content first, then by name.

use dsg_core::Format;

use crate::lines::head;

/// File names without extension that are plain text by custom.
const TEXT_NAMES: [&str; 9] = [
    "readme",
    "install",
    "faq",
    "news",
    "changes",
    "changelog",
    "history",
    "hacking",
    "contributing",
];

/// Whether the *name* at `path` can belong to a supported format at all. Used to leave a file out without reading it.
pub(crate) fn by_name(path: &str) -> Option<Format> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.trim().to_ascii_lowercase();
    // `sbatch.1.in`, and `page.rst.txt` as Sphinx keeps its sources.
    // Man pages are often installed compressed; nothing else is.
    if let Some(page) = name.strip_suffix(".gz") {
        return extension(page)
            .filter(|section| is_man_section(section))
            .map(|_| Format::Man);
    }
    let name = name.strip_suffix(".in").unwrap_or(&name);
    let inner = name.strip_suffix(".txt").unwrap_or(name);
    if inner != name && extension(inner).and_then(by_extension) == Some(Format::Rst) {
        return Some(Format::Rst);
    }
    match extension(name) {
        Some(extension) => by_extension(extension),
        None => TEXT_NAMES.contains(&name).then_some(Format::Text),
    }
}

fn extension(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty()).then_some(extension)
}

fn by_extension(extension: &str) -> Option<Format> {
    match extension {
        "md" | "markdown" | "mdx" | "mkd" | "mdown" => Some(Format::Markdown),
        "rst" | "rest" => Some(Format::Rst),
        "html" | "htm" | "shtml" | "xhtml" => Some(Format::Html),
        "adoc" | "asciidoc" | "asc" => Some(Format::AsciiDoc),
        "ipynb" => Some(Format::Notebook),
        "txt" | "text" => Some(Format::Text),
        "man" | "mdoc" | "roff" => Some(Format::Man),
        "pdf" => Some(Format::Pdf),
        other => is_man_section(other).then_some(Format::Man),
    }
}

/// `1` to `9`, and `3p`, `1ssl`, … as distributions name them.
fn is_man_section(extension: &str) -> bool {
    let mut bytes = extension.bytes();
    bytes
        .next()
        .is_some_and(|byte| (b'1'..=b'9').contains(&byte))
        && extension.len() <= 5
        && bytes.all(|byte| byte.is_ascii_lowercase())
}

/// Whether `bytes` begin as a PDF does; some bytes may go before.
pub(crate) fn is_pdf(bytes: &[u8]) -> bool {
    let head = bytes.get(..1024).unwrap_or(bytes);
    let mark = b"%PDF-";
    // Text may speak of the mark; what begins with it is the file itself.
    let lead = head.iter().take_while(|byte| byte.is_ascii_whitespace());
    let lead = lead.count();
    head.get(lead..).is_some_and(|rest| rest.starts_with(mark))
        || (head.contains(&0) && head.windows(mark.len()).any(|window| window == mark))
}

/// The format of `text`, the content of the file at `path`.
pub(crate) fn detect(path: &str, text: &str) -> Option<Format> {
    let named = by_name(path);
    if is_html(text, named) {
        return Some(Format::Html);
    }
    if is_roff(text, named) {
        return Some(Format::Man);
    }
    match named {
        // A name such as `notes.1` or `v1.2` says man page, but nothing inside does.
        Some(Format::Man) => None,
        // A signature or key is no document.
        Some(Format::AsciiDoc) if text.starts_with("-----BEGIN PGP") => None,
        Some(Format::Text) if is_rst(text) => Some(Format::Rst),
        Some(Format::Text) if is_asciidoc(text) => Some(Format::AsciiDoc),
        None if is_markdown(text) => Some(Format::Markdown),
        other => other,
    }
}

fn is_html(text: &str, named: Option<Format>) -> bool {
    if named == Some(Format::Html) {
        return true;
    }
    if matches!(
        named,
        Some(Format::Rst | Format::Man | Format::AsciiDoc | Format::Notebook)
    ) {
        return false;
    }
    let start = head_of(text, 512).trim_start().to_ascii_lowercase();
    let whole_page = ["<!doctype html", "<html", "<?xml"];
    if whole_page.iter().any(|tag| start.starts_with(tag)) {
        return !start.starts_with("<?xml") || start.contains("<html");
    }
    let fragment = [
        "<!--#", "<head", "<body", "<header", "<nav", "<script", "<div", "<h1", "<p>",
    ];
    named != Some(Format::Markdown) && fragment.iter().any(|tag| start.starts_with(tag))
}

fn is_roff(text: &str, named: Option<Format>) -> bool {
    if !matches!(named, None | Some(Format::Man | Format::Text)) {
        return false;
    }
    let strong = [".TH ", ".TH\t", ".Dd ", ".\\\"", "'\\\"", "'''", ".so "];
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    if let Some(first) = lines.next()
        && strong.iter().any(|sign| first.starts_with(sign))
    {
        return named == Some(Format::Man)
            || text.lines().take(400).any(|line| {
                [".TH ", ".SH ", ".Dd ", ".Sh "]
                    .iter()
                    .any(|sign| line.starts_with(sign))
            });
    }
    named == Some(Format::Man)
        && text.lines().take(200).any(|line| {
            [".TH", ".SH", ".Dd", ".Sh", ".so"]
                .iter()
                .any(|sign| line.starts_with(sign))
        })
}

/// Whether plain text is reStructuredText by another name: it uses directives and underlined titles.
fn is_rst(text: &str) -> bool {
    let mut directive = false;
    let mut adorned = false;
    let mut previous = "";
    for line in text.lines().take(300) {
        let bare = line.trim_start();
        directive |= bare.strip_prefix(".. ").is_some_and(|rest| {
            rest.split_once("::").is_some_and(|(name, _)| {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
        });
        adorned |= line.len() >= 3
            && previous.chars().count() <= line.len()
            && !previous.trim().is_empty()
            && line.bytes().next().is_some_and(|first| {
                matches!(first, b'=' | b'-' | b'~' | b'*' | b'^')
                    && line.bytes().all(|b| b == first)
            });
        if directive && adorned {
            return true;
        }
        previous = line;
    }
    false
}

/// Whether plain text is AsciiDoc by another name: two of its signs that nothing else uses.
fn is_asciidoc(text: &str) -> bool {
    let mut title = false;
    let mut directive = false;
    let mut block = false;
    let mut link = false;
    for line in text.lines().take(300) {
        title |= line.starts_with("== ") || line.starts_with("= ");
        directive |= line.ends_with(']')
            && ["include::", "ifdef::", "ifndef::", "endif::", "image::"]
                .iter()
                .any(|name| line.starts_with(name));
        block |= matches!(line, "[verse]" | "[NOTE]" | "[TIP]" | "[WARNING]")
            || (line.ends_with(']') && line.starts_with("[source,"))
            || (line.ends_with("]]") && line.starts_with("[["));
        link |= ["link:", "xref:", "linkgit:"].iter().any(|name| {
            line.split_once(name).is_some_and(|(_, rest)| {
                rest.find([' ', '['])
                    .is_some_and(|at| rest.get(at..at + 1) == Some("["))
            })
        });
    }
    [title, directive, block, link]
        .into_iter()
        .filter(|sign| *sign)
        .count()
        >= 2
}

/// Whether a text without a telling name is Markdown: a title and a sentence, which a script's comment is not followed by.
fn is_markdown(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| line.trim().is_empty());
    let titled = lines.next().is_some_and(|line| {
        line.strip_prefix("# ")
            .is_some_and(|title| title.trim_start().starts_with(char::is_alphanumeric))
    });
    if !titled || lines.next().is_none_or(|line| !line.trim().is_empty()) {
        return false;
    }
    let Some(first) = lines.find(|line| !line.trim().is_empty()) else {
        return false;
    };
    let sentence = first.trim_end().ends_with('.') || first.contains(". ");
    let words: Vec<&str> = first.split_whitespace().collect();
    sentence
        && words.len() >= 4
        && first.starts_with(char::is_alphabetic)
        && words
            .iter()
            .take(2)
            .all(|word| !word.contains([':', '=', '/', '$']))
}

fn head_of(text: &str, bytes: usize) -> &str {
    head(text, text.floor_char_boundary(bytes.min(text.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_beats_the_name() {
        assert_eq!(
            detect("a.txt", "<!--#include virtual=\"x\"-->\n<h1>T</h1>"),
            Some(Format::Html)
        );
        assert_eq!(
            detect("a.md", "<div>logo</div>\n\n# T"),
            Some(Format::Markdown)
        );
        assert_eq!(detect("a.txt", ".TH a 1\n.SH NAME\n"), Some(Format::Man));
        assert_eq!(
            detect("a.txt", "Title\n=====\n\n.. note:: x\n"),
            Some(Format::Rst)
        );
        assert_eq!(
            detect("a.txt", "Title\n=====\n\n[verse]\ntext linkgit:x[1]\n"),
            Some(Format::AsciiDoc)
        );
        assert_eq!(detect("a.asc", "-----BEGIN PGP SIGNATURE-----\n"), None);
        assert_eq!(detect("a.txt", "words"), Some(Format::Text));
    }

    #[test]
    fn a_digit_at_the_end_is_not_yet_a_man_page() {
        assert_eq!(detect("release-1.2", "changes"), None);
        assert_eq!(
            detect("sbatch.1.in", ".\\\" c\n.TH sbatch 1\n"),
            Some(Format::Man)
        );
        assert_eq!(detect("x.3pm", ".TH x 3\n"), Some(Format::Man));
    }

    #[test]
    fn names_without_extension() {
        assert_eq!(detect("src/README", "hello"), Some(Format::Text));
        assert_eq!(detect("Makefile", "all:\n"), None);
        let script = "# Build it\n\nFROM debian:12 AS base.\n";
        assert_eq!(detect("Dockerfile", script), None);
        assert_eq!(
            detect(
                "notes",
                "# Limits\n\nA job may run for 31 hours. Then it ends.\n"
            ),
            Some(Format::Markdown)
        );
        assert_eq!(detect("_sources/page.rst.txt", "words"), Some(Format::Rst));
    }
}
