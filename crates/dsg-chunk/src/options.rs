//! The names of options, out of their labels.

/// The names in `labels` (`-A, --account=<account>`), each once, in order: `-A`, `--account`. A label without a dash is a
/// parameter, and its first word is the name.
pub(crate) fn option_names(labels: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for label in labels {
        let dashed = label.starts_with('-');
        for part in label.split([',', '|']) {
            let part = part.trim_start();
            let end = part
                .find([' ', '=', '[', '<', '(', ':'])
                .unwrap_or(part.len());
            let name = part.get(..end).unwrap_or_default();
            let usable = name.contains(char::is_alphanumeric) && name.starts_with('-') == dashed;
            if usable && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
            if !dashed {
                break;
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_a_user_types() {
        let cases: [(&str, &[&str]); 6] = [
            ("-A, --account=<account>", &["-A", "--account"]),
            ("--exclude=<a,b>", &["--exclude"]),
            ("-n <ntasks> | --ntasks", &["-n", "--ntasks"]),
            ("SelectType=<plugin>, cons", &["SelectType"]),
            ("-h, -h", &["-h"]),
            ("--", &[]),
        ];
        for (label, names) in cases {
            assert_eq!(
                option_names([label.to_owned()].into_iter()),
                names,
                "{label}"
            );
        }
    }
}
