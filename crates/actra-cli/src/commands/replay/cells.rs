//! Cells of CSV as values of an input: into slots where all of them are plain, and by way of JSON
//! where there are lists, objects or maps. Either way one cell is read as one JSON value would be.

use super::columns::{self, Target, Typing};
use super::outcome::Answer;
use actra::program::FieldType;
use actra::{Evaluator, Frame, InputCode, InputError, Policy, SlotId, Value};
use serde::de::IgnoredAny;

/// What the columns of one log are to one policy.
pub(super) struct Plan {
    columns: Vec<Column>,
    /// The column with the action's type, where the type of some other one depends on it.
    action_type: Option<usize>,
    way: Way,
}

struct Column {
    index: usize,
    /// Its name without what stands in front of inputs.
    name: String,
    slot: Option<SlotId>,
    typing: Typing,
}

enum Way {
    Slots,
    /// The input as a tree over the columns.
    Json(Vec<Node>),
}

/// A key of the input. Its value is the cell of the column, or the members.
struct Node {
    key: String,
    column: Option<usize>,
    members: Vec<Node>,
}

impl Plan {
    /// Plans for columns with these indexes and names; `Err`: two of them are the same field.
    pub(super) fn new(
        policy: &Policy,
        names: &[(usize, String)],
    ) -> Result<Self, (String, String)> {
        let mut targets: Vec<(Target, &(usize, String))> = Vec::new();
        for named in names {
            let Some(target) = columns::resolve(policy, &named.1) else { continue };
            if let Some((_, (_, other))) =
                targets.iter().find(|(known, _)| known.path == target.path)
            {
                return Err((other.clone(), named.1.clone()));
            }
            targets.push((target, named));
        }
        let mut roots = Vec::new();
        let mut columns = Vec::new();
        let mut is_plain = true;
        for (target, (index, name)) in targets {
            let typing = Typing::of(policy, &target);
            is_plain &= typing.is_scalar() && target.map.is_none() && target.slot.is_some();
            is_plain &= target.slot.is_none_or(|slot| !is_in_map(policy, slot));
            insert(&mut roots, &target.path, columns.len());
            columns.push(Column { index: *index, name: name.clone(), slot: target.slot, typing });
        }
        let depends = columns.iter().any(|column| matches!(column.typing, Typing::ByAction(_)));
        let action_type = columns.iter().position(|column| column.name == "action.type");
        let way = if is_plain { Way::Slots } else { Way::Json(roots) };
        Ok(Self { columns, action_type: action_type.filter(|_| depends), way })
    }

    /// Whether the column is one that the policy's schema names.
    pub(super) fn names(&self, index: usize) -> bool {
        self.columns.iter().any(|column| column.index == index)
    }

    /// Takes the way of JSON whatever the columns are: the same must come out.
    #[cfg(test)]
    fn by_json(mut self, policy: &Policy) -> Self {
        let mut roots = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            insert(&mut roots, &columns::resolve(policy, &column.name).unwrap().path, at);
        }
        self.way = Way::Json(roots);
        self
    }

    /// The number of the row's action, where somebody asks for it.
    fn action(&self, policy: &Policy, cells: &Cells<'_>) -> Option<usize> {
        let column = self.columns.get(self.action_type?)?;
        let name = std::str::from_utf8(cells.get(column.index)).ok()?;
        let program = policy.program();
        Some(program.action_of_symbol(program.symbol(name)?)?.index())
    }
}

/// Whether the slot is something inside of what may be a map, or may be one itself.
fn is_in_map(policy: &Policy, slot: SlotId) -> bool {
    let mut next = Some(slot);
    while let Some(slot) = next {
        if columns::may_be_map(policy, slot) {
            return true;
        }
        next = policy.program().slot(slot).and_then(|slot| slot.parent);
    }
    false
}

fn insert(nodes: &mut Vec<Node>, path: &[String], column: usize) {
    let Some((key, rest)) = path.split_first() else { return };
    let at = nodes.iter().position(|node| node.key == *key).unwrap_or_else(|| {
        nodes.push(Node { key: key.clone(), column: None, members: Vec::new() });
        nodes.len() - 1
    });
    let Some(node) = nodes.get_mut(at) else { return };
    if rest.is_empty() {
        node.column = Some(column);
    } else {
        insert(&mut node.members, rest, column);
    }
}

/// The cells of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'b> {
    pub(super) text: &'b [u8],
    /// Where each ends.
    pub(super) ends: &'b [usize],
}

impl<'b> Cells<'b> {
    /// A cell; one that is not there is empty.
    pub(super) fn get(&self, index: usize) -> &'b [u8] {
        let start = match index.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before).copied().unwrap_or(usize::MAX),
        };
        let end = self.ends.get(index).copied().unwrap_or(0);
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Decides records by a plan.
pub(super) struct Decider<'p, 'b> {
    policy: &'p Policy,
    plan: &'p Plan,
    frame: Frame<'p, 'b>,
    json: Vec<u8>,
}

impl<'p, 'b> Decider<'p, 'b> {
    pub(super) fn new(policy: &'p Policy, plan: &'p Plan) -> Self {
        Self { policy, plan, frame: policy.frame(), json: Vec::new() }
    }

    pub(super) fn decide(&mut self, cells: Cells<'b>, evaluator: &mut Evaluator<'_>) -> Answer {
        let action = self.plan.action(self.policy, &cells);
        match &self.plan.way {
            Way::Slots => {
                self.frame.clear();
                for column in &self.plan.columns {
                    let cell = cells.get(column.index);
                    if cell.is_empty() {
                        continue;
                    }
                    let (Some(slot), ty) = (column.slot, column.typing.under(action)) else {
                        continue;
                    };
                    let value = value(cell, ty).map_err(|fault| fault.of(&column.name))?;
                    self.frame.set(slot, value);
                }
                match Policy::decide(&mut self.frame) {
                    Ok(outcome) => Ok((outcome.effect, outcome.rule)),
                    Err(error) => Err(Policy::input_error(&self.frame, &error)),
                }
            }
            Way::Json(nodes) => {
                self.json.clear();
                write_members(nodes, &self.plan.columns, &cells, action, &mut self.json)?;
                evaluator.with_json(&self.json, |outcome, _| (outcome.effect, outcome.rule))
            }
        }
    }
}

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NotUtf8,
    /// It does not read as that type.
    Type(FieldType),
    /// It says what other columns say, too.
    Twice,
}

impl Fault {
    fn of(self, name: &str) -> InputError {
        let (code, message) = match self {
            Self::NotUtf8 => (InputCode::NotUtf8, format!("`{name}` is not UTF-8")),
            Self::Type(ty) => (
                InputCode::WrongType,
                format!("`{name}` does not read as what the schema says, {}", ty.as_str()),
            ),
            Self::Twice => (
                InputCode::DuplicateKey,
                format!("`{name}` has a cell of its own, and others for what is in it"),
            ),
        };
        InputError { code, field: Some(name.to_owned()), message }
    }
}

/// A plain cell as a value.
fn value(cell: &[u8], ty: Option<FieldType>) -> Result<Value<'_>, Fault> {
    let text = std::str::from_utf8(cell).map_err(|_| Fault::NotUtf8)?;
    match ty {
        Some(ty @ (FieldType::Number | FieldType::Integer)) => number(text).ok_or(Fault::Type(ty)),
        Some(ty @ FieldType::Boolean) => boolean(text).map(Value::Boolean).ok_or(Fault::Type(ty)),
        // Whether text is an instant the evaluator says.
        _ => Ok(Value::String(text)),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A number as JSON writes it: without a fraction or an exponent it is an integer, of whatever size.
fn number(text: &str) -> Option<Value<'static>> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return None;
    }
    rest = rest.get(whole..)?;
    let is_integer = rest.is_empty();
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        rest = fraction.get(count..).filter(|_| count > 0)?;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let count = digits(exponent);
        rest = exponent.get(count..).filter(|_| count > 0)?;
    }
    if !rest.is_empty() {
        return None;
    }
    Some(match (is_integer, text.parse::<i64>()) {
        (true, Ok(value)) => Value::Integer(value),
        (true, Err(_)) => Value::BigInteger(text.parse().ok()?),
        (false, _) => Value::Float(text.parse().ok()?),
    })
}

/// Writes an object of those members that have cells. Whether there were any.
fn write_members(
    nodes: &[Node],
    columns: &[Column],
    cells: &Cells<'_>,
    action: Option<usize>,
    json: &mut Vec<u8>,
) -> Result<bool, InputError> {
    let mut is_empty = true;
    json.push(b'{');
    for node in nodes {
        let start = json.len();
        if !is_empty {
            json.push(b',');
        }
        // Writing to a vector cannot fail.
        let _ = serde_json::to_writer(&mut *json, &node.key);
        json.push(b':');
        let column = node.column.and_then(|column| columns.get(column));
        let cell = column.map(|column| (column, cells.get(column.index)));
        let is_there = if let Some((column, cell)) = cell.filter(|(_, cell)| !cell.is_empty()) {
            let ty = column.typing.under(action);
            let after = json.len();
            if write_members(&node.members, columns, cells, action, json)? {
                return Err(Fault::Twice.of(&column.name));
            }
            json.truncate(after);
            write_cell(cell, ty, json).map_err(|fault| fault.of(&column.name))?;
            true
        } else {
            write_members(&node.members, columns, cells, action, json)?
        };
        if is_there {
            is_empty = false;
        } else {
            json.truncate(start);
        }
    }
    json.push(b'}');
    Ok(!is_empty)
}

fn write_cell(cell: &[u8], ty: Option<FieldType>, json: &mut Vec<u8>) -> Result<(), Fault> {
    let text = std::str::from_utf8(cell).map_err(|_| Fault::NotUtf8)?;
    match ty {
        Some(ty @ (FieldType::Number | FieldType::Integer)) => {
            number(text).ok_or(Fault::Type(ty))?;
            json.extend_from_slice(cell);
        }
        Some(ty @ FieldType::Boolean) => {
            let value = boolean(text).ok_or(Fault::Type(ty))?;
            json.extend_from_slice(if value { b"true" } else { b"false" });
        }
        None | Some(FieldType::String | FieldType::Timestamp) => {
            let _ = serde_json::to_writer(&mut *json, text);
        }
        Some(ty) => {
            let is_list = ty.items().is_some();
            let text = text.trim();
            let is_right = text.starts_with(if is_list { '[' } else { '{' });
            // One value and nothing after it, or a cell could say something about others.
            if !is_right || serde_json::from_str::<IgnoredAny>(text).is_err() {
                return Err(Fault::Type(ty));
            }
            json.extend_from_slice(text.as_bytes());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actra::UnknownFields;

    const SCHEMA: &str = "
version: 1
common: {fields: {tenant: string}}
actions:
  refund:
    fields:
      amount: {type: number, min: 0}
      count: integer
      at: timestamp
      fast: boolean
      customer: {type: object, fields: {tier: {type: string, required: true}, age: integer}}
      labels: {type: map, values: string}
      tags: {type: list, items: string}
  note: {fields: {amount: string}}
actor: {fields: {role: string}}
";
    const RULES: &str = "
version: 2
rules:
  - {id: old, scope: {action: refund}, when: action.at < \"2020-01-01T00:00:00Z\", effect: block}
  - {id: fast, scope: {action: refund}, when: action.fast == true, effect: block}
  - {id: vip, scope: {action: refund}, when: action.customer.tier == vip, effect: require_approval}
  - {id: app, scope: {action: refund}, when: {all: ['action.labels[\"app/name\"] exists', 'action.labels[\"app/name\"] == shop']}, effect: require_approval}
  - {id: many, scope: {action: refund}, when: action.count > 3, effect: block}
  - {id: small, scope: {action: refund}, when: action.amount <= 100, effect: allow}
  - {id: text, scope: {action: note}, when: action.amount == \"7\", effect: allow}
";

    fn policy() -> Policy {
        Policy::from_strings(SCHEMA, RULES, None).unwrap()
    }

    fn plan(policy: &Policy, names: &[&str]) -> Plan {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).enumerate().collect();
        Plan::new(policy, &names).unwrap()
    }

    fn decide(policy: &Policy, plan: &Plan, row: &[&str]) -> String {
        let text = row.concat();
        let ends: Vec<usize> = row
            .iter()
            .scan(0, |end, cell| {
                *end += cell.len();
                Some(*end)
            })
            .collect();
        let mut evaluator = policy.evaluator(UnknownFields::Ignore);
        let mut decider = Decider::new(policy, plan);
        let cells = Cells { text: text.as_bytes(), ends: &ends };
        match decider.decide(cells, &mut evaluator) {
            Ok((effect, rule)) => {
                let rule = rule.and_then(|id| policy.program().rule(id));
                let rule = rule.map_or("-", |rule| policy.program().text(rule.id));
                format!("{} {rule}", effect.as_str())
            }
            Err(error) => format!("{} {}", error.code.as_str(), error.field.unwrap_or_default()),
        }
    }

    #[test]
    fn plain_cells_decide_alike_by_slots_and_by_json() {
        let policy = policy();
        let names = [
            "action.type",
            "action.amount",
            "action.count",
            "action.at",
            "action.fast",
            "action.customer.tier",
            "action.customer.age",
            "actor.role",
            "action.tenant",
        ];
        let slots = plan(&policy, &names);
        assert!(matches!(slots.way, Way::Slots));
        let json = plan(&policy, &names).by_json(&policy);
        let pools: [&[&str]; 9] = [
            &["refund", "note", "", "other"],
            &["", "20", "-1", "1e3", "1e999", "0.5", "07", "7", "x", "99999999999999999999", " 1"],
            &["", "1", "4", "4.0", "4.5", "99999999999999999999", "1_0"],
            &["", "2019-01-01T00:00:00Z", "2024-01-01T00:00:00+02:00", "yesterday"],
            &["", "true", "True", "FALSE", "1"],
            &["", "vip", "basic", "\"}"],
            &["", "3", "x"],
            &["", "support"],
            &["", "acme"],
        ];
        let mut seen = std::collections::BTreeSet::new();
        let mut state = 7_u64;
        for _ in 0..20_000 {
            let row = pools.map(|pool| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                pool[(state >> 33) as usize % pool.len()]
            });
            let answer = decide(&policy, &slots, &row);
            assert_eq!(answer, decide(&policy, &json, &row), "{row:?}");
            seen.insert(answer);
        }
        for answer in [
            "allow small",
            "allow text",
            "block old",
            "block fast",
            "block many",
            "require_approval vip",
            "wrong_type action.amount",
            "below_min action.amount",
            "not_finite action.amount",
            "out_of_range action.amount",
            "wrong_type action.count",
            "wrong_type action.fast",
            "unknown_action action.type",
            "missing_required action.customer.tier",
        ] {
            assert!(seen.contains(answer), "{answer} is not in {seen:?}");
        }
    }

    #[test]
    fn lists_objects_and_entries_are_read_as_json() {
        let policy = policy();
        let names = [
            "action.type",
            "action.amount",
            "action.at",
            "action.fast",
            "action.count",
            "action.customer",
            "action.customer.tier",
            "action.labels.app/name",
            "action.tags",
        ];
        let plan = plan(&policy, &names);
        let with = |customer: &str, tier: &str, app: &str, tags: &str| {
            let row =
                ["refund", "20", "2024-01-01T00:00:00Z", "false", "1", customer, tier, app, tags];
            decide(&policy, &plan, &row)
        };
        for (row, answer) in [
            (["", "vip", "", ""], "require_approval vip"),
            (["{\"tier\": \"vip\"}", "", "", ""], "require_approval vip"),
            (["{\"tier\": \"vip\"}", "vip", "", ""], "duplicate_key action.customer"),
            (["", "basic", "shop", ""], "require_approval app"),
            (["", "basic", "mail", "[\"a\"]"], "allow small"),
            (["", "basic", "mail", "a"], "wrong_type action.tags"),
            (["", "basic", "mail", "[1]"], "wrong_type action.tags"),
            (["", "basic", "mail", "[], \"amount\": 3"], "wrong_type action.tags"),
            (["[]", "", "mail", ""], "wrong_type action.customer"),
            (["{}", "", "mail", ""], "missing_required action.customer.tier"),
        ] {
            let [customer, tier, app, tags] = row;
            assert_eq!(with(customer, tier, app, tags), answer, "{row:?}");
        }
    }

    #[test]
    fn columns_are_fields_by_every_spelling() {
        let policy = policy();
        for (name, path) in [
            ("action.type", Some(vec!["action", "type"])),
            ("action.customer.tier", Some(vec!["action", "customer", "tier"])),
            ("action.labels[\"app/name\"]", Some(vec!["action", "labels", "app/name"])),
            ("action.labels['x.y']", Some(vec!["action", "labels", "x.y"])),
            ("action.labels.x.y", Some(vec!["action", "labels", "x.y"])),
            ("action", Some(vec!["action"])),
            ("action.amout", None),
            ("action.customer.name", None),
            ("actions.amount", None),
            ("amount", None),
            ("", None),
        ] {
            let found = columns::resolve(&policy, name).map(|target| target.path);
            let path = path.map(|path| path.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(found, path, "{name}");
        }
        let twice = [(0, "action.labels.a".to_owned()), (1, "action.labels['a']".to_owned())];
        assert!(Plan::new(&policy, &twice).is_err());
    }
}
