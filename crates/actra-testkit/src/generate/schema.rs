//! Schemas.

use super::pools::{self, Flavour, flavour};
use super::rng::Rng;
use crate::Value;
use crate::reference::fits_scalar;
use actra_compiler::model::{
    Action, Field, FieldType, LanguageVersion, ListType, Literal, ScalarKind, ScalarType, Schema,
};

/// What a name usually holds. Now and then it holds something else, so that actions share names
/// with different types.
#[derive(Clone, Copy, Debug)]
enum Usual {
    Scalar(ScalarKind),
    List(ScalarKind),
    Object,
    Map,
}

const NAMES: &[(&str, Usual)] = &[
    ("amount", Usual::Scalar(ScalarKind::Number)),
    ("total", Usual::Scalar(ScalarKind::Number)),
    ("cents", Usual::Scalar(ScalarKind::Integer)),
    ("fee", Usual::Scalar(ScalarKind::Integer)),
    ("currency", Usual::Scalar(ScalarKind::String)),
    ("note", Usual::Scalar(ScalarKind::String)),
    ("url", Usual::Scalar(ScalarKind::String)),
    ("peer", Usual::Scalar(ScalarKind::String)),
    ("path", Usual::Scalar(ScalarKind::String)),
    ("express", Usual::Scalar(ScalarKind::Boolean)),
    ("on_call", Usual::Scalar(ScalarKind::Boolean)),
    ("at", Usual::Scalar(ScalarKind::Timestamp)),
    ("due", Usual::Scalar(ScalarKind::Timestamp)),
    ("tags", Usual::List(ScalarKind::String)),
    ("hosts", Usual::List(ScalarKind::String)),
    ("dirs", Usual::List(ScalarKind::String)),
    ("scores", Usual::List(ScalarKind::Number)),
    ("ids", Usual::List(ScalarKind::Integer)),
    ("customer", Usual::Object),
    ("labels", Usual::Map),
    ("odd name", Usual::Scalar(ScalarKind::String)),
    ("größe", Usual::Scalar(ScalarKind::Number)),
];

const INNER_NAMES: &[(&str, Usual)] = &[
    ("tier", Usual::Scalar(ScalarKind::String)),
    ("level", Usual::Scalar(ScalarKind::Integer)),
    ("since", Usual::Scalar(ScalarKind::Timestamp)),
    ("vip", Usual::Scalar(ScalarKind::Boolean)),
    ("groups", Usual::List(ScalarKind::String)),
    ("home", Usual::Object),
    ("meta", Usual::Map),
];

const ACTIONS: &[&str] = &["refund", "payout", "tools/call", "s3:PutObject", "delete user"];

/// Where a field stands: this decides what it may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// Directly on an action or in `common`.
    Action,
    /// Directly on the actor or the snapshot.
    State,
    /// Inside an object.
    Inner,
}

pub(super) fn schema(rng: &mut Rng, version: LanguageVersion) -> Schema {
    let names = rng.some_of(ACTIONS, 55);
    let mut common =
        if rng.percent(60) { fields(rng, version, NAMES, 15, Level::Action) } else { Vec::new() };
    if rng.percent(8) {
        // A redeclared `action.type`, sometimes with every action's name.
        let mut ty = ScalarType::plain(ScalarKind::String);
        if rng.percent(50) {
            ty.allowed =
                Some(names.iter().map(|name| Literal::String((*name).to_owned())).collect());
        }
        common.push(type_field(ty, rng.percent(50)));
    }
    let mut actions: Vec<Action> = names
        .iter()
        .map(|name| {
            let mut own = fields(rng, version, NAMES, 45, Level::Action);
            // "A field stands in `common` or in an action, not in both."
            own.retain(|field| common.iter().all(|shared| shared.name != field.name));
            Action {
                name: (*name).to_owned(),
                fields: own,
                description: rng.percent(15).then(|| format!("To {name}.")),
            }
        })
        .collect();
    let mut actor = fields(rng, version, NAMES, 25, Level::State);
    if rng.percent(20) {
        let mut ty = ScalarType::plain(ScalarKind::String);
        if rng.percent(50) {
            ty.allowed = Some(
                pools::ACTORS.iter().map(|name| Literal::String((*name).to_owned())).collect(),
            );
        }
        actor.push(type_field(ty, rng.percent(40)));
    }
    let mut snapshot = fields(rng, version, NAMES, 25, Level::State);
    if rng.percent(10) {
        // Built in elsewhere, ordinary here.
        snapshot.push(type_field(ScalarType::plain(ScalarKind::String), false));
    }
    for fields in [&mut common, &mut actor, &mut snapshot] {
        fields.sort_by(|a, b| a.name.cmp(&b.name));
    }
    actions.sort_by(|a, b| a.name.cmp(&b.name));
    Schema { common, actions, actor, snapshot }
}

fn type_field(ty: ScalarType, required: bool) -> Field {
    Field { name: "type".to_owned(), ty: FieldType::Scalar(ty), required, description: None }
}

fn fields(
    rng: &mut Rng,
    version: LanguageVersion,
    names: &[(&str, Usual)],
    percent: usize,
    level: Level,
) -> Vec<Field> {
    let mut out = Vec::new();
    for (name, usual) in rng.some_of(names, percent) {
        out.push(field(rng, version, name, usual, level));
    }
    if version == LanguageVersion::V1 && level != Level::Inner && rng.percent(10) {
        // "In version 1 a declared name with a dot reads the key spelled so."
        let usual = Usual::Scalar(*rng.pick(&[ScalarKind::String, ScalarKind::Number]));
        out.push(field(rng, version, "geo.zone", usual, level));
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

fn field(rng: &mut Rng, version: LanguageVersion, name: &str, usual: Usual, level: Level) -> Field {
    let usual = if rng.percent(88) { usual } else { rng.pick(NAMES).1 };
    let about = flavour(name);
    let mut ty = match usual {
        Usual::Scalar(kind) => FieldType::Scalar(scalar(rng, version, kind, about)),
        Usual::List(items) => FieldType::List(ListType {
            items: scalar(rng, version, items, about),
            max_length: rng.percent(15).then(|| 2 + rng.below(4) as u64),
            unique: rng.percent(20),
        }),
        Usual::Object => {
            let deeper: Vec<(&str, Usual)> = INNER_NAMES
                .iter()
                .copied()
                .filter(|(_, usual)| level != Level::Inner || !matches!(usual, Usual::Object))
                .collect();
            FieldType::Object(fields(rng, version, &deeper, 45, Level::Inner))
        }
        Usual::Map => FieldType::Map(*rng.pick(&[
            ScalarKind::String,
            ScalarKind::String,
            ScalarKind::Integer,
            ScalarKind::Number,
            ScalarKind::Boolean,
            ScalarKind::Timestamp,
        ])),
    };
    let required = rng.percent(18);
    if let FieldType::Scalar(scalar) = &mut ty
        && level == Level::Action
        && !required
        && rng.percent(15)
    {
        let default = pools::literal(rng, version, scalar, about);
        if fits_scalar(version, scalar, &of_literal(&default)) {
            scalar.default = Some(default);
        }
    }
    let description = rng.percent(5).then(|| format!("The {name}: what else?"));
    Field { name: name.to_owned(), ty, required, description }
}

/// A scalar type, plain more often than not; its constraints fit each other.
fn scalar(rng: &mut Rng, version: LanguageVersion, kind: ScalarKind, about: Flavour) -> ScalarType {
    let mut ty = ScalarType::plain(kind);
    match kind {
        ScalarKind::String => {
            if about == Flavour::Text && rng.percent(25) {
                let plain = ty.clone();
                ty.allowed = Some(pools::literals(rng, version, &plain, about));
            } else if rng.percent(12) {
                ty.max_length = Some(2 + rng.below(8) as u64);
            }
        }
        ScalarKind::Number | ScalarKind::Integer => {
            if rng.percent(15) {
                let plain = ty.clone();
                ty.allowed = Some(pools::literals(rng, version, &plain, about));
            } else {
                let low = rng.percent(18);
                let high = rng.percent(18);
                if low {
                    ty.min = Some(pools::integer_literal(version, *rng.pick(&[-1, 0, 1])));
                }
                if high {
                    ty.max = Some(match kind {
                        ScalarKind::Number if rng.percent(30) => Literal::Float(999.99),
                        _ => pools::integer_literal(version, *rng.pick(&[10, 1000, 1_000_000])),
                    });
                }
            }
        }
        ScalarKind::Boolean | ScalarKind::Timestamp => {}
    }
    ty
}

/// A literal as an input would have it.
pub(super) fn of_literal(literal: &Literal) -> Value {
    match literal {
        Literal::String(text) => Value::String(text.clone()),
        Literal::Integer(value) => Value::Int(*value),
        Literal::Float(value) => Value::Float(*value),
        Literal::Boolean(value) => Value::Bool(*value),
        Literal::Timestamp(instant) => {
            Value::String(crate::reference::timestamp::format(*instant).unwrap_or_default())
        }
    }
}
