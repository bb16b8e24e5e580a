//! A date for templates that name one.

use minijinja::{Error, ErrorKind};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day, if there is such a one; years from 1 to 9999.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        if year >= 1 && year <= 9999 && day >= 1 && day <= days {
            Some(Self { year, month, day })
        } else {
            None
        }
    }

    /// As Python's `strftime` in the C locale, for what concerns days.
    pub(super) fn format(self, format: &str) -> Result<String, Error> {
        let mut result = String::new();
        let mut characters = format.chars();
        while let Some(character) = characters.next() {
            if character == '%' {
                result += &self.field(characters.next())?;
            } else {
                result.push(character);
            }
        }
        Ok(result)
    }

    fn field(self, name: Option<char>) -> Result<String, Error> {
        let Self { year, month, day } = self;
        let month_name = MONTHS.get(usize::from(month) - 1).unwrap_or(&"");
        let weekday = DAYS.get(self.weekday()).unwrap_or(&"");
        let short = |name: &str| name.chars().take(3).collect();
        Ok(match name {
            Some('Y') => format!("{year:04}"),
            Some('y') => format!("{:02}", year % 100),
            Some('m') => format!("{month:02}"),
            Some('d') => format!("{day:02}"),
            Some('e') => format!("{day:2}"),
            Some('B') => (*month_name).to_owned(),
            Some('b' | 'h') => short(month_name),
            Some('A') => (*weekday).to_owned(),
            Some('a') => short(weekday),
            Some('F') => format!("{year:04}-{month:02}-{day:02}"),
            Some('%') => "%".to_owned(),
            other => {
                let name = other.map(String::from).unwrap_or_default();
                let problem = format!("strftime_now knows no `%{name}`");
                return Err(Error::new(ErrorKind::InvalidOperation, problem));
            }
        })
    }

    /// Days since a Sunday, by Zeller's congruence.
    fn weekday(self) -> usize {
        let (year, month) = match self.month {
            month @ 1..=2 => (usize::from(self.year) - 1, usize::from(month) + 12),
            month => (usize::from(self.year), usize::from(month)),
        };
        let days = usize::from(self.day)
            + 13 * (month + 1) / 5
            + year
            + year / 4
            + year / 400
            + 6 * (year / 100);
        (days + 6) % 7
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_named_as_the_calendar_does() {
        let text = |y, m, d, format| Date::new(y, m, d).unwrap().format(format).unwrap();
        assert_eq!(text(2026, 11, 27, "%A %d %B %Y"), "Friday 27 November 2026");
        assert_eq!(text(2024, 2, 29, "%a %e %b %y %%"), "Thu 29 Feb 24 %");
        assert_eq!(text(2000, 1, 1, "%F %A"), "2000-01-01 Saturday");
        assert_eq!(Date::new(2026, 2, 29), None);
        assert_eq!(Date::new(2026, 13, 1), None);
        assert!(Date::new(2026, 1, 1).unwrap().format("%Q").is_err());
    }
}
