//! Durations: `30d`.

/// The duration in microseconds, or what is wrong with it.
pub(super) fn parse(text: &str) -> Result<i64, &'static str> {
    const SECOND: i64 = 1_000_000;
    let unit = match text.as_bytes().last() {
        Some(b's') => SECOND,
        Some(b'm') => 60 * SECOND,
        Some(b'h') => 3_600 * SECOND,
        Some(b'd') => 86_400 * SECOND,
        Some(b'w') => 604_800 * SECOND,
        _ => return Err("is no duration"),
    };
    let digits = text.get(..text.len() - 1).unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is no duration");
    }
    let count = digits.parse::<i64>().ok();
    count.and_then(|count| count.checked_mul(unit)).ok_or("is longer than any timestamp can differ")
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn durations_are_digits_and_one_unit() {
        assert_eq!(parse("30d"), Ok(30 * 86_400 * 1_000_000));
        assert_eq!(parse("1s"), Ok(1_000_000));
        assert_eq!(parse("0w"), Ok(0));
        assert_eq!(parse("007m"), Ok(420_000_000));
        for wrong in ["", "d", "30", "-1d", "+1d", "1.5h", "1 d", "1D", "1d1h", "1ms", "٣d"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse("9223372036854s").is_ok());
        assert!(parse("9223372036855s").is_err());
        assert!(parse("99999999999999999999s").is_err());
    }
}
