//! Parquet: columns named as fields are, or nested structs of them. Rows are read through the
//! record interface of the `parquet` crate, only the columns that somebody needs, and go into slots.

mod footer;
mod rows;
mod values;

pub(super) use rows::decide;

use super::batch::{BATCH_BYTES, Batch, RecordedColumns, Rows as BatchRows};
use super::lines::Place;
use super::source::{self, Reading, interrupted};
use super::{Log, columns};
use crate::failure::Failure;
use actra::{Policy, SlotId};
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::{Type, TypePtr};
use std::cell::Cell;
use std::fs::File;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::{Arc, Once};

/// Rows of a batch, at most: each value and name has memory of its own.
const MAX_ROWS: usize = 1024;

/// Values of a column that the crate reads at once: each may hold megabytes.
const VALUES_AT_ONCE: usize = 64;

/// Rows of one file, as they were read.
pub(super) struct Rows {
    /// The number of the first, counting from 1.
    first: u64,
    rows: Vec<Vec<(String, Field)>>,
}

/// What the columns are.
pub(super) struct Layout {
    new: Plan,
    old: Option<Plan>,
    recorded: Recorded,
}

/// The indexes that lead to a column, from the outside.
type Steps = Vec<usize>;

/// What the columns are to one policy.
#[derive(Default)]
struct Plan {
    fields: Vec<FieldColumn>,
    /// Structs that are objects: they are there where they are not null.
    objects: Vec<(Steps, SlotId)>,
    /// Maps whose entries are columns.
    maps: Vec<MapColumns>,
}

struct FieldColumn {
    steps: Steps,
    name: String,
    slot: SlotId,
    is_map: bool,
    unit: Unit,
}

struct MapColumns {
    slot: SlotId,
    name: String,
    /// The struct that it is, if its entries stand in one.
    group: Option<Steps>,
    entries: Vec<(Steps, String, Unit)>,
}

/// What 64-bit integers of a column count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// Nothing but themselves.
    One,
    /// Nanoseconds since 1970, which the record interface takes for numbers.
    Nanosecond,
}

#[derive(Default)]
struct Recorded {
    effect: Option<Steps>,
    rule: Option<Steps>,
    error: Option<Steps>,
}

/// A column, or a struct of them, of the file.
struct Node<'t> {
    name: String,
    ty: &'t TypePtr,
    members: Vec<Node<'t>>,
    /// Whether somebody needs it.
    is_needed: bool,
}

impl<'t> Node<'t> {
    fn new(prefix: &str, ty: &'t TypePtr) -> Self {
        let name = if prefix.is_empty() {
            ty.name().to_owned()
        } else {
            format!("{prefix}.{}", ty.name())
        };
        let members = if is_struct(ty) {
            ty.get_fields().iter().map(|ty| Self::new(&name, ty)).collect()
        } else {
            Vec::new()
        };
        Self { name, ty, members, is_needed: false }
    }

    /// The names of columns, without the structs that they are in.
    fn leaves(&self, names: &mut Vec<String>) {
        if self.members.is_empty() {
            names.push(self.name.clone());
        }
        for member in &self.members {
            member.leaves(names);
        }
    }

    /// Marks those columns, and of structs with these names one column at least.
    fn mark(&mut self, is_wanted: &impl Fn(&str) -> bool) -> bool {
        let mut is_any = false;
        for member in &mut self.members {
            is_any |= member.mark(is_wanted);
        }
        if is_wanted(&self.name) && !is_any {
            let mut node = &mut *self;
            while !node.members.is_empty() {
                node.is_needed = true;
                let Some(first) = node.members.first_mut() else { break };
                node = first;
            }
            node.is_needed = true;
            is_any = true;
        }
        self.is_needed |= is_any;
        is_any
    }

    /// The type with only what is marked.
    fn projected(&self) -> Result<TypePtr, parquet::errors::ParquetError> {
        if self.members.is_empty() {
            return Ok(Arc::clone(self.ty));
        }
        let info = self.ty.get_basic_info();
        let needed = self.members.iter().filter(|member| member.is_needed);
        let fields = needed.map(Node::projected).collect::<Result<Vec<_>, _>>()?;
        let builder = Type::group_type_builder(info.name())
            .with_repetition(info.repetition())
            .with_converted_type(info.converted_type())
            .with_logical_type(info.logical_type_ref().cloned())
            .with_id(info.has_id().then(|| info.id()))
            .with_fields(fields);
        builder.build().map(Arc::new)
    }

    /// Calls for each node that is needed, with its steps among those.
    fn visit<'n>(&'n self, steps: &mut Steps, see: &mut impl FnMut(&'n Node<'t>, &Steps) -> bool) {
        if !see(self, steps) {
            return;
        }
        for (index, member) in self.members.iter().filter(|it| it.is_needed).enumerate() {
            steps.push(index);
            member.visit(steps, see);
            steps.pop();
        }
    }
}

/// Whether it is a group that is neither a list nor a map.
fn is_struct(ty: &Type) -> bool {
    let info = ty.get_basic_info();
    ty.is_group()
        && (!info.has_repetition() || info.repetition() != Repetition::REPEATED)
        && info.converted_type() == ConvertedType::NONE
        && info.logical_type_ref().is_none()
}

/// The columns that hold values: of a map those of its values, not of its keys.
fn value_leaf(ty: &Type) -> &Type {
    let mut ty = ty;
    while ty.is_group() {
        let Some(last) = ty.get_fields().last() else { return ty };
        ty = last;
    }
    ty
}

/// Reads a file.
pub(super) fn read(file: usize, log: &mut Log, reading: &mut Reading<'_>) -> Result<(), Failure> {
    let path = log.path.clone();
    let mut handle = File::open(&path).map_err(|error| Failure::unreadable(&path, &error))?;
    if footer::is_too_deep(&mut handle).map_err(|error| interrupted(log, &error))? {
        let what = format!("its schema nests deeper than {} levels", footer::MAX_SCHEMA_DEPTH);
        return Err(interrupted(log, &what));
    }
    let size = handle.metadata().map_or(0, |metadata| metadata.len());
    let reader =
        guarded(|| SerializedFileReader::new(handle)).map_err(|error| interrupted(log, &error))?;
    let metadata = reader.metadata().file_metadata();
    let root = metadata.schema_descr().root_schema();
    let mut nodes: Vec<Node<'_>> = root.get_fields().iter().map(|ty| Node::new("", ty)).collect();
    let layout = Arc::new(layout(log, &mut nodes, reading)?);
    let needed = nodes.iter().filter(|node| node.is_needed);
    let projection = needed
        .map(Node::projected)
        .collect::<Result<Vec<_>, _>>()
        .and_then(|fields| Type::group_type_builder(root.name()).with_fields(fields).build())
        .map_err(|error| interrupted(log, &error))?;
    let total = u64::try_from(metadata.num_rows()).unwrap_or(0);
    let mut rows = guarded(|| reader.get_row_iter(Some(projection)))
        .map(|rows| rows.with_batch_size(VALUES_AT_ONCE))
        .map_err(|error| interrupted(log, &error))?;
    while reading.left > 0 {
        let most = usize::try_from(reading.left).unwrap_or(usize::MAX).min(MAX_ROWS);
        let batch = guarded(|| {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            while batch.len() < most && bytes < BATCH_BYTES {
                let Some(row) = rows.next() else { break };
                let row = row?.into_columns();
                bytes += row.iter().map(|(_, field)| values::bytes(field)).sum::<usize>();
                batch.push(row);
            }
            Ok(batch)
        })
        .map_err(|error| interrupted(log, &error))?;
        if batch.is_empty() {
            break;
        }
        let first = log.rows + 1;
        log.rows += batch.len() as u64;
        reading.left -= batch.len() as u64;
        let rows = BatchRows::Parquet(Arc::clone(&layout), Rows { first, rows: batch });
        (reading.take)(Batch { file, rows })?;
        let share = log.rows as f64 / total.max(1) as f64;
        reading.bar.show((size as f64 * share) as u64, log.rows);
    }
    if reading.left > 0 && log.rows != total {
        let message = format!("its end says that there are {total}");
        return Err(interrupted(log, &message));
    }
    Ok(())
}

thread_local! {
    /// Whether a panic of this thread is caught, and told in other words.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a part of the reader, which may panic over damaged files.
fn guarded<T>(
    read: impl FnOnce() -> Result<T, parquet::errors::ParquetError>,
) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_GUARDED.get() {
                default(info);
            }
        }));
    });
    IS_GUARDED.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(false);
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it is damaged, or of a kind that is not read".to_owned()),
    }
}

/// Finds out what the columns are, and marks those that are needed.
fn layout(log: &mut Log, nodes: &mut [Node<'_>], reading: &Reading<'_>) -> Result<Layout, Failure> {
    let mut leaves = Vec::new();
    for node in &*nodes {
        node.leaves(&mut leaves);
    }
    let names = leaves.iter().map(String::as_str);
    let prefix = match &reading.layout.input {
        Place::None => None,
        Place::Auto => columns::usual_prefix(&names).map(str::to_owned),
        Place::Path(path) => Some(path.join(".")),
    };
    let prefix = prefix.as_deref();
    let fields = source::fields(&log.path, names, &reading.layout.input)?;
    let recorded = source::recorded_columns(&log.path, &leaves, &reading.layout.recorded)?;
    let is_recorded = |name: &str| {
        let RecordedColumns { effect, rule, error } = &recorded;
        let mut columns = [effect, rule, error].into_iter().flatten();
        columns.any(|column| leaves.get(*column).is_some_and(|leaf| leaf == name))
    };
    let is_known = |name: &str| {
        columns::strip(name, prefix).filter(|name| columns::is_of_input(name)).is_some_and(|name| {
            let names =
                |policy| columns::resolve(policy, name).is_some_and(|target| target.path.len() > 1);
            names(reading.new) || reading.old.is_some_and(names)
        })
    };
    log.ignored = fields
        .iter()
        .filter(|(index, _)| !leaves.get(*index).is_some_and(|leaf| is_known(leaf)))
        .map(|(_, name)| name.clone())
        .collect();
    for node in &mut *nodes {
        node.mark(&|name| is_known(name) || is_recorded(name));
    }
    let mut steps_of = Recorded::default();
    walk(nodes, &mut |node, steps| {
        for (column, place) in [
            (recorded.effect, &mut steps_of.effect),
            (recorded.rule, &mut steps_of.rule),
            (recorded.error, &mut steps_of.error),
        ] {
            if column.and_then(|column| leaves.get(column)) == Some(&node.name) {
                *place = Some(steps.clone());
            }
        }
        true
    });
    let plan = |policy| Plan::new(policy, nodes, prefix, &log.path);
    Ok(Layout {
        new: plan(reading.new)?,
        old: reading.old.map(plan).transpose()?,
        recorded: steps_of,
    })
}

fn walk<'n, 't>(nodes: &'n [Node<'t>], see: &mut impl FnMut(&'n Node<'t>, &Steps) -> bool) {
    for (index, node) in nodes.iter().filter(|node| node.is_needed).enumerate() {
        node.visit(&mut vec![index], see);
    }
}

impl Plan {
    fn new(
        policy: &Policy,
        nodes: &[Node<'_>],
        prefix: Option<&str>,
        path: &Path,
    ) -> Result<Self, Failure> {
        let mut plan = Self::default();
        let mut seen: Vec<(Vec<String>, String)> = Vec::new();
        let mut fault = None;
        walk(nodes, &mut |node, steps| {
            let Some(name) = columns::strip(&node.name, prefix) else { return true };
            let Some(target) = columns::resolve(policy, name) else { return true };
            if target.path.len() == 1 {
                return true;
            }
            if let Some((_, other)) = seen.iter().find(|(known, _)| *known == target.path) {
                fault.get_or_insert_with(|| source::same_field(path, other, name));
            }
            seen.push((target.path.clone(), name.to_owned()));
            if let Some(map) = target.map {
                plan.entry(policy, map, &target.path, steps, node, path, &mut fault);
                return false;
            }
            let Some(slot) = target.slot else { return true };
            let is_map = columns::may_be_map(policy, slot);
            if node.members.is_empty() {
                match unit(node, path) {
                    Ok(unit) => plan.fields.push(FieldColumn {
                        steps: steps.clone(),
                        name: name.to_owned(),
                        slot,
                        is_map,
                        unit,
                    }),
                    Err(failure) => drop(fault.get_or_insert(failure)),
                }
            } else if is_map {
                plan.map(slot, name).group = Some(steps.clone());
            } else {
                plan.objects.push((steps.clone(), slot));
            }
            true
        });
        fault.map_or(Ok(plan), Err)
    }

    fn map(&mut self, slot: SlotId, name: &str) -> &mut MapColumns {
        let at = self.maps.iter().position(|map| map.slot == slot).unwrap_or_else(|| {
            let (name, entries) = (name.to_owned(), Vec::new());
            self.maps.push(MapColumns { slot, name, group: None, entries });
            self.maps.len() - 1
        });
        // It is there: it was found or made just now.
        let last = self.maps.len().saturating_sub(1);
        #[expect(clippy::indexing_slicing, reason = "it was found or made just now")]
        &mut self.maps[at.min(last)]
    }

    #[expect(clippy::too_many_arguments, reason = "they are what is known of a column")]
    fn entry(
        &mut self,
        policy: &Policy,
        map: SlotId,
        target: &[String],
        steps: &Steps,
        node: &Node<'_>,
        path: &Path,
        fault: &mut Option<Failure>,
    ) {
        let Some(key) = target.last() else { return };
        match unit(node, path) {
            Ok(unit) => {
                let name = policy.program().slot_name(map).to_owned();
                self.map(map, &name).entries.push((steps.clone(), key.clone(), unit));
            }
            Err(failure) => drop(fault.get_or_insert(failure)),
        }
    }
}

/// What integers of a column count; `Err`: it holds what no field can be.
fn unit(node: &Node<'_>, path: &Path) -> Result<Unit, Failure> {
    let refuse = |what: &str, help: &str| {
        let shown = path.display();
        Err(Failure::new("bad_columns", format!("the column `{}` of `{shown}` {what}", node.name))
            .with_help(help))
    };
    let info = value_leaf(node.ty).get_basic_info();
    match (info.logical_type_ref(), info.converted_type()) {
        (Some(LogicalType::Timestamp(time)), _) if !time.is_adjusted_to_u_t_c => refuse(
            "has local times, which are no instants without their zone",
            "write it as a timestamp in UTC",
        ),
        (Some(LogicalType::Timestamp(time)), _) if time.unit == TimeUnit::NANOS => {
            Ok(Unit::Nanosecond)
        }
        (_, ConvertedType::DATE) | (Some(LogicalType::Date), _) => {
            refuse("has dates, which no field can be", "write it as text, or as a timestamp in UTC")
        }
        (_, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS)
        | (Some(LogicalType::Time(_)), _) => {
            refuse("has times of day, which no field can be", "write it as text or as a number")
        }
        _ => Ok(Unit::One),
    }
}
