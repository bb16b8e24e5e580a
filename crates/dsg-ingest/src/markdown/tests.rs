use dsg_core::BlockKind;

use super::*;
use crate::front_matter;

fn blocks(text: &str) -> Vec<Block> {
    parse(text, "a.md", &front_matter::read(text))
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

#[test]
fn mdx_keeps_the_words_in_components() {
    let text = "import Tabs from '@theme/Tabs';
import {
  A,
} from \"./a\";
export const b = {
  c: [1],

};

# Jobs

<Tabs
  values={[{ x: '>' }]}
>
    <TabItem value=\"a\" label=\"Bash\">
    Run **it**:

    ```sh
    ls
    ```
    </TabItem>
</Tabs>

{/* a
   comment */}

<Note>Short.</Note>

<Card title=\"x\" />

{props.children} is text.

<Callout type=\"Warning\" title=\"Hot\">
Careful.
</Callout>
";
    let blocks = parse(text, "a.mdx", &front_matter::read(text));
    let shown: Vec<_> = blocks
        .iter()
        .map(|block| {
            let shown = block.label.unwrap_or(block.span).slice(text).unwrap();
            let first = shown.lines().next().unwrap_or_default().trim();
            format!("{} {first}", block.kind.name())
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    boilerplate import Tabs from '@theme/Tabs';
    boilerplate import {
    boilerplate export const b = {
    heading Jobs
    boilerplate <Tabs
    admonition Bash
    paragraph Run **it**:
    code ```sh
    boilerplate </Tabs>
    boilerplate {/* a
    paragraph <Note>Short.</Note>
    boilerplate <Card title="x" />
    paragraph {props.children} is text.
    admonition Hot
    paragraph Careful.
    "#);
}

#[test]
fn shortcodes_hold_code_captions_and_notes() {
    let text = "{{< highlight go >}}\n# no heading\n{{< /highlight >}}\n\n{{< figure\n  src=\"a\"\n>}}\n\n\
                {{< figure src=\"a\" caption=\"What it shows\" >}}\n\n{% highlight sh %}\nls\n{% endhighlight %}\n\n\
                {{< note >}}\nCareful\n{{< /note >}}\n";
    assert_eq!(
        shown(text),
        [
            "code",
            "boilerplate",
            "caption What it shows",
            "code",
            "admonition",
            "paragraph"
        ]
    );
    assert_eq!(
        blocks(text)[0].body.unwrap().slice(text),
        Some("# no heading")
    );
}

#[test]
fn fences_of_colons_nest() {
    assert_eq!(
        shown("::: {.tip}\na\n:::note\nb\n:::\nc\n:::\n"),
        [
            "admonition",
            "paragraph",
            "admonition",
            "paragraph",
            "paragraph"
        ]
    );
}

#[test]
fn pictures_with_words_are_captions() {
    assert_eq!(
        shown("![How a job starts](a.png)\n\n![logo](b.png)\n\n![a b](c) says\n"),
        ["caption How a job starts", "boilerplate", "paragraph"]
    );
}

#[test]
fn a_list_ends_before_what_was_held_out_below_it() {
    let text = "1. a\n    * b\n\n[TOC]\n\n## T\n";
    let blocks = blocks(text);
    let toc = blocks
        .iter()
        .find(|block| block.kind == BlockKind::Boilerplate)
        .unwrap();
    assert_eq!(toc.span.slice(text), Some("[TOC]"));
    assert_eq!(blocks[0].span.slice(text), Some("1. a\n    * b"));
}
