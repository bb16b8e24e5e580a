//! What a reference can lead to: paths, labels of rst, options, pages by name and section.

use std::collections::BTreeMap;

use dsg_core::{BlockKind, Document, Format};

use super::anchored;
use crate::lines::lines;

/// A place: the document's position, and a byte of its text.
pub(super) type Place = (usize, Option<usize>);

/// Where several documents define one name: each with the byte where it does.
type Defined = BTreeMap<String, Vec<(usize, usize)>>;

/// All that can be referred to in a set of documents.
pub(super) struct Targets<'a> {
    documents: &'a [Document],
    paths: BTreeMap<&'a str, usize>,
    /// By file name, for paths that begin at a root of which nothing is known.
    names: BTreeMap<&'a str, Vec<usize>>,
    labels: Defined,
    options: Defined,
    /// Man pages as `sbatch(1)`, whatever format they are in.
    pages: Defined,
}

impl<'a> Targets<'a> {
    pub(super) fn new(documents: &'a [Document]) -> Self {
        let mut out = Self {
            documents,
            paths: BTreeMap::new(),
            names: BTreeMap::new(),
            labels: Defined::new(),
            options: Defined::new(),
            pages: Defined::new(),
        };
        for (nth, document) in documents.iter().enumerate() {
            let path = document.source.path.as_str();
            out.paths.insert(path, nth);
            out.names.entry(file_name(path)).or_default().push(nth);
            if let Some(page) = page_name(path) {
                out.pages.entry(page).or_default().push((nth, 0));
            }
            if document.source.format == Format::Rst {
                out.rst(nth, document);
            }
        }
        out
    }

    fn rst(&mut self, nth: usize, document: &Document) {
        for line in lines(&document.text, 0) {
            let label = line
                .content()
                .strip_prefix(".. _")
                .and_then(|label| label.strip_suffix(':'));
            if let Some(label) = label {
                // What the label stands before.
                let at = document
                    .blocks
                    .iter()
                    .find(|block| {
                        block.span.start() > line.start && block.kind != BlockKind::Boilerplate
                    })
                    .map_or(line.start, |block| block.span.start());
                let label = label.trim_matches('`').to_lowercase();
                self.labels.entry(label).or_default().push((nth, at));
            }
        }
        for block in &document.blocks {
            let label = block.label.and_then(|label| document.slice(label));
            if let (BlockKind::Option, Some(label)) = (&block.kind, label) {
                for name in label.split(", ") {
                    let place = (nth, block.span.start());
                    self.options
                        .entry(option_name(name).to_owned())
                        .or_default()
                        .push(place);
                }
            }
        }
    }

    /// The place that `target`, written in document `from`, leads to.
    pub(super) fn place(&self, from: usize, target: &str) -> Option<Place> {
        if let Some(label) = target
            .strip_prefix("ref:")
            .or_else(|| target.strip_prefix("numref:"))
        {
            return self.nearest(from, self.labels.get(&label.to_lowercase())?);
        }
        if let Some(option) = target.strip_prefix("option:") {
            let option = option.rsplit(' ').next().unwrap_or(option);
            return self.nearest(from, self.options.get(option_name(option))?);
        }
        if target.ends_with(')') {
            let (nth, _) = self.nearest(from, self.pages.get(target)?)?;
            return (nth != from).then_some((nth, None));
        }
        let target = target.strip_prefix("doc:").unwrap_or(target);
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        let path = decoded(path.split('?').next().unwrap_or_default());
        let nth = self
            .path(from, &path)
            .or_else(|| self.man_page(from, &path))?;
        let at = self
            .documents
            .get(nth)
            .filter(|_| !anchor.is_empty())
            .and_then(|document| {
                anchored(document, anchor).or_else(|| entry(document, anchor.strip_prefix("OPT_")?))
            });
        Some((nth, at))
    }

    /// The man page that `srun.html` is made from, where the corpus holds the one and not the other.
    fn man_page(&self, from: usize, path: &str) -> Option<usize> {
        let name = file_name(path).strip_suffix(".html")?;
        let open = format!("{name}(");
        let found: Vec<(usize, usize)> = self
            .pages
            .range(open.clone()..)
            .take_while(|(page, _)| page.starts_with(&open))
            .flat_map(|(_, places)| places)
            .filter(|(nth, _)| {
                let document = self.documents.get(*nth);
                document.is_some_and(|document| document.source.format == Format::Man)
            })
            .copied()
            .collect();
        self.nearest(from, &found).map(|(nth, _)| nth)
    }

    /// Of several definitions the one whose path shares most with the document that refers to it.
    fn nearest(&self, from: usize, places: &[(usize, usize)]) -> Option<Place> {
        let own = self.documents.get(from)?.source.path.as_bytes();
        let mut best: Option<(usize, Place)> = None;
        for (nth, at) in places {
            let path = self.documents.get(*nth)?.source.path.as_bytes();
            let shared = own.iter().zip(path).take_while(|(a, b)| a == b).count();
            let shared = if *nth == from { usize::MAX } else { shared };
            if best.is_none_or(|(most, _)| shared > most) {
                best = Some((shared, (*nth, Some(*at))));
            }
        }
        best.map(|(_, place)| place)
    }

    /// The document at a written path: beside the page, below it (where pages are folders of a site), or anywhere when
    /// the path begins at the site's root.
    fn path(&self, from: usize, path: &str) -> Option<usize> {
        let own = self.documents.get(from)?.source.path.as_str();
        if let Some(rooted) = path.strip_prefix('/') {
            return self
                .exact(&normal("", rooted)?)
                .or_else(|| self.below_some_root(from, rooted));
        }
        let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
        let as_folder = own.rsplit_once('.').map_or(own, |(stem, _)| stem);
        [folder, as_folder]
            .iter()
            .filter_map(|base| normal(base, path))
            .find_map(|path| self.exact(&path))
    }

    fn exact(&self, path: &str) -> Option<usize> {
        spellings(path)
            .iter()
            .find_map(|path| self.paths.get(path.as_str()).copied())
    }

    fn below_some_root(&self, from: usize, rooted: &str) -> Option<usize> {
        let spelled = spellings(&normal("", rooted)?);
        spelled.iter().find_map(|path| {
            let found: Vec<(usize, usize)> = self
                .names
                .get(file_name(path))?
                .iter()
                .filter(|nth| {
                    self.documents.get(**nth).is_some_and(|document| {
                        document
                            .source
                            .path
                            .strip_suffix(path.as_str())
                            .is_some_and(|root| root.is_empty() || root.ends_with('/'))
                    })
                })
                .map(|nth| (*nth, 0))
                .collect();
            self.nearest(from, &found).map(|(nth, _)| nth)
        })
    }
}

/// Where a man page describes the option or the parameter `name`, given without its hyphens.
fn entry(document: &Document, name: &str) -> Option<usize> {
    let named = |label: &str| {
        let mut names = label.split(", ");
        names.any(|label| option_name(label).trim_start_matches('-') == name)
    };
    let entry = document.blocks.iter().find(|block| {
        matches!(block.kind, BlockKind::Option | BlockKind::Definition)
            && block
                .label
                .and_then(|label| document.slice(label))
                .is_some_and(named)
    });
    entry.map(|block| block.span.start())
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The names under which the source of the page at `path` may lie.
fn spellings(path: &str) -> Vec<String> {
    let path = path.trim_end_matches('/');
    let stem = [".html", ".htm", ".shtml"]
        .iter()
        .find_map(|extension| path.strip_suffix(extension));
    let mut out = vec![path.to_owned()];
    let bare = stem.unwrap_or(path);
    for extension in ["md", "rst", "html", "shtml", "mdx", "adoc", "txt", "ipynb"] {
        out.push(format!("{bare}.{extension}"));
    }
    if stem.is_none() {
        let folder = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        for index in [
            "index.md",
            "_index.md",
            "README.md",
            "index.rst",
            "index.html",
            "index.mdx",
        ] {
            out.push(format!("{folder}{index}"));
        }
    }
    out
}

/// `path` from folder `base`, without `.` and `..`; `None` when it leaves the input.
fn normal(base: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// `%20` and its kin as characters.
fn decoded(path: &str) -> String {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before.as_bytes());
        let hex = after.get(1..3).unwrap_or_default();
        if let Ok(byte) = u8::from_str_radix(hex, 16) {
            out.push(byte);
            rest = after.get(3..).unwrap_or_default();
        } else {
            out.push(b'%');
            rest = after.get(1..).unwrap_or_default();
        }
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8(out).unwrap_or_else(|_| path.to_owned())
}

/// `-p` of `-p, --partition=<name>`.
fn option_name(label: &str) -> &str {
    let end = label.find([' ', '=', '[', '<']).unwrap_or(label.len());
    label.get(..end).unwrap_or(label).trim_matches(['`', '*'])
}

/// `sbatch(1)` for `man/sbatch.1.in`, `sbatch.1.rst` and the like.
fn page_name(path: &str) -> Option<String> {
    let mut name = file_name(path);
    for extension in [".gz", ".in", ".rst", ".html", ".md", ".txt"] {
        name = name.strip_suffix(extension).unwrap_or(name);
    }
    let (stem, section) = name.rsplit_once('.')?;
    let digit = section.starts_with(|c: char| c.is_ascii_digit() && c != '0');
    let rest = section
        .bytes()
        .skip(1)
        .all(|byte| byte.is_ascii_lowercase());
    (digit && rest && section.len() <= 4 && !stem.is_empty()).then(|| format!("{stem}({section})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_input() {
        assert_eq!(normal("a/b", "../c.md"), Some("a/c.md".to_owned()));
        assert_eq!(normal("a", "../../etc/passwd"), None);
        assert_eq!(decoded("a%20b%zz"), "a b%zz");
    }

    #[test]
    fn pages_go_by_name_and_section() {
        assert_eq!(page_name("man1/sbatch.1.in"), Some("sbatch(1)".to_owned()));
        assert_eq!(
            page_name("slurm.conf.5.gz"),
            Some("slurm.conf(5)".to_owned())
        );
        assert_eq!(page_name("release-1.2.md"), Some("release-1(2)".to_owned()));
        assert_eq!(page_name("index.rst"), None);
    }
}
