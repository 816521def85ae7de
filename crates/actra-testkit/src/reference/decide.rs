//! From rules to a decision.

use super::atom::{self, AtomOutcome};
use super::field::Input;
use super::{Decision, Event, Truth};
use crate::Value;
use actra_compiler::model::{CheckedPolicy, Combine, Condition, Effect, MissingMode, Mode, Rule};
use std::collections::BTreeSet;

/// What a rule's whole condition comes to.
struct Verdict<'a> {
    rule: &'a Rule,
    truth: Truth,
    fires: bool,
    /// Flawed fields of its atoms, sorted by code point.
    flawed: BTreeSet<String>,
}

pub(super) fn decide(
    policy: &CheckedPolicy,
    context: &Value,
    observer: &mut dyn FnMut(Event<'_>),
) -> Decision {
    let input = Input::new(policy, context);
    // "Candidates: the rules whose action scope holds (or that have none)."
    let mut verdicts = Vec::new();
    for rule in policy.rules.iter().filter(|rule| action_scope_holds(&input, rule)) {
        verdicts.push(judge(&input, rule, observer));
    }
    let verdicts = in_order(policy.settings.combine, verdicts);

    // "`shadow` ones set aside."
    let enforced: Vec<&Verdict<'_>> =
        verdicts.iter().filter(|verdict| verdict.rule.mode == Mode::Enforce).collect();
    let mut decision = combine(policy, &enforced);

    // "The decision also says what it would have been with them enforced, each at its normal
    // place, when the effect or the rule differs."
    let everything: Vec<&Verdict<'_>> = verdicts.iter().collect();
    let with_shadow = combine(policy, &everything);
    if (with_shadow.effect, &with_shadow.matched_rule) != (decision.effect, &decision.matched_rule)
    {
        decision.shadow = Some((with_shadow.effect, with_shadow.matched_rule));
    }
    decision
}

fn action_scope_holds(input: &Input<'_>, rule: &Rule) -> bool {
    match &rule.scope.actions {
        None => true,
        Some(names) => input.action.is_some_and(|action| names.contains(&action.name)),
    }
}

/// "`first_match`: rules with an action scope, then actor-only ones, then global ones, each in
/// file order. `most_restrictive`: every `block`, then every `require_approval`, then every
/// `allow`, each in file order."
fn in_order(combine: Combine, verdicts: Vec<Verdict<'_>>) -> Vec<Verdict<'_>> {
    let section = |rule: &Rule| match combine {
        Combine::FirstMatch => match (&rule.scope.actions, &rule.scope.actors) {
            (Some(_), _) => 0,
            (None, Some(_)) => 1,
            (None, None) => 2,
        },
        Combine::MostRestrictive => match rule.effect {
            Effect::Block => 0,
            Effect::RequireApproval => 1,
            Effect::Allow => 2,
        },
    };
    let mut verdicts = verdicts;
    // The sort is stable: file order stays.
    verdicts.sort_by_key(|verdict| section(verdict.rule));
    verdicts
}

/// "The first rule in that order that fires decides. If none fires, `default` does and
/// `matched_rule` is null."
fn combine(policy: &CheckedPolicy, verdicts: &[&Verdict<'_>]) -> Decision {
    let firing: Vec<&&Verdict<'_>> = verdicts.iter().filter(|verdict| verdict.fires).collect();
    let Some(deciding) = firing.first() else {
        return Decision {
            effect: policy.settings.default,
            matched_rule: None,
            matched_rules: Vec::new(),
            message: None,
            required_actions: Vec::new(),
            missing: Vec::new(),
            shadow: None,
        };
    };

    // "Under `most_restrictive` a `require_approval` decision carries every approval rule that
    // fired, in order."
    let carries_all = policy.settings.combine == Combine::MostRestrictive
        && deciding.rule.effect == Effect::RequireApproval;
    let matched: Vec<&Rule> = if carries_all {
        firing
            .iter()
            .map(|verdict| verdict.rule)
            .filter(|rule| rule.effect == Effect::RequireApproval)
            .collect()
    } else {
        vec![deciding.rule]
    };

    // "Required actions of all matched rules, duplicates dropped."
    let mut required_actions: Vec<String> = Vec::new();
    for action in matched.iter().flat_map(|rule| &rule.required_actions) {
        if !required_actions.contains(action) {
            required_actions.push(action.clone());
        }
    }
    // "When the deciding rule's condition is unknown".
    let missing = match deciding.truth {
        Truth::Unknown => deciding.flawed.iter().cloned().collect(),
        Truth::True | Truth::False => Vec::new(),
    };
    Decision {
        effect: deciding.rule.effect,
        matched_rule: Some(deciding.rule.id.clone()),
        matched_rules: if matched.len() > 1 {
            matched.iter().map(|rule| rule.id.clone()).collect()
        } else {
            Vec::new()
        },
        message: deciding.rule.message.clone(),
        required_actions,
        missing,
        shadow: None,
    }
}

fn judge<'a>(
    input: &Input<'_>,
    rule: &'a Rule,
    observer: &mut dyn FnMut(Event<'_>),
) -> Verdict<'a> {
    let mut flawed = BTreeSet::new();
    // "Where `when` is left out the rule fires whenever its scope holds"; "an actor scope means
    // exactly the atom `actor.type in [...]` joined to the condition by `all`".
    let truth = match rule.full_condition() {
        None => Truth::True,
        Some(condition) => truth_of(input, &condition, &mut flawed, observer),
    };
    // "A condition that is unknown fires a `block` or `require_approval` rule and does not fire an
    // `allow` rule." Under `no_match` what stays unknown "stays resolved as under `fail_closed`".
    let fires = match truth {
        Truth::True => true,
        Truth::False => false,
        Truth::Unknown => rule.effect != Effect::Allow,
    };
    observer(Event::Rule { rule, truth, fires });
    Verdict { rule, truth, fires, flawed }
}

/// "`not`, `all`, `any` combine unknowns by Kleene's three-valued logic." Every part is evaluated,
/// so that every flawed field is met.
fn truth_of(
    input: &Input<'_>,
    condition: &Condition,
    flawed: &mut BTreeSet<String>,
    observer: &mut dyn FnMut(Event<'_>),
) -> Truth {
    match condition {
        Condition::All(parts) => Truth::all(&truths_of(input, parts, flawed, observer)),
        Condition::Any(parts) => Truth::any(&truths_of(input, parts, flawed, observer)),
        Condition::Not(part) => truth_of(input, part, flawed, observer).negated(),
        Condition::Atom(atom) => {
            let evaluated = atom::evaluate(input, atom);
            flawed.extend(evaluated.flawed.iter().map(ToString::to_string));
            observer(Event::Atom {
                atom,
                outcome: evaluated.outcome,
                left: evaluated.left,
                right: evaluated.right,
            });
            match (evaluated.outcome, input.policy.settings.missing) {
                (AtomOutcome::True, _) => Truth::True,
                (AtomOutcome::False, _) => Truth::False,
                // "With `missing: no_match` an atom that is unknown because a field is missing is
                // simply false (and `not` of it true)."
                (AtomOutcome::UnknownByMissing, MissingMode::NoMatch) => Truth::False,
                (AtomOutcome::UnknownByMissing, MissingMode::FailClosed) => Truth::Unknown,
                // "Where both happen, so does this."
                (AtomOutcome::UnknownByMalformed, _) => Truth::Unknown,
            }
        }
    }
}

fn truths_of(
    input: &Input<'_>,
    parts: &[Condition],
    flawed: &mut BTreeSet<String>,
    observer: &mut dyn FnMut(Event<'_>),
) -> Vec<Truth> {
    parts.iter().map(|part| truth_of(input, part, flawed, observer)).collect()
}
