//! What the schema says of the fields that a rule reads.

use crate::model::{Addend, Atom};
use crate::model::{
    CheckedPolicy, Domain, Field, FieldRef, FieldType, InputMode, ListType, Operand, Rule,
    ScalarType, Schema,
};

/// A declaration of a field.
pub(super) struct Declaration<'c> {
    /// `None`: the built-in `type`.
    field: Option<&'c Field>,
    /// Whether it and every object around it is.
    required: bool,
    is_map_value: bool,
}

impl<'c> Declaration<'c> {
    /// What it holds, where that is declared.
    fn ty(&self) -> Option<&'c FieldType> {
        self.field.filter(|_| !self.is_map_value).map(|field| &field.ty)
    }

    pub(super) fn scalar(&self) -> Option<&'c ScalarType> {
        match self.ty() {
            Some(FieldType::Scalar(ty)) => Some(ty),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&'c ListType> {
        match self.ty() {
            Some(FieldType::List(ty)) => Some(ty),
            _ => None,
        }
    }

    /// Whether an input that the policy decides may lack it.
    fn may_be_missing(&self, inputs: InputMode) -> bool {
        if self.is_map_value || self.field.is_none() {
            return true;
        }
        let has_default = self.scalar().is_some_and(|ty| ty.default.is_some());
        !(has_default || (inputs == InputMode::Checked && self.required))
    }
}

/// The declarations of a field for a rule: one for each action in its scope that has its own.
pub(super) fn declarations<'c>(
    schema: &'c Schema,
    rule: &Rule,
    field: &FieldRef,
) -> Vec<Declaration<'c>> {
    let is_map_value = field.key.is_some();
    let find = |sections: &[&'c [Field]]| {
        let found = sections.iter().find_map(|fields| descend(fields, &field.path));
        let (field, required) = found.map_or((None, false), |(field, all)| (Some(field), all));
        Declaration { field, required, is_map_value }
    };
    match (field.domain, &rule.scope.actions) {
        (Domain::Actor, _) => vec![find(&[&schema.actor])],
        (Domain::Snapshot, _) => vec![find(&[&schema.snapshot])],
        (Domain::Action, None) => vec![find(&[&schema.common])],
        (Domain::Action, Some(names)) => {
            let actions = names.iter().filter_map(|name| schema.action(name));
            actions.map(|action| find(&[&schema.common, &action.fields])).collect()
        }
    }
}

/// The field at the end of the path, and whether all on the way are required.
fn descend<'c>(fields: &'c [Field], path: &[String]) -> Option<(&'c Field, bool)> {
    let (name, rest) = path.split_first()?;
    let index = fields.binary_search_by(|field| field.name.as_str().cmp(name)).ok()?;
    let field = fields.get(index)?;
    match (&field.ty, rest.is_empty()) {
        (_, true) => Some((field, field.required)),
        (FieldType::Object(inner), false) => {
            let (inner, required) = descend(inner, rest)?;
            Some((inner, required && field.required))
        }
        _ => None,
    }
}

/// Whether an input that the policy decides may lack the field where the rule reads it.
pub(super) fn may_be_missing(policy: &CheckedPolicy, rule: &Rule, field: &FieldRef) -> bool {
    let inputs = policy.settings.inputs;
    if *field == FieldRef::action_type()
        && (rule.scope.actions.is_some() || inputs == InputMode::Checked)
    {
        return false;
    }
    let declared = declarations(&policy.schema, rule, field);
    declared.iter().any(|declaration| declaration.may_be_missing(inputs))
}

/// The fields that an atom reads.
pub(super) fn read_by(atom: &Atom) -> impl Iterator<Item = &FieldRef> {
    let (one, two) = match &atom.operand {
        Operand::Field(field) => (Some(field), None),
        Operand::Sum { field, addend: Addend::Field(other), .. } => (Some(field), Some(other)),
        Operand::Sum { field, .. } => (Some(field), None),
        Operand::None | Operand::Literal(_) | Operand::Literals(_) => (None, None),
    };
    std::iter::once(&atom.subject).chain(one).chain(two)
}

/// Whether the scope of one rule takes in all that the other's does. Actors are left to
/// conditions.
pub(super) fn covers_actions(outer: &Rule, inner: &Rule) -> bool {
    match (&outer.scope.actions, &inner.scope.actions) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(outer), Some(inner)) => inner.iter().all(|name| outer.contains(name)),
    }
}

/// Whether some action is in both scopes.
pub(super) fn share_actions(one: &Rule, other: &Rule) -> bool {
    match (&one.scope.actions, &other.scope.actions) {
        (Some(one), Some(other)) => one.iter().any(|name| other.contains(name)),
        _ => true,
    }
}
