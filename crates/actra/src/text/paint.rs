//! Colours, and text that a terminal shows and does nothing else with.

use crate::decision::Effect;
use crate::text::Style;

/// What a piece of text is, and so its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// The effect `allow`, and what went well.
    Allow,
    /// The effect `require_approval`, and what needs a look.
    Approval,
    /// The effect `block`, and what went wrong.
    Block,
    /// Errors.
    Error,
    /// Help.
    Help,
    /// What something is called.
    Label,
    /// What matters.
    Strong,
}

impl Paint {
    /// The colour of an effect.
    pub const fn of_effect(effect: Effect) -> Self {
        match effect {
            Effect::Allow => Self::Allow,
            Effect::RequireApproval => Self::Approval,
            Effect::Block => Self::Block,
        }
    }

    const fn ansi(self) -> &'static str {
        match self {
            Self::Allow => "\x1b[1;32m",
            Self::Approval => "\x1b[1;33m",
            Self::Block | Self::Error => "\x1b[1;31m",
            Self::Help => "\x1b[1;36m",
            Self::Label => "\x1b[2m",
            Self::Strong => "\x1b[1m",
        }
    }

    /// The text in that colour.
    pub fn of(self, text: &str) -> String {
        self.in_style(text, Style::Coloured)
    }

    /// The text in that colour, where there are colours.
    pub fn in_style(self, text: &str, style: Style) -> String {
        match style {
            Style::Plain => text.to_owned(),
            Style::Coloured => format!("{}{text}\x1b[0m", self.ansi()),
        }
    }
}

/// Text from documents and inputs, so that a terminal shows it and does nothing else: control
/// characters and those that turn the direction of writing are spelled out.
pub fn clean(text: &str) -> String {
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

/// Lines of text under way.
pub(crate) struct Lines {
    pub(crate) text: String,
    style: Style,
}

impl Lines {
    pub(crate) const fn new(style: Style) -> Self {
        Self { text: String::new(), style }
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(crate) fn paint(&mut self, paint: Paint, text: &str) {
        self.text.push_str(&paint.in_style(text, self.style));
    }

    /// The text, filled up with spaces to a width in characters.
    pub(crate) fn padded(&mut self, paint: Option<Paint>, text: &str, width: usize) {
        match paint {
            Some(paint) => self.paint(paint, text),
            None => self.push(text),
        }
        self.push(&" ".repeat(width.saturating_sub(text.chars().count())));
    }

    /// Ends the line, without spaces at its end.
    pub(crate) fn end(&mut self) {
        let kept = self.text.trim_end_matches(' ').len();
        self.text.truncate(kept);
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_does_nothing_to_a_terminal() {
        assert_eq!(clean("größer \u{1f600}"), "größer \u{1f600}");
        assert_eq!(clean("a\u{1b}[31m\r\nb\u{202e}"), "a\\u{1b}[31m\\r\\nb\\u{202e}");
    }
}
