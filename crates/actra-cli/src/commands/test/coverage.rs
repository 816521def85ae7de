//! Coverage as a table for people.

use crate::output::{Paint, clean};
use actra::testing::{AtomCoverage, Coverage, PolicyCoverage, RuleCoverage, SourcePlace, Totals};
use std::fmt::Write as _;

/// Columns of rule ids that are lined up.
const ID_COLUMNS: usize = 40;

/// A table per policy: how often each rule fired, and what its atoms have not been.
pub(super) fn table(coverage: &Coverage) -> String {
    let mut text = String::new();
    for policy in &coverage.policies {
        let path = clean(&policy.path.display().to_string());
        let _ = writeln!(text, "\n{} {}", Paint::Strong.of("coverage of"), Paint::Strong.of(&path));
        rules(&mut text, policy);
        let _ = writeln!(text, "  {}", sentence(policy.totals()));
    }
    if coverage.policies.len() > 1 {
        let _ =
            writeln!(text, "\n{}: {}", Paint::Strong.of("coverage"), sentence(coverage.totals()));
    }
    text
}

/// With one digit after the point, and never more than it is: 100 means all.
pub(super) fn percent(totals: Totals) -> String {
    format!("{:.1}", (totals.percent() * 10.0).floor() / 10.0)
}

fn sentence(totals: Totals) -> String {
    let Totals { rules, rules_covered, atoms, atoms_covered } = totals;
    let paint = if rules == rules_covered && atoms == atoms_covered {
        Paint::Allow
    } else {
        Paint::Approval
    };
    format!(
        "{}: {rules_covered} of {rules} rules fired, {atoms_covered} of {atoms} atoms seen both ways",
        paint.of(&format!("{} %", percent(totals)))
    )
}

fn rules(text: &mut String, policy: &PolicyCoverage) {
    let widest = policy.rules.iter().map(|rule| clean(&rule.id).chars().count()).max();
    let width = widest.unwrap_or(0).clamp("rule".len(), ID_COLUMNS);
    let heading = format!("{:<width$}  {:>7}  {:>7}", "rule", "fired", "atoms");
    let _ = writeln!(text, "  {}", Paint::Label.of(&heading));
    for rule in &policy.rules {
        let totals = rule.totals();
        let fired = paint(format!("{:>7}", rule.fired), totals.rules_covered == 1);
        let atoms = match totals.atoms {
            0 => format!("{:>7}", "-"),
            all => {
                let share = format!("{}/{all}", totals.atoms_covered);
                paint(format!("{share:>7}"), totals.atoms_covered == all)
            }
        };
        let shadow = if rule.shadow { "  shadow" } else { "" };
        let _ = writeln!(text, "  {:<width$}  {fired}  {atoms}{shadow}", clean(&rule.id));
        lacks(text, rule);
    }
}

fn paint(text: String, is_covered: bool) -> String {
    if is_covered { text } else { Paint::Block.of(&text) }
}

/// What is not covered, each with its place.
fn lacks(text: &mut String, rule: &RuleCoverage) {
    let mut line = |at: Option<&SourcePlace>, what: &str, lacks: &str| {
        let at = at.map_or(String::new(), |at| format!("{}:{}  ", clean(&at.file), at.line));
        let _ = writeln!(text, "    {}{}{}", Paint::Label.of(&at), clean(what), lacks);
    };
    if rule.reached == 0 {
        line(rule.place.as_ref(), "never reached", "");
        return;
    }
    if rule.fired == 0 {
        line(rule.place.as_ref(), "never fired", "");
    }
    for atom in rule.atoms.iter().filter(|atom| !atom.is_covered()) {
        line(atom.place.as_ref(), &atom.text, &format!("  {}", Paint::Approval.of(never(atom))));
    }
}

fn never(atom: &AtomCoverage) -> &'static str {
    match (atom.seen_true, atom.seen_false) {
        (0, 0) => "never known",
        (0, _) => "never true",
        _ => "never false",
    }
}
