//! Destructive commands need a warning beside them.

use regex::Regex;

use crate::error::JudgeError;
use crate::finding::{Finding, listed};
use crate::pattern::{any_case, exact_case, table};
use crate::reason::JudgeReason;
use crate::segment::{Kind, Segments};

#[derive(Debug)]
pub(crate) struct SafetyCheck {
    commands: Vec<(&'static str, Regex)>,
    /// A command told to be run in prose: `run rm -rf …`.
    told: Regex,
    prompt: Regex,
    warning: Regex,
}

impl SafetyCheck {
    pub(crate) fn new() -> Result<Self, JudgeError> {
        Ok(Self {
            commands: table(
                &[
                    (
                        "rm -r",
                        r"\brm\s+(?:-\S+\s+)*(?:-[a-zA-Z]*[rR][a-zA-Z]*|--recursive)\b",
                    ),
                    ("rm -f with a wildcard", r"\brm\s+(?:-\S+\s+)*\S*\*"),
                    ("mkfs", r"\bmkfs(?:\.\w+)?\s+\S"),
                    ("dd of=", r"\bdd\s+[^|;\n]*\bof="),
                    ("wipefs", r"\bwipefs\s+\S"),
                    ("shred", r"\bshred\s+\S"),
                    (
                        "a write to a device",
                        r">\s*/dev/(?:sd|nvme|hd|vd|mapper)\w*",
                    ),
                    (
                        "partitioning",
                        r"\b(?:fdisk|parted|sgdisk|cfdisk)\s+(?:-\S+\s+)*/dev/\w+",
                    ),
                    (
                        "scancel of many jobs",
                        r"\bscancel\s+(?:\S+\s+)*(?:-u|-[a-zA-Z]*u\b|--user|--me\b|--state|-t\b|--account|-A\b|--partition|-p\b|--qos|-q\b|--nodelist|-w\b|--reservation|-R\b|--name|-n\b|--wckey)",
                    ),
                    (
                        "scontrol",
                        r"\bscontrol\s+(?:-\S+\s+)*(?:delete|update|shutdown|takeover|reboot|power\s+down)\b",
                    ),
                    (
                        "sacctmgr delete",
                        r"\bsacctmgr\s+(?:-\S+\s+)*(?:delete|remove|archive|clear)\b",
                    ),
                    (
                        "kubectl delete",
                        r"\bkubectl\s+(?:\S+\s+)*?(?:delete|drain)\b",
                    ),
                    ("helm uninstall", r"\bhelm\s+(?:uninstall|delete)\b"),
                    ("terraform destroy", r"\bterraform\s+destroy\b"),
                    (
                        "git push --force",
                        r"\bgit\s+push\s+(?:\S+\s+)*(?:--force\b|-f\b|\+\S+)",
                    ),
                    ("git reset --hard", r"\bgit\s+reset\s+(?:\S+\s+)*--hard\b"),
                    ("git clean -f", r"\bgit\s+clean\s+(?:\S+\s+)*-[a-zA-Z]*f"),
                    (
                        "chmod 777",
                        r"\bchmod\s+(?:-\S+\s+)*(?:0?777|a\+rwx|ugo\+rwx)\b",
                    ),
                    (
                        "recursive change at the root",
                        r"\bch(?:mod|own|grp)\s+(?:-\S*R\S*|--recursive)\s+\S+\s+/(?:\s|$)",
                    ),
                    (
                        "halting a machine",
                        r"(?m)(?:^|[;&|]\s*|\bsudo\s+)(?:/sbin/)?(?:shutdown|reboot|poweroff|halt|init\s+[06])\b",
                    ),
                    (
                        "systemctl poweroff",
                        r"\bsystemctl\s+(?:poweroff|reboot|halt)\b",
                    ),
                    (
                        "drop",
                        r"(?i)\bdrop\s+(?:table|database|schema|user|index)\b",
                    ),
                    ("truncate table", r"(?i)\btruncate\s+table\b"),
                    (
                        "delete without where",
                        r"(?i)\bdelete\s+from\s+\w+\s*(?:;|$)",
                    ),
                    ("a fork bomb", r":\s*\(\s*\)\s*\{[^}]*\|[^}]*&\s*\}"),
                    (
                        "a download run at once",
                        r"\b(?:curl|wget)\b[^\n;]*\|\s*(?:sudo\s+)?(?:ba|z|k|da)?sh\b",
                    ),
                    (
                        "a download run at once",
                        r#"\b(?:ba|z)?sh\s+(?:-c\s+)?[<"'$(]+\s*\(?(?:curl|wget)\b"#,
                    ),
                    (
                        "find -delete",
                        r"\bfind\s+[^|;\n]*(?:-delete\b|-exec\s+rm\b)",
                    ),
                    ("xargs rm", r"\bxargs\s+(?:-\S+\s+)*rm\b"),
                    (
                        "kill of everything",
                        r"\bkill\s+(?:-9|-KILL|-SIGKILL)\s+-1\b|\b(?:killall|pkill)\s+(?:-\S+\s+)*-u\b",
                    ),
                    (
                        "removal of an account",
                        r"\b(?:userdel|groupdel|deluser)\s+\S",
                    ),
                    (
                        "removal of a volume",
                        r"\b(?:lvremove|vgremove|pvremove|zpool\s+destroy|zfs\s+destroy|mdadm\s+--zero-superblock)\b",
                    ),
                    (
                        "docker prune",
                        r"\bdocker\s+(?:system|volume|image|container)\s+prune\b",
                    ),
                    (
                        "crontab -r",
                        r"\b(?:crontab|scrontab)\s+(?:-u\s+\S+\s+)?-r\b",
                    ),
                    (
                        "deletion in object storage",
                        r"\b(?:aws\s+s3\s+(?:rm|rb)|s3cmd\s+(?:del|rb)|rclone\s+(?:delete|purge|sync)|swift\s+delete)\b",
                    ),
                    (
                        "etcdctl del",
                        r"\betcdctl\s+(?:\S+\s+)*?(?:del|defrag|member\s+remove)\b",
                    ),
                    ("openstack delete", r"\bopenstack\s+(?:\S+\s+)+?delete\b"),
                    ("oc delete", r"\boc\s+delete\b"),
                    ("rsync --delete", r"\brsync\s+[^|;\n]*--delete\b"),
                ],
                exact_case,
            )?,
            told: any_case(
                "told to run",
                r"(?:\b(?:run|running|execute|type|enter|issue|invoke|use|using|with|via|do)\s+(?:the\s+)?(?:command\s+)?(?:sudo\s+)?)$",
            )?,
            prompt: exact_case(
                "shell prompt",
                r"(?m)^\s*(?:\$|#|>|\w+@[\w\-]+[:~\w/]*[$#])\s+$",
            )?,
            warning: any_case(
                "warning",
                concat!(
                    r"\b(?:warning|caution|careful(?:ly)?|beware|danger(?:ous|ously)?|attention|irreversibl[ey]|irrevocabl[ey]|unrecoverabl[ey]|irretrievabl[ey]|permanently|destructive|destroy(?:s|ed)?|data loss|at your own risk)\b|⚠|",
                    r"\b(?:cannot|can't|can not|could not|not) be (?:undone|reversed|recovered|restored|reverted)\b|",
                    r"\b(?:no|without) (?:undo|way back|way to recover|confirmation|asking|backup)\b|",
                    r"\b(?:will|would|may|might|can|could) (?:be lost|lose|delete all|remove all|erase|overwrite|wipe|kill all|terminate all|cancel all)\b|",
                    r"\b(?:all|every)\b[^.\n]{0,60}\b(?:will be|is|are|be) (?:deleted|removed|lost|erased|overwritten|cancell?ed|killed|terminated|wiped)\b|",
                    r"\b(?:double[- ]check|make sure|be sure|make a backup|back up|check (?:first|twice|that))\b|\bnot (?:recommended|advised|advisable)\b|\bdo not\b|\bnever\b",
                ),
            )?,
        })
    }

    /// Fails when question or answer holds a destructive command and the answer holds no warning.
    pub(crate) fn check(&self, question: &str, answer: &str) -> Finding {
        let mut found = self.destructive(answer);
        found.extend(self.destructive(question));
        let unsafe_without_warning =
            !found.is_empty() && !self.warning.is_match(&Segments::new(answer).prose());
        Finding::from_detail(
            "safety.destructive",
            JudgeReason::DestructiveCommand,
            unsafe_without_warning.then(|| {
                format!(
                    "without a warning: {}",
                    listed(found.iter().map(String::as_str))
                )
            }),
        )
    }

    /// The destructive commands in the code of `text`, and in its prose where a reader is told to run them.
    fn destructive(&self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for segment in Segments::new(text).all {
            for (_, pattern) in &self.commands {
                for command in pattern.find_iter(segment.text) {
                    let before = segment.text.get(..command.start()).unwrap_or_default();
                    let runs = segment.kind != Kind::Prose
                        || self.told.is_match(before)
                        || self.prompt.is_match(
                            before
                                .get(before.rfind('\n').map_or(0, |at| at + 1)..)
                                .unwrap_or_default(),
                        );
                    if runs {
                        found.push(command.as_str().trim().to_owned());
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    fn is_safe(answer: &str) -> bool {
        static CHECK: LazyLock<SafetyCheck> = LazyLock::new(|| SafetyCheck::new().unwrap());
        CHECK.check("How?", answer).failure.is_none()
    }

    #[test]
    fn a_destructive_command_needs_a_warning() {
        for code in [
            "rm -rf /scratch/$USER",
            "rm -r old",
            "mkfs.ext4 /dev/sdb1",
            "dd if=/dev/zero of=/dev/sdb",
            "scancel -u alice",
            "scancel --state=PENDING",
            "scontrol delete reservation=x",
            "scontrol update JobId=3 TimeLimit=1:00",
            "scontrol shutdown",
            "sacctmgr -i delete user bob",
            "kubectl delete pod x",
            "kubectl -n prod delete pod x",
            "git push --force",
            "chmod -R 777 /data",
            "wipefs -a /dev/sdb",
            "sudo reboot",
            "DROP TABLE jobs;",
            ":(){ :|:& };:",
            "curl https://x.example/i.sh | sudo bash",
            "find /tmp -mtime +3 -delete",
        ] {
            assert!(!is_safe(&format!("Use `{code}`.")), "{code}");
            assert!(!is_safe(&format!("Do:\n```bash\n{code}\n```")), "{code}");
            assert!(
                is_safe(&format!("Be careful: this cannot be undone. `{code}`")),
                "{code}"
            );
        }
        assert!(!is_safe("To clean up, run rm -rf build now."));
        assert!(!is_safe("Type:\n$ rm -rf build"));
    }

    #[test]
    fn what_only_reads_or_names_passes() {
        for answer in [
            "`scancel 1234` cancels one job.",
            "`scontrol show job 1234`",
            "The option `-u, --user` of scancel restricts it to a user.",
            "The scontrol update command is described by its manual.",
            "`rm notes.txt`",
            "`mkdir -p a/b`",
            "`chmod 600 ~/.ssh/id`",
            "`git push origin main`",
            "`shutdown_grace` is a parameter.",
            "The state is REBOOT or shutdown.",
            "`curl -O https://x.example/i.sh`",
        ] {
            assert!(is_safe(answer), "{answer}");
        }
    }
}
