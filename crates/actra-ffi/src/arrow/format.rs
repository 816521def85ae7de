//! Format strings: what an array is of.

use super::fault::{Why, wrong_type};

/// What an array is of, as far as a column can be of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Null,
    Boolean,
    Integer(Integer),
    Float(Float),
    /// Scale and bytes.
    Decimal(i32, usize),
    Instant(Unit),
    Text(Offsets),
    TextView,
    List(Offsets),
    /// So many items each.
    FixedList(usize),
    Struct,
    /// Something else.
    Other(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Integer {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Float {
    F16,
    F32,
    F64,
}

/// How wide offsets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offsets {
    Small,
    Large,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl Integer {
    /// Whether 64 bits with a sign hold every one.
    pub(super) const fn is_within_64_bits(self) -> bool {
        !matches!(self, Self::U64)
    }
}

impl Format {
    pub(super) fn parse(text: &str) -> Self {
        Self::plain(text).or_else(|| Self::with_parameters(text)).unwrap_or(Self::Other(UNKNOWN))
    }

    fn plain(text: &str) -> Option<Self> {
        Some(match text {
            "n" => Self::Null,
            "b" => Self::Boolean,
            "c" => Self::Integer(Integer::I8),
            "C" => Self::Integer(Integer::U8),
            "s" => Self::Integer(Integer::I16),
            "S" => Self::Integer(Integer::U16),
            "i" => Self::Integer(Integer::I32),
            "I" => Self::Integer(Integer::U32),
            "l" => Self::Integer(Integer::I64),
            "L" => Self::Integer(Integer::U64),
            "e" => Self::Float(Float::F16),
            "f" => Self::Float(Float::F32),
            "g" => Self::Float(Float::F64),
            "u" => Self::Text(Offsets::Small),
            "U" => Self::Text(Offsets::Large),
            "vu" => Self::TextView,
            "z" | "Z" | "vz" => Self::Other("binary data"),
            "tdD" | "tdm" => Self::Other("dates"),
            "tts" | "ttm" | "ttu" | "ttn" => Self::Other("times of day"),
            "tDs" | "tDm" | "tDu" | "tDn" => Self::Other("durations"),
            "tiM" | "tiD" | "tin" => Self::Other("intervals"),
            "+s" => Self::Struct,
            "+l" => Self::List(Offsets::Small),
            "+L" => Self::List(Offsets::Large),
            "+vl" | "+vL" => Self::Other("list views"),
            "+m" => Self::Other("maps"),
            "+r" => Self::Other("runs"),
            _ => return None,
        })
    }

    fn with_parameters(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("ts") {
            let (unit, zone) = rest.split_once(':')?;
            let unit = match unit {
                "s" => Unit::Seconds,
                "m" => Unit::Milliseconds,
                "u" => Unit::Microseconds,
                "n" => Unit::Nanoseconds,
                _ => return None,
            };
            // Without a zone it is no instant.
            let is_local = zone.is_empty();
            return Some(if is_local { Self::Other(LOCAL_TIMES) } else { Self::Instant(unit) });
        }
        if let Some(count) = text.strip_prefix("+w:") {
            return count.parse().ok().map(Self::FixedList);
        }
        if text.starts_with("w:") {
            return Some(Self::Other("binary data"));
        }
        if text.starts_with("+ud:") || text.starts_with("+us:") {
            return Some(Self::Other("unions"));
        }
        let mut parts = text.strip_prefix("d:")?.split(',');
        let (_precision, scale) = (parts.next()?, parts.next()?.parse().ok()?);
        let bits: usize = parts.next().map_or(Some(128), |bits| bits.parse().ok())?;
        let is_known = matches!(bits, 32 | 64 | 128 | 256) && parts.next().is_none();
        is_known.then_some(Self::Decimal(scale, bits / 8))
    }

    /// Buffers of such an array; `None`: at least three.
    pub(super) fn buffers(self) -> Option<i64> {
        Some(match self {
            Self::Boolean
            | Self::Integer(_)
            | Self::Float(_)
            | Self::Decimal(..)
            | Self::Instant(_)
            | Self::List(_) => 2,
            Self::Text(_) => 3,
            Self::TextView => return None,
            Self::Struct | Self::FixedList(_) | Self::Null | Self::Other(_) => 1,
        })
    }

    /// What to say of a column that is of this, where no field takes it.
    pub(super) fn refuse<T>(self, text: &str) -> Result<T, Why> {
        let what = match self {
            Self::Other(what) => what,
            Self::List(_) | Self::FixedList(_) => "lists",
            Self::Struct => "structs",
            Self::Null => "nulls",
            _ => UNKNOWN,
        };
        let help = match what {
            "dates" | LOCAL_TIMES => ": cast it to timestamps with a time zone",
            "maps" => ": make it a struct, or columns such as `action.labels[\"app/name\"]`",
            "list views" | "runs" => ": cast it to a plain one",
            _ => "",
        };
        let text: String = text.chars().take(SHOWN).flat_map(char::escape_default).collect();
        let kind = if what == UNKNOWN { String::new() } else { format!("{what}, ") };
        wrong_type(format!("is of {kind}the format `{text}`, which no field takes{help}"))
    }
}

/// What stands for a format that is not known.
const UNKNOWN: &str = "";
const LOCAL_TIMES: &str = "timestamps without a time zone";
/// Characters of a format that are told.
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_with_parameters_are_told_apart() {
        for (text, format) in [
            ("tsu:UTC", Format::Instant(Unit::Microseconds)),
            ("tss:+02:00", Format::Instant(Unit::Seconds)),
            ("tsn:", Format::Other(LOCAL_TIMES)),
            ("tsx:UTC", Format::Other(UNKNOWN)),
            ("+w:3", Format::FixedList(3)),
            ("+w:-3", Format::Other(UNKNOWN)),
            ("d:10,2", Format::Decimal(2, 16)),
            ("d:10,-2,256", Format::Decimal(-2, 32)),
            ("d:10,2,100", Format::Other(UNKNOWN)),
            ("d:10,2,128,1", Format::Other(UNKNOWN)),
            ("w:16", Format::Other("binary data")),
            ("", Format::Other(UNKNOWN)),
        ] {
            assert_eq!(Format::parse(text), format, "{text}");
        }
    }
}
