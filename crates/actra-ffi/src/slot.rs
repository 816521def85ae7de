//! Slots as C fills them, and how they become values of a frame.

use crate::constants::*;
use crate::input::Memory;
use actra::{Frame, SlotId, Value};

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

/// What a slot holds: a scalar, or a run of slots elsewhere.
#[derive(Clone, Copy)]
pub(crate) enum Held<'v> {
    Value(Value<'v>),
    List(Run<'v>),
    /// Pairs.
    Map(Run<'v>),
}

/// Who takes an ordinary value.
pub(crate) trait Taker<'v> {
    fn take(&mut self, value: Value<'v>);
}

impl<'v> Taker<'v> for Value<'v> {
    #[inline]
    fn take(&mut self, value: Value<'v>) {
        *self = value;
    }
}

/// A slot of a frame.
pub(crate) struct FrameSlot<'f, 'p, 'v> {
    pub(crate) frame: &'f mut Frame<'p, 'v>,
    pub(crate) slot: SlotId,
}

impl<'v> Taker<'v> for FrameSlot<'_, '_, 'v> {
    #[expect(clippy::inline_always, reason = "it is for the one hot loop, and measured")]
    #[inline(always)]
    fn take(&mut self, value: Value<'v>) {
        self.frame.set(self.slot, value);
    }
}

/// A slot, read. What `bits` are depends on the tag.
#[derive(Clone, Copy)]
pub(crate) struct Given {
    tag: u32,
    len: u32,
    bits: u64,
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

    #[inline]
    pub(crate) fn len(self) -> usize {
        self.bytes.len() / SLOT_BYTES
    }

    #[inline]
    pub(crate) fn get(self, index: usize) -> Option<Given> {
        let start = index.checked_mul(SLOT_BYTES)?;
        self.bytes.get(start..)?.first_chunk().map(Given::of_bytes)
    }

    #[inline]
    pub(crate) fn iter(self) -> impl Iterator<Item = Given> + 'v {
        self.bytes.chunks_exact(SLOT_BYTES).filter_map(<[u8]>::first_chunk).map(Given::of_bytes)
    }
}

impl Given {
    /// Member by member, as callers write them: a processor that is asked for all 16 bytes at once
    /// has to wait until the narrower writes have left its store buffer.
    #[inline]
    fn of_bytes(bytes: &[u8; SLOT_BYTES]) -> Self {
        let at = bytes.as_ptr();
        // SAFETY: the three reads are of 4, 4 and 8 of the 16 bytes, which are there; they ask for
        // no alignment, and any bytes are integers.
        unsafe {
            Self {
                tag: at.cast::<u32>().read_unaligned(),
                len: at.add(4).cast::<u32>().read_unaligned(),
                bits: at.add(8).cast::<u64>().read_unaligned(),
            }
        }
    }

    /// Hands an ordinary value over; gives the slot back where it holds something else.
    ///
    /// Each kind of value is handed over where it is known which it is: see [`Frame::set`].
    ///
    /// # Safety
    /// As [`Given::held`].
    #[expect(clippy::inline_always, reason = "it is for the one hot loop, and measured")]
    #[inline(always)]
    pub(crate) unsafe fn take<'v>(
        self,
        memory: &mut Memory<'v>,
        into: &mut impl Taker<'v>,
    ) -> Result<Option<Self>, ActraStatus> {
        match self.tag {
            ACTRA_TAG_MISSING => {}
            ACTRA_TAG_STRING | ACTRA_TAG_STRING_AT => {
                // SAFETY: the caller vouches for `len` bytes at the pointer.
                let bytes = unsafe { self.string_bytes(memory) }?;
                if !memory.may_read(bytes.len()) {
                    into.take(Value::TooLarge);
                } else if let Some(text) = text(bytes) {
                    into.take(Value::String(text));
                } else {
                    into.take(Value::NotUtf8);
                }
            }
            ACTRA_TAG_INTEGER => into.take(Value::Integer(self.bits as i64)),
            ACTRA_TAG_BOOLEAN if self.bits <= 1 => into.take(Value::Boolean(self.bits == 1)),
            ACTRA_TAG_DOUBLE => into.take(Value::Float(f64::from_bits(self.bits))),
            ACTRA_TAG_TIMESTAMP => into.take(Value::Instant(self.bits as i64)),
            _ => return Ok(Some(self)),
        }
        Ok(None)
    }

    /// Reads what the slot holds.
    ///
    /// # Safety
    /// Where the tag says that `bits` are a pointer, `len` bytes, slots or pairs can be read there
    /// for as long as `'v`.
    pub(crate) unsafe fn held<'v>(self, memory: &mut Memory<'v>) -> Result<Held<'v>, ActraStatus> {
        let mut value = Value::Missing;
        // SAFETY: the caller vouches for the pointer.
        match unsafe { self.take(memory, &mut value) }? {
            None => Ok(Held::Value(value)),
            // SAFETY: as above.
            Some(other) => unsafe { other.held_closely(memory) },
        }
    }

    /// # Safety
    /// As [`Given::held`].
    #[inline(never)]
    pub(crate) unsafe fn held_closely<'v>(
        self,
        memory: &Memory<'v>,
    ) -> Result<Held<'v>, ActraStatus> {
        Ok(match self.tag {
            ACTRA_TAG_NULL => Held::Value(Value::Null),
            ACTRA_TAG_BIG_INTEGER => Held::Value(Value::BigInteger(f64::from_bits(self.bits))),
            ACTRA_TAG_OBJECT => Held::Value(Value::Object(actra::Range::default())),
            // SAFETY: the caller vouches for `len` slots at the pointer.
            ACTRA_TAG_LIST => Held::List(Run::of_bytes(unsafe { self.pointed(self.slots(1)?) }?)),
            ACTRA_TAG_LIST_AT => Held::List(Run::of_bytes(self.in_arena(memory, self.slots(1)?)?)),
            // SAFETY: the caller vouches for `len` pairs of slots at the pointer.
            ACTRA_TAG_MAP => Held::Map(Run::of_bytes(unsafe { self.pointed(self.slots(2)?) }?)),
            ACTRA_TAG_MAP_AT => Held::Map(Run::of_bytes(self.in_arena(memory, self.slots(2)?)?)),
            #[cfg(feature = "panic-for-tests")]
            crate::constants::TAG_PANIC => panic!("a panic that a test asked for"),
            _ => return Err(ACTRA_STATUS_INVALID_ARGUMENT),
        })
    }

    /// The bytes of a string, which may be no text.
    ///
    /// # Safety
    /// As [`Given::held`].
    #[inline]
    pub(crate) unsafe fn string_bytes<'v>(
        self,
        memory: &Memory<'v>,
    ) -> Result<&'v [u8], ActraStatus> {
        match self.tag {
            // SAFETY: the caller vouches for `len` bytes at the pointer.
            ACTRA_TAG_STRING => unsafe { self.pointed(self.len as usize) },
            ACTRA_TAG_STRING_AT => self.in_arena(memory, self.len as usize),
            _ => Err(ACTRA_STATUS_INVALID_ARGUMENT),
        }
    }

    /// The bytes of as many slots, or groups of slots, as the slot says.
    fn slots(self, group: usize) -> Result<usize, ActraStatus> {
        let bytes = (self.len as usize).checked_mul(group * SLOT_BYTES);
        bytes.ok_or(ACTRA_STATUS_INVALID_ARGUMENT)
    }

    /// The bytes that the slot points to.
    ///
    /// # Safety
    /// As [`crate::guard::bytes`].
    #[inline]
    unsafe fn pointed<'v>(self, count: usize) -> Result<&'v [u8], ActraStatus> {
        let pointer = std::ptr::with_exposed_provenance::<u8>(self.bits as usize);
        // SAFETY: the caller vouches for it.
        unsafe { crate::guard::bytes(pointer, count) }
    }

    /// The bytes that the slot names in the arena.
    #[inline]
    fn in_arena<'v>(self, memory: &Memory<'v>, count: usize) -> Result<&'v [u8], ActraStatus> {
        memory.bytes(self.bits, count).ok_or(ACTRA_STATUS_INVALID_ARGUMENT)
    }
}

/// The bytes as text. Most are short and ASCII: that is seen at once.
#[inline]
fn text(bytes: &[u8]) -> Option<&str> {
    if is_short_ascii(bytes) {
        // SAFETY: ASCII is UTF-8.
        return Some(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    std::str::from_utf8(bytes).ok()
}

/// Whether there are at most 32 bytes, and all are ASCII. Words overlap where the length is no
/// multiple of theirs.
#[inline]
fn is_short_ascii(bytes: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (len, start) = (bytes.len(), bytes.as_ptr());
    // SAFETY: in each branch below, `at` and the seven or three bytes behind it are inside.
    let word = |at: usize| unsafe { start.add(at).cast::<u64>().read_unaligned() };
    // SAFETY: as above.
    let half = |at: usize| u64::from(unsafe { start.add(at).cast::<u32>().read_unaligned() });
    let seen = match len {
        8..=16 => word(0) | word(len - 8),
        4..=7 => half(0) | half(len - 4),
        17..=32 => word(0) | word(8) | word(len - 16) | word(len - 8),
        0..=3 => bytes.iter().fold(0, |seen, byte| seen | u64::from(*byte)),
        _ => HIGH,
    };
    seen & HIGH == 0
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn short_ascii_is_told_from_all_else() {
        for len in 0..80 {
            let mut bytes = vec![b'a'; len];
            assert_eq!(is_short_ascii(&bytes), len <= 32, "{len}");
            for at in 0..len {
                bytes[at] = 0x80;
                assert!(!is_short_ascii(&bytes), "{len} {at}");
                bytes[at] = b'a';
            }
        }
    }
}
