//! From a batch to the columns of a policy's fields.

use super::arena::Arena;
use super::c::{ArrowArray, ArrowSchema};
use super::fault::{Why, error_of, wrong_type};
use super::format::Format;
use super::memory::{BitRun, validity};
use super::node::{Budget, MAX_DEPTH, Node};
use super::values::{Array, Rounding};
use actra::columns::{Column, is_of_input, resolve};
use actra::program::FieldType;
use actra::{InputCode, InputError, Policy, SlotId, UnknownFields};
use std::ops::Range;

/// Rows of a batch, at most.
const MAX_ROWS: usize = i32::MAX as usize;
/// Rows, at most, where no column has memory for each of them: there, whoever made the batch has
/// none, and the answer would take all of it.
const MAX_EMPTY_ROWS: usize = 1 << 24;

/// Columns by slot.
pub(super) struct Batch<'a> {
    pub(super) rows: usize,
    columns: Vec<(SlotId, Array<'a>)>,
}

/// Where reading stands.
struct Reader<'a, 'p> {
    policy: &'p Policy,
    unknown_fields: UnknownFields,
    rounding: Rounding,
    arena: &'a Arena,
    batch: Batch<'a>,
    /// Whether any column is of an input.
    is_any: bool,
}

/// Members of a struct, or of the batch.
#[derive(Clone, Copy)]
struct Members<'a, 'n> {
    node: Node<'a>,
    /// The struct's own name; empty for the batch.
    name: &'n str,
    /// Their first element.
    at: usize,
    valid: Option<BitRun<'a>>,
    depth: usize,
}

impl<'a> Batch<'a> {
    /// Reads a batch.
    ///
    /// # Safety
    /// Pointers that are not NULL lead to what the interface says, which nobody changes for as long
    /// as `'a`.
    pub(super) unsafe fn read(
        policy: &Policy,
        schema: *const ArrowSchema,
        array: *const ArrowArray,
        unknown_fields: UnknownFields,
        budget: &'a Budget,
        arena: &'a Arena,
    ) -> Result<Self, InputError> {
        let whole = |why| error_of("", why);
        // SAFETY: the caller vouches for the pointers.
        let node = unsafe { Node::new(schema, array, budget) }.map_err(whole)?;
        let rows = node.len;
        let is_struct = node.format == Format::Struct;
        if !is_struct || node.dictionary().map_err(whole)?.is_some() {
            return Err(whole((InputCode::WrongType, "is no struct of columns".to_owned())));
        }
        if rows > MAX_ROWS {
            return Err(whole(too_many(rows)));
        }
        let valid = validity(node, (node.offset, rows), None, arena).map_err(whole)?;
        if valid.is_some_and(|valid| valid.count() < rows) {
            let what = "has rows that are null as a whole, which are no inputs".to_owned();
            return Err(whole((InputCode::Malformed, what)));
        }
        let doubles = policy.program().settings().numbers_are_doubles();
        let mut reader = Reader {
            policy,
            unknown_fields,
            rounding: if doubles { Rounding::Nearest } else { Rounding::Never },
            arena,
            batch: Self { rows, columns: Vec::new() },
            is_any: false,
        };
        reader.members(Members { node, name: "", at: node.offset, valid: None, depth: 0 })?;
        let batch = reader.batch;
        if !reader.is_any {
            let what = "has no column of an input: they are named as fields are, `action.type`, or \
                        stand in structs named `action`, `actor` and `snapshot`";
            return Err(whole((InputCode::Malformed, what.to_owned())));
        }
        if rows > MAX_EMPTY_ROWS && !batch.columns.iter().any(|(_, array)| array.is_bounded()) {
            return Err(whole(too_many(rows)));
        }
        Ok(batch)
    }

    /// The columns of some rows. What has to be made for them is kept in `room`.
    pub(super) fn part<'c>(
        &'c self,
        policy: &Policy,
        rows: &Range<usize>,
        room: &'c Arena,
    ) -> Result<Vec<(SlotId, Column<'c>)>, InputError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (slot, array) in &self.columns {
            let name = || policy.program().slot_name(*slot);
            if let Some(column) = array.column(rows, room).map_err(|why| error_of(name(), why))? {
                columns.push((*slot, column));
            }
        }
        Ok(columns)
    }

    /// Values of the largest dictionary.
    pub(super) fn largest_dictionary(&self) -> usize {
        self.columns.iter().map(|(_, array)| array.dictionary_len()).max().unwrap_or(0)
    }
}

pub(super) fn too_many(rows: usize) -> Why {
    (
        InputCode::TooLarge,
        format!("has {rows} rows, for which there is no room: hand it over in parts"),
    )
}

impl<'a> Reader<'a, '_> {
    fn members(&mut self, members: Members<'a, '_>) -> Result<(), InputError> {
        let Members { node, name: above, .. } = members;
        for index in 0..node.children() {
            let name = node.child_name(index).map_err(|why| error_of(above, why))?;
            let name = match above {
                "" => name.to_owned(),
                above => format!("{above}.{name}"),
            };
            if !is_of_input(&name) {
                continue;
            }
            self.is_any = true;
            self.member(members, index, &name).map_err(|fault| match fault {
                Fault::Own(why) => error_of(&name, why),
                Fault::Inner(error) => error,
            })?;
        }
        Ok(())
    }

    fn member(&mut self, members: Members<'a, '_>, index: usize, name: &str) -> Result<(), Fault> {
        if members.depth >= MAX_DEPTH {
            let what = format!("nests deeper than {MAX_DEPTH} structs");
            return Err(Fault::Own((InputCode::TooDeep, what)));
        }
        let rows = self.batch.rows;
        let node = members.node.child(index, members.at + rows)?;
        let target = resolve(self.policy, name);
        let is_struct = node.format == Format::Struct && node.dictionary()?.is_none();
        let may_be_domain = is_struct || node.format == Format::Null;
        match &target {
            Some(target) if target.path.len() == 1 && !may_be_domain => {
                wrong_type("is no struct of fields")?;
            }
            Some(target) => match (target.slot, target.map) {
                (Some(slot), _) => self.add(slot, node, members)?,
                (None, Some(map)) => self.check_entry(map, node)?,
                (None, None) => {}
            },
            None if self.unknown_fields == UnknownFields::Refuse && !is_struct => {
                let what = "is of a field that the schema does not name".to_owned();
                return Err(Fault::Own((InputCode::UnknownField, what)));
            }
            None => {}
        }
        if !is_struct {
            return Ok(());
        }
        let window = (node.offset + members.at, rows);
        let valid = validity(node, window, members.valid, self.arena)?;
        let (at, depth) = (node.offset + members.at, members.depth + 1);
        self.members(Members { node, name, at, valid, depth }).map_err(Fault::Inner)
    }

    fn add(&mut self, slot: SlotId, node: Node<'a>, members: Members<'a, '_>) -> Result<(), Why> {
        if self.batch.columns.iter().any(|(other, _)| *other == slot) {
            let name = self.policy.program().slot_name(slot);
            let what = format!("is not the only one of the field `{name}`");
            return Err((InputCode::DuplicateKey, what));
        }
        let window = (members.at, self.batch.rows);
        let array = Array::new(node, window, members.valid, self.rounding, self.arena)?;
        self.batch.columns.push((slot, array));
        Ok(())
    }

    /// An entry of a map that no rule reads is ignored, like a field that the schema does not name:
    /// but a value of another type than the map's would be an error in a row.
    fn check_entry(&self, map: SlotId, node: Node<'a>) -> Result<(), Why> {
        let format = node.dictionary()?.map_or(node.format, |values| values.format);
        let fields = self.policy.program().fields();
        let mut types =
            fields.iter().filter(|field| field.slot == map).filter_map(|field| field.ty.values());
        let fits = |ty: FieldType| match format {
            Format::Null => true,
            Format::Boolean => ty == FieldType::Boolean,
            Format::Text(_) | Format::TextView => ty == FieldType::String,
            Format::Integer(width) => {
                width.is_within_64_bits() && matches!(ty, FieldType::Integer | FieldType::Number)
            }
            Format::Instant(_) => ty == FieldType::Timestamp,
            _ => false,
        };
        if types.all(fits) {
            return Ok(());
        }
        wrong_type(format!(
            "is of an entry of `{}` that no rule reads, and may hold what that map's values cannot \
             be: leave it out",
            self.policy.program().slot_name(map)
        ))
    }
}

/// Whose fault it is.
enum Fault {
    /// This column's.
    Own(Why),
    /// That of one inside.
    Inner(InputError),
}

impl From<Why> for Fault {
    fn from(why: Why) -> Self {
        Self::Own(why)
    }
}
