//! Explanations as lines of text.

use super::model::{
    ConditionTrace, Explanation, FieldState, FieldTrace, RuleTrace, Standing, TestTrace, TraceTruth,
};
use crate::text::Style;
use crate::text::{Lines, Paint, clean};
use actra_bytecode::StringText;
use serde_json::Value;

/// How much an explanation tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// The rules that fired, and the nearest of those that did not.
    #[default]
    Nearest,
    /// Every candidate.
    All,
}

/// Rules that did not fire and are shown all the same: those that lack least.
const NEAREST: usize = 5;
/// The widest column of tests; longer ones push their values to the right.
const TEST_WIDTH: usize = 48;

impl Explanation {
    /// The explanation as lines of text: the decision, the input, the rules that fired, and those
    /// that did not, the nearest first.
    pub fn render(&self, style: Style, detail: Detail) -> String {
        let mut lines = Lines::new(style);
        match (&self.decision, &self.error) {
            (Some(decision), _) => lines.push(&decision.render(style)),
            (None, Some(error)) => lines.push(&error.render(style)),
            (None, None) => {}
        }
        self.input_lines(&mut lines);
        if self.decision.is_some() {
            self.rule_lines(&mut lines, detail);
        }
        lines.text
    }

    fn input_lines(&self, lines: &mut Lines) {
        if self.input.is_empty() && self.ignored.is_empty() {
            return;
        }
        heading(lines, "input");
        let names = self.input.keys().chain(self.ignored.iter().map(|ignored| &ignored.field));
        let width = names.map(|name| name.chars().count()).max().unwrap_or(0).min(TEST_WIDTH);
        // As the language orders domains, which is as the alphabet does not.
        let rank = |name: &str| {
            ["action", "actor", "snapshot"].iter().position(|domain| name.starts_with(domain))
        };
        let mut fields: Vec<(&String, &Value)> = self.input.iter().collect();
        fields.sort_by_key(|(name, _)| (rank(name), !is_kind(name)));
        for (name, value) in fields {
            lines.push("  ");
            lines.padded(Some(Paint::Label), &clean(name), width);
            lines.push("  ");
            lines.push(&clean(&shown(value)));
            lines.end();
        }
        for ignored in &self.ignored {
            lines.push("  ");
            lines.padded(Some(Paint::Label), &clean(&ignored.field), width);
            lines.push("  ");
            lines.paint(Paint::Approval, "ignored");
            lines.push(": the schema does not name it here");
            if let Some(near) = &ignored.did_you_mean {
                lines.push(&format!(" (did you mean `{}`?)", clean(near)));
            }
            lines.end();
        }
    }

    fn rule_lines(&self, lines: &mut Lines, detail: Detail) {
        let fired: Vec<&RuleTrace> = self.rules.iter().filter(|rule| rule.fires()).collect();
        let mut quiet: Vec<&RuleTrace> = self.rules.iter().filter(|rule| !rule.fires()).collect();
        // Where the default decided, the rules that would have said something else come first.
        // Sorting keeps the order of those that lack as much; what nothing can make fire is last.
        let by_default = self.decision.as_ref().filter(|decision| decision.matched_rule.is_none());
        let changes = |rule: &RuleTrace| {
            by_default.is_none_or(|decision| rule.effect != decision.effect && !rule.shadow)
        };
        let lacks = |rule: &RuleTrace| if rule.lacks == 0 { usize::MAX } else { rule.lacks };
        quiet.sort_by_key(|rule| (!changes(rule), lacks(rule)));
        // Rules may have been left out of what is told.
        let is_default = self.decision.as_ref().is_some_and(|told| told.matched_rule.is_none());
        if fired.is_empty() && is_default {
            heading(lines, "no rule fired");
            lines.push("  ");
            lines.push(&format!("the default decides: {}", self.settings.default));
            lines.end();
        } else if !fired.is_empty() {
            heading(lines, "fired");
            for rule in fired {
                self.rule(lines, rule);
            }
        }
        let most = if detail == Detail::All { usize::MAX } else { NEAREST };
        if !quiet.is_empty() {
            heading(lines, "did not fire, nearest first");
            for rule in quiet.iter().take(most) {
                self.rule(lines, rule);
            }
        }
        let hidden = quiet.len().saturating_sub(most);
        if hidden > 0 {
            lines.push("  ");
            lines.paint(Paint::Label, &format!("and {} more", count(hidden, "rule")));
            lines.end();
        }
        if self.other_rules > 0 {
            lines.push("\n");
            lines.paint(
                Paint::Label,
                &format!("{} of other actions not considered", count(self.other_rules, "rule")),
            );
            lines.end();
        }
    }

    fn rule(&self, lines: &mut Lines, rule: &RuleTrace) {
        lines.push("  ");
        lines.paint(Paint::of_effect(rule.effect), rule.effect.as_str());
        lines.push(" ");
        lines.paint(Paint::Strong, &clean(&rule.id));
        if rule.shadow {
            lines.push(" (shadow)");
        }
        lines.push(": ");
        lines.push(&self.standing(rule));
        if let Some(place) = &rule.place {
            lines.push("  ");
            let place = format!("{}:{}", clean(&place.file), place.line);
            lines.paint(Paint::Label, &place);
        }
        lines.end();
        let Some(when) = &rule.when else { return };
        let width = widest(when, 0).min(TEST_WIDTH);
        match when {
            ConditionTrace::All(parts) => {
                for part in parts {
                    condition(lines, part, 2, width);
                }
            }
            other => condition(lines, other, 2, width),
        }
    }

    fn standing(&self, rule: &RuleTrace) -> String {
        let decider =
            || self.decision.as_ref().and_then(|decision| decision.matched_rule.as_deref());
        let doubt = match rule.condition {
            TraceTruth::Unknown => ", to be safe: its condition is unknown",
            _ => "",
        };
        match rule.standing {
            Standing::Decided => format!("decided{doubt}"),
            Standing::Joined => format!("fired, too{doubt}"),
            Standing::WouldFire => format!("would fire if it were enforced{doubt}"),
            Standing::Outranked => {
                format!("fires, but `{}` decides before it", clean(decider().unwrap_or("")))
            }
            Standing::NotFired => match rule.lacks {
                0 => "cannot fire".to_owned(),
                1 => "lacks 1 test".to_owned(),
                lacks => format!("lacks {lacks} tests"),
            },
        }
    }
}

fn heading(lines: &mut Lines, text: &str) {
    lines.push("\n");
    lines.paint(Paint::Strong, text);
    lines.end();
}

fn condition(lines: &mut Lines, when: &ConditionTrace, level: usize, width: usize) {
    let indent = "  ".repeat(level);
    let (word, parts) = match when {
        ConditionTrace::All(parts) => ("all of", parts),
        ConditionTrace::Any(parts) => ("any of", parts),
        ConditionTrace::Tests(tests) => {
            for one in tests {
                test(lines, one, level, width);
            }
            return;
        }
        ConditionTrace::Test(one) => return test(lines, one, level, width),
    };
    lines.push(&indent);
    mark(lines, when.truth(), holds(when));
    lines.push(word);
    lines.end();
    for part in parts {
        condition(lines, part, level + 1, width);
    }
}

/// Whether a condition counts as true.
fn holds(when: &ConditionTrace) -> bool {
    match when {
        ConditionTrace::All(parts) => parts.iter().all(holds),
        ConditionTrace::Any(parts) => parts.iter().any(holds),
        ConditionTrace::Tests(tests) => tests.iter().all(|test| test.holds),
        ConditionTrace::Test(test) => test.holds,
    }
}

fn mark(lines: &mut Lines, truth: TraceTruth, holds: bool) {
    match (truth, holds) {
        (TraceTruth::Unknown, _) => lines.paint(Paint::Approval, "? "),
        (_, true) => lines.paint(Paint::Allow, "✓ "),
        (_, false) => lines.paint(Paint::Block, "✗ "),
    }
}

fn test(lines: &mut Lines, test: &TestTrace, level: usize, width: usize) {
    lines.push(&"  ".repeat(level));
    mark(lines, test.truth, test.holds);
    let text = clean(&test.test);
    lines.padded(None, &text, (width + 4).saturating_sub(2 * level));
    lines.push("  ");
    let values: Vec<String> = test.fields.iter().map(|field| value(field, test)).collect();
    lines.push(&values.join(", "));
    if test.truth == TraceTruth::Unknown {
        lines
            .paint(Paint::Label, if test.holds { "  counts as true" } else { "  counts as false" });
    }
    lines.end();
}

/// A field's value; its name too, where the test reads several.
fn value(field: &FieldTrace, test: &TestTrace) -> String {
    let shown = clean(&shown(&field.value));
    let what = match field.state {
        FieldState::Given => shown,
        FieldState::Default => format!("{shown} by default"),
        FieldState::Missing => "missing".to_owned(),
        FieldState::Malformed => match field.reason {
            Some(reason) => format!("{shown} is malformed: {reason}"),
            None => format!("{shown} is malformed"),
        },
        FieldState::Unfit => format!("{shown} is of the wrong kind"),
    };
    if test.fields.len() > 1 { format!("{} = {what}", clean(&field.field)) } else { what }
}

/// The longest test, its indentation included.
fn widest(when: &ConditionTrace, level: usize) -> usize {
    let of = |parts: &[ConditionTrace]| {
        parts.iter().map(|part| widest(part, level + 1)).max().unwrap_or(0)
    };
    match when {
        ConditionTrace::All(parts) if level == 0 => {
            parts.iter().map(|part| widest(part, 0)).max().unwrap_or(0)
        }
        ConditionTrace::All(parts) | ConditionTrace::Any(parts) => of(parts),
        ConditionTrace::Tests(tests) => {
            tests.iter().map(|test| test.test.chars().count() + 2 * level).max().unwrap_or(0)
        }
        ConditionTrace::Test(test) => test.test.chars().count() + 2 * level,
    }
}

/// Whether it is one of the built-in fields, which come first.
fn is_kind(name: &str) -> bool {
    matches!(name, "action.type" | "actor.type")
}

/// A value as a person would write it.
fn shown(value: &Value) -> String {
    match value {
        // As the short form writes it, so that `5` and `'5'` look as different as they are.
        Value::String(text) => StringText(text).to_string(),
        Value::Array(items) => {
            // The last one may say how many more there are.
            let is_rest = |item: &Value| item.as_str().is_some_and(|text| text.starts_with('…'));
            let raw = |item: &Value| item.as_str().unwrap_or("").to_owned();
            let item = |item| if is_rest(item) { raw(item) } else { shown(item) };
            let items: Vec<String> = items.iter().map(item).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

fn count(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
