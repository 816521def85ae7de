//! Version 1 as the `actra` 0.7.8 package knows it: flat fields of three types, four operators,
//! conditions of one level. Whatever stands in these documents, the package compiles them too, and
//! decides as this project does.

use super::rng::Rng;
use super::{Documents, Style, atoms, documents, pools};
use crate::Value;
use actra_compiler::model::{
    Action, Atom, CheckedPolicy, Condition, Domain, Effect, Field, FieldRef, FieldType,
    LanguageVersion, Literal, Mode, Operand, Operator, Place, Rule, ScalarKind, ScalarType, Schema,
    Scope, Settings,
};

const NAMES: &[&str] =
    &["amount", "total", "role", "note", "express", "flag", "customer.tier", "x y", "déjà"];
const ACTIONS: &[&str] = &["refund", "payout", "tools/call", "5"];
const KINDS: &[ScalarKind] = &[ScalarKind::String, ScalarKind::Number, ScalarKind::Boolean];
const TEXTS: &[&str] = &["USD", "EUR", "usd", "lead", "", "5", "true", "e\u{301}", "é", "it's"];
const NUMBERS: &[f64] = &[
    0.0,
    1.0,
    -1.0,
    5.0,
    10.0,
    999.0,
    1000.0,
    1001.0,
    0.5,
    999.99,
    1e300,
    5e-324,
    9_007_199_254_740_992.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

/// Documents that both the package and this project compile, and what they mean.
pub fn version_1_package_subset(seed: u64) -> (Documents, CheckedPolicy) {
    let mut rng = Rng::new(seed ^ 0x0078_0078);
    let mut actions: Vec<Action> = rng
        .some_of(ACTIONS, 60)
        .into_iter()
        .map(|name| Action { name: name.to_owned(), fields: fields(&mut rng), description: None })
        .collect();
    actions.sort_by(|a, b| a.name.cmp(&b.name));
    let schema =
        Schema { common: Vec::new(), actions, actor: fields(&mut rng), snapshot: fields(&mut rng) };
    let count = rng.below(7);
    let rules = (0..count).map(|index| rule(&mut rng, &schema, index)).collect();
    let version = LanguageVersion::V1;
    let policy = CheckedPolicy { version, settings: Settings::defaults(version), schema, rules };
    (documents(&policy, Style::Package, seed), policy)
}

fn fields(rng: &mut Rng) -> Vec<Field> {
    let mut names = rng.some_of(NAMES, 45);
    names.sort_unstable();
    names
        .into_iter()
        .map(|name| {
            let usual = match name {
                "amount" | "total" => ScalarKind::Number,
                "express" | "flag" => ScalarKind::Boolean,
                _ => ScalarKind::String,
            };
            let kind = if rng.percent(85) { usual } else { *rng.pick(KINDS) };
            let ty = FieldType::Scalar(ScalarType::plain(kind));
            Field { name: name.to_owned(), ty, required: false, description: None }
        })
        .collect()
}

fn rule(rng: &mut Rng, schema: &Schema, index: usize) -> Rule {
    let action = rng.percent(65).then(|| rng.pick(&schema.actions).clone());
    let mut readable: Vec<(FieldRef, ScalarKind)> = Vec::new();
    let mut add = |domain: Domain, fields: &[Field]| {
        for field in fields {
            if let FieldType::Scalar(ty) = &field.ty {
                readable.push((
                    FieldRef { domain, path: vec![field.name.clone()], key: None },
                    ty.kind,
                ));
            }
        }
    };
    // The package lets rules without an action read no field of it.
    if let Some(action) = &action {
        add(Domain::Action, &action.fields);
    }
    add(Domain::Actor, &schema.actor);
    add(Domain::Snapshot, &schema.snapshot);
    let parts = |rng: &mut Rng| -> Vec<Condition> {
        (0..2 + rng.below(3)).map(|_| atom(rng, &readable)).collect()
    };
    let condition = match rng.below(5) {
        0 => Condition::All(parts(rng)),
        1 => Condition::Any(parts(rng)),
        _ => atom(rng, &readable),
    };
    Rule {
        id: format!("rule_{index}"),
        scope: Scope { actions: action.map(|action| vec![action.name]), actors: None },
        condition: Some(condition),
        effect: *rng.pick(&[Effect::Allow, Effect::Block, Effect::RequireApproval]),
        message: None,
        required_actions: Vec::new(),
        mode: Mode::Enforce,
        tags: Vec::new(),
        description: None,
        place: Place::default(),
    }
}

fn atom(rng: &mut Rng, readable: &[(FieldRef, ScalarKind)]) -> Condition {
    let (subject, kind) = rng.pick(readable).clone();
    let operator = match kind {
        ScalarKind::Number => *rng.pick(&[
            Operator::Equals,
            Operator::NotEquals,
            Operator::GreaterThan,
            Operator::LessThan,
        ]),
        _ => *rng.pick(&[Operator::Equals, Operator::NotEquals]),
    };
    let others: Vec<FieldRef> = readable
        .iter()
        .filter(|(_, other)| *other == kind)
        .map(|(field, _)| field.clone())
        .collect();
    let operand = if rng.percent(30) {
        Operand::Field(rng.pick(&others).clone())
    } else {
        Operand::Literal(match kind {
            ScalarKind::Boolean => Literal::Boolean(rng.percent(50)),
            ScalarKind::Number => Literal::Float(*rng.pick(NUMBERS)),
            _ => Literal::String((*rng.pick(TEXTS)).to_owned()),
        })
    };
    let place = Place::default();
    Condition::Atom(Box::new(Atom { quantifier: None, subject, operator, operand, place }))
}

/// An input for such a policy: flat, with every kind of scalar in every field, and seldom what is
/// an input error here and an exception there.
pub fn version_1_package_input(seed: u64, policy: &CheckedPolicy) -> Value {
    let mut rng = Rng::new(seed);
    let literals: Vec<Literal> = policy
        .rules
        .iter()
        .filter_map(|rule| rule.condition.as_ref())
        .flat_map(atoms)
        .filter_map(|atom| match &atom.operand {
            Operand::Literal(literal) => Some(literal.clone()),
            _ => None,
        })
        .collect();
    let mut action = Vec::new();
    if !rng.percent(4) {
        let value = match rng.below(12) {
            0 => any_scalar(&mut rng),
            1 => Value::string("unheard_of"),
            _ => Value::string(rng.pick(&policy.schema.actions).name.clone()),
        };
        action.push(("type".to_owned(), value));
    }
    let declared = match action.first() {
        Some((_, Value::String(name))) => policy.schema.action(name),
        _ => None,
    };
    let action_fields = declared.map(|action| action.fields.as_slice()).unwrap_or_default();
    add_fields(&mut rng, action_fields, &literals, &mut action);
    let mut actor = Vec::new();
    if rng.percent(50) {
        actor.push(("type".to_owned(), Value::string(*rng.pick(pools::ACTORS))));
    }
    add_fields(&mut rng, &policy.schema.actor, &literals, &mut actor);
    let mut snapshot = Vec::new();
    add_fields(&mut rng, &policy.schema.snapshot, &literals, &mut snapshot);
    let mut top = vec![("action", action), ("actor", actor), ("snapshot", snapshot)];
    if rng.percent(5) {
        let gone = rng.below(3);
        top.remove(gone);
    }
    Value::object(top.into_iter().map(|(name, entries)| (name, Value::Object(entries))))
}

fn add_fields(
    rng: &mut Rng,
    fields: &[Field],
    literals: &[Literal],
    out: &mut Vec<(String, Value)>,
) {
    for field in fields {
        let FieldType::Scalar(ty) = &field.ty else { continue };
        if rng.percent(12) {
            continue;
        }
        let value = match rng.below(100) {
            0 => rng
                .pick(&[Value::Null, Value::List(vec![]), Value::BigInt("9".repeat(400))])
                .clone(),
            1..=11 => any_scalar(rng),
            12..=60 if !literals.is_empty() => super::schema::of_literal(rng.pick(literals)),
            _ => scalar(rng, ty.kind),
        };
        out.push((field.name.clone(), value));
    }
    if rng.percent(8) {
        // Undeclared, and a scalar: the package refuses all else even there.
        out.push(("surprise".to_owned(), scalar(rng, ScalarKind::Number)));
    }
}

fn scalar(rng: &mut Rng, kind: ScalarKind) -> Value {
    match kind {
        ScalarKind::Boolean => Value::Bool(rng.percent(50)),
        ScalarKind::Number => match rng.below(10) {
            0 => Value::BigInt(
                (*rng.pick(&["18446744073709551616", "-1180591620717411303424"])).to_owned(),
            ),
            1 => Value::Int(9_007_199_254_740_993),
            2..=4 => Value::Int(*rng.pick(&[0, 1, 5, 10, 999, 1000, 1001])),
            _ => Value::Float(*rng.pick(NUMBERS)),
        },
        _ => Value::string(*rng.pick(TEXTS)),
    }
}

fn any_scalar(rng: &mut Rng) -> Value {
    let kind = *rng.pick(KINDS);
    scalar(rng, kind)
}
