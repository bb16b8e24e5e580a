//! What macros of `mdoc(7)` stand for: enclosures, systems, standards, sentences.

use super::super::escape::Font;

/// The marks of an enclosure that ends with its line, such as `.Op`.
pub(super) fn enclosure(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "Aq" => ("<", ">"),
        "Bq" | "Op" => ("[", "]"),
        "Brq" => ("{", "}"),
        "Dq" => ("“", "”"),
        "Pq" => ("(", ")"),
        "Qq" => ("\"", "\""),
        "Sq" | "Ql" => ("‘", "’"),
        _ => return None,
    })
}

/// What `.Oo` and its kin write; they stay open until [`closing`].
pub(super) fn opening(name: &str) -> Option<&'static str> {
    Some(match name {
        "Ao" => "<",
        "Bo" | "Oo" => "[",
        "Bro" => "{",
        "Do" => "“",
        "Po" => "(",
        "Qo" => "\"",
        "So" => "‘",
        _ => return None,
    })
}

/// What `.Oc` and its kin write.
pub(super) fn closing(name: &str) -> Option<&'static str> {
    Some(match name {
        "Ac" => ">",
        "Bc" | "Oc" => "]",
        "Brc" => "}",
        "Dc" => "”",
        "Pc" => ")",
        "Qc" => "\"",
        "Sc" => "’",
        _ => return None,
    })
}

/// The font of a macro whose arguments are words.
pub(super) fn font(name: &str) -> Option<Font> {
    Some(match name {
        "Cm" | "Ic" | "Sy" | "Li" | "Ev" | "Dv" | "Er" | "Cd" | "Fd" | "Fl" | "Nm" | "Ms" => {
            Font::Bold
        }
        "Ar" | "Em" | "Pa" | "Va" | "Vt" | "Ft" | "Fa" | "Ot" => Font::Italic,
        "No" | "Ad" | "An" | "Mt" | "Sx" | "Tn" | "Pf" | "Nd" | "Xr" | "Lk" | "Fn" | "In"
        | "Fo" | "St" | "Bx" | "Bsx" | "At" | "Fx" | "Nx" | "Ox" | "Dx" | "Ux" | "Lb" | "Eo"
        | "Ec" => Font::Roman,
        _ if name.starts_with('%') && name.len() == 2 => Font::Roman,
        _ => return None,
    })
}

/// Whether `word` is a macro when it stands among the arguments of another.
pub(super) fn is_callable(word: &str) -> bool {
    matches!(word, "Ns" | "Ap" | "Xo" | "Xc" | "Ta" | "Fc" | "Bt" | "Ud")
        || !matches!(word, "Nd" | "Cd" | "Fd" | "Ot" | "St") && font(word).is_some()
        || enclosure(word).is_some()
        || opening(word).is_some()
        || closing(word).is_some()
}

/// The system that a macro names.
pub(super) fn system(name: &str) -> Option<&'static str> {
    Some(match name {
        "Bx" => "BSD",
        "Bsx" => "BSD/OS",
        "At" => "AT&T UNIX",
        "Fx" => "FreeBSD",
        "Nx" => "NetBSD",
        "Ox" => "OpenBSD",
        "Dx" => "DragonFly",
        "Ux" => "UNIX",
        _ => return None,
    })
}

/// The standard that an argument of `.St` names, after mdoc(7).
pub(super) fn standard(name: &str) -> &str {
    match name {
        "-ansiC" | "-ansiC-89" => "ANSI X3.159-1989 (“ANSI C89”)",
        "-isoC" | "-isoC-90" => "ISO/IEC 9899:1990 (“ISO C90”)",
        "-isoC-99" => "ISO/IEC 9899:1999 (“ISO C99”)",
        "-isoC-2011" => "ISO/IEC 9899:2011 (“ISO C11”)",
        "-p1003.1" => "IEEE Std 1003.1 (“POSIX.1”)",
        "-p1003.1-88" => "IEEE Std 1003.1-1988 (“POSIX.1”)",
        "-p1003.1-90" => "IEEE Std 1003.1-1990 (“POSIX.1”)",
        "-p1003.1-96" => "ISO/IEC 9945-1:1996 (“POSIX.1”)",
        "-p1003.1-2001" => "IEEE Std 1003.1-2001 (“POSIX.1”)",
        "-p1003.1-2004" => "IEEE Std 1003.1-2004 (“POSIX.1”)",
        "-p1003.1-2008" => "IEEE Std 1003.1-2008 (“POSIX.1”)",
        "-p1003.2" => "IEEE Std 1003.2 (“POSIX.2”)",
        "-p1003.2-92" => "IEEE Std 1003.2-1992 (“POSIX.2”)",
        "-susv2" => "Version 2 of the Single UNIX Specification (“SUSv2”)",
        "-susv3" => "Version 3 of the Single UNIX Specification (“SUSv3”)",
        "-susv4" => "Version 4 of the Single UNIX Specification (“SUSv4”)",
        "-xpg4.2" => "X/Open Portability Guide Issue 4, Version 2 (“XPG4.2”)",
        other => other.trim_start_matches('-'),
    }
}

/// Punctuation that follows a word without a space.
pub(super) fn closes(word: &str) -> bool {
    matches!(word, "." | "," | ":" | ";" | ")" | "]" | "?" | "!")
}

/// Punctuation that the next word follows without a space.
pub(super) fn opens(word: &str) -> bool {
    matches!(word, "(" | "[")
}
