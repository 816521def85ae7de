//! Input trees: what a host can hand over, well formed or not.

use std::fmt::Write;

/// A value of an evaluation context, as found: nothing about it has been checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer inside 64 bits.
    Int(i64),
    /// The decimal digits, with their sign, of an integer outside 64 bits.
    BigInt(String),
    /// A double, NaN and infinities included.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Value>),
    /// Keys and values in the order given; a key may stand twice.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Text as a value.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// An object of these entries.
    pub fn object<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// The value of the first entry with that key, where this is an object that has one.
    pub fn entry(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => {
                entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// What the value is, for messages; never the value itself.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) | Self::BigInt(_) => "integer",
            Self::Float(_) => "number",
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Object(_) => "object",
        }
    }

    /// The tree as JSON text; `None` where it holds NaN or an infinity, which JSON cannot write.
    pub fn to_json_text(&self) -> Option<String> {
        let mut out = String::new();
        write_text(self, Notation::Json, &mut out)?;
        Some(out)
    }

    /// The tree as YAML text in flow style.
    pub fn to_yaml_text(&self) -> String {
        let mut out = String::new();
        // Only JSON has values that it cannot write.
        let _ = write_text(self, Notation::Yaml, &mut out);
        out
    }

    /// The tree as `serde_json` holds it. `None` where it cannot: NaN, infinities, integers
    /// outside 64 bits, a key that stands twice.
    pub fn to_json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::BigInt(_) => return None,
            Self::Float(value) => serde_json::Number::from_f64(*value)?.into(),
            Self::String(value) => value.clone().into(),
            Self::List(items) => {
                serde_json::Value::Array(items.iter().map(Self::to_json).collect::<Option<_>>()?)
            }
            Self::Object(entries) => {
                let mut map = serde_json::Map::new();
                for (key, value) in entries {
                    if map.insert(key.clone(), value.to_json()?).is_some() {
                        return None;
                    }
                }
                serde_json::Value::Object(map)
            }
        })
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Self::Int(value),
                (None, Some(value)) => Self::BigInt(value.to_string()),
                (None, None) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(value) => Self::String(value.clone()),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            serde_json::Value::Object(map) => Self::Object(
                map.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect(),
            ),
        }
    }
}

#[derive(Clone, Copy)]
enum Notation {
    Json,
    Yaml,
}

fn write_text(value: &Value, notation: Notation, out: &mut String) -> Option<()> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        Value::BigInt(digits) => out.push_str(digits),
        Value::Float(value) => match notation {
            Notation::Json => out.push_str(&json_number(*value)?),
            Notation::Yaml => out.push_str(&yaml_number(*value)),
        },
        Value::String(text) => quote(text, out),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_text(item, notation, out)?;
            }
            out.push(']');
        }
        Value::Object(entries) => {
            out.push('{');
            for (index, (key, item)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                quote(key, out);
                out.push_str(": ");
                write_text(item, notation, out)?;
            }
            out.push('}');
        }
    }
    Some(())
}

/// A finite double as a JSON number that always reads as a double: with a point or an exponent.
pub fn json_number(value: f64) -> Option<String> {
    value.is_finite().then(|| format!("{value:?}"))
}

/// A double as YAML's core schema writes it.
pub fn yaml_number(value: f64) -> String {
    if value.is_nan() {
        ".nan".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { ".inf" } else { "-.inf" }.to_owned()
    } else {
        format!("{value:?}")
    }
}

/// A double-quoted string that JSON and YAML read alike: whatever is not plainly printable ASCII,
/// or an ordinary character beyond it, is escaped.
pub fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            _ if (character as u32) < 0x20
                || (0x7f..0xa0).contains(&(character as u32))
                || matches!(
                    character,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ) =>
            {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", character as u32);
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// `text` between double quotes: see [`quote`].
pub fn quoted(text: &str) -> String {
    let mut out = String::new();
    quote(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_text_tells_integers_from_floats() {
        let tree = Value::object([
            ("i", Value::Int(5)),
            ("f", Value::Float(5.0)),
            ("e", Value::Float(1e300)),
            ("b", Value::BigInt("-99999999999999999999".into())),
            ("s", Value::string("a\"\u{1}\u{85}é")),
            ("l", Value::List(vec![Value::Null, Value::Bool(true)])),
        ]);
        let text = tree.to_json_text().unwrap();
        assert_eq!(
            text,
            "{\"i\": 5, \"f\": 5.0, \"e\": 1e300, \"b\": -99999999999999999999, \
             \"s\": \"a\\\"\\u0001\\u0085é\", \"l\": [null, true]}"
        );
        assert_eq!(crate::json::parse(&text).unwrap(), tree);
    }

    #[test]
    fn json_cannot_write_what_is_not_finite_and_yaml_can() {
        let tree = Value::List(vec![Value::Float(f64::NAN), Value::Float(f64::NEG_INFINITY)]);
        assert_eq!(tree.to_json_text(), None);
        assert_eq!(tree.to_yaml_text(), "[.nan, -.inf]");
    }

    #[test]
    fn serde_json_takes_what_it_can_hold() {
        let tree = Value::object([("a", Value::List(vec![Value::Int(1), Value::Float(0.5)]))]);
        let json = tree.to_json().unwrap();
        assert_eq!(Value::from(&json), tree);
        let twice = Value::object([("a", Value::Null), ("a", Value::Null)]);
        assert_eq!(twice.to_json(), None);
    }
}
