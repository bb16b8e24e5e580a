//! Numbers and units in one spelling.

/// One spelling for a number: no thousands separators, no leading zeros. Versions, times and addresses stay as they are.
pub(crate) fn number_key(raw: &str) -> String {
    let joined = if is_grouped(raw) {
        raw.replace(',', "")
    } else {
        raw.to_owned()
    };
    if joined.bytes().all(|b| b.is_ascii_digit()) {
        let short = joined.trim_start_matches('0');
        if short.is_empty() { "0" } else { short }.to_owned()
    } else {
        joined
    }
}

/// Whether commas stand between groups of three digits: `1,000` and `12,345.6`, but not `1,2` or `0,1000`.
pub(crate) fn is_grouped(raw: &str) -> bool {
    let whole = raw.split('.').next().unwrap_or(raw);
    let mut groups = whole.split(',');
    let first = groups
        .next()
        .is_some_and(|group| (1..=3).contains(&group.len()) && !group.starts_with('0'));
    let mut more = false;
    let rest = groups.all(|group| {
        more = true;
        group.len() == 3
    });
    first
        && rest
        && more
        && raw
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.'))
}

/// The value of a number word from two to twenty, and round tens and more. `one` is left out: it is a pronoun.
pub(crate) fn number_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "zero" => "0",
        "two" | "twice" => "2",
        "three" => "3",
        "four" => "4",
        "five" => "5",
        "six" => "6",
        "seven" => "7",
        "eight" => "8",
        "nine" => "9",
        "ten" => "10",
        "eleven" => "11",
        "twelve" => "12",
        "fifteen" => "15",
        "sixteen" => "16",
        "twenty" => "20",
        "thirty" => "30",
        "forty" => "40",
        "fifty" => "50",
        "sixty" => "60",
        "ninety" => "90",
        "hundred" => "100",
        "thousand" => "1000",
        "million" => "1000000",
        _ => return None,
    })
}

/// One spelling for a unit of time, size, rate or share; `None` for other words.
pub(crate) fn unit_key(raw: &str) -> Option<&'static str> {
    // Case tells mega from milli and bytes from bits; words do not care.
    Some(match raw {
        "%" => "percent",
        "s" => "second",
        "m" => "m",
        "h" => "hour",
        "d" => "day",
        "ms" => "millisecond",
        "us" | "µs" | "μs" => "microsecond",
        "ns" => "nanosecond",
        "B" => "byte",
        "k" | "K" | "kB" | "KB" => "kilobyte",
        "M" | "MB" => "megabyte",
        "G" | "GB" => "gigabyte",
        "T" | "TB" => "terabyte",
        "P" | "PB" => "petabyte",
        "Ki" | "KiB" => "kibibyte",
        "Mi" | "MiB" => "mebibyte",
        "Gi" | "GiB" => "gibibyte",
        "Ti" | "TiB" => "tebibyte",
        "Pi" | "PiB" => "pebibyte",
        "kb" | "Kb" => "kilobit",
        "Mb" => "megabit",
        "Gb" => "gigabit",
        "MHz" => "megahertz",
        "GHz" => "gigahertz",
        "Hz" => "hertz",
        "W" => "watt",
        "kW" => "kilowatt",
        "x" => "times",
        _ => return unit_word(&raw.to_lowercase()),
    })
}

fn unit_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "percent" => "percent",
        "sec" | "secs" | "second" | "seconds" => "second",
        "min" | "mins" | "minute" | "minutes" => "minute",
        "hr" | "hrs" | "hour" | "hours" => "hour",
        "day" | "days" => "day",
        "week" | "weeks" => "week",
        "month" | "months" => "month",
        "year" | "years" => "year",
        "millisecond" | "milliseconds" | "msec" => "millisecond",
        "microsecond" | "microseconds" | "usec" => "microsecond",
        "nanosecond" | "nanoseconds" => "nanosecond",
        "byte" | "bytes" => "byte",
        "bit" | "bits" => "bit",
        "kilobyte" | "kilobytes" => "kilobyte",
        "megabyte" | "megabytes" => "megabyte",
        "gigabyte" | "gigabytes" => "gigabyte",
        "terabyte" | "terabytes" => "terabyte",
        "petabyte" | "petabytes" => "petabyte",
        "gigabit" | "gigabits" => "gigabit",
        "megabit" | "megabits" => "megabit",
        "watt" | "watts" => "watt",
        "times" => "times",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_leading_zeros_do_not_count() {
        for (raw, key) in [
            ("1,000", "1000"),
            ("12,345,678", "12345678"),
            ("1,000.5", "1000.5"),
            ("007", "7"),
            ("000", "0"),
            ("01:30:00", "01:30:00"),
            ("23.11.4", "23.11.4"),
        ] {
            assert_eq!(number_key(raw), key);
        }
        assert!(!is_grouped("1,2") && !is_grouped("0,123") && !is_grouped("1000"));
    }

    #[test]
    fn units_have_one_spelling_and_case_counts_where_it_means_something() {
        assert_eq!(unit_key("mins"), unit_key("minutes"));
        assert_eq!(unit_key("G"), unit_key("GB"));
        assert_ne!(unit_key("GB"), unit_key("GiB"));
        assert_ne!(unit_key("Gb"), unit_key("GB"));
        assert_ne!(unit_key("s"), unit_key("minutes"));
        assert_eq!(unit_key("nodes"), None);
    }
}
