//! English verb forms as far as questions need them.

/// Verbs that begin instructions and descriptions in documentation, in their base form. A word that is at least as often a
/// noun at the start of a sentence is left out.
const BASE: &[&str] = &[
    "abort",
    "accept",
    "access",
    "achieve",
    "acquire",
    "activate",
    "adapt",
    "add",
    "adjust",
    "align",
    "allocate",
    "allow",
    "alter",
    "analyse",
    "analyze",
    "append",
    "apply",
    "archive",
    "ask",
    "assemble",
    "assign",
    "associate",
    "attach",
    "authenticate",
    "authorize",
    "avoid",
    "back",
    "begin",
    "bind",
    "boot",
    "broadcast",
    "browse",
    "build",
    "bypass",
    "calculate",
    "call",
    "cancel",
    "capture",
    "change",
    "check",
    "choose",
    "cite",
    "clean",
    "clear",
    "clone",
    "close",
    "collect",
    "combine",
    "compare",
    "compile",
    "complete",
    "compress",
    "compute",
    "configure",
    "confirm",
    "connect",
    "constrain",
    "construct",
    "consult",
    "contact",
    "contain",
    "continue",
    "control",
    "convert",
    "copy",
    "count",
    "create",
    "customise",
    "customize",
    "debug",
    "declare",
    "decompress",
    "decrypt",
    "define",
    "delete",
    "deploy",
    "describe",
    "designate",
    "detach",
    "detect",
    "determine",
    "develop",
    "disable",
    "discard",
    "disconnect",
    "discover",
    "display",
    "distribute",
    "download",
    "drain",
    "dump",
    "edit",
    "emulate",
    "enable",
    "encrypt",
    "enforce",
    "ensure",
    "enter",
    "erase",
    "establish",
    "estimate",
    "evaluate",
    "examine",
    "exclude",
    "execute",
    "exit",
    "expand",
    "explore",
    "export",
    "expose",
    "extend",
    "extract",
    "fetch",
    "fill",
    "filter",
    "find",
    "fix",
    "follow",
    "force",
    "format",
    "gather",
    "generate",
    "get",
    "give",
    "grant",
    "group",
    "handle",
    "hide",
    "hold",
    "identify",
    "ignore",
    "implement",
    "import",
    "improve",
    "include",
    "increase",
    "indicate",
    "initialise",
    "initialize",
    "initiate",
    "insert",
    "inspect",
    "install",
    "integrate",
    "invoke",
    "join",
    "keep",
    "kill",
    "label",
    "launch",
    "leave",
    "limit",
    "link",
    "list",
    "load",
    "locate",
    "lock",
    "log",
    "login",
    "lower",
    "maintain",
    "make",
    "manage",
    "measure",
    "merge",
    "migrate",
    "minimise",
    "minimize",
    "modify",
    "monitor",
    "mount",
    "move",
    "name",
    "obtain",
    "omit",
    "open",
    "optimise",
    "optimize",
    "order",
    "organise",
    "organize",
    "output",
    "override",
    "pack",
    "package",
    "parallelize",
    "parse",
    "pass",
    "pause",
    "perform",
    "permit",
    "pin",
    "place",
    "plot",
    "populate",
    "prepare",
    "preserve",
    "prevent",
    "print",
    "process",
    "profile",
    "propagate",
    "protect",
    "provide",
    "publish",
    "pull",
    "purge",
    "push",
    "put",
    "query",
    "read",
    "reboot",
    "rebuild",
    "receive",
    "recompile",
    "reconfigure",
    "record",
    "recover",
    "redirect",
    "reduce",
    "refresh",
    "register",
    "release",
    "reload",
    "remove",
    "rename",
    "renew",
    "replace",
    "report",
    "request",
    "requeue",
    "require",
    "rerun",
    "reserve",
    "reset",
    "resize",
    "resolve",
    "restart",
    "restore",
    "restrict",
    "resume",
    "retain",
    "retrieve",
    "return",
    "reuse",
    "revoke",
    "rotate",
    "run",
    "save",
    "scale",
    "scan",
    "schedule",
    "search",
    "secure",
    "see",
    "select",
    "send",
    "separate",
    "set",
    "share",
    "show",
    "shrink",
    "simplify",
    "simulate",
    "skip",
    "solve",
    "sort",
    "specify",
    "split",
    "start",
    "stop",
    "store",
    "stream",
    "submit",
    "subscribe",
    "summarize",
    "supply",
    "suppress",
    "suspend",
    "switch",
    "synchronize",
    "tag",
    "tail",
    "take",
    "tell",
    "terminate",
    "test",
    "trace",
    "track",
    "train",
    "transfer",
    "translate",
    "trigger",
    "troubleshoot",
    "tune",
    "turn",
    "undo",
    "unload",
    "unlock",
    "unmount",
    "unpack",
    "unset",
    "unsubscribe",
    "untar",
    "update",
    "upgrade",
    "upload",
    "use",
    "utilise",
    "utilize",
    "validate",
    "verify",
    "view",
    "visualise",
    "visualize",
    "wait",
    "watch",
    "work",
    "wrap",
    "write",
];

/// Verbs whose last consonant doubles before `-ing`.
const DOUBLING: &[&str] = &[
    "begin", "cancel", "drop", "get", "let", "log", "pin", "plan", "plot", "put", "reset", "run",
    "scan", "set", "skip", "split", "stop", "submit", "permit", "omit", "tag", "trim", "unset",
    "wrap", "rerun", "map", "debug",
];

/// The base form if `word` is one, lower case.
pub(crate) fn base(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    BASE.binary_search_by(|known| (*known).cmp(word.as_str()))
        .ok()
        .and_then(|position| BASE.get(position).copied())
}

/// `creating` → `create`, if the verb is known.
pub(crate) fn base_of_gerund(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    if !word.ends_with("ing") {
        return None;
    }
    BASE.iter()
        .copied()
        .find(|base| gerund(base) == word || (base.ends_with('l') && format!("{base}ing") == word))
}

/// `displays` → `display`, if the verb is known.
pub(crate) fn base_of_third(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    word.ends_with('s')
        .then(|| BASE.iter().copied().find(|base| third(base) == word))
        .flatten()
}

/// `create` → `creating`.
pub(crate) fn gerund(base: &str) -> String {
    if DOUBLING.contains(&base) {
        let last = base.chars().last().map(String::from).unwrap_or_default();
        return format!("{base}{last}ing");
    }
    if let Some(stem) = base.strip_suffix("ie") {
        return format!("{stem}ying");
    }
    match base.strip_suffix('e') {
        Some(stem) if !base.ends_with("ee") => format!("{stem}ing"),
        _ => format!("{base}ing"),
    }
}

fn third(base: &str) -> String {
    if base.ends_with(['s', 'x', 'z', 'o']) || base.ends_with("ch") || base.ends_with("sh") {
        return format!("{base}es");
    }
    match base.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{base}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(BASE.is_sorted());
    }

    #[test]
    fn forms_are_told_apart() {
        assert_eq!(base("Display"), Some("display"));
        assert_eq!(base("Number"), None);
        for (word, expected) in [
            ("Creating", "create"),
            ("running", "run"),
            ("Using", "use"),
            ("Setting", "set"),
        ] {
            assert_eq!(base_of_gerund(word), Some(expected));
        }
        assert_eq!(base_of_gerund("String"), None);
        for (word, expected) in [
            ("Displays", "display"),
            ("specifies", "specify"),
            ("watches", "watch"),
        ] {
            assert_eq!(base_of_third(word), Some(expected));
        }
        assert_eq!(gerund("change"), "changing");
    }
}
