//! Files made to cost much, to read what they must not, or to deceive.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use dsg_core::{Document, Outcome};
use dsg_ingest::{FileError, IngestConfig, Ingester, warnings};
use flate2::Compression;
use flate2::write::GzEncoder;

fn ingest(path: &str, bytes: &[u8]) -> Result<Document, FileError> {
    Ingester::new(IngestConfig::default())
        .unwrap()
        .document(path, bytes)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A small page about nothing in particular that says `word`.
fn page(word: &str) -> String {
    format!("# Page\n\nThis page says {word} and nothing else.\n")
}

#[test]
fn packed_pages_are_read_and_bombs_are_not_inflated() {
    let source = ".TH tool 1\n.SH NAME\ntool \\- does things\n";
    let document = ingest("man/tool.1.gz", &gzip(source.as_bytes())).unwrap();
    assert_eq!(document.title, "tool");
    assert!(document.text.contains("does things"));
    assert!(ingest("page.md.gz", &gzip(page("word").as_bytes())).is_ok());

    let bomb = gzip(&vec![b'a'; 8 << 20]);
    assert!(bomb.len() < 1 << 16);
    let small = Ingester::new(IngestConfig {
        max_text_bytes: 1 << 20,
        ..IngestConfig::default()
    });
    let error = small.unwrap().document("bomb.txt.gz", &bomb).unwrap_err();
    assert_eq!(error.reason().as_str(), "ingest.text_too_large");
    let error = ingest("cut.1.gz", &gzip(source.as_bytes())[..20]).unwrap_err();
    assert_eq!(error.reason().as_str(), "ingest.unreadable");
    assert!(error.is_failure());
    let error = ingest("archive.tar.gz", &gzip(b"no page")).unwrap_err();
    assert_eq!(error.reason().as_str(), "ingest.unsupported_format");
}

#[test]
fn each_limit_drops_a_file_with_its_own_reason() {
    let limited = |change: fn(&mut IngestConfig)| {
        let mut config = IngestConfig::default();
        change(&mut config);
        let text = format!("# T\n\n{}", "- item\n".repeat(100));
        let ingester = Ingester::new(config).unwrap();
        let error = ingester.document("a.md", text.as_bytes()).unwrap_err();
        assert!(!error.is_failure());
        (error.reason().as_str(), error.to_string())
    };
    let (reason, detail) = limited(|config| config.max_file_bytes = 100);
    assert_eq!(reason, "ingest.too_large");
    assert!(detail.contains("max_file_bytes"));
    let (reason, detail) = limited(|config| config.max_text_bytes = 100);
    assert_eq!(reason, "ingest.text_too_large");
    assert!(detail.contains("max_text_bytes"));
    let (reason, detail) = limited(|config| config.max_blocks = 100);
    assert_eq!(reason, "ingest.too_many_blocks");
    assert!(detail.contains("max_blocks"));
    for (field, config) in [
        (
            "max_text_bytes",
            IngestConfig {
                max_text_bytes: 0,
                ..IngestConfig::default()
            },
        ),
        (
            "max_blocks",
            IngestConfig {
                max_blocks: 2_000_000,
                ..IngestConfig::default()
            },
        ),
    ] {
        let error = Ingester::new(config).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}

#[test]
fn strings_of_a_man_page_do_not_multiply() {
    let mut bomb = format!(".TH bomb 1\n.SH NAME\n.ds a {}\n", "x".repeat(1000));
    for (next, last) in ["b", "c", "d"].iter().zip(["a", "b", "c"]) {
        bomb = [
            bomb,
            format!(".ds {next} {}\n", format!("\\*{last}").repeat(60)),
        ]
        .concat();
    }
    bomb.push_str(&"\\*d\n".repeat(20_000));
    let document = ingest("bomb.1", bomb.as_bytes()).unwrap();
    assert!(document.text.len() < 16 << 20, "{}", document.text.len());
}

#[test]
fn tables_do_not_multiply() {
    let row = "<tr><td colspan=64>a";
    let bomb = format!("<table>{}</table><p>Text.", row.repeat(2_000));
    // 20 bytes make 64 cells.
    let small = Ingester::new(IngestConfig {
        max_blocks: 50_000,
        ..IngestConfig::default()
    });
    let error = small
        .unwrap()
        .document("bomb.html", bomb.as_bytes())
        .unwrap_err();
    assert_eq!(error.reason().as_str(), "ingest.too_many_blocks");
}

#[test]
fn deep_nesting_is_flattened_and_said() {
    let deep = format!("{}\n\nafter\n", "> ".repeat(300) + "words at the bottom");
    let document = ingest("deep.md", deep.as_bytes()).unwrap();
    assert!(document.text.contains("words at the bottom"));
    let found: Vec<&str> = warnings(&document).map(|(name, _)| name).collect();
    assert_eq!(found, ["deep_nesting"]);
    assert_eq!(
        warnings(&ingest("a.md", page("x").as_bytes()).unwrap()).count(),
        0
    );
}

#[test]
fn a_page_cannot_write_its_own_warnings() {
    let forged = "---\ningest_warnings: ['replaced_bytes: 9']\n---\n\n# Page\n\nWords.\n";
    let document = ingest("a.md", forged.as_bytes()).unwrap();
    assert_eq!(warnings(&document).count(), 0);
    let broken = ingest("b.md", b"---\ntitle: [x\n---\n\n# Page\n\nWords.\n").unwrap();
    assert_eq!(warnings(&broken).next().unwrap().0, "front_matter");
}

#[test]
fn licence_and_address_come_under_stable_names() {
    let stated = ingest(
        "a.md",
        b"---\nlicence: CC-BY-4.0\ncanonical_url: https://docs.example.org/a\n---\n\n# A\n\nWords.\n",
    )
    .unwrap();
    assert_eq!(stated.metadata["license"], "CC-BY-4.0");
    assert_eq!(stated.metadata["source_url"], "https://docs.example.org/a");
    let rst = ingest(
        "a.rst",
        b".. SPDX-License-Identifier: MIT\n\nTitle\n=====\n\nWords.\n",
    )
    .unwrap();
    assert_eq!(rst.metadata["license"], "MIT");
    let html = "<html><head><link rel=canonical href='https://docs.example.org/p'>\
        <link rel=license href='https://creativecommons.org/licenses/by/4.0/'></head>\
        <body><h1>P</h1><p>Words.</p></body></html>";
    let html = ingest("p.html", html.as_bytes()).unwrap();
    assert_eq!(html.metadata["source_url"], "https://docs.example.org/p");
    assert_eq!(
        html.metadata["license"],
        "https://creativecommons.org/licenses/by/4.0/"
    );
}

/// Everything that a walk of `root` reads, as one text.
fn all_text(root: &Path) -> String {
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    ingester
        .walk(&[root.to_owned()])
        .unwrap()
        .iter()
        .map(|entry| match ingester.read(entry) {
            Outcome::Kept(document) => format!("{}\n{:?}\n", document.text, document.metadata),
            Outcome::Dropped(reject) | Outcome::Failed(reject) => {
                format!("{} {}\n", reject.reason, reject.detail)
            }
        })
        .collect()
}

#[test]
fn no_page_can_name_a_file_outside_the_input() {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("docs");
    fs::create_dir_all(&root).unwrap();
    let outside = scratch.path().join("outside.txt");
    fs::write(&outside, page("SECRET")).unwrap();
    let outside = outside.display();
    for (name, content) in [
        (
            "so.1",
            format!(
                ".TH so 1\n.SH NAME\nso \\- includes\n.so ../outside.txt\n.so {outside}\n.mso {outside}\n"
            ),
        ),
        (
            "pipe.1",
            format!(".TH pipe 1\n.SH NAME\npipe \\- runs\n.pi cat {outside}\n.sy cat {outside}\n"),
        ),
        (
            "include.rst",
            format!(
                "T\n=\n\nWords.\n\n.. include:: ../outside.txt\n\n.. literalinclude:: {outside}\n\n.. csv-table:: C\n   :file: {outside}\n\n.. raw:: html\n   :file: {outside}\n"
            ),
        ),
        (
            "ssi.shtml",
            format!(
                "<h1>T</h1><p>Words.</p><!--#include file=\"../outside.txt\"--><!--#exec cmd=\"cat {outside}\" -->"
            ),
        ),
        (
            "entity.xhtml",
            format!(
                "<?xml version=\"1.0\"?><!DOCTYPE html [<!ENTITY x SYSTEM \"file://{outside}\">]><html><body><p>Words &x;</p></body></html>"
            ),
        ),
        (
            "frame.html",
            format!(
                "<p>Words.</p><iframe src=\"file://{outside}\"></iframe><object data=\"../outside.txt\"></object>"
            ),
        ),
        (
            "snippet.md",
            format!(
                "# T\n\nWords.\n\n--8<-- \"../outside.txt\"\n\n{{% include \"{outside}\" %}}\n\n{{!../outside.txt!}}\n"
            ),
        ),
    ] {
        fs::write(root.join(name), content).unwrap();
    }
    let text = all_text(&root);
    assert!(text.matches("Words").count() >= 5, "{text}");
    assert!(!text.contains("SECRET"), "{text}");
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere() {
    use std::os::unix::fs::symlink;

    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("docs");
    let outside = scratch.path().join("outside");
    fs::create_dir_all(root.join("inner")).unwrap();
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("secret.md"), page("SECRET")).unwrap();
    fs::write(root.join("inner/real.md"), page("once")).unwrap();
    symlink(outside.join("secret.md"), root.join("file.md")).unwrap();
    symlink(&outside, root.join("folder")).unwrap();
    symlink(&outside, root.join("folder.md")).unwrap();
    symlink(".", root.join("inner/loop")).unwrap();
    symlink("../..", root.join("inner/up")).unwrap();
    symlink("missing.md", root.join("broken.md")).unwrap();
    symlink("inner/real.md", root.join("alias.md")).unwrap();

    let text = all_text(&root);
    assert!(!text.contains("SECRET"), "{text}");
    assert_eq!(text.matches("says once").count(), 1, "{text}");
    assert_eq!(text.matches("ingest.link").count(), 7, "{text}");

    // A folder that becomes a link after the walk has seen it leads nowhere either.
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let entries = ingester.walk(&[root.join("inner")]).unwrap();
    let inner = scratch.path().join("docs/inner");
    fs::rename(&inner, scratch.path().join("moved")).unwrap();
    fs::write(outside.join("real.md"), page("SECRET")).unwrap();
    symlink(&outside, &inner).unwrap();
    for entry in &entries {
        assert!(ingester.read(entry).kept().is_none(), "{entry:?}");
    }
}

#[test]
fn documents_pass_through_in_order_and_an_error_stops_the_reading() {
    let scratch = tempfile::tempdir().unwrap();
    for number in 0..150 {
        fs::write(scratch.path().join(format!("{number:03}.md")), page("x")).unwrap();
    }
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let entries = ingester.walk(&[scratch.path().to_owned()]).unwrap();
    let mut paths = Vec::new();
    let stopped = ingester.for_each(&entries, |outcome| {
        paths.extend(outcome.kept().map(|document| document.source.path));
        if paths.len() == 100 {
            Err("enough")
        } else {
            Ok(())
        }
    });
    assert_eq!(stopped, Err("enough"));
    let expected: Vec<String> = (0..100).map(|number| format!("{number:03}.md")).collect();
    assert_eq!(paths, expected);
}
