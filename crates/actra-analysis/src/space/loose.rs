//! Fields that are compared with each other in ways that their classes together do not cover: what is
//! said of each of them alone is exact all the same.

use super::sample::Sampled;
use super::{AtomId, Said, Space, TooLarge, Variable, fields_of};
use crate::probe::Truth;
use crate::solve::{Lit, Set};
use std::collections::HashMap;
use std::rc::Rc;

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

    fn is_in_loose(&mut self, known: &Variable, set: &Set) -> Lit {
        let literal = self.solver.is_in(known.var, set);
        let Some((beyond, _)) = known.beyond else { return literal };
        let free = self.solver.boolean();
        let inside = self.solver.all(&[!beyond, literal]);
        let outside = self.solver.all(&[beyond, free]);
        self.solver.any(&[inside, outside])
    }
}
