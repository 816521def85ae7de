//! Inputs for a policy: mostly what it was written for, and around the edges of it.

use super::atoms;
use super::pools::{self, Flavour, flavour};
use super::rng::Rng;
use super::schema::of_literal;
use crate::Value;
use crate::reference::{MAX_LIST_ITEMS, MAX_STRING_BYTES, fits_list, fits_scalar, timestamp};
use actra_compiler::model::{
    Addend, Atom, CheckedPolicy, Domain, Field, FieldRef, FieldType, InputMode, LanguageVersion,
    ListType, Operand, ScalarKind, ScalarType, Sign,
};

/// An input for the policy.
pub fn input(seed: u64, policy: &CheckedPolicy) -> Value {
    let mut rng = Rng::new(seed);
    let faults = match policy.settings.inputs {
        // Most inputs are to be decided; a fault in a checked one ends it.
        InputMode::Checked => Faults { junk_per_mille: 12, absent_required: 1 },
        InputMode::Unchecked => Faults { junk_per_mille: 90, absent_required: 25 },
    };
    let hints = hints(policy);
    let mut maker = Maker { rng: &mut rng, policy, faults, hints };
    maker.context()
}

#[derive(Clone, Copy)]
struct Faults {
    junk_per_mille: usize,
    /// In a hundred.
    absent_required: usize,
}

/// The policy's own literals: for each the path of the field that it is held against.
fn hints(policy: &CheckedPolicy) -> Vec<(Vec<String>, Value)> {
    let mut out = Vec::new();
    for condition in policy.rules.iter().filter_map(|rule| rule.condition.as_ref()) {
        for Atom { subject, operand, .. } in atoms(condition) {
            let literals = match operand {
                Operand::Literal(literal) => std::slice::from_ref(literal),
                Operand::Literals(literals) => literals.as_slice(),
                Operand::None | Operand::Field(_) | Operand::Sum { .. } => &[],
            };
            out.extend(literals.iter().map(|literal| (subject.path.clone(), of_literal(literal))));
        }
    }
    out
}

pub(super) struct Maker<'a> {
    pub(super) rng: &'a mut Rng,
    policy: &'a CheckedPolicy,
    faults: Faults,
    hints: Vec<(Vec<String>, Value)>,
}

impl<'a> Maker<'a> {
    /// One that makes no faults.
    pub(super) fn careful(rng: &'a mut Rng, policy: &'a CheckedPolicy) -> Self {
        let faults = Faults { junk_per_mille: 0, absent_required: 0 };
        Self { rng, policy, faults, hints: Vec::new() }
    }

    fn context(&mut self) -> Value {
        let policy = self.policy;
        let is_checked = policy.settings.inputs == InputMode::Checked;
        let names: Vec<&str> =
            policy.schema.actions.iter().map(|action| action.name.as_str()).collect();
        let wrong = if is_checked { 3 } else { 10 };
        let action_type = if self.rng.percent(wrong) {
            match self.rng.below(4) {
                0 => None,
                1 => Some(Value::string("unheard_of")),
                2 => Some(Value::Null),
                _ => Some(junk(self.rng)),
            }
        } else {
            Some(Value::string(*self.rng.pick(&names)))
        };
        let action = match &action_type {
            Some(Value::String(name)) => policy.schema.action(name),
            _ => None,
        };

        let mut entries: Vec<(String, Value)> = Vec::new();
        entries.extend(action_type.map(|value| ("type".to_owned(), value)));
        let own = action.map(|action| action.fields.as_slice()).unwrap_or_default();
        let fields: Vec<&Field> = policy.schema.common.iter().chain(own).collect();
        self.fields(&fields, &mut Vec::new(), &mut entries);
        if self.rng.percent(12) {
            // A field that another action has.
            let other = self.rng.pick(&policy.schema.actions);
            if !other.fields.is_empty() {
                let field = self.rng.pick(&other.fields);
                if entries.iter().all(|(name, _)| *name != field.name) {
                    self.fields(&[field], &mut Vec::new(), &mut entries);
                }
            }
        }
        let action = Value::Object(entries);
        let actor = self.actor();
        let snapshot = {
            let mut entries = Vec::new();
            let fields: Vec<&Field> = policy.schema.snapshot.iter().collect();
            self.fields(&fields, &mut Vec::new(), &mut entries);
            Value::Object(entries)
        };

        let mut top = vec![
            ("action".to_owned(), action),
            ("actor".to_owned(), actor),
            ("snapshot".to_owned(), snapshot),
        ];
        if self.rng.percent(35) {
            self.meet(&mut top);
        }
        self.strange(&mut top);
        if self.rng.percent(20) {
            top.reverse();
        }
        Value::Object(top)
    }

    /// Gives the left side of one comparison with a field or a sum the right side's value: left to
    /// chance the two would hardly ever be equal.
    fn meet(&mut self, top: &mut [(String, Value)]) {
        let policy = self.policy;
        let comparisons: Vec<&Atom> = policy
            .rules
            .iter()
            .filter_map(|rule| rule.condition.as_ref())
            .flat_map(atoms)
            .filter(|atom| atom.quantifier.is_none() && atom.subject.path.len() == 1)
            .filter(|atom| matches!(atom.operand, Operand::Field(_) | Operand::Sum { .. }))
            .collect();
        if comparisons.is_empty() {
            return;
        }
        let atom = *self.rng.pick(&comparisons);
        let Some(value) = right_side(top, &atom.operand) else { return };
        let name = atom.subject.path.first().map(String::as_str).unwrap_or_default();
        let ty = self.scalar_type(top, atom.subject.domain, name);
        let fits = ty.is_some_and(|ty| fits_scalar(policy.version, &ty, &value));
        let domain = top.iter_mut().find(|(key, _)| key == atom.subject.domain.as_str());
        if let (true, Some((_, Value::Object(entries)))) = (fits, domain) {
            entries.retain(|(key, _)| key != name);
            entries.push((name.to_owned(), value));
        }
    }

    /// The type of a scalar that stands directly in a domain, for the input's action.
    fn scalar_type(
        &self,
        top: &[(String, Value)],
        domain: Domain,
        name: &str,
    ) -> Option<ScalarType> {
        let schema = &self.policy.schema;
        let action = top.iter().find(|(key, _)| key == "action")?.1.entry("type");
        let own = match action {
            Some(Value::String(action)) => schema.action(action),
            _ => None,
        };
        let fields: Vec<&Field> = match domain {
            Domain::Action => {
                schema.common.iter().chain(own.iter().flat_map(|own| &own.fields)).collect()
            }
            Domain::Actor => schema.actor.iter().collect(),
            Domain::Snapshot => schema.snapshot.iter().collect(),
        };
        match &fields.into_iter().find(|field| field.name == name)?.ty {
            FieldType::Scalar(ty) => Some(ty.clone()),
            _ => None,
        }
    }

    fn actor(&mut self) -> Value {
        let mut entries = Vec::new();
        let fields: Vec<&Field> = self.policy.schema.actor.iter().collect();
        if fields.iter().all(|field| field.name != "type") && !self.rng.percent(8) {
            let value = if self.rng.below(1000) < self.faults.junk_per_mille {
                junk(self.rng)
            } else {
                Value::string(*self.rng.pick(pools::ACTORS))
            };
            entries.push(("type".to_owned(), value));
        }
        self.fields(&fields, &mut Vec::new(), &mut entries);
        Value::Object(entries)
    }

    /// What few inputs have: no domain, a domain that is none, keys that nobody knows.
    fn strange(&mut self, top: &mut Vec<(String, Value)>) {
        if self.rng.percent(7) {
            let gone = self.rng.below(3);
            // Without its action a checked input is no input.
            if gone > 0 || self.rng.percent(20) {
                top.remove(gone);
            }
        }
        if self.rng.percent(8)
            && let Some((_, Value::Object(entries))) = top.first_mut()
        {
            entries.push(("surprise".to_owned(), junk(self.rng)));
        }
        if self.rng.percent(3) {
            top.push(("meta".to_owned(), Value::object([("id", Value::Int(1))])));
        }
        match self.rng.below(400) {
            0 | 1 => {
                let index = self.rng.below(top.len());
                if let Some((_, domain)) = top.get_mut(index) {
                    *domain = self
                        .rng
                        .pick(&[
                            Value::Null,
                            Value::List(vec![]),
                            Value::string("x"),
                            Value::Int(5),
                        ])
                        .clone();
                }
            }
            2 => {
                if let Some((_, Value::Object(entries))) = top.last_mut() {
                    entries.push(("twice".to_owned(), Value::Int(1)));
                    entries.push(("twice".to_owned(), Value::Int(2)));
                }
            }
            3 => {
                let mut deep = Value::List(vec![]);
                for _ in 0..MAX_DEPTH_REACHED {
                    deep = Value::List(vec![deep]);
                }
                if let Some((_, Value::Object(entries))) = top.last_mut() {
                    entries.push(("deep".to_owned(), deep));
                }
            }
            _ => {}
        }
    }

    pub(super) fn fields(
        &mut self,
        fields: &[&Field],
        path: &mut Vec<String>,
        out: &mut Vec<(String, Value)>,
    ) {
        for field in fields {
            let absent = if field.required || (field.name == "type" && path.is_empty()) {
                self.faults.absent_required
            } else {
                22
            };
            // `action.type` is there already.
            if out.iter().any(|(name, _)| *name == field.name) {
                continue;
            }
            if self.rng.percent(absent) {
                let null = self.policy.version == LanguageVersion::V2 || self.rng.percent(5);
                if null && self.rng.percent(30) {
                    out.push((field.name.clone(), Value::Null));
                }
                continue;
            }
            if field.name == "type" && path.is_empty() && self.rng.percent(80) {
                out.push((field.name.clone(), Value::string(*self.rng.pick(pools::ACTORS))));
                continue;
            }
            path.push(field.name.clone());
            let value = if self.rng.below(1000) < self.faults.junk_per_mille {
                junk(self.rng)
            } else {
                self.value(&field.ty, path)
            };
            path.pop();
            out.push((field.name.clone(), value));
        }
    }

    fn value(&mut self, ty: &FieldType, path: &mut Vec<String>) -> Value {
        match ty {
            FieldType::Scalar(ty) => self.scalar(ty, path),
            FieldType::List(ty) => self.list(ty, path),
            FieldType::Object(fields) => {
                let mut entries = Vec::new();
                let fields: Vec<&Field> = fields.iter().collect();
                self.fields(&fields, path, &mut entries);
                if self.rng.percent(4) {
                    entries.push(("surprise".to_owned(), Value::Int(1)));
                }
                Value::Object(entries)
            }
            FieldType::Map(kind) => {
                let ty = ScalarType::plain(*kind);
                let mut entries = Vec::new();
                for key in pools::MAP_KEYS {
                    if self.rng.percent(65) {
                        let value = if self.rng.below(1000) < self.faults.junk_per_mille {
                            junk(self.rng)
                        } else {
                            self.scalar(&ty, path)
                        };
                        entries.push(((*key).to_owned(), value));
                    }
                }
                Value::Object(entries)
            }
        }
    }

    /// A value that fits the type, where one is found soon.
    fn scalar(&mut self, ty: &ScalarType, path: &[String]) -> Value {
        let version = self.policy.version;
        for _ in 0..12 {
            let value = self.candidate(ty, path);
            if fits_scalar(version, ty, &value) {
                return value;
            }
        }
        let bound = ty.allowed.as_ref().and_then(|allowed| allowed.first());
        match bound.or(ty.min.as_ref()).or(ty.max.as_ref()) {
            Some(literal) => of_literal(literal),
            None => Value::string("a"),
        }
    }

    fn candidate(&mut self, ty: &ScalarType, path: &[String]) -> Value {
        let about = path.last().map_or(Flavour::Text, |name| flavour(name));
        let same_field: Vec<Value> = self
            .hints
            .iter()
            .filter(|(hinted, _)| hinted.last() == path.last())
            .map(|(_, value)| value.clone())
            .collect();
        let value = if !same_field.is_empty() && self.rng.percent(50) {
            self.rng.pick(&same_field).clone()
        } else if !self.hints.is_empty() && self.rng.percent(15) {
            self.rng.pick(&self.hints).1.clone()
        } else if let (Some(allowed), true) = (&ty.allowed, self.rng.percent(80)) {
            of_literal(self.rng.pick(allowed))
        } else {
            self.fresh(ty.kind, about)
        };
        if self.rng.percent(25) { nearby(self.rng, value) } else { respelled(self.rng, value) }
    }

    fn fresh(&mut self, kind: ScalarKind, about: Flavour) -> Value {
        let rng = &mut *self.rng;
        match (kind, about) {
            (ScalarKind::String, Flavour::Host) if rng.percent(18) => {
                let pool = if rng.percent(60) { pools::BAD_HOSTS } else { pools::BAD_DOMAINS };
                Value::string(*rng.pick(pool))
            }
            (ScalarKind::String, Flavour::Host) if rng.percent(40) => {
                Value::string(*rng.pick(pools::DOMAINS))
            }
            (ScalarKind::String, Flavour::Path) if rng.percent(18) => {
                Value::string(*rng.pick(pools::BAD_PATHS))
            }
            (ScalarKind::Timestamp, _) if rng.percent(3) => {
                Value::string(*rng.pick(pools::BAD_INSTANTS))
            }
            (ScalarKind::Timestamp, _) => Value::string(*rng.pick(pools::INSTANTS)),
            (ScalarKind::String, Flavour::Text) if rng.percent(12) => {
                let pool = *rng.pick(&[pools::HOSTS, pools::PATHS, pools::INSTANTS]);
                Value::string(*rng.pick(pool))
            }
            _ => of_literal(&pools::plain_literal(rng, LanguageVersion::V2, kind, about)),
        }
    }

    fn list(&mut self, ty: &ListType, path: &[String]) -> Value {
        if self.rng.below(1000) < self.faults.junk_per_mille {
            return self.bad_list(ty, path);
        }
        for _ in 0..6 {
            let length = self.rng.below(5);
            let items: Vec<Value> = (0..length).map(|_| self.scalar(&ty.items, path)).collect();
            let value = Value::List(items);
            if fits_list(self.policy.version, ty, &value) {
                return value;
            }
        }
        Value::List(Vec::new())
    }

    fn bad_list(&mut self, ty: &ListType, path: &[String]) -> Value {
        let mut items: Vec<Value> =
            (0..self.rng.below(4)).map(|_| self.scalar(&ty.items, path)).collect();
        match self.rng.below(14) {
            0 => items = vec![Value::Int(0); MAX_LIST_ITEMS + 1],
            1..=3 => items.extend(items.clone()),
            4 => items = (0..9).map(Value::Int).collect(),
            5..=7 => items = vec![junk(self.rng); 2],
            _ => {
                let at = self.rng.below(items.len() + 1);
                items.insert(at, junk(self.rng));
            }
        }
        Value::List(items)
    }
}

/// Levels that a tree of this many lists around a list passes the limit with, wherever it hangs.
const MAX_DEPTH_REACHED: usize = crate::reference::MAX_DEPTH;

/// What the right side of a comparison comes to, where that is plain.
fn right_side(top: &[(String, Value)], operand: &Operand) -> Option<Value> {
    let read = |field: &FieldRef| {
        let (_, mut value) = top.iter().find(|(key, _)| key == field.domain.as_str())?.clone();
        for name in field.path.iter().chain(&field.key) {
            value = value.entry(name)?.clone();
        }
        Some(value)
    };
    match operand {
        Operand::Field(field) => read(field),
        Operand::Sum { field, sign, addend } => {
            let by = match addend {
                Addend::Integer(value) | Addend::Duration(value) => *value,
                Addend::Field(other) => match read(other)? {
                    Value::Int(value) => value,
                    _ => return None,
                },
            };
            let by = match sign {
                Sign::Plus => by,
                Sign::Minus => by.checked_neg()?,
            };
            match (read(field)?, addend) {
                (Value::Int(base), _) => base.checked_add(by).map(Value::Int),
                (Value::String(text), Addend::Duration(_)) => {
                    let instant = timestamp::parse(&text)?.checked_add(by)?;
                    timestamp::format(instant).map(Value::String)
                }
                _ => None,
            }
        }
        Operand::None | Operand::Literal(_) | Operand::Literals(_) => None,
    }
}

/// What no field was declared for.
fn junk(rng: &mut Rng) -> Value {
    match rng.below(17) {
        0 => Value::Null,
        1 => Value::Bool(rng.percent(50)),
        2 | 3 => Value::Int(*rng.pick(pools::INTEGERS)),
        4 => Value::Float(*rng.pick(pools::FLOATS)),
        5 => Value::Float(*rng.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY])),
        6 => Value::BigInt(
            (*rng.pick(&["9223372036854775808", "-9223372036854775809", "1180591620717411303424"]))
                .to_owned(),
        ),
        7 if rng.percent(30) => Value::BigInt("9".repeat(400)),
        8 if rng.percent(10) => Value::String("x".repeat(MAX_STRING_BYTES + 1)),
        8 => Value::string("many"),
        9 => Value::string(*rng.pick(pools::TEXTS)),
        10 => Value::List(vec![]),
        11 => Value::List(vec![Value::string("a"), Value::Int(1)]),
        12 => Value::List(vec![Value::List(vec![Value::Int(1)])]),
        13 => Value::List(vec![Value::Bool(true), Value::Bool(false)]),
        14 => Value::List(vec![Value::string("USD"), Value::string("a.com")]),
        15 => Value::List(vec![Value::Int(1), Value::Float(1.0), Value::Int(5)]),
        _ => Value::object([("a", Value::Int(1))]),
    }
}

/// A value that lies beside another: what `<` and `<=` tell apart.
fn nearby(rng: &mut Rng, value: Value) -> Value {
    match value {
        Value::Int(value) => Value::Int(if rng.percent(50) {
            value.saturating_add(1)
        } else {
            value.saturating_sub(1)
        }),
        Value::Float(value) => {
            Value::Float(if rng.percent(50) { value.next_up() } else { value.next_down() })
        }
        Value::Bool(value) => Value::Bool(!value),
        Value::String(text) => match timestamp::parse(&text) {
            Some(instant) => {
                let step = *rng.pick(&[1, -1, 1_000_000, 30 * 86_400_000_000]);
                Value::String(timestamp::format(instant.saturating_add(step)).unwrap_or(text))
            }
            None => Value::String(match rng.below(5) {
                0 => format!("{text}x"),
                1 => format!("x{text}"),
                2 => text.to_uppercase(),
                3 => format!("{text}.{text}"),
                _ => {
                    let mut text = text;
                    text.pop();
                    text
                }
            }),
        },
        other => other,
    }
}

/// The same value written otherwise: `5` and `5.0`, an instant with another offset.
fn respelled(rng: &mut Rng, value: Value) -> Value {
    match value {
        Value::Int(value) if value.unsigned_abs() <= 1 << 53 && rng.percent(15) => {
            Value::Float(value as f64)
        }
        Value::Float(value) if value.fract() == 0.0 && value.abs() < 1e15 && rng.percent(60) => {
            Value::Int(value as i64)
        }
        Value::String(text) => match timestamp::parse(&text) {
            Some(instant) if rng.percent(30) => {
                Value::String(super::render::instant_text(rng, instant))
            }
            _ => Value::String(text),
        },
        other => other,
    }
}
