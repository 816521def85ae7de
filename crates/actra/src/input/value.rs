//! Inputs as values of the host: trees that keep every number as it was given.

use super::filler::{Fault, Filler};
use actra_bytecode::format::timestamp;
use actra_vm::Value;

/// A value of an input, or a whole one.
///
/// Anything that implements [`serde::Serialize`] becomes one: see [`InputValue::of`]. Unlike JSON it tells
/// integers from doubles, keeps NaN and infinities (which are input errors), and has instants.
#[derive(Clone, Debug, PartialEq)]
pub enum InputValue {
    /// Nothing, said to be there.
    Null,
    /// A boolean.
    Boolean(bool),
    /// An integer of 64 bits.
    Integer(i64),
    /// An integer outside 64 bits, as the nearest double.
    BigInteger(f64),
    /// A double.
    Float(f64),
    /// An instant: microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Text.
    String(String),
    /// A list.
    List(Vec<InputValue>),
    /// An object or a map, in the order of its source. A key may stand twice, which is an error.
    Object(Vec<(String, InputValue)>),
}

impl InputValue {
    /// The object's member of that name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Hands the value to a filler. Recursion is bounded: the filler refuses to nest deeper than
    /// 64 levels.
    pub(crate) fn fill<'v>(&'v self, filler: &mut Filler<'_, '_, 'v>) -> Result<(), Fault> {
        match self {
            Self::Null => filler.scalar(Value::Null),
            Self::Boolean(value) => filler.scalar(Value::Boolean(*value)),
            Self::Integer(value) => filler.scalar(Value::Integer(*value)),
            Self::BigInteger(value) => filler.scalar(Value::BigInteger(*value)),
            Self::Float(value) => filler.scalar(Value::Float(*value)),
            Self::Instant(micros) => filler.scalar(Value::Instant(*micros)),
            Self::String(text) => {
                let is_long = text.len() > actra_bytecode::limits::MAX_INPUT_STRING_BYTES;
                filler.scalar(if is_long { Value::TooLarge } else { Value::String(text) });
            }
            Self::List(items) => {
                filler.begin_list()?;
                items.iter().try_for_each(|item| item.fill(filler))?;
                filler.end_list();
            }
            Self::Object(members) => {
                filler.begin_object()?;
                for (key, value) in members {
                    filler.key(key)?;
                    value.fill(filler)?;
                }
                filler.end_object();
            }
        }
        Ok(())
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident;)+) => {
        $(impl From<$type> for InputValue {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

from! {
    bool => Boolean;
    i64 => Integer;
    i32 => Integer;
    u32 => Integer;
    f64 => Float;
    f32 => Float;
    &str => String;
    String => String;
}

impl From<u64> for InputValue {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Self::BigInteger(value as f64), Self::Integer)
    }
}

impl From<usize> for InputValue {
    fn from(value: usize) -> Self {
        (value as u64).into()
    }
}

impl<T: Into<InputValue>> From<Option<T>> for InputValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<InputValue>> From<Vec<T>> for InputValue {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl InputValue {
    /// The value as JSON, for logs: what JSON cannot say is a string, and instants are RFC 3339. Of
    /// a key that stands twice the last counts.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Boolean(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::BigInteger(value) | Self::Float(value) if value.is_finite() => (*value).into(),
            Self::BigInteger(value) | Self::Float(value) => value.to_string().into(),
            Self::Instant(micros) => {
                let mut text = String::new();
                // Writing to a string cannot fail.
                let _ = timestamp::format(*micros, &mut text);
                text.into()
            }
            Self::String(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(members) => {
                members.iter().map(|(key, value)| (key.clone(), value.to_json())).collect()
            }
        }
    }
}
