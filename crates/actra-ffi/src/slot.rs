//! Slots as C fills them, and how they become values of a frame.

use crate::constants::*;
use crate::input::Arena;

/// One value of an input. Which members of `v` and whether `len` mean anything depends on `tag`,
/// one of `ACTRA_TAG_*`. Zeroed memory is a missing value.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ActraSlot {
    /// What the slot holds.
    pub tag: u32,
    /// Bytes of a string, slots of a list, pairs of a map.
    pub len: u32,
    /// The value.
    pub v: ActraSlotValue,
}

/// The value of a slot.
#[derive(Clone, Copy)]
#[repr(C)]
pub union ActraSlotValue {
    /// A boolean (0 or 1), an integer, or microseconds.
    pub i: i64,
    /// A double.
    pub f: f64,
    /// Text, or the first slot of a list or map.
    pub p: *const std::ffi::c_char,
    /// An offset into the arena.
    pub off: u64,
}

/// The size is part of the ABI.
pub(crate) const SLOT_BYTES: usize = 16;
const _: () = assert!(size_of::<ActraSlot>() == SLOT_BYTES);
const _: () = assert!(align_of::<ActraSlot>() <= 8);

/// A scalar that a slot holds, or that it holds something else.
#[derive(Clone, Copy)]
pub(crate) enum Held<'v> {
    Value(actra::Value<'v>),
    /// A run of slots, or of pairs of them.
    List(Run<'v>),
    Map(Run<'v>),
}

/// Slots somewhere in the caller's memory, of any alignment.
#[derive(Clone, Copy)]
pub(crate) struct Run<'v> {
    bytes: &'v [u8],
}

impl<'v> Run<'v> {
    pub(crate) fn of_bytes(bytes: &'v [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn len(self) -> usize {
        self.bytes.len() / SLOT_BYTES
    }

    pub(crate) fn get(self, index: usize) -> Option<ActraSlot> {
        let start = index.checked_mul(SLOT_BYTES)?;
        let bytes = self.bytes.get(start..start + SLOT_BYTES)?;
        // SAFETY: there are as many bytes as a slot has, and any bytes are a slot: its members are
        // integers, and a union that is looked at by way of the tag only. The read asks for no
        // alignment.
        Some(unsafe { bytes.as_ptr().cast::<ActraSlot>().read_unaligned() })
    }
}

/// Reads what a slot holds.
///
/// # Safety
/// Pointers in the slot are what their tags say: `len` bytes, slots or pairs can be read there for
/// as long as `'v`.
pub(crate) unsafe fn held<'v>(slot: &ActraSlot, arena: Arena<'v>) -> Result<Held<'v>, ActraStatus> {
    use actra::Value;
    let len = slot.len as usize;
    // SAFETY: every bit pattern is an i64.
    let integer = || unsafe { slot.v.i };
    // SAFETY: every bit pattern is an f64.
    let double = || unsafe { slot.v.f };
    let value = match slot.tag {
        ACTRA_TAG_MISSING => Value::Missing,
        ACTRA_TAG_NULL => Value::Null,
        ACTRA_TAG_BOOLEAN => match integer() {
            0 => Value::Boolean(false),
            1 => Value::Boolean(true),
            _ => return Err(ACTRA_STATUS_INVALID_ARGUMENT),
        },
        ACTRA_TAG_INTEGER => Value::Integer(integer()),
        ACTRA_TAG_DOUBLE => Value::Float(double()),
        ACTRA_TAG_BIG_INTEGER => Value::BigInteger(double()),
        ACTRA_TAG_TIMESTAMP => Value::Instant(integer()),
        ACTRA_TAG_OBJECT => Value::Object(actra::Range::default()),
        ACTRA_TAG_STRING => {
            // SAFETY: the caller vouches for `len` bytes at the pointer.
            let bytes = unsafe { pointed(slot, len) }?;
            string(bytes)
        }
        ACTRA_TAG_STRING_AT => string(in_arena(slot, arena, len)?),
        ACTRA_TAG_LIST => {
            // SAFETY: the caller vouches for `len` slots at the pointer.
            let bytes = unsafe { pointed(slot, len * SLOT_BYTES) }?;
            return Ok(Held::List(Run::of_bytes(bytes)));
        }
        ACTRA_TAG_LIST_AT => {
            return Ok(Held::List(Run::of_bytes(in_arena(slot, arena, len * SLOT_BYTES)?)));
        }
        ACTRA_TAG_MAP => {
            // SAFETY: the caller vouches for `len` pairs of slots at the pointer.
            let bytes = unsafe { pointed(slot, len * 2 * SLOT_BYTES) }?;
            return Ok(Held::Map(Run::of_bytes(bytes)));
        }
        ACTRA_TAG_MAP_AT => {
            return Ok(Held::Map(Run::of_bytes(in_arena(slot, arena, len * 2 * SLOT_BYTES)?)));
        }
        #[cfg(feature = "panic-for-tests")]
        crate::constants::TAG_PANIC => panic!("a panic that a test asked for"),
        _ => return Err(ACTRA_STATUS_INVALID_ARGUMENT),
    };
    Ok(Held::Value(value))
}

fn string(bytes: &[u8]) -> actra::Value<'_> {
    match std::str::from_utf8(bytes) {
        Ok(text) => actra::Value::String(text),
        Err(_) => actra::Value::NotUtf8,
    }
}

/// The bytes that a slot points to.
///
/// # Safety
/// As [`crate::guard::bytes`].
unsafe fn pointed<'v>(slot: &ActraSlot, bytes: usize) -> Result<&'v [u8], ActraStatus> {
    // SAFETY: every bit pattern is a pointer as far as reading it goes.
    let pointer = unsafe { slot.v.p };
    // SAFETY: the caller vouches for it.
    unsafe { crate::guard::bytes(pointer.cast(), bytes) }
}

/// The bytes that a slot names in the arena.
fn in_arena<'v>(slot: &ActraSlot, arena: Arena<'v>, len: usize) -> Result<&'v [u8], ActraStatus> {
    // SAFETY: every bit pattern is a u64.
    let offset = unsafe { slot.v.off };
    arena.bytes(offset, len).ok_or(ACTRA_STATUS_INVALID_ARGUMENT)
}
