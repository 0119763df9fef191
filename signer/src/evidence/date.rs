//! Dates and times as documents write them.

use core::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Month, OffsetDateTime};

/// A moment (RFC 3339), shown as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    text: String,
    at: OffsetDateTime,
}

impl Moment {
    /// Reads RFC 3339, with an offset.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        Some(Self { text: text.to_owned(), at })
    }

    /// Seconds since 1970, for comparing.
    #[must_use]
    pub const fn unix(&self) -> i64 {
        self.at.unix_timestamp()
    }

    /// The day, in UTC.
    #[must_use]
    pub fn day(&self) -> Day {
        Day(self.at.to_offset(time::UtcOffset::UTC).date())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no time as in 2026-03-01T12:00:00Z (RFC 3339)"))
    }
}

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(time::Date);

impl Day {
    /// The day of a year, a month and a day of the month; `None` if there is no such day.
    #[must_use]
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let month = Month::try_from(month).ok()?;
        time::Date::from_calendar_date(year, month, day).ok().map(Self)
    }

    /// Reads `YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match Date::parse(text)? {
            Date { day: Some(_), first, .. } => Some(first),
            _ => None,
        }
    }

    /// The same day so many years later; the 28th for the 29th of February where there is none.
    #[must_use]
    pub fn plus_years(self, years: i32) -> Option<Self> {
        let year = self.0.year().checked_add(years)?;
        self.0
            .replace_year(year)
            .or_else(|_| self.0.replace_day(28).and_then(|day| day.replace_year(year)))
            .ok()
            .map(Self)
    }

    /// The day before; `None` before all days.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        self.0.previous_day().map(Self)
    }

    /// The day of so many seconds since 1970, in UTC; `None` beyond all days.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp(seconds).ok().map(|at| Self(at.date()))
    }

    /// How many days from this one until another; negative if that one was before.
    #[must_use]
    pub const fn until(self, other: Self) -> i64 {
        other.number().saturating_sub(self.number())
    }

    /// A number that grows by one each day.
    #[must_use]
    pub const fn number(self) -> i64 {
        #[expect(clippy::as_conversions, reason = "widens, and `from` is not const")]
        {
            self.0.to_julian_day() as i64
        }
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.0.year()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A date to the day (`2031-12-31`) or to the month (`2031-12`): from its first day to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    first: Day,
    last: Day,
    day: Option<u8>,
}

impl Date {
    /// Reads `YYYY-MM-DD` or `YYYY-MM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = |part: &str, digits: usize| {
            (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse::<u16>().ok())?
        };
        let mut parts = text.split('-');
        let year = i32::from(number(parts.next()?, 4)?);
        let month = u8::try_from(number(parts.next()?, 2)?).ok()?;
        let day = parts.next().map(|day| number(day, 2).and_then(|day| u8::try_from(day).ok()));
        if parts.next().is_some() {
            return None;
        }
        match day {
            Some(day) => {
                let only = Day::new(year, month, day?)?;
                Some(Self { first: only, last: only, day: Some(day?) })
            }
            None => {
                let length = Month::try_from(month).ok()?.length(year);
                Some(Self { first: Day::new(year, month, 1)?, last: Day::new(year, month, length)?, day: None })
            }
        }
    }

    /// Its first day.
    #[must_use]
    pub const fn first(&self) -> Day {
        self.first
    }

    /// Its last day.
    #[must_use]
    pub const fn last(&self) -> Day {
        self.last
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.first.to_string();
        f.write_str(if self.day.is_some() { &day } else { day.get(..7).unwrap_or_default() })
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no date as in 2031-12-31 or 2031-12"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_to_the_day_or_the_month() {
        for (text, first, last) in [
            ("2031-12-31", "2031-12-31", "2031-12-31"),
            ("2031-12", "2031-12-01", "2031-12-31"),
            ("2028-02", "2028-02-01", "2028-02-29"),
        ] {
            let date = Date::parse(text).unwrap();
            assert_eq!(
                (date.to_string(), date.first().to_string(), date.last().to_string()),
                (text.into(), first.into(), last.into())
            );
        }
        for text in [
            "",
            "2031",
            "2031-1",
            "2031-13",
            "2031-00",
            "2031-02-30",
            "2031-12-31T00:00:00Z",
            "31-12-2031",
            "+031-12",
            "2031-12-",
            "2031-12-1",
            "２031-12",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Day::parse("2031-12"), None);
    }

    #[test]
    fn years_are_added_and_days_counted() {
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(day("2028-02-29").plus_years(5), Some(day("2033-02-28")));
        assert_eq!(day("2026-11-26").plus_years(10), Some(day("2036-11-26")));
        assert_eq!(day("2026-11-26").until(day("2026-12-10")), 14);
        assert_eq!(day("2026-12-10").until(day("2026-11-26")), -14);
    }

    #[test]
    fn moments_have_an_offset() {
        let at = Moment::parse("2026-03-01T01:00:00+02:00").unwrap();
        assert_eq!((at.unix(), at.day().to_string()), (1_772_319_600, "2026-02-28".into()));
        for text in ["2026-03-01", "2026-03-01T00:00:00", "2026-02-30T00:00:00Z", "now"] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
