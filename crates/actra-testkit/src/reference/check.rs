//! Input errors: limits, and inputs held against the schema.

use super::field::Input;
use super::number::{Number, double_of_digits};
use super::{Code, InputError, MAX_DEPTH, MAX_LIST_ITEMS, MAX_STRING_BYTES, Options, timestamp};
use crate::Value;
use actra_compiler::model::{
    CheckedPolicy, Domain, Field, FieldType, InputMode, LanguageVersion, ListType, Literal,
    ScalarKind, ScalarType,
};
use std::cmp::Ordering;

/// Where a fault stands in the order in which faults lead: "the domains themselves, `action.type`,
/// then fields by group (`common`, the action's, actor, snapshot) and in it by name, unknown
/// fields last". In version 1 other actions' fields come after the action's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Common,
    Action,
    OtherActions,
    Actor,
    Snapshot,
    /// What breaks a limit in a field that the schema does not name.
    Oversized(Place),
    Unknown(Place),
}

/// Where a field is that the schema does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Action,
    Actor,
    Snapshot,
    Outside,
}

#[derive(Debug)]
struct Fault {
    group: Group,
    /// The field that is the fault's place in the order: of an entry, the map.
    place: String,
    field: String,
    code: Code,
}

/// The first fault of an input, if it has one.
pub(super) fn check(
    policy: &CheckedPolicy,
    context: &Value,
    options: Options,
) -> Result<(), InputError> {
    check_tree(context, "", 1)?;
    check_domains(context)?;
    let input = Input::new(policy, context);
    check_action_type(&input)?;

    let mut faults = Vec::new();
    field_faults(&input, &mut faults);
    undeclared_faults(&input, options, &mut faults);
    faults.sort_by(|a, b| (a.group, &a.place, &a.field).cmp(&(b.group, &b.place, &b.field)));
    match faults.into_iter().next() {
        Some(fault) => Err(InputError::at(fault.code, fault.field)),
        None => Ok(()),
    }
}

/// "JSON or YAML text ... 64 levels; the same key twice in one object": whatever reads the text
/// meets these before anything else, so they lead.
fn check_tree(value: &Value, name: &str, level: usize) -> Result<(), InputError> {
    match value {
        Value::List(_) | Value::Object(_) if level > MAX_DEPTH => {
            Err(InputError::new(Code::TooDeep, None))
        }
        Value::List(items) => items.iter().try_for_each(|item| check_tree(item, name, level + 1)),
        Value::Object(entries) => {
            let mut seen = std::collections::BTreeSet::new();
            for (key, value) in entries {
                let inner = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                if !seen.insert(key) {
                    return Err(InputError::at(Code::DuplicateKey, inner));
                }
                check_tree(value, &inner, level + 1)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// "A domain is not an object" is malformed, `null` included.
fn check_domains(context: &Value) -> Result<(), InputError> {
    if !matches!(context, Value::Object(_)) {
        return Err(InputError::new(Code::Malformed, None));
    }
    for domain in [Domain::Action, Domain::Actor, Domain::Snapshot] {
        match context.entry(domain.as_str()) {
            None | Some(Value::Object(_)) => {}
            Some(_) => return Err(InputError::at(Code::Malformed, domain.as_str())),
        }
    }
    Ok(())
}

/// "`action.type` missing is `missing_required`, not in the schema `unknown_action`."
fn check_action_type(input: &Input<'_>) -> Result<(), InputError> {
    let fault = |code| Err(InputError::at(code, "action.type"));
    let mode = input.policy.settings.inputs;
    let version = input.version();
    let value = entry(input.domain(Domain::Action), "type");
    let built_in = ScalarType::plain(ScalarKind::String);
    if let Some(code) = value.and_then(|value| scalar_fault(version, mode, &built_in, value)) {
        return fault(code);
    }
    if mode == InputMode::Unchecked {
        // "An `action.type` that is missing or not in the schema leaves the rules without an
        // action scope."
        return Ok(());
    }
    let Some(value) = value.filter(|value| **value != Value::Null) else {
        return fault(Code::MissingRequired);
    };
    if input.action.is_none() {
        return fault(Code::UnknownAction);
    }
    let declared = input.declared(Domain::Action).into_iter().find(|field| field.name == "type");
    if let Some(Field { ty: FieldType::Scalar(ty), .. }) = declared
        && let Some(code) = scalar_fault(version, mode, ty, value)
    {
        return fault(code);
    }
    Ok(())
}

fn entry<'a>(entries: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    entries.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn field_faults(input: &Input<'_>, faults: &mut Vec<Fault>) {
    let schema = &input.policy.schema;
    let action = input.domain(Domain::Action);
    let own = input.action.map(|action| action.fields.as_slice()).unwrap_or_default();
    let mut walk = Walk { input, group: Group::Common, only_version_1_scalars: false, faults };

    walk.fields("action", &schema.common, action);
    walk.group = Group::Action;
    walk.fields("action", own, action);

    if input.version() == LanguageVersion::V1 {
        // "`null`, a list or an object in a declared scalar field is an input error", also where
        // the field is declared for another action only.
        walk.group = Group::OtherActions;
        walk.only_version_1_scalars = true;
        let here = input.declared(Domain::Action);
        for other in &schema.actions {
            let others: Vec<Field> = other
                .fields
                .iter()
                .filter(|field| here.iter().all(|known| known.name != field.name))
                .cloned()
                .collect();
            walk.fields("action", &others, action);
        }
        walk.only_version_1_scalars = false;
    }

    walk.group = Group::Actor;
    let actor = input.domain(Domain::Actor);
    walk.fields("actor", &schema.actor, actor);
    if schema.actor.iter().all(|field| field.name != "type") {
        // "Both `type` fields can always be read": built in, a string.
        let built_in = Field {
            name: "type".to_owned(),
            ty: FieldType::Scalar(ScalarType::plain(ScalarKind::String)),
            required: false,
            description: None,
        };
        walk.fields("actor", &[built_in], actor);
    }
    walk.group = Group::Snapshot;
    walk.fields("snapshot", &schema.snapshot, input.domain(Domain::Snapshot));
}

struct Walk<'a, 'b> {
    input: &'a Input<'a>,
    group: Group,
    /// Other actions' fields: only what version 1 says of declared scalars.
    only_version_1_scalars: bool,
    faults: &'b mut Vec<Fault>,
}

impl Walk<'_, '_> {
    fn fault(&mut self, code: Code, field: String) {
        self.faults.push(Fault { group: self.group, place: field.clone(), field, code });
    }

    fn fields(&mut self, prefix: &str, fields: &[Field], entries: &[(String, Value)]) {
        let version = self.input.version();
        let mode = if self.only_version_1_scalars {
            InputMode::Unchecked
        } else {
            self.input.policy.settings.inputs
        };
        for field in fields {
            let name = format!("{prefix}.{}", field.name);
            if name == "action.type" {
                // It has led already.
                continue;
            }
            let present = entry(entries, &field.name);
            if let (FieldType::Scalar(ty), Some(value)) = (&field.ty, present) {
                // Before null is taken for missing: version 1 does not take it so here.
                match scalar_fault(version, mode, ty, value) {
                    // Over a limit it is as any field that this action does not have: at the end.
                    Some(Code::TooLarge) if self.only_version_1_scalars => continue,
                    Some(code) => {
                        self.fault(code, name);
                        continue;
                    }
                    None => {}
                }
            }
            let Some(value) = present.filter(|value| **value != Value::Null) else {
                if field.required && mode == InputMode::Checked {
                    self.fault(Code::MissingRequired, name);
                }
                continue;
            };
            match &field.ty {
                FieldType::Scalar(_) => {}
                FieldType::List(ty) => {
                    if self.only_version_1_scalars {
                        continue;
                    }
                    if let Some(code) = list_fault(version, mode, ty, value) {
                        self.fault(code, name);
                    }
                }
                FieldType::Object(inner) => match value {
                    Value::Object(entries) => self.fields(&name, inner, entries),
                    _ if self.only_version_1_scalars => {}
                    _ => self.no_object(mode, name, value),
                },
                FieldType::Map(kind) => match value {
                    Value::Object(entries) => self.map(mode, &name, *kind, entries),
                    _ => self.no_object(mode, name, value),
                },
            }
        }
    }

    fn no_object(&mut self, mode: InputMode, name: String, value: &Value) {
        if mode == InputMode::Checked {
            self.fault(Code::WrongType, name);
        } else if is_oversized(value) {
            self.fault(Code::TooLarge, name);
        }
    }

    /// Of several faulty entries the one with the smallest key is told.
    fn map(&mut self, mode: InputMode, name: &str, kind: ScalarKind, entries: &[(String, Value)]) {
        if self.only_version_1_scalars {
            return;
        }
        let ty = ScalarType::plain(kind);
        let mut faulty: Vec<(&String, Code)> = entries
            .iter()
            // A null entry is missing; "declared scalar fields" of version 1 have names.
            .filter(|(_, value)| *value != Value::Null)
            .filter_map(|(key, value)| match mode {
                InputMode::Checked => {
                    Some((key, scalar_fault(self.input.version(), mode, &ty, value)?))
                }
                InputMode::Unchecked => Some((key, unchecked_fault(self.input.version(), value)?)),
            })
            .collect();
        faulty.sort();
        if let Some((key, code)) = faulty.first() {
            let quote = if key.contains('"') { '\'' } else { '"' };
            let field = format!("{name}[{quote}{key}{quote}]");
            let place = name.to_owned();
            self.faults.push(Fault { group: self.group, place, field, code: *code });
        }
    }
}

/// What is wrong with a scalar field's value; a `null` is missing and nothing is wrong with it,
/// but in version 1.
fn scalar_fault(
    version: LanguageVersion,
    mode: InputMode,
    ty: &ScalarType,
    value: &Value,
) -> Option<Code> {
    if version == LanguageVersion::V1
        && matches!(value, Value::Null | Value::List(_) | Value::Object(_))
    {
        return Some(Code::WrongType);
    }
    if *value == Value::Null {
        return None;
    }
    match mode {
        InputMode::Checked => {
            kind_fault(ty.kind, value).or_else(|| constraint_fault(version, ty, value))
        }
        InputMode::Unchecked => unchecked_fault(version, value),
    }
}

/// "Unchecked: declared types and constraints bind nothing at run time"; limits do, and in version
/// 1 an integer that no double comes near is out of range.
fn unchecked_fault(version: LanguageVersion, value: &Value) -> Option<Code> {
    if version == LanguageVersion::V1 && has_infinite_integer(value) {
        return Some(Code::OutOfRange);
    }
    is_oversized(value).then_some(Code::TooLarge)
}

fn has_infinite_integer(value: &Value) -> bool {
    match value {
        Value::BigInt(digits) => double_of_digits(digits).is_infinite(),
        Value::List(items) => items.iter().any(has_infinite_integer),
        _ => false,
    }
}

/// "A string 1 MiB, a list 65,536 items."
fn is_oversized(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() > MAX_STRING_BYTES,
        Value::List(items) => items.len() > MAX_LIST_ITEMS || items.iter().any(is_oversized),
        Value::Object(entries) => entries.iter().any(|(_, value)| is_oversized(value)),
        _ => false,
    }
}

/// "A wrong type, a non-finite number, an integer outside 64 bits"; "`5.5` as an integer
/// `wrong_type`, `1e300` `out_of_range`".
fn kind_fault(kind: ScalarKind, value: &Value) -> Option<Code> {
    match (kind, value) {
        (ScalarKind::String, Value::String(text)) => {
            (text.len() > MAX_STRING_BYTES).then_some(Code::TooLarge)
        }
        (ScalarKind::Boolean, Value::Bool(_)) => None,
        (ScalarKind::Timestamp, Value::String(text)) => {
            timestamp::parse(text).is_none().then_some(Code::WrongType)
        }
        (ScalarKind::Number | ScalarKind::Integer, Value::Int(_)) => None,
        (ScalarKind::Number | ScalarKind::Integer, Value::BigInt(_)) => Some(Code::OutOfRange),
        (ScalarKind::Number | ScalarKind::Integer, Value::Float(value)) if !value.is_finite() => {
            Some(Code::NotFinite)
        }
        (ScalarKind::Number, Value::Float(_)) => None,
        (ScalarKind::Integer, Value::Float(value)) if value.fract() != 0.0 => Some(Code::WrongType),
        (ScalarKind::Integer, Value::Float(value)) => {
            Number::Double(*value).as_integer().is_none().then_some(Code::OutOfRange)
        }
        _ => Some(Code::WrongType),
    }
}

/// "A value outside its constraints."
fn constraint_fault(version: LanguageVersion, ty: &ScalarType, value: &Value) -> Option<Code> {
    let number = Number::of_value(version, value);
    let is_literal = |literal: &Literal| match (literal, value) {
        (Literal::String(allowed), Value::String(text)) => allowed == text,
        _ => match (Number::of_literal(literal), number) {
            (Some(allowed), Some(number)) => allowed.equals(number),
            _ => false,
        },
    };
    let order = |bound: &Option<Literal>| {
        let bound = bound.as_ref().and_then(Number::of_literal)?;
        number?.compare(bound)
    };
    if ty.allowed.as_ref().is_some_and(|allowed| !allowed.iter().any(is_literal)) {
        return Some(Code::NotInEnum);
    }
    if order(&ty.min) == Some(Ordering::Less) {
        return Some(Code::BelowMin);
    }
    if order(&ty.max) == Some(Ordering::Greater) {
        return Some(Code::AboveMax);
    }
    if let (Some(most), Value::String(text)) = (ty.max_length, value) {
        // "`max_length` (string: code points; list: items)".
        if text.chars().count() as u64 > most {
            return Some(Code::TooLong);
        }
    }
    None
}

/// What is wrong with a list; of its items' faults and its own the first by code.
fn list_fault(
    version: LanguageVersion,
    mode: InputMode,
    ty: &ListType,
    value: &Value,
) -> Option<Code> {
    if mode == InputMode::Unchecked {
        return unchecked_fault(version, value);
    }
    let Value::List(items) = value else { return Some(Code::WrongType) };
    let mut codes = Vec::new();
    for item in items {
        // "A list with a null or wrongly typed item is wrongly typed as a whole."
        codes.extend(if *item == Value::Null {
            Some(Code::WrongType)
        } else {
            scalar_fault(version, mode, &ty.items, item)
        });
    }
    if items.len() > MAX_LIST_ITEMS {
        codes.push(Code::TooLarge);
    }
    if ty.max_length.is_some_and(|most| items.len() as u64 > most) {
        codes.push(Code::TooLong);
    }
    if ty.unique && codes.is_empty() && has_duplicate(version, items) {
        codes.push(Code::NotUnique);
    }
    codes.into_iter().min()
}

fn has_duplicate(version: LanguageVersion, items: &[Value]) -> bool {
    items.iter().enumerate().any(|(index, item)| {
        items.iter().skip(index + 1).any(|other| {
            match (Number::of_value(version, item), Number::of_value(version, other)) {
                (Some(a), Some(b)) => a.equals(b),
                _ => item == other,
            }
        })
    })
}

/// Whether a checked input may have that value in a scalar field of that type.
pub fn fits_scalar(version: LanguageVersion, ty: &ScalarType, value: &Value) -> bool {
    *value != Value::Null && scalar_fault(version, InputMode::Checked, ty, value).is_none()
}

/// Whether a checked input may have that value in a list field of that type.
pub fn fits_list(version: LanguageVersion, ty: &ListType, value: &Value) -> bool {
    list_fault(version, InputMode::Checked, ty, value).is_none()
}

/// "Fields that the schema does not name are ignored unless the caller asks for them to be
/// refused"; limits hold for them all the same.
fn undeclared_faults(input: &Input<'_>, options: Options, faults: &mut Vec<Fault>) {
    let domains = [
        (Domain::Action, Place::Action),
        (Domain::Actor, Place::Actor),
        (Domain::Snapshot, Place::Snapshot),
    ];
    let mut found = Vec::new();
    for (domain, place) in domains {
        let declared: Vec<Field> = input.declared(domain).into_iter().cloned().collect();
        let has_type = domain != Domain::Snapshot;
        undeclared_in(
            domain.as_str(),
            &declared,
            has_type,
            input.domain(domain),
            &mut |name, value| {
                found.push((place, name, is_oversized(value)));
            },
        );
    }
    if let Value::Object(entries) = input.context {
        for (key, value) in entries {
            if !["action", "actor", "snapshot"].contains(&key.as_str()) {
                found.push((Place::Outside, key.clone(), is_oversized(value)));
            }
        }
    }
    for (place, field, is_oversized) in found {
        if is_oversized {
            faults.push(Fault {
                group: Group::Oversized(place),
                place: field.clone(),
                field: field.clone(),
                code: Code::TooLarge,
            });
        }
        if options.refuse_unknown {
            let group = Group::Unknown(place);
            faults.push(Fault { group, place: field.clone(), field, code: Code::UnknownField });
        }
    }
}

fn undeclared_in(
    prefix: &str,
    declared: &[Field],
    has_type: bool,
    entries: &[(String, Value)],
    found: &mut dyn FnMut(String, &Value),
) {
    for (key, value) in entries {
        let name = format!("{prefix}.{key}");
        match declared.iter().find(|field| field.name == *key) {
            Some(Field { ty: FieldType::Object(inner), .. }) => {
                if let Value::Object(entries) = value {
                    undeclared_in(&name, inner, false, entries, found);
                }
            }
            Some(_) => {}
            None if has_type && key == "type" => {}
            None => found(name, value),
        }
    }
}
