//! Seeded choice among the wordings of a question.

use dsg_core::Seed;

/// The wordings that one kind of question may take. A change of any wording raises `version`, since the choice and the
/// text of every later record changes with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wording {
    /// `option/purpose`.
    pub(crate) name: &'static str,
    pub(crate) version: u8,
    /// Texts with `{name}` where a value goes.
    pub(crate) texts: &'static [&'static str],
}

impl Wording {
    /// A wording for the record that `key` identifies, with its values filled in.
    pub(crate) fn fill(&self, seed: Seed, key: &str, values: &[(&str, &str)]) -> String {
        let text = seed
            .derive(self.name, key)
            .pick(self.texts)
            .copied()
            .unwrap_or_default();
        let mut out = String::with_capacity(text.len() + 32);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                break;
            };
            let value = values.iter().find(|(known, _)| *known == name);
            out.push_str(value.map_or("", |(_, value)| value));
            rest = tail;
        }
        out.push_str(rest);
        crate::phrase::upper_first(&out)
    }

    /// The name and version, as in records: `option/purpose@1`.
    pub(crate) fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wording_is_chosen_by_seed_and_filled() {
        let wording = Wording {
            name: "t/x",
            version: 2,
            texts: &["in {a}, what is {b}?"],
        };
        assert_eq!(
            wording.fill(Seed(1), "k", &[("a", "`{b}`"), ("b", "c")]),
            "In `{b}`, what is c?"
        );
        assert_eq!(wording.id(), "t/x@2");
    }
}
