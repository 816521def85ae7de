//! Rules and their conditions.

use super::pools::{self, Flavour, flavour};
use super::rng::Rng;
use actra_compiler::model::{
    Addend, Atom, Condition, Domain, Effect, Field, FieldRef, FieldType, LanguageVersion, ListType,
    Literal, Mode, Operand, Operator, OperatorShape, Place, Quantifier, Rule, ScalarKind,
    ScalarType, Schema, Scope, Sign,
};

/// A field that a rule may read, with what it holds.
#[derive(Clone, Debug)]
pub(super) struct Readable {
    pub(super) field: FieldRef,
    pub(super) leaf: Leaf,
}

/// What an atom can look at.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf {
    Scalar(ScalarType),
    List(ListType),
}

impl Readable {
    fn flavour(&self) -> Flavour {
        self.field.path.last().map_or(Flavour::Text, |name| flavour(name))
    }

    fn scalar_kind(&self) -> Option<ScalarKind> {
        match &self.leaf {
            Leaf::Scalar(ty) => Some(ty.kind),
            Leaf::List(_) => None,
        }
    }

    fn item_kind(&self) -> Option<ScalarKind> {
        match &self.leaf {
            Leaf::Scalar(_) => None,
            Leaf::List(ty) => Some(ty.items.kind),
        }
    }
}

/// What a scope may read: "a rule with an action scope may read that action's fields (with a list:
/// fields that each listed action declares with the same type); other rules may read actor,
/// snapshot, `common` fields and `action.type`".
pub(super) fn readable(schema: &Schema, actions: Option<&[String]>) -> Vec<Readable> {
    let mut out = Vec::new();
    leaves(Domain::Action, &mut Vec::new(), &schema.common, &mut out);
    if let Some(names) = actions {
        let mut shared: Option<Vec<Readable>> = None;
        for name in names {
            let mut own = Vec::new();
            if let Some(action) = schema.actions.iter().find(|action| action.name == *name) {
                leaves(Domain::Action, &mut Vec::new(), &action.fields, &mut own);
            }
            shared = Some(match shared {
                None => own,
                Some(shared) => shared
                    .into_iter()
                    .filter(|known| {
                        own.iter()
                            .any(|other| other.field == known.field && same_type(known, other))
                    })
                    .collect(),
            });
        }
        out.extend(shared.unwrap_or_default());
    }
    leaves(Domain::Actor, &mut Vec::new(), &schema.actor, &mut out);
    leaves(Domain::Snapshot, &mut Vec::new(), &schema.snapshot, &mut out);
    for built_in in [FieldRef::action_type(), FieldRef::actor_type()] {
        if out.iter().all(|known| known.field != built_in) {
            let leaf = Leaf::Scalar(ScalarType::plain(ScalarKind::String));
            out.push(Readable { field: built_in, leaf });
        }
    }
    out
}

/// The same but for constraints that no literal is held against.
fn same_type(a: &Readable, b: &Readable) -> bool {
    match (&a.leaf, &b.leaf) {
        (Leaf::Scalar(a), Leaf::Scalar(b)) => a.kind == b.kind && a.allowed == b.allowed,
        (Leaf::List(a), Leaf::List(b)) => {
            a.items.kind == b.items.kind && a.items.allowed == b.items.allowed
        }
        _ => false,
    }
}

fn leaves(domain: Domain, path: &mut Vec<String>, fields: &[Field], out: &mut Vec<Readable>) {
    for field in fields {
        path.push(field.name.clone());
        let plain = FieldRef { domain, path: path.clone(), key: None };
        match &field.ty {
            FieldType::Scalar(ty) => {
                out.push(Readable { field: plain, leaf: Leaf::Scalar(ty.clone()) });
            }
            FieldType::List(ty) => {
                out.push(Readable { field: plain, leaf: Leaf::List(ty.clone()) });
            }
            FieldType::Object(inner) => leaves(domain, path, inner, out),
            FieldType::Map(kind) => {
                for key in pools::MAP_KEYS {
                    out.push(Readable {
                        field: FieldRef { key: Some((*key).to_owned()), ..plain.clone() },
                        leaf: Leaf::Scalar(ScalarType::plain(*kind)),
                    });
                }
            }
        }
        path.pop();
    }
}

/// Makes rules for one schema.
pub(super) struct Rules<'a> {
    pub(super) version: LanguageVersion,
    pub(super) schema: &'a Schema,
    /// Version 1 without `evaluation:` has neither actor scopes nor modes.
    pub(super) whole_language: bool,
}

impl Rules<'_> {
    pub(super) fn rules(&self, rng: &mut Rng) -> Vec<Rule> {
        let count = if rng.percent(3) { 0 } else { 1 + rng.below(8) };
        (0..count).map(|index| self.rule(rng, index)).collect()
    }

    fn rule(&self, rng: &mut Rng, index: usize) -> Rule {
        let scope = self.scope(rng);
        let readable = readable(self.schema, scope.actions.as_deref());
        let condition = (!rng.percent(6)).then(|| self.condition(rng, &readable, 0));
        let id = match rng.below(10) {
            0 => format!("rule {index}: ünusual"),
            1 => format!("{index}"),
            _ => format!("rule_{index}"),
        };
        Rule {
            id,
            scope,
            condition,
            effect: *rng.pick(&[Effect::Allow, Effect::Block, Effect::RequireApproval]),
            message: rng.percent(40).then(|| format!("Message {index}: it's \"so\".")),
            required_actions: if rng.percent(30) {
                rng.some_of(REQUIRED_ACTIONS, 40).iter().map(|text| (*text).to_owned()).collect()
            } else {
                Vec::new()
            },
            mode: if self.whole_language && rng.percent(15) { Mode::Shadow } else { Mode::Enforce },
            tags: if rng.percent(15) {
                vec!["money".to_owned(), "pii".to_owned()]
            } else {
                Vec::new()
            },
            description: rng.percent(10).then(|| "For people.".to_owned()),
            place: Place::default(),
        }
    }

    fn scope(&self, rng: &mut Rng) -> Scope {
        let names: Vec<String> =
            self.schema.actions.iter().map(|action| action.name.clone()).collect();
        let kinds: Vec<String> = pools::ACTORS.iter().map(|name| (*name).to_owned()).collect();
        let has_actions = rng.percent(60);
        let has_actors = self.whole_language && rng.percent(30);
        let percent = if rng.percent(60) { 0 } else { 50 };
        Scope {
            actions: has_actions.then(|| rng.some_of(&names, percent)),
            actors: has_actors.then(|| rng.some_of(&kinds, percent)),
        }
    }

    fn condition(&self, rng: &mut Rng, readable: &[Readable], depth: usize) -> Condition {
        // Deep enough to nest, shallow enough to fire.
        let atom_percent = [35, 50, 60, 70, 80].get(depth).copied().unwrap_or(100);
        if rng.percent(atom_percent) {
            return Condition::Atom(Box::new(self.atom(rng, readable)));
        }
        let parts = |rng: &mut Rng| -> Vec<Condition> {
            (0..=rng.below(3)).map(|_| self.condition(rng, readable, depth + 1)).collect()
        };
        match rng.below(3) {
            0 => Condition::All(parts(rng)),
            1 => Condition::Any(parts(rng)),
            _ => Condition::Not(Box::new(self.condition(rng, readable, depth + 1))),
        }
    }

    fn atom(&self, rng: &mut Rng, readable: &[Readable]) -> Atom {
        // Kinds first, so that a schema with many strings does not drown the rest.
        let mut groups: Vec<Vec<&Readable>> = Vec::new();
        for known in readable {
            let key = (known.scalar_kind(), known.item_kind(), known.flavour() as u8);
            let place = groups.iter_mut().find(|group| {
                group.first().is_some_and(|first| {
                    (first.scalar_kind(), first.item_kind(), first.flavour() as u8) == key
                })
            });
            match place {
                Some(group) => group.push(known),
                None => groups.push(vec![known]),
            }
        }
        let group = rng.pick(&groups).clone();
        let subject = (*rng.pick(&group)).clone();
        let (quantifier, operator, operand) = match &subject.leaf {
            Leaf::Scalar(ty) => {
                let (operator, operand) = self.scalar_test(rng, readable, &subject, ty, false);
                (None, operator, operand)
            }
            Leaf::List(ty) if rng.percent(50) => {
                let (operator, operand) =
                    self.scalar_test(rng, readable, &subject, &ty.items, true);
                (Some(*rng.pick(&[Quantifier::Every, Quantifier::Some])), operator, operand)
            }
            Leaf::List(ty) => {
                let (operator, operand) = self.list_test(rng, readable, &subject, ty);
                (None, operator, operand)
            }
        };
        Atom { quantifier, subject: subject.field, operator, operand, place: Place::default() }
    }

    /// A test of a scalar, or of each item of a list.
    fn scalar_test(
        &self,
        rng: &mut Rng,
        readable: &[Readable],
        subject: &Readable,
        ty: &ScalarType,
        quantified: bool,
    ) -> (Operator, Operand) {
        use OperatorShape as Shape;
        let about = subject.flavour();
        let shapes: &[Shape] = match (ty.kind, about) {
            (ScalarKind::Boolean, _) => {
                &[Shape::Equality, Shape::Equality, Shape::Membership, Shape::Presence]
            }
            (ScalarKind::Number | ScalarKind::Integer, _) => &[
                Shape::Equality,
                Shape::Ordering,
                Shape::Ordering,
                Shape::Ordering,
                Shape::Membership,
                Shape::Presence,
            ],
            (ScalarKind::Timestamp, _) => &[
                Shape::Equality,
                Shape::Ordering,
                Shape::Ordering,
                Shape::Ordering,
                Shape::Membership,
                Shape::Presence,
            ],
            (ScalarKind::String, Flavour::Host) => &[
                Shape::HostDomain,
                Shape::HostDomain,
                Shape::Network,
                Shape::Network,
                Shape::Contains,
                Shape::Affix,
                Shape::Pattern,
            ],
            (ScalarKind::String, Flavour::Path) => &[
                Shape::Path,
                Shape::Path,
                Shape::Path,
                Shape::Equality,
                Shape::Affix,
                Shape::Pattern,
            ],
            (ScalarKind::String, Flavour::Text) => &[
                Shape::Equality,
                Shape::Equality,
                Shape::Membership,
                Shape::Membership,
                Shape::Contains,
                Shape::Affix,
                Shape::Pattern,
                Shape::Length,
                Shape::Presence,
                Shape::HostDomain,
                Shape::Network,
                Shape::Path,
            ],
        };
        let mut shape = *rng.pick(shapes);
        if quantified && shape == Shape::Presence {
            shape = Shape::Equality;
        }
        let operators: Vec<Operator> =
            Operator::ALL.iter().copied().filter(|operator| operator.shape() == shape).collect();
        let operator = *rng.pick(&operators);
        let operand = match shape {
            Shape::Equality | Shape::Ordering => {
                self.comparison(rng, readable, ty, about, quantified)
            }
            Shape::Membership => {
                let lists = compatible(readable, None, Some(ty.kind));
                if !lists.is_empty() && rng.percent(45) {
                    Operand::Field(rng.pick(&lists).clone())
                } else {
                    Operand::Literals(pools::literals(rng, self.version, ty, about))
                }
            }
            Shape::Contains | Shape::Affix => affix(rng, readable, about, quantified),
            Shape::Pattern => {
                Operand::Literal(Literal::String((*rng.pick(pools::PATTERNS)).to_owned()))
            }
            Shape::HostDomain => {
                let lists = compatible(readable, None, Some(ScalarKind::String));
                if !quantified && !lists.is_empty() && rng.percent(45) {
                    Operand::Field(rng.pick(&lists).clone())
                } else {
                    Operand::Literals(pools::strings(rng, pools::DOMAINS))
                }
            }
            Shape::Network => Operand::Literals(pools::strings(rng, pools::NETWORKS)),
            Shape::Path => {
                let mut rights = compatible(readable, None, Some(ScalarKind::String));
                rights.extend(compatible(readable, Some(ScalarKind::String), None));
                if !quantified && !rights.is_empty() && rng.percent(45) {
                    Operand::Field(pick_by_flavour(rng, &rights, Flavour::Path))
                } else {
                    Operand::Literals(pools::strings(rng, pools::PATHS))
                }
            }
            Shape::Length => Operand::Literal(Literal::Integer(rng.below(6) as i64)),
            Shape::Presence | Shape::NotContains | Shape::ListSet => Operand::None,
        };
        (operator, operand)
    }

    /// The right side of equality and ordering.
    fn comparison(
        &self,
        rng: &mut Rng,
        readable: &[Readable],
        ty: &ScalarType,
        about: Flavour,
        quantified: bool,
    ) -> Operand {
        if !quantified {
            if self.version == LanguageVersion::V2
                && rng.percent(35)
                && let Some(sum) = sum(rng, readable, ty.kind)
            {
                return sum;
            }
            let fields = compatible(readable, Some(ty.kind), None);
            if !fields.is_empty() && rng.percent(30) {
                return Operand::Field(rng.pick(&fields).clone());
            }
        }
        if self.version == LanguageVersion::V1
            && ty.kind == ScalarKind::Number
            && ty.allowed.is_none()
            && rng.percent(6)
        {
            return Operand::Literal(Literal::Float(*rng.pick(&[
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
            ])));
        }
        Operand::Literal(pools::literal(rng, self.version, ty, about))
    }

    fn list_test(
        &self,
        rng: &mut Rng,
        readable: &[Readable],
        subject: &Readable,
        ty: &ListType,
    ) -> (Operator, Operand) {
        let about = subject.flavour();
        let operator = *rng.pick(&[
            Operator::Contains,
            Operator::NotContains,
            Operator::ContainsAny,
            Operator::ContainsAll,
            Operator::LengthGreaterThan,
            Operator::LengthLessThan,
            Operator::Exists,
            Operator::NotExists,
        ]);
        let operand = match operator.shape() {
            OperatorShape::Length => Operand::Literal(Literal::Integer(rng.below(4) as i64)),
            OperatorShape::Presence => Operand::None,
            OperatorShape::ListSet => {
                let lists = compatible(readable, None, Some(ty.items.kind));
                if rng.percent(40) {
                    Operand::Field(rng.pick(&lists).clone())
                } else {
                    Operand::Literals(pools::literals(rng, self.version, &ty.items, about))
                }
            }
            _ => {
                let fields = compatible(readable, Some(ty.items.kind), None);
                if !fields.is_empty() && rng.percent(40) {
                    Operand::Field(rng.pick(&fields).clone())
                } else {
                    Operand::Literal(pools::literal(rng, self.version, &ty.items, about))
                }
            }
        };
        (operator, operand)
    }
}

/// "Literal, literal list (any of them) or string field".
fn affix(rng: &mut Rng, readable: &[Readable], about: Flavour, quantified: bool) -> Operand {
    let parts: &[&str] = match about {
        Flavour::Text => &["U", "SD", "a", "b", "v", "日", "ß", "x y"],
        Flavour::Host => &["http", "a.com", "10.", "/", "com"],
        Flavour::Path => &["/srv", "/", "data", "x"],
    };
    let fields = compatible(readable, Some(ScalarKind::String), None);
    match rng.below(3) {
        0 if !quantified && !fields.is_empty() => Operand::Field(rng.pick(&fields).clone()),
        1 => Operand::Literals(pools::strings(rng, parts)),
        _ => Operand::Literal(Literal::String((*rng.pick(parts)).to_owned())),
    }
}

const REQUIRED_ACTIONS: &[&str] = &[
    r#"{"role":"finance_manager","type":"human_approval"}"#,
    r#"{"type":"mfa"}"#,
    r#"{"limits":[1,2.5,false],"note":"it's \"so\"","type":"notify"}"#,
];

/// Fields whose scalar kind, or items' kind, compares with another's.
fn compatible(
    readable: &[Readable],
    scalar: Option<ScalarKind>,
    items: Option<ScalarKind>,
) -> Vec<FieldRef> {
    let compares = |wanted: Option<ScalarKind>, found: Option<ScalarKind>| match (wanted, found) {
        (Some(wanted), Some(found)) => wanted.compares_with(found),
        _ => false,
    };
    readable
        .iter()
        .filter(|known| compares(scalar, known.scalar_kind()) || compares(items, known.item_kind()))
        .map(|known| known.field.clone())
        .collect()
}

fn pick_by_flavour(rng: &mut Rng, fields: &[FieldRef], about: Flavour) -> FieldRef {
    let fitting: Vec<FieldRef> = fields
        .iter()
        .filter(|field| field.path.last().is_some_and(|name| flavour(name) == about))
        .cloned()
        .collect();
    if fitting.is_empty() || rng.percent(30) {
        rng.pick(fields).clone()
    } else {
        rng.pick(&fitting).clone()
    }
}

/// "Sums are for integers ... and for a timestamp with a duration."
fn sum(rng: &mut Rng, readable: &[Readable], left: ScalarKind) -> Option<Operand> {
    let sign = *rng.pick(&[Sign::Plus, Sign::Minus]);
    let of_kind = |kind: ScalarKind| -> Vec<FieldRef> {
        readable
            .iter()
            .filter(|known| known.scalar_kind() == Some(kind))
            .map(|known| known.field.clone())
            .collect()
    };
    match left {
        ScalarKind::Number | ScalarKind::Integer => {
            let integers = of_kind(ScalarKind::Integer);
            if integers.is_empty() {
                return None;
            }
            let field = rng.pick(&integers).clone();
            let addend = if rng.percent(50) {
                Addend::Integer(pools::integer(rng))
            } else {
                Addend::Field(rng.pick(&integers).clone())
            };
            Some(Operand::Sum { field, sign, addend })
        }
        ScalarKind::Timestamp => {
            let instants = of_kind(ScalarKind::Timestamp);
            let field = rng.pick(&instants).clone();
            let seconds =
                *rng.pick(&[1, 60, 3600, 86_400, 30 * 86_400, 52 * 7 * 86_400, 4_000_000 * 86_400]);
            Some(Operand::Sum { field, sign, addend: Addend::Duration(seconds * 1_000_000) })
        }
        ScalarKind::String | ScalarKind::Boolean => None,
    }
}
