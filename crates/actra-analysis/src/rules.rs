//! What each rule is good for: whether it can fire, whether it can decide, and whether anything
//! would be different without it.

use crate::ask::{Found, Undecided, core, find};
use crate::encode::Encoded;
use crate::input::Input;
use crate::probe::{Case, Source};
use crate::replay::{Engine, Verdict};
use crate::space::Space;
use actra_compiler::model::{Combine, Effect, InputMode, Mode};

/// What was found about a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleReport {
    /// Its number in the policy.
    pub rule: usize,
    /// What is wrong with it, if something is.
    pub finding: Option<RuleFinding>,
    /// An input that it decides, or for which it fires.
    pub example: Option<Example>,
    /// Whether it fires for every input in its scope though it has conditions.
    pub always_fires: bool,
    /// What could not be decided about it.
    pub undecided: Option<Undecided>,
}

/// An input, and what is decided about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The input.
    pub input: Box<Input>,
    /// What the evaluator decides about it.
    pub verdict: Verdict,
}

/// Whether an action can get an effect.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectReport {
    /// The effect.
    pub effect: Effect,
    /// Whether some input gets it; `None`: undecided.
    pub is_possible: Option<bool>,
    /// An input that gets it.
    pub example: Option<Example>,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleFinding {
    /// No input lets it fire.
    NeverFires,
    /// It never decides, since one of these always decides before it. None can be left out.
    Shadowed(Vec<usize>),
    /// Without it every input gets the same effect.
    Redundant,
}

/// What an action can come to.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionReport {
    /// The action.
    pub case: Case,
    /// By effect, from the one that lets most through.
    pub effects: Vec<EffectReport>,
    /// What could not be decided about it.
    pub undecided: Option<Undecided>,
}

/// What was found about a policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// By rule, in order of the policy.
    pub rules: Vec<RuleReport>,
    /// By action, in order of the schema.
    pub actions: Vec<ActionReport>,
    /// Steps that the searches took.
    pub steps: u64,
}

/// The cases of a policy: its actions, and where inputs are not checked, none of them.
pub fn cases(source: Source<'_>) -> Vec<Case> {
    let policy = source.policy;
    let mut cases: Vec<Case> =
        policy.schema.actions.iter().map(|action| Case::Action(action.name.clone())).collect();
    if policy.settings.inputs == InputMode::Unchecked {
        cases.push(Case::OtherAction);
    }
    cases
}

#[derive(Clone, Debug, Default)]
struct State {
    fires: bool,
    decides: bool,
    differs: bool,
    rests: bool,
    by: Vec<usize>,
    example: Option<Example>,
    undecided: Option<Undecided>,
    is_asked: bool,
}

/// Asks everything about every rule and every action. `progress` hears how many questions of how
/// many are done.
pub fn report(
    source: Source<'_>,
    budget: u64,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Report, String> {
    let policy = source.policy;
    let engine = Engine::new(source)?;
    let mut states = vec![State::default(); policy.rules.len()];
    let mut report = Report::default();
    let cases = cases(source);
    let total: usize = cases
        .iter()
        .map(|case| policy.rules.iter().filter(|rule| case.admits(rule)).count() + 1)
        .sum();
    let mut done = 0;
    for case in &cases {
        let mut space = Space::new(&[source], case, &[], false).map_err(|error| error.0)?;
        let encoded = Encoded::new(&mut space, 0, source, case, false);
        for (place, candidate) in encoded.candidates.iter().enumerate() {
            done += 1;
            progress(done, total);
            let Some(state) = states.get_mut(candidate.rule) else { continue };
            let Some(rule) = policy.rules.get(candidate.rule) else { continue };
            state.is_asked = true;
            let mut ask = |literals: &[_]| find(&mut space, literals, budget);
            let is_shadow = rule.mode == Mode::Shadow;
            // It decides: then it fires, too.
            if !state.decides && !is_shadow {
                match ask(&[encoded.valid, candidate.counts]) {
                    Found::Witness(input) => {
                        let verdict = engine.decide(&input);
                        let is_it = match &verdict {
                            Verdict::Decided { rule, approvals, .. } => {
                                *rule == Some(candidate.rule) || approvals.contains(&candidate.rule)
                            }
                            Verdict::Error(_) => false,
                        };
                        if is_it {
                            (state.fires, state.decides) = (true, true);
                            state.example = Some(Example { input, verdict });
                        } else {
                            state.undecided = Some(Undecided::NotConfirmed(input.to_text()));
                        }
                    }
                    Found::Nothing => {}
                    Found::Undecided(why) => state.undecided = Some(why),
                }
            }
            if !state.fires {
                match ask(&[encoded.valid, candidate.fires]) {
                    Found::Witness(input) => {
                        let alone = Engine::of_rule(source, candidate.rule)?;
                        if alone.decide(&input).rule().is_some() {
                            state.fires = true;
                            let verdict = engine.decide(&input);
                            state.example = Some(Example { input, verdict });
                        } else {
                            state.undecided = Some(Undecided::NotConfirmed(input.to_text()));
                        }
                    }
                    Found::Nothing => {}
                    Found::Undecided(why) => state.undecided = Some(why),
                }
            }
            // Approvals that are carried along do more than their effect.
            let is_carried = policy.settings.combine == Combine::MostRestrictive
                && rule.effect == Effect::RequireApproval;
            if state.decides && !state.differs && !is_carried {
                let wanted = [encoded.valid, candidate.decides, candidate.rest_differs];
                match ask(&wanted) {
                    Found::Witness(_) => state.differs = true,
                    Found::Nothing => {}
                    Found::Undecided(_) => state.differs = true,
                }
            }
            state.differs |= is_carried;
            let has_condition = rule.condition.is_some() || rule.scope.actors.is_some();
            if !state.rests {
                state.rests = !has_condition
                    || !matches!(ask(&[encoded.valid, !candidate.fires]), Found::Nothing);
            }
            if !state.decides && !is_shadow && state.undecided.is_none() {
                let earlier: Vec<_> = encoded
                    .candidates
                    .iter()
                    .take(place)
                    .filter(|other| {
                        policy.rules.get(other.rule).is_some_and(|other| {
                            other.mode == Mode::Enforce
                                && !(is_carried && other.effect == Effect::RequireApproval)
                        })
                    })
                    .collect();
                let negated: Vec<_> = earlier.iter().map(|other| !other.fires).collect();
                let fixed = [encoded.valid, candidate.fires];
                for at in core(&mut space, &fixed, &negated, budget).unwrap_or_default() {
                    if let Some(other) = earlier.get(at).map(|other| other.rule)
                        && !state.by.contains(&other)
                    {
                        state.by.push(other);
                    }
                }
            }
        }
        done += 1;
        progress(done, total);
        report.actions.push(action(&mut space, &encoded, &engine, case, budget));
        report.steps += space.solver.steps();
    }
    for (number, state) in states.into_iter().enumerate() {
        let is_shadow = policy.rules.get(number).is_some_and(|rule| rule.mode == Mode::Shadow);
        let finding = match &state {
            _ if state.undecided.is_some() && !state.decides => None,
            State { fires: false, .. } => Some(RuleFinding::NeverFires),
            _ if is_shadow => None,
            State { decides: false, .. } => Some(RuleFinding::Shadowed(state.by)),
            State { differs: false, .. } => Some(RuleFinding::Redundant),
            _ => None,
        };
        report.rules.push(RuleReport {
            rule: number,
            finding,
            example: state.example,
            always_fires: state.is_asked && !state.rests && state.fires,
            undecided: state.undecided.filter(|_| !state.decides),
        });
    }
    Ok(report)
}

fn action(
    space: &mut Space<'_>,
    encoded: &Encoded,
    engine: &Engine,
    case: &Case,
    budget: u64,
) -> ActionReport {
    let mut report = ActionReport { case: case.clone(), effects: Vec::new(), undecided: None };
    for effect in [Effect::Allow, Effect::RequireApproval, Effect::Block] {
        let mut found = EffectReport { effect, is_possible: None, example: None };
        match find(space, &[encoded.valid, encoded.has_effect(effect)], budget) {
            Found::Witness(input) => {
                let verdict = engine.decide(&input);
                if verdict.effect() == Some(effect) {
                    found.is_possible = Some(true);
                    found.example = Some(Example { input, verdict });
                } else {
                    report.undecided = Some(Undecided::NotConfirmed(input.to_text()));
                }
            }
            Found::Nothing => found.is_possible = Some(false),
            Found::Undecided(why) => report.undecided = Some(why),
        }
        report.effects.push(found);
    }
    report
}
