//! One page per format, and the outline a reader would draw of it.

use std::fmt::Write as _;

use dsg_core::{Document, Span};
use dsg_ingest::{IngestConfig, Ingester};

/// The outline, indented by containment: kind, label in brackets, and the body or cells.
fn outline(path: &str, source: &str) -> String {
    let ingester = Ingester::new(IngestConfig::default()).unwrap();
    let document = ingester.document(path, source.as_bytes()).unwrap();
    let mut open: Vec<Span> = Vec::new();
    let mut lines = Vec::new();
    for block in &document.blocks {
        while open.last().is_some_and(|outer| !outer.contains(block.span)) {
            open.pop();
        }
        let mut line = format!("{}{}", "  ".repeat(open.len()), block.kind.name());
        if let Some(label) = block.label {
            write!(line, " [{}]", shown(&document, label)).unwrap();
        }
        for cell in &block.cells {
            write!(line, " <{}>", shown(&document, *cell)).unwrap();
        }
        if let Some(body) = block.body {
            write!(line, " {}", shown(&document, body)).unwrap();
        }
        open.push(block.span);
        lines.push(line);
    }
    lines.join("\n")
}

fn shown(document: &Document, span: Span) -> String {
    let text = document.slice(span).unwrap().replace('\n', "⏎");
    if text.chars().count() > 40 {
        text.chars().take(39).chain(['…']).collect()
    } else {
        text
    }
}

#[test]
fn markdown() {
    let source = "\
# Jobs {#jobs}

Submit **early**.

!!! warning \"Quotas *apply*\"
    Check first:

    ```bash
    # not a heading
    quota
    ```

=== \"Slurm\"
    Use sbatch.

- `--time`, `-t`: the limit

  longer text
- **Node** – a computer
- plain

| Option | Meaning |
|---|---|
| `-p` | partition |

NOTE: be kind.

[TOC]
";
    insta::assert_snapshot!(outline("a.md", source), @r"
    heading [Jobs]
    paragraph
    admonition [Quotas *apply*] Check first:⏎⏎    ```bash⏎    # not a h…
      paragraph
      code     # not a heading⏎    quota
    admonition [Slurm] Use sbatch.
      paragraph
    list
      list_item `--time`, `-t`: the limit⏎⏎  longer text
        option [`--time`, `-t`] the limit⏎⏎  longer text
          paragraph
          paragraph
      list_item **Node** – a computer
        definition [Node] a computer
          paragraph
      list_item plain
        paragraph
    table
      row <Option> <Meaning>
      row <`-p`> <partition>
    admonition [NOTE] be kind.
      paragraph
    boilerplate
    ");
}

#[test]
fn rst() {
    let source = "\
.. _jobs:

====
Jobs
====

Submit
------

Like this::

    $ sbatch x

.. note:: Be kind
   to others.

``--time``
    The limit.

-q, --quiet  Say less.

.. list-table::
   :header-rows: 1

   * - Name
     - Meaning
   * - ``-p``
     - partition
";
    insta::assert_snapshot!(outline("a.rst", source), @r"
    boilerplate
    heading [Jobs]
    heading [Submit]
    paragraph
    code     $ sbatch x
    admonition Be kind⏎   to others.
      paragraph
    option [--time] The limit.
      paragraph
    option [-q, --quiet] Say less.
      paragraph
    table
      row <Name> <Meaning>
      row <``-p``> <partition>
    ");
}

#[test]
fn man() {
    let source = r#".TH TOOL 1 2024-01-01 "Tool 1.0"
.SH NAME
tool \- do things
.SH SYNOPSIS
.B tool
[\fIoptions\fR] \fIfile\fR
.SH OPTIONS
.TP
\fB\-m\fR, \fB\-\-mode\fR=<\fImode\fR>
How to run. One of:
.RS
.TP
\fBfast\fR
Quick.
.br
\fBNOTE\fR: and dirty.
.TP
\fBslow\fR
Careful.
.RE
.TP
\fB\-q\fR
Quiet.
.SH EXAMPLES
Run it:
.nf
$ tool \-q x
.fi
.SH COPYING
Free.
"#;
    insta::assert_snapshot!(outline("tool.1", source), @r"
    heading [tool]
    heading [NAME]
    paragraph
    heading [SYNOPSIS]
    code tool [options] file
    heading [OPTIONS]
    option [-m, --mode=<mode>] How to run. One of:⏎⏎- `fast`: Quick.⏎⏎…
      paragraph
      definition [fast] Quick.⏎⏎  **NOTE**: and dirty.
        paragraph
        admonition [NOTE] and dirty.
          paragraph
      definition [slow] Careful.
        paragraph
    option [-q] Quiet.
      paragraph
    heading [EXAMPLES]
    paragraph
    code $ tool -q x
    boilerplate
    boilerplate
    ");
}

#[test]
fn html() {
    let source = "<!--#include virtual=\"header.txt\"-->
<nav>Home</nav><h1>FAQ</h1>
<h2>Contents</h2><ul><li><a href=\"#a\">Why?</a></li></ul>
<h2>Users</h2>
<p><a id=\"a\"><b>Why is it slow?</b></a><br>Because of <span class=\"commandline\">squeue -i 1</span>.
<ol><li>Stop it<li>Ask <i>us</i></ol>
<dl><dt>-a, --all<dd>Shows all.<dt>Node<dd>A computer.</dl>
<table><tr><th>Key<th>Value<tr><td>a|b<td>1</table>
<div class=\"warning\"><p>Hot.</p></div>
<pre class=\"language-sh\">
$ ls
</pre>";
    insta::assert_snapshot!(outline("faq.shtml", source), @r"
    heading [FAQ]
    heading [Users]
    heading [Why is it slow?]
    paragraph
    list
      list_item Stop it
        paragraph
      list_item Ask *us*
        paragraph
    option [-a, --all] Shows all.
      paragraph
    definition [Node] A computer.
      paragraph
    table
      row <Key> <Value>
      row <a\|b> <1>
    admonition [Warning] Hot.
      paragraph
    code $ ls
    ");
}

#[test]
fn plain() {
    let source = "\
tool(1)                     Commands                     tool(1)

NAME
       tool - do things

OPTIONS
       -m, --mode=<mode>
              How to run. One of:

              fast   Quick and
                     dirty.

       -q     Quiet.

SEE ALSO
       other(1)
";
    insta::assert_snapshot!(outline("tool.txt", source), @r"
    heading [tool]
    heading [NAME]
    paragraph
    heading [OPTIONS]
    option [-m, --mode=<mode>] How to run. One of:⏎⏎              fast…
      paragraph
      definition [fast] Quick and⏎                     dirty.
        paragraph
    option [-q] Quiet.
      paragraph
    boilerplate
    boilerplate
    ");
    let faq = "\
Questions
=========

Q: Is it free?
A: Yes, and

   1. open
   2. tested

Example:

    $ tool -q
";
    insta::assert_snapshot!(outline("faq.txt", faq), @r"
    heading [Questions]
    definition [Is it free?] Yes, and⏎⏎   1. open⏎   2. tested⏎⏎Exam…
      paragraph
      list
        list_item open
          paragraph
        list_item tested
          paragraph
      paragraph
      code     $ tool -q
    ");
}
