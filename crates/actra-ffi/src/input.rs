//! From the caller's slots to a frame.

use crate::constants::{ACTRA_STATUS_INVALID_ARGUMENT, ActraStatus};
use crate::slot::{FrameSlot, Given, Held, Run};
use actra::{Frame, InputCode, Policy, SlotId, Value};

/// Most items of lists and entries of maps in one input, together: as many as the largest text can
/// hold. Slots that all point to the same long list would take memory without bound otherwise.
const MAX_ITEMS: usize = actra::MAX_TEXT_BYTES / 2;

/// Keys of a map that are compared each with each; longer maps sort them.
const FEW_KEYS: usize = 8;

/// The caller's memory, as far as one input goes.
pub(crate) struct Memory<'v> {
    arena: &'v [u8],
    /// Bytes of text that may still be read: together as many as the largest text has. Slots that
    /// all point to the same long string would take time without bound otherwise. Negative: more
    /// was asked for.
    text_left: i64,
}

impl<'v> Memory<'v> {
    pub(crate) fn new(arena: &'v [u8]) -> Self {
        Self { arena, text_left: actra::MAX_TEXT_BYTES as i64 }
    }

    /// Bytes of the arena; `None` where it has none such.
    #[inline]
    pub(crate) fn bytes(&self, offset: u64, len: usize) -> Option<&'v [u8]> {
        let start = usize::try_from(offset).ok()?;
        self.arena.get(start..start.checked_add(len)?)
    }

    /// Whether a string of that length may be read. What is over a limit is not even looked at.
    #[inline]
    pub(crate) fn may_read(&mut self, len: usize) -> bool {
        if len > actra::MAX_STRING_BYTES {
            return false;
        }
        // No input has so many strings that this ends at the other side.
        self.text_left -= len as i64;
        !self.is_over()
    }

    #[inline]
    fn is_over(&self) -> bool {
        self.text_left < 0
    }
}

/// What slots can say that no frame takes.
pub(crate) struct Fault {
    pub(crate) code: InputCode,
    /// `None`: it is about the input as a whole.
    pub(crate) slot: Option<SlotId>,
}

/// Fills an empty frame from slots.
pub(crate) struct Filler<'f, 'p, 'v> {
    policy: &'f Policy,
    frame: &'f mut Frame<'p, 'v>,
    memory: Memory<'v>,
    /// Room for sorting the pairs of a map.
    order: &'f mut Vec<u32>,
    items: usize,
    fault: Option<Fault>,
}

impl<'f, 'p, 'v> Filler<'f, 'p, 'v> {
    pub(crate) fn new(
        policy: &'f Policy,
        frame: &'f mut Frame<'p, 'v>,
        memory: Memory<'v>,
        order: &'f mut Vec<u32>,
    ) -> Self {
        Self { policy, frame, memory, order, items: 0, fault: None }
    }

    /// Fills the frame. Nothing is allocated once its buffers have grown to the largest input.
    /// What is wrong with the arguments leads what is wrong with the input.
    ///
    /// # Safety
    /// Pointers in slots are what their tags say, for as long as `'v`.
    #[inline]
    pub(crate) unsafe fn fill(mut self, slots: Run<'_>) -> Result<Option<Fault>, ActraStatus> {
        for (index, slot) in slots.iter().enumerate() {
            let id = SlotId(index as u16);
            let mut into = FrameSlot { frame: &mut *self.frame, slot: id };
            // SAFETY: the caller vouches for the pointers in slots.
            let other = unsafe { slot.take(&mut self.memory, &mut into) }?;
            let Some(other) = other else { continue };
            // SAFETY: as above.
            match unsafe { other.held_closely(&self.memory) }? {
                Held::Value(value) => self.frame.set(id, value),
                Held::List(run) => {
                    // SAFETY: as above.
                    let list = unsafe { self.list(id, run) }?;
                    self.frame.set(id, list);
                }
                Held::Map(run) => {
                    // SAFETY: as above.
                    let map = unsafe { self.map(id, run) }?;
                    self.frame.set(id, map);
                }
            }
        }
        let over = Fault { code: InputCode::TooLarge, slot: None };
        Ok(self.fault.or_else(|| self.memory.is_over().then_some(over)))
    }

    /// # Safety
    /// As [`Filler::fill`].
    #[inline(never)]
    unsafe fn list(&mut self, id: SlotId, run: Run<'v>) -> Result<Value<'v>, ActraStatus> {
        let start = self.frame.items_start();
        // One more than the limit is enough to know.
        let count = run.len().min(actra::MAX_LIST_ITEMS + 1);
        if self.has_room(id, count) {
            for index in 0..count {
                let Some(slot) = run.get(index) else { break };
                // SAFETY: the caller vouches for the pointers in slots.
                let item = unsafe { scalar(slot, &mut self.memory) }?;
                self.frame.push_item(item);
            }
        }
        Ok(self.frame.list_from(start))
    }

    /// # Safety
    /// As [`Filler::fill`].
    #[inline(never)]
    unsafe fn map(&mut self, id: SlotId, run: Run<'v>) -> Result<Value<'v>, ActraStatus> {
        let start = self.frame.entries_start();
        let pairs = run.len() / 2;
        if self.has_room(id, pairs) {
            for pair in 0..pairs {
                let (Some(key), Some(value)) = (run.get(pair * 2), run.get(pair * 2 + 1)) else {
                    break;
                };
                // SAFETY: the caller vouches for the pointers in slots.
                let key = unsafe { scalar(key, &mut self.memory) }?;
                // SAFETY: as above.
                let value = unsafe { scalar(value, &mut self.memory) }?;
                let text = match key {
                    Value::String(text) => text,
                    Value::NotUtf8 => {
                        self.note(InputCode::NotUtf8, id);
                        continue;
                    }
                    Value::TooLarge => {
                        self.note(InputCode::TooLarge, id);
                        continue;
                    }
                    _ => return Err(ACTRA_STATUS_INVALID_ARGUMENT),
                };
                // As if the key did not stand there: so it is with slots, too.
                if matches!(value, Value::Missing) {
                    continue;
                }
                self.frame.push_entry(id, key, value);
                for slot in self.policy.entry_slots(id, text) {
                    self.frame.set(slot, value);
                }
            }
            // Keys are compared if all of them have been read, so that what they take is bounded.
            // SAFETY: as above.
            if self.fault.is_none() && unsafe { self.has_duplicates(run, pairs) } {
                self.note(InputCode::DuplicateKey, id);
            }
        }
        Ok(self.frame.object_from(start))
    }

    /// Whether any key stands twice.
    ///
    /// # Safety
    /// As [`Filler::fill`].
    unsafe fn has_duplicates(&mut self, run: Run<'v>, pairs: usize) -> bool {
        let memory = &self.memory;
        let key = |pair: usize| {
            // SAFETY: the caller vouches for the pointers in slots.
            run.get(pair * 2).and_then(|slot| unsafe { slot.string_bytes(memory) }.ok())
        };
        if pairs <= FEW_KEYS {
            return (1..pairs).any(|later| (0..later).any(|pair| key(pair) == key(later)));
        }
        self.order.clear();
        self.order.extend(0..pairs as u32);
        self.order.sort_unstable_by(|a, b| key(*a as usize).cmp(&key(*b as usize)));
        let mut sorted = self.order.iter().map(|pair| key(*pair as usize));
        let Some(mut before) = sorted.next() else { return false };
        sorted.any(|next| std::mem::replace(&mut before, next) == next)
    }

    fn has_room(&mut self, slot: SlotId, count: usize) -> bool {
        self.items = self.items.saturating_add(count);
        if self.items > MAX_ITEMS {
            self.note(InputCode::TooLarge, slot);
        }
        self.items <= MAX_ITEMS
    }

    /// The first fault is told.
    #[cold]
    fn note(&mut self, code: InputCode, slot: SlotId) {
        self.fault.get_or_insert(Fault { code, slot: Some(slot) });
    }
}

/// A value inside a list or a map: what is no scalar there is an object, and so of the wrong type.
///
/// # Safety
/// As [`Filler::fill`].
unsafe fn scalar<'v>(slot: Given, memory: &mut Memory<'v>) -> Result<Value<'v>, ActraStatus> {
    // SAFETY: the caller vouches for the pointers in slots.
    Ok(match unsafe { slot.held(memory) }? {
        Held::Value(value) => value,
        Held::List(_) | Held::Map(_) => Value::Object(actra::Range::default()),
    })
}
