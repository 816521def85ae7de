//! Tests of a list's items that an empty list passes.

use super::fields::share_actions;
use super::{Linter, Polarity, RuleAt, about_rule, each_atom};
use crate::check::excerpt;
use crate::diagnostic::Code;
use crate::model::{Atom, Condition, Effect, FieldRef, OperatorShape, Quantifier, Rule};
use std::collections::HashMap;

pub(super) fn look(linter: &mut Linter<'_>) {
    let mut lengths: Option<Lengths<'_>> = None;
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
            let lengths = lengths.get_or_insert_with(|| lengths_minded(linter));
            if !needs_items(condition, &atom.subject) && !is_minded(lengths, at, &atom.subject) {
                warn(linter, at, atom, polarity);
            }
        }
    }
}

/// Rules that may stop what another one lets pass and test the length of a list, by list.
type Lengths<'c> = HashMap<&'c FieldRef, Vec<&'c Rule>>;

fn lengths_minded<'c>(linter: &Linter<'c>) -> Lengths<'c> {
    let mut lengths = Lengths::new();
    for RuleAt { rule, .. } in linter.enforced().filter(|at| at.rule.effect != Effect::Allow) {
        rule.condition.iter().for_each(|condition| {
            each_atom(condition, &mut |atom, _| {
                if atom.operator.shape() == OperatorShape::Length {
                    lengths.entry(&atom.subject).or_default().push(rule);
                }
            });
        });
    }
    lengths
}

/// Whether the atom opens an allow rule to an empty list. In a block rule, `some` and `not: every`
/// ask for an item to block for, and where there is none, nothing is surprising.
fn passes_empty(quantifier: Quantifier, polarity: Polarity) -> bool {
    matches!(
        (quantifier, polarity),
        (Quantifier::Every, Polarity::Straight) | (Quantifier::Some, Polarity::Negated)
    )
}

fn is_minded(lengths: &Lengths<'_>, at: RuleAt<'_>, field: &FieldRef) -> bool {
    // Whoever tests one length more often than this does not need all of the tests.
    const MOST: usize = 64;
    let rules = lengths.get(field).into_iter().flatten();
    rules.take(MOST).any(|other| share_actions(other, at.rule))
}

/// Whether the condition itself looks at the list's length, or needs an item in it.
fn needs_items(condition: &Condition, field: &FieldRef) -> bool {
    let mut needs = false;
    each_atom(condition, &mut |atom, polarity| {
        needs |= atom.subject == *field
            && match (atom.operator.shape(), atom.quantifier) {
                (OperatorShape::Length, None) => true,
                (OperatorShape::Contains | OperatorShape::ListSet, None)
                | (_, Some(Quantifier::Some)) => polarity == Polarity::Straight,
                _ => false,
            };
    });
    needs
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
