//! Tests of a list's items that an empty list passes.

use super::fields::share_actions;
use super::{Linter, Polarity, RuleAt, about_rule, each_atom};
use crate::check::excerpt;
use crate::diagnostic::Code;
use crate::model::{Atom, Effect, FieldRef, Operator, OperatorShape, Quantifier};

pub(super) fn look(linter: &mut Linter<'_>) {
    for at in linter.enforced().filter(|at| at.rule.effect == Effect::Allow) {
        let Some(condition) = &at.rule.condition else { continue };
        let mut found = Vec::new();
        each_atom(condition, &mut |atom, polarity| {
            if let Some(quantifier) = atom.quantifier
                && passes_empty(quantifier, polarity)
            {
                found.push((atom, polarity));
            }
        });
        for (atom, polarity) in found {
            if !minds_length(linter, at, &atom.subject) {
                warn(linter, at, atom, polarity);
            }
        }
    }
}

/// Whether the atom opens an allow rule to an empty list. In a block rule, `some` and `not: every`
/// ask for an item to block for, and where there is none, nothing is surprising.
fn passes_empty(quantifier: Quantifier, polarity: Polarity) -> bool {
    matches!(
        (quantifier, polarity),
        (Quantifier::Every, Polarity::Straight) | (Quantifier::Some, Polarity::Negated)
    )
}

/// Whether this rule, or one that may stop what this one lets pass, looks at the list's length or
/// for an item.
fn minds_length(linter: &Linter<'_>, at: RuleAt<'_>, field: &FieldRef) -> bool {
    linter.enforced().any(|other| {
        let is_self = std::ptr::eq(other.rule, at.rule);
        let may_stop = other.rule.effect != Effect::Allow && share_actions(other.rule, at.rule);
        let mut minds = false;
        if is_self || may_stop {
            other.rule.condition.iter().for_each(|condition| {
                each_atom(condition, &mut |atom, polarity| {
                    minds |= atom.subject == *field && is_about_emptiness(atom, polarity, is_self);
                });
            });
        }
        minds
    })
}

fn is_about_emptiness(atom: &Atom, polarity: Polarity, is_self: bool) -> bool {
    match atom.operator {
        Operator::LengthGreaterThan | Operator::LengthLessThan => true,
        // Needing an item, the rule does not hold for an empty list.
        Operator::Contains | Operator::ContainsAny if atom.quantifier.is_none() => {
            is_self && polarity == Polarity::Straight
        }
        operator => {
            is_self
                && atom.quantifier == Some(Quantifier::Some)
                && polarity == Polarity::Straight
                && operator.shape() != OperatorShape::Presence
        }
    }
}

fn warn(linter: &mut Linter<'_>, at: RuleAt<'_>, atom: &Atom, polarity: Polarity) {
    let field = excerpt(&atom.subject.to_string());
    let message = match polarity {
        Polarity::Straight => {
            format!("`every` is true of an empty list, so this rule allows an empty `{field}`")
        }
        Polarity::Negated => {
            format!("`some` is false of an empty list, so its `not` allows an empty `{field}`")
        }
    };
    let help = format!("join `{field} length_greater_than 0` to it by `all`");
    let note = linter.atom_note(atom);
    let span = note.and_then(|note| note.quantifier.or(note.subject)).or(atom.place.span());
    let warning = about_rule(Code::EmptyListPasses, at, span, message).with_help(help);
    linter.push(warning);
}
