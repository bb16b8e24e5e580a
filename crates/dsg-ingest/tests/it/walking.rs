//! Which files a walk finds, what they are called, and what becomes of the bad ones.

use std::fs;
use std::path::{Path, PathBuf};

use dsg_core::{Outcome, Silent};
use dsg_ingest::{IngestConfig, IngestError, Ingester};

fn tree(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    root
}

fn paths(config: IngestConfig, inputs: &[PathBuf]) -> Vec<String> {
    let ingester = Ingester::new(config).unwrap();
    let entries = ingester.walk(inputs).unwrap();
    entries.into_iter().map(|entry| entry.path).collect()
}

fn reasons(root: &Path, config: IngestConfig) -> Vec<(String, String, bool)> {
    let ingester = Ingester::new(config).unwrap();
    ingester
        .walk(&[root.to_owned()])
        .unwrap()
        .iter()
        .filter_map(|entry| match ingester.read(entry) {
            Outcome::Kept(_) => None,
            Outcome::Dropped(reject) => Some((reject.id, reject.reason.to_string(), false)),
            Outcome::Failed(reject) => Some((reject.id, reject.reason.to_string(), true)),
        })
        .collect()
}

#[test]
fn a_folder_is_walked_in_order_and_gitignore_counts_without_git() {
    let root = tree(&[
        ("b.md", b"# B"),
        ("a/z.md", b"# Z"),
        ("a/drafts/x.md", b"# X"),
        ("build/out.md", b"# O"),
        ("node_modules/p/README.md", b"# P"),
        (".hidden/h.md", b"# H"),
        (".gitignore", b"build/\n"),
    ]);
    let inputs = [root.path().to_owned()];
    assert_eq!(
        paths(IngestConfig::default(), &inputs),
        ["a/drafts/x.md", "a/z.md", "b.md"]
    );
    let all = IngestConfig {
        respect_gitignore: false,
        exclude: vec!["drafts/".into()],
        ..IngestConfig::default()
    };
    assert_eq!(paths(all, &inputs), ["a/z.md", "b.md", "build/out.md"]);
    let some = IngestConfig {
        include: vec!["a/**".into()],
        ..IngestConfig::default()
    };
    assert_eq!(paths(some, &inputs), ["a/drafts/x.md", "a/z.md"]);
}

#[test]
fn several_inputs_and_globs_are_told_apart() {
    let root = tree(&[
        ("one/docs/a.md", b"# A"),
        ("two/docs/a.md", b"# A"),
        ("solo.rst", b"S\n="),
    ]);
    let base = root.path();
    let inputs = [
        base.join("one/docs"),
        base.join("two/docs"),
        base.join("solo.rst"),
    ];
    assert_eq!(
        paths(IngestConfig::default(), &inputs),
        ["docs-2/a.md", "docs/a.md", "solo.rst"]
    );
    assert_eq!(
        paths(IngestConfig::default(), &[base.join("*/docs/*.md")]),
        ["one/docs/a.md", "two/docs/a.md"]
    );
    assert_eq!(
        paths(IngestConfig::default(), &[base.join("solo.rst")]),
        ["solo.rst"]
    );
    // The same file named twice is read once.
    let twice = [base.join("solo.rst"), base.join("solo.rst")];
    assert_eq!(paths(IngestConfig::default(), &twice), ["solo.rst"]);
}

#[test]
fn a_missing_input_and_impossible_values_are_errors_that_name_it() {
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let error = ingester
        .walk(&[PathBuf::from("/no/such/place")])
        .unwrap_err();
    assert!(error.to_string().contains("/no/such/place"));
    let error = ingester
        .walk(&[PathBuf::from("/no/such/*.md")])
        .unwrap_err();
    assert!(matches!(error, IngestError::Input { .. }));
    assert!(matches!(ingester.walk(&[]), Err(IngestError::NoInput)));
    let zero = IngestConfig {
        max_file_bytes: 0,
        ..IngestConfig::default()
    };
    assert!(
        Ingester::new(zero)
            .unwrap_err()
            .to_string()
            .contains("max_file_bytes")
    );
    let glob = IngestConfig {
        include: vec!["a{".into()],
        ..IngestConfig::default()
    };
    assert!(
        Ingester::new(glob)
            .unwrap_err()
            .to_string()
            .contains("include")
    );
}

#[test]
fn every_file_left_out_has_its_reason() {
    let root = tree(&[
        ("good.md", b"# Good"),
        ("empty.md", b" \n"),
        ("comment.md", b"<!-- nothing -->\n"),
        ("logo.png", b"\x89PNG\0\0"),
        ("fake.md", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\x03\0\xff\xfe"),
        ("big.md", b"# Big\n\nlong enough to be too large"),
    ]);
    let config = IngestConfig {
        max_file_bytes: 30,
        ..IngestConfig::default()
    };
    let expected = [
        ("big.md", "ingest.too_large", false),
        ("comment.md", "ingest.empty", false),
        ("empty.md", "ingest.empty", false),
        ("fake.md", "ingest.binary", true),
        ("logo.png", "ingest.unsupported_format", false),
    ];
    let expected =
        expected.map(|(path, reason, failed)| (path.to_owned(), reason.to_owned(), failed));
    assert_eq!(reasons(root.path(), config), expected);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_nothing_outside_is_read() {
    let outside = tree(&[("secret.md", b"# Secret")]);
    let root = tree(&[("a.md", b"# A"), ("sub/b.md", b"# B")]);
    std::os::unix::fs::symlink(
        outside.path().join("secret.md"),
        root.path().join("leak.md"),
    )
    .unwrap();
    std::os::unix::fs::symlink(outside.path(), root.path().join("dir")).unwrap();
    std::os::unix::fs::symlink(root.path(), root.path().join("sub/loop")).unwrap();
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let result = ingester.run(&[root.path().to_owned()], &Silent).unwrap();
    let kept: Vec<_> = result
        .kept
        .iter()
        .map(|document| document.source.path.as_str())
        .collect();
    assert_eq!(kept, ["a.md", "sub/b.md"]);
    assert!(result.counts.is_balanced());
    assert!(
        result
            .rejects
            .iter()
            .all(|reject| reject.reason.as_str() == "ingest.link")
    );
    assert_eq!(result.rejects.len(), 3);
}

#[test]
fn order_does_not_depend_on_threads() {
    let files: Vec<(String, Vec<u8>)> = (0..40)
        .map(|nth| {
            (
                format!("d{}/f{nth}.md", nth % 7),
                format!("# F{nth}\n\nText {nth}.").into_bytes(),
            )
        })
        .collect();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
        .collect();
    let root = tree(&files);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let ingester = Ingester::new(IngestConfig::default()).unwrap();
        pool.install(|| ingester.run(&[root.path().to_owned()], &Silent).unwrap())
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn metadata_tells_about_front_matter_and_encoding() {
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let document = ingester
        .document(
            "a.md",
            b"---\ntitle: Named\ntags: [x]\n---\n# Heading\n\nna\xefve\n",
        )
        .unwrap();
    assert_eq!(document.title, "Named");
    assert_eq!(document.metadata["encoding"], "windows-1252");
    assert_eq!(document.metadata["tags"][0], "x");
    let broken = ingester
        .document("b.md", b"---\na: [\n---\n\n# Heading\n\nText\n")
        .unwrap();
    assert!(broken.metadata.contains_key("front_matter_error"));
    assert_eq!(broken.title, "Heading");
}
