//! Every dependency has a licence that `deny.toml` allows. `cargo deny` reads the same file and checks more; this needs
//! nothing installed.

use toml::Table;

use super::Issue;
use super::dependencies::Package;
use crate::Result;

/// Packages whose licence is not in `deny.toml`'s `licenses.allow` nor among `licenses.exceptions`; `licenses.clarify` says what a
/// package does not say itself.
pub(crate) fn check(deny: &str, packages: &[Package]) -> Result<Vec<Issue>> {
    let deny: Table = deny.parse()?;
    let licenses = deny.get("licenses").and_then(toml::Value::as_table);
    let list = |key: &str| {
        let list = licenses.and_then(|table| table.get(key)?.as_array());
        list.map(Vec::as_slice).unwrap_or_default()
    };
    if list("allow").is_empty() {
        return Err("deny.toml has no licenses.allow".into());
    }
    let allowed = texts(list("allow"));
    let of = |key: &str, package: &Package| {
        let mut entries = list(key).iter().filter_map(toml::Value::as_table);
        entries.find(|entry| {
            entry.get("crate").and_then(toml::Value::as_str) == Some(package.name.as_str())
        })
    };
    Ok(packages
        .iter()
        .filter_map(|package| {
            let name = format!("{} {}", package.name, package.version);
            let clarified =
                of("clarify", package).and_then(|entry| entry.get("expression")?.as_str());
            let excepted =
                of("exceptions", package).and_then(|entry| entry.get("allow")?.as_array());
            let mut allowed = allowed.clone();
            allowed.extend(texts(excepted.map(Vec::as_slice).unwrap_or_default()));
            let message = match package.license.as_deref().or(clarified) {
                None => format!("`{name}` states no licence"),
                Some(expression) if !satisfied(expression, &allowed) => {
                    format!("`{name}` is under `{expression}`, which is not allowed")
                }
                Some(_) => return None,
            };
            Some(Issue::new("deny.toml", 1, message))
        })
        .collect())
}

fn texts(list: &[toml::Value]) -> Vec<&str> {
    list.iter().filter_map(toml::Value::as_str).collect()
}

/// Whether an SPDX expression can be met with the allowed licences. The old `/` means `OR`.
fn satisfied(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'a, 'b> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_, '_>, allowed: &[&str]) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_, '_>, allowed: &[&str]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_, '_>, allowed: &[&str]) -> bool {
    match words.next() {
        Some("(") => {
            let met = any(words, allowed);
            words.next_if_eq(&")").is_some() && met
        }
        Some(name) => {
            let exception = words.next_if_eq(&"WITH").and_then(|_| words.next());
            let full = exception.map_or_else(|| name.to_owned(), |e| format!("{name} WITH {e}"));
            allowed.contains(&name) || allowed.contains(&full.as_str())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_says() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"];
        for met in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0/MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
            "GPL-3.0 OR MIT AND Apache-2.0",
        ] {
            assert!(satisfied(met, &allowed), "{met}");
        }
        for unmet in [
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT",
            "MIT)",
            "",
            "(GPL-3.0 OR AGPL-3.0) AND MIT",
        ] {
            assert!(!satisfied(unmet, &allowed), "{unmet}");
        }
    }

    #[test]
    fn a_foreign_or_missing_licence_is_found() {
        let deny = "[licenses]\nallow = [\"MIT\"]\n";
        let packages = [
            Package::licensed("a", Some("MIT")),
            Package::licensed("b", Some("GPL-3.0")),
            Package::licensed("c", None),
        ];
        let found: Vec<String> = check(deny, &packages)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "deny.toml:1: `b 1.0.0` is under `GPL-3.0`, which is not allowed",
                "deny.toml:1: `c 1.0.0` states no licence"
            ]
        );
        assert!(check("", &packages).is_err());
    }

    #[test]
    fn a_package_can_be_excepted_or_explained() {
        let packages = [
            Package::licensed("b", Some("GPL-3.0")),
            Package::licensed("c", None),
        ];
        let deny = "[licenses]\nallow = [\"MIT\"]\nexceptions = [{ crate = \"b\", allow = [\"GPL-3.0\"] }]\n\
            [[licenses.clarify]]\ncrate = \"c\"\nexpression = \"MIT\"\n";
        assert!(check(deny, &packages).unwrap().is_empty());
        // For others they mean nothing.
        let other = [Package::licensed("d", Some("GPL-3.0"))];
        assert_eq!(check(deny, &other).unwrap().len(), 1);
    }
}
