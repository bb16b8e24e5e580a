//! Site-specific Slurm values, replaced by what the configuration says stands for them.

use std::collections::BTreeMap;

use dsg_core::Repair;
use regex::Regex;

use crate::error::JudgeError;
use crate::pattern::exact_case;
use crate::segment::{Kind, Segments};

/// Replaces the values of `-p`, `-A`, `-q` and their long forms.
#[derive(Debug)]
pub(crate) struct PlaceholderFixer {
    /// Long option and short option by key, with what stands for the value.
    options: Vec<(&'static str, Regex, String)>,
    /// A Slurm command or directive with its arguments, to the end of the command.
    command: Regex,
    /// A code span that begins with one of the options.
    option_alone: Regex,
    /// A long option as a word of prose.
    long_in_prose: Regex,
}

/// What stands for a value in a manual, rather than being one.
fn is_stand_in(value: &str) -> bool {
    let bare = value.trim_matches(|c: char| !c.is_alphanumeric());
    let lower = bare.to_lowercase();
    let noun = [
        "partition",
        "partitions",
        "part",
        "account",
        "accounts",
        "project",
        "qos",
        "reservation",
        "name",
        "names",
        "list",
        "value",
        "string",
    ]
    .iter()
    .any(|noun| {
        lower == *noun
            || lower
                .strip_suffix(noun)
                .is_some_and(|rest| rest.ends_with(['_', '-']))
    });
    value.starts_with(['<', '$', '{', '[', '%', '=', '(', '.'])
        || value.ends_with('=')
        || bare.is_empty()
        || noun
        || lower.starts_with("your")
        || lower.starts_with("my_")
}

impl PlaceholderFixer {
    pub(crate) fn new(placeholders: &BTreeMap<String, String>) -> Result<Self, JudgeError> {
        const VALUE: &str = r#"(?P<quote>["']?)(?P<value>[^\s"'`;|&)\]]+)"#;
        let mut options = Vec::new();
        for (key, short) in [
            ("partition", Some('p')),
            ("account", Some('A')),
            ("qos", Some('q')),
            ("reservation", None),
        ] {
            let Some(text) = placeholders.get(key) else {
                continue;
            };
            // The long form takes `=` or a space, the short one a space or nothing.
            let pattern = match short {
                Some(short) => {
                    format!(r"(?P<option>(?:^|[\s`(\[])(?:--{key}(?:=|\s+)|-{short}(?:=|[ \t]*)))")
                }
                None => format!(r"(?P<option>(?:^|[\s`(\[])--{key}(?:=|\s+))"),
            };
            options.push((
                key,
                exact_case("placeholder", &format!("{pattern}{VALUE}"))?,
                text.clone(),
            ));
        }
        Ok(Self {
            options,
            command: exact_case(
                "slurm command",
                r"(?:\b(?:sbatch|srun|salloc|squeue|sinfo|scancel|sacct|sprio|sshare|sreport|scrontab|scrun)\b|#(?:SBATCH|SCRON)\b)(?:\\\n|[^\n;|&`])*",
            )?,
            option_alone: exact_case(
                "option alone",
                r"^\s*(?:--(?:partition|account|qos|reservation)\b|-[pAq][ \w])",
            )?,
            long_in_prose: exact_case(
                "long option",
                r"--(?:partition|account|qos|reservation)=[^\s`]+",
            )?,
        })
    }

    /// `text` with placeholders. Adds one repair per replaced value, and to `parted` each option that was glued to its
    /// value before, since the evidence holds it only in that form.
    pub(crate) fn fix(
        &self,
        text: &str,
        repairs: &mut Vec<Repair>,
        parted: &mut Vec<String>,
    ) -> String {
        if self.options.is_empty() {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        let segments = Segments::new(text);
        // An option alone is Slurm's only where Slurm is what the text is about.
        let slurm = self.command.is_match(text) || text.to_lowercase().contains("slurm");
        for segment in &segments.all {
            out.push_str(text.get(done..segment.start).unwrap_or_default());
            done = segment.start + segment.text.len();
            let whole =
                segment.kind == Kind::Inline && slurm && self.option_alone.is_match(segment.text);
            if whole {
                out.push_str(&self.fix_command(segment.text, repairs, parted));
                continue;
            }
            // In prose a command is only named; its options come with long names or in code.
            let pattern = if segment.kind == Kind::Prose && !segment.text.contains("#SBATCH") {
                &self.long_in_prose
            } else {
                &self.command
            };
            let mut at = 0;
            for command in pattern.find_iter(segment.text) {
                out.push_str(segment.text.get(at..command.start()).unwrap_or_default());
                out.push_str(&self.fix_command(command.as_str(), repairs, parted));
                at = command.end();
            }
            out.push_str(segment.text.get(at..).unwrap_or_default());
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }

    fn fix_command(
        &self,
        command: &str,
        repairs: &mut Vec<Repair>,
        parted: &mut Vec<String>,
    ) -> String {
        let mut fixed = command.to_owned();
        for (key, pattern, placeholder) in &self.options {
            fixed = pattern
                .replace_all(&fixed, |captures: &regex::Captures<'_>| {
                    let part = |name: &str| captures.name(name).map_or("", |part| part.as_str());
                    let (option, quote, value) = (part("option"), part("quote"), part("value"));
                    let trimmed = value.trim_end_matches(['.', ',', ':', '?']);
                    let glued_short = !option.contains("--") && !option.ends_with([' ', '\t', '=']);
                    // `-p,` in a list of option names has no value; `-pe` might be another option of a wrapped program.
                    let no_value = trimmed.is_empty()
                        || trimmed.starts_with('-')
                        || (glued_short && !trimmed.starts_with(char::is_alphanumeric));
                    if no_value || is_stand_in(trimmed) || trimmed == placeholder {
                        return captures
                            .get(0)
                            .map_or("", |whole| whole.as_str())
                            .to_owned();
                    }
                    repairs.push(Repair {
                        name: "placeholder".to_owned(),
                        detail: format!("{key} `{trimmed}` became `{placeholder}`"),
                    });
                    let rest = value.get(trimmed.len()..).unwrap_or_default();
                    if glued_short {
                        parted.push(
                            option
                                .trim_matches(|c: char| !matches!(c, '-' | 'p' | 'A' | 'q'))
                                .to_owned(),
                        );
                    }
                    let gap = if glued_short { " " } else { "" };
                    format!("{option}{gap}{quote}{placeholder}{rest}")
                })
                .into_owned();
        }
        fixed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixer() -> PlaceholderFixer {
        let placeholders = [
            ("partition", "<partition>"),
            ("account", "<account>"),
            ("qos", "<qos>"),
            ("reservation", "<reservation>"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        PlaceholderFixer::new(&placeholders.into()).unwrap()
    }

    #[test]
    fn literal_values_are_replaced() {
        let subject = fixer();
        for (text, expected) in [
            ("`sbatch -p debug job.sh`", "`sbatch -p <partition> job.sh`"),
            ("`srun -pdebug hostname`", "`srun -p <partition> hostname`"),
            (
                "`sbatch --partition debug x`",
                "`sbatch --partition <partition> x`",
            ),
            (
                "```\n#SBATCH -p gpu\n#SBATCH --account=proj_17\n```",
                "```\n#SBATCH -p <partition>\n#SBATCH --account=<account>\n```",
            ),
            (
                "`squeue -A phys --qos=high`",
                "`squeue -A <account> --qos=<qos>`",
            ),
            (
                "Slurm takes `--reservation=maint`.",
                "Slurm takes `--reservation=<reservation>`.",
            ),
            (
                "With sbatch, `-p debug` works.",
                "With sbatch, `-p <partition>` works.",
            ),
            (
                "How do I use --partition=debug with sbatch?",
                "How do I use --partition=<partition> with sbatch?",
            ),
            (
                "`sbatch --partition=\"debug\" x`",
                "`sbatch --partition=\"<partition>\" x`",
            ),
            (
                "```\nsrun \\\n  -p gpu \\\n  a.out\n```",
                "```\nsrun \\\n  -p <partition> \\\n  a.out\n```",
            ),
        ] {
            let mut repairs = Vec::new();
            let fixed = subject.fix(text, &mut repairs, &mut Vec::new());
            assert_eq!(fixed, expected);
            assert!(!repairs.is_empty());
            let mut again = Vec::new();
            assert_eq!(subject.fix(&fixed, &mut again, &mut Vec::new()), fixed);
            assert!(again.is_empty(), "{again:?}");
        }
    }

    #[test]
    fn everything_else_is_untouched() {
        let subject = fixer();
        for text in [
            "`mkdir -p dir`",
            "`ssh -p 22 host`",
            "`sbatch job.sh && mkdir -p out`",
            "`sbatch --partition=<name> x`",
            "`sbatch -p $PART x`",
            "**-p**, **--partition**=<*partition_names*>",
            "`-p, --partition=partition_names` of sbatch",
            "`az login --account foo`",
            "`sacct --parsable -P`",
            "Use -p with sbatch to choose a partition.",
            "`docker run -p 80:80 x`",
            "`sbatch --account=$ACC --array=1-3`",
        ] {
            let mut repairs = Vec::new();
            assert_eq!(subject.fix(text, &mut repairs, &mut Vec::new()), text);
            assert!(repairs.is_empty(), "{text}");
        }
    }
}
