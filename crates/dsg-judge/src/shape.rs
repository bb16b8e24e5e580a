//! What kind of literal a single word is, by its shape.

use crate::literal::LiteralKind;

/// Commands that are no English words: literals also in prose without code markup.
const COMMANDS: &[&str] = &[
    "apptainer",
    "awk",
    "bsub",
    "cgroup",
    "chgrp",
    "chmod",
    "chown",
    "conda",
    "crontab",
    "curl",
    "docker",
    "fstab",
    "gcc",
    "gdb",
    "gfortran",
    "git",
    "grep",
    "gzip",
    "helm",
    "icc",
    "ifort",
    "ipcrm",
    "kubectl",
    "lfs",
    "lmod",
    "lscpu",
    "lsof",
    "mamba",
    "mkdir",
    "mkfs",
    "mpicc",
    "mpiexec",
    "mpifort",
    "mpirun",
    "nvcc",
    "nvidia-smi",
    "openssl",
    "orted",
    "pbsnodes",
    "pip",
    "podman",
    "prterun",
    "prun",
    "pscp",
    "pytest",
    "qdel",
    "qstat",
    "qsub",
    "rclone",
    "rmdir",
    "rsync",
    "sacct",
    "sacctmgr",
    "salloc",
    "sattach",
    "sbang",
    "sbatch",
    "sbcast",
    "scancel",
    "scontrol",
    "scp",
    "scrontab",
    "scrun",
    "sdiag",
    "sed",
    "seff",
    "sftp",
    "sgather",
    "sinfo",
    "singularity",
    "slurmctld",
    "slurmd",
    "slurmdbd",
    "slurmrestd",
    "slurmstepd",
    "smap",
    "sprio",
    "squeue",
    "sreport",
    "srun",
    "sshare",
    "ssh",
    "sshd",
    "ssh-keygen",
    "sstat",
    "strace",
    "strigger",
    "sudo",
    "sview",
    "sysctl",
    "systemctl",
    "tar",
    "tmux",
    "ulimit",
    "umask",
    "umount",
    "unzip",
    "useradd",
    "valgrind",
    "wget",
    "xargs",
];

/// Whether a word is such a command.
pub(crate) fn is_command(word: &str) -> bool {
    COMMANDS.contains(&word)
}

/// Abbreviations and names with a dot that are no files.
const NOT_FILES: &[&str] = &[
    "e.g", "i.e", "a.m", "p.m", "a.k.a", "u.s", "vs", "etc", "cf", "w.r.t", "ph.d",
];

/// What kind of literal a word is; `None` for ordinary words.
pub(crate) fn word_kind(raw: &str) -> Option<LiteralKind> {
    let word = raw.trim_end_matches("()");
    let call = word.len() < raw.len();
    if is_command(word) {
        return Some(LiteralKind::Identifier);
    }
    let upper = word.chars().filter(|c| c.is_uppercase()).count();
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    if word.contains('_') && word.trim_matches('_').len() > 1 {
        let shouting = upper == letters && upper > 0;
        return Some(if shouting {
            LiteralKind::Variable
        } else {
            LiteralKind::Identifier
        });
    }
    if call || word.contains("::") {
        return Some(LiteralKind::Identifier);
    }
    if word.contains('.') {
        return dotted_kind(word);
    }
    if word.contains(['\'', '’']) {
        return None;
    }
    if word.contains('-') {
        let technical = word
            .split('-')
            .any(|part| part.chars().any(char::is_numeric));
        return technical.then_some(LiteralKind::Identifier);
    }
    if word.chars().any(char::is_numeric) {
        return Some(LiteralKind::Identifier);
    }
    // `GPU`, `GPUs`, `TaskPlugin`, `mpirunX`; not `Slurm`.
    let camel = word
        .chars()
        .zip(word.chars().skip(1))
        .any(|(a, b)| a.is_lowercase() && b.is_uppercase());
    let acronym = upper >= 2 && (upper == letters || (upper + 1 == letters && word.ends_with('s')));
    let inner = upper >= 2 && letters > upper;
    (camel || acronym || inner).then_some(LiteralKind::Identifier)
}

/// `slurm.conf`, `file.tar.gz`, `torch.nn`; not `e.g.` and not two sentences run together.
fn dotted_kind(word: &str) -> Option<LiteralKind> {
    if NOT_FILES.contains(&word.to_lowercase().as_str()) {
        return None;
    }
    let last = word.rsplit('.').next().unwrap_or(word);
    let sentence = last.chars().next().is_some_and(char::is_uppercase)
        && last.chars().skip(1).all(char::is_lowercase);
    (!sentence && !last.is_empty()).then_some(LiteralKind::Path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_tell_kinds() {
        for (word, kind) in [
            ("SLURM_JOB_ID", Some(LiteralKind::Variable)),
            ("job_container", Some(LiteralKind::Identifier)),
            ("TaskPlugin", Some(LiteralKind::Identifier)),
            ("GPUs", Some(LiteralKind::Identifier)),
            ("x86", Some(LiteralKind::Identifier)),
            ("main()", Some(LiteralKind::Identifier)),
            ("srun", Some(LiteralKind::Identifier)),
            ("slurm.conf", Some(LiteralKind::Path)),
            ("e.g", None),
            ("end.Next", None),
            ("Slurm", None),
            ("it's", None),
            ("two-step", None),
        ] {
            assert_eq!(word_kind(word), kind, "{word}");
        }
    }
}
