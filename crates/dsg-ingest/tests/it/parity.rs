//! One page in two formats says the same: rst and the HTML built from it, roff and the text rendered from it.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use dsg_core::{Document, Silent};
use dsg_ingest::{IngestConfig, Ingester};
use flate2::read::MultiGzDecoder;

use crate::corpora::corpus;
use crate::words::{self, Words, f1, surplus, words};

/// The documents of `folder` by path without extensions.
fn documents(folder: &Path) -> BTreeMap<String, Document> {
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let result = ingester.run(&[folder.to_owned()], &Silent).unwrap();
    assert!(result.rejects.is_empty(), "{:?}", result.rejects);
    let stem = |path: &str| {
        let dot = path.rfind('.').unwrap_or(path.len());
        path[..dot].to_owned()
    };
    result
        .kept
        .into_iter()
        .map(|document| (stem(&document.source.path), document))
        .collect()
}

/// Requires every page to reach `at_least`, or what is `explained` for it; prints the pages' F1 with what is missing and what is too much; prints a table to read.
fn compare(pages: &[(String, Words, Words)], at_least: f64, explained: &[(&str, f64)]) {
    let mut below = Vec::new();
    let mut sum = 0.0;
    let mut worst = 1.0_f64;
    let (mut left, mut right) = (Words::new(), Words::new());
    for (page, a, b) in pages {
        let score = f1(a, b);
        sum += score;
        worst = worst.min(score);
        for (all, one) in [(&mut left, a), (&mut right, b)] {
            for (word, count) in one {
                *all.entry(word.clone()).or_default() += count;
            }
        }
        let show = |words: Vec<(usize, String)>| {
            let shown: Vec<_> = words
                .iter()
                .take(14)
                .map(|(n, word)| format!("{word}×{n}"))
                .collect();
            shown.join(" ")
        };
        println!(
            "{score:.4} {page}\n    - {}\n    + {}",
            show(surplus(b, a)),
            show(surplus(a, b))
        );
        let known = explained.iter().find(|(name, _)| name == page);
        if score < known.map_or(at_least, |(_, score)| *score) {
            below.push(format!("{page} {score:.4}"));
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "a number of pages")]
    let mean = sum / pages.len() as f64;
    println!(
        "pages {} mean {mean:.4} worst {worst:.4} all words {:.4}",
        pages.len(),
        f1(&left, &right)
    );
    assert!(below.is_empty(), "below {at_least}: {below:?}");
}

#[test]
fn rst_and_html_say_the_same() {
    let Some(root) = corpus("py-parallel") else {
        return;
    };
    let html = documents(&root.join("html"));
    let rst = documents(&root.join("rst"));
    let all: Vec<&Document> = rst.values().collect();
    let pages: Vec<_> = rst
        .iter()
        .map(|(page, rst)| {
            let html = words(&words::body(&html[page], &[]));
            (page.clone(), words(&words::body(rst, &all)), html)
        })
        .collect();
    assert!(pages.len() >= 39, "{}", pages.len());
    // The tutorial's index refers to manuals that are not in the corpus, so their titles are not known here.
    compare(&pages, 0.98, &[("tutorial/index", 0.96)]);
}

#[test]
fn roff_and_rendered_text_say_the_same() {
    let Some(root) = corpus("slurm") else {
        return;
    };
    let pages: Vec<_> = documents(&root.join("man-roff"))
        .into_iter()
        .map(|(path, page)| {
            let name = path.rsplit('/').next().unwrap().to_owned();
            let name = page
                .source
                .path
                .rsplit('/')
                .next()
                .unwrap_or(&name)
                .trim_end_matches(".in")
                .to_owned();
            let rendered =
                std::fs::read_to_string(root.join("man-txt").join(format!("{name}.txt")));
            let rendered = words(&unwrapped(&rendered.unwrap()));
            (name, words(&words::untitled(&page)), rendered)
        })
        .collect();
    assert!(pages.len() >= 44, "{}", pages.len());
    compare(&pages, 0.97, &[]);
}

/// The older Slurm pages exist as roff and as HTML made by `man2html`.
#[test]
fn roff_and_html_say_the_same() {
    let Some(root) = corpus("slurm-2205-debian") else {
        return;
    };
    let html = documents(&root.join("html"));
    let pages: Vec<_> = documents(&root.join("man-roff"))
        .into_iter()
        .filter_map(|(name, page)| {
            let html = html.get(&name)?;
            let page = words(&words::untitled(&page));
            Some((name, page, words(&words::body(html, &[]))))
        })
        .collect();
    assert!(pages.len() >= 6, "{}", pages.len());
    compare(&pages, 0.97, &[]);
}

/// Pages in mdoc that are installed here, as `mandoc` shows them.
#[test]
fn mdoc_and_mandoc_say_the_same() {
    let Ok(mandoc) = Command::new("mandoc")
        .arg("-T")
        .arg("utf8")
        .arg("/dev/null")
        .output()
    else {
        println!("skipped: mandoc is not installed");
        return;
    };
    assert!(mandoc.status.success());
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let mut pages = Vec::new();
    for section in ["man1", "man3", "man5", "man7", "man8"] {
        let folder = Path::new("/usr/share/man").join(section);
        let Ok(entries) = std::fs::read_dir(&folder) else {
            println!("skipped: {} is not there", folder.display());
            continue;
        };
        let mut files: Vec<_> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file() && !path.is_symlink())
            .collect();
        files.sort();
        for file in files {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&file).unwrap();
            let mut source = Vec::new();
            let inflated = MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut source);
            // What pages in man(7) give is measured on `slurm`.
            if inflated.is_err() || !source.windows(4).any(|four| four == b"\n.Dt") {
                continue;
            }
            let document = ingester.document(&name, &bytes).unwrap();
            let shown = Command::new("mandoc")
                .args(["-T", "utf8", "-O", "width=250"])
                .arg(&file)
                .output()
                .unwrap();
            let mut plain = String::new();
            for c in String::from_utf8_lossy(&shown.stdout).chars() {
                // Bold is a character typed twice.
                if c == '\u{8}' {
                    plain.pop();
                } else {
                    plain.push(c);
                }
            }
            pages.push((
                name,
                words(&words::untitled(&document)),
                words(&unwrapped(&plain)),
            ));
        }
    }
    if pages.is_empty() {
        println!("skipped: no page in mdoc is installed");
        return;
    }
    // This page writes its lists with macros that it defines itself.
    compare(&pages, 0.97, &[("crypt.5.gz", 0.92)]);
}

/// A rendered man page without its running header and footer, and with words that were broken at line ends whole.
fn unwrapped(page: &str) -> String {
    let lines: Vec<&str> = page
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let inner = lines
        .get(1..lines.len().saturating_sub(1))
        .unwrap_or_default();
    let mut out = String::new();
    for line in inner {
        if let Some(broken) = line.trim_end().strip_suffix('\u{2010}') {
            out.push_str(broken.trim_start());
        } else {
            out.push_str(line.trim_start());
            out.push('\n');
        }
    }
    out
}
