//! An array and its type, looked at together, with everything checked that can be.

use super::c::{ArrowArray, ArrowSchema};
use super::fault::{Why, malformed};
use super::format::Format;
use actra::InputCode;
use std::cell::Cell;
use std::ffi::{c_char, c_void};

/// Arrays within arrays, at most.
pub(super) const MAX_DEPTH: usize = 64;
/// Arrays of a batch, at most: types that contain themselves end here, too.
const MAX_NODES: usize = 65_536;
/// Bytes of a column's name, at most, and of a format.
const MAX_TEXT: usize = 65_536;

/// How many arrays may still be looked at.
pub(super) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(MAX_NODES))
    }
}

impl Budget {
    fn take(&self) -> Result<(), Why> {
        let Some(left) = self.0.get().checked_sub(1) else {
            let what = format!("has more than {MAX_NODES} arrays in it");
            return Err((InputCode::TooLarge, what));
        };
        self.0.set(left);
        Ok(())
    }
}

/// An array and its type.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    schema: &'a ArrowSchema,
    array: &'a ArrowArray,
    pub(super) text: &'a str,
    pub(super) format: Format,
    /// Elements.
    pub(super) len: usize,
    /// The first one's place in the buffers.
    pub(super) offset: usize,
    budget: &'a Budget,
}

/// A struct of the caller's.
///
/// # Safety
/// Where the pointer is not NULL, it leads to a `T` that nobody changes for as long as `'a`.
unsafe fn get<'a, T>(pointer: *const T) -> Result<&'a T, Why> {
    if pointer.is_null() || !pointer.is_aligned() {
        return malformed("has a NULL or unaligned pointer in the place of an array or its type");
    }
    // SAFETY: the pointer is neither NULL nor unaligned, and the caller vouches for the rest.
    Ok(unsafe { &*pointer })
}

/// A text that ends with NUL.
///
/// # Safety
/// Where the pointer is not NULL, it leads to such a text, which nobody changes for as long as `'a`.
unsafe fn text<'a>(pointer: *const c_char) -> Result<&'a str, Why> {
    if pointer.is_null() {
        return Ok("");
    }
    let mut len = 0;
    // SAFETY: the text goes on up to its NUL, and that has not been reached.
    while unsafe { pointer.add(len).read() } != 0 {
        len += 1;
        if len > MAX_TEXT {
            return malformed(format!("has a name or format of more than {MAX_TEXT} bytes"));
        }
    }
    // SAFETY: so many bytes have just been read.
    let bytes = unsafe { std::slice::from_raw_parts(pointer.cast(), len) };
    std::str::from_utf8(bytes).or_else(|_| malformed("has a name or format that is not UTF-8"))
}

/// The name of a type.
///
/// # Safety
/// As [`Node::new`].
pub(super) unsafe fn name<'a>(schema: *const ArrowSchema) -> Result<&'a str, Why> {
    // SAFETY: the caller vouches for the pointers.
    unsafe { text(get(schema)?.name) }
}

impl<'a> Node<'a> {
    /// # Safety
    /// Pointers that are not NULL lead to what the interface says, which nobody changes for as long
    /// as `'a`.
    pub(super) unsafe fn new(
        schema: *const ArrowSchema,
        array: *const ArrowArray,
        budget: &'a Budget,
    ) -> Result<Self, Why> {
        budget.take()?;
        // SAFETY: the caller vouches for the pointers.
        let (schema, array) = unsafe { (get(schema)?, get(array)?) };
        if schema.release.is_none() || array.release.is_none() {
            return malformed("has been released");
        }
        // SAFETY: the caller vouches for the text.
        let text = unsafe { text(schema.format) }?;
        #[cfg(feature = "panic-for-tests")]
        assert!(text != "panic", "a format that panics");
        let format = Format::parse(text);
        let number = |value: i64, what: &str| {
            usize::try_from(value).or_else(|_| malformed(format!("has {value} {what}")))
        };
        let (len, offset) =
            (number(array.length, "as its length")?, number(array.offset, "as its offset")?);
        if len.checked_add(offset).is_none_or(|end| end > isize::MAX as usize) {
            return malformed("has a length and an offset that are too large together");
        }
        if array.null_count < -1 || array.null_count > array.length {
            return malformed(format!("has {} as its number of nulls", array.null_count));
        }
        if schema.n_children != array.n_children || array.n_children < 0 {
            let (told, found) = (schema.n_children, array.n_children);
            return malformed(format!("has {found} children, and its type has {told}"));
        }
        if schema.dictionary.is_null() != array.dictionary.is_null() {
            return malformed("has a dictionary in its type or its array only");
        }
        let node = Self { schema, array, text, format, len, offset, budget };
        if array.n_children > 0 && (schema.children.is_null() || array.children.is_null()) {
            return malformed("has children, and NULL in their place");
        }
        let fits = match format {
            Format::Null | Format::Other(_) => array.n_buffers >= 0,
            format => {
                format.buffers().map_or(array.n_buffers >= 3, |buffers| array.n_buffers == buffers)
            }
        };
        if !fits || (array.n_buffers > 0 && array.buffers.is_null()) {
            return malformed(format!(
                "has {} buffers, which do not fit its type",
                array.n_buffers
            ));
        }
        Ok(node)
    }

    /// The pointers to the children.
    fn child_at(&self, index: usize) -> (*const ArrowSchema, *const ArrowArray) {
        // SAFETY: there are so many pointers, as the struct says, for which the caller of `new`
        // vouches.
        unsafe { (*self.schema.children.add(index), *self.array.children.add(index)) }
    }

    pub(super) fn children(&self) -> usize {
        usize::try_from(self.array.n_children).unwrap_or(0)
    }

    /// The name of a child.
    pub(super) fn child_name(&self, index: usize) -> Result<&'a str, Why> {
        let (schema, _) = self.child_at(index);
        // SAFETY: the caller of `new` vouches for it.
        unsafe { name(schema) }
    }

    /// A child, which has at least so many elements.
    pub(super) fn child(&self, index: usize, least: usize) -> Result<Self, Why> {
        let (schema, array) = self.child_at(index);
        // SAFETY: the caller of `new` vouches for them.
        let child = unsafe { Self::new(schema, array, self.budget) }?;
        if child.len < least {
            let len = child.len;
            return malformed(format!("has {len} values where there have to be {least}"));
        }
        Ok(child)
    }

    /// What lists are of.
    pub(super) fn items(&self) -> Result<Self, Why> {
        if self.children() != 1 {
            return malformed(format!("is of lists with {} children", self.children()));
        }
        self.child(0, 0)
    }

    /// What codes stand for.
    pub(super) fn dictionary(&self) -> Result<Option<Self>, Why> {
        if self.array.dictionary.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller of `new` vouches for them.
        let values =
            unsafe { Self::new(self.schema.dictionary, self.array.dictionary, self.budget) }?;
        Ok(Some(values))
    }

    /// How many nulls it says that there are; -1: that is not known.
    pub(super) const fn null_count(&self) -> i64 {
        self.array.null_count
    }

    pub(super) fn buffers(&self) -> usize {
        usize::try_from(self.array.n_buffers).unwrap_or(0)
    }

    /// A buffer; NULL where it has none of that number.
    pub(super) fn buffer(&self, index: usize) -> *const c_void {
        if index >= self.buffers() {
            return std::ptr::null();
        }
        // SAFETY: there are so many pointers, as the struct says, for which the caller of `new`
        // vouches.
        unsafe { *self.array.buffers.add(index) }
    }
}
