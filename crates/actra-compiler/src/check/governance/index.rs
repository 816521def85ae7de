//! The policy as filters look at it: what each rule reads, and which rules have what.

use super::Filter;
use crate::model::{
    Addend, CheckedPolicy, Condition, Domain, Effect, FieldRef, Operand, Place, Rule,
};
use std::borrow::Cow;
use std::collections::HashMap;

/// The rules of a policy, found by what filters ask for.
pub(super) struct Index<'p> {
    rules: Vec<Indexed<'p>>,
    all: Vec<u32>,
    by_id: HashMap<&'p str, u32>,
    by_effect: HashMap<Effect, Vec<u32>>,
    by_action: HashMap<&'p str, Vec<u32>>,
    by_actor: HashMap<&'p str, Vec<u32>>,
    by_tag: HashMap<&'p str, Vec<u32>>,
    reading: HashMap<(Option<Domain>, Option<String>), Vec<u32>>,
}

/// A rule and what it reads.
pub(super) struct Indexed<'p> {
    pub(super) rule: &'p Rule,
    pub(super) reads: Vec<Read<'p>>,
}

/// A field that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read<'p> {
    pub(super) field: Cow<'p, FieldRef>,
    pub(super) by: ReadBy,
    pub(super) place: Place,
}

/// By what part of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadBy {
    /// The left side of an atom.
    Left,
    /// The right side of an atom, a sum's parts included.
    Right,
    /// The actor scope, which means an atom.
    ActorScope,
}

impl<'p> Index<'p> {
    pub(super) fn new(policy: &'p CheckedPolicy) -> Self {
        let mut index = Self {
            rules: Vec::with_capacity(policy.rules.len()),
            all: Vec::with_capacity(policy.rules.len()),
            by_id: HashMap::new(),
            by_effect: HashMap::new(),
            by_action: HashMap::new(),
            by_actor: HashMap::new(),
            by_tag: HashMap::new(),
            reading: HashMap::new(),
        };
        for (number, rule) in (0..).zip(&policy.rules) {
            index.add(number, rule);
        }
        index
    }

    fn add(&mut self, number: u32, rule: &'p Rule) {
        let mut reads = Vec::new();
        if rule.scope.actors.is_some() {
            let field = Cow::Owned(FieldRef::actor_type());
            reads.push(Read { field, by: ReadBy::ActorScope, place: rule.place });
        }
        rule.condition.iter().for_each(|condition| collect(condition, &mut reads));
        self.all.push(number);
        self.by_id.insert(&rule.id, number);
        add_once(self.by_effect.entry(rule.effect).or_default(), number);
        for action in rule.scope.actions.iter().flatten() {
            add_once(self.by_action.entry(action).or_default(), number);
        }
        for actor in rule.scope.actors.iter().flatten() {
            add_once(self.by_actor.entry(actor).or_default(), number);
        }
        for tag in &rule.tags {
            add_once(self.by_tag.entry(tag).or_default(), number);
        }
        for read in &reads {
            let domain = read.field.domain;
            add_once(self.reading.entry((Some(domain), None)).or_default(), number);
            // A name may be that of an object around the field.
            for length in 1..=read.field.path.len() {
                let path = read.field.path.get(..length).unwrap_or_default().join(".");
                for domain in [Some(domain), None] {
                    let key = (domain, Some(path.clone()));
                    add_once(self.reading.entry(key).or_default(), number);
                }
            }
        }
        self.rules.push(Indexed { rule, reads });
    }

    pub(super) fn rule(&self, number: u32) -> Option<&Indexed<'p>> {
        self.rules.get(number as usize)
    }

    pub(super) fn rule_named(&self, id: &str) -> Option<&Indexed<'p>> {
        self.rule(*self.by_id.get(id)?)
    }

    /// The ids of all rules, in file order.
    pub(super) fn ids(&self) -> impl Iterator<Item = &'p str> {
        self.rules.iter().map(|indexed| indexed.rule.id.as_str())
    }

    /// Whether some rule is scoped to the action.
    pub(super) fn has_scope(&self, action: &str) -> bool {
        self.by_action.contains_key(action)
    }

    /// The fewest rules, in file order, among which are all that the filter can select.
    pub(super) fn candidates(&self, filter: &Filter<'_>) -> &[u32] {
        fn found(numbers: Option<&Vec<u32>>) -> &[u32] {
            numbers.map_or(&[], Vec::as_slice)
        }
        let reads = filter.reads.map(|reads| (reads.domain, reads.name.map(str::to_owned)));
        let all: &[u32] = &self.all;
        [
            filter.id.map(|id| self.by_id.get(id).map_or(&[][..], std::slice::from_ref)),
            reads.map(|key| found(self.reading.get(&key))),
            filter.effect.map(|effect| found(self.by_effect.get(&effect))),
            filter.action.map(|action| found(self.by_action.get(action.text))),
            filter.actor.map(|actor| found(self.by_actor.get(actor.text))),
        ]
        .into_iter()
        .flatten()
        .chain(filter.tags.iter().map(|tag| found(self.by_tag.get(*tag))))
        .min_by_key(|numbers| numbers.len())
        .unwrap_or(all)
    }
}

/// Rules come in order, so that a rule that is there stands last.
fn add_once(numbers: &mut Vec<u32>, number: u32) {
    if numbers.last() != Some(&number) {
        numbers.push(number);
    }
}

fn collect<'p>(condition: &'p Condition, reads: &mut Vec<Read<'p>>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                collect(part, reads);
            }
        }
        Condition::Not(part) => collect(part, reads),
        Condition::Atom(atom) => {
            let mut add = |field: &'p FieldRef, by| {
                let field = Cow::Borrowed(field);
                reads.push(Read { field, by, place: atom.place });
            };
            add(&atom.subject, ReadBy::Left);
            match &atom.operand {
                Operand::None | Operand::Literal(_) | Operand::Literals(_) => {}
                Operand::Field(field) => add(field, ReadBy::Right),
                Operand::Sum { field, addend, .. } => {
                    add(field, ReadBy::Right);
                    if let Addend::Field(field) = addend {
                        add(field, ReadBy::Right);
                    }
                }
            }
        }
    }
}
