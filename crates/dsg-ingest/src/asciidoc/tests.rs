use dsg_core::BlockKind;

use super::*;
use crate::front_matter;

fn blocks(text: &str) -> Vec<Block> {
    parse(text, &front_matter::read(text)).0
}

/// Kind and label or first words, indented by nesting.
fn shown(text: &str) -> String {
    let mut open: Vec<dsg_core::Span> = Vec::new();
    let mut out = Vec::new();
    for block in blocks(text) {
        while open.last().is_some_and(|outer| !outer.contains(block.span)) {
            open.pop();
        }
        let label = block.label.or(block.body).unwrap_or(block.span);
        let words = label.slice(text).unwrap().replace('\n', "⏎");
        let cells: Vec<_> = block
            .cells
            .iter()
            .map(|cell| format!("<{}>", cell.slice(text).unwrap()))
            .collect();
        let words = if cells.is_empty() {
            words
        } else {
            cells.join(" ")
        };
        out.push(format!(
            "{}{} {words}",
            "  ".repeat(open.len()),
            block.kind.name()
        ));
        open.push(block.span);
    }
    out.join("\n")
}

#[test]
fn header_sections_and_asides() {
    let text = "= The Guide
Ann Other <ann@example.org>
v1.2, 2024-01-01
:toc:
:source-language: ruby
// a comment

ifdef::x[]
Preamble
goes on.
endif::[]

[[jobs]]
== Jobs ==

include::other.adoc[]

////
not
== shown
////

Setext
------

'''
=== Deep
'''
";
    insta::assert_snapshot!(shown(text), @r"
    heading The Guide
    boilerplate Ann Other <ann@example.org>⏎v1.2, 2024-01-01
    boilerplate :toc:
    boilerplate :source-language: ruby
    boilerplate // a comment
    boilerplate ifdef::x[]
    paragraph Preamble⏎goes on.
    boilerplate endif::[]
    boilerplate [[jobs]]
    heading Jobs
    boilerplate include::other.adoc[]
    boilerplate ////⏎not⏎== shown⏎////
    heading Setext
    boilerplate '''
    heading Deep
    boilerplate '''
    ");
    let (_, header) = parse(text, &front_matter::read(text));
    assert_eq!(header["source-language"], "ruby");
}

#[test]
fn lists_nest_and_go_on() {
    let text = "* one
goes on
** two
+
----
code
----
* [x] three

. first
+
Attached.

. second
.. inner

+
Of the second.

- `--all`: everything

<1> callout
";
    insta::assert_snapshot!(shown(text), @r"
    list * one⏎goes on⏎** two⏎+⏎----⏎code⏎----⏎* [x] three⏎⏎. first⏎+⏎Attached.⏎⏎. second⏎.. inner⏎⏎+⏎Of the second.⏎⏎- `--all`: everything⏎⏎<1> callout
      list_item one⏎goes on⏎** two⏎+⏎----⏎code⏎----
        paragraph one⏎goes on
        list ** two⏎+⏎----⏎code⏎----
          list_item two⏎+⏎----⏎code⏎----
            paragraph two
            code code
      list_item three⏎⏎. first⏎+⏎Attached.⏎⏎. second⏎.. inner⏎⏎+⏎Of the second.⏎⏎- `--all`: everything⏎⏎<1> callout
        paragraph three
        list . first⏎+⏎Attached.⏎⏎. second⏎.. inner⏎⏎+⏎Of the second.⏎⏎- `--all`: everything⏎⏎<1> callout
          list_item first⏎+⏎Attached.
            paragraph first
            paragraph Attached.
          list_item second⏎.. inner⏎⏎+⏎Of the second.⏎⏎- `--all`: everything⏎⏎<1> callout
            paragraph second
            list .. inner
              list_item inner
                paragraph inner
            paragraph Of the second.
            list - `--all`: everything⏎⏎<1> callout
              list_item `--all`: everything⏎⏎<1> callout
                option --all
                  paragraph everything
                  list <1> callout
                    list_item callout
                      paragraph callout
    ");
}

#[test]
fn terms_stack_and_hold_what_follows() {
    let text = "== OPTIONS

-n::
--dry-run::
\tDo nothing,
\tsay it.
+
More.

Node:: A computer.

  literal text

ifdef::x[]
`<file>`::

Several words.
endif::x[]

Not in the list.
";
    insta::assert_snapshot!(shown(text), @r"
    heading OPTIONS
    option -n::⏎--dry-run
      paragraph Do nothing,⏎	say it.
      paragraph More.
    option Node
      paragraph A computer.
      code   literal text
    boilerplate ifdef::x[]
    option <file>
      paragraph Several words.
    boilerplate endif::x[]
    paragraph Not in the list.
    ");
}

#[test]
fn delimited_blocks() {
    let text = ".A title
[source,sh]
----
# no heading
* no list
----

....
literal
....

```Rust
fn
```

[NOTE]
.Mind
====
Inside.

* a
====

WARNING: Hot
water.

[TIP]
One paragraph.

****
Aside.
****

[quote, A. Author]
____
Said.
____

[verse]
A poem
  is this

====
Example.
====

 indented

++++
<b>
++++

--
Open.
--

----
never closed
";
    insta::assert_snapshot!(shown(text), @r"
    caption A title
    code # no heading⏎* no list
    code literal
    code fn
    admonition Mind
      paragraph Inside.
      list * a
        list_item a
          paragraph a
    admonition WARNING
      paragraph Hot⏎water.
    admonition One paragraph.
      paragraph One paragraph.
    admonition Aside.
      paragraph Aside.
    quote Said.
      paragraph Said.
    quote A poem⏎  is this
      paragraph A poem⏎  is this
    paragraph Example.
    code  indented
    boilerplate ++++⏎<b>⏎++++
    paragraph Open.
    boilerplate ----
    paragraph never closed
    ");
}

#[test]
fn tables_deal_cells_out() {
    let text = ".Limits
[cols=\"1,2a\"]
|===
|Key |Value

|a
|b \\| c
goes on
2+|wide
.2+|tall |x
|y
|===

[%header,format=csv]
|===
k,v
1,\"2,3\"
|===
";
    insta::assert_snapshot!(shown(text), @r#"
    table Limits
      row <Key> <Value>
      row <a> <b \| c
    goes on>
      row <wide> <>
      row <tall> <x>
      row <> <y>
    table [%header,format=csv]⏎|===⏎k,v⏎1,"2,3"⏎|===
      row <k> <v>
      row <1> <2,3>
    "#);
}

#[test]
fn pictures_say_what_they_show() {
    assert_eq!(
        shown("image::a.png[How a job starts,300]\n\nimage::b.png[logo]\n"),
        "caption How a job starts\nboilerplate image::b.png[logo]"
    );
}

#[test]
fn code_after_a_list_is_its_own() {
    let text = "* a\n\n[source,sh]\n----\nls\n----\n";
    let code = blocks(text)
        .into_iter()
        .find(|block| matches!(block.kind, BlockKind::Code { .. }))
        .unwrap();
    assert_eq!(code.body.unwrap().slice(text), Some("ls"));
    assert_eq!(code.span.slice(text), Some("[source,sh]\n----\nls\n----"));
}
