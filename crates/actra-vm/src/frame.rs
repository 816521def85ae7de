//! The frame: one input, laid out in a program's slots.

use crate::error::{FieldName, InputCode, InputError};
use crate::value::{Cell, NO_SYMBOL, Range, Value};
use actra_bytecode::Program;
use actra_bytecode::format::timestamp;
use actra_bytecode::ids::{RuleId, SlotId};
use actra_bytecode::limits::{MAX_INPUT_LIST_ITEMS, MAX_INPUT_STRING_BYTES};
use actra_bytecode::ordinary::Look;
use actra_bytecode::program::Domain;
use actra_bytecode::walks::slot_bit;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// A fault in a field that the schema does not name.
#[derive(Clone, Copy, Debug)]
pub struct Unknown {
    /// `unknown_field`, or a limit that the field breaks.
    pub code: InputCode,
    /// The domain; `None` beside the domains.
    pub domain: Option<Domain>,
    /// The whole name, in the frame's text: see [`Frame::push_text`].
    pub name: Range,
}

/// An entry of what may be a map: whose it is, its key and its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'v> {
    /// The map's slot. Entries of a nested map may stand among those of the outer one.
    pub(crate) map: SlotId,
    pub(crate) key: Value<'v>,
    pub(crate) value: Value<'v>,
}

/// What a slot holds: the value as given, and as ops read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'v> {
    value: Value<'v>,
    /// When the value was given: in an earlier round, it is none of this input.
    round: u32,
    /// The value's symbol, if it is a string that looks ordinary.
    pub(crate) symbol: u32,
    /// Which evaluation has put the cell there. Of any other, the value itself is read.
    checked: u32,
    cell: Cell<'v>,
    look: Look,
}

impl Default for Place<'_> {
    fn default() -> Self {
        Self {
            value: Value::Missing,
            round: 0,
            symbol: NO_SYMBOL,
            checked: 0,
            cell: Cell::Missing,
            look: Look::NOTHING,
        }
    }
}

impl<'v> Place<'v> {
    /// The value given in that round.
    #[inline]
    pub(crate) fn given(&self, round: u32) -> Value<'v> {
        if self.round == round { self.value } else { Value::Missing }
    }

    /// Puts a cell there, for that evaluation.
    #[inline]
    pub(crate) fn put_cell(&mut self, cell: Cell<'v>, evaluation: u32) {
        self.cell = cell;
        self.checked = evaluation;
    }

    /// Finds the symbol of a string that looks ordinary.
    #[inline]
    pub(crate) fn find_symbol(&mut self, program: &Program) {
        if let Value::String(text) = self.value {
            self.symbol = program.symbol_number(text);
        }
    }

    /// An empty place of the same slot.
    fn emptied<'w>(&self) -> Place<'w> {
        Place { look: self.look, ..Place::default() }
    }
}

/// One input for one program, and the room that evaluation needs.
///
/// A frame is made once and filled again and again: [`Frame::clear`] between inputs of one
/// lifetime, [`Frame::recycle`] for inputs of another. Its buffers grow to the largest input seen
/// and stay.
#[derive(Debug)]
pub struct Frame<'p, 'v> {
    pub(crate) program: &'p Program,
    pub(crate) places: Vec<Place<'v>>,
    pub(crate) items: Vec<Value<'v>>,
    pub(crate) item_cells: Vec<Cell<'v>>,
    pub(crate) entries: Vec<Entry<'v>>,
    pub(crate) text: String,
    /// What tells the values of this input from those of earlier ones.
    round: u32,
    /// What tells cells of the evaluation under way from those of earlier ones.
    evaluation: u32,
    /// Slots that were given what looks ordinary, and slots that were given anything else: see
    /// [`actra_bytecode::walks::slot_bit`].
    pub(crate) ordinary: u64,
    pub(crate) odd: u64,
    has_nested_slots: bool,
    pub(crate) unknown: Option<Unknown>,
    /// Whether any string or list is over its limit or no text.
    pub(crate) breaks_limits: bool,
    /// Whether any value is neither a scalar inside its range nor missing.
    pub(crate) holds_odd_values: bool,
    pub(crate) refuses_unknown: bool,
    pub(crate) matched: Vec<RuleId>,
    pub(crate) missing: Vec<SlotId>,
}

impl<'p, 'v> Frame<'p, 'v> {
    /// An empty frame. This is where the memory for evaluations is allocated.
    pub fn new(program: &'p Program) -> Self {
        let slots = program.slots().len();
        let mut places = vec![Place::default(); slots];
        for (place, look) in places.iter_mut().zip(program.looks()) {
            place.look = *look;
        }
        Self {
            program,
            places,
            items: Vec::new(),
            item_cells: Vec::new(),
            entries: Vec::new(),
            text: String::new(),
            round: 1,
            evaluation: 1,
            ordinary: 0,
            odd: 0,
            has_nested_slots: program.has_nested_slots(),
            unknown: None,
            breaks_limits: false,
            holds_odd_values: false,
            refuses_unknown: false,
            matched: Vec::with_capacity(program.most_approvals().max(1)),
            missing: Vec::with_capacity(slots),
        }
    }

    /// The program that the frame is for.
    pub fn program(&self) -> &'p Program {
        self.program
    }

    /// Whether fields that the schema does not name are refused (they are ignored otherwise).
    pub fn refuse_unknown(&mut self, refuse: bool) {
        self.refuses_unknown = refuse;
    }

    /// Takes every value out. Room is kept.
    #[inline]
    pub fn clear(&mut self) {
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.forget_rounds();
        }
        self.ordinary = 0;
        self.odd = 0;
        self.items.clear();
        self.item_cells.clear();
        self.entries.clear();
        self.text.clear();
        self.unknown = None;
        self.breaks_limits = false;
        self.holds_odd_values = false;
        self.matched.clear();
        self.missing.clear();
    }

    /// Numbers of rounds are used again, after four thousand million inputs.
    #[cold]
    #[inline(never)]
    fn forget_rounds(&mut self) {
        for place in &mut self.places {
            *place = place.emptied();
        }
        self.round = 1;
    }

    /// Starts an evaluation: no cell has been put anywhere.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.evaluation = self.evaluation.wrapping_add(1);
        if self.evaluation == 0 {
            self.forget_evaluations();
        }
        self.matched.clear();
        self.missing.clear();
    }

    /// Numbers of evaluations are used again, too.
    #[cold]
    #[inline(never)]
    fn forget_evaluations(&mut self) {
        for place in &mut self.places {
            place.checked = 0;
        }
        self.evaluation = 1;
    }

    /// The evaluation under way.
    #[inline]
    pub(crate) fn evaluation(&self) -> u32 {
        self.evaluation
    }

    /// The cleared frame, ready for inputs that live elsewhere. Room is kept.
    #[must_use]
    pub fn recycle<'w>(mut self) -> Frame<'p, 'w> {
        self.clear();
        // What a value of an earlier round refers to may be gone: it is not read. Collecting a
        // vector of the same layout reuses its allocation.
        let places = self.places.into_iter().map(|place| place.emptied()).collect();
        Frame {
            program: self.program,
            places,
            items: self.items.into_iter().map(|_| Value::Missing).collect(),
            item_cells: self.item_cells.into_iter().map(|_| Cell::Missing).collect(),
            entries: self
                .entries
                .into_iter()
                .map(|entry| Entry { map: entry.map, key: Value::Missing, value: Value::Missing })
                .collect(),
            text: self.text,
            round: 1,
            evaluation: 1,
            ordinary: 0,
            odd: 0,
            has_nested_slots: self.has_nested_slots,
            unknown: None,
            breaks_limits: false,
            holds_odd_values: false,
            refuses_unknown: self.refuses_unknown,
            matched: self.matched,
            missing: self.missing,
        }
    }

    /// The memory of those buffers that grow with inputs, in bytes.
    #[inline]
    pub fn grown_bytes(&self) -> usize {
        self.items.capacity() * size_of::<Value<'_>>()
            + self.item_cells.capacity() * size_of::<Cell<'_>>()
            + self.entries.capacity() * size_of::<Entry<'_>>()
            + self.text.capacity()
    }

    /// Puts a value into a slot; the objects that the slot is in are there with it. A slot that
    /// the program does not have is left alone.
    #[expect(clippy::inline_always, reason = "callers know which kind of value it is")]
    #[inline(always)]
    pub fn set(&mut self, slot: SlotId, value: Value<'v>) {
        // Each kind is written, or handed on, for itself: one way for all of them would lead
        // through memory.
        match value {
            Value::String(text) => self.set_string(slot, text),
            Value::Integer(value) => self.set_integer(slot, value),
            Value::Float(value) => self.set_float(slot, value),
            Value::Boolean(value) => self.set_boolean(slot, value),
            Value::Instant(micros) => self.set_instant(slot, micros),
            ref other => self.set_closely(slot, other),
        }
    }

    #[inline]
    fn set_string(&mut self, slot: SlotId, text: &'v str) {
        let Some(place) = self.places.get_mut(slot.index()) else { return };
        if text.len() >= place.look.text_end as usize {
            return self.set_closely(slot, &Value::String(text));
        }
        place.value = Value::String(text);
        place.symbol = NO_SYMBOL;
        place.round = self.round;
        self.ordinary |= slot_bit(slot);
    }

    #[inline]
    fn set_integer(&mut self, slot: SlotId, value: i64) {
        let Some(place) = self.places.get_mut(slot.index()) else { return };
        let (least, most) = place.look.integers;
        if !(least <= value && value <= most) {
            return self.set_closely(slot, &Value::Integer(value));
        }
        place.value = Value::Integer(value);
        place.round = self.round;
        self.ordinary |= slot_bit(slot);
    }

    #[inline]
    fn set_float(&mut self, slot: SlotId, value: f64) {
        let Some(place) = self.places.get_mut(slot.index()) else { return };
        let (least, most) = place.look.floats;
        if !(least <= value && value <= most) {
            return self.set_closely(slot, &Value::Float(value));
        }
        place.value = Value::Float(value);
        place.round = self.round;
        self.ordinary |= slot_bit(slot);
    }

    #[inline]
    fn set_boolean(&mut self, slot: SlotId, value: bool) {
        let Some(place) = self.places.get_mut(slot.index()) else { return };
        if !place.look.booleans {
            return self.set_closely(slot, &Value::Boolean(value));
        }
        place.value = Value::Boolean(value);
        place.round = self.round;
        self.ordinary |= slot_bit(slot);
    }

    #[inline]
    fn set_instant(&mut self, slot: SlotId, micros: i64) {
        let Some(place) = self.places.get_mut(slot.index()) else { return };
        if !place.look.instants || !timestamp::is_instant(micros) {
            return self.set_closely(slot, &Value::Instant(micros));
        }
        place.value = Value::Instant(micros);
        place.round = self.round;
        self.ordinary |= slot_bit(slot);
    }

    #[inline(never)]
    fn set_closely(&mut self, slot: SlotId, value: &Value<'v>) {
        let value = self.note(*value);
        let Some(place) = self.places.get_mut(slot.index()) else { return };
        place.value = value;
        place.round = self.round;
        place.symbol = NO_SYMBOL;
        self.odd |= slot_bit(slot);
        if self.has_nested_slots {
            self.hold_parents(slot);
        }
    }

    #[inline(never)]
    fn hold_parents(&mut self, slot: SlotId) {
        if !matches!(self.value(slot), Value::Missing | Value::Null)
            && let Some(parent) = self.program.slot(slot).and_then(|slot| slot.parent)
            && matches!(self.value(parent), Value::Missing)
        {
            self.set_parents(parent);
        }
    }

    /// Remembers that there is a value that is checked in more than one place.
    fn note(&mut self, value: Value<'v>) -> Value<'v> {
        let value = match value {
            Value::String(text) if text.len() > MAX_INPUT_STRING_BYTES => Value::TooLarge,
            Value::Text(range) if range.len as usize > MAX_INPUT_STRING_BYTES => Value::TooLarge,
            value => value,
        };
        match value {
            Value::TooLarge | Value::LongList(_) | Value::NotUtf8 => {
                self.breaks_limits = true;
                self.holds_odd_values = true;
            }
            Value::Null | Value::BigInteger(_) | Value::List(_) | Value::Object(_) => {
                self.holds_odd_values = true;
            }
            _ => {}
        }
        value
    }

    #[cold]
    fn set_parents(&mut self, slot: SlotId) {
        let mut next = Some(slot);
        while let Some(slot) = next {
            let Some(place) = self.places.get_mut(slot.index()) else { return };
            if !matches!(place.given(self.round), Value::Missing) {
                return;
            }
            place.value = Value::Object(Range::default());
            place.round = self.round;
            self.odd |= slot_bit(slot);
            self.holds_odd_values = true;
            next = self.program.slot(slot).and_then(|slot| slot.parent);
        }
    }

    /// What tells this input's values: see [`Place::given`].
    #[inline]
    pub(crate) fn round(&self) -> u32 {
        self.round
    }

    /// The value in a slot.
    #[inline]
    pub fn value(&self, slot: SlotId) -> Value<'v> {
        self.places.get(slot.index()).map_or(Value::Missing, |place| place.given(self.round))
    }

    /// Where the next item, entry or text will stand: the start of a run.
    pub fn items_start(&self) -> u32 {
        self.items.len() as u32
    }

    /// Adds an item to the list under way.
    pub fn push_item(&mut self, item: Value<'v>) {
        let item = match item {
            Value::String(text) if text.len() > MAX_INPUT_STRING_BYTES => Value::TooLarge,
            Value::Text(range) if range.len as usize > MAX_INPUT_STRING_BYTES => Value::TooLarge,
            item => item,
        };
        self.breaks_limits |= matches!(item, Value::TooLarge | Value::LongList(_) | Value::NotUtf8);
        self.items.push(item);
        self.item_cells.push(Cell::Missing);
    }

    /// The list of the items pushed since `start`.
    pub fn list_from(&self, start: u32) -> Value<'v> {
        let len = self.items.len().saturating_sub(start as usize);
        if len > MAX_INPUT_LIST_ITEMS {
            return Value::LongList(Range { start, len: MAX_INPUT_LIST_ITEMS as u32 });
        }
        Value::List(Range { start, len: len as u32 })
    }

    /// Where the next entry will stand.
    pub fn entries_start(&self) -> u32 {
        self.entries.len() as u32
    }

    /// Adds an entry to the map under way in that slot.
    pub fn push_entry(&mut self, map: SlotId, key: Value<'v>, value: Value<'v>) {
        let value = match value {
            Value::String(text) if text.len() > MAX_INPUT_STRING_BYTES => Value::TooLarge,
            Value::Text(range) if range.len as usize > MAX_INPUT_STRING_BYTES => Value::TooLarge,
            value => value,
        };
        self.breaks_limits |=
            matches!(value, Value::TooLarge | Value::LongList(_) | Value::NotUtf8);
        self.entries.push(Entry { map, key, value });
    }

    /// The items of a list as they were given; none where the value is no list.
    pub fn list_items(&self, value: &Value<'_>) -> &[Value<'v>] {
        match *value {
            Value::List(range) | Value::LongList(range) => {
                self.items.get(range.bounds()).unwrap_or(&[])
            }
            _ => &[],
        }
    }

    /// The object of the entries pushed since `start`.
    pub fn object_from(&self, start: u32) -> Value<'v> {
        let len = self.entries.len().saturating_sub(start as usize);
        Value::Object(Range { start, len: len as u32 })
    }

    /// Notes that something deep inside the newest item breaks a limit.
    pub fn spoil_item(&mut self) {
        if let Some(item) = self.items.last_mut() {
            *item = Value::LongList(Range::default());
            self.breaks_limits = true;
        }
    }

    /// Notes that something deep inside the newest entry breaks a limit.
    pub fn spoil_entry(&mut self) {
        if let Some(entry) = self.entries.last_mut() {
            entry.value = Value::LongList(Range::default());
            self.breaks_limits = true;
        }
    }

    /// Copies text into the frame's buffer: for text that does not stand in the input as it is.
    pub fn push_text(&mut self, text: &str) -> Range {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Range { start, len: text.len() as u32 }
    }

    /// Text in the frame's buffer.
    #[inline]
    pub fn text(&self, range: Range) -> &str {
        self.text.get(range.bounds()).unwrap_or("")
    }

    /// Notes a fault in a field that the schema does not name. Of several a broken limit comes
    /// first, then the first by domain and name; and only if everything that the schema does name
    /// is in order.
    pub fn note_unknown(&mut self, unknown: Unknown) {
        let rank = |unknown: &Unknown| {
            let is_unknown_field = unknown.code == InputCode::UnknownField;
            (is_unknown_field, unknown.domain.map_or(u8::MAX, |domain| domain as u8))
        };
        let earlier = self.unknown.as_ref().is_none_or(|known| {
            (rank(&unknown), self.text(unknown.name)) < (rank(known), self.text(known.name))
        });
        if earlier {
            self.unknown = Some(unknown);
        }
    }

    /// The fault noted by [`Frame::note_unknown`].
    pub fn unknown(&self) -> Option<&Unknown> {
        self.unknown.as_ref()
    }

    /// With several approval rules, all that fired in the last evaluation, in order.
    pub fn matched(&self) -> &[RuleId] {
        &self.matched
    }

    /// The fields that made the last evaluation's deciding rule unknown, ascending.
    pub fn missing(&self) -> &[SlotId] {
        &self.missing
    }

    /// Slots that hold anything, ascending.
    pub(crate) fn held(&self) -> impl Iterator<Item = SlotId> + '_ {
        let places = self.places.iter().enumerate();
        let is_held = |place: &Place<'_>| !matches!(place.given(self.round), Value::Missing);
        places.filter(move |(_, place)| is_held(place)).map(|(at, _)| SlotId(at as u16))
    }

    /// The symbol of the string that ops read in a slot; `None` where they may read anything else.
    #[expect(clippy::inline_always, reason = "every op reads a cell")]
    #[inline(always)]
    pub(crate) fn symbol(&self, slot: SlotId) -> Option<u32> {
        let place = self.places.get(slot.index())?;
        match (self.reads_value(place)?, &place.value) {
            (true, Value::String(_)) => Some(place.symbol),
            (false, _) => place.cell.symbol(),
            _ => None,
        }
    }

    /// The boolean that ops read in a slot; `None` where they may read anything else.
    #[expect(clippy::inline_always, reason = "every op reads a cell")]
    #[inline(always)]
    pub(crate) fn boolean(&self, slot: SlotId) -> Option<bool> {
        let place = self.places.get(slot.index())?;
        match (self.reads_value(place)?, &place.value, &place.cell) {
            (true, Value::Boolean(value), _) | (false, _, Cell::Boolean(value)) => Some(*value),
            _ => None,
        }
    }

    /// The integer that ops read in a slot; `None` where they may read anything else.
    #[expect(clippy::inline_always, reason = "every op reads a cell")]
    #[inline(always)]
    pub(crate) fn integer(&self, slot: SlotId) -> Option<i64> {
        let place = self.places.get(slot.index())?;
        match (self.reads_value(place)?, &place.value, &place.cell) {
            (true, Value::Integer(value), _) | (false, _, Cell::Integer(value)) => Some(*value),
            _ => None,
        }
    }

    /// The double that ops read in a slot; `None` where they may read anything else.
    #[expect(clippy::inline_always, reason = "every op reads a cell")]
    #[inline(always)]
    pub(crate) fn float(&self, slot: SlotId) -> Option<f64> {
        let place = self.places.get(slot.index())?;
        match (self.reads_value(place)?, &place.value, &place.cell) {
            (true, Value::Float(value), _) | (false, _, Cell::Float(value)) => Some(*value),
            _ => None,
        }
    }

    /// Whether ops read the value, rather than the cell; `None` where there is neither.
    #[expect(clippy::inline_always, reason = "every op reads a cell")]
    #[inline(always)]
    fn reads_value(&self, place: &Place<'_>) -> Option<bool> {
        if place.checked == self.evaluation {
            Some(false)
        } else {
            (place.round == self.round).then_some(true)
        }
    }

    /// Puts a cell into a slot, for the evaluation under way.
    #[inline]
    pub(crate) fn put_cell(&mut self, slot: SlotId, cell: Cell<'v>) {
        let evaluation = self.evaluation;
        if let Some(place) = self.places.get_mut(slot.index()) {
            place.put_cell(cell, evaluation);
        }
    }

    /// What ops read in a slot: the cell that the evaluation under way has put there; otherwise
    /// the value, which looked ordinary.
    #[expect(clippy::inline_always, reason = "every op reads a cell")]
    #[inline(always)]
    pub(crate) fn cell(&self, slot: SlotId) -> Cell<'v> {
        let Some(place) = self.places.get(slot.index()) else { return Cell::Missing };
        if place.checked == self.evaluation {
            return place.cell;
        }
        if place.round != self.round {
            return Cell::Missing;
        }
        match place.value {
            Value::Boolean(value) => Cell::Boolean(value),
            Value::Integer(value) => Cell::Integer(value),
            Value::Float(value) => Cell::Float(value),
            Value::String(text) => Cell::String(text, place.symbol),
            Value::Instant(micros) => Cell::Instant(micros),
            _ => Cell::Missing,
        }
    }

    #[inline]
    pub(crate) fn item_cells(&self, range: Range) -> &[Cell<'v>] {
        self.item_cells.get(range.bounds()).unwrap_or(&[])
    }

    /// The text of a string cell.
    #[inline]
    pub(crate) fn cell_text<'a>(&'a self, cell: &Cell<'a>) -> Option<&'a str> {
        match *cell {
            Cell::String(text, _) => Some(text),
            Cell::Text(range, _) => Some(self.text(range)),
            Cell::Constant(string) => Some(self.program.text(string)),
            _ => None,
        }
    }

    /// The text of a string value.
    pub fn value_text<'a>(&'a self, value: &Value<'a>) -> Option<&'a str> {
        match *value {
            Value::String(text) => Some(text),
            Value::Text(range) => Some(self.text(range)),
            _ => None,
        }
    }

    /// Spells the field that an error of this frame is about; nothing where it is about none.
    pub fn field_name<'a>(&'a self, error: &'a InputError) -> Option<impl fmt::Display + 'a> {
        if error.field == FieldName::None { None } else { Some(Name { frame: self, error }) }
    }
}

struct Name<'a, 'p, 'v> {
    frame: &'a Frame<'p, 'v>,
    error: &'a InputError,
}

impl fmt::Display for Name<'_, '_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error.field {
            FieldName::None => Ok(()),
            FieldName::Domain(domain) => f.write_str(domain.as_str()),
            FieldName::Slot(slot) => f.write_str(self.frame.program.slot_name(slot)),
            FieldName::Entry(slot, entry) => {
                let key = self
                    .frame
                    .entries
                    .get(entry as usize)
                    .and_then(|entry| self.frame.value_text(&entry.key))
                    .unwrap_or("");
                let quote = if key.contains('"') { '\'' } else { '"' };
                write!(f, "{}[{quote}{key}{quote}]", self.frame.program.slot_name(slot))
            }
            FieldName::Member(slot, entry) => {
                let key = self.frame.entries.get(entry as usize);
                let key = key.and_then(|entry| self.frame.value_text(&entry.key)).unwrap_or("");
                write!(f, "{}.{key}", self.frame.program.slot_name(slot))
            }
            FieldName::Unknown => f.write_str(
                self.frame.unknown().map_or("", |unknown| self.frame.text(unknown.name)),
            ),
        }
    }
}
