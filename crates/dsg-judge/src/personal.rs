//! Personal data: mail addresses, telephone numbers, account, card and national identity numbers.
//!
//! Names, postal addresses and dates of birth need a language model or a register and are not looked for.

use regex::Regex;

use crate::error::JudgeError;
use crate::pattern::{any_case, exact_case};
use crate::sensitive::{Sensitive, merge};

/// Finds personal data. Build once, use for every text and from any thread.
#[derive(Debug)]
pub struct PersonalScanner {
    role_mailboxes: Vec<String>,
    ip_addresses: bool,
    email: Regex,
    login: Regex,
    phone: Regex,
    phone_word: Regex,
    spoken_phone: Regex,
    iban: Regex,
    card: Regex,
    national_id: Regex,
    ip: Regex,
}

impl PersonalScanner {
    /// A scanner that keeps addresses of these `role_mailboxes` and takes public IP addresses for personal data only
    /// if asked to.
    ///
    /// # Errors
    /// [`JudgeError::BuiltIn`], which would be a bug.
    pub fn new(role_mailboxes: &[String], ip_addresses: bool) -> Result<Self, JudgeError> {
        Ok(Self {
            role_mailboxes: role_mailboxes
                .iter()
                .map(|name| name.to_lowercase())
                .collect(),
            ip_addresses,
            email: any_case(
                "email",
                r"\b[a-z0-9][a-z0-9._%+\-]*@[a-z0-9](?:[a-z0-9\-]*\.)+[a-z]{2,24}\b",
            )?,
            login: any_case(
                "login",
                r"(?:\b(?:ssh|scp|sftp|rsync|mosh|sshfs|ssh-copy-id|git\s+clone|ProxyJump)\b[^\n`]*|(?:^|\s)-J\s*|\b(?:ssh|sftp|git|rsync)://)$",
            )?,
            // International with separators or in one, and the North American pattern.
            phone: exact_case(
                "phone",
                r"\+\d{1,3}(?:[ .\-]?\(?\d{1,5}\)?){2,6}(?:x\d{1,6})?|\(\d{3}\)[ \-]?\d{3}[ .\-]\d{4}(?:x\d{1,6})?|\b\d{3}[.\-]\d{3}[.\-]\d{4}(?:x\d{1,6})?\b|\b(?:001|1)-\d{3}-\d{3}-\d{4}(?:x\d{1,6})?\b",
            )?,
            phone_word: any_case(
                "phone word",
                r"\b(?:phone|telephone|tel|mobile|cell|cellphone|fax|call|calling|dial|whatsapp|sms|hotline)\b[^\n]{0,24}$",
            )?,
            spoken_phone: exact_case(
                "phone after its name",
                r"\(?\b\d{2,5}\)?(?:[ .\-/]\(?\d{2,5}\)?){1,5}\b(?:x\d{1,6})?|\b0\d{8,11}\b",
            )?,
            iban: any_case(
                "iban",
                r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?\b",
            )?,
            card: exact_case("card", r"\b\d(?:[ \-]?\d){11,18}\b")?,
            national_id: exact_case("national id", r"\b(\d{3})-(\d{2})-(\d{4})\b")?,
            ip: any_case(
                "ip address",
                r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}\b",
            )?,
        })
    }

    /// The personal data in `text`, by place.
    ///
    /// ```
    /// use dsg_judge::PersonalScanner;
    ///
    /// let scanner = PersonalScanner::new(&["support".to_owned()], false)?;
    /// let found = scanner.scan("Write to erika.muster@hpc-site.eu or support@hpc-site.eu.");
    /// assert_eq!(found.len(), 1);
    /// assert_eq!(found[0].label, "email");
    /// # Ok::<(), dsg_judge::JudgeError>(())
    /// ```
    pub fn scan(&self, text: &str) -> Vec<Sensitive> {
        let mut found = Vec::new();
        let mut add = |label, range| found.push(Sensitive { label, range });
        let before = |at: usize| text.get(..at).unwrap_or_default();
        let line_before = |at: usize| {
            let before = before(at);
            before
                .get(before.rfind('\n').map_or(0, |at| at + 1)..)
                .unwrap_or_default()
        };
        for hit in self.email.find_iter(text) {
            let after = text.get(hit.end()..).unwrap_or_default();
            // `alice@login.site:path` and `ssh alice@login.site` are logins.
            let login = after.starts_with(":/")
                || after.starts_with(":~")
                || self.login.is_match(line_before(hit.start()));
            if !login && self.is_person(hit.as_str()) {
                add("email", hit.range());
            }
        }
        for hit in self.iban.find_iter(text) {
            if is_iban(hit.as_str()) {
                add("iban", hit.range());
            }
        }
        for hit in self.card.find_iter(text) {
            if is_card(hit.as_str()) {
                add("card-number", hit.range());
            }
        }
        for captures in self.national_id.captures_iter(text) {
            let part = |at: usize| captures.get(at).map_or("", |part| part.as_str());
            let issued = !matches!(part(1), "000" | "666")
                && part(2) != "00"
                && part(3) != "0000"
                && !part(1).starts_with('9');
            if let Some(whole) = captures.get(0).filter(|_| issued) {
                add("national-id", whole.range());
            }
        }
        for hit in self.phone.find_iter(text) {
            let digits = digits(hit.as_str()).len();
            let glued = before(hit.start()).ends_with(|c: char| {
                c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '=')
            }) || text
                .get(hit.end()..)
                .is_some_and(|after| after.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
            if (8..=15).contains(&digits) && !glued
                || hit.as_str().contains('x') && digits <= 20 && !glued
            {
                add("phone", hit.range());
            }
        }
        for hit in self.spoken_phone.find_iter(text) {
            let digits = digits(hit.as_str()).len();
            let version =
                hit.as_str().matches('.').count() == 3 && !hit.as_str().contains([' ', '-']);
            if (7..=15).contains(&digits)
                && !version
                && !is_date(hit.as_str())
                && self.phone_word.is_match(line_before(hit.start()))
            {
                add("phone", hit.range());
            }
        }
        if self.ip_addresses {
            for hit in self.ip.find_iter(text) {
                if hit.as_str().parse().is_ok_and(is_public) {
                    add("ip-address", hit.range());
                }
            }
        }
        merge(found)
    }

    /// Whether a mail address belongs to a person, as far as its parts tell.
    fn is_person(&self, address: &str) -> bool {
        let lower = address.to_lowercase();
        let Some((local, domain)) = lower.split_once('@') else {
            return false;
        };
        let role = local
            .split(['-', '_', '.', '+'])
            .chain([local])
            .any(|part| self.role_mailboxes.iter().any(|name| name == part));
        let list = domain.split('.').any(|part| {
            matches!(
                part,
                "lists" | "list" | "groups" | "googlegroups" | "mailman" | "listserv"
            )
        });
        let stand_in = [
            "user", "name", "your", "email", "someone", "somebody", "nobody", "anyone", "login",
            "account", "project",
        ]
        .iter()
        .any(|mark| local.contains(mark))
            || matches!(
                local,
                "git"
                    | "me"
                    | "you"
                    | "foo"
                    | "bar"
                    | "x"
                    | "abc"
                    | "xyz"
                    | "test"
                    | "root"
                    | "mail"
                    | "uid"
                    | "john.doe"
                    | "jane.doe"
                    | "jdoe"
                    | "johndoe"
                    | "janedoe"
                    | "alice"
                    | "bob"
                    | "example"
                    | "first.last"
                    | "host"
                    | "port"
                    | "node"
                    | "hg"
                    | "svn"
            );
        // `1766@license.site` is a port; OpenSSH names its ciphers like addresses.
        let stand_in = stand_in
            || local.bytes().all(|b| b.is_ascii_digit())
            || matches!(domain, "openssh.com" | "libssh.org" | "lysator.liu.se")
                && local.contains('-');
        let top = domain.rsplit('.').next().unwrap_or_default();
        let no_mail_domain = matches!(
            top,
            "local"
                | "localhost"
                | "internal"
                | "lan"
                | "invalid"
                | "localdomain"
                | "service"
                | "socket"
                | "target"
                | "mount"
                | "timer"
                | "slice"
                | "scope"
                | "conf"
                | "py"
                | "sh"
                | "json"
                | "yaml"
                | "yml"
                | "so"
                | "png"
                | "md"
        );
        !(role || list || stand_in || no_mail_domain)
    }
}

/// What stands in place of a finding.
pub(crate) fn placeholder(label: &'static str) -> &'static str {
    match label {
        "email" => "<email>",
        "phone" => "<phone>",
        "iban" => "<iban>",
        "card-number" => "<card-number>",
        "national-id" => "<national-id>",
        "ip-address" => "<ip-address>",
        _ => "<redacted>",
    }
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', '/', '.', ' ']).collect();
    let year = |part: &&str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    parts.len() == 3
        && parts.iter().any(year)
        && parts.iter().filter(|part| part.len() == 2).count() == 2
}

/// The check digits of ISO 13616: the rearranged number is 1 modulo 97.
fn is_iban(text: &str) -> bool {
    let compact: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    if !(15..=34).contains(&compact.len()) {
        return false;
    }
    let (country, rest) = compact.split_at(4);
    rest.iter()
        .chain(country)
        .filter_map(|c| c.to_digit(36))
        .fold(0, |sum, value| {
            (sum * if value > 9 { 100 } else { 10 } + value) % 97
        })
        == 1
}

/// An issuer's prefix and the check digit of ISO 7812 (Luhn).
fn is_card(text: &str) -> bool {
    let digits = digits(text);
    let starts = |length: usize| {
        digits
            .iter()
            .take(length)
            .fold(0, |number, digit| number * 10 + digit)
    };
    let issued = match digits.len() {
        13 | 16 | 19 if starts(1) == 4 => true,
        16 if (51..=55).contains(&starts(2)) || (2_221..=2_720).contains(&starts(4)) => true,
        15 if matches!(starts(2), 34 | 37) || matches!(starts(4), 1_800 | 2_131) => true,
        14 | 16 if matches!(starts(2), 36 | 38 | 39) || (300..=305).contains(&starts(3)) => true,
        16 if starts(4) == 6_011
            || starts(2) == 65
            || (644..=649).contains(&starts(3))
            || starts(2) == 62
            || starts(2) == 35 =>
        {
            true
        }
        12..=19
            if matches!(
                starts(4),
                5_018 | 5_020 | 5_038 | 5_893 | 6_304 | 6_759 | 6_761 | 6_762 | 6_763
            ) =>
        {
            true
        }
        _ => false,
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    issued && sum.is_multiple_of(10)
}

/// Whether an address is routed on the internet and set aside neither for documentation nor for private use.
fn is_public(address: std::net::IpAddr) -> bool {
    match address {
        std::net::IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_documentation()
                || ip.is_broadcast()
                || ip.is_unspecified()
                || ip.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b)))
        }
        std::net::IpAddr::V6(ip) => {
            let [first, second, ..] = ip.segments();
            !(ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || (first == 0x2001 && second == 0xdb8)
                || first & 0xffc0 == 0xfe80
                || first & 0xfe00 == 0xfc00)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    fn found(text: &str) -> Vec<(&'static str, &str)> {
        static SCANNER: LazyLock<PersonalScanner> = LazyLock::new(|| {
            let roles = crate::JudgeConfig::default().role_mailboxes;
            PersonalScanner::new(&roles, true).unwrap()
        });
        SCANNER
            .scan(text)
            .into_iter()
            .map(|hit| (hit.label, text.get(hit.range).unwrap()))
            .collect()
    }

    #[test]
    fn persons_are_found() {
        for (text, label, value) in [
            ("Ask erika.muster@site.eu.", "email", "erika.muster@site.eu"),
            ("Phone +1-202-555-0143, room 2", "phone", "+1-202-555-0143"),
            ("mobile (202) 555-0178", "phone", "(202) 555-0178"),
            ("tel. 0688 872 49 99", "phone", "0688 872 49 99"),
            (
                "IBAN DE89 3704 0044 0532 0130 00.",
                "iban",
                "DE89 3704 0044 0532 0130 00",
            ),
            (
                "card 4111 1111 1111 1111",
                "card-number",
                "4111 1111 1111 1111",
            ),
            ("id 078-05-1120", "national-id", "078-05-1120"),
            ("from 8.8.8.8", "ip-address", "8.8.8.8"),
        ] {
            assert_eq!(found(text), [(label, value)], "{text}");
        }
    }

    #[test]
    fn roles_logins_and_technical_numbers_are_kept() {
        for text in [
            "support@site.eu, hpc-support@site.eu, slurm-users@lists.site.eu",
            "ssh alice.k@login.site.eu and scp a alice.k@login.site.eu:/tmp",
            "username@login.site.eu, git@github.com, getty@tty1.service",
            "2024-05-01, 2024-05-01T10:00:00, 1-12:00:00",
            "job 1234567890123456, commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            "10.0.0.1, 192.168.1.1, 192.0.2.44, 127.0.0.1",
            "version 11.8.0 and 535.104.05",
            "--array=0-31%4, 1000-2000",
            "DE00 3704 0044 0532 0130 00",
            "0x1234567890abcdef",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
