use dsg_core::BlockKind;

use super::*;
use crate::front_matter;

fn blocks(text: &str) -> Vec<Block> {
    parse(text, &front_matter::read(text))
}

fn shown(text: &str) -> Vec<String> {
    blocks(text)
        .iter()
        .map(|block| {
            let label = block.label.map_or("", |span| span.slice(text).unwrap());
            format!("{} {label}", block.kind.name())
                .trim_end()
                .to_owned()
        })
        .collect()
}

#[test]
fn heading_labels_have_no_marks_and_no_attributes() {
    let text = "## The `x` flag ## {#flag .wide}\n\nTitle\n---\n\n# A {: #b }\n";
    assert_eq!(
        shown(text),
        ["heading The `x` flag", "heading Title", "heading A"]
    );
}

#[test]
fn a_comment_inside_a_fence_is_no_heading() {
    let text = "```sh\n# no\n```\n\n~~~\n## no\n~~~\n\n- item\n\n  ```\n  # no\n  ```\n";
    assert!(
        blocks(text)
            .iter()
            .all(|block| !matches!(block.kind, BlockKind::Heading { .. }))
    );
}

#[test]
fn a_note_inside_a_list_item_belongs_to_it() {
    let text = "1. First\n\n    !!! warning\n        Hot.\n\n2. Second\n";
    let blocks = blocks(text);
    let item = blocks
        .iter()
        .find(|block| block.kind == BlockKind::ListItem)
        .unwrap();
    let note = blocks
        .iter()
        .find(|block| matches!(block.kind, BlockKind::Admonition { .. }))
        .unwrap();
    assert!(item.span.contains(note.span));
    assert_eq!(note.body.unwrap().slice(text), Some("Hot."));
    let lists = blocks
        .iter()
        .filter(|block| matches!(block.kind, BlockKind::List { .. }))
        .count();
    assert_eq!(lists, 1);
}

#[test]
fn dialects_of_notes() {
    assert_eq!(
        shown(":::tip Try it\nText\n:::\n"),
        ["admonition Try it", "paragraph"]
    );
    assert_eq!(shown("```{note}\nText\n```\n"), ["admonition", "paragraph"]);
    assert_eq!(
        shown("> [!IMPORTANT]\n> Text\n"),
        ["admonition IMPORTANT", "paragraph"]
    );
    assert_eq!(
        shown("{{% alert title=\"Careful\" color=\"warning\" %}}\nText\n{{% /alert %}}\n"),
        ["admonition Careful", "paragraph"]
    );
    assert_eq!(shown(":::note\nnever closed\n"), ["paragraph"]);
    assert_eq!(shown("!!! not a note, just shouting\n    x\n").len(), 1);
}

#[test]
fn what_is_no_content_is_boilerplate() {
    let text = "---\ntitle: T\n---\n<!-- c -->\n\n--8<-- \"x.md\"\n\n{{< figure src=\"a\" >}}\n\n![logo](a.png)\n\n[](){#anchor}\n";
    assert!(
        blocks(text)
            .iter()
            .all(|block| block.kind == BlockKind::Boilerplate)
    );
    assert_eq!(blocks(text).len(), 6);
}

#[test]
fn empty_cells_keep_their_column() {
    let text = "| a | b | c |\n|---|---|---|\n| 1 |   | 3 |\n";
    let rows = blocks(text);
    let cells: Vec<_> = rows
        .last()
        .unwrap()
        .cells
        .iter()
        .map(|cell| cell.slice(text).unwrap())
        .collect();
    assert_eq!(cells, ["1", "", "3"]);
}

#[test]
fn fence_info_gives_the_language() {
    for (info, language) in [
        ("bash", Some("bash")),
        ("{.Python .no-copy}", Some("python")),
        ("yaml title=\"x\"", Some("yaml")),
        ("title=x", None),
        ("", None),
    ] {
        let text = format!("```{info}\nx\n```\n");
        let kind = BlockKind::Code {
            language: language.map(str::to_owned),
        };
        assert_eq!(blocks(&text)[0].kind, kind, "{info}");
    }
}

#[test]
fn a_definition_holds_what_is_nested_in_its_item() {
    let text = "- **Quota**:\n    - soft\n    - hard\n- **Bold** words go on\n";
    let blocks = blocks(text);
    let definition = blocks
        .iter()
        .find(|block| block.kind == BlockKind::Definition)
        .unwrap();
    assert_eq!(definition.label.unwrap().slice(text), Some("Quota"));
    assert_eq!(
        definition.body.unwrap().slice(text),
        Some("- soft\n    - hard")
    );
    assert_eq!(
        blocks
            .iter()
            .filter(|block| block.kind == BlockKind::Definition)
            .count(),
        1
    );
}
