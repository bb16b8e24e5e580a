use super::*;
use crate::front_matter;

fn shown(text: &str) -> Vec<String> {
    parse(text, &front_matter::read(text))
        .iter()
        .map(|block| {
            let mut line = block.kind.name().to_owned();
            if let BlockKind::Heading { level } = block.kind {
                line += &level.to_string();
            }
            if let Some(label) = block.label {
                line = format!("{line} [{}]", label.slice(text).unwrap());
            }
            for cell in &block.cells {
                line = format!("{line} <{}>", cell.slice(text).unwrap());
            }
            line
        })
        .collect()
}

#[test]
fn levels_follow_the_order_of_adornments() {
    let text = "=====\nTitle\n=====\n\nPart\n====\n\nSub\n---\n\nPart 2\n======\n";
    assert_eq!(
        shown(text),
        [
            "heading1 [Title]",
            "heading2 [Part]",
            "heading3 [Sub]",
            "heading2 [Part 2]"
        ]
    );
}

#[test]
fn directives_and_comments() {
    assert_eq!(shown(".. note::\n\n   Text\n"), ["admonition", "paragraph"]);
    assert_eq!(
        shown(".. admonition:: Mind this\n\n   Text\n"),
        ["admonition [Mind this]", "paragraph"]
    );
    assert_eq!(
        shown(".. envvar:: HOME\n\n   Where.\n"),
        ["definition [HOME]", "paragraph"]
    );
    assert_eq!(
        shown(".. option:: -x <n>\n\n   Sets x.\n"),
        ["option [-x <n>]", "paragraph"]
    );
    assert_eq!(
        shown(".. include:: /etc/passwd\n\n.. a comment\n   goes on\n\n.. _target:\n"),
        ["boilerplate"; 3]
    );
    assert_eq!(
        shown(".. tab:: One\n\n   Text\n"),
        ["admonition [One]", "paragraph"]
    );
}

#[test]
fn tables_have_cells() {
    let grid = "+-----+-----+\n| Key | Val |\n+=====+=====+\n| a   | one |\n+-----+-----+\n";
    assert_eq!(shown(grid), ["table", "row <Key> <Val>", "row <a> <one>"]);
    let simple = "=====  =====\nKey    Val\n=====  =====\na      one\n       more\nb      two\n=====  =====\n";
    assert_eq!(
        shown(simple),
        [
            "table",
            "row <Key> <Val>",
            "row <a> <one\n       more>",
            "row <b> <two>"
        ]
    );
    let tall = "+-----+-----+\n| Key | Val |\n+=====+=====+\n| a   | one |\n| bc  | two |\n+-----+-----+\n| d   | on  |\n|     | and |\n+-----+-----+\n";
    assert_eq!(
        shown(tall),
        ["table", "row <Key> <Val>", "row <> <>", "row <d> <>"],
        "a cell is one span: whole, or absent where another cell lies in between"
    );
    let csv = ".. csv-table:: Caption\n   :header: \"K\", \"V\"\n\n   \"a, b\", 1\n";
    assert_eq!(
        shown(csv),
        ["table [Caption]", "row <K> <V>", "row <a, b> <1>"]
    );
}

#[test]
fn lists_nest_by_indentation() {
    let text = "#. one\n\n   * deep\n   * deeper\n\n#. two\n\nAfter.\n";
    let kinds = shown(text);
    assert_eq!(kinds.iter().filter(|kind| *kind == "list").count(), 2);
    assert_eq!(kinds.iter().filter(|kind| *kind == "list_item").count(), 4);
    assert_eq!(kinds.last().unwrap(), "paragraph");
}

#[test]
fn roles_and_sentences_are_no_fields_or_lists() {
    assert_eq!(shown(":ref:`x` is a role.\n"), ["paragraph"]);
    assert_eq!(shown("A. Smith wrote this\nand went on.\n"), ["paragraph"]);
    assert_eq!(shown(":orphan:\n\nText\n"), ["boilerplate", "paragraph"]);
}

#[test]
fn a_heading_over_nothing_but_an_include_is_no_content() {
    let text = "Title\n=====\n\n.. comment\n\nText.\n\nErrors\n------\n.. include:: ./e.rst\n\nSee\n---\n\nMore.\n\nLast\n----\n\n.. include:: x\n";
    assert_eq!(
        shown(text),
        [
            "heading1 [Title]",
            "boilerplate",
            "paragraph",
            "boilerplate",
            "boilerplate",
            "heading2 [See]",
            "paragraph",
            "boilerplate",
            "boilerplate"
        ]
    );
}

#[test]
fn code_that_is_only_run_is_not_shown() {
    assert_eq!(
        shown(".. testcode::\n   :hide:\n\n   x = 1\n\n.. testcode::\n\n   y = 2\n"),
        ["boilerplate", "code"]
    );
}
