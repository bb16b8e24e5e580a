//! References between pages lead to documents of the corpus, whatever markup they are written in.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use dsg_core::{Document, Event, Observer};
use dsg_ingest::{IngestConfig, Ingester};

struct Warnings(Mutex<Vec<String>>);

impl Observer for Warnings {
    fn on_event(&self, event: &Event) {
        if let Event::Warning { message, .. } = event {
            self.0.lock().unwrap().push(message.clone());
        }
    }
}

fn read(files: &[(&str, &str)]) -> (Vec<Document>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap_or(Path::new(""))).unwrap();
        fs::write(file, text).unwrap();
    }
    let warnings = Warnings(Mutex::default());
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let result = ingester
        .run(&[folder.path().to_owned()], &warnings)
        .unwrap();
    (result.kept, warnings.0.into_inner().unwrap())
}

/// `text as written → path, first line of what it leads to`.
fn shown(documents: &[Document], path: &str) -> Vec<String> {
    let document = documents
        .iter()
        .find(|document| document.source.path == path)
        .unwrap();
    document
        .links
        .iter()
        .map(|link| {
            let written = document.slice(link.span).unwrap();
            let target = documents
                .iter()
                .find(|other| Some(&other.doc_id) == link.doc_id.as_ref());
            let Some(target) = target else {
                return format!("{written} → nowhere");
            };
            let line = link.at.map_or("", |at| {
                target.text[at..].lines().next().unwrap_or_default()
            });
            format!("{written} → {} {line}", target.source.path)
                .trim_end()
                .to_owned()
        })
        .collect()
}

#[test]
fn markdown_links_lead_to_pages_and_headings() {
    let (documents, warnings) = read(&[
        (
            "guide/jobs.md",
            "# Jobs\n\nSee [limits](limits.md#time-limits \"t\"), [home](/index.md), [gone](gone.md), [web](https://e.org/x.md),\n\
             [here](#jobs), ![i](a.png), [data](run.sh), `[code](limits.md)` and [ref][r].\n\n[r]: ../index.md\n\n```\n[x](limits.md)\n```\n",
        ),
        ("guide/limits.md", "# Limits\n\n## Time Limits\n\nA day.\n"),
        (
            "index.md",
            "# Home\n\nWelcome to [the jobs](guide/jobs/).\n",
        ),
    ]);
    assert_eq!(
        shown(&documents, "guide/jobs.md"),
        [
            "[limits](limits.md#time-limits \"t\") → guide/limits.md ## Time Limits",
            "[home](/index.md) → index.md",
            "[gone](gone.md) → nowhere",
            "[r]: ../index.md → index.md",
        ]
    );
    assert_eq!(
        shown(&documents, "index.md"),
        ["[the jobs](guide/jobs/) → guide/jobs.md"]
    );
    assert_eq!(
        warnings,
        [
            "1 of 5 links between pages lead to no document that was read: `guide/jobs.md` → `gone.md`"
        ]
    );
}

#[test]
fn asciidoc_references_lead_to_pages_sections_and_parts() {
    let (documents, _) = read(&[
        (
            "guide/jobs.adoc",
            "= Jobs\n\nSee xref:limits.adoc#_time_limits[limits], <<limits.adoc#mem,memory>>, <<below>>, link:../notes.md[notes],\n\
             link:https://e.org/x.html[the web], xref:below[here] and hyperlink:x.adoc[].\n\ninclude::part.adoc[]\n\n[[below]]\n== Below\n\nText.\n\n\
             ----\nlink:../notes.md[in code]\n----\n",
        ),
        (
            "guide/limits.adoc",
            "= Limits\n\n== Time limits\n\nA day.\n\n[[mem]]\n== Memory\n\n4 GB.\n",
        ),
        ("guide/part.adoc", "== A part\n\nOf the page.\n"),
        ("notes.md", "# Notes\n\nSome.\n"),
    ]);
    assert_eq!(
        shown(&documents, "guide/jobs.adoc"),
        [
            "xref:limits.adoc#_time_limits[limits] → guide/limits.adoc == Time limits",
            "<<limits.adoc#mem,memory>> → guide/limits.adoc [[mem]]",
            "link:../notes.md[notes] → notes.md",
            "include::part.adoc[] → guide/part.adoc",
        ]
    );
}

#[test]
fn rst_roles_lead_to_labels_options_and_pages() {
    let (documents, warnings) = read(&[
        (
            "a.rst",
            "A\n=\n\nSee :ref:`limits`, :ref:`them <Limits>`, :doc:`sub/b`, :option:`tool --all` and tool(1).\n\n.. toctree::\n   :maxdepth: 1\n\n   sub/b\n",
        ),
        (
            "sub/b.rst",
            "B\n=\n\n.. _limits:\n\nTime\n----\n\nA day. Back to :doc:`/a` or :ref:`nothing`.\n",
        ),
        (
            "tool.1.rst",
            "tool\n====\n\n.. option:: -a, --all\n\n   All.\n",
        ),
    ]);
    assert_eq!(
        shown(&documents, "a.rst"),
        [
            ":ref:`limits` → sub/b.rst Time",
            ":ref:`them <Limits>` → sub/b.rst Time",
            ":doc:`sub/b` → sub/b.rst",
            ":option:`tool --all` → tool.1.rst .. option:: -a, --all",
            "tool(1) → tool.1.rst",
            "sub/b → sub/b.rst",
        ]
    );
    assert_eq!(
        shown(&documents, "sub/b.rst"),
        [":doc:`/a` → a.rst", ":ref:`nothing` → nowhere"]
    );
    assert_eq!(warnings.len(), 1);
}

#[test]
fn man_pages_and_html_lead_to_each_other() {
    let (documents, _) = read(&[
        (
            "man/a.1",
            ".TH A 1\n.SH NAME\na \\- see\n.BR b (5)\nand\n.BR printf (3)\nnow, and again\n.BR b (5).\n",
        ),
        ("man/b.5", ".TH B 5\n.SH NAME\nb \\- words\n"),
        (
            "x.html",
            "<main><h1>X</h1><p>See <a href=\"y.html#part-two\">that</a> and <a href=\"?q=1\">me</a>.</p></main>",
        ),
        (
            "y.html",
            "<main><h1>Y</h1><h2 id=\"part-two\">Part two</h2><p>End.</p></main>",
        ),
    ]);
    assert_eq!(
        shown(&documents, "man/a.1"),
        ["b(5) → man/b.5", "b(5) → man/b.5"]
    );
    assert_eq!(shown(&documents, "x.html"), ["that → y.html ## Part two"]);
}

#[test]
fn html_made_from_a_man_page_leads_to_the_man_page() {
    let (documents, _) = read(&[
        (
            "html/guide.html",
            "<main><p>See <a href=\"crun.html\">crun</a>, <a href=\"crun.html#OPT_per-core\">a flag</a>, \
             <a href=\"crun.html#OPT_Limit\">a parameter</a>, <a href=\"crun.html#OPT_none\">none</a>, \
             <a href=\"notes.html\">notes</a> and <a href=\"other.html\">other</a>.</p></main>",
        ),
        (
            "man/crun.1",
            ".TH crun 1\n.SH NAME\ncrun \\- runs\n.SH OPTIONS\n.TP\n\\fB\\-p\\fR, \\fB\\-\\-per\\-core\\fR=<\\fIn\\fR>\nTasks.\n\
             .TP\n\\fBLimit\\fR\nA limit.\n",
        ),
        ("notes.1.md", "# No man page\n\nText.\n"),
        ("other.md", "# Not beside the guide\n\nText.\n"),
    ]);
    let places = shown(&documents, "html/guide.html");
    assert_eq!(
        places,
        [
            "crun → man/crun.1",
            "a flag → man/crun.1 `-p, --per-core=<n>`: Tasks.",
            "a parameter → man/crun.1 `Limit`: A limit.",
            "none → man/crun.1",
            "notes → nowhere",
            "other → nowhere",
        ]
    );
}

#[test]
fn anchors_are_spelled_as_either_kind_of_site_does() {
    let (documents, _) = read(&[
        (
            "a.md",
            "# A\n\n[one](b.md#14-mind-your-io), [two](b.md#1-4-mind-your-i-o), [three](b.md#mind).\n",
        ),
        ("b.md", "# B\n\n## 1.4 Mind your I/O\n\nText.\n"),
    ]);
    assert_eq!(
        shown(&documents, "a.md"),
        [
            "[one](b.md#14-mind-your-io) → b.md ## 1.4 Mind your I/O",
            "[two](b.md#1-4-mind-your-i-o) → b.md ## 1.4 Mind your I/O",
            "[three](b.md#mind) → b.md",
        ]
    );
}
