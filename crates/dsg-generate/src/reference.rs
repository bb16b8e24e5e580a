//! References that a reader of the answer alone cannot follow.

use std::borrow::Cow;

use crate::regexes::regex;

/// A sentence that needs the one before it: it begins with a pronoun or a connective.
pub(crate) fn leans_back(text: &str) -> bool {
    let text = text.trim_start_matches(['(', '"', '“', '*', '_', '-', ' ']);
    let strong = regex!(
        r"(?x)^(?:
            It|Its|They|Their|Them|These|Those|Such|He|She|His|Her
            |However|Also|Additionally|Moreover|Furthermore|Otherwise|Thus|Therefore|Hence|Consequently|Similarly|Likewise|Instead
            |Alternatively|Finally|Then|Next|Afterwards?|Afterward|Conversely|Nevertheless|Nonetheless|Meanwhile|Secondly|Thirdly|Lastly
            |But|And|Or|So|Yet|Both|Either|Neither|Another|Others?|Same|Again|Still|Besides|Here|There(?:fore|by)
            |Previously|Earlier|Now|In\ (?:addition|this|that|these|those|such|both|either|other|contrast|turn|particular)
            |As\ (?:above|before|mentioned|noted|described|shown|explained|stated|discussed|you\ can\ see|a\ result|such|well)
            |For\ (?:this|that|these|those|such|both|the\ same|other)
            |On\ the\ other\ hand|By\ contrast|At\ this|At\ that|After\ (?:this|that)|Before\ (?:this|that)|With\ (?:this|that|these|those)|From\ (?:this|there|here)|If\ (?:so|not|this|that|it|they|these|those)\b|When\ (?:this|it|they|that)|Once\ (?:this|it|that|done)|To\ (?:do\ so|do\ this|this\ end)|Because\ of\ (?:this|that)|Due\ to\ (?:this|that|these)|Since\ (?:this|it)|While\ (?:this|it)|Using\ (?:this|these)|Like\ this|Of\ (?:these|those)|All\ (?:of\ )?(?:these|those|this)|Some\ of\ (?:these|those)|Each\ of\ (?:these|those)|Most\ of\ (?:these|those)|None\ of\ (?:these|those)|One\ of\ (?:these|those)|Unlike\ (?:this|that|these|those)
            |The\ (?:following|above|same|latter|former|other|rest|next|previous|preceding|second|third|aforementioned|resulting|two|three|four|five|six|seven|eight|nine|ten)
            |This|That
        )\b"
    );
    strong.is_match(text)
}

/// A sentence that only sends the reader elsewhere.
pub(crate) fn is_pointer(text: &str) -> bool {
    // “See what would be copied:” looks at a result, not at another page.
    if regex!(r"(?i)^(?:see (?:what|how|which|whether|if)\b|look at .*:$)").is_match(text.trim()) {
        return false;
    }
    regex!(
        r"(?xi)^(?:
            (?:please\s+)?(?:also\s+)?(?:see|refer\ to|consult|read\ more|check\ out|visit|have\ a\ look|take\ a\ look|look\ at|look\ for|browse)\b
            |(?:for|more|further|additional|detailed)\b[^.]{0,70}?\b(?:information|details?|instructions|documentation|examples?|explanation|discussion|description|reading|help|guidance|options)\b[^.]{0,90}?\b(?:see|refer|consult|read|check|visit|can\ be\ found|is\ available|are\ available|available|found|look|contact|here)\b
            |to\ (?:learn|read|know|find\ out)\ more\b|learn\ more\b
            |for\ (?:more|further)\ (?:details?|information|instructions|reading|examples?)\b
            |(?:here|below)\ (?:are|is|you\ (?:can\ )?find)\b[^.]{0,60}\b(?:links?|references?|examples?|pages?|guides?|instructions|tutorials?|overview)\b
            |(?:you\ (?:might|may)\ (?:also\ )?(?:want|wish|like)\ to\ (?:check|read|see|look|visit))\b
            |(?:we|let'?s|let\ us)\ (?:will\ )?(?:now\ )?(?:go\ through|walk|look\ at|discuss|cover|present|take\ a\ look|show\ (?:you\ )?how|explain|describe)\b
            |in\ (?:this|the\ following)\ (?:tutorial|guide|section|page|article|document|example|chapter|faq|tutorials|exercise|case\ we)\b
            |this\ (?:tutorial|guide|section|page|article|document|chapter|faq|manual\ page|man\ page)\b
            |(?:you\ can\ )?(?:find|get|read)\ (?:more|further|additional|detailed)
            |(?:more|further|additional)\ (?:information|details|instructions|on|about)\b
            |(?:a|the)\ (?:full|complete|detailed|more\ detailed)\ (?:list|description|explanation|documentation|instructions?|guide|tutorial)\b[^.]*\b(?:found|available|see|here)\b
            |note\ that\ (?:this|the)\ (?:page|guide|document|tutorial)
            |(?:figure|fig\.|screenshot|image)\b[^.]{0,120}\.?$
            |.{0,90}\bfollow\ (?:the|our|these|this)\b[^.]{0,60}\b(?:guide|tutorial|instructions?|documentation|link|page)s?\b
            |.{0,140}\b(?:see|check|read|consult|look\ at|refer\ to|visit)\ (?:out\ )?(?:the|our|a|an|also|these|this)\b[^.]{0,70}\b(?:tutorials?|guides?|pages?|documentation|introduction|instructions|manual|sections?|links?|websites?|articles?)\b
            |.{0,140}\b(?:take|have)\ a\ look\b
            |click\ here|follow\ (?:the|these)\ (?:link|instructions\ (?:here|in|on|at))
            |(?:if\ you\ (?:have|need|want|encounter)[^.]{0,60},\s*)(?:please\s+)?(?:see|read|contact|refer|check)\b
            |.{0,60}\b(?:see|read)\ (?:also|more|our|the)\b.{0,60}\b(?:page|pages|section|guide|documentation|manual|tutorial|instructions|here|chapter)\b[^.]{0,40}\.?$
            |.{0,120}\bsee\ (?:the\ )?(?:`[^`]+`|[A-Z][\w-]+)(?:\ \S+){0,5}\ (?:man\ page|section|page|documentation|guide)s?\b
            |(?:there\ are\ )?(?:more\ )?(?:instructions|details|examples)\b[^.]{0,80}\b(?:here|on\ (?:this|the)\ page|below|above)\b
        )"
    )
    .is_match(text.trim())
}

/// A sentence that refers to the page around it: another section, a figure, “above”, “below”.
pub(crate) fn points_around(text: &str) -> bool {
    let bare = regex!(r"`[^`]*`").replace_all(text, "x");
    regex!(
        r"(?xi)
        \b(?:above|below)\s*(?:[.,;:)]|$)
        |\b(?:the|as|see|see\ also|described|shown|mentioned|listed|given|noted|discussed|defined|explained|outlined|detailed|presented|provided|summarized|specified|tables?|examples?|options?|commands?|steps?|instructions?|scripts?|figures?|lists?|sections?|code|line|lines|output|links?|diagram|image|picture|screenshot|documents?|pages?|tutorials?)\s+(?:above|below|further\ down)\b
        |\b(?:above|below)[\s-]+(?:mentioned|described|listed|shown|table|example|command|list|figure|section|script|steps?|options?|instructions|is\ an?|are|shows?|you\ can|code|image|picture|output|format|diagram|case|settings?|requirements?)\b
        |\bin\ the\ (?:above|below)\b
        |\b(?:this|the\ (?:next|previous|following|preceding|last|first))\s+(?:page|sub-?section|section|document|guide|chapter|manual|tutorial|article|table|figure|paragraph|man\ page|article|slide|documentation|faq|instruction|screenshot|image|picture)\b
        |\b(?:this|the)\s+(?:figure|screenshot|picture|diagram|image)\s+(?:below|above|shows?|illustrates?)\b
        |\b(?:previous|next|following|preceding|earlier|later)\s+(?:sections?|pages?|chapters?|paragraphs?|tutorials?)\b
        |\bsection\s+(?:\d|on\ |titled|called|[\x22“])
        |\b(?:see|in)\ (?:figure|fig\.|table|appendix|section|chapter)\ \w+
        |\b(?:figure|fig\.|table)\ \d
        |\b(?:click|follow|check|see|find\ \w+|available|listed|found)\s+here\b
        |\b(?:this|these)\ links?\b
        |\bintroduced\ here\b|\bthis\ user\ guide\b
        |\bearlier\ (?:on\ )?in\ this\b
        |\b(?:these|the\ following)\ (?:instructions|examples|steps|commands|guides?)\ (?:show|describe|explain|provide|assume|demonstrate|illustrate|will)
        |\b(?:skip|go|jump|return|back|proceed|continue)\ to\ step\b
        |\b(?:in|from|at|since|during|after)\ steps?\ \d
        |\bsteps\ (?:from\ )?\d+\ (?:to|and|–|-)\ \d+\b
        |\bas\ (?:described|explained|documented|instructed|outlined)\ (?:in|on|at|under|by)\b
        |\bas\ follows\s*\.?$
        |\bfollowing\ (?:is|are)\b
        |\b(?:described|explained|listed|documented|covered|detailed|discussed|shown|found)\s+(?:in|on|at|under)\s+(?:the\s+|our\s+|a\s+)?[^.,;]{1,50}\b(?:page|pages|section|chapter|guide|tutorial|article|instructions)\b
        |\b(?:shown|seen?|visible|depicted|displayed)\ (?:in|on)\ (?:the\ )?(?:image|figure|picture|screenshot|diagram)s?\b
        |\bon\ (?:the\ )?(?:left|right)(?:-hand)?(?:\ side)?\ (?:of\ (?:this|the)\ page|menu|panel)\b
        "
    )
    .is_match(&bare)
}

/// Without asides in brackets that only refer: `(see below)`, `(cf. the guide)`.
pub(crate) fn asides_removed(text: &str) -> Cow<'_, str> {
    if !text.contains('(') {
        return Cow::Borrowed(text);
    }
    regex!(
        r"(?i)\s*\((?:please )?(?:see|cf\.?|refer to|described|more|details|for details|for more|as described|as shown|as in|above|below|instructions?|link|read more|documentation|e\.g\. see)\b[^()]*(?:\([^()]*\)[^()]*)*\)"
    )
    .replace_all(text, "")
}

/// Whether an answer that begins so can stand alone.
pub(crate) fn may_open_an_answer(text: &str) -> bool {
    let Some(first) = text.trim_start().chars().next() else {
        return false;
    };
    !leans_back(text)
        && !is_pointer(text)
        && (first.is_alphanumeric() || "`\"“(<-/$%~[".contains(first))
        && !regex!(r"^(?:\S+ ){1,3}this [a-z]+ (?:is|are|can|has|have|will|does|was)\b").is_match(text)
        && !regex!(r"(?i)^(?:`?https?://|then\b|after that\b|the (?:example|examples|command|output|script|table|figure|result)s? (?:shows?|above|below|will|is|are)\b|example:|e\.g\.|i\.e\.|where\b|which\b|who\b|whose\b|and\b|or\b|but\b|to \w+:?$)").is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pronouns_and_connectives_lean_back() {
        for text in [
            "This option is old.",
            "It waits.",
            "However, no.",
            "In this case stop.",
            "The following is",
        ] {
            assert!(leans_back(text), "{text}");
        }
        for text in [
            "The job waits.",
            "There are two nodes.",
            "Items are listed.",
            "If set, wait.",
            "Thisbe runs",
        ] {
            assert!(!leans_back(text), "{text}");
        }
    }

    #[test]
    fn pointers_lead_elsewhere() {
        for text in [
            "See the srun page.",
            "For more information, see the slurm.conf man page.",
            "More details can be found in the guide.",
            "Please see our policy.",
        ] {
            assert!(is_pointer(text), "{text}");
        }
        assert!(!is_pointer("Seeds are integers."));
        assert!(!is_pointer("For more than one node, use MPI."));
    }

    #[test]
    fn references_to_the_page_are_seen_but_quantities_are_not() {
        for text in [
            "As shown above, wait.",
            "Use the table below.",
            "described in this section",
            "See Figure 2",
        ] {
            assert!(points_around(text), "{text}");
        }
        for text in [
            "Load above 90 percent is bad.",
            "jobs below the limit run",
            "set below 1",
        ] {
            assert!(!points_around(text), "{text}");
        }
    }

    #[test]
    fn asides_go() {
        assert_eq!(
            asides_removed("Use it (see the guide) now (at once)."),
            "Use it now (at once)."
        );
    }
}
