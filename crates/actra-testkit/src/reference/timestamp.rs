//! Timestamps.

/// Microseconds since 1970-01-01T00:00:00Z; `None`: no timestamp.
///
/// "Timestamps are RFC 3339 with an offset, years 0001 to 9999, `T` and `Z` in upper case, no leap
/// second, at most nine digits of fraction of which six count. They compare as instants."
pub fn parse(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let year = number(bytes, 0, 4)?;
    character(bytes, 4, b'-')?;
    let month = number(bytes, 5, 2)?;
    character(bytes, 7, b'-')?;
    let day = number(bytes, 8, 2)?;
    character(bytes, 10, b'T')?;
    let hour = number(bytes, 11, 2)?;
    character(bytes, 13, b':')?;
    let minute = number(bytes, 14, 2)?;
    character(bytes, 16, b':')?;
    let second = number(bytes, 17, 2)?;
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }

    let mut at = 19;
    let mut micros = 0;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            if at - start < 6 {
                micros = micros * 10 + number(bytes, at, 1)?;
            }
            at += 1;
        }
        let digits = at - start;
        if digits == 0 || digits > 9 {
            return None;
        }
        for _ in digits..6 {
            micros *= 10;
        }
    }

    let offset_minutes = match bytes.get(at) {
        Some(b'Z') => {
            at += 1;
            0
        }
        Some(sign @ (b'+' | b'-')) => {
            let hours = number(bytes, at + 1, 2)?;
            character(bytes, at + 3, b':')?;
            let minutes = number(bytes, at + 4, 2)?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            at += 6;
            let total = hours * 60 + minutes;
            if *sign == b'-' { -total } else { total }
        }
        _ => return None,
    };
    if at != bytes.len() {
        return None;
    }

    let mut days = day - 1;
    for earlier in 1..month {
        days += days_in_month(year, earlier);
    }
    // Days of the whole years before this one, less those before 1970.
    days += days_before_year(year) - days_before_year(1970);
    let minutes = (days * 24 + hour) * 60 + minute - offset_minutes;
    Some((minutes * 60 + second) * 1_000_000 + micros)
}

fn number(bytes: &[u8], at: usize, digits: usize) -> Option<i64> {
    let mut value = 0;
    for byte in bytes.get(at..at + digits)? {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    Some(value)
}

fn character(bytes: &[u8], at: usize, expected: u8) -> Option<()> {
    (bytes.get(at) == Some(&expected)).then_some(())
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 0001-01-01 to the first of January of `year`.
const fn days_before_year(year: i64) -> i64 {
    let years = year - 1;
    years * 365 + years / 4 - years / 100 + years / 400
}

/// Writes an instant as UTC, for generators and messages; years outside 0001 to 9999 give `None`.
pub fn format(instant: i64) -> Option<String> {
    let seconds = instant.div_euclid(1_000_000);
    let micros = instant.rem_euclid(1_000_000);
    let time = seconds.rem_euclid(86_400);
    let mut days = seconds.div_euclid(86_400) + days_before_year(1970);
    let mut year = 1 + days.div_euclid(366);
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    if !(1..=9999).contains(&year) {
        return None;
    }
    days -= days_before_year(year);
    let mut month = 1;
    while days >= days_in_month(year, month) {
        days -= days_in_month(year, month);
        month += 1;
    }
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    Some(format!(
        "{year:04}-{month:02}-{:02}T{:02}:{:02}:{:02}{fraction}Z",
        days + 1,
        time / 3600,
        time / 60 % 60,
        time % 60
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants() {
        let cases = [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.000001Z", 1),
            ("1970-01-01T00:00:00.0000019Z", 1),
            ("1969-12-31T23:59:59.999999999Z", -1),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T23:00:00-01:00", 0),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("2024-03-01T12:30:45.5-00:00", 1_709_296_245_500_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ];
        for (text, instant) in cases {
            assert_eq!(parse(text), Some(instant), "{text}");
            assert_eq!(parse(&format(instant).unwrap()), Some(instant), "{text}");
        }
    }

    #[test]
    fn no_timestamps() {
        for text in [
            "",
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-01-01 00:00:00Z",
            "2024-01-01t00:00:00Z",
            "2024-01-01T00:00:00z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T24:00:00Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-01-00T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.0123456789Z",
            "2024-01-01T00:00:00+24:00",
            "2024-01-01T00:00:00+01:60",
            "2024-01-01T00:00:00+0100",
            "2024-01-01T00:00:00Z ",
            "+2024-01-01T00:00:00Z",
            "2024-1-01T00:00:00Z",
            "2024-01-01T00:00:00,5Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
