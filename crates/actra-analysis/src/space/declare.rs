//! The fields of a space: those of the schemas, and entries of maps that are read.

use super::{Known, Object, Space, fields_of};
use crate::classes::Declared;
use actra_compiler::model::{Domain, Field, FieldRef, FieldType, ScalarKind, ScalarType};

impl<'p> Space<'p> {
    /// Finds every field: those of the schemas, and entries of maps that are read.
    pub(super) fn declare(&mut self) {
        for number in 0..self.sources.len() {
            let Some(source) = self.sources.get(number) else { continue };
            let schema = &source.policy.schema;
            let own = self.case.action().and_then(|name| schema.action(name));
            let groups = [
                (Domain::Action, schema.common.as_slice()),
                (Domain::Action, own.map_or(&[][..], |action| &action.fields)),
                (Domain::Actor, &schema.actor),
                (Domain::Snapshot, &schema.snapshot),
            ];
            for (domain, fields) in groups {
                for field in fields {
                    let place = FieldRef { domain, path: vec![field.name.clone()], key: None };
                    self.declare_field(number, field, place);
                }
            }
            for place in [FieldRef::action_type(), FieldRef::actor_type()] {
                let is_known =
                    self.by_field.get(&place).and_then(|known| self.known.get(*known)).is_some_and(
                        |known| known.declared.get(number).is_some_and(Option::is_some),
                    );
                if !is_known {
                    let text = Declared::Scalar(ScalarType::plain(ScalarKind::String));
                    self.declare_value(number, place, Some(text), false);
                }
            }
        }
        for number in 0..self.atoms.len() {
            let Some((source, atom)) = self.atoms.get(number).cloned() else { continue };
            for field in fields_of(&atom) {
                let known = self.by_field.get(field).and_then(|known| self.known.get(*known));
                let is_declared = known
                    .is_some_and(|known| known.declared.get(source).is_some_and(Option::is_some));
                if !is_declared {
                    let declared = self.entry_type(source, field);
                    self.declare_value(source, field.clone(), declared, field.key.is_some());
                }
            }
        }
    }

    fn declare_field(&mut self, source: usize, field: &Field, place: FieldRef) {
        match &field.ty {
            FieldType::Scalar(ty) => {
                self.declare_value(source, place, Some(Declared::Scalar(ty.clone())), false);
            }
            FieldType::List(ty) => {
                self.declare_value(source, place, Some(Declared::List(ty.clone())), false);
            }
            FieldType::Object(_) | FieldType::Map(_) => {
                if !self.objects.iter().any(|object| object.field == place) {
                    let is_there = self.solver.boolean();
                    self.objects.push(Object { field: place.clone(), is_there });
                }
                if let FieldType::Object(inner) = &field.ty {
                    for member in inner {
                        let mut place = place.clone();
                        place.path.push(member.name.clone());
                        self.declare_field(source, member, place);
                    }
                }
            }
        }
    }

    /// The field of the schema that holds it, or is it.
    pub(super) fn top(&self, source: usize, field: &FieldRef) -> Option<&'p Field> {
        let schema = &self.sources.get(source)?.policy.schema;
        let first = field.path.first()?;
        let own = self.case.action().and_then(|name| schema.action(name));
        let mut fields = match field.domain {
            Domain::Action => {
                schema.common.iter().chain(own.map_or(&[][..], |action| &action.fields))
            }
            Domain::Actor => schema.actor.iter().chain(&[]),
            Domain::Snapshot => schema.snapshot.iter().chain(&[]),
        };
        fields.find(|known| known.name == *first)
    }

    /// Whether a schema says what may stand there: members that an object does not name may be anything.
    pub(super) fn says_something(&self, source: usize, field: &FieldRef) -> bool {
        let Some(mut declared) = self.top(source, field) else { return false };
        for name in field.path.iter().skip(1) {
            let FieldType::Object(inner) = &declared.ty else { return true };
            match inner.iter().find(|known| known.name == *name) {
                Some(member) => declared = member,
                None => return false,
            }
        }
        true
    }

    /// What the entries of a map are.
    fn entry_type(&self, source: usize, field: &FieldRef) -> Option<Declared> {
        let rest = field.path.get(1..)?;
        let mut declared = self.top(source, field)?;
        for name in rest {
            let FieldType::Object(inner) = &declared.ty else { return None };
            declared = inner.iter().find(|known| known.name == *name)?;
        }
        match &declared.ty {
            FieldType::Map(kind) => Some(Declared::Scalar(ScalarType::plain(*kind))),
            FieldType::Scalar(ty) => Some(Declared::Scalar(ty.clone())),
            FieldType::List(ty) => Some(Declared::List(ty.clone())),
            FieldType::Object(_) => None,
        }
    }

    fn declare_value(
        &mut self,
        source: usize,
        field: FieldRef,
        declared: Option<Declared>,
        is_entry: bool,
    ) {
        let count = self.sources.len();
        let number = *self.by_field.entry(field.clone()).or_insert_with(|| {
            self.known.push(Known { field, declared: vec![None; count], is_entry });
            self.known.len() - 1
        });
        if let Some(place) =
            self.known.get_mut(number).and_then(|known| known.declared.get_mut(source))
        {
            *place = declared;
        }
    }
}
