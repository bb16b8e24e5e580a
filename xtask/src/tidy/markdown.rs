//! Rules for Markdown files: links inside the repository lead somewhere.

use std::path::Path;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use super::Issue;

/// Documents that show broken things on purpose.
const DOCUMENTS: &str = "fixtures/docs/";

/// Every relative link must name a file, and a heading in it if it has a fragment.
pub(crate) fn check(root: &Path, file: &str, text: &str) -> Vec<Issue> {
    if file.starts_with(DOCUMENTS) {
        return Vec::new();
    }
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    links(text)
        .into_iter()
        .filter_map(|(line, target)| {
            let (path, fragment) = target.split_once('#').unwrap_or((&target, ""));
            let there = if path.is_empty() {
                root.join(file)
            } else {
                root.join(folder).join(path)
            };
            if !there.exists() {
                return Some(Issue::new(file, line, format!("`{target}` leads nowhere")));
            }
            if fragment.is_empty() {
                return None;
            }
            let content = std::fs::read_to_string(&there).unwrap_or_default();
            (!anchors(&content).iter().any(|anchor| anchor == fragment))
                .then(|| Issue::new(file, line, format!("`{target}` names no heading there")))
        })
        .collect()
}

/// The README shows a command that CI runs, on a line of its own.
pub(crate) fn shows_command(readme: &str, command: &str) -> Option<Issue> {
    let shown = readme.lines().any(|line| line.trim() == command);
    (!shown).then(|| {
        Issue::new(
            "README.md",
            1,
            format!("does not show what CI runs: `{command}`"),
        )
    })
}

/// Relative link and image targets with their lines.
fn links(text: &str) -> Vec<(usize, String)> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES)
        .into_offset_iter()
        .filter_map(|(event, range)| match event {
            Event::Start(
                Tag::Link {
                    link_type,
                    dest_url,
                    ..
                }
                | Tag::Image {
                    link_type,
                    dest_url,
                    ..
                },
            ) if link_type != LinkType::Email => Some((range.start, dest_url.into_string())),
            _ => None,
        })
        .filter(|(_, url)| !url.contains("://") && !url.starts_with("mailto:") && !url.is_empty())
        .map(|(start, url)| {
            (
                text.get(..start).unwrap_or_default().matches('\n').count() + 1,
                url,
            )
        })
        .collect()
}

/// The fragments that headings get on code hosting sites.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors = Vec::new();
    let mut heading: Option<String> = None;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                anchors.extend(heading.take().map(|title| slug(&title)));
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some(title) = &mut heading {
                    title.push_str(&part);
                }
            }
            _ => {}
        }
    }
    anchors
}

fn slug(title: &str) -> String {
    title
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readme_without_the_command_is_found() {
        assert!(shows_command("```sh\ncargo test\n```\n", "cargo test").is_none());
        assert!(shows_command("```sh\ncargo test --all\n```\n", "cargo test").is_some());
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("there.md"),
            "# One & two\n\n## `code` first\n",
        )
        .unwrap();
        let text = "[a](there.md) [b](gone.md)\n\n```\n[c](example.md)\n```\n![d](pic.png)\n[e](https://x.example)\n";
        std::fs::write(dir.path().join("a.md"), text).unwrap();
        let found: Vec<String> = check(dir.path(), "a.md", text)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "a.md:1: `gone.md` leads nowhere",
                "a.md:6: `pic.png` leads nowhere"
            ]
        );
        let text = "[a](there.md#one--two) [b](there.md#code-first) [c](there.md#three) [d](#here)\n\n# Here\n";
        std::fs::write(dir.path().join("b.md"), text).unwrap();
        let found: Vec<String> = check(dir.path(), "b.md", text)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, ["b.md:1: `there.md#three` names no heading there"]);
    }
}
