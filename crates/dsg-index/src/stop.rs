//! English words that say nothing about what a text is about.

/// Sorted. Short on purpose: `not`, `no`, `all`, `how` and their like can decide what a question asks.
const STOP_WORDS: [&str; 59] = [
    "a", "about", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "did", "do", "does", "for", "from", "had", "has", "have", "i", "if", "in", "into",
    "is", "it", "its", "may", "me", "my", "of", "on", "or", "our", "s", "should", "so", "such",
    "t", "that", "the", "their", "them", "then", "there", "these", "they", "this", "to", "was",
    "we", "were", "which", "will", "with", "would",
];

pub(crate) fn is_stop_word(lower: &str) -> bool {
    STOP_WORDS.binary_search(&lower).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(STOP_WORDS.is_sorted());
        assert!(is_stop_word("the") && !is_stop_word("not"));
    }
}
