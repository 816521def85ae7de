//! Promises of governance documents: each is proved, or the documents are no policy.

use crate::ask::{DEFAULT_BUDGET, Undecided};
use crate::probe::{Case, Source};
use crate::promise::{Kept, Question, are_kept};
use crate::replay::Verdict;
use actra_compiler::check::Checked;
use actra_compiler::diagnostic::{Code, Diagnostic, Report};
use actra_compiler::model::{CheckedPolicy, Promise};
use std::collections::BTreeMap;

/// By promise and action, each by its number or name: whether it is kept.
fn kept(checked: &Checked) -> BTreeMap<(usize, &str), Kept> {
    let source = Source { policy: &checked.policy, patterns: &checked.patterns };
    let mut by_action: BTreeMap<&str, Vec<(usize, Question<'_>)>> = BTreeMap::new();
    for (number, promise) in checked.promises.iter().enumerate() {
        for action in &promise.actions {
            let question = Question {
                promise: promise.kind,
                assume: promise.assume.as_ref(),
                complete: promise.is_complete,
                budget: DEFAULT_BUDGET,
            };
            by_action.entry(action).or_default().push((number, question));
        }
    }
    let mut found = BTreeMap::new();
    for (action, asked) in by_action {
        let (numbers, questions): (Vec<usize>, Vec<Question<'_>>) = asked.into_iter().unzip();
        let kept = are_kept(source, &Case::Action(action.to_owned()), &questions);
        found.extend(numbers.into_iter().map(|number| (number, action)).zip(kept));
    }
    found
}

/// Reports every promise that is not kept, or cannot be proved.
pub fn prove(checked: &Checked, report: &mut Report) {
    let kept = kept(checked);
    for (number, promise) in checked.promises.iter().enumerate() {
        let mut is_about_something = false;
        for action in &promise.actions {
            let Some(kept) = kept.get(&(number, action.as_str())) else { continue };
            is_about_something |= *kept != Kept::Vacuously;
            let found = match kept {
                Kept::Always | Kept::Vacuously => continue,
                Kept::Broken { input, verdict } => {
                    broken(&checked.policy, promise, action, &input.to_text(), verdict)
                }
                Kept::Undecided(why) => undecided(promise, action, why),
            };
            if let Some(found) = found {
                report.push(found);
            }
        }
        let is_void =
            !is_about_something && promise.assume.is_some() && !promise.actions.is_empty();
        if let (true, Some(span)) = (is_void, promise.place.span()) {
            let message = format!(
                "no input meets what governance rule `{}` assumes: it promises nothing",
                promise.id.escape_debug()
            );
            report.push(
                Diagnostic::error(Code::GovernanceAsksNothing, span, message)
                    .with_help("change `assume`, or leave the governance rule out"),
            );
        }
    }
}

fn broken(
    policy: &CheckedPolicy,
    promise: &Promise,
    action: &str,
    input: &str,
    verdict: &Verdict,
) -> Option<Diagnostic> {
    let message = format!(
        "governance rule `{}` is broken for action `{}`: {}",
        promise.id.escape_debug(),
        action.escape_debug(),
        promise.error
    );
    let effect = verdict.effect().map_or("error", actra_compiler::model::Effect::as_str);
    let rule = verdict.rule().and_then(|rule| policy.rules.get(rule));
    let by = match rule {
        Some(rule) => format!("rule `{}`", rule.id.escape_debug()),
        None => "the default, since no rule fires".to_owned(),
    };
    let mut found = Diagnostic::error(Code::GovernanceViolated, promise.place.span()?, message)
        .with_help(format!(
            "`{}` is promised, and this input gets `{effect}` by {by}:\n{input}",
            promise.kind
        ));
    if let Some((rule, span)) = rule.and_then(|rule| Some((rule, rule.place.span()?))) {
        let what = format!("rule `{}` decides", rule.id.escape_debug());
        found = found.with_related(first_byte(span), what);
    }
    Some(found)
}

/// A rule is long: its beginning will do.
fn first_byte(mut span: actra_compiler::diagnostic::Span) -> actra_compiler::diagnostic::Span {
    span.end = span.end.min(span.start + 1);
    span
}

fn undecided(promise: &Promise, action: &str, why: &Undecided) -> Option<Diagnostic> {
    let message = format!(
        "governance rule `{}` can neither be proved nor refuted for action `{}`",
        promise.id.escape_debug(),
        action.escape_debug()
    );
    let mut found = Diagnostic::error(Code::GovernanceUndecided, promise.place.span()?, message)
        .with_help(why.help());
    for (span, why) in why.in_the_way() {
        found = found.with_related(span, why);
    }
    Some(found)
}
