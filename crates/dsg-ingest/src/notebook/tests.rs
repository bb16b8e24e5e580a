use dsg_core::BlockKind;
use serde_json::json;

use super::*;

fn notebook(cells: &serde_json::Value) -> Parsed {
    let source = json!({
        "nbformat": 4, "nbformat_minor": 5, "cells": cells,
        "metadata": { "kernelspec": { "name": "python3", "display_name": "Python 3" } },
    });
    parse(&source.to_string(), "a.ipynb").unwrap()
}

#[test]
fn cells_become_markdown_and_fences() {
    let parsed = notebook(&json!([
        { "cell_type": "markdown", "source": ["# Quotas\n", "\n", "Check *first*.\n", "- a\n", "- b"] },
        { "cell_type": "code", "source": "quota()", "outputs": [
            { "output_type": "stream", "name": "stdout", "text": ["10 %\r20 %\n", "\u{1b}[31mdone\u{1b}[0m\n"] },
            { "output_type": "execute_result", "data": { "text/plain": "42", "text/html": "<b>42</b>" } },
            { "output_type": "error", "ename": "E", "evalue": "x", "traceback": ["\u{1b}[0;31mE\u{1b}[0m", "x"] },
        ] },
        { "cell_type": "code", "source": "%%bash\nls", "outputs": [] },
        { "cell_type": "raw", "source": "\\newpage" },
    ]));
    insta::assert_snapshot!(parsed.text, @r"
    # Quotas

    Check *first*.
    - a
    - b

    ```python
    quota()
    ```

    ```output
    20 %
    done
    ```

    ```output
    42
    ```

    ```output
    E
    x
    ```

    ```bash
    %%bash
    ls
    ```

    \newpage
    ");
    let kinds: Vec<_> = parsed
        .blocks
        .iter()
        .map(|block| block.kind.name())
        .collect();
    assert_eq!(
        kinds,
        [
            "heading",
            "paragraph",
            "list",
            "list_item",
            "paragraph",
            "list_item",
            "paragraph",
            "code",
            "code",
            "code",
            "code",
            "code",
            "boilerplate"
        ]
    );
    assert_eq!(parsed.metadata["kernel_language"], "python");
    assert_eq!(
        parsed.metadata["cells"][1],
        json!({ "cell": 1, "type": "code", "start": 34 })
    );
}

#[test]
fn pictures_and_data_are_counted_not_kept() {
    let data = "iVBORw0KGgo".repeat(9);
    let parsed = notebook(&json!([
        { "cell_type": "markdown", "source": format!("![a](data:image/png;base64,{data}) text"),
          "attachments": { "x.png": { "image/png": data } } },
        { "cell_type": "code", "source": "plot()", "outputs": [
            { "output_type": "display_data", "data": { "image/png": data, "text/plain": "<Figure 1>" } },
            { "output_type": "display_data", "data": { "text/html": "<div>", "text/plain": "<IPython.HTML>" } },
            { "output_type": "display_data", "data": { "application/vnd.jupyter.widget-view+json": {}, "text/plain": "x()" } },
            { "output_type": "stream", "text": "line\n".repeat(5000) },
        ] },
    ]));
    assert!(!parsed.text.contains("iVBOR"), "{}", parsed.text);
    assert!(parsed.text.len() < 5000, "{}", parsed.text.len());
    assert_eq!(
        parsed.metadata["left_out"],
        json!({
            "attachment": 1, "end of a long output": 1, "html output": 1, "image output": 1, "inline data": 1,
        })
    );
}

#[test]
fn version_3_reads_too() {
    let source = json!({
        "nbformat": 3, "metadata": { "name": "x" },
        "worksheets": [{ "cells": [
            { "cell_type": "heading", "level": 2, "source": "Jobs" },
            { "cell_type": "code", "language": "python", "input": ["run()"], "outputs": [
                { "output_type": "pyout", "text": ["7"], "metadata": {} },
                { "output_type": "display_data", "png": "iVBOR", "text": ["<Figure>"] },
            ] },
        ] }],
    });
    let parsed = parse(&source.to_string(), "a.ipynb").unwrap();
    assert_eq!(
        parsed.text,
        "## Jobs\n\n```python\nrun()\n```\n\n```output\n7\n```\n"
    );
    assert_eq!(parsed.blocks[0].kind, BlockKind::Heading { level: 2 });
    assert_eq!(parsed.metadata["left_out"], json!({ "image output": 1 }));
}

#[test]
fn an_open_fence_stays_in_its_cell() {
    let parsed = notebook(&json!([
        { "cell_type": "markdown", "source": "```\nopen" },
        { "cell_type": "markdown", "source": "# Next" },
    ]));
    let last = parsed.blocks.last().unwrap();
    assert_eq!(last.kind, BlockKind::Heading { level: 1 });
}

#[test]
fn what_is_no_notebook_says_where() {
    let error = parse("{\n  \"cells\": [,]\n}", "a.ipynb").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`a.ipynb`, line 2, column 13: expected value"
    );
    for broken in ["", "[]", "{\"nbformat\": 4", "{\"cells\": []}"] {
        assert!(parse(broken, "a.ipynb").is_err(), "{broken}");
    }
    let deep = format!("{{\"nbformat\":4,\"x\":{}", "[".repeat(100_000));
    assert!(parse(&deep, "a.ipynb").is_err());
}
