//! Decisions that rest on what an input leaves out: fields under `missing: no_match`, and the
//! default of version 1.

use super::fields::{covers_actions, may_be_missing, read_by};
use super::{Linter, Polarity, RuleAt, about_rule, each_atom};
use crate::check::listing;
use crate::diagnostic::Code;
use crate::model::{
    Atom, Condition, Effect, FieldRef, LanguageVersion, MissingMode, Operator, OperatorShape, Rule,
};
use std::collections::HashMap;

pub(super) fn look(linter: &mut Linter<'_>) {
    implicit_default(linter);
    if linter.policy.settings.missing == MissingMode::NoMatch {
        let others = Others::of(linter);
        for at in linter.enforced() {
            rests_on_missing_field(linter, &others, at);
        }
    }
}

fn implicit_default(linter: &mut Linter<'_>) {
    let policy = linter.policy;
    let says = linter.notes.default.is_some();
    let always_decides = |at: RuleAt<'_>| {
        at.rule.condition.is_none()
            && at.rule.scope.actions.is_none()
            && at.rule.scope.actors.is_none()
    };
    if policy.version != LanguageVersion::V1 || says || linter.enforced().any(always_decides) {
        return;
    }
    if let Some(span) = linter.notes.version {
        let message = "in version 1, what no rule decides is allowed, and the policy does not say \
                       so"
        .to_owned();
        let help = "write `evaluation: {default: block}`, or `{default: allow}` if that is meant";
        linter.warn(Code::ImplicitDefault, span, message, help);
    }
}

fn rests_on_missing_field(linter: &mut Linter<'_>, others: &Others<'_>, at: RuleAt<'_>) {
    let rule = at.rule;
    let Some(condition) = rule.full_condition() else { return };
    let harmful = match rule.effect {
        // Leaving the field out makes the atom false, and `not` of it true.
        Effect::Allow => Polarity::Negated,
        Effect::Block | Effect::RequireApproval => Polarity::Straight,
    };
    if rule.effect != Effect::Allow && !others.matters(rule) {
        return;
    }
    let mut guarded: Vec<&FieldRef> = Vec::new();
    let mut reading: Vec<(&Atom, &FieldRef)> = Vec::new();
    each_atom(&condition, &mut |atom, polarity| {
        if atom.operator.shape() == OperatorShape::Presence {
            guarded.push(&atom.subject);
        } else if polarity == harmful {
            reading.extend(read_by(atom).map(|field| (atom, field)));
        }
    });
    reading.retain(|(_, field)| {
        !guarded.contains(field)
            && may_be_missing(linter.policy, rule, field)
            && !others.guard(rule, field)
    });
    let Some((first, field)) = reading.first() else { return };
    let mut names: Vec<String> = Vec::new();
    for (_, field) in &reading {
        let name = field.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let listed = listing(names.iter().map(String::as_str));
    let (message, help) = match rule.effect {
        Effect::Allow => (
            format!(
                "an input without {listed} passes this `not`: under `missing: no_match` a test of \
                 a missing field is false"
            ),
            format!(
                "join `{field} exists` to it by `all`, or write `evaluation: {{missing: \
                 fail_closed}}`"
            ),
        ),
        effect => (
            format!(
                "leaving {listed} out of the input evades this `{effect}` rule: under `missing: \
                 no_match` a test of a missing field is false"
            ),
            format!(
                "join `{field} missing` to it by `any`, or write `evaluation: {{missing: \
                 fail_closed}}`"
            ),
        ),
    };
    // The actor scope is an atom that stands nowhere.
    let is_written = first.place != rule.place;
    let span = if is_written { linter.subject_of(first) } else { None };
    let warning = about_rule(Code::RestsOnMissingField, at, span, message).with_help(help);
    linter.push(warning);
}

/// What other rules have to do with a rule that a missing field evades.
struct Others<'c> {
    /// The least restrictive effect that a rule about any action, and one about each, has.
    everywhere: Effect,
    least: HashMap<&'c str, Effect>,
    /// Rules that fire when a field is missing.
    guards: HashMap<&'c FieldRef, Vec<&'c Rule>>,
}

impl<'c> Others<'c> {
    fn of(linter: &Linter<'c>) -> Self {
        let mut others = Self {
            everywhere: linter.policy.settings.default,
            least: HashMap::new(),
            guards: HashMap::new(),
        };
        for RuleAt { rule, .. } in linter.enforced() {
            match &rule.scope.actions {
                None => others.everywhere = others.everywhere.min(rule.effect),
                Some(names) => {
                    for name in names {
                        let least = others.least.entry(name).or_insert(rule.effect);
                        *least = rule.effect.min(*least);
                    }
                }
            }
            if rule.effect != Effect::Allow && rule.scope.actors.is_none() {
                rule.condition.iter().for_each(|when| {
                    each_atom(when, &mut |atom, _| {
                        if atom.operator.shape() == OperatorShape::Presence
                            && holds_without(when, &atom.subject)
                        {
                            others.guards.entry(&atom.subject).or_default().push(rule);
                        }
                    });
                });
            }
        }
        others
    }

    /// Whether anything less restrictive than the rule can come of evading it.
    fn matters(&self, rule: &Rule) -> bool {
        self.everywhere < rule.effect
            || match &rule.scope.actions {
                None => self.least.values().any(|least| *least < rule.effect),
                Some(names) => names.iter().any(|name| {
                    self.least.get(name.as_str()).is_some_and(|least| *least < rule.effect)
                }),
            }
    }

    /// Whether another rule as restrictive fires when the field is missing.
    fn guard(&self, rule: &Rule, field: &FieldRef) -> bool {
        // Whoever has more guards than this for one field does not need all of them.
        const MOST: usize = 64;
        self.guards
            .get(field)
            .into_iter()
            .flatten()
            .take(MOST)
            .any(|other| other.effect >= rule.effect && covers_actions(other, rule))
    }
}

/// Whether the condition holds whenever the field is missing.
fn holds_without(condition: &Condition, field: &FieldRef) -> bool {
    let tests = |condition: &Condition, operator| {
        matches!(condition, Condition::Atom(atom)
            if atom.operator == operator && atom.subject == *field)
    };
    match condition {
        Condition::Any(parts) => parts.iter().any(|part| holds_without(part, field)),
        Condition::All(parts) => parts.iter().all(|part| holds_without(part, field)),
        Condition::Not(part) => tests(part, Operator::Exists),
        Condition::Atom(_) => tests(condition, Operator::NotExists),
    }
}
