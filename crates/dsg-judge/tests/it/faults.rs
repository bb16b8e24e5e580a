//! Faults whose labels are certain: every one is a literal that the receipts do not hold.

use dsg_judge::Lexer;

use crate::fixture::{good, item, kept, rejected, script};

/// Every literal of the answer, changed; the list of changes is complete for its kind.
#[test]
fn every_changed_literal_is_found_and_the_unaltered_answer_passes() {
    let lexer = Lexer::new().unwrap();
    let script = item(
        "How do I run the solver with `sbatch`?",
        "```bash\n#SBATCH --time=01:30:00\nsrun ./solver --input case7.dat\n```",
        &[script()],
    );
    let mut injected = 0;
    for candidate in [good(), script] {
        kept(candidate.clone());
        for literal in lexer.literals(&candidate.answer) {
            let text = &literal.text;
            let mut changes = vec![
                format!("{text}9"),
                text.chars().rev().collect::<String>(),
                text.replacen(['0', '1', '3', '6'], "8", 1),
                text.replacen(['a', 'e', 'i', 'o', 'u'], "y", 1),
                text.replacen("--", "-", 1),
            ];
            if text.len() > 1 && !text.starts_with('`') {
                changes.push(text.to_uppercase());
            }
            changes.retain(|change| change != text);
            changes.sort();
            changes.dedup();
            for change in changes {
                let mut faulty = candidate.clone();
                faulty
                    .answer
                    .replace_range(literal.start..literal.start + text.len(), &change);
                let reject = rejected(faulty);
                let reason = reject.reason.as_str();
                assert!(
                    reason.starts_with("judge.unsupported_"),
                    "{text} -> {change}: {reason}"
                );
                injected += 1;
            }
        }
    }
    assert!(injected > 40, "{injected}");
}
