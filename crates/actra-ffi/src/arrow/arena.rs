//! Memory that lives as long as a batch is read: what had to be copied or widened.

use std::any::Any;
use std::cell::RefCell;

/// Vectors that are kept until the end.
#[derive(Default)]
pub(super) struct Arena {
    kept: RefCell<Vec<Box<dyn Any>>>,
}

impl Arena {
    /// Keeps values.
    pub(super) fn keep<T: 'static>(&self, values: Vec<T>) -> &[T] {
        let (pointer, len) = (values.as_ptr(), values.len());
        self.kept.borrow_mut().push(Box::new(values));
        // SAFETY: the vector's memory stays where it is when the vector is moved. Nobody gets to it
        // again, and it is dropped with the arena, which the slice borrows.
        unsafe { std::slice::from_raw_parts(pointer, len) }
    }
}
