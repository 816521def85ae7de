//! Batches decide as rows do, whatever they are laid out like.

mod alike;
mod build;
mod layout;
mod types;

use super::c::{ArrowArray, ArrowSchema};
use super::evaluate;
use crate::pool::Pooled;
use actra::{InputError, Policy, UnknownFields};
use build::{Built, Raw};
use std::ffi::CStr;

/// A row's effect, rule, error and field.
type Told = [Option<String>; 4];

fn policy_of(schema: &str, policy: &str) -> Pooled {
    match Policy::from_strings(schema, policy, None) {
        Ok(policy) => Pooled::new(policy),
        Err(error) => panic!("{error}\n{schema}\n{policy}"),
    }
}

/// Decides a batch by the ABI's structs.
fn decide(pooled: &Pooled, batch: Built) -> Result<Vec<Told>, InputError> {
    let raw = Raw::new(batch);
    // SAFETY: the structs are what the interface says, or wrong where they can be seen to be.
    let answer = unsafe { evaluate(pooled, raw.schema(), raw.array(), UnknownFields::Ignore) };
    drop(raw);
    let (mut schema, mut array) = answer?;
    let told = rows_of(&schema, &array);
    // SAFETY: both are ours, and have not been released.
    unsafe {
        let (of_schema, of_array) = (schema.release, array.release);
        release(&mut schema, of_schema);
        release(&mut array, of_array);
    }
    assert!(schema.release.is_none() && array.release.is_none());
    Ok(told)
}

/// Releases twice, as a caller who has kept the function might.
unsafe fn release<T>(of: &mut T, function: Option<unsafe extern "C" fn(*mut T)>) {
    let function = function.expect("it has not been released");
    // SAFETY: the caller says that it is ours; a second time is as good as none.
    unsafe {
        function(of);
        function(of);
    }
}

/// Reads an answer as a consumer does.
fn rows_of(schema: &ArrowSchema, array: &ArrowArray) -> Vec<Told> {
    let rows = usize::try_from(array.length).unwrap();
    let names = ["effect", "matched_rule", "error", "error_field"];
    assert_eq!((schema.n_children, array.n_children, array.offset), (4, 4, 0));
    let mut told = vec![Told::default(); rows];
    for (index, name) in names.into_iter().enumerate() {
        // SAFETY: the structs are ours and keep to the interface.
        let (of, column) = unsafe { (&**schema.children.add(index), &**array.children.add(index)) };
        // SAFETY: as above.
        let found = unsafe { CStr::from_ptr(of.name) };
        assert_eq!(found.to_str(), Ok(name));
        let mut nulls = 0;
        for (row, told) in told.iter_mut().enumerate() {
            // SAFETY: as above.
            told[index] = unsafe { value(of, column, row) };
            nulls += i64::from(told[index].is_none());
        }
        assert_eq!((column.length, column.null_count), (rows as i64, nulls), "{name}");
    }
    told
}

unsafe fn value(schema: &ArrowSchema, array: &ArrowArray, row: usize) -> Option<String> {
    // SAFETY: the caller says that both keep to the interface; so does all that is read below.
    unsafe {
        let valid = (*array.buffers).cast::<u8>();
        if !valid.is_null() && valid.add(row / 8).read() >> (row % 8) & 1 == 0 {
            return None;
        }
        let codes = *array.buffers.add(1);
        let code = match CStr::from_ptr(schema.format).to_bytes() {
            b"c" => i32::from(codes.cast::<i8>().add(row).read()),
            b"i" => codes.cast::<i32>().add(row).read(),
            other => panic!("codes of {other:?}"),
        };
        let texts = &*array.dictionary;
        let code = usize::try_from(code).unwrap();
        assert!(code < texts.length as usize);
        let ends = (*texts.buffers.add(1)).cast::<i32>();
        let (start, end) = (ends.add(code).read() as usize, ends.add(code + 1).read() as usize);
        let bytes = (*texts.buffers.add(2)).cast::<u8>();
        let bytes = std::slice::from_raw_parts(bytes.add(start), end - start);
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }
}
