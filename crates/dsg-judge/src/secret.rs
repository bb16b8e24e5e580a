//! Credentials: keys, tokens and passwords that somebody pasted into a document.
//!
//! Token shapes follow the issuers' own documentation. A value without a shape of its own is judged by the name it is
//! assigned to and by its entropy; documented placeholders (`<password>`, `$TOKEN`, `xxxx`, `your-api-key`) are none.

use std::collections::BTreeMap;

use regex::Regex;

use crate::error::JudgeError;
use crate::pattern::{any_case, exact_case, table};
use crate::sensitive::{Sensitive, merge};

/// Bits per character from which an assigned value looks random: English words lie near 3.0, random base64 of 20 near 4.1.
const RANDOM_BITS: f64 = 3.2;

/// Finds secrets. Build once, use for every text and from any thread.
#[derive(Debug)]
pub struct SecretScanner {
    shapes: Vec<(&'static str, Regex)>,
    /// Rules whose first group is the value, which must look random.
    assigned: Vec<(&'static str, Regex)>,
    url_password: Regex,
}

impl SecretScanner {
    /// A scanner.
    ///
    /// # Errors
    /// [`JudgeError::BuiltIn`], which would be a bug.
    pub fn new() -> Result<Self, JudgeError> {
        Ok(Self {
            shapes: table(
                &[
                    // A key whole, or cut at either end; `-----BEGIN … KEY-----` alone or around dots is no key.
                    (
                        "private-key",
                        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[^\-]*?[A-Za-z0-9+/=]{20,}(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
                    ),
                    (
                        "private-key",
                        r"(?:[A-Za-z0-9+/=]{20,}\s+)+-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----",
                    ),
                    ("aws-access-key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
                    ("aws-access-key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
                    ("github-token", r"\bgh[pousr]_[A-Za-z0-9]{30,255}\b"),
                    ("github-token", r"\bgithub_pat_[A-Za-z0-9_]{22,255}\b"),
                    (
                        "gitlab-token",
                        r"\bgl(?:pat|ptt|dt|rt|cbt|ft|soat|agent|imt|oas)-[\w\-]{20,}",
                    ),
                    ("slack-token", r"\bxox[abeoprs]-[\w\-]{10,}"),
                    (
                        "slack-webhook",
                        r"https://hooks\.slack\.com/(?:services|workflows)/[\w/]{20,}",
                    ),
                    ("jwt", r"\beyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]{8,}"),
                    ("google-api-key", r"\bAIza[\w\-]{35}"),
                    ("google-oauth", r"\bya29\.[\w\-]{20,}"),
                    ("stripe-key", r"\b[spr]k_(?:live|test)_[A-Za-z0-9]{16,}"),
                    (
                        "openai-key",
                        r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_\-]{24,}",
                    ),
                    ("anthropic-key", r"\bsk-ant-[\w\-]{20,}"),
                    ("huggingface-token", r"\b(?:hf|api_org)_[A-Za-z0-9]{30,}\b"),
                    ("npm-token", r"\bnpm_[A-Za-z0-9]{36}\b"),
                    ("pypi-token", r"\bpypi-AgE[\w\-]{50,}"),
                    ("docker-token", r"\bdckr_(?:pat|oat)_[\w\-]{20,}"),
                    ("sendgrid-key", r"\bSG\.[\w\-]{16,32}\.[\w\-]{16,64}"),
                    ("twilio-key", r"\bSK[0-9a-f]{32}\b"),
                    ("digitalocean-token", r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
                    ("vault-token", r"\bhv[sb]\.[\w\-]{24,}"),
                    ("databricks-token", r"\bdapi[0-9a-f]{32}\b"),
                    ("telegram-token", r"\b\d{8,10}:AA[\w\-]{33}\b"),
                    ("azure-key", r"(?i)\bAccountKey=[A-Za-z0-9+/]{80,90}={0,2}"),
                    (
                        "ssh-private-key",
                        r"\bb3BlbnNzaC1rZXkt[A-Za-z0-9+/=\s]{60,}",
                    ),
                ],
                exact_case,
            )?,
            assigned: table(
                &[
                    (
                        "assigned-secret",
                        r#"\b[\w.\-]*(?:password|passwd|passphrase|passcode|pwd|secret|token|credentials?|api[_\-]?key|access[_\-]?key|account[_\-]?key|auth[_\-]?key|private[_\-]?key|secret[_\-]?key|encryption[_\-]?key|[a-z]pass|[_\-]pass)[\w\-]*["'`]?\s*(?::=|=>|=|:)\s*["'`]?([^\s"'`,;<>]{8,})"#,
                    ),
                    (
                        "authorization",
                        r#"\b(?:bearer|basic|x-auth-token:|authorization:(?:\s*(?:token|apikey))?)\s+["']?([A-Za-z0-9._~+/\-]{16,}=*)"#,
                    ),
                    (
                        "assigned-secret",
                        r#"\b(?:password|passphrase|token|secret|api key)\s+(?:is|was|to)\s+["'`]?([^\s"'`,;<>]{8,})"#,
                    ),
                    (
                        "assigned-secret",
                        r#"\s--?(?:password|passwd|token|secret|api-key)\s+["']?([^\s"'`,;<>\-][^\s"'`,;<>]{7,})"#,
                    ),
                ],
                any_case,
            )?,
            url_password: any_case(
                "url password",
                r"\b[a-z][a-z0-9+.\-]*://[^\s/:@<>$'\x22`]+:([^\s/@<>'\x22`]{3,})@[\w.\-\[]",
            )?,
        })
    }

    /// The secrets in `text`, by place. For assigned values and URLs the range covers the value alone.
    ///
    /// ```
    /// use dsg_judge::SecretScanner;
    ///
    /// let scanner = SecretScanner::new()?;
    /// assert_eq!(scanner.scan("api_key = q9XeLr2Tz81KdPw7").len(), 1);
    /// assert!(scanner.scan("api_key = <your-api-key>, password=$PASSWORD").is_empty());
    /// # Ok::<(), dsg_judge::JudgeError>(())
    /// ```
    pub fn scan(&self, text: &str) -> Vec<Sensitive> {
        let mut found = Vec::new();
        for (label, pattern) in &self.shapes {
            for hit in pattern.find_iter(text) {
                if !is_documented_example(hit.as_str()) {
                    found.push(Sensitive {
                        label,
                        range: hit.range(),
                    });
                }
            }
        }
        for (label, pattern) in &self.assigned {
            for captures in pattern.captures_iter(text) {
                let Some(value) = captures.get(1) else {
                    continue;
                };
                let trimmed = value.as_str().trim_end_matches(['.', ')', ']', '}', ':']);
                if !is_placeholder(trimmed) && looks_random(trimmed) {
                    found.push(Sensitive {
                        label,
                        range: value.start()..value.start() + trimmed.len(),
                    });
                }
            }
        }
        for captures in self.url_password.captures_iter(text) {
            if let Some(value) = captures
                .get(1)
                .filter(|value| !is_placeholder(value.as_str()))
            {
                found.push(Sensitive {
                    label: "url-password",
                    range: value.range(),
                });
            }
        }
        merge(found)
    }
}

/// Vendors mark the keys in their own manuals, in capitals (`AKIAIOSFODNN7EXAMPLE`).
fn is_documented_example(value: &str) -> bool {
    value.contains("EXAMPLE") || value.to_lowercase().contains("xxxxxx") || one_symbol(value)
}

/// Whether a value stands for one, rather than being one.
fn is_placeholder(value: &str) -> bool {
    let lower = value.to_lowercase();
    let marks = [
        "your",
        "example",
        "changeme",
        "change_me",
        "change-me",
        "placeholder",
        "xxx",
        "***",
        "...",
        "…",
        "dummy",
        "redacted",
        "insert",
        "secret",
        "password",
        "passwd",
        "token",
        "credential",
        "key_here",
        "todo",
        "none",
        "null",
        "undefined",
        "foobar",
        "mypass",
    ];
    value.starts_with(['$', '<', '{', '%', '[', '(', '@', '&', '*', '/', '~', '.', '-', '\\'])
        || marks.iter().any(|mark| lower.contains(mark))
        || value.contains(['(', '{', '$', '\\'])
        || value.contains("://")
        || one_symbol(value)
        || is_path(value)
        // A variable's or constant's name.
        || value.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

fn one_symbol(value: &str) -> bool {
    let mut chars = value.chars().filter(|c| *c != '-');
    let first = chars.next();
    chars.all(|c| Some(c) == first)
}

/// `/run/key`, `keys/site.pem`, `auth/munge`.
fn is_path(value: &str) -> bool {
    value.contains('/')
        && value
            .split('/')
            .all(|part| part.chars().filter(char::is_ascii_digit).count() * 3 <= part.len().max(3))
        && value.chars().filter(char::is_ascii_uppercase).count() * 4 < value.len()
}

/// At least two kinds of characters, one of them digits, and more entropy than a word has.
fn looks_random(value: &str) -> bool {
    let digits = value.bytes().any(|b| b.is_ascii_digit());
    let letters = value.bytes().any(|b| b.is_ascii_alphabetic());
    let plain_number = value
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':' | b'-' | b'/'));
    digits && letters && !plain_number && entropy(value) >= limit(value)
}

/// A short value cannot reach the entropy of a long one.
fn limit(value: &str) -> f64 {
    let most = (value.chars().count() as f64).log2();
    RANDOM_BITS.min(most * 0.88)
}

/// Shannon entropy in bits per character.
fn entropy(value: &str) -> f64 {
    let mut counts: BTreeMap<char, f64> = BTreeMap::new();
    for c in value.chars() {
        *counts.entry(c).or_default() += 1.0;
    }
    let total: f64 = counts.values().sum();
    counts
        .values()
        .map(|count| {
            let p = count / total;
            -p * p.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static SCANNER: LazyLock<SecretScanner> = LazyLock::new(|| SecretScanner::new().unwrap());

    fn labels(text: &str) -> Vec<&'static str> {
        SCANNER.scan(text).iter().map(|found| found.label).collect()
    }

    /// Put together at run time, so that no scanner takes this file for a leak.
    fn fake(prefix: &str, length: usize) -> String {
        let body: String = "q7Zx2LmW9kTb4RvY8sNc1HdJ6pGf3VwA5eUoKiXr0BzSyMtQ"
            .chars()
            .cycle()
            .take(length)
            .collect();
        format!("{prefix}{body}")
    }

    #[test]
    fn issued_tokens_are_known_by_their_shape() {
        assert_eq!(labels(&fake("ghp_", 36)), ["github-token"]);
        assert_eq!(labels(&fake("glpat-", 20)), ["gitlab-token"]);
        assert_eq!(labels(&fake("xoxb-", 24)), ["slack-token"]);
        assert_eq!(
            labels(&format!("AKIA{}", "Q7ZX2LMW9KTB4RVY")),
            ["aws-access-key"]
        );
        let jwt = format!("{}.{}.{}", fake("eyJ", 20), fake("", 30), fake("", 40));
        assert_eq!(labels(&format!("Session: {jwt}")), ["jwt"]);
    }

    #[test]
    fn a_key_block_is_found_whole_even_when_cut() {
        let begin = format!("-----BEGIN OPENSSH {} KEY-----", "PRIVATE");
        let block = format!("{begin}\n{}\n", fake("", 40));
        let found = SCANNER.scan(&block);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].range, 0..block.len());
    }

    #[test]
    fn assigned_values_count_when_they_look_random() {
        assert_eq!(
            labels(&format!("db_password: {}", fake("", 14))),
            ["assigned-secret"]
        );
        assert_eq!(
            labels(&format!("Authorization: Bearer {}", fake("", 24))),
            ["authorization"]
        );
        assert_eq!(
            labels("postgres://loader:h4ckm3now@db.test/x"),
            ["url-password"]
        );
    }

    #[test]
    fn documented_placeholders_and_ordinary_values_are_no_secrets() {
        for text in [
            "password=<password>",
            "password: $DB_PASSWORD",
            "token=${TOKEN}",
            "api_key = your-api-key-1234",
            "secret: xxxxxxxxxxxx",
            "AuthToken = changeme123",
            "AKIAIOSFODNN7EXAMPLE",
            "postgres://user:password@host/db",
            "postgres://user:$PW@host/db",
            "StoragePass=/var/run/munge/munge.socket.2",
            "AuthType=auth/munge",
            "token_limit: 4096",
            "Tokens: 10.000.000",
            "the secret is kept safe",
            "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            "--token-file /etc/x",
            "password is required",
        ] {
            assert_eq!(labels(text), Vec::<&str>::new(), "{text}");
        }
    }
}
