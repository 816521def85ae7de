//! Arrays by hand.

use crate::arrow::c::{ArrowArray, ArrowSchema};
use std::ffi::{CString, c_void};
use std::ptr;

/// Bytes that start anywhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffer {
    /// From `shift` bytes behind an aligned place on.
    pub(super) fn new(bytes: &[u8], shift: usize) -> Self {
        let mut memory = vec![0xa5; bytes.len() + shift + 8];
        let start = memory.as_ptr().align_offset(8) + shift;
        memory[start..start + bytes.len()].copy_from_slice(bytes);
        Self { bytes: memory, start }
    }

    fn pointer(&self) -> *const c_void {
        // SAFETY: the start is inside.
        unsafe { self.bytes.as_ptr().add(self.start) }.cast()
    }
}

/// An array with its type.
#[derive(Clone, Debug, Default)]
pub(super) struct Built {
    pub(super) format: String,
    pub(super) name: String,
    pub(super) len: i64,
    pub(super) nulls: i64,
    pub(super) offset: i64,
    pub(super) buffers: Vec<Option<Buffer>>,
    pub(super) children: Vec<Built>,
    pub(super) dictionary: Option<Box<Built>>,
}

impl Built {
    /// A struct of columns.
    pub(super) fn batch(len: usize, children: Vec<Self>) -> Self {
        let buffers = vec![None];
        let format = "+s".to_owned();
        Self { format, len: len as i64, buffers, children, ..Self::default() }
    }

    /// A column of elements with all of them there.
    pub(super) fn plain(name: &str, format: &str, len: usize, values: &[u8]) -> Self {
        Self {
            format: format.to_owned(),
            name: name.to_owned(),
            len: len as i64,
            buffers: vec![None, Some(Buffer::new(values, 0))],
            ..Self::default()
        }
    }

    /// Strings.
    pub(super) fn texts(name: &str, texts: &[&str]) -> Self {
        let mut ends = vec![0_i32];
        let mut bytes = Vec::new();
        for text in texts {
            bytes.extend_from_slice(text.as_bytes());
            ends.push(bytes.len() as i32);
        }
        let ends: Vec<u8> = ends.into_iter().flat_map(i32::to_ne_bytes).collect();
        let mut built = Self::plain(name, "u", texts.len(), &ends);
        built.buffers.push(Some(Buffer::new(&bytes, 0)));
        built
    }
}

/// The structs of an array, and what they point to.
pub(super) struct Raw {
    schema: Box<ArrowSchema>,
    array: Box<ArrowArray>,
    _texts: [CString; 2],
    _memory: Vec<Option<Buffer>>,
    _buffers: Vec<*const c_void>,
    _inner: Vec<Raw>,
    _children: (Vec<*mut ArrowSchema>, Vec<*mut ArrowArray>),
}

unsafe extern "C" fn released_schema(_: *mut ArrowSchema) {
    panic!("the input is not ours to release");
}

unsafe extern "C" fn released_array(_: *mut ArrowArray) {
    panic!("the input is not ours to release");
}

impl Raw {
    pub(super) fn new(built: Built) -> Self {
        let texts = [built.format, built.name].map(|text| CString::new(text).unwrap());
        let mut buffers: Vec<*const c_void> = built
            .buffers
            .iter()
            .map(|buffer| buffer.as_ref().map_or(ptr::null(), Buffer::pointer))
            .collect();
        let mut inner: Vec<Self> = built.children.into_iter().map(Self::new).collect();
        let mut children = (Vec::new(), Vec::new());
        for child in &mut inner {
            children.0.push(&raw mut *child.schema);
            children.1.push(&raw mut *child.array);
        }
        let mut dictionary = built.dictionary.map(|values| Self::new(*values));
        let (of_schema, of_array) =
            dictionary.as_mut().map_or((ptr::null_mut(), ptr::null_mut()), |values| {
                (&raw mut *values.schema, &raw mut *values.array)
            });
        let schema = ArrowSchema {
            format: texts[0].as_ptr(),
            name: texts[1].as_ptr(),
            metadata: ptr::null(),
            flags: 2,
            n_children: children.0.len() as i64,
            children: children.0.as_mut_ptr(),
            dictionary: of_schema,
            release: Some(released_schema),
            private_data: ptr::null_mut(),
        };
        let array = ArrowArray {
            length: built.len,
            null_count: built.nulls,
            offset: built.offset,
            n_buffers: buffers.len() as i64,
            n_children: children.1.len() as i64,
            buffers: buffers.as_mut_ptr(),
            children: children.1.as_mut_ptr(),
            dictionary: of_array,
            release: Some(released_array),
            private_data: ptr::null_mut(),
        };
        inner.extend(dictionary);
        Self {
            schema: Box::new(schema),
            array: Box::new(array),
            _texts: texts,
            _memory: built.buffers,
            _buffers: buffers,
            _inner: inner,
            _children: children,
        }
    }

    pub(super) fn schema(&self) -> *const ArrowSchema {
        &raw const *self.schema
    }

    pub(super) fn array(&self) -> *const ArrowArray {
        &raw const *self.array
    }
}
