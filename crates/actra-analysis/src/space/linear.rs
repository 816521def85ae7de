//! Integers, or instants, that are compared with each other and with sums of each other in any way:
//! every way in which all of it can come out, by eliminating one variable after the other.
//!
//! Elimination is that of Fourier and Motzkin as in the Omega test (Pugh, 1991): of two bounds of a
//! variable one of which has it once, the integers between them are as many as the bounds say. Where no
//! variable is left of which that is so, there is no answer.

use super::{AtomId, Known, Space};
use crate::classes::Declared;
use crate::input::Value;
use actra_compiler::model::{Addend, FieldRef, Literal, Operand, ScalarKind, ScalarType, Sign};
use std::collections::{BTreeMap, BTreeSet};

/// Systems of inequalities that are solved for one group of fields, at most.
const MAX_SYSTEMS: usize = 60_000;
/// Ways in which all of it can come out.
const MAX_WAYS: usize = 8_000;
/// Inequalities of one system.
const MAX_ROWS: usize = 400;
/// Values beside which others of a field are looked at.
const MAX_BASES: usize = 1000;

/// Values of each of the fields.
type Values = Vec<Vec<Option<Value>>>;

/// So often each variable, and a constant: whether that is less than zero, zero, or more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Form {
    times: Vec<i128>,
    constant: i128,
}

/// Inequalities: so often each variable is at most so much. Of those with the same left side the
/// narrowest.
#[derive(Clone, Debug, Default)]
struct System {
    rows: BTreeMap<Vec<i128>, i128>,
}

/// What comes of a system.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Values(Vec<i128>),
    Impossible,
    /// Numbers are too large, or there is too much.
    Undecided,
}

/// A field of the group.
#[derive(Debug)]
struct Term {
    /// Ranges between which, and at which, some test of the field alone tells values apart.
    cells: Vec<(i128, i128)>,
    defaults: BTreeSet<i128>,
    may_be_missing: bool,
}

impl Space<'_> {
    /// Values of such fields for every way in which tests of them can come out; where a field
    /// varies, others of it beside them, which are not all that there are. `None`: they are not all
    /// such fields, or there is too much.
    pub(super) fn linear(
        &self,
        fields: &[usize],
        atoms: &[AtomId],
        is_complete: bool,
        varied: &[usize],
    ) -> Option<Values> {
        let known: Vec<&Known> = fields.iter().filter_map(|field| self.known.get(*field)).collect();
        let kind = self.kind_of_all(&known)?;
        let limits = match kind {
            ScalarKind::Integer => (i64::MIN, i64::MAX),
            ScalarKind::Timestamp => actra_bytecode::format::timestamp::INSTANTS,
            _ => return None,
        };
        let limits = (i128::from(limits.0), i128::from(limits.1));
        let (mut points, forms) = self.forms(&known, atoms)?;
        let mut terms = Vec::new();
        for ((known, field), points) in known.iter().zip(fields).zip(&mut points) {
            let types = || {
                known.declared.iter().flatten().filter_map(|declared| match declared {
                    Declared::Scalar(ty) => Some(ty),
                    Declared::List(_) => None,
                })
            };
            for ty in types() {
                let bounds = ty.min.iter().chain(&ty.max).chain(&ty.default);
                points.extend(ty.allowed.iter().flatten().chain(bounds).flat_map(near));
            }
            let admits = |cell: &(i128, i128)| types().any(|ty| admits(ty, *cell));
            terms.push(Term {
                cells: cells(points, limits).into_iter().filter(admits).collect(),
                defaults: types().flat_map(|ty| ty.default.iter().flat_map(near)).collect(),
                may_be_missing: self.may_be_missing(*field, is_complete),
            });
        }
        let mut search = Search { terms: &terms, found: Vec::new(), systems: 0 };
        search.run(&forms)?;
        let mut found = search.found;
        if !varied.is_empty() {
            let beside = beside(&found, &forms, &points, limits, varied);
            found.extend(beside);
        }
        let value = |number: Option<i128>| {
            let number = i64::try_from(number?).ok()?;
            Some(match kind {
                ScalarKind::Timestamp => Value::Instant(number),
                _ => Value::Integer(number),
            })
        };
        Some(found.into_iter().map(|row| row.into_iter().map(value).collect()).collect())
    }

    /// Constants that each field is held against, and what is asked of several.
    fn forms(
        &self,
        known: &[&Known],
        atoms: &[AtomId],
    ) -> Option<(Vec<BTreeSet<i128>>, Vec<Form>)> {
        let mut points: Vec<BTreeSet<i128>> = vec![BTreeSet::new(); known.len()];
        let mut forms = BTreeSet::new();
        for atom in atoms.iter().filter_map(|id| Some(&self.atoms.get(id.0)?.1)) {
            if atom.quantifier.is_some() {
                return None;
            }
            let place = |field: &FieldRef| known.iter().position(|known| known.field == *field);
            let subject = place(&atom.subject)?;
            let mut form = Form { times: vec![0; known.len()], constant: 0 };
            form.add(subject, 1);
            match &atom.operand {
                Operand::None => continue,
                Operand::Literal(literal) => {
                    points.get_mut(subject)?.extend(near(literal));
                    continue;
                }
                Operand::Literals(literals) => {
                    points.get_mut(subject)?.extend(literals.iter().flat_map(near));
                    continue;
                }
                Operand::Field(field) => form.add(place(field)?, -1),
                Operand::Sum { field, sign, addend } => {
                    form.add(place(field)?, -1);
                    let sign = match sign {
                        Sign::Plus => 1,
                        Sign::Minus => -1,
                    };
                    match addend {
                        Addend::Integer(value) | Addend::Duration(value) => {
                            form.constant -= sign * i128::from(*value);
                        }
                        Addend::Field(field) => form.add(place(field)?, -sign),
                    }
                }
            }
            forms.insert(form);
        }
        Some((points, forms.into_iter().collect()))
    }
}

impl Form {
    fn add(&mut self, place: usize, times: i128) {
        if let Some(own) = self.times.get_mut(place) {
            *own += times;
        }
    }

    /// With the values that some variables have.
    fn with(&self, values: &[Option<i128>]) -> Self {
        let mut form = self.clone();
        for (times, value) in form.times.iter_mut().zip(values) {
            if let Some(value) = value {
                form.constant += *times * value;
                *times = 0;
            }
        }
        form
    }

    /// The other way round where the first variable is taken away: they say the same.
    fn turned(mut self) -> Self {
        if self.times.iter().find(|times| **times != 0).is_some_and(|times| *times < 0) {
            self.times.iter_mut().for_each(|times| *times = -*times);
            self.constant = -self.constant;
        }
        self
    }

    /// The system in which it is at most, or at least, so much.
    fn limit(&self, system: &mut System, at_most: i128) -> Option<()> {
        system.add(self.times.clone(), at_most - self.constant)
    }

    fn limit_below(&self, system: &mut System, at_least: i128) -> Option<()> {
        let times = self.times.iter().map(|times| -times).collect();
        system.add(times, self.constant - at_least)
    }
}

impl System {
    /// `None`: it cannot be.
    fn add(&mut self, mut times: Vec<i128>, mut at_most: i128) -> Option<()> {
        let common = times.iter().fold(0, |common, times| gcd(common, times.abs()));
        if common == 0 {
            return (at_most >= 0).then_some(());
        }
        for times in &mut times {
            *times /= common;
        }
        at_most = at_most.div_euclid(common);
        let known = self.rows.entry(times).or_insert(at_most);
        *known = at_most.min(*known);
        Some(())
    }

    /// Integers that meet all of it, those nearest to zero where there is a choice.
    fn solve(&self, variables: usize) -> Outcome {
        self.solve_for(&(0..variables).collect(), variables)
    }

    fn solve_for(&self, left: &BTreeSet<usize>, variables: usize) -> Outcome {
        if left.is_empty() {
            return Outcome::Values(vec![0; variables]);
        }
        let mut order: Vec<(usize, usize)> =
            left.iter().filter_map(|at| Some((self.cost(*at)?, *at))).collect();
        order.sort_unstable();
        // After some variables others cannot be eliminated any more.
        for (_, variable) in order {
            let next = match self.without(variable) {
                Ok(Some(next)) if next.rows.len() <= MAX_ROWS => next,
                Ok(None) => return Outcome::Impossible,
                _ => continue,
            };
            let mut rest = left.clone();
            rest.remove(&variable);
            match next.solve_for(&rest, variables) {
                Outcome::Values(values) => return self.value_of(variable, values),
                Outcome::Impossible => return Outcome::Impossible,
                Outcome::Undecided => {}
            }
        }
        Outcome::Undecided
    }

    /// A value for the variable beside those of the others.
    fn value_of(&self, variable: usize, mut values: Vec<i128>) -> Outcome {
        let (mut low, mut high) = (i128::MIN, i128::MAX);
        for (times, at_most) in &self.rows {
            let own = times.get(variable).copied().unwrap_or(0);
            let all = times.iter().zip(&values).enumerate();
            let others = all.filter(|(at, _)| *at != variable);
            let rest = at_most - others.map(|(_, (times, value))| times * value).sum::<i128>();
            match own {
                0 => {}
                1.. => high = high.min(rest.div_euclid(own)),
                // At least: rounded up.
                _ => low = low.max(-rest.div_euclid(-own)),
            }
        }
        match values.get_mut(variable) {
            Some(value) if low <= high => *value = 0.clamp(low, high),
            _ => return Outcome::Undecided,
        }
        Outcome::Values(values)
    }

    /// How many pairs of bounds a variable has; `None` where what they say is not all.
    fn cost(&self, variable: usize) -> Option<usize> {
        let own = |times: &Vec<i128>| times.get(variable).copied().unwrap_or(0);
        let (mut above, mut below) = ((0, true), (0, true));
        for times in self.rows.keys().map(own).filter(|times| *times != 0) {
            let side = if times > 0 { &mut above } else { &mut below };
            *side = (side.0 + 1, side.1 && times.abs() == 1);
        }
        (above.1 || below.1).then_some(above.0 * below.0)
    }

    /// What is left of it for the other variables; `Ok(None)`: it cannot be; `Err`: numbers are too
    /// large.
    fn without(&self, variable: usize) -> Result<Option<Self>, ()> {
        let own = |times: &[i128]| times.get(variable).copied().unwrap_or(0);
        let mut next = Self::default();
        for (times, at_most) in &self.rows {
            if own(times) == 0 && next.add(times.clone(), *at_most).is_none() {
                return Ok(None);
            }
        }
        for (above, high) in self.rows.iter().filter(|(times, _)| own(times) > 0) {
            for (below, low) in self.rows.iter().filter(|(times, _)| own(times) < 0) {
                let (often, other) = (own(above), -own(below));
                let sum = |one: i128, two: i128| {
                    one.checked_mul(other)?.checked_add(two.checked_mul(often)?)
                };
                let times = above.iter().zip(below).map(|(one, two)| sum(*one, *two)).collect();
                let (Some(times), Some(at_most)) = (times, sum(*high, *low)) else {
                    return Err(());
                };
                if next.add(times, at_most).is_none() {
                    return Ok(None);
                }
            }
        }
        Ok(Some(next))
    }
}

struct Search<'t> {
    terms: &'t [Term],
    found: Vec<Vec<Option<i128>>>,
    systems: usize,
}

impl Search<'_> {
    /// All ways, for each set of fields that may be missing; `None`: there is too much.
    fn run(&mut self, forms: &[Form]) -> Option<()> {
        for missing in 0..1_u32.checked_shl(self.terms.len() as u32)? {
            let is_missing = |place: usize| missing >> place & 1 == 1;
            let terms = self.terms;
            if terms.iter().enumerate().any(|(at, term)| is_missing(at) && !term.may_be_missing) {
                continue;
            }
            // What is asked of a field that is missing is asked of its default.
            let mut all: BTreeSet<Form> = forms.iter().cloned().collect();
            for (place, term) in terms.iter().enumerate().filter(|(at, _)| is_missing(*at)) {
                let mut next = BTreeSet::new();
                for form in all {
                    if form.times.get(place).copied().unwrap_or(0) == 0 {
                        next.insert(form);
                        continue;
                    }
                    for default in &term.defaults {
                        let mut values = vec![None; terms.len()];
                        if let Some(value) = values.get_mut(place) {
                            *value = Some(*default);
                        }
                        next.insert(form.with(&values));
                    }
                }
                all = next;
            }
            let all: BTreeSet<Form> = all.into_iter().map(Form::turned).collect();
            let all: Vec<Form> = all.into_iter().collect();
            let mut ranges = Vec::new();
            self.ranges(&all, &is_missing, &mut ranges)?;
        }
        Some(())
    }

    /// Each range of each field that is there.
    fn ranges(
        &mut self,
        forms: &[Form],
        is_missing: &dyn Fn(usize) -> bool,
        chosen: &mut Vec<(i128, i128)>,
    ) -> Option<()> {
        let place = chosen.len();
        let Some(term) = self.terms.get(place) else {
            let mut system = System::default();
            for (place, (low, high)) in chosen.iter().enumerate() {
                let mut one = Form { times: vec![0; chosen.len()], constant: 0 };
                one.add(place, 1);
                one.limit(&mut system, *high)?;
                one.limit_below(&mut system, *low)?;
            }
            return self.signs(forms, is_missing, &system, chosen);
        };
        if is_missing(place) {
            chosen.push((0, 0));
            self.ranges(forms, is_missing, chosen)?;
            chosen.pop();
            return Some(());
        }
        for cell in &term.cells {
            chosen.push(*cell);
            self.ranges(forms, is_missing, chosen)?;
            chosen.pop();
        }
        Some(())
    }

    /// Each way in which what is asked of several can come out.
    fn signs(
        &mut self,
        forms: &[Form],
        is_missing: &dyn Fn(usize) -> bool,
        system: &System,
        ranges: &[(i128, i128)],
    ) -> Option<()> {
        let Some((form, rest)) = forms.split_first() else {
            self.systems += 1;
            if self.systems > MAX_SYSTEMS || self.found.len() > MAX_WAYS {
                return None;
            }
            match system.solve(ranges.len()) {
                Outcome::Undecided => return None,
                Outcome::Impossible => {}
                Outcome::Values(values) => {
                    let value = |(place, value)| (!is_missing(place)).then_some(value);
                    self.found.push(values.into_iter().enumerate().map(value).collect());
                }
            }
            return Some(());
        };
        let (low, high) = form.times.iter().zip(ranges).fold(
            (form.constant, form.constant),
            |(low, high), (times, range)| {
                let (one, other) = (times * range.0, times * range.1);
                (low + one.min(other), high + one.max(other))
            },
        );
        if high < 0 || low > 0 || low == high {
            return self.signs(rest, is_missing, system, ranges);
        }
        let (mut less, mut same, mut more) = (system.clone(), system.clone(), system.clone());
        let ways = [
            form.limit(&mut less, -1).map(|()| less),
            form.limit(&mut same, 0).and_then(|()| form.limit_below(&mut same, 0)).map(|()| same),
            form.limit_below(&mut more, 1).map(|()| more),
        ];
        for system in ways.into_iter().flatten() {
            if !rest.is_empty() {
                self.systems += 1;
                if self.systems > MAX_SYSTEMS {
                    return None;
                }
                if system.solve(ranges.len()) == Outcome::Impossible {
                    continue;
                }
            }
            self.signs(rest, is_missing, &system, ranges)?;
        }
        Some(())
    }
}

/// The integers at a constant: of a fraction those on both sides.
fn near(literal: &Literal) -> Vec<i128> {
    match literal {
        Literal::Integer(value) | Literal::Timestamp(value) => vec![i128::from(*value)],
        Literal::Float(value) => {
            let floor = value.floor().clamp(-1e30, 1e30) as i128;
            vec![floor, floor + 1]
        }
        Literal::String(_) | Literal::Boolean(_) => Vec::new(),
    }
}

/// The points within limits, and the ranges between them.
fn cells(points: &BTreeSet<i128>, limits: (i128, i128)) -> Vec<(i128, i128)> {
    let mut found = Vec::new();
    let mut low = limits.0;
    for point in points.range(limits.0..=limits.1) {
        if low < *point {
            found.push((low, point - 1));
        }
        found.push((*point, *point));
        low = point + 1;
    }
    if low <= limits.1 {
        found.push((low, limits.1));
    }
    found
}

/// Whether a field may have values in the range.
fn admits(ty: &ScalarType, (low, high): (i128, i128)) -> bool {
    let whole = |literal: &Option<Literal>| match literal {
        Some(Literal::Integer(value) | Literal::Timestamp(value)) => Some(i128::from(*value)),
        _ => None,
    };
    let is_allowed = |literal: &Literal| near(literal).iter().any(|at| low <= *at && *at <= high);
    whole(&ty.min).is_none_or(|min| high >= min)
        && whole(&ty.max).is_none_or(|max| low <= max)
        && ty.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(is_allowed))
}

/// Beside values, others of the fields that vary: about what they are held against.
fn beside(
    found: &[Vec<Option<i128>>],
    forms: &[Form],
    points: &[BTreeSet<i128>],
    limits: (i128, i128),
    varied: &[usize],
) -> Vec<Vec<Option<i128>>> {
    let mut beside = Vec::new();
    let step = found.len().div_ceil(MAX_BASES).max(1);
    for base in found.iter().step_by(step) {
        for place in varied {
            let mut at: BTreeSet<i128> =
                points.get(*place).into_iter().flatten().copied().collect();
            at.extend([limits.0, limits.1]);
            for form in forms {
                let mut values = base.clone();
                let Some(own) = values.get_mut(*place) else { continue };
                *own = None;
                let rest = form.with(&values);
                let is_alone =
                    rest.times.iter().enumerate().all(|(at, times)| at == *place || *times == 0);
                let times = rest.times.get(*place).copied().unwrap_or(0);
                if is_alone && times != 0 {
                    at.insert((-rest.constant).div_euclid(times));
                }
            }
            let around = at.iter().flat_map(|at| [at - 1, *at, at + 1]);
            let around: BTreeSet<i128> =
                around.filter(|at| *at >= limits.0 && *at <= limits.1).collect();
            for value in around.into_iter().map(Some).chain([None]) {
                let mut values = base.clone();
                if let Some(own) = values.get_mut(*place) {
                    *own = value;
                }
                beside.push(values);
            }
        }
    }
    beside
}

fn gcd(one: i128, other: i128) -> i128 {
    if other == 0 { one } else { gcd(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// All small integers come out like some values that are found.
        #[test]
        fn every_way(
            points in prop::collection::vec(prop::collection::btree_set(-3..4_i128, 0..3), 2..5),
            forms in prop::collection::vec(
                (prop::collection::vec(-1..2_i128, 4), -3..4_i128), 1..4),
            optional in prop::collection::vec(any::<bool>(), 4),
            defaults in prop::collection::vec(prop::option::of(-2..3_i128), 4),
        ) {
            let count = points.len();
            let limits = (i128::from(i64::MIN), i128::from(i64::MAX));
            let forms: Vec<Form> = forms
                .into_iter()
                .map(|(mut times, constant)| {
                    times.truncate(count);
                    Form { times, constant }
                })
                .collect();
            let terms: Vec<Term> = points
                .iter()
                .zip(optional.iter().zip(&defaults))
                .map(|(points, (may_be_missing, default))| {
                    let mut points = points.clone();
                    points.extend(default);
                    Term {
                        cells: cells(&points, limits),
                        defaults: default.iter().copied().collect(),
                        may_be_missing: *may_be_missing,
                    }
                })
                .collect();
            let mut search = Search { terms: &terms, found: Vec::new(), systems: 0 };
            // It may take too much, but then it says so.
            prop_assume!(search.run(&forms).is_some());
            let sign = |values: &[Option<i128>]| {
                let cell = |(value, term): (&Option<i128>, &Term)| {
                    let value = (*value)?;
                    term.cells.iter().position(|cell| cell.0 <= value && value <= cell.1)
                };
                let own: Vec<_> = values.iter().zip(&terms).map(cell).collect();
                let effective: Vec<Option<i128>> = values
                    .iter()
                    .zip(&terms)
                    .map(|(value, term)| value.or_else(|| term.defaults.first().copied()))
                    .collect();
                let of_form = |form: &Form| {
                    let is_known = |(times, value): (&i128, &Option<i128>)| *times == 0 || value.is_some();
                    if !form.times.iter().zip(&effective).all(is_known) {
                        return None;
                    }
                    Some(form.with(&effective).constant.signum())
                };
                (own, forms.iter().map(of_form).collect::<Vec<_>>())
            };
            let known: HashSet<_> = search.found.iter().map(|values| sign(values)).collect();
            let mut values: Vec<Option<i128>> = vec![Some(-5); count];
            loop {
                let is_possible =
                    values.iter().zip(&terms).all(|(value, term)| value.is_some() || term.may_be_missing);
                if is_possible {
                    prop_assert!(known.contains(&sign(&values)), "{values:?} {:?}", search.found);
                }
                let Some(place) = values.iter().position(Option::is_some) else { break };
                for value in values.iter_mut().take(place) {
                    *value = Some(-5);
                }
                let own = &mut values[place];
                *own = own.and_then(|value| (value < 5).then_some(value + 1));
            }
        }
    }

    #[test]
    fn odd_numbers_are_no_sums_of_equals() {
        // x + y = z, x = y, z = 5.
        let mut system = System::default();
        let equal = |system: &mut System, times: Vec<i128>, to: i128| {
            let form = Form { times, constant: -to };
            form.limit(system, 0).and_then(|()| form.limit_below(system, 0)).unwrap();
        };
        equal(&mut system, vec![1, 1, -1], 0);
        equal(&mut system, vec![1, -1, 0], 0);
        equal(&mut system, vec![0, 0, 1], 5);
        assert_eq!(system.solve(3), Outcome::Impossible);
        let mut system = System::default();
        equal(&mut system, vec![1, 1, -1], 0);
        equal(&mut system, vec![1, -1, 0], 0);
        equal(&mut system, vec![0, 0, 1], 6);
        assert_eq!(system.solve(3), Outcome::Values(vec![3, 3, 6]));
    }
}
