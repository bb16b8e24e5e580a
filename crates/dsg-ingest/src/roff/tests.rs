use super::*;

fn text(source: &str) -> String {
    parse(source, "man/tool.1").text
}

#[test]
fn tags_that_share_a_meaning_share_an_entry() {
    let source = ".SH OPTIONS\n.TP\n.B \\-a\n.TQ\n.B \\-\\-all\nAll.\n.IP \\fB\\-x\\fR\n.PD 0\n.IP \\fB\\-y\\fR\n.PD\nBoth.\n";
    assert_eq!(
        text(source),
        "## OPTIONS\n\n`-a, --all`: All.\n\n`-x, -y`: Both.\n"
    );
}

#[test]
fn font_macros_alternate() {
    assert_eq!(
        text(".SH X\nSee\n.BR tool (1)\nand\n.IR file .\n"),
        "## X\n\nSee `tool(1)` and file.\n"
    );
}

#[test]
fn hand_made_lists_and_notes_are_seen() {
    let source = ".SH X\nOrder:\n.br\n1. one\n.br\n2. two\n.br\n\\fBWARNING\\fR: hot\n";
    assert_eq!(
        text(source),
        "## X\n\nOrder:\n\n1. one\n2. two\n\n**WARNING**: hot\n"
    );
}

#[test]
fn a_lead_in_tag_is_a_paragraph() {
    let source = ".SH EXAMPLES\n.TP\nPrint all the jobs:\n.IP\n.nf\n$ tool\n.fi\n";
    assert_eq!(
        text(source),
        "## EXAMPLES\n\nPrint all the jobs:\n\n```\n$ tool\n```\n"
    );
}

#[test]
fn conditions_definitions_and_comments() {
    let source = ".\\\" comment\n.de Xx\nhidden\n..\n.ie n \\{\\\n.ds PR tool\n.\\}\n.el \\{\\\n.ds PR other\nhidden\n.\\}\n.if t hidden\n.SH X\nThe \\*(PR.\n";
    assert_eq!(text(source), "## X\n\nThe tool.\n");
}

#[test]
fn tables_and_links() {
    let source = ".SH X\n.TS\ntab(@);\nl l.\nKey@Val\n_\na@T{\nlong\ntext\nT}\n.TE\n.UR https://e.org\nsite\n.UE .\n";
    assert_eq!(
        text(source),
        "## X\n\n| Key | Val |\n| --- | --- |\n| a | long text |\n\nsite (https://e.org).\n"
    );
}

#[test]
fn an_include_is_recorded_and_never_read() {
    let parsed = parse(".so /etc/passwd\n", "a.1");
    assert_eq!(parsed.text, "");
    assert_eq!(parsed.metadata["includes"][0], "/etc/passwd");
}
