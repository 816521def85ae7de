//! From Arrow's arrays to columns by slot.

use actra::columns::{Bits, Column, Ends, Keys, Texts, Values};
use actra::{Policy, SlotId};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{
    DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType, UInt32Type,
};
use datafusion::common::{Result, exec_err};
use std::borrow::Cow;
use std::sync::Arc;

/// Arrays of the types that columns are made of, by their slots, with what is there of them.
pub(crate) struct Columns {
    arrays: Vec<(SlotId, ArrayRef, Option<NullBuffer>)>,
}

impl Columns {
    /// The members of `action`, `actor` and `snapshot` that the schema names. Others are ignored.
    pub(crate) fn of(policy: &Policy, input: &ArrayRef) -> Result<Self> {
        let mut columns = Self { arrays: Vec::new() };
        let Some(input) = input.as_struct_opt() else {
            return exec_err!("actra_decide takes a struct");
        };
        columns.add_members(policy, "", input, None)?;
        Ok(columns)
    }

    fn add_members(
        &mut self,
        policy: &Policy,
        above: &str,
        members: &StructArray,
        valid: Option<&NullBuffer>,
    ) -> Result<()> {
        // What stands in an object that is not there is not there.
        let valid = NullBuffer::union(valid, members.nulls());
        for (field, array) in members.fields().iter().zip(members.columns()) {
            let name = match above {
                "" => field.name().clone(),
                above => format!("{above}.{}", field.name()),
            };
            let slot = policy.slot(&name);
            if let Some(slot) = slot {
                self.add(slot, &name, array, valid.as_ref())?;
            }
            if let Some(inner) = array.as_struct_opt() {
                self.add_members(policy, &name, inner, valid.as_ref())?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        slot: SlotId,
        name: &str,
        array: &ArrayRef,
        above: Option<&NullBuffer>,
    ) -> Result<()> {
        let Some(wanted) = wanted(array.data_type()) else {
            return exec_err!(
                "`{name}` is a column of {}, which no field takes",
                array.data_type()
            );
        };
        // What does not fit is an error of the query: a value is never made up or left out.
        let exact = CastOptions { safe: false, ..CastOptions::default() };
        let array = cast_with_options(array, &wanted, &exact)?;
        let valid = NullBuffer::union(above, array.logical_nulls().as_ref());
        self.arrays.push((slot, array, valid));
        Ok(())
    }

    /// The columns, over the arrays.
    pub(crate) fn borrow(&self) -> Result<Vec<(SlotId, Column<'_>)>> {
        let mut columns = Vec::with_capacity(self.arrays.len());
        for (slot, array, valid) in &self.arrays {
            let values = values(array)?;
            let Some(column) = Column::new(values, valid.as_ref().and_then(bits_of)) else {
                return exec_err!("a column of {} is no column of values", array.data_type());
            };
            columns.push((*slot, column));
        }
        Ok(columns)
    }
}

/// The type that a column of another is cast to.
fn wanted(found: &DataType) -> Option<DataType> {
    use DataType::*;
    Some(match found {
        Boolean => Boolean,
        Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 => Int64,
        Float16 | Float32 | Float64 => Float64,
        Utf8 | LargeUtf8 | Utf8View | Null => Utf8,
        // Without a zone it is no instant.
        Timestamp(_, Some(_)) => Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
        Dictionary(_, values) => {
            let values = wanted(values).filter(|values| !values.is_nested())?;
            Dictionary(Box::new(UInt32), Box::new(values))
        }
        List(item) => {
            let items = wanted(item.data_type()).filter(|items| !items.is_nested())?;
            List(Arc::new(item.as_ref().clone().with_data_type(items)))
        }
        Struct(members) => Struct(members.clone()),
        _ => return None,
    })
}

fn bits_of(valid: &NullBuffer) -> Option<Bits<'_>> {
    Bits::new(valid.inner().values(), valid.offset(), valid.len())
}

fn values(array: &ArrayRef) -> Result<Values<'_>> {
    Ok(match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean().values();
            match Bits::new(values.values(), values.offset(), values.len()) {
                Some(bits) => Values::Boolean(bits),
                None => return exec_err!("a column of booleans is too short"),
            }
        }
        DataType::Int64 => {
            Values::Integer(Cow::Borrowed(array.as_primitive::<Int64Type>().values()))
        }
        DataType::Float64 => {
            Values::Float(Cow::Borrowed(array.as_primitive::<Float64Type>().values()))
        }
        DataType::Timestamp(..) => Values::Instant(Cow::Borrowed(
            array.as_primitive::<TimestampMicrosecondType>().values(),
        )),
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            Values::Text(Texts::new(Ends::Small(texts.value_offsets()), texts.value_data()))
        }
        DataType::Dictionary(..) => {
            let coded = array.as_dictionary::<UInt32Type>();
            Values::Dictionary(Keys::U32(coded.keys().values()), Box::new(whole(coded.values())?))
        }
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            Values::List(Ends::Small(lists.value_offsets()), Box::new(whole(lists.values())?))
        }
        DataType::Struct(_) => Values::Object(array.len()),
        other => return exec_err!("a column of {other} was not cast"),
    })
}

/// What a dictionary or a list holds.
fn whole(array: &ArrayRef) -> Result<Column<'_>> {
    let valid = array.nulls().and_then(bits_of);
    match Column::new(values(array)?, valid) {
        Some(column) => Ok(column),
        None => exec_err!("a column of {} holds no scalars", array.data_type()),
    }
}
