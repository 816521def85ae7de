//! What each rule is good for: whether it can fire, whether it can decide, and whether anything
//! would be different without it.

use crate::ask::{Found, Undecided, core, find};
use crate::encode::{Candidate, EFFECTS, Encoded};
use crate::input::Input;
use crate::matter::{FieldReport, fields};
use crate::probe::{Case, Source};
use crate::replay::{Engine, Verdict};
use crate::solve::{Lit, Model};
use crate::space::{Cache, Space};
use actra_compiler::model::{Combine, Effect, InputMode, Mode, Rule};
use std::collections::BTreeMap;
use std::rc::Rc;

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
    /// By field: whether it can matter.
    pub fields: Vec<FieldReport>,
    /// What could not be decided about effects.
    pub undecided: Option<Undecided>,
}

/// What was found about a policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// By rule, in order of the policy.
    pub rules: Vec<RuleReport>,
    /// By action, in order of name.
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

/// What is known of a rule.
#[derive(Clone, Debug, Default)]
struct State {
    fires: bool,
    decides: bool,
    differs: bool,
    rests: bool,
    by: Vec<usize>,
    example: Option<Rc<Example>>,
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
    let mut states = BTreeMap::new();
    let mut report = Report::default();
    let cases = cases(source);
    let total: usize = cases
        .iter()
        .map(|case| policy.rules.iter().filter(|rule| case.admits(rule)).count() + 1)
        .sum();
    let mut done = 0;
    let mut cache = Cache::default();
    for case in &cases {
        let mut space =
            Space::new(&[source], case, &[], false, &mut cache).map_err(|error| error.0)?;
        let encoded = Encoded::new(&mut space, 0, source, case, false);
        let mut inquiry = Inquiry {
            source,
            case,
            budget,
            engine: &engine,
            firing: vec![None; encoded.candidates.len()],
            effects: [const { None }; 3],
            encoded,
            space,
            states: &mut states,
        };
        for place in 0..inquiry.encoded.candidates.len() {
            done += 1;
            progress(done, total);
            inquiry.rule(place)?;
        }
        done += 1;
        progress(done, total);
        let mut action = inquiry.action();
        report.steps += inquiry.space.solver.steps();
        action.fields = fields(source, case, &engine, budget, &mut cache, &mut report.steps)?;
        report.actions.push(action);
    }
    report.rules = policy
        .rules
        .iter()
        .enumerate()
        .map(|(number, rule)| rule_report(number, states.remove(&number).unwrap_or_default(), rule))
        .collect();
    Ok(report)
}

fn rule_report(number: usize, state: State, rule: &Rule) -> RuleReport {
    let finding = match &state {
        _ if state.undecided.is_some() && !state.decides => None,
        State { fires: false, .. } => Some(RuleFinding::NeverFires),
        _ if rule.mode == Mode::Shadow => None,
        State { decides: false, .. } => Some(RuleFinding::Shadowed(state.by)),
        State { differs: false, .. } => Some(RuleFinding::Redundant),
        _ => None,
    };
    RuleReport {
        rule: number,
        finding,
        example: state.example.map(Rc::unwrap_or_clone),
        always_fires: state.is_asked && !state.rests && state.fires,
        undecided: state.undecided.filter(|_| !state.decides),
    }
}

/// The questions about one case. Each input that answers one answers others, too.
struct Inquiry<'s, 'p> {
    source: Source<'p>,
    case: &'s Case,
    budget: u64,
    engine: &'s Engine,
    space: Space<'p>,
    encoded: Encoded,
    states: &'s mut BTreeMap<usize, State>,
    /// By candidate: an input that lets it fire, so the search says.
    firing: Vec<Option<Rc<Example>>>,
    /// By effect: an input that gets it, so the evaluator says.
    effects: [Option<Rc<Example>>; 3],
}

impl Inquiry<'_, '_> {
    /// Searches for an input for which the literals hold, and says what is decided about it.
    fn ask(&mut self, literals: &[Lit]) -> Result<Option<Rc<Example>>, Undecided> {
        let mut wanted = vec![self.encoded.valid];
        wanted.extend(literals);
        match find(&mut self.space, &wanted, self.budget) {
            Found::Nothing => Ok(None),
            Found::Undecided(why) => Err(why),
            Found::Witness(input, model) => {
                let verdict = self.engine.decide(&input);
                let example = Rc::new(Example { input, verdict });
                self.note(&example, &model);
                Ok(Some(example))
            }
        }
    }

    /// What an input says of all rules and effects.
    fn note(&mut self, example: &Rc<Example>, model: &Model) {
        for (candidate, firing) in self.encoded.candidates.iter().zip(&mut self.firing) {
            let state = self.states.entry(candidate.rule).or_default();
            if model.is_true(candidate.fires) {
                firing.get_or_insert_with(|| Rc::clone(example));
            } else {
                state.rests = true;
            }
            state.differs |=
                model.is_true(candidate.decides) && model.is_true(candidate.rest_differs);
        }
        let Verdict::Decided { effect, rule, approvals } = &example.verdict else { return };
        for rule in rule.iter().chain(approvals) {
            let state = self.states.entry(*rule).or_default();
            if !state.decides {
                (state.fires, state.decides) = (true, true);
                state.example = Some(Rc::clone(example));
            }
        }
        for (known, seen) in EFFECTS.iter().zip(&mut self.effects) {
            if known == effect {
                seen.get_or_insert_with(|| Rc::clone(example));
            }
        }
    }

    fn state(&mut self, rule: usize) -> &mut State {
        self.states.entry(rule).or_default()
    }

    /// Everything about one rule that is not known yet.
    fn rule(&mut self, place: usize) -> Result<(), String> {
        let policy = self.source.policy;
        let Some(candidate) = self.encoded.candidates.get(place).copied() else { return Ok(()) };
        let Some(rule) = policy.rules.get(candidate.rule) else { return Ok(()) };
        let is_shadow = rule.mode == Mode::Shadow;
        // Approvals that are carried along do more than their effect, and so do those that require
        // something.
        let is_approval = rule.effect == Effect::RequireApproval;
        let is_carried = is_approval && policy.settings.combine == Combine::MostRestrictive;
        let requires = is_approval && !rule.required_actions.is_empty();
        let state = self.state(candidate.rule);
        state.is_asked = true;
        state.differs |= is_carried || requires;
        state.rests |= rule.condition.is_none() && rule.scope.actors.is_none();

        if !self.state(candidate.rule).decides && !is_shadow {
            self.decides(candidate);
        }
        if !self.state(candidate.rule).fires {
            self.fires(place, candidate)?;
        }
        let state = self.state(candidate.rule);
        if state.decides && !state.differs {
            let found = self.ask(&[candidate.decides, candidate.rest_differs]);
            self.state(candidate.rule).differs = !matches!(found, Ok(None));
        }
        if !self.state(candidate.rule).rests {
            let found = self.ask(&[!candidate.fires]);
            self.state(candidate.rule).rests = !matches!(found, Ok(None));
        }
        let state = self.state(candidate.rule);
        if !state.decides && !is_shadow && state.undecided.is_none() {
            self.shadowed_by(place, candidate, is_carried);
        }
        Ok(())
    }

    /// Whether it decides; then it fires, too.
    fn decides(&mut self, candidate: Candidate) {
        let why = match self.ask(&[candidate.counts]) {
            Ok(None) => return,
            // The evaluator has said so.
            Ok(Some(_)) if self.state(candidate.rule).decides => return,
            Ok(Some(example)) => Undecided::NotConfirmed(example.input.to_text()),
            Err(why) => why,
        };
        self.state(candidate.rule).undecided = Some(why);
    }

    fn fires(&mut self, place: usize, candidate: Candidate) -> Result<(), String> {
        let example = match self.firing.get(place).cloned().flatten() {
            Some(example) => example,
            None => match self.ask(&[candidate.fires]) {
                Ok(None) => return Ok(()),
                Ok(Some(example)) => example,
                Err(why) => {
                    self.state(candidate.rule).undecided = Some(why);
                    return Ok(());
                }
            },
        };
        let alone = Engine::of_rule(self.source, candidate.rule)?;
        let is_confirmed = alone.decide(&example.input).rule().is_some();
        let state = self.state(candidate.rule);
        if is_confirmed {
            state.fires = true;
            state.example = Some(example);
        } else {
            state.undecided = Some(Undecided::NotConfirmed(example.input.to_text()));
        }
        Ok(())
    }

    /// Which rules always decide before it.
    fn shadowed_by(&mut self, place: usize, candidate: Candidate, is_carried: bool) {
        let rules = &self.source.policy.rules;
        let earlier: Vec<Candidate> = self
            .encoded
            .candidates
            .iter()
            .take(place)
            .filter(|other| {
                rules.get(other.rule).is_some_and(|other| {
                    other.mode == Mode::Enforce
                        && !(is_carried && other.effect == Effect::RequireApproval)
                })
            })
            .copied()
            .collect();
        let negated: Vec<Lit> = earlier.iter().map(|other| !other.fires).collect();
        let fixed = [self.encoded.valid, candidate.fires];
        let core = core(&mut self.space, &fixed, &negated, self.budget).unwrap_or_default();
        let by: Vec<usize> =
            core.iter().filter_map(|at| earlier.get(*at).map(|other| other.rule)).collect();
        let state = self.state(candidate.rule);
        for other in by {
            if !state.by.contains(&other) {
                state.by.push(other);
            }
        }
    }

    /// By effect an input that gets it.
    fn action(&mut self) -> ActionReport {
        let mut report = ActionReport {
            case: self.case.clone(),
            effects: Vec::new(),
            fields: Vec::new(),
            undecided: None,
        };
        for (place, effect) in EFFECTS.into_iter().enumerate() {
            let seen = |inquiry: &Self| inquiry.effects.get(place).cloned().flatten();
            let mut is_possible = Some(true);
            if seen(self).is_none() {
                match self.ask(&[self.encoded.has_effect(effect)]) {
                    Ok(None) => is_possible = Some(false),
                    Ok(Some(_)) if seen(self).is_some() => {}
                    Ok(Some(example)) => {
                        is_possible = None;
                        let text = example.input.to_text();
                        report.undecided = Some(Undecided::NotConfirmed(text));
                    }
                    Err(why) => {
                        is_possible = None;
                        report.undecided = Some(why);
                    }
                }
            }
            let example = seen(self).map(Rc::unwrap_or_clone);
            report.effects.push(EffectReport { effect, is_possible, example });
        }
        report
    }
}
