//! Which words of titles and questions are names.

use std::collections::HashSet;

use dsg_core::{BlockKind, Chunk};

use crate::inline::is_code_like;
use crate::lexicon::Lexicon;
use crate::regexes::regex;

/// Whether a word past the first is capitalised inside a sentence, or has capitals within.
pub(crate) fn has_proper_name(text: &str) -> bool {
    text.split_whitespace().enumerate().any(|(position, word)| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        if word.len() < 2 || word == "I" {
            return false;
        }
        let inner = word.chars().skip(1).any(char::is_uppercase);
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        (inner && !is_plain_capital(word))
            || (position > 0
                && capital
                && !is_plain_capital(word)
                && !matches!(
                    word,
                    "CPU" | "GPU" | "ID" | "IDs" | "CPUs" | "GPUs" | "API" | "URL" | "SSH"
                ))
    })
}

/// Whether the word of a title is a name: it has capitals or digits within, or running text writes it with a capital.
pub(crate) fn is_title_name(
    position: usize,
    word: &str,
    lexicon: &Lexicon,
    names: &HashSet<String>,
    common: &HashSet<String>,
) -> bool {
    let capital = word.chars().next().is_some_and(char::is_uppercase);
    if !capital && !word.chars().any(char::is_uppercase) {
        return false;
    }
    if word == "R" || word == "Python" {
        return true;
    }
    let ordinary = word.contains(['\'', '’'])
        || regex!(r"(?i)^(?:units?|bus?|quality|hybrid|trusted|high|programmer|administrator|school|earth|center|centre|research|sensitive|services?|gpu-\w+|[\w]+-type|(?:multi|non|pre|re|self|semi|sub|inter|cross)-\w+)$")
            .is_match(word);
    if word.len() < 2 || ordinary || is_plain_capital(word) {
        return false;
    }
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let within = word
        .chars()
        .skip(1)
        .any(|c| c.is_uppercase() || c.is_ascii_digit());
    if within && letters > 0 {
        return true;
    }
    lexicon.is_name(word).unwrap_or_else(|| {
        let doing =
            crate::verbs::base(word).is_some() || crate::verbs::base_of_gerund(word).is_some();
        !doing && !common.contains(&word.to_lowercase()) && (position > 0 || names.contains(word))
    })
}

/// Capitalised words that follow a word in small letters.
pub(crate) fn names_in_sentences(chunk: &Chunk) -> HashSet<String> {
    let bare = regex!(r"(?s)```.*?```|`[^`]*`").replace_all(&chunk.text, " ");
    regex!(r"[a-z,][*_]*\s\[?[*_]*([A-Z][\w-]+)")
        .captures_iter(&bare)
        .filter_map(|found| found.get(1))
        .map(|name| name.as_str().to_owned())
        .collect()
}

/// The words of the chunk's running text that begin with a small letter, outside code.
pub(crate) fn common_words(chunk: &Chunk) -> HashSet<String> {
    chunk
        .blocks
        .iter()
        .filter(|block| matches!(block.kind, BlockKind::Paragraph | BlockKind::ListItem))
        .filter_map(|block| chunk.slice(block.span))
        .flat_map(|text| {
            let bare = regex!(r"(?s)```.*?```|`[^`]*`|\]\([^)]*\)|https?://\S+")
                .replace_all(text, " ")
                .into_owned();
            bare.split(|c: char| !(c.is_alphanumeric() || c == '-'))
                .filter(|word| word.len() > 2 && word.chars().all(|c| c.is_lowercase() || c == '-'))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Words that are capitalised in titles without naming anything.
pub(crate) fn is_plain_capital(word: &str) -> bool {
    regex!(r"(?i)^(?:cli|ip|vm|vms|ui|gui|dns|id|url|os|io|ssh|gpus|cpus|ram|ssd|tls|ssl|http|https|floating|access|accounts?|additional|admin\w*|advanced|api|applicant|application|applications|available|basic|batch|billing|changes|cloud|command|commands|common|computing|concepts|configuration|connection|containers?|control|cpu|custom|data|database|default|design|desktop|developers?|disk|environment|environments|example|examples|faq|features|file|files|first|format|general|getting|gpu|guide|guidelines|hardware|hints|hpc|images?|important|in|information|install\w*|instances?|interactive|introduction|issues|job|jobs|key|limits?|line|list|local|machine|management|manager|memory|model|models|modules?|network|networking|new|node|nodes|notes|options|other|output|overview|own|partition|partitions|performance|platform|plugin|plugins|policy|process|program|programs|project|projects|prerequisites|python|questions|qos|queue|quota|rates|recovery|resource|resources|running|scheduling|scripts?|sections?|security|server|service|services|setup|size|software|source|specific|state|states|storage|support|system|systems|tasks?|terms?|tips|tools?|topics?|tutorials?|types?|usage|use|user|users|using|value|values|variables|version|versions|virtual|volume|volumes|web|work|workflow|your)$").is_match(word)
}

/// A name that needs no article: a product, an acronym, a tool.
pub(crate) fn is_product(name: &str, common: &HashSet<String>) -> bool {
    let bare = regex!(r"\s*\([^)]*\)").replace_all(name, "");
    let words: Vec<&str> = bare.split_whitespace().collect();
    if words.is_empty() || words.len() > 4 || bare.len() > 40 || name.contains([':', ',', '?', '/'])
    {
        return false;
    }
    let capital = |word: &str| {
        word.chars()
            .next()
            .is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
    };
    let distinct = words.iter().any(|word| {
        !is_plain_capital(word)
            && !common.contains(&word.to_lowercase())
            && (word.chars().any(char::is_uppercase) || is_code_like(word))
    });
    let last_is_plain = words.last().is_some_and(|last| {
        words.len() > 1 && regex!(r"(?i)^(?:access|accounts?|billing|changes|commands|concepts|considerations|data|examples|exercises?|features|files|flavors?|guidelines|hints|images?|issues|jobs|limits?|notes|options|partitions?|policy|policies|projects|questions|rates|resources|scripts?|services|settings|states|storage|systems?|tasks|terms|tips|topics|types|users|variables|versions|volumes|applications|applicant|environments?|nodes|overview|renewal|hardware|software|modules|support|guide|design|introduction|start|tutorial|plugins?|manual|documentation)$").is_match(last)
    });
    let cased = words
        .iter()
        .all(|word| capital(word) || is_code_like(word) || word.chars().any(char::is_uppercase));
    // “For Researchers” says for whom, not what.
    if words.first().is_some_and(|first| {
        regex!(r"(?i)^(?:for|about|how|when|why|what|quickstart)$").is_match(first)
    }) {
        return false;
    }
    let doing = words.len() > 1
        && words.first().is_some_and(|first| {
            crate::verbs::base(first).is_some() || crate::verbs::base_of_gerund(first).is_some()
        });
    // “Job Submission” is no name where the text speaks of job submission.
    let spoken = words
        .iter()
        .filter(|word| common.contains(&word.to_lowercase()))
        .count();
    distinct
        && !bare.ends_with("'s")
        && !words
            .last()
            .is_some_and(|last| words.len() > 1 && last.ends_with("ing"))
        && !doing
        && spoken * 2 < words.len().max(2)
        && !last_is_plain
        && (cased || (words.len() == 1 && is_code_like(name)))
}

pub(crate) fn named(name: &str) -> String {
    let product = name.chars().next().is_some_and(char::is_uppercase)
        && name.chars().all(char::is_alphanumeric);
    if is_code_like(name) && !product && !name.contains('`') {
        format!("`{name}`")
    } else {
        name.to_owned()
    }
}
