//! The outline of every example of the CommonMark and GFM specifications, beside the one that its expected HTML has.
//!
//! The examples are not ours to copy. `pulldown-cmark`'s package carries them as tests, and they are read from there;
//! `DSG_SPECS` names further `spec.txt` files, separated as in `PATH`.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use dsg_core::{Block, BlockKind, Document, Span};
use dsg_ingest::{IngestConfig, Ingester};

struct Example {
    name: String,
    source: String,
    html: String,
}

/// The folder of the package that cargo builds against.
fn package(name: &str) -> Option<PathBuf> {
    let cargo = env::var_os("CARGO")?;
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    let package = metadata["packages"]
        .as_array()?
        .iter()
        .find(|package| package["name"] == name)?;
    let manifest = PathBuf::from(package["manifest_path"].as_str()?);
    Some(manifest.parent()?.to_path_buf())
}

/// The examples of a generated test file: pairs of raw strings.
fn of_tests(name: &str, file: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut rest = file;
    while let Some((_, after)) = rest.split_once("let original = r##\"") {
        let (source, after) = after.split_once("\"##;").unwrap();
        let (_, after) = after.split_once("let expected = r##\"").unwrap();
        let (html, after) = after.split_once("\"##;").unwrap();
        examples.push(Example {
            name: format!("{name} {}", examples.len() + 1),
            source: source.to_owned(),
            html: html.to_owned(),
        });
        rest = after;
    }
    examples
}

/// The examples of a `spec.txt`.
fn of_spec(name: &str, file: &str) -> Vec<Example> {
    let fence = "`".repeat(32);
    let mut examples = Vec::new();
    let mut rest = file;
    while let Some((_, after)) = rest.split_once(&format!("{fence} example")) {
        let (_, after) = after.split_once('\n').unwrap();
        let (body, after) = after.split_once(&format!("\n{fence}")).unwrap();
        let body = format!("{body}\n").replace('→', "\t");
        let (source, html) = match body.strip_prefix(".\n") {
            Some(html) => ("", html),
            None => body.split_once("\n.\n").unwrap_or((&body, "")),
        };
        examples.push(Example {
            name: format!("{name} {}", examples.len() + 1),
            source: format!("{source}\n"),
            html: html.to_owned(),
        });
        rest = after;
    }
    examples
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    if let Some(folder) = package("pulldown-cmark") {
        for name in ["spec", "gfm_table", "gfm_strikethrough", "gfm_tasklist"] {
            if let Ok(file) = fs::read_to_string(folder.join(format!("tests/suite/{name}.rs"))) {
                examples.extend(of_tests(name, &file));
            }
        }
    }
    let further = env::var_os("DSG_SPECS").unwrap_or_default();
    for path in env::split_paths(&further).filter(|path| !path.as_os_str().is_empty()) {
        let name = path.display().to_string();
        examples.extend(of_spec(&name, &fs::read_to_string(&path).unwrap()));
    }
    examples
}

/// The blocks that `html` shows, indented by nesting. Rules and empty headings show nothing.
fn expected(html: &str, source: &str) -> Vec<String> {
    let raw_lines: Vec<&str> = source
        .lines()
        .map(|line| {
            line.trim_start_matches([' ', '\t', '>', '-', '*'])
                .trim_end()
        })
        .collect();
    let mut out: Vec<String> = Vec::new();
    let mut depth = 0_usize;
    let mut rest = html;
    let push = |out: &mut Vec<String>, depth: usize, kind: &str| {
        let line = format!("{}{kind}", "  ".repeat(depth));
        if kind != "html" || out.last() != Some(&line) {
            out.push(line);
        }
    };
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('\n') {
            rest = after;
            continue;
        }
        let line = rest.lines().next().unwrap();
        let is_raw = line.starts_with('<') && raw_lines.contains(&line.trim());
        let whole = |close: &str| {
            rest.split_once(close)
                .map_or(("", ""), |(inner, after)| (inner, after))
        };
        if is_raw {
            push(&mut out, depth, "html");
            rest = &rest[line.len()..];
        } else if rest.starts_with("<p>") {
            push(&mut out, depth, "p");
            rest = whole("</p>").1;
        } else if rest.starts_with("<pre>") {
            push(&mut out, depth, "pre");
            rest = whole("</pre>").1;
        } else if let Some(level) = heading(rest) {
            let (inner, after) = whole(&format!("</h{level}>"));
            if inner.len() > 4 {
                push(&mut out, depth, &format!("h{level}"));
            }
            rest = after;
        } else if rest.starts_with("<hr") {
            rest = whole(">").1;
        } else if let Some(kind) = ["blockquote", "ul", "ol", "table", "tr"]
            .into_iter()
            .find(|kind| rest.starts_with(&format!("<{kind}")))
        {
            push(&mut out, depth, kind);
            depth += 1;
            rest = whole(">").1;
            if kind == "tr" {
                rest = rest.split_once("</tr>").unwrap().1;
                depth -= 1;
            }
        } else if let Some(after) = rest.strip_prefix("<li>") {
            push(&mut out, depth, "li");
            depth += 1;
            rest = inline(after, &mut out, depth);
        } else if let Some(close) = ["</blockquote>", "</ul>", "</ol>", "</table>", "</li>"]
            .into_iter()
            .find(|close| rest.starts_with(close))
        {
            depth -= 1;
            rest = &rest[close.len()..];
            // A tight item's text may go on behind a nested list.
            if close == "</ul>" || close == "</ol>" {
                rest = inline(rest, &mut out, depth);
            }
        } else if ["<thead>", "</thead>", "<tbody>", "</tbody>"]
            .iter()
            .any(|tag| rest.starts_with(tag))
        {
            rest = whole(">").1;
        } else if line.trim_start().starts_with('<')
            || out.last().is_some_and(|last| last.ends_with("html"))
        {
            push(&mut out, depth, "html");
            rest = &rest[line.len()..];
        } else {
            // A tight item's text below a heading.
            let after = inline(rest, &mut out, depth);
            assert!(
                after.len() < rest.len(),
                "text outside of blocks in\n{html}"
            );
            rest = after;
        }
    }
    out
}

fn heading(rest: &str) -> Option<char> {
    let level = rest.strip_prefix("<h")?.chars().next()?;
    (level.is_ascii_digit() && rest[3..].starts_with('>')).then_some(level)
}

/// Text directly inside a tight item, up to the next block.
fn inline<'a>(rest: &'a str, out: &mut Vec<String>, depth: usize) -> &'a str {
    let blocks = [
        "<ul>",
        "<ol",
        "<pre>",
        "<blockquote>",
        "<p>",
        "<h1>",
        "<h2>",
        "<h3>",
        "<hr",
        "<table>",
        "</li>",
        "</blockquote>",
    ];
    let end = (0..rest.len())
        .filter(|at| rest.is_char_boundary(*at))
        .find(|at| blocks.iter().any(|tag| rest[*at..].starts_with(tag)))
        .unwrap_or_else(|| {
            if rest.trim().starts_with('<') {
                0
            } else {
                rest.len()
            }
        });
    let text = rest[..end].trim();
    if !text.is_empty() {
        let kind = if text.starts_with('<') && text.contains('\n') && text.ends_with('>') {
            "html"
        } else {
            "p"
        };
        out.push(format!("{}{kind}", "  ".repeat(depth)));
    }
    &rest[end..]
}

/// The blocks of `document` in the same words. What begins with a tag or shows no words may be either.
fn found(document: &Document) -> Vec<String> {
    let mut open: Vec<Span> = Vec::new();
    let mut out: Vec<String> = Vec::new();
    for block in &document.blocks {
        let Some(kind) = kind(document, block) else {
            continue;
        };
        while open.last().is_some_and(|outer| !outer.contains(block.span)) {
            open.pop();
        }
        let line = format!("{}{kind}", "  ".repeat(open.len()));
        if kind != "?" || out.last() != Some(&line) {
            out.push(line);
        }
        open.push(block.span);
    }
    out
}

fn kind(document: &Document, block: &Block) -> Option<String> {
    let text = document.slice(block.span)?;
    Some(match &block.kind {
        BlockKind::Heading { level } => format!("h{level}"),
        BlockKind::Paragraph if text.starts_with('<') => "?".to_owned(),
        BlockKind::Boilerplate => "?".to_owned(),
        BlockKind::Paragraph | BlockKind::Caption => "p".to_owned(),
        BlockKind::Code { .. } => "pre".to_owned(),
        BlockKind::List { ordered: false } => "ul".to_owned(),
        BlockKind::List { ordered: true } => "ol".to_owned(),
        BlockKind::ListItem => "li".to_owned(),
        BlockKind::Table => "table".to_owned(),
        BlockKind::Row { .. } => "tr".to_owned(),
        BlockKind::Quote | BlockKind::Admonition { .. } => "blockquote".to_owned(),
        // What dsg adds: a term is a paragraph's first words.
        _ => return None,
    })
}

fn agree(expected: &[String], found: &[String]) -> bool {
    expected.len() == found.len()
        && expected.iter().zip(found).all(|(expected, found)| {
            expected == found
                || found.strip_suffix('?').is_some_and(|indent| {
                    expected
                        .strip_prefix(indent)
                        .is_some_and(|kind| matches!(kind, "p" | "html"))
                })
        })
}

#[test]
fn outlines_of_the_specifications_examples() {
    let examples = examples();
    if examples.is_empty() {
        println!("skipped: the package of pulldown-cmark with its examples is not there");
        return;
    }
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let mut wrong = Vec::new();
    let mut same = 0;
    // GFM's tag filter is about showing HTML.
    let is_filter = |example: &Example| example.html.contains("&lt;title>");
    for example in examples.iter().filter(|example| !is_filter(example)) {
        // What shows nothing is no document, and that is as it should be.
        let found = ingester
            .document("a.md", example.source.as_bytes())
            .map_or_else(|_| Vec::new(), |document| found(&document));
        let expected = expected(&example.html, &example.source);
        let is_empty = found.is_empty() && !shows_words(&example.html);
        if agree(&expected, &found) || is_empty {
            same += 1;
        } else {
            wrong.push(format!(
                "{}\n{}\nexpected {expected:#?}\nfound {found:#?}\n",
                example.name, example.source
            ));
        }
    }
    println!("{same} of {} outlines agree", examples.len());
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Whether `html` shows a word to a reader.
fn shows_words(html: &str) -> bool {
    let page = scraper::Html::parse_fragment(html);
    page.tree.nodes().any(|node| {
        let hidden = node
            .parent()
            .and_then(|parent| {
                parent
                    .value()
                    .as_element()
                    .map(scraper::node::Element::name)
            })
            .is_some_and(|name| matches!(name, "style" | "script"));
        let text = node.value().as_text();
        !hidden && text.is_some_and(|text| text.contains(char::is_alphanumeric))
    })
}
