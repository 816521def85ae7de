//! Where a field stands in an input, what the schema says of it, and what it reads as.

use super::number::Number;
use super::timestamp;
use crate::Value;
use actra_compiler::model::{
    Action, CheckedPolicy, Domain, Field, FieldRef, FieldType, LanguageVersion, Literal,
    ScalarKind, ScalarType, Schema,
};

/// A scalar that an operator can look at.
#[derive(Clone, Debug)]
pub(super) enum Scalar {
    String(String),
    Number(Number),
    Boolean(bool),
    /// Microseconds, wider than instants are: sums do not wrap.
    Timestamp(i128),
}

/// Kinds at run time: "numbers and integers are one kind, *numeric*".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Numeric,
    Boolean,
    Timestamp,
}

impl Scalar {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::String(_) => Kind::String,
            Self::Number(_) => Kind::Numeric,
            Self::Boolean(_) => Kind::Boolean,
            Self::Timestamp(_) => Kind::Timestamp,
        }
    }

    pub(super) fn of_literal(literal: &Literal) -> Self {
        match literal {
            Literal::String(text) => Self::String(text.clone()),
            Literal::Integer(value) => Self::Number(Number::Integer(i128::from(*value))),
            Literal::Float(value) => Self::Number(Number::Double(*value)),
            Literal::Boolean(value) => Self::Boolean(*value),
            Literal::Timestamp(instant) => Self::Timestamp(i128::from(*instant)),
        }
    }
}

/// "Values are strings, numbers, booleans, timestamps and flat lists of one scalar type."
#[derive(Clone, Debug)]
pub(super) enum Held {
    Scalar(Scalar),
    List(Vec<Scalar>),
}

/// An input with the policy that it is read for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    pub(super) policy: &'a CheckedPolicy,
    pub(super) context: &'a Value,
    /// The action that `action.type` names, where the schema has it.
    pub(super) action: Option<&'a Action>,
}

impl<'a> Input<'a> {
    pub(super) fn new(policy: &'a CheckedPolicy, context: &'a Value) -> Self {
        let action = match context.entry("action").and_then(|action| action.entry("type")) {
            Some(Value::String(name)) => action_named(&policy.schema, name),
            _ => None,
        };
        Self { policy, context, action }
    }

    pub(super) fn version(&self) -> LanguageVersion {
        self.policy.version
    }

    /// "An absent domain is an empty one."
    pub(super) fn domain(&self, domain: Domain) -> &'a [(String, Value)] {
        match self.context.entry(domain.as_str()) {
            Some(Value::Object(entries)) => entries,
            _ => &[],
        }
    }

    /// Fields that the schema names in a domain for the input's action.
    pub(super) fn declared(&self, domain: Domain) -> Vec<&'a Field> {
        let schema = &self.policy.schema;
        match domain {
            Domain::Action => {
                let own = self.action.map(|action| action.fields.as_slice()).unwrap_or_default();
                schema.common.iter().chain(own).collect()
            }
            Domain::Actor => schema.actor.iter().collect(),
            Domain::Snapshot => schema.snapshot.iter().collect(),
        }
    }

    /// The scalar type declared where a reference points; `None` where a list or nothing is.
    fn scalar_type(&self, field: &FieldRef) -> Option<ScalarType> {
        let (first, inner) = field.path.split_first()?;
        let declared = self.declared(field.domain).into_iter().find(|known| known.name == *first);
        let Some(mut declared) = declared else {
            let is_built_in = matches!(field.domain, Domain::Action | Domain::Actor)
                && first == "type"
                && inner.is_empty();
            return is_built_in.then(|| ScalarType::plain(ScalarKind::String));
        };
        for name in inner {
            let FieldType::Object(fields) = &declared.ty else { return None };
            declared = fields.iter().find(|known| known.name == *name)?;
        }
        match (&declared.ty, &field.key) {
            (FieldType::Scalar(ty), None) => Some(ty.clone()),
            (FieldType::Map(kind), Some(_)) => Some(ScalarType::plain(*kind)),
            _ => None,
        }
    }

    /// What stands in the input where a reference points. "Absent and `null` are both *missing*."
    fn found(&self, field: &FieldRef) -> Option<&'a Value> {
        let (first, inner) = field.path.split_first()?;
        let mut value = self
            .domain(field.domain)
            .iter()
            .find(|(name, _)| name == first)
            .map(|(_, value)| value)?;
        for name in inner.iter().chain(&field.key) {
            value = value.entry(name)?;
        }
        (*value != Value::Null).then_some(value)
    }

    /// What a field reads as; `None`: missing.
    pub(super) fn read(&self, field: &FieldRef) -> Option<Held> {
        let declared = self.scalar_type(field);
        let Some(value) = self.found(field) else {
            // "An absent or null field reads as its default everywhere, `exists` included, checked
            // or not."
            let default = declared?.default?;
            return Some(Held::Scalar(Scalar::of_literal(&default)));
        };
        if let Value::List(items) = value {
            return self.hold_list(items).map(Held::List);
        }
        let is_timestamp = declared.is_some_and(|ty| ty.kind == ScalarKind::Timestamp);
        self.hold_scalar(value, is_timestamp).map(Held::Scalar)
    }

    /// "To an operator, values of kinds it is not for are as good as missing (a string that is no
    /// timestamp, where one is declared, too)"; what is no value at all is missing to each.
    fn hold_scalar(&self, value: &Value, declared_timestamp: bool) -> Option<Scalar> {
        match value {
            Value::Bool(value) => Some(Scalar::Boolean(*value)),
            Value::String(text) if declared_timestamp => {
                timestamp::parse(text).map(|instant| Scalar::Timestamp(i128::from(instant)))
            }
            Value::String(text) => Some(Scalar::String(text.clone())),
            Value::Int(_) | Value::BigInt(_) | Value::Float(_) => {
                Number::of_value(self.version(), value).map(Scalar::Number)
            }
            // "Objects and maps hold values and are not values."
            Value::Null | Value::List(_) | Value::Object(_) => None,
        }
    }

    /// "Flat lists of one scalar type"; a list of anything else is not a value.
    fn hold_list(&self, items: &[Value]) -> Option<Vec<Scalar>> {
        let mut held: Vec<Scalar> = Vec::new();
        for item in items {
            let item = self.hold_scalar(item, false)?;
            if held.first().is_some_and(|first| first.kind() != item.kind()) {
                return None;
            }
            held.push(item);
        }
        Some(held)
    }
}

/// The action of that name.
fn action_named<'a>(schema: &'a Schema, name: &str) -> Option<&'a Action> {
    schema.actions.iter().find(|action| action.name == name)
}
