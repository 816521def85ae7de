//! Which fields can matter for an action: whether there are two inputs that differ in one field only
//! and are not decided alike.

use crate::ask::{Found, Undecided, find};
use crate::encode::{EFFECTS, Encoded};
use crate::probe::{Case, Source};
use crate::replay::{Engine, Verdict};
use crate::rules::Example;
use crate::solve::Lit;
use crate::space::{Cache, Space, Unit};
use actra_compiler::model::{FieldRef, Mode};
use std::collections::HashMap;

/// What a field can do to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Influence {
    /// The effect may change with it.
    Effect,
    /// Which rule decides, or asks for approval, may change with it; the effect never does.
    Rule,
    /// Nothing changes with it.
    Nothing,
}

/// Whether a field can matter for an action. Of an object or a map everything in it may change
/// together.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldReport {
    /// The field, or the object or the map.
    pub field: FieldRef,
    /// Whether some rule for the action reads it.
    pub is_read: bool,
    /// What it can do. `None`: undecided.
    pub influence: Option<Influence>,
    /// Two inputs that differ in it only, and show it.
    pub example: Option<Box<(Example, Example)>>,
    /// What could not be decided about it.
    pub undecided: Option<Undecided>,
}

/// Whether each field can matter for the action. Both inputs that are looked at are such that
/// checking lets them pass.
pub(crate) fn fields(
    source: Source<'_>,
    case: &Case,
    engine: &Engine,
    budget: u64,
    cache: &mut Cache,
    steps: &mut u64,
) -> Result<Vec<FieldReport>, String> {
    let units = Space::new(&[source], case, &[], false, cache).map_err(|error| error.0)?.units();
    // Shadow rules read fields, but no decision is theirs.
    let mut enforced = source.policy.clone();
    enforced.rules.retain(|rule| rule.mode == Mode::Enforce);
    let source = Source { policy: &enforced, ..source };
    let mut space = Space::new(&[source], case, &[], false, cache).map_err(|error| error.0)?;
    let first = Encoded::new(&mut space, 0, source, case, false);
    let own: HashMap<FieldRef, Unit> =
        space.units().into_iter().map(|unit| (unit.field.clone(), unit)).collect();
    let mut found = Vec::new();
    for unit in units {
        let mut report = FieldReport {
            field: unit.field.clone(),
            is_read: unit.is_read,
            influence: Some(Influence::Nothing),
            example: None,
            undecided: None,
        };
        // What no rule reads that decides changes nothing.
        if let Some(unit) = own.get(&unit.field).filter(|unit| unit.is_read) {
            let second = space.changing(unit).map_err(|error| error.0)?;
            *steps += ask(second, &first, (source, case), engine, budget, &mut report);
        }
        found.push(report);
    }
    Ok(found)
}

/// Asks about a space with the second input in it. Says how many steps that took.
fn ask(
    mut space: Space<'_>,
    first: &Encoded,
    (source, case): (Source<'_>, &Case),
    engine: &Engine,
    budget: u64,
    report: &mut FieldReport,
) -> u64 {
    let second = Encoded::new(&mut space, 0, source, case, false);
    let [effect, rule] =
        [differ_in_effect(&mut space, first, &second), differ_in_rule(&mut space, first, &second)];
    for (influence, differs) in [(Influence::Effect, effect), (Influence::Rule, rule)] {
        match find(&mut space, &[first.valid, second.valid, differs], budget) {
            Found::Nothing => {}
            Found::Undecided(why) => {
                report.influence = None;
                report.undecided = Some(why);
                break;
            }
            Found::Witness(changed, model) => {
                space.mean_changed(false);
                let inputs = [Box::new(space.input(&model)), changed];
                let [one, other] =
                    inputs.map(|input| Example { verdict: engine.decide(&input), input });
                if does_differ(influence, &one.verdict, &other.verdict) {
                    report.influence = Some(influence);
                    report.example = Some(Box::new((one, other)));
                } else {
                    report.influence = None;
                    let text = format!("{}\n{}", one.input.to_text(), other.input.to_text());
                    report.undecided = Some(Undecided::NotConfirmed(text));
                }
                break;
            }
        }
    }
    space.solver.steps()
}

fn does_differ(influence: Influence, one: &Verdict, other: &Verdict) -> bool {
    let are_decided = one.effect().is_some() && other.effect().is_some();
    let is_same_effect = one.effect() == other.effect();
    are_decided
        && match influence {
            Influence::Effect => !is_same_effect,
            Influence::Rule => is_same_effect && one != other,
            Influence::Nothing => false,
        }
}

fn differ_in_effect(space: &mut Space<'_>, first: &Encoded, second: &Encoded) -> Lit {
    let differ = EFFECTS
        .map(|effect| space.solver.all(&[first.has_effect(effect), !second.has_effect(effect)]));
    space.solver.any(&differ)
}

/// One of the rules decides, or is among those that ask for approval, for one of both inputs only.
fn differ_in_rule(space: &mut Space<'_>, first: &Encoded, second: &Encoded) -> Lit {
    let mut differ = vec![unequal(space, first.default, second.default)];
    for (one, other) in first.candidates.iter().zip(&second.candidates) {
        differ.push(unequal(space, one.counts, other.counts));
    }
    space.solver.any(&differ)
}

fn unequal(space: &mut Space<'_>, one: Lit, other: Lit) -> Lit {
    if one == other {
        return Lit::FALSE;
    }
    let only = [space.solver.all(&[one, !other]), space.solver.all(&[!one, other])];
    space.solver.any(&only)
}
