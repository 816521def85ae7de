//! What tests say of values: asked of the evaluator itself, so that nothing about operators is said
//! twice.

use crate::entries::is_there;
use crate::input::Value;
use crate::space::fields_of;
use actra_bytecode::dfa::Dfa;
use actra_bytecode::ids::SlotId;
use actra_bytecode::{Program, VerifyError};
use actra_compiler::lower::lower;
use actra_compiler::model::{
    Action, Atom, CheckedPolicy, Combine, Condition, Effect, Field, FieldRef, FieldType, InputMode,
    Mode, Place, Rule, Schema, Scope, Settings,
};
use actra_vm::{Frame, evaluate};
use std::collections::{BTreeMap, BTreeSet};

/// A policy, and its patterns' automata.
#[derive(Clone, Copy, Debug)]
pub struct Source<'p> {
    /// The policy.
    pub policy: &'p CheckedPolicy,
    /// The automaton of every pattern in it.
    pub patterns: &'p BTreeMap<String, Dfa>,
}

/// What a test comes to, as the policy's settings have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Truth {
    False,
    Unknown,
    True,
}

/// Which inputs are looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Case {
    /// Those that ask for this action.
    Action(String),
    /// Those whose `action.type` is missing or not in the schema: only unchecked inputs.
    OtherAction,
}

impl Case {
    /// The action; `None` for inputs of none in the schema.
    pub fn action(&self) -> Option<&str> {
        match self {
            Self::Action(name) => Some(name),
            Self::OtherAction => None,
        }
    }

    /// Whether a rule is a candidate.
    pub(crate) fn admits(&self, rule: &Rule) -> bool {
        match (&rule.scope.actions, self) {
            (None, _) => true,
            (Some(names), Self::Action(action)) => names.contains(action),
            (Some(_), Self::OtherAction) => false,
        }
    }
}

fn keep(fields: &[Field], wanted: &BTreeSet<&str>) -> Vec<Field> {
    fields.iter().filter(|field| wanted.contains(field.name.as_str())).cloned().collect()
}

/// The part of a schema that is about some fields.
fn restricted(schema: &Schema, case: &Case, fields: &[&FieldRef]) -> Schema {
    use actra_compiler::model::Domain::{Action as InAction, Actor, Snapshot};
    let mut wanted: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for field in fields {
        wanted.entry(field.domain).or_default().extend(field.path.first().map(String::as_str));
    }
    wanted.entry(InAction).or_default().insert("type");
    wanted.entry(Actor).or_default().insert("type");
    wanted.entry(Snapshot).or_default();
    let of = |domain| wanted.get(&domain).cloned().unwrap_or_default();
    let actions = schema.actions.iter().map(|action| Action {
        name: action.name.clone(),
        fields: if case.action() == Some(&action.name) {
            keep(&action.fields, &of(InAction))
        } else {
            Vec::new()
        },
        description: None,
    });
    Schema {
        common: keep(&schema.common, &of(InAction)),
        actions: actions.collect(),
        actor: keep(&schema.actor, &of(Actor)),
        snapshot: keep(&schema.snapshot, &of(Snapshot)),
    }
}

/// Inside objects nothing is required, since the other members are not there.
fn without_required(fields: &mut [Field], depth: usize) {
    for field in fields {
        if let FieldType::Object(inner) = &mut field.ty {
            field.required = false;
            without_required(inner, depth + 1);
        } else if depth > 0 || matches!(field.ty, FieldType::Map(_)) {
            field.required = false;
        }
    }
}

/// An approval rule that fires where the condition is true or unknown.
pub(crate) fn rule(number: usize, case: &Case, condition: Condition) -> Rule {
    Rule {
        id: number.to_string(),
        scope: Scope { actions: case.action().map(|name| vec![name.to_owned()]), actors: None },
        condition: Some(condition),
        effect: Effect::RequireApproval,
        message: None,
        required_actions: Vec::new(),
        mode: Mode::Enforce,
        tags: Vec::new(),
        description: None,
        place: Place::default(),
    }
}

/// Asks the evaluator about inputs that have some fields only.
#[derive(Debug)]
pub(crate) struct Probe {
    tests: Program,
    checks: Program,
    atoms: usize,
}

impl Probe {
    pub(crate) fn new(
        source: Source<'_>,
        case: &Case,
        fields: &[&FieldRef],
        atoms: &[&Atom],
    ) -> Result<Self, VerifyError> {
        let Source { policy, patterns } = source;
        let schema = restricted(&policy.schema, case, fields);
        // Approval rules all say whether they fire: one for each atom, one for its opposite.
        let rules = atoms.iter().enumerate().flat_map(|(number, atom)| {
            let atom = Condition::Atom(Box::new((*atom).clone()));
            let not = Condition::Not(Box::new(atom.clone()));
            [rule(2 * number, case, atom), rule(2 * number + 1, case, not)]
        });
        let tests = CheckedPolicy {
            version: policy.version,
            settings: Settings {
                combine: Combine::MostRestrictive,
                default: Effect::Allow,
                missing: policy.settings.missing,
                inputs: InputMode::Unchecked,
            },
            schema: schema.clone(),
            rules: rules.collect(),
        };
        let mut schema = schema;
        // `actor.type` is there whether it is asked about or not.
        if !fields.contains(&&FieldRef::actor_type()) {
            schema.actor.retain(|field| field.name != "type");
        }
        let own = schema.actions.iter_mut().map(|action| &mut action.fields);
        for fields in own.chain([&mut schema.common, &mut schema.actor, &mut schema.snapshot]) {
            without_required(fields, 0);
        }
        // Entries of maps have slots, and are checked there, where some rule reads them.
        let read: BTreeSet<&FieldRef> =
            atoms.iter().flat_map(|atom| fields_of(atom)).filter(|at| at.key.is_some()).collect();
        let rules = read.into_iter().enumerate();
        let checks = CheckedPolicy {
            version: policy.version,
            settings: policy.settings,
            schema,
            rules: rules.map(|(number, entry)| rule(number, case, is_there(entry))).collect(),
        };
        Ok(Self {
            tests: lower(&tests, patterns)?,
            checks: lower(&checks, patterns)?,
            atoms: atoms.len(),
        })
    }

    /// For values of those fields, for inputs that ask for that action.
    pub(crate) fn open<'a>(&'a self, action: Option<&'a Value>, fields: &[&FieldRef]) -> Asked<'a> {
        let asking = |program: &'a Program| {
            let slot = |field: &FieldRef| program.find_slot(&field.to_string());
            let action = slot(&FieldRef::action_type()).zip(action);
            let slots = fields.iter().map(|field| slot(field)).collect();
            (Frame::new(program), action, slots)
        };
        Asked {
            probe: self,
            tests: asking(&self.tests),
            checks: asking(&self.checks),
            fires: vec![false; 2 * self.atoms],
        }
    }
}

/// A frame, the action that all inputs ask for, and where values of fields go.
type Asking<'a> = (Frame<'a, 'a>, Option<(SlotId, &'a Value)>, Vec<Option<SlotId>>);

/// The evaluator, asked about one input after the other.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    probe: &'a Probe,
    tests: Asking<'a>,
    checks: Asking<'a>,
    fires: Vec<bool>,
}

impl<'a> Asked<'a> {
    fn fill((frame, action, slots): &mut Asking<'a>, values: &[Option<&'a Value>]) {
        frame.clear();
        if let Some((slot, value)) = action {
            let given = value.give(frame);
            frame.set(*slot, given);
        }
        for (slot, value) in slots.iter().zip(values) {
            if let (Some(slot), Some(value)) = (slot, value) {
                let given = value.give(frame);
                frame.set(*slot, given);
            }
        }
    }

    /// Appends what each atom says of the values. Where checking refuses them, or even unchecked
    /// inputs may not be so, nothing is appended, and it says so.
    pub(crate) fn truths(&mut self, values: &[Option<&'a Value>], found: &mut Vec<Truth>) -> bool {
        Self::fill(&mut self.checks, values);
        if evaluate(&mut self.checks.0).is_err() {
            return false;
        }
        Self::fill(&mut self.tests, values);
        let frame = &mut self.tests.0;
        let Ok(outcome) = evaluate(frame) else { return false };
        self.fires.fill(false);
        for id in frame.matched().iter().copied().chain(outcome.rule) {
            let position = self.probe.tests.rule(id).map(|rule| rule.position as usize);
            if let Some(fires) = position.and_then(|position| self.fires.get_mut(position)) {
                *fires = true;
            }
        }
        found.extend(self.fires.chunks_exact(2).map(|pair| match pair {
            [true, true] => Truth::Unknown,
            [true, false] => Truth::True,
            _ => Truth::False,
        }));
        true
    }
}
