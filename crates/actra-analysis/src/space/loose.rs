//! Fields that are compared with each other in ways that their classes together do not cover: what is
//! said of each of them alone is exact all the same.

use super::sample::Sampled;
use super::{AtomId, Said, Space, TooLarge, Variable, fields_of};
use crate::classes::Declared;
use crate::probe::Truth;
use crate::solve::{Lit, Set, Var};
use actra_compiler::model::{InputMode, LanguageVersion, MissingMode, Operand, Operator};
use std::collections::HashMap;
use std::rc::Rc;

/// How two sides stand to each other that are compared.
const LESS: usize = 0;
const SAME: usize = 1;
const MORE: usize = 2;
const MISSING: usize = 3;

/// One field of several, whatever the others are.
#[derive(Clone, Debug)]
pub(super) struct Loose {
    pub(super) known: Variable,
    /// What tests of the field alone say of its classes.
    truths: HashMap<AtomId, Vec<Truth>>,
}

impl Space<'_> {
    /// Each of the fields by itself.
    pub(super) fn loose(
        &mut self,
        fields: &[usize],
        atoms: &[AtomId],
        mut sample: impl FnMut(&Self, &[usize], &[AtomId]) -> Result<Rc<Sampled>, TooLarge>,
    ) -> Result<Vec<Loose>, TooLarge> {
        let mut all = Vec::new();
        for field in fields {
            let is_own = |id: &&AtomId| {
                let atom = self.atoms.get(id.0).map(|(_, atom)| atom);
                let read: Vec<_> = atom
                    .iter()
                    .flat_map(|atom| fields_of(atom))
                    .map(|read| self.by_field.get(read))
                    .collect();
                read == [Some(field)]
            };
            let own: Vec<AtomId> = atoms.iter().filter(is_own).copied().collect();
            let sampled = sample(self, &[*field], &own)?;
            let places = self.by_source(&own).into_iter().flatten().enumerate();
            let truths = places
                .map(|(place, atom)| {
                    let of = sampled.signs.iter().filter_map(|sign| sign.0.get(place).copied());
                    (atom, of.collect())
                })
                .collect();
            all.push(Loose { known: self.variable(vec![*field], own, sampled), truths });
        }
        Ok(all)
    }

    /// Literal: it is said of values beyond the classes of several fields, so far as that is about one
    /// of them.
    pub(super) fn is_loosely(&mut self, loose: &[Loose], said: Said) -> Option<Lit> {
        match said {
            Said::IsMissing(place) => {
                let known = &loose.get(place)?.known;
                let missing = known.missing.first()?.clone();
                Some(self.is_in_loose(known, &missing))
            }
            Said::Passes(source) => {
                let mut parts = Vec::new();
                for Loose { known, .. } in loose {
                    let valid = known.valid.get(source)?.clone();
                    parts.push(self.is_in_loose(known, &valid));
                }
                Some(self.solver.all(&parts))
            }
            Said::Holds(atom, with_unknown) => {
                let (known, truths) = loose
                    .iter()
                    .find_map(|loose| Some((&loose.known, loose.truths.get(&atom)?)))?;
                let mut set = Set::none(truths.len());
                for (class, truth) in truths.iter().enumerate() {
                    if *truth == Truth::True || (with_unknown && *truth == Truth::Unknown) {
                        set.insert(class);
                    }
                }
                Some(self.is_in_loose(known, &set))
            }
        }
    }

    /// Literal: a comparison of two sides holds, of values beyond the classes of several fields. What
    /// other comparisons say of the same two sides goes with it.
    pub(super) fn is_related(
        &mut self,
        loose: &[Loose],
        relations: &mut HashMap<String, Var>,
        said: Said,
    ) -> Option<Lit> {
        let Said::Holds(id, with_unknown) = said else { return None };
        let (source, atom) = self.atoms.get(id.0)?.clone();
        let settings = self.sources.get(source)?.policy.settings;
        let is_plain = settings.inputs == InputMode::Checked
            && self.sources.get(source)?.policy.version == LanguageVersion::V2;
        if !is_plain || atom.quantifier.is_some() || fields_of(&atom).len() < 2 {
            return None;
        }
        let mut holds = match atom.operator {
            Operator::Equals => vec![SAME],
            Operator::NotEquals => vec![LESS, MORE],
            Operator::LessThan => vec![LESS],
            Operator::LessThanOrEqual => vec![LESS, SAME],
            Operator::GreaterThan => vec![MORE],
            Operator::GreaterThanOrEqual => vec![MORE, SAME],
            _ => return None,
        };
        // Two fields are held against each other from either side.
        let mut key = format!("{source} {:?} {:?}", atom.subject, atom.operand);
        if let Operand::Field(other) = &atom.operand
            && *other < atom.subject
        {
            key = format!("{source} {other:?} {:?}", Operand::Field(atom.subject.clone()));
            for place in &mut holds {
                *place = match *place {
                    LESS => MORE,
                    MORE => LESS,
                    other => other,
                };
            }
        }
        let relation = if let Some(known) = relations.get(&key) {
            *known
        } else {
            let relation = self.solver.variable(4);
            relations.insert(key, relation);
            let mut nothing = Set::none(4);
            nothing.insert(MISSING);
            let nothing = self.solver.is_in(relation, &nothing);
            let mut missing = Vec::new();
            for field in fields_of(&atom) {
                let number = self.by_field.get(field).copied()?;
                let known = self.known.get(number)?;
                let declared = known.declared.get(source).and_then(Option::as_ref);
                if matches!(declared, Some(Declared::Scalar(ty)) if ty.default.is_some()) {
                    continue;
                }
                let at = loose.iter().position(|loose| loose.known.fields == [number])?;
                missing.push(self.is_loosely(loose, Said::IsMissing(at))?);
            }
            let missing = self.solver.any(&missing);
            self.solver.add(&[!nothing, missing]);
            self.solver.add(&[nothing, !missing]);
            relation
        };
        if with_unknown && settings.missing == MissingMode::FailClosed {
            holds.push(MISSING);
        }
        let mut set = Set::none(4);
        for place in holds {
            set.insert(place);
        }
        Some(self.solver.is_in(relation, &set))
    }

    fn is_in_loose(&mut self, known: &Variable, set: &Set) -> Lit {
        let literal = self.solver.is_in(known.var, set);
        let Some((beyond, _)) = known.beyond else { return literal };
        let free = self.solver.boolean();
        let inside = self.solver.all(&[!beyond, literal]);
        let outside = self.solver.all(&[beyond, free]);
        self.solver.any(&[inside, outside])
    }
}
