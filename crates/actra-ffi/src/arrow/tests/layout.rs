//! From values to arrays that hold them, in one of the ways in which they can be held.

use super::build::{Buffer, Built};
use actra::columns::{Target, resolve};
use actra::{InputValue, Policy};

/// A small generator: the same numbers for a seed.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 29)) % limit.max(1) as u64) as usize
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Values of a column, by row.
pub(super) type Cells = Vec<Option<InputValue>>;

/// What a column can be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Boolean,
    Integer,
    Float,
    Text,
    List,
    Object,
}

fn kind(value: &InputValue) -> Option<Kind> {
    Some(match value {
        InputValue::Boolean(_) => Kind::Boolean,
        InputValue::Integer(_) => Kind::Integer,
        InputValue::BigInteger(value) => {
            // Of an unsigned column.
            return (*value >= 9.3e18 && *value < 1.8e19).then_some(Kind::Integer);
        }
        InputValue::Float(_) => Kind::Float,
        InputValue::String(_) => Kind::Text,
        InputValue::List(items) => {
            let mut kinds = items.iter().filter(|item| **item != InputValue::Null).map(kind);
            let first = kinds.next().unwrap_or(Some(Kind::Text));
            let is_scalar = first.is_some_and(|kind| kind < Kind::List);
            return (is_scalar && kinds.all(|kind| kind == first)).then_some(Kind::List);
        }
        InputValue::Object(_) => Kind::Object,
        InputValue::Null | InputValue::Instant(_) => return None,
    })
}

/// What keeps the values of a column from being held together is left out: the values are of one kind
/// afterwards.
fn settle(rng: &mut Rng, cells: &mut Cells) -> Option<Kind> {
    let mut kinds: Vec<Kind> = cells.iter().flatten().filter_map(kind).collect();
    kinds.sort_unstable();
    let common = *kinds.get(kinds.len() / 2)?;
    let chosen = if rng.chance(85) { common } else { kinds[rng.below(kinds.len())] };
    for cell in cells.iter_mut() {
        cell.take_if(|value| kind(value) != Some(chosen));
    }
    let is_integer = |value: &InputValue| matches!(value, InputValue::Integer(_));
    if chosen == Kind::Integer && cells.iter().flatten().any(|value| !is_integer(value)) {
        let is_negative = |value: &InputValue| matches!(value, InputValue::Integer(..0));
        for cell in cells.iter_mut() {
            cell.take_if(|value| is_negative(value));
        }
    }
    if chosen == Kind::List {
        // Lists of one column have items of one kind.
        let item = |value: &InputValue| match value {
            InputValue::List(items) => items.iter().find_map(kind),
            _ => None,
        };
        let common = cells.iter().flatten().find_map(item);
        for cell in cells.iter_mut() {
            cell.take_if(|value| item(value).is_some_and(|kind| Some(kind) != common));
            let big = |value: &InputValue| matches!(value, InputValue::BigInteger(_));
            cell.take_if(|value| matches!(value, InputValue::List(items) if items.iter().any(big)));
            // An empty one, or one of nulls, has no kind, and fits.
        }
    }
    Some(chosen)
}

/// A column of these values, those that it cannot hold left out; `None`: there are none.
pub(super) fn column(
    rng: &mut Rng,
    policy: &Policy,
    path: &[&str],
    cells: &mut Cells,
) -> Option<Built> {
    let kind = settle(rng, cells)?;
    let front = [0, 0, 1, 5, 8][rng.below(5)];
    // The rows in front are not of the batch.
    let mut padded: Cells = (0..front).map(|_| None).collect();
    padded.extend(cells.iter().cloned());
    let mut built = match kind {
        Kind::Object => {
            let built = object(rng, policy, path, &mut padded);
            cells.clone_from_slice(&padded[front..]);
            built
        }
        Kind::List => lists(rng, &padded),
        kind if rng.chance(40) => dictionary(rng, &padded, kind),
        kind => scalars(rng, &padded, kind),
    };
    built.name = path.last().copied().unwrap_or_default().to_owned();
    built.offset = front as i64;
    built.len = cells.len() as i64;
    Some(built)
}

/// A struct of columns for the members of objects.
fn object(rng: &mut Rng, policy: &Policy, path: &[&str], cells: &mut Cells) -> Built {
    let mut names: Vec<String> = Vec::new();
    for cell in cells.iter().flatten() {
        let InputValue::Object(members) = cell else { continue };
        let new = members.iter().map(|(name, _)| name).filter(|name| !name.contains('\0'));
        names.extend(new.cloned());
    }
    names.sort();
    names.dedup();
    let mut kept: Vec<Vec<(String, InputValue)>> = vec![Vec::new(); cells.len()];
    let mut children = Vec::new();
    for name in names {
        let mut path = path.to_vec();
        path.push(&name);
        // Names that stand for another field, and entries that no rule reads, are not for columns.
        let target = resolve(policy, &path.join("."));
        let stands = target.as_ref().is_none_or(|target| target.path == path);
        let is_unread = |target: &Target| target.map.is_some() && target.slot.is_none();
        if !stands || target.as_ref().is_some_and(is_unread) {
            continue;
        }
        let mut members: Cells =
            cells.iter().map(|cell| cell.as_ref()?.get(&name).cloned()).collect();
        if let Some(child) = column(rng, policy, &path, &mut members) {
            children.push(child);
            // Nobody looks at a column of a field that the schema does not name, whatever it holds.
            for (kept, member) in kept.iter_mut().zip(members).filter(|_| target.is_some()) {
                kept.extend(member.map(|member| (name.clone(), member)));
            }
        }
    }
    let (valid, nulls) = validity(rng, cells);
    for (cell, kept) in cells.iter_mut().zip(kept) {
        if cell.is_some() {
            *cell = Some(InputValue::Object(kept));
        }
    }
    let buffers = vec![valid];
    Built { format: "+s".to_owned(), nulls, buffers, children, ..Built::default() }
}

/// Bits that say which values are there, and how many are not.
fn validity(rng: &mut Rng, cells: &Cells) -> (Option<Buffer>, i64) {
    if cells.iter().all(Option::is_some) && rng.chance(70) {
        return (None, [0, -1][rng.below(2)]);
    }
    let mut bits = vec![0x00; cells.len().div_ceil(8)];
    for (at, _) in cells.iter().enumerate().filter(|(_, cell)| cell.is_some()) {
        bits[at / 8] |= 1 << (at % 8);
    }
    (Some(Buffer::new(&bits, rng.below(3))), -1)
}

fn numbers<T>(
    rng: &mut Rng,
    values: impl Iterator<Item = T>,
    bytes: impl Fn(T) -> Vec<u8>,
) -> Buffer {
    let shift = if rng.chance(80) { 0 } else { 1 + rng.below(7) };
    Buffer::new(&values.flat_map(bytes).collect::<Vec<u8>>(), shift)
}

fn scalars(rng: &mut Rng, cells: &Cells, kind: Kind) -> Built {
    let (valid, nulls) = validity(rng, cells);
    let mut buffers = vec![valid];
    let format = match kind {
        Kind::Boolean => {
            let mut bits = vec![0; cells.len().div_ceil(8)];
            for (at, cell) in cells.iter().enumerate() {
                bits[at / 8] |= u8::from(*cell == Some(InputValue::Boolean(true))) << (at % 8);
            }
            buffers.push(Some(Buffer::new(&bits, rng.below(3))));
            "b"
        }
        Kind::Integer => integers(rng, cells, &mut buffers),
        Kind::Float => floats(rng, cells, &mut buffers),
        _ => texts(rng, cells, &mut buffers),
    };
    Built { format: format.to_owned(), nulls, len: cells.len() as i64, buffers, ..Built::default() }
}

fn integers(rng: &mut Rng, cells: &Cells, buffers: &mut Vec<Option<Buffer>>) -> &'static str {
    let values: Vec<i128> = cells
        .iter()
        .map(|cell| match cell {
            Some(InputValue::Integer(value)) => i128::from(*value),
            Some(InputValue::BigInteger(value)) => *value as i128,
            _ => 1,
        })
        .collect();
    let (low, high) = (values.iter().min().copied(), values.iter().max().copied());
    let (low, high) = (low.unwrap_or(0), high.unwrap_or(0));
    let formats = [
        ("c", 1, -128, 127),
        ("C", 1, 0, 255),
        ("s", 2, -32_768, 32_767),
        ("S", 2, 0, 65_535),
        ("i", 4, i128::from(i32::MIN), i128::from(i32::MAX)),
        ("I", 4, 0, i128::from(u32::MAX)),
        ("l", 8, i128::from(i64::MIN), i128::from(i64::MAX)),
        ("L", 8, 0, i128::from(u64::MAX)),
        ("d:9,0,32", 4, i128::from(i32::MIN), i128::from(i32::MAX)),
        ("d:38,0", 16, i128::from(i64::MIN), i128::from(i64::MAX)),
    ];
    let fitting: Vec<_> =
        formats.into_iter().filter(|(_, _, least, most)| *least <= low && high <= *most).collect();
    let (format, width, ..) = fitting[rng.below(fitting.len())];
    let bytes = |value: i128| value.to_le_bytes()[..width].to_vec();
    buffers.push(Some(numbers(rng, values.into_iter(), bytes)));
    format
}

fn floats(rng: &mut Rng, cells: &Cells, buffers: &mut Vec<Option<Buffer>>) -> &'static str {
    let value = |cell: &Option<InputValue>| match cell {
        Some(InputValue::Float(value)) => *value,
        _ => 1.5,
    };
    let is_short = |value: f64| f64::from(value as f32).to_bits() == value.to_bits();
    let values = cells.iter().map(value);
    if values.clone().all(is_short) && rng.chance(50) {
        let bytes = |value: f64| (value as f32).to_ne_bytes().to_vec();
        buffers.push(Some(numbers(rng, values, bytes)));
        return "f";
    }
    buffers.push(Some(numbers(rng, values, |value| value.to_ne_bytes().to_vec())));
    "g"
}

fn texts(rng: &mut Rng, cells: &Cells, buffers: &mut Vec<Option<Buffer>>) -> &'static str {
    let text = |cell: &Option<InputValue>| match cell {
        Some(InputValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    if rng.chance(35) {
        let mut data = [Vec::new(), Vec::new()];
        let view = |cell: &Option<InputValue>| {
            let text = text(cell);
            let mut view = (text.len() as i32).to_ne_bytes().to_vec();
            if text.len() <= 12 {
                view.extend_from_slice(text.as_bytes());
                view.resize(16, 0);
            } else {
                let buffer = text.len() % 2;
                view.extend_from_slice(&text.as_bytes()[..4]);
                view.extend_from_slice(&(buffer as i32).to_ne_bytes());
                view.extend_from_slice(&(data[buffer].len() as i32).to_ne_bytes());
                data[buffer].extend_from_slice(text.as_bytes());
            }
            view
        };
        let views: Vec<Vec<u8>> = cells.iter().map(view).collect();
        buffers.push(Some(numbers(rng, views.into_iter(), |view| view)));
        buffers.extend(data.iter().map(|bytes| Some(Buffer::new(bytes, 0))));
        let lens = data.iter().map(|bytes| bytes.len() as i64);
        buffers.push(Some(numbers(rng, lens, |len| len.to_ne_bytes().to_vec())));
        return "vu";
    }
    let mut ends = vec![3_i64];
    let mut bytes = b"abc".to_vec();
    for cell in cells {
        bytes.extend_from_slice(text(cell).as_bytes());
        ends.push(bytes.len() as i64);
    }
    let format = offsets(rng, ends, buffers, ["u", "U"]);
    buffers.push(Some(Buffer::new(&bytes, 0)));
    format
}

fn offsets(
    rng: &mut Rng,
    ends: Vec<i64>,
    buffers: &mut Vec<Option<Buffer>>,
    formats: [&'static str; 2],
) -> &'static str {
    let is_large = rng.chance(50);
    let bytes = |end: i64| {
        if is_large { end.to_ne_bytes().to_vec() } else { (end as i32).to_ne_bytes().to_vec() }
    };
    buffers.push(Some(numbers(rng, ends.into_iter(), bytes)));
    formats[usize::from(is_large)]
}

fn dictionary(rng: &mut Rng, cells: &Cells, kind: Kind) -> Built {
    let mut distinct: Cells = Vec::new();
    let mut codes = Vec::new();
    for cell in cells {
        let shown = format!("{cell:?}");
        let known = distinct.iter().position(|known| format!("{known:?}") == shown);
        let code = known.unwrap_or_else(|| {
            distinct.push(cell.clone());
            distinct.len() - 1
        });
        // What is not there may have any code, and a code may stand for nothing.
        codes.push(if cell.is_none() && rng.chance(50) { 99 } else { code });
    }
    let formats =
        [("c", 1, 127), ("C", 1, 255), ("s", 2, 32_767), ("I", 4, 1 << 30), ("l", 8, 1 << 30)];
    let fitting: Vec<_> =
        formats.into_iter().filter(|(_, _, most)| distinct.len() < *most).collect();
    let (format, width, _) = fitting[rng.below(fitting.len())];
    let mut valid = vec![0; cells.len().div_ceil(8)];
    for (at, cell) in cells.iter().enumerate() {
        let is_there = cell.is_some() || codes[at] < distinct.len();
        valid[at / 8] |= u8::from(is_there) << (at % 8);
    }
    let bytes = |code: usize| code.to_le_bytes()[..width].to_vec();
    let buffers =
        vec![Some(Buffer::new(&valid, rng.below(3))), Some(numbers(rng, codes.into_iter(), bytes))];
    let values = Some(Box::new(scalars(rng, &distinct, kind)));
    let (len, format) = (cells.len() as i64, format.to_owned());
    Built { format, len, nulls: -1, buffers, dictionary: values, ..Built::default() }
}

fn lists(rng: &mut Rng, cells: &Cells) -> Built {
    let (valid, nulls) = validity(rng, cells);
    let mut buffers = vec![valid];
    let mut items: Cells = Vec::new();
    let mut ends = vec![0];
    for cell in cells {
        if let Some(InputValue::List(list)) = cell {
            items.extend(list.iter().map(|item| (*item != InputValue::Null).then(|| item.clone())));
        }
        ends.push(items.len() as i64);
    }
    let kind = items.iter().flatten().find_map(kind);
    let mut child = match kind {
        None if items.is_empty() => Built { format: "n".to_owned(), ..Built::default() },
        None => scalars(rng, &items, Kind::Text),
        Some(kind) if rng.chance(30) => dictionary(rng, &items, kind),
        Some(kind) => scalars(rng, &items, kind),
    };
    child.name = "item".to_owned();
    let steps: Vec<i64> = ends.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let format = match steps.first() {
        Some(size) if steps.iter().all(|step| step == size) && rng.chance(50) => {
            format!("+w:{size}")
        }
        _ => offsets(rng, ends, &mut buffers, ["+l", "+L"]).to_owned(),
    };
    let (len, children) = (cells.len() as i64, vec![child]);
    Built { format, len, nulls, buffers, children, ..Built::default() }
}
