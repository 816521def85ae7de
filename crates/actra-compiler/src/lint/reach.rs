//! Rules that never decide, and actions that no rule decides about.
//!
//! Only what can be read off the rules is said: a rule that is called unreachable is.

use super::cover::{implies, may_be_unknown};
use super::fields::covers_actions;
use super::{Linter, RuleAt, each_atom};
use crate::check::excerpt;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{
    Atom, CheckedPolicy, Combine, Condition, Effect, FieldRef, InputMode, Literal, Mode, Operand,
    Operator, Rule,
};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

pub(super) fn look(linter: &mut Linter<'_>) {
    rules(linter);
    actions(linter);
}

/// A rule on the way to a decision.
struct Candidate<'c> {
    at: RuleAt<'c>,
    /// Its condition with the actor scope; `None`: it always fires in its scope.
    condition: Option<Cow<'c, Condition>>,
}

/// Rules that a rule is held against. Where more rules than this test the same field of the same
/// action in other ways than for equality with a text, some cover is missed; that is better than a
/// compiler that takes its time.
const MOST_COMPARED: usize = 32;

fn rules(linter: &mut Linter<'_>) {
    let mut order: Vec<Candidate<'_>> = linter
        .rules()
        .map(|at| {
            let condition = match (&at.rule.scope.actors, &at.rule.condition) {
                (None, condition) => condition.as_ref().map(Cow::Borrowed),
                (Some(_), _) => at.rule.full_condition().map(Cow::Owned),
            };
            Candidate { at, condition }
        })
        .collect();
    // Stable: within a rank in file order.
    let combine = linter.policy.settings.combine;
    order.sort_by_key(|candidate| rank(combine, candidate.at.rule));
    let mut earlier = Earlier::default();
    let mut found = Vec::new();
    for (index, candidate) in order.iter().enumerate() {
        if let Some(warning) = hidden(linter, &order, &earlier, candidate) {
            found.push(warning);
        }
        if candidate.at.rule.mode == Mode::Enforce {
            earlier.add(index, candidate);
        }
    }
    for warning in found {
        linter.push(warning);
    }
}

/// Where a rule stands in the order of decision.
fn rank(combine: Combine, rule: &Rule) -> u8 {
    match combine {
        Combine::MostRestrictive => match rule.effect {
            Effect::Block => 0,
            Effect::RequireApproval => 1,
            Effect::Allow => 2,
        },
        Combine::FirstMatch => match (&rule.scope.actions, &rule.scope.actors) {
            (Some(_), _) => 0,
            (None, Some(_)) => 1,
            (None, None) => 2,
        },
    }
}

/// The enforced rules before one, in order, to be found by what they are about.
#[derive(Default)]
struct Earlier<'o> {
    /// Without any condition: by action, and the first of every action.
    always: HashMap<&'o str, usize>,
    everywhere: Option<usize>,
    /// By action (`None`: every one) and a test that their conditions need.
    tests: HashMap<(Option<&'o str>, Test<'o>), Vec<usize>>,
    /// Which kinds of keys there are: most policies have few, and looking up costs.
    kinds: Kinds,
}

#[derive(Default)]
struct Kinds {
    has_values: bool,
    has_fields: bool,
    has_others: bool,
    has_scopeless: bool,
}

/// What a condition needs, as far as it is found by it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Test<'o> {
    /// This field is this text.
    Value(&'o FieldRef, &'o str),
    /// Something about this field.
    Field(&'o FieldRef),
    /// Something else.
    Other,
}

impl<'o> Earlier<'o> {
    fn add(&mut self, index: usize, candidate: &'o Candidate<'_>) {
        let actions = candidate.at.rule.scope.actions.as_deref();
        let Some(condition) = candidate.condition.as_deref() else {
            match actions {
                Some(names) => {
                    for name in names {
                        self.always.entry(name).or_insert(index);
                    }
                }
                None => self.everywhere = self.everywhere.or(Some(index)),
            }
            return;
        };
        let test = first_test(condition).map_or(Test::Other, |atom| match value_of(atom) {
            Some(value) => Test::Value(&atom.subject, value),
            None => Test::Field(&atom.subject),
        });
        match test {
            Test::Value(..) => self.kinds.has_values = true,
            Test::Field(_) => self.kinds.has_fields = true,
            Test::Other => self.kinds.has_others = true,
        }
        self.kinds.has_scopeless |= actions.is_none();
        let mut file = |action| {
            let list = self.tests.entry((action, test)).or_default();
            if list.len() < MOST_COMPARED {
                list.push(index);
            }
        };
        match actions {
            Some(names) => names.iter().for_each(|name| file(Some(name.as_str()))),
            None => file(None),
        }
    }

    /// Those that may cover a rule with this condition, the earliest first.
    fn near(&self, rule: &Rule, condition: &Condition) -> Vec<usize> {
        // Whoever covers the rule covers its first action.
        let first = rule.scope.actions.as_ref().and_then(|names| names.first()).map(String::as_str);
        let mut near = Vec::new();
        let mut find = |test: Test<'_>| {
            if let Some(first) = first {
                near.extend(self.tests.get(&(Some(first), test)).into_iter().flatten());
            }
            if self.kinds.has_scopeless {
                near.extend(self.tests.get(&(None, test)).into_iter().flatten());
            }
        };
        if self.kinds.has_others {
            find(Test::Other);
        }
        each_atom(condition, &mut |atom, _| {
            if self.kinds.has_fields {
                find(Test::Field(&atom.subject));
            }
            if !self.kinds.has_values {
                return;
            }
            let literals = match (&atom.operand, atom.operator) {
                (Operand::Literal(literal), Operator::Equals) => std::slice::from_ref(literal),
                (Operand::Literals(literals), Operator::In) => literals.as_slice(),
                _ => &[],
            };
            // Covered by a test for one value, every value in the list is that one.
            if let [Literal::String(text)] = literals {
                find(Test::Value(&atom.subject, text));
            }
        });
        near.sort_unstable();
        near.dedup();
        near.truncate(MOST_COMPARED);
        near
    }
}

/// The first test that the condition needs to hold, those for equality with a text first.
fn first_test(condition: &Condition) -> Option<&Atom> {
    match condition {
        Condition::Atom(atom) => Some(atom),
        Condition::All(parts) => {
            let mut first = None;
            // Each part is looked into once: conditions nest.
            for atom in parts.iter().filter_map(first_test) {
                if value_of(atom).is_some() {
                    return Some(atom);
                }
                first = first.or(Some(atom));
            }
            first
        }
        Condition::Any(_) | Condition::Not(_) => None,
    }
}

fn value_of(atom: &Atom) -> Option<&str> {
    match (atom.quantifier, atom.operator, &atom.operand) {
        (None, Operator::Equals, Operand::Literal(Literal::String(text))) => Some(text),
        _ => None,
    }
}

/// The warning about a rule that earlier ones hide.
fn hidden(
    linter: &Linter<'_>,
    order: &[Candidate<'_>],
    earlier: &Earlier<'_>,
    candidate: &Candidate<'_>,
) -> Option<Diagnostic> {
    if let Some(by) = always_before(linter, order, earlier, candidate) {
        let first = by.first()?;
        let why = match by.as_slice() {
            [only] => {
                format!("`{}` always {}", excerpt(&only.rule.id), decides(linter, only.rule.effect))
            }
            _ => "rules without conditions decide about each of its actions".to_owned(),
        };
        let is_repeated = candidate.condition.is_none()
            && by.len() == 1
            && is_same(first.rule, candidate.at.rule);
        return Some(warning(linter, candidate, &by, &why, is_repeated));
    }
    let condition = candidate.condition.as_deref()?;
    let unknown = std::cell::OnceCell::new();
    earlier.near(candidate.at.rule, condition).into_iter().find_map(|index| {
        let other = order.get(index)?;
        let (rule, first) = (candidate.at.rule, other.at.rule);
        let outer = other.condition.as_deref()?;
        if !covers_actions(first, rule) || !implies(condition, outer) {
            return None;
        }
        let is_repeated = is_same(first, rule) && condition == outer;
        if is_repeated && first.required_actions == rule.required_actions {
            return Some(warning(linter, candidate, &[other.at], "", true));
        }
        if !stops(linter, first.effect, rule.effect) {
            return None;
        }
        // Where the conditions are unknown, an allow rule does not fire and others do.
        let fires_unknown = rule.effect != Effect::Allow && first.effect == Effect::Allow;
        let is_unknown = || *unknown.get_or_init(|| may_be_unknown(linter.policy, rule, condition));
        if fires_unknown && is_unknown() {
            return None;
        }
        let why = format!(
            "whenever it fires, `{}` does, and {}",
            excerpt(&first.id),
            decides(linter, first.effect)
        );
        Some(warning(linter, candidate, &[other.at], &why, is_repeated))
    })
}

/// Rules without conditions that together decide everything in the rule's scope.
fn always_before<'c>(
    linter: &Linter<'_>,
    order: &[Candidate<'c>],
    earlier: &Earlier<'_>,
    candidate: &Candidate<'_>,
) -> Option<Vec<RuleAt<'c>>> {
    let rule = candidate.at.rule;
    let sure = |index: usize| {
        let other = order.get(index)?;
        stops(linter, other.at.rule.effect, rule.effect).then_some(other.at)
    };
    if let Some(at) = earlier.everywhere.and_then(sure) {
        return Some(vec![at]);
    }
    let mut by: Vec<RuleAt<'c>> = Vec::new();
    let mut covered = |name: &str| {
        let Some(at) = earlier.always.get(name).copied().and_then(sure) else { return false };
        if !by.iter().any(|known| std::ptr::eq(known.rule, at.rule)) {
            by.push(at);
        }
        true
    };
    let all = match &rule.scope.actions {
        Some(names) => names.iter().all(|name| covered(name)),
        // Unchecked, an action that is not in the schema leaves this rule alone to decide.
        None if linter.policy.settings.inputs == InputMode::Unchecked => false,
        None => {
            let actions = &linter.policy.schema.actions;
            !actions.is_empty() && actions.iter().all(|action| covered(&action.name))
        }
    };
    all.then_some(by)
}

/// Whether a rule that fires keeps a later one out of the decision. Approvals are all carried.
fn stops(linter: &Linter<'_>, first: Effect, later: Effect) -> bool {
    linter.policy.settings.combine == Combine::FirstMatch
        || first != Effect::RequireApproval
        || later != Effect::RequireApproval
}

fn is_same(one: &Rule, other: &Rule) -> bool {
    one.effect == other.effect && one.scope == other.scope && one.mode == other.mode
}

fn decides(linter: &Linter<'_>, effect: Effect) -> &'static str {
    match (linter.policy.settings.combine, effect) {
        (Combine::FirstMatch, _) => "decides before it",
        (_, Effect::Block) => "blocks before it",
        (_, Effect::RequireApproval) => "asks for approval before it",
        (_, Effect::Allow) => "allows before it",
    }
}

fn warning(
    linter: &Linter<'_>,
    candidate: &Candidate<'_>,
    by: &[RuleAt<'_>],
    why: &str,
    is_repeated: bool,
) -> Diagnostic {
    let rule = candidate.at.rule;
    let id = excerpt(&rule.id);
    let first = by.first().map_or_else(String::new, |at| excerpt(&at.rule.id));
    let (code, message, help) = if is_repeated {
        let message = format!(
            "rule `{id}` decides nothing that `{first}` does not: scope, condition and effect are \
             the same"
        );
        (Code::DuplicateRule, message, "delete one of the two".to_owned())
    } else {
        let message = match rule.mode {
            Mode::Enforce => format!("rule `{id}` never decides: {why}"),
            Mode::Shadow => {
                format!("even enforced, the shadow rule `{id}` would never decide: {why}")
            }
        };
        let help = match linter.policy.settings.combine {
            Combine::FirstMatch => {
                format!("put it before `{first}`, narrow `{first}`, or delete it")
            }
            Combine::MostRestrictive => format!("narrow `{first}`, or delete this rule"),
        };
        (Code::UnreachableRule, message, help)
    };
    let mut diagnostic = Diagnostic::warning(code, candidate.at.note.id, message).with_help(help);
    for at in by.iter().take(4) {
        diagnostic = diagnostic.with_related(at.note.id, "this rule comes first");
    }
    diagnostic
}

/// The actions that some rule is about, shadow rules included.
pub(super) struct Reached<'c> {
    all: bool,
    names: HashSet<&'c str>,
}

impl<'c> Reached<'c> {
    pub(super) fn of(policy: &'c CheckedPolicy) -> Self {
        let names = policy.rules.iter().filter_map(|rule| rule.scope.actions.as_ref()).flatten();
        Self {
            all: policy.rules.iter().any(|rule| rule.scope.actions.is_none()),
            names: names.map(String::as_str).collect(),
        }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.all || self.names.contains(name)
    }
}

/// Actions that no rule is about.
fn actions(linter: &mut Linter<'_>) {
    if linter.policy.rules.is_empty() {
        return;
    }
    let reached = Reached::of(linter.policy);
    let notes = linter.notes;
    let effect = match linter.policy.settings.default {
        Effect::Allow => "allows",
        Effect::Block => "blocks",
        Effect::RequireApproval => "asks for approval of",
    };
    for (name, span) in &notes.actions {
        if !reached.contains(name) {
            let message =
                format!("no rule is about `{}`: the default {effect} all of it", excerpt(name));
            let help = "write a rule for it, or take it out of the schema";
            linter.warn(Code::UnreachedAction, *span, message, help);
        }
    }
}
