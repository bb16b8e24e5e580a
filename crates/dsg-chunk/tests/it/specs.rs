//! Runs `tests/specs/*.md`: each case is a heading, why it is so, an `input` fence and a `chunks` fence.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::outline::chunk;

/// A case of a specification.
struct Case {
    name: String,
    max: usize,
    min: usize,
    input: String,
    expected: String,
}

#[test]
fn the_policy_is_what_the_specifications_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut wrong = String::new();
    let mut run = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for case in cases(&text) {
            run += 1;
            let actual = shown(&case);
            if actual.trim() != case.expected.trim() {
                writeln!(wrong, "@@ {} @@ {}\n{actual}", file.display(), case.name).unwrap();
            }
        }
    }
    assert!(run > 10, "only {run} cases were found");
    assert!(wrong.is_empty(), "these chunks differ:\n{wrong}");
}

fn shown(case: &Case) -> String {
    let mut out = String::new();
    for chunk in chunk(&case.input, case.max, case.min) {
        let commands = if chunk.commands.is_empty() {
            String::new()
        } else {
            format!(" ${}", chunk.commands.join(" $"))
        };
        writeln!(
            out,
            "▸ {} [{}]{commands}\n{}",
            chunk.heading_path.join(" > "),
            chunk.tokens,
            chunk.text
        )
        .unwrap();
    }
    out
}

/// Fences are four tildes, since the inputs are Markdown with backtick fences.
fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut name = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut name);
        } else if let Some(info) = line.strip_prefix("~~~~") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "~~~~").collect();
            let body = body.join("\n");
            let mut words = info.split_whitespace();
            match words.next() {
                Some("input") => {
                    let mut number = || {
                        words
                            .next()
                            .unwrap()
                            .rsplit('=')
                            .next()
                            .unwrap()
                            .parse()
                            .unwrap()
                    };
                    cases.push(Case {
                        name: name.clone(),
                        max: number(),
                        min: number(),
                        input: body,
                        expected: String::new(),
                    });
                }
                Some("chunks") => cases.last_mut().unwrap().expected = body,
                other => panic!("unknown fence {other:?}"),
            }
        }
    }
    cases
}
