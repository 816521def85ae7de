//! RFC 3339 timestamps as microseconds since the epoch, in the proleptic Gregorian calendar.

use core::fmt;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// The most digits that a fraction of a second may have.
const MAX_FRACTION_DIGITS: usize = 9;
/// The digits of a fraction that count; those after them are dropped.
const COUNTED_FRACTION_DIGITS: usize = 6;
/// From the first day of March of year 0, where the calendar below starts, to the epoch.
const DAYS_TO_EPOCH: i64 = 719_468;
const DAYS_PER_ERA: i64 = 146_097;

/// The first instant that a timestamp can be, in microseconds since the epoch, and the last one: those
/// of 0001-01-01T00:00:00+23:59 and 9999-12-31T23:59:59.999999-23:59.
pub const INSTANTS: (i64, i64) = (-62_135_683_140_000_000, 253_402_387_139_999_999);

/// Whether some timestamp is that instant.
#[inline]
pub const fn is_instant(micros: i64) -> bool {
    INSTANTS.0 <= micros && micros <= INSTANTS.1
}

/// Reads a timestamp, or `None` if the text is not one.
///
/// `T` and `Z` are upper case, an offset is needed (`-00:00` is one, and means UTC), and there
/// are no leap seconds. The year, 0001 to 9999, is that of the text: with an offset the instant
/// may lie up to a day outside of these years, and still counts.
///
/// ```
/// use actra_bytecode::format::timestamp::parse;
///
/// assert_eq!(parse("1970-01-01T01:00:00.5+01:00"), Some(500_000));
/// assert_eq!(parse("1970-01-01 00:00:00Z"), None);
/// ```
pub fn parse(text: &str) -> Option<i64> {
    let (start, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', i0, i1, b':', s0, s1] =
        *start
    else {
        return None;
    };
    let year = two_digits(y0, y1)? * 100 + two_digits(y2, y3)?;
    let (month, day) = (two_digits(m0, m1)?, two_digits(d0, d1)?);
    let (hour, minute, second) = (two_digits(h0, h1)?, two_digits(i0, i1)?, two_digits(s0, s1)?);
    let real_day = year >= 1 && day >= 1 && day <= days_in_month(year, month)?;
    if !real_day || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (micros, rest) = fraction(rest)?;
    let seconds =
        days_since_epoch(year, month, day) * SECONDS_PER_DAY + seconds_of(hour, minute) + second
            - offset(rest)?;
    Some(seconds * MICROS_PER_SECOND + micros)
}

/// Writes an instant in its one canonical form: in UTC with `Z`, a fraction only if it is not
/// zero and without zeros at its end.
///
/// Every timestamp that [`parse`] reads is written with four digits of year, but one that an
/// offset moves past 9999, which has five. Instants further out, which only arithmetic reaches,
/// are written with as many digits and the sign that they need.
pub fn format(micros: i64, out: &mut impl fmt::Write) -> fmt::Result {
    let seconds = micros.div_euclid(MICROS_PER_SECOND);
    let (year, month, day) = civil(seconds.div_euclid(SECONDS_PER_DAY));
    let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    if year < 0 {
        out.write_char('-')?;
    }
    let year = year.abs();
    write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
    let mut fraction = micros.rem_euclid(MICROS_PER_SECOND);
    if fraction != 0 {
        let mut width = COUNTED_FRACTION_DIGITS;
        while fraction % 10 == 0 {
            fraction /= 10;
            width -= 1;
        }
        write!(out, ".{fraction:0width$}")?;
    }
    out.write_char('Z')
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    Some(digit(tens)? * 10 + digit(ones)?)
}

fn seconds_of(hours: i64, minutes: i64) -> i64 {
    hours * 3600 + minutes * 60
}

/// Microseconds of the fraction at the start of the text, if there is one, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', text)) = text.split_first() else {
        return Some((0, text));
    };
    let length = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    if length == 0 || length > MAX_FRACTION_DIGITS {
        return None;
    }
    let (digits, rest) = text.split_at_checked(length)?;
    let mut padded = digits.iter().copied().chain(core::iter::repeat(b'0'));
    let micros = padded
        .by_ref()
        .take(COUNTED_FRACTION_DIGITS)
        .try_fold(0, |value, byte| Some(value * 10 + digit(byte)?))?;
    Some((micros, rest))
}

/// Seconds by which local time is ahead of UTC; the offset must be all of the text.
fn offset(text: &[u8]) -> Option<i64> {
    match *text {
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let (hours, minutes) = (two_digits(h0, h1)?, two_digits(m0, m1)?);
            let seconds = seconds_of(hours, minutes);
            (hours <= 23 && minutes <= 59).then_some(if sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

fn days_in_month(year: i64, month: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

/// Days from the epoch to a date.
///
/// Years are counted from March here, so that a leap day is the last of its year, and in eras of
/// 400 years, after which the calendar repeats itself.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    // The lengths of March to July, 31 30 31 30 31, repeat: 153 days in five months.
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH
}

/// The year, month and day of a day counted from the epoch: [`days_since_epoch`] backwards.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_EPOCH;
    let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    // Leap days that passed are taken out, so that the rest divides into years of 365 days.
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_from_march + 2) / 5 + 1;
    let month = (months_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::String;

    fn formatted(micros: i64) -> String {
        let mut out = String::new();
        format(micros, &mut out).unwrap();
        out
    }

    #[test]
    fn instants_reach_as_far_as_timestamps() {
        assert_eq!(parse("0001-01-01T00:00:00+23:59"), Some(INSTANTS.0));
        assert_eq!(parse("9999-12-31T23:59:59.999999-23:59"), Some(INSTANTS.1));
        assert!(is_instant(INSTANTS.0) && is_instant(0) && is_instant(INSTANTS.1));
        assert!(
            !is_instant(INSTANTS.0 - 1) && !is_instant(INSTANTS.1 + 1) && !is_instant(i64::MIN)
        );
    }

    #[test]
    fn every_day_of_the_calendar_follows_the_one_before() {
        let mut expected = days_since_epoch(1, 1, 1);
        assert_eq!(expected, -719_162);
        for year in 1..=9999 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month).unwrap() {
                    assert_eq!(days_since_epoch(year, month, day), expected);
                    assert_eq!(civil(expected), (year, month, day));
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn the_canonical_form_is_short_and_in_utc() {
        assert_eq!(formatted(0), "1970-01-01T00:00:00Z");
        assert_eq!(formatted(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(formatted(1_500_000), "1970-01-01T00:00:01.5Z");
        assert_eq!(formatted(50), "1970-01-01T00:00:00.00005Z");
    }

    #[test]
    fn instants_outside_of_the_years_are_kept_and_written() {
        let first = parse("0001-01-01T00:00:00+23:59").unwrap();
        assert_eq!(formatted(first), "0000-12-31T00:01:00Z");
        let last = parse("9999-12-31T23:59:59.999999-23:59").unwrap();
        assert_eq!(formatted(last), "10000-01-01T23:58:59.999999Z");
        assert_eq!(formatted(i64::MIN), "-290308-12-21T19:59:05.224192Z");
        assert_eq!(formatted(i64::MAX), "294247-01-10T04:00:54.775807Z");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(micros in -62_135_596_800_000_000..253_402_300_800_000_000_i64) {
            prop_assert_eq!(parse(&formatted(micros)), Some(micros));
        }

        #[test]
        fn any_text_is_read_without_panic(text in "(\\PC|[0-9TZ:.+-]){0,36}") {
            let _ = parse(&text);
        }
    }
}
