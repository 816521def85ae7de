//! Decisions and input errors.

use super::paint::{Lines, Paint, clean};
use crate::decision::Decision;
use crate::error::InputError;
use crate::text::Style;

impl Decision {
    /// The decision as lines of text:
    ///
    /// ```text
    /// require_approval by large_ai_refund
    ///   message          Refunds over 1000 need a finance manager.
    ///   required action  {"role":"finance_manager","type":"human_approval"}
    /// ```
    pub fn render(&self, style: Style) -> String {
        let mut lines = Lines::new(style);
        lines.paint(Paint::of_effect(self.effect), self.effect.as_str());
        match &self.matched_rule {
            Some(rule) => {
                lines.push(" by ");
                lines.paint(Paint::Strong, &clean(rule));
            }
            None => lines.push(" by default: no rule fired"),
        }
        lines.end();
        if !self.matched_rules.is_empty() {
            detail(&mut lines, "approvals by", &names(&self.matched_rules));
        }
        if let Some(message) = &self.message {
            for (index, line) in message.trim_end().lines().enumerate() {
                detail(&mut lines, if index == 0 { "message" } else { "" }, &clean(line));
            }
        }
        for action in &self.required_actions {
            detail(&mut lines, "required action", &clean(&action.to_string()));
        }
        if !self.missing.is_empty() {
            detail(&mut lines, "missing", &names(&self.missing));
        }
        if let Some(shadow) = &self.shadow {
            let effect = Paint::of_effect(shadow.effect).in_style(shadow.effect.as_str(), style);
            let rule = clean(&shadow.matched_rule);
            detail(&mut lines, "shadow", &format!("would be {effect} by {rule}"));
        }
        lines.text
    }
}

impl InputError {
    /// The error as a line of text.
    pub fn render(&self, style: Style) -> String {
        let title = Paint::Error.in_style(&format!("input error[{}]", self.code), style);
        format!("{title}: {}\n", clean(&self.message))
    }
}

fn detail(lines: &mut Lines, label: &str, what: &str) {
    lines.push("  ");
    lines.paint(Paint::Label, &format!("{label:<15}"));
    lines.push("  ");
    lines.push(what);
    lines.end();
}

fn names(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| clean(name)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Effect, ShadowDecision};

    #[test]
    fn a_decision_says_everything_that_is_set() {
        let shadow =
            ShadowDecision { effect: Effect::Block, matched_rule: "half_limit".to_owned() };
        let text = Decision {
            effect: Effect::RequireApproval,
            matched_rule: Some("large".to_owned()),
            matched_rules: vec!["large".to_owned(), "vip".to_owned()],
            message: Some("Wait.\nLonger.\n".to_owned()),
            required_actions: vec![serde_json::json!({"type": "human_approval"})],
            missing: vec!["actor.on_call".to_owned(), "snapshot.incident".to_owned()],
            shadow: Some(shadow),
        }
        .render(Style::Plain);
        assert_eq!(
            text,
            "require_approval by large\n\
             \x20 approvals by     large, vip\n\
             \x20 message          Wait.\n\
             \x20                  Longer.\n\
             \x20 required action  {\"type\":\"human_approval\"}\n\
             \x20 missing          actor.on_call, snapshot.incident\n\
             \x20 shadow           would be block by half_limit\n"
        );
    }
}
