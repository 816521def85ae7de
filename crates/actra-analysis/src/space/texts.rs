//! Two texts of which one is held against the other, besides for equality: `a starts_with b`,
//! `a within_path b`.

use super::{AtomId, Known, Space, fields_of};
use crate::classes::{Declared, Held, MAX_CHARACTERS, Sampler, Tests};
use crate::input::Value;
use actra_compiler::model::{
    Atom, FieldRef, InputMode, LanguageVersion, Literal, Operand, Operator, OperatorShape,
    ScalarKind, ScalarType,
};
use std::collections::BTreeSet;

/// Bytes of a default whose parts are told apart one by one.
const MAX_DEFAULT: usize = 100;

/// Values of two fields, as pairs.
type Both = Vec<Vec<Option<Value>>>;

impl Space<'_> {
    /// All that may be told apart of two such fields, where `tests` are those of both; `None`: they are
    /// held against each other in other ways, too, or there is too much.
    pub(super) fn texts(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
        tests: &Tests,
    ) -> Option<Both> {
        let known: Vec<&Known> = fields.iter().filter_map(|field| self.known.get(*field)).collect();
        let [one, _] = known.as_slice() else { return None };
        if self.kind_of_all(&known)? != ScalarKind::String {
            return None;
        }
        let declared = known.iter().flat_map(|known| known.declared.iter().flatten());
        let types: Vec<&ScalarType> = declared
            .filter_map(|declared| match declared {
                Declared::Scalar(ty) => Some(ty),
                Declared::List(_) => None,
            })
            .collect();
        let atoms = atoms.iter().filter_map(|id| Some(&self.atoms.get(id.0)?.1));
        let (held, is_turned) = held(&one.field, atoms)?;

        let mut tests = tests.clone();
        for ty in &types {
            if let Some(Literal::String(text)) = &ty.default {
                compare(&mut tests, held, text)?;
            }
            let most = ty.max_length.and_then(|most| i64::try_from(most).ok());
            tests.lengths.extend(most.filter(|most| *most <= MAX_CHARACTERS));
        }
        let sampler = Sampler {
            version: LanguageVersion::V2,
            inputs: InputMode::Checked,
            patterns: self.sources.first()?.patterns,
            per_class: 1,
            is_rough: false,
            told_apart: None,
            searched: &self.searched,
        };
        let found = sampler.pairs(&tests, held)?;

        // Limits beyond that are not counted.
        let is_short = |text: &String| text.chars().count() as i64 <= MAX_CHARACTERS;
        if !found.both.iter().all(|(one, other)| is_short(one) && is_short(other)) {
            return None;
        }
        let text = |text: String| Some(Value::Text(text));
        let mut both: Both = found
            .both
            .into_iter()
            .map(|(one, other)| if is_turned { (other, one) } else { (one, other) })
            .map(|(one, other)| vec![text(one), text(other)])
            .collect();
        let missing: Vec<bool> =
            fields.iter().map(|field| self.may_be_missing(*field, is_complete)).collect();
        let alone: Vec<Option<Value>> = found.alone.into_iter().map(text).collect();
        if missing.first() == Some(&true) {
            both.extend(alone.iter().map(|value| vec![None, value.clone()]));
        }
        if missing.last() == Some(&true) {
            both.extend(alone.iter().map(|value| vec![value.clone(), None]));
        }
        if missing == [true, true] {
            both.push(vec![None, None]);
        }
        // The name of the action is given.
        let is_given = |known: &&Known| known.field == FieldRef::action_type();
        if let (Some(place), Some(name)) = (known.iter().position(is_given), self.case.action()) {
            let name = Some(Value::Text(name.to_owned()));
            both.retain(|values| values.get(place) == Some(&name));
        }
        Some(both)
    }
}

/// How the first field is held against the other one, or the other way round.
fn held<'a>(first: &FieldRef, atoms: impl Iterator<Item = &'a Atom>) -> Option<(Held, bool)> {
    let mut all: BTreeSet<(Held, bool)> = BTreeSet::new();
    let mut is_equal = false;
    for atom in atoms.filter(|atom| fields_of(atom).len() > 1) {
        if atom.quantifier.is_some() || !matches!(atom.operand, Operand::Field(_)) {
            return None;
        }
        let held = match atom.operator.shape() {
            OperatorShape::Equality => {
                is_equal = true;
                continue;
            }
            OperatorShape::Affix if atom.operator == Operator::StartsWith => Held::Begins,
            OperatorShape::Affix => Held::Ends,
            OperatorShape::Contains => Held::Holds,
            OperatorShape::Path => Held::Within,
            _ => return None,
        };
        all.insert((held, atom.subject != *first));
    }
    let found = *all.first()?;
    let is_one = all.iter().all(|(held, _)| *held == found.0);
    let is_looked_into = match found.0 {
        Held::Begins | Held::Ends => true,
        Held::Holds => all.len() == 1,
        Held::Within => !is_equal,
    };
    (is_one && is_looked_into).then_some(found)
}

/// Tells from others what a default is held against, on either side.
fn compare(tests: &mut Tests, held: Held, default: &str) -> Option<()> {
    let text = default.to_owned();
    let places = || default.char_indices().map(|(at, _)| at).chain([default.len()]);
    if default.len() > MAX_DEFAULT {
        return None;
    }
    match held {
        Held::Begins => {
            tests.begins.push(text);
            tests.equal.extend(places().filter_map(|at| default.get(..at)).map(str::to_owned));
        }
        Held::Ends => {
            tests.ends.push(text);
            tests.equal.extend(places().filter_map(|at| default.get(at..)).map(str::to_owned));
        }
        Held::Holds => {
            tests.holds.push(text);
            let parts = places().flat_map(|from| places().map(move |to| (from, to)));
            let parts = parts.filter_map(|(from, to)| default.get(from..to));
            tests.equal.extend(parts.map(str::to_owned));
        }
        Held::Within => return None,
    }
    Some(())
}
