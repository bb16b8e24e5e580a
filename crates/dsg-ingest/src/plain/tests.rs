use super::*;

fn shown(text: &str) -> Vec<String> {
    parse(text)
        .iter()
        .map(|block| match block.label {
            Some(label) => format!("{} [{}]", block.kind.name(), label.slice(text).unwrap()),
            None => block.kind.name().to_owned(),
        })
        .collect()
}

#[test]
fn titles_underlined_or_in_capitals() {
    let text = "Guide\n=====\n\nText here.\n\nFIRST STEPS\n\nMore text.\n\nPart\n----\nEnd.\n";
    assert_eq!(
        shown(text),
        [
            "heading [Guide]",
            "paragraph",
            "heading [FIRST STEPS]",
            "paragraph",
            "heading [Part]",
            "paragraph"
        ]
    );
}

#[test]
fn questions_and_answers() {
    let text = "Q: Is it free?\nA: Yes.\n\nQ: Is it\n   good?\nA: It is,\n   very.\n";
    assert_eq!(
        shown(text),
        [
            "definition [Is it free?]",
            "paragraph",
            "definition [Is it\n   good?]",
            "paragraph"
        ]
    );
}

#[test]
fn indented_commands_are_code_and_indented_words_are_text() {
    assert_eq!(
        shown("Run:\n\n    $ make\n    $ make install\n"),
        ["paragraph", "code"]
    );
    assert_eq!(
        shown("Then:\n\n  these are plain words in a row\n"),
        ["paragraph", "paragraph"]
    );
}

#[test]
fn lists_of_both_kinds() {
    let text = "- one\n  goes on\n- two\n\n1. first\n2. second\n";
    let kinds = shown(text);
    assert_eq!(kinds.iter().filter(|kind| *kind == "list").count(), 2);
    assert_eq!(kinds.iter().filter(|kind| *kind == "list_item").count(), 4);
}
