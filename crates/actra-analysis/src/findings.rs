//! What a report found, as warnings about documents.

use crate::ask::Undecided;
use crate::rules::{Report, RuleFinding};
use actra_compiler::check::Checked;
use actra_compiler::diagnostic::{Code, Diagnostic, Span};
use actra_compiler::model::Rule;

/// Rules that one warning points to at most.
const MOST_RULES: usize = 8;

/// The warnings, in order of the rules, and then of the actions.
pub fn findings(checked: &Checked, report: &Report) -> Vec<Diagnostic> {
    let rules = &checked.policy.rules;
    let id = |rule: usize| checked.notes.rules.get(rule).map(|note| note.id);
    let mut found = Vec::new();
    for about in &report.rules {
        let (Some(rule), Some(span)) = (rules.get(about.rule), id(about.rule)) else { continue };
        let name = rule.id.escape_debug();
        if let Some(why) = &about.undecided {
            let message = format!("whether rule `{name}` ever decides is undecided");
            found.push(undecided(span, message, why));
        }
        let warning = match &about.finding {
            None => None,
            Some(RuleFinding::NeverFires) => Some(
                Diagnostic::warning(
                    Code::RuleNeverFires,
                    span,
                    format!("rule `{name}` never fires: no input meets its condition"),
                )
                .with_help("mend the condition, or delete the rule"),
            ),
            Some(RuleFinding::Shadowed(by)) => Some(shadowed(rules, rule, span, by, &id)),
            Some(RuleFinding::Redundant) => Some(
                Diagnostic::warning(
                    Code::RedundantRule,
                    span,
                    format!(
                        "rule `{name}` changes no effect: without it every input gets the same"
                    ),
                )
                .with_help("delete it, or keep it for its message and silence this"),
            ),
        };
        found.extend(warning);
        if about.always_fires {
            let message = format!("rule `{name}` fires for every input in its scope");
            let help = "mend the condition, or leave it out";
            found.push(Diagnostic::warning(Code::RuleAlwaysFires, span, message).with_help(help));
        }
    }
    for about in &report.actions {
        let Some((why, action)) = about.undecided.as_ref().zip(about.case.action()) else {
            continue;
        };
        let mut names = checked.notes.actions.iter();
        if let Some((_, span)) = names.find(|(name, _)| name == action) {
            let name = action.escape_debug();
            let message = format!("what can be decided about action `{name}` is undecided");
            found.push(undecided(*span, message, why));
        }
    }
    found
}

fn shadowed(
    rules: &[Rule],
    rule: &Rule,
    span: Span,
    by: &[usize],
    id: &dyn Fn(usize) -> Option<Span>,
) -> Diagnostic {
    let names: Vec<String> = by
        .iter()
        .filter_map(|rule| Some(format!("`{}`", rules.get(*rule)?.id.escape_debug())))
        .collect();
    let others = match names.as_slice() {
        [] => "another rule".to_owned(),
        [one] => one.clone(),
        [first @ .., last] if names.len() <= MOST_RULES => {
            format!("one of {} and {last}", first.join(", "))
        }
        _ => format!("one of {} other rules", names.len()),
    };
    let message = format!(
        "rule `{}` never decides: whenever it fires, {others} does, and decides before it",
        rule.id.escape_debug()
    );
    let mut warning = Diagnostic::warning(Code::ShadowedRule, span, message)
        .with_help("put it first where order counts, narrow the others, or delete it");
    for span in by.iter().filter_map(|rule| id(*rule)).take(MOST_RULES) {
        warning = warning.with_related(span, "decides before it");
    }
    warning
}

fn undecided(span: Span, message: String, why: &Undecided) -> Diagnostic {
    let mut warning =
        Diagnostic::warning(Code::AnalysisUndecided, span, message).with_help(why.help());
    for (span, why) in why.in_the_way() {
        warning = warning.with_related(span, why);
    }
    warning
}
