//! Text for people, and JSON for programs.

use crate::args::Format;
use crate::failure::Failure;
use actra::{Decision, Effect, InputError};
use anstream::{AutoStream, ColorChoice};
use clap::builder::styling::{AnsiColor, Style};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, Write};

/// What a piece of text is, for its colour. Colours are always put in: the stream takes them out
/// where they are not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    Allow,
    Approval,
    Block,
    Error,
    Help,
    Label,
    Strong,
}

impl Paint {
    pub(crate) fn of_effect(effect: Effect) -> Self {
        match effect {
            Effect::Allow => Self::Allow,
            Effect::RequireApproval => Self::Approval,
            Effect::Block => Self::Block,
        }
    }

    fn style(self) -> Style {
        let color = |color: AnsiColor| color.on_default().bold();
        match self {
            Self::Allow => color(AnsiColor::Green),
            Self::Approval => color(AnsiColor::Yellow),
            Self::Block | Self::Error => color(AnsiColor::Red),
            Self::Help => color(AnsiColor::Cyan),
            Self::Label => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }

    /// The text in that colour.
    pub(crate) fn of(self, text: &str) -> String {
        let style = self.style();
        format!("{style}{text}{style:#}")
    }
}

/// Standard output. What is written to it appears at the latest when it is flushed.
#[derive(Debug)]
pub(crate) struct Output {
    stream: io::BufWriter<AutoStream<io::StdoutLock<'static>>>,
}

impl Output {
    pub(crate) fn new(format: Format, color: ColorChoice) -> Self {
        let color = match format {
            Format::Text => color,
            // There are no colours in it, and nothing may be taken out of it.
            Format::Json => ColorChoice::AlwaysAnsi,
        };
        let stream = AutoStream::new(io::stdout().lock(), color);
        Self { stream: io::BufWriter::with_capacity(64 * 1024, stream) }
    }

    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.stream.write_all(text.as_bytes()).map_err(|error| Failure::output(&error))
    }

    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.stream.flush().map_err(|error| Failure::output(&error))
    }
}

/// Writes all there is to say.
pub(crate) fn print(text: &str, format: Format, color: ColorChoice) -> Result<(), Failure> {
    let mut output = Output::new(format, color);
    output.write(text)?;
    output.flush()
}

/// Says something on standard error besides the result.
pub(crate) fn note(text: &str, color: ColorChoice) {
    // A note that cannot be said is no reason to stop.
    let _ = AutoStream::new(io::stderr(), color).write_all(text.as_bytes());
}

/// The value on one line.
pub(crate) fn json(value: &impl Serialize) -> String {
    // Structs with named fields and strings as keys always serialise.
    serde_json::to_string(value).unwrap_or_default()
}

/// What stands in the place of a result.
pub(crate) fn json_error(error: &impl Serialize) -> String {
    format!("{{\"error\":{}}}", json(error))
}

/// The value over several lines, for commands that answer once.
pub(crate) fn pretty_json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// `1 rule`, `2 rules`, `no rules`.
pub(crate) fn count(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// Text from documents and inputs, so that a terminal shows it and does nothing else: control
/// characters and those that turn the direction of writing are spelled out.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for char in text.chars() {
        let lies = matches!(
            char,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        );
        if char.is_control() || lies {
            cleaned.extend(char.escape_default());
        } else {
            cleaned.push(char);
        }
    }
    cleaned
}

/// A decision as lines of text:
///
/// ```text
/// require_approval by large_ai_refund
///   message          Refunds over 1000 need a finance manager.
///   required action  {"role":"finance_manager","type":"human_approval"}
/// ```
pub(crate) fn decision(decision: &Decision) -> String {
    let effect = Paint::of_effect(decision.effect).of(decision.effect.as_str());
    let mut text = match &decision.matched_rule {
        Some(rule) => format!("{effect} by {}\n", Paint::Strong.of(&clean(rule))),
        None => format!("{effect} by default: no rule fired\n"),
    };
    if !decision.matched_rules.is_empty() {
        detail(&mut text, "approvals by", &names(&decision.matched_rules));
    }
    if let Some(message) = &decision.message {
        for (index, line) in message.trim_end().lines().enumerate() {
            detail(&mut text, if index == 0 { "message" } else { "" }, &clean(line));
        }
    }
    for action in &decision.required_actions {
        detail(&mut text, "required action", &clean(&action.to_string()));
    }
    if !decision.missing.is_empty() {
        detail(&mut text, "missing", &names(&decision.missing));
    }
    if let Some(shadow) = &decision.shadow {
        let effect = Paint::of_effect(shadow.effect).of(shadow.effect.as_str());
        let rule = clean(&shadow.matched_rule);
        detail(&mut text, "shadow", &format!("would be {effect} by {rule}"));
    }
    text
}

/// An input error as a line of text; `line` is where in a stream the input stands.
pub(crate) fn input_error(error: &InputError, line: Option<u64>) -> String {
    let title = Paint::Error.of(&format!("input error[{}]", error.code));
    let message = clean(&error.message);
    match line {
        None => format!("{title}: {message}\n"),
        // Inside of the line, only columns tell anything.
        Some(line) => {
            format!(
                "{title} on line {line}: {}\n",
                message.replace(" at line 1 column ", " at column ")
            )
        }
    }
}

fn detail(text: &mut String, label: &str, what: &str) {
    let label = Paint::Label.of(&format!("{label:<15}"));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  {label}  {what}");
}

fn names(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| clean(name)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_does_nothing_to_a_terminal() {
        assert_eq!(clean("größer \u{1f600}"), "größer \u{1f600}");
        assert_eq!(clean("a\u{1b}[31m\r\nb\u{202e}"), "a\\u{1b}[31m\\r\\nb\\u{202e}");
    }

    #[test]
    fn a_decision_says_everything_that_is_set() {
        let shadow =
            actra::ShadowDecision { effect: Effect::Block, matched_rule: "half_limit".to_owned() };
        let text = decision(&Decision {
            effect: Effect::RequireApproval,
            matched_rule: Some("large".to_owned()),
            matched_rules: vec!["large".to_owned(), "vip".to_owned()],
            message: Some("Wait.\nLonger.\n".to_owned()),
            required_actions: vec![serde_json::json!({"type": "human_approval"})],
            missing: vec!["actor.on_call".to_owned(), "snapshot.incident".to_owned()],
            shadow: Some(shadow),
        });
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(
            plain,
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
