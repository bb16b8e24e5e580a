//! Cuts text into surface forms: what a reader would take for one word, flag, path or name.

/// What a byte of ASCII text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// White space, quotes, brackets, markup.
    Gap,
    /// A letter or digit.
    Word,
    /// A character that technical names contain: `_ - . / : = + @ % # $`.
    Joint,
    /// The first byte of a longer character.
    Wide,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Gap; 256];
    let mut byte = 0_u8;
    loop {
        let class = match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => Class::Word,
            b'_' | b'-' | b'.' | b'/' | b':' | b'=' | b'+' | b'@' | b'%' | b'#' | b'$' => {
                Class::Joint
            }
            0x80.. => Class::Wide,
            _ => Class::Gap,
        };
        #[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
        {
            classes[byte as usize] = class;
        }
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> Class {
    CLASSES
        .get(usize::from(byte))
        .copied()
        .unwrap_or(Class::Gap)
}

/// A surface form and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Surface<'a> {
    pub(crate) start: usize,
    pub(crate) text: &'a str,
    /// Whether it holds anything but ASCII letters.
    pub(crate) technical: bool,
}

/// The surface forms of `text`, in order.
pub(crate) const fn surfaces(text: &str) -> Surfaces<'_> {
    Surfaces { text, at: 0 }
}

#[derive(Debug, Clone)]
pub(crate) struct Surfaces<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Surfaces<'a> {
    type Item = Surface<'a>;

    fn next(&mut self) -> Option<Surface<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            // To the first byte that may begin a surface form.
            while let Some(byte) = bytes.get(self.at) {
                match class(*byte) {
                    Class::Gap => self.at += 1,
                    Class::Word | Class::Joint => break,
                    Class::Wide => {
                        let c = self.wide(self.at)?;
                        if c.is_alphanumeric() {
                            break;
                        }
                        self.at += c.len_utf8();
                    }
                }
            }
            let start = self.at;
            // Most words are ASCII letters only: the short loop.
            while bytes.get(self.at).is_some_and(u8::is_ascii_alphabetic) {
                self.at += 1;
            }
            let byte = bytes.get(self.at).copied();
            if self.at > start && byte.is_none_or(|byte| class(byte) == Class::Gap) {
                let text = self.text.get(start..self.at)?;
                return Some(Surface {
                    start,
                    text,
                    technical: false,
                });
            }
            let mut last_word = self.at;
            let mut first_word = (self.at > start).then_some(start);
            while let Some(byte) = bytes.get(self.at) {
                match class(*byte) {
                    Class::Gap => break,
                    Class::Joint => self.at += 1,
                    Class::Word => {
                        first_word.get_or_insert(self.at);
                        self.at += 1;
                        last_word = self.at;
                    }
                    Class::Wide => {
                        let c = self.wide(self.at)?;
                        if !c.is_alphanumeric() {
                            break;
                        }
                        first_word.get_or_insert(self.at);
                        self.at += c.len_utf8();
                        last_word = self.at;
                    }
                }
            }
            if start == self.at {
                return None;
            }
            let Some(first_word) = first_word else {
                continue;
            };
            return Some(self.trim(start, first_word, last_word));
        }
    }
}

impl<'a> Surfaces<'a> {
    fn wide(&self, at: usize) -> Option<char> {
        self.text.get(at..)?.chars().next()
    }

    /// Keeps what belongs to the name of the joints around it: `--flag`, `/etc`, `%j`, `.bashrc`, `C++`, `C#`.
    fn trim(&self, start: usize, first_word: usize, last_word: usize) -> Surface<'a> {
        let bytes = self.text.as_bytes();
        let head = bytes.get(start..first_word).unwrap_or_default();
        let kept = match head {
            [.., b'-', b'-'] => 2,
            [.., b'-' | b'/' | b'%' | b'.' | b'#'] => 1,
            _ => 0,
        };
        let tail = bytes.get(last_word..self.at).unwrap_or_default();
        let name = first_word + 1 == last_word;
        let grown = match tail {
            [b'+', b'+', ..] => 2,
            [b'#', ..] if name => 1,
            _ => 0,
        };
        let text = self
            .text
            .get(first_word - kept..last_word + grown)
            .unwrap_or_default();
        Surface {
            start: first_word - kept,
            text,
            technical: !text.bytes().all(|byte| byte.is_ascii_alphabetic()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        surfaces(text).map(|surface| surface.text).collect()
    }

    #[test]
    fn technical_names_stay_whole() {
        assert_eq!(
            texts("Use `--gres=gpu:2`, $SLURM_JOB_ID and /etc/fstab; see slurm.conf (or `%j`)."),
            [
                "Use",
                "--gres=gpu:2",
                "SLURM_JOB_ID",
                "and",
                "/etc/fstab",
                "see",
                "slurm.conf",
                "or",
                "%j"
            ]
        );
        assert_eq!(
            texts("C++ and C# -p x86_64. #SBATCH .bashrc"),
            ["C++", "and", "C#", "-p", "x86_64", "#SBATCH", ".bashrc"]
        );
    }

    #[test]
    fn markup_and_punctuation_are_not_words() {
        assert_eq!(
            texts("## **Bold** -- a… | --- | _it_'s"),
            ["Bold", "a", "it", "s"]
        );
        assert_eq!(texts(" \n--- ... ==="), Vec::<&str>::new());
    }

    #[test]
    fn wide_letters_are_letters() {
        assert_eq!(
            texts("größer «naïve» Łódź—x"),
            ["größer", "naïve", "Łódź", "x"]
        );
    }

    #[test]
    fn offsets_point_at_the_surface() {
        let text = "see: --mem=4G.";
        for surface in surfaces(text) {
            assert_eq!(
                text.get(surface.start..surface.start + surface.text.len())
                    .unwrap(),
                surface.text
            );
        }
    }
}
