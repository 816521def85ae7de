//! Fills a frame from an input, told value by value in the input's own order.
//!
//! Readers of JSON, YAML and whatever else call the methods of [`Filler`]; everything that the
//! language says about inputs as such (duplicate keys, depth, limits, unknown fields) is decided
//! here, once for all of them.

use super::tree::InputTree;
use actra_bytecode::Program;
use actra_bytecode::ids::SlotId;
use actra_bytecode::limits::{MAX_INPUT_LIST_ITEMS, MAX_INPUT_STRING_BYTES};
use actra_bytecode::program::Domain;
use actra_vm::{Frame, InputCode, Range, Unknown, Value};

/// Most levels of nesting in an input.
pub const MAX_DEPTH: usize = 64;

/// A fault of the input's form, found while reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: InputCode,
    pub(crate) field: Option<String>,
    pub(crate) message: String,
}

/// Where the next value goes.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// It is the whole context.
    Context,
    /// It is a domain.
    Domain(Domain),
    /// It goes to a slot.
    Slot(SlotId),
    /// It is an entry of what may be a map: to a slot too, if some rule reads the key.
    Entry { map: SlotId, key: Range, slot: Option<SlotId>, member: Option<SlotId> },
    /// It is an item of the list under way.
    Item,
    /// Nobody asks for it.
    Ignored,
}

/// An object or a list under way.
#[derive(Clone, Copy, Debug)]
enum Level {
    Context,
    Domain(Domain),
    Object { slot: SlotId, entries: u32 },
    List { target: Target, items: u32, count: usize },
    Ignored,
}

/// What an open level is called in the one above it.
#[derive(Clone, Copy, Debug)]
enum Label {
    /// Nothing: the context, or an item of a list.
    None,
    Domain(Domain),
    Slot(SlotId),
    Key(Range),
}

/// What the schema asks for, and what was found is an object or a list that it cannot be.
#[derive(Clone, Copy, Debug)]
enum Holder {
    Slot(SlotId),
    Entry,
    Item,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    level: Level,
    label: Label,
    /// What holds this level, where nothing inside it is asked for.
    holder: Option<Holder>,
    /// Where this object's keys start among those kept for finding duplicates.
    keys: usize,
    /// Whether this level or one above it is the start of what nobody asks for.
    ignored: Option<(Option<Domain>, Range)>,
}

/// Room that filling needs, kept between inputs.
#[derive(Debug, Default)]
pub(crate) struct FillerRoom {
    stack: Vec<Open>,
    keys: Vec<Range>,
    /// Where asked for: the names of fields that the schema does not name, up to a limit.
    pub(crate) unnamed: Option<Vec<String>>,
}

impl FillerRoom {
    /// The memory of its buffers, but for the few names.
    pub(crate) fn bytes(&self) -> usize {
        self.stack.capacity() * size_of::<Open>() + self.keys.capacity() * size_of::<Range>()
    }
}

/// Most names of unnamed fields that are kept.
const MAX_UNNAMED: usize = 32;

/// Fills a frame.
pub(crate) struct Filler<'f, 'p, 'v> {
    frame: &'f mut Frame<'p, 'v>,
    program: &'p Program,
    tree: &'f InputTree,
    room: &'f mut FillerRoom,
    target: Target,
    /// The last key that led to no slot.
    last_key: Range,
    /// The name of the unknown field that is being read.
    ignored: Option<(Option<Domain>, Range)>,
    refuses_unknown: bool,
    /// The first domain, in the domains' order, that is no object.
    bad_domain: Option<Domain>,
    /// Whether all of the input is something else than an object.
    is_no_object: bool,
    /// The first key, in reading order, that stands twice.
    duplicate: Option<Box<Fault>>,
    /// Those domains whose keys have been read.
    domains: [bool; 4],
}

impl<'f, 'p, 'v> Filler<'f, 'p, 'v> {
    pub(crate) fn new(
        frame: &'f mut Frame<'p, 'v>,
        tree: &'f InputTree,
        room: &'f mut FillerRoom,
        refuses_unknown: bool,
    ) -> Self {
        frame.clear();
        frame.refuse_unknown(refuses_unknown);
        room.stack.clear();
        room.keys.clear();
        if let Some(names) = &mut room.unnamed {
            names.clear();
        }
        let program = frame.program();
        Self {
            frame,
            program,
            tree,
            room,
            target: Target::Context,
            last_key: Range::default(),
            ignored: None,
            refuses_unknown,
            bad_domain: None,
            is_no_object: false,
            duplicate: None,
            domains: [false; 4],
        }
    }

    /// At the end of the input: what is wrong with it as a whole. That comes after all else that is
    /// wrong with a text: what is not JSON at all has no keys.
    pub(crate) fn finish(&mut self) -> Result<(), Fault> {
        match (self.duplicate.take(), self.bad_domain) {
            (Some(fault), _) => Err(*fault),
            (None, _) if self.is_no_object => Err(not_an_object(None)),
            (None, Some(domain)) => Err(not_an_object(Some(domain))),
            (None, None) => Ok(()),
        }
    }

    /// The frame's buffer, for text that has to be copied.
    pub(crate) fn push_text(&mut self, text: &str) -> Range {
        self.frame.push_text(text)
    }

    /// A value that is no object and no list.
    #[inline]
    pub(crate) fn scalar(&mut self, value: Value<'v>) {
        match self.target {
            Target::Slot(slot) => self.frame.set(slot, value),
            Target::Context => self.is_no_object = true,
            Target::Domain(domain) => self.note_bad_domain(domain),
            Target::Item => self.item(value),
            Target::Entry { map, key, slot, member } => {
                self.frame.push_entry(map, Value::Text(key), value);
                for slot in [slot, member].into_iter().flatten() {
                    self.frame.set(slot, value);
                }
            }
            Target::Ignored => {
                self.count_item();
                self.ignore(value);
            }
        }
    }

    /// Whichever stands first in the text, the first in the domains' order is told.
    fn note_bad_domain(&mut self, domain: Domain) {
        if self.bad_domain.is_none_or(|known| domain < known) {
            self.bad_domain = Some(domain);
        }
    }

    fn count_item(&mut self) -> usize {
        match self.room.stack.last_mut() {
            Some(Open { level: Level::List { count, .. }, .. }) => {
                *count += 1;
                *count
            }
            _ => 0,
        }
    }

    fn item(&mut self, value: Value<'v>) {
        // One more than the limit is enough to know.
        if self.count_item() <= MAX_INPUT_LIST_ITEMS + 1 {
            self.frame.push_item(value);
        }
    }

    /// Limits bind what nobody asks for, too.
    fn ignore(&mut self, value: Value<'v>) {
        let code = match value {
            Value::TooLarge | Value::LongList(_) => InputCode::TooLarge,
            Value::NotUtf8 => InputCode::NotUtf8,
            _ => return,
        };
        if let Some((domain, name)) = self.ignored {
            self.frame.note_unknown(Unknown { code, domain, name });
            return;
        }
        match self.room.stack.iter().find_map(|open| open.holder) {
            Some(Holder::Slot(slot)) => {
                self.frame.set(slot, Value::LongList(Range::default()));
            }
            Some(Holder::Entry) => self.frame.spoil_entry(),
            Some(Holder::Item) => self.frame.spoil_item(),
            None => {}
        }
    }

    pub(crate) fn begin_object(&mut self) -> Result<(), Fault> {
        let level = match self.target {
            Target::Context => Level::Context,
            Target::Domain(domain) => Level::Domain(domain),
            Target::Slot(slot) => self.open_slot(slot),
            Target::Entry { map, key, slot, member } => {
                let nothing = Value::Object(Range::default());
                self.frame.push_entry(map, Value::Text(key), nothing);
                if let Some(slot) = slot {
                    self.frame.set(slot, nothing);
                }
                member.map_or(Level::Ignored, |member| self.open_slot(member))
            }
            Target::Item => {
                self.item(Value::Object(Range::default()));
                Level::Ignored
            }
            Target::Ignored => {
                self.count_item();
                Level::Ignored
            }
        };
        self.open(level)
    }

    fn open_slot(&mut self, slot: SlotId) -> Level {
        self.frame.set(slot, Value::Object(Range::default()));
        if !self.tree.may_be_object(slot) {
            // The schema says that this is something else: what stands inside is no field.
            return Level::Ignored;
        }
        Level::Object { slot, entries: self.frame.entries_start() }
    }

    fn open(&mut self, level: Level) -> Result<(), Fault> {
        if self.room.stack.len() >= MAX_DEPTH {
            return Err(Fault {
                code: InputCode::TooDeep,
                field: None,
                message: format!("the input nests deeper than {MAX_DEPTH} levels"),
            });
        }
        let is_item =
            matches!(self.room.stack.last(), Some(Open { level: Level::List { .. }, .. }));
        let label = match self.target {
            Target::Domain(domain) => Label::Domain(domain),
            Target::Slot(slot) => Label::Slot(slot),
            Target::Entry { key, .. } => Label::Key(key),
            Target::Ignored if !is_item => Label::Key(self.last_key),
            Target::Context | Target::Item | Target::Ignored => Label::None,
        };
        let holder = match (level, self.target) {
            (Level::Ignored, Target::Slot(slot)) => Some(Holder::Slot(slot)),
            (Level::Ignored, Target::Entry { .. }) => Some(Holder::Entry),
            (Level::Ignored | Level::List { target: Target::Ignored, .. }, Target::Item) => {
                Some(Holder::Item)
            }
            _ => None,
        };
        let keys = self.room.keys.len();
        self.room.stack.push(Open { level, label, holder, keys, ignored: self.ignored });
        Ok(())
    }

    /// A key of the object under way; its value is next.
    pub(crate) fn key(&mut self, key: &str) -> Result<(), Fault> {
        let Some(open) = self.room.stack.last() else { return Ok(()) };
        if key.len() > MAX_INPUT_STRING_BYTES {
            return Err(Fault {
                code: InputCode::TooLarge,
                field: None,
                message: format!("a key is longer than {MAX_INPUT_STRING_BYTES} bytes"),
            });
        }
        self.ignored = open.ignored;
        let known = match open.level {
            Level::Context => match key {
                "action" => Some(self.domain_key(Domain::Action)),
                "actor" => Some(self.domain_key(Domain::Actor)),
                "snapshot" => Some(self.domain_key(Domain::Snapshot)),
                _ => None,
            },
            Level::Domain(domain) => {
                self.tree.in_domain(self.program, domain, key).map(Target::Slot)
            }
            Level::Object { slot, .. } if self.tree.may_be_map(slot) => {
                let range = self.frame.push_text(key);
                self.room.keys.push(range);
                Some(Target::Entry {
                    map: slot,
                    key: range,
                    slot: self.tree.entry(self.program, slot, key),
                    member: self.tree.member(self.program, slot, key),
                })
            }
            Level::Object { slot, .. } => {
                self.tree.member(self.program, slot, key).map(Target::Slot)
            }
            Level::List { .. } | Level::Ignored => None,
        };
        match known {
            Some(Target::Slot(slot)) if !matches!(self.frame.value(slot), Value::Missing) => {
                self.note_duplicate(Some(key));
                self.target = Target::Ignored;
            }
            Some(target) => self.target = target,
            None => self.unknown_key(key),
        }
        Ok(())
    }

    fn domain_key(&mut self, domain: Domain) -> Target {
        match self.domains.get_mut(domain as usize) {
            Some(known) if !*known => *known = true,
            _ => {
                self.note_duplicate(Some(domain.as_str()));
                return Target::Ignored;
            }
        }
        Target::Domain(domain)
    }

    fn unknown_key(&mut self, key: &str) {
        let range = self.frame.push_text(key);
        self.room.keys.push(range);
        self.target = Target::Ignored;
        self.last_key = range;
        let Some(open) = self.room.stack.last() else { return };
        if open.ignored.is_some() || matches!(open.level, Level::Ignored) {
            return;
        }
        let (domain, prefix) = match open.level {
            Level::Domain(domain) => (Some(domain), domain.as_str()),
            Level::Object { slot, .. } => {
                (self.program.slot(slot).map(|slot| slot.domain), self.program.slot_name(slot))
            }
            Level::Context | Level::List { .. } | Level::Ignored => (None, ""),
        };
        let name = if prefix.is_empty() {
            range
        } else {
            let start = self.frame.push_text(prefix);
            let dot = self.frame.push_text(".");
            let end = self.frame.push_text(key);
            start.joined(dot).joined(end)
        };
        self.ignored = Some((domain, name));
        if let Some(unnamed) = self.room.unnamed.as_mut().filter(|names| names.len() < MAX_UNNAMED)
        {
            unnamed.push(self.frame.text(name).to_owned());
        }
        if !self.refuses_unknown {
            return;
        }
        if let (Some(Domain::Action), Level::Object { slot, .. }) = (domain, open.level) {
            // Whether this is an object depends on the action, which may come later.
            self.frame.push_entry(slot, Value::Text(range), Value::Null);
        } else {
            self.frame.note_unknown(Unknown { code: InputCode::UnknownField, domain, name });
        }
    }

    pub(crate) fn end_object(&mut self) {
        let Some(open) = self.room.stack.last().copied() else { return };
        // Mostly, every key has a slot.
        if self.room.keys.len() > open.keys {
            if self.first_duplicate(open.keys..self.room.keys.len()).is_some() {
                self.note_duplicate(None);
            }
            self.room.keys.truncate(open.keys);
        }
        self.room.stack.pop();
        if let Level::Object { slot, entries } = open.level {
            let object = self.frame.object_from(entries);
            self.frame.set(slot, object);
        }
        self.back();
    }

    /// The first of these keys that stands there for the second time. They lead to no slot of
    /// their own; sorted, equal ones are neighbours.
    fn first_duplicate(&mut self, keys: core::ops::Range<usize>) -> Option<Range> {
        let frame = &*self.frame;
        let keys = self.room.keys.get_mut(keys)?;
        keys.sort_unstable_by(|a, b| frame.text(*a).cmp(frame.text(*b)).then(a.cmp(b)));
        let twice = keys.windows(2).filter_map(|pair| match pair {
            [a, b] if frame.text(*a) == frame.text(*b) => Some(*b),
            _ => None,
        });
        twice.min()
    }

    /// There is a key that stands twice: this one, or one of those kept. The first in reading order
    /// is told, by its whole path; those of outer objects have been read before those inside.
    #[cold]
    fn note_duplicate(&mut self, key: Option<&str>) {
        if self.duplicate.is_some() {
            return;
        }
        let mut found = None;
        for depth in 0..self.room.stack.len() {
            let start = |depth: usize| self.room.stack.get(depth).map(|open| open.keys);
            let keys = start(depth).unwrap_or(0)..start(depth + 1).unwrap_or(self.room.keys.len());
            if let Some(key) = self.first_duplicate(keys) {
                found = Some((depth, self.frame.text(key)));
                break;
            }
        }
        let innermost = self.room.stack.len().saturating_sub(1);
        let Some((depth, key)) = found.or(key.map(|key| (innermost, key))) else { return };
        let mut name = String::new();
        for open in self.room.stack.iter().take(depth + 1) {
            let part = match open.label {
                Label::None => continue,
                Label::Domain(domain) => domain.as_str(),
                Label::Slot(slot) => {
                    self.program.slot(slot).map_or("", |slot| self.program.text(slot.segment))
                }
                Label::Key(key) => self.frame.text(key),
            };
            name.push_str(part);
            name.push('.');
        }
        name.push_str(key);
        self.duplicate = Some(Box::new(Fault {
            code: InputCode::DuplicateKey,
            message: format!("the key `{name}` stands twice in one object"),
            field: Some(name),
        }));
    }

    pub(crate) fn begin_list(&mut self) -> Result<(), Fault> {
        let level = match self.target {
            // What is wrong with the text leads: the list is refused at its end.
            Target::Context => Level::List { target: Target::Context, items: 0, count: 0 },
            Target::Domain(domain) => {
                self.note_bad_domain(domain);
                Level::List { target: Target::Ignored, items: 0, count: 0 }
            }
            Target::Slot(_) | Target::Entry { .. } => {
                Level::List { target: self.target, items: self.frame.items_start(), count: 0 }
            }
            Target::Item => {
                self.item(Value::List(Range::default()));
                Level::List { target: Target::Ignored, items: 0, count: 0 }
            }
            Target::Ignored => {
                self.count_item();
                Level::List { target: Target::Ignored, items: 0, count: 0 }
            }
        };
        self.open(level)?;
        self.back();
        Ok(())
    }

    pub(crate) fn end_list(&mut self) {
        let Some(open) = self.room.stack.pop() else { return };
        let Level::List { target, items, count } = open.level else { return };
        self.target = target;
        self.ignored = open.ignored;
        let list = match target {
            Target::Ignored if count > MAX_INPUT_LIST_ITEMS => Value::LongList(Range::default()),
            Target::Ignored | Target::Context => Value::List(Range::default()),
            _ => self.frame.list_from(items),
        };
        if matches!(target, Target::Ignored) {
            self.ignore(list);
        } else {
            self.scalar(list);
        }
        self.back();
    }

    /// After a value: the next one is an item where a list is under way, or follows a key.
    fn back(&mut self) {
        if let Some(open) = self.room.stack.last() {
            self.ignored = open.ignored;
            self.target = match open.level {
                Level::List { target: Target::Ignored | Target::Context, .. } => Target::Ignored,
                Level::List { .. } => Target::Item,
                _ => Target::Ignored,
            };
        }
    }
}

fn not_an_object(domain: Option<Domain>) -> Fault {
    Fault {
        code: InputCode::Malformed,
        field: domain.map(|domain| domain.as_str().to_owned()),
        message: match domain {
            Some(domain) => format!("`{}` is not an object", domain.as_str()),
            None => "the input is not an object with `action`, `actor` and `snapshot`".to_owned(),
        },
    }
}
