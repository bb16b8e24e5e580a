//! What a document says about its licence and where it came from, under stable names: `license` and `source_url`.

use dsg_core::{Block, BlockKind};
use serde_json::{Map, Value};

use crate::lines::{lines, tail};

/// Metadata: the licence as the document states it; an SPDX expression where it gives one.
pub(crate) const LICENSE: &str = "license";
/// Metadata: the page's own address.
pub(crate) const SOURCE_URL: &str = "source_url";

/// Front matter and field names that state a licence, most exact first.
const LICENSE_KEYS: [&str; 6] = [
    "license",
    "licence",
    "spdx-license-identifier",
    "spdx_license_identifier",
    "spdx",
    "rights",
];
/// Front matter names that hold the page's own address, most exact first.
const URL_KEYS: [&str; 8] = [
    "source_url",
    "source-url",
    "sourceurl",
    "canonical_url",
    "canonicalurl",
    "canonical",
    "original_url",
    "url",
];
/// A notice stands in the first or in the last lines of a page; further in, it is about something else.
const EDGE: usize = 30;
/// A longer value is a sentence about licences.
const MAX_LICENSE: usize = 100;

/// Adds `license` and `source_url` to `metadata` where the metadata under other names, or the text, state them. What is there
/// under these names as text stays.
pub(crate) fn complete(metadata: &mut Map<String, Value>, text: &str, blocks: &[Block]) {
    let license = of_keys(metadata, &LICENSE_KEYS, |value| {
        value.len() <= MAX_LICENSE && !value.contains('\n')
    });
    if let Some(license) = license.or_else(|| in_text(text, blocks)) {
        metadata.insert(LICENSE.into(), license.into());
    }
    if let Some(url) = of_keys(metadata, &URL_KEYS, is_url) {
        metadata.insert(SOURCE_URL.into(), url.into());
    }
}

/// Whether `value` is an absolute web address.
pub(crate) fn is_url(value: &str) -> bool {
    let rest = value
        .strip_prefix("https://")
        .or_else(|| value.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.len() > 3 && !rest.contains(char::is_whitespace))
}

fn of_keys(
    metadata: &Map<String, Value>,
    keys: &[&str],
    fits: impl Fn(&str) -> bool,
) -> Option<String> {
    keys.iter().find_map(|wanted| {
        metadata
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(wanted))
            .filter_map(|(_, value)| value.as_str())
            .map(str::trim)
            .find(|value| !value.is_empty() && fits(value))
            .map(str::to_owned)
    })
}

/// A licence that the text states in a line of its own near its beginning or end, outside code.
fn in_text(text: &str, blocks: &[Block]) -> Option<String> {
    let mentions = ["icense", "icence", "ICENSE"];
    if !mentions.iter().any(|word| text.contains(word)) {
        return None;
    }
    let all = lines(text, 0);
    let code = |at: usize| {
        blocks.iter().any(|block| {
            matches!(block.kind, BlockKind::Code { .. })
                && block.span.start() <= at
                && at < block.span.end()
        })
    };
    let edges = all
        .iter()
        .take(EDGE)
        .chain(all.iter().skip(EDGE.max(all.len().saturating_sub(EDGE))));
    edges
        .filter_map(|line| Some((line.start, stated(line.text)?)))
        .find(|(at, _)| !code(*at))
        .map(|(_, license)| license)
}

/// The licence in a line such as `SPDX-License-Identifier: MIT`, `License: CC-BY-4.0` or `:Licence: GPL`.
fn stated(line: &str) -> Option<String> {
    const SPDX: &str = "SPDX-License-Identifier:";
    let value = if let Some(at) = line.find(SPDX) {
        tail(line, at + SPDX.len())
    } else {
        let bare = line.trim_start_matches(|c: char| {
            c.is_whitespace() || matches!(c, '*' | '_' | '#' | '>' | '-' | '.' | ':' | '<' | '!')
        });
        let (name, value) = bare.split_once(':')?;
        let name = name.trim_matches(['*', '_', ' ']);
        if !name.eq_ignore_ascii_case("license") && !name.eq_ignore_ascii_case("licence") {
            return None;
        }
        value
    };
    let value = value.split("-->").next().unwrap_or(value);
    let value = value.trim().trim_matches(['*', '_', ' ', '.', '`']);
    let value = linked(value).unwrap_or(value).trim();
    let words = value.split_whitespace().count();
    ((1..=10).contains(&words) && value.len() <= MAX_LICENSE).then(|| value.to_owned())
}

/// The label of a Markdown link or an rst reference.
fn linked(value: &str) -> Option<&str> {
    if let Some(inner) = value.strip_prefix('[') {
        return inner.split_once("](").map(|(label, _)| label);
    }
    let (label, _) = value.split_once(" <")?;
    Some(label.trim_matches('`'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[allow(clippy::needless_pass_by_value, reason = "called with literals")]
    fn of(metadata: Value, text: &str, blocks: &[Block]) -> Value {
        let mut metadata = metadata.as_object().cloned().unwrap_or_default();
        complete(&mut metadata, text, blocks);
        let field = |name| metadata.get(name).cloned().unwrap_or_default();
        json!([field(LICENSE), field(SOURCE_URL)])
    }

    #[test]
    fn front_matter_gives_stable_names() {
        let matter = json!({"Licence": " CC-BY-4.0 ", "canonical_url": "https://x.org/a"});
        assert_eq!(of(matter, "", &[]), json!(["CC-BY-4.0", "https://x.org/a"]));
        let exact = json!({"license": "MIT", "rights": "all", "url": "/relative", "canonical": "https://x.org/b"});
        assert_eq!(of(exact, "", &[]), json!(["MIT", "https://x.org/b"]));
    }

    #[test]
    fn notices_are_read_where_they_stand() {
        for (text, license) in [
            (
                "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# T\n",
                "Apache-2.0",
            ),
            (
                ".. SPDX-License-Identifier: BSD-3-Clause OR MIT\n",
                "BSD-3-Clause OR MIT",
            ),
            (
                "# T\n\n**License:** [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)\n",
                "CC BY 4.0",
            ),
            (":License: GPL-2.0-or-later\n", "GPL-2.0-or-later"),
        ] {
            assert_eq!(of(json!({}), text, &[]), json!([license, null]), "{text}");
        }
    }

    #[test]
    fn talk_about_licences_is_no_notice() {
        let shown = "Add a header:\n\n    SPDX-License-Identifier: MIT\n";
        let start = shown.find("    SPDX").unwrap();
        let code = Block::new(
            BlockKind::Code { language: None },
            dsg_core::Span::of_len(start, shown.len() - start),
        );
        assert_eq!(of(json!({}), shown, &[code]), json!([null, null]));
        let middle = format!("{0}License: MIT\n{0}", "words\n".repeat(40));
        assert_eq!(of(json!({}), &middle, &[]), json!([null, null]));
        let sentence =
            "License: you need one from the vendor before you can start the solver on any node.\n";
        assert_eq!(of(json!({}), sentence, &[]), json!([null, null]));
        let token = "The license server:\n- name";
        assert_eq!(of(json!({}), token, &[]), json!([null, null]));
    }
}
