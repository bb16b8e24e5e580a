//! From a surface form to the terms it is indexed and searched under.

use rust_stemmers::{Algorithm, Stemmer};

use crate::stop::is_stop_word;

/// Names longer than this are noise (keys, encoded data); their parts still count.
const LONGEST: usize = 64;

/// Turns surface forms into terms: technical names whole and in parts, plain words as stems, stop words not at all.
pub(crate) struct Analyzer {
    stemmer: Option<Stemmer>,
    lower: String,
}

impl Analyzer {
    pub(crate) fn new(stemming: bool) -> Self {
        Self {
            stemmer: stemming.then(|| Stemmer::create(Algorithm::English)),
            lower: String::new(),
        }
    }

    /// Calls `emit` for every term of `surface`: the whole name first, if it is one.
    pub(crate) fn terms(&mut self, surface: &str, technical: bool, mut emit: impl FnMut(&str)) {
        let mut lower = std::mem::take(&mut self.lower);
        lower.clear();
        lower.extend(surface.chars().flat_map(char::to_lowercase));
        if (technical && !is_word(surface)) || has_humps(surface) {
            self.name(surface, &lower, &mut emit);
        } else {
            self.word(&lower, &mut emit);
        }
        self.lower = lower;
    }

    /// A technical name: whole, a flag also without its value, and in parts.
    fn name(&self, surface: &str, lower: &str, emit: &mut impl FnMut(&str)) {
        if lower.len() <= LONGEST && !is_compound(lower) {
            emit(lower);
        }
        if let Some((flag, _)) = lower.split_once('=')
            && flag.starts_with('-')
            && flag.len() <= LONGEST
        {
            emit(flag);
        }
        for part in surface.split(|c: char| !c.is_alphanumeric()) {
            let whole = part.len() == surface.len();
            if has_humps(part) {
                if !whole {
                    self.part(part, emit);
                }
                for hump in humps(part) {
                    self.part(hump, emit);
                }
            } else if !whole && !part.is_empty() {
                self.part(part, emit);
            }
        }
    }

    fn part(&self, part: &str, emit: &mut impl FnMut(&str)) {
        if part.len() > LONGEST {
            return;
        }
        let lower = part.to_lowercase();
        if part.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            self.word(&lower, emit);
        } else {
            emit(&lower);
        }
    }

    fn word(&self, lower: &str, emit: &mut impl FnMut(&str)) {
        if lower.len() > LONGEST || is_stop_word(lower) {
            return;
        }
        match &self.stemmer {
            Some(stemmer) if lower.len() > 2 && lower.is_ascii() => match &*stemmer.stem(lower) {
                // Snowball parts what is queued from its queue.
                "queu" => emit("queue"),
                stem => emit(stem),
            },
            _ => emit(lower),
        }
    }
}

/// Whether there are only letters, also beyond ASCII.
fn is_word(surface: &str) -> bool {
    surface.chars().all(char::is_alphabetic)
}

/// Words joined by hyphens, `boundary-layer`: their parts say it all, and counting the whole as well made retrieval worse.
fn is_compound(lower: &str) -> bool {
    !lower.starts_with('-')
        && lower.contains('-')
        && lower
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}

/// Whether a name is written like `MaxJobCount`: a capital after a small letter.
pub(crate) fn has_humps(name: &str) -> bool {
    name.as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
}

/// `MaxJobCount` as `Max`, `Job`, `Count`.
fn humps(name: &str) -> impl Iterator<Item = &str> {
    let bytes = name.as_bytes();
    let cuts: Vec<usize> = (1..bytes.len())
        .filter(|at| {
            matches!(bytes.get(at - 1..=*at), Some([a, b]) if a.is_ascii_lowercase() && b.is_ascii_uppercase())
        })
        .chain([bytes.len()])
        .collect();
    let mut start = 0;
    cuts.into_iter().filter_map(move |end| {
        let part = name.get(start..end);
        start = end;
        part
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::surfaces;

    fn terms(text: &str) -> Vec<String> {
        let mut analyzer = Analyzer::new(true);
        let mut out = Vec::new();
        for surface in surfaces(text) {
            analyzer.terms(surface.text, surface.technical, |term| {
                out.push(term.to_owned());
            });
        }
        out
    }

    #[test]
    fn technical_names_count_whole_and_in_parts() {
        assert_eq!(
            terms("--gres=gpu:2"),
            ["--gres=gpu:2", "--gres", "gres", "gpu", "2"]
        );
        assert_eq!(
            terms("SLURM_JOB_ID"),
            ["slurm_job_id", "slurm", "job", "id"]
        );
        assert_eq!(terms("/etc/fstab"), ["/etc/fstab", "etc", "fstab"]);
        assert_eq!(
            terms("slurm.conf %j C++"),
            ["slurm.conf", "slurm", "conf", "%j", "j", "c++", "c"]
        );
        assert_eq!(
            terms("MaxJobCount H200"),
            ["maxjobcount", "max", "job", "count", "h200"]
        );
    }

    #[test]
    fn plain_words_count_as_stems_and_stop_words_not() {
        assert_eq!(terms("The queues are queued"), ["queue", "queue"]);
        assert_eq!(terms("größere"), ["größere"]);
        assert_eq!(terms("boundary-layer"), ["boundari", "layer"]);
        assert_eq!(terms("--no-requeue"), ["--no-requeue", "no", "requeu"]);
    }
}
