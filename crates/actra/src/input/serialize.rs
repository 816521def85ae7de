//! From anything that serialises to an input value.

use super::InputValue;
use crate::error::{InputCode, InputError};
use serde::ser::{self, Serialize};
use std::fmt::Display;

impl InputValue {
    /// The value as an input. Structs and maps are objects, `None` and `()` are null, unit variants
    /// are their names, other variants are objects with one member, bytes are lists of integers:
    /// as `serde_json` has it.
    ///
    /// ```
    /// use actra::InputValue;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Refund { amount: u64, reason: Option<&'static str> }
    ///
    /// let value = InputValue::of(&Refund { amount: 20, reason: None })?;
    /// assert_eq!(value.get("amount"), Some(&InputValue::Integer(20)));
    /// assert_eq!(value.get("reason"), Some(&InputValue::Null));
    /// # Ok::<(), actra::InputError>(())
    /// ```
    ///
    /// # Errors
    /// `malformed`, where a key is no text, or the value itself refuses; `too_deep`, where it nests
    /// deeper than 64 levels.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, InputError> {
        value.serialize(Writer { depth: 0 }).map_err(|Refused(code, message)| InputError {
            code,
            field: None,
            message,
        })
    }
}

/// Why there is no value.
#[derive(Debug, thiserror::Error)]
#[error("{1}")]
struct Refused(InputCode, String);

impl ser::Error for Refused {
    fn custom<T: Display>(message: T) -> Self {
        Self(InputCode::Malformed, message.to_string())
    }
}

/// Writes one value. Values may nest without end, so depth is counted here, before the filler.
#[derive(Clone, Copy)]
struct Writer {
    depth: usize,
}

impl Writer {
    fn inside(self) -> Result<Self, Refused> {
        if self.depth >= super::MAX_DEPTH {
            let message = format!("the input nests deeper than {} levels", super::MAX_DEPTH);
            return Err(Refused(InputCode::TooDeep, message));
        }
        Ok(Self { depth: self.depth + 1 })
    }

    fn list(self, len: Option<usize>) -> Result<Items, Refused> {
        let items = Vec::with_capacity(len.unwrap_or(0).min(1024));
        Ok(Items { writer: self.inside()?, found: items, variant: None })
    }

    fn object(self) -> Result<Members, Refused> {
        Ok(Members { writer: self.inside()?, found: Vec::new(), key: None, variant: None })
    }
}

/// As the one member of an object, where it is what a variant holds.
fn wrapped(variant: Option<&'static str>, value: InputValue) -> InputValue {
    match variant {
        Some(name) => InputValue::Object(vec![(name.to_owned(), value)]),
        None => value,
    }
}

macro_rules! integers {
    ($($method:ident: $type:ty,)+) => {
        $(fn $method(self, value: $type) -> Result<InputValue, Refused> {
            Ok(match i64::try_from(value) {
                Ok(value) => InputValue::Integer(value),
                Err(_) => InputValue::BigInteger(value as f64),
            })
        })+
    };
}

impl ser::Serializer for Writer {
    type Ok = InputValue;
    type Error = Refused;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Members;

    integers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_u64: u64, serialize_u128: u128,
    }

    fn serialize_bool(self, value: bool) -> Result<InputValue, Refused> {
        Ok(InputValue::Boolean(value))
    }

    fn serialize_f32(self, value: f32) -> Result<InputValue, Refused> {
        Ok(InputValue::Float(f64::from(value)))
    }

    fn serialize_f64(self, value: f64) -> Result<InputValue, Refused> {
        Ok(InputValue::Float(value))
    }

    fn serialize_char(self, value: char) -> Result<InputValue, Refused> {
        Ok(InputValue::String(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Result<InputValue, Refused> {
        Ok(InputValue::String(value.to_owned()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<InputValue, Refused> {
        Ok(InputValue::List(value.iter().map(|byte| InputValue::Integer((*byte).into())).collect()))
    }

    fn serialize_none(self) -> Result<InputValue, Refused> {
        Ok(InputValue::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<InputValue, Refused> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<InputValue, Refused> {
        Ok(InputValue::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<InputValue, Refused> {
        Ok(InputValue::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<InputValue, Refused> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<InputValue, Refused> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<InputValue, Refused> {
        Ok(wrapped(Some(variant), value.serialize(self.inside()?)?))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items, Refused> {
        self.list(len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Items, Refused> {
        self.list(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Items, Refused> {
        self.list(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items, Refused> {
        Ok(Items { variant: Some(variant), ..self.inside()?.list(Some(len))? })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members, Refused> {
        self.object()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members, Refused> {
        self.object()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members, Refused> {
        Ok(Members { variant: Some(variant), ..self.inside()?.object()? })
    }
}

/// A list under way.
struct Items {
    writer: Writer,
    found: Vec<InputValue>,
    variant: Option<&'static str>,
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        self.found.push(value.serialize(self.writer)?);
        Ok(())
    }

    fn finish(self) -> InputValue {
        wrapped(self.variant, InputValue::List(self.found))
    }
}

macro_rules! list {
    ($($trait:ident::$method:ident,)+) => {
        $(impl ser::$trait for Items {
            type Ok = InputValue;
            type Error = Refused;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                self.push(value)
            }

            fn end(self) -> Result<InputValue, Refused> {
                Ok(self.finish())
            }
        })+
    };
}

list! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

/// An object under way.
struct Members {
    writer: Writer,
    found: Vec<(String, InputValue)>,
    key: Option<String>,
    variant: Option<&'static str>,
}

impl Members {
    fn finish(self) -> InputValue {
        wrapped(self.variant, InputValue::Object(self.found))
    }
}

impl ser::SerializeMap for Members {
    type Ok = InputValue;
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        let key = match key.serialize(Writer { depth: 0 })? {
            InputValue::String(text) => text,
            InputValue::Integer(number) => number.to_string(),
            InputValue::Boolean(value) => value.to_string(),
            _ => return Err(ser::Error::custom("a key of a map is no text")),
        };
        self.key = Some(key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        let key = self.key.take().ok_or_else(|| ser::Error::custom("a value without a key"));
        let key = key?;
        self.found.push((key, value.serialize(self.writer)?));
        Ok(())
    }

    fn end(self) -> Result<InputValue, Refused> {
        Ok(self.finish())
    }
}

macro_rules! object {
    ($($trait:ident,)+) => {
        $(impl ser::$trait for Members {
            type Ok = InputValue;
            type Error = Refused;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Refused> {
                self.found.push((key.to_owned(), value.serialize(self.writer)?));
                Ok(())
            }

            fn end(self) -> Result<InputValue, Refused> {
                Ok(self.finish())
            }
        })+
    };
}

object! { SerializeStruct, SerializeStructVariant, }
