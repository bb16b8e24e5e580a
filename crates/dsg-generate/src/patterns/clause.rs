//! Sentences that carry their own question: “To do X, …”, “You can do X with …”; with the code they introduce.

use dsg_core::{BlockKind, QuestionType, Span};

use crate::answer::Answer;
use crate::draft::{Draft, Scope, names_the_known};
use crate::outline::Node;
use crate::person::first_person;
use crate::phrase::task;
use crate::reference::{asides_removed, is_pointer, leans_back, points_around};
use crate::regexes::regex;
use crate::render::{Rendered, block};
use crate::sentence::{Piece, sentences};
use crate::verbs;
use crate::wording::Wording;

/// Longest explanation that may follow a command.
const MAX_EXPLANATION: usize = 420;
/// Longest answer made of sentences.
const MAX_SENTENCES: usize = 700;

const TASK_CODE: Wording = Wording {
    name: "task/code",
    version: 1,
    texts: &[
        "How do I {task}?",
        "How can I {task}?",
        "What is the command to {task}?",
        "Which command do I use to {task}?",
    ],
};
const TASK_TEXT: Wording = Wording {
    name: "task/text",
    version: 2,
    texts: &["How do I {task}?", "How can I {task}?"],
};
const TASK_NEEDS: Wording = Wording {
    name: "task/needs",
    version: 1,
    texts: &[
        "What do I need to be able to {task}?",
        "What is required to {task}?",
    ],
};
const SETTING: Wording = Wording {
    name: "setting/value",
    version: 1,
    texts: &[
        "What is {name} {done}{where}?",
        "What will {name} be {done}{where}?",
    ],
};
pub(crate) fn write(scope: &Scope<'_, '_>, drafts: &mut Vec<Draft>) {
    siblings(scope, &scope.section.nodes, drafts);
}

fn siblings(scope: &Scope<'_, '_>, nodes: &[Node<'_>], drafts: &mut Vec<Draft>) {
    for (position, node) in nodes.iter().enumerate() {
        match node.kind() {
            BlockKind::Paragraph => {
                let following = nodes.get(position + 1..).unwrap_or_default();
                paragraph(scope, node.body(), following, drafts);
            }
            // What a tab says holds for its label only.
            BlockKind::Admonition { class } if class == "tab" => {}
            BlockKind::List { ordered: false } | BlockKind::Admonition { .. } => {
                siblings(scope, &node.children, drafts);
            }
            BlockKind::ListItem => {
                if node
                    .children
                    .iter()
                    .any(|child| matches!(child.kind(), BlockKind::Paragraph))
                {
                    siblings(scope, &node.children, drafts);
                } else if node.children.is_empty() {
                    paragraph(scope, node.body(), &[], drafts);
                }
            }
            _ => {}
        }
    }
}

fn paragraph(scope: &Scope<'_, '_>, span: Span, following: &[Node<'_>], drafts: &mut Vec<Draft>) {
    let pieces: Vec<Piece> = sentences(scope.chunk, span)
        .into_iter()
        .map(|piece| Piece {
            text: asides_removed(&piece.text).into_owned(),
            ..piece
        })
        .collect();
    for (position, piece) in pieces.iter().enumerate() {
        let last = position + 1 == pieces.len();
        if piece.text.ends_with(':') {
            if last {
                drafts.extend(introduced(scope, &pieces, piece, following));
            }
            continue;
        }
        if is_pointer(&piece.text)
            || points_around(&piece.text)
            || piece.points_by_link
            || leans_back(&piece.text)
        {
            continue;
        }
        let rest = pieces.get(position + 1..).unwrap_or_default();
        // A purpose further down leans on what was said before it, unless it names its means itself. A list or code
        // behind it says how, and so does a paragraph that goes on.
        let placed = position == 0 || piece.text.contains('`');
        let purposeful = if placed && !is_continued(scope, following) {
            purpose(scope, piece, rest)
        } else {
            None
        };
        drafts.extend(purposeful.or_else(|| setting(scope, piece)));
    }
}

/// Whether what stands behind a paragraph or block goes on with what to do.
fn is_continued(scope: &Scope<'_, '_>, following: &[Node<'_>]) -> bool {
    let Some(next) = following.first() else {
        return false;
    };
    match next.kind() {
        BlockKind::List { .. } | BlockKind::Code { .. } => true,
        BlockKind::Paragraph => scope.chunk.slice(next.body()).is_some_and(|text| {
            text.trim_end().ends_with(':')
                || regex!(r"(?i)^\W*(?:and|or|then|after|afterwards|next|now|finally|once|for example|you can then|when (?:this|that|it))\b")
                    .is_match(text)
        }),
        _ => false,
    }
}

/// A lead-in with the code (or numbered steps) that it announces, and the paragraph that explains them.
fn introduced(
    scope: &Scope<'_, '_>,
    pieces: &[Piece],
    lead_in: &Piece,
    following: &[Node<'_>],
) -> Option<Draft> {
    let content = following.first()?;
    let steps = matches!(content.kind(), BlockKind::List { ordered: true });
    if !steps && !matches!(content.kind(), BlockKind::Code { .. }) {
        return None;
    }
    let rendered = block(scope.chunk, content)?;
    // `--bind=/data` alone is no command, and “the following `remote_command`” names a setting of the page's.
    if rendered.is_code()
        && (regex!(r"^```\w*\n\s*(?:-|\w[\w.-]*/\d)").is_match(&rendered.text)
            || regex!(r"(?i)\bfollowing `").is_match(&lead_in.text))
    {
        return None;
    }
    if rendered.is_code()
        && (looks_like_output(&rendered.text, &lead_in.text)
            || super::howto::uses_undefined(&rendered.text))
    {
        return None;
    }
    let asked = task_of_lead_in(&lead_in.text)?;
    if only_first_step(&lead_in.text) || is_one_of_several(&lead_in.text) {
        return None;
    }
    // “and”, and another command: this one is half of it.
    let halved = following.get(1).is_some_and(|next| {
        matches!(next.kind(), BlockKind::Paragraph)
            && scope.chunk.slice(next.body()).is_some_and(|text| {
                regex!(r"^\W*(?:and|And|then|Then|After (?:this|that)|Next|Now|Finally)\b")
                    .is_match(text)
            })
    });
    if halved && !steps {
        return None;
    }
    let mut answer = Answer::default();
    let alone = self_contained_lead_in(lead_in) || pieces.len() > 1 && !leans_back(&lead_in.text);
    if alone {
        answer = answer.quote(&lead_in.text, lead_in.span).words("\n\n");
    }
    let explanation = if steps {
        None
    } else {
        explanation(scope, following.get(1..).unwrap_or_default())
    };
    let blocks: Vec<Rendered> = std::iter::once(rendered).chain(explanation).collect();
    // A command whose announcement needs the page needs it too.
    if answer.text().is_empty() {
        if !steps {
            return None;
        }
        answer = answer.words("Follow these steps:\n\n");
    }
    let answer = answer.blocks(&blocks);
    let wording = if regex!(r"(?i)\byou (?:will )?(?:need|must have|require)(?: the following)?:$")
        .is_match(&lead_in.text)
    {
        &TASK_NEEDS
    } else if steps || !is_one_command(&blocks) {
        &TASK_TEXT
    } else {
        &TASK_CODE
    };
    task_draft(scope, wording, &asked, answer)
}

/// “Then you can start it with:” tells a step that needs those before it; “You should see:” what comes of one.
fn is_one_of_several(lead_in: &str) -> bool {
    regex!(r"(?i)^(?:first|then|next|now|finally|after (?:that|this)|second|lastly|afterwards|to begin with|and|so)\b|\b(?:you|one) (?:can |may |should |must )?(?:then|now|also)\b|\bone then\b|\byou (?:should|will|may) see\b")
        .is_match(lead_in)
}

/// “To expand the volume, detach it with the command:” shows how to detach.
fn only_first_step(lead_in: &str) -> bool {
    let lead_in = regex!(r"(?i)^(?:for example|for instance|e\.g\.),?\s+").replace(lead_in, "");
    let Some((_, main)) = lead_in
        .split_once(", ")
        .filter(|_| regex!(r"(?i)^(?:in order )?to\b").is_match(&lead_in))
    else {
        return false;
    };
    let main = regex!(r"(?i)^(?:(?:you|we|one|users|it) (?:\w+ )?(?:can|could|may|should|must|need to|needs to|have to|has to|will)|please|simply|just|then|now)\s+").replace(main, "");
    let first = main
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let says_how = matches!(
        first.as_str(),
        "run"
            | "use"
            | "type"
            | "give"
            | "execute"
            | "enter"
            | "issue"
            | "add"
            | "set"
            | "load"
            | "call"
            | "define"
            | "include"
            | "put"
            | "write"
            | "submit"
            | "specify"
            | "do"
            | "follow"
            | "open"
            | "launch"
            | "try"
            | "start"
            | "insert"
            | "apply"
            | "command"
            | "the"
            | "initialize"
            | "activate"
            | "first"
            | "copy"
            | "edit"
            | "change"
            | "make"
    );
    let says_first = regex!(r"(?i)\bfirst\b").is_match(&main);
    verbs::base(&first).is_some() && !says_how || says_first
}

fn self_contained_lead_in(lead_in: &Piece) -> bool {
    !leans_back(&lead_in.text) && !points_around(&lead_in.text)
}

fn is_one_command(blocks: &[Rendered]) -> bool {
    let is_call = blocks
        .first()
        .and_then(|code| code.text.lines().nth(1))
        .is_some_and(|line| {
            regex!(r"^(?:[$#>%] )?[a-z][\w.-]*(?:\s|$)").is_match(line.trim_start())
        });
    is_call
        && blocks.first().is_some_and(|code| {
            code.text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .count()
                == 3
        })
}

/// “This loads …”, “where `x` is …”: the paragraph after the code that says what it does.
fn explanation(scope: &Scope<'_, '_>, following: &[Node<'_>]) -> Option<Rendered> {
    let node = following.first()?;
    let introduces = following
        .get(1)
        .is_some_and(|next| matches!(next.kind(), BlockKind::Code { .. }));
    if !matches!(node.kind(), BlockKind::Paragraph) || introduces {
        return None;
    }
    let rendered = block(scope.chunk, node)?;
    let explains = regex!(r"(?i)^(?:this|the (?:command|script|option|flag|first|second|output|above)|where\b|here\b|replace|in (?:this|the) (?:example|command)|these|both|`-|note that|remember|it |you (?:will|should) (?:then )?(?:see|get|be)|after (?:this|that|running))")
        .is_match(&rendered.text);
    (explains && rendered.text.len() <= MAX_EXPLANATION && !rendered.text.ends_with(':'))
        .then_some(rendered)
}

/// Program output is no instruction.
fn looks_like_output(code: &str, lead_in: &str) -> bool {
    regex!(r"(?i)\b(?:output|result|response|looks? like|prints?|returns?|error message|error|something like)\b[^,]*:$").is_match(lead_in)
        || code.lines().nth(1).is_some_and(|line| regex!(r"^(?:\s*[A-Z]+\s{2,}[A-Z]+|[-=+|]{4,}|\w+: error)").is_match(line))
}

/// “To submit the job, run:”, “You can submit the job with the command:”, “Submit the job with:” → `submit the job`.
fn task_of_lead_in(text: &str) -> Option<String> {
    let text = text.trim_end_matches(':').trim();
    let text = regex!(r"(?i)^(?:for example|for instance|e\.g\.|first|then|next|now|finally|alternatively|also|and|so|after that|if needed|optionally|in practice|thus|therefore|typically|usually|often|simply|note that|as an example|to begin with|second|lastly|afterwards|instead)\s*,?\s+").replace(text, "");
    let text = text.as_ref();
    infinitive(text)
        .or_else(|| possibility(text))
        .or_else(|| instruction(text))
}

/// “To VERB …, main clause” or “main clause to VERB …”.
fn infinitive(text: &str) -> Option<String> {
    let rest = regex!(r"(?i)^(?:in order )?to\s+(.+)$")
        .captures(text)?
        .get(1)?
        .as_str();
    let phrase = rest.split_once(", ").map_or_else(
        || cut_tool(rest),
        |(phrase, main)| {
            // “To list, add and remove”: the comma belongs to the phrase.
            if regex!(r"^(?:and|or|but|e\.g|i\.e|for example|such as|which|including)\b")
                .is_match(main)
            {
                None
            } else {
                Some(phrase)
            }
        },
    )?;
    if phrase.split_whitespace().count() < 2 {
        return None;
    }
    task(&first_person(phrase))
}

/// “You can VERB … with/by/using …”.
fn possibility(text: &str) -> Option<String> {
    let found = regex!(r"(?i)^(?:you|users|one) (?:can|may|could|should) (?:also |then |now |easily |simply )?(.+)$").captures(text)?;
    let rest = found.get(1)?.as_str();
    let used = regex!(r"(?i)^use .{1,60}? to (.+)$")
        .captures(rest)
        .and_then(|found| found.get(1));
    let phrase = used.map_or(rest, |purpose| purpose.as_str());
    let cut = cut_tool(phrase).or_else(|| used.is_some().then_some(phrase))?;
    task(&first_person(cut))
}

/// “VERB … with the command”.
fn instruction(text: &str) -> Option<String> {
    let first = text.split_whitespace().next()?;
    verbs::base(first)?;
    task(&first_person(cut_tool(text)?))
}

/// The phrase before “with”, “by running”, “using the command”, “run”.
fn cut_tool(text: &str) -> Option<&str> {
    let found = regex!(
        r"(?i),?\s+(?:by (?:running|using|executing|issuing|typing|adding|setting|calling|giving|entering|the following)|using(?: the)?(?: following)?(?: command)?s?\b|with (?:the )?(?:following )?(?:command|commands|script|option|options|lines?|syntax)\b|with\s*$|with\s+`|via (?:the )?command|running (?:the )?(?:following )?command\b|running\s+`|in the following way|as follows|like this|like so|e\.g\.?$|for example$|for instance$|use$|run$|do$)"
    )
    .find(text)?;
    text.get(..found.start())
}

/// “To VP, …” and “You can VP with …” that answer themselves in running text.
fn purpose(scope: &Scope<'_, '_>, piece: &Piece, rest: &[Piece]) -> Option<Draft> {
    let text = piece.text.as_str();
    let asked = if regex!(r"^(?:In order to|To)\s").is_match(text) && text.contains(", ") {
        infinitive(text)?
    } else if let Some(found) =
        regex!(r"(?i)^if you (?:want|wish|need|would like|'d like|intend|plan) to (.+?), (.+)$")
            .captures(text)
    {
        let main = found.get(2)?.as_str();
        if regex!(
            r"(?i)^(?:and|or|but|e\.g|i\.e|for example|such as|which|see|read|refer|check out)\b"
        )
        .is_match(main)
        {
            return None;
        }
        task(&first_person(found.get(1)?.as_str()))?
    } else if regex!(r"(?i)^(?:you|users) can\s").is_match(text)
        && !regex!(r"(?i)^\w+ can also\b|\buse (?:it|this|these|them)\b").is_match(text)
    {
        possibility(text.trim_end_matches('.'))?
    } else {
        return None;
    };
    if regex!(r"(?i), (?:it is|it's) (?:helpful|useful|important|good|worth|necessary) to (?:be aware|know|understand|note|consider)\b").is_match(text) {
        return None;
    }
    // “In order to use X, Y is required” names one condition, not what to do; “any issues” is everything and nothing.
    if regex!(r"(?i), \S+(?: \S+){0,6} (?:is|are) (?:required|needed|necessary)\b").is_match(text)
        || regex!(r"(?i)\b(?:any|some|such) (?:issues?|problems?|errors?)\b").is_match(&asked)
    {
        return None;
    }
    // A first step is not the way, and “the same command” is another one.
    if is_one_of_several(text) {
        return None;
    }
    if regex!(r"(?i)\b(?:must|need to|have to) first\b|\bthe same (?:command|way|steps?)\b|\b(?:more|fewer|larger|longer) \w+ are used\b").is_match(text)
        || regex!(r"(?i)\byou (?:will )?(?:need|have|must) (?:to )?(?:specify|define|choose|provide)\b").is_match(text) && !text.contains('`')
    {
        return None;
    }
    // The advice itself is elsewhere.
    if regex!(r"(?i), (?:please )?(?:also |first )?(?:see|refer to|read|follow|check out|visit|consult)\b|, please also\b|\bfollowing (?:commands?|steps?)\b[^:]*\.$").is_match(text) {
        return None;
    }
    // “update these counters”: which?
    if regex!(r"(?i)\b(?:these|those)\s+\w+").is_match(text) {
        return None;
    }
    // The section under that very heading says it whole; a told example is no instruction.
    let stems = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() >= 4)
            .map(|word| word.to_lowercase().chars().take(5).collect())
            .collect()
    };
    let heading = stems(scope.section.title());
    let shared = heading
        .iter()
        .filter(|stem| stems(&asked).contains(stem))
        .count();
    let repeats = !heading.is_empty() && shared * 10 >= heading.len() * 7;
    if repeats && scope.section.nodes.len() > 2
        || regex!(r"(?i)\b(?:two|three|four|several) (?:steps|phases|parts|stages)\b|\byou (?:should|will|may) (?:then )?see\b|\bwould (?:also )?need\b").is_match(text)
        || regex!(r"(?i)\b(?:we|one) (?:would|will) need to\b|\blet's assume\b").is_match(text)
        || rest.last().is_some_and(|last| last.text.ends_with(':'))
        // “If you want to run a web site, host a service, or …”: the first of several.
        || regex!(r"^(?:If you|To|In order to)\b[^,]{4,60}, (?:[^,]{4,60}, )+or \w+").is_match(text)
    {
        return None;
    }
    // “… with command.” has lost the command that stood behind it.
    if regex!(r"(?i)\b(?:give|use|run|with|by|using) (?:the |a |an |following )*(?:commands?|scripts?)\.$|, first (?:start|create|open|load|log|install|run)\b[^.]*\.$").is_match(text) {
        return None;
    }
    if !says_how(text) {
        return None;
    }
    let wording = if names_requirements(text) {
        &TASK_NEEDS
    } else {
        &TASK_TEXT
    };
    let (answer, length) = with_continuation(piece, rest)?;
    (length >= 60).then(|| task_draft(scope, wording, &asked, answer))?
}

/// Whether a sentence shows a way to go: code, an address, something to click. “You can use the client” and “you first
/// need an account” are where a way begins.
fn says_how(text: &str) -> bool {
    let begins = regex!(r"(?i)\byou (?:will |do |first |also )?(?:not )?(?:need|have|must|are required) (?:to )?(?:be|have|log ?in|first|prove|set up|sign|create|own|belong)\b|\b(?:it is|are|is) (?:first )?(?:required|necessary)\b|, (?:consider|we (?:recommend|encourage|suggest))\b")
        .is_match(text);
    let shown = regex!(r"(?i)`[^`]+`|https?://|\b(?:click\w*|select\w*|choos\w+|press|open|navigate|log in|go to|type|fill in|send|contact|apply|visit|from the menu|tick|enter|associate|via the|in the my\w+|portal)\b")
        .is_match(text.split_once(", ").map_or(text, |(_, main)| if main.len() > 20 { main } else { text }));
    shown && !begins
}

/// “To do X, you need an account” says what X takes, not how it is done.
fn names_requirements(text: &str) -> bool {
    regex!(r"(?i), (?:\S+ ){1,8}?(?:must (?:be (?:able|added|enabled|installed|a member)|have|support|exist|belong)|(?:need|needs|require|requires) (?:a|an|the|your|at least|access|permission)\b|should have\b)").is_match(text)
}

fn task_draft(
    scope: &Scope<'_, '_>,
    wording: &Wording,
    task: &str,
    answer: Answer,
) -> Option<Draft> {
    // “With the option `-t`”: of which command?
    let shown = answer.text();
    // Looking whether it worked and opening a file are steps of something else; so is “the configuration process”.
    if regex!(r"(?i)^(?:make sure|ensure|notice|confirm|see that|check that|verify that|(?:open|create) (?:a|the) (?:new )?(?:\w+ )?file)\b|\bthe \w+ process\b|^cite\b|\bother\b|\bthat was (?:created|made)\b|\bthe (?:copied|created|downloaded|built|resulting|library|playbook)\b")
        .is_match(task)
        || task.matches(", ").count() >= 2
    {
        return None;
    }
    // “Use the option `-i`”: what for? “Switch to A and start B”: the command does one of them.
    if regex!(r"(?i)^(?:use (?:the |an? )?(?:option|flag|argument|parameter)|avoid)\b")
        .is_match(task)
        || task.split(" and ").skip(1).any(|next| {
            next.split_whitespace().next().is_some_and(|first| {
                verbs::base(&first.to_lowercase()).is_some() && next.split_whitespace().count() > 1
            })
        })
    {
        return None;
    }
    // `sample3.txt` and `project_3` are the files of the page's example.
    if regex!(r"`[\w-]+\.(?:txt|pdf|dat|csv|zip|tar|gz|tgz|bz2|xz|jpg|png)`|`[a-z]+_?\d+`")
        .is_match(task)
    {
        return None;
    }
    // “Install the `Chart`”: which?
    if regex!(r"^\w+ the `[^`-]+`$").is_match(task) && scope.place.page_name().is_none() {
        return None;
    }
    let commandless = regex!(r"(?i)\boptions?\b[^.]{0,20}`-").is_match(shown)
        && !regex!(r"`[a-zA-Z/.$]|```").is_match(&format!("{shown} {task}"))
        && scope.place.page_name().is_none();
    if commandless {
        return None;
    }
    // “Use default version” left its article out.
    let task =
        regex!(r"^(\w+) ((?:default|latest|newest|current|same) \w)").replace(task, "$1 the $2");
    let task = task.as_ref();
    let key = format!("{}/{task}", scope.place.title);
    // “Which command do I use to use …?”
    let wording = if task.starts_with("use ") && wording.name == TASK_CODE.name {
        &TASK_TEXT
    } else {
        wording
    };
    let question = wording.fill(scope.seed, &key, &[("task", task)]);
    let question = scope.place.situated(&question)?;
    let question = scope.place.with_product_of_the(&question)?;
    if names_the_known(&question) {
        return None;
    }
    scope.asked(QuestionType::Procedural, &wording.id(), &question, answer)
}

/// “`SLURM_ARRAY_JOB_ID` will be set to …”, “`%A` will be replaced by …”.
fn setting(scope: &Scope<'_, '_>, piece: &Piece) -> Option<Draft> {
    // Elsewhere such a sentence belongs to an option's entry.
    if scope.place.tool.is_some() {
        return None;
    }
    let found = regex!(r"^(?:The )?(?:environment variable )?`?([A-Z][A-Z0-9]*_[A-Z0-9_]+|%[A-Za-z])`? (?:will be|is) (set to|replaced (?:by|with)) ")
        .captures(&piece.text)?;
    // Elsewhere than on its own page a variable is set to what an example says.
    let title = scope.place.title.to_lowercase();
    let own = found
        .get(1)?
        .as_str()
        .split('_')
        .any(|part| part.len() >= 4 && part != "SLURM" && title.contains(&part.to_lowercase()));
    if !own {
        return None;
    }
    let name = format!("`{}`", found.get(1)?.as_str());
    let done = found.get(2)?.as_str();
    let place = scope
        .place
        .subject_phrase()
        .map_or_else(String::new, |phrase| format!(" {phrase}"));
    let values = [("name", name.as_str()), ("done", done), ("where", &place)];
    let answer = Answer::default().quote(&piece.text, piece.span);
    scope.worded(QuestionType::Factual, &SETTING, &name, &values, answer)
}

/// Whether two sentences speak of the same thing, as far as a common longer word tells.
fn shares_a_word(one: &str, other: &str) -> bool {
    let stems = |text: &str| -> Vec<String> {
        text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
            .filter(|word| word.len() >= 5)
            .map(|word| word.to_lowercase().chars().take(6).collect())
            .collect()
    };
    let known = stems(one);
    stems(other).iter().any(|stem| known.contains(stem))
}

/// A sentence with the ones behind it that lean on it or go on; nothing where some of that cannot be told.
fn with_continuation(piece: &Piece, rest: &[Piece]) -> Option<(Answer, usize)> {
    let mut used: Vec<&Piece> = vec![piece];
    let mut length = piece.text.len();
    for next in rest {
        // An instruction goes on with the next.
        let first = next.text.split_whitespace().next().unwrap_or_default();
        let instructs = verbs::base(&first.to_lowercase()).is_some() && first != "Note";
        let belongs = leans_back(&next.text)
            || instructs
            || used.len() == 1 && shares_a_word(&piece.text, &next.text);
        if is_pointer(&next.text) || !belongs {
            break;
        }
        let fits = length + next.text.len() <= MAX_SENTENCES && used.len() < 4;
        if !fits || points_around(&next.text) || next.points_by_link || next.text.ends_with(':') {
            return None;
        }
        length += next.text.len();
        used.push(next);
    }
    Some((Answer::default().sentences(used), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lead_ins_name_their_task() {
        for (text, expected) in [
            ("To submit the job, run:", "submit the job"),
            ("For example, to load the module, use:", "load the module"),
            (
                "You can check the current usage with the command:",
                "check the current usage",
            ),
            ("Submit your job with the command:", "submit my job"),
            (
                "You can use sstat to monitor a running job with the following command:",
                "monitor a running job",
            ),
        ] {
            assert_eq!(task_of_lead_in(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "To use it, run:",
            "The output looks like this:",
            "To list, add or remove:",
            "For example:",
        ] {
            assert_eq!(task_of_lead_in(text), None, "{text}");
        }
    }

    #[test]
    fn a_way_to_go_is_shown_by_code_addresses_and_buttons() {
        for text in [
            "To resize the box, use `--size`.",
            "To open the desk, navigate to the Kraken page and click Open.",
        ] {
            assert!(says_how(text), "{text}");
        }
        for text in [
            "You can use the client to list boxes.",
            "To open the desk, you first need to prove who you are with `kraken login`.",
            "If you need several boxes, consider another size.",
        ] {
            assert!(!says_how(text), "{text}");
        }
    }
}
