//! Outlines keep their promises on any input, and hostile input costs linear time.

use std::time::{Duration, Instant};

use dsg_core::Document;
use dsg_ingest::{IngestConfig, Ingester};
use proptest::prelude::*;

const NAMES: [&str; 8] = [
    "a.md", "a.rst", "a.html", "a.1", "a.txt", "a.mdx", "a.adoc", "a.ipynb",
];

/// Small documents that use what each format has.
const SAMPLES: [&str; 8] = [
    "---\ntitle: T\n---\n# Jobs {#j}\n\n!!! note \"Über\"\n    - **-n**: tasks\n\n      ```sh\n      # x\n      ```\n\n=== \"Tab\"\n    é\n\n| Option | Says |\n|--|--|\n| `-p` | ü |\n\nTerm\n: Meaning\n\n> q\n> > r\n\n1. a\n   - b\n\n:::tip\nx\n:::\n{{% alert %}}\ny\n{{% /alert %}}\n",
    "Títle\n=====\n\n.. note:: Nöte\n   more\n\n* ``-n``: tasks\n\n  #. deep\n\nterm\n   meaning::\n\n      code\n\n.. list-table:: C\n   :header-rows: 1\n\n   * - a\n     - b\n   * - ç\n     - d\n\n+---+---+\n| é | b |\n+===+===+\n| 1 | 2 |\n+---+---+\n\n===  ===\na    b\n===  ===\n1    é\n===  ===\n\n-a, --all  Shows all.\n\n.. option:: -x\n\n   Text\n",
    "<!--#include virtual=\"h\"--><h1>Tö</h1><p>a <b>b</b> <code>-x</code><br>c</p><ul><li>x<ul><li>y</ul></ul><dl><dt>-a<dd>all<dl><dt>é<dd>z</dl></dl><table><tr><th>A<th>B<tr><td>1|2<td>ü</table><pre>$ x\n  y</pre><div class=\"note\">N</div><blockquote>q</blockquote>",
    ".TH tool 1\n.SH NAME\ntool \\- döes\n.SH OPTIONS\n.TP\n\\fB\\-a\\fR, \\fB\\-\\-all\\fR=<\\fIx\\fR>\nAll.\n.br\n\\fBNOTE\\fR: é\n.RS\n.TP\n\\fBtask\\fR\nT\n.IP \\(bu 2\nb\n.RE\n.nf\n$ x\n.fi\n.TS\ntab(@);\nl l.\na@b\n1@2\n.TE\n",
    "tool(1)    T    tool(1)\n\nNAME\n       tool - does\n\nOPTIONS\n       -a, --all\n              All.\n              NOTE: é\n\n              task   one\n                     two\n\n       1. x\n       2. y\n\nQ: Why?\nA: Bécause.\n",
    "import A from 'a'\n\nexport const x = {\n  y: [1],\n};\n\n# Jöbs\n\n<Tabs v={{ a: '>' }}>\n  <Tab label=\"é\">\n    - **-n**: tasks\n\n    ```sh\n    ls\n    ```\n  </Tab>\n</Tabs>\n\n{/* ü\n*/}\n\n<Note title=\"T\">\nWords.\n</Note>\n\n<br />\n",
    "= Töols\nAnn <a@b>\n:x: y \\\nz\n\n[[o]]\n== OPTIONS\n\n-a::\n`--all`:: Äll.\n+\n--\n* x\n** ü\n\n. n\n\n+\npart\n--\n\n.T\n[source,sh]\n----\n$ x\n----\n\n[NOTE]\n====\nHöt\n====\n\nTitle\n~~~~~\n\n.C\n[cols=\"1,1\",options=\"header\"]\n|===\n|é |b\n2+|1\n.2+|x |y\n|z\n|===\n\n____\nq\n____\n\n image\n\nimage::a.png[What é shows]\n\nifdef::x[]\nTIP: t\nendif::[]\n////\nc\n////\n",
    "{\"nbformat\": 4, \"metadata\": {\"kernelspec\": {\"name\": \"python3\"}}, \"cells\": [\n{\"cell_type\": \"markdown\", \"source\": [\"# Tïtle\\n\", \"\\n\", \"- a\\n\", \"> b\\n\\nc\"]},\n{\"cell_type\": \"code\", \"source\": \"x = 1\\nx\", \"outputs\": [{\"output_type\": \"stream\", \"text\": \"é\\r\\u001b[1mü\\n\"}, {\"output_type\": \"error\", \"traceback\": [\"a\", \"b\"]}]},\n{\"cell_type\": \"code\", \"source\": \"y\", \"outputs\": [{\"output_type\": \"execute_result\", \"data\": {\"text/plain\": [\"7\"]}}]},\n{\"cell_type\": \"markdown\", \"source\": \"| a | b |\\n|---|---|\\n| 1 | 2 |\"}\n]}\n",
];

fn check(document: &Document) {
    let text = &document.text;
    let mut open: Vec<dsg_core::Span> = Vec::new();
    let mut last = 0;
    for block in &document.blocks {
        let span = block.span;
        let shown = span
            .slice(text)
            .unwrap_or_else(|| panic!("{span:?} is not on characters"));
        assert!(!shown.trim().is_empty(), "an empty {}", block.kind.name());
        assert!(span.start() >= last, "not in pre-order");
        last = span.start();
        while open.last().is_some_and(|outer| outer.end() <= span.start()) {
            open.pop();
        }
        if let Some(outer) = open.last() {
            assert!(outer.contains(span), "{span:?} overlaps {outer:?}");
        }
        for part in block.label.iter().chain(&block.body).chain(&block.cells) {
            assert!(span.contains(*part), "{part:?} leaves {span:?}");
            assert!(part.slice(text).is_some(), "{part:?} is not on characters");
        }
        open.push(span);
    }
}

fn ingest(name: &str, bytes: &[u8]) {
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    if let Ok(document) = ingester.document(name, bytes) {
        check(&document);
        let again = ingester.document(name, bytes).unwrap();
        assert_eq!(document, again);
    }
}

#[test]
fn the_samples_themselves_hold() {
    for (name, sample) in NAMES.iter().zip(SAMPLES) {
        let ingester = Ingester::new(IngestConfig::default()).unwrap();
        let document = ingester.document(name, sample.as_bytes()).unwrap();
        assert!(
            document.blocks.len() > 8,
            "{name}: {}",
            document.blocks.len()
        );
        check(&document);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(name in 0..8_usize, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        ingest(NAMES[name], &bytes);
    }

    #[test]
    fn any_markup(name in 0..8_usize, text in r#"[-=~#*>!?:.`'"|+<>\[\]{}()\\/ \t\n\n\naéTQA1:fBRISPH]{0,300}"#) {
        ingest(NAMES[name], text.as_bytes());
    }

    #[test]
    fn mutated_samples(
        name in 0..8_usize,
        cuts in proptest::collection::vec((0..1000_usize, 0..40_usize, 0..1000_usize), 1..6),
    ) {
        let mut text: Vec<char> = SAMPLES[name].chars().collect();
        for (from, length, to) in cuts {
            let from = from % text.len();
            let end = (from + length).min(text.len());
            let piece: Vec<char> = text[from..end].to_vec();
            let to = to % (text.len() + 1);
            text.splice(to..to, piece);
        }
        let text: String = text.into_iter().collect();
        ingest(NAMES[name], text.as_bytes());
    }
}

#[test]
fn hostile_nesting_costs_linear_time() {
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let size = 1 << 16;
    let mut inputs: Vec<(String, String)> = Vec::new();
    for unit in [
        "*",
        ">",
        "> ",
        "- ",
        "`",
        "[",
        "![",
        "<",
        "<div>",
        "<b>",
        "<ul><li>",
        "<font>x<p>",
        "<table><tr><td>",
        "1. ",
        "_a ",
        "|a",
        ":",
        "\\",
        "!!! a\n",
        "=\n",
        "a\n=\n",
        "\n\n    ",
        ".. a::\n",
        "+-+\n|",
        "== ==\n",
        "Q: a\n",
        ".RS\n",
        ".TP\na\n",
        ".if n \\{",
        "\\*(",
        ".nf\na\n",
        "A B\n",
        "* a\n",
        "``` \n",
        "{{% alert %}}\n",
        ":::note\n",
        "-a  b\n",
        "---\n",
        "a: b\n",
        "  a\n",
        "```{note}\n",
        "--a\n",
        "<a href=#x>",
        "<dl><dt>",
        "&lt;",
        "(1) a\n",
        "----\n====\n",
        "a::\n",
        "* a\n+\n",
        "|===\n|",
        "[a]\n",
        ".a\n",
        "<A>\n",
        "{a\n",
        "import {\n",
        "{{< note\n",
        "{{< note >}}\n",
        ":::a\n",
        "{% highlight %}\n",
        "<<a",
        "[[",
    ] {
        inputs.push((format!("{unit:?}"), unit.repeat(size / unit.len())));
    }
    for step in ["  ", "    ", "- ", "> "] {
        let mut deep = String::new();
        for depth in 0..500 {
            deep.push_str(&step.repeat(depth));
            deep.push_str("- x\n");
        }
        inputs.push((format!("stairs of {step:?}"), deep));
    }
    for (what, text) in &inputs {
        for name in NAMES {
            let begun = Instant::now();
            if let Ok(document) = ingester.document(name, text.as_bytes()) {
                check(&document);
            }
            let took = begun.elapsed();
            // A quadratic pass over this much takes a minute and more; the bound leaves room for a busy machine.
            assert!(took < Duration::from_secs(8), "{what} as {name}: {took:?}");
        }
    }
}
