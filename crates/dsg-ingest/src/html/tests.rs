use super::*;

fn text(source: &str) -> String {
    parse(source).text
}

#[test]
fn navigation_scripts_and_hidden_text_are_left_out() {
    let page = "<html><head><title>T | Site</title></head><body><nav>N</nav><div class=\"sidebar\">S</div>
        <main><h1>Jobs<a class=\"headerlink\" href=\"#j\">¶</a></h1><p>Shown<span style=\"display: none\">H</span></p>
        <script>x()</script></main><footer>F</footer></body></html>";
    assert_eq!(text(page), "# Jobs\n\nShown\n");
    assert_eq!(parse(page).title.as_deref(), Some("T | Site"));
    let left_out = &parse(page).metadata["left_out"];
    assert_eq!(
        *left_out,
        serde_json::json!({"footer": 1, "hidden": 1, "navigation": 3})
    );
}

#[test]
fn inline_marks_read_well() {
    assert_eq!(
        text(
            "<p>Use <code>a -x</code>, <b>now</b> or <i> later </i>: <tt>&lt;n&gt;</tt> 2<sup>10</sup></p>"
        ),
        "Use `a -x`, **now** or *later* : `<n>` 2^10\n"
    );
    assert_eq!(
        text(
            "<p><a href=\"x.html\">in</a> <a href=\"https://e.org/a\">out</a> <a href=\"https://e.org\">e.org</a></p>"
        ),
        "in [out](https://e.org/a) e.org\n"
    );
}

#[test]
fn headings_over_a_table_of_contents_go_with_it() {
    let page = "<h1>FAQ</h1><h2>Users</h2><ul><li><a href=\"#a\">Why?</a></ul><h2>Users</h2><p>Because.</p>";
    assert_eq!(text(page), "# FAQ\n\n## Users\n\nBecause.\n");
}

#[test]
fn tables_of_one_column_lay_out_and_others_hold_data() {
    assert_eq!(text("<table><tr><td><p>a</p><tr><td>b</table>"), "a\n\nb\n");
    assert_eq!(
        text("<table><tr><td><b>K</b><td><b>V</b><tr><td>a<td></table>"),
        "| K | V |\n| --- | --- |\n| a | |\n"
    );
}

#[test]
fn preformatted_text_keeps_its_layout_and_gets_a_fence_that_holds() {
    assert_eq!(
        text("<pre>\na\n  b <i>c</i>\n</pre>"),
        "```\na\n  b c\n```\n"
    );
    assert_eq!(text("<pre>```\nx</pre>"), "````\n```\nx\n````\n");
}

#[test]
fn numbered_lists_number_and_nest() {
    assert_eq!(
        text("<ol start=3><li>a<ul><li>b</ul><li>c<p>d</ol>"),
        "3. a\n\n   - b\n\n4. c\n\n   d\n"
    );
}

#[test]
fn asides_of_the_text_stay_and_others_go() {
    let page = "<main><p>a</p><aside class=\"topic\"><p>b</p></aside><aside class=\"footnote\"><span>[1]</span><p>c</p></aside>
        <aside>d</aside></main>";
    assert_eq!(text(page), "a\n\nb\n\n[1]\n\nc\n");
}

#[test]
fn captions_of_figures_are_blocks() {
    let parsed = parse(
        "<figure><img src=\"a.png\"><figcaption><p>What it <b>shows</b></p></figcaption></figure>",
    );
    assert_eq!(parsed.text, "What it **shows**\n");
    assert_eq!(parsed.blocks[0].kind, dsg_core::BlockKind::Caption);
}

#[test]
fn links_to_other_pages_keep_their_place_but_leave_no_marks() {
    let parsed = parse(
        "<ul><li>See <a href=\"job_array.html#x\"><b>the</b> arrays</a>.<li><a href=\"#in\">in</a></ul>",
    );
    assert_eq!(parsed.text, "- See **the** arrays.\n");
    let link = &parsed.links[0];
    assert_eq!(link.span.slice(&parsed.text), Some("**the** arrays"));
    assert_eq!(link.target, "job_array.html#x");
}

#[test]
fn entities_are_characters_and_never_files() {
    let page =
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><p>&amp; &lt; &#233; &e;</p>";
    assert!(text(page).contains("& < é &e;"), "{}", text(page));
    assert!(!text(page).contains("root:"));
}
