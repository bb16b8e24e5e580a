//! Versions in paths: which pages are one page at different times, and which of them is newer.

use std::cmp::Ordering;

/// A path with its version taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Versioned {
    /// The path with `{version}` in its place; the same for all versions of a page.
    pub(crate) page: String,
    /// The version.
    pub(crate) version: Version,
}

/// A version as folders are named after it; ordered from old to new.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// `next`, `dev`, `main`: not released, so a page of a release goes before it.
    Unreleased,
    /// `v3.5`, `2024.1`, `release-1.2.3`; without the zeros at its end, so that 3.0 is 3.
    Number(Vec<u64>),
    /// `latest`, `stable`, `current`.
    Latest,
}

impl Version {
    /// The version that `component` names, if it names one.
    pub(crate) fn of(component: &str) -> Option<Self> {
        let lower = component.to_ascii_lowercase();
        match lower.as_str() {
            "latest" | "stable" | "current" => return Some(Self::Latest),
            "next" | "dev" | "devel" | "main" | "master" | "nightly" | "unreleased" => {
                return Some(Self::Unreleased);
            }
            _ => {}
        }
        let digits = lower.find(|c: char| c.is_ascii_digit())?;
        let (prefix, number) = lower.split_at_checked(digits)?;
        let series = number.strip_suffix(".x");
        let number = series.unwrap_or(number);
        let parts: Vec<&str> = number.split('.').collect();
        let named = matches!(
            prefix.trim_end_matches(['-', '_']),
            "v" | "ver" | "version" | "rel" | "release"
        );
        // A bare number must have a point (`man3` and `2` are no versions), and a product's name a dash before it.
        let pointed = parts.len() > 1 || series.is_some();
        let dotted = pointed && (prefix.is_empty() || prefix.ends_with(['-', '_']));
        if !(named || dotted) {
            return None;
        }
        let mut numbers: Vec<u64> = parts
            .iter()
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?;
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self::Number(numbers))
    }
}

impl Versioned {
    /// Takes the version out of `path`; `None` when no folder, or more than one, is named after a version.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let (folders, _) = path.rsplit_once('/')?;
        let mut found = folders
            .split('/')
            .enumerate()
            .filter_map(|(at, folder)| Some((at, Version::of(folder)?)));
        let (at, version) = found.next()?;
        if found.next().is_some() {
            return None;
        }
        let page: Vec<&str> = path
            .split('/')
            .enumerate()
            .map(|(nth, part)| if nth == at { "{version}" } else { part })
            .collect();
        Some(Self {
            page: page.join("/"),
            version,
        })
    }
}

/// The newer of two versions first; one that is not known is as good as any.
pub(crate) fn newer_first(a: Option<&Version>, b: Option<&Version>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.cmp(a),
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number_and_by_name() {
        let of = |name| Version::of(name).unwrap();
        let order = ["main", "v3.5", "v3.6", "release-3.10", "4.0.1", "latest"];
        assert!(order.windows(2).all(|pair| of(pair[0]) < of(pair[1])));
        assert_eq!(of("v3.0"), of("3.0.0"));
        assert_eq!(of("1.x"), of("v1"));
        assert_eq!(of("slurm-22.05"), of("v22.05"));
    }

    #[test]
    fn what_only_looks_like_a_version_is_none() {
        for name in [
            "man3", "3", "python3", "docs", "v", "x86_64", "mp3.2a", "rfc-1", "h2.1",
        ] {
            assert_eq!(Version::of(name), None, "{name}");
        }
    }

    #[test]
    fn a_page_is_known_without_its_version() {
        let v5 = Versioned::of("en/docs/v3.5/op-guide/tls.md").unwrap();
        let v6 = Versioned::of("en/docs/v3.6/op-guide/tls.md").unwrap();
        assert_eq!(v5.page, v6.page);
        assert!(v5.version < v6.version);
        // A file named after a version is about that version.
        assert_eq!(Versioned::of("notes/v3.5.md"), None);
        assert_eq!(Versioned::of("v3.5/api/v2/x.md"), None);
    }
}
