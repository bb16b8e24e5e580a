//! Control lines: their name and arguments.

/// A control line, `.name argument "quoted argument"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    /// The request or macro.
    pub name: &'a str,
    /// All that follows, as written.
    pub rest: &'a str,
}

impl<'a> Request<'a> {
    /// The request on `line`; `None` for a text line.
    pub(crate) fn read(line: &'a str) -> Option<Self> {
        let rest = line.strip_prefix(['.', '\''])?;
        let rest = rest.trim_start_matches([' ', '\t']);
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '\\')
            .unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(end)?;
        Some(Self {
            name,
            rest: rest.trim_start_matches([' ', '\t']),
        })
    }

    /// The arguments, quotes resolved.
    pub(crate) fn arguments(&self) -> Vec<String> {
        arguments(self.rest)
    }
}

/// Splits at spaces outside quotes; `""` inside quotes is a quote, `\"` begins a comment.
pub(crate) fn arguments(rest: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut current = String::new();
    let mut quoted = false;
    let mut started = false;
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                if chars.peek() == Some(&'"') {
                    break;
                }
                started = true;
                current.push(c);
                if let Some(next) = chars.next() {
                    current.push(next);
                }
            }
            '"' if quoted => {
                if chars.peek() == Some(&'"') {
                    chars.next();
                    current.push('"');
                } else {
                    quoted = false;
                }
            }
            '"' if !started => {
                quoted = true;
                started = true;
            }
            ' ' | '\t' if !quoted => {
                if started {
                    out.push(std::mem::take(&mut current));
                    started = false;
                }
            }
            other => {
                started = true;
                current.push(other);
            }
        }
    }
    if started {
        out.push(current);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_follow_roff_quoting() {
        assert_eq!(
            arguments(r#"sbatch "1" "Slurm ""x"" y" z\ w"#),
            ["sbatch", "1", "Slurm \"x\" y", r"z\ w"]
        );
        assert_eq!(arguments(r#"a \" comment"#), ["a"]);
        assert_eq!(
            Request::read(".  SH NAME").map(|request| request.name),
            Some("SH")
        );
        assert_eq!(Request::read("text"), None);
    }
}
