//! Rules for every text file.

use std::sync::LazyLock;

use regex::Regex;

use super::Issue;

/// Folders of documents that speak of their own imaginary machines.
const DOCUMENTS: &str = "fixtures/";

/// File names that say nothing.
const NAMELESS: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "misc"];

/// A file's or folder's name must be a noun that says what is in it.
pub(crate) fn file_name(file: &str) -> Vec<Issue> {
    let named_nothing = file.split('/').any(|part| {
        let stem = part.split('.').next().unwrap_or(part);
        NAMELESS.contains(&stem)
    });
    if named_nothing && !file.starts_with(DOCUMENTS) {
        vec![Issue::new(
            file,
            1,
            "a name that says nothing: name what is in it",
        )]
    } else {
        Vec::new()
    }
}

/// Paths of one machine and hosts of package registries have no place in the repository.
pub(crate) fn check(file: &str, text: &str) -> Vec<Issue> {
    if file.starts_with(DOCUMENTS) || file == "Cargo.lock" {
        return Vec::new();
    }
    let mut issues = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let path = PATH.captures(line).and_then(|found| found.get(1));
        if let Some(path) = path.filter(|path| !EXAMPLE_HOME.is_match(path.as_str())) {
            let message = format!("a path of one machine: `{}`", path.as_str());
            issues.push(Issue::new(file, number, message));
        }
        if let Some(host) = HOST.find(line) {
            let message = format!("the host of a package registry: `{}`", host.as_str());
            issues.push(Issue::new(file, number, message));
        }
    }
    issues
}

#[allow(clippy::expect_used, reason = "literals, compiled by the tests")]
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    // Written in pieces so that this file passes its own rule.
    let folders = ["home", "root", "work", "opt"].join("|");
    Regex::new(&format!(
        r"(?:^|[^\w.\-/}}>])(/(?:{folders})/[^\s`'\x22)]*)"
    ))
    .expect("a valid literal")
});

/// Home folders of people who do not exist.
#[allow(clippy::expect_used, reason = "literals, compiled by the tests")]
static EXAMPLE_HOME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^/\w+/(?:[$<{]|user\b|you\b|alice\b|bob\b|jdoe\b|jane\b)")
        .expect("a valid literal")
});

#[allow(clippy::expect_used, reason = "literals, compiled by the tests")]
static HOST: LazyLock<Regex> = LazyLock::new(|| {
    let hosts = [
        ["pypi", r"\.org"],
        ["pythonhosted", r"\.org"],
        ["static.crates", r"\.io"],
        ["index.crates", r"\.io"],
        ["registry.npmjs", r"\.org"],
        ["deb.debian", r"\.org"],
        ["proxy.golang", r"\.org"],
    ];
    let pattern = hosts.map(|parts| parts.concat()).join("|");
    Regex::new(&format!(r"(?:[\w\-]+\.)*(?:{pattern})")).expect("a valid literal")
});

#[cfg(test)]
mod tests {
    use super::*;

    fn fires(text: &str) -> bool {
        !check("crates/x/src/lib.rs", text).is_empty()
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        for folder in ["home/me", "root", "work", "opt"] {
            assert!(fires(&format!("let x = \"/{folder}/thing\";")), "{folder}");
            assert!(fires(&format!("/{folder}/thing")), "{folder}");
        }
        assert!(!fires(
            "out/work/corpus.jsonl and $ROOT/opt/x and <dir>/work/x"
        ));
        assert!(!fires(&format!("/{}/jdoe/secret.txt", "home")));
        assert!(check("fixtures/docs/a.md", &format!("/{}/x", "opt")).is_empty());
    }

    #[test]
    fn a_registry_host_is_found() {
        assert!(fires(&format!(
            "see https://files.pythonhosted.{}/x",
            "org"
        )));
        assert!(fires(&format!("index.crates.{}", "io")));
        assert!(!fires("crates published on a registry"));
    }

    #[test]
    fn a_name_that_says_nothing_is_found() {
        assert_eq!(file_name(&format!("crates/x/src/{}.rs", "utils")).len(), 1);
        assert_eq!(
            file_name(&format!("crates/x/src/{}/span.rs", "common")).len(),
            1
        );
        assert!(file_name("crates/x/src/span.rs").is_empty());
    }
}
