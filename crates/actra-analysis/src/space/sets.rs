//! Fields and lists that are held against each other as sets: `a in b`, `b contains a`, `b contains_any
//! c`. What matters of values of one kind is in which of the lists there is some, and where each
//! field's own value is among them.

use super::sample::MAX_JOINT;
use super::{AtomId, Known, Space, fields_of};
use crate::classes::{Declared, Sampler, Tests, value_of};
use crate::input::Value;
use crate::probe::{Probe, Truth};
use actra_compiler::model::{
    Atom, FieldRef, InputMode, LanguageVersion, Literal, Operand, Operator, OperatorShape,
    ScalarKind, ScalarType,
};
use std::collections::BTreeMap;

/// Lists that are held against each other at most: each region of them is a case of its own.
const MAX_LISTS: usize = 2;

/// Values that all tests of single fields treat alike, as many as are told apart by where they are.
#[derive(Debug)]
struct Kind {
    values: Vec<Value>,
    /// By field, whether it may have such a value, or such an item.
    fits: Vec<bool>,
}

/// What a value of a kind does to tests of each of the fields alone: by policy, whether checking lets
/// it pass, and what each test says. And of which default it is the value, if it is: missing fields
/// have it, too.
type Sign = (Option<usize>, Vec<(Vec<bool>, Vec<Truth>)>);

impl Space<'_> {
    /// All that may be told apart of such fields; `None`: they are held against each other in other
    /// ways, too, or there is too much.
    pub(super) fn sets(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
    ) -> Option<Vec<Vec<Option<Value>>>> {
        let known: Vec<&Known> = fields.iter().filter_map(|field| self.known.get(*field)).collect();
        let is_list: Vec<bool> = known.iter().map(|known| is_list(known)).collect::<Option<_>>()?;
        // What one policy lets pass and the other refuses may be a matter of how long a list is.
        let is_alike = |known: &&Known| {
            known.declared.iter().all(|declared| Some(declared) == known.declared.first())
        };
        if !known.iter().zip(&is_list).filter(|(_, is)| **is).all(|(known, _)| is_alike(known)) {
            return None;
        }
        let lists = is_list.iter().filter(|is| **is).count();
        if !(1..=MAX_LISTS).contains(&lists) {
            return None;
        }
        let place = |field: &FieldRef| known.iter().position(|known| known.field == *field);
        for atom in atoms.iter().filter_map(|id| Some(&self.atoms.get(id.0)?.1)) {
            if fields_of(atom).len() < 2 {
                continue;
            }
            let Operand::Field(other) = &atom.operand else { return None };
            let sides = (*is_list.get(place(&atom.subject)?)?, *is_list.get(place(other)?)?);
            let is_of_sets = matches!(
                (atom.operator.shape(), atom.quantifier, sides),
                (OperatorShape::Membership, None, (false, true))
                    | (OperatorShape::Membership, Some(_), (true, true))
                    | (OperatorShape::Contains | OperatorShape::NotContains, None, (true, false))
                    | (OperatorShape::ListSet, None, (true, true))
            );
            if !is_of_sets {
                return None;
            }
        }
        // Each region of the lists, and outside of all of them.
        let regions = (1_usize << lists) - 1;
        let kinds = self.kinds_of(&known, atoms, regions + 1)?;
        let most = (kinds.len() * regions) as u64;
        let is_long_enough =
            known.iter().flat_map(|known| known.declared.iter().flatten()).all(|declared| {
                match declared {
                    Declared::List(ty) => ty.max_length.is_none_or(|length| length >= most),
                    Declared::Scalar(_) => true,
                }
            });
        if !is_long_enough {
            return None;
        }
        let missing: Vec<bool> =
            fields.iter().map(|field| self.may_be_missing(*field, is_complete)).collect();
        layouts(&kinds, &is_list, &missing, regions)
    }

    /// The kinds of values of these fields and of items of the lists among them, with so many values
    /// each, or all that there are.
    fn kinds_of(&self, known: &[&Known], atoms: &[AtomId], per_kind: usize) -> Option<Vec<Kind>> {
        let mut kinds =
            known.iter().flat_map(|known| known.declared.iter().flatten()).map(|declared| {
                match declared {
                    Declared::Scalar(ty) => ty.kind,
                    Declared::List(ty) => ty.items.kind,
                }
            });
        let kind = kinds.next()?;
        let is_exact = kinds.all(|other| other == kind)
            && matches!(kind, ScalarKind::String | ScalarKind::Integer | ScalarKind::Boolean)
            && self.sources.iter().all(|source| {
                source.policy.version == LanguageVersion::V2
                    && source.policy.settings.inputs == InputMode::Checked
            });
        if !is_exact {
            return None;
        }
        let mut tests = Tests::default();
        for known in known {
            let mut own = Tests::default();
            for atom in atoms.iter().filter_map(|id| Some(&self.atoms.get(id.0)?.1)) {
                if fields_of(atom).contains(&&known.field) {
                    own.atom(atom, &known.field);
                }
            }
            let is_list = is_list(known)?;
            if is_list && !own.lengths.is_empty() {
                return None;
            }
            for declared in known.declared.iter().flatten() {
                own.declared(declared);
            }
            tests.join(&if is_list {
                own.items.map(|items| *items).unwrap_or_default()
            } else {
                own
            });
        }
        let action = self.case.action();
        tests.equal.extend(action.map(str::to_owned));
        let mut values: Vec<Value> = Vec::new();
        for source in &self.sources {
            let sampler = Sampler {
                version: source.policy.version,
                inputs: InputMode::Checked,
                patterns: source.patterns,
                per_class: per_kind,
                is_rough: false,
                told_apart: None,
                searched: &self.searched,
            };
            let found = sampler.sample(&Declared::Scalar(ScalarType::plain(kind)), &tests);
            if found.gap.is_some() {
                return None;
            }
            for value in found.values {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        let mut found: Vec<(Sign, Kind)> = Vec::new();
        let mut by_sign: BTreeMap<Sign, usize> = BTreeMap::new();
        let signs = self.signs(known, atoms, &values)?;
        for (value, sign) in values.into_iter().zip(signs) {
            let number = *by_sign.entry(sign.clone()).or_insert_with(|| {
                let fits = sign.1.iter().map(|(valid, _)| valid.contains(&true)).collect();
                found.push((sign, Kind { values: Vec::new(), fits }));
                found.len() - 1
            });
            let (_, kind) = found.get_mut(number)?;
            if kind.values.len() < per_kind {
                kind.values.push(value);
            }
        }
        let kinds = found.into_iter().map(|(_, kind)| kind);
        Some(kinds.filter(|kind| kind.fits.contains(&true)).collect())
    }

    /// What each value does to tests of each field alone.
    fn signs(&self, known: &[&Known], atoms: &[AtomId], values: &[Value]) -> Option<Vec<Sign>> {
        let action = self.case.action().map(|name| Value::Text(name.to_owned()));
        let defaults: Vec<Value> = known
            .iter()
            .flat_map(|known| known.declared.iter().flatten())
            .filter_map(|declared| match declared {
                Declared::Scalar(ty) => ty.default.as_ref().map(value_of),
                Declared::List(_) => None,
            })
            .collect();
        let default = |value: &Value| defaults.iter().position(|default| default == value);
        let mut signs: Vec<Sign> =
            values.iter().map(|value| (default(value), Vec::new())).collect();
        for known in known {
            let is_list = is_list(known)?;
            let given: Vec<Value> = values
                .iter()
                .map(|value| if is_list { Value::List(vec![value.clone()]) } else { value.clone() })
                .collect();
            let mut of_field = vec![(Vec::new(), Vec::new()); values.len()];
            for (source, own) in self.sources.iter().zip(self.by_source(atoms)) {
                let own = own.iter().filter_map(|id| Some(&self.atoms.get(id.0)?.1));
                let alone = own.filter(|atom| fields_of(atom) == [&known.field]);
                let asked: Vec<Atom> = alone.flat_map(with_items).collect();
                let asked: Vec<&Atom> = asked.iter().collect();
                let fields = [&known.field];
                let probe = Probe::new(*source, &self.case, &fields, &asked).ok()?;
                let is_action = known.field == FieldRef::action_type() && action.is_some();
                let mut open = probe.open(action.as_ref(), &fields);
                for (value, (valid, truths)) in given.iter().zip(&mut of_field) {
                    let is_own = !is_action || Some(value) == action.as_ref();
                    valid.push(is_own && open.truths(&[Some(value)], truths));
                }
            }
            for (sign, of_value) in signs.iter_mut().zip(of_field) {
                sign.1.push(of_value);
            }
        }
        Some(signs)
    }
}

/// An atom; and where it names several items of a list, one about each, since lists of one item do not
/// tell what is said of those of several.
pub(super) fn with_items(atom: &Atom) -> Vec<Atom> {
    let literals: &[Literal] = match (&atom.operand, atom.operator.shape()) {
        (Operand::Literals(literals), OperatorShape::ListSet) => literals,
        _ => &[],
    };
    let of_each = literals.iter().map(|literal| Atom {
        operator: Operator::Contains,
        operand: Operand::Literal(literal.clone()),
        ..atom.clone()
    });
    std::iter::once(atom.clone()).chain(of_each).collect()
}

/// Whether all policies that have it declare it a list; `None` where they do not agree.
fn is_list(known: &Known) -> Option<bool> {
    let mut declared =
        known.declared.iter().flatten().map(|declared| matches!(declared, Declared::List(_)));
    let first = declared.next()?;
    declared.all(|is| is == first).then_some(first)
}

/// Where values of one kind are: which regions of the lists have one, by the number of the value.
struct Spread<'k> {
    kind: &'k Kind,
    /// By region, the value that stands for it. A region's number plus one has a bit for each list.
    in_region: Vec<Option<usize>>,
    outside: Option<usize>,
}

/// Every way in which kinds can be spread over the lists and the other fields.
fn layouts(
    kinds: &[Kind],
    is_list: &[bool],
    missing: &[bool],
    regions: usize,
) -> Option<Vec<Vec<Option<Value>>>> {
    let lists: Vec<usize> =
        (0..is_list.len()).filter(|place| is_list.get(*place) == Some(&true)).collect();
    // By kind, the sets of regions that it may be in.
    let spreads_of: Vec<Vec<Spread<'_>>> = kinds
        .iter()
        .map(|kind| {
            (0..1_usize << regions).filter_map(|set| spread(kind, set, regions, &lists)).collect()
        })
        .collect();
    let total = spreads_of.iter().try_fold(1_usize, |total, of| total.checked_mul(of.len()))?;
    if total > 4 * MAX_JOINT {
        return None;
    }
    let mut found = Vec::new();
    for number in 0..total {
        let mut rest = number;
        let spreads: Vec<&Spread<'_>> = spreads_of
            .iter()
            .filter_map(|of| {
                let spread = of.get(rest % of.len());
                rest /= of.len();
                spread
            })
            .collect();
        let mut layouts: Vec<Vec<Option<Value>>> = vec![Vec::new()];
        for (place, is_list) in is_list.iter().enumerate() {
            let mut values: Vec<Option<Value>> = if *is_list {
                let bit = lists.iter().position(|list| *list == place)?;
                let has = |spread: &&Spread<'_>| -> Vec<Value> {
                    let of_region = spread.in_region.iter().enumerate();
                    let own = of_region.filter(|(region, _)| (region + 1) >> bit & 1 == 1);
                    own.filter_map(|(_, value)| spread.kind.values.get((*value)?).cloned())
                        .collect()
                };
                vec![Some(Value::List(spreads.iter().flat_map(has).collect()))]
            } else {
                let of_kind =
                    spreads.iter().filter(|spread| spread.kind.fits.get(place) == Some(&true));
                of_kind
                    .flat_map(|spread| {
                        let numbers = spread.in_region.iter().chain([&spread.outside]).flatten();
                        numbers
                            .filter_map(|value| spread.kind.values.get(*value).cloned().map(Some))
                    })
                    .collect()
            };
            let is_empty =
                matches!(values.first(), Some(Some(Value::List(items))) if items.is_empty());
            if missing.get(place) == Some(&true) && (!is_list || is_empty) {
                values.push(None);
            }
            if layouts.len() * values.len() + found.len() > 4 * MAX_JOINT {
                return None;
            }
            layouts = layouts
                .iter()
                .flat_map(|layout| {
                    values.iter().map(|value| {
                        let mut layout = layout.clone();
                        layout.push(value.clone());
                        layout
                    })
                })
                .collect();
        }
        found.extend(layouts);
    }
    Some(found)
}

/// A kind's values in a set of regions, if it has so many, and may be in the lists that they are of.
fn spread<'k>(kind: &'k Kind, set: usize, regions: usize, lists: &[usize]) -> Option<Spread<'k>> {
    let mut next = 0;
    let mut in_region = Vec::new();
    for region in 0..regions {
        if set >> region & 1 == 0 {
            in_region.push(None);
            continue;
        }
        let of_list = lists.iter().enumerate().filter(|(bit, _)| (region + 1) >> bit & 1 == 1);
        let fits = of_list.map(|(_, place)| kind.fits.get(*place) == Some(&true));
        if next >= kind.values.len() || !fits.into_iter().all(|fits| fits) {
            return None;
        }
        in_region.push(Some(next));
        next += 1;
    }
    let outside = (next < kind.values.len()).then_some(next);
    Some(Spread { kind, in_region, outside })
}
