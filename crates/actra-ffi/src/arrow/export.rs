//! Arrays of ours, handed over: each owns what it points to until it is released.

use super::c::{ArrowArray, ArrowSchema, NULLABLE};
use std::ffi::{CStr, c_void};
use std::ptr;
use std::sync::Arc;

/// Where buffers without bytes point to.
static EMPTY: [u64; 8] = [0; 8];

/// Strings one behind the other.
pub(super) struct Strings {
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

impl Strings {
    /// `None`: they are too long together for offsets of 32 bits.
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t str>) -> Option<Arc<Self>> {
        let mut strings = Self { ends: vec![0], bytes: Vec::new() };
        for text in texts {
            strings.bytes.extend_from_slice(text.as_bytes());
            strings.ends.push(i32::try_from(strings.bytes.len()).ok()?);
        }
        Some(Arc::new(strings))
    }
}

/// Codes of a column.
pub(super) enum Codes {
    Small(Vec<i8>),
    Large(Vec<i32>),
}

/// A column to be handed over: codes, where there are any, and what they stand for.
pub(super) struct Exported {
    pub(super) name: &'static CStr,
    /// By bits; `None`: all are there.
    pub(super) valid: Option<Vec<u8>>,
    pub(super) nulls: usize,
    pub(super) codes: Codes,
    pub(super) strings: Arc<Strings>,
}

/// Where values stand.
enum Memory {
    None,
    Codes(Option<Vec<u8>>, Codes),
    Strings(Arc<Strings>),
}

/// What an array owns.
struct ArrayOwner {
    /// What the buffers point into.
    _memory: Memory,
    buffers: Vec<*const c_void>,
    children: Vec<*mut ArrowArray>,
    dictionary: *mut ArrowArray,
}

/// What a type owns. Its texts are the program's own.
struct SchemaOwner {
    children: Vec<*mut ArrowSchema>,
    dictionary: *mut ArrowSchema,
}

impl Drop for ArrayOwner {
    fn drop(&mut self) {
        for array in self.children.iter().copied().chain([self.dictionary]) {
            if array.is_null() {
                continue;
            }
            // SAFETY: it came from a box in `ArrowArray::exported`, and belongs to this owner alone.
            let mut array = unsafe { Box::from_raw(array) };
            // One that was moved out has no such function any more.
            if let Some(release) = array.release {
                // SAFETY: it has not been released.
                unsafe { release(&raw mut *array) };
            }
        }
    }
}

impl Drop for SchemaOwner {
    fn drop(&mut self) {
        for schema in self.children.iter().copied().chain([self.dictionary]) {
            if schema.is_null() {
                continue;
            }
            // SAFETY: as above.
            let mut schema = unsafe { Box::from_raw(schema) };
            if let Some(release) = schema.release {
                // SAFETY: as above.
                unsafe { release(&raw mut *schema) };
            }
        }
    }
}

/// # Safety
/// NULL, or an array that was handed over here, wherever it has been moved to.
unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: the caller vouches for it.
    let Some(array) = (unsafe { array.as_mut() }) else { return };
    if array.release.take().is_some() && !array.private_data.is_null() {
        let owner = std::mem::replace(&mut array.private_data, ptr::null_mut());
        // SAFETY: it came from a box in `ArrowArray::exported`, and nobody else takes it.
        drop(unsafe { Box::from_raw(owner.cast::<ArrayOwner>()) });
    }
}

/// # Safety
/// NULL, or a type that was handed over here, wherever it has been moved to.
unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: the caller vouches for it.
    let Some(schema) = (unsafe { schema.as_mut() }) else { return };
    if schema.release.take().is_some() && !schema.private_data.is_null() {
        let owner = std::mem::replace(&mut schema.private_data, ptr::null_mut());
        // SAFETY: it came from a box in `ArrowSchema::exported`, and nobody else takes it.
        drop(unsafe { Box::from_raw(owner.cast::<SchemaOwner>()) });
    }
}

fn pointer<T>(values: &[T]) -> *const c_void {
    if values.is_empty() { EMPTY.as_ptr().cast() } else { values.as_ptr().cast() }
}

impl ArrowArray {
    fn exported(
        (length, nulls): (usize, usize),
        memory: Memory,
        children: Vec<Self>,
        dictionary: Option<Self>,
    ) -> Self {
        let codes = |codes: &Codes| match codes {
            Codes::Small(codes) => pointer(codes),
            Codes::Large(codes) => pointer(codes),
        };
        let valid = |valid: &Option<Vec<u8>>| valid.as_deref().map_or(ptr::null(), pointer);
        let buffers = match &memory {
            Memory::None => vec![ptr::null()],
            Memory::Codes(bits, values) => vec![valid(bits), codes(values)],
            Memory::Strings(strings) => {
                vec![ptr::null(), pointer(&strings.ends), pointer(&strings.bytes)]
            }
        };
        let boxed = |array| Box::into_raw(Box::new(array));
        let mut owner = Box::new(ArrayOwner {
            _memory: memory,
            buffers,
            children: children.into_iter().map(boxed).collect(),
            dictionary: dictionary.map_or(ptr::null_mut(), boxed),
        });
        Self {
            length: length as i64,
            null_count: nulls as i64,
            offset: 0,
            n_buffers: owner.buffers.len() as i64,
            n_children: owner.children.len() as i64,
            buffers: owner.buffers.as_mut_ptr(),
            children: owner.children.as_mut_ptr(),
            dictionary: owner.dictionary,
            release: Some(release_array),
            private_data: Box::into_raw(owner).cast(),
        }
    }
}

impl ArrowSchema {
    fn exported(
        (format, name): (&'static CStr, &'static CStr),
        flags: i64,
        children: Vec<Self>,
        dictionary: Option<Self>,
    ) -> Self {
        let boxed = |schema| Box::into_raw(Box::new(schema));
        let mut owner = Box::new(SchemaOwner {
            children: children.into_iter().map(boxed).collect(),
            dictionary: dictionary.map_or(ptr::null_mut(), boxed),
        });
        Self {
            format: format.as_ptr(),
            name: name.as_ptr(),
            metadata: ptr::null(),
            flags,
            n_children: owner.children.len() as i64,
            children: owner.children.as_mut_ptr(),
            dictionary: owner.dictionary,
            release: Some(release_schema),
            private_data: Box::into_raw(owner).cast(),
        }
    }
}

/// A struct of these columns, with so many rows.
pub(super) fn export(rows: usize, columns: Vec<Exported>) -> (ArrowSchema, ArrowArray) {
    let (mut schemas, mut arrays) = (Vec::new(), Vec::new());
    for column in columns {
        let format = match column.codes {
            Codes::Small(_) => c"c",
            Codes::Large(_) => c"i",
        };
        let strings = column.strings.ends.len() - 1;
        let text = ArrowSchema::exported((c"u", c""), NULLABLE, Vec::new(), None);
        schemas.push(ArrowSchema::exported(
            (format, column.name),
            NULLABLE,
            Vec::new(),
            Some(text),
        ));
        let texts = Memory::Strings(column.strings);
        let dictionary = ArrowArray::exported((strings, 0), texts, Vec::new(), None);
        let codes = Memory::Codes(column.valid, column.codes);
        let counts = (rows, column.nulls);
        arrays.push(ArrowArray::exported(counts, codes, Vec::new(), Some(dictionary)));
    }
    (
        ArrowSchema::exported((c"+s", c""), 0, schemas, None),
        ArrowArray::exported((rows, 0), Memory::None, arrays, None),
    )
}
