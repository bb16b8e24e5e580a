//! The prompts that come with this crate.

/// Texts of the prompt files, for [`dsg_core::Prompts::new`]: `judge/claim`, `judge/answers`, `judge/self-contained`,
/// `judge/useful`, `judge/round-trip`, `judge/agree`, `judge/repair` and `judge/pairwise`.
///
/// All of them but the last, which is about two answers to one question, begin with the same turn and the same evidence, so that
/// an engine's prefix cache pays for an item once; the instruction comes last.
pub const fn prompts() -> [&'static str; 8] {
    [
        include_str!("../../prompts/judge/claim.md.jinja"),
        include_str!("../../prompts/judge/answers.md.jinja"),
        include_str!("../../prompts/judge/self-contained.md.jinja"),
        include_str!("../../prompts/judge/useful.md.jinja"),
        include_str!("../../prompts/judge/round-trip.md.jinja"),
        include_str!("../../prompts/judge/agree.md.jinja"),
        include_str!("../../prompts/judge/repair.md.jinja"),
        include_str!("../../prompts/judge/pairwise.md.jinja"),
    ]
}

pub(crate) const CLAIM: &str = "judge/claim";
pub(crate) const ANSWERS: &str = "judge/answers";
pub(crate) const SELF_CONTAINED: &str = "judge/self-contained";
pub(crate) const USEFUL: &str = "judge/useful";
pub(crate) const ROUND_TRIP: &str = "judge/round-trip";
pub(crate) const AGREE: &str = "judge/agree";
pub(crate) const REPAIR: &str = "judge/repair";
pub(crate) const PAIRWISE: &str = "judge/pairwise";

/// Every name that a judge of items needs.
pub(crate) const NAMES: [&str; 7] = [
    CLAIM,
    ANSWERS,
    SELF_CONTAINED,
    USEFUL,
    ROUND_TRIP,
    AGREE,
    REPAIR,
];
